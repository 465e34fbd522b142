"""How long from the tap on Save on one screen to the point drawn on another: Infusion Monitor, NiceGUI and Dash.

Run by hand: uv run --group benchmarks python tests/benchmarks/save_to_drawn.py [ROUNDS]

Two Chromium contexts for each: A taps Save, B watches. Each round saves one set in each, in turn. The time is from A's
pointer event to the first drawing in B whose SVG holds the point, on the clock that all pages of a machine share.
NiceGUI and Dash insert the same values durably (SQLite, WAL, synchronous=FULL) and draw either a plain chart or the
very figure that Infusion Monitor draws (without the limits and titles that it lays beside plotly's work).
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Protocol

import httpx
from playwright.sync_api import Browser, Page

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.five_chairs import furnish, some_values
from tests.benchmarks.measured import LANDSCAPE, chromium, machine, median, p95, server, spread
from tests.benchmarks.the_same_chart import MEASURES
from tests.small_clinic import PEOPLE
from tests.stories.tablet import Tablet

WARM_UP: Final = 4  # rounds that are not counted
PATIENCE_MS: Final = 15_000
_HERE: Final = Path(__file__).resolve().parent

# In A: when Save was touched. In B: when a document came in, when the chart holds more points than before, when the
# frame with them was given to the screen, and when plotly had drawn all of the chart.
_LOOK_ON: Final = """
window.touched = 0;
addEventListener("pointerdown", (event) => { window.touched = performance.timeOrigin + event.timeStamp; }, true);
window.arrived = 0;
window.WebSocket = class extends window.WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const now = performance.timeOrigin + performance.now();
      if (typeof data === "string" && data.startsWith('{"type":"infusion"')) window.arrived = now;
    });
  }
};
window.points = () => document.querySelectorAll(".js-plotly-plot .scatterlayer path.point").length;
window.watch = (own) => {
  const before = window.points();
  const plot = document.querySelector(".js-plotly-plot");
  const now = () => performance.timeOrigin + performance.now();
  window.drawn = new Promise((resolve) => {
    const times = {};
    const look = () => {
      if (window.points() <= before || times.settled) return;
      if (!times.drawn) {
        times.drawn = now();
        times.marks = marks();
        requestAnimationFrame(() => setTimeout(() => { times.painted = now(); ended(); }));
      }
      if (own && plot.dataset.drawn === plot.dataset.before) return;
      times.settled = now();
      times.moved = times.marks.filter((mark) => !marks().includes(mark)).length;
      ended();
    };
    const marks = () => [...plot.querySelectorAll("path.point")].map((mark) => mark.getAttribute("transform"));
    const ended = () => times.painted && times.settled && resolve(times);
    plot.dataset.before = plot.dataset.drawn;
    if (own) document.querySelector(".chart").addEventListener("drawn", look);
    else plot.on("plotly_afterplot", look);
  });
};
"""


class Compared(Protocol):
    """Two screens of one app."""

    a: Page
    b: Page
    own_event: bool  # the chart tells when it has drawn; plotly's own event tells for the others

    def type(self, values: Mapping[str, float]) -> None:
        """Type a set on screen A, all but Save."""

    def save(self) -> None:
        """Tap Save on screen A."""


class Ours:
    """Two bedside screens of one infusion."""

    own_event = True

    def __init__(self, browser: Browser, url: str, staff: Mapping[str, str], infusion: str) -> None:
        pins = {name: pin for name, (_, pin) in PEOPLE.items()}
        self.a, self.b = (self._opened(browser, url, staff, pins, infusion) for _ in "AB")

    def _opened(self, browser: Browser, url: str, staff: Mapping[str, str], pins: Mapping[str, str], of: str) -> Page:
        context = browser.new_context(has_touch=True, bypass_csp=True, viewport=LANDSCAPE)
        context.add_init_script(_LOOK_ON)
        self._tablet = Tablet(context, url, staff, pins)
        self._tablet.sign_in("Ada Okafor")
        self._tablet.open_bedside(of)
        self._tablet.page.wait_for_function("window.points() > 0")
        return self._tablet.page

    def type(self, values: Mapping[str, float]) -> None:
        """Type a set on screen A, all but Save."""
        self.a.get_by_role("button", name=MEASURES[0], exact=True).tap()
        self.a.keyboard.type("".join(f"{value:g}" for value in values.values()))

    def save(self) -> None:
        """Tap Save on screen A."""
        self.a.get_by_role("button", name="Save", exact=True).tap()


class Baseline:
    """Two pages of an app that does the same with another library."""

    own_event = False

    def __init__(self, browser: Browser, url: str) -> None:
        self.a, self.b = (self._opened(browser, url) for _ in "AB")

    def _opened(self, browser: Browser, url: str) -> Page:
        context = browser.new_context(has_touch=True, bypass_csp=True, viewport=LANDSCAPE)
        context.add_init_script(_LOOK_ON)
        page = context.new_page()
        page.goto(url)
        page.wait_for_function("window.points && window.points() > 0")
        return page

    def type(self, values: Mapping[str, float]) -> None:
        """Type a set on screen A, all but Save."""
        for field, value in zip(self.a.locator("input").all(), values.values(), strict=True):
            field.fill(f"{value:g}")

    def save(self) -> None:
        """Tap Save on screen A."""
        self.a.get_by_role("button", name="Save", exact=True).tap()


@contextmanager
def app(program: str, kind: str, figure: Path, folder: Path) -> Iterator[str]:
    """One of the apps that are compared with, in a process of its own; answers its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = folder / f"{program}-{kind}.db"
    command = [sys.executable, str(_HERE / f"{program}.py"), str(database), str(figure), kind, str(port)]
    with (folder / f"{program}-{kind}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=_HERE.parents[1], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{process.args!r} ended with {process.returncode}; see its log.")
        try:
            httpx.get(url, timeout=5, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"{process.args!r} did not answer within a minute.")


