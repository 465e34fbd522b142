"""The list of past infusions: paged, searchable, each line opens its chart."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.screens.past_infusions import PAGE_LENGTH
from tests.screens.tab import Doorman, Tab
from tests.screens.test_patients import HOSTILE
from tests.small_clinic import actor, event, open_infusion


def lines(tab: Tab) -> list[str]:
    """The infusions shown, one text each."""
    shown = [body for body in tab.words if body.startswith('<p class="past">')]
    return [unescape(re.sub("<[^>]*>", "", body.replace("<br>", " "))) for body in shown]


def numbers(tab: Tab) -> list[str]:
    """The patient numbers of the infusions shown, in their order."""
    return [re.findall(r"no\. (\S+)", line)[0] for line in lines(tab)]


def shut(house: RunningClinic, name: str, number: str) -> str:
    """A patient's infusion that was cancelled before its start; answers its id."""
    petra, ada = actor(house, "Petra Novak"), actor(house, "Ada Okafor")
    registered = recording.register_patient(
        house, petra, number=number, name=name, birth_date=date(1990, 2, 28), sex="unknown"
    )
    assert registered.value is not None, registered.sentences
    infusion = open_infusion(house, ada, registered.value.id, "chair-2")
    cancelled = recording.save_entry(house, ada, infusion, event(house.clock.now(), "cancel", reason="no escort"))
    assert cancelled.done, cancelled.sentences
    return infusion


def test_nothing_past_is_said(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "past")
    assert lines(tab) == []
    assert "No infusion has been closed yet." in tab.words
    assert all(button.disabled for label in ("Newer", "Older") for button in tab.buttons(label))


def test_a_line_says_what_an_infusion_was_and_opens_its_chart(house: RunningClinic, door: Doorman) -> None:
    infusion = shut(house, "Ama Boateng", "K-0200")
    tab = door("Dr Ines Weiss", "past")
    (line,) = lines(tab)
    assert line.startswith("Ama Boateng · no. K-0200 · infusion 1 of 6")
    assert line.endswith("· Chair 2 · 36.0 mg · Ada Okafor · cancelled · 1 entry")
    tab.press("Open")
    assert (tab.screen, tab.at.query_params) == ("bedside_screen", {"infusion": infusion})


def test_the_time_of_a_line_is_the_clinics(house: RunningClinic, door: Doorman) -> None:
    shut(house, "Ama Boateng", "K-0200")
    (row,) = house.store.past_infusions()
    (line,) = lines(door("Ada Okafor", "past"))
    shown = re.findall(r"\d\d \w{3} \d{4}, \d\d:\d\d", line)
    ahead = (timedelta(hours=1), timedelta(hours=2))  # Berlin in winter and in summer
    assert shown in [[f"{(row.opened_at + hours):%d %b %Y, %H:%M}"] for hours in ahead]


@pytest.fixture
def years(house: RunningClinic) -> list[str]:
    """Patient numbers of more past infusions than two pages hold, newest first."""
    count = 2 * PAGE_LENGTH + 1
    with house.store.bulk():
        for number in range(count):
            shut(house, f"{'Even' if number % 2 == 0 else 'Odd'} {number}", f"P-{number:03d}")
    return [f"P-{number:03d}" for number in reversed(range(count))]


def test_pages_are_turned_without_a_gap_or_a_repeat(house: RunningClinic, years: list[str], door: Doorman) -> None:
    tab = door("Ada Okafor", "past")
    first = numbers(tab)
    second = numbers(tab.press("Older"))
    third = numbers(tab.press("Older"))
    assert first + second + third == years
    assert [button.disabled for button in tab.buttons("Older")] == [True]
    assert numbers(tab.press("Newer")) == second
    assert numbers(tab.press("Newer")) == first
    assert [button.disabled for button in tab.buttons("Newer")] == [True]


def test_a_search_begins_at_its_first_page(house: RunningClinic, years: list[str], door: Doorman) -> None:
    tab = door("Ada Okafor", "past").press("Older").press("Older").fill(find_past="even")
    even = [number for number in years if int(number[2:]) % 2 == 0]
    assert numbers(tab) == even[:PAGE_LENGTH]
    assert numbers(tab.press("Older")) == even[PAGE_LENGTH:]
    assert numbers(tab.fill(find_past="P-007")) == ["P-007"]
    assert "No past infusion found." in tab.fill(find_past="nobody at all").words
    assert numbers(tab.fill(find_past="")) == years[:PAGE_LENGTH]


def test_a_hostile_name_is_shown_as_it_was_typed(house: RunningClinic, door: Doorman) -> None:
    shut(house, HOSTILE, "K_0301*")
    tab = door("Ada Okafor", "past")
    (line,) = lines(tab)
    assert line.startswith(f"{HOSTILE} · no. K_0301* · ")
    assert not any("<b>c" in body for body in tab.words)
