"""Whose a resource of a Bundle is: references by FHIR's own rules, people by number and by who they are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.imports.bundle import read_bundle
from monitoring.imports.dry_run import Decision
from monitoring.imports.fhir import dry_run_bundle
from monitoring.imports.mapping import Told
from monitoring.imports.people import numbers_named, people_named, same_name
from monitoring.imports.references import References
from tests.clinical.timeline import MARTA, OMAR, SHIPPED, at
from tests.imports.bundles import CHAIRS, LEFT, PATIENTS, TOLD, breath, changed, others, past, run, sentences, vital

WARD, LAB = "https://ward.example/fhir", "https://lab.example/fhir"
MARTAS: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p",
    "identifier": [{"value": "K-0101"}],
    "name": [{"text": "Marta Brandt"}],
    "birthDate": "1981-05-14",
    "gender": "female",
}
OMARS: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "o",
    "identifier": [{"value": "K-0102"}],
    "name": [{"text": "Omar Haddad"}],
    "birthDate": "1967-11-02",
    "gender": "male",
}
SAME = Decision("unusual")


def addressed(*servers: str, data: bytes | None = None) -> bytes:
    """The Bundle with an address for each entry, on these servers; on the last one from there on."""
    found = json.loads(data or others())
    for number, one in enumerate(found["entry"]):
        root = servers[min(number, len(servers) - 1)]
        resource = one["resource"]
        resource.setdefault("id", f"n{number}")
        one["fullUrl"] = f"{root}/{resource['resourceType']}/{resource['id']}"
    return json.dumps(found).encode()


def with_patient(**more: Any) -> bytes:
    """The other system's Bundle with its Patient said otherwise."""
    return changed(others(), lambda all: all[0].update({**MARTAS, **more}))


# References


def test_the_same_id_on_two_servers_is_two_people() -> None:
    data = json.loads(addressed(WARD))
    data["entry"].append({"fullUrl": f"{LAB}/Patient/p", "resource": {**OMARS, "id": "p"}})
    found = past(run(json.dumps(data).encode(), replace(TOLD, patient="")))
    assert found.patient_id == MARTA.id


def test_a_reference_that_fits_two_is_refused() -> None:
    data = json.loads(others())
    data["entry"] += [{"fullUrl": f"{WARD}/Patient/p", "resource": MARTAS}]
    data["entry"] += [{"fullUrl": f"{LAB}/Patient/p", "resource": {**OMARS, "id": "p"}}]
    found = run(json.dumps(data).encode(), TOLD)
    assert any(
        "“Patient/p” may be any of entry[0], entry[4], entry[5]: expected one." in one for one in sentences(found)
    )
    assert [one.past for one in found.infusions] == []


