"""Telling every open screen that something changed: one document a change, built once, sent to all.

A `Stream` is one open page. It follows one `Subject`: an infusion, the board, or the wall (the board with initials
only). The `Hub` lives in the server's event loop. When the store says that something changed, it builds the document
of that subject in a worker thread, keeps the encoded text, and sends it to the subject's streams. A document also
names the next instant at which time alone changes it (`next_change`); the hub wakes then. Every two seconds each stream
gets a beat, so that a page whose stream has died can see it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, Literal

from monitoring.clock import Clock

Document = Mapping[str, Any]
InfusionDocument = Callable[[str], Document]  # of an infusion's id
BoardDocument = Callable[[bool], Document]  # of `initials_only`
Me = Callable[[str], Document | None]  # of a device's id: who is signed in there, None when nobody is

BEAT_SECONDS: Final = 2.0
BOARD_SECONDS: Final = 0.2  # a board is built at most this often, however many chairs save at once
CHAIR_FIRST_SECONDS: Final = 0.05  # what is seen at the chair goes first: a board built beside it would slow it down
RETRY_SECONDS: Final = 2.0
SOONEST_WAKE_SECONDS: Final = 0.1  # a document whose next change is already past must not spin

CLOSE_SIGNED_OUT: Final = 4401
CLOSE_RESTART: Final = 1012

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a stream follows. `id` is the infusion's, and "" for the board and the wall."""

    kind: Literal["infusion", "board", "wall"]
    id: str = ""


BOARD: Final = Subject("board")
WALL: Final = Subject("wall")


class Stream:
    """One open page. Holds at most one unsent message a kind: for a slow page the newest document wins."""

    def __init__(
        self,
        device: str,
        subject: Subject,
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int], Awaitable[None]],
    ) -> None:
        self.device = device
        self.subject = subject
        self.welcomed = False  # a page gets its first document only after it was told who is signed in
        self.expires_at: datetime | None = None
        self._send = send
        self._close = close
        self._unsent: dict[str, str] = {}
        self._ending: int | None = None
        self._sending: asyncio.Task[None] | None = None

    def offer(self, kind: str, text: str) -> None:
        """Send `text` as soon as the page takes it, in place of any unsent message of the same kind."""
        if self._ending is None:
            self._unsent[kind] = text
            self._start()

    def end(self, code: int, last: str = "") -> None:
        """Close the page's connection with `code`, after one `last` message; what else waited is not sent."""
        if self._ending is None:
            self._ending = code
            self._unsent = {"last": last} if last else {}
            self._start()

    def _start(self) -> None:
        # A task for each message, and none while nothing is sent: forty idle pages cost forty sockets, no more.
        if self._sending is None:
            self._sending = asyncio.get_running_loop().create_task(self._send_all())

    async def _send_all(self) -> None:
        try:
            while self._unsent:
                kind = next(iter(self._unsent))
                await self._send(self._unsent.pop(kind))
            if self._ending is not None:
                await self._close(self._ending)
        except Exception:  # the page is gone; its receive loop ends and detaches it
            self._ending = self._ending or CLOSE_RESTART
            self._unsent.clear()
        finally:
            self._sending = None


