"""The flags at the bedside: each card keeps its place while somebody is at them, and the worst is always in view."""

from __future__ import annotations

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, expect

from monitoring.clock import Clock
from tests.small_clinic import entry
from tests.stories.conftest import Tablets
from tests.stories.tablet import PORTRAIT, Tablet
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser

_PLACED: Final = (
    "([before, open, held]) => import('/assets/flags.js').then((flags) => flags.placed(before, open, held))"
)
# Each key of the flags gets the focus in turn; answers whether the first card was always wholly in view.
_FIRST_STAYS: Final = """() => {
  const strip = document.querySelector(".flags-place").getBoundingClientRect();
  const first = document.querySelector(".flags > .flag");
  return [...document.querySelectorAll(".flags button")].map((key) => {
    key.focus();
    const { top, bottom } = first.getBoundingClientRect();
    return top >= strip.top - 1 && bottom <= strip.bottom + 1;
  });
}"""


def heads(tablet: Tablet) -> list[str]:
    """What the cards say, in their order."""
    return tablet.flags.locator(".flag-words b").all_inner_texts()


def keys_of(card: Locator) -> list[tuple[str, object]]:
    """What the keys of a card say, and where they are."""
    return [(key.inner_text(), key.bounding_box()) for key in card.get_by_role("button").all()]


def acknowledgement(flag: dict[str, Any]) -> dict[str, Any]:
    """That this flag of a document was seen, as a pad posts it."""
    named = {part: flag[part] for part in ("measure", "side", "level", "rule", "seen")}
    said = {"flag": flag["key"], **named, "done": "Clinician told"}
    return entry(Clock().now(), "acknowledgement", acknowledgement=said)


def test_a_card_keeps_its_place_while_somebody_is_at_the_cards(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet, other = tablets(ward, "Ada Okafor", infusion=infusion, viewport=PORTRAIT), tablets(ward, "Jonas Lund")
    address = f"/api/infusions/{infusion}/entries"
    assert tablet.page.evaluate(_PLACED, [["a", "b", "c"], ["d", "c", "b"], True]) == ["a", "b", "c", "d"]
    assert tablet.page.evaluate(_PLACED, [["a", "b", "c"], ["d", "c", "b"], False]) == ["d", "c", "b"]

    outside = entry(Clock().now(), readings={"systolic": 188.0, "diastolic": 112.0, "heart_rate": 118.0})
    other.post(address, outside)
    expect(tablet.flags.filter(has_text="188 mmHg").or_(tablet.flags.filter(has_text="112 mmHg"))).to_have_count(2)
    before = heads(tablet)[:3]
    assert [flag["level"] for flag in tablet.document()["flags"]][:3] == ["critical", "critical", "caution"]

    # While she is asked about the second, the first is answered elsewhere, and something worse comes.
    second = tablet.flags.nth(1)
    tablet.tap(second.get_by_role("button", name="Acknowledge"))
    sheet = tablet.sheet(re.compile("^Seen: "))
    keys = keys_of(second)
    assert len(keys) == 2
    first = next(flag for flag in tablet.document()["flags"] if flag["headline"] == before[0])
    other.post(address, acknowledgement(first))
    other.post(address, entry(Clock().now(), readings={"spo2": 86.0}))
    expect(tablet.flags.filter(has_text="Oxygen saturation 86 %")).to_have_count(1)
    expect(tablet.flags.first).to_contain_text("seen by Jonas Lund")
    expect(tablet.flags.first).to_have_class(re.compile(r"\bquiet\b"))
    assert heads(tablet)[:3] == before
    assert all("86 %" not in head for head in heads(tablet)[:3])  # it came after them
    assert keys_of(second) == keys
    everything = tablet.page.get_by_role("button", name=re.compile("^All [0-9]+ flags$"))
    expect(everything).to_have_class(re.compile(r"\bcritical\b"))  # one is out of view

    tablet.tap(sheet.get_by_role("button", name="Clinician told"))
    expect(tablet.flags.first).to_contain_text(
        "Oxygen saturation 86 %"
    )  # once nobody is at the cards, the worst is first
    assert all(tablet.page.evaluate(_FIRST_STAYS))

    # What is withdrawn makes no more noise; it can still be acknowledged in the list of all.
    low = next(one for one in ward.written(infusion).entries if any(r.value == 86 for r in one.readings))
    other.post(address, entry(Clock().now(), "withdrawal", withdraws=low.id, reason="wrong patient"))
    gone = tablet.flags.filter(has_text="Oxygen saturation 86 %")
    expect(gone).to_have_class(re.compile(r"\bquiet\b"))
    expect(gone.get_by_role("button")).to_have_count(0)
    tablet.tap(everything)
    listed = tablet.page.get_by_role("list", name="All flags").get_by_role("listitem").filter(has_text="86 %")
    tablet.tap(listed.get_by_role("button", name="Acknowledge"))
    tablet.tap(tablet.sheet(re.compile("^Seen: ")).get_by_role("button", name="Clinician told"))
    expect(gone).to_have_count(0)
