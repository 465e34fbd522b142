"""Reads [scale.*], [return_to_baseline] and [news2] of a protocol file: what is worked out from values and items."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from monitoring.clinical.protocol import (
    Measure,
    News2Inputs,
    Option,
    RatingBound,
    ReturnToBaseline,
    Scale,
    ScaleItem,
)
from monitoring.clinical.protocol_file.measures import UNITS
from monitoring.clinical.protocol_file.references import References
from monitoring.clinical.protocol_file.slips import Path, Shape, Whole, Words, listed, shown, span, unknown

# What NEWS2 is defined in (Royal College of Physicians, 2017). "": a rating.
_NEWS2_UNITS: Final = {
    "respiration": "/min",
    "spo2": "%",
    "oxygen": "L/min",
    "systolic": "mmHg",
    "pulse": "/min",
    "consciousness": "",
    "temperature": "°C",
}
# The words of its consciousness: ACVPU. What each gives stands in data/scales/news2.toml.
NEWS2_CONSCIOUSNESS: Final = ("alert", "new confusion", "voice", "pain", "unresponsive")


class _ScaleTable(Shape):
    spoken: ClassVar[tuple[str, ...]] = ("label", "variant", "note", "source")
    label: str
    variant: str
    threshold: Whole
    note: str
    source: str
    items: Annotated[list[Any], Field(min_length=1)]


class _ScaleItemRow(Shape):
    key: str
    label: str
    options: Annotated[list[Any], Field(min_length=2)]
    measures: list[str] = Field(default_factory=list)
    within: list[float] = Field(default_factory=list)
    unit: str = ""


class _PointsRow(Shape):
    spoken: ClassVar[tuple[str, ...]] = ("text",)
    value: Whole
    text: str


class _BaselineTable(Shape):
    measures: Words
    within: float
    unit: str
    ratings: list[Any] = Field(default_factory=list)
    source: str


class _RatingBoundRow(Shape):
    measure: str
    at_or_below: float


class _News2Table(Shape):
    respiration: str
    spo2: str
    oxygen: str
    systolic: str
    pulse: str
    consciousness: str
    temperature: str


class Scores:
    """The recovery scores of one file, its way of being back at baseline, and NEWS2 where a site uses it."""

    def __init__(self, known: References) -> None:
        self.slips = known.slips
        self.known = known

    def scales(self) -> dict[str, Scale]:
        """The scores by their keys, in the file's order."""
        raw = self.slips.data.get("scale", {})
        if not isinstance(raw, dict):
            self.slips.problem(("scale",), f"found {shown(raw)}, expected tables such as [scale.aldrete]")
            return {}
        scales: dict[str, Scale] = {}
        for key, data in raw.items():
            at: Path = ("scale", key)
            self.slips.check_key(key, at)
            if not (scale := self._scale(key, data, at)):
                continue
            named = (scale.label.casefold(), scale.variant.casefold())
            for earlier in scales.values():
                if named == (earlier.label.casefold(), earlier.variant.casefold()):
                    self.slips.problem(
                        (*at, "variant"),
                        f"{shown(scale.variant)} is also the variant of {earlier.key}, expected one of its own",
                    )
            scales[key] = scale
        return scales

    def _scale(self, key: str, data: Any, at: Path) -> Scale | None:
        table = self.slips.shape(_ScaleTable, data, at)
        raw = data.get("items") if isinstance(data, dict) else None
        rows = raw if isinstance(raw, list) else []
        items = [self._scale_item(row, (*at, "items", number)) for number, row in enumerate(rows)]
        good = [item for item in items if item is not None]
        for number, item in enumerate(good):
            for name in ("key", "label"):
                value = getattr(item, name)
                if value.casefold() in [getattr(earlier, name).casefold() for earlier in good[:number]]:
                    place: Path = (*at, "items", items.index(item), name)
                    self.slips.problem(place, f"{shown(value)} is there twice, expected each once")
        if table is None or len(good) != len(rows):
            return None
        scale = Scale(key, table.label, table.variant, table.threshold, table.note, table.source, tuple(good))
        lowest = sum(min(option.value for option in item.options) for item in good)
        if not lowest < scale.threshold <= scale.highest:
            self.slips.problem(
                (*at, "threshold"),
                f"{scale.threshold} with scores from {span((lowest, scale.highest))}, "
                f"expected {span((lowest + 1, scale.highest))}",
            )
        return scale

    def _scale_item(self, data: Any, at: Path) -> ScaleItem | None:
        row = self.slips.shape(_ScaleItemRow, data, at)
        raw = data.get("options") if isinstance(data, dict) else None
        rows = raw if isinstance(raw, list) else []
        options = []
        for number, one in enumerate(rows):
            if points := self.slips.shape(_PointsRow, one, (*at, "options", number)):
                options.append(Option(points.value, points.text, points.text))
        if row is None or len(options) != len(rows):
            return None
        self.slips.check_key(row.key, (*at, "key"))
        for number, option in enumerate(options):
            place: Path = (*at, "options", number)
            if option.value < 0:
                self.slips.problem((*place, "value"), f"{option.value}, expected 0 or more")
            elif number and option.value >= options[number - 1].value:
                self.slips.problem(
                    (*place, "value"),
                    f"{option.value} after {options[number - 1].value}, expected each once, highest first",
                )
            if option.text in [earlier.text for earlier in options[:number]]:
                self.slips.problem((*place, "text"), f"{shown(option.text)} is there twice, expected each once")
        self._check_circulation(row, len(options), at)
        return ScaleItem(row.key, row.label, tuple(options), tuple(row.measures), tuple(row.within), row.unit)

    def _check_circulation(self, row: _ScaleItemRow, options: int, at: Path) -> None:
        """An item about pressures says which, and how far from baseline each but the last option reaches."""
        given = [name for name in ("measures", "within", "unit") if getattr(row, name)]
        if not given:
            return
        if len(given) < 3:
            self.slips.problem(at, f"{listed(given)} alone, expected measures, within and unit together")
            return
        self.known.check_pressures(row.measures, row.unit, at)
        self.slips.check_rising(row.within, (*at, "within"))
        for number, within in enumerate(row.within if row.unit == "%" else []):
            self.slips.check_percent(within, (*at, "within", number))
        if len(row.within) != options - 1:
            self.slips.problem(
                (*at, "within"),
                f"within lists {len(row.within)} for {options} options, expected {options - 1}: all but the last",
            )

    def return_to_baseline(self) -> ReturnToBaseline | None:
        """When somebody counts as back at baseline, or None."""
        at: Path = ("return_to_baseline",)
        table = self.slips.table_if_there(_BaselineTable, "return_to_baseline")
        ratings = self._rating_bounds(at)
        if table is None:
            return None
        self.known.check_pressures(table.measures, table.unit, at)
        if table.unit == "%":
            self.slips.check_percent(table.within, (*at, "within"))
        if table.within <= 0:
            self.slips.problem((*at, "within"), f"{table.within:g}, expected more than 0")
        return ReturnToBaseline(
            measures=tuple(table.measures),
            within=table.within,
            unit="%" if table.unit == "%" else "mmHg",
            ratings=tuple(ratings),
            source=table.source,
        )

    def _rating_bounds(self, at: Path) -> list[RatingBound]:
        raw = self.slips.named_tables("return_to_baseline").get("ratings")
        bounds: list[RatingBound] = []
        for number, data in enumerate(raw if isinstance(raw, list) else []):
            place: Path = (*at, "ratings", number)
            row = self.slips.shape(_RatingBoundRow, data, place)
            if row is None:
                continue
            if row.measure in [earlier.measure for earlier in bounds]:
                self.slips.problem((*place, "measure"), f"{shown(row.measure)} is there twice, expected each once")
            self.known.check_rating(row.measure, (*place, "measure"))
            measure = self.known.measures.get(row.measure)
            if measure and measure.is_rating:
                self.known.check_option(measure, row.at_or_below, (*place, "at_or_below"))
                if row.at_or_below >= measure.possible[1]:
                    self.slips.problem(
                        (*place, "at_or_below"),
                        f"every option of {row.measure} is at or below {row.at_or_below:g}, expected less",
                    )
            bounds.append(RatingBound(row.measure, row.at_or_below))
        return bounds

    def news2(self) -> News2Inputs | None:
        """Which measures NEWS2 is worked out from; None: it is off."""
        table = self.slips.table_if_there(_News2Table, "news2")
        if table is None:
            return None
        inputs: dict[str, str] = table.model_dump()
        seen: list[str] = []
        for name, key in inputs.items():
            at: Path = ("news2", name)
            unit, measure = _NEWS2_UNITS[name], self.known.measures.get(key)
            if key in seen:
                self.slips.problem(at, f"{shown(key)} is there twice, expected seven different measures")
            elif not unit:
                self.known.check_rating(key, at)
                self._check_consciousness(measure, at)
            elif key not in self.known.known():
                self.slips.problem(at, unknown(key, self.known.known(), "measure"))
            elif measure and measure.unit != unit and measure.unit in {*UNITS, ""}:
                self.slips.problem(at, f"{shown(key)} is in {measure.unit or 'points'}, expected a measure in {unit}")
            elif name == "oxygen" and self.known.schedule and key != self.known.schedule.oxygen:
                self.slips.problem(
                    at, f"{shown(key)} is not the oxygen of [schedule], expected {shown(self.known.schedule.oxygen)}"
                )
            seen.append(key)
        return News2Inputs(**inputs)

    def _check_consciousness(self, measure: Measure | None, at: Path) -> None:
        words = sorted(option.word for option in measure.options) if measure and measure.is_rating else None
        if measure and words is not None and words != sorted(NEWS2_CONSCIOUSNESS):
            self.slips.problem(
                at, f"{shown(measure.key)} has the words {listed(words)}, expected {listed(NEWS2_CONSCIOUSNESS)}"
            )
