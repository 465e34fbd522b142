"""Afterwards, at a desk: infusions are found, taken out as files, and brought in from a file of the past."""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from contextlib import closing, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pandas as pd
import pytest
from playwright.sync_api import Locator, Page, TimeoutError, expect

from tests.stories.conftest import Tablets
from tests.stories.tablet import PORTRAIT
from tests.stories.ward import Ward, assert_chains_hold, values

pytestmark = pytest.mark.browser

PAPER = """\
patient,weight,time,SYS,DIA,HR,SpO2,RR,event
{number},71.5,2026-03-02 09:55,124,76,70,98,14,
{number},71.5,2026-03-02 10:00,126,78,72,98,14,start
{number},71.5,2026-03-02 10:20,142,88,90,9,16,
{number},71.5,2026-03-02 10:40,130,80,76,98,14,end
{number},71.5,2026-03-02 11:10,124,76,70,98,14,close
"""
AFTER_IT = datetime(2026, 3, 3, tzinfo=UTC)


def rows(file: Path, sql: str, *of: str) -> list[tuple[object, ...]]:
    """What the database holds, read beside the server."""
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)) as plain:
        return plain.execute(sql, of).fetchall()


def chosen(page: Page, field: str, option: str) -> None:
    """Choose in a list of the page. A list closes when the page moves under it: then it is opened again."""
    box = page.get_by_role("combobox", name=field, exact=True)
    wanted = page.get_by_role("option", name=option, exact=True)
    for _ in range(5):
        box.click()
        box.fill(option)
        with suppress(TimeoutError):
            wanted.click(timeout=4000)
            break
    expect(box).to_have_value(option)


def asked_for(page: Page) -> dict[str, list[str]]:
    """What the address of the page asks for."""
    return parse_qs(urlsplit(page.url).query)


def fetched(page: Page, link: Locator) -> tuple[str, bytes]:
    """The name and the content of the file that a link hands out."""
    with page.context.expect_event("download") as download:
        link.click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_a_search_is_bookmarked_and_holds_no_patient(demonstration: Ward, tablets: Tablets) -> None:
    page = tablets(demonstration, "Dr Ines Weiss").page
    # Of days that are over: what the invented nurses go on recording today changes nothing between two looks.
    newest = rows(demonstration.server.file, "SELECT max(opened_at) FROM infusion")[0][0]
    over = date.fromisoformat(str(newest)[:10]) - timedelta(days=2)
    page.goto(f"{demonstration.server.url}/past?to={over}")
    found = page.locator(".past").filter(has_text="no. INV-")
    expect(found).to_have_count(25)
    expect(page.locator(".asked")).to_have_text(f"1 filter · To {over:%d %b %Y}")
    assert asked_for(page) == {"to": [f"{over}"]}

    page.get_by_text("Filters", exact=True).click()
    chosen(page, "Flag of", "Systolic pressure")
    page.wait_for_url("**flag=systolic**")
    assert asked_for(page) == {"to": [f"{over}"], "flag": ["systolic"]}
    chosen(page, "Level, at least", "▲ caution")
    page.wait_for_url("**level=caution**")
    chosen(page, "Sorted", "most flags first")
    page.wait_for_url("**sort=flags**")
    assert asked_for(page) == {"to": [f"{over}"], "flag": ["systolic"], "level": ["caution"], "sort": ["flags"]}
    told = page.get_by_text(re.compile(r"^\d+ to \d+ of \d+ infusions$")).text_content()
    first = found.first.text_content()

    bookmark = page.url
    other = tablets(demonstration, "Ada Okafor", viewport=PORTRAIT).page
    other.goto(bookmark)
    expect(other.locator(".asked")).to_have_text(
        f"3 filters · To {over:%d %b %Y} · Flag of: Systolic pressure · Level, at least: ▲ caution"
    )
    expect(other.get_by_text(str(told), exact=True)).to_be_visible()
    expect(other.locator(".past").filter(has_text="no. INV-").first).to_have_text(str(first))

    name = found.first.locator("b").first.inner_text()
    others = found.filter(has_not_text=name)
    page.get_by_role("textbox", name="Find").fill(name.casefold())
    page.get_by_role("textbox", name="Find").press("Enter")
    expect(others).to_have_count(0)
    expect(found).not_to_have_count(0)
    assert page.url == bookmark
    page.get_by_role("link", name="Review").first.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.go_back()
    expect(page.locator(".asked")).to_contain_text("3 filters")
    assert page.url == bookmark
    expect(others).to_have_count(0)

    page.get_by_text("Filters", exact=True).click()
    page.get_by_role("button", name="Clear all filters").click()
    expect(page.locator(".asked")).to_have_count(0)
    expect(others).to_have_count(0)
    expect(found).not_to_have_count(0)


