"""Reading back what `monitoring.exports.whole` wrote, into an empty database: all of it, or nothing."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from monitoring.exports.whole import FORMAT, VERSION, Progress, digest
from monitoring.records import StoreRefused
from monitoring.records.verify import Head
from monitoring.records.whole import RECORD, Snapshot, restore

CONTENTS: Final = "contents.json"
_AT_ONCE: Final = 1 << 20  # bytes
_LONGEST_LIST: Final = 1_000_000  # bytes of the list of contents, which has a line for each table


@dataclass(frozen=True, slots=True)
class Contents:
    """What an export says of itself: whose it is, where its audit chain ends, and for each table rows and SHA-256."""

    clinic: str
    made_at: str
    schema: str
    head: Head
    tables: dict[str, tuple[int, str]]


def read_clinic(file: Path, url: str, progress: Progress = lambda _table, _rows: None) -> Contents:
    """Make the empty database at `url` the clinic in this export, equal row for row, and its chains walked.

    Raises StoreRefused, with nothing left behind, when the file is no whole export (cut, changed, of a newer version),
    or when there is anything in the database.
    """
    try:
        with ZipFile(file) as archive:
            contents = _contents(archive)
            for table, expected in contents.tables.items():
                _require_as_exported(archive, table, expected)
            opened = {table: _Table(archive, table) for table in contents.tables}

            def rows_of(table: str) -> Iterator[dict[str, Any]]:
                if table not in opened:  # of an older version, which did not have it
                    return iter(())
                progress(table, contents.tables[table][0])
                return opened[table].rows()

            restore(url, contents.head, rows_of, lambda copy: _differences(copy, contents, opened))
            return contents
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        # Of a file in which a bit was flipped the library may also say that it is encrypted, or of another method.
        raise StoreRefused(f"{file.name} is no whole export ({error}): it was cut or changed.") from None
    except OSError as error:
        raise StoreRefused(f"{file}: {error.strerror or error}, expected an export.") from None


def _contents(archive: ZipFile) -> Contents:
    names = archive.namelist()
    if CONTENTS not in names:
        raise StoreRefused("This file has no list of its contents: expected the export of a whole clinic.")
    if archive.getinfo(CONTENTS).file_size > _LONGEST_LIST:
        raise StoreRefused("The list of its contents is too long: expected the export of a whole clinic.")
    try:
        said = json.loads(archive.read(CONTENTS))
        if said.get("format") != FORMAT:
            raise StoreRefused("This file holds something else: expected the export of a whole clinic.")
        if said["version"] != VERSION:
            raise StoreRefused(f"This export has format {said['version']}: this program reads {VERSION}.")
        tables = {one["file"].removesuffix(".jsonl"): (int(one["rows"]), str(one["sha256"])) for one in said["files"]}
        contents = Contents(
            str(said["clinic"]), str(said["made_at"]), str(said["schema"]), Head.read(said["head"]), tables
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreRefused(f"The list of its contents cannot be read ({error}).") from None
    if unknown := sorted(set(tables) - set(RECORD)):
        raise StoreRefused(f"This export has a table “{unknown[0][:60]}”: it was made by a newer program.")
    expected = {CONTENTS, *(f"{table}.jsonl" for table in tables)}
    if set(names) != expected or len(names) != len(expected):
        other = sorted(set(names) ^ expected) or sorted(name for name in names if names.count(name) > 1)
        raise StoreRefused(f"“{other[0][:60]}” is missing, is there twice, or is not in the list of contents.")
    return contents


def _require_as_exported(archive: ZipFile, table: str, expected: tuple[int, str]) -> None:
    """Raise StoreRefused unless a table is word for word what was exported: nothing is touched before this is known."""
    found, count = hashlib.sha256(), 0
    with archive.open(f"{table}.jsonl") as member:
        while part := member.read(_AT_ONCE):
            found.update(part)
            count += part.count(b"\n")
    if (count, found.hexdigest()) != expected:
        raise StoreRefused(f"Table {table} was changed after it was exported: its hash is another one.")


class _Table:
    """One table of an export, read line by line."""

    def __init__(self, archive: ZipFile, table: str) -> None:
        self._archive, self._table = archive, table
        self.columns: tuple[str, ...] = ()  # as in the first row

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows in their order. Raises StoreRefused at a line that is none."""
        with self._archive.open(f"{self._table}.jsonl") as member:
            for count, line in enumerate(member, start=1):
                yield self._row(line, count)

    def _row(self, line: bytes, count: int) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict) or not line.endswith(b"\n"):
            raise StoreRefused(f"Table {self._table}, line {count} cannot be read: it was changed.")
        self.columns = self.columns or tuple(row)
        return row


def _differences(copy: Snapshot, contents: Contents, opened: Mapping[str, _Table]) -> Iterator[str]:
    """Where the copy, read anew, is not what the export says; columns that are newer than the export are empty."""
    for table, expected in contents.tables.items():
        count, found = digest(copy, table, opened[table].columns)
        if (count, found) != expected:
            yield f"Table {table} has {count} rows with the hash {found}: expected {expected[0]} with {expected[1]}."
