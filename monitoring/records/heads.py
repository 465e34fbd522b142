"""The head of the audit chain, kept outside the database as it grows: what the file must hold when it is opened next.

SQLite keeps the newest writes in a log beside the database (`clinic.db-wal`). Whoever copies the database alone, or
puts an older copy in its place, loses them. So after each commit the head is noted in `clinic.db.head`, and in a second
place where the site names one; a start and `verify` compare.

What was found missing is noted in `clinic.db.missing` and told until somebody acknowledges it. From then on the chain
that is there goes on.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

SETTLE_SECONDS: Final = 1.0  # how long heads gather before one goes to the disk: it would hold up the entries' own way
_SLOT: Final = 512  # bytes: one sector, which a disk writes whole or not at all

HashOf = Callable[[int], str | None]  # of the audit chain's row with a number, None when there is no such row

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the audit chain stands: kept elsewhere, it anchors everything stored until then."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The head that `str` wrote. Raises ValueError for other text."""
        seq, _, digest = text.strip().partition(":")
        if not (seq.isascii() and seq.isdigit()) or len(digest) != 64:
            raise ValueError(f"Head {text!r}: expected a number, a colon and 64 hexadecimal digits.")
        return cls(int(seq), digest)


@dataclass(frozen=True, slots=True)
class Gap:
    """Writes that are not there: the head that was noted and which file noted it, and the head that was found.

    `noted` and `place` are "" when only the database itself says that its log is gone.
    """

    noted: str
    found: str
    place: str

    @property
    def missing(self) -> int:
        """How many writes are missing; 0 when that is not known."""
        return max(0, Head.read(self.noted).seq - Head.read(self.found).seq) if self.noted else 0

    def sentence(self, file: Path) -> str:
        """What is missing, for whoever runs the server."""
        found = Head.read(self.found).seq
        if not self.noted:
            return (
                f"The newest writes are missing from {file.name}, nobody knows how many: it was copied or moved "
                f"without the file {file.name}-wal that belongs to it."
            )
        if self.missing == 0:
            return (
                f"{file.name} is not the database of which {self.place} was kept: write {Head.read(self.noted).seq} is "
                "another one there. What that database held may be missing."
            )
        writes = "1 write is" if self.missing == 1 else f"{self.missing} writes are"
        return (
            f"{writes} missing from {file.name}: {Head.read(self.noted).seq} were noted in {self.place}, {found} are "
            f"there. Look for the newest copy, with the file {file.name}-wal that belongs to it."
        )


def head_file(file: Path) -> Path:
    """Where the head is kept beside a database."""
    return file.with_name(f"{file.name}.head")


def gaps_file(file: Path) -> Path:
    """Where it is noted beside a database what was found missing and is not acknowledged."""
    return file.with_name(f"{file.name}.missing")


def read_head(place: Path) -> Head | None:
    """The newest whole head in this file; None when there is no such file. Raises ValueError when no head is whole."""
    try:
        content = place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ValueError(f"{place} cannot be read ({error.strerror}).") from error
    heads = [head for head in (_read_slot(content[at : at + _SLOT]) for at in (0, _SLOT)) if head is not None]
    if not heads:
        raise ValueError(f"{place} holds no head of an audit chain: it was cut or changed.")
    return max(heads, key=lambda head: head.seq)


def noted_gaps(file: Path) -> tuple[Gap, ...]:
    """What was found missing at a start and is not acknowledged."""
    try:
        lines = gaps_file(file).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(Gap(**json.loads(line)) for line in lines if line.strip())


def gap_at(place: Path, head: Head | None, present: Head, hash_of: HashOf) -> Gap | None:
    """What is missing when this head was noted at `place`; None when the chain goes through it.

    `present` is where the chain ends.
    """
    if head is None or head.seq == 0 or hash_of(head.seq) == head.hash:
        return None
    return Gap(str(head), str(present), str(place))


