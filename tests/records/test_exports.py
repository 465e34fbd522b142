"""Which files left the records: kept in the order made, found again by infusion, and covered by the audit chain."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from monitoring.records import StoreRefused
from monitoring.records.verify import verify
from tests.records.ward import Ward, exported, make_ward


@pytest.fixture
def ward(tmp_path: object) -> Ward:
    made = make_ward(tmp_path / "clinic.db")  # type: ignore[operator]
    for number, name in enumerate(("first", "second"), start=1):
        made.opened(name, number - 1, f"chair-{number}")
    return made


def test_an_export_is_kept_as_it_was_made(ward: Ward) -> None:
    what = exported("first", deidentified=True, chosen={"name": '=Zoë "😀"'}, bytes=1 << 33, sha256="ab" * 32)
    made = ward.store.add_export(ward.nurse.id, what)
    assert (made.what, made.name, made.at) == (what, "Nora Nuss", ward.clock.now())
    assert ward.reopen().exports() == (made,)


@pytest.mark.parametrize(
    ("infusion", "expected"),
    [("first", ["one", "both", "all"]), ("second", ["both", "all"]), ("fir", ["all"]), ('"', ["all"])],
)
def test_which_files_hold_something_of_an_infusion(ward: Ward, infusion: str, expected: list[str]) -> None:
    store, nurse = ward.store, ward.nurse.id
    store.add_export(nurse, exported("first"), id="one")
    store.add_export(nurse, exported("first", "second"), id="both")
    store.add_export(nurse, exported(scope="clinic", kind="whole clinic"), id="all")
    assert [export.id for export in store.exports_of(infusion)] == expected


def test_they_are_listed_latest_first_in_pages(ward: Ward) -> None:
    for n in range(5):
        ward.store.add_export(ward.nurse.id, exported("first"), id=f"export-{n}")
    assert [one.id for one in ward.store.exports(2)] == ["export-4", "export-3"]
    assert [one.id for one in ward.store.exports(2, 4)] == ["export-0"]


def test_only_somebody_known_here_makes_one(ward: Ward) -> None:
    with pytest.raises(StoreRefused, match="not known here"):
        ward.store.add_export("nobody", exported("first"))
    assert ward.store.exports() == ()


def test_a_changed_row_is_named(ward: Ward) -> None:
    ward.store.add_export(ward.nurse.id, exported("first"), id="export-1")
    ward.store.close()
    assert verify(ward.url) == []
    with closing(sqlite3.connect(ward.file)) as connection:
        connection.execute("DROP TRIGGER append_only_export_update")
        connection.execute("UPDATE export SET infusions = '[]'")
        connection.commit()
    assert verify(ward.url) == [
        "table export: the trigger that refuses UPDATE is missing",
        "export export-1: its content was changed after it was saved",
    ]
