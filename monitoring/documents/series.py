"""A series in review: its infusions over each other, what each came to, and what the patient's own range was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import floor
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from monitoring.charts.frame import SLOT_AND_HALF, joined_within, minutes
from monitoring.charts.series import WIDE, Between, Line, Point, Room, series_figure, stretches
from monitoring.clinic import RunningClinic, instruments
from monitoring.clinical.clock_times import clock_time
from monitoring.clinical.flags import levels
from monitoring.clinical.instruments import Instrument
from monitoring.clinical.protocol import Level, Measure
from monitoring.clinical.record import Entry, Reading
from monitoring.documents.column import NONE, Fact, column, turning
from monitoring.documents.highlights import Moment, highlights
from monitoring.documents.judged import Judged, judged
from monitoring.documents.words import word_of, zone_of
from monitoring.records import Score
from monitoring.review.clinic_counts import middles
from monitoring.review.summary import Summary, grid, on_grid, summary

Align = Literal["start", "first pause", "peak"]
ALIGNS: Final[tuple[Align, ...]] = ("start", "first pause", "peak")
_RISES: Final = frozenset(("rise_at_or_above", "rise_percent_at_or_above"))  # rules about a rise over the baseline
_STEPS: Final = 48


@dataclass(frozen=True, slots=True)
class OneOfSeries:
    """One infusion of a series with all that is told of it there."""

    j: Judged
    summary: Summary
    label: str  # "#3"; "imported" where it has no number in the series
    day: date  # of the start, or on which it was opened
    facts: tuple[Fact, ...]

    @property
    def id(self) -> str:
        """The infusion's id."""
        return self.j.infusion.id

    @property
    def named(self) -> str:
        """Its number and its day."""
        return f"{self.label} · {self.day:%d %b %Y}"

    @property
    def started(self) -> bool:
        """Whether the pump was ever started."""
        return self.j.course.started_at is not None


def infusions_of_series(clinic: RunningClinic, patient_id: str, series_id: str) -> tuple[OneOfSeries, ...]:
    """The infusions of a series by their days, each as it stands now, with the totals of scores before it.

    A number says which of the series it was counted as; what was brought in later may be older and have a higher one.
    """
    now, zone = clinic.clock.now(), zone_of(clinic)
    found: list[tuple[Judged, Summary, date]] = []
    for id in clinic.store.infusions_of(patient_id):
        infusion = clinic.store.infusion(id)
        if infusion is None or infusion.series != series_id:
            continue
        protocol = clinic.protocol_of(infusion.protocol)
        j = judged(infusion, protocol, now)
        day = (j.course.started_at or infusion.opened_at).astimezone(zone).date()
        found.append((j, summary(infusion, protocol, now), day))
    found.sort(key=lambda one: (one[2], one[0].infusion.number))
    scores, known = clinic.store.scores_of(series_id), instruments()
    rows = []
    before: date | None = None
    for j, summed, day in found:
        facts = (*column(j, summed), *totals_before(scores, known, before, day))
        label = f"#{j.infusion.number}" if j.infusion.number > 0 else "imported"
        rows.append(OneOfSeries(j, summed, label, day, facts))
        if j.course.started_at is not None:
            before = day
    return tuple(rows)


def totals_before(
    scores: Sequence[Score], known: Mapping[str, Instrument], after: date | None, until: date
) -> list[Fact]:
    """The last total of each instrument of the series rated after the infusion before (`after`) and by this day.

    Every instrument of the series has its fact, NONE where nothing was rated.
    """
    standing = [score for score in scores if score.stands and score.total is not None]
    found = []
    for key in dict.fromkeys(score.instrument for score in standing):
        held = [
            score
            for score in standing
            if score.instrument == key and score.rated_on <= until and (after is None or score.rated_on > after)
        ]
        label = known[key].label if key in known else key
        if not held:
            found.append(Fact(f"score:{key}", f"{label} before", NONE))
            continue
        last = max(enumerate(held), key=lambda one: (one[1].rated_on, one[0]))[1]
        asked = known[key].asked(last.items) if key in known else ()
        notes = [f"{last.rated_on:%d %b %Y}", *(one.words for one in asked)]
        found.append(Fact(f"score:{key}", f"{label} before", f"{last.total:g}", " · ".join(notes), None, last.total))
    return found


