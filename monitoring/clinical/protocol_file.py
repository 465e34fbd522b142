"""Reads a protocol file strictly: every mistake is named at once, with file, table and the word that is wrong.

Two passes. First the shape of each table (pydantic: which keys, which types), each table for itself, so that one
mistake does not hide another. Then what the tables say about each other: a caution beyond its critical, a schedule that
asks for a measure nobody defined.
"""

from __future__ import annotations

import difflib
import hashlib
import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from monitoring.clinical.protocol import (
    Dose,
    Level,
    Limit,
    Measure,
    Medicine,
    Option,
    Phase,
    Protocol,
    RuleKey,
    Schedule,
)

# Units as written on screens, and the UCUM code that says the same to other systems.
UNITS = {
    "mmHg": "mm[Hg]",
    "kPa": "kPa",
    "/min": "/min",
    "%": "%",
    "°C": "Cel",
    "L/min": "L/min",
    "mmol/L": "mmol/L",
    "mg/dL": "mg/dL",
    "kg": "kg",
    "s": "s",
    "min": "min",
}
RATING_UCUM = "{score}"
# LOINC terms whose unit is known (FHIR R4 vital signs): a code that belongs to another quantity is a slip.
LOINC_UCUM = {
    "8480-6": "mm[Hg]",
    "8462-4": "mm[Hg]",
    "8478-0": "mm[Hg]",
    "8867-4": "/min",
    "9279-1": "/min",
    "59408-5": "%",
    "2708-6": "%",
    "8310-5": "Cel",
    "3151-8": "L/min",
}
RULE_KEYS: tuple[RuleKey, ...] = get_args(RuleKey)
# Nothing is judged once an infusion is closed or cancelled, so a limit for those phases could never hold.
LIMIT_PHASES: tuple[Phase, ...] = ("planned", "infusing", "paused", "recovery")

Path = tuple[str | int, ...]
Table = dict[str, Any]