@pytest.mark.parametrize(
    ("reference", "holder", "name", "there", "problem"),
    [
        # By the server that the entry itself came from, and by no other.
        ("Patient/p", f"{WARD}/Observation/1", f"{WARD}/Patient/p", True, ""),
        ("Patient/p", f"{LAB}/Observation/1", f"{LAB}/Patient/p", True, ""),
        ("Patient/p", "https://third.example/Observation/1", "https://third.example/Patient/p", False, ""),
        (f"{LAB}/Patient/p", f"{WARD}/Observation/1", f"{LAB}/Patient/p", True, ""),
        ("https://third.example/Patient/p", f"{WARD}/Observation/1", "https://third.example/Patient/p", False, ""),
        ("urn:uuid:6d4b0f6e", f"{WARD}/Observation/1", "urn:uuid:6d4b0f6e", True, ""),
        ("urn:uuid:6d4b0f6e", "", "urn:uuid:6d4b0f6e", True, ""),
        # From an entry without an address on a server: type and id alone, where they name one.
        ("Patient/only", "urn:uuid:1", f"{WARD}/Patient/only", True, ""),
        ("Patient/p", "urn:uuid:1", "Patient/p", False, "may be any of entry[0], entry[1]"),
        ("Patient/none", "", "Patient/none", False, ""),
        # One version of it.
        ("Patient/only/_history/3", f"{WARD}/Observation/1", f"{WARD}/Patient/only", True, ""),
        (
            "Patient/only/_history/2",
            f"{WARD}/Observation/1",
            f"{WARD}/Patient/only",
            False,
            "in version 2, this Bundle",
        ),
        (f"{WARD}/Patient/p/_history/9", "", f"{WARD}/Patient/p", True, ""),
        # Contained in it.
        ("#c", f"{WARD}/Observation/1", f"{WARD}/Observation/1#c", True, ""),
        ("#d", f"{WARD}/Observation/1", f"{WARD}/Observation/1#d", False, "“#d” is not in this resource."),
        ("#twice", "urn:uuid:1", "urn:uuid:1#twice", False, "“#twice” is more than once in this resource."),
        ("patient p", "", "patient p", False, "expected a reference like Patient/17"),
    ],
)
def test_a_reference_names_what_fhir_says_that_it_names(
    reference: str, holder: str, name: str, there: bool, problem: str
) -> None:
    people = [(f"{WARD}/Patient/p", "p", ""), (f"{LAB}/Patient/p", "p", ""), ("urn:uuid:6d4b0f6e", "u", "")]
    people += [(f"{WARD}/Patient/only", "only", "3")]
    entries: list[dict[str, Any]] = [
        {"fullUrl": url, "resource": {"resourceType": "Patient", "id": id, **({"meta": {"versionId": v}} if v else {})}}
        for url, id, v in people
    ]
    contained = [{"resourceType": "Patient", "id": id} for id in ("c", "twice", "twice")]
    holds = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "contained": contained}
    entries.append({"resource": holds, **({"fullUrl": holder} if holder else {})})
    resources = read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    found = References(resources).target({"reference": reference}, resources[-1], "Patient")
    assert (found.name, found.resource is not None) == (name, there)
    assert problem in found.problem
    assert bool(problem) == bool(found.problem)


ROOTS = st.sampled_from(["https://a.example/fhir/", "https://b.example/", "http://a.example/fhir/"])
IDS = st.sampled_from(["p", "q"])


@given(
    addresses=st.lists(st.tuples(st.none() | ROOTS, IDS), min_size=1, max_size=6, unique=True),
    holder=st.none() | ROOTS,
    id=IDS,
    root=st.none() | ROOTS,
    version=st.sampled_from(["", "/_history/4"]),
)
def test_no_reference_names_what_another_server_holds(
    addresses: list[tuple[str | None, str]], holder: str | None, id: str, root: str | None, version: str
) -> None:
    entries: list[dict[str, Any]] = [
        {"resource": {"resourceType": "Patient", "id": one}, **({"fullUrl": f"{at_}Patient/{one}"} if at_ else {})}
        for at_, one in addresses
    ]
    holds = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    entries.append({"resource": holds, **({"fullUrl": f"{holder}Observation/o"} if holder else {})})
    resources = read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    found = References(resources).target({"reference": f"{root or ''}Patient/{id}{version}"}, resources[-1], "Patient")
    meant = root or holder
    same = [one for one in resources[:-1] if one.content["id"] == id]
    if root:
        fits = [one for one in same if one.url == f"{root}Patient/{id}"]
    elif meant:
        fits = [one for one in same if one.url == f"{meant}Patient/{id}"] or [one for one in same if not one.url]
    else:
        fits = same
    assert found.resource is (fits[0] if len(fits) == 1 else None)
    assert bool(found.problem) is (len(fits) > 1)


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        ({"system": "https://a.example", "value": "7"}, "Patient/a"),
        ({"system": "https://b.example", "value": "7"}, "Patient/b"),
        ({"system": "https://c.example", "value": "7"}, None),
        ({"value": "7"}, None),  # which of the two is not said
        ({"value": "8"}, "Patient/b"),
    ],
)
def test_one_number_under_two_systems_is_two_people(identifier: dict[str, str], found: str | None) -> None:
    a = {**MARTAS, "id": "a", "identifier": [{"system": "https://a.example", "value": "7"}]}
    b = {**OMARS, "id": "b", "identifier": [{"system": "https://b.example", "value": "7"}, {"value": "8"}]}
    entries = [{"resource": one} for one in (a, b, breath())]
    resources = read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).encode())
    target = References(resources).target({"identifier": identifier}, resources[-1], "Patient")
    assert (None if target.resource is None else target.name) == found


