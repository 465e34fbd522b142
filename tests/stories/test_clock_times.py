"""The tablet shows a time of day as the server does: in a real browser, without a server."""

from __future__ import annotations

import base64
from datetime import datetime

import pytest
from playwright.sync_api import Browser

from monitoring.routes.assets import MODULES
from tests.clinical.test_clock_times import TWICE

pytestmark = pytest.mark.browser

SHOW = """
async ([program, rows]) => {
  const { wallClock, fieldClock } = await import(program);
  return rows.map(([at, zone]) => [wallClock(at, zone), fieldClock(at, zone)]);
}
"""


def test_a_tablet_says_which_of_two_hours_is_meant_and_a_field_holds_none_of_it(chromium: Browser) -> None:
    program = base64.b64encode((MODULES / "clock.js").read_bytes()).decode()
    rows = [[datetime.fromisoformat(instant).timestamp() * 1000, zone] for instant, zone, _ in TWICE]
    page = chromium.new_page()
    found = page.evaluate(SHOW, [f"data:text/javascript;base64,{program}", rows])
    page.close()
    assert found == [[shown, shown.split()[0]] for _, _, shown in TWICE]
