"""What was saved and is not there any more is told: by the head beside the database, elsewhere, and the file itself."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.records import Store, database
from monitoring.records.heads import Gap, Head, gaps_file, head_file, read_head
from monitoring.records.verify import head, verify
from tests.records.ward import HeldClock, Ward

WAL = "-wal"


def noted(place: Path) -> Head:
    found = read_head(place)
    assert found is not None
    return found


def log_of(file: Path) -> Path:
    return file.with_name(f"{file.name}{WAL}")


def copied(ward: Ward, to: Path, *ends: str) -> Path:
    """The files of the open database as somebody copies them while the server runs."""
    to.mkdir(exist_ok=True)
    for end in ("", *ends):
        shutil.copy(f"{ward.file}{end}", f"{to / ward.file.name}{end}")
    return to / ward.file.name


def opened(file: Path, elsewhere: Path | None = None) -> Store:
    return Store.open(f"sqlite:///{file}", HeldClock(), head_elsewhere=elsewhere)


def test_each_saved_entry_is_noted_before_it_is_answered(ward: Ward) -> None:
    ward.opened("one")
    for _ in range(5):
        ward.add("one")
        assert noted(head_file(ward.file)) == head(ward.url)


def test_writes_lost_with_the_log_are_counted_at_the_start_and_by_verify(ward: Ward, tmp_path: Path) -> None:
    ward.opened("one")
    ward.reopen()
    for _ in range(21):
        ward.add("one")
    before = head(ward.url).seq
    file = copied(ward, tmp_path / "copy", ".head")  # all but the log: as after a power cut that took it
    kept = before - 20  # also the first write since the file was opened, with which the log was carried over into it
    told = (
        f"20 writes are missing from clinic.db: {before} were noted in {head_file(file)}, {kept} are there. "
        "Look for the newest copy, with the file clinic.db-wal that belongs to it."
    )
    assert verify(f"sqlite:///{file}") == [told]
    with closing(opened(file)) as store:
        assert [gap.sentence(file) for gap in store.missing] == [told]
        assert len((store.infusion("one") or pytest.fail("gone")).entries) == 1
        assert verify(f"sqlite:///{file}") == [told]
    with closing(opened(file)) as store:  # told until somebody acknowledges it
        assert [gap.missing for gap in store.missing] == [20]
    assert verify(f"sqlite:///{file}") == [told]


def test_a_database_copied_alone_says_so_itself(ward: Ward, tmp_path: Path) -> None:
    ward.opened("one")
    ward.add("one")
    file = copied(ward, tmp_path / "alone")
    [told] = verify(f"sqlite:///{file}")
    assert told.startswith(
        "The newest writes are missing from clinic.db, nobody knows how many: it was copied or moved"
    )
    with closing(opened(file)) as store:
        assert [gap.sentence(file) for gap in store.missing] == [told]
    assert verify(f"sqlite:///{file}") == [told]


@pytest.mark.parametrize("ends", [(WAL,), (WAL, ".head"), (WAL, "-shm", ".head")])
def test_a_copy_with_its_log_is_whole(ward: Ward, tmp_path: Path, ends: tuple[str, ...]) -> None:
    ward.opened("one")
    ward.add("one", "kept")
    file = copied(ward, tmp_path / "copy", *ends)
    assert verify(f"sqlite:///{file}") == []
    with closing(opened(file)) as store:
        assert store.missing == ()
        assert [entry.id for entry in (store.infusion("one") or pytest.fail("gone")).entries] == ["kept"]


def test_a_backup_made_by_sqlite_while_the_server_runs_is_whole(ward: Ward, tmp_path: Path) -> None:
    ward.opened("one")
    ward.add("one")
    file = tmp_path / "backup.db"
    with closing(sqlite3.connect(ward.file)) as running, closing(sqlite3.connect(file)) as backup:
        running.backup(backup)
    assert verify(f"sqlite:///{file}") == []
    with closing(opened(file)) as store:
        assert store.missing == ()


def test_a_closed_database_is_whole_alone(ward: Ward, tmp_path: Path) -> None:
    ward.opened("one")
    ward.store.close()
    assert not log_of(ward.file).exists()
    file = copied(ward, tmp_path / "moved")
    assert verify(f"sqlite:///{file}") == []
    with closing(opened(file)) as store:
        assert store.missing == ()


def test_the_file_says_it_also_after_its_log_was_carried_over_into_it(
    ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOG_WRITES", 0)  # after each write
    ward.opened("one")
    ward.add("one", "carried over")
    file = copied(ward, tmp_path / "alone")
    with closing(opened(file)) as store:
        assert [gap.missing for gap in store.missing] == [0]
        assert [entry.id for entry in (store.infusion("one") or pytest.fail("gone")).entries] == ["carried over"]


def test_an_older_backup_goes_on_once_it_is_acknowledged(ward: Ward, tmp_path: Path) -> None:
    ward.opened("one")
    ward.store.close()
    shutil.copy(ward.file, tmp_path / "older.db")
    ward.reopen()
    ward.add("one")
    ward.add("one")
    ward.store.close()
    shutil.copy(tmp_path / "older.db", ward.file)
    store = ward.reopen()
    assert [gap.missing for gap in store.missing] == [2]
    ward.add("one", "after the backup")
    assert [gap.missing for gap in ward.reopen().missing] == [2]  # also when it has grown as long as what is missing
    [told] = verify(ward.url)
    assert told.startswith("2 writes are missing from clinic.db")
    assert ward.store.acknowledge_missing(ward.administrator.id, "The disk failed; backup of noon") == 1
    assert (ward.store.missing, verify(ward.url)) == ((), [])
    assert not gaps_file(ward.file).exists()
    assert ward.reopen().missing == ()
    with closing(sqlite3.connect(ward.file)) as connection:
        rows = connection.execute(
            "SELECT action, actor, detail FROM audit WHERE subject_kind LIKE 'missing%' ORDER BY seq"
        ).fetchall()
    assert [(action, actor) for action, actor, _ in rows] == [
        ("find writes missing", ""),
        ("acknowledge missing writes", ward.administrator.id),
    ]
    assert json.loads(rows[1][2])["reason"] == "The disk failed; backup of noon"
    assert json.loads(rows[1][2])["missing"] == 2
    assert verify(ward.url) == []


def test_a_second_place_tells_when_all_beside_the_database_was_put_back(ward: Ward, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.head"
    ward.store.close()
    for end in ("", ".head"):
        shutil.copy(f"{ward.file}{end}", f"{tmp_path}/kept{end}")
    ward.store = opened(ward.file, elsewhere)
    ward.opened("one")
    ward.store.close()
    for end in ("", ".head"):
        shutil.copy(f"{tmp_path}/kept{end}", f"{ward.file}{end}")
    [told] = verify(ward.url, elsewhere=elsewhere)
    assert f"were noted in {elsewhere}" in told
    assert verify(ward.url) == []
    with closing(opened(ward.file, elsewhere)) as store:
        assert [gap.place for gap in store.missing] == [str(elsewhere)]


def test_another_clinics_database_is_told_apart(ward: Ward, tmp_path: Path) -> None:
    ward.store.close()
    place = head_file(ward.file)
    other = Head(noted(place).seq - 1, "f" * 64)
    place.write_bytes(_file_of(tmp_path, other))
    [told] = verify(ward.url)
    assert told.startswith("clinic.db is not the database of which ")
    assert [gap.missing for gap in ward.reopen().missing] == [0]


def _file_of(tmp_path: Path, found: Head) -> bytes:
    from monitoring.records.heads import KeptHeads

    heads = KeptHeads(tmp_path / "made.head")
    heads.keep(found)
    heads.close()
    return (tmp_path / "made.head").read_bytes()


def test_a_head_that_is_half_written_leaves_the_one_before(tmp_path: Path) -> None:
    first, second = Head(7, "a" * 64), Head(8, "b" * 64)
    _file_of(tmp_path, first)
    whole = _file_of(tmp_path, second)
    place = tmp_path / "made.head"
    assert noted(place) == second
    newer = whole.index(b"8:bbb")
    for cut in (newer + 1, newer + 40, newer + 66, newer + 70):
        place.write_bytes(whole[:cut] + b"\x00" * (1024 - cut) if newer >= 512 else b"\x00" * cut + whole[cut:])
        assert noted(place) == first
    place.write_bytes(b"\x00" * 1024)
    with pytest.raises(ValueError, match="holds no head of an audit chain: it was cut or changed"):
        read_head(place)


@given(st.text(max_size=80) | st.from_regex(r"\d{1,5}:[0-9a-f]{60,66}", fullmatch=True))
def test_only_what_was_written_as_a_head_is_read_as_one(text: str) -> None:
    try:
        read = Head.read(text)
    except ValueError:
        return
    assert str(read) == f"{int(text.strip().partition(':')[0])}:{text.strip().partition(':')[2]}"


def test_a_head_file_that_is_taken_away_while_the_server_runs_is_made_anew(ward: Ward) -> None:
    ward.opened("one")
    head_file(ward.file).unlink()
    ward.add("one")
    assert noted(head_file(ward.file)) == head(ward.url)


def test_a_place_that_cannot_be_written_is_told_and_keeps_no_entry_back(ward: Ward, tmp_path: Path) -> None:
    ward.store.close()
    elsewhere = tmp_path / "not there" / "clinic.head"
    ward.store = opened(ward.file, elsewhere)
    ward.opened("one")
    assert not ward.add("one", "a").again
    [told] = ward.store.head_trouble
    assert told == f"The head of the audit chain cannot be noted in {elsewhere} (No such file or directory)."
    elsewhere.parent.mkdir()
    ward.add("one", "b")
    ward.store.close()
    assert ward.store.head_trouble == ()
    assert noted(elsewhere) == noted(head_file(ward.file)) == head(ward.url)


def test_what_is_not_known_to_be_missing_is_no_number() -> None:
    assert Gap("", str(Head(3, "a" * 64)), "").missing == 0
    assert os.fspath(head_file(Path("/srv/clinic.db"))) == "/srv/clinic.db.head"
