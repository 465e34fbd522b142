"""Reads [words] and [[medicine]] of a protocol file: what can be recorded with a tap."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from monitoring.clinical.protocol import Medicine
from monitoring.clinical.protocol_file.slips import Shape, Slips, Words, shown, unknown
from monitoring.clinical.written_numbers import written_number


class _MedicineRow(Shape):
    name: str
    dose: str = ""
    unit: str
    route: str


class WordsTable(Shape):
    """[words] as it is written. What older files did not have yet may be missing."""

    not_done_reasons: Words
    effects: Words
    quick_effects: Words
    pause_reasons: Words
    stop_reasons: Words
    cancel_reasons: Words
    correction_reasons: Words
    acknowledgements: Words
    called: Words = Field(default_factory=list)
    informed: Words = Field(default_factory=list)
    effect_actions: Words = Field(default_factory=list)
    medicine_reasons: Words = Field(default_factory=list)
    missing_reasons: Words = Field(default_factory=list)
    seen_before_opening_reasons: Words = Field(default_factory=list)
    baseline_reasons: Words = Field(default_factory=list)


def read_medicines(slips: Slips) -> Iterator[Medicine]:
    """The medicines that can be recorded with few taps."""
    seen: set[tuple[str, str]] = set()
    for at, item in slips.listed_tables("medicine"):
        row = slips.shape(_MedicineRow, item, at)
        if row is None:
            continue
        named = (row.name.casefold(), row.route.casefold())
        if named in seen:
            slips.problem(at, f"{shown(row.name)} {row.route} is there twice, expected each medicine and route once")
        seen.add(named)
        if not row.unit.strip():
            slips.problem((*at, "unit"), 'unit is "", expected one such as mg')
        if row.dose and not _positive_number(row.dose):
            slips.problem((*at, "dose"), f"{shown(row.dose)}, expected a number above 0 without its unit, or none")
        yield Medicine(row.name, row.dose, row.unit, row.route)


def check_words(slips: Slips, words: WordsTable) -> None:
    """Each word of a list is there once, the quick effects are effects, and lists have their reasons."""
    for name, listed in words.model_dump().items():
        slips.check_words(listed, ("words", name))
    for number, word in enumerate(words.quick_effects):
        if word not in words.effects:
            slips.problem(("words", "quick_effects", number), unknown(word, words.effects, "effect"))
    lists = [f"[[{name}]]" for name in ("before", "leaving") if name in slips.data]
    if lists and not words.missing_reasons:
        slips.problem(
            ("words", "missing_reasons"),
            f"missing_reasons is missing, expected it because there is {' and '.join(lists)}",
        )


def _positive_number(text: str) -> bool:
    number = written_number(text).value
    return number is not None and number > 0
