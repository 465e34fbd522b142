"""Who signed, in which order and role; what is locked; what is open before somebody signs; who is responsible."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.course import course
from monitoring.clinical.flags import flags
from monitoring.clinical.protocol import People, SignatureStep
from monitoring.clinical.record import Entry
from monitoring.clinical.signing import (
    Record,
    locked,
    record,
    responsible,
    sign_problems,
    signatures,
    still_to_sign,
    withdrawal_problems,
)
from tests.clinical.care import BARE, CARE, STEPS, answer, corrected, prepared, said_by, scored, signature, unsaved
from tests.clinical.timeline import ADA, INES, JONAS, Person, Timeline, at, from_file, minute_of, running

NOOR = Person("staff-noor", "Dr Noor Rahimi", "clinician")
THREE = replace(
    BARE,
    people=People(
        signatures=(*STEPS, SignatureStep("countersigned", ("clinician", "administrator"))),
    ),
)
SIGNED = replace(BARE, people=People(signatures=STEPS))


def left(protocol: Any = SIGNED) -> Timeline:
    """An infusion without a flag or a gap, closed at minute 60."""
    line = running(protocol)
    for minute in (0, 10, 20, 30, 40):
        line.quiet_set(minute)
    line.end(40)
    line.quiet_set(55)
    line.close(60)
    return line


def sign(line: Timeline, minute: float, by: Person, meaning: str, **detail: Any) -> Entry:
    """A signature under the record."""
    given = {"meaning": meaning, "signatures": [signature(by, meaning, minute)]}
    return said_by(line, by, "sign", minute, **(given | detail))


def shown(line: Timeline, minute: float) -> Record:
    known = line.infusion.known_at(at(minute))
    return record(known, line.protocol, line.course(minute), line.flags(minute))


def refused(line: Timeline, minute: float, by: Person, meaning: str, **detail: Any) -> list[str]:
    """Why this signature is not taken."""
    entry = unsaved(line, sign(line, minute, by, meaning, **detail))
    return list(sign_problems(entry, line.infusion, line.protocol))


def test_the_nurse_signs_then_a_clinician_and_then_it_is_locked() -> None:
    line = left()
    sign(line, 70, ADA, "administered")
    sign(line, 80, INES, "reviewed")
    found = [shown(line, minute) for minute in (65, 75, 85)]
    assert [[one.name for one in each.signed] for each in found] == [[], [ADA.name], [ADA.name, INES.name]]
    assert [each.next for each in found] == [STEPS[0], STEPS[1], None]
    assert [minute_of(each.locked_at) for each in found] == [None, None, 80]
    assert [each.locked for each in found] == [False, False, True]
    assert [locked(line.infusion.known_at(at(minute)), SIGNED) for minute in (65, 75, 80)] == [False, False, True]
    last = found[-1].signed[-1]
    assert (last.role, last.meaning, last.at) == ("clinician", "reviewed", at(80))


def test_a_site_without_signatures_never_locks() -> None:
    line = left(BARE)
    sign(line, 70, ADA, "administered")
    found = shown(line, 80)
    assert (found.signed, found.next, found.locked_at) == ((), None, None)
    assert not locked(line.infusion, BARE)
    assert refused(left(BARE), 70, ADA, "administered") == ["Signature, this site asks for none: expected none."]


@pytest.mark.parametrize(
    ("by", "meaning", "detail", "sentences"),
    [
        (ADA, "administered", {}, []),
        (JONAS, "administered", {}, []),
        (INES, "reviewed", {}, 2),
        (
            INES,
            "administered",
            {},
            ["Dr Ines Weiss, clinician: expected nurse to sign as “administered”."],
        ),
        (ADA, "reviewed", {}, ["Signature, meaning “reviewed”: expected “administered” next."]),
        (ADA, "administered", {"signatures": []}, ["Signature by nobody: expected one PIN."]),
        (
            ADA,
            "administered",
            {"signatures": [signature(ADA, "administered"), signature(JONAS, "administered")]},
            ["Signature by 2 people: expected one PIN."],
        ),
        (
            ADA,
            "administered",
            {"signatures": [signature(ADA, "witness of waste")]},
            ["PIN given for “witness of waste”: expected it for “administered”."],
        ),
        (ADA, "", {}, 1),
    ],
)
def test_the_first_signature(by: Person, meaning: str, detail: dict[str, Any], sentences: list[str] | int) -> None:
    found = refused(left(), 70, by, meaning, **detail)
    assert found == sentences if isinstance(sentences, list) else len(found) == sentences


@pytest.mark.parametrize(
    ("by", "meaning", "sentences"),
    [
        (INES, "reviewed", []),
        (NOOR, "reviewed", []),
        (JONAS, "reviewed", ["Jonas Lund, nurse: expected clinician to sign as “reviewed”."]),
        (JONAS, "administered", 2),
        (
            ADA,
            "reviewed",
            [
                "Ada Okafor, nurse: expected clinician to sign as “reviewed”.",
                "Ada Okafor has signed as “administered”: expected another person.",
            ],
        ),
    ],
)
def test_the_second_signature(by: Person, meaning: str, sentences: list[str] | int) -> None:
    line = left()
    sign(line, 70, ADA, "administered")
    found = refused(line, 80, by, meaning)
    assert found == sentences if isinstance(sentences, list) else len(found) == sentences


def test_each_step_takes_another_person_also_where_the_role_would_do() -> None:
    line = left(THREE)
    sign(line, 70, ADA, "administered")
    sign(line, 71, INES, "reviewed")
    assert refused(line, 72, INES, "countersigned") == [
        "Dr Ines Weiss has signed as “reviewed”: expected another person."
    ]
    assert refused(line, 72, NOOR, "countersigned") == []
    assert not locked(line.infusion, THREE)
    sign(line, 73, NOOR, "countersigned")
    assert locked(line.infusion, THREE)


def test_who_signs_need_not_be_who_is_signed_in() -> None:
    line = left()
    entry = unsaved(
        line, said_by(line, JONAS, "sign", 70, meaning="administered", signatures=[signature(ADA, "administered")])
    )
    assert list(sign_problems(entry, line.infusion, SIGNED)) == []


def test_a_locked_record_takes_no_further_signature() -> None:
    line = left()
    sign(line, 70, ADA, "administered")
    sign(line, 80, INES, "reviewed")
    assert refused(line, 90, NOOR, "reviewed") == ["Signature, the record is signed and locked: expected a note."]


def test_a_signature_is_not_corrected() -> None:
    line = left()
    given = sign(line, 70, ADA, "administered")
    entry = unsaved(line, corrected(line, given, 75, meaning="administered"))
    assert list(sign_problems(entry, line.infusion, SIGNED)) == [
        "Correction of a signature: expected a note, a signature stays as it was given."
    ]
    line.entries.append(entry)
    assert [one.name for one in shown(line, 76).signed] == [ADA.name]


@pytest.mark.parametrize(
    ("by", "meaning", "detail"),
    [
        (INES, "reviewed", {}),
        (INES, "administered", {}),
        (ADA, "administered", {"signatures": []}),
        (ADA, "administered", {"signatures": [signature(ADA, "time-out")]}),
    ],
)
def test_what_an_outbox_brings_is_kept_counts_only_where_it_fits_and_is_shown(
    by: Person, meaning: str, detail: dict[str, Any]
) -> None:
    line = left()
    entry = unsaved(line, sign(line, 70, by, meaning, **detail))
    entry = replace(entry, queued=True)
    assert list(sign_problems(entry, line.infusion, SIGNED)) == []
    line.entries.append(entry)
    found = shown(line, 75)
    assert (found.signed, found.next) == ((), STEPS[0])
    assert [one for one in found.open_points if one.startswith("Does not count. ")] != []
    sign(line, 76, ADA, "administered")
    sign(line, 77, INES, "reviewed")
    assert shown(line, 78).locked


def test_signed_before_the_patient_left_is_not_signed() -> None:
    line = running(SIGNED)
    line.end(40)
    sign(line, 45, ADA, "administered")
    line.close(60)
    assert shown(line, 61).signed == ()
    assert "Does not count. Signature before the patient left: expected after." in shown(line, 61).open_points


# What happens to a record that is signed


def test_what_is_signed_stays_signed_whatever_is_corrected_or_withdrawn_later() -> None:
    line = left()
    close = line.entries[-1]
    sign(line, 70, ADA, "administered")
    last = sign(line, 80, INES, "reviewed")
    line.withdraw(close, 90)
    line.withdraw(last, 91)
    assert locked(line.infusion, SIGNED)
    assert minute_of(shown(line, 95).locked_at) == 80


def test_a_signature_may_be_withdrawn_until_the_record_is_locked() -> None:
    line = left()
    wrong = sign(line, 70, JONAS, "administered")

    def problems(of: Entry, minute: float) -> list[str]:
        entry = unsaved(line, line.withdraw(of, minute))
        return list(withdrawal_problems(entry, line.infusion, SIGNED))

    assert problems(wrong, 71) == []
    assert problems(line.entries[0], 71) == []  # of a set: nothing to say here
    line.withdraw(wrong, 71, "wrong patient")
    assert (shown(line, 72).signed, shown(line, 72).next) == ((), STEPS[0])
    right = sign(line, 73, ADA, "administered")
    last = sign(line, 80, INES, "reviewed")
    sentence = "Withdrawal of {}'s signature, the record is signed and locked: expected a note."
    assert problems(last, 81) == [sentence.format(INES.name)]
    assert problems(right, 81) == [sentence.format(ADA.name)]


def test_of_several_signatures_the_last_is_withdrawn_first() -> None:
    line = left(THREE)
    first = sign(line, 70, ADA, "administered")
    second = sign(line, 71, INES, "reviewed")
    entry = unsaved(line, line.withdraw(first, 72))
    assert list(withdrawal_problems(entry, line.infusion, THREE)) == [
        "Withdrawal of Ada Okafor's signature, Dr Ines Weiss has signed since: expected that one first."
    ]
    line.withdraw(second, 73)
    assert [one.signature.name for one in signatures(line.infusion, THREE)] == [ADA.name]
    line.withdraw(first, 74)
    assert signatures(line.infusion, THREE) == ()


def test_what_came_in_after_a_signature_is_counted_for_the_next_who_signs() -> None:
    line = left()
    sign(line, 70, ADA, "administered")
    assert shown(line, 71).open_points == ()
    line.event("note", 72, text="Called at home, well rested")
    assert shown(line, 73).open_points == ("1 entry recorded after Ada Okafor signed",)
    line.event("note", 74, text="and again")
    assert shown(line, 75).open_points == ("2 entries recorded after Ada Okafor signed",)
    sign(line, 80, INES, "reviewed")
    assert shown(line, 81).open_points == ("2 entries recorded after Ada Okafor signed",)


_ANYTHING = st.sampled_from(
    ["start", "pause", "resume", "end", "stop", "close", "cancel", "handover", "sign", "note", "withdraw", "correct"]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(_ANYTHING, st.integers(-30, 120), st.integers(0, 40), st.sampled_from([ADA, INES, NOOR]))))
def test_nothing_that_comes_later_unlocks_a_signed_record(later: list[tuple[str, int, int, Person]]) -> None:
    line = left()
    sign(line, 70, ADA, "administered")
    sign(line, 80, INES, "reviewed")
    for what, seen_at, which, by in later:
        named = line.entries[which % len(line.entries)]
        if what == "withdraw":
            line.withdraw(named, 90)
        elif what == "correct" and named.event is not None:
            corrected(line, named, 90, seen_at=seen_at, by=by)
        elif what == "sign":
            sign(line, seen_at, by, "administered")
        elif what != "correct":
            said_by(line, by, what, seen_at, **({"text": "later"} if what == "note" else {}))  # type: ignore[arg-type]
    assert locked(line.infusion, SIGNED)
    assert [one.signature.name for one in signatures(line.infusion, SIGNED)] == [ADA.name, INES.name]


# What is open before signing: each thing by itself


def test_an_uneventful_record_has_no_open_point() -> None:
    assert shown(left(), 65).open_points == ()


def points(line: Timeline) -> tuple[str, ...]:
    return shown(line, 200).open_points


def test_open_flags_and_those_nobody_acknowledged() -> None:
    line = running(SIGNED)
    for minute in (0, 10, 20, 30, 40):
        line.quiet_set(minute, **({"systolic": 184} if minute == 20 else {}))
    line.end(40)
    line.quiet_set(55, heart_rate=112)
    line.close(60)
    assert points(line) == (
        "Systolic pressure 184 mmHg — at or above 180 (critical): not acknowledged",
        "Heart rate 112 /min — at or above 111 (caution): still open",
    )
    line.acknowledge(line.flag(61, "systolic", "high"), 62)
    assert points(line) == ("Heart rate 112 /min — at or above 111 (caution): still open",)


def test_slots_without_a_set_and_with_half_of_one() -> None:
    line = running(SIGNED)
    for minute in (0, 20, 30):
        line.quiet_set(minute)
    line.set(41, systolic=126, diastolic=78, heart_rate=72, not_done={"spo2": "moved"})
    line.end(40)
    line.close(50)
    assert points(line) == (
        "Set at minute 10: none recorded",
        "Set at minute 40 (end of infusion): without respiration",
        "Set at minute 50 (before leaving): without respiration",
    )


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("effect", {"name": "nausea", "severity": "mild"}, "Nausea · mild at minute 20: no end recorded"),
        ("called", {"whom": "Dr Weiss"}, "Called: Dr Weiss at minute 20: no end recorded"),
        ("help", {}, "Help called at minute 20: no end recorded"),
        ("rapid", {"every_minutes": 1}, "Rapid sets at minute 20: no end recorded"),
    ],
)
def test_what_was_begun_and_never_over(kind: Any, detail: dict[str, Any], words: str) -> None:
    line = left()
    begun = line.event(kind, 20, **detail)
    assert points(line) == (words,)
    line.event("over", 25, of=begun.id)
    assert points(line) == ()


def test_a_set_that_was_to_follow_a_medicine() -> None:
    line = left(replace(SIGNED, schedule=CARE.schedule))
    given = line.event("medicine", 44, name="Ondansetron", dose=4, unit="mg", route="IV")
    assert points(line) == ("No set 15 min after Ondansetron 4 mg IV, and no reason",)
    line.event("over", 58, of=given.id, how="patient asleep")
    assert points(line) == ()


def test_events_that_conflict() -> None:
    line = left()
    line.resume(20)
    assert points(line) == ("Pump resumed at minute 20 conflicts with: pump started at minute 0.",)


def test_a_start_and_a_leaving_with_something_missing_that_nobody_explained() -> None:
    line = prepared(Timeline(CARE), without=("consent",))
    start = line.start(0)
    for minute in (0, 10, 20, 30, 40):
        line.quiet_set(minute)
    line.end(40)
    for minute in (55, 70, 85, 100):
        line.quiet_set(minute)
    line.observe(100, dissociation=0, sedation=5)
    scored(line, 100, 2, 2, 2, 2, 2)
    answer(line, 100, "line")
    answer(line, 100, "home", "yes", "Rosa Brandt")
    close = line.close(101)
    line.event(
        "drug",
        110,
        drawn_mg=50.0,
        wasted_mg=10.0,
        lot="A1",
        expiry="2027-08",
        method="sink with water",
        signatures=[signature(JONAS, "witness of waste")],
    )
    assert points(line) == (
        "Started with something missing, without why (Consent on file)",
        "Left with something missing, without why and without a second person (Steady gait)",
    )
    corrected(line, start, 111, because="reason added", reason="urgent")
    again = corrected(line, close, 112, reason="insisted on leaving")
    assert points(line) == (
        "Started with something missing, without a name (Consent on file)",
        "Left with something missing, without a second person (Steady gait)",
    )
    corrected(line, line.entries[-2], 113, reason="urgent", decided_by=INES.name)
    corrected(line, again, 114, signatures=[signature(JONAS, "left with something missing")])
    assert points(line) == ()


def test_a_drug_that_is_not_recorded_does_not_add_up_or_has_no_witness() -> None:
    protocol = replace(SIGNED, drug=CARE.drug, people=replace(SIGNED.people, waste_witness=True))
    line = left(protocol)
    assert points(line) == ("Ketamine: nothing recorded of what was drawn up and wasted",)
    wrong = line.event("drug", 61, drawn_mg=50.0, wasted_mg=5.0, signatures=[signature(ADA, "witness of waste")])
    sums, witness = points(line)
    assert "not accounted for" in sums
    assert witness == "Ketamine: no witness of waste"
    line.withdraw(wrong, 62)
    line.event("drug", 63, drawn_mg=50.0, wasted_mg=10.0, signatures=[signature(JONAS, "witness of waste")])
    assert points(line) == ()


def test_nothing_open_holds_up_a_signature() -> None:
    line = running(replace(CARE, people=replace(CARE.people, signatures=STEPS)))
    line.stop(0)
    line.close(1)
    assert len(points(line)) > 3
    assert refused(line, 70, ADA, "administered") == []


# Who is responsible


def test_responsible_is_who_opened_then_who_started_then_who_took_over() -> None:
    line = Timeline(BARE)
    assert responsible(line.infusion) == (ADA.name, at(-30))
    said_by(line, JONAS, "start", 0)
    assert responsible(line.infusion) == (JONAS.name, at(0))
    said_by(line, INES, "handover", 12)
    said_by(line, ADA, "handover", 20)
    assert responsible(line.infusion) == (ADA.name, at(20))
    assert responsible(line.infusion.known_at(at(15))) == (INES.name, at(12))


def test_a_correction_by_somebody_else_does_not_hand_over() -> None:
    line = Timeline(BARE)
    start = said_by(line, JONAS, "start", 0)
    corrected(line, corrected(line, start, 3, by=ADA, seen_at=-1), 4, by=INES, seen_at=-2)
    assert responsible(line.infusion) == (JONAS.name, at(-2))
    taken = said_by(line, ADA, "handover", 10)
    corrected(line, taken, 12, by=INES, seen_at=11)
    assert responsible(line.infusion) == (ADA.name, at(11))


def test_a_handover_withdrawn_or_out_of_order() -> None:
    line = running(BARE)
    said_by(line, JONAS, "handover", 30)
    late = said_by(line, INES, "handover", 20)
    line.entries[-1] = replace(late, recorded_at=at(35))
    assert responsible(line.infusion) == (JONAS.name, at(30))
    line.withdraw(line.entries[-2], 36)
    assert responsible(line.infusion) == (INES.name, at(20))


def test_of_two_starts_the_one_that_counts_is_responsible() -> None:
    line = Timeline(BARE)
    said_by(line, JONAS, "start", 1)
    said_by(line, ADA, "start", 0)
    assert responsible(line.infusion) == (ADA.name, at(0))


def test_what_came_from_a_file_waits_for_no_signature_and_leaves_nothing_open_here() -> None:
    line = running(replace(CARE, people=People(signatures=STEPS)))
    line.set(20, systolic=200)
    line.event("effect", 22, name="nausea")
    line.end(40)
    line.close(60)
    assert still_to_sign(line.infusion, line.protocol) == len(STEPS)
    infusion, now = from_file(line.infusion), at(70)
    there = course(infusion, line.protocol, now)
    found = record(infusion, line.protocol, there, flags(infusion, line.protocol, now, there))
    assert (found.next, found.open_points, found.locked) == (None, (), False)
    assert still_to_sign(infusion, line.protocol) == 0


def test_a_signature_that_was_given_to_a_record_from_a_file_stays() -> None:
    line = left()
    filed = from_file(line.infusion)
    here = sign(line, 62, ADA, STEPS[0].meaning)
    signed = replace(filed, entries=(*filed.entries, here))
    assert [one.signature.name for one in signatures(signed, SIGNED)] == [ADA.name]


def test_a_signature_that_a_file_tells_of_does_not_count_here() -> None:
    line = left()
    sign(line, 62, ADA, STEPS[0].meaning)
    infusion, now = from_file(line.infusion), at(70)
    there = course(infusion, SIGNED, now)
    assert signatures(infusion, SIGNED) == ()
    assert record(infusion, SIGNED, there, flags(infusion, SIGNED, now, there)).open_points == ()
