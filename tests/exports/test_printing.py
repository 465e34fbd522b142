"""What no font can draw is written out in words, and what is typed is never read as markup."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import typst

from monitoring.exports import printing
from monitoring.exports.printing import in_words, pdf

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TEMPLATE = """
#let sheet = json(bytes(sys.inputs.sheet))
#set text(font: sheet.fonts)
#sheet.name
"""


@pytest.fixture(scope="module")
def only_what_comes_along() -> typst.Fonts:
    """A machine on which no font is installed."""
    return typst.Fonts(include_system_fonts=False)


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A template of one line."""
    (tmp_path / "line.typ").write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.setattr(printing, "TEMPLATES", tmp_path)
    return "line"


def drawn(template: str, name: str, fonts: typst.Fonts) -> str:
    """The name as it stands on paper, without what has no ink: where a line may break, and which way a name runs."""
    found = printing._made(template, {"name": name}, NOON, fonts)[1]["name"]
    assert isinstance(found, str)
    return re.sub("[\u200b\u2068\u2069]", "", found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Marta Brandt", "Marta Brandt"),
        ("Lin Sørensen, Łukasz, Zoë, Ωμέγα, Жанна", "Lin Sørensen, Łukasz, Zoë, Ωμέγα, Жанна"),
        ("مريم", "مريم"),
        ("Lin 😀", "Lin [grinning face]"),
        ("👩‍🚀", "[woman, rocket]"),
        ("王小", "[cjk unified ideograph-738b, cjk unified ideograph-5c0f]"),
        ("x\ue000", "x[U+E000]"),
        ("\ufeffx", "x"),
        ("x\ud800y", "x[U+D800]y"),
        ('"王" \\ {}', '"[cjk unified ideograph-738b]" \\ {}'),
        ("two\nlines\x00", "two lines "),
        ('#panic("no") *b* $x$', '#panic("no") *b* $x$'),
        ("", ""),
    ],
)
def test_a_name_in_any_script(template: str, only_what_comes_along: typst.Fonts, name: str, expected: str) -> None:
    assert drawn(template, name, only_what_comes_along) == expected


def test_a_font_of_this_machine_is_used_where_there_is_one(template: str) -> None:
    families = set(printing.installed().families())
    if not {"Noto Serif CJK SC", "Noto Sans CJK SC"} & families:
        pytest.skip("no Chinese font is installed here")
    assert drawn(template, "王小明", printing.installed()) == "王小明"


def test_a_word_of_any_length_can_be_broken(template: str, only_what_comes_along: typst.Fonts) -> None:
    found = printing._made(template, {"name": "W" * 60}, NOON, only_what_comes_along)[1]["name"]
    assert [len(part) for part in found.split("\u200b")] == [24, 24, 12]


@pytest.mark.parametrize("at", [NOON.replace(microsecond=123456), NOON.astimezone(timezone(timedelta(hours=5.5)))])
def test_at_any_instant_of_any_zone(template: str, only_what_comes_along: typst.Fonts, at: datetime) -> None:
    assert pdf(template, {"name": "Marta Brandt"}, at, only_what_comes_along).startswith(b"%PDF-")


def test_many_may_print_at_once(template: str) -> None:
    with ThreadPoolExecutor(4) as many:
        made = list(many.map(lambda number: pdf(template, {"name": f"Number {number} 😀"}, NOON), range(8)))
    assert len(set(made)) == 8


def test_a_template_that_is_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wrong.typ").write_text("#sheet.name", encoding="utf-8")
    monkeypatch.setattr(printing, "TEMPLATES", tmp_path)
    with pytest.raises(typst.TypstError, match="unknown variable"):
        pdf("wrong", {"name": "x"}, NOON)


def test_characters_have_names_or_numbers() -> None:
    assert in_words("é\u200d\ue001") == "latin small letter e with acute, U+E001"
