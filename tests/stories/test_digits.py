"""Where digits go: into the place whose name stands above the keys, every one of them, and never anywhere else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import pytest
from playwright.sync_api import Locator, expect

from tests.stories.conftest import Tablets
from tests.stories.tablet import PORTRAIT, TILES, Tablet
from tests.stories.test_second_person import DOSE, ORDER
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser

FINGER_MS: Final = 150  # between two taps of a quick hand
SLOWER_MS: Final = (300, 450)
ADA, JONAS, INES = "Ada Okafor", "Jonas Lund", "Dr Ines Weiss"


def sheet_field(opener: Callable[[Tablet], Locator], title: str, label: str) -> Callable[[Tablet], Locator]:
    """A field of a sheet that opens with the digits in it: nothing is tapped but its opener."""

    def opened(tablet: Tablet) -> Locator:
        tablet.tap(opener(tablet))
        return tablet.sheet(re.compile(title)).get_by_label(label, exact=True)

    return opened


def step_field(step: str, label: str, *before: str) -> Callable[[Tablet], Locator]:
    """A field of a step of care, which is tapped; `before`: what is tapped to come to it."""

    def opened(tablet: Tablet) -> Locator:
        place = tablet.step(step)
        for choice in before:
            tablet.tap(place.get_by_role("radio", name=choice).or_(place.get_by_role("button", name=choice)))
        field = place.get_by_label(label, exact=True)
        tablet.tap(field)
        return field

    return opened


def key(name: str | re.Pattern[str]) -> Callable[[Tablet], Locator]:
    """The first key of this name."""
    return lambda tablet: tablet.page.get_by_role("button", name=name).first


def medicine(tablet: Tablet) -> Locator:
    """The dose of a medicine from the site's list."""
    tablet.tap(tablet.page.get_by_role("button", name="Medicine"))
    tablet.tap(tablet.sheet(re.compile("^Medicine given")).get_by_role("button", name="Paracetamol"))
    return tablet.sheet("Medicine given").get_by_label("dose", exact=True)


def rate(tablet: Tablet) -> Locator:
    """The pump's new rate."""
    tablet.tap(tablet.button("More"))
    tablet.tap(tablet.sheet("More").get_by_role("button", name="Rate changed"))
    return tablet.sheet("Rate changed to").get_by_label("New rate, mL/h")


FIELDS: Final = {  # how to get there, what is typed, and what stands in the field
    "corrected value": (sheet_field(key("Correct"), "^Correct", "Systolic pressure, corrected"), "172", "172"),
    "oxygen": (sheet_field(key("Oxygen:"), "^Oxygen given", "Oxygen given, L/min"), "172", "172"),
    "seen at": (sheet_field(key("Seen at"), "^Seen at", "Seen at, clock time"), "0120", "01:20"),
    "medicine": (medicine, "120", "120"),
    "rate": (rate, "120", "120"),
    "weight": (step_field("Before", "Weight today, kg"), "172", "172"),
    "dose": (step_field("Before", "Dose, mg/kg"), "0120", "0120"),
    "duration": (step_field("Before", "Duration, min"), "120", "120"),
    "height": (step_field("Before", "Height, cm", "Calculate anew", "ideal weight"), "172", "172"),
    "own result": (step_field("Before", "Own result, pump rate, mL/h"), "120", "120"),
    "drawn": (step_field("Leaving", "Drawn, mg"), "120", "120"),
    "lot": (step_field("Leaving", "Lot"), "172", "172"),
    "expiry": (step_field("Leaving", "Expiry"), "202712", "2027-12"),
}


@pytest.fixture(scope="module")
def tablet(ward: Ward, drawer: Tablets) -> Tablet:
    """A tablet at an infusion in which every step has its fields."""
    infusion = ward.running()
    tablet = drawer(ward, ADA, infusion=infusion)
    tablet.post_event(infusion, "order", **ORDER)
    tablet.post_event(infusion, "dose", **DOSE)
    tablet.log({"systolic": 126, "diastolic": 78, "heart_rate": 71, "spo2": 97, "respiration": 14})
    tablet.knows(4)
    return tablet


def assert_goes_to(tablet: Tablet, name: str) -> None:
    """The pad says that it types there."""
    expect(tablet.pad.locator(".digits-place")).to_contain_text(name)


def assert_tiles_empty(tablet: Tablet) -> None:
    """Nothing went into a tile."""
    tiles = tablet.page.evaluate("[...document.querySelectorAll('.tile')].map((tile) => tile.ariaDescription)")
    assert set(tiles) == {"empty"}


