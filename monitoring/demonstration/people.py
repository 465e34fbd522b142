"""The invented people of the demonstration clinic, as `data/demonstration/clinic.toml` names them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid5

from monitoring.demonstration.physiology import Person, person
from monitoring.records.shapes import Staff

_NAMES = UUID("6a0f6f3e-54cb-4f0e-9a0b-7a3b4c1d2e5f")  # of everything that gets its id from a name here
FILE = Path(__file__).resolve().parents[2] / "data" / "demonstration" / "clinic.toml"


@dataclass(frozen=True, slots=True)
class InventedStaff:
    """Somebody who works at the demonstration clinic. The PIN is no secret: the sign-in screen shows it."""

    name: str
    role: str
    pin: str


@dataclass(frozen=True, slots=True)
class InventedPatient:
    """Somebody in care at the demonstration clinic. Invented, and numbered so that it shows: "INV-1001"."""

    number: str
    name: str
    birth_date: date
    sex: str
    allergies: str
    past: tuple[tuple[int, int], ...]  # one a series: infusions behind, days since the last of them
    chair: str  # label of the chair they sit at when the demonstration opens, or ""
    peak_mmhg: float  # what the systolic pressure comes to at least; 0: whatever is drawn


@cache
def clinic() -> dict[str, Any]:
    """The demonstration clinic's file, as read."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


@cache
def staff() -> tuple[InventedStaff, ...]:
    """Everybody who works there, in the file's order."""
    return tuple(InventedStaff(row["name"], row["role"], row["pin"]) for row in clinic()["staff"])


@cache
def team() -> tuple[Staff, ...]:
    """The same people as the records know them, with the ids they have in every demonstration."""
    return tuple(Staff(id_of("staff", one.name), one.name, one.role) for one in staff())


@cache
def patients() -> tuple[InventedPatient, ...]:
    """Everybody in care there, in the file's order."""
    return tuple(
        InventedPatient(
            number=row["number"],
            name=row["name"],
            birth_date=row["birth_date"],
            sex=row["sex"],
            allergies=row["allergies"],
            past=tuple((done, days_ago) for done, days_ago in row["past"]),
            chair=row.get("chair", ""),
            peak_mmhg=row.get("peak_mmhg", 0.0),
        )
        for row in clinic()["patient"]
    )


def id_of(*name: object) -> str:
    """The id of something invented: always the same for the same name."""
    return str(uuid5(_NAMES, "/".join(str(part) for part in name)))


@cache
def body(number: str, seed: int, today: date) -> Person:
    """How the patient with this number answers to infusions, in the clinic grown from `seed`. The same each time."""
    named = next(p for p in patients() if p.number == number)
    born = named.birth_date
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    rng = Random(f"{seed}/person/{number}")
    while True:
        drawn = person(rng, age=age, sex=named.sex)
        if drawn.peak_systolic >= named.peak_mmhg:
            return drawn
