"""An infusion in review: its chart, its replay, that it changed meanwhile; and earlier ones behind a live chart."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.stories.conftest import Tablets
from tests.stories.tablet import LANDSCAPE, PORTRAIT
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser


def open_review(page: Page, url: str, infusion: str) -> None:
    page.goto(f"{url}/review?infusion={infusion}")
    expect(page.locator(".drawn.replay .plot[data-drawn]")).to_be_visible()


def drawn(page: Page) -> list[str]:
    """The names of the traces that plotly drew."""
    names: list[str] = page.evaluate("document.querySelector('.plot').data.map((trace) => trace.name)")
    return names


def test_a_reviewer_replays_and_sees_that_the_record_changed(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    reviewer = tablets(ward, "Dr Ines Weiss")
    page = reviewer.page
    open_review(page, ward.server.url, infusion)
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("whole record")
    expect(page.locator(".drawn.replay .values")).to_have_count(0)

    page.get_by_role("button", name="‹ Previous entry", exact=True).click()
    expect(page.locator(".drawn.replaying .replay-head b")).to_contain_text("The screen at minute")
    expect(page.locator(".drawn.replaying .phase b")).to_have_text("infusing")
    expect(page.locator(".drawn.replaying .now-line")).to_be_visible()
    expect(page.locator(".drawn.replaying .values .value")).not_to_have_count(0)
    apart = page.get_by_text("not at the minute that the replay shows")
    expect(apart.first).to_be_visible()
    expect(page).to_have_url(re.compile(r"&minute=-?\d+$"))
    asked = page.url
    page.reload()
    expect(page.locator(".drawn.replaying .replay-head b")).to_contain_text("The screen at minute")
    assert page.url == asked
    page.get_by_role("button", name="Whole record", exact=True).click()
    expect(page.locator(".drawn.replay .values")).to_have_count(0)
    expect(apart.first).to_be_hidden()
    assert "minute" not in page.url

    nurse = tablets(ward, "Ada Okafor", infusion=infusion)
    nurse.log({"heart_rate": 77})
    nurse.sent()
    changed = page.get_by_text("This record changed while you read it: 1 entry added.")
    expect(changed).to_be_visible()  # without a tap of the reviewer
    expect(page.locator(".happened").first).to_contain_text("HR 77")
    page.get_by_role("button", name="Seen", exact=True).click()
    expect(changed).to_have_count(0)

    page.get_by_role("button", name="‹ Previous entry", exact=True).click()
    replayed = page.locator(".drawn.replaying .replay-head b")
    expect(replayed).to_contain_text("The screen at minute")
    expect(page).to_have_url(re.compile("minute="))
    before = replayed.inner_text()
    nurse.log({"heart_rate": 79})
    nurse.sent()
    expect(changed).to_be_visible()
    expect(replayed).to_have_text(before)  # what is recorded meanwhile throws nobody out of the minute

    for viewport in (PORTRAIT, LANDSCAPE):
        page.set_viewport_size(viewport)
        expect(page.locator(".drawn.replay .plot[data-drawn]")).to_be_visible()
        wide = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth - innerWidth")
        assert wide <= 0


def test_earlier_infusions_lie_behind_the_live_trace_on_a_tap(demonstration: Ward, tablets: Tablets) -> None:
    address = f"file:{quote(str(demonstration.server.file))}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as plain:
        running = plain.execute(
            """
            SELECT infusion.id FROM infusion
            JOIN entry ON entry.infusion_id = infusion.id JOIN event ON entry_id = entry.id
            WHERE number > 1 GROUP BY infusion.id
            HAVING sum(event.kind = 'start') > 0 AND sum(event.kind IN ('end', 'stop', 'close', 'cancel')) = 0
            """
        ).fetchall()
    assert running, "the demonstration has nobody in the middle of a later infusion"
    tablet = tablets(demonstration, "Ada Okafor", infusion=running[0][0])
    page = tablet.page
    expect(page.locator(".plot[data-drawn]")).to_be_visible()
    assert not [name for name in drawn(page) if "earlier" in name]

    tablet.tap(tablet.button("View …"))
    tablet.tap(page.get_by_role("button", name="Earlier infusions, faint"))
    expect(page.locator(".earlier-note")).to_contain_text("faint: earlier #1")
    page.wait_for_function("document.querySelector('.plot').data[0].name.includes('earlier')")
    names = drawn(page)
    last = max(n for n, name in enumerate(names) if "earlier" in name)
    assert all("earlier" in name for name in names[: last + 1])  # behind everything that is live
    assert "Systolic pressure" in names[last + 1 :]

    tablet.tap(tablet.button("View …"))
    tablet.tap(page.get_by_role("button", name="Without earlier infusions"))
    expect(page.locator(".earlier-note")).to_be_hidden()
    page.wait_for_function("!document.querySelector('.plot').data.some((trace) => trace.name.includes('earlier'))")
