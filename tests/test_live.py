"""Every open screen is told of every change, once, and of the time that passes; a slow one holds nobody up."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring.clock import Clock, DemonstrationClock, SteadyClock
from monitoring.live import BOARD, CLOSE_RESTART, CLOSE_SIGNED_OUT, WALL, Hub, Stream, Subject
from tests.small_clinic import SetClock

TEN = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
ONE, TWO = Subject("infusion", "one"), Subject("infusion", "two")
SOON = 5.0  # seconds of patience with a busy machine; nothing waits that long when it works


class Page:
    """A page that keeps what it was sent. `taking` holds it back, as a slow connection does."""

    def __init__(self, subject: Subject, device: str = "tablet-1") -> None:
        self.got: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.taking = asyncio.Event()
        self.taking.set()
        self._news = asyncio.Condition()
        self.stream = Stream(device, subject, self._take, self._close)

    async def _take(self, text: str) -> None:
        await self.taking.wait()
        async with self._news:
            self.got.append(json.loads(text))
            self._news.notify_all()

    async def _close(self, code: int) -> None:
        async with self._news:
            self.closed = code
            self._news.notify_all()

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait until `seen` is true of what was sent."""
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: bool(seen())), SOON)

    def documents(self) -> list[dict[str, Any]]:
        return [message for message in self.got if message["type"] in ("infusion", "board")]

    def kinds(self) -> list[str]:
        return [message["type"] for message in self.got]

    async def has(self, version: object) -> None:
        """Wait for the document of this version."""
        await self.until(lambda: self.documents() and self.documents()[-1]["version"] == version)


class House:
    """A hub over documents that are only versions, and who is signed in on which device."""

    def __init__(self, clock: Clock | None = None, **settings: float) -> None:
        self.clock = clock or SetClock(TEN)
        self.versions: dict[str, int] = {}
        self.built: list[str] = []
        self.next_change: datetime | None = None
        self.people: dict[str, str] = {"tablet-1": "Ada Okafor", "tablet-2": "Jonas Lund"}
        self.expires_at = TEN + timedelta(hours=12)
        self.broken = False
        self.may_build = threading.Event()
        self.may_build.set()
        self.building = threading.Event()
        self.hub = Hub(self.clock, infusion=self._infusion, board=self._board, me=self._me, **settings)

    def _built(self, name: str, kind: str) -> dict[str, Any]:
        version = self.versions.get(name, 0)  # what was stored when the building began
        self.building.set()
        assert self.may_build.wait(SOON)
        self.built.append(name)
        if self.broken:
            raise OSError("the disk is gone")
        change = self.next_change.isoformat() if self.next_change else None
        return {"type": kind, "name": name, "version": version, "next_change": change}

    def _infusion(self, id: str) -> dict[str, Any]:
        return self._built(id, "infusion")

    def _board(self, initials_only: bool) -> dict[str, Any]:
        return self._built("wall" if initials_only else "board", "board")

    def _me(self, device: str) -> dict[str, Any] | None:
        name = self.people.get(device)
        return {"me": {"name": name, "expires_at": self.expires_at.isoformat()}} if name else None

    def save(self, id: str) -> None:
        """Store something in this infusion, as a worker thread does."""
        self.versions[id] = self.versions.get(id, 0) + 1
        thread = threading.Thread(target=self.hub.changed, args=("infusion", id))
        thread.start()
        thread.join()

    async def open(self, subject: Subject, device: str = "tablet-1") -> Page:
        """A page that has its first document."""
        page = Page(subject, device)
        self.hub.attach(page.stream)
        await page.until(page.documents)
        return page


def play(story: Callable[[House], Awaitable[None]], house: House | None = None, **settings: float) -> House:
    """Run a story with the hub beating beside it."""
    held = house or House(**settings)

    async def evening() -> None:
        hub = asyncio.create_task(held.hub.run())
        await asyncio.sleep(0)
        try:
            await story(held)
        finally:
            hub.cancel()
            await asyncio.gather(hub, return_exceptions=True)

    asyncio.run(evening())
    return held


def test_a_page_is_told_who_is_signed_in_before_it_gets_its_document() -> None:
    async def story(house: House) -> None:
        page = await house.open(ONE)
        assert page.kinds()[:2] == ["me", "infusion"]
        assert page.got[0]["me"]["name"] == "Ada Okafor"

    play(story)


