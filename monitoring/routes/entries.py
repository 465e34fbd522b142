"""The doors through which entries come in, and through which they are moved to the right patient."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring import recording
from monitoring.clinic import running
from monitoring.recording.posted import LONGEST_WORDS
from monitoring.routes.answers import Unreadable, json_body, refused, text_in, words_in
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
            "seq": outcome.value.seq,
            "recorded_at": outcome.value.recorded_at.isoformat(),
        }
    )


async def move(request: Request) -> JSONResponse:
    """POST {entries, to, reason}: entries made at the wrong chair are withdrawn here and copied to infusion `to`."""
    try:
        body = await json_body(request)
        entries, to, reason = words_in(body, "entries"), text_in(body, "to"), text_in(body, "reason", LONGEST_WORDS)
    except Unreadable as unreadable:
        return unreadable.answer
    outcome = await run_in_threadpool(
        recording.copy_to_right_infusion,
        running(),
        actor_of(request.scope),
        request.path_params["infusion"],
        entries,
        to,
        reason,
    )
    if outcome.value is None:
        return refused(outcome)
    return JSONResponse({"saved": True, "again": outcome.again, "entries": [entry.id for entry in outcome.value]})
