"""A CSV file as a table of texts: every line accounted for, or a sentence that says why it is no table."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Final

ENCODINGS: Final = ("utf-8", "cp1252", "utf-16")  # what may be said of a file; nothing is guessed
DELIMITERS: Final = (",", ";", "\t")
MOST_ROWS: Final = 20_000  # a paper record has some dozens; many years' worth come in several files
MOST_COLUMNS: Final = 200
_LOOKED_AT: Final = 50  # lines, to find what the cells are parted by


class FileRefused(ValueError):
    """The file cannot be read at all; the message is one sentence: what was found, what is expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file. `line` is the line on which it ends, counted from 1 with the heading."""

    line: int
    cells: tuple[str, ...]

    @property
    def place(self) -> str:
        """Where it is, in words."""
        return f"line {self.line}"

    @property
    def text(self) -> str:
        """All that it says, as one text."""
        return " | ".join(self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """The heading and the records of a file; records in which every cell is empty say nothing, and are not listed."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def words(self, column: int) -> tuple[str, ...]:
        """The different texts in a column, in the order they come, without empty ones."""
        found = (row.cells[column].strip() for row in self.rows if column < len(row.cells))
        return tuple(dict.fromkeys(text for text in found if text))


def read_table(data: bytes, encoding: str = "utf-8") -> Table:
    """The table in the bytes of a CSV file with a heading. Raises FileRefused with one sentence."""
    text = _text(data, encoding)
    delimiter = max(DELIMITERS, key=lambda one: _cells(text, one))
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    heading: tuple[str, ...] | None = None
    try:
        for cells in reader:
            found = tuple(cell.strip() for cell in cells)
            if not any(found):
                continue
            if heading is None:
                heading = _heading(found)
                continue
            rows.append(Row(reader.line_num, found))
            if len(rows) > MOST_ROWS:
                raise FileRefused(f"This file has more than {MOST_ROWS} lines: expected it in parts.")
    except csv.Error as error:
        raise FileRefused(f"Line {reader.line_num} cannot be read ({error}): expected a whole CSV file.") from None
    if heading is None:
        raise FileRefused("This file is empty: expected a heading and a line for each time.")
    if not rows:
        raise FileRefused("This file has a heading and nothing below it: expected a line for each time.")
    return Table(heading, tuple(rows))


def _text(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"Byte {error.start + 1} is not {encoding.upper()}: expected a file in that encoding, or another one said."
        ) from None
    text = text.removeprefix("\ufeff")
    if (at := text.find("\x00")) >= 0:
        raise FileRefused(f"Character {at + 1} is a NUL: expected a text file.")
    return text


def _cells(text: str, delimiter: str) -> tuple[int, int]:
    """How well a delimiter splits the file: how many of its first lines have as many cells as the heading, and that."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    found = (cells for cells in reader if "".join(cells).strip(f" {''.join(DELIMITERS)}"))
    try:
        heading, *rows = islice(found, _LOOKED_AT)
    except (ValueError, csv.Error):  # nothing at all, or no table by this delimiter
        return 0, 0
    return sum(len(row) == len(heading) > 1 for row in rows), len(heading)


def _heading(cells: tuple[str, ...]) -> tuple[str, ...]:
    while cells and not cells[-1]:
        cells = cells[:-1]  # a delimiter at the end of each line
    if len(cells) > MOST_COLUMNS:
        raise FileRefused(f"This file has {len(cells)} columns: expected at most {MOST_COLUMNS}.")
    for position, name in enumerate(cells, start=1):
        if not name:
            raise FileRefused(f"Column {position} has no name: expected a name for each in the first line.")
        if cells.index(name) != position - 1:
            raise FileRefused(f"Column “{name[:60]}” stands there twice: expected each name once.")
    return cells
