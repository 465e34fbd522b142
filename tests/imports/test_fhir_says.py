"""What a Bundle says: states, modifiers, values beside reasons, comparators, units, and what its profiles require."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitoring.imports.dry_run import Decision, DryRun
from monitoring.imports.mapping import Moment
from monitoring.imports.vital_signs import PROFILES
from tests.clinical.timeline import MARTA, at
from tests.imports.bundles import LEFT, TOLD, breath, changed, others, past, run, sentences, vital

UCUM = "http://unitsofmeasure.org"
HL7 = Path(__file__).resolve().parents[3] / "shared" / "fhir" / "fhir_r4_profiles"
YES = Decision("unusual")
LATER = "2026-03-03T10:20:00Z"


def quantity(value: object = 14, **more: Any) -> dict[str, Any]:
    return {"value": value, **more}


def medicine(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": {"text": "Ondansetron"},
        "subject": {"reference": "Patient/p"},
        "context": {"reference": "Encounter/e"},
        "effectiveDateTime": "2026-03-03T10:15:00Z",
        "dosage": {"route": {"text": "IV"}, "dose": {"value": 4, "unit": "mg"}},
        **more,
    }


def pressure(systolic: dict[str, Any] | None, diastolic: dict[str, Any] | None, **more: Any) -> dict[str, Any]:
    """A blood pressure with these values; None: that component is not there."""
    components = [
        {"code": {"coding": [{"system": "http://loinc.org", "code": loinc}]}, **one}
        for loinc, one in (("8480-6", systolic), ("8462-4", diastolic))
        if one is not None
    ]
    whole = vital("85354-9", 0, "mm[Hg]", component=components, effectiveDateTime=LATER, **more)
    return {key: value for key, value in whole.items() if key != "valueQuantity" and value not in ([], None)}


def mmhg(value: float) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}}


def values(found: DryRun, minute: float) -> dict[str, float]:
    """What comes in as seen at this minute."""
    entries = [one for one in past(found).entries if one.observed_at == at(minute)]
    return {reading.measure: reading.value for one in entries for reading in one.readings}


def comes_in(found: DryRun) -> bool:
    return all(one.past is not None for one in found.infusions) and bool(found.infusions)


# States


@pytest.mark.parametrize(
    ("position", "status", "outcome"),
    [
        *((1, status, "comes in") for status in ("finished",)),
        *((1, status, "asked") for status in ("planned", "arrived", "triaged", "in-progress", "onleave", "unknown")),
        *((1, status, "wrong") for status in ("cancelled", "entered-in-error")),
        *((2, status, "comes in") for status in ("completed", "stopped")),
        *((2, status, "asked") for status in ("preparation", "in-progress", "on-hold", "unknown")),
        *((2, status, "wrong") for status in ("not-done", "entered-in-error")),
        *((4, status, "comes in") for status in ("final", "amended", "corrected", "entered-in-error")),
        *((4, status, "wrong") for status in ("registered", "preliminary", "cancelled", "unknown")),
        *((5, status, "comes in") for status in ("completed", "stopped", "entered-in-error")),
        *((5, status, "asked") for status in ("in-progress", "on-hold")),
        *((5, status, "wrong") for status in ("not-done", "unknown")),
    ],
)
def test_each_state_is_taken_for_what_it_says(position: int, status: str, outcome: str) -> None:
    data = changed(others(breath(), medicine()), lambda all: all[position].update(status=status))
    found = run(data, TOLD)
    assert next(row.state for row in found.rows if row.line == position) == outcome
    assert comes_in(found) is (outcome == "comes in")
    if outcome == "asked":
        (fault,) = found.open_faults
        confirmed = past(run(data, TOLD, {fault.key: YES}))
        assert [one for one in confirmed.remarks if f"is {status} in the file" in one]
    elif outcome == "wrong":
        (fault,) = found.open_faults
        assert f"status “{status}”: expected " in fault.sentence


def test_what_is_of_an_encounter_that_is_left_out_does_not_come_in() -> None:
    found = run(others(medicine()), TOLD, {"1": LEFT})
    assert [row.state for row in found.rows] == ["says nothing"] + ["left out"] * 4
    assert found.infusions == ()
    assert found.problems == ("This Bundle tells of no infusion: expected Observations of one.",)


def test_without_its_procedure_that_was_not_done_there_is_no_start() -> None:
    data = changed(others(), lambda all: all[2].update(status="not-done"))
    found = run(data, TOLD, {"2": LEFT})
    assert "Nothing says when the pump was started: expected it, an imported infusion is over." in sentences(found)


def test_a_drug_that_was_entered_in_error_ran_never() -> None:
    drug = medicine(effectivePeriod={"start": "2026-03-03T10:00:00Z", "end": "2026-03-03T10:25:00Z"})
    del drug["effectiveDateTime"]
    data = json.loads(others(drug | {"status": "entered-in-error"}))
    del data["entry"][2]
    found = run(json.dumps(data).encode(), TOLD)
    assert found.rows[3].state == "left out"
    assert any("Nothing says when the pump was started" in one for one in sentences(found))


# Several procedures


def cannula(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "id": "c",
        "status": "completed",
        "code": {"text": "Insertion of cannula"},
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
        "performedPeriod": {"start": "2026-03-03T09:40:00Z", "end": "2026-03-03T09:42:00Z"},
        **more,
    }


def test_of_several_procedures_a_person_says_which_is_the_infusion() -> None:
    data = others(cannula())
    found = run(data, TOLD)
    assert [fault.sentence for fault in found.open_faults] == [
        "2 procedures in one encounter: is “entry[2]”, 2026-03-03 10:00:00Z to 2026-03-03 10:25:00Z the infusion?",
        "2 procedures in one encounter: is “Insertion of cannula”, 2026-03-03 09:40:00Z to 2026-03-03 09:42:00Z "
        "the infusion?",
    ]
    assert not comes_in(found)
    chosen = past(run(data, TOLD, {"2/procedure": YES}))
    assert [one.observed_at for one in chosen.entries if one.event and one.event.kind == "start"] == [at(0)]
    assert [one for one in chosen.remarks if "Insertion of cannula" in one and "Left out at the import" in one] != []
    assert [one for one in chosen.remarks if one.startswith("Confirmed at the import: “entry[2]”")] != []
    left = past(run(data, TOLD, {"4/procedure": LEFT}))
    assert [one.observed_at for one in left.entries if one.event and one.event.kind == "start"] == [at(0)]
    both = run(data, TOLD, {"2/procedure": YES, "4/procedure": YES})
    assert "More than one procedure was said to be the infusion: expected one." in sentences(both)
    assert not comes_in(both)


def test_a_procedure_that_was_not_done_is_none_of_several_once_it_is_left_out() -> None:
    data = others(cannula(status="not-done"))
    assert [fault.sentence for fault in run(data, TOLD).open_faults] == [
        "status “not-done”: expected completed or stopped."
    ]
    assert comes_in(run(data, TOLD, {"4": LEFT}))


# What must not be passed over


@pytest.mark.parametrize("position", range(6))
@pytest.mark.parametrize(
    "modifier",
    [
        {"modifierExtension": [{"url": "https://x.example/not", "valueBoolean": True}]},
        {"implicitRules": "https://x.example/r"},
    ],
)
def test_a_modifier_that_is_not_known_is_never_passed_over(position: int, modifier: dict[str, Any]) -> None:
    nurse = {"resourceType": "Practitioner", "id": "n", "name": [{"text": "Ada Okafor"}]}
    data = changed(others(breath(), nurse), lambda all: all[position].update(modifier))
    found = run(data, TOLD)
    (fault,) = found.open_faults
    assert "changes what this says, and is not known here: expected it left out." in fault.sentence
    assert not fault.asked
    assert not comes_in(found)
    assert run(data, TOLD, {fault.key: LEFT}).open_faults == ()


@pytest.mark.parametrize(
    "change",
    [
        {"component": [{"code": {"text": "x"}, "modifierExtension": [{"url": "https://x.example"}]}]},
        {"referenceRange": [{"text": "x", "modifierExtension": [{"url": "https://x.example"}]}]},
        {"contained": [{"resourceType": "Patient", "modifierExtension": [{"url": "https://x.example"}]}]},
        {"contained": [{"resourceType": "Patient", "implicitRules": "https://x.example"}]},
    ],
)
def test_nor_is_one_deeper_in_a_resource(change: dict[str, Any]) -> None:
    found = run(others(breath(**change)), TOLD)
    assert any("changes what this says" in one for one in sentences(found))
    assert not comes_in(found)


@pytest.mark.parametrize("kind", ["Organization", "Location", "Device"])
def test_what_is_no_longer_in_use_is_asked(kind: str) -> None:
    state: dict[str, Any] = {"active": False} if kind == "Organization" else {"status": "inactive"}
    found = run(others({"resourceType": kind, **state}), TOLD)
    assert [fault.asked for fault in found.open_faults] == [True]
    assert not comes_in(found)


def test_an_operation_outcome_is_shown_and_left_out_by_a_person() -> None:
    issue = {"severity": "warning", "code": "incomplete", "diagnostics": "2 results were withheld"}
    found = run(others({"resourceType": "OperationOutcome", "issue": [issue]}), TOLD)
    assert (
        "Entry 4: OperationOutcome “2 results were withheld” is not brought in: expected it left out, with a reason."
        in (sentences(found))
    )


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        (
            "document",
            {"resourceType": "Composition", "status": "final", "type": {"text": "note"}, "date": "2026-03-03"},
        ),
        (
            "message",
            {"resourceType": "MessageHeader", "eventUri": "https://x.example", "source": {"endpoint": "urn:x"}},
        ),
    ],
)
def test_what_a_document_or_a_message_begins_with_is_left_out_by_a_person(kind: str, first: dict[str, Any]) -> None:
    if kind == "document":
        first |= {"author": [{"display": "Dr Weiss"}], "title": "Note"}
    data = json.loads(others())
    data["type"] = kind
    data["entry"].insert(0, {"resource": first})
    found = run(json.dumps(data).encode(), TOLD)
    assert [fault.sentence.split(" is not brought in")[0].split(" “")[0] for fault in found.open_faults] == [
        first["resourceType"]
    ]
    assert comes_in(run(json.dumps(data).encode(), TOLD, {"0": LEFT}))


@pytest.mark.parametrize(("method", "fine"), [("PUT", True), ("POST", True), ("DELETE", False), ("GET", False)])
def test_a_transaction_says_of_each_entry_whether_it_is_to_stand(method: str, fine: bool) -> None:
    data = json.loads(others(breath()))
    data["type"] = "transaction"
    for one in data["entry"]:
        one["request"] = {"method": "PUT", "url": "x"}
    data["entry"][4]["request"]["method"] = method
    assert comes_in(run(json.dumps(data).encode(), TOLD)) is fine


# Values


@pytest.mark.parametrize(
    ("resource", "sentence"),
    [
        (
            breath(dataAbsentReason={"text": "asleep"}),
            "dataAbsentReason “asleep” beside 14 /min: expected one of the two.",
        ),
        (
            pressure(mmhg(120) | {"dataAbsentReason": {"text": "asleep"}}, mmhg(80)),
            "component[0].dataAbsentReason “asleep” beside 120 mm[Hg]: expected one of the two.",
        ),
        (
            vital("29463-7", 72, "kg", dataAbsentReason={"text": "x"}),
            "dataAbsentReason and a value: expected one of the",
        ),
        (breath(valueQuantity=quantity(14, comparator=">", unit="/min")), "valueQuantity.comparator “>”: expected the"),
        (
            pressure(mmhg(120), {"valueQuantity": quantity(80, comparator="<", unit="mmHg")}),
            "component[1].valueQuantity.c",
        ),
        (
            vital("29463-7", 200, "kg", valueQuantity=quantity(200, comparator=">", unit="kg")),
            "valueQuantity.comparator “>”",
        ),
        (
            medicine(dosage={"dose": quantity(4, comparator="<=", unit="mg")}),
            "dosage.dose.comparator “<=”: expected the",
        ),
        (pressure({}, mmhg(80)), "component[0].valueQuantity: expected a number with its unit."),
        (
            pressure(mmhg(120), mmhg(80), valueString="high"),
            "code: code 85354-9 is not measured here (high beside its c",
        ),
        (
            breath(code={"coding": [{"system": "http://loinc.org", "code": c} for c in ("9279-1", "8867-4")]}),
            "code: 9279-1",
        ),
        (
            breath(hasMember=[{"reference": "Observation/none"}]),
            "hasMember[0]: “Observation/none” is not in this Bundle.",
        ),
        (
            breath(effectiveDateTime=None, effectivePeriod={"start": LATER}),
            "effectiveDateTime: expected one time with its offset, found a longer one.",
        ),
        (
            breath(effectiveDateTime="2026-03-03"),
            "effectiveDateTime: expected a time with its offset, found “2026-03-03”",
        ),
        (breath(effectiveDateTime=None), "effectiveDateTime: expected a time with its offset."),
        (
            medicine(medicationCodeableConcept={"coding": [{"system": "https://x.example"}]}),
            "medication: expected which",
        ),
    ],
)
def test_what_is_said_twice_or_by_halves_is_wrong_until_it_is_left_out(resource: dict[str, Any], sentence: str) -> None:
    resource = {key: value for key, value in resource.items() if value is not None}
    found = run(others(resource), TOLD)
    assert [one for one in sentences(found) if one.startswith(sentence)], sentences(found)
    assert not comes_in(found)
    decisions = {fault.key: LEFT for fault in found.open_faults}
    assert comes_in(run(others(resource), TOLD, decisions)), sentences(run(others(resource), TOLD, decisions))


def test_a_value_with_components_comes_in_whole() -> None:
    flow = {"code": {"coding": [{"system": "http://loinc.org", "code": "3151-8"}]}}
    litres = {"valueQuantity": {"value": 2, "unit": "L/min", "system": UCUM, "code": "L/min"}}
    found = run(others(vital("2708-6", 95, "%", component=[flow | litres], effectiveDateTime=LATER)), TOLD)
    assert values(found, 20) == {"spo2": 95, "oxygen": 2}


def test_a_panel_says_nothing_beside_its_members() -> None:
    panel = breath(id="panel", code={"text": "Vital signs"}, hasMember=[{"reference": "Observation/m"}])
    del panel["valueQuantity"]
    found = run(others(breath(id="m"), panel), TOLD)
    assert comes_in(found)
    assert found.rows[5].says == "Observation · Vital signs of 1"


def test_a_pressure_that_was_not_measured_has_one_reason_for_both() -> None:
    found = past(run(others(pressure(None, None, dataAbsentReason={"text": "asleep"})), TOLD))
    (entry,) = [one for one in found.entries if one.not_done]
    assert {one.measure: one.reason for one in entry.not_done} == {"systolic": "asleep", "diastolic": "asleep"}


@pytest.mark.parametrize(
    ("medicine_", "words"),
    [
        (medicine(), "Ondansetron 4 mg IV"),
        (
            medicine(dosage={"dose": {"value": 4, "code": "mg", "system": UCUM}, "route": {"text": "IV"}}),
            "Ondansetron 4 mg IV",
        ),
        (medicine(dosage={"dose": {"value": 4, "unit": "mg"}}), "Ondansetron 4 mg"),
        (medicine(dosage={"text": "half a tablet"}), "Ondansetron half a tablet"),
        (
            medicine(medicationCodeableConcept=None, medicationReference={"display": "Paracetamol"}),
            "Paracetamol 4 mg IV",
        ),
    ],
)
def test_of_a_medicine_nothing_is_lost(medicine_: dict[str, Any], words: str) -> None:
    found = run(others({key: value for key, value in medicine_.items() if value is not None}), TOLD)
    assert comes_in(found)
    assert words in found.rows[4].says.replace(" · ", " ")


def test_a_dose_whose_words_and_code_are_two_units_is_wrong() -> None:
    two = {"value": 4, "unit": "mg", "system": UCUM, "code": "g"}
    found = run(others(medicine(dosage={"dose": two, "route": {"text": "IV"}})), TOLD)
    assert sentences(found) == ["dosage.dose: unit “mg” and code “g” are not the same unit, expected one."]
    same = {"value": 4, "unit": "milligrams", "system": UCUM, "code": "mg"}
    assert comes_in(run(others(medicine(dosage={"dose": same, "route": {"text": "IV"}})), TOLD))


def test_a_value_that_nobody_knows_is_told() -> None:
    code = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}
    resource = breath(dataAbsentReason=code)
    del resource["valueQuantity"]
    assert "As the file has it: No value, and no reason for it: Respiration: entry[4]." in (
        past(run(others(resource), TOLD)).remarks
    )


def test_where_it_was_and_what_it_is_marked_as_is_told() -> None:
    place = {"resourceType": "Location", "id": "l", "name": "Room 5"}
    tag = {"tag": [{"code": "HTEST", "display": "test health data"}], "security": [{"code": "R"}]}

    def change(all: list[dict[str, Any]]) -> None:
        all[1]["location"] = [{"location": {"reference": "Location/l"}}]
        all[3]["meta"] = tag

    remarks = past(run(changed(others(place), change), TOLD)).remarks
    assert "Note in the file, “Location: Room 5”: entry[1]." in remarks
    assert "As the file has it: Marked as test health data: entry[3]." in remarks
    assert "As the file has it: Marked as R: entry[3]." in remarks


# Units


@pytest.mark.parametrize(
    ("loinc", "given", "value"),
    [
        ("9279-1", quantity(14, unit="breaths/minute"), 14),
        ("9279-1", quantity(14, unit="breaths per minute"), 14),
        ("9279-1", quantity(14, unit="/min", system=UCUM, code="{breaths}/min"), 14),
        ("9279-1", quantity(14, unit="rpm", system=UCUM, code="1/min"), 14),
        ("9279-1", quantity(14, unit="resp", system="urn:iso:std:iso:11073:10101", code="264928"), 14),
        ("8310-5", quantity(37, unit="degrees Celsius"), 37),
        ("8310-5", quantity(37, system="urn:iso:std:iso:11073:10101", code="MDC_DIM_DEGC"), 37),
        ("8310-5", quantity(98.6, unit="°F", system="https://x.example/units", code="DEGF"), 37),
        ("2708-6", quantity(97, unit="percent"), 97),
    ],
)
def test_a_unit_in_words_or_in_other_codes_is_read(loinc: str, given: dict[str, Any], value: float) -> None:
    found = run(others(vital(loinc, 0, "", valueQuantity=given, effectiveDateTime=LATER)), TOLD)
    assert list(values(found, 20).values()) == [value]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (quantity(14, unit="/min", system=UCUM, code="/min"), ""),
        (quantity(14, system=UCUM, code="/min"), "Unit without words, read by its code"),
        (quantity(14, unit="/min"), "Unit without a UCUM code, read by its words"),
        (quantity(14, unit="/min", system=UCUM), "Unit without a UCUM code, read by its words"),
        (quantity(14, code="/min"), "Unit code “/min” without its system, read as words"),
        (quantity(14, unit="/min", code="/min"), "Unit code “/min” of no system, read by its words"),
        (
            quantity(14, unit="/min", system="https://x.example", code="rr"),
            "Unit code “rr” of https://x.example, read by",
        ),
    ],
)
def test_how_a_unit_was_read_is_told_where_fhir_wants_more(given: dict[str, Any], told: str) -> None:
    remarks = past(run(others(breath(valueQuantity=given)), TOLD)).remarks
    found = [one for one in remarks if "Unit" in one]
    assert found == [] if not told else len(found) == 1
    assert not told or found[0].startswith(f"As the file has it: {told}")
    assert not told or found[0].endswith(": entry[4].")


@pytest.mark.parametrize(
    ("loinc", "given", "sentence", "asked"),
    [
        (
            "8310-5",
            quantity(37, unit="°C", system=UCUM, code="C"),
            "valueQuantity.code “C” is not the UCUM code of °C",
            True,
        ),
        ("8310-5", quantity(37, system=UCUM, code="C"), "valueQuantity.code “C” is not the UCUM code of °C", True),
        (
            "8310-5",
            quantity(99, unit="°F", system=UCUM, code="F"),
            "valueQuantity.code “F” is not the UCUM code of °F",
            True,
        ),
        ("8310-5", quantity(310, unit="K", system=UCUM, code="K"), "valueQuantity.unit “K”: expected °C or °F.", False),
        (
            "9279-1",
            quantity(14, unit="bpm", system=UCUM, code="bpm"),
            "valueQuantity.code “bpm” is not the UCUM code",
            True,
        ),
        ("9279-1", quantity(14, system=UCUM, code="/h"), "valueQuantity.unit “/h”: expected /min.", False),
        ("9279-1", quantity(14, system=UCUM, code="mm[Hg]"), "valueQuantity.unit “mm[Hg]”: expected /min.", False),
        ("9279-1", quantity(14), "valueQuantity.unit “”: expected /min.", False),
        (
            "8310-5",
            quantity(37, unit="°F", system=UCUM, code="Cel"),
            "valueQuantity: unit “°F” and code “Cel” are not the same unit, expected one.",
            False,
        ),
    ],
)
def test_a_unit_that_is_another_is_never_taken_in_silence(
    loinc: str, given: dict[str, Any], sentence: str, asked: bool
) -> None:
    data = others(vital(loinc, 0, "", valueQuantity=given, effectiveDateTime=LATER))
    found = run(data, TOLD)
    (fault,) = found.open_faults
    assert fault.sentence.startswith(sentence), fault.sentence
    assert fault.asked is asked
    assert not comes_in(found)
    assert comes_in(run(data, TOLD, {fault.key: LEFT}))
    if asked:
        confirmed = past(run(data, TOLD, {fault.key: YES}))
        assert [one for one in confirmed.remarks if "which is not UCUM’s, read as" in one] != []


@pytest.mark.parametrize(
    ("given", "kilograms", "told"),
    [
        (quantity(80, unit="kg", system=UCUM, code="kg"), 80, ""),
        (quantity(80.5, unit="kg"), 80.5, "Unit without a UCUM code, read by its words: weight"),
        (quantity(160, unit="lb", system=UCUM, code="[lb_av]"), 72.6, "weight 160 [lb_av] to 72.6 kg"),
        (quantity(80000, unit="g", system=UCUM, code="g"), 80, "weight 80000 g to 80 kg"),
    ],
)
def test_a_weight_is_read_by_its_unit(given: dict[str, Any], kilograms: float, told: str) -> None:
    found = past(run(others(vital("29463-7", 0, "", valueQuantity=given)), replace(TOLD, weight_kg=None)))
    assert found.weight_kg == kilograms
    assert not told or [one for one in found.remarks if told in one]


# Where and when


def test_what_was_seen_before_its_encounter_is_asked_and_told() -> None:
    early = breath(effectiveDateTime="2026-03-03T09:20:00Z")
    found = run(others(early), TOLD)
    (fault,) = found.open_faults
    assert fault.sentence == (
        "Seen 2026-03-03T09:20:00Z, before its encounter began at 2026-03-03T09:30:00Z: is this what the file means?"
    )
    assert not comes_in(found)
    confirmed = past(run(others(early), TOLD, {fault.key: YES}))
    assert (
        "Confirmed at the import: Seen before its encounter began (2026-03-03T09:30:00Z): entry[4]."
        in confirmed.remarks
    )
    left = past(run(others(early), TOLD, {fault.key: LEFT}))
    assert confirmed.opened_at == left.opened_at == at(-30)  # the opening keeps its own time
    far = run(others(breath(effectiveDateTime="2026-03-03T04:20:00Z")), TOLD, {fault.key: YES})
    assert any("before this infusion was opened: expected up to" in one for one in sentences(far))


def test_a_pump_that_ran_before_its_encounter_is_asked_about() -> None:
    data = changed(others(), lambda all: all[2]["performedPeriod"].update(start="2026-03-03T09:10:00Z"))
    (fault,) = run(data, TOLD).open_faults
    assert fault.sentence.startswith("Seen 2026-03-03T09:10:00Z, before its encounter began at 2026-03-03T09:30:00Z")


def test_a_search_set_without_its_encounter_is_one_infusion() -> None:
    data = json.loads(others(breath()))
    data["type"] = "searchset"
    for one in data["entry"]:
        resource = one["resource"]
        one["fullUrl"] = f"https://ehr.example/r4/{resource['resourceType']}/{resource.setdefault('id', str(len(one)))}"
    data["entry"][4]["resource"]["id"], data["entry"][4]["fullUrl"] = "b", "https://ehr.example/r4/Observation/b"
    del data["entry"][1]
    found = run(json.dumps(data).encode(), TOLD)
    (infusion,) = found.infusions
    assert infusion.patient == MARTA
    assert [row.infusion for row in found.rows] == [None, 0, 0, 0]
    told = "The encounter https://ehr.example/r4/Encounter/e is not in the file; its values stand under that reference."
    assert told in infusion.remarks
    assert sentences(found) == ["Nothing says when the patient left: expected it, an imported infusion is over."]


def test_when_it_began_and_was_over_can_be_said_where_the_file_does_not() -> None:
    data = json.loads(others(breath(effectiveDateTime="2026-03-03T10:40:00Z")))
    del data["entry"][1:3]
    told = replace(TOLD, started=Moment("first"), ended=Moment("after", 25), left=Moment("last"))
    found = past(run(json.dumps(data).encode(), told))
    events = {one.event.kind: one.observed_at for one in found.entries if one.event}
    assert events == {"start": at(10), "end": at(35), "close": at(40)}
    assert found.remarks[0].endswith(
        "pump started with the first value; infusion ended 25 min after the start; patient left with the last value; "
        "weight 72 kg; dose 0.5 mg/kg; planned time 40 min."
    )
    # What the file says counts.
    assert [one.observed_at for one in past(run(others(), told)).entries if one.event] == [at(0), at(25), at(90)]


def test_an_encounter_that_is_not_there_is_an_infusion_of_its_own() -> None:
    found = run(others(breath(encounter={"reference": "Encounter/other"})), TOLD)
    one, other = found.infusions
    assert one.past is not None
    assert "Nothing says when the pump was started: expected it, an imported infusion is over." in other.faults
    assert other.past is None


@pytest.mark.parametrize("position", [2, 4])
def test_what_belongs_to_no_encounter_is_told(position: int) -> None:
    data = changed(
        others(medicine()), lambda all: (all[position].pop("encounter", None), all[position].pop("context", None))
    )
    found = run(data, TOLD)
    assert any("belongs to no encounter: expected one, or it left out" in one for one in sentences(found))
    assert not comes_in(found)


# What is not kept


def test_everything_that_is_not_kept_is_counted_and_named() -> None:
    more: dict[str, Any] = {
        "bodySite": {"text": "arm"},
        "interpretation": [{"text": "high"}],
        "extension": [{"url": "https://x.example", "valueString": "x"}],
        "note": [{"text": "calm", "time": LATER}],
        "_status": {"extension": [{"url": "https://x.example", "valueString": "x"}]},
        "text": {"status": "additional", "div": '<div xmlns="http://www.w3.org/1999/xhtml">more</div>'},
    }
    cuff = mmhg(80) | {"interpretation": [{"text": "low"}]}
    address = {"address": [{"city": "Here"}], "telecom": [{"value": "1"}]}
    nobody = {"resourceType": "Patient", "id": "q", **address}
    data = changed(others(breath(**more), pressure(mmhg(120), cuff), nobody), lambda all: all[0].update(address))
    found = run(data, TOLD)
    assert found.infusions[0].remarks[-2:] == (
        "Not kept from the file: Encounter.class, Observation._status, Observation.bodySite, "
        "Observation.component.interpretation, Observation.extension, Observation.interpretation, "
        "Observation.note.time, Observation.text (additional).",
        "Note in the file, “calm”: entry[4].",
    )
    assert found.remarks == ("Not kept from the file: Patient.address (2), Patient.telecom (2).",)
    assert [row.state for row in found.rows if row.line in (0, 6)] == ["comes in", "says nothing"]


# The profiles of vital signs, each required element taken out once


def profile_cases() -> list[tuple[str, str, str]]:
    found = tomllib.loads(PROFILES.read_text(encoding="utf-8"))
    of_quantity = {f"valueQuantity.{name}": outcome for name, outcome in found["quantity"].items()}
    cases = []
    for one in found["profile"]:
        if "components" in one:
            paths = {f"component[{n}]": one["otherwise"]["component"] for n in range(2)}
            paths |= {f"component[{n}].{path}": outcome for n in range(2) for path, outcome in of_quantity.items()}
            paths |= {f"component[{n}].code.coding.{name}": "refused" for n in range(2) for name in ("system", "code")}
            paths |= {
                f"component[{n}].{name}": "refused"
                for n in range(2)
                for name in ("code", "code.coding", "valueQuantity")
            }
        else:
            paths = {**of_quantity, "valueQuantity": "refused"}
        paths |= {path: outcome for path, outcome in one.get("otherwise", {}).items() if path != "component"}
        cases += [(one["loinc"], path, outcome) for path, outcome in {**found["observation"], **paths}.items()]
    return cases


@pytest.mark.parametrize("name", ["heartrate", "resprate", "bodytemp", "bodyweight", "bp"])
def test_every_element_that_hl7_requires_is_on_the_list(name: str) -> None:
    file = HL7 / f"{name}.json"
    if not file.exists():
        pytest.skip("the profiles are not beside this checkout")
    (loinc,) = [
        one["loinc"] for one in tomllib.loads(PROFILES.read_text(encoding="utf-8"))["profile"] if one["name"] == name
    ]
    listed = {re.sub(r"\[\d\]", "", path) for code, path, _ in profile_cases() if code == loinc}
    elements = json.loads(file.read_text(encoding="utf-8"))["snapshot"]["element"]
    for one in elements:
        # Slices are the elements they are slices of; a value is required by vs-2, as "valueQuantity" on the list.
        path = re.sub(r":\w+|\[x\]", "", one["id"].removeprefix("Observation.")).replace("value.", "valueQuantity.")
        if one["min"] > 0 and one["id"] != "Observation" and (name == "bp" or not path.startswith("component")):
            assert path in listed, one["id"]


def without(content: Any, path: str) -> Any:
    """The resource without one of its elements."""
    name, _, rest = path.partition(".")
    name, _, index = name.partition("[")
    if name == "effective":
        name = "effectiveDateTime"
    made = dict(content)
    if index:
        held = list(made[name])
        at_ = int(index.rstrip("]"))
        held[at_ : at_ + 1] = [without(held[at_], rest)] if rest else []
        made[name] = held
    elif rest:
        inner = made[name]
        made[name] = [without(one, rest) for one in inner] if isinstance(inner, list) else without(inner, rest)
    else:
        del made[name]
    return made


def whole_vital(loinc: str) -> dict[str, Any]:
    """An Observation that its profile is content with."""
    plain = {
        "8867-4": (72, "/min"),
        "9279-1": (14, "/min"),
        "8310-5": (37, "Cel"),
        "29463-7": (72, "kg"),
        "2708-6": (97, "%"),
    }
    if loinc == "85354-9":
        return pressure(mmhg(120), mmhg(80))
    value, unit = plain[loinc]
    return vital(loinc, value, unit, effectiveDateTime=LATER)


@pytest.mark.parametrize("loinc", dict.fromkeys(loinc for loinc, _, _ in profile_cases()))
def test_what_its_profile_is_content_with_comes_in_without_a_word(loinc: str) -> None:
    found = past(run(others(whole_vital(loinc)), replace(TOLD, weight_kg=72)))
    assert found.remarks[1:] == ("Not kept from the file: Encounter.class.",)


@pytest.mark.parametrize(("loinc", "path", "outcome"), profile_cases())
def test_without_what_its_profile_requires_it_never_comes_in_in_silence(loinc: str, path: str, outcome: str) -> None:
    data = others(without(whole_vital(loinc), path))
    found = run(data, TOLD)
    (row,) = [one for one in found.rows if one.line == 4]
    if outcome == "told":
        assert comes_in(found), sentences(found)
        lacks = [one for one in past(found).remarks if one.startswith("As the file has it: ") and "entry[4]" in one]
        assert len(lacks) == 1
        return
    assert row.state == {"refused": "wrong", "asked": "asked"}[outcome], row
    assert not comes_in(found)
    if outcome == "asked":
        confirmed = past(run(data, TOLD, {fault.key: YES for fault in found.open_faults}))
        assert [one for one in confirmed.remarks if one.startswith("Confirmed at the import: ") and "entry[4]" in one]
