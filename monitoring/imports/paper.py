"""Past paper records in a CSV file, judged line by line before anything is stored. Pure: nothing here writes.

Wide form (a column for each measure) or long form (a line for each value). What is outside plausible is asked about:
confirmed as unusual, or left out with a reason. What cannot be is put right in the file, or left out with a reason.
Whatever is left out is told in the record. Of an infusion all comes in, or nothing does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitoring.clinical.checks import questions
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import EVENT_WORDS, Event, EventKind, NotDone, Patient, Reading
from monitoring.imports.dry_run import (
    Decision,
    DryRun,
    Fault,
    Found,
    RowFound,
    RowState,
    alike,
    capital,
    no_overlaps,
    notes,
    of_the_file,
)
from monitoring.imports.lines import NUMBERS, Cell, Line, Reader
from monitoring.imports.mapping import ROLE_WORDS, FileMapping, Moment, Role
from monitoring.imports.mapping import problems as mapping_problems
from monitoring.imports.tables import Table
from monitoring.imports.times import TimeRefused, in_zone
from monitoring.recording import PastEntry, PastInfusion, past_problems


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
        reader = Reader(table, mapping, protocol, decisions)
    except TimeRefused as refused:
        return DryRun((str(refused),))
    groups: dict[tuple[str, str], list[Line]] = {}
    strays: list[str] = []
    for line in reader.lines:
        if line.group is not None:
            groups.setdefault(line.group, []).append(line)
        elif not line.left_out:
            strays.append(f"{capital(line.row.place)} belongs to no infusion: expected it put right, or left out.")
    infusions: list[Found] = []
    where: dict[int, int] = {}
    for (number, _), lines in groups.items():
        where |= {line.row.line: len(infusions) for line in lines}
        infusions.append(_Group(reader, number, patients.get(number), lines).found(now))
    no_overlaps(infusions)
    return DryRun(
        tuple(strays),
        tuple(_row_found(line, where.get(line.row.line), reader) for line in reader.lines),
        tuple(replace(one, past=None) if strays else one for one in infusions),
        tuple(f"Above the heading, not read: “{line}”." for line in table.above),
    )


def _row_found(line: Line, infusion: int | None, reader: Reader) -> RowFound:
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


class _Group:
    """The lines of one infusion, made into entries and judged as a whole."""

    def __init__(self, reader: Reader, number: str, patient: Patient | None, lines: Sequence[Line]) -> None:
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
        self._ask_order()
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
        self._ask_length(past)
        if self._patient is not None:
            self._judge(past, now)
        return replace(past, remarks=tuple(self._remarks()))

    def _agreed(self, role: Role) -> float | None:
        """The one number that the lines of an infusion give for it as a whole."""
        first: tuple[float, Line] | None = None
        for line in self._kept:
            value = line.numbers.get(role)
            if value is None:
                continue
            if first is None:
                first = value, line
            elif value != first[0]:
                line.wrong(
                    f"{line.row.line}/{role}",
                    f"{capital(ROLE_WORDS[role])} {value:g}: {first[0]:g} in {first[1].row.place}, expected one.",
                    f"{ROLE_WORDS[role]}: not the same in all lines",
                )
        if first is not None and role in ("planned", "number") and not first[0].is_integer():
            self._faults.append(f"{capital(ROLE_WORDS[role])} {first[0]:g}: expected a whole number.")
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
                        Fault(
                            cell.key,
                            of_the_file(question.sentence),
                            asked=True,
                            group=alike(cell.measure, cell.value, question.sentence),
                        )
                    )

    def _ask_order(self) -> None:
        """Ask about each line that is earlier than the one above it, of the same word in the long form.

        A clock of twelve hours goes back like that at one o'clock. Newest first throughout is an order too.
        """
        named = self._reader.mapping.at("name")
        above: dict[str, tuple[datetime, Line]] = {}
        back: list[tuple[Line, datetime]] = []
        onward = False
        for line in self._kept:
            if line.at is None:
                continue
            word = "" if named is None else line.row.cells[named]
            if word in above:
                before, _ = above[word]
                onward |= line.at > before
                if line.at < before:
                    back.append((line, before))
            above[word] = line.at, line
        for line, before in back if onward else ():
            assert line.at is not None
            sentence = (
                f"{self._reader.clock(line.at)} stands below a line that is {_span(before - line.at)} later "
                f"({self._reader.clock(before)}): is this what the file means?"
            )
            self._ask_of(line, f"{line.row.line}/order", sentence, "Lines that go back in time")

    def _ask_length(self, past: PastInfusion) -> None:
        """Ask about an infusion that ran far longer than it was planned to, and than any here is planned."""
        events = [(e.event.kind, e.observed_at) for e in past.entries if e.event is not None]
        start = next((at for kind, at in events if kind == "start"), None)
        times = [line for line in self._kept if line.at is not None]
        if start is None or past.planned_minutes is None or not times:
            return
        end = next((at for kind, at in events if kind in ("end", "stop")), max(e.observed_at for e in past.entries))
        longest = self._reader.protocol.dose.planned_minutes_possible[1]
        if end - start <= timedelta(minutes=max(2 * past.planned_minutes, longest)):
            return
        last = max(times, key=lambda line: line.at or start)
        sentence = f"Ran for {_span(end - start)}, planned for {past.planned_minutes} min: is this what the file means?"
        self._ask_of(last, f"{last.row.line}/length", sentence, "Ran far longer than planned")

    def _ask_of(self, line: Line, key: str, sentence: str, group: str) -> None:
        decision = self._reader.decisions.get(key)
        if decision is None or decision.how != "unusual":
            line.faults.append(Fault(key, sentence, asked=True, group=group))

    def _by_instant(self) -> dict[datetime, list[tuple[Line, Cell]]]:
        """The values that belong to one set: measured, not rated, and seen at one instant."""
        found: dict[datetime, list[tuple[Line, Cell]]] = defaultdict(list)
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

    def _is_unusual(self, cell: Cell, confirmed: set[str]) -> bool:
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
            try:
                return (started or times[0]) + timedelta(minutes=moment.minutes)
            except OverflowError:
                self._faults.append(f"{moment.minutes:g} minutes after the start: expected fewer.")
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

    def _is_asked(self, line: Line, sentence: str) -> bool:
        """Whether this says again what is asked about a value of the same instant already."""
        if "expected to be confirmed" not in sentence:
            return False
        return any(fault.asked for other in self._kept if other.at == line.at for fault in other.faults)

    def _key_of(self, line: Line, sentence: str) -> str:
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
            if group in (self._group, None):  # what belonged to none is told in each
                yield from notes(f"{left.what} left out at the import, {left.reason}", left.said)


def _span(span: timedelta) -> str:
    """ "35 min", "11 h 45 min"."""
    hours, minutes = divmod(round(span / timedelta(minutes=1)), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)
