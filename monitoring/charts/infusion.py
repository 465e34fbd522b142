"""Charts of one infusion: readings in, plotly figure out.

Colours are names ("@critical"): each screen's theme says what they look like, so one figure serves every screen. The
live figure is a plain dictionary (a `plotly.graph_objects.Figure` costs some 20 ms to validate); `infusion_chart` is
the same as a Figure.

What does not move with the time axis (limits, their numbers, titles, baseline) is given apart as `marks` and `labels`,
placed by fractions of the plot: a browser lays them under and over the plot for nothing, where plotly would draw each
anew with every reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from math import floor
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from monitoring.charts.frame import (
    LABELS_APART,
    SLOT_AND_HALF,
    TEXT_PX,
    colour,
    is_drawn,
    joined_within,
    layout,
    minutes,
)
from monitoring.clinical.clock_times import clock_time
from monitoring.clinical.course import Course
from monitoring.clinical.dose import plan_of
from monitoring.clinical.events import repeated_values, struck_values
from monitoring.clinical.protocol import Level, Measure, Protocol
from monitoring.clinical.record import Entry, Infusion, Reading, event_words

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FROM_PAPER = "transcribed from paper"
FROM_FILE = "imported from a file"
MARK = {Level.CAUTION: "▲", Level.CRITICAL: "■"}
PRINT_COLOURS = {  # for paper and for checks; screens have their own in style.css
    "ink": "#11181c",
    "card": "#ffffff",
    "soft": "#4b5961",
    "grid": "#e3e8eb",
    "line": "#c3cdd2",
    "trace": "#35444c",
    "info": "#0072b2",
    "caution": "#9c4f00",
    "critical": "#a3123a",
    "window": "rgba(0,102,118,0.07)",
    "pause": "rgba(17,24,28,0.08)",
    "caution-tint": "rgba(178,94,0,0.07)",
    "critical-tint": "rgba(163,18,58,0.07)",
}
_MINUTES_BEFORE, _MINUTES_AFTER = 8, 30  # how much is in view around the planned infusion
_TITLES: Final = 0.2  # of the width, at the right: there the panels' titles stand, and no reading under them
_LONG_AGO = 30  # readings earlier than this before the start are in the table, not on the axis
Told = Callable[[datetime], str]  # how an instant is told in a word or two
_LANE, _PRESSURE, _VITAL, _RATING = 0.7, 2.9, 1.3, 1.3  # relative heights of the panels


@dataclass(frozen=True, slots=True)
class _Point:
    reading: Reading
    entry: Entry
    x: float  # minutes since the start [min]
    level: Level | None
    hollow: tuple[str, ...]  # why it is drawn hollow: seen late, part of an incomplete set, added afterwards
    struck: str  # "" or why it no longer holds


@dataclass(frozen=True, slots=True)
class _Panel:
    title: str
    measures: tuple[Measure, ...]
    height: float
    kind: str  # "pressure", "line", "rating" or "lanes" (a row of text a measure, and one of events)


def _panels(protocol: Protocol, measured: Iterable[str]) -> list[_Panel]:
    measures, schedule = protocol.measures, protocol.schedule
    seen = set(measured)
    panels: list[_Panel] = []
    paired = {m.below for m in measures.values() if m.below}
    for key in schedule.set:
        measure = measures[key]
        if measure.below:
            continue
        pair = tuple(m for m in measures.values() if m.below == key)
        if key in paired:
            panels.append(_Panel(f"Blood pressure {measure.unit}", (measure, *pair), _PRESSURE, "pressure"))
        else:
            panels.append(_Panel(f"{measure.label} {measure.unit}", (measure,), _VITAL, "line"))
    ratings = [measures[key] for key in schedule.observations]
    if ratings:
        numbers = [option.value for option in ratings[0].options]
        panels.append(_Panel(f"{ratings[0].label} {min(numbers)}–{max(numbers)}", (ratings[0],), _RATING, "rating"))
    lanes = [*ratings[1:], *(measures[key] for key in (*schedule.optional, schedule.oxygen) if key in seen)]
    panels.append(_Panel("Events", tuple(lanes), _LANE * (len(lanes) + 1), "lanes"))
    return panels


def value_axes(protocol: Protocol) -> dict[str, str]:
    """Each measure that has a value axis in the chart of an infusion, with that axis's name: "systolic" to "y"."""
    return {
        measure.key: "y" if number == 1 else f"y{number}"
        for number, panel in enumerate(_panels(protocol, ()), start=1)
        if panel.kind != "lanes"
        for measure in panel.measures
    }


