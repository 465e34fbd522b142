"""Charts of the clinic's history: a table in, plotly figure out. What rests on too few is a gap, and stays one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from monitoring.charts.frame import FONT, TEXT_PX
from monitoring.review.clinic_counts import ClinicTable

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_INKS: Final = {  # dark, light. Priority has colours of its own; everything else is told apart by line and place
    "ink": ("#c9d5da", "#35444c"),
    "soft": ("#a9b5bc", "#4b5961"),
    "band": ("rgba(201,213,218,0.13)", "rgba(53,68,76,0.12)"),
    "grid": ("#222b31", "#e3e8eb"),
    "caution": ("#ffb000", "#9c4f00"),
    "critical": ("#ff5c8a", "#a3123a"),
}
_LINES: Final = ("solid", "dash", "dot", "dashdot")
_ROW_PX, _LEAST_PX = 30, 260


def clinic_figure(table: ClinicTable, *, dark: bool = True) -> Figure:
    """The chart of a table, in the colours of a dark or a light page."""
    from plotly.graph_objects import Figure

    ink = {name: both[0 if dark else 1] for name, both in _INKS.items()}
    draws = {"band": _band, "lines": _lines, "bars": _bars}
    data, layout = draws[table.drawing](table, ink)
    return Figure({"data": data, "layout": _frame(ink) | layout})


def _frame(ink: dict[str, str]) -> dict[str, Any]:
    axis = {"gridcolor": ink["grid"], "zeroline": False, "linecolor": ink["grid"], "automargin": True}
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": TEXT_PX, "color": ink["soft"], "family": FONT},
        "hoverlabel": {"font": {"size": TEXT_PX}},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "height": 300,
        "showlegend": False,
        "dragmode": False,
        "xaxis": dict(axis),
        "yaxis": dict(axis),
    }


def _band(table: ClinicTable, ink: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Percentiles along the minutes: bands between the outer ones, a line for each, the middle one strongest.

    Minutes are joined only while none between them is empty.
    """
    data: list[dict[str, Any]] = []
    for run in _runs(table):
        minutes = [row[0] for row in run]
        for low, high in zip(table.drawn, reversed(table.drawn), strict=False):
            if low >= high:
                break
            data.append(
                {
                    "x": [*minutes, *reversed(minutes)],
                    "y": [*(row[low] for row in run), *(row[high] for row in reversed(run))],
                    "fill": "toself",
                    "fillcolor": ink["band"],
                    "line": {"width": 0},
                    "mode": "lines",
                    "hoverinfo": "skip",
                }
            )
        middle = table.drawn[len(table.drawn) // 2]
        for column in table.drawn:
            name = table.columns[column]
            data.append(
                {
                    "x": minutes,
                    "y": [row[column] for row in run],
                    "mode": "lines+markers",
                    "marker": {"size": 6 if column == middle else 4},
                    "line": {"width": 2.5 if column == middle else 1, "color": ink["ink"]},
                    "name": name,
                    "text": [f"{row[1]:,} infusions" for row in run],
                    "hovertemplate": f"{name}: %{{y}}<br>minute %{{x}}<br>%{{text}}<extra></extra>",
                }
            )
    ends = [(row, column) for row in _last_run(table)[-1:] for column in table.drawn]
    notes = [
        {
            "x": row[0],
            "y": row[column],
            "text": f"{table.columns[column].removeprefix('Percentile ')} %",
            "showarrow": False,
            "xanchor": "left",
            "xshift": 8,
            "font": {"size": TEXT_PX, "color": ink["soft"]},
        }
        for row, column in ends
    ]
    layout: dict[str, Any] = {"height": 380, "annotations": notes, "margin": {"l": 8, "r": 52, "t": 8, "b": 8}}
    return data, layout | {
        "xaxis": _axis(ink, "min", dtick=10 if len(table.rows) < 20 else 30),
        "yaxis": _axis(ink),
    }


def _runs(table: ClinicTable) -> list[list[tuple[Any, ...]]]:
    """The rows that may be joined: those that follow each other, none of them empty."""
    runs: list[list[tuple[Any, ...]]] = [[]]
    for row in table.rows:
        if row[table.drawn[0]] is None:
            runs.append([])
        else:
            runs[-1].append(row)
    return [run for run in runs if run]


def _last_run(table: ClinicTable) -> Sequence[tuple[Any, ...]]:
    runs = _runs(table)
    return runs[-1] if runs else ()


def _lines(table: ClinicTable, ink: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A line for each column along the months, points alone along the versions; an empty cell breaks it."""
    by_month = table.columns[0] == "Month"
    data = []
    for place, column in enumerate(table.drawn):
        name = table.columns[column]
        level = next((level for level in ("critical", "caution") if level in name), "ink")
        symbol = {"critical": "square", "caution": "triangle-up"}.get(level, ("circle", "diamond", "cross")[place % 3])
        data.append(
            {
                "x": [row[0] for row in table.rows],
                "y": [row[column] for row in table.rows],
                "mode": "lines+markers" if by_month else "markers",
                "connectgaps": False,
                "line": {"color": ink[level], "width": 2, "dash": _LINES[place % len(_LINES)]},
                "marker": {"size": 8, "symbol": symbol, "color": ink[level]},
                "name": _named(name),
                "cliponaxis": False,
                "text": [f"n = {row[1]:,}" for row in table.rows],
                "hovertemplate": f"{name}: %{{y}}<br>%{{x}}<br>%{{text}}<extra></extra>",
            }
        )
    return data, _legend(ink) | {
        "xaxis": _group_axis(table, ink),
        "yaxis": _axis(ink, _unit(table), rangemode="tozero"),
    }


def _bars(table: ClinicTable, ink: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A bar a row, the first on top, each with its number."""
    (column,) = table.drawn
    rows = list(reversed(table.rows))
    words = [_short(str(row[0])) for row in rows]
    levels = [next((level for level in ("critical", "caution") if str(row[0]).endswith(level)), "soft") for row in rows]
    marks = {"critical": "■ ", "caution": "▲ "}
    bars: dict[str, Any] = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(rows))),
        "x": [row[column] for row in rows],
        "text": [f"{row[column]} % (n = {row[column - 1]:,})" for row in rows],
        "textposition": "none" if table.columns[0] == "Digit" else "outside",
        "cliponaxis": False,
        "marker": {"color": [ink[level] for level in levels]},
        "hovertemplate": "%{text}<extra></extra>",
    }
    ticks = [f"{marks.get(level, '')}{word}" for level, word in zip(levels, words, strict=True)]
    even = [
        {
            "type": "line",
            "x0": 10,
            "x1": 10,
            "y0": 0,
            "y1": 1,
            "yref": "paper",
            "layer": "below",
            "line": {"color": ink["soft"], "dash": "dot"},
        }
    ]
    # All digits lie near the line at 10 %: it would cross the words at their ends, so these stand beside the longest.
    farthest = max([10.0, *(row[column] or 0.0 for row in rows)])
    beside = [
        {"x": farthest, "y": n, "text": text, "showarrow": False, "xanchor": "left", "xshift": 8}
        for n, text in enumerate(bars["text"])
    ]
    return [bars], {
        "shapes": even if table.columns[0] == "Digit" else [],
        "annotations": beside if table.columns[0] == "Digit" else [],
        "height": max(_LEAST_PX, _ROW_PX * len(rows) + 60),
        "margin": {"l": 8, "r": 110, "t": 8, "b": 8},
        "bargap": 0.35,
        "xaxis": _axis(ink, "%", rangemode="tozero"),
        "yaxis": _axis(ink) | {"tickvals": list(range(len(rows))), "ticktext": ticks, "showgrid": False},
    }


