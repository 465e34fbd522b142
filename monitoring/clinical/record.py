"""What has been recorded of one infusion, as plain values that clinical functions judge.

Nothing here knows a clock, a database or a screen. All times are aware and in UTC.
Three times on each entry: `observed_at` (when it was true), `tapped_at` (when Save was tapped, on the server's clock as
the tablet knew it), `recorded_at` (when the server stored it).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, Literal, TypeVar, get_args

T = TypeVar("T")

EntryKind = Literal["set", "observation", "event", "acknowledgement", "withdrawal"]
EventKind = Literal[
    "start",  # pump started; `detail["baseline"]`: {measure: reading id} pinned by the server
    "pause",  # pump paused; detail["reason"] may be given
    "resume",
    "rate",  # detail["rate_ml_per_h"]
    "end",  # infusion ended as planned
    "stop",  # stopped early; detail["reason"]
    "move",  # detail["chair"]: id of the chair moved to
    "close",  # left, chair is free; with something missing: detail["reason"] and a second person's signature
    "cancel",  # before the start; detail["reason"]
    "effect",  # detail["name"], detail["severity"] in mild/moderate/severe or absent, detail["action"] may be given
    "medicine",  # detail["name"], ["dose"], ["unit"], ["route"]; may be given: ["ordered_by"], ["given_by"], ["why"]
    "note",  # detail["text"]
    "repeat",  # a repeat of a critical value was promised; detail["measure"], ["due_at"] ISO
    "check",  # an item of a list was answered; detail["item"], ["answer"] in ANSWERS, ["note"] may be given
    "order",  # detail["prescriber"], ["dose_mg_per_kg"], ["planned_minutes"], ["weight_kg"], ["weight_on"] ISO date
    "dose",  # the calculation one person made: its inputs and results, see `monitoring.clinical.dose`
    "dose_check",  # another person's own results; detail["of"]: the dose entry; signed by that person
    "time_out",  # signed by two different people
    "called",  # somebody was called; detail["whom"]. Open until an "over" names it
    "informed",  # somebody was told; detail["whom"], ["about"] may be given
    "help",  # help was called in an emergency. Open until an "over" names it
    "rapid",  # sets every so often; detail["every_minutes"]. Open until an "over" names it
    "over",  # an effect, called, help, rapid or medicine is over; detail["of"]: entry id, ["how"] may be given
    "handover",  # the author is the responsible nurse from here on
    "score",  # detail["scale"], and detail["item:<key>"]: points for each of its items
    "drug",  # detail["drawn_mg"], ["wasted_mg"], ["lot"], ["expiry"], ["method"]; signed by a witness where asked for
    "baseline",  # what was seen before the start and saved after it is the baseline; detail["of"]: entry id, ["reason"]
    "sign",  # detail["meaning"] of the site's signatures, in order; signed
]
EVENT_WORDS: Final[dict[EventKind, str]] = {
    "start": "Pump started",
    "pause": "Pump paused",
    "resume": "Pump resumed",
    "rate": "Rate changed",
    "end": "Infusion ended",
    "stop": "Pump stopped early",
    "move": "Moved to another chair",
    "close": "Patient left",
    "cancel": "Infusion cancelled",
    "effect": "Effect",
    "medicine": "Medicine",
    "note": "Note",
    "repeat": "Repeat promised",
    "check": "Answered",
    "order": "Order",
    "dose": "Dose calculated",
    "dose_check": "Dose calculated by a second person",
    "time_out": "Time-out",
    "called": "Called",
    "informed": "Informed",
    "help": "Help called",
    "rapid": "Rapid sets",
    "over": "Over",
    "handover": "Responsible nurse from here on",
    "score": "Score",
    "drug": "Controlled drug",
    "baseline": "Baseline chosen",
    "sign": "Signed",
}
Answer = Literal["yes", "no", "not applicable"]
ANSWERS: Final[tuple[Answer, ...]] = get_args(Answer)
Amendment = Literal["", "late entry", "addendum"]  # a correction is told by `corrects`
AMENDMENTS: Final[tuple[Amendment, ...]] = get_args(Amendment)
# "paper": written down on paper first, and transcribed by the author. "import": read from a file, which the author
# brought in with the whole infusion; only `monitoring.recording.import_infusions` says so.
Source = Literal["", "paper", "import"]
Clock = Literal["server", "device"]  # which clock `tapped_at` came from


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one measure inside an entry. `id` is unique in the clinic: "<entry id>/<measure>"."""

    id: str
    measure: str
    value: float
    confirmed_unusual: bool = False  # outside plausible, asked once, and kept
    observed_not_asked: bool = False


@dataclass(frozen=True, slots=True)
class NotDone:
    """A measure that was not taken, and why. A fact of its own, never a null reading."""

    measure: str
    reason: str


@dataclass(frozen=True, slots=True)
class Signature:
    """A person proved by PIN who they are, for this one entry: name, role, time and meaning, as 21 CFR 11.50 asks."""

    staff: str  # staff id
    name: str
    role: str
    meaning: str  # "administered", "witness of waste", "second calculation" ...
    at: datetime


