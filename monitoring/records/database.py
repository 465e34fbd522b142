"""The SQLite file: its address, its lock, its schema, and how a transaction on it fails in words."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from monitoring.records.shapes import StoreRefused, StoreUnwritable
from monitoring.records.spelling import folded

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

HEAD = "0006"  # the newest revision in `migrations`; a test keeps the two equal
EXAMPLE = "expected a SQLite file, such as sqlite:///data/clinic.db"
BUSY_SECONDS = 10
ROOM = 1 << 20  # bytes of disk below which saving is about to fail
APPLICATION = 0x494E4655  # "INFU": marks the file as ours, see PRAGMA application_id


def file_of(url: str) -> Path:
    """The file that a database address names, absolute. Raises StoreRefused; never repeats a password."""
    scheme = re.match(r"\s*([A-Za-z][A-Za-z0-9+.-]*):", url)
    if scheme is None:
        raise StoreRefused(f"MONITORING_DB is not a database address: {EXAMPLE}.")
    if scheme[1] not in ("sqlite", "sqlite+pysqlite"):
        raise StoreRefused(f"MONITORING_DB is {scheme[1]}://… : {EXAMPLE}. Other databases are not supported yet.")
    match = re.fullmatch(r"\s*sqlite(?:\+pysqlite)?:///([^?#]+?)\s*", url)
    if match is None or match[1] == ":memory:":
        raise StoreRefused(f"MONITORING_DB is a SQLite address without a plain file name: {EXAMPLE}.")
    # Resolved, so that two names of one file (a link, "..") meet at one lock.
    return Path(match[1]).resolve()


def unwritable(error: sqlite3.Error, file: Path) -> str:
    """Why this failure may pass, as half a sentence; "" when `error` is of another kind."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"another program holds the database {file.name} locked"
    if code == sqlite3.SQLITE_FULL:
        return f"the database {file.name} or its disk is full"
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        return f"the database {file.name} or its folder is read-only"
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOLFS):
        return f"the disk refused the database {file.name} ({error})"
    return ""


class Database:
    """One SQLite file, held by this process alone for writing; others may read it beside.

    Opening takes the lock and brings the schema to head. Raises StoreRefused or StoreUnwritable with a sentence.
    """

    def __init__(self, url: str, *, create: bool) -> None:
        self.file = file_of(url)
        if not create and not self.file.exists():
            raise StoreRefused(f"There is no database at {self.file}.")
        self._writes = threading.RLock()
        self._lock = FileLock(f"{self.file}.lock")
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(timeout=0)
        except Timeout:
            raise StoreRefused(
                f"{self.file} is in use by another running server: one server per database file."
            ) from None
        except OSError as error:
            raise StoreUnwritable(f"{self.file.parent} cannot be written ({error.strerror}).") from error
        try:
            self.engine = self._engine()
            self._identity: tuple[int, int] | None = None
            self._to_head()
            with self.read():  # the file exists from here on, and is the one that is written
                self._identity = self._found()
        except BaseException:
            self._lock.release()
            raise

    def close(self) -> None:
        """Let the file go: its connections and its lock."""
        self.engine.dispose()
        self._lock.release()

    def alone(self) -> AbstractContextManager[object]:
        """Hold off the other threads' writes, beyond the end of this thread's own."""
        return self._writes

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One BEGIN IMMEDIATE transaction: durable when the block ends, undone when it raises.

        Raises StoreUnwritable when the file cannot be written now.
        """
        with self._writes, self._spoken():
            if self._identity is not None and self._found() != self._identity:
                # SQLite would go on writing into the file that was removed, and all of it would be lost.
                raise StoreUnwritable(f"Not saved: the database {self.file} was moved away or replaced.")
            with self._writer.begin() as connection:
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees one moment of the file, whatever is written meanwhile."""
        with self.engine.connect() as connection:
            yield connection

    def writable(self) -> bool:
        """Whether a small transaction can be written and synchronised now: tries it.

        The probe sets a header field to the value it has, which goes the way of every entry: through the lock, into the
        write-ahead log, synchronised. With it, the disk must have ROOM left and the file must be allowed more pages.
        So it sees a file that is read-only, moved or locked, a failing or full disk, a limit on pages. It cannot see a
        quota or a limit on the size of one file that stops only the next entry.
        """
        try:
            with self.write() as connection:
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
                # The header's page exists already; whether another one may be added is asked separately.
                used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
                most = connection.exec_driver_sql("PRAGMA max_page_count").scalar_one()
                disk = os.statvfs(self.file.parent)
                return bool(used - free < most) and disk.f_bavail * disk.f_frsize >= ROOM
        except StoreUnwritable:
            return False

    def _found(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self.file)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    @contextmanager
    def _spoken(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error) and (why := unwritable(error.orig, self.file)):
                raise StoreUnwritable(f"Not saved: {why}.") from error
            raise

    def _engine(self) -> Engine:
        # The path is given as it is, not through a URL: a "?" or "%" in a folder's name stays what it is.
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(self.file, timeout=BUSY_SECONDS, check_same_thread=False),
            pool_size=8,
            max_overflow=40,
            poolclass=QueuePool,
        )
        # The driver's own transactions begin too late (before the first INSERT, as DEFERRED). So it is told to begin
        # none, and SQLAlchemy says BEGIN itself: the documented recipe for pysqlite.
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        self._writer = engine.execution_options(begin="BEGIN IMMEDIATE")
        return engine

    def _to_head(self) -> None:
        found = self._revision()
        if found == HEAD:
            return
        if found is not None and found not in _known_revisions():
            raise StoreRefused(
                f"{self.file} was written by a newer version of this program (schema {found}; this one knows {HEAD})."
            )
        from monitoring.records.migrations import upgrade  # alembic costs half a second, and is rarely needed

        with self.write() as connection:
            upgrade(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")

    def _revision(self) -> str | None:
        """The schema's revision; None for an empty file. Reads only: a file that is not ours is left as it is."""
        if not exists(self.file):
            return None
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self.file))}?mode=ro", uri=True)) as connection:
                names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
                if not names:
                    return None
                if "alembic_version" not in names or "audit" not in names:
                    raise StoreRefused(f"{self.file} is a SQLite file of another program; it is left as it is.")
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                return "unknown" if found is None else str(found[0])
        except sqlite3.Error as error:
            if why := unwritable(error, self.file):
                raise StoreUnwritable(f"{self.file} cannot be opened: {why}.") from error
            raise StoreRefused(f"{self.file} is not a SQLite database, or it is damaged ({error}).") from error


def _known_revisions() -> set[str]:
    versions = Path(__file__).parent / "migrations" / "versions"
    return {file.name[1:5] for file in versions.glob("v[0-9][0-9][0-9][0-9]_*.py")}


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.create_function("folded", 1, folded, deterministic=True)
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def exists(file: Path) -> bool:
    """Whether there is a database file with something in it."""
    return file.exists() and os.path.getsize(file) > 0
