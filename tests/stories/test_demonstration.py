"""The main job in the demonstration clinic: an infusion is recorded at the chair and seen live on every other screen.

Time runs fast between what is entered, and at its own rate while it is entered.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.stories.conftest import Tablets
from tests.stories.tablet import PORTRAIT, Tablet
from tests.stories.ward import Ward, assert_chains_hold, values

pytestmark = pytest.mark.browser

PATIENT = "Wanda Erfunden"  # registered here
BASELINE = {"systolic": 128, "diastolic": 76, "heart_rate": 84, "spo2": 97, "respiration": 16}


def register(tablet: Tablet) -> None:
    """Take a new patient into care."""
    page = tablet.page
    page.goto(f"{tablet.url}/patients")
    tablet.tap(page.get_by_role("tab", name="Register"))
    page.get_by_label("Patient number").fill("INV-7001")
    page.get_by_role("textbox", name="Name", exact=True).fill(PATIENT)
    page.get_by_label("Allergies").fill("none known")
    for part, number in (("day", "04"), ("month", "07"), ("year", "1985")):
        page.get_by_role("spinbutton", name=re.compile(f"^{part}")).fill(number)
    tablet.tap(page.get_by_role("radio", name="female"))
    tablet.tap_fast(tablet.button("Register"), 2)
    expect(page.get_by_text(f"{PATIENT} is registered")).to_be_visible()


def zoomed(tablet: Tablet) -> Any:
    """The stretch of time that the chart shows, and whether its node is the one that was noted."""
    return tablet.page.evaluate(
        """() => {
          const plot = document.querySelector(".plot");
          const same = plot === window.noted && plot.querySelector(".main-svg") === window.drawing;
          return { range: plot._fullLayout.xaxis.range, same };
        }"""
    )


def test_an_infusion_from_the_sign_in_to_the_free_chair(demonstration: Ward, tablets: Tablets) -> None:
    ward = demonstration
    nurse = tablets(ward)
    nurse.page.goto(ward.server.url)
    nurse.tap_in("Mei Tanaka")
    nurse.ready()

    # Chair 5 is taken by somebody who will not have it today.
    nurse.tap(nurse.page.get_by_role("link", name=re.compile("^Chair 5, ")))
    nurse.tap(nurse.button("More"))
    nurse.tap(nurse.sheet("More").get_by_role("button", name="Cancel"))
    nurse.tap(nurse.button("patient declined"))
    expect(nurse.page.get_by_text("Cancelled before the start")).to_be_visible()

    register(nurse)
    nurse.find_patient(PATIENT)
    nurse.fill_in_infusion(weight_kg=70, chair="Chair 5")
    nurse.tap(nurse.button(f"Open infusion for {PATIENT}"))
    expect(nurse.button("Pump started")).to_be_visible()
    nurse.ready()
    (infusion,) = ward.infusions_of(PATIENT)

    other = tablets(ward, "Jonas Lund", infusion=infusion, viewport=PORTRAIT)
    board = tablets(ward, "Petra Novak")
    board.open_board()
    card = board.page.get_by_role("link", name=re.compile(f"^Chair 5, {PATIENT}"))
    expect(card).to_contain_text("before start")

    # A complete set takes its digits and Save, nothing more.
    nurse.taps = 0
    nurse.log(BASELINE)
    assert nurse.taps == 12
    expect(other.entries.first).to_contain_text("128/76")
    expect(card).to_contain_text("128/76")
    nurse.tap(nurse.button("Pump started"))
    expect(other.button("Pump paused")).to_be_visible()
    expect(card).to_contain_text("infusing")
    started = ward.written(infusion).entries[-1].observed_at

    # Nothing was answered before: the minute is kept, and it is asked why and who decided.
    why = nurse.sheet("Started with something missing: why?")
    nurse.tap(why.get_by_role("button", name="cannot be had today"))
    nurse.tap(nurse.sheet(re.compile("who decided")).get_by_role("button", name="Dr Ines Weiss"))

    def at_minute(minute: float) -> None:
        instant = started + timedelta(minutes=minute, seconds=2)
        board.run_time_to(instant)
        for tablet in (nurse, other):
            tablet.time_is(instant)

    slots = other.page.get_by_role("list", name="Vital signs by slot").get_by_role("listitem")
    at_minute(10)
    expect(slots.filter(has_text=re.compile("^10$"))).to_have_accessible_name(re.compile("due"))
    nurse.log({**BASELINE, "systolic": 141})
    expect(slots.filter(has_text=re.compile("^10$"))).to_have_accessible_name(re.compile("done"))
    nurse.taps = 0
    nurse.rate("Dissociation", "3 marked")
    assert nurse.taps == 1
    expect(other.entries.first).to_contain_text("Dissociation 3 marked")
    nurse.tap(nurse.button("Undo"))
    expect(other.entries.first).to_contain_text("withdrawn by Mei Tanaka: undone at once")
    nurse.rate("Dissociation", "2 moderate")
    expect(other.option("Dissociation", "2 moderate")).to_be_checked()

    nurse.tap(nurse.button("drowsy"))
    nurse.tap(nurse.sheet("drowsy").get_by_role("button", name="mild"))
    expect(other.entries.first).to_contain_text("· mild")
    nurse.tap(nurse.page.get_by_role("button", name="Medicine"))
    nurse.tap(nurse.sheet(re.compile("^Medicine given")).get_by_role("button", name="Ondansetron").first)
    nurse.sheet("Medicine given").get_by_label("dose").fill("4")
    nurse.tap(nurse.button("Save medicine"))
    expect(other.entries.first).to_contain_text("Ondansetron 4 mg")
    nurse.tap(nurse.button("Note"))
    nurse.sheet("Note").get_by_label("Note").fill("Asked for another blanket")
    nurse.tap(nurse.button("Save words"))
    expect(other.entries.first).to_contain_text("Asked for another blanket")
    nurse.tap(nurse.page.get_by_role("button", name="Oxygen:"))
    nurse.page.get_by_role("textbox", name="Oxygen given, L/min").fill("2")
    nurse.tap(nurse.sheet("Oxygen given").get_by_role("button", name="Save", exact=True))
    expect(other.page.get_by_role("button", name="Oxygen: 2 L/min")).to_be_visible()
    nurse.type({"systolic": 139, "diastolic": 84, "heart_rate": 88})
    nurse.taps = 0
    nurse.tap(nurse.button("Not done"))
    nurse.tap(nurse.button("eye mask"))
    assert nurse.taps == 2
    nurse.type({"respiration": 15})
    nurse.save()
    expect(other.entries.first).to_contain_text("not done: eye mask")

    at_minute(18)
    nurse.tap(nurse.button("Pump paused"))
    expect(other.button("Pump resumed")).to_be_visible()
    nurse.tap(nurse.button("patient asked"))
    expect(other.entries.first).to_contain_text("patient asked")
    at_minute(20)
    nurse.tap(nurse.button("Pump resumed"))
    expect(card).to_contain_text("infusing")

    # A critical value is on every screen until somebody says what was done.
    nurse.log({**BASELINE, "systolic": 184, "diastolic": 98})
    flag = other.flags.filter(has_text="Systolic pressure 184 mmHg")
    expect(flag).to_contain_text("at or above 180 (critical)")
    expect(card).to_contain_text("184")
    nurse.tap(nurse.flags.filter(has_text="184").get_by_role("button", name="Acknowledge"))
    nurse.tap(nurse.button("Clinician told"))
    expect(flag).to_contain_text("seen by Mei Tanaka: Clinician told")
    expect(card).to_contain_text("acknowledged")
    nurse.tap(nurse.entries.filter(has_text="184/98").get_by_role("button", name="Correct"))
    nurse.page.get_by_label("Systolic pressure, corrected").fill("148")
    nurse.tap(nurse.button("typed wrongly"))
    corrected = other.entries.filter(has_text="corrected: typed wrongly")
    expect(corrected.locator("s").first).to_have_text("SYS 184")
    expect(corrected).to_contain_text("148/98")

    # A new point leaves the other screen's chart where it is, and its zoom.
    plot = other.page.locator(".plot .nsewdrag").first
    box = plot.bounding_box()
    assert box is not None
    other.page.evaluate(
        """() => {
          window.noted = document.querySelector(".plot");
          window.drawing = window.noted.querySelector(".main-svg");
        }"""
    )
    before = zoomed(other)["range"]
    other.page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] / 2)
    other.page.mouse.down()
    other.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2, steps=4)
    other.page.mouse.up()
    other.until(f"document.querySelector('.plot')._fullLayout.xaxis.range[1] < {before[1]} - 5")
    zoom = zoomed(other)
    at_minute(30)
    nurse.log({**BASELINE, "systolic": 151})
    expect(other.entries.first).to_contain_text("151/76")
    other.until("document.querySelector('.plot').data.some(({ y }) => y.includes(151))")
    assert zoomed(other) == {"range": zoom["range"], "same": True}

    at_minute(42)
    nurse.log({**BASELINE, "systolic": 144})
    nurse.tap(nurse.button("Infusion ended"))
    expect(card).to_contain_text("recovery")
    at_minute(57)
    nurse.log({**BASELINE, "systolic": 131})
    expect(card).to_contain_text("131/76")
    nurse.tap(nurse.button("More"))
    nurse.tap(nurse.sheet("More").get_by_role("button", name="Close and free the chair"))
    leaves = nurse.sheet(re.compile("^Close"))
    expect(leaves.get_by_text("Missing: Minimum stay")).to_be_visible()
    nurse.tap(leaves.get_by_role("button", name="patient's wish"))
    nurse.tap_in("Jonas Lund", nurse.sheet(re.compile("PIN of a second person")))
    expect(other.page.get_by_text("Read only")).to_be_visible()
    expect(board.page.get_by_text("Chair 5 — free")).to_be_visible()

    # The same on the list of past infusions: it opens its review, and from there the bedside, read-only.
    nurse.page.goto(f"{ward.server.url}/past")
    nurse.page.get_by_role("textbox", name="Find").fill(PATIENT)
    nurse.page.get_by_role("textbox", name="Find").press("Enter")
    expect(nurse.page.get_by_text("infusion 1 of 6")).to_have_count(1)
    nurse.tap(nurse.page.get_by_role("link", name="Review"))
    nurse.tap(nurse.button("Bedside"))
    expect(nurse.page.get_by_text("Read only")).to_be_visible()
    expect(nurse.button("Save")).to_have_count(0)

    written = ward.written(infusion)
    assert [values(entry).get("systolic") for entry in written.entries if entry.kind == "set"] == [
        *(128, 141, 139, 184, 148, 151, 144, 131)
    ]
    assert Counter(entry.event.kind if entry.event else entry.kind for entry in written.entries) == Counter(
        {"set": 8, "observation": 3, "withdrawal": 1, "acknowledgement": 1, "note": 1, "effect": 1, "medicine": 1}
        | {"start": 2, "pause": 2, "resume": 1, "end": 1, "close": 1}
    )
    assert {entry.author_name for entry in written.entries} == {"Mei Tanaka"}
    assert_chains_hold(ward.server.file)
