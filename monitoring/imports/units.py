"""Units a file may be in: which there are for a measure, what they are called, and how a value becomes this site's.

The factors are definitions (BIPM, NIST SP 811), not clinical choices.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Final

from monitoring.clinical.protocol import Measure


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that values of a measure can come in. `code` is its UCUM code."""

    code: str
    label: str
    names: tuple[str, ...]  # how files write it, compared without case and spaces
    convert: Callable[[float], float] | None = None  # to the measure's own unit; None: it is that unit

    def is_called(self, text: str) -> bool:
        """Whether a file that writes `text` means this unit."""
        return _bare(text) in _bare_names(self)


@cache
def _bare_names(unit: Unit) -> frozenset[str]:
    return frozenset(_bare(name) for name in (unit.code, unit.label, *unit.names))


def _bare(text: str) -> str:
    return "".join(text.split()).casefold()


# By the UCUM code of the measure's own unit: what else a file may come in.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "mm[Hg]": ("mmHg", "Torr", "millimeter of mercury", "millimeters of mercury", "millimetres of mercury"),
    "/min": (
        *("bpm", "1/min", "min-1", "{beats}/min", "{breaths}/min", "/minute", "per min", "per minute"),
        *(
            f"{one}{per}"
            for one in ("beat", "beats", "breath", "breaths", "resp", "resps", "respirations", "pulse", "cycles")
            for per in ("/min", "/minute", " per min", " per minute")
        ),
    ),
    "%": ("percent", "percentage", "per cent", "% O2"),
    "Cel": ("°C", "C", "degC", "deg C", "celsius", "°Celsius", "degree celsius", "degrees celsius", "degrees C"),
    "L/min": (
        *("l/min", "lpm", "L/minute", "liter/minute", "liters/minute", "litre/minute", "litres/minute"),
        *("liters/min", "litres/min", "liters per minute", "litres per minute"),
    ),
}
_OTHERS: Final[dict[str, tuple[Unit, ...]]] = {
    "Cel": (
        Unit(
            "[degF]",
            "°F",
            ("F", "degF", "deg F", "fahrenheit", "degrees fahrenheit", "degree fahrenheit", "degrees F"),
            lambda value: (value - 32) * 5 / 9,
        ),
    ),
    "mm[Hg]": (Unit("kPa", "kPa", ("kilopascal", "kilopascals"), lambda value: value * 7.500615758),),
    "%": (Unit("1", "fraction of 1", ("fraction",), lambda value: value * 100),),
}


# What a person may weigh in; infusions are planned by kilograms.
KILOGRAMS: Final = Unit("kg", "kg", ("kilogram", "kilograms", "kilogramme", "kilo", "kilos", "kgs"))
WEIGHTS: Final = (
    KILOGRAMS,
    Unit("g", "g", ("gram", "grams", "gramme"), lambda value: value / 1000),
    Unit("[lb_av]", "lb", ("lbs", "pound", "pounds"), lambda value: value * 0.45359237),
)


# What medicines are dosed in; a dose is recorded in the unit it was given in, and never converted.
DOSES: Final = (
    Unit("mg", "mg", ("milligram", "milligrams")),
    Unit("g", "g", ("gram", "grams")),
    Unit("ug", "µg", ("mcg", "μg", "microgram", "micrograms")),
    Unit("mL", "mL", ("ml", "cc", "milliliter", "milliliters", "millilitre", "millilitres")),
    Unit("L", "L", ("liter", "liters", "litre", "litres")),
    Unit("[iU]", "IU", ("international unit", "international units", "units", "unit")),
)


def units_of(measure: Measure) -> tuple[Unit, ...]:
    """The units in which values of this measure can be read, its own first; () for a rating, which has none."""
    if measure.is_rating:
        return ()
    own = Unit(measure.ucum, measure.unit, _NAMES.get(measure.ucum, ()))
    return own, *_OTHERS.get(measure.ucum, ())


def unit_of(measure: Measure, code: str) -> Unit | None:
    """The unit of this measure with this UCUM code, None when its values cannot be read in it."""
    return next((unit for unit in units_of(measure) if unit.code == code), None)


def in_own_unit(measure: Measure, value: float, unit: Unit) -> float:
    """A value as this site records it: converted, and then rounded half up to the measure's decimals.

    A value that is in the measure's own unit already is left exactly as it is.
    """
    return value if unit.convert is None else rounded(measure, unit.convert(value))


def rounded(measure: Measure, value: float) -> float:
    """A value rounded half up to the decimals with which its measure is recorded."""
    # Through the shortest text of the number, so that 38.65 is rounded as it is written.
    exact = Decimal(repr(round(value, 9)))
    return float(exact.quantize(Decimal(1).scaleb(-measure.decimals), ROUND_HALF_UP))
