"""Tables of many infusions in one ZIP file, with the data dictionary beside them and a list of what is in it.

A ZIP file is opened from its end: one that was cut off opens nowhere, and so never looks whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from monitoring.exports import tables
from monitoring.exports.deidentified import NOT_ANONYMOUS, StudyNumbers
from monitoring.exports.source import Source
from monitoring.exports.tables import Table, data_dictionary, infusion_row, lines, reading_rows, row_lines, score_rows
from monitoring.records import Score

Scores = Callable[[str], tuple[Score, ...]]  # those of a series, by its id

ABOUT: Final = """\
readings.csv         everything recorded, a row for each value, event and acknowledgement
infusions.csv        a row for each infusion
scores.csv           outcome scores along the series, a row for each total and each item
data-dictionary.csv  what each column means, its unit and its type
contents.json        how many rows each file has, and its SHA-256

In pandas:

    import pandas as pd
    columns = pd.read_csv("data-dictionary.csv", keep_default_na=False)
    types = columns[columns["table"] == "readings"].set_index("column")["type"].to_dict()
    readings = pd.read_csv("readings.csv", dtype=types, keep_default_na=False, na_values=[""])

An empty cell is not recorded, or does not apply; it is never zero. Rows whose status is not "holds" were corrected or
withdrawn, or stand again, unchanged, in the entry that corrected another value of theirs: they are there to be read,
not to be counted. Where a text begins with a character that a spreadsheet would take for a formula, an apostrophe
stands before it: the last row of the data dictionary says where, to take it away.
"""


class Archive:
    """A ZIP file being written, one file after the other, each counted and hashed as it goes in."""

    def __init__(self, file: IO[bytes], at: datetime, **facts: Any) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._stamp = (max(at.year, 1980), *at.timetuple()[1:6])  # the format begins in 1980
        self._facts = facts
        self._files: list[dict[str, Any]] = []

    def add(self, name: str, parts: Iterable[str | bytes], rows: int | None = None) -> int:
        """Write one file from its parts; answers how many there were. `rows`: what is counted, if not the parts."""
        info = ZipInfo(name, self._stamp)
        info.compress_type = ZIP_DEFLATED
        digest, count = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as member:
            for part in parts:
                data = part if isinstance(part, bytes) else part.encode()
                member.write(data)
                digest.update(data)
                count += 1
        self._files.append({"file": name, "rows": count if rows is None else rows, "sha256": digest.hexdigest()})
        return count

    def table(self, table: Table, rows: Iterable[str], deidentified: bool) -> int:
        """Write one table as CSV, from its lines below the header; answers how many rows it has."""
        count = self.add(f"{table.name}.csv", chain(lines(table, (), deidentified), rows)) - 1
        self._files[-1]["rows"] = count
        return count

    def close(self) -> None:
        """Write the list of contents and the end of the file, without which nothing opens it."""
        contents = json.dumps({**self._facts, "files": self._files}, indent=2, ensure_ascii=False)
        self._zip.writestr(ZipInfo("contents.json", self._stamp), contents + "\n")
        self._zip.close()


def write_tables(
    file: IO[bytes],
    sources: Iterable[Source],
    scores_of: Scores,
    at: datetime,
    facts: Mapping[str, Any],
    study: StudyNumbers | None = None,
) -> None:
    """Write the tables of these infusions, each judged once, one after the other; `study`: de-identified.

    Of one that is written no more is held than its lines for the shorter tables: thousands are never in memory at once.
    """
    archive = Archive(file, at, **facts)
    only = study is not None
    infusions: list[str] = []
    scores: list[str] = []
    rated: set[str] = set()  # series

    def readings() -> Iterator[str]:
        for source in sources:
            series = source.series
            infusions.extend(row_lines(tables.INFUSIONS, [infusion_row(source, study)], only))
            if series.id not in rated:
                rated.add(series.id)
                found = score_rows(scores_of(series.id), series, source, study)
                scores.extend(row_lines(tables.SCORES, found, only))
            yield from row_lines(tables.READINGS, reading_rows(source, study), only)

    archive.table(tables.READINGS, readings(), only)
    archive.table(tables.INFUSIONS, infusions, only)
    archive.table(tables.SCORES, scores, only)
    archive.table(tables.DICTIONARY, row_lines(tables.DICTIONARY, data_dictionary(deidentified=only), only), only)
    archive.add("about.txt", [f"{NOT_ANONYMOUS}\n\n{ABOUT}" if only else ABOUT], rows=0)
    archive.close()
