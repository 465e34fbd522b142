"""The small clinic of the tests: two nurses, a clinician, an administrator, three patients, one open infusion.

`furnish` fills an empty database through the same functions that the screens call. Everybody is invented.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from monitoring import recording
from monitoring.access import Actor
from monitoring.clinic import RunningClinic, Settings
from monitoring.clinical.record import Infusion
from monitoring.clock import Clock
from monitoring.live import Hub
from monitoring.records import Staff, Store

PEOPLE = {
    "Ada Okafor": ("nurse", "271828"),
    "Jonas Lund": ("nurse", "314159"),
    "Dr Ines Weiss": ("clinician", "141421"),
    "Petra Novak": ("administrator", "223606"),
}
PATIENTS = {
    "Marta Brandt": ("K-0101", date(1981, 5, 14), "female", "none known"),
    "Omar Haddad": ("K-0102", date(1967, 11, 2), "male", "penicillin"),
    "Lin Sørensen": ("K-0103", date(1994, 8, 30), "female", ""),
}
QUIET = {"systolic": 126, "diastolic": 78, "heart_rate": 72, "spo2": 98, "respiration": 14}
SECRET = "a secret that only tests know, and that nobody need keep"


class SetClock(Clock):
    """A clock that stands still until a test lets time pass."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.at

    def wait(self, **span: float) -> datetime:
        """Let time pass (`minutes=10`); answers the instant it is then."""
        self.at += timedelta(**span)
        return self.at


@functools.cache
def _empty() -> bytes:
    """A database with its tables and no row, as a first start leaves it."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        Store.open(f"sqlite:///{file}", Clock()).close()
        return file.read_bytes()


def begin(file: Path) -> Path:
    """Put an empty database where none is: to copy it takes a tenth of the time that making its tables takes."""
    if not file.exists():
        file.write_bytes(_empty())
    return file


@contextmanager
def opened(file: Path, clock: Clock) -> Iterator[RunningClinic]:
    """The clinic in this file, opened in this process, with a hub that has no screens."""
    url = f"sqlite:///{begin(file)}"
    store = Store.open(url, clock)
    hub = Hub(clock, infusion=lambda _: {}, board=lambda _: {}, me=lambda _: None)
    try:
        yield RunningClinic(store, clock, hub, Settings(url, False, 1, 12), SECRET)
    finally:
        store.close()


# How a clock time is told, as a regular expression: the hour that comes twice says which one it is.
CLOCK_TIME: Final = r"\d\d:\d\d(?::\d\d)?(?: \((?:1st|2nd)\))?"


@dataclass(frozen=True)
class Names:
    """The ids of the small clinic."""

    staff: Mapping[str, str]
    patients: Mapping[str, str]
    infusion: str  # Marta Brandt's, at Chair 1, not yet started
    opened_at: datetime


def set_up(clinic: RunningClinic, name: str) -> None:
    """Make an empty clinic one with three chairs and its first two people; ranges approved, nothing recorded."""
    done = recording.set_up_clinic(
        clinic,
        name=name,
        zone="Europe/Berlin",
        chairs=["Chair 1", "Chair 2", "Chair 3"],
        administrator="Petra Novak",
        administrator_pin=PEOPLE["Petra Novak"][1],
        clinician="Dr Ines Weiss",
        clinician_pin=PEOPLE["Dr Ines Weiss"][1],
    )
    assert done.done, done.sentences
    approve(clinic)


def furnish(file: Path, clock: Clock) -> Names:
    """Make the empty database at `file` the small clinic's, as its people would."""
    with opened(file, clock) as clinic:
        set_up(clinic, "Clinic at the Lake")
        petra = actor(clinic, "Petra Novak")
        for name in ("Ada Okafor", "Jonas Lund"):
            role, pin = PEOPLE[name]
            assert recording.add_staff(clinic, petra, name=name, role=role, pin=pin).done
        for name, (number, born, sex, allergies) in PATIENTS.items():
            registered = recording.register_patient(
                clinic, petra, number=number, name=name, birth_date=born, sex=sex, allergies=allergies
            )
            assert registered.done, registered.sentences
        patients = {patient.name: patient.id for patient in clinic.store.find_patients("")}
        infusion = open_infusion(clinic, actor(clinic, "Ada Okafor"), patients["Marta Brandt"], "chair-1")
        staff = {person.name: person.id for person in clinic.store.staff()}
        return Names(staff, patients, infusion, clock.now())


