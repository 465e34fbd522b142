"""An entry as a pad posts it: read strictly, so that nothing is stored that nobody meant.

`read_posted` takes the decoded JSON of `POST /api/infusions/{id}/entries`. What is wrong with the form of it (a field
missing, unknown, or of another type) raises `Malformed` with one sentence that names the field. Whether the values
make sense is not judged here; that is `monitoring.clinical.checks`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast, get_args
from uuid import UUID

from monitoring.clinical.instants import read_instant
from monitoring.clinical.record import (
    AMENDMENTS,
    Acknowledgement,
    Amendment,
    Clock,
    EntryKind,
    Event,
    EventKind,
    NotDone,
    Reading,
    Source,
)

LONGEST_TEXT: Final = 4000  # characters of a note
LONGEST_WORDS: Final = 500  # characters of a reason, a name, an identifier
LONGEST_LIST: Final = 64
MOST_SIGNATURES: Final = 8  # of one entry; two are the most that any step asks for
MOST_READINGS: Final = 2000  # of one infusion, all of which an acknowledgement may name; a long one has some hundred

_FIELDS: Final = {
    "id",
    "kind",
    "observed_at",
    "tapped_at",
    "clock",
    "queued",
    "sign_in",
    "readings",
    "not_done",
    "event",
    "acknowledgement",
    "corrects",
    "withdraws",
    "reason",
    "amendment",
    "source",
    "attestations",
}
_SOURCES: Final[tuple[Source, ...]] = ("", "paper")  # what a pad may say; an import is no tablet's
_PINNED: Final = ("baseline", "signatures")  # of an event's detail: only the server writes these


class Malformed(ValueError):
    """What was posted does not have the form of an entry; the message is one sentence naming the field."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One posted entry, its times aware and in UTC. `sign_in` is "" when the pad named none.

    `attestations`: ids of the PINs that were checked for this entry, which become its signatures.
    """

    id: str
    kind: EntryKind
    observed_at: datetime
    tapped_at: datetime
    clock: Clock
    queued: bool
    sign_in: str
    readings: tuple[Reading, ...]
    not_done: tuple[NotDone, ...]
    event: Event | None
    acknowledgement: Acknowledgement | None
    corrects: str | None
    withdraws: str | None
    reason: str
    amendment: Amendment
    source: Source
    attestations: tuple[str, ...]


def read_posted(body: object) -> Posted:
    """The posted entry in `body` (decoded JSON). Raises Malformed with one sentence naming the first wrong field."""
    fields = _object(body, "The entry", _FIELDS)
    entry_id = _uuid(fields, "id")
    kind = cast(EntryKind, _word(fields, "kind", get_args(EntryKind)))
    return Posted(
        id=entry_id,
        kind=kind,
        observed_at=_instant(fields, "observed_at"),
        tapped_at=_instant(fields, "tapped_at"),
        clock=cast(Clock, _word(fields, "clock", get_args(Clock), "server")),
        queued=_flag(fields, "queued"),
        sign_in=_text(fields, "sign_in", LONGEST_WORDS),
        readings=tuple(_reading(item, entry_id, n) for n, item in enumerate(_list(fields, "readings"))),
        not_done=tuple(_not_done(item, n) for n, item in enumerate(_list(fields, "not_done"))),
        event=_event(fields.get("event")),
        acknowledgement=_acknowledgement(fields.get("acknowledgement")),
        corrects=_entry_named(fields, "corrects"),
        withdraws=_entry_named(fields, "withdraws"),
        reason=_text(fields, "reason", LONGEST_WORDS),
        amendment=cast(Amendment, _mark(fields, "amendment", AMENDMENTS)),
        source=cast(Source, _mark(fields, "source", _SOURCES)),
        attestations=_attestations(fields),
    )


def _attestations(fields: Mapping[str, Any]) -> tuple[str, ...]:
    named = _list(fields, "attestations", longest=MOST_SIGNATURES)
    found: list[str] = []
    for n, one in enumerate(named):
        found.append(_uuid({f"attestations[{n}]": one}, f"attestations[{n}]"))
        if found[-1] in found[:-1]:
            raise Malformed(f"attestations[{n}] stands there twice: expected each once.")
    return tuple(found)


def _reading(item: object, entry_id: str, n: int) -> Reading:
    place = f"readings[{n}]"
    fields = _object(item, place, {"measure", "value", "confirmed_unusual", "observed_not_asked"})
    measure = _text(fields, "measure", LONGEST_WORDS, place=place, needed=True)
    return Reading(
        id=f"{entry_id}/{measure}",
        measure=measure,
        value=_number(fields, "value", place),
        confirmed_unusual=_flag(fields, "confirmed_unusual", place),
        observed_not_asked=_flag(fields, "observed_not_asked", place),
    )


def _not_done(item: object, n: int) -> NotDone:
    place = f"not_done[{n}]"
    fields = _object(item, place, {"measure", "reason"})
    return NotDone(
        measure=_text(fields, "measure", LONGEST_WORDS, place=place, needed=True),
        reason=_text(fields, "reason", LONGEST_WORDS, place=place, needed=True),
    )


def _event(item: object) -> Event | None:
    if item is None:
        return None
    fields = _object(item, "event", {"kind", "detail"})
    kind = cast(EventKind, _word(fields, "kind", get_args(EventKind), place="event"))
    detail = fields.get("detail", {})
    if not isinstance(detail, dict):
        raise Malformed(f"event.detail is {_named(detail)}: expected an object.")
    for pinned in _PINNED:
        if pinned in detail:
            raise Malformed(f"event.detail.{pinned} was sent: the server pins it.")
    if len(detail) > LONGEST_LIST:
        raise Malformed(f"event.detail holds {len(detail)} fields: expected at most {LONGEST_LIST}.")
    for key, value in detail.items():
        if isinstance(value, str):
            _check_text(value, f"event.detail.{key}", LONGEST_TEXT)
        elif isinstance(value, int | float) and not abs(value) < 1e15:  # also refuses NaN
            raise Malformed(f"event.detail.{key} is not a number that can be written.")
        elif value is not None and not isinstance(value, bool | int | float):
            raise Malformed(f"event.detail.{key} is {_named(value)}: expected a text or a number.")
    return Event(kind=kind, detail={k: v.strip() if isinstance(v, str) else v for k, v in detail.items()})


def _acknowledgement(item: object) -> Acknowledgement | None:
    if item is None:
        return None
    place = "acknowledgement"
    fields = _object(item, place, {"flag", "measure", "side", "level", "rule", "seen", "done"})
    seen = _list(fields, "seen", place, longest=MOST_READINGS)
    for n, reading in enumerate(seen):
        if not isinstance(reading, str):
            raise Malformed(f"{place}.seen[{n}] is {_named(reading)}: expected the id of a reading.")
        _check_text(reading, f"{place}.seen[{n}]", LONGEST_WORDS)
    return Acknowledgement(
        flag=_text(fields, "flag", LONGEST_WORDS, place=place, needed=True),
        measure=_text(fields, "measure", LONGEST_WORDS, place=place),
        side=_text(fields, "side", LONGEST_WORDS, place=place),
        level=_text(fields, "level", LONGEST_WORDS, place=place),
        rule=_text(fields, "rule", LONGEST_WORDS, place=place),
        seen=tuple(cast(list[str], seen)),
        done=_text(fields, "done", LONGEST_WORDS, place=place, needed=True),
    )


def _object(value: object, place: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(f"{place} is {_named(value)}: expected an object.")
    for key in value:
        if key not in known:
            raise Malformed(f"{place} has a field {str(key)[:60]!r}: expected only {', '.join(sorted(known))}.")
    return value


def _list(fields: Mapping[str, Any], name: str, place: str = "", *, longest: int = LONGEST_LIST) -> list[object]:
    value = fields.get(name, [])
    if not isinstance(value, list):
        raise Malformed(f"{_at(place, name)} is {_named(value)}: expected a list.")
    if len(value) > longest:
        raise Malformed(f"{_at(place, name)} holds {len(value)} items: expected at most {longest}.")
    return value


def _text(fields: Mapping[str, Any], name: str, longest: int, *, place: str = "", needed: bool = False) -> str:
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"{_at(place, name)} is {_named(value)}: expected a text.")
    _check_text(value, _at(place, name), longest)
    if needed and not value.strip():
        raise Malformed(f"{_at(place, name)} is empty.")
    return value.strip()


def _check_text(value: str, where: str, longest: int) -> None:
    if len(value) > longest:
        raise Malformed(f"{where} has {len(value)} characters: expected at most {longest}.")
    # A lone surrogate cannot be written as UTF-8 and a NUL cannot be searched for: neither was typed by a person.
    if any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in value):
        raise Malformed(f"{where} holds a character that cannot be stored.")


def _word(
    fields: Mapping[str, Any], name: str, known: tuple[str, ...], otherwise: str | None = None, *, place: str = ""
) -> str:
    value = fields.get(name, otherwise)
    if value is None:
        raise Malformed(f"{_at(place, name)} is missing: expected one of {', '.join(known)}.")
    if value not in known:
        raise Malformed(f"{_at(place, name)} is {_named(value)}: expected one of {', '.join(known)}.")
    return cast(str, value)


def _mark(fields: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    """One of the words, or nothing."""
    value = fields.get(name, "")
    if not isinstance(value, str) or value not in known:
        raise Malformed(f"{name} is {_named(value)}: expected {' or '.join(word for word in known if word)}, or none.")
    return value


def _flag(fields: Mapping[str, Any], name: str, place: str = "") -> bool:
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise Malformed(f"{_at(place, name)} is {_named(value)}: expected true or false.")
    return value


def _number(fields: Mapping[str, Any], name: str, place: str) -> float:
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Malformed(f"{_at(place, name)} is {_named(value)}: expected a number.")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Malformed(f"{_at(place, name)} is too large to be written: expected a number.")
    return number


def _instant(fields: Mapping[str, Any], name: str) -> datetime:
    value = fields.get(name)
    instant = read_instant(value)
    if instant is None:
        raise Malformed(f"{name} is {_named(value)}: expected a time with its offset, like 2026-11-23T10:00:00Z.")
    return instant


def _uuid(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    try:
        return str(UUID(value if isinstance(value, str) else ""))
    except ValueError:
        raise Malformed(f"{name} is {_named(value)}: expected a UUID.") from None


def _entry_named(fields: Mapping[str, Any], name: str) -> str | None:
    return None if fields.get(name) is None else _uuid(fields, name)


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _named(value: object) -> str:
    """How a sentence shows what was found: short, and never a whole patient's record."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return repr(value if len(value) <= 40 else value[:40] + "…")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}" if abs(value) < 1e15 else "a very large number"
    return "a list" if isinstance(value, list) else "an object"
