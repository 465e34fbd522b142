"""Words that this program never says of itself or of a patient, and where in the sources its words are.

It records; it promises nothing. Why each word is left out: it would say that a patient is well, that somebody watches,
or that somebody has examined the program, and none of that is so.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

INTENDED_USE: Final = (
    "This software records and displays observations entered by clinicians during a ketamine session, and marks values "
    "outside ranges set by the site. It is not a patient monitor or an alarm system, does not acquire signals from "
    "devices, does not control pumps, does not diagnose, predict, or recommend treatment, and must not be relied on to "
    "detect deterioration. Continuous observation by trained staff with certified monitoring equipment is required. It "
    "has not been cleared, approved, or certified by any regulator."
)
# What may be said although a forbidden word is in it.
_ALLOWED: Final = (
    re.escape(INTENDED_USE),
    r"certified monitoring equipment",  # the patient's, which this program is not
    r"not validated",
    r"not approved for",
    r"(?:in normal tone|converses normally)",  # how somebody speaks, not how somebody is
)
_WORDS: Final = (
    # of a patient, or of what to do next
    r"safe(?:r|st|ly|ty)?",
    r"stable",
    r"OK(?:AY)?",
    r"ready",
    r"all clear",
    r"(?:fit|cleared) (?:for|to)",
    r"healthy",
    r"normal(?:ly)?",
    # of the program
    r"alarms?",
    r"alerts",
    r"detect(?:s|ed|ing|ion)?",
    r"prevent(?:s|ed|ing|ion)?",
    r"predict(?:s|ed|ing|ion)?",
    r"diagnos(?:e|es|ed|is|tic)",
    r"recommend(?:s|ed|ation)?",
    r"guarantee[sd]?",
    r"ensures?",
    r"real[- ]?time",
    r"smart",
    r"AI(?:[- ](?:powered|driven|based))?",
    r"validated",
    r"certified",
    r"(?:\w+[- ])?complian(?:t|ce)",
    r"FDA(?:[- ](?:approved|cleared))?",
    r"approved for",
)
FORBIDDEN: Final = re.compile(rf"(?<!\w)(?:{'|'.join(_WORDS)})(?!\w)", re.IGNORECASE)
_STRIPPED: Final = re.compile("|".join(_ALLOWED), re.IGNORECASE)


def forbidden_in(text: str) -> list[str]:
    """The forbidden words in a text, as they stand there; what may be said is taken out first."""
    flat = " ".join(re.sub(r"^\s*>", " ", text, flags=re.MULTILINE).split())
    return [found[0] for found in FORBIDDEN.finditer(_STRIPPED.sub(" ", flat))]


def python_texts(source: str) -> Iterator[str]:
    """Every text in a Python source that could be shown: all but docstrings and comments; `{}` where a value goes."""
    tree = ast.parse(source)
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                passed.add(id(first.value))
        if isinstance(node, ast.JoinedStr):
            passed |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in passed:
            yield node.value


_JAVASCRIPT: Final = re.compile(
    r"""
      (?P<comment>//[^\n]*|/\*.*?\*/)
    | (?P<quoted>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    | (?P<back>`)
    | (?P<pattern>(?<=[(,=:\[!&|?;])\s*/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+/)
    """,
    re.VERBOSE | re.DOTALL,
)


def javascript_texts(source: str) -> Iterator[str]:
    """Every text in a JavaScript source: quoted ones and templates, with `{}` where a value goes; no comments."""
    at = 0
    while found := _JAVASCRIPT.search(source, at):
        at = found.end()
        if found["quoted"]:
            yield found["quoted"][1:-1]
        elif found["back"]:
            text = ""
            while source[at] != "`":
                if source[at] == "\\":
                    text, at = text + source[at + 1], at + 2
                elif source.startswith("${", at):
                    end = _closing(source, at + 2)
                    yield from javascript_texts(source[at + 2 : end])
                    text, at = text + "{}", end + 1
                else:
                    text, at = text + source[at], at + 1
            at += 1
            yield text


def _closing(source: str, at: int) -> int:
    """Where the brace closes that was opened before `at`; braces in templates are in pairs."""
    depth = 1
    while True:
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        if depth == 0:
            return at
        at += 1


def style_texts(source: str) -> Iterator[str]:
    """Every text that a style sheet puts on the page."""
    bare = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    yield from re.findall(r'content:\s*"((?:\\.|[^"\\])*)"', bare)


def toml_texts(source: str) -> Iterator[str]:
    """Every text in a TOML file's values."""

    def inside(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            for part in value.values():
                yield from inside(part)
        elif isinstance(value, list):
            for part in value:
                yield from inside(part)

    yield from inside(tomllib.loads(source))
