"""The import page: a file, what is what in it, a dry run, decisions, and what came in."""

from __future__ import annotations

import json
from datetime import date, time
from typing import Any

import pytest

from monitoring import clinic as running_clinic
from monitoring.clinic import RunningClinic
from monitoring.exports.fhir import as_json, bundle_of
from tests.clinical.timeline import START, running
from tests.exports.sources import source
from tests.imports.files import LONG, WIDE
from tests.screens.tab import Doorman, Tab
from tests.small_clinic import Names

COLUMNS = ("time", "values measure systolic mm[Hg]", "values measure diastolic mm[Hg]")
COLUMNS += ("values measure heart_rate /min", "values measure spo2 %", "values measure respiration /min", "remark")


def uploaded(tab: Tab, text: str, name: str = "march.csv") -> Tab:
    tab.at.file_uploader[0].set_value((name, text.encode(), "text/csv"))
    return tab.run()


def key(tab: Tab, end: str) -> str:
    """The whole key of the field of this file."""
    (found,) = {one.key for one in tab._fields() if one.key and one.key.startswith("file_") and one.key.endswith(end)}
    return str(found)


def fill(tab: Tab, **values: Any) -> Tab:
    for end, value in values.items():
        tab.field(key(tab, f"_{end}")).set_value(value)
    return tab.run()


def said(tab: Tab) -> Tab:
    """The wide file of Omar Haddad, everything said of it."""
    fill(tab, **{f"column_{n}": code for n, code in enumerate(COLUMNS)}, zone="UTC", find="Haddad")
    fill(tab, patient="K-0102", chair="chair-2", weight=72.0, dose=0.5, planned=40)
    fill(tab, started="at", ended="after", left="last")
    return fill(tab, started_day=date(2026, 3, 2), started_time=time(10), ended_minutes=40.0)


def table_of(tab: Tab, number: int) -> list[dict[str, Any]]:
    """The rows of a table on the page."""
    return tab.at.dataframe[number].value.to_dict("records")  # type: ignore[no-any-return]


@pytest.fixture
def page(house: RunningClinic, door: Doorman) -> Tab:
    """The import page, as the clinician sees it."""
    return door("Dr Ines Weiss", "importing")


def test_a_nurse_does_not_find_the_page(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor")
    assert "Import" not in tab.pages
    with pytest.raises(ValueError, match="Could not find a navigation page"):
        tab.open("importing")


def test_a_file_comes_in_step_by_step(page: Tab, ids: Names) -> None:
    tab = uploaded(page, WIDE)
    assert "march.csv: 7 columns, 6 lines" in tab.words
    assert "▲ Chair is missing: expected where these infusions were.\n" in " ".join(tab.words)
    said(tab)
    assert [row["State"] for row in table_of(tab, 0)] == ["comes in"] * 6
    (row,) = table_of(tab, 1)
    assert (row["Patient"], row["What comes of it"], row["Entries"]) == ("Omar Haddad", "comes in", "10")
    store = running_clinic.running().store
    assert store.infusions_of(ids.patients["Omar Haddad"]) == ()
    tab.press("Import 1 infusion")
    assert tab.confirmations == ["1 infusion imported."]
    (infusion_id,) = store.infusions_of(ids.patients["Omar Haddad"])
    source = store.imported_from(infusion_id)
    assert source is not None
    assert (source.file, source.by) == ("march.csv", "Dr Ines Weiss")
    (row,) = table_of(tab, 1)
    assert row["What comes of it"] == "is there already"
    assert tab.buttons("Import 1 infusion") == []


def test_what_is_implausible_is_decided_before_it_comes_in(page: Tab) -> None:
    tab = said(uploaded(page, WIDE.replace("2026-03-02 10:20,142,88,,", "2026-03-02 10:20,142,88,0,")))
    assert [row["State"] for row in table_of(tab, 0)] == ["comes in"] * 3 + ["asked"] + ["comes in"] * 2
    assert tab.buttons("Import 1 infusion") == []
    tab.press("Decide")
    assert tab.refusals == ["Nothing is decided: expected confirmed as unusual, or left out."]
    fill(tab, how="leave out")
    tab.press("Decide")
    assert tab.refusals == ["Left out without a reason: expected why."]
    fill(tab, reason="electrode loose")
    tab.press("Decide")
    assert "Decided: 0 confirmed as unusual, 1 left out" in tab.words
    assert tab.buttons("Import 1 infusion") != []
    tab.press("Decide anew")
    assert tab.buttons("Import 1 infusion") == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "This file is empty: expected a heading and a line for each time."),
        ("a,a\n1,2\n", "Column “a” stands there twice: expected each name once."),
        ('a,b\n1,"2', "Line 2 cannot be read (unexpected end of data): expected a whole CSV file."),
    ],
)
def test_a_file_that_is_no_table_says_why(page: Tab, text: str, sentence: str) -> None:
    assert uploaded(page, text or "\n").refusals == [sentence]


