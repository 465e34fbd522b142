"""Charts of a series: the values of one measure in several infusions over each other, on minutes from one moment.

What is drawn was read: no line joins across a gap, nothing is smoothed or carried on, and all share one scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitoring.charts.frame import LABELS_APART, TEXT_PX, colour, is_drawn, layout
from monitoring.charts.infusion import plotly_version
from monitoring.clinical.protocol import Level, Measure

_RECENT: Final = 0.8  # how clearly the latest of the others is drawn; each one before it is fainter
_OLDEST: Final = 0.3
_ROOM: Final = 0.09  # of the time axis beyond the last value, for its label
_SYMBOL: Final = {None: "circle", Level.CAUTION: "triangle-up", Level.CRITICAL: "square"}
_CLOSE: Final = 0.09  # of the chart's height and width: labels of last values closer than this are moved apart
_STEPS: Final = (5, 10, 20, 60, 120, 240, 360, 720, 1440)  # min between the numbers of the time axis
_MOST_STEPS: Final = 9
_LABEL_PX: Final = 15
_STACKED: Final = 3  # so many labels stand one above the other


@dataclass(frozen=True, slots=True)
class Point:
    """One value that was read. `x` [min] counts from the moment that all infusions are laid on."""

    x: float
    value: float
    level: Level | None
    words: str  # what a hover says of it
    joins: bool  # whether a line leads to it from the value before


@dataclass(frozen=True, slots=True)
class Line:
    """The values of one infusion, in order. `chosen`: the one that is looked at."""

    key: str
    label: str  # "#3"
    points: tuple[Point, ...]
    chosen: bool


@dataclass(frozen=True, slots=True)
class Between:
    """A lowest and a highest value at one minute, of `n` infusions."""

    minute: int
    low: float
    high: float
    n: int


Band = Sequence[Sequence[Between]]  # stretches; between two of them there is nothing to draw


def stretches(found: Mapping[int, Between], joined_within: Callable[[int], float]) -> Band:
    """The minutes in order, broken where two are farther apart than is joined at the later one [min]."""
    parts: list[list[Between]] = []
    for minute in sorted(found):
        if parts and minute - parts[-1][-1].minute <= joined_within(minute):
            parts[-1].append(found[minute])
        else:
            parts.append([found[minute]])
    return parts


def series_figure(
    measure: Measure,
    lines: Sequence[Line],
    *,
    since: str,
    planned_minutes: float | None,
    envelope: Band = (),
    clinic: Band = (),
) -> dict[str, Any]:
    """One measure of several infusions as plotly's dictionary, in the order of `lines`, the chosen one on top.

    `since` says what minute 0 is. `planned_minutes`: how long the pump was to run from there, shaded; None: not shaded.
    """
    span = span_of(measure, [point.value for line in lines for point in line.points])
    found = layout()
    data: list[dict[str, Any]] = []
    data += _filled(clinic, "@clinic", "middle of this clinic", dashed=False)
    data += _filled(envelope, "@envelope", "lowest to highest of this patient", dashed=True)
    others = [line for line in lines if not line.chosen]
    for n, line in enumerate(others):
        share = 1.0 if len(others) == 1 else n / (len(others) - 1)
        data.append(_drawn(line, _OLDEST + (_RECENT - _OLDEST) * share))
    data += [_drawn(line, 1.0) for line in lines if line.chosen]
    xs = [point.x for line in lines for point in line.points] or [0.0]
    first, last = min(-2.0, *(x - 2 for x in xs)), max((planned_minutes or 0) + 2, *xs)
    last += (last - first) * _ROOM
    if planned_minutes is not None:
        found["shapes"].append(
            {"type": "rect", "xref": "x", "yref": "paper", "x0": 0, "x1": planned_minutes, "y0": 0, "y1": 1,
             "fillcolor": "@window", "line": {"width": 0}, "layer": "below"}
        )  # fmt: skip
    found["annotations"] = list(_labels(lines, span, (first, last)))
    found["xaxis"] = {
        "range": [first, last],
        "dtick": next((step for step in _STEPS if last - first <= _MOST_STEPS * step), _STEPS[-1]),
        "tick0": 0,
        "anchor": "y",
        "gridcolor": "@grid",
        "zeroline": first < 0 and planned_minutes is None,
        "zerolinecolor": "@soft",
        "tickfont": {"size": TEXT_PX, "color": "@soft"},
    }
    found["yaxis"] = {
        "range": list(span),
        "fixedrange": True,
        "gridcolor": "@grid",
        "zeroline": False,
        "nticks": 6,
        "tickfont": {"size": TEXT_PX, "color": "@soft"},
    }
    if measure.is_rating:
        found["yaxis"] |= {"tickvals": sorted(option.value for option in measure.options)}
    found["uirevision"] = f"{measure.key} {since}"
    marks, labels = _limits(measure, span)
    labels.append({"kind": "corner", "text": "min", "y": 0, "level": ""})
    return {
        "data": data,
        "layout": found,
        "marks": marks,
        "labels": labels,
        "overlay": "",
        "origin": None,
        "now_line": False,
        "plotly": plotly_version(),
    }


def span_of(measure: Measure, values: Sequence[float]) -> tuple[float, float]:
    """The range of the value axis [unit]: the same whatever was read, widened only where a value lies outside it."""
    if measure.is_rating:
        points = [option.value for option in measure.options]
        return min(points) - 0.4, max(points) + 0.6
    low, high = measure.axis or measure.plausible
    margin = (high - low) * 0.04
    return min([low, *(value - margin for value in values)]), max([high, *(value + margin for value in values)])


def _drawn(line: Line, opacity: float) -> dict[str, Any]:
    x: list[float | None] = []
    y: list[float | None] = []
    shown: list[Point | None] = []
    for point in line.points:
        if shown and not point.joins:
            x.append(None)
            y.append(None)
            shown.append(None)
        x.append(round(point.x, 3))
        y.append(point.value)
        shown.append(point)
    own = "@action" if line.chosen else "@trace"
    levels = [point.level if point else None for point in shown]
    colours = [colour(level) if level else own for level in levels]
    size = 9 if line.chosen else 6
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": x,
        "y": y,
        "connectgaps": False,
        "cliponaxis": False,
        "opacity": round(opacity, 3),
        "line": {"color": own, "width": 3 if line.chosen else 1.8},
        "marker": {
            "symbol": [_SYMBOL[level] for level in levels],
            "size": [size + 2 if level else size for level in levels],
            "color": colours,
            "opacity": 1,
            "line": {"width": 0, "color": colours},
        },
        "hoverinfo": "text",
        "hovertext": [point.words if point else "" for point in shown],
        "name": line.label,
    }


def _filled(band: Band, fill: str, name: str, *, dashed: bool) -> list[dict[str, Any]]:
    """The stretches of a band; one that is a single minute is a bar, so that it is seen at all."""
    found = []
    for part in band:
        ends = [(one.minute, one) for one in part]
        if len(ends) == 1:
            ends = [(part[0].minute - 0.5, part[0]), (part[0].minute + 0.5, part[0])]  # type: ignore[list-item]
        x = [at for at, _ in ends]
        found.append(
            {
                "type": "scatter",
                "mode": "lines",
                "x": [*x, *reversed(x), x[0]],
                "y": [*(one.high for _, one in ends), *(one.low for _, one in reversed(ends)), ends[0][1].high],
                "fill": "toself",
                "fillcolor": fill,
                "line": {"width": 1, "dash": "dot", "color": "@soft"} if dashed else {"width": 0, "color": fill},
                "hoverinfo": "skip",
                "name": name,
            }
        )
    return found


def _limits(measure: Measure, span: tuple[float, float]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The limits of the ranges as dashed lines, with their numbers where these cover no other."""
    low, high = span
    marks, labels = [], []
    held: list[float] = []
    for limit in sorted(measure.limits, key=lambda one: (one.side != "high", -one.level)):
        if not is_drawn(limit) or not low <= limit.value <= high:
            continue
        y = round((limit.value - low) / (high - low), 4)
        marks.append({"kind": "limit", "level": limit.level.word, "x0": 0, "x1": 1, "y0": y, "y1": y})
        if all(abs(y - other) >= LABELS_APART / 2 for other in held):
            held.append(y)
            labels.append({"kind": "limit", "text": f"{limit.value:g}", "y": y, "level": limit.level.word})
    return marks, labels


