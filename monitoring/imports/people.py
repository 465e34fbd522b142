"""Who the people in a Bundle are: their names and numbers, and whether one is the person registered here.

A number alone does not make a person: two clinics give the same one. Where name, sex or birth date differ from what is
registered under it, both are shown and it is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from monitoring.clinical.directions import isolated
from monitoring.clinical.record import Patient
from monitoring.imports.bundle import Identifier, Json, Resource, identifier_of
from monitoring.imports.references import References
from monitoring.records.spelling import folded

_MEDICAL_RECORD: Final = "MR"
# Numbers of the state, of an insurer or of a card, by HL7's code: they name the person, but no chart.
_NO_CHART: Final = ("SS", "SB", "NI", "NH", "DL", "PPN", "PRC", "MB", "MC", "MA", "SN", "TAX", "EN", "BC", "CZ")
_NAMES_PAST: Final = ("old", "maiden")
_NAMES_FIRST: Final = ("official", "usual", "")
_NOT_SAID: Final = "not said"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a Bundle names. `key` is the same for what is said twice in the very same words; `number`: its entry.

    `names` are those that hold now, the official one first; `identifiers`, what is likest to be a chart's number first,
    without old ones. `sex` and `born` are "" where they are not said; `died` is the day, "" where none is said.
    """

    key: str
    number: int
    names: tuple[str, ...]
    sex: str
    born: str
    died: str
    identifiers: tuple[Identifier, ...]

    @property
    def name(self) -> str:
        """What the person is called, "" where it is not said."""
        return next(iter(self.names), "")

    @property
    def described(self) -> str:
        """Name, sex and birth date as the file has them."""
        return _described(self.name or "no name", self.sex or _NOT_SAID, self.born)


def described(patient: Patient) -> str:
    """Name, sex and birth date of somebody registered here, in the same order."""
    return _described(patient.name, patient.sex, patient.birth_date.isoformat())


def _described(name: str, sex: str, born: str) -> str:
    """`born`: a day of FHIR, of which month and day may be missing; "" for not said."""
    try:
        day = f"{date.fromisoformat(born):%d %b %Y}"
    except ValueError:
        day = born or _NOT_SAID
    return f"{isolated(name)}, sex {sex}, born {day}"


def person_of(resource: Resource) -> Person:
    """The person that a Patient resource tells of."""
    content = resource.content
    said = {key: value for key, value in content.items() if key not in ("id", "meta", "text")}
    return Person(
        key=json.dumps(said, sort_keys=True, default=str),
        number=resource.number,
        names=tuple(_names(content)),
        sex=str(content.get("gender") or ""),
        born=str(content.get("birthDate") or ""),
        died=str(content.get("deceasedDateTime") or ""),
        identifiers=tuple(_identifiers(content)),
    )


def people_named(resources: Sequence[Resource], left_out: Sequence[int] = ()) -> tuple[Person, ...]:
    """The people of a Bundle, each once, in its order. `left_out`: numbers of entries that are not read."""
    found: dict[str, Person] = {}
    for resource in resources:
        read = not resource.faults and not resource.again and resource.number not in left_out
        if resource.kind == "Patient" and read:
            person = person_of(resource)
            found.setdefault(person.key, person)
    return tuple(found.values())


def numbers_named(resources: Sequence[Resource]) -> tuple[str, ...]:
    """Every number by which a Bundle may mean somebody registered here: of its Patients, and of subjects by number."""
    found: dict[str, None] = {}
    for resource in resources:
        for one in (*_patients_in(resource), *_subjects(resource)):
            found[one.value] = None
    return tuple(found)


def _patients_in(resource: Resource) -> Iterator[Identifier]:
    held = resource.content.get("contained")
    for content in (resource.content, *(held if isinstance(held, list) else ())):
        if isinstance(content, Mapping) and content.get("resourceType") == "Patient":
            yield from _identifiers(content)


def _subjects(resource: Resource) -> Iterator[Identifier]:
    subject = resource.content.get("subject")
    if isinstance(subject, Mapping) and (found := identifier_of(subject.get("identifier"))) is not None:
        yield found


def _names(content: Json) -> Iterator[str]:
    held = content.get("name")
    names = [one for one in (held if isinstance(held, list) else ()) if isinstance(one, Mapping)]
    order = {use: place for place, use in enumerate(_NAMES_FIRST)}
    for one in sorted(names, key=lambda one: order.get(str(one.get("use") or ""), len(order))):
        if one.get("use") in _NAMES_PAST or _is_past(one):
            continue
        parts = [*one.get("given", ()), one.get("family", "")]
        if text := str(one.get("text") or " ".join(str(part) for part in parts if part)).strip():
            yield text


