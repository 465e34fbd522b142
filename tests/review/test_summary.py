"""What an infusion comes to: told in timelines, as it stood at a minute, and the same as the bedside says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.course import course
from monitoring.clinical.flags import flags
from monitoring.clinical.protocol import People, Protocol
from monitoring.review.summary import Counted, Extremes, FlagSeen, Summary, grid, on_grid, summary
from tests.clinical.care import BARE, STEPS, corrected, said_by, signature
from tests.clinical.timeline import ADA, CAUTION, CRITICAL, INES, JONAS, SHIPPED, Timeline, at, from_file, running

BACK = {"dissociation": 0.0, "sedation": 5.0}
SIGNED = replace(BARE, people=People(signatures=STEPS), return_to_baseline=SHIPPED.return_to_baseline)


def summed(line: Timeline, minute: float) -> Summary:
    """The summary at a minute, from what had been recorded by then."""
    return summary(line.infusion.known_at(at(minute)), line.protocol, at(minute))


def whole(protocol: Protocol = SIGNED, **values: float) -> Timeline:
    """Quiet sets from the start to minute 40, its end, then until the patient leaves at minute 100; `values` at 20."""
    line = running(protocol)
    for minute in (0, 10, 20, 30, 40):
        line.quiet_set(minute, **(values if minute == 20 else {}))
    line.end(40)
    for minute in (55, 70, 85, 99):
        line.quiet_set(minute)
        line.observe(minute, **BACK)
    line.close(100)
    return line


def counted(found: Summary, kind: str, measure: str = "") -> dict[Any, int]:
    """What it counts of a kind: {(minute, value): times} for values, {value: times} for the others."""
    mine = [(one, times) for one, times in found.counted if one.kind == kind and one.measure == measure]
    return {(one.minute, one.value) if kind == "value" else one.value: times for one, times in mine}


def test_a_whole_infusion() -> None:
    found = summed(whole(), 110)
    assert (found.phase, found.started_at, found.ended_at, found.closed_at) == ("closed", at(0), at(40), at(100))
    assert (found.dose_mg, found.mg_per_kg, found.planned_minutes, found.weight_kg) == (40.0, 0.5, 40, 80.0)
    assert found.given_mg == pytest.approx(40.0)
    assert (found.minutes_to_leaving, found.minutes_to_baseline) == (60, 15)
    assert (found.slots_done, found.slots_partial, found.slots_missed, found.times_overdue) == (10, 0, 0, 0)
    assert (found.flags, found.effects, found.medicines, found.ended_early, found.stop_reason) == (
        (),
        (),
        (),
        False,
        "",
    )
    assert (found.nurse, found.authors, found.chair, found.chairs) == (ADA.id, (ADA.id,), "chair-1", ("chair-1",))
    assert (found.entries, found.readings, found.to_sign, found.unsigned) == (17, 58, 2, True)
    assert found.changes_at is None


@pytest.mark.parametrize(
    ("minute", "phase", "given_mg", "to_leaving", "slots", "to_sign"),
    [
        (-2, "planned", None, None, (0, 0, 0), 0),
        (15, "infusing", None, None, (2, 0, 0), 0),
        (45, "recovery", 40.0, None, (5, 0, 0), 0),
        (110, "closed", 40.0, 60, (10, 0, 0), 2),
    ],
)
def test_what_runs_with_the_clock_is_told_when_it_is_over(
    minute: float, phase: str, given_mg: float | None, to_leaving: int | None, slots: tuple[int, ...], to_sign: int
) -> None:
    found = summed(whole(), minute)
    assert (found.phase, found.minutes_to_leaving, found.to_sign) == (phase, to_leaving, to_sign)
    assert found.given_mg == (None if given_mg is None else pytest.approx(given_mg))
    assert (found.slots_done, found.slots_partial, found.slots_missed) == slots


def test_an_infusion_with_no_reading_at_all() -> None:
    line = Timeline(SIGNED)
    found = summed(line, 0)
    assert (found.entries, found.readings, found.phase, found.nurse) == (0, 0, "planned", ADA.id)
    assert (found.extremes, found.counted, found.flags, found.changes_at) == ((), (), (), None)
    line.start(0)
    line.end(40)
    line.close(100)
    found = summed(line, 110)
    assert (found.readings, found.extremes, found.counted) == (0, (), ())
    assert (found.slots_done, found.slots_missed) == (0, 10)
    assert found.minutes_to_baseline is None
    assert [(flag.measure, flag.side) for flag in found.flags] == [("set", "overdue"), ("spo2", "silent")]


def test_a_cancelled_one_never_ran() -> None:
    line = Timeline(SIGNED)
    line.quiet_set(-10)
    line.cancel(-5)
    found = summed(line, 10)
    assert (found.phase, found.started_at, found.given_mg, found.extremes) == ("cancelled", None, None, ())
    assert (found.to_sign, found.slots_missed, counted(found, "value", "systolic")) == (0, 0, {})
    assert counted(found, "digit", "systolic") == {6.0: 1}


@pytest.mark.parametrize(("values", "rise"), [({"systolic": 174.0}, 48.0), ({"systolic": 110.0}, 0.0)])
def test_extremes_beside_the_baseline(values: dict[str, float], rise: float) -> None:
    line = whole(**values)
    found = summed(line, 110).extremes_of("systolic")
    lowest, highest = min(126.0, values["systolic"]), max(126.0, values["systolic"])
    low_at, high_at = (20, 0) if lowest < 126 else (0, 20)
    assert found == Extremes("systolic", 126.0, lowest, low_at, highest, high_at, 9)
    assert found.rise == rise


def test_extremes_without_a_baseline_have_no_rise_and_what_was_withdrawn_does_not_count() -> None:
    line = Timeline(SIGNED)
    line.start(0)
    slip = line.set(5, systolic=250)
    line.withdraw(slip, 6)
    assert summed(line, 10).extremes_of("systolic") is None
    line.set(12.9, systolic=130)
    found = summed(line, 20).extremes_of("systolic")
    assert found == Extremes("systolic", None, 130.0, 12, 130.0, 12, 1)
    assert found.rise is None


def test_flags_with_how_long_it_took_to_acknowledge() -> None:
    line = running(SIGNED)
    line.quiet_set(0)
    line.quiet_set(10, systolic=185)
    line.quiet_set(12)
    line.quiet_set(20, spo2=93)
    line.acknowledge(line.flag(20, "systolic"), 21.5)
    found = summed(line, 25)
    assert found.flags == (
        FlagSeen("systolic", "high", CRITICAL, 10, True, 690, False),
        FlagSeen("spo2", "low", CAUTION, 20, False, None, False),
    )


def test_a_flag_that_was_corrected_away_says_so_and_one_before_the_start_has_no_minute() -> None:
    line = Timeline(SIGNED)
    slip = line.set(-5, systolic=210)
    line.correct(slip, -4, systolic=120)
    (flag,) = summed(line, -3).flags
    assert (flag.measure, flag.level, flag.minute, flag.withdrawn) == ("systolic", CRITICAL, None, True)


def test_an_early_stop_with_its_reason_though_its_minute_was_corrected() -> None:
    line = running(SIGNED)
    stop = line.stop(17, "distress")
    corrected(line, stop, 20, seen_at=16, because="typed wrongly")
    found = summed(line, 25)
    assert (found.ended_early, found.stop_reason, found.ended_at) == (True, "distress", at(16))
    assert found.given_mg == pytest.approx(16.0)
    assert (summed(line, 10).ended_early, summed(line, 10).stop_reason) == (False, "")


def test_who_started_the_pump_whoever_corrected_its_minute() -> None:
    line = Timeline(SIGNED)
    start = said_by(line, JONAS, "start", 0)
    corrected(line, start, 5, seen_at=-1, by=INES)
    found = summed(line, 10)
    assert found.nurse == JONAS.id
    assert found.authors == (ADA.id, JONAS.id, INES.id)


def test_names_once_each_however_they_were_written_and_only_what_stands() -> None:
    line = running(SIGNED)
    line.event("effect", 5, name="nausea", severity="mild")
    line.event("effect", 9, name="headache")
    line.event("effect", 12, name=" Nausea ")
    line.withdraw(line.event("effect", 14, name="vomiting"), 15)
    line.event("medicine", 13, name="Ondansetron", dose="4", unit="mg", route="IV")
    line.event("move", 16, chair="chair-2")
    found = summed(line, 20)
    assert (found.effects, found.medicines) == (("nausea", "headache"), ("Ondansetron",))
    assert (found.chair, found.chairs) == ("chair-2", ("chair-1", "chair-2"))


@pytest.mark.parametrize(("signers", "left"), [((), 2), ((ADA,), 1), ((ADA, INES), 0)])
def test_how_many_signatures_are_missing(signers: tuple[Any, ...], left: int) -> None:
    line = whole()
    for minute, (by, step) in enumerate(zip(signers, STEPS, strict=False), 105):
        said_by(line, by, "sign", minute, meaning=step.meaning, signatures=[signature(by, step.meaning, minute)])
    found = summed(line, 120)
    assert (found.to_sign, found.unsigned) == (left, left > 0)
    assert summed(whole(BARE), 120).to_sign == 0


GRID = (-10, 0, 10, 20, 30, 40, 55, 70)


def test_the_grid_is_when_sets_are_due() -> None:
    assert grid(SHIPPED)[:10] == (*GRID, 85, 100)


@pytest.mark.parametrize(
    ("values", "nearest"),
    [
        ([(0.0, 1.0)], {0: 1.0}),
        ([(-4.9, 1.0), (0.5, 2.0)], {0: 2.0}),
        ([(-5.0, 1.0)], {0: 1.0}),
        ([(-5.1, 1.0)], {-10: 1.0}),
        ([(-15.0, 1.0)], {-10: 1.0}),
        ([(-15.1, 1.0)], {}),
        ([(4.9, 1.0), (5.0, 2.0)], {0: 1.0, 10: 2.0}),
        ([(9.0, 1.0), (11.0, 2.0)], {10: 1.0}),
        ([(9.0, 1.0), (10.5, 2.0), (9.6, 3.0)], {10: 3.0}),
        ([(47.4, 1.0), (47.5, 2.0)], {40: 1.0, 55: 2.0}),
        ([(77.4, 1.0)], {70: 1.0}),
        ([(77.5, 1.0)], {}),
        ([(30.0 + n / 100, float(n)) for n in range(400)], {30: 0.0}),
    ],
)
def test_an_infusion_counts_once_at_each_minute_of_the_grid(
    values: list[tuple[float, float]], nearest: dict[int, float]
) -> None:
    assert on_grid(values, GRID) == nearest


def test_what_is_counted_of_an_infusion() -> None:
    line = running(SIGNED)
    line.quiet_set(1, systolic=130)
    line.quiet_set(11, systolic=152, recorded=12)
    line.observe(12, dissociation=2)
    slip = line.set(20, systolic=614)
    line.correct(slip, 20.5, systolic=164)
    found = summed(line, 30)
    assert counted(found, "value", "systolic") == {(0, 130.0): 1, (10, 152.0): 1, (20, 164.0): 1}
    assert counted(found, "value", "dissociation") == {(10, 2.0): 1}
    assert counted(found, "digit", "systolic") == {0.0: 1, 2.0: 1, 4.0: 1, 6.0: 1}
    assert counted(found, "digit", "dissociation") == {}
    assert counted(found, "delay") == {0.0: 3, 30.0: 1, 60.0: 1}


@pytest.mark.parametrize(
    ("seconds", "delay"), [(0.04, 0.0), (0.06, 0.1), (9.94, 9.9), (10.4, 10.0), (90.5, 90.0), (-3, 0.0)]
)
def test_how_long_a_value_waited_to_be_saved(seconds: float, delay: float) -> None:
    line = Timeline(SIGNED)
    line.set(-5, recorded=-5 + seconds / 60, systolic=120)
    assert counted(summed(line, 0), "delay") == {delay: 1}


def test_what_came_from_paper_says_nothing_of_how_values_are_typed_here() -> None:
    line = running(SIGNED)
    before = summed(line, 30)
    line._replace(line.set(10, systolic=150, recorded=29), source="paper")
    after = summed(line, 30)
    for kind, measure in (("digit", "systolic"), ("delay", "")):
        assert counted(after, kind, measure) == counted(before, kind, measure)
    assert counted(after, "value", "systolic") == {(0, 126.0): 1, (10, 150.0): 1}


def test_what_came_from_a_file_counts_nothing_that_somebody_here_did_or_missed() -> None:
    line = whole(SIGNED, systolic=190)
    here, there = summed(line, 300), summary(from_file(line.infusion), SIGNED, at(300))
    assert (here.imported, there.imported) == (False, True)
    assert (here.to_sign, there.to_sign) == (2, 0)
    assert (there.slots_done, there.slots_partial, there.slots_missed, there.times_overdue) == (0, 0, 0, 0)
    assert [flag.acknowledged for flag in here.flags] == [False]
    assert [(flag.measure, flag.acknowledged, flag.counts) for flag in there.flags] == [("systolic", None, True)]
    assert counted(there, "delay") == counted(there, "digit", "systolic") == {}
    assert counted(there, "value", "systolic") == counted(here, "value", "systolic") != {}


def test_two_thousand_readings_of_a_monitor_count_once_a_minute_of_the_grid() -> None:
    line = running(SIGNED)
    for n in range(2000):
        line.set(n / 50, heart_rate=70 + n % 7)
    line.end(40)
    found = summed(line, 60)
    assert {minute: n for (minute, _), n in counted(found, "value", "heart_rate").items()} == dict.fromkeys(
        (0, 10, 20, 30, 40), 1
    )
    assert sum(counted(found, "digit", "heart_rate").values()) == 2001
    assert Counted("value", "heart_rate", 10, 73.0) in dict(found.counted)


@settings(max_examples=30, deadline=None)
@given(
    minutes=st.lists(st.tuples(st.integers(-5, 50), st.sampled_from((90.0, 126.0, 170.0, 190.0))), max_size=8),
    end=st.one_of(st.none(), st.integers(1, 50)),
    asked=st.integers(0, 90),
)
def test_a_summary_holds_until_it_says_and_is_what_the_bedside_says(
    minutes: list[tuple[int, float]], end: int | None, asked: int
) -> None:
    line = running(SIGNED)
    for minute, systolic in sorted(minutes):
        line.quiet_set(minute, systolic=systolic)
    if end is not None:
        line.end(end)
    now, infusion = at(asked), line.infusion
    found = summary(infusion, SIGNED, now)
    stands = course(infusion, SIGNED, now)
    seen = flags(infusion, SIGNED, now, stands).flags
    assert sorted((one.measure, one.side, one.level, one.acknowledged) for one in found.flags) == sorted(
        (one.measure, one.side, one.level, one.is_acknowledged) for one in seen
    )
    assert (found.phase, found.chair, found.ended_early) == (stands.phase, stands.chair, stands.ended_early)
    if found.changes_at is not None:
        assert found.changes_at > now
        later = summary(infusion, SIGNED, found.changes_at - timedelta(microseconds=1))
        assert replace(later, changes_at=None) == replace(found, changes_at=None)
