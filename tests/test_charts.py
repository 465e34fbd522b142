"""Charts: what is drawn where, and that nothing is drawn that was not read."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring.charts import dose_strip, infusion_chart, infusion_figure
from monitoring.clinical.course import course
from monitoring.clinical.flags import levels
from tests.clinical.timeline import Timeline, at, running

ZONE = ZoneInfo("Europe/Berlin")


def figure(line: Timeline, minute: float) -> dict[str, Any]:
    infusion = line.infusion.known_at(at(minute))
    stands = course(infusion, line.protocol, at(minute))
    found = levels(infusion, line.protocol, stands)
    return infusion_figure(infusion, line.protocol, stands, found, at(minute), ZONE)


def trace(drawn: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in drawn["data"] if one["name"] == name)


def test_an_infusion_with_nothing_recorded_is_drawn() -> None:
    drawn = figure(Timeline(), -20)
    assert drawn["origin"] is None
    assert all(len(one["x"]) == 0 for one in drawn["data"])


def test_readings_stand_at_their_elapsed_minute_also_while_paused() -> None:
    line = running()
    line.quiet_set(10)
    line.pause(12)
    line.quiet_set(20, systolic=140.0)
    systolic = trace(figure(line, 21), "Systolic pressure")
    assert list(zip(systolic["x"], systolic["y"], strict=True)) == [(-4, 126), (10, 126), (20, 140)]
    assert trace(figure(line, 21), "Diastolic pressure")["y"] == [78, 78, 78]


@pytest.mark.parametrize(
    ("value", "colour"), [(159.0, "@ink"), (160.0, "@caution"), (179.0, "@caution"), (180.0, "@critical")]
)
def test_only_what_lies_outside_is_coloured(value: float, colour: str) -> None:
    line = Timeline()
    line.quiet_set(-4, systolic=150.0)
    line.start()
    line.quiet_set(10, systolic=value)
    assert trace(figure(line, 11), "Systolic pressure")["marker"]["color"][1] == colour


def test_no_line_joins_across_a_gap() -> None:
    line = running()
    for minute in (0, 10, 30):
        line.quiet_set(minute)
    pulse = trace(figure(line, 31), "Heart rate")
    assert pulse["x"] == [-4, 0, 10, None, 30]
    assert pulse["y"] == [72, 72, 72, None, 72]


def test_a_zero_is_drawn_as_a_number() -> None:
    line = running()
    line.observe(5, dissociation=0)
    line.quiet_set(10, respiration=0.0)
    drawn = figure(line, 11)
    assert trace(drawn, "Dissociation")["text"] == ["0"]
    assert trace(drawn, "Respiration")["y"][-1] == 0


def test_a_corrected_value_is_struck_and_leaves_the_line() -> None:
    line = running()
    slip = line.quiet_set(10, systolic=214.0)
    line.correct(slip, 11, systolic=124.0, diastolic=78.0)
    drawn = figure(line, 12)
    assert trace(drawn, "Systolic pressure")["y"] == [126, 124]
    struck = trace(drawn, "no longer holds")
    assert struck["y"] == [214]  # a true 78 beside it looks as it is
    assert any("corrected: typed wrongly" in text for text in struck["hovertext"])


def crosses(line: Timeline, minute: float) -> list[tuple[float, float]]:
    """Where the chart has a cross: minute and value, over all panels."""
    drawn = figure(line, minute)["data"]
    return sorted(
        place for one in drawn if one["name"] == "no longer holds" for place in zip(one["x"], one["y"], strict=True)
    )


def test_a_cross_stands_at_what_changed_and_nowhere_else() -> None:
    line = running()
    slip = line.quiet_set(10, spo2=91.0)
    again = {reading.measure: reading.value for reading in slip.readings}
    right = line.correct(slip, 11, **again | {"spo2": 97.0})
    assert crosses(line, 12) == [(10, 91)]
    assert trace(figure(line, 12), "Systolic pressure")["y"] == [126, 126]
    third = line.correct(right, 12, **again | {"spo2": 97.0, "heart_rate": 80.0})
    assert crosses(line, 13) == [(10, 72), (10, 91)]
    line.withdraw(third, 13, "wrong patient")
    assert len(crosses(line, 14)) == 2 + len(third.readings)  # what was withdrawn is struck whole, once


def test_a_set_moved_to_another_minute_is_struck_whole_where_it_was() -> None:
    line = running()
    slip = line.quiet_set(10)
    line.correct(slip, 11, seen_at=5, **{reading.measure: reading.value for reading in slip.readings})
    assert {minute for minute, _ in crosses(line, 12)} == {10}
    assert len(crosses(line, 12)) == len(slip.readings)


def test_partial_and_late_sets_are_hollow() -> None:
    line = running()
    line.set(10, not_done={"respiration": "asleep"}, systolic=120.0, diastolic=80.0)
    line.quiet_set(20)
    assert trace(figure(line, 21), "Systolic pressure")["marker"]["symbol"] == [
        "y-down",
        "triangle-down-open",
        "y-down",
    ]


def test_the_whole_planned_infusion_and_recovery_are_in_view_from_the_start() -> None:
    low, high = figure(running(), 1)["layout"]["xaxis"]["range"]
    assert low < -4
    assert high >= 70


def test_an_extreme_widens_its_panel_and_no_other() -> None:
    line = running()
    line.quiet_set(10, systolic=262.0)
    layout = figure(line, 11)["layout"]
    quiet = figure(running(), 11)["layout"]
    assert layout["yaxis"]["range"][1] > 262
    assert quiet["yaxis"]["range"] == [40, 200]
    assert layout["yaxis2"] == quiet["yaxis2"]


def test_a_pause_is_shaded_from_its_start_to_its_end() -> None:
    line = running()
    line.pause(12)
    line.resume(15)
    line.pause(20)
    bands = [one for one in figure(line, 24)["layout"]["shapes"] if one["fillcolor"] == "@pause"]
    assert [(one["x0"], one["x1"]) for one in bands] == [(12, 15), (20, 24)]


def test_the_baseline_is_a_labelled_line_at_its_value() -> None:
    drawn = figure(running(), 5)
    assert [one["text"] for one in drawn["labels"] if one["kind"] == "baseline"] == ["baseline 126"]
    no_baseline = Timeline()
    no_baseline.start()
    assert not [one for one in figure(no_baseline, 5)["labels"] if one["kind"] == "baseline"]


def test_limits_carry_their_numbers() -> None:
    numbers = {one["text"] for one in figure(running(), 5)["labels"] if one["kind"] == "limit"}
    assert {"180 sys", "110 dia", "111", "50", "93", "21", "11"} <= numbers


def test_events_are_marks_with_their_words() -> None:
    line = running()
    line.event("medicine", 14, name="Ondansetron", dose="4", unit="mg", route="IV")
    line.event("note", 15, text="hears music")
    hover = trace(figure(line, 16), "Events")["hovertext"]
    assert [text.split("<br>")[0] for text in hover] == ["Pump started", "Ondansetron 4 mg IV", "“hears music”"]


def test_a_set_that_lacks_something_is_hollow_until_it_is_complete() -> None:
    line = running()
    line.set(10, systolic=120.0, diastolic=80.0)
    assert trace(figure(line, 12), "Systolic pressure")["marker"]["symbol"] == ["y-down", "triangle-down-open"]
    line.set(12, heart_rate=70.0, spo2=98.0, respiration=14.0)
    assert trace(figure(line, 12), "Systolic pressure")["marker"]["symbol"] == ["y-down", "y-down"]


def test_what_was_not_done_is_marked_at_the_foot_of_its_panel_and_is_no_value() -> None:
    line = running()
    line.set(10, not_done={"systolic": "asleep", "diastolic": "asleep"}, heart_rate=70.0, spo2=98.0, respiration=14.0)
    drawn = figure(line, 11)
    assert trace(drawn, "Systolic pressure")["x"] == [-4]
    (marked,) = [one for one in drawn["data"] if one["name"] == "not done"]
    assert (marked["yaxis"], marked["x"], marked["text"]) == ("y", [10], ["○ not done"])
    low, high = drawn["layout"]["yaxis"]["range"]
    assert low < marked["y"][0] < low + (high - low) / 5
    assert marked["hovertext"] == [
        "Systolic pressure not done: asleep<br>Diastolic pressure not done: asleep<br>minute 10 · 11:10 · Ada Okafor"
    ]
    assert trace(drawn, "Heart rate")["marker"]["symbol"] == ["circle", "circle-open"]


@pytest.mark.parametrize(
    ("changes", "symbol", "says"),
    [
        ({}, "y-down", ""),
        ({"amendment": "late entry"}, "triangle-down-open", "late entry"),
        ({"amendment": "addendum"}, "triangle-down-open", "addendum"),
        ({"tapped_at": at(30)}, "triangle-down-open", "late entry"),
        ({"source": "paper"}, "y-down", "transcribed from paper"),
        ({"source": "import", "tapped_at": at(60 * 24)}, "y-down", "imported from a file"),
    ],
)
def test_what_was_added_afterwards_is_hollow_and_says_so(changes: dict[str, Any], symbol: str, says: str) -> None:
    line = running()
    line._replace(line.quiet_set(10), **changes)
    drawn = trace(figure(line, 40), "Systolic pressure")
    assert drawn["marker"]["symbol"] == ["y-down", symbol]
    assert drawn["hovertext"][1].split("<br>")[2:] == ([says] if says else [])


def on_paper(drawn: dict[str, Any]) -> list[tuple[float, float]]:
    """Where the chart is shaded as transcribed from paper."""
    return [(one["x0"], one["x1"]) for one in drawn["layout"]["shapes"] if one["line"].get("dash") == "dot"]


@pytest.mark.parametrize(
    ("live", "paper", "shaded"),
    [
        ((0, 10, 20), (), []),
        ((0, 40), (10, 20, 30), [(0, 40)]),
        ((0, 10, 20), (30,), [(20, 30)]),  # nothing after it yet
        ((0, 28, 40), (5, 20), [(0, 28)]),
        ((0, 1, 2, 40), (20,), [(10, 30)]),  # at most one slot to either side
        ((0, 20, 40), (10, 30), [(0, 40)]),  # they touch at the one between
        ((0, 15, 40), (7, 22), [(0, 32)]),
        ((0, 10, 12, 30), (5, 20), [(0, 10), (12, 30)]),
    ],
)
def test_what_only_paper_knew_is_shaded_and_labelled(
    live: tuple[int, ...], paper: tuple[int, ...], shaded: list[tuple[float, float]]
) -> None:
    line = Timeline()
    line.start()
    for minute in sorted((*live, *paper)):
        if minute:
            entry = line.quiet_set(minute)
            if minute in paper:
                line._replace(entry, source="paper", tapped_at=at(50), recorded_at=at(50))
    line.entries.sort(key=lambda e: e.recorded_at)
    drawn = figure(line, 50)
    assert on_paper(drawn) == shaded
    notes = [one["text"] for one in drawn["layout"]["annotations"]]
    assert notes == ["transcribed from paper"] * len(shaded)


def test_a_correction_of_what_came_from_paper_stays_from_paper() -> None:
    line = running()
    line.quiet_set(10)
    slip = line.quiet_set(20)
    slip = line._replace(slip, source="paper")
    line.quiet_set(30)
    line.correct(slip, 31, systolic=120.0)
    assert on_paper(figure(line, 32)) == [(10, 30)]


def test_what_came_from_a_file_is_shaded_and_labelled() -> None:
    line = running()
    for minute in (10, 20):
        line._replace(line.quiet_set(minute), source="import", tapped_at=at(31), recorded_at=at(31))
    line.quiet_set(30)
    drawn = figure(line, 32)
    assert on_paper(drawn) == [(0, 30)]
    assert [one["text"] for one in drawn["layout"]["annotations"]] == ["imported from a file"]


def test_what_was_withdrawn_shades_nothing() -> None:
    line = running()
    line.withdraw(line._replace(line.quiet_set(20), source="paper"), 21)
    assert on_paper(figure(line, 32)) == []


@pytest.mark.parametrize(
    ("events", "strip"),
    [
        ([("end", 40)], [(0, 40, 150)]),
        ([], [(0, None, 150)]),
        ([("pause", 10), ("resume", 12)], [(0, 10, 150), (10, 12, 0), (12, None, 150)]),
        ([("pause", 10)], [(0, 10, 150), (10, None, 0)]),
        ([("rate", 20)], [(0, 20, 150), (20, None, 75)]),
        ([("pause", 10), ("rate", 11), ("resume", 12)], [(0, 10, 150), (10, 12, 0), (12, None, 75)]),
        ([("stop", 7.5)], [(0, 7.5, 150)]),
    ],
)
def test_the_dose_strip_is_what_the_pump_did(
    events: list[tuple[Any, float]], strip: list[tuple[float, float | None, float]]
) -> None:
    line = running()
    for kind, minute in events:
        line.event(kind, minute, **({"rate_ml_per_h": 75.0} if kind == "rate" else {}))
    assert [(one["from"], one["to"], one["rate"]) for one in dose_strip(line.course(60))] == strip


def test_before_the_start_the_dose_strip_is_empty() -> None:
    assert dose_strip(Timeline().course(-1)) == []


@pytest.mark.parametrize("minute", [20, 60, 100, 240, 600])
def test_no_reading_lies_under_the_titles_at_the_right(minute: float) -> None:
    line = running()
    line.quiet_set(minute)
    low, high = figure(line, minute + 1)["layout"]["xaxis"]["range"]
    assert minute <= low + 0.8 * (high - low) + 1e-9


def test_what_is_known_of_an_event_stands_in_its_hover() -> None:
    line = running()
    line.event("called", 12, whom="clinician")
    infusion = line.infusion
    stands = line.course(13)
    drawn = infusion_figure(infusion, line.protocol, stands, {}, at(13), ZONE, lambda entry: f"said of {entry.id}")
    assert [text.split("<br>")[0] for text in trace(drawn, "Events")["hovertext"]] == ["said of e2", "said of e3"]


def test_the_planned_time_of_the_order_is_in_view() -> None:
    line = Timeline()
    line.event("order", -15, dose_mg_per_kg=0.5, planned_minutes=100, weight_kg=80.0, prescriber="Dr Ines Weiss")
    line.start()
    assert figure(line, 1)["layout"]["xaxis"]["range"][1] >= 130


def test_the_figure_is_one_that_plotly_accepts() -> None:
    line = running()
    line.quiet_set(10, systolic=185.0)
    line.observe(12, dissociation=3, sedation=4, distress=1)
    line.pause(13)
    for kind in ("called", "help", "handover"):
        line.event(kind, 14)
    line._replace(line.set(15, not_done={"systolic": "asleep"}, heart_rate=70.0), source="paper")
    infusion = line.infusion
    stands = course(infusion, line.protocol, at(20))
    drawn = infusion_chart(infusion, line.protocol, stands, levels(infusion, line.protocol, stands), at(20), ZONE)
    assert len(drawn.data) > 8
    assert "@" not in str(drawn.to_dict())
