"""A quantity of FHIR as a number in a unit that is known here: by its UCUM code, by another code, or by its words.

A code is taken for what it is: "C" is the coulomb in UCUM. Where code and words do not agree, or the code is none of
this measure's, it is never silently one of the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from monitoring.imports.bundle import UCUM, Json
from monitoring.imports.modifiers import Doubt
from monitoring.imports.units import Unit

_MDC: Final = "urn:iso:std:iso:11073:10101"
# Codes of ISO/IEEE 11073-10101 for units, by number and name, as bedside monitors send them; to the UCUM code.
_OF_MONITORS: Final[Mapping[str, str]] = {
    "264864": "/min",
    "MDC_DIM_BEAT_PER_MIN": "/min",
    "264928": "/min",
    "MDC_DIM_RESP_PER_MIN": "/min",
    "262688": "%",
    "MDC_DIM_PERCENT": "%",
    "266016": "mm[Hg]",
    "MDC_DIM_MMHG": "mm[Hg]",
    "265987": "kPa",
    "MDC_DIM_KILO_PASCAL": "kPa",
    "268192": "Cel",
    "MDC_DIM_DEGC": "Cel",
    "266560": "[degF]",
    "268224": "[degF]",
    "MDC_DIM_FAHR": "[degF]",
    "265216": "L/min",
    "MDC_DIM_L_PER_MIN": "L/min",
    "263875": "kg",
    "MDC_DIM_KILO_G": "kg",
}
_ANNOTATION: Final = re.compile(r"\{[^{}]*\}")  # UCUM: what stands in braces changes nothing


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity as the file has it. `unit` is None where it cannot be read, and `wrong` says why.

    `shown`: as the file writes it. `doubt`: what is to be confirmed before it counts. `told`: how it was read, where it
    does not stand there as FHIR wants it.
    """

    value: float
    unit: Unit | None
    shown: str
    wrong: str = ""
    doubt: Doubt | None = None
    told: str = ""


def amount_of(quantity: object, path: str, units: Sequence[Unit]) -> Amount:
    """The number in a quantity and which of these units it is in. `path`: where it stands in its resource."""
    value = quantity.get("value") if isinstance(quantity, Mapping) else None
    if not isinstance(quantity, Mapping) or isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return Amount(0, None, "", f"{path}: expected a number with its unit.")
    number = float(value)
    system, code, words = (str(quantity.get(name) or "") for name in ("system", "code", "unit"))
    written = code if system == UCUM and code else words or code
    shown = f"{number:g} {written}".strip()
    if quantity.get("comparator"):
        shown = f"{quantity['comparator']}{shown}"
        return Amount(number, None, shown, f"{path}.comparator “{quantity['comparator']}”: expected the value itself.")
    by_code, by_words = _coded(system, code, units), _called(words, units)
    as_word = None if by_code else _called(code, units)
    known = [one for one in (by_code, by_words, as_word) if one is not None]
    if sentence := two_units(quantity, path, units):
        return Amount(number, None, shown, sentence)
    if not known:
        expected = " or ".join(one.label for one in units)
        return Amount(number, None, shown, f"{path}.unit “{written[:20]}”: expected {expected}.")
    unit = known[0]
    if by_code is None and system == UCUM and code:
        doubt = Doubt(
            f"{path}.code “{code[:20]}” is not the UCUM code of {unit.label} ({unit.code}): "
            f"is {number:g} {unit.label} what the file means?",
            f"Unit code “{code[:20]}”, which is not UCUM’s, read as {unit.label}",
        )
        return Amount(number, unit, shown, doubt=doubt)
    return Amount(number, unit, shown, told=_lacks(system, code, words, by_code))


def two_units(quantity: Json, path: str, units: Sequence[Unit]) -> str:
    """Why the unit of a quantity cannot be told, where words and code name two of these; "" where they do not."""
    system, code, words = (str(quantity.get(name) or "") for name in ("system", "code", "unit"))
    by_code = _coded(system, code, units) or _called(code, units)
    by_words = _called(words, units)
    if by_code is None or by_words is None or by_code is by_words:
        return ""
    return f"{path}: unit “{words[:20]}” and code “{code[:20]}” are not the same unit, expected one."


def _lacks(system: str, code: str, words: str, by_code: Unit | None) -> str:
    """How the unit was read where its quantity has not all that FHIR's profile wants; "" where it has."""
    if by_code is not None:
        return "" if words else "Unit without words, read by its code"
    if not code:
        return "Unit without a UCUM code, read by its words"
    if not words:
        return f"Unit code “{code[:20]}” without its system, read as words"
    return f"Unit code “{code[:20]}” of {system[:60] or 'no system'}, read by its words"


def _coded(system: str, code: str, units: Sequence[Unit]) -> Unit | None:
    if system == _MDC:
        code = _OF_MONITORS.get(code, "")
    elif system != UCUM:
        return None
    return next((one for one in units if code and _bare(one.code) == _bare(code)), None)


def _called(words: str, units: Sequence[Unit]) -> Unit | None:
    return next((one for one in units if words and one.is_called(words)), None)


def _bare(code: str) -> str:
    """A UCUM code in one of the several ways in which UCUM lets it be written."""
    bare = _ANNOTATION.sub("", code)
    bare = "/min" if bare in ("1/min", "min-1") else bare
    return bare.replace("l/", "L/", 1) if bare.startswith("l/") else bare


def comparators(content: Json, path: str) -> str:
    """Where a quantity below a part of a resource says more or less than its number; "" for nowhere."""
    for name, value in content.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, Mapping):
                if one.get("comparator"):
                    return f"{path}.{name}.comparator “{one['comparator']}”"
                if found := comparators(one, f"{path}.{name}"):
                    return found
    return ""
