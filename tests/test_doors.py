"""No page, route or stream answers without a sign-in, and the frame cannot be gone around."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from monitoring import access
from tests.server import TOP, Server
from tests.small_clinic import PATIENTS, PEOPLE, Names, entry
from tests.streamlit_screen import Screen, hash_of, words_of

PAGES = sorted((TOP / "pages").glob("*.py"))
WRONG_COOKIES = {
    "none": "",
    "unsigned": "tablet-1",
    "of another server": access.make_cookie("tablet-1", "the secret of another server altogether"),
}
WORKER = "/service-worker.js"
SECRETS = [*PATIENTS, *(number for number, *_ in PATIENTS.values())]  # what nobody may see who is not signed in


@pytest.fixture
def fresh(furnished_now: tuple[Path, Names], tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has opened a page on yet: some holes of pages close only after the first visit."""
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    with Server(file) as server:
        yield server


def http(server: Server, cookie: str = "") -> httpx.Client:
    """A client that behaves as this server's own pages do, with a cookie of its own."""
    headers = {"Origin": server.url} | ({"Cookie": f"device={cookie}"} if cookie else {})
    return httpx.Client(base_url=server.url, headers=headers, timeout=30, trust_env=False)


def signed_in(server: Server, names: Names, name: str = "Ada Okafor") -> str:
    """The cookie of a new device on which this person has just signed in."""
    with http(server) as client:
        answer = client.post("/api/sign-in", json={"staff": names.staff[name], "pin": PEOPLE[name][1]})
        assert answer.status_code == 200, answer.text
        return answer.cookies["device"]


def stream(server: Server, query: str, cookie: str, origin: str | None = None) -> ClientConnection:
    """The live stream, asked for as a page of this server does."""
    return connect(
        f"ws://127.0.0.1:{server.port}/api/live?{query}",
        origin=server.url if origin is None else origin,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"device={cookie}"} if cookie else {},
        compression=None,
        proxy=None,
    )


def until(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(timeout=30))
        if message["type"] == kind:
            return message


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_shows_only_the_sign_in_to_whoever_comes_first(fresh: Server, page: Path) -> None:
    asked: list[tuple[str, dict[str, str]]] = [
        ("none", {"page": page.stem}),
        ("none", {"page": page.stem, "script": hash_of(page)}),
        ("none", {"page": "", "script": hash_of(page.stem)}),
        ("unsigned", {"page": page.stem}),
        ("of another server", {"page": page.stem}),
    ]
    for cookie, one in asked:
        with Screen(fresh.url, WRONG_COOKIES[cookie]) as screen:
            sent = screen.open(**one)
        offered = {
            known.page_name
            for message in sent
            if message.WhichOneof("type") == "navigation"
            for known in message.navigation.app_pages
        }
        assert offered == {"Sign in"}, (cookie, one, fresh.tail())
        words = words_of(sent)
        assert [secret for secret in SECRETS if secret in words] == []


def test_no_folder_of_pages_stands_beside_the_frame() -> None:
    assert not (TOP / "monitoring" / "screens" / "pages").exists()


