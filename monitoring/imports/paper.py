"""Past paper records in a CSV file, judged line by line before anything is stored. Pure: nothing here writes.

Wide form (a column for each measure) or long form (a line for each value). What is outside plausible is asked about:
confirmed as unusual, or left out with a reason. What cannot be is put right in the file, or left out with a reason.
Whatever is left out is told in the record. Of an infusion all comes in, or nothing does.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal, cast
from zoneinfo import ZoneInfo

from monitoring.clinical.checks import questions, value_problem
from monitoring.clinical.protocol import Measure, Protocol
from monitoring.clinical.record import EVENT_WORDS, Event, EventKind, NotDone, Patient, Reading, event_words
from monitoring.imports.mapping import ROLE_WORDS, FileMapping, Meaning, Moment, Role
from monitoring.imports.mapping import problems as mapping_problems
from monitoring.imports.tables import Row, Table
from monitoring.imports.times import TimeRefused, in_zone, read_time
from monitoring.imports.units import Unit, in_own_unit, rounded, unit_of
from monitoring.recording import PastEntry, PastInfusion, past_problems

RowState = Literal["comes in", "asked", "wrong", "left out", "says nothing"]
NUMBERS: Final[tuple[Role, ...]] = ("weight", "dose", "planned", "number")
LONGEST_NOTE: Final = 4000  # characters; a longer list of what was left out becomes several notes


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of a value or line that was asked about."""

    how: Literal["unusual", "leave out"]  # confirmed as unusual, or left out
    reason: str = ""  # why it is left out


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to decide upon, or to put right in the file.

    `key` is what a Decision is kept under ("" when none helps). `asked`: it may be confirmed as unusual. `group`: what
    is alike, to be decided upon together.
    """

    key: str
    sentence: str
    asked: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class RowFound:
    """What became of one line. `infusion` is its position among those found, None when it belongs to none."""

    line: int
    infusion: int | None
    at: datetime | None
    says: str
    state: RowState
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One infusion of the file. `past` is what would be stored; None while anything of it is wrong or unanswered."""

    patient_number: str
    patient: Patient | None
    lines: tuple[int, ...]
    faults: tuple[str, ...]  # of the infusion as a whole
    open_lines: tuple[int, ...]  # lines with something wrong or unanswered
    past: PastInfusion | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would come of importing a file: nothing while there are `problems`, else every infusion that is whole."""

    problems: tuple[str, ...]
    rows: tuple[RowFound, ...] = ()
    infusions: tuple[Found, ...] = ()

    @property
    def open_faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong or unanswered, in the order of the lines."""
        return tuple(fault for row in self.rows if row.state in ("asked", "wrong") for fault in row.faults)


@dataclass(slots=True)
class _Cell:
    """One value of a line, on its way to a reading."""

    key: str
    shown: str  # name of the column, or word of the line
    measure: Measure
    value: float


@dataclass(slots=True)
class _Line:
    """One line while it is judged."""

    row: Row
    at: datetime | None = None
    group: tuple[str, str] | None = None
    cells: list[_Cell] = field(default_factory=list)
    not_done: list[tuple[str, NotDone]] = field(default_factory=list)  # with the key of its cell
    events: list[tuple[str, Event]] = field(default_factory=list)
    numbers: dict[Role, float] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    left_out: bool = False
    held: int = 0  # values and events that it had in the file

    def wrong(self, key: str, sentence: str, group: str = "") -> None:
        self.faults.append(Fault(key, sentence, group=group or sentence))


@dataclass(slots=True)
class _LeftOut:
    """Values that were left out for one reason."""

    what: str
    reason: str
    said: list[str] = field(default_factory=list)


