"""What is done to the file by hand is found, and the first wrong row is named."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from monitoring.records import StoreRefused, tables
from monitoring.records.verify import AUDITED, PARTS, Head, head, verify
from tests.records.ward import fill, make_ward


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed database with something in every table; entries first-1, (start), first-3 ... and second-1 ..."""
    made = make_ward(tmp_path_factory.mktemp("whole") / "clinic.db")
    fill(made)
    made.store.close()
    return made.file


@pytest.fixture
def file(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "clinic.db"))


def tamper(file: Path, *statements: str) -> None:
    """What somebody with the file and SQLite can do: drop the triggers, change, put the triggers back."""
    with closing(sqlite3.connect(file)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount != 0, f"nothing was changed by {statement}"
        for _, made in triggers:
            connection.execute(made)
        connection.commit()


def found(file: Path) -> list[str]:
    return verify(f"sqlite:///{file}")


def test_nothing_is_found_where_nothing_was_done(file: Path) -> None:
    tamper(file)
    assert found(file) == []


def test_every_table_is_walked() -> None:
    assert {*AUDITED, *PARTS, "entry", "audit"} == {table.name for table in tables.IN_ORDER}


def changed(seq: int, infusion: str) -> str:
    return f"entry {seq} of infusion {infusion}: its content was changed"


OF_FIRST = "WHERE entry_id IN (SELECT id FROM entry WHERE infusion_id = 'first')"
OF_SECOND = OF_FIRST.replace("first", "second")
COPY = (
    "INSERT INTO entry SELECT 'x', {into}, seq + 7, kind, observed_at, tapped_at, recorded_at, author, NULL, NULL, '', "
    "clock, queued, sign_in, other_sign_in, after_signing, 1, prev_hash, hash, NULL, NULL, NULL, NULL, NULL "
    "FROM entry WHERE id = 'first-1'"
)
MORE_AUDIT = (
    "INSERT INTO audit SELECT seq + 1, at, actor, action, subject_kind, subject_id || 'x', subject_hash, infusion_id, "
    "infusion_count, infusion_head, detail, 1, hash, prev_hash FROM audit ORDER BY seq DESC LIMIT 1"
)
NAMED = [
    # changed
    ("UPDATE entry SET reason = 'x' WHERE id = 'first-3'", changed(3, "first")),
    ("UPDATE entry SET after_signing = 1 WHERE id = 'second-6'", changed(6, "second")),
    (
        "UPDATE entry SET author = (SELECT id FROM staff WHERE name = 'Nils Nagel') WHERE id = 'first-1'",
        changed(1, "first"),
    ),
    ("UPDATE entry SET hash = prev_hash WHERE id = 'first-6'", changed(6, "first")),
    ("UPDATE entry SET prev_hash = hash WHERE id = 'first-4'", "entry 4 of infusion first: does not follow"),
    ("UPDATE reading SET value = 127 WHERE id = 'first-1/systolic'", changed(1, "first")),
    ("UPDATE reading SET value = 'high' WHERE id = 'first-1/systolic'", changed(1, "first")),
    ("UPDATE reading SET value = x'00' WHERE id = 'first-1/systolic'", changed(1, "first")),
    ("UPDATE reading SET value = 9e999 WHERE id = 'first-1/systolic'", changed(1, "first")),
    ("UPDATE reading SET confirmed_unusual = 1 WHERE id = 'first-5/spo2'", changed(5, "first")),
    ("UPDATE reading SET position = 1 - position WHERE entry_id = 'first-1'", changed(1, "first")),
    ("UPDATE reading SET entry_id = 'first-3' WHERE id = 'first-5/spo2'", changed(3, "first")),
    ("UPDATE not_done SET reason = 'refused' WHERE entry_id = 'first-3'", changed(3, "first")),
    (f"UPDATE event SET kind = 'end' {OF_FIRST}", changed(2, "first")),
    (f"UPDATE event SET detail = 'x' {OF_FIRST}", changed(2, "first")),
    ("UPDATE acknowledgement SET done = CAST(x'ff' AS TEXT) WHERE entry_id = 'first-4'", changed(4, "first")),
    ("UPDATE infusion SET weight_kg = 80 WHERE id = 'first'", "infusion first: its content was changed"),
    ("UPDATE infusion SET hash = 'other' WHERE id = 'second'", "infusion second: its hash was changed"),
    ("UPDATE patient_details SET allergies = 'penicillin' WHERE name = 'Petra Probe'", "patient_details "),
    ("UPDATE staff SET role = 'administrator' WHERE name = 'Nora Nuss'", "staff "),
    ("UPDATE sign_out SET why = 'other'", "sign_out "),
    ("UPDATE clinic SET demonstration = 1", "clinic 1: its content was changed"),
    ("UPDATE protocol_version SET text = text || ' '", "protocol_version hash of text"),
    ("UPDATE audit SET actor = 'somebody' WHERE seq = 5", "audit row 5: its content was changed"),
    ("UPDATE audit SET infusion_count = 'many' WHERE subject_id = 'first-1'", "its content was changed"),
    ("UPDATE entry SET amendment = 'addendum' WHERE id = 'first-7'", changed(7, "first")),
    ("UPDATE entry SET amendment = 'late entry' WHERE id = 'second-1'", changed(1, "second")),
    ("UPDATE entry SET source = NULL WHERE id = 'first-7'", changed(7, "first")),
    ("UPDATE entry SET linked = 'second-3' WHERE id = 'first-7'", changed(7, "first")),
    ("UPDATE entry SET linked = '' WHERE id = 'second-1'", changed(1, "second")),
    ("UPDATE attestation SET entry_id = 'second-1'", "attestation "),
    ("UPDATE attestation SET meaning = 'witness of waste'", "attestation "),
    ("UPDATE series_details SET prescriber = 'somebody'", "series_details "),
    ("UPDATE score SET total = 3", "score phq-9: its content was changed"),
    ("UPDATE score SET items = NULL", "score phq-9: its content was changed"),
    ("UPDATE score_told SET told_at = '2026'", "score_told "),
    # removed
    ("DELETE FROM score_told", "score_told "),
    ("DELETE FROM attestation", "removed, the audit chain names it"),
    ("DELETE FROM entry WHERE id = 'first-3'", "entry 3 of infusion first: removed"),
    ("DELETE FROM entry WHERE id = 'first-1'", "entry 1 of infusion first: removed"),
    (
        "DELETE FROM entry WHERE infusion_id = 'second' AND seq > 4",
        "entry 5 of infusion second: removed, 6 entries were saved",
    ),
    ("DELETE FROM reading WHERE id = 'first-5/spo2'", changed(5, "first")),
    ("DELETE FROM not_done WHERE entry_id = 'second-3'", changed(3, "second")),
    (f"DELETE FROM event {OF_SECOND}", changed(2, "second")),
    ("DELETE FROM acknowledgement WHERE entry_id = 'second-4'", changed(4, "second")),
    ("DELETE FROM infusion WHERE id = 'first'", "infusion first: removed"),
    ("DELETE FROM view", "view "),
    ("DELETE FROM pin_attempt", "pin_attempt "),
    ("DELETE FROM audit WHERE seq = 7", "audit row 7: removed"),
    ("DELETE FROM audit WHERE seq BETWEEN 7 AND 9", "audit row 7: removed, and those after it up to row 9"),
    ("DELETE FROM audit WHERE seq = 1", "audit row 1: removed"),
    ("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)", "the chain ends too early"),
    # inserted
    ("INSERT INTO staff VALUES ('x', 'Max Muster', 'clinician', '2026', '', 999)", "staff x: inserted by hand"),
    (COPY.format(into="infusion_id"), "entry 8 of infusion first: inserted by hand"),
    (COPY.format(into="'none'"), "entry x: belongs to the infusion none, which is not stored"),
    ("INSERT INTO reading VALUES ('first-1/pulse', 'first-1', 2, 'pulse', 60, 0, 0)", changed(1, "first")),
    (
        "INSERT INTO reading VALUES ('x/pulse', 'x', 0, 'pulse', 60, 0, 0)",
        "reading of entry x: that entry is not stored",
    ),
    ("INSERT INTO event VALUES ('second-1', 'stop', '{}')", changed(1, "second")),
    (MORE_AUDIT, "its content was changed"),
    # moved
    ("UPDATE entry SET infusion_id = 'second', seq = 7 WHERE id = 'first-7'", "entry 7 of infusion first: removed"),
]


@pytest.mark.parametrize(("statement", "sentence"), NAMED, ids=[statement[:70] for statement, _ in NAMED])
def test_the_first_wrong_row_is_named(file: Path, statement: str, sentence: str) -> None:
    tamper(file, statement)
    sentences = found(file)
    assert any(sentence in one for one in sentences), sentences


@pytest.mark.parametrize(("one", "other"), [(1, 3), (3, 4), (5, 6)])
def test_entries_that_changed_places_are_named(file: Path, one: int, other: int) -> None:
    tamper(
        file,
        f"UPDATE entry SET seq = 100 WHERE infusion_id = 'first' AND seq = {one}",
        f"UPDATE entry SET seq = {one} WHERE infusion_id = 'first' AND seq = {other}",
        f"UPDATE entry SET seq = {other} WHERE infusion_id = 'first' AND seq = 100",
    )
    assert found(file) == [f"entry {one} of infusion first: reordered, it was saved as entry {other}"]


def test_audit_rows_that_changed_places_are_named(file: Path) -> None:
    tamper(
        file,
        "UPDATE audit SET seq = 100000 WHERE seq = 4",
        "UPDATE audit SET seq = 4 WHERE seq = 5",
        "UPDATE audit SET seq = 5 WHERE seq = 100000",
    )
    assert found(file) == ["audit row 4: does not follow row 3; rows were exchanged or rewritten there"]


def test_a_tail_removed_together_with_its_audit_rows_is_named(file: Path) -> None:
    """SQLite's own counter remembers how many audit rows were given."""
    tamper(
        file,
        "DELETE FROM entry WHERE id = 'second-6'",
        "DELETE FROM audit WHERE seq >= (SELECT seq FROM audit WHERE subject_id = 'second-6')",
        "DELETE FROM view",
        "DELETE FROM sign_out WHERE why = 'signed out'",
        "DELETE FROM series_details",
        "DELETE FROM score_told",
        "DELETE FROM score",
        "DELETE FROM attestation",
        "DELETE FROM entry WHERE id = 'first-7'",
        "DELETE FROM reading WHERE entry_id = 'first-7'",
    )
    assert any("the chain ends too early" in one for one in found(file))


def test_only_an_anchor_shows_that_all_was_set_back(file: Path) -> None:
    noted = Head.read(str(head(f"sqlite:///{file}")))
    tamper(
        file,
        "DELETE FROM sign_out WHERE why = 'signed out'",
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
        "UPDATE sqlite_sequence SET seq = (SELECT max(seq) FROM audit)",
    )
    assert found(file) == []
    assert verify(f"sqlite:///{file}", noted) == [
        f"audit row {noted.seq}: is not the one that was noted; the chain was cut or rebuilt before it"
    ]


def test_an_anchor_still_holds_when_more_was_written(tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "clinic.db")
    noted = head(ward.url)
    fill(ward)
    assert verify(ward.url, noted) == []
    ward.store.close()


@pytest.mark.parametrize("text", ["", "12", "12:abc", "x:" + "0" * 64])
def test_other_text_is_no_anchor(text: str) -> None:
    with pytest.raises(ValueError, match="expected a number"):
        Head.read(text)


def test_a_missing_or_emptied_trigger_is_named(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER append_only_entry_update")
        connection.execute("DROP TRIGGER append_only_staff_delete")
        connection.execute("CREATE TRIGGER append_only_staff_delete BEFORE DELETE ON staff BEGIN SELECT 1; END")
    assert found(file) == [
        "table staff: the trigger that refuses DELETE is missing",
        "table entry: the trigger that refuses UPDATE is missing",
    ]


def test_it_works_beside_a_running_server_and_writes_nothing(tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "clinic.db")
    fill(ward)
    before = ward.file.read_bytes(), Path(f"{ward.file}-wal").read_bytes()
    assert verify(ward.url) == []
    assert (ward.file.read_bytes(), Path(f"{ward.file}-wal").read_bytes()) == before
    assert ward.add("first", "after").again is False
    assert verify(ward.url) == []
    ward.store.close()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "There is no database"),
        (b"", "is not a database of this program"),
        (b"a text file, and a long one" * 100, "cannot be read as a database"),
    ],
)
def test_what_is_no_database_of_ours_is_refused(tmp_path: Path, content: bytes | None, sentence: str) -> None:
    file = tmp_path / "other.db"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StoreRefused, match=sentence):
        verify(f"sqlite:///{file}")


def test_a_damaged_file_is_named_as_such(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 6000] = b"\xee" * 6000
    file.write_bytes(content)
    try:
        sentences = found(file)
    except StoreRefused as refused:
        sentences = [refused.sentence]
    assert "damaged" in sentences[0] or "cannot be read" in sentences[0]
