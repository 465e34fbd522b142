"""Finding and registering patients, and opening an infusion for one of them."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import streamlit as st

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.documents.found_patients import SHOWN, found_patients_document
from tests.screens.tab import Doorman, Tab, read
from tests.small_clinic import Names, actor, event, open_infusion

NEW: dict[str, Any] = {
    "reg_number": "K-0200",
    "reg_name": "Ama Boateng",
    "reg_birth": date(1990, 2, 28),
    "reg_sex": "female",
    "reg_allergies": "latex",
}
EMPTY = {"reg_number": "", "reg_name": "", "reg_birth": None, "reg_sex": None, "reg_allergies": ""}
HOSTILE = "*Ann* [x](http://y.example) _b_ <b>c</b> `d` # :red[e] $f$"


def found(house: RunningClinic, typed: str) -> list[str]:
    """The patients that the search shows for what is typed."""
    patients = found_patients_document(house.store, typed)["patients"]
    return [f"{one['name']} · {one['number']} · {one['born']}" for one in patients]


def register(house: RunningClinic, name: str, number: str, born: date = date(1990, 2, 28)) -> str:
    """A patient registered by Petra; answers their id."""
    outcome = recording.register_patient(
        house, actor(house, "Petra Novak"), number=number, name=name, birth_date=born, sex="unknown"
    )
    assert outcome.value is not None, outcome.sentences
    return outcome.value.id


# Find


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        ("haddad", ["Omar Haddad · K-0102 · born 02 Nov 1967"]),
        ("  K-0103 ", ["Lin Sørensen · K-0103 · born 30 Aug 1994"]),
        ("SØRENSEN", ["Lin Sørensen · K-0103 · born 30 Aug 1994"]),
        ("soerensen", ["Lin Sørensen · K-0103 · born 30 Aug 1994"]),
        ("30.8.19", ["Lin Sørensen · K-0103 · born 30 Aug 1994"]),
        ("2 Nov 1967", ["Omar Haddad · K-0102 · born 02 Nov 1967"]),
    ],
)
def test_a_patient_is_found_by_name_number_or_birth_date(house: RunningClinic, typed: str, lines: list[str]) -> None:
    assert found(house, typed) == lines


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        (
            "Zacharias",
            "Nobody found: check the spelling, or register the patient. A birth date is typed as 14.5.1981.",
        ),
        ("haddad", ""),
        ("", ""),
    ],
)
def test_nobody_found_is_said(house: RunningClinic, typed: str, note: str) -> None:
    assert found_patients_document(house.store, typed)["note"] == note


def test_nobody_registered_is_said(nothing_yet: RunningClinic) -> None:
    document = found_patients_document(nothing_yet.store, "  ")
    assert document == {"patients": [], "chosen": None, "warning": "", "note": "Nobody is registered yet."}


def test_more_than_are_shown_is_said(house: RunningClinic) -> None:
    for n in range(SHOWN):
        register(house, f"Anna Muster {n:02}", f"M-{n:02}")
    assert (len(found(house, "muster")), found_patients_document(house.store, "muster")["note"]) == (SHOWN, "")
    register(house, "Anna Muster zuletzt", "M-99")
    assert len(found(house, "muster")) == SHOWN
    more = f"The first {SHOWN} of more patients: type more of the name, the number or the birth date."
    assert found_patients_document(house.store, "muster")["note"] == more


def test_nobody_is_ever_chosen_by_default(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "patients")
    assert tab.part("patient_chosen")["chosen"] is None
    assert not tab.has("open_infusion")


def test_a_chosen_patient_does_not_outlast_another_search(house: RunningClinic, door: Doorman, ids: Names) -> None:
    tab = door("Ada Okafor", "patients").fill(patient_chosen=ids.patients["Omar Haddad"])
    assert tab.part("patient_chosen")["chosen"] == ids.patients["Omar Haddad"]
    assert tab.has("open_infusion")
    tab.fill(patient_chosen=None)  # what the search tells with the next letter
    assert not tab.has("open_infusion")


def test_a_chosen_patient_does_not_outlast_the_page(house: RunningClinic, door: Doorman, ids: Names) -> None:
    tab = door("Ada Okafor", "patients").fill(patient_chosen=ids.patients["Omar Haddad"])
    tab.open("past").open("patients")
    assert tab.part("patient_chosen")["chosen"] is None
    assert not tab.has("open_infusion")


@pytest.mark.parametrize("told", ["nobody of this id", 7, ["x"], {"a": 1}, ""])
def test_what_is_no_patient_chooses_nobody(house: RunningClinic, door: Doorman, told: object) -> None:
    assert not door("Ada Okafor", "patients").fill(patient_chosen=told).has("open_infusion")


def test_two_of_the_same_name_are_warned_about(house: RunningClinic) -> None:
    assert found_patients_document(house.store, "Omar Haddad")["warning"] == ""
    register(house, "OMAR haddad", "K-0300")
    assert len(found(house, "Omar Haddad")) == 2
    warning = "Two patients here have the same name: compare number and birth date."
    assert found_patients_document(house.store, "Omar Haddad")["warning"] == warning


def test_a_name_is_shown_as_it_was_typed(house: RunningClinic, door: Doorman) -> None:
    chosen = register(house, HOSTILE, "K_0301*")
    assert found(house, "ann") == [f"{HOSTILE} · K_0301* · born 28 Feb 1990"]
    tab = door("Ada Okafor", "patients").fill(patient_chosen=chosen)
    assert f"<h2>{escape(HOSTILE)}</h2>" in tab.words
    assert re.findall(r"(?<!\\)[*_`$#:<>\[\]]", tab.field("open_infusion").label) == []


# Register


def test_a_patient_is_registered_and_the_form_is_empty_for_the_next(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "patients").fill(**NEW).press("Register")
    assert (tab.confirmations, tab.refusals) == (["Ama Boateng is registered: find them under Find."], [])
    assert {key: tab.field(key).value for key in NEW} == EMPTY
    (patient,) = house.store.find_patients("K-0200")
    assert (patient.name, patient.birth_date, patient.sex, patient.allergies) == (
        "Ama Boateng",
        date(1990, 2, 28),
        "female",
        "latex",
    )
    assert found(house, "ama") == ["Ama Boateng · K-0200 · born 28 Feb 1990"]


def test_pressing_register_again_registers_nobody_else(house: RunningClinic, door: Doorman) -> None:
    before = len(house.store.find_patients(""))
    tab = door("Ada Okafor", "patients").fill(**NEW).press("Register").press("Register")
    assert len(house.store.find_patients("")) == before + 1
    assert (tab.confirmations, tab.refusals) == (["Ama Boateng is registered: find them under Find."], [])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"reg_number": " "}, "Patient number is empty: expected the number this clinic uses for the person."),
        ({"reg_number": "K-0102"}, "Patient number K-0102 is taken."),
        ({"reg_name": ""}, "Name is empty: expected the person's name."),
        ({"reg_birth": None}, "Date of birth is missing: expected a date."),
        (
            {"reg_birth": date(2030, 1, 1)},
            "Date of birth 01 Jan 2030 is in the future: expected a date up to today.",
        ),
        ({"reg_sex": None}, "Sex is missing: expected one of female, male, other, unknown."),
    ],
    ids=["no number", "taken number", "no name", "no birth date", "future birth date", "no sex"],
)
def test_what_is_wrong_with_a_new_patient_is_said_and_what_was_typed_stays(
    house: RunningClinic, door: Doorman, wrong: dict[str, Any], sentence: str
) -> None:
    before = house.store.find_patients("")
    tab = door("Ada Okafor", "patients").fill(**(NEW | wrong)).press("Register")
    assert tab.refusals == [sentence]
    assert {key: tab.field(key).value for key in NEW} == NEW | wrong
    assert house.store.find_patients("") == before
    put_right = {key: NEW[key] for key in wrong}
    assert tab.fill(**put_right).press("Register").refusals == []


def test_what_was_said_is_gone_on_the_way_back_from_another_page(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "patients").press("Register")
    assert tab.refusals != []
    assert tab.open("past").open("patients").refusals == []


# Open an infusion


@pytest.fixture
def omar(house: RunningClinic, door: Doorman, ids: Names) -> Tab:
    """Ada's tab with Omar Haddad chosen."""
    return door("Ada Okafor", "patients").fill(patient_chosen=ids.patients["Omar Haddad"])


