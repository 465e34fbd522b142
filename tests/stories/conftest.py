"""What the stories share: a real Chromium, tablets that tell on themselves, and a clinic to play in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect, sync_playwright

from monitoring.demonstration import PINS
from tests.server import Server
from tests.small_clinic import PEOPLE
from tests.stories import gallery as looks
from tests.stories.network import Network
from tests.stories.tablet import LANDSCAPE, PATIENCE_MS, Tablet
from tests.stories.ward import Ward, furnish, staff_of

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUIET += ["--disable-sync"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for the stories of a module. Not kept longer: its event loop would be in the way of other tests."""
    program = shutil.which("chromium")
    if program is None:
        sentence = "No Chromium here: the stories need it, install the package chromium."
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """A real clinic with an infusion for each story, on one server for all of a worker's stories."""
    file = tmp_path_factory.mktemp("ward") / "clinic.db"
    planned, running = furnish(file)
    pins = {name: pin for name, (_, pin) in PEOPLE.items()}
    with Server(file) as server:
        yield Ward(server, staff_of(file), pins, planned, running)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    """The demonstration clinic, on one server for all of a worker's stories. Its time runs at rate 1 at first."""
    file = tmp_path_factory.mktemp("demonstration") / "demonstration.db"
    with Server(file, demonstration_rate=1) as server:
        yield Ward(server, staff_of(file), PINS)


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[looks.Gallery]:
    """A real clinic to look at, on one server for all of a worker's stories that only look."""
    file = tmp_path_factory.mktemp("gallery") / "clinic.db"
    infusions = looks.furnish(file)
    pins = {name: pin for name, (_, pin) in PEOPLE.items()}
    with Server(file) as server:
        yield looks.Gallery(Ward(server, staff_of(file), pins), infusions)


@pytest.fixture(scope="module")
def stretch(ward: Ward) -> Iterator[Network]:
    """The network of a module: its address stays, so that browsers need not load the program anew for each story."""
    with Network(ward.server.port) as stretch:
        yield stretch


@pytest.fixture
def network(stretch: Network) -> Iterator[Network]:
    """A stretch of network before the ward's server, which a story can cut."""
    yield stretch
    stretch.whole()


class Tablets:
    """Hands out tablets, each a browser of its own, and knows of every error in their programs.

    A tablet that was put back is wiped and handed out again: it need not load the program anew.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[BrowserContext]] = {}
        self._handed: list[tuple[str | None, BrowserContext]] = []
        self.errors: list[str] = []

    def __call__(
        self,
        ward: Ward,
        name: str = "",
        *,
        infusion: str = "",
        url: str = "",
        viewport: ViewportSize = LANDSCAPE,
        script: str = "",
    ) -> Tablet:
        """A tablet of this clinic; with `name` that person has signed in on it, with `infusion` its screen is open.

        `script` runs in each page before its own programs.
        """
        url = url or ward.server.url
        idle = [] if script else self._idle.setdefault(url, [])
        known = bool(idle)
        context = idle.pop() if known else self._new()
        self._handed.append((None if script else url, context))
        if script:
            context.add_init_script(script)
        tablet = Tablet(context, url, ward.staff, ward.pins)
        tablet.page.set_viewport_size(viewport)
        if known:
            tablet.wipe()
        if name:
            tablet.sign_in(name)
        if infusion:
            tablet.open_bedside(infusion)
        return tablet

    def _new(self) -> BrowserContext:
        context = self._browser.new_context(has_touch=True)
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        return context

    @property
    def handed(self) -> int:
        """How many are handed out now."""
        return len(self._handed)

    def put_back(self, but: int = 0) -> None:
        """Close what is open on them, but for the first ones."""
        for url, context in self._handed[but:]:
            for page in context.pages:
                page.close()
            if url is None:  # what runs in its pages cannot be taken out again
                context.close()
            else:
                self._idle[url].append(context)
        del self._handed[but:]


@pytest.fixture(scope="module")
def drawer(chromium: Browser) -> Iterator[Tablets]:
    """Where a module's tablets are between its stories. An error in a page's program fails the story."""
    drawer = Tablets(chromium)
    yield drawer
    drawer.put_back()
    assert drawer.errors == []


@pytest.fixture
def tablets(drawer: Tablets) -> Iterator[Tablets]:
    """Tablets for one story."""
    others = drawer.handed
    yield drawer
    drawer.put_back(but=others)
    errors, drawer.errors = drawer.errors, []
    assert errors == []
