"""The staged nurse keeps an infusion running at her two chairs, and steps back where somebody else has been."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from monitoring.clinical import before, dose, leaving, signing
from monitoring.clinical.course import Course, course
from monitoring.clinical.flags import flags
from monitoring.clinical.record import Event, EventKind, Infusion, Reading
from monitoring.demonstration.player import Player
from monitoring.records import NewEntry, NewInfusion
from tests.demonstration.conftest import NOON, Demonstration
from tests.small_clinic import over

HERS = ("chair-1", "chair-4")


def stand(one: Demonstration) -> dict[str, tuple[Infusion, Course]]:
    """What stands at each chair now."""
    now = one.clock.now()
    found = ((infusion, course(infusion, one.protocol, now)) for infusion in one.store.open_infusions())
    return {at.chair: (infusion, at) for infusion, at in found}


def infusing(one: Demonstration) -> list[str]:
    return [chair for chair, (_, at) in stand(one).items() if chair in HERS and at.phase in ("infusing", "paused")]


def let_pass(one: Demonstration, player: Player, **span: float) -> int:
    """Let time pass, the player called whenever she is due, as her caller would."""
    until, added = one.clock.now() + timedelta(**span), 0
    while (due := player.next_due()) is not None and due <= until:
        one.clock.at = max(one.clock.at, due)
        added += player.play()
    one.clock.at = until
    return added


def tap(one: Demonstration, infusion: Infusion, kind: EventKind, **detail: str) -> None:
    """Something a person who tries the demonstration records."""
    now = one.clock.now()
    mei = next(person for person in one.store.staff() if person.name == "Mei Tanaka")
    one.store.add_entry(
        infusion.id,
        NewEntry(
            id=str(uuid4()),
            kind="event",
            observed_at=now,
            tapped_at=now,
            author=mei.id,
            event=Event(kind, dict(detail)),
        ),
    )


def test_for_five_hours_there_is_always_an_infusion_running(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    before = {one.id for one in over(demonstration.store)}
    added = 0
    for _ in range(5 * 12):
        added += let_pass(demonstration, player, minutes=5)
        assert infusing(demonstration), demonstration.clock.now() - NOON
    done = [one for one in over(demonstration.store) if one.id not in before]
    assert len(done) >= 4  # each needs as long as the stay after it that the protocol asks for
    assert added > 4 * 50
    for infusion in done:
        at = course(infusion, demonstration.protocol, demonstration.clock.now())
        assert at.conflicts == ()
        assert [slot for slot in at.slots if slot.state in ("missed", "partial")] == []
        assert not any(f.needs_acknowledgement for f in flags(infusion, demonstration.protocol, NOON, at).flags)
        assert {entry.author_name for entry in infusion.entries} == {"Ada Okafor"}
    assert len({one.patient.number for one in done}) == len(done)


def test_what_comes_is_complete_before_the_start_and_signed_by_her_after_it(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    before_it = {one.id for one in over(demonstration.store)}
    let_pass(demonstration, player, hours=3)
    done = [one for one in over(demonstration.store) if one.id not in before_it]
    assert len(done) >= 2
    for infusion in done:
        assert before.checklist(infusion, demonstration.protocol).started_with_missing == ()
        left = leaving.departure(infusion, demonstration.protocol)
        assert left is not None
        assert left.wants(demonstration.protocol) == ()
        at = course(infusion, demonstration.protocol, demonstration.clock.now())
        assert dose.reconciliation(infusion, demonstration.protocol, at).reconciled
        assert [one.signature.name for one in signing.signatures(infusion, demonstration.protocol)] == ["Ada Okafor"]
        assert demonstration.store.series_details(infusion.series) is not None
        rated = [one for one in demonstration.store.scores_of(infusion.series) if one.instrument == "phq9"]
        assert infusion.opened_at.date() in {one.rated_on for one in rated}
        assert all(one.told for one in rated if one.items and one.items["9"] > 0)


def test_what_somebody_else_answered_stays_and_leaving_with_it_has_a_reason(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    infusion, _ = stand(demonstration)["chair-4"]
    demonstration.clock.wait(seconds=30)
    tap(demonstration, infusion, "check", item="gait", answer="no")
    let_pass(demonstration, player, minutes=45)
    after = demonstration.store.infusion(infusion.id)
    assert after is not None
    answers = [e for e in after.entries if e.event and e.event.kind == "check" and e.event.detail["item"] == "gait"]
    assert [e.author_name for e in answers] == ["Mei Tanaka"]
    left = leaving.departure(after, demonstration.protocol)
    assert left is not None
    assert any("Walks steadily" in one for one in left.missing)
    assert left.wants(demonstration.protocol) == ()
    assert left.second is not None
    assert left.second.name != "Ada Okafor"


def test_the_other_three_chairs_are_left_to_whoever_tries_it(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    before = {chair: infusion.entries for chair, (infusion, _) in stand(demonstration).items()}
    let_pass(demonstration, player, minutes=90)
    after = {chair: infusion.entries for chair, (infusion, _) in stand(demonstration).items()}
    assert [chair for chair in after if after[chair] == before.get(chair)] == ["chair-2", "chair-3", "chair-5"]


def test_her_entries_come_at_their_minute_and_name_a_sign_in_of_hers(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    infusion, _ = stand(demonstration)["chair-1"]
    known = {entry.id for entry in infusion.entries}
    let_pass(demonstration, player, minutes=12)
    new = [entry for entry in stand(demonstration)["chair-1"][0].entries if entry.id not in known]
    assert {"systolic", "diastolic", "heart_rate", "spo2", "respiration"} <= {
        r.measure for e in new for r in e.readings
    }
    for entry in new:
        assert NOON < entry.recorded_at <= demonstration.clock.now()
        assert entry.recorded_at - entry.observed_at < timedelta(seconds=2)
        sign_in = demonstration.store.sign_in(entry.sign_in)
        assert sign_in is not None
        assert sign_in.staff is not None
        assert sign_in.staff.id == entry.author


def test_nothing_is_due_before_its_time_and_nothing_is_added_twice(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    due = player.next_due()
    assert due is not None
    assert due > NOON
    assert player.play() == 0
    demonstration.clock.at = due + timedelta(minutes=30)
    assert player.play() > 0
    assert player.play() == 0


def test_a_player_made_anew_goes_on_where_the_former_one_was(demonstration: Demonstration) -> None:
    let_pass(demonstration, Player(demonstration.store, demonstration.clock), minutes=8)
    known = {chair: infusion.entries for chair, (infusion, _) in stand(demonstration).items()}
    anew = Player(demonstration.store, demonstration.clock)
    assert anew.play() == 0
    assert let_pass(demonstration, anew, minutes=12) > 0
    infusion, at = stand(demonstration)["chair-1"]
    assert infusion.entries[: len(known["chair-1"])] == known["chair-1"]
    assert at.conflicts == ()
    assert [slot for slot in at.slots if slot.state in ("missed", "partial", "overdue")] == []


def test_after_a_long_sleep_she_writes_down_what_was_open_and_goes_on(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    first = [infusion.id for chair, (infusion, _) in stand(demonstration).items() if chair in HERS]
    demonstration.clock.wait(hours=3)
    assert player.play() > 10
    for id in first:
        infusion = demonstration.store.infusion(id)
        assert infusion is not None
        at = course(infusion, demonstration.protocol, demonstration.clock.now())
        assert (at.phase, at.conflicts) == ("closed", ())
    let_pass(demonstration, player, minutes=15)
    assert infusing(demonstration)


def test_when_somebody_else_stops_the_pump_she_does_not_end_it_again(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    infusion, _ = stand(demonstration)["chair-1"]
    demonstration.clock.wait(minutes=1)
    tap(demonstration, infusion, "stop", reason="distress")
    let_pass(demonstration, player, minutes=50)
    after = demonstration.store.infusion(infusion.id)
    assert after is not None
    assert [e.event.kind for e in after.entries if e.event and e.event.kind in ("stop", "end")] == ["stop"]
    let_pass(demonstration, player, hours=3)
    assert infusing(demonstration)


def test_a_chair_that_somebody_else_took_is_left_alone(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    let_pass(demonstration, player, minutes=1)
    infusion, _ = stand(demonstration)["chair-4"]
    tap(demonstration, infusion, "close")
    mei = next(person for person in demonstration.store.staff() if person.name == "Mei Tanaka")
    patient = demonstration.store.find_patients("INV-1020")[0]
    series = demonstration.store.open_series(patient.id, 4, mei.id)
    taken = demonstration.store.open_infusion(
        NewInfusion(
            id=str(uuid4()),
            patient_id=patient.id,
            series_id=series.id,
            number=1,
            weight_kg=80.0,
            dose_mg_per_kg=0.5,
            planned_minutes=40,
            bag_volume_ml=100.0,
            every_minutes=10,
            protocol=demonstration.protocol.hash,
            identifiers="name, date of birth",
            chair="chair-4",
        ),
        mei.id,
    )
    let_pass(demonstration, player, hours=4)
    assert stand(demonstration)["chair-4"][0].id == taken.id
    assert stand(demonstration)["chair-4"][0].entries == ()
    assert player.next_due() is not None


def test_a_set_that_somebody_else_took_is_not_taken_again(demonstration: Demonstration) -> None:
    player = Player(demonstration.store, demonstration.clock)
    infusion, at = stand(demonstration)["chair-1"]
    slot = at.next_slot
    assert slot is not None
    let_pass(demonstration, player, seconds=(slot.at - NOON).total_seconds() - 65)
    now = demonstration.clock.now()
    mei = next(person for person in demonstration.store.staff() if person.name == "Mei Tanaka")
    id = str(uuid4())
    quiet = {"systolic": 126, "diastolic": 78, "heart_rate": 72, "spo2": 98, "respiration": 14}
    demonstration.store.add_entry(
        infusion.id,
        NewEntry(
            id=id,
            kind="set",
            observed_at=now,
            tapped_at=now,
            author=mei.id,
            readings=tuple(Reading(f"{id}/{measure}", measure, float(value)) for measure, value in quiet.items()),
        ),
    )
    let_pass(demonstration, player, minutes=6)
    after, stands = stand(demonstration)["chair-1"]
    filled = next(one for one in stands.slots if one.at == slot.at)
    assert filled.entries == (id,)
    assert len(after.entries) > len(infusion.entries)
