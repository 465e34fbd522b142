"""What was tapped by mistake is taken back by one tap: a withdrawal is added, and things stand as before."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from monitoring.clinical.record import Entry
from tests.stories.conftest import Tablets
from tests.stories.layout import measure
from tests.stories.network import Network
from tests.stories.tablet import Tablet
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser


def what(entry: Entry) -> str:
    """An entry in a word: the kind of its event, or its own."""
    return entry.event.kind if entry.event else entry.kind


def undo(tablet: Tablet, of: str) -> None:
    """Undo what the bar says, once it says this."""
    bar = tablet.page.get_by_role("group", name="Last entry")
    expect(bar).to_contain_text(of)
    tablet.tap(bar.get_by_role("button", name="Undo"))
    expect(bar).to_be_hidden()


def test_acts_of_one_tap_and_a_whole_set_are_undone_also_while_cut_off(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    # Flags apart: an overdue set has one, where the infusions of these stories have run for long, and 188 has another.
    places = {one.name: one.box for one in measure(tablet.page).targets if "flags" not in one.path}
    tablet.log({"systolic": 188})
    shown = {one.name: one.box for one in measure(tablet.page).targets if "undo-bar" not in one.path}
    assert [name for name in places if name in shown and shown[name] != places[name] and "Correct" not in name] == []
    undo(tablet, "SYS 188")
    expect(tablet.entries.filter(has_text="188")).to_have_class(re.compile(r"\bwithdrawn\b"))
    tablet.rate("Dissociation", "3 marked")
    undo(tablet, "3")
    expect(tablet.option("Dissociation", "3 marked")).not_to_be_checked()

    # Ended by mistake: asked whether early, since the plan is longer; undone, the infusion goes on.
    tablet.tap(tablet.button("Infusion ended"))
    why = tablet.sheet(re.compile("^Ended at .* of 40:00: early, because:"))
    tablet.tap(why.get_by_role("button", name="patient asked"))
    undo(tablet, "Pump stopped early: patient asked")
    expect(tablet.button("Pump paused")).to_be_visible()

    # While cut off, of what the server knows already and of what only waits here.
    tablet.sent()
    tablet.tap(tablet.button("Pump paused"))
    tablet.sent()
    network.cut()
    undo(tablet, "Pump paused")
    expect(tablet.sheet(re.compile("^Pump paused"))).to_have_count(0)  # what it asks is no longer so
    expect(tablet.button("Pump paused")).to_be_visible()
    expect(tablet.lost).to_be_visible()
    tablet.tap(tablet.button("Pump stopped"))
    expect(tablet.button("Pump paused")).to_have_count(0)
    undo(tablet, "Pump stopped early")
    expect(tablet.button("Pump paused")).to_be_visible()
    network.whole()
    tablet.sent()
    tablet.knows(12)

    written = ward.written(infusion)
    made = [what(entry) for entry in written.entries]
    acts = ["set", "observation", "end", "stop", "pause", "stop"]
    assert [one for one in made if one != "withdrawal"] == ["start", *acts]
    assert made.count("withdrawal") == len(acts) - 1  # the reason that followed was withdrawn with its act
    assert {entry.reason for entry in written.entries if entry.withdraws} == {"undone at once"}
    assert [what(entry) for entry in written.standing()] == ["start"]
    expect(tablet.button("Pump paused")).to_be_visible()