def _points(infusion: Infusion, protocol: Protocol, course: Course, levels: Mapping[str, Level | None]) -> list[_Point]:
    struck, repeated = struck_values(infusion), repeated_values(infusion)
    incomplete = {entry for slot in course.slots if slot.state == "partial" for entry in slot.entries}
    found = []
    for entry in sorted(infusion.entries, key=lambda e: (e.observed_at, e.seq)):
        if not entry.readings:
            continue
        x = minutes(infusion, course, entry.observed_at)
        hollow = _hollow(entry, protocol, entry.id in incomplete)
        for reading in entry.readings:
            told = (entry.id, reading.measure)
            if told in repeated:
                continue  # drawn once, as the correction says it again
            by = struck.get(told)
            why = "" if by is None else f"{'withdrawn' if by.withdraws else 'corrected'}: {by.reason}"
            found.append(_Point(reading, entry, x, levels.get(reading.id), hollow, why))
    return found


def _hollow(entry: Entry, protocol: Protocol, incomplete: bool) -> tuple[str, ...]:
    """Why the values of an entry are drawn hollow; () for values seen and saved together, of a whole set."""
    late = entry.tapped_at - entry.observed_at > timedelta(minutes=protocol.schedule.late_entry_minutes)
    found = {
        "late entry": (late and entry.source != "import") or entry.amendment == "late entry",
        "addendum": entry.amendment == "addendum",
        "partial set": incomplete or bool(entry.not_done),
    }
    return tuple(reason for reason, holds in found.items() if holds)


def _span(measures: Sequence[Measure], values: Sequence[float]) -> tuple[float, float]:
    """The fixed range of a panel from its protocol [unit], widened only where a value lies outside it."""
    low = min(m.axis[0] if m.axis else m.plausible[0] for m in measures)
    high = max(m.axis[1] if m.axis else m.plausible[1] for m in measures)
    margin = (high - low) * 0.04
    return min([low, *(v - margin for v in values)]), max([high, *(v + margin for v in values)])


def _hover(point: _Point, measure: Measure, told: Told) -> str:
    marks = [point.struck] if point.struck else []
    marks.extend(point.hollow)
    if point.entry.source:
        marks.append(FROM_PAPER if point.entry.source == "paper" else FROM_FILE)
    if point.reading.confirmed_unusual:
        marks.append("confirmed unusual")
    value = f"{measure.label} {measure.text(point.reading.value)} {measure.unit}".rstrip()
    clock = told(point.entry.observed_at)
    return "<br>".join([value, f"minute {floor(point.x)} · {clock} · {point.entry.author_name}", *marks])


