"""The FHIR Bundle: which resources there are, what they say, and what two independent validators think of them.

The validators are not part of this repository. Their test runs where `../shared/fhir` lies beside the checkout and an
interpreter has their packages: this one, or the one that FHIR_VALIDATOR_PYTHON names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from monitoring.clinic import RunningClinic, Settings, instruments
from monitoring.exports import terminology
from monitoring.exports.fhir import as_json, bundle_of
from monitoring.exports.fhir_words import RATINGS
from monitoring.exports.source import Source, source_of
from monitoring.exports.terminology import item_codings
from monitoring.live import Hub
from tests.clinical.timeline import MARTA, START, Timeline, running
from tests.demonstration.conftest import Demonstration, filled
from tests.exports.sources import NAMES, eventful, many, source
from tests.exports.test_tables import rated_score
from tests.small_clinic import SECRET, over

VALIDATOR = Path(__file__).resolve().parents[2].parent / "shared" / "fhir" / "validate_fhir.py"
PYTHON = os.environ.get("FHIR_VALIDATOR_PYTHON", sys.executable)
STATUS = {
    "Encounter": {"planned", "in-progress", "finished", "cancelled"},
    "Procedure": {"preparation", "in-progress", "not-done", "on-hold", "stopped", "completed"},
    "MedicationAdministration": {"in-progress", "on-hold", "completed", "entered-in-error", "stopped"},
    "Observation": {"final", "corrected", "entered-in-error"},
}


def made(of: Source, **more: Any) -> list[dict[str, Any]]:
    """The resources of the Bundle, as they are sent."""
    bundle = json.loads(as_json(bundle_of([of], START, **more)))
    assert bundle["type"] == "collection"
    return [entry["resource"] for entry in bundle["entry"]]


def of_kind(kind: str, resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in resources if one["resourceType"] == kind]


def observed(of: Source, text: str) -> list[dict[str, Any]]:
    return [one for one in of_kind("Observation", made(of)) if one["code"]["text"] == text]


def every_value(found: Any) -> Iterator[tuple[str, Any]]:
    """Each name and value in a resource, however deep."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield key, value
            yield from every_value(value)
    elif isinstance(found, list):
        for value in found:
            yield from every_value(value)


LINES = {
    "opened": (Timeline(), 0),
    "started": (running(), 3),
    "eventful": (eventful(), 210),
    "two thousand": (many(), 60),
}


@pytest.mark.parametrize(("line", "minute"), LINES.values(), ids=LINES.keys())
def test_a_bundle_holds_together(line: Timeline, minute: float) -> None:
    bundle = json.loads(as_json(bundle_of([source(line, minute)], START)))
    urls = {entry["fullUrl"] for entry in bundle["entry"]}
    assert len(urls) == len(bundle["entry"])
    for entry in bundle["entry"]:
        resource = entry["resource"]
        assert entry["fullUrl"] == f"urn:uuid:{resource['id']}"
        assert resource.get("status", "final") in STATUS.get(resource["resourceType"], {"final", "active"})
        for key, value in every_value(resource):
            assert value not in ("", [], {}, None), f"{key} is empty"
            assert key != "reference" or value in urls, f"{value} is not in the Bundle"


def test_what_there_is() -> None:
    count = Counter(one["resourceType"] for one in made(source(eventful(), 210)))
    assert count == {
        "Patient": 1,
        "Practitioner": 2,
        "Encounter": 1,
        "Procedure": 1,
        "MedicationAdministration": 3,
        "Observation": 44,
        "Provenance": 2,
        "CodeSystem": 1,
    }


@pytest.mark.parametrize(
    ("told", "minute", "encounter", "procedure", "drug"),
    [
        ("", 0, "planned", "preparation", None),
        ("start 0", 3, "in-progress", "in-progress", "in-progress"),
        ("start 0, pause 5", 6, "in-progress", "on-hold", "on-hold"),
        ("start 0, pause 5, resume 6", 7, "in-progress", "in-progress", "in-progress"),
        ("start 0, end 40", 45, "in-progress", "completed", "completed"),
        ("start 0, stop 20", 45, "in-progress", "stopped", "stopped"),
        ("start 0, stop 20, close 90", 95, "finished", "stopped", "stopped"),
        ("cancel 0", 5, "cancelled", "not-done", None),
    ],
)
def test_each_phase_has_its_status(told: str, minute: float, encounter: str, procedure: str, drug: str | None) -> None:
    line = Timeline()
    for word in filter(None, told.split(", ")):
        kind, at = word.split()
        getattr(line, kind)(float(at))
    resources = made(source(line, minute))
    assert of_kind("Encounter", resources)[0]["status"] == encounter
    assert of_kind("Procedure", resources)[0]["status"] == procedure
    assert [one["status"] for one in of_kind("MedicationAdministration", resources)] == ([drug] if drug else [])


