"""What of a resource is not read: counted and named, so that nothing of a file is dropped in silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from monitoring.imports.bundle import Json
from monitoring.imports.details import is_ours

# Of each kind the elements that are read; in braces which parts of them, () for all. What is not here is not kept.
Read = Mapping[str, Any]
_ALL: Final[Read] = {}
_CONCEPT: Final[Read] = {"coding": _ALL, "text": _ALL}
_REFERENCE: Final[Read] = {"reference": _ALL, "display": _ALL, "type": _ALL, "identifier": _ALL}
_PERIOD: Final[Read] = {"start": _ALL, "end": _ALL}
_QUANTITY: Final[Read] = dict.fromkeys(("value", "comparator", "unit", "system", "code"), _ALL)
_NOTE: Final[Read] = {"text": _ALL}
_VALUES: Final[Read] = {
    "code": _CONCEPT,
    "valueQuantity": _QUANTITY,
    "valueInteger": _ALL,
    "valueString": _ALL,
    "valueCodeableConcept": _CONCEPT,
    "dataAbsentReason": _CONCEPT,
}
# Of every resource; a narrative says in words what stands in the elements beside it, unless it says that it holds more.
_ALWAYS: Final[Read] = {"resourceType": _ALL, "id": _ALL, "meta": _ALL, "status": _ALL, "identifier": _ALL}
_OF_INFUSION: Final[Read] = {**_ALWAYS, "subject": _REFERENCE, "encounter": _REFERENCE, "note": _NOTE}
_READ: Final[Mapping[str, Read]] = {
    "Observation": {
        **_OF_INFUSION,
        **_VALUES,
        **dict.fromkeys(("category", "effectiveDateTime", "effectiveInstant", "issued"), _ALL),
        "performer": _REFERENCE,
        "hasMember": _REFERENCE,
        "component": _VALUES,
    },
    "MedicationAdministration": {
        **_OF_INFUSION,
        **dict.fromkeys(("effectiveDateTime", "partOf"), _ALL),
        "medicationCodeableConcept": _CONCEPT,
        "medicationReference": _REFERENCE,
        "context": _REFERENCE,
        "effectivePeriod": _PERIOD,
        "dosage": {"text": _ALL, "dose": _QUANTITY, "route": _CONCEPT, "rateQuantity": _QUANTITY},
        "reasonCode": _CONCEPT,
        "performer": {"actor": _REFERENCE},
    },
    "Procedure": {**_OF_INFUSION, "code": _CONCEPT, "statusReason": _CONCEPT, "performedPeriod": _PERIOD},
    "Encounter": {
        **_OF_INFUSION,
        "class": _ALL,
        "period": _PERIOD,
        "location": {"location": _REFERENCE},
        **dict.fromkeys(("participant", "serviceProvider", "serviceType"), _ALL),
    },
    "Patient": {
        **_ALWAYS,
        **dict.fromkeys(("active", "name", "gender", "birthDate", "link"), _ALL),
        **dict.fromkeys(("deceasedBoolean", "deceasedDateTime"), _ALL),
    },
    "Provenance": {
        **_ALWAYS,
        **dict.fromkeys(("target", "occurredDateTime", "recorded", "reason", "activity", "entity"), _ALL),
        "agent": {"type": _CONCEPT, "who": _REFERENCE},
    },
    "Practitioner": {**_ALWAYS, "name": _ALL},
}


def unkept(kind: str, content: Json) -> Iterator[str]:
    """What of this resource is not read, as paths; () for a kind of which nothing but its name is asked."""
    if kind in _READ:
        yield from _below(kind, content, _READ[kind])


def _below(path: str, content: Json, read: Read) -> Iterator[str]:
    for name, value in content.items():
        place = f"{path}.{name}"
        if name == "text" and isinstance(value, Mapping):
            if value.get("status") in ("additional", "extensions"):
                yield f"{place} ({value['status']})"
        elif name == "extension" and is_ours(content):
            continue
        elif name.startswith("_") or name == "extension" or (read and name not in read):
            yield place
        else:
            for one in value if isinstance(value, list) else [value]:
                if isinstance(one, Mapping):
                    yield from _below(place, one, read.get(name, _ALL))
