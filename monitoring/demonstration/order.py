"""One infusion that an invented nurse records, and the taps that are recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import Entry, Infusion
from monitoring.demonstration.people import team
from monitoring.demonstration.physiology import Person
from monitoring.records.shapes import NewEntry


@dataclass(frozen=True, slots=True)
class Order:
    """One infusion to be given to one invented person, and who records it. `infusion` has no entries yet."""

    infusion: Infusion
    person: Person
    protocol: Protocol
    author: str  # staff id
    author_name: str
    sign_in: str = ""
    recovery_minutes: float | None = None  # watched exactly so long; None: until back near the baseline
    slips: bool = True  # whether entries are mistyped, late, missed
    unanswered: tuple[str, ...] = ()  # keys of questions that nobody answers, before the start or before leaving


class Tap(NamedTuple):
    """One entry and when the server stored it."""

    recorded_at: datetime
    entry: NewEntry


def whole(tap: Tap, order: Order, seq: int) -> Entry:
    """The entry of a tap as the store would give it back."""
    said = {field.name: getattr(tap.entry, field.name) for field in fields(tap.entry)}
    name = order.author_name
    if tap.entry.author != order.author:
        name = next((one.name for one in team() if one.id == tap.entry.author), "")
    return Entry(seq=seq, recorded_at=tap.recorded_at, author_name=name, **said)


def entry_id(infusion_id: str, name: str) -> str:
    """The id of an entry: always the same for the same name in the same infusion."""
    return str(uuid5(UUID(infusion_id), name))
