"""The tablet's own judgement of what waits agrees with the clinical functions: in a real browser, without a server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from playwright.sync_api import Browser, Page, Route

from monitoring.clinical.protocol import Level, Limit, Measure, Phase, RuleKey
from tests.clinical.timeline import SHIPPED, measure, protocol
from tests.judging import Case, Levels, body, vectors

pytestmark = pytest.mark.browser

MODULES: Final = Path(__file__).resolve().parents[2] / "monitoring" / "screens" / "static"
JUDGE: Final = """async (cases) => {
  const { judged } = await import("/judging.js");
  const each = (all, change) => Object.fromEntries(Object.entries(all).map(([key, one]) => [key, change(one)]));
  const words = (found) => each(found, ({ level }) => level);
  return cases.map(({ table, waiting }) => each(judged(table, waiting).levels, words));
}"""
PHASES: Final[tuple[Phase, ...]] = ("planned", "infusing", "paused", "recovery")
KEYS: Final[list[RuleKey]] = sorted(set(get_args(RuleKey)) - {"silent_minutes"})


@pytest.fixture(scope="module")
def tablet(chromium: Browser) -> Iterator[Page]:
    """A page that holds the tablet's modules, and nothing else."""

    def serve(route: Route) -> None:
        file = MODULES / route.request.url.rsplit("/", 1)[1]
        if file.suffix == ".js":
            route.fulfill(path=file, content_type="text/javascript")
        else:
            route.fulfill(body="", content_type="text/html")

    page = chromium.new_page()
    page.route("http://tablet.test/*", serve)
    page.goto("http://tablet.test/empty")
    yield page
    page.close()


def told(tablet: Page, *cases: Case) -> list[Levels]:
    """What the tablet says of each case."""
    found: list[Levels] = tablet.evaluate(JUDGE, [case.asked() for case in cases])
    return found


def test_the_tablet_says_of_each_vector_what_is_right(tablet: Page) -> None:
    cases, right = zip(*vectors(), strict=True)
    for case, said, levels in zip(cases, told(tablet, *cases), right, strict=True):
        assert case.of_waiting(said) == levels, case.name


# Numbers as people type them: few enough that boundaries, equal moments and changes back are met.
VALUES: Final = some.integers(0, 60).map(lambda tenths: 35 + tenths / 10)
MINUTES: Final = some.integers(-3, 8)


@some.composite
def limits(draw: some.DrawFn) -> Limit:
    """Any limit on a value, of kinds that are shipped and kinds that are not."""
    key = draw(some.sampled_from(KEYS))
    of_change = key.startswith(("rise", "fall", "step"))
    bound = draw(some.integers(1, 30).map(lambda tenths: tenths / 10) if of_change else VALUES)
    phase = tuple(draw(some.lists(some.sampled_from(PHASES), max_size=2, unique=True)))
    return Limit(
        key, bound, draw(some.sampled_from(Level)), "made up", phase, applies=draw(some.sampled_from(("", "air")))
    )


MADE_UP: Final = some.builds(lambda rows: [measure("pulse", *rows, decimals=1)], some.lists(limits(), max_size=5)).map(
    lambda measures: protocol(*measures)
)


@some.composite
def cases(draw: some.DrawFn) -> Case:
    """Any record and anything that waits, under the shipped protocol or one that is made up."""
    under = draw(some.one_of(some.just(SHIPPED), MADE_UP))
    number = draw(some.integers(1, 12))
    recorded = draw(some.integers(0, number - 1))
    bodies: list[dict[str, Any]] = []
    gone: set[str] = set()
    for n in range(number):
        standing = [one for one in bodies if one["id"] not in gone and not one["withdraws"]]
        made = draw(entries(f"e{n}", list(under.measures.values()), standing))
        gone |= {made["corrects"], made["withdraws"]}
        bodies.append(made)
    return Case("made up", under, tuple(bodies[:recorded]), tuple(bodies[recorded:]))


@some.composite
def entries(draw: some.DrawFn, id: str, measures: list[Measure], standing: list[dict[str, Any]]) -> dict[str, Any]:
    """A set, an event, or what puts one of those right that stand."""
    minute = draw(MINUTES)
    what = draw(some.sampled_from(("set", "set", "set", "event", "event", "correction", "withdrawal")))
    if standing and what == "withdrawal":
        return body(id=id, minute=minute, withdraws=draw(some.sampled_from(standing))["id"])
    former = draw(some.sampled_from(standing)) if standing and what == "correction" else None
    corrects = former["id"] if former else None
    if what == "event" or (former and former["event"]):
        kinds = ("start", "pause", "resume", "end", "stop", "close", "note")
        kind = former["event"]["kind"] if former else draw(some.sampled_from(kinds))
        made = body(id=id, minute=minute, event=kind, corrects=corrects)
        if former and draw(some.booleans()):
            made["observed_at"] = former["observed_at"]
        return made
    values = {one.key: draw(_value_of(one)) for one in draw(some.lists(some.sampled_from(measures), max_size=3))}
    return body(id=id, minute=minute, values=values, corrects=corrects)


def _value_of(one: Measure) -> some.SearchStrategy[float]:
    """A value of this measure: at a limit, beside one, or any."""
    if one.key == "oxygen":
        return some.sampled_from((0.0, 2.0))
    near = [x.value + beside for x in one.limits if x.is_absolute for beside in (-1, 0, 1)]
    return some.one_of(some.sampled_from([float(value) for value in near]), VALUES) if near else VALUES


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(cases(), min_size=4, max_size=4))
def test_the_tablet_and_the_clinical_functions_agree(tablet: Page, many: list[Case]) -> None:
    for case, said in zip(many, told(tablet, *many), strict=True):
        assert said == case.levels()
