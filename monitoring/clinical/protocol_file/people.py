"""Reads [people] and [drug] of a protocol file: who else looks, who signs, and what is recorded of the drug itself."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from monitoring.clinical.protocol import ControlledDrug, People, SignatureStep
from monitoring.clinical.protocol_file.slips import Path, Shape, Slips, Words, shown, unknown

SIGNERS: Final = ("nurse", "clinician")  # the roles that record at the bedside; nobody else signs for it


class _PeopleTable(Shape):
    time_out: bool
    waste_witness: bool
    leaving_second: bool
    signatures: Annotated[list[Any], Field(min_length=1)]


class _SignatureRow(Shape):
    spoken: ClassVar[tuple[str, ...]] = ("meaning",)
    meaning: str
    roles: Words


class _DrugTable(Shape):
    name: str
    methods: Words
    tolerance_mg: float
    source: str


def read_people(slips: Slips) -> People:
    """Where a second person is asked for, and who signs; nothing of it where the file has no such table."""
    at: Path = ("people",)
    table = slips.table_if_there(_PeopleTable, "people")
    raw = slips.named_tables("people").get("signatures")
    steps: list[SignatureStep] = []
    for number, data in enumerate(raw if isinstance(raw, list) else []):
        place: Path = (*at, "signatures", number)
        row = slips.shape(_SignatureRow, data, place)
        if row is None:
            continue
        if row.meaning.casefold() in [earlier.meaning.casefold() for earlier in steps]:
            slips.problem((*place, "meaning"), f"{shown(row.meaning)} is there twice, expected each once")
        for nth, role in enumerate(row.roles):
            if role in row.roles[:nth]:
                slips.problem((*place, "roles", nth), f"{shown(role)} is there twice, expected each once")
            elif role not in SIGNERS:
                slips.problem((*place, "roles", nth), unknown(role, SIGNERS, "role"))
        steps.append(SignatureStep(row.meaning, tuple(row.roles)))
    if table is None:
        return People()
    for name, needs, home in (("waste_witness", "drug", "[drug]"), ("leaving_second", "leaving", "[[leaving]]")):
        if getattr(table, name) and needs not in slips.data:
            slips.problem((*at, name), f"{name} without {home}, expected a table {home} or {name} = false")
    return People(table.time_out, table.waste_witness, table.leaving_second, tuple(steps))


def read_drug(slips: Slips) -> ControlledDrug | None:
    """What is recorded of the drug, or None where it is not."""
    table = slips.table_if_there(_DrugTable, "drug")
    if table is None:
        return None
    slips.check_words(table.methods, ("drug", "methods"))
    if table.tolerance_mg < 0:
        slips.problem(("drug", "tolerance_mg"), f"{table.tolerance_mg:g}, expected 0 or more")
    return ControlledDrug(table.name, tuple(table.methods), table.tolerance_mg, table.source)
