"""The National Early Warning Score (NEWS) 2 of the Royal College of Physicians (2017), from all seven of its inputs.

An option of a site, off by default, and never in place of a flag: it gives no points for a systolic pressure from 111
to 219 mmHg. Its numbers stand in `data/scales/news2.toml`. Where an input is missing there is no total.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Any, Final, Literal

from monitoring.clinical.course import Course, when
from monitoring.clinical.dose import plan_of
from monitoring.clinical.protocol import News2Inputs, Protocol
from monitoring.clinical.record import Infusion, Reading

SpO2Scale = Literal[1, 2]

NUMBERS: Final = ("respiration", "spo2", "oxygen", "systolic", "pulse", "temperature")
IN_ORDER: Final = ("respiration", "spo2", "oxygen", "systolic", "pulse", "consciousness", "temperature")


class TableError(ValueError):
    """A table of scores that cannot be used; the message names the file, the table and what is wrong."""


@dataclass(frozen=True, slots=True)
class Band:
    """The points of all values up to and including `up_to` (None: without end) that no band before it holds."""

    up_to: float | None
    points: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row of the chart. `decimals`: a value is rounded to so many, half up, before it is looked up."""

    key: str
    label: str
    unit: str
    decimals: int
    bands: tuple[Band, ...]

    def points(self, value: float, bands: tuple[Band, ...] | None = None) -> int:
        """The points of a value in `unit`. Raises ValueError where it is no finite number."""
        if not math.isfinite(value):
            raise ValueError(f"{self.label} {value}: expected a number.")
        rounded = Decimal(str(value)).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        rows = self.bands if bands is None else bands
        return next(b.points for b in rows if b.up_to is None or rounded <= Decimal(str(b.up_to)))


@dataclass(frozen=True, slots=True)
class Risk:
    """Clinical risk as the RCP words it: from a `total` on, or from so many points in a `single` parameter."""

    word: str  # "low", "low-medium", "medium", "high"
    colour: str
    total: int | None
    single: int | None


