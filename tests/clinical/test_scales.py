"""Recovery scores: sums with everything there, no sum without, and circulation by both variants in print."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from monitoring.clinical.protocol import Scale
from monitoring.clinical.scales import (
    against_baseline,
    circulation,
    circulation_points,
    distance,
    latest,
    name_of,
    score,
    score_problems,
)
from tests.clinical.care import CARE, aldrete, answer, corrected, scale_item, scored, unsaved
from tests.clinical.timeline import INES, SHIPPED, Timeline, at, running

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "aldrete_sample.csv"
ITEMS = ("circulation", "activity", "respiration", "consciousness", "oxygen_saturation")
BY_MMHG, BY_PERCENT = aldrete("mmHg"), aldrete("%")
# The vital signs of the other score in print: 20 and 40 % instead of 20 and 50.
PADSS_VITALS = scale_item("vital_signs", 2, 1, 0, measures=("systolic",), within=(20.0, 40.0), unit="%")


def points(*values: Any) -> dict[str, Any]:
    return {"scale": "aldrete"} | {f"item:{key}": value for key, value in zip(ITEMS, values, strict=False)}


@pytest.mark.skipif(not VECTORS.exists(), reason="the cases with expected results are not beside this checkout")
def test_sums_agree_with_the_published_cases() -> None:
    with VECTORS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 20
    for row in rows:
        assert score(points(*(int(row[key]) for key in ITEMS)), BY_MMHG).total == int(row["expected_total"]), row


def test_every_combination_of_points_is_its_sum() -> None:
    for values in product((0, 1, 2), repeat=5):
        assert score(points(*values), BY_PERCENT).total == sum(values)
    assert BY_PERCENT.highest == 10


@pytest.mark.parametrize("lacking", range(5))
def test_a_score_with_an_item_missing_has_no_total_and_says_which(lacking: int) -> None:
    detail = points(2, 2, 2, 2, 2)
    del detail[f"item:{ITEMS[lacking]}"]
    found = score(detail, BY_MMHG)
    label = ITEMS[lacking].capitalize()
    assert (found.total, found.problems) == (None, (f"Modified Aldrete, {label} missing: expected 2, 1 or 0.",))
    assert len(found.points) == 4


def test_zero_points_are_points() -> None:
    assert score(points(0, 0, 0, 0, 0), BY_MMHG).total == 0


@pytest.mark.parametrize("wrong", [3, -1, 1.5, "2", True, False, None, "", [2], float("nan")])
def test_points_that_an_item_does_not_have_leave_no_total(wrong: Any) -> None:
    found = score(points(2, wrong, 2, 2, 2), BY_MMHG)
    assert found.total is None
    assert len(found.problems) == 1
    assert found.problems[0].startswith("Modified Aldrete, Activity ")


def test_whole_points_written_with_a_point_are_the_same_points() -> None:
    assert score(points(2.0, 1.0, 0.0, 2, 2), BY_MMHG).points == dict(zip(ITEMS, (2, 1, 0, 2, 2), strict=True))


def test_an_item_of_another_scale_is_told() -> None:
    found = score(points(2, 2, 2, 2, 2) | {"item:bleeding": 2}, BY_MMHG)
    assert (found.total, found.problems) == (None, ("Modified Aldrete, “bleeding”: expected only its own items.",))


# Circulation. The cases of the two variants where they differ: 25 mmHg above 110 and above 150.


@pytest.mark.parametrize(
    ("baseline", "value", "by_mmhg", "by_percent"),
    [
        (110, 110, 2, 2),
        (110, 135, 1, 1),  # +25: 22.7 %
        (150, 175, 1, 2),  # +25: 16.7 %
        (150, 125, 1, 2),
        (100, 120, 2, 2),  # exactly 20
        (100, 80, 2, 2),
        (100, 121, 1, 1),
        (100, 79, 1, 1),
        (100, 150, 1, 1),  # exactly 50
        (100, 50, 1, 1),
        (100, 151, 0, 0),
        (100, 49, 0, 0),
        (80, 100, 2, 1),  # +20: 25 %
        (80, 64, 2, 2),  # -16: exactly 20 %
        (80, 63, 2, 1),
        (200, 240, 1, 2),  # exactly 20 %
        (200, 241, 1, 1),
        (200, 251, 0, 1),  # +51: 25.5 %
        (95, 114, 2, 2),  # exactly 20 %
        (95, 115, 2, 1),
        (0, 10, 2, None),  # no percentage of nothing
        (0, 0, 2, None),
        (100, 0, 0, 0),
        (None, 120, None, None),
        (120, None, None, None),
    ],
)
def test_circulation_by_both_variants(
    baseline: float | None, value: float | None, by_mmhg: int | None, by_percent: int | None
) -> None:
    assert circulation_points(BY_MMHG.items[0], baseline, value) == by_mmhg
    assert circulation_points(BY_PERCENT.items[0], baseline, value) == by_percent


@pytest.mark.parametrize(("value", "expected"), [(120, 2), (121, 1), (140, 1), (141, 0)])
def test_vital_signs_by_twenty_and_forty_percent(value: float, expected: int) -> None:
    assert circulation_points(PADSS_VITALS, 100, value) == expected


def test_points_do_not_depend_on_the_order_of_the_options() -> None:
    item = BY_MMHG.items[0]
    backwards = replace(item, options=item.options[::-1])
    assert [circulation_points(backwards, 100, value) for value in (100, 121, 151)] == [2, 1, 0]


def test_an_item_that_looks_at_no_pressure_has_no_points_from_one() -> None:
    assert circulation_points(BY_MMHG.items[1], 100, 100) is None


@pytest.mark.parametrize(
    ("baseline", "value", "unit", "expected"),
    [(37.4, 36.6, "mmHg", 0.8), (0.3, 0.1, "mmHg", 0.2), (120, 96, "%", 20), (0, 5, "%", None), (0, 5, "", 5)],
)
def test_distances_have_no_dust(baseline: float, value: float, unit: str, expected: float | None) -> None:
    assert distance(baseline, value, unit) == expected


@pytest.mark.parametrize(
    ("value", "baseline", "words"),
    [
        (151, 126, "Systolic pressure 151 mmHg at minute 55, 25 above baseline 126 (19.8 %)"),
        (100, 125, "Systolic pressure 100 mmHg at minute 55, 25 below baseline 125 (20 %)"),
        (126, 126, "Systolic pressure 126 mmHg at minute 55, as baseline 126"),
        (126, 0, "Systolic pressure 126 mmHg at minute 55, 126 above baseline 0"),
        (126, None, "Systolic pressure 126 mmHg at minute 55, no baseline"),
    ],
)
def test_a_value_beside_its_baseline(value: float, baseline: float | None, words: str) -> None:
    assert against_baseline(SHIPPED.measures["systolic"], value, baseline, "at minute 55") == words


def test_a_percentage_beside_its_baseline_is_told_in_its_own_unit() -> None:
    words = against_baseline(SHIPPED.measures["spo2"], 90, 100)
    assert words == "Oxygen saturation 90 %, 10 below baseline 100 (10 %)"


def test_circulation_looks_at_the_last_pressures_since_the_end_and_gives_the_fewest_points() -> None:
    line = running(CARE)  # 126 / 78
    both = replace(BY_MMHG.items[0], measures=("systolic", "diastolic"))
    line.set(30, systolic=200, diastolic=120)
    line.end(40)

    def found(minute: float) -> tuple[int | None, str]:
        seen = circulation(both, line.infusion, CARE, line.course(minute))
        return seen.points, seen.words

    assert found(41) == (None, "Systolic pressure: none since the end; Diastolic pressure: none since the end")
    line.set(45, systolic=130)
    assert found(46)[0] is None
    line.set(50, diastolic=104)
    assert found(51) == (
        1,
        "Systolic pressure 130 mmHg at minute 45, 4 above baseline 126 (3.2 %); "
        "Diastolic pressure 104 mmHg at minute 50, 26 above baseline 78 (33.3 %)",
    )


def test_circulation_without_a_baseline_has_no_points() -> None:
    line = Timeline(CARE)
    line.start(0)
    line.end(40)
    line.set(45, systolic=130)
    seen = circulation(BY_MMHG.items[0], line.infusion, CARE, line.course(50))
    assert (seen.points, seen.words) == (None, "Systolic pressure 130 mmHg at minute 45, no baseline")


# The score that holds


def test_the_score_observed_last_holds() -> None:
    line = running(CARE)
    line.end(40)
    scored(line, 60, 2, 2, 2, 1, 2)
    early = scored(line, 50, 2, 2, 1, 1, 2)
    line.entries[-1] = replace(early, recorded_at=at(61))
    held = latest(line.infusion, CARE)["aldrete"]
    assert (held.total, held.entry.observed_at) == (9, at(60))
    assert held.words == "Modified Aldrete (±20 mmHg) 9 of 10"
    assert latest(line.infusion, CARE, until=at(55))["aldrete"].total == 8
    assert latest(line.infusion, CARE, since=at(61)) == {}


def test_a_corrected_score_counts_and_a_withdrawn_one_does_not() -> None:
    line = running(CARE)
    line.end(40)
    first = scored(line, 50, 2, 2, 2, 2, 2)
    again = corrected(line, first, 51, by=INES, **points(1, 2, 2, 2, 2))
    held = latest(line.infusion, CARE)["aldrete"]
    assert (held.total, held.entry.author_name, held.entry.observed_at) == (9, INES.name, at(50))
    line.withdraw(again, 52)
    assert latest(line.infusion, CARE) == {}


def test_an_incomplete_score_holds_without_a_total() -> None:
    line = running(CARE)
    line.end(40)
    scored(line, 50, 2, 2, 2, 2, 2)
    line.event("score", 55, **points(2, 2, 2, 2))
    held = latest(line.infusion, CARE)["aldrete"]
    assert (held.total, held.words) == (None, "Modified Aldrete (±20 mmHg) incomplete")


def test_a_scale_that_the_protocol_does_not_have_is_no_score() -> None:
    line = running(CARE)
    line.end(40)
    line.event("score", 50, scale="padss")
    answer(line, 50, "gait")
    assert latest(line.infusion, CARE) == {}


def test_a_scale_without_a_variant_is_named_by_its_label() -> None:
    assert name_of(replace(BY_MMHG, variant="")) == "Modified Aldrete"


@pytest.mark.parametrize(
    ("detail", "sentences"),
    [
        (points(2, 2, 2, 2, 2), []),
        (points(2, 2, 2, 2), ["Modified Aldrete, Oxygen_saturation missing: expected 2, 1 or 0."]),
        ({"scale": "padss"}, ["Score by “padss”: expected Modified Aldrete."]),
        ({"scale": None}, ["Score by missing: expected Modified Aldrete."]),
        ({"scale": ["aldrete"]}, ["Score by “['aldrete']”: expected Modified Aldrete."]),
    ],
)
def test_scores_that_are_refused(detail: dict[str, Any], sentences: list[str]) -> None:
    line = running(CARE)
    entry = unsaved(line, line.event("score", 50, **detail))
    assert list(score_problems(entry, line.infusion, CARE)) == sentences


def test_a_site_without_scores_takes_none() -> None:
    without: dict[str, Scale] = {}
    protocol = replace(CARE, scales=without)
    line = running(protocol)
    entry = unsaved(line, line.event("score", 50, **points(2, 2, 2, 2, 2)))
    assert list(score_problems(entry, line.infusion, protocol)) == [
        "Score by “aldrete”: expected none, this site's protocol has no score."
    ]
