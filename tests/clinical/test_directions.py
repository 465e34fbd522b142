"""Names from right to left beside numbers: each stays on its side."""

from __future__ import annotations

import pytest

from monitoring.clinical.directions import isolated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("given by Ada (minute 24)", "given by Ada (minute 24)"),
        ("given by مريم (minute 24)", "given by ⟨مريم⟩ (minute 24)"),
        ("signed: مريم بنت أحمد, 27-0417", "signed: ⟨مريم بنت أحمد⟩, 27-0417"),
        ("שרה כהן 12 mg", "⟨שרה כהן⟩ 12 mg"),
        ("min 22 حكة 3", "min 22 ⟨حكة⟩ 3"),
        ("of بِنت، أحمد: 5", "of ⟨بِنت، أحمد⟩: 5"),
        ("note “شارع 12 مريم”", "note “⟨شارع 12 مريم⟩”"),
        ("مريم: 12:05; علي: 12:10 am", "⟨مريم⟩: 12:05; ⟨علي⟩: 12:10 am"),
        ("ضغط 126/78 مستقر", "⟨ضغط 126/78 مستقر⟩"),
        ("מ", "⟨מ⟩"),
        ("by \u2067مريم\u2069 4", "by ⟨مريم⟩ 4"),
        ("", ""),
        ("126/78", "126/78"),
    ],
)
def test_what_is_from_right_to_left_is_kept_apart(text: str, expected: str) -> None:
    found = isolated(text)
    assert found.replace("\u2068", "⟨").replace("\u2069", "⟩") == expected
    assert isolated(found) == found
