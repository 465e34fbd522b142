"""The series in review: infusions over each other, how each went in a column of its own, and what happened in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from monitoring.charts import MARK
from monitoring.charts.series import WIDE, Room
from monitoring.clinic import instruments, running
from monitoring.clinical.protocol import Level, Measure
from monitoring.documents.column import NONE, Fact, turning
from monitoring.documents.series import (
    ALIGNS,
    OneOfSeries,
    Panel,
    clinic_middle,
    infusions_of_series,
    measures_of,
    panel,
    rise_level,
    what_happened,
)
from monitoring.documents.words import PHASE_WORDS, zone_of
from monitoring.records import Series
from monitoring.review.catching_up import catch_up
from monitoring.review.terms import terms
from monitoring.screens.doorway import PAGES
from monitoring.screens.drawn import STYLE, draw
from monitoring.screens.finding import choose_patient
from monitoring.screens.plain import in_html, listed, plain
from monitoring.screens.review import moments_html

_ALL: Final = "all"
_MOST_BARS: Final = 12  # the latest so many
_MOST_KEYS: Final = 9  # side by side; more are chosen from a list
_SMALL: Final = Room(290, 200)  # [px]; the width is what there is at least
_BAR_PX: Final = 80
_MARKED: Final = (Level.CRITICAL, Level.CAUTION)
_ADDRESS: Final = "series_address"  # the address that the fields show
_IN_ADDRESS: Final = ("infusion", "measure", "align")  # with the patient's id; nothing else stands there


def whose() -> str | None:
    """The id of the patient whose series is looked at: as the address says, else as is found here.

    Who was found stands in the address from then on, by the id alone.
    """
    given = st.query_params.get("patient")
    if given:
        return given
    found = choose_patient("Find", key="patient_chosen")
    if found is not None:
        st.query_params["patient"] = found
        st.rerun()
    return None


def draw_series_review(patient_id: str, series: Series, picker: DeltaGenerator) -> None:
    """Everything of a series that has an infusion; nothing where it has none. `picker`: where one is chosen."""
    found = infusions_of_series(running(), patient_id, series.id)
    if not found:
        return
    style = "".join(file.read_text(encoding="utf-8") for file in (STYLE, STYLE.with_name("series.css")))
    st.html(f"<style>{style}</style>")
    latest = next((one.id for one in reversed(found) if one.started), found[-1].id)
    measures = [*measures_of(found), _ALL]
    _take_address(
        infusion=([one.id for one in found], latest), measure=(measures, measures[0]), align=(ALIGNS, ALIGNS[0])
    )
    with picker:
        chosen = _choose(found, latest)
    if any(one.started for one in found):
        _draw_charts(found, chosen, series)
    st.html(_columns(found, chosen, series))
    _draw_one(chosen)


def _choose(found: Sequence[OneOfSeries], latest: str) -> OneOfSeries:
    """The infusion that is looked at, and where there are several the keys, or the list, to choose another."""
    words = {one.id: f"{one.label} {one.day:%d %b}" for one in found}
    if len(found) > _MOST_KEYS:
        words = {one.id: one.named for one in found}
        st.selectbox(
            "Infusion",
            list(words),
            format_func=listed(words),
            key=_key("infusion"),
            on_change=_changed,
            width=260,
        )
    elif len(found) > 1:
        st.segmented_control(
            "Infusion",
            list(words),
            format_func=lambda id: plain(words.get(id, "")),
            key=_key("infusion"),
            on_change=_changed,
        )
    return next(one for one in found if one.id == (st.session_state[_key("infusion")] or latest))


def _draw_charts(found: Sequence[OneOfSeries], chosen: OneOfSeries, series: Series) -> None:
    """The infusions over each other, one measure beside the bars of the strip, or all measures small below them."""
    measures = measures_of(found)
    if st.session_state[_key("measure")] == _ALL:
        _draw_bars(found, series)
        _draw_overlay(found, chosen, measures)
        return
    with st.container(key="series_charts"):  # on a tablet held upright the one stands above the other
        over, beside = st.columns([1.05, 1], gap="small")
    with over:
        _draw_overlay(found, chosen, measures)
    with beside:
        _draw_bars(found, series)


def _draw_overlay(found: Sequence[OneOfSeries], chosen: OneOfSeries, measures: Mapping[str, Measure]) -> None:
    """One measure, or all, aligned at the start, the first pause or the peak; what is drawn, and as a table."""
    fields = st.container(horizontal=True, vertical_alignment="bottom")
    wanted = fields.selectbox(
        "Measure",
        [*measures, _ALL],
        format_func=listed({key: one.label for key, one in measures.items()}, "All, small"),
        key=_key("measure"),
        on_change=_changed,
        width=230,
    )
    align = fields.segmented_control("Aligned at", ALIGNS, key=_key("align"), on_change=_changed) or ALIGNS[0]
    clinic = running()
    left = catch_up(clinic)
    zone = zone_of(clinic)
    keys = list(measures) if wanted == _ALL else [wanted]
    small = len(keys) > 1
    room = _SMALL if small else WIDE
    panels = [
        panel(found, measures[key], align, chosen.id, clinic_middle(clinic, measures[key]), zone, room) for key in keys
    ]
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
                    "height": room.height,
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
    """How the lines are told apart; what the two bands are, of how many infusions, and why one is not there."""
    asked, words = terms(), []
    drawn = [shown.clinic for shown in panels if shown.clinic is not None]
    middle = f"middle {asked.percentiles[-1] - asked.percentiles[0]} % of this clinic's infusions at the same minute"
    if drawn:
        fewest, most = min(low for low, _ in drawn), max(high for _, high in drawn)
        words.append(f"Grey: {middle}, n {fewest:,}" + (f" to {most:,}" if most > fewest else ""))
    elif align != ALIGNS[0]:
        words.append(f"The {middle} is there only for infusions aligned at the {ALIGNS[0]}")
    else:
        words.append(f"The {middle} is not drawn: fewer than {asked.minimum_infusions} infusions")
    if left and align == ALIGNS[0]:
        words.append(f"{left:,} not counted yet")
    most_lines = max((shown.drawn for shown in panels), default=0)
    if any(shown.outlined for shown in panels):
        words.append(
            "dotted outline: lowest to highest of this patient's, at the minutes that all infusions drawn have"
        )
    elif most_lines > 1:
        words.append("no outline of this patient's: there is no minute that all infusions drawn have")
    if most_lines > 1:
        words.insert(0, "Each line ends at its number, older ones fainter; a tap near a value names its infusion")
    return " · ".join(words)


def _table(shown: Panel) -> str:
    head = "".join(f"<th>{in_html(word)}</th>" for word in shown.heading)
    rows = "".join(f"<tr>{''.join(f'<td>{in_html(cell)}</td>' for cell in row)}</tr>" for row in shown.rows)
    name = f"{shown.measure.label} {shown.measure.unit}".rstrip()
    return (
        f'<div class="rv scroll"><table class="minutes"><caption>{in_html(name)}, by minute</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


# The strip


def _draw_bars(found: Sequence[OneOfSeries], series: Series) -> None:
    """What can be compared along the series, a bar an infusion, each kind on one scale."""
    shown = [one for one in found if one.started][-_MOST_BARS:]
    keys = _bar_keys(shown)
    groups = "".join(_bars(key, shown, series) for key in keys)
    st.html(f'<div class="rv bar-groups">{groups}{_marks_say(shown, keys)}</div>')


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
    bars = "".join(_bar(one, fact, most, _mark(one, fact)) for one, fact in zip(found, facts, strict=True))
    bars += "".join(_no_bar(label) for label in _planned(found, series))
    return f'<section><h4>{in_html(heading)}</h4><ol class="bars">{bars}</ol></section>'


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


def _planned(found: Sequence[OneOfSeries], series: Series) -> list[str]:
    """The numbers of the series that nobody has begun, as far as there is room."""
    begun = {one.j.infusion.number for one in found}
    numbers = [number for number in range(1, series.planned_infusions + 1) if number not in begun]
    return [f"#{number}" for number in numbers[: max(0, _MOST_BARS - len(found))]]


def _mark(one: OneOfSeries, fact: Fact | None) -> Level | None:
    """The level of what the bar shows: of a pressure of its rise, which is something else than where the peak lies."""
    if fact is None or fact.value is None:
        return None
    measure = one.j.protocol.measures.get(fact.key)
    return fact.level if measure is None or measure.is_rating else rise_level(one.j, fact.key)


def _bar(one: OneOfSeries, fact: Fact | None, most: float, level: Level | None) -> str:
    if fact is None or fact.value is None:
        return _no_bar(one.label)
    height = round(_BAR_PX * max(0.0, min(1.0, fact.value / most)))
    mark = f"{MARK[level]}&nbsp;" if level else ""
    word = level.word if level else ""
    said = [one.named, f"{fact.text} {fact.note}".strip()]
    if level:
        said.append(f"flagged as {word} by the ranges of that day")
    return (
        f'<li title="{in_html(" · ".join(said))}"><b class="{word}">{mark}{fact.value:g}</b>'
        f'<i style="height: {height}px"></i><span>{in_html(one.label)}</span></li>'
    )


def _no_bar(label: str) -> str:
    return f'<li><b>&nbsp;</b><i class="none"></i><span>{in_html(label)}</span></li>'


def _marks_say(found: Sequence[OneOfSeries], keys: Sequence[str]) -> str:
    """What the marks at the bars mean, where there are any."""
    seen = {_mark(one, _fact(one, key)) for one in found for key in keys}
    marks = [f"{MARK[level]} {level.word}" for level in _MARKED if level in seen]
    if not marks:
        return ""
    words = (
        f"{', '.join(marks)}: what the bar shows, so of a rise the rise itself, was flagged by the ranges of its day"
    )
    return f"<p>{in_html(words)}</p>"


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
        f'<tr><th scope="row">{in_html(label)}</th>'
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
    phase = PHASE_WORDS[one.summary.phase]
    if one.j.infusion.imported and one.label.startswith("#"):
        phase = f"imported, {phase}"
    return (
        f'<th class="{mark}"><a href="/review?infusion={in_html(one.id)}" target="_self">{in_html(one.named)}</a>'
        f"<br><small>{in_html(phase)}</small></th>"
    )


def _cell(fact: Fact | None, chosen: bool) -> str:
    mark = "chosen" if chosen else ""
    if fact is None:
        return f'<td class="{mark}">{NONE}</td>'
    level = fact.level.word if fact.level else ""
    sign = f"{MARK[fact.level]} " if fact.level and fact.key != "flags" else ""
    title = f' title="{level}: the gravest of its values by the ranges of that day"' if sign else ""
    note = f"<br><small>{in_html(fact.note)}</small>" if fact.note else ""
    return f'<td class="{mark}"><b class="{level}"{title}>{sign}{in_html(fact.text)}</b>{note}</td>'


def _draw_one(one: OneOfSeries) -> None:
    """What happened in the chosen infusion, and the way to its review."""
    words, key = st.columns([6, 1], vertical_alignment="bottom")
    label = running().protocol_of(one.j.infusion.protocol).label
    words.html(
        f'<p class="rv happened-head"><b>{in_html(one.named)} · what happened</b>'
        f"<span>ranges “{in_html(label)}”, as in force that day</span></p>"
    )
    if key.button("Review", key=f"review_{one.id}", width="stretch"):
        st.switch_page(PAGES / "review.py", query_params={"infusion": one.id})
    moments = what_happened(one, zone_of(running()))
    st.html(moments_html(moments) if moments else '<p class="rv none">Nothing recorded yet.</p>')


# Between the fields and the address


def _key(field: str) -> str:
    return f"series_{field}"


def _take_address(**options: tuple[Sequence[str], str]) -> None:
    """Let the fields show what the address asks for, when it is another than they have written.

    `options`: of each field what there is, and what is shown unasked. What there is not (the infusion of another
    series, a measure of other ranges) is as if it were not asked for.
    """
    state = st.session_state
    given = {key: st.query_params[key] for key in ("patient", *_IN_ADDRESS) if key in st.query_params}
    anew = state.get(_ADDRESS) != given
    state[_ADDRESS] = given
    for key, (possible, unasked) in options.items():
        field = _key(key)
        wanted = given.get(key) if anew or field not in state else state[field]
        state[field] = wanted if wanted in possible else unasked


def _changed() -> None:
    """The fields as they stand now go into the address, so that a reload and a sent link show the same."""
    state = st.session_state
    address = {"patient": st.query_params["patient"]} | {
        key: value for key in _IN_ADDRESS if (value := state.get(_key(key))) is not None
    }
    state[_ADDRESS] = address
    st.query_params.from_dict(address)
