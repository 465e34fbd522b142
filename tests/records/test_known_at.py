"""An infusion as it was known at an earlier moment, who looked at it, and whether its own chain holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from monitoring.records import StoreRefused
from monitoring.records.verify import verify_infusion
from tests.records.test_verify import NAMED, file, tamper, whole
from tests.records.ward import Ward, fill, make_ward

__all__ = ["file", "whole"]


def known(ward: Ward, minutes_ago: float) -> tuple[str, str, int, int]:
    found = ward.store.infusion_known_at("one", ward.clock.now() - timedelta(minutes=minutes_ago))
    assert found is not None
    return found.patient.name, found.patient.allergies, found.planned_infusions, len(found.entries)


def test_details_and_plan_are_those_of_that_moment(ward: Ward) -> None:
    ward.opened("one")
    ward.add("one")
    first = known(ward, 0)
    assert first[3] == 1
    ward.clock.forward(minutes=10)
    patient = ward.patients[0]
    ward.store.correct_patient(
        patient.id,
        name="Marta Brandt-Vogel",
        birth_date=patient.birth_date,
        sex=patient.sex,
        allergies="penicillin",
        by=ward.administrator.id,
    )
    [series] = ward.store.series_of(patient.id)
    ward.store.describe_series(series.id, planned_infusions=9, indication="", prescriber="", by=ward.nurse.id)
    ward.add("one")
    assert known(ward, 0) == ("Marta Brandt-Vogel", "penicillin", 9, 2)
    assert known(ward, 10) == first
    assert known(ward, 0.001) == first
    assert ward.store.infusion_known_at("none", ward.clock.now()) is None


def test_who_looked_is_told_in_order_with_the_screen(ward: Ward) -> None:
    ward.opened("one")
    ward.store.add_view(ward.nurse.id, "one", "bedside")
    ward.clock.forward(minutes=3)
    ward.store.add_view("", "one", "wall")
    found = ward.store.views_of("one")
    assert [(one.name, one.screen) for one in found] == [(ward.nurse.name, "bedside"), ("", "wall")]
    assert found[1].at - found[0].at == timedelta(minutes=3)
    assert ward.store.views_of("two") == ()


# The chain of one infusion


def test_nothing_is_found_in_an_infusion_that_nobody_touched(file: Path) -> None:
    for infusion in ("first", "second"):
        found = verify_infusion(f"sqlite:///{file}", infusion)
        assert found.sentences == ()
        assert found.entries > 1
        assert len(found.head) == 64


@pytest.mark.parametrize(
    ("statement", "sentence"), [one for one in NAMED if " infusion first" in one[1] or " infusion second" in one[1]]
)
def test_what_was_done_to_one_infusion_is_named_and_leaves_the_other(file: Path, statement: str, sentence: str) -> None:
    tamper(file, statement)
    of, other = ("first", "second") if " infusion first" in sentence else ("second", "first")
    (found,) = verify_infusion(f"sqlite:///{file}", of).sentences
    assert sentence in found
    if "infusion_id = " not in statement:  # one that was moved is wrong in both
        assert verify_infusion(f"sqlite:///{file}", other).sentences == ()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        ("UPDATE infusion SET weight_kg = 1 WHERE id = 'first'", "its content was changed"),
        ("UPDATE infusion SET hash = 'x' WHERE id = 'first'", "its hash was changed"),
        ("UPDATE audit SET actor = 'x' WHERE infusion_id = 'first' AND infusion_count = 2", "audit row"),
        ("UPDATE audit SET actor = 'x' WHERE subject_id = 'first'", "audit row"),
        ("UPDATE audit SET subject_id = 'x' WHERE subject_kind = 'infusion' AND subject_id = 'first'", "by hand"),
        ("DELETE FROM audit WHERE infusion_id = 'first' AND infusion_count = 2", "no audit row names it"),
    ],
)
def test_a_change_to_the_infusion_or_to_what_the_audit_says_of_it_is_named(
    file: Path, statement: str, sentence: str
) -> None:
    tamper(file, statement)
    (found,) = verify_infusion(f"sqlite:///{file}", "first").sentences
    assert sentence in found


def test_an_infusion_with_no_entry_holds_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "clinic.db")
    fill(ward)
    ward.opened("empty", patient=1, chair="chair-3")
    found = verify_infusion(ward.url, "empty")
    assert (found.entries, found.sentences) == (0, ())
    with pytest.raises(StoreRefused, match="not stored here"):
        verify_infusion(ward.url, "none")


def test_it_works_beside_a_running_server(tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "clinic.db")
    fill(ward)
    before = verify_infusion(ward.url, "first").entries
    ward.add("first")
    found = verify_infusion(ward.url, "first")
    assert (found.entries, found.sentences) == (before + 1, ())


def test_one_infusions_audit_rows_are_found_without_reading_all(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT * FROM audit WHERE infusion_id = ? ORDER BY seq", ["first"]
        )
        assert [row[3] for row in plan] == ["SEARCH audit USING INDEX ix_audit_infusion (infusion_id=?)"]
