"""What is typed and tapped: extremes are asked about and kept, nonsense is refused, and three taps save once.

After a double or triple tap nothing else is hit by the taps that follow the first.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, expect

from monitoring.clinical.record import Entry, Infusion
from tests.stories.conftest import Tablets
from tests.stories.tablet import PORTRAIT, Tablet
from tests.stories.ward import Ward, values

pytestmark = pytest.mark.browser

THREE = 3
SECOND_TAP_MS = 600  # a second tap on the same spot, as people do it
_TYPED_EARLIER = """([infusion, ms]) => {
  const draft = JSON.parse(localStorage.getItem(`draft:${infusion}`));
  for (const measure in draft.typed_at) draft.typed_at[measure] -= ms;
  localStorage.setItem(`draft:${infusion}`, JSON.stringify(draft));
}"""
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


class Bedside:
    """Ada's tablet at a running infusion, and what is entered on it in one story."""

    def __init__(self, tablet: Tablet, infusion: str, ward: Ward) -> None:
        self.tablet = tablet
        self._ward = ward
        self.infusion = infusion
        self.before = len(ward.written(infusion).entries)

    def entered(self, entries: int) -> list[Entry]:
        """What was entered, in the order it arrived, once it is shown."""
        self.tablet.sent()
        self.tablet.shows(self.before + entries)
        return list(self._ward.written(self.infusion).entries[self.before :])


@pytest.fixture(scope="module")
def opened(ward: Ward, drawer: Tablets) -> tuple[Tablet, str]:
    """One tablet for these stories, and its infusion: none of them depends on what is there already."""
    infusion = ward.running()
    return drawer(ward, "Ada Okafor", infusion=infusion), infusion


@pytest.fixture
def bedside(opened: tuple[Tablet, str], ward: Ward) -> Bedside:
    """The bedside at the beginning of a story."""
    return Bedside(*opened, ward)


def test_nothing_and_the_impossible_are_said_in_one_sentence_and_typing_stays(bedside: Bedside) -> None:
    tablet = bedside.tablet
    note = tablet.page.locator(".pad-note")
    tablet.tap(tablet.button("Save"))
    expect(note).to_have_text("Nothing is entered yet: type a value, or tap Not done.")
    # 1200: the fourth digit is refused as it is typed; a wrong value is refused at Save.
    tablet.type({"systolic": 120})
    tablet.tap(tablet.tile("systolic"))
    tablet.type({"heart_rate": 72})
    tablet.tap(tablet.tile("systolic"))
    for digit in "1200":
        tablet.tap(tablet.button(digit))
    expect(note).to_have_text("Systolic pressure 1200: expected 0 to 350 mmHg.")
    expect(tablet.tile("systolic")).to_have_accessible_description("120 mmHg")
    tablet.tap(tablet.tile("systolic"))
    for digit in "512":
        tablet.tap(tablet.button(digit))
    tablet.tap(tablet.button("Save"))
    expect(note).to_have_text("Systolic pressure 512 mmHg: expected 0 to 350 mmHg.")
    expect(tablet.tile("systolic")).to_have_accessible_description("512 mmHg")
    expect(tablet.tile("heart_rate")).to_have_accessible_description("72 /min")
    assert bedside.entered(0) == []
    # The wrong value is the one that the next digit replaces.
    for digit in "121":
        tablet.tap(tablet.button(digit))
    tablet.save()
    (entry,) = bedside.entered(1)
    assert values(entry) == {"systolic": 121, "heart_rate": 72}


