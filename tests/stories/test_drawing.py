"""Charts as a browser draws them, without a server: never before their colours, and no number over another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route

from monitoring.routes.assets import MODULES

pytestmark = pytest.mark.browser

HOUSE = "http://clinic.test"
PAGE = """
<!doctype html>
<link rel="stylesheet" href="/assets/style.css"><link rel="stylesheet" href="/assets/review.css">
<body><div class="stApp" style="color-scheme: dark"><div class="drawn"></div></div></body>
"""
# Plotly's place is taken by one that only keeps what it was to draw.
RECORDER = "window.asked = []; window.Plotly = { react: async (_, data) => window.asked.push(data[0].line.color) };"
MOUNT = """
async () => {
  const { mount } = await import("/assets/panels.js");
  const figure = {
    version: "1", plotly: "x", marks: [], labels: [], overlay: "", origin: null, now_line: false,
    data: [{ name: "#1", x: [0], y: [120], line: { color: "@trace" }, marker: { color: ["@caution"] } },
           { name: "middle", x: [0], y: [120], fillcolor: "@clinic", line: { color: "@clinic" } }],
    layout: { font: { color: "@soft" }, xaxis: { gridcolor: "@grid", range: [0, 1] }, shapes: [] },
  };
  mount(document.querySelector(".drawn"), { panels: [{ key: "a", heading: "A", label: "A", figure, height: 200 }] });
}
"""


# Many times over what it takes until something that waits for nothing is drawn.
TURNS = "async () => { for (let turn = 0; turn < 20; turn += 1) await new Promise((go) => setTimeout(go)); }"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty tab."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def serve(page: Page, late: str) -> Callable[[], None]:
    """The browser modules as they are, without a server. What answers the request for `late` is returned."""
    waiting: list[Route] = []

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(HOUSE).removeprefix("/assets/")
        if name == late:
            waiting.append(route)
        elif name == "/":
            route.fulfill(body=PAGE, content_type="text/html")
        else:
            route.fulfill(path=MODULES / name)

    page.route(f"{HOUSE}/**", answer)
    return lambda: [route.fulfill(path=MODULES / late) for route in waiting] and None


@pytest.mark.parametrize("late", ["style.css", "review.css"])
def test_nothing_is_drawn_before_the_colours_are_there(page: Page, late: str) -> None:
    release = serve(page, late)
    page.add_init_script(RECORDER)
    page.goto(f"{HOUSE}/", wait_until="commit")
    page.wait_for_selector(".drawn", state="attached")
    page.evaluate(MOUNT)
    page.wait_for_selector(".drawn .plot", state="attached")
    page.evaluate(TURNS)
    assert page.evaluate("window.asked") == []
    release()
    page.wait_for_function("window.asked.length > 0")
    assert page.evaluate("window.asked") == ["#c9d5da"]


# Five earlier infusions whose pressures end within a few pixels of each other, and one that goes on beyond the chart.
EARLIER = """
async () => {
  const { numbers, key } = await import("/assets/numbers.js");
  const axis = { _offset: 0, _length: 100, l2p: (value) => 200 - value };
  const xaxis = { _offset: 40, _length: 500, range: [0, 100], l2p: (minute) => minute * 5 };
  const plot = { _fullLayout: { xaxis, yaxis: axis, width: 600, height: 120 } };
  const trace = (n, value) => ({
    x: [0, 20, null, 60, n === 5 ? 180 : 80], y: [value, value, null, value, value],
    yaxis: "y", name: `#${n}, earlier`, meta: `#${n}`, line: { dash: "dash" },
  });
  const traces = [1, 2, 3, 4, 5].flatMap((n) => [trace(n, 150 + n), trace(n, 120 + n)]);
  const under = { ...traces[0], yaxis: "y2" };
  const { layer, show } = numbers();
  const place = document.querySelector(".drawn");
  place.style.cssText = "position: relative; width: 600px; height: 120px";
  place.append(layer);
  show(plot, [...traces, under], []);
  const box = (piece) => piece.getBoundingClientRect().toJSON();
  const shown = [...layer.children].map((piece) => ({ text: piece.textContent, ...box(piece) }));
  const legend = document.createElement("p");
  legend.append(...key([...traces, under]));
  show(plot, [], []);
  const samples = legend.querySelectorAll("svg").length;
  return { shown, left: layer.children.length, legend: legend.textContent, samples };
}
"""


def test_the_numbers_of_earlier_infusions_cover_none_of_each_other(page: Page) -> None:
    serve(page, "")
    page.goto(f"{HOUSE}/")
    found = page.evaluate(EARLIER)
    shown = found["shown"]
    assert [one["text"] for one in shown] == ["#1", "#2", "#3", "#4", "#5"]  # each once, and none in the panels below
    for n, one in enumerate(shown):
        for other in shown[n + 1 :]:
            beside = one["right"] <= other["left"] or other["right"] <= one["left"]
            assert beside or one["bottom"] <= other["top"] or other["bottom"] <= one["top"]
    assert (found["legend"].split(), found["samples"]) == (["#1", "#2", "#3", "#4", "#5"], 5)
    assert found["left"] == 0  # taken away with the lines
