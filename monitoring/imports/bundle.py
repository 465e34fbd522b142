"""A FHIR R4 Bundle as a list of resources, each looked at by itself: what is no FHIR is told with its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from monitoring.imports.tables import FileRefused
from monitoring.imports.times import YEARS

MOST_RESOURCES: Final = 20_000
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of a Bundle. `number` is its position from 0; `faults` say what in it is no FHIR R4, and where."""

    number: int
    kind: str
    url: str  # its fullUrl, "" where it has none
    content: Json
    faults: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"entry[{self.number}]"

    @property
    def names(self) -> tuple[str, ...]:
        """What others may refer to it by."""
        id = self.content.get("id")
        return (*([self.url] if self.url else []), *([f"{self.kind}/{id}"] if isinstance(id, str) else []))


def read_bundle(data: bytes) -> tuple[Resource, ...]:
    """The resources in the bytes of a Bundle in JSON. Raises FileRefused with one sentence when it is none."""
    try:
        found = json.loads(
            data.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_once
        )
    except UnicodeDecodeError as error:
        raise FileRefused(f"Byte {error.start + 1} is not UTF-8: expected a FHIR Bundle in JSON.") from None
    except json.JSONDecodeError as error:
        raise FileRefused(
            f"Line {error.lineno}, column {error.colno} is no JSON ({error.msg}): expected a whole FHIR Bundle."
        ) from None
    except RecursionError:
        raise FileRefused("This file is nested too deeply: expected a FHIR Bundle.") from None
    for text in _texts(found):
        if any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in text):
            raise FileRefused("This file holds a character that cannot be stored: expected text.")
    if not isinstance(found, dict) or found.get("resourceType") != "Bundle":
        kind = found.get("resourceType") if isinstance(found, dict) else None
        raise FileRefused(f"This file holds {kind or 'no resource'}: expected a FHIR Bundle.")
    entries = found.get("entry", [])
    if not isinstance(entries, list) or not entries:
        raise FileRefused("This Bundle has no entry: expected at least one resource.")
    if len(entries) > MOST_RESOURCES:
        raise FileRefused(f"This Bundle has {len(entries)} entries: expected at most {MOST_RESOURCES}.")
    return tuple(_resource(number, entry) for number, entry in enumerate(entries))


def _texts(found: object) -> Iterator[str]:
    waiting = [found]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend((*one.keys(), *one.values()))
        elif isinstance(one, list):
            waiting.extend(one)


def _no_number(text: str) -> object:
    raise FileRefused(f"This file holds {text}, which is no number: expected a FHIR Bundle in JSON.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, _ in pairs if [one for one, _ in pairs].count(name) > 1)
        raise FileRefused(f"“{twice[:60]}” stands twice in one object: expected each name once.")
    return found


def _resource(number: int, entry: object) -> Resource:
    content = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(content, dict):
        return Resource(number, "", "", {}, ("resource is missing: expected one in each entry.",))
    url, kind = entry.get("fullUrl"), content.get("resourceType")
    return Resource(
        number,
        kind if isinstance(kind, str) else "",
        url if isinstance(url, str) else "",
        content,
        tuple(dict.fromkeys(_faults(kind, content))),
    )


def _faults(kind: object, content: Json) -> Iterator[str]:
    """What the library finds to be no FHIR, each with the path to it inside the resource."""
    try:
        model = get_fhir_model_class(str(kind))
    except (LookupError, ValueError):
        yield f"resourceType “{str(kind)[:60]}”: expected a resource of FHIR R4."
        return
    for path in _nulls(content):
        yield f"{path}: null, expected a value or nothing at all."
    try:
        model.model_validate(content)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            value = one.get("input")
            shown = f", found “{str(value)[:40]}”" if isinstance(value, str | int | float | Decimal) else ""
            yield f"{_path(one['loc']) or 'the resource'}: {one['msg'].removeprefix('Value error, ')}{shown}"


def _nulls(content: Json, path: str = "") -> Iterator[str]:
    """Where a member has no value, which FHIR's JSON has not; the library would read it as not there."""
    for name, value in content.items():
        for at, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            place = f"{path}{name}" if at is None else f"{path}{name}[{at}]"
            if one is None and (at is None or f"_{name}" not in content):  # beside an extension a list may have gaps
                yield place
            elif isinstance(one, dict):
                yield from _nulls(one, f"{place}.")


def _path(places: tuple[int | str, ...]) -> str:
    text = ""
    for place in places:
        text += f"[{place}]" if isinstance(place, int) else f"{'.' if text else ''}{place}"
    return text


# Pieces of a resource that passed; what FHIR leaves open (is there an offset? is it one instant?) is asked here.


def codes_of(concept: object, system: str) -> tuple[str, ...]:
    """The codes of a concept in one code system, in their order."""
    coding = concept.get("coding", ()) if isinstance(concept, Mapping) else ()
    return tuple(str(one.get("code", "")) for one in coding if one.get("system") == system)


def text_of(concept: object) -> str:
    """What a concept says in words: its text, else the name of its first code. Also of what is no FHIR at all."""
    if not isinstance(concept, Mapping):
        return ""
    if concept.get("text"):
        return str(concept["text"])
    coding = concept.get("coding")
    first = coding[0] if isinstance(coding, list) and coding else None
    return str(first.get("display") or first.get("code") or "") if isinstance(first, Mapping) else ""


def reference_of(found: object) -> str:
    """What a reference points to, "" for none."""
    return str(found.get("reference", "")) if isinstance(found, Mapping) else ""


def instant_of(text: object) -> datetime | None:
    """The instant of a dateTime or instant of FHIR, in UTC; None for a day alone, nothing, or a year that is a slip."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:  # a leap second, which FHIR allows
        return None
    return None if found.tzinfo is None or found.year not in YEARS else found.astimezone(UTC)
