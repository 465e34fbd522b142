"""The page of the clinic's history: what is counted, by month and by ranges, as chart, table and file."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape

import pytest

from monitoring.clinic import RunningClinic
from monitoring.review import clinic_counts
from monitoring.review.terms import terms
from tests.review.past import Past
from tests.screens.tab import Doorman, Tab
from tests.small_clinic import Names


@pytest.fixture
def many(house: RunningClinic, ids: Names, monkeypatch: pytest.MonkeyPatch) -> RunningClinic:
    """A clinic with a dozen infusions, for which ten are enough."""
    monkeypatch.setattr(
        clinic_counts, "terms", lambda: replace(terms(), minimum_infusions=10, minimum_flags=2, minimum_readings=50)
    )
    past = Past(house, _Real(house))  # type: ignore[arg-type]
    for n in range(12):
        infusion = past.opened(ids.patients["Omar Haddad"])
        past.entry(infusion, values={"systolic": 120.0 + n, "diastolic": 80.0, "heart_rate": 70.0})
        past.event(infusion, "start")
        past.entry(infusion, values={"systolic": 150.0 + 3 * n, "diastolic": 80.0, "heart_rate": 70.0})
        past.event(infusion, "stop", reason="distress")
        past.event(infusion, "close")
    return house


class _Real:
    """The clinic's own clock, which a test does not set."""

    def __init__(self, house: RunningClinic) -> None:
        self.now = house.clock.now


def words(tab: Tab) -> str:
    return unescape(re.sub("<[^>]*>", " ", " ".join(tab.words)))


def charts(tab: Tab) -> list[dict[str, object]]:
    return [json.loads(chart.proto.spec) for chart in tab.at.get("plotly_chart")]


def test_before_there_are_enough_each_chart_says_why_it_is_empty(house: RunningClinic, door: Doorman) -> None:
    tab = door("Dr Ines Weiss", "clinic")
    assert charts(tab) == []
    assert "0 infusions: nothing is drawn of fewer than 20." in tab.words
    assert "None of the months has 20 of them; in all there are 0 infusions ended." in tab.words
    assert len(tab.at.get("download_button")) == 10


def test_each_chart_says_how_many_it_rests_on(many: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "clinic")
    shown = words(tab)
    assert "up to 12 infusions at a minute, each once, with the value seen nearest to it" in shown
    assert "12 infusions started · left out: 1 infusion never started" in shown
    assert "12 infusions stopped early" in shown
    assert len(charts(tab)) == 7
    assert "As a table" in {expander.label for expander in tab.at.expander}


def test_what_is_asked_stands_in_the_address_and_comes_from_it(many: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "clinic").fill(
        clinic_along="protocol", clinic_measure="heart_rate", clinic_digits="diastolic"
    )
    assert tab.at.query_params == {"along": "protocol", "measure": "heart_rate", "digits": "diastolic"}
    shown = words(tab)
    assert "Heart rate [/min] by minute since the start" in shown
    assert "Last digit of diastolic pressure" in shown
    assert "Infusions stopped early, by ranges" in shown
    again = door("Dr Ines Weiss").open("clinic", along="protocol", measure="heart_rate", digits="diastolic")
    assert words(again).replace("Dr Ines Weiss, clinician", "Ada Okafor, nurse") == shown
    (month, *_) = many.store.counting.months()
    only = door("Ada Okafor").open("clinic", ranges=many.protocol.hash, **{"from": month, "to": month})
    assert only.field("clinic_ranges").value == many.protocol.hash
    assert "12 infusions started" in words(only)


def test_an_address_that_asks_for_what_there_is_not_is_like_none(many: RunningClinic, door: Doorman) -> None:
    odd = {"ranges": "x", "from": "1999-01", "to": "soon", "along": "moon", "measure": "weight", "digits": "spo2"}
    tab = door("Ada Okafor").open("clinic", **odd)
    assert "12 infusions started" in words(tab)
    assert tab.field("clinic_measure").value == "systolic"


def test_a_clinic_that_has_opened_nothing_says_so(nothing_yet: RunningClinic, door: Doorman) -> None:
    from monitoring import recording

    done = recording.set_up_clinic(
        nothing_yet,
        name="Clinic at the Lake",
        zone="Europe/Berlin",
        chairs=["Chair 1"],
        administrator="Petra Novak",
        administrator_pin="223606",
        clinician="Dr Ines Weiss",
        clinician_pin="141421",
    )
    assert done.done, done.sentences
    assert "No infusion has been opened yet." in door("Dr Ines Weiss", "clinic").words


def test_months_are_read_as_words_and_stand_as_they_are_in_the_address(many: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "clinic")
    (month, *_) = many.store.counting.months()
    word = f"{date.fromisoformat(f'{month}-01'):%b %Y}"
    assert tab.field("clinic_from").options == [word]
    assert f"<td>{word}</td>" in " ".join(tab.words)
    assert month not in " ".join(tab.words)
    assert tab.fill(clinic_from=month).at.query_params == {"from": month, "measure": "systolic", "digits": "systolic"}


def test_the_names_in_lists_are_as_they_were_given(many: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "clinic")
    assert tab.field("clinic_ranges").options == ["ketamine-depression 3"]  # no mark of markdown is escaped there


def test_flags_that_nobody_has_acknowledged_are_a_tap_away(many: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "clinic")
    assert "2 critical flags that nobody has acknowledged" in words(tab)
    (month, *_) = many.store.counting.months()
    tab.fill(clinic_ranges=many.protocol.hash, clinic_to=month)
    page, asked = tab.links["Show those infusions"]
    assert page == "past"
    last = date.fromisoformat(asked.pop("to"))
    assert (f"{last:%Y-%m}", (last + timedelta(days=1)).day) == (month, 1)
    assert asked == {"level": "critical", "acknowledged": "no", "protocol": many.protocol.hash}
    past = tab.follow("Show those infusions")
    assert past.field("past_level").value == "critical"
    assert past.field("past_acknowledged").value == "no"