def test_a_change_is_built_once_and_sent_to_all_who_look() -> None:
    async def story(house: House) -> None:
        pages = [await house.open(ONE, device) for device in ("tablet-1", "tablet-2", "tablet-1")]
        other = await house.open(TWO)
        house.built.clear()
        house.save("one")
        for page in pages:
            await page.has(1)
        assert house.built == ["one"]
        assert [document["version"] for document in other.documents()] == [0]

    play(story)


def test_a_new_page_gets_the_document_that_is_there_and_the_time() -> None:
    async def story(house: House) -> None:
        await house.open(ONE)
        second = await house.open(ONE)
        await second.until(lambda: "beat" in second.kinds())
        assert house.built == ["one"]
        assert second.kinds()[:3] == ["me", "infusion", "beat"]

    play(story, beat_seconds=3600)


def test_what_changes_while_a_document_is_built_is_built_again() -> None:
    async def story(house: House) -> None:
        page = await house.open(ONE)
        house.built.clear()
        house.may_build.clear()
        house.building.clear()
        house.save("one")
        assert await asyncio.to_thread(house.building.wait, SOON)
        house.save("one")
        house.save("one")
        house.may_build.set()
        await page.has(3)
        assert house.built == ["one", "one"]
        assert [document["version"] for document in page.documents()] == [0, 1, 3]

    play(story)


def test_the_board_follows_every_infusion_but_is_built_seldom() -> None:
    async def story(house: House) -> None:
        board = await house.open(BOARD)
        wall = await house.open(WALL)
        house.built.clear()
        for _ in range(20):
            house.versions["board"] = house.versions["wall"] = house.versions.get("board", 0) + 1
            house.save("one")
            await asyncio.sleep(0)
        await board.has(20)
        await wall.has(20)
        assert house.built.count("board") <= 3
        assert house.built.count("wall") <= 3

    play(story, board_seconds=0.05)


def test_nobody_looks_so_nothing_is_built() -> None:
    async def story(house: House) -> None:
        page = await house.open(ONE)
        house.hub.detach(page.stream)
        house.built.clear()
        house.save("one")
        await house.open(TWO)
        assert house.built == ["two"]
        assert house.hub.streams == 1

    play(story)


def test_time_alone_brings_a_new_document() -> None:
    clock = DemonstrationClock(3600)
    house = House(clock)
    house.expires_at = clock.now() + timedelta(days=365)
    house.next_change = clock.now() + timedelta(minutes=5)

    async def story(house: House) -> None:
        page = await house.open(ONE)
        house.next_change = None
        house.versions["one"] = 1
        await page.has(1)
        assert house.built == ["one", "one"]

    play(story, house)


def test_a_change_of_rate_is_told_at_once_and_wakes_earlier() -> None:
    clock = DemonstrationClock()
    house = House(clock, beat_seconds=3600)
    house.expires_at = clock.now() + timedelta(days=365)
    house.next_change = clock.now() + timedelta(minutes=5)

    async def story(house: House) -> None:
        page = await house.open(ONE)
        house.next_change = None
        house.versions["one"] = 1
        clock.run_at(3600)
        house.hub.changed("clock", "")
        await page.has(1)
        assert [message["rate"] for message in page.got if message["type"] == "beat"] == [3600]

    play(story, house)


def test_every_page_hears_the_beat() -> None:
    async def story(house: House) -> None:
        pages = [await house.open(subject) for subject in (ONE, TWO, BOARD, WALL)]
        for page in pages:
            await page.until(lambda page=page: page.kinds().count("beat") >= 3)
            beat = next(message for message in page.got if message["type"] == "beat")
            assert beat == {"type": "beat", "now": TEN.isoformat(), "rate": 1.0}

    play(story, beat_seconds=0.02)


def test_the_beat_says_when_the_machines_clock_is_not_right() -> None:
    async def story(house: House) -> None:
        page = await house.open(BOARD)
        await page.until(lambda: "beat" in page.kinds())
        beat = next(message for message in page.got if message["type"] == "beat")
        assert beat["clock_notice"].startswith("The server's clock is 60 min behind what was recorded")

    passed, off = 0.0, timedelta(0)
    clock = SteadyClock(machine=lambda: TEN + off, steady=lambda: passed)
    clock.written(TEN, busy=True)
    off = timedelta(hours=-1)
    play(story, House(clock, beat_seconds=0.02))


def test_a_slow_page_gets_the_newest_document_and_holds_nobody_up() -> None:
    async def story(house: House) -> None:
        slow, quick = await house.open(ONE), await house.open(ONE, "tablet-2")
        slow.taking.clear()
        for version in range(1, 6):
            house.save("one")
            await quick.has(version)
        slow.taking.set()
        await slow.has(5)
        # One was on its way when the page stopped taking; of those after it only the newest is left.
        assert [document["version"] for document in slow.documents()] in ([0, 1, 5], [0, 5])

    play(story)