CLOSED = [
    ("GET", "/_stcore/metrics"),
    ("GET", "/_stcore/script-health-check"),
    ("GET", "/_stcore/agent/openapi.json"),
    ("POST", "/_stcore/agent/interact"),
    ("POST", "/_stcore/agent/mcp"),
    ("PUT", "/_stcore/upload_file/a/b"),
    ("DELETE", "/_stcore/upload_file/a/b"),
    ("GET", "/_stcore/bidi-components/pad/pad.js"),
    ("GET", "/component/pad/index.html"),
    ("GET", "/media/abc.png"),
    ("GET", "/app/static/x"),
    ("GET", "/oauth2callback"),
    ("GET", "/auth/login"),
    ("GET", "/auth/logout"),
    ("GET", "/api/me"),
    ("GET", "/api/"),
    ("GET", "/api/live"),
    ("GET", "/api/infusions/x/entries"),
    ("POST", "/api/infusions/x/entries"),
    ("POST", "/api/sign-out"),
    ("POST", "/api/attest"),
    ("POST", "/api/patients/find"),
    ("POST", "/api/infusions/x/move-entries"),
    ("GET", "/api/infusions/x/dose"),
    ("GET", "/api/infusions/x/earlier"),
    ("GET", "/api/infusions/x/downtime.pdf"),
    *(("GET", f"/api/infusions/x/{name}") for name in ("record.pdf", "readings.csv", "tables.zip", "bundle.json")),
    *(("GET", f"/api/series/x/{name}") for name in ("records.zip", "readings.csv", "tables.zip", "bundle.json")),
    ("POST", "/api/exports"),
    ("GET", "/api/exports/x"),
    ("GET", "/api/exports/data-dictionary.csv"),
    ("POST", "/api/wall"),
    ("POST", "/api/demonstration/rate"),
    ("POST", "/"),
    ("POST", "/healthz"),
    ("GET", "/api/sign-in"),
    ("GET", "/static/../_stcore/metrics"),
    ("GET", "/%5fstcore/metrics"),
    ("GET", "/board/_stcore/metrics"),
    ("GET", "//_stcore/metrics"),
    ("GET", "/.streamlit/config.toml"),
    ("GET", "/data/clinic.db"),
]


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("cookie", WRONG_COOKIES.values(), ids=WRONG_COOKIES)
def test_a_route_answers_nobody(served: Server, method: str, path: str, cookie: str) -> None:
    with http(served, cookie) as client:
        # The address is given as it is: a client would tidy ".." away before asking.
        answer = client.send(
            httpx.Request(
                method,
                httpx.URL(served.url).copy_with(raw_path=path.encode()),
                headers=client.headers,
                json={} if method != "GET" else None,
            )
        )
    assert answer.status_code == 401
    assert answer.json()["sentences"] == ["Nobody is signed in on this device."]


def test_every_route_of_the_app_is_open_by_name_or_closed(served: Server) -> None:
    """Routes that are added later are closed until somebody opens them in words."""
    from monitoring.routes import routes

    known = {path for _, path in CLOSED} | {"/healthz", "/assets", "/assets/plotly.min.js", "/api/sign-in", "/api/live"}
    known |= {WORKER}
    paths = {re.sub(r"\{\w+\}", "x", route.path) for route in routes()}  # type: ignore[attr-defined]
    assert paths <= known


@pytest.mark.parametrize("path", ["/", "/board", "/bedside", "/healthz", "/_stcore/health", "/assets/live.js", WORKER])
def test_what_the_sign_in_needs_is_open(served: Server, path: str) -> None:
    with http(served) as client:
        answer = client.get(path)
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-eval" not in policy
    assert re.search(r"script-src 'self' blob: 'sha256-[^']+';", policy)
    assert not any(name in answer.text for name in SECRETS)


def test_what_a_tablet_keeps_is_the_program_and_the_worker_names_each_file_by_its_hash(served: Server) -> None:
    with http(served) as client:
        worker = client.get(WORKER)
        assert worker.headers["cache-control"] == "no-cache"
        files = json.loads(worker.text.partition("const FILES = ")[2].partition(";\n")[0])
        assert {"away.html", "away.js", "bedside.js", "style.css", "plotly.min.js", "source-sans.woff2"} <= set(files)
        assert "service_worker.js" not in files
        for name, (address, hash) in files.items():
            content = client.get(address).content
            assert hash == f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}", name
            assert not any(secret.encode() in content for secret in SECRETS), name
        assert client.get("/offline/away.html").status_code == 401  # only a tablet has what is under this address


def test_another_program_is_another_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitoring.routes import shell

    program = tmp_path / "static"
    shutil.copytree(shell.MODULES, program)
    monkeypatch.setattr(shell, "MODULES", program)
    before = shell.worker_text()
    assert shell.worker_text() == before
    (program / "judging.js").write_text("// judges otherwise\n", encoding="utf-8")
    after = shell.worker_text()
    assert after != before
    assert after.splitlines()[0] != before.splitlines()[0]


