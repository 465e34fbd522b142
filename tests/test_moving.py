"""Entries made at the wrong chair: withdrawn there and copied to the right infusion, both linked, all or nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest

from monitoring import recording
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical.course import outlined
from monitoring.clinical.record import Entry, Infusion
from monitoring.recording import Outcome
from monitoring.records import StoreUnwritable
from monitoring.records.verify import verify
from tests.small_clinic import PEOPLE, QUIET, Names, SetClock, actor, attested, entry, event, open_infusion

ADA, JONAS, INES, PETRA = PEOPLE
WHY = "two patients of one name"


@pytest.fixture
def ada(clinic: RunningClinic) -> Actor:
    """Ada Okafor, signed in on the tablet."""
    return actor(clinic, ADA, "tablet-1")


@pytest.fixture
def jonas(clinic: RunningClinic) -> Actor:
    """Jonas Lund, signed in on another tablet."""
    return actor(clinic, JONAS, "tablet-2")


@pytest.fixture
def right(clinic: RunningClinic, names: Names, ada: Actor) -> str:
    """Omar Haddad's infusion at Chair 2; `names.infusion` is Marta Brandt's at Chair 1."""
    return open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")


def saved(clinic: RunningClinic, who: Actor, infusion: str, body: dict[str, Any]) -> Entry:
    outcome = recording.save_entry(clinic, who, infusion, body)
    assert outcome.value is not None, outcome.sentences
    return outcome.value


def move(
    clinic: RunningClinic, who: Actor | None, wrong: str, entries: list[Entry], right: str, reason: str = WHY
) -> Outcome[tuple[Entry, ...]]:
    return recording.copy_to_right_infusion(clinic, who, wrong, [one.id for one in entries], right, reason)


def of(clinic: RunningClinic, infusion_id: str) -> Infusion:
    infusion = clinic.store.infusion(infusion_id)
    assert infusion is not None
    return infusion


def test_a_set_goes_to_the_right_patient_and_both_say_so(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, jonas: Actor, right: str
) -> None:
    seen = clock.wait(minutes=2)
    made = saved(clinic, ada, names.infusion, entry(seen) | {"source": "paper"})
    pulse = saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1), readings={"heart_rate": 71}))
    now = clock.wait(minutes=8)
    told: list[tuple[str, str]] = []
    clinic.store.subscribe(lambda *what: told.append(what))
    outcome = move(clinic, jonas, names.infusion, [pulse, made], right)
    assert outcome.value is not None, outcome.sentences
    copy, second = outcome.value
    assert not outcome.again
    assert {reading.measure: reading.value for reading in copy.readings} == QUIET
    assert all(reading.id == f"{copy.id}/{reading.measure}" for reading in copy.readings)
    assert (copy.author_name, copy.observed_at, copy.tapped_at) == (JONAS, seen, now)
    assert (copy.amendment, copy.source, copy.linked, copy.queued) == ("late entry", "paper", made.id, False)
    assert copy.reason == f"entered at Chair 1 by Ada Okafor: {WHY}"
    assert of(clinic, right).entries == (copy, second)
    withdrawals = of(clinic, names.infusion).entries[2:]
    assert [(one.withdraws, one.linked, one.author_name) for one in withdrawals] == [
        (made.id, copy.id, JONAS),
        (pulse.id, second.id, JONAS),
    ]
    assert withdrawals[0].reason == f"moved to Chair 2: {WHY}"
    assert of(clinic, names.infusion).standing() == ()
    assert set(told) == {("infusion", names.infusion), ("infusion", right)}
    assert verify(clinic.store.url) == []


def test_again_is_once(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, jonas: Actor, right: str
) -> None:
    first = saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1)))
    second = saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1)))
    once = move(clinic, ada, names.infusion, [first], right)
    for who in (ada, jonas):
        again = move(clinic, who, names.infusion, [first, first], right)
        assert (again.again, again.value) == (True, once.value)
    both = move(clinic, ada, names.infusion, [first, second], right)
    assert both.value is not None
    assert not both.again
    assert [one.linked for one in both.value] == [first.id, second.id]
    assert (len(of(clinic, names.infusion).entries), len(of(clinic, right).entries)) == (4, 2)
    # and on to a third, and back
    third = open_infusion(clinic, ada, names.patients["Lin Sørensen"], "chair-3")
    onward = move(clinic, ada, right, list(both.value), third)
    assert onward.value is not None, onward.sentences
    back = move(clinic, ada, third, list(onward.value), names.infusion)
    assert back.value is not None
    assert of(clinic, names.infusion).standing() == back.value
    assert of(clinic, right).standing() == of(clinic, third).standing() == ()
    assert move(clinic, ada, names.infusion, [first], right).again
    assert verify(clinic.store.url) == []


def test_all_of_it_or_nothing(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, right: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1)))
    signed = attested(clinic, ada, names.infusion, event(clock.wait(minutes=1), "time_out"), "time-out", ADA, JONAS)
    time_out = saved(clinic, ada, names.infusion, signed)
    refused = move(clinic, ada, names.infusion, [good, time_out], right)
    assert refused.sentences == (
        "Entry 2, Time-out, is not moved: it was signed for this patient; expected it withdrawn, and signed anew.",
    )
    assert (len(of(clinic, names.infusion).entries), of(clinic, right).entries) == (2, ())
    add = clinic.store.add_entry

    def full_at_the_second(infusion_id: str, *given: Any, **more: Any) -> Any:
        if infusion_id == right:
            raise StoreUnwritable("Not saved: the disk is full.")
        return add(infusion_id, *given, **more)

    monkeypatch.setattr(clinic.store, "add_entry", full_at_the_second)
    assert move(clinic, ada, names.infusion, [good], right).why == "unwritable"
    monkeypatch.undo()
    assert of(clinic, names.infusion).standing() == (good, time_out)
    assert move(clinic, ada, names.infusion, [good], right).done
    assert verify(clinic.store.url) == []


def test_a_start_at_the_wrong_chair_takes_the_right_patients_baseline(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, right: str
) -> None:
    saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1)))
    own = saved(clinic, ada, right, entry(clock.now(), readings={"systolic": 140}))
    start = saved(clinic, ada, names.infusion, event(clock.wait(minutes=1), "start"))
    effect = saved(clinic, ada, names.infusion, event(clock.wait(minutes=2), "effect", name="nausea"))
    over = saved(clinic, ada, names.infusion, event(clock.wait(minutes=2), "over", of=effect.id))
    alone = move(clinic, ada, names.infusion, [over], right)
    assert alone.why == "refused"
    assert len(alone.sentences) == 1
    assert "expected an effect" in alone.sentences[0]
    outcome = move(clinic, ada, names.infusion, [over, effect, start], right)
    assert outcome.value is not None, outcome.sentences
    started, nausea, resolved = (one.event for one in outcome.value)
    assert started is not None
    assert nausea is not None
    assert resolved is not None
    assert started.detail["baseline"] == {"systolic": f"{own.id}/systolic"}
    assert resolved.detail["of"] == outcome.value[1].id
    assert outlined(of(clinic, right)).started_at == start.observed_at
    assert outlined(of(clinic, names.infusion)).phase == "planned"
    assert outlined(of(clinic, right)).conflicts == outlined(of(clinic, names.infusion)).conflicts == ()


def test_what_is_seen_while_the_right_pump_runs_must_fit_there(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, right: str
) -> None:
    start = saved(clinic, ada, names.infusion, event(clock.wait(minutes=1), "start"))
    saved(clinic, ada, right, event(clock.wait(minutes=1), "start"))
    refused = move(clinic, ada, names.infusion, [start], right)
    assert refused.why == "refused"
    assert refused.sentences == (
        "Entry 1, Pump started, is not moved: pump started at minute 1 conflicts with: pump started at minute 0; "
        "expected a minute in which it fits.",
    )


def test_a_moved_entry_arrives_also_when_the_right_patient_has_left(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, right: str
) -> None:
    made = saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1)))
    for kind in ("start", "end", "close"):
        saved(clinic, ada, right, event(clock.wait(minutes=1), kind) | {"queued": True})
    assert move(clinic, ada, names.infusion, [made], right).done


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("handover", {}, "belongs to this infusion alone"),
        ("move", {"chair": "chair-3"}, "belongs to this infusion alone"),
    ],
)
def test_what_belongs_to_one_infusion_alone_stays(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, right: str, kind: str, detail: Any, words: str
) -> None:
    made = saved(clinic, ada, names.infusion, event(clock.wait(minutes=1), kind, **detail))
    refused = move(clinic, ada, names.infusion, [made], right)
    assert words in refused.sentences[0]
    assert of(clinic, right).entries == ()


def test_what_does_not_stand_is_not_moved_nor_what_speaks_of_others(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, right: str
) -> None:
    slip = saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1), readings={"systolic": 190}))
    right_now = entry(clock.now(), readings={"systolic": 130}, corrects=slip.id, reason="typed wrongly")
    fixed = saved(clinic, ada, names.infusion, right_now)
    said = {"flag": "f", "measure": "systolic", "side": "high", "level": "caution", "done": "seen", "seen": []}
    seen = saved(clinic, ada, names.infusion, entry(clock.now(), "acknowledgement", acknowledgement=said))
    gone = saved(clinic, ada, names.infusion, entry(clock.now(), "withdrawal", withdraws=seen.id, reason="undo"))
    for one, words in (
        (slip, "which entry 2 has already replaced"),
        (gone, "a withdrawal belongs to the entry it withdraws"),
        (seen, "an acknowledgement belongs to the flag it saw"),
    ):
        refused = move(clinic, ada, names.infusion, [one], right)
        assert len(refused.sentences) == 1
        assert words in refused.sentences[0]
    moved = move(clinic, ada, names.infusion, [fixed], right).value
    assert moved is not None
    assert (moved[0].corrects, moved[0].readings[0].value) == (None, 130)


def test_who_may_move_what_where_and_why(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, right: str
) -> None:
    made = saved(clinic, ada, names.infusion, entry(clock.wait(minutes=1)))
    marta = names.infusion
    assert move(clinic, None, marta, [made], right).why == "nobody"
    assert move(clinic, actor(clinic, PETRA), marta, [made], right).why == "forbidden"
    assert move(clinic, ada, marta, [made], marta).sentences == (
        "These entries are at this infusion already: expected another one.",
    )
    assert move(clinic, ada, marta, [], right).sentences == ("0 entries to move: expected 1 to 64.",)
    assert move(clinic, ada, marta, [made], right, " ").sentences == ("Entries moved without a reason: expected why.",)
    assert move(clinic, ada, marta, [made], right, "r" * 501).why == "refused"
    assert move(clinic, ada, marta, [made], "nowhere").why == "unknown"
    assert move(clinic, ada, "nowhere", [made], right).why == "unknown"
    assert recording.copy_to_right_infusion(clinic, ada, marta, [str(uuid4())], right, WHY).why == "unknown"
    early = entry(datetime.fromisoformat("2026-03-03T10:00:30+00:00"))
    clock.wait(hours=4, minutes=5)
    third = open_infusion(clinic, ada, names.patients["Lin Sørensen"], "chair-3")
    before = move(clinic, ada, marta, [saved(clinic, ada, marta, early)], third)
    assert before.sentences[0].startswith("Entry 2, set, is not moved: seen 4 h 5 min before this infusion was opened")
    assert len(of(clinic, marta).standing()) == 2
