"""Where an infusion stands at a minute: phases, clocks, milligrams, slots, baseline, conflicts."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.course import Course, Segment, allowed, course, phase_after
from monitoring.clinical.dose import plan_of
from monitoring.clinical.protocol import Phase
from monitoring.clinical.record import EventKind
from tests.clinical.timeline import QUIET, SHIPPED, START, Timeline, at, minute_of, protocol, running, shown

MINUTE = timedelta(minutes=1)

# Kind of event, and the phases in which it fits.
FITS: dict[EventKind, tuple[Phase, ...]] = {
    "start": ("planned",),
    "pause": ("infusing",),
    "resume": ("paused",),
    "rate": ("infusing", "paused"),
    "end": ("infusing", "paused"),
    "stop": ("infusing", "paused"),
    "move": ("planned", "infusing", "paused", "recovery"),
    "close": ("recovery",),
    "cancel": ("planned",),
    "effect": ("planned", "infusing", "paused", "recovery"),
    "medicine": ("planned", "infusing", "paused", "recovery"),
    "repeat": ("planned", "infusing", "paused", "recovery"),
    "note": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),
    "check": ("planned", "infusing", "paused", "recovery", "closed"),
    "order": ("planned", "infusing", "paused", "recovery"),
    "dose": ("planned", "infusing", "paused", "recovery"),
    "dose_check": ("planned", "infusing", "paused", "recovery"),
    "time_out": ("planned",),
    "called": ("planned", "infusing", "paused", "recovery"),
    "informed": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),
    "help": ("planned", "infusing", "paused", "recovery"),
    "rapid": ("planned", "infusing", "paused", "recovery"),
    "over": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),
    "handover": ("planned", "infusing", "paused", "recovery"),
    "score": ("recovery",),
    "drug": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),
    "sign": ("closed",),
    "baseline": ("infusing", "paused", "recovery", "closed"),
}


@pytest.mark.parametrize("kind", get_args(EventKind))
@pytest.mark.parametrize("phase", get_args(Phase))
def test_an_event_fits_these_phases_and_no_other(kind: EventKind, phase: Phase) -> None:
    sentence = allowed(kind, phase)
    assert (sentence == "") == (phase in FITS[kind])
    if sentence:
        assert sentence.endswith(".")
        assert "; expected " in sentence


# Where each kind of event leads; all others change no phase.
LEADS: dict[EventKind, dict[Phase, Phase]] = {
    "start": {"planned": "infusing"},
    "pause": {"infusing": "paused"},
    "resume": {"paused": "infusing"},
    "end": {"infusing": "recovery", "paused": "recovery"},
    "stop": {"infusing": "recovery", "paused": "recovery"},
    "close": {"recovery": "closed"},
    "cancel": {"planned": "cancelled"},
}
# What leads into each phase, from a planned infusion, and the event met there.
INTO: dict[Phase, tuple[EventKind, ...]] = {
    "planned": (),
    "infusing": ("start",),
    "paused": ("start", "pause"),
    "recovery": ("start", "pause", "stop"),
    "closed": ("start", "end", "close"),
    "cancelled": ("cancel",),
}
DETAILS: dict[EventKind, dict[str, Any]] = {
    "rate": {"rate_ml_per_h": 75},
    "move": {"chair": "chair-2"},
    "order": {"prescriber": "Dr Ines Weiss", "dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 80},
    "dose": {
        "dosing_weight_kg": 80,
        "stock_mg_per_ml": 50,
        "bag_volume_ml": 100,
        "dose_mg": 40,
        "stock_ml": 0.8,
        "final_volume_ml": 100,
        "rate_ml_per_h": 150,
    },
}


@pytest.mark.parametrize("kind", get_args(EventKind))
@pytest.mark.parametrize("phase", get_args(Phase))
def test_every_event_in_every_phase_leads_on_stays_or_is_a_conflict(kind: EventKind, phase: Phase) -> None:
    line = Timeline()
    for minute, step in enumerate(INTO[phase], 1):
        line.event(step, minute)
    before = line.course(10)
    assert (before.phase, before.conflicts) == (phase, ())
    entry = line.event(kind, 9, recorded=11, **DETAILS.get(kind, {}))
    found = line.course(11)
    led_to = LEADS.get(kind, {}).get(phase, phase)
    assert found.phase == led_to == phase_after(phase, kind)
    assert found.chair == ("chair-2" if kind == "move" and phase in FITS[kind] else "chair-1")
    if phase in FITS[kind]:
        assert found.conflicts == ()
    else:
        assert [one.entry for one in found.conflicts] == [entry.id]
        assert found.conflicts[0].sentence.endswith(".")
        assert replace(found, conflicts=()) == replace(line, entries=line.entries[:-1]).course(11)


def test_the_sentence_says_what_was_found_and_what_is_expected() -> None:
    assert allowed("pause", "paused") == "Pump paused: the pump is paused; expected while the infusion runs."
    assert (
        allowed("rate", "recovery")
        == "Rate changed: the infusion has ended; expected while the infusion runs or while the pump is paused."
    )


# Phases and clocks


def whole() -> Timeline:
    """Started at 0, paused 12 to 15, ended at 43, left at 95."""
    line = running()
    line.pause(12)
    line.resume(15)
    line.end(43)
    line.close(95)
    return line


@pytest.mark.parametrize(
    ("minute", "phase", "elapsed", "infusion_time", "given_mg"),
    [
        (-1, "planned", None, None, 0),
        (0, "infusing", 0, 0, 0),
        (11.5, "infusing", 11.5, 11.5, 11.5),
        (12, "paused", 12, 12, 12),
        (14, "paused", 14, 12, 12),
        (15, "infusing", 15, 12, 12),
        (42.5, "infusing", 42.5, 39.5, 39.5),
        (43, "recovery", 43, 40, 40),
        (60, "recovery", 60, 40, 40),
        (95, "closed", 95, 40, 40),
        (500, "closed", 95, 40, 40),
    ],
)
def test_elapsed_never_stops_and_infusion_time_stops_while_paused_and_at_the_end(
    minute: float, phase: Phase, elapsed: float | None, infusion_time: float | None, given_mg: float
) -> None:
    """40 mg over 40 min is 1 mg a minute."""
    found = whole().course(minute)
    assert found.phase == phase
    assert found.elapsed == (None if elapsed is None else elapsed * MINUTE)
    assert found.infusion_time == (None if infusion_time is None else infusion_time * MINUTE)
    assert found.given_mg == pytest.approx(given_mg)
    assert found.remaining_mg == pytest.approx(40 - given_mg)


def test_planned_means_no_clock_no_slot_no_rate() -> None:
    found = Timeline().course(0)
    assert (found.phase, found.elapsed, found.infusion_time) == ("planned", None, None)
    assert (found.started_at, found.ended_at, found.closed_at, found.paused_since) == (None, None, None, None)
    assert (found.rate_ml_per_h, found.given_mg, found.remaining_mg) == (None, 0, 40)
    assert (found.slots, found.next_slot, found.next_change, found.conflicts) == ((), None, None, ())


def test_pauses_and_since_when_it_is_paused() -> None:
    line = running()
    line.pause(12)
    assert line.course(13).pauses == ((at(12), None),)
    assert line.course(13).paused_since == at(12)
    line.resume(15)
    line.pause(20)
    line.stop(22)
    found = line.course(30)
    assert found.pauses == ((at(12), at(15)), (at(20), at(22)))
    assert (found.paused_since, found.ended_at, found.ended_early) == (None, at(22), True)
    assert found.infusion_time == 17 * MINUTE


def test_an_end_as_planned_is_not_early() -> None:
    assert whole().course(50).ended_early is False


def test_cancelled_before_the_start() -> None:
    line = Timeline()
    line.cancel(-5)
    found = line.course(100)
    assert (found.phase, found.slots, found.next_change, found.remaining_mg) == ("cancelled", (), None, 40)
    assert found.phase_at(at(-6)) == "planned"


def test_the_chair_is_the_last_moved_to() -> None:
    line = running()
    assert line.course(1).chair == "chair-1"
    line.event("move", 5, chair="chair-3")
    line.event("move", 9, chair="chair-2")
    assert (line.course(4).chair, line.course(5).chair, line.course(9).chair) == ("chair-1", "chair-3", "chair-2")


def test_phase_at_counts_an_event_from_its_own_instant() -> None:
    found = whole().course(100)
    phases = {
        -1: "planned",
        0: "infusing",
        11.9: "infusing",
        12: "paused",
        15: "infusing",
        43: "recovery",
        95: "closed",
    }
    assert {minute: found.phase_at(at(minute)) for minute in phases} == phases


def test_a_start_a_moment_ahead_of_the_clock_counts_with_nothing_run() -> None:
    line = running()
    found = course(line.infusion, SHIPPED, at(-0.01))
    assert (found.phase, found.elapsed, found.infusion_time, found.given_mg) == ("infusing", 0 * MINUTE, 0 * MINUTE, 0)
    assert shown(found.slots[0]) == "0 next"


# Milligrams: 40 mg in 100 mL, planned 150 mL/h


@pytest.mark.parametrize(
    ("minute", "rate", "given_mg"),
    [(0, 150, 0), (10, 75, 10), (20, 75, 15), (30, 300, 20), (40, 300, 40), (50, 300, 40)],
)
def test_given_follows_the_rates_until_the_bag_is_empty(minute: float, rate: float, given_mg: float) -> None:
    line = running()
    line.rate(10, 75)
    line.rate(30, 300)
    found = line.course(minute)
    assert found.rate_ml_per_h == rate
    assert found.given_mg == pytest.approx(given_mg)
    assert found.remaining_mg == pytest.approx(max(0, 40 - given_mg))


def test_a_rate_changed_while_paused_holds_from_the_resume() -> None:
    line = running()
    line.pause(10)
    line.rate(12, 75)
    line.resume(20)
    assert line.course(15).rate_ml_per_h == 75
    assert line.course(30).given_mg == pytest.approx(15)


def test_rate_zero_is_a_rate() -> None:
    line = running()
    line.rate(10, 0)
    found = line.course(30)
    assert (found.rate_ml_per_h, found.given_mg) == (0, pytest.approx(10))


def test_after_the_end_there_is_no_rate() -> None:
    assert whole().course(50).rate_ml_per_h is None


# What the pump did


def strip(found: Course) -> list[tuple[float | None, float | None, float]]:
    """The segments in minutes: [(from, until, mL/h)]."""
    return [(minute_of(s.since), minute_of(s.until), s.rate_ml_per_h) for s in found.segments]


def test_the_segments_tell_what_the_pump_did_without_gaps() -> None:
    line = running()
    assert strip(line.course(5)) == [(0, None, 150)]
    line.rate(10, 75)
    line.pause(12)
    line.rate(13, 100)
    assert strip(line.course(14)) == [(0, 10, 150), (10, 12, 75), (12, None, 0)]
    line.resume(15)
    line.rate(20, 0)
    line.rate(25, 300)
    assert strip(line.course(26)) == [
        (0, 10, 150),
        (10, 12, 75),
        (12, 15, 0),
        (15, 20, 100),
        (20, 25, 0),
        (25, None, 300),
    ]
    line.stop(30)
    assert strip(line.course(31))[-1] == (25, 30, 300)
    line.close(90)
    assert strip(line.course(500)) == strip(line.course(31))


def test_before_the_start_and_of_a_cancelled_infusion_there_is_none() -> None:
    line = Timeline()
    assert line.course(5).segments == ()
    line.cancel(6)
    assert line.course(7).segments == ()


def test_what_takes_no_time_is_no_segment() -> None:
    line = running()
    line.rate(0, 100)
    line.pause(10)
    line.resume(10)
    line.rate(10, 75)
    line.rate(10, 80)
    assert strip(line.course(20)) == [(0, 10, 100), (10, None, 80)]


def test_stopped_in_the_minute_it_was_started() -> None:
    line = Timeline()
    line.start(0)
    line.stop(0)
    found = line.course(20)
    assert (found.phase, found.ended_early, found.conflicts) == ("recovery", True, ())
    assert (found.infusion_time, found.given_mg, found.remaining_mg) == (0 * MINUTE, 0, 40)
    assert (found.segments, found.rate_ml_per_h) == ((), None)
    assert line.slots(20) == ["0 missed, end of infusion", "15 overdue", "30 next", "45 later", "60 later"]
    line.close(40)
    assert line.course(50).phase == "closed"


def test_an_infusion_of_a_hundred_minutes() -> None:
    line = running(planned=100)
    assert line.slots(0) == ["0 due", "10 next", *(f"{minute} later" for minute in range(20, 101, 10))]
    assert line.course(0).rate_ml_per_h == 60
    assert line.course(50).given_mg == pytest.approx(20)
    line.end(100)
    found = line.course(101)
    assert (found.given_mg, found.infusion_time) == (pytest.approx(40), 100 * MINUTE)
    assert strip(found) == [(0, 100, 60)]


@pytest.mark.parametrize("hours", [1, 7, 26])
def test_a_pause_that_never_ends_goes_on_being_told(hours: int) -> None:
    line = running()
    line.quiet_set(10)
    line.pause(12)
    found = line.course(60 * hours)
    assert (found.phase, found.paused_since, found.infusion_time) == ("paused", at(12), 12 * MINUTE)
    assert found.given_mg == pytest.approx(12)
    assert strip(found)[-1] == (12, None, 0)
    assert found.overdue_since == at(25), "the set of minute 20 was never taken"
    assert found.next_slot is not None
    assert found.next_slot.at <= at(60 * hours)
    assert found.next_change is not None
    line.stop(60 * hours + 1)
    assert line.course(60 * hours + 2).infusion_time == 12 * MINUTE


@pytest.mark.parametrize("moved_to", [-7, 3, 9])
def test_a_start_corrected_moves_every_minute_after_it_and_no_instant(moved_to: int) -> None:
    line = running()
    line.quiet_set(10)
    line.rate(20, 75)
    line.pause(24)
    line.resume(26)
    line.end(41)
    at_the_end = line.quiet_set(41)
    before = line.course(50)
    line.correct(line.entries[1], 50, "wrong time", seen_at=moved_to)
    found = line.course(50)
    assert found.conflicts == ()
    assert (found.started_at, found.ended_at, found.pauses) == (at(moved_to), at(41), before.pauses)
    assert found.elapsed == (50 - moved_to) * MINUTE
    assert found.infusion_time == (39 - moved_to) * MINUTE
    assert found.given_mg == pytest.approx(before.given_mg - moved_to)
    assert strip(found) == [(moved_to, 20, 150), (20, 24, 75), (24, 26, 0), (26, 41, 75)]
    assert [slot.at for slot in found.slots[:2]] == [at(moved_to), at(moved_to + 10)]
    ends = next(slot for slot in found.slots if slot.milestone == "end of infusion")
    assert ends.entries == (at_the_end.id,)
    assert ends.minute == (ends.at - at(moved_to)) // MINUTE


def test_a_start_corrected_to_after_a_pause_makes_that_pause_a_conflict() -> None:
    line = running()
    line.pause(12)
    line.resume(14)
    line.correct(line.entries[1], 20, "wrong time", seen_at=13)
    found = line.course(21)
    assert [one.sentence for one in found.conflicts] == [
        "Pump paused 1 min before the start conflicts with: infusion not started.",
        "Pump resumed at minute 1 conflicts with: pump started at minute 0.",
    ]
    assert (found.phase, found.infusion_time) == ("infusing", 8 * MINUTE)


@pytest.mark.parametrize("first", [0, 1])
def test_a_start_tapped_on_two_tablets_is_one_start_and_a_conflict(first: int) -> None:
    """Whichever arrives first: the earlier one seen holds."""
    line = Timeline()
    minutes = (0, 0.2) if first == 0 else (0.2, 0)
    for minute in minutes:
        line.start(minute, recorded=1)
    found = line.course(2)
    assert (found.started_at, found.phase, len(found.conflicts)) == (at(0), "infusing", 1)
    assert found.conflicts[0].sentence == "Pump started at minute 0 conflicts with: pump started at minute 0."
    line.withdraw(next(e for e in line.entries if e.observed_at == at(0)), 3, "entered twice")
    assert (line.course(3).started_at, line.course(3).conflicts) == (at(0.2), ())


def test_a_correction_of_a_correction_of_the_start_holds_the_last_minute() -> None:
    line = running()
    once = line.correct(line.entries[1], 5, "wrong time", seen_at=2)
    line.correct(once, 6, "wrong time", seen_at=1)
    assert [line.course(minute).started_at for minute in (4, 5, 6)] == [at(0), at(2), at(1)]


# Conflicts


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (
            lambda line: (line.end(40), line.pause(42)),
            "Pump paused at minute 42 conflicts with: infusion ended at minute 40.",
        ),
        (lambda line: line.start(3), "Pump started at minute 3 conflicts with: pump started at minute 0."),
        (lambda line: line.resume(3), "Pump resumed at minute 3 conflicts with: pump started at minute 0."),
        (lambda line: line.cancel(3), "Infusion cancelled at minute 3 conflicts with: pump started at minute 0."),
        (lambda line: line.close(3), "Patient left at minute 3 conflicts with: pump started at minute 0."),
        (
            lambda line: line.pause(-2),
            "Pump paused 2 min before the start conflicts with: infusion not started.",
        ),
        (
            lambda line: (line.stop(20), line.close(50), line.event("effect", 60, name="nausea")),
            "Effect at minute 60 conflicts with: patient left at minute 50.",
        ),
        (lambda line: line.event("rate", 5), "Rate changed at minute 5 does not say the rate."),
        (lambda line: line.event("rate", 5, rate_ml_per_h="fast"), "Rate changed at minute 5 does not say the rate."),
        (lambda line: line.event("move", 5), "Moved to another chair at minute 5 does not say which chair."),
    ],
)
def test_an_event_that_does_not_fit_is_kept_as_a_conflict_and_changes_nothing(
    record: Callable[[Timeline], object], sentence: str
) -> None:
    line = running()
    record(line)
    found = line.course(70)
    assert [conflict.sentence for conflict in found.conflicts] == [sentence]
    assert found.conflicts[0].entry == line.entries[-1].id
    without = replace(line, entries=line.entries[:-1]).course(70)
    assert replace(found, conflicts=()) == without


def test_a_conflict_without_any_start_names_no_minute() -> None:
    line = Timeline()
    line.end(5)
    assert [c.sentence for c in line.course(9).conflicts] == ["Infusion ended conflicts with: infusion not started."]


def test_an_infusion_in_order_has_no_conflicts_and_a_note_never_is_one() -> None:
    line = whole()
    line.event("note", 120, text="Called the day after: well.")
    assert line.course(121).conflicts == ()


def test_events_count_in_the_order_observed_also_when_they_arrive_late() -> None:
    line = running()
    line.end(40)
    line.pause(20, recorded=45)
    line.resume(25, recorded=45)
    assert line.course(44).infusion_time == 40 * MINUTE
    found = line.course(45)
    assert (found.phase, found.infusion_time, found.conflicts) == ("recovery", 35 * MINUTE, ())


def test_a_withdrawn_end_means_it_still_runs_and_a_corrected_one_ends_at_its_new_minute() -> None:
    line = running()
    end = line.end(30)
    assert line.course(31).phase == "recovery"
    line.withdraw(end, 32)
    assert (line.course(33).phase, line.course(33).infusion_time) == ("infusing", 33 * MINUTE)
    end = line.end(40)
    line.correct(end, 42, "wrong time", seen_at=41)
    assert line.course(45).ended_at == at(41)


# Slots


@pytest.mark.parametrize(
    ("minute", "slots"),
    [
        (-1, []),
        (0, ["0 due", "10 next", "20 later", "30 later", "40 later"]),
        (4.9, ["0 due", "10 next", "20 later", "30 later", "40 later"]),
        (5, ["0 overdue", "10 next", "20 later", "30 later", "40 later"]),
        (6.9, ["0 overdue", "10 next", "20 later", "30 later", "40 later"]),
        (7, ["0 missed", "10 next", "20 later", "30 later", "40 later"]),
        (9.9, ["0 missed", "10 next", "20 later", "30 later", "40 later"]),
        (10, ["0 missed", "10 due", "20 next", "30 later", "40 later"]),
        (39.9, ["0 missed", "10 missed", "20 missed", "30 missed", "40 next"]),
        (40, ["0 missed", "10 missed", "20 missed", "30 missed", "40 due", "50 next"]),
        (50, ["0 missed", "10 missed", "20 missed", "30 missed", "40 missed", "50 due", "60 next"]),
    ],
)
def test_an_empty_slot_is_due_then_overdue_then_missed(minute: float, slots: list[str]) -> None:
    assert running().slots(minute) == slots


@pytest.mark.parametrize(
    ("minute", "slots"),
    [
        (2.4, ["0 due", "5 next", "10 later"]),
        (2.5, ["0 missed", "5 next", "10 later"]),  # with N = 5, half of it is both overdue and the next window
        (5, ["0 missed", "5 due", "10 next"]),
    ],
)
def test_margins_never_pass_half_the_interval(minute: float, slots: list[str]) -> None:
    line = Timeline(every=5, planned=10)
    line.start(0)
    assert line.slots(minute) == slots


@pytest.mark.parametrize(
    ("seen", "slot", "late"),
    [
        (-3.1, None, 0),
        (-3, 0, 0),
        (0, 0, 0),
        (3, 0, 0),
        (3.1, 0, 3.1),
        (5, 0, 5),
        (6.9, 0, 6.9),
        (7, 10, 0),
        (10, 10, 0),
        (13, 10, 0),
        (13.1, 10, 3.1),
        (17, 20, 0),
    ],
)
def test_a_set_belongs_to_the_nearest_slot_within_its_window_or_late_to_the_one_before(
    seen: float, slot: int | None, late: float
) -> None:
    line = Timeline()
    if seen < 0:
        line.quiet_set(seen)
    line.start(0)
    if seen >= 0:
        line.quiet_set(seen)
    found = [s for s in line.course(25).slots if s.state == "done"]
    assert [s.minute for s in found] == ([] if slot is None else [slot])
    assert [s.late / MINUTE for s in found] == pytest.approx([] if slot is None else [late])


def test_a_late_set_fills_a_slot_only_where_nothing_else_does() -> None:
    line = Timeline()
    line.start(0)
    line.quiet_set(9)
    line.quiet_set(14)
    ten = next(s for s in line.course(15).slots if s.minute == 10)
    assert (len(ten.entries), ten.late) == (1, timedelta(0))


def test_a_set_half_way_between_two_windows_that_touch_belongs_to_the_earlier_slot() -> None:
    line = Timeline(every=5, planned=10)
    line.start(0)
    line.quiet_set(7.5)
    assert line.slots(9) == ["0 missed", "5 done", "10 next"]


def test_a_late_set_inside_the_next_window_belongs_to_the_next_slot() -> None:
    line = running()
    line.quiet_set(8)
    assert line.slots(8) == ["0 missed", "10 done", "20 next", "30 later", "40 later"]


def test_partial_names_what_lacks_and_two_entries_together_complete_a_set() -> None:
    line = running()
    first = line.set(10, systolic=130, diastolic=80, heart_rate=70)
    assert line.slots(10)[1] == "10 partial lacks spo2 respiration"
    line.set(11, spo2=97)
    assert line.slots(11)[1] == "10 partial lacks respiration"
    assert line.slots(16)[1] == "10 partial lacks respiration", "a partial set does not turn overdue"
    last = line.set(12, respiration=13)
    assert line.slots(12)[1] == "10 done"
    assert line.course(12).slots[1].entries == (first.id, "e4", last.id)


def test_not_done_with_a_reason_satisfies_and_is_told() -> None:
    line = running()
    line.set(10, spo2=97, respiration=13, heart_rate=0, not_done={"systolic": "asleep", "diastolic": "asleep"})
    slot = line.course(10).slots[1]
    assert (slot.state, slot.lacks) == ("done", ())
    assert slot.not_done == (("systolic", "asleep"), ("diastolic", "asleep"))
    line.set(11, systolic=120)
    assert line.course(11).slots[1].not_done == (("diastolic", "asleep"),), "read after all"


def test_what_no_slot_asks_for_fills_none() -> None:
    line = running()
    line.set(10, temperature=36.6)
    line.observe(10, dissociation=2)
    assert line.slots(10)[1] == "10 due"


def test_a_withdrawn_set_empties_its_slot_and_a_corrected_one_still_fills_it() -> None:
    line = running()
    wrong = line.quiet_set(10)
    assert line.slots(11)[1] == "10 done"
    fixed = line.correct(wrong, 12, **(QUIET | {"spo2": 97}))
    assert line.course(12).slots[1].entries == (fixed.id,)
    line.withdraw(fixed, 13)
    assert line.slots(13)[1] == "10 due"


def test_slots_go_on_through_a_pause_and_the_planned_end_moves_with_it() -> None:
    line = running()
    line.pause(12)
    assert line.slots(21.9)[-1] == "40 later"
    assert line.slots(22)[-1] == "50 later", "ten minutes of pause: planned end at 50"
    assert line.slots(22)[2] == "20 due"
    line.quiet_set(20.5)
    assert minute_of(line.course(21).next_change) == 22
    line.resume(22)
    assert line.slots(31)[-1] == "50 later"


def test_at_the_end_a_near_slot_carries_the_milestone() -> None:
    line = running()
    line.end(42)
    assert line.slots(42) == [
        "0 missed",
        "10 missed",
        "20 missed",
        "30 missed",
        "40 due, end of infusion",
        "57 next",
        "72 later",
        "87 later",
    ]
    line.quiet_set(44.9)
    assert line.slots(45)[4] == "40 done, end of infusion", "within the window of the end"


def test_at_the_end_between_slots_the_milestone_is_a_slot_of_its_own() -> None:
    line = running()
    line.stop(36)
    line.quiet_set(37)
    assert line.slots(37)[3:] == ["30 missed", "36 done, end of infusion", "51 next", "66 later", "81 later"]


@pytest.mark.parametrize(
    ("end", "minutes"), [(40, [30, 40]), (37, [30, 37]), (33, [20, 30]), (43, [30, 40]), (43.1, [40, 43])]
)
def test_the_end_of_infusion_is_one_slot(end: float, minutes: list[int]) -> None:
    line = running()
    line.end(end)
    found = [s for s in line.course(end).slots if s.at <= at(end)]
    assert [s.minute for s in found[-2:]] == minutes
    assert [s.milestone for s in found[-2:]] == ["", "end of infusion"]


def test_recovery_slots_count_from_the_end() -> None:
    line = running()
    line.end(40)
    line.quiet_set(40)
    assert line.slots(54.9)[4:] == ["40 done, end of infusion", "55 next", "70 later", "85 later"]
    assert line.slots(55)[5:] == ["55 due", "70 next", "85 later", "100 later"]
    assert line.slots(60)[5] == "55 overdue"
    assert line.slots(67)[5] == "55 missed"


@pytest.mark.parametrize(
    ("seen", "left", "leaving"),
    [
        (84, 95, "95 done, before leaving"),
        (80, 95, "95 done, before leaving"),
        (79.9, 95, "95 missed, before leaving"),
        (95, 95, "95 done, before leaving"),
    ],
)
def test_before_leaving_asks_for_a_set_within_one_recovery_interval(seen: float, left: float, leaving: str) -> None:
    line = running()
    line.end(40)
    line.quiet_set(seen)
    assert "leaving" not in " ".join(line.slots(left - 0.1))
    line.close(left)
    assert line.slots(200)[-1] == leaving


def test_before_leaving_with_part_of_a_set_says_what_lacks() -> None:
    line = running()
    line.end(40)
    line.set(90, systolic=120, diastolic=70, heart_rate=70, spo2=97)
    line.close(95)
    assert line.slots(200)[-1] == "95 partial lacks respiration, before leaving"


def test_after_leaving_nothing_is_due_and_nothing_changes() -> None:
    line = running()
    line.end(40)
    line.close(58)
    found = line.course(58)
    assert [shown(s) for s in found.slots[4:]] == [
        "40 missed, end of infusion",
        "55 missed",
        "58 missed, before leaving",
    ]
    assert (found.next_slot, found.next_change) == (None, None)
    assert line.course(500).slots == found.slots


def test_next_slot_is_the_first_that_asks_for_something() -> None:
    line = running()
    line.quiet_set(0)

    def upcoming(minute: float) -> str:
        slot = line.course(minute).next_slot
        return shown(slot) if slot else ""

    assert [upcoming(m) for m in (1, 10, 15, 17, 20)] == ["10 next", "10 due", "10 overdue", "20 next", "20 due"]
    line.quiet_set(21)
    assert upcoming(21) == "30 next"


def test_a_set_ahead_of_the_last_planned_slot_leaves_a_next_one() -> None:
    line = running()
    line.quiet_set(38)
    assert line.slots(38) == ["0 missed", "10 missed", "20 missed", "30 missed", "40 done", "50 next"]
    line.end(40)
    line.quiet_set(53)
    assert line.slots(53)[5:] == ["55 done", "70 next", "85 later", "100 later"]


def test_midnight_and_a_change_of_summer_time_are_minutes_like_others() -> None:
    """All times are UTC; the last Sunday of March 2026, started at 00:50 UTC, ten minutes before clocks change."""
    for begin in (datetime(2026, 3, 29, 0, 50, tzinfo=UTC), datetime(2026, 3, 3, 23, 45, tzinfo=UTC)):
        shift = begin - START
        line = running()
        line.quiet_set(10)
        line.rate(12, 75)
        line.pause(14)
        line.resume(17)
        line.end(40)
        moved = tuple(
            replace(e, observed_at=e.observed_at + shift, recorded_at=e.recorded_at + shift) for e in line.entries
        )
        there = course(replace(line.infusion, entries=moved), SHIPPED, at(60) + shift)
        here = line.course(60)
        assert [shown(s) for s in there.slots] == [shown(s) for s in here.slots]
        assert (there.elapsed, there.given_mg) == (here.elapsed, here.given_mg)
        assert [(s.since - shift, s.rate_ml_per_h) for s in there.segments] == [
            (s.since, s.rate_ml_per_h) for s in here.segments
        ]


# Baseline


def values(found: Course) -> dict[str, float]:
    return {measure: reading.value for measure, reading in found.baseline.items()}


def test_the_start_pins_the_readings_it_rests_on() -> None:
    line = Timeline()
    line.quiet_set(-10, systolic=150)
    line.set(-4, systolic=126)
    assert values(line.course(-1)) == {}
    line.start(0)
    line.quiet_set(10, systolic=170)
    assert values(line.course(20)) == QUIET
    assert line.course(20).baseline_replaced == {}


def test_a_correction_of_a_pinned_reading_takes_effect_with_both_values_at_hand() -> None:
    line = running()
    wrong = line.entries[0]
    line.correct(wrong, 5, **(QUIET | {"systolic": 136}))
    assert values(line.course(4))["systolic"] == 126
    found = line.course(5)
    assert values(found) == QUIET | {"systolic": 136}
    assert found.baseline_replaced["systolic"].value == 126


def test_a_correction_that_lacks_the_measure_leaves_it_without_a_baseline() -> None:
    line = running()
    line.correct(line.entries[0], 5, **{k: v for k, v in QUIET.items() if k != "systolic"})
    found = line.course(5)
    assert "systolic" not in found.baseline
    assert found.baseline_replaced["systolic"].value == 126
    assert values(found)["diastolic"] == 78


def test_a_withdrawn_baseline_is_none_also_when_it_had_been_corrected() -> None:
    line = running()
    fixed = line.correct(line.entries[0], 5, **QUIET)
    line.withdraw(fixed, 6)
    assert values(line.course(6)) == {}
    assert set(line.course(6).baseline_replaced) == set(QUIET)


def test_a_correction_of_a_correction_is_followed() -> None:
    line = running()
    first = line.correct(line.entries[0], 5, **(QUIET | {"systolic": 136}))
    line.correct(first, 6, **(QUIET | {"systolic": 129}))
    assert values(line.course(7))["systolic"] == 129


def test_a_start_corrected_to_another_minute_keeps_its_baseline() -> None:
    line = running()
    start = line.entries[1]
    moved = line.correct(start, 5, "wrong time", seen_at=2)
    assert (line.course(6).started_at, values(line.course(6))) == (at(2), QUIET)
    line.entries[-1] = replace(moved, event=replace(moved.event, detail={}) if moved.event else None)
    assert values(line.course(6)) == QUIET, "the pins of the entry it replaces hold"


def test_a_start_without_pins_has_no_baseline() -> None:
    line = Timeline()
    line.start(0)
    line.quiet_set(1)
    assert line.course(5).baseline == {}


def test_a_pin_on_a_reading_that_is_not_there_is_no_baseline() -> None:
    line = Timeline()
    line.event("start", 0, baseline={"systolic": "elsewhere/systolic"})
    assert line.course(5).baseline == {}


# Properties


def still(found: Course) -> Course:
    """A course without its running clocks."""
    return replace(
        found, elapsed=None, infusion_time=None, given_mg=0, remaining_mg=0, next_change=None, rate_ml_per_h=None
    )


KINDS = ("set", "part", "order", "dose", "start", "pause", "resume", "rate", "end", "stop", "close")


@st.composite
def told(draw: st.DrawFn) -> Timeline:
    """Any infusion: sets, parts of sets and events at quarter minutes, some in conflict, some recorded late."""
    line = Timeline(every=draw(st.sampled_from((5, 7, 10, 15))), planned=draw(st.sampled_from((20, 40))))
    minutes = draw(st.lists(st.integers(-40, 480), min_size=1, max_size=16, unique=True))
    for quarter in sorted(minutes):
        minute = quarter / 4
        late = minute + draw(st.sampled_from((0, 0, 0, 2, 11)))
        kind = draw(st.sampled_from(KINDS))
        if kind == "set":
            line.quiet_set(minute, recorded=late)
        elif kind == "part":
            line.set(minute, recorded=late, not_done={"systolic": "asleep"}, spo2=97)
        elif kind == "start":
            line.start(minute, recorded=late)
        elif kind == "order":
            line.event(kind, minute, recorded=late, **DETAILS[kind] | {"weight_kg": draw(st.sampled_from((60, 85.3)))})
        elif kind == "dose":
            line.event(kind, minute, recorded=late, **DETAILS[kind] | {"dose_mg": draw(st.sampled_from((30, 42.7)))})
        elif kind == "rate":
            line.rate(minute, draw(st.sampled_from((0, 75, 150))), recorded=late)
        else:
            line.event(kind, minute, recorded=late)  # type: ignore[arg-type]
    return line


@settings(max_examples=60, deadline=None)
@given(told(), st.integers(-50, 700), st.randoms(use_true_random=False))
def test_nothing_changes_before_next_change(line: Timeline, quarter: int, chance: random.Random) -> None:
    """Honest: between `now` and `next_change` a screen that keeps what it has is right."""
    infusion, now = line.infusion, at(quarter / 4)
    found = course(infusion, line.protocol, now)
    horizon = found.next_change or now + timedelta(hours=8)
    assert horizon > now
    for _ in range(4):
        then = now + (horizon - now) * chance.random() * 0.999
        assert still(course(infusion, line.protocol, then)) == still(found)
    if found.next_change is not None:
        just_before = found.next_change - timedelta(microseconds=1)
        assert still(course(infusion, line.protocol, just_before)) == still(found)


@settings(max_examples=40, deadline=None)
@given(told(), st.integers(0, 480), st.randoms(use_true_random=False))
def test_the_order_of_recording_changes_nothing(line: Timeline, quarter: int, chance: random.Random) -> None:
    """Entries with the same content, recorded in any order: the same phases, clocks and slots."""
    now = at(quarter / 4)
    shuffled = list(line.entries)
    chance.shuffle(shuffled)
    again = replace(line.infusion, entries=tuple(replace(e, seq=n) for n, e in enumerate(shuffled, 1)))
    assert course(again, line.protocol, now) == course(line.infusion, line.protocol, now)


@settings(max_examples=40, deadline=None)
@given(told(), st.integers(0, 480))
def test_clocks_run_forwards_and_slots_are_in_order(line: Timeline, quarter: int) -> None:
    infusion, now = line.infusion, at(quarter / 4)
    found, later = course(infusion, line.protocol, now), course(infusion, line.protocol, now + MINUTE)
    assert later.given_mg >= found.given_mg
    if found.elapsed is not None and found.infusion_time is not None and later.elapsed is not None:
        assert timedelta(0) <= found.infusion_time <= max(found.elapsed, timedelta(0)) <= later.elapsed
    by_segments = sum(
        s.rate_ml_per_h * (max(timedelta(0), min(s.until or now, now) - s.since) / timedelta(hours=1))
        for s in found.segments
    )
    plan = plan_of(infusion)
    held = min(by_segments, plan.final_volume_ml)
    assert found.given_mg == pytest.approx(held * plan.concentration_mg_per_ml)
    assert found.remaining_mg == pytest.approx(max(0, plan.bag_mg - found.given_mg))
    assert (found.bag_empty_at is not None) == (by_segments >= plan.final_volume_ml - 1e-6)
    joined = [(one.until, two.since) for one, two in pairwise(found.segments)]
    assert all(until == since for until, since in joined)
    assert all(isinstance(s, Segment) and (s.until is None or s.until > s.since) for s in found.segments)
    assert [s.at for s in found.slots] == sorted(s.at for s in found.slots)
    filled = [e for s in found.slots if s.milestone != "before leaving" for e in s.entries]
    assert len(filled) == len(set(filled)), "a set belongs to one slot"
    assert all((s.state == "partial") == bool(s.lacks) for s in found.slots)
    assert all(bool(s.entries) == (s.state in ("done", "partial")) for s in found.slots)


def test_next_change_is_when_something_does_change() -> None:
    line = running()
    line.quiet_set(0)
    changes = []
    minute: float | None = 1.0
    while minute is not None and minute < 60:
        minute = minute_of(line.course(minute).next_change)
        changes.append(minute)
    assert changes[:8] == [10, 15, 17, 20, 25, 27, 30, 35]


def test_a_protocol_may_ask_a_rating_in_its_set() -> None:
    line = Timeline(protocol(set=("pulse", "calm")))
    line.start(0)
    line.observe(0, calm=3)
    assert line.slots(1)[0] == "0 partial lacks pulse"


def test_an_infusion_forgotten_for_a_day_is_still_told() -> None:
    found = running().course(24 * 60)
    assert (found.phase, found.elapsed) == ("infusing", 24 * 60 * MINUTE)
    assert [shown(s) for s in found.slots[-2:]] == ["1440 due", "1450 next"]
