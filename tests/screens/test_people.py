"""The page on which an administrator says who works here."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from monitoring import access, recording
from monitoring.access import Actor, PinRefused
from monitoring.clinic import RunningClinic
from monitoring.recording import Outcome
from monitoring.records.verify import verify
from tests.screens.tab import Doorman, Tab
from tests.small_clinic import Names, actor

PERSON = {"add_name": "Mei Tanaka", "add_role": "nurse", "add_pin": "161803"}


@pytest.fixture
def tab(house: RunningClinic, door: Doorman) -> Tab:
    """The administrator's tab on the page."""
    return door("Petra Novak", "staff")


def shown(tab: Tab) -> dict[str, str]:
    """The people in the table: name to role."""
    table = next(words for words in tab.words if "Who works here" in words)
    return dict(re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', table))


def leave(tab: Tab, staff: str, name: str) -> Tab:
    """Say that this person has left, and confirm it by name."""
    return tab.fill(person=staff).press("Has left the clinic").press(f"Yes, {name} has left")


def events_of(house: RunningClinic, table: str) -> list[tuple[str, str]]:
    """What the audit chain says of this table: (action, who did it)."""
    with closing(sqlite3.connect(house.store.url.removeprefix("sqlite:///"))) as connection:
        rows = connection.execute("SELECT action, actor FROM audit WHERE subject_kind = ? ORDER BY seq", [table])
        return [(str(action), str(actor)) for action, actor in rows]


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
    leave(tab, jonas, "Jonas Lund")
    assert tab.confirmations == ["Recorded: Jonas Lund has left. This can be taken back under Former staff."]
    assert "Jonas Lund" not in shown(tab)
    assert tab.field("person").value is None
    assert not signs_in(house, jonas, "314159")


def test_who_has_left_while_signed_in_is_at_the_door_at_the_next_tap(
    house: RunningClinic, tab: Tab, door: Doorman, ids: Names
) -> None:
    jonas = door("Jonas Lund", "patients")
    leave(tab, ids.staff["Jonas Lund"], "Jonas Lund")
    assert jonas.run().screen == "sign_in_screen"


def test_the_last_administrator_stays(house: RunningClinic, tab: Tab, ids: Names) -> None:
    petra = ids.staff["Petra Novak"]
    leave(tab, petra, "Petra Novak")
    assert tab.refusals == ["Petra Novak is the last who may manage staff: expected another one first."]
    assert shown(tab)["Petra Novak"] == "administrator"
    tab.fill(add_name="Piet Jansen", add_role="administrator", add_pin="161803").press("Add")
    leave(tab, petra, "Petra Novak")
    assert tab.screen == "sign_in_screen"  # she has left, and sees no more


def test_whether_somebody_has_left_is_asked_by_name_and_nothing_happens_until_it_is_confirmed(
    house: RunningClinic, tab: Tab, ids: Names
) -> None:
    before = house.store.staff()
    tab.fill(person=ids.staff["Jonas Lund"]).press("Has left the clinic")
    assert any("Has **Jonas Lund** (nurse) left the clinic?" in words for words in tab.words)
    assert house.store.staff() == before
    tab.press("No, nobody has left")
    assert not any("left the clinic?" in words for words in tab.words)
    tab.fill(person=ids.staff["Jonas Lund"]).press("Has left the clinic")
    tab.fill(person=ids.staff["Ada Okafor"], new_pin="662607").press("Set this PIN")
    assert not tab.has("leaves")  # a question that was left behind is not answered by the next tap
    assert house.store.staff() == before


def test_who_was_asked_about_is_who_has_left_whoever_is_chosen_meanwhile(
    house: RunningClinic, tab: Tab, ids: Names
) -> None:
    tab.fill(person=ids.staff["Jonas Lund"]).press("Has left the clinic")
    tab.fill(person=ids.staff["Ada Okafor"]).press("Yes, Jonas Lund has left")
    assert [person.name for person in house.store.former_staff()] == ["Jonas Lund"]


def test_who_has_left_comes_back_with_a_new_pin_and_may_leave_again(house: RunningClinic, tab: Tab, ids: Names) -> None:
    jonas, petra = ids.staff["Jonas Lund"], ids.staff["Petra Novak"]
    assert not tab.has("former")  # nobody has left
    former_sign_in = actor(house, "Jonas Lund").sign_in
    leave(tab, jonas, "Jonas Lund")
    for pin, sentence in (
        ("", "PIN: expected six digits."),
        ("111111", "This PIN is too easy to guess: expected one without a pattern."),
    ):
        tab.fill(former=jonas, former_pin=pin).press("Works here again")
        assert tab.refusals == [sentence]
        assert tab.field("former").value == jonas
    tab.fill(former=jonas, former_pin="662607").press("Works here again")
    assert "Jonas Lund works here again and may sign in now, with the new PIN." in tab.confirmations
    assert shown(tab)["Jonas Lund"] == "nurse"
    assert not tab.has("former")
    assert not signs_in(house, jonas, "314159")
    assert signs_in(house, jonas, "662607")
    assert house.store.current_sign_in(former_sign_in.device) is None
    leave(tab, jonas, "Jonas Lund")
    assert "Jonas Lund" not in shown(tab)
    assert not signs_in(house, jonas, "662607")
    tab.fill(former=jonas, former_pin="907452").press("Works here again")
    assert signs_in(house, jonas, "907452")
    assert events_of(house, "staff_left") == [("remove staff", petra)]
    changes = ["return staff", "remove staff", "return staff"]
    assert events_of(house, "staff_presence") == [(change, petra) for change in changes]
    assert verify(house.store.url) == []


def test_nobody_of_the_former_staff_comes_back_unless_chosen(house: RunningClinic, tab: Tab, ids: Names) -> None:
    leave(tab, ids.staff["Jonas Lund"], "Jonas Lund")
    tab.fill(former_pin="662607").press("Works here again")
    assert tab.refusals == ["No person is chosen: expected one of the former staff."]


def test_a_name_stays_one_persons_also_after_leaving(house: RunningClinic, tab: Tab, ids: Names) -> None:
    leave(tab, ids.staff["Jonas Lund"], "Jonas Lund")
    tab.fill(**(PERSON | {"add_name": "jónas lund"})).press("Add")
    assert tab.refusals == [
        "jónas lund worked here before: expected “Works here again” under Former staff, or for another person "
        "a name that tells the two apart."
    ]
    who_works_here = recording.return_staff(house, actor(house, "Petra Novak"), ids.staff["Ada Okafor"], "662607")
    assert who_works_here.why == "unknown"


USE_CASES: dict[str, Callable[[RunningClinic, Actor | None, str], Outcome[Any]]] = {
    "add": lambda house, who, _: recording.add_staff(house, who, name="Mei Tanaka", role="nurse", pin="161803"),
    "new PIN": lambda house, who, staff: recording.set_pin(house, who, staff, "662607"),
    "remove": lambda house, who, staff: recording.remove_staff(house, who, staff),
    "return": lambda house, who, staff: recording.return_staff(house, who, staff, "662607"),
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
