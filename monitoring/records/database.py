"""The SQLite file: its address, its lock, its schema, and how a transaction on it fails in words."""

from __future__ import annotations

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from monitoring.records.holding import Hold
from monitoring.records.shapes import StoreRefused, StoreUnwritable
from monitoring.records.spelling import folded, number_key

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

HEAD = "0008"  # the newest revision in `migrations`; a test keeps the two equal
EXAMPLE = "expected a SQLite file, such as sqlite:///data/clinic.db"
# How long a write waits for another program's lock. A tablet gives an answer up after eight seconds: it must hear why.
BUSY_SECONDS = 4.0
PROBE_SECONDS = 1.0  # and the question whether a write would succeed
TURN_SECONDS = 10.0  # how long it waits for this process's other writes, of which a long import is one
# After how much the write-ahead log is carried over into the file: about as SQLite does by itself.
LOG_WRITES = 100
LOG_BYTES = 4 << 20  # by which it has grown
CARRY_SECONDS = 0.25  # how long that waits for another program's lock
ROOM = 1 << 20  # bytes of disk below which saving is about to fail
_NAMES_KEPT = 1 << 16  # of which it is known how they are searched: some 10 MB when it is full
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
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
    if code in _LOCKED:
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
        self._refused_at = float("-inf")  # [s], monotonic: when a write last found the file locked by another program
        self._identity: tuple[int, int] | None = None
        self._hold = Hold(self.file)
        self.log_lost = lost_log(self.file)
        # Writes in the log since it was last carried over, and how long it was then. The first write since the file was
        # opened counts for many: a file that is only looked at stays as it is, one that is written says so soon.
        self._log_writes, self._log_bytes = LOG_WRITES, 0
        self._marked = False  # whether the log itself says, too, that it is missing
        self.engine, self._pool = self._engine()
        self._writers: dict[float, Engine] = {}  # by how long they wait
        try:
            self._to_head()
            with self.read():  # the file exists from here on, and is the one that is written
                self._identity = self._found()
        except BaseException:
            self._let_go()
            raise

    def close(self) -> None:
        """Let the file go, its connections and its lock, once a write that has begun is over."""
        waited = self._writes.acquire(timeout=TURN_SECONDS)
        try:
            if self._marked:
                with suppress(StoreUnwritable), self.write():
                    pass  # takes the mark away: the file is whole once the log is carried over
            self._let_go()
        finally:
            if waited:
                self._writes.release()

    def _let_go(self) -> None:
        pool = self._pool
        self.engine.dispose()  # connections that a thread is using now are closed when it gives them back
        self._hold.release(sqlite_has_closed=pool.checkedout() == 0)

    @contextmanager
    def alone(self, turn: float | None = None) -> Iterator[None]:
        """Hold off the other threads' writes, beyond the end of this thread's own.

        Raises StoreUnwritable when it does not come to its turn within `turn` seconds, or TURN_SECONDS, and when those
        before it find the file locked.
        """
        came_at = time.monotonic()
        if not self._writes.acquire(timeout=TURN_SECONDS if turn is None else turn):
            raise StoreUnwritable("Not saved: another write is still going on. Try again.")
        try:
            if self._refused_at > came_at:  # all who wait hear it together, not each after a wait of their own
                raise StoreUnwritable(f"Not saved: another program holds the database {self.file.name} locked.")
            yield
        finally:
            self._writes.release()

    @contextmanager
    def write(self, *, wait: float | None = None, turn: float | None = None) -> Iterator[Connection]:
        """One BEGIN IMMEDIATE transaction: durable when the block ends, undone when it raises.

        Raises StoreUnwritable when the file cannot be written now: when another program holds it, after `wait` seconds
        or BUSY_SECONDS; when this server's other writes do, after `turn` seconds or TURN_SECONDS.
        """
        wait = BUSY_SECONDS if wait is None else wait
        with self.alone(turn), self._spoken():
            if self._identity is not None and self._found() != self._identity:
                # SQLite would go on writing into the file that was removed, and all of it would be lost.
                raise StoreUnwritable(f"Not saved: the database {self.file} was moved away or replaced.")
            if wait not in self._writers:
                self._writers[wait] = self.engine.execution_options(begin="BEGIN IMMEDIATE", wait=wait)
            try:
                with self._writers[wait].begin() as connection:
                    yield connection
                    if self._marked:
                        connection.exec_driver_sql("PRAGMA user_version = 0")
                self._marked = False
                self._carry_over_if_long()
            except DBAPIError as error:
                if wait >= BUSY_SECONDS and _is_locked(error):
                    self._refused_at = time.monotonic()
                raise

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
            with self.write(wait=PROBE_SECONDS) as connection:
                connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION}")
                # The header's page exists already; whether another one may be added is asked separately.
                used = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
                free = connection.exec_driver_sql("PRAGMA freelist_count").scalar_one()
                most = connection.exec_driver_sql("PRAGMA max_page_count").scalar_one()
                disk = os.statvfs(self.file.parent)
                return bool(used - free < most) and disk.f_bavail * disk.f_frsize >= ROOM
        except StoreUnwritable:
            return False

    def _carry_over_if_long(self) -> None:
        self._log_writes += 1
        with suppress(OSError):
            now = os.path.getsize(f"{self.file}-wal")
            if self._log_writes > LOG_WRITES or now > self._log_bytes + LOG_BYTES:
                self._carry_over()
                self._log_writes, self._log_bytes = 0, os.path.getsize(f"{self.file}-wal")

    def _carry_over(self) -> None:
        """Write what is in the log into the file, and mark the file as missing its log.

        SQLite would do the former by itself. The mark: `user_version` is 1 in the file and 0 in the log that follows.
        So a copy of the file without its log says so, one with it does not, nor does one that SQLite makes (.backup).
        """
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {CARRY_SECONDS * 1000:.0f}")
            cursor.execute("PRAGMA user_version = 1")
            self._marked = True  # until the next write, should the last line below fail
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            cursor.execute("PRAGMA user_version = 0")
            self._marked = False
            cursor.close()
        except sqlite3.Error:
            pass  # read-only, or another program writes: what is in the log stays there until the next time
        finally:
            connection.close()

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

    def _engine(self) -> tuple[Engine, QueuePool]:
        # The path is given as it is, not through a URL: a "?" or "%" in a folder's name stays what it is.
        engine = create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(self.file, timeout=BUSY_SECONDS, check_same_thread=False),
            pool_size=8,
            max_overflow=40,
            hide_parameters=True,  # an error that is logged names no patient
            poolclass=QueuePool,
        )
        # The driver's own transactions begin too late (before the first INSERT, as DEFERRED). So it is told to begin
        # none, and SQLAlchemy says BEGIN itself: the documented recipe for pysqlite.
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", _begin)
        assert isinstance(engine.pool, QueuePool)
        return engine, engine.pool

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


