"""The generator's readings look like those of a clinic: the frequencies of published services, met on many infusions.

Items 1 to 7 are the realism list of the clinical reference; each test says which numbers it holds against. The source
of each number is in `data/demonstration/physiology.toml`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from random import Random
from statistics import mean, median, stdev

import pytest

from monitoring.demonstration import physiology
from monitoring.demonstration.physiology import MEASURES, Person, Response, Row, infusion_rows, numbers, person

SEEDS = ("one", "two", "three")
PATIENTS, EACH = 400, 6  # narrow frequencies need many: 2,400 infusions a seed
RECOVERY = (15, 30, 45, 60, 75, 90)


@dataclass(frozen=True)
class Given:
    """One infusion: who, which of the series, the sets, and what else there was."""

    patient: int
    who: Person
    number: int
    rows: tuple[Row, ...]  # baseline, 10, 20, 30, 40, then each 15 min after the end
    response: Response

    @property
    def baseline(self) -> Row:
        return self.rows[0]

    @property
    def at_40(self) -> Row:
        return self.rows[4]

    def change(self, measure: str) -> int:
        return self.at_40.values[measure] - self.baseline.values[measure]


@cache
def clinic(seed: str) -> tuple[Given, ...]:
    """Four hundred patients with six infusions each."""
    found = []
    for patient in range(PATIENTS):
        rng = Random(f"{seed}/{patient}")
        who = person(rng, age=rng.randint(20, 76), sex=rng.choice(("female", "male")))
        for number in range(1, EACH + 1):
            response = Response(who, rng, number=number, planned_minutes=40)
            minutes = [-4.0, 10.0, 20.0, 30.0, 40.0, *(response.end_minute + after for after in RECOVERY)]
            found.append(Given(patient, who, number, tuple(response.read(m) for m in minutes), response))
    return tuple(found)


@pytest.fixture(params=SEEDS)
def given(request: pytest.FixtureRequest) -> tuple[Given, ...]:
    return clinic(request.param)


def share(of: list[bool]) -> float:
    return sum(of) / len(of)


def went_through(given: tuple[Given, ...]) -> list[Given]:
    """Those that ran for the planned forty minutes, neither paused nor stopped."""
    return [g for g in given if g.response.end_minute == 40]


def test_item_1_systolic_change_at_40_min_has_the_published_mean_and_spread(given: tuple[Given, ...]) -> None:
    changes = [g.change("systolic") for g in went_through(given)]
    assert 3 <= mean(changes) <= 16
    assert 8 <= stdev(changes) <= 14


def test_item_1_the_peak_lies_at_30_to_40_min_in_most_infusions(given: tuple[Given, ...]) -> None:
    peaks = [max(g.rows[1:], key=lambda row: row.systolic).minute for g in went_through(given)]
    assert share([30 <= minute <= 40 for minute in peaks]) >= 0.6


def test_item_1_the_highest_value_of_each_infusion_lies_12_to_20_above_the_baseline(given: tuple[Given, ...]) -> None:
    assert 12 <= mean(max(r.systolic for r in g.rows[1:]) - g.baseline.systolic for g in given) <= 20


def test_item_1_diastolic_follows_and_some_patients_hardly_rise(given: tuple[Given, ...]) -> None:
    assert 3 <= mean(g.change("diastolic") for g in given) <= 11
    usual = [mean(g.change("systolic") for g in given[first : first + EACH]) for first in range(0, len(given), EACH)]
    assert 0.05 <= share([change < 4 for change in usual]) <= 0.3


def test_item_2_heart_rate_rises_a_little_and_falls_in_some(given: tuple[Given, ...]) -> None:
    changes = [g.change("heart_rate") for g in given]
    assert 0 <= mean(changes) <= 8
    assert 0.1 <= share([change < 0 for change in changes]) <= 0.45


def test_item_3_systolic_is_back_within_10_mmhg_by_90_min_after_the_end(given: tuple[Given, ...]) -> None:
    assert share([abs(g.rows[-1].systolic - g.baseline.systolic) <= 10 for g in given]) >= 0.95


def test_item_4_severe_pressure_is_rare_and_165_over_100_is_not(given: tuple[Given, ...]) -> None:
    assert 0.005 <= share([any(r.systolic >= 180 or r.diastolic >= 110 for r in g.rows) for g in given]) <= 0.02
    reached = {g.patient for g in given if any(r.systolic >= 165 or r.diastolic >= 100 for r in g.rows)}
    assert 0.30 <= len(reached) / PATIENTS <= 0.50


def test_rises_of_40_and_25_mmhg_come_in_some_6_and_12_of_a_hundred_infusions(given: tuple[Given, ...]) -> None:
    systolic = [max(r.systolic for r in g.rows[1:]) - g.baseline.systolic >= 40 for g in given]
    diastolic = [max(r.diastolic for r in g.rows[1:]) - g.baseline.diastolic >= 25 for g in given]
    assert 0.04 <= share(systolic) <= 0.08
    assert 0.09 <= share(diastolic) <= 0.15


def test_item_5_the_total_is_skewed_with_many_zeros_and_strongest_at_first(given: tuple[Given, ...]) -> None:
    """As published for a total from 0 to 92, which the generator holds behind the nurse's rating."""
    totals = [g.response.dissociation_total(40) for g in went_through(given)]
    assert median(totals) < mean(totals)
    assert 5 <= mean(totals) <= 12
    assert stdev(totals) > mean(totals)
    assert share([total == 0 for total in totals]) >= 0.20
    assert max(totals) <= 60
    first = mean(g.response.dissociation_total(40) for g in given if g.number == 1)
    assert first > mean(g.response.dissociation_total(40) for g in given if g.number > 1)
    assert share([g.response.dissociation_total(110) <= 2 for g in given]) >= 0.90


