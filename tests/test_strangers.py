"""Whatever a stranger sends is answered in a sentence or not at all: never by a fault of the server's."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.exceptions import InvalidStatus

from monitoring import access
from monitoring import clinic as clinics
from monitoring.clinic import RunningClinic
from monitoring.routes import routes
from monitoring.routes.answers import Unreadable, decoded_json
from monitoring.routes.doors import Doors, SecurityHeaders
from monitoring.routes.open_pages import OpenPages, Turnstile
from tests.conftest import TEN
from tests.raw import JSON, STREAM, Caller, frame
from tests.server import Server, until
from tests.small_clinic import SECRET, Names, actor, entry
from tests.streamlit_screen import Screen
from tests.test_doors import signed_in

# What is sent, over real sockets to the real server

HALF_ADDRESSES = (
    "http://[",
    "http://]",
    "http://[::1",
    "http://[::1]x",
    "http://[v1.x]",
    "",
    "null",
    "//",
    "\xe4",
    "http://a b",
)
ODD_COOKIES = ("device=", 'device="', "device=\xff", "device=" + "a" * 4000, "=;;;", "_streamlit_xsrf=2|\xff|z|9" * 9)
ODD_HEADERS = (
    ("X-Forwarded-For", "\xff, [::1"),
    ("X-Forwarded-Proto", "\xff"),
    ("Range", "bytes=0-,-1,5-2"),
    ("If-Modified-Since", "Thu, 99 Foo 99999999 00:00:00 GMT"),
    ("Accept-Encoding", "\xff;q=x"),
    ("Content-Length", "-1"),
    ("Content-Length", "5, 5"),
    ("Host", "twice.example"),
    ("Transfer-Encoding", "chunked"),
    ("Expect", "100-continue"),
)
ODD_PATHS = (
    "/%00",
    "/%ff",
    "/assets/%00",
    "/assets/%2e%2e/x",
    "/static/%ed%a0%80.js",
    "/api/infusions/%00/dose?stock_mg_per_ml=1&bag_volume_ml=2",
    "/api/infusions/%ed%a0%80/record.pdf",
    "/api/series/%ff/records.zip?paper=%00",
    "/api/exports/%00",
    "/_stcore/bidi-components/%00/x",
    "/component/%00",
    "/media/%ff",
    "/\xff",
    "http://[/healthz",
    "*",
)
PLACES = ("/", "/board", "/healthz", "/api/me", "/assets/board.js", "/_stcore/health", "/static/x.js")


def requests(caller: Caller) -> Iterator[bytes]:
    """One request after the other that no browser would send."""
    for odd in HALF_ADDRESSES:
        for method in ("GET", "POST"):
            yield caller.request(method, "/api/sign-out", [JSON], b"{}", origin=odd)
            yield caller.request(method, "/api/sign-out", [JSON], b"{}", host=odd, origin=odd)
        yield caller.request("GET", "/api/live?board=1", STREAM, origin=odd)
        yield caller.request("GET", "/_stcore/stream", STREAM, host=odd, origin=odd)
        for place in PLACES:
            yield caller.request("GET", place, host=odd)
    for place in PLACES:
        for name, value in (*ODD_HEADERS, *(("Cookie", cookie) for cookie in ODD_COOKIES)):
            yield caller.request("GET", place, [(name, value)])
        for method in ("PUT", "OPTIONS", "TRACE", "FOO"):
            yield caller.request(method, place)
    for path in ODD_PATHS:
        yield caller.request("GET", path)
    for query in ("infusion=%00", "infusion=%ed%a0%80", "board=1&screen=%00", "%ff=%ff"):
        yield caller.request("GET", f"/api/live?{query}", STREAM)


FRAMES = {
    "text": frame(1, b"{}"),
    "text that is no text": frame(1, b"\xff\xfe"),
    "bytes that say nothing": frame(2, b"abc"),
    "no mask": b"\x81\x02{}",
    "an opcode there is not": frame(15, b""),
    "half a close": frame(8, b"x"),
    "a close with a number there is not": frame(8, b"\x03\xe7"),
    "more bytes than there are": b"\x82\xff\x7f" + b"\xff" * 7 + b"\x00" * 4,
}


def test_no_request_and_no_frame_makes_a_fault(served: Server, served_names: Names) -> None:
    known = Caller(served, signed_in(served, served_names))
    for caller in (Caller(served), known):
        for sent in requests(caller):
            assert caller.status(sent) < 500, sent[:200]
        for path in ("/api/live?board=1", "/_stcore/stream"):
            for what, sent in FRAMES.items():
                assert caller.frames(path, sent, frame(8, b"\x03\xe8")) < 500, (path, what)
    posted = f"/api/infusions/{served_names.infusion}/entries"
    body = json.dumps(entry(served_names.opened_at)).encode()
    for reset in (True, False):
        known.cut(known.request("POST", posted, [JSON, ("Content-Length", "500")], b'{"id":'), reset=reset)
        known.cut(known.request("POST", "/api/sign-in", [JSON], b'{"staff":"x","pin":"907441"}'), reset=reset)
        known.cut(known.request("POST", posted, [JSON], body), reset=reset)
        known.cut(known.request("GET", "/assets/plotly.min.js"), reset=reset)
        known.cut(known.request("GET", f"/api/infusions/{served_names.infusion}/record.pdf"), reset=reset)
        for path in ("/api/live?board=1", f"/api/live?infusion={served_names.infusion}", "/_stcore/stream"):
            known.cut(known.request("GET", path, STREAM), reset=reset)
    assert known.status(known.request("GET", "/api/me")) == 200
    assert "Traceback" not in served.log.read_text(errors="replace"), served.tail(60)


# What is sent, to each route of the table, in this process

TEXTS: Final = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "\ud800", "http://[", "[::1", "..", "%00", "nan", "1e999", "9" * 400, "2026-W01"]),
)
VALUES: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.just(10**400)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
FIELDS: Final = (
    "staff",
    "pin",
    "label",
    "rate",
    "until",
    "entries",
    "to",
    "reason",
    "kind",
    "address",
    "words",
    "paper",
)
ENCODINGS: Final = ("utf-8", "utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1")
TABLE: Final = tuple(route for route in routes() if isinstance(route, Route | Mount | WebSocketRoute))


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Something like an entry, or like another door's object, or nothing like it; in some encoding, perhaps cut."""
    proper = entry(TEN)
    shapes = st.sampled_from([proper, dict.fromkeys(FIELDS, "x"), {}])
    value: Any = draw(st.one_of(VALUES, shapes))
    if isinstance(value, dict) and value:
        changed = draw(st.sampled_from(sorted(value)))
        value = {**value, changed: draw(VALUES)}
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    made = text.encode(draw(st.sampled_from(ENCODINGS)), errors="replace")
    return made[: draw(st.integers(0, len(made)))] if draw(st.booleans()) else made


