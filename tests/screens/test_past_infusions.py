"""The page of past infusions: found by what is asked, paged, each line opens its infusion, filters in the address."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.records.summaries import word_key
from monitoring.review.search import PAGE_LENGTH
from tests.screens.tab import Doorman, Tab, read
from tests.screens.test_patients import HOSTILE
from tests.small_clinic import Names, actor, event, open_infusion


def lines(tab: Tab) -> list[str]:
    """The infusions shown, one text each."""
    shown = [body for body in tab.words if body.startswith('<p class="past"><span><b>')]
    return [unescape(re.sub("<[^>]*>", "", body.replace("<br>", " "))) for body in shown]


def numbers(tab: Tab) -> list[str]:
    """The patient numbers of the infusions shown, in their order."""
    return [re.findall(r"no\. (\S+)", line)[0] for line in lines(tab)]


def marks(tab: Tab) -> list[str]:
    """What stands beside the lines."""
    shown = [body for body in tab.words if body.startswith('<p class="past">') and "entr" in body]
    return [unescape(re.sub("<[^>]*>", "", body.replace("<br>", " "))).strip() for body in shown]


def shut(house: RunningClinic, name: str, number: str, **more: Any) -> str:
    """A patient's infusion that was cancelled before its start; answers its id."""
    petra, ada = actor(house, "Petra Novak"), actor(house, "Ada Okafor")
    registered = recording.register_patient(
        house, petra, number=number, name=name, birth_date=date(1990, 2, 28), sex="unknown"
    )
    assert registered.value is not None, registered.sentences
    infusion = open_infusion(house, ada, registered.value.id, "chair-2", **more)
    cancelled = recording.save_entry(house, ada, infusion, event(house.clock.now(), "cancel", reason="no escort"))
    assert cancelled.done, cancelled.sentences
    return infusion


def test_a_line_says_what_an_infusion_was_and_opens_its_review(house: RunningClinic, door: Doorman) -> None:
    infusion = shut(house, "Ama Boateng", "K-0200")
    tab = door("Dr Ines Weiss", "past").fill(past_phase=["cancelled"])
    (line,) = lines(tab)
    assert line.startswith("Ama Boateng · no. K-0200 · infusion 1 of 6")
    assert line.endswith("· Chair 2 · 36.0 mg (0.5 mg/kg) · Ada Okafor · cancelled")
    assert marks(tab) == ["1 entry"]
    tab.follow("Review")
    assert tab.at.query_params == {"infusion": infusion}
    assert tab.screen != "bedside_screen"


def test_one_that_is_not_over_opens_at_the_bedside(house: RunningClinic, ids: Names, door: Doorman) -> None:
    tab = door("Ada Okafor", "past")
    (line,) = lines(tab)
    assert line.endswith("· Chair 1 · 36.0 mg (0.5 mg/kg) · Ada Okafor · before start")
    tab.follow("Bedside")
    assert (tab.screen, tab.at.query_params) == ("bedside_screen", {"infusion": ids.infusion})


def test_the_time_of_a_line_is_the_clinics(house: RunningClinic, ids: Names, door: Doorman) -> None:
    infusion = house.store.infusion(ids.infusion)
    assert infusion is not None
    (line,) = lines(door("Ada Okafor", "past"))
    shown = re.findall(r"\d\d \w{3} \d{4}, \d\d:\d\d", line)
    ahead = (timedelta(hours=1), timedelta(hours=2))  # Berlin in winter and in summer
    assert shown in [[f"{(infusion.opened_at + hours):%d %b %Y, %H:%M}"] for hours in ahead]


@pytest.fixture
def years(house: RunningClinic) -> list[str]:
    """Patient numbers of more past infusions than two pages hold, newest first."""
    count = 2 * PAGE_LENGTH + 1
    with house.store.bulk():
        for number in range(count):
            shut(house, f"{'Even' if number % 2 == 0 else 'Odd'} {number}", f"P-{number:03d}")
    return [f"P-{number:03d}" for number in reversed(range(count))]


def cancelled(tab: Tab) -> Tab:
    """Only those of `years`."""
    return tab.open("past", phase="cancelled")


def turn(tab: Tab, label: str) -> Tab:
    """Press the key above the list; the one below does the same."""
    above, below = tab.buttons(label)
    assert above.disabled == below.disabled
    above.click()
    return tab.run()