def test_files_are_taken_out_of_one_infusion_and_of_a_search(demonstration: Ward, tablets: Tablets) -> None:
    file = demonstration.server.file
    page = tablets(demonstration, "Dr Ines Weiss").page
    (infusion,) = rows(file, "SELECT id FROM infusion WHERE number = 2 ORDER BY opened_at LIMIT 1")[0]
    page.goto(f"{demonstration.server.url}/review?infusion={infusion}")
    page.get_by_text("Take out as a file").click()
    name, content = fetched(page, page.get_by_role("link", name="Tables (CSV)", exact=True))
    assert name.startswith("invented-tables-")
    with zipfile.ZipFile(io.BytesIO(content)) as tables:
        readings = pd.read_csv(tables.open("readings.csv"))
    standing = "SELECT count(*) FROM reading JOIN entry ON entry.id = entry_id WHERE infusion_id = ?"
    assert (readings["kind"] == "reading").sum() == rows(file, standing, str(infusion))[0][0]
    assert rows(file, "SELECT count(*) FROM export WHERE subject = ?", str(infusion)) == [(1,)]

    page.goto(f"{demonstration.server.url}/past?early=yes")
    expect(page.locator(".asked")).to_have_text("1 filter · Stopped early")
    page.get_by_text("Take out as a file").click()
    chosen(page, "Form", "De-identified tables (CSV)")
    page.get_by_role("button", name="Make a file of").click()
    name, content = fetched(page, page.get_by_role("link", name="Fetch the file"))
    assert name.startswith("invented-study-tables-")
    with zipfile.ZipFile(io.BytesIO(content)) as tables:
        words = " ".join(tables.read(one).decode() for one in tables.namelist())
    for (patient,) in rows(file, "SELECT name FROM patient_details"):
        assert str(patient) not in words


def test_an_infusion_on_paper_comes_in_once(ward: Ward, tablets: Tablets, tmp_path: Path) -> None:
    number = "K-0037"
    paper = tmp_path / "march.csv"
    paper.write_text(PAPER.format(number=number))
    page = tablets(ward, "Dr Ines Weiss").page
    page.goto(f"{ward.server.url}/importing")
    page.locator("input[type=file]").set_input_files(paper)
    expect(page.get_by_text("march.csv: 9 columns, 5 lines")).to_be_visible()
    missing = page.get_by_text(re.compile(r"▲ (Chair|Dose|Planned time) is missing"))
    expect(missing).to_have_count(1)
    chosen(page, "Chair", "Chair 1")
    for field, value in (("Dose, mg/kg", "0,5"), ("Planned minutes", "40")):
        page.get_by_role("textbox", name=field).fill(value)
        page.get_by_role("textbox", name=field).press("Enter")
    for column, meaning in (("Column SYS", "Systolic pressure, mmHg"), ("Column DIA", "Diastolic pressure, mmHg")):
        expect(page.get_by_role("combobox", name=column, exact=True)).to_have_value(meaning)  # proposed
    chosen(page, "Column SpO2", "Oxygen saturation, %")  # 9 is plausible in no unit: to be said
    chosen(page, "Column weight", "Weight, kg")  # 71.5 may be pounds, too
    for what in ("Pump started", "Infusion ended", "Patient left"):
        chosen(page, what, "The file says it")
    asked = page.get_by_role("row").filter(has_text="Oxygen saturation 9 %: is this what the file means?")
    expect(asked.get_by_role("rowheader", name="4", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Import 1 infusion")).to_have_count(0)
    chosen(page, "Decision on Oxygen saturation, below what is usual", "left out")
    page.get_by_role("textbox", name="Reason, when left out").fill("probe off")
    page.get_by_role("button", name="Decide Oxygen saturation, below what is usual", exact=True).click()
    expect(page.get_by_text("Decided: 0 confirmed, 1 left out")).to_be_visible()
    page.get_by_role("button", name="Import 1 infusion").click()
    expect(page.get_by_text("1 infusion imported.")).to_be_visible()
    expect(page.get_by_role("link", name="Review: Patient 37, infusion ")).to_be_visible()

    (found,) = [one for one in map(ward.written, ward.infusions_of("Patient 37")) if one.opened_at < AFTER_IT]
    assert [values(one).get("spo2") for one in found.entries if one.readings] == [98, 98, None, 98, 98]
    assert {entry.source for entry in found.entries} == {"import"}
    expect(page.get_by_role("button", name="Import 1 infusion")).to_have_count(0)  # it is there already
    assert_chains_hold(ward.server.file)
