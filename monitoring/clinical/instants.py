"""Instants and days that come as text from outside, read strictly: only what plainly names one is taken for one.

Python reads more than people and programs write to each other: "2026-W10-1", "20260302", "2026-03-02T09". What is
written in none of the plain forms was not meant, or comes from a program that is wrong, and is refused in words.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

YEARS: Final = range(1900, 2101)  # in which something here may have been; engineering, not clinical: others are slips
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
)


def read_instant(text: object) -> datetime | None:
    """The instant in UTC that a text such as "2026-11-23T10:00:00Z" or "…T11:00:00.5+01:00" names, else None.

    Day, time and offset are needed; seconds and their fraction may be left out. Years outside YEARS are no instants of
    a clinic, but are read all the same as long as a calendar holds them: who asks says what is wrong with them.
    """
    if not isinstance(text, str) or _INSTANT.fullmatch(text) is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):  # 30 February, a 61st second; an hour before the year 1
        return None


def read_day(text: object) -> date | None:
    """The day that a text such as "2026-11-23" names; None for every other form, and for a day there was not."""
    if not isinstance(text, str) or _DAY.fullmatch(text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
