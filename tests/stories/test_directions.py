"""Names from right to left in the browser: kept apart as on the server, and on every screen beside their numbers."""

from __future__ import annotations

import base64
import random
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, Page, expect

from monitoring import recording
from monitoring.clinical.directions import isolated
from monitoring.clinical.leaving import LEFT
from monitoring.routes.assets import MODULES
from tests.clinical.test_directions import VECTORS
from tests.server import Server
from tests.small_clinic import PEOPLE, SetClock, actor, approve, attested, entry, event, open_infusion, opened
from tests.stories.conftest import Tablets
from tests.stories.ward import Ward, staff_of

pytestmark = pytest.mark.browser

BROWSER: Final = "async ([program, texts]) => texts.map((await import(program)).isolated)"
ALPHABET: Final = "aé7 12-0417·;:,(). \n/%“”'مريمبِنت،٢٤שרהכהן־לאהμ京ܐߊ\u200f\u202e\u2067\u2069"


def test_both_keep_the_same_words_apart(chromium: Browser) -> None:
    draw = random.Random(17)  # the same texts at each run
    texts = [text for text, _ in VECTORS] + [
        "".join(draw.choices(ALPHABET, k=draw.randint(1, 14))) for _ in range(5000)
    ]
    # Each letter and sign there is, beside a number: from which side it is written.
    there = (c for c in map(chr, range(sys.maxunicode)) if unicodedata.category(c) not in ("Cn", "Cs", "Co"))
    texts += [f"{one} 27-0417 {one}" for one in there]
    context = chromium.new_context()
    program = base64.b64encode((MODULES / "directions.js").read_bytes()).decode()
    shown = context.new_page().evaluate(BROWSER, [f"data:text/javascript;base64,{program}", texts])
    context.close()
    assert {text: other for text, other in zip(texts, shown, strict=True) if other != isolated(text)} == {}


ARABIC, HEBREW, NURSE = "مريم بنت أحمد", "שרה־לאה כהן", "ليلى حدّاد"
NUMBERS: Final = {ARABIC: "27-0417", HEBREW: "27-0418"}
PINS: Final = {name: pin for name, (_, pin) in PEOPLE.items()} | {NURSE: "161803"}

# Every text and name of the page that holds letters from right to left outside an isolate; how many hold some at all;
# and each number, or name with its number, that is not read from left to right as it is written.
_LOOK: Final = """(numbers) => {
  const letters = /[\\u0590-\\u08ff]/, turned = [], bare = [];
  let there = 0;
  const look = (text, where) => {
    if (!letters.test(text)) return;
    there += 1;
    if (letters.test(text.replace(/\\u2068[^\\u2068\\u2069]*\\u2069/g, ""))) bare.push(`${where}: ${text}`);
  };
  const boxes = (node, from, to) => Array.from({ length: to - from }, (_, n) => {
    const range = document.createRange();
    range.setStart(node, from + n);
    range.setEnd(node, from + n + 1);
    return range.getBoundingClientRect();
  });
  const rising = (all) => all.every((one, n) => !n || one.top > all[n - 1].top + 5 || one.left >= all[n - 1].left);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.parentElement.closest("script, style") || !node.parentElement.getClientRects().length) continue;
    const text = node.data;
    look(text, node.parentElement.className || node.parentElement.tagName);
    for (const [name, number] of Object.entries(numbers)) {
      const at = text.indexOf(number);
      if (at < 0) continue;
      const digits = boxes(node, at, at + number.length);
      const named = text.lastIndexOf(name, at);
      const letters = named < 0 ? [] : boxes(node, named, named + name.length);
      const left = letters.filter(({ top }) => Math.abs(top - digits[0].top) < 5);
      if (!rising(digits) || left.some(({ right }) => right > digits[0].left + 1)) turned.push(text);
    }
  }
  for (const name of ["aria-label", "aria-description", "title", "placeholder"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) look(node.getAttribute(name), name);
  }
  return { there, bare, turned };
}"""


@dataclass(frozen=True)
class Clinic:
    """A clinic whose patients, a nurse and a chair are named from right to left, behind a server."""

    ward: Ward
    running: str  # the infusion of the patient named in Arabic
    closed: str  # of the one named in Hebrew
    patient: str  # the id of that one


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """That clinic, with an infusion that runs and one that is over."""
    file = tmp_path_factory.mktemp("directions") / "clinic.db"
    running, closed, patient = furnish(file)
    with Server(file) as server:
        yield Clinic(Ward(server, staff_of(file), PINS), running, closed, patient)