def infusion_figure(
    infusion: Infusion,
    protocol: Protocol,
    course: Course,
    levels: Mapping[str, Level | None],
    now: datetime,
    zone: ZoneInfo,
    words: Callable[[Entry], str] | None = None,
    told: Told | None = None,
) -> dict[str, Any]:
    """The chart of one infusion as plotly's dictionary: stacked panels on one axis of elapsed minutes [min].

    `levels` says for each reading id at which level it lies outside the site's ranges (None: within). Gaps stay gaps;
    pauses and what came from paper or a file are shaded; late, partial and amended values are hollow, corrected and
    withdrawn ones are struck. `words`: what an event says, where more is known of it than the event itself holds.
    `told`: how the time of an entry is told; the time of day in `zone` unless given.
    """
    told = told or partial(clock_time, zone=zone)
    points = _points(infusion, protocol, course, levels)
    standing = [p for p in points if not p.struck]
    panels = _panels(protocol, {p.reading.measure for p in standing})
    total = sum(panel.height for panel in panels)
    gap = 0.012
    figure = _Figure(gap=gap, total=total)

    paused = sum(
        ((until or now) - since).total_seconds() / 60 for since, until in course.pauses if (until or now) > since
    )
    end = minutes(infusion, course, course.ended_at) if course.ended_at else plan_of(infusion).minutes + paused
    first = min([-_MINUTES_BEFORE, *(p.x - 3 for p in standing if p.x > -_LONG_AGO)])
    newest = max((p.x for p in standing), default=first)
    if not course.closed_at:
        newest = max(newest, minutes(infusion, course, now))
    last = max(end + _MINUTES_AFTER, first + (newest - first) / (1 - _TITLES))

    for panel in panels:
        own = {m.key: n for n, m in enumerate(panel.measures)}
        mine = [p for p in standing if p.reading.measure in own and p.x > -_LONG_AGO]
        struck = [p for p in points if p.struck and p.reading.measure in own and p.x > -_LONG_AGO]
        lanes = len(own) + 1
        if panel.kind == "lanes":
            axis = figure.panel(panel, (0, lanes))
            for n, measure in enumerate(panel.measures):
                _draw_lane(figure, axis, measure, lanes - n - 0.5, mine, told)
                figure.title(axis, lanes - n - 0.5, measure.label)
            _draw_events(figure, axis, infusion, course, told, words)
            figure.title(axis, 0.5, panel.title)
        else:
            axis = figure.panel(panel, _span(panel.measures, [p.reading.value for p in mine]))
            figure.title(axis, None, panel.title)
        if panel.kind == "pressure":
            _draw_pressure(figure, axis, panel, mine, told)
            _side_limits(figure, axis, panel)
        elif panel.kind == "line":
            _draw_line(figure, axis, panel.measures[0], mine, infusion, protocol, course, told)
            _limit_lines(figure, axis, panel.measures[0])
        elif panel.kind == "rating":
            _draw_rating(figure, axis, panel.measures[0], mine, told)
        _draw_not_done(figure, axis, panel, infusion, course, told)
        if panel.kind == "pressure":
            _draw_baseline(figure, axis, panel, course)
        if struck:
            figure.scatter(
                axis,
                [p.x for p in struck],
                [lanes - own[p.reading.measure] - 0.5 if panel.kind == "lanes" else p.reading.value for p in struck],
                mode="markers",
                marker={"symbol": "x-thin-open", "size": 9, "color": "@soft", "line": {"width": 1.5}},
                hovertext=[_hover(p, protocol.measures[p.reading.measure], told) for p in struck],
                name="no longer holds",
            )

    started = course.started_at is not None
    if started:
        figure.band(0, end, "@window")
    for since, until in course.pauses:
        x0, x1 = minutes(infusion, course, since), minutes(infusion, course, until or now)
        figure.band(x0, x1, "@pause")
        figure.note(x0, "paused")
    for source, label in (("paper", FROM_PAPER), ("import", FROM_FILE)):
        for x0, x1 in _brought(infusion, protocol, course, source):
            figure.band(x0, x1, "@pause", edge="@soft")
            figure.note(x0, label, row=1)
    figure.layout["xaxis"] = {
        "range": [first, last],
        "dtick": 5 if last - first <= 60 else 10 if last - first <= 150 else 30,
        "tick0": 0,
        "anchor": figure.lowest,
        "showgrid": True,
        "gridcolor": "@grid",
        "zeroline": False,
        "tickfont": {"size": TEXT_PX, "color": "@soft"},
    }
    figure.corner("min" if started else "since opened")
    figure.layout["uirevision"] = infusion.id
    return {
        "data": figure.data,
        "layout": figure.layout,
        "marks": figure.marks,
        "labels": figure.labels,
        "overlay": _pulse_of(protocol),
        "origin": course.started_at.isoformat() if course.started_at else None,
        "now_line": course.started_at is not None and course.closed_at is None,
    }


