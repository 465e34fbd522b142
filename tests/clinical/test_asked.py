"""What is asked about a dose and a weight before they are taken: at the edge of the site's per cent, and not below."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.clinical.asked import LastInfusion, opening_questions, order_questions
from monitoring.clinical.protocol import Dose
from tests.clinical.care import order
from tests.clinical.timeline import SHIPPED, Timeline

DOSE = replace(SHIPPED.dose, mg_per_kg=0.5, asked_beyond_percent=10)
LAST = LastInfusion(date(2026, 11, 12), 71.7, date(2026, 11, 12), 0.5)


def asked(weight_kg: float, mg_per_kg: float, last: LastInfusion | None = LAST, dose: Dose = DOSE) -> list[str]:
    """What is asked about: "weight", "dose"."""
    return [about for about, _ in opening_questions(dose, weight_kg, mg_per_kg, last)]


@pytest.mark.parametrize(
    ("mg_per_kg", "last", "expected"),
    [
        (0.5, 0.5, False),
        (0.55, 0.5, False),
        (0.551, 0.5, True),
        (0.45, 0.5, False),
        (0.449, 0.5, True),
        (1.0, 0.5, True),
        (0.05, 0.5, True),
        (0.5, 0.8, True),
        (0.8, 0.8, True),
        (0.5, None, False),
        (0.6, None, True),
        (0.55, 0.6, False),
    ],
)
def test_a_dose_unlike_the_standard_or_the_last_is_asked_about(
    mg_per_kg: float, last: float | None, expected: bool
) -> None:
    before = None if last is None else replace(LAST, mg_per_kg=last)
    assert asked(71.7, mg_per_kg, before) == (["dose"] if expected else [])


@pytest.mark.parametrize(
    ("weight_kg", "last", "expected"),
    [
        (71.7, 71.7, False),
        (88.0, 80.0, False),
        (88.1, 80.0, True),
        (72.0, 80.0, False),
        (71.9, 80.0, True),
        (158.0, 71.7, True),
        (725.0, 72.5, True),
        (158.0, None, False),
    ],
)
def test_a_weight_unlike_the_last_is_asked_about(weight_kg: float, last: float | None, expected: bool) -> None:
    before = None if last is None else replace(LAST, weight_kg=last)
    assert asked(weight_kg, 0.5, before) == (["weight"] if expected else [])


def test_what_was_typed_is_repeated_in_words_with_what_it_differs_from() -> None:
    questions = dict(opening_questions(DOSE, 158.0, 1.0, LAST))
    assert questions == {
        "weight": "Weight 158 kg: the last was 71.7 kg on 12 Nov 2026. Is this the weight today?",
        "dose": "Dose 1 mg/kg, 158 mg for 158 kg: the site's standard is 0.5 mg/kg, "
        "the last was 0.5 mg/kg on 12 Nov 2026. Is this what was ordered?",
    }


def test_a_version_without_a_per_cent_asks_about_every_difference() -> None:
    never = replace(DOSE, asked_beyond_percent=0)
    assert asked(71.7, 0.5, LAST, never) == []
    assert asked(71.8, 0.51, LAST, never) == ["weight", "dose"]


@given(st.integers(30, 250), st.integers(1, 150), st.sampled_from([10, 0.1]))
def test_ten_times_and_a_tenth_are_always_asked_about(weight: int, cents: int, factor: float) -> None:
    last = replace(LAST, weight_kg=float(weight), mg_per_kg=cents / 100)
    assert asked(weight * factor, cents / 100 * factor, last) == ["weight", "dose"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ()),
        ({"weight_kg": 84.0}, ()),
        ({"weight_kg": 88.1}, ("Weight 88.1 kg: this infusion was opened with 80 kg. Is this the weight today?",)),
        (
            {"dose_mg_per_kg": 0.05},
            ("Dose 0.05 mg/kg: this infusion was opened with 0.5 mg/kg. Is this what was ordered?",),
        ),
        ({"dose_mg_per_kg": "much", "weight_kg": None}, ()),  # refused for that already
    ],
)
def test_an_order_unlike_what_holds_is_asked_about(changes: dict[str, object], expected: tuple[str, ...]) -> None:
    line = Timeline()
    assert (line.infusion.weight_kg, line.infusion.dose_mg_per_kg) == (80.0, 0.5)
    detail = {"weight_kg": 80.0, "dose_mg_per_kg": 0.5} | changes
    assert order_questions(detail, line.infusion, DOSE) == expected


def test_an_order_is_measured_by_the_order_before_it() -> None:
    line = Timeline()
    order(line, -10, dose_mg_per_kg=1.0)
    assert order_questions({"weight_kg": 80.0, "dose_mg_per_kg": 1.0}, line.infusion, DOSE) == ()
    (sentence,) = order_questions({"weight_kg": 80.0, "dose_mg_per_kg": 0.5}, line.infusion, DOSE)
    assert sentence == "Dose 0.5 mg/kg: this infusion was ordered before with 1 mg/kg. Is this what was ordered?"
