"""What the stories share: a real Chromium, tablets that tell on themselves, and a clinic to play in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, ViewportSize, expect, sync_playwright

from monitoring.demonstration import PINS
from tests.server import Server
from tests.small_clinic import PEOPLE
from tests.stories import gallery as looks
from tests.stories.network import Network
from tests.stories.tablet import LANDSCAPE, PATIENCE_MS, Tablet
from tests.stories.ward import Ward, furnish, staff_of

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
QUIET += ["--disable-sync"]


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """A browser for all stories. Not kept longer: its event loop would be in the way of other tests."""
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


@pytest.fixture(scope="package")
def stretch(ward: Ward) -> Iterator[Network]:
    """The network of all stories: its address stays, so that browsers need not load the program anew for each."""
    with Network(ward.server.port) as stretch:
        yield stretch


@pytest.fixture
def network(stretch: Network) -> Iterator[Network]:
    """A stretch of network before the ward's server, which a story can cut."""
    yield stretch
    stretch.whole()


class Tablets:
    """Hands out tablets, each a browser of its own, and knows of every error in their programs.

    A tablet that was put back is wiped and handed out again. Its page stays open: to load the program anew takes ten
    times as long as to open another screen.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._idle: dict[str, list[Page]] = {}
        self._handed: list[tuple[str | None, Tablet]] = []
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
        keeps: bool = False,
    ) -> Tablet:
        """A tablet of this clinic; with `name` that person has signed in on it, with `infusion` its screen is open.

        `script` runs in each page before its own programs. `keeps`: the browser may keep the bedside for a reload
        without a connection, which all may over TLS and on localhost; others are not held up by it here.
        """
        url = url or ward.server.url
        own = bool(script) or keeps
        idle = [] if own else self._idle.setdefault(url, [])
        page = idle.pop() if idle else None
        context = page.context if page else self._new(keeps)
        if script:
            context.add_init_script(script)
        tablet = Tablet(context, url, ward.staff, ward.pins, page)
        self._handed.append((None if own else url, tablet))
        tablet.page.set_viewport_size(viewport)
        if page:
            tablet.wipe()
        if name:
            tablet.sign_in(name)
        if infusion:
            tablet.open_bedside(infusion)
        return tablet

    def _new(self, keeps: bool) -> BrowserContext:
        context = self._browser.new_context(has_touch=True, service_workers="allow" if keeps else "block")
        context.set_default_timeout(PATIENCE_MS)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        return context

    @property
    def handed(self) -> int:
        """How many are handed out now."""
        return len(self._handed)

    def put_back(self, but: int = 0) -> None:
        """Close what is open on them, but for the first ones."""
        for url, tablet in self._handed[but:]:
            # What runs in all its pages cannot be taken out again.
            if url is None or not self._left(url, tablet):
                tablet.context.close()
            else:
                self._idle[url].append(tablet.page)
        del self._handed[but:]

    def _left(self, url: str, tablet: Tablet) -> bool:
        """Leave the screen that is open and close all others; False where the page can no longer be used."""
        for page in tablet.context.pages:
            if page is not tablet.page:
                page.close()
        try:
            tablet.page.unroute_all()
            tablet.page.goto(f"{url}/healthz")
            tablet.page.evaluate("sessionStorage.clear()")
        except Error:
            return False
        return True


@pytest.fixture(scope="package")
def drawer(chromium: Browser) -> Iterator[Tablets]:
    """Where the tablets are between stories. An error in a page's program fails the story."""
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