def _ticks(low: float, high: float) -> list[float]:
    """Two or three round values well inside a low panel, so that its numbers do not run into its neighbours'."""
    inside = (low + (high - low) * 0.12, high - (high - low) * 0.12)
    for step in (1, 2, 5, 10, 20, 25, 50, 100):
        first = -(-inside[0] // step) * step
        found = [first + step * n for n in range(64) if first + step * n <= inside[1]]
        if len(found) <= 2:
            return found
    return []


def _pulse_of(protocol: Protocol) -> str:
    """The name of the trace that may also lie over the pressures: the first of the set that is no pressure."""
    measures = protocol.measures
    paired = {m.below for m in measures.values() if m.below}
    alone = [measures[k] for k in protocol.schedule.set if k not in paired and not measures[k].below]
    return alone[0].label if alone else ""


class _Figure:
    """Collects traces, marks and labels; each panel gets a y axis of its own under the one x axis."""

    def __init__(self, gap: float, total: float) -> None:
        self.data: list[dict[str, Any]] = []
        self.layout = layout()
        # Fractions of the plot, from its lower left corner: rectangles and lines behind, words in front.
        self.marks: list[dict[str, Any]] = []
        self.labels: list[dict[str, Any]] = []
        self._gap, self._total, self._top, self._count = gap, total, 1.0, 0
        self.lowest = "y"

    def panel(self, panel: _Panel, span: tuple[float, float]) -> str:
        self._count += 1
        name = "y" if self._count == 1 else f"y{self._count}"
        bottom = max(self._top - panel.height / self._total, 0.0)
        axis: dict[str, Any] = {
            "domain": [round(bottom, 4), round(self._top - self._gap, 4)],
            "range": list(span),
            "fixedrange": True,
            "zeroline": False,
            "gridcolor": "@grid",
            "tickfont": {"size": TEXT_PX, "color": "@soft"},
            "nticks": 6,
            "anchor": "x",
        }
        if panel.kind == "line":
            axis["tickvals"] = _ticks(*span)
        if panel.kind == "rating":
            values = [option.value for option in panel.measures[0].options]
            axis |= {"tickvals": [min(values), max(values)], "range": [min(values) - 0.35, max(values) + 0.9]}
        if panel.kind == "lanes":
            axis |= {"showticklabels": False, "showgrid": False}
        self.layout["yaxis" if self._count == 1 else f"yaxis{self._count}"] = axis
        if self._top < 1:
            edge = round(self._top - self._gap / 2, 4)
            self.marks.append({"kind": "edge", "x0": 0, "x1": 1, "y0": edge, "y1": edge})
        self._top = bottom
        self.lowest = name
        return name

    def _axis(self, axis: str) -> dict[str, Any]:
        found: dict[str, Any] = self.layout["yaxis" if axis == "y" else f"yaxis{axis[1:]}"]
        return found

    def range_of(self, axis: str) -> tuple[float, float]:
        low, high = self._axis(axis)["range"]
        return low, high

    def height_of(self, axis: str, value: float) -> float:
        """Where `value` lies, as a fraction of the plot's height."""
        (low, high), (bottom, top) = self.range_of(axis), self._axis(axis)["domain"]
        return round(float(bottom + (value - low) / (high - low) * (top - bottom)), 4)

    def scatter(self, axis: str, x: Sequence[float | None], y: Sequence[float | None], **more: Any) -> None:
        rounded = [None if value is None else round(value, 3) for value in x]
        self.data.append(
            {"type": "scatter", "x": rounded, "y": list(y), "yaxis": axis, "cliponaxis": False, "hoverinfo": "text"}
            | more
        )

    def band(self, x0: float, x1: float, colour: str, edge: str = "") -> None:
        """A stretch of time, shaded over all panels; with a dotted `edge` of this colour where one is given."""
        line: dict[str, Any] = {"width": 1, "dash": "dot", "color": edge} if edge else {"width": 0}
        self.layout["shapes"].append(
            {"type": "rect", "xref": "x", "yref": "paper", "x0": round(x0, 3), "x1": round(x1, 3), "y0": 0, "y1": 1,
             "fillcolor": colour, "line": line, "layer": "below"}
        )  # fmt: skip

    def note(self, x: float, text: str, row: int = 0) -> None:
        """A word at a minute, which moves with the time axis; `row`: how many lines below the first."""
        self.layout["annotations"].append(
            {"text": text, "x": round(x, 3), "xref": "x", "xanchor": "left", "y": 1, "yshift": -18 * (row + 1),
             "yref": "paper", "yanchor": "top", "showarrow": False, "font": {"size": TEXT_PX, "color": "@soft"}}
        )  # fmt: skip

    def tint(self, axis: str, value: float, outside: float, level: Level) -> None:
        """What lies outside a limit, up to the edge of the panel."""
        low, high = sorted((self.height_of(axis, value), self.height_of(axis, outside)))
        self.marks.append({"kind": "tint", "level": level.word, "x0": 0, "x1": 1, "y0": low, "y1": high})

    def line(
        self, axis: str, value: float, kind: str, level: Level | None = None, x0: float = 0, x1: float = 1
    ) -> None:
        """A level line of a panel, from `x0` to `x1` of its width: "limit", "side" or "baseline"."""
        y = self.height_of(axis, value)
        word = level.word if level else ""
        self.marks.append({"kind": kind, "level": word, "x0": x0, "x1": x1, "y0": y, "y1": y})

    def title(self, axis: str, value: float | None, text: str) -> None:
        """What a panel or a lane holds: at `value`, or at the foot of the panel."""
        y = self._axis(axis)["domain"][0] if value is None else self.height_of(axis, value)
        self.labels.append({"kind": "title" if value is None else "lane", "text": text, "y": y, "level": ""})

    def number(self, axis: str, value: float, text: str, level: Level) -> None:
        """The number of a limit, in the margin at its height."""
        y = self.height_of(axis, value)
        self.labels.append({"kind": "limit", "text": text, "y": y, "level": level.word})

    def corner(self, text: str) -> None:
        """What the numbers of the x axis are, in its left corner, so that no line of the plot is spent on it."""
        self.labels.append({"kind": "corner", "text": text, "y": 0, "level": ""})


def _markers(points: Sequence[_Point], symbol: str, hollow: str, size: int) -> dict[str, Any]:
    return {
        "symbol": [hollow if p.hollow else symbol for p in points],
        "size": [size + 3 if p.level else size for p in points],
        "color": [colour(p.level) for p in points],
        "opacity": 1,  # where sizes differ plotly takes them for bubbles, and lets the ground shine through
        "line": {"width": 1.5, "color": [colour(p.level) for p in points]},
    }


def _draw_pressure(figure: _Figure, axis: str, panel: _Panel, points: Sequence[_Point], told: Told) -> None:
    """v at the upper and ^ at the lower pressure, joined by a stem where both were read in one entry."""
    upper, lower = panel.measures[0].key, panel.measures[-1].key
    by_entry: dict[str, dict[str, _Point]] = {}
    for point in points:
        by_entry.setdefault(point.entry.id, {})[point.reading.measure] = point
    stem_x: list[float | None] = []
    stem_y: list[float | None] = []
    for pair in by_entry.values():
        if upper in pair and lower in pair:
            stem_x += [pair[upper].x, pair[upper].x, None]
            stem_y += [pair[upper].reading.value, pair[lower].reading.value, None]
    figure.scatter(
        axis, stem_x, stem_y, mode="lines", line={"color": "@trace", "width": 2}, hoverinfo="skip", name="stem"
    )
    # A "y" has no inside that could be empty: hollow is a triangle of the same direction.
    ends = ((panel.measures[0], "y-down", "triangle-down-open"), (panel.measures[-1], "y-up", "triangle-up-open"))
    for measure, symbol, hollow in ends:
        mine = [p for p in points if p.reading.measure == measure.key]
        figure.scatter(
            axis,
            [p.x for p in mine],
            [p.reading.value for p in mine],
            mode="markers",
            marker=_markers(mine, symbol, hollow, 10),
            hovertext=[_hover(p, measure, told) for p in mine],
            name=measure.label,
        )


def _draw_line(
    figure: _Figure,
    axis: str,
    measure: Measure,
    points: Sequence[_Point],
    infusion: Infusion,
    protocol: Protocol,
    course: Course,
    told: Told,
) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    shown: list[_Point | None] = []
    for point in points:
        if shown and (before := shown[-1]) and point.x - before.x > joined_within(infusion, protocol, course, point.x):
            x.append(None)
            y.append(None)
            shown.append(None)
        x.append(point.x)
        y.append(point.reading.value)
        shown.append(point)
    blank = _Point(Reading("", measure.key, 0), infusion.entries[0], 0, None, (), "") if points else None
    drawn = [p or blank for p in shown]
    figure.scatter(
        axis,
        x,
        y,
        mode="lines+markers",
        line={"color": "@trace", "width": 1.5},
        connectgaps=False,
        marker=_markers([p for p in drawn if p], "circle", "circle-open", 8),
        hovertext=[_hover(p, measure, told) if p else "" for p in shown],
        name=measure.label,
    )


def _draw_rating(figure: _Figure, axis: str, measure: Measure, points: Sequence[_Point], told: Told) -> None:
    """A bar as high as the rating, its number above; zero is a number, so it shows its foot and its "0"."""
    foot = min(option.value for option in measure.options) - 0.25
    x: list[float | None] = []
    y: list[float | None] = []
    for point in points:
        x += [point.x, point.x, None]
        y += [foot, point.reading.value, None]
    figure.scatter(
        axis, x, y, mode="lines", line={"color": "@trace", "width": 9}, hoverinfo="skip", name=f"{measure.label} bars"
    )
    figure.scatter(
        axis,
        [p.x for p in points],
        [p.reading.value for p in points],
        mode="text",
        text=[measure.text(p.reading.value) + (MARK[p.level] if p.level else "") for p in points],
        textposition="top center",
        textfont={"size": TEXT_PX, "color": [colour(p.level) for p in points]},
        hovertext=[_hover(p, measure, told) for p in points],
        name=measure.label,
    )


def _draw_lane(
    figure: _Figure, axis: str, measure: Measure, height: float, among: Sequence[_Point], told: Told
) -> None:
    points = [p for p in among if p.reading.measure == measure.key]
    figure.scatter(
        axis,
        [p.x for p in points],
        [height] * len(points),
        mode="text",
        text=[measure.text(p.reading.value) + (MARK[p.level] if p.level else "") for p in points],
        textfont={"size": TEXT_PX, "color": [colour(p.level) for p in points]},
        hovertext=[_hover(p, measure, told) for p in points],
        name=measure.label,
    )


def _draw_not_done(figure: _Figure, axis: str, panel: _Panel, infusion: Infusion, course: Course, told: Told) -> None:
    """A hollow mark and its words at the foot of the panel, where a measure was marked as not done."""
    if panel.kind == "lanes":
        return
    own = {m.key: m for m in panel.measures}
    marked = [
        (entry, [one for one in entry.not_done if one.measure in own])
        for entry in infusion.standing()
        if entry.not_done and minutes(infusion, course, entry.observed_at) > -_LONG_AGO
    ]
    marked = [(entry, reasons) for entry, reasons in marked if reasons]
    if not marked:
        return
    low, high = figure.range_of(axis)
    figure.scatter(
        axis,
        [minutes(infusion, course, entry.observed_at) for entry, _ in marked],
        [low + (high - low) * 0.1] * len(marked),
        mode="text",
        text=["○ not done"] * len(marked),
        textfont={"size": TEXT_PX, "color": "@soft"},
        hovertext=[
            "<br>".join(
                [
                    *(f"{own[one.measure].label} not done: {one.reason}" for one in reasons),
                    _seen(entry, infusion, course, told),
                ]
            )
            for entry, reasons in marked
        ],
        name="not done",
    )


def _brought(infusion: Infusion, protocol: Protocol, course: Course, source: str) -> list[tuple[float, float]]:
    """The stretches [min] of which only paper, or a file, knew: from the entry before each to the entry after.

    At most one slot to either side: how long nothing could be entered is not recorded, only what was transcribed.
    """
    by_id = {entry.id: entry for entry in infusion.entries}
    if not any(entry.source == source for entry in infusion.entries):
        return []
    seen = [(minutes(infusion, course, e.observed_at), _came(e, by_id, source)) for e in infusion.standing()]
    found: list[tuple[float, float]] = []
    for n, (x, brought) in enumerate(seen):
        if not brought:
            continue
        slot = joined_within(infusion, protocol, course, x) / SLOT_AND_HALF
        before = seen[n - 1][0] if n else x
        after = seen[n + 1][0] if n + 1 < len(seen) else x
        x0, x1 = max(before, x - slot), min(after, x + slot)
        if found and x0 <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], x1))
        else:
            found.append((x0, x1))
    return found


