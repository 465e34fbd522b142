"""What of a resource is not read: counted and named, so that nothing of a file is dropped in silence."""

from __future__ import annotations

import json
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
_ALWAYS: Final[Read] = dict.fromkeys(("resourceType", "id", "meta", "status"), _ALL)
_OF_INFUSION: Final[Read] = {**_ALWAYS, "subject": _REFERENCE, "encounter": _REFERENCE}
_GIVEN: Final[Read] = {
    **_OF_INFUSION,
    "medicationCodeableConcept": _CONCEPT,
    "medicationReference": _REFERENCE,
    "context": _REFERENCE,
}
_INFUSION_DRUG: Final = "the drug of the infusion"
_READ: Final[Mapping[str, Read]] = {
    "Observation": {
        **_OF_INFUSION,
        **_VALUES,
        **dict.fromkeys(("category", "effectiveDateTime", "effectiveInstant", "issued"), _ALL),
        "performer": _REFERENCE,
        "hasMember": _REFERENCE,
        "note": _NOTE,
        "component": _VALUES,
    },
    "MedicationAdministration": {
        **_GIVEN,
        "effectiveDateTime": _ALL,
        "dosage": {"text": _ALL, "dose": _QUANTITY, "route": _CONCEPT},
        "reasonCode": _CONCEPT,
        "performer": {"actor": _REFERENCE},
        "note": _NOTE,
    },
    _INFUSION_DRUG: {
        **_GIVEN,
        "partOf": _ALL,
        "effectivePeriod": _PERIOD,
        "dosage": {"text": _ALL, "dose": _QUANTITY, "route": _CONCEPT, "rateQuantity": _QUANTITY},
    },
    "Procedure": {
        **_OF_INFUSION,
        "identifier": _ALL,
        "code": _CONCEPT,
        "statusReason": _CONCEPT,
        "performedPeriod": _PERIOD,
    },
    "Encounter": {**_OF_INFUSION, "identifier": _ALL, "period": _PERIOD, "location": {"location": _REFERENCE}},
    "Patient": {
        **_ALWAYS,
        **dict.fromkeys(("identifier", "active", "name", "gender", "birthDate", "link"), _ALL),
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
    of_infusion = kind == "MedicationAdministration" and "effectivePeriod" in content
    if kind in _READ:
        yield from _below(kind, content, _READ[_INFUSION_DRUG if of_infusion else kind])


def doubled(content: Json, path: str = "") -> Iterator[str]:
    """Where a list of a resource holds the very same twice, as paths: FHIR's lists say each thing once."""
    for name, value in content.items():
        items = value if isinstance(value, list) else [value]
        if len(items) > 1:
            texts = {json.dumps(one, sort_keys=True, default=str) for one in items}
            if len(texts) < len(items):
                yield f"{path}{name}"
        for one in items:
            if isinstance(one, Mapping):
                yield from doubled(one, f"{path}{name}.")


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
