"""Finding infusions again: what is asked, how that stands in an address, and a page of what was found.

An address may be bookmarked, sent and logged. So what is typed of a patient is no part of what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, get_args
from zoneinfo import ZoneInfo

from monitoring.clinic import RunningClinic
from monitoring.clinical.instants import YEARS, read_day
from monitoring.clinical.protocol import Level, Phase
from monitoring.clinical.written_numbers import number_text, written_number
from monitoring.records.summary_shapes import SORT_KEYS, Choice, Choices, FoundInfusion, SortKey, Wanted
from monitoring.review.catching_up import catch_up

__all__ = [
    "DAYS",
    "LARGEST",
    "PAGE_LENGTH",
    "Choice",
    "Choices",
    "Found",
    "Wanted",
    "address_of",
    "find",
    "wanted_from",
]

PAGE_LENGTH: Final = 25
_PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
_LEVELS: Final = {level.word: level for level in Level}
_BY_DAY: Final[SortKey] = "day"
DAYS: Final = (date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31))  # what can be asked for: the fields take no others
LARGEST: Final = 1e6
_ANSWERS: Final = {"yes": True, "no": False}

Address = Mapping[str, Sequence[str]]  # a query string, each key with all of its values


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found, and what there is to look for."""

    rows: tuple[FoundInfusion, ...]
    total: int
    page: int  # from 1
    pages: int  # at least 1
    still_due: int  # infusions that are not summed up yet, or anew: they may be missing here
    choices: Choices


def find(clinic: RunningClinic, wanted: Wanted, words: str = "", page: int = 1) -> Found:
    """The infusions that are wanted, of patients whose number or name contains each of `words`; a page of them.

    A page beyond the last is the last.
    """
    still_due = catch_up(clinic)
    searching = clinic.store.searching
    total = searching.count(wanted, words)
    pages = max(1, math.ceil(total / PAGE_LENGTH))
    page = min(max(1, page), pages)
    rows = searching.find(wanted, words, PAGE_LENGTH, (page - 1) * PAGE_LENGTH)
    return Found(rows, total, page, pages, still_due, searching.choices())


def address_of(wanted: Wanted, zone: ZoneInfo, page: int = 1) -> dict[str, list[str]]:
    """What stands in the address for this: only what is asked, dates as days in the clinic's zone."""
    return {key: values for key, values in _address(wanted, zone, page) if values}


def _address(wanted: Wanted, zone: ZoneInfo, page: int) -> Iterator[tuple[str, list[str]]]:
    first = wanted.since.astimezone(zone).date() if wanted.since else None
    last = wanted.until.astimezone(zone).date() - timedelta(days=1) if wanted.until else None
    yield "from", [first.isoformat()] if first else []
    yield "to", [last.isoformat()] if last else []
    for key in ("nurse", "chair", "protocol", "flag"):
        value = str(getattr(wanted, key))
        yield key, [value] if value else []
    for key, several in (("phase", wanted.phases), ("effect", wanted.effects), ("medicine", wanted.medicines)):
        yield key, list(several)
    for key, (low, high) in (("mg_per_kg", wanted.mg_per_kg), ("mg", wanted.dose_mg)):
        yield f"{key}_from", [number_text(low)] if low is not None else []
        yield f"{key}_to", [number_text(high)] if high is not None else []
    yield "level", [wanted.level.word] if wanted.level is not None else []
    yield "acknowledged", [] if wanted.acknowledged is None else ["yes" if wanted.acknowledged else "no"]
    yield "early", ["yes"] if wanted.ended_early else []
    yield "unsigned", ["yes"] if wanted.unsigned else []
    yield "imported", [] if wanted.imported is None else ["yes" if wanted.imported else "no"]
    yield "sort", [wanted.sort] if wanted.sort != "day" else []
    yield "order", ["rising"] if wanted.rising else []
    yield "page", [str(page)] if page > 1 else []


def wanted_from(address: Address, zone: ZoneInfo) -> tuple[Wanted, int]:
    """What an address asks for, and which page; what it says that cannot be asked is left out."""
    words = {key: values[-1] for key, values in address.items() if values}
    last = _day(words.get("to"))
    page = words.get("page", "")
    wanted = Wanted(
        since=_midnight(_day(words.get("from")), zone),
        until=_midnight(last + timedelta(days=1), zone) if last else None,
        nurse=words.get("nurse", ""),
        chair=words.get("chair", ""),
        phases=tuple(phase for phase in _PHASES if phase in address.get("phase", ())),
        protocol=words.get("protocol", ""),
        mg_per_kg=(_number(words.get("mg_per_kg_from")), _number(words.get("mg_per_kg_to"))),
        dose_mg=(_number(words.get("mg_from")), _number(words.get("mg_to"))),
        flag=words.get("flag", ""),
        level=_LEVELS.get(words.get("level", "")),
        acknowledged=_ANSWERS.get(words.get("acknowledged", "")),
        effects=tuple(dict.fromkeys(address.get("effect", ()))),
        medicines=tuple(dict.fromkeys(address.get("medicine", ()))),
        ended_early=words.get("early") == "yes",
        unsigned=words.get("unsigned") == "yes",
        imported=_ANSWERS.get(words.get("imported", "")),
        sort=next((key for key in SORT_KEYS if key == words.get("sort")), _BY_DAY),
        rising=words.get("order") == "rising",
    )
    return wanted, int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def _day(text: str | None) -> date | None:
    day = read_day(text)
    return day if day is not None and DAYS[0] <= day <= DAYS[1] else None


def _number(text: str | None) -> float | None:
    number = written_number(text or "").value
    return number if number is not None and 0 <= number <= LARGEST else None
