"""What our own export tells beyond FHIR's elements (`monitoring.exports.details`), read back word for word.

A file is made by anybody: what has another form than our export writes is no detail of ours, and is told as a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast, get_args
from urllib.parse import unquote

from monitoring.clinical.record import Acknowledgement, Event, EventKind
from monitoring.exports.details import ENTRY, INFUSION, ITEM
from monitoring.exports.fhir_words import HOME
from monitoring.imports.bundle import Json, instant_of, reference_of

Details = dict[str, Any]
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"  # why an element is not there
_VALUES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "valueString": str,
    "valueBoolean": bool,
    "valueInteger": int,
    "valueDecimal": (int, float, Decimal),
}


class NotOurs(ValueError):
    """An extension under our name that our export did not write; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A reference inside a detail: to another resource of the file, and what is shown of it."""

    reference: str
    display: str


@dataclass(frozen=True, slots=True)
class Own:
    """What the extensions of our own say of a resource."""

    kind: str = ""  # of an event; "acknowledgement"; "" where the resource tells none
    detail: Details = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opening:
    """What an infusion was opened with, by name; its series' name in the file; when a file ended before it was over."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    series: str = ""
    file_ends_at: datetime | None = None


def is_ours(content: Json) -> bool:
    """Whether every extension of an element is one that our export writes, so that none is passed over."""
    urls = [str(one.get("url", "")) for one in content.get("extension", ())]
    return all(url.startswith(f"{HOME}/") or url == _ABSENT for url in urls)


def own_of(content: Json) -> Own | None:
    """What our export tells of the event or acknowledgement in a resource; None where it is no such file.

    Raises NotOurs.
    """
    found = _named(content, ENTRY)
    if found is None:
        return None
    kind, detail = found.get("kind"), found.get("detail", {})
    if kind not in (*get_args(EventKind), "acknowledgement") or not isinstance(detail, dict):
        raise NotOurs(f"kind “{str(kind)[:40]}” is no event of this program")
    return Own(str(kind), detail)


def opening_of(content: Json) -> Opening:
    """What our export tells of an infusion at its Encounter; nothing of another's. Raises NotOurs."""
    told = _named(content, INFUSION) or {}
    series, ends = told.pop("series", {}), told.pop("file_ends_at", None)
    numbers = {key: value for key, value in told.items() if isinstance(value, int | float) and value > 0}
    if len(numbers) < len(told) or not isinstance(series, dict):
        raise NotOurs("expected numbers above 0")
    return Opening(numbers, str(series.get("id", "")), instant_of(ends))


def event_of(own: Own, name_of: Callable[[str], str], chairs: Mapping[str, str]) -> Event:
    """The event, with the names of the entries it is about, and ids of chairs. Raises NotOurs.

    Its signatures are told as the file tells them. Whose they are stays a reference into the file: it is nobody here.
    """
    detail = dict(own.detail)
    if isinstance(of := detail.get("of"), Pointer):
        detail["of"] = name_of(of.reference)
    if own.kind == "move":
        detail["chair"] = chairs.get(str(detail.get("chair")), "")
    if "signatures" in detail:
        detail["signatures"] = [*_signatures(detail["signatures"])]
    if any(isinstance(value, Pointer) for value in detail.values()):
        raise NotOurs("a reference stands where words are expected")
    return Event(cast(EventKind, own.kind), detail)


def acknowledgement_of(own: Own, name_of: Callable[[str], str]) -> Acknowledgement:
    """Which flag was seen; entries and readings by their names in the file. Raises NotOurs."""
    detail = own.detail
    words = {key: detail.get(key, "") for key in ("measure", "side", "level", "rule", "done", "flag")}
    if not all(isinstance(text, str) for text in words.values()):
        raise NotOurs("an acknowledgement tells its flag in words")
    if isinstance(first := detail.get("first"), Pointer):
        words["flag"] = f"{words['flag']}/{name_of(first.reference)}"
    seen = detail.get("seen", [])
    if not isinstance(seen, list) or not all(isinstance(one, Pointer) for one in seen):
        raise NotOurs("an acknowledgement names the values it saw")
    return Acknowledgement(**words, seen=tuple(f"{name_of(one.reference)}/{one.display}" for one in seen))


def _signatures(found: object) -> Iterator[Details]:
    for one in found if isinstance(found, list) else [found]:
        who = one.get("who") if isinstance(one, dict) else None
        words = [one.get(key) for key in ("role", "meaning", "at")] if isinstance(one, dict) else []
        if not isinstance(who, Pointer) or not all(isinstance(text, str) for text in words):
            raise NotOurs("a signature tells who, role, meaning and when")
        try:
            at = datetime.fromisoformat(str(words[2]))
        except ValueError:
            raise NotOurs("a signature tells when, with its offset") from None
        if at.tzinfo is None:
            raise NotOurs("a signature tells when, with its offset")
        name = who.display or "nobody named"
        yield {"staff": who.reference, "name": name, "role": words[0], "meaning": words[1], "at": at.isoformat()}


def _named(content: Json, url: str) -> Details | None:
    extension = next((one for one in content.get("extension", ()) if one.get("url") == url), None)
    return None if extension is None else _parts(extension)


def _parts(extension: Json) -> Details:
    found: Details = {}
    for part in extension.get("extension", ()):
        key = unquote(str(part.get("url", "")))
        if key in found:
            raise NotOurs(f"“{key[:40]}” stands twice")
        found[key] = _value(part)
    return found


def _value(part: Json) -> Any:
    if "extension" in part:
        items = part["extension"]
        if all(one.get("url") == ITEM for one in items):
            return [_value(one) for one in items]
        return _parts(part)
    if "valueReference" in part:
        return Pointer(reference_of(part["valueReference"]), str(part["valueReference"].get("display", "")))
    for name, kind in _VALUES.items():
        if name in part and isinstance(part[name], kind):
            return float(part[name]) if name == "valueDecimal" else part[name]
    raise NotOurs(f"“{str(part.get('url', ''))[:40]}” has a value of another form")
