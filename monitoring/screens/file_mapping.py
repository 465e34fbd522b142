"""The form on which a person says what is what in a file: columns, words, times, and what the file leaves unsaid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Final

import streamlit as st

from monitoring.clinic import RunningClinic, running
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import EVENT_WORDS
from monitoring.imports.mapping import (
    EVENTS,
    ROLE_WORDS,
    WHEN_WORDS,
    Column,
    FileMapping,
    Meaning,
    Moment,
    Role,
    Told,
    When,
    first_time,
    forms_that_read,
    suggested,
    words_to_say,
)
from monitoring.imports.tables import Table
from monitoring.imports.times import TIME_FORMS, read_time
from monitoring.imports.units import WEIGHTS, units_of
from monitoring.screens.finding import choose_patient
from monitoring.screens.number_field import NumberField
from monitoring.screens.plain import as_it_is, listed, plain, spoken

_EXAMPLES: Final = 3
_OLDEST: Final = date(1900, 1, 1)
_LONGEST_MINUTES: Final = 100_000  # what a field takes; how long an infusion may last is judged by the dry run
_IN_BUNDLE: Final = {**WHEN_WORDS, "first": "with the first value", "last": "with the last value"}
_EVENT_LABELS: Final = {"effect": "Effect, by its name", "note": "Note"}


def draw_mapping(table: Table, place: str) -> FileMapping:
    """The whole form for a file; `place` tells its fields from those of another file. Returns what is said so far."""
    clinic = running()
    found = clinic.store.clinic()
    zone = found.zone if found else "UTC"
    proposal = _proposal(table, clinic.protocol, zone, place)
    st.subheader("What each column is")
    st.caption("What is chosen below comes from the headings and the values. It is a proposal: check each.")
    columns = tuple(
        _draw_column(table, position, column, clinic.protocol, place)
        for position, column in enumerate(proposal.columns)
    )
    mapping = replace(proposal, columns=columns)
    mapping = _draw_words(table, mapping, clinic.protocol, place)
    st.subheader("Times and numbers")
    mapping = _draw_times(table, mapping, zone, place)
    st.subheader("What the file does not say")
    return replace(mapping, told=_draw_told(mapping, clinic, place))


def _proposal(table: Table, protocol: Protocol, zone: str, place: str) -> FileMapping:
    """What is proposed of this file, found once: every line of it is looked at."""
    kept = st.session_state.get("import_proposal")
    asked = (place, protocol.hash, zone)
    if kept is None or kept[0] != asked or kept[1] != table:
        kept = st.session_state["import_proposal"] = (asked, table, suggested(table, protocol, zone))
    found: FileMapping = kept[2]
    return found


def _draw_column(table: Table, position: int, proposed: Column, protocol: Protocol, place: str) -> Column:
    offered = {_code(one): one for one in _columns(protocol)}
    examples = ", ".join(table.words(position)[:_EXAMPLES]) or "empty in every line"
    left, right = st.columns([2, 3], vertical_alignment="center")
    left.text(as_it_is(f"{table.columns[position]}: {examples}"[:200]))
    code = right.selectbox(
        spoken(f"Column {table.columns[position]}"),
        list(offered),
        index=max(0, list(offered).index(_code(proposed)) if _code(proposed) in offered else 0),
        format_func=lambda one: as_it_is(_column_words(offered.get(one, Column()), protocol)),
        key=f"{place}_column_{position}",
        label_visibility="collapsed",
    )
    return offered.get(code or "", Column())


def _columns(protocol: Protocol) -> list[Column]:
    """What a column can be: what is not said first, then values of each measure in each unit, then the rest."""
    values = [Column("values", meaning) for meaning in _meanings(protocol)]
    first: list[Role] = ["", "time"]
    rest = [role for role in ROLE_WORDS if role not in (*first, "values")]
    weights = [Column("weight", Meaning("weight", unit=unit.code)) for unit in WEIGHTS]
    return [*(Column(role) for role in first), *values, *weights, *(Column(role) for role in rest)]


def _meanings(protocol: Protocol) -> list[Meaning]:
    """Values of every measure, in every unit they can come in, and pressures written as one."""
    found: list[Meaning] = []
    for key, measure in protocol.measures.items():
        found.extend(Meaning("measure", key, unit.code) for unit in units_of(measure))
        if measure.is_rating:
            found.append(Meaning("measure", key))
        if measure.below:
            found.extend(Meaning("pressure", key, unit.code) for unit in units_of(measure))
    return found


def _column_words(column: Column, protocol: Protocol) -> str:
    if column.role == "values" and column.meaning is not None:
        return _meaning_words(column.meaning, protocol)
    if column.role == "weight":
        unit = next((one.label for one in WEIGHTS if column.meaning and one.code == column.meaning.unit), "")
        return f"Weight, {unit or 'unit not said yet'}"
    return _capital(ROLE_WORDS[column.role])


def _meaning_words(meaning: Meaning | None, protocol: Protocol) -> str:
    if meaning is None:
        return "Not said yet"
    if meaning.kind == "leave out":
        return "Leave out"
    if meaning.kind == "event":
        return _EVENT_LABELS.get(meaning.key) or next(
            words for kind, words in EVENT_WORDS.items() if kind == meaning.key
        )
    measure = protocol.measures[meaning.key]
    unit = next((unit.label for unit in units_of(measure) if unit.code == meaning.unit), "")
    label = measure.label
    if meaning.kind == "pressure":
        label = f"{protocol.measures[measure.below].label} / {measure.label[:1].lower()}{measure.label[1:]}"
    return f"{label}, {unit}" if unit else label


def _code(column: Column) -> str:
    meaning = column.meaning
    return column.role if meaning is None else f"{column.role} {meaning.kind} {meaning.key} {meaning.unit}"


def _draw_words(table: Table, mapping: FileMapping, protocol: Protocol, place: str) -> FileMapping:
    words = words_to_say(mapping, table)
    if not words:
        return replace(mapping, words={})
    st.subheader("What each word means")
    events = [Meaning("event", kind) for kind in EVENTS]
    choices: list[Meaning | None] = [None, *_meanings(protocol), *events, Meaning("leave out")]
    said: dict[str, Meaning] = {}
    for word in words:
        proposed = mapping.words.get(word)
        chosen = st.selectbox(
            plain(f"Word {word[:60]}"),
            range(len(choices)),
            index=choices.index(proposed) if proposed in choices else 0,
            format_func=lambda one: as_it_is(_meaning_words(choices[one], protocol)),
            key=f"{place}_word_{word}",
        )
        if (meaning := choices[chosen or 0]) is not None:
            said[word] = meaning
    return replace(mapping, words=said)


def _draw_form(table: Table, mapping: FileMapping, place: str) -> str:
    """How times are written: proposed is a form that reads every line; "" while several do and none is confirmed."""
    at = "_".join(str(mapping.at(role)) for role in ("time", "day", "clock"))
    kept = st.session_state.get("import_forms")
    if kept is None or kept[0] != (place, at) or kept[1] != table:
        kept = st.session_state["import_forms"] = ((place, at), table, forms_that_read(mapping, table))
    fits: tuple[str, ...] = kept[2]
    form = st.selectbox(
        "How times are written",
        list(TIME_FORMS),
        index=list(TIME_FORMS).index(fits[0]) if fits else 0,
        format_func=listed(TIME_FORMS),
        key=f"{place}_{at}_form",  # with other columns, another proposal
    )
    if len(fits) < 2 or form not in fits:
        return form or "iso"
    text = first_time(mapping, table)
    means = f"{read_time(text, form, 'UTC'):%d %b %Y, %H:%M}"
    st.caption("Every line of this file can be read in several forms: confirm what its first time means.")
    said = st.checkbox(
        spoken(f"“{text}” means {means}"),
        key=f"{place}_{at}_{form}_right",
    )
    return form if said else ""


def _draw_times(table: Table, mapping: FileMapping, zone: str, place: str) -> FileMapping:
    minutes = mapping.at("minute") is not None and mapping.at("time") is None
    one, two = st.columns(2)
    if mapping.at("clock") is not None and mapping.at("day") is None:
        what = "Day of the first line: the file tells times of day alone"
        day = one.date_input(what, value=None, min_value=_OLDEST, format="DD/MM/YYYY", key=f"{place}_day")
        mapping = replace(mapping, day=day if isinstance(day, date) else None)
    zones = list(dict.fromkeys([zone, "UTC", *([mapping.zone] if mapping.zone else [])]))
    form, shifted = mapping.time_form, False
    if not minutes:
        with one:
            form = _draw_form(table, mapping, place)
        said = two.selectbox(
            "Zone of times without an offset",
            zones,
            key=f"{place}_zone",
            accept_new_options=True,
            help="A name such as Europe/Berlin",
        )
        zone = said or ""
        shifted = one.checkbox("Days in the file are not the true ones (shifted)", key=f"{place}_shifted")
    origin = None
    if minutes or shifted:
        what = "Pump started" if minutes else "First line written"
        origin = _draw_instant(what, f"{place}_origin")
    by_day = not (minutes or shifted) and two.checkbox(
        "Each day of a patient is an infusion of its own", key=f"{place}_by_day"
    )
    return replace(
        mapping,
        zone=zone,
        time_form=form,
        shifted=shifted,
        origin=origin,
        by_day=by_day,
        decimal_comma=one.checkbox("Numbers are written with a comma (36,8)", key=f"{place}_comma"),
        rounding=two.checkbox("Round values that have more decimals than are recorded here", key=f"{place}_rounding"),
    )


def _draw_instant(what: str, place: str) -> datetime | None:
    """A local day and time, None until both are said."""
    one, two = st.columns(2)
    day = one.date_input(spoken(f"{what}, day"), value=None, min_value=_OLDEST, format="DD/MM/YYYY", key=f"{place}_day")
    at = two.time_input(spoken(f"{what}, time"), value=None, step=60, key=f"{place}_time")
    if isinstance(day, date) and isinstance(at, time):
        return datetime.combine(day, at)
    return None


def draw_told_of_bundle(place: str, *, someone: bool) -> tuple[Told, bool]:
    """What holds where a Bundle does not say it, and whether values are rounded. `someone`: it names no patient."""
    clinic = running()
    st.subheader("Where the file does not say it")
    told = _draw_plan(FileMapping((), ""), clinic, place, Told())
    if someone:
        told = replace(told, patient=_draw_patient(clinic, place))
    one, two, three = st.columns(3)
    with one:
        started = _draw_moment("Pump started", ("file", "first"), f"{place}_started", _IN_BUNDLE)
    with two:
        ended = _draw_moment("Infusion ended", ("file", "after", "last"), f"{place}_ended", _IN_BUNDLE)
    with three:
        left = _draw_moment("Patient left", ("file", "after", "last"), f"{place}_left", _IN_BUNDLE)
    told = replace(told, started=started, ended=ended, left=left)
    return told, st.checkbox("Round values that have more decimals than are recorded here", key=f"{place}_rounding")


def _draw_told(mapping: FileMapping, clinic: RunningClinic, place: str) -> Told:
    protocol = clinic.protocol
    told = Told()
    if mapping.at("patient") is None:
        told = replace(told, patient=_draw_patient(clinic, place))
    told = _draw_plan(mapping, clinic, place, told)
    if mapping.at("minute") is None:
        told = replace(told, started=_draw_moment("Pump started", ("", "file", "first", "at"), f"{place}_started"))
    told = replace(told, ended=_draw_moment("Infusion ended", ("", "file", "after", "at"), f"{place}_ended"))
    if told.ended.when not in ("", "file"):
        reasons = ["", *protocol.stop_reasons]
        stopped = st.selectbox(
            "Stopped early, because of",
            reasons,
            format_func=lambda one: as_it_is(one or "it ended as planned"),
            key=f"{place}_stopped",
        )
        told = replace(told, stopped=stopped or "")
    return replace(told, left=_draw_moment("Patient left", ("", "file", "last", "after", "at"), f"{place}_left"))


def _draw_plan(mapping: FileMapping, clinic: RunningClinic, place: str, told: Told) -> Told:
    """Chair, weight, dose and the rest of what an infusion is opened with, where no column has it."""
    protocol, dose = clinic.protocol, clinic.protocol.dose
    one, two, three = st.columns(3)
    chairs = {chair.id: chair.label for chair in clinic.store.chairs()}
    chair = one.selectbox("Chair", list(chairs), index=None, format_func=listed(chairs), key=f"{place}_chair")
    every = two.selectbox(
        "Vital signs every, min",
        list(protocol.schedule.presets),
        index=list(protocol.schedule.presets).index(protocol.schedule.every_minutes),
        key=f"{place}_every",
    )
    volume = NumberField(f"{place}_volume", "Volume of the bag", "mL").draw(three, dose.bag_volume_ml).value
    told = replace(told, chair=chair or "", every_minutes=every or 0, bag_volume_ml=volume or 0.0)
    if mapping.at("weight") is None:
        weight = NumberField(f"{place}_weight", "Weight", "kg", decimals=1).draw(one).value
        told = replace(told, weight_kg=weight)
    if mapping.at("dose") is None:
        told = replace(told, dose_mg_per_kg=NumberField(f"{place}_dose", "Dose", "mg/kg").draw(two).value)
    if mapping.at("planned") is None:
        planned = NumberField(f"{place}_planned", "Planned time", "min", title="Planned minutes", whole=True)
        planned.draw(three)
        told = replace(told, planned_minutes=planned.count())
    return told


def _draw_patient(clinic: RunningClinic, place: str) -> str:
    """The number of the patient of the whole file; nobody is ever chosen by default."""
    chosen = choose_patient("Patient of this file", key=f"{place}_patient")
    patient = clinic.store.patient(chosen) if chosen else None
    return patient.number if patient else ""


def _draw_moment(what: str, offered: tuple[When, ...], place: str, words: Mapping[When, str] = WHEN_WORDS) -> Moment:
    when = (
        st.selectbox(spoken(what), list(offered), format_func=lambda one: as_it_is(_capital(words[one])), key=place)
        or ""
    )
    if when == "after":
        title = f"{what}, minutes after the start"
        minutes = NumberField(f"{place}_minutes", what, "min", title, possible=(0, _LONGEST_MINUTES)).draw().value
        return Moment("", 0) if minutes is None else Moment("after", minutes)
    if when == "at":
        return Moment("at", at=_draw_instant(what, place))
    return Moment(when)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