def _is_past(one: Json) -> bool:
    """Whether a name has a period that says when it ended."""
    period = one.get("period")
    return isinstance(period, Mapping) and bool(period.get("end"))


def _identifiers(content: Json) -> Iterator[Identifier]:
    """The numbers that hold now, what is likest to be the number of a chart first."""
    held = content.get("identifier")
    found = [one for one in map(identifier_of, held if isinstance(held, list) else ()) if one and one.use != "old"]
    yield from sorted(dict.fromkeys(found), key=_rank)


def _rank(one: Identifier) -> int:
    if one.kind == _MEDICAL_RECORD:
        return 0
    return 2 if one.kind in _NO_CHART else 1


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are of one name, in whatever order its parts stand."""
    return _parts(one) == _parts(other) and bool(_parts(one))


def _parts(name: str) -> list[str]:
    return sorted(part for part in re.split(r"[\s,;]+", folded(name)) if part)


def differs(person: Person, patient: Patient) -> tuple[str, ...]:
    """What the file says otherwise of the person registered under the same number, by what it is called."""
    found = []
    if person.names and not any(same_name(name, patient.name) for name in person.names):
        found.append("name")
    if person.sex not in ("", "unknown", patient.sex) and patient.sex != "unknown":
        found.append("sex")
    if not patient.birth_date.isoformat().startswith(person.born):  # a year may be all
        found.append("birth date")
    return tuple(found)


def question_of(person: Person, number: str, patient: Patient) -> str:
    """What is to be asked before this is taken for the person registered here, both shown; "" for nothing."""
    both = f"{number} here is {described(patient)}; the file says {person.described}"
    if other := differs(person, patient):
        what = " and ".join([", ".join(other[:-1]), other[-1]] if len(other) > 1 else other)
        return (
            f"{both}. {what[:1].upper()}{what[1:]} {'differ' if len(other) > 1 else 'differs'}: is it the same person?"
        )
    if not person.names and not person.born:
        return f"{both}. Nothing but the number agrees: is it the same person?"
    return ""


def registered_as(person: Person, patients: Mapping[str, Patient]) -> tuple[tuple[str, Patient], ...]:
    """Who of those registered here the person may be, by each number; one who agrees in everything comes alone."""
    found = {
        patients[one.value].id: (one.value, patients[one.value])
        for one in reversed(person.identifiers)
        if one.value in patients
    }
    agree = [one for one in found.values() if not question_of(person, *one)]
    return tuple(agree[:1] if len(agree) == 1 else reversed(found.values()))


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a resource is. `key` tells one from another; "" where the resource does not say.

    `person` is None where the Bundle holds nobody of that name; `problem` says why it cannot be told.
    """

    key: str = ""
    shown: str = ""
    person: Person | None = None
    problem: str = ""
    by_name: str = ""  # all that is said is this name


def whose(holder: Resource, references: References) -> Whose:
    """Whose a resource says it is: by reference, by number, or by a name alone."""
    subject = holder.content.get("subject") or holder.content.get("patient")
    if not isinstance(subject, Mapping) or not subject:
        return Whose()
    kind = str(subject.get("type") or "Patient")
    target = references.target(subject, holder, "Patient")
    if target.problem:
        return Whose(problem=f"subject: {target.problem}")
    if kind != "Patient" or (target.resource is not None and target.resource.kind != "Patient"):
        found = kind if target.resource is None else target.resource.kind
        return Whose(problem=f"subject is a {found}: expected a Patient.")
    if target.resource is not None and target.resource.faults:
        return Whose(target.name, target.name)
    if target.resource is not None:
        person = person_of(target.resource)
        shown = next((one.value for one in person.identifiers), "") or person.name or target.name
        return Whose(person.key, shown, person)
    if (given := identifier_of(subject.get("identifier"))) is not None and not subject.get("reference"):
        alone = Person(f"{given.system}|{given.value}", holder.number, (), "", "", "", (given,))
        return Whose(alone.key, given.value, alone)
    if target.name:
        return Whose(target.name, target.name)
    return Whose(by_name=str(subject.get("display") or "nobody")[:60])
