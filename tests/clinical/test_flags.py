"""What is flagged at a minute, and what is not. Tables at the edges of limits, then timelines."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.course import course
from monitoring.clinical.flags import NOT_JUDGED, PERCENT_NOT_JUDGED, Flags, flags, level_of, levels
from monitoring.clinical.protocol import Level, Limit, Protocol, limit_words
from monitoring.clinical.record import Reading
from tests.clinical.timeline import (
    CAUTION,
    CRITICAL,
    INES,
    JONAS,
    QUIET,
    SHIPPED,
    Timeline,
    at,
    from_file,
    limit,
    measure,
    minute_of,
    protocol,
    running,
)


def begun() -> Timeline:
    """An infusion with a quiet baseline, started at 0, with a set at 0."""
    line = running()
    line.quiet_set(0)
    return line


# Limits at their edges, in the shipped protocol

EDGES: list[tuple[str, float, Level | None]] = [
    ("systolic", 159, None),
    ("systolic", 160, CAUTION),
    ("systolic", 179, CAUTION),
    ("systolic", 180, CRITICAL),
    ("systolic", 101, None),
    ("systolic", 100, CAUTION),
    ("systolic", 91, CAUTION),
    ("systolic", 90, CRITICAL),
    ("systolic", 0, CRITICAL),
    ("diastolic", 99, None),
    ("diastolic", 100, CAUTION),
    ("diastolic", 109, CAUTION),
    ("diastolic", 110, CRITICAL),
    ("diastolic", 0, None),
    ("heart_rate", 110, None),
    ("heart_rate", 111, CAUTION),
    ("heart_rate", 130, CAUTION),
    ("heart_rate", 131, CRITICAL),
    ("heart_rate", 51, None),
    ("heart_rate", 50, CAUTION),
    ("heart_rate", 41, CAUTION),
    ("heart_rate", 40, CRITICAL),
    ("heart_rate", 0, CRITICAL),
    ("spo2", 94, None),
    ("spo2", 93, CAUTION),
    ("spo2", 92, CAUTION),
    ("spo2", 91, CRITICAL),
    ("spo2", 0, CRITICAL),
    ("respiration", 20, None),
    ("respiration", 21, CAUTION),
    ("respiration", 24, CAUTION),
    ("respiration", 25, CRITICAL),
    ("respiration", 12, None),
    ("respiration", 11, CAUTION),
    ("respiration", 9, CAUTION),
    ("respiration", 8, CRITICAL),
    ("respiration", 0, CRITICAL),
    ("temperature", 38.0, None),
    ("temperature", 38.1, CAUTION),
    ("temperature", 39.0, CAUTION),
    ("temperature", 39.1, CRITICAL),
    ("temperature", 36.1, None),
    ("temperature", 36.0, CAUTION),
    ("temperature", 35.1, CAUTION),
    ("temperature", 35.0, CRITICAL),
    ("dissociation", 3, None),
    ("dissociation", 4, CAUTION),
    ("sedation", 5, None),
    ("sedation", 4, CAUTION),
    ("sedation", 3, CAUTION),
    ("sedation", 2, CRITICAL),
    ("sedation", 0, CRITICAL),
    ("distress", 0, None),
    ("distress", 1, CAUTION),
    ("distress", 2, CRITICAL),
    ("oxygen", 15, None),
]


@pytest.mark.parametrize(("key", "value", "level"), EDGES)
def test_a_value_at_its_limit(key: str, value: float, level: Level | None) -> None:
    line = Timeline()
    line.start(0)
    line.set(1, **{key: value})
    found = line.flags(1).flags
    assert [(f.measure, f.level, f.worst and f.worst.value) for f in found] == ([(key, level, value)] if level else [])
    known = line.infusion
    here = line.course(1)
    assert level_of(known.entries[-1].readings[0], known, SHIPPED, here, at(1)) == level
    assert levels(known, SHIPPED, here) == ({f"e2/{key}": level} if level else {})


# Every kind of rule, in a protocol that has it

PHASED = limit("above", 140, phase=("planned",))
RULES: list[tuple[str, Limit, float | None, float | None, float, bool]] = [
    # name, rule, baseline, value before, value, reached
    ("at or above", limit("at_or_above", 160), None, None, 160, True),
    ("at or above, below it", limit("at_or_above", 160), None, None, 159, False),
    ("above, at it", limit("above", 160), None, None, 160, False),
    ("above", limit("above", 160), None, None, 161, True),
    ("at or below", limit("at_or_below", 90), None, None, 90, True),
    ("at or below, above it", limit("at_or_below", 90), None, None, 91, False),
    ("below, at it", limit("below", 90), None, None, 90, False),
    ("below", limit("below", 90), None, None, 89, True),
    ("zero is a number", limit("at_or_below", 0), None, None, 0, True),
    ("rise", limit("rise_at_or_above", 40), 120, None, 160, True),
    ("rise, one less", limit("rise_at_or_above", 40), 120, None, 159, False),
    ("rise of tenths", limit("rise_at_or_above", 0.8), 36.6, None, 37.4, True),
    ("rise, a fall as large", limit("rise_at_or_above", 40), 120, None, 80, False),
    ("rise, no baseline", limit("rise_at_or_above", 40), None, None, 300, False),
    ("rise from zero", limit("rise_at_or_above", 40), 0, None, 40, True),
    ("fall", limit("fall_at_or_above", 30), 120, None, 90, True),
    ("fall, one less", limit("fall_at_or_above", 30), 120, None, 91, False),
    ("fall, no baseline", limit("fall_at_or_above", 30), None, None, 0, False),
    ("percent rise", limit("rise_percent_at_or_above", 20), 110, None, 132, True),
    ("percent rise, one less", limit("rise_percent_at_or_above", 20), 110, None, 131, False),
    ("percent rise from zero", limit("rise_percent_at_or_above", 20), 0, None, 50, False),
    ("percent rise, no baseline", limit("rise_percent_at_or_above", 20), None, None, 500, False),
    ("percent fall", limit("fall_percent_at_or_above", 20), 110, None, 88, True),
    ("percent fall, one less", limit("fall_percent_at_or_above", 20), 110, None, 89, False),
    ("step up", limit("step_at_or_above", 30), None, 80, 110, True),
    ("step down", limit("step_at_or_above", 30), None, 80, 50, True),
    ("step, one less", limit("step_at_or_above", 30), None, 80, 109, False),
    ("step, nothing before", limit("step_at_or_above", 30), None, None, 300, False),
    ("step from zero", limit("step_at_or_above", 30), None, 0, 30, True),
    ("phase, another one", PHASED, None, None, 150, False),
]


@pytest.mark.parametrize(("name", "rule", "baseline", "before", "value", "reached"), RULES, ids=[r[0] for r in RULES])
def test_a_rule_is_reached(
    name: str, rule: Limit, baseline: float | None, before: float | None, value: float, reached: bool
) -> None:
    line = Timeline(protocol(measure("x", rule, decimals=1)))
    if baseline is not None:
        line.set(-5, x=baseline)
    line.start(0)
    if before is not None:
        line.set(0.1, x=before)
    line.set(0.2, x=value)
    assert [f.rule for f in line.flags(0.2).flags if f.worst and f.worst.value == value] == (
        [] if not reached else [rule_of(line)]
    )
    here = line.course(0.2)
    assert (levels(line.infusion, line.protocol, here).get(f"e{len(line.entries)}/x") is not None) == reached
    assert (level_of(line.entries[-1].readings[0], line.infusion, line.protocol, here, at(0.2)) is not None) == reached


def rule_of(line: Timeline) -> str:
    return next(f.rule for f in line.flags(0.2).flags)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (limit("at_or_above", 160), "at or above 160 mmHg"),
        (limit("above", 38.05), "above 38.05 mmHg"),
        (limit("at_or_below", 90), "at or below 90 mmHg"),
        (limit("below", 90), "below 90 mmHg"),
        (limit("rise_at_or_above", 40), "rise of 40 mmHg or more"),
        (limit("fall_at_or_above", 1), "fall of 1 mmHg or more"),
        (limit("rise_percent_at_or_above", 20), "rise of 20 % of baseline or more"),
        (limit("fall_percent_at_or_above", 1), "fall of 1 % of baseline or more"),
        (limit("step_at_or_above", 30), "step of 30 mmHg or more"),
    ],
)
def test_a_rule_in_words(rule: Limit, words: str) -> None:
    low = rule.side == "low"
    line = Timeline(protocol(measure("x", rule)))
    line.set(-5, x=100)
    line.start(0)
    line.set(1, x=50 if low else 200)
    assert [f.rule for f in line.flags(1).flags] == [words] == [limit_words(rule, line.protocol.measures["x"])]


# Words


def test_headline_and_receipt_say_what_was_found_and_by_what_it_is_judged() -> None:
    line = running()
    line.quiet_set(10, systolic=164)
    flag = line.flag(10, "systolic")
    assert flag.headline == "Systolic pressure 164 mmHg — at or above 160 (caution)"
    assert flag.receipt == "+38 over baseline 126 (+30 %) · site default · ketamine-depression 3"
    assert (flag.baseline, flag.change, round(flag.percent or 0)) == (126, 38, 30)
    assert (flag.key, flag.label, flag.side, flag.rule) == (
        "systolic/high/e3",
        "Systolic pressure",
        "high",
        "at or above 160 mmHg",
    )
    assert (flag.baseline_note, flag.instruction, flag.confirmation, flag.repeat_due_at) == ("", "", "", None)


def test_a_fall_and_no_change_in_words() -> None:
    line = Timeline()
    line.quiet_set(-4, systolic=100, spo2=93)
    line.start(0)
    line.quiet_set(10, systolic=85, spo2=93)
    assert line.flag(10, "systolic").receipt.startswith("−15 under baseline 100 (−15 %) · NEWS2")
    assert line.flag(10, "spo2").receipt.startswith("NEWS2"), "the worst is the one before the start"
    line.quiet_set(11, spo2=92)
    assert line.flag(11, "spo2").receipt.startswith("−1 under baseline 93 (−1 %)")


def test_a_rating_is_told_with_its_word() -> None:
    line = running()
    line.observe(10, distress=2)
    assert line.flag(10, "distress").headline == "Distress 2 needs support — at or above 2 (critical)"


def test_a_step_tells_from_what() -> None:
    line = Timeline(protocol(measure("x", limit("step_at_or_above", 30), unit="/min")))
    line.start(0)
    line.set(1, x=86)
    line.set(2, x=128)
    flag = line.flag(2, "x")
    assert flag.headline == "X 128 /min — step of 30 /min or more (caution)"
    assert flag.receipt == "+42 from 86 before · made for this test · test 7"
    line.set(3, x=120)
    assert line.open(3) == []


def test_an_instruction_is_the_sites_own() -> None:
    line = Timeline(protocol(measure("x", limit("above", 5, instruction="Call Dr Weiss."))))
    line.set(1, x=6)
    assert line.flag(1, "x").instruction == "Call Dr Weiss."


# Which limit is named


@pytest.mark.parametrize(
    ("value", "named"),
    [(155, "rise_at_or_above"), (165, "at_or_above"), (175, "at_or_above"), (185, "above")],
)
def test_the_strictest_limit_reached_gives_the_level_and_the_absolute_one_is_named(value: float, named: str) -> None:
    rules = (
        limit("rise_at_or_above", 30),
        limit("at_or_above", 160),
        limit("at_or_above", 170),
        limit("above", 180, CRITICAL),
    )
    line = Timeline(protocol(measure("x", *rules)))
    line.set(-1, x=120)
    line.start(0)
    line.set(1, x=value)
    flag = line.flag(1, "x")
    assert flag.limit is not None
    assert flag.limit.key == named
    assert (value == 175) == (flag.limit.value == 170)
    assert flag.level == (CRITICAL if value == 185 else CAUTION)


def test_on_the_low_side_the_absolute_limit_is_named_too() -> None:
    rules = limit("fall_at_or_above", 30), limit("at_or_below", 90), limit("at_or_below", 95)
    line = Timeline(protocol(measure("x", *rules)))
    line.set(-1, x=125)
    line.start(0)
    line.set(1, x=88)
    assert line.flag(1, "x").rule == "at or below 90 mmHg"


# Episodes


def test_an_episode_runs_from_the_first_value_outside_to_the_first_inside() -> None:
    line = running()
    for minute, systolic in ((0, 130), (10, 162), (20, 175), (30, 161), (40, 150)):
        line.quiet_set(minute, systolic=systolic)
    line.end(40)
    line.quiet_set(54, systolic=163)
    told = {minute: line.open(minute) for minute in (0, 9, 10, 20, 30, 39, 40, 53, 54)}
    high = ["systolic high caution"]
    assert told == {0: [], 9: [], 10: high, 20: high, 30: high, 39: high, 40: [], 53: [], 54: high}
    first, second = sorted(line.flags(54).flags, key=lambda f: f.opened_at)
    assert [minute_of(t) for t in (first.opened_at, first.worst_at, first.closed_at)] == [10, 20, 40]
    assert [r.value for r in first.readings] == [162, 175, 161]
    assert (second.key, minute_of(second.opened_at), second.closed_at) == ("systolic/high/e9", 54, None)


def test_high_and_low_are_sides_and_a_rise_shares_the_side_with_an_absolute_limit() -> None:
    line = Timeline()
    line.quiet_set(-4, systolic=110)
    line.start(0)
    for minute, systolic in ((10, 150), (20, 165), (30, 152), (40, 88)):
        line.quiet_set(minute, systolic=systolic)
    flag = line.flag(35, "systolic")
    assert [r.value for r in flag.readings] == [150, 165, 152]
    assert flag.rule == "at or above 160 mmHg"
    assert [
        (f.side, minute_of(f.opened_at), minute_of(f.closed_at))
        for f in line.flags(40).flags
        if f.measure == "systolic"
    ] == [
        ("low", 40, None),
        ("high", 10, 40),
    ]


def test_values_before_the_start_are_flagged_by_absolute_limits_only() -> None:
    line = Timeline(
        protocol(measure("x", limit("above", 140), limit("rise_at_or_above", 20), limit("step_at_or_above", 20)))
    )
    line.set(-20, x=100)
    line.set(-10, x=139)
    assert line.flags(-9).flags == ()
    line.set(-5, x=141)
    assert line.open(-5) == ["x high caution"]
    line.set(-4, x=120)
    assert line.open(-4) == []
    line.start(0)
    assert line.open(1) == []
    line.set(2, x=140)
    assert line.open(2) == ["x high caution", "x step caution"]


def test_phase_rows_apply_by_the_phase_at_the_readings_time() -> None:
    line = Timeline()
    line.quiet_set(-5, systolic=145)
    assert line.open(-5) == ["systolic high caution"]
    assert line.flag(-5, "systolic").headline == "Systolic pressure 145 mmHg — above 140 (caution)"
    line.start(0)
    assert line.open(1) == ["systolic high caution"], "until a value is inside"
    line.quiet_set(2, systolic=145)
    assert line.open(2) == []
    line.set(-1, systolic=144, recorded=6)
    assert [minute_of(f.opened_at) for f in line.flags(6).flags] == [-5]
    assert line.open(6) == []


@pytest.mark.parametrize(
    ("oxygen", "flagged"),
    [
        ([], True),
        ([(0.5, 0)], True),
        ([(0.5, 2)], False),
        ([(0.5, 2), (0.8, 0)], True),
        ([(1, 2)], False),
        ([(1.1, 2)], True),
    ],
)
def test_a_row_for_air_holds_while_no_oxygen_is_given(oxygen: list[tuple[float, float]], flagged: bool) -> None:
    line = Timeline(protocol(measure("x", limit("below", 94, applies="air"))))
    line.start(0)
    for minute, litres in oxygen:
        line.set(minute, oxygen=litres)
    line.set(1, x=92)
    assert [f.measure for f in line.flags(2).flags] == (["x"] if flagged else [])


def test_a_quiet_infusion_flags_nothing_at_any_minute() -> None:
    line = running()
    for minute in (0, 10, 20, 30, 40):
        line.quiet_set(minute)
        line.observe(minute, dissociation=2, distress=0, sedation=5)
    line.end(40)
    for minute in (55, 70):
        line.quiet_set(minute)
    line.close(75)
    assert {tuple(line.open(quarter / 4)) for quarter in range(-40, 500)} == {()}
    assert line.flags(200).flags == ()


def test_a_measure_the_protocol_does_not_know_is_not_judged() -> None:
    line = running()
    line.set(1, mystery=9000)
    assert line.flags(1).flags == ()
    reading = line.entries[-1].readings[0]
    assert level_of(reading, line.infusion, SHIPPED, line.course(1), at(1)) is None


# Baseline


def test_without_a_baseline_change_is_not_judged_and_it_is_said() -> None:
    line = Timeline()
    line.start(0)
    line.quiet_set(10, systolic=170)
    flag = line.flag(10, "systolic")
    assert (flag.baseline, flag.change, flag.percent, flag.baseline_note) == (None, None, None, NOT_JUDGED)
    assert flag.receipt == f"{NOT_JUDGED} · site default · ketamine-depression 3"
    assert line.flags(10).not_judged == ("systolic", "diastolic")
    line.quiet_set(11, systolic=159)
    assert line.open(11) == [], "39 above 120 would not show either: nothing is assumed"


def test_with_a_baseline_all_is_judged_and_before_the_start_nothing_is_said() -> None:
    line = running()
    assert line.flags(-1).not_judged == ()
    assert line.flags(1).not_judged == ()


def test_a_measure_without_rules_of_change_says_nothing_about_the_baseline() -> None:
    line = Timeline()
    line.start(0)
    line.quiet_set(1, spo2=90)
    assert line.flag(1, "spo2").baseline_note == ""


def test_a_baseline_of_zero_has_no_percent() -> None:
    rules = limit("rise_percent_at_or_above", 10), limit("above", 3)
    line = Timeline(protocol(measure("x", *rules)))
    line.set(-1, x=0)
    line.start(0)
    line.set(1, x=4)
    flag = line.flag(1, "x")
    assert (flag.change, flag.percent, flag.baseline_note) == (4, None, PERCENT_NOT_JUDGED)
    assert flag.receipt == f"+4 over baseline 0 · {PERCENT_NOT_JUDGED} · made for this test · test 7"


def test_a_corrected_baseline_takes_effect_on_flags() -> None:
    line = running()
    line.quiet_set(10, systolic=158)
    assert line.open(10) == []
    line.correct(line.entries[0], 11, **(QUIET | {"systolic": 116}))
    assert line.open(11) == ["systolic high caution"]
    assert line.flag(11, "systolic").receipt.startswith("+42 over baseline 116 (+36 %)")


# Critical: confirmation and repeat


@pytest.mark.parametrize(
    ("systolic", "confirmation", "is_open"),
    [
        ([164], "", True),
        ([185], "unconfirmed", True),
        ([164, 185], "unconfirmed", True),
        ([185, 182], "confirmed", True),
        ([185, 170], "not confirmed", True),
        ([185, 130], "not confirmed", True),
        ([185, 88], "not confirmed", True),
        ([185, 170, 186], "unconfirmed", True),
        ([185, 170, 186, 187], "confirmed", True),
        ([185, 170, 186, 187, 130], "confirmed", True),
    ],
)
def test_the_next_reading_confirms_a_critical_value_or_does_not(
    systolic: list[float], confirmation: str, is_open: bool
) -> None:
    line = running()
    for minute, value in enumerate(systolic, 1):
        line.set(minute, systolic=value)
    flag = line.flag(len(systolic), "systolic", "high")
    assert (flag.confirmation, flag.open) == (confirmation, is_open)


@pytest.mark.parametrize(
    ("minutes", "confirmation", "again"),
    [
        ((10, 12), "confirmed", None),
        ((10, 15), "confirmed", None),  # promised in 2 min, and a set belongs to its time within 3
        ((10, 15.1), "again", 15.1),
        ((10, 40), "again", 40),
        ((10, 40, 60), "again", 60),
        ((10, 40, 44), "confirmed", None),
    ],
)
def test_only_a_repeat_within_the_protocol_s_minutes_confirms(
    minutes: tuple[float, ...], confirmation: str, again: float | None
) -> None:
    line = running()
    for minute in minutes:
        line.set(minute, systolic=185)
    flag = line.flag(minutes[-1], "systolic", "high")
    assert (flag.confirmation, flag.again_at) == (confirmation, None if again is None else at(again))


def test_seen_again_too_late_is_no_confirmation_once_it_is_over() -> None:
    line = running()
    for minute, value in ((10, 185), (40, 186), (50, 130)):
        line.set(minute, systolic=value)
    flag = line.flag(50, "systolic", "high")
    assert (flag.confirmation, flag.again_at) == ("not confirmed", None)


def test_a_promised_repeat_is_due_until_it_is_taken() -> None:
    line = running()
    line.quiet_set(10, systolic=185)
    assert line.flag(10, "systolic").repeat_due_at is None
    line.promise(10.5, "systolic", due=12.5)
    assert minute_of(line.flag(11, "systolic").repeat_due_at) == 12.5
    line.set(12, spo2=97)
    assert minute_of(line.flag(12, "systolic").repeat_due_at) == 12.5, "another measure is not the repeat"
    line.set(13, systolic=181)
    assert line.flag(13, "systolic").repeat_due_at is None


@pytest.mark.parametrize(
    ("taken", "told"),
    [
        (None, {14.4: [], 14.5: ["systolic repeat caution"], 18: ["systolic repeat caution"]}),
        (14.4, {14.4: [], 14.5: [], 18: []}),
        (17, {14.5: ["systolic repeat caution"], 16.9: ["systolic repeat caution"], 17: []}),
    ],
)
def test_a_repeat_not_taken_is_flagged_after_its_grace_until_a_value_comes(
    taken: float | None, told: dict[float, list[str]]
) -> None:
    line = running()
    line.quiet_set(10)
    line.promise(10.5, "systolic", due=12.5)
    if taken is not None:
        line.set(taken, systolic=130)
    assert {minute: [f for f in line.open(minute) if "repeat" in f] for minute in told} == told


def test_a_repeat_not_taken_in_words() -> None:
    line = running(nurse=JONAS)
    line.promise(10.5, "systolic", due=12.5)
    flag = line.flag(15, "systolic")
    assert flag.key == "systolic/repeat/e3"
    assert flag.headline == "Systolic pressure — promised repeat not taken, due at minute 12 (caution)"
    assert flag.receipt.startswith("promised by Jonas Lund at minute 10 · ")
    assert flag.rule == "repeat not taken 2 min after it was due"
    assert minute_of(flag.opened_at) == 14.5


def test_a_value_seen_before_the_promise_is_not_the_repeat() -> None:
    line = running()
    line.promise(10, "systolic", due=12)
    line.set(9, systolic=130, recorded=13)
    assert "systolic repeat caution" in line.open(14)


def test_a_promise_without_a_legible_time_is_due_after_the_protocols_minutes() -> None:
    for due in ("soon", None):
        line = running()
        line.event("repeat", 10, measure="systolic", due_at=due)
        assert "systolic repeat caution" not in line.open(13.9)
        assert "systolic repeat caution" in line.open(14)


# Acknowledgement


def test_critical_stays_open_until_acknowledged_and_caution_only_while_outside() -> None:
    line = running()
    line.quiet_set(10, systolic=185, heart_rate=115)
    line.quiet_set(20)
    assert line.open(20) == ["systolic high critical"]
    flag = line.flag(20, "systolic")
    assert (minute_of(flag.closed_at), flag.needs_acknowledgement, flag.is_acknowledged) == (20, True, False)
    line.acknowledge(flag, 21, "Clinician told", by=INES)
    assert line.open(21) == []
    told = line.flag(21, "systolic")
    assert [(r.who, minute_of(r.at), r.done, r.level) for r in told.acknowledged] == [
        ("Dr Ines Weiss", 21, "Clinician told", CRITICAL)
    ]
    assert (told.needs_acknowledgement, told.is_acknowledged) == (False, True)


def test_acknowledged_while_outside_stays_listed_without_asking_again() -> None:
    line = running()
    line.quiet_set(10, systolic=185)
    line.acknowledge(line.flag(10, "systolic"), 11)
    assert line.open(11) == ["systolic high critical"]
    assert not line.flag(11, "systolic").needs_acknowledgement


@pytest.mark.parametrize(
    ("seen", "later", "needs"),
    [
        ([164], [], False),  # a caution never has to be acknowledged
        ([164], [175], False),
        ([164], [185], True),  # a higher level
        ([185], [], False),
        ([185], [170], False),  # later, and not critical
        ([185], [170, 130], False),
        ([185], [181], True),  # a later reading that meets a critical rule
        ([185], [170, 180], True),
        ([185, 181], [175], False),
    ],
)
def test_a_higher_level_or_a_later_critical_reading_needs_a_new_acknowledgement(
    seen: list[float], later: list[float], needs: bool
) -> None:
    line = running()
    minute = 1.0
    for value in seen:
        line.set(minute, systolic=value)
        minute += 1
    line.acknowledge(line.flag(minute, "systolic"), minute)
    for value in later:
        minute += 1
        line.set(minute, systolic=value)
    flag = line.flag(minute, "systolic", "high")
    assert flag.needs_acknowledgement == needs
    assert len(flag.acknowledged) == 1
    line.acknowledge(flag, minute + 1)
    assert not line.flag(minute + 1, "systolic").needs_acknowledgement


def test_an_acknowledgement_holds_for_its_own_episode_and_side_only() -> None:
    line = running()
    line.set(1, systolic=185)
    line.acknowledge(line.flag(1, "systolic"), 2)
    line.set(3, systolic=130)
    line.set(4, systolic=186)
    line.set(5, systolic=85)
    assert [(f.side, f.needs_acknowledgement) for f in line.flags(5).flags if f.measure == "systolic"] == [
        ("low", True),
        ("high", True),
        ("high", False),
    ]


def test_an_acknowledgement_holds_when_a_late_entry_makes_the_episode_begin_earlier() -> None:
    line = running()
    line.set(10, systolic=185)
    line.acknowledge(line.flag(10, "systolic"), 11)
    line.set(9, systolic=164, recorded=12)
    flag = line.flag(12, "systolic")
    assert (flag.key, flag.needs_acknowledgement) == ("systolic/high/e5", False)
    line.set(8, systolic=190, recorded=13)
    assert line.flag(13, "systolic").needs_acknowledgement, "nobody has seen this one"


def test_a_withdrawn_acknowledgement_does_not_count() -> None:
    line = running()
    line.set(10, systolic=185)
    said = line.acknowledge(line.flag(10, "systolic"), 11)
    line.withdraw(said, 12)
    assert line.flag(12, "systolic").needs_acknowledgement


def test_a_correction_to_another_critical_value_needs_a_new_acknowledgement_and_to_the_same_does_not() -> None:
    line = running()
    first = line.set(10, systolic=185, spo2=79)
    line.acknowledge(line.flag(10, "systolic"), 11)
    same = line.correct(first, 12, systolic=185, spo2=97)
    assert not line.flag(12, "systolic").needs_acknowledgement
    line.correct(same, 13, systolic=195, spo2=97)
    assert line.flag(13, "systolic").needs_acknowledgement


# Corrected and withdrawn


def test_a_critical_flag_whose_reading_was_withdrawn_stays_until_acknowledged() -> None:
    line = begun()
    wrong = line.quiet_set(10, systolic=185)
    line.withdraw(wrong, 11, "wrong patient")
    assert line.open(11) == ["systolic high critical"]
    flag = line.flag(11, "systolic")
    assert (flag.withdrawn, flag.needs_acknowledgement, minute_of(flag.closed_at)) == (True, True, 11)
    assert flag.headline == "Systolic pressure 185 mmHg — at or above 180 (critical), withdrawn"
    line.acknowledge(flag, 12)
    assert line.open(12) == []
    assert line.flag(12, "systolic").withdrawn


def test_a_caution_whose_reading_was_corrected_away_is_listed_as_withdrawn_and_not_open() -> None:
    line = running()
    wrong = line.quiet_set(10, systolic=164)
    line.correct(wrong, 11, **(QUIET | {"systolic": 146}))
    assert line.open(11) == []
    flag = line.flag(11, "systolic")
    assert (flag.withdrawn, flag.open, flag.level) == (True, False, CAUTION)


def test_a_flag_acknowledged_before_it_was_withdrawn_asks_nothing_more() -> None:
    line = begun()
    wrong = line.quiet_set(10, systolic=185)
    line.acknowledge(line.flag(10, "systolic"), 10.5)
    line.withdraw(wrong, 11)
    assert line.open(11) == []
    assert [r.who for r in line.flag(11, "systolic").acknowledged] == ["Ada Okafor"]


def test_a_correction_to_a_value_still_outside_is_the_same_flag() -> None:
    line = running()
    wrong = line.quiet_set(10, systolic=185)
    line.correct(wrong, 11, **(QUIET | {"systolic": 165}))
    flag = line.flag(11, "systolic")
    assert (flag.key, flag.level, flag.withdrawn) == ("systolic/high/e3", CAUTION, False)


def test_a_correction_to_the_other_side_withdraws_the_one_and_opens_the_other() -> None:
    line = begun()
    wrong = line.quiet_set(10, systolic=185)
    line.correct(wrong, 11, **(QUIET | {"systolic": 85}))
    assert sorted(line.open(11)) == ["systolic high critical", "systolic low critical"]
    assert {f.side: f.withdrawn for f in line.flags(11).flags} == {"high": True, "low": False}


def test_a_correction_that_only_changes_which_of_two_values_came_first_withdraws_the_step() -> None:
    line = Timeline(protocol(measure("x", limit("step_at_or_above", 30)), set=("x",)))
    line.start(0)
    line.set(1, x=135)
    first, second = line.set(5, x=120), line.set(5, x=150)
    assert [r.id for r in line.flag(5, "x", "step").readings] == [second.readings[0].id]
    line.correct(first, 6, x=120)
    told = {f.withdrawn: [r.id for r in f.readings] for f in line.flags(6).flags if f.side == "step"}
    assert told == {True: [second.readings[0].id], False: [line.entries[-1].readings[0].id]}


def test_withdrawing_one_of_two_readings_leaves_the_flag() -> None:
    line = begun()
    line.set(10, systolic=164)
    second = line.set(12, systolic=166)
    line.withdraw(second, 13)
    assert [f.withdrawn for f in line.flags(13).flags] == [False]


def test_withdrawing_all_readings_one_by_one_lists_one_withdrawn_flag_as_bad_as_it_was() -> None:
    line = running()
    first, second = line.set(10, systolic=185), line.set(12, systolic=164)
    line.withdraw(first, 13)
    line.withdraw(second, 14)
    flag = line.flag(14, "systolic")
    assert (flag.withdrawn, flag.level, flag.open) == (True, CRITICAL, True)


def test_a_value_corrected_to_a_milder_one_and_then_withdrawn_is_listed_as_bad_as_it_was() -> None:
    line = begun()
    wrong = line.set(10, systolic=185)
    milder = line.correct(wrong, 11, systolic=165)
    assert line.open(11) == ["systolic high caution"]
    line.withdraw(milder, 12)
    assert line.open(12) == ["systolic high critical"]


def test_correcting_the_baseline_may_withdraw_a_flag_that_rested_on_it() -> None:
    line = running()
    line.quiet_set(10, diastolic=98, systolic=150)
    line.correct(line.entries[0], 9.9, **QUIET)
    assert line.open(10) == []
    base = line.entries[-1]
    line.correct(base, 11, **(QUIET | {"diastolic": 70}))
    assert line.open(11) == ["diastolic high caution"]
    line.correct(line.entries[-1], 12, **(QUIET | {"diastolic": 80}))
    assert line.open(12) == []
    assert line.flag(12, "diastolic").withdrawn


def test_oxygen_that_arrives_late_withdraws_a_flag_for_air_and_does_not_hide_it() -> None:
    line = Timeline(protocol(measure("x", limit("below", 94, CRITICAL, applies="air")), set=("x",)))
    line.start(0)
    line.set(0, x=97)
    line.set(10, x=92)
    line.set(9, oxygen=2, recorded=12)
    assert line.open(11) == ["x low critical"]
    assert line.open(12) == ["x low critical"]
    assert line.flag(12, "x").withdrawn


# What time alone raises


def test_an_overdue_set_is_one_flag_until_something_of_a_set_is_recorded() -> None:
    line = running()
    line.quiet_set(0)
    line.set(10, systolic=130, spo2=98)  # part of a set
    told = {minute: line.open(minute) for minute in (24.9, 25, 27, 29.9)}
    overdue = ["set overdue caution"]
    assert told == {24.9: [], 25: overdue, 27: overdue, 29.9: overdue}
    flag = line.flag(29.9, "set")
    assert flag.key == f"set/overdue/{at(20).isoformat()}"
    assert flag.headline == "Vital signs due at minute 20, overdue since minute 25 (caution)"
    assert flag.receipt.startswith("last set at minute 10 · ")
    assert (flag.rule, flag.readings, flag.worst, flag.limit) == ("no set by 5 min after its time", (), None, None)
    assert [f.key for f in line.flags(36).flags if f.measure == "set"] == [flag.key], (
        "the next slot adds no second flag"
    )
    line.set(38, spo2=98)
    assert line.open(38) == []
    assert [minute_of(f.closed_at) for f in line.flags(38).flags if f.measure == "set"] == [38]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (6.9, True),  # belongs to the slot before, or to none
        (7, False),
        (13, False),
        (14, False),  # late, in no window: the patient has been looked at
        (15, False),
        (15.1, True),
    ],
)
def test_which_set_keeps_a_slot_from_being_flagged(seen: float, told: bool) -> None:
    line = running()
    line.quiet_set(0)
    line.quiet_set(seen)
    assert ("set overdue caution" in line.open(15)) == told


def test_an_overdue_set_before_any_set() -> None:
    line = Timeline()
    line.start(0)
    assert line.open(4.9) == []
    assert line.flag(5, "set").receipt.startswith("no set yet · ")
    line.set(5, not_done={"systolic": "asleep"})
    assert line.open(5) == []


def test_a_set_before_the_start_is_told_as_such() -> None:
    line = running()
    assert line.open(5) == ["set overdue caution"]
    assert line.flag(5, "set").receipt.startswith("last set 4 min before the start · ")


def overdue(line: Timeline, minute: float) -> tuple[float | None, float | None]:
    """Since when a set is overdue at `minute`, and when it was due."""
    found = line.course(minute)
    return minute_of(found.overdue_since), minute_of(found.overdue_slot_at)


@pytest.mark.parametrize(
    ("minute", "since", "due"),
    [
        (14.9, None, None),
        (15, 15, 10),
        (17, 15, 10),  # the slot is missed now, and the set is as overdue as before
        (29, 15, 10),
        (120, 15, 10),
    ],
)
def test_a_set_is_overdue_since_its_slot_was_also_when_later_slots_come(
    minute: float, since: float | None, due: float | None
) -> None:
    line = running()
    line.quiet_set(0)
    assert overdue(line, minute) == (since, due)


def test_an_overdue_set_ends_with_anything_of_a_set_and_begins_anew() -> None:
    line = running()
    line.quiet_set(0)
    line.set(31, spo2=98)  # for the slot at 30
    told = {minute: overdue(line, minute) for minute in (30.9, 31, 44.9, 45)}
    assert told == {30.9: (15, 10), 31: (None, None), 44.9: (None, None), 45: (45, 40)}
    line.close(50)
    assert overdue(line, 50) == (45, 40), "closing before the end conflicts"
    line.end(51)
    line.close(52)
    assert overdue(line, 52) == (None, None)


def test_with_slots_every_five_minutes_an_overdue_set_is_flagged_and_stays() -> None:
    """Half the interval after its time, where the next window opens: missed, and overdue all the same."""
    line = running(every=5)
    line.quiet_set(0)
    told = {m: (line.open(m), overdue(line, m)) for m in (7.4, 7.5, 9.9, 12.5, 19.9)}
    raised = (["set overdue caution"], (7.5, 5))
    assert told == {7.4: ([], (None, None)), 7.5: raised, 9.9: raised, 12.5: raised, 19.9: raised}
    assert line.course(6).next_change == at(7.5)
    line.quiet_set(21)
    assert (line.open(21), overdue(line, 21)) == ([], (None, None))


def test_the_level_of_an_overdue_set_is_the_protocols_and_critical_stays_until_acknowledged() -> None:
    line = Timeline(protocol(overdue_level=CRITICAL))
    line.start(0)
    line.set(6, pulse=70)
    assert line.open(6) == ["set overdue critical"]
    line.acknowledge(line.flag(6, "set"), 7)
    assert line.open(7) == []
    assert line.open(15) == ["set overdue critical"], "another one"


def test_silence_of_a_measure_runs_from_its_last_value_in_the_phases_of_the_rule() -> None:
    line = running()

    def silent(minute: float) -> bool:
        return "spo2 silent caution" in line.open(minute)

    assert [silent(m) for m in (19.9, 20)] == [False, True]
    line.set(22, spo2=97)
    assert [silent(m) for m in (21.9, 22, 41.9, 42)] == [True, False, False, True]
    assert line.flag(25, "spo2").closed_at == at(22)
    line.end(45)
    assert [silent(m) for m in (44.9, 45, 90)] == [True, False, False], "recovery is not a phase of this rule"


def test_silence_in_words() -> None:
    line = running()
    flag = line.flag(20, "spo2")
    assert flag.headline == "Oxygen saturation — no value for 20 min (caution)"
    assert flag.receipt == "none since the start · site default · ketamine-depression 3"
    assert flag.rule == "no SpO₂ for 20 min"
    line.set(21, spo2=97)
    later = next(f for f in line.flags(41).flags if f.side == "silent" and f.open)
    assert later.receipt.startswith("last 97 % at minute 21 · ")


def test_not_done_is_not_a_value_and_silence_goes_on() -> None:
    line = running()
    line.set(15, not_done={"spo2": "moved"})
    assert "spo2 silent caution" in line.open(20)


def test_silence_rises_with_a_stricter_row_and_is_one_flag() -> None:
    rows = limit("silent_minutes", 10), limit("silent_minutes", 20, CRITICAL)
    line = Timeline(protocol(measure("x", *rows), set=("x",)))
    line.start(0)
    line.set(1, x=1)
    found = {m: [f for f in line.open(m) if f.startswith("x")] for m in (10.9, 11, 20.9, 21)}
    assert found == {10.9: [], 11: ["x silent caution"], 20.9: ["x silent caution"], 21: ["x silent critical"]}
    flag = line.flag(21, "x")
    assert (minute_of(flag.opened_at), flag.rule) == (11, "no X for 20 min")
    line.set(22, x=1)
    assert [f for f in line.open(22) if f.startswith("x")] == ["x silent critical"], "until acknowledged"


def test_silence_acknowledged_as_caution_asks_again_when_it_becomes_critical() -> None:
    rows = limit("silent_minutes", 10), limit("silent_minutes", 20, CRITICAL)
    line = Timeline(protocol(measure("x", *rows)))
    line.start(0)
    line.acknowledge(line.flag(12, "x"), 12)
    assert line.flag(19, "x").is_acknowledged
    assert line.flag(20, "x").needs_acknowledgement
    line.acknowledge(line.flag(20, "x"), 21)
    assert not line.flag(21, "x").needs_acknowledgement


def test_silence_names_the_strictest_row_reached_whatever_phase_follows() -> None:
    rows = limit("silent_minutes", 20), limit("silent_minutes", 10, phase=("recovery",))
    line = Timeline(protocol(measure("x", *rows)))
    line.start(0)
    line.end(25)
    assert [line.flag(minute, "x").rule for minute in (20, 25, 40)] == ["no X for 20 min"] * 3


def test_silence_in_a_phase_that_begins_late_counts_from_the_phase() -> None:
    line = Timeline(protocol(measure("x", limit("silent_minutes", 10, phase=("recovery",)))))
    line.start(0)
    line.end(40)
    assert [[f for f in line.open(m) if f.startswith("x")] for m in (39, 40)] == [[], ["x silent caution"]]


def test_silence_goes_on_through_a_pause_when_the_rule_names_both_phases() -> None:
    line = running()
    line.pause(15)
    line.resume(25)
    keys = {f.key for m in (20, 24, 25, 30) for f in line.flags(m).flags if f.side == "silent"}
    assert keys == {f"spo2/silent/{at(20).isoformat()}"}


def test_once_the_patient_has_left_time_raises_nothing() -> None:
    line = running()
    line.end(40)
    line.promise(41, "systolic", due=43)
    line.close(44)
    assert line.open(43.9) == ["set overdue caution"]
    assert line.open(44) == []
    assert line.open(500) == []
    assert {f.side for f in line.flags(500).flags} == {"overdue", "silent"}, "what was raised stays in the history"
    assert line.flags(500).next_change is None


def test_a_cancelled_infusion_raises_nothing() -> None:
    line = Timeline()
    line.quiet_set(-10)
    line.promise(-9, "systolic", due=-7)
    line.cancel(-6)
    assert line.flags(60).flags == ()


def test_before_the_start_time_raises_nothing_but_a_promised_repeat() -> None:
    line = Timeline()
    line.quiet_set(-60)
    assert line.open(0) == []
    line.promise(-59, "systolic", due=-57)
    assert line.open(0) == ["systolic repeat caution"]
    assert line.flag(0, "systolic").headline == "Systolic pressure — promised repeat not taken (caution)"


@pytest.mark.parametrize(
    ("record", "minute", "change"),
    [
        (lambda line: None, 0, 5),
        (lambda line: line.quiet_set(0), 1, 15),
        (lambda line: (line.quiet_set(0), line.quiet_set(10)), 11, 25),
        (lambda line: (line.quiet_set(0), line.set(10, systolic=130), line.quiet_set(20, spo2=97)), 21, 35),
        (lambda line: (line.quiet_set(0), line.promise(1, "systolic", due=3)), 2, 5),
        (lambda line: None, 5, 20),  # the overdue set is raised, silence comes next
        (lambda line: None, 20, None),
    ],
)
def test_next_change(record: Callable[[Timeline], object], minute: float, change: float | None) -> None:
    line = running()
    record(line)
    assert minute_of(line.flags(minute).next_change) == change


# Order


def test_worst_first_then_not_acknowledged_then_newest() -> None:
    line = running()
    line.quiet_set(1, systolic=185, heart_rate=115, diastolic=112)
    line.acknowledge(next(f for f in line.flags(1).flags if f.measure == "systolic"), 2)
    line.set(3, respiration=22, temperature=39.5)
    assert line.open(3) == [
        "temperature high critical",
        "diastolic high critical",
        "systolic high critical",
        "respiration high caution",
        "heart_rate high caution",
    ]


# Properties

RULES_OF_ALL_KINDS = protocol(
    measure(
        "x",
        limit("at_or_above", 160),
        limit("above", 180, CRITICAL),
        limit("at_or_below", 90, CRITICAL, applies="air"),
        limit("below", 100, phase=("infusing", "recovery")),
        limit("rise_at_or_above", 30),
        limit("fall_percent_at_or_above", 20),
        limit("step_at_or_above", 50, CRITICAL),
        limit("silent_minutes", 12, phase=("infusing",)),
        limit("silent_minutes", 20, CRITICAL),
    ),
    set=("x",),
)


@st.composite
def told(draw: st.DrawFn, mistakes: bool = True) -> Timeline:
    """Any infusion: values, oxygen, events, promises; with mistakes also corrections, withdrawals and late arrivals."""
    line = Timeline(RULES_OF_ALL_KINDS, every=draw(st.sampled_from((5, 10, 15))))
    if draw(st.booleans()):
        line.set(-5, x=draw(st.sampled_from((0, 110, 130))))
        line.start(0)
    kinds = ["set", "set", "set", "oxygen", "promise", "pause", "resume", "end", "close", "start"]
    if mistakes:
        kinds += ["correct", "withdraw", "acknowledge"]
    minutes = draw(st.lists(st.integers(1, 300), min_size=1, max_size=14, unique=True))
    for quarter in sorted(minutes):
        minute = quarter / 4
        value = draw(st.sampled_from((0, 80, 95, 120, 159, 160, 181)))
        late = minute + (draw(st.sampled_from((0, 0, 0, 0.6, 7.1))) if mistakes else 0)
        kind = draw(st.sampled_from(kinds))
        standing = [e for e in line.infusion.standing() if e.kind == "set" or e.event]
        if kind == "set":
            line.set(minute, x=value, recorded=late)
        elif kind == "oxygen":
            line.set(minute, oxygen=draw(st.sampled_from((0, 2))), recorded=late)
        elif kind == "promise":
            line.promise(minute, "x", due=minute + 2, recorded=late)
        elif kind == "correct" and standing:
            line.correct(draw(st.sampled_from(standing)), minute, x=value)
        elif kind == "withdraw" and standing:
            line.withdraw(draw(st.sampled_from(standing)), minute)
        elif kind == "acknowledge" and line.flags(minute).flags:
            line.acknowledge(draw(st.sampled_from(line.flags(minute).flags)), minute)
        elif kind in ("pause", "resume", "end", "close", "start"):
            line.event(kind, minute, recorded=late)  # type: ignore[arg-type]
    line.entries.sort(key=lambda e: (e.recorded_at, e.seq))
    line.entries = [replace(e, seq=n) for n, e in enumerate(line.entries, 1)]
    return line


def judged(line: Timeline, now: datetime) -> Flags:
    infusion = line.infusion
    return flags(infusion, line.protocol, now, course(infusion, line.protocol, now))


@settings(max_examples=60, deadline=None)
@given(told(), st.integers(-10, 500), st.randoms(use_true_random=False))
def test_nothing_changes_before_next_change(line: Timeline, quarter: int, chance: random.Random) -> None:
    """Honest: between `now` and `next_change` a screen that keeps what it has is right."""
    now = at(quarter / 4)
    found = judged(line, now)
    horizon = found.next_change or now + timedelta(hours=8)
    assert horizon > now
    instants = [now + (horizon - now) * chance.random() * 0.999 for _ in range(4)]
    for then in [*instants, horizon - timedelta(microseconds=1)]:
        assert judged(line, then).flags == found.flags


@settings(max_examples=100, deadline=None)
@given(told(), st.integers(-10, 500))
def test_a_set_is_overdue_when_and_since_its_flag_says(line: Timeline, quarter: int) -> None:
    now = at(quarter / 4)
    there = course(line.infusion, line.protocol, now)
    open_flags = [f for f in flags(line.infusion, line.protocol, now, there).open if f.side == "overdue"]
    assert [f.opened_at for f in open_flags] == ([there.overdue_since] if there.overdue_since is not None else [])
    assert [f.key for f in open_flags] == (
        [f"set/overdue/{there.overdue_slot_at.isoformat()}"] if there.overdue_slot_at is not None else []
    )


@settings(max_examples=60, deadline=None)
@given(told(), st.integers(-10, 500))
def test_something_does_change_at_next_change(line: Timeline, quarter: int) -> None:
    """Nobody is woken for nothing: at that instant a flag is raised, or one raised by time rises."""
    found = judged(line, at(quarter / 4))
    if found.next_change is not None:
        assert judged(line, found.next_change).flags != found.flags


@settings(max_examples=50, deadline=None)
@given(told(mistakes=False), st.integers(-10, 400), st.randoms(use_true_random=False))
def test_the_order_of_recording_changes_no_episode(line: Timeline, quarter: int, chance: random.Random) -> None:
    now = at(quarter / 4)
    shuffled = list(line.entries)
    chance.shuffle(shuffled)
    again = replace(line, entries=[replace(e, seq=n) for n, e in enumerate(shuffled, 1)])

    def standing(found: Flags) -> list[Any]:
        # Arrived in another order, something may have been flagged for a while that is not now.
        return [f for f in found.flags if not f.withdrawn]

    assert standing(judged(again, now)) == standing(judged(line, now))


@settings(max_examples=60, deadline=None)
@given(told())
def test_no_flag_of_a_value_ever_vanishes_without_a_word(line: Timeline) -> None:
    """With each entry that comes, what was flagged just before is still flagged, or listed as withdrawn."""
    root_of = line.infusion.root
    before: list[tuple[str, str, set[str]]] = []
    for entry in line.entries:
        known = line.infusion.known_at(entry.recorded_at)
        found = flags(known, line.protocol, entry.recorded_at, course(known, line.protocol, entry.recorded_at))
        now = [
            (f.measure, f.side, {root_of(r.id.split("/")[0]) for r in f.readings}) for f in found.flags if f.readings
        ]
        for measure_key, side, roots in before:
            assert any(m == measure_key and s == side and roots & r for m, s, r in now)
        before = now


@settings(max_examples=40, deadline=None)
@given(told(), st.integers(-10, 300), st.integers(0, 300))
def test_what_is_known_at_an_instant_does_not_depend_on_what_came_later(
    line: Timeline, quarter: int, more: int
) -> None:
    then = at(quarter / 4)
    whole = line.infusion
    later = whole.known_at(then + timedelta(minutes=more))
    assert judged(replace(line, entries=list(later.known_at(then).entries)), then) == judged(
        replace(line, entries=list(whole.known_at(then).entries)), then
    )


@settings(max_examples=40, deadline=None)
@given(told(), st.integers(-10, 500))
def test_what_holds_of_every_flag(line: Timeline, quarter: int) -> None:
    now = at(quarter / 4)
    found = judged(line, now)
    assert len({f.key for f in found.flags}) == len(found.flags), "keys are unique"
    for flag in found.flags:
        assert flag.open == (flag.closed_at is None or flag.needs_acknowledgement)
        assert not (flag.needs_acknowledgement and flag.level is CAUTION)
        assert (flag.confirmation != "") == (bool(flag.readings) and flag.level is CRITICAL)
        assert flag.headline.count(f"({flag.level.word})") == 1
        assert " · test 7" in flag.receipt
        assert flag.readings or flag.opened_at <= now
    assert list(found.flags) == sorted(found.flags, key=lambda f: (-f.level, f.is_acknowledged))


# Incomplete sets in a row

TWO_IN_ROW = protocol(measure("pulse"), measure("spo2"), set=("pulse", "spo2"), partial_in_row=2)
BOTH = {"pulse": 70.0, "spo2": 98.0}


def partly() -> Timeline:
    """A site that wants two incomplete sets in a row seen: started at 0, with a complete set."""
    line = Timeline(TWO_IN_ROW)
    line.start(0)
    line.set(0, **BOTH)
    return line


def asleep(line: Timeline, minute: float) -> None:
    line.set(minute, pulse=70, not_done={"spo2": "asleep"})


def test_one_incomplete_set_is_no_flag_and_two_in_a_row_are_a_quiet_one_until_a_complete_one() -> None:
    line = partly()
    asleep(line, 10)
    assert line.open(19) == []
    asleep(line, 20)
    assert line.open(20) == ["set partial caution"]
    flag = line.flag(20, "set")
    assert (flag.headline, flag.rule) == (
        "Vital signs — 2 incomplete sets in a row (caution)",
        "2 incomplete sets in a row",
    )
    assert flag.receipt.startswith("minute 10 without SPO2 (asleep) · minute 20 without SPO2 (asleep) · ")
    assert (minute_of(flag.opened_at), flag.needs_acknowledgement) == (20, False)
    asleep(line, 30)
    assert line.flag(30, "set").headline.startswith("Vital signs — 3 incomplete sets in a row")
    assert line.flag(30, "set").key == flag.key, "one episode"
    line.set(40, **BOTH)
    assert line.open(40) == []
    closed = line.flag(40, "set")
    assert (minute_of(closed.closed_at), closed.headline) == (40, "Vital signs — 3 incomplete sets in a row (caution)")
    asleep(line, 50)
    assert line.open(50) == [], "the row begins anew"


def test_a_set_that_lacks_values_counts_when_they_can_no_longer_be_typed() -> None:
    line = partly()
    asleep(line, 10)
    line.set(20, pulse=70)
    assert line.open(22.9) == []
    assert minute_of(line.flags(20).next_change) == 23, "the window of the slot is over: nobody has typed the rest"
    assert line.open(23) == ["set partial caution"]
    assert "minute 20 without SPO2 · " in line.flag(23, "set").receipt
    in_time = partly()
    asleep(in_time, 10)
    in_time.set(20, pulse=70)
    in_time.set(22, spo2=98)
    assert in_time.open(25) == []
    assert in_time.flags(25).flags == ()


def test_values_that_came_late_from_a_tablet_take_the_flag_back() -> None:
    line = partly()
    asleep(line, 10)
    line.set(20, pulse=70)
    line.set(21, spo2=98, recorded=26)
    assert line.open(25) == ["set partial caution"]
    assert line.open(26) == []


def test_a_missed_set_neither_ends_the_row_nor_counts() -> None:
    line = partly()
    asleep(line, 10)
    assert line.open(28) == ["set overdue caution"], "that it is missing is a flag of its own"
    asleep(line, 30)
    assert line.open(30) == ["set partial caution"]
    assert line.flag(30, "set", "partial").receipt.startswith("minute 10 without")


def test_a_complete_set_between_two_slots_ends_the_row_and_a_lone_repeat_does_not() -> None:
    line = partly()
    asleep(line, 10)
    line.set(15, pulse=70)
    asleep(line, 20)
    assert line.open(20) == ["set partial caution"]
    line.set(25, **BOTH)
    assert line.open(25) == []
    asleep(line, 30)
    assert line.open(30) == []


def test_a_correction_that_completes_a_set_takes_the_flag_away_and_one_that_empties_it_raises_it() -> None:
    line = partly()
    asleep(line, 10)
    asleep(line, 20)
    line.correct(line.entries[-1], 21, **BOTH)
    assert line.open(21) == []
    asleep(line, 30)
    assert line.open(30) == []
    line.correct(line.entries[-2], 31, pulse=71)
    assert line.open(31) == ["set partial caution"]


@pytest.mark.parametrize(("wanted", "shown"), [(0, []), (2, ["set partial caution"]), (3, [])])
def test_how_many_in_a_row_is_the_site_s(wanted: int, shown: list[str]) -> None:
    line = partly()
    line.protocol = replace(TWO_IN_ROW, schedule=replace(TWO_IN_ROW.schedule, partial_in_row=wanted))
    asleep(line, 10)
    asleep(line, 20)
    assert line.open(20) == shown
    asleep(line, 30)
    assert line.open(30) == (["set partial caution"] if wanted else [])


def test_incomplete_sets_may_be_critical_to_a_site_and_then_stay_until_they_are_seen() -> None:
    line = partly()
    line.protocol = replace(TWO_IN_ROW, schedule=replace(TWO_IN_ROW.schedule, partial_level=CRITICAL))
    asleep(line, 10)
    asleep(line, 20)
    line.set(30, **BOTH)
    assert line.open(30) == ["set partial critical"]
    line.acknowledge(line.flag(30, "set"), 31)
    assert line.open(31) == []


def test_the_row_goes_on_in_recovery_and_ends_when_the_patient_leaves() -> None:
    line = partly()
    for minute in (10, 20, 30):
        line.set(minute, **BOTH)
    asleep(line, 40)
    line.end(40)
    asleep(line, 55)
    assert line.open(55) == ["set partial caution"]
    line.close(70)
    assert line.open(70) == []
    assert minute_of(line.flag(70, "set", "partial").closed_at) == 70


# Speed


def test_judging_a_long_infusion_is_quick() -> None:
    """60 entries of five values with two corrections. The bound is loose; see the benchmarks for figures."""
    line = running()
    chance = random.Random(4)
    for minute in range(1, 57):
        line.quiet_set(minute, systolic=chance.choice((120, 150, 170, 190, 85)))
    for entry in line.entries[10:12]:
        values = {r.measure: r.value for r in entry.readings}
        line.correct(entry, 58, **(values | {"systolic": 120.0}))
    infusion, now = line.infusion, at(60)
    here = course(infusion, SHIPPED, now)
    times = []
    for _ in range(7):
        begun = perf_counter()
        flags(infusion, SHIPPED, now, here)
        times.append(perf_counter() - begun)
    assert min(times) < 0.02


def test_level_of_a_struck_value_is_what_it_was() -> None:
    line = running()
    wrong = line.quiet_set(10, systolic=185)
    line.correct(wrong, 11, **QUIET)
    here, struck = line.course(12), Reading("e3/systolic", "systolic", 185)
    assert level_of(struck, line.infusion, SHIPPED, here, at(10)) is CRITICAL
    assert levels(line.infusion, SHIPPED, here) == {}


def test_the_shipped_protocol_is_what_these_tests_rest_on() -> None:
    assert isinstance(SHIPPED, Protocol)
    assert {key for key, _, _ in EDGES} == {m.key for m in SHIPPED.measures.values()}


# Brought in from a file


def test_of_what_came_from_a_file_values_are_marked_and_nobody_here_missed_or_overlooked_anything() -> None:
    line = begun()
    line.set(10, systolic=190)  # critical, and the first incomplete set
    line.set(20, systolic=130)
    line.promise(21, "systolic", 25)
    line.set(28, heart_rate=45)
    line.end(40)
    line.close(200)
    here = line.flags(210)
    sides = {flag.side for flag in here.flags}
    assert {"high", "overdue", "partial", "silent"} <= sides
    infusion = from_file(line.infusion)
    there = course(infusion, line.protocol, at(210))
    found = flags(infusion, line.protocol, at(210), there)
    assert (there.slots, there.overdue, there.next_slot) == ((), (), None)
    assert {flag.side for flag in found.flags} == {"high", "low"}
    (critical,) = [flag for flag in found.flags if flag.level is CRITICAL]
    assert (critical.headline, critical.imported) == (here_of(here, "systolic"), True)
    assert [(flag.needs_acknowledgement, flag.open, flag.is_acknowledged) for flag in found.flags] == [
        (False, False, False)
    ] * len(found.flags)
    assert (found.open, found.next_change, found.promised) == ((), None, ())
    assert levels(infusion, line.protocol, there) == levels(line.infusion, line.protocol, line.course(210))


def here_of(found: Flags, of: str) -> str:
    return next(flag.headline for flag in found.flags if flag.measure == of and flag.level is CRITICAL)
