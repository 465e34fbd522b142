"""The whole clinic in one ZIP file: the rows of each table as JSON lines, and a list of them with their hashes.

Another installation reads it back with `monitoring.imports.whole`, equal row for row. It holds everything the database
holds, people's names and the hashes of PINs too, and is to be kept like the database itself. What signs the devices'
cookies is not in it: on the copy, everybody signs in anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from monitoring.clinic import TOP, RunningClinic
from monitoring.exports.archive import Archive
from monitoring.exports.files import ZIP, File, Step
from monitoring.records import NewExport, Store, StoreRefused
from monitoring.records.verify import Head, verify
from monitoring.records.whole import RECORD, Snapshot, snapshot

FORMAT: Final = "infusion-monitor whole clinic"
VERSION: Final = 1
KIND: Final = "whole clinic"  # in the audit row
SCOPE: Final = "clinic"

Progress = Callable[[str, int], object]  # name of a table, and how many rows it has


def write_clinic(
    url: str,
    file: IO[bytes],
    at: datetime,
    progress: Progress = lambda _table, _rows: None,
    walk: Callable[[str], list[str]] = verify,
) -> Head:
    """Write everything in the database at `url`, as it is at one moment; answers the head of its audit chain there.

    Reads beside a running server. Raises StoreRefused when the records are not as they were saved, as `walk` finds.
    """
    if wrong := walk(url):
        raise StoreRefused(f"Not exported: {wrong[0]}")
    with snapshot(url) as moment:
        archive = Archive(
            file,
            at,
            format=FORMAT,
            version=VERSION,
            clinic=moment.clinic,
            made_at=at.isoformat(),
            schema=moment.schema,
            head=str(moment.head),
        )
        for table in RECORD:
            progress(table, moment.count(table))
            archive.add(f"{table}.jsonl", lines(moment.rows(table)))
        archive.close()
        return moment.head


def lines(rows: Iterable[Mapping[str, Any]], columns: Sequence[str] | None = None) -> Iterator[str]:
    """Rows as JSON lines: columns by name (of `columns`, if given), NULL as null, floats as they read back the same."""
    for row in rows:
        found = row if columns is None else {name: row[name] for name in columns}
        yield json.dumps(found, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def digest(moment: Snapshot, table: str, columns: Sequence[str] | None = None) -> tuple[int, str]:
    """How many rows a table has, and the SHA-256 of its JSON lines."""
    found, count = hashlib.sha256(), 0
    for line in lines(moment.rows(table), columns):
        found.update(line.encode())
        count += 1
    return count, found.hexdigest()


def walk_apart(url: str) -> list[str]:
    """What `verify` finds, in a process of its own: the hashes of many years would not fit beside a server's work."""
    command = [sys.executable, "-m", "monitoring", "verify", url]
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=TOP, env=environment, capture_output=True, encoding="utf-8", check=False)
    if done.returncode == 0:
        return []
    return (done.stdout or done.stderr).splitlines() or ["The chains could not be walked."]


def whole_clinic(clinic: RunningClinic) -> File:
    """The whole clinic as a file that a person takes out of the running server; a step is a table."""

    def write(file: IO[bytes], step: Step) -> None:
        write_clinic(clinic.store.url, file, clinic.clock.now(), lambda _table, _rows: step(), walk_apart)

    return File(
        kind=KIND,
        scope=SCOPE,
        subject="",
        infusions=(),
        chosen={},
        deidentified=False,
        steps=len(RECORD),
        stem="invented-clinic" if clinic.demonstration else "clinic",
        suffix="zip",
        media_type=ZIP,
        write=write,
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """An export that lies where it was wanted: how long it is [B], its SHA-256, and the chain's head in it."""

    bytes: int
    sha256: str
    head: Head


def take_out(
    store: Store, file: Path, staff_id: str, chosen: Mapping[str, str], progress: Progress = lambda _table, _rows: None
) -> Taken:
    """Export everything in `store` to a new `file`, which only this user of the machine may read, and keep who did.

    The file has its name only once it is whole and the audit row of the export is written. Raises StoreRefused.
    """
    if file.exists():
        raise StoreRefused(f"{file} is there already: expected a name that is not.")
    part = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as written:
            head = write_clinic(store.url, written, store.clock.now(), progress)
            written.flush()
            os.fsync(written.fileno())
        with part.open("rb") as whole:
            sha256 = hashlib.file_digest(whole, "sha256").hexdigest()
        taken = Taken(part.stat().st_size, sha256, head)
        store.add_export(
            staff_id,
            NewExport(KIND, SCOPE, "", (), chosen, deidentified=False, bytes=taken.bytes, sha256=sha256),
        )
        os.replace(part, file)
        return taken
    except OSError as error:
        raise StoreRefused(f"{file} cannot be written ({error.strerror}).") from None
    finally:
        part.unlink(missing_ok=True)
