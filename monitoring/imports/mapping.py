"""What a person says of a file before anything in it counts: which column is what, in which unit, since when.

Nothing is guessed. `suggested` proposes what a column's name plainly says, a unit only where the heading names it or
all values can be in no other, and leaves the rest to be said. A proposal is shown to be checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Final, Literal, get_args

from monitoring.clinical.protocol import Measure, Protocol
from monitoring.clinical.record import EventKind
from monitoring.imports.tables import Table
from monitoring.imports.times import TIME_FORMS, clock_alone, day_alone, reads, reads_clock
from monitoring.imports.units import WEIGHTS, Unit, unit_of, units_of
from monitoring.records import is_zone

Role = Literal[
    "",  # not said yet
    "leave out",
    "time",
    "day",
    "clock",
    "minute",  # since the pump was started
    "patient",  # the number this clinic uses for the person
    "infusion",  # whatever tells one infusion of a patient from another
    "number",  # which of the series
    "weight",
    "dose",
    "planned",
    "values",  # of one measure; see Meaning
    "name",  # long form: what the line is about
    "value",
    "unit",
    "event",
    "reason",  # of the event on the same line
    "remark",
]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
ROLE_WORDS: Final[dict[Role, str]] = {
    "": "not said yet",
    "leave out": "leave this column out",
    "time": "day and time",
    "day": "day",
    "clock": "time of day",
    "minute": "minutes since the pump was started",
    "patient": "patient number",
    "infusion": "which infusion (any word or number)",
    "number": "infusion number in its series",
    "weight": "weight",
    "dose": "dose [mg/kg]",
    "planned": "planned time [min]",
    "values": "values",
    "name": "long form: what the line is about",
    "value": "long form: its value",
    "unit": "long form: its unit",
    "event": "event",
    "reason": "reason of the event",
    "remark": "remark, kept as a note",
}
_ONCE: Final[tuple[Role, ...]] = tuple(
    role for role in ROLES if role not in ("", "leave out", "values", "event", "remark")
)
EVENTS: Final[tuple[EventKind, ...]] = ("start", "pause", "resume", "end", "stop", "close", "cancel", "effect", "note")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What values, or a word, mean: a measure in a unit, a pressure as 120/80, an event, or something left out.

    `key` is a measure's key (of "pressure" the lower one's), or the kind of an event. `unit` is a UCUM code. A "weight"
    is the patient's, in a unit of WEIGHTS.
    """

    kind: Literal["measure", "pressure", "event", "leave out", "weight"]
    key: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """What one column is. `meaning`: of a column of values; of one with weights, their unit (None: not said yet)."""

    role: Role = ""
    meaning: Meaning | None = None


