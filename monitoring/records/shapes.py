"""What the store hands out and takes in: plain, frozen values, and the three ways it says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from monitoring.clinical.record import (
    Acknowledgement,
    Amendment,
    Clock,
    Entry,
    EntryKind,
    Event,
    NotDone,
    Reading,
    Signature,
    Source,
)

ROLES = ("nurse", "clinician", "administrator")


class RecordsError(Exception):
    """The records could not do what was asked; `sentence` says why, for the person who asked."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class StoreRefused(RecordsError):
    """What was asked does not fit what is stored; asking the same again will not help."""


class StoreUnwritable(RecordsError):
    """The database cannot be written now (read-only, full, busy); asking again later may help."""


class EntryClash(RecordsError):
    """An entry with this id is stored already, and says something else."""


def is_zone(name: str) -> bool:
    """Whether this is an IANA time zone that this machine knows, such as "Europe/Berlin"."""
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # no such zone, a path, a folder
        return False
    return bool(name)


@dataclass(frozen=True, slots=True)
class Clinic:
    """The clinic that one database belongs to. A database is demonstration or real for ever."""

    name: str
    zone: str  # IANA name, "Europe/Berlin"
    demonstration: bool
    set_up_at: datetime


@dataclass(frozen=True, slots=True)
class Chair:
    """A place where infusions happen; `position` from 1 is its place on the board."""

    id: str
    label: str
    position: int


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works here. `role` is "nurse", "clinician" or "administrator"."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Device:
    """A browser known to the clinic: a "tablet" people sign in on, or a "wall" screen that only shows."""

    id: str
    kind: str
    label: str
    enrolled_at: datetime
    enrolled_by: str


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody signed in on a device, until `expires_at` or until signed out. A wall has no staff."""

    id: str
    device: str
    staff: Staff | None
    at: datetime
    expires_at: datetime
    ended_at: datetime | None = None  # when it was signed out, or somebody else signed in on the device

    def is_over_at(self, instant: datetime) -> bool:
        """Whether it had ended or run out before `instant`; at its very last instant it still holds."""
        return instant > (self.expires_at if self.ended_at is None else min(self.ended_at, self.expires_at))

    @property
    def wall(self) -> bool:
        """Whether this is a wall screen, which shows initials and records nothing."""
        return self.staff is None


@dataclass(frozen=True, slots=True)
class Approval:
    """One named person accepted one protocol version for this site, in the role held at that time."""

    staff_id: str
    name: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredProtocol:
    """One protocol version, word for word as it was loaded, and who approved it."""

    hash: str
    name: str
    version: str
    text: str
    approvals: tuple[Approval, ...]

    @property
    def approved(self) -> bool:
        """Whether two different people approved this version, at least one of them a clinician."""
        return self.approved_by(None)

    def approved_by(self, instant: datetime | None) -> bool:
        """Whether they had done so by `instant`; None for now."""
        given = [a for a in self.approvals if instant is None or a.at <= instant]
        return len({a.staff_id for a in given}) >= 2 and any(a.role == "clinician" for a in given)


@dataclass(frozen=True, slots=True)
class Series:
    """A course of infusions of one patient, numbered from 1. `planned_infusions` is as described last."""

    id: str
    patient_id: str
    number: int
    planned_infusions: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class SeriesDetails:
    """What a series is for, as somebody described it."""

    series_id: str
    planned_infusions: int
    indication: str
    prescriber: str
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str


@dataclass(frozen=True, slots=True)
class NewScore:
    """An outcome score as it is entered. `id` is made by the screen. `withdraws`: the score is taken back instead."""

    id: str
    series_id: str
    instrument: str
    version: str
    total: float | None
    items: Mapping[str, int] | None
    rated_on: date
    rater: str
    note: str = ""
    corrects: str | None = None
    withdraws: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ScoreTold:
    """Somebody was told of a score."""

    whom: str
    told_at: datetime
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str


@dataclass(frozen=True, slots=True)
class Score:
    """One outcome score along a series. `stands`: neither corrected nor withdrawn, and no withdrawal itself.

    `told` is whom one told of this very score: what was said of a score before its correction was said of another one.
    """

    id: str
    series_id: str
    instrument: str
    version: str
    total: float | None  # None: not computed, and in a withdrawal
    items: Mapping[str, int] | None  # item to points; None where only the total was entered
    rated_on: date
    rater: str
    note: str
    recorded_at: datetime
    recorded_by: str
    recorded_by_name: str
    corrects: str | None
    withdraws: str | None
    reason: str
    stands: bool
    told: tuple[ScoreTold, ...]


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person proved by PIN who they are, on one device, for one entry of one infusion, with this meaning."""

    id: str
    staff: Staff  # as they were then
    device: str
    infusion: str
    entry: str
    meaning: str
    at: datetime

    @property
    def signature(self) -> Signature:
        """What it becomes in the entry it was made for."""
        return Signature(self.staff.id, self.staff.name, self.staff.role, self.meaning, self.at)


@dataclass(frozen=True, slots=True)
class NewInfusion:
    """What is known of an infusion when it is opened at a chair. `id` is made by the screen that asks."""

    id: str
    patient_id: str
    series_id: str
    number: int
    weight_kg: float
    dose_mg_per_kg: float
    planned_minutes: int
    bag_volume_ml: float
    every_minutes: int
    protocol: str  # hash of a stored version
    identifiers: str
    chair: str


@dataclass(frozen=True, slots=True)
class FromFile:
    """Where a past infusion was read from, and when it was opened then. `sha256` is of the file's bytes."""

    file: str
    sha256: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class ImportedFrom:
    """The file an infusion was imported from, when, and the name of who did."""

    file: str
    sha256: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry as it arrives: all of `Entry` but what the store itself gives (seq, recorded_at, author_name)."""

    id: str
    kind: EntryKind
    observed_at: datetime
    tapped_at: datetime
    author: str  # staff id
    readings: tuple[Reading, ...] = ()
    not_done: tuple[NotDone, ...] = ()
    event: Event | None = None
    acknowledgement: Acknowledgement | None = None
    corrects: str | None = None
    withdraws: str | None = None
    reason: str = ""
    clock: Clock = "server"
    queued: bool = False
    sign_in: str = ""
    other_sign_in: bool = False
    after_signing: bool = False
    amendment: Amendment = ""
    source: Source = ""
    linked: str = ""
    observed_given: datetime | None = None
    tapped_given: datetime | None = None


@dataclass(frozen=True, slots=True)
class Saved:
    """An entry that is durably stored. `again`: it had been stored before, by an earlier try."""

    entry: Entry
    again: bool


@dataclass(frozen=True, slots=True)
class NewExport:
    """A file that is about to leave the records. `infusions`: the ids of all of which it holds anything, in order."""

    kind: str  # "csv", "fhir", "record", "whole clinic"
    scope: str  # "infusion", "series", "search", "clinic"
    subject: str  # the id of the infusion or series; "" for the others
    infusions: tuple[str, ...]
    chosen: Mapping[str, str]  # what was searched for, and in which form it was wanted
    deidentified: bool
    bytes: int  # how long the file is [B]
    sha256: str  # of the file


@dataclass(frozen=True, slots=True)
class Export:
    """A file that left the records: what was in it, who made it and when."""

    id: str
    staff_id: str
    name: str
    at: datetime
    what: NewExport


@dataclass(frozen=True, slots=True)
class View:
    """Somebody looked at an infusion on one screen. A wall screen is nobody's: its name is ""."""

    staff_id: str
    name: str
    screen: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Numbered:
    """One infusion of a series, without anything that was recorded in it."""

    id: str
    number: int
    opened_at: datetime