@dataclass(frozen=True, slots=True)
class Event:
    """Something done or that happened. `detail` holds what its kind needs, see EventKind."""

    kind: EventKind
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Who signed, in order; the server writes them into `detail["signatures"]` from PINs it has checked."""
        return tuple(
            Signature(one["staff"], one["name"], one["role"], one["meaning"], datetime.fromisoformat(one["at"]))
            for one in self.detail.get("signatures", ())
        )


def event_words(event: Event) -> str:
    """What an event says in a line: "Ondansetron 4 mg IV", "Pump paused: distress"; its kind where it says no more."""
    words, detail = EVENT_WORDS[event.kind], event.detail
    if event.kind == "rate" and isinstance(rate := detail.get("rate_ml_per_h"), int | float):
        return f"{words} to {rate:g} mL/h"
    if event.kind == "note" and detail.get("text"):
        return f"“{detail['text']}”"
    if event.kind == "effect" and detail.get("name"):
        name = str(detail["name"])  # as it was typed but for its first letter: "ECG change, PVCs"
        return " · ".join([name[:1].upper() + name[1:], *([str(detail["severity"])] if detail.get("severity") else [])])
    if event.kind == "medicine" and detail.get("name"):
        return " ".join(str(detail[part]) for part in ("name", "dose", "unit", "route") if detail.get(part))
    reason = detail.get("reason")
    return f"{words}: {reason}" if reason else words


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A person says: seen, and this was done. Names the readings, rule and level it saw."""

    flag: str  # Flag.key
    measure: str
    side: str
    level: str
    rule: str
    seen: tuple[str, ...]  # reading ids
    done: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one person saved with one tap."""

    id: str  # UUID made by the pad at the first key
    seq: int  # 1, 2, 3 ... in its infusion, in the order recorded
    kind: EntryKind
    observed_at: datetime
    tapped_at: datetime
    recorded_at: datetime
    author: str  # staff id
    author_name: str
    readings: tuple[Reading, ...] = ()
    not_done: tuple[NotDone, ...] = ()
    event: Event | None = None
    acknowledgement: Acknowledgement | None = None
    corrects: str | None = None  # id of the entry whose place this one takes
    withdraws: str | None = None  # id of the entry marked as made in error
    reason: str = ""  # why corrected or withdrawn, or why it is recorded here that was seen before the opening
    clock: Clock = "server"
    queued: bool = False  # came out of an outbox, not from a screen that was live
    sign_in: str = ""  # the sign-in under which Save was tapped
    other_sign_in: bool = False  # arrived during somebody else's sign-in, or was tapped after its own was over
    after_signing: bool = False  # recorded when the record was signed and locked
    amendment: Amendment = ""  # "late entry": omitted then, recalled now; "addendum": not known then
    source: Source = ""
    linked: str = ""  # of what was made at the wrong chair, in its withdrawal: the copy; in the copy: that entry
    observed_given: datetime | None = None  # the time it came with, where that cannot be: see `clinical.moments`
    tapped_given: datetime | None = None  # the same of `tapped_at`


@dataclass(frozen=True, slots=True)
class Patient:
    """A person in care here. All invented in this repository."""

    id: str
    number: str
    name: str
    birth_date: date
    sex: str  # "female", "male", "other", "unknown"
    allergies: str  # "" is not recorded; "none known" is an answer


@dataclass(frozen=True, slots=True)
class Infusion:
    """One treatment at a chair, with everything recorded of it, in the order recorded."""

    id: str
    patient: Patient
    series: str
    number: int  # which of the series, from 1
    planned_infusions: int
    weight_kg: float
    dose_mg_per_kg: float
    planned_minutes: int
    bag_volume_ml: float
    every_minutes: int
    protocol: str  # hash of the version it runs under
    opened_at: datetime
    opened_by: str
    opened_by_name: str
    identifiers: str  # which two identifiers were confirmed
    chair: str  # id of the chair it was opened at; moves are events
    entries: tuple[Entry, ...] = ()
    _kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def dose_mg(self) -> float:
        """Ordered dose [mg]: weight [kg] times dose [mg/kg]."""
        return self.weight_kg * self.dose_mg_per_kg

    @property
    def imported(self) -> bool:
        """Whether it was brought in from a file: nobody here was asked, told or reminded of anything while it ran.

        So no set was due here, nothing waited to be acknowledged, answered or signed, and no clock runs. An entry that
        was moved here from such an infusion makes this none.
        """
        return self.kept("imported", lambda: any(e.source == "import" and not e.linked for e in self.entries))

    def known_at(self, instant: datetime) -> Infusion:
        """This infusion with only what had been recorded by `instant` (inclusive)."""
        return replace(self, entries=tuple(e for e in self.entries if e.recorded_at <= instant))

    def standing(self) -> tuple[Entry, ...]:
        """The entries that hold: neither replaced by a correction nor withdrawn, by observed_at, then seq.

        Withdrawal and correction entries: a withdrawal never stands itself. A correction stands in the place of what it
        corrects; withdrawing a correction withdraws that record altogether (the value it replaced does not come back).
        """
        return self.kept("standing", self._find_standing)

    def kept(self, what: str, find: Callable[[], T]) -> T:
        """What `find` answers, found once. For what follows from this infusion alone: its entries never change."""
        if what not in self._kept:
            self._kept[what] = find()
        found: T = self._kept[what]
        return found

    def _find_standing(self) -> tuple[Entry, ...]:
        gone = {e.corrects for e in self.entries if e.corrects} | {e.withdraws for e in self.entries if e.withdraws}
        standing = (e for e in self.entries if e.kind != "withdrawal" and e.id not in gone)
        return tuple(sorted(standing, key=lambda e: (e.observed_at, e.seq)))

    def root(self, entry_id: str) -> str:
        """The id of the first entry of a chain of corrections."""
        corrects = {e.id: e.corrects for e in self.entries}
        while (earlier := corrects.get(entry_id)) is not None:
            entry_id = earlier
        return entry_id