def test_a_long_file_asks_for_what_its_words_mean(page: Tab) -> None:
    tab = uploaded(page, LONG)
    words = " ".join(tab.words)
    assert "▲ Word “temp”: expected what it means, or that it is left out.\n" in words
    assert "▲ Column “number”: expected what it is, or that it is left out.\n" in words


def test_a_name_of_markup_is_shown_as_it_is(page: Tab) -> None:
    tab = uploaded(page, "time,<b>**HR**</b>\n=1+1,[x](http://x)\n", "=evil().csv")
    assert "<b>**HR**</b>: [x](http://x)" in tab.words


# A Bundle


def exported(number: str = "K-0102", **patient: Any) -> str:
    """Our own export of an infusion of somebody."""
    line = running()
    line.quiet_set(10)
    line.end(40)
    line.close(70)
    found = json.loads(as_json(bundle_of([source(line, 80)], START)))
    content = found["entry"][0]["resource"]
    content["identifier"][0]["value"] = number
    content |= {"name": [{"text": "Omar Haddad"}], "birthDate": "1967-11-02", "gender": "male"} | patient
    return json.dumps(found)


def test_a_bundle_comes_in(page: Tab, ids: Names) -> None:
    tab = uploaded(page, exported(), "bundle.json")
    assert tab.confirmations == []
    (row,) = table_of(tab, 1)
    assert (row["Patient"], row["What comes of it"], row["Why"]) == ("Omar Haddad", "comes in", "")
    tab.press("Import 1 infusion")
    assert tab.confirmations == ["1 infusion imported."]
    store = running_clinic.running().store
    assert len(store.infusions_of(ids.patients["Omar Haddad"])) == 1


def test_somebody_the_bundle_names_is_registered_from_it_when_a_person_says_so(page: Tab) -> None:
    tab = uploaded(page, exported("K-0777", name=[{"text": "Nadja =Kowalczyk"}]), "bundle.json")
    assert "Not registered here: Nadja =Kowalczyk, number K-0777, born 1967-11-02, sex male" in tab.words
    assert table_of(tab, 1)[0]["What comes of it"] == "does not come in"
    tab.press("Register as the file says")
    assert table_of(tab, 1)[0]["What comes of it"] == "comes in"
    (patient,) = running_clinic.running().store.find_patients("K-0777")
    assert (patient.name, patient.sex, patient.birth_date) == ("Nadja =Kowalczyk", "male", date(1967, 11, 2))


def test_somebody_without_a_birth_date_is_not_registered(page: Tab) -> None:
    tab = uploaded(page, exported("K-0777", birthDate="1967"), "bundle.json")
    tab.press("Register as the file says")
    assert tab.refusals == ["Date of birth is missing: expected a date."]


def test_what_is_wrong_in_a_bundle_is_decided_like_anything_else(page: Tab) -> None:
    tab = uploaded(page, exported().replace('"value": 98', '"value": 980', 1), "bundle.json")
    assert [row["Entry"] for row in table_of(tab, 0) if row["State"] == "wrong"] != []
    fill(tab, how="leave out", reason="typed wrongly")
    tab.press("Decide")
    assert tab.buttons("Import 1 infusion") != []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "is no JSON"),
        ('{"resourceType": "Observation"}', "This file holds Observation: expected a FHIR Bundle."),
    ],
)
def test_a_file_that_is_no_bundle_says_why(page: Tab, text: str, sentence: str) -> None:
    (refusal,) = uploaded(page, text, "bundle.json").refusals
    assert sentence in refusal
