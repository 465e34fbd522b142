"""A FHIR R4 Bundle as a list of resources, each looked at by itself: what is no FHIR is told with its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from monitoring.clinical.instants import YEARS, read_instant
from monitoring.imports.conformity import faults
from monitoring.imports.tables import FileRefused

MOST_RESOURCES: Final = 20_000
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"

# What a Bundle may be for, as FHIR R4 has it; a history holds several states of one resource, and is not read.
TYPES: Final = (
    *("collection", "document", "message", "searchset"),
    *("transaction", "transaction-response", "batch", "batch-response"),
)
# The address of a resource on a server: FHIR R4, "RESTful URL". What stands before the type is the server's root.
REST: Final = re.compile(
    r"(?P<root>https?://[^\s?#]+?/)(?P<kind>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})(/_history/[A-Za-z0-9\-.]{1,64})?"
)
_HISTORY: Final = "/_history/"

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """One entry of a Bundle. `number` is its position from 0; `faults` say what in it is no FHIR R4, and where.

    `again`: the entry in which the very same resource stands before it, "" where it is the first.
    """

    number: int
    kind: str
    url: str  # its fullUrl, "" where it has none
    content: Json
    faults: tuple[str, ...]
    again: str = ""

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"entry[{self.number}]"

    @property
    def local(self) -> str:
        """Its type and id, "" where it has no id: what it is called on its own server."""
        id = self.content.get("id")
        return f"{self.kind}/{id}" if isinstance(id, str) else ""

    @property
    def name(self) -> str:
        """What tells it from every other resource of the Bundle."""
        return self.url or self.local or self.place


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
    _require_whole(found)
    entries = found.get("entry", [])
    if not isinstance(entries, list) or not entries:
        raise FileRefused("This Bundle has no entry: expected at least one resource.")
    if len(entries) > MOST_RESOURCES:
        raise FileRefused(f"This Bundle has {len(entries)} entries: expected at most {MOST_RESOURCES}.")
    return tuple(_judged_beside([_resource(number, entry) for number, entry in enumerate(entries)]))


def _require_whole(bundle: Json) -> None:
    """Refuse a Bundle that is not to be read as what its entries say, or that is a part of something longer."""
    if "implicitRules" in bundle:
        rules = str(bundle["implicitRules"])[:60]
        raise FileRefused(f"This Bundle follows rules of its own (implicitRules “{rules}”): expected one without.")
    kind = bundle.get("type")
    if kind not in TYPES:
        said = f"type “{str(kind)[:30]}”" if kind is not None else "no type"
        raise FileRefused(f"This Bundle has {said}: expected one of {', '.join(TYPES)}.")
    links = bundle.get("link", [])
    following = any(isinstance(one, dict) and one.get("relation") == "next" for one in links if links)
    entries = bundle.get("entry", [])
    total, there = bundle.get("total"), len(entries) if isinstance(entries, list) else 0
    if following or (kind == "searchset" and isinstance(total, int) and total > there):
        raise FileRefused("This Bundle is one page of a search that found more: expected all pages in one Bundle.")


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
        removed = entry.get("request") if isinstance(entry, dict) else None
        asks = "" if not isinstance(removed, dict) else f" (the entry asks to {removed.get('method')} something)"
        return Resource(number, "", "", {}, (f"resource is missing{asks}: expected one in each entry.",))
    url, kind = entry.get("fullUrl"), content.get("resourceType")
    return Resource(
        number,
        kind if isinstance(kind, str) else "",
        url if isinstance(url, str) else "",
        content,
        tuple(dict.fromkeys((*faults(kind, content), *_entry_faults(entry, content)))),
    )


def _entry_faults(entry: Json, content: Json) -> Iterator[str]:
    """What is wrong with the entry that a resource stands in, or changes what the resource means."""
    for place in ("", "search", "request", "response"):
        held = entry if place == "" else entry.get(place, {})
        if isinstance(held, Mapping) and held.get("modifierExtension"):
            yield f"{'entry' if place == '' else place}.modifierExtension changes what this means: expected none."
    url, id = entry.get("fullUrl"), content.get("id")
    if url is not None and (not isinstance(url, str) or _HISTORY in url):
        yield f"fullUrl “{str(url)[:60]}”: expected the address of the resource, without a version."
    elif isinstance(url, str) and isinstance(id, str):
        found = REST.fullmatch(url)
        if found is not None and (found["kind"], found["id"]) != (content.get("resourceType"), id):
            yield f"fullUrl “{url[-60:]}” and the resource’s own id “{id}” are not the same: expected one."
    request, response = entry.get("request", {}), entry.get("response", {})
    if isinstance(request, Mapping) and request.get("method") not in (None, "POST", "PUT"):
        yield f"request.method “{str(request['method'])[:20]}”: expected POST or PUT, of something that stands."
    if isinstance(response, Mapping) and not str(response.get("status", "2")).startswith("2"):
        yield f"response.status “{str(response['status'])[:20]}”: expected that of something that was done."


def _judged_beside(resources: Sequence[Resource]) -> Iterator[Resource]:
    """Each resource, with what is wrong because another of the Bundle has the same address or says the same."""
    first: dict[str, Resource] = {}
    said: dict[str, Resource] = {}
    for one in resources:
        if not one.content:
            yield one
            continue
        text = json.dumps(one.content, sort_keys=True, default=str)
        other = first.setdefault(one.name, one)
        same = said.setdefault(text, one)
        if same is not one and (one.name == same.name or not one.content.get("id")):
            if one.content.get("id"):
                yield replace(one, again=same.place)
            else:
                yield replace(one, faults=(*one.faults, f"The same stands in {same.place}: expected it once."))
        elif other is not one:
            what = f"“{one.name[-60:]}” stands in {other.place} too, and says something else there: expected one."
            yield replace(one, faults=(*one.faults, what))
        else:
            yield one


# Pieces of a resource that passed; what FHIR leaves open (is there an offset? is it one instant?) is asked here.


def codes_of(concept: object, system: str) -> tuple[str, ...]:
    """The codes of a concept in one code system, in their order."""
    coding = concept.get("coding") if isinstance(concept, Mapping) else None
    listed = coding if isinstance(coding, list) else []
    return tuple(str(one.get("code", "")) for one in listed if isinstance(one, Mapping) and one.get("system") == system)


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
    found = read_instant(text)  # not a leap second, which FHIR allows
    return None if found is None or found.year not in YEARS else found


@dataclass(frozen=True, slots=True)
class Identifier:
    """A number that somebody gave to a person or a thing. `system`: of whom; `kind`: a code of HL7, "MR" for a chart's.

    `use`: "old" of one that holds no longer.
    """

    system: str
    value: str
    kind: str = ""
    use: str = ""


def identifier_of(found: object) -> Identifier | None:
    """An identifier with its value, None where it has none."""
    value = found.get("value") if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or not isinstance(value, str) or not value.strip():
        return None
    kinds = codes_of(found.get("type"), IDENTIFIER_TYPES)
    return Identifier(str(found.get("system") or ""), value.strip(), next(iter(kinds), ""), str(found.get("use") or ""))
