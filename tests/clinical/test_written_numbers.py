"""What is read in a number as a person writes it: that number, or nothing, and then in words what is expected."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitoring.clinical.written_numbers import _NAMES, _TURNED, MOST_DIGITS, Mark, number_text, written_number

VECTORS = json.loads((Path(__file__).parent / "written_numbers.json").read_text())

# What keyboards and other programs put into a number, and what stands around one.
HOSTILE = st.text(
    st.sampled_from("0123456789.,'’ \u00a0\u2009\u202f\u200b\u200f\u202e\n+-−–eE<>~%/:½²·٫٧７．，kglbKGmCF°onaif_")
)
UNITS = st.sampled_from(["", *_NAMES])
PLAIN = st.decimals(min_value=0, max_value=999999, places=2)


@pytest.mark.parametrize(("text", "unit", "decimals", "value", "turned", "expected"), VECTORS)
def test_what_is_read(text: str, unit: str, decimals: int, value: float | None, turned: str, expected: str) -> None:
    read = written_number(text, unit, decimals=decimals)
    assert (read.value, read.turned, read.expected, read.text) == (value, turned, expected, text)
    assert str(read.value) == str(value)  # 0.0, never -0.0


def test_every_unit_and_every_way_between_two_of_them_is_among_the_cases() -> None:
    read = {(text.split(" ")[1], unit) for _, unit, _, _, text, _ in VECTORS if text}
    assert read == set(_TURNED)
    assert {unit for _, unit, _, value, turned, _ in VECTORS if value is not None and not turned} >= {
        unit for _, unit in _TURNED
    }


def number_seen(text: str) -> Decimal | None:
    """The one number that stands in `text`, by another way than the program's; None where there is none or two."""
    narrow = "".join(chr(ord(one) - 0xFEE0) if "！" <= one <= "～" else one for one in text)
    found = re.findall(r"[-−+]?[0-9.,]+", narrow)
    if len(found) != 1 or sum(found[0].count(mark) for mark in ".,") > 1:
        return None
    return Decimal(found[0].replace(",", ".").replace("−", "-"))


@given(HOSTILE | st.text(), UNITS)
@example("1.000,5", "kg")
@example("1,000", "")
@example("05", "mg/kg")
@example("\u202e27", "kg")
def test_of_any_text_the_number_that_a_person_reads_or_a_refusal_with_the_text_as_typed(text: str, unit: str) -> None:
    read = written_number(text, unit)
    assert read.text == text
    assert read.missing or (read.value is None) == bool(read.expected)
    if read.expected:
        assert "expected" in read.problem("Weight")
    if read.value is None:
        assert read.turned == ""
        return
    seen = number_seen(text)
    assert seen is not None
    assert math.isfinite(read.value)
    if read.turned:
        said, made = read.turned.split(" = ")
        assert Decimal(said.split(" ")[0]) == seen
        assert (float(made.split(" ")[0]), made.split(" ")[1]) == (read.value, unit)
    else:
        assert read.value == float(seen)


@given(PLAIN, st.sampled_from(".,"), st.sampled_from(["", " ", "\u00a0", "\u202f"]), st.data())
def test_a_number_with_its_unit_is_read_however_both_are_written(
    number: Decimal, mark: str, between: str, data: st.DataObject
) -> None:
    unit = data.draw(st.sampled_from(list(_NAMES)))
    name = data.draw(st.sampled_from([unit, *_NAMES[unit]]))
    text = f"{number:f}".replace(".", mark)
    for written in (text, f"{text}{between}{name}", f" {text}{between}{name.upper()}\t"):
        assert written_number(written, unit).value == float(number), written


@given(PLAIN, st.sampled_from(list(_TURNED)))
def test_another_unit_is_converted_exactly_and_rounded_half_up(number: Decimal, units: tuple[str, str]) -> None:
    said, unit = units
    times, plus, over = _TURNED[units]
    exact = (Fraction(number) * times + plus) / over
    cents = math.floor(abs(exact) * 100 + Fraction(1, 2)) * (1 if exact >= 0 else -1)
    assert written_number(f"{number:f} {said}", unit, decimals=2).value == float(Fraction(cents, 100))


@given(st.integers(1, 999), st.integers(0, 999), st.sampled_from(".,"))
def test_three_digits_behind_a_mark_are_never_guessed(whole: int, after: int, mark: str) -> None:
    read = written_number(f"{whole}{mark}{after:03}")
    assert read.value is None
    for offered in read.expected.split(",")[0].split(" or "):
        assert written_number(offered).value in (float(f"{whole}.{after:03}"), float(f"{whole}{after:03}"))


@given(st.floats(min_value=-1e9, max_value=1e9).map(lambda value: float(f"{value:.10g}")))
@example(71.667)
@example(1.234)
@example(-12.5)
@example(0.0)
@example(1e-5)
def test_a_number_that_is_put_into_a_field_is_read_as_the_same(value: float) -> None:
    text = number_text(value)
    if sum(one.isdigit() for one in text) <= MOST_DIGITS:
        assert written_number(text).value == value
    assert "e" not in text


@pytest.mark.parametrize(
    ("text", "mark", "value", "expected"),
    [
        ("72.500", ".", 72.5, ""),
        ("72,500", ",", 72.5, ""),
        ("1.000", ".", 1.0, ""),
        ("36.6", ".", 36.6, ""),
        ("36,6", ",", 36.6, ""),
        ("36,6", ".", None, "a point before the decimals, and no mark for thousands"),
        ("36.6", ",", None, "a comma before the decimals, and no mark for thousands"),
        ("1,000", ".", None, "a point before the decimals, and no mark for thousands"),
        ("1,000.5", ".", None, "one comma or one point, and no mark for thousands"),
    ],
)
def test_where_a_file_has_one_decimal_mark_the_other_is_none(
    text: str, mark: Mark, value: float | None, expected: str
) -> None:
    read = written_number(text, mark=mark)
    assert (read.value, read.expected) == (value, expected)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("40", 40, ""),
        ("40.0", 40, ""),
        ("0,75 h", 45, ""),
        ("40,5", None, "a whole number in min"),
        ("100 s", None, "a whole number in min"),
        ("1.000", None, "1 or 1000, without a mark for thousands"),
    ],
)
def test_where_only_whole_numbers_are_meant_others_are_refused(text: str, value: float | None, expected: str) -> None:
    read = written_number(text, "min", whole=True)
    assert (read.value, read.expected) == (value, expected)


@pytest.mark.parametrize(
    ("text", "unit", "sentence"),
    [
        ("1,000", "mg/kg", "Dose “1,000”: expected 1 or 1000, without a mark for thousands."),
        (" 35\nmg ", "mg/kg", "Dose “35 mg”: expected a number in mg/kg or µg/kg."),
        ("a" * 50, "kg", f"Dose “{'a' * 40}…”: expected a number in kg, lb or g."),
        ("0,1", "mg/kg", ""),
        ("", "mg/kg", ""),
    ],
)
def test_a_refusal_is_one_sentence_with_what_was_typed(text: str, unit: str, sentence: str) -> None:
    assert written_number(text, unit).problem("Dose") == sentence
