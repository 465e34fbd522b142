"""One transaction's new rows, each with its hash and the audit row that covers it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, select

from monitoring.clinical.course import is_over, leads_on
from monitoring.clinical.record import Infusion
from monitoring.records import chain, tables
from monitoring.records.loading import Names, entry_of, load_infusion, text_of
from monitoring.records.shapes import StoreRefused

_INSERT = {table.name: table.insert() for table in tables.IN_ORDER}
_AUDIT_HEAD = select(tables.audit.c.seq, tables.audit.c.hash).order_by(tables.audit.c.seq.desc()).limit(1)
_ENTRY_HEAD = (
    select(tables.entry.c.seq, tables.entry.c.hash)
    .where(tables.entry.c.infusion_id == bindparam("of"))
    .order_by(tables.entry.c.seq.desc())
    .limit(1)
)
_GENESIS = select(tables.infusion.c.hash).where(tables.infusion.c.id == bindparam("of"))
_HOLDER = select(tables.entry.c.infusion_id).where(tables.entry.c.id == bindparam("of"))

Rows = list[dict[str, Any]]


class Writing:
    """The rows of one transaction. They are kept here until `flush`, so that a thousand go in as one batch.

    The transaction was begun IMMEDIATE: between reading the heads of the chains here and the commit nobody else writes.
    """

    def __init__(
        self,
        connection: Connection,
        names: Names,
        cached: Callable[[str], Infusion | None],
        open_infusions: set[str],
    ) -> None:
        self.connection = connection
        self.open = set(open_infusions)
        self.changed: dict[str, Infusion] = {}
        self.patients: set[str] = set()  # whose details changed
        self.notices: dict[tuple[str, str], None] = {}  # in order, each once
        self.demonstration: bool | None = None
        self.newest: datetime | None = None  # of the instants at which something was written
        self._names = names
        self._cached = cached
        self._rows: dict[str, Rows] = defaultdict(list)
        self._entries: dict[str, str] = {}  # entry id to infusion id, of rows not yet flushed
        self._heads: dict[str, tuple[int, str]] = {}
        self._audit: tuple[int, str] | None = None

    def flush(self) -> None:
        """Hand all rows kept so far to the database, parents before children."""
        for table in tables.IN_ORDER:
            if rows := self._rows.pop(table.name, None):
                # A single row with a plain dict takes the driver's shorter way.
                self.connection.execute(_INSERT[table.name], rows if len(rows) > 1 else rows[0])
        self._entries.clear()

    def notice(self, kind: str, subject: str) -> None:
        """Remember whom to tell after the commit."""
        self.notices[kind, subject] = None

    def changes(self, kind: str) -> bool:
        """Whether somebody will be told of a change of this kind."""
        return any(noticed == kind for noticed, _ in self.notices)

    def add(
        self, table: Table, row: dict[str, Any], *, actor: str, action: str, at: datetime, detail: str = "{}"
    ) -> None:
        """Add one row of any table but `entry`, and the audit row that covers it. Fills `audited` and `hash`.

        `detail`: what the audit row says beside the row itself, as canonical JSON.
        """
        row["audited"] = self._audit_head()[0] + 1
        as_stored(table, row)
        digest = _hashed(lambda: chain.row_hash(table.name, row))
        if "hash" in table.c:
            row["hash"] = digest
        self._rows[table.name].append(row)
        (key,) = table.primary_key.columns
        self._add_audit(table.name, str(row[key.name]), digest, actor=actor, action=action, at=at, detail=detail)
        if table is tables.infusion:
            self._heads[row["id"]] = (0, digest)

    @property
    def head(self) -> tuple[int, str] | None:
        """Where the audit chain ends with this transaction's rows; None when it adds none."""
        return self._audit

    def add_fact(self, kind: str, subject: str, *, actor: str, action: str, at: datetime, detail: str) -> None:
        """Add an audit row that covers no other row: something about the records themselves, as canonical JSON."""
        digest = chain.fact_hash(kind, detail)
        self._add_audit(kind, subject, digest, actor=actor, action=action, at=at, detail=detail)

    def add_entry(
        self,
        infusion: Infusion,
        row: dict[str, Any],
        readings: Rows,
        not_done: Rows,
        event: dict[str, Any] | None,
        acknowledgement: dict[str, Any] | None,
        *,
        at: datetime,
    ) -> Infusion:
        """Add one entry with its parts at the end of its infusion's chain; answers the infusion with it."""
        count, previous = self._head(infusion.id)
        if count != len(infusion.entries):
            raise LookupError(f"Infusion {infusion.id} holds {count} entries, {len(infusion.entries)} were loaded.")
        row |= {"infusion_id": infusion.id, "seq": count + 1, "recorded_at": text_of(at)}
        row |= {"hash_version": chain.FORMAT, "prev_hash": previous}
        as_stored(tables.entry, row)
        for part in readings:
            as_stored(tables.reading, part)
        row["hash"] = _hashed(lambda: chain.entry_hash(previous, row, readings, not_done, event, acknowledgement))
        self._rows["entry"].append(row)
        self._rows["reading"].extend(readings)
        self._rows["not_done"].extend(not_done)
        self._rows["event"].extend([event] if event else [])
        self._rows["acknowledgement"].extend([acknowledgement] if acknowledgement else [])
        self._entries[row["id"]] = infusion.id
        self._heads[infusion.id] = (count + 1, row["hash"])
        self._add_audit(
            "entry",
            row["id"],
            row["hash"],
            actor=row["author"],
            action="record",
            at=at,
            infusion=(infusion.id, count + 1, row["hash"]),
        )
        entry = entry_of(row, readings, not_done, event, acknowledgement, self._names)
        changed = replace(infusion, entries=(*infusion.entries, entry))
        self.changed[infusion.id] = changed
        if (event is not None and leads_on(event["kind"])) or row["corrects"] or row["withdraws"]:
            self.settle(changed)
        return changed

    def forget_patient(self, patient_id: str) -> None:
        """Load this patient's infusions anew when next asked for: the details changed."""
        self.patients.add(patient_id)
        self.changed = {key: one for key, one in self.changed.items() if one.patient.id != patient_id}

    def settle(self, infusion: Infusion) -> None:
        """Note whether this infusion still has its chair."""
        before = infusion.id in self.open
        after = not is_over(infusion)
        (self.open.add if after else self.open.discard)(infusion.id)
        if before != after:
            self.notice("board", "")

    def infusion(self, infusion_id: str) -> Infusion | None:
        """The infusion as this transaction sees it."""
        if (found := self.changed.get(infusion_id)) is not None:
            return found
        found = self._cached(infusion_id)
        if (
            found is not None
            and found.patient.id not in self.patients
            and len(found.entries) == self._head(infusion_id)[0]
        ):
            return found
        self.flush()
        found = load_infusion(self.connection, infusion_id, self._names)
        if found is not None:
            self.changed[infusion_id] = found
        return found

    def holder(self, entry_id: str) -> str | None:
        """The id of the infusion that holds the entry with this id, or None when there is no such entry."""
        if (found := self._entries.get(entry_id)) is not None:
            return found
        return self.connection.execute(_HOLDER, {"of": entry_id}).scalar_one_or_none()

    def _head(self, infusion_id: str) -> tuple[int, str]:
        if (found := self._heads.get(infusion_id)) is None:
            row = self.connection.execute(_ENTRY_HEAD, {"of": infusion_id}).one_or_none()
            if row is None:
                found = (0, self.connection.execute(_GENESIS, {"of": infusion_id}).scalar_one_or_none() or "")
            else:
                found = (row.seq, row.hash)
            self._heads[infusion_id] = found
        return found

    def _audit_head(self) -> tuple[int, str]:
        if self._audit is None:
            row = self.connection.execute(_AUDIT_HEAD).one_or_none()
            self._audit = (0, chain.GENESIS) if row is None else (row.seq, row.hash)
        return self._audit

    def _add_audit(
        self,
        kind: str,
        subject: str,
        digest: str,
        *,
        actor: str,
        action: str,
        at: datetime,
        infusion: tuple[str | None, int | None, str | None] = (None, None, None),
        detail: str = "{}",
    ) -> None:
        self.newest = at if self.newest is None else max(self.newest, at)
        seq, previous = self._audit_head()
        row: dict[str, Any] = {
            "seq": seq + 1,
            "at": text_of(at),
            "actor": actor,
            "action": action,
            "subject_kind": kind,
            "subject_id": subject,
            "subject_hash": digest,
            "infusion_id": infusion[0],
            "infusion_count": infusion[1],
            "infusion_head": infusion[2],
            "detail": detail,
            "hash_version": chain.FORMAT,
            "prev_hash": previous,
        }
        row["hash"] = _hashed(lambda: chain.audit_hash(previous, row))
        self._rows["audit"].append(row)
        self._audit = (seq + 1, row["hash"])


def as_stored(table: Table, row: dict[str, Any]) -> None:
    """Turn each value into what SQLite gives back for it, so that a hash made now holds when the row is read.

    A column keeps numbers in its own kind (40 in a column of floats is 40.0), and SQLite has only one zero.
    """
    for name, turn in _TURN[table.name]:
        if (value := row.get(name)) is not None:
            row[name] = turn(value)


def _float(value: Any) -> float:
    return float(value) + 0.0  # -0.0 becomes 0.0


_BY_TYPE: dict[type, Callable[[Any], Any]] = {float: _float, int: int, bool: bool}
_TURN = {
    table.name: [
        (column.name, _BY_TYPE[column.type.python_type])
        for column in table.columns
        if column.type.python_type in _BY_TYPE
    ]
    for table in tables.IN_ORDER
}


def _hashed(hash_of: Callable[[], str]) -> str:
    try:
        return hash_of()
    except ValueError as error:  # half a surrogate pair, NaN, infinity
        raise StoreRefused("This text or number holds something that cannot be stored.") from error
