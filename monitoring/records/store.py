"""The store: everything the clinic keeps, in one SQLite file to which rows are only added.

Each write is one transaction, durable before the method returns, chained and audited (see `chain`). Everything handed
out is a plain frozen value. Writes go only through one process (a lock beside the file sees to it), so loaded infusions
are kept in memory.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self, get_args
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, bindparam, false, func, not_, or_, select

from monitoring.clinical.course import outlined
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import Entry, EventKind, Infusion, Patient
from monitoring.clock import Clock
from monitoring.records import chain, tables
from monitoring.records.counting import Counting
from monitoring.records.database import Database
from monitoring.records.heads import Gap, Head, KeptHeads, gaps_file, head_file, noted_gaps
from monitoring.records.loading import (
    Row,
    infusion_of,
    instant_of,
    latest_details,
    load_infusion,
    load_patient,
    open_ids,
    patient_of,
    series_now,
    text_of,
)
from monitoring.records.searching import Searching
from monitoring.records.shapes import (
    ROLES,
    Approval,
    Attestation,
    Chair,
    Clinic,
    Device,
    EntryClash,
    Export,
    FromFile,
    ImportedFrom,
    NewEntry,
    NewExport,
    NewInfusion,
    NewScore,
    Numbered,
    Saved,
    Score,
    ScoreTold,
    Series,
    SeriesDetails,
    SignIn,
    Staff,
    StoredProtocol,
    StoreRefused,
    StoreUnwritable,
    View,
    is_zone,
)
from monitoring.records.spelling import birth_date_patterns, days_said, folded, number_key
from monitoring.records.summaries import Summaries
from monitoring.records.views import NewView, WaitingViews
from monitoring.records.writing import Writing

DEVICES = ("tablet", "wall")
IMPORT = "import infusion"  # in the audit chain: a past infusion came in from a file, which the row's detail names
KEPT_INFUSIONS = 256  # loaded infusions kept in memory; the open ones are always among the latest used

Subscriber = Callable[[str, str], object]
_log = logging.getLogger(__name__)

# When the latest writes were made: were the clock ever put back, the last is not the newest.
_LATEST_WRITES = select(tables.audit.c.at).order_by(tables.audit.c.seq.desc()).limit(1000).subquery()
_NEWEST = select(func.max(_LATEST_WRITES.c.at))
_PRESENT = (
    select(tables.staff_presence.c.here)
    .where(tables.staff_presence.c.staff_id == tables.staff.c.id)
    .order_by(tables.staff_presence.c.audited.desc())
    .limit(1)
    .scalar_subquery()
)
_WORKS_HERE = func.coalesce(_PRESENT, tables.staff.c.id.not_in(select(tables.staff_left.c.staff_id)))
_SIGN_IN = (
    select(
        tables.sign_in,
        tables.staff.c.name,
        tables.staff.c.role,
        tables.sign_out.c.at.label("ended_at"),
        _WORKS_HERE.label("works_here"),
    )
    .join_from(tables.sign_in, tables.staff, isouter=True)
    .outerjoin(tables.sign_out, tables.sign_out.c.sign_in_id == tables.sign_in.c.id)
)
_AUDIT = select(tables.audit.c.seq, tables.audit.c.hash)
_AUDIT_HASH = select(tables.audit.c.hash).where(tables.audit.c.seq == bindparam("of"))
_SIGN_IN_BY_ID = _SIGN_IN.where(tables.sign_in.c.id == bindparam("of"))
_LATEST_SIGN_IN = (
    _SIGN_IN.where(tables.sign_in.c.device_id == bindparam("of")).order_by(tables.sign_in.c.audited.desc()).limit(1)
)


class Store:
    """The clinic's records. Reads answer with frozen values; writes raise StoreRefused, EntryClash or StoreUnwritable.

    `by` is the id of the staff member who acts, "" for the system. `at` gives a write a time of its own, which only a
    demonstration allows. Safe to use from many threads.
    """

    def __init__(self, url: str, clock: Clock, database: Database, head_elsewhere: Path | None = None) -> None:
        self.url = url
        self.clock = clock
        self._database = database
        self._subscribers: list[Subscriber] = []
        self._kept: dict[str, Infusion] = {}  # the order is that of use: the first may go
        self._keeping = threading.Lock()
        self._writes = 0  # how many transactions were committed: a load that began before the last one is not kept
        self._names: dict[str, str] = {"": ""}
        self._clinic: Clinic | None = None
        self._chairs: tuple[Chair, ...] = ()  # written with the clinic, once
        self._protocols: dict[str, StoredProtocol] = {}  # by hash, "" for the one that holds now; since the last change
        self._waiting_views = WaitingViews(self._write_views)
        self._here = threading.local()  # .writing: the transaction this thread is in
        self.summaries = Summaries(database, self._name)  # a cache of what infusions come to
        self.searching = Searching(database, self.summaries)  # questions to that cache: which infusions,
        self.counting = Counting(database, self.summaries)  # and how many
        with database.read() as connection:
            self._open = open_ids(connection)
            newest = connection.execute(_NEWEST).scalar_one_or_none()
        if newest is not None:
            clock.written(instant_of(newest), busy=bool(self._open))
        self._heads = KeptHeads(head_file(database.file), head_elsewhere)
        self.missing = self._compared()  # writes that are not there any more, until somebody acknowledges it

    @classmethod
    def open(cls, url: str, clock: Clock, *, create: bool = True, head_elsewhere: Path | None = None) -> Self:
        """Open the database at `url` ("sqlite:///data/clinic.db"), alone, with its schema brought to the newest.

        The head of its audit chain is noted beside it and in the file `head_elsewhere`, and compared with them first.

        Raises StoreRefused when it is another kind of database, in use, damaged, newer than this program, or absent and
        not `create`; StoreUnwritable when it cannot be written.
        """
        database = Database(url, create=create)
        try:
            return cls(url, clock, database, head_elsewhere)
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Let the file go, so that another server may open it."""
        self._waiting_views.close()
        self._heads.close()
        self._database.close()

    def writable(self) -> bool:
        """Whether an entry could be saved now, tried by a small durable write (see `Database.writable`)."""
        return self._database.writable()

    @property
    def head_trouble(self) -> tuple[str, ...]:
        """Where the head of the audit chain cannot be noted, a sentence a place."""
        return tuple(self._heads.trouble.values())

    def _compared(self) -> tuple[Gap, ...]:
        known = noted_gaps(self._database.file)
        with self._database.read() as connection:
            row = connection.execute(_AUDIT.order_by(tables.audit.c.seq.desc()).limit(1)).one_or_none()

            def hash_of(seq: int) -> str | None:
                return connection.execute(_AUDIT_HASH, {"of": seq}).scalar_one_or_none()

            present = Head(0, chain.GENESIS) if row is None else Head(row.seq, row.hash)
            gaps = self._heads.compare(self._database.file, present, hash_of, log_lost=self._database.log_lost)
        for gap in gaps:
            _log.error("%s", gap.sentence(self._database.file))
        new = [gap for gap in gaps if gap not in known]
        if new:
            try:
                self._add_gaps(new, "find writes missing", "")
            except StoreUnwritable as no:
                _log.error("That writes are missing is not in the audit trail: %s", no.sentence)
        return gaps

    def acknowledge_missing(self, by: str, reason: str) -> int:
        """Keep in the audit trail who goes on without what is missing, and why; it is told no more. Answers how often.

        Raises StoreRefused without a reason, or by nobody who works here.
        """
        if not reason.strip():
            raise StoreRefused("A reason is missing: expected what happened to the writes that are not there.")
        self._require_staff(by)
        gaps = self.missing
        if gaps:
            self._add_gaps(gaps, "acknowledge missing writes", by, reason=reason.strip())
            gaps_file(self._database.file).unlink(missing_ok=True)
            self.missing = ()
        return len(gaps)

    def _add_gaps(self, gaps: Sequence[Gap], action: str, by: str, **more: str) -> None:
        with self._writing() as writing:
            when = self._when(writing, None)
            for gap in gaps:
                detail = _json({**asdict(gap), "missing": gap.missing, **more})
                kind = "missing writes acknowledged" if by else "missing writes"
                subject = f"{gap.noted} {gap.found}".strip()
                writing.add_fact(kind, subject, actor=by, action=action, at=when, detail=detail)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call `subscriber(kind, id)` after each commit, in the writing thread; answers a function that ends this.

        Kinds: "infusion" (its id), "board" (an infusion took or left a chair), "patient", "sign_in" (a device's id),
        "staff", "protocol" (a hash), "clinic", "series" (its id: described anew, or a score of it).
        """
        self._subscribers.append(subscriber)

        def unsubscribe() -> None:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)

        return unsubscribe

    # The clinic, its chairs and its people

    def clinic(self) -> Clinic | None:
        """The clinic this database belongs to, or None before it is set up."""
        if self._clinic is not None:
            return self._clinic
        row = self._one(select(tables.clinic))
        if row is None:
            return None
        found = Clinic(row["name"], row["zone"], row["demonstration"], instant_of(row["set_up_at"]))
        if self._mine() is None:
            self._clinic = found
        return found

    def set_up(
        self, name: str, zone: str, chairs: Sequence[str], demonstration: bool, *, at: datetime | None = None
    ) -> Clinic:
        """Say whose database this is, once and for ever. Raises StoreRefused the second time."""
        labels = [label.strip() for label in chairs]
        if not name.strip():
            raise StoreRefused("The clinic needs a name.")
        if not is_zone(zone):
            raise StoreRefused(f"Time zone {zone!r} is unknown: expected a name such as Europe/Berlin.")
        if not labels or not all(labels) or len({label.casefold() for label in labels}) != len(labels):
            raise StoreRefused("Chairs: expected at least one, each with a name of its own.")
        with self._writing() as writing:
            if self._one(select(tables.clinic)) is not None:
                raise StoreRefused("This database has been set up already.")
            writing.demonstration = demonstration
            when = self._when(writing, at)
            row = {"id": 1, "name": name.strip(), "zone": zone, "demonstration": demonstration}
            self._add(writing, tables.clinic, row | {"set_up_at": text_of(when)}, "", "set up", when)
            for position, label in enumerate(labels, start=1):
                place = {"id": f"chair-{position}", "label": label, "position": position}
                self._add(writing, tables.chair, place, "", "add chair", when)
            writing.notice("clinic", "")
            return Clinic(name.strip(), zone, demonstration, instant_of(text_of(when)))

    def chairs(self) -> tuple[Chair, ...]:
        """The chairs, by position."""
        if self._chairs:
            return self._chairs
        rows = self._all(select(tables.chair).order_by(tables.chair.c.position))
        found = tuple(Chair(row["id"], row["label"], row["position"]) for row in rows)
        if self._mine() is None:
            self._chairs = found
        return found

    def staff(self) -> tuple[Staff, ...]:
        """Those who work here now, by name."""
        return self._staff_where(_WORKS_HERE)

    def former_staff(self) -> tuple[Staff, ...]:
        """Those who have left and did not come back, by name."""
        return self._staff_where(not_(_WORKS_HERE))

    def _staff_where(self, condition: ColumnElement[bool]) -> tuple[Staff, ...]:
        rows = self._all(select(tables.staff).where(condition))
        return tuple(sorted((_staff(row) for row in rows), key=lambda person: (person.name.casefold(), person.id)))

    def staff_member(self, staff_id: str) -> Staff | None:
        """The person with this id, also one who has left, or None."""
        row = self._one(select(tables.staff).where(tables.staff.c.id == staff_id))
        return None if row is None else _staff(row)

    def add_staff(
        self,
        name: str,
        role: str,
        pin_hash: str | None,
        by: str,
        *,
        id: str | None = None,
        at: datetime | None = None,
    ) -> Staff:
        """Add a person, with the argon2 hash of their PIN (None: set later)."""
        if not name.strip():
            raise StoreRefused("A member of staff needs a name.")
        if role not in ROLES:
            raise StoreRefused(f"Role {role!r}: expected {', '.join(ROLES)}.")
        with self._writing() as writing:
            when = self._when(writing, at)
            person = Staff(id or str(uuid4()), name.strip(), role)
            if self.staff_member(person.id) is not None:
                raise StoreRefused(f"There is a member of staff with the id {person.id} already.")
            row = {"id": person.id, "name": person.name, "role": role, "added_at": text_of(when), "added_by": by}
            self._add(writing, tables.staff, row, by, "add staff", when)
            if pin_hash is not None:
                self._add_pin(writing, person.id, pin_hash, by, when)
            writing.notice("staff", person.id)
            return person

    def set_pin(self, staff_id: str, pin_hash: str, by: str, *, keep: str = "", at: datetime | None = None) -> None:
        """Give a person a new PIN, as its argon2 hash. Their sign-ins end, but the one with the id `keep`."""
        with self._writing() as writing:
            self._require_staff(staff_id)
            when = self._when(writing, at)
            self._add_pin(writing, staff_id, pin_hash, by, when)
            self._end_sign_ins_of(writing, staff_id, "new pin", by, when, keep=keep)

    def remove_staff(self, staff_id: str, by: str) -> None:
        """Note that a person has left: their sign-ins end now, what they recorded stays. Twice is once."""
        with self._writing() as writing:
            self._require_staff(staff_id)
            if not any(person.id == staff_id for person in self.staff()):
                return
            when = self._when(writing, None)
            row = {"staff_id": staff_id, "at": text_of(when), "by": by}
            left = select(tables.staff_left).where(tables.staff_left.c.staff_id == staff_id)
            if self._one(left) is None:
                self._add(writing, tables.staff_left, row, by, "remove staff", when)
            else:
                self._add(writing, tables.staff_presence, row | {"here": False}, by, "remove staff", when)
            self._end_sign_ins_of(writing, staff_id, "left", by, when)
            writing.notice("staff", staff_id)

    def return_staff(self, staff_id: str, pin_hash: str, by: str) -> None:
        """Note that a person who had left works here again, with a new PIN. Raises StoreRefused when they do already.

        The sign-ins they had stay ended.
        """
        with self._writing() as writing:
            person = self._require_staff(staff_id)
            if person in self.staff():
                raise StoreRefused(f"{person.name} works here already.")
            when = self._when(writing, None)
            row = {"staff_id": staff_id, "here": True, "at": text_of(when), "by": by}
            self._add(writing, tables.staff_presence, row, by, "return staff", when)
            self._add_pin(writing, staff_id, pin_hash, by, when)
            writing.notice("staff", staff_id)

    def pin_hash(self, staff_id: str) -> str | None:
        """The argon2 hash of a person's present PIN; None when there is none, or the person has left."""
        pin = tables.staff_pin
        statement = select(pin).join(tables.staff).where(pin.c.staff_id == staff_id, _WORKS_HERE)
        row = self._one(statement.order_by(pin.c.audited.desc()).limit(1))
        return None if row is None else str(row["argon2_hash"])

    # Devices and who is signed in on them

    def add_device(self, kind: str, label: str, by: str, *, id: str | None = None, at: datetime | None = None) -> str:
        """Enrol a browser as "tablet" or "wall"; answers its id."""
        if kind not in DEVICES:
            raise StoreRefused(f"Device {kind!r}: expected tablet or wall.")
        with self._writing() as writing:
            device_id = id or str(uuid4())
            if self.device(device_id) is not None:
                raise StoreRefused("This device is enrolled already.")
            when = self._when(writing, at)
            row = {"id": device_id, "kind": kind, "label": label, "enrolled_at": text_of(when), "enrolled_by": by}
            self._add(writing, tables.device, row, by, "enrol device", when)
            return device_id

    def device(self, device_id: str) -> Device | None:
        """The device with this id, or None."""
        row = self._one(select(tables.device).where(tables.device.c.id == device_id))
        if row is None:
            return None
        return Device(row["id"], row["kind"], row["label"], instant_of(row["enrolled_at"]), row["enrolled_by"])

    def begin_sign_in(
        self, device_id: str, staff_id: str | None, expires_at: datetime, *, at: datetime | None = None
    ) -> SignIn:
        """Sign somebody in on a device (None: a wall screen); whoever was signed in there is signed out."""
        with self._writing() as writing:
            device = self.device(device_id)
            if device is None:
                raise StoreRefused("This device is not known here.")
            if (staff_id is None) != (device.kind == "wall"):
                raise StoreRefused("A wall screen is nobody's: people sign in on a tablet, and only there.")
            person = None if staff_id is None else self._require_staff(staff_id)
            if person is not None and person not in self.staff():
                raise StoreRefused(f"{person.name} no longer works here.")
            when = self._when(writing, at)
            before = self.current_sign_in(device_id)
            if before is not None:
                self._add_sign_out(writing, before.id, device_id, "switched", staff_id or "", when)
            row = {
                "id": str(uuid4()),
                "device_id": device_id,
                "staff_id": staff_id,
                "at": text_of(when),
                "expires_at": text_of(expires_at),
            }
            self._add(writing, tables.sign_in, row, staff_id or "", "sign in", when)
            writing.notice("sign_in", device_id)
            return SignIn(str(row["id"]), device_id, person, instant_of(text_of(when)), instant_of(text_of(expires_at)))

    def end_sign_in(self, sign_in_id: str, why: str) -> None:
        """Sign out. Twice is once."""
        with self._writing() as writing:
            row = self._one(_SIGN_IN_BY_ID, of=sign_in_id)
            if row is None:
                raise StoreRefused("This sign-in is not known here.")
            if row["ended_at"] is None:
                when = self._when(writing, None)
                self._add_sign_out(writing, sign_in_id, row["device_id"], why, row["staff_id"] or "", when)

    def current_sign_in(self, device_id: str) -> SignIn | None:
        """Who is signed in on this device now: its latest sign-in, unless ended or expired."""
        row = self._one(_LATEST_SIGN_IN, of=device_id)
        if row is None or row["ended_at"] is not None or (row["staff_id"] and not row["works_here"]):
            return None
        found = _sign_in(row)
        return found if self.clock.now() < found.expires_at else None

    def sign_in(self, sign_in_id: str) -> SignIn | None:
        """The sign-in with this id, also one that has ended, or None."""
        row = self._one(_SIGN_IN_BY_ID, of=sign_in_id)
        return None if row is None else _sign_in(row)

    def add_pin_attempt(self, staff_id: str, device_id: str, ok: bool, *, at: datetime | None = None) -> None:
        """Keep that a PIN was typed for this person on this device, and whether it was right."""
        with self._writing() as writing:
            when = self._when(writing, at)
            row = {"staff_id": staff_id, "device_id": device_id, "at": text_of(when), "ok": ok}
            self._add(writing, tables.pin_attempt, row, staff_id if ok else "", "type pin", when)

    def pin_attempts(self, staff_id: str, device_id: str, since: datetime) -> list[tuple[datetime, bool]]:
        """The attempts at this person's PIN on this device since an instant, oldest first: (when, right)."""
        attempt = tables.pin_attempt.c
        return self._attempts(and_(attempt.staff_id == staff_id, attempt.device_id == device_id), since)

    def pin_attempts_on(self, device_id: str, since: datetime) -> list[tuple[datetime, bool]]:
        """The attempts on this device since an instant, at all PINs, oldest first: (when, right)."""
        return self._attempts(tables.pin_attempt.c.device_id == device_id, since)

    # Protocol versions

    def store_protocol(self, protocol: Protocol, by: str, *, at: datetime | None = None) -> StoredProtocol:
        """Keep one protocol version, word for word. The same text twice is one version."""
        with self._writing() as writing:
            if (found := self.stored_protocol(protocol.hash)) is not None:
                return found
            when = self._when(writing, at)
            row = {
                "hash_of_text": protocol.hash,
                "name": protocol.name,
                "version": protocol.version,
                "text": protocol.text,
                "stored_at": text_of(when),
                "stored_by": by,
            }
            self._add(writing, tables.protocol_version, row, by, "store protocol", when)
            writing.notice("protocol", protocol.hash)
            return StoredProtocol(protocol.hash, protocol.name, protocol.version, protocol.text, ())

    def stored_protocol(self, hash: str) -> StoredProtocol | None:
        """The protocol version with this hash and its approvals, or None."""
        version = tables.protocol_version
        return self._protocol(hash, select(version).where(version.c.hash_of_text == hash))

    def current_protocol(self) -> StoredProtocol | None:
        """The version that holds for infusions opened now: the one stored last, or None."""
        version = tables.protocol_version
        return self._protocol("", select(version).order_by(version.c.audited.desc()).limit(1))

    def protocol_approved_before(self, hash: str) -> StoredProtocol | None:
        """Of all versions but this one, the approved one whose last approval is the latest; None when there is none."""
        approval = tables.protocol_approval.c
        others = select(approval.protocol).where(approval.protocol != hash).group_by(approval.protocol)
        for row in self._all(others.order_by(func.max(approval.audited).desc())):
            found = self.stored_protocol(row["protocol"])
            if found is not None and found.approved:
                return found
        return None

    def approve_protocol(self, hash: str, staff_id: str, *, at: datetime | None = None) -> StoredProtocol:
        """Keep that this person accepts this version for the site, in their present role. Twice is once."""
        with self._writing() as writing:
            found = self.stored_protocol(hash)
            if found is None:
                raise StoreRefused("These ranges are not stored here.")
            person = self._require_staff(staff_id)
            if any(approval.staff_id == staff_id for approval in found.approvals):
                return found
            when = self._when(writing, at)
            row = {"protocol": hash, "staff_id": staff_id, "name": person.name, "role": person.role}
            self._add(writing, tables.protocol_approval, row | {"at": text_of(when)}, staff_id, "approve", when)
            writing.notice("protocol", hash)
            approval = Approval(staff_id, person.name, person.role, instant_of(text_of(when)))
            approvals = (*found.approvals, approval)
            return StoredProtocol(found.hash, found.name, found.version, found.text, approvals)

    # Patients and series

    def register_patient(
        self,
        number: str,
        name: str,
        birth_date: date,
        sex: str,
        allergies: str,
        by: str,
        id: str | None = None,
        *,
        at: datetime | None = None,
    ) -> Patient:
        """Register a person under a number no other patient has. The same id twice is one patient."""
        patient = Patient(id or str(uuid4()), number.strip(), name.strip(), birth_date, sex, allergies.strip())
        if not patient.number or not patient.name:
            raise StoreRefused("A patient needs a number and a name.")
        with self._writing() as writing:
            if (found := self.patient(patient.id)) is not None:
                if found != patient:
                    raise StoreRefused(f"Another patient was registered under this id: number {found.number}.")
                return found
            if (taken := self.patient_numbered(patient.number)) is not None:
                alike = "" if taken.number == patient.number else f"cannot be told from {taken.number}, which "
                raise StoreRefused(f"Patient number {patient.number} {alike}is taken.")
            when = self._when(writing, at)
            row = {"id": patient.id, "number": patient.number, "registered_at": text_of(when), "registered_by": by}
            self._add(writing, tables.patient, row, by, "register patient", when)
            self._add_details(writing, patient, by, when)
            return patient

    def correct_patient(
        self,
        patient_id: str,
        name: str,
        birth_date: date,
        sex: str,
        allergies: str,
        by: str,
        *,
        at: datetime | None = None,
    ) -> Patient:
        """Record a patient's details anew; the earlier ones stay stored. The number never changes."""
        with self._writing() as writing:
            found = self.patient(patient_id)
            if found is None:
                raise StoreRefused("This patient is not registered here.")
            patient = Patient(patient_id, found.number, name.strip(), birth_date, sex, allergies.strip())
            if not patient.name:
                raise StoreRefused("A patient needs a name.")
            if patient != found:
                self._add_details(writing, patient, by, self._when(writing, at))
                writing.forget_patient(patient_id)
                for infusion_id in self.infusions_of(patient_id):
                    writing.notice("infusion", infusion_id)
            return patient

    def patient(self, patient_id: str) -> Patient | None:
        """The patient with this id, or None."""
        with self._reading() as connection:
            return load_patient(connection, patient_id)

    def patient_numbered(self, number: str) -> Patient | None:
        """The patient with this number, or with one that the eye does not tell from it; None where there is none."""
        key = number_key(number)
        if not key:
            return None
        exact = tables.patient.c.number == number.strip()
        found = latest_details().where(func.number_key(tables.patient.c.number) == key).order_by(exact.desc())
        row = self._one(found.limit(1))
        return None if row is None else patient_of(row)

    def namesakes(self, name: str, birth_date: date) -> tuple[Patient, ...]:
        """Patients of this name, however its letters are made and its parts are ordered, born on this day."""
        parts = sorted(folded(name).split())
        born = latest_details().where(tables.patient_details.c.birth_date == birth_date.isoformat())
        found = (patient_of(row) for row in self._all(born.order_by(tables.patient.c.number)))
        return tuple(one for one in found if sorted(folded(one.name).split()) == parts)

    def find_patients(self, text: str, limit: int = 50) -> tuple[Patient, ...]:
        """Patients whose number or name contains `text`, or who were born on the day that it says or begins to say.

        First an exact number, who was born on that day, a number that begins so; "" gives the latest registered.
        """
        wanted = folded(text)
        statement = latest_details().limit(limit)
        if text.strip() and not wanted:
            return ()  # signs alone stand in no name
        if wanted:
            name, number = tables.patient_details.c.name, tables.patient.c.number
            born, key = tables.patient_details.c.birth_date, number_key(text)
            begun = [born.like(one) for one in birth_date_patterns(text)]
            first = (
                func.number_key(number) == key,
                born.in_([day.isoformat() for day in days_said(text)]),
                func.instr(func.number_key(number), key) == 1,
                or_(false(), *begun),
            )
            statement = statement.where(or_(_like(wanted), *begun))
            statement = statement.order_by(*(one.desc() for one in first), func.folded(name), number)
        else:
            statement = statement.order_by(tables.patient.c.audited.desc())
        return tuple(patient_of(row) for row in self._all(statement))

    def patients_version(self) -> int:
        """A number that grows whenever a patient is registered, or their details are recorded anew."""
        with self._reading() as connection:
            return int(connection.execute(select(func.max(tables.patient_details.c.audited))).scalar_one() or 0)

    def series_of(self, patient_id: str) -> tuple[Series, ...]:
        """A patient's series, by number."""
        of = series_now().where(tables.series.c.patient_id == patient_id).order_by(tables.series.c.number)
        return tuple(_series(row) for row in self._all(of))

    def series(self, series_id: str) -> Series | None:
        """The series with this id, or None."""
        row = self._one(series_now().where(tables.series.c.id == series_id))
        return None if row is None else _series(row)

    def open_series(
        self, patient_id: str, planned_infusions: int, by: str, id: str | None = None, *, at: datetime | None = None
    ) -> Series:
        """Open a patient's next series. The same id twice is one series."""
        if planned_infusions < 1:
            raise StoreRefused(f"{planned_infusions} planned infusions: expected at least one.")
        with self._writing() as writing:
            if id is not None and (found := self.series(id)) is not None:
                return found
            if self.patient(patient_id) is None:
                raise StoreRefused("This patient is not registered here.")
            when = self._when(writing, at)
            number = len(self.series_of(patient_id)) + 1
            new = {
                "id": id or str(uuid4()),
                "patient_id": patient_id,
                "number": number,
                "planned_infusions": planned_infusions,
                "opened_at": text_of(when),
                "opened_by": by,
            }
            self._add(writing, tables.series, new, by, "open series", when)
            return _series(new)

    def describe_series(
        self,
        series_id: str,
        planned_infusions: int,
        indication: str,
        prescriber: str,
        by: str,
        *,
        at: datetime | None = None,
    ) -> SeriesDetails:
        """Record anew what a series is for; what was said of it before stays stored. The same twice is once."""
        if planned_infusions < 1:
            raise StoreRefused(f"{planned_infusions} planned infusions: expected at least one.")
        with self._writing() as writing:
            series = self._require_series(series_id)
            said = (planned_infusions, indication.strip(), prescriber.strip())
            found = self.series_details(series_id)
            if found is not None and (found.planned_infusions, found.indication, found.prescriber) == said:
                return found
            when = self._when(writing, at)
            row = {
                "series_id": series_id,
                "planned_infusions": said[0],
                "indication": said[1],
                "prescriber": said[2],
                "recorded_at": text_of(when),
                "recorded_by": by,
            }
            self._add(writing, tables.series_details, row, by, "describe series", when)
            writing.notice("series", series_id)
            if planned_infusions != series.planned_infusions:
                # It stands in each of them: "infusion 3 of 6".
                writing.forget_patient(series.patient_id)
                for infusion_id in self.infusions_of(series.patient_id):
                    writing.notice("infusion", infusion_id)
            return self._series_details(row)

    def series_details(self, series_id: str) -> SeriesDetails | None:
        """What was said last of a series, None before anything was."""
        details = tables.series_details
        of = select(details).where(details.c.series_id == series_id).order_by(details.c.audited.desc()).limit(1)
        row = self._one(of)
        return None if row is None else self._series_details(row)

    # Outcome scores along a series

    def add_score(self, new: NewScore, by: str, *, at: datetime | None = None) -> Score:
        """Keep an outcome score, or that one is withdrawn. The same id twice is one score, if it says the same."""
        with self._writing() as writing:
            self._require_series(new.series_id)
            held = {score.id: score for score in self.scores_of(new.series_id)}
            if (found := held.get(new.id)) is not None:
                if _scored(found) != _scored(new):
                    raise EntryClash("A score with this id is stored already, and says something else.")
                return found
            if self._one(select(tables.score.c.id).where(tables.score.c.id == new.id)) is not None:
                raise EntryClash("A score with this id is stored already, in another series.")
            for named in (new.corrects, new.withdraws):
                if named is not None and (named not in held or not held[named].stands):
                    raise StoreRefused("The score to correct or withdraw does not stand in this series.")
            when = self._when(writing, at)
            row: dict[str, Any] = {
                "id": new.id,
                "series_id": new.series_id,
                "instrument": new.instrument,
                "version": new.version,
                "total": new.total,
                "items": None if new.items is None else _json(dict(new.items)),
                "rated_on": new.rated_on.isoformat(),
                "rater": new.rater,
                "note": new.note,
                "recorded_at": text_of(when),
                "recorded_by": by,
                "corrects": new.corrects,
                "withdraws": new.withdraws,
                "reason": new.reason,
            }
            self._add(writing, tables.score, row, by, "withdraw score" if new.withdraws else "add score", when)
            writing.notice("series", new.series_id)
            return next(score for score in self.scores_of(new.series_id) if score.id == new.id)

    def scores_of(self, series_id: str) -> tuple[Score, ...]:
        """Every score of a series, also those corrected or withdrawn, in the order recorded."""
        rows = self._all(
            select(tables.score).where(tables.score.c.series_id == series_id).order_by(tables.score.c.audited)
        )
        told = self._all(
            select(tables.score_told)
            .join_from(tables.score_told, tables.score)
            .where(tables.score.c.series_id == series_id)
            .order_by(tables.score_told.c.audited)
        )
        gone = {row[how] for row in rows for how in ("corrects", "withdraws")}
        return tuple(
            self._score(row, stands=row["id"] not in gone, told=[one for one in told if one["score_id"] == row["id"]])
            for row in rows
        )

    def score(self, score_id: str) -> Score | None:
        """The score with this id, or None."""
        row = self._one(select(tables.score.c.series_id).where(tables.score.c.id == score_id))
        found = () if row is None else self.scores_of(row["series_id"])
        return next((score for score in found if score.id == score_id), None)

    def tell_of_score(
        self, score_id: str, whom: str, told_at: datetime, by: str, *, at: datetime | None = None
    ) -> Score:
        """Keep that somebody was told of a score. The same person at the same time twice is once."""
        with self._writing() as writing:
            found = self.score(score_id)
            if found is None:
                raise StoreRefused("This score is not stored here.")
            told = instant_of(text_of(told_at))
            if any((one.whom, one.told_at) == (whom, told) for one in found.told):
                return found
            when = self._when(writing, at)
            row = {"score_id": score_id, "whom": whom, "told_at": text_of(told_at)}
            row |= {"recorded_at": text_of(when), "recorded_by": by}
            self._add(writing, tables.score_told, row, by, "tell of score", when)
            series_id = next(
                r["series_id"] for r in self._all(select(tables.score).where(tables.score.c.id == score_id))
            )
            writing.notice("series", series_id)
            return self.score(score_id) or found

    # Infusions

    def open_infusion(
        self, new: NewInfusion, by: str, *, past: FromFile | None = None, at: datetime | None = None
    ) -> Infusion:
        """Open an infusion at a free chair. The same id twice is one infusion.

        `past`: it was opened then, as a file tells, and takes no chair now; the audit row names the file.
        """
        with self._writing() as writing:
            if (found := writing.infusion(new.id)) is not None:
                return found
            patient = self.patient(new.patient_id)
            if patient is None:
                raise StoreRefused("This patient is not registered here.")
            series = {one.id: one for one in self.series_of(new.patient_id)}.get(new.series_id)
            if series is None:
                raise StoreRefused(f"{patient.name} has no such series.")
            if self.stored_protocol(new.protocol) is None:
                raise StoreRefused("The ranges this infusion would run under are not stored here.")
            if past is None:
                self._require_free(writing, new.chair)
            elif new.chair not in {chair.id for chair in self.chairs()}:
                raise StoreRefused("This chair is not known here.")
            when = self._when(writing, at)
            row: dict[str, Any] = {
                "id": new.id,
                "patient_id": new.patient_id,
                "series_id": new.series_id,
                "number": new.number,
                "weight_kg": new.weight_kg,
                "dose_mg_per_kg": new.dose_mg_per_kg,
                "planned_minutes": new.planned_minutes,
                "bag_volume_ml": new.bag_volume_ml,
                "every_minutes": new.every_minutes,
                "protocol": new.protocol,
                "identifiers": new.identifiers,
                "chair": new.chair,
                "opened_at": text_of(when if past is None else past.opened_at),
                "opened_by": by,
            }
            if past is None:
                self._add(writing, tables.infusion, row, by, "open infusion", when)
            else:
                detail = _json({"file": past.file, "sha256": past.sha256})
                writing.add(tables.infusion, row, actor=by, action=IMPORT, at=when, detail=detail)
            infusion = infusion_of(row, patient, series.planned_infusions, self._name, ())
            writing.changed[new.id] = infusion
            if past is None:  # what a file tells of has no chair here
                writing.settle(infusion)
            writing.notice("infusion", new.id)
            return infusion

    def infusion(self, infusion_id: str) -> Infusion | None:
        """The infusion with this id and everything recorded of it, or None."""
        if (writing := self._mine()) is not None:
            return writing.infusion(infusion_id)
        with self._keeping:
            if (found := self._kept.pop(infusion_id, None)) is not None:
                self._kept[infusion_id] = found
                return found
            writes = self._writes
        with self._reading() as connection:
            found = load_infusion(connection, infusion_id, self._name)
        if found is not None:
            with self._keeping:
                # A commit since then may have added to it: then this one is right to show, and wrong to keep.
                if writes == self._writes:
                    self._keep(found)
        return found

    def infusion_known_at(self, infusion_id: str, instant: datetime) -> Infusion | None:
        """The infusion as it was recorded by `instant`: its entries, the patient's details, the infusions planned.

        None for an unknown id. What was not recorded yet when it was opened is as it was recorded first.
        """
        found = self.infusion(infusion_id)
        if found is None:
            return None
        then, patient, details = text_of(instant), tables.patient_details, tables.series_details
        known = self._one(
            select(patient)
            .where(patient.c.patient_id == found.patient.id, patient.c.recorded_at <= then)
            .order_by(patient.c.audited.desc())
            .limit(1)
        )
        described = self._one(
            select(details.c.planned_infusions)
            .where(details.c.series_id == found.series, details.c.recorded_at <= then)
            .order_by(details.c.audited.desc())
            .limit(1)
        )
        if described is None:
            begun = select(tables.series.c.planned_infusions).where(tables.series.c.id == found.series)
            described = self._one(begun)
        was = found.patient
        if known is not None:
            was = patient_of({**known, "id": was.id, "number": was.number})
        planned = found.planned_infusions if described is None else described["planned_infusions"]
        return replace(found.known_at(instant), patient=was, planned_infusions=planned)

    def imported_from(self, infusion_id: str) -> ImportedFrom | None:
        """From which file an infusion came in, when, and who brought it; None for one recorded here."""
        infusion, audit = tables.infusion, tables.audit
        of = select(audit).join_from(infusion, audit, audit.c.seq == infusion.c.audited)
        row = self._one(of.where(infusion.c.id == infusion_id, audit.c.action == IMPORT))
        if row is None:
            return None
        detail = json.loads(row["detail"])
        return ImportedFrom(detail["file"], detail["sha256"], instant_of(row["at"]), self._name(row["actor"]))

    def imported_with(self, sha256: str) -> tuple[tuple[str, ImportedFrom], ...]:
        """The infusions that came in from the file with this digest, in their order, each with when and by whom."""
        infusion, audit = tables.infusion, tables.audit
        of = select(infusion.c.id, audit).join_from(infusion, audit, audit.c.seq == infusion.c.audited)
        of = of.where(audit.c.action == IMPORT, func.json_extract(audit.c.detail, "$.sha256") == sha256)
        return tuple(
            (
                row["id"],
                ImportedFrom(
                    json.loads(row["detail"])["file"], sha256, instant_of(row["at"]), self._name(row["actor"])
                ),
            )
            for row in self._all(of.order_by(audit.c.seq))
        )

    def infusions_of(self, patient_id: str) -> tuple[str, ...]:
        """The ids of a patient's infusions, in the order they were opened."""
        rows = select(tables.infusion.c.id).where(tables.infusion.c.patient_id == patient_id)
        return tuple(
            row["id"] for row in self._all(rows.order_by(tables.infusion.c.opened_at, tables.infusion.c.audited))
        )

    def numbered(self, series_id: str) -> tuple[Numbered, ...]:
        """The infusions of a series in the order they were opened; nothing of what was recorded is loaded."""
        of = select(tables.infusion.c.id, tables.infusion.c.number, tables.infusion.c.opened_at)
        of = of.where(tables.infusion.c.series_id == series_id)
        rows = self._all(of.order_by(tables.infusion.c.opened_at, tables.infusion.c.audited))
        return tuple(Numbered(row["id"], row["number"], instant_of(row["opened_at"])) for row in rows)

    def open_infusions(self) -> tuple[Infusion, ...]:
        """The infusions neither closed nor cancelled, in the order they were opened."""
        writing = self._mine()
        ids = sorted(self._open if writing is None else writing.open)
        found = (self.infusion(infusion_id) for infusion_id in ids)
        return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.opened_at, one.id)))

    def past_events(self, kind: EventKind, *, live: bool = False) -> dict[str, tuple[str, int]]:
        """Of each closed or cancelled infusion its protocol's hash, and how many events of `kind` not withdrawn it has.

        `live`: only those typed on a live screen, which were judged by what they met. Told without loading any
        infusion: what is asked of years of them at once.
        """
        writing = self._mine()
        still_open = self._open if writing is None else writing.open
        infusion, entry, event = tables.infusion, tables.entry, tables.event
        withdrawn = select(entry.c.withdraws).where(entry.c.withdraws.is_not(None))
        held = (
            select(entry.c.infusion_id, func.count().label("events"))
            .join_from(event, entry, event.c.entry_id == entry.c.id)
            # Told that few events are, SQLite looks through the events first, and not through every entry.
            .where(func.unlikely(event.c.kind == kind), entry.c.id.not_in(withdrawn))
            .where(*([entry.c.queued.is_(False)] if live else []))
            .group_by(entry.c.infusion_id)
            .subquery()
        )
        statement = (
            select(infusion.c.id, infusion.c.protocol, func.coalesce(held.c.events, 0).label("events"))
            .outerjoin_from(infusion, held, held.c.infusion_id == infusion.c.id)
            .where(infusion.c.id.not_in(sorted(still_open)))
        )
        return {row["id"]: (row["protocol"], row["events"]) for row in self._all(statement)}

    def add_entry(self, infusion_id: str, draft: NewEntry, *, at: datetime | None = None) -> Saved:
        """Save what one person saved with one tap: durable, chained and audited when this returns.

        The same id again with the same content is answered `again`; with other content raises EntryClash. A live move
        to an occupied chair raises StoreRefused; one out of an outbox, or of a patient who has left, has happened.
        """
        with self._writing() as writing:
            infusion = writing.infusion(infusion_id)
            if infusion is None:
                raise StoreRefused("This infusion is not stored here.")
            for earlier in infusion.entries:
                if earlier.id == draft.id:
                    if _says(earlier) != _says(draft):
                        raise EntryClash("An entry with this id is stored already, and says something else.")
                    return Saved(earlier, again=True)
            if writing.holder(draft.id) is not None:
                raise EntryClash("An entry with this id is stored already, in another infusion.")
            self._require_author(draft.author)
            held = {entry.id for entry in infusion.entries}
            if not {draft.corrects, draft.withdraws} - {None} <= held:
                raise StoreRefused("The entry to correct or withdraw is not stored in this infusion.")
            event = draft.event
            if event is not None and event.kind == "move" and not draft.queued and infusion_id in writing.open:
                self._require_free(writing, str(event.detail.get("chair")), mover=infusion_id)
            when = self._when(writing, at)
            changed = writing.add_entry(infusion, *_entry_rows(draft), at=when)
            writing.notice("infusion", infusion_id)
            if event is not None and event.kind == "move":
                writing.notice("board", "")
            return Saved(changed.entries[-1], again=False)

    def add_attestation(
        self,
        device_id: str,
        staff_id: str,
        infusion_id: str,
        entry_id: str,
        meaning: str,
        *,
        at: datetime | None = None,
    ) -> Attestation:
        """Keep that this person has just proved by PIN who they are, for one entry that will be saved."""
        with self._writing() as writing:
            person = self._require_staff(staff_id)
            if person not in self.staff():
                raise StoreRefused(f"{person.name} no longer works here.")
            if self.device(device_id) is None:
                raise StoreRefused("This device is not known here.")
            if writing.infusion(infusion_id) is None:
                raise StoreRefused("This infusion is not stored here.")
            if writing.holder(entry_id) is not None:
                raise StoreRefused("This entry is saved already: a signature comes before it.")
            when = self._when(writing, at)
            row = {
                "id": str(uuid4()),
                "staff_id": staff_id,
                "name": person.name,
                "role": person.role,
                "device_id": device_id,
                "infusion_id": infusion_id,
                "entry_id": entry_id,
                "meaning": meaning,
                "at": text_of(when),
            }
            self._add(writing, tables.attestation, row, staff_id, "attest", when)
            return _attestation(row)

    def attestation(self, attestation_id: str) -> Attestation | None:
        """The attestation with this id, or None."""
        row = self._one(select(tables.attestation).where(tables.attestation.c.id == attestation_id))
        return None if row is None else _attestation(row)

    def add_view(self, staff_id: str, infusion_id: str, screen: str) -> None:
        """Keep that a person looked at an infusion; "" for a wall screen."""
        with self._writing() as writing:
            when = self._when(writing, None)
            row = {"staff_id": staff_id, "infusion_id": infusion_id, "at": text_of(when), "screen": screen}
            self._add(writing, tables.view, row, staff_id, "view", when)

    def note_view(self, staff_id: str, infusion_id: str, screen: str) -> None:
        """As `add_view`, but whoever looks does not wait: it is written down in the background, and not forgotten."""
        self._waiting_views.add(NewView(staff_id, infusion_id, screen, self.clock.now()))

    def _write_views(self, views: Sequence[NewView]) -> None:
        with self._writing() as writing:
            when = self._when(writing, None)
            for one in views:
                row = {"staff_id": one.staff_id, "infusion_id": one.infusion_id, "screen": one.screen}
                self._add(writing, tables.view, row | {"at": text_of(one.at)}, one.staff_id, "view", when)

    def views_of(self, infusion_id: str) -> tuple[View, ...]:
        """Who looked at an infusion, on which screen, in the order they did; also what is still to be written down."""
        waiting = self._waiting_views.of(infusion_id)  # asked first: what is written meanwhile is found below
        view = tables.view
        rows = self._all(select(view).where(view.c.infusion_id == infusion_id).order_by(view.c.audited))
        seen = [(row["staff_id"], row["screen"], row["at"]) for row in rows]
        seen += [one for one in ((v.staff_id, v.screen, text_of(v.at)) for v in waiting) if one not in seen]
        return tuple(View(staff_id, self._name(staff_id), screen, instant_of(at)) for staff_id, screen, at in seen)

    def add_export(self, staff_id: str, new: NewExport, *, id: str | None = None, at: datetime | None = None) -> Export:
        """Keep that a person took a file out of the records: written before the file is handed over."""
        with self._writing() as writing:
            self._require_staff(staff_id)
            when = self._when(writing, at)
            row = {
                "id": id or str(uuid4()),
                "staff_id": staff_id,
                "at": text_of(when),
                "kind": new.kind,
                "scope": new.scope,
                "subject": new.subject,
                "infusions": _json(list(new.infusions)),
                "chosen": _json(dict(new.chosen)),
                "deidentified": new.deidentified,
                "bytes": new.bytes,
                "sha256": new.sha256,
            }
            self._add(writing, tables.export, row, staff_id, "export", when)
            return self._export(row)

    def exports(self, limit: int = 50, offset: int = 0) -> tuple[Export, ...]:
        """What left the records as a file, latest first."""
        rows = select(tables.export).order_by(tables.export.c.audited.desc()).limit(limit).offset(offset)
        return tuple(self._export(row) for row in self._all(rows))

    def exports_of(self, infusion_id: str) -> tuple[Export, ...]:
        """The files that hold anything of one infusion, in the order they were made; those of the whole clinic too."""
        export = tables.export
        held = func.json_each(export.c.infusions).table_valued("value", name="held")
        named = select(held.c.value).where(held.c.value == infusion_id).exists()
        rows = select(export).where(or_(named, export.c.scope == "clinic")).order_by(export.c.audited)
        return tuple(self._export(row) for row in self._all(rows))

    @contextmanager
    def bulk(self) -> Iterator[Self]:
        """Many writes of this thread in one transaction, all or none; other threads read on, and wait to write."""
        if self._mine() is not None:
            yield self
            return
        with self._transaction() as writing:
            self._here.writing = writing
            try:
                yield self
            finally:
                self._here.writing = None
        self._tell(writing)

    # Inside

    @contextmanager
    def _writing(self) -> Iterator[Writing]:
        if (writing := self._mine()) is not None:
            yield writing
            return
        with self._transaction() as writing:
            # Reads made while writing see what this transaction sees.
            self._here.writing = writing
            try:
                yield writing
            finally:
                self._here.writing = None
        self._tell(writing)

    @contextmanager
    def _transaction(self) -> Iterator[Writing]:
        with self._database.alone():
            with self._database.write() as connection:
                writing = Writing(connection, self._name, self._kept.get, self._open)
                yield writing
                writing.flush()
            # Committed. Still alone, so that what is kept follows the order of the commits.
            if writing.head is not None:
                self._heads.keep(Head(*writing.head))
            with self._keeping:
                self._writes += 1
                for infusion in writing.changed.values():
                    self._keep(infusion)
                if writing.patients:
                    gone = [key for key, one in self._kept.items() if one.patient.id in writing.patients]
                    for key in gone:
                        del self._kept[key]
                if writing.changes("protocol"):
                    self._protocols.clear()
            self._open = writing.open
        if writing.newest is not None:
            self.clock.written(writing.newest, busy=bool(writing.open))

    def _tell(self, writing: Writing) -> None:
        for kind, subject in writing.notices:
            for subscriber in tuple(self._subscribers):
                try:
                    subscriber(kind, subject)
                except Exception:
                    _log.exception("A subscriber failed on %s %s; what was saved stays saved.", kind, subject)

    def _mine(self) -> Writing | None:
        return getattr(self._here, "writing", None)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if (writing := self._mine()) is not None:
            writing.flush()
            yield writing.connection
            return
        with self._database.read() as connection:
            yield connection

    def _one(self, statement: Select[Any], **values: object) -> Row | None:
        with self._reading() as connection:
            row: Row | None = connection.execute(statement, values).mappings().one_or_none()
            return row

    def _all(self, statement: Select[Any]) -> Sequence[Row]:
        with self._reading() as connection:
            rows: Sequence[Row] = connection.execute(statement).mappings().all()
            return rows

    def _keep(self, infusion: Infusion) -> None:
        self._kept.pop(infusion.id, None)
        self._kept[infusion.id] = infusion
        while len(self._kept) > KEPT_INFUSIONS:
            del self._kept[next(iter(self._kept))]

    def _name(self, staff_id: str) -> str:
        if staff_id not in self._names:
            for row in self._all(select(tables.staff.c.id, tables.staff.c.name)):
                self._names[row["id"]] = row["name"]
        return self._names.get(staff_id, "")

    def _when(self, writing: Writing, at: datetime | None) -> datetime:
        if at is None:
            return self.clock.now()
        if writing.demonstration is None:
            clinic = self.clinic()
            writing.demonstration = clinic is not None and clinic.demonstration
        if not writing.demonstration:
            raise StoreRefused("Only a demonstration may be given times of its own.")
        return at

    def _add(
        self, writing: Writing, table: Table, row: dict[str, Any], actor: str, action: str, when: datetime
    ) -> None:
        writing.add(table, row, actor=actor, action=action, at=when)

    def _add_pin(self, writing: Writing, staff_id: str, pin_hash: str, by: str, when: datetime) -> None:
        row = {"staff_id": staff_id, "argon2_hash": pin_hash, "set_at": text_of(when), "set_by": by}
        self._add(writing, tables.staff_pin, row, by, "set pin", when)

    def _add_details(self, writing: Writing, patient: Patient, by: str, when: datetime) -> None:
        row = {
            "patient_id": patient.id,
            "name": patient.name,
            "birth_date": patient.birth_date.isoformat(),
            "sex": patient.sex,
            "allergies": patient.allergies,
            "recorded_at": text_of(when),
            "recorded_by": by,
        }
        self._add(writing, tables.patient_details, row, by, "record details", when)
        writing.notice("patient", patient.id)

    def _add_sign_out(
        self, writing: Writing, sign_in_id: str, device_id: str, why: str, by: str, when: datetime
    ) -> None:
        row = {"sign_in_id": sign_in_id, "at": text_of(when), "why": why}
        self._add(writing, tables.sign_out, row, by, "sign out", when)
        writing.notice("sign_in", device_id)

    def _end_sign_ins_of(
        self, writing: Writing, staff_id: str, why: str, by: str, when: datetime, *, keep: str = ""
    ) -> None:
        still = _SIGN_IN.where(
            tables.sign_in.c.staff_id == staff_id,
            tables.sign_in.c.id != keep,
            tables.sign_out.c.sign_in_id.is_(None),
            tables.sign_in.c.expires_at > text_of(when),
        )
        for found in self._all(still):
            self._add_sign_out(writing, found["id"], found["device_id"], why, by, when)

    def _attempts(self, whose: Any, since: datetime) -> list[tuple[datetime, bool]]:
        attempt = tables.pin_attempt
        rows = self._all(select(attempt).where(whose, attempt.c.at >= text_of(since)).order_by(attempt.c.audited))
        return [(instant_of(row["at"]), row["ok"]) for row in rows]

    def _protocol(self, key: str, statement: Select[Any]) -> StoredProtocol | None:
        writing = self._mine()
        if writing is not None and writing.changes("protocol"):
            return self._load_protocol(statement)
        with self._keeping:
            if (kept := self._protocols.get(key)) is not None:
                return kept
            writes = self._writes
        found = self._load_protocol(statement)
        with self._keeping:
            # As with infusions: what was loaded while something was committed may be the former.
            if found is not None and writes == self._writes:
                self._protocols[key] = found
        return found

    def _load_protocol(self, statement: Select[Any]) -> StoredProtocol | None:
        row = self._one(statement)
        if row is None:
            return None
        approval = tables.protocol_approval
        of = select(approval).where(approval.c.protocol == row["hash_of_text"]).order_by(approval.c.audited)
        approvals = tuple(
            Approval(found["staff_id"], found["name"], found["role"], instant_of(found["at"]))
            for found in self._all(of)
        )
        return StoredProtocol(row["hash_of_text"], row["name"], row["version"], row["text"], approvals)

    def _require_staff(self, staff_id: str) -> Staff:
        person = self.staff_member(staff_id)
        if person is None:
            raise StoreRefused("This member of staff is not known here.")
        return person

    def _require_series(self, series_id: str) -> Series:
        series = self.series(series_id)
        if series is None:
            raise StoreRefused("This series is not known here.")
        return series

    def _series_details(self, row: Row) -> SeriesDetails:
        return SeriesDetails(
            series_id=row["series_id"],
            planned_infusions=row["planned_infusions"],
            indication=row["indication"],
            prescriber=row["prescriber"],
            recorded_at=instant_of(row["recorded_at"]),
            recorded_by=row["recorded_by"],
            recorded_by_name=self._name(row["recorded_by"]),
        )

    def _export(self, row: Row) -> Export:
        return Export(
            id=row["id"],
            staff_id=row["staff_id"],
            name=self._name(row["staff_id"]),
            at=instant_of(row["at"]),
            what=NewExport(
                kind=row["kind"],
                scope=row["scope"],
                subject=row["subject"],
                infusions=tuple(json.loads(row["infusions"])),
                chosen=json.loads(row["chosen"]),
                deidentified=bool(row["deidentified"]),
                bytes=row["bytes"],
                sha256=row["sha256"],
            ),
        )

    def _score(self, row: Row, *, stands: bool, told: Sequence[Row]) -> Score:
        return Score(
            id=row["id"],
            series_id=row["series_id"],
            instrument=row["instrument"],
            version=row["version"],
            total=row["total"],
            items=None if row["items"] is None else json.loads(row["items"]),
            rated_on=date.fromisoformat(row["rated_on"]),
            rater=row["rater"],
            note=row["note"],
            recorded_at=instant_of(row["recorded_at"]),
            recorded_by=row["recorded_by"],
            recorded_by_name=self._name(row["recorded_by"]),
            corrects=row["corrects"],
            withdraws=row["withdraws"],
            reason=row["reason"],
            stands=stands and row["withdraws"] is None,
            told=tuple(
                ScoreTold(
                    whom=one["whom"],
                    told_at=instant_of(one["told_at"]),
                    recorded_at=instant_of(one["recorded_at"]),
                    recorded_by=one["recorded_by"],
                    recorded_by_name=self._name(one["recorded_by"]),
                )
                for one in told
            ),
        )

    def _require_author(self, staff_id: str) -> None:
        # Staff rows stay, so a name once seen is as good as another look.
        if not staff_id or not self._name(staff_id):
            raise StoreRefused("The author of this entry is not known here.")

    def _require_free(self, writing: Writing, chair_id: str, mover: str = "") -> None:
        labels = {chair.id: chair.label for chair in self.chairs()}
        if chair_id not in labels:
            raise StoreRefused("This chair is not known here.")
        for infusion_id in sorted(writing.open - {mover}):
            other = writing.infusion(infusion_id)
            if other is not None and outlined(other).chair == chair_id:
                # Without a name: a tablet keeps the sentence, beside another patient's entry.
                raise StoreRefused(f"{labels[chair_id]} is taken: expected a free chair.")


