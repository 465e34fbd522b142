"""Finding and registering patients, and opening an infusion at a chair."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring import access
from monitoring.clinic import running
from monitoring.clinical.asked import LastInfusion, opening_questions
from monitoring.clinical.protocol import Dose
from monitoring.clinical.record import Patient
from monitoring.documents import age_in_years, allergy_words
from monitoring.recording import (
    IDENTIFIERS,
    SEXES,
    correct_patient,
    correction_questions,
    free_chairs,
    last_infusion,
    namesake_questions,
    next_of_series,
    open_infusion,
    register_patient,
)
from monitoring.screens.asking import confirmed, draw_namesakes, draw_question
from monitoring.screens.doorway import PAGES
from monitoring.screens.identity import actor
from monitoring.screens.number_field import NumberField
from monitoring.screens.plain import as_it_is, in_html, listed, plain
from monitoring.screens.said import say, say_outcome, show_said
from monitoring.screens.series import draw_way_to_series

_YES: Final = {"weight": "Yes, this is the weight today", "dose": "Yes, this is what was ordered"}
_NOTHING_TYPED: Final = ("", "", None, None, "")  # number, name, birth date, sex, allergies


def draw_chosen(patient_id: str | None) -> None:
    """The chosen patient and the form that opens an infusion."""
    clinic, who = running(), actor()
    patient = clinic.store.patient(patient_id) if patient_id else None
    if patient is None or who is None:
        return
    found = clinic.store.clinic()
    today = clinic.clock.now().astimezone(ZoneInfo(found.zone if found else "UTC")).date()
    with st.container(border=True):
        st.html(f"<h2>{in_html(patient.name)}</h2>")  # as it is: markdown would make a link of what looks like one
        born = f"born {patient.birth_date:%d %b %Y} ({age_in_years(patient.birth_date, today)} y)"
        st.text(as_it_is(f"No. {patient.number} · {born} · {patient.sex} · {allergy_words(patient)}"))
        draw_way_to_series(patient.id)
        if access.may(who.staff.role, "register_patient"):
            _draw_correct(patient)
        if access.may(who.staff.role, "open_infusion"):
            _draw_open(patient)


def _draw_open(patient: Patient) -> None:
    if opened := st.session_state.get("opened"):  # kept until the bedside is there: another tap may come in between
        st.switch_page(PAGES / "bedside.py", query_params={"infusion": opened})
    clinic = running()
    protocol, suggested = clinic.protocol, next_of_series(clinic, patient.id)
    free = {chair.id: chair.label for chair in free_chairs(clinic)}
    if not free:
        st.info("No chair is free.")
        return
    # The infusion's id is made once for this form, so that a double tap opens one infusion.
    st.session_state.setdefault(f"new_infusion_{patient.id}", str(uuid4()))
    wanted = st.query_params.get("chair")
    first = list(free).index(wanted) if wanted in free else 0
    dose = protocol.dose
    key, number = _keys(patient.id), _number_fields(patient.id)
    one, two, three = st.columns(3)
    weight = number["weight"].draw(one).value
    mg_per_kg = number["dose"].draw(two, dose.mg_per_kg).value
    last = last_infusion(clinic, patient.id)
    one.caption(plain(_last_weight(last)))
    two.caption(plain(_last_dose(last, dose)))
    number["planned"].draw(three, dose.planned_minutes)
    number["which"].draw(one, suggested.number)
    presets = list(protocol.schedule.presets)
    two.segmented_control("Vital signs every, min", presets, default=protocol.schedule.every_minutes, key=key["every"])
    three.selectbox("Chair", list(free), index=first, format_func=listed(free), key=key["chair"])
    if weight is not None and mg_per_kg is not None:
        st.text(f"{weight:.10g} kg × {mg_per_kg:.10g} mg/kg = {weight * mg_per_kg:.10g} mg")
        for about, question in opening_questions(dose, weight, mg_per_kg, last):
            draw_question(patient.id, question, _YES[about])
    st.pills("Identified by (two)", list(IDENTIFIERS), selection_mode="multi", key=key["identifiers"], default=[])
    st.button(
        f"Open infusion for {plain(patient.name)}",
        key="open_infusion",
        type="primary",
        on_click=_open,
        args=(patient.id, f"new_infusion_{patient.id}"),
    )
    show_said(f"open {patient.id}")


def _keys(patient_id: str) -> dict[str, str]:
    """The keys of the form's fields, one's own for each patient: no weight is carried over to the next person."""
    fields = ("weight", "dose", "planned", "which", "every", "chair", "identifiers")
    return {field: f"{field}_{patient_id}" for field in fields}


def _last_weight(last: LastInfusion | None) -> str:
    """The last weight as what it is: nobody fills it in."""
    return "No weight before" if last is None else f"Last {last.weight_kg:.10g} kg, {last.weighed_on:%d %b %Y}"


def _last_dose(last: LastInfusion | None, dose: Dose) -> str:
    was = "no dose before" if last is None else f"last {last.mg_per_kg:.10g} mg/kg, {last.on:%d %b %Y}"
    return f"Site's standard {dose.mg_per_kg:.10g} mg/kg · {was}"


def _number_fields(patient_id: str) -> dict[str, NumberField]:
    """The fields of the form that take a number."""
    key = _keys(patient_id)
    return {
        "weight": NumberField(key["weight"], "Weight today", "kg", decimals=1),
        "dose": NumberField(key["dose"], "Dose", "mg/kg"),
        "planned": NumberField(key["planned"], "Planned time", "min", title="Planned minutes", whole=True),
        "which": NumberField(key["which"], "Which of the series", whole=True),
    }


def _open(patient_id: str, id_key: str) -> None:
    given, key, number = st.session_state, _keys(patient_id), _number_fields(patient_id)
    opened_here: dict[str, str] = given.setdefault("opened_here", {})  # patient to infusion
    if opened_here.get(patient_id) in {infusion.id for infusion in running().store.open_infusions()}:
        given["opened"] = opened_here[patient_id]  # a second tap, of which the page hears after it has moved on
        return
    if unread := [problem for field in number.values() for problem in field.problems()]:
        say(f"open {patient_id}", unread)
        return
    outcome = open_infusion(
        running(),
        actor(),
        id=given[id_key],
        patient_id=patient_id,
        chair=given[key["chair"]],
        weight_kg=number["weight"].number(),
        dose_mg_per_kg=number["dose"].number(),
        planned_minutes=number["planned"].count(),
        every_minutes=given[key["every"]],
        identifiers=given[key["identifiers"]],
        number=number["which"].count(),
        confirmed=confirmed(patient_id),
    )
    if say_outcome(f"open {patient_id}", outcome) and outcome.value is not None:
        given["opened"] = opened_here[patient_id] = outcome.value.id
        del given[id_key]


def _draw_correct(patient: Patient) -> None:
    """Putting a patient's details right: the former ones stay in the record."""
    with st.expander("Correct these details"):
        place = f"correct_{patient.id}"
        st.text_input("Name", value=patient.name, key=f"{place}_name")
        st.date_input(
            "Birth date",
            value=patient.birth_date,
            min_value=date(1900, 1, 1),
            format="DD/MM/YYYY",
            key=f"{place}_birth",
        )
        st.segmented_control("Sex", list(SEXES), default=patient.sex, key=f"{place}_sex")
        st.text_input("Allergies", value=patient.allergies, key=f"{place}_allergies", placeholder="not recorded")
        draw_namesakes(place, _questions_of_correction(patient, place))
        st.button("Save these details", key=f"{place}_save", on_click=_correct, args=(patient.id, place))
        show_said(place)


