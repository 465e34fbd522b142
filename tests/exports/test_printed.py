"""The door to the downtime sheet: who may have it, of which infusion, on which paper."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from monitoring import access
from monitoring import clinic as clinics
from monitoring.clinic import RunningClinic
from monitoring.recording import save_entry
from monitoring.records.database import file_of
from monitoring.routes import routes
from monitoring.routes.doors import Doors
from tests.small_clinic import Names, actor, event

HOST = "http://clinic.example"


def asked(
    running: RunningClinic, path: str, *, who: str | access.Actor | None, monkeypatch: pytest.MonkeyPatch
) -> httpx.Response:
    """What the door answers to this person, or to a device on which nobody is signed in."""
    monkeypatch.setattr(clinics, "_running", running)
    headers = {"Origin": HOST}
    if who is not None:
        by = actor(running, who) if isinstance(who, str) else who
        headers["Cookie"] = f"device={access.make_cookie(by.sign_in.device, running.secret)}"
    app = Starlette(routes=routes(), middleware=[Middleware(Doors)])

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST, headers=headers) as client:
            return await client.get(path)

    return asyncio.run(ask())


def place(names: Names, query: str = "") -> str:
    return f"/api/infusions/{names.infusion}/downtime.pdf{query}"


@pytest.mark.parametrize(
    ("who", "query", "width"),
    [
        ("Ada Okafor", "", b"595"),
        ("Dr Ines Weiss", "?paper=a4", b"595"),
        ("Petra Novak", "?paper=letter", b"612"),
    ],
)
def test_who_may_look_may_print(
    clinic: RunningClinic, names: Names, who: str, query: str, width: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asked(clinic, place(names, query), who=who, monkeypatch=monkeypatch)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.content.startswith(b"%PDF-")
    assert b"/MediaBox[0 0 " + width in answer.content
    assert "Marta" not in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("{}", None, 401),
        ("{}?paper=a3", "Ada Okafor", 400),
        ("{}?paper=", "Ada Okafor", 400),
        ("/api/infusions/nobody/downtime.pdf", "Ada Okafor", 404),
    ],
)
def test_other_wishes_are_refused_in_a_sentence(
    clinic: RunningClinic, names: Names, path: str, who: str | None, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asked(clinic, path.format(place(names)), who=who, monkeypatch=monkeypatch)
    assert answer.status_code == status
    (sentence,) = answer.json()["sentences"]
    assert sentence.endswith(".")


def test_there_is_none_for_an_infusion_that_is_over(
    clinic: RunningClinic, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancel = event(clinic.clock.now(), "cancel", reason="patient declined")
    assert save_entry(clinic, actor(clinic, "Ada Okafor"), names.infusion, cancel).done
    answer = asked(clinic, place(names), who="Ada Okafor", monkeypatch=monkeypatch)
    assert (answer.status_code, "over" in answer.json()["sentences"][0]) == (422, True)


def test_that_it_was_printed_is_kept_and_a_locked_file_does_not_keep_it_back(
    clinic: RunningClinic, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(file_of(clinic.store.url), isolation_level=None)) as other:
        ada = actor(clinic, "Ada Okafor")
        other.execute("BEGIN IMMEDIATE")
        assert asked(clinic, place(names), who=ada, monkeypatch=monkeypatch).status_code == 200
        [view] = clinic.store.views_of(names.infusion)
        assert (view.name, view.screen) == ("Ada Okafor", "downtime sheet")
