"""Staff: who works here, new people, new PINs, who has left and who comes back."""

from __future__ import annotations

from typing import Final

import streamlit as st

from monitoring.clinic import running
from monitoring.recording import add_staff, remove_staff, return_staff, set_pin
from monitoring.records.shapes import ROLES, Staff
from monitoring.screens.identity import actor
from monitoring.screens.plain import listed, plain
from monitoring.screens.said import say, say_outcome, show_said
from monitoring.screens.wrapped import draw_wrapped

NOBODY_CHOSEN: Final = "No person is chosen: expected one of this clinic's staff."
NOBODY_CHOSEN_OF_FORMER: Final = "No person is chosen: expected one of the former staff."
_LEAVES: Final = "asked_whether_left"  # in the session: the id of the person who is asked about


def draw_people() -> None:
    """Everybody who works here; a new PIN or a leaving for one of them."""
    people = running().store.staff()
    draw_wrapped("Who works here", [{"Name": p.name, "Role": p.role} for p in people], most=len(people))
    names = {person.id: person.name for person in people}
    with st.form("person_form", enter_to_submit=False):
        st.selectbox("Person", list(names), index=None, format_func=listed(names), key="person")
        st.text_input("New PIN, six digits", key="new_pin", type="password", max_chars=6)
        left, right = st.columns(2)
        left.form_submit_button("Set this PIN", key="set_pin", on_click=_set_pin)
        right.form_submit_button("Has left the clinic", key="remove", on_click=_ask_whether_left)
    leaving = next((one for one in people if one.id == st.session_state.get(_LEAVES)), None)
    if leaving is not None:
        _draw_question(leaving)
    show_said("person")


def _draw_question(person: Staff) -> None:
    """Whether this person, by name, has left: the key that says so is another one than the key that asks."""
    name = plain(person.name)
    with st.container(border=True):
        st.write(
            f"Has **{name}** ({plain(person.role)}) left the clinic? Every sign-in of {name} ends at once, and the PIN "
            "holds no longer. What was recorded under this name stays."
        )
        stays, leaves = st.columns(2)
        stays.button("No, nobody has left", key="stays", on_click=_forget_question)
        leaves.button(f"Yes, {name} has left", key="leaves", on_click=_remove, args=(person.id, person.name))


def draw_add() -> None:
    """The form for a new person."""
    st.subheader("Add a person")
    with st.form("add_form", enter_to_submit=False):
        st.text_input("Name", key="add_name")
        st.segmented_control("Role", list(ROLES), key="add_role")
        st.text_input("PIN, six digits", key="add_pin", type="password", max_chars=6)
        st.form_submit_button("Add", key="add", type="primary", on_click=_add)
    show_said("add")


def draw_former() -> None:
    """Who has left, and the form for one who comes back. Nothing when nobody has left."""
    former = {person.id: person for person in running().store.former_staff()}
    if former:
        st.subheader("Former staff")
        draw_wrapped("Who has left", [{"Name": p.name, "Role": p.role} for p in former.values()], most=len(former))
        with st.form("former_form", enter_to_submit=False):
            st.selectbox(
                "Person of the former staff",
                list(former),
                index=None,
                format_func=listed({one.id: one.name for one in former.values()}),
                key="former",
            )
            st.text_input(
                "New PIN, six digits: the old one holds no longer", key="former_pin", type="password", max_chars=6
            )
            st.form_submit_button("Works here again", key="return", on_click=_return)
    show_said("former")


def _set_pin() -> None:
    given = st.session_state
    _forget_question()
    if given.person is None:
        say("person", [NOBODY_CHOSEN])
    elif say_outcome("person", set_pin(running(), actor(), given.person, given.new_pin), "The new PIN holds."):
        given.new_pin = ""


def _ask_whether_left() -> None:
    given = st.session_state
    given[_LEAVES] = given.person
    say("person", [NOBODY_CHOSEN] if given.person is None else [])


def _forget_question() -> None:
    st.session_state.pop(_LEAVES, None)


def _remove(staff_id: str, name: str) -> None:
    _forget_question()
    said = f"Recorded: {name} has left. This can be taken back under Former staff."
    if say_outcome("person", remove_staff(running(), actor(), staff_id), said):
        st.session_state.person = None


def _add() -> None:
    given = st.session_state
    outcome = add_staff(running(), actor(), name=given.add_name, role=given.add_role or "", pin=given.add_pin)
    if say_outcome("add", outcome, f"{given.add_name.strip()} may sign in now."):
        given.add_name = given.add_pin = ""


def _return() -> None:
    given = st.session_state
    if given.former is None:
        say("former", [NOBODY_CHOSEN_OF_FORMER])
        return
    outcome = return_staff(running(), actor(), given.former, given.former_pin)
    name = outcome.value.name if outcome.value else ""
    if say_outcome("former", outcome, f"{name} works here again and may sign in now, with the new PIN."):
        given.former, given.former_pin = None, ""
