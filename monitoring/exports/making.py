"""Making the files that leave the records: whole or not at all, and kept in the audit chain before anybody has them.

What is quick is made in memory (`make`). What takes long is made beside the server's work, one after the other, in a
folder next to the database that only its owner can read (`Workshop`); the person who asked follows it and fetches it.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import shutil
import threading
import time
import weakref
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal
from uuid import uuid4

from monitoring.clinic import RunningClinic
from monitoring.exports.files import File
from monitoring.records import Export, NewExport, RecordsError, Staff
from monitoring.records.database import file_of

State = Literal["waiting", "being made", "made", "stopped", "failed"]
KEPT: Final = timedelta(hours=1)  # how long a made file waits to be fetched
_CHUNK: Final = 1 << 20
_log = logging.getLogger(__name__)


class Stopped(Exception):
    """Somebody does not want the file any more."""


def make(clinic: RunningClinic, by: Staff, file: File) -> tuple[Export, bytes]:
    """Make a file now, and keep that it was made. Raises RecordsError when that cannot be kept: nobody gets it then."""
    made = io.BytesIO()
    file.write(made, lambda: None)
    content = made.getvalue()
    export = clinic.store.add_export(by.id, _told(file, len(content), hashlib.sha256(content).hexdigest()))
    return export, content


@dataclass(eq=False)
class Making:
    """A file that is being made for one person. `path` is there once it is made and kept."""

    id: str
    by: Staff
    file: File
    of: int
    done: int = 0
    state: State = "waiting"
    sentence: str = ""  # why it failed
    path: Path | None = None
    bytes: int = 0
    over_since: float | None = None  # on this machine's clock that only goes on [s]
    _stop: threading.Event = field(default_factory=threading.Event)

    @property
    def name(self) -> str:
        """What it is called in a folder of downloads."""
        return self.file.name(self.id)

    @property
    def size(self) -> str:
        """How large it is, in words."""
        return f"{self.bytes / 1e6:.1f} MB" if self.bytes >= 1e5 else f"{self.bytes / 1e3:.1f} kB"

    @property
    def minutes_ago(self) -> int:
        """How long it has been there [min], whole minutes."""
        return 0 if self.over_since is None else int((time.monotonic() - self.over_since) // 60)

    def stop(self) -> None:
        """Make no more of it; what was made so far goes."""
        self._stop.set()

    def step(self) -> None:
        """One more infusion is in the file. Raises Stopped when nobody wants it any more."""
        self.done += 1
        self.go_on()

    def go_on(self) -> None:
        """Raises Stopped when nobody wants it any more."""
        if self._stop.is_set():
            raise Stopped


class Workshop:
    """Where one clinic's long exports are made, one after the other, each for the person who asked alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Nobody else runs this clinic: whatever lies there was left by a server that is gone.
        shutil.rmtree(folder, ignore_errors=True)
        self._makings: dict[str, Making] = {}
        self._changing = threading.Lock()
        self._at_work = threading.Lock()

    def start(self, clinic: RunningClinic, by: Staff, file: File) -> Making:
        """Begin to make a file; what one follows it by."""
        self.tidy()
        making = Making(str(uuid4()), by, file, file.steps)
        with self._changing:
            self._makings[making.id] = making
        work = threading.Thread(target=self._work, args=(clinic, making), name=f"export {making.id}", daemon=True)
        work.start()
        return making

    def making(self, making_id: str, by: Staff) -> Making | None:
        """What this person asked for, None for what is unknown, another's, or was kept for long enough."""
        self.tidy()
        found = self._makings.get(making_id)
        return found if found is not None and found.by.id == by.id else None

    def made_for(self, by: Staff, scope: str) -> tuple[Making, ...]:
        """What this person asked for in this scope and can fetch now, the latest first."""
        self.tidy()
        with self._changing:
            found = [one for one in self._makings.values() if one.by.id == by.id and one.file.scope == scope]
        made = [one for one in found if one.state == "made" and one.over_since is not None]
        return tuple(sorted(made, key=lambda one: one.over_since or 0.0, reverse=True))

    def tidy(self) -> None:
        """Remove what nobody has fetched for long enough, and what was given up."""
        until = time.monotonic() - KEPT.total_seconds()
        with self._changing:
            old = [one for one in self._makings.values() if one.over_since is not None and one.over_since < until]
            for making in old:
                del self._makings[making.id]
        for making in old:
            if making.path is not None:
                making.path.unlink(missing_ok=True)

    def _work(self, clinic: RunningClinic, making: Making) -> None:
        partial = self.folder / f"{making.id}.partial"
        try:
            with self._at_work:
                making.go_on()
                making.state = "being made"
                self.folder.mkdir(mode=0o700, exist_ok=True)
                digest, size = _written(partial, making)
                making.go_on()
                whole = partial.with_suffix(f".{making.file.suffix}")
                partial.replace(whole)
                _keep(clinic, making, whole, digest, size)
        except Stopped:
            making.state = "stopped"
        except RecordsError as no:
            making.sentence, making.state = f"The file was not made: {no.sentence}", "failed"
        except OSError as no:
            making.sentence, making.state = f"The file could not be written: {no.strerror}.", "failed"
        except Exception:
            _log.exception("An export failed.")
            making.sentence, making.state = "The file could not be made; the server's log says why.", "failed"
        finally:
            partial.unlink(missing_ok=True)
            making.over_since = time.monotonic()


def _keep(clinic: RunningClinic, making: Making, whole: Path, digest: str, size: int) -> None:
    """Write the audit row, then let the file be fetched; without the row there is no file."""
    try:
        clinic.store.add_export(making.by.id, _told(making.file, size, digest), id=making.id)
    except BaseException:
        whole.unlink(missing_ok=True)
        raise
    making.path, making.bytes, making.state = whole, size, "made"


def workshop_of(clinic: RunningClinic) -> Workshop:
    """The workshop of this clinic, one while it runs."""
    with _OPENING:
        found = _WORKSHOPS.get(clinic)
        if found is None:
            database = file_of(clinic.store.url)
            found = _WORKSHOPS[clinic] = Workshop(database.with_name(f"{database.name}.exports"))
            # What was not fetched does not outlive the server.
            weakref.finalize(clinic, shutil.rmtree, found.folder, ignore_errors=True)
        return found


_OPENING: Final = threading.Lock()
_WORKSHOPS: Final[weakref.WeakKeyDictionary[RunningClinic, Workshop]] = weakref.WeakKeyDictionary()


def _written(path: Path, making: Making) -> tuple[str, int]:
    """Write the file, durably; its SHA-256 and how long it is [B]."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        making.file.write(file, making.step)
        file.flush()
        os.fsync(file.fileno())
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as written:
        for part in iter(lambda: written.read(_CHUNK), b""):
            digest.update(part)
            size += len(part)
    return digest.hexdigest(), size


def _told(file: File, size: int, digest: str) -> NewExport:
    return NewExport(
        kind=file.kind,
        scope=file.scope,
        subject=file.subject,
        infusions=file.infusions,
        chosen=file.chosen,
        deidentified=file.deidentified,
        bytes=size,
        sha256=digest,
    )