def _came(entry: Entry, by_id: Mapping[str, Entry], source: str) -> bool:
    """Whether an entry, or one that it corrects, came from there."""
    found: Entry | None = entry
    while found is not None:
        if found.source == source:
            return True
        found = by_id.get(found.corrects) if found.corrects else None
    return False


_SHAPES = {
    "start": "triangle-right",
    "pause": "line-ns-open",
    "resume": "triangle-right-open",
    "end": "square",
    "stop": "square",
    "rate": "diamond-open",
    "effect": "star-open",
    "medicine": "cross",
    "note": "circle-open",
    "called": "triangle-up-open",
    "help": "asterisk-open",
    "handover": "line-ew-open",
}


def _seen(entry: Entry, infusion: Infusion, course: Course, told: Told) -> str:
    """When and by whom an entry was seen, as a hover says it."""
    clock = told(entry.observed_at)
    return f"minute {floor(minutes(infusion, course, entry.observed_at))} · {clock} · {entry.author_name}"


def _draw_events(
    figure: _Figure,
    axis: str,
    infusion: Infusion,
    course: Course,
    told: Told,
    words: Callable[[Entry], str] | None,
) -> None:
    events = [e for e in infusion.standing() if e.event and e.event.kind in _SHAPES]
    figure.scatter(
        axis,
        [minutes(infusion, course, e.observed_at) for e in events],
        [0.5] * len(events),
        mode="markers",
        marker={
            "symbol": [_SHAPES[e.event.kind] for e in events if e.event],
            "size": 11,
            "color": "@ink",
            "line": {"width": 1.5, "color": "@ink"},
        },
        hovertext=[
            f"{words(e) if words else event_words(e.event)}<br>{_seen(e, infusion, course, told)}"
            for e in events
            if e.event
        ],
        name="Events",
    )


