"""A patient's series: what it is for, its infusions and scores in the order of their days, and who was told of what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from uuid import uuid4
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring import access
from monitoring.clinic import instruments, running
from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.course import course
from monitoring.clinical.instruments import Instrument
from monitoring.clinical.protocol import Phase
from monitoring.clinical.record import Infusion, Patient
from monitoring.documents import PHASE_WORDS
from monitoring.recording import begin_series, describe_series, tell_of_score
from monitoring.records import Score, Series
from monitoring.screens.doorway import PAGES
from monitoring.screens.identity import actor
from monitoring.screens.number_field import NumberField
from monitoring.screens.plain import as_it_is, in_html, plain
from monitoring.screens.said import say, say_outcome, show_said

_ASKED_FOR = "series_asked_for"  # in the session: the infusion in the address whose series is shown
_ASKED_BELOW = "asked_below"  # in the session: where what is unanswered is asked
_NOBODY_TOLD = "nobody is recorded as told"


def draw_patient(patient_id: str | None) -> Patient | None:
    """Whose series these are, by name, number and birth date."""
    patient = running().store.patient(patient_id) if patient_id else None
    if patient is None:
        if patient_id:
            st.info("This patient is not known here.")
        return None
    born = f"born {patient.birth_date:%d %b %Y}"
    st.html(f"<h2>{in_html(patient.name)}</h2><p>No. {in_html(patient.number)} · {born}</p>")
    return patient


def pick_series(patient: Patient, infusion_id: str | None = None) -> Series | None:
    """The series that is shown: that of the infusion in the address, else the latest, unless another is chosen.

    None where there is none yet.
    """
    found = running().store.series_of(patient.id)
    if not found:
        st.info("No series yet: it begins with the first infusion, or here when a score comes before.")
        return None
    names = {one.id: f"Series {one.number}, opened {_day(one.opened_at):%d %b %Y}" for one in found}
    state, key = st.session_state, f"series_of_{patient.id}"
    asked = _series_of(patient.id, infusion_id) if infusion_id else None
    if asked in names and (key not in state or state.get(_ASKED_FOR) != infusion_id):
        state[key] = asked
    state[_ASKED_FOR] = infusion_id
    if state.get(key) not in names:
        state[key] = found[-1].id
    if len(found) > 1:
        st.segmented_control(
            "Series",
            list(names),
            format_func=lambda one: plain(names.get(one, "")),
            key=key,
            on_change=_turn_to_series,
            args=(patient.id, key),
        )
    return next(one for one in found if one.id == (state[key] or found[-1].id))


def _series_of(patient_id: str, infusion_id: str) -> str | None:
    infusion = running().store.infusion(infusion_id)
    return infusion.series if infusion is not None and infusion.patient.id == patient_id else None


def _turn_to_series(patient_id: str, key: str) -> None:
    """The address says which series is looked at by the latest infusion of it."""
    wanted, held = st.session_state[key], running().store.infusions_of(patient_id)
    of_it = [one for one in held if wanted is not None and _series_of(patient_id, one) == wanted]
    st.query_params.from_dict({"patient": patient_id} | ({"infusion": of_it[-1]} if of_it else {}))
    st.session_state[_ASKED_FOR] = of_it[-1] if of_it else None


def draw_begin(patient: Patient) -> None:
    """The form that begins the next series: open where there is none yet."""
    who, begun = actor(), len(running().store.series_of(patient.id))
    if who is None or not access.may(who.staff.role, "describe_series"):
        return
    with st.expander("Begin a new series", expanded=not begun):
        place = f"begin_{patient.id}_{begun}"  # a second tap on a form whose series has begun is of no form any more
        st.session_state.setdefault(f"{place}_id", str(uuid4()))
        _draw_details(place, running().protocol.dose.planned_infusions, "", "")
        st.button("Begin this series", key=place, on_click=_begin, args=(patient.id, place))
        show_said(f"begin {patient.id}")


def _begin(patient_id: str, place: str) -> None:
    given, where = st.session_state, f"begin {patient_id}"
    if unread := _planned(place).problems():
        say(where, unread)
        return
    outcome = begin_series(
        running(),
        actor(),
        id=given[f"{place}_id"],
        patient_id=patient_id,
        planned_infusions=_planned(place).count(),
        indication=given[f"{place}_indication"],
        prescriber=given[f"{place}_prescriber"],
    )
    if say_outcome(where, outcome, "The series has begun."):
        given.pop(f"series_of_{patient_id}", None)  # the new one is shown


def _planned(place: str) -> NumberField:
    return NumberField(f"{place}_planned", "Planned infusions", whole=True)


def _draw_details(place: str, planned: int, indication: str, prescriber: str) -> None:
    one, two, three = st.columns([1, 2, 2])
    _planned(place).draw(one, planned)
    two.text_input("Indication", value=indication, key=f"{place}_indication")
    three.text_input("Prescriber", value=prescriber, key=f"{place}_prescriber")


def draw_about(series: Series) -> None:
    """What the series is for, and the form that says it anew: what was said before stays in the record."""
    clinic, who = running(), actor()
    details = clinic.store.series_details(series.id)
    if who is None or not access.may(who.staff.role, "describe_series"):
        return
    with st.expander("What this series is for"):
        place = f"describe_{series.id}"
        _draw_details(
            place,
            series.planned_infusions,
            details.indication if details else "",
            details.prescriber if details else "",
        )
        st.button("Save what it is for", key=place, on_click=_describe, args=(series.id, place))
        show_said(place)


def _describe(series_id: str, place: str) -> None:
    given = st.session_state
    if unread := _planned(place).problems():
        say(place, unread)
        return
    outcome = describe_series(
        running(),
        actor(),
        series_id,
        planned_infusions=_planned(place).count(),
        indication=given[f"{place}_indication"],
        prescriber=given[f"{place}_prescriber"],
    )
    say_outcome(place, outcome, "Saved; what was said before stays in the record.")


# Who was told


def unanswered(patient_id: str) -> list[tuple[Score, Instrument]]:
    """The standing scores of a patient, in every series, that ask who was told and have no answer; oldest first."""
    store = running().store
    return [
        (score, instrument)
        for series in store.series_of(patient_id)
        for score in store.scores_of(series.id)
        if score.stands
        and not score.told
        and (instrument := instruments().get(score.instrument)) is not None
        and instrument.must_tell(score.items)
    ]


def ask_beside_the_form(here: bool) -> None:
    """Whether what is unanswered is asked beside the form for scores, where one was just recorded, or on top."""
    st.session_state[_ASKED_BELOW] = here


def draw_unanswered(patient_id: str, *, below: bool = False) -> None:
    """For each score with such an item above zero: the item, and who was told, when. It stays until it is answered.

    Drawn twice on a page, on top and `below` the form for scores: one of the two shows it.
    """
    if st.session_state.get(_ASKED_BELOW, False) is not below:
        return
    who = actor()
    may_answer = who is not None and access.may(who.staff.role, "score")
    for score, instrument in unanswered(patient_id):
        with st.container(border=True):
            st.error(plain(f"▲ {_asking(score, instrument)}. Who was told, and when?"))
            if not may_answer:
                continue
            place = f"told_{score.id}"
            whom, day, at, save = st.columns([3, 2, 2, 2], vertical_alignment="bottom")
            whom.text_input("Who was told", key=f"{place}_whom", placeholder="name and role")
            day.date_input("Day", value=today(), format="DD/MM/YYYY", key=f"{place}_day")
            at.time_input("Time", value=None, step=300, key=f"{place}_time")
            save.button("Save who was told", key=place, on_click=_tell, args=(score.id, place))
            show_said(place)


def draw_way_to_series(patient_id: str) -> None:
    """The way from a chosen patient to the series, and what is unanswered there."""
    for score, instrument in unanswered(patient_id):
        st.error(plain(f"▲ {_asking(score, instrument)}: {_NOBODY_TOLD}. Answer it under Series."))
    if st.button("Series and scores", key=f"series_{patient_id}"):
        st.switch_page(PAGES / "series.py", query_params={"patient": patient_id})


def _asking(score: Score, instrument: Instrument) -> str:
    """ "PHQ-9 of 03 Mar 2026, item 9: 2 (More than half the days)"."""
    above = ", ".join(asked.words for asked in instrument.asked(score.items) if asked.must_tell)
    return f"{instrument.label} of {score.rated_on:%d %b %Y}, {above}"


def _tell(score_id: str, place: str) -> None:
    given = st.session_state
    day, at = given[f"{place}_day"], given[f"{place}_time"]
    told_at = datetime.combine(day, at, _zone()) if isinstance(day, date) and isinstance(at, time) else None
    say_outcome(place, tell_of_score(running(), actor(), score_id, whom=given[f"{place}_whom"], told_at=told_at))


# Along the series


def draw_along(series: Series) -> None:
    """Infusions and scores of a series as one table by day; what was replaced or withdrawn is struck out, and stays."""
    store = running().store
    details = store.series_details(series.id)
    begun = [phase for _, phase, _ in _infusions(series) if phase not in ("planned", "cancelled")]
    words = [
        f"{series.planned_infusions} infusions planned",
        f"{len(begun)} begun",
        details.indication if details and details.indication else "indication not recorded",
        f"prescriber {details.prescriber}" if details and details.prescriber else "prescriber not recorded",
    ]
    st.text(as_it_is(" · ".join(words)))
    scores = store.scores_of(series.id)
    rows = sorted([*_infusion_rows(series), *_score_rows(scores)], key=lambda row: row[0])
    if not rows:
        st.info("No infusion and no score in this series yet.")
        return
    heading = "".join(f"<th>{word}</th>" for word in ("Day", "What", "Score", "Told", "By", "Remark"))
    body = "".join(row for _, row in rows)
    st.html(f'<table class="along"><thead><tr>{heading}</tr></thead><tbody>{body}</tbody></table>')


def _infusions(series: Series) -> Iterator[tuple[Infusion, Phase, date]]:
    """The infusions of a series with phase and day."""
    clinic = running()
    for row in (clinic.store.infusion(one) for one in clinic.store.infusions_of(series.patient_id)):
        if row is not None and row.series == series.id:
            here = course(row, clinic.protocol_of(row.protocol), clinic.clock.now())
            yield row, here.phase, _day(here.started_at or row.opened_at)


def _infusion_rows(series: Series) -> Iterator[tuple[tuple[date, int], str]]:
    for infusion, phase, day in _infusions(series):
        which = f"{infusion.number} of {series.planned_infusions}"
        what = f"Infusion {which if infusion.number <= series.planned_infusions else f'{infusion.number}, maintenance'}"
        yield (day, 0), _row(day, (what, PHASE_WORDS[phase], "", infusion.opened_by_name, ""), "infusion")


def _score_rows(scores: tuple[Score, ...]) -> Iterator[tuple[tuple[date, int], str]]:
    for number, score in enumerate(scores, start=1):
        instrument = instruments().get(score.instrument)
        if score.withdraws is not None:
            continue  # said in the row that it withdraws
        label = instrument.label if instrument else score.instrument
        words = instrument.words(score.version, score.total, score.items) if instrument else f"{score.total:g}"
        told = "; ".join(f"{one.whom}, {day_and_time(one.told_at, _zone())}" for one in score.told)
        if not told and instrument is not None and instrument.must_tell(score.items):
            told = _NOBODY_TOLD
        by = f"{score.rater}; recorded by {score.recorded_by_name}"
        yield (
            (score.rated_on, number),
            _row(
                score.rated_on,
                (f"{label}, {score.version}", words, told, by, " · ".join(_remarks(score, scores))),
                "" if score.stands else "gone",
            ),
        )


def _remarks(score: Score, scores: tuple[Score, ...]) -> Iterator[str]:
    """What is to be said of a score beside its number: its note, and what it replaces or was replaced by."""
    if score.note:
        yield score.note
    if score.corrects is not None:
        yield f"correction: {score.reason}"
    for other in scores:
        if other.corrects == score.id:
            yield f"corrected by {other.recorded_by_name}"
        if other.withdraws == score.id:
            yield f"withdrawn by {other.recorded_by_name}: {other.reason}"


def _row(day: date, cells: tuple[str, ...], kind: str) -> str:
    rest = "".join(f"<td>{in_html(cell)}</td>" for cell in cells)
    return f'<tr class="{kind}"><td>{day:%d %b %Y}</td>{rest}</tr>'


def _zone() -> ZoneInfo:
    found = running().store.clinic()
    return ZoneInfo(found.zone if found else "UTC")


def _day(instant: datetime) -> date:
    return instant.astimezone(_zone()).date()


def today() -> date:
    return _day(running().clock.now())