def _like(wanted: str) -> Any:
    """Every word must be found in the name or in the number, as they are written or without the spaces in them."""
    texts = [func.folded(column) for column in (tables.patient.c.number, tables.patient_details.c.name)]
    texts += [func.replace(text, " ", "") for text in texts]
    return and_(*(or_(*(func.instr(text, word) > 0 for text in texts)) for word in wanted.split()))


def _staff(row: Row) -> Staff:
    return Staff(row["id"], row["name"], row["role"])


def _sign_in(row: Row) -> SignIn:
    person = None if row["staff_id"] is None else Staff(row["staff_id"], row["name"], row["role"])
    ended_at = None if row["ended_at"] is None else instant_of(row["ended_at"])
    return SignIn(row["id"], row["device_id"], person, instant_of(row["at"]), instant_of(row["expires_at"]), ended_at)


def _series(row: Row) -> Series:
    opened_at = instant_of(row["opened_at"])
    return Series(row["id"], row["patient_id"], row["number"], row["planned_infusions"], opened_at)


def _attestation(row: Row) -> Attestation:
    return Attestation(
        id=row["id"],
        staff=Staff(row["staff_id"], row["name"], row["role"]),
        device=row["device_id"],
        infusion=row["infusion_id"],
        entry=row["entry_id"],
        meaning=row["meaning"],
        at=instant_of(row["at"]),
    )


