"""A real table on a page: every word of it is there, wrapped, and read out cell by cell with its heading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from monitoring.screens.plain import in_html

MOST_ROWS: Final = 200  # at once; what is left over is counted by whoever draws it
_STYLE: Final = """<style>
.wrapped { overflow-x: auto; }
.wrapped table { width: 100%; border-collapse: collapse; font-size: 15px; font-variant-numeric: tabular-nums; }
.wrapped caption { text-align: left; padding: 2px 0 4px; opacity: 0.75; }
.wrapped th, .wrapped td { text-align: left; vertical-align: top; padding: 4px 8px; overflow-wrap: anywhere; }
.wrapped tr > :nth-child(-n + 2) { white-space: nowrap; }
.wrapped thead th { border-bottom: 1px solid currentColor; white-space: nowrap; }
.wrapped tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.wrapped tr.marked > *:nth-child(2) { font-weight: 700; }
</style>"""


def draw_wrapped(
    caption: str, rows: Sequence[Mapping[str, str]], marked: Sequence[bool] = (), *, most: int = MOST_ROWS
) -> None:
    """These rows under the names of their cells, the first cell of each as its heading; at most `most` of them.

    `marked`: of each row whether its second cell stands out.
    """
    if not rows:
        return
    head = "".join(f'<th scope="col">{in_html(name)}</th>' for name in rows[0])
    body = "".join(
        f"<tr{' class=marked' if index < len(marked) and marked[index] else ''}>{_cells(row)}</tr>"
        for index, row in enumerate(rows[:most])
    )
    table = f"<caption>{in_html(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    st.html(f'{_STYLE}<div class="wrapped"><table>{table}</table></div>')


def _cells(row: Mapping[str, str]) -> str:
    first, *others = row.values()
    return f'<th scope="row">{in_html(first)}</th>' + "".join(f"<td>{in_html(text)}</td>" for text in others)
