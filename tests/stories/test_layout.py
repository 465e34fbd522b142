"""Every screen on a tablet, upright and sideways, light and dark: all is there, large enough, nothing is covered."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from monitoring.clock import Clock
from tests.forbidden import forbidden_in
from tests.server import Server
from tests.small_clinic import entry
from tests.stories.conftest import Tablets
from tests.stories.gallery import HOSTILE_NAME, LONG_NAME, OUTSIDE, Gallery
from tests.stories.layout import Box, Layout, Target, measure, overlapping, too_small
from tests.stories.network import Network
from tests.stories.tablet import LANDSCAPE, PORTRAIT, Tablet

pytestmark = pytest.mark.browser

WITH_BARS: Final[ViewportSize] = {"width": 1180, "height": 740}  # sideways, in a browser with its bars
# A tablet held sideways at 200 %: half as wide. So high that all of it is in view at once.
ZOOMED: Final[ViewportSize] = {"width": 590, "height": 2600}
TABLETS: Final = (LANDSCAPE, WITH_BARS, PORTRAIT)
NOT_APPROVED: Final = "Ranges not yet approved by this site"
KEYS: Final = ("0", "5", "9", "Delete", "Next", "Not done", "Save")
BEDSIDES: Final = ("flags", "quiet", "planned", "recovery", "closed")

# Text that may end in "…": it stands in full elsewhere, as said.
MAY_BE_CUT: Final = (
    r"h1\.patient b",  # a name of more than two lines; number, age and birth date tell people apart, a title has it all
    r"\.card-name",  # on the board; the bedside has it
    r"\.flags\b.*\.flag-words span",  # the receipt: "All n flags" beside it opens the list with every word
    r"\.tile-was",  # the value before: it stands in the strip, too
    r"svg.*text",  # a mark in the chart at its edge
)


# Streamlit loads what puts our style on a page after the page's first words.
FRAMED = (
    """() => [...document.querySelectorAll("style")].some((one) => one.textContent.includes("Streamlit's own pages"))"""
)


def settle(page: Page) -> None:
    """Wait until the page has been laid out and painted again."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def least(target: Target) -> tuple[float, float]:
    """How large this must be at least, width and height [px]: 56 high for what a nurse does, 48 for the rest."""
    rest = re.search(r"\.pill|\.correct|\bheader\b", target.path) or "main.bedside" not in target.path
    return (44, 48) if rest else (44, 56)


def assert_fits(layout: Layout, shown: str) -> None:
    """Nothing is too small, over something else, cut off, or beyond the sides."""
    assert layout.width[0] <= layout.width[1], (shown, layout.width)
    assert too_small(layout.targets, least) == [], shown
    assert overlapping(layout.targets) == [], shown
    assert list(layout.small) == [], shown
    cut = [one for one in layout.cut if not any(re.search(path, one["path"]) for path in MAY_BE_CUT)]
    assert cut == [], shown
    assert [value for value in layout.values if value[1] < 24] == [], shown


def assert_says_nothing_forbidden(page: Page) -> None:
    """No forbidden word is to be read on the page."""
    assert forbidden_in(page.locator("body").inner_text()) == []


def in_each_size_and_theme(page: Page, sizes: tuple[ViewportSize, ...] = TABLETS) -> Iterator[tuple[str, Layout]]:
    """The layout of this page on each tablet, light and dark; both themes have everything in the same place."""
    places: list[list[Box]] = []
    for size in (sizes[0], *sizes):
        page.set_viewport_size(size)
        settle(page)
        layout = measure(page)
        theme = page.evaluate("document.documentElement.dataset.theme")
        yield f"{size['width']}x{size['height']} {theme}", layout
        if len(places) < 2:
            places.append([target.box for target in layout.targets])
            page.get_by_role("button", name="Light or dark").tap()
    assert places[0] == places[1]


