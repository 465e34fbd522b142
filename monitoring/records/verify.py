"""Walk the chains of a database and name the first row that is not as it was saved.

Reads only, and works beside a running server. What the chains can and cannot prove: see `monitoring.records.chain`.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from monitoring.records import chain
from monitoring.records.database import HEAD, file_of, lost_log
from monitoring.records.heads import Gap, gap_at, head_file, noted_gaps, read_head
from monitoring.records.heads import Head as Head  # part of this module's words, too
from monitoring.records.shapes import StoreRefused

Row = dict[str, Any]

# Tables whose rows are each named by an audit row, with the column that names a row.
AUDITED = {
    "clinic": "id",
    "chair": "id",
    "staff": "id",
    "staff_pin": "audited",
    "staff_left": "staff_id",
    "staff_presence": "audited",
    "device": "id",
    "sign_in": "id",
    "sign_out": "sign_in_id",
    "pin_attempt": "audited",
    "patient": "id",
    "patient_details": "audited",
    "series": "id",
    "series_details": "audited",
    "score": "id",
    "score_told": "audited",
    "protocol_version": "hash_of_text",
    "protocol_approval": "audited",
    "infusion": "id",
    "attestation": "id",
    "view": "audited",
    "export": "id",
}
# Tables whose rows are inside an entry's hash, with what a row is called.
PARTS = {"reading": "reading", "not_done": "measure not done", "event": "event", "acknowledgement": "acknowledgement"}


def head(url: str) -> Head:
    """The present head of the audit chain, to be kept where the database's file is not."""
    with closing(read_only(file_of(url))) as connection:
        found = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        return Head(0, chain.GENESIS) if found is None else Head(found["seq"], found["hash"])


@dataclass(frozen=True, slots=True)
class InfusionChain:
    """Whether one infusion is as it was saved: nothing is wrong when `sentences` is empty.

    `entries` and `head` say where its chain ends, as the audit chain counts it; `audited` is that audit row.
    """

    entries: int
    head: str
    audited: int
    sentences: tuple[str, ...]


def verify_infusion(url: str, infusion_id: str) -> InfusionChain:
    """The chain of one infusion, and each audit row that names it: what a change to this record alone would break.

    The audit chain is not walked from its beginning: for that, and for everything else stored, `verify` is there.
    Raises StoreRefused as `verify` does, and for an infusion that is not stored.
    """
    file = file_of(url)
    with closing(read_only(file)) as connection:
        connection.execute("BEGIN")
        try:
            require_ours(connection, file)
            infusion = connection.execute("SELECT * FROM infusion WHERE id = ?", [infusion_id]).fetchone()
            if infusion is None:
                raise StoreRefused("This infusion is not stored here.")
            named = _NamedIn(connection, dict(infusion))
            wrong = [*named.sentences, *_entries(connection, named, infusion_id, infusion["hash"])]
            count, end = named.ends.get(infusion_id, (0, infusion["hash"]))
            return InfusionChain(count, end, named.last, tuple(wrong[:1]))
        except sqlite3.DatabaseError as error:
            raise StoreRefused(f"{file} cannot be read ({error}).") from error


def verify(url: str, anchor: Head | None = None, elsewhere: Path | None = None) -> list[str]:
    """One sentence for the first wrong row of each chain and table; empty when every row is as it was saved.

    First comes what is missing by the head beside the database, by the one kept `elsewhere`, or by the file itself.
    `anchor`: a head noted earlier, which the audit chain must still pass through.
    Raises StoreRefused when there is nothing to verify: no file, not a database of this program, or a newer one.
    """
    file = file_of(url)
    heads = _Heads(file, elsewhere)  # read first: a server that runs beside may go on, and is never behind them
    with closing(read_only(file)) as connection:
        connection.execute("BEGIN")  # one moment of the file, whatever a server writes meanwhile
        try:
            require_ours(connection, file)
            if damage := damage_of(connection):
                return [f"The file is damaged: {damage}."]
            audit = _Audit(connection)
            return [
                *heads.sentences(audit),
                *_unguarded(connection),
                *audit.sentences(anchor),
                *_tables(connection, audit),
                *_infusions(connection, audit),
            ]
        except sqlite3.DatabaseError as error:
            raise StoreRefused(f"{file} cannot be read ({error}).") from error


def damage_of(connection: sqlite3.Connection) -> str:
    """What SQLite finds wrong with the structure of a file, "" when nothing. Raises sqlite3.Error."""
    found = str(next(iter(connection.execute("PRAGMA quick_check(1)")))[0])
    return "" if found == "ok" else found


