"""The worker that keeps the bedside's program on a tablet, and which files that program is."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from monitoring.charts import plotly_version
from monitoring.routes.assets import MODULES, plotly_script

_WORKER: Final = MODULES / "service_worker.js"
_FONT: Final = "SourceSansVF-Upright*.woff2"  # of the installed Streamlit, whose pages are written in it


async def service_worker(_request: Request) -> Response:
    """GET the worker. It names every file with its hash: its text, and so the worker, changes when one of them does."""
    text = await run_in_threadpool(worker_text)
    return Response(text, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


def worker_text() -> str:
    """The worker with what it keeps: the name of the shell, and its files."""
    files = json.dumps({name: [address, f"sha256-{digest}"] for name, address, digest in _files()}, indent=1)
    program = f"const FILES = {files};\n{_WORKER.read_text(encoding='utf-8')}"
    version = hashlib.sha256(program.encode()).hexdigest()[:12]
    return f'const SHELL = "shell-{version}";\n{program}'


def _files() -> Iterator[tuple[str, str, str]]:
    """The files of the shell: name, where the server has it, and the hash of what it holds."""
    for file in sorted(MODULES.iterdir()):
        if file != _WORKER and (file.suffix in (".js", ".html") or file.name == "style.css"):
            yield file.name, f"/assets/{file.name}", _digest(file.read_bytes())
    yield "plotly.min.js", f"/assets/plotly.min.js?v={plotly_version()}", _plotly_digest()
    for file in _fonts():
        yield "source-sans.woff2", f"/static/media/{file.name}", _digest(file.read_bytes())


def _fonts() -> list[Path]:
    spec = find_spec("streamlit")
    assert spec is not None
    assert spec.origin is not None
    return sorted((Path(spec.origin).parent / "static" / "static" / "media").glob(_FONT))[:1]


def _digest(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@functools.cache
def _plotly_digest() -> str:
    return _digest(plotly_script())