@st.composite
def scopes(draw: st.DrawFn) -> dict[str, Any]:
    """A request for a route of the table, or something like it, as the web server hands it to the program."""
    route = draw(st.sampled_from(TABLE))
    streaming = isinstance(route, WebSocketRoute)
    whole = f"{route.path}/{{path}}" if isinstance(route, Mount) else route.path
    path = re.sub(r"\{\w+\}", lambda _: draw(st.one_of(st.just("known"), TEXTS)), whole)
    method = next(iter((route.methods if isinstance(route, Route) else None) or {"GET"}))
    host, origin = "clinic.example", "http://clinic.example"
    if not draw(st.integers(0, 3)):  # one in four is already odd at the doors
        host = draw(st.sampled_from(["clinic.example", "http://[", "[::1", "", "\xe4"]))
        origin = draw(st.sampled_from([f"http://{host}", "http://[", "null", "\xff"]))
        method = draw(st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]))
    names = ("cookie", "content-type", "content-length", "accept-encoding", "range", "if-none-match", "sec-fetch-site")
    headers = [(draw(st.sampled_from(names)), draw(TEXTS)) for _ in range(draw(st.integers(0, 3)))]
    headers += [("host", host), ("origin", origin), ("content-type", "application/json"), ("cookie", "device=known")]
    return {
        "type": "websocket" if streaming else "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "ws" if streaming else "http",
        "path": path,
        "raw_path": path.encode(errors="replace"),
        "root_path": "",
        "query_string": draw(TEXTS).encode(errors="replace"),
        "headers": [(name.encode(), value.encode("latin-1", errors="replace")) for name, value in headers],
        "client": ("192.0.2.7", 50000),
        "server": ("127.0.0.1", 8501),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }


