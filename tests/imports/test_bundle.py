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
        (b'{"resourceType": "Bundle", "type": "collection"}', "This Bundle has no entry"),
        (b'{"resourceType": "Bundle", "type": "collection", "entry": {}}', "This Bundle has no entry"),
        (b'{"resourceType": "Bundle", "entry": []}', "This Bundle has no type: expected one of collection, "),
        (bundle(HEART_RATE, type="basket"), "This Bundle has type “basket”: expected one of collection, "),
        (bundle(HEART_RATE, type="history"), "This Bundle has type “history”"),
        (bundle(HEART_RATE, implicitRules="https://rules.example"), "follows rules of its own"),
        (bundle(HEART_RATE, link=[{"relation": "next", "url": "https://ehr.example/?page=2"}]), "one page of a search"),
        (bundle(HEART_RATE, type="searchset", total=2), "one page of a search that found more"),
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
    first, second = read_bundle(bundle(HEART_RATE, HEART_RATE | {"id": "other"} | change))
    assert first.faults == ()
    assert second.place == "entry[1]"
    if fault is None:
        assert second.faults == ()
    else:
        assert [one for one in second.faults if one.startswith(fault)], second.faults


def test_an_entry_without_a_resource_is_told() -> None:
    assert entry_faults({"fullUrl": "urn:uuid:1"}) == ("resource is missing: expected one in each entry.",)


def entry_faults(entry: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong with the only entry of a Bundle."""
    return read_bundle(json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry]}).encode())[0].faults


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"fullUrl": "https://ehr.example/Observation/hr"}, None),
        ({"fullUrl": "urn:uuid:7"}, None),
        ({"request": {"method": "PUT", "url": "Observation/hr"}}, None),
        ({"response": {"status": "201 Created"}}, None),
        ({"fullUrl": "https://ehr.example/Observation/other"}, "the resource’s own id “hr” are not the same"),
        ({"fullUrl": "https://ehr.example/Observation/hr/_history/2"}, "expected the address of the resource, without"),
        ({"request": {"method": "DELETE", "url": "Observation/hr"}}, "request.method “DELETE”: expected POST or PUT"),
        ({"response": {"status": "404 Not Found"}}, "response.status “404 Not Found”"),
        ({"modifierExtension": [{"url": "https://x.example/not"}]}, "entry.modifierExtension changes what this means"),
        (
            {"search": {"modifierExtension": [{"url": "https://x.example"}]}},
            "search.modifierExtension changes what this",
        ),
    ],
)
def test_an_entry_says_whether_its_resource_stands(more: dict[str, Any], fault: str | None) -> None:
    found = entry_faults({"resource": HEART_RATE, **more})
    assert found == () if fault is None else len(found) == 1
    assert fault is None or fault in found[0]


@pytest.mark.parametrize(
    ("entry", "name"),
    [
        ({"fullUrl": "urn:uuid:7", "resource": HEART_RATE}, "urn:uuid:7"),
        ({"resource": HEART_RATE}, "Observation/hr"),
        ({"resource": {key: value for key, value in HEART_RATE.items() if key != "id"}}, "entry[0]"),
    ],
)
def test_a_resource_has_one_name(entry: dict[str, Any], name: str) -> None:
    (one,) = read_bundle(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [entry]}).encode())
    assert one.name == name


def test_the_same_resource_twice_is_read_once_and_another_under_its_name_is_wrong() -> None:
    nameless = {key: value for key, value in HEART_RATE.items() if key != "id"}
    slower = HEART_RATE | {"valueQuantity": {**HEART_RATE["valueQuantity"], "value": 60}}
    found = read_bundle(bundle(HEART_RATE, HEART_RATE, slower, nameless, nameless))
    assert [(one.again, one.faults) for one in found] == [
        ("", ()),
        ("entry[0]", ()),
        ("", ("“Observation/hr” stands in entry[0] too, and says something else there: expected one.",)),
        ("", ()),
        ("", ("The same stands in entry[3]: expected it once.",)),
    ]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"valueQuantity": {"value": "72"}}, "valueQuantity.value: found “72”, expected a number without quotes."),
        ({"valueInteger": "72"}, "valueInteger: found “72”, expected a whole number without quotes."),
        ({"valueInteger": True}, "valueInteger: found true, expected a whole number without quotes."),
        ({"valueInteger": 7.5}, "valueInteger: "),
        ({"valueBoolean": "true"}, "valueBoolean: found “true”, expected true or false without quotes."),
        ({"component": [{"code": {"text": "x"}, "valueInteger": "1"}]}, "component[0].valueInteger: found “1”"),
        ({"effectiveDateTime": 1772532000}, "effectiveDateTime: found 1772532000, expected text."),
        (
            {"contained": [{"resourceType": "Patient", "gender": "femal"}]},
            "contained[0].gender: found “femal”, expected",
        ),
    ],
)
def test_what_the_library_lets_through_is_told(change: dict[str, Any], fault: str) -> None:
    bare = {key: value for key, value in HEART_RATE.items() if not key.startswith("value")}
    (one,) = read_bundle(bundle(bare | change))
    assert [found for found in one.faults if found.startswith(fault)], one.faults


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
