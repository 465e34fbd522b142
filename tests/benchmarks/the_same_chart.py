"""What the two apps that are compared with do alike: a set of five values, durable in SQLite, and the chart of them.

Two charts: "plain" has a line for each value; "same" is the figure that Infusion Monitor draws, with each set added.
Both are dictionaries, which either library takes as they are, faster than a Figure.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

MEASURES: Final = ("Systolic pressure", "Diastolic pressure", "Heart rate", "Oxygen saturation", "Respiration")
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS vital_signs"
    " (id INTEGER PRIMARY KEY, minute REAL,"
    " systolic REAL, diastolic REAL, heart_rate REAL, spo2 REAL, respiration REAL)"
)


class VitalSigns:
    """The sets in the file at `file`, and their chart. `before` is the figure without the sets of this session."""

    def __init__(self, file: Path, before: dict[str, Any], plain: bool) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.execute(_TABLE)
        self._lock = threading.Lock()
        self._before = before
        self._plain = plain
        self._traces = {trace["name"]: n for n, trace in enumerate(before["data"])}
        heart = before["data"][self._traces["Heart rate"]]
        self._since = time.time() - 60 * (heart["x"][-1] + 1)
        self._recorded = len(heart["x"])
        for n in range(self._recorded):  # as many rows as the figure holds sets
            values = [before["data"][self._traces[name]]["y"][n] for name in MEASURES]
            self._insert([heart["x"][n], *values])

    def add(self, values: list[float]) -> None:
        """Keep a set, durably."""
        self._insert([(time.time() - self._since) / 60, *values])

    def _insert(self, row: list[float]) -> None:
        with self._lock:
            self._connection.execute("INSERT INTO vital_signs VALUES (NULL, ?, ?, ?, ?, ?, ?)", row)

    def figure(self) -> dict[str, Any]:
        """The chart of all sets, read from the file."""
        with self._lock:
            rows = self._connection.execute("SELECT * FROM vital_signs ORDER BY id").fetchall()
        return self._plain_figure(rows) if self._plain else self._same_figure(rows[self._recorded :])

    def _plain_figure(self, rows: list[tuple[float, ...]]) -> dict[str, Any]:
        data = [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": name,
                "x": [row[1] for row in rows],
                "y": [row[n] for row in rows],
            }
            for n, name in enumerate(MEASURES, 2)
        ]
        return {"data": data, "layout": {"uirevision": "same", "margin": {"l": 40, "r": 10, "t": 10, "b": 30}}}

    def _same_figure(self, rows: list[tuple[float, ...]]) -> dict[str, Any]:
        figure = deepcopy(self._before)
        stem = figure["data"][self._traces["stem"]]
        for _, minute, *values in rows:
            stem["x"] += [minute, minute, None]
            stem["y"] += [values[0], values[1], None]
            for name, value in zip(MEASURES, values, strict=True):
                trace = figure["data"][self._traces[name]]
                marker = trace["marker"]
                trace["x"].append(minute)
                trace["y"].append(value)
                trace["hovertext"].append(f"{name} {value:g}<br>minute {minute:.0f}")
                for of_each in (marker["symbol"], marker["size"], marker["color"], marker["line"]["color"]):
                    of_each.append(of_each[-1])
        return figure


def vital_signs(arguments: list[str]) -> tuple[VitalSigns, int]:
    """The sets that a command line names (database, file with the figure, "plain" or "same", port), and the port."""
    database, figure, kind, port = arguments
    return VitalSigns(Path(database), json.loads(Path(figure).read_text()), kind == "plain"), int(port)
