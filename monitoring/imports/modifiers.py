"""What FHIR R4 says must not be passed over by one who does not understand it ("Is Modifier").

An extension that modifies, or rules of the sender's own, may turn what a resource says into its opposite: such a
resource is never read. What is known here is asked about, and told in the record once somebody has confirmed it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from monitoring.imports.bundle import Json

# Elements that FHIR R4 marks so, beside the states of what is brought in (see `states`), comparators (see
# `quantities`) and what names and numbers are used for (see `people`). By kind: the element and the value that means
# nothing out of the ordinary; None: to be there at all means something.
_KNOWN: Final[Mapping[str, Mapping[str, object]]] = {
    "Patient": {"active": True, "deceasedBoolean": False, "link": None},
    "Organization": {"active": True},
    "Location": {"status": "active"},
    "Device": {"status": "active"},
    "CodeSystem": {"status": "active"},
}
_UNREAD: Final = ("modifierExtension", "implicitRules")


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something to be confirmed: as a question, and as it is told then. `element`: what is asked about."""

    question: str
    told: str
    element: str = ""


def unread_modifiers(content: Json, path: str = "") -> Iterator[str]:
    """Each modifier in a resource that is known to nobody here, as a sentence: the resource cannot be read."""
    for name, value in content.items():
        if name in _UNREAD:
            held = value[0] if isinstance(value, list) and value else value
            url = held.get("url") if isinstance(held, Mapping) else held
            yield f"{path}{name} “{str(url)[:60]}” changes what this says, and is not known here: expected it left out."
            continue
        for at, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if isinstance(one, Mapping):
                yield from unread_modifiers(one, f"{path}{name}{'' if at is None else f'[{at}]'}.")


def doubts(kind: str, content: Json) -> Iterator[Doubt]:
    """What is out of the ordinary in a resource by what FHIR R4 says must not be passed over."""
    for name, usual in _KNOWN.get(kind, {}).items():
        if name not in content or content[name] == usual:
            continue
        said = _words(name, content[name])
        yield Doubt(f"{kind}.{name} says {said}: is this to be read all the same?", f"{kind}.{name} says {said}", name)


def _words(name: str, value: object) -> str:
    """What such an element says, in words."""
    if name == "deceasedBoolean":
        return "that the person has died"
    if name == "active":
        return "that this record is no longer in use"
    if name == "link":
        links = value if isinstance(value, list) else []
        return ", ".join(
            f"“{one.get('type')} {_referred(one.get('other'))}”" for one in links if isinstance(one, Mapping)
        )
    return f"“{str(value)[:40]}”"


def _referred(other: object) -> str:
    found = other if isinstance(other, Mapping) else {}
    return str(found.get("reference") or found.get("display") or "another record")[:60]
