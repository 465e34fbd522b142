"""Charts of a series: the values of one measure in several infusions over each other, on minutes from one moment.

What is drawn was read: no line joins across a gap, nothing is smoothed or carried on, and all share one scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from monitoring.charts.frame import LABELS_APART, MARGIN, TEXT_PX, colour, is_drawn, layout
from monitoring.charts.infusion import plotly_version
from monitoring.clinical.protocol import Level, Measure

_RECENT: Final = 0.9  # how clearly the latest of the others is drawn; each one before it is fainter
_OLDEST: Final = 0.5
_DASHES: Final = (
    "solid",
    "dash",
    "dashdot",
    "longdash",
    "longdashdot",
)  # in their order, then again; dots are a band's
_ROOM_PX: Final = 44  # beyond the last value, for its label
_SYMBOL: Final = {None: "circle", Level.CAUTION: "triangle-up", Level.CRITICAL: "square"}
_BESIDE_PX: Final = 40  # labels whose lines end farther apart than this stand beside each other
_STEPS: Final = (5, 10, 20, 60, 120, 240, 360, 720, 1440)  # min between the numbers of the time axis
_MOST_STEPS: Final = 9
_LABEL_PX: Final = 15  # labels nearer than this, one above the other, would cover each other
_LEADS_PX: Final = 4  # where a label is farther than this from its line's end, a thin line leads to it
_TOUCH_PX: Final = 30  # a tap or the pointer this near to a value names its infusion


@dataclass(frozen=True, slots=True)
class Point:
    """One value that was read. `x` [min] counts from the moment that all infusions are aligned at."""

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


@dataclass(frozen=True, slots=True)
class Room:
    """How much room the chart has on the page [px]; where it has more, labels only stand farther apart."""

    width: float
    height: float

    @property
    def across(self) -> float:
        """The width of what is drawn in, without the margins [px]."""
        return self.width - MARGIN["l"] - MARGIN["r"]

    @property
    def down(self) -> float:
        """The height of what is drawn in, without the margins [px]."""
        return self.height - MARGIN["t"] - MARGIN["b"]


WIDE: Final = Room(500, 300)


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
    room: Room = WIDE,
) -> dict[str, Any]:
    """One measure of several infusions as plotly's dictionary, `lines` from the oldest on, the chosen one on top.

    Each line has its own dash and, at its last value, its number; the older ones are fainter.

    `since` says what minute 0 is. `planned_minutes`: how long the pump was to run from there, shaded; None: not shaded.
    """
    span = span_of(measure, [point.value for line in lines for point in line.points])
    found = layout()
    data: list[dict[str, Any]] = []
    data += _filled(clinic, "@clinic", "middle of this clinic", dashed=False)
    data += _filled(envelope, "@envelope", "lowest to highest of this patient", dashed=True)
    dash_of = {line.key: _DASHES[n % len(_DASHES)] for n, line in enumerate(lines)}
    others = [line for line in lines if not line.chosen]
    for n, line in enumerate(others):
        share = 1.0 if len(others) == 1 else n / (len(others) - 1)
        data.append(_drawn(line, dash_of[line.key], _OLDEST + (_RECENT - _OLDEST) * share))
    data += [_drawn(line, "solid", 1.0) for line in lines if line.chosen]
    xs = [point.x for line in lines for point in line.points] or [0.0]
    first, last = min(-2.0, *(x - 2 for x in xs)), max((planned_minutes or 0) + 2, *xs)
    last += (last - first) * _ROOM_PX / (room.across - _ROOM_PX)
    if planned_minutes is not None:
        found["shapes"].append(
            {"type": "rect", "xref": "x", "yref": "paper", "x0": 0, "x1": planned_minutes, "y0": 0, "y1": 1,
             "fillcolor": "@window", "line": {"width": 0}, "layer": "below"}
        )  # fmt: skip
    found["annotations"] = list(_labels(lines, span, (first, last), room))
    found["hoverdistance"] = _TOUCH_PX
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


def _drawn(line: Line, dash: str, opacity: float) -> dict[str, Any]:
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
        "line": {"color": own, "width": 3 if line.chosen else 1.8, "dash": dash},
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


def _labels(
    lines: Sequence[Line], span: tuple[float, float], reach: tuple[float, float], room: Room
) -> Iterator[dict[str, Any]]:
    """The number of each infusion at its last value; those of lines that end close together are moved apart.

    Where one above the other there is no room for all, the chosen one and the latest have theirs.
    """
    across, down = room.across / (reach[1] - reach[0]), room.down / (span[1] - span[0])
    ends = sorted((line for line in lines if line.points), key=lambda line: line.points[-1].x)
    groups: list[list[Line]] = []
    for line in ends:
        beside = groups and (line.points[-1].x - groups[-1][-1].points[-1].x) * across >= _BESIDE_PX
        if groups and not beside:
            groups[-1].append(line)
        else:
            groups.append([line])
    fitting = max(1, int(room.down // _LABEL_PX))
    order = {line.key: (line.chosen, n) for n, line in enumerate(lines)}
    for group in groups:
        kept = sorted(group, key=lambda line: order[line.key])[-fitting:]
        kept.sort(key=lambda line: (line.points[-1].value, line.points[-1].x))
        heights = [(line.points[-1].value - span[0]) * down for line in kept]
        shifts = [shown - own for shown, own in zip(apart(heights, _LABEL_PX, room.down), heights, strict=True)]
        leads = any(abs(shift) > _LEADS_PX for shift in shifts)
        for line, shift in zip(kept, shifts, strict=True):
            yield _label(line, shift, leads)


def apart(wanted: Sequence[float], gap: float, most: float) -> list[float]:
    """Heights as near to the `wanted` ones (rising) as they can be, no two nearer than `gap`, within 0 to `most`.

    What would overlap is moved as a block about its own middle. All [px]; there must be room for all of them.
    """
    blocks: list[list[float]] = []  # of what each would want were there no gaps
    for n, height in enumerate(wanted):
        blocks.append([height - n * gap])
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]):
            last = blocks.pop()
            blocks[-1] += last
    highest = most - (len(wanted) - 1) * gap
    level = [min(max(_mean(block), 0.0), max(highest, 0.0)) for block in blocks for _ in block]
    return [height + n * gap for n, height in enumerate(level)]


def _mean(of: Sequence[float]) -> float:
    return sum(of) / len(of)


def _label(line: Line, shift: float, leads: bool) -> dict[str, Any]:
    at = line.points[-1]
    where: dict[str, Any] = {"showarrow": False, "xshift": 8, "yshift": round(shift, 1)}
    if leads:
        where = {"showarrow": True, "arrowhead": 0, "arrowwidth": 1, "arrowcolor": "@soft", "standoff": 5}
        where |= {"ax": 16, "ay": round(-shift, 1)}
    return where | {
        "text": f"<b>{line.label}</b>" if line.chosen else line.label,
        "x": round(at.x, 3),
        "y": at.value,
        "xanchor": "left",
        "yanchor": "middle",
        "borderpad": 0,
        "bgcolor": "@card",
        "font": {"size": TEXT_PX, "color": "@action" if line.chosen else "@ink"},
    }
