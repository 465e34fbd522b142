"""From how many infusions on something is told of a clinic, and which percentiles: as `data/review.toml` has it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).resolve().parents[2] / "data" / "review.toml"


@dataclass(frozen=True, slots=True)
class Terms:
    """The numbers of the file. Percentiles are in rising order, above 0 and below 100; minima at least 1."""

    minimum_infusions: int
    minimum_flags: int
    minimum_readings: int
    minimum_entries: int
    percentiles: tuple[int, ...]
    spread: tuple[int, ...]
    digits_from_tens: int


def read_terms(text: str, file: str) -> Terms:
    """The terms in a file's text. Raises ValueError with a sentence: what was found, what is expected."""
    found = tomllib.loads(text)
    names = [field.name for field in fields(Terms)]
    for name in found:
        if name not in names:
            raise ValueError(f"{file}: {name}: unknown, expected {', '.join(names)}.")
    return Terms(**{name: _number(found.get(name), f"{file}: {name}") for name in names})


def _number(found: Any, where: str) -> Any:
    if where.endswith(("percentiles", "spread")):
        fits = isinstance(found, list) and len(found) > 1 and all(type(one) is int and 0 < one < 100 for one in found)
        if not fits or sorted(set(found)) != found:
            raise ValueError(f"{where} {found}: expected rising whole numbers between 0 and 100.")
        return tuple(found)
    if type(found) is not int or found < 1:
        raise ValueError(f"{where} {found}: expected a whole number, at least 1.")
    return found


@cache
def terms() -> Terms:
    """The terms of this installation."""
    return read_terms(FILE.read_text(encoding="utf-8"), FILE.name)
