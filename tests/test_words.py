"""Nothing that is shown promises what this program cannot keep; the check itself is checked on samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from monitoring.screens.intended_use import INTENDED_USE as SHOWN_INTENDED_USE
from tests.forbidden import (
    INTENDED_USE,
    forbidden_in,
    javascript_texts,
    python_texts,
    style_texts,
    toml_texts,
)

TOP: Final = Path(__file__).resolve().parents[1]
READERS: Final[dict[str, Callable[[str], Iterator[str]]]] = {
    ".py": python_texts,
    ".js": javascript_texts,
    ".css": style_texts,
    ".toml": toml_texts,
    ".md": lambda text: iter([text]),
}
NAMES: Final = {"ok"}  # a column's name, and what /healthz tells a machine: nobody reads it as a sentence
SIX: Final = ["alarm", "diagnose", "predict", "recommend", "detect", "certified"]
SOURCES: Final = sorted(
    [TOP / "README.md", TOP / "dashboard.py", *TOP.glob("pages/*.py"), *TOP.glob("data/**/*.toml")]
    + [file for file in TOP.glob("monitoring/**/*") if file.suffix in (".py", ".js", ".css")]
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(TOP)))
def test_no_forbidden_word_is_shown(source: Path) -> None:
    texts = READERS[source.suffix](source.read_text(encoding="utf-8"))
    assert [(text, found) for text in texts if text not in NAMES and (found := forbidden_in(text))] == []


def test_the_sources_are_all_there() -> None:
    names = {source.name for source in SOURCES}
    assert {"bedside.js", "pad.js", "style.css", "ketamine-depression.toml", "checks.py", "house.py"} <= names
    assert sum(1 for source in SOURCES for _ in READERS[source.suffix](source.read_text(encoding="utf-8"))) > 1000


def test_the_intended_use_is_said_word_for_word() -> None:
    readme = " ".join((TOP / "README.md").read_text(encoding="utf-8").replace("\n>", "\n").split())
    assert INTENDED_USE in readme
    assert SHOWN_INTENDED_USE == INTENDED_USE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The patient is stable.", ["stable"]),
        ("Ready for discharge", ["Ready"]),
        ("ok", ["ok"]),
        ("OK to continue", ["OK"]),
        ("Safe, safer, safely", ["Safe", "safer", "safely"]),
        ("An alarm system", ["alarm"]),
        ("HIPAA-compliant, and Part 11 compliant", ["HIPAA-compliant", "11 compliant"]),
        ("a validated scale", ["validated"]),
        ("own wording, not validated", []),
        ("real-time and AI-powered", ["real-time", "AI-powered"]),
        ("FDA-approved for depression", ["FDA-approved"]),
        ("ketamine is not approved for depression", []),
        ("smart pumps, detects and prevents", ["smart", "detects", "prevents"]),
        ("already read; bedstead; tokens; the aim; an artist", []),
        ("Responds readily, alert", []),
        (INTENDED_USE, []),
        ("> " + INTENDED_USE.replace(". ", ".\n> "), []),
        (INTENDED_USE.replace(" or an alarm", " but an alarm"), SIX),
    ],
)
def test_forbidden_words_are_found_and_only_those(text: str, found: list[str]) -> None:
    assert forbidden_in(text) == found


@pytest.mark.parametrize(
    ("reader", "source", "texts"),
    [
        (python_texts, '"""Safe."""\n# safe\nx = "shown"', ["shown"]),
        (python_texts, 'def f():\n    """safe"""\n    return ("one " "text")', ["one text"]),
        (python_texts, 'say(f"{name} is stable")', ["{} is stable"]),
        (javascript_texts, "// \"safe\"\n/* 'safe' */ tell(\"shown\", 'too')", ["shown", "too"]),
        (
            javascript_texts,
            "tell(`${n} of ${all ? 'many' : `few ${m}`} \\` wait`)",
            ["many", "few {}", "{} of {} ` wait"],
        ),
        (javascript_texts, 'if (/["`]/.test(key)) tell("a \\"b\\"")', ['a \\"b\\"']),
        (style_texts, '/* content: "no" */ i::after { content: "shown"; font: "not"; }', ["shown"]),
        (toml_texts, '# safe\n[a]\nb = "x"\nc = ["y", { d = "z" }]', ["x", "y", "z"]),
    ],
)
def test_every_text_of_a_source_is_read_and_no_comment(
    reader: Callable[[str], Iterator[str]], source: str, texts: list[str]
) -> None:
    assert list(reader(source)) == texts