# Whose


@pytest.mark.parametrize(
    ("position", "key"), [(1, "Encounter"), (2, "Procedure"), (3, "Observation"), (4, "Observation"), (5, "Medication")]
)
@pytest.mark.parametrize("subject", [{"identifier": {"value": "K-0102"}}, {"reference": "Patient/o"}])
def test_everything_of_an_infusion_is_of_one_patient(position: int, key: str, subject: dict[str, Any]) -> None:
    data = others(vital("29463-7", 72, "kg"), drug(), OMARS)
    assert sentences(run(data, TOLD)) == []
    found = run(changed(data, lambda all: all[position].update(subject=subject)), TOLD)
    assert any(one.startswith("These resources are of more than one patient (") for one in sentences(found)), key
    assert [one.past for one in found.infusions] == [None]
    marked = [row.line for row in found.rows if any("its encounter is of" in one.sentence for one in row.faults)]
    assert marked == ([2, 3, 4, 5] if position == 1 else [position])
    if position != 1:  # what is somebody else's can be left out, and then the rest comes in
        weight = replace(TOLD, weight_kg=72)
        left = run(changed(data, lambda all: all[position].update(subject=subject)), weight, {str(position): LEFT})
        assert "more than one patient" not in " ".join(sentences(left))


def drug(**more: Any) -> dict[str, Any]:
    """The drug of the infusion itself."""
    return {
        "resourceType": "MedicationAdministration",
        "status": "completed",
        "medicationCodeableConcept": {"text": "Ketamine"},
        "subject": {"reference": "Patient/p"},
        "context": {"reference": "Encounter/e"},
        "partOf": [{"reference": "Procedure/x"}],
        "effectivePeriod": {"start": "2026-03-03T10:00:00Z", "end": "2026-03-03T10:25:00Z"},
        **more,
    }


def test_a_contained_patient_is_a_patient() -> None:
    def change(all: list[dict[str, Any]]) -> None:
        for one in all[1:]:
            one["subject"] = {"reference": "#me"}
            one["contained"] = [{**MARTAS, "id": "me"}]

    data = json.loads(changed(others(), change))
    del data["entry"][0]
    found = past(run(json.dumps(data).encode(), replace(TOLD, patient="")))
    assert found.patient_id == MARTA.id


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        (None, "code 9279-1 says with no word whose it is: is it of the patient of its infusion?"),
        ({"display": "Marta B."}, "code 9279-1 says only by name, “Marta B.” whose it is"),
    ],
)
def test_without_a_subject_it_is_asked_and_told(subject: dict[str, str] | None, sentence: str) -> None:
    resource = {key: value for key, value in breath(subject=subject).items() if value is not None}
    found = run(others(resource), TOLD)
    (fault,) = found.open_faults
    assert fault.sentence.startswith(sentence)
    assert fault.asked
    confirmed = past(run(others(resource), TOLD, {fault.key: SAME}))
    assert [one for one in confirmed.remarks if one.startswith("Confirmed at the import: Subject said")]
    left = past(run(others(resource), TOLD, {fault.key: LEFT}))
    assert "Left out at the import, not ours: Observation code 9279-1 (entry[4])." in left.remarks


@pytest.mark.parametrize(
    ("subject", "sentence"),
    [
        ({"reference": "Group/g"}, "subject is a Group"),
        ({"type": "Device", "display": "pump"}, "subject is a Device: expected a Patient."),
        ({"reference": "Patient/p", "identifier": {"value": "K-0102"}}, "subject: “Patient/p” and identifier K-0102"),
    ],
)
def test_a_subject_that_is_no_patient_or_two_is_wrong(subject: dict[str, Any], sentence: str) -> None:
    group = {"resourceType": "Group", "id": "g", "type": "person", "actual": True}
    found = run(others(breath(subject=subject), OMARS, group), TOLD, {"6": LEFT})
    assert [one for one in sentences(found) if one.removeprefix("Entry 4: ").startswith(sentence)], sentences(found)
    assert all(one.past is None for one in found.infusions)


