"""What is missing before the start: each thing by itself, answers that change, and what was missing when it started."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitoring.clinical.before import check_problems, checklist, start_problems, time_out_problems
from tests.clinical.care import (
    BARE,
    CARE,
    PREPARATION,
    answer,
    corrected,
    dose,
    dose_check,
    order,
    prepared,
    said_by,
    signature,
    time_out,
    unsaved,
)
from tests.clinical.timeline import ADA, INES, JONAS, Timeline, at, from_file, limit


def missing(line: Timeline) -> tuple[str, ...]:
    return checklist(line.infusion, line.protocol).missing


def state_of(line: Timeline, key: str) -> tuple[str, str | None, str]:
    (found,) = [one for one in checklist(line.infusion, line.protocol).items if one.item.key == key]
    return found.state, found.answer, found.lacks


def test_before_anything_is_recorded_everything_is_missing() -> None:
    assert missing(Timeline(CARE)) == (
        "Consent on file",
        "Pregnancy excluded",
        "Escort confirmed",
        "Sedatives today",
        "Changes since last time",
        "Order",
        "Dose calculation",
        "Second calculation",
        "Time-out",
        "Baseline vital signs",
    )


def test_with_everything_recorded_nothing_is_missing() -> None:
    line = prepared(Timeline(CARE))
    assert missing(line) == ()
    line.start(0)
    found = checklist(line.infusion, CARE)
    assert (found.missing, found.started_with_missing, found.reason_wanted) == ((), (), False)


@pytest.mark.parametrize(
    ("left_out", "label"),
    [
        ("consent", "Consent on file"),
        ("order", "Order"),
        ("check", "Second calculation"),
        ("baseline", "Baseline vital signs"),
        ("time-out", "Time-out"),
    ],
)
def test_what_is_left_out_is_named_and_that_alone(left_out: str, label: str) -> None:
    line = prepared(Timeline(CARE), without=(left_out,))
    assert missing(line) == (label,)
    line.start(0)
    assert checklist(line.infusion, CARE).started_with_missing == (label,)


def test_a_version_without_lists_has_nothing_missing() -> None:
    line = Timeline(BARE)
    line.start(0)
    found = checklist(line.infusion, BARE)
    assert (found.items, found.missing, found.started_with_missing, found.reason_wanted) == ((), (), (), False)


def test_a_site_with_a_list_alone_or_a_dose_alone_asks_for_a_baseline_too() -> None:
    assert missing(Timeline(replace(BARE, before=CARE.before[:1]))) == ("Consent on file", "Baseline vital signs")
    assert missing(Timeline(replace(BARE, preparation=PREPARATION)))[-1] == "Baseline vital signs"


def test_without_a_second_calculation_at_a_site_none_is_missing() -> None:
    alone = replace(CARE, preparation=replace(PREPARATION, second_calculation=False))
    assert "Second calculation" not in missing(Timeline(alone))


@pytest.mark.parametrize(
    ("item", "given", "note", "state", "lacks"),
    [
        ("consent", "yes", "", "answered", ""),
        ("consent", "yes", "signed last week", "answered", ""),
        ("consent", "no", "", "look", "Consent on file: no"),
        ("consent", "not applicable", "", "look", "Consent on file: not applicable"),
        ("pregnancy", "not applicable", "", "answered", ""),
        ("pregnancy", "no", "", "look", "Pregnancy excluded: no"),
        ("escort", "yes", "", "missing", "Escort confirmed: name and phone number missing"),
        ("escort", "yes", "   ", "missing", "Escort confirmed: name and phone number missing"),
        ("escort", "yes", "Rosa Brandt, 555 0100", "answered", ""),
        ("escort", "no", "", "look", "Escort confirmed: no"),
        ("sedatives", "no", "", "answered", ""),
        ("sedatives", "yes", "", "missing", "Sedatives today: which and when missing"),
        ("sedatives", "yes", "lorazepam 1 mg at 7", "answered", ""),
        ("changes", "no", "", "answered", ""),
        ("changes", "yes", "", "look", "Changes since last time: yes"),
    ],
)
def test_an_answer_is_an_answer_something_to_look_at_or_not_complete(
    item: str, given: str, note: str, state: str, lacks: str
) -> None:
    line = Timeline(CARE)
    answer(line, -5, item, given, note)
    assert state_of(line, item) == (state, given, lacks)


def test_the_answer_observed_last_holds_in_whatever_order_they_came() -> None:
    line = Timeline(CARE)
    answer(line, -5, "consent", "yes")
    line.entries[-1] = replace(line.entries[-1], recorded_at=at(-5))
    answer(line, -8, "consent", "no", recorded=-4)
    assert state_of(line, "consent")[1] == "yes"
    answer(line, -3, "consent", "no")
    assert state_of(line, "consent")[1] == "no"


def test_an_answer_of_the_same_minute_is_the_one_recorded_later() -> None:
    line = Timeline(CARE)
    answer(line, -5, "consent", "no")
    answer(line, -5, "consent", "yes")
    assert state_of(line, "consent")[1] == "yes"


def test_a_corrected_answer_stands_in_its_place_and_a_correction_of_a_correction_too() -> None:
    line = Timeline(CARE)
    first = answer(line, -9, "consent", "no")
    second = corrected(line, first, -8, item="consent", answer="yes")
    assert state_of(line, "consent")[1] == "yes"
    corrected(line, second, -7, item="consent", answer="no")
    assert state_of(line, "consent")[1] == "no"


def test_an_answer_corrected_to_belong_to_another_question_leaves_the_first_unanswered() -> None:
    line = Timeline(CARE)
    first = answer(line, -9, "consent")
    corrected(line, first, -8, item="pregnancy", answer="yes")
    assert state_of(line, "consent")[0] == "missing"
    assert state_of(line, "pregnancy")[0] == "answered"


def test_a_withdrawn_answer_brings_the_one_before_it_back() -> None:
    line = Timeline(CARE)
    answer(line, -9, "consent", "no")
    last = answer(line, -8, "consent", "yes")
    line.withdraw(last, -7)
    assert state_of(line, "consent")[1] == "no"


def test_a_withdrawn_correction_takes_the_answer_with_it() -> None:
    line = Timeline(CARE)
    first = answer(line, -9, "consent", "no")
    line.withdraw(corrected(line, first, -8, item="consent", answer="yes"), -7)
    assert state_of(line, "consent") == ("missing", None, "Consent on file")


# The dose


def test_a_second_calculation_that_differs_is_still_missing() -> None:
    line = prepared(Timeline(CARE), without=("dose",))
    first = dose(line, -14)
    dose_check(line, -12, first, dose_mg=4.0)
    assert missing(line) == ("Second calculation: differs from the first",)
    dose_check(line, -11, first)
    assert missing(line) == ()


def test_a_dose_worked_out_for_a_former_order_is_missing_for_the_one_that_holds() -> None:
    line = prepared(Timeline(CARE))
    order(line, -8, dose_mg_per_kg=0.8)
    assert missing(line) == ("Dose calculation: differs from the order",)
    line.start(0)
    assert checklist(line.infusion, CARE).started_with_missing == ("Dose calculation: differs from the order",)
    again = prepared(Timeline(CARE))
    order(again, -8, prescriber="Dr Anna Roth")
    assert missing(again) == ()


def test_the_first_person_is_no_second_one() -> None:
    line = prepared(Timeline(CARE), without=("dose",))
    dose_check(line, -12, dose(line, -14), by=ADA)
    assert missing(line) == ("Second calculation: not by another person",)


def test_a_dose_worked_out_anew_is_to_be_checked_anew() -> None:
    line = prepared(Timeline(CARE))
    again = dose(line, -8)
    assert missing(line) == ("Second calculation",)
    dose_check(line, -7, again)
    assert missing(line) == ()


# Time-out


def test_a_time_out_counts_with_two_different_people() -> None:
    for people, counts in [((ADA, JONAS), True), ((ADA, ADA), False), ((ADA,), False), ((ADA, ADA, INES), True)]:
        line = prepared(Timeline(CARE), without=("time-out",))
        time_out(line, -2, *people)
        assert ("Time-out" not in missing(line)) is counts, people


def test_a_withdrawn_time_out_is_missing_and_one_after_the_start_comes_too_late() -> None:
    line = prepared(Timeline(CARE))
    line.withdraw(line.entries[-1], -1)
    assert missing(line) == ("Time-out",)
    line.start(0)
    time_out(line, 1)
    assert missing(line) == ("Time-out",)


def test_a_time_out_at_the_minute_of_the_start_counts() -> None:
    line = prepared(Timeline(CARE), without=("time-out",))
    time_out(line, 0)
    line.start(0)
    assert checklist(line.infusion, CARE).started_with_missing == ()


# Baseline and the ranges before the start


def test_a_baseline_with_a_gap_names_the_gap() -> None:
    line = prepared(Timeline(CARE), without=("baseline",))
    line.set(-10, systolic=126, diastolic=78, heart_rate=72, not_done={"spo2": "cuff declined"})
    assert missing(line) == ("Baseline vital signs: oxygen saturation not done (cuff declined), respiration",)
    line.set(-9, spo2=98, respiration=14)
    assert missing(line) == ()


def test_values_seen_after_the_start_are_no_baseline() -> None:
    line = prepared(Timeline(CARE), without=("baseline",))
    line.start(0)
    line.quiet_set(1)
    assert missing(line) == ("Baseline vital signs",)


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        ({"systolic": 140}, ()),
        ({"systolic": 141}, ("Systolic pressure 141 mmHg: above 140 (before the dose: esketamine label)",)),
        ({"systolic": 160}, ("Systolic pressure 160 mmHg: at or above 160 (site default)",)),
        ({"systolic": 185}, ("Systolic pressure 185 mmHg: at or above 180 (trial outlier category)",)),
        ({"systolic": 95}, ("Systolic pressure 95 mmHg: at or below 100 (NEWS2 2 points)",)),
        ({"spo2": 0}, ("Oxygen saturation 0 %: at or below 91 (NEWS2 3 points)",)),
        ({"sedation": 4}, ("Sedation 4 lethargic: at or below 4 (any fall counts as sedation, esketamine label)",)),
    ],
)
def test_the_last_value_outside_is_something_to_look_at_and_nothing_missing(
    values: dict[str, float], sentences: tuple[str, ...]
) -> None:
    line = prepared(Timeline(CARE))
    line.set(-5, **values)
    found = checklist(line.infusion, CARE)
    assert (found.vitals, found.missing) == (sentences, ())


def test_a_value_taken_again_inside_is_nothing_to_look_at_any_more() -> None:
    line = prepared(Timeline(CARE))
    line.set(-5, systolic=150)
    line.set(-3, systolic=138)
    assert checklist(line.infusion, CARE).vitals == ()
    line.start(0)
    line.set(10, systolic=190)
    assert checklist(line.infusion, CARE).vitals == ()


@pytest.mark.parametrize(("oxygen", "told"), [(None, 1), (0, 1), (2, 0)])
def test_a_range_for_patients_on_air_holds_only_on_air(oxygen: float | None, told: int) -> None:
    spo2 = replace(CARE.measures["spo2"], limits=(limit("below", 96, applies="air"),))
    line = Timeline(replace(CARE, measures=CARE.measures | {"spo2": spo2}))
    line.set(-5, spo2=95, **({} if oxygen is None else {"oxygen": oxygen}))
    assert len(checklist(line.infusion, line.protocol).vitals) == told


def test_a_range_of_another_phase_or_about_change_is_not_asked_before_the_start() -> None:
    rows = (limit("above", 80, phase=("infusing",)), limit("rise_at_or_above", 1), limit("silent_minutes", 1))
    rate = replace(CARE.measures["heart_rate"], limits=rows)
    line = Timeline(replace(CARE, measures=CARE.measures | {"heart_rate": rate}))
    line.set(-5, heart_rate=90)
    assert checklist(line.infusion, line.protocol).vitals == ()


# Started with something missing


def test_what_was_missing_at_the_start_stays_known_whatever_comes_later() -> None:
    line = prepared(Timeline(CARE), without=("consent",))
    line.start(0)
    answer(line, -3, "consent", recorded=5)  # seen before the start, and told after it
    found = checklist(line.infusion, CARE)
    assert found.missing == ()
    assert found.started_with_missing == ("Consent on file",)
    assert found.reason_wanted
    assert checklist(line.infusion.known_at(at(-1)), CARE).started_with_missing == ()


@pytest.mark.parametrize(
    ("detail", "given"),
    [
        ({}, False),
        ({"reason": "urgent"}, False),
        ({"decided_by": "Dr Weiss"}, False),
        ({"reason": " ", "decided_by": "Dr Weiss"}, False),
        ({"reason": "urgent", "decided_by": "Dr Weiss"}, True),
    ],
)
def test_starting_with_something_missing_takes_a_reason_and_a_name(detail: dict[str, str], given: bool) -> None:
    line = prepared(Timeline(CARE), without=("consent",))
    line.event("start", 0, baseline={}, **detail)
    found = checklist(line.infusion, CARE)
    assert (found.reason_given, found.reason_wanted) == (given, not given)


def test_the_reason_may_follow_and_holds_through_later_corrections_of_the_minute() -> None:
    line = prepared(Timeline(CARE), without=("consent",))
    start = line.start(0)
    told = corrected(line, start, 2, because="reason added", reason="urgent", decided_by="Dr Weiss")
    found = checklist(line.infusion, CARE)
    assert (found.reason, found.decided_by, found.reason_wanted) == ("urgent", "Dr Weiss", False)
    corrected(line, told, 9, seen_at=-6)
    found = checklist(line.infusion, CARE)
    assert (found.reason, found.decided_by, found.started_with_missing) == (
        "urgent",
        "Dr Weiss",
        ("Consent on file",),
    )


def test_a_start_mistyped_by_minutes_does_not_change_what_was_known() -> None:
    line = prepared(Timeline(CARE))
    corrected(line, line.start(0), 5, seen_at=-11)  # now before the baseline and the time-out were seen
    found = checklist(line.infusion, CARE)
    assert found.started_with_missing == ()
    assert "Time-out" in found.missing


def test_of_two_starts_the_one_that_counts_is_asked() -> None:
    line = prepared(Timeline(CARE), without=("consent",))
    line.event("start", 0, baseline={}, reason="urgent", decided_by="Dr Weiss")
    said_by(line, JONAS, "start", 1, baseline={})
    assert not checklist(line.infusion, CARE).reason_wanted


def test_a_withdrawn_start_was_none() -> None:
    line = prepared(Timeline(CARE), without=("consent",))
    line.withdraw(line.start(0), 1, "wrong patient")
    assert checklist(line.infusion, CARE).started_with_missing == ()
    answer(line, 2, "consent")
    line.start(3)
    assert checklist(line.infusion, CARE).started_with_missing == ()


# What is refused


@pytest.mark.parametrize(
    ("detail", "sentences"),
    [
        ({"item": "consent", "answer": "yes"}, []),
        ({"item": "consent", "answer": "no", "note": "will not sign"}, []),
        ({"item": "gait", "answer": "yes"}, []),  # of the page before leaving
        ({"item": "escort", "answer": "yes"}, []),  # its note may follow
        ({"item": "pregnancy", "answer": "not applicable"}, []),
        (
            {"item": "consent", "answer": "not applicable"},
            ["Consent on file, answer “not applicable”: expected yes or no."],
        ),
        (
            {"item": "pregnancy", "answer": "maybe"},
            ["Pregnancy excluded, answer “maybe”: expected yes, no or not applicable."],
        ),
        ({"item": "consent"}, ["Consent on file, answer missing: expected yes or no."]),
        ({"item": "consent", "answer": True}, ["Consent on file, answer “True”: expected yes or no."]),
        ({"item": "stay", "answer": "yes"}, ["Question “stay”: expected one of this site's lists."]),
        ({"answer": "yes"}, ["Question missing: expected one of this site's lists."]),
        ({"item": "consent", "answer": "yes", "note": 5}, ["Consent on file, note “5”: expected words."]),
    ],
)
def test_answers_that_are_refused(detail: dict[str, Any], sentences: list[str]) -> None:
    line = Timeline(CARE)
    entry = unsaved(line, line.event("check", -5, **detail))
    assert list(check_problems(entry, line.infusion, CARE)) == sentences


@pytest.mark.parametrize(
    ("people", "sentences"),
    [
        ((ADA, JONAS), []),
        ((JONAS, INES), []),
        ((ADA, ADA), ["Time-out, signed twice by Ada Okafor: expected two different people."]),
        ((ADA,), ["Time-out, signed by only Ada Okafor: expected two people."]),
        ((ADA, JONAS, INES), ["Time-out, signed by more: expected two people."]),
    ],
)
def test_a_time_out_takes_two_different_people(people: tuple[Any, ...], sentences: list[str]) -> None:
    line = Timeline(CARE)
    entry = unsaved(line, time_out(line, -2, *people))
    assert list(time_out_problems(entry, line.infusion, CARE)) == sentences
    assert list(time_out_problems(replace(entry, queued=True), line.infusion, CARE)) == []


def test_a_time_out_signed_by_nobody_or_for_something_else_is_refused() -> None:
    line = Timeline(CARE)
    for signed in ([], [signature(ADA, "administered"), signature(JONAS, "time-out")]):
        entry = unsaved(line, line.event("time_out", -2, signatures=signed))
        (sentence,) = time_out_problems(entry, line.infusion, CARE)
        assert sentence.endswith("expected two people.")
        line.entries.append(entry)
        assert "Time-out" in missing(line)


@pytest.mark.parametrize(
    ("detail", "count"),
    [({}, 0), ({"reason": "urgent", "decided_by": "Dr Weiss"}, 0), ({"reason": 3}, 1), ({"decided_by": ["x"]}, 1)],
)
def test_a_start_is_never_held_up_by_what_is_missing(detail: dict[str, Any], count: int) -> None:
    line = Timeline(CARE)
    entry = unsaved(line, line.event("start", 0, **detail))
    assert len(list(start_problems(entry, line.infusion, CARE))) == count


def test_nothing_was_asked_here_of_what_came_from_a_file() -> None:
    line = Timeline(CARE)
    line.set(-5, systolic=150)
    answer(line, -4, CARE.before[0].key)
    line.start(0)
    here = checklist(line.infusion, CARE)
    assert here.started_with_missing != ()
    found = checklist(from_file(line.infusion), CARE)
    assert (found.missing, found.started_with_missing, found.reason_wanted) == ((), (), False)
    assert [one.item.key for one in found.items] == [CARE.before[0].key]
    assert found.vitals == here.vitals