def test_a_page_that_is_gone_harms_nobody() -> None:
    async def story(house: House) -> None:
        quick = await house.open(ONE)

        async def gone(_: object) -> None:
            raise ConnectionResetError

        house.hub.attach(Stream("tablet-2", ONE, gone, gone))
        house.save("one")
        await quick.has(1)

    play(story)


def test_another_person_on_the_device_is_told_to_its_pages_alone() -> None:
    async def story(house: House) -> None:
        here, there = await house.open(ONE), await house.open(ONE, "tablet-2")
        house.people["tablet-1"] = "Dr Ines Weiss"
        house.hub.changed("sign_in", "tablet-1")
        await here.until(lambda: here.kinds().count("me") == 2)
        assert here.got[-1]["me"]["name"] == "Dr Ines Weiss"
        assert there.kinds().count("me") == 1
        assert here.closed is None

    play(story, beat_seconds=3600)


def test_signing_out_closes_the_pages_of_the_device() -> None:
    async def story(house: House) -> None:
        here, there = await house.open(ONE), await house.open(ONE, "tablet-2")
        del house.people["tablet-1"]
        house.hub.changed("sign_in", "tablet-1")
        await here.until(lambda: here.closed)
        assert (here.kinds()[-1], here.closed) == ("signed_out", CLOSE_SIGNED_OUT)
        house.save("one")
        await there.has(1)
        assert here.kinds()[-1] == "signed_out"
        assert house.hub.streams == 1

    play(story)


def test_a_sign_in_that_runs_out_closes_the_pages_by_itself() -> None:
    clock = SetClock(TEN)
    house = House(clock, beat_seconds=0.02)

    async def story(house: House) -> None:
        page = await house.open(ONE)
        clock.at = house.expires_at
        del house.people["tablet-1"]
        await page.until(lambda: page.closed)
        assert page.closed == CLOSE_SIGNED_OUT

    play(story, house)


def test_nobody_signed_in_gets_no_document() -> None:
    async def story(house: House) -> None:
        page = Page(ONE, "tablet-9")
        house.hub.attach(page.stream)
        await page.until(lambda: page.closed)
        assert page.kinds() == ["signed_out"]
        assert house.built == []

    play(story)


def test_a_document_that_cannot_be_built_ends_the_beat(caplog: pytest.LogCaptureFixture) -> None:
    """Silence on the stream is what a page shows as not connected: an old document must not look current."""

    async def story(house: House) -> None:
        page, other = await house.open(ONE), await house.open(TWO)
        house.broken = True
        house.save("one")
        await other.until(lambda: "one" in house.built[2:])
        await asyncio.sleep(0)
        heard = page.kinds().count("beat")
        others = other.kinds().count("beat")
        await other.until(lambda: other.kinds().count("beat") >= others + 5)
        assert page.kinds().count("beat") <= heard + 1

    play(story, beat_seconds=0.02)
    assert "could not be built" in caplog.text


def test_the_pages_of_a_former_clinic_begin_anew() -> None:
    async def story(house: House) -> None:
        page = await house.open(ONE)
        house.hub.turn_to(SetClock(TEN + timedelta(days=1)))
        await page.until(lambda: page.closed)
        assert page.closed == CLOSE_RESTART
        assert house.hub.streams == 0
        again = await house.open(ONE)
        await again.until(lambda: "beat" in again.kinds())
        assert again.got[-1]["now"] == "2026-03-04T10:00:00+00:00"

    play(story, beat_seconds=0.02)


def test_what_json_cannot_say_is_never_sent(caplog: pytest.LogCaptureFixture) -> None:
    house = House(beat_seconds=3600)
    house.versions["one"] = float("nan")  # type: ignore[assignment]

    async def story(house: House) -> None:
        page, other = Page(ONE), Page(TWO)
        house.hub.attach(page.stream)
        await page.until(page.kinds)
        house.hub.attach(other.stream)
        await other.until(other.documents)
        assert page.documents() == []

    play(story, house)
    assert "could not be built" in caplog.text


def test_the_hub_says_nothing_before_it_runs_and_after_it_ended() -> None:
    house = House()
    house.hub.changed("infusion", "one")

    async def story(house: House) -> None:
        await house.open(ONE)

    play(story, house)
    house.hub.changed("infusion", "one")
    assert house.built == ["one"]