def test_item_5_in_the_nurses_own_rating_from_0_to_4(given: tuple[Given, ...]) -> None:
    """The same, translated: the total is cut into five grades, so a total of at most 2 is a rating of at most 1.

    A mean total of 5 to 12 lies in "mild" and "moderate": a mean rating of 1 to 2. None at all stays a fifth or more.
    """
    ratings = [g.response.dissociation(40) for g in went_through(given)]
    assert set(ratings) == {0, 1, 2, 3, 4}
    assert median(ratings) < mean(ratings)
    assert 1 <= mean(ratings) <= 2
    assert share([rating == 0 for rating in ratings]) >= 0.20
    assert share([rating == 4 for rating in ratings]) <= 0.05
    first = mean(g.response.dissociation(40) for g in given if g.number == 1)
    assert first > mean(g.response.dissociation(40) for g in given if g.number > 1)
    assert share([g.response.dissociation(110) <= 1 for g in given]) >= 0.90
    assert all(g.response.dissociation(minute) == 0 for g in given for minute in (-4, 0, 5))


def test_item_6_saturation_is_mostly_94_or_more_and_few_patients_fall_below(given: tuple[Given, ...]) -> None:
    values = [row.spo2 for g in given for row in g.rows]
    assert share([value >= 94 for value in values]) >= 0.97
    assert share([95 <= value <= 100 for value in values]) >= 0.95
    assert 0 < len({g.patient for g in given if any(r.spo2 < 94 for r in g.rows)}) / PATIENTS < 0.05


def test_item_7_stopping_early_is_rare_and_nausea_is_known_to_some_patients(given: tuple[Given, ...]) -> None:
    stopped = [g for g in given if g.response.stop_minute is not None]
    assert 0 < len(stopped) / len(given) <= 0.02
    assert Counter(g.response.stop_reason for g in stopped).most_common(1)[0][0] == "distress"
    sick = {g.patient for g in given if any(effect.name == "nausea" for effect in g.response.effects)}
    assert 0.10 <= len(sick) / PATIENTS <= 0.30


def test_item_8_no_set_of_an_infusion_is_the_same_as_another(given: tuple[Given, ...]) -> None:
    for g in given:
        assert len({tuple(row.values.items()) for row in g.rows}) == len(g.rows)
        assert all(before[1:] != after[1:] for before, after in pairwise(g.rows))


def test_item_8_values_are_whole_and_end_in_every_digit(given: tuple[Given, ...]) -> None:
    for measure in MEASURES:
        values = [row.values[measure] for g in given for row in g.rows]
        assert all(isinstance(value, int) for value in values)
    for measure in ("systolic", "diastolic", "heart_rate"):
        digits = Counter(row.values[measure] % 10 for g in given for row in g.rows)
        total = sum(digits.values())
        assert all(0.07 <= digits[digit] / total <= 0.13 for digit in range(10)), digits


def test_item_8_diastolic_lies_below_systolic_and_bodies_are_plausible(given: tuple[Given, ...]) -> None:
    assert all(row.diastolic < row.systolic for g in given for row in g.rows)
    assert all(45 <= g.who.weight_kg <= 140 for g in given)
    assert all(8 < row.respiration < 25 for g in given for row in g.rows)
    assert all(40 < row.heart_rate < 131 for g in given for row in g.rows)


def test_sedation_and_distress_stay_on_their_scales_and_are_mostly_absent(given: tuple[Given, ...]) -> None:
    sedated = [g.response.sedation(40) for g in given]
    assert set(sedated) <= {3, 4, 5}
    assert 0.6 <= share([value == 5 for value in sedated]) <= 0.95
    distress = [max(g.response.distress(minute) for minute in range(0, 60, 2)) for g in given]
    assert set(distress) == {0, 1, 2}
    assert share([value == 0 for value in distress]) >= 0.8
    assert share([value == 2 for value in distress]) <= 0.03


def test_the_same_seed_gives_the_same_rows_and_another_seed_others() -> None:
    assert infusion_rows(7) == infusion_rows(7)
    assert infusion_rows(7) != infusion_rows(8)


def test_rows_stand_at_the_minutes_of_the_schedule() -> None:
    rows = next(rows for seed in range(20) if (rows := infusion_rows(seed, recovery_minutes=30))[4].minute == 40)
    assert [row.minute for row in rows[:5]] == [-4, 10, 20, 30, 40]
    short = infusion_rows(3, planned_minutes=60, every_minutes=5, recovery_minutes=15)
    assert short[1].minute == 5
    assert all(before.minute < after.minute for before, after in pairwise(short))


def test_every_number_of_the_generator_says_where_it_comes_from() -> None:
    text = physiology.FILE.read_text(encoding="utf-8")
    spreads = [line for line in text.splitlines() if "mean =" in line]
    assert spreads
    assert all('source = "' in line and 'source = ""' not in line for line in spreads)
    for table in numbers().values():
        for value in table.values() if isinstance(table, dict) else ():
            if isinstance(value, dict) and "mean" in value:
                assert value["least"] < value["mean"] < value["most"] or value["mean"] == 0
