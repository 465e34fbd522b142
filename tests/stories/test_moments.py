"""Clock times typed at the chair become moments of that infusion, over midnight and where the clocks are changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from tests.stories.test_drawing import HOUSE, serve

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