@pytest.mark.parametrize("origin", ["", "null", "https://elsewhere.example", "http://127.0.0.1:1", "http://127.0.0.1"])
def test_writing_needs_this_servers_own_origin(served: Server, served_names: Names, origin: str) -> None:
    cookie = signed_in(served, served_names)
    headers = {"Cookie": f"device={cookie}"} | ({"Origin": origin} if origin else {})
    pin = {"staff": served_names.staff["Ada Okafor"], "pin": PEOPLE["Ada Okafor"][1]}
    with httpx.Client(base_url=served.url, headers=headers, timeout=30, trust_env=False) as client:
        for path, body in (
            (f"/api/infusions/{served_names.infusion}/entries", entry(served_names.opened_at)),
            ("/api/sign-in", pin),
            ("/api/sign-out", {}),
            ("/api/wall", {}),
        ):
            assert client.post(path, json=body).status_code == 403, path
        assert client.put("/_stcore/upload_file/a/b", content=b"x").status_code == 403
        assert client.get("/api/me").json()["me"]["name"] == "Ada Okafor"


@pytest.mark.parametrize("origin", ["null", "https://elsewhere.example"])
def test_streams_need_this_servers_own_origin(served: Server, served_names: Names, origin: str) -> None:
    cookie = signed_in(served, served_names)
    with pytest.raises(InvalidStatus) as refused, stream(served, "board=1", cookie, origin):
        pass
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus), Screen(served.url, cookie, origin):
        pass


@pytest.mark.parametrize("cookie", WRONG_COOKIES.values(), ids=WRONG_COOKIES)
def test_the_stream_answers_nobody(served: Server, served_names: Names, cookie: str) -> None:
    with pytest.raises(InvalidStatus) as refused, stream(served, f"infusion={served_names.infusion}", cookie):
        pass
    assert refused.value.response.status_code == 401


def test_the_cookie_is_for_this_server_and_no_script(served: Server, served_names: Names) -> None:
    pin = {"staff": served_names.staff["Ada Okafor"], "pin": PEOPLE["Ada Okafor"][1]}
    with http(served) as client:
        plain = client.post("/api/sign-in", json=pin).headers["set-cookie"]
        behind_tls = client.post("/api/sign-in", json=pin, headers={"X-Forwarded-Proto": "https"})
    flags = [flag.strip().lower() for flag in plain.split(";")[1:]]
    assert {"httponly", "samesite=strict", "path=/", f"max-age={400 * 24 * 3600}"} == set(flags)
    secure = behind_tls.headers["set-cookie"].lower()
    assert "secure" in secure
    assert "strict-transport-security" in behind_tls.headers


def test_a_cookie_that_was_tampered_with_is_none(served: Server, served_names: Names) -> None:
    cookie = signed_in(served, served_names)
    device, _, signature = cookie.rpartition(".")
    flipped = signature[:-2] + ("A" if signature[-2] != "A" else "B") + signature[-1]
    other = ("0" if device[0] != "0" else "1") + device[1:]
    for wrong in (f"{other}.{signature}", f"{device}.{flipped}", device, f"{cookie}x", f".{signature}", f'"{device}"'):
        with http(served, wrong) as client:
            assert client.get("/api/me").status_code == 401
    with http(served, cookie) as client:
        assert client.get("/api/me").json()["me"]["name"] == "Ada Okafor"


def test_the_sign_in_survives_a_restart_of_the_server(fresh: Server, furnished_now: tuple[Path, Names]) -> None:
    cookie = signed_in(fresh, furnished_now[1])
    fresh.kill()
    fresh.start()
    with http(fresh, cookie) as client:
        assert client.get("/api/me").json()["me"]["name"] == "Ada Okafor"
        assert client.get("/_stcore/metrics").status_code == 200


