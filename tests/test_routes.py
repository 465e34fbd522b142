"""Entries as an outbox sends them, over HTTP to the real server: each arrives once, under its author, or is told."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any
from uuid import uuid4

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from monitoring import access, clinic
from monitoring.clock import Clock
from monitoring.records import StoreUnwritable
from monitoring.records.verify import verify
from monitoring.routes import routes
from monitoring.routes.answers import LONGEST_BODY
from monitoring.routes.doors import Doors
from tests.server import Server, until
from tests.small_clinic import PEOPLE, Names, actor, entry, event, open_infusion, opened
from tests.streamlit_screen import Screen, words_of


class Tablet:
    """One browser: keeps its cookie, posts entries to one infusion."""

    def __init__(self, server: Server, names: Names, infusion: str | None = None) -> None:
        self._names = names
        self.infusion = infusion or names.infusion
        self.client = httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30, trust_env=False)

    def sign_in(self, name: str) -> str:
        """Sign this person in; answers the sign-in's id."""
        answer = self.client.post("/api/sign-in", json={"staff": self._names.staff[name], "pin": PEOPLE[name][1]})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["me"]["sign_in"])

    def sign_out(self) -> None:
        assert self.client.post("/api/sign-out", json={}).status_code == 200

    def post(self, body: object) -> httpx.Response:
        return self.client.post(f"/api/infusions/{self.infusion}/entries", json=body)


@pytest.fixture
def house(furnished_now: tuple[Path, Names], tmp_path: Path) -> Iterator[tuple[Server, Names]]:
    """A server of this test's own."""
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    with Server(file) as server:
        yield server, furnished_now[1]


@pytest.fixture
def tablet(served: Server, served_names: Names) -> Iterator[Tablet]:
    """A tablet on which Ada Okafor is signed in, at an infusion to which nothing else is recorded meanwhile."""
    made = Tablet(served, served_names)
    made.sign_in("Ada Okafor")
    yield made
    made.client.close()


def kept(server: Server, infusion: str) -> list[dict[str, Any]]:
    """The rows of an infusion's entries, read from the file as they are."""
    with sqlite3.connect(server.file) as connection:
        connection.row_factory = sqlite3.Row
        rows = connection.execute("SELECT * FROM entry WHERE infusion_id = ? ORDER BY seq", (infusion,)).fetchall()
    return [dict(row) for row in rows]


def once(server: Server, tablet: Tablet, body: dict[str, Any]) -> dict[str, Any]:
    """The one row that this posted entry became."""
    [row] = [row for row in kept(server, tablet.infusion) if row["id"] == body["id"]]
    return row


def now() -> datetime:
    return datetime.now(UTC)


def test_saved_is_said_when_it_is_in_the_file(served: Server, tablet: Tablet) -> None:
    body = entry(now())
    answer = tablet.post(body)
    assert answer.status_code == 200
    said = answer.json()
    assert (said["saved"], said["again"], said["entry"]) == (True, False, body["id"])
    assert once(served, tablet, body)["recorded_at"] == said["recorded_at"]


def test_the_same_entry_from_many_tries_at_once_is_one(served: Server, tablet: Tablet) -> None:
    body = entry(now())
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda n: tablet.post(body | {"queued": n % 2 == 1}), range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert sorted(answer.json()["again"] for answer in answers) == [False] + [True] * 7
    assert len({answer.json()["recorded_at"] for answer in answers}) == 1
    assert once(served, tablet, body)


NOTHING_SAID = {"warning": "", "note": ""}


@pytest.mark.parametrize("name", list(PEOPLE))
def test_a_patient_is_found_by_whoever_may_look(served: Server, served_names: Names, name: str) -> None:
    tablet = Tablet(served, served_names)
    tablet.sign_in(name)
    answer = tablet.client.post("/api/patients/find", json={"text": "02.11.19"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    omar = {"id": served_names.patients["Omar Haddad"], "name": "Omar Haddad", "number": "K-0102"}
    assert answer.json() == {"patients": [omar | {"born": "born 02 Nov 1967"}], "chosen": None} | NOTHING_SAID
    marta = served_names.patients["Marta Brandt"]
    for chosen, line in ((marta, "K-0101"), ("nobody", None)):
        found = tablet.client.post("/api/patients/find", json={"text": "K-0102", "chosen": chosen}).json()["chosen"]
        assert (found and found["number"]) == line
    assert "02.11.19" not in served.tail()  # nobody's birth date is in the server's log
    tablet.client.close()


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"text": "x" * 201}, 400, "text is not a short text."),
        ({"text": 7}, 400, "text is not a short text."),
        ({"text": "a\x00"}, 400, "text is not a short text."),
        ({"text": "", "chosen": 7}, 400, "chosen is not a short text."),
        (["text"], 400, "text is not a short text."),
    ],
)
def test_what_is_no_search_is_refused(tablet: Tablet, body: object, status: int, sentence: str) -> None:
    answer = tablet.client.post("/api/patients/find", json=body)
    assert (answer.status_code, answer.json()["sentences"]) == (status, [sentence])