def read_only(file: Path) -> sqlite3.Connection:
    """A connection that reads a database beside a running server. Raises StoreRefused where there is none to read."""
    if not file.exists():
        raise StoreRefused(f"There is no database at {file}.")
    try:
        try:
            return _connect(file, "mode=ro")
        except sqlite3.OperationalError:
            # A write-ahead log cannot be opened in a folder that is read-only; without a log the file alone is whole.
            if Path(f"{file}-wal").exists():
                raise
            return _connect(file, "mode=ro&immutable=1")
    except sqlite3.DatabaseError as error:
        raise StoreRefused(f"{file} cannot be read as a database ({error}).") from error


def _connect(file: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(file))}?{how}", uri=True, isolation_level=None, timeout=10)
    connection.row_factory = sqlite3.Row
    connection.text_factory = lambda text: text.decode(errors="surrogateescape")
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def require_ours(connection: sqlite3.Connection, file: Path) -> None:
    """Raise StoreRefused unless this is a whole database of this program, with the newest schema."""
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alembic_version" not in names:
        raise StoreRefused(f"{file} is not a database of this program.")
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if found is None or found[0] != HEAD:
        schema = "no schema" if found is None else f"schema {found[0]}"
        raise StoreRefused(f"{file} has {schema}: expected {HEAD}, to which starting the server brings an older one.")
    missing = sorted({"audit", "entry", *AUDITED, *PARTS} - names)
    if missing:
        raise StoreRefused(f"{file} is incomplete: the table {missing[0]} is missing.")


def _unguarded(connection: sqlite3.Connection) -> Iterator[str]:
    made = "SELECT name || ' ' || tbl_name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%RAISE(ABORT%'"
    triggers = {row[0] for row in connection.execute(made)}
    for table in (*AUDITED, "entry", *PARTS, "audit"):
        for verb in ("update", "delete"):
            if f"append_only_{table}_{verb} {table}" not in triggers:
                yield f"table {table}: the trigger that refuses {verb.upper()} is missing"


