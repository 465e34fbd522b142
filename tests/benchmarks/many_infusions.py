"""Searching and counting 20,000 infusions, beside 500: pages as the server sends them, the rebuild, and memory.

Run by hand: uv run python tests/benchmarks/many_infusions.py [--folder FOLDER] [--infusions 20000] [--rounds 60]

The two clinics are grown once into FOLDER (20,000 take some ten minutes and two gigabytes) and used again. A page is
asked for over Streamlit's own protocol, from the request to the end of its script; what is typed of a patient, and the
chart on the screen, are timed in a real Chromium. Nothing here is run by the tests.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx
from sqlalchemy import func, select

from monitoring import access
from monitoring.clinic import RunningClinic, Settings
from monitoring.clock import Clock
from monitoring.documents import infusion_document
from monitoring.live import Hub
from monitoring.records import Store, tables
from monitoring.records.summary_shapes import Wanted
from monitoring.review.catching_up import catch_up, rebuild
from monitoring.review.search import find
from tests.benchmarks.many_years import grow, progress
from tests.benchmarks.measured import LANDSCAPE, chromium, machine, median, server, settled, spread
from tests.small_clinic import SECRET
from tests.streamlit_screen import Screen, words_of

FEW: Final = 500
WARM_UP: Final = 5
_SHOWS: Final = {  # that it is the page, and not the way to it
    "past": (" infusions", "No infusion found."),
    "review": ("Replay: what the live screen showed",),
    "clinic": ("Which flags, and in how many infusions",),
}


@dataclass
class Figures:
    """What was measured of one clinic [ms], by what it is."""

    infusions: int
    readings: int
    times: dict[str, list[float]] = field(default_factory=dict)
    rss_mb: dict[str, float] = field(default_factory=dict)

    def add(self, what: str, ms: float) -> None:
        """One more figure."""
        self.times.setdefault(what, []).append(ms)


def timed(do: Callable[[], object]) -> float:
    """How long something takes [ms]."""
    began = time.perf_counter()
    do()
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Grow what is not there yet, measure both clinics, and tell the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "many_infusions")
    parser.add_argument("--infusions", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=60)
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    print(machine())
    both = [measured(chosen.folder, count, chosen.rounds) for count in (FEW, chosen.infusions)]
    few, many = both
    print(f"\n{machine()}")
    for one in both:
        print(f"\n{one.infusions:,} infusions, {one.readings:,} readings")
        for when, most in one.rss_mb.items():
            print(f"  {f'server at most, {when}':44} {most:.0f} MB")
        for what, times in one.times.items():
            print(f"  {what:44} {spread(times)}")
    print(f"\n{many.infusions:,} beside {few.infusions:,} (ratio of medians)")
    for what in few.times:
        print(f"  {what:44} {median(many.times[what]) / median(few.times[what]):.2f}")


def measured(folder: Path, infusions: int, rounds: int) -> Figures:
    """Everything about one clinic."""
    file = folder / f"{infusions}.db"
    if not file.exists():
        grown = file.with_suffix(".growing")
        grow(grown, infusions, progress(f"growing {infusions:,}"))
        for part in ("-wal", "-shm"):
            Path(f"{grown}{part}").unlink(missing_ok=True)
        grown.rename(file)
    with closing(Store.open(f"sqlite:///{file}", Clock())) as store:
        clinic = _clinic(store)
        figures = _within(clinic, rounds)
        ids = _some_ids(store, rounds)
    _behind_a_server(file, figures, ids, rounds)
    return figures


def _clinic(store: Store) -> RunningClinic:
    hub = Hub(store.clock, infusion=lambda _: {}, board=lambda _: {}, me=lambda _: None)
    return RunningClinic(store, store.clock, hub, Settings(store.url, False, 1, 12), SECRET)


def _within(clinic: RunningClinic, rounds: int) -> Figures:
    """In this process: the rebuild, what is asked of the database, and an infusion's document."""
    store = clinic.store
    with store._database.read() as connection:
        infusions, readings = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (tables.infusion, tables.reading)
        )
    figures = Figures(infusions, readings)
    told = progress(f"summing up {infusions:,}")
    figures.add("rebuild of all summaries", timed(lambda: rebuild(clinic, told)))
    figures.add("catching up when nothing changed", timed(lambda: catch_up(clinic)))
    words = ("schmidt", "Y-00042", "美玲", "o'r anna", "nobody")
    for n in range(rounds):
        figures.add("search by name or number, in the process", timed(lambda n=n: find(clinic, Wanted(), words[n % 5])))  # type: ignore[misc]
    for infusion_id in _some_ids(store, rounds):
        figures.add(
            "one infusion's document, not in memory", timed(lambda id=infusion_id: infusion_document(clinic, id))
        )  # type: ignore[misc]
    return figures


def _some_ids(store: Store, rounds: int) -> Sequence[str]:
    with store._database.read() as connection:
        ids = connection.execute(select(tables.infusion.c.id).order_by(tables.infusion.c.id)).scalars().all()
    return random.Random(7).sample(ids, min(rounds, len(ids)))


