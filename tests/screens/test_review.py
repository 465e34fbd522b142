"""The review of one infusion: everything is there, the slider replays it, and a change meanwhile is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring import clinic as running_clinic
from monitoring import recording
from monitoring.clinic import RunningClinic
from tests.conftest import TEN
from tests.screens.conftest import run
from tests.screens.tab import Doorman, Tab
from tests.small_clinic import QUIET, Names, SetClock, actor, entry, event, open_infusion, opened


def save(house: RunningClinic, infusion: str, body: dict[str, Any], by: str = "Ada Okafor") -> str:
    outcome = recording.save_entry(house, actor(house, by), infusion, body)
    assert outcome.value is not None, outcome.sentences
    return outcome.value.id


@pytest.fixture
def house(furnished_then: tuple[Path, Names], tmp_path: Path) -> Iterator[RunningClinic]:
    """The small clinic, running, in which Marta Brandt was treated in March: a pressure outside, put right, a note."""
    file, names = Path(shutil.copy(furnished_then[0], tmp_path / "clinic.db")), furnished_then[1]
    clock = SetClock(TEN)
    with opened(file, clock) as then:
        save(then, names.infusion, entry(clock.wait(minutes=2)))
        save(then, names.infusion, event(clock.wait(minutes=4), "start", reason="other", decided_by="Dr Ines Weiss"))
        slip = save(then, names.infusion, entry(clock.wait(minutes=10), readings={**QUIET, "systolic": 194}))
        put_right = entry(clock.now(), readings={**QUIET, "systolic": 164})
        clock.wait(minutes=1)
        save(then, names.infusion, {**put_right, "corrects": slip, "reason": "typed wrongly"})
        save(then, names.infusion, event(clock.wait(minutes=3), "note", text="<b>says</b> *hello*"))
        save(then, names.infusion, event(clock.wait(minutes=26), "end"))
        save(then, names.infusion, {**event(clock.wait(minutes=60), "close"), "queued": True})
    yield run(file)
    running_clinic.close_clinic()


@pytest.fixture
def infusion(house: RunningClinic, names: Names) -> str:
    """Marta Brandt's."""
    return names.infusion


def page(door: Doorman, infusion: str, name: str = "Dr Ines Weiss") -> Tab:
    return door(name).open("review", infusion=infusion)


def part(tab: Tab, name: str) -> dict[str, Any]:
    """What was given to the module that draws this part of the page."""
    for element in tab.at.main.get("bidi_component"):
        if element.proto.component_name.endswith(f"{name}_part"):
            found: dict[str, Any] = json.loads(element.proto.json)
            return found
    raise LookupError(name)


def table(tab: Tab, kind: str) -> str:
    return next((text for text in tab.words if f'class="{kind}"' in text), "")


def replay(tab: Tab) -> Any:
    (slider,) = tab.at.select_slider
    return slider


def test_everything_of_the_infusion_is_there(door: Doorman, infusion: str) -> None:
    tab = page(door, infusion)
    shown = "\n".join(tab.words)
    for words in ("Marta Brandt", "Infusion 1 of 6", "Chair 1", "126 → 164", "at or above 160", "Sets by slot"):
        assert words in shown
    assert '<li class="missed"><b>0</b><span>11:06, missed</span></li>' in shown  # the number stands there once
    for heading in ("Dose and drug", "Before the start", "Before leaving", "Signatures", "Chain", "Who looked"):
        assert heading in shown
    assert "each as it was saved" in shown
    assert "ketamine-depression 3" in shown
    assert [one.label for one in tab.at.tabs] == [
        "What happened",
        "Flags and sets",
        "Dose, lists, scores",
        "Signatures, changes, views",
        "Table of values",
    ]


