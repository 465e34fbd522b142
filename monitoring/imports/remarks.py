"""What the record of an infusion says of how its Bundle was read: what is not in the file, not kept, or confirmed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from monitoring.imports.bundle import Json, instant_of
from monitoring.imports.dry_run import notes
from monitoring.imports.parts import Part
from monitoring.imports.people import Person, person_of
from monitoring.imports.resources import BundleReader
from monitoring.imports.structure import OF_INFUSIONS
from monitoring.imports.unkept import unkept

_MOST_PLACES: Final = 20  # that are named of one remark; the others are counted


def remarks_of(reader: BundleReader, infusion: str, person: Person | None, said: Sequence[str]) -> Iterator[str]:
    """What a reader of the record of this infusion should know. `said`: what a person said and the file does not."""
    if said:
        yield f"Said at the import, not in the file: {'; '.join(said)}."
    for how in ("Converted", "Rounded"):
        if what := reader.turned.get((infusion, how)):
            yield f"{how} at the import: {', '.join(what)}."
    if (drug := reader.drugs.get(infusion)) is not None:
        yield f"The file says of the drug: {', '.join(word for word in drug.says if word)}."
    people = Counter(name for name in _people(reader, infusion) if name)
    if people:
        yield f"Recorded there by: {', '.join(f'{name} ({count})' for name, count in people.items())}."
    if infusion and infusion not in reader.by_name:
        yield f"The encounter {infusion} is not in the file; its values stand under that reference."
    elif instant_of(reader.encounter(infusion).get("period", {}).get("start")) is None:
        yield "The file does not say when the encounter began; it is opened with what was seen first."
    if person is not None and person.died:
        yield f"The file says that the patient died: {person.died}."
    yield from unkept_of(row for row in reader.of(infusion) if is_of_infusion(row))
    for heading, told in (("Confirmed at the import", reader.confirmed), ("As the file has it", reader.lacking)):
        for words, parts in told.items():
            where = [row.resource.place for row in parts if reader.concerns(row, infusion, person)]
            more = [f"and {len(where) - _MOST_PLACES} more"] if len(where) > _MOST_PLACES else []
            if where:
                yield from notes(f"{heading}: {words}", [*where[:_MOST_PLACES], *more])
    for (key, text), places in reader.told.items():
        if key == infusion:
            yield from notes(f"Note in the file, “{text}”", places)
    for reason, left_out in reader.left_out.items():
        if words_left := [text for row, text in left_out if reader.concerns(row, infusion, person)]:
            yield from notes(f"Left out at the import, {reason}", words_left)


def is_of_infusion(row: Part) -> bool:
    """Whether a resource belongs to an infusion, also where the Bundle knows but one and names no encounter."""
    return bool(row.infusion) or row.resource.kind in OF_INFUSIONS


def unkept_of(rows: Iterable[Part]) -> Iterator[str]:
    """What is not read of these resources, each element with how often it stands there."""
    found = Counter(one for row in rows if row.is_read for one in unkept(row.resource.kind, row.resource.content))
    if found:
        named = ", ".join(name if count == 1 else f"{name} ({count})" for name, count in sorted(found.items()))
        yield f"Not kept from the file: {named}."


def _people(reader: BundleReader, infusion: str) -> Iterator[str]:
    """Who recorded what, as the file names them."""
    for row in reader.of(infusion):
        if not row.speaks:
            continue
        for one in row.resource.content.get("performer", row.resource.content.get("agent", ())):
            named = one.get("actor") or one.get("who") or one
            yield str(named.get("display") or _name_of(reader, named, row))


def _name_of(reader: BundleReader, reference: Json, row: Part) -> str:
    resource = reader.references.target(reference, row.resource, "Practitioner").resource
    return "" if resource is None or resource.faults else person_of(resource).name
