"""An infusion judged once for all that a screen shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from monitoring.clinical.clocks import Clocks, clocks
from monitoring.clinical.course import Course, course, minutes_since
from monitoring.clinical.dose import Plan, plan_of
from monitoring.clinical.flags import Flags, flags, levels
from monitoring.clinical.protocol import Level, Protocol
from monitoring.clinical.record import Infusion
from monitoring.documents.words import told_time


@dataclass(frozen=True, slots=True)
class Judged:
    """An infusion at one instant: where it stands, its flags and clocks, its dose, and the level of each reading."""

    infusion: Infusion
    protocol: Protocol
    course: Course
    flags: Flags
    levels: Mapping[str, Level]  # of standing readings outside their range, by reading id
    now: datetime
    clocks: Clocks
    plan: Plan
    named_day: datetime | None = None  # an instant of the day that stands above everything told; None: it is today's

    def time_of(self, instant: datetime, zone: ZoneInfo) -> str:
        """The time of day, with its day where that is not today, or on paper not the day that stands above."""
        return told_time(instant, zone, self.named_day or self.now)

    @property
    def next_change(self) -> datetime | None:
        """The next instant at which time alone changes anything here."""
        changes = (self.course.next_change, self.flags.next_change, self.clocks.next_change)
        return min((at for at in changes if at is not None), default=None)

    def minute_of(self, instant: datetime) -> int | None:
        """Whole minutes that had passed since the start at `instant`, negative before it.

        None where a minute says nothing: never started, or after the patient had left.
        """
        started, left = self.course.started_at, self.course.closed_at
        if started is None or (left is not None and instant > left):
            return None
        return minutes_since(started, instant)

    @property
    def dose_hidden(self) -> bool:
        """Whether the dose is kept from the screens: until a second person has worked it out without seeing it."""
        preparation = self.protocol.preparation
        wanted = preparation is not None and preparation.second_calculation
        waited_for = self.plan.check is None and not self.infusion.imported
        return wanted and self.course.phase == "planned" and waited_for


def judged(infusion: Infusion, protocol: Protocol, now: datetime, *, under_its_day: bool = False) -> Judged:
    """Everything that the clinical functions say about `infusion` at `now`.

    `under_its_day`: it is told below the day on which it was, as in a review and in print, whatever day it is now.
    """
    at = course(infusion, protocol, now)
    found = flags(infusion, protocol, now, at)
    running = clocks(infusion, protocol, at, found, now)
    day = (at.started_at or infusion.opened_at) if under_its_day else None
    outside = levels(infusion, protocol, at)
    return Judged(infusion, protocol, at, found, outside, now, running, plan_of(infusion), day)
