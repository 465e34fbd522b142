"""The doors to exports: who may have what, in which form, from where, and what is refused in which sentence."""

from __future__ import annotations

import asyncio
import io
from itertools import cycle
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware

from monitoring import access
from monitoring import clinic as clinics
from monitoring.clinic import RunningClinic
from monitoring.exports.making import workshop_of
from monitoring.records import StoreUnwritable
from monitoring.routes import routes
from monitoring.routes.doors import Doors
from tests.exports.test_making import done
from tests.small_clinic import Names, actor, person

HOST = "http://clinic.example"


class Asker:
    """One person at the doors, or a device on which nobody is signed in."""

    def __init__(self, clinic: RunningClinic, who: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clinics, "_running", clinic)
        self.headers = {"Origin": HOST}
        if who is not None:
            device = actor(clinic, who).sign_in.device
            self.headers["Cookie"] = f"device={access.make_cookie(device, clinic.secret)}"

    def ask(self, path: str, method: str = "GET", headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        app = Starlette(routes=routes(), middleware=[Middleware(Doors)])
        given = {**self.headers, **(headers or {})}

        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST, headers=given) as client:
                return await client.request(method, path, **more)

        return asyncio.run(ask())


def series_of(clinic: RunningClinic, names: Names) -> str:
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    return infusion.series


FILES = {
    "/api/infusions/{infusion}/record.pdf": "application/pdf",
    "/api/infusions/{infusion}/record.pdf?paper=letter": "application/pdf",
    "/api/infusions/{infusion}/readings.csv": "text/csv; charset=utf-8",
    "/api/infusions/{infusion}/readings.csv?deidentified=1": "text/csv; charset=utf-8",
    "/api/infusions/{infusion}/tables.zip": "application/zip",
    "/api/infusions/{infusion}/bundle.json": "application/fhir+json",
    "/api/series/{series}/records.zip": "application/zip",
    "/api/series/{series}/readings.csv": "text/csv; charset=utf-8",
    "/api/series/{series}/tables.zip?deidentified=1": "application/zip",
    "/api/series/{series}/bundle.json": "application/fhir+json",
}


