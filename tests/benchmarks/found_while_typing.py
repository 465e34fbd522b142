"""How long from the last letter of a search to the line it finds, among 24 patients and among 5,000.

Run by hand: uv run python tests/benchmarks/found_while_typing.py [ROUNDS] [PATIENTS]

In a real Chromium, a letter each 80 ms, from the page's own event of the last one to the change of the list: with the
pause that is waited for another letter. And what the server alone takes for the same search. All names are invented.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.measured import LANDSCAPE, chromium, machine, median, server, settled, spread
from tests.small_clinic import PEOPLE, SetClock, actor, furnish, opened
from tests.stories.tablet import Tablet

FEW: Final = 24
LETTER_MS: Final = 80
WARM_UP: Final = 3
_GIVEN: Final = ("Anna", "Søren", "Zoë", "Łukasz", "Jörg", "Lin", "Omar", "Petra", "Siobhán")
_FAMILY: Final = ("Müller", "O’Brien", "Haddad", "Sørensen", "Okafor", "Brandt", "Weiß", "Novak")

# From the last letter to the line of this patient, and nobody else's.
_WATCH: Final = """(number) => {
  const field = document.querySelector(".find_patients input");
  const list = document.querySelector(".find_patients .found");
  window.found = new Promise((tell) => {
    let typed = 0;
    field.addEventListener("input", () => (typed = performance.now()));
    new MutationObserver((_, watching) => {
      if (list.children.length !== 1 || !list.firstChild.ariaLabel.includes(number)) return;
      watching.disconnect();
      requestAnimationFrame(() => tell(performance.now() - typed));
    }).observe(list, { childList: true, subtree: true, characterData: true, attributes: true });
  });
}"""


def grow(file: Path, patients: int) -> dict[str, str]:
    """A clinic of so many patients; answers its people's ids, by name."""
    draw = random.Random(7)
    names = furnish(file, SetClock(datetime.now(UTC) - timedelta(minutes=8)))
    with opened(file, SetClock(datetime.now(UTC))) as clinic:
        petra = actor(clinic, "Petra Novak").staff.id
        for n in range(patients - len(names.patients)):
            name = f"{draw.choice(_GIVEN)} {draw.choice(_FAMILY)}-{draw.choice(_FAMILY)}"
            born = date(1940, 1, 1) + timedelta(days=draw.randrange(25_000))
            clinic.store.register_patient(f"B-{n:05}", name, born, "unknown", "", by=petra)
    return dict(names.staff)


def measured(file: Path, staff: Mapping[str, str], patients: int, rounds: int) -> tuple[list[float], list[float]]:
    """Of each round: from the last letter to the line, and the server's part alone [ms]."""
    on_screen: list[float] = []
    alone: list[float] = []
    with server(file) as running, chromium() as browser:
        settled(running)
        pins = {name: pin for name, (_, pin) in PEOPLE.items()}
        tablet = Tablet(browser.new_context(viewport=LANDSCAPE, has_touch=True), running.url, staff, pins)
        tablet.sign_in("Ada Okafor")
        page = tablet.page
        page.goto(f"{running.url}/patients")
        page.get_by_role("radiogroup", name="Patients").get_by_role("radio").first.wait_for()
        field = page.get_by_role("textbox", name="Find")
        for n in range(WARM_UP + rounds):
            number = f"B-{n % (patients - 4):05}"
            field.fill("")
            page.get_by_role("radiogroup", name="Patients").get_by_role("radio").nth(11).wait_for()
            page.evaluate(_WATCH, number)
            field.focus()
            page.keyboard.type(number, delay=LETTER_MS)
            took = float(page.evaluate("window.found"))
            began = time.perf_counter()
            tablet.post("/api/patients/find", {"text": number})
            if n >= WARM_UP:
                on_screen.append(took)
                alone.append((time.perf_counter() - began) * 1000)
    return on_screen, alone


def main() -> None:
    """Measure both clinics and tell the figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    many = int(sys.argv[2]) if len(sys.argv) > 2 else 5000
    print(machine())
    medians: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for patients in (FEW, many):
            file = Path(folder) / f"{patients}.db"
            on_screen, alone = measured(file, grow(file, patients), patients, rounds)
            medians.append((median(on_screen), median(alone)))
            print(f"{patients:>6,} patients, last letter to line  {spread(on_screen)}")
            print(f"{patients:>6,} patients, the server alone     {spread(alone)}")
    (few_screen, few_alone), (many_screen, many_alone) = medians
    print(f"{many:,} beside {FEW}: on the screen {many_screen / few_screen:.2f}, alone {many_alone / few_alone:.2f}")


if __name__ == "__main__":
    main()
