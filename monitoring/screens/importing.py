"""Bringing in infusions of the past: a file, what is what in it, a dry run line by line, decisions, and the import."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from monitoring.clinic import running
from monitoring.clinical.instants import read_day
from monitoring.clinical.record import Patient
from monitoring.imports.bundle import Resource, read_bundle
from monitoring.imports.dry_run import Decision, DryRun
from monitoring.imports.fhir import dry_run_bundle
from monitoring.imports.mapping import FileMapping
from monitoring.imports.paper import dry_run
from monitoring.imports.people import Person, numbers_named, people_named, question_of, registered_as
from monitoring.imports.tables import ENCODINGS, FileRefused, Table, read_table
from monitoring.recording import SourceFile, namesake_questions, register_patient
from monitoring.screens.asking import confirmed, draw_namesakes
from monitoring.screens.deciding import Chosen, decisions_of, draw_dry_run
from monitoring.screens.file_mapping import draw_mapping, draw_told_of_bundle
from monitoring.screens.identity import actor
from monitoring.screens.plain import as_it_is, listed, plain, spoken
from monitoring.screens.said import say_outcome, show_said


def draw_upload() -> Chosen | None:
    """The field for the file; None until there is one. It is kept in memory only, while this page is open."""
    uploaded = st.file_uploader(
        "CSV of past paper records, or a FHIR Bundle in JSON", type=["csv", "txt", "json"], key="import_file"
    )
    if uploaded is None:
        return None
    data = uploaded.getvalue()
    return Chosen(SourceFile(uploaded.name, hashlib.sha256(data).hexdigest()), data)


def draw_table(chosen: Chosen) -> Table | None:
    """The file as a table, or the sentence that says why it is none."""
    encoding = st.selectbox("Encoding of the file", list(ENCODINGS), key=f"{chosen.place}_encoding")
    try:
        table = read_table(chosen.data, encoding or ENCODINGS[0])
    except FileRefused as refused:
        st.error(plain(str(refused)))
        return None
    st.text(as_it_is(f"{chosen.source.shown}: {len(table.columns)} columns, {len(table.rows)} lines"))
    return table


def draw_import(chosen: Chosen, table: Table) -> None:
    """Mapping, dry run, decisions, and the button that brings in what is whole."""
    mapping = draw_mapping(table, chosen.place)
    decisions = decisions_of(chosen)
    draw_dry_run(chosen, _dry_run(chosen, table, mapping, decisions), decisions, "Line")


def draw_bundle(chosen: Chosen) -> None:
    """A FHIR Bundle: whose it is, what it leaves unsaid, dry run, decisions, and the button that brings it in."""
    try:
        resources = _resources(chosen)
    except FileRefused as refused:
        st.error(plain(str(refused)))
        return
    st.text(as_it_is(f"{chosen.source.shown}: {len(resources)} resources"))
    decisions = decisions_of(chosen)
    left_out = [int(key.partition("/")[0]) for key, one in decisions.items() if one.how == "leave out"]
    people = people_named(resources, left_out)
    patients = _registered(numbers_named(resources))
    _draw_people(chosen.place, people, patients)
    told, rounding = draw_told_of_bundle(chosen.place, someone=not people or any(not one.identifiers for one in people))
    patients |= _registered([told.patient])
    clinic = running()
    chairs = {chair.label: chair.id for chair in clinic.store.chairs()}
    asked = (chosen.place, told, rounding, dict(decisions), patients, clinic.protocol.hash)
    kept = st.session_state.get("import_dry_run")
    if kept is None or kept[0] != asked:
        with st.spinner("Reading each entry"):
            found = dry_run_bundle(
                resources,
                told,
                clinic.protocol,
                patients,
                chairs,
                decisions,
                clinic.clock.now(),
                rounding=rounding,
            )
        kept = st.session_state["import_dry_run"] = (asked, None, found)
    draw_dry_run(chosen, kept[2], decisions, "Entry")


def _resources(chosen: Chosen) -> tuple[Resource, ...]:
    """The resources of the Bundle, read once."""
    kept = st.session_state.get("import_bundle")
    if kept is None or kept[0] != chosen.place:
        with st.spinner("Reading the Bundle"):
            kept = st.session_state["import_bundle"] = (chosen.place, read_bundle(chosen.data))
    found: tuple[Resource, ...] = kept[1]
    return found


def _draw_people(place: str, people: Sequence[Person], patients: Mapping[str, Patient]) -> None:
    """Everybody the Bundle names: one who is not registered is offered once, one who may be another is shown beside."""
    offered: set[tuple[str, str]] = set()
    for person in people:
        found = registered_as(person, patients)
        numbers = {(one.system, one.value) for one in person.identifiers}
        if found and (question := question_of(person, *found[0])):
            st.warning(plain(question))
        elif not found and person.identifiers and not numbers & offered:
            offered |= numbers
            _draw_register(place, person)


def _draw_register(place: str, person: Person) -> None:
    """Somebody the Bundle names and who is not registered here: registered from it, when a person says so."""
    key = f"{place}_register_{person.number}"
    kinds = {one.value: f"{one.value}{f' ({one.kind})' if one.kind else ''}" for one in person.identifiers}
    with st.container(border=True):
        number = next(iter(kinds))
        died = f", died {person.died}" if person.died else ""
        who = f"{person.name or 'no name'}, number {number}, born {person.born or 'not said'}"
        st.text(as_it_is(f"Not registered here: {who}, sex {person.sex or 'not said'}{died}"))
        if len(kinds) > 1:
            st.selectbox(
                spoken(f"Number in this clinic, of {person.name or number}"),
                list(kinds),
                format_func=listed(kinds),
                key=f"{key}_number",
            )
        draw_namesakes(key, namesake_questions(running(), person.name, read_day(person.born)))
        st.button("Register as the file says", key=key, on_click=_register, args=(key, number, person))
        show_said(key)


def _register(key: str, number: str, person: Person) -> None:
    birth_date = read_day(person.born)
    number = st.session_state.get(f"{key}_number", number)
    say_outcome(
        key,
        register_patient(
            running(),
            actor(),
            number=number,
            name=person.name,
            birth_date=birth_date,
            sex=person.sex,
            confirmed=confirmed(key),
        ),
    )


def _dry_run(chosen: Chosen, table: Table, mapping: FileMapping, decisions: Mapping[str, Decision]) -> DryRun:
    """The dry run; the last one is kept, because each tap on the page draws it again."""
    clinic = running()
    patients = _patients(table, mapping)
    asked = (chosen.place, mapping, dict(decisions), patients, clinic.protocol.hash)
    kept = st.session_state.get("import_dry_run")
    if kept is None or kept[0] != asked or kept[1] != table:
        with st.spinner("Reading each line"):
            found = dry_run(table, mapping, clinic.protocol, patients, decisions, clinic.clock.now())
        kept = st.session_state["import_dry_run"] = (asked, table, found)
    result: DryRun = kept[2]
    return result


def _patients(table: Table, mapping: FileMapping) -> dict[str, Patient]:
    """The patients the file names, by number."""
    column = mapping.at("patient")
    return _registered([mapping.told.patient] if column is None else table.words(column))


def _registered(numbers: Iterable[str]) -> dict[str, Patient]:
    """Those of these numbers who are registered here."""
    found: dict[str, Patient] = {}
    for number in numbers:
        patient = running().store.patient_numbered(number)
        if patient is not None:
            found[number] = patient
    return found