@dataclass(frozen=True, slots=True)
class Table:
    """NEWS2 as read from its file."""

    title: str
    source: str
    acknowledgement: str  # stands beside every score that is shown
    note: str
    colours: Mapping[int, str]  # of points
    parameters: Mapping[str, Parameter]
    scale_2_air: tuple[Band, ...]
    scale_2_oxygen: tuple[Band, ...]
    consciousness_label: str
    consciousness: Mapping[str, int]  # word to points
    risks: tuple[Risk, ...]  # the first that holds

    def label(self, key: str) -> str:
        """What an input is called."""
        return self.consciousness_label if key == "consciousness" else self.parameters[key].label


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the score is made from; None is not recorded. `oxygen` is what is given [L/min], 0 is air."""

    respiration: float | None = None  # [/min]
    spo2: float | None = None  # [%]
    oxygen: float | None = None  # [L/min]
    systolic: float | None = None  # [mmHg]
    pulse: float | None = None  # [/min]
    consciousness: str | None = None  # a word of `Table.consciousness`
    temperature: float | None = None  # [°C]


@dataclass(frozen=True, slots=True)
class Part:
    """One input with its points."""

    key: str
    label: str
    value: float | str
    points: int
    colour: str


@dataclass(frozen=True, slots=True)
class Score:
    """NEWS2, or what is missing for it. Without a total there is no risk either: incomplete is not low."""

    total: int | None
    parts: tuple[Part, ...]  # of the inputs that are there, in the chart's order
    missing: tuple[str, ...]  # what is not there, in words
    risk: Risk | None
    scale: SpO2Scale = 1
    at: datetime | None = None  # when the newest of its inputs was observed

    @property
    def words(self) -> str:
        """ "NEWS2 5, medium risk"; "NEWS2 incomplete: no temperature"."""
        scale = ", SpO₂ scale 2" if self.scale == 2 else ""
        if self.total is None or self.risk is None:
            return f"NEWS2 incomplete: no {', no '.join(_lower(label) for label in self.missing)}{scale}"
        return f"NEWS2 {self.total}, {self.risk.word} risk{scale}"


def score(inputs: Inputs, table: Table, scale: SpO2Scale = 1) -> Score:
    """NEWS2 of these inputs. `scale` 2 only where it is prescribed. Raises ValueError for a word it does not know.

    SpO2 on scale 2 depends on oxygen: where that is not recorded, it gives no points yet.
    """
    parts: list[Part] = []
    missing: list[str] = []
    for key in IN_ORDER:
        value = getattr(inputs, key)
        points: int | None = None
        if value is None:
            missing.append(table.label(key))
        elif key == "consciousness":
            if value not in table.consciousness:
                raise ValueError(f"{table.label(key)} “{value}”: expected one of {', '.join(table.consciousness)}.")
            points = table.consciousness[value]
        elif key == "spo2" and scale == 2:
            if inputs.oxygen is not None:
                bands = table.scale_2_oxygen if table.parameters["oxygen"].points(inputs.oxygen) else table.scale_2_air
                points = table.parameters[key].points(value, bands)
        else:
            points = table.parameters[key].points(value)
        if points is not None:
            parts.append(Part(key, table.label(key), value, points, table.colours[points]))
    if missing:
        return Score(None, tuple(parts), tuple(missing), None, scale)
    total, worst = sum(part.points for part in parts), max(part.points for part in parts)
    risk = next(
        risk
        for risk in table.risks
        if (risk.total is not None and total >= risk.total) or (risk.single is not None and worst >= risk.single)
    )
    return Score(total, tuple(parts), (), risk, scale)


def of_infusion(infusion: Infusion, protocol: Protocol, course: Course, table: Table) -> Score | None:
    """NEWS2 at the newest set of `infusion`; None where the site does not use it or nothing of it is recorded yet.

    Values count that were observed within one interval of the schedule before the newest: an older one is named as
    missing, with its minute, and never carried forward. Oxygen is what is set, and holds until it is set anew.
    """
    chosen = protocol.news2
    if chosen is None:
        return None
    latest = _latest(infusion, chosen)
    seen = [at for key, (_, at) in latest.items() if key != "oxygen"]
    if not seen:
        return None
    newest = max(seen)
    interval = protocol.schedule.interval(course.phase_at(newest), infusion.every_minutes)
    found: dict[str, Any] = {}
    old: dict[str, str] = {}
    for key, (reading, at) in latest.items():
        if key != "oxygen" and at < newest - timedelta(minutes=interval):
            old[table.label(key)] = f"{table.label(key)} since {_minute(at, course)}"
        elif key == "consciousness":
            measure = protocol.measures[reading.measure]
            word = next((o.word.casefold() for o in measure.options if o.value == reading.value), None)
            found[key] = word if word in table.consciousness else None
        else:
            found[key] = reading.value
    made = score(Inputs(**found), table, prescribed_scale(infusion))
    missing = tuple(old.get(label, label) for label in made.missing)
    return Score(made.total, made.parts, missing, made.risk, made.scale, newest)


def prescribed_scale(infusion: Infusion) -> SpO2Scale:
    """The SpO2 scale that the order which holds prescribes: 1 unless it says 2."""
    return 2 if plan_of(infusion).spo2_scale == 2 else 1


def read_table(text: str, name: str = "news2.toml") -> Table:
    """The table in the text of its file. Raises TableError, which names the file, the table and what is wrong."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise TableError(f"{name}: {wrong}") from None
    try:
        about, parameters = tables["news2"], tables["parameter"]
        spo2 = parameters["spo2"]
        table = Table(
            title=about["title"],
            source=about["source"],
            acknowledgement=about["acknowledgement"],
            note=about["note"],
            colours={int(points): colour for points, colour in tables["colours"].items()},
            parameters={
                key: Parameter(key, one["label"], one["unit"], one["decimals"], _bands(name, key, one["bands"]))
                for key, one in ((key, parameters[key]) for key in NUMBERS)
            },
            scale_2_air=_bands(name, "spo2", spo2["scale_2_air"]),
            scale_2_oxygen=_bands(name, "spo2", spo2["scale_2_oxygen"]),
            consciousness_label=tables["consciousness"]["label"],
            consciousness=tables["consciousness"]["points"],
            risks=tuple(
                Risk(one["word"], one["colour"], one.get("total"), one.get("single")) for one in tables["risk"]
            ),
        )
    except KeyError as wrong:
        raise TableError(f"{name}: {wrong.args[0]} is missing.") from None
    if not table.risks or table.risks[-1].total != 0:
        raise TableError(f"{name}: [[risk]]: the last row must hold for every total, expected total = 0.")
    given = {b.points for p in table.parameters.values() for b in p.bands} | set(table.consciousness.values())
    if uncoloured := given - set(table.colours):
        raise TableError(f"{name}: [colours]: none for {min(uncoloured)} points.")
    return table


def _bands(name: str, key: str, rows: list[dict[str, Any]]) -> tuple[Band, ...]:
    bands = tuple(Band(row.get("up_to"), row["points"]) for row in rows)
    ends = [band.up_to for band in bands[:-1]]
    if not bands or bands[-1].up_to is not None or None in ends:
        raise TableError(f"{name}: [parameter.{key}]: the last band, and only that one, must have no up_to.")
    if any(high <= low for low, high in pairwise(end for end in ends if end is not None)):
        raise TableError(f"{name}: [parameter.{key}]: up_to must rise from band to band.")
    return bands


def _latest(infusion: Infusion, chosen: News2Inputs) -> dict[str, tuple[Reading, datetime]]:
    """The newest standing reading of each input, with when it was observed."""
    wanted = {getattr(chosen, key): key for key in IN_ORDER}
    return {
        wanted[reading.measure]: (reading, entry.observed_at)
        for entry in infusion.standing()
        for reading in entry.readings
        if reading.measure in wanted
    }


def _minute(at: datetime, course: Course) -> str:
    return when(at, course.started_at).removeprefix("at ") or "before the start"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
