"""A series laid over each other: what is drawn was read, gaps stay gaps, and every infusion has the same scale."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring import recording
from monitoring.charts.series import Between, Line, Point, Room, apart, series_figure, span_of, stretches
from monitoring.clinic import RunningClinic, instruments
from monitoring.clinical.protocol import Level
from monitoring.documents import judged
from monitoring.documents.column import NONE, column
from monitoring.documents.series import (
    Align,
    OneOfSeries,
    Panel,
    clinic_middle,
    infusions_of_series,
    measures_of,
    panel,
    rise_level,
    totals_before,
)
from monitoring.records import Score
from monitoring.review.catching_up import catch_up
from monitoring.review.summary import summary
from monitoring.review.terms import terms
from tests.clinical.timeline import SHIPPED, Timeline, at, running
from tests.small_clinic import QUIET, Names, SetClock, actor, entry, event, open_infusion

ZONE = ZoneInfo("Europe/Berlin")
SYSTOLIC = SHIPPED.measures["systolic"]


def one(line: Timeline, number: int, minute: float = 200) -> OneOfSeries:
    infusion = replace(line.infusion, id=f"infusion {number}")
    j = judged(infusion, line.protocol, at(minute))
    summed = summary(infusion, line.protocol, at(minute))
    return OneOfSeries(j, summed, f"#{number}", at(0).date(), column(j, summed))


def laid(
    *lines: Timeline, key: str = "systolic", align: Align = "start", clinic: dict[int, Between] | None = None
) -> Panel:
    """These infusions over each other, the last one chosen."""
    found = [one(line, n) for n, line in enumerate(lines, start=1)]
    return panel(found, SHIPPED.measures[key], align, found[-1].id, clinic or {}, ZONE)


def traces(shown: Panel) -> dict[str, dict[str, Any]]:
    return {trace["name"]: trace for trace in shown.figure["data"] if trace["name"].startswith("#")}


def bands(shown: Panel, name: str) -> list[dict[str, Any]]:
    return [trace for trace in shown.figure["data"] if trace["name"].startswith(name)]


def course(*values: tuple[float, float], **more: Any) -> Timeline:
    """An infusion with these systolic pressures at these minutes, the baseline before."""
    line = running()
    for minute, value in values:
        line.quiet_set(minute, systolic=value, **more)
    return line


# One chart


def test_values_stand_at_their_minute_since_the_start_and_the_chosen_one_is_drawn_last() -> None:
    shown = laid(course((10, 140.0), (20, 150.0)), course((10, 130.0)))
    assert traces(shown)["#1"]["x"] == [-4, 10, 20]
    assert traces(shown)["#1"]["y"] == [126, 140, 150]
    assert shown.figure["data"][-1]["name"] == "#2"
    assert traces(shown)["#2"]["line"]["width"] > traces(shown)["#1"]["line"]["width"]
    assert {note["text"] for note in shown.figure["layout"]["annotations"]} == {"<b>#2</b>", "#1"}
    assert traces(shown)["#2"]["hovertext"][1].startswith("#2 · 03 Mar 2026<br>130 mmHg<br>minute 10 · ")


def test_lines_are_told_apart_by_dash_and_the_older_ones_are_fainter() -> None:
    found = traces(laid(*(course((10, 130.0 + n)) for n in range(4))))
    assert [found[f"#{n}"]["line"]["dash"] for n in (1, 2, 3, 4)] == ["solid", "dash", "dashdot", "solid"]
    assert found["#1"]["opacity"] < found["#2"]["opacity"] < found["#3"]["opacity"] < found["#4"]["opacity"] == 1
    outline = bands(laid(course((10, 130.0)), course((10, 140.0))), "lowest")
    assert {band["line"]["dash"] for band in outline} == {"dot"}  # as no line is


def test_no_line_joins_across_a_gap_during_or_after_the_infusion() -> None:
    line = course((0, 120.0), (10, 130.0), (26, 140.0))
    line.end(40)
    line.quiet_set(60, systolic=150.0)
    line.quiet_set(82, systolic=151.0)
    line.quiet_set(106, systolic=152.0)
    trace = traces(laid(line))["#1"]
    assert trace["x"] == [-4, 0, 10, None, 26, None, 60, 82, None, 106]
    assert trace["connectgaps"] is False
    assert trace["line"].get("shape", "linear") == "linear"  # nothing is smoothed


def test_the_scale_is_that_of_the_measure_whatever_was_read() -> None:
    assert laid(course((10, 126.0))).figure["layout"]["yaxis"]["range"] == [40, 200]
    low, high = laid(course((10, 262.0))).figure["layout"]["yaxis"]["range"]
    assert (low, high > 262) == (40, True)
    assert span_of(SHIPPED.measures["dissociation"], [0, 1]) == (-0.4, 4.6)


@pytest.mark.parametrize(("last", "step"), [(35, 10), (60, 10), (150, 20), (400, 60), (1800, 240), (9000, 1440)])
def test_the_time_axis_has_as_many_numbers_as_can_be_read(last: float, step: int) -> None:
    assert laid(course((10, 126.0), (last, 126.0))).figure["layout"]["xaxis"]["dtick"] == step


def test_what_lies_outside_is_marked_by_form_and_colour() -> None:
    marker = traces(laid(course((10, 159.0), (20, 160.0), (30, 180.0))))["#1"]["marker"]
    assert marker["symbol"] == ["circle", "circle", "triangle-up", "square"]
    assert marker["color"] == ["@action", "@action", "@caution", "@critical"]


def test_limits_are_lines_with_their_numbers() -> None:
    figure = laid(course((10, 126.0))).figure
    assert {label["text"] for label in figure["labels"] if label["kind"] == "limit"} == {"160", "180", "90"}
    heights = sorted(mark["y0"] for mark in figure["marks"] if mark["kind"] == "limit")
    assert heights == [round((value - 40) / 160, 4) for value in (90, 100, 160, 180)]


def test_a_corrected_value_is_drawn_as_it_stands() -> None:
    line = running()
    slip = line.quiet_set(10, systolic=214.0)
    line.correct(slip, 11, systolic=124.0, diastolic=78.0)
    assert traces(laid(line))["#1"]["y"] == [126, 124]


# Laid on another moment


def test_laid_on_the_first_pause_those_without_one_are_left_out_and_named() -> None:
    paused = course((10, 140.0))
    paused.pause(12)
    paused.resume(14)
    paused.quiet_set(20, systolic=150.0)
    paused.pause(25)
    shown = laid(course((10, 130.0)), paused, align="first pause")
    assert list(traces(shown)) == ["#2"]
    assert traces(shown)["#2"]["x"] == [-16, -2, 8]
    assert shown.remarks == ("Systolic pressure: no pause in #1",)
    assert shown.since == "minutes since the first pause"
    assert shown.figure["layout"]["shapes"] == []


@pytest.mark.parametrize(
    ("key", "x", "since"),
    [
        ("systolic", [-24, -10, 0, 10], "minutes from the highest value"),
        ("spo2", [-34, -20, -10, 0], "minutes from the lowest value"),
    ],
)
def test_laid_on_the_peak_the_first_of_equal_ones_counts(key: str, x: list[float], since: str) -> None:
    line = running()
    for minute, systolic, spo2 in ((10, 140.0, 97.0), (20, 166.0, 97.0), (30, 166.0, 94.0)):
        line.quiet_set(minute, systolic=systolic, spo2=spo2)
    shown = laid(line, key=key, align="peak")
    assert traces(shown)["#1"]["x"] == x
    assert shown.since == since


def test_the_clinics_middle_is_drawn_only_from_the_start() -> None:
    middle = {0: Between(0, 110, 140, 30), 10: Between(10, 112, 150, 31), 30: Between(30, 114, 152, 29)}
    shown = laid(course((10, 130.0)), clinic=middle)
    assert [trace["x"] for trace in bands(shown, "middle")] == [[0, 10, 10, 0, 0], [29.5, 30.5, 30.5, 29.5, 29.5]]
    assert bands(shown, "middle")[0]["y"] == [140, 150, 112, 110, 140]
    assert shown.clinic == (29, 31)
    other = laid(course((10, 130.0)), align="peak", clinic=middle)
    assert (bands(other, "middle"), other.clinic) == ([], None)


def test_the_patients_own_range_needs_two_infusions() -> None:
    assert bands(laid(course((10, 130.0))), "lowest") == []
    (band,) = bands(laid(course((10, 130.0), (20, 140.0)), course((11, 150.0), (21, 120.0))), "lowest")
    assert band["x"][:4] == [0, 10, 20, 20]
    assert band["y"][:3] == [126, 150, 140]
    assert band["y"][3:6] == [120, 130, 126]


@pytest.mark.parametrize("align", ["start", "peak"])
def test_the_patients_own_range_is_there_only_where_all_infusions_have_a_value(align: Align) -> None:
    lines = [course((0, 120.0), (10, 150.0), (20, 120.0)), course((0, 130.0), (10, 150.0)), course((0, 90.0))]
    two, three = laid(*lines[:2], align=align), laid(*lines, align=align)
    middle = 0 if align == "peak" else 10
    assert {x for band in bands(two, "lowest") for x in band["x"]} == {middle - 10, middle}
    assert (two.drawn, two.outlined, three.drawn, three.outlined) == (2, True, 3, True)
    own = [(row[0], row[-1]) for row in three.rows if row[-1]]
    assert own == [("0", "90 to 130" if align == "start" else "90 to 150")]


def test_a_band_breaks_where_a_minute_is_missing() -> None:
    found = {minute: Between(minute, 1, 2, 3) for minute in (0, 10, 30, 45)}
    parts = [[one.minute for one in part] for part in stretches(found, lambda minute: 22.5 if minute > 40 else 15)]
    assert parts == [[0, 10], [30, 45]]
    assert stretches({}, lambda _: 15) == []


# The same as a table


def test_the_chart_can_be_read_as_a_table() -> None:
    shown = laid(course((10, 140.0)), course((9, 130.0), (20, 150.0)), clinic={10: Between(10, 112, 150, 31)})
    assert shown.heading == (
        "Minute", "#1 · 03 Mar 2026", "#2 · 03 Mar 2026", "Patient, lowest to highest", "Clinic, middle",
        "Clinic, infusions",
    )  # fmt: skip
    assert shown.rows == (
        ("0", "126", "126", "126 to 126", "", ""),
        ("10", "140", "130", "130 to 140", "112 to 150", "31"),
        ("20", "", "150", "", "", ""),
    )


def test_an_infusion_that_never_started_or_has_no_value_is_not_drawn() -> None:
    shown = laid(Timeline(), course((10, 130.0)))
    assert list(traces(shown)) == ["#2"]
    assert shown.remarks == ()
    assert laid(course((10, 130.0)), key="distress").remarks == ("Distress: no value in #1",)
    assert laid(Timeline()).figure["data"] == []


def ending(n: int, value: float, x: float = 100, chosen: bool = False) -> Line:
    """An infusion whose last value is this one."""
    return Line(str(n), f"#{n}", (Point(x, value, None, "", False),), chosen)


def numbers(lines: list[Line], room: Room) -> dict[str, float]:
    """Where the number of each infusion stands, above the lowest of the scale [px]."""
    layout = series_figure(SYSTOLIC, lines, since="", planned_minutes=40, room=room)["layout"]
    low, high = layout["yaxis"]["range"]
    shown = {}
    for note in layout["annotations"]:
        shift = -note["ay"] if note["showarrow"] else note["yshift"]
        shown[note["text"]] = (note["y"] - low) / (high - low) * room.down + shift
    return shown


def test_numbers_of_lines_that_end_at_one_place_stand_apart_in_their_order() -> None:
    room = Room(500, 300)
    lines = [ending(1, 121), ending(2, 120), ending(3, 122), ending(4, 120.5, chosen=True), ending(5, 176)]
    shown = numbers(lines, room)
    assert sorted(shown, key=shown.__getitem__) == ["#2", "<b>#4</b>", "#1", "#3", "#5"]
    heights = sorted(shown.values())
    assert all(later - before >= 14.9 for before, later in pairwise(heights))
    assert shown["#5"] == pytest.approx((176 - 40) / 160 * room.down)  # far from the others, at its own line
    beside = numbers([ending(1, 120, x=20), ending(2, 120, x=100, chosen=True)], room)
    assert len(set(beside.values())) == 1


def test_where_there_is_no_room_for_all_numbers_the_latest_and_the_chosen_one_have_theirs() -> None:
    shown = numbers([ending(n, 120, chosen=n == 2) for n in range(1, 31)], Room(290, 100))
    assert set(shown) == {"<b>#2</b>", "#28", "#29", "#30"}
    assert all(0 <= height <= Room(290, 100).down for height in shown.values())


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ([], []),
        ([50], [50]),
        ([50, 80], [50, 80]),
        ([50, 50], [45, 55]),
        ([50, 52, 54], [42, 52, 62]),
        ([0, 0], [0, 10]),
        ([100, 100, 100], [80, 90, 100]),
        ([10, 49, 50], [10, 44.5, 54.5]),
    ],
)
def test_what_would_overlap_is_moved_apart_and_stays_inside(wanted: list[float], shown: list[float]) -> None:
    assert apart(wanted, 10, 100) == pytest.approx(shown)


# What is marked


@pytest.mark.parametrize(
    ("highest", "level"),
    [(126 + 39, None), (126 + 40, Level.CAUTION), (185, Level.CAUTION)],
)
def test_a_rise_is_marked_only_where_a_rule_about_the_rise_was_met(highest: float, level: Level | None) -> None:
    """At 165 the peak lies outside the range, and at 185 far outside, whatever it rose from."""
    found = one(course((10, highest)), 1)
    assert rise_level(found.j, "systolic") is level
    fact = next(fact for fact in found.facts if fact.key == "systolic")
    assert fact.level is not None


def test_without_a_baseline_or_a_rule_about_rises_no_rise_is_marked() -> None:
    line = course((10, 185.0))
    assert rise_level(one(line, 1).j, "heart_rate") is None
    line.protocol = replace(
        SHIPPED,
        measures={
            **SHIPPED.measures,
            "systolic": replace(SYSTOLIC, limits=tuple(x for x in SYSTOLIC.limits if x.is_absolute)),
        },
    )
    assert rise_level(one(line, 1).j, "systolic") is None


# A series in a clinic


def treat(clinic: RunningClinic, clock: SetClock, infusion: str, highest: float) -> None:
    """An infusion of twenty minutes, with one pressure at its tenth."""
    ada = actor(clinic, "Ada Okafor")
    for wait, body in (
        (1, lambda: entry(clock.now())),
        (2, lambda: event(clock.now(), "start", reason="other", decided_by="Dr Ines Weiss")),
        (10, lambda: entry(clock.now(), readings={**QUIET, "systolic": highest})),
        (10, lambda: event(clock.now(), "end")),
        (60, lambda: {**event(clock.now(), "close"), "queued": True}),
    ):
        clock.wait(minutes=wait)
        outcome = recording.save_entry(clinic, ada, infusion, body())
        assert outcome.done, outcome.sentences


def test_a_series_holds_its_infusions_in_order_and_no_other(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    marta = names.patients["Marta Brandt"]
    treat(clinic, clock, names.infusion, 150)
    clock.wait(days=3)
    ada = actor(clinic, "Ada Okafor")
    second = open_infusion(clinic, ada, marta, "chair-1")
    omar = open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    [series] = clinic.store.series_of(marta)
    found = infusions_of_series(clinic, marta, series.id)
    assert [(one.id, one.label, one.started) for one in found] == [
        (names.infusion, "#1", True),
        (second, "#2", False),
    ]
    assert found[0].day == date(2026, 3, 3)
    assert omar not in [one.id for one in found]
    assert next(iter(measures_of(found))) == "systolic"
    assert clinic_middle(clinic, SYSTOLIC) == {}


def test_an_infusion_brought_in_later_stands_at_its_day(
    clinic: RunningClinic, names: Names, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    treat(clinic, clock, names.infusion, 150)
    clock.wait(days=3)
    ada = actor(clinic, "Ada Okafor")
    later = open_infusion(clinic, ada, names.patients["Marta Brandt"], "chair-1")
    [series] = clinic.store.series_of(names.patients["Marta Brandt"])
    numbered = {names.infusion: 7, later: 0}
    whole = clinic.store.infusion
    renumbered = lambda id: replace(whole(id), number=numbered[id])  # noqa: E731
    monkeypatch.setattr(clinic.store, "infusion", renumbered)
    found = infusions_of_series(clinic, names.patients["Marta Brandt"], series.id)
    assert [one.named for one in found] == ["#7 · 03 Mar 2026", "imported · 06 Mar 2026"]


def test_the_clinics_middle_comes_from_enough_infusions_only(
    clinic: RunningClinic, names: Names, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitoring.review import clinic_counts

    treat(clinic, clock, names.infusion, 150)
    catch_up(clinic)
    assert clinic_middle(clinic, SYSTOLIC) == {}
    asked = terms()
    few = type(asked)(**{name: getattr(asked, name) for name in asked.__slots__} | {"minimum_infusions": 1})
    monkeypatch.setattr(clinic_counts, "terms", lambda: few)
    assert clinic_middle(clinic, SYSTOLIC)[10] == Between(10, 150, 150, 1)
    assert clinic_middle(clinic, replace(SYSTOLIC, unit="kPa")) == {}  # of a series measured in another unit than these


def score(day: int, total: float | None, *, stands: bool = True, instrument: str = "phq9", nine: int = 0) -> Score:
    return Score(
        f"{instrument}-{day}-{total}", "series", instrument, "9 items", total, {"9": nine}, date(2026, 3, day),
        "patient", "", at(0), "", "", None, None, "", stands, (),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("after", "until", "text"),
    [(None, 5, "18"), (None, 4, "21"), (5, 8, "13"), (5, 6, NONE), (8, 20, NONE)],
)
def test_a_score_belongs_to_the_next_infusion(after: int | None, until: int, text: str) -> None:
    scores = [score(3, 21), score(5, 18), score(8, 13, nine=1), score(8, 25, stands=False), score(20, None)]
    found = totals_before(scores, instruments(), None if after is None else date(2026, 3, after), date(2026, 3, until))
    assert [(fact.label, fact.text) for fact in found] == [("PHQ-9 before", text)]
    if text == "13":
        assert "item 9: 1 (Several days)" in found[0].note


def test_of_two_scores_of_one_day_the_later_recorded_counts() -> None:
    (fact,) = totals_before([score(3, 21), score(3, 19)], instruments(), None, date(2026, 3, 3) + timedelta(days=1))
    assert (fact.text, fact.value) == ("19", 19)
