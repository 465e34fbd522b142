"""A fresh installation: setting up a clinic, or opening the demonstration."""

from __future__ import annotations

from typing import Any

import pytest

from monitoring import access
from monitoring.clinic import RunningClinic, running
from tests.screens.tab import Doorman, Tab
from tests.screens.test_doorway import NOT_APPROVED

FILLED: dict[str, Any] = {
    "clinic_name": "Clinic at the Lake",
    "clinic_zone": "Europe/Berlin",
    "clinic_chairs": "Window\nDoor",
    "administrator_name": "Petra Novak",
    "administrator_pin": "223606",
    "clinician_name": "Dr Ines Weiss",
    "clinician_pin": "141421",
}


def set_up(tab: Tab, **other: Any) -> Tab:
    """Fill in the form and press the button."""
    return tab.fill(**(FILLED | other)).press("Set up this clinic")


def test_a_fresh_installation_shows_only_the_set_up(nothing_yet: RunningClinic, door: Doorman) -> None:
    tab = door()
    assert tab.pages == ["Set up this clinic"]
    assert any("It is not a patient monitor or an alarm system" in words for words in tab.words)
    assert "Intravenous ketamine for depression" in " ".join(tab.words)


def test_set_up_makes_the_clinic_and_its_first_two_people(nothing_yet: RunningClinic, door: Doorman) -> None:
    tab = set_up(door())
    assert (tab.pages, tab.screen) == (["Sign in"], "sign_in_screen")
    clinic = nothing_yet.store.clinic()
    assert clinic is not None
    assert (clinic.name, clinic.zone, clinic.demonstration) == ("Clinic at the Lake", "Europe/Berlin", False)
    assert [chair.label for chair in nothing_yet.store.chairs()] == ["Window", "Door"]
    people = {person.name: person.role for person in nothing_yet.store.staff()}
    assert people == {"Petra Novak": "administrator", "Dr Ines Weiss": "clinician"}
    petra = next(person for person in nothing_yet.store.staff() if person.role == "administrator")
    assert access.sign_in(nothing_yet.store, "a tablet", petra.id, "223606", nothing_yet.clock).staff == petra
    stored = nothing_yet.store.current_protocol()
    assert stored is not None
    assert stored.approvals == ()  # one person filled this in: nobody has approved by it


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"clinic_name": "  "}, "Name of the clinic is empty: expected the name its people use."),
        ({"clinic_chairs": "\n \n"}, "No chair is named: expected at least one."),
        ({"clinic_chairs": "Door\nDoor"}, "Chair 'Door' stands 2 times: expected each name once."),
        ({"administrator_name": ""}, "Name of the administrator is empty."),
        ({"clinician_name": ""}, "Name of the clinician is empty."),
        (
            {"clinician_name": "petra novak"},
            "Administrator and clinician are both Petra Novak: expected two different people.",
        ),
        ({"administrator_pin": "12345"}, "Administrator: PIN: expected six digits."),
        ({"clinician_pin": "123456"}, "Clinician: This PIN is too easy to guess: expected one without a pattern."),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    nothing_yet: RunningClinic, door: Doorman, wrong: dict[str, str], sentence: str
) -> None:
    tab = set_up(door(), **wrong)
    assert tab.refusals == [sentence]
    assert nothing_yet.store.clinic() is None
    assert {key: tab.field(key).value for key in FILLED} == FILLED | wrong
    put_right = {key: FILLED[key] for key in wrong}
    assert tab.fill(**put_right).press("Set up this clinic").screen == "sign_in_screen"


def test_everything_that_is_wrong_is_said_at_once(nothing_yet: RunningClinic, door: Doorman) -> None:
    tab = door().press("Set up this clinic")
    assert len(tab.refusals) == 5
    assert nothing_yet.store.staff() == ()


def test_ranges_are_said_not_to_be_approved_and_what_comes_next(nothing_yet: RunningClinic, door: Doorman) -> None:
    tab = door()
    assert any("approve them on the page Ranges, each from a sign-in of their own" in words for words in tab.words)
    set_up(tab)
    tab = door("Petra Novak")
    for page in ("patients", "past", "ranges", "staff"):
        assert NOT_APPROVED in " ".join(tab.open(page).words), page


def test_a_second_tab_finds_that_the_clinic_is_set_up_by_now(nothing_yet: RunningClinic, door: Doorman) -> None:
    late = door().fill(**FILLED)
    set_up(door(), clinic_name="Clinic on the Hill")
    late.press("Set up this clinic")
    assert late.screen == "sign_in_screen"
    clinic = nothing_yet.store.clinic()
    assert clinic is not None
    assert clinic.name == "Clinic on the Hill"
    assert len(nothing_yet.store.staff()) == 2


def test_the_demonstration_opens_in_a_file_of_its_own(nothing_yet: RunningClinic, door: Doorman) -> None:
    tab = door().press("Open the demonstration clinic")
    assert tab.screen == "sign_in_screen"
    assert running().demonstration
    assert running().store.url.endswith("demonstration.db")
    assert "Demonstration: all patients and staff are invented" in " ".join(door("Ada Okafor", "patients").words)
