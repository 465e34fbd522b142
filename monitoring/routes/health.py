"""Whether this server can do its work, for those who keep it running."""

from __future__ import annotations

import functools
import threading
import time
import tomllib
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring.clinic import TOP, running

ASK_AGAIN_SECONDS: Final = 1.0  # the question writes to the disk, and anybody may ask it

_lock = threading.Lock()
_asked_at = float("-inf")
_writable = False


async def health(request: Request) -> JSONResponse:
    """GET status, version and whether the database can be written; 503 when it cannot, or when its file is damaged.

    `sentences` says what has to be looked after, when there is anything. With writes missing the server does its work,
    so that is 200, and the status says it.
    """
    writable = await run_in_threadpool(_is_writable)
    clinic = running()
    if not writable:
        status = "the database cannot be written"
    elif clinic.check.damage:
        status = "the database is damaged"
    elif clinic.missing:
        status = "writes are missing from the database"
    else:
        status = "the head of the audit chain is not kept" if clinic.trouble else "ok"
    found: dict[str, Any] = {"status": status, "version": version(), "writable": writable}
    if clinic.trouble:
        found["sentences"] = list(clinic.trouble)
    well = writable and not clinic.check.damage
    return JSONResponse(found, 200 if well else 503, headers={"Cache-Control": "no-store"})


def _is_writable() -> bool:
    global _asked_at, _writable
    with _lock:
        if time.monotonic() - _asked_at > ASK_AGAIN_SECONDS:
            _writable = running().store.writable()
            _asked_at = time.monotonic()
        return _writable


@functools.cache
def version() -> str:
    """The version of this program, as its project file says."""
    return str(tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