class ProtocolError(ValueError):
    """A protocol file that cannot be used. `problems`: "file: [table] key: what is wrong, expected ..." each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(self.problems))


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


# TOML's whole numbers have no end, those of every reader after us do: what no float can count singly is refused.
_Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
_Words = Annotated[list[str], Field(min_length=1)]
_Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
_WholePair = Annotated[list[_Whole], Field(min_length=2, max_length=2)]
_LevelWord = Literal["caution", "critical"]


class _ProtocolTable(_Shape):
    name: str
    version: str
    title: str


class _ScheduleTable(_Shape):
    every_minutes: _Whole
    presets: Annotated[list[_Whole], Field(min_length=1)]
    after_end_every_minutes: _Whole
    set: _Words
    optional: list[str]
    observations: list[str]
    oxygen: str
    window_minutes: float
    overdue_minutes: float
    overdue_level: _LevelWord
    repeat_minutes: float
    repeat_level: _LevelWord
    late_entry_minutes: float
    source: str


class _DoseTable(_Shape):
    mg_per_kg: float
    mg_per_kg_possible: _Pair
    planned_minutes: _Whole
    planned_minutes_possible: _WholePair
    weight_kg_possible: _Pair
    bag_volume_ml: float
    rate_ml_per_h_possible: _Pair
    planned_infusions: _Whole
    source: str


class _MeasureTable(_Shape):
    label: str
    short: str
    unit: str
    ucum: str
    loinc: str = ""
    decimals: _Whole
    possible: _Pair
    plausible: _Pair
    axis: _Pair | None = None
    below: str = ""
    source: str
    limits: list[Any] = []


class _RatingTable(_Shape):
    label: str
    short: str
    ucum: str = RATING_UCUM
    loinc: str = ""
    source: str
    options: Annotated[list[Any], Field(min_length=2)]
    limits: list[Any] = []


class _OptionRow(_Shape):
    value: _Whole
    word: str
    text: str = ""


class _LimitRow(_Shape):
    at_or_above: float | None = None
    above: float | None = None
    at_or_below: float | None = None
    below: float | None = None
    rise_at_or_above: float | None = None
    fall_at_or_above: float | None = None
    rise_percent_at_or_above: float | None = None
    fall_percent_at_or_above: float | None = None
    step_at_or_above: float | None = None
    silent_minutes: float | None = None
    level: _LevelWord
    source: str
    phase: Any = None
    instruction: str = ""
    applies: Literal["air"] | None = None


class _MedicineRow(_Shape):
    name: str
    dose: str = ""
    unit: str
    route: str


class _WordsTable(_Shape):
    not_done_reasons: _Words
    effects: _Words
    quick_effects: _Words
    pause_reasons: _Words
    stop_reasons: _Words
    cancel_reasons: _Words
    correction_reasons: _Words
    acknowledgements: _Words


_TABLES = ("protocol", "schedule", "dose", "measure", "words", "medicine")
_ShapeT = TypeVar("_ShapeT", bound=_Shape)


@dataclass(frozen=True, slots=True)
class _Row:
    """A limit with the place it was written at."""

    limit: Limit
    at: Path

    @property
    def phases(self) -> frozenset[Phase]:
        return frozenset(self.limit.phase or LIMIT_PHASES)

    @property
    def said(self) -> str:
        """ "caution at_or_above 160": the row as a person would find it in the file."""
        return f"{self.limit.level.word} {self.limit.key} {self.limit.value:g}"

    @property
    def kind(self) -> str:
        """What is compared with what: only rows of one kind can be beyond one another."""
        if self.limit.key in ("at_or_above", "above"):
            return "high"
        if self.limit.key in ("at_or_below", "below"):
            return "low"
        return self.limit.key

    @property
    def reach(self) -> tuple[float, bool]:
        """How far out the limit lies: the larger, the fewer values meet it."""
        if self.kind == "low":
            return (-self.limit.value, self.limit.key == "below")
        return (self.limit.value, self.limit.key == "above")

    def meets(self, other: _Row) -> bool:
        """Whether both can hold for the same value: of one kind, in a phase they share."""
        return self.kind == other.kind and bool(self.phases & other.phases)


def read_protocol(text: str, filename: str) -> Protocol:
    """The protocol in `text`. Raises ProtocolError with every problem found, in the order of the file.

    `filename` is only what the problems call it: nothing is read from disk here.
    """
    return _Reader(text, filename).protocol()


class _Reader:
    """One reading of one file; collects problems with the place they are at."""

    def __init__(self, text: str, filename: str) -> None:
        self.text = text
        self.filename = filename
        self.data: Table = {}
        self.found: list[tuple[Path, str]] = []
        self.rows: list[_Row] = []

    def protocol(self) -> Protocol:
        self.data = self._toml()
        for key in self.data:
            if key not in _TABLES:
                self._problem((key,), _unknown(key, _TABLES))
        head = self._table(_ProtocolTable, "protocol")
        schedule = self._table(_ScheduleTable, "schedule")
        dose = self._table(_DoseTable, "dose")
        measures = self._measures()
        words = self._table(_WordsTable, "words")
        medicines = tuple(self._medicines())
        if head:
            self._check_head(head)
        self._check_measures(measures)
        if schedule:
            self._check_schedule(schedule, measures)
        if dose:
            self._check_dose(dose)
        if words:
            self._check_words(words)
        if self.found or not (head and schedule and dose and words):
            raise ProtocolError(self._in_order())
        listed_words: dict[str, Any] = {name: tuple(listed) for name, listed in words.model_dump().items()}
        return Protocol(
            name=head.name,
            version=head.version,
            title=head.title,
            hash=hashlib.sha256(self.text.encode("utf-8")).hexdigest(),
            text=self.text,
            measures=measures,
            schedule=_schedule(schedule),
            dose=_dose(dose),
            medicines=medicines,
            **listed_words,
        )

    # Places and problems

    def _problem(self, at: Path, what: str) -> None:
        self.found.append((at, what))

    def _in_order(self) -> list[str]:
        """The problems by their place in the file; what is missing stands after what its table holds."""
        found = sorted(dict.fromkeys(self.found), key=lambda item: (self._rank(item[0]), item[1]))
        return [f"{self.filename}: {_place(at)}: {what}" for at, what in found]

    def _rank(self, at: Path) -> tuple[int, ...]:
        node: Any = self.data
        rank = []
        for step in at:
            if isinstance(node, dict):
                rank.append(list(node).index(step) if step in node else len(node))
                node = node.get(step)
            else:
                rank.append(step if isinstance(step, int) else 0)
                node = node[step] if isinstance(node, list) and isinstance(step, int) and step < len(node) else None
        return tuple(rank)

    # Shapes

    def _toml(self) -> Table:
        if not self.text.strip():
            raise ProtocolError([f"{self.filename}: the file is empty, expected a protocol"])
        if self.text.startswith("\ufeff"):
            raise ProtocolError([f"{self.filename}: line 1: begins with a byte order mark, expected plain UTF-8"])
        try:
            return tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError; so is an endless number
            raise ProtocolError([f"{self.filename}: {_syntax(error)}"]) from None

    def _table(self, shape: type[_ShapeT], name: str) -> _ShapeT | None:
        if name not in self.data:
            self._problem((name,), f"{name} is missing, expected a table [{name}]")
            return None
        return self._shape(shape, self.data[name], (name,))

    def _shape(self, shape: type[_ShapeT], data: Any, at: Path) -> _ShapeT | None:
        """`data` in that shape, or None and a problem for each thing that does not fit."""
        if not isinstance(data, dict):
            self._problem(at, f"found {_shown(data)}, expected a table")
            return None
        for name in ("name", "version", "title", "label", "short", "word", "source"):
            value = data.get(name)
            if isinstance(value, str) and not value.strip():
                self._problem((*at, name), f"{name} is {_shown(value)}, expected words")
            elif isinstance(value, str) and value != value.strip():
                self._problem((*at, name), f"{_shown(value)} has spaces around it, expected none")
        try:
            return shape.model_validate(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self._problem((*at, *detail["loc"]), _slip(detail, shape, data))
            return None

    def _measures(self) -> dict[str, Measure]:
        tables = self.data.get("measure")
        if not isinstance(tables, dict) or not tables:
            self._problem(("measure",), "no measure is defined, expected tables such as [measure.systolic]")
            return {}
        measures = {}
        for key, table in tables.items():
            at: Path = ("measure", key)
            if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
                self._problem(at, f"the name {_shown(key)}, expected small letters, digits and _ such as heart_rate")
            if isinstance(table, dict) and "options" in table:
                measure = self._rating(key, table, at)
            else:
                measure = self._measure(key, table, at)
            if measure:
                measures[key] = measure
        return measures

    def _measure(self, key: str, data: Any, at: Path) -> Measure | None:
        table = self._shape(_MeasureTable, data, at)
        rows = self._limits(data, at)
        if table is None:
            self._check_rows(rows)
            return None
        measure = Measure(
            key=key,
            label=table.label,
            short=table.short,
            unit=table.unit,
            ucum=table.ucum,
            loinc=table.loinc,
            decimals=table.decimals,
            possible=(table.possible[0], table.possible[1]),
            plausible=(table.plausible[0], table.plausible[1]),
            limits=tuple(row.limit for row in rows),
            source=table.source,
            below=table.below,
            axis=(table.axis[0], table.axis[1]) if table.axis else None,
        )
        self._check_bounds(measure, at)
        self._check_unit(measure, at)
        self._check_rows(rows)
        for row in rows:
            self._check_limit(row, measure)
        return measure

    def _rating(self, key: str, data: Table, at: Path) -> Measure | None:
        table = self._shape(_RatingTable, data, at)
        rows = self._limits(data, at)
        self._check_rows(rows)
        options = []
        raw = data["options"] if isinstance(data["options"], list) else []
        for number, row in enumerate(raw):
            if shape := self._shape(_OptionRow, row, (*at, "options", number)):
                options.append(Option(shape.value, shape.word, shape.text))
        if table is None or len(options) != len(raw):
            return None
        values = [option.value for option in options]
        for number, option in enumerate(options):
            if option.value in values[:number]:
                self._problem((*at, "options", number), f"value {option.value} is there twice, expected each once")
            if option.word in [earlier.word for earlier in options[:number]]:
                self._problem(
                    (*at, "options", number), f"word {_shown(option.word)} is there twice, expected each once"
                )
        bounds = (float(min(values)), float(max(values)))
        measure = Measure(
            key=key,
            label=table.label,
            short=table.short,
            unit="",
            ucum=table.ucum,
            loinc=table.loinc,
            decimals=0,
            possible=bounds,
            plausible=bounds,
            limits=tuple(row.limit for row in rows),
            options=tuple(options),
            source=table.source,
        )
        if measure.ucum != RATING_UCUM:
            self._problem((*at, "ucum"), f"{_shown(measure.ucum)} on a rating, expected {_shown(RATING_UCUM)} or none")
        self._check_loinc(measure, at)
        for row in rows:
            if row.limit.key not in ("at_or_above", "above", "at_or_below", "below", "silent_minutes"):
                self._problem(
                    row.at, f"{row.limit.key} on a rating, expected at_or_above, at_or_below or silent_minutes"
                )
            elif row.kind in ("high", "low") and row.limit.value not in values:
                self._problem(row.at, f"{row.said} is none of the options, expected one of {_and(values)}")
        return measure

    def _limits(self, data: Any, at: Path) -> list[_Row]:
        raw = data.get("limits") if isinstance(data, dict) else None
        if not isinstance(raw, list):
            return []  # absent, or its wrong type is already named by the table's shape
        rows = []
        for number, item in enumerate(raw):
            if limit := self._limit(item, (*at, "limits", number)):
                rows.append(_Row(limit, (*at, "limits", number)))
        self.rows += rows
        return rows

    def _limit(self, data: Any, at: Path) -> Limit | None:
        row = self._shape(_LimitRow, data, at)
        if not isinstance(data, dict):
            return None
        keys = [key for key in RULE_KEYS if key in data]
        if len(keys) != 1:
            found = f"{_and(keys)} together" if keys else "no comparison"
            self._problem(at, f"{found}, expected exactly one of {_and(RULE_KEYS)}")
        phases = self._phases(data, at)
        if row is None or len(keys) != 1 or phases is None:
            return None
        value = getattr(row, keys[0])
        return Limit(
            key=keys[0],
            value=value,
            level=Level[row.level.upper()],
            source=row.source,
            phase=phases,
            instruction=row.instruction,
            applies=row.applies or "",
        )

    def _phases(self, data: Table, at: Path) -> tuple[Phase, ...] | None:
        """The phases a row holds in, written as one word or a list of them; None when one is unknown."""
        if "phase" not in data:
            return ()
        raw = data["phase"]
        listed = [raw] if isinstance(raw, str) else raw
        if not isinstance(listed, list) or not listed:
            self._problem((*at, "phase"), f"found {_shown(raw)}, expected one or more of {_and(LIMIT_PHASES)}")
            return None
        wrong = [item for item in listed if item not in LIMIT_PHASES]
        for item in wrong:
            self._problem((*at, "phase"), f"unknown phase {_shown(item)}, expected {_or(LIMIT_PHASES)}")
        if not wrong and len(set(listed)) != len(listed):
            self._problem((*at, "phase"), f"{_and(listed)} names a phase twice, expected each once")
        return None if wrong else tuple(listed)

    def _medicines(self) -> Iterator[Medicine]:
        raw = self.data.get("medicine", [])
        if not isinstance(raw, list):
            self._problem(("medicine",), f"found {_shown(raw)}, expected tables [[medicine]]")
            return
        seen: set[tuple[str, str]] = set()
        for number, item in enumerate(raw):
            at: Path = ("medicine", number)
            row = self._shape(_MedicineRow, item, at)
            if row is None:
                continue
            named = (row.name.casefold(), row.route.casefold())
            if named in seen:
                self._problem(
                    at, f"{_shown(row.name)} {row.route} is there twice, expected each medicine and route once"
                )
            seen.add(named)
            if not row.unit.strip():
                self._problem((*at, "unit"), 'unit is "", expected one such as mg')
            if row.dose and not _positive_number(row.dose):
                self._problem((*at, "dose"), f"{_shown(row.dose)}, expected a number above 0 without its unit, or none")
            yield Medicine(row.name, row.dose, row.unit, row.route)

    # What tables say about each other

    def _check_head(self, head: _ProtocolTable) -> None:
        if head.name and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", head.name):
            self._problem(
                ("protocol", "name"), f"{_shown(head.name)}, expected small letters, digits and single hyphens"
            )

    def _check_bounds(self, measure: Measure, at: Path) -> None:
        if not 0 <= measure.decimals <= 3:
            self._problem((*at, "decimals"), f"{measure.decimals}, expected 0 to 3")
            return
        ordered = True
        pairs = [("possible", measure.possible), ("plausible", measure.plausible)]
        if measure.axis:
            pairs.append(("axis", measure.axis))
        for name, (low, high) in pairs:
            if low >= high:
                self._problem((*at, name), f"{low:g} is not below {high:g}, expected [lowest, highest]")
                ordered = False
            for bound in (low, high):
                if not measure.fits(bound):
                    self._problem((*at, name), f"{bound:g} has too many decimals, expected {_decimals(measure)}")
        inside = measure.possible[0] <= measure.plausible[0] and measure.plausible[1] <= measure.possible[1]
        if ordered and not inside:
            self._problem(
                (*at, "plausible"),
                f"{_range(measure.plausible)} reaches outside possible, expected it within {_range(measure.possible)}",
            )
        if (
            ordered
            and measure.axis
            and not (measure.possible[0] <= measure.axis[0] and measure.axis[1] <= measure.possible[1])
        ):
            self._problem(
                (*at, "axis"),
                f"{_range(measure.axis)} reaches outside possible, expected it within {_range(measure.possible)}",
            )
        if measure.unit == "%" and not (measure.possible[0] >= 0 and measure.possible[1] <= 100):
            self._problem((*at, "possible"), f"{_range(measure.possible)} %, expected it within 0 to 100 %")

    def _check_unit(self, measure: Measure, at: Path) -> None:
        expected = UNITS.get(measure.unit)
        if expected is None:
            self._problem((*at, "unit"), f"unknown unit {_shown(measure.unit)}, expected {_or(UNITS)}")
        elif measure.ucum != expected:
            self._problem(
                (*at, "ucum"),
                f"{_shown(measure.ucum)} does not match unit {_shown(measure.unit)}, expected {_shown(expected)}",
            )
        self._check_loinc(measure, at)

    def _check_loinc(self, measure: Measure, at: Path) -> None:
        code = measure.loinc
        if not code:
            return
        if not re.fullmatch(r"[0-9]{1,7}-[0-9]", code):
            self._problem((*at, "loinc"), f"{_shown(code)}, expected digits, a hyphen and a check digit such as 8480-6")
        elif (digit := _loinc_check_digit(code)) != code[-1]:
            self._problem((*at, "loinc"), f"{_shown(code)} has the wrong check digit, expected {code[:-1]}{digit}")
        elif code in LOINC_UCUM and LOINC_UCUM[code] != (ucum := UNITS.get(measure.unit, measure.ucum)):
            self._problem((*at, "loinc"), f"{_shown(code)} is measured in {LOINC_UCUM[code]}, expected one for {ucum}")

    def _check_limit(self, row: _Row, measure: Measure) -> None:
        """Whether a limit can be met at all by a value that this measure can have."""
        limit, (low, high) = row.limit, measure.possible
        if low >= high:
            return
        at = (*row.at, limit.key)
        unit = f" {measure.unit}" if measure.unit else ""
        if row.kind in ("high", "low"):
            if not low <= limit.value <= high:
                self._problem(at, f"{row.said} lies outside possible, expected {_range(measure.possible)}{unit}")
            elif limit.value == (high if row.kind == "high" else low) and limit.key in ("above", "below"):
                self._problem(at, f"{row.said} can never be met, expected it within {_range(measure.possible)}{unit}")
        elif limit.value <= 0:
            self._problem(at, f"{row.said}, expected more than 0")
        elif limit.key in ("rise_at_or_above", "fall_at_or_above", "step_at_or_above") and limit.value > high - low:
            self._problem(at, f"{row.said} is wider than possible, expected up to {high - low:g}{unit}")
        elif limit.key == "fall_percent_at_or_above" and limit.value > 100:
            self._problem(at, f"{row.said} can never be met, expected up to 100")
        elif "percent" in limit.key and measure.ucum in ("Cel", "%"):
            # A percentage of a temperature in °C, or of a percentage, depends on where the scale happens to begin.
            self._problem(at, f"{row.said} on a measure in {measure.unit}, expected a change in {measure.unit}")
        counts_in_unit = "percent" not in limit.key and limit.key != "silent_minutes"
        if counts_in_unit and 0 <= measure.decimals <= 3 and not measure.fits(limit.value):
            self._problem(at, f"{row.said} has too many decimals, expected {_decimals(measure)}")

    def _check_rows(self, rows: list[_Row]) -> None:
        """Whether the rows of one measure go together."""
        for number, row in enumerate(rows):
            if row.limit.applies and row.limit.key == "silent_minutes":
                self._problem((*row.at, "applies"), "applies on silent_minutes, expected it on a row about values")
            for earlier in rows[:number]:
                if not row.meets(earlier):
                    continue
                same_scope = row.phases == earlier.phases and row.limit.applies == earlier.limit.applies
                same_bound = row.reach == earlier.reach
                if row.limit.level == earlier.limit.level and (same_scope or same_bound):
                    self._problem(
                        row.at,
                        f"{row.said} doubles {earlier.said} of row {_row_number(earlier)}, "
                        f"expected one {row.limit.level.word} of a kind in a phase",
                    )
            for other in rows:
                levels = (row.limit.level, other.limit.level)
                if levels == (Level.CAUTION, Level.CRITICAL) and row.meets(other) and row.reach >= other.reach:
                    nearer = "above" if row.kind == "low" else "below"
                    self._problem(
                        row.at,
                        f"{row.said} lies at or beyond {other.said} of row {_row_number(other)}, "
                        f"expected the caution {nearer} it",
                    )
            above = [other for other in rows if other.kind == "high" and other.phases & row.phases]
            lowest = min(above, key=lambda other: other.limit.value, default=None)
            if row.kind == "low" and lowest and row.limit.value >= lowest.limit.value:
                self._problem(
                    row.at,
                    f"{row.said} is not below {lowest.said} of row {_row_number(lowest)}, expected values between them",
                )

    def _check_measures(self, measures: Mapping[str, Measure]) -> None:
        known = self._known_measures()
        for key, measure in measures.items():
            at: Path = ("measure", key)
            earlier = list(measures.values())[: list(measures).index(key)]
            for name in ("label", "short", "loinc"):
                value = getattr(measure, name)
                twin = next((m for m in earlier if value and getattr(m, name).casefold() == value.casefold()), None)
                if twin:
                    self._problem(
                        (*at, name), f"{_shown(value)} is also the {name} of {twin.key}, expected one of its own"
                    )
            if not measure.below:
                continue
            upper = measures.get(measure.below)
            if measure.below == key:
                self._problem((*at, "below"), f"{_shown(key)} is this measure itself, expected another one")
            elif measure.below not in known:
                self._problem((*at, "below"), _unknown(measure.below, known, "measure"))
            elif upper and upper.unit != measure.unit and {upper.unit, measure.unit} <= {*UNITS, ""}:
                self._problem(
                    (*at, "below"),
                    f"{_shown(measure.below)} is in {upper.unit or 'points'}, expected a measure in {measure.unit}",
                )

    def _known_measures(self) -> list[str]:
        """The measures this file names, also those whose own table is wrong: one mistake is reported once."""
        tables = self.data.get("measure")
        return list(tables) if isinstance(tables, dict) else []

    def _check_schedule(self, schedule: _ScheduleTable, measures: Mapping[str, Measure]) -> None:
        known = self._known_measures()
        for name in ("set", "optional", "observations"):
            listed: list[str] = getattr(schedule, name)
            for number, key in enumerate(listed):
                at: Path = ("schedule", name, number)
                measure = measures.get(key)
                if key in listed[:number]:
                    self._problem(at, f"{_shown(key)} is there twice, expected each measure once")
                elif key not in known:
                    self._problem(at, _unknown(key, known, "measure"))
                elif name == "observations" and measure and not measure.is_rating:
                    self._problem(at, f"{_shown(key)} is no rating, expected a measure with options")
                elif name != "observations" and measure and measure.is_rating:
                    self._problem(at, f"{_shown(key)} is a rating, expected a measure that is typed")
                elif name == "optional" and key in schedule.set:
                    self._problem(at, f"{_shown(key)} is in set too, expected it in one of them")
        oxygen = measures.get(schedule.oxygen)
        if schedule.oxygen not in known:
            self._problem(("schedule", "oxygen"), _unknown(schedule.oxygen, known, "measure"))
        elif oxygen and oxygen.ucum != "L/min":
            self._problem(
                ("schedule", "oxygen"),
                f"{_shown(schedule.oxygen)} is in {oxygen.unit or 'points'}, expected a measure in L/min",
            )
        elif oxygen and oxygen.possible[0] != 0:
            self._problem(("schedule", "oxygen"), f"{_shown(schedule.oxygen)} cannot be 0, expected 0 for air")
        placed = {*schedule.set, *schedule.optional, *schedule.observations, schedule.oxygen}
        for key in measures:
            if key not in placed:
                self._problem(
                    ("measure", key),
                    "can be entered nowhere, expected it in set, optional, observations or oxygen of [schedule]",
                )
        for row in self.rows:
            if row.limit.key == "silent_minutes":
                self._check_silence(row, schedule)
        self._check_times(schedule)

    def _check_silence(self, row: _Row, schedule: _ScheduleTable) -> None:
        """Silence shorter than the schedule itself would be flagged all day."""
        at, minutes, measure = (*row.at, "silent_minutes"), row.limit.value, row.at[1]
        longest = max([schedule.every_minutes, *schedule.presets])
        if "recovery" in row.phases:
            longest = max(longest, schedule.after_end_every_minutes)
        if measure not in (*schedule.set, *schedule.observations):
            self._problem(
                at, f"silent_minutes {minutes:g} on a measure nothing asks for, expected one of set or observations"
            )
        elif measure in schedule.set and minutes <= longest:
            self._problem(
                at, f"silent_minutes {minutes:g} is not longer than the schedule, expected more than {longest} min"
            )

    def _check_times(self, schedule: _ScheduleTable) -> None:
        day = 24 * 60
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
            if not 0 < minutes <= day:
                self._problem(("schedule", name), f"{minutes:g} min, expected more than 0 and up to {day}")
                wrong = True
        for number, minutes in enumerate(schedule.presets):
            at: Path = ("schedule", "presets", number)
            if not 0 < minutes <= day:
                self._problem(at, f"{minutes} min, expected more than 0 and up to {day}")
                wrong = True
            elif number and minutes <= schedule.presets[number - 1]:
                self._problem(at, f"{minutes} after {schedule.presets[number - 1]}, expected each once, shortest first")
        if schedule.every_minutes not in schedule.presets:
            self._problem(
                ("schedule", "presets"),
                f"{_and(schedule.presets)} lack every_minutes {schedule.every_minutes}, expected it among them",
            )
        if wrong:
            return
        half = min(schedule.every_minutes, schedule.after_end_every_minutes) / 2
        for name in ("window_minutes", "overdue_minutes"):
            if getattr(schedule, name) > half:
                self._problem(
                    ("schedule", name),
                    f"{getattr(schedule, name):g} min is more than half the interval, expected up to {half:g} min",
                )
        if schedule.overdue_minutes < schedule.window_minutes <= half:
            self._problem(
                ("schedule", "window_minutes"),
                f"{schedule.window_minutes:g} min is longer than overdue_minutes, "
                f"expected up to {schedule.overdue_minutes:g} min",
            )
        if schedule.repeat_minutes > schedule.every_minutes:
            self._problem(
                ("schedule", "repeat_minutes"),
                f"{schedule.repeat_minutes:g} min is longer than the interval, "
                f"expected up to {schedule.every_minutes} min",
            )

    def _check_dose(self, dose: _DoseTable) -> None:
        pairs = {
            name: (bounds[0], bounds[1])
            for name in (
                "mg_per_kg_possible",
                "planned_minutes_possible",
                "weight_kg_possible",
                "rate_ml_per_h_possible",
            )
            for bounds in [getattr(dose, name)]
        }
        for name, (low, high) in pairs.items():
            if low <= 0 or low >= high:
                self._problem(("dose", name), f"[{low:g}, {high:g}], expected [lowest, highest] above 0")
        for name in ("mg_per_kg", "planned_minutes"):
            bounds, value = pairs[f"{name}_possible"], getattr(dose, name)
            if bounds[0] < bounds[1] and not bounds[0] <= value <= bounds[1]:
                self._problem(("dose", name), f"{value:g} lies outside {name}_possible, expected {_range(bounds)}")
        for name in ("bag_volume_ml", "planned_infusions"):
            if getattr(dose, name) <= 0:
                self._problem(("dose", name), f"{getattr(dose, name):g}, expected more than 0")
        rates = pairs["rate_ml_per_h_possible"]
        if dose.planned_minutes > 0 and dose.bag_volume_ml > 0 and rates[0] < rates[1]:
            rate = dose.bag_volume_ml / dose.planned_minutes * 60
            if not rates[0] <= rate <= rates[1]:
                self._problem(
                    ("dose", "rate_ml_per_h_possible"),
                    f"{_range(rates)} mL/h shuts out {dose.bag_volume_ml:g} mL in {dose.planned_minutes} min, "
                    f"expected {rate:g} mL/h within",
                )

    def _check_words(self, words: _WordsTable) -> None:
        for name, listed in words.model_dump().items():
            seen: dict[str, str] = {}
            for number, word in enumerate(listed):
                at: Path = ("words", name, number)
                if not word.strip():
                    self._problem(at, f"{_shown(word)} is empty, expected words")
                elif word != word.strip():
                    self._problem(at, f"{_shown(word)} has spaces around it, expected none")
                elif word.casefold() in seen:
                    self._problem(at, f"{_shown(word)} is there twice, expected each once")
                seen[word.casefold()] = word
        for number, word in enumerate(words.quick_effects):
            if word not in words.effects:
                self._problem(("words", "quick_effects", number), _unknown(word, words.effects, "effect"))


def _schedule(table: _ScheduleTable) -> Schedule:
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
    )


def _dose(table: _DoseTable) -> Dose:
    return Dose(
        mg_per_kg=table.mg_per_kg,
        mg_per_kg_possible=(table.mg_per_kg_possible[0], table.mg_per_kg_possible[1]),
        planned_minutes=table.planned_minutes,
        planned_minutes_possible=(table.planned_minutes_possible[0], table.planned_minutes_possible[1]),
        weight_kg_possible=(table.weight_kg_possible[0], table.weight_kg_possible[1]),
        bag_volume_ml=table.bag_volume_ml,
        rate_ml_per_h_possible=(table.rate_ml_per_h_possible[0], table.rate_ml_per_h_possible[1]),
        planned_infusions=table.planned_infusions,
        source=table.source,
    )


# Words for what was found and what is expected


def _slip(detail: ErrorDetails, shape: type[BaseModel], data: Table) -> str:
    """What pydantic found in `data`, as a person would say it."""
    kind, found, last = detail["type"], detail["input"], str(detail["loc"][-1])
    if kind == "missing":
        return f"{last} is missing, expected it here"
    if kind == "extra_forbidden":
        return _unknown(last, [name for name in shape.model_fields if name not in data] or shape.model_fields)
    if kind == "literal_error":
        return f"unknown {last} {_shown(found)}, expected {str(detail['ctx']['expected']).replace(chr(39), '')}"
    if kind in ("too_short", "too_long"):
        count = detail["ctx"]["min_length" if kind == "too_short" else "max_length"]
        return f"{last} lists {len(found)}, expected {'at least one' if count == 1 else count}"
    expected = {
        "string_type": "words in quotes",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "finite_number": "a finite number",
        "greater_than_equal": "a number of this size",
        "less_than_equal": "a number of this size",
        "list_type": "a list in [ ]",
    }.get(kind, detail["msg"])
    return f"found {_shown(found)}, expected {expected}"


def _unknown(word: str, known: Iterable[str], what: str = "key") -> str:
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    expected = _shown(near[0]) if near else f"one of {_and(names)}"
    return f"unknown {what} {_shown(word)}, expected {expected}"


def _place(at: Path) -> str:
    """Where a problem is, as it stands in the file: "[measure.systolic] limits row 2 level"."""
    steps = list(at)
    if steps[0] == "medicine" and len(steps) > 1:
        head = f"[[medicine]] {int(steps[1]) + 1}"
        steps = steps[2:]
    elif steps[0] == "measure" and len(steps) > 1:
        head, steps = f"[measure.{steps[1]}]", steps[2:]
    else:
        head, steps = f"[{steps[0]}]", steps[1:]
    words = [head]
    rows = False
    for step in steps:
        words.append(step if isinstance(step, str) else f"{'row' if rows else 'item'} {step + 1}")
        rows = step in ("limits", "options")
    return " ".join(words)


def _syntax(error: Exception) -> str:
    """ "line 12: ..." for what tomllib says."""
    if isinstance(error, RecursionError):
        return "is nested too deeply, expected tables of one or two levels"
    said = str(error)
    if match := re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", said):
        where = f"line {match[1]}, column {match[2]}" if match[1] else "at the end"
        return f"{where}: {said[: match.start()]}, expected TOML"
    return f"{said}, expected TOML"


def _shown(value: object) -> str:
    """A value as it stands in the file."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 80 else f'"{value[:80]}…"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value[:6])}{', …' if len(value) > 6 else ''}]"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)[:80]


def _and(words: Iterable[object]) -> str:
    return ", ".join(str(word) for word in words)


def _or(words: Iterable[object]) -> str:
    *first, last = (str(word) for word in words)
    return f"{', '.join(first)} or {last}" if first else last


def _range(bounds: tuple[float, float]) -> str:
    return f"{bounds[0]:g} to {bounds[1]:g}"


def _decimals(measure: Measure) -> str:
    return "whole numbers" if measure.decimals == 0 else f"up to {measure.decimals} after the point"


def _row_number(row: _Row) -> int:
    return int(row.at[-1]) + 1


def _positive_number(text: str) -> bool:
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isfinite(number) and number > 0


def _loinc_check_digit(code: str) -> str:
    """The digit after the hyphen that LOINC's rule (mod 10, Luhn) gives for the digits before it."""
    total = 0
    for place, character in enumerate(reversed(code.split("-")[0])):
        digit = int(character) * (1 if place % 2 else 2)
        total += digit // 10 + digit % 10
    return str(-total % 10)
