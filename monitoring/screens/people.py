"""Staff: who works here, new people, new PINs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from monitoring.clinic import running
from monitoring.recording import add_staff, remove_staff, set_pin
from monitoring.records.shapes import ROLES
from monitoring.screens.identity import actor
from monitoring.screens.said import say, say_outcome, show_said

NOBODY_CHOSEN = "No person is chosen: expected one of this clinic's staff."


def draw_people() -> None:
    """Everybody who works here; a new PIN or a leaving for one of them."""
    people = running().store.staff()
    st.dataframe(pd.DataFrame([{"Name": p.name, "Role": p.role} for p in people]), hide_index=True)
    names = {person.id: person.name for person in people}
    with st.form("person_form", enter_to_submit=False):
        st.selectbox("Person", list(names), index=None, format_func=lambda one: names.get(one, ""), key="person")
        st.text_input("New PIN, six digits", key="new_pin", type="password", max_chars=6)
        left, right = st.columns(2)
        left.form_submit_button("Set this PIN", key="set_pin", on_click=_set_pin)
        right.form_submit_button("Has left the clinic", key="remove", on_click=_remove)
    show_said("person")


def draw_add() -> None:
    """The form for a new person."""
    st.subheader("Add a person")
    with st.form("add_form", enter_to_submit=False):
        st.text_input("Name", key="add_name")
        st.segmented_control("Role", list(ROLES), key="add_role")
        st.text_input("PIN, six digits", key="add_pin", type="password", max_chars=6)
        st.form_submit_button("Add", key="add", type="primary", on_click=_add)
    show_said("add")


def _set_pin() -> None:
    given = st.session_state
    if given.person is None:
        say("person", [NOBODY_CHOSEN])
    elif say_outcome("person", set_pin(running(), actor(), given.person, given.new_pin), "The new PIN holds."):
        given.new_pin = ""


def _remove() -> None:
    given = st.session_state
    if given.person is None:
        say("person", [NOBODY_CHOSEN])
    elif say_outcome("person", remove_staff(running(), actor(), given.person), "Recorded as left."):
        given.person = None


def _add() -> None:
    given = st.session_state
    outcome = add_staff(running(), actor(), name=given.add_name, role=given.add_role or "", pin=given.add_pin)
    if say_outcome("add", outcome, f"{given.add_name.strip()} may sign in now."):
        given.add_name = given.add_pin = ""
