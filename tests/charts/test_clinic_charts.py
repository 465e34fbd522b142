"""The charts of the clinic's history: everything that is told is drawn, and nothing is drawn of too few."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring.charts.clinic import clinic_figure
from monitoring.review.clinic_counts import ClinicTable, Drawing


def table(drawing: Drawing, columns: tuple[str, ...], rows: Any, drawn: tuple[int, ...]) -> ClinicTable:
    return ClinicTable("key", "Title", columns, tuple(rows), drawing, drawn, "10 infusions", "", "")


BAND = ("Minute", "Infusions", "Percentile 10", "Percentile 50", "Percentile 90", "Remark")


def traces(figure: Any, mode: str) -> list[Any]:
    return [trace for trace in figure.data if trace.mode == mode]


def test_a_band_breaks_where_a_minute_rests_on_too_few() -> None:
    rows = [(0, 30, 1.0, 2.0, 3.0, ""), (10, 30, 2.0, 3.0, 4.0, ""), (20, 3, None, None, None, "fewer than 20")]
    rows += [(30, 25, 3.0, 4.0, 5.0, ""), (40, 25, 3.0, 4.0, 5.0, "")]
    figure = clinic_figure(table("band", BAND, rows, (2, 3, 4)))
    lines = traces(figure, "lines+markers")
    assert [(line.name, line.x, line.y) for line in lines if line.name == "Percentile 50"] == [
        ("Percentile 50", (0, 10), (2.0, 3.0)),
        ("Percentile 50", (30, 40), (4.0, 4.0)),
    ]
    bands = traces(figure, "lines")
    assert [(band.x, band.y) for band in bands] == [
        ((0, 10, 10, 0), (1.0, 2.0, 4.0, 3.0)),
        ((30, 40, 40, 30), (3.0, 3.0, 5.0, 5.0)),
    ]
    assert [note.text for note in figure.layout.annotations] == ["10 %", "50 %", "90 %"]
    assert {note.x for note in figure.layout.annotations} == {40}


def test_minutes_of_recovery_are_joined_though_they_lie_farther_apart() -> None:
    rows = [(minute, 30, 1.0, 2.0, 3.0, "") for minute in (30, 40, 55, 70)]
    figure = clinic_figure(table("band", BAND, rows, (2, 3, 4)))
    assert {line.x for line in traces(figure, "lines+markers")} == {(30, 40, 55, 70)}


def test_months_are_joined_but_not_over_an_empty_one() -> None:
    rows = [("2026-03", 30, 40.0, 1.0, ""), ("2026-04", 2, None, None, "fewer"), ("2026-05", 25, 30.0, 2.0, "")]
    columns = ("Month", "Started", "With a caution [%]", "With a critical [%]", "Remark")
    figure = clinic_figure(table("lines", columns, rows, (2, 3)))
    assert [(line.name, line.y, line.connectgaps, line.mode) for line in figure.data] == [
        ("With a caution", (40.0, None, 30.0), False, "lines+markers"),
        ("With a critical", (1.0, None, 2.0), False, "lines+markers"),
    ]
    assert [line.marker.symbol for line in figure.data] == ["triangle-up", "square"]
    assert (figure.layout.xaxis.type, figure.layout.yaxis.title.text) == ("date", "%")
    assert (figure.layout.xaxis.tickformat, figure.layout.xaxis.hoverformat) == ("%b %Y", "%b %Y")
    alone = clinic_figure(table("lines", columns, rows[:1], (2, 3)))
    assert alone.layout.xaxis.tickvals == ("2026-03-01",)


def test_versions_are_points_that_no_line_joins() -> None:
    columns = ("Ranges", "Infusions", "Percentile 10 [min]", "Percentile 90 [min]", "Remark")
    figure = clinic_figure(table("lines", columns, [("<b>one</b> 1", 30, 5, 50, "")], (2, 3)))
    assert [(line.name, line.mode) for line in figure.data] == [("10 %", "markers"), ("90 %", "markers")]
    assert (figure.layout.xaxis.type, figure.layout.yaxis.title.text) == ("category", "min")


def test_bars_say_how_many_and_hold_no_markup() -> None:
    columns = ("Flag", "Flags", "Infusions", "Of those started [%]")
    rows = [("<b>SpO₂</b> & more, low, critical", 7, 5, 25.0), ("x" * 100, 1, 1, 5.0)]
    figure = clinic_figure(table("bars", columns, rows, (3,)))
    (bars,) = figure.data
    assert (bars.x, bars.text) == ((5.0, 25.0), ("5.0 % (n = 1)", "25.0 % (n = 5)"))
    assert figure.layout.yaxis.ticktext == ("x" * 59 + "…", "■ ‹b›SpO₂‹/b› ＆ more, low, critical")


@pytest.mark.parametrize("dark", [True, False])
def test_the_middle_of_ten_digits_is_marked_and_both_themes_have_colours(dark: bool) -> None:
    columns = ("Digit", "Times", "Share [%]")
    figure = clinic_figure(table("bars", columns, [(str(n), 10, 10.0) for n in range(10)], (2,)), dark=dark)
    assert [shape.x0 for shape in figure.layout.shapes] == [10]
    assert {(note.x, note.text) for note in figure.layout.annotations} == {(10, "10.0 % (n = 10)")}
    assert figure.layout.font.color == ("#a9b5bc" if dark else "#4b5961")
    other = clinic_figure(table("bars", ("Reason", "Infusions", "Share [%]"), [("a", 10, 10.0)], (2,)))
    assert other.layout.shapes == ()
