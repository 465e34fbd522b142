"""How soon a started server answers, and how soon an opened bedside page has drawn its chart.

Run by hand: uv run --group benchmarks python tests/benchmarks/start.py [TIMES]

Start: from the process to the first answer of /healthz, on an existing database. In the same run, in turn: Python
importing Streamlit and nothing else, and `streamlit run` of a script that says hello. A warm page: its files are in the
browser's cache and the server has drawn it before; from the start of the navigation to the first "drawn".
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.five_chairs import FiveChairs, furnish
from tests.benchmarks.measured import (
    LANDSCAPE,
    WITHOUT_EXTRAS,
    chromium,
    cpu_seconds,
    machine,
    median,
    server,
    settled,
    spread,
)
from tests.small_clinic import PEOPLE
from tests.stories.tablet import Tablet

TOP: Final = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS: Final = 60.0

# Runs before the page's own programs. The event does not bubble, but whoever listens from above may catch it.
_LOOK_ON: Final = """
addEventListener("drawn", () => { window.first ??= performance.now(); }, true);
"""


class Taken(NamedTuple):
    """How long something took, and how much of a processor [ms]: the latter holds on a machine that is busy, too."""

    time: float
    processor: float


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until_it_answers(command: Sequence[str], folder: Path, path: str, environment: Mapping[str, str]) -> Taken:
    """What a server takes from its start to its first good answer at `path`; it is ended then."""
    port = free_port()
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while time.monotonic() - began < PATIENCE_SECONDS:
            assert process.poll() is None, f"{command} ended with {process.returncode}"
            # The question costs the little that a connection costs, until somebody listens.
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) != 0:
                    time.sleep(0.005)
                    continue
            if httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=30).status_code == 200:
                return Taken(1000 * (time.monotonic() - began), 1000 * cpu_seconds(process.pid))
        raise SystemExit(f"{command} did not answer.")
    finally:
        process.terminate()
        process.wait(10)


def until_imported() -> Taken:
    """What Python takes to import Streamlit and to end."""
    began, before = time.monotonic(), os.times()
    subprocess.run([sys.executable, "-c", "import streamlit"], check=True)
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Taken(1000 * (time.monotonic() - began), 1000 * used)


def starts(file: Path, times: int) -> dict[str, list[Taken]]:
    """Start everything in turn, so many times."""
    hello = file.parent / "hello.py"
    hello.write_text('import streamlit as st\n\nst.write("Hello")\n')
    run = [sys.executable, "-m", "streamlit", "run"]
    bare = [*run, str(hello), "--server.headless", "true", "--browser.gatherUsageStats", "false"]
    bare += ["--server.address", "127.0.0.1"]  # else it asks the world for its own address
    found: dict[str, list[Taken]] = defaultdict(list)
    for _ in range(times):
        ours = {"MONITORING_DB": f"sqlite:///{file}", **WITHOUT_EXTRAS}
        found["Infusion Monitor to /healthz"].append(until_it_answers([*run, "dashboard.py"], TOP, "/healthz", ours))
        found["import streamlit"].append(until_imported())
        found["streamlit run hello.py to health"].append(
            until_it_answers(bare, file.parent, "/_stcore/health", WITHOUT_EXTRAS)
        )
    return found


def pages(file: Path, clinic: FiveChairs, times: int) -> tuple[float, list[float]]:
    """Milliseconds to the chart drawn: of the first page ever opened, then of warm ones."""
    pins = {name: pin for name, (_, pin) in PEOPLE.items()}
    with server(file) as running, chromium() as browser:
        settled(running)  # the server has imported what the first page needs
        context = browser.new_context(has_touch=True, bypass_csp=True, viewport=LANDSCAPE)
        context.add_init_script(_LOOK_ON)
        tablet = Tablet(context, running.url, clinic.staff, pins)
        tablet.sign_in("Ada Okafor")
        drawn = []
        for n in range(times + 2):
            tablet.open_bedside(clinic.infusions[n % len(clinic.infusions)])
            tablet.until("window.first")
            drawn.append(float(tablet.page.evaluate("window.first")))
            tablet.page.goto("about:blank")
        return drawn[0], drawn[2:]


def main(times: int) -> None:
    """Measure and print."""
    folder = Path(tempfile.mkdtemp(prefix="start-"))
    clinic = furnish(folder / "clinic.db")
    print(machine())
    found = starts(folder / "clinic.db", times)
    print(machine())
    for words, one in {"until it answers": 0, "processor time of it": 1}.items():
        print(words)
        ours = median([taken[one] for taken in found["Infusion Monitor to /healthz"]])
        for name, all_taken in found.items():
            taken = [each[one] for each in all_taken]
            print(f"  {name:34} {spread(taken)}   ours takes {ours / median(taken):.2f} of its median")
    first, warm = pages(folder / "clinic.db", clinic, 2 * times)
    print(f"  bedside page to its chart, cold    {first:14.1f} ms  (once)")
    print(f"  bedside page to its chart, warm    {spread(warm)}; {machine()}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)
