"""Taking infusions out of the records as files: of one infusion, of a series, of what a search found.

What is quick is a link to its door. What takes long is made while the page says how far it is; then it can be fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import streamlit as st

from monitoring.access import NotPermitted, require
from monitoring.clinic import running
from monitoring.exports.alone import alone_in
from monitoring.exports.deidentified import NOT_ANONYMOUS
from monitoring.exports.downtime import PAPERS
from monitoring.exports.files import Kind, NotComplete, found_by, of_search
from monitoring.exports.making import Making, workshop_of
from monitoring.review.search import Wanted
from monitoring.screens.identity import actor
from monitoring.screens.plain import plain

TITLE: Final = "Take out as a file"
_LOOK_AGAIN_SECONDS: Final = 1
_MAKING: Final = "export_making"  # in the session: the id of what is being made for this tab
_REFUSED: Final = "export_refused"
_FORM: Final = "export_form"
_ALONE: Final = "export_alone"  # in the session: for which search, and how many stand alone
_KEPT: Final = (
    "Each file is written down in the audit trail under your name, with what is in it. "
    "Tables come with their data dictionary; de-identified ones have study numbers, bands of age and weight, and whole "
    f"minutes in the place of dates. {NOT_ANONYMOUS}"
)
_ONE_PATIENT: Final = "This file is of one patient: whoever knows who it is of knows all of it."
_TABLES: Final = {
    "tables.zip": "Tables (CSV)",
    "tables.zip?deidentified=1": "De-identified tables (CSV)",
    "bundle.json": "FHIR R4 Bundle",
}
_PAPERS: Final = {"a4": "A4", "letter": "Letter"}
_FORMS: Final[dict[str, tuple[Kind, dict[str, Any]]]] = {
    "Tables (CSV)": ("tables", {}),
    "De-identified tables (CSV)": ("tables", {"deidentified": True}),
    "FHIR R4 Bundle of each infusion": ("fhir", {}),
    **{f"Printed record of each, {_PAPERS[paper]}": ("record", {"paper": paper}) for paper in PAPERS},
}


@dataclass(frozen=True, slots=True)
class Search:
    """What was searched for, and how many infusions it found."""

    wanted: Wanted
    words: str
    total: int


def draw_exports(*, infusion: str = "", series: str = "", search: Search | None = None) -> None:
    """The ways out for one infusion, for a series, or for what a search found: exactly one of them is given."""
    who = actor()
    if who is None:
        return
    # Told of, it stays open when the page above it changes.
    with st.expander(TITLE, key="exports", on_change="rerun"):
        st.caption(plain(_KEPT))
        if search is not None:
            _draw_search(search)
        elif series:
            papers = {f"records.zip?paper={paper}": f"Printed records, {_PAPERS[paper]}" for paper in PAPERS}
            _draw_links(f"/api/series/{series}", {**papers, **_TABLES})
            st.caption(plain(_ONE_PATIENT))
        else:
            papers = {f"record.pdf?paper={paper}": f"Printed record, {_PAPERS[paper]}" for paper in PAPERS}
            _draw_links(f"/api/infusions/{infusion}", {**papers, **_TABLES})
            st.caption(plain(_ONE_PATIENT))


def _draw_links(place: str, files: dict[str, str]) -> None:
    with st.container(horizontal=True):
        for file, label in files.items():
            st.link_button(plain(label), f"{place}/{file}")


# What takes long


def _draw_search(search: Search) -> None:
    try:
        who = require(actor(), "export_many")
    except NotPermitted as no:
        st.info(plain(no.sentence))
        return
    form, button = st.columns([3, 1], vertical_alignment="bottom")
    form.selectbox("Form", list(_FORMS), key=_FORM)
    if _FORMS[st.session_state[_FORM]][1].get("deidentified"):
        _draw_alone(search)
    count = f"{search.total:,} {'infusion' if search.total == 1 else 'infusions'}"
    making = _making()
    busy = making is not None and making.over_since is None
    button.button(
        plain(f"Make a file of {count}"),
        key="export_start",
        on_click=_start,
        args=(search,),
        disabled=busy or search.total == 0,
        width="stretch",
    )
    if refused := st.session_state.pop(_REFUSED, ""):
        st.error(plain(refused))
    if making is not None:
        _draw_progress()
    for made in workshop_of(running()).made_for(who.staff, "search"):
        if making is None or made.id != making.id:
            ago = f"made {made.minutes_ago} min ago" if made.minutes_ago else "made just now"
            words = f"Fetch {made.name} ({made.size}, {ago})"
            st.link_button(plain(words), f"/api/exports/{made.id}")


def _draw_alone(search: Search) -> None:
    """How many of the patients found would stand alone in a de-identified file; asked anew where more is found."""
    kept = st.session_state.get(_ALONE)
    if kept is None or kept[0] != search:
        try:
            ids, _ = found_by(running(), search.wanted, search.words)
        except NotComplete as no:
            st.info(plain(no.sentence))
            return
        kept = st.session_state[_ALONE] = (search, alone_in(running(), ids).sentence)
    st.warning(plain(kept[1]))


def _start(search: Search) -> None:
    """Begin to make the file in the form that is chosen now; what was made before for this tab is left."""
    clinic = running()
    kind, options = _FORMS[st.session_state[_FORM]]
    try:
        by = require(actor(), "export_many").staff
        ids, asked = found_by(clinic, search.wanted, search.words)
        making = workshop_of(clinic).start(clinic, by, of_search(clinic, by, ids, asked, kind, **options))
    except (NotComplete, NotPermitted) as no:
        st.session_state[_REFUSED] = no.sentence
    except LookupError as no:
        st.session_state[_REFUSED] = str(no.args[0])
    else:
        st.session_state[_MAKING] = making.id


def _making() -> Making | None:
    """What is being made for this tab, or was and waits to be fetched."""
    who, id = actor(), st.session_state.get(_MAKING)
    return workshop_of(running()).making(id, who.staff) if id and who is not None else None


@st.fragment(run_every=_LOOK_AGAIN_SECONDS)
def _draw_progress() -> None:
    """How far it is; then the way to the file, or why there is none."""
    making = _making()
    if making is None:
        return
    seen = f"{_MAKING}_seen_{making.id}"
    if making.over_since is None:
        st.session_state[seen] = "being made"
        words = "Waits for another file" if making.state == "waiting" else f"{making.done:,} of {making.of:,} infusions"
        st.progress(making.done / making.of if making.of else 0.0, plain(words))
        st.button("Stop", key="export_stop", on_click=making.stop)
    elif st.session_state.pop(seen, None):
        st.rerun()  # the whole page: its button may be pressed again
    elif making.state == "made":
        st.link_button(plain(f"Fetch the file ({making.size})"), f"/api/exports/{making.id}")
        st.caption(plain("It is kept for an hour, for you alone."))
    else:
        st.warning(plain(making.sentence or "The file was given up; nothing of it is left."))
