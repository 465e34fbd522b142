"""One server per database file: the file itself is held, by whatever name it is reached."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from monitoring.records.shapes import StoreRefused, StoreUnwritable

if sys.platform == "linux":
    import fcntl

_held: set[tuple[int, int]] = set()  # files of this process, by device and inode
_taking = threading.Lock()


class Hold:
    """This process's sole hold on a database file.

    Two locks. One on a file beside, whose name follows the database's: it works everywhere, and before the database is
    there. On Linux another one on the database's own inode, to which a hard link and a bound folder lead as well. That
    is a flock, which SQLite's own locks (fcntl) do not see. But whoever closes any descriptor of a file drops all of
    its process's fcntl locks on it. So this process never opens a file a second time that it holds already, and lets
    its descriptor go only when SQLite has.

    Raises StoreRefused when somebody else has the file, StoreUnwritable when it cannot be opened.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None
        self._identity: tuple[int, int] | None = None
        self._beside = FileLock(f"{file}.lock")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._beside.acquire(timeout=0)
        except Timeout:
            raise _in_use(file) from None
        except OSError as error:
            raise StoreUnwritable(f"{file.parent} cannot be written ({error.strerror}).") from error
        if sys.platform == "linux":
            try:
                self._hold_inode()
            except BaseException:
                self._beside.release()
                raise

    def release(self, *, sqlite_has_closed: bool = True) -> None:
        """Let others have the file. While SQLite still has connections the descriptor stays, without its lock."""
        if sys.platform == "linux" and self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            if sqlite_has_closed:
                os.close(self._descriptor)
            self._descriptor = None
        with _taking:
            _held.discard(self._identity or (0, 0))
        self._beside.release()

    if sys.platform == "linux":

        def _hold_inode(self) -> None:
            with _taking:
                with suppress(FileNotFoundError):
                    found = os.stat(self._file)
                    if (found.st_dev, found.st_ino) in _held:
                        raise _in_use(self._file)
                descriptor = self._opened()
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    os.close(descriptor)
                    raise _in_use(self._file) from None
                except OSError:  # a file system without such locks: the one beside is all there is
                    os.close(descriptor)
                    return
                found = os.fstat(descriptor)
                self._descriptor, self._identity = descriptor, (found.st_dev, found.st_ino)
                _held.add(self._identity)

        def _opened(self) -> int:
            try:
                return os.open(self._file, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            except IsADirectoryError:
                raise StoreRefused(f"{self._file} is a folder: expected a SQLite file.") from None
            except OSError as error:
                raise StoreUnwritable(f"{self._file} cannot be opened ({error.strerror}).") from error


def _in_use(file: Path) -> StoreRefused:
    return StoreRefused(f"{file} is in use by another running server: one server per database file.")
