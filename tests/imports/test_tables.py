"""A CSV file as a table: every line accounted for, or a sentence why it is none."""

from __future__ import annotations

import pytest

from monitoring.imports.tables import MOST_ROWS, FileRefused, read_table


@pytest.mark.parametrize(
    ("data", "columns", "rows"),
    [
        (b"time,HR\n10:00,72\n", ("time", "HR"), {2: ("10:00", "72")}),
        (b"time;HR\r\n10:00;72,5\r\n", ("time", "HR"), {2: ("10:00", "72,5")}),
        (b"time\tHR\n10:00\t72\n", ("time", "HR"), {2: ("10:00", "72")}),
        (b"\xef\xbb\xbftime,HR\n\n,\n10:00,72", ("time", "HR"), {4: ("10:00", "72")}),
        (
            b'time,remark\n10:00,"two\nlines"\n10:05,x\n',
            ("time", "remark"),
            {3: ("10:00", "two\nlines"), 4: ("10:05", "x")},
        ),
        (b"time,HR,\n10:00,72,\n", ("time", "HR"), {2: ("10:00", "72")}),
        (b"time,HR\n10:00\n", ("time", "HR"), {2: ("10:00", "")}),
        (b'"time\n[local]";HR\n10:00;72\n', ("time\n[local]", "HR"), {3: ("10:00", "72")}),
        (b"weight, kg;dose, mg;HR\n72;0,5;80\n", ("weight, kg", "dose, mg", "HR"), {2: ("72", "0,5", "80")}),
        (
            b"time,remark\n10:00,a;b;c\n10:05,d;e;f\n",
            ("time", "remark"),
            {2: ("10:00", "a;b;c"), 3: ("10:05", "d;e;f")},
        ),
        (
            b"time,HR\r\n10:00,72\n10:05,73\r10:10,74\r\n",
            ("time", "HR"),
            {2: ("10:00", "72"), 3: ("10:05", "73"), 4: ("10:10", "74")},
        ),
    ],
    ids=[
        "commas",
        "semicolons",
        "tabs",
        "mark and empty lines",
        "line in a cell",
        "end of line",
        "too few cells",
        "line in the heading",
        "commas in the heading",
        "semicolons in a cell",
        "mixed line ends",
    ],
)
def test_a_file_is_read(data: bytes, columns: tuple[str, ...], rows: dict[int, tuple[str, ...]]) -> None:
    found = read_table(data)
    assert found.columns == columns
    assert {row.line: row.cells for row in found.rows} == rows


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This file is empty"),
        (b" \n,\n", "This file is empty"),
        (b"time,HR\n", "nothing below it"),
        (b"time,time\n1,2\n", "Column “time” stands there twice"),
        (b"time,,HR\n1,2,3\n", "Column 2 has no name"),
        (b'time,HR\n10:00,"72', "Line 2 cannot be read"),
        (b"time,HR\n10:00,\xb07\n", "Byte 15 is not UTF-8"),
        (b"time,HR\n10:00,7\x002\n", "is a NUL"),
        (b"time,HR\n" + b"1,2\n" * (MOST_ROWS + 1), f"more than {MOST_ROWS} lines"),
    ],
    ids=["empty", "only delimiters", "only a heading", "twice", "no name", "cut", "not utf-8", "nul", "too long"],
)
def test_a_file_that_is_no_table(data: bytes, sentence: str) -> None:
    with pytest.raises(FileRefused, match=sentence):
        read_table(data)


def test_another_encoding_is_taken_when_it_is_said() -> None:
    assert read_table("time,remark\n10:00,müde\n".encode("cp1252"), "cp1252").rows[0].cells == ("10:00", "müde")


def test_the_words_of_a_column_are_each_told_once() -> None:
    assert read_table(b"what,n\nHR,1\nSYS,2\nHR,3\n,4\n").words(0) == ("HR", "SYS")
