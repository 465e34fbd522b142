"""Setting up a clinic with its first two people; or opening the demonstration."""

from __future__ import annotations

from typing import Final
from zoneinfo import available_timezones

import streamlit as st

from monitoring.clinic import open_demonstration, running
from monitoring.recording import set_up_clinic
from monitoring.records.shapes import RecordsError
from monitoring.screens.intended_use import INTENDED_USE
from monitoring.screens.plain import spoken
from monitoring.screens.ranges import draw_ranges
from monitoring.screens.said import say, say_outcome, show_said

COMES_NEXT: Final = (
    "Ranges are not yet approved by setting up the clinic, and every screen says so until they are: two different "
    "people, at least one of them a clinician, approve them on the page Ranges, each from a sign-in of their own."
)


def draw_demonstration() -> None:
    """A clinic of invented people to look at, in a file of its own."""
    with st.container(border=True):
        st.subheader("Look around first")
        st.write("The demonstration clinic is invented: its patients, staff and values. It keeps to a file of its own.")
        st.button("Open the demonstration clinic", key="open_demonstration", on_click=_open_demonstration)
        show_said("demonstration")


def _open_demonstration() -> None:
    try:
        open_demonstration()
    except RecordsError as refused:
        say("demonstration", [refused.sentence])


def draw_set_up() -> None:
    """The form that makes this database a clinic's. What was typed stays when something is missing."""
    st.subheader("Set up this clinic")
    st.caption(INTENDED_USE)
    zones = sorted(available_timezones())
    # In a form, what is typed counts at once: a field for a PIN that is left by the Tab key would keep it to itself.
    with st.form("set_up_form", border=False, enter_to_submit=False):
        st.text_input("Name of the clinic", key="clinic_name")
        st.selectbox("Time zone", zones, index=zones.index("UTC"), key="clinic_zone")
        st.text_area("Chairs, one a line", key="clinic_chairs", value="Chair 1\nChair 2", height=120)
        for person in ("administrator", "clinician"):
            name, pin = st.columns([3, 2])
            name.text_input(spoken(f"First {person}"), key=f"{person}_name")
            pin.text_input(
                spoken(f"PIN of the {person}, six digits"), key=f"{person}_pin", type="password", max_chars=6
            )
        with st.expander("The ranges that come with this program, each with its source"):
            draw_ranges()
        st.info(COMES_NEXT)
        st.form_submit_button("Set up this clinic", key="set_up", type="primary", on_click=_set_up)
    show_said("set_up")


def _set_up() -> None:
    given = st.session_state
    say_outcome(
        "set_up",
        set_up_clinic(
            running(),
            name=given.clinic_name,
            zone=given.clinic_zone,
            chairs=given.clinic_chairs.splitlines(),
            administrator=given.administrator_name,
            administrator_pin=given.administrator_pin,
            clinician=given.clinician_name,
            clinician_pin=given.clinician_pin,
        ),
    )
