"""What people typed, shown as it is: Streamlit reads most of its texts and labels as markdown."""

from __future__ import annotations

import re
from typing import Final

# What would be markdown in a name; a colon stays in a time, an underscore within a word.
_NOT_SPOKEN: Final = re.compile(r"[\\`*{}\[\]<>#|~$&^]|(?<!\d):|:(?!\d)|(?<!\w)_|_(?!\w)")
_MARKS: Final = frozenset("\\`*_{}[]()<>#+-.!|~$:&=^\"'")


def plain(text: str) -> str:
    """The text with every mark of markdown taken literally, on one line."""
    return "".join(f"\\{mark}" if mark in _MARKS else mark for mark in " ".join(text.split()))


def spoken(text: str) -> str:
    """The text as the name of a field or button, on one line and without marks: it is read out as it is written."""
    return " ".join(_NOT_SPOKEN.sub(" ", text).split())