def _side_limits(figure: _Figure, axis: str, panel: _Panel) -> None:
    """Limits per pressure as short marks at both sides: one tint cannot serve two pressures."""
    low, high = figure.range_of(axis)
    apart = (high - low) * LABELS_APART
    labelled: list[float] = []
    limits = [(measure, limit) for measure in panel.measures for limit in measure.limits if is_drawn(limit)]
    # Where numbers would cover each other, the upper limits keep theirs; each mark stays, at its height.
    for measure, limit in sorted(limits, key=lambda pair: (pair[1].side != "high", -pair[1].level)):
        if not low <= limit.value <= high:
            continue
        for x0, x1 in ((0, 0.022), (0.978, 1)):
            figure.line(axis, limit.value, "side", limit.level, x0, x1)
        if all(abs(limit.value - other) >= apart for other in labelled):
            labelled.append(limit.value)
            figure.number(axis, limit.value, f"{limit.value:g} {measure.short.lower()}", limit.level)


def _limit_lines(figure: _Figure, axis: str, measure: Measure) -> None:
    """Limits as dashed lines with their number; what lies outside is tinted."""
    low, high = figure.range_of(axis)
    for limit in measure.limits:
        if not is_drawn(limit) or not low <= limit.value <= high:
            continue
        figure.tint(axis, limit.value, high if limit.side == "high" else low, limit.level)
        figure.line(axis, limit.value, "limit", limit.level)
        if limit.level is Level.CAUTION:
            figure.number(axis, limit.value, f"{limit.value:g}", limit.level)


