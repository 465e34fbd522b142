"""What a person does: saved, refused in words, or answered again; never lost and never doubled."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from monitoring import recording
from monitoring.access import Actor, PinRefused
from monitoring.clinic import RunningClinic
from monitoring.clinical import checks
from monitoring.clinical.course import course
from monitoring.clinical.record import Entry
from monitoring.clock import SteadyClock
from monitoring.documents import infusion_document
from monitoring.recording import Outcome, infusions
from monitoring.records import StoreUnwritable
from tests.small_clinic import (
    PEOPLE,
    QUIET,
    Names,
    SetClock,
    actor,
    attested,
    entry,
    event,
    furnish,
    open_infusion,
    opened,
)

ADA, JONAS, INES, PETRA = PEOPLE


@pytest.fixture
def ada(clinic: RunningClinic) -> Actor:
    """Ada Okafor, signed in on the tablet."""
    return actor(clinic, ADA, "tablet-1")


def save(clinic: RunningClinic, who: Actor | None, names: Names, body: object) -> Outcome[Entry]:
    return recording.save_entry(clinic, who, names.infusion, body)


def phase(clinic: RunningClinic, names: Names) -> str:
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    return course(infusion, clinic.protocol_of(infusion.protocol), clinic.clock.now()).phase


def entries(clinic: RunningClinic, names: Names) -> list[Entry]:
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    return list(infusion.entries)


def run_to(clinic: RunningClinic, ada: Actor, names: Names, clock: SetClock, *kinds: str) -> None:
    """Record these events, a minute apart."""
    for kind in kinds:
        done = save(clinic, ada, names, event(clock.wait(minutes=1), kind))
        assert done.done, done.sentences


def sign(clinic: RunningClinic, on: Actor, names: Names, at: datetime, meaning: str, who: str) -> dict[str, Any]:
    """A signature under the record, as the tablet of `on` posts it."""
    return attested(clinic, on, names.infusion, event(at, "sign", meaning=meaning), meaning, who)


def test_a_set_is_saved_with_who_and_when(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    seen = clock.wait(minutes=2)
    clock.wait(seconds=3)
    outcome = save(clinic, ada, names, entry(seen))
    assert outcome.done
    assert not outcome.again
    [kept] = entries(clinic, names)
    assert kept == outcome.value
    assert {reading.measure: reading.value for reading in kept.readings} == QUIET
    assert (kept.author_name, kept.observed_at, kept.recorded_at) == (ADA, seen, clock.now())
    assert (kept.other_sign_in, kept.after_signing, kept.sign_in) == (False, False, ada.sign_in.id)


def test_the_same_entry_again_is_one_entry(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    body = entry(clock.wait(minutes=1))
    first = save(clinic, ada, names, body)
    again = save(clinic, ada, names, body | {"queued": True})
    assert (first.again, again.again) == (False, True)
    assert first.value == again.value
    assert len(entries(clinic, names)) == 1


def test_a_start_sent_again_is_saved_again_though_the_pump_runs(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    body = event(clock.wait(minutes=1), "start")
    assert save(clinic, ada, names, body).done
    save(clinic, ada, names, entry(clock.wait(minutes=1)))
    assert save(clinic, ada, names, body).again
    another = save(clinic, ada, names, event(clock.now(), "start"))
    assert another.why == "refused"
    assert len(another.sentences) == 1


def while_judging(monkeypatch: pytest.MonkeyPatch, place: object, name: str, other: Callable[[], object]) -> Thread:
    """Let `other` be done by another thread in the middle of the first judging, if it is let in."""
    judge = getattr(place, name)
    thread = Thread(target=other)

    def judged(*args: Any, **kwargs: Any) -> Any:
        if not thread.ident:
            thread.start()
            thread.join(0.5)  # it ends at once when it is let in, which is what must not be
        return judge(*args, **kwargs)

    monkeypatch.setattr(place, name, judged)
    return thread


def test_two_corrections_of_one_entry_at_once_are_one(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    jonas = actor(clinic, JONAS, "tablet-2")
    slip = entry(clock.wait(minutes=1), readings={"systolic": 190})
    save(clinic, ada, names, slip)
    told: list[tuple[str, str]] = []
    clinic.store.subscribe(lambda *what: told.append(what))
    right = {"corrects": slip["id"], "reason": "typed wrongly"}
    outcomes: list[Outcome[Entry]] = []
    thread = while_judging(
        monkeypatch,
        checks,
        "problems",
        lambda: outcomes.append(save(clinic, jonas, names, entry(clock.now(), readings={"systolic": 131}, **right))),
    )
    outcomes.append(save(clinic, ada, names, entry(clock.now(), readings={"systolic": 130}, **right)))
    thread.join()
    assert sorted(outcome.done for outcome in outcomes) == [False, True]
    assert len(entries(clinic, names)) == 2
    assert told == [("infusion", names.infusion)]


def test_a_set_that_lands_while_the_start_is_judged_is_before_or_after_it(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    jonas = actor(clinic, JONAS, "tablet-2")
    at = clock.wait(minutes=1)
    thread = while_judging(monkeypatch, checks, "problems", lambda: save(clinic, jonas, names, entry(at)))
    start = save(clinic, ada, names, event(at, "start"))
    thread.join()
    assert start.value is not None
    assert start.value.event is not None
    [one, other] = entries(clinic, names)
    assert bool(start.value.event.detail["baseline"]) is (other.kind == "event"), one.kind


def test_two_tablets_open_one_infusion_for_a_patient(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    jonas, omar = actor(clinic, JONAS, "tablet-2"), names.patients["Omar Haddad"]

    def at_another_chair() -> None:
        with suppress(AssertionError):
            open_infusion(clinic, jonas, omar, "chair-3")

    thread = while_judging(monkeypatch, infusions, "_identifier_problems", at_another_chair)
    open_infusion(clinic, ada, omar, "chair-2")
    thread.join()
    assert sorted(one.chair for one in clinic.store.open_infusions()) == ["chair-1", "chair-2"]
    assert len(clinic.store.series_of(omar)) == 1


def test_what_is_refused_or_sent_again_leaves_the_store_free(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    body = entry(clock.wait(minutes=1))
    save(clinic, ada, names, body)
    assert save(clinic, ada, names, body).again
    assert save(clinic, ada, names, entry(clock.now(), readings={})).why == "refused"
    assert recording.save_entry(clinic, ada, str(uuid4()), body).why == "unknown"
    saved: list[Outcome[Entry]] = []
    other = Thread(target=lambda: saved.append(save(clinic, ada, names, entry(clock.now()))))
    other.start()
    other.join(10)
    assert [outcome.done for outcome in saved] == [True]


def test_an_id_with_other_content_is_a_clash(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    body = entry(clock.wait(minutes=1))
    save(clinic, ada, names, body)
    other = body | {"readings": [{"measure": "systolic", "value": 130}]}
    assert save(clinic, ada, names, other).why == "clash"
    assert len(entries(clinic, names)) == 1


def test_an_id_of_another_infusion_is_a_clash(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    second = open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    body = entry(clock.wait(minutes=1))
    assert save(clinic, ada, names, body).done
    assert recording.save_entry(clinic, ada, second, body).why == "clash"


def test_the_start_pins_the_latest_reading_of_every_measure(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    save(clinic, ada, names, entry(clock.wait(minutes=1)))
    slip = entry(clock.wait(minutes=1), readings={"systolic": 190, "heart_rate": 75})
    save(clinic, ada, names, slip)
    right = entry(clock.now(), readings={"systolic": 130}, corrects=slip["id"], reason="typed wrongly")
    assert save(clinic, ada, names, right).done
    at = clock.wait(minutes=1)
    save(clinic, ada, names, entry(clock.wait(minutes=1), readings={"systolic": 140}))  # seen after the start
    start = save(clinic, ada, names, event(at, "start", rate_ml_per_h=75))
    assert start.value is not None
    assert start.value.event is not None
    pinned = start.value.event.detail["baseline"]
    first = entries(clinic, names)[0].id
    assert pinned == {measure: f"{first}/{measure}" for measure in QUIET} | {"systolic": f"{right['id']}/systolic"}
    assert start.value.event.detail["rate_ml_per_h"] == 75


@pytest.mark.parametrize(
    ("kind", "detail"),
    [("pause", {}), ("resume", {}), ("end", {}), ("close", {}), ("rate", {"rate_ml_per_h": 80})],
)
def test_what_does_not_fit_the_phase_is_refused_live_and_kept_from_an_outbox(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, kind: str, detail: dict[str, Any]
) -> None:
    live = save(clinic, ada, names, event(clock.wait(minutes=1), kind, **detail))
    assert live.why == "refused"
    assert len(live.sentences) == 1
    assert save(clinic, ada, names, event(clock.now(), kind, **detail) | {"queued": True}).done
    assert phase(clinic, names) == "planned"


def test_only_a_planned_infusion_can_be_cancelled(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    reason = clinic.protocol.cancel_reasons[0]
    run_to(clinic, ada, names, clock, "start")
    assert save(clinic, ada, names, event(clock.wait(minutes=1), "cancel", reason=reason)).why == "refused"
    second = open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    without = recording.save_entry(clinic, ada, second, event(clock.now(), "cancel"))
    assert without.why == "refused"
    assert recording.save_entry(clinic, ada, second, event(clock.now(), "cancel", reason=reason)).done
    assert open_infusion(clinic, ada, names.patients["Lin Sørensen"], "chair-2")


def test_after_closing_only_what_belongs_to_the_past_is_taken_live(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    first = save(clinic, ada, names, entry(clock.wait(minutes=1)))
    assert first.value is not None
    run_to(clinic, ada, names, clock, "start", "end")
    left = event(clock.wait(minutes=1), "close", reason="left on own wish")
    second_person = "left with something missing"
    assert save(clinic, ada, names, attested(clinic, ada, names.infusion, left, second_person, JONAS)).done
    at = clock.wait(minutes=5)
    refused = save(clinic, ada, names, entry(at))
    assert refused.why == "refused"
    assert len(refused.sentences) == 1
    after = save(clinic, ada, names, entry(at) | {"amendment": "late entry"})
    assert after.sentences == ("Seen 5 min after the patient had left: expected a time before that.",)
    here = at - timedelta(minutes=6)
    assert save(clinic, ada, names, entry(here) | {"amendment": "late entry"}).done
    for who, step in zip((ADA, INES), clinic.protocol.people.signatures, strict=True):
        note = save(clinic, ada, names, event(at, "note", text="Rang to ask for her scarf"))
        assert note.value is not None
        assert not note.value.after_signing
        signed = save(clinic, ada, names, sign(clinic, ada, names, at, step.meaning, who))
        assert signed.value is not None, signed.sentences
        assert not signed.value.after_signing
    locked = save(clinic, ada, names, event(at, "informed", whom="Dr Ines Weiss"))
    assert locked.sentences == (
        "This record is signed and locked: expected a late entry, an addendum or a correction.",
    )
    late = save(clinic, ada, names, entry(here) | {"queued": True})
    note = save(clinic, ada, names, event(at, "note", text="Felt well on the phone"))
    right = save(
        clinic, ada, names, entry(here, readings={"systolic": 128}, corrects=first.value.id, reason="typed wrongly")
    )
    back = save(clinic, ada, names, entry(at, "withdrawal", withdraws=note.value.id if note.value else "", reason="no"))
    paper = save(clinic, ada, names, entry(here) | {"amendment": "addendum", "source": "paper"})
    assert paper.value is not None
    assert (paper.value.amendment, paper.value.source) == ("addendum", "paper")
    for outcome in (late, note, right, back, paper):
        assert outcome.value is not None, outcome.sentences
        assert outcome.value.after_signing
    assert not first.value.after_signing
    assert phase(clinic, names) == "closed"


def test_a_move_goes_to_a_free_chair_that_there_is(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    at = clock.wait(minutes=1)
    nowhere = save(clinic, ada, names, event(at, "move", chair="chair-9"))
    assert nowhere.sentences == ("This chair is not known here: expected one of Chair 1, Chair 2, Chair 3.",)
    taken = save(clinic, ada, names, event(at, "move", chair="chair-2"))
    assert taken.why == "refused"
    assert save(clinic, ada, names, event(at, "move", chair="chair-3")).done
    assert [chair.id for chair in recording.free_chairs(clinic)] == ["chair-1"]


def test_the_author_is_who_tapped_save(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    tapped = entry(clock.wait(minutes=1), sign_in=ada.sign_in.id, queued=True)
    jonas = actor(clinic, JONAS, "tablet-1")
    outcome = save(clinic, jonas, names, tapped)
    assert outcome.value is not None
    assert (outcome.value.author_name, outcome.value.other_sign_in) == (ADA, True)
    assert outcome.value.sign_in == ada.sign_in.id


def test_an_entry_of_ones_own_former_sign_in_is_not_anothers(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    tapped = entry(clock.wait(minutes=1), sign_in=ada.sign_in.id, queued=True)
    outcome = save(clinic, actor(clinic, ADA, "tablet-1"), names, tapped)
    assert outcome.value is not None
    assert (outcome.value.author_name, outcome.value.other_sign_in) == (ADA, False)


@pytest.mark.parametrize("again", [ADA, JONAS])
@pytest.mark.parametrize(("tapped", "marked"), [(-60, False), (0, False), (1, True), (600, True)])
def test_an_entry_tapped_after_its_sign_in_had_ended_says_so(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, tapped: int, marked: bool, again: str
) -> None:
    """A pad left open after signing out: the name it sends is not proof of who tapped."""
    ended = clock.wait(minutes=5)
    clinic.store.end_sign_in(ada.sign_in.id, "signed out")
    clock.wait(minutes=20)
    late = entry(ended + timedelta(seconds=tapped), sign_in=ada.sign_in.id, queued=True)
    outcome = save(clinic, actor(clinic, again, "tablet-1"), names, late)
    assert outcome.value is not None, outcome.sentences
    assert (outcome.value.author_name, outcome.value.other_sign_in) == (ADA, marked or again != ADA)


def test_an_entry_tapped_after_its_sign_in_had_run_out_says_so(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    before = clock.wait(hours=11, minutes=59)
    after = clock.wait(minutes=2)
    anew = actor(clinic, ADA, "tablet-1")
    outcomes = [save(clinic, anew, names, entry(at, sign_in=ada.sign_in.id, queued=True)) for at in (before, after)]
    assert [outcome.value and outcome.value.other_sign_in for outcome in outcomes] == [False, True]


def test_a_sign_in_of_another_device_gives_nobody_a_name(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    elsewhere = actor(clinic, JONAS, "tablet-2")
    for sign_in in (elsewhere.sign_in.id, str(uuid4())):
        assert save(clinic, ada, names, entry(clock.wait(minutes=1), sign_in=sign_in)).why == "forbidden"
    assert entries(clinic, names) == []


def test_nobody_and_whoever_may_not_are_told_so(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    body = entry(clock.wait(minutes=1))
    assert save(clinic, None, names, body).why == "nobody"
    assert save(clinic, actor(clinic, PETRA), names, body).why == "forbidden"
    assert recording.save_entry(clinic, ada, str(uuid4()), body).why == "unknown"
    assert entries(clinic, names) == []


@pytest.mark.parametrize(
    ("readings", "words"),
    [
        ({"systolic": 0}, "Systolic pressure 0 mmHg"),
        ({"systolic": 1200}, "Systolic pressure 1200 mmHg"),
        ({"spo2": 980}, "980"),
        ({}, "empty"),
        ({"mood": 3}, "mood"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, readings: dict[str, float], words: str
) -> None:
    outcome = save(clinic, ada, names, entry(clock.wait(minutes=1), readings=readings))
    assert outcome.why == "refused"
    assert len(outcome.sentences) == 1
    assert words in outcome.sentences[0]
    assert entries(clinic, names) == []


def test_a_true_extreme_is_kept_once_confirmed(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    body = entry(clock.wait(minutes=1), readings={"respiration": 0})
    assert save(clinic, ada, names, body).why == "refused"
    body["readings"][0]["confirmed_unusual"] = True
    assert save(clinic, ada, names, body).done


def test_the_future_is_refused(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    typed = {"observed_at": (clock.now() + timedelta(minutes=24)).isoformat()}
    outcome = save(clinic, ada, names, entry(clock.now()) | typed)
    assert outcome.sentences == ("Seen 24 min from now: expected a time that has passed.",)


AGES_AGO = datetime(1900, 1, 1, tzinfo=UTC)
ALSO_SEEN = ("observed_at", "tapped_at")


@pytest.mark.parametrize("queued", [False, True])
@pytest.mark.parametrize(
    ("given", "seen", "tapped", "kept"),
    [
        # How long before now; None: in the year 1900. Where it is kept, and which of the two is kept as it came.
        (0, 0, (0, 0), ()),
        (timedelta(minutes=4), timedelta(minutes=4), (4, 4), ()),
        (None, None, (0, 0), ALSO_SEEN),
        (timedelta(hours=-2), timedelta(hours=-2), (0, 0), ALSO_SEEN),
        (timedelta(hours=3), timedelta(hours=3), (0, 0), ALSO_SEEN),  # before anybody had signed in
        (timedelta(minutes=4), None, (4, 0), ("tapped_at",)),
    ],
)
def test_when_save_was_tapped_is_a_clocks_word_and_never_refuses_an_entry(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, queued: bool, given: Any, seen: Any,
    tapped: tuple[int, int], kept: tuple[str, ...],
) -> None:  # fmt: skip
    now = clock.wait(minutes=10)

    def instant(ago: timedelta | int | None) -> datetime:
        return AGES_AGO if ago is None else now - (ago or timedelta(0))

    body = entry(now, queued=queued) | {
        "observed_at": instant(given).isoformat(),
        "tapped_at": instant(seen).isoformat(),
    }
    outcome = save(clinic, ada, names, body)
    assert outcome.value is not None, outcome.sentences
    at = [(now - one).total_seconds() / 60 for one in (outcome.value.observed_at, outcome.value.tapped_at)]
    assert tuple(at) == tapped
    assert outcome.value.observed_given == (instant(given) if "observed_at" in kept else None)
    assert outcome.value.tapped_given == (instant(seen) if "tapped_at" in kept else None)
    clock.wait(hours=3)
    assert save(clinic, ada, names, body).again


def test_nobody_saves_before_signing_in(clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor) -> None:
    tapped = clock.wait(minutes=10)
    now = clock.wait(minutes=10)
    later = actor(clinic, ADA, "tablet-1")
    outcome = save(clinic, later, names, entry(tapped, sign_in=later.sign_in.id, queued=True))
    assert outcome.value is not None, outcome.sentences
    assert (outcome.value.tapped_at, outcome.value.tapped_given) == (now, tapped)
    named_none = save(clinic, later, names, entry(tapped, queued=True))
    assert named_none.value is not None
    assert (named_none.value.tapped_at, named_none.value.tapped_given) == (tapped, None)


def test_a_time_that_cannot_be_is_typed_again_at_the_chair_and_kept_as_it_came_from_an_outbox(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    now = clock.wait(minutes=10)
    body = entry(now) | {"observed_at": AGES_AGO.isoformat()}
    assert save(clinic, ada, names, body).why == "refused"
    outcome = save(clinic, ada, names, body | {"queued": True})
    assert outcome.value is not None, outcome.sentences
    assert (outcome.value.observed_at, outcome.value.observed_given) == (now, AGES_AGO)
    right = entry(now, corrects=body["id"], reason="wrong time") | {"observed_at": AGES_AGO.isoformat(), "queued": True}
    corrected = save(clinic, ada, names, right)
    assert corrected.value is not None, corrected.sentences
    assert (corrected.value.observed_at, corrected.value.observed_given) == (now, AGES_AGO)


def test_a_correction_from_an_outbox_does_not_carry_an_entry_out_of_its_infusion(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    first = save(clinic, ada, names, entry(clock.wait(minutes=1)))
    assert first.value is not None
    reason = clinic.protocol.cancel_reasons[0]
    assert save(clinic, ada, names, event(clock.wait(minutes=1), "cancel", reason=reason)).done
    three_days_on = clock.wait(days=3)
    right = entry(three_days_on, corrects=first.value.id, reason="wrong time")
    live = save(clinic, actor(clinic, ADA), names, right)
    assert live.sentences == ("Seen 72 h 0 min after the infusion was cancelled: expected a time before that.",)
    kept = save(clinic, actor(clinic, ADA), names, right | {"queued": True})
    assert kept.value is not None, kept.sentences
    assert (kept.value.observed_at, kept.value.observed_given) == (first.value.observed_at, three_days_on)


SOME = str(uuid4())
GOOD: dict[str, Any] = entry(datetime.fromisoformat("2026-03-03T10:01:00+00:00"))


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ([], "The entry is a list"),
        (None, "The entry is missing"),
        (GOOD | {"author": "staff-1"}, "'author'"),
        ({k: v for k, v in GOOD.items() if k != "id"}, "id is missing"),
        (GOOD | {"observed_at": "2026-W10-2T10:01:00Z"}, "observed_at is '2026-W10-2T10:01:00Z': expected a time"),
        (GOOD | {"tapped_at": "2026-062T10:01:00Z"}, "tapped_at"),
        (GOOD | {"tapped_at": "20260303T100100Z"}, "tapped_at"),
        (GOOD | {"tapped_at": "2026-03-03T10:01:00"}, "tapped_at"),
        (GOOD | {"id": "7"}, "id is '7'"),
        (GOOD | {"id": 7}, "id is 7"),
        (GOOD | {"kind": "vitals"}, "kind is 'vitals'"),
        (GOOD | {"kind": ["set"]}, "kind is a list"),
        (GOOD | {"observed_at": "10:01"}, "observed_at"),
        (GOOD | {"observed_at": "2026-03-03T10:01:00"}, "observed_at"),
        (GOOD | {"observed_at": "0001-01-01T00:00:00+14:00"}, "observed_at"),
        (GOOD | {"tapped_at": 1772532060}, "tapped_at is 1.77253e+09"),
        (GOOD | {"clock": "mine"}, "clock is 'mine'"),
        (GOOD | {"queued": "yes"}, "queued is 'yes'"),
        (GOOD | {"sign_in": 3}, "sign_in is 3"),
        (GOOD | {"readings": {"systolic": 120}}, "readings is an object"),
        (GOOD | {"readings": [120]}, "readings[0] is 120"),
        (GOOD | {"readings": [{"measure": "systolic"}]}, "readings[0].value is missing"),
        (GOOD | {"readings": [{"measure": "systolic", "value": "120"}]}, "readings[0].value is '120'"),
        (GOOD | {"readings": [{"measure": "systolic", "value": True}]}, "readings[0].value is true"),
        (GOOD | {"readings": [{"measure": "systolic", "value": float("nan")}]}, "readings[0].value"),
        (GOOD | {"readings": [{"measure": "systolic", "value": 10**400}]}, "readings[0].value"),
        (GOOD | {"readings": [{"measure": "systolic", "value": 1, "unit": "kPa"}]}, "'unit'"),
        (GOOD | {"readings": [{"measure": "", "value": 1}]}, "readings[0].measure is empty"),
        (GOOD | {"readings": [{"measure": "systolic", "value": 1}] * 65}, "readings holds 65"),
        (GOOD | {"not_done": [{"measure": "spo2"}]}, "not_done[0].reason is empty"),
        (GOOD | {"kind": "event", "event": {"kind": "explode"}}, "event.kind is 'explode'"),
        (GOOD | {"event": {"kind": "note", "detail": {"text": "x" * 4001}}}, "event.detail.text has 4001"),
        (GOOD | {"event": {"kind": "note", "detail": {"text": "a\x00b"}}}, "event.detail.text"),
        (GOOD | {"event": {"kind": "note", "detail": {"text": "\ud800"}}}, "event.detail.text"),
        (GOOD | {"event": {"kind": "start", "detail": {"baseline": {}}}}, "event.detail.baseline"),
        (GOOD | {"event": {"kind": "rate", "detail": {"rate_ml_per_h": [1]}}}, "event.detail.rate_ml_per_h"),
        (GOOD | {"acknowledgement": {"flag": "f", "seen": [1], "done": "seen"}}, "acknowledgement.seen[0]"),
        (GOOD | {"acknowledgement": {"flag": "f", "seen": ["r"] * 2001, "done": "seen"}}, "seen holds 2001"),
        (
            GOOD | {"acknowledgement": {"flag": "f", "seen": ["r" * 501], "done": "s"}},
            "acknowledgement.seen[0] has 501",
        ),
        (GOOD | {"corrects": "yesterday"}, "corrects is 'yesterday'"),
        (GOOD | {"reason": "r" * 501}, "reason has 501"),
        (GOOD | {"amendment": "correction"}, "amendment is 'correction': expected late entry or addendum, or none."),
        (GOOD | {"amendment": None}, "amendment is missing: expected late entry"),
        (GOOD | {"source": "memory"}, "source is 'memory': expected paper, or none."),
        (GOOD | {"linked": str(uuid4())}, "'linked'"),
        (GOOD | {"attestations": "1"}, "attestations is '1': expected a list"),
        (GOOD | {"attestations": [7]}, "attestations[0] is 7: expected a UUID"),
        (GOOD | {"attestations": [str(uuid4()) for _ in range(9)]}, "attestations holds 9"),
        (GOOD | {"attestations": [SOME, SOME]}, "attestations[1] stands there twice"),
        (GOOD | {"event": {"kind": "sign", "detail": {"signatures": []}}}, "event.detail.signatures"),
    ],
)
def test_what_is_no_entry_is_refused_with_the_field(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, body: object, named: str
) -> None:
    clock.wait(minutes=2)
    outcome = save(clinic, ada, names, body)
    assert outcome.why == "malformed"
    assert len(outcome.sentences) == 1
    assert named in outcome.sentences[0]
    assert entries(clinic, names) == []


def test_a_database_that_cannot_be_written_says_so_and_nothing_is_half_saved(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreUnwritable("Not saved: the disk is full.")

    monkeypatch.setattr(clinic.store, "add_entry", full)
    outcome = save(clinic, ada, names, entry(clock.wait(minutes=1)))
    assert (outcome.why, outcome.sentences) == ("unwritable", ("Not saved: the disk is full.",))
    assert entries(clinic, names) == []


# Patients and infusions

BORN = date(1990, 1, 2)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"number": " "}, "number"),
        ({"name": ""}, "Name"),
        ({"birth_date": None}, "Date of birth"),
        ({"birth_date": date(2026, 3, 4)}, "future"),
        ({"birth_date": date(1899, 12, 31)}, "1900"),
        ({"sex": "?"}, "Sex"),
        ({"name": "Nora\x00Petersen"}, "Name, character 5 is no letter but a control character"),
        ({"number": "K-02\x1b"}, "Patient number, character 5"),
        ({"allergies": "latex\ud800"}, "Allergies, character 6"),
        ({"number": "K-0101"}, "K-0101"),
    ],
)
def test_a_patient_is_registered_only_whole(
    clinic: RunningClinic, ada: Actor, wrong: dict[str, Any], words: str
) -> None:
    good: dict[str, Any] = {"number": "K-0200", "name": "Nora Petersen", "birth_date": BORN, "sex": "female"}
    refused = recording.register_patient(clinic, ada, **(good | wrong))
    assert refused.why == "refused"
    assert len(refused.sentences) == 1
    assert words in refused.sentences[0]
    assert recording.register_patient(clinic, None, **good).why == "nobody"
    assert recording.register_patient(clinic, ada, **good).done


def test_everything_wrong_is_said_at_once(clinic: RunningClinic, ada: Actor) -> None:
    refused = recording.register_patient(clinic, ada, number="", name="", birth_date=None, sex="")
    assert len(refused.sentences) == 4


def test_registering_twice_is_one_patient(clinic: RunningClinic, ada: Actor) -> None:
    given: dict[str, Any] = {"number": "K-0200", "name": "Nora Petersen", "birth_date": BORN, "sex": "female"}
    chosen = str(uuid4())
    first = recording.register_patient(clinic, ada, id=chosen, **given)
    assert first.value == recording.register_patient(clinic, ada, id=chosen, **given).value


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"weight_kg": None}, "Weight is missing: expected 30 to 250 kg."),
        ({"weight_kg": 7.2}, "Weight 7.2 kg"),
        ({"weight_kg": float("nan")}, "Weight"),
        ({"dose_mg_per_kg": 50}, "Dose 50 mg/kg"),
        ({"planned_minutes": 0}, "Planned time 0 min"),
        ({"every_minutes": 7}, "Interval 7 min: expected one of 5, 10, 15 min."),
        ({"identifiers": ["name"]}, "1 identifiers confirmed"),
        ({"identifiers": ["name", "name"]}, "1 identifiers confirmed"),
        ({"identifiers": ["name", "date of birth", "face"]}, "'face'"),
        ({"number": 0}, "Infusion number 0"),
        ({"chair": "chair-9"}, "Chair is missing"),
        ({"chair": "chair-1"}, "Chair 1 is taken"),
        ({"patient_id": "nobody"}, "Patient is missing"),
        ({"bag_volume_ml": 0}, "bag"),
        ({"planned_infusions": -1}, "Planned infusions -1"),
    ],
)
def test_an_infusion_is_opened_only_with_what_it_needs(
    clinic: RunningClinic, names: Names, ada: Actor, wrong: dict[str, Any], words: str
) -> None:
    good: dict[str, Any] = {
        "id": str(uuid4()),
        "patient_id": names.patients["Omar Haddad"],
        "chair": "chair-2",
        "weight_kg": 81.5,
        "dose_mg_per_kg": 0.5,
        "planned_minutes": 40,
        "every_minutes": 10,
        "identifiers": ["name", "wristband"],
    }
    refused = recording.open_infusion(clinic, ada, **(good | wrong))
    assert refused.why == "refused", refused
    assert len(refused.sentences) == 1
    assert words in refused.sentences[0]
    assert recording.open_infusion(clinic, actor(clinic, PETRA), **good).why == "forbidden"
    done = recording.open_infusion(clinic, ada, **good)
    assert done.value is not None
    assert done.value.identifiers == "name, wristband"
    assert recording.open_infusion(clinic, ada, **good).again
    assert len(clinic.store.open_infusions()) == 2


def test_a_dose_or_weight_unlike_the_others_is_asked_about_at_every_door(
    clinic: RunningClinic, names: Names, ada: Actor, clock: SetClock
) -> None:
    omar = names.patients["Omar Haddad"]
    given: dict[str, Any] = {"patient_id": omar, "chair": "chair-2", "planned_minutes": 40, "every_minutes": 10}
    given |= {"identifiers": ["name", "wristband"], "weight_kg": 71.7, "id": str(uuid4())}
    asked = recording.open_infusion(clinic, ada, **given, dose_mg_per_kg=1.0)
    dose = "Dose 1 mg/kg, 71.7 mg for 71.7 kg: the site's standard is 0.5 mg/kg. Is this what was ordered?"
    assert (asked.why, asked.sentences) == ("refused", (dose,))
    # What was confirmed of one dose is not confirmed of another.
    assert not recording.open_infusion(clinic, ada, **given, dose_mg_per_kg=0.9, confirmed=[dose]).done
    opened = recording.open_infusion(clinic, ada, **given, dose_mg_per_kg=1.0, confirmed=[dose])
    assert opened.value is not None
    assert recording.open_infusion(clinic, ada, **given, dose_mg_per_kg=1.0).again  # a second tap
    infusion = clinic.store.infusion(opened.value.id)
    assert infusion is not None
    (note,) = infusion.entries
    assert note.event is not None
    assert (note.event.kind, note.author_name, note.observed_at) == ("note", "Ada Okafor", infusion.opened_at)
    assert note.event.detail["text"] == f"Confirmed when this infusion was opened. {dose} Yes."

    last = recording.last_infusion(clinic, omar)
    assert last is not None
    assert (last.weight_kg, last.mg_per_kg, last.on) == (71.7, 1.0, last.weighed_on)
    cancelled = event(clock.wait(minutes=1), "cancel", reason="patient did not come")
    assert recording.save_entry(clinic, ada, infusion.id, cancelled).done
    assert recording.last_infusion(clinic, omar) is None


def test_an_order_unlike_the_opening_is_kept_once_it_is_confirmed(
    clinic: RunningClinic, names: Names, ada: Actor, clock: SetClock
) -> None:
    order = {"prescriber": "Dr Ines Weiss", "planned_minutes": 40, "weight_kg": 72.0, "weight_on": "2026-03-02"}
    slip = event(clock.wait(minutes=1), "order", **order, dose_mg_per_kg=1.0)
    refused = recording.save_entry(clinic, ada, names.infusion, slip)
    asked = "Dose 1 mg/kg: this infusion was opened with 0.5 mg/kg. Is this what was ordered?"
    assert refused.sentences == (asked,)
    for unsaid in ("yes", 1, False):
        detail = order | {"dose_mg_per_kg": 1.0, "confirmed_unusual": unsaid}
        assert not recording.save_entry(clinic, ada, names.infusion, event(clock.now(), "order", **detail)).done
    meant = event(clock.now(), "order", **order, dose_mg_per_kg=1.0, confirmed_unusual=True)
    assert recording.save_entry(clinic, ada, names.infusion, meant).done
    alike = event(clock.now(), "order", **order, dose_mg_per_kg=1.05)
    assert recording.save_entry(clinic, ada, names.infusion, alike).done
    waited = event(clock.now(), "order", **order, dose_mg_per_kg=0.3)
    assert recording.save_entry(clinic, ada, names.infusion, waited | {"queued": True}).done  # asked on the tablet


def test_a_patient_has_one_open_infusion_at_a_time(clinic: RunningClinic, names: Names, ada: Actor) -> None:
    outcome = recording.open_infusion(
        clinic,
        ada,
        id=str(uuid4()),
        patient_id=names.patients["Marta Brandt"],
        chair="chair-2",
        weight_kg=72,
        dose_mg_per_kg=0.5,
        planned_minutes=40,
        every_minutes=10,
        identifiers=["name", "wristband"],
    )
    assert outcome.why == "refused"
    assert "already has an open infusion" in outcome.sentences[0]


def test_the_next_infusion_of_a_series_does_not_count_a_cancelled_one(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    marta = names.patients["Marta Brandt"]
    assert recording.next_of_series(clinic, marta).number == 2
    reason = clinic.protocol.cancel_reasons[0]
    assert save(clinic, ada, names, event(clock.wait(minutes=1), "cancel", reason=reason)).done
    suggested = recording.next_of_series(clinic, marta)
    assert (suggested.number, suggested.planned_infusions) == (1, 6)
    assert recording.next_of_series(clinic, names.patients["Lin Sørensen"]).series is None


# The clinic, its people and its ranges


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": ""}, "Name of the clinic"),
        ({"zone": "Berlin"}, "'Berlin'"),
        ({"zone": ""}, "Time zone"),
        ({"zone": "../etc"}, "Time zone"),
        ({"chairs": [" "]}, "No chair"),
        ({"chairs": ["1", "1"]}, "'1' stands 2 times"),
        ({"administrator": ""}, "administrator"),
        ({"clinician": " petra novak"}, "two different people"),
        ({"administrator_pin": "12345"}, "Administrator"),
        ({"clinician_pin": "000000"}, "Clinician"),
    ],
)
def test_a_clinic_is_set_up_once_and_whole(empty_clinic: RunningClinic, wrong: dict[str, Any], words: str) -> None:
    good: dict[str, Any] = {
        "name": "Clinic at the Lake",
        "zone": "Europe/Berlin",
        "chairs": ["Chair 1", "", "Chair 2"],
        "administrator": "Petra Novak",
        "administrator_pin": "223606",
        "clinician": "Dr Ines Weiss",
        "clinician_pin": "141421",
    }
    refused = recording.set_up_clinic(empty_clinic, **(good | wrong))
    assert refused.why == "refused"
    assert len(refused.sentences) == 1
    assert words in refused.sentences[0]
    assert empty_clinic.store.clinic() is None
    assert recording.set_up_clinic(empty_clinic, **good).done
    stored = empty_clinic.store.current_protocol()
    assert stored is not None
    assert stored.approvals == ()
    assert [chair.label for chair in empty_clinic.store.chairs()] == ["Chair 1", "Chair 2"]
    assert recording.set_up_clinic(empty_clinic, **good).why == "refused"


def test_ranges_stay_unapproved_until_two_people_accept_them_each_by_their_own_pin(empty_clinic: RunningClinic) -> None:
    recording.set_up_clinic(
        empty_clinic,
        name="Clinic at the Lake",
        zone="Europe/Berlin",
        chairs=["Chair 1"],
        administrator="Petra Novak",
        administrator_pin="223606",
        clinician="Dr Ines Weiss",
        clinician_pin="141421",
    )
    approved = []
    shown = empty_clinic.protocol.hash
    for name in (PETRA, PETRA, INES):
        who = actor(empty_clinic, name)
        for pin in ("", PEOPLE[ADA][1]):
            assert recording.approve_ranges(empty_clinic, who, shown=shown, pin=pin).why == "refused"
        assert recording.approve_ranges(empty_clinic, who, shown="", pin=PEOPLE[name][1]).why == "refused"
        outcome = recording.approve_ranges(empty_clinic, who, shown=shown, pin=PEOPLE[name][1])
        assert outcome.value is not None
        approved.append(outcome.value.approved)
    assert approved == [False, False, True]


def test_staff_are_managed_by_an_administrator(clinic: RunningClinic, names: Names, ada: Actor) -> None:
    petra = actor(clinic, PETRA)
    new: dict[str, Any] = {"name": "Mei Tanaka", "role": "nurse", "pin": "161803"}
    assert recording.add_staff(clinic, ada, **new).why == "forbidden"
    assert recording.add_staff(clinic, petra, **(new | {"name": "ada okafor"})).why == "refused"
    assert recording.add_staff(clinic, petra, **(new | {"role": "king"})).why == "refused"
    assert recording.add_staff(clinic, petra, **(new | {"pin": "1"})).why == "refused"
    assert recording.add_staff(clinic, petra, **new).done
    jonas = names.staff[JONAS]
    assert recording.set_pin(clinic, ada, jonas, "907452").why == "forbidden"
    assert recording.set_pin(clinic, ada, ada.staff.id, "907452").done
    assert recording.set_pin(clinic, petra, jonas, "000000").why == "refused"
    assert recording.set_pin(clinic, petra, jonas, "907452").done
    assert recording.remove_staff(clinic, petra, petra.staff.id).why == "refused"
    assert recording.remove_staff(clinic, petra, jonas).done
    assert recording.remove_staff(clinic, petra, jonas).why == "unknown"


def test_an_acknowledgement_may_name_every_reading_of_a_long_infusion(
    clinic: RunningClinic, names: Names, clock: SetClock, ada: Actor
) -> None:
    seen = []
    for _ in range(65):
        body = entry(clock.wait(minutes=1), readings={"systolic": 170})
        assert save(clinic, ada, names, body).done
        seen.append(f"{body['id']}/systolic")
    said = {"flag": "systolic/high/x", "measure": "systolic", "side": "high", "level": "caution", "done": "seen"}
    outcome = save(clinic, ada, names, entry(clock.now(), "acknowledgement", acknowledgement=said | {"seen": seen}))
    assert outcome.done, outcome.sentences


def test_a_new_pin_ends_the_persons_other_sign_ins(clinic: RunningClinic, ada: Actor) -> None:
    elsewhere, jonas, petra = actor(clinic, ADA, "tablet-2"), actor(clinic, JONAS, "tablet-3"), actor(clinic, PETRA)
    told: list[tuple[str, str]] = []
    clinic.store.subscribe(lambda *what: told.append(what))
    assert recording.set_pin(clinic, ada, ada.staff.id, "907452").done
    assert clinic.signed_in("tablet-1") == ada.sign_in
    assert clinic.signed_in(elsewhere.sign_in.device) is None
    assert clinic.signed_in("tablet-3") == jonas.sign_in
    assert ("sign_in", "tablet-2") in told
    assert not {("sign_in", "tablet-1"), ("sign_in", "tablet-3")} & set(told)
    assert recording.set_pin(clinic, petra, ada.staff.id, "161803").done
    assert clinic.signed_in("tablet-1") is None
    assert clinic.signed_in(petra.sign_in.device) == petra.sign_in


def test_a_page_is_told_whether_who_is_signed_in_may_record(clinic: RunningClinic, ada: Actor) -> None:
    signed_in = [ada.sign_in, actor(clinic, INES).sign_in, actor(clinic, PETRA).sign_in]
    wall = recording.enrol_wall(clinic, actor(clinic, PETRA)).value
    assert [clinic.who(one)["me"]["may_record"] for one in (*signed_in, wall)] == [True, True, False, False]
    assert clinic.who(None)["me"] is None


def test_a_wall_screen_is_nobodys(clinic: RunningClinic, ada: Actor) -> None:
    assert recording.enrol_wall(clinic, ada).why == "forbidden"
    petra = actor(clinic, PETRA)
    outcome = recording.enrol_wall(clinic, petra, "Corridor")
    assert outcome.value is not None
    assert outcome.value.wall
    assert clinic.signed_in(petra.sign_in.device) is None


def test_a_wall_screen_ends_with_an_administrators_pin(clinic: RunningClinic, names: Names) -> None:
    wall = recording.enrol_wall(clinic, actor(clinic, PETRA), "Corridor").value
    assert wall is not None
    ada = recording.end_wall(clinic, wall, names.staff[ADA], PEOPLE[ADA][1])
    assert (ada.why, len(ada.sentences)) == ("forbidden", 1)
    assert recording.end_wall(clinic, wall, "nobody", "907441").why == "forbidden"
    with pytest.raises(PinRefused):
        recording.end_wall(clinic, wall, names.staff[PETRA], "907441")
    assert clinic.signed_in(wall.device) == wall
    assert [one["name"] for one in clinic.who(wall)["staff"]] == [PETRA]
    signed_in = recording.end_wall(clinic, wall, names.staff[PETRA], PEOPLE[PETRA][1]).value
    assert signed_in is not None
    assert clinic.signed_in(wall.device) is None
    assert clinic.signed_in(signed_in.device) == signed_in
    device = clinic.store.device(signed_in.device)
    assert device is not None
    assert device.kind == "tablet"
    assert signed_in.expires_at == clinic.clock.now() + clinic.sign_in_lasts
    tablet = recording.end_wall(clinic, signed_in, names.staff[PETRA], PEOPLE[PETRA][1])
    assert tablet.why == "refused", "a tablet is no wall"


def test_only_a_demonstration_has_a_rate(clinic: RunningClinic, ada: Actor) -> None:
    assert recording.run_demonstration_at(clinic, ada, 60).why == "refused"


# The machine's clock is wrong


def test_a_machine_whose_clock_steps_back_an_hour_refuses_no_entry_and_says_so(tmp_path: Path) -> None:
    """Live, and out of the outbox of a tablet that still goes by the time it was told; and after a start anew."""
    passed, off = 0.0, timedelta(0)
    began = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)

    def clock() -> SteadyClock:
        return SteadyClock(machine=lambda: began + timedelta(seconds=passed) + off, steady=lambda: passed)

    names = furnish(tmp_path / "clinic.db", clock())
    with opened(tmp_path / "clinic.db", clock()) as clinic:
        ada = actor(clinic, ADA, "tablet-1")
        passed = 300.0
        assert save(clinic, ada, names, entry(clinic.clock.now())).done
        waiting = entry(clinic.clock.now(), sign_in=ada.sign_in.id, queued=True)
        passed, off = 330.0, timedelta(hours=-1)
        for body in (waiting, entry(clinic.clock.now()), event(clinic.clock.now(), "start")):
            kept = save(clinic, ada, names, body)
            assert kept.value is not None, kept.sentences
            assert (kept.value.observed_given, kept.value.tapped_given) == (None, None)
        assert infusion_document(clinic, names.infusion)["clinic"]["clock_notice"].startswith(
            "The server's clock is 60 min"
        )
        passed = 930.0
        assert infusion_document(clinic, names.infusion)["course"]["infusion_seconds"] == 600
    with opened(tmp_path / "clinic.db", clock()) as again:  # the record knows what the machine does not
        assert again.clock.now() == began + timedelta(seconds=330)
        passed = 990.0
        assert save(again, actor(again, ADA, "tablet-1"), names, entry(again.clock.now())).done
