"""Looking through the database's file for damage: at the start and once a day, while everybody works."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing, suppress
from typing import Final

from monitoring.records.database import file_of, unwritable
from monitoring.records.shapes import StoreRefused
from monitoring.records.verify import damage_of, read_only

EVERY_SECONDS: Final = 24 * 3600.0

_log = logging.getLogger(__name__)


class DailyCheck:
    """A thread that checks the file over and over. `damage` says what it found, "" when nothing so far."""

    def __init__(self, url: str, every_seconds: float = EVERY_SECONDS) -> None:
        self.damage = ""
        self._file = file_of(url)
        self._every = every_seconds
        self._checked = threading.Event()  # at least once
        self._ends = threading.Event()
        self._connection: sqlite3.Connection | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to check."""
        self._thread = threading.Thread(target=self._run, name="check", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether the file has been checked, after at most so many seconds."""
        return self._checked.wait(seconds)

    def close(self) -> None:
        """Stop, also in the middle of a check."""
        self._ends.set()
        if (connection := self._connection) is not None:
            with suppress(sqlite3.ProgrammingError):  # it has just been closed
                connection.interrupt()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._ends.is_set():
            self._check()
            self._checked.set()
            self._ends.wait(self._every)

    def _check(self) -> None:
        try:
            with closing(read_only(self._file)) as connection:
                self._connection = connection
                found = damage_of(connection)
        except (sqlite3.Error, StoreRefused) as error:
            cause = error.__cause__ if isinstance(error, StoreRefused) else error
            if self._ends.is_set() or not isinstance(cause, sqlite3.Error) or unwritable(cause, self._file):
                return  # stopped, or the file cannot be read now: that says nothing about what is in it
            found = str(cause)
        finally:
            self._connection = None
        self.damage = found and (
            f"{self._file.name} is damaged ({' '.join(found.split())}). Keep this file and its logs as they are, and "
            "put the newest sound copy there."
        )
        if found:
            _log.error("%s", self.damage)
