"""Units of a file: converted by their definitions, and rounded half up to what is recorded here."""

from __future__ import annotations

import pytest

from monitoring.imports.units import in_own_unit, rounded, unit_of, units_of
from tests.clinical.timeline import SHIPPED


@pytest.mark.parametrize(
    ("measure", "value", "unit", "own"),
    [
        ("temperature", 101.5, "[degF]", 38.6),
        ("temperature", 98.6, "[degF]", 37.0),
        ("temperature", -40, "[degF]", -40.0),
        ("temperature", 36.65, "Cel", 36.65),
        ("systolic", 16, "kPa", 120),
        ("spo2", 0.975, "1", 98),
        ("heart_rate", 71.5, "/min", 71.5),
    ],
)
def test_a_value_is_converted(measure: str, value: float, unit: str, own: float) -> None:
    found = unit_of(SHIPPED.measures[measure], unit)
    assert found is not None
    assert in_own_unit(SHIPPED.measures[measure], value, found) == own


@pytest.mark.parametrize(("value", "whole"), [(71.5, 72), (72.5, 73), (72.4999, 72), (-0.5, -1), (0, 0)])
def test_half_is_rounded_up_and_not_to_even(value: float, whole: float) -> None:
    assert rounded(SHIPPED.measures["heart_rate"], value) == whole


def test_a_rating_has_no_unit_and_another_measures_unit_is_none_of_this() -> None:
    assert units_of(SHIPPED.measures["dissociation"]) == ()
    assert unit_of(SHIPPED.measures["heart_rate"], "[degF]") is None


@pytest.mark.parametrize(
    ("measure", "unit", "text", "same"),
    [
        ("temperature", "[degF]", "°F", True),
        ("temperature", "[degF]", "deg F", True),
        ("temperature", "[degF]", "C", False),
        ("temperature", "Cel", "degC", True),
        ("systolic", "mm[Hg]", "MMHG", True),
        ("heart_rate", "/min", "bpm", True),
        ("heart_rate", "/min", "mmHg", False),
    ],
)
def test_names_of_a_unit(measure: str, unit: str, text: str, same: bool) -> None:
    found = unit_of(SHIPPED.measures[measure], unit)
    assert found is not None
    assert found.is_called(text) is same
