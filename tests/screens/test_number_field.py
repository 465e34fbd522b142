"""No page has a field that drops what is no digit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitoring.screens import number_field

TOP = Path(__file__).resolve().parents[2]
ON_PAGES = [*TOP.glob("monitoring/screens/**/*.py"), *TOP.glob("pages/*.py")]
IN_BROWSERS = list(TOP.glob("monitoring/screens/static/*.js"))
# Streamlit's field for numbers, and its tables and sliders in which one is typed; a browser's own.
FORBIDDEN = {
    "page": re.compile(r"\b(number_input|slider|data_editor|NumberColumn)\("),
    "browser": re.compile(r"type: \"number\"|type=\"?number|valueAsNumber|parseFloat|parseInt"),
}


@pytest.mark.parametrize("kind", ["page", "browser"])
def test_numbers_are_typed_into_a_field_that_keeps_what_is_typed(kind: str) -> None:
    files = ON_PAGES if kind == "page" else IN_BROWSERS
    assert Path(number_field.__file__) in ON_PAGES
    assert len(files) > 10
    found = [(file.name, hit.group()) for file in files for hit in FORBIDDEN[kind].finditer(file.read_text())]
    assert found == []
