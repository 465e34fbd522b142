"""A tablet in somebody's hands: what is tapped on it, and what it shows.

Everything is found by the names that assistive technology finds (SCREENS: they stay stable), and every tap is counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import uuid4

from playwright.sync_api import BrowserContext, Locator, Page, ViewportSize, expect

from monitoring.clinical.leaving import LEFT

LANDSCAPE: Final[ViewportSize] = {"width": 1180, "height": 820}
PORTRAIT: Final[ViewportSize] = {"width": 820, "height": 1180}
TILES: Final = {
    "systolic": "Systolic pressure",
    "diastolic": "Diastolic pressure",
    "heart_rate": "Heart rate",
    "spo2": "Oxygen saturation",
    "respiration": "Respiration",
    "temperature": "Temperature",
}
PATIENCE_MS: Final = 20_000  # for a machine that is busy with other tests; nothing waits so long when it works

# The page's own modules, to read what it holds: the document it was given, its clock, its outbox. And where the last
# tap was: one on the same spot so soon is taken for the second half of a double tap, where something else has come to
# lie there. People are slower, and do not hit a key in its very middle.
_LOOK_INSIDE: Final = """async () => {
  const modules = ["live", "clock", "outbox"].map((name) => import(`/assets/${name}.js`));
  const [live, clock, outbox] = await Promise.all(modules);
  if (!window.inside) addEventListener("click", (event) => (inside.tapped = [event.clientX, event.clientY]), true);
  window.inside = { live, clock, outbox, tapped: [0, 0] };
}"""

_BESIDE: Final = (0, -20, 20)  # px; all on the smallest key
_APART: Final = 30.0  # px between two taps that are told apart

# Where the digits are, by what stands on them, and which tile is typed into.
_DIGITS: Final = """() => Object.fromEntries(
  [...document.querySelectorAll(".key.digit")].filter((key) => key.getClientRects().length).map((key) => {
    const { x, y, width, height } = key.getBoundingClientRect();
    return [key.textContent, [x + width / 2, y + height / 2]];
  }))"""
_ACTIVE: Final = """() => document.querySelector(".tile[aria-pressed=true]")?.ariaLabel"""

# Where to tap on something that lies where the last tap was; null where it lies elsewhere.
_BESIDE_THE_LAST: Final = """(target) => {
  const tapped = window.inside?.tapped;
  if (!tapped) return null;
  target.scrollIntoViewIfNeeded();
  const { x, y, width, height } = target.getBoundingClientRect();
  const [across, down] = [x + width / 2 - tapped[0], y + height / 2 - tapped[1]];
  if (Math.hypot(across, down) > 30) return null;
  return { x: width / 2 + 20 * (across < 0 ? -1 : 1), y: height / 2 + 20 * (down < 0 ? -1 : 1) };
}"""

# Brings a line of a step to the upper edge where it is not in view, as a finger's swipe does; answers where to tap,
# and where the last tap was.
_SWIPE_TO: Final = """(key) => {
  const row = key.closest("li, .scale-item") ?? key;
  const panel = key.closest(".panel").getBoundingClientRect();
  const { top, bottom } = row.getBoundingClientRect();
  if (top < panel.top || bottom > panel.bottom) row.scrollIntoView({ block: "start" });
  const { x, y, width, height } = key.getBoundingClientRect();
  return [[x + width / 2, y + height / 2], inside.tapped];
}"""

# Lets the demonstration's time run fast to an instant, where the server's clock itself slows down again.
_RUN_TO: Final = """async ([instant, until]) => {
  const rate = Math.min(3600, Math.max(1, (instant - inside.clock.now()) / 300));
  const answer = await fetch("/api/demonstration/rate", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ rate, until }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}"""


class Tablet:
    """One browser with one page at a time, on `url`. `staff` (name to id) and `pins` are those of the clinic.

    `page`: one of its pages that is used on.
    """

    def __init__(
        self,
        context: BrowserContext,
        url: str,
        staff: Mapping[str, str],
        pins: Mapping[str, str],
        page: Page | None = None,
    ) -> None:
        self.context = context
        self.url = url
        self.staff = staff
        self.pins = pins
        self.taps = 0
        self.page = page or context.new_page()

    # What is there

    def button(self, name: str) -> Locator:
        """The button of exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def sheet(self, title: str | re.Pattern[str]) -> Locator:
        """The sheet that was opened under this title."""
        return self.page.get_by_role("dialog", name=title)

    @property
    def flags(self) -> Locator:
        """The open flags."""
        return self.page.get_by_role("list", name="Flags").get_by_role("listitem")

    @property
    def entries(self) -> Locator:
        """The entries shown, the newest first."""
        return self.page.get_by_role("list", name="Entries").get_by_role("listitem")

    @property
    def connection(self) -> Locator:
        """The lamp that says whether this screen is live."""
        return self.page.get_by_role("status", name="Connection")

    @property
    def lost(self) -> Locator:
        """The banner that says the connection is lost."""
        return self.page.get_by_role("alert").filter(has_text="Not connected")

    def option(self, rating: str, choice: str) -> Locator:
        """One choice of a rating: option("Dissociation", "3 marked")."""
        return self.page.get_by_role("radiogroup", name=rating).get_by_role("radio", name=choice, exact=True)

    @property
    def pad(self) -> Locator:
        """The entry pad: looked in first, because a chart holds a thousand things that are no keys."""
        return self.page.locator(".pad")

    def tile(self, measure: str) -> Locator:
        """The tile of a measure, by its key."""
        return self.pad.get_by_role("button", name=TILES[measure], exact=True)

    # What is done

    def tap(self, target: Locator) -> None:
        """One tap, as a finger does it."""
        target.tap(timeout=PATIENCE_MS, position=target.evaluate(_BESIDE_THE_LAST, timeout=PATIENCE_MS))
        self.taps += 1

    def tap_fast(self, target: Locator, times: int) -> None:
        """Several taps on the same spot within some hundred milliseconds, whatever comes to lie under the finger."""
        expect(target).to_be_enabled(timeout=PATIENCE_MS)
        spot = self.middle(target)
        for _ in range(times):
            self.page.touchscreen.tap(*spot)

    def middle(self, target: Locator) -> tuple[float, float]:
        """Where a finger taps this."""
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def wipe(self) -> None:
        """Forget everybody and everything that was left on this tablet."""
        self.context.clear_cookies()
        self.page.goto(f"{self.url}/healthz")
        self.page.evaluate("localStorage.clear()")

    def sign_in(self, name: str) -> str:
        """Sign in without a screen, as a tablet on which this person has signed in; answers the sign-in's id."""
        answer = self.post("/api/sign-in", {"staff": self.staff[name], "pin": self.pins[name]})
        return str(answer["me"]["sign_in"])

    def tap_in(self, name: str, within: Locator | None = None) -> None:
        """Sign in on the screen: tap the name, type the PIN."""
        place = within or self.page.locator("body")
        self.tap(place.get_by_role("button", name=name, exact=True))
        self.type_pin(name)

    def switch_to(self, name: str) -> None:
        """Hand the tablet to another person, who types their PIN."""
        self.page.get_by_role("button", name=re.compile("switch$|^Sign in$")).first.tap()
        self.tap_in(name, self.sheet("Who is at the chair?"))

    def post(self, address: str, body: object) -> dict[str, Any]:
        """Post as a page of this tablet would; answers the decoded JSON."""
        answer = self.context.request.post(self.url + address, data=body, headers={"Origin": self.url})
        found: dict[str, Any] = answer.json()
        assert answer.ok, found
        return found

    def post_event(self, infusion: str, kind: str, *, signed: tuple[tuple[str, str], ...] = (), **detail: Any) -> str:
        """Record an event without a screen, under the name of whoever has signed in; answers the entry's id.

        `signed`: who signs it by PIN, and what their signature means.
        """
        id = str(uuid4())
        made = []
        for name, meaning in signed:
            asked = {"staff": self.staff[name], "pin": self.pins[name], "infusion": infusion, "entry": id}
            made.append(self.post("/api/attest", asked | {"meaning": meaning})["attestation"])
        now = self.context.request.get(f"{self.url}/api/me").json()["now"]
        body = {"id": id, "kind": "event", "observed_at": now, "tapped_at": now, "attestations": made}
        self.post(f"/api/infusions/{infusion}/entries", body | {"event": {"kind": kind, "detail": detail}})
        return id

    def post_leaving(self, infusion: str, second: str) -> None:
        """Record without a screen that the infusion ended and the patient left early, as this second person saw too."""
        self.post_event(infusion, "end")
        self.post_event(infusion, "close", signed=((second, LEFT),), reason="patient's wish")

    def open_bedside(self, infusion: str) -> None:
        """Open an infusion's screen and wait until it is live."""
        self.page.goto(f"{self.url}/bedside?infusion={infusion}")
        self.ready()

    def open_board(self) -> None:
        """Open the board and wait until it is live."""
        self.page.goto(f"{self.url}/board")
        self.ready()

    def find_patient(self, name: str) -> None:
        """Find this patient on the page for patients and choose them."""
        self.page.goto(f"{self.url}/patients")
        self.page.get_by_role("textbox", name="Find").fill(name)
        self.tap(self.page.get_by_role("radio", name=f"{name} · "))

    def fill_in_infusion(self, *, weight_kg: float, chair: str) -> None:
        """Fill in what opening an infusion for the chosen patient needs."""
        weight = self.page.get_by_label("Weight today, kg")
        weight.fill(f"{weight_kg:g}")
        weight.press("Enter")
        expect(self.page.get_by_text(re.compile(rf"^{weight_kg:g} kg × "))).to_be_visible()
        self.tap(self.page.get_by_role("combobox", name=re.compile("Chair")))
        self.tap(self.page.get_by_role("option", name=chair, exact=True))
        for identifier in ("name", "date of birth"):
            self.tap(self.page.get_by_role("button", name=identifier, exact=True))
        for meant in self.page.get_by_role("button", name=re.compile("^Yes, this is ")).all():
            self.tap(meant)  # asked, where it is unlike the last

    def to_front(self) -> Self:
        """Look at this tab: a browser lets the ones behind it wait."""
        self.page.bring_to_front()
        return self

    def ready(self) -> None:
        """Wait until the page is live, and look inside it from then on."""
        expect(self.connection).to_have_text("live", timeout=PATIENCE_MS)
        self.page.evaluate(_LOOK_INSIDE)

    def type(self, values: Mapping[str, float]) -> None:
        """Type these values on the pad (measure to value), tapping a tile only where the pad is not there already."""
        keys = self.page.evaluate(_DIGITS)
        for measure, value in values.items():
            if self.page.evaluate(_ACTIVE) != TILES[measure]:
                self.tap(self.tile(measure))
            digits = _digits(value)
            for digit in digits:
                self.page.touchscreen.tap(*keys[digit])
                self.taps += 1
            # A finger is quicker than a page on a busy machine: which tile is next is known once this one has them all.
            tile = f"document.querySelector('.tile[data-measure={measure}]')"
            typed = f"{tile}.getAttribute('aria-description').split(' ')[0].replace('.', '')"
            self.until(f"{typed}.endsWith('{digits}')")

    def say_which_hour(self, seen: datetime) -> None:
        """Say which hour is meant where it is asked: in the night that clocks are put back, once it has come twice."""
        first, second = (seen.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
        if first != second and second <= datetime.now(UTC):
            self.tap(self.button(f"{'after' if seen.fold else 'before'} the clocks went back"))

    def save(self, *, confirm: bool = False) -> None:
        """Tap Save; the pad is empty again. With `confirm`, what is asked about unusual values is answered with yes."""
        self.tap(self.pad.get_by_role("button", name="Save", exact=True))
        question = self.page.get_by_role("alertdialog")
        while confirm:
            self.until(
                "document.querySelector('.pad-overlay:not([hidden])') || !document.querySelector('.tile.filled')"
            )
            if question.count() == 0:
                break
            self.tap(question.get_by_role("button", name="Yes, this is what I see"))
        self.pad_empty()

    def pad_empty(self) -> None:
        """Wait until nothing is typed."""
        expect(self.page.get_by_role("group", name="Vital signs").locator(".filled")).to_have_count(0)

    def seen_ago(self, minutes: int) -> None:
        """Say that the next entry was seen some minutes ago."""
        self.tap(self.button("Seen at"))
        self.tap(self.sheet(re.compile("^Seen at")).get_by_role("button", name=f"{minutes} min ago", exact=True))

    def log(self, values: Mapping[str, float]) -> None:
        """Type a set and save it."""
        self.type(values)
        self.save()

    def write(self, field: Locator, text: str) -> None:
        """Type into a field; each character is counted as a tap on the tablet's own keyboard."""
        self.tap(field)
        field.fill(text)
        self.taps += len(text)

    def step(self, name: str) -> Locator:
        """Open a step of the course of care by its tab; answers what stands under it."""
        self.tap(self.page.get_by_role("tab", name=name, exact=True))
        return self.page.get_by_role("tabpanel", name=name, exact=True)

    def answer(self, question: str, answer: str) -> None:
        """Answer a question of a list by one tap, and see that the answer stands."""
        key = self.page.get_by_role("radiogroup", name=question, exact=True).get_by_role(
            "radio", name=answer, exact=True
        )
        self._touch(*key.evaluate(_SWIPE_TO))
        expect(key).to_be_checked()

    def pin(self, title: str | re.Pattern[str], name: str, *, types: str = "") -> None:
        """Sign by PIN in the sheet of this title; the name is tapped only where another is asked first.

        `types`: whose digits are typed, where they are not those of `name`.
        """
        sheet = self.sheet(title)
        who = sheet.get_by_role("button", name=name, exact=True)
        asked = sheet.get_by_role("status").filter(has_text=f"PIN of {name}")
        expect(who.or_(asked)).to_be_visible()
        if who.count():
            self.tap(who)
        expect(asked).to_be_visible()
        self.type_pin(types or name)
        expect(asked.or_(sheet.get_by_text("Checking …"))).to_have_count(0)

    def type_pin(self, name: str) -> None:
        """Type the PIN of this person, where the digits are."""
        self.type_digits(self.pins[name])

    def type_digits(self, digits: str, *, pace_ms: float = 0) -> None:
        """Tap these digits on the screen one after another, as fast as it goes or at a finger's pace."""
        keys = self.page.evaluate(_DIGITS)
        for digit in digits:
            self.page.touchscreen.tap(*keys[digit])
            self.taps += 1
            if pace_ms:
                self.page.wait_for_timeout(pace_ms)

    def _touch(self, middle: tuple[float, float], tapped: tuple[float, float]) -> None:
        """One tap on a key, beside its middle where something else was tapped on this very spot just now."""
        spots = [
            (middle[0] + across, middle[1] + down) for across in _BESIDE for down in _BESIDE if abs(across) == abs(down)
        ]
        self.page.touchscreen.tap(*max(spots, key=lambda spot: min(math.dist(spot, tapped), _APART)))
        self.taps += 1

    def rate(self, rating: str, choice: str) -> None:
        """Rate by one tap."""
        self.tap(self.option(rating, choice))

    def run_time_to(self, instant: datetime) -> None:
        """Let the demonstration's time run until `instant`; the person on this tablet must be permitted to."""
        self.page.evaluate(_RUN_TO, [instant.timestamp() * 1000, instant.isoformat()])

    def time_is(self, instant: datetime) -> None:
        """Wait until this tablet knows that it is `instant` or later, and that time runs as ever."""
        self.until(f"inside.clock.rate() === 1 && inside.clock.now() >= {instant.timestamp() * 1000:.0f}")

    # What came of it

    def sent(self) -> None:
        """Wait until nothing waits in this tablet any more."""
        self.until("inside.outbox.items().length === 0")

    def knows(self, entries: int) -> None:
        """Wait until this screen was told of so many entries, and nothing waits in it."""
        self.until(f"inside.live.current().document?.version >= {entries}")
        self.sent()

    def until(self, holds: str) -> None:
        """Wait until this JavaScript expression holds in the page; it may look `inside` the page's modules."""
        # Playwright's own waiting needs eval, which the pages forbid.
        self.page.evaluate(
            f"""async (patience) => {{
              const began = performance.now();
              while (!({holds})) {{
                if (performance.now() - began > patience) throw new Error("still not so: " + {holds!r});
                await new Promise((resume) => setTimeout(resume, 10));
              }}
            }}""",
            PATIENCE_MS,
        )

    def shows(self, entries: int) -> None:
        """Wait until this many entries are shown, all of them from the server."""
        expect(self.entries).to_have_count(entries, timeout=PATIENCE_MS)
        expect(self.entries.and_(self.page.locator(".waiting"))).to_have_count(0, timeout=PATIENCE_MS)

    def document(self) -> dict[str, Any]:
        """The newest document this page was given."""
        found: dict[str, Any] = self.page.evaluate("inside.live.current().document")
        return found

    def seen(self) -> float:
        """What this page takes for the server's time: milliseconds since 1970."""
        found: float = self.page.evaluate("inside.clock.now()")
        return found

    def waiting(self) -> list[dict[str, Any]]:
        """What waits in this tablet's outbox, in its order."""
        found: list[dict[str, Any]] = self.page.evaluate("inside.outbox.items()")
        return found


def _digits(value: float) -> str:
    """The keys that type this value: the pad sets the decimal point itself."""
    return re.sub(r"\D", "", f"{value:g}")