def _questions_of_correction(patient: Patient, place: str) -> tuple[str, ...]:
    given = st.session_state
    return correction_questions(running(), patient, given[f"{place}_name"], given[f"{place}_birth"])


def _correct(patient_id: str, place: str) -> None:
    given = st.session_state
    outcome = correct_patient(
        running(),
        actor(),
        patient_id,
        name=given[f"{place}_name"],
        birth_date=given[f"{place}_birth"],
        sex=given[f"{place}_sex"] or "",
        allergies=given[f"{place}_allergies"],
        confirmed=confirmed(place),
    )
    say_outcome(place, outcome, "The details are corrected; the former ones stay in the record.")


def draw_register() -> None:
    """The form for a new patient. What was typed stays when something is missing."""
    st.session_state.setdefault("new_patient", str(uuid4()))
    one, two = st.columns(2)
    one.text_input("Patient number", key="reg_number")
    two.text_input("Name", key="reg_name")
    one.date_input("Birth date", value=None, min_value=date(1900, 1, 1), format="DD/MM/YYYY", key="reg_birth")
    two.segmented_control("Sex", list(SEXES), key="reg_sex")
    st.text_input(
        "Allergies (write “none known” when that was the answer)", key="reg_allergies", placeholder="not recorded"
    )
    given = st.session_state
    draw_namesakes("register", namesake_questions(running(), given.reg_name, given.reg_birth, but=given.new_patient))
    st.button("Register", key="register", type="primary", on_click=_register)
    show_said("register")


def _register() -> None:
    given = st.session_state
    typed = (given.reg_number, given.reg_name, given.reg_birth, given.reg_sex, given.reg_allergies)
    if "registered" in given and typed in (given.registered, _NOTHING_TYPED):
        _empty_form()  # a second tap, with what the page showed at the first or already without it
        return
    outcome = register_patient(
        running(),
        actor(),
        number=given.reg_number,
        name=given.reg_name,
        birth_date=given.reg_birth,
        sex=given.reg_sex or "",
        allergies=given.reg_allergies,
        id=given.new_patient,
        confirmed=confirmed("register"),
    )
    if say_outcome("register", outcome, f"{given.reg_name.strip()} is registered: find them under Find."):
        given.registered = typed
        given.new_patient = str(uuid4())
        _empty_form()


def _empty_form() -> None:
    given = st.session_state
    given.reg_number, given.reg_name, given.reg_birth, given.reg_sex, given.reg_allergies = _NOTHING_TYPED
