"""The door to the search for a patient. What is typed comes in a body: it stands in no address, and in no log."""

from __future__ import annotations

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring import access
from monitoring.clinic import RunningClinic, running
from monitoring.documents.found_patients import found_patients_document
from monitoring.recording import Outcome
from monitoring.recording.outcome import answered
from monitoring.routes.answers import Unreadable, json_body, refused, text_in
from monitoring.routes.doors import actor_of

LONGEST: Final = 200  # letters


async def find(request: Request) -> JSONResponse:
    """POST {text, chosen}: what `found_patients_document` says of them."""
    try:
        body = await json_body(request)
        text, chosen = text_in(body, "text", LONGEST), text_in(body, "chosen")
    except Unreadable as unreadable:
        return unreadable.answer
    found: Outcome[dict[str, Any]] = await run_in_threadpool(_find, running(), actor_of(request.scope), text, chosen)
    return refused(found) if found.value is None else JSONResponse(found.value)


@answered
def _find(clinic: RunningClinic, actor: access.Actor | None, text: str, chosen: str) -> dict[str, Any]:
    access.require(actor, "view")
    return found_patients_document(clinic.store, text, chosen)