@pytest.mark.parametrize("what", BEDSIDES)
def test_a_bedside_fits_every_tablet(gallery: Gallery, tablets: Tablets, what: str) -> None:
    tablet = tablets(gallery.ward, "Ada Okafor", infusion=gallery.infusions[what])
    assert_says_nothing_forbidden(tablet.page)
    expect(tablet.page.get_by_text(NOT_APPROVED)).to_be_visible()
    for shown, layout in in_each_size_and_theme(tablet.page):
        assert_fits(layout, shown)
        if what == "closed":
            continue
        keys = [layout.named(key) for key in KEYS] + [layout.named("Systolic pressure"), layout.named("Temperature")]
        assert {key.seen for key in keys} == {key.box for key in keys}, f"the pad is not above the fold: {shown}"
        if what != "flags":  # a very long name pushes the last row of the ratings under the fold of a low screen
            assert layout.named("2 needs support").seen == layout.named("2 needs support").box, shown


# What opens a sheet, and the sheet's title.
SHEETS: Final = (
    ("Effect …", "^Effect"),
    ("Medicine …", "^Medicine given"),
    ("Note", "^Note"),
    (re.compile("^Oxygen:"), "^Oxygen given"),
    ("Seen at", "^Seen at"),
    ("View …", ""),
    ("More", "^More"),
    ("Acknowledge", "^Seen: "),
    ("Correct", "^Correct"),
    (re.compile("^All [0-9]+ flags$"), "^Flags, worst first"),
    (re.compile("switch$"), "^Who is at the chair"),
)


def test_every_sheet_fits(gallery: Gallery, tablets: Tablets) -> None:
    tablet = tablets(gallery.ward, "Ada Okafor", infusion=gallery.infusions["flags"])
    expect(tablet.button(f"All {tablet.flags.count()} flags")).to_be_visible()  # there is no room for all of them
    for size in (WITH_BARS, PORTRAIT):
        tablet.page.set_viewport_size(size)
        for opener, title in SHEETS:
            tablet.tap(tablet.page.get_by_role("button", name=opener, exact=isinstance(opener, str)).first)
            sheet = tablet.sheet(re.compile(title))
            expect(sheet).to_be_visible()
            settle(tablet.page)
            layout = measure(tablet.page)
            assert_fits(layout, f"{opener} {size}")
            assert [one for one in layout.cut if ".all-flags" in one["path"]] == []
            inside = layout.within("sheet")
            assert len(inside) >= 2, opener
            assert any(target.seen == target.box for target in inside[1:]), (
                f"nothing to tap without scrolling: {opener}"
            )
            digits = [target for target in layout.within("pad") if target.name in "0123456789"]
            assert [target.seen == target.box for target in digits] == [True] * 10
            assert_says_nothing_forbidden(tablet.page)
            expect(sheet.get_by_role("button", name="Back")).to_be_in_viewport(ratio=1)
            tablet.page.keyboard.press("Escape")  # a tap on the next opener so soon, on the same spot, would not count
            expect(sheet).to_have_count(0)


# The chart follows a turned tablet a moment later.
_CHART_IN_PLACE: Final = """(() => {
  const [chart, line] = [".chart", ".now-line"].map((one) => document.querySelector(one));
  return line.hidden || line.getBoundingClientRect().right <= chart.getBoundingClientRect().right;
})()"""
STEPS: Final = {"planned": "Before", "flags": "Care", "recovery": "Leaving", "closed": "Sign-off"}
ASKS: Final = {  # the key in a step that opens a sheet
    "planned": "Time-out: two PINs",
    "recovery": "Patient leaves: close",
    "closed": "Sign as administered",
}


