"""What a site does, as data: measures and their limits, schedule, ratings, and the words it uses.

A protocol is a TOML file (`data/protocols/*.toml`). Here are its shapes; `monitoring.clinical.protocol_file` reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, Literal

Side = Literal["high", "low", "step", "silent", "overdue", "partial", "repeat"]
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
    recheck_minutes: tuple[float, ...] = ()  # (5, 15): after a medicine a set is waited for so long after it
    rapid_minutes: float = 0  # 1: how often sets are taken once "rapid sets" was tapped; 0: not offered
    partial_in_row: int = 0  # 2: so many incomplete sets in a row are flagged; 0: never
    partial_level: Level = Level.CAUTION
    seen_before_opening_minutes: float = 0  # 240: how long before it was opened something may have been seen; 0: not

    @property
    def longest_minutes(self) -> float:
        """The longest wait this schedule knows between two looks at a patient [min]."""
        return max(self.every_minutes, self.after_end_every_minutes, self.repeat_minutes, *self.presets)

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
    asked_beyond_percent: float = 0  # a dose or weight so far from the standard or the last is asked about; 0: always


@dataclass(frozen=True, slots=True)
class IdealWeight:
    """Devine's ideal body weight: a weight for a height of `over_inches`, and so much for each inch above it."""

    female_kg: float
    male_kg: float
    per_inch_kg: float
    over_inches: float
    source: str


WeightBasis = Literal["actual", "ideal", "adjusted"]


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a dose is worked out and drawn up here: what may be chosen, what each result is rounded to."""

    weight_bases: tuple[WeightBasis, ...]
    weight_basis: WeightBasis  # the one proposed
    stock_mg_per_ml: tuple[float, ...]
    bag_volumes_ml: tuple[float, ...]
    stock_volume: Literal["replaces", "adds"]  # whether the stock replaces diluent, or comes on top of the bag's volume
    dose_mg_possible: tuple[float, float]
    round_dose_mg: float
    round_volume_ml: float
    round_rate_ml_per_h: float
    second_calculation: bool  # another person works it out too, before the start
    ideal_weight: IdealWeight | None
    adjusted_fraction: float  # adjusted weight = ideal + this × (actual − ideal)
    source: str


@dataclass(frozen=True, slots=True)
class CheckItem:
    """One question of the list before the start. It is missing until it is answered."""

    key: str
    label: str
    group: str  # heading it stands under
    expects: str  # "yes" or "no": another answer is shown as something to look at; "": either is just an answer
    may_not_apply: bool  # whether "not applicable" is offered
    note: str  # what the note says ("name and phone number"); "" when only a free remark is possible
    note_needed: tuple[str, ...]  # the answers that are incomplete without the note


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the page before leaving. Exactly one of `stay_minutes`, `scale`, `pressure`, `measure`, `answer`."""

    key: str
    label: str
    group: str
    source: str
    stay_minutes: float | None = None  # at least so long after the end of the infusion
    scale: str = ""  # key of a scale whose threshold is to be met by its latest score
    pressure: bool = False  # the last pressure within the band of `ReturnToBaseline`
    measure: str = ""  # a rating whose latest value is to be within `at_or_above`, `at_or_below`
    at_or_above: float | None = None
    at_or_below: float | None = None
    answer: CheckItem | None = None  # answered by a person; the same key


@dataclass(frozen=True, slots=True)
class ScaleItem:
    """One item of a recovery score. `within`: how far a pressure may be from baseline for its points."""

    key: str
    label: str
    options: tuple[Option, ...]  # value: points, highest first
    measures: tuple[str, ...] = ()  # the pressures that an item about circulation looks at; else empty
    within: tuple[float, ...] = ()  # (20, 50): up to the first the highest points, up to the second the next
    unit: str = ""  # of `within`: "mmHg" or "%"


@dataclass(frozen=True, slots=True)
class Scale:
    """A recovery score with its items. `variant` names which of the printed versions this is."""

    key: str
    label: str
    variant: str
    threshold: int  # this site's
    note: str  # what it does not look at
    source: str
    items: tuple[ScaleItem, ...]

    @property
    def highest(self) -> int:
        """The most points that can be reached."""
        return sum(max(option.value for option in item.options) for item in self.items)


@dataclass(frozen=True, slots=True)
class RatingBound:
    """A rating at or below a value."""

    measure: str
    at_or_below: float


@dataclass(frozen=True, slots=True)
class ReturnToBaseline:
    """When a patient counts as back at baseline: pressures within a band of it, ratings at or below a level."""

    measures: tuple[str, ...]
    within: float
    unit: Literal["mmHg", "%"]
    ratings: tuple[RatingBound, ...]
    source: str


@dataclass(frozen=True, slots=True)
class SignatureStep:
    """One signature under the record. Steps are signed in order, each by another person."""

    meaning: str  # "administered", "reviewed"
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Where a site asks for a second pair of eyes, and who signs the record."""

    time_out: bool = False  # two different people confirm before the start
    waste_witness: bool = False  # of a controlled drug's waste
    leaving_second: bool = False  # a second person when somebody leaves with something missing
    signatures: tuple[SignatureStep, ...] = ()


@dataclass(frozen=True, slots=True)
class ControlledDrug:
    """What is recorded of the drug itself: drawn = given + wasted."""

    name: str
    methods: tuple[str, ...]  # how waste is destroyed
    tolerance_mg: float  # a smaller difference comes from rounding
    source: str


@dataclass(frozen=True, slots=True)
class News2Inputs:
    """Which measures NEWS2 is computed from, where a site uses it."""

    respiration: str
    spo2: str
    oxygen: str
    systolic: str
    pulse: str
    consciousness: str
    temperature: str


@dataclass(frozen=True, slots=True)
class Protocol:
    """A protocol as read from one file. `hash` is the SHA-256 of the file's text, and names this very version.

    What an older version did not have yet is empty or None: an infusion that ran under it is judged without it.
    """

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
    preparation: Preparation | None = None
    before: tuple[CheckItem, ...] = ()
    leaving: tuple[Criterion, ...] = ()
    scales: Mapping[str, Scale] = field(default_factory=dict)
    return_to_baseline: ReturnToBaseline | None = None
    people: People = People()
    drug: ControlledDrug | None = None
    news2: News2Inputs | None = None
    called: tuple[str, ...] = ()  # whom one calls
    informed: tuple[str, ...] = ()  # whom one tells
    effect_actions: tuple[str, ...] = ()
    medicine_reasons: tuple[str, ...] = ()
    missing_reasons: tuple[str, ...] = ()  # why something was started, or somebody left, with something missing
    seen_before_opening_reasons: tuple[str, ...] = ()  # why something is recorded that was seen before it was opened
    baseline_reasons: tuple[str, ...] = ()  # why a set saved after the start is made the baseline

    @property
    def label(self) -> str:
        """How the version is named on screens: "ketamine-depression 1"."""
        return f"{self.name} {self.version}"
