"""The whole clinic in one file, for an administrator: made while the page says how far it is, then fetched."""

from __future__ import annotations

from typing import Final

import streamlit as st

from monitoring import access
from monitoring.clinic import running
from monitoring.exports.making import Making, workshop_of
from monitoring.exports.whole import whole_clinic
from monitoring.screens.identity import actor
from monitoring.screens.plain import plain

_MAKING: Final = "whole_clinic_making"  # in the session: the id of what is being made for this tab
_LOOK_AGAIN_SECONDS: Final = 1
_WHAT: Final = (
    "Everything in the records, names and the hashes of PINs too: keep it as you keep the database. Another "
    "installation reads it into an empty database, equal row for row (python -m monitoring import-clinic FILE). "
    "That it was made is written down in the audit trail under your name."
)


def draw_whole_clinic() -> None:
    """The button for the export of everything, to those who may."""
    who = actor()
    if who is None or not access.may(who.staff.role, "export_clinic"):
        return
    with st.expander("Take out the whole clinic"):
        st.caption(plain(_WHAT))
        making = _making()
        busy = making is not None and making.over_since is None
        st.button("Make a file of the whole clinic", key="whole_clinic", on_click=_start, disabled=busy)
        if making is not None:
            _draw_progress()


def _start() -> None:
    who = access.require(actor(), "export_clinic")
    clinic = running()
    st.session_state[_MAKING] = workshop_of(clinic).start(clinic, who.staff, whole_clinic(clinic)).id


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
        st.session_state[seen] = True
        words = f"{making.done} of {making.file.steps} tables" if making.done else "Every chain is walked first"
        st.progress(making.done / making.file.steps, plain(words))
        st.button("Stop", key="whole_clinic_stop", on_click=making.stop)
    elif st.session_state.pop(seen, None):
        st.rerun()  # the whole page: its button may be pressed again
    elif making.state == "made":
        st.link_button(plain(f"Fetch the file ({making.size})"), f"/api/exports/{making.id}")
        st.caption(plain("It is kept for an hour, for you alone."))
    else:
        st.warning(plain(making.sentence or "The file was given up; nothing of it is left."))