@pytest.mark.parametrize("what", STEPS)
def test_a_step_of_care_fits_and_leaves_chart_and_pad_in_view(gallery: Gallery, tablets: Tablets, what: str) -> None:
    tablet = tablets(gallery.ward, "Ada Okafor", infusion=gallery.infusions[what])
    step = tablet.step(STEPS[what])
    if what == "flags":
        tablet.tap(tablet.button("Emergency"))
    else:
        tablet.tap(step.get_by_role("button", name=ASKS[what]))
        expect(tablet.page.get_by_role("dialog")).to_be_visible()
    for size in (WITH_BARS, PORTRAIT):
        shown = f"{STEPS[what]} {size}"
        tablet.page.set_viewport_size(size)
        if size == PORTRAIT:
            tablet.step(STEPS[what])  # upright it is brought into view when it is opened
        tablet.until(_CHART_IN_PLACE)
        settle(tablet.page)
        layout = measure(tablet.page)
        assert_fits(layout, shown)
        assert_says_nothing_forbidden(tablet.page)
        expect(step).to_be_in_viewport(ratio=0.2)
        keys = [] if what == "closed" else [layout.named(key) for key in ("Next", "Not done", "Save", "Heart rate")]
        assert [key.seen for key in keys] == [key.box for key in keys], shown
        digits = [one for one in layout.targets if one.name in "0123456789"]
        assert [one.seen == one.box for one in digits] == [True] * 10, shown  # one source of them on every screen
        plot = tablet.page.locator(".plot")
        expect(plot).to_be_in_viewport(ratio=0.6)
        box = plot.bounding_box()
        assert box is not None
        assert box["height"] >= 120, shown


# What could scroll as a page, how far it is scrolled, and whether a finger on a key of the flags hits that key.
_PINNED: Final = """() => {
  const pages = [document.documentElement, document.querySelector(".live-root")];
  const keys = [...document.querySelectorAll(".flags .acknowledge, .more-flags")].map((key) => {
    const { x, y, width, height } = key.getBoundingClientRect();
    const hit = document.elementFromPoint(x + width / 2, y + height / 2);
    return [key.getAttribute("aria-description") ?? "", key.contains(hit)];
  });
  const strip = document.querySelector(".flags-place").getBoundingClientRect();
  return {
    scrolled: pages.map((page) => page.scrollTop),
    beyond: pages.map((page) => page.scrollHeight - page.clientHeight),
    inView: strip.top >= 0 && strip.left >= 0 && strip.bottom <= innerHeight && strip.right <= innerWidth,
    keys: Object.fromEntries(keys),
  };
}"""
WITH_BARS_UPRIGHT: Final[ViewportSize] = {"width": 820, "height": 1100}
TABS: Final = ("Entries", "Before", "Care", "Leaving", "Sign-off")


def test_the_bedside_never_scrolls_and_a_step_moves_no_key(gallery: Gallery, tablets: Tablets) -> None:
    tablet = tablets(gallery.ward, "Ada Okafor", infusion=gallery.infusions["flags"])
    worst = tablet.flags.first.locator("b").inner_text()
    for size in (*TABLETS, WITH_BARS_UPRIGHT):
        tablet.page.set_viewport_size(size)
        places = []
        for tab in TABS:
            panel = tablet.step(tab)
            for end in (-1, 0):  # what is at the end of a step is brought into view in it, not in the page
                panel.evaluate("(panel, end) => [...panel.querySelectorAll('*')].at(end).scrollIntoView()", end)
            tablet.page.evaluate("document.querySelector('.live-root').scrollTop = 200")
            settle(tablet.page)
            found = tablet.page.evaluate(_PINNED)
            shown = f"{tab} {size}"
            assert (found["scrolled"], found["beyond"], found["inView"]) == ([0, 0], [0, 0], True), shown
            assert found["keys"][worst], shown
            assert list(found["keys"].values())[:2] == [True, True], shown
            places.append([(one.name, one.box) for one in measure(tablet.page).targets if "panel" not in one.path])
        assert places == [places[0]] * len(TABS), size
        if size == PORTRAIT:
            assert tablet.page.locator(".plot").evaluate("plot => plot.clientHeight") >= 120


def test_the_handover_fits(gallery: Gallery, tablets: Tablets) -> None:
    tablet = tablets(gallery.ward, "Jonas Lund")
    tablet.page.goto(f"{tablet.url}/handover?infusion={gallery.infusions['flags']}")
    tablet.ready()
    expect(tablet.button("I take over")).to_be_visible()
    assert_says_nothing_forbidden(tablet.page)
    for shown, layout in in_each_size_and_theme(tablet.page):
        assert_fits(layout, f"handover {shown}")


