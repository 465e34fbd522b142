"""The series page: infusions over each other, a column for each, and what happened in the one that is looked at."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
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


def treat(clinic: RunningClinic, clock: SetClock, infusion: str, highest: float, dissociation: int) -> None:
    """An infusion of twenty minutes with one pressure and one rating at its tenth; then the patient leaves."""
    ada = actor(clinic, "Ada Okafor")

    def then(body: dict[str, Any]) -> None:
        outcome = recording.save_entry(clinic, ada, infusion, body)
        assert outcome.done, outcome.sentences

    then(entry(clock.wait(minutes=2)))
    then(event(clock.wait(minutes=4), "start", reason="other", decided_by="Dr Ines Weiss"))
    then(entry(clock.wait(minutes=10), readings={**QUIET, "systolic": highest}))
    then(entry(clock.now(), "observation", {"dissociation": dissociation}))
    then(event(clock.wait(minutes=10), "end"))
    then({**event(clock.wait(minutes=58), "close"), "queued": True})


@pytest.fixture
def house(furnished_then: tuple[Path, Names], tmp_path: Path) -> Iterator[RunningClinic]:
    """The small clinic, running: Marta Brandt was treated twice in March, and a third time is planned."""
    file, names = Path(shutil.copy(furnished_then[0], tmp_path / "clinic.db")), furnished_then[1]
    clock = SetClock(TEN)
    with opened(file, clock) as then:
        treat(then, clock, names.infusion, 164, 4)
        clock.wait(days=3)
        for highest in (150, None):
            next_one = open_infusion(then, actor(then, "Ada Okafor"), names.patients["Marta Brandt"], "chair-1")
            if highest is not None:
                treat(then, clock, next_one, highest, 2)
                clock.wait(days=3)
    yield run(file)
    running_clinic.close_clinic()


@pytest.fixture
def marta(house: RunningClinic, names: Names) -> str:
    """Marta Brandt's id."""
    return names.patients["Marta Brandt"]


def page(door: Doorman, patient: str, **query: str) -> Tab:
    return door("Dr Ines Weiss").open("series", patient=patient, **query)


def panels(tab: Tab) -> list[dict[str, Any]]:
    for element in tab.at.main.get("bidi_component"):
        if element.proto.component_name.endswith("panels_part"):
            found: list[dict[str, Any]] = json.loads(element.proto.json)["panels"]
            return found
    return []


def html(tab: Tab, kind: str) -> str:
    return next((text for text in tab.words if f'class="{kind}"' in text), "")


def test_infusions_are_laid_over_each_other_with_the_latest_started_one_on_top(door: Doorman, marta: str) -> None:
    (shown,) = panels(page(door, marta))
    assert (shown["heading"], shown["words"]) == ("Systolic pressure", "mmHg · minutes since the start")
    traces = {trace["name"]: trace for trace in shown["figure"]["data"]}
    assert traces["#1"]["y"] == [126, 164]
    assert traces["#2"]["y"] == [126, 150]
    assert shown["figure"]["data"][-1]["name"] == "#2"


def test_the_infusion_in_the_address_is_the_one_looked_at(
    house: RunningClinic, door: Doorman, marta: str, names: Names
) -> None:
    tab = page(door, marta, infusion=names.infusion)
    assert panels(tab)[0]["figure"]["data"][-1]["name"] == "#1"
    assert any("#1 · 03 Mar 2026 · what happened" in text for text in tab.words)
    assert "Systolic pressure 164 mmHg" in html(tab, "rv moments")
    assert panels(page(door, marta, infusion="nobody"))[0]["figure"]["data"][-1]["name"] == "#2"


def test_every_infusion_has_a_column_that_leads_to_its_review(house: RunningClinic, door: Doorman, marta: str) -> None:
    strip = html(page(door, marta), "strip")
    for infusion in house.store.infusions_of(marta):
        assert f'href="/review?infusion={infusion}"' in strip
    for words in ("126 → 164", "+38 mmHg at minute 10", "4 severe", "58 min", "2 ▲", "before start", "0.5 mg/kg"):
        assert words in strip
    assert strip.count("<tr>") == strip.count("</tr>")
    assert "3 of 6" in strip


def test_bars_compare_along_the_series_and_planned_ones_have_their_place(door: Doorman, marta: str) -> None:
    bars = html(page(door, marta), "rv bar-groups")
    assert "Dissociation, highest (0–4)" in bars
    assert "Systolic pressure, rise mmHg" in bars
    assert bars.count("<span>#6</span>") == bars.count("<span>#1</span>") == 3
    assert '<b class="caution">▲&nbsp;4</b><i style="height: 80px"></i>' in bars
    assert '<b class="">2</b><i style="height: 40px"></i>' in bars