class _Topic:
    """A subject somebody follows, and the newest document of it."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.streams: set[Stream] = set()
        self.text: str | None = None
        self.changes = 1  # how many changes are known
        self.shown = 0  # how many of them the text holds
        self.building = False
        self.failed = False
        self.built_at = float("-inf")
        self.next_change: datetime | None = None
        self.waiting: asyncio.TimerHandle | None = None  # until the next build of a board is allowed
        self.timer: asyncio.TimerHandle | None = None  # until time alone changes the document

    def rest(self) -> None:
        """Forget what was waited for."""
        for handle in (self.waiting, self.timer):
            if handle is not None:
                handle.cancel()
        self.waiting = self.timer = None


class Hub:
    """Knows every open stream and what each follows. All methods but `changed` belong to the event loop's thread.

    `infusion`, `board` and `me` are called in worker threads and may read the store.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        infusion: InfusionDocument,
        board: BoardDocument,
        me: Me,
        beat_seconds: float = BEAT_SECONDS,
        board_seconds: float = BOARD_SECONDS,
    ) -> None:
        self._clock = clock
        self._infusion = infusion
        self._board = board
        self._me = me
        self._beat_seconds = beat_seconds
        self._board_seconds = board_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="live")
        self._topics: dict[Subject, _Topic] = {}
        self._devices: dict[str, set[Stream]] = {}
        self._asked: dict[str, int] = {}  # the newest question of who is signed in on a device

    async def run(self) -> None:
        """Beat until cancelled. The hub works from the first moment this runs."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._beat()
                self._ask_after_expired()
                await asyncio.sleep(self._beat_seconds)
        finally:
            self._loop = None
            self.drop_streams()
            self._workers.shutdown(wait=False, cancel_futures=True)

    def changed(self, kind: str, id: str) -> None:
        """Say that something was stored. May be called from any thread; returns at once."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has just closed: nobody is left to tell
                loop.call_soon_threadsafe(self._changed, kind, id)

    def attach(self, stream: Stream) -> None:
        """Let a page follow its subject: it is told who is signed in, then gets the document, then all that changes."""
        self._devices.setdefault(stream.device, set()).add(stream)
        self._ask_who(stream.device)

    def detach(self, stream: Stream) -> None:
        """Forget a page that has gone."""
        streams = self._devices.get(stream.device)
        if streams is not None:
            streams.discard(stream)
            if not streams:
                del self._devices[stream.device]
                self._asked.pop(stream.device, None)
        topic = self._topics.get(stream.subject)
        if topic is not None:
            topic.streams.discard(stream)
            if not topic.streams:
                topic.rest()
                del self._topics[stream.subject]

    def drop_streams(self) -> None:
        """Close every page's stream, so that each page begins anew."""
        for streams in list(self._devices.values()):
            for stream in list(streams):
                with suppress(RuntimeError):  # while the server stops there may be no loop to close it in
                    stream.end(CLOSE_RESTART)
        for topic in self._topics.values():
            topic.rest()
        self._topics.clear()
        self._devices.clear()
        self._asked.clear()

    def turn_to(self, clock: Clock) -> None:
        """Serve another clinic from now on: its clock is `clock`, and the pages of the former one begin anew."""
        self._clock = clock
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.drop_streams)

    @property
    def streams(self) -> int:
        """How many pages are open."""
        return sum(len(streams) for streams in self._devices.values())

    # What changed

    def _changed(self, kind: str, id: str) -> None:
        if kind == "sign_in":
            if id in self._devices:
                self._ask_who(id)
        elif kind == "clock":
            self._beat()
            for topic in self._topics.values():
                self._wake_at_next_change(topic)
        else:
            for topic in list(self._topics.values()):
                # What is not about one infusion (a range approved, a name corrected) may be on any screen.
                if topic.subject.kind != "infusion":
                    self._outdated(topic, CHAIR_FIRST_SECONDS if kind == "infusion" else 0.0)
                elif kind not in ("infusion", "board") or topic.subject.id == id:
                    self._outdated(topic)

    def _outdated(self, topic: _Topic, least_wait: float = 0.0) -> None:
        topic.changes += 1
        self._build_soon(topic, least_wait)

    def _build_soon(self, topic: _Topic, least_wait: float = 0.0) -> None:
        assert self._loop is not None
        if topic.building or topic.waiting is not None:
            return
        wait = least_wait
        if topic.failed:
            wait = RETRY_SECONDS
        elif topic.subject.kind != "infusion":
            wait = max(wait, topic.built_at + self._board_seconds - self._loop.time())
        if wait > 0:
            topic.waiting = self._loop.call_later(wait, self._build, topic)
        else:
            self._build(topic)

    def _build(self, topic: _Topic) -> None:
        assert self._loop is not None
        topic.rest()
        topic.building = True
        built = self._loop.run_in_executor(self._workers, self._document, topic.subject)
        built.add_done_callback(partial(self._built, topic, topic.changes))

    def _document(self, subject: Subject) -> tuple[str, datetime | None]:
        """In a worker thread: the subject's document as text, and when time alone changes it next."""
        document = self._infusion(subject.id) if subject.kind == "infusion" else self._board(subject.kind == "wall")
        shown_as = "infusion" if subject.kind == "infusion" else "board"
        next_change = document.get("next_change")
        return encode({"type": shown_as, **document}), datetime.fromisoformat(next_change) if next_change else None

    def _built(self, topic: _Topic, changes: int, built: asyncio.Future[tuple[str, datetime | None]]) -> None:
        topic.building = False
        if self._loop is None or self._topics.get(topic.subject) is not topic or built.cancelled():
            return
        topic.built_at = self._loop.time()
        if (error := built.exception()) is not None:
            # No document, no beats: the pages of this subject then say that they are not connected, which is true.
            _log.error("The document of %s could not be built.", topic.subject, exc_info=error)
            topic.failed = True
            self._build_soon(topic)
            return
        topic.failed = False
        topic.text, topic.next_change = built.result()
        topic.shown = changes
        for stream in topic.streams:
            stream.offer("document", topic.text)
        if topic.changes != changes:
            self._build_soon(topic)
        else:
            self._wake_at_next_change(topic)

    def _wake_at_next_change(self, topic: _Topic) -> None:
        assert self._loop is not None
        if topic.timer is not None:
            topic.timer.cancel()
            topic.timer = None
        if topic.next_change is not None:
            wait = max(self._clock.seconds_until(topic.next_change), SOONEST_WAKE_SECONDS)
            topic.timer = self._loop.call_later(wait, self._outdated, topic)

    # Beats

    def _beat(self) -> None:
        text = self._beat_text()
        for topic in self._topics.values():
            if not topic.failed:
                for stream in topic.streams:
                    stream.offer("beat", text)

    def _beat_text(self) -> str:
        beat = {"type": "beat", "now": self._clock.now().isoformat(), "rate": self._clock.rate}
        notice = self._clock.notice
        return encode({**beat, "clock_notice": notice} if notice else beat)

    # Who is signed in

    def _ask_after_expired(self) -> None:
        now = self._clock.now()
        for device, streams in self._devices.items():
            if any(stream.expires_at is not None and stream.expires_at <= now for stream in streams):
                self._ask_who(device)

    def _ask_who(self, device: str) -> None:
        assert self._loop is not None
        question = self._asked.get(device, 0) + 1
        self._asked[device] = question
        asked = self._loop.run_in_executor(self._workers, self._me, device)
        asked.add_done_callback(partial(self._told_who, device, question))

    def _told_who(self, device: str, question: int, asked: asyncio.Future[Document | None]) -> None:
        if self._loop is None or self._asked.get(device) != question or asked.cancelled():
            return  # a newer question is under way, and its answer is the one that holds
        streams = list(self._devices.get(device, ()))
        if (error := asked.exception()) is not None:
            _log.error("Who is signed in could not be read.", exc_info=error)
            for stream in streams:  # nobody was signed out: each page comes back and asks again
                stream.end(CLOSE_RESTART)
                self.detach(stream)
            return
        me = asked.result()
        if me is None:
            for stream in streams:
                stream.end(CLOSE_SIGNED_OUT, encode({"type": "signed_out"}))
                self.detach(stream)
            return
        text = encode({"type": "me", **me})
        expires_at = datetime.fromisoformat(me["me"]["expires_at"])
        for stream in streams:
            stream.expires_at = expires_at
            stream.offer("me", text)
            if not stream.welcomed:
                stream.welcomed = True
                self._welcome(stream)

    def _welcome(self, stream: Stream) -> None:
        topic = self._topics.setdefault(stream.subject, _Topic(stream.subject))
        topic.streams.add(stream)
        current = topic.next_change is None or self._clock.seconds_until(topic.next_change) > 0
        if topic.text is not None and topic.shown == topic.changes and current:
            stream.offer("document", topic.text)
            stream.offer("beat", self._beat_text())  # the kept text holds the time it was built at
        else:
            self._build_soon(topic)


def encode(message: Document) -> str:
    """A message as the text that is sent: compact JSON. Raises ValueError on what JSON cannot say (NaN)."""
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