def _labels(lines: Sequence[Line], span: tuple[float, float], reach: tuple[float, float]) -> Iterator[dict[str, Any]]:
    """The number of each infusion at its last value; those that end at nearly the same place one above the other."""
    ends = sorted(((line.points[-1], line) for line in lines if line.points), key=lambda end: end[0].value)
    groups: list[list[tuple[Point, Line]]] = []
    for end in ends:
        near = groups and _near(groups[-1][-1][0], end[0], span, reach)
        if near:
            groups[-1].append(end)
        else:
            groups.append([end])
    for group in groups:
        if len(group) <= _STACKED:
            for n, (point, line) in enumerate(group):
                yield _label(line.label, point, line.chosen, shift=(n - (len(group) - 1) / 2) * _LABEL_PX)
            continue
        # Too many for one above the other: the chosen one at its value, the others together below the lowest.
        lowest = group[0][0]
        numbers = sorted((line.label for _, line in group if not line.chosen), key=lambda label: (len(label), label))
        yield _label(" ".join(numbers), lowest, False, shift=-_LABEL_PX) | {"xanchor": "right", "xshift": 4}
        yield from (_label(line.label, point, True, shift=0) for point, line in group if line.chosen)


def _label(text: str, at: Point, chosen: bool, *, shift: float) -> dict[str, Any]:
    return {
        "text": f"<b>{text}</b>" if chosen else text,
        "x": round(at.x, 3),
        "y": at.value,
        "xanchor": "left",
        "yanchor": "middle",
        "xshift": 7,
        "yshift": round(shift, 1),
        "showarrow": False,
        "font": {"size": TEXT_PX, "color": "@action" if chosen else "@soft"},
    }


def _near(one: Point, other: Point, span: tuple[float, float], reach: tuple[float, float]) -> bool:
    across = abs(one.x - other.x) / (reach[1] - reach[0])
    down = abs(one.value - other.value) / (span[1] - span[0])
    return across < _CLOSE and down < _CLOSE
