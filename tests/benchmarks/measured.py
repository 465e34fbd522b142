"""What the benchmarks share: how a spread of figures is told, the browser, and the server as a clinic would have it."""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.server import Server

LANDSCAPE: Final[ViewportSize] = {"width": 1180, "height": 820}
_QUIET: Final = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
RESTS_CPU_SECONDS: Final = 0.03  # of processor time, in two seconds
# A clinic's server has only its own dependencies: not the faster loop that NiceGUI brings along.
WITHOUT_EXTRAS: Final = {"PYTHONPATH": str(Path(__file__).resolve().parent / "only_what_is_asked_for")}


def median(figures: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(figures)


def p95(figures: Sequence[float]) -> float:
    """The 95th percentile, between the two nearest figures; of a single figure, that figure."""
    return statistics.quantiles(figures, n=20, method="inclusive")[-1] if len(figures) > 1 else figures[0]


def spread(figures: Sequence[float], unit: str = "ms") -> str:
    """Median, 95th percentile and number of `figures`, in words."""
    return f"median {median(figures):7.1f}  p95 {p95(figures):7.1f} {unit}  (n={len(figures)})"


def machine() -> str:
    """How busy the machine is with everything, this benchmark included."""
    one, five, fifteen = os.getloadavg()
    return f"{os.cpu_count()} cores, load {one:.1f} (5 min {five:.1f}, 15 min {fifteen:.1f})"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A real browser, ended with the block."""
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("No Chromium here: install the package chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


def server(file: Path) -> Server:
    """The server on `file`, as a clinic would have it."""
    return Server(file, environment=WITHOUT_EXTRAS, cold=True)


def cpu_seconds(process: int) -> float:
    """Processor time that a process has used, in user and system mode [s]."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def settled(running: Server) -> None:
    """Wait until a server has imported what it needs and rests, or for a minute on a machine that never lets it."""
    assert running.process is not None
    for _ in range(30):
        before = cpu_seconds(running.process.pid)
        time.sleep(2)
        if cpu_seconds(running.process.pid) - before < RESTS_CPU_SECONDS:
            return