def test_signing_out_closes_the_streams_of_the_device(served: Server, served_names: Names) -> None:
    cookie, other = signed_in(served, served_names), signed_in(served, served_names, "Jonas Lund")
    with (
        stream(served, f"infusion={served_names.infusion}", cookie) as mine,
        stream(served, "board=1", cookie) as board,
        stream(served, "board=1", other) as another,
    ):
        assert until(mine, "me")["me"]["name"] == "Ada Okafor"
        assert until(mine, "infusion")["id"] == served_names.infusion
        until(board, "board")
        until(another, "board")
        with http(served, cookie) as client:
            assert client.post("/api/sign-out", json={}).status_code == 200
        for socket in (mine, board):
            until(socket, "signed_out")
            with pytest.raises(ConnectionClosed) as closed:
                socket.recv(timeout=30)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        until(another, "beat")
    with http(served, cookie) as client:
        assert client.get("/_stcore/metrics").status_code == 401
        me = client.get("/api/me").json()
        assert me["me"] is None
        assert {one["name"] for one in me["staff"]} == set(PEOPLE)  # the device is known: its next person signs in here
    with stream(served, "board=1", cookie) as later:
        until(later, "signed_out")
        with pytest.raises(ConnectionClosed):
            later.recv(timeout=30)


def test_switching_the_person_keeps_the_streams_and_tells_them(served: Server, served_names: Names) -> None:
    cookie = signed_in(served, served_names)
    with stream(served, f"infusion={served_names.infusion}", cookie) as mine, http(served, cookie) as client:
        until(mine, "infusion")
        jonas = {"staff": served_names.staff["Jonas Lund"], "pin": PEOPLE["Jonas Lund"][1]}
        answer = client.post("/api/sign-in", json=jonas)
        assert answer.json()["me"]["name"] == "Jonas Lund"
        assert answer.cookies["device"] == cookie
        assert until(mine, "me")["me"]["name"] == "Jonas Lund"


def test_an_unknown_infusion_has_no_stream(served: Server, served_names: Names) -> None:
    with stream(served, "infusion=nothing", signed_in(served, served_names)) as socket:
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4404


def test_a_wall_screen_sees_initials_and_does_nothing(served: Server, served_names: Names) -> None:
    ada = signed_in(served, served_names)
    with http(served, ada) as client:
        assert client.post("/api/wall", json={"label": "Corridor"}).status_code == 403
    petra = signed_in(served, served_names, "Petra Novak")
    with http(served, petra) as client:
        answer = client.post("/api/wall", json={"label": "Corridor"})
        assert answer.status_code == 200
        wall = answer.cookies["device"]
        assert client.get("/api/me").json()["me"] is None  # the administrator does not stay signed in behind it
    assert wall != petra
    for query in ("wall=1", "board=1", f"infusion={served_names.infusion}"):
        with stream(served, query, wall) as socket:
            assert until(socket, "me")["me"]["wall"] is True
            words = json.dumps(until(socket, "board"))
            assert "M.B." in words
            assert [secret for secret in SECRETS if secret in words] == []
    with http(served, wall) as client:
        administrators = [{"id": served_names.staff["Petra Novak"], "name": "Petra Novak", "role": "administrator"}]
        assert client.get("/api/me").json()["staff"] == administrators  # who may end it
        entries = f"/api/infusions/{served_names.infusion}/entries"
        for path in (entries, "/api/sign-out", "/api/wall", "/api/patients/find"):
            assert client.post(path, json=entry(served_names.opened_at)).status_code == 403
        assert client.get("/_stcore/metrics").status_code == 403
        for path in ("/_stcore/upload_file/a/b", "/importing/_stcore/upload_file/a/b"):
            assert client.put(path, files={"file": b"a,b"}).status_code == 403
    with Screen(served.url, wall) as screen:
        assert [secret for secret in SECRETS if secret in words_of(screen.open("patients"))] == []


