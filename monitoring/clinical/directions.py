"""Words written from right to left inside others: kept apart, so that they do not turn the numbers beside them round.

In a line from left to right a name in Arabic or Hebrew draws the number that follows it to its other side:
"27-0417" is read as "0417-27". An isolate (Unicode TR9: U+2068 ... U+2069) keeps the name in its place.

Isolates are for showing: nothing is stored, compared or hashed with them. `screens/static/directions.js` is the same
for what a browser draws; both are held to tests/vectors/directions.json.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_OPEN, _CLOSE = "\u2068", "\u2069"
_OF_PHRASE: Final = ("R", "M")
_SIDES: Final = {"R": "R", "AL": "R", "L": "L", "NSM": "M"}
_LETTERS: Final = ("Lu", "Ll", "Lt", "Lo")
# Signs without ink that turn what follows them, to the end of the line; a name may have brought some along.
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNTURNED: Final = re.compile("[\0-\u058f]*")  # letters before Hebrew: most texts hold no other
# What may stand inside a phrase of one direction, between its words; numbers too, where plain spaces are around them,
# but none with a hyphen: between Arabic words 27-0417 would be drawn as 0417-27.
_INSIDE: Final = re.compile(r"[\s.,،'’\"\-־]*|\s+[\d.,/:%]+\s+")
# What keeps a number apart from the words before or after it, also where no letter from left to right is near.
_APART: Final = re.compile(r"[·;:,]\s+\(?\d|\d\)?\s*[·;:,]\s|\(\d|\d-\d")


def isolated(text: str) -> str:
    """The text with each phrase from right to left in an isolate; as it is where there is no such phrase.

    A line that is from right to left as a whole is one phrase, its own order of words and numbers holds: unless a
    number in it is kept apart, as in "name · number".
    """
    if _UNTURNED.fullmatch(text):
        return text
    return "\n".join(_isolated_line(line) for line in text.split("\n"))


def _isolated_line(text: str) -> str:
    text = _TURNING.sub("", text)
    sides = [_side(character) for character in text]
    if "R" not in sides:
        return text
    if "L" not in sides and not _APART.search(text):
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
    """R for what is from right to left, L for a letter from left to right, M for a mark on a letter, "" for others."""
    side = _SIDES.get(unicodedata.bidirectional(character), "")
    return "" if side == "L" and unicodedata.category(character) not in _LETTERS else side
