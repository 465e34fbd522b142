"""A FHIR file of ours, brought into an empty clinic and taken out again, says the same but for what is listed here."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.clinical import signing
from monitoring.clinical.record import EVENT_WORDS, Infusion
from monitoring.documents import judged
from monitoring.documents.entries import entries
from monitoring.documents.infusion import document_at
from monitoring.exports.fhir import as_json, bundle_of
from monitoring.exports.source import Source, source_of
from monitoring.imports.bundle import read_bundle
from monitoring.imports.dry_run import DryRun
from monitoring.imports.fhir import dry_run_bundle
from monitoring.imports.mapping import Told
from monitoring.recording import PastInfusion, SourceFile
from monitoring.records import Series
from monitoring.records.database import file_of
from tests.clinical.care import dose, dose_check, order, scored, signature, time_out
from tests.clinical.timeline import ADA, INES, JONAS, MARTA, SHIPPED, START, Timeline, at
from tests.exports.sources import source
from tests.small_clinic import SetClock, actor, entry, opened, set_up

# What may differ, each with why. Everything else comes back as it was.
OF_ANOTHER_CLINIC: Final = {
    "id": "ids are made anew",
    "fullUrl": "as ids",
    "meta": "nobody is invented in the other clinic",
    "performer": "who brought the file in recorded it here; who did there stands in a note",
    "participant": "as performer",
    "agent": "as performer",
    "serviceProvider": "another clinic",
    "issued": "stored there, and then here",
    "recorded": "as issued",
    "occurredDateTime": "as issued: when somebody tapped a correction is when it was brought in",
    "note": "marks of an entry (late, from paper, sent late) came in as notes of the record",
    "identifier": "of the infusion, which has an id of its own here",
}
# Beside these: the id of the series; a dose that a second person is still to work out, which no file tells; who was
# responsible from a handover on, which comes back as a note; and the notes that the import itself makes.
SAID_BY_THE_IMPORT: Final = (
    "Imported from ",
    "Recorded there by: ",
    "The file says of the drug: ",
    "Note in the file, ",
    "Not kept from the file: ",
    "The file ends here: ",
    "As the file has it: ",
)


def resources_of(source: Source) -> list[dict[str, Any]]:
    return json.loads(as_json(bundle_of([source], source.j.now)))["entry"]


def told_in(bundle: Sequence[dict[str, Any]]) -> Counter[str]:
    """Each resource of a Bundle as a text, without what may differ; what is referred to stands by what it says."""
    said: dict[str, str] = {}

    def of(found: Any) -> Any:
        if isinstance(found, list):
            return [of(one) for one in found]
        if not isinstance(found, dict):
            return found
        if "reference" in found:
            return found.get("display") or said.get(found["reference"], "?")
        if found.get("url") == "series":
            return None
        return {key: of(value) for key, value in found.items() if key not in OF_ANOTHER_CLINIC}

    for holder in bundle:
        one = holder["resource"]
        value = one.get("valueString") or one.get("valueQuantity") or one.get("valueInteger") or one.get("component")
        kind, code, at = one["resourceType"], one.get("code", {}).get("text"), one.get("effectiveDateTime")
        said[holder["fullUrl"]] = json.dumps([kind, code, at, value, one.get("status")])
    kept = [one["resource"] for one in bundle if one["resource"]["resourceType"] not in ("Practitioner", "CodeSystem")]
    texts = [
        one
        for one in kept
        if not str(one.get("valueString", "")).startswith(tuple(f"“{x}" for x in SAID_BY_THE_IMPORT))
    ]
    return Counter(json.dumps(of(one), sort_keys=True, ensure_ascii=False) for one in texts)


FILE: Final = SourceFile("bundle.json", "0" * 64)


def everything() -> Timeline:
    """An infusion with an event of every kind that a file can bring back, and a correction and a withdrawal."""
    line = Timeline(SHIPPED)
    line.event("check", -20, item=SHIPPED.before[0].key, answer="yes", note="on paper")
    order(line, -15, spo2_scale=2)
    dose_check(line, -12, dose(line, -14))
    line.quiet_set(-10, temperature=36.6)
    time_out(line, -2)
    line.start(0)
    line.event("move", 3, chair="chair-2")
    waiting_room = line.quiet_set(-5, recorded=4)
    line.event("baseline", 4.5, of=waiting_room.id, reason=SHIPPED.baseline_reasons[0])
    line.observe(5, dissociation=2)
    wrong = line.quiet_set(10, systolic=214)
    line.correct(wrong, 11, "typed wrongly", systolic=184.0, diastolic=78.0)
    line.acknowledge(line.flag(11.5, "systolic", "high"), 12, "Told Dr Weiss on the phone")
    line.promise(12, "systolic", 15)
    line.withdraw(line.quiet_set(14, heart_rate=171), 15, "that was Omar Haddad")
    line.set(16, systolic=150, diastolic=84, not_done={"heart_rate": "asleep"})
    line.pause(18, SHIPPED.pause_reasons[0])
    nausea = line.event("effect", 18, name="nausea", severity="mild", action="watched")
    rapid = line.event("rapid", 18.5, every_minutes=1)
    called = line.event("called", 19, whom=f"{SHIPPED.called[0]}: Dr Weiss")
    helped = line.event("help", 20)
    line.event("informed", 21, whom=SHIPPED.informed[0], about="Nausea")
    medicine = {"name": "Ondansetron", "dose": "4", "unit": "mg", "route": "IV", "why": "nausea or vomiting"}
    line.event("medicine", 22, **medicine, ordered_by=INES.name, given_by=JONAS.name)
    line.resume(24)
    line.rate(25, 112.5)
    for begun in (nausea, rapid, called, helped):
        line.event("over", 28, of=begun.id, how="as before")
    line.event("note", 30, text="مريم asked for music · “again”")
    line.stop(35, SHIPPED.stop_reasons[0])
    drawn = {"drawn_mg": 75.0, "wasted_mg": 25.0, "lot": "INV-1", "expiry": "2027-08"}
    assert SHIPPED.drug is not None
    witness = [signature(JONAS, "witness of waste", 40)]
    line.event("drug", 40, **drawn, method=SHIPPED.drug.methods[0], signatures=witness)
    scale = next(iter(SHIPPED.scales.values()))
    scored(line, 80, *(item.options[0].value for item in scale.items), scale=scale.key)
    line.close(110)
    for minute, (person, step) in enumerate(zip((ADA, INES), SHIPPED.people.signatures, strict=False), start=111):
        meaning = step.meaning
        line.event("sign", minute, meaning=meaning, signatures=[signature(person, meaning, minute)])
    return line


def until(minute: float) -> Timeline:
    """The same, as far as it had come by then."""
    line = everything()
    line.entries = [entry for entry in line.entries if entry.recorded_at <= at(minute)]
    return line


def cancelled() -> Timeline:
    line = Timeline(SHIPPED, planned=60)
    line.cancel(0)
    return line


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[RunningClinic]:
    """A clinic two days later where nothing has been recorded, and Marta Brandt is registered."""
    with opened(tmp_path / "elsewhere.db", SetClock(START + timedelta(days=2))) as clinic:
        set_up(clinic, "Clinic on the Hill")
        facts = {"number": MARTA.number, "name": MARTA.name, "birth_date": MARTA.birth_date, "sex": MARTA.sex}
        registered = recording.register_patient(clinic, actor(clinic, "Petra Novak"), **facts)  # type: ignore[arg-type]
        assert registered.done, registered.sentences
        yield clinic


def read(clinic: RunningClinic, data: bytes) -> DryRun:
    patients = {patient.number: patient for patient in clinic.store.find_patients("")}
    chairs = {chair.label: chair.id for chair in clinic.store.chairs()}
    return dry_run_bundle(read_bundle(data), Told(), clinic.protocol, patients, chairs, {}, clinic.clock.now())


def brought(clinic: RunningClinic, of: Source) -> PastInfusion:
    """The infusion that came in from the file."""
    found = read(clinic, as_json(bundle_of([of], of.j.now)))
    faults = [*found.problems, *(fault.sentence for fault in found.open_faults)]
    (infusion,) = found.infusions
    assert infusion.past is not None, (*faults, *infusion.faults)
    outcome = recording.import_infusions(clinic, actor(clinic, "Petra Novak"), FILE, [infusion.past])
    assert outcome.done, outcome.sentences
    return infusion.past


def standing(clinic: RunningClinic, id: str) -> Infusion:
    found = clinic.store.infusion(id)
    assert found is not None
    return found


AS_FAR_AS: Final = {
    "whole": (everything(), 130),
    "running": (until(15), 15.5),
    "paused": (until(20), 20.5),
    "recovery": (until(80), 90),
    "prepared": (until(-2), -1),
    "cancelled": (cancelled(), 5),
}


@pytest.mark.parametrize(("line", "minute"), AS_FAR_AS.values(), ids=AS_FAR_AS.keys())
def test_what_was_taken_out_comes_back_and_goes_out_the_same(
    elsewhere: RunningClinic, line: Timeline, minute: float
) -> None:
    of = source(line, minute)
    past = brought(elsewhere, of)
    back = source_of(elsewhere, past.id)
    was, now = told_in(resources_of(of)), told_in(resources_of(back))
    assert was - now == Counter()
    assert now - was == Counter()


def test_the_test_sees_what_is_lost(elsewhere: RunningClinic) -> None:
    line = everything()
    past = brought(elsewhere, source(line, 130))
    line._replace(line.entries[2], event=None, kind="withdrawal", withdraws="nothing")  # the dose
    assert told_in(resources_of(source_of(elsewhere, past.id))) - told_in(resources_of(source(line, 130)))


def test_every_kind_of_event_is_tried() -> None:
    tried = {entry.event.kind for entry in everything().entries if entry.event} | {"end", "cancel"}
    assert tried == set(EVENT_WORDS) - {"handover"}  # who took over is who recorded it: that comes back as a note


def test_a_second_series_is_one_here_too(elsewhere: RunningClinic) -> None:
    first, second = source(until(-2), -1), source(cancelled(), 5)
    numbered = replace(first.j.infusion, id="infusion-0", series="series-0", opened_at=at(-9000), entries=())
    earlier = replace(numbered, entries=tuple(replace(e, observed_at=at(-9000)) for e in second.j.infusion.entries))
    series = Series("series-0", MARTA.id, 1, 6, at(-9000))
    other = replace(second, j=judged(earlier, SHIPPED, at(-8000)), series=series)
    later = replace(second, series=replace(second.series, number=2))
    came = [standing(elsewhere, brought(elsewhere, one).id) for one in (other, later)]
    assert [one.number for one in came] == [2, 2]
    assert [one.number for one in elsewhere.store.series_of(came[0].patient.id)] == [1, 2]
    assert came[0].series != came[1].series


def test_what_was_not_over_in_the_file_takes_no_chair_and_goes_no_further(elsewhere: RunningClinic) -> None:
    of = source(until(15), 15.5)
    id = brought(elsewhere, of).id
    assert elsewhere.store.open_infusions() == ()
    back = source_of(elsewhere, id)
    assert (back.j.course.phase, back.j.course.elapsed) == ("infusing", timedelta(minutes=15.5))
    assert back.j.course.given_mg == pytest.approx(of.j.course.given_mg)
    assert back.j.next_change is None
    document = document_at(elsewhere, back.j.infusion, elsewhere.clock.now())["course"]
    assert document["read_only"]
    assert document["closed_words"] == "Brought in from a file that ends at 03 Mar 2026, 11:15. Read only."
    saved = recording.save_entry(elsewhere, actor(elsewhere, "Dr Ines Weiss"), id, entry(elsewhere.clock.now()))
    assert saved.sentences == (
        "This infusion was brought in from a file: expected a late entry, an addendum or a correction.",
    )
    elsewhere.store.close()
    with opened(file_of(elsewhere.store.url), elsewhere.clock) as again:  # nor when the server starts anew
        assert again.store.open_infusions() == ()


def test_a_signature_in_a_file_is_told_and_proves_nothing_here(elsewhere: RunningClinic) -> None:
    back = source_of(elsewhere, brought(elsewhere, source(everything(), 130)).id)
    assert signing.signatures(back.j.infusion, back.j.protocol) == ()
    marks = [mark for row in entries(back.j, back.chairs, back.zone) for mark in row["marks"]]
    assert "second calculation: Jonas Lund, nurse, as the file says, 10:48" in marks
    assert "witness of waste: Jonas Lund, nurse, as the file says, 11:40" in marks
    assert [one.who for flag in back.j.flags.flags for one in flag.acknowledged] == ["somebody, as the file says"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda part: part["extension"][0].update(valueString="dance"), "kind “dance” is no event"),
        (lambda part: part["extension"][0].update(valueString="end"), "“end” beside “time_out”"),
        (lambda part: _signer(part).update(valueString="Ada", valueReference=None), "a signature tells who"),
        (lambda part: _first(part)["extension"][3].update(valueString="noon"), "a signature tells when"),
        (lambda part: part["extension"].append(part["extension"][0]), "“kind” stands twice"),
    ],
)
def test_an_extension_of_another_form_is_told_and_not_taken(
    elsewhere: RunningClinic, change: Any, sentence: str
) -> None:
    bundle = json.loads(as_json(bundle_of([source(everything(), 130)], START)))
    resources = [one["resource"] for one in bundle["entry"]]
    (time_out,) = (one for one in resources if one.get("code", {}).get("text") == "Time-out")
    change(time_out["extension"][0])
    text = json.dumps(bundle).replace(', "valueReference": null', "")
    found = read(elsewhere, text.encode())
    assert [fault.sentence for fault in found.open_faults if sentence in fault.sentence], found.open_faults
    assert found.infusions[0].past is None


def _first(part: dict[str, Any]) -> dict[str, Any]:
    """The first signature in the extension of an event."""
    found: dict[str, Any] = part["extension"][1]["extension"][0]["extension"][0]
    return found


def _signer(part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _first(part)["extension"][0]
    return found