def test_a_true_extreme_is_asked_about_once_and_recorded(bedside: Bedside) -> None:
    tablet = bedside.tablet
    tablet.tap(tablet.tile("respiration"))
    tablet.tap(tablet.button("0"))
    tablet.tap(tablet.tile("systolic"))
    tablet.tap(tablet.button("1"))
    tablet.tap(tablet.button("2"))
    tablet.tap(tablet.button("Save"))
    low = tablet.page.get_by_role("alertdialog", name="Systolic pressure 12 mmHg: is this what you see?")
    tablet.tap(low.get_by_role("button", name="Change it"))
    for digit in "112":
        tablet.tap(tablet.button(digit))
    tablet.tap(tablet.button("Save"))
    none = tablet.page.get_by_role("alertdialog", name="Respiration 0 /min: is this what you see?")
    tablet.tap(none.get_by_role("button", name="Yes, this is what I see"))
    tablet.pad_empty()
    (entry,) = bedside.entered(1)
    assert values(entry) == {"systolic": 112, "respiration": 0}
    assert [r.measure for r in entry.readings if r.confirmed_unusual] == ["respiration"]
    expect(tablet.flags.filter(has_text="Respiration 0 /min")).to_have_count(1)


def test_a_pressure_the_wrong_way_round_is_asked_about(bedside: Bedside) -> None:
    tablet = bedside.tablet
    tablet.type({"systolic": 76, "diastolic": 128})
    tablet.tap(tablet.button("Save"))
    asked = "Diastolic pressure 128 mmHg is not below systolic pressure 76 mmHg: is this what you see?"
    question = tablet.page.get_by_role("alertdialog", name=asked)
    tablet.tap(question.get_by_role("button", name="Change it"))
    for digit in "49":
        tablet.tap(tablet.button(digit))
    tablet.save()
    (entry,) = bedside.entered(1)
    assert values(entry) == {"systolic": 76, "diastolic": 49}


