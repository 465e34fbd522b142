"""Hashes that make a change to stored rows visible: format 1.

**Canonical text.** A row is a JSON object of its columns as SQLite holds them: sorted keys, no spaces, UTF-8 without
escapes, true and false as 1 and 0, floats in their shortest form that reads back the same (`repr`). A column that is
NULL is left out, so that a column added by a later version does not change the hashes of older rows. Hashes are
SHA-256, in hexadecimal.

**Two kinds of chain.** With `J` the canonical text:

- a row of any table:  `sha256(J({"format": 1, "table": name, "row": columns without "hash"}))`
- an entry:            `sha256(J({"format": 1, "prev": prev_hash, "entry": columns without "hash" and "prev_hash",
  "readings": [...], "not_done": [...], "event": row or null, "acknowledgement": row or null}))`, lists by position.
  The first entry's `prev_hash` is the hash of its infusion's row.
- an audit row:        `sha256(J({"format": 1, "prev": prev_hash, "audit": columns without "hash" and "prev_hash"}))`.
  The first one's `prev_hash` is 64 zeros.

Each row written to any table is named by exactly one audit row, with its hash; entries also with their infusion's count
and head. (Rows of `reading`, `not_done`, `event` and `acknowledgement` are inside their entry's hash; so are the
signatures of an event, which stand in its detail. The `attestation` a signature was made from is a row of its own.)

**What this proves.** Whoever changes, removes, inserts or reorders rows, and does not recompute everything after them
in both chains, is found out by `monitoring.records.verify`, which names the first wrong row. A missing end of an
infusion is seen because the audit chain counts its entries; a missing end of the audit chain is seen by SQLite's own
counter, unless that was set back too.

**What it cannot prove.** No key is involved. Whoever can write the file and knows this page can rebuild every hash, or
cut all chains at an earlier moment, and the result verifies. Against that stands only the head of the audit chain kept
somewhere else (printed, mailed, in another system): `verify` takes such an anchor and says whether the chain still
passes through it. Nor does a hash say that what was typed was true, or who held the tablet.
An audit row whose `subject_kind` is no table covers no row: it tells of the records themselves, in its `detail` (that
writes are missing, and who acknowledged it).
The table `alembic_version`, which names the schema, is outside the chains.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

FORMAT = 1
GENESIS = "0" * 64  # prev_hash of the first audit row

Row = Mapping[str, Any]


def canonical(value: object) -> str:
    """The canonical JSON text of plain values: sorted keys, no spaces, no escapes beyond JSON's own.

    Raises ValueError for NaN and infinities, which JSON does not have and SQLite does not keep.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _digest(value: object) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _columns(row: Row, *without: str) -> dict[str, Any]:
    return {
        name: int(value) if isinstance(value, bool) else value
        for name, value in row.items()
        if value is not None and name not in without
    }


def row_hash(table: str, row: Row) -> str:
    """The hash of one row of any table but `entry` and `audit`."""
    return _digest({"format": FORMAT, "table": table, "row": _columns(row, "hash")})


def fact_hash(kind: str, detail: str) -> str:
    """The hash of what an audit row says by itself, in its `detail`."""
    return _digest({"format": FORMAT, "fact": kind, "detail": detail})


def entry_hash(
    previous: str,
    entry: Row,
    readings: Sequence[Row],
    not_done: Sequence[Row],
    event: Row | None,
    acknowledgement: Row | None,
) -> str:
    """The hash of one entry with everything it says, chained to `previous`; the lists in order of position."""
    return _digest(
        {
            "format": FORMAT,
            "prev": previous,
            "entry": _columns(entry, "hash", "prev_hash"),
            "readings": [_columns(row) for row in readings],
            "not_done": [_columns(row) for row in not_done],
            "event": None if event is None else _columns(event),
            "acknowledgement": None if acknowledgement is None else _columns(acknowledgement),
        }
    )


def audit_hash(previous: str, audit: Row) -> str:
    """The hash of one audit row, chained to `previous`."""
    return _digest({"format": FORMAT, "prev": previous, "audit": _columns(audit, "hash", "prev_hash")})