def dry_run(
    table: Table,
    mapping: FileMapping,
    protocol: Protocol,
    patients: Mapping[str, Patient],
    decisions: Mapping[str, Decision],
    now: datetime,
) -> DryRun:
    """What would come of this file at `now`. `patients`: those registered, by number. Pure; nothing is stored."""
    if problems := mapping_problems(mapping, table, protocol):
        return DryRun(problems)
    try:
        reader = _Reader(table, mapping, protocol, decisions)
    except TimeRefused as refused:
        return DryRun((str(refused),))
    groups: dict[tuple[str, str], list[_Line]] = {}
    strays: list[str] = []
    for line in reader.lines:
        if line.group is not None:
            groups.setdefault(line.group, []).append(line)
        elif not line.left_out:
            strays.append(f"{_capital(line.row.place)} belongs to no infusion: expected it put right, or left out.")
    infusions: list[Found] = []
    where: dict[int, int] = {}
    for (number, _), lines in groups.items():
        where |= {line.row.line: len(infusions) for line in lines}
        infusions.append(_Group(reader, number, patients.get(number), lines).found(now))
    _no_overlaps(infusions)
    return DryRun(
        tuple(strays),
        tuple(_row_found(line, where.get(line.row.line), reader) for line in reader.lines),
        tuple(replace(one, past=None) if strays else one for one in infusions),
    )


def _row_found(line: _Line, infusion: int | None, reader: _Reader) -> RowFound:
    state: RowState = "comes in"
    if line.left_out:
        state = "left out"
    elif any(not fault.asked for fault in line.faults):
        state = "wrong"
    elif line.faults:
        state = "asked"
    elif not (line.cells or line.not_done or line.events):
        state = "left out" if line.held else "says nothing"
    return RowFound(line.row.line, infusion, line.at, reader.says(line), state, tuple(line.faults))


def _no_overlaps(infusions: list[Found]) -> None:
    """Two infusions of one patient in one file at the same time: neither comes in."""
    whole = [(one.past, position) for position, one in enumerate(infusions) if one.past is not None]
    longest: tuple[PastInfusion, int] | None = None  # of those so far of this patient, the one that lasts longest
    for past, position in sorted(whole, key=lambda found: (found[0].patient_id, found[0].opened_at)):
        if longest is not None and longest[0].patient_id == past.patient_id and past.opened_at <= _last(longest[0]):
            for one, other in ((position, longest[1]), (longest[1], position)):
                sentence = f"At the same time as infusion {other + 1} of this file: expected one after the other."
                found = infusions[one]
                infusions[one] = replace(found, past=None, faults=(*found.faults, sentence))
        if longest is None or longest[0].patient_id != past.patient_id or _last(past) > _last(longest[0]):
            longest = past, position


def _last(past: PastInfusion) -> datetime:
    return max(entry.observed_at for entry in past.entries)


