"""The canonical form of rows, and that hashes depend on all of it."""

from __future__ import annotations

import hashlib
import json
import math
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.records import chain, tables
from monitoring.records.writing import as_stored

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBER = st.floats(allow_nan=False, allow_infinity=False)


def test_the_format_is_the_documented_one() -> None:
    """Recomputed here from the words in the module's docstring, not from its code."""
    row = {"b": 1.5, "a": "ä", "none": None, "yes": True, "hash": "left out"}
    text = '{"format":1,"row":{"a":"ä","b":1.5,"yes":1},"table":"t"}'
    assert chain.row_hash("t", row) == hashlib.sha256(text.encode()).hexdigest()
    entry = {"id": "e", "value": 120.0, "corrects": None, "hash": "x", "prev_hash": "x"}
    text = (
        '{"acknowledgement":null,"entry":{"id":"e","value":120.0},"event":{"kind":"start"},"format":1,'
        '"not_done":[],"prev":"before","readings":[{"position":0},{"position":1}]}'
    )
    made = chain.entry_hash("before", entry, [{"position": 0}, {"position": 1}], [], {"kind": "start"}, None)
    assert made == hashlib.sha256(text.encode()).hexdigest()
    text = '{"audit":{"seq":1},"format":1,"prev":"before"}'
    assert (
        chain.audit_hash("before", {"seq": 1, "hash": "", "prev_hash": ""}) == hashlib.sha256(text.encode()).hexdigest()
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "\ud800"])
def test_what_sqlite_would_not_keep_has_no_hash(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        chain.row_hash("t", {"a": value})


@given(a=TEXT | NUMBER | st.booleans() | st.none(), b=TEXT | NUMBER | st.booleans() | st.none())
def test_two_values_have_one_hash_only_when_they_are_stored_alike(a: Any, b: Any) -> None:
    def stored(value: Any) -> Any:
        return int(value) if isinstance(value, bool) else value

    one, other = chain.row_hash("t", {"v": a}), chain.row_hash("t", {"v": b})
    alike = type(stored(a)) is type(stored(b)) and repr(stored(a)) == repr(stored(b))
    assert (one == other) is alike


@given(
    weight=NUMBER | st.integers(-(2**53), 2**53),
    minutes=st.integers(-(2**31), 2**31) | st.integers(0, 1000).map(float),
    name=TEXT,
)
def test_a_row_keeps_its_hash_through_the_database(weight: float, minutes: float, name: str) -> None:
    row: dict[str, Any] = {"weight_kg": weight, "planned_minutes": minutes, "identifiers": name, "chair": ""}
    as_stored(tables.infusion, row)
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("CREATE TABLE t (weight_kg FLOAT, planned_minutes INTEGER, identifiers VARCHAR, chair)")
        connection.execute("INSERT INTO t VALUES (:weight_kg, :planned_minutes, :identifiers, :chair)", row)
        back = dict(connection.execute("SELECT * FROM t").fetchone())
    assert chain.row_hash("infusion", back) == chain.row_hash("infusion", row)


def test_there_is_one_zero() -> None:
    row: dict[str, Any] = {"value": -0.0}
    as_stored(tables.reading, row)
    assert math.copysign(1, row["value"]) == 1


def test_a_column_added_later_leaves_older_hashes_as_they_are() -> None:
    assert chain.row_hash("t", {"a": 1}) == chain.row_hash("t", {"a": 1, "new": None})
    assert chain.row_hash("t", {"a": 1}) != chain.row_hash("t", {"a": 1, "new": ""})


def test_canonical_text_is_json_that_reads_back() -> None:
    value = {"z": [1, 2.5, '\u2028\x00"\\'], "a": {"é": None}}
    assert json.loads(chain.canonical(value)) == value
    assert chain.canonical(json.loads(chain.canonical(value))) == chain.canonical(value)
