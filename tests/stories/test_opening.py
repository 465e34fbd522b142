"""Opening an infusion with a keyboard that has a comma."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.stories.conftest import Tablets
from tests.stories.ward import FREE, PLANNED, RUNNING, Ward

pytestmark = pytest.mark.browser


def test_a_comma_that_is_typed_key_by_key_is_read_as_one(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    tablet.find_patient(f"Patient {PLANNED + RUNNING + FREE}")
    page = tablet.page
    for field, keys in (("Weight today, kg", "72,5"), ("Dose, mg/kg", "0,1")):
        box = page.get_by_role("textbox", name=field)
        box.fill("")
        box.press_sequentially(keys)
        box.press("Enter")
        expect(box).to_have_value(keys)
    expect(page.get_by_text("72.5 kg × 0.1 mg/kg = 7.25 mg")).to_be_visible()
    box.fill("1.000,5")
    box.press("Enter")
    refused = "▲ Dose “1.000,5”: expected one comma or one point, and no mark for thousands."
    expect(page.get_by_text(refused)).to_be_visible()
    expect(box).to_have_value("1.000,5")
