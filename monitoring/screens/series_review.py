"""The series in review: infusions over each other, how each went in a column of its own, and what happened in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from monitoring.charts import MARK
from monitoring.clinic import instruments, running
from monitoring.clinical.protocol import Measure
from monitoring.documents.column import NONE, Fact, turning
from monitoring.documents.series import (
    ALIGNS,
    OneOfSeries,
    Panel,
    clinic_middle,
    infusions_of_series,
    measures_of,
    panel,
    what_happened,
)
from monitoring.documents.words import PHASE_WORDS, zone_of
from monitoring.records import Series
from monitoring.review.catching_up import catch_up
from monitoring.review.terms import terms
from monitoring.screens.doorway import PAGES
from monitoring.screens.drawn import STYLE, draw
from monitoring.screens.plain import plain
from monitoring.screens.review import moments_html

_ALL: Final = "all"
_MOST_BARS: Final = 12  # the latest so many
_MOST_KEYS: Final = 9  # side by side; more are chosen from a list
_ONE_PX, _MANY_PX, _BAR_PX = 300, 200, 80


def draw_series_review(patient_id: str, series: Series, infusion_id: str | None, picker: DeltaGenerator) -> None:
    """Everything of a series that has an infusion; nothing where it has none. `picker`: where one is chosen."""
    found = infusions_of_series(running(), patient_id, series.id)
    if not found:
        return
    st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
    with picker:
        chosen = _choose(found, series, infusion_id)
    if any(one.started for one in found):
        _draw_charts(found, chosen, series)
    st.html(_columns(found, chosen, series))
    _draw_one(chosen)


def _choose(found: Sequence[OneOfSeries], series: Series, infusion_id: str | None) -> OneOfSeries:
    """The infusion that is looked at: the one in the address, else the latest that was started."""
    by_id = {one.id: one for one in found}
    latest = next((one.id for one in reversed(found) if one.started), found[-1].id)
    key = f"series_chosen_{series.id}"
    if key not in st.session_state:
        st.session_state[key] = infusion_id if infusion_id in by_id else latest
    if len(found) > _MOST_KEYS:
        words = {one.id: f"{one.label}, {one.day:%d %b %Y}" for one in found}
        st.selectbox("Infusion", list(words), format_func=words.__getitem__, key=key, width=260)
    elif len(found) > 1:
        st.segmented_control(
            "Infusion", list(by_id), format_func=lambda id: f"{by_id[id].label} {by_id[id].day:%d %b}", key=key
        )
    return by_id.get(st.session_state[key] or latest, by_id[latest])


def _draw_charts(found: Sequence[OneOfSeries], chosen: OneOfSeries, series: Series) -> None:
    """The infusions over each other, one measure beside the bars of the strip, or all measures small below them."""
    measures = measures_of(found)
    wanted = st.session_state.get("series_measure", next(iter(measures)))
    if wanted == _ALL:
        _draw_bars(found, series)
        _draw_overlay(found, chosen, measures)
        return
    over, beside = st.columns([1.05, 1], gap="small")
    with over:
        _draw_overlay(found, chosen, measures)
    with beside:
        _draw_bars(found, series)


def _draw_overlay(found: Sequence[OneOfSeries], chosen: OneOfSeries, measures: Mapping[str, Measure]) -> None:
    """One measure, or all, laid on the start, the first pause or the peak; with what the bands are, and as a table."""
    fields = st.container(horizontal=True, vertical_alignment="bottom")
    wanted = fields.selectbox(
        "Measure",
        [*measures, _ALL],
        format_func=lambda key: "All, small" if key == _ALL else measures[key].label,
        key="series_measure",
        width=230,
    )
    align = fields.segmented_control("Laid on", ALIGNS, default=ALIGNS[0], key="series_align") or ALIGNS[0]
    clinic = running()
    left = catch_up(clinic)
    zone = zone_of(clinic)
    keys = list(measures) if wanted == _ALL else [wanted]
    panels = [panel(found, measures[key], align, chosen.id, clinic_middle(clinic, key), zone) for key in keys]
    small = len(panels) > 1
    draw(
        "panels",
        {
            "panels": [
                {
                    "key": shown.measure.key,
                    "heading": shown.measure.label,
                    "words": shown.measure.unit
                    if small
                    else " · ".join(part for part in (shown.measure.unit, shown.since) if part),
                    "label": f"{shown.measure.label} of this series; the same values are in the table below it",
                    "figure": shown.figure,
                    "height": _MANY_PX if small else _ONE_PX,
                }
                for shown in panels
            ]
        },
        key="series_panels",
    )
    st.caption(plain(_legend(panels, align, left)))
    if remarks := [remark for shown in panels for remark in shown.remarks]:
        st.caption(plain("Not drawn · " + " · ".join(remarks)))
    with st.expander("Read as a table"):
        for shown in panels:
            st.html(_table(shown))


def _legend(panels: Sequence[Panel], align: str, left: int) -> str:
    """What the two bands are, of how many infusions, and why one is not there."""
    asked, words = terms(), []
    drawn = [shown.clinic for shown in panels if shown.clinic is not None]
    middle = f"middle {asked.percentiles[-1] - asked.percentiles[0]} % of this clinic's infusions at the same minute"
    if drawn:
        fewest, most = min(low for low, _ in drawn), max(high for _, high in drawn)
        words.append(f"Grey: {middle}, n {fewest:,}" + (f" to {most:,}" if most > fewest else ""))
    elif align != ALIGNS[0]:
        words.append(f"The {middle} is there only for infusions laid on the {ALIGNS[0]}")
    else:
        words.append(f"The {middle} is not drawn: fewer than {asked.minimum_infusions} infusions")
    if left and align == ALIGNS[0]:
        words.append(f"{left:,} not counted yet")
    words.append("dotted outline: lowest to highest of this patient's, where there are two or more")
    return " · ".join(words)


def _table(shown: Panel) -> str:
    head = "".join(f"<th>{escape(word)}</th>" for word in shown.heading)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in shown.rows)
    name = f"{shown.measure.label} {shown.measure.unit}".rstrip()
    return (
        f'<div class="rv scroll"><table class="minutes"><caption>{escape(name)}, by minute</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


# The strip


def _draw_bars(found: Sequence[OneOfSeries], series: Series) -> None:
    """What can be compared along the series, a bar an infusion, each kind on one scale."""
    shown = [one for one in found if one.started][-_MOST_BARS:]
    groups = "".join(_bars(key, shown, series) for key in _bar_keys(shown))
    st.html(f'<div class="rv bar-groups">{groups}</div>')


def _bar_keys(found: Sequence[OneOfSeries]) -> list[str]:
    """Scores, the first rating, the rise of the first pressure, and how long until the patient left."""
    last = found[-1]
    scores = [fact.key for fact in last.facts if fact.key.startswith("score:")]
    protocol = last.j.protocol
    ratings = [key for key in protocol.schedule.observations if key in turning(protocol)][:1]
    pressures = [key for key in protocol.schedule.set if key in turning(protocol)][:1]
    return [*scores[:1], *ratings, *pressures, "leaving"]


def _bars(key: str, found: Sequence[OneOfSeries], series: Series) -> str:
    facts = [_fact(one, key) for one in found]
    values = [fact.value for fact in facts if fact is not None and fact.value is not None]
    heading, most = _scale(key, found, values)
    bars = "".join(_bar(one.label, fact, most) for one, fact in zip(found, facts, strict=True))
    planned = range(len(found), min(series.planned_infusions, _MOST_BARS))
    bars += "".join(_bar(f"#{number + 1}", None, most) for number in planned)
    return f'<section><h4>{escape(heading)}</h4><ol class="bars">{bars}</ol></section>'


def _scale(key: str, found: Sequence[OneOfSeries], values: Sequence[float]) -> tuple[str, float]:
    """What the bars are of, and the value of the highest one there can be; of what has no end the highest there is."""
    measures = found[-1].j.protocol.measures
    most = max([1.0, *values])
    if key.startswith("score:"):
        instrument = instruments().get(key.removeprefix("score:"))
        highest = max((version.highest or 0 for version in instrument.versions), default=0) if instrument else 0
        label = instrument.label if instrument else key.removeprefix("score:")
        return f"{label} before the infusion" + (f" (0–{highest})" if highest else ""), float(highest or most)
    if key in measures and measures[key].is_rating:
        points = [option.value for option in measures[key].options]
        return f"{measures[key].label}, highest ({min(points)}–{max(points)})", float(max(points))
    if key in measures:
        return f"{measures[key].label}, rise {measures[key].unit}", most
    return "Minutes from end to leaving", most


def _bar(label: str, fact: Fact | None, most: float) -> str:
    if fact is None or fact.value is None:
        return f'<li><b>&nbsp;</b><i class="none"></i><span>{escape(label)}</span></li>'
    height = round(_BAR_PX * max(0.0, min(1.0, fact.value / most)))
    mark = f"{MARK[fact.level]}&nbsp;" if fact.level else ""
    level = fact.level.word if fact.level else ""
    return (
        f'<li title="{escape(f"{fact.text} {fact.note}".strip())}"><b class="{level}">{mark}{fact.value:g}</b>'
        f'<i style="height: {height}px"></i><span>{escape(label)}</span></li>'
    )


def _fact(one: OneOfSeries, key: str) -> Fact | None:
    return next((fact for fact in one.facts if fact.key == key), None)


def _columns(found: Sequence[OneOfSeries], chosen: OneOfSeries, series: Series) -> str:
    """One column an infusion, one row a fact; each column leads to the review of its infusion."""
    labels: dict[str, str] = {}
    for one in found:
        for fact in one.facts:
            labels.setdefault(fact.key, fact.label)
    head = "".join(_heading(one, one.id == chosen.id) for one in found)
    rows = "".join(
        f'<tr><th scope="row">{escape(label)}</th>'
        + "".join(_cell(_fact(one, key), one.id == chosen.id) for one in found)
        + "</tr>"
        for key, label in labels.items()
    )
    return (
        f'<div class="rv scroll"><table class="strip"><thead><tr><th>{len(found)} of {series.planned_infusions}</th>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _heading(one: OneOfSeries, chosen: bool) -> str:
    mark = "chosen" if chosen else ""
    words = f"{one.label} · {one.day:%d %b %Y}"
    return (
        f'<th class="{mark}"><a href="/review?infusion={escape(one.id)}" target="_self">{escape(words)}</a>'
        f"<br><small>{escape(PHASE_WORDS[one.summary.phase])}</small></th>"
    )


def _cell(fact: Fact | None, chosen: bool) -> str:
    mark = "chosen" if chosen else ""
    if fact is None:
        return f'<td class="{mark}">{NONE}</td>'
    level = fact.level.word if fact.level else ""
    sign = f"{MARK[fact.level]} " if fact.level and fact.key != "flags" else ""
    note = f"<br><small>{escape(fact.note)}</small>" if fact.note else ""
    return f'<td class="{mark}"><b class="{level}">{sign}{escape(fact.text)}</b>{note}</td>'


def _draw_one(one: OneOfSeries) -> None:
    """What happened in the chosen infusion, and the way to its review."""
    words, key = st.columns([6, 1], vertical_alignment="bottom")
    label = running().protocol_of(one.j.infusion.protocol).label
    words.html(
        f'<p class="rv happened-head"><b>{escape(one.label)} · {one.day:%d %b} · what happened</b>'
        f"<span>ranges “{escape(label)}”, as in force that day</span></p>"
    )
    if key.button("Review", key=f"review_{one.id}", width="stretch"):
        st.switch_page(PAGES / "review.py", query_params={"infusion": one.id})
    moments = what_happened(one, zone_of(running()))
    st.html(moments_html(moments) if moments else '<p class="rv none">Nothing recorded yet.</p>')