def test_a_pin_signs_an_entry_that_comes_later_and_nobody_is_signed_in_by_it(
    served: Server, served_names: Names, tablet: Tablet
) -> None:
    body = event(now(), "time_out")
    ada, jonas = (served_names.staff[name] for name in ("Ada Okafor", "Jonas Lund"))
    asked = {"infusion": tablet.infusion, "entry": body["id"], "meaning": "time-out"}
    wrong = tablet.client.post("/api/attest", json=asked | {"staff": jonas, "pin": "907441"})
    assert (wrong.status_code, wrong.json()["sentences"]) == (401, ["This PIN is not right."])
    made = []
    for staff, name in ((ada, "Ada Okafor"), (jonas, "Jonas Lund")):
        answer = tablet.client.post("/api/attest", json=asked | {"staff": staff, "pin": PEOPLE[name][1]})
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert (said["staff"], said["name"], said["role"]) == (staff, name, "nurse")
        assert datetime.fromisoformat(said["at"]).tzinfo is not None
        made.append(said["attestation"])
    assert tablet.client.get("/api/me").json()["me"]["name"] == "Ada Okafor"
    answer = tablet.post(body | {"attestations": made, "queued": True})
    assert answer.status_code == 200, answer.text
    assert once(served, tablet, body)["author"] == ada
    malformed = tablet.client.post("/api/attest", json=asked | {"staff": ada, "pin": 271828})
    assert (malformed.status_code, malformed.json()["sentences"]) == (400, ["pin is not a short text."])
    unknown = tablet.client.post("/api/attest", json=asked | {"staff": ada, "pin": "271828", "infusion": "x"})
    assert unknown.status_code == 404


CHOSEN = {"weight_basis": "actual", "stock_mg_per_ml": "50", "bag_volume_ml": "100"}


def test_a_dose_is_worked_out_step_by_step_and_is_ready_to_be_posted(served: Server, tablet: Tablet) -> None:
    answer = tablet.client.get(f"/api/infusions/{tablet.infusion}/dose", params=CHOSEN)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["problems"] == []
    assert {"label": "Dose", "formula": "72 kg × 0.5 mg/kg", "result": "36 mg", "unrounded": "36 mg"} in said["steps"]
    assert (said["detail"]["dose_mg"], said["detail"]["rate_ml_per_h"]) == (36, 150)
    before = len(kept(served, tablet.infusion))
    posted = event(now(), "dose", **said["detail"]) | {"queued": True}
    assert tablet.post(posted).status_code == 200
    assert len(kept(served, tablet.infusion)) == before + 1, "asking stores nothing"


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"stock_mg_per_ml": ""}, 400, "Stock missing: expected a number in mg/mL."),
        ({"stock_mg_per_ml": "fifty"}, 400, "Stock “fifty”: expected a number in mg/mL."),
        ({"stock_mg_per_ml": "nan"}, 400, "Stock “nan”: expected a number in mg/mL."),
        ({"bag_volume_ml": "1e9"}, 400, "Bag “1e9”: expected a number in mL or L."),
        ({"bag_volume_ml": "-100"}, 200, "Bag -100 mL: expected 50 or 100."),
        (
            {"bag_volume_ml": "100,0"},
            400,
            "Bag “100,0”: expected a point before the decimals, and no mark for thousands.",
        ),
        ({"height_cm": "tall"}, 400, "Height “tall”: expected a number in cm, m or in."),
        ({"height_cm": "999999999999999", "weight_basis": "ideal"}, 200, "eight"),
        ({"stock_mg_per_ml": "5"}, 200, "Stock 5 mg/mL"),
        ({"bag_volume_ml": "0"}, 200, "Bag 0 mL"),
        ({"weight_basis": "guessed"}, 200, "guessed"),
        ({"weight_basis": "ideal"}, 200, "eight"),
    ],
)
def test_what_a_dose_cannot_be_worked_out_from_is_told(
    tablet: Tablet, change: dict[str, str], status: int, words: str
) -> None:
    answer = tablet.client.get(f"/api/infusions/{tablet.infusion}/dose", params=CHOSEN | change)
    assert answer.status_code == status
    said = answer.json()
    sentences = said["sentences"] if status == 400 else said["problems"]
    assert any(words in sentence for sentence in sentences), sentences
    assert said.get("detail", {}) == {}