class _Reader:
    """The lines of a file with what each says, by the mapping; values are not judged yet."""

    def __init__(
        self, table: Table, mapping: FileMapping, protocol: Protocol, decisions: Mapping[str, Decision]
    ) -> None:
        self.table, self.mapping, self.protocol, self.decisions = table, mapping, protocol, decisions
        self.left_out: dict[tuple[tuple[str, str] | None, str, str], _LeftOut] = {}
        self.turned: dict[tuple[tuple[str, str] | None, str], list[str]] = defaultdict(list)  # by group and how
        self._origin = None if mapping.origin is None else in_zone(mapping.origin, mapping.zone)
        self._first: datetime | None = None  # of the file's own times, where they are shifted
        self.lines = [self._line(row) for row in table.rows]

    def says(self, line: _Line) -> str:
        """What would be recorded of a line, in a few words."""
        words = [f"{cell.measure.short or cell.measure.label} {cell.measure.exact(cell.value)}" for cell in line.cells]
        measures = self.protocol.measures
        words += [f"{measures[one.measure].short} not done: {one.reason}" for _, one in line.not_done]
        words += [event_words(event) for _, event in line.events]
        return " · ".join(words)

    def leave_out(self, line: _Line, what: str, shown: str, reason: str) -> None:
        """Remember that something is left out of an infusion, to be told in its record."""
        key = (line.group, what, reason)
        at = "" if line.at is None else f" at {self.clock(line.at)}"
        self.left_out.setdefault(key, _LeftOut(what, reason)).said.append(f"{shown}{at} ({line.row.place})")

    def clock(self, at: datetime) -> str:
        """Day and time as the clocks there showed it."""
        return f"{at.astimezone(ZoneInfo(self.mapping.zone)):%d %b %Y %H:%M}"

    def dropped(self, key: str, line: _Line, what: str, shown: str) -> bool:
        """Whether a person has said that this is left out; it is then remembered. One without a reason is not taken."""
        decision = self.decisions.get(key)
        if decision is None or decision.how != "leave out" or not decision.reason.strip():
            return False
        self.leave_out(line, what, shown, decision.reason.strip())
        return True

    def _line(self, row: Row) -> _Line:
        line, columns = _Line(row, group=self._only_group()), self.table.columns
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
        return line

    def _read_time(self, line: _Line, key: str) -> None:
        mapping = self.mapping
        try:
            if (minute := self._text(line.row, "minute")) is not None:
                assert self._origin is not None
                value = self._number(minute)
                if value is None:
                    line.wrong(key, f"Minute “{minute[:40]}”: expected a number.", "minutes that are no number")
                else:
                    line.at = self._origin + timedelta(minutes=value)
                return
            text = self._text(line.row, "time")
            if text is None:
                text = f"{self._text(line.row, 'day')} {self._text(line.row, 'clock')}"
            at = read_time(text, mapping.time_form, "UTC" if mapping.shifted else mapping.zone)
            if mapping.shifted:
                assert self._origin is not None
                self._first = self._first or at
                at = self._origin + (at - self._first)
            line.at = at
        except (TimeRefused, OverflowError) as refused:
            line.wrong(key, str(refused), "times that cannot be read")

    def _read_group(self, line: _Line, key: str) -> None:
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

    def _read_numbers(self, line: _Line) -> None:
        for role in NUMBERS:
            text = self._text(line.row, role)
            if text:
                value = self._number(text)
                key = f"{line.row.line}/{role}"
                if value is None:
                    line.wrong(str(line.row.line), f"{_capital(ROLE_WORDS[role])} “{text[:40]}”: expected a number.")
                elif not self.dropped(key, line, ROLE_WORDS[role], text):
                    line.numbers[role] = value

    def _read_long(self, line: _Line) -> None:
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
            self._read_meant(line, value, word, meaning, text)
            return
        unit = self._text(row, "unit")
        measure = self.protocol.measures.get(meaning.key)
        known = None if measure is None else unit_of(measure, meaning.unit)
        if unit and known is not None and not known.is_called(unit):
            line.held += 1
            key = f"{row.line}/{value}"
            if not self.dropped(key, line, word, f"{text} {unit}"):
                line.wrong(key, f"{word} {text} in “{unit[:20]}”: expected {known.label}.", f"{word} in another unit")
            return
        self._read_cell(line, value, word, meaning, text)

    def _read_meant(self, line: _Line, position: int, word: str, meaning: Meaning, more: str | None) -> None:
        """A word that names an event, with what else its line says of it."""
        if meaning.kind != "event":
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

    def _read_cell(self, line: _Line, position: int, shown: str, meaning: Meaning, text: str) -> None:
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

    def _read_value(self, line: _Line, key: str, shown: str, measure: Measure, unit: Unit | None, text: str) -> None:
        if self.dropped(key, line, measure.label, f"{text} {unit.label if unit else ''}".strip()):
            return
        reason = next((one for one in self.protocol.not_done_reasons if one.casefold() == text.casefold()), None)
        if reason is not None:
            line.not_done.append((key, NotDone(measure.key, reason)))
            return
        value = self._rating(measure, text) if measure.is_rating else self._number(text)
        if value is None:
            line.wrong(key, f"{shown} “{text[:40]}”: expected a number.", f"{shown}: no number")
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
        line.cells.append(_Cell(key, shown, measure, value))

    def _turn(self, line: _Line, how: str, what: str) -> None:
        """Remember that values of an infusion were not taken as they stand in the file."""
        if what not in self.turned[line.group, how]:
            self.turned[line.group, how].append(what)

    def _rating(self, measure: Measure, text: str) -> float | None:
        """A rating by its number or its word."""
        by_word = {option.word.casefold(): float(option.value) for option in measure.options}
        return by_word.get(text.casefold(), self._number(text))

    def _number(self, text: str) -> float | None:
        if self.mapping.decimal_comma:
            text = text.replace(",", ".") if "." not in text else ""
        try:
            # No "1_000", and nothing that is not a number in a record on paper ("nan", "inf").
            value = float(text) if text[:1] in "+-.0123456789" and "_" not in text else math.nan
        except ValueError:
            return None
        return value if math.isfinite(value) else None

    def _text(self, row: Row, role: Role) -> str | None:
        position = self.mapping.at(role)
        return None if position is None else row.cells[position]


