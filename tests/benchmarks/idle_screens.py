"""What forty open bedside screens of five infusions cost the server, and how soon they show what a chair saves.

Run by hand: uv run --group benchmarks python tests/benchmarks/idle_screens.py [MINUTES]

Five of the screens are pages of one real Chromium, one for each infusion. The others hold open what such a page does:
the stream of /api/live and Streamlit's own, each on a device of its own. Nobody touches anything for half a minute,
then each chair saves a set in every half minute, at random moments in it. The same server without a screen is the
baseline.
"""

from __future__ import annotations

import asyncio
import random
import re
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from playwright.sync_api import Browser, Page
from websockets.asyncio.client import connect
from websockets.typing import Origin

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.five_chairs import CHAIRS, FiveChairs, furnish, some_values
from tests.benchmarks.measured import LANDSCAPE, chromium, cpu_seconds, machine, server, settled, spread
from tests.server import Server
from tests.small_clinic import PEOPLE, entry
from tests.stories.tablet import Tablet
from tests.streamlit_screen import Screen

SCREENS: Final = 40
PERIOD_SECONDS: Final = 30.0
SETTLE_SECONDS: Final = 5.0
NURSE: Final = "Ada Okafor"
_VERSION: Final = re.compile(r'^\{"type":"infusion".{0,80}?"version":(\d+)')

# When the chart held how many points.
_LOOK_ON: Final = """() => {
  const points = () => document.querySelectorAll(".scatterlayer path.point").length;
  window.drawn = [];
  window.had = points();
  document.querySelector(".chart").addEventListener("drawn", () => {
    if (points() > window.had) window.drawn.push(performance.timeOrigin + performance.now());
    window.had = points();
  });
  return points();
}"""


@dataclass
class Streams:
    """The open streams of screens without a browser, and when each document came in on each."""

    url: str
    received: dict[tuple[str, int], list[float]] = field(
        default_factory=lambda: defaultdict(list)
    )  # (infusion, version)
    newest: dict[str, int] = field(default_factory=dict)  # version by infusion

    async def follow(self, infusion: str, cookie: str) -> None:
        """Follow one infusion until cancelled."""
        address = f"{self.url.replace('http', 'ws')}/api/live?infusion={infusion}"
        async with connect(
            address,
            origin=Origin(self.url),
            additional_headers={"Cookie": f"device={cookie}"},
            compression=None,
            max_size=None,
            proxy=None,
        ) as stream:
            async for message in stream:
                if found := _VERSION.match(str(message)):
                    version = int(found[1])
                    self.received[infusion, version].append(time.time())
                    self.newest[infusion] = version


@contextmanager
def following(streams: Streams, screens: Mapping[str, str]) -> Iterator[None]:
    """Open a stream for each of `screens` (cookie to infusion), in a thread of its own."""
    ended = threading.Event()

    async def follow_all() -> None:
        tasks = [asyncio.create_task(streams.follow(infusion, cookie)) for cookie, infusion in screens.items()]
        while not ended.is_set():
            await asyncio.sleep(0.2)
            for task in tasks:
                assert not task.done(), f"a stream ended: {task.exception()}"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=[follow_all()])
    thread.start()
    try:
        yield
        assert thread.is_alive(), "a stream ended"
    finally:
        ended.set()
        thread.join()


def sign_in(url: str, clinic: FiveChairs) -> str:
    """Sign the nurse in on a new device; answers its cookie."""
    body = {"staff": clinic.staff[NURSE], "pin": PEOPLE[NURSE][1]}
    answer = httpx.post(f"{url}/api/sign-in", json=body, headers={"Origin": url}, trust_env=False, timeout=30)
    answer.raise_for_status()
    return str(answer.cookies["device"])


def real_pages(browser: Browser, url: str, clinic: FiveChairs) -> dict[str, Page]:
    """A bedside page for each infusion, by infusion."""
    pins = {name: pin for name, (_, pin) in PEOPLE.items()}
    pages = {}
    for infusion in clinic.infusions:
        context = browser.new_context(has_touch=True, bypass_csp=True, viewport=LANDSCAPE)
        tablet = Tablet(context, url, clinic.staff, pins)
        tablet.sign_in(NURSE)
        tablet.open_bedside(infusion)
        tablet.until("document.querySelector('.plot')?.dataset.drawn")
        pages[infusion] = tablet.page
    return pages