def plan(tab: Tab, patient: str, **other: Any) -> Tab:
    """Fill in what opening an infusion needs."""
    wanted = {"weight": "82", "identifiers": ["name", "date of birth"]} | other
    return tab.fill(**{f"{field}_{patient}": value for field, value in wanted.items()})


def infusions(house: RunningClinic, patient: str) -> int:
    """How many infusions this patient has."""
    return len(house.store.infusions_of(patient))


def test_an_infusion_is_opened_and_its_bedside_is_shown(house: RunningClinic, omar: Tab, ids: Names) -> None:
    patient = ids.patients["Omar Haddad"]
    plan(omar, patient, chair="chair-3", dose="0,4", planned="50", every=5)
    assert "82 kg × 0.4 mg/kg = 32.8 mg" in omar.words
    question = "Dose 0.4 mg/kg, 32.8 mg for 82 kg: the site's standard is 0.5 mg/kg. Is this what was ordered?"
    assert f"▲ {question}" in omar.words
    omar.press("Open infusion for Omar Haddad")
    assert (omar.refusals, omar.screen, infusions(house, patient)) == ([question], "", 0)
    omar.fill(**{f"confirmed_{patient}_{question}": ["Yes, this is what was ordered"]})
    omar.press("Open infusion for Omar Haddad")
    assert omar.screen == "bedside_screen"
    (opened,) = house.store.infusions_of(patient)
    infusion = house.store.infusion(opened)
    assert infusion is not None
    assert (infusion.chair, infusion.weight_kg, infusion.dose_mg_per_kg) == ("chair-3", 82.0, 0.4)
    assert (infusion.planned_minutes, infusion.every_minutes, infusion.number) == (50, 5, 1)
    assert omar.at.query_params == {"infusion": opened}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"weight": ""}, "Weight is missing: expected 30 to 250 kg."),
        ({"weight": "0"}, "Weight 0 kg: expected 30 to 250."),
        ({"weight": "1200"}, "Weight 1200 kg: expected 30 to 250."),
        ({"weight": "725"}, "Weight 725 kg: expected 30 to 250."),
        ({"weight": "1.000,5"}, "Weight today “1.000,5”: expected one comma or one point, and no mark for thousands."),
        ({"weight": "72.500"}, "Weight today “72.500”: expected 72.5 or 72500, without a mark for thousands."),
        ({"weight": ">200"}, "Weight today “>200”: expected one number, not a bound or an estimate."),
        ({"weight": "12 st"}, "Weight today “12 st”: expected a number in kg, lb or g."),
        ({"dose": ""}, "Dose is missing: expected 0.1 to 1.5 mg/kg."),
        ({"dose": "5"}, "Dose 5 mg/kg: expected 0.1 to 1.5."),
        ({"dose": "05"}, "Dose “05”: expected 5, or 0.5."),
        ({"dose": "35 mg"}, "Dose “35 mg”: expected a number in mg/kg or µg/kg."),
        ({"planned": "4"}, "Planned time 4 min: expected 20 to 120."),
        ({"planned": "40,5"}, "Planned time “40,5”: expected a whole number in min."),
        ({"planned": ""}, "Planned time is missing: expected 20 to 120 min."),
        ({"which": "-1"}, "Infusion number -1: expected 1 or more."),
        ({"which": "second"}, "Which of the series “second”: expected a number alone."),
        ({"every": None}, "Interval is missing: expected one of 5, 10, 15 min."),
        (
            {"identifiers": ["name"]},
            "1 identifiers confirmed: expected two different ones, such as name and date of birth.",
        ),
    ],
)
def test_what_is_wrong_with_an_infusion_is_said_and_what_was_typed_stays(
    house: RunningClinic, omar: Tab, ids: Names, wrong: dict[str, Any], sentence: str
) -> None:
    patient = ids.patients["Omar Haddad"]
    plan(omar, patient, **wrong).press("Open infusion for Omar Haddad")
    assert (omar.refusals, omar.screen) == ([sentence], "")
    assert infusions(house, patient) == 0
    for field, value in wrong.items():
        assert omar.field(f"{field}_{patient}").value == value
    right = {"weight": "82", "dose": "0.5", "planned": "40", "which": "1", "every": 10}
    right |= {"identifiers": ["name", "wristband"]}
    plan(omar, patient, **{field: right[field] for field in wrong}).press("Open infusion for Omar Haddad")
    assert (omar.screen, infusions(house, patient)) == ("bedside_screen", 1)


