"""What the status of a resource means for bringing it in: it holds, it is asked about, or it does not come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

IN_ERROR: Final = "entered-in-error"


class _States(NamedTuple):
    """By kind: states that hold, and those that are asked about; in every other one it does not come in."""

    hold: tuple[str, ...]
    asked: tuple[str, ...] = ()


# An infusion of the past is over. A system may never have closed it, which is asked; but what was not done, called
# off, or never meant to be recorded is no infusion.
_STATES: Final[Mapping[str, _States]] = {
    "Observation": _States(("final", "amended", "corrected", IN_ERROR)),
    "MedicationAdministration": _States(("completed", "stopped", IN_ERROR), ("in-progress", "on-hold")),
    "Procedure": _States(("completed", "stopped"), ("in-progress", "on-hold", "preparation", "unknown")),
    "Encounter": _States(("finished",), ("planned", "arrived", "triaged", "in-progress", "onleave", "unknown")),
}
# Of our own export, which tells a planned, running or cancelled infusion by its events.
_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "Procedure": ("preparation", "in-progress", "on-hold", "not-done"),
    "Encounter": ("planned", "in-progress", "cancelled"),
    "MedicationAdministration": ("in-progress", "on-hold"),
}


class StateFault(NamedTuple):
    """Why a resource does not come in by itself; `asked`: it does once a person has confirmed it."""

    sentence: str
    group: str
    asked: bool


def state_fault(kind: str, status: str, own: bool) -> StateFault | None:
    """What is wrong with the status of a resource of this kind, None when it holds. `own`: of our own export."""
    states = _STATES.get(kind)
    if states is None or status in states.hold or (own and status in _OWN.get(kind, ())):
        return None
    group = f"{kind}: status {status}"
    if status in states.asked:
        return StateFault(f"status “{status}”: is this {_NAMES[kind]} over, and did it take place?", group, asked=True)
    *first, last = states.hold
    expected = f"{', '.join(first)} or {last}" if first else last
    return StateFault(f"status “{status[:40]}”: expected {expected}.", group, asked=False)


_NAMES: Final[Mapping[str, str]] = {
    "Procedure": "procedure",
    "Encounter": "encounter",
    "MedicationAdministration": "medicine",
}
