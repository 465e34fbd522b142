"""The front door: builds the app and runs the clinic. Start it with `uv run streamlit run dashboard.py`."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring import clinic
from monitoring.records import RecordsError
from monitoring.routes import routes
from monitoring.routes.doors import Doors, SecurityHeaders
from monitoring.routes.logged import log_nonsense_in_a_line
from monitoring.routes.open_pages import OpenPages
from monitoring.screens.sessions import keep_few_sessions, readable

WARM_UP_AFTER_SECONDS = 1.0
COLLECT_EVERY_SECONDS = 300.0

_why_not: str | None = None  # the sentence that says why the server does not start


class StartOrSayWhy:
    """Lets the server end with one sentence, instead of a traceback, when the clinic cannot be opened."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, but for the message of a failed start."""

        async def say(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and _why_not is not None:
                message = {**message, "message": _why_not}
            await send(message)

        await self.app(scope, receive, say if scope["type"] == "lifespan" else send)


# The documents draw on plotly: they are imported when the first one is built, after the server answers.


def _infusion_document(running: clinic.RunningClinic, infusion_id: str) -> dict[str, Any]:
    from monitoring import documents

    return documents.infusion_document(running, infusion_id)


def _board_document(running: clinic.RunningClinic, initials_only: bool) -> dict[str, Any]:
    from monitoring import documents

    return documents.board_document(running, initials_only)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    """Open the clinic before the first request, keep its screens live, and let its database go at the end."""
    global _why_not
    try:
        running = clinic.open_clinic(_infusion_document, _board_document)
    except (clinic.SettingRefused, RecordsError) as refusal:
        _why_not = str(refusal)
        raise
    log_nonsense_in_a_line()
    keep_few_sessions(app)
    tasks = [asyncio.create_task(running.live.run()), asyncio.create_task(_keep_warm())]
    try:
        yield {}
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        clinic.close_clinic()


async def _keep_warm() -> None:
    """Import what the first page needs while nobody waits, and keep the garbage collector from long pauses."""
    await asyncio.sleep(WARM_UP_AFTER_SECONDS)  # the server answers first: importing holds the interpreter
    await asyncio.to_thread(_warm_up)
    gc.collect()
    gc.freeze()  # what is loaded now stays: a collection need not walk through it again
    while True:
        await asyncio.sleep(COLLECT_EVERY_SECONDS)
        gc.collect()


def _warm_up() -> None:
    import pandas  # noqa: F401  what Streamlit's tables load when the first one is drawn

    from monitoring.exports.making import workshop_of

    workshop_of(clinic.running())  # files that a server before this one left half made go now
    if clinic.running().store.clinic() is not None:
        _board_document(clinic.running(), True)


app = st.App(
    "monitoring/screens/frame.py",
    routes=routes(),
    middleware=[
        Middleware(StartOrSayWhy),
        Middleware(SecurityHeaders),
        Middleware(Doors, allowed_hosts=st.get_option("server.allowedHosts")),
        Middleware(OpenPages, readable=readable),
    ],
    lifespan=lifespan,
)