def _questions(choices: dict[str, str]) -> list[dict[str, str]]:
    """Views as people bookmark them."""
    return [
        {},
        {"page": "3"},
        {"page": "12"},
        {"level": "critical"},
        {"flag": "systolic", "level": "caution", "acknowledged": "no"},
        {"flag": "spo2"},
        {"unsigned": "yes"},
        {"early": "yes"},
        {"nurse": choices["nurse"]},
        {"chair": "chair-3", "sort": "dose"},
        {"effect": choices["effect"]},
        {"medicine": choices["medicine"], "sort": "flags"},
        {"from": "2026-09-01", "to": "2026-09-30"},
        {"from": "2026-10-01", "sort": "patient", "order": "rising"},
        {"sort": "leaving"},
        {"sort": "given", "phase": "closed"},
        {"mg_from": "40", "mg_to": "45", "sort": "nurse", "order": "rising"},
    ]


def _behind_a_server(file: Path, figures: Figures, ids: Sequence[str], rounds: int) -> None:
    """Pages as the server sends them to a signed-in clinician, and how much memory that took."""
    with closing(Store.open(f"sqlite:///{file}", Clock())) as store:
        nurse, clinician = (next(one for one in store.staff() if one.role == role) for role in ("nurse", "clinician"))
        device = store.add_device("tablet", "Tablet of the benchmark", clinician.id)
        store.begin_sign_in(device, clinician.id, store.clock.now() + timedelta(hours=12))
        secret = access.secret_for(store.url, {})
        found = store.searching.choices()
        choices = {"nurse": nurse.id, "effect": found.effects[0].key, "medicine": found.medicines[0].key}
    began = time.perf_counter()
    with server(file) as running:
        figures.add("start of the server until it answers", (time.perf_counter() - began) * 1000)
        settled(running)
        cookie = access.make_cookie(device, secret)
        process = running.process
        assert process is not None
        with Screen(running.url, cookie) as screen:

            def ask(page: str, query: dict[str, str]) -> float:
                began = time.perf_counter()
                sent = screen.open(page, urlencode(query))
                ms = (time.perf_counter() - began) * 1000
                assert any(words in words_of(sent) for words in _SHOWS[page]), (page, query)
                return ms

            questions = _questions(choices)
            for n in range(WARM_UP + rounds):
                ms = ask("past", questions[n % len(questions)])
                if n >= WARM_UP:
                    figures.add("page Past infusions", ms)
                    figures.add(f"  of them {questions[n % len(questions)] or 'newest first'}", ms)
            for n, infusion_id in enumerate([ids[0], *ids]):
                ms = ask("review", {"infusion": infusion_id})
                if n:
                    figures.add("page of one infusion", ms)
            for n in range(WARM_UP + rounds // 3):
                query = {"along": ("month", "protocol")[n % 2], "measure": ("systolic", "heart_rate", "spo2")[n % 3]}
                ms = ask("clinic", query)
                if n >= WARM_UP:
                    figures.add("page Clinic, all charts", ms)
        _on_a_screen(running.url, cookie, figures, rounds // 3)
        figures.rss_mb["while pages are shown"] = _high_water_mb(process.pid)
        _take_out(running.url, cookie, figures)
        figures.rss_mb["once tables of all were taken out"] = _high_water_mb(process.pid)
    figures.times = {what: times for what, times in figures.times.items() if not what.startswith("  ")} | {
        what: times for what, times in figures.times.items() if what.startswith("  ") and len(times) > 1
    }


def _on_a_screen(url: str, cookie: str, figures: Figures, rounds: int) -> None:
    """In Chromium: from typing a patient's number to the line that shows it."""
    with chromium() as browser:
        context = browser.new_context(viewport=LANDSCAPE)
        context.add_cookies([{"name": access.COOKIE, "value": cookie, "url": url}])
        page = context.new_page()
        page.goto(f"{url}/past")
        page.get_by_role("link", name="Review").first.wait_for()
        for n in range(2, 2 + WARM_UP + rounds):
            number = f"Y-{n:05}"
            box = page.get_by_role("textbox", name="Find")
            box.fill(number)
            began = time.perf_counter()
            box.press("Enter")
            page.get_by_text(f"no. {number}").first.wait_for()
            if n >= 2 + WARM_UP:
                figures.add("typed number to the line shown, Chromium", (time.perf_counter() - began) * 1000)
        context.close()


def _take_out(url: str, cookie: str, figures: Figures) -> None:
    """The tables of every infusion as one file, from asking for it until it can be fetched."""
    began = time.perf_counter()
    with httpx.Client(base_url=url, cookies={access.COOKIE: cookie}, headers={"Origin": url}, timeout=120) as asking:
        asked = asking.post("/api/exports", json={"kind": "tables", "address": {}, "words": ""})
        figures.add("asking for the tables of all infusions", (time.perf_counter() - began) * 1000)
        assert asked.status_code == 202, asked.text
        address = f"/api/exports/{asked.json()['export']}"
        told = progress(f"taking out {asked.json()['of']:,}")
        while True:
            with asking.stream("GET", address) as answer:
                if answer.status_code != 202:
                    break
                answer.read()
                told(answer.json()["done"], answer.json()["of"])
            time.sleep(0.5)
        assert answer.status_code == 200, answer
    figures.add("tables of all infusions, until made", (time.perf_counter() - began) * 1000)


def _high_water_mb(process: int) -> float:
    """The most memory a process ever had resident [MB]."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


if __name__ == "__main__":
    main()