def _axis(ink: dict[str, str], title: str = "", **more: Any) -> dict[str, Any]:
    axis: dict[str, Any] = _frame(ink)["xaxis"]
    return axis | {"title": {"text": title, "font": {"size": TEXT_PX}}} | more


def _group_axis(table: ClinicTable, ink: dict[str, str]) -> dict[str, Any]:
    if table.columns[0] != "Month":
        return _axis(ink, type="category")
    months = len(table.rows)
    every = 1 if months <= 8 else 3 if months <= 30 else 12
    shown: dict[str, Any] = {"tickformat": "%b %Y" if every < 12 else "%Y", "hoverformat": "%b %Y"}
    if months == 1:  # of one alone plotly would show days or hours
        month = str(table.rows[0][0])
        shown |= {"tickvals": [f"{month}-01"], "tickmode": "array"}
    return _axis(ink, type="date", dtick=f"M{every}", tick0="2000-01-01", **shown)


def _legend(ink: dict[str, str]) -> dict[str, Any]:
    place = {
        "orientation": "h",
        "x": 0,
        "y": 1.02,
        "yanchor": "bottom",
        "font": {"size": TEXT_PX, "color": ink["soft"]},
    }
    return {"showlegend": True, "legend": place, "margin": {"l": 8, "r": 8, "t": 40, "b": 8}}


def _short(words: str) -> str:
    """As much of a text as a chart has room for, without anything that plotly would read as markup."""
    plain = words.replace("<", "‹").replace(">", "›").replace("&", "＆")
    return plain if len(plain) <= 60 else f"{plain[:59]}…"


def _named(heading: str) -> str:
    """A heading as a legend has room for it: "Percentile 90 [min]" is "90 %"."""
    words, _, _ = heading.partition(" [")
    return f"{words.removeprefix('Percentile ')} %" if words.startswith("Percentile ") else words


def _unit(table: ClinicTable) -> str:
    """The unit that all drawn columns share, from their headings."""
    units = {table.columns[column].partition("[")[2].rstrip("]") for column in table.drawn}
    return units.pop() if len(units) == 1 else ""
