"""What becomes of the resources of a Bundle while they are judged: each by itself, and those that are one entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from monitoring.clinical.protocol import Measure
from monitoring.clinical.record import Event, EventKind, NotDone
from monitoring.imports.bundle import Resource
from monitoring.imports.details import Own
from monitoring.imports.dry_run import Fault
from monitoring.imports.people import Whose

NOBODY = Whose()


@dataclass(slots=True)
class Part:
    """One resource while it is judged."""

    resource: Resource
    infusion: str = ""  # what tells its infusion: the name of the Encounter, "" where there is none
    at: datetime | None = None
    whose: Whose = NOBODY
    says: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: str = ""  # why
    speaks: bool = False  # whether it becomes something in the record
    used: bool = False  # whether it says what the infusion itself was: whose, when, how much

    def wrong(self, key: str, sentence: str, group: str = "") -> None:
        self.faults.append(Fault(key, sentence, group=group or sentence))

    @property
    def key(self) -> str:
        return str(self.resource.number)

    @property
    def is_read(self) -> bool:
        """Whether what it says counts."""
        return not self.faults and not self.left_out


@dataclass(slots=True)
class Value:
    """A value on its way to a reading."""

    key: str
    row: Part
    measure: Measure
    value: float


@dataclass(slots=True)
class Saying:
    """What becomes one entry: the resources that were one, or that belong together by time and person."""

    name: str
    at: datetime
    told_at: datetime
    in_error: bool
    first: Part
    cells: list[Value] = field(default_factory=list)
    not_done: list[NotDone] = field(default_factory=list)
    event: tuple[EventKind, str] | None = None  # kind, and words of our own export
    whole: Event | None = None  # an event that is read already
    own: Own | None = None  # what our own export tells of it beyond words


@dataclass(frozen=True, slots=True)
class Change:
    """A Provenance: what took the place of what, or what was withdrawn."""

    row: Part
    targets: tuple[str, ...]
    before: tuple[str, ...]
    at: datetime
    reason: str