def test_seen_at_an_earlier_minute_holds_for_one_entry_and_the_future_is_refused(bedside: Bedside) -> None:
    tablet = bedside.tablet
    tablet.tap(tablet.button("Seen at"))
    sheet = tablet.sheet(re.compile("^Seen at"))
    in_two_hours = datetime.fromtimestamp(tablet.seen() / 1000, ZoneInfo("Europe/Berlin")) + timedelta(hours=2)
    sheet.get_by_label("Seen at, clock time").fill(f"{in_two_hours:%H:%M}")
    tablet.tap(sheet.get_by_role("button", name="Use this time"))
    expect(sheet.get_by_role("status")).to_contain_text(f"{in_two_hours:%H:%M} is in the future: it is ")
    tablet.seen_ago(2)
    tablet.log({"heart_rate": 71})
    tablet.log({"heart_rate": 72})
    earlier, now = bedside.entered(2)
    assert timedelta(minutes=2) <= earlier.tapped_at - earlier.observed_at < timedelta(minutes=3)
    assert now.tapped_at == now.observed_at


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
    expect(tablet.page.locator(".not-taken")).to_be_visible()  # upright "Undo" comes to lie there
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
    correcting.get_by_label("Systolic pressure, corrected").fill("13 8")
    tablet.tap(correcting.get_by_role("button", name="wrong field"))
    apart = "Systolic pressure “13 8”: expected one number, without spaces between its digits."
    expect(correcting.locator(".said").get_by_text(apart)).to_be_visible()
    correcting.get_by_label("Systolic pressure, corrected").fill("18,4 kPa")
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
    tablet.sheet("Medicine given").get_by_label("dose").fill("1.000")
    tablet.tap(tablet.sheet("Medicine given").get_by_role("button", name="Save medicine"))
    refused = "Dose “1.000”: expected 1 or 1000, without a mark for thousands."
    expect(tablet.sheet("Medicine given").locator(".said").get_by_text(refused)).to_be_visible()
    expect(tablet.sheet("Medicine given").get_by_label("dose")).to_have_value("1.000")
    tablet.sheet("Medicine given").get_by_label("dose").fill("1 g")
    tablet.page.keyboard.press("Tab")
    expect(tablet.sheet("Medicine given").get_by_text("1 g = 1000 mg")).to_be_visible()
    tablet.tap_fast(tablet.sheet("Medicine given").get_by_role("button", name="Save medicine"), THREE)
    once("medicine")
    given = ward.written(infusion).entries[-1].event
    assert given is not None
    assert (given.detail["dose"], given.detail["unit"]) == ("1000", "mg")
    tablet.tap_fast(tablet.page.get_by_role("button", name="Oxygen:"), THREE)
    tablet.tap_fast(tablet.sheet("Oxygen given").get_by_role("button", name="Air"), THREE)
    once("observation")
    tablet.tap_fast(tablet.button("More"), THREE)
    tablet.tap_fast(tablet.sheet("More").get_by_role("button", name="Rate changed"), THREE)
    tablet.sheet("Rate changed to").get_by_label("New rate, mL/h").fill("15")
    tablet.tap(tablet.sheet("Rate changed to").get_by_role("button", name="Save rate"))
    expect(tablet.sheet("Rate changed to").get_by_text("is a tenth of 150 mL/h: a decimal point?")).to_be_visible()
    tablet.sheet("Rate changed to").get_by_label("New rate, mL/h").fill("<120")
    tablet.tap(tablet.sheet("Rate changed to").get_by_role("button", name="Save rate"))
    bound = "Rate “<120”: expected one number, not a bound or an estimate."
    expect(tablet.sheet("Rate changed to").locator(".said").get_by_text(bound)).to_be_visible()
    tablet.sheet("Rate changed to").get_by_label("New rate, mL/h").fill("2 mL/min")
    tablet.page.keyboard.press("Tab")
    expect(tablet.sheet("Rate changed to").get_by_text("2 mL/min = 120 mL/h")).to_be_visible()
    tablet.tap_fast(tablet.sheet("Rate changed to").get_by_role("button", name="Save rate"), THREE)
    once("rate")
    changed = ward.written(infusion).entries[-1].event
    assert changed is not None
    assert changed.detail["rate_ml_per_h"] == 120

    pump("Pump stopped", "stop", "More")
    why = tablet.sheet(re.compile("^Pump stopped: recorded"))
    tablet.tap_fast(why.get_by_role("button", name="patient asked"), THREE)
    once("stop")
    tablet.tap_fast(tablet.button("More"), THREE)
    tablet.tap_fast(tablet.sheet("More").get_by_role("button", name="Close and free the chair"), THREE)
    leaves = tablet.sheet(re.compile("^Close"))
    tablet.tap_fast(leaves.get_by_role("button", name="patient's wish"), THREE)
    second = tablet.sheet(re.compile("PIN of a second person"))
    tablet.tap_fast(second.get_by_role("button", name="Jonas Lund"), THREE)
    *digits, last = ward.pins["Jonas Lund"]
    for digit in digits:
        tablet.tap(tablet.button(digit))
    tablet.tap_fast(tablet.button(last), THREE)
    once("close")


def test_an_infusion_is_opened_once(ward: Ward, tablets: Tablets) -> None:
    tablet = tablets(ward, "Ada Okafor")
    number = ward.free()
    patient = f"Patient {number}"
    tablet.find_patient(patient)
    tablet.fill_in_infusion(weight_kg=70, chair=f"Chair {number}")
    tablet.tap_fast(tablet.button(f"Open infusion for {patient}"), THREE)
    expect(tablet.button("Pump started")).to_be_visible()
    tablet.page.goto(f"{ward.server.url}/past")
    tablet.page.get_by_role("link", name="Bedside").first.wait_for()
    (opened,) = ward.infusions_of(patient)
    assert ward.written(opened).chair == f"chair-{number}"


