"""The door through which every entry comes in."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring import recording
from monitoring.clinic import running
from monitoring.routes.answers import Unreadable, json_body, refused
from monitoring.routes.doors import actor_of


async def save(request: Request) -> JSONResponse:
    """POST an entry: 200 only when it is durable, 422 when it was judged and refused, 503 when another try may help."""
    try:
        body = await json_body(request)
    except Unreadable as unreadable:
        return unreadable.answer
    outcome = await run_in_threadpool(
        recording.save_entry, running(), actor_of(request.scope), request.path_params["infusion"], body
    )
    if outcome.value is None:
        return refused(outcome)
    return JSONResponse(
        {
            "saved": True,
            "again": outcome.again,
            "entry": outcome.value.id,
            "recorded_at": outcome.value.recorded_at.isoformat(),
        }
    )