def test_a_dose_of_no_infusion_or_by_somebody_who_records_none_is_not_worked_out(
    served: Server, served_names: Names, tablet: Tablet
) -> None:
    assert tablet.client.get("/api/infusions/none/dose", params=CHOSEN).status_code == 404
    office = Tablet(served, served_names)
    office.sign_in("Petra Novak")
    assert office.client.get(f"/api/infusions/{tablet.infusion}/dose", params=CHOSEN).status_code == 403
    office.client.close()


def test_entries_of_the_wrong_chair_are_moved_once(furnished_now: tuple[Path, Names], tmp_path: Path) -> None:
    names, file = furnished_now[1], tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    with opened(file, Clock()) as at_hand:
        right = open_infusion(at_hand, actor(at_hand, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
    with Server(file) as server:
        _moved_once(server, names, right)


def _moved_once(server: Server, names: Names, right: str) -> None:
    tablet = Tablet(server, names)
    tablet.sign_in("Ada Okafor")
    body = entry(now() + timedelta(seconds=1))
    assert tablet.post(body).status_code == 200
    move = f"/api/infusions/{names.infusion}/move-entries"
    asked = {"entries": [body["id"]], "to": "nowhere", "reason": "wrong chair"}
    assert tablet.client.post(move, json=asked).status_code == 404
    for wrong in ({"entries": "all"}, {"entries": [7]}, {"to": 3}, {"reason": "\x00"}, {"reason": "r" * 501}):
        answer = tablet.client.post(move, json=asked | wrong)
        assert (answer.status_code, len(answer.json()["sentences"])) == (400, 1)
    assert len(kept(server, names.infusion)) == 1
    answers = [tablet.client.post(move, json=asked | {"to": right}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert [answer.json()["again"] for answer in answers] == [False, True]
    [copy] = kept(server, right)
    assert answers[0].json()["entries"] == [copy["id"]] == answers[1].json()["entries"]
    assert (copy["amendment"], copy["linked"], copy["observed_at"][:19]) == (
        "late entry",
        body["id"],
        body["observed_at"][:19],
    )
    assert kept(server, names.infusion)[-1]["linked"] == copy["id"]
    assert verify(f"sqlite:///{server.file}") == []


def test_another_content_under_the_same_id_is_told(served: Server, tablet: Tablet) -> None:
    body = entry(now())
    assert tablet.post(body).status_code == 200
    answer = tablet.post(body | {"readings": [{"measure": "systolic", "value": 111}]})
    assert answer.status_code == 409
    assert answer.json()["saved"] is False
    assert len(answer.json()["sentences"]) == 1


def test_after_signing_out_the_entry_waits_for_the_next_pin(served: Server, tablet: Tablet) -> None:
    sign_in = tablet.sign_in("Ada Okafor")
    body = entry(now(), sign_in=sign_in, queued=True)
    tablet.sign_out()
    refused = tablet.post(body)
    assert refused.status_code == 401
    assert body["id"] not in [row["id"] for row in kept(served, tablet.infusion)]
    tablet.sign_in("Jonas Lund")
    assert tablet.post(body).status_code == 200
    row = once(served, tablet, body)
    assert (row["author"], row["other_sign_in"], row["sign_in"]) == (tablet_author(tablet, "Ada Okafor"), 1, sign_in)


def tablet_author(tablet: Tablet, name: str) -> str:
    """The staff id of this person."""
    return next(one["id"] for one in tablet.client.get("/api/me").json()["staff"] if one["name"] == name)


def test_when_another_nurse_has_signed_in_the_author_stays(served: Server, tablet: Tablet) -> None:
    adas = tablet.sign_in("Ada Okafor")
    hers = [entry(now(), sign_in=adas, queued=True) for _ in range(3)]
    jonas = tablet.sign_in("Jonas Lund")
    his = entry(now(), sign_in=jonas)
    for body in (*hers, his):
        assert tablet.post(body).status_code == 200
    ada = tablet_author(tablet, "Ada Okafor")
    assert [
        (once(served, tablet, body)["author"] == ada, once(served, tablet, body)["other_sign_in"]) for body in hers
    ] == [(True, 1)] * 3
    assert once(served, tablet, his)["other_sign_in"] == 0


def test_an_entry_of_another_tablets_sign_in_is_forbidden(served: Server, served_names: Names, tablet: Tablet) -> None:
    other = Tablet(served, served_names)
    body = entry(now(), sign_in=other.sign_in("Jonas Lund"))
    assert tablet.post(body).status_code == 403
    assert other.post(body).status_code == 200
    other.client.close()


def test_a_sign_in_that_ran_out_loses_nothing(furnished_now: tuple[Path, Names], tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    # 0.0002 hours are 0.72 seconds.
    with Server(file, environment={"MONITORING_SIGN_IN_HOURS": "0.0002"}) as server:
        tablet = Tablet(server, furnished_now[1])
        answer = tablet.client.post(
            "/api/sign-in", json={"staff": furnished_now[1].staff["Ada Okafor"], "pin": PEOPLE["Ada Okafor"][1]}
        )
        ran_out = datetime.fromisoformat(answer.json()["me"]["expires_at"])
        body = entry(now(), sign_in=answer.json()["me"]["sign_in"], queued=True)
        stream = connect(
            f"ws://127.0.0.1:{server.port}/api/live?board=1",
            origin=server.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"device={answer.cookies['device']}"},
            proxy=None,
        )
        with stream as socket:
            kinds = [message["type"] for message in until_closed(socket)]
        assert kinds[-1] == "signed_out"
        assert now() >= ran_out
        assert tablet.post(body).status_code == 401
        tablet.sign_in("Ada Okafor")
        assert tablet.post(body).status_code == 200
        assert once(server, tablet, body)["queued"] == 1


def until_closed(socket: Any) -> Iterator[dict[str, Any]]:
    """Every message until the server closes the stream."""
    with suppress(ConnectionClosed):
        while True:
            yield json.loads(socket.recv(timeout=30))


def test_a_refused_item_says_why_and_the_ones_behind_it_go_on(served: Server, tablet: Tablet) -> None:
    wrong = entry(now(), readings={"systolic": 1200}, queued=True)
    behind = entry(now(), queued=True)
    refused = tablet.post(wrong)
    assert refused.status_code == 422
    assert refused.json()["saved"] is False
    assert len(refused.json()["sentences"]) == 1
    assert "1200" in refused.json()["sentences"][0]
    assert tablet.post(behind).status_code == 200
    assert once(served, tablet, behind)


def test_after_the_record_is_signed_what_waited_is_kept_and_marked(house: tuple[Server, Names]) -> None:
    server, names = house
    tablet = Tablet(server, names)
    sign_in = tablet.sign_in("Ada Okafor")

    def signed(body: dict[str, Any], meaning: str, name: str) -> dict[str, Any]:
        asked = {"infusion": tablet.infusion, "entry": body["id"], "meaning": meaning}
        pin = {"staff": names.staff[name], "pin": PEOPLE[name][1]}
        answer = tablet.client.post("/api/attest", json=asked | pin)
        assert answer.status_code == 200, answer.text
        return body | {"attestations": [answer.json()["attestation"]]}

    at = names.opened_at
    waiting = [
        entry(at, sign_in=sign_in, queued=True),
        event(at, "pause") | {"sign_in": sign_in, "queued": True},
        entry(at, sign_in=sign_in, queued=True),
    ]
    for kind in ("start", "end"):
        assert tablet.post(event(at, kind)).status_code == 200
    left = signed(event(at, "close", reason="wished to leave"), "left with something missing", "Jonas Lund")
    assert tablet.post(left).status_code == 200
    assert tablet.post(entry(now())).status_code == 422
    for meaning, name in (("administered", "Ada Okafor"), ("reviewed", "Dr Ines Weiss")):
        answer = tablet.post(signed(event(now(), "sign", meaning=meaning), meaning, name))
        assert answer.status_code == 200, answer.text
    for body in waiting:
        assert tablet.post(body).status_code == 200
        assert once(server, tablet, body)["after_signing"] == 1
    assert [row["id"] for row in kept(server, tablet.infusion)[-3:]] == [body["id"] for body in waiting]


def test_killed_between_saving_and_answering_the_entry_is_there_once(house: tuple[Server, Names]) -> None:
    server, names = house
    tablet = Tablet(server, names)
    tablet.sign_in("Ada Okafor")
    bodies = [entry(now()) for _ in range(5)]
    for body in bodies:
        assert tablet.post(body).status_code == 200
    server.kill()
    with pytest.raises(httpx.TransportError):
        tablet.post(bodies[-1])
    server.start()
    for body in bodies:
        answer = tablet.post(body | {"queued": True})
        assert (answer.status_code, answer.json()["again"]) == (200, True)
    assert [row["id"] for row in kept(server, tablet.infusion)] == [body["id"] for body in bodies]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"{}", "text/plain", 415),
        (b"{}", "application/x-www-form-urlencoded", 415),
        (b'{"id": ' + b"[" * 30000, "application/json", 400),
        (b'"' + b"x" * LONGEST_BODY + b'"', "application/json", 413),
    ],
)
def test_what_is_no_entry_is_told_in_one_sentence(tablet: Tablet, content: bytes, kind: str, status: int) -> None:
    answer = tablet.client.post(
        f"/api/infusions/{tablet.infusion}/entries", content=content, headers={"Content-Type": kind}
    )
    assert answer.status_code == status
    assert answer.json()["saved"] is False
    assert len(answer.json()["sentences"]) == 1


def test_an_infusion_nobody_opened_is_unknown(served: Server, served_names: Names) -> None:
    tablet = Tablet(served, served_names, str(uuid4()))
    tablet.sign_in("Ada Okafor")
    assert tablet.post(entry(now())).status_code == 404
    tablet.client.close()


def test_an_administrator_looks_and_does_not_record(served: Server, served_names: Names) -> None:
    tablet = Tablet(served, served_names)
    tablet.sign_in("Petra Novak")
    assert tablet.post(entry(now())).status_code == 403
    tablet.client.close()


def test_a_save_is_on_another_screen_at_once(served: Server, served_names: Names, tablet: Tablet) -> None:
    other = Tablet(served, served_names)
    other.sign_in("Dr Ines Weiss")
    stream = connect(
        f"ws://127.0.0.1:{served.port}/api/live?infusion={tablet.infusion}",
        origin=served.url,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"device={other.client.cookies['device']}"},
        proxy=None,
    )
    with stream as socket:
        messages = until_closed(socket)
        assert next(messages)["type"] == "me"
        before = next(message for message in messages if message["type"] == "infusion")
        body = entry(now(), readings={"systolic": 131})
        assert tablet.post(body).status_code == 200
        after = next(message for message in messages if message["type"] == "infusion")
        assert after["version"] == before["version"] + 1
        assert after["values"]["systolic"]["value"] == 131
    views = f"SELECT infusion_id FROM view WHERE staff_id = '{served_names.staff['Dr Ines Weiss']}'"
    until(lambda: [row["infusion_id"] for row in read(served, views)] == [tablet.infusion], served.tail)
    other.client.close()