def test_the_same_rating_so_soon_is_asked_about_and_another_one_is_not(bedside: Bedside) -> None:
    tablet = bedside.tablet
    tablet.rate("Dissociation", "3 marked")
    tablet.page.wait_for_timeout(SECOND_TAP_MS)
    tablet.page.touchscreen.tap(*tablet.middle(tablet.option("Dissociation", "3 marked")))
    asked = asked_again(tablet, "3 marked")
    expect(asked).to_be_visible()
    tablet.rate("Sedation", "4 lethargic")  # the other rows are as before
    tablet.tap(asked.get_by_role("button", name="No, once"))
    expect(asked).to_have_count(0)
    bedside.entered(2)
    tablet.rate("Distress", "1 some")
    tablet.tap_fast(tablet.option("Distress", "0 none"), 2)  # put right at once: another value is another tap
    tablet.tap(asked_again(tablet, "0 none").get_by_role("button", name="Once more"))
    found = bedside.entered(5)
    assert [values(entry) for entry in found] == [
        {"dissociation": 3},
        {"sedation": 4},
        {"distress": 1},
        {"distress": 0},
        {"distress": 0},
    ]


def asked_again(tablet: Tablet, choice: str) -> Locator:
    """The question whether this rating is meant once more."""
    return tablet.page.get_by_role("alertdialog", name=f"{choice} was saved a moment ago: once more?")


def test_a_key_that_has_just_come_to_lie_under_the_finger_waits_and_says_so(bedside: Bedside) -> None:
    tablet = bedside.tablet
    not_taken = tablet.page.locator(".not-taken")
    tablet.log({"systolic": 186})
    tablet.knows(len(bedside.entered(1)) + bedside.before)
    flag = tablet.flags.filter(has_text="Systolic pressure 186")
    tablet.tap(flag.get_by_role("button", name="Acknowledge"))
    spot = tablet.middle(tablet.sheet(re.compile("^Seen: Systolic")).get_by_role("button", name="Clinician told"))
    tablet.page.touchscreen.tap(*spot)
    expect(tablet.page.get_by_role("dialog")).to_have_count(0)
    under = "([x, y]) => document.elementFromPoint(x, y).closest('button') !== null"
    assert tablet.page.evaluate(under, spot)  # a rating lies there now
    for _ in range(2):
        tablet.page.wait_for_timeout(SECOND_TAP_MS)
        tablet.page.touchscreen.tap(*spot)
        expect(not_taken).to_contain_text("Not taken")
    # A tap on another spot counts at once: the finger has been moved.
    tablet.rate("Sedation", "5 alert")
    _, acknowledged, rated = bedside.entered(3)
    assert (acknowledged.kind, values(rated)) == ("acknowledgement", {"sedation": 5})


def test_what_stands_on_the_pad_for_long_says_its_age_and_is_asked_about_once(bedside: Bedside) -> None:
    tablet = bedside.tablet
    shown = tablet.pad.locator(".digits-shown")
    question = tablet.page.get_by_role("alertdialog", name="Typed 3 min ago: still true?")

    def type_earlier(minutes: float) -> None:
        """Type a heart rate, and let it have been typed so long ago."""
        tablet.type({"heart_rate": 71})
        expect(shown).to_be_empty()
        tablet.page.evaluate(_TYPED_EARLIER, [bedside.infusion, minutes * 60000])
        tablet.open_bedside(bedside.infusion)

    type_earlier(1.8)
    expect(shown).to_be_empty()
    tablet.save()
    type_earlier(3.5)
    expect(shown).to_have_text("▲ typed 3 min ago")
    tablet.tap(tablet.button("Save"))
    tablet.tap(question.get_by_role("button", name="Just now"))
    tablet.pad_empty()
    type_earlier(3.5)
    tablet.tap(tablet.button("Save"))
    tablet.tap(question.get_by_role("button", name=re.compile("^Then, ")))
    tablet.pad_empty()
    type_earlier(3.5)
    tablet.tap(tablet.button("Save"))
    tablet.tap(question.get_by_role("button", name="Clear"))
    tablet.pad_empty()
    found = bedside.entered(3)
    ago = [entry.tapped_at - entry.observed_at for entry in found]
    assert [round(one.total_seconds() / 60, 1) >= 3.5 for one in ago] == [False, False, True]
    assert [one.total_seconds() for one in ago[:2]] == [0, 0]
