"""What is kept of an infusion so that thousands can be searched and counted: plain, frozen values, never the record.

A summary is worked out from an infusion's entries by `monitoring.review.summary`, and may be thrown away at any time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, NamedTuple, get_args

from monitoring.clinical.protocol import Level, Phase, Side

CountedKind = Literal["value", "digit", "delay"]
WordKind = Literal["effect", "medicine", "author", "chair"]


class Counted(NamedTuple):
    """One thing that is counted over all infusions.

    "value": what a measure was nearest to a minute of the grid; `minute` since the start.
    "digit": the last digit of a value typed here, 0 to 9; `minute` 0.
    "delay": from when a value was true to when it was stored [s]; `measure` "", `minute` 0.
    """

    kind: CountedKind
    measure: str
    minute: int
    value: float


class Extremes(NamedTuple):
    """The baseline of a measure and its lowest and highest standing value since the start, each with its minute."""

    measure: str
    baseline: float | None
    lowest: float
    lowest_minute: int
    highest: float
    highest_minute: int
    readings: int

    @property
    def rise(self) -> float | None:
        """How far the highest lies above the baseline (below: negative), without the dust of binary fractions."""
        return None if self.baseline is None else round(self.highest - self.baseline, 6)


class FlagSeen(NamedTuple):
    """One flag of an infusion, as it stands at the end of what was recorded."""

    measure: str  # "set" for a set that is overdue, and for incomplete sets in a row
    side: Side
    level: Level
    minute: int | None  # whole minutes since the start when it opened; None: before the pump was ever started
    acknowledged: bool | None  # None: brought in from a file, nobody here could acknowledge it
    acknowledged_after_s: int | None  # from opening to the first acknowledgement [s]; None: nobody said anything
    withdrawn: bool  # every reading it rested on was corrected or withdrawn away

    @property
    def counts(self) -> bool:
        """Whether it is told when flags are counted: it stands, or is critical and still to be acknowledged."""
        return not self.withdrawn or (self.level is Level.CRITICAL and self.acknowledged is False)


@dataclass(frozen=True, slots=True)
class Summary:
    """One infusion in few words and numbers. What runs with the clock is None until it has come to an end."""

    infusion: str
    patient: str
    patient_number: str
    patient_name: str
    series: str
    number: int  # which of the series, from 1
    protocol: str  # hash of the version it ran under
    opened_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    phase: Phase
    chair: str  # where it is, or was last
    nurse: str  # staff id of who started the pump, else of who opened the infusion
    weight_kg: float
    mg_per_kg: float
    dose_mg: float  # as planned
    given_mg: float | None  # None before the end of the infusion
    planned_minutes: int
    pauses: int
    ended_early: bool
    stop_reason: str
    minutes_to_baseline: int | None  # from the end until back at baseline, as the site defines it
    minutes_to_leaving: int | None  # from the end until the patient left
    to_sign: int  # signatures still missing once the patient has left; 0 where the site asks for none
    imported: bool  # brought in from a file: no set was due here, nothing to acknowledge or to sign
    entries: int  # all of them, also corrected and withdrawn ones
    readings: int  # those that stand
    slots_done: int
    slots_partial: int
    slots_missed: int
    times_overdue: int  # stretches in which a set was overdue
    flags: tuple[FlagSeen, ...]
    effects: tuple[str, ...]  # as recorded, each once
    medicines: tuple[str, ...]
    authors: tuple[str, ...]  # staff ids of everybody who recorded something
    chairs: tuple[str, ...]  # ids of every chair it was at
    extremes: tuple[Extremes, ...]  # of each measure with a value since the start
    counted: tuple[tuple[Counted, int], ...]  # what it adds to the counts of the clinic, and how often
    changes_at: datetime | None  # when time alone makes another summary of it

    @property
    def unsigned(self) -> bool:
        """Whether the patient has left and a signature is missing."""
        return self.to_sign > 0

    def extremes_of(self, measure: str) -> Extremes | None:
        """Lowest and highest of one measure; None where none was read since the start."""
        return next((one for one in self.extremes if one.measure == measure), None)


SortKey = Literal["day", "patient", "nurse", "chair", "dose", "given", "flags", "leaving"]
SORT_KEYS: Final[tuple[SortKey, ...]] = get_args(SortKey)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which infusions are looked for; what is not given is not asked. Holds nothing that names a patient."""

    since: datetime | None = None  # opened at or after
    until: datetime | None = None  # opened before
    nurse: str = ""  # staff id of somebody who recorded something in it
    chair: str = ""  # id of a chair it was at
    phases: tuple[Phase, ...] = ()
    protocol: str = ""  # hash of the version it ran under
    mg_per_kg: tuple[float | None, float | None] = (None, None)  # from, to; both count
    dose_mg: tuple[float | None, float | None] = (None, None)
    flag: str = ""  # measure of a flag
    level: Level | None = None  # of a flag, at least; one flag meets all that is asked of flags
    acknowledged: bool | None = None
    effects: tuple[str, ...] = ()  # `word_key` of each; any of them
    medicines: tuple[str, ...] = ()
    ended_early: bool = False
    unsigned: bool = False
    imported: bool | None = None  # brought in from a file
    sort: SortKey = "day"
    rising: bool = False  # smallest, earliest first; what is not known comes last either way


@dataclass(frozen=True, slots=True)
class FoundInfusion:
    """One line of what was found."""

    infusion: str
    patient_number: str
    patient_name: str
    number: int
    planned_infusions: int
    opened_at: datetime
    started_at: datetime | None
    chair: str  # its label
    nurse: str  # name of who started the pump, else of who opened the infusion
    phase: Phase
    mg_per_kg: float
    dose_mg: float
    given_mg: float | None
    ended_early: bool
    stop_reason: str
    minutes_to_leaving: int | None
    cautions: int
    criticals: int
    unacknowledged: int
    to_sign: int
    entries: int
    imported: bool


class Weighed(NamedTuple):
    """Whose an infusion is, when it was opened, and the weight [kg] that it went by."""

    patient: str
    opened_at: datetime
    weight_kg: float


class Choice(NamedTuple):
    """Something that can be looked for: what names it in an address, and its words."""

    key: str
    word: str


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to look for among the infusions that were summed up."""

    people: tuple[Choice, ...]  # everybody who recorded something, by name
    effects: tuple[Choice, ...]
    medicines: tuple[Choice, ...]
    flags: tuple[str, ...]  # measures with a flag
    protocols: tuple[str, ...]  # hashes, the newest first


GroupBy = Literal["month", "protocol"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which infusions are counted; what is not given is not asked. Months as in "2026-03", both included."""

    protocol: str = ""  # hash of the version they ran under
    first_month: str = ""
    last_month: str = ""
