"""Clock times typed at the chair become moments of that infusion, over midnight and where the clocks are changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect

from tests.stories.conftest import Tablets
from tests.stories.test_drawing import HOUSE, serve
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser

# What the page's own module makes of each [time, span, day], with the clock standing at `now`.
MEANT = """
async (asked) => {
  const clock = await import("/assets/clock.js");
  const { momentOf } = await import("/assets/moments.js");
  return asked.map(([time, span, day]) => {
    clock.synchronise(new Date(span.now).toISOString(), 1);
    return momentOf(time, { ...span, day });
  });
}
"""
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC")
ADA = "Ada Okafor"
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(scope="module")
def page(chromium: Browser) -> Iterator[Page]:
    """A tab with the modules and no server."""
    context = chromium.new_context()
    tab = context.new_page()
    serve(tab, "")
    tab.goto(f"{HOUSE}/")
    yield tab
    context.close()


def span_of(zone: str, since: datetime, until: datetime, near: datetime) -> dict[str, Any]:
    """A span of an infusion as the page has it; it goes on until now."""
    since, until, near = (round(one.timestamp() * 1000) for one in (since, until, near))
    return {"zone": zone, "from": since, "until": until, "near": near, "now": until}


def meant(page: Page, time: str, span: dict[str, Any], day: str = "") -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(MEANT, [[time, span, day]])[0]
    return found


def local(text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("time", "opened", "until", "near", "found"),
    [
        ("15:40", "2026-11-27 13:30", "2026-11-27 16:00", "2026-11-27 15:37", "2026-11-27 15:40"),  # closed days ago
        ("23:58", "2026-11-27 22:00", "2026-11-28 01:00", "2026-11-28 00:02", "2026-11-27 23:58"),  # over midnight
        ("00:03", "2026-11-27 22:00", "2026-11-28 01:00", "2026-11-27 23:50", "2026-11-28 00:03"),
        ("10:00", "2026-11-27 09:00", "2026-11-29 12:00", "2026-11-29 09:50", "2026-11-29 10:00"),  # left open for days
        ("10:00", "2026-11-27 09:00", "2026-11-29 12:00", "2026-11-27 09:50", "2026-11-27 10:00"),
        ("16:00", "2026-11-27 13:30", "2026-11-27 15:00", "2026-11-27 14:37", "in the future"),
        ("13:00", "2026-11-27 13:30", "2026-11-27 15:00", "2026-11-27 14:37", "expected 13:30 to 15:00"),
        ("02:30", "2026-03-29 01:00", "2026-03-29 05:00", "2026-03-29 01:50", "was not shown"),  # clocks put forward
        ("02:30", "2026-10-25 01:00", "2026-10-25 05:00", "2026-10-25 01:50", "came twice"),  # and back
        ("", "2026-11-27 13:30", "2026-11-27 15:00", "2026-11-27 14:37", "is empty"),
        ("24:00", "2026-11-27 13:30", "2026-11-27 15:00", "2026-11-27 14:37", "is empty"),
    ],
)
def test_a_time_is_the_nearest_moment_of_its_infusion(
    page: Page, time: str, opened: str, until: str, near: str, found: str
) -> None:
    said = meant(page, time, span_of("Europe/Berlin", local(opened), local(until), local(near)))
    if found[0].isdigit():
        assert said == {"at": local(found).timestamp() * 1000}
    else:
        assert "at" not in said
        assert found in said["wrong"]


def test_of_an_hour_that_comes_twice_only_what_lies_within_the_infusion_is_meant(page: Page) -> None:
    """Opened in the second of the two hours: the first is out of the question, and nothing is asked."""
    span = span_of(
        "Europe/Berlin", local("2026-10-25 02:10", fold=1), local("2026-10-25 05:00"), local("2026-10-25 04:00")
    )
    assert meant(page, "02:30", span) == {"at": local("2026-10-25 02:30", fold=1).timestamp() * 1000}


def test_a_day_that_is_chosen_holds(page: Page) -> None:
    span = span_of("Europe/Berlin", local("2026-11-27 09:00"), local("2026-11-29 12:00"), local("2026-11-29 11:50"))
    assert meant(page, "10:00", span, "2026-11-28") == {"at": local("2026-11-28 10:00").timestamp() * 1000}
    assert "does not lie within" in meant(page, "08:00", span, "2026-11-27")["wrong"]
    assert "is in the future" in meant(page, "10:00", span, "2026-11-30")["wrong"]


@st.composite
def cases(draw: st.DrawFn) -> list[Any]:
    """A time of day, an infusion around it in some zone (often in a night of a clock change), and an entry of it."""
    zone = draw(st.sampled_from(ZONES))
    nights = ("2026-03-29 01:00", "2026-10-25 00:30", "2026-03-08 07:00", "2026-11-01 05:30", "2026-04-04 14:45")
    around = datetime.fromisoformat(draw(st.sampled_from((*nights, "2026-12-31 22:00", "2028-02-29 00:00")))).replace(
        tzinfo=UTC
    )
    since = around + timedelta(minutes=draw(st.integers(-1500, 1500)))
    minutes = draw(st.integers(1, 1380))
    near = since + timedelta(minutes=draw(st.integers(0, minutes)))
    time = f"{draw(st.integers(0, 23)):02}:{draw(st.integers(0, 59)):02}"
    if draw(st.booleans()):  # a time that was shown
        time = f"{(since + timedelta(minutes=draw(st.integers(0, minutes)))).astimezone(ZoneInfo(zone)):%H:%M}"
    return [time, span_of(zone, since, since + timedelta(minutes=minutes), near), ""]


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(cases(), min_size=40, max_size=60))
def test_whatever_time_is_typed_is_a_moment_that_showed_it_or_a_refusal(page: Page, asked: list[list[Any]]) -> None:
    for (time, span, _), said in zip(asked, page.evaluate(MEANT, asked), strict=True):
        zone = ZoneInfo(span["zone"])
        minutes = range(int(span["from"] // 60000), int(span["until"] // 60000) + 1)
        showed = [m * 60000 for m in minutes if f"{datetime.fromtimestamp(m * 60, UTC).astimezone(zone):%H:%M}" == time]
        if len(showed) == 1:
            assert said == {"at": showed[0]}, (time, span, said)
        elif not showed:
            assert "at" not in said
            assert "twice" not in said
        else:  # within less than a day: the clocks were put back
            assert said["twice"] == showed


def test_a_set_of_the_waiting_room_takes_a_reason_and_can_be_made_the_baseline(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, ADA, infusion=infusion)
    tablet.log({"systolic": 168})  # there is no baseline yet, so no rise is flagged
    tablet.tap(tablet.button("Seen at"))
    sheet = tablet.sheet(re.compile("^Seen at"))
    opened = ward.written(infusion).opened_at
    seen = (opened - timedelta(minutes=30)).astimezone(BERLIN).replace(second=0, microsecond=0)
    sheet.get_by_label("Seen at, clock time").fill(f"{seen:%H:%M}")
    expect(sheet.get_by_label("Seen at, day")).to_have_value(f"{seen:%Y-%m-%d}")  # over midnight, too
    tablet.tap(sheet.get_by_role("button", name="Use this time"))
    because = tablet.sheet(re.compile("before this infusion was opened, because:$"))
    tablet.tap(because.get_by_role("button", name="seen in the waiting room"))
    tablet.log({"systolic": 118})
    tablet.knows(3)
    early = ward.written(infusion).entries[-1]
    assert (early.observed_at, early.reason) == (seen.astimezone(UTC), "seen in the waiting room")

    line = tablet.entries.filter(has_text="118")
    expect(line).to_contain_text("seen before the infusion was opened: seen in the waiting room")
    expect(line).to_contain_text("seen before the start, saved after it: not the baseline")
    note = tablet.page.get_by_text("before the start, was saved after it: it is not the baseline")
    expect(note).to_be_visible()
    tablet.tap(line.get_by_role("button", name="Correct"))
    tablet.tap(tablet.button("Make it the baseline …"))
    because = tablet.sheet(re.compile("^Baseline is"))
    tablet.tap(because.get_by_role("button", name="a resting value from the waiting room"))
    tablet.knows(4)
    expect(note).to_have_count(0)
    expect(tablet.flags).to_contain_text(re.compile("50 over baseline 118|rise of 40"))

    # Its time put right stays within the infusion, whatever is typed.
    line = tablet.entries.filter(has_text="seen before the infusion was opened")
    tablet.tap(line.get_by_role("button", name="Correct"))
    correcting = tablet.sheet(re.compile("^Correct the entry"))
    expect(correcting.get_by_label("Day seen, corrected")).to_have_value(f"{seen:%Y-%m-%d}")
    long_before = seen - timedelta(hours=5)
    correcting.get_by_label("Seen at, corrected").fill(f"{long_before:%H:%M}")
    tablet.tap(correcting.get_by_role("button", name="wrong time"))
    expect(correcting.get_by_role("status")).to_contain_text("does not lie within this infusion")
    right = seen + timedelta(minutes=4)
    correcting.get_by_label("Seen at, corrected").fill(f"{right:%H:%M}")
    tablet.tap(correcting.get_by_role("button", name="typed wrongly"))
    tablet.knows(5)
    assert ward.written(infusion).entries[-1].observed_at == right.astimezone(UTC)
