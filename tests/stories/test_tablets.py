"""Tablets as they are used: reloaded, two at one chair, with a wrong clock, with many tabs, and a server that dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from monitoring.clinical.record import Entry
from tests.small_clinic import QUIET
from tests.stories.conftest import Tablets
from tests.stories.network import Network
from tests.stories.tablet import PORTRAIT, Tablet
from tests.stories.ward import Ward, assert_chains_hold, typed, values

pytestmark = pytest.mark.browser

TABS = 6
WRONG_CLOCK = """
const Right = Date;
const wrong = 24 * 60 * 1000;
window.Date = class extends Right {
  constructor(...given) { given.length ? super(...given) : super(Right.now() + wrong); }
  static now() { return Right.now() + wrong; }
};
"""


def rates(entries: list[Entry]) -> list[float]:
    """The heart rates recorded, in the order they arrived."""
    return [reading.value for entry in entries for reading in entry.readings if reading.measure == "heart_rate"]


def test_a_reload_keeps_a_half_typed_set(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", infusion=infusion, viewport=PORTRAIT)
    tablet.type({"systolic": 128, "diastolic": 76})
    tablet.tap(tablet.button("Not done"))
    tablet.tap(tablet.button("refused"))
    tablet.tap(tablet.button("9"))
    tablet.open_bedside(infusion)
    described = {"systolic": "128 mmHg", "diastolic": "76 mmHg", "heart_rate": "not done, refused", "spo2": "9 %"}
    for measure, words in described.items():
        expect(tablet.tile(measure)).to_have_accessible_description(words)
    tablet.tap(tablet.button("7"))
    tablet.tap(tablet.button("1"))
    tablet.tap(tablet.button("6"))
    tablet.save()
    tablet.shows(2)
    (entry,) = typed(ward.written(infusion))
    assert values(entry) == {"systolic": 128, "diastolic": 76, "spo2": 97, "respiration": 16}
    assert [(one.measure, one.reason) for one in entry.not_done] == [("heart_rate", "refused")]
    tablet.open_bedside(infusion)
    tablet.pad_empty()


def test_two_tablets_at_one_chair_lose_nothing_of_each_other(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    ada = tablets(ward, "Ada Okafor", infusion=infusion)
    jonas = tablets(ward, "Jonas Lund", infusion=infusion, viewport=PORTRAIT)
    for n in range(3):
        ada.type({**QUIET, "heart_rate": 60 + n})
        jonas.type({"heart_rate": 80 + n})
        ada.tap(ada.button("Save"))
        jonas.tap(jonas.button("Save"))
        ada.pad_empty()
        jonas.pad_empty()
    ada.rate("Dissociation", "1 mild")
    jonas.rate("Dissociation", "2 moderate")
    for tablet in (ada, jonas):
        tablet.shows(9)
        tablet.sent()
    entries = typed(ward.written(infusion))
    assert rates([e for e in entries if e.author_name == "Ada Okafor"]) == [60, 61, 62]
    assert rates([e for e in entries if e.author_name == "Jonas Lund"]) == [80, 81, 82]
    assert len(entries) == 8
    assert_chains_hold(ward.server.file)


def test_a_tablet_clock_24_minutes_wrong_changes_no_time(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", infusion=infusion, script=WRONG_CLOCK)
    wrong = tablet.page.evaluate("Date.now()") / 1000 - datetime.now(UTC).timestamp()
    assert wrong == pytest.approx(24 * 60, abs=60)
    before = datetime.now(UTC)
    tablet.log({"heart_rate": 71})
    tablet.shows(2)
    after = datetime.now(UTC)
    (entry,) = typed(ward.written(infusion))
    slip = timedelta(seconds=1)  # what a busy machine may add between two readings of a clock
    assert before - slip <= entry.observed_at <= after + slip
    assert entry.observed_at == entry.tapped_at
    assert entry.clock == "server"
    expect(tablet.page.get_by_role("list", name="Last values")).to_contain_text("now")


def test_six_tabs_of_one_browser_are_all_live_and_save_once(ward: Ward, tablets: Tablets, network: Network) -> None:
    infusion = ward.running()
    first = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion)
    tabs = [first, *(Tablet(first.context, network.url, ward.staff, ward.pins) for _ in range(TABS - 1))]
    for tab in tabs[1:]:
        tab.open_bedside(infusion)
    tabs[2].to_front().log({"heart_rate": 71})
    for tab in tabs:
        tab.shows(2)
    # What is typed in one tab is the tablet's: it is in the others too, and saved by one of them.
    tabs[0].to_front().type({"heart_rate": 72})
    tabs[3].to_front()
    expect(tabs[3].tile("heart_rate")).to_have_accessible_description("72 /min")
    tabs[3].save()
    tabs[0].pad_empty()
    tabs[3].sent()
    network.cut()
    tabs[4].to_front().log({"heart_rate": 73})
    tabs[1].to_front().log({"heart_rate": 74})
    expect(tabs[5].connection).to_have_text("waiting to send 2")
    network.whole()
    for tab in tabs:
        tab.shows(5)
        tab.sent()
    assert rates(typed(ward.written(infusion))) == [71, 72, 73, 74]


def test_a_server_killed_while_an_entry_waits_gets_it_once(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", infusion=infusion)
    tablet.log({"heart_rate": 71})
    tablet.sent()
    ward.server.kill()
    tablet.log({"heart_rate": 72})
    tablet.type({"systolic": 12})
    expect(tablet.lost).to_contain_text("1 entry waits here under the name Ada Okafor")
    ward.server.start()
    tablet.sent()
    expect(tablet.connection).to_have_text("live", timeout=20_000)
    tablet.tap(tablet.button("5"))
    tablet.log({"heart_rate": 73})
    tablet.shows(4)
    entries = typed(ward.written(infusion))
    assert rates(entries) == [71, 72, 73]
    assert values(entries[-1]) == {"systolic": 125, "heart_rate": 73}
    assert_chains_hold(ward.server.file)


def test_what_cannot_be_written_waits_and_the_screen_says_why(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", infusion=infusion)
    file = ward.server.file
    elsewhere = file.with_name("moved.db")
    file.rename(elsewhere)
    try:
        tablet.log({"heart_rate": 71})
        expect(tablet.page.get_by_text("was moved away or replaced").first).to_be_visible()
        expect(tablet.connection).to_have_text("waiting to send 1")
        tablet.log({"heart_rate": 72})
    finally:
        elsewhere.rename(file)
    tablet.sent()
    tablet.shows(3)
    assert rates(typed(ward.written(infusion))) == [71, 72]