def status_of(app: Starlette, scope: dict[str, Any], body: bytes, *, cut: bool) -> int:
    """What is answered; 0 for nothing, as to a caller who has gone. Raises whatever the program raises."""
    gone = {"type": "websocket.disconnect" if scope["type"] == "websocket" else "http.disconnect", "code": 1006}
    opened = {"type": "websocket.connect"} if scope["type"] == "websocket" else None
    coming = [opened or {"type": "http.request", "body": body, "more_body": cut}, gone]
    found = [0]

    async def receive() -> dict[str, Any]:
        return coming.pop(0) if len(coming) > 1 else coming[0]

    async def send(message: Any) -> None:
        if message["type"].endswith(".start"):
            found[0] = message["status"]

    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return found[0]


def test_every_route_answers_whatever_is_sent_to_it(
    clinic: RunningClinic, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinics, "_running", clinic)
    ada = actor(clinic, "Ada Okafor")
    cookie = f"device={access.make_cookie(ada.sign_in.device, SECRET)}".encode()
    doors = [Middleware(SecurityHeaders), Middleware(Doors), Middleware(OpenPages, readable=lambda _: True)]
    app = Starlette(routes=routes(), middleware=doors)
    seen: set[int] = set()

    @settings(max_examples=120, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(scope=scopes(), body=bodies(), cut=st.booleans(), known=st.booleans())
    def anything(scope: dict[str, Any], body: bytes, cut: bool, known: bool) -> None:
        scope["path"] = scope["path"].replace("/known/", f"/{names.infusion}/")
        if known:
            scope["headers"] = [(k, cookie if v == b"device=known" else v) for k, v in scope["headers"]]
        status = status_of(app, scope, body, cut=cut)
        assert status < 500
        seen.add(status)

    anything()
    assert {401, 403} <= seen
    assert seen & {400, 404, 405, 422}  # it went past the doors, and was turned away there too


# JSON


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"a":1}'.encode("utf-16"), "What was sent is not UTF-8: expected JSON in UTF-8."),
        ('{"a":1}'.encode("utf-32-le"), "What was sent is not JSON."),
        ('{"a":1}'.encode("utf-16-le"), "What was sent is not JSON."),
        ('{"a":"é"}'.encode("latin-1"), "What was sent is not UTF-8: expected JSON in UTF-8."),
        (b'\xef\xbb\xbf{"a":1}', "What was sent is not JSON."),
        (b'{"a":NaN}', "What was sent holds NaN, which is no number: expected numbers."),
        (b'{"a":[-Infinity]}', "What was sent holds -Infinity, which is no number: expected numbers."),
        (b'{"a":1,"b":{"c":1,"c":2}}', "What was sent names a field twice in one object: expected each name once."),
        (b'{"a":1e999}', "What was sent holds a number that is too long to be kept as it is: expected a shorter one."),
        (
            b"[12345678901234567]",
            "What was sent holds a number that is too long to be kept as it is: expected a shorter one.",
        ),
        (b"[" * 100_000, "What was sent is not JSON."),
        (b'{"a":1', "What was sent is not JSON."),
        (b"", "What was sent is not JSON."),
    ],
)
def test_json_that_can_be_read_in_two_ways_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable) as refused:
        decoded_json(body)
    assert str(refused.value) == sentence
    assert refused.value.answer.status_code == 400


