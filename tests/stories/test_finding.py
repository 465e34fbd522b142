"""A patient is found while one types: no Enter, no letter lost, nobody chosen but by a tap, nothing in the address."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from tests.stories.conftest import Tablets
from tests.stories.network import Network
from tests.stories.tablet import LANDSCAPE, PORTRAIT, Tablet
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser

ASKED = "**/api/patients/find"
FINGER_PX = 56
LETTER_MS = 80  # from one to the next

# Taps on the first line in the very moment in which it comes.
_TAP_WHAT_COMES = """(list) => {
  new MutationObserver((_changes, watching) => {
    if (!list.firstChild?.ariaLabel?.includes("K-0012")) return;
    watching.disconnect();
    list.firstChild.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    list.firstChild.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
  }).observe(list, { childList: true, subtree: true, attributes: true });
}"""


# Types, and presses Enter in the same moment; answers how often it was searched before that, and with it.
_ENTER = """(field) => {
  let searches = 0;
  const { fetch } = window;
  window.fetch = (...asked) => { searches += 1; return fetch(...asked); };
  field.focus();
  field.value = "Patient 1";
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
  const before = searches;
  field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
  window.fetch = fetch;
  return [before, searches];
}"""

# From now on a search that is given up is answered all the same; whether a text ever stood in the list is remembered.
_NEVER_GIVES_UP = """(list) => {
  const { fetch } = window;
  window.fetch = (address, { signal, ...asked }) => fetch(address, asked);
  window.seen = "";
  new MutationObserver(() => (window.seen += list.parentElement.textContent)).observe(list.parentElement, { childList: true, subtree: true, characterData: true });
}"""  # noqa: E501


def open_search(tablet: Tablet) -> Locator:
    """The page for patients, with its search; answers the field."""
    tablet.page.goto(f"{tablet.url}/patients")
    expect(lines(tablet.page)).to_have_count(12)
    return tablet.page.get_by_role("textbox", name="Find")


def lines(page: Page) -> Locator:
    """Whom the search shows."""
    return page.get_by_role("radiogroup", name="Patients").get_by_role("radio")


def chosen(page: Page) -> Locator:
    """Whose line is marked."""
    return page.get_by_role("radiogroup", name="Patients").get_by_role("radio", checked=True)


def line(page: Page, n: int) -> Locator:
    """The line of "Patient n"."""
    return page.get_by_role("radio", name=f"Patient {n} · K-{n:04d} · born 31 Jan {1940 + n}", exact=True)


@pytest.mark.parametrize("viewport", [LANDSCAPE, PORTRAIT], ids=["sideways", "upright"])
@pytest.mark.parametrize("typed", ["PATIENT 12", "K-0012", "31.1.1952", "31 Jan 1952", "31011952"])
def test_somebody_is_found_letter_by_letter(ward: Ward, tablets: Tablets, typed: str, viewport: ViewportSize) -> None:
    tablet = tablets(ward, "Ada Okafor", viewport=viewport)
    page, field = tablet.page, open_search(tablet)
    address = page.url
    tablet.tap(field)
    page.keyboard.type(typed, delay=LETTER_MS)
    expect(lines(page)).to_have_count(1)
    expect(line(page, 12)).to_have_attribute("aria-checked", "false")
    expect(page.get_by_text("1 patient: Patient 12 · K-0012 · born 31 Jan 1952", exact=True)).to_be_visible()
    expect(field).to_have_value(typed)
    expect(field).to_be_focused()
    assert field.evaluate("(field) => [field.selectionStart, field.selectionEnd]") == [len(typed)] * 2
    for one in (field, line(page, 12), tablet.button("Clear")):
        box = one.bounding_box()
        assert box is not None
        assert box["height"] >= FINGER_PX
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    tablet.tap(line(page, 12))
    expect(page.get_by_role("heading", name="Patient 12")).to_be_visible()
    expect(line(page, 12)).to_have_attribute("aria-checked", "true")
    assert (page.url, field.input_value()) == (address, typed)
    assert typed not in ward.server.tail()


def test_the_next_letter_lets_go_of_who_was_chosen_and_is_not_lost(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    page, field = tablet.page, open_search(tablet)
    field.fill("Patient 12")
    tablet.tap(line(page, 12))
    expect(page.get_by_role("heading", name="Patient 12")).to_be_visible()
    field.press("End")
    for _ in range(2):
        page.keyboard.press("Backspace")
    page.keyboard.type("13", delay=LETTER_MS)  # the page is drawn anew meanwhile
    expect(field).to_have_value("Patient 13")
    expect(line(page, 13)).to_have_attribute("aria-checked", "false")
    expect(page.get_by_role("heading", name="Patient 12")).to_have_count(0)
    expect(page.get_by_role("button", name="Open infusion")).to_have_count(0)
    expect(field).to_be_focused()
    expect(field).to_have_value("Patient 13")
    tablet.tap(tablet.button("Clear"))
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    expect(lines(page)).to_have_count(12)
    expect(page.get_by_text("The first 12 of more patients")).to_be_visible()


def test_a_line_that_has_just_come_takes_no_tap(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    page, field = tablet.page, open_search(tablet)
    page.get_by_role("radiogroup", name="Patients").evaluate(_TAP_WHAT_COMES)
    field.fill("K-0012")
    expect(page.get_by_text("Not taken: the list has just changed. Look, then tap.")).to_be_visible()
    expect(line(page, 12)).to_have_attribute("aria-checked", "false")
    tablet.tap(line(page, 12))
    expect(page.get_by_role("heading", name="Patient 12")).to_be_visible()
    expect(page.get_by_text("Not taken")).to_have_count(0)


def test_a_line_that_does_not_answer_what_is_typed_takes_no_tap(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    page, field = tablet.page, open_search(tablet)
    expect(lines(page).first).to_be_enabled()
    held: list[Route] = []
    page.route(ASKED, lambda route: held.append(route))
    with page.expect_request(ASKED):
        field.fill("K-0012")
    expect(lines(page).first).to_be_disabled()  # of those who were registered last
    page.touchscreen.tap(*tablet.middle(lines(page).first))
    expect(page.get_by_text("Not taken: still searching for what you typed.")).to_be_visible()
    expect(chosen(page)).to_have_count(0)
    field.press("ArrowDown")
    expect(field).to_be_focused()
    held[0].continue_()
    expect(line(page, 12)).to_be_focused()  # as soon as there is what one went down for
    expect(lines(page)).to_have_count(1)
    expect(page.get_by_role("heading", name=re.compile("^Patient \\d"))).to_have_count(0)
    page.unroute(ASKED)


def test_who_has_a_keyboard_needs_no_finger(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    page, field = tablet.page, open_search(tablet)
    assert field.evaluate(_ENTER) == [0, 1]  # searches: before Enter, and at once with it
    expect(line(page, 12)).to_be_enabled()
    expect(chosen(page)).to_have_count(0)  # Enter chooses nobody
    field.press("ArrowDown")
    expect(lines(page).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    second = lines(page).nth(1)
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    expect(second).to_have_attribute("aria-checked", "true")
    expect(page.get_by_role("heading", name=second.get_attribute("aria-label").split(" · ")[0])).to_be_visible()  # type: ignore[union-attr]


def test_an_answer_that_comes_late_is_not_shown(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    page, field = tablet.page, open_search(tablet)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if json.loads(route.request.post_data or "")["text"] == "K-0012":
            held.append(route)
        else:
            route.continue_()

    page.route(ASKED, hold)
    page.get_by_role("radiogroup", name="Patients").evaluate(_NEVER_GIVES_UP)
    with page.expect_request(ASKED):
        field.fill("K-0012")
    expect(page.get_by_role("radiogroup", name="Patients")).to_have_attribute("aria-busy", "true")
    field.fill("K-0013")
    expect(line(page, 13)).to_be_visible()
    late = {"patients": [{"id": "x", "name": "Late", "number": "K-0012", "born": ""}], "warning": "", "note": ""}
    with page.expect_response(ASKED):
        held[0].fulfill(json=late)
    field.fill("K-0014")
    expect(line(page, 14)).to_be_visible()
    seen = page.evaluate("window.seen")
    assert "K-0013" in seen
    assert "Late" not in seen
    assert "Not connected" not in seen
    page.unroute(ASKED)


def test_without_a_connection_nobody_is_shown_and_what_was_typed_is_searched_later(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    tablet = tablets(ward, "Ada Okafor", url=network.url)
    page, field = tablet.page, open_search(tablet)
    network.cut()
    field.fill("Patient 12")
    expect(page.get_by_text("▲ Not connected: nobody can be found now.")).to_be_visible()
    expect(lines(page)).to_have_count(0)
    network.whole()
    expect(line(page, 12)).to_be_visible()
    expect(page.get_by_text("Not connected: nobody")).to_have_count(0)
    expect(field).to_have_value("Patient 12")


def test_while_the_connection_comes_and_goes_form_and_mark_are_of_one_patient(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    tablet = tablets(ward, "Ada Okafor", url=network.url)
    page, field = tablet.page, open_search(tablet)
    field.fill("Patient 1")
    tablet.tap(line(page, 12))
    form = page.get_by_role("button", name=re.compile("^Open infusion for Patient"))
    expect(form).to_have_text("Open infusion for Patient 12")
    expect(line(page, 13)).to_be_enabled()
    network.cut()
    tablet.tap(line(page, 13))
    expect(form).not_to_be_visible()  # not the form of somebody else
    expect(chosen(page)).to_have_count(0)
    network.whole()
    expect(form).to_have_text("Open infusion for Patient 13")
    expect(form).to_be_visible()
    expect(line(page, 13)).to_have_attribute("aria-checked", "true")
    expect(chosen(page)).to_have_count(1)


def test_who_was_registered_just_now_is_found_without_another_letter(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    page, field = tablet.page, open_search(tablet)
    field.fill("Zoë Müller-O’Brien")
    expect(page.get_by_text("Nobody found: check the spelling, or register the patient.")).to_be_visible()
    tablet.tap(page.get_by_role("tab", name="Register"))
    page.get_by_label("Patient number").fill("N-0001")
    page.get_by_label("Name", exact=True).fill("Zoe Mueller O'Brien")
    page.get_by_role("spinbutton", name="day, Birth date").click()
    page.keyboard.type("14051981")
    tablet.tap(page.get_by_role("radio", name="female", exact=True))
    tablet.tap(page.get_by_role("button", name="Register", exact=True))
    expect(page.get_by_text("is registered: find them under Find.")).to_be_visible()
    tablet.tap(page.get_by_role("tab", name="Find"))
    registered = page.get_by_role("radio", name="Zoe Mueller O'Brien · N-0001 · born 14 May 1981")
    tablet.tap(registered)
    tablet.tap(page.get_by_text("Correct these details"))
    page.get_by_label("Name", exact=True).first.fill("Ada Neu")
    tablet.tap(page.get_by_role("button", name="Save these details"))
    expect(page.get_by_text("The details are corrected")).to_be_visible()
    renamed = page.get_by_role("radio", name="Ada Neu · N-0001 · born 14 May 1981")
    expect(renamed).to_have_attribute("aria-checked", "true")  # no longer what is typed, and still whose form it is
    expect(page.get_by_role("heading", name="Ada Neu")).to_be_visible()