@pytest.mark.parametrize(
    ("typed", "weight_kg", "mg_per_kg", "shown"),
    [
        ({"weight": "72,5", "dose": "0,5"}, 72.5, 0.5, ()),
        ({"weight": "158 lb"}, 71.7, 0.5, ("158 lb = 71.7 kg",)),
        ({"weight": "72500 g", "dose": "500 mcg/kg"}, 72.5, 0.5, ("72500 g = 72.5 kg", "500 µg/kg = 0.5 mg/kg")),
        ({"weight": "７２，５ kg", "dose": ".5 mg/kg", "planned": "40 min"}, 72.5, 0.5, ()),
    ],
)
def test_a_comma_is_a_point_and_a_unit_is_honoured(
    house: RunningClinic,
    omar: Tab,
    ids: Names,
    typed: dict[str, str],
    weight_kg: float,
    mg_per_kg: float,
    shown: tuple[str, ...],
) -> None:
    patient = ids.patients["Omar Haddad"]
    plan(omar, patient, **typed)
    assert set(shown) <= set(omar.words)
    assert f"{weight_kg:g} kg × {mg_per_kg:g} mg/kg = {weight_kg * mg_per_kg:g} mg" in omar.words
    omar.press("Open infusion for Omar Haddad")
    infusion = house.store.infusion(house.store.infusions_of(patient)[0])
    assert infusion is not None
    assert (infusion.weight_kg, infusion.dose_mg_per_kg, infusion.planned_minutes) == (weight_kg, mg_per_kg, 40)