def keys_of(page: Page) -> list[tuple[str, Box]]:
    """Where each control is, in their order; without the entries, which a new one pushes down, and the flags' own."""
    return [
        (target.name, target.box)
        for target in measure(page).targets
        if "at-entries" not in target.path and "at-flags" not in target.path
    ]


def test_arriving_flags_and_a_lost_connection_move_no_key(gallery: Gallery, tablets: Tablets) -> None:
    infusion = gallery.infusions["arriving 2"]
    with Network(gallery.ward.server.port) as network:
        tablet = tablets(gallery.ward, "Ada Okafor", infusion=infusion, url=network.url)
        other = tablets(gallery.ward, "Jonas Lund")
        expect(tablet.flags).to_have_count(0)
        arriving = [["systolic"], ["systolic", "spo2"], list(OUTSIDE)]
        for size, measures in zip(TABLETS, arriving, strict=True):
            tablet.page.set_viewport_size(size)
            settle(tablet.page)
            before = keys_of(tablet.page)
            assert len(before) > 40
            readings = {measure: OUTSIDE[measure] for measure in measures}
            other.post(f"/api/infusions/{infusion}/entries", entry(Clock().now(), readings=readings))
            expect(tablet.flags).to_have_count(len(measures))
            settle(tablet.page)
            assert keys_of(tablet.page) == before
            network.cut()
            expect(tablet.lost).to_be_visible()
            settle(tablet.page)
            assert keys_of(tablet.page) == before
            assert_fits(measure(tablet.page), f"not connected {size}")
            network.whole()
            expect(tablet.connection).to_have_text("live")
            assert keys_of(tablet.page) == before


@pytest.mark.parametrize("what", ["flags", "board"])
def test_at_200_percent_nothing_is_lost(gallery: Gallery, tablets: Tablets, what: str) -> None:
    tablet = tablets(gallery.ward, "Ada Okafor", viewport=ZOOMED)
    if what == "board":
        tablet.open_board()
    else:
        tablet.open_bedside(gallery.infusions[what])
    settle(tablet.page)
    layout = measure(tablet.page)
    assert_fits(layout, what)
    beyond = [str(one) for one in layout.targets if one.box[0] < 0 or one.box[0] + one.box[2] > ZOOMED["width"]]
    assert beyond == []
    if what == "board":
        return
    tablet.page.set_viewport_size({"width": ZOOMED["width"], "height": 410})
    for opener in (re.compile("switch$"), re.compile("^Note$")):
        tablet.tap(tablet.page.get_by_role("button", name=opener))
        back = tablet.page.get_by_role("dialog").get_by_role("button", name="Back", exact=True)
        expect(back).to_be_in_viewport(ratio=1)
        settle(tablet.page)
        layout = measure(tablet.page)
        assert layout.width[0] <= layout.width[1]
        assert overlapping(layout.within("sheet")) == []
        tablet.tap(back)


def test_the_board_the_wall_and_the_sign_in_fit_every_tablet(gallery: Gallery, tablets: Tablets) -> None:
    tablet = tablets(gallery.ward)
    tablet.page.goto(tablet.url)
    expect(tablet.button("Ada Okafor")).to_be_visible()
    expect(tablet.page.get_by_text(NOT_APPROVED)).to_be_visible()
    assert_says_nothing_forbidden(tablet.page)
    for shown, layout in in_each_size_and_theme(tablet.page):
        assert_fits(layout, f"sign-in {shown}")
    tablet.sign_in("Petra Novak")
    tablet.open_board()
    expect(tablet.page.get_by_text(NOT_APPROVED)).to_be_visible()
    assert_says_nothing_forbidden(tablet.page)
    for shown, layout in in_each_size_and_theme(tablet.page):
        assert_fits(layout, f"board {shown}")
        assert len(layout.within("card")) >= 6, shown
    tablet.post("/api/wall", {})
    tablet.page.goto(tablet.url)
    expect(tablet.page.locator(".board.wall .card").first).to_be_visible()
    expect(tablet.page.get_by_text(NOT_APPROVED)).to_be_visible()
    assert LONG_NAME.split()[0] not in tablet.page.locator("body").inner_text()
    for shown, layout in in_each_size_and_theme(tablet.page):
        assert_fits(layout, f"wall {shown}")
        assert {target.name for target in layout.targets} <= {"Light or dark", "End wall screen …"}