def test_pages_are_turned_without_a_gap_or_a_repeat(house: RunningClinic, years: list[str], door: Doorman) -> None:
    tab = cancelled(door("Ada Okafor"))
    assert f'<p class="past">1 to 25 of {len(years)} infusions</p>' in tab.words
    assert [button.disabled for button in tab.buttons("Previous page")] == [True, True]
    first = numbers(tab)
    second = numbers(turn(tab, "Next page"))
    assert tab.at.query_params == {"phase": "cancelled", "page": "2"}
    third = numbers(turn(tab, "Next page"))
    assert f'<p class="past">51 to 51 of {len(years)} infusions</p>' in tab.words
    assert first + second + third == years
    assert [button.disabled for button in tab.buttons("Next page")] == [True, True]
    assert numbers(turn(tab, "Previous page")) == second
    assert numbers(tab.open("past", phase="cancelled", page="3")) == third
    assert numbers(tab.open("past", phase="cancelled", page="99")) == third


def test_a_search_begins_at_its_first_page_and_stands_in_no_address(
    house: RunningClinic, years: list[str], door: Doorman
) -> None:
    tab = turn(turn(cancelled(door("Ada Okafor")), "Next page"), "Next page").fill(past_find="even")
    even = [number for number in years if int(number[2:]) % 2 == 0]
    assert numbers(tab) == even[:PAGE_LENGTH]
    assert tab.at.query_params == {"phase": "cancelled"}
    assert numbers(turn(tab, "Next page")) == even[PAGE_LENGTH:]
    assert numbers(tab.fill(past_find="P-007")) == ["P-007"]
    assert "No infusion found." in tab.fill(past_find="nobody at all").words
    assert tab.at.query_params == {"phase": "cancelled"}
    assert numbers(tab.fill(past_find="")) == years[:PAGE_LENGTH]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"from": "garbage"}, "from=garbage"),
        ({"from": "2026-02-30", "level": "critical"}, "from=2026-02-30"),
        ({"phase": "asleep"}, "phase=asleep"),
        ({"mg_from": "much", "colour": "blue"}, "mg_from=much, colour=blue"),
    ],
)
def test_what_an_address_asks_in_vain_is_said(
    house: RunningClinic, door: Doorman, asked: dict[str, str], sentence: str
) -> None:
    tab = door("Ada Okafor").open("past", **asked)
    said = f"The address asks for what cannot be asked, and that is left out: {sentence}."
    assert said in tab.words
    assert said not in tab.fill(past_early=True).words


def test_what_is_asked_stands_in_words_above_what_was_found(house: RunningClinic, door: Doorman) -> None:
    asked = {"to": "2026-11-01", "level": "critical", "phase": "closed", "mg_from": "40", "early": "yes"}
    tab = door("Ada Okafor").open("past", **asked)
    (said,) = [unescape(re.sub("<[^>]*>", "", words)) for words in tab.words if "past asked" in words]
    assert said == (
        "5 filters · To 01 Nov 2026 · Phase: closed · Dose from [mg] 40 · Level, at least: ■ critical · Stopped early"
    )
    assert not [words for words in door("Ada Okafor").open("past").words if "past asked" in words]


def test_an_address_that_can_be_asked_is_not_complained_of(house: RunningClinic, door: Doorman) -> None:
    asked = {"mg_from": "40.0", "sort": "day", "page": "1", "order": "rising", "phase": "closed", "to": "2026-11-01"}
    assert not [word for word in door("Ada Okafor").open("past", **asked).words if "left out" in word]


