"""Double and triple taps: every control that saves does so once, and nothing else is hit by the taps that follow."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from playwright.sync_api import expect

from monitoring.clinical.record import Infusion
from tests.stories.conftest import Tablets
from tests.stories.tablet import PORTRAIT
from tests.stories.ward import FREE, PLANNED, RUNNING, Ward, values

pytestmark = pytest.mark.browser

THREE = 3
_TAP_WHAT_COMES = """([x, y]) => {
  const under = () => document.elementFromPoint(x, y).closest("button");
  const first = under();
  window.tappedAgain = false;
  const watch = new MutationObserver(() => {
    if (first.isConnected) return;
    watch.disconnect();
    under()?.click();
    window.tappedAgain = true;
  });
  watch.observe(document.querySelector("main"), { childList: true, subtree: true });
}"""


def kinds(infusion: Infusion) -> Counter[str]:
    """How often each thing was recorded: an event by its kind, everything else by the kind of its entry."""
    return Counter(entry.event.kind if entry.event else entry.kind for entry in infusion.entries)


def test_sets_ratings_and_what_they_lead_to_are_saved_once(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", infusion=infusion, viewport=PORTRAIT)
    expected: Counter[str] = Counter(start=1)

    def once(kind: str) -> None:
        expected[kind] += 1
        tablet.knows(expected.total())
        assert kinds(ward.written(infusion)) == expected

    tablet.type({"systolic": 188, "diastolic": 96, "heart_rate": 84, "spo2": 97, "respiration": 16})
    tablet.tap_fast(tablet.button("Save"), THREE)
    tablet.pad_empty()
    expect(tablet.page.locator(".pad-note")).not_to_contain_text("Nothing is entered")
    once("set")

    # An unusual value: Save and the answer to its question, each three times. Nothing is typed by the taps that follow.
    tablet.tap(tablet.tile("respiration"))
    tablet.tap(tablet.button("2"))
    tablet.tap_fast(tablet.button("Save"), THREE)
    question = tablet.page.get_by_role("alertdialog", name="Respiration 2 /min: is this what you see?")
    tablet.tap_fast(question.get_by_role("button", name="Yes, this is what I see"), THREE)
    tablet.pad_empty()
    once("set")

    tablet.tap(tablet.tile("spo2"))
    tablet.tap(tablet.button("Not done"))
    reasons = tablet.page.get_by_role("alertdialog", name="Oxygen saturation not done, because:")
    tablet.tap_fast(reasons.get_by_role("button", name="eye mask"), THREE)
    expect(tablet.page.get_by_role("group", name="Vital signs").locator(".filled")).to_have_count(1)
    tablet.tap_fast(tablet.button("Save"), THREE)
    tablet.pad_empty()
    once("set")
    assert ward.written(infusion).entries[-1].readings == ()

    tablet.tap_fast(tablet.option("Dissociation", "3 marked"), THREE)
    once("observation")
    tablet.tap_fast(tablet.button("Undo"), THREE)
    once("withdrawal")
    tablet.tap_fast(tablet.option("Distress", "1 some"), THREE)
    once("observation")

    critical = tablet.flags.filter(has_text="Systolic")
    tablet.tap_fast(critical.get_by_role("button", name="Repeat in"), THREE)
    once("repeat")
    tablet.tap_fast(critical.get_by_role("button", name="Acknowledge"), THREE)
    tablet.tap_fast(tablet.sheet(re.compile("^Seen: Systolic")).get_by_role("button", name="Clinician told"), THREE)
    once("acknowledgement")

    first = tablet.entries.filter(has_text="188/96")
    tablet.tap_fast(first.get_by_role("button", name="Correct"), THREE)
    correcting = tablet.sheet(re.compile("^Correct the entry"))
    correcting.get_by_label("Systolic pressure, corrected").fill("138")
    tablet.tap_fast(correcting.get_by_role("button", name="typed wrongly"), THREE)
    once("set")
    assert values(ward.written(infusion).entries[-1])["systolic"] == 138
    tablet.tap_fast(tablet.entries.filter(has_text="Distress").get_by_role("button", name="Correct"), THREE)
    tablet.tap_fast(tablet.sheet(re.compile("^Correct")).get_by_role("button", name="Withdraw", exact=True), THREE)
    tablet.tap_fast(tablet.sheet(re.compile("^Withdraw")).get_by_role("button", name="entered twice"), THREE)
    once("withdrawal")


def test_the_pump_and_the_other_events_are_recorded_once(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.planned()
    tablet = tablets(ward, "Ada Okafor", infusion=infusion)
    expected: Counter[str] = Counter()

    def once(kind: str) -> None:
        expected[kind] += 1
        tablet.knows(expected.total())
        assert kinds(ward.written(infusion)) == expected

    def pump(key: str, kind: str, then: str) -> None:
        """Tap a pump key twice, and once more on the same spot in the moment when another key has come to lie there."""
        tablet.page.evaluate(_TAP_WHAT_COMES, tablet.middle(tablet.button(key)))
        tablet.tap_fast(tablet.button(key), 2)
        expect(tablet.button(then)).to_be_visible()
        tablet.until("window.tappedAgain")
        once(kind)

    pump("Pump started", "start", "Pump paused")
    expect(tablet.sheet(re.compile("recorded"))).to_have_count(0)
    pump("Pump paused", "pause", "Pump resumed")
    why = tablet.sheet(re.compile("^Pump paused: recorded"))
    tablet.tap_fast(why.get_by_role("button", name="nausea or vomiting"), THREE)
    once("pause")  # a correction of it, which adds the reason
    pump("Pump resumed", "resume", "Pump paused")

    tablet.tap_fast(tablet.button("Note"), THREE)
    tablet.sheet("Note").get_by_label("Note").fill("Music changed")
    tablet.tap_fast(tablet.sheet("Note").get_by_role("button", name="Save words"), THREE)
    once("note")
    tablet.tap_fast(tablet.button("drowsy"), THREE)
    tablet.tap_fast(tablet.sheet("drowsy").get_by_role("button", name="mild"), THREE)
    once("effect")
    tablet.tap_fast(tablet.page.get_by_role("button", name="Medicine"), THREE)
    tablet.tap_fast(tablet.sheet(re.compile("^Medicine given")).get_by_role("button", name="Paracetamol"), THREE)
    tablet.sheet("Medicine given").get_by_label("dose").fill("1000")
    tablet.tap_fast(tablet.sheet("Medicine given").get_by_role("button", name="Save medicine"), THREE)
    once("medicine")
    tablet.tap_fast(tablet.page.get_by_role("button", name="Oxygen:"), THREE)
    tablet.tap_fast(tablet.sheet("Oxygen given").get_by_role("button", name="Air"), THREE)
    once("observation")
    tablet.tap_fast(tablet.button("More"), THREE)
    tablet.tap_fast(tablet.sheet("More").get_by_role("button", name="Rate changed"), THREE)
    tablet.sheet("Rate changed to").get_by_label("New rate, mL/h").fill("120")
    tablet.tap_fast(tablet.sheet("Rate changed to").get_by_role("button", name="Save rate"), THREE)
    once("rate")

    pump("Pump stopped", "stop", "More")
    why = tablet.sheet(re.compile("^Pump stopped: recorded"))
    tablet.tap_fast(why.get_by_role("button", name="patient asked"), THREE)
    once("stop")
    tablet.tap_fast(tablet.button("More"), THREE)
    tablet.tap_fast(tablet.sheet("More").get_by_role("button", name="Close and free the chair"), THREE)
    tablet.tap_fast(tablet.sheet(re.compile("^Close")).get_by_role("button", name="Yes, close"), THREE)
    once("close")


def test_an_infusion_is_opened_once(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    patient = f"Patient {PLANNED + RUNNING + FREE}"
    tablet.find_patient(patient)
    tablet.fill_in_infusion(weight_kg=70, chair=f"Chair {PLANNED + RUNNING + FREE}")
    tablet.tap_fast(tablet.button(f"Open infusion for {patient}"), THREE)
    expect(tablet.button("Pump started")).to_be_visible()
    tablet.page.goto(f"{ward.server.url}/past")
    tablet.page.get_by_text("No infusion has been closed yet").or_(tablet.button("Open").first).wait_for()
    (opened,) = ward.infusions_of(patient)
    assert ward.written(opened).chair == f"chair-{PLANNED + RUNNING + FREE}"