def test_a_file_is_uploaded_only_to_a_page_that_is_open(served: Server, served_names: Names) -> None:
    cookie = signed_in(served, served_names, "Dr Ines Weiss")
    with http(served, cookie) as client:
        refused = client.put("/_stcore/upload_file/a/b", files={"file": b"a,b"})
        assert (refused.status_code, refused.text) == (403, "XSRF token missing or invalid")
        token = client.get("/_stcore/health").cookies["_streamlit_xsrf"]
        client.headers["X-Xsrftoken"] = token
        client.headers["Cookie"] = f"device={cookie}; _streamlit_xsrf={token}"
        nobodys = client.put("/_stcore/upload_file/a/b", files={"file": b"a,b"})
        assert (nobodys.status_code, nobodys.text[:18]) == (400, "Invalid session_id")


def test_an_administrator_ends_a_wall_screen_and_nobody_else_does(served: Server, served_names: Names) -> None:
    with http(served, signed_in(served, served_names, "Petra Novak")) as client:
        wall = client.post("/api/wall", json={"label": "Corridor"}).cookies["device"]
    pins = {name: {"staff": served_names.staff[name], "pin": pin} for name, (_, pin) in PEOPLE.items()}
    with http(served, wall) as client, stream(served, "wall=1", wall) as shown:
        until(shown, "board")
        for name in ("Ada Okafor", "Dr Ines Weiss"):
            answer = client.post("/api/sign-in", json=pins[name])
            assert answer.status_code == 403
            assert answer.json()["sentences"] == [
                "This is a wall screen, which an administrator ends: expected an administrator's PIN."
            ]
        assert client.post("/api/sign-in", json=pins["Petra Novak"] | {"pin": "907441"}).status_code == 401
        assert client.get("/api/me").json()["me"]["wall"] is True
        answer = client.post("/api/sign-in", json=pins["Petra Novak"])
        assert answer.status_code == 200
        assert answer.json()["me"]["name"] == "Petra Novak"
        tablet = answer.cookies["device"]
        until(shown, "signed_out")
    assert tablet != wall
    with http(served, tablet) as client:
        assert client.post("/api/sign-in", json=pins["Ada Okafor"]).json()["me"]["name"] == "Ada Okafor"
    with http(served, wall) as former:
        assert former.get("/api/me").json()["me"] is None


def test_a_wrong_pin_signs_nobody_in_and_is_slowed(fresh: Server, furnished_now: tuple[Path, Names]) -> None:
    jonas = furnished_now[1].staff["Jonas Lund"]
    known = signed_in(fresh, furnished_now[1])
    with http(fresh) as client:
        answers = [client.post("/api/sign-in", json={"staff": jonas, "pin": f"90744{n}"}) for n in range(7)]
        assert "set-cookie" not in {name for answer in answers for name in answer.headers}
        assert answers[0].status_code == 401
        assert answers[-1].status_code == 429
        assert answers[-1].json()["wait_seconds"] > 0
        right = client.post("/api/sign-in", json={"staff": jonas, "pin": PEOPLE["Jonas Lund"][1]})
        assert right.status_code == 429  # a right guess during the wait is not looked at
    ada = {"staff": furnished_now[1].staff["Ada Okafor"], "pin": PEOPLE["Ada Okafor"][1]}
    with http(fresh) as another_stranger, http(fresh, known) as her_tablet:
        assert another_stranger.post("/api/sign-in", json=ada).status_code == 429
        assert her_tablet.post("/api/sign-in", json=ada).status_code == 200


def test_only_allowed_hosts_are_served(furnished_now: tuple[Path, Names], tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    allowed = {"STREAMLIT_SERVER_ALLOWED_HOSTS": "127.0.0.1 infusion.clinic.example"}
    with Server(file, environment=allowed) as server, http(server) as client:
        assert client.get("/healthz", headers={"Host": "infusion.clinic.example"}).status_code == 200
        assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400