@pytest.mark.parametrize(
    ("path", "who"), list(zip(FILES, cycle(["Ada Okafor", "Dr Ines Weiss", "Petra Novak"]), strict=False))
)
def test_each_file_is_handed_out_whole_and_written_down_once(
    clinic: RunningClinic, names: Names, path: str, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Asker(clinic, who, monkeypatch).ask(
        path.format(infusion=names.infusion, series=series_of(clinic, names)),
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (200, FILES[path])
    assert int(answer.headers["content-length"]) == len(answer.content)
    (export,) = clinic.store.exports()
    assert (export.name, export.what.bytes) == (who, len(answer.content))
    assert export.what.deidentified == ("deidentified" in path)
    name = answer.headers["content-disposition"]
    assert export.id[:8] in name
    for private in ("Marta", "K-0101", names.infusion[:8]):
        assert private not in name


@pytest.mark.parametrize(
    ("path", "who", "headers", "status", "word"),
    [
        ("/api/infusions/{}/record.pdf", None, {}, 401, "signed in"),
        ("/api/infusions/{}/record.pdf?paper=a3", "Ada Okafor", {}, 400, "a4 or letter"),
        ("/api/infusions/{}/readings.csv?deidentified=yes", "Ada Okafor", {}, 400, "1 or 0"),
        ("/api/infusions/{}/bundle.json?deidentified=1", "Ada Okafor", {}, 400, "Only tables"),
        ("/api/infusions/nobody/record.pdf", "Ada Okafor", {}, 404, "no such infusion"),
        ("/api/series/nobody/readings.csv", "Ada Okafor", {}, 404, "no such series"),
        ("/api/exports/nobody", "Ada Okafor", {}, 404, "no such file"),
        ("/api/infusions/{}/record.pdf", "Ada Okafor", {"Sec-Fetch-Site": "cross-site"}, 403, "another site"),
        ("/api/infusions/{}/record.pdf", "Ada Okafor", {"Sec-Fetch-Site": "same-site"}, 403, "another site"),
        ("/api/infusions/{}/record.pdf", "Ada Okafor", {"Sec-Purpose": "prefetch;prerender"}, 403, "ahead of time"),
    ],
)
def test_other_wishes_are_refused_in_a_sentence_and_leave_no_row(
    clinic: RunningClinic,
    names: Names,
    path: str,
    who: str | None,
    headers: dict[str, str],
    status: int,
    word: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = Asker(clinic, who, monkeypatch).ask(path.format(names.infusion), headers=headers)
    assert answer.status_code == status
    (sentence,) = answer.json()["sentences"]
    assert word in sentence
    assert clinic.store.exports() == ()


def test_looking_at_the_headers_alone_makes_nothing(
    clinic: RunningClinic, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Asker(clinic, "Ada Okafor", monkeypatch).ask(f"/api/infusions/{names.infusion}/record.pdf", "HEAD")
    assert answer.status_code == 405
    assert clinic.store.exports() == ()


def test_a_file_that_cannot_be_written_down_is_not_handed_out(
    clinic: RunningClinic, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreUnwritable("the disk is full.")

    monkeypatch.setattr(clinic.store, "add_export", full)
    answer = Asker(clinic, "Ada Okafor", monkeypatch).ask(f"/api/infusions/{names.infusion}/readings.csv")
    assert (answer.status_code, b"Marta" in answer.content) == (503, False)


def test_the_data_dictionary_is_no_export(clinic: RunningClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Asker(clinic, "Ada Okafor", monkeypatch).ask("/api/exports/data-dictionary.csv")
    assert answer.status_code == 200
    assert "readings,patient_name,string" in answer.text
    assert clinic.store.exports() == ()


def wish(**more: Any) -> dict[str, Any]:
    return {"kind": "tables", "address": {"phase": ["planned"]}, "words": "brandt", **more}


def test_what_a_search_finds_is_made_fetched_and_written_down_with_what_was_asked(
    clinic: RunningClinic, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    ines = Asker(clinic, "Dr Ines Weiss", monkeypatch)
    begun = ines.ask("/api/exports", "POST", json=wish())
    assert (begun.status_code, begun.json()["of"]) == (202, 1)
    place = f"/api/exports/{begun.json()['export']}"
    work = workshop_of(clinic).making(begun.json()["export"], person(clinic, "Dr Ines Weiss"))
    assert work is not None
    assert ines.ask(place).status_code in (200, 202)
    done(work)
    answer = ines.ask(place)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    assert int(answer.headers["content-length"]) == len(answer.content)
    with ZipFile(io.BytesIO(answer.content)) as found:
        assert "Marta Brandt" in found.read("readings.csv").decode() or found.read("infusions.csv")
    (export,) = clinic.store.exports()
    assert export.what.chosen == {"phase": "planned", "words": "brandt"}
    assert export.what.infusions == (names.infusion,)
    # Somebody else who may, and who knows the address, still does not get it.
    assert Asker(clinic, "Petra Novak", monkeypatch).ask(place).status_code == 404


def test_a_file_that_was_given_up_is_gone(clinic: RunningClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    ines = Asker(clinic, "Dr Ines Weiss", monkeypatch)
    begun = ines.ask("/api/exports", "POST", json=wish()).json()["export"]
    work = workshop_of(clinic).making(begun, person(clinic, "Dr Ines Weiss"))
    assert work is not None
    done(work).state = "stopped"
    assert ines.ask(f"/api/exports/{begun}").status_code == 410


@pytest.mark.parametrize(
    ("who", "body", "status", "word"),
    [
        (None, wish(), 401, "signed in"),
        ("Ada Okafor", wish(), 403, "may not take many infusions"),
        ("Petra Novak", wish(kind="exe"), 400, "expected one of"),
        ("Petra Novak", wish(words="nobody of this name"), 404, "nothing to take out"),
        ("Petra Novak", wish(words=7), 400, "not a short text"),
        ("Petra Novak", wish(address={"phase": "planned"}), 400, "not a list"),
        ("Petra Novak", wish(kind="fhir", deidentified="1"), 400, "Only tables"),
        ("Petra Novak", [], 400, "not a short text"),
    ],
)
def test_a_search_that_is_not_taken_out(
    clinic: RunningClinic, who: str | None, body: Any, status: int, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = Asker(clinic, who, monkeypatch).ask("/api/exports", "POST", json=body)
    assert answer.status_code == status
    assert word in answer.json()["sentences"][0]
    assert clinic.store.exports() == ()


def test_another_site_starts_nothing(clinic: RunningClinic, monkeypatch: pytest.MonkeyPatch) -> None:
    ines = Asker(clinic, "Dr Ines Weiss", monkeypatch)
    assert ines.ask("/api/exports", "POST", headers={"Origin": "http://evil.example"}, json=wish()).status_code == 403
