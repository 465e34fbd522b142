"""Infusions in a FHIR Bundle: our own come back as they were, others as far as they say it, and each fault is told."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.clinical.course import course
from monitoring.clinical.flags import flags
from monitoring.clinical.record import Infusion
from monitoring.exports.fhir import as_json, bundle_of
from monitoring.exports.source import source_of
from monitoring.imports.bundle import Resource, read_bundle
from monitoring.imports.dry_run import Decision
from monitoring.imports.fhir import dry_run_bundle
from monitoring.imports.mapping import Told
from monitoring.imports.people import numbers_named
from monitoring.recording import SourceFile
from tests.clinical.timeline import MARTA, SHIPPED, START, Timeline, at, running
from tests.exports.sources import many, source
from tests.imports.bundles import (
    CHAIRS,
    LATER,
    LEFT,
    PATIENTS,
    TOLD,
    breath,
    changed,
    others,
    past,
    run,
    sentences,
    vital,
)
from tests.small_clinic import Names, SetClock, actor, entry, event

EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "fhir" / "fhir_uscore_examples"


def eventful() -> Timeline:
    """An infusion with everything that the words of an export hold whole."""
    line = Timeline()
    line.event("check", -20, item=SHIPPED.before[0].key, answer="yes", note="on paper")
    line.quiet_set(-4, temperature=36.6)
    line.start(0)
    line.observe(5, dissociation=2)
    line.set(6, oxygen=2.5)
    wrong = line.quiet_set(10, systolic=214)
    line.correct(wrong, 11, "typed wrongly", systolic=164.0, diastolic=78.0)
    line.acknowledge(line.flag(11.5, "systolic", "high"), 12, "Told Dr Weiss on the phone")
    other = line.quiet_set(14, heart_rate=171)
    line.withdraw(other, 15, "that was Omar Haddad")
    line.set(20, systolic=150, diastolic=84, not_done={"heart_rate": "asleep", "spo2": "equipment"})
    line.pause(22, "nausea or vomiting")
    nausea = line.event("effect", 22, name="nausea", severity="mild", action="watched")
    called = line.event("called", 23, whom=SHIPPED.called[0])
    line.event("medicine", 24, name="Ondansetron", dose="4", unit="mg", route="IV", why="nausea")
    line.event("medicine", 24.5, name="Aunt Edna's drops", dose="some", unit="mL", route="oral")
    line.resume(26)
    line.rate(27, 112.5)
    line.event("over", 28, of=called.id, how="came")
    line.event("over", 31, of=nausea.id)
    line.quiet_set(30, recorded=36)
    slip = line.observe(33, sedation=4)
    line.correct(slip, 35, "read wrongly", sedation=5)
    line.end(44)
    line.quiet_set(60)
    line.close(110)
    line.event("note", 200, text="Called back, well")
    return line


def exported(line: Timeline, minute: float, name: str = "", **more: Any) -> bytes:
    return as_json(bundle_of([source(line, minute, name=name)], START, **more))


def of(resources: list[dict[str, Any]], text: str) -> dict[str, Any]:
    """The first Observation of this name."""
    return next(one for one in resources if one.get("code", {}).get("text") == text)


def told_of(infusion: Infusion) -> list[tuple[object, ...]]:
    """Everything that stands of an infusion, without what only an import adds, and without who recorded it."""

    def detail(one: Any) -> Any:
        names = {entry.id: "" for entry in infusion.entries}
        return {k: names.get(v, v) for k, v in one.detail.items() if k not in ("baseline", "given_by")}

    found = [
        (
            one.kind,
            one.observed_at,
            sorted((reading.measure, reading.value) for reading in one.readings),
            sorted((item.measure, item.reason) for item in one.not_done),
            one.event and (one.event.kind, sorted(detail(one.event).items())),
        )
        for one in infusion.standing()
        if one.kind != "acknowledgement" and not (one.event and one.event.kind == "note")
    ]
    return sorted(found, key=str)


# Our own export comes back


@pytest.fixture
def elsewhere(clinic: RunningClinic, clock: SetClock) -> RunningClinic:
    """Another clinic, later, where the same three people are known under ids of its own."""
    clock.wait(days=2)
    return clinic


def test_an_eventful_infusion_comes_back_as_it_was(elsewhere: RunningClinic, names: Names) -> None:
    line = eventful()
    resources = read_bundle(exported(line, 210))
    patient = elsewhere.store.find_patients("K-0102")[0]
    of_omar = {"K-0101": patient}  # where Marta Brandt has an infusion at that time already
    found = dry_run_bundle(resources, Told(), SHIPPED, of_omar, CHAIRS, {}, elsewhere.clock.now())
    (fault,) = found.open_faults
    assert fault.sentence == (
        "K-0101 here is Omar Haddad, sex male, born 02 Nov 1967; the file says Marta Brandt, "
        "sex female, born 14 May 1981. Name, sex and birth date differ: is it the same person?"
    )
    same = {fault.key: Decision("unusual")}
    wanted = past(dry_run_bundle(resources, Told(), SHIPPED, of_omar, CHAIRS, same, elsewhere.clock.now()))
    (confirmed,) = (one for one in wanted.remarks if one.startswith("Confirmed at the import"))
    assert "Marta Brandt, sex female, born 14 May 1981 in the file is Omar Haddad" in confirmed
    outcome = recording.import_infusions(
        elsewhere, actor(elsewhere, "Dr Ines Weiss"), SourceFile("bundle.json", "0" * 64), [wanted]
    )
    assert outcome.done, outcome.sentences
    back = elsewhere.store.infusion(wanted.id)
    assert back is not None
    was, now = line.infusion, at(300)
    before = [one for one in told_of(was) if "Aunt Edna" not in str(one)]
    assert told_of(back) == before
    assert (back.weight_kg, back.dose_mg_per_kg, back.planned_minutes, back.bag_volume_ml) == (80, 0.5, 40, 100)
    assert (back.opened_at, back.number, back.chair) == (was.opened_at, 2, "chair-1")
    here, there = course(was, SHIPPED, now), course(back, SHIPPED, now)
    assert there.phases == here.phases
    assert there.segments == here.segments
    assert there.given_mg == pytest.approx(here.given_mg)
    assert {key: one.value for key, one in there.baseline.items()} == {k: one.value for k, one in here.baseline.items()}

    def flagged(infusion: Infusion, at_course: Any) -> Counter[tuple[str, str, str]]:
        found = flags(infusion, SHIPPED, now, at_course).flags  # those of values: time alone raises none of a file
        return Counter((flag.measure, flag.side, flag.level.word) for flag in found if flag.readings)

    assert flagged(back, there) == flagged(was, here)


def test_corrections_and_withdrawals_come_back_with_both_values_and_why() -> None:
    entries = past(run(exported(eventful(), 210))).entries
    by_name = {one.name: one for one in entries if one.name}
    corrections = [one for one in entries if one.corrects]
    assert [
        (
            {r.measure: r.value for r in by_name[one.corrects].readings},
            {r.measure: r.value for r in one.readings},
            one.reason,
        )
        for one in corrections
    ] == [
        (
            {"systolic": 214, "diastolic": 78, "heart_rate": 72, "spo2": 98, "respiration": 14},
            {"systolic": 164, "diastolic": 78},
            "typed wrongly",
        ),
        ({"sedation": 4}, {"sedation": 5}, "read wrongly"),
    ]
    (withdrawal,) = (one for one in entries if one.withdraws)
    assert {r.measure: r.value for r in by_name[withdrawal.withdraws].readings}["heart_rate"] == 171
    assert (withdrawal.reason, withdrawal.observed_at) == ("that was Omar Haddad", at(15))


def without_details(data: bytes) -> bytes:
    """The Bundle as versions wrote it that told events in words alone."""

    def strip(resources: list[dict[str, Any]]) -> None:
        for one in resources:
            one.pop("extension", None)

    return changed(data, strip)


def test_what_only_words_tell_is_kept_as_notes_and_remarks() -> None:
    found = past(run(without_details(exported(eventful(), 210))))
    notes = [one.event.detail["text"] for one in found.entries if one.event and one.event.kind == "note"]
    acknowledged, *rest = notes
    assert acknowledged.startswith("Flag acknowledged: systolic high, caution, at or above 160")
    assert acknowledged.endswith(": Told Dr Weiss on the phone")
    assert rest == ["Aunt Edna's drops some mL oral", "Called back, well"]
    (by,) = (one for one in found.remarks if one.startswith("Recorded there by: "))
    assert re.fullmatch(r"Recorded there by: Ada Okafor \(\d\d\)\.", by)
    assert (
        "The file says of the drug: Ketamine, 0.5 mg/kg, 40.0 mg planned, 100 mL in 40 min, 35.8 mg, 150 mL/h, "
        "intravenous." in found.remarks
    )
    assert [one for one in found.remarks if one.startswith("Note in the file, “sent late”: entry[")]
    (unkept,) = (one for one in found.remarks if one.startswith("Not kept from the file: "))
    assert re.search(r" Observation\.interpretation \(\d+\)", unkept)


def test_a_record_made_here_comes_back_in_another_clinic(
    clinic: RunningClinic, names: Names, clock: SetClock, tmp_path: Path
) -> None:
    ada = actor(clinic, "Ada Okafor")

    def save(body: dict[str, Any]) -> None:
        body |= {"sign_in": ada.sign_in.id, "queued": True}
        saved = recording.save_entry(clinic, ada, names.infusion, body)
        assert saved.done, saved.sentences

    save(entry(clock.now()))
    save(event(clock.wait(minutes=2), "start"))
    save(entry(clock.wait(minutes=10), readings={"systolic": 164, "diastolic": 88}))
    save(event(clock.wait(minutes=30), "end"))
    save(entry(clock.wait(minutes=15)))
    save(event(clock.wait(minutes=15), "close"))
    data = as_json(bundle_of([source_of(clinic, names.infusion)], clock.now()))
    was = clinic.store.infusion(names.infusion)
    assert was is not None
    found = dry_run_bundle(read_bundle(data), Told(), clinic.protocol, PATIENTS, CHAIRS, {}, clock.now())
    there = past(found)
    assert there.opened_at == was.opened_at
    assert [one.kind for one in there.entries] == [one.kind for one in was.entries]
    # Here it is already: the same infusion cannot come in beside itself.
    again = past(
        dry_run_bundle(
            read_bundle(data),
            Told(),
            clinic.protocol,
            {"K-0101": clinic.store.find_patients("K-0101")[0]},
            CHAIRS,
            {},
            clock.now(),
        )
    )
    file = SourceFile("bundle.json", "0" * 64)
    refused = recording.import_infusions(clinic, actor(clinic, "Petra Novak"), file, [again])
    assert (
        refused.sentences
        == (
            "This patient has infusion 1 at that time already: expected another patient or day.",
            "Infusion 1 of this series is there already: expected another number.",
        )[:1]
    )


def test_the_same_bundle_twice_adds_nothing(elsewhere: RunningClinic, names: Names) -> None:
    patient = elsewhere.store.find_patients("K-0103")[0]
    known = replace(MARTA, id=patient.id)
    data = exported(eventful(), 210)
    file = SourceFile("bundle.json", "0" * 64)

    def brought() -> Any:
        found = dry_run_bundle(read_bundle(data), Told(), SHIPPED, {"K-0101": known}, CHAIRS, {}, elsewhere.clock.now())
        return recording.import_infusions(elsewhere, actor(elsewhere, "Petra Novak"), file, [past(found)])

    first, second = brought(), brought()
    assert len(first.value.added) == 1
    assert (second.again, second.value.added, second.value.again) == (True, (), first.value.added)


def test_an_infusion_that_a_monitor_recorded_comes_back() -> None:
    line = many(600)
    line.close(70)
    found = past(run(exported(line, 90)))
    assert sum(len(one.readings) for one in found.entries) == sum(len(one.readings) for one in line.infusion.entries)


@pytest.mark.parametrize("name", ["=1+1", "مريم حداد", "Zoë 😀 👩‍🚀", "<b>& {} #panic(1)", "two\nlines"])
def test_a_name_is_no_matter(name: str) -> None:
    here = {"K-0101": replace(MARTA, name=name)}
    data = read_bundle(exported(eventful(), 210, name))
    assert past(dry_run_bundle(data, Told(), SHIPPED, here, CHAIRS, {}, at(400))).patient_id == MARTA.id


# Bundles of others


def test_another_systems_bundle_comes_in_with_what_a_person_says_of_it() -> None:
    found = past(run(others(vital("8310-5", 98.6, "[degF]"), vital("2708-6", 97, "%")), TOLD))
    events = {one.event.kind: (one.observed_at, one.event.detail) for one in found.entries if one.event}
    assert events == {"start": (at(0), {}), "stop": (at(25), {"reason": "distress"}), "close": (at(90), {})}
    (measured,) = (one for one in found.entries if one.readings)
    assert {r.measure: r.value for r in measured.readings} == {"heart_rate": 72, "temperature": 37.0, "spo2": 97}
    assert (found.opened_at, found.weight_kg, found.chair, found.number) == (at(-30), 72, "chair-2", None)
    assert found.remarks == (
        "Said at the import, not in the file: weight 72 kg; dose 0.5 mg/kg; planned time 40 min.",
        "Converted at the import: Temperature from °F.",
        "Not kept from the file: Encounter.class.",
    )


@pytest.mark.parametrize(
    ("resource", "sentence"),
    [
        (vital("8867-4", 0, "/min", **LATER), "Heart rate 0 /min: is this what the file means?"),
        (vital("8867-4", 720, "/min"), "value: Heart rate 720 /min: expected 0 to 350."),
        (vital("8867-4", 71.5, "/min", **LATER), "value: Heart rate 71.5 /min: expected a whole number."),
        (vital("8867-4", 71, "/min"), "Heart rate stands twice at this time: expected one value."),
        (vital("8310-5", 98.6, "K"), "valueQuantity.unit “K”: expected °C or °F."),
        (vital("8310-5", 98.6, "Cel"), "value: Temperature 98.6 °C: expected 20 to 45."),
        (vital("9999-9", 1, "1"), "code: code 9999-9 is not measured here."),
        (breath(status="preliminary"), "status “preliminary”: expected final, amended, corrected or entered-in-error."),
        (breath(effectiveDateTime="2026-03-03"), "effectiveDateTime: expected a time with its offset"),
        (breath(effectiveDateTime="2026-03-03T12:10:00Z"), "Seen after the patient had left: expected before."),
        (breath(effectiveDateTime="2027-03-03T12:10:00Z"), "Seen 8755 h 30 min from now"),
        (breath(encounter=None), "code 9279-1 belongs to no encounter"),
        (breath(subject={"reference": "Patient/other"}), "These resources are of more than one patient"),
        (breath(valueQuantity={"value": 14, "comparator": "<", "unit": "/min"}), "valueQuantity.comparator “<”"),
        (
            breath(valueQuantity=None, dataAbsentReason={"text": "busy"}),
            "dataAbsentReason “busy”: expected one of asleep",
        ),
        (breath(mood="fine"), "mood: Extra inputs are not permitted, found “fine”"),
        ({"resourceType": "Condition", "subject": {"reference": "Patient/p"}}, "Condition is not brought in"),
        ({"resourceType": "Mood"}, "resourceType “Mood”: expected a resource of FHIR R4."),
    ],
)
def test_each_fault_keeps_its_infusion_out_and_has_its_place(resource: dict[str, Any], sentence: str) -> None:
    resource = {key: value for key, value in resource.items() if value is not None}
    found = run(others(resource), TOLD)
    assert [one for one in sentences(found) if one.startswith(sentence)], sentences(found)
    assert [one.past for one in found.infusions] == [None]


def test_what_is_left_out_is_told_in_the_record() -> None:
    condition = {"resourceType": "Condition", "subject": {"reference": "Patient/p"}}
    data = others(condition, vital("9999-9", 1, "1"), vital("9279-1", 140, "/min"))
    assert [one.past for one in run(data, TOLD).infusions] == [None]
    decisions = {"4": LEFT, "5/value": LEFT, "6/value": Decision("leave out", "typed wrongly")}
    found = past(run(data, TOLD, decisions))
    assert found.remarks[2:] == (
        "Left out at the import, not ours: Condition (entry[4]); code 9999-9 1 1 (entry[5]).",
        "Left out at the import, typed wrongly: Respiration 140 /min (entry[6]).",
    )


def test_what_is_unusual_comes_in_confirmed_and_decimals_are_rounded_when_a_person_says_so() -> None:
    data = others(vital("8867-4", 0, "/min", **LATER), vital("9279-1", 14.5, "/min", **LATER))
    found = past(run(data, TOLD, {"4/value": Decision("unusual")}, rounding=True))
    (measured,) = (one for one in found.entries if one.readings and one.observed_at == at(20))
    assert [(r.measure, r.value, r.confirmed_unusual) for r in measured.readings] == [
        ("heart_rate", 0, True),
        ("respiration", 15, False),
    ]
    assert "Rounded at the import: Respiration." in found.remarks


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda all: all[0].update(identifier=[{"value": "K-0999"}]), "Patient number K-0999 is not registered here"),
        (lambda all: all[0].update(birthDate="1981-05-15"), "Is it Marta Brandt, K-0101? To be decided where the"),
        (lambda all: all[1].pop("period"), "Nothing says when the patient left"),
        (lambda all: all[2].pop("performedPeriod"), "Nothing says when the pump was started"),
        (lambda all: all[2]["performedPeriod"].pop("end"), "Patient left at minute 90 conflicts with: pump started"),
    ],
)
def test_an_infusion_that_does_not_tell_its_whole_does_not_come_in(change: Any, sentence: str) -> None:
    found = run(changed(others(), change), TOLD)
    assert [one for one in sentences(found) if one.startswith(sentence)], sentences(found)


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        (Told(chair="chair-1"), "Weight is missing: expected 30 to 250 kg."),
        (Told(chair="chair-1", weight_kg=72, dose_mg_per_kg=50), "Dose 50 mg/kg: expected 0.1 to 1.5."),
    ],
)
def test_what_the_file_does_not_say_must_be_said(told: Told, sentence: str) -> None:
    assert sentence in sentences(run(others(), told))


def test_a_wrong_value_without_an_explanation_is_withdrawn_here_too() -> None:
    found = past(run(others(vital("9279-1", 70, "/min", status="entered-in-error")), TOLD))
    (withdrawal,) = (one for one in found.entries if one.withdraws)
    assert (withdrawal.reason, withdrawal.observed_at) == ("entered-in-error", at(10))


def test_a_provenance_that_points_nowhere_keeps_its_infusion_out() -> None:
    def change(resources: list[dict[str, Any]]) -> None:
        provenance = next(one for one in resources if one["resourceType"] == "Provenance")
        provenance["target"] = [{"reference": "urn:uuid:nowhere"}]

    found = run(changed(exported(eventful(), 210), change))
    assert "target[0]: “urn:uuid:nowhere” is not in this Bundle." in sentences(found)
    assert [one.past for one in found.infusions] == [None]


@pytest.mark.parametrize("born", ["1981", "1981-05", "1981-05-14"])
def test_a_birth_date_may_be_a_year_alone(born: str) -> None:
    assert past(run(changed(others(), lambda all: all[0].update(birthDate=born)), TOLD)).patient_id == MARTA.id


def test_two_encounters_are_two_infusions() -> None:
    one, two = json.loads(others()), json.loads(others().replace(b"2026-03-03", b"2026-03-02").replace(b"/e", b"/f"))
    two["entry"][1]["resource"]["id"] = "f"
    two["entry"][2]["resource"]["id"] = "y"
    both = {**one, "entry": [*one["entry"], *two["entry"][1:]]}
    found = run(json.dumps(both).encode(), TOLD)
    assert sentences(found) == []
    assert [one.past.opened_at for one in found.infusions if one.past] == [at(-30), at(-30) - timedelta(days=1)]


def test_a_bundle_without_an_infusion_says_so() -> None:
    patient = {"resource": {"resourceType": "Patient"}}
    found = run(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [patient]}).encode(), TOLD)
    assert found.infusions == ()
    assert found.problems == ("This Bundle tells of no infusion: expected Observations of one.",)


def test_patients_are_found_by_each_number_they_have() -> None:
    def named(resources: tuple[Resource, ...]) -> set[str]:
        return set(numbers_named(resources))

    assert named(read_bundle(exported(running(), 3))) == {"K-0101"}


def test_the_public_examples_of_vital_signs_are_read() -> None:
    names = ("heart-rate", "respiratory-rate", "oxygen-saturation", "temperature", "blood-pressure")
    files = [EXAMPLES / f"{name}.json" for name in names]
    if not all(file.exists() for file in files):
        pytest.skip("the examples are not beside this checkout")
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": json.loads(file.read_text(encoding="utf-8"))} for file in files],
    }
    found = run(json.dumps(bundle).encode(), TOLD)
    assert {row.state for row in found.rows} <= {"wrong", "comes in"}
    assert all(fault.sentence for row in found.rows for fault in row.faults)


def again(resources: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """The weight once more, as another resource."""
    return {**of(resources, "Weight"), "id": "weight-2", **more}


def with_another(data: bytes, make: Callable[[list[dict[str, Any]]], dict[str, Any]]) -> bytes:
    found = json.loads(data)
    made = make([one["resource"] for one in found["entry"]])
    found["entry"].append({"fullUrl": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7", "resource": made})
    return json.dumps(found).encode()


def test_of_two_weights_neither_is_taken_in_silence() -> None:
    heavier = {"valueQuantity": {"value": 99, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}
    data = with_another(exported(eventful(), 210), lambda resources: again(resources, **heavier))
    found = run(data)
    assert sentences(found) == ["Weight 99 kg: 80 kg in another entry, expected one."]
    (fault,) = found.open_faults
    infusion = past(run(data, decisions={fault.key: LEFT}))
    assert infusion.weight_kg == 80
    assert any("Left out at the import, not ours: Observation Weight" in one for one in infusion.remarks)


def test_a_weight_that_is_not_the_one_it_was_opened_with_is_not_taken() -> None:
    heavier = {"value": 99, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
    data = changed(exported(eventful(), 210), lambda all: of(all, "Weight").update(valueQuantity=heavier))
    assert sentences(run(data)) == ["Weight 99 kg, and 80 where the infusion was opened: expected the same."]


def test_a_weight_entered_in_error_is_not_the_weight() -> None:
    wrong = {"valueQuantity": {"value": 8, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}}
    data = with_another(
        exported(eventful(), 210), lambda resources: again(resources, **wrong, status="entered-in-error")
    )
    infusion = past(run(data))
    assert infusion.weight_kg == 80
    assert any("entered in error in the file: weight 8 kg" in one for one in infusion.remarks)


@pytest.mark.parametrize(
    ("text", "change", "sentence"),
    [
        ("Heart rate", {"effectiveDateTime": "2026-03-03"}, "expected a time with its offset"),
        ("Heart rate", {"effectiveDateTime": "0001-01-01T00:00:00+05:00"}, "expected a time with its offset"),
        ("Weight", {"valueQuantity": {"value": 12, "code": "[stone_av]"}}, "expected kg or g or lb"),
        ("Blood pressure", {"valueString": "high"}, "Blood pressure is not measured here (high beside its components)"),
    ],
)
def test_what_is_wrong_can_be_left_out_with_a_reason(text: str, change: dict[str, Any], sentence: str) -> None:
    data = changed(exported(eventful(), 210), lambda resources: of(resources, text).update(change))
    told = Told(weight_kg=80)
    found = run(data, told)
    (fault,) = found.open_faults
    assert sentence in fault.sentence
    infusion = past(run(data, told, {fault.key: LEFT}))
    assert any("Left out at the import, not ours" in one for one in infusion.remarks)


def test_a_day_alone_is_told_as_not_read() -> None:
    def change(resources: list[dict[str, Any]]) -> None:
        next(one for one in resources if one["resourceType"] == "Encounter")["period"] = {"start": "2026-03-03"}

    infusion = past(run(changed(exported(eventful(), 210), change)))
    assert any("expected a time with its offset: Encounter.period.start 2026-03-03" in one for one in infusion.remarks)


@pytest.mark.parametrize(
    ("kind", "change", "place"),
    [
        ("Encounter", {"location": "Chair 1"}, "location"),
        ("MedicationAdministration", {"dosage": None}, "dosage: null"),
        ("Observation", {"category": [{"coding": None}]}, "category[0].coding: null"),
        ("Observation", {"note": [None]}, "note[0]: null"),
    ],
)
def test_a_fault_of_form_is_told_with_its_place_and_stops_nothing_else(
    kind: str, change: dict[str, Any], place: str
) -> None:
    def change_first(resources: list[dict[str, Any]]) -> None:
        next(one for one in resources if one["resourceType"] == kind).update(change)

    data = changed(exported(eventful(), 210), change_first)
    found = run(data, TOLD)
    assert any(place in fault.sentence for fault in found.open_faults), sentences(found)
    assert all(one.past is None for one in found.infusions)


@pytest.mark.parametrize(
    "code", [{"coding": None}, {"coding": [None]}, {"coding": "x"}, {"coding": [{"code": None}]}, "x"]
)
def test_what_is_no_fhir_at_all_can_be_left_out(code: Any) -> None:
    data = changed(exported(eventful(), 210), lambda resources: of(resources, "Heart rate").update(code=code))
    decisions = {fault.key: LEFT for fault in run(data, TOLD).open_faults}
    assert decisions
    assert any("Left out at the import, not ours" in one for one in past(run(data, TOLD, decisions)).remarks)


@pytest.mark.parametrize(("kind", "change"), [("Patient", {"identifier": None}), ("Practitioner", {"name": None})])
def test_people_that_are_no_fhir_are_told_and_stop_nothing_else(kind: str, change: dict[str, Any]) -> None:
    def change_first(resources: list[dict[str, Any]]) -> None:
        next(one for one in resources if one["resourceType"] == kind).update(change)

    found = run(changed(exported(eventful(), 210), change_first), TOLD)
    assert any("null" in one for one in sentences(found)), sentences(found)