def measures_of(found: Sequence[OneOfSeries]) -> dict[str, Measure]:
    """The measures that can be laid over each other: of the set and the ratings, as the latest infusion words them."""
    measures: dict[str, Measure] = {}
    for one in reversed(found):
        schedule = one.j.protocol.schedule
        for key in (*schedule.set, *schedule.observations):
            measures.setdefault(key, one.j.protocol.measures[key])
    return measures


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure of a series: its chart, what was left out and why, and the same as a table."""

    measure: Measure
    since: str  # what minute 0 is
    figure: dict[str, Any]
    remarks: tuple[str, ...]
    clinic: tuple[int, int] | None  # infusions at a minute of the clinic's middle: fewest, most; None: not drawn
    drawn: int  # infusions
    outlined: bool  # whether there is a minute at which all of these have a value
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def clinic_middle(clinic: RunningClinic, measure: Measure) -> dict[int, Between]:
    """The middle of this clinic's infusions at each minute where there are enough of them, from the stored counts.

    Only of those that had the measure in the same unit.
    """
    found = {}
    for one in middles(clinic, measure.key, unit=measure.unit):
        low, high = one.values[0], one.values[-1]
        if low is not None and high is not None:
            found[one.minute] = Between(one.minute, low, high, one.infusions)
    return found


def panel(
    found: Sequence[OneOfSeries],
    measure: Measure,
    align: Align,
    chosen: str,
    clinic: Mapping[int, Between],
    zone: ZoneInfo,
    room: Room = WIDE,
) -> Panel:
    """The started infusions of `found` over each other; `clinic`: its middle by minute since the start."""
    latest = found[-1].j
    on = grid(latest.protocol) if align == "start" else _steps(latest.protocol.schedule.every_minutes)
    lines: list[Line] = []
    left_out: dict[str, list[str]] = {}
    side = turning(latest.protocol).get(measure.key, "high")
    grids: dict[str, dict[int, float]] = {}
    for one in found:
        if not one.started:
            continue
        own = one.j.protocol.measures.get(measure.key)
        if own is None or own.unit != measure.unit:
            left_out.setdefault(f"not measured in {measure.unit or 'points'} then", []).append(_which(one))
            continue
        zero = _zero(one.j, measure.key, align, side)
        if zero is None and align == "first pause":
            left_out.setdefault("no pause", []).append(_which(one))
            continue
        points = () if zero is None else _points(one, measure, zero, zone)
        if not points:
            left_out.setdefault("no value", []).append(_which(one))
            continue
        lines.append(Line(one.id, one.label, points, one.id == chosen))
        grids[one.id] = on_grid(((point.x, point.value) for point in points), on)
    middle, outline = clinic if align == "start" else {}, _envelope(grids)
    planned = next((one.j.plan.minutes for one in found if one.id == chosen), None)

    def within(minute: int) -> float:
        """A band is joined as a line is: over one slot and a half."""
        ended = align == "start" and minute > latest.plan.minutes
        return SLOT_AND_HALF * latest.protocol.schedule.interval("recovery" if ended else "infusing")

    since = {
        "start": "minutes since the start",
        "first pause": "minutes since the first pause",
        "peak": f"minutes from the {side}est value",
    }[align]
    figure = series_figure(
        measure,
        lines,
        since=since,
        planned_minutes=planned if align == "start" else None,
        envelope=stretches(outline, within),
        clinic=stretches(middle, within),
        room=room,
    )
    figure["version"] = f"{measure.key} {align} {chosen} {[len(line.points) for line in lines]}"
    names = [one.named for one in found if one.id in grids]
    heading, rows = _table(measure, names, grids, outline, middle)
    counts = [one.n for one in middle.values()]
    remarks = tuple(f"{measure.label}: {why} in {', '.join(labels)}" for why, labels in left_out.items())
    between = (min(counts), max(counts)) if counts else None
    return Panel(measure, since, figure, remarks, between, len(lines), bool(outline), heading, rows)


def _which(one: OneOfSeries) -> str:
    """The infusion in a sentence: its number, and its day where it has none."""
    return one.label if one.label.startswith("#") else f"{one.label} {one.day:%d %b %Y}"


def _steps(every_minutes: int) -> tuple[int, ...]:
    """The grid around a moment that is not the start: both ways in equal steps, for as long as an infusion lasts."""
    return tuple(range(-_STEPS * every_minutes, (_STEPS + 1) * every_minutes, every_minutes))


def _zero(j: Judged, key: str, align: Align, side: Literal["low", "high"]) -> float | None:
    """The minute since the start that becomes minute 0 [min]; None where there is no such moment."""
    if align == "start":
        return 0.0
    if align == "first pause":
        return minutes(j.infusion, j.course, j.course.pauses[0][0]) if j.course.pauses else None
    seen = [(x, reading.value) for x, reading, _ in _values(j, key) if x >= 0]
    if not seen:
        return None
    ends = min(value for _, value in seen) if side == "low" else max(value for _, value in seen)
    return next(x for x, value in seen if value == ends)


def _values(j: Judged, key: str) -> list[tuple[float, Reading, Entry]]:
    """Minute since the start, reading and its entry, of the standing values of one measure in order."""
    return [
        (minutes(j.infusion, j.course, entry.observed_at), reading, entry)
        for entry in j.infusion.standing()
        for reading in entry.readings
        if reading.measure == key
    ]


def _points(one: OneOfSeries, measure: Measure, zero: float, zone: ZoneInfo) -> tuple[Point, ...]:
    """The values from one slot before the start on; what was read long before is no part of the course."""
    j = one.j
    assert j.course.started_at is not None
    points: list[Point] = []
    before: float | None = None
    for x, reading, entry in _values(j, measure.key):
        if x < -j.protocol.schedule.every_minutes:
            continue
        joins = before is not None and x - before <= joined_within(j.infusion, j.protocol, j.course, x)
        word = word_of(measure, reading.value)
        text = " ".join(part for part in (measure.text(reading.value), measure.unit, word) if part)
        seen = f"minute {floor(x)} · {clock_time(entry.observed_at, zone)} · {entry.author_name}"
        words = f"{one.named}<br>{text}<br>{seen}"
        points.append(Point(x - zero, reading.value, j.levels.get(reading.id), words, joins))
        before = x
    return tuple(points)


def _envelope(grids: Mapping[str, Mapping[int, float]]) -> dict[int, Between]:
    """The patient's lowest and highest value at each minute of the grid that all of two or more infusions have.

    Of fewer at one minute than at the next it would jump where no value did.
    """
    if len(grids) < 2:
        return {}
    shared = set.intersection(*(set(seen) for seen in grids.values()))
    found = {}
    for minute in sorted(shared):
        values = [seen[minute] for seen in grids.values()]
        found[minute] = Between(minute, min(values), max(values), len(values))
    return found


def _table(
    measure: Measure,
    names: Sequence[str],
    grids: Mapping[str, Mapping[int, float]],
    outline: Mapping[int, Between],
    middle: Mapping[int, Between],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The chart as a table: a row for each minute of the grid, with the value of each infusion nearest to it."""
    heading = ("Minute", *names, "Patient, lowest to highest")
    if middle:
        heading = (*heading, "Clinic, middle", "Clinic, infusions")
    rows = []
    for minute in sorted({minute for seen in grids.values() for minute in seen}):
        values = [seen.get(minute) for seen in grids.values()]
        own = outline.get(minute)
        row = [
            str(minute),
            *("" if value is None else measure.text(value) for value in values),
            f"{measure.text(own.low)} to {measure.text(own.high)}" if own else "",
        ]
        if middle:
            there = middle.get(minute)
            row += [f"{measure.text(there.low)} to {measure.text(there.high)}", str(there.n)] if there else ["", ""]
        rows.append(tuple(row))
    return heading, tuple(rows)


def rise_level(j: Judged, key: str) -> Level | None:
    """The level of the rise itself of a measure over its baseline; None where no rule about a rise was met.

    By the same clinical function as flags, with only these of the measure's limits: a peak can lie outside the range
    without any such rise.
    """
    measure = j.protocol.measures[key]
    rises = tuple(limit for limit in measure.limits if limit.key in _RISES)
    if not rises:
        return None
    only = replace(j.protocol, measures={**j.protocol.measures, key: replace(measure, limits=rises)})
    found = levels(j.infusion, only, j.course)
    return max((found[reading.id] for _, reading, _ in _values(j, key) if reading.id in found), default=None)


def what_happened(one: OneOfSeries, zone: ZoneInfo) -> tuple[Moment, ...]:
    """The moments of one infusion of the series."""
    return highlights(one.j, zone)
