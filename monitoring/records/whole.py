"""Every row of a database, read out as it is and put into an empty one: with all its numbers, times and hashes.

Nothing is written anew, so the chains of the copy are those of the original and `verify` walks them. What is worked
out from the rows (the cache) is left out; a server makes it afresh.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from monitoring.records import tables
from monitoring.records.database import HEAD, Database, exists, file_of
from monitoring.records.shapes import StoreRefused
from monitoring.records.verify import Head, read_only, require_ours, verify

# Parents before children, so that each row finds what it names.
RECORD: Final = tuple(table.name for table in tables.IN_ORDER if table not in tables.CACHE)
_AT_ONCE: Final = 5_000  # rows handed to the database in one call

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One moment of a database, whatever a server writes meanwhile."""

    schema: str
    head: Head
    clinic: str  # its name, "" before it is set up
    _connection: sqlite3.Connection

    def count(self, table: str) -> int:
        """How many rows a table of RECORD has."""
        found: int = self._connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        return found

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table of RECORD in the order they were written, each with every column."""
        return (dict(row) for row in self._connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid'))


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """A moment of the database at `url`, beside a running server. Raises StoreRefused when it cannot be read."""
    file = file_of(url)
    with closing(read_only(file)) as connection:
        connection.execute("BEGIN")
        try:
            require_ours(connection, file)
            last = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
            if last is None:
                raise StoreRefused(f"{file} holds nothing yet: expected the records of a clinic.")
            clinic = connection.execute("SELECT name FROM clinic").fetchone()
            name = "" if clinic is None else str(clinic["name"])
            yield Snapshot(HEAD, Head(last["seq"], last["hash"]), name, connection)
        except sqlite3.DatabaseError as error:
            raise StoreRefused(f"{file} cannot be read ({error}).") from error


def restore(
    url: str, head: Head, rows_of: Callable[[str], Iterable[Row]], check: Callable[[Snapshot], Iterable[str]]
) -> None:
    """Make the empty or absent database at `url` a copy: the rows of each table of RECORD, as `rows_of` gives them.

    All of it or nothing: the copy is made beside, its chains are walked up to `head`, `check` looks at it and says what
    is wrong, and only then does it take its place. Raises StoreRefused when there is anything at `url` already, or with
    the first thing that is wrong.
    """
    target = file_of(url)
    part = target.with_name(f"{target.name}.importing")
    with _held_empty(url):
        _remove(part)
        try:
            _fill(f"sqlite:///{part}", rows_of)
            wrong = verify(f"sqlite:///{part}", head)
            if not wrong:
                with snapshot(f"sqlite:///{part}") as copy:
                    wrong = list(check(copy))
            if wrong:
                raise StoreRefused(f"The copy is not what was exported. {wrong[0]}")
            _remove_logs(target)
            os.replace(part, target)
        finally:
            _remove(part)


@contextmanager
def _held_empty(url: str) -> Iterator[None]:
    """Hold every server off this database, which has nothing in it. Raises StoreRefused when it has, or is in use."""
    target = file_of(url)
    if exists(target):
        with closing(Database(url, create=False)) as held:
            with held.read() as connection:
                if connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one():
                    raise StoreRefused(f"{target} holds records already: expected an empty database, or none.")
            held.engine.dispose()
            yield
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(f"{target}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreRefused(f"{target} is in use by another running server: expected none.") from None
    try:
        yield
    finally:
        lock.release()
        if not exists(target):
            _remove(target)


def _fill(url: str, rows_of: Callable[[str], Iterable[Row]]) -> None:
    with closing(Database(url, create=True)) as database:
        try:
            with database.write() as connection:
                for table in RECORD:
                    _insert(connection, table, rows_of(table))
            with database.read() as connection:
                columns = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                if columns is not None:
                    raise StoreRefused(f"The copy is not what was exported. A row of {columns[0]} names one not there.")
        except sqlite3.Error as error:
            raise StoreRefused(f"These rows do not fit this program's tables ({error}).") from error
    with closing(sqlite3.connect(file_of(url))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # the file alone is then whole, and may be moved


def _insert(connection: Any, table: str, rows: Iterable[Row]) -> None:
    known = {column.name for column in tables.IN_ORDER[RECORD.index(table)].columns}
    found = iter(rows)
    while several := list(islice(found, _AT_ONCE)):
        columns = sorted(several[0])
        if unknown := set(columns) - known:
            raise StoreRefused(f"Table {table} has a column “{min(unknown)[:60]}”, which this program does not know.")
        if any(sorted(row) != columns for row in several):
            raise StoreRefused(f"Table {table}: its rows do not all have the same columns.")
        named, places = ", ".join(f'"{column}"' for column in columns), ", ".join("?" for _ in columns)
        try:
            connection.exec_driver_sql(
                f'INSERT INTO "{table}" ({named}) VALUES ({places})',
                [tuple(row[column] for column in columns) for row in several],
            )
        except Exception as error:
            # The driver's own words; which library wraps it is no matter here.
            raise StoreRefused(f"Table {table}: its rows do not fit ({getattr(error, 'orig', error)}).") from error


def _remove(file: Path) -> None:
    _remove_logs(file)
    for one in (file, Path(f"{file}.lock")):
        one.unlink(missing_ok=True)


def _remove_logs(file: Path) -> None:
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