class _Audit:
    """The audit chain, read once: what it says of each row, and its own first wrong row."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._wrong: list[str] = []
        self._hashes: dict[int, str] = {0: chain.GENESIS}
        self.subjects: dict[str, dict[str, str]] = defaultdict(dict)  # table: row: hash
        self.twice: list[str] = []
        self.places: dict[str, tuple[str, int]] = {}  # entry: (infusion, which of it)
        self.ends: dict[str, tuple[int, str]] = {}  # infusion: (count, head)
        previous, seq = chain.GENESIS, 0
        for row in _rows(connection, "SELECT * FROM audit ORDER BY seq"):
            seq += 1
            self._judge(row, seq, previous)
            seq, previous = row["seq"], row["hash"]
            self._hashes[seq] = previous
            self._take(row)
        self._last = seq
        counted = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'audit'").fetchone()
        self._counted = 0 if counted is None else int(counted[0])

    def _judge(self, row: Row, expected: int, previous: str) -> None:
        if self._wrong:
            return  # only the first is named: all after it follow from it
        seq = row["seq"]
        if seq != expected:
            others = f", and those after it up to row {seq - 1}" if seq > expected + 1 else ""
            self._wrong.append(f"audit row {expected}: removed{others}")
        elif row["prev_hash"] != previous:
            self._wrong.append(
                f"audit row {seq}: does not follow row {seq - 1}; rows were exchanged or rewritten there"
            )
        elif not _same(row["hash"], chain.audit_hash, previous, row):
            self._wrong.append(f"audit row {seq}: its content was changed after it was saved")

    def _take(self, row: Row) -> None:
        kind, subject = row["subject_kind"], row["subject_id"]
        if subject in self.subjects[kind]:
            self.twice.append(f"{kind} {subject}: stands twice in the audit chain, the second time at {row['seq']}")
        self.subjects[kind][subject] = row["subject_hash"]
        if kind == "entry":
            infusion, count = str(row["infusion_id"]), row["infusion_count"]
            count = count if isinstance(count, int) else 0  # another type is wrong, and was named as changed above
            self.places[subject] = (infusion, count)
            self.ends[infusion] = (count, row["infusion_head"])

    @property
    def end(self) -> Head:
        """Where the chain ends, as it stands there."""
        return Head(self._last, self._hashes[self._last])

    def hash_of(self, seq: int) -> str | None:
        """The hash of the row with this number, None when there is none."""
        return self._hashes.get(seq)

    def sentences(self, anchor: Head | None) -> Iterator[str]:
        """What is wrong with the audit chain itself."""
        yield from self._wrong[:1]
        yield from self.twice[:1]
        if not self._wrong and self._counted > self._last:
            yield f"audit row {self._last + 1}: removed; the chain ends too early, {self._counted} rows were written"
        if anchor is not None and self._hashes.get(anchor.seq) != anchor.hash:
            yield f"audit row {anchor.seq}: is not the one that was noted; the chain was cut or rebuilt before it"


class _Heads:
    """What was noted outside the database of how far its audit chain goes."""

    def __init__(self, file: Path, elsewhere: Path | None) -> None:
        self._file = file
        self._known = noted_gaps(file)
        self._log_lost = lost_log(file)
        self._heads: dict[Path, Head | None] = {}
        self._unread: list[str] = []
        for place in (head_file(file), *([elsewhere] if elsewhere else [])):
            try:
                self._heads[place] = read_head(place)
            except ValueError as no:
                self._unread.append(str(no))

    def sentences(self, audit: _Audit) -> Iterator[str]:
        """What is missing, and is not acknowledged."""
        yield from self._unread
        present = audit.end
        gaps = [gap_at(place, head, present, audit.hash_of) for place, head in self._heads.items()]
        found = [*self._known, *(gap for gap in gaps if gap is not None and gap not in self._known)]
        if self._log_lost and not found:
            found = [Gap("", str(present), "")]
        yield from (gap.sentence(self._file) for gap in found)


class _NamedIn:
    """What the audit chain says of one infusion and its entries; each of these rows is looked at by itself."""

    def __init__(self, connection: sqlite3.Connection, infusion: Row) -> None:
        self.sentences: list[str] = []
        self.subjects: dict[str, dict[str, str]] = {"entry": {}}
        self.places: dict[str, tuple[str, int]] = {}
        self.ends: dict[str, tuple[int, str]] = {}
        self.last = int(infusion["audited"])
        opened = _one(connection, "SELECT * FROM audit WHERE seq = ?", infusion["audited"])
        if opened is None or (opened["subject_kind"], opened["subject_id"]) != ("infusion", infusion["id"]):
            self.sentences.append(f"infusion {infusion['id']}: inserted by hand, no audit row names it")
        elif not _same(opened["subject_hash"], chain.row_hash, "infusion", infusion):
            self.sentences.append(f"infusion {infusion['id']}: its content was changed after it was saved")
        elif infusion["hash"] != opened["subject_hash"]:
            self.sentences.append(f"infusion {infusion['id']}: its hash was changed after it was saved")
        elif not _same(opened["hash"], chain.audit_hash, opened["prev_hash"], opened):
            self.sentences.append(f"audit row {opened['seq']}: its content was changed after it was saved")
        for row in _rows(connection, "SELECT * FROM audit WHERE infusion_id = ? ORDER BY seq", infusion["id"]):
            if not _same(row["hash"], chain.audit_hash, row["prev_hash"], row):
                self.sentences.append(f"audit row {row['seq']}: its content was changed after it was saved")
            count = row["infusion_count"]
            count = count if isinstance(count, int) else 0
            self.subjects["entry"][row["subject_id"]] = row["subject_hash"]
            self.places[row["subject_id"]] = (infusion["id"], count)
            self.ends[infusion["id"]] = (count, row["infusion_head"])
            self.last = row["seq"]


def _tables(connection: sqlite3.Connection, audit: _Audit) -> Iterator[str]:
    for table, key in AUDITED.items():
        wrong = next(_table(connection, audit, table, key), None)
        if wrong is not None:
            yield wrong


def _table(connection: sqlite3.Connection, audit: _Audit, table: str, key: str) -> Iterator[str]:
    said = audit.subjects[table]
    found = set()
    for row in _rows(connection, f'SELECT * FROM "{table}" ORDER BY audited'):
        name = str(row[key])
        found.add(name)
        if name not in said:
            yield f"{table} {name}: inserted by hand, no audit row names it"
        elif not _same(said[name], chain.row_hash, table, row):
            yield f"{table} {name}: its content was changed after it was saved"
        elif "hash" in row and row["hash"] != said[name]:
            yield f"{table} {name}: its hash was changed after it was saved"
    for name in said:
        if name not in found:
            yield f"{table} {name}: removed, the audit chain names it"


def _infusions(connection: sqlite3.Connection, audit: _Audit) -> Iterator[str]:
    genesis = {row["id"]: row["hash"] for row in _rows(connection, "SELECT id, hash FROM infusion ORDER BY audited")}
    for infusion_id, begin in genesis.items():
        wrong = next(_entries(connection, audit, infusion_id, begin), None)
        if wrong is not None:
            yield wrong
    for row in _rows(connection, "SELECT id, infusion_id FROM entry ORDER BY infusion_id, seq"):
        if row["infusion_id"] not in genesis:
            yield f"entry {row['id']}: belongs to the infusion {row['infusion_id']}, which is not stored"
            break
    for infusion_id in audit.ends:
        if infusion_id not in genesis:
            yield f"infusion {infusion_id}: removed, the audit chain counts {audit.ends[infusion_id][0]} entries of it"
            break
    for table, called in PARTS.items():
        orphan = connection.execute(
            f'SELECT entry_id FROM "{table}" WHERE entry_id NOT IN (SELECT id FROM entry) LIMIT 1'
        ).fetchone()
        if orphan is not None:
            yield f"{called} of entry {orphan[0]}: that entry is not stored"


def _entries(
    connection: sqlite3.Connection, audit: _Audit | _NamedIn, infusion_id: str, previous: str
) -> Iterator[str]:
    parts = {table: _parts(connection, table, infusion_id) for table in PARTS}
    expected = 0
    for row in _rows(connection, "SELECT * FROM entry WHERE infusion_id = ? ORDER BY seq", infusion_id):
        expected += 1
        here = f"entry {row['seq']} of infusion {infusion_id}"
        place = audit.places.get(row["id"])
        if place is None:
            yield f"{here}: inserted by hand, no audit row names it"
        elif place[0] != infusion_id:
            yield f"{here}: was moved here from infusion {place[0]}"
        elif row["seq"] != expected:
            yield f"entry {expected} of infusion {infusion_id}: removed"
        elif place[1] != row["seq"]:
            yield f"{here}: reordered, it was saved as entry {place[1]}"
        elif row["prev_hash"] != previous:
            yield f"{here}: does not follow the entry before it; its link was changed after it was saved"
        elif len(parts["event"][row["id"]]) > 1 or len(parts["acknowledgement"][row["id"]]) > 1:
            yield f"{here}: holds an event or acknowledgement twice"
        else:
            one = {table: found[row["id"]] for table, found in parts.items()}
            saved = row["hash"] == audit.subjects["entry"][row["id"]]
            if not saved or not _same(row["hash"], _entry_hash, previous, row, one):
                yield f"{here}: its content was changed after it was saved"
        previous = row["hash"]
    count, end = audit.ends.get(infusion_id, (0, previous))
    if expected < count:
        yield f"entry {expected + 1} of infusion {infusion_id}: removed, {count} entries were saved"
    elif end != previous:
        yield f"infusion {infusion_id}: its last entry is not the one the audit chain ends with"


def _entry_hash(previous: str, row: Row, parts: dict[str, list[Row]]) -> str:
    event, acknowledgement = next(iter(parts["event"]), None), next(iter(parts["acknowledgement"]), None)
    return chain.entry_hash(previous, row, parts["reading"], parts["not_done"], event, acknowledgement)


def _same(saved: str, digest: Callable[..., str], *of: object) -> bool:
    try:
        return digest(*of) == saved
    except (TypeError, ValueError):  # bytes, an infinity, text that is not UTF-8: never written by the store
        return False


def _parts(connection: sqlite3.Connection, table: str, infusion_id: str) -> dict[str, list[Row]]:
    order = "position" if table in ("reading", "not_done") else "entry_id"
    found: dict[str, list[Row]] = defaultdict(list)
    statement = (
        f'SELECT part.* FROM "{table}" AS part JOIN entry ON entry.id = part.entry_id '
        f"WHERE entry.infusion_id = ? ORDER BY part.{order}"
    )
    for row in _rows(connection, statement, infusion_id):
        found[row["entry_id"]].append(row)
    return found


def _one(connection: sqlite3.Connection, statement: str, *values: object) -> Row | None:
    row = connection.execute(statement, values).fetchone()
    return None if row is None else dict(row)


def _rows(connection: sqlite3.Connection, statement: str, *values: str) -> Iterable[Row]:
    return (dict(row) for row in connection.execute(statement, values))
