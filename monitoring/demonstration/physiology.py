"""How an invented patient answers to an infusion: readings at any minute, from a seed and nothing else.

The numbers and their sources stand in `data/demonstration/physiology.toml`. What comes out is meant to look like a
clinic, and is tested against published frequencies; it is no model of a person and predicts nothing.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

FILE = Path(__file__).resolve().parents[2] / "data" / "demonstration" / "physiology.toml"
MEASURES = ("systolic", "diastolic", "heart_rate", "spo2", "respiration")


class Row(NamedTuple):
    """One set of vital signs, whole numbers, at a minute since the start (the baseline lies before it)."""

    minute: float
    systolic: int  # [mmHg]
    diastolic: int  # [mmHg]
    heart_rate: int  # [/min]
    spo2: int  # [%]
    respiration: int  # [/min]

    @property
    def values(self) -> dict[str, int]:
        """Measure key to value, in the order a set is typed."""
        return dict(zip(MEASURES, self[1:], strict=True))


@cache
def numbers() -> dict[str, Any]:
    """The generator's numbers as read from its file."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def draw(rng: Random, spread: dict[str, Any]) -> float:
    """One value of a spread: normal, drawn again while it lies outside `least` and `most`."""
    while True:
        value = rng.gauss(spread["mean"], spread["sd"])
        if spread["least"] <= value <= spread["most"]:
            return value


@dataclass(frozen=True, slots=True)
class Person:
    """What one invented patient brings to every infusion: body, values at rest, and how strongly they answer."""

    age: int
    sex: str
    weight_kg: float
    hypertensive: bool
    rest: dict[str, float]  # measure -> value, [mmHg], [/min], [%]
    rise_systolic: float  # usual peak change [mmHg]
    rise_heart_rate: float  # [/min]
    dissociates: float  # median total, 0 for one who never does
    desaturates: bool
    prone: tuple[str, ...]  # effects this person may have, names as in the protocol

    @property
    def peak_systolic(self) -> float:
        """What the systolic pressure usually comes to at its highest [mmHg]."""
        return self.rest["systolic"] + self.rise_systolic


def person(rng: Random, *, age: int, sex: str) -> Person:
    """Draw one invented patient of this age and sex."""
    n = numbers()
    older = age >= n["age"]["fifty"]
    hypertensive = rng.random() < n["age"]["hypertensive_from" if older else "hypertensive_below"]
    spread = n["weight_kg"]["male" if sex == "male" else "female"]
    rest = {measure: draw(rng, n["rest"][measure]) for measure in MEASURES}
    if hypertensive:
        rest["systolic"] += n["rest"]["hypertensive_systolic_mmhg"]
        rest["diastolic"] += n["rest"]["hypertensive_diastolic_mmhg"]
    if rng.random() < n["rise"]["without"]:
        rise = draw(rng, n["rise"]["systolic_without"])
    else:
        rise = draw(rng, n["rise"]["systolic"])
        rise += n["rise"]["systolic_older_mmhg"] * older + n["rise"]["systolic_hypertensive_mmhg"] * hypertensive
    d = n["dissociation"]
    never = rng.random() < d["never"]
    strength = d["patient_median"] * math.exp(rng.gauss(0, d["patient_spread"]))
    return Person(
        age=age,
        sex=sex,
        weight_kg=round(draw(rng, spread), 1),
        hypertensive=hypertensive,
        rest=rest,
        rise_systolic=rise,
        rise_heart_rate=draw(rng, n["rise"]["heart_rate"]),
        dissociates=0.0 if never else strength,
        desaturates=rng.random() < n["desaturation"]["patients"],
        prone=tuple(effect["name"] for effect in n["effect"] if rng.random() < effect["patients"]),
    )


class Effect(NamedTuple):
    """Something the patient reports or the nurse sees, at a minute since the start."""

    minute: float
    name: str
    severity: str


