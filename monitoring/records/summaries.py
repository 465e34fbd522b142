"""The cache of what infusions come to: what is kept of each, what is due to be worked out anew, and what is counted.

Nothing here is a record. The rows follow from the infusions' own; no chain covers them, and nothing is lost with them.
Which infusions changed is read from the audit chain, so a write need know nothing of this.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from monitoring.clinical.protocol import Level
from monitoring.clinical.record import Infusion
from monitoring.records import tables
from monitoring.records.database import Database
from monitoring.records.loading import Names, load_infusion, text_of
from monitoring.records.spelling import folded
from monitoring.records.summary_shapes import Counted, Summary

_WAIT_SECONDS: Final = 0.25  # for any other write: somebody may be waiting to read, and this can be done later
_PER_QUERY: Final = 500  # values in one IN (...): SQLite takes a limited number

Rows = list[dict[str, Any]]
Key = tuple[str, str, int, float, str, str]  # of `summary_count`


class Summaries:
    """What is kept of each infusion besides its records. Safe to use from many threads; `catching_up` is for one.

    What writes raises StoreUnwritable soon when others are writing: what is due stays due.
    """

    def __init__(self, database: Database, names: Names) -> None:
        self.catching_up = threading.Lock()  # held by whoever works out summaries, a few at a time
        self._database = database
        self._names = names
        self.version = 0  # how often what is kept has changed: an answer holds for one version
        self._seen: tuple[int, str] | None = None  # as in `summary_state`, or further where nothing was due

    def notice(self, made_by: str, now: datetime) -> int:
        """Mark what changed since the last time as due, and say how many are due now.

        `made_by` names the functions that work summaries out: when they are others than the last time, all are due.
        Time changes summaries too: those whose `changes_at` is reached by `now`.
        """
        with self._database.read() as connection:
            head = connection.execute(select(func.max(tables.audit.c.seq))).scalar_one() or 0
            seen, known = self._state(connection)
            changed = _all_ids(connection) if known != made_by else _changed(connection, seen, head)
            changed |= _run_out(connection, now)
            due = _due(connection)
        if changed - due or known != made_by:
            with self._database.write(wait=_WAIT_SECONDS, turn=_WAIT_SECONDS) as connection:
                _mark(connection, changed)
                row = {"id": 1, "seen": head, "made_by": made_by}
                connection.execute(insert(tables.summary_state).on_conflict_do_update(["id"], set_=row).values(row))
        self._seen = (head, made_by)
        return len(due | changed)

    def mark_all(self) -> int:
        """Mark every infusion as due; answers how many there are."""
        with self._database.write(wait=_WAIT_SECONDS, turn=_WAIT_SECONDS) as connection:
            ids = _all_ids(connection)
            _mark(connection, ids)
        return len(ids)

    def due(self, after: str = "", limit: int = 20) -> tuple[str, ...]:
        """The ids of infusions that are due, in their order, beginning after one of them."""
        table = tables.summary_due
        of = select(table.c.infusion_id).where(table.c.infusion_id > after).order_by(table.c.infusion_id).limit(limit)
        with self._database.read() as connection:
            return tuple(connection.execute(of).scalars())

    def left(self) -> int:
        """How many infusions are due."""
        with self._database.read() as connection:
            return int(connection.execute(select(func.count()).select_from(tables.summary_due)).scalar_one())

    def infusions(self, ids: Sequence[str]) -> tuple[Infusion, ...]:
        """These infusions as they are recorded now, read past what is kept in memory for the screens."""
        with self._database.read() as connection:
            found = (load_infusion(connection, infusion_id, self._names) for infusion_id in ids)
            return tuple(one for one in found if one is not None)

    def keep(self, made: Sequence[Summary], zone: ZoneInfo) -> None:
        """Put these in the place of what was kept of the same infusions, and no longer hold them for due."""
        if not made:
            return
        ids = [one.infusion for one in made]
        months = {one.infusion: one.opened_at.astimezone(zone).strftime("%Y-%m") for one in made}
        with self._database.write(wait=_WAIT_SECONDS, turn=_WAIT_SECONDS) as connection:
            change = _removed(connection, ids)
            for one in made:
                for counted, times in one.counted:
                    change[(*counted, months[one.infusion], one.protocol)] += times
            _insert(connection, tables.summary, [_summary_row(one, months[one.infusion]) for one in made])
            _insert(connection, tables.summary_flag, [row for one in made for row in _flag_rows(one)])
            _insert(connection, tables.summary_word, [row for one in made for row in _word_rows(one)])
            _insert(connection, tables.summary_part, [_part_row(one, months[one.infusion]) for one in made])
            _count(connection, change)
        self.version += 1

    def empty(self) -> None:
        """Throw everything away. What is due then is everything."""
        with self._database.write(wait=_WAIT_SECONDS, turn=_WAIT_SECONDS) as connection:
            for table in tables.CACHE:
                connection.execute(delete(table))
        self._seen = None
        self.version += 1

    def _state(self, connection: Connection) -> tuple[int, str]:
        if self._seen is None:
            row = connection.execute(select(tables.summary_state)).one_or_none()
            self._seen = (0, "") if row is None else (row.seen, row.made_by)
        return self._seen


def word_key(word: str) -> str:
    """What names a typed word in an address: a digest, the same however it was written. Anything may be in a word."""
    return hashlib.sha256(word.strip().casefold().encode(errors="surrogateescape")).hexdigest()[:12]


def _all_ids(connection: Connection) -> set[str]:
    return set(connection.execute(select(tables.infusion.c.id)).scalars())


def _due(connection: Connection) -> set[str]:
    return set(connection.execute(select(tables.summary_due.c.infusion_id)).scalars())


def _changed(connection: Connection, seen: int, head: int) -> set[str]:
    """The infusions that the audit rows after `seen` are about: opened, added to, or of a patient described anew."""
    if seen >= head:
        return set()
    audit, details, infusion = tables.audit, tables.patient_details, tables.infusion
    since = audit.c.seq > seen
    entries = select(audit.c.infusion_id).where(since, audit.c.subject_kind == "entry").distinct()
    opened = select(audit.c.subject_id).where(since, audit.c.subject_kind == "infusion")
    described = (
        select(infusion.c.id)
        .join_from(infusion, details, details.c.patient_id == infusion.c.patient_id)
        .where(details.c.audited > seen)
    )
    return {key for query in (entries, opened, described) for key in connection.execute(query).scalars() if key}


def _run_out(connection: Connection, now: datetime) -> set[str]:
    table = tables.summary
    of = select(table.c.infusion_id).where(table.c.changes_at.is_not(None), table.c.changes_at <= text_of(now))
    return set(connection.execute(of).scalars())


def _mark(connection: Connection, ids: Iterable[str]) -> None:
    rows = [{"infusion_id": key} for key in sorted(ids)]
    if rows:
        connection.execute(insert(tables.summary_due).on_conflict_do_nothing(), rows)


def _insert(connection: Connection, table: Any, rows: Rows) -> None:
    if rows:
        connection.execute(table.insert(), rows)


def _removed(connection: Connection, ids: Sequence[str]) -> Counter[Key]:
    """Take out what is kept of these infusions; answers what that takes from the counts."""
    change: Counter[Key] = Counter()
    part = tables.summary_part
    for first in range(0, len(ids), _PER_QUERY):
        some = ids[first : first + _PER_QUERY]
        for row in connection.execute(select(part).where(part.c.infusion_id.in_(some))):
            for kind, measure, minute, value, times in json.loads(row.counted):
                change[kind, measure, minute, value, row.month, row.protocol] -= times
        for table in (tables.summary, tables.summary_flag, tables.summary_word, part, tables.summary_due):
            connection.execute(delete(table).where(table.c.infusion_id.in_(some)))
    return change


_COUNT = tables.summary_count
_ADD_COUNT = insert(_COUNT)
_ADD_COUNT = _ADD_COUNT.on_conflict_do_update(
    list(_COUNT.primary_key.columns), set_={"times": _COUNT.c.times + _ADD_COUNT.excluded.times}
)
_NAMES: Final = [column.name for column in _COUNT.primary_key.columns]
_DROP_COUNT = delete(_COUNT).where(*(_COUNT.c[name] == bindparam(f"of_{name}") for name in _NAMES), _COUNT.c.times == 0)


def _count(connection: Connection, change: Counter[Key]) -> None:
    rows: Rows = [
        dict(zip(_NAMES, key, strict=True)) | {"times": times} for key, times in sorted(change.items()) if times
    ]
    if rows:
        connection.execute(_ADD_COUNT, rows)
    if fewer := [{f"of_{name}": row[name] for name in _NAMES} for row in rows if row["times"] < 0]:
        connection.execute(_DROP_COUNT, fewer)


def _summary_row(one: Summary, month: str) -> dict[str, Any]:
    told = [flag for flag in one.flags if flag.counts]
    return {
        "infusion_id": one.infusion,
        "patient_id": one.patient,
        "patient_number": one.patient_number,
        "patient_name": one.patient_name,
        "folded_number": folded(one.patient_number),
        "folded_name": folded(one.patient_name),
        "series_id": one.series,
        "number": one.number,
        "protocol": one.protocol,
        "month": month,
        "opened_at": text_of(one.opened_at),
        "started_at": _text(one.started_at),
        "ended_at": _text(one.ended_at),
        "closed_at": _text(one.closed_at),
        "phase": one.phase,
        "chair": one.chair,
        "nurse": one.nurse,
        "weight_kg": one.weight_kg,
        "mg_per_kg": one.mg_per_kg,
        "dose_mg": one.dose_mg,
        "given_mg": one.given_mg,
        "planned_minutes": one.planned_minutes,
        "pauses": one.pauses,
        "ended_early": one.ended_early,
        "stop_reason": one.stop_reason,
        "minutes_to_baseline": one.minutes_to_baseline,
        "minutes_to_leaving": one.minutes_to_leaving,
        "to_sign": one.to_sign,
        "imported": one.imported,
        "entries": one.entries,
        "readings": one.readings,
        "slots_done": one.slots_done,
        "slots_partial": one.slots_partial,
        "slots_missed": one.slots_missed,
        "times_overdue": one.times_overdue,
        "cautions": sum(flag.level is Level.CAUTION for flag in told),
        "criticals": sum(flag.level is Level.CRITICAL for flag in told),
        "unacknowledged": sum(flag.acknowledged is False for flag in told),
        "changes_at": _text(one.changes_at),
    }


def _flag_rows(one: Summary) -> Rows:
    return [
        {
            "infusion_id": one.infusion,
            "position": position,
            "measure": flag.measure,
            "side": flag.side,
            "level": int(flag.level),
            "minute": flag.minute,
            "acknowledged": flag.acknowledged,
            "acknowledged_after_s": flag.acknowledged_after_s,
            "withdrawn": flag.withdrawn,
        }
        for position, flag in enumerate(one.flags)
    ]


def _word_rows(one: Summary) -> Rows:
    said = [("effect", word_key(word), word) for word in one.effects]
    said += [("medicine", word_key(word), word) for word in one.medicines]
    said += [("author", person, "") for person in one.authors]
    said += [("chair", chair, "") for chair in one.chairs]
    return [{"kind": kind, "key": key, "infusion_id": one.infusion, "word": word} for kind, key, word in said]


def _part_row(one: Summary, month: str) -> dict[str, Any]:
    counted: list[list[Any]] = [[*counted, times] for counted, times in one.counted]
    text = json.dumps(counted, separators=(",", ":"))
    return {"infusion_id": one.infusion, "month": month, "protocol": one.protocol, "counted": text}


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else text_of(instant)


def counted_in(text: str) -> tuple[tuple[Counted, int], ...]:
    """What a stored part says it added, as it was given."""
    return tuple(
        (Counted(kind, measure, minute, value), times) for kind, measure, minute, value, times in json.loads(text)
    )
