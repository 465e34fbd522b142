"""A patient's earlier infusions, faint behind the chart of a later one: on its axes, by minutes since the start.

They are asked for apart from the live figure, which stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor
from typing import Any, Final

from monitoring.charts.frame import joined_within, minutes
from monitoring.charts.infusion import value_axes
from monitoring.clinical.course import Course
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import Infusion

_FAINT: Final = 0.78  # the latest of them; each one before it is fainter
_FAINTEST: Final = 0.65  # still three to one against the card, in both themes
_DASHES: Final = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")  # the same in every panel


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier infusion that was started; `label` says which: "#2 · 12 Nov"."""

    label: str
    infusion: Infusion
    protocol: Protocol
    course: Course


def earlier_traces(protocol: Protocol, earlier: Sequence[Earlier]) -> list[dict[str, Any]]:
    """The standing values of `earlier`, oldest first, as traces for the figure of an infusion under `protocol`.

    Each infusion has a dash of its own, and in `meta` the number that stands at the end of its line. A measure whose
    unit was another then is left out. No line joins across a gap.
    """
    axes = value_axes(protocol)
    found = []
    for n, one in enumerate(earlier):
        share = 1.0 if len(earlier) == 1 else n / (len(earlier) - 1)
        for key, axis in axes.items():
            measure, then = protocol.measures[key], one.protocol.measures.get(key)
            if then is None or then.unit != measure.unit:
                continue
            x, y, words = _values(one, key)
            if not x:
                continue
            found.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "x": x,
                    "y": y,
                    "yaxis": axis,
                    "connectgaps": False,
                    "opacity": round(_FAINTEST + (_FAINT - _FAINTEST) * share, 3),
                    "line": {"color": "@soft", "width": 1.2, "dash": _DASHES[n % len(_DASHES)]},
                    "marker": {"color": "@soft", "size": 4},
                    "hoverinfo": "text",
                    "hovertext": words,
                    "name": f"{one.label}, earlier",
                    "meta": short(one.label),
                }
            )
    return found


def short(label: str) -> str:
    """What a label has room for: the number, and of one without a number the day without its year."""
    first, _, _ = label.partition(" · ")
    return first if first.startswith("#") else " ".join(first.split()[:2])


def _values(one: Earlier, key: str) -> tuple[list[float | None], list[float | None], list[str]]:
    """Minutes since that infusion's start from one slot before it on, values, and what a hover says; None at a gap."""
    measure = one.protocol.measures[key]
    x: list[float | None] = []
    y: list[float | None] = []
    words: list[str] = []
    before: float | None = None
    for entry in one.infusion.standing():
        for reading in entry.readings:
            minute = minutes(one.infusion, one.course, entry.observed_at)
            if reading.measure != key or minute < -one.protocol.schedule.every_minutes:
                continue
            if before is not None and minute - before > joined_within(one.infusion, one.protocol, one.course, minute):
                x.append(None)
                y.append(None)
                words.append("")
            x.append(round(minute, 3))
            y.append(reading.value)
            value = f"{measure.label} {measure.text(reading.value)} {measure.unit}".rstrip()
            words.append(f"earlier, {one.label}<br>{value}<br>minute {floor(minute)}")
            before = minute
    return x, y, words
