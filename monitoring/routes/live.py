"""The stream of one page: everything it shows live comes this way."""

from __future__ import annotations

from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket

from monitoring.clinic import RunningClinic, running
from monitoring.live import BOARD, CLOSE_SIGNED_OUT, WALL, Stream, Subject, encode
from monitoring.records import SignIn
from monitoring.routes.doors import sign_in_of

CLOSE_UNKNOWN: Final = 4404
REVIEW: Final = "review"  # the screen that is drawn by Streamlit, and only follows what changes


async def live(websocket: WebSocket) -> None:
    """WebSocket /api/live?infusion=ID, ?board=1 or ?wall=1. A wall screen gets the wall, whatever it asks for."""
    clinic = running()
    sign_in = sign_in_of(websocket.scope)
    await websocket.accept()
    if sign_in is None:
        await websocket.send_text(encode({"type": "signed_out"}))
        await websocket.close(CLOSE_SIGNED_OUT)
        return
    query = dict(websocket.query_params)
    subject = await run_in_threadpool(_asked_for, clinic, sign_in, query)
    if subject is None:
        await websocket.close(CLOSE_UNKNOWN)
        return
    stream = Stream(sign_in.device, subject, websocket.send_text, websocket.close)
    clinic.live.attach(stream)
    try:
        if subject.kind == "infusion":
            await run_in_threadpool(_note_view, clinic, sign_in, subject.id, query.get("screen", "bedside")[:40])
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass  # pages have nothing to say here
    finally:
        clinic.live.detach(stream)


def _asked_for(clinic: RunningClinic, sign_in: SignIn, query: dict[str, str]) -> Subject | None:
    """What the page follows, None when there is no such thing."""
    if sign_in.wall or query.get("wall") == "1":
        return WALL
    infusion = query.get("infusion", "")
    if not infusion:
        return BOARD
    return None if clinic.store.infusion(infusion) is None else Subject("infusion", infusion)


def _note_view(clinic: RunningClinic, sign_in: SignIn, infusion: str, screen: str) -> None:
    """Let it be written down that a person opened an infusion, once its values are on their way."""
    assert sign_in.staff is not None
    if screen != REVIEW or not _drawn(clinic, sign_in, infusion):
        clinic.store.note_view(sign_in.staff.id, infusion, screen)


def _drawn(clinic: RunningClinic, sign_in: SignIn, infusion: str) -> bool:
    """Whether the review that now asks to be told of changes was written down as a view when it was drawn."""
    whose = sign_in.staff.id if sign_in.staff else ""
    views = clinic.store.views_of(infusion)
    return any(view.staff_id == whose and view.screen == REVIEW and view.at >= sign_in.at for view in views)