class KeptHeads:
    """Notes each new head in its places. Safe to use from many threads.

    Beside the database it is written before `keep` returns, which costs some microseconds: a process that is killed
    loses none. A thread then brings it to the disk, and to the second place, which may be slow or gone for a while;
    what is newer goes in the place of what waits. After a power cut the last head may be missing, never one too many.
    """

    def __init__(self, beside: Path, elsewhere: Path | None = None) -> None:
        self.places: Final[Sequence[Path]] = (beside,) if elsewhere is None else (beside, elsewhere)
        self.trouble: dict[Path, str] = {}  # why a place is behind
        self._files = {place: _HeadFile(place) for place in self.places}
        self._newest: Head | None = None
        self._waiting = threading.Condition()
        self._ends = False
        self._thread: threading.Thread | None = None

    def keep(self, head: Head) -> None:
        """Note this head. Never raises: what was saved stays saved."""
        self._write(self.places[0], head)
        with self._waiting:
            self._newest = head
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="heads", daemon=True)
                self._thread.start()
            self._waiting.notify()

    def compare(self, file: Path, present: Head, hash_of: HashOf, *, log_lost: bool) -> tuple[Gap, ...]:
        """What of the database `file` is missing and not acknowledged; from now on `present` and what follows is noted.

        What was not known to be missing is noted first. Where that fails, the older heads stay.
        """
        known = noted_gaps(file)
        found: list[Gap] = []
        behind: list[Path] = []
        for place in self.places:
            try:
                head = read_head(place)
            except ValueError as no:
                _log.error("%s", no)
                self.trouble[place] = str(no)
                head = None
            if (gap := gap_at(place, head, present, hash_of)) is not None:
                found.append(gap)
            if head != present:
                behind.append(place)
        if log_lost and not found:
            found.append(Gap("", str(present), ""))
        new = tuple(gap for gap in found if gap not in known)
        if new:
            try:
                _note_gaps(file, new)
            except OSError as error:
                _log.error("What is missing cannot be noted in %s: %s.", gaps_file(file), error.strerror)
                behind = []
        for place in behind:
            self._write(place, present, anew=True)
        return (*known, *new)

    def close(self) -> None:
        """Bring the last head to its places, and let them go."""
        with self._waiting:
            self._ends = True
            self._waiting.notify()
        if self._thread is not None:
            self._thread.join()
        for one in self._files.values():
            one.close()

    def _follow(self) -> None:
        while True:
            with self._waiting:
                self._waiting.wait_for(lambda: self._ends or self._newest is not None)
                self._waiting.wait_for(lambda: self._ends, SETTLE_SECONDS)
                head, self._newest = self._newest, None
            if head is None:
                return
            for place in self.places[1:]:
                self._write(place, head)
            for place in self.places:
                with suppress(OSError):
                    self._files[place].synchronise()

    def _write(self, place: Path, head: Head, *, anew: bool = False) -> None:
        try:
            self._files[place].write(head, anew=anew)
        except OSError as error:
            if place not in self.trouble:
                _log.error("The head of the audit chain cannot be noted in %s: %s.", place, error.strerror)
            self.trouble[place] = f"The head of the audit chain cannot be noted in {place} ({error.strerror})."
        else:
            self.trouble.pop(place, None)


class _HeadFile:
    """Two slots, of which the older is written: half a write leaves the other one whole."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._descriptor: int | None = None
        self._slot = 0

    def write(self, head: Head, *, anew: bool = False) -> None:
        """Put this head into the older slot, or `anew` into both. Raises OSError."""
        descriptor = self._open()
        slots = (0, 1) if anew else (self._slot,)
        for slot in slots:
            os.pwrite(descriptor, _slot(head), slot * _SLOT)
        self._slot = 1 - self._slot

    def synchronise(self) -> None:
        """Bring to the disk what was written. Raises OSError."""
        if self._descriptor is not None:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        if self._descriptor is not None:
            # A file that was removed or replaced takes what is written to it with it.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.stat(self._place), os.fstat(self._descriptor)):
                    return self._descriptor
            self.close()
        self._descriptor = os.open(self._place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        first = _read_slot(os.pread(self._descriptor, _SLOT, 0))
        second = _read_slot(os.pread(self._descriptor, _SLOT, _SLOT))
        self._slot = 1 if first is not None and (second is None or second.seq <= first.seq) else 0
        return self._descriptor


def _note_gaps(file: Path, gaps: Iterable[Gap]) -> None:
    """Write down what was found missing, until it is acknowledged. Raises OSError."""
    with gaps_file(file).open("a", encoding="utf-8") as opened:
        for gap in gaps:
            opened.write(f"{json.dumps(asdict(gap))}\n")
        opened.flush()
        os.fsync(opened.fileno())


def _slot(head: Head) -> bytes:
    words = f"{head}"
    return f"{words} {zlib.crc32(words.encode()):08x} ".ljust(_SLOT - 1).encode() + b"\n"


def _read_slot(content: bytes) -> Head | None:
    words, _, check = content.decode("ascii", errors="replace").strip().partition(" ")
    try:
        return Head.read(words) if int(check.strip(), 16) == zlib.crc32(words.encode()) else None
    except ValueError:
        return None