def test_the_last_weight_and_dose_stand_beside_the_fields_filled_in_by_nobody(
    house: RunningClinic, door: Doorman, ids: Names
) -> None:
    ada, marta, lin = actor(house, "Ada Okafor"), ids.patients["Marta Brandt"], ids.patients["Lin Sørensen"]
    tab = door("Ada Okafor", "patients").fill(patient_chosen=lin)
    assert {"No weight before", "Site's standard 0.5 mg/kg · no dose before"} <= set(tab.words)
    opened = house.store.infusion(ids.infusion)
    assert opened is not None
    day = opened.opened_at.astimezone(ZoneInfo("Europe/Berlin"))
    tab.fill(patient_chosen=marta)
    assert {f"Last 72 kg, {day:%d %b %Y}", f"Site's standard 0.5 mg/kg · last 0.5 mg/kg, {day:%d %b %Y}"} <= set(
        tab.words
    )
    assert tab.field(f"weight_{marta}").value == ""
    weighed = day.date() - timedelta(days=3)
    order = {"prescriber": "Dr Ines Weiss", "planned_minutes": 40, "dose_mg_per_kg": 0.52, "weight_kg": 70.5}
    said = event(house.clock.now(), "order", **order, weight_on=weighed.isoformat())
    assert recording.save_entry(house, ada, ids.infusion, said).done
    tab.run()
    assert f"Last 70.5 kg, {weighed:%d %b %Y}" in tab.words
    # What was confirmed of one weight is not confirmed of another.
    plan(tab, marta, weight="158")
    question = f"Weight 158 kg: the last was 70.5 kg on {weighed:%d %b %Y}. Is this the weight today?"
    tab.fill(**{f"confirmed_{marta}_{question}": ["Yes, this is the weight today"]})
    plan(tab, marta, weight="185")
    assert tab.field(f"confirmed_{marta}_{question.replace('158', '185')}").value == []


def test_what_is_not_read_is_said_below_its_field_before_anything_is_pressed(omar: Tab, ids: Names) -> None:
    plan(omar, ids.patients["Omar Haddad"], dose="1,000")
    assert "▲ Dose “1,000”: expected 1 or 1000, without a mark for thousands." in omar.words
    assert omar.field(f"dose_{ids.patients['Omar Haddad']}").value == "1,000"
    assert not any(" mg/kg = " in word for word in omar.words)


