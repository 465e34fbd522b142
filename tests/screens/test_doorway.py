"""Which pages there are for whom, and what is said above every one of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitoring import access
from monitoring.clinic import RunningClinic
from monitoring.documents.words import clinic_line
from monitoring.screens.doorway import PAGES
from tests.screens.tab import Doorman
from tests.small_clinic import Names

EVERYBODYS = ["Board", "Patients", "Past infusions", "Clinic", "Ranges"]
NOT_APPROVED = "Ranges not yet approved by this site"


@pytest.mark.parametrize("page", sorted(file.stem for file in PAGES.glob("*.py")))
def test_a_stranger_finds_the_sign_in_at_every_address(house: RunningClinic, door: Doorman, page: str) -> None:
    tab = door()
    assert (tab.pages, tab.screen) == (["Sign in"], "sign_in_screen")
    if page != "sign_in":
        with pytest.raises(ValueError, match="Could not find a navigation page"):
            tab.open(page)


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("Ada Okafor", [*EVERYBODYS, "Bedside", "Handover", "Series", "Review"]),
        ("Dr Ines Weiss", [*EVERYBODYS, "Import", "Bedside", "Handover", "Series", "Review"]),
        ("Petra Novak", [*EVERYBODYS, "Import", "Staff", "Bedside", "Handover", "Series", "Review"]),
    ],
)
def test_each_role_has_its_pages_and_no_other(house: RunningClinic, door: Doorman, name: str, pages: list[str]) -> None:
    tab = door(name)
    assert (tab.pages, tab.screen) == (pages, "board_screen")
    closed = {page for page, title in (("staff", "Staff"), ("importing", "Import")) if title not in pages}
    for hidden in {"first_run", "sign_in", "wall"} | closed:
        with pytest.raises(ValueError, match="Could not find a navigation page"):
            tab.open(hidden)


def test_a_wall_screen_has_one_page(house: RunningClinic, door: Doorman) -> None:
    tab = door.wall()
    assert (tab.pages, tab.screen) == (["Wall"], "board_screen")
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        tab.open("bedside")


def test_who_signs_out_finds_the_sign_in_at_the_next_tap(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "patients")
    sign_in = house.store.current_sign_in(tab.device)
    assert sign_in is not None
    house.store.end_sign_in(sign_in.id, "signed out")
    tab.run()
    assert (tab.pages, tab.screen) == (["Sign in"], "sign_in_screen")


def test_a_cookie_of_another_clinic_opens_nothing(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor")
    tab.cookie = access.make_cookie(tab.device, "a secret that some other clinic keeps, and not this one")
    tab.run()
    assert tab.pages == ["Sign in"]


@pytest.mark.parametrize("page", ["patients", "past", "clinic", "ranges", "series"])
def test_every_page_says_whose_it_is_and_who_is_signed_in(house: RunningClinic, door: Doorman, page: str) -> None:
    words = " ".join(door("Ada Okafor", page).words)
    assert "Clinic at the Lake · signed in: Ada Okafor, nurse" in words
    assert NOT_APPROVED not in words
    assert "Demonstration" not in words


def test_every_page_says_that_the_servers_clock_is_behind_its_record(house: RunningClinic, door: Doorman) -> None:
    assert "server's clock" not in " ".join(door("Ada Okafor", "patients").words)
    house.clock.written(house.clock.now() + timedelta(hours=1), busy=True)
    words = " ".join(door("Ada Okafor", "patients").words)
    assert "▲ The server&#x27;s clock is 60 min behind what was recorded" in words
    assert clinic_line(house, None)["clock_notice"].startswith("The server's clock is 60 min behind")


def test_the_bedside_takes_its_infusion_from_the_address(house: RunningClinic, door: Doorman, ids: Names) -> None:
    tab = door("Ada Okafor")
    assert tab.open("bedside", infusion=ids.infusion).screen == "bedside_screen"


def test_the_bedside_without_an_infusion_leads_to_the_board(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "bedside")
    assert (tab.screen, tab.words[-1]) == ("", "No infusion chosen")
    assert [link.proto.label for link in tab.at.get("page_link")] == ["Choose a chair on the board"]
