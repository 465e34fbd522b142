"""Signatures: by whose PIN, for which entry, on which device, and what is never taken for one."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from monitoring import recording
from monitoring.access import Actor, PinRefused
from monitoring.clinic import RunningClinic
from monitoring.clinical import dose, signing
from monitoring.clinical.course import outlined
from monitoring.clinical.record import Entry
from monitoring.recording import Outcome
from monitoring.records.verify import verify
from tests.small_clinic import PEOPLE, Names, SetClock, actor, attested, entry, event, open_infusion, person

ADA, JONAS, INES, PETRA = PEOPLE
DOSE = {
    "weight_basis": "actual",
    "dosing_weight_kg": 72.0,
    "stock_mg_per_ml": 50.0,
    "bag_volume_ml": 100.0,
    "stock_volume": "replaces",
    "dose_mg": 36.0,
    "stock_ml": 0.72,
    "final_volume_ml": 100.0,
    "rate_ml_per_h": 150.0,
}
DRUG = {"drawn_mg": 50, "wasted_mg": 14, "lot": "L-77", "expiry": "2027-08", "method": "drug disposal container"}


@pytest.fixture
def ada(clinic: RunningClinic) -> Actor:
    """Ada Okafor, signed in on the tablet."""
    return actor(clinic, ADA, "tablet-1")


def save(clinic: RunningClinic, who: Actor | None, names: Names, body: object) -> Outcome[Entry]:
    return recording.save_entry(clinic, who, names.infusion, body)


def attest(clinic: RunningClinic, on: Actor | None, name: str, **other: str) -> Outcome[Any]:
    """This person's PIN typed on the tablet of `on`, as the route hands it on."""
    given = {"staff": person(clinic, name).id, "pin": PEOPLE[name][1], "entry": str(uuid4()), "meaning": "time-out"}
    return recording.attest(clinic, on, **(given | other))