@pytest.mark.parametrize("where", FIELDS)
def test_every_digit_goes_into_the_field_that_is_named_above_the_keys(tablet: Tablet, where: str) -> None:
    opened, digits, stands = FIELDS[where]
    field = opened(tablet)
    assert_goes_to(tablet, field.get_attribute("aria-label") or "")
    assert field.evaluate("(one) => one.inputMode") in ("none", "", "text")  # no number opens the tablet's own keyboard
    tablet.type_digits(digits, pace_ms=FINGER_MS)
    expect(field).to_have_value(stands)
    tablet.tap(tablet.pad.get_by_role("button", name="Delete"))
    tablet.page.locator(".digits-place").click()  # the caret is elsewhere, the place is the same
    tablet.page.evaluate("document.activeElement.blur()")
    tablet.page.keyboard.press(digits[-1])  # a keyboard types there, too
    expect(field).to_have_value(stands)
    assert_tiles_empty(tablet)
    # A tile takes them back by a tap, and what was typed beside it stays.
    tablet.tap(tablet.tile("systolic"))
    assert_goes_to(tablet, TILES["systolic"])
    tablet.type_digits("120")
    tablet.page.keyboard.type("76")
    expect(tablet.tile("systolic")).to_have_accessible_description("120 mmHg")
    expect(tablet.tile("diastolic")).to_have_accessible_description("76 mmHg")
    expect(field).to_have_value(stands)
    for measure in ("diastolic", "systolic"):
        tablet.tap(tablet.tile(measure))
        for _ in range(3):
            tablet.tap(tablet.pad.get_by_role("button", name="Delete"))
    tablet.pad_empty()
    back = tablet.page.get_by_role("button", name="Back", exact=True)
    tablet.tap(back if back.count() else tablet.page.get_by_role("tab", name="Entries"))
    assert_goes_to(tablet, TILES["systolic"])


@pytest.mark.parametrize("pace_ms", SLOWER_MS)
def test_no_digit_is_lost_at_the_pace_of_a_finger(tablet: Tablet, pace_ms: int) -> None:
    tablet.tap(tablet.tile("systolic"))
    tablet.type_digits("172", pace_ms=pace_ms)
    expect(tablet.tile("systolic")).to_have_accessible_description("172 mmHg")
    field = FIELDS["corrected value"][0](tablet)
    tablet.type_digits("120", pace_ms=pace_ms)
    expect(field).to_have_value("120")
    tablet.tap(tablet.tile("systolic"))
    for _ in range(3):
        tablet.tap(tablet.pad.get_by_role("button", name="Delete"))
    tablet.pad_empty()
    tablet.tap(tablet.button("Back"))


@pytest.mark.parametrize("keyboard", [False, True])
def test_a_pin_is_shown_as_dots_alone_and_takes_the_digits_before_its_name_is_tapped(
    ward: Ward, tablets: Tablets, keyboard: bool
) -> None:
    tablet = tablets(ward, ADA, infusion=ward.planned())

    def type_pin(pin: str) -> None:
        if keyboard:
            tablet.page.keyboard.type(pin)
        else:
            tablet.type_digits(pin, pace_ms=FINGER_MS)

    step = tablet.step("Before")
    tablet.tap(step.get_by_role("button", name=re.compile("^Time-out")))
    sheet = tablet.sheet("Time-out: two people")
    assert_goes_to(tablet, f"PIN of {ADA}")
    pin = tablet.pins[ADA]
    type_pin(pin[:5])
    expect(tablet.pad.locator(".digits-shown")).to_have_text("●●●●●○")
    type_pin(pin[5:])
    expect(sheet.get_by_role("status")).to_contain_text("who signs?")
    assert_goes_to(tablet, "PIN of who signs")
    other = tablet.pins[JONAS]
    type_pin(other)
    expect(sheet.get_by_role("status")).to_have_text("Now tap the name of who signs.")
    assert_tiles_empty(tablet)
    shown = tablet.page.locator("body").inner_text()
    assert not any(part in shown for part in (pin, pin[:3], other, other[:3]))
    tablet.tap(sheet.get_by_role("button", name=JONAS))
    expect(sheet).to_have_count(0)
    expect(step.get_by_role("button", name=re.compile("^Time-out again"))).to_be_visible()
    assert_goes_to(tablet, TILES["systolic"])


def test_upright_the_digits_and_the_step_are_beside_each_other(tablet: Tablet) -> None:
    tablet.page.set_viewport_size(PORTRAIT)
    field = FIELDS["rate"][0](tablet)
    tablet.type_digits("15")
    tablet.tap(tablet.button("Decimal point"))
    tablet.type_digits("0")
    expect(field).to_have_value("15.0")
    expect(field).to_be_in_viewport(ratio=1)
    # What saves the step stands on the large key, too; what is refused stays, and digits still go there.
    tablet.tap(tablet.button("Save rate: New rate, mL/h"))
    expect(tablet.sheet("Rate changed to").get_by_text("is a tenth of 150 mL/h: a decimal point?")).to_be_visible()
    expect(field).to_have_value("15.0")
    assert_goes_to(tablet, "New rate, mL/h")
