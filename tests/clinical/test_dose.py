"""The dose: worked out step by step, by two people, within the site's bounds; and where the drug went."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.course import course
from monitoring.clinical.dose import (
    SECOND_CALCULATION,
    WITNESS_OF_WASTE,
    Calculation,
    Inputs,
    Plan,
    bag_empty_words,
    calculation,
    differences,
    disagreements,
    dose_check_problems,
    dose_problems,
    drug_problems,
    inputs_of,
    live_problems,
    order_problems,
    plan_of,
    rate_slips,
    reconciliation,
    rounded,
    slips,
)
from monitoring.clinical.protocol import (
    ControlledDrug,
    IdealWeight,
    People,
    Preparation,
    Protocol,
)
from monitoring.clinical.record import Entry, Event
from tests.clinical.timeline import ADA, JONAS, OMAR, SHIPPED, Person, Timeline, at, measure, protocol, running

VECTORS: Final = Path(__file__).resolve().parents[2] / "../shared/vectors/dose_rate_sample.csv"

DEVINE: Final = IdealWeight(female_kg=45.5, male_kg=50, per_inch_kg=2.3, over_inches=60, source="Devine 1974")
PREPARATION: Final = Preparation(
    weight_bases=("actual", "ideal", "adjusted"),
    weight_basis="actual",
    stock_mg_per_ml=(10, 50, 100),
    bag_volumes_ml=(50, 100),
    stock_volume="replaces",
    dose_mg_possible=(3, 150),
    round_dose_mg=0.1,
    round_volume_ml=0.01,
    round_rate_ml_per_h=0.1,
    second_calculation=True,
    ideal_weight=DEVINE,
    adjusted_fraction=0.4,
    source="made for this test",
)
DRUG: Final = ControlledDrug("Ketamine", ("sharps container", "drug neutraliser"), 0.5, "made for this test")
BARE: Final = protocol(measure("pulse", unit="/min"))  # 0.1 to 1.5 mg/kg, 20 to 120 min, 30 to 250 kg, 5 to 400 mL/h
SITE: Final = replace(BARE, preparation=PREPARATION, drug=DRUG, people=People(waste_witness=True))


def worked(
    weight_kg: float = 80,
    mg_per_kg: float = 0.5,
    minutes: float = 40,
    *,
    stock: float = 50,
    bag: float = 100,
    basis: str = "actual",
    height_cm: float | None = None,
    sex: str = "female",
    **rule: Any,
) -> Calculation:
    inputs = Inputs(weight_kg, mg_per_kg, minutes, basis, stock, bag, height_cm)
    return calculation(inputs, replace(PREPARATION, **rule), SITE.dose, sex)


# The calculation


@pytest.mark.parametrize(
    ("weight_kg", "mg_per_kg", "minutes", "stock", "bag", "dose_mg", "stock_ml", "rate", "delivered"),
    [
        (80, 0.5, 40, 50, 100, 40, 0.8, 150, 40),
        (80, 0.5, 40, 50, 50, 40, 0.8, 75, 40),
        (80, 0.5, 40, 10, 100, 40, 4, 150, 40),
        (80, 0.5, 40, 100, 100, 40, 0.4, 150, 40),
        (85.3, 0.5, 40, 50, 100, 42.7, 0.85, 150, 42.5),  # 42.65 mg: half a step goes up; 0.85 mL hold 42.5 mg
        (85.1, 0.5, 40, 50, 100, 42.6, 0.85, 150, 42.5),  # 42.55
        (97.5, 0.5, 40, 50, 100, 48.8, 0.98, 150, 49),  # 48.75 mg; the volume of 48.8 is 0.976, drawn up as 0.98
        (80, 0.5, 45, 50, 100, 40, 0.8, 133.3, 39.99),  # 133.333: what is delivered follows the rounded rate
        (80, 0.5, 70, 50, 100, 40, 0.8, 85.7, 39.99333),
        (80, 0.5, 55, 50, 100, 40, 0.8, 109.1, 40),  # rounded up: the bag is empty a little earlier, and held no more
        (80, 0.5, 100, 50, 100, 40, 0.8, 60, 40),
        (30, 0.1, 120, 10, 50, 3, 0.3, 25, 3),
        (100, 1.5, 20, 100, 100, 150, 1.5, 300, 150),
    ],
)
def test_a_dose_worked_out(
    weight_kg: float,
    mg_per_kg: float,
    minutes: float,
    stock: float,
    bag: float,
    dose_mg: float,
    stock_ml: float,
    rate: float,
    delivered: float,
) -> None:
    found = worked(weight_kg, mg_per_kg, minutes, stock=stock, bag=bag)
    assert found.problems == ()
    assert (found.dose_mg, found.stock_ml, found.rate_ml_per_h) == (dose_mg, stock_ml, rate)
    assert found.final_volume_ml == bag
    assert found.delivered_mg == pytest.approx(delivered, abs=1e-5)
    assert found.concentration_mg_per_ml == pytest.approx(stock_ml * stock / bag)


def test_every_step_is_shown_with_its_units_and_nothing_ends_in_a_zero_behind_the_point() -> None:
    shown = [(step.label, step.formula, step.result) for step in worked(85.3, 0.5, 45).steps]
    assert shown == [
        ("Dose", "85.3 kg × 0.5 mg/kg", "42.7 mg"),
        ("Stock volume", "42.7 mg ÷ 50 mg/mL", "0.85 mL"),
        ("Final volume", "100 mL, of which 0.85 mL stock in place of diluent", "100 mL"),
        ("Concentration in the bag", "0.85 mL × 50 mg/mL ÷ 100 mL", "0.425 mg/mL"),
        ("Rate", "100 mL ÷ 45 min × 60 min/h", "133.3 mL/h"),
        ("Delivered at this rate", "133.3 mL/h × 45 min ÷ 60 min/h × 42.5 mg ÷ 100 mL", "42.4894 mg"),
    ]
    unrounded = [step.unrounded for step in worked(85.3, 0.5, 45).steps]
    assert unrounded == ["42.65 mg", "0.854 mL", "100 mL", "0.425 mg/mL", "133.3333 mL/h", "42.4894 mg"]


def test_a_rate_that_was_rounded_up_empties_the_bag_early_and_says_so() -> None:
    last = worked(80, 0.5, 55).steps[-1]
    assert last.formula == "100 mL, all there is after less than 55 min × 40 mg ÷ 100 mL"
    assert last.result == "40 mg"


def test_the_stock_may_come_on_top_of_the_bag_and_the_rate_says_so() -> None:
    found = worked(stock_volume="adds")
    assert (found.final_volume_ml, found.rate_ml_per_h) == (100.8, 151.2)
    assert found.concentration_mg_per_ml == pytest.approx(40 / 100.8)
    assert found.delivered_mg == pytest.approx(40)
    assert "100 mL + 0.8 mL stock on top" in [step.formula for step in found.steps]
    assert found.detail["stock_volume"] == "adds"


def test_the_shipped_protocol_comes_to_the_published_rate() -> None:
    assert SHIPPED.preparation is not None
    for bag, rate in ((100, 150), (50, 75)):
        found = calculation(Inputs(80, 0.5, 40, "actual", 50, bag), SHIPPED.preparation, SHIPPED.dose, "female")
        assert (found.problems, found.dose_mg, found.stock_ml, found.rate_ml_per_h) == ((), 40, 0.8, rate)


def test_the_detail_is_ready_to_be_recorded() -> None:
    assert worked().detail == {
        "weight_basis": "actual",
        "stock_mg_per_ml": 50,
        "bag_volume_ml": 100,
        "stock_volume": "replaces",
        "dosing_weight_kg": 80,
        "dose_mg": 40,
        "stock_ml": 0.8,
        "final_volume_ml": 100,
        "rate_ml_per_h": 150,
    }
    assert worked(basis="ideal", height_cm=170).detail["height_cm"] == 170


@pytest.mark.parametrize(
    ("value", "step", "expected"),
    [
        (42.65, 0.1, 42.7),
        (42.649, 0.1, 42.6),
        (42.55, 0.1, 42.6),  # to even it would be 42.6, and 42.45 would be 42.4
        (42.45, 0.1, 42.5),
        (0.125, 0.01, 0.13),
        (0.285, 0.01, 0.29),  # in floats 0.285 lies below its half
        (1.005, 0.01, 1.01),
        (133.333, 0.1, 133.3),
        (62.5, 5, 65),
        (62.4, 5, 60),
        (0, 0.1, 0),
    ],
)
def test_half_a_step_goes_up(value: float, step: float, expected: float) -> None:
    assert rounded(value, step) == expected


WEIGHTS = st.decimals(min_value=30, max_value=250, places=1).map(float)
STOCKS = st.sampled_from((10.0, 50.0, 100.0))


@settings(max_examples=60, deadline=None)
@given(WEIGHTS, STOCKS)
def test_half_a_milligram_per_kilogram_in_100_ml_over_40_min_is_always_150_ml_per_h(
    weight: float, stock: float
) -> None:
    found = worked(weight, stock=stock)
    assert found.problems == ()
    assert found.rate_ml_per_h == 150
    assert worked(weight, stock=stock, bag=50).rate_ml_per_h == 75
    assert found.stock_ml is not None
    held = pytest.approx(found.stock_ml * stock)
    assert found.delivered_mg == held, "nothing is lost where the rate needs no rounding"


@settings(max_examples=100, deadline=None)
@given(
    WEIGHTS,
    st.sampled_from((0.1, 0.25, 0.4, 0.5, 0.75, 1.0, 1.5)),
    st.integers(20, 120),
    STOCKS,
    st.sampled_from((50.0, 100.0)),
    st.sampled_from(("replaces", "adds")),
)
def test_every_result_is_what_its_inputs_come_to_within_half_a_step(
    weight: float, mg_per_kg: float, minutes: int, stock: float, bag: float, volume: str
) -> None:
    found = worked(weight, mg_per_kg, minutes, stock=stock, bag=bag, stock_volume=volume)
    assert found.dose_mg is not None
    assert found.stock_ml is not None
    assert found.final_volume_ml is not None
    assert found.rate_ml_per_h is not None
    assert abs(found.dose_mg - weight * mg_per_kg) <= 0.05 + 1e-9
    assert abs(found.stock_ml - found.dose_mg / stock) <= 0.005 + 1e-9
    assert found.final_volume_ml == pytest.approx(bag + (found.stock_ml if volume == "adds" else 0))
    assert abs(found.rate_ml_per_h - found.final_volume_ml / minutes * 60) <= 0.05 + 1e-9
    for value, step in ((found.dose_mg, "0.1"), (found.stock_ml, "0.01"), (found.rate_ml_per_h, "0.1")):
        assert Decimal(str(value)) % Decimal(step) == 0
    # Half a step of the rate, over the planned time, in milligrams.
    held = found.stock_ml * stock
    slack = 0.05 * minutes / 60 * held / found.final_volume_ml
    assert found.delivered_mg == pytest.approx(held, abs=slack + 1e-9)
    assert found.delivered_mg <= held + 1e-9
    assert bool(found.detail) == (not found.problems)


@settings(max_examples=40, deadline=None)
@given(WEIGHTS, st.integers(20, 120))
def test_twice_the_weight_is_twice_the_dose_at_the_same_rate(weight: float, minutes: int) -> None:
    one, two = worked(weight / 2, 0.4, minutes), worked(weight, 0.4, minutes)
    assert one.rate_ml_per_h == two.rate_ml_per_h
    assert two.dose_mg == pytest.approx(2 * (one.dose_mg or 0), abs=0.15 + 1e-9)


@pytest.mark.skipif(not VECTORS.is_file(), reason="no vectors beside this checkout")
def test_it_agrees_with_the_cases_worked_out_elsewhere() -> None:
    """There the drug is pumped at its own concentration: a bag that holds nothing but the stock."""
    with VECTORS.open(encoding="utf-8", newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    assert len(rows) == 40
    fine = {"round_dose_mg": 1e-6, "round_volume_ml": 1e-6, "round_rate_ml_per_h": 1e-6}
    for row in rows:
        volume = row["weight_kg"] * row["dose_mg_per_kg"] / row["conc_mg_per_ml"]
        given_to = (row["weight_kg"], row["dose_mg_per_kg"], row["duration_min"])
        found = worked(*given_to, stock=row["conc_mg_per_ml"], bag=volume, **fine)
        expected = {
            "dose_mg": row["total_mg"],
            "stock_ml": row["volume_ml"],
            "rate_ml_per_h": row["rate_ml_per_h"],
            "mg_per_h": row["mg_per_h"],
            "ug_per_kg_min": row["mcg_per_kg_min"],
            "delivered_mg": row["total_mg"],
        }
        assert {key: getattr(found, key) for key in expected} == pytest.approx(expected, abs=1e-4), row
        assert found.rate_ml_per_h == pytest.approx(row["peer_p1_ml_per_h"], abs=1e-4)
        assert found.mg_per_h == pytest.approx(row["peer_ucumlhc_mg_per_h"], abs=1e-4)
        by_rule = worked(*given_to, stock=row["conc_mg_per_ml"], bag=volume)
        assert by_rule.dose_mg == rounded(row["total_mg"], 0.1)


# The weight it goes by


@pytest.mark.parametrize(
    ("sex", "height_cm", "basis", "weight_kg", "dosing_weight_kg"),
    [
        ("female", 170, "ideal", 80, 61.437),
        ("male", 175, "ideal", 80, 70.465),
        ("female", 152.4, "ideal", 80, 45.5),  # 60 inches: nothing above the first
        ("male", 152.4, "ideal", 80, 50),
        ("female", 170, "adjusted", 100, 76.862),  # 61.437 + 0.4 × 38.563
        ("male", 175, "adjusted", 70.465, 70.465),
        ("female", 170, "actual", 100, 100),
    ],
)
def test_the_weight_a_dose_goes_by(
    sex: str, height_cm: float, basis: str, weight_kg: float, dosing_weight_kg: float
) -> None:
    found = worked(weight_kg, basis=basis, height_cm=height_cm, sex=sex)
    assert found.problems == ()
    assert found.dosing_weight_kg == dosing_weight_kg
    assert found.dose_mg == rounded(dosing_weight_kg * 0.5, 0.1)


def test_the_formula_of_the_ideal_weight_is_shown() -> None:
    first, second = worked(100, basis="adjusted", height_cm=170).steps[:2]
    assert first.label == "Ideal weight, female"
    assert first.formula == "45.5 kg + 2.3 kg/in × (170 cm ÷ 2.54 cm/in − 60 in)"
    assert first.result == "61.437 kg"
    assert second.formula == "61.437 kg + 0.4 × (100 kg − 61.437 kg)"
    assert second.result == "76.862 kg"


def test_an_ideal_weight_above_the_actual_one_is_said_and_not_capped() -> None:
    found = worked(55, basis="ideal", height_cm=175, sex="male")
    assert found.steps[0].result == "70.465 kg, above the actual 55 kg"
    assert found.dosing_weight_kg == 70.465
    assert "above" not in worked(70.465, basis="ideal", height_cm=175, sex="male").steps[0].result


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"sex": "other"},
            "Sex “other”: the formula for the ideal weight is for female or male; expected another weight basis.",
        ),
        (
            {"sex": "unknown"},
            "Sex “unknown”: the formula for the ideal weight is for female or male; expected another weight basis.",
        ),
        ({"height_cm": None}, "Height missing: expected the height in cm for the ideal weight."),
        ({"height_cm": 0}, "Height “0”: expected the height in cm for the ideal weight."),
        (
            {"height_cm": 152.3},
            "Height 152.3 cm: the formula for the ideal weight begins at 152.4 cm; expected another weight basis.",
        ),
        (
            {"height_cm": 1.7},
            "Height 1.7 cm: the formula for the ideal weight begins at 152.4 cm; expected another weight basis.",
        ),
        ({"height_cm": 1700}, "Dosing weight 1446.87 kg: expected 30 to 250."),
        ({"ideal_weight": None}, "Weight basis ideal: this protocol has no formula for the ideal weight."),
        ({"weight_bases": ("actual",)}, "Weight basis “ideal”: expected actual."),
    ],
)
def test_without_what_the_formula_needs_there_is_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    found = worked(**({"basis": "ideal", "height_cm": 170} | changes))
    assert sentence in found.problems
    assert found.detail == {}


def test_another_weight_basis_asks_neither_height_nor_sex() -> None:
    assert worked(sex="unknown").problems == ()


# The site's bounds


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({"weight_kg": 30}, []),
        ({"weight_kg": 29.9}, ["Weight 29.9 kg: expected 30 to 250."]),
        ({"weight_kg": 250}, []),
        ({"weight_kg": 250.1}, ["Weight 250.1 kg: expected 30 to 250."]),
        ({"mg_per_kg": 0.1}, []),
        ({"mg_per_kg": 0.09}, ["Dose per weight 0.09 mg/kg: expected 0.1 to 1.5."]),
        ({"mg_per_kg": 1.5}, []),
        ({"mg_per_kg": 1.51}, ["Dose per weight 1.51 mg/kg: expected 0.1 to 1.5."]),
        (
            {"mg_per_kg": 5},
            ["Dose per weight 5 mg/kg: expected 0.1 to 1.5.", "Dose 400 mg: expected 3 to 150."],
        ),
        ({"weight_kg": 100, "mg_per_kg": 1.5}, []),
        ({"weight_kg": 100.1, "mg_per_kg": 1.5}, ["Dose 150.2 mg: expected 3 to 150."]),
        ({"minutes": 20}, []),
        ({"minutes": 19}, ["Planned time 19 min: expected 20 to 120."]),
        ({"minutes": 120}, []),
        ({"minutes": 121}, ["Planned time 121 min: expected 20 to 120."]),
        ({"minutes": 4}, ["Planned time 4 min: expected 20 to 120.", "Rate 1500 mL/h: expected 5 to 400."]),
        ({"stock": 5}, ["Stock 5 mg/mL: expected 10, 50 or 100."]),
        ({"bag": 150}, ["Bag 150 mL: expected 50 or 100."]),
        ({"basis": "lean"}, ["Weight basis “lean”: expected actual, ideal or adjusted."]),
        ({"weight_kg": 0}, ["Weight 0 kg: expected 30 to 250."]),
        ({"minutes": float("nan")}, ["Planned time “nan”: expected a number in min."]),
        ({"stock": None}, ["Stock missing: expected 10, 50 or 100."]),
    ],
)
def test_outside_the_bounds_of_the_site_there_is_a_sentence_and_nothing_to_record(
    changes: dict[str, Any], sentences: list[str]
) -> None:
    found = worked(**changes)
    assert list(found.problems) == sentences
    assert (found.detail == {}) == bool(sentences)


def test_what_lies_outside_is_still_worked_out_so_that_it_can_be_seen() -> None:
    assert [step.result for step in worked(mg_per_kg=5).steps][:2] == ["400 mg", "8 mL"]
    assert worked(weight_kg=0).steps == ()


def test_more_stock_than_the_bag_holds_is_refused() -> None:
    sentence = "Stock volume 15 mL: expected no more than the bag of 10 mL."
    few = {"bag_volumes_ml": (10,)}
    assert sentence in worked(100, 1.5, stock=10, bag=10, **few).problems
    assert worked(100, 1.0, minutes=40, stock=10, bag=10, **few).problems == (), "a bag of nothing but stock"


NUMBERS = st.one_of(st.floats(), st.integers(), st.none(), st.booleans(), st.text(max_size=3))


@settings(max_examples=80, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_whatever_is_typed_is_answered(weight: Any, dose: Any, minutes: Any, stock: Any, bag: Any, height: Any) -> None:
    found = worked(weight, dose, minutes, stock=stock, bag=bag, height_cm=height, basis="ideal")
    assert found.problems
    assert found.detail == {}


# Two people


@pytest.mark.parametrize(
    ("expected", "typed", "sentences"),
    [
        ({"rate_ml_per_h": 4.17}, {"rate_ml_per_h": 41.7}, ["Rate 41.7 mL/h is ten times 4.17 mL/h: a decimal point?"]),
        ({"rate_ml_per_h": 150}, {"rate_ml_per_h": 15}, ["Rate 15 mL/h is a tenth of 150 mL/h: a decimal point?"]),
        (
            {"rate_ml_per_h": 133.3},
            {"rate_ml_per_h": 1333},
            ["Rate 1333 mL/h is ten times 133.3 mL/h: a decimal point?"],
        ),
        ({"stock_ml": 0.8}, {"stock_ml": 80}, ["Stock volume 80 mL is a hundred times 0.8 mL: a decimal point?"]),
        ({"stock_ml": 0.85}, {"stock_ml": 8.54}, ["Stock volume 8.54 mL is ten times 0.85 mL: a decimal point?"]),
        ({"dose_mg": 40}, {"dose_mg": 0.4}, ["Dose 0.4 mg is a hundredth of 40 mg: a decimal point?"]),
        ({"dose_mg": 40}, {"dose_mg": 40000}, ["Dose 40000 mg is a thousand times 40 mg: a decimal point?"]),
        (
            {"dose_mg": 40, "rate_ml_per_h": 150},
            {"dose_mg": 150, "rate_ml_per_h": 40},
            [
                "Dose 150 mg: 150 mL/h is the rate. In the wrong field?",
                "Rate 40 mL/h: 40 mg is the dose. In the wrong field?",
            ],
        ),
        (
            {"dose_mg": 15, "rate_ml_per_h": 150},
            {"rate_ml_per_h": 15},
            [
                "Rate 15 mL/h is a tenth of 150 mL/h: a decimal point?",
                "Rate 15 mL/h: 15 mg is the dose. In the wrong field?",
            ],
        ),
        # No slip: as expected, whatever else it equals; near; otherwise wrong; not known here.
        ({"dose_mg": 75, "rate_ml_per_h": 75}, {"dose_mg": 75, "rate_ml_per_h": 75}, []),
        ({"dose_mg": 40}, {"dose_mg": 40.1}, []),
        ({"dose_mg": 40}, {"dose_mg": 42}, []),
        ({"dose_mg": 40}, {"dose_mg": 380}, []),
        ({"dose_mg": 40}, {"dose_mg": 0}, []),
        ({"dose_mg": 40}, {"rate_ml_per_h": 400}, []),
        ({}, {"dose_mg": 400}, []),
    ],
)
def test_a_slip_of_the_point_or_of_the_field_is_told(
    expected: dict[str, float], typed: dict[str, float], sentences: list[str]
) -> None:
    assert list(slips(expected, typed)) == sentences


FIRST = {"dose_mg": 42.7, "stock_ml": 0.85, "rate_ml_per_h": 150.0}


@pytest.mark.parametrize(
    ("second", "sentences"),
    [
        ({}, []),
        ({"dose_mg": 42.65}, []),  # not rounded yet
        ({"dose_mg": 42.6, "stock_ml": 0.86, "rate_ml_per_h": 150.1}, []),  # a step each: rounded elsewhere
        (
            {"dose_mg": 42.5},
            ["Dose: 42.7 mg by the first calculation, 42.5 mg by the second."],
        ),
        (
            {"stock_ml": 0.87},
            ["Stock volume: 0.85 mL by the first calculation, 0.87 mL by the second."],
        ),
        (
            {"rate_ml_per_h": 150.2},
            ["Rate: 150 mL/h by the first calculation, 150.2 mL/h by the second."],
        ),
        (
            {"rate_ml_per_h": 15},
            [
                "Rate: 150 mL/h by the first calculation, 15 mL/h by the second.",
                "Rate 15 mL/h is a tenth of 150 mL/h: a decimal point?",
            ],
        ),
        (
            {"dose_mg": 150, "rate_ml_per_h": 42.7},
            [
                "Dose: 42.7 mg by the first calculation, 150 mg by the second.",
                "Rate: 150 mL/h by the first calculation, 42.7 mL/h by the second.",
                "Dose 150 mg: 150 mL/h is the rate. In the wrong field?",
                "Rate 42.7 mL/h: 42.7 mg is the dose. In the wrong field?",
            ],
        ),
        ({"stock_ml": None}, ["Stock volume: expected a result of both calculations."]),
    ],
)
def test_two_calculations_agree_or_it_is_said_where_not(second: dict[str, Any], sentences: list[str]) -> None:
    assert list(differences(FIRST, FIRST | second, PREPARATION)) == sentences


# What holds


def ordered(line: Timeline, minute: float, *, recorded: float | None = None, **changes: Any) -> Entry:
    """An order: 0.5 mg/kg for 80 kg over 40 min, unless said otherwise."""
    order = {
        "prescriber": "Dr Ines Weiss",
        "dose_mg_per_kg": 0.5,
        "planned_minutes": 40,
        "weight_kg": 80,
        "weight_on": "2026-03-03",
    }
    return line.event("order", minute, recorded=recorded, **(order | changes))


def dosed(
    line: Timeline, minute: float, *, recorded: float | None = None, site: Protocol = SITE, **chosen: Any
) -> Entry:
    """A dose worked out for what is ordered, of 50 mg/mL in 100 mL unless said otherwise."""
    choice = {"weight_basis": "actual", "stock_mg_per_ml": 50, "bag_volume_ml": 100} | chosen
    assert site.preparation is not None
    made = calculation(inputs_of(line.infusion, **choice), site.preparation, site.dose, line.patient.sex)
    assert made.problems == ()
    return line.event("dose", minute, recorded=recorded, **made.detail)


def signed(person: Person, meaning: str) -> list[dict[str, str]]:
    when = at(-3).isoformat()
    return [{"staff": person.id, "name": person.name, "role": person.role, "meaning": meaning, "at": when}]


def checked(line: Timeline, minute: float, of: Entry, *, by: Person = JONAS, **results: float) -> Entry:
    """A second calculation that comes to the same, unless said otherwise."""
    assert of.event is not None
    same = {key: of.event.detail[key] for key in ("dose_mg", "stock_ml", "rate_ml_per_h")}
    return line.event("dose_check", minute, of=of.id, signatures=signed(by, SECOND_CALCULATION), **(same | results))


def holding(line: Timeline) -> Plan:
    return plan_of(line.infusion)


def test_without_an_order_and_a_dose_it_is_the_infusion_as_it_was_opened() -> None:
    line = running(weight_kg=85.3)
    infusion, plan = line.infusion, holding(line)
    assert plan == Plan(
        weight_kg=85.3,
        weight_on=None,
        basis="actual",
        dosing_weight_kg=85.3,
        mg_per_kg=0.5,
        minutes=40,
        dose_mg=infusion.dose_mg,  # 42.65: not rounded
        bag_volume_ml=100,
        final_volume_ml=100,
        stock_mg_per_ml=None,
        stock_ml=None,
        bag_mg=infusion.dose_mg,
        rate_ml_per_h=150,
        concentration_mg_per_ml=infusion.dose_mg / 100,
        prescriber="",
        spo2_scale=None,
        order=None,
        dose=None,
        check=None,
    )


def test_an_order_holds_unrounded_until_a_dose_is_calculated_for_it() -> None:
    line = Timeline(SITE)
    order = ordered(line, -20, weight_kg=85.3, planned_minutes=50, weight_on="2026-03-02", spo2_scale=2)
    plan = holding(line)
    assert (plan.order, plan.dose, plan.check) == (order, None, None)
    assert (plan.weight_kg, plan.weight_on, plan.prescriber) == (85.3, date(2026, 3, 2), "Dr Ines Weiss")
    assert (plan.minutes, plan.rate_ml_per_h, plan.dose_mg, plan.spo2_scale) == (50, 120, 85.3 * 0.5, 2)
    dose = dosed(line, -15, bag_volume_ml=50)
    plan = holding(line)
    assert plan.dose == dose
    assert (plan.dose_mg, plan.stock_ml, plan.stock_mg_per_ml) == (42.7, 0.85, 50)
    assert (plan.bag_volume_ml, plan.final_volume_ml, plan.rate_ml_per_h) == (50, 50, 60)
    assert plan.bag_mg == 42.5  # what 0.85 mL of 50 mg/mL hold
    assert plan.concentration_mg_per_ml == pytest.approx(42.5 / 50)


def test_the_second_calculation_is_of_that_very_dose() -> None:
    line = Timeline(SITE)
    ordered(line, -20)
    dose = dosed(line, -15)
    first = checked(line, -12, dose, dose_mg=4)
    assert holding(line).check == first
    second = checked(line, -11, dose)
    assert holding(line).check == second, "the latest"
    line.withdraw(second, -10)
    assert holding(line).check == first
    again = line.correct(dose, -9)
    assert (holding(line).dose, holding(line).check) == (again, None), "corrected: nobody has checked this one"


def two_orders(line: Timeline) -> tuple[Entry, Entry]:
    return ordered(line, -20, weight_kg=80), ordered(line, -10, weight_kg=90)


def test_before_the_start_the_latest_standing_order_holds() -> None:
    line = Timeline(SITE)
    first, second = two_orders(line)
    assert holding(line).order == second
    line.withdraw(second, -5)
    assert holding(line).order == first
    fixed = line.correct(first, -4)
    assert holding(line).order == fixed


def test_once_the_pump_runs_what_it_was_started_on_holds_and_another_order_is_a_conflict() -> None:
    line = Timeline(SITE)
    ordered(line, -20)
    dose = dosed(line, -10)
    line.start(0)
    late = ordered(line, 20, dose_mg_per_kg=1.0, planned_minutes=60)
    again = line.event("dose", 21, **{**_detail(dose), "dose_mg": 80.0, "rate_ml_per_h": 100.0})
    found = line.course(30)
    assert [(one.entry, one.sentence) for one in found.conflicts] == [
        (late.id, "Order at minute 20 conflicts with: order 20 min before the start."),
        (again.id, "Dose calculated at minute 21 conflicts with: dose calculated 10 min before the start."),
    ]
    assert (found.given_mg, found.rate_ml_per_h) == (pytest.approx(30), 150)
    assert holding(line).minutes == 40


def test_an_order_and_a_dose_left_out_in_a_hurry_hold_when_recorded_later() -> None:
    line = Timeline(SITE)
    line.start(0)
    ordered(line, 5, weight_kg=60)
    dosed(line, 8)
    assert line.course(4).given_mg == pytest.approx(4)  # of the 40 mg it was opened with
    found = line.course(10)
    assert found.conflicts == ()
    assert found.given_mg == pytest.approx(30 / 4)
    assert found.remaining_mg == pytest.approx(30 * 3 / 4)


def test_a_start_corrected_to_before_the_order_was_still_made_on_it() -> None:
    """Also where two orders were there: the later one, as when the pump was started."""
    line = Timeline(SITE)
    _, second = two_orders(line)
    start = line.start(0)
    line.correct(start, 5, "wrong time", seen_at=-25)
    assert holding(line).order == second
    found = line.course(6)
    assert (found.started_at, found.conflicts) == (at(-25), ())
    assert found.elapsed is not None
    assert found.given_mg == pytest.approx(45 / 40 * 31)


def test_an_order_of_the_very_instant_of_the_start_counts_as_before() -> None:
    line = Timeline(SITE)
    ordered(line, -20)
    line.start(0)
    same_instant = ordered(line, 0, recorded=1, weight_kg=90)
    assert holding(line).order == same_instant
    assert line.course(2).conflicts == ()


def test_an_order_seen_before_the_start_and_sent_after_it_counts_as_before() -> None:
    line = Timeline(SITE)
    ordered(line, -20)
    line.start(0)
    sent_late = ordered(line, -5, recorded=10, weight_kg=90)
    assert holding(line).order == sent_late
    assert line.course(11).conflicts == ()


@pytest.mark.parametrize("lacks", ["dose_mg_per_kg", "planned_minutes", "weight_kg"])
@pytest.mark.parametrize("found", [None, 0, -1, "80", True, float("nan")])
def test_an_order_without_its_numbers_is_kept_as_a_conflict_and_holds_nothing(lacks: str, found: Any) -> None:
    line = Timeline(SITE)
    ordered(line, -20, **{lacks: found})
    line.start(0)
    assert holding(line) == plan_of(running(SITE).infusion)
    sentence = "Order 20 min before the start does not say all of its numbers."
    assert [one.sentence for one in line.course(1).conflicts] == [sentence]


def test_an_order_of_less_than_a_minute_is_none() -> None:
    line = Timeline(SITE)
    ordered(line, -20, planned_minutes=0.4)
    assert holding(line).order is None
    assert line.course(-10).phase == "planned"


def test_what_is_pumped_follows_the_dose() -> None:
    """Stock on top of the bag: 100.8 mL at 151.2 mL/h hold 40 mg; a new rate and a pause count as before."""
    site = replace(SITE, preparation=replace(PREPARATION, stock_volume="adds"))
    line = Timeline(site)
    ordered(line, -20)
    dosed(line, -10, site=site)
    line.start(0)
    assert line.course(0).rate_ml_per_h == 151.2
    assert line.course(40).given_mg == pytest.approx(40)
    line.rate(10, 75.6)
    line.pause(20)
    line.resume(25)
    assert line.course(45).given_mg == pytest.approx(10 + 5 + 10)
    assert line.course(45).remaining_mg == pytest.approx(15)


def test_the_planned_end_is_that_of_the_order() -> None:
    line = Timeline(SITE)
    ordered(line, -20, planned_minutes=100)
    line.start(0)
    assert line.slots(1)[-1] == "100 later"
    assert line.course(100).given_mg == pytest.approx(40)


@settings(max_examples=40, deadline=None)
@given(WEIGHTS, st.sampled_from((20, 40, 45, 100)), st.integers(0, 400))
def test_without_an_order_an_infusion_runs_as_it_always_did(weight: float, planned: int, quarter: int) -> None:
    line = running(weight_kg=weight, planned=planned)
    line.rate(10, 75)
    infusion, minutes = line.infusion, quarter / 4
    ml = min(minutes, 10) * (infusion.bag_volume_ml / planned) + max(0, minutes - 10) * 75 / 60
    ml = min(ml, infusion.bag_volume_ml)
    found = course(infusion, line.protocol, at(minutes))
    assert found.given_mg == pytest.approx(ml * infusion.dose_mg / infusion.bag_volume_ml)
    assert found.remaining_mg == pytest.approx(max(0, infusion.dose_mg - found.given_mg))


# Where order, dose and second calculation do not fit together


def test_what_fits_together_is_not_told() -> None:
    line = Timeline(SITE)
    assert disagreements(line.infusion, SITE) == ()
    ordered(line, -20)
    checked(line, -12, dosed(line, -15))
    assert disagreements(line.infusion, SITE) == ()


def test_a_dose_that_was_worked_out_before_its_order_was_changed_is_told() -> None:
    line = Timeline(SITE)
    order = ordered(line, -20)
    dosed(line, -15)
    changed = line.correct(order, -10)
    line.entries[-1] = replace(
        changed, event=Event("order", {**_detail(order), "weight_kg": 88, "planned_minutes": 50})
    )
    assert disagreements(line.infusion, SITE) == (
        "Dosing weight 80 kg: expected 88 kg, worked out from what is ordered.",
        "Dose 40 mg: expected 44 mg, worked out from what is ordered.",
        "Stock volume 0.8 mL: expected 0.88 mL, worked out from what is ordered.",
        "Rate 150 mL/h: expected 120 mL/h, worked out from what is ordered.",
    )
    assert holding(line).dose_mg == 40, "the bag holds what was put into it"


def test_a_second_calculation_that_differs_is_told() -> None:
    line = Timeline(SITE)
    checked(line, -12, dosed(line, -15), rate_ml_per_h=15)
    assert disagreements(line.infusion, SITE) == (
        "Rate: 150 mL/h by the first calculation, 15 mL/h by the second.",
        "Rate 15 mL/h is a tenth of 150 mL/h: a decimal point?",
    )


@pytest.mark.parametrize(
    ("weight_kg", "sentences"),
    [
        (80, ()),
        (82.5, ()),
        (176.4, ("Weight 176.4 kg in the order, 80 kg when opened: pounds and kilograms?",)),
        (36.3, ("Weight 36.3 kg in the order, 80 kg when opened: pounds and kilograms?",)),
    ],
)
def test_pounds_are_asked_about_and_never_guessed(weight_kg: float, sentences: tuple[str, ...]) -> None:
    line = Timeline(SITE)
    ordered(line, -20, weight_kg=weight_kg)
    assert disagreements(line.infusion, SITE) == sentences
    assert holding(line).weight_kg == weight_kg


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [
        (150, ""),
        (75, ""),
        (15, "Rate 15 mL/h is a tenth of 150 mL/h: a decimal point?"),
        (40, "Rate 40 mL/h: 40 mg is the dose. In the wrong field?"),
    ],
)
def test_a_changed_rate_that_looks_like_a_slip_is_asked_about(rate: float, sentence: str) -> None:
    told = (slip.words for slip in rate_slips(Timeline(SITE).infusion) if slip.low <= rate <= slip.high)
    assert " ".join(words.replace("{rate}", f"{rate:g}") for words in told) == sentence


# Where the drug went


def drug(line: Timeline, minute: float, *, by: Person | None = JONAS, **changes: Any) -> Entry:
    """Of 50 mg drawn 10 were wasted, witnessed; unless said otherwise."""
    detail = {"drawn_mg": 50, "wasted_mg": 10, "lot": "K7-204", "expiry": "2027-08", "method": "drug neutraliser"}
    witness = {"signatures": signed(by, WITNESS_OF_WASTE)} if by else {}
    return line.event("drug", minute, **(detail | witness | changes))


@pytest.mark.parametrize(
    ("end", "drawn", "wasted", "difference", "sentence"),
    [
        (40, 50, 10, 0, "Given 40 mg, as planned. Drawn 50 mg, given 40 mg, wasted 10 mg: accounted for."),
        (40, 40, 0, 0, "Given 40 mg, as planned. Drawn 40 mg, given 40 mg, wasted 0 mg: accounted for."),
        (40, 50, 9.5, 0.5, "Given 40 mg, as planned. Drawn 50 mg, given 40 mg, wasted 9.5 mg: accounted for."),
        (
            40,
            50,
            9.49,
            0.51,
            "Given 40 mg, as planned. Drawn 50 mg, given 40 mg, wasted 9.5 mg: 0.51 mg not accounted for.",
        ),
        (40, 50, 10.5, -0.5, "Given 40 mg, as planned. Drawn 50 mg, given 40 mg, wasted 10.5 mg: accounted for."),
        (
            40,
            50,
            10.51,
            -0.51,
            "Given 40 mg, as planned. Drawn 50 mg, given 40 mg, wasted 10.5 mg: 0.51 mg more than was drawn.",
        ),
        (
            25,
            50,
            10,
            15,
            "Given 25 mg of 40 mg planned, 15 mg not given. "
            "Drawn 50 mg, given 25 mg, wasted 10 mg: 15 mg not accounted for.",
        ),
        (
            25,
            50,
            25,
            0,
            "Given 25 mg of 40 mg planned, 15 mg not given. Drawn 50 mg, given 25 mg, wasted 25 mg: accounted for.",
        ),
        (
            44,
            50,
            10,
            0,
            "Given 40 mg, as planned. Bag empty at minute 40 by the recorded rate, ended at 44. "
            "Drawn 50 mg, given 40 mg, wasted 10 mg: accounted for.",
        ),
        (
            0,
            50,
            50,
            0,
            "Given 0 mg of 40 mg planned, 40 mg not given. Drawn 50 mg, given 0 mg, wasted 50 mg: accounted for.",
        ),
    ],
)
def test_drawn_is_given_and_wasted_or_it_is_said_by_how_much_not(
    end: float, drawn: float, wasted: float, difference: float, sentence: str
) -> None:
    line = running(SITE)
    line.stop(end)
    drug(line, end + 5, drawn_mg=drawn, wasted_mg=wasted)
    found = reconciliation(line.infusion, SITE, line.course(60))
    assert found.sentence == sentence
    assert found.difference_mg == pytest.approx(difference)
    assert found.reconciled == (abs(difference) <= 0.5)
    assert (found.drawn_mg, found.wasted_mg, found.planned_mg) == (drawn, wasted, 40)
    assert found.planned_mg == pytest.approx(found.given_mg + found.remaining_mg) or found.remaining_mg == 0


@pytest.mark.parametrize(
    ("end", "given_mg", "sentence"),
    [
        (40, 42.5, "Given 42.5 mg, all that the bag held (0.85 mL of 50 mg/mL); 42.7 mg planned."),
        (20, 21.25, "Given 21.3 mg of the 42.5 mg that the bag held (0.85 mL of 50 mg/mL), 21.3 mg not given."),
    ],
)
def test_a_rounded_stock_volume_counts_what_it_holds(end: float, given_mg: float, sentence: str) -> None:
    line = Timeline(SITE)
    ordered(line, -20, weight_kg=85.3)
    dosed(line, -15)
    line.start(0)
    line.stop(end)
    found = reconciliation(line.infusion, SITE, line.course(60))
    assert found.given_mg == pytest.approx(given_mg)
    assert found.sentence == f"{sentence} Drawn and wasted are not recorded."


def test_a_rate_typed_ten_times_too_high_shows_although_no_more_is_given_than_the_bag_held() -> None:
    line = running(SITE)
    line.rate(10, 1500)
    course = line.course(20)
    assert (course.given_mg, course.remaining_mg) == (pytest.approx(40), 0)
    found = reconciliation(line.infusion, SITE, course)
    assert "Bag empty at minute 13 by the recorded rate, no end recorded yet." in found.sentence
    line.stop(41)
    found = reconciliation(line.infusion, SITE, line.course(60))
    assert "Bag empty at minute 13 by the recorded rate, ended at 41." in found.sentence


@pytest.mark.parametrize(
    ("stop", "words"),
    [
        (39, ""),
        (40, ""),
        (40.4, ""),  # the same minute
        (40.6, "Bag empty at minute 40 by the recorded rate, ended at 41"),
        (43, "Bag empty at minute 40 by the recorded rate, ended at 43"),
    ],
)
def test_an_empty_bag_is_told_when_the_end_was_recorded_later(stop: float, words: str) -> None:
    line = running(SITE)
    line.stop(stop)
    assert bag_empty_words(line.course(60)) == words


def test_a_pause_empties_no_bag() -> None:
    line = running(SITE)
    line.pause(10)
    line.resume(25)
    line.stop(58)
    found = line.course(60)
    assert bag_empty_words(found) == "Bag empty at minute 55 by the recorded rate, ended at 58"
    assert line.course(54.9).bag_empty_at is None
    assert line.course(54.9).next_change == at(55)


def test_while_it_runs_nothing_is_judged_yet() -> None:
    line = running(SITE)
    drug(line, 5)
    found = reconciliation(line.infusion, SITE, line.course(10))
    assert (found.difference_mg, found.reconciled) == (None, None)
    assert found.sentence == "Given 10 mg of 40 mg planned so far, 30 mg remaining. Drawn 50 mg, wasted 10 mg so far."


def test_a_drug_that_is_not_recorded_is_said_to_be_so_and_never_taken_for_none() -> None:
    line = running(SITE)
    line.end(40)
    found = reconciliation(line.infusion, SITE, line.course(60))
    assert (found.drawn_mg, found.wasted_mg, found.difference_mg, found.reconciled) == (None, None, None, None)
    assert found.sentence == "Given 40 mg, as planned. Drawn and wasted are not recorded."
    old = reconciliation(line.infusion, BARE, line.course(60))
    assert old.sentence == "Given 40.0 mg, as planned.", "a protocol without the drug does not ask for it"


def test_of_a_cancelled_infusion_all_that_was_drawn_is_wasted() -> None:
    line = Timeline(SITE)
    line.cancel(-5)
    drug(line, -2, drawn_mg=40, wasted_mg=40)
    found = line.course(0)
    assert found.conflicts == ()
    assert reconciliation(line.infusion, SITE, found).reconciled is True


def test_the_latest_standing_record_of_the_drug_holds() -> None:
    line = running(SITE)
    line.end(40)
    first = drug(line, 45)
    second = drug(line, 50, wasted_mg=5)
    assert reconciliation(line.infusion, SITE, line.course(60)).difference_mg == pytest.approx(5)
    line.withdraw(second, 55)
    assert reconciliation(line.infusion, SITE, line.course(60)).difference_mg == pytest.approx(0)
    line.withdraw(first, 56)
    assert reconciliation(line.infusion, SITE, line.course(60)).drawn_mg is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 300), st.sampled_from(("rate", "pause", "resume")), st.sampled_from((0, 60, 150, 300))
        ),
        max_size=8,
        unique_by=lambda step: step[0],
    ),
    st.integers(0, 320),
    st.decimals(min_value=0, max_value=60, places=1).map(float),
)
def test_planned_given_remaining_and_wasted_always_reconcile_or_say_by_how_much_not(
    steps: list[tuple[int, Any, int]], end: int, wasted: float
) -> None:
    line = running(SITE)
    for quarter, kind, rate in sorted(steps):
        line.event(kind, quarter / 4, **({"rate_ml_per_h": rate} if kind == "rate" else {}))
    line.stop(end / 4)
    drug(line, 90, drawn_mg=60, wasted_mg=wasted)
    found = reconciliation(line.infusion, SITE, line.course(100))
    assert found.remaining_mg == pytest.approx(max(0, found.planned_mg - found.given_mg))
    assert found.difference_mg == pytest.approx(60 - wasted - found.given_mg, abs=1e-5)
    said_apart = "not accounted for" in found.sentence or "more than was drawn" in found.sentence
    assert said_apart == (abs(found.difference_mg or 0) > DRUG.tolerance_mg) == (found.reconciled is False)
    assert ("more than the 40 mg planned" in found.sentence) == (rounded(found.given_mg, 0.1) > 40)


# What an entry must hold


def said(problems: Callable[..., Any], line: Timeline, entry: Entry, site: Protocol = SITE) -> list[str]:
    """The problems of an entry, judged on what was recorded before it."""
    before = replace(line.infusion, entries=tuple(e for e in line.infusion.entries if e.id != entry.id))
    return list(problems(entry, before, site))


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"spo2_scale": 1}, []),
        ({"spo2_scale": 2}, []),
        ({"spo2_scale": 3}, ["Scale of oxygen saturation “3”: expected 1 or 2."]),
        ({"spo2_scale": True}, ["Scale of oxygen saturation “True”: expected 1 or 2."]),
        ({"prescriber": " "}, ["Prescriber missing: expected who ordered the dose."]),
        ({"prescriber": None}, ["Prescriber missing: expected who ordered the dose."]),
        ({"dose_mg_per_kg": 1.5}, []),
        ({"dose_mg_per_kg": 5}, ["Dose per weight 5 mg/kg: expected 0.1 to 1.5."]),
        ({"dose_mg_per_kg": "0.5"}, ["Dose per weight “0.5”: expected a number in mg/kg."]),
        ({"dose_mg_per_kg": True}, ["Dose per weight “True”: expected a number in mg/kg."]),
        ({"planned_minutes": 20}, []),
        ({"planned_minutes": 40.0}, []),
        ({"planned_minutes": 40.5}, ["Planned time 40.5 min: expected whole minutes."]),
        ({"planned_minutes": 19}, ["Planned time 19 min: expected 20 to 120."]),
        ({"planned_minutes": None}, ["Planned time missing: expected a number in min."]),
        ({"weight_kg": 29.9}, ["Weight 29.9 kg: expected 30 to 250."]),
        ({"weight_kg": 10**400}, [f"Weight “{str(10**400)[:60]}”: expected a number in kg."]),
        ({"weight_kg": 1e300}, ["Weight 1e+300 kg: expected 30 to 250."]),
        ({"weight_on": "2026-03-04"}, []),  # in a zone ahead it is that day already
        ({"weight_on": "2026-03-05"}, ["Weighed on 2026-03-05: expected a day that has come."]),
        ({"weight_on": "1981-05-13"}, ["Weighed on 1981-05-13: expected a day after the patient was born."]),
        ({"weight_on": "today"}, ["Weighed on “today”: expected a date."]),
        ({"weight_on": None}, ["Weighed on missing: expected a date."]),
    ],
)
def test_an_order_says_who_how_much_how_long_and_for_which_weight(
    changes: dict[str, Any], sentences: list[str]
) -> None:
    line = Timeline(SITE)
    assert said(order_problems, line, ordered(line, -20, **changes)) == sentences


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"dose_mg": 40.1}, []),  # a step: rounded elsewhere
        (
            {"dose_mg": 400},
            [
                "Dose 400 mg: expected 40 mg, worked out from what is ordered.",
                "Dose 400 mg is ten times 40 mg: a decimal point?",
            ],
        ),
        (
            {"dose_mg": 150, "rate_ml_per_h": 40},
            [
                "Dose 150 mg: expected 40 mg, worked out from what is ordered.",
                "Rate 40 mL/h: expected 150 mL/h, worked out from what is ordered.",
                "Dose 150 mg: 150 mL/h is the rate. In the wrong field?",
                "Rate 40 mL/h: 40 mg is the dose. In the wrong field?",
            ],
        ),
        ({"rate_ml_per_h": None}, ["Rate missing: expected a number in mL/h."]),
        ({"stock_volume": "adds"}, ["Stock volume “adds”: expected replaces."]),
        ({"stock_mg_per_ml": 20}, ["Stock 20 mg/mL: expected 10, 50 or 100."]),
        ({"weight_basis": None}, ["Weight basis “None”: expected actual, ideal or adjusted."]),
        ({"bag_volume_ml": "100"}, ["Bag “100”: expected 50 or 100."]),
    ],
)
def test_a_dose_is_what_its_inputs_come_to(changes: dict[str, Any], sentences: list[str]) -> None:
    line = Timeline(SITE)
    ordered(line, -20)
    entry = dosed(line, -15)
    entry = line._replace(entry, event=Event("dose", _detail(entry) | changes))
    found = said(dose_problems, line, entry)
    assert found[: len(sentences)] == sentences
    assert bool(found) == bool(sentences)


def test_a_dose_goes_by_the_patient_it_is_for() -> None:
    """The same weight and height: another ideal weight for a man."""
    woman, man = Timeline(SITE), Timeline(SITE, OMAR)
    entry = dosed(woman, -15, weight_basis="ideal", height_cm=170)
    assert said(dose_problems, woman, entry) == []
    assert said(dose_problems, man, entry)[0] == (
        "Dosing weight 61.437 kg: expected 65.937 kg, worked out from what is ordered."
    )


def test_a_protocol_that_works_out_no_dose_keeps_none() -> None:
    line = Timeline(SITE)
    dose = dosed(line, -15)
    sentence = "this protocol does not say how a dose is worked out."
    assert said(dose_problems, line, dose, BARE) == [f"Dose calculated: {sentence}"]
    assert said(dose_check_problems, line, checked(line, -12, dose), BARE) == [f"Second calculation: {sentence}"]


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"dose_mg": 42, "stock_ml": 8, "rate_ml_per_h": 15}, []),  # that it differs is kept, and shown
        ({"dose_mg": 400}, ["Dose 400 mg: expected 3 to 150."]),
        ({"rate_ml_per_h": 400}, []),
        ({"rate_ml_per_h": 1500}, ["Rate 1500 mL/h: expected 5 to 400."]),
        ({"rate_ml_per_h": None}, ["Rate missing: expected a number in mL/h."]),
        ({"stock_ml": 0}, ["Stock volume 0 mL: expected more than 0."]),
        ({"of": "e99"}, ["Second calculation of “e99”: expected a dose calculated in this infusion."]),
        ({"of": None}, ["Second calculation of missing: expected a dose calculated in this infusion."]),
        (
            {"signatures": signed(ADA, SECOND_CALCULATION)},
            ["Second calculation by Ada Okafor, who made the first: expected another person."],
        ),
        ({"signatures": []}, ["Second calculation: expected one signature of a second person."]),
        (
            {"signatures": signed(JONAS, SECOND_CALCULATION) * 2},
            ["Second calculation: expected one signature of a second person."],
        ),
        (
            {"signatures": signed(JONAS, WITNESS_OF_WASTE)},
            ["Second calculation: expected one signature of a second person."],
        ),
    ],
)
def test_a_second_calculation_is_made_by_another_person(changes: dict[str, Any], sentences: list[str]) -> None:
    line = Timeline(SITE)
    entry = checked(line, -12, dosed(line, -15))
    entry = line._replace(entry, event=Event("dose_check", _detail(entry) | changes))
    assert said(dose_check_problems, line, entry) == sentences


def test_who_corrected_the_dose_is_the_first_person_from_then_on() -> None:
    line = Timeline(SITE)
    dose = line.correct(dosed(line, -15), -14)
    dose = line._replace(dose, author=JONAS.id, author_name=JONAS.name)
    assert said(dose_check_problems, line, checked(line, -12, dose, by=ADA)) == []
    assert said(dose_check_problems, line, checked(line, -11, dose, by=JONAS)) == [
        "Second calculation by Jonas Lund, who made the first: expected another person."
    ]


NO_METHOD: Final = ["Wasted how “down the sink”: expected sharps container or drug neutraliser."]


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        ({}, []),
        ({"drawn_mg": 0}, ["Drawn 0 mg: expected more than 0.", "Wasted 10 mg: expected no more than the 0 mg drawn."]),
        ({"drawn_mg": "50"}, ["Drawn “50”: expected a number in mg."]),
        ({"wasted_mg": 50}, []),
        ({"wasted_mg": 50.1}, ["Wasted 50.1 mg: expected no more than the 50 mg drawn."]),
        ({"wasted_mg": None}, ["Wasted missing: expected a number in mg, 0 when nothing was wasted."]),
        ({"wasted_mg": -1}, ["Wasted “-1”: expected a number in mg, 0 when nothing was wasted."]),
        ({"wasted_mg": 0, "method": ""}, []),
        ({"wasted_mg": 0, "method": "down the sink"}, NO_METHOD),
        ({"method": "down the sink"}, NO_METHOD),
        ({"method": None}, ["Wasted how missing: expected sharps container or drug neutraliser."]),
        ({"lot": ""}, ["Lot missing: expected the number on the vial."]),
        ({"expiry": "2027-13"}, ["Expiry “2027-13”: expected year and month, as in 2027-08."]),
        ({"expiry": "08/2027"}, ["Expiry “08/2027”: expected year and month, as in 2027-08."]),
        ({"expiry": "2027-8"}, ["Expiry “2027-8”: expected year and month, as in 2027-08."]),
        ({"expiry": None}, ["Expiry missing: expected year and month, as in 2027-08."]),
        ({"signatures": []}, ["Witness of waste: expected one signature of a second person."]),
        (
            {"signatures": signed(ADA, WITNESS_OF_WASTE)},
            ["Witness of waste Ada Okafor, who recorded it: expected another person."],
        ),
        (
            {"signatures": signed(JONAS, SECOND_CALCULATION)},
            ["Witness of waste: expected one signature of a second person."],
        ),
    ],
)
def test_the_record_of_the_drug_names_lot_expiry_waste_and_a_witness(
    changes: dict[str, Any], sentences: list[str]
) -> None:
    line = Timeline(SITE)
    assert said(drug_problems, line, drug(line, 5, **changes)) == sentences


def test_a_witness_is_asked_for_where_the_site_wants_one() -> None:
    line = Timeline(SITE)
    alone = drug(line, 5, by=None)
    assert said(drug_problems, line, alone, replace(SITE, people=People())) == []
    assert said(drug_problems, line, alone, BARE) == ["Controlled drug: this protocol does not ask for it."]


def said_live(line: Timeline, entry: Entry) -> list[str]:
    """What is refused live, judged on what stood before the entry."""
    return list(live_problems(entry, replace(line.infusion, entries=tuple(e for e in line.entries if e != entry))))


def test_on_a_live_screen_the_pump_has_one_order_and_a_check_is_of_the_dose_that_holds() -> None:
    line = Timeline(SITE)
    order = ordered(line, -20)
    dose = dosed(line, -15)
    assert list(live_problems(ordered(line, -14), line.infusion)) == []
    line.start(0)
    another = ordered(line, 5)
    sentence = "The pump was started on another order: expected a correction of that order."
    assert list(live_problems(another, line.infusion)) == [sentence]
    line.withdraw(another, 6)
    seen_before = ordered(line, -1, recorded=6.5)
    assert said_live(line, seen_before) == []
    moved = line.correct(order, 8, "wrong time", seen_at=3)
    assert said_live(line, moved) == [], "a correction belongs to the past"
    again = line.correct(dose, 7)
    late = checked(line, 9, dose)
    sentence = "The dose was calculated anew since: expected a second calculation of the new one."
    assert list(live_problems(late, line.infusion)) == [sentence]
    assert list(live_problems(checked(line, 10, again), line.infusion)) == []


def _detail(entry: Entry) -> dict[str, Any]:
    assert entry.event is not None
    return dict(entry.event.detail)
