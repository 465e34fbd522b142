"""Charts: what is drawn where, and that nothing is drawn that was not read."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring.charts import infusion_chart, infusion_figure
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
    assert 214 in struck["y"]
    assert any("corrected: typed wrongly" in text for text in struck["hovertext"])


def test_partial_and_late_sets_are_hollow() -> None:
    line = running()
    line.set(10, not_done={"respiration": "asleep"}, systolic=120.0, diastolic=80.0)
    line.quiet_set(20)
    assert trace(figure(line, 21), "Systolic pressure")["marker"]["symbol"] == ["y-down", "y-down-open", "y-down"]


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


def test_the_figure_is_one_that_plotly_accepts() -> None:
    line = running()
    line.quiet_set(10, systolic=185.0)
    line.observe(12, dissociation=3, sedation=4, distress=1)
    line.pause(13)
    infusion = line.infusion
    stands = course(infusion, line.protocol, at(20))
    drawn = infusion_chart(infusion, line.protocol, stands, levels(infusion, line.protocol, stands), at(20), ZONE)
    assert len(drawn.data) > 8
    assert "@" not in str(drawn.to_dict())
