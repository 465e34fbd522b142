"""The import page: a file, what is what in it, a dry run, decisions, and what came in."""

from __future__ import annotations

import json
import re
from datetime import date, time
from html import unescape
from typing import Any

import pytest

from monitoring import clinic as running_clinic
from monitoring.clinic import RunningClinic
from monitoring.exports.fhir import as_json, bundle_of
from monitoring.screens.plain import spoken
from monitoring.screens.wrapped import MOST_ROWS
from tests.clinical.timeline import START, running
from tests.exports.sources import source
from tests.imports.files import LONG, WIDE
from tests.screens.tab import Doorman, Tab, read
from tests.small_clinic import CLOCK_TIME, Names

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
    fill(tab, **{f"column_{n}": code for n, code in enumerate(COLUMNS)}, zone="UTC")
    (search,) = [key for key in tab.parts if key.endswith("_patient")]
    omar = tab.clinic.store.patient_numbered("K-0102")
    assert omar is not None
    tab.fill(**{search: omar.id})
    fill(tab, chair="chair-2", weight="72", dose="0,5", planned="40")
    fill(tab, started="at", ended="after", left="last")
    return fill(tab, started_day=date(2026, 3, 2), started_time=time(10), ended_minutes="40")


def table_of(tab: Tab, number: int) -> list[dict[str, str]]:
    """The rows of a table on the page, as a screen reader finds them: each cell under its heading."""
    tables = [word for word in tab.words if "<table>" in word]
    head, body = tables[number].split("</thead>")
    names = re.findall(r"<th scope=\"col\">(.*?)</th>", head)
    rows = re.findall(r"<tr.*?>(.*?)</tr>", body, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [dict(zip(names, map(unescape, row), strict=True)) for row in cells]


def links(tab: Tab) -> list[str]:
    """What the links on the page are called."""
    return [element.proto.label.replace("\\", "") for element in tab.at.main.get("page_link")]


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
    assert (row["Patient"], row["What comes of it"], row["Entries"]) == ("Omar Haddad, K-0102", "comes in", "10")
    assert row["Comes in as"] == "infusion 1 of series 1, a new one"
    store = running_clinic.running().store
    assert store.infusions_of(ids.patients["Omar Haddad"]) == ()
    tab.press("Import 1 infusion")
    assert tab.confirmations == ["1 infusion imported."]
    assert links(tab) == ["Review: Omar Haddad, infusion 1, 02 Mar 2026"]
    (infusion_id,) = store.infusions_of(ids.patients["Omar Haddad"])
    source = store.imported_from(infusion_id)
    assert source is not None
    assert (source.file, source.by) == ("march.csv", "Dr Ines Weiss")
    (row,) = table_of(tab, 1)
    assert row["What comes of it"] == "is there already"
    assert tab.buttons("Import 1 infusion") == []


def test_what_is_implausible_is_decided_before_it_comes_in(page: Tab) -> None:
    tab = said(uploaded(page, WIDE.replace("2026-03-02 10:20,142,88,,", "2026-03-02 10:20,142,88,0,")))
    rows = table_of(tab, 0)
    assert [row["State"] for row in rows] == ["asked"] + ["comes in"] * 5  # what is to be decided comes first
    assert (rows[0]["Line"], rows[0]["What is wrong or asked"]) == (
        "5",
        "Heart rate 0 /min: is this what the file means?",
    )
    assert tab.buttons("Import 1 infusion") == []
    decide = "Decide Heart rate, below what is usual"
    tab.press(decide)
    assert tab.refusals == ["Nothing is decided: expected confirmed, or left out."]
    fill(tab, how="leave out")
    tab.press(decide)
    assert tab.refusals == ["Left out without a reason: expected why."]
    fill(tab, reason="electrode loose")
    tab.press(decide)
    assert "Decided: 0 confirmed, 1 left out" in tab.words
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
    tab = uploaded(page, LONG.replace("temp", "warmth"))
    words = " ".join(tab.words)
    assert "▲ Word “warmth”: expected what it means, or that it is left out.\n" in words
    assert "▲ Column “number”: expected what it is, or that it is left out.\n" in words


def test_a_name_of_markup_is_shown_as_it_is(page: Tab) -> None:
    tab = uploaded(page, "time,<b>**HR**</b>\n=1+1,[x](http://x)\n", "=evil().csv")
    assert "<b>**HR**</b>: [x](http://x)" in tab.words


def test_a_name_of_markup_is_shown_as_it_is_in_the_tables(page: Tab) -> None:
    tab = said(uploaded(page, WIDE.replace("says the room", "<img src=x onerror=alert(1)> the room")))
    (table,) = [word for word in tab.words if "What becomes of each line" in word]
    assert "<img" not in table
    assert [row["What it says"] for row in table_of(tab, 0) if "<img src=x" in row["What it says"]] != []


def test_two_questions_have_fields_of_different_names(page: Tab) -> None:
    text = WIDE.replace("2026-03-02 10:20,142,88,,97", "2026-03-02 10:20,142,88,0,9")
    tab = said(uploaded(page, text))
    fields = [*tab.at.selectbox, *tab.at.text_input, *tab.at.button]
    names = [one.label for one in fields if one.key and one.key.endswith(("_which", "_how", "_reason", "_decide"))]
    assert len(names) == len(set(names)) == 8
    assert all("Heart rate" in name or "Oxygen saturation" in name for name in names)


def test_of_a_long_file_some_lines_are_shown_and_the_others_counted(page: Tab) -> None:
    more = "".join(f"2026-03-02 10:{n // 6:02d}:{n % 6 * 10 + 1:02d},130,80,76,98,14,\n" for n in range(60, 360))
    tab = said(uploaded(page, WIDE.replace("2026-03-02 10:40,130", "2026-03-02 10:40,1300") + more))
    rows = table_of(tab, 0)
    assert (len(rows), rows[0]["State"]) == (MOST_ROWS, "wrong")
    assert f"{306 - MOST_ROWS} more that are not shown here: comes in: {306 - MOST_ROWS}." in tab.words


def test_the_same_file_again_says_so_before_anything_is_asked(
    page: Tab, door: Doorman, house: RunningClinic, ids: Names
) -> None:
    said(uploaded(page, WIDE)).press("Import 1 infusion")
    other = uploaded(door("Dr Ines Weiss", "importing"), WIDE, "another name.csv")
    (told,) = [word for word in other.words if word.startswith("Imported ")]
    assert re.fullmatch(rf"Imported \d\d \w{{3}} \d{{4}}, {CLOCK_TIME} by Dr Ines Weiss: 1 infusion", told)
    assert links(other) == ["Review: Omar Haddad, infusion 1, 02 Mar 2026"]
    assert [field.label for field in other.at.selectbox] == []
    again = [box for box in other.at.checkbox if box.label == "Read this file once more"]
    again[0].check()
    other.run()
    assert "another name.csv: 7 columns, 6 lines" in other.words


def test_an_older_record_is_proposed_as_a_series_of_its_own(page: Tab, ids: Names) -> None:
    said(uploaded(page, WIDE)).press("Import 1 infusion")
    older = WIDE.replace("2026-03-02", "2025-03-02")
    tab = said(uploaded(page, older, "older.csv"))
    fill(tab, started_day=date(2025, 3, 2))
    assert (
        "Omar Haddad, K-0102: 02 Mar 2025 is before the first infusion of series 1 (02 Mar 2026): "
        "proposed as a series of its own."
    ) in tab.words
    (box,) = [one for one in tab.at.checkbox if "series of its own" in one.label]
    assert box.value is True
    assert table_of(tab, 1)[0]["Comes in as"] == "infusion 1 of series 2, a new one"
    box.uncheck()
    tab.run()
    assert table_of(tab, 1)[0]["Comes in as"] == "infusion 2 of series 1, begun 02 Mar 2026"
    (box,) = [one for one in tab.at.checkbox if "series of its own" in one.label]
    box.check()
    tab.run().press("Import 1 infusion")
    store = running_clinic.running().store
    assert [series.number for series in store.series_of(ids.patients["Omar Haddad"])] == [1, 2]


def test_a_form_of_times_that_several_lines_allow_is_confirmed(page: Tab) -> None:
    text = re.sub(r"2026-03-02 (\d\d:\d\d)", r"02/03/2026,\1", WIDE.replace("time,", "date,time,"))
    tab = uploaded(page, text)
    assert "How times are written: several forms read every line" in " ".join(tab.words)
    (box,) = [one for one in tab.at.checkbox if one.key.endswith("_right")]
    assert "means 02 Mar 2026, 09:55" in read(box.label)
    box.check()
    tab.run()
    assert "How times are written" not in " ".join(tab.words)
    fill(tab, form="dots")
    assert "No line fits this form of times (14.03.2026 09:05): choose another." in " ".join(tab.words)


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
    assert (row["Patient"], row["What comes of it"], row["Why"]) == ("Omar Haddad, K-0102", "comes in", "")
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


def test_somebody_of_the_same_name_and_birth_date_is_asked_about_before_being_registered_from_the_file(
    page: Tab,
) -> None:
    tab = uploaded(page, exported("K-0777", name=[{"text": "Omár Haddad"}]), "bundle.json")
    question = (
        "Omár Haddad, born 02 Nov 1967: Omar Haddad, born on the same day, is registered already under K-0102. "
        "Is this another person?"
    )
    assert f"▲ {question}" in tab.words
    assert tab.press("Register as the file says").refusals == [question]
    yes = "Yes, this is another person"
    (key,) = [one.key for one in tab.at.get("button_group") if yes in one.options]
    tab.fill(**{key: [yes]})
    tab.press("Register as the file says")
    assert running_clinic.running().store.patient_numbered("K-0777") is not None


def test_somebody_without_a_birth_date_is_not_registered(page: Tab) -> None:
    tab = uploaded(page, exported("K-0777", birthDate="1967"), "bundle.json")
    tab.press("Register as the file says")
    assert tab.refusals == ["Date of birth is missing: expected a date."]


def test_one_person_is_offered_once_under_the_number_of_the_chart(page: Tab) -> None:
    numbers = [("SS", "900-12-3456"), ("MR", "M-77"), ("DL", "S900")]
    codes = "http://terminology.hl7.org/CodeSystem/v2-0203"
    identifier = [{"type": {"coding": [{"system": codes, "code": kind}]}, "value": value} for kind, value in numbers]
    name = [{"use": "official", "family": "Okonkwo", "given": ["Noor"]}]
    tab = uploaded(page, exported(identifier=identifier, name=name, gender="female"), "bundle.json")
    assert "Not registered here: Noor Okonkwo, number M-77, born 1967-11-02, sex female" in tab.words
    assert [button.label for button in tab.at.button if button.label.startswith("Register")] == [
        "Register as the file says"
    ]
    (box,) = [one for one in tab.at.selectbox if one.label.startswith("Number in this clinic")]
    assert (box.label, list(box.options)) == (
        "Number in this clinic, of Noor Okonkwo",
        ["M-77 (MR)", "900-12-3456 (SS)", "S900 (DL)"],
    )
    tab.press("Register as the file says")
    assert tab.buttons("Register as the file says") == []
    (patient,) = running_clinic.running().store.find_patients("Okonkwo")
    assert patient.number == "M-77"
    assert table_of(tab, 1)[0]["What comes of it"] == "comes in"


def test_somebody_of_the_same_number_is_asked_about_with_both_shown(page: Tab, ids: Names) -> None:
    tab = uploaded(page, exported(name=[{"text": "Otto Fremd"}]), "bundle.json")
    question = (
        "K-0102 here is Omar Haddad, sex male, born 02 Nov 1967; "
        "the file says Otto Fremd, sex male, born 02 Nov 1967. "
        "Name differs: is it the same person?"
    )
    assert question in [read(word) for word in tab.words]
    assert table_of(tab, 0)[0]["What is wrong or asked"] == question
    assert tab.buttons("Import 1 infusion") == []
    fill(tab, how="unusual")
    (decide,) = [button.label for button in tab.at.button if button.label.startswith("Decide ")]
    tab.press(read(decide))
    assert tab.buttons("Import 1 infusion") != []
    told = [row["What the record will say"] for row in table_of(tab, 2)]
    assert [one for one in told if "Otto Fremd" in one and one.startswith("Confirmed at the import: ")] != []


def test_when_an_infusion_was_over_is_said_on_the_page_where_the_bundle_does_not(page: Tab) -> None:
    found = json.loads(exported())
    over = ("end", "close")
    found["entry"] = [
        one
        for one in found["entry"]
        if not {code.get("code") for code in one["resource"].get("code", {}).get("coding", ())} & set(over)
    ]
    for one in found["entry"]:
        for period in ("period", "performedPeriod", "effectivePeriod"):
            one["resource"].get(period, {}).pop("end", None)
    tab = uploaded(page, json.dumps(found), "bundle.json")
    assert table_of(tab, 1)[0]["What comes of it"] == "does not come in"
    fill(tab, ended="after", left="last")
    fill(tab, ended_minutes="40")
    said = [row["What the record will say"] for row in table_of(tab, 2)]
    assert any("infusion ended 40 min after the start; patient left with the last value" in one for one in said), said


def test_what_is_wrong_in_a_bundle_is_decided_like_anything_else(page: Tab) -> None:
    tab = uploaded(page, exported().replace('"value": 98', '"value": 980', 1), "bundle.json")
    assert [row["Entry"] for row in table_of(tab, 0) if row["State"] == "wrong"] != []
    fill(tab, how="leave out", reason="typed wrongly")
    (decide,) = [button.label for button in tab.at.button if button.label.startswith("Decide ")]
    tab.press(read(decide))
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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Heart rate: below what is usual", "Heart rate below what is usual"),
        ("t_min (mmHg) 9:55", "t_min (mmHg) 9:55"),
        ("<b>**HR**</b> [x](y) __z__\n`!`", "b HR /b x (y) _z_ !"),
        ("Zoë O'Neill, حدّاد, K-01", "Zoë O'Neill, \u2068حدّاد\u2069, K-01"),
    ],
)
def test_a_field_is_named_without_marks(text: str, name: str) -> None:
    assert spoken(text) == name


def test_what_came_from_a_file_is_found_by_that(page: Tab, door: Doorman, ids: Names) -> None:
    said(uploaded(page, WIDE)).press("Import 1 infusion")
    tab = door("Dr Ines Weiss", "past").fill(past_imported="yes")
    assert tab.at.query_params == {"imported": "yes"}
    assert [word for word in tab.words if "no. K-0102" in word] != []
    assert [word for word in tab.words if "no. K-0101" in word] == []
    assert "from a file" in " ".join(tab.words)
    tab.open("past", imported="no")
    assert tab.field("past_imported").value == "no"
    assert [word for word in tab.words if "no. K-0102" in word] == []