def _is_locked(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _LOCKED


def _known_revisions() -> set[str]:
    versions = Path(__file__).parent / "migrations" / "versions"
    return {file.name[1:5] for file in versions.glob("v[0-9][0-9][0-9][0-9]_*.py")}


# Who is looked for while a name is typed is looked for with each letter: the same names, read in the same way.
_folded = lru_cache(_NAMES_KEPT)(folded)
_number_key = lru_cache(_NAMES_KEPT)(number_key)


def _prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    connection.create_function("folded", 1, _folded, deterministic=True)
    connection.create_function("number_key", 1, _number_key, deterministic=True)
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000:.0f}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "wal_autocheckpoint = 0",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if (wait := options.get("wait")) is not None:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute(f"PRAGMA busy_timeout = {wait * 1000:.0f}")
    connection.exec_driver_sql(options.get("begin", "BEGIN"))


def lost_log(file: Path) -> bool:
    """Whether this file says that a log belongs to it, which is not there: it was copied or moved without it."""
    if not exists(file) or exists(Path(f"{file}-wal")):  # an empty one was made by whoever looked into the file
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True)) as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == 1)
    except sqlite3.Error:
        return False  # what it is instead is told by whoever opens it


def exists(file: Path) -> bool:
    """Whether there is a database file with something in it."""
    return file.exists() and os.path.getsize(file) > 0