def test_days_that_exclude_each_other_are_said(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor").open("past", **{"from": "2026-11-20", "to": "2026-11-01"})
    assert "From lies after To: there is no day between them." in tab.words
    same_day = door("Ada Okafor").open("past", **{"from": "2026-11-20", "to": "2026-11-20"})
    assert not [word for word in same_day.words if "lies after" in word]


def test_what_was_typed_is_there_again_after_looking_at_one(house: RunningClinic, door: Doorman) -> None:
    shut(house, "Ama Boateng", "K-0200")
    tab = door("Ada Okafor", "past").fill(past_find="boateng")
    tab.follow("Review").open("past")
    assert (numbers(tab), tab.field("past_find").value) == (["K-0200"], "boateng")


def test_every_filter_stands_in_the_address_and_comes_from_it(house: RunningClinic, ids: Names, door: Doorman) -> None:
    ada = actor(house, "Ada Okafor")
    said = event(house.clock.now(), "effect", name="nausea", severity="mild")
    saved = recording.save_entry(house, ada, ids.infusion, said)
    assert saved.done, saved.sentences
    asked: dict[str, Any] = {
        "past_nurse": ids.staff["Ada Okafor"],
        "past_chair": "chair-1",
        "past_phase": ["planned"],
        "past_protocol": house.protocol.hash,
        "past_mg_from": "36",
        "past_mg_to": "36",
        "past_mg_per_kg_from": "0.5",
        "past_mg_per_kg_to": "0.5",
        "past_effect": [word_key("nausea")],
        "past_from": date(2020, 1, 1),
        "past_to": date(2090, 12, 31),
    }
    tab = door("Dr Ines Weiss", "past").fill(**asked)
    assert len(lines(tab)) == 1
    assert tab.at.query_params == {
        "from": "2020-01-01",
        "to": "2090-12-31",
        "nurse": ids.staff["Ada Okafor"],
        "chair": "chair-1",
        "phase": "planned",
        "protocol": house.protocol.hash,
        "mg_from": "36",
        "mg_to": "36",
        "mg_per_kg_from": "0.5",
        "mg_per_kg_to": "0.5",
        "effect": word_key("nausea"),
    }
    bookmarked = {key: value if isinstance(value, str) else value[0] for key, value in tab.at.query_params.items()}
    again = door("Ada Okafor").open("past", **bookmarked)
    assert lines(again) == lines(tab)
    assert {key: again.field(key).value for key in asked} == asked
    assert lines(again.fill(past_chair="chair-2")) == []
    assert len(lines(again.press("Clear all filters"))) == 1
    assert again.at.query_params == {}


def test_toggles_order_and_what_is_not_known_here(house: RunningClinic, door: Doorman) -> None:
    shut(house, "Ama Boateng", "K-0200", dose_mg_per_kg=0.4)
    tab = door("Ada Okafor", "past")
    assert numbers(tab) == ["K-0200", "K-0101"]
    assert numbers(tab.fill(past_sorted=("dose", False))) == ["K-0101", "K-0200"]
    assert tab.at.query_params == {"sort": "dose"}
    assert numbers(tab.open("past", sort="day", order="rising")) == ["K-0101", "K-0200"]
    assert numbers(tab.open("past", early="yes")) == []
    assert numbers(tab.open("past", unsigned="yes")) == []
    tab.open("past", nurse="somebody", effect="else", chair="chair-2", acknowledged="no", level="critical")
    assert "No infusion found." in tab.words
    assert (tab.field("past_nurse").value, tab.field("past_chair").value) == ("somebody", "chair-2")
    assert numbers(tab.press("Clear all filters")) == ["K-0200", "K-0101"]


def test_a_hostile_name_is_shown_as_it_was_typed(house: RunningClinic, door: Doorman) -> None:
    shut(house, HOSTILE, "K_0301*")
    tab = door("Ada Okafor", "past").fill(past_phase=["cancelled"])
    (line,) = lines(tab)
    assert line.startswith(f"{HOSTILE} · no. K_0301* · ")
    assert not any("<b>c" in body for body in tab.words)


def test_a_hostile_word_is_a_choice_like_any_other(house: RunningClinic, ids: Names, door: Doorman) -> None:
    ada = actor(house, "Ada Okafor")
    said = event(house.clock.now(), "effect", name=HOSTILE)
    assert recording.save_entry(house, ada, ids.infusion, said).done
    tab = door("Ada Okafor", "past")
    assert [read(option) for option in tab.field("past_effect").options] == [HOSTILE]
    assert tab.fill(past_effect=[word_key(HOSTILE)]).at.query_params == {"effect": word_key(HOSTILE)}
    assert len(lines(tab)) == 1


def test_what_cannot_be_judged_is_said(
    house: RunningClinic, ids: Names, door: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_args: Any) -> None:
        raise ZeroDivisionError

    said = "▲ 1 infusion cannot be judged and may be missing here; the server's log says why."
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("monitoring.review.catching_up.summary", failing)
        tab = door("Ada Okafor", "past")
        assert said in tab.refusals
    assert len(lines(tab.run())) == 1
    assert tab.refusals == []


def test_what_is_not_summed_up_yet_is_said(
    house: RunningClinic, ids: Names, door: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("monitoring.review.catching_up.AT_ONCE_SECONDS", 0)
        meanwhile.setattr("monitoring.review.catching_up._go_on", lambda _clinic: None)
        meanwhile.setattr("monitoring.review.catching_up._do_some", lambda *_: ())
        tab = door("Ada Okafor", "past")
        assert "▲ 1 infusion is being summed up and may be missing here." in tab.words
    assert len(lines(tab.run())) == 1
    assert not any("summed up" in word for word in tab.words)
