"""Names from right to left beside numbers: each stays on its side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from monitoring.clinical.directions import isolated

# Texts, and the same with each isolate as ⟨ and ⟩; the browser's twin is held to them too.
VECTORS: Final = json.loads((Path(__file__).parents[1] / "vectors" / "directions.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("text", "expected"), VECTORS)
def test_what_is_from_right_to_left_is_kept_apart(text: str, expected: str) -> None:
    found = isolated(text)
    assert found.replace("\u2068", "⟨").replace("\u2069", "⟩") == expected
    assert isolated(found) == found
