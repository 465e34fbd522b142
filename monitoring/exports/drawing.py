"""A chart for paper: a plotly figure of `monitoring.charts` as lines, marks and words that a typesetter can place.

Everything is told in fractions of the plot, from its lower left corner, and in points of the paper. Colours are gone:
what is outside the ranges has a ring (caution) or a square (critical) around it, so that a copy in black says the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from math import floor, log10
from typing import Any, Final

from monitoring.charts import MARK

Shape = dict[str, Any]
_POINTS_PER_PIXEL: Final = 0.62  # the figure is made for a screen some 900 pixels wide, the paper has 540 points
_PLOT: Final = 470.0  # pt; about how wide the plot is on either paper
_DENSE: Final = 150  # marks of one trace, from which on each may become very small
_SMALL: Final = 1.5  # pt; how small then, so that it covers none beside it
_LEAST: Final = 0.6  # how much of its size a mark of fewer keeps at least
_SEEN: Final = 4.2  # pt; how small one with a ring may become
_RING: Final = 2  # how much wider than its mark the ring around it is
_DIGIT: Final = 3.9  # pt; of the numbers in the lanes
_SIGN: Final = 5.2  # pt; of a level, behind its number
_GAP: Final = 1.5  # pt; between two numbers
_ROWS: Final = 3  # of numbers above each other, where they would not fit beside each other
_INK: Final = {"@trace": "dark", "@ink": "black", "@soft": "grey", "@caution": "black", "@critical": "black"}
_MOST_TICKS: Final = 5
_MOST_TIMES: Final = 25  # numbers under the chart
_LONGER: Final = (10, 30, 60, 120, 240, 360, 720, 1440)  # min between them, of an infusion that lay open for hours
_LEVELS: Final = {f"@{level.word}": level.word for level in MARK}
_SIGNS: Final = str.maketrans(dict.fromkeys(MARK.values(), ""))


def drawn(figure: Mapping[str, Any]) -> Shape:
    """The figure as the templates draw it: `bands`, `panels` with their ticks, `shapes` in order, `ticks` of time."""
    layout = figure["layout"]
    first, last = layout["xaxis"]["range"]
    return {
        "bands": [_band(shape, first, last) for shape in layout["shapes"]],
        "notes": [
            {"x": _within(note["x"], first, last), "text": note["text"], "row": -note["yshift"] // 18 - 1}
            for note in layout["annotations"]
        ],
        "panels": list(_panels(layout)),
        "ticks": [
            {"at": _within(value, first, last), "text": f"{value:g}"}
            for value in _times(first, last, layout["xaxis"]["dtick"])
        ],
        "lines": [
            {"kind": mark["kind"], "level": mark.get("level", ""), "x0": mark["x0"], "x1": mark["x1"], "y": mark["y0"]}
            for mark in figure["marks"]
            if mark["kind"] != "tint"
        ],
        "labels": [
            {"kind": label["kind"], "text": label["text"], "y": label["y"], "level": label["level"]}
            for label in figure["labels"]
        ],
        "shapes": [shape for trace in figure["data"] for shape in _trace(trace, layout, first, last)],
    }


def _within(value: float, low: float, high: float) -> float:
    return round((value - low) / (high - low), 4)


def _steps(low: float, high: float, step: float) -> list[float]:
    """The multiples of `step` from `low` to `high`."""
    start = -floor(-low / step)
    return [step * n for n in range(start, floor(high / step) + 1)]


def _times(first: float, last: float, step: float) -> list[float]:
    """Minutes to write under the chart: as on the screen, or in longer steps where these would cover each other."""
    while (last - first) / step > _MOST_TIMES:
        step = next((longer for longer in _LONGER if longer > step), step * 2)
    return _steps(first, last, step)


def _band(shape: Mapping[str, Any], first: float, last: float) -> Shape:
    kind = "edged" if shape["line"].get("dash") else "pause" if shape["fillcolor"] == "@pause" else "window"
    x0, x1 = (min(max(_within(shape[key], first, last), 0), 1) for key in ("x0", "x1"))
    return {"kind": kind, "x0": x0, "x1": x1}


def _panels(layout: Mapping[str, Any]) -> Iterator[Shape]:
    for axis in _axes(layout):
        low, high = axis["range"]
        bottom, top = axis["domain"]
        values = [] if axis.get("showticklabels") is False else axis.get("tickvals") or _ticks(low, high)
        yield {
            "bottom": bottom,
            "top": top,
            "grid": axis.get("showgrid") is not False,
            "ticks": [
                {"at": round(bottom + (value - low) / (high - low) * (top - bottom), 4), "text": f"{value:g}"}
                for value in values
            ],
        }


def _axes(layout: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (axis for name, axis in layout.items() if name.startswith("yaxis"))


def _ticks(low: float, high: float) -> list[float]:
    """At most a handful of round values within a range."""
    size = 10 ** floor(log10((high - low) / _MOST_TICKS))
    step = next(size * n for n in (1, 2, 2.5, 5, 10, 20) if (high - low) / (size * n) <= _MOST_TICKS)
    return _steps(low, high, step)


def _trace(trace: Mapping[str, Any], layout: Mapping[str, Any], first: float, last: float) -> Iterator[Shape]:
    number = trace["yaxis"].removeprefix("y")
    axis = layout[f"yaxis{number}"]
    (low, high), (bottom, top) = axis["range"], axis["domain"]
    # What lies outside (a slip of 614 that was corrected, a note of the next day) is not drawn: the tables have it.
    places: list[tuple[float, float] | None] = [
        (_within(x, first, last), round(bottom + (y - low) / (high - low) * (top - bottom), 4))
        if x is not None and y is not None and first <= x <= last and low <= y <= high
        else None
        for x, y in zip(trace["x"], trace["y"], strict=True)
    ]
    if "lines" in trace["mode"]:
        width, gaps = round(trace["line"]["width"] * _POINTS_PER_PIXEL, 2), _gaps(places)
        for run in _runs(places):
            upright = len({x for x, _ in run}) == 1  # a bar: no wider than leaves the next one apart
            wide = round(min(width, gaps[run[0][0]] * _LEAST), 2) if upright else width
            yield {"kind": "line", "points": run, "width": wide, "ink": _INK.get(trace["line"]["color"], "grey")}
    if "markers" in trace["mode"]:
        yield from _markers(trace["marker"], places)
    if trace["mode"] == "text":
        yield from _numbers(trace, places)


def _numbers(trace: Mapping[str, Any], places: Sequence[tuple[float, float] | None]) -> Iterator[Shape]:
    """The numbers of a trace; where one would be printed over the one before, it stands in the next row above."""
    above = trace.get("textposition") == "top center"
    colours = _each(trace["textfont"]["color"], len(places))
    taken = [-1.0] * _ROWS  # up to where each row is printed on [pt]
    there = [(place, *more) for place, *more in zip(places, trace["text"], colours, strict=True) if place is not None]
    for place, text, colour in sorted(there, key=lambda one: one[0]):
        words, level = text.translate(_SIGNS).removeprefix("○ "), _LEVELS.get(colour, "")
        wide = _DIGIT * len(words) + (_SIGN if level else 0)
        left = place[0] * _PLOT - wide / 2
        row = next((n for n, until in enumerate(taken) if until <= left), None)
        if row is None and not level:
            continue  # as close as seconds: the tables that follow have every one
        row = taken.index(min(taken)) if row is None else row
        taken[row] = left + wide + _GAP
        yield {"kind": "text", "at": place, "text": words, "level": level, "above": above, "row": row}


def _runs(places: Iterable[tuple[float, float] | None]) -> Iterator[list[tuple[float, float]]]:
    """The stretches between gaps, each of at least two places."""
    for there, run in groupby(places, key=lambda place: place is not None):
        found = [place for place in run if place is not None]
        if there and len(found) > 1:
            yield found


def _markers(marker: Mapping[str, Any], places: Sequence[tuple[float, float] | None]) -> Iterator[Shape]:
    """The marks of a trace, which are as many as its places."""
    looks = (_each(marker[key], len(places)) for key in ("symbol", "size", "color"))
    gaps, dense = _gaps(places), len(places) > _DENSE
    for place, symbol, size, colour in zip(places, *looks, strict=True):
        if place is None:
            continue
        yield {
            "kind": "mark",
            "at": place,
            "symbol": symbol.removesuffix("-open"),
            "hollow": symbol.endswith("-open"),
            "size": _fitting(round(size * _POINTS_PER_PIXEL, 2), gaps[place[0]], colour in _LEVELS, dense),
            "level": _LEVELS.get(colour, ""),
            "ink": _INK.get(colour, "black"),
        }


def _gaps(places: Sequence[tuple[float, float] | None]) -> dict[float, float]:
    """How far the nearest other place of a trace is [pt], by where along the plot each stands."""
    along = sorted({place[0] for place in places if place is not None})
    between = [_PLOT, *((after - before) * _PLOT for before, after in pairwise(along)), _PLOT]
    return {x: min(before, after) for x, before, after in zip(along, between, between[1:], strict=False)}


def _fitting(size: float, gap: float, ringed: bool, dense: bool) -> float:
    """The size of a mark [pt] that covers none beside it, as far as it can still be seen; the ring around it counts."""
    least = _SEEN if ringed else _SMALL if dense else size * _LEAST
    return round(max(min(size, gap / (_RING if ringed else 1)), min(size, least)), 2)


def _each(value: Any, count: int) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value] * count
