"""Whether this server can do its work, for those who keep it running."""

from __future__ import annotations

import functools
import threading
import time
import tomllib
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring.clinic import TOP, running

ASK_AGAIN_SECONDS: Final = 1.0  # the question writes to the disk, and anybody may ask it

_lock = threading.Lock()
_asked_at = float("-inf")
_writable = False


async def health(request: Request) -> JSONResponse:
    """GET status, version and whether the database can be written; 503 when it cannot."""
    writable = await run_in_threadpool(_is_writable)
    status = "ok" if writable else "the database cannot be written"
    return JSONResponse(
        {"status": status, "version": version(), "writable": writable},
        200 if writable else 503,
        headers={"Cache-Control": "no-store"},
    )


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