def cpu_percent(process: int, seconds: float) -> float:
    """How much of one core the process uses over so many seconds [%]."""
    before, began = cpu_seconds(process), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_seconds(process) - before) / (time.monotonic() - began)


def save_sets(url: str, cookie: str, clinic: FiveChairs, minutes: float) -> dict[str, list[tuple[float, float]]]:
    """Save a set at each chair in every period; answers, by infusion, when each was sent and when it was saved."""
    numbers = random.Random(1)
    times: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with httpx.Client(headers={"Origin": url, "Cookie": f"device={cookie}"}, trust_env=False, timeout=30) as nurse:
        began = time.monotonic()
        for period in range(round(minutes * 60 / PERIOD_SECONDS)):
            moments = sorted((numbers.uniform(0, PERIOD_SECONDS - 1), infusion) for infusion in clinic.infusions)
            for moment, infusion in moments:
                time.sleep(max(0.0, began + period * PERIOD_SECONDS + moment - time.monotonic()))
                body = entry(datetime.now(UTC), readings=some_values(numbers))
                sent = time.time()
                answer = nurse.post(f"{url}/api/infusions/{infusion}/entries", json=body)
                answer.raise_for_status()
                times[infusion].append((sent, time.time()))
    time.sleep(2)
    return times


def report(
    times: Mapping[str, list[tuple[float, float]]],
    streams: Streams,
    pages: Mapping[str, Page],
    first: Mapping[str, int],
) -> None:
    """Print how long each save took to be answered, to be received on the streams, and to be drawn."""
    answered = [1000 * (saved - sent) for infusion in times for sent, saved in times[infusion]]
    received = [
        1000 * (at - sent)
        for infusion, saves in times.items()
        for n, (sent, _) in enumerate(saves, 1)
        for at in streams.received[infusion, first[infusion] + n][: SCREENS // CHAIRS - 1]
    ]
    drawn = []
    for infusion, page in pages.items():
        told = page.evaluate("window.drawn")
        assert len(told) == len(times[infusion]), f"{len(told)} drawn, {len(times[infusion])} saved"
        off = page.evaluate("performance.timeOrigin + performance.now() - Date.now()")
        drawn += [at - off - 1000 * sent for at, (sent, _) in zip(told, times[infusion], strict=True)]
    print(f"  save to answer             {spread(answered)}")
    print(f"  save to document received  {spread(received)}")
    print(f"  save to drawn (Chromium)   {spread(drawn)}")


def process_of(running: Server) -> int:
    """The server's process id."""
    assert running.process is not None
    return running.process.pid


def main(minutes: float) -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="idle_screens-"))
    clinic = furnish(folder / "clinic.db")
    print(machine())
    with ExitStack() as open_:
        running = open_.enter_context(server(folder / "clinic.db"))
        time.sleep(SETTLE_SECONDS)
        settled(running)
        without = cpu_percent(process_of(running), PERIOD_SECONDS)
        print(f"Server without a screen: {without:.2f} % of one core over {PERIOD_SECONDS:g} s")
        browser = open_.enter_context(chromium())
        pages = real_pages(browser, running.url, clinic)
        others = {sign_in(running.url, clinic): clinic.infusions[n % CHAIRS] for n in range(SCREENS - CHAIRS)}
        for cookie, infusion in others.items():
            screen = open_.enter_context(Screen(running.url, cookie))
            screen.open("bedside", f"infusion={infusion}")
        streams = Streams(running.url)
        open_.enter_context(following(streams, others))
        time.sleep(SETTLE_SECONDS)
        settled(running)
        assert len(streams.newest) == CHAIRS
        first = dict(streams.newest)
        idle = cpu_percent(process_of(running), PERIOD_SECONDS)
        print(f"{SCREENS} screens, nobody touches anything: {idle:.2f} % of one core; {machine()}")
        for page in pages.values():
            page.evaluate(_LOOK_ON)
        before, began = cpu_seconds(process_of(running)), time.monotonic()
        times = save_sets(running.url, next(iter(others)), clinic, minutes)
        busy = 100 * (cpu_seconds(process_of(running)) - before) / (time.monotonic() - began)
        print(f"{SCREENS} screens, a set at each chair every {PERIOD_SECONDS:g} s: {busy:.2f} %; {machine()}")
        report(times, streams, pages, first)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4)
