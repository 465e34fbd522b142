"""The stream of one page: everything it shows live comes this way."""

from __future__ import annotations

import logging
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket

from monitoring.clinic import RunningClinic, running
from monitoring.live import BOARD, CLOSE_SIGNED_OUT, WALL, Stream, Subject, encode
from monitoring.records import SignIn, StoreRefused, StoreUnwritable
from monitoring.routes.doors import sign_in_of

CLOSE_UNKNOWN: Final = 4404
REVIEW: Final = "review"  # the screen that is drawn by Streamlit, and only follows what changes

_log = logging.getLogger(__name__)


async def live(websocket: WebSocket) -> None:
    """WebSocket /api/live?infusion=ID, ?board=1 or ?wall=1. A wall screen gets the wall, whatever it asks for."""
    clinic = running()
    sign_in = sign_in_of(websocket.scope)
    await websocket.accept()
    if sign_in is None:
        await websocket.send_text(encode({"type": "signed_out"}))
        await websocket.close(CLOSE_SIGNED_OUT)
        return
    subject = await run_in_threadpool(_opened, clinic, sign_in, dict(websocket.query_params))
    if subject is None:
        await websocket.close(CLOSE_UNKNOWN)
        return
    stream = Stream(sign_in.device, subject, websocket.send_text, websocket.close)
    clinic.live.attach(stream)
    try:
        while (await websocket.receive())["type"] != "websocket.disconnect":
            pass  # pages have nothing to say here
    finally:
        clinic.live.detach(stream)


def _opened(clinic: RunningClinic, sign_in: SignIn, query: dict[str, str]) -> Subject | None:
    """What the page follows, None when there is no such thing. That a person opened an infusion is written down."""
    if sign_in.wall or query.get("wall") == "1":
        return WALL
    infusion = query.get("infusion", "")
    if not infusion:
        return BOARD
    if clinic.store.infusion(infusion) is None:
        return None
    assert sign_in.staff is not None
    screen = query.get("screen", "bedside")[:40]
    try:
        if screen != REVIEW or not _drawn(clinic, sign_in, infusion):
            clinic.store.add_view(sign_in.staff.id, infusion, screen)
    except (StoreUnwritable, StoreRefused) as no:
        # Seeing the patient's values now matters more than the note that they were seen.
        _log.warning("A view could not be written down: %s", no.sentence)
    return Subject("infusion", infusion)


def _drawn(clinic: RunningClinic, sign_in: SignIn, infusion: str) -> bool:
    """Whether the review that now asks to be told of changes was written down as a view when it was drawn."""
    whose = sign_in.staff.id if sign_in.staff else ""
    views = clinic.store.views_of(infusion)
    return any(view.staff_id == whose and view.screen == REVIEW and view.at >= sign_in.at for view in views)
