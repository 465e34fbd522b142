"""From rows to what clinical functions judge: infusions, patients and entries as plain values."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import reduce
from typing import Any, get_args

from sqlalchemy import Connection, Select, bindparam, func, select

from monitoring.clinical.course import phase_after
from monitoring.clinical.protocol import OVER, Phase
from monitoring.clinical.record import Acknowledgement, Entry, Event, EventKind, Infusion, NotDone, Patient, Reading
from monitoring.records import tables

Names = Callable[[str], str]  # staff id to name
Row = Mapping[Any, Any]  # of the database, or as it will be there


def text_of(instant: datetime) -> str:
    """An instant as it is stored: ISO-8601 in UTC with microseconds. Raises ValueError for one without a zone."""
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone.")
    return instant.astimezone(UTC).isoformat(timespec="microseconds")


def instant_of(text: str) -> datetime:
    """The instant that a stored text names, aware, in UTC."""
    return datetime.fromisoformat(text)


def latest_details() -> Select[Any]:
    """Every patient with the details that hold now: number, name, birth date, sex, allergies."""
    patient, details = tables.patient, tables.patient_details
    later = details.alias("later")
    newest = (
        select(later.c.audited)
        .where(later.c.patient_id == patient.c.id)
        .order_by(later.c.audited.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        patient.c.id,
        patient.c.number,
        patient.c.registered_at,
        patient.c.audited,
        details.c.name,
        details.c.birth_date,
        details.c.sex,
        details.c.allergies,
    ).join_from(patient, details, details.c.audited == newest)


def patient_of(row: Row) -> Patient:
    """One row of `latest_details` as a Patient."""
    return Patient(
        id=row["id"],
        number=row["number"],
        name=row["name"],
        birth_date=date.fromisoformat(row["birth_date"]),
        sex=row["sex"],
        allergies=row["allergies"],
    )


def series_now() -> Select[Any]:
    """Every series, `planned_infusions` as it was described last."""
    series, details = tables.series, tables.series_details
    described = (
        select(details.c.planned_infusions)
        .where(details.c.series_id == series.c.id)
        .order_by(details.c.audited.desc())
        .limit(1)
        .scalar_subquery()
    )
    return select(
        series.c.id,
        series.c.patient_id,
        series.c.number,
        func.coalesce(described, series.c.planned_infusions).label("planned_infusions"),
        series.c.opened_at,
    )


_ONE_PATIENT = latest_details().where(tables.patient.c.id == bindparam("of"))
_SERIES = series_now().subquery()
_ONE_INFUSION = (
    select(tables.infusion, _SERIES.c.planned_infusions)
    .join_from(tables.infusion, _SERIES, _SERIES.c.id == tables.infusion.c.series_id)
    .where(tables.infusion.c.id == bindparam("of"))
)
_ENTRIES = select(tables.entry).where(tables.entry.c.infusion_id == bindparam("of")).order_by(tables.entry.c.seq)
_PARTS = {
    table.name: select(table).join_from(table, tables.entry).where(tables.entry.c.infusion_id == bindparam("of"))
    for table in (tables.reading, tables.not_done, tables.event, tables.acknowledgement)
}


def load_patient(connection: Connection, patient_id: str) -> Patient | None:
    """The patient with this id, with the latest details, or None."""
    row = connection.execute(_ONE_PATIENT, {"of": patient_id}).mappings().one_or_none()
    return None if row is None else patient_of(row)


def load_infusion(connection: Connection, infusion_id: str, names: Names) -> Infusion | None:
    """The infusion with this id and everything recorded of it, or None."""
    row = connection.execute(_ONE_INFUSION, {"of": infusion_id}).mappings().one_or_none()
    if row is None:
        return None
    patient = load_patient(connection, row["patient_id"])
    if patient is None:
        raise LookupError(f"Infusion {infusion_id} names a patient that is not stored.")
    return infusion_of(row, patient, row["planned_infusions"], names, _load_entries(connection, infusion_id, names))


def infusion_of(
    row: Row, patient: Patient, planned_infusions: int, names: Names, entries: tuple[Entry, ...]
) -> Infusion:
    """A stored row of `infusion` as an Infusion."""
    return Infusion(
        id=row["id"],
        patient=patient,
        series=row["series_id"],
        number=row["number"],
        planned_infusions=planned_infusions,
        weight_kg=row["weight_kg"],
        dose_mg_per_kg=row["dose_mg_per_kg"],
        planned_minutes=row["planned_minutes"],
        bag_volume_ml=row["bag_volume_ml"],
        every_minutes=row["every_minutes"],
        protocol=row["protocol"],
        opened_at=instant_of(row["opened_at"]),
        opened_by=row["opened_by"],
        opened_by_name=names(row["opened_by"]),
        identifiers=row["identifiers"],
        chair=row["chair"],
        entries=entries,
    )


def _load_entries(connection: Connection, infusion_id: str, names: Names) -> tuple[Entry, ...]:
    parts: dict[str, dict[str, list[Row]]] = {}
    for name, statement in _PARTS.items():
        parts[name] = defaultdict(list)
        for row in connection.execute(statement, {"of": infusion_id}).mappings():
            parts[name][row["entry_id"]].append(row)
    return tuple(
        entry_of(
            row,
            sorted(parts["reading"][row["id"]], key=_position),
            sorted(parts["not_done"][row["id"]], key=_position),
            next(iter(parts["event"][row["id"]]), None),
            next(iter(parts["acknowledgement"][row["id"]]), None),
            names,
        )
        for row in connection.execute(_ENTRIES, {"of": infusion_id}).mappings()
    )


def _position(row: Row) -> int:
    return int(row["position"])


def entry_of(
    row: Row,
    readings: Sequence[Row],
    not_done: Sequence[Row],
    event: Row | None,
    acknowledgement: Row | None,
    names: Names,
) -> Entry:
    """A stored entry with its parts as an Entry."""
    return Entry(
        id=row["id"],
        seq=row["seq"],
        kind=row["kind"],
        observed_at=instant_of(row["observed_at"]),
        tapped_at=instant_of(row["tapped_at"]),
        recorded_at=instant_of(row["recorded_at"]),
        author=row["author"],
        author_name=names(row["author"]),
        readings=tuple(
            Reading(part["id"], part["measure"], part["value"], part["confirmed_unusual"], part["observed_not_asked"])
            for part in readings
        ),
        not_done=tuple(NotDone(part["measure"], part["reason"]) for part in not_done),
        event=None if event is None else Event(event["kind"], json.loads(event["detail"])),
        acknowledgement=None
        if acknowledgement is None
        else Acknowledgement(
            flag=acknowledgement["flag"],
            measure=acknowledgement["measure"],
            side=acknowledgement["side"],
            level=acknowledgement["level"],
            rule=acknowledgement["rule"],
            seen=tuple(json.loads(acknowledgement["seen"])),
            done=acknowledgement["done"],
        ),
        corrects=row["corrects"],
        withdraws=row["withdraws"],
        reason=row["reason"],
        clock=row["clock"],
        queued=row["queued"],
        sign_in=row["sign_in"],
        other_sign_in=row["other_sign_in"],
        after_signing=row["after_signing"],
        amendment=row["amendment"] or "",
        source=row["source"] or "",
        linked=row["linked"] or "",
        observed_given=instant_of(row["observed_given"]) if row["observed_given"] else None,
        tapped_given=instant_of(row["tapped_given"]) if row["tapped_given"] else None,
    )


_IDS = select(tables.infusion.c.id)


def open_ids(connection: Connection) -> set[str]:
    """The ids of all infusions that are not over, from their standing events alone.

    As `course.outlined` would say, without the entries around the events: thousands of infusions are asked at start.
    """
    entry, event, later = tables.entry, tables.event, tables.entry.alias("later")
    replaced = select(later.c.id).where((later.c.corrects == entry.c.id) | (later.c.withdraws == entry.c.id)).exists()
    leading = [kind for kind in get_args(EventKind) if any(phase_after(p, kind) != p for p in get_args(Phase))]
    standing = (
        select(entry.c.infusion_id, event.c.kind)
        .join_from(event, entry)
        # Told that few events do, SQLite looks through the events first, and not through every entry.
        .where(func.unlikely(event.c.kind.in_(leading)), ~replaced, entry.c.kind != "withdrawal")
        .order_by(entry.c.infusion_id, entry.c.observed_at, entry.c.seq)
    )
    kinds: dict[str, list[EventKind]] = {infusion_id: [] for infusion_id in connection.execute(_IDS).scalars()}
    for infusion_id, kind in connection.execute(standing):
        kinds[infusion_id].append(kind)
    planned: Phase = "planned"
    found = {key for key, of in kinds.items() if reduce(phase_after, of, planned) not in OVER}
    # What a file told of and did not see the end of goes on nowhere: only these few are asked.
    from_file = select(entry.c.infusion_id).where(
        entry.c.infusion_id.in_(sorted(found)), entry.c.source == "import", func.coalesce(entry.c.linked, "") == ""
    )
    return found - set(connection.execute(from_file).scalars())
