"""An infusion judged once for all that a screen shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitoring.clinical.course import Course, course
from monitoring.clinical.flags import Flags, flags, levels
from monitoring.clinical.protocol import Level, Protocol
from monitoring.clinical.record import Infusion


@dataclass(frozen=True, slots=True)
class Judged:
    """An infusion at one instant: where it stands, its flags, and the level of each reading."""

    infusion: Infusion
    protocol: Protocol
    course: Course
    flags: Flags
    levels: Mapping[str, Level]  # of standing readings outside their range, by reading id
    now: datetime

    @property
    def next_change(self) -> datetime | None:
        """The next instant at which time alone changes anything here."""
        found = [at for at in (self.course.next_change, self.flags.next_change) if at is not None]
        return min(found, default=None)


def judged(infusion: Infusion, protocol: Protocol, now: datetime) -> Judged:
    """Everything that the clinical functions say about `infusion` at `now`."""
    at = course(infusion, protocol, now)
    return Judged(infusion, protocol, at, flags(infusion, protocol, now, at), levels(infusion, protocol, at), now)
