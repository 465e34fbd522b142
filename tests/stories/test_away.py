"""The server is away: no way leads off the bedside, and a reload shows it again, to record on."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.small_clinic import QUIET
from tests.stories.conftest import Tablets
from tests.stories.network import Network
from tests.stories.tablet import Tablet
from tests.stories.ward import Ward, assert_chains_hold, typed, values

pytestmark = pytest.mark.browser

STAY = re.compile("^Not connected: stay here")
KEPT = "JSON.parse(localStorage.getItem('kept-bedside') ?? 'null')?.infusion"
WORKER = "navigator.serviceWorker.controller?.state === 'activated'"


def stays(tablet: Tablet) -> None:
    """The bedside is still there, and says why."""
    expect(tablet.page.get_by_text(STAY)).to_be_visible()
    expect(tablet.page.get_by_role("main", name="Bedside")).to_be_visible()


def test_no_way_leads_off_the_bedside_while_it_is_cut_off(ward: Ward, tablets: Tablets, network: Network) -> None:
    infusion = ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url)
    tablet.open_board()
    tablet.open_bedside(infusion)
    tablet.type({"systolic": 12})
    network.cut()
    expect(tablet.lost).to_be_visible()
    for way in ("Board", "Handover"):
        tablet.tap(tablet.page.get_by_role("link", name=way))
        stays(tablet)
        tablet.page.locator(".way-out").evaluate("(said) => said.remove()")
    tablet.page.evaluate("history.back()")
    stays(tablet)
    tablet.tap(tablet.button("Ada Okafor, switch"))
    expect(tablet.page.get_by_text("Not connected: nobody can be signed in now")).to_be_visible()
    # Here nothing is kept for a reload: the browser asks.
    with tablet.page.expect_event("dialog") as asked:
        tablet.page.once("dialog", lambda dialog: dialog.dismiss())
        tablet.page.evaluate("setTimeout(() => location.reload())")
    assert asked.value.type == "beforeunload"
    network.whole()
    expect(tablet.connection).to_have_text("live")
    expect(tablet.tile("systolic")).to_contain_text("12")
    tablet.page.evaluate("setTimeout(() => history.back())")  # one step back is one step, as ever
    tablet.page.wait_for_url("**/board")
    tablet.ready()


def test_a_reload_while_cut_off_shows_the_bedside_and_what_waits_is_sent_once(
    ward: Ward, tablets: Tablets, network: Network
) -> None:
    infusion, other = ward.running(), ward.running()
    tablet = tablets(ward, "Ada Okafor", url=network.url, infusion=infusion, keeps=True)
    tablet.log({**QUIET, "systolic": 128})
    tablet.shows(2)
    tablet.until(f"{KEPT} === '{infusion}' && {WORKER}")
    network.cut()
    expect(tablet.lost).to_be_visible()
    tablet.log({**QUIET, "systolic": 190, "spo2": 90})
    tablet.type({"systolic": 12})

    tablet.page.reload()
    expect(tablet.lost).to_contain_text("1 entry waits here under the name Ada Okafor")
    expect(tablet.flags.first).to_contain_text("SYS 190 · SpO₂ 90")
    expect(tablet.entries.first).to_contain_text("out of range, critical · to be sent")
    expect(tablet.page.get_by_role("list", name="Last values")).to_contain_text("190/78")
    expect(tablet.tile("systolic")).to_contain_text("12")
    expect(tablet.page.locator(".plot[data-drawn]")).to_be_visible()
    tablet.type({"systolic": 1, "diastolic": 71})  # 121: the digits typed before are there
    tablet.save()
    expect(tablet.connection).to_have_text("waiting to send 2")

    # Any other page, as a browser that was started again may open: it says so, and leads back to the one that is kept.
    tablet.page.goto(f"{network.url}/bedside?infusion={other}")
    expect(tablet.page.get_by_text("Not connected: this page cannot be opened now")).to_be_visible()
    expect(tablet.page.get_by_text("2 entries wait on this tablet")).to_be_visible()
    tablet.tap(tablet.page.get_by_role("link", name=re.compile("^Record on at Chair")))
    expect(tablet.lost).to_contain_text("2 entries wait here")

    network.whole()
    expect(tablet.page.get_by_test_id("stApp")).to_be_attached()  # the server's own page again
    tablet.ready()
    tablet.shows(4)
    entries = typed(ward.written(infusion))
    assert [values(entry)["systolic"] for entry in entries] == [128, 190, 121]
    assert [entry.author_name for entry in entries] == ["Ada Okafor"] * 3
    assert_chains_hold(ward.server.file)

    # It is for who is signed in: with the sign-in it goes.
    tablet.until(f"{KEPT} === '{infusion}'")
    tablet.post("/api/sign-out", {})
    expect(tablet.page.get_by_text("Nobody is signed in on this tablet")).to_be_visible()
    assert tablet.page.evaluate(f"{KEPT}") is None
    network.cut()
    tablet.page.reload()
    expect(tablet.page.get_by_text("Not connected: this page cannot be opened now")).to_be_visible()
    expect(tablet.page.get_by_role("link")).to_have_count(0)
    assert (
        tablet.page.evaluate("caches.keys().then((names) => names.filter((name) => !name.startsWith('shell-')))") == []
    )
