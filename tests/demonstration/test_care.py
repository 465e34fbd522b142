"""What the demonstration shows around its infusions: before the start, of effects, before leaving, and who signed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from monitoring.clinical import before, dose, leaving, scales, signing
from monitoring.clinical.clocks import clocks, effects, rechecks
from monitoring.clinical.course import course
from monitoring.clinical.flags import flags
from monitoring.clinical.protocol import People, Protocol
from monitoring.clinical.record import Entry, EventKind, Infusion, Reading
from monitoring.demonstration import SEED, care, generate, nurse
from monitoring.demonstration.order import Order, Tap, whole
from monitoring.demonstration.people import team
from monitoring.records.shapes import NewEntry
from tests.demonstration.conftest import NOON, Demonstration
from tests.small_clinic import over

AROUND: tuple[EventKind, ...] = (
    "check",
    "order",
    "dose",
    "dose_check",
    "time_out",
    "over",
    "called",
    "informed",
    "score",
    "drug",
    "sign",
)


@pytest.fixture(scope="module")
def past(shown: Demonstration) -> list[Infusion]:
    """Past infusions, the newest first."""
    return over(shown.store)[::-1]


@pytest.fixture(scope="module")
def chairs(shown: Demonstration) -> dict[str, Infusion]:
    labels = {chair.id: chair.label for chair in shown.store.chairs()}
    return {labels[one.chair]: one for one in shown.store.open_infusions()}


@pytest.fixture(scope="module")
def grown(shown: Demonstration) -> tuple[generate.Sitting, ...]:
    return generate.sittings(SEED, NOON, shown.protocol)


@pytest.fixture(scope="module")
def grown_bare(shown: Demonstration) -> tuple[generate.Sitting, ...]:
    """The same clinic under a protocol that asks for nothing around an infusion."""
    return generate.sittings(SEED, NOON, bare(shown.protocol))


def of_kind(infusion: Infusion, *kinds: EventKind) -> list[Entry]:
    return [e for e in infusion.standing() if e.event is not None and e.event.kind in kinds]


def detail(entry: Entry) -> dict[str, object]:
    assert entry.event is not None
    return entry.event.detail


def bare(protocol: Protocol) -> Protocol:
    """The protocol as one that asks for nothing around an infusion."""
    return replace(
        protocol,
        preparation=None,
        before=(),
        leaving=(),
        scales={},
        return_to_baseline=None,
        people=People(),
        drug=None,
        news2=None,
        called=(),
        informed=(),
        effect_actions=(),
        medicine_reasons=(),
        missing_reasons=(),
        schedule=replace(protocol.schedule, recheck_minutes=(), rapid_minutes=0.0, partial_in_row=0),
    )


# Before the start


def test_nothing_was_missing_before_a_start_but_for_a_few_and_those_say_why(
    shown: Demonstration, past: list[Infusion]
) -> None:
    lists = [before.checklist(one, shown.protocol) for one in past]
    with_missing = [one for one in lists if one.started_with_missing]
    assert 1 <= len(with_missing) <= 6
    assert all(one.reason in shown.protocol.missing_reasons for one in with_missing)
    clinicians = {one.name for one in team() if one.role == "clinician"}
    assert {one.decided_by for one in with_missing} <= clinicians
    assert any(answered.answer is None for one in with_missing for answered in one.items)
    assert all(not one.reason for one in lists if not one.started_with_missing)


def test_each_dose_follows_its_order_and_another_nurse_came_to_the_same(
    shown: Demonstration, past: list[Infusion]
) -> None:
    for infusion in past:
        plan = dose.plan_of(infusion)
        assert plan.order is not None
        assert plan.dose is not None
        assert plan.check is not None
        assert plan.order.observed_at < plan.dose.observed_at < plan.check.observed_at
        assert plan.check.observed_at <= of_kind(infusion, "start")[0].observed_at
        assert dose.disagreements(infusion, shown.protocol) == ()
        assert plan.dose_mg == pytest.approx(infusion.dose_mg, abs=0.051)
        assert plan.weight_on is not None
        assert plan.prescriber.startswith("Dr ")
        assert plan.check.event is not None
        (second,) = plan.check.event.signatures
        assert second.staff != plan.dose.author
        assert second.role == "nurse"


def test_time_out_was_signed_by_two_people_shortly_before_the_start(past: list[Infusion]) -> None:
    for infusion in past:
        (time_out,) = of_kind(infusion, "time_out")
        assert time_out.event is not None
        assert len({one.staff for one in time_out.event.signatures}) == 2
        waited = of_kind(infusion, "start")[0].observed_at - time_out.observed_at
        assert timedelta(0) < waited < timedelta(minutes=1)


def test_answers_fit_the_patient(past: list[Infusion]) -> None:
    for infusion in past:
        said = {str(detail(e)["item"]): detail(e) for e in of_kind(infusion, "check")}
        applies = said["pregnancy"]["answer"] != "not applicable"
        assert applies == (infusion.patient.sex != "male")
        assert "+49 30 23125 " in str(said["escort"]["note"])
        if infusion.number == 1:
            assert said["changes"]["answer"] == "not applicable"
    escorts = {
        (one.patient.number, str(detail(e)["note"]))
        for one in past
        for e in of_kind(one, "check")
        if detail(e)["item"] == "escort"
    }
    assert len(escorts) == len({one.patient.number for one in past})  # the same person each time


# Effects, medicines


def test_effects_are_over_before_the_patient_leaves_but_for_a_few_mild_ones(past: list[Infusion]) -> None:
    found = [(one, infusion) for infusion in past for one in effects(infusion)]
    still = [one for one, _ in found if one.over is None]
    assert 1 <= len(still) <= len(found) * 0.1
    assert {one.severity for one in still} == {"mild"}
    for one, infusion in found:
        assert one.action
        if one.over is not None:
            assert one.since < one.over.observed_at <= of_kind(infusion, "close")[0].observed_at


def test_a_medicine_says_by_whom_and_why_and_a_set_was_taken_after_it(
    shown: Demonstration, past: list[Infusion]
) -> None:
    given = [(infusion, e) for infusion in past for e in of_kind(infusion, "medicine")]
    assert given
    for infusion, medicine in given:
        assert str(detail(medicine)["ordered_by"]).startswith("Dr ")
        assert detail(medicine)["given_by"] == infusion.opened_by_name
        assert detail(medicine)["why"] in shown.protocol.medicine_reasons
        waited = [one for one in rechecks(infusion, shown.protocol) if one.medicine.id == medicine.id]
        assert [one.minutes for one in waited] == list(shown.protocol.schedule.recheck_minutes)
        assert not any(one.is_open for one in waited)


# Before leaving


def test_criteria_are_recorded_as_met_and_who_left_otherwise_has_a_reason_and_a_second_person(
    shown: Demonstration, past: list[Infusion]
) -> None:
    departures = [leaving.departure(one, shown.protocol) for one in past]
    left = [one for one in departures if one is not None and one.missing]
    assert 1 <= len(left) <= 6
    for one in left:
        assert one.wants(shown.protocol) == ()
        assert one.second is not None
        assert one.second.name != one.by


def test_recovery_scores_fit_the_values(shown: Demonstration, past: list[Infusion]) -> None:
    totals: Counter[int | None] = Counter()
    for infusion in past:
        at = course(infusion, shown.protocol, NOON)
        for key, found in scales.latest(infusion, shown.protocol, at.ended_at).items():
            totals[found.total] += 1
            for item in shown.protocol.scales[key].items:
                if item.measures:
                    seen = scales.circulation(item, infusion, shown.protocol, at)
                    assert found.scored.points[item.key] == seen.points
    assert totals[None] == 0
    assert totals[10] > totals.total() / 2
    assert totals[9] >= 1
    assert totals.total() == len(past) * len(shown.protocol.scales)


def test_what_was_drawn_up_was_given_or_wasted_before_a_witness(shown: Demonstration, past: list[Infusion]) -> None:
    for infusion in past:
        found = dose.reconciliation(infusion, shown.protocol, course(infusion, shown.protocol, NOON))
        assert found.reconciled, found.sentence
        assert found.wasted_mg is not None
        assert found.wasted_mg >= 0
        (drug,) = of_kind(infusion, "drug")
        assert drug.event is not None
        assert [one.staff != drug.author for one in drug.event.signatures] == [True]
        assert not drug.queued
        assert str(detail(drug)["expiry"]) > f"{drug.observed_at:%Y-%m}"


def test_all_but_the_newest_records_are_signed_and_locked(shown: Demonstration, past: list[Infusion]) -> None:
    locked = []
    for infusion in past:
        at = course(infusion, shown.protocol, NOON)
        found = signing.record(infusion, shown.protocol, at, flags(infusion, shown.protocol, NOON, at))
        locked.append(found.locked)
        assert [one.role for one in found.signed] == (["nurse", "clinician"] if found.locked else ["nurse"])
        assert found.signed[0].name == infusion.opened_by_name
        assert len(found.open_points) <= 3
    assert locked == [False] * 4 + [True] * (len(past) - 4)


# The chairs


def test_chair_5_has_answers_an_order_and_a_dose_that_nobody_has_calculated_again(
    shown: Demonstration, chairs: dict[str, Infusion]
) -> None:
    missing = before.checklist(chairs["Chair 5"], shown.protocol).missing
    assert {"Second calculation", "Time-out"} < set(missing)
    assert not {"Order", "Dose calculation"} & set(missing)
    assert 1 <= len(set(missing) & {item.label for item in shown.protocol.before}) <= 4
    assert len(of_kind(chairs["Chair 5"], "check")) > 10


@pytest.mark.parametrize("chair", ["Chair 1", "Chair 2", "Chair 3", "Chair 4"])
def test_what_runs_or_recovers_was_complete_before_the_start(
    shown: Demonstration, chairs: dict[str, Infusion], chair: str
) -> None:
    found = before.checklist(chairs[chair], shown.protocol)
    assert (found.missing, found.started_with_missing) == ((), ())


def test_chair_4_has_some_of_what_is_asked_before_leaving(shown: Demonstration, chairs: dict[str, Infusion]) -> None:
    infusion = chairs["Chair 4"]
    page = leaving.page(infusion, shown.protocol, course(infusion, shown.protocol, NOON), NOON)
    states = Counter(state.state for state in page.criteria if state.criterion.answer is not None)
    assert states["met"] >= 1
    assert states["missing"] >= 3
    assert of_kind(infusion, "drug")


def test_at_chair_2_the_pause_and_the_call_run(shown: Demonstration, chairs: dict[str, Infusion]) -> None:
    infusion = chairs["Chair 2"]
    at = course(infusion, shown.protocol, NOON)
    found = clocks(infusion, shown.protocol, at, flags(infusion, shown.protocol, NOON, at), NOON)
    assert {"paused", "called"} <= {one.kind for one in found.running}


# Other protocols, other seeds


def test_a_protocol_that_asks_for_nothing_around_gets_nothing_around(
    grown_bare: tuple[generate.Sitting, ...],
) -> None:
    events = [tap.entry.event for sitting in grown_bare for tap in sitting.taps if tap.entry.event is not None]
    assert not {event.kind for event in events} & set(AROUND)
    assert not any(event.signatures for event in events)
    medicines = [event.detail.keys() for event in events if event.kind == "medicine"]
    assert all(keys == {"name", "dose", "unit", "route"} for keys in medicines)


def test_the_infusion_itself_is_the_same_with_and_without(
    grown: tuple[generate.Sitting, ...], grown_bare: tuple[generate.Sitting, ...]
) -> None:
    def values(sitting: generate.Sitting) -> set[tuple[object, ...]]:
        return {
            (tap.entry.id, tap.entry.observed_at, *((r.measure, r.value) for r in tap.entry.readings))
            for tap in sitting.taps
            if tap.entry.readings
        }

    with_it, without = grown[:-5], grown_bare[:-5]
    added = [len(values(more) - values(less)) for more, less in zip(with_it, without, strict=True)]
    assert all(values(less) <= values(more) for more, less in zip(with_it, without, strict=True))
    assert all(count <= 4 for count in added)  # ratings again before leaving, sets after a medicine


def test_with_another_seed_everything_adds_up_too(shown: Demonstration) -> None:
    for infusion in told(generate.sittings(3, NOON, shown.protocol)[:-5:9]):
        at = course(infusion, shown.protocol, NOON)
        assert at.conflicts == ()
        assert dose.reconciliation(infusion, shown.protocol, at).reconciled
        assert len(signing.signatures(infusion, shown.protocol)) >= 1


def told(sittings: tuple[generate.Sitting, ...]) -> Iterator[Infusion]:
    for one in sittings:
        entries = (whole(tap, one.order, seq) for seq, tap in enumerate(one.taps, start=1))
        yield replace(one.order.infusion, entries=tuple(entries))


# What is filled in when it is recorded


@pytest.fixture(scope="module")
def order(grown: tuple[generate.Sitting, ...]) -> Order:
    """An infusion of which nothing has been recorded."""
    return grown[0].order


def test_whoever_leaves_with_nothing_recorded_has_a_reason_and_a_second_person(order: Order) -> None:
    taps = [tap for tap in nurse.taps(order) if tap.entry.event or tap.entry.kind == "set"]
    close = next(tap.entry for tap in taps if tap.entry.event and tap.entry.event.kind == "close")
    infusion = so_far(order, taps, close)
    filled = care.completed(close, infusion, order)
    assert filled.event is not None
    assert filled.event.detail["reason"] in order.protocol.missing_reasons
    assert [one.meaning for one in filled.event.signatures] == [leaving.LEFT]
    assert filled.event.signatures[0].at < filled.tapped_at


def test_a_start_with_something_missing_is_told_why_soon_after(order: Order) -> None:
    taps = nurse.taps(order)
    start = next(tap.entry for tap in taps if tap.entry.event and tap.entry.event.kind == "start")
    further = care.follows(start, so_far(order, taps, start), order)
    assert further is not None
    assert further.entry.corrects == start.id
    assert further.entry.observed_at == start.observed_at < further.entry.tapped_at < further.recorded_at
    assert further.entry.event is not None
    assert start.event is not None
    assert further.entry.event.detail["baseline"] == start.event.detail["baseline"]
    assert further.entry.event.detail["decided_by"].startswith("Dr ")
    assert care.follows(further.entry, so_far(order, taps, start), order) is None


def test_points_for_pressure_follow_the_sites_bands(order: Order) -> None:
    taps = [*nurse.cared(order)]
    score = next(tap.entry for tap in taps if tap.entry.event and tap.entry.event.kind == "score")
    infusion = so_far(order, taps, score)
    scale = order.protocol.scales["aldrete"]
    (item,) = [one for one in scale.items if one.measures]
    baseline = course(infusion, order.protocol, score.tapped_at).baseline["systolic"].value
    for rise, points in ((20.0, 2), (21.0, 1), (50.0, 1), (51.0, 0)):
        higher = with_last_systolic(infusion, baseline + rise)
        filled = care.completed(score, higher, order)
        assert filled.event is not None
        assert filled.event.detail[f"item:{item.key}"] == points


def so_far(order: Order, taps: tuple[Tap, ...] | list[Tap], until: NewEntry) -> Infusion:
    before_it = [tap for tap in taps if tap.entry.tapped_at < until.tapped_at]
    entries = (whole(tap, order, seq) for seq, tap in enumerate(before_it, start=1))
    return replace(order.infusion, entries=tuple(entries))


def with_last_systolic(infusion: Infusion, value: float) -> Infusion:
    last = max((e for e in infusion.standing() if e.kind == "set"), key=lambda e: e.observed_at)
    changed = replace(
        last, readings=tuple(Reading(r.id, r.measure, value) if r.measure == "systolic" else r for r in last.readings)
    )
    return replace(infusion, entries=tuple(changed if e.id == last.id else e for e in infusion.entries))
