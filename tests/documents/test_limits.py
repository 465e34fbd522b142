"""The table by which a tablet judges what it holds: the limits in force, and the vectors for both sides."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from monitoring.clinical.protocol import RuleKey
from monitoring.documents.judged import judged
from monitoring.documents.limits import limits_table
from tests.clinical.timeline import SHIPPED, at, running
from tests.judging import Case, Levels, vectors


@pytest.mark.parametrize(("case", "right"), vectors(), ids=lambda one: one.name if isinstance(one, Case) else "")
def test_the_clinical_functions_say_of_each_vector_what_is_right(case: Case, right: Levels) -> None:
    assert case.of_waiting(case.levels()) == right


def test_the_vectors_hold_every_kind_of_limit_on_a_value() -> None:
    held = {limit.key for case, _ in vectors() for m in case.protocol.measures.values() for limit in m.limits}
    assert held >= set(get_args(RuleKey)) - {"silent_minutes"}


def test_the_table_says_every_limit_on_a_value_with_its_words_and_what_it_is_judged_by() -> None:
    line = running()
    line.event("note", 3, text="asks for water")
    line.observe(5, dissociation=2)
    table = limits_table(judged(line.infusion, line.protocol, at(6)))
    assert json.loads(json.dumps(table, allow_nan=False)) == table
    for key, measure in SHIPPED.measures.items():
        told = [(row["key"], row["value"], row["level"]) for row in table["limits"].get(key, [])]
        assert told == [(x.key, x.value, x.level.word) for x in measure.limits if x.key != "silent_minutes"]
    critical = next(row for row in table["limits"]["systolic"] if row["level"] == "critical")
    assert critical["words"] == "at or above 180"
    assert [(row["id"], row["event"]) for row in table["recorded"]] == [("e1", None), ("e2", "start"), ("e4", None)]
    assert table["recorded"][0]["values"]["systolic"] == 126.0
    assert table["recorded"][1]["baseline"]["systolic"] == "e1"
    assert table["leads_to"]["pause"] == {"infusing": "paused"}
    assert table["oxygen"] == SHIPPED.schedule.oxygen


def test_a_corrected_baseline_is_held_by_the_correction() -> None:
    line = running()
    line.correct(line.entries[0], 2, systolic=130.0)
    (start,) = [row for row in limits_table(judged(line.infusion, line.protocol, at(3)))["recorded"] if row["event"]]
    assert start["baseline"] == {"systolic": "e3"}