When = Literal["", "file", "first", "last", "after", "at"]
WHEN_WORDS: Final[dict[When, str]] = {
    "": "not said yet",
    "file": "the file says it",
    "first": "at the first line of the infusion",
    "last": "at the last line of the infusion",
    "after": "minutes after the start",
    "at": "at a time",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened that the file does not say: `minutes` of "after", `at` of "at" (local time)."""

    when: When = "file"
    minutes: float = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What a person says of every infusion of a file, where the file itself says nothing of it."""

    patient: str = ""  # patient number; "" when a column has it
    chair: str = ""  # id
    weight_kg: float | None = None
    dose_mg_per_kg: float | None = None
    planned_minutes: int | None = None
    bag_volume_ml: float = 0
    every_minutes: int = 0
    started: Moment = Moment()
    ended: Moment = Moment()
    stopped: str = ""  # why it was stopped early; "": it ended as planned
    left: Moment = Moment()


@dataclass(frozen=True, slots=True)
class FileMapping:
    """Everything a person says of a file. `columns` has one for each of the table's, in its order.

    `origin`: local day and time of the start where the file counts minutes, or of the first line where `shifted`, that
    is, where the file's days are not the true ones and only the time between its lines counts.
    """

    columns: tuple[Column, ...]
    zone: str
    time_form: str = "iso"  # "" while several forms read every line, and nobody has said which is right
    shifted: bool = False
    origin: datetime | None = None
    day: date | None = None  # of the first line, where the file tells times of day alone
    by_day: bool = False  # each day of a patient is an infusion of its own
    decimal_comma: bool = False
    rounding: bool = False  # values with more decimals than are recorded here are rounded, not refused
    words: Mapping[str, Meaning] = field(default_factory=dict)  # of the columns "name" and "event"
    told: Told = Told()

    def at(self, role: Role) -> int | None:
        """The position of the one column with this role."""
        return next((i for i, column in enumerate(self.columns) if column.role == role), None)

    def all_at(self, role: Role) -> tuple[int, ...]:
        """The positions of all columns with this role."""
        return tuple(i for i, column in enumerate(self.columns) if column.role == role)

    @property
    def one_infusion(self) -> bool:
        """Whether the whole file is one infusion."""
        return not (self.by_day or self.all_at("patient") or self.all_at("infusion"))


def problems(mapping: FileMapping, table: Table, protocol: Protocol) -> tuple[str, ...]:
    """What is still to be said of a file, one sentence each; () when its lines can be judged."""
    return tuple(dict.fromkeys(_problems(mapping, table, protocol)))


def _problems(mapping: FileMapping, table: Table, protocol: Protocol) -> Iterator[str]:
    if len(mapping.columns) != len(table.columns):
        yield f"{len(mapping.columns)} columns are mapped, the file has {len(table.columns)}: expected each."
        return
    for column, name in zip(mapping.columns, table.columns, strict=True):
        if not column.role:
            yield f"Column “{name}”: expected what it is, or that it is left out."
        elif column.role == "values":
            yield from _meaning_problems(f"Column “{name}”", column.meaning, protocol)
        elif column.role == "weight" and column.meaning is None:
            offered = " or ".join(unit.label for unit in WEIGHTS)
            yield f"Column “{name}”, weight: expected in which unit ({offered})."
    for role in _ONCE:
        if len(found := mapping.all_at(role)) > 1:
            names = " and ".join(f"“{table.columns[i]}”" for i in found)
            yield f"Columns {names} are all {ROLE_WORDS[role]}: expected one."
    yield from _time_problems(mapping, table)
    yield from _word_problems(mapping, table, protocol)
    told = mapping.told
    if mapping.at("patient") is None and not told.patient:
        yield "Patient is missing: expected one, or a column with the patient's number."
    if not told.chair:
        yield "Chair is missing: expected where these infusions were."
    for label, role, value in (
        ("Weight", "weight", told.weight_kg),
        ("Dose", "dose", told.dose_mg_per_kg),
        ("Planned time", "planned", told.planned_minutes),
    ):
        if value is None and not any(column.role == role for column in mapping.columns):
            yield f"{label} is missing: expected it, or a column that has it."
    for what, moment in (("the pump was started", told.started), ("the infusion ended", told.ended)):
        yield from _moment_problems(what, moment, mapping)
    yield from _moment_problems("the patient left", told.left, mapping)


def _meaning_problems(what: str, meaning: Meaning | None, protocol: Protocol) -> Iterator[str]:
    if meaning is None:
        yield f"{what}: expected which measure its values are of."
        return
    if meaning.kind not in ("measure", "pressure"):
        return
    measure = protocol.measures.get(meaning.key)
    if measure is None or (meaning.kind == "pressure" and not measure.below):
        yield f"{what}: measure “{meaning.key}” is not one of this site."
    elif units_of(measure) and unit_of(measure, meaning.unit) is None:
        offered = " or ".join(unit.label for unit in units_of(measure))
        yield f"{what}, {measure.label}: expected in which unit ({offered})."


def _time_problems(mapping: FileMapping, table: Table) -> Iterator[str]:
    ways = [role for role in ("time", "clock", "minute") if any(c.role == role for c in mapping.columns)]
    if len(ways) != 1:
        found = " and ".join(ROLE_WORDS[role] for role in ROLES if role in ways) or "no column"
        yield f"Times are told by {found}: expected one column with times, or with minutes since the start."
        return
    if ways == ["clock"] and mapping.at("day") is None and mapping.day is None:
        yield "Times of day without a day: expected the day of the first line, or a column with the day."
    if not mapping.time_form:
        yield "How times are written: several forms read every line, expected to be confirmed which one is right."
    elif mapping.time_form not in TIME_FORMS:
        yield f"Form of times “{mapping.time_form}”: expected one of {', '.join(TIME_FORMS)}."
    elif (texts := _times(mapping, table)) and not any(reads(text, mapping.time_form) for text in texts):
        yield f"No line fits this form of times ({TIME_FORMS[mapping.time_form]}): choose another."
    if not is_zone(mapping.zone):
        yield "Zone is missing: expected the one these times are in, such as Europe/Berlin."
    if ways == ["minute"] and mapping.shifted:
        yield "Minutes are never shifted: expected days and times."
    if ways == ["minute"] or mapping.shifted:
        if not mapping.one_infusion:
            yield "This file tells no true days, and has several infusions: expected one infusion in a file."
        if mapping.origin is None:
            first = "the pump was started" if ways == ["minute"] else "the first line was written"
            yield f"Day and time are missing: expected when {first}."
    elif mapping.by_day and mapping.at("infusion") is not None:
        yield "Infusions are told by a column and by the day: expected one of the two."


def _word_problems(mapping: FileMapping, table: Table, protocol: Protocol) -> Iterator[str]:
    named, valued = mapping.at("name"), mapping.at("value")
    if (named is None) != (valued is None):
        yield "Long form: expected a column that says what a line is about, and one with its value."
    if mapping.at("unit") is not None and named is None:
        yield "A column with units: expected one that says what a line is about, too."
    if named is None and not mapping.all_at("values") and not mapping.all_at("event"):
        yield "No column has values: expected at least one."
    for word in words_to_say(mapping, table):
        meaning = mapping.words.get(word)
        if meaning is None:
            yield f"Word “{word}”: expected what it means, or that it is left out."
        elif meaning.kind == "event" and meaning.key not in EVENTS:
            yield f"Word “{word}”: event “{meaning.key}” is unknown here."
        else:
            yield from _meaning_problems(f"Word “{word}”", meaning, protocol)


def forms_that_read(mapping: FileMapping, table: Table) -> tuple[str, ...]:
    """The forms of times that read every line that any form reads; () where its times are minutes, or none does.

    A line that is no time in any form is told apart: it must not hide that the others can be read in two ways.
    """
    read = [forms for text in _times(mapping, table) if (forms := {form for form in TIME_FORMS if reads(text, form)})]
    return tuple(form for form in TIME_FORMS if read and all(form in forms for forms in read))


def first_time(mapping: FileMapping, table: Table) -> str:
    """Day and time of the first line that has them in some form, as the file writes them; "" where there is none."""
    texts = _times(mapping, table)
    return next((text for text in texts if any(reads(text, form) for form in TIME_FORMS)), "")


def time_text(cells: Sequence[str], mapping: FileMapping) -> str:
    """Day and time of a line as they stand in its cells; "" where it has none.

    Of a day and a time in cells of their own, what a spreadsheet adds to each (midnight, the day it counts from) is
    left out. A time of day alone stands after `mapping.day`.
    """
    at, day, clock = (mapping.at(role) for role in ("time", "day", "clock"))
    if at is not None:
        return cells[at]
    if clock is None or not cells[clock]:
        return cells[day] if day is not None else ""
    told = day_alone(cells[day]) if day is not None else mapping.day.isoformat() if mapping.day else ""
    return f"{told} {clock_alone(cells[clock])}".strip()


def _times(mapping: FileMapping, table: Table) -> tuple[str, ...]:
    """Day and time of each line as the file writes them, lines without any left out."""
    time, day, clock = (mapping.at(role) for role in ("time", "day", "clock"))
    if mapping.at("minute") is not None or (time is None and (clock is None or (day is None and mapping.day is None))):
        return ()
    found = (time_text(row.cells, mapping) for row in table.rows)
    return tuple(dict.fromkeys(text for text in found if text))


def words_to_say(mapping: FileMapping, table: Table) -> tuple[str, ...]:
    """The words of the file that need a meaning: those of the column that names what a line is about, and of events."""
    columns = [*mapping.all_at("name"), *mapping.all_at("event")]
    return tuple(dict.fromkeys(word for column in columns for word in table.words(column)))


def _moment_problems(what: str, moment: Moment, mapping: FileMapping) -> Iterator[str]:
    if not moment.when:
        yield f"When {what}: expected it."
    elif moment.when == "at" and moment.at is None:
        yield f"When {what}: expected day and time."
    elif moment.when == "at" and not mapping.one_infusion:
        yield f"When {what}: one time cannot hold for several infusions; expected minutes, or that the file says it."


# What the name of a column or a word plainly says, in letters alone.
_PLAIN: Final[dict[Role, tuple[str, ...]]] = {
    "time": ("time", "datetime", "charttime", "timestamp", "dateandtime", "observedat", "when"),
    "day": ("date", "day"),
    "clock": ("clock", "timeofday"),
    "minute": ("minute", "minutes", "min", "tmin", "elapsedmin", "minutessincestart"),
    "patient": ("patient", "patientnumber", "patientno", "mrn"),
    "infusion": ("infusion", "infusionid", "session"),
    "number": ("infusionnumber", "infusionno"),
    "weight": ("weight", "bodyweight", "wt", "weighttoday"),
    "dose": ("dosemgkg", "dosemgperkg"),
    "name": ("measure", "parameter", "item", "what"),
    "value": ("value",),
    "unit": ("unit", "units"),
    "event": ("event", "events"),
    "reason": ("reason",),
    "remark": ("remark", "remarks", "note", "notes", "comment", "comments"),
}
_MEASURES: Final[dict[str, tuple[str, ...]]] = {
    "systolic": (
        *("sys", "sbp", "syst", "systolic", "systolicbp", "systolicbloodpressure", "bpsys", "bpsystolic"),
        *("nbps", "nbpsys", "nibps", "nibpsys", "bloodpressuresystolic", "sysbp"),
    ),
    "diastolic": (
        *("dia", "dbp", "diast", "diastolic", "diastolicbp", "diastolicbloodpressure", "bpdia", "bpdiastolic"),
        *("nbpd", "nbpdias", "nibpd", "nibpdia", "bloodpressurediastolic", "diabp"),
    ),
    "heart_rate": ("hr", "heartrate", "pulse", "pulserate", "pr", "bpm"),
    "spo2": ("spo", "sao", "sao2", "o2sat", "o2sats", "o2saturation", "sat", "sats", "saturation", "spo2"),
    "respiration": ("rr", "resp", "resps", "respirations", "respiratoryrate", "resprate"),
    "temperature": ("temp", "tempc", "tempf", "temperature"),
}
_PRESSURE: Final = ("bp", "nibp", "nbp", "bloodpressure", "sysdia", "systolicdiastolic")  # both in one: 120/80
_UNIT: Final = re.compile(r"(?P<name>.+?)\s*(?:\[(?P<square>[^\]]*)\]|\((?P<round>[^)]*)\)|[\s,_](?P<last>[^\s,_]+))")


def suggested(table: Table, protocol: Protocol, zone: str) -> FileMapping:
    """What the names of the columns plainly say.

    A unit is proposed where the measure comes in no other, the heading names it, or every value of the column is
    plausible in exactly one; the form of times where exactly one reads every line ("" where several do).
    """
    columns: list[Column] = []
    for position, name in enumerate(table.columns):
        found = _by_name(name, table.words(position), protocol)
        taken = {column.role for column in columns}
        columns.append(Column() if found.role in taken and found.role in _ONCE else found)
    mapping = FileMapping(tuple(columns), zone)
    if mapping.at("minute") is not None and mapping.at("time") is not None:
        columns[mapping.at("minute") or 0] = Column()
    _times_apart(columns, table)
    mapping = replace(mapping, columns=tuple(columns))
    values = _by_word(mapping, table)
    words = {
        word: meaning
        for word in words_to_say(mapping, table)
        if (meaning := meant_by(word, protocol, values.get(word, ())))
    }
    forms = forms_that_read(mapping, table) or ("iso",)
    return replace(mapping, words=words, time_form=forms[0] if len(forms) == 1 else "")


def _times_apart(columns: list[Column], table: Table) -> None:
    """A column called "time" that holds times of day is that, beside its day; a "date" with the time in it is both."""
    roles = [column.role for column in columns]
    for position, role in enumerate(roles):
        words = table.words(position)
        if role == "time" and words and "clock" not in roles and all(reads_clock(word) for word in words):
            columns[position] = Column("clock")
        elif role == "day" and words and not {"time", "clock", "minute"} & set(roles):
            whole = any(all(reads(word, form) for word in words) for form in TIME_FORMS)
            columns[position] = Column("time" if whole and not _clock_beside(columns, table) else "day")


def _clock_beside(columns: Sequence[Column], table: Table) -> bool:
    """Whether another column, not said yet, holds times of day: then midnight beside a day is none of its times."""
    unsaid = [at for at, column in enumerate(columns) if not column.role or column.role == "time"]
    return any((words := table.words(at)) and all(reads_clock(word) for word in words) for at in unsaid)


def _by_word(mapping: FileMapping, table: Table) -> dict[str, list[str]]:
    """In long form, the values of each word."""
    name, value = mapping.at("name"), mapping.at("value")
    found: dict[str, list[str]] = {}
    if name is not None and value is not None:
        for row in table.rows:
            if max(name, value) < len(row.cells):
                found.setdefault(row.cells[name], []).append(row.cells[value])
    return found


def _by_name(name: str, values: Iterable[str], protocol: Protocol) -> Column:
    bare = _letters(name)
    if (weight := _weight_called(name)) is not None:
        return weight
    for role, names in _PLAIN.items():
        if bare in names:
            return Column(role)
    meaning = meant_by(name, protocol, values)
    return Column() if meaning is None or meaning.kind == "event" else Column("values", meaning)


def _weight_called(name: str) -> Column | None:
    """A column with weights in the unit its heading names. 158 may be kilograms or pounds: that is never guessed."""
    names = _PLAIN["weight"]
    for unit in WEIGHTS:
        called = {_letters(one) for one in (unit.label, *unit.names)}
        if _letters(name) in {f"{word}{one}" for word in names for one in called}:
            return Column("weight", Meaning("weight", unit=unit.code))
    return None


def meant_by(word: str, protocol: Protocol, values: Iterable[str] = ()) -> Meaning | None:
    """The measure or the event that a word plainly names, None when it names none. `values`: what stands under it."""
    parts = _UNIT.fullmatch(word.strip())
    named = "" if parts is None else next((one for one in parts.group("square", "round", "last") if one), "")
    for name, unit in ((parts["name"] if parts and named else "", named), (word, "")):
        meaning = _measure_called(name, unit, protocol, tuple(values))
        if meaning is not None:
            return meaning
    return next((Meaning("event", kind) for kind in EVENTS if _letters(word) == kind), None)


def _measure_called(name: str, unit: str, protocol: Protocol, values: tuple[str, ...]) -> Meaning | None:
    """The measure of this name; a `unit` that is none of its units makes it another thing, or its name longer."""
    bare = _letters(name)
    for key, measure in protocol.measures.items():
        names = {_letters(key), _letters(measure.label), _letters(measure.short), *_MEASURES.get(key, ())}
        both = bool(measure.below) and bare in _PRESSURE
        if not bare or not (both or bare in names):
            continue
        called = next((one.code for one in units_of(measure) if unit and one.is_called(unit)), "")
        if unit and not called:
            return None
        kind: Literal["measure", "pressure"] = "pressure" if both else "measure"
        return Meaning(kind, key, called or unit_by_values(measure, protocol, values, both=both))
    return None


def unit_by_values(measure: Measure, protocol: Protocol, values: Iterable[str], *, both: bool = False) -> str:
    """The one unit in which every number of `values` is plausible, "" where there is none or more; its only one."""
    offered = units_of(measure)
    if len(offered) < 2:
        return offered[0].code if offered else ""
    measures = [protocol.measures[measure.below], measure] if both else [measure]
    parts = (part for value in values for part in zip(measures, value.split("/"), strict=False))
    numbers = [(of, number) for of, text in parts if (number := _number(text)) is not None]
    fits = [unit.code for unit in offered if numbers and all(_plausible(of, number, unit) for of, number in numbers)]
    return fits[0] if len(fits) == 1 else ""


def _plausible(measure: Measure, number: float, unit: Unit) -> bool:
    own: Callable[[float], float] = unit.convert or float
    low, high = measure.plausible
    return low <= own(number) <= high


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None


def _letters(name: str) -> str:
    return "".join(one for one in name.casefold() if one.isalnum())
