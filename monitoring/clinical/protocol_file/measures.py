"""Reads [measure.*] of a protocol file: what is measured, in which unit, and the limits at which it is flagged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from monitoring.clinical.protocol import Level, Limit, Measure, Option, Phase, RuleKey
from monitoring.clinical.protocol_file.slips import (
    DAY_MINUTES,
    LevelWord,
    Pair,
    Path,
    Shape,
    Slips,
    Table,
    Whole,
    either,
    listed,
    shown,
    span,
    unknown,
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


class _MeasureTable(Shape):
    label: str
    short: str
    unit: str
    ucum: str
    loinc: str = ""
    decimals: Whole
    possible: Pair
    plausible: Pair
    axis: Pair | None = None
    below: str = ""
    source: str
    limits: list[Any] = Field(default_factory=list)


class _RatingTable(Shape):
    label: str
    short: str
    ucum: str = RATING_UCUM
    loinc: str = ""
    source: str
    options: Annotated[list[Any], Field(min_length=2)]
    limits: list[Any] = Field(default_factory=list)


class _OptionRow(Shape):
    value: Whole
    word: str
    text: str = ""


class _LimitRow(Shape):
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
    level: LevelWord
    source: str
    phase: Any = None
    instruction: str = ""
    applies: Literal["air"] | None = None


@dataclass(frozen=True, slots=True)
class Row:
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

    def meets(self, other: Row) -> bool:
        """Whether both can hold for the same value: of one kind, in a phase they share."""
        return self.kind == other.kind and bool(self.phases & other.phases)


class MeasureTables:
    """The tables [measure.*] of one file. `rows` are all their limits, with where they stand."""

    def __init__(self, slips: Slips) -> None:
        self.slips = slips
        self.rows: list[Row] = []

    def read(self) -> dict[str, Measure]:
        """Every measure whose own table is sound."""
        tables = self.slips.data.get("measure")
        if not isinstance(tables, dict) or not tables:
            self.slips.problem(("measure",), "no measure is defined, expected tables such as [measure.systolic]")
            return {}
        measures = {}
        for key, table in tables.items():
            at: Path = ("measure", key)
            self.slips.check_key(key, at)
            if isinstance(table, dict) and "options" in table:
                measure = self._rating(key, table, at)
            else:
                measure = self._measure(key, table, at)
            if measure:
                measures[key] = measure
        return measures

    def _measure(self, key: str, data: Any, at: Path) -> Measure | None:
        table = self.slips.shape(_MeasureTable, data, at)
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
        table = self.slips.shape(_RatingTable, data, at)
        rows = self._limits(data, at)
        self._check_rows(rows)
        options = []
        raw = data["options"] if isinstance(data["options"], list) else []
        for number, row in enumerate(raw):
            if shape := self.slips.shape(_OptionRow, row, (*at, "options", number)):
                options.append(Option(shape.value, shape.word, shape.text))
        if table is None or len(options) != len(raw):
            return None
        values = [option.value for option in options]
        for number, option in enumerate(options):
            if option.value in values[:number]:
                self.slips.problem((*at, "options", number), f"value {option.value} is there twice, expected each once")
            if option.word in [earlier.word for earlier in options[:number]]:
                self.slips.problem(
                    (*at, "options", number), f"word {shown(option.word)} is there twice, expected each once"
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
            self.slips.problem(
                (*at, "ucum"), f"{shown(measure.ucum)} on a rating, expected {shown(RATING_UCUM)} or none"
            )
        self._check_loinc(measure, at)
        for row in rows:
            if row.limit.key not in ("at_or_above", "above", "at_or_below", "below", "silent_minutes"):
                self.slips.problem(
                    row.at, f"{row.limit.key} on a rating, expected at_or_above, at_or_below or silent_minutes"
                )
            elif row.kind in ("high", "low") and row.limit.value not in values:
                self.slips.problem(row.at, f"{row.said} is none of the options, expected one of {listed(values)}")
        return measure

    def _limits(self, data: Any, at: Path) -> list[Row]:
        raw = data.get("limits") if isinstance(data, dict) else None
        if not isinstance(raw, list):
            return []  # absent, or its wrong type is already named by the table's shape
        rows = []
        for number, item in enumerate(raw):
            if limit := self._limit(item, (*at, "limits", number)):
                rows.append(Row(limit, (*at, "limits", number)))
        self.rows += rows
        return rows

    def _limit(self, data: Any, at: Path) -> Limit | None:
        row = self.slips.shape(_LimitRow, data, at)
        if not isinstance(data, dict):
            return None
        keys = [key for key in RULE_KEYS if key in data]
        if len(keys) != 1:
            found = f"{listed(keys)} together" if keys else "no comparison"
            self.slips.problem(at, f"{found}, expected exactly one of {listed(RULE_KEYS)}")
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
        named = [raw] if isinstance(raw, str) else raw
        if not isinstance(named, list) or not named:
            self.slips.problem((*at, "phase"), f"found {shown(raw)}, expected one or more of {listed(LIMIT_PHASES)}")
            return None
        wrong = [item for item in named if item not in LIMIT_PHASES]
        for item in wrong:
            self.slips.problem((*at, "phase"), f"unknown phase {shown(item)}, expected {either(LIMIT_PHASES)}")
        if not wrong and len(set(named)) != len(named):
            self.slips.problem((*at, "phase"), f"{listed(named)} names a phase twice, expected each once")
        return None if wrong else tuple(named)

    def _check_bounds(self, measure: Measure, at: Path) -> None:
        if not 0 <= measure.decimals <= 3:
            self.slips.problem((*at, "decimals"), f"{measure.decimals}, expected 0 to 3")
            return
        ordered = True
        pairs = [("possible", measure.possible), ("plausible", measure.plausible)]
        if measure.axis:
            pairs.append(("axis", measure.axis))
        for name, (low, high) in pairs:
            if low >= high:
                self.slips.problem((*at, name), f"{low:g} is not below {high:g}, expected [lowest, highest]")
                ordered = False
            for bound in (low, high):
                if not measure.fits(bound):
                    self.slips.problem((*at, name), f"{bound:g} has too many decimals, expected {_decimals(measure)}")
        inside = measure.possible[0] <= measure.plausible[0] and measure.plausible[1] <= measure.possible[1]
        if ordered and not inside:
            self.slips.problem(
                (*at, "plausible"),
                f"{span(measure.plausible)} reaches outside possible, expected it within {span(measure.possible)}",
            )
        if (
            ordered
            and measure.axis
            and not (measure.possible[0] <= measure.axis[0] and measure.axis[1] <= measure.possible[1])
        ):
            self.slips.problem(
                (*at, "axis"),
                f"{span(measure.axis)} reaches outside possible, expected it within {span(measure.possible)}",
            )
        if measure.unit == "%" and not (measure.possible[0] >= 0 and measure.possible[1] <= 100):
            self.slips.problem((*at, "possible"), f"{span(measure.possible)} %, expected it within 0 to 100 %")
        elif measure.unit == "%" and measure.possible[1] <= 1:
            self.slips.unlikely((*at, "possible"), f"{span(measure.possible)} %, expected a percentage, up to 100")

    def _check_unit(self, measure: Measure, at: Path) -> None:
        expected = UNITS.get(measure.unit)
        if expected is None:
            self.slips.problem((*at, "unit"), f"unknown unit {shown(measure.unit)}, expected {either(UNITS)}")
        elif measure.ucum != expected:
            self.slips.problem(
                (*at, "ucum"),
                f"{shown(measure.ucum)} does not match unit {shown(measure.unit)}, expected {shown(expected)}",
            )
        self._check_loinc(measure, at)

    def _check_loinc(self, measure: Measure, at: Path) -> None:
        code = measure.loinc
        if not code:
            return
        if not re.fullmatch(r"[0-9]{1,7}-[0-9]", code):
            self.slips.problem(
                (*at, "loinc"), f"{shown(code)}, expected digits, a hyphen and a check digit such as 8480-6"
            )
        elif (digit := _loinc_check_digit(code)) != code[-1]:
            self.slips.problem((*at, "loinc"), f"{shown(code)} has the wrong check digit, expected {code[:-1]}{digit}")
        elif code in LOINC_UCUM and LOINC_UCUM[code] != (ucum := UNITS.get(measure.unit, measure.ucum)):
            self.slips.problem(
                (*at, "loinc"), f"{shown(code)} is measured in {LOINC_UCUM[code]}, expected one for {ucum}"
            )

    def _check_limit(self, row: Row, measure: Measure) -> None:
        """Whether a limit can be met at all by a value that this measure can have."""
        limit, (low, high) = row.limit, measure.possible
        if low >= high:
            return
        at = (*row.at, limit.key)
        unit = f" {measure.unit}" if measure.unit else ""
        if row.kind in ("high", "low"):
            if not low <= limit.value <= high:
                self.slips.problem(at, f"{row.said} lies outside possible, expected {span(measure.possible)}{unit}")
            elif limit.value == (high if row.kind == "high" else low) and limit.key in ("above", "below"):
                self.slips.problem(
                    at, f"{row.said} can never be met, expected it within {span(measure.possible)}{unit}"
                )
        elif limit.value <= 0:
            self.slips.problem(at, f"{row.said}, expected more than 0")
        elif limit.key in ("rise_at_or_above", "fall_at_or_above", "step_at_or_above") and limit.value > high - low:
            self.slips.problem(at, f"{row.said} is wider than possible, expected up to {high - low:g}{unit}")
        elif limit.key == "fall_percent_at_or_above" and limit.value > 100:
            self.slips.problem(at, f"{row.said} can never be met, expected up to 100")
        elif "percent" in limit.key and measure.ucum in ("Cel", "%"):
            # A percentage of a temperature in °C, or of a percentage, depends on where the scale happens to begin.
            self.slips.problem(at, f"{row.said} on a measure in {measure.unit}, expected a change in {measure.unit}")
        if "percent" in limit.key or (measure.ucum == "%" and row.kind in ("high", "low")):
            self.slips.check_percent(limit.value, at)
        self._check_meant(row, measure, at)
        counts_in_unit = "percent" not in limit.key and limit.key != "silent_minutes"
        if counts_in_unit and 0 <= measure.decimals <= 3 and not measure.fits(limit.value):
            self.slips.problem(at, f"{row.said} has too many decimals, expected {_decimals(measure)}")

    def _check_meant(self, row: Row, measure: Measure, at: Path) -> None:
        """Whether a limit tells plausible values apart: one that flags all or none of them is a slip."""
        limit, (low, high) = row.limit, measure.plausible
        if low >= high:
            return
        unit = f" {measure.unit}" if measure.unit else ""
        every = (row.kind == "high" and limit.value <= low) or (row.kind == "low" and limit.value >= high)
        if every and not measure.is_rating:
            self.slips.unlikely(
                at, f"{row.said} flags every plausible value, expected it within {span(measure.plausible)}{unit}"
            )
        elif limit.key == "rise_percent_at_or_above" and low > 0:
            most = (measure.possible[1] - low) / low * 100
            if limit.value > most:
                self.slips.unlikely(at, f"{row.said} can hardly be met, expected up to {most:.0f}")
        elif limit.key == "silent_minutes" and (0 < limit.value < 1 or limit.value > DAY_MINUTES):
            self.slips.unlikely(at, f"{row.said} min, expected 1 to {DAY_MINUTES}")

    def _check_rows(self, rows: list[Row]) -> None:
        """Whether the rows of one measure go together."""
        for number, row in enumerate(rows):
            if row.limit.applies and row.limit.key == "silent_minutes":
                self.slips.problem((*row.at, "applies"), "applies on silent_minutes, expected it on a row about values")
            for earlier in rows[:number]:
                if not row.meets(earlier):
                    continue
                same_scope = row.phases == earlier.phases and row.limit.applies == earlier.limit.applies
                same_bound = row.reach == earlier.reach
                if row.limit.level == earlier.limit.level and (same_scope or same_bound):
                    self.slips.problem(
                        row.at,
                        f"{row.said} doubles {earlier.said} of row {_row_number(earlier)}, "
                        f"expected one {row.limit.level.word} of a kind in a phase",
                    )
            for other in rows:
                levels = (row.limit.level, other.limit.level)
                if levels == (Level.CAUTION, Level.CRITICAL) and row.meets(other) and row.reach >= other.reach:
                    nearer = "above" if row.kind == "low" else "below"
                    self.slips.problem(
                        row.at,
                        f"{row.said} lies at or beyond {other.said} of row {_row_number(other)}, "
                        f"expected the caution {nearer} it",
                    )
            above = [other for other in rows if other.kind == "high" and other.phases & row.phases]
            lowest = min(above, key=lambda other: other.limit.value, default=None)
            if row.kind == "low" and lowest and row.limit.value >= lowest.limit.value:
                self.slips.problem(
                    row.at,
                    f"{row.said} is not below {lowest.said} of row {_row_number(lowest)}, expected values between them",
                )

    def check(self, measures: Mapping[str, Measure]) -> None:
        """What the measures say about each other."""
        known = self.slips.named_tables("measure")
        for key, measure in measures.items():
            at: Path = ("measure", key)
            earlier = list(measures.values())[: list(measures).index(key)]
            for name in ("label", "short", "loinc"):
                value = getattr(measure, name)
                twin = next((m for m in earlier if value and getattr(m, name).casefold() == value.casefold()), None)
                if twin:
                    self.slips.problem(
                        (*at, name), f"{shown(value)} is also the {name} of {twin.key}, expected one of its own"
                    )
            if not measure.below:
                continue
            upper = measures.get(measure.below)
            if measure.below == key:
                self.slips.problem((*at, "below"), f"{shown(key)} is this measure itself, expected another one")
            elif measure.below not in known:
                self.slips.problem((*at, "below"), unknown(measure.below, known, "measure"))
            elif upper and upper.unit != measure.unit and {upper.unit, measure.unit} <= {*UNITS, ""}:
                self.slips.problem(
                    (*at, "below"),
                    f"{shown(measure.below)} is in {upper.unit or 'points'}, expected a measure in {measure.unit}",
                )


def _decimals(measure: Measure) -> str:
    return "whole numbers" if measure.decimals == 0 else f"up to {measure.decimals} after the point"


def _row_number(row: Row) -> int:
    return int(row.at[-1]) + 1


def _loinc_check_digit(code: str) -> str:
    """The digit after the hyphen that LOINC's rule (mod 10, Luhn) gives for the digits before it."""
    total = 0
    for place, character in enumerate(reversed(code.split("-")[0])):
        digit = int(character) * (1 if place % 2 else 2)
        total += digit // 10 + digit % 10
    return str(-total % 10)
