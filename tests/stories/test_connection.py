"""The connection is cut before, during and after Save: nothing is lost, nothing is doubled, and the screen says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Route, expect

from monitoring.clinical.record import Entry
from tests.small_clinic import CLOCK_TIME, QUIET
from tests.stories.conftest import Tablets
from tests.stories.network import Network
from tests.stories.tablet import LANDSCAPE, PORTRAIT, Tablet
from tests.stories.ward import Ward, assert_chains_hold, typed, values

pytestmark = pytest.mark.browser

SAID_WITHIN = 5.0  # seconds until a screen must say that it is not connected


def rates(entries: Sequence[Entry]) -> list[float]:
    """The heart rates recorded, in the order they arrived."""
    return [reading.value for entry in entries for reading in entry.readings if reading.measure == "heart_rate"]


def times_of(tablet: Tablet) -> datetime:
    """What this tablet takes for the time."""
    return datetime.fromtimestamp(tablet.seen() / 1000, UTC)


def test_cut_before_during_and_after_save(ward: Ward, tablets: Tablets, network: Network) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)

    tablet.type({"heart_rate": 71})
    network.cut()
    tablet.save()  # before: it cannot be sent
    expect(tablet.lost).to_contain_text("1 entry waits here under the name Ada Okafor")
    network.whole()
    tablet.sent()
    tablet.shows(2)

    network.lose_answers()
    tablet.log({"heart_rate": 72})  # during: the server has it, and the tablet cannot know
    ward.holds(infusion, 3)
    assert [item["body"]["readings"][0]["value"] for item in tablet.waiting()] == [72]
    network.cut()
    expect(tablet.connection).to_have_text("waiting to send 1")
    network.whole()
    tablet.sent()

    tablet.log({"heart_rate": 73})  # after: it is saved
    tablet.sent()
    network.cut()
    expect(tablet.lost).to_be_visible()
    network.whole()
    expect(tablet.connection).to_have_text("live")
    tablet.shows(4)

    # Connected, and the server cannot save for a moment.
    full = {"saved": False, "sentences": ["Not saved: the disk is full."]}
    tablet.page.route("**/entries", lambda route: route.fulfill(status=503, json=full))
    tablet.log({"heart_rate": 74})
    expect(tablet.page.get_by_text("Not saved: the disk is full.").first).to_be_visible()
    tablet.page.unroute("**/entries")
    tablet.sent()
    tablet.shows(5)
    assert rates(typed(ward.written(infusion))) == [71, 72, 73, 74]
    assert_chains_hold(ward.server.file)


def colourless(place: Locator) -> bool:
    """Whether this is shown in grey, as what may no longer be so."""
    return bool(place.evaluate("(node) => getComputedStyle(node).filter === 'grayscale(1)'"))


def apart(one: Locator, other: Locator) -> bool:
    """Whether neither covers anything of the other."""
    a, b = one.bounding_box(), other.bounding_box()
    assert a is not None
    assert b is not None
    beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
    return beside or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]


def test_what_the_tablet_holds_is_judged_by_it_and_what_the_server_told_is_as_of_then(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion = ward.planned()  # nothing is due, and no flag comes by time alone
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    unsent = tablet.flags.filter(has_text="not yet sent")
    network.cut()
    expect(tablet.lost).to_be_visible()
    quiet = tablet.page.get_by_text("No values recorded yet")
    expect(quiet).to_have_text(re.compile(rf"^As of {CLOCK_TIME}: "))
    assert colourless(quiet)
    for viewport in (PORTRAIT, LANDSCAPE):
        tablet.page.set_viewport_size(viewport)
        assert apart(tablet.lost, tablet.page.get_by_role("img", name=re.compile("^Chart of this infusion")))
    network.whole()
    expect(tablet.connection).to_have_text("live")

    # The server is slow to answer: what is on its way is judged all the same.
    asked: list[Route] = []
    tablet.page.route("**/entries", lambda route: asked.append(route))
    tablet.log({**QUIET, "systolic": 166})
    expect(unsent).to_have_count(1)
    expect(unsent).to_contain_text("SYS 166")
    expect(tablet.connection).to_have_text("live")
    asked[0].continue_()
    tablet.page.unroute("**/entries")
    expect(tablet.flags).to_have_count(1)
    expect(tablet.flags).to_contain_text("Systolic pressure 166 mmHg")

    network.cut()
    expect(tablet.lost).to_be_visible()
    tablet.log({**QUIET, "systolic": 190, "diastolic": 115, "spo2": 90})
    expect(tablet.flags).to_have_count(
        1
    )  # sideways there is room for the worst one, beside what is said of the connection
    expect(tablet.flags).to_contain_text("not yet sent")
    expect(tablet.button("All 2 flags")).to_be_visible()
    tablet.page.set_viewport_size(PORTRAIT)
    expect(tablet.flags).to_have_count(2)
    expect(tablet.flags.first).to_contain_text("SYS 190 · DIA 115 · SpO₂ 90")
    expect(tablet.flags.first).to_contain_text("critical, out of range, not yet sent")
    expect(tablet.flags.last).to_contain_text(re.compile(r"as of \d\d:\d\d:\d\d"))
    assert [colourless(flag) for flag in tablet.flags.all()] == [False, True]
    waiting, told = tablet.entries.nth(0), tablet.entries.nth(1)
    expect(waiting).to_contain_text("SYS 190 ■")
    expect(waiting).to_contain_text("out of range, critical · to be sent")
    assert [colourless(waiting), colourless(told)] == [False, True]
    values = tablet.page.get_by_role("list", name="Last values").get_by_role("listitem")
    expect(values.filter(has_text="BP")).to_contain_text("190/115■ not sent")
    expect(values.filter(has_text="SpO₂")).to_contain_text("90■ not sent")
    expect(tablet.tile("spo2")).to_contain_text("was 90 ■")

    network.whole()
    tablet.sent()
    tablet.shows(2)
    expect(unsent).to_have_count(0)
    expect(tablet.flags.filter(has_text="190 mmHg")).to_have_count(1)
    assert not colourless(tablet.flags.first)


def test_a_round_entered_while_cut_arrives_once_in_order_with_its_own_times(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    network.cut()
    expect(tablet.lost).to_be_visible(timeout=SAID_WITHIN * 1000)
    expect(tablet.connection).to_have_text("not connected")
    # Streamlit now covers the page with a modal of its own, which must not stay. The taps below need a free page.
    expect(tablet.page.get_by_test_id("stApp")).not_to_have_attribute("data-test-connection-state", "CONNECTED")

    moments: list[tuple[datetime, datetime]] = []

    def enter(what: str, *more: object) -> None:
        before = times_of(tablet)
        if what == "set":
            tablet.log({**QUIET, "heart_rate": float(str(more[0]))})
        elif what == "rate":
            tablet.rate(str(more[0]), str(more[1]))
        else:
            tablet.tap(tablet.button(what))
        tablet.until(f"inside.outbox.items().length === {len(moments) + 1}")
        moments.append((before, times_of(tablet)))

    enter("set", 81)
    enter("rate", "Dissociation", "2 moderate")
    enter("set", 82)
    enter("Pump paused")
    tablet.tap(tablet.button("Back"))  # the reason may follow, and does not
    enter("set", 83)
    enter("set", 84)
    enter("rate", "Distress", "1 some")
    enter("set", 85)
    expect(tablet.connection).to_have_text("waiting to send 8")
    expect(tablet.lost).to_contain_text("8 entries wait here under the name Ada Okafor")
    expect(tablet.page.get_by_role("dialog", name="Connection error")).to_have_count(0)
    assert typed(ward.written(infusion)) == []

    network.whole()
    tablet.sent()
    tablet.shows(9)
    entries = typed(ward.written(infusion))
    said = [
        entry.event.kind if entry.event else (values(entry).get("heart_rate") or values(entry)) for entry in entries
    ]
    assert said == [81, {"dissociation": 2}, 82, "pause", 83, 84, {"distress": 1}, 85]
    for entry, (before, after) in zip(entries, moments, strict=True):
        assert before <= entry.observed_at == entry.tapped_at <= after
        assert (entry.author_name, entry.clock, entry.other_sign_in) == ("Ada Okafor", "server", False)
        assert entry.queued, "judged as if it had been typed on a screen that was live"
    expect(tablet.button("Pump resumed")).to_be_visible()
    assert_chains_hold(ward.server.file)


def test_what_waits_keeps_its_author_when_another_nurse_has_signed_in(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    network.cut()
    tablet.log({"heart_rate": 61})
    tablet.log({"heart_rate": 62})
    tablet.url = ward.server.url  # another window of this tablet, past the cut
    tablet.sign_in("Jonas Lund")
    network.whole()
    tablet.sent()
    expect(tablet.button("Jonas Lund, switch")).to_be_visible()
    tablet.log({"heart_rate": 63})
    tablet.shows(4)
    entries = typed(ward.written(infusion))
    assert rates(entries) == [61, 62, 63]
    assert [entry.author_name for entry in entries] == ["Ada Okafor", "Ada Okafor", "Jonas Lund"]
    assert [entry.other_sign_in for entry in entries] == [True, True, False]
    expect(tablet.entries.filter(has_text="outside this person's sign-in")).to_have_count(2)


def test_what_waits_when_nobody_is_signed_in_any_more_goes_out_after_the_next_pin(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    network.cut()
    tablet.log({"heart_rate": 61})
    tablet.type({"systolic": 12})
    tablet.url = ward.server.url
    tablet.post("/api/sign-out", {})
    network.whole()
    expect(tablet.page.get_by_text("Nobody is signed in on this tablet")).to_be_visible()
    tablet.tap(tablet.button("1"))  # a half-typed set goes on, and nobody else's name is put under it
    tablet.type({"diastolic": 71, "heart_rate": 62})
    tablet.tap(tablet.button("Save"))
    expect(tablet.page.get_by_text("Nobody is signed in on this tablet: tap Sign in first")).to_be_visible()
    expect(tablet.connection).to_have_text("waiting to send 1")
    expect(tablet.page.get_by_text("1 entry waits to be sent, under the name Ada Okafor")).to_be_visible()
    assert typed(ward.written(infusion)) == []
    tablet.url = network.url
    tablet.switch_to("Jonas Lund")
    expect(tablet.button("Jonas Lund, switch")).to_be_visible()
    tablet.save()
    tablet.sent()
    tablet.log({"heart_rate": 63})
    tablet.shows(4)
    entries = typed(ward.written(infusion))
    assert rates(entries) == [61, 62, 63]
    assert values(entries[1]) == {"systolic": 121, "diastolic": 71, "heart_rate": 62}
    assert [entry.author_name for entry in entries] == ["Ada Okafor", "Jonas Lund", "Jonas Lund"]
    assert [entry.other_sign_in for entry in entries] == [True, False, False]


def test_one_refused_item_waits_in_the_tray_and_the_rest_go_on(ward: Ward, tablets: Tablets, network: Network) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    network.cut()
    for rate in (61, 62, 63):
        tablet.log({"heart_rate": rate})
    tablet.page.evaluate(
        """() => navigator.locks.request("outbox", () => {  // while nothing is being sent
          const { key, ...item } = inside.outbox.items()[1];
          item.body.readings[0].value = 1200;
          localStorage.setItem(key, JSON.stringify(item));
        })"""
    )
    network.whole()
    tablet.until("inside.outbox.waiting().length === 0")
    tray = tablet.page.get_by_role("region", name="Needs attention")
    expect(tray).to_contain_text("Heart rate 1200 /min: expected 0 to 350")
    expect(tray).to_contain_text("Ada Okafor")
    tablet.shows(3)
    assert rates(typed(ward.written(infusion))) == [61, 63]
    tablet.open_bedside(infusion)
    tablet.tap(tray.get_by_role("button", name="Remove"))
    tablet.tap(tablet.button("Remove it"))
    expect(tray).to_have_count(0)
    tablet.sent()


def test_what_waits_when_the_infusion_was_closed_is_kept_and_marked(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    other = tablets(ward, "Jonas Lund")
    network.cut()
    tablet.log({"heart_rate": 61})
    tablet.rate("Dissociation", "1 mild")
    tablet.tap(tablet.button("Pump paused"))
    tablet.log({"heart_rate": 62})
    other.post_leaving(infusion, "Ada Okafor")
    network.whole()
    tablet.sent()
    tablet.shows(7)
    entries = typed(ward.written(infusion))
    assert rates(entries) == [61, 62]
    late = [entry for entry in entries if entry.author_name == "Ada Okafor"]
    assert [entry.kind for entry in late] == ["set", "observation", "event", "set"]
    assert all(entry.queued and not entry.after_signing for entry in late)
    expect(tablet.entries.filter(has_text="arrived after closing")).to_have_count(4)


def test_a_black_hole_is_said_and_nothing_is_doubled_when_it_ends(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    network.hang()
    tablet.log({"heart_rate": 61})
    expect(tablet.lost).to_be_visible(timeout=SAID_WITHIN * 1000)
    tablet.log({"heart_rate": 62})
    expect(tablet.lost).to_contain_text("2 entries wait here under the name Ada Okafor")
    network.whole()
    tablet.sent()
    expect(tablet.connection).to_have_text("live")
    tablet.shows(3)
    assert rates(typed(ward.written(infusion))) == [61, 62]