# Who it is


def asked_of(**patient: Any) -> tuple[str, ...]:
    found = run(with_patient(**patient), TOLD)
    assert all(fault.asked for fault in found.open_faults)
    assert [one.past is None for one in found.infusions] == [bool(found.open_faults)]
    return tuple(fault.sentence for fault in found.open_faults)


@pytest.mark.parametrize(
    ("patient", "differs"),
    [
        ({}, ""),
        ({"name": [{"family": "Brandt", "given": ["Marta"]}]}, ""),
        ({"name": [{"text": "BRANDT, Marta"}]}, ""),
        ({"name": [{"use": "old", "text": "Marta Klein"}, {"use": "official", "text": "Marta Brandt"}]}, ""),
        ({"name": [{"text": "Marta Klein", "period": {"end": "2020-01-01"}}, {"text": "Marta Brandt"}]}, ""),
        ({"gender": "unknown"}, ""),
        ({"birthDate": "1981-05"}, ""),
        ({"birthDate": "1981"}, ""),
        ({"name": [{"text": "Otto Fremd"}]}, "Name differs"),
        ({"gender": "male"}, "Sex differs"),
        ({"gender": "other"}, "Sex differs"),
        ({"birthDate": "1981-05-15"}, "Birth date differs"),
        ({"birthDate": "1982"}, "Birth date differs"),
        ({"name": [{"text": "Otto Fremd"}], "gender": "male"}, "Name and sex differ"),
        (
            {"name": [{"text": "Otto Fremd"}], "gender": "male", "birthDate": "1970"},
            "Name, sex and birth date differ",
        ),
    ],
)
def test_a_number_that_agrees_makes_no_person_where_the_rest_does_not(patient: dict[str, Any], differs: str) -> None:
    asked = asked_of(**patient)
    if not differs:
        assert asked == ()
        return
    (sentence,) = asked
    assert sentence.startswith("K-0101 here is Marta Brandt, sex female, born 14 May 1981; the file says ")
    assert sentence.endswith(f". {differs}: is it the same person?")


def test_a_name_from_right_to_left_turns_nothing_round_beside_it() -> None:
    (sentence,) = asked_of(name=[{"text": "مريم حداد"}])
    assert "the file says \u2068مريم حداد\u2069, sex female, born 14 May 1981" in sentence


def test_a_bare_number_is_asked_about() -> None:
    bare = {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": "https://other.example/no", "value": "K-0101"}],
    }
    data = changed(others(), lambda all: (all[0].clear(), all[0].update(bare)))
    found = run(data, TOLD)
    (fault,) = found.open_faults
    assert "Nothing but the number agrees: is it the same person?" in fault.sentence
    assert past(run(data, TOLD, {fault.key: SAME})).patient_id == MARTA.id
    # Left out, the file names nobody: then it is whom a person says.
    left = past(run(data, replace(TOLD, patient="K-0102"), {fault.key: LEFT}))
    assert left.patient_id == OMAR.id
    assert any("patient K-0102" in one for one in left.remarks)


def test_an_old_number_finds_nobody() -> None:
    found = run(
        with_patient(identifier=[{"use": "old", "value": "K-0101"}, {"value": "X-9"}]), replace(TOLD, patient="")
    )
    assert "Patient number X-9 is not registered here: expected a registered patient." in sentences(found)


def test_one_person_under_two_numbers_here_is_refused_unless_one_agrees() -> None:
    both = [{"value": "K-0102"}, {"value": "K-0101"}]
    assert past(run(with_patient(identifier=both), TOLD)).patient_id == MARTA.id
    found = run(with_patient(identifier=both, name=[{"text": "Otto Fremd"}]), TOLD)
    assert "Otto Fremd of the file is two here (K-0102 is Omar Haddad and K-0101 is Marta Brandt): expected one." in (
        sentences(found)
    )