def test_a_rise_is_not_marked_because_its_peak_is_outside(door: Doorman, marta: str) -> None:
    """164 mmHg is outside the range, and told so in the strip; the rise of 38 was not flagged."""
    tab = page(door, marta)
    bars = html(tab, "rv bar-groups")
    assert '<b class="">38</b>' in bars
    assert 'title="#1 · 03 Mar 2026 · 126 → 164 +38 mmHg at minute 10"' in bars
    assert "▲ caution: what the bar shows, so of a rise the rise itself, was flagged by the ranges of its day" in bars
    assert "▲ 126 → 164" in html(tab, "strip")


def test_what_is_looked_at_stands_in_the_address_and_comes_from_it(door: Doorman, marta: str, names: Names) -> None:
    tab = page(door, marta).fill(series_measure="spo2", series_align="peak", series_infusion=names.infusion)
    asked = {"patient": marta, "infusion": names.infusion, "measure": "spo2", "align": "peak"}
    assert tab.at.query_params == asked
    again = page(door, marta, infusion=names.infusion, measure="spo2", align="peak")
    (shown,) = panels(again)
    assert (shown["heading"], shown["words"]) == ("Oxygen saturation", "% · minutes from the lowest value")
    assert shown["figure"]["data"][-1]["name"] == "#1"
    assert again.at.query_params == asked
    again.at.query_params.clear()  # another address in the same tab shows what that one asks for
    (plain,) = panels(again.open("series", patient=marta, measure="heart_rate"))
    assert (plain["heading"], plain["words"]) == ("Heart rate", "/min · minutes since the start")


def test_what_an_address_asks_for_and_there_is_not_is_as_if_unasked(door: Doorman, marta: str) -> None:
    (shown,) = panels(page(door, marta, infusion="nobody", measure="shoe size", align="moon"))
    assert (shown["heading"], shown["words"]) == ("Systolic pressure", "mmHg · minutes since the start")
    assert shown["figure"]["data"][-1]["name"] == "#2"


def test_who_is_found_here_stands_in_the_address_by_the_id_alone(door: Doorman, marta: str) -> None:
    tab = door("Dr Ines Weiss", "series")
    assert tab.at.info == []  # nobody has typed anything yet
    tab.fill(patient_chosen=marta)
    assert tab.at.query_params == {"patient": marta}
    assert panels(tab) != []


def test_all_measures_stand_small_beside_each_other(door: Doorman, marta: str) -> None:
    tab = page(door, marta)
    tab.field("series_measure").set_value("all")
    tab.run()
    assert [one["heading"] for one in panels(tab)] == [
        "Systolic pressure",
        "Diastolic pressure",
        "Heart rate",
        "Oxygen saturation",
        "Respiration",
        "Dissociation",
        "Sedation",
        "Distress",
    ]
    assert any("Distress: no value in #1, #2" in text for text in tab.words)


def test_aligned_at_a_pause_nothing_is_drawn_and_that_is_said(door: Doorman, marta: str) -> None:
    tab = page(door, marta)
    tab.field("series_align").set_value("first pause")
    tab.run()
    assert [trace["name"] for trace in panels(tab)[0]["figure"]["data"]] == []
    assert any("Systolic pressure: no pause in #1, #2" in text for text in tab.words)


def test_too_few_infusions_give_no_middle_of_the_clinic_and_it_says_why(door: Doorman, marta: str) -> None:
    tab = page(door, marta)
    assert any("is not drawn: fewer than 20 infusions" in text for text in tab.words)
    table = html(tab, "minutes")
    assert "<th>Minute</th><th>#1 · 03 Mar 2026</th><th>#2 · 06 Mar 2026</th>" in table
    assert "<td>10</td><td>164</td><td>150</td><td>150 to 164</td>" in table


def test_a_series_whose_infusion_never_started_has_its_column_and_no_chart(
    house: RunningClinic, door: Doorman, names: Names
) -> None:
    omar = names.patients["Omar Haddad"]
    open_infusion(house, actor(house, "Ada Okafor"), omar, "chair-2")
    tab = page(door, omar)
    assert panels(tab) == []
    assert "before start" in html(tab, "strip")
    assert any("Nothing recorded yet." in text for text in tab.words)