def _draw_baseline(figure: _Figure, axis: str, panel: _Panel, course: Course) -> None:
    measure = panel.measures[0]
    reading = course.baseline.get(measure.key)
    low, high = figure.range_of(axis)
    if reading is None or not low <= reading.value <= high:
        return
    figure.line(axis, reading.value, "baseline")
    figure.labels.append(
        {
            "kind": "baseline",
            "text": f"baseline {measure.text(reading.value)}",
            "y": figure.height_of(axis, reading.value),
            "level": "",
        }
    )


def dose_strip(course: Course) -> list[dict[str, Any]]:
    """What the pump did, for the strip under the chart: from and to [min since the start], rate [mL/h], 0 in pauses.

    `to` is None for what goes on.
    """
    start = course.started_at
    if start is None:
        return []

    def minute(instant: datetime | None) -> float | None:
        return None if instant is None else round((instant - start).total_seconds() / 60, 3)

    return [{"from": minute(one.since), "to": minute(one.until), "rate": one.rate_ml_per_h} for one in course.segments]


def infusion_chart(
    infusion: Infusion,
    protocol: Protocol,
    course: Course,
    levels: Mapping[str, Level | None],
    now: datetime,
    zone: ZoneInfo,
) -> Figure:
    """The same chart as a plotly Figure in the colours of paper."""
    from plotly.graph_objects import Figure

    figure = infusion_figure(infusion, protocol, course, levels, now, zone)
    layout = dict(figure["layout"])
    layout["shapes"] = [*layout["shapes"], *(_shape_of(mark) for mark in figure["marks"])]
    layout["annotations"] = [*layout["annotations"], *(_annotation_of(label) for label in figure["labels"])]
    return Figure(_painted({"data": figure["data"], "layout": layout}))


