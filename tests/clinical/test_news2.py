"""NEWS2 at each edge of the chart, with inputs missing, and against the cases beside this repository."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinical.course import course
from monitoring.clinical.news2 import IN_ORDER, Inputs, Score, SpO2Scale, TableError, of_infusion, read_table, score
from monitoring.clinical.protocol import Measure, News2Inputs, Option
from tests.clinical.timeline import Timeline, at, measure, protocol

FILE = Path(__file__).resolve().parents[2] / "data" / "scales" / "news2.toml"
TEXT = FILE.read_text(encoding="utf-8")
TABLE = read_table(TEXT)
CASES = Path(__file__).resolve().parents[2].parent / "shared" / "vectors" / "news2_boundary.csv"
LETTERS = {"A": "alert", "C": "new confusion", "V": "voice", "P": "pain", "U": "unresponsive"}

ALL = Inputs(
    respiration=16, spo2=97, oxygen=0, systolic=125, pulse=72, consciousness="alert", temperature=37.0
)  # each 0 points


def points(key: str, value: Any, scale: SpO2Scale = 1, **others: Any) -> int:
    made = score(replace(ALL, **{key: value}, **others), TABLE, scale)
    return next(part.points for part in made.parts if part.key == key)


@pytest.mark.skipif(not CASES.exists(), reason="the cases stand beside the repository, and are not here")
def test_it_agrees_with_the_published_cases() -> None:
    rows = list(csv.DictReader(CASES.open(encoding="utf-8")))
    assert len(rows) == 54
    for row in rows:
        made = score(
            Inputs(
                respiration=float(row["rr"]),
                spo2=float(row["spo2"]),
                oxygen=float(row["o2"]),
                systolic=float(row["sbp"]),
                pulse=float(row["hr"]),
                consciousness=LETTERS[row["acvpu"]],
                temperature=float(row["temp"]),
            ),
            TABLE,
            2 if row["scale"] == "2" else 1,
        )
        given_points = {part.key: part.points for part in made.parts}
        columns = {"respiration": "rr", "oxygen": "o2", "systolic": "sbp", "pulse": "hr", "consciousness": "acvpu"}
        expected = {key: int(row[f"s_{columns.get(key, key).removesuffix('erature')}"]) for key in IN_ORDER}
        assert given_points == expected, row["id"]
        assert (made.total, made.risk and made.risk.word) == (int(row["expected_total"]), row["expected_risk"]), row


@pytest.mark.parametrize(
    ("key", "edges"),
    [
        ("respiration", [(0, 3), (8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3), (120, 3)]),
        ("spo2", [(0, 3), (91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)]),
        ("oxygen", [(0, 0), (0.1, 2), (2, 2), (15, 2)]),
        ("systolic", [(0, 3), (90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)]),
        (
            "pulse",
            [(0, 3), (40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3)],
        ),
        ("consciousness", [("alert", 0), ("new confusion", 3), ("voice", 3), ("pain", 3), ("unresponsive", 3)]),
        (
            "temperature",
            [(20, 3), (35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2), (43, 2)],
        ),
    ],
)
def test_each_edge_of_the_chart(key: str, edges: list[tuple[Any, int]]) -> None:
    assert [(value, points(key, value)) for value, _ in edges] == edges


@pytest.mark.parametrize(
    ("value", "given_points"),
    [
        (35.00000000000006, 3),  # 95 °F in binary fractions
        (35.04, 3),
        (35.05, 1),  # half up, as on paper
        (35.04999999999999, 3),
        (36.05, 0),
        (38.04, 0),
        (38.05, 1),
        (39.04, 1),
        (39.05, 2),
    ],
)
def test_a_temperature_is_rounded_to_a_tenth_before_it_is_looked_up(value: float, given_points: int) -> None:
    assert points("temperature", value) == given_points


@pytest.mark.parametrize(
    ("oxygen", "edges"),
    [
        (0, [(70, 3), (83, 3), (84, 2), (85, 2), (86, 1), (87, 1), (88, 0), (92, 0), (93, 0), (97, 0), (100, 0)]),
        (2, [(83, 3), (84, 2), (86, 1), (88, 0), (92, 0), (93, 1), (94, 1), (95, 2), (96, 2), (97, 3), (100, 3)]),
    ],
)
def test_scale_2_looks_at_oxygen(oxygen: float, edges: list[tuple[int, int]]) -> None:
    assert [(value, points("spo2", value, 2, oxygen=oxygen)) for value, _ in edges] == edges


def test_on_scale_2_a_saturation_says_nothing_while_oxygen_is_not_recorded() -> None:
    made = score(replace(ALL, oxygen=None), TABLE, 2)
    assert (made.total, made.missing) == (None, ("Air or oxygen",))
    assert "spo2" not in {part.key for part in made.parts}
    assert made.words == "NEWS2 incomplete: no air or oxygen, SpO₂ scale 2"


@pytest.mark.parametrize(
    ("changes", "total", "risk"),
    [
        ({}, 0, "low"),
        ({"pulse": 91}, 1, "low"),
        ({"pulse": 111, "oxygen": 2}, 4, "low"),
        ({"respiration": 25}, 3, "low-medium"),
        ({"respiration": 25, "pulse": 91}, 4, "low-medium"),
        ({"pulse": 111, "oxygen": 2, "spo2": 95}, 5, "medium"),
        ({"respiration": 25, "oxygen": 2}, 5, "medium"),
        ({"respiration": 25, "systolic": 90}, 6, "medium"),
        ({"respiration": 25, "systolic": 90, "pulse": 91}, 7, "high"),
        (
            {
                "respiration": 25,
                "spo2": 91,
                "oxygen": 2,
                "systolic": 90,
                "pulse": 131,
                "consciousness": "voice",
                "temperature": 35.0,
            },
            20,
            "high",
        ),
    ],
)
def test_risk_as_the_rcp_words_it(changes: dict[str, Any], total: int, risk: str) -> None:
    made = score(replace(ALL, **changes), TABLE)
    assert made.risk is not None
    assert (made.total, made.risk.word, made.words) == (total, risk, f"NEWS2 {total}, {risk} risk")


def test_points_and_risk_have_the_colours_of_the_chart() -> None:
    made = score(replace(ALL, systolic=90, spo2=93, pulse=91), TABLE)
    colours = {part.key: part.colour for part in made.parts}
    assert (colours["systolic"], colours["spo2"], colours["pulse"], colours["temperature"]) == (
        "red",
        "orange",
        "yellow",
        "white",
    )
    assert made.risk is not None
    assert made.risk.colour == "orange"
    assert "Royal College of Physicians" in TABLE.acknowledgement


@pytest.mark.parametrize("key", IN_ORDER)
def test_without_one_of_its_inputs_there_is_no_total_and_no_risk(key: str) -> None:
    made = score(replace(ALL, **{key: None}), TABLE)
    assert (made.total, made.risk, made.missing) == (None, None, (TABLE.label(key),))
    assert len(made.parts) == 6


def test_zero_is_a_number_and_not_missing() -> None:
    made = score(Inputs(0, 0, 0, 0, 0, "unresponsive", 0), TABLE)
    assert (made.total, made.missing) == (18, ())


@pytest.mark.parametrize(
    ("key", "value"), [("pulse", float("nan")), ("pulse", float("inf")), ("consciousness", "well")]
)
def test_what_is_no_value_is_refused(key: str, value: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        score(replace(ALL, **{key: value}), TABLE)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Inputs,
        respiration=st.integers(0, 120),
        spo2=st.integers(0, 100),
        oxygen=st.integers(0, 15),
        systolic=st.integers(0, 350),
        pulse=st.integers(0, 350),
        consciousness=st.sampled_from(list(LETTERS.values())),
        temperature=st.integers(200, 450).map(lambda tenths: tenths / 10),
    ),
    st.sampled_from((1, 2)),
)
def test_a_total_is_the_sum_of_its_parts_and_never_above_20(inputs: Inputs, scale: SpO2Scale) -> None:
    made = score(inputs, TABLE, scale)
    assert made.total == sum(part.points for part in made.parts)
    assert 0 <= (made.total or 0) <= 20
    assert len(made.parts) == 7


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("up_to = 11", "up_to = 7", "[parameter.respiration]: up_to must rise"),
        ("  { up_to = 24, points = 2 },\n  { points = 3 },", "  { up_to = 24, points = 2 },", "must have no up_to"),
        ("[parameter.pulse]", "[parameter.heart]", "pulse is missing"),
        ('3 = "red"', "", "[colours]: none for 3 points"),
        ("total = 0\n", "total = 1\n", "expected total = 0"),
        ("[news2]\n", "[news2\n", "news2.toml:"),
    ],
)
def test_a_file_that_is_wrong_says_where(wrong: str, right: str, said: str) -> None:
    assert wrong in TEXT
    with pytest.raises(TableError) as refused:
        read_table(TEXT.replace(wrong, right, 1))
    assert said in str(refused.value)


# On an infusion


def acvpu() -> Measure:
    options = tuple(Option(value, word) for value, word in enumerate(("Alert", "New confusion", "Voice", "Pain")))
    return replace(measure("acvpu", unit=""), options=options)


USED = replace(
    protocol(
        *(measure(key) for key in ("rr", "spo2", "sys", "hr", "temp")), acvpu(), set=("rr", "spo2", "sys", "hr", "temp")
    ),
    news2=News2Inputs("rr", "spo2", "oxygen", "sys", "hr", "acvpu", "temp"),
)
FULL = {"rr": 16, "spo2": 97, "sys": 125, "hr": 72, "acvpu": 0, "temp": 37.0}


def read(line: Timeline, minute: float) -> Score | None:
    known = line.infusion.known_at(at(minute))
    return of_infusion(known, line.protocol, course(known, line.protocol, at(minute)), TABLE)


def begun() -> Timeline:
    line = Timeline(USED)
    line.set(-4, oxygen=0, **FULL)
    line.start(0)
    return line


def test_an_infusion_of_a_site_that_does_not_use_it_has_none() -> None:
    line = Timeline(replace(USED, news2=None))
    line.set(-4, oxygen=0, **FULL)
    assert read(line, 0) is None
    assert read(Timeline(USED), 0) is None, "nothing is recorded yet"


def test_it_is_made_from_the_newest_set_and_what_is_corrected_counts_as_corrected() -> None:
    line = begun()
    wrong = line.set(10, **(FULL | {"sys": 90}))
    made = read(line, 10)
    assert made is not None
    assert (made.total, made.at) == (3, at(10))
    line.correct(wrong, 12, **FULL)
    made = read(line, 12)
    assert made is not None
    assert made.words == "NEWS2 0, low risk"


def test_what_was_last_seen_an_interval_ago_is_missing_with_its_minute_and_not_carried_forward() -> None:
    line = begun()
    line.set(6, rr=16, spo2=97, sys=125, hr=72, acvpu=0)
    assert (made := read(line, 6)) is not None
    assert made.total == 0, "10 min back still counts"
    line.set(6.1, rr=16)
    assert (made := read(line, 7)) is not None
    assert made.words == "NEWS2 incomplete: no temperature since 4 min before the start"
    line.set(7, temp=36.6)
    line.set(18, rr=16, spo2=97, sys=125, hr=72, acvpu=0)
    assert (made := read(line, 18)) is not None
    assert made.missing == ("Temperature since minute 7",)


def test_oxygen_holds_until_it_is_set_anew_and_is_missing_while_nobody_said() -> None:
    line = begun()
    line.set(30, **FULL)
    assert (made := read(line, 30)) is not None
    assert made.total == 0
    line.set(31, oxygen=2)
    assert (made := read(line, 31)) is not None
    assert made.total == 2
    never = Timeline(USED)
    never.set(-4, **FULL)
    assert (made := read(never, 0)) is not None
    assert made.missing == ("Air or oxygen",)


def test_a_consciousness_in_words_the_table_does_not_know_is_missing() -> None:
    odd = replace(acvpu(), options=(Option(0, "dreamy"),))
    line = Timeline(replace(USED, measures=USED.measures | {"acvpu": odd}))
    line.set(-4, oxygen=0, **FULL)
    assert (made := read(line, 0)) is not None
    assert made.missing == ("Consciousness",)


def test_scale_2_is_used_where_the_order_that_holds_prescribes_it() -> None:
    line = begun()
    line.set(10, oxygen=2, **(FULL | {"spo2": 97}))
    numbers = {"dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 80.0}
    order = line.event("order", -3, spo2_scale=2, **numbers)
    assert (made := read(line, 10)) is not None
    assert (made.total, made.scale, made.words) == (5, 2, "NEWS2 5, medium risk, SpO₂ scale 2")
    line.withdraw(order, 11)
    assert (made := read(line, 11)) is not None
    assert (made.total, made.scale) == (2, 1)


def test_an_order_that_came_while_the_pump_ran_on_another_one_changes_no_scale() -> None:
    line = begun()
    numbers = {"dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 80.0}
    line.event("order", -3, **numbers)
    line.set(10, oxygen=2, **(FULL | {"spo2": 97}))
    line.event("order", 11, spo2_scale=2, **numbers)
    assert (made := read(line, 12)) is not None
    assert (made.total, made.scale) == (2, 1)