def test_nobody_who_reads_waits_while_another_program_holds_the_file(served: Server, served_names: Names) -> None:
    tablet = Tablet(served, served_names)
    tablet.sign_in("Jonas Lund")
    cookie = tablet.client.cookies["device"]
    views = f"SELECT screen FROM view WHERE staff_id = '{served_names.staff['Jonas Lund']}'"
    body = entry(now())
    with closing(sqlite3.connect(served.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        stream = connect(
            f"ws://127.0.0.1:{served.port}/api/live?infusion={tablet.infusion}&screen=bedside",
            origin=served.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": f"device={cookie}"},
            proxy=None,
        )
        with stream as socket:
            assert next(message for message in until_closed(socket) if message["type"] == "infusion")
        assert tablet.client.get("/api/me").status_code == 200
        assert tablet.client.get(f"/api/infusions/{tablet.infusion}/earlier").status_code == 200
        with Screen(served.url, cookie) as screen:
            for page in ("board", "patients", "past", "clinic"):
                assert "Traceback" not in words_of(screen.open(page))
        waited = tablet.post(body)  # long enough for another program's moment, and no longer than a tablet waits
        assert waited.status_code == 503
        assert waited.json()["sentences"] == ["Not saved: another program holds the database clinic.db locked."]
        health = httpx.get(f"{served.url}/healthz", trust_env=False)
        assert (health.status_code, health.json()["status"]) == (503, "the database cannot be written")
        assert read(served, views) == []
        other.execute("ROLLBACK")
    assert tablet.post(body).status_code == 200
    until(lambda: [row["screen"] for row in read(served, views)] == ["bedside"], served.tail)
    until(lambda: httpx.get(f"{served.url}/healthz", trust_env=False).status_code == 200, served.tail)
    tablet.client.close()


def read(server: Server, statement: str) -> list[sqlite3.Row]:
    """Rows of the server's file."""
    with sqlite3.connect(server.file) as connection:
        connection.row_factory = sqlite3.Row
        return connection.execute(statement).fetchall()


def test_health_says_status_version_and_whether_entries_could_be_saved(served: Server) -> None:
    said = httpx.get(f"{served.url}/healthz", trust_env=False)
    assert said.status_code == 200
    assert said.json() == {"status": "ok", "version": "0.1.0", "writable": True}


def test_plotly_comes_from_the_installed_package(served: Server) -> None:
    answer = httpx.get(f"{served.url}/assets/plotly.min.js?v=1", trust_env=False)
    assert answer.headers["content-encoding"] == "gzip"
    assert "immutable" in answer.headers["cache-control"]
    assert answer.text.lstrip().startswith("/**")
    plain = httpx.get(f"{served.url}/assets/plotly.min.js", headers={"Accept-Encoding": "br"}, trust_env=False)
    assert plain.text == answer.text


def test_a_module_is_asked_for_again_and_comes_once(served: Server) -> None:
    first = httpx.get(f"{served.url}/assets/live.js", trust_env=False)
    assert first.headers["cache-control"] == "no-cache"
    again = httpx.get(f"{served.url}/assets/live.js", headers={"If-None-Match": first.headers["etag"]}, trust_env=False)
    assert again.status_code == 304
    assert httpx.get(f"{served.url}/assets/nothing.js", trust_env=False).status_code == 404


def test_two_tablets_on_one_infusion_keep_one_order(house: tuple[Server, Names]) -> None:
    server, names = house
    pair = [Tablet(server, names), Tablet(server, names)]
    for tablet, name in zip(pair, ("Ada Okafor", "Jonas Lund"), strict=True):
        tablet.sign_in(name)

    def save_ten(tablet: Tablet) -> list[str]:
        bodies = [entry(now(), readings={"systolic": 120 + n}) for n in range(10)]
        assert [tablet.post(body).status_code for body in bodies] == [200] * 10
        return [body["id"] for body in bodies]

    with ThreadPoolExecutor(2) as both:
        sent = list(both.map(save_ten, pair))
    rows = kept(server, names.infusion)
    assert [row["seq"] for row in rows] == list(range(1, 21))
    for ids in sent:
        assert [row["id"] for row in rows if row["id"] in ids] == ids


def test_the_demonstration_runs_at_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "demonstration.db"
    with Server(file, demonstration_rate=1) as server:
        client = httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30, trust_env=False)
        [ada] = [row["id"] for row in read(server, "SELECT id FROM staff WHERE name = 'Ada Okafor'")]
        assert client.post("/api/sign-in", json={"staff": ada, "pin": "271828"}).status_code == 200
        assert client.post("/api/demonstration/rate", json={"rate": 60}).json() == {"rate": 60}
        assert client.get("/api/me").json()["rate"] == 60
        for wrong in (0, 3601, "fast", None, True):
            assert client.post("/api/demonstration/rate", json={"rate": wrong}).status_code == 422
        for wrong_until in ("soon", "2026-03-03T10:00:00", 5):
            refused = client.post("/api/demonstration/rate", json={"rate": 60, "until": wrong_until})
            assert (refused.status_code, len(refused.json()["sentences"])) == (400, 1)
        stop = datetime.fromisoformat(client.get("/api/me").json()["now"]) + timedelta(hours=2)
        assert client.post("/api/demonstration/rate", json={"rate": 3600, "until": stop.isoformat()}).status_code == 200
        while (me := client.get("/api/me").json())["rate"] != 1:
            pass
        assert timedelta(0) <= datetime.fromisoformat(me["now"]) - stop < timedelta(seconds=30)
        first = datetime.fromisoformat(client.get("/api/me").json()["now"])
        second = datetime.fromisoformat(client.get("/api/me").json()["now"])
        assert timedelta(0) < second - first < timedelta(minutes=10)
    with Server(file, demonstration_rate=1) as again:  # a fresh file each time: nobody is signed in in it
        assert client.get(f"{again.url}/api/me").json()["me"] is None
    client.close()


def test_a_real_clinic_has_no_rate(served: Server, tablet: Tablet) -> None:
    answer = tablet.client.post("/api/demonstration/rate", json={"rate": 60})
    assert answer.status_code == 422
    assert tablet.client.get("/api/me").json()["rate"] == 1


def test_an_id_used_in_another_infusion_is_told(house: tuple[Server, Names]) -> None:
    server, names = house
    server.stop()
    with opened(server.file, Clock()) as clinic:
        second = open_infusion(clinic, actor(clinic, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
    server.start()
    one, two = Tablet(server, names), Tablet(server, names, second)
    for tablet in (one, two):
        tablet.sign_in("Ada Okafor")
    body = entry(now())
    assert one.post(body).status_code == 200
    assert two.post(body).status_code == 409
    assert kept(server, second) == []


def test_entries_that_stream_in_while_the_server_is_killed_are_there_once(house: tuple[Server, Names]) -> None:
    server, names = house
    moments = Random(20261123)
    said: list[str] = []
    waiting: list[dict[str, Any]] = []
    for _ in range(3):
        tablet = Tablet(server, names)
        tablet.sign_in("Ada Okafor")
        for body in waiting:  # as after any lost connection: what has no answer is sent again
            assert tablet.post(body | {"queued": True}).status_code == 200
            said.append(body["id"])
        killer = Timer(moments.uniform(0.05, 0.4), server.kill)
        killer.start()
        waiting = stream_until_lost(tablet, said)
        killer.join()
        server.start()
    rows = [row["id"] for row in kept(server, names.infusion)]
    # In order, each once; the last one may have been stored without its answer having come through.
    assert rows in (said, said + [body["id"] for body in waiting])
    assert verify(f"sqlite:///{server.file}") == []


def stream_until_lost(tablet: Tablet, said: list[str]) -> list[dict[str, Any]]:
    """Save one entry after the other until the server is gone; answers what had no answer."""
    while True:
        body = entry(now())
        try:
            answer = tablet.post(body)
        except httpx.TransportError:
            return [body]
        assert answer.status_code == 200
        said.append(body["id"])


def no_room(*_: object, **__: object) -> None:
    """A disk with no room for another entry."""
    raise StoreUnwritable("Not saved: the disk is full.")


def test_a_database_that_cannot_be_written_is_said_and_the_entry_waits(
    furnished_now: tuple[Path, Names], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(furnished_now[0], tmp_path / "clinic.db")
    running = clinic.open_clinic(lambda *_: {}, lambda *_: {}, {"MONITORING_DB": f"sqlite:///{tmp_path / 'clinic.db'}"})
    try:
        ada = actor(running, "Ada Okafor")
        cookie = access.make_cookie(ada.sign_in.device, running.secret)
        app = Starlette(routes=routes(), middleware=[Middleware(Doors)])
        body = entry(now())

        async def story() -> None:
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://clinic.example",
                headers={"Origin": "http://clinic.example", "Cookie": f"device={cookie}"},
            ) as client:
                place = f"/api/infusions/{furnished_now[1].infusion}/entries"
                with monkeypatch.context() as full:
                    full.setattr(running.store, "add_entry", no_room)
                    full.setattr(running.store, "writable", lambda: False)
                    refused = await client.post(place, json=body)
                    health = await client.get("/healthz")
                assert (refused.status_code, refused.json()["sentences"]) == (503, ["Not saved: the disk is full."])
                assert (health.status_code, health.json()["writable"]) == (503, False)
                assert (await client.post(place, json=body)).json()["saved"] is True

        asyncio.run(story())
    finally:
        clinic.close_clinic()
