"""The database itself refuses to change or remove a row, in every table but those of the cache."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from monitoring.records import tables
from tests.records.ward import Ward, fill, make_ward

NAMES = [table.name for table in tables.IN_ORDER]
CACHE = [table.name for table in tables.CACHE]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Ward:
    made = make_ward(tmp_path_factory.mktemp("full") / "clinic.db")
    fill(made)
    made.store.close()
    return made


def test_every_table_is_named_here(file: Ward) -> None:
    with closing(sqlite3.connect(file.file)) as connection:
        found = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert found == {*NAMES, *CACHE, "alembic_version", "sqlite_sequence"}
    assert not set(NAMES) & set(CACHE)


@pytest.mark.parametrize("table", NAMES)
def test_a_row_is_neither_changed_nor_removed(file: Ward, table: str) -> None:
    with closing(sqlite3.connect(file.file)) as connection:
        before = connection.execute(f'SELECT * FROM "{table}"').fetchall()
        column = connection.execute(f'PRAGMA table_info("{table}")').fetchall()[-1][1]
        assert before, f"nothing in {table} to try it on"
        for statement in (f'UPDATE "{table}" SET "{column}" = "{column}"', f'DELETE FROM "{table}"'):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
        assert connection.execute(f'SELECT * FROM "{table}"').fetchall() == before


def test_only_the_cache_may_be_emptied(file: Ward) -> None:
    with closing(sqlite3.connect(file.file)) as connection:
        guarded = {row[0] for row in connection.execute("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'")}
    assert guarded == set(NAMES)