@pytest.mark.parametrize(
    ("patient", "question"),
    [
        ({"active": False}, "Patient.active says that this record is no longer in use"),
        ({"deceasedBoolean": True}, "Patient.deceasedBoolean says that the person has died"),
        ({"link": [{"type": "replaced-by", "other": {"reference": "Patient/9"}}]}, "“replaced-by Patient/9”"),
    ],
)
def test_what_changes_who_a_patient_is_is_asked_and_told(patient: dict[str, Any], question: str) -> None:
    data = with_patient(**patient)
    (fault,) = run(data, TOLD).open_faults
    assert question in fault.sentence
    found = past(run(data, TOLD, {fault.key: SAME}))
    assert [one for one in found.remarks if one.startswith("Confirmed at the import: Patient.") and "entry[0]" in one]


@pytest.mark.parametrize(
    ("died", "refused"), [("2026-03-02", True), ("2026-02", True), ("2026-03-03", False), ("2026", False)]
)
def test_nobody_is_treated_after_death(died: str, refused: bool) -> None:
    found = run(with_patient(deceasedDateTime=died), TOLD)
    sentence = f"The file says that the patient died on {died}: expected an infusion before."
    assert (sentence in sentences(found)) is refused
    if not refused:
        assert f"The file says that the patient died: {died}." in past(found).remarks


def test_what_concerns_another_patient_is_told_in_no_record_but_theirs() -> None:
    condition = {"resourceType": "Condition", "code": {"text": "Gout"}, "subject": {"reference": "Patient/o"}}
    data = others({**OMARS, "active": False}, condition)
    decisions = {"4/active": SAME, "5": LEFT}
    found = past(run(data, TOLD, decisions))
    assert [one for one in found.remarks if "Gout" in one or "Patient.active" in one] == []
    own = {**condition, "subject": {"reference": "Patient/p"}}
    assert [one for one in past(run(others(own), TOLD, {"4": LEFT})).remarks if "Gout" in one] != []


# One person, one offer


def test_the_number_of_the_chart_comes_first_and_an_old_one_never() -> None:
    codes = "http://terminology.hl7.org/CodeSystem/v2-0203"
    kinds = [("SS", "900-12-3456"), ("MR", "M-77"), ("DL", "S900")]
    identifiers: list[dict[str, Any]] = [
        {"type": {"coding": [{"system": codes, "code": kind}]}, "value": value} for kind, value in kinds
    ]
    identifiers.append({"value": "W-5"})
    resources = read_bundle(with_patient(identifier=[*identifiers, {"use": "old", "value": "M-1"}]))
    (person,) = people_named(resources)
    assert [one.value for one in person.identifiers] == ["M-77", "W-5", "900-12-3456", "S900"]
    assert set(numbers_named(resources)) == {"M-77", "W-5", "900-12-3456", "S900"}
    assert people_named(resources, [0]) == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Marta Brandt", "brandt, marta", True),
        ("Zoë Adler", "Zoe\u0308 Adler", True),
        ("Marta  Brandt", "Marta Brandt", True),
        ("Marta Brandt", "Marta Brand", False),
        ("Marta Brandt", "Marta Lena Brandt", False),
        ("", "", False),
    ],
)
def test_one_name_in_whatever_order(one: str, other: str, same: bool) -> None:
    assert same_name(one, other) is same


def test_numbers_of_subjects_are_looked_up_too() -> None:
    resources = read_bundle(others(breath(subject={"identifier": {"value": "K-0102"}})))
    assert "K-0102" in numbers_named(resources)


def test_a_bundle_without_a_patient_is_whose_a_person_says() -> None:
    data = json.loads(others())
    del data["entry"][0]
    found = past(run(json.dumps(data).encode(), TOLD))
    assert found.patient_id == MARTA.id
    assert "Said at the import, not in the file: patient K-0101 for “Patient/p”" in found.remarks[0]
    none = dry_run_bundle(
        read_bundle(json.dumps(data).encode()), Told(chair="chair-1"), SHIPPED, PATIENTS, CHAIRS, {}, at(400)
    )
    assert "Patient without a number is not registered here: expected a registered patient." in sentences(none)
