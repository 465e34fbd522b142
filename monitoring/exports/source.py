"""What every export of an infusion starts from: the infusion judged at one instant, and where it belongs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinic import RunningClinic
from monitoring.documents import Judged, judged
from monitoring.documents.words import clinic_line, zone_of
from monitoring.records import Series


@dataclass(frozen=True, slots=True)
class Source:
    """One infusion as it stands at `j.now`, and what only the clinic knows of it."""

    j: Judged
    clinic: Mapping[str, Any]  # as screens name it: name, zone, demonstration, approved
    zone: ZoneInfo
    chairs: Mapping[str, str]  # label by id
    series: Series
    first_opened_at: datetime | None = None  # of the infusions of the series

    @property
    def chair(self) -> str:
        """Where the patient sits, or sat last."""
        return self.chairs.get(self.j.course.chair, self.j.course.chair)

    @property
    def origin(self) -> datetime:
        """From when minutes count: the start of the infusion, before that its opening."""
        return self.j.course.started_at or self.j.infusion.opened_at

    def minute(self, instant: datetime) -> float:
        """Minutes from `origin` to `instant` [min], to a hundredth."""
        return round((instant - self.origin).total_seconds() / 60, 2)

    @property
    def series_day(self) -> int:
        """Which day of the series this infusion was opened on; 0 on the first."""
        return self.day_of_series(self.j.infusion.opened_at.astimezone(self.zone).date())

    def day_of_series(self, day: date) -> int:
        """Days in the clinic from the beginning of the series to `day`.

        A series begins when it is opened, one that was brought in from a file with the first infusion in that file: the
        day of an import is no day of the patient's, and would tell every other.
        """
        began = min(self.series.opened_at, self.first_opened_at or self.series.opened_at)
        return (day - began.astimezone(self.zone).date()).days


def source_of(clinic: RunningClinic, infusion_id: str, now: datetime | None = None) -> Source:
    """One infusion, ready for any export. Raises LookupError for an unknown id."""
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise LookupError(f"There is no infusion {infusion_id}.")
    series = clinic.store.series(infusion.series)
    if series is None:
        raise LookupError(f"There is no series {infusion.series}.")
    zone = zone_of(clinic)
    return Source(
        j=judged(infusion, clinic.protocol_of(infusion.protocol), now or clinic.clock.now(), under_its_day=True),
        clinic=clinic_line(clinic, infusion.protocol),
        zone=zone,
        chairs={chair.id: chair.label for chair in clinic.store.chairs()},
        series=series,
        first_opened_at=clinic.store.searching.first_opened(series.id),
    )
