"""Times as files write them, made into instants: the form and the zone are said by a person, never guessed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from monitoring.clinical.instants import YEARS

# What a person may say of how a time is written: by key, an example and the forms it covers.
_FORMS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "iso": ("2026-03-14 09:05", ()),
    "dots": ("14.03.2026 09:05", ("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M")),
    "day first": ("14/03/2026 09:05", ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")),
    "month first": (
        "03/14/2026 9:05 AM",
        ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M"),
    ),
}
TIME_FORMS: Final[dict[str, str]] = {key: example for key, (example, _) in _FORMS.items()}


class TimeRefused(ValueError):
    """A text is no instant; the message is one sentence: what was found, what is expected."""


def read_time(text: str, form: str, zone: str) -> datetime:
    """The instant that `text` names, in UTC. Raises TimeRefused.

    `form` is a key of TIME_FORMS. A time without an offset is in `zone` (IANA name); where clocks were put forward or
    back there, a time that did not exist, or came twice, is refused.
    """
    example, patterns = _FORMS[form]
    found = _iso(text) if form == "iso" else _by(text, patterns)
    if found is None:
        raise TimeRefused(f"Time “{text[:40]}”: expected one like {example}.")
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    return in_zone(found, zone)


def reads(text: str, form: str) -> bool:
    """Whether `text` is a day and a time written in this form; whether there was such a time is not asked."""
    return (_iso(text) if form == "iso" else _by(text, _FORMS[form][1])) is not None


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


def _iso(text: str) -> datetime | None:
    if not re.match(r"\d{4}-?\d{2}-?\d{2}[T ]\d", text):
        return None  # a day alone, or a week: no time
    text = re.sub(r"(?<=[T ])(\d:)", r"0\1", text)  # "9:05", as people write it
    try:
        return datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None


def _by(text: str, patterns: tuple[str, ...]) -> datetime | None:
    for pattern in patterns:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007  the zone is said apart
        except ValueError:
            continue
    return None
