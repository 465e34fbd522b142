"""The page on which an administrator says who works here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from monitoring import access, recording
from monitoring.access import Actor, PinRefused
from monitoring.clinic import RunningClinic
from monitoring.recording import Outcome
from tests.screens.tab import Doorman, Tab
from tests.small_clinic import Names, actor

PERSON = {"add_name": "Mei Tanaka", "add_role": "nurse", "add_pin": "161803"}


@pytest.fixture
def tab(house: RunningClinic, door: Doorman) -> Tab:
    """The administrator's tab on the page."""
    return door("Petra Novak", "staff")


def shown(tab: Tab) -> dict[str, str]:
    """The people in the table: name to role."""
    return {row["Name"]: row["Role"] for _, row in tab.at.dataframe[0].value.iterrows()}


def signs_in(house: RunningClinic, staff: str, pin: str) -> bool:
    """Whether this PIN lets this person in on a tablet of their own."""
    try:
        access.sign_in(house.store, f"tablet of {staff} {pin}", staff, pin, house.clock)
    except PinRefused:
        return False
    return True


def test_a_new_person_may_sign_in_at_once(house: RunningClinic, tab: Tab) -> None:
    tab.fill(**PERSON).press("Add")
    assert tab.confirmations == ["Mei Tanaka may sign in now."]
    assert shown(tab)["Mei Tanaka"] == "nurse"
    assert (tab.field("add_name").value, tab.field("add_pin").value) == ("", "")
    mei = next(person for person in house.store.staff() if person.name == "Mei Tanaka")
    assert signs_in(house, mei.id, "161803")


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"add_name": ""}, "Name is empty: expected the person's name."),
        ({"add_name": "ada okafor"}, "ada okafor works here already: expected a name that tells two people apart."),
        ({"add_role": None}, "Role is missing: expected one of nurse, clinician, administrator."),
        ({"add_pin": "1618"}, "PIN: expected six digits."),
        ({"add_pin": "111111"}, "This PIN is too easy to guess: expected one without a pattern."),
    ],
    ids=["no name", "taken name", "no role", "short PIN", "easy PIN"],
)
def test_what_is_wrong_with_a_new_person_is_said_and_what_was_typed_stays(
    house: RunningClinic, tab: Tab, wrong: dict[str, Any], sentence: str
) -> None:
    before = house.store.staff()
    tab.fill(**(PERSON | wrong)).press("Add")
    assert tab.refusals == [sentence]
    assert house.store.staff() == before
    assert {key: tab.field(key).value for key in PERSON} == PERSON | wrong
    put_right = {key: PERSON[key] for key in wrong}
    assert tab.fill(**put_right).press("Add").confirmations == ["Mei Tanaka may sign in now."]


def test_a_new_pin_holds_and_the_old_one_does_not(house: RunningClinic, tab: Tab, ids: Names) -> None:
    ada = ids.staff["Ada Okafor"]
    tab.fill(person=ada, new_pin="662607").press("Set this PIN")
    assert (tab.confirmations, tab.field("new_pin").value) == (["The new PIN holds."], "")
    assert signs_in(house, ada, "662607")
    assert not signs_in(house, ada, "271828")


def test_an_easy_new_pin_is_refused(house: RunningClinic, tab: Tab, ids: Names) -> None:
    tab.fill(person=ids.staff["Ada Okafor"], new_pin="123456").press("Set this PIN")
    assert tab.refusals == ["This PIN is too easy to guess: expected one without a pattern."]
    assert signs_in(house, ids.staff["Ada Okafor"], "271828")


@pytest.mark.parametrize("button", ["Set this PIN", "Has left the clinic"])
def test_nothing_happens_to_anybody_unless_somebody_is_chosen(house: RunningClinic, tab: Tab, button: str) -> None:
    before = house.store.staff()
    tab.fill(new_pin="662607").press(button)
    assert tab.refusals == ["No person is chosen: expected one of this clinic's staff."]
    assert house.store.staff() == before


def test_who_has_left_is_gone_from_the_page_and_cannot_sign_in(house: RunningClinic, tab: Tab, ids: Names) -> None:
    jonas = ids.staff["Jonas Lund"]
    tab.fill(person=jonas).press("Has left the clinic")
    assert tab.confirmations == ["Recorded as left."]
    assert "Jonas Lund" not in shown(tab)
    assert tab.field("person").value is None
    assert not signs_in(house, jonas, "314159")


def test_who_has_left_while_signed_in_is_at_the_door_at_the_next_tap(
    house: RunningClinic, tab: Tab, door: Doorman, ids: Names
) -> None:
    jonas = door("Jonas Lund", "patients")
    tab.fill(person=ids.staff["Jonas Lund"]).press("Has left the clinic")
    assert jonas.run().screen == "sign_in_screen"


def test_the_last_administrator_stays(house: RunningClinic, tab: Tab, ids: Names) -> None:
    petra = ids.staff["Petra Novak"]
    tab.fill(person=petra).press("Has left the clinic")
    assert tab.refusals == ["Petra Novak is the last who may manage staff: expected another one first."]
    assert shown(tab)["Petra Novak"] == "administrator"
    tab.fill(add_name="Piet Jansen", add_role="administrator", add_pin="161803").press("Add")
    tab.fill(person=petra).press("Has left the clinic")
    assert tab.screen == "sign_in_screen"  # she has left, and sees no more


USE_CASES: dict[str, Callable[[RunningClinic, Actor | None, str], Outcome[Any]]] = {
    "add": lambda house, who, _: recording.add_staff(house, who, name="Mei Tanaka", role="nurse", pin="161803"),
    "new PIN": lambda house, who, staff: recording.set_pin(house, who, staff, "662607"),
    "remove": lambda house, who, staff: recording.remove_staff(house, who, staff),
}


@pytest.mark.parametrize("what", USE_CASES)
@pytest.mark.parametrize("name", ["Ada Okafor", "Dr Ines Weiss", ""])
def test_what_the_page_does_is_refused_to_others_also_without_the_page(
    house: RunningClinic, ids: Names, name: str, what: str
) -> None:
    before = house.store.staff()
    refused = USE_CASES[what](house, actor(house, name) if name else None, ids.staff["Jonas Lund"])
    assert refused.why == ("forbidden" if name else "nobody")
    if name:
        assert "may not manage staff: expected administrator." in refused.sentences[0]
    assert house.store.staff() == before
    assert signs_in(house, ids.staff["Jonas Lund"], "314159")
