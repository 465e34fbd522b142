"""Outcome scores: what may be recorded of which instrument, and that item 9 stands beside every total."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.instruments import InstrumentError, read_instruments, score_problems

TOP = Path(__file__).resolve().parents[2]
TEXT = (TOP / "data" / "scales" / "outcomes.toml").read_text(encoding="utf-8")
SHIPPED = read_instruments(TEXT)
PHQ9 = SHIPPED["phq9"]
CASES = TOP.parent / "shared" / "vectors" / "phq9_sample.csv"
NINE = [str(number) for number in range(1, 10)]


def phq9(*points: int) -> dict[str, int]:
    return dict(zip(NINE, points, strict=True))


def problems(
    key: str, total: float | None, items: dict[str, Any] | None = None, *, version: str | None = None
) -> list[str]:
    return score_problems(SHIPPED, key, version or SHIPPED[key].versions[0].name, total, items)


@pytest.mark.skipif(not CASES.exists(), reason="the cases stand beside the repository, and are not here")
def test_phq9_agrees_with_the_published_cases() -> None:
    rows = list(csv.DictReader(CASES.open(encoding="utf-8")))
    assert len(rows) == 20
    for row in rows:
        items = phq9(*(int(row[f"q{number}"]) for number in NINE))
        total = PHQ9.total_of(items)
        assert total == int(row["total"])
        assert PHQ9.band(total) == row["band"]
        assert PHQ9.must_tell(items) == (row["item9_positive"] == "1")
        assert problems("phq9", total, items) == []


@pytest.mark.parametrize(
    ("total", "band"),
    [
        (0, "minimal"),
        (4, "minimal"),
        (5, "mild"),
        (9, "mild"),
        (10, "moderate"),
        (14, "moderate"),
        (15, "moderately severe"),
        (19, "moderately severe"),
        (20, "severe"),
        (27, "severe"),
    ],
)
def test_phq9_bands_at_their_edges(total: int, band: str) -> None:
    assert PHQ9.band(total) == band


@pytest.mark.parametrize(
    ("key", "edges"),
    [
        ("madrs", {0: "absent", 6: "absent", 7: "mild", 19: "mild", 20: "moderate", 34: "moderate", 35: "severe"}),
        (
            "qids_sr16",
            {5: "none", 6: "mild", 10: "mild", 11: "moderate", 15: "moderate", 16: "severe", 21: "very severe"},
        ),
        ("cadss", {0: "", 92: ""}),
    ],
)
def test_other_bands_at_their_edges(key: str, edges: dict[int, str]) -> None:
    assert {total: SHIPPED[key].band(total) for total in edges} == edges


def test_item_9_stands_in_the_line_of_every_phq9_score() -> None:
    assert PHQ9.words("9 items", 0, phq9(0, 0, 0, 0, 0, 0, 0, 0, 0)) == "0 of 27, minimal · item 9: 0 (Not at all)"
    assert PHQ9.words("9 items", 1, phq9(0, 0, 0, 0, 0, 0, 0, 0, 1)) == "1 of 27, minimal · item 9: 1 (Several days)"
    assert PHQ9.words("9 items", 14, {"9": 3}) == "14 of 27, moderate · item 9: 3 (Nearly every day)"
    assert PHQ9.words("9 items", 14, None) == "14 of 27, moderate · item 9 not recorded", "not recorded is not zero"


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=9, max_size=9))
def test_whatever_the_other_items_are_item_9_above_zero_asks_who_was_told(points: list[int]) -> None:
    items = phq9(*points)
    assert PHQ9.must_tell(items) == (points[8] > 0)
    assert f"item 9: {points[8]}" in PHQ9.words("9 items", PHQ9.total_of(items), items)
    assert problems("phq9", sum(points), items) == []


def test_item_9_that_is_not_recorded_asks_nobody_and_is_not_zero() -> None:
    assert not PHQ9.must_tell(None)
    assert [asked.value for asked in PHQ9.asked(None)] == [None]
    assert PHQ9.total_of({"9": 3}) is None


@pytest.mark.parametrize(
    ("total", "items", "said"),
    [
        (14, None, []),
        (14, {}, []),
        (14, {"9": 0}, []),
        (27, {"9": 3}, []),
        (27, {"9": 2}, ["PHQ-9, 9 items, total 27: with item 9: 2 (More than half the days) expected 2 to 26."]),
        (1, {"9": 2}, ["PHQ-9, 9 items, total 1: with item 9: 2 (More than half the days) expected 2 to 26."]),
        (None, None, ["PHQ-9, 9 items: expected its total."]),
        (28, None, ["PHQ-9, 9 items, total 28: expected a whole number from 0 to 27."]),
        (-1, None, ["PHQ-9, 9 items, total -1: expected a whole number from 0 to 27."]),
        (4.5, None, ["PHQ-9, 9 items, total 4.5: expected a whole number from 0 to 27."]),
        (float("nan"), None, ["PHQ-9, 9 items, total nan: expected a whole number from 0 to 27."]),
        (5, phq9(1, 0, 0, 0, 0, 0, 0, 0, 3), ["PHQ-9, 9 items, total 5: its items give 4."]),
        (4, phq9(4, 0, 0, 0, 0, 0, 0, 0, 0), ["PHQ-9, item 1 “4”: expected 0 to 3."]),
        (
            4,
            phq9(0, 0, 0, 0, 0, 0, 0, 0, -1),
            ["PHQ-9, item 9 “-1”: expected 0 to 3."],
        ),
        (3, {"1": 3, "9": 0}, ["PHQ-9: expected item 2, item 3, item 4, item 5, item 6, item 7, item 8 too."]),
        (
            3,
            {"10": 3},
            [
                "PHQ-9, item “10”: expected 1, 2, 3, 4, 5, 6, 7, 8 or 9.",
                "PHQ-9: expected item 1, item 2, item 3, item 4, item 5, item 6, item 7, item 8, item 9 too.",
            ],
        ),
    ],
)
def test_what_a_phq9_score_may_be(total: float | None, items: dict[str, int] | None, said: list[str]) -> None:
    assert problems("phq9", total, items) == said


@pytest.mark.parametrize(
    ("key", "version", "lowest", "highest"),
    [
        ("madrs", "10 items", 0, 60),
        ("qids_sr16", "16 items in 9 domains", 0, 27),
        ("cadss", "23 items", 0, 92),
        ("cadss", "27 items", 0, 108),
        ("cadss", "28 items", 0, 112),
        ("cadss6", "6 items", 0, 24),
        ("bprs_positive", "4 items scored 0 to 6", 0, 24),
        ("bprs_positive", "4 items scored 1 to 7", 4, 28),
    ],
)
def test_a_total_lies_in_the_range_of_its_version(key: str, version: str, lowest: int, highest: int) -> None:
    assert problems(key, lowest, version=version) == problems(key, highest, version=version) == []
    expected = f"expected a whole number from {lowest} to {highest}."
    for outside in (lowest - 1, highest + 1):
        assert problems(key, outside, version=version) == [
            f"{SHIPPED[key].label}, {version}, total {outside}: {expected}"
        ]
    assert problems(key, lowest, {"1": 0}, version=version) == [f"{SHIPPED[key].label}, item “1”: expected no items."]


@pytest.mark.parametrize(
    ("total", "items", "said"),
    [
        (0, {"ideation": 0, "behaviour": 0}, []),
        (5, {"ideation": 5, "behaviour": 1}, []),
        (2, {"ideation": 3, "behaviour": 0}, ["C-SSRS result, screener, total 2: its items give 3."]),
        (3, {"ideation": 3}, ["C-SSRS result: expected any suicidal behaviour too."]),
        (3, None, ["C-SSRS result: expected highest level of ideation, any suicidal behaviour too."]),
    ],
)
def test_the_c_ssrs_result_is_a_level_and_an_answer(total: int, items: dict[str, int] | None, said: list[str]) -> None:
    assert problems("cssrs", total, items) == said


def test_the_c_ssrs_result_hides_neither_of_its_two() -> None:
    result = SHIPPED["cssrs"]
    assert (
        result.words("screener", 0, {"ideation": 0, "behaviour": 1})
        == "highest level of ideation: 0 · any suicidal behaviour: 1 (Yes)"
    )
    assert [result.must_tell({"ideation": i, "behaviour": b}) for i, b in ((0, 0), (1, 0), (0, 1))] == [
        False,
        True,
        True,
    ]


def test_kset_is_done_and_has_no_total() -> None:
    assert problems("kset", None) == []
    assert problems("kset", 3) == ["KSET, KSET: has no total."]
    assert SHIPPED["kset"].words("KSET", None, None) == "done"


def test_an_instrument_or_version_nobody_knows_is_named() -> None:
    assert score_problems(SHIPPED, "hamd", "", 3, None) == [
        "Instrument “hamd”: expected one of PHQ-9, MADRS, QIDS-SR16, CADSS, CADSS-6, BPRS+, C-SSRS result, KSET."
    ]
    assert problems("cadss", 3, version="19 items") == [
        "CADSS, version “19 items”: expected one of 23 items, 27 items, 28 items."
    ]


def test_texts_of_items_are_there_only_where_anybody_may_show_them() -> None:
    assert {key for key, one in SHIPPED.items() if one.items} == {"phq9", "cssrs"}
    assert "No permission required" in PHQ9.rights
    assert [item.text for item in SHIPPED["cssrs"].items] == ["Highest level of ideation", "Any suicidal behaviour"]
    assert all(one.rights and one.source for one in SHIPPED.values())


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('asks = ["9"]', 'asks = ["10"]', "item “10” is not among its items"),
        ('asks = ["9"]', 'ask = ["9"]', "ask is not known here"),
        (
            "lowest = 0, highest = 27 }]\nbands = [\n  { up_to = 4",
            "lowest = 0, highest = 26 }]\nbands = [\n  { up_to = 4",
            "at most 27",
        ),
        ('total = "sum"', 'total = "mean"', "total = “mean”, expected one of sum, item, entered, none"),
        ('total_item = "ideation"\n', "", "total_item belongs to"),
        ('rights = "As CADSS: total only"\n', "", "rights is missing"),
        ("up_to = 9,", "up_to = 3,", "up_to must rise"),
        ("up_to = 60,", "up_to = 59,", "the last must end at the highest total"),
        ('{ name = "KSET-R" }', '{ name = "KSET-R", lowest = 0, highest = 3 }', "a range belongs to"),
        ("lowest = 0, highest = 24 }]", "lowest = 24, highest = 24 }]", "highest is not above lowest"),
        ('options = ["No", "Yes"]', "options = []", "an item without options"),
        ("[instrument.phq9]\n", "[instrument.phq9\n", "outcomes.toml:"),
    ],
)
def test_a_file_that_is_wrong_says_where(right: str, wrong: str, said: str) -> None:
    assert right in TEXT
    with pytest.raises(InstrumentError) as refused:
        read_instruments(TEXT.replace(right, wrong, 1))
    assert said in str(refused.value)
    assert str(refused.value).startswith("outcomes.toml:")
