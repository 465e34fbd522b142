"""Choosing a patient among all: found while one types, by name, number or birth date."""

from __future__ import annotations

from monitoring.clinic import running
from monitoring.screens.drawn import ask, held


def choose_patient(label: str, *, key: str) -> str | None:
    """The search and what it finds. Returns the id of the chosen patient; none is ever chosen by default."""
    data = {
        "label": label,
        "hint": "Name, patient number or birth date",
        "chosen": held(key),
        "version": running().store.patients_version(),
    }
    chosen = ask("find_patients", data, key=key)
    return chosen if isinstance(chosen, str) else None
