"""The program of the pages: this repository's browser modules, and plotly as it was installed."""

from __future__ import annotations

import functools
import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

MODULES: Final = Path(__file__).resolve().parent.parent / "screens" / "static"


class Modules(StaticFiles):
    """The browser modules. A browser asks each time whether they changed, so that no tablet runs an old one."""

    def __init__(self) -> None:
        super().__init__(directory=MODULES)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or 304 when the browser has it."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


async def plotly(request: Request) -> Response:
    """GET plotly's own script. Its address carries the version (`?v=`), so a browser fetches it once."""
    compressed = "gzip" in request.headers.get("accept-encoding", "")
    body = await run_in_threadpool(_plotly, compressed)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    # Naming the encoding also keeps the server from compressing four megabytes again for each request.
    headers["Content-Encoding"] = "gzip" if compressed else "identity"
    return Response(body, media_type="text/javascript", headers=headers)


@functools.cache
def _plotly(compressed: bool) -> bytes:
    return gzip.compress(plotly_script(), 6) if compressed else plotly_script()


def plotly_script() -> bytes:
    """Plotly's own script, as it was installed."""
    spec = find_spec("plotly")
    assert spec is not None
    assert spec.origin is not None
    return (Path(spec.origin).parent / "package_data" / "plotly.min.js").read_bytes()
