"""A CSV file as a table of texts: every line accounted for, or a sentence that says why it is no table."""

from __future__ import annotations

import codecs
import csv
import re
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Final

ENCODINGS: Final = ("utf-8", "cp1252", "utf-16")  # what may be said of a file; nothing is guessed
DELIMITERS: Final = (",", ";", "\t")
MOST_ROWS: Final = 20_000  # a paper record has some dozens; many years' worth come in several files
MOST_COLUMNS: Final = 200
_SAID: Final = re.compile("sep=(.)\r?\n", re.IGNORECASE)  # a spreadsheet's own first line
_KEPT_AS_TEXT: Final = re.compile(r'="([^"]*)"')
_MARKS: Final = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
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
        last = max((at for at, cell in enumerate(self.cells) if cell), default=0)
        return " | ".join(self.cells[: last + 1])


@dataclass(frozen=True, slots=True)
class Table:
    """The heading and the records of a file; records in which every cell is empty say nothing, and are not listed."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    above: tuple[str, ...] = ()  # what stands above the heading, a line each: not read, and told

    def words(self, column: int) -> tuple[str, ...]:
        """The different texts in a column, in the order they come, without empty ones."""
        found = (row.cells[column].strip() for row in self.rows if column < len(row.cells))
        return tuple(dict.fromkeys(text for text in found if text))


def read_table(data: bytes, encoding: str = "utf-8") -> Table:
    """The table in the bytes of a CSV file with a heading. Raises FileRefused with one sentence."""
    text = _text(data, encoding)
    said = _SAID.match(text)
    text = text if said is None else text[said.end() :]
    delimiter = max(DELIMITERS, key=lambda one: _cells(text, one)) if said is None else said[1]
    above = _above(text, delimiter)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    skipped: list[str] = []
    heading: tuple[str, ...] | None = None
    first = 0 if said is None else 1  # the line that says what the cells are parted by is the first of the file
    try:
        for cells in reader:
            found = tuple(_as_text(cell.strip()) for cell in cells)
            if not any(found):
                continue
            if len(skipped) < above:
                skipped.append(" ".join(cell for cell in found if cell))
                continue
            if heading is None:
                heading = found
                continue
            rows.append(Row(first + reader.line_num, found))
            if len(rows) > MOST_ROWS:
                raise FileRefused(f"This file has more than {MOST_ROWS} lines: expected it in parts.")
    except csv.Error as error:
        raise FileRefused(f"Line {reader.line_num} cannot be read ({error}): expected a whole CSV file.") from None
    if heading is None:
        raise FileRefused("This file is empty: expected a heading and a line for each time.")
    if not rows:
        raise FileRefused("This file has a heading and nothing below it: expected a line for each time.")
    return _shaped(heading, rows, tuple(skipped))


def _shaped(cells: tuple[str, ...], rows: list[Row], above: tuple[str, ...]) -> Table:
    """The table with a cell for each column in each row.

    A column without a name in which no row has anything is none. Cells that a row lacks at its end are empty; a row
    with more cells than there are columns keeps them, to be told.
    """
    held = {at for row in rows for at, cell in enumerate(row.cells) if cell}
    empty = {at for at, name in enumerate(cells) if not name and at not in held}
    heading = _heading(tuple(name for at, name in enumerate(cells) if at not in empty))
    shaped = []
    for row in rows:
        kept = tuple(cell for at, cell in enumerate(row.cells) if at not in empty)
        shaped.append(Row(row.line, kept + ("",) * (len(heading) - len(kept))))
    return Table(heading, tuple(shaped), above)


def _above(text: str, delimiter: str) -> int:
    """How many lines stand above the heading: a title, a patient's name; each with one cell where the table has more.

    None where the first line has as many as the table, or where no line below has more than two.
    """
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [held for cells in islice(reader, _LOOKED_AT) if (held := [cell for cell in cells if cell.strip()])]
    except csv.Error:
        return 0
    first = next((at for at, held in enumerate(lines) if len(held) > 1), 0)
    widest = max((len(held) for held in lines[first:]), default=0)
    return first if widest > 2 else 0


def _as_text(cell: str) -> str:
    """A cell that a spreadsheet was told to keep as text: ="0101" is 0101."""
    found = _KEPT_AS_TEXT.fullmatch(cell)
    return cell if found is None else found[1]


def _text(data: bytes, encoding: str) -> str:
    for mark, really in _MARKS.items():
        if data.startswith(mark) and encoding != really:
            raise FileRefused(f"This file begins with the mark of {really.upper()}: expected it read as that.")
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
