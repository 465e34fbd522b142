"""What the clinic's charts show, as a file: one table, as CSV."""

from __future__ import annotations

from typing import Literal

from monitoring.exports.tables import Column, Table, lines
from monitoring.review.clinic_counts import ClinicTable


def clinic_csv(table: ClinicTable) -> bytes:
    """The rows of a chart as CSV in UTF-8; an empty cell is one that rests on too few."""
    names = table.columns
    columns = tuple(Column(name, _type(table, index), "") for index, name in enumerate(names))
    rows = (dict(zip(names, row, strict=True)) for row in table.rows)
    return "".join(lines(Table(table.key, columns), rows)).encode()


def _type(table: ClinicTable, column: int) -> Literal["string", "Int64", "Float64"]:
    cells = {type(row[column]) for row in table.rows} - {type(None)}
    return "string" if str in cells else "Int64" if cells == {int} else "Float64"
