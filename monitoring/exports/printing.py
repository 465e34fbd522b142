"""Typesets a template of data/print with what it is given, as PDF/A or, for looking at it, as pictures.

Characters that no font on this machine can draw, and pictures (emoji), are written out in words, so that no name ever
stands on paper as empty boxes. What is from right to left turns no number beside it round. The fonts that decide where
lines break come with the typesetter: a sheet looks the same on every server.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal, cast

import typst

from monitoring.clinical.directions import isolated

TEMPLATES: Final = Path(__file__).resolve().parents[2] / "data" / "print"
PICTURE_DOTS_PER_INCH: Final = 110
_LATIN: Final = ("Libertinus Serif",)  # comes with the typesetter
# Preferred for what that one lacks, where they are installed; after them whatever font has the character.
_OTHERS: Final = ("Noto Naskh Arabic", "Noto Sans Arabic", "Noto Serif CJK SC", "Noto Sans CJK SC", "DejaVu Sans")
_STANDARD: Final = "a-2u"  # keeps its fonts, and is refused rather than printed with a character missing
_UNDRAWN: Final = re.compile(r'the text `"((?:[^"\\]|\\.)+)"` could not be (?:displayed|mapped)')
# Pictures: no two fonts draw them alike, and some not at all, so they are said on every machine.
_EMOJI: Final = frozenset(map(chr, range(0x1F000, 0x1FB00)))
_JOINED: Final = re.compile("(?<=[\U0001f000-\U0001faff])[\u200d\ufe0f]+")  # what makes one picture of several
_LONGEST_RUN: Final = 24  # characters without a space, after which a line may break
_MOST_TRIES: Final = 20


def pdf(template: str, data: Mapping[str, Any], at: datetime, fonts: typst.Fonts | None = None) -> bytes:
    """The template with this data as PDF/A-2u, made `at`. Raises typst.TypstError when the template itself is wrong."""
    return _made(template, data, at, fonts or installed())[0]


def pictures(template: str, data: Mapping[str, Any], at: datetime, fonts: typst.Fonts | None = None) -> list[bytes]:
    """Each page of the same document as a PNG."""
    found = fonts or installed()
    made = _compile(template, _made(template, data, at, found)[1], at, found, "png")
    return made if isinstance(made, list) else [made]


@cache
def installed() -> typst.Fonts:
    """The fonts that come with the typesetter and those of this machine; looked for once."""
    return typst.Fonts()


def in_words(characters: str) -> str:
    """Characters by their names: "grinning face, rocket"; by their numbers where they have none."""
    seen = [character for character in characters if unicodedata.category(character) != "Cf"]
    return ", ".join(unicodedata.name(one, "").lower() or f"U+{ord(one):04X}" for one in seen)


def _made(template: str, data: Mapping[str, Any], at: datetime, fonts: typst.Fonts) -> tuple[bytes, Any]:
    """The document, and the data as it could be drawn. The typesetter names what it has no glyph for; then again."""
    undrawn: set[str] = set()
    drawn = _each_text(data, partial(_drawable, undrawn=frozenset()))
    for _ in range(_MOST_TRIES):
        try:
            return cast(bytes, _compile(template, drawn, at, fonts, "pdf")), drawn
        except typst.TypstError as error:
            named = {character for text in _UNDRAWN.findall(error.diagnostic) for character in _unescaped(text)}
            if named <= undrawn:
                raise
            undrawn |= named
        drawn = _each_text(data, partial(_drawable, undrawn=frozenset(undrawn)))
    raise RuntimeError("the sheet names characters without end")


def _compile(template: str, data: Any, at: datetime, fonts: typst.Fonts, format: Literal["pdf", "png"]) -> Any:
    families = set(fonts.families())
    wanted = [family for family in (*_LATIN, *_OTHERS) if family in families]
    return typst.compile(
        TEMPLATES / f"{template}.typ",
        root=TEMPLATES,
        font_paths=fonts,
        format=format,
        ppi=PICTURE_DOTS_PER_INCH,
        sys_inputs={"sheet": json.dumps({**data, "fonts": wanted})},
        timestamp=at.replace(microsecond=0),  # it takes whole seconds only
        pdf_standards=[_STANDARD] if format == "pdf" else [],
    )


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    """The same data with every text in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _each_text(item, change) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_each_text(item, change) for item in value]
    return value


def _drawable(text: str, undrawn: frozenset[str]) -> str:
    """A text with these characters written out ("Lin [grinning face]"), that can be broken at the edge of the paper.

    So are characters that no two fonts draw alike: of private use, and such as are no characters at all.
    """
    parts = []
    for kind, run in groupby(_JOINED.sub("", text), key=lambda character: _way(character, undrawn)):
        characters = "".join(run)
        named = in_words(characters) if kind == "named" else ""
        parts.append(f"[{named}]" if named else " " if kind == "space" else characters if kind == "drawn" else "")
    broken = re.sub(rf"\S{{{_LONGEST_RUN}}}(?=\S)", lambda run: f"{run[0]}\u200b", "".join(parts))
    return isolated(broken)


def _way(character: str, undrawn: frozenset[str]) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return "space"
    # PDF/A holds no byte order mark; it has no ink, and so no name on paper.
    said = character in undrawn or character == "\ufeff" or category in ("Co", "Cs", "Cn")
    return "named" if said or character in _EMOJI else "drawn"


def _unescaped(text: str) -> str:
    """What stands in the typesetter's message, where unusual characters are written as \\u{9be}."""
    found = re.sub(r"\\u\{([0-9a-f]+)\}", lambda code: chr(int(code[1], 16)), text)
    return re.sub(r"\\(.)", r"\1", found)
