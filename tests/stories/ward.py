"""The clinic that the stories play in: a chair, a patient and an infusion for each of them, and what was written."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from monitoring import recording
from monitoring.clinical.record import Entry, Infusion
from monitoring.records.loading import load_infusion
from monitoring.records.verify import verify
from tests.server import PATIENCE_SECONDS, Server
from tests.small_clinic import PEOPLE, SetClock, actor, approve, event, open_infusion, opened

PLANNED: Final = 9
RUNNING: Final = 30
FREE: Final = 2  # chairs, and patients to sit there


@dataclass
class Ward:
    """A running clinic at whose chairs infusions wait or run; each story takes one of its own."""

    server: Server
    staff: Mapping[str, str]  # name to id
    pins: Mapping[str, str]  # by name
    _planned: list[str] = field(default_factory=list)
    _running: list[str] = field(default_factory=list)
    _free: list[int] = field(default_factory=lambda: list(range(PLANNED + RUNNING + 1, PLANNED + RUNNING + FREE + 1)))

    def planned(self) -> str:
        """The id of an infusion that no other story touches, its pump not started yet."""
        return self._planned.pop()

    def running(self) -> str:
        """The id of an infusion that no other story touches, its pump started."""
        return self._running.pop()

    def free(self) -> int:
        """The number of a patient for whom no other story opens an infusion, and of a chair where nobody else sits."""
        return self._free.pop()

    def written(self, infusion: str) -> Infusion:
        """The infusion as it stands in the database's file, read beside the running server."""
        return written(self.server.file, infusion)

    def holds(self, infusion: str, entries: int) -> None:
        """Wait until so many entries of the infusion are in the database."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(self.written(infusion).entries) < entries:
            assert time.monotonic() < deadline, f"{entries} entries are not there yet"

    def at_chair(self, chair: str) -> str:
        """The id of the infusion that was opened last at this chair."""
        with closing(sqlite3.connect(_address(self.server.file), uri=True)) as plain:
            asked = "SELECT id FROM infusion WHERE chair = ? ORDER BY opened_at DESC LIMIT 1"
            return str(plain.execute(asked, [chair]).fetchone()[0])

    def infusions_of(self, patient: str) -> list[str]:
        """The ids of all infusions that were opened for the patient of this name."""
        with closing(sqlite3.connect(_address(self.server.file), uri=True)) as plain:
            asked = "SELECT infusion.id FROM infusion JOIN patient_details USING (patient_id) WHERE name = ?"
            return [id for (id,) in plain.execute(asked, [patient])]


def furnish(file: Path) -> tuple[list[str], list[str]]:
    """A real clinic in a new file: the ids of infusions that are planned, and of some that run.

    Patients are named by the number of their chair: "Patient 7". For the last ones no infusion is open.
    """
    clock = SetClock(datetime.now(UTC) - timedelta(minutes=8))
    with opened(file, clock) as clinic:
        chairs = [f"Chair {n}" for n in range(1, PLANNED + RUNNING + FREE + 1)]
        done = recording.set_up_clinic(
            clinic,
            name="Clinic at the Lake",
            zone="Europe/Berlin",
            chairs=chairs,
            administrator="Petra Novak",
            administrator_pin=PEOPLE["Petra Novak"][1],
            clinician="Dr Ines Weiss",
            clinician_pin=PEOPLE["Dr Ines Weiss"][1],
        )
        assert done.done, done.sentences
        approve(clinic)
        petra = actor(clinic, "Petra Novak")
        for name in ("Ada Okafor", "Jonas Lund"):
            role, pin = PEOPLE[name]
            assert recording.add_staff(clinic, petra, name=name, role=role, pin=pin).done
        ada = actor(clinic, "Ada Okafor")
        planned: list[str] = []
        running: list[str] = []
        for n, chair in enumerate(clinic.store.chairs(), 1):
            patient = recording.register_patient(
                clinic,
                petra,
                number=f"K-{n:04d}",
                name=f"Patient {n}",
                birth_date=date(1940 + n, 1, 31),
                sex="unknown",
                allergies="none known",
            )
            assert patient.value is not None, patient.sentences
            if n > PLANNED + RUNNING:
                continue
            infusion = open_infusion(clinic, ada, patient.value.id, chair.id)
            (planned if n <= PLANNED else running).append(infusion)
        clock.wait(minutes=4)  # nothing is due yet
        for infusion in running:
            started = recording.save_entry(clinic, ada, infusion, event(clock.now(), "start"))
            assert started.done, started.sentences
        return planned, running


def staff_of(file: Path) -> dict[str, str]:
    """Who works at the clinic in this file: name to id."""
    with closing(sqlite3.connect(_address(file), uri=True)) as plain:
        return {name: id for id, name in plain.execute("SELECT id, name FROM staff")}


def written(file: Path, infusion: str) -> Infusion:
    """The infusion as it stands in this database file, which a server may be writing."""
    names = {id: name for name, id in staff_of(file).items()}
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(_address(file), uri=True), poolclass=NullPool)
    with engine.connect() as connection:
        found = load_infusion(connection, infusion, lambda id: names.get(id, ""))
    assert found is not None, f"no infusion {infusion} in {file}"
    return found


def _address(file: Path) -> str:
    return f"file:{quote(str(file))}?mode=ro"


def assert_chains_hold(file: Path) -> None:
    """Every row of the file is as it was saved."""
    assert verify(f"sqlite:///{file}") == []


def values(entry: Entry) -> dict[str, float]:
    """What an entry holds: measure to value."""
    return {reading.measure: reading.value for reading in entry.readings}


def typed(infusion: Infusion) -> list[Entry]:
    """The entries after the start of the pump, in the order they were recorded."""
    return [entry for entry in infusion.entries if entry.event is None or entry.event.kind != "start"]
