"""Which resource of a Bundle a reference names, by FHIR R4's own rules ("Resolving references in Bundles").

A relative reference is one on the server that its own entry came from: the root of the entry's fullUrl stands before
it. Where an entry has no such address, type and id must name one resource of the Bundle alone. A reference that fits
two is ambiguous, and is never guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitoring.imports.bundle import REST, Json, Resource, identifier_of

_RELATIVE: Final = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_VERSION: Final = re.compile(r"(?P<of>.*)/_history/(?P<version>[A-Za-z0-9\-.]{1,64})")
_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:.*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference names. `name`: what tells it from all others, also where it is not in the Bundle; "" for none.

    `resource` is None where the Bundle does not hold it; `problem` says why it cannot be told which one it is.
    """

    name: str = ""
    resource: Resource | None = None
    problem: str = ""


class References:
    """The resources of a Bundle, to be found by what refers to them."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._by_url: dict[str, list[Resource]] = defaultdict(list)
        self._by_local: dict[str, list[Resource]] = defaultdict(list)
        self._by_identifier: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        for one in resources:
            if one.again:
                continue
            if one.url:
                self._by_url[one.url].append(one)
            if one.local:
                self._by_local[one.local].append(one)
            held = one.content.get("identifier", ())
            for given in held if isinstance(held, list) else ():
                if identifier := identifier_of(given):
                    self._by_identifier[one.kind, identifier.value].append(one)

    def target(self, reference: object, holder: Resource, kind: str = "") -> Target:
        """What a reference in `holder` names: by its address, else by its identifier among resources of `kind`."""
        if not isinstance(reference, Mapping):
            return Target()
        text = str(reference.get("reference") or "")
        found = self._addressed(text, holder) if text else Target()
        given = identifier_of(reference.get("identifier"))
        if given is None or found.problem:
            return found
        logical = self._identified(given.system, given.value, kind)
        if not text:
            return logical
        if found.resource is not None and logical.resource is not None and found.resource is not logical.resource:
            return Target(found.name, None, f"“{text[:60]}” and identifier {given.value[:40]} are two: expected one.")
        return found if found.resource is not None or logical.resource is None else logical

    def _addressed(self, text: str, holder: Resource) -> Target:
        if text.startswith("#"):
            return self._contained(text[1:], holder)
        version = ""
        if (dated := _VERSION.fullmatch(text)) is not None:
            text, version = dated["of"], dated["version"]
        if _ABSOLUTE.fullmatch(text):
            return _one(text, self._by_url.get(text, []), version)
        if not _RELATIVE.fullmatch(text):
            return Target(text, None, f"“{text[:60]}”: expected a reference like Patient/17, or a whole address.")
        server = REST.fullmatch(holder.url)
        if server is None:
            return _one(text, self._by_local.get(text, []), version)
        there = self._by_url.get(f"{server['root']}{text}", [])
        # One without an address of its own may be what is meant; one on another server never is.
        nowhere = [one for one in self._by_local.get(text, []) if not one.url]
        return _one(f"{server['root']}{text}", there or nowhere, version)

    def _contained(self, id: str, holder: Resource) -> Target:
        if not id:
            return Target(holder.name, holder)
        held = holder.content.get("contained")
        found = [
            one for one in (held if isinstance(held, list) else ()) if isinstance(one, Mapping) and one.get("id") == id
        ]
        name = f"{holder.name}#{id}"
        if len(found) != 1:
            return Target(name, None, f"“#{id[:60]}” is {'not' if not found else 'more than once'} in this resource.")
        return Target(name, Resource(holder.number, str(found[0].get("resourceType", "")), name, found[0], ()))

    def _identified(self, system: str, value: str, kind: str) -> Target:
        """By an identifier; two systems may give the same number to two people."""
        name = f"{system}|{value}"
        held = self._by_identifier.get((kind, value), [])
        same = [one for one in held if _systems_fit(one.content, system, value)]
        if len(same) > 1:
            return Target(name, None, f"Identifier {value[:40]} is that of more than one {kind}: expected one.")
        return Target(same[0].name, same[0]) if same else Target(name)


def _one(name: str, found: Sequence[Resource], version: str) -> Target:
    """The only resource of these; `version`: the one that the reference wants, "" for any."""
    versions = [_version(one.content) for one in found]
    if version and found:
        kept = [one for one, held in zip(found, versions, strict=True) if held in ("", version)]
        if not kept:
            held = ", ".join(versions)
            return Target(name, None, f"“{name[-60:]}” is meant in version {version}, this Bundle holds {held}.")
        found = kept
    if len(found) > 1:
        places = ", ".join(one.place for one in found)
        return Target(name, None, f"“{name[-60:]}” may be any of {places}: expected one.")
    return Target(found[0].name, found[0]) if found else Target(name)


def _version(content: Json) -> str:
    """Which version a resource says it is, "" where it does not say."""
    meta = content.get("meta")
    return str(meta.get("versionId") or "") if isinstance(meta, Mapping) else ""


def _systems_fit(content: Json, system: str, value: str) -> bool:
    """Whether a resource has this number under this system, or under one that is not said on either side."""
    given = [identifier_of(one) for one in content.get("identifier", ())]
    return any(
        one is not None and one.value == value and (system in ("", one.system) or not one.system) for one in given
    )