# What Streamlit adds of its own accord: a bar over tables, the arrow in a list to choose from, the eye beside a PIN.
STREAMLITS: Final = "stElementToolbar|stHeader|DataFrame|stExpander|stSelectbox.*button|stTextInput.*button"


def assert_page_fits(page: Page) -> None:
    """An ordinary page: nothing beyond the sides, and what is tapped is large enough."""
    for size in (WITH_BARS, PORTRAIT):
        page.set_viewport_size(size)
        page.wait_for_function(FRAMED)
        settle(page)
        layout = measure(page, "body")
        assert layout.width[0] <= layout.width[1], (page.url, size)
        own = [one for one in layout.targets if one.box[2] > 1 and not re.search(STREAMLITS, one.path)]
        assert too_small(own, lambda one: (16, 16) if "stCheckbox" in one.path else (44, 48)) == [], (page.url, size)
    assert_says_nothing_forbidden(page)


def test_the_ordinary_pages_fit_and_show_names_as_they_were_typed(gallery: Gallery, tablets: Tablets) -> None:
    tablet = tablets(gallery.ward, "Petra Novak")
    pages = {"patients": "Patients", "past": "Past infusions", "clinic": "Clinic", "ranges": "Ranges", "staff": "Staff"}
    for page, title in pages.items():
        tablet.page.goto(f"{tablet.url}/{page}")
        expect(tablet.page.get_by_role("heading", name=title, exact=True)).to_be_visible()
        expect(tablet.page.get_by_text(NOT_APPROVED)).to_be_visible()
        expect(tablet.page.get_by_text("signed in: Petra Novak, administrator")).to_be_visible()
        assert_page_fits(tablet.page)
        if page in ("patients", "past"):
            expect(tablet.page.get_by_text(HOSTILE_NAME).first).to_be_visible()
            expect(tablet.page.get_by_text(LONG_NAME)).to_have_count(1)
    tablet.page.goto(f"{tablet.url}/patients")
    tablet.tap(tablet.page.get_by_role("radio", name=HOSTILE_NAME))
    expect(tablet.page.get_by_role("heading", name=HOSTILE_NAME)).to_be_visible()


def test_a_clinic_is_set_up_and_is_empty(chromium: Browser, tmp_path: Path) -> None:
    with Server(tmp_path / "new.db") as server:
        page = chromium.new_context(viewport=LANDSCAPE, has_touch=True).new_page()
        page.goto(server.url)
        expect(page.get_by_role("heading", name="Set up this clinic")).to_be_visible()
        assert_page_fits(page)
        page.get_by_label("Name of the clinic").fill("Clinic at the Lake")
        people = {"administrator": ("Petra Novak", "223606"), "clinician": ("Dr Ines Weiss", "141421")}
        for role, (name, pin) in people.items():
            page.get_by_label(f"First {role}").fill(name)
            page.get_by_label(f"PIN of the {role}, six digits").fill(pin)
        page.get_by_role("button", name="Set up this clinic").click()
        tablet = Tablet(page.context, server.url, {}, dict(people.values()))
        tablet.page.close()
        tablet.page = page
        tablet.tap_in("Dr Ines Weiss")
        expect(page.get_by_text("Chair 1 — free")).to_be_visible()
        for shown, layout in in_each_size_and_theme(page):
            assert_fits(layout, f"empty board {shown}")
            assert len(layout.within("card")) == 2
        page.context.close()