def test_the_entry_holds_who_signed_as_what_when_and_with_what_meaning(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    body = event(clock.wait(minutes=1), "time_out")
    signed = attested(clinic, ada, names.infusion, body, "time-out", ADA)
    first_at = clock.now()
    second_at = clock.wait(seconds=20)
    signed = attested(clinic, ada, names.infusion, signed, "time-out", INES)
    kept = save(clinic, ada, names, signed).value
    assert kept is not None
    assert kept.event is not None
    assert [(one.name, one.role, one.meaning, one.at) for one in kept.event.signatures] == [
        (ADA, "nurse", "time-out", first_at),
        (INES, "clinician", "time-out", second_at),
    ]
    assert save(clinic, ada, names, signed).again
    assert save(clinic, ada, names, signed | {"queued": True, "attestations": []}).again
    assert verify(clinic.store.url) == []


def test_an_entry_that_waited_in_the_tablet_keeps_the_minute_of_its_signatures(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    at = clock.wait(minutes=1)
    body = event(
        at,
        "time_out",
    ) | {"sign_in": ada.sign_in.id}
    signed = attested(clinic, ada, names.infusion, body, "time-out", ADA, JONAS)
    clock.wait(hours=3)
    jonas = actor(clinic, JONAS, "tablet-1")  # the tablet is in other hands when the connection is back
    kept = save(clinic, jonas, names, signed | {"queued": True}).value
    assert kept is not None
    assert kept.event is not None
    assert (kept.author_name, kept.other_sign_in) == (ADA, True)
    assert [(one.name, one.at) for one in kept.event.signatures] == [(ADA, at), (JONAS, at)]


@pytest.mark.parametrize("queued", [False, True])
def test_a_signature_is_for_one_entry_of_one_infusion_on_one_device(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, queued: bool
) -> None:
    other_infusion = open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    body = event(clock.wait(minutes=1), "time_out") | {"queued": queued}
    good = attested(clinic, ada, names.infusion, body, "time-out", ADA)
    elsewhere = actor(clinic, JONAS, "tablet-2")
    for wrong, what in (
        (attested(clinic, ada, other_infusion, body, "time-out", JONAS), "another infusion"),
        (attested(clinic, ada, names.infusion, body | {"id": str(uuid4())}, "time-out", JONAS), "another entry"),
        (attested(clinic, elsewhere, names.infusion, body, "time-out", JONAS), "another device"),
    ):
        mixed = body | {"attestations": [*good["attestations"], *wrong["attestations"]]}
        refused = save(clinic, ada, names, mixed)
        assert refused.why == "refused"
        assert refused.sentences == (f"Jonas Lund's signature was given for {what}: expected the PIN once more.",)
    unknown = save(clinic, ada, names, body | {"attestations": [str(uuid4())]})
    assert unknown.sentences == ("A signature of this entry is not known here: expected the PIN once more.",)
    whole = attested(clinic, ada, names.infusion, good, "time-out", JONAS)
    assert save(clinic, ada, names, whole).done
    late = attest(clinic, ada, INES, infusion=names.infusion, entry=body["id"])
    assert late.sentences == ("This entry is saved already: a signature comes before it.",)


def test_no_entry_brings_signatures_of_its_own_and_only_an_event_is_signed(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    own = event(clock.wait(minutes=1), "time_out", signatures="Ada, Jonas")
    assert save(clinic, ada, names, own).sentences == ("event.detail.signatures was sent: the server pins it.",)
    a_set = attested(clinic, ada, names.infusion, entry(clock.now()), "time-out", JONAS)
    assert save(clinic, ada, names, a_set).sentences == ("This set is signed: expected signatures only of an event.",)
    pause = attested(clinic, ada, names.infusion, event(clock.now(), "pause"), "time-out", JONAS)
    assert save(clinic, ada, names, pause | {"queued": True}).why == "refused"


def test_who_may_sign_and_for_what(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    marta = names.infusion
    assert attest(clinic, None, ADA, infusion=marta).why == "nobody"
    assert attest(clinic, actor(clinic, PETRA), ADA, infusion=marta).why == "forbidden"
    assert attest(clinic, ada, PETRA, infusion=marta).sentences == (
        "Petra Novak (administrator) may not sign as a second person: expected clinician or nurse.",
    )
    assert attest(clinic, ada, ADA, infusion="none").why == "unknown"
    assert attest(clinic, ada, ADA, infusion=marta, entry="7").why == "malformed"
    for meaning in ("", "  ", "m" * 101):
        assert attest(clinic, ada, ADA, infusion=marta, meaning=meaning).why == "malformed"
    assert attest(clinic, ada, ADA, infusion=marta, meaning=" time-out ").value.meaning == "time-out"
    clinic.store.remove_staff(names.staff[JONAS], by="")
    with pytest.raises(PinRefused):
        recording.attest(
            clinic, ada, staff=names.staff[JONAS], pin=PEOPLE[JONAS][1], infusion=marta, entry=str(uuid4()), meaning="x"
        )


def test_wrong_pins_are_slowed_as_they_are_when_signing_in(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    waits = []
    for _ in range(4):
        with pytest.raises(PinRefused) as refused:
            attest(clinic, ada, JONAS, infusion=names.infusion, pin="907441")
        waits.append(refused.value.wait_seconds)
    assert waits == [0, 0, 30, 30]
    with pytest.raises(PinRefused, match="Too many wrong PINs"):
        attest(clinic, ada, JONAS, infusion=names.infusion)
    assert clinic.signed_in("tablet-1") == ada.sign_in
    clock.wait(seconds=31)
    assert attest(clinic, ada, JONAS, infusion=names.infusion).done


# Two pairs of eyes


def ordered(clinic: RunningClinic, ada: Actor, names: Names, clock: SetClock) -> str:
    """An order and the dose that Ada worked out for it; answers the id of the dose."""
    at = clock.wait(minutes=1)
    numbers = {"dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 72, "weight_on": "2026-03-03"}
    assert save(clinic, ada, names, event(at, "order", prescriber=INES, **numbers)).done
    made = save(clinic, ada, names, event(at, "dose", **DOSE))
    assert made.value is not None, made.sentences
    return made.value.id


def test_who_worked_out_the_dose_does_not_check_it(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    of = ordered(clinic, ada, names, clock)
    body = event(clock.wait(minutes=1), "dose_check", of=of, dose_mg=36, stock_ml=0.72, rate_ml_per_h=150)
    for queued in (False, True):
        own = attested(clinic, ada, names.infusion, body | {"id": str(uuid4())}, "second calculation", ADA)
        assert save(clinic, ada, names, own | {"queued": queued}).sentences == (
            "Second calculation by Ada Okafor, who made the first: expected another person.",
        )
    unsigned = save(clinic, ada, names, body)
    assert unsigned.sentences == ("Second calculation: expected one signature of a second person.",)
    assert save(clinic, ada, names, attested(clinic, ada, names.infusion, body, "second calculation", JONAS)).done
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    assert dose.plan_of(infusion).check is not None


def test_a_time_out_is_of_two_different_people(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    body = event(clock.wait(minutes=1), "time_out")
    alone = attested(clinic, ada, names.infusion, body, "time-out", ADA)
    assert save(clinic, ada, names, alone).sentences == ("Time-out, signed by only Ada Okafor: expected two people.",)
    twice = attested(clinic, ada, names.infusion, alone, "time-out", ADA)
    assert save(clinic, ada, names, twice).sentences == (
        "Time-out, signed twice by Ada Okafor: expected two different people.",
    )
    assert save(clinic, ada, names, attested(clinic, ada, names.infusion, alone, "time-out", JONAS)).done


def test_who_wastes_the_drug_is_not_the_witness(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    for kind in ("start", "end"):
        assert save(clinic, ada, names, event(clock.wait(minutes=1), kind)).done
    body = event(clock.wait(minutes=1), "drug", **DRUG)
    assert save(clinic, ada, names, body).sentences == ("Witness of waste: expected one signature of a second person.",)
    own = attested(clinic, ada, names.infusion, body, "witness of waste", ADA)
    assert save(clinic, ada, names, own).sentences == (
        "Witness of waste Ada Okafor, who recorded it: expected another person.",
    )
    assert save(clinic, ada, names, attested(clinic, ada, names.infusion, body, "witness of waste", INES)).done


def test_leaving_with_something_missing_takes_a_second_person_and_from_an_outbox_is_kept(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    for kind in ("start", "end"):
        assert save(clinic, ada, names, event(clock.wait(minutes=1), kind)).done
    body = event(clock.wait(minutes=1), "close", reason="wished to leave")
    left = "left with something missing"
    own = attested(clinic, ada, names.infusion, body, left, ADA)
    for alone in (body, own):
        assert save(clinic, ada, names, alone).why == "refused"
    assert clinic.store.open_infusions()
    assert save(clinic, ada, names, body | {"queued": True}).done
    assert not clinic.store.open_infusions()


def closed(clinic: RunningClinic, ada: Actor, names: Names, clock: SetClock) -> None:
    for kind in ("start", "end", "close"):
        assert save(clinic, ada, names, event(clock.wait(minutes=1), kind) | {"queued": True}).done


def locked(clinic: RunningClinic, names: Names) -> bool:
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    return signing.locked(infusion, clinic.protocol)


def test_the_same_person_does_not_sign_twice_and_the_last_signature_locks(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    closed(clinic, ada, names, clock)
    first, last = clinic.protocol.people.signatures
    ines = actor(clinic, INES, "tablet-2")

    def sign(on: Actor, meaning: str, who: str) -> Outcome[Entry]:
        body = event(clock.wait(minutes=1), "sign", meaning=meaning)
        return save(clinic, on, names, attested(clinic, on, names.infusion, body, meaning, who))

    early = sign(ines, last.meaning, INES)
    assert early.why == "refused"
    assert f"expected “{first.meaning}” next" in early.sentences[0]
    assert save(clinic, ada, names, event(clock.now(), "sign", meaning=first.meaning)).sentences == (
        "Signature by nobody: expected one PIN.",
    )
    if "clinician" in first.roles:
        assert sign(ines, first.meaning, INES).done
        again = sign(ines, last.meaning, INES)
        assert again.sentences == (f"Dr Ines Weiss has signed as “{first.meaning}”: expected another person.",)
        withdrawn = next(e for e in _entries(clinic, names) if e.event is not None and e.event.kind == "sign")
        back = entry(clock.now(), "withdrawal", withdraws=withdrawn.id, reason="the nurse signs first")
        assert save(clinic, ines, names, back).done
    assert sign(ada, first.meaning, ADA).done
    assert sign(ada, last.meaning, ADA).why == "refused"
    assert not locked(clinic, names)
    assert sign(ada, last.meaning, INES).done, "by PIN, whoever's tablet it is"
    assert locked(clinic, names)
    after = sign(ines, last.meaning, INES)
    assert after.sentences == ("Signature, the record is signed and locked: expected a note.",)
    queued = save(clinic, ada, names, entry(clock.now()) | {"queued": True})
    assert queued.value is not None
    assert queued.value.after_signing
    assert locked(clinic, names)
    assert verify(clinic.store.url) == []


def _entries(clinic: RunningClinic, names: Names) -> tuple[Entry, ...]:
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    return infusion.entries


def test_a_start_on_two_tablets_is_one_start(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    jonas = actor(clinic, JONAS, "tablet-2")
    body = event(clock.wait(minutes=1), "start")
    second = event(clock.wait(seconds=2), "start")
    assert save(clinic, ada, names, body).done
    assert save(clinic, jonas, names, second).sentences == (
        "Pump started: the infusion is running; expected before the start.",
    )
    assert save(clinic, jonas, names, second | {"queued": True}).done
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    outline = outlined(infusion)
    assert outline.started_at is not None
    assert (outline.started_at.isoformat(), [one.entry for one in outline.conflicts]) == (
        body["observed_at"],
        [second["id"]],
    )


def test_the_reason_of_a_start_that_is_told_later_leaves_its_baseline_alone(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    before = entry(clock.wait(minutes=1))
    assert save(clinic, ada, names, before).done
    body = event(clock.wait(minutes=1), "start")
    start = save(clinic, ada, names, body).value
    assert start is not None
    assert start.event is not None
    late = entry(clock.now(), readings={"systolic": 150})
    assert save(clinic, ada, names, late).done
    said = event(clock.now(), "start", reason="order by telephone", decided_by=INES)
    told = said | {"observed_at": body["observed_at"], "corrects": body["id"], "reason": "reason added"}
    kept = save(clinic, ada, names, told).value
    assert kept is not None
    assert kept.event is not None
    assert kept.event.detail["baseline"] == start.event.detail["baseline"]
    moved = event(clock.wait(minutes=1), "start") | {"corrects": kept.id, "reason": "typed wrongly"}
    later = save(clinic, ada, names, moved).value
    assert later is not None
    assert later.event is not None
    assert later.event.detail["baseline"]["systolic"] == f"{late['id']}/systolic"


def test_who_calculates_second_sees_no_calculation_before(clinic: RunningClinic, names: Names, ada: Actor) -> None:
    chosen = {"weight_basis": "actual", "stock_mg_per_ml": 50.0, "bag_volume_ml": 100.0}
    jonas = actor(clinic, JONAS)

    def seen_by(who: Actor) -> Outcome[dose.Calculation]:
        return recording.work_out_dose(clinic, who, names.infusion, **chosen)

    assert seen_by(ada).done
    assert seen_by(jonas).done, "nobody has calculated yet: either may be the first"
    first = event(clinic.clock.now(), "dose", **DOSE)
    assert save(clinic, ada, names, first).done
    assert seen_by(ada).done
    assert seen_by(jonas).sentences == (
        "Ada Okafor has worked out this dose: expected your own results before you see a calculation.",
    )
    second = event(clinic.clock.now(), "dose_check", of=first["id"], dose_mg=36, stock_ml=0.72, rate_ml_per_h=150)
    assert save(clinic, ada, names, attested(clinic, ada, names.infusion, second, dose.SECOND_CALCULATION, JONAS)).done
    assert seen_by(jonas).done
