"""What a site does, as data: measures and their limits, schedule, ratings, and the words it uses.

A protocol is a TOML file (`data/protocols/*.toml`). Here are its shapes; `monitoring.clinical.protocol_file` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal

Side = Literal["high", "low", "step", "silent", "overdue", "repeat"]
Phase = Literal["planned", "infusing", "paused", "recovery", "closed", "cancelled"]
OVER: Final[tuple[Phase, ...]] = ("closed", "cancelled")  # nothing is due any more, and the chair is free
RuleKey = Literal[
    "at_or_above",
    "above",
    "at_or_below",
    "below",
    "rise_at_or_above",
    "fall_at_or_above",
    "rise_percent_at_or_above",
    "fall_percent_at_or_above",
    "step_at_or_above",
    "silent_minutes",
]


class Level(IntEnum):
    """How much a flag asks for. CAUTION is quiet; CRITICAL stays until it is acknowledged."""

    CAUTION = 1
    CRITICAL = 2

    @property
    def word(self) -> str:
        """The word as it stands in protocol files and documents: "caution" or "critical"."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of a measure's `limits`: `key` says the comparison and whether the boundary counts."""

    key: RuleKey
    value: float
    level: Level
    source: str
    phase: tuple[Phase, ...] = ()  # empty: in every phase
    instruction: str = ""  # the site's own sentence, shown as theirs; none is shipped
    applies: str = ""  # "air": only while no oxygen is given

    @property
    def is_absolute(self) -> bool:
        """Whether the value itself is compared, not how it changed or that there is none."""
        return self.key in ("at_or_above", "above", "at_or_below", "below")

    @property
    def side(self) -> Side:
        """Which side of the range this limit guards; flags are episodes per measure and side."""
        if self.key in ("at_or_above", "above", "rise_at_or_above", "rise_percent_at_or_above"):
            return "high"
        if self.key == "step_at_or_above":
            return "step"
        if self.key == "silent_minutes":
            return "silent"
        return "low"


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a rating: its number, its word, and the longer sentence that defines it."""

    value: int
    word: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of thing measured. `possible` and `plausible` are inclusive bounds in `unit`."""

    key: str  # "systolic"
    label: str  # "Systolic pressure"
    short: str  # "SYS"
    unit: str  # "mmHg"; "" for ratings
    ucum: str
    loinc: str  # "" where there is none
    decimals: int
    possible: tuple[float, float]
    plausible: tuple[float, float]
    limits: tuple[Limit, ...] = ()
    options: tuple[Option, ...] = ()  # not empty: a rating, entered by one tap
    source: str = ""
    below: str = ""  # key of a measure this one is asked about unless it is lower ("systolic" for diastolic)
    axis: tuple[float, float] | None = None  # range of its chart panel; plausible where not given

    @property
    def is_rating(self) -> bool:
        """Whether this measure is entered by choosing one of its options."""
        return bool(self.options)

    def text(self, value: float) -> str:
        """The value as a person writes it, with this measure's decimals and no unit."""
        return f"{value:.{self.decimals}f}"

    def exact(self, value: float) -> str:
        """The value with this measure's decimals, or with all it has where these would change it; no unit."""
        text = self.text(value)
        return text if float(text) == value else f"{value:g}"

    def fits(self, value: float) -> bool:
        """Whether a finite `value` has no more decimals than this measure is written with."""
        return float(self.text(value)) == value


_LIMIT_WORDS: Final[dict[RuleKey, str]] = {
    "at_or_above": "at or above {}",
    "above": "above {}",
    "at_or_below": "at or below {}",
    "below": "below {}",
    "rise_at_or_above": "rise of {} or more",
    "fall_at_or_above": "fall of {} or more",
    "rise_percent_at_or_above": "rise of {} % of baseline or more",
    "fall_percent_at_or_above": "fall of {} % of baseline or more",
    "step_at_or_above": "step of {} or more",
    "silent_minutes": "no value for {} min",
}


def limit_words(limit: Limit, measure: Measure, *, unit: bool = True) -> str:
    """A limit as a person reads it: "at or above 160 mmHg". Without `unit` where the value beside it carries it."""
    words = _LIMIT_WORDS[limit.key]
    if "percent" in limit.key or limit.key == "silent_minutes":
        return words.format(f"{limit.value:g}")
    bound = measure.exact(limit.value)
    return words.format(f"{bound} {measure.unit}" if measure.unit and (unit or not limit.is_absolute) else bound)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When vital signs are due. All times in minutes."""

    every_minutes: int  # 10: from the start until the end event
    presets: tuple[int, ...]  # (5, 10, 15): what may be chosen when an infusion is opened
    after_end_every_minutes: int  # 15
    set: tuple[str, ...]  # keys of the measures that make a complete set, in the order they are typed
    optional: tuple[str, ...]  # measures with a tile that no slot asks for (temperature)
    observations: tuple[str, ...]  # ratings shown beside the keypad, in order
    oxygen: str  # key of the measure that holds oxygen given [L/min], 0 is air
    window_minutes: float  # 3: a set belongs to the nearest slot within min(window, N/2)
    overdue_minutes: float  # 5: overdue from + min(this, N/2)
    overdue_level: Level
    repeat_minutes: float  # 2: how soon a critical value is offered to be repeated
    repeat_level: Level  # of the flag when a promised repeat is not taken
    late_entry_minutes: float  # 15: "late entry" when seen longer before Save than this
    source: str

    def interval(self, phase: Phase, chosen_minutes: int | None = None) -> float:
        """Minutes between two slots in this phase; `chosen_minutes` is what this infusion was opened with."""
        return self.after_end_every_minutes if phase == "recovery" else (chosen_minutes or self.every_minutes)


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine that can be recorded with few taps. Something to record, never a suggestion."""

    name: str
    dose: str
    unit: str
    route: str


@dataclass(frozen=True, slots=True)
class Dose:
    """Defaults and bounds for opening an infusion."""

    mg_per_kg: float
    mg_per_kg_possible: tuple[float, float]
    planned_minutes: int
    planned_minutes_possible: tuple[int, int]
    weight_kg_possible: tuple[float, float]
    bag_volume_ml: float
    rate_ml_per_h_possible: tuple[float, float]
    planned_infusions: int
    source: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol as read from one file. `hash` is the SHA-256 of the file's text, and names this very version."""

    name: str
    version: str
    title: str
    hash: str
    text: str
    measures: dict[str, Measure]  # in the file's order
    schedule: Schedule
    dose: Dose
    not_done_reasons: tuple[str, ...]
    effects: tuple[str, ...]
    quick_effects: tuple[str, ...]
    medicines: tuple[Medicine, ...]
    pause_reasons: tuple[str, ...]
    stop_reasons: tuple[str, ...]
    cancel_reasons: tuple[str, ...]
    correction_reasons: tuple[str, ...]
    acknowledgements: tuple[str, ...]  # the site's list of "what was done"

    @property
    def label(self) -> str:
        """How the version is named on screens: "ketamine-depression 1"."""
        return f"{self.name} {self.version}"