def _shape_of(mark: Mapping[str, Any]) -> dict[str, Any]:
    """A mark as plotly draws it, for a figure that stands alone."""
    place = {"xref": "paper", "yref": "paper", "layer": "below", **{k: mark[k] for k in ("x0", "x1", "y0", "y1")}}
    if mark["kind"] == "tint":
        return {"type": "rect", "fillcolor": f"@{mark['level']}-tint", "line": {"width": 0}, **place}
    dash = {"limit": "dash", "baseline": "dot"}.get(mark["kind"], "solid")
    colour = f"@{mark['level']}" if mark.get("level") else "@soft" if mark["kind"] == "baseline" else "@line"
    width = 2 if mark["kind"] == "side" else 1
    return {"type": "line", "line": {"color": colour, "width": width, "dash": dash}, **place}


def _annotation_of(label: Mapping[str, Any]) -> dict[str, Any]:
    """A label as plotly draws it, for a figure that stands alone."""
    place = {
        "title": {"x": 1, "xanchor": "right", "yanchor": "bottom"},
        "lane": {"x": 1, "xanchor": "right", "yanchor": "middle"},
        "limit": {"x": 1, "xanchor": "left", "xshift": 4, "yanchor": "middle"},
        "baseline": {"x": 0.97, "xanchor": "right", "yanchor": "bottom"},
        "corner": {"x": 0, "xanchor": "right", "xshift": -4, "yanchor": "top", "yshift": -3},
    }[label["kind"]]
    colour = f"@{label['level']}" if label["level"] else "@soft"
    font = {"size": TEXT_PX, "color": colour}
    return {
        "text": label["text"],
        "xref": "paper",
        "yref": "paper",
        "y": label["y"],
        "showarrow": False,
        "font": font,
    } | place


def _painted(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        return PRINT_COLOURS[value[1:]]
    if isinstance(value, dict):
        return {key: _painted(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_painted(part) for part in value]
    return value


@lru_cache
def plotly_version() -> str:
    """The installed plotly's version, so that browsers may keep its script for ever."""
    from importlib.metadata import version

    return version("plotly")
