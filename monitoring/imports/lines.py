"""The lines of a CSV file with what each says, by what a person said of its columns; infusions are judged later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast
from zoneinfo import ZoneInfo

from monitoring.clinical.checks import value_problem
from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.protocol import Measure, Protocol
from monitoring.clinical.record import Event, EventKind, NotDone, event_words
from monitoring.clinical.written_numbers import Mark, WrittenNumber, written_number
from monitoring.imports.dry_run import Decision, Fault, capital
from monitoring.imports.mapping import ROLE_WORDS, FileMapping, Meaning, Role, time_text
from monitoring.imports.tables import Row, Table
from monitoring.imports.times import TimeRefused, in_years, in_zone, read_time
from monitoring.imports.units import KILOGRAMS, WEIGHTS, Unit, in_own_unit, rounded, unit_of

_HALF_A_DAY: Final = timedelta(hours=12)
_PLAN_UNITS: Final[dict[Role, str]] = {"weight": "kg", "dose": "mg/kg", "planned": "min"}
NUMBERS: Final[tuple[Role, ...]] = ("weight", "dose", "planned", "number")


@dataclass(slots=True)
class Cell:
    """One value of a line, on its way to a reading."""

    key: str
    shown: str  # name of the column, or word of the line
    measure: Measure
    value: float


@dataclass(slots=True)
class Line:
    """One line while it is judged."""

    row: Row
    at: datetime | None = None
    group: tuple[str, str] | None = None
    cells: list[Cell] = field(default_factory=list)
    not_done: list[tuple[str, NotDone]] = field(default_factory=list)  # with the key of its cell
    events: list[tuple[str, Event]] = field(default_factory=list)
    numbers: dict[Role, float] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    left_out: bool = False
    held: int = 0  # values and events that it had in the file

    def wrong(self, key: str, sentence: str, group: str = "") -> None:
        self.faults.append(Fault(key, sentence, group=group or sentence))


@dataclass(slots=True)
class LeftOut:
    """Values that were left out for one reason."""

    what: str
    reason: str
    said: list[str] = field(default_factory=list)


class Reader:
    """The lines of a file with what each says, by the mapping; values are not judged yet."""

    def __init__(
        self, table: Table, mapping: FileMapping, protocol: Protocol, decisions: Mapping[str, Decision]
    ) -> None:
        self.table, self.mapping, self.protocol, self.decisions = table, mapping, protocol, decisions
        self.left_out: dict[tuple[tuple[str, str] | None, str, str], LeftOut] = {}
        self.turned: dict[tuple[tuple[str, str] | None, str], list[str]] = defaultdict(list)  # by group and how
        self._origin = None if mapping.origin is None else in_zone(mapping.origin, mapping.zone)
        self._first: datetime | None = None  # of the file's own times, where they are shifted
        self._clock: datetime | None = None  # of the line before, where the file tells times of day alone
        self._nights = 0  # midnights that such a file has gone over
        self.lines = [self._line(row) for row in table.rows]

    def says(self, line: Line) -> str:
        """What would be recorded of a line, in a few words."""
        words = [f"{cell.measure.short or cell.measure.label} {cell.measure.exact(cell.value)}" for cell in line.cells]
        measures = self.protocol.measures
        words += [f"{measures[one.measure].short} not done: {one.reason}" for _, one in line.not_done]
        words += [event_words(event) for _, event in line.events]
        return " · ".join(words)

    def leave_out(self, line: Line, what: str, shown: str, reason: str) -> None:
        """Remember that something is left out of an infusion, to be told in its record."""
        key = (line.group, what, reason)
        at = "" if line.at is None else f" at {self.clock(line.at)}"
        self.left_out.setdefault(key, LeftOut(what, reason)).said.append(f"{shown}{at} ({line.row.place})")

    def clock(self, at: datetime) -> str:
        """Day and time as the clocks there showed it."""
        return day_and_time(at, ZoneInfo(self.mapping.zone))

    def dropped(self, key: str, line: Line, what: str, shown: str) -> bool:
        """Whether a person has said that this is left out; it is then remembered. One without a reason is not taken."""
        decision = self.decisions.get(key)
        if decision is None or decision.how != "leave out" or not decision.reason.strip():
            return False
        self.leave_out(line, what, shown, decision.reason.strip())
        return True

    def _line(self, row: Row) -> Line:
        line, columns = Line(row, group=self._only_group()), self.table.columns
        key = str(row.line)
        decision = self.decisions.get(key)
        whole = decision is not None and decision.how == "leave out" and bool(decision.reason.strip())
        cells = row.cells
        while len(cells) > len(columns) and not cells[-1]:
            cells = cells[:-1]
        if len(cells) != len(columns):
            line.wrong(key, f"{len(cells)} cells: expected {len(columns)}, as in the first line.")
        else:
            self._read_time(line, key)
            self._read_group(line, key)
        if whole:
            line.left_out, line.faults = True, []
            assert decision is not None
            self.leave_out(line, "Lines", row.text, decision.reason.strip())
            return line
        if line.faults:
            return line
        self._read_numbers(line)
        for position, column in enumerate(self.mapping.columns):
            if column.role == "values" and column.meaning is not None:
                self._read_cell(line, position, columns[position], column.meaning, cells[position])
            elif column.role == "event" and cells[position]:
                meaning = self.mapping.words[cells[position]]
                self._read_meant(line, position, cells[position], meaning, self._text(row, "reason"))
            elif column.role == "remark" and cells[position]:
                line.held += 1
                text = f"{columns[position]}: {cells[position]}"
                line.events.append((f"{row.line}/{position}", Event("note", {"text": text})))
        self._read_long(line)
        self._read_reason(line)
        return line

    def _read_time(self, line: Line, key: str) -> None:
        mapping = self.mapping
        try:
            if (minute := self._text(line.row, "minute")) is not None:
                assert self._origin is not None
                found = self._number(minute, "min")
                if found.value is None:
                    line.wrong(key, self._no_number("Minute", found), "minutes that are no number")
                    return
                at = self._origin + timedelta(minutes=found.value)
            else:
                text = time_text(line.row.cells, mapping)
                zone = "UTC" if mapping.shifted else mapping.zone
                at = self._after_midnight(read_time(text, mapping.time_form, zone), text, zone)
                if mapping.shifted:
                    assert self._origin is not None
                    self._first = self._first or at
                    at = self._origin + (at - self._first)
            line.at = in_years(at)
        except TimeRefused as refused:
            line.wrong(key, str(refused), "times that cannot be read")
        except OverflowError:
            line.wrong(key, "This time is in no year: expected a time that has been.", "times that cannot be read")

    def _after_midnight(self, at: datetime, text: str, zone: str) -> datetime:
        """This time, of the day after where a file that tells times of day alone has gone over midnight.

        It has where a line is more than half a day before the one above it: 23:50, 00:05.
        """
        if self.mapping.day is None or self.mapping.at("clock") is None or self.mapping.at("day") is not None:
            return at
        if self._clock is not None and self._clock - at > _HALF_A_DAY:
            self._nights += 1
        self._clock = at
        if not self._nights:
            return at
        day = self.mapping.day + timedelta(days=self._nights)
        return read_time(text.replace(self.mapping.day.isoformat(), day.isoformat(), 1), self.mapping.time_form, zone)

    def _read_group(self, line: Line, key: str) -> None:
        mapping = self.mapping
        number = self._text(line.row, "patient")
        number = mapping.told.patient if number is None else number
        which = self._text(line.row, "infusion") or ""
        if mapping.by_day:
            if line.at is None:
                return
            which = f"{line.at.astimezone(ZoneInfo(mapping.zone)):%Y-%m-%d}"
        if not number:
            line.wrong(key, "Patient is missing: expected the patient's number.", "lines without a patient")
        elif mapping.at("infusion") is not None and not which:
            line.wrong(key, "Which infusion this is, is missing.", "lines without an infusion")
        else:
            line.group = (number, which)

    def _only_group(self) -> tuple[str, str] | None:
        """Where a line belongs that says nothing of it, when the file is one infusion."""
        return (self.mapping.told.patient, "") if self.mapping.one_infusion else None

    def _read_numbers(self, line: Line) -> None:
        for role in NUMBERS:
            text = self._text(line.row, role)
            if text:
                value = self._plan_number(line, role, text)
                key = f"{line.row.line}/{role}"
                if value is not None and not self.dropped(key, line, ROLE_WORDS[role], text):
                    line.numbers[role] = value

    def _plan_number(self, line: Line, role: Role, text: str) -> float | None:
        """Weight [kg], dose, planned time or number as a line gives it; None, and why, where it is none."""
        found = self._number(text, _PLAN_UNITS.get(role, ""), decimals=1 if role == "weight" else 3)
        said = next((column.meaning for column in self.mapping.columns if column.role == role), None)
        unit = next((one for one in WEIGHTS if said is not None and one.code == said.unit), KILOGRAMS)
        if role == "weight" and unit is not KILOGRAMS:
            alone = self._number(text, "")
            if alone.value is not None and unit.convert is not None:
                value = round(unit.convert(alone.value), 1)
                self._turn(line, "Converted", f"weight from {alone.value:g} {unit.label} to {value:g} kg")
                return value
        if found.value is None:
            line.wrong(str(line.row.line), self._no_number(capital(ROLE_WORDS[role]), found))
        elif found.turned:
            self._turn(line, "Converted", f"{ROLE_WORDS[role]}, {found.turned}")
        return found.value

    def _read_reason(self, line: Line) -> None:
        """A reason on a line without an event is the reason of none: it is kept as a note."""
        position = self.mapping.at("reason")
        text = self._text(line.row, "reason")
        if position is None or not text or self._names_event(line.row):
            return
        line.held += 1
        note = Event("note", {"text": f"{self.table.columns[position]}: {text}"})
        line.events.append((f"{line.row.line}/{position}", note))

    def _names_event(self, row: Row) -> bool:
        """Whether a line names something that its reason goes with."""
        if any(row.cells[position] for position in self.mapping.all_at("event")):
            return True
        word = self._text(row, "name")
        return bool(word) and self.mapping.words[word or ""].kind == "event"

    def _read_long(self, line: Line) -> None:
        name, value = self.mapping.at("name"), self.mapping.at("value")
        if name is None or value is None:
            return
        word, text, row = line.row.cells[name], line.row.cells[value], line.row
        if not word:
            if text:
                line.held += 1
                line.wrong(str(row.line), f"Value “{text[:40]}” of nothing: expected what it is of.")
            return
        meaning = self.mapping.words[word]
        if meaning.kind == "event":
            more = [one for one in (text, self._text(row, "reason")) if one]
            self._read_meant(line, value, word, meaning, "; ".join(more))
            return
        unit = self._text(row, "unit")
        measure = self.protocol.measures.get(meaning.key)
        if unit and text and measure is not None and measure.is_rating:
            self.leave_out(line, "Units", f"{word} in “{unit}”", "ratings have none here")
        known = None if measure is None else unit_of(measure, meaning.unit)
        if unit and known is not None and not known.is_called(unit):
            line.held += 1
            key = f"{row.line}/{value}"
            if not self.dropped(key, line, word, f"{text} {unit}"):
                line.wrong(key, f"{word} {text} in “{unit[:20]}”: expected {known.label}.", f"{word} in another unit")
            return
        self._read_cell(line, value, word, meaning, text)

    def _read_meant(self, line: Line, position: int, word: str, meaning: Meaning, more: str | None) -> None:
        """A word that names an event, with what else its line says of it."""
        if meaning.kind != "event":
            if not more and meaning.kind != "leave out":
                line.wrong(
                    str(line.row.line), f"“{word[:40]}” without its value: expected it as the reason of the line."
                )
            self._read_cell(line, position, word, meaning, more or "")
            return
        line.held += 1
        kind, key = cast(EventKind, meaning.key), f"{line.row.line}/{position}"
        if self.dropped(key, line, "Events", word):
            return
        more = (more or "").strip()
        detail: dict[str, str] = {}
        if kind == "note":
            detail = {"text": f"{word}: {more}" if more else word}
        elif kind == "effect":
            detail = {"name": more or word}
        elif more and kind in ("pause", "stop", "cancel"):
            detail = {"reason": self._reason(kind, more)}
        elif more:
            line.events.append((key, Event("note", {"text": f"{word}: {more}"})))
        line.events.append((key, Event(kind, detail)))

    def _reason(self, kind: EventKind, text: str) -> str:
        """The reason as this site writes it, or as the file does where the site has none like it."""
        listed = {
            "pause": self.protocol.pause_reasons,
            "stop": self.protocol.stop_reasons,
            "cancel": self.protocol.cancel_reasons,
        }[kind]
        return next((one for one in listed if one.casefold() == text.casefold()), text)

    def _read_cell(self, line: Line, position: int, shown: str, meaning: Meaning, text: str) -> None:
        if not text:
            return
        key = f"{line.row.line}/{position}"
        if meaning.kind == "leave out":
            line.held += 1  # told once for all of this word, as columns are
            return
        measure = self.protocol.measures[meaning.key]
        unit = unit_of(measure, meaning.unit)
        parts = [(key, measure, text)]
        if meaning.kind == "pressure":
            upper, slash, lower = text.partition("/")
            parts = [(f"{key}/upper", self.protocol.measures[measure.below], upper), (f"{key}/lower", measure, lower)]
            if not slash:
                line.held += 1
                if not self.dropped(key, line, shown, text):
                    line.wrong(
                        key, f"{shown} “{text[:40]}”: expected a pressure like 120/80.", f"{shown} not as 120/80"
                    )
                return
        for part_key, one, part in parts:
            line.held += 1
            self._read_value(line, part_key, shown, one, unit, part.strip())

    def _read_value(self, line: Line, key: str, shown: str, measure: Measure, unit: Unit | None, text: str) -> None:
        if self.dropped(key, line, measure.label, f"{text} {unit.label if unit else ''}".strip()):
            return
        reason = next((one for one in self.protocol.not_done_reasons if one.casefold() == text.casefold()), None)
        if reason is not None:
            line.not_done.append((key, NotDone(measure.key, reason)))
            return
        value = self._value(line, key, shown, measure, unit, text)
        if value is None:
            return
        if unit is not None and unit.convert is not None:
            value = in_own_unit(measure, value, unit)
            self._turn(line, "Converted", f"{shown} from {unit.label} to {measure.unit}")
        elif self.mapping.rounding and not measure.is_rating and not measure.fits(value):
            value = rounded(measure, value)
            self._turn(line, "Rounded", f"{shown} to {_decimals(measure)}")
        if problem := value_problem(measure, value):
            low, high = measure.possible
            fine = not measure.is_rating and low <= value <= high
            line.wrong(key, problem, f"{measure.label}: {'more decimals than recorded here' if fine else 'cannot be'}")
            return
        line.cells.append(Cell(key, shown, measure, value))

    def _value(self, line: Line, key: str, shown: str, measure: Measure, unit: Unit | None, text: str) -> float | None:
        """The number of a cell in the unit of its column ("98%" in a column of percent); None, and why, without one."""
        if measure.is_rating:
            value = self._rating(measure, text)
            if value is None:
                line.wrong(key, f"{shown} “{text[:40]}”: expected a number.", f"{shown}: no number")
            return value
        found = self._number(text, "" if unit is None else unit.label)
        if found.value is None:
            bare = self._number_before(text, unit)
            if bare is not None:
                return bare
            line.wrong(key, self._no_number(shown, found), f"{shown}: no number")
        elif found.turned:
            self._turn(line, "Converted", f"{shown}, {found.turned}")
        return found.value

    def _number_before(self, text: str, unit: Unit | None) -> float | None:
        """The number before the name of the column's own unit, as files write it ("72 beats/min")."""
        digits = text.rstrip("".join(set(text) - set("0123456789.,")))
        if unit is None or not digits or not unit.is_called(text[len(digits) :]):
            return None
        return self._number(digits, "").value

    def _turn(self, line: Line, how: str, what: str) -> None:
        """Remember that values of an infusion were not taken as they stand in the file."""
        if what not in self.turned[line.group, how]:
            self.turned[line.group, how].append(what)

    def _rating(self, measure: Measure, text: str) -> float | None:
        """A rating by its number or its word."""
        by_word = {option.word.casefold(): float(option.value) for option in measure.options}
        return by_word.get(text.casefold(), self._number(text, "").value)

    def _number(self, text: str, unit: str, *, decimals: int = 3) -> WrittenNumber:
        """What is written in a cell. A point in a file is one before decimals, unless a comma is said to be."""
        mark: Mark = "," if self.mapping.decimal_comma else "" if "," in text else "."
        return written_number(_without_zeros(text), unit, mark=mark, decimals=decimals)

    def _no_number(self, what: str, found: WrittenNumber) -> str:
        return found.problem(what) or f"{what} is missing: expected a number."

    def _text(self, row: Row, role: Role) -> str | None:
        position = self.mapping.at(role)
        return None if position is None else row.cells[position]


def _without_zeros(text: str) -> str:
    """A whole number without the zeros that a machine writes before it: "072" is 72 in a column of a file."""
    return text.lstrip("0") if text.isascii() and text.isdigit() and text.strip("0") else text


def _decimals(measure: Measure) -> str:
    return "whole numbers" if measure.decimals == 0 else f"{measure.decimals} after the point"