def furnish(file: Path) -> tuple[str, str, str]:
    """Let that clinic live through its last hour; the ids of both infusions, and of the patient whose is over."""
    clock = SetClock(datetime.now(UTC) - timedelta(minutes=60))
    with opened(file, clock) as clinic:
        assert recording.set_up_clinic(
            clinic,
            name="עין גדי",
            zone="Asia/Jerusalem",
            chairs=["Chair 1", "כיסא 2"],
            administrator="Petra Novak",
            administrator_pin=PINS["Petra Novak"],
            clinician="Dr Ines Weiss",
            clinician_pin=PINS["Dr Ines Weiss"],
        ).done
        approve(clinic)
        petra = actor(clinic, "Petra Novak")
        for name in (NURSE, "Jonas Lund"):
            assert recording.add_staff(clinic, petra, name=name, role="nurse", pin=PINS[name]).done
        nurse, ids = actor(clinic, NURSE), {}
        for name, number in NUMBERS.items():
            registered = recording.register_patient(
                clinic,
                petra,
                number=number,
                name=name,
                birth_date=date(1981, 5, 14),
                sex="female",
                allergies="פניצילין 500 mg",
            )
            assert registered.value is not None, registered.sentences
            ids[name] = registered.value.id

        def save(infusion: str, *bodies: dict[str, Any]) -> None:
            for body in bodies:
                saved = recording.save_entry(clinic, nurse, infusion, body)
                assert saved.done, saved.sentences

        first, second = clinic.store.chairs()
        closed = open_infusion(clinic, nurse, ids[HEBREW], second.id)
        save(closed, entry(clock.now()), event(clock.now(), "start"))
        clock.wait(minutes=10)
        save(closed, entry(clock.now()), event(clock.now(), "note", text="ספרה 12, אחר כך 5 mg"))
        clock.wait(minutes=30)
        save(closed, entry(clock.now()), event(clock.now(), "end"))
        left = event(clock.now(), "close", reason="patient's wish")
        save(closed, attested(clinic, nurse, closed, left, LEFT, "Jonas Lund"))
        running = open_infusion(clinic, nurse, ids[ARABIC], first.id)
        save(running, entry(clock.now()), event(clock.now(), "start"))
        clock.wait(minutes=10)
        high = {"systolic": 204.0, "diastolic": 118.0, "heart_rate": 141.0, "spo2": 90.0, "respiration": 26.0}
        save(running, entry(clock.now(), readings=high))
        save(running, event(clock.now(), "note", text="قالت 12 ثم 5 (3 mg)"))
        return running, closed, ids[HEBREW]


def assert_kept_apart(page: Page, least: int = 1) -> None:
    """Each name stands on its side of its number; `least`: so many texts have letters from right to left."""
    found = page.evaluate(_LOOK, NUMBERS)
    assert (found["bare"], found["turned"]) == ([], [])
    assert found["there"] >= least


def test_on_live_screens_no_name_turns_a_number_round(clinic: Clinic, tablets: Tablets) -> None:
    tablet = tablets(clinic.ward, NURSE, infusion=clinic.running)
    expect(tablet.page.get_by_text(NUMBERS[ARABIC]).first).to_be_visible()
    tablet.until("document.querySelector('.plot')?.dataset.drawn")
    assert_kept_apart(tablet.page, 5)
    tablet.tap(tablet.button("Note"))
    expect(tablet.sheet("Note").get_by_role("textbox")).to_have_attribute("dir", "auto")
    tablet.page.keyboard.press("Escape")
    for tab in ("Before", "Care", "Leaving", "Sign-off"):
        tablet.step(tab)
        assert_kept_apart(tablet.page, 3)
    tablet.page.goto(f"{tablet.url}/handover?infusion={clinic.running}")
    tablet.ready()
    assert_kept_apart(tablet.page, 3)
    tablet.open_board()
    expect(tablet.page.locator(".card-name").first).to_be_visible()
    assert_kept_apart(tablet.page, 2)
    others = tablets(clinic.ward, "Petra Novak")
    others.post("/api/wall", {})
    others.page.goto(f"{others.url}/")
    expect(others.page.locator(".board.wall .card").first).to_be_visible()
    assert_kept_apart(others.page)


def test_on_ordinary_pages_no_name_turns_a_number_round(clinic: Clinic, tablets: Tablets) -> None:
    tablet = tablets(clinic.ward, "Petra Novak")
    page = tablet.page
    page.goto(f"{tablet.url}/patients")
    expect(page.get_by_role("radio", name=NUMBERS[ARABIC])).to_be_visible()
    assert_kept_apart(page, 3)
    page.get_by_role("textbox", name="Find").fill(isolated(HEBREW))  # copied from a screen, isolates and all
    expect(page.get_by_role("radio", name=NUMBERS[ARABIC])).to_have_count(0)
    tablet.tap(page.get_by_role("radio", name=NUMBERS[HEBREW]))
    expect(page.get_by_text(f"No. {NUMBERS[HEBREW]}")).to_be_visible()
    assert_kept_apart(page, 4)
    page.get_by_text("Correct these details").tap()
    expect(page.get_by_role("textbox", name="Name")).to_have_value(HEBREW)
    expect(page.get_by_role("textbox", name="Name")).to_have_css("unicode-bidi", "plaintext")
    for address, shows in (
        ("past", f"no. {NUMBERS[HEBREW]}"),
        (f"series?patient={clinic.patient}", f"No. {NUMBERS[HEBREW]}"),
        (f"review?infusion={clinic.closed}", f"{NUMBERS[HEBREW]} · "),
        ("staff", "Who works here"),
        ("ranges", "Approval"),
    ):
        page.goto(f"{tablet.url}/{address}")
        expect(page.get_by_text(shows).first).to_be_visible()
        assert_kept_apart(page)
        for tab in page.get_by_role("tab").all():  # those of the review
            tablet.tap(tab)
            assert_kept_apart(page)
