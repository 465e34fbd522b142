"""What is recorded before somebody leaves: each criterion at its edges, back at baseline, and leaving all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitoring.clinical.leaving import Leaving, close_problems, departure, page
from monitoring.clinical.protocol import Criterion, People, Protocol, RatingBound, ReturnToBaseline
from tests.clinical.care import (
    AWAKE,
    BARE,
    CARE,
    GAIT,
    HOME,
    LINE,
    PRESSURE,
    RATING,
    SCORE,
    STAY,
    TEST,
    aldrete,
    answer,
    corrected,
    said_by,
    scored,
    signature,
    unsaved,
)
from tests.clinical.timeline import ADA, INES, JONAS, Person, Timeline, at, minute_of, running

LEFT = "left with something missing"


def ended(*criteria: Criterion, protocol: Protocol = CARE) -> Timeline:
    """An infusion with baseline 126 / 78 that ended at minute 40, at a site with these criteria alone."""
    line = running(replace(protocol, leaving=criteria))
    line.end(40)
    return line


def leaving(line: Timeline, minute: float) -> Leaving:
    """The page at `minute`, from what was recorded by then."""
    return page(line.infusion.known_at(at(minute)), line.protocol, line.course(minute), at(minute))


def only(line: Timeline, minute: float) -> tuple[str, str]:
    """State and words of the one criterion."""
    (found,) = leaving(line, minute).criteria
    return found.state, found.words


def complete(line: Timeline, *, without: tuple[str, ...] = ()) -> Timeline:
    """Everything that `CARE` asks for before leaving, by minute 100, but for what is named."""
    if "values" not in without:
        line.quiet_set(95)
        line.observe(95, dissociation=0, sedation=5)
    if "score" not in without:
        scored(line, 96, 2, 2, 2, 2, 2)
    for key, note in (("gait", ""), ("line", ""), ("home", "Rosa Brandt")):
        if key not in without:
            answer(line, 97, key, "yes", note)
    return line


def test_with_nothing_recorded_everything_is_missing() -> None:
    line = running(CARE)
    assert {one.state for one in leaving(line, 30).criteria} == {"missing"}
    assert {one.words for one in leaving(line, 30).criteria} == {"the infusion has not ended"}
    line.end(40)
    assert leaving(line, 41).missing == (
        "Minimum stay",
        "Modified Aldrete",
        "Last pressure",
        "Dissociation",
        "Sedation",
        "Steady gait",
        "Line removed",
        "Left with",
    )
    assert [one.words for one in leaving(line, 41).criteria] == [
        "1 min since the end (site: at least 60)",
        "no score since the end",
        "Systolic pressure none since the end; Diastolic pressure none since the end",
        "none since the end",
        "none since the end",
        "",
        "",
        "",
    ]


def test_with_everything_recorded_nothing_is_missing_and_each_line_says_by_whom() -> None:
    line = running(CARE)
    line.end(40)
    found = leaving(complete(line), 100)
    assert found.missing == ()
    assert [(one.criterion.key, one.state, one.by, minute_of(one.at)) for one in found.criteria] == [
        ("stay", "met", "", 100),
        ("score", "met", ADA.name, 96),
        ("pressure", "met", ADA.name, 95),
        ("dissociation_low", "met", ADA.name, 95),
        ("awake", "met", ADA.name, 95),
        ("gait", "met", ADA.name, 97),
        ("line", "met", ADA.name, 97),
        ("home", "met", ADA.name, 97),
    ]


def test_a_version_without_a_page_has_nothing_missing() -> None:
    line = running(BARE)
    line.end(40)
    line.close(41)
    found = leaving(line, 41)
    assert (found.criteria, found.missing, found.parts, found.baseline_words) == ((), (), (), "")
    assert found.departure is not None
    assert found.departure.wants(BARE) == ()


# Each criterion


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (40, ("not met", "0 min since the end (site: at least 60)")),
        (99.9, ("not met", "59 min since the end (site: at least 60)")),
        (100, ("met", "60 min since the end (site: at least 60)")),
        (131, ("met", "91 min since the end (site: at least 60)")),
    ],
)
def test_the_minimum_stay_at_its_edge(minute: float, expected: tuple[str, str]) -> None:
    assert only(ended(STAY), minute) == expected


def test_the_stay_says_when_it_will_change_and_does_not_grow_after_leaving() -> None:
    line = ended(STAY)
    assert minute_of(leaving(line, 50).next_change) == 100
    assert leaving(line, 100).next_change is None
    line.close(70)
    assert only(line, 300) == ("not met", "30 min since the end (site: at least 60)")
    assert leaving(line, 80).next_change is None


def test_an_end_that_was_mistyped_moves_the_stay() -> None:
    line = ended(STAY)
    assert only(line, 100)[0] == "met"
    corrected(line, line.entries[-1], 100, seen_at=45)
    assert only(line, 100) == ("not met", "55 min since the end (site: at least 60)")


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ((2, 2, 2, 2, 1), ("met", "9 of 10 (±20 mmHg; site: at least 9)")),
        ((2, 2, 2, 1, 1), ("not met", "8 of 10 (±20 mmHg; site: at least 9)")),
        ((0, 0, 0, 0, 0), ("not met", "0 of 10 (±20 mmHg; site: at least 9)")),
    ],
)
def test_a_score_at_the_sites_threshold(points: tuple[int, ...], expected: tuple[str, str]) -> None:
    line = ended(SCORE)
    scored(line, 60, *points)
    assert only(line, 61) == expected


def test_another_site_another_threshold_and_variant() -> None:
    line = ended(SCORE, protocol=replace(CARE, scales={"aldrete": aldrete("%", threshold=8)}))
    scored(line, 60, 2, 2, 2, 1, 1)
    assert only(line, 61) == ("met", "8 of 10 (±20 %; site: at least 8)")


def test_a_score_with_an_item_missing_is_missing() -> None:
    line = ended(SCORE)
    line.event("score", 60, **{"scale": "aldrete", "item:activity": 2})
    assert only(line, 61) == ("missing", "incomplete")


def test_a_score_from_before_the_end_is_none_of_recovery() -> None:
    line = ended(SCORE)
    scored(line, 39, 2, 2, 2, 2, 2)
    assert only(line, 41) == ("missing", "no score since the end")
    scored(line, 40, 2, 2, 2, 2, 2)
    assert only(line, 41)[0] == "met"


@pytest.mark.parametrize(
    ("systolic", "diastolic", "state"),
    [
        (126, 78, "met"),
        (146, 98, "met"),  # exactly 20
        (106, 58, "met"),
        (147, 78, "not met"),
        (126, 99, "not met"),
        (105, 78, "not met"),
        (126, 57, "not met"),
    ],
)
def test_the_last_pressure_at_the_edges_of_the_band(systolic: float, diastolic: float, state: str) -> None:
    line = ended(PRESSURE)
    line.set(50, systolic=systolic, diastolic=diastolic)
    assert only(line, 51)[0] == state


def test_the_last_pressure_holds_not_the_best() -> None:
    line = ended(PRESSURE)
    line.set(50, systolic=126, diastolic=78)
    line.set(60, systolic=150)
    state, words = only(line, 61)
    assert state == "not met"
    assert words == (
        "Systolic pressure 150 mmHg at minute 60, 24 above baseline 126 (19 %): not within 20 mmHg; "
        "Diastolic pressure 78 mmHg at minute 50, as baseline 78: within 20 mmHg"
    )


def test_half_a_pressure_is_missing() -> None:
    line = ended(PRESSURE)
    line.set(50, systolic=126)
    assert only(line, 51)[0] == "missing"


def test_without_a_baseline_the_last_pressure_is_not_judged() -> None:
    line = Timeline(replace(CARE, leaving=(PRESSURE,)))
    line.start(0)
    line.end(40)
    line.set(50, systolic=126, diastolic=78)
    assert only(line, 51) == (
        "missing",
        "Systolic pressure: no baseline: not judged; Diastolic pressure: no baseline: not judged",
    )
    assert leaving(line, 51).back_at_baseline_after is None


def test_a_corrected_baseline_is_the_one_compared_with() -> None:
    line = Timeline(replace(CARE, leaving=(PRESSURE,)))
    baseline = line.quiet_set(-4, systolic=162)
    line.start(0)
    line.end(40)
    line.set(50, systolic=150, diastolic=78)
    assert only(line, 51)[0] == "met"
    line.correct(baseline, 52, systolic=126, diastolic=78, heart_rate=72, spo2=98, respiration=14)
    assert only(line, 52)[0] == "not met"


def test_without_a_band_the_last_pressure_is_missing() -> None:
    line = ended(PRESSURE, protocol=replace(CARE, return_to_baseline=None))
    line.set(50, systolic=126, diastolic=78)
    assert only(line, 51) == ("missing", "this site has set no band")


@pytest.mark.parametrize(
    ("criterion", "value", "expected"),
    [
        (RATING, {"dissociation": 0}, ("met", "0 none at minute 50 (site: at or below 1)")),
        (RATING, {"dissociation": 1}, ("met", "1 mild at minute 50 (site: at or below 1)")),
        (RATING, {"dissociation": 2}, ("not met", "2 moderate at minute 50 (site: at or below 1)")),
        (AWAKE, {"sedation": 5}, ("met", "5 alert at minute 50 (site: at or above 5)")),
        (AWAKE, {"sedation": 4}, ("not met", "4 lethargic at minute 50 (site: at or above 5)")),
        (AWAKE, {"sedation": 0}, ("not met", "0 no response at minute 50 (site: at or above 5)")),
    ],
)
def test_a_rating_at_its_bound(criterion: Criterion, value: dict[str, float], expected: tuple[str, str]) -> None:
    line = ended(criterion)
    line.observe(50, **value)
    assert only(line, 51) == expected


def test_a_rating_between_two_bounds() -> None:
    line = ended(replace(AWAKE, at_or_above=3, at_or_below=4))
    for value, state in [(2, "not met"), (3, "met"), (4, "met"), (5, "not met")]:
        line.observe(50 + value, sedation=value)
        assert only(line, 60)[0] == state
    assert only(line, 60)[1].endswith("(site: at or above 3 and at or below 4)")


def test_a_rating_of_the_end_itself_counts_and_one_before_does_not() -> None:
    line = ended(RATING)
    line.observe(39.9, dissociation=0)
    assert only(line, 41) == ("missing", "none since the end")
    line.observe(40, dissociation=3)
    assert only(line, 41)[0] == "not met"


def test_corrected_and_withdrawn_ratings() -> None:
    line = ended(RATING)
    low = line.observe(50, dissociation=3)
    again = line.correct(low, 51, dissociation=2)
    assert only(line, 51)[0] == "not met"
    last = line.correct(again, 52, dissociation=1)
    assert only(line, 52)[0] == "met"
    line.withdraw(last, 53)
    assert only(line, 53)[0] == "missing"


@pytest.mark.parametrize(
    ("criterion", "given", "note", "expected", "lacks"),
    [
        (GAIT, "yes", "", ("met", "yes"), ()),
        (GAIT, "no", "", ("not met", "no"), ("Steady gait: no",)),
        (GAIT, "no", "holds on to the wall", ("not met", "no, holds on to the wall"), ("Steady gait: no",)),
        (LINE, "not applicable", "", ("met", "not applicable"), ()),
        (GAIT, "not applicable", "", ("not met", "not applicable"), ("Steady gait: not applicable",)),
        (HOME, "yes", "", ("missing", "yes, who missing"), ("Left with: who missing",)),
        (HOME, "yes", "Rosa Brandt", ("met", "yes, Rosa Brandt"), ()),
    ],
)
def test_an_answered_criterion(
    criterion: Criterion, given: str, note: str, expected: tuple[str, str], lacks: tuple[str, ...]
) -> None:
    line = ended(criterion)
    answer(line, 60, criterion.key, given, note)
    assert only(line, 61) == expected
    assert leaving(line, 61).missing == lacks


def test_an_answer_from_before_the_end_is_told_and_does_not_count() -> None:
    line = ended(GAIT)
    answer(line, 20, "gait")
    assert only(line, 50) == ("missing", "answered yes before the end")
    answer(line, 40, "gait")
    assert only(line, 50) == ("met", "yes")


def test_answers_corrected_withdrawn_and_out_of_order() -> None:
    line = ended(GAIT)
    first = answer(line, 60, "gait", "no")
    second = corrected(line, first, 61, item="gait", answer="yes")
    assert only(line, 61)[0] == "met"
    corrected(line, second, 62, item="gait", answer="no", note="dizzy")
    assert only(line, 62) == ("not met", "no, dizzy")
    answer(line, 55, "gait", "yes", recorded=63)  # seen before
    assert only(line, 63) == ("not met", "no, dizzy")
    last = answer(line, 64, "gait")
    assert only(line, 64)[0] == "met"
    line.withdraw(last, 65)
    assert only(line, 65) == ("not met", "no, dizzy")


def test_by_whom_is_who_answered_last() -> None:
    line = ended(GAIT)
    answer(line, 60, "gait")
    said_by(line, JONAS, "check", 70, item="gait", answer="yes")
    (found,) = leaving(line, 71).criteria
    assert (found.by, minute_of(found.at)) == (JONAS.name, 70)


# Back at baseline


def baseline(line: Timeline, minute: float) -> tuple[int | None, list[str]]:
    found = leaving(line, minute)
    return found.back_at_baseline_after, [f"{part.measure} {part.state}" for part in found.parts]


def test_back_at_baseline_is_when_the_last_part_came_back_and_all_have_stayed() -> None:
    line = ended()
    line.set(30, systolic=126, diastolic=78)
    line.observe(38, dissociation=0)
    assert baseline(line, 41) == (None, ["systolic missing", "diastolic missing", "dissociation missing"])
    line.set(45, systolic=150, diastolic=80)
    line.observe(47, dissociation=2)
    assert baseline(line, 48) == (None, ["systolic outside", "diastolic within", "dissociation outside"])
    line.set(55, systolic=140, diastolic=80)
    assert baseline(line, 56) == (None, ["systolic within", "diastolic within", "dissociation outside"])
    line.observe(57.5, dissociation=1)
    assert baseline(line, 58) == (17, ["systolic within", "diastolic within", "dissociation within"])
    line.observe(65, dissociation=0)
    line.set(70, systolic=130, diastolic=80)
    assert baseline(line, 90)[0] == 17  # it counts from when it came back
    line.set(75, systolic=149)
    assert baseline(line, 76) == (None, ["systolic outside", "diastolic within", "dissociation within"])
    line.set(85, systolic=128)
    assert baseline(line, 86)[0] == 45


def test_back_at_baseline_in_words() -> None:
    line = running(CARE)
    assert leaving(line, 20).baseline_words == "Back at baseline: the infusion has not ended"
    line.end(40)
    line.set(45, systolic=150, diastolic=80)
    assert leaving(line, 52).baseline_words == (
        "Not recorded as back at baseline 12 min after the end: systolic pressure, dissociation not known"
    )
    line.set(55, systolic=126)
    line.observe(55, dissociation=1)
    assert leaving(line, 60).baseline_words == "Back at baseline 15 min after the end"


def test_a_value_at_the_end_itself_is_back_at_once() -> None:
    line = ended()
    line.quiet_set(40)
    line.observe(40, dissociation=0)
    assert baseline(line, 41)[0] == 0


def test_a_band_in_percent_of_baseline_at_its_edge() -> None:
    by_percent = ReturnToBaseline(("systolic",), 10.0, "%", (), TEST)
    for value, state in [(110, "within"), (111, "outside"), (90, "within"), (89, "outside")]:
        line = Timeline(replace(CARE, return_to_baseline=by_percent))
        line.set(-4, systolic=100)
        line.start(0)
        line.end(40)
        line.set(50, systolic=value)
        assert leaving(line, 51).parts[0].state == state, value


def test_several_ratings_have_each_their_level() -> None:
    line = ended(
        protocol=replace(
            CARE,
            return_to_baseline=ReturnToBaseline(
                (), 20.0, "mmHg", (RatingBound("dissociation", 0), RatingBound("distress", 1)), TEST
            ),
        )
    )
    line.observe(50, dissociation=0, distress=2)
    assert baseline(line, 51) == (None, ["dissociation within", "distress outside"])
    line.observe(52, distress=1)
    assert baseline(line, 53)[0] == 12


def test_values_after_leaving_do_not_count() -> None:
    line = ended(RATING)
    line.observe(50, dissociation=3)
    line.close(60)
    line.observe(61, dissociation=0)
    assert only(line, 70)[0] == "not met"
    line.observe(59, dissociation=1, recorded=72)  # seen before leaving, told after
    assert only(line, 73)[0] == "met"


def test_stopping_at_minute_0_has_a_recovery_like_any_other() -> None:
    line = running(replace(CARE, leaving=(STAY, RATING)))
    line.stop(0)
    line.observe(0, dissociation=0)
    assert [one.state for one in leaving(line, 59).criteria] == ["not met", "met"]
    assert [one.state for one in leaving(line, 60).criteria] == ["met", "met"]


# Leaving with something missing


def closing(
    line: Timeline, minute: float, *, by: Person = ADA, second: Person | None = None, meaning: str = LEFT, **detail: Any
) -> list[str]:
    """Why leaving is not taken on a live screen, and then it is recorded."""
    signed = {"signatures": [signature(second, meaning, minute)]} if second else {}
    entry = unsaved(line, said_by(line, by, "close", minute, **detail, **signed))
    sentences = list(close_problems(entry, line.infusion, line.protocol))
    line.entries.append(entry)
    return sentences


WHY = "Patient left, with something missing (Steady gait): expected why."
WHO = "Patient left, with something missing: expected a second person's PIN."


def test_leaving_with_everything_takes_nothing() -> None:
    line = running(CARE)
    line.end(40)
    assert closing(complete(line), 100) == []
    assert (found := departure(line.infusion, CARE)) is not None
    assert (found.missing, found.reason, found.second, found.wants(CARE)) == ((), "", None, ())


def test_one_minute_short_of_the_stay_is_something_missing() -> None:
    line = running(CARE)
    line.end(40)
    assert closing(complete(line), 99) == [
        "Patient left, with something missing (Minimum stay): expected why.",
        WHO,
    ]


@pytest.mark.parametrize(
    ("how", "sentences"),
    [
        ({}, [WHY, WHO]),
        ({"reason": "  "}, [WHY, WHO]),
        ({"reason": "insisted on leaving"}, [WHO]),
        ({"second": JONAS}, [WHY]),
        ({"reason": "insisted on leaving", "second": JONAS}, []),
        ({"reason": "insisted on leaving", "second": INES}, []),
        (
            {"reason": "insisted on leaving", "second": ADA},
            ["Patient left, signed by Ada Okafor alone: expected a second person's PIN."],
        ),
        ({"reason": "insisted on leaving", "second": JONAS, "meaning": "reviewed"}, [WHO]),
        ({"reason": "insisted on leaving", "second": ADA, "by": JONAS}, []),
    ],
)
def test_leaving_with_something_missing_takes_a_reason_and_a_second_person(
    how: dict[str, Any], sentences: list[str]
) -> None:
    line = ended(GAIT)
    assert closing(line, 100, **how) == sentences
    found = departure(line.infusion, line.protocol)
    assert found is not None
    assert found.missing == ("Steady gait",)
    assert len(found.wants(line.protocol)) == len(sentences)


def test_a_site_that_asks_for_no_second_person_takes_a_reason() -> None:
    line = ended(GAIT, protocol=replace(CARE, people=People()))
    assert closing(line, 100) == [WHY]
    assert closing(ended(GAIT, protocol=replace(CARE, people=People())), 100, reason="insisted") == []


def test_leaving_from_an_outbox_is_kept_and_shows_until_it_is_told() -> None:
    line = ended(GAIT)
    entry = unsaved(line, line.event("close", 100))
    assert list(close_problems(replace(entry, queued=True), line.infusion, line.protocol)) == []
    line.entries.append(replace(entry, queued=True))
    found = departure(line.infusion, line.protocol)
    assert found is not None
    assert found.wants(line.protocol) == ("why", "a second person")


def test_an_infusion_that_has_not_ended_is_refused_for_its_phase_alone() -> None:
    line = running(CARE)
    assert closing(line, 20) == []
    assert departure(line.infusion, CARE) is None


def test_what_is_told_later_counts_for_the_page_and_not_for_what_was_missing_then() -> None:
    line = ended(GAIT)
    closing(line, 100)
    answer(line, 98, "gait", recorded=110)
    found = leaving(line, 111)
    assert found.missing == ()
    assert found.departure is not None
    assert found.departure.missing == ("Steady gait",)


def test_an_answer_given_just_after_leaving_counts() -> None:
    line = ended(GAIT)
    closing(line, 100, reason="insisted on leaving", second=JONAS)
    answer(line, 101, "gait")
    assert only(line, 102) == ("met", "yes")


def test_a_reason_and_a_second_person_may_follow_in_corrections() -> None:
    line = ended(GAIT)
    closing(line, 100)
    close = line.entries[-1]
    told = corrected(line, close, 105, by=JONAS, reason="insisted on leaving")
    found = departure(line.infusion, line.protocol)
    assert found is not None
    assert (found.by, found.reason, found.wants(line.protocol)) == (
        ADA.name,
        "insisted on leaving",
        ("a second person",),
    )
    entry = unsaved(line, corrected(line, told, 106, by=JONAS, seen_at=101, signatures=[signature(ADA, LEFT, 106)]))
    (sentence,) = close_problems(entry, line.infusion, line.protocol)  # she recorded it: still nobody else
    assert sentence == "Patient left, signed by Ada Okafor alone: expected a second person's PIN."
    entry = corrected(line, told, 106, by=JONAS, seen_at=101, signatures=[signature(INES, LEFT, 106)])
    found = departure(line.infusion, line.protocol)
    assert found is not None
    assert (minute_of(found.at), found.reason, found.wants(line.protocol)) == (101, "insisted on leaving", ())
    unsaved(line, entry)
    assert list(close_problems(entry, line.infusion, line.protocol)) == []


def test_a_correction_of_leaving_is_judged_by_what_was_known_at_first() -> None:
    line = ended(GAIT)
    closing(line, 100)
    answer(line, 99, "gait", recorded=103)
    entry = unsaved(line, corrected(line, line.entries[-2], 105, seen_at=102))
    assert list(close_problems(entry, line.infusion, line.protocol)) == [WHY, WHO]


def test_leaving_that_was_withdrawn_is_none() -> None:
    line = ended(GAIT)
    closing(line, 100)
    line.withdraw(line.entries[-1], 101)
    assert departure(line.infusion, line.protocol) is None
    answer(line, 102, "gait")
    assert closing(line, 103) == []
