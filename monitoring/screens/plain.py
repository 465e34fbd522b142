"""The one door through which words reach a page: each is shown as it was written, and turns no number beside it round.

Streamlit reads most of its texts and labels as markdown: `plain`, and `spoken` where the text names a field or button.
`in_html` is for what a page writes as HTML, `as_it_is` for `st.text`, lists and charts, where nothing is markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape
from typing import Any, Final

from monitoring.clinical.directions import isolated

# What would be markdown in a name; a colon stays in a time, an underscore within a word.
_NOT_SPOKEN: Final = re.compile(r"[\\`*{}\[\]<>#|~$&^]|(?<!\d):|:(?!\d)|(?<!\w)_|_(?!\w)")
_MARKS: Final = frozenset("\\`*_{}[]()<>#+-.!|~$:&=^\"'")


def plain(text: str) -> str:
    """The text with every mark of markdown taken literally, on one line."""
    return "".join(f"\\{mark}" if mark in _MARKS else mark for mark in isolated(" ".join(text.split())))


def spoken(text: str) -> str:
    """The text as the name of a field or button, on one line and without marks: it is read out as it is written."""
    return isolated(" ".join(_NOT_SPOKEN.sub(" ", text).split()))


def in_html(text: str) -> str:
    """The text within HTML, also as the value of an attribute."""
    return escape(isolated(text))


def as_it_is(text: str) -> str:
    """The text for where nothing is read as markup."""
    return isolated(text)


def listed(words: Mapping[Any, str], otherwise: str = "") -> Callable[[Any], str]:
    """What gives each option of a list its words, as they are; `otherwise` one that has none."""
    return lambda option: as_it_is(words.get(option, otherwise))


def each_as_it_is(value: Any) -> Any:
    """A figure, or another tree of values, with each text in it as it is; its keys stay."""
    if isinstance(value, str):
        return as_it_is(value)
    if isinstance(value, Mapping):
        return {key: each_as_it_is(one) for key, one in value.items()}
    return [each_as_it_is(one) for one in value] if isinstance(value, list | tuple) else value
