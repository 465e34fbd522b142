"""Reads what a protocol file says about the care around the infusion: lists, recovery scores, who signs, the drug.

[[before]], [[leaving]], [scale.*], [return_to_baseline], [people], [drug], [news2]. All may be missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field

from monitoring.clinical.protocol import (
    CheckItem,
    ControlledDrug,
    Criterion,
    Measure,
    News2Inputs,
    Option,
    People,
    RatingBound,
    ReturnToBaseline,
    Scale,
    ScaleItem,
    SignatureStep,
)
from monitoring.clinical.protocol_file.measures import UNITS
from monitoring.clinical.protocol_file.schedule import ScheduleTable
from monitoring.clinical.protocol_file.slips import (
    DAY_MINUTES,
    Path,
    Shape,
    Slips,
    Table,
    Whole,
    Words,
    either,
    listed,
    shown,
    span,
    unknown,
)
from monitoring.clinical.protocol_file.words import WordsTable
from monitoring.clinical.record import ANSWERS

SIGNERS: Final = ("nurse", "clinician")  # the roles that record at the bedside; nobody else signs for it
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
_KINDS: Final = ("stay_minutes", "scale", "pressure", "measure", "expects")
_ANSWERED: Final = ("may_not_apply", "note", "note_needed")
_BOUNDS: Final = ("at_or_above", "at_or_below")


class _ItemRow(Shape):
    spoken: ClassVar[tuple[str, ...]] = ("label", "group")
    key: str
    label: str
    group: str
    expects: Literal["yes", "no", ""] = ""
    may_not_apply: bool = False
    note: str = ""
    note_needed: list[str] = Field(default_factory=list)


class _CriterionRow(_ItemRow):
    spoken: ClassVar[tuple[str, ...]] = ("label", "group", "source")
    source: str
    stay_minutes: float | None = None
    scale: str = ""
    pressure: bool = False
    measure: str = ""
    at_or_above: float | None = None
    at_or_below: float | None = None


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


class _PeopleTable(Shape):
    time_out: bool
    waste_witness: bool
    leaving_second: bool
    signatures: Annotated[list[Any], Field(min_length=1)]


class _SignatureRow(Shape):
    spoken: ClassVar[tuple[str, ...]] = ("meaning",)
    meaning: str
    roles: Words


class _DrugTable(Shape):
    name: str
    methods: Words
    tolerance_mg: float
    source: str


class _News2Table(Shape):
    respiration: str
    spo2: str
    oxygen: str
    systolic: str
    pulse: str
    consciousness: str
    temperature: str


@dataclass(frozen=True, slots=True)
class Care:
    """What these tables say; what a file does not have is empty or None."""

    before: tuple[CheckItem, ...]
    leaving: tuple[Criterion, ...]
    scales: Mapping[str, Scale]
    return_to_baseline: ReturnToBaseline | None
    people: People
    drug: ControlledDrug | None
    news2: News2Inputs | None


def read_care(
    slips: Slips, measures: Mapping[str, Measure], schedule: ScheduleTable | None, words: WordsTable | None
) -> Care:
    """The tables about care, judged against the measures, the schedule and the words of the same file."""
    reader = _Reader(slips, measures, schedule)
    care = Care(
        before=tuple(reader.before()),
        scales=reader.scales(),
        return_to_baseline=reader.return_to_baseline(),
        leaving=tuple(reader.leaving()),
        people=reader.people(),
        drug=reader.drug(),
        news2=reader.news2(),
    )
    if words and not words.missing_reasons and ("before" in slips.data or "leaving" in slips.data):
        lists = listed(f"[[{name}]]" for name in ("before", "leaving") if name in slips.data)
        slips.problem(("words", "missing_reasons"), f"missing_reasons is missing, expected it because there is {lists}")
    return care


class _Reader:
    """One reading of these tables. Keys are told apart across [[before]] and [[leaving]]: answers name them."""

    def __init__(self, slips: Slips, measures: Mapping[str, Measure], schedule: ScheduleTable | None) -> None:
        self.slips = slips
        self.measures = measures
        self.schedule = schedule
        self._keys: dict[str, str] = {}  # where each key was seen first

    # The two lists

    def before(self) -> Iterator[CheckItem]:
        labels: set[str] = set()
        groups: list[str] = []
        for at, data in self.slips.listed_tables("before"):
            row = self.slips.shape(_ItemRow, data, at)
            if row is None:
                self._known_key(data, at)
                continue
            self._check_row(row, at, labels, groups)
            self._check_answers(row, at)
            yield _item(row)

    def leaving(self) -> Iterator[Criterion]:
        labels: set[str] = set()
        groups: list[str] = []
        for at, data in self.slips.listed_tables("leaving"):
            row = self.slips.shape(_CriterionRow, data, at)
            if row is None:
                self._known_key(data, at)
                continue
            self._check_row(row, at, labels, groups)
            self._check_kind(row, data, at)
            yield Criterion(
                key=row.key,
                label=row.label,
                group=row.group,
                source=row.source,
                stay_minutes=row.stay_minutes,
                scale=row.scale,
                pressure=row.pressure,
                measure=row.measure,
                at_or_above=row.at_or_above,
                at_or_below=row.at_or_below,
                answer=_item(row) if "expects" in data else None,
            )

    def _known_key(self, data: Any, at: Path) -> None:
        if isinstance(data, dict) and isinstance(key := data.get("key"), str):
            self._keys.setdefault(key, f"[[{at[0]}]]")

    def _check_row(self, row: _ItemRow, at: Path, labels: set[str], groups: list[str]) -> None:
        self.slips.check_key(row.key, (*at, "key"))
        if row.key in self._keys:
            self.slips.problem(
                (*at, "key"), f"{shown(row.key)} is also a key of {self._keys[row.key]}, expected one of its own"
            )
        self._keys.setdefault(row.key, f"[[{at[0]}]]")
        if row.label.casefold() in labels:
            self.slips.problem((*at, "label"), f"{shown(row.label)} is there twice, expected each once")
        labels.add(row.label.casefold())
        if row.group in groups and groups[-1] != row.group:
            self.slips.problem(
                (*at, "group"), f"{shown(row.group)} is there again after {shown(groups[-1])}, expected it in one piece"
            )
        groups.append(row.group)

    def _check_answers(self, row: _ItemRow, at: Path) -> None:
        offered = [answer for answer in ANSWERS if answer != "not applicable" or row.may_not_apply]
        if row.note != row.note.strip():
            self.slips.problem((*at, "note"), f"{shown(row.note)} has spaces around it, expected none")
        if row.note_needed and not row.note.strip():
            self.slips.problem((*at, "note_needed"), "note_needed without note, expected note to say what is written")
        for number, answer in enumerate(row.note_needed):
            place: Path = (*at, "note_needed", number)
            if answer in row.note_needed[:number]:
                self.slips.problem(place, f"{shown(answer)} is there twice, expected each once")
            elif answer not in ANSWERS:
                self.slips.problem(place, unknown(answer, offered, "answer"))
            elif answer not in offered:
                self.slips.problem(place, f"{shown(answer)} is not offered, expected may_not_apply = true beside it")

    def _check_kind(self, row: _CriterionRow, data: Table, at: Path) -> None:
        """Whether a criterion says one way in which it is met, and that it can be met."""
        kinds = [kind for kind in _KINDS if kind in data]
        if len(kinds) != 1:
            found = f"{listed(kinds)} together" if kinds else "nothing that says when it is met"
            self.slips.problem(at, f"{found}, expected exactly one of {listed(_KINDS)}")
            return
        kind = kinds[0]
        for names, home in ((_ANSWERED, "expects"), (_BOUNDS, "measure")):
            for name in names:
                if name in data and kind != home:
                    self.slips.problem((*at, name), f"{name} beside {kind}, expected it only beside {home}")
        if kind == "expects":
            self._check_answers(row, at)
        elif kind == "measure":
            self._check_measure(row, at)
        elif row.stay_minutes is not None and not 0 < row.stay_minutes <= DAY_MINUTES:
            self.slips.problem(
                (*at, "stay_minutes"), f"{row.stay_minutes:g} min, expected more than 0 and up to {DAY_MINUTES}"
            )
        elif kind == "scale" and row.scale not in (known := self.slips.named_tables("scale")):
            self.slips.problem((*at, "scale"), unknown(row.scale, known, "scale"))
        elif kind == "pressure" and not row.pressure:
            self.slips.problem((*at, "pressure"), "pressure = false, expected true")
        elif kind == "pressure" and "return_to_baseline" not in self.slips.data:
            self.slips.problem(
                (*at, "pressure"), "pressure without a band, expected a table [return_to_baseline] that has one"
            )

    def _check_measure(self, row: _CriterionRow, at: Path) -> None:
        self._check_rating(row.measure, (*at, "measure"))
        measure = self.measures.get(row.measure)
        low, high = row.at_or_above, row.at_or_below
        if low is None and high is None:
            self.slips.problem(at, f"measure without a bound, expected {' or '.join(_BOUNDS)}")
        if measure is None or not measure.is_rating:
            return
        met = [o for o in measure.options if (low is None or o.value >= low) and (high is None or o.value <= high)]
        for name, value in (("at_or_above", low), ("at_or_below", high)):
            self._check_option(measure, value, (*at, name))
        if not met:
            self.slips.problem(at, f"no option of {row.measure} meets it, expected bounds with an option between")
        elif (low, high) != (None, None) and len(met) == len(measure.options):
            self.slips.problem(at, f"every option of {row.measure} meets it, expected bounds that leave some out")

    # Recovery scores

    def scales(self) -> dict[str, Scale]:
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
        self._check_typed(row.measures, row.unit, at)
        self.slips.check_rising(row.within, (*at, "within"))
        if len(row.within) != options - 1:
            self.slips.problem(
                (*at, "within"),
                f"within lists {len(row.within)} for {options} options, expected {options - 1}: all but the last",
            )

    # Back at baseline

    def return_to_baseline(self) -> ReturnToBaseline | None:
        at: Path = ("return_to_baseline",)
        table = self.slips.table_if_there(_BaselineTable, "return_to_baseline")
        ratings = self._rating_bounds(at)
        if table is None:
            return None
        self._check_typed(table.measures, table.unit, at)
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
            self._check_rating(row.measure, (*place, "measure"))
            measure = self.measures.get(row.measure)
            if measure and measure.is_rating:
                self._check_option(measure, row.at_or_below, (*place, "at_or_below"))
                if row.at_or_below >= measure.possible[1]:
                    self.slips.problem(
                        (*place, "at_or_below"),
                        f"every option of {row.measure} is at or below {row.at_or_below:g}, expected less",
                    )
            bounds.append(RatingBound(row.measure, row.at_or_below))
        return bounds

    # People, the drug, NEWS2

    def people(self) -> People:
        at: Path = ("people",)
        table = self.slips.table_if_there(_PeopleTable, "people")
        raw = self.slips.named_tables("people").get("signatures")
        steps: list[SignatureStep] = []
        for number, data in enumerate(raw if isinstance(raw, list) else []):
            place: Path = (*at, "signatures", number)
            row = self.slips.shape(_SignatureRow, data, place)
            if row is None:
                continue
            if row.meaning.casefold() in [earlier.meaning.casefold() for earlier in steps]:
                self.slips.problem((*place, "meaning"), f"{shown(row.meaning)} is there twice, expected each once")
            for nth, role in enumerate(row.roles):
                if role in row.roles[:nth]:
                    self.slips.problem((*place, "roles", nth), f"{shown(role)} is there twice, expected each once")
                elif role not in SIGNERS:
                    self.slips.problem((*place, "roles", nth), unknown(role, SIGNERS, "role"))
            steps.append(SignatureStep(row.meaning, tuple(row.roles)))
        if table is None:
            return People()
        for name, needs, home in (("waste_witness", "drug", "[drug]"), ("leaving_second", "leaving", "[[leaving]]")):
            if getattr(table, name) and needs not in self.slips.data:
                self.slips.problem((*at, name), f"{name} without {home}, expected a table {home} or {name} = false")
        return People(table.time_out, table.waste_witness, table.leaving_second, tuple(steps))

    def drug(self) -> ControlledDrug | None:
        table = self.slips.table_if_there(_DrugTable, "drug")
        if table is None:
            return None
        self.slips.check_words(table.methods, ("drug", "methods"))
        if table.tolerance_mg < 0:
            self.slips.problem(("drug", "tolerance_mg"), f"{table.tolerance_mg:g}, expected 0 or more")
        return ControlledDrug(table.name, tuple(table.methods), table.tolerance_mg, table.source)

    def news2(self) -> News2Inputs | None:
        table = self.slips.table_if_there(_News2Table, "news2")
        if table is None:
            return None
        inputs: dict[str, str] = table.model_dump()
        seen: list[str] = []
        for name, key in inputs.items():
            at: Path = ("news2", name)
            unit, measure = _NEWS2_UNITS[name], self.measures.get(key)
            if key in seen:
                self.slips.problem(at, f"{shown(key)} is there twice, expected seven different measures")
            elif not unit:
                self._check_rating(key, at)
            elif key not in self._known():
                self.slips.problem(at, unknown(key, self._known(), "measure"))
            elif measure and measure.unit != unit and measure.unit in {*UNITS, ""}:
                self.slips.problem(at, f"{shown(key)} is in {measure.unit or 'points'}, expected a measure in {unit}")
            elif name == "oxygen" and self.schedule and key != self.schedule.oxygen:
                self.slips.problem(
                    at, f"{shown(key)} is not the oxygen of [schedule], expected {shown(self.schedule.oxygen)}"
                )
            seen.append(key)
        return News2Inputs(**inputs)

    # What they share

    def _known(self) -> Mapping[str, Any]:
        """The measures this file names, also those whose own table is wrong: one mistake is reported once."""
        return self.slips.named_tables("measure")

    def _check_rating(self, key: str, at: Path) -> None:
        measure = self.measures.get(key)
        if key not in self._known():
            self.slips.problem(at, unknown(key, self._known(), "measure"))
        elif measure and not measure.is_rating:
            self.slips.problem(at, f"{shown(key)} is no rating, expected a measure with options")

    def _check_option(self, measure: Measure, value: float | None, at: Path) -> None:
        values = [option.value for option in measure.options]
        if value is not None and value not in values:
            self.slips.problem(at, f"{value:g} is none of the options, expected one of {listed(values)}")

    def _check_typed(self, keys: Sequence[str], unit: str, at: Path) -> None:
        """Pressures whose distance from baseline is judged, in mmHg or in per cent of it."""
        if unit not in ("mmHg", "%"):
            self.slips.problem((*at, "unit"), f"unknown unit {shown(unit)}, expected mmHg or %")
        for number, key in enumerate(keys):
            place: Path = (*at, "measures", number)
            measure = self.measures.get(key)
            if key in keys[:number]:
                self.slips.problem(place, f"{shown(key)} is there twice, expected each once")
            elif key not in self._known():
                self.slips.problem(place, unknown(key, self._known(), "measure"))
            elif (
                measure
                and measure.unit in {*UNITS, ""}
                and measure.unit not in (pressures := ("mmHg", "kPa") if unit == "%" else ("mmHg",))
            ):
                found = f"{shown(key)} is in {measure.unit or 'points'}"
                self.slips.problem(place, f"{found}, expected a measure in {either(pressures)}")
            elif self.schedule and key not in self.schedule.set:
                self.slips.problem(place, f"{shown(key)} is in no set, expected it in set of [schedule]")


def _item(row: _ItemRow) -> CheckItem:
    return CheckItem(
        key=row.key,
        label=row.label,
        group=row.group,
        expects=row.expects,
        may_not_apply=row.may_not_apply,
        note=row.note,
        note_needed=tuple(row.note_needed),
    )
