"""Numbers that a dose hangs on: typed with a comma, and asked about where they are unlike the others."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.stories.conftest import Tablets
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser


def test_a_comma_that_is_typed_key_by_key_is_read_as_one(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    tablet.find_patient(f"Patient {ward.free()}")
    page = tablet.page
    for field, keys in (("Weight today, kg", "72,5"), ("Dose, mg/kg", "0,1")):
        box = page.get_by_role("textbox", name=field)
        box.fill("")
        box.press_sequentially(keys)
        box.press("Enter")
        expect(box).to_have_value(keys)
    expect(page.get_by_text("72.5 kg × 0.1 mg/kg = 7.25 mg")).to_be_visible()
    asked = "Dose 0.1 mg/kg, 7.25 mg for 72.5 kg: the site's standard is 0.5 mg/kg. Is this what was ordered?"
    expect(page.get_by_text(f"▲ {asked}")).to_be_visible()
    expect(page.get_by_role("button", name="Yes, this is what was ordered")).to_be_visible()
    box.fill("1.000,5")
    box.press("Enter")
    refused = "▲ Dose “1.000,5”: expected one comma or one point, and no mark for thousands."
    expect(page.get_by_text(refused)).to_be_visible()
    expect(box).to_have_value("1.000,5")


def test_an_order_unlike_the_opening_is_asked_about_once(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.planned()
    tablet = tablets(ward, "Ada Okafor", infusion=infusion)
    order = tablet.step("Before").get_by_role("form", name="Weight and order")
    order.get_by_label("Dose, mg/kg").fill("1,0")
    tablet.tap(order.get_by_role("radio", name="Dr Ines Weiss"))
    tablet.tap(order.get_by_role("button", name="Save order"))
    asked = "Dose 1 mg/kg: this infusion was opened with 0.5 mg/kg. Is this what was ordered? Save again to keep it."
    expect(order.get_by_text(asked)).to_be_visible()
    tablet.until(f"performance.now() > {tablet.page.evaluate('performance.now() + 1000')}")  # no second half of one tap
    tablet.tap(order.get_by_role("button", name="Save order"))
    tablet.knows(1)
    (kept,) = ward.written(infusion).entries
    assert kept.event is not None
    assert (kept.event.detail["dose_mg_per_kg"], kept.event.detail["confirmed_unusual"]) == (1, True)
