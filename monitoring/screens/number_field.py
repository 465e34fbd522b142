"""The one field for a number on a page: what is typed stays as it is typed, and what is read in it is said.

Streamlit's own field for numbers is not used: browsers drop from it what is no digit, so that "0,1" becomes 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from monitoring.clinical.written_numbers import WrittenNumber, number_text, written_number
from monitoring.screens.plain import as_it_is, plain


@dataclass(frozen=True, slots=True)
class NumberField:
    """A field for one number. `label` names it in sentences, `title` above the field."""

    key: str
    label: str
    unit: str = ""
    title: str = ""  # "": label and unit
    whole: bool = False
    decimals: int = 3  # of what is converted from another unit
    possible: tuple[float, float] | None = None  # where nothing else judges the number

    def draw(
        self,
        place: DeltaGenerator | None = None,
        value: float | None = None,
        *,
        on_change: Callable[[], None] | None = None,
    ) -> WrittenNumber:
        """The field, filled with `value` at first, and what is read in it; what is not read is said below it."""
        where = place or st
        st.session_state.setdefault(self.key, "" if value is None else number_text(value))
        title = self.title or (f"{self.label}, {self.unit}" if self.unit else self.label)
        # The field is told each time what it holds: a browser that draws it late begins with that, and not empty.
        shown = str(st.session_state[self.key])
        where.text_input(as_it_is(title), shown, key=self.key, on_change=on_change or "rerun")
        read = self.read()
        if read.expected:
            where.warning(plain(f"▲ {read.problem(self.label)}"))
        elif read.turned:
            where.caption(plain(read.turned))
        return read

    def read(self) -> WrittenNumber:
        """What is read in what is typed."""
        typed = str(st.session_state.get(self.key, ""))
        read = written_number(typed, self.unit, decimals=self.decimals, whole=self.whole)
        if read.value is None or self.possible is None or self.possible[0] <= read.value <= self.possible[1]:
            return read
        low, high = self.possible
        return WrittenNumber(typed, expected=f"{number_text(low)} to {number_text(high)} {self.unit}".rstrip())

    def number(self) -> float | None:
        """The number that is read, None where there is none."""
        return self.read().value

    def count(self) -> int | None:
        """The whole number that is read."""
        value = self.read().value
        return None if value is None else int(value)

    def problems(self) -> list[str]:
        """Why no number is read in what is typed: one sentence, or none."""
        return [problem] if (problem := self.read().problem(self.label)) else []
