"""Words written from right to left inside others: kept apart, so that they do not turn the numbers beside them round.

In a line from left to right a name in Arabic or Hebrew draws the number that follows it to its other side:
"27-0417" is read as "0417-27". An isolate (Unicode TR9: U+2068 ... U+2069) keeps the name in its place.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_OPEN, _CLOSE = "\u2068", "\u2069"
_OF_PHRASE: Final = ("R", "M")
_ISOLATES: Final = re.compile("[\u2066-\u2069]")
# What may stand inside a phrase of one direction, between its words; numbers too, where plain spaces are around them.
_INSIDE: Final = re.compile(r"[\s.,،'’\"\-־]*|\s+[\d.,/:%-]+\s+")


def isolated(text: str) -> str:
    """The text with each phrase from right to left in an isolate; as it is where there is no such phrase.

    A text that is from right to left as a whole is one phrase: its own order of words and numbers holds.
    """
    sides = [_side(character) for character in text]
    if "R" not in sides:
        return text
    text = _ISOLATES.sub("", text)
    sides = [_side(character) for character in text]
    if "L" not in sides:
        return f"{_OPEN}{text}{_CLOSE}"
    found, at = [], 0
    while at < len(text):
        if sides[at] != "R":
            found.append(text[at])
            at += 1
            continue
        end = _end_of_phrase(text, sides, at)
        found.append(f"{_OPEN}{text[at:end]}{_CLOSE}")
        at = end
    return "".join(found)


def _end_of_phrase(text: str, sides: list[str], at: int) -> int:
    """Where a phrase that begins at `at` is over: behind its last letter from right to left."""
    end = at
    while at < len(text) and sides[at] in _OF_PHRASE:
        end = at = at + 1
        if at < len(text) and sides[at] not in _OF_PHRASE:
            following = next((n for n in range(at, len(text)) if sides[n] == "R"), len(text))
            if following < len(text) and _INSIDE.fullmatch(text[at:following]):
                at = following
    return end


def _side(character: str) -> str:
    """R for a letter from right to left, L for one from left to right, M for a mark on a letter, "" for neither."""
    kind = unicodedata.bidirectional(character)
    return {"R": "R", "AL": "R", "L": "L", "NSM": "M"}.get(kind, "")
