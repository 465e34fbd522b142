"""What people typed, shown as it is: Streamlit reads most of its texts and labels as markdown."""

from __future__ import annotations

import re
from typing import Final

_MARKS: Final = frozenset("\\`*_{}[]()<>#+-.!|~$:&=^\"'")


def plain(text: str) -> str:
    """The text with every mark of markdown taken literally, on one line."""
    return "".join(f"\\{mark}" if mark in _MARKS else mark for mark in " ".join(text.split()))


def spoken(text: str) -> str:
    """The text as the name of a field or button, on one line, without marks but in 9:05: it is read out as it is written."""
    return " ".join(re.sub(r"(?:(?!(?<=\d):(?=\d))[^\w%°,./()“”-])+", " ", text).split())
