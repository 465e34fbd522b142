"""Reads [schedule] of a protocol file: when what is due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import Field

from monitoring.clinical.protocol import Level, Measure, Schedule
from monitoring.clinical.protocol_file.measures import Row
from monitoring.clinical.protocol_file.slips import (
    DAY_MINUTES,
    LevelWord,
    Path,
    Shape,
    Slips,
    Whole,
    Words,
    listed,
    shown,
    unknown,
)


class ScheduleTable(Shape):
    """[schedule] as it is written."""

    every_minutes: Whole
    presets: Annotated[list[Whole], Field(min_length=1)]
    after_end_every_minutes: Whole
    set: Words
    optional: list[str]
    observations: list[str]
    oxygen: str
    window_minutes: float
    overdue_minutes: float
    overdue_level: LevelWord
    repeat_minutes: float
    repeat_level: LevelWord
    late_entry_minutes: float
    source: str
    recheck_minutes: list[float] = Field(default_factory=list)
    rapid_minutes: float = 0
    partial_in_row: Whole = 0
    partial_level: LevelWord = "caution"
    seen_before_opening_minutes: float = 0


def read_schedule(slips: Slips) -> ScheduleTable | None:
    """[schedule] in its shape; what it says about the other tables is judged by `check_schedule`."""
    return slips.table(ScheduleTable, "schedule")


def check_schedule(slips: Slips, schedule: ScheduleTable, measures: Mapping[str, Measure], rows: Sequence[Row]) -> None:
    """Whether the schedule asks for measures there are, at times that go together."""
    known = slips.named_tables("measure")
    for name in ("set", "optional", "observations"):
        keys: list[str] = getattr(schedule, name)
        for number, key in enumerate(keys):
            at: Path = ("schedule", name, number)
            measure = measures.get(key)
            if key in keys[:number]:
                slips.problem(at, f"{shown(key)} is there twice, expected each measure once")
            elif key not in known:
                slips.problem(at, unknown(key, known, "measure"))
            elif name == "observations" and measure and not measure.is_rating:
                slips.problem(at, f"{shown(key)} is no rating, expected a measure with options")
            elif name != "observations" and measure and measure.is_rating:
                slips.problem(at, f"{shown(key)} is a rating, expected a measure that is typed")
            elif name == "optional" and key in schedule.set:
                slips.problem(at, f"{shown(key)} is in set too, expected it in one of them")
    oxygen = measures.get(schedule.oxygen)
    if schedule.oxygen not in known:
        slips.problem(("schedule", "oxygen"), unknown(schedule.oxygen, known, "measure"))
    elif oxygen and oxygen.ucum != "L/min":
        slips.problem(
            ("schedule", "oxygen"),
            f"{shown(schedule.oxygen)} is in {oxygen.unit or 'points'}, expected a measure in L/min",
        )
    elif oxygen and oxygen.possible[0] != 0:
        slips.problem(("schedule", "oxygen"), f"{shown(schedule.oxygen)} cannot be 0, expected 0 for air")
    placed = {*schedule.set, *schedule.optional, *schedule.observations, schedule.oxygen}
    for key in measures:
        if key not in placed:
            slips.problem(
                ("measure", key),
                "can be entered nowhere, expected it in set, optional, observations or oxygen of [schedule]",
            )
    for row in rows:
        if row.limit.key == "silent_minutes":
            _check_silence(slips, row, schedule)
    _check_times(slips, schedule)
    _check_more_sets(slips, schedule)


def _check_silence(slips: Slips, row: Row, schedule: ScheduleTable) -> None:
    """Silence shorter than the schedule itself would be flagged all day."""
    at, minutes, measure = (*row.at, "silent_minutes"), row.limit.value, row.at[1]
    longest = max([schedule.every_minutes, *schedule.presets])
    if "recovery" in row.phases:
        longest = max(longest, schedule.after_end_every_minutes)
    if measure not in (*schedule.set, *schedule.observations):
        slips.problem(
            at, f"silent_minutes {minutes:g} on a measure nothing asks for, expected one of set or observations"
        )
    elif measure in schedule.set and minutes <= longest:
        slips.problem(
            at, f"silent_minutes {minutes:g} is not longer than the schedule, expected more than {longest} min"
        )


def _check_times(slips: Slips, schedule: ScheduleTable) -> None:
    wrong = False
    for name in (
        "every_minutes",
        "after_end_every_minutes",
        "window_minutes",
        "overdue_minutes",
        "repeat_minutes",
        "late_entry_minutes",
    ):
        minutes: float = getattr(schedule, name)
        if not 0 < minutes <= DAY_MINUTES:
            slips.problem(("schedule", name), f"{minutes:g} min, expected more than 0 and up to {DAY_MINUTES}")
            wrong = True
    for number, minutes in enumerate(schedule.presets):
        at: Path = ("schedule", "presets", number)
        if not 0 < minutes <= DAY_MINUTES:
            slips.problem(at, f"{minutes} min, expected more than 0 and up to {DAY_MINUTES}")
            wrong = True
        elif number and minutes <= schedule.presets[number - 1]:
            slips.problem(at, f"{minutes} after {schedule.presets[number - 1]}, expected each once, shortest first")
    if schedule.every_minutes not in schedule.presets:
        slips.problem(
            ("schedule", "presets"),
            f"{listed(schedule.presets)} lack every_minutes {schedule.every_minutes}, expected it among them",
        )
    if wrong:
        return
    half = min(schedule.every_minutes, schedule.after_end_every_minutes) / 2
    for name in ("window_minutes", "overdue_minutes"):
        if getattr(schedule, name) > half:
            slips.problem(
                ("schedule", name),
                f"{getattr(schedule, name):g} min is more than half the interval, expected up to {half:g} min",
            )
    if schedule.overdue_minutes < schedule.window_minutes <= half:
        slips.problem(
            ("schedule", "window_minutes"),
            f"{schedule.window_minutes:g} min is longer than overdue_minutes, "
            f"expected up to {schedule.overdue_minutes:g} min",
        )
    if schedule.repeat_minutes > schedule.every_minutes:
        slips.problem(
            ("schedule", "repeat_minutes"),
            f"{schedule.repeat_minutes:g} min is longer than the interval, expected up to {schedule.every_minutes} min",
        )


def _check_more_sets(slips: Slips, schedule: ScheduleTable) -> None:
    """Beside the schedule: sets after a medicine or in a rapid series, incomplete ones, what was seen before."""
    slips.check_rising(schedule.recheck_minutes, ("schedule", "recheck_minutes"))
    for number, minutes in enumerate(schedule.recheck_minutes):
        if minutes > DAY_MINUTES:
            slips.problem(("schedule", "recheck_minutes", number), f"{minutes:g} min, expected up to {DAY_MINUTES}")
    if not 0 <= schedule.rapid_minutes <= max(schedule.every_minutes, 0):
        slips.problem(
            ("schedule", "rapid_minutes"),
            f"{schedule.rapid_minutes:g} min, expected up to the interval of {schedule.every_minutes} min, "
            "or 0 for none",
        )
    if not 0 <= schedule.seen_before_opening_minutes <= DAY_MINUTES:
        slips.problem(
            ("schedule", "seen_before_opening_minutes"),
            f"{schedule.seen_before_opening_minutes:g} min, expected up to {DAY_MINUTES}, or 0 for none",
        )
    if schedule.partial_in_row < 0 or schedule.partial_in_row == 1:
        slips.problem(("schedule", "partial_in_row"), f"{schedule.partial_in_row}, expected 2 or more, or 0 for never")


def schedule_of(table: ScheduleTable) -> Schedule:
    """The schedule as the program knows it."""
    return Schedule(
        every_minutes=table.every_minutes,
        presets=tuple(table.presets),
        after_end_every_minutes=table.after_end_every_minutes,
        set=tuple(table.set),
        optional=tuple(table.optional),
        observations=tuple(table.observations),
        oxygen=table.oxygen,
        window_minutes=table.window_minutes,
        overdue_minutes=table.overdue_minutes,
        overdue_level=Level[table.overdue_level.upper()],
        repeat_minutes=table.repeat_minutes,
        repeat_level=Level[table.repeat_level.upper()],
        late_entry_minutes=table.late_entry_minutes,
        source=table.source,
        recheck_minutes=tuple(table.recheck_minutes),
        rapid_minutes=table.rapid_minutes,
        partial_in_row=table.partial_in_row,
        partial_level=Level[table.partial_level.upper()],
        seen_before_opening_minutes=table.seen_before_opening_minutes,
    )
