"""Screens for who cannot see, tap or tell colours apart: names, contrast, the keyboard, and what is announced."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Locator, Page, expect

from monitoring.clock import Clock
from tests.small_clinic import entry
from tests.stories.gallery import OUTSIDE, Gallery
from tests.stories.tablet import LANDSCAPE, PATIENCE_MS, PORTRAIT, TILES, Tablet
from tests.stories.ward import values, written

pytestmark = pytest.mark.browser

THEMES: Final = ("dark", "light")
GRAVE: Final = {"serious", "critical"}
STEPS: Final = {"planned": "Before", "flags": "Care", "recovery": "Leaving", "closed": "Sign-off"}


class Reader:
    """A tablet whose pages may be examined: the pages' own policy, which forbids foreign scripts, is off in it."""

    def __init__(self, browser: Browser, gallery: Gallery) -> None:
        self.context = browser.new_context(has_touch=True, viewport=LANDSCAPE, bypass_csp=True, reduced_motion="reduce")
        self.context.set_default_timeout(PATIENCE_MS)
        ward = gallery.ward
        self.tablet = Tablet(self.context, ward.server.url, ward.staff, ward.pins)

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self.tablet.page

    def violations(self, within: str = ".live-root", only: str = "") -> list[str]:
        """What axe finds wrong and grave in this part of the page, by all rules or `only` this one."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        found: dict[str, Any] = self.page.evaluate(
            "([within, only]) => axe.run(within, { resultTypes: ['violations'], ...(only && { runOnly: [only] }) })",
            [within, only],
        )
        return [
            f"{rule['id']} ({rule['impact']}) at {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for rule in found["violations"]
            if rule["impact"] in GRAVE
            for node in rule["nodes"]
        ]

    def in_both_themes(self) -> Iterator[str]:
        """Each theme in turn."""
        for _ in THEMES:
            yield str(self.page.evaluate("document.documentElement.dataset.theme"))
            self.page.get_by_role("button", name="Light or dark").first.click()

    def assert_good(self) -> None:
        """Nothing grave, light and dark."""
        for theme, only in zip(self.in_both_themes(), ("", "color-contrast"), strict=False):
            assert self.violations(only=only) == [], theme  # a theme changes colours, and nothing else


@pytest.fixture(scope="module")
def examined(chromium: Browser, gallery: Gallery) -> Iterator[Reader]:
    """A tablet to examine pages on; kept, so that it need not load the program anew for each test."""
    reader = Reader(chromium, gallery)
    yield reader
    reader.context.close()


@pytest.fixture
def reader(examined: Reader) -> Reader:
    """A tablet to examine pages on, on which nobody has signed in and nothing is left."""
    examined.tablet.wipe()
    return examined


def test_what_is_grave_is_found(reader: Reader) -> None:
    page = reader.page
    page.goto(reader.tablet.url)
    expect(reader.tablet.button("Ada Okafor")).to_be_visible()
    page.evaluate(
        """() => {
          const main = document.querySelector(".live-root main");
          main.insertAdjacentHTML("beforeend", "<button></button><p style='color: #333a40'>hardly to be read</p>");
          main.insertAdjacentHTML("beforeend", "<div role='radio'>neither set nor in a group</div>");
        }"""
    )
    found = " ".join(reader.violations())
    assert all(rule in found for rule in ("button-name", "color-contrast", "aria-required-attr"))


@pytest.mark.parametrize("what", ["flags", "planned", "recovery", "closed"])
def test_a_bedside_has_nothing_grave(reader: Reader, gallery: Gallery, what: str) -> None:
    reader.tablet.sign_in("Ada Okafor")
    reader.tablet.open_bedside(gallery.infusions[what])
    reader.assert_good()


def test_sheets_have_nothing_grave(reader: Reader, gallery: Gallery) -> None:
    tablet = reader.tablet
    tablet.sign_in("Ada Okafor")
    tablet.open_bedside(gallery.infusions["flags"])
    openers: tuple[str | re.Pattern[str], ...] = (
        "Medicine …",
        "Seen at",
        "View …",
        "Acknowledge",
        "Correct",
        re.compile("^All "),
        re.compile("switch$"),
    )
    for theme, only in zip(reader.in_both_themes(), ("", "color-contrast"), strict=False):
        for opener in openers:
            tablet.page.get_by_role("button", name=opener, exact=isinstance(opener, str)).first.click()
            expect(tablet.page.get_by_role("dialog")).to_be_visible()
            assert reader.violations("[role=dialog]", only) == [], (theme, opener)
            tablet.page.keyboard.press("Escape")
            expect(tablet.page.get_by_role("dialog")).to_have_count(0)
        tablet.tap(tablet.tile("respiration"))
        tablet.tap(tablet.button("Not done"))
        assert reader.violations("[role=alertdialog]", only) == [], theme
        tablet.page.get_by_role("alertdialog").get_by_role("button", name="Back").click()


@pytest.mark.parametrize(("what", "step"), STEPS.items())
def test_steps_of_care_have_nothing_grave(reader: Reader, gallery: Gallery, what: str, step: str) -> None:
    tablet = reader.tablet
    tablet.sign_in("Ada Okafor")
    tablet.open_bedside(gallery.infusions[what])
    panel = tablet.step(step)
    if what == "closed":
        tablet.tap(panel.get_by_role("button", name="Sign as administered"))
        expect(tablet.sheet("Sign as administered")).to_be_visible()
    if what == "flags":
        tablet.tap(tablet.button("Emergency"))
    reader.assert_good()
    if what == "flags":
        tablet.page.set_viewport_size(PORTRAIT)
        for tab in ("Entries", *STEPS.values()):
            tablet.step(tab)
            assert reader.violations(only="target-size") == [], tab  # no key lies under another
        tablet.page.set_viewport_size(LANDSCAPE)
        tablet.page.goto(f"{tablet.url}/handover?infusion={gallery.infusions[what]}")
        tablet.ready()
        reader.assert_good()


def test_the_sign_in_the_board_and_the_wall_have_nothing_grave(reader: Reader) -> None:
    tablet = reader.tablet
    tablet.page.goto(tablet.url)
    expect(tablet.button("Ada Okafor")).to_be_visible()
    reader.assert_good()
    tablet.sign_in("Petra Novak")
    tablet.open_board()
    reader.assert_good()
    tablet.post("/api/wall", {})
    tablet.page.goto(tablet.url)
    expect(tablet.page.locator(".board.wall .card").first).to_be_visible()
    reader.assert_good()


def test_the_names_that_were_promised_are_there(reader: Reader, gallery: Gallery) -> None:
    tablet, page = reader.tablet, reader.page
    page.goto(tablet.url)
    for name in gallery.ward.staff:
        expect(tablet.button(name)).to_be_visible()
    tablet.sign_in("Ada Okafor")
    tablet.open_bedside(gallery.infusions["planned"])
    expect(tablet.button("Pump started")).to_be_visible()
    tablet.open_bedside(gallery.infusions["quiet"])
    expect(tablet.button("Pump paused")).to_be_visible()
    tablet.open_bedside(gallery.infusions["flags"])
    for name in [*"0123456789", "Delete", "Next", "Not done", "Save", *TILES.values(), "Pump resumed", "Pump stopped"]:
        expect(tablet.button(name)).to_have_count(1)
    for rating, choice in {"Dissociation": "3 marked", "Distress": "2 needs support", "Sedation": "5 alert"}.items():
        expect(tablet.option(rating, choice)).to_be_visible()
    expect(tablet.option("Dissociation", "4 severe")).to_be_checked()
    assert tablet.flags.count() >= 7
    expect(tablet.flags.first.get_by_role("button", name="Acknowledge", exact=True)).to_have_accessible_description(
        re.compile("critical")
    )
    assert tablet.entries.count() >= 7
    expect(tablet.entries.get_by_role("button", name="Correct", exact=True).first).to_be_visible()
    expect(tablet.connection).to_have_text("live")
    expect(page.get_by_role("main", name="Bedside")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_count(1)
    expect(page.get_by_role("list", name="Last values").get_by_role("listitem")).not_to_have_count(0)
    tablet.tap(tablet.entries.get_by_role("button", name="Correct", exact=True).first)
    expect(page.get_by_role("dialog").get_by_role("button", name="Withdraw", exact=True)).to_be_visible()


def focus(page: Page) -> str:
    """The name of what has the focus."""
    found: str = page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText")
    return " ".join(found.split())


def tab_to(page: Page, name: str | re.Pattern[str], most: int = 120) -> None:
    """Press Tab until something of this name has the focus, and see that it can be seen to have it."""
    for _ in range(most):
        if re.fullmatch(name, focus(page)):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"the focus on {name} cannot be seen"
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached with Tab; the last was {focus(page)}")


def test_a_set_is_typed_and_saved_with_the_keyboard_alone(reader: Reader, gallery: Gallery) -> None:
    tablet, page, infusion = reader.tablet, reader.page, gallery.infusions["arriving 0"]
    tablet.sign_in("Ada Okafor")
    tablet.open_bedside(infusion)
    before = len(written(gallery.ward.server.file, infusion).entries)
    tab_to(page, "Systolic pressure")
    page.keyboard.press("Enter")
    page.keyboard.type("12876849")
    page.keyboard.press("Backspace")
    page.keyboard.type("9716")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    tablet.pad_empty()
    tab_to(page, "0 none")
    page.keyboard.press("ArrowRight")
    assert focus(page) == "1 mild"
    page.keyboard.press("Space")
    expect(tablet.option("Dissociation", "1 mild")).to_be_checked()
    tab_to(page, "Undo")
    page.keyboard.press("Enter")
    tablet.sent()
    saved = written(gallery.ward.server.file, infusion).entries[before:]
    assert [found.kind for found in saved] == ["set", "observation", "withdrawal"]
    assert values(saved[0]) == {"systolic": 128, "diastolic": 76, "heart_rate": 84, "spo2": 97, "respiration": 16}


def test_a_sheet_takes_the_focus_and_gives_it_back(reader: Reader, gallery: Gallery) -> None:
    tablet, page = reader.tablet, reader.page
    tablet.sign_in("Ada Okafor")
    tablet.open_bedside(gallery.infusions["recovery"])
    tab_to(page, "Note")
    page.keyboard.press("Enter")
    sheet = tablet.sheet("Note")
    expect(sheet).to_be_visible()
    assert sheet.evaluate("(sheet) => sheet.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    assert focus(page) == "Note"


def test_a_person_signs_in_with_the_keyboard_alone(reader: Reader, gallery: Gallery) -> None:
    page = reader.page
    page.goto(reader.tablet.url)
    expect(reader.tablet.button("Jonas Lund")).to_be_visible()
    tab_to(page, "Jonas Lund")
    page.keyboard.press("Enter")
    page.keyboard.type(gallery.ward.pins["Jonas Lund"])
    expect(reader.tablet.button("Jonas Lund, sign out")).to_be_visible()


def announcements(page: Page, manner: str) -> Locator:
    """The region that is read out in this manner: "polite" or "assertive"."""
    return page.locator(f"main > .unseen[aria-live={manner}]")


def test_new_flags_are_announced_once_each_in_the_manner_of_their_level(reader: Reader, gallery: Gallery) -> None:
    tablet, page, infusion = reader.tablet, reader.page, gallery.infusions["arriving 1"]
    tablet.sign_in("Ada Okafor")
    tablet.open_bedside(infusion)
    polite, assertive = announcements(page, "polite"), announcements(page, "assertive")
    expect(polite).to_be_empty()
    expect(assertive).to_be_empty()
    tablet.post(f"/api/infusions/{infusion}/entries", entry(Clock().now(), readings={"systolic": 164.0}))
    expect(polite).to_have_text(re.compile(r"^caution: Systolic 164 mmHg|^caution: Systolic pressure 164 mmHg"))
    expect(assertive).to_be_empty()
    tablet.post(f"/api/infusions/{infusion}/entries", entry(Clock().now(), readings=OUTSIDE))
    for words in ("Systolic", "Diastolic", "Heart rate", "Oxygen saturation", "Respiration"):
        expect(assertive).to_contain_text(f"critical: {words}")
    expect(polite).not_to_contain_text("204")


def test_a_screen_that_is_opened_on_open_flags_reads_out_none(reader: Reader, gallery: Gallery) -> None:
    tablet = reader.tablet
    tablet.sign_in("Ada Okafor")
    tablet.open_bedside(gallery.infusions["flags"])
    assert tablet.flags.count() >= 7
    for manner in ("polite", "assertive"):
        expect(announcements(reader.page, manner)).to_be_empty()


BLOCK: Final = {"dark": ["rgb(255, 194, 214)", "rgb(20, 16, 10)"], "light": ["rgb(138, 15, 49)", "rgb(255, 255, 255)"]}
_BLOCKS: Final = """(places) => places.map((place) => {
  const { backgroundColor, color } = getComputedStyle(document.querySelector(place));
  return [backgroundColor, color];
})"""


def test_a_critical_value_is_a_filled_block_wherever_it_stands(reader: Reader, gallery: Gallery) -> None:
    tablet = reader.tablet
    tablet.sign_in("Ada Okafor")
    bedside = (".value.critical b", ".tile-was.critical", ".flag.critical .mark", ".entry strong.critical")
    board = (".card-values .critical b", ".card-flags .critical", ".pill.critical")
    for places in (bedside, board):
        if places is bedside:
            tablet.open_bedside(gallery.infusions["flags"])
        else:
            tablet.open_board()
        for theme in reader.in_both_themes():
            assert reader.page.evaluate(_BLOCKS, list(places)) == [BLOCK[theme]] * len(places), theme
