"""A real recording, two and a half hours of a patient's monitor, and what a screen must hold once it was typed.

Where the recording is absent, there is one from the demonstration's generator. Its patient had no ketamine: the site's
limits serve to count, and say nothing about them.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd

from monitoring.demonstration.physiology import infusion_rows
from tests.clinical.test_recordings import RECORDINGS, outside, runs, table
from tests.stories.tablet import TILES, Tablet

FILE: Final = "mimic3demo_221684_wide.csv"
SET: Final = ("systolic", "diastolic", "heart_rate", "spo2", "respiration")  # in the order they are typed
SILENT_MINUTES: Final = 20
FALLBACK_SEED: Final = 5  # somebody with values outside the ranges


def recording() -> pd.DataFrame:
    """One row a time, index in minutes, columns named as measures, gaps kept."""
    if (RECORDINGS / FILE).exists():
        return table(FILE)
    rows = infusion_rows(FALLBACK_SEED, every_minutes=5)
    frame = pd.DataFrame([row.values for row in rows], index=[row.minute - rows[0].minute for row in rows])
    frame.loc[frame.index[::3], ["systolic", "diastolic"]] = float("nan")
    return frame.astype(float)


def as_values(row: Any) -> dict[str, float]:
    """What a row of the recording holds, without its gaps."""
    return {measure: float(row[measure]) for measure in SET if pd.notna(row[measure])}


def assert_same(tablet: Tablet, frame: pd.DataFrame, started: datetime) -> None:
    """The screen's document, and the chart drawn from it, hold the recording: every value at its minute, no other."""
    expected = {float(str(minute)): as_values(row) for minute, row in frame.iterrows()}
    rows = tablet.document()["table"]["rows"]
    held = {(datetime.fromisoformat(row["at"]) - started) // timedelta(minutes=1): row["values"] for row in rows}
    apart = {minute: (held.get(minute), expected.get(minute)) for minute in {*held, *expected}}
    apart = {minute: pair for minute, pair in apart.items() if pair[0] != pair[1]}
    assert not apart, f"at these minutes the screen holds the first and the recording the second: {apart}"
    assert len(rows) == len(frame)
    drawn = tablet.page.evaluate(
        """() => Object.fromEntries(document.querySelector(".plot").data.map(({ name, x, y }) => [name, [x, y]]))"""
    )
    for measure in SET:
        points = {int(x): y for x, y in zip(*drawn[TILES[measure]], strict=True) if y is not None}
        assert points == {minute: row[measure] for minute, row in expected.items() if measure in row}, measure


def assert_flags(tablet: Tablet, frame: pd.DataFrame) -> None:
    """Levels and flags equal a count made with pandas from limits that are written down a second time."""
    document = tablet.document()
    levels = Counter(cell["level"] for row in document["table"]["rows"] for cell in row["cells"] if cell["level"])
    found = [flag for flag in document["flags"] if flag["side"] in ("high", "low")]
    expected_levels: Counter[str] = Counter()
    for measure in SET:
        series = frame[measure].dropna()
        sides = outside(series, measure, with_baseline=False)
        any_side = pd.concat(sides.values(), axis=1).any(axis=1)
        critical = pd.concat([sides[side] for side in sides if "critical" in side], axis=1).any(axis=1)
        expected_levels += Counter(critical=int(critical.sum()), caution=int((any_side & ~critical).sum()))
        for side in ("high", "low"):
            flags = [flag for flag in found if (flag["measure"], flag["side"]) == (measure, side)]
            if side not in sides:
                assert flags == []
                continue
            assert len(flags) == runs(sides[side]), (measure, side)
            assert sum(len(flag["seen"]) for flag in flags) == int(sides[side].sum()), (measure, side)
            episodes = sides[side].ne(sides[side].shift()).cumsum()[sides[side]]
            worst = sides[f"{side} critical"].groupby(episodes).any()
            assert sum(flag["level"] == "critical" for flag in flags) == int(worst.sum()), (measure, side)
    assert levels == expected_levels
    assert expected_levels.total() > 0
    seen = frame["spo2"].dropna().index.to_series()
    silent = [flag for flag in document["flags"] if flag["side"] == "silent"]
    assert len(silent) == int((seen.diff() >= SILENT_MINUTES).sum())