class Response:
    """How one person answers to one infusion. The same generator state gives the same infusion."""

    def __init__(self, who: Person, rng: Random, *, number: int, planned_minutes: float) -> None:
        """`number`: which of the series, from 1; the first is strongest for dissociation."""
        n = numbers()
        rise = n["rise"]
        self._rng = rng
        self._scale = planned_minutes / 40  # a longer infusion is a slower one
        self._level = {measure: who.rest[measure] + draw(rng, n["day"][measure]) for measure in MEASURES}
        systolic = who.rise_systolic + draw(rng, rise["systolic_infusion"])
        self._change = {
            "systolic": systolic,
            "diastolic": systolic * rise["diastolic_share"] + draw(rng, rise["diastolic_infusion"]),
            "heart_rate": who.rise_heart_rate + draw(rng, rise["heart_rate_infusion"]),
            "spo2": draw(rng, rise["spo2"]),
            "respiration": draw(rng, rise["respiration"]),
        }
        self._peak = draw(rng, rise["peak_minute"]) * self._scale
        self._wears_off = draw(rng, rise["wears_off_minutes"])
        fall = n["desaturation"]
        self.desaturates = who.desaturates and rng.random() < fall["infusions_of_those"]
        self._fall_minute, self._lowest = draw(rng, fall["minute"]) * self._scale, draw(rng, fall["lowest"])

        d = n["dissociation"]
        none = rng.random() < d["none_this_time"]
        strength = who.dissociates * math.exp(rng.gauss(0, d["infusion_spread"]))
        strength *= d["first"] if number == 1 else d["later"]
        self._strength = 0.0 if none else min(strength, d["most"])

        self.planned_minutes = planned_minutes
        self.stop_minute: float | None = None
        self.stop_reason = ""
        if rng.random() < n["stop"]["infusions"]:
            self.stop_minute = draw(rng, n["stop"]["minute"]) * self._scale
            reasons = n["stop"]["reasons"]
            self.stop_reason = rng.choices(list(reasons), list(reasons.values()))[0]
        self.pause_minute: float | None = None
        self.pause_minutes = draw(rng, n["pause"]["minutes"])
        if self.stop_minute is None and rng.random() < n["pause"]["infusions"]:
            self.pause_minute = draw(rng, n["pause"]["minute"]) * self._scale
        paused = self.pause_minutes if self.pause_minute is not None else 0.0
        self.end_minute = self.stop_minute or planned_minutes + paused

        self.effects = self._draw_effects(who)
        named = {effect.name for effect in self.effects}
        drowsy = n["sedation"]
        self._sedated = 0
        if "drowsy" in named:
            chance = rng.random()
            if chance < drowsy["loud_voice_of_drowsy"]:
                self._sedated = 2
            elif chance < drowsy["loud_voice_of_drowsy"] + drowsy["lethargic_of_drowsy"]:
                self._sedated = 1
        fear = n["distress"]
        self._distress = int(
            rng.random() < fear["some"] or ("anxiety" in named and rng.random() < fear["some_of_anxious"])
        )
        if rng.random() < fear["needs_support"] or self.stop_reason == "distress":
            self._distress = 2
        self._distress_from = draw(rng, fear["begins_minute"]) * self._scale
        if self.stop_minute is not None:
            self._distress_from = min(self._distress_from, self.stop_minute - 3)
        self.distress_minute = self._distress_from if self._distress else None
        self._given: list[tuple[int, ...]] = []

    def _draw_effects(self, who: Person) -> tuple[Effect, ...]:
        n, rng = numbers(), self._rng
        weights = n["effects"]["severity"]
        found = []
        for effect in n["effect"]:
            if effect["name"] in who.prone and rng.random() < effect["infusions"]:
                minute = rng.uniform(9, self.end_minute + 8)
                found.append(Effect(minute, effect["name"], rng.choices(list(weights), list(weights.values()))[0]))
                if effect["name"] == "nausea" and rng.random() < n["effects"]["vomiting_of_nausea"]:
                    found.append(Effect(minute + rng.uniform(3, 9), "vomiting", "mild"))
        if self.stop_reason == "nausea or vomiting" and "nausea" not in {effect.name for effect in found}:
            found.append(Effect(self.end_minute - 4, "nausea", "severe"))
        return tuple(sorted(found))

    def level(self, measure: str) -> float:
        """This person's usual value on this day, before the start."""
        return self._level[measure]

    def shape(self, minute: float) -> float:
        """Share of the peak change present at this minute: 0 before the start, 1 at the peak, wearing off after."""
        if minute <= 0:
            return 0.0
        running = min(minute, self.end_minute)
        share: float = math.sin(math.pi / 2 * min(running / self._peak, 1.0)) ** 1.15
        return share * math.exp(-max(minute - self.end_minute, 0.0) / self._wears_off)

    def read(self, minute: float) -> Row:
        """One set of vital signs at this minute. Never the same five numbers twice in one infusion."""
        n = numbers()
        share = self.shape(minute)
        while True:
            seen = {m: self._level[m] + share * self._change[m] + draw(self._rng, n["reading"][m]) for m in MEASURES}
            if self.desaturates:
                away = abs(minute - self._fall_minute) / n["desaturation"]["lasts_minutes"]
                seen["spo2"] -= max(0.0, 1.0 - away) * max(0.0, seen["spo2"] - self._lowest)
            systolic = round(seen["systolic"])
            diastolic = round(min(seen["diastolic"], systolic - n["rest"]["pulse_pressure_least_mmhg"]))
            values = (
                systolic,
                diastolic,
                round(seen["heart_rate"]),
                min(100, round(seen["spo2"])),
                round(seen["respiration"]),
            )
            if values not in self._given:
                self._given.append(values)
                return Row(minute, *values)

    def dissociation_total(self, minute: float) -> int:
        """Strength of dissociation at this minute as a total from 0 to 92, most of it below 20."""
        d = numbers()["dissociation"]
        begins = d["begins_minute"] * self._scale
        if minute <= begins:
            return 0
        running = min(minute, self.end_minute)
        share: float = min((running - begins) / (self.planned_minutes - begins), 1.0) ** 0.8
        wearing_off = math.exp(-max(minute - self.end_minute, 0.0) / d["wears_off_minutes"])
        return round(self._strength * share * wearing_off)

    def dissociation(self, minute: float) -> int:
        """The nurse's 0-4 rating at this minute, read off the total."""
        total = self.dissociation_total(minute)
        return sum(1 for least in numbers()["dissociation"]["rating_from"] if total >= least)

    def sedation(self, minute: float) -> int:
        """Sedation by MOAA/S at this minute: 5 is alert, lower is more sedated."""
        alert = int(numbers()["sedation"]["alert"])
        return alert - round(self._sedated * self.shape(minute))

    def distress(self, minute: float) -> int:
        """Distress at this minute: 0 none, 1 some, 2 needs support. Gone soon after the infusion ends."""
        if not self._distress_from <= minute <= self.end_minute + 6:
            return 0
        return self._distress


def infusion_rows(
    seed: int | str, *, planned_minutes: int = 40, every_minutes: int = 10, recovery_minutes: int = 90
) -> list[Row]:
    """Vital signs of one invented infusion: baseline, every `every_minutes` until the end, then every 15 min.

    The same seed gives the same rows. Cheap enough for tens of thousands of infusions.
    """
    rng = Random(f"infusion/{seed}")
    who = person(rng, age=rng.randint(20, 76), sex=rng.choice(("female", "male")))
    response = Response(who, rng, number=rng.randint(1, 6), planned_minutes=planned_minutes)
    end = math.ceil(response.end_minute)
    minutes: list[int] = [-4, *range(every_minutes, end, every_minutes), end]
    minutes += range(end + 15, end + recovery_minutes + 1, 15)
    return [response.read(minute) for minute in minutes]
