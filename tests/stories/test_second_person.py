"""A second person signs by PIN: another one, with the right PIN, connected; until then what was typed stays."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from monitoring.clinical.dose import SECOND_CALCULATION, WITNESS_OF_WASTE
from monitoring.clinical.leaving import LEFT
from tests.stories.conftest import Tablets
from tests.stories.network import Network
from tests.stories.tablet import Tablet
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser

ADA, JONAS, INES = "Ada Okafor", "Jonas Lund", "Dr Ines Weiss"
ORDER = {"prescriber": INES, "dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 72, "weight_on": "2026-11-23"}
DOSE = {
    "weight_basis": "actual",
    "dosing_weight_kg": 72,
    "stock_mg_per_ml": 50,
    "bag_volume_ml": 100,
    "stock_volume": "replaces",
    "dose_mg": 36,
    "stock_ml": 0.72,
    "final_volume_ml": 100,
    "rate_ml_per_h": 150,
}
OWN = {"dose, mg": "36", "stock volume, mL": "0,72", "pump rate, mL/h": "150"}
DRUG = {"Drawn, mg": "50", "Wasted, mg": "49,5", "Lot": "L-77", "Expiry": "2027-08"}


def offered(sheet: Locator) -> list[str]:
    """Whose names may be tapped in this sheet."""
    names = sheet.get_by_role("group", name="Who signs").get_by_role("button")
    names.first.wait_for()
    return [str(name.get_attribute("aria-label")) for name in names.all()]


def refused(tablet: Tablet, infusion: str, kind: str, signed: tuple[str, str], **detail: Any) -> str:
    """What the server says to an event that this person signed, when a page posts it past its own screens."""
    with pytest.raises(AssertionError) as found:
        tablet.post_event(infusion, kind, signed=(signed,), **detail)
    return str(found.value)


def assert_holds(place: Locator, typed: dict[str, str], label: str = "{}") -> None:
    """What was typed is still in its fields."""
    for field, text in typed.items():
        expect(place.get_by_label(label.format(field))).to_have_value(text)


def test_a_second_calculation_is_another_persons(ward: Ward, tablets: Tablets, network: Network) -> None:
    infusion = ward.planned()
    tablet = tablets(ward, ADA, url=network.url, infusion=infusion)
    tablet.post_event(infusion, "order", **ORDER)
    dose = tablet.post_event(infusion, "dose", **DOSE)
    own = {"of": dose, "dose_mg": 36, "stock_ml": 0.72, "rate_ml_per_h": 150}
    assert "Second calculation by Ada Okafor, who made the first: expected another person." in refused(
        tablet, infusion, "dose_check", (ADA, SECOND_CALCULATION), **own
    )

    step = tablet.step("Before")
    expect(step.get_by_text("Another person than Ada Okafor works it out")).to_be_visible()
    shown = tablet.page.locator("body").inner_text()
    assert re.findall(r"\b(?:36(?:\.0)?|18(?:\.0)?) mg\b|\b0\.72? mL\b|\b150(?:\.0)? mL/h\b", shown) == []
    for field, text in OWN.items():
        step.get_by_label(f"Own result, {field}").fill(text)
    tablet.tap(step.get_by_role("button", name="Sign with PIN"))
    sheet = tablet.sheet("Second calculation: your PIN")
    assert offered(sheet) == [INES, JONAS]  # neither who made the first, nor who signs nothing here

    tablet.pin("Second calculation: your PIN", JONAS, types=ADA)
    expect(sheet.get_by_role("status")).to_contain_text("This PIN is not right.")
    network.cut()
    expect(tablet.lost).to_be_visible()
    tablet.type_pin(JONAS)
    expect(sheet.get_by_role("status")).to_have_text(
        "Not connected: a PIN cannot be checked now. What you typed is kept."
    )
    assert_holds(step, OWN, "Own result, {}")
    network.whole()
    expect(tablet.connection).to_have_text("live")
    tablet.type_pin(JONAS)  # on the same keys, nothing typed anew
    expect(step.get_by_text("Agrees.")).to_be_visible()
    tablet.sent()
    (check,) = [e.event for e in ward.written(infusion).entries if e.event and e.event.kind == "dose_check"]
    assert [(one.name, one.meaning) for one in check.signatures] == [(JONAS, SECOND_CALCULATION)]
    expect(tablet.button(f"{ADA}, switch")).to_be_visible()  # signing signs nobody in


def test_a_witness_and_who_sees_a_patient_leave_are_others(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, ADA, infusion=infusion)
    tablet.post_event(infusion, "end")
    drug = {"drawn_mg": 50, "wasted_mg": 49.5, "lot": "L-77", "expiry": "2027-08", "method": "returned to pharmacy"}
    assert "Witness of waste Ada Okafor, who recorded it: expected another person." in refused(
        tablet, infusion, "drug", (ADA, WITNESS_OF_WASTE), **drug
    )
    assert "signed by Ada Okafor alone: expected a second person's PIN." in refused(
        tablet, infusion, "close", (ADA, LEFT), reason="emergency"
    )

    step = tablet.step("Leaving")
    for field, text in DRUG.items():
        step.get_by_label(field).fill(text)
    tablet.tap(step.get_by_role("radio", name="returned to pharmacy"))
    tablet.tap(step.get_by_role("button", name="Save drug record"))
    witness = tablet.sheet("Witness of waste: PIN")
    assert offered(witness) == [INES, JONAS]
    tablet.tap(witness.get_by_role("button", name=JONAS))
    # Jonas takes the tablet over before he signs: now it is he who records it.
    tablet.switch_to(JONAS)
    expect(tablet.button(f"{JONAS}, switch")).to_be_visible()
    tablet.type_pin(JONAS)
    expect(witness.get_by_role("status")).to_have_text(f"{JONAS} is signed in and records it: another person signs.")
    assert_holds(step, DRUG)
    tablet.tap(witness.get_by_role("button", name="Another person"))
    assert offered(witness) == [ADA, INES]
    tablet.pin("Witness of waste: PIN", INES)
    expect(step.get_by_role("region", name="Controlled drug")).to_contain_text("drawn 50 mg, wasted 49.5 mg")

    tablet.tap(step.get_by_role("button", name="Patient leaves: close"))
    tablet.tap(tablet.sheet(re.compile("^Close")).get_by_role("button", name="emergency"))
    second = tablet.sheet(re.compile("PIN of a second person"))
    assert offered(second) == [ADA, INES]
    tablet.pin(re.compile("PIN of a second person"), ADA)

    # Jonas signs; the second signature is a clinician's, and never his.
    step = tablet.step("Sign-off")
    tablet.tap(step.get_by_role("button", name="Sign as administered"))
    tablet.pin("Sign as administered", JONAS)
    expect(step.get_by_text(f"administered: {JONAS}")).to_be_visible()
    tablet.tap(step.get_by_role("button", name="Sign as reviewed"))
    assert offered(tablet.sheet("Sign as reviewed")) == [INES]
    said = refused(tablet, infusion, "sign", (JONAS, "reviewed"), meaning="reviewed")
    assert re.search("Jonas Lund, nurse: expected clinician to sign as .reviewed.", said)
    assert re.search("Jonas Lund has signed as .administered.: expected another person", said)
    tablet.pin("Sign as reviewed", INES)
    expect(step.get_by_text("Signed and locked on")).to_be_visible()
    signed = {
        entry.event.kind: [(one.name, one.meaning) for one in entry.event.signatures]
        for entry in ward.written(infusion).entries
        if entry.event and entry.event.kind in ("drug", "close")
    }
    assert signed == {"drug": [(INES, WITNESS_OF_WASTE)], "close": [(ADA, LEFT)]}