def save_once(screens: Compared, values: Mapping[str, float]) -> dict[str, float]:
    """Save one set; answers the milliseconds from the tap to the point drawn, and of the stages that are known."""
    screens.type(values)
    screens.b.evaluate("(own) => { window.watch(own); }", screens.own_event)
    screens.save()
    times = screens.b.evaluate(
        f"Promise.race([window.drawn, new Promise((_, no) => setTimeout(no, {PATIENCE_MS}, 'not drawn'))])"
    )
    touched = screens.a.evaluate("window.touched")
    drawn = times["drawn"]
    assert times["moved"] == 0, "a mark was first drawn at a place where it did not stay"
    found = {"tap to drawn": drawn - touched, "tap to painted": times["painted"] - touched}
    if screens.own_event:
        arrived = screens.b.evaluate("window.arrived")
        posted = screens.a.evaluate(
            """() => {
              const of = performance.getEntriesByType("resource").filter((one) => one.name.endsWith("/entries")).at(-1);
              performance.clearResourceTimings();
              return [of.startTime + performance.timeOrigin, of.responseEnd + performance.timeOrigin];
            }"""
        )
        found |= {
            "tap to posted (A)": posted[0] - touched,
            "posted to saved (A)": posted[1] - posted[0],
            "posted to document in B": arrived - posted[0],
            "document in B to drawn": drawn - arrived,
            "drawn to all of the chart": times["settled"] - drawn,
        }
    return found


def apart(screens: Compared) -> float:
    """By how much the clocks of the two pages differ from the machine's, one against the other [ms]."""
    ask = "performance.timeOrigin + performance.now() - Date.now()"
    return abs(float(screens.a.evaluate(ask)) - float(screens.b.evaluate(ask)))


def main(rounds: int) -> None:
    """Measure and print."""
    numbers = random.Random(1)
    folder = Path(tempfile.mkdtemp(prefix="save_to_drawn-"))
    clinic = furnish(folder / "clinic.db")
    figure = folder / "figure.json"
    figure.write_text(json.dumps(clinic.figure))
    print(machine())
    with ExitStack() as open_, chromium() as browser:
        ours = open_.enter_context(server(folder / "clinic.db"))
        compared: dict[str, Compared] = {"Infusion Monitor": Ours(browser, ours.url, clinic.staff, clinic.infusions[0])}
        for name, program in {"NiceGUI": "with_nicegui", "Dash": "with_dash"}.items():
            for kind in ("same", "plain"):
                url = open_.enter_context(app(program, kind, figure, folder))
                compared[f"{name}, {kind} chart"] = Baseline(browser, url)
        found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        names = list(compared)
        for n in range(WARM_UP + rounds):
            for name in names[n % len(names) :] + names[: n % len(names)]:
                values = some_values(numbers)
                stages = save_once(compared[name], values)
                if n >= WARM_UP:
                    for stage, milliseconds in stages.items():
                        found[name][stage].append(milliseconds)
        clocks = max(apart(screens) for screens in compared.values())
    print(f"{machine()}; the pages' clocks were up to {clocks:.1f} ms apart")
    report(found)


def report(found: Mapping[str, Mapping[str, list[float]]]) -> None:
    """Print every spread, and ours against each of the others."""
    ours = found["Infusion Monitor"]
    for what, words in {
        "tap to drawn": "Tap on Save at A to the point in the drawing at B",
        "tap to painted": "... to the frame with it on the screen of B",
    }.items():
        print(f"\n{words}")
        for name in sorted(found, key=lambda name: name != "Infusion Monitor"):
            taken, mine = found[name][what], ours[what]
            against = (
                f"  ours is {median(mine) / median(taken):.2f} of its median, {p95(mine) / p95(taken):.2f} of its p95"
            )
            print(f"  {name:22} {spread(taken)}{against if taken is not mine else ''}")
    print("\nInfusion Monitor by stages")
    for stage, taken in ours.items():
        print(f"  {stage:26} {spread(taken)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
