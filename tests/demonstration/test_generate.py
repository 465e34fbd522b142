"""The demonstration clinic: invented people, a past that looks like one, and five chairs as of now."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import mean, median, stdev
from zoneinfo import ZoneInfo

import pytest

from monitoring import access
from monitoring.clinical import checks
from monitoring.clinical.course import Course, course
from monitoring.clinical.flags import Flags, flags
from monitoring.clinical.protocol import Level
from monitoring.clinical.record import Entry, Infusion, Reading
from monitoring.demonstration import PINS, SEED, generate, nurse
from monitoring.demonstration.people import patients
from monitoring.records import Store, StoreRefused
from monitoring.records.verify import verify
from tests.demonstration.conftest import NOON, Demonstration
from tests.small_clinic import SetClock, over

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def past(shown: Demonstration) -> list[Infusion]:
    """Past infusions, the newest first."""
    return over(shown.store)[::-1]


@pytest.fixture(scope="module")
def chairs(shown: Demonstration) -> dict[str, tuple[Infusion, Course, Flags]]:
    """What stands at each chair now, by its label."""
    labels = {chair.id: chair.label for chair in shown.store.chairs()}
    found = {}
    for infusion in shown.store.open_infusions():
        at = course(infusion, shown.protocol, NOON)
        found[labels[at.chair]] = (infusion, at, flags(infusion, shown.protocol, NOON, at))
    return found


def readings(infusion: Infusion, measure: str) -> Iterator[tuple[float, Entry, Reading]]:
    """(minute since the start, entry, reading) of one measure, those that stand."""
    start = next(e.observed_at for e in infusion.standing() if e.event and e.event.kind == "start")
    for entry in infusion.standing():
        for reading in entry.readings:
            if reading.measure == measure:
                yield (entry.observed_at - start) / timedelta(minutes=1), entry, reading


def values(infusion: Infusion, measure: str) -> list[tuple[float, float]]:
    return [(minute, reading.value) for minute, _, reading in readings(infusion, measure)]


def events(infusion: Infusion) -> Counter[str]:
    return Counter(e.event.kind for e in infusion.entries if e.event is not None)


def told(sitting: generate.Sitting) -> Infusion:
    """The infusion of a sitting as the store would give it back."""
    entries = (nurse.whole(tap, sitting.order, seq) for seq, tap in enumerate(sitting.taps, start=1))
    return replace(sitting.order.infusion, entries=tuple(entries))


def share(of: list[bool]) -> float:
    return sum(of) / len(of)


# The clinic


def test_the_clinic_says_that_it_is_invented(shown: Demonstration) -> None:
    clinic = shown.store.clinic()
    assert clinic is not None
    assert clinic.demonstration
    assert "invented" in clinic.name
    assert [chair.label for chair in shown.store.chairs()] == [f"Chair {number}" for number in range(1, 7)]
    assert all(patient.number.startswith("INV-") for patient in shown.store.find_patients("", limit=100))


def test_its_staff_can_sign_in_with_the_pins_that_are_shown(shown: Demonstration) -> None:
    staff = {one.name: one for one in shown.store.staff()}
    assert staff.keys() == PINS.keys()
    assert Counter(one.role for one in staff.values()) == {"nurse": 3, "clinician": 2, "administrator": 1}
    assert len(set(PINS.values())) == len(PINS)
    for pin in PINS.values():
        assert re.fullmatch(r"\d{6}", pin)
        assert access.pin_problem(pin) == ""
    tablet = generate.id_of("tablet", "Chair 5")
    with pytest.raises(access.PinRefused):
        access.sign_in(shown.store, tablet, staff["Mei Tanaka"].id, "000001", shown.clock)
    assert access.sign_in(shown.store, tablet, staff["Mei Tanaka"].id, PINS["Mei Tanaka"], shown.clock).staff


def test_its_ranges_are_approved_by_two_people_one_a_clinician(shown: Demonstration) -> None:
    stored = shown.store.current_protocol()
    assert stored is not None
    assert stored.approved
    assert len({approval.name for approval in stored.approvals}) == 2


def test_its_patients_try_every_screen(shown: Demonstration) -> None:
    found = shown.store.find_patients("", limit=100)
    names = [patient.name for patient in found]
    assert len(found) == 24
    assert max(len(name) for name in names) > 50
    assert any("'" in name for name in names)
    assert any(not name.isascii() and "А" <= name[0] <= "я" for name in names)
    assert any("一" <= name[0] <= "鿿" for name in names)
    twice = [name for name, count in Counter(names).items() if count == 2]
    assert len(twice) == 1
    assert len({patient.number for patient in found if patient.name == twice[0]}) == 2
    assert all(18 <= (NOON.date() - patient.birth_date).days / 365.25 <= 85 for patient in found)


def test_a_second_filling_is_refused(shown: Demonstration) -> None:
    with pytest.raises(StoreRefused):
        generate.fill(shown.store, shown.clock)


def test_the_chains_hold(shown: Demonstration) -> None:
    assert verify(shown.store.url) == []


# Its past


def test_the_past_is_some_hundred_infusions_of_the_last_weeks_at_working_hours(past: list[Infusion]) -> None:
    assert 90 <= len(past) <= 115
    opened = [infusion.opened_at.astimezone(BERLIN) for infusion in past]
    assert all(at.weekday() < 5 and 8 <= at.hour < 14 for at in opened)
    assert timedelta(days=35) < NOON - min(opened) < timedelta(days=80)
    assert max(entry.recorded_at for infusion in past for entry in infusion.entries) < NOON


def test_the_infusions_of_a_series_follow_each_other(past: list[Infusion]) -> None:
    by_series = defaultdict(list)
    for infusion in sorted(past, key=lambda one: one.opened_at):
        by_series[infusion.series].append(infusion)
    for series in by_series.values():
        assert [infusion.number for infusion in series] == list(range(1, len(series) + 1))
        assert len(series) <= series[0].planned_infusions
        assert all(
            timedelta(days=0.9) < after.opened_at - before.opened_at < timedelta(days=15)
            for before, after in pairwise(series)
        )


def test_each_past_infusion_ended_and_the_chair_was_left(shown: Demonstration, past: list[Infusion]) -> None:
    for infusion in past:
        at = course(infusion, shown.protocol, NOON)
        assert at.phase == "closed"
        assert at.conflicts == ()
        assert set(shown.protocol.schedule.set) <= at.baseline.keys()
        if not at.ended_early:
            assert at.given_mg == pytest.approx(infusion.dose_mg, rel=0.05)


def test_every_entry_would_have_been_accepted_when_it_was_made(shown: Demonstration, past: list[Infusion]) -> None:
    for infusion in [*past, *shown.store.open_infusions()]:
        for entry in infusion.entries:
            before = infusion.known_at(entry.recorded_at - timedelta(microseconds=1))
            assert checks.problems(entry, before, shown.protocol, entry.recorded_at, live=not entry.queued) == []


def test_entries_are_stored_in_the_order_and_under_the_name_of_who_was_signed_in(
    shown: Demonstration, past: list[Infusion]
) -> None:
    for infusion in [*past, *shown.store.open_infusions()]:
        assert [entry.seq for entry in infusion.entries] == list(range(1, len(infusion.entries) + 1))
        assert all(before.recorded_at < after.recorded_at for before, after in pairwise(infusion.entries))
        assert all(e.observed_at <= e.tapped_at < e.recorded_at for e in infusion.entries)
        for sign_in in {entry.sign_in for entry in infusion.entries}:
            found = shown.store.sign_in(sign_in)
            assert found is not None
            assert found.staff is not None
            under_it = [entry for entry in infusion.entries if entry.sign_in == sign_in]
            assert {entry.author for entry in under_it} == {found.staff.id}
            assert all(found.at <= entry.tapped_at < found.expires_at for entry in under_it)
        by_another = [entry for entry in infusion.entries if entry.author != infusion.opened_by]
        assert [entry.event.kind for entry in by_another if entry.event] in ([], ["sign"])


def test_nearly_every_set_that_was_due_was_taken(shown: Demonstration, past: list[Infusion]) -> None:
    states = Counter(slot.state for one in past for slot in course(one, shown.protocol, NOON).slots)
    assert states["missed"] / states.total() < 0.05
    assert states["partial"] / states.total() < 0.02


def test_people_make_slips_and_put_them_right(past: list[Infusion]) -> None:
    entries = [entry for infusion in past for entry in infusion.entries]
    assert 10 <= sum(entry.corrects is not None for entry in entries if entry.readings) <= 60
    assert sum(entry.withdraws is not None for entry in entries) >= 1
    assert all(entry.reason for entry in entries if entry.corrects or entry.withdraws)
    assert 10 <= sum(bool(entry.not_done) for entry in entries) <= 60
    assert 2 <= sum(entry.tapped_at - entry.observed_at > timedelta(minutes=15) for entry in entries) <= 20
    assert sum(entry.queued for entry in entries) >= 1
    happened = sum((events(infusion) for infusion in past), Counter[str]())
    assert all(happened[kind] for kind in ("pause", "resume", "stop", "effect", "medicine", "note", "repeat"))


def test_what_was_corrected_had_one_value_wrong(past: list[Infusion]) -> None:
    for infusion in past:
        by_id = {entry.id: entry for entry in infusion.entries}
        for entry in infusion.entries:
            if entry.corrects and entry.readings:
                wrong = {r.measure: r.value for r in by_id[entry.corrects].readings}
                right = {r.measure: r.value for r in entry.readings}
                assert wrong.keys() == right.keys()
                assert sum(wrong[measure] != right[measure] for measure in right) == 1


def test_no_critical_flag_of_the_past_was_left_without_an_answer(shown: Demonstration, past: list[Infusion]) -> None:
    critical = 0
    for infusion in past:
        at = course(infusion, shown.protocol, NOON)
        found = flags(infusion, shown.protocol, NOON, at)
        critical += sum(flag.level is Level.CRITICAL for flag in found.flags)
        assert not any(flag.needs_acknowledgement for flag in found.flags)
    assert critical >= 1
    said = {e.acknowledgement.done for one in past for e in one.entries if e.acknowledgement}
    assert said <= set(shown.protocol.acknowledgements)
    assert len(said) >= 3


# The realism list, on the clinic that is shown


def test_realism_of_pressure_and_heart_rate(past: list[Infusion]) -> None:
    changes, heart, back, severe = [], [], [], 0
    reached: dict[str, bool] = defaultdict(bool)
    for infusion in past:
        systolic, diastolic = values(infusion, "systolic"), values(infusion, "diastolic")
        baseline = [value for minute, value in systolic if minute <= 0][-1]
        at_40 = [value for minute, value in systolic if 38 <= minute <= 43]
        changes += [value - baseline for value in at_40[:1]]
        rest = [value for minute, value in values(infusion, "heart_rate") if minute <= 0][-1]
        heart += [value - rest for minute, value in values(infusion, "heart_rate") if 38 <= minute <= 43][:1]
        back.append(abs(systolic[-1][1] - baseline) <= 10)
        highest, widest = max(value for _, value in systolic), max(value for _, value in diastolic)
        severe += highest >= 180 or widest >= 110
        reached[infusion.patient.number] |= highest >= 165 or widest >= 100
    assert 3 <= mean(changes) <= 16
    assert 8 <= stdev(changes) <= 14
    assert 0 <= mean(heart) <= 8
    assert any(change < 0 for change in heart)
    assert share(back) >= 0.95
    assert 0.005 <= severe / len(past) <= 0.02
    assert 0.30 <= share(list(reached.values())) <= 0.50


def test_past_infusions_show_what_a_site_has_to_see(past: list[Infusion]) -> None:
    assert {infusion.planned_minutes for infusion in past} == {40, 45, 60}
    assert any(value < 94 for infusion in past for _, value in values(infusion, "spo2"))
    distress = [
        (infusion, entry.observed_at)
        for infusion in past
        for entry in infusion.entries
        if entry.event and entry.event.kind == "pause" and entry.event.detail.get("reason") == "distress"
    ]
    assert distress
    for infusion, paused_at in distress:
        rated = [(entry.observed_at, reading.value) for _, entry, reading in readings(infusion, "distress")]
        assert any(timedelta(0) <= paused_at - at <= timedelta(minutes=1) and value > 0 for at, value in rated)
    effects = [e.event.detail["name"] for one in past for e in one.entries if e.event and e.event.kind == "effect"]
    assert "feels strange" in effects


def test_realism_of_dissociation_in_the_nurses_rating(past: list[Infusion]) -> None:
    at_40 = {
        infusion.id: found[0]
        for infusion in past
        if (found := [value for minute, value in values(infusion, "dissociation") if 38 <= minute <= 46])
    }
    ratings = list(at_40.values())
    assert median(ratings) < mean(ratings)
    assert 1 <= mean(ratings) <= 2
    assert share([rating == 0 for rating in ratings]) >= 0.20
    first = mean(at_40[one.id] for one in past if one.number == 1 and one.id in at_40)
    assert mean(at_40[one.id] for one in past if one.number > 1 and one.id in at_40) <= first
    assert share([values(one, "dissociation")[-1][1] <= 1 for one in past]) >= 0.90


def test_realism_of_saturation_stops_and_nausea(past: list[Infusion]) -> None:
    saturations = [value for infusion in past for _, value in values(infusion, "spo2")]
    assert share([value >= 94 for value in saturations]) >= 0.97
    everybody = {infusion.patient.number for infusion in past}
    low = {one.patient.number for one in past if any(value < 94 for _, value in values(one, "spo2"))}
    assert len(low) / len(everybody) < 0.05
    assert share([events(infusion)["stop"] > 0 for infusion in past]) <= 0.02
    sick = {
        infusion.patient.number
        for infusion in past
        for entry in infusion.entries
        if entry.event and entry.event.kind == "effect" and entry.event.detail["name"] == "nausea"
    }
    assert 0.10 <= len(sick) / len(everybody) <= 0.30


def test_realism_of_single_values(past: list[Infusion]) -> None:
    digits: Counter[int] = Counter()
    for infusion in past:
        sets = [
            tuple((r.measure, r.value) for r in entry.readings)
            for entry in infusion.standing()
            if entry.kind == "set" and len(entry.readings) >= 5
        ]
        assert len(set(sets)) == len(sets)
        for entry in infusion.standing():
            found = {reading.measure: reading.value for reading in entry.readings}
            assert found.get("diastolic", 0) < found.get("systolic", 1)
            digits.update(int(value) % 10 for measure, value in found.items() if measure in ("systolic", "diastolic"))
    assert all(0.06 <= digits[digit] / digits.total() <= 0.14 for digit in range(10)), digits
    assert all(45 <= infusion.weight_kg <= 140 for infusion in past)


# Its chairs now


def test_chair_1_is_in_the_middle_of_an_infusion_with_a_caution(
    chairs: dict[str, tuple[Infusion, Course, Flags]],
) -> None:
    _, at, found = chairs["Chair 1"]
    assert at.phase == "infusing"
    assert at.elapsed is not None
    assert timedelta(minutes=15) < at.elapsed < timedelta(minutes=45)
    assert {flag.level for flag in found.open} == {Level.CAUTION}
    assert {flag.measure for flag in found.open} & {"systolic", "diastolic"}


def test_chair_2_is_paused_with_a_critical_pressure_that_nobody_has_acknowledged(
    chairs: dict[str, tuple[Infusion, Course, Flags]],
) -> None:
    _, at, found = chairs["Chair 2"]
    assert at.phase == "paused"
    waiting = [flag for flag in found.open if flag.needs_acknowledgement]
    assert waiting
    assert {flag.measure for flag in waiting} <= {"systolic", "diastolic"}
    assert all(flag.level is Level.CRITICAL for flag in waiting)


def test_chair_3_infuses_with_a_set_overdue(chairs: dict[str, tuple[Infusion, Course, Flags]]) -> None:
    infusion, at, found = chairs["Chair 3"]
    assert at.phase == "infusing"
    assert infusion.every_minutes == 15
    assert at.next_slot is not None
    assert at.next_slot.state == "overdue"
    assert any(flag.side == "overdue" for flag in found.open)


def test_chair_4_recovers_and_chair_5_waits_with_the_first_set_taken(
    chairs: dict[str, tuple[Infusion, Course, Flags]],
) -> None:
    _, recovering, found = chairs["Chair 4"]
    assert recovering.phase == "recovery"
    assert found.open == ()
    waiting, at, _ = chairs["Chair 5"]
    assert at.phase == "planned"
    (first,) = [entry for entry in waiting.entries if entry.kind == "set"]
    assert timedelta(0) < NOON - first.observed_at < timedelta(minutes=2)
    assert {reading.measure for reading in first.readings} >= {"systolic", "diastolic", "heart_rate"}


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 3, 8, 2, 30, tzinfo=UTC),  # a Sunday night
        datetime(2026, 3, 29, 1, 10, tzinfo=UTC),  # just after the clocks went forward in Berlin
        datetime(2027, 1, 1, 0, 5, tzinfo=UTC),
    ],
)
def test_the_chairs_are_the_same_whenever_it_opens(shown: Demonstration, at: datetime) -> None:
    found = generate.sittings(SEED, at, shown.protocol)
    recorded = [told(sitting) for sitting in found]
    assert all(tap.recorded_at <= at for sitting in found for tap in sitting.taps)
    phases = sorted(course(one, shown.protocol, at).phase for one in recorded[-5:])
    assert phases == ["infusing", "infusing", "paused", "planned", "recovery"]
    assert all(course(one, shown.protocol, at).phase == "closed" for one in recorded[:-5])
    assert 90 <= len(recorded[:-5]) <= 115


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_fill_the_chairs_too(shown: Demonstration, seed: int) -> None:
    recorded = [told(sitting) for sitting in generate.sittings(seed, NOON, shown.protocol)[-5:]]
    assert all(course(one, shown.protocol, NOON).conflicts == () for one in recorded)
    paused = recorded[1]
    found = flags(paused, shown.protocol, NOON, course(paused, shown.protocol, NOON))
    assert any(flag.needs_acknowledgement and flag.measure in ("systolic", "diastolic") for flag in found.open)


def test_the_same_seed_gives_the_same_clinic_and_another_seed_another(shown: Demonstration) -> None:
    again = generate.sittings(SEED, NOON, shown.protocol)
    for sitting in again:
        stored = shown.store.infusion(sitting.order.infusion.id)
        assert stored is not None
        assert [(e.id, e.recorded_at, e.readings, e.event) for e in stored.entries] == [
            (tap.entry.id, tap.recorded_at, tap.entry.readings, tap.entry.event) for tap in sitting.taps
        ]
    other = generate.sittings(5, NOON, shown.protocol)
    assert not {s.order.infusion.id for s in other} & {s.order.infusion.id for s in again}


def test_only_an_empty_store_is_filled_and_nothing_stays_of_a_filling_that_fails(tmp_path: Path) -> None:
    clock = SetClock(NOON)
    store = Store.open(f"sqlite:///{tmp_path / 'real.db'}", clock)
    store.set_up("A real clinic", "Europe/Berlin", ["Chair 1"], False)
    with pytest.raises(StoreRefused):
        generate.fill(store, clock)
    assert store.staff() == ()
    assert store.find_patients("") == ()
    store.close()


def test_names_of_patients_are_invented_once(shown: Demonstration) -> None:
    assert len({one.number for one in patients()}) == len(patients()) == 24