def test_json_that_says_one_thing_is_read() -> None:
    assert decoded_json('{"a":[1234567890123456,-5,0.1,true,null,"é"]}'.encode()) == {
        "a": [1234567890123456, -5, 0.1, True, None, "é"]
    }


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 401),
        ("application/json; charset=utf-8", 401),
        ('Application/JSON;Charset="UTF-8";v=1', 401),
        ("application/json; charset=utf-16", 415),
        ("application/json;charset=latin-1", 415),
        ("text/json", 415),
    ],
)
def test_only_utf_8_is_taken(served: Server, kind: str, status: int) -> None:
    headers = {"Origin": served.url, "Content-Type": kind}
    answer = httpx.post(
        f"{served.url}/api/sign-in", content=b'{"staff":"x","pin":"12"}', headers=headers, trust_env=False
    )
    assert answer.status_code == status
    assert len(answer.json()["sentences"]) == 1


# How many pages


class Now:
    """A clock that shows what it is told [s]."""

    def __init__(self) -> None:
        self.shown = 1000.0

    def __call__(self) -> float:
        return self.shown


def enter(turnstile: Turnstile, address: str) -> bool:
    """Whether a page opens at this address; it stays open."""
    if turnstile.refusal(address):
        return False
    turnstile.enter(address)
    return True


def test_pages_open_without_a_sign_in_are_few_at_one_address_and_in_all() -> None:
    turnstile = Turnstile(Now())
    assert [enter(turnstile, "a") for _ in range(26)] == [True] * 24 + [False] * 2
    assert "Too many pages are open here on which nobody is signed in" in turnstile.refusal("a")
    for address in "bcd":
        assert all(enter(turnstile, address) for _ in range(24))
    assert turnstile.refusal("e")  # 96 in all
    turnstile.leave("b")
    assert enter(turnstile, "e")
    assert turnstile.refusal("a")


def test_pages_opened_and_closed_again_are_slowed() -> None:
    now = Now()
    turnstile = Turnstile(now)

    def opened_and_closed(address: str) -> bool:
        if came := enter(turnstile, address):
            turnstile.leave(address)
        return came

    assert [opened_and_closed("a") for _ in range(50)] == [True] * 48 + [False] * 2
    assert turnstile.refusal("a").endswith("wait half a minute and try again.")
    assert opened_and_closed("b")
    now.shown += 3
    assert [opened_and_closed("a") for _ in range(4)] == [True] * 3 + [False]
    now.shown += 600
    assert opened_and_closed("a")
    assert set(turnstile._buckets) <= {"", "a"}  # nothing is kept of addresses that are long gone


def test_pages_of_strangers_leave_no_handle_behind_and_keep_no_nurse_out(
    furnished_now: tuple[Path, Names], tmp_path: Path
) -> None:
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    with Server(file) as server, ExitStack() as open_pages:
        cookie = signed_in(server, furnished_now[1])
        open_and_close(server, 1)
        before = handles(server)
        open_and_close(server, 30)
        until(lambda: handles(server) <= before + 6, lambda: f"{before} handles were {handles(server)}")
        open_and_close(server, 12, cookie)  # of a known device a few are kept, to be returned to
        until(lambda: handles(server) <= before + 24, lambda: f"{before} handles were {handles(server)}")
        turned_away = None
        while turned_away is None:
            try:
                open_pages.enter_context(Screen(server.url))
            except InvalidStatus as refused:
                turned_away = refused.response
        assert turned_away.status_code == 429
        assert json.loads(turned_away.body or b"")["sentences"][0].startswith("Too many pages ")
        shell = httpx.get(f"{server.url}/board", trust_env=False)
        assert (shell.status_code, shell.headers["retry-after"]) == (429, "30")
        assert "Too many pages " in shell.text
        hers = {"Cookie": f"device={cookie}"}
        assert httpx.get(f"{server.url}/board", headers=hers, trust_env=False).status_code == 200
        open_and_close(server, 1, cookie)


def open_and_close(server: Server, times: int, cookie: str = "") -> None:
    """Open a page and close it again, so many times."""
    for _ in range(times):
        with Screen(server.url, cookie) as screen:
            screen.open("board")


def handles(server: Server) -> int:
    """How many files and sockets the server's process holds."""
    process: Any = server.process
    number = process.pid if hasattr(process, "pid") else process._process.pid
    return len(os.listdir(f"/proc/{number}/fd"))
