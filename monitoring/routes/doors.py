"""What every request passes first: the headers that bind the browser, and the door that asks who is there.

Both are plain ASGI: they neither read a body nor hold an answer back.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from http.cookies import CookieError, SimpleCookie
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from monitoring import access
from monitoring.access import COOKIE
from monitoring.clinic import running
from monitoring.records import SignIn

# What answers without a sign-in: the empty shell of a page and the program that draws it (what it draws comes over
# Streamlit's stream, where the frame signs people in), the health of the server, and the sign-in itself.
_PAGE: Final = "/ (?!_|api$|api/|assets$|auth$|component$|media$|oauth2callback$|static$) [A-Za-z0-9_-]* /?"
PAGE: Final = re.compile(_PAGE, re.VERBOSE)
_OPEN_GET: Final = re.compile(
    rf"""
      {_PAGE}
    | (?: /[A-Za-z0-9_-]+ )? /_stcore/ (?: health | host-config )
    | / (?: favicon\.png | manifest\.json | healthz | service-worker\.js )
    | /static/ (?!.*\.\.) [A-Za-z0-9_./-]+
    | /assets/ [A-Za-z0-9_.-]+
    | /api/me
    """,
    re.VERBOSE,
)
_OPEN_POST: Final = frozenset({"/api/sign-in"})
STREAM: Final = "/_stcore/stream"  # of a page: the frame signs people in on it
_WALL: Final = frozenset({"/api/me", "/api/live"})  # all that a wall screen needs when it is known
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST: Final = re.compile(r"[A-Za-z0-9.-]+(?::\d+)?|\[[0-9A-Fa-f:.]+\](?::\d+)?")

_STEADY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)


class SecurityHeaders:
    """Gives every answer the headers that say what its page may load, and that nobody may frame it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; add the headers when the answer starts."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        host = _header(scope, b"host")
        headers = _headers_for(host, scope.get("scheme") == "https", scope["path"].startswith("/api/"))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {name.lower() for name, _ in message.get("headers", ())}
                added = [header for header in headers if header[0] not in there]
                message = {**message, "headers": [*message.get("headers", ()), *added]}
            await send(message)

        await self.app(scope, receive, send_with_headers)


@functools.lru_cache(maxsize=64)
def _headers_for(host: str, secure: bool, private: bool) -> tuple[tuple[bytes, bytes], ...]:
    policy = content_security_policy(host)
    return (
        (b"content-security-policy", policy.encode("latin-1")),
        *_STEADY_HEADERS,
        *([(b"strict-transport-security", b"max-age=31536000")] if secure else []),
        *([(b"cache-control", b"no-store")] if private else []),
    )