def test_a_patient_with_an_open_infusion_gets_no_second_one(house: RunningClinic, door: Doorman, ids: Names) -> None:
    patient = ids.patients["Marta Brandt"]
    tab = plan(door("Ada Okafor", "patients").fill(patient_chosen=patient), patient)
    tab.press("Open infusion for Marta Brandt")
    assert "Marta Brandt already has an open infusion, number 1: expected it closed first." in tab.refusals
    assert infusions(house, patient) == 1


def test_a_chair_that_was_taken_meanwhile_is_refused(house: RunningClinic, omar: Tab, ids: Names) -> None:
    patient = ids.patients["Omar Haddad"]
    plan(omar, patient, chair="chair-2")
    open_infusion(house, actor(house, "Jonas Lund"), ids.patients["Lin Sørensen"], "chair-2")
    omar.press("Open infusion for Omar Haddad")
    (refusal,) = omar.refusals
    assert "Chair 2" in refusal
    assert infusions(house, patient) == 0
    assert omar.field(f"chair_{patient}").options == ["Chair 3"]


def test_no_free_chair_is_said(house: RunningClinic, door: Doorman, ids: Names) -> None:
    jonas = actor(house, "Jonas Lund")
    open_infusion(house, jonas, ids.patients["Lin Sørensen"], "chair-2")
    open_infusion(house, jonas, register(house, "Ama Boateng", "K-0200"), "chair-3")
    tab = door("Ada Okafor", "patients").fill(patient_chosen=ids.patients["Omar Haddad"])
    assert "No chair is free." in tab.words
    assert not tab.has("open_infusion")


def test_a_chair_tapped_on_the_board_is_chosen_here(house: RunningClinic, door: Doorman, ids: Names) -> None:
    tab = door("Ada Okafor").open("patients", chair="chair-3").fill(patient_chosen=ids.patients["Omar Haddad"])
    assert tab.field(f"chair_{ids.patients['Omar Haddad']}").value == "chair-3"


def test_nothing_typed_for_one_patient_is_there_for_another(house: RunningClinic, omar: Tab, ids: Names) -> None:
    plan(omar, ids.patients["Omar Haddad"], dose="0.7").press("Open infusion for Omar Haddad")
    omar.open("patients")
    omar.fill(patient_chosen=ids.patients["Marta Brandt"])
    plan(omar, ids.patients["Marta Brandt"], weight="120", dose="0.8")
    lin = ids.patients["Lin Sørensen"]
    omar.fill(patient_chosen=lin)
    assert omar.field(f"weight_{lin}").value == ""
    assert omar.field(f"dose_{lin}").value == "0.5"
    assert omar.field(f"identifiers_{lin}").value == []