def _scored(score: Score | NewScore) -> tuple[object, ...]:
    """What a score says, apart from who recorded it and when."""
    return (
        score.series_id,
        score.instrument,
        score.version,
        score.total,
        None if score.items is None else dict(score.items),
        score.rated_on,
        score.rater,
        score.note,
        score.corrects,
        score.withdraws,
        score.reason,
    )


def _entry_rows(
    draft: NewEntry,
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]], dict[str, Any] | None, dict[str, Any] | None]:
    entry = {
        "id": draft.id,
        "kind": draft.kind,
        "observed_at": text_of(draft.observed_at),
        "tapped_at": text_of(draft.tapped_at),
        "author": draft.author,
        "corrects": draft.corrects,
        "withdraws": draft.withdraws,
        "reason": draft.reason,
        "clock": draft.clock,
        "queued": draft.queued,
        "sign_in": draft.sign_in,
        "other_sign_in": draft.other_sign_in,
        "after_signing": draft.after_signing,
        # Empty is NULL, which stands in no hash: rows from before these columns keep theirs.
        "amendment": draft.amendment or None,
        "source": draft.source or None,
        "linked": draft.linked or None,
        "observed_given": text_of(draft.observed_given) if draft.observed_given else None,
        "tapped_given": text_of(draft.tapped_given) if draft.tapped_given else None,
    }
    for reading in draft.readings:
        if reading.id != f"{draft.id}/{reading.measure}":
            raise StoreRefused(f"Reading {reading.id}: expected the id {draft.id}/{reading.measure}.")
    measures = [*(reading.measure for reading in draft.readings), *(part.measure for part in draft.not_done)]
    if len(set(measures)) != len(measures):
        raise StoreRefused("A measure stands twice in this entry: expected one value or one reason each.")
    readings = [
        {
            "id": reading.id,
            "entry_id": draft.id,
            "position": position,
            "measure": reading.measure,
            "value": reading.value,
            "confirmed_unusual": reading.confirmed_unusual,
            "observed_not_asked": reading.observed_not_asked,
        }
        for position, reading in enumerate(draft.readings)
    ]
    not_done = [
        {"entry_id": draft.id, "measure": part.measure, "position": position, "reason": part.reason}
        for position, part in enumerate(draft.not_done)
    ]
    event = acknowledgement = None
    if draft.event is not None:
        if draft.event.kind not in get_args(EventKind):
            raise StoreRefused(
                f"Event {draft.event.kind!r} is unknown: expected one of {', '.join(get_args(EventKind))}."
            )
        event = {"entry_id": draft.id, "kind": draft.event.kind, "detail": _json(draft.event.detail)}
    if (seen := draft.acknowledgement) is not None:
        acknowledgement = {
            "entry_id": draft.id,
            "flag": seen.flag,
            "measure": seen.measure,
            "side": seen.side,
            "level": seen.level,
            "rule": seen.rule,
            "seen": _json(list(seen.seen)),
            "done": seen.done,
        }
    return entry, readings, not_done, event, acknowledgement


def _json(value: object) -> str:
    try:
        return chain.canonical(value)
    except (TypeError, ValueError) as error:
        raise StoreRefused("An event's details hold something that cannot be stored.") from error


def _says(entry: Entry | NewEntry) -> tuple[object, ...]:
    """What an entry says, apart from how it travelled and what the server added: baseline, signatures, link."""
    event = entry.event
    added = ("baseline", "signatures")
    detail = "" if event is None else _json({k: v for k, v in event.detail.items() if k not in added})
    return (
        entry.kind,
        text_of(entry.observed_given or entry.observed_at),  # as it came: sent again later, it may be placed elsewhere
        entry.author,
        {r.measure: (r.value, r.confirmed_unusual, r.observed_not_asked) for r in entry.readings},
        {part.measure: part.reason for part in entry.not_done},
        None if event is None else (event.kind, detail),
        entry.acknowledgement,
        entry.corrects,
        entry.withdraws,
        entry.reason,
        entry.amendment,
        entry.source,
    )