def content_security_policy(host: str) -> str:
    """What a page may load, for a server reached as `host`: only what this server serves.

    `blob:` scripts are how Streamlit runs the modules of its components, and its shell holds one inline script, named
    here by its hash. Streams are named by host because older browsers do not count them to 'self'.
    """
    streams = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    inline = "".join(f" '{source}'" for source in _inline_scripts())
    return (
        f"default-src 'self'; script-src 'self' blob:{inline}; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'{streams}; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )


@functools.cache
def _inline_scripts() -> tuple[str, ...]:
    """The hashes of the scripts written inside the shell of the installed Streamlit."""
    spec = find_spec("streamlit")
    assert spec is not None
    assert spec.origin is not None
    shell = (Path(spec.origin).parent / "static" / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", shell, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return tuple(f"sha256-{base64.b64encode(digest).decode()}" for digest in digests)


class Doors:
    """Lets in who is signed in, and anybody to what is open. Writing and streaming need this server's own Origin.

    What a handler may know of the caller is in `scope["state"]`: `device` (id or None) and `sign_in` (SignIn or None).
    """

    def __init__(self, app: ASGIApp, allowed_hosts: Iterable[str] = ()) -> None:
        self.app = app
        self._allowed_hosts = frozenset(host.strip().lower() for host in allowed_hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with why not."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if (refusal := await self._refusal(scope)) is not None:
            await refuse(scope, receive, send, *refusal)
            return
        with suppress(ClientDisconnect, WebSocketDisconnect):  # who has gone is told nothing, and it is no fault here
            await self.app(scope, receive, send)

    async def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence with which this request is turned away, or None."""
        path: str = scope["path"]
        streaming = scope["type"] == "websocket"
        reading = not streaming and scope["method"] in _READS
        if not self._host_allowed(_header(scope, b"host")):
            return 400, "This server is not reached under this name: expected one of its allowed hosts."
        if not reading and not _own_origin(scope):
            return 403, "This request comes from another site: expected one from this server's own pages."
        state = scope.setdefault("state", {})
        state["device"] = state["sign_in"] = None
        if streaming:
            is_open = path == STREAM
        else:
            is_open = _OPEN_GET.fullmatch(path) is not None if reading else path in _OPEN_POST
        if is_open and not path.startswith("/api/"):
            return None
        device = device_of(scope)
        sign_in = await run_in_threadpool(running().signed_in, device) if device else None
        state["device"], state["sign_in"] = device, sign_in
        if sign_in is None:
            # A page whose sign-in has run out is told so by the stream itself, which then closes.
            known = device is not None and streaming and path == "/api/live"
            return None if is_open or known else (401, "Nobody is signed in on this device.")
        if sign_in.wall and not is_open and path not in _WALL:
            return 403, "This is a wall screen, which only shows."
        return None

    def _host_allowed(self, host: str) -> bool:
        if not self._allowed_hosts or "*" in self._allowed_hosts:
            return True
        address = _address(f"//{host}")
        name = "" if address is None else (address.hostname or "").rstrip(".")
        return any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:]))
            for allowed in self._allowed_hosts
        )


def device_of(scope: Scope) -> str | None:
    """The id of the device whose cookie this request carries, or None; a cookie that was tampered with is none."""
    value = _cookie(_header(scope, b"cookie"))
    return access.read_cookie(value, running().secret) if value else None


def sign_in_of(scope: Scope) -> SignIn | None:
    """Who is signed in on the device that asks, as the door found."""
    found = scope["state"]["sign_in"]
    assert found is None or isinstance(found, SignIn)
    return found


def actor_of(scope: Scope) -> access.Actor | None:
    """The person who asks, or None: nobody is signed in, or the device is a wall screen."""
    sign_in = sign_in_of(scope)
    return access.Actor(sign_in.staff, sign_in) if sign_in is not None and sign_in.staff is not None else None


def _cookie(header: str) -> str:
    if COOKIE not in header:
        return ""
    cookies: SimpleCookie = SimpleCookie()
    for part in header.split(";"):  # one by one: a broken cookie of another program must not hide ours
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            try:
                cookies.load(f"{COOKIE}={value}")
            except CookieError:
                return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""


def _own_origin(scope: Scope) -> bool:
    origin = _address(_header(scope, b"origin"))
    host = _header(scope, b"host")
    if origin is None or not host:
        return False
    return origin.scheme in ("http", "https") and origin.netloc.lower() == host.lower()


def _address(text: str) -> SplitResult | None:
    """An address in its parts; None for what is none, such as half an address in brackets."""
    try:
        return urlsplit(text)
    except ValueError:
        return None


def _header(scope: Scope, name: bytes) -> str:
    found = [value for key, value in scope.get("headers", ()) if key == name]
    return (b"; " if name == b"cookie" else b", ").join(found).decode("latin-1")


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str) -> None:
    """Answer a request, or a stream that is asked for, with this status and one sentence."""
    body = json.dumps({"saved": False, "sentences": [sentence]}).encode()
    headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    kind = "http.response"
    if scope["type"] == "websocket":
        extensions: dict[str, Any] = scope.get("extensions") or {}
        await receive()  # the handshake's own message
        if "websocket.http.response" not in extensions:
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        kind = "websocket.http.response"
    else:
        headers.append((b"content-length", str(len(body)).encode()))
        headers.append((b"connection", b"close"))  # the body that was sent along is not read
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