def test_a_second_press_before_the_page_has_moved_on_opens_no_second_infusion(
    house: RunningClinic, omar: Tab, ids: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = ids.patients["Omar Haddad"]
    plan(omar, patient)
    with monkeypatch.context() as slow:
        slow.setattr(st, "switch_page", lambda *_args, **_more: None)
        omar.press("Open infusion for Omar Haddad").press("Open infusion for Omar Haddad")
        assert omar.refusals == []
    assert infusions(house, patient) == 1
    assert omar.run().screen == "bedside_screen"


def test_an_administrator_finds_patients_but_opens_no_infusion(house: RunningClinic, door: Doorman, ids: Names) -> None:
    tab = door("Petra Novak", "patients").fill(patient_chosen=ids.patients["Omar Haddad"])
    assert "<h2>Omar Haddad</h2>" in tab.words
    assert not tab.has("open_infusion")


# Correct


def test_details_are_put_right_and_refusals_keep_what_was_typed(
    house: RunningClinic, ids: Names, door: Doorman
) -> None:
    lin = ids.patients["Lin Sørensen"]
    tab = door("Ada Okafor", "patients").fill(patient_chosen=lin)
    tab = tab.fill(**{f"correct_{lin}_name": " "}).press("Save these details")
    assert any("Name" in sentence for sentence in tab.refusals)
    tab = tab.fill(**{f"correct_{lin}_name": "Lin Sørensen", f"correct_{lin}_allergies": "latex"})
    tab.press("Save these details")
    patient = house.store.patient(lin)
    assert patient is not None
    assert (patient.name, patient.allergies) == ("Lin Sørensen", "latex")


# Two people of one name and birth date

SAME = (
    "Zoe Adler, born 14 May 1981: Zoë Adler, born on the same day, is registered already under K-0900. "
    "Is this another person?"
)
TWIN: dict[str, Any] = NEW | {"reg_name": "Zoe Adler", "reg_birth": date(1981, 5, 14)}
YES = "Yes, this is another person"


def say_yes(tab: Tab) -> Tab:
    """Answer the one question that is asked about another person."""
    (key,) = [one.key for one in tab.at.get("button_group") if YES in one.options]
    return tab.fill(**{key: [YES]})


def asked(tab: Tab) -> list[str]:
    """The questions that the page asks."""
    return [read(shown.value).removeprefix("▲ ") for shown in tab.at.warning if "another person" in shown.value]


def test_the_same_name_and_birth_date_is_asked_about_before_somebody_is_registered(
    house: RunningClinic, door: Doorman
) -> None:
    register(house, "Zoë Adler", "K-0900", date(1981, 5, 14))
    tab = door("Ada Okafor", "patients").fill(**TWIN)
    assert asked(tab) == [SAME]
    tab.press("Register")
    assert tab.refusals == [SAME]
    assert {key: tab.field(key).value for key in TWIN} == TWIN  # what was typed is kept
    assert house.store.patient_numbered("K-0200") is None
    say_yes(tab)
    tab.press("Register")
    assert tab.confirmations == ["Zoe Adler is registered: find them under Find."]
    assert asked(tab) == []
    assert house.store.patient_numbered("K-0200") is not None


@pytest.mark.parametrize(
    "other", [{"reg_birth": date(1981, 5, 15)}, {"reg_name": "Zoe Adlerova"}], ids=["another day", "another name"]
)
def test_who_only_shares_a_name_or_a_birth_date_is_registered_without_a_question(
    house: RunningClinic, door: Doorman, other: dict[str, Any]
) -> None:
    register(house, "Zoë Adler", "K-0900", date(1981, 5, 14))
    tab = door("Ada Okafor", "patients").fill(**(TWIN | other))
    assert asked(tab) == []
    tab.press("Register")
    assert tab.refusals == []


def test_a_yes_to_one_question_is_none_to_another(house: RunningClinic, door: Doorman) -> None:
    register(house, "Zoë Adler", "K-0900", date(1981, 5, 14))
    tab = door("Ada Okafor", "patients").fill(**TWIN)
    say_yes(tab)
    house.store.register_patient("K-0901", "Adler, Zoé", date(1981, 5, 14), "female", "", by="")
    tab.press("Register")
    assert tab.refusals == [
        "Zoe Adler, born 14 May 1981: Adler, Zoé, born on the same day, is registered already under K-0901. "
        "Is this another person?"
    ]


def test_details_that_become_those_of_another_patient_are_asked_about(house: RunningClinic, door: Doorman) -> None:
    register(house, "Zoë Adler", "K-0900", date(1981, 5, 14))
    other = register(house, "Zora Adler", "K-0901", date(1981, 5, 14))
    tab = door("Ada Okafor", "patients").fill(patient_chosen=other)
    place = f"correct_{other}"
    tab.fill(**{f"{place}_sex": "female"}).press("Save these details")
    assert (tab.refusals, asked(tab)) == ([], [])
    tab.fill(**{f"{place}_name": "Zoe Adler"}).press("Save these details")
    assert (tab.refusals, asked(tab)) == ([SAME], [SAME])
    say_yes(tab)
    tab.press("Save these details")
    assert tab.refusals == []
    corrected = house.store.patient(other)
    assert corrected is not None
    assert (corrected.name, corrected.sex) == ("Zoe Adler", "female")
    tab.fill(**{f"{place}_allergies": "latex"}).press("Save these details")
    assert tab.refusals == []  # the name stays as it is: it was asked about already


def test_two_found_patients_of_one_name_are_warned_of_however_the_letters_are_made(house: RunningClinic) -> None:
    register(house, "Zoë Adler", "K-0900", date(1981, 5, 14))
    register(house, "zoe adler", "K-0901", date(1990, 1, 1))
    assert found_patients_document(house.store, "adler")["warning"].startswith("Two patients here have the same name")
