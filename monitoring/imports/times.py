"""Times as files write them, made into instants: the form and the zone are said by a person, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from monitoring.clinical.instants import YEARS

# What a person may say of how a time is written: by key, an example, and how its day is written.
_YEAR: Final = r"(?P<year>\d{4}|\d{2})"
_MONTH, _DAY = r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
_WORD: Final = r"(?P<word>[^\W\d_]{3,10})\.?"
_WORD_FIRST: Final = r"(?P<first>[^\W\d_]{3,10})\.?"
_FORMS: Final[dict[str, tuple[str, str]]] = {
    "iso": ("2026-03-14 09:05", r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
    "dots": ("14.03.2026 09:05", rf"{_DAY}\. ?{_MONTH}\. ?{_YEAR}"),
    "day first": ("14/03/2026 09:05", rf"{_DAY}/{_MONTH}/{_YEAR}"),
    "month first": ("03/14/2026 9:05 AM", rf"{_MONTH}/{_DAY}/{_YEAR}"),
    "dashes, day first": ("14-03-2026 09:05", rf"{_DAY}-{_MONTH}-{_YEAR}"),
    "dashes, month first": ("03-14-2026 9:05 AM", rf"{_MONTH}-{_DAY}-{_YEAR}"),
    "year first": ("2026/03/14 09:05", rf"(?P<year>\d{{4}})[/.] ?{_MONTH}[/.] ?{_DAY}\.?"),
    "month in words": (
        "14 Mar 2026 09:05",
        rf"(?:{_DAY}\.?[ -](?:de )?{_WORD}[ -](?:de )?|{_WORD_FIRST} (?P<behind>\d{{1,2}}) ){_YEAR}",
    ),
}
TIME_FORMS: Final[dict[str, str]] = {key: example for key, (example, _) in _FORMS.items()}
_DAYS: Final = {key: re.compile(day, re.IGNORECASE) for key, (_, day) in _FORMS.items()}
# A time of day, of 12 or 24 hours, with a colon, a point or an h, with or without seconds.
_CLOCK: Final = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d{1,9})?)?)? ?"
    r"(?P<half>[ap]\.? ?m\.?)?(?: Uhr| h)?",
    re.IGNORECASE,
)
_MIDNIGHT: Final = re.compile(r"[T ]0?0:00(:00(\.0+)?)?$")
# What a spreadsheet puts before a time of day that stands in a cell of its own: the day it counts from.
_NO_DAY: Final = re.compile(r"^(1899-12-3[01]|1900-01-0[01]|1904-01-01|30[./]12[./]1899|0?1[./]0?1[./]190[04])[T ]")
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar januari janvier enero ene gennaio gen janeiro",
            "feb february februar februari février févr fév febrero febbraio fevereiro fev",
            "mar march märz maart mars marzo mrt mär março",
            "apr april avril avr abril abr aprile",
            "may mai maj mei mayo maggio mag maio",
            "jun june juni juin junio giugno giu junho",
            "jul july juli juillet juil julio luglio lug julho",
            "aug august augustus août aou agosto ago",
            "sep sept september septembre septiembre settembre set setembro",
            "oct october oktober okt octobre octubre ottobre ott outubro out",
            "nov november novembre noviembre novembro",
            "dec december dezember dez décembre déc diciembre dic dicembre dezembro",
        ),
        start=1,
    )
    for name in names.split()
}


class TimeRefused(ValueError):
    """A text is no instant; the message is one sentence: what was found, what is expected."""


def read_time(text: str, form: str, zone: str) -> datetime:
    """The instant that `text` names, in UTC. Raises TimeRefused.

    `form` is a key of TIME_FORMS. A time without an offset is in `zone` (IANA name); where clocks were put forward or
    back there, a time that did not exist, or came twice, is refused.
    """
    example, _ = _FORMS[form]
    found = _read(text, form)
    if found is None:
        raise TimeRefused(f"Time “{text[:40]}”: expected one like {example}.")
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    return in_zone(found, zone)


def reads(text: str, form: str) -> bool:
    """Whether `text` is a day and a time written in this form; whether there was such a time is not asked."""
    return _read(text, form) is not None


def reads_clock(text: str) -> bool:
    """Whether `text` is a time of day alone."""
    return _clock(clock_alone(text)) is not None


def day_alone(text: str) -> str:
    """The day in a cell beside which the time of day stands: a spreadsheet adds midnight to it."""
    return _MIDNIGHT.sub("", text.strip())


def clock_alone(text: str) -> str:
    """The time of day in a cell of its own: a spreadsheet puts the day it counts from before it."""
    return _NO_DAY.sub("", text.strip())


def in_zone(local: datetime, zone: str) -> datetime:
    """The instant at which clocks of `zone` show `local`, in UTC. Raises TimeRefused where there is none, or two."""
    if not zone:
        raise TimeRefused(f"Time “{local:%Y-%m-%d %H:%M}” names no zone: expected the zone it is in.")
    there = ZoneInfo(zone)
    first, second = (local.replace(tzinfo=there, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(there).replace(tzinfo=None, fold=0) != local.replace(fold=0):
        raise TimeRefused(f"Time {local:%Y-%m-%d %H:%M} did not exist in {zone}: clocks were put forward then.")
    if first != second:
        raise TimeRefused(f"Time {local:%Y-%m-%d %H:%M} came twice in {zone}: expected it with its offset.")
    return first


def in_years(at: datetime) -> datetime:
    """This time. Raises TimeRefused in a year in which nobody here was treated."""
    if at.year not in YEARS:
        raise TimeRefused(f"Time {at.isoformat(' ', 'minutes')[:16]}: expected a year from {YEARS[0]} to {YEARS[-1]}.")
    return at


def _read(text: str, form: str) -> datetime | None:
    """Day and time in this form, with the offset where it has one; None where it is not written like this."""
    text = " ".join(text.replace(",", " ").split()) if form != "iso" else " ".join(text.split())
    if form == "iso" and (found := _iso(text)) is not None:
        return found
    day = _DAYS[form].match(text)
    if day is None:
        return None
    clock = _clock(text[day.end() :].removeprefix("T").removeprefix("t").strip(" ,"))
    said = day.groupdict()
    word = said.get("word") or said.get("first") or ""
    month = _MONTHS.get(word.casefold()) if word else int(said["month"])
    year = int(said["year"])
    if clock is None or month is None or text[day.end() : day.end() + 1].isdigit():
        return None
    try:
        return datetime(year if year > 99 else 2000 + year, month, int(said.get("day") or said["behind"]), *clock)  # noqa: DTZ001  the zone is said apart
    except ValueError:
        return None


def _clock(text: str) -> tuple[int, int, int] | None:
    """Hour, minute and second of a time of day; an hour alone is one only with "am" or "pm"."""
    found = _CLOCK.fullmatch(text)
    if found is None or not (found["minute"] or found["half"]):
        return None
    hour, minute, second = int(found["hour"]), int(found["minute"] or 0), int(found["second"] or 0)
    if found["half"]:
        if hour > 12:
            return None  # "13:05 PM" is neither
        hour = hour % 12 + (12 if found["half"][0] in "pP" else 0)
    return (hour, minute, second) if hour < 24 and minute < 60 and second < 60 else None


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d{2}-?\d{2}[T ]\d", text):
        return None  # a day alone, or a week: no time
    text = re.sub(r"(?<=[T ])(\d:)", r"0\1", text)  # "9:05", as people write it
    try:
        return datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None