class _Group:
    """The lines of one infusion, made into entries and judged as a whole."""

    def __init__(self, reader: _Reader, number: str, patient: Patient | None, lines: Sequence[_Line]) -> None:
        self._reader, self._number, self._patient, self._lines = reader, number, patient, lines
        self._kept = [line for line in lines if not line.left_out]
        self._group = lines[0].group
        self._faults: list[str] = []
        self._told: list[str] = []  # what was said at the import and is not in the file

    def found(self, now: datetime) -> Found:
        """What becomes of this infusion at `now`."""
        past = self._past(now)
        open_lines = tuple(line.row.line for line in self._lines if line.faults)
        whole = not self._faults and not open_lines
        return Found(
            self._number,
            self._patient,
            tuple(line.row.line for line in self._lines),
            tuple(dict.fromkeys(self._faults)),
            open_lines,
            past if whole else None,
        )

    def _past(self, now: datetime) -> PastInfusion | None:
        if self._patient is None:
            self._faults.append(f"Patient number {self._number} is not registered here: expected a registered patient.")
        if not any(line.at is not None for line in self._kept):
            self._faults.append("No line of this infusion is left: expected at least one.")
            return None
        numbers = {role: self._agreed(role) for role in NUMBERS}
        self._ask()
        entries = [*self._entries(), *self._moments()]
        if not entries:
            self._faults.append("Nothing is recorded in this infusion: expected at least one value or event.")
            return None
        told, dose = self._reader.mapping.told, self._reader.protocol.dose
        planned, number = numbers["planned"], numbers["number"]
        past = PastInfusion(
            patient_id=self._patient.id if self._patient else "",
            opened_at=min(entry.observed_at for entry in entries),
            chair=told.chair,
            weight_kg=self._plan("weight", numbers["weight"], told.weight_kg, "kg"),
            dose_mg_per_kg=self._plan("dose", numbers["dose"], told.dose_mg_per_kg, "mg/kg"),
            planned_minutes=_whole(self._plan("planned time", planned, told.planned_minutes, "min")),
            bag_volume_ml=told.bag_volume_ml or dose.bag_volume_ml,
            every_minutes=told.every_minutes or self._reader.protocol.schedule.every_minutes,
            entries=tuple(entries),
            number=_whole(number),
        )
        if self._patient is not None:
            self._judge(past, now)
        return replace(past, remarks=tuple(self._remarks()))

    def _agreed(self, role: Role) -> float | None:
        """The one number that the lines of an infusion give for it as a whole."""
        first: tuple[float, _Line] | None = None
        for line in self._kept:
            value = line.numbers.get(role)
            if value is None:
                continue
            if first is None:
                first = value, line
            elif value != first[0]:
                line.wrong(
                    f"{line.row.line}/{role}",
                    f"{_capital(ROLE_WORDS[role])} {value:g}: {first[0]:g} in {first[1].row.place}, expected one.",
                    f"{ROLE_WORDS[role]}: not the same in all lines",
                )
        if first is not None and role in ("planned", "number") and not first[0].is_integer():
            self._faults.append(f"{_capital(ROLE_WORDS[role])} {first[0]:g}: expected a whole number.")
        return None if first is None else first[0]

    def _plan(self, what: str, found: float | None, told: float | None, unit: str) -> float | None:
        if found is None and told is not None:
            self._told.append(f"{what} {told:g} {unit}")
        return told if found is None else found

    def _ask(self) -> None:
        """Ask about what is unusual among the values of one instant; what is there twice is wrong."""
        for cells in self._by_instant().values():
            values: dict[str, float] = {}
            for line, cell in cells:
                if cell.measure.key in values:
                    line.wrong(
                        cell.key,
                        f"{cell.measure.label} stands twice at this time: expected one value.",
                        f"{cell.measure.label}: twice at one time",
                    )
                else:
                    values[cell.measure.key] = cell.value
            for question in questions(values, self._reader.protocol):
                line, cell = next((line, cell) for line, cell in cells if cell.measure.key == question.measure)
                decision = self._reader.decisions.get(cell.key)
                if decision is None or decision.how != "unusual":
                    line.faults.append(
                        Fault(cell.key, question.sentence, asked=True, group=_alike(cell, question.sentence))
                    )

    def _by_instant(self) -> dict[datetime, list[tuple[_Line, _Cell]]]:
        """The values that belong to one set: measured, not rated, and seen at one instant."""
        found: dict[datetime, list[tuple[_Line, _Cell]]] = defaultdict(list)
        for line in self._kept:
            if line.at is not None:
                found[line.at].extend((line, cell) for cell in line.cells)
        return found

    def _entries(self) -> Iterator[PastEntry]:
        confirmed = {key for key, one in self._reader.decisions.items() if one.how == "unusual"}
        reasons: dict[datetime, list[NotDone]] = defaultdict(list)
        for line in self._kept:
            if line.at is not None:
                reasons[line.at].extend(one for _, one in line.not_done)
        by_instant = self._by_instant()
        for at in sorted({*by_instant, *reasons}):
            measured: dict[str, Reading] = {}
            places = []
            for line, cell in by_instant.get(at, ()):
                reading = Reading("", cell.measure.key, cell.value, confirmed_unusual=self._is_unusual(cell, confirmed))
                if cell.measure.is_rating:
                    yield PastEntry(line.row.place, "observation", at, (reading,))
                elif cell.measure.key not in measured:
                    measured[cell.measure.key] = reading
                    places.append(line.row.place)
            # A rating that was not done stands with the measures that were not.
            if measured or reasons[at]:
                place = next(iter(places), "") or self._place_at(at)
                yield PastEntry(place, "set", at, tuple(measured.values()), tuple(reasons[at]))
        for line in self._kept:
            for _, event in line.events if line.at is not None else ():
                assert line.at is not None
                yield PastEntry(line.row.place, "event", line.at, event=event)

    def _is_unusual(self, cell: _Cell, confirmed: set[str]) -> bool:
        return cell.key in confirmed

    def _place_at(self, at: datetime) -> str:
        return next(line.row.place for line in self._kept if line.at == at)

    def _moments(self) -> Iterator[PastEntry]:
        """Start, end and leaving where a person said them, and the file does not."""
        told = self._reader.mapping.told
        said = {event.kind: line.at for line in self._kept for _, event in line.events}
        if "cancel" in said:
            return
        times = sorted(line.at for line in self._kept if line.at is not None)
        started = said.get("start")
        if started is None and self._reader.mapping.at("minute") is not None and told.started.when == "file":
            started = self._minute_zero()
            yield PastEntry("", "event", started, event=Event("start"))
        elif started is None and (at := self._moment(told.started, times, None)) is not None:
            started = at
            yield self._event("start", at)
        if not {"end", "stop"} & set(said) and (at := self._moment(told.ended, times, started)) is not None:
            kind: EventKind = "stop" if told.stopped else "end"
            yield self._event(kind, at, {"reason": told.stopped} if told.stopped else {})
        if "close" not in said and (at := self._moment(told.left, times, started)) is not None:
            yield self._event("close", at)

    def _minute_zero(self) -> datetime:
        mapping = self._reader.mapping
        assert mapping.origin is not None
        return in_zone(mapping.origin, mapping.zone)

    def _event(self, kind: EventKind, at: datetime, detail: dict[str, str] | None = None) -> PastEntry:
        self._told.append(f"{EVENT_WORDS[kind].lower()} {self._reader.clock(at)}")
        return PastEntry("", "event", at, event=Event(kind, dict(detail or {})))

    def _moment(self, moment: Moment, times: Sequence[datetime], started: datetime | None) -> datetime | None:
        if moment.when == "first":
            return times[0]
        if moment.when == "last":
            return times[-1]
        if moment.when == "after" and (started or times):
            return (started or times[0]) + timedelta(minutes=moment.minutes)
        if moment.when == "at" and moment.at is not None:
            try:
                return in_zone(moment.at, self._reader.mapping.zone)
            except TimeRefused as refused:
                self._faults.append(str(refused))
        return None

    def _judge(self, past: PastInfusion, now: datetime) -> None:
        """What the records would say of it; each sentence with its line where it has one."""
        assert self._patient is not None
        by_place = {line.row.place: line for line in self._kept}
        for problem in past_problems(past, self._patient, self._reader.protocol, now):
            line = by_place.get(problem.place)
            if line is None:
                self._faults.append(problem.sentence)
            elif not self._is_asked(line, problem.sentence):
                line.wrong(self._key_of(line, problem.sentence), problem.sentence)

    def _is_asked(self, line: _Line, sentence: str) -> bool:
        """Whether this says again what is asked about a value of the same instant already."""
        if "expected to be confirmed" not in sentence:
            return False
        return any(fault.asked for other in self._kept if other.at == line.at for fault in other.faults)

    def _key_of(self, line: _Line, sentence: str) -> str:
        """What a decision would be kept under: the event that is wrong, else the line."""
        if len(line.events) == 1 and not line.cells:
            return line.events[0][0] if line.events[0][1].kind != "note" else str(line.row.line)
        return str(line.row.line)

    def _remarks(self) -> Iterator[str]:
        """What a reader of the record should know of how the file was read."""
        reader, mapping = self._reader, self._reader.mapping
        if self._told:
            yield f"Said at the import, not in the file: {'; '.join(self._told)}."
        if mapping.shifted and mapping.origin is not None:
            yield (
                "Days in the file are not the true ones: its times count from its first line, "
                f"which was written on {mapping.origin:%d %b %Y %H:%M}."
            )
        columns = [
            name
            for column, name in zip(mapping.columns, reader.table.columns, strict=True)
            if column.role == "leave out"
        ]
        if columns:
            yield f"Columns left out at the import: {', '.join(columns)}."
        words = [word for word, meaning in mapping.words.items() if meaning.kind == "leave out"]
        if words:
            yield f"Words left out at the import: {', '.join(words)}."
        for how in ("Converted", "Rounded"):
            if what := reader.turned.get((self._group, how)):
                yield f"{how} at the import: {', '.join(what)}."
        for (group, _, _), left in reader.left_out.items():
            if group == self._group or (group is None and mapping.one_infusion):
                yield from _notes(f"{left.what} left out at the import, {left.reason}", left.said)


def _notes(heading: str, said: Sequence[str]) -> Iterator[str]:
    """A list of what was left out, in as many notes as it takes."""
    text = ""
    for one in said:
        one = one if len(one) < LONGEST_NOTE // 2 else f"{one[: LONGEST_NOTE // 2]}…"
        if text and len(heading) + len(text) + len(one) > LONGEST_NOTE - 10:
            yield f"{heading}: {text}."
            text = ""
        text = f"{text}; {one}" if text else one
    yield f"{heading}: {text}."


def _alike(cell: _Cell, sentence: str) -> str:
    """What questions have in common, so that they can be decided upon together."""
    if " is not below " in sentence:
        return f"{cell.measure.label}: not below {cell.measure.below}"
    low, _ = cell.measure.plausible
    return f"{cell.measure.label}: {'below' if cell.value < low else 'above'} what is usual"


def _decimals(measure: Measure) -> str:
    return "whole numbers" if measure.decimals == 0 else f"{measure.decimals} after the point"


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
