"""The door to a patient's own earlier infusions, which a bedside screen draws faintly behind the live chart."""

from __future__ import annotations

from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring import access
from monitoring.clinic import RunningClinic, running
from monitoring.documents.earlier import earlier_document, earlier_infusions
from monitoring.recording import Outcome
from monitoring.recording.outcome import Refused, answered
from monitoring.routes.answers import refused
from monitoring.routes.doors import actor_of

SCREEN: Final = "behind a later one"


async def earlier(request: Request) -> JSONResponse:
    """GET {labels, traces} of the infusions before this one. Each of them is looked at, and kept as a view."""
    outcome: Outcome[dict[str, Any]] = await run_in_threadpool(
        _earlier, running(), actor_of(request.scope), request.path_params["infusion"]
    )
    return refused(outcome) if outcome.value is None else JSONResponse(outcome.value)


@answered
def _earlier(clinic: RunningClinic, actor: access.Actor | None, infusion_id: str) -> dict[str, Any]:
    who = access.require(actor, "view").staff
    if clinic.store.infusion(infusion_id) is None:
        raise Refused("This infusion is not known here.", why="unknown")
    for one in earlier_infusions(clinic, infusion_id):
        clinic.store.note_view(who.id, one.infusion.id, SCREEN)
    return earlier_document(clinic, infusion_id)
