"""A FHIR Bundle as a list of resources: what is no FHIR is told with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitoring.imports.bundle import MOST_RESOURCES, codes_of, instant_of, read_bundle, text_of
from monitoring.imports.tables import FileRefused

HEART_RATE: dict[str, Any] = {
    "resourceType": "Observation",
    "id": "hr",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}], "text": "Heart rate"},
    "effectiveDateTime": "2026-03-03T11:00:00+01:00",
    "valueQuantity": {"value": 72, "system": "http://unitsofmeasure.org", "code": "/min"},
}


def bundle(*resources: Any, **more: Any) -> bytes:
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries, **more}).encode()


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "Line 1, column 1 is no JSON"),
        (bundle(HEART_RATE)[:-20], "is no JSON"),
        (b"time,HR\n", "Line 1, column 1 is no JSON"),
        (b"[]", "This file holds no resource: expected a FHIR Bundle."),
        (json.dumps(HEART_RATE).encode(), "This file holds Observation: expected a FHIR Bundle."),
        (b'{"resourceType": "Bundle"}', "This Bundle has no entry"),
        (b'{"resourceType": "Bundle", "entry": {}}', "This Bundle has no entry"),
        (bundle(HEART_RATE).replace(b"72", b"NaN"), "holds NaN, which is no number"),
        (bundle(HEART_RATE).replace(b'"status"', b'"id"'), "“id” stands twice in one object"),
        (bundle(HEART_RATE).replace(b"Heart", b"He\\ud800rt"), "a character that cannot be stored"),
        (bundle(HEART_RATE).replace(b"Heart", b"He\\u0000rt"), "a character that cannot be stored"),
        (bundle(HEART_RATE).replace(b"Heart", b"He\xe4rt"), "is not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (bundle(*({} for _ in range(MOST_RESOURCES + 1))), f"expected at most {MOST_RESOURCES}"),
    ],
)
def test_what_is_no_bundle_says_why(data: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence):
        read_bundle(data)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, None),
        ({"valueQuantity": {"value": "abc"}}, "valueQuantity.value: "),
        ({"effectiveDateTime": "2026-13-01"}, "effectiveDateTime: "),
        ({"mood": "fine"}, "mood: Extra inputs are not permitted, found “fine”"),
        ({"valueString": "72"}, "the resource: Any of one field value is expected"),
        ({"status": None}, "status: Value for the field"),
        ({"component": [{"code": {"text": "x"}}, {"valueInteger": 1}]}, "component[1]"),
        ({"resourceType": "Mood"}, "resourceType “Mood”: expected a resource of FHIR R4."),
    ],
)
def test_each_fault_has_its_place(change: dict[str, Any], fault: str | None) -> None:
    first, second = read_bundle(bundle(HEART_RATE, HEART_RATE | change))
    assert first.faults == ()
    assert second.place == "entry[1]"
    if fault is None:
        assert second.faults == ()
    else:
        assert [one for one in second.faults if one.startswith(fault)], second.faults


def test_an_entry_without_a_resource_is_told() -> None:
    (one,) = read_bundle(b'{"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:1"}]}')
    assert one.faults == ("resource is missing: expected one in each entry.",)


def test_a_resource_is_known_by_its_address_and_its_id() -> None:
    (one,) = read_bundle(
        json.dumps({"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:7", "resource": HEART_RATE}]}).encode()
    )
    assert one.names == ("urn:uuid:7", "Observation/hr")


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-03T11:00:00+01:00", "2026-03-03T10:00:00+00:00"),
        ("2026-03-03T11:00:00.250Z", "2026-03-03T11:00:00.250000+00:00"),
        ("2026-03-03", None),
        ("2026-03", None),
        ("2026-03-03T23:59:60Z", None),
        (None, None),
    ],
)
def test_an_instant_has_a_time_and_an_offset(text: str | None, instant: str | None) -> None:
    found = instant_of(text)
    assert (None if found is None else found.isoformat()) == instant


def test_what_a_concept_says() -> None:
    concept = {"coding": [{"system": "a", "code": "1", "display": "One"}, {"system": "b", "code": "2"}]}
    assert (codes_of(concept, "b"), codes_of(None, "b")) == (("2",), ())
    assert (text_of(concept), text_of({**concept, "text": "words"}), text_of(None)) == ("One", "words", "")
