"""What the tables about care say of measures: that there are such measures, of the kind that is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from monitoring.clinical.protocol import Measure
from monitoring.clinical.protocol_file.measures import UNITS
from monitoring.clinical.protocol_file.schedule import ScheduleTable
from monitoring.clinical.protocol_file.slips import Path, Slips, either, listed, shown, unknown


class References:
    """The measures and the schedule of one file, for the tables that name them."""

    def __init__(self, slips: Slips, measures: Mapping[str, Measure], schedule: ScheduleTable | None) -> None:
        self.slips = slips
        self.measures = measures
        self.schedule = schedule

    def known(self) -> Mapping[str, Any]:
        """The measures this file names, also those whose own table is wrong: one mistake is reported once."""
        return self.slips.named_tables("measure")

    def check_rating(self, key: str, at: Path) -> None:
        """A key that must be a rating."""
        measure = self.measures.get(key)
        if key not in self.known():
            self.slips.problem(at, unknown(key, self.known(), "measure"))
        elif measure and not measure.is_rating:
            self.slips.problem(at, f"{shown(key)} is no rating, expected a measure with options")

    def check_option(self, measure: Measure, value: float | None, at: Path) -> None:
        """A bound that must be one of a rating's options."""
        values = [option.value for option in measure.options]
        if value is not None and value not in values:
            self.slips.problem(at, f"{value:g} is none of the options, expected one of {listed(values)}")

    def check_pressures(self, keys: Sequence[str], unit: str, at: Path) -> None:
        """Pressures whose distance from baseline is judged, in mmHg or in per cent of it."""
        if unit not in ("mmHg", "%"):
            self.slips.problem((*at, "unit"), f"unknown unit {shown(unit)}, expected mmHg or %")
        for number, key in enumerate(keys):
            place: Path = (*at, "measures", number)
            measure = self.measures.get(key)
            if key in keys[:number]:
                self.slips.problem(place, f"{shown(key)} is there twice, expected each once")
            elif key not in self.known():
                self.slips.problem(place, unknown(key, self.known(), "measure"))
            elif (
                measure
                and measure.unit in {*UNITS, ""}
                and measure.unit not in (pressures := ("mmHg", "kPa") if unit == "%" else ("mmHg",))
            ):
                found = f"{shown(key)} is in {measure.unit or 'points'}"
                self.slips.problem(place, f"{found}, expected a measure in {either(pressures)}")
            elif self.schedule and key not in self.schedule.set:
                self.slips.problem(place, f"{shown(key)} is in no set, expected it in set of [schedule]")