def person(clinic: RunningClinic, name: str) -> Staff:
    """The member of staff of this name."""
    return next(one for one in clinic.store.staff() if one.name == name)


def actor(clinic: RunningClinic, name: str, device: str | None = None) -> Actor:
    """This person, newly signed in on `device` (or on a tablet of their own)."""
    store = clinic.store
    if device is None or store.device(device) is None:
        device = store.add_device("tablet", "Tablet", by="", id=device)
    staff = person(clinic, name)
    return Actor(staff, store.begin_sign_in(device, staff.id, clinic.clock.now() + timedelta(hours=12)))


def approve(clinic: RunningClinic, *names: str) -> None:
    """Petra Novak and Dr Ines Weiss, or these, approve the ranges that hold, each from a sign-in of their own."""
    shown = clinic.protocol.hash
    for name in names or ("Petra Novak", "Dr Ines Weiss"):
        approved = recording.approve_ranges(clinic, actor(clinic, name), shown=shown, pin=PEOPLE[name][1])
        assert approved.done, approved.sentences


class Everything(tuple[str, ...]):
    """Every question, answered with yes."""

    def __contains__(self, question: object) -> bool:
        return True


def open_infusion(clinic: RunningClinic, by: Actor, patient: str, chair: str, **more: Any) -> str:
    """An ordinary infusion of this patient at this chair; answers its id."""
    wanted: dict[str, Any] = {
        "id": str(uuid4()),
        "patient_id": patient,
        "chair": chair,
        "weight_kg": 72.0,
        "dose_mg_per_kg": 0.5,
        "planned_minutes": 40,
        "every_minutes": 10,
        "identifiers": ["name", "date of birth"],
        "confirmed": Everything(),
    }
    outcome = recording.open_infusion(clinic, by, **(wanted | more))
    assert outcome.value is not None, outcome.sentences
    return outcome.value.id


def entry(at: datetime, kind: str = "set", readings: Mapping[str, float] | None = None, **more: Any) -> dict[str, Any]:
    """An entry as a pad posts it, seen and tapped at `at`; a full quiet set unless told otherwise."""
    given = QUIET if readings is None and kind == "set" else readings or {}
    return {
        "id": str(uuid4()),
        "kind": kind,
        "observed_at": at.isoformat(),
        "tapped_at": at.isoformat(),
        "readings": [{"measure": measure, "value": value} for measure, value in given.items()],
        **more,
    }


def event(at: datetime, kind: str, **detail: Any) -> dict[str, Any]:
    """An event as a pad posts it."""
    return entry(at, "event", event={"kind": kind, "detail": detail})


def attested(
    clinic: RunningClinic, on: Actor, infusion: str, body: dict[str, Any], meaning: str, *names: str
) -> dict[str, Any]:
    """The entry `body` with what these people sign on the tablet of `on` by their PINs, each with this meaning."""
    made = []
    for name in names:
        outcome = recording.attest(
            clinic,
            on,
            staff=person(clinic, name).id,
            pin=PEOPLE[name][1],
            infusion=infusion,
            entry=body["id"],
            meaning=meaning,
        )
        assert outcome.value is not None, outcome.sentences
        made.append(outcome.value.id)
    return body | {"attestations": [*body.get("attestations", []), *made]}


def over(store: Store) -> list[Infusion]:
    """The infusions that are closed or cancelled, in the order they were opened."""
    still_open = {one.id for one in store.open_infusions()}
    ids = {id for patient in store.find_patients("", limit=1000) for id in store.infusions_of(patient.id)}
    found = [one for one in map(store.infusion, ids - still_open) if one is not None]
    return sorted(found, key=lambda one: (one.opened_at, one.id))
