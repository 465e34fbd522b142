"""The doors to what leaves the records as a file: of one infusion, of a series, and what was made of a search.

Each file that is handed out was first written down in the audit trail. A GET here changes nothing but that row, and is
taken only from a page of this server or from somebody who typed the address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from monitoring import access
from monitoring.clinic import RunningClinic, running
from monitoring.documents.words import zone_of
from monitoring.exports import files
from monitoring.exports.downtime import PAPERS, Paper
from monitoring.exports.files import CSV, KINDS, File, Kind, NotComplete, found_by
from monitoring.exports.making import make, workshop_of
from monitoring.exports.tables import DICTIONARY, data_dictionary, lines
from monitoring.records import RecordsError, Staff
from monitoring.review.search import wanted_from
from monitoring.routes.answers import Unreadable, json_body, refusal, text_in, words_in
from monitoring.routes.doors import actor_of

Of = Callable[..., File]

# By the end of the address: which file.
OF_INFUSION: Final[dict[str, Kind]] = {
    "record.pdf": "record",
    "readings.csv": "csv",
    "tables.zip": "tables",
    "bundle.json": "fhir",
}
OF_SERIES: Final[dict[str, Kind]] = {
    "records.zip": "record",
    "readings.csv": "csv",
    "tables.zip": "tables",
    "bundle.json": "fhir",
}
_ANSWERS: Final = {"1": True, "0": False, "": False}


async def infusion_file(request: Request) -> Response:
    """GET a file of one infusion: record.pdf, readings.csv, tables.zip or bundle.json.

    `?paper=letter` for that format, else A4; `?deidentified=1` for the study's form of the tables.
    """
    return await run_in_threadpool(_file, request, files.of_infusion, request.path_params["infusion"], OF_INFUSION)


async def series_file(request: Request) -> Response:
    """GET a file of a series, as `infusion_file`; records.zip in the place of record.pdf."""
    return await run_in_threadpool(_file, request, files.of_series, request.path_params["series"], OF_SERIES)


async def start(request: Request) -> Response:
    """POST {kind, address, words, deidentified, paper}: begin to make a file of what a search finds; 202 with its id.

    `address` is the search as its page has it in its address, `words` what is typed of a patient.
    """
    try:
        body = await json_body(request)
        asked = {
            "kind": text_in(body, "kind"),
            "words": text_in(body, "words"),
            "paper": text_in(body, "paper") or PAPERS[0],
            "deidentified": text_in(body, "deidentified"),
        }
        address = body.get("address") if isinstance(body, dict) else None
        wanted = {key: words_in(address, key) for key in address} if isinstance(address, dict) else {}
    except Unreadable as no:
        return no.answer
    return await run_in_threadpool(_start, running(), actor_of(request.scope), asked, wanted)


async def made_file(request: Request) -> Response:
    """GET what was being made: 200 with the file, 202 with how far it is, 410 with why there is none."""
    return await run_in_threadpool(_made, request, running())


async def dictionary(request: Request) -> Response:
    """GET what each column of the tables means; `?deidentified=1` for those of that form. It holds no record."""
    deidentified = _ANSWERS.get(request.query_params.get("deidentified", ""), False)
    text = "".join(lines(DICTIONARY, data_dictionary(deidentified=deidentified)))
    return Response(text, media_type=CSV, headers=_headers("data-dictionary.csv"))


class _Refused(Exception):
    def __init__(self, answer: Response) -> None:
        self.answer = answer


def _file(request: Request, of: Of, id: str, kinds: Mapping[str, Kind]) -> Response:
    clinic = running()
    try:
        by = _who(request)
        kind = kinds[request.url.path.rpartition("/")[2]]
        options = _options(kind, request.query_params)
        wanted = of(clinic, by, id, kind, **options)
        export, content = make(clinic, by, wanted)
    except _Refused as refused:
        return refused.answer
    except LookupError as no:
        return refusal(404, str(no.args[0]))
    except RecordsError as no:
        return refusal(503, f"Not handed out: {no.sentence}")
    name = wanted.name(export.id)
    return Response(content, media_type=wanted.media_type, headers=_headers(name, inline=wanted.suffix == "pdf"))


def _options(kind: Kind, asked: Mapping[str, str]) -> dict[str, Any]:
    """In which form the file is wanted. Raises _Refused with a sentence for one that there is not."""
    given, wanted = asked.get("deidentified", ""), asked.get("paper", PAPERS[0])
    if given not in _ANSWERS:
        raise _Refused(refusal(400, f"De-identified is {given!r}: expected 1 or 0."))
    if _ANSWERS[given] and kind not in ("csv", "tables"):
        raise _Refused(refusal(400, "Only tables have a de-identified form."))
    paper: Paper | None = next((paper for paper in PAPERS if paper == wanted), None)
    if paper is None:
        raise _Refused(refusal(400, f"Paper is {wanted!r}: expected {' or '.join(PAPERS)}."))
    return {"deidentified": _ANSWERS[given], "paper": paper}


def _start(
    clinic: RunningClinic, actor: access.Actor | None, asked: Mapping[str, str], address: Mapping[str, list[str]]
) -> Response:
    kind: Kind | None = next((kind for kind in KINDS if kind == asked["kind"]), None)
    if kind is None:
        return refusal(400, f"Kind is {asked['kind']!r}: expected one of {', '.join(KINDS)}.")
    try:
        by = _permitted(actor, "export_many")
        options = _options(kind, asked)
        wanted, _ = wanted_from(address, zone_of(clinic))
        ids, chosen = found_by(clinic, wanted, asked["words"])
        making = workshop_of(clinic).start(clinic, by, files.of_search(clinic, by, ids, chosen, kind, **options))
    except _Refused as refused:
        return refused.answer
    except LookupError as no:
        return refusal(404, str(no.args[0]))
    except NotComplete as no:
        return refusal(503, no.sentence)
    return JSONResponse({"export": making.id, "of": making.of}, status_code=202)


def _made(request: Request, clinic: RunningClinic) -> Response:
    try:
        by = _who(request)
    except _Refused as refused:
        return refused.answer
    making = workshop_of(clinic).making(request.path_params["export"], by)
    if making is None:
        return refusal(404, "There is no such file, or it was kept for long enough.")
    if making.state == "made" and making.path is not None:
        name = making.file.name(making.id)
        return FileResponse(making.path, media_type=making.file.media_type, headers=_headers(name))
    if making.state in ("stopped", "failed"):
        return refusal(410, making.sentence or "This file was given up.")
    return JSONResponse({"state": making.state, "done": making.done, "of": making.of}, status_code=202)


def _who(request: Request) -> Staff:
    """The person who asks. Raises _Refused for nobody, for who may not, and for a request that nobody meant."""
    if request.method != "GET":
        raise _Refused(refusal(405, "A file is made when somebody asks for it: expected GET."))
    # A page elsewhere that loads this address, or a browser that reads ahead, would write an export nobody started.
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise _Refused(refusal(403, "This request comes from another site: expected one from this server's own pages."))
    if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
        raise _Refused(refusal(403, "This was asked for ahead of time: a file is made when a person asks for it."))
    return _permitted(actor_of(request.scope), "export")


def _permitted(actor: access.Actor | None, action: str) -> Staff:
    try:
        return access.require(actor, action).staff
    except access.NobodySignedIn as nobody:
        raise _Refused(refusal(401, nobody.sentence)) from None
    except access.NotPermitted as no:
        raise _Refused(refusal(403, no.sentence)) from None


def _headers(name: str, *, inline: bool = False) -> dict[str, str]:
    # No name and no number in the file's name: it stays in the browser's list of downloads.
    return {"Content-Disposition": f'{"inline" if inline else "attachment"}; filename="{name}"'}