def test_what_is_still_to_come_stands_on_its_card(house: RunningClinic, door: Doorman, names: Names) -> None:
    omar = open_infusion(house, actor(house, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
    save(house, omar, entry(house.clock.now()))
    save(house, omar, event(house.clock.now(), "start", reason="other", decided_by="Dr Ines Weiss"))
    (cards,) = [text for text in page(door, omar).words if 'class="rv cards"' in text]
    for label, text in (("Distress", "not recorded"), ("Back at baseline", "not yet"), ("Signed", "not yet")):
        assert f"<span>{label}</span><b>{text}</b>" in cards


def test_a_correction_shows_both_values_and_a_note_what_was_typed(door: Doorman, infusion: str) -> None:
    happened = table(page(door, infusion), "happened")
    assert '<del>SYS 194</del> → <ins><b class="caution">▲ 164/78</b></ins>' in happened
    assert "corrected 11:17 by Ada Okafor: typed wrongly" in happened
    assert happened.count("<del>") == 1  # what was not changed is not struck
    values = table(page(door, infusion), "values-table")
    assert '<del>194</del> → <ins><b class="caution">▲ 164</b></ins>' in values
    assert "corrected 11:17 by Ada Okafor: typed wrongly" in values
    assert "&lt;b&gt;says&lt;/b&gt; *hello*" in happened


def test_that_somebody_looked_is_written_down_once_a_sign_in(
    house: RunningClinic, door: Doorman, infusion: str
) -> None:
    tab = page(door, infusion)
    tab.run()
    views = [(view.name, view.screen) for view in house.store.views_of(infusion)]
    assert views == [("Dr Ines Weiss", "review")]
    page(door, infusion, "Jonas Lund")
    assert len(house.store.views_of(infusion)) == 2
    assert "Jonas Lund" in "\n".join(page(door, infusion).words)


def test_the_slider_shows_what_the_screen_had_at_that_minute(door: Doorman, infusion: str) -> None:
    tab = page(door, infusion)
    whole = part(tab, "replay")
    assert (replay(tab).value, whole["replay"]) == ("whole record", False)
    before, after = [f"{n} min before the start" for n in range(6, 0, -1)], [f"minute {n}" for n in range(101)]
    assert list(replay(tab).options) == [*before, *after, "whole record"]
    replay(tab).set_value(23)
    tab.run()
    then = part(tab, "replay")
    assert then["replay"]
    assert then["document"]["course"]["phase"] == "infusing"
    assert then["document"]["figure"]["now_at"] == then["document"]["now"]
    assert then["heading"] == "The screen at minute 23"
    assert "“<b>says</b> *hello*”" in then["document"]["latest"]
    replay(tab).set_value(-5)
    tab.run()
    early = part(tab, "replay")["document"]
    assert early["course"]["phase"] == "planned"
    assert early["latest"] == ""
    assert {item["text"] for item in early["strip"]} == {""}


def test_a_minute_in_the_address_is_where_the_replay_opens(door: Doorman, infusion: str) -> None:
    tab = door("Dr Ines Weiss").open("review", infusion=infusion, minute="23")
    then = part(tab, "replay")
    assert (replay(tab).value, then["minute"], then["heading"]) == (23, 23, "The screen at minute 23")
    assert [text for text in tab.words if "Whole record, as recorded until now" in text]
    tab.press("Whole record")  # it is taken at the opening only
    assert (replay(tab).value, part(tab, "replay")["minute"]) == ("whole record", None)
    early = door("Jonas Lund").open("review", infusion=infusion, minute="-5")
    assert replay(early).value == -5


def test_what_others_record_meanwhile_moves_no_reader(
    furnished_then: tuple[Path, Names], tmp_path: Path, door: Doorman
) -> None:
    file, names = Path(shutil.copy(furnished_then[0], tmp_path / "running.db")), furnished_then[1]
    clock = SetClock(datetime.now(UTC) - timedelta(minutes=13))
    with opened(file, clock) as then:
        omar = open_infusion(then, actor(then, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
        save(then, omar, entry(clock.wait(minutes=3)))
        start = event(clock.wait(minutes=4), "start", reason="other", decided_by="Dr Ines Weiss")
        save(then, omar, start)
    house = run(file)
    try:
        tab = page(door, omar)
        tab.press("‹ Previous entry").press("‹ Previous entry")
        shown = part(tab, "replay")
        assert shown["heading"] == "The screen at 4 min before the start"
        instant = datetime.fromisoformat(shown["document"]["now"])

        save(house, omar, entry(house.clock.now()))
        assert part(tab.run(), "replay")["heading"] == "The screen at 4 min before the start"

        earlier = event(clock.now() - timedelta(minutes=2), "start", reason="other", decided_by="Dr Ines Weiss")
        put_right = {**earlier, "corrects": start["id"], "reason": "typed wrongly"}
        save(house, omar, {**put_right, "tapped_at": house.clock.now().isoformat()})
        moved = part(tab.run(), "replay")
        assert moved["heading"] == "The screen at 2 min before the start"  # another name of the same minute
        assert datetime.fromisoformat(moved["document"]["now"]) == instant
    finally:
        running_clinic.close_clinic()


def test_a_replay_that_is_opened_again_follows_its_address(door: Doorman, infusion: str) -> None:
    tab = door("Dr Ines Weiss").open("review", infusion=infusion, minute="23")
    tab.press("‹ Previous entry")
    tab.at.query_params.clear()
    tab.open("past")
    assert part(tab.open("review", infusion=infusion, minute="30"), "replay")["minute"] == 30
    tab.at.query_params.clear()
    tab.open("past")
    assert part(tab.open("review", infusion=infusion), "replay")["minute"] is None


@pytest.mark.parametrize("asked", ["9999", "soon", "1.5", "²", "--5"])
def test_a_minute_in_the_address_that_is_none_is_told_and_stops_nothing(
    door: Doorman, infusion: str, asked: str
) -> None:
    tab = door("Dr Ines Weiss").open("review", infusion=infusion, minute=asked)
    assert replay(tab).value == "whole record"
    told = f"The address asks for minute “{asked}”, which this record does not have: the whole record is shown."
    assert told in tab.words
    tab.press("‹ Previous entry")
    assert told not in tab.press("Whole record").words


def test_the_infusion_before_and_after_in_the_series_is_a_tap_away(
    house: RunningClinic, door: Doorman, names: Names, infusion: str
) -> None:
    assert not page(door, infusion).has("to_after")
    later = open_infusion(house, actor(house, "Ada Okafor"), names.patients["Marta Brandt"], "chair-2")
    tab = page(door, infusion)
    assert not tab.has("to_before")
    assert tab.buttons("#2 ›")
    other = page(door, later)
    assert other.buttons("‹ #1")
    assert not other.has("to_after")


def test_stepping_goes_from_entry_to_entry_and_ends_at_the_whole_record(door: Doorman, infusion: str) -> None:
    tab = page(door, infusion)
    seen = [replay(tab).value]
    for _ in range(3):
        tab.press("‹ Previous entry")
        seen.append(replay(tab).value)
    assert seen[0] == "whole record"
    assert seen[1:] == [100, 40, 14]
    for _ in range(3):
        tab.press("Next entry ›")
    assert replay(tab).value == "whole record"
    replay(tab).set_value(0)
    tab.run()
    assert replay(tab.press("Whole record")).value == "whole record"


def test_what_was_recorded_meanwhile_is_told_until_it_was_seen(
    house: RunningClinic, door: Doorman, infusion: str
) -> None:
    tab = page(door, infusion)
    assert tab.at.warning.len == 0
    wrong = next(e for e in house.store.infusion(infusion).entries if e.kind == "set")  # type: ignore[union-attr]
    put_right = {**entry(house.clock.now()), "observed_at": wrong.observed_at.isoformat()}
    save(house, infusion, {**put_right, "corrects": wrong.id, "reason": "wrong patient"}, by="Jonas Lund")
    tab.run()
    (line,) = [text for text in tab.words if "changed while you read it" in text]
    assert "1 entry added" in line
    assert "Jonas Lund: corrected what was seen" in line
    assert "by Jonas Lund: wrong patient" in table(tab, "happened")  # what is shown is as it stands now
    assert part(tab, "watch")["version"] == 8
    tab.run()
    assert [text for text in tab.words if "changed while you read it" in text]
    tab.press("Seen")
    assert not [text for text in tab.words if "changed while you read it" in text]


def test_an_infusion_with_nothing_recorded_is_shown(house: RunningClinic, door: Doorman, names: Names) -> None:
    omar = open_infusion(house, actor(house, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
    tab = page(door, omar)
    assert "before start" in "\n".join(tab.words)
    assert "No flag in this infusion." in "\n".join(tab.words)
    assert part(tab, "replay")["document"]["figure"]["data"] is not None


@pytest.mark.parametrize(("infusion", "words"), [("", "No infusion chosen."), ("nobody", "not known here")])
def test_without_an_infusion_the_page_says_so(house: RunningClinic, door: Doorman, infusion: str, words: str) -> None:
    tab = door("Ada Okafor").open("review", infusion=infusion)
    assert any(words in text for text in tab.words)


def test_a_record_that_was_changed_by_hand_says_so_at_the_top(
    house: RunningClinic, door: Doorman, infusion: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitoring.documents import review
    from monitoring.records.verify import InfusionChain

    broken = InfusionChain(3, "x" * 64, 9, ("entry 2 of infusion 1: its content was changed after it was saved",))
    monkeypatch.setattr(review, "verify_infusion", lambda _url, _id: broken)
    tab = page(door, infusion)
    assert tab.refusals == [
        "■ The chain of this record does not hold: entry 2 of infusion 1: its content was changed after it was saved."
    ]
