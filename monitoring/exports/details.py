"""What an entry or an infusion says beyond FHIR's own elements, as extensions: read back word for word by `imports`.

Each value keeps its type: a text is a valueString, a number a valueInteger or valueDecimal, another entry or a person a
valueReference, what holds more is an extension of its own, and a list one whose parts are all called "item".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from monitoring.clinical.course import file_ends_at, outlined
from monitoring.clinical.protocol import OVER
from monitoring.clinical.record import Acknowledgement, Event, Infusion, Signature
from monitoring.exports.fhir_words import HOME, fhir_text
from monitoring.records import Series

Json = dict[str, Any]
ENTRY: Final = f"{HOME}/StructureDefinition/entry"  # of an event or an acknowledgement
INFUSION: Final = f"{HOME}/StructureDefinition/infusion"  # of the Encounter
ITEM: Final = "item"
_LONGEST_INTEGER: Final = 2**31 - 1  # of FHIR
_PINNED: Final = frozenset(("baseline", "signatures", "of", "chair"))  # told in a way of their own, or found anew


@dataclass(frozen=True, slots=True)
class Reference:
    """Another resource of the same Bundle, and what is shown of it."""

    reference: str
    display: str = ""


Told = str | bool | int | float | Reference | Mapping[str, Any] | Sequence[Any] | None


def event_extension(
    event: Event, refer: Callable[[str], str], person: Callable[[Signature], Reference], chairs: Mapping[str, str]
) -> Json:
    """An event with all it says. `refer`: how an entry is referred to, "" for one that is not in the Bundle.

    The baseline that a start pinned is not told: it follows from the values, and is found anew.
    """
    detail: dict[str, Told] = {key: value for key, value in event.detail.items() if key not in _PINNED}
    if of := event.detail.get("of"):
        detail["of"] = Reference(refer(str(of))) if refer(str(of)) else str(of)
    if chair := event.detail.get("chair"):
        detail["chair"] = chairs.get(str(chair), str(chair))
    if event.signatures:
        detail["signatures"] = [
            {"who": person(one), "role": one.role, "meaning": one.meaning, "at": one.at.isoformat()}
            for one in event.signatures
        ]
    return _extension(ENTRY, {"kind": event.kind, "detail": dict(sorted(detail.items()))})


def acknowledgement_extension(said: Acknowledgement, refer: Callable[[str], str], holders: Mapping[str, str]) -> Json:
    """Which flag was seen, with which values. `holders`: by the id of a reading, that of the entry it stands in."""
    *of_flag, first = said.flag.split("/")
    named = {"flag": "/".join(of_flag), "first": Reference(refer(first))} if refer(first) else {"flag": said.flag}
    seen = [Reference(refer(holders[id]), id.rpartition("/")[2]) for id in said.seen if refer(holders.get(id, ""))]
    facts = {"measure": said.measure, "side": said.side, "level": said.level, "rule": said.rule, "done": said.done}
    return _extension(ENTRY, {"kind": "acknowledgement", "detail": {**facts, **named, "seen": seen}})


def infusion_extension(infusion: Infusion, series: Series, now: datetime) -> Json:
    """What an infusion was opened with, where it belongs, and of one that is not over at `now`, that the file ends."""
    ends = None if outlined(infusion).phase in OVER else file_ends_at(infusion) or now
    return _extension(
        INFUSION,
        {
            "number": infusion.number,
            "planned_infusions": infusion.planned_infusions,
            "series": {"id": series.id, "number": series.number},
            "weight_kg": infusion.weight_kg,
            "dose_mg_per_kg": infusion.dose_mg_per_kg,
            "planned_minutes": infusion.planned_minutes,
            "bag_volume_ml": infusion.bag_volume_ml,
            "every_minutes": infusion.every_minutes,
            "file_ends_at": None if ends is None else ends.isoformat(),
        },
    )


def _extension(url: str, told: Mapping[str, Told]) -> Json:
    return {"url": url, "extension": [_part(key, value) for key, value in told.items() if _says(value)]}


def _part(key: str, value: Told) -> Json:
    url = quote(key, safe=":")
    if isinstance(value, Mapping):
        return _extension(url, value)
    if isinstance(value, Reference):
        shown = {"display": value.display} if value.display else {}
        return {"url": url, "valueReference": {"reference": value.reference, **shown}}
    if isinstance(value, bool):
        return {"url": url, "valueBoolean": value}
    if isinstance(value, int) and abs(value) <= _LONGEST_INTEGER:
        return {"url": url, "valueInteger": value}
    if isinstance(value, int | float):
        return {"url": url, "valueDecimal": Decimal(repr(value))}
    if isinstance(value, str):
        return {"url": url, "valueString": fhir_text(value)}
    return {"url": url, "extension": [_part(ITEM, one) for one in value or () if _says(one)]}


def _says(value: Told) -> bool:
    """Whether there is anything to tell: FHIR has no empty text, list or object."""
    if isinstance(value, str):
        return bool(fhir_text(value))
    if isinstance(value, Mapping):
        return any(_says(one) for one in value.values())
    if isinstance(value, Sequence):
        return any(_says(one) for one in value)
    return value is not None
