"""Outcome scores along the invented series: whole, falling over most of them, and somebody told where an item asks."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.clinical.instruments import read_instruments, score_problems
from monitoring.demonstration.people import patients
from monitoring.records import Store
from monitoring.records.shapes import Score, Series
from tests.demonstration.conftest import NOON, Demonstration
from tests.small_clinic import over

INSTRUMENTS = Path(__file__).resolve().parents[2] / "data" / "scales" / "outcomes.toml"


@pytest.fixture(scope="module")
def series(shown: Demonstration) -> list[Series]:
    found = shown.store.find_patients("", limit=100)
    return [one for patient in found for one in shown.store.series_of(patient.id)]


@pytest.fixture(scope="module")
def scores(shown: Demonstration, series: list[Series]) -> list[Score]:
    return [score for one in series for score in shown.store.scores_of(one.id)]


def test_each_series_says_what_it_is_for_and_who_ordered_it(shown: Demonstration, series: list[Series]) -> None:
    assert len(series) == sum(max(len(one.past), bool(one.chair)) for one in patients())
    for one in series:
        found = shown.store.series_details(one.id)
        assert found is not None
        assert found.indication
        assert found.prescriber.startswith("Dr ")
        assert found.planned_infusions == one.planned_infusions


def test_every_score_is_one_of_its_instrument(scores: list[Score]) -> None:
    known = read_instruments(INSTRUMENTS.read_text(encoding="utf-8"))
    for score in scores:
        assert score_problems(known, score.instrument, score.version, score.total, score.items) == []
        assert score.rated_on <= NOON.date()
        assert score.recorded_at <= NOON
    assert {score.instrument for score in scores} == {"phq9", "madrs"}
    assert {score.rater for score in scores if score.instrument == "phq9"} == {"patient"}
    assert all(score.rater.startswith("Dr ") for score in scores if score.instrument == "madrs")


def test_there_is_a_phq9_for_each_infusion_that_was_started(shown: Demonstration, scores: list[Score]) -> None:
    rated = defaultdict(set)
    for score in scores:
        if score.instrument == "phq9":
            rated[score.series_id].add(score.rated_on)
    for infusion in over(shown.store):
        assert infusion.opened_at.date() in rated[infusion.series]


def test_totals_fall_by_half_over_most_whole_series_and_over_some_not(shown: Demonstration) -> None:
    falls = []
    for one in patients():
        if one.past and one.past[0][0] == 6:
            totals = totals_of(shown.store, one.number)
            assert len(totals) == 6
            falls.append(totals[-1] <= totals[0] / 2)
    assert 0.5 <= sum(falls) / len(falls) <= 0.9
    assert not all(falls)


def totals_of(store: Store, number: str) -> list[float]:
    """The PHQ-9 totals of a patient's first series, in order."""
    (patient,) = [one for one in store.find_patients(number) if one.number == number]
    scores = store.scores_of(store.series_of(patient.id)[0].id)
    return [score.total for score in scores if score.instrument == "phq9" and score.total is not None]


def test_whoever_has_item_9_above_zero_somebody_was_told_of_it(scores: list[Score]) -> None:
    above = [score for score in scores if score.items and score.items["9"] > 0]
    assert 5 <= len(above) <= len(scores) / 2
    just_now = [score for score in above if NOON - score.recorded_at < timedelta(minutes=25)]
    for score in above:
        if score in just_now and not score.told:
            continue  # it waits for an answer
        (told,) = score.told
        assert told.whom.startswith("Dr ")
        assert score.recorded_at < told.told_at <= told.recorded_at
    assert not any(score.told for score in scores if score not in above)
