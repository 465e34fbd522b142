"""How many pages may be open, and what a page may send: so that strangers cannot use up what the chairs need.

A page is a stream of Streamlit's, and each costs this server a session. Devices on which somebody has signed in are
counted by themselves; all others, whose pages show only the sign-in, are counted by their address and together.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from html import escape
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.routes.doors import PAGE, STREAM, device_of, refuse

OPEN_OF_DEVICE: Final = 48  # pages that one known device has open
OPEN_AT_ADDRESS: Final = 24  # pages without a sign-in, from one address
OPEN_OF_STRANGERS: Final = 96  # pages without a sign-in, from all addresses
NEW_AT_ADDRESS: Final = (48, 1.0)  # new pages without a sign-in, from one address: so many at once, so many a second
NEW_OF_STRANGERS: Final = (144, 3.0)
WAIT_SECONDS: Final = 30  # after which a browser that was turned away asks again by itself

device_of_stream: ContextVar[str | None] = ContextVar("device_of_stream", default=None)


@dataclass(slots=True)
class _Bucket:
    """How many new pages may come now: it empties with each, and fills with time."""

    left: float
    at: float  # [s], monotonic

    def filled(self, most: int, a_second: float, now: float) -> float:
        """What is left in it at this moment, at most `most`."""
        self.left, self.at = min(most, self.left + (now - self.at) * a_second), now
        return self.left


class Turnstile:
    """Counts open and new pages without a sign-in. Belongs to the event loop's thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._open: Counter[str] = Counter()
        self._buckets: dict[str, _Bucket] = {}

    def refusal(self, address: str) -> str:
        """Why no further page opens at this address now, in a sentence; "" when one does."""
        if self._open[address] >= OPEN_AT_ADDRESS or self._open.total() >= OPEN_OF_STRANGERS:
            return "Too many pages are open here on which nobody is signed in: close some, or sign in on one of them."
        if min(self._left(address, *NEW_AT_ADDRESS), self._left("", *NEW_OF_STRANGERS)) < 1:
            return "Too many pages were opened in a short time without a sign-in: wait half a minute and try again."
        return ""

    def enter(self, address: str) -> None:
        """Count a page that opens."""
        self._open[address] += 1
        for key in (address, ""):
            self._buckets[key].left -= 1

    def leave(self, address: str) -> None:
        """Count a page that has closed, and forget addresses of which nothing is left to know."""
        self._open[address] -= 1
        self._open = +self._open
        now = self._now()
        for key in list(self._buckets):
            if key and key not in self._open and self._buckets[key].filled(*NEW_AT_ADDRESS, now) >= NEW_AT_ADDRESS[0]:
                del self._buckets[key]

    def _left(self, key: str, most: int, a_second: float) -> float:
        now = self._now()
        return self._buckets.setdefault(key, _Bucket(most, now)).filled(most, a_second, now)


class OpenPages:
    """Turns away pages beyond what is allowed, and closes a stream that sends what no page sends.

    `readable` says whether bytes are a message of Streamlit's. Plain ASGI, behind the doors.
    """

    def __init__(self, app: ASGIApp, readable: Callable[[bytes], bool]) -> None:
        self.app = app
        self._readable = readable
        self._strangers = Turnstile()
        self._devices: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with why not."""
        if scope["type"] == "websocket" and scope["path"] == STREAM:
            await self._stream(scope, receive, send)
        elif scope["type"] == "http" and PAGE.fullmatch(scope["path"]) and (why := self._refusal(scope)):
            await _say(why, send)
        else:
            await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> str:
        device = device_of(scope)
        if device is None:
            return self._strangers.refusal(_address(scope))
        if self._devices[device] >= OPEN_OF_DEVICE:
            return "Too many pages are open on this device: close some."
        return ""

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        if why := self._refusal(scope):
            await refuse(scope, receive, send, 429, why)
            return
        device, address = device_of(scope), _address(scope)
        held = device_of_stream.set(device)
        if device is None:
            self._strangers.enter(address)
        else:
            self._devices[device] += 1
        try:
            await self.app(scope, _Frames(receive, send, self._readable), send)
        finally:
            device_of_stream.reset(held)
            if device is None:
                self._strangers.leave(address)
            else:
                self._devices[device] -= 1
                self._devices = +self._devices


class _Frames:
    """What a page sends, until it sends what is no message: then the stream is closed, and reads as ended."""

    def __init__(self, receive: Receive, send: Send, readable: Callable[[bytes], bool]) -> None:
        self._receive, self._send, self._readable = receive, send, readable

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.receive":
            frame = message.get("bytes")
            if frame is None or not self._readable(frame):
                code = 1003 if frame is None else 1002  # text where bytes are expected; bytes that say nothing
                with suppress(Exception):  # it may have gone already
                    await self._send({"type": "websocket.close", "code": code})
                return {"type": "websocket.disconnect", "code": code}
        return message


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _say(sentence: str, send: Send) -> None:
    """A page with this sentence, which a browser asks for again by itself."""
    words = escape(sentence)
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="{WAIT_SECONDS}">'
        f"<title>Infusion Monitor</title><p>{words}</p></html>"
    ).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(WAIT_SECONDS).encode()),
    ]
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": body})