def test_the_drug_says_how_much_was_given_how_fast_and_why_it_was_stopped() -> None:
    line = running()
    line.stop(20, "distress")
    (drug,) = of_kind("MedicationAdministration", made(source(line, 45)))
    assert drug["effectivePeriod"] == {"start": "2026-03-03T11:00:00+01:00", "end": "2026-03-03T11:20:00+01:00"}
    assert drug["dosage"]["dose"] == {"value": 20, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    assert drug["dosage"]["rateQuantity"]["value"] == 150
    assert drug["statusReason"] == [{"text": "distress"}]


def codes(observation: dict[str, Any]) -> list[str]:
    return [coding["code"] for coding in observation["code"]["coding"]]


def test_vital_signs_are_coded_as_us_core_wants_them() -> None:
    of = source(running(), 3)
    found = {
        text: observed(of, text)[0] for text in ("Heart rate", "Respiration", "Oxygen saturation", "Blood pressure")
    }
    assert {text: codes(one) for text, one in found.items()} == {
        "Heart rate": ["8867-4"],
        "Respiration": ["9279-1"],
        "Oxygen saturation": ["2708-6", "59408-5"],
        "Blood pressure": ["85354-9"],
    }
    for one in found.values():
        assert one["category"][0]["coding"][0]["code"] == "vital-signs"
        assert one["meta"]["profile"][0].startswith("http://hl7.org/fhir/us/core/StructureDefinition/us-core-")
        assert one["effectiveDateTime"] == "2026-03-03T10:56:00+01:00"
    assert found["Oxygen saturation"]["valueQuantity"]["code"] == "%"
    parts = [(c["code"]["coding"][0]["code"], c["valueQuantity"]["value"], c["valueQuantity"]["code"])
             for c in found["Blood pressure"]["component"]]  # fmt: skip
    assert parts == [("8480-6", 126, "mm[Hg]"), ("8462-4", 78, "mm[Hg]")]


@pytest.mark.parametrize(
    ("values", "not_done", "reasons"),
    [
        ({"systolic": 120}, {}, [None, ("unknown", None)]),
        ({"diastolic": 70}, {"systolic": "cuff declined"}, [("not-performed", "cuff declined"), None]),
        ({}, {"systolic": "asleep", "diastolic": "asleep"}, [("not-performed", "asleep"), ("not-performed", "asleep")]),
    ],
)
def test_half_a_pressure_says_why_the_other_half_is_missing(
    values: dict[str, float], not_done: dict[str, str], reasons: list[tuple[str, str | None] | None]
) -> None:
    line = Timeline()
    line.set(0, not_done=not_done, **values)
    (pressure,) = observed(source(line, 1), "Blood pressure")
    absent = [component.get("dataAbsentReason") for component in pressure["component"]]
    assert [one and (one["coding"][0]["code"], one.get("text")) for one in absent] == reasons


def test_what_was_not_done_is_no_value() -> None:
    line = Timeline()
    line.set(0, not_done={"spo2": "cold finger"})
    (one,) = observed(source(line, 1), "Oxygen saturation")
    assert one["dataAbsentReason"]["text"] == "cold finger"
    assert "valueQuantity" not in one


@pytest.mark.parametrize(("value", "word"), [(0, "none"), (4, "severe")])
def test_a_rating_is_a_number_under_the_local_code_system_with_its_word(value: int, word: str) -> None:
    line = Timeline()
    line.observe(0, dissociation=value)
    resources = made(source(line, 1))
    (one,) = [r for r in of_kind("Observation", resources) if "valueInteger" in r]
    assert one["code"]["coding"] == [{"system": RATINGS, "code": "dissociation", "display": "Dissociation"}]
    assert (one["valueInteger"], one["interpretation"][0]["text"]) == (value, word)
    (system,) = of_kind("CodeSystem", resources)
    assert system["url"] == RATINGS
    assert {"dissociation", "distress", "sedation"} <= {concept["code"] for concept in system["concept"]}


def test_each_local_code_is_defined_in_the_bundle() -> None:
    resources = made(source(eventful(), 210))
    (system,) = of_kind("CodeSystem", resources)
    defined = {concept["code"] for concept in system["concept"]}
    coded = [coding for one in of_kind("Observation", resources) for coding in one["code"].get("coding", [])]
    used = {coding["code"] for coding in coded if coding["system"] == RATINGS}
    assert used
    assert used <= defined


def test_a_correction_keeps_both_values_and_says_who_and_why() -> None:
    resources = made(source(eventful(), 210))
    pressures = [r for r in of_kind("Observation", resources) if r["code"]["text"] == "Blood pressure"]
    by_value = {one["component"][0].get("valueQuantity", {}).get("value"): one for one in pressures}
    assert (by_value[614]["status"], by_value[164]["status"]) == ("entered-in-error", "corrected")
    revised = of_kind("Provenance", resources)[0]
    assert f"urn:uuid:{by_value[164]['id']}" in [target["reference"] for target in revised["target"]]
    assert f"urn:uuid:{by_value[614]['id']}" in [entity["what"]["reference"] for entity in revised["entity"]]
    assert revised["reason"] == [{"text": "typed wrongly"}]
    assert revised["agent"][0]["who"]["display"] == "Ada Okafor"
    assert revised["activity"]["coding"][0]["code"] == "UPDATE"


def test_what_was_withdrawn_is_entered_in_error() -> None:
    resources = made(source(eventful(), 210))
    (wrong,) = [r for r in of_kind("Observation", resources) if r.get("valueQuantity", {}).get("value") == 171]
    assert wrong["status"] == "entered-in-error"
    nullified = of_kind("Provenance", resources)[1]
    assert f"urn:uuid:{wrong['id']}" in [target["reference"] for target in nullified["target"]]
    assert nullified["activity"]["coding"][0]["code"] == "NULLIFY"


@pytest.mark.parametrize(
    ("dose", "expected"),
    [("4", 4), ("0.5", 0.5), ("2,5", 2.5), ("2-4", None), ("some", None), ("", None), ("1e3", None), ("²", None)],
)
def test_an_amount_that_is_no_number_stays_words(dose: str, expected: float | None) -> None:
    line = running()
    line.event("medicine", 5, name="Ondansetron", dose=dose, unit="mg", route="IV")
    given = of_kind("MedicationAdministration", made(source(line, 6)))[-1]
    assert given.get("dosage", {}).get("dose", {}).get("value") == expected
    assert given["note"][0]["text"].startswith("Ondansetron")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_there_as_it_is(name: str) -> None:
    (patient,) = of_kind("Patient", made(source(running(), 3, name=name)))
    (told,) = patient["name"]
    assert told["text"] == name.strip()


def test_the_same_record_has_the_same_ids_each_time() -> None:
    first, second = (as_json(bundle_of([source(eventful(), 210)], START)) for _ in range(2))
    assert first == second


def test_everything_in_a_demonstration_is_tagged_as_invented() -> None:
    bundle = json.loads(as_json(bundle_of([source(running(), 3, demonstration=True)], START)))
    for resource in (bundle, *(entry["resource"] for entry in bundle["entry"])):
        assert [tag["code"] for tag in resource["meta"]["tag"]] == ["HTEST"]
    assert "HTEST" not in as_json(bundle_of([source(running(), 3)], START)).decode()


def test_a_series_has_one_patient_and_its_scores() -> None:
    sources = [source(running(), 3), source(eventful(), 210)]
    other = sources[1]
    infusion = replace(other.j.infusion, id="infusion-2")
    sources[1] = replace(other, j=replace(other.j, infusion=infusion))
    scores = [
        rated_score(stands=False),
        rated_score("s2", total=13.0, items=None, corrects="s1", reason="typed wrongly", rated_on=date(2026, 3, 2)),
    ]
    bundle = json.loads(as_json(bundle_of(sources, START, scores)))
    resources = [entry["resource"] for entry in bundle["entry"]]
    assert [len(of_kind(kind, resources)) for kind in ("Patient", "Encounter", "Procedure")] == [1, 2, 2]
    rated = [
        r for r in of_kind("Observation", resources) if "44261-6" in [c["code"] for c in r["code"].get("coding", [])]
    ]
    assert [(r["status"], r["valueQuantity"]["value"]) for r in rated] == [("entered-in-error", 12), ("corrected", 13)]
    assert [c["valueInteger"] for c in rated[0]["component"]] == [3, 1]
    assert [codes(component) for component in rated[0]["component"]] == [["44250-9"], ["44260-8"]]


ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"


def test_people_meet_the_profiles_of_us_core() -> None:
    """us-core-patient: an identifier with its system, gender, and a family or given name or why there is none.

    us-core-practitioner: an identifier with its system, and a name whose family part is there, or says why it is not.
    """
    resources = made(source(eventful(), 210))
    (patient,) = of_kind("Patient", resources)
    assert patient["meta"]["profile"] == [f"{US_CORE}/us-core-patient"]
    practitioners = of_kind("Practitioner", resources)
    assert len(practitioners) == 2
    for one in (patient, *practitioners):
        assert all(given["system"] and given["value"] for given in one["identifier"])
        (name,) = one["name"]
        assert name["text"]
    assert patient["gender"] == "female"
    (name,) = patient["name"]
    parts = "family" in name or "given" in name
    assert parts != (ABSENT in [extension["url"] for extension in name["extension"]])  # one of the two: us-core-6
    for one in practitioners:
        assert one["meta"]["profile"] == [f"{US_CORE}/us-core-practitioner"]
        assert one["name"][0]["_family"]["extension"] == [{"url": ABSENT, "valueCode": "unsupported"}]


def test_every_item_of_the_phq_9_has_the_code_that_loinc_gives_it() -> None:
    found = {item.key: item_codings("phq9", item.key) for item in instruments()["phq9"].items}
    assert {key: [coding["code"] for coding in codings] for key, codings in found.items()} == {
        "1": ["44250-9"], "2": ["44255-8"], "3": ["44259-0"], "4": ["44254-1"], "5": ["44251-7"], "6": ["44258-2"],
        "7": ["44252-5"], "8": ["44253-3"], "9": ["44260-8"],
    }  # fmt: skip
    assert item_codings("madrs", "1") == []


def test_the_drug_is_coded_and_its_route_where_the_site_may_use_the_terminology(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def drug() -> dict[str, Any]:
        return of_kind("MedicationAdministration", made(source(running(), 3)))[0]

    rxnorm = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6130", "display": "ketamine"}
    assert drug()["medicationCodeableConcept"] == {"coding": [rxnorm], "text": "Ketamine"}
    assert drug()["dosage"]["route"] == {"text": "intravenous"}
    licensed = {**terminology._terms(), "snomed_ct": {"licensed": True}}
    monkeypatch.setattr(terminology, "_terms", lambda: licensed)
    assert [one["code"] for one in drug()["dosage"]["route"]["coding"]] == ["47625008"]
    assert terminology.codings("drug", "Aunt Edna's drops") == []


# The validators


@contextmanager
def without_screens(demonstration: Demonstration) -> Iterator[RunningClinic]:
    """The demonstration as a clinic without screens."""
    hub = Hub(demonstration.clock, infusion=lambda _: {}, board=lambda _: {}, me=lambda _: None)
    settings = Settings(f"sqlite:///{demonstration.file}", True, 1, 12)
    try:
        yield RunningClinic(demonstration.store, demonstration.clock, hub, settings, SECRET)
    finally:
        demonstration.store.close()


@pytest.fixture(scope="module")
def validators() -> None:
    """Skips where the validators are not there."""
    if not VALIDATOR.exists():
        pytest.skip("../shared/fhir is not beside this checkout")
    packages = subprocess.run([PYTHON, "-c", "import fhirkit, fhirpathpy"], capture_output=True, check=False)
    if packages.returncode:
        pytest.skip(f"{PYTHON} lacks the validators' packages")


def judged(files: list[Path]) -> str:
    """What the validators find wrong with these files, "" for nothing."""
    done = subprocess.run([PYTHON, str(VALIDATOR), *map(str, files)], capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else "\n".join(x for x in done.stdout.splitlines() if "ERROR" in x or "FAIL" in x)


@pytest.mark.usefixtures("validators")
def test_the_validators_find_no_error_in_what_is_unusual(tmp_path: Path) -> None:
    cancelled = Timeline()
    cancelled.cancel(0)
    lines = {**LINES, "cancelled": (cancelled, 5)}
    files = []
    for n, (line, minute) in enumerate(lines.values()):
        files.append(tmp_path / f"line-{n}.json")
        files[-1].write_bytes(as_json(bundle_of([source(line, minute)], START, [rated_score()])))
    for n, name in enumerate(NAMES):
        files.append(tmp_path / f"name-{n}.json")
        of = source(running(patient=replace(MARTA, number=name)), 3, name=name)
        files[-1].write_bytes(as_json(bundle_of([of], START)))
    assert judged(files) == ""


@pytest.mark.usefixtures("validators")
def test_the_validators_find_no_error_in_the_demonstration(tmp_path: Path) -> None:
    demonstration = filled(tmp_path / "demonstration.db")
    store = demonstration.store
    with without_screens(demonstration) as clinic:
        ids = [one.id for one in store.open_infusions()]
        ids += [one.id for one in over(store)]
        files = []
        for id in ids:
            of = source_of(clinic, id)
            files.append(tmp_path / f"{id}.json")
            files[-1].write_bytes(as_json(bundle_of([of], of.j.now, store.scores_of(of.series.id))))
    assert len(files) > 100
    assert judged(files) == ""


@pytest.mark.usefixtures("validators")
def test_the_validators_do_find_errors(tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(as_json(bundle_of([source(running(), 3)], START)).decode().replace("mm[Hg]", "mmHg"))
    assert "SystolicBP" in judged([file])
