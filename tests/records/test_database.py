"""The file: which addresses are taken, who may open it, what is said when it cannot be written."""

from __future__ import annotations

import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from monitoring.clinical.record import Entry, Event
from monitoring.records import Store, StoreRefused, StoreUnwritable, database
from monitoring.records.database import HEAD, file_of
from monitoring.records.verify import Head, verify
from tests.records.ward import HeldClock, Ward, fill, make_ward

TOP = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (
            "postgresql://ward:secret@db.example/clinic?password=secret",
            "MONITORING_DB is postgresql://… : expected a SQLite file, such as sqlite:///data/clinic.db. "
            "Other databases are not supported yet.",
        ),
        (
            "mysql+pymysql://ward:secret@db.example/clinic",
            "MONITORING_DB is mysql+pymysql://… : expected a SQLite file, such as sqlite:///data/clinic.db. "
            "Other databases are not supported yet.",
        ),
        ("data/secret.db", "MONITORING_DB is not a database address: expected a SQLite file, such as "),
        ("", "MONITORING_DB is not a database address: expected a SQLite file, such as "),
        ("//ward:secret@db", "MONITORING_DB is not a database address: expected a SQLite file, such as "),
        ("sqlite://", "MONITORING_DB is a SQLite address without a plain file name: "),
        ("sqlite:///", "MONITORING_DB is a SQLite address without a plain file name: "),
        ("sqlite:///:memory:", "MONITORING_DB is a SQLite address without a plain file name: "),
        ("sqlite:///clinic.db?mode=ro&key=secret", "MONITORING_DB is a SQLite address without a plain file name: "),
        ("sqlite:///file:clinic.db?uri=true", "MONITORING_DB is a SQLite address without a plain file name: "),
    ],
)
def test_other_addresses_are_refused_without_repeating_a_password(url: str, sentence: str) -> None:
    with pytest.raises(StoreRefused) as refused:
        Store.open(url, HeldClock())
    assert refused.value.sentence.startswith(sentence)
    assert str(refused.value) == refused.value.sentence
    assert "secret" not in refused.value.sentence


def test_an_error_that_is_logged_repeats_nothing_that_was_typed(ward: Ward) -> None:
    with closing(sqlite3.connect(ward.file)) as other:
        other.execute("ALTER TABLE patient_details RENAME TO elsewhere")
    with pytest.raises(OperationalError) as raised:
        ward.store.find_patients("Muster")
    assert "muster" not in str(raised.value).casefold()


def test_addresses_of_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_of("sqlite:///data/clinic.db") == tmp_path / "data" / "clinic.db"
    assert file_of(f"sqlite:///{tmp_path}/a b/50%.db") == tmp_path / "a b" / "50%.db"


def test_a_new_database_is_made_with_its_folder_and_stays_the_same_when_opened_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new folder, 100%/clinic.db"
    store = Store.open(url, HeldClock())
    assert store.clinic() is None
    assert store.writable()
    store.close()
    schema = _schema(file_of(url))
    Store.open(url, HeldClock()).close()
    assert _schema(file_of(url)) == schema
    assert verify(url) == []


def test_it_is_not_made_where_it_was_expected(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="no database at"):
        Store.open(f"sqlite:///{tmp_path}/clinic.db", HeldClock(), create=False)
    assert list(tmp_path.iterdir()) == []


def test_migrations_make_the_tables_that_the_code_describes(ward: Ward) -> None:
    with ward.store._database.read() as connection:
        found = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
        theirs = [change for change in found if "alembic_version" not in str(change)]
    assert theirs == []


def test_the_head_named_in_code_is_the_newest_migration() -> None:
    from monitoring.records.migrations import settings

    assert ScriptDirectory.from_config(settings()).get_heads() == [HEAD]
    assert database._known_revisions() == {f"{number:04}" for number in range(1, int(HEAD) + 1)}


def test_a_migration_that_stops_half_way_leaves_an_empty_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitoring.records import migrations

    whole = migrations.upgrade

    def broken(connection: Connection) -> None:
        whole(connection)
        raise RuntimeError("power cut")

    monkeypatch.setattr(migrations, "upgrade", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        Store.open(f"sqlite:///{tmp_path}/clinic.db", HeldClock())
    assert _schema(tmp_path / "clinic.db") == []
    monkeypatch.undo()
    Store.open(f"sqlite:///{tmp_path}/clinic.db", HeldClock()).close()


@pytest.fixture
def first_schema(tmp_path: Path) -> Path:
    """A file as the first version of the program left it: made by its one migration, filled with its rows."""
    from monitoring.records.migrations import settings

    whole = make_ward(tmp_path / "whole.db")
    fill(whole, first_tables_only=True)
    whole.store.close()
    file = tmp_path / "older.db"
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        command.upgrade(settings(connection), "0001")
    engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("ATTACH ? AS whole", (str(whole.file),))
        for (table,) in connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT IN ('alembic_version')"
        ).fetchall():
            names = ", ".join(f'"{row[1]}"' for row in connection.execute(f'PRAGMA main.table_info("{table}")'))
            connection.execute(f'INSERT INTO main."{table}" ({names}) SELECT {names} FROM whole."{table}"')
        connection.commit()
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
    return file


def test_a_file_of_the_first_schema_is_brought_to_the_newest_and_still_verifies(first_schema: Path, ward: Ward) -> None:
    ward.store.close()
    url = f"sqlite:///{first_schema}"
    with pytest.raises(StoreRefused, match="has schema 0001: expected 0008, to which starting the server brings"):
        verify(url)
    with closing(sqlite3.connect(first_schema)) as connection:
        noted = Head(*connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone())
        before = connection.execute("SELECT id, hash FROM entry ORDER BY infusion_id, seq").fetchall()
    with closing(Store.open(url, HeldClock())) as store:
        assert verify(url, noted) == []
        infusion = store.infusion("first")
        assert infusion is not None
        assert {(e.amendment, e.source, e.linked) for e in infusion.entries} == {("", "", "")}
        assert (len(infusion.entries), infusion.planned_infusions) == (6, 6)
        series = infusion.series
        assert (store.series_details(series), store.scores_of(series)) == (None, ())
        again = Ward(store, HeldClock(), first_schema, *(store.staff()[n] for n in (3, 2, 1, 0)), [], infusion.protocol)
        assert not again.add("first", "first-7", amendment="late entry", linked="second-1").again
        store.describe_series(series, 8, "", "", again.nurse.id)
        assert store.infusion("first") == replace(infusion, entries=_entries(store, "first"), planned_infusions=8)
    assert verify(url, noted) == []
    with closing(sqlite3.connect(first_schema)) as connection:
        assert connection.execute("SELECT id, hash FROM entry ORDER BY infusion_id, seq").fetchall()[:6] == before[:6]
        (changed,) = connection.execute("SELECT count(*) FROM entry WHERE amendment IS NOT NULL").fetchone()
    assert changed == 1
    assert {name for name, _ in _schema(first_schema)} == {name for name, _ in _schema(ward.file)}


def _entries(store: Store, infusion_id: str) -> tuple[Entry, ...]:
    infusion = store.infusion(infusion_id)
    assert infusion is not None
    return infusion.entries


def test_an_upgrade_that_stops_half_way_leaves_the_file_as_it_was(
    first_schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from monitoring.records import migrations

    whole = migrations.upgrade

    def broken(connection: Connection) -> None:
        whole(connection)
        raise RuntimeError("power cut")

    before = _schema(first_schema)
    monkeypatch.setattr(migrations, "upgrade", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        Store.open(f"sqlite:///{first_schema}", HeldClock())
    assert _schema(first_schema) == before
    monkeypatch.undo()
    Store.open(f"sqlite:///{first_schema}", HeldClock()).close()
    assert verify(f"sqlite:///{first_schema}") == []


def test_alembic_is_not_imported_for_a_database_at_head(ward: Ward) -> None:
    ward.store.close()
    code = (
        "import sys; from monitoring.clock import Clock; from monitoring.records import Store;"
        f"Store.open({ward.url!r}, Clock()).close(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=TOP)


def test_a_second_server_is_refused_also_under_another_name_of_the_file(ward: Ward, tmp_path: Path) -> None:
    link = tmp_path / "link.db"
    link.symlink_to(ward.file)
    for url in (ward.url, f"sqlite:///{link}", f"sqlite:///{tmp_path}/../{tmp_path.name}/clinic.db"):
        with pytest.raises(StoreRefused, match="in use by another running server"):
            Store.open(url, HeldClock())
    code = (
        f"from monitoring.clock import Clock; from monitoring.records import Store; Store.open({ward.url!r}, Clock())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP, check=False)
    assert "in use by another running server" in other.stderr
    assert ward.store.writable()
    ward.reopen()


@pytest.mark.skipif(sys.platform != "linux", reason="only the name is held")
def test_a_second_server_is_refused_by_a_hard_link(ward: Ward, tmp_path: Path) -> None:
    other_name = tmp_path / "elsewhere" / "other.db"
    other_name.parent.mkdir()
    other_name.hardlink_to(ward.file)
    url = f"sqlite:///{other_name}"
    with pytest.raises(StoreRefused, match=r"other\.db is in use by another running server"):
        Store.open(url, HeldClock())
    code = f"from monitoring.clock import Clock; from monitoring.records import Store; Store.open({url!r}, Clock())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP, check=False)
    assert "in use by another running server" in other.stderr
    # SQLite's own lock on the file still stands after both: whoever opens and closes a file drops those of a process.
    code = (
        "import fcntl, sys; opened = open(sys.argv[1], 'r+b');"
        "fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)"
    )
    taken = subprocess.run([sys.executable, "-c", code, ward.file], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in taken.stderr
    ward.store.close()
    Store.open(url, HeldClock()).close()


@pytest.mark.parametrize(
    ("revision", "sentence"), [("9999", "newer version"), ("", "newer version"), (None, "another program")]
)
def test_a_schema_of_another_time_or_program_is_refused(ward: Ward, revision: str | None, sentence: str) -> None:
    ward.store.close()
    with closing(sqlite3.connect(ward.file)) as connection:
        if revision is None:
            connection.execute("DROP TABLE alembic_version")
        else:
            connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.commit()
    before = ward.file.read_bytes()
    with pytest.raises(StoreRefused, match=sentence):
        Store.open(ward.url, HeldClock())
    assert ward.file.read_bytes() == before


def test_a_file_of_another_program_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    before = file.read_bytes()
    with pytest.raises(StoreRefused, match="another program"):
        Store.open(f"sqlite:///{file}", HeldClock())
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"name;number\n" * 400, b"SQLite format 3\0" + b"\xee" * 8000])
def test_what_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "clinic.db"
    file.write_bytes(content)
    with pytest.raises(StoreRefused, match="not a SQLite database, or it is damaged"):
        Store.open(f"sqlite:///{file}", HeldClock())
    assert file.read_bytes() == content


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises((StoreRefused, StoreUnwritable)):
        Store.open(f"sqlite:///{tmp_path}", HeldClock())


def test_a_refused_file_is_not_kept_locked(tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    file.write_bytes(b"name;number\n" * 400)
    with pytest.raises(StoreRefused):
        Store.open(f"sqlite:///{file}", HeldClock())
    file.unlink()
    Store.open(f"sqlite:///{file}", HeldClock()).close()


def test_how_the_file_is_written(ward: Ward) -> None:
    with ward.store._database.read() as connection:

        def pragma(name: str) -> Any:
            return connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()

        assert pragma("journal_mode") == "wal"
        assert pragma("synchronous") == 2  # FULL
        assert pragma("foreign_keys") == 1
        assert pragma("busy_timeout") == 4_000  # an outbox gives an answer up after eight seconds


def test_writes_begin_immediate(ward: Ward) -> None:
    ward.opened("one")
    said: list[str] = []
    event.listen(ward.store._database.engine, "before_cursor_execute", lambda *found: said.append(found[2]))
    ward.add("one")
    assert said[0] == "BEGIN IMMEDIATE"
    said.clear()
    ward.store.chairs()
    assert said[0] == "BEGIN"


# Unwritable. The tests may run as root, whom file modes do not stop; SQLite's own switches give the same errors.


@contextmanager
def with_pragma(ward: Ward, pragma: str, back: str) -> Iterator[None]:
    """Each connection of the store gets this pragma, until the block ends."""
    engine = ward.store._database.engine

    def prepare(connection: Any, *_: object) -> None:
        connection.cursor().execute(pragma)

    event.listen(engine, "checkout", prepare)
    try:
        yield
    finally:
        event.remove(engine, "checkout", prepare)
        with engine.connect() as connection:  # the test used one connection at a time: this one
            connection.exec_driver_sql(back)


def test_a_read_only_database_keeps_what_is_there_and_says_so(ward: Ward) -> None:
    ward.opened("one")
    kept = ward.add("one", "kept")
    draft = ward.draft("later")
    with with_pragma(ward, "PRAGMA query_only = ON", "PRAGMA query_only = OFF"):
        assert not ward.store.writable()
        with pytest.raises(StoreUnwritable, match=r"Not saved: the database clinic\.db or its folder is read-only\."):
            ward.store.add_entry("one", draft)
        infusion = ward.store.infusion("one")
        assert infusion is not None
        assert infusion.entries == (kept.entry,)
    assert ward.store.writable()
    assert not ward.store.add_entry("one", draft).again
    assert verify(ward.url) == []


def test_a_full_database_says_so_and_loses_nothing(ward: Ward) -> None:
    ward.opened("one")
    saved: list[str] = []
    refused = ""
    with with_pragma(ward, "PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1073741823"):
        for number in range(200):
            draft = ward.draft(f"e{number}")
            try:
                saved.append(ward.store.add_entry("one", draft).entry.id)
            except StoreUnwritable as unwritable:
                refused = unwritable.sentence
                break
        assert refused == "Not saved: the database clinic.db or its disk is full."
        assert saved, "there was room on the pages that exist"
        assert not ward.store.writable()
        infusion = ward.store.infusion("one")
        assert infusion is not None
        assert [entry.id for entry in infusion.entries] == saved
        assert ward.store.add_entry("one", ward.draft(saved[0])).again  # what is stored can still be answered
    assert ward.store.writable()
    assert not ward.store.add_entry("one", ward.draft(f"e{len(saved)}")).again
    assert len((ward.reopen().infusion("one") or pytest.fail("gone")).entries) == len(saved) + 1
    assert verify(ward.url) == []


def test_a_disk_that_takes_no_more_bytes_says_so(ward: Ward) -> None:
    """A real limit on the size of files, in a process of its own."""
    ward.opened("one")
    ward.store.close()
    code = f"""
import resource, signal
from tests.records.ward import HeldClock
from monitoring.clinical.record import Reading
from monitoring.records import NewEntry, Store, StoreUnwritable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
clock = HeldClock()
store = Store.open({ward.url!r}, clock)
author = next(person.id for person in store.staff() if person.role == "nurse")
size = {os.path.getsize(ward.file)} + 200_000
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
saved = 0
try:
    while saved < 2000:
        store.add_entry("one", NewEntry(f"e{{saved}}", "set", clock.now(), clock.now(), author, reason="x" * 2000))
        saved += 1
except StoreUnwritable as refused:
    print(saved, refused.sentence)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=TOP, check=True).stdout
    saved, sentence = told.split(maxsplit=1)
    assert sentence.startswith("Not saved: ")
    store = ward.reopen()
    assert len((store.infusion("one") or pytest.fail("gone")).entries) == int(saved) > 0
    assert verify(ward.url) == []


def test_a_disk_that_is_about_to_be_full_is_not_writable(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = os.statvfs(ward.file.parent)
    left = SimpleNamespace(f_bavail=2, f_frsize=disk.f_frsize)
    monkeypatch.setattr(os, "statvfs", lambda _: left)
    assert not ward.store.writable()
    monkeypatch.undo()
    assert ward.store.writable()


@pytest.mark.parametrize("replaced", [False, True])
def test_nothing_is_saved_into_a_file_that_was_moved_away(ward: Ward, tmp_path: Path, replaced: bool) -> None:
    ward.opened("one")
    ward.file.rename(tmp_path / "moved.db")
    if replaced:
        ward.file.touch()
    assert not ward.store.writable()
    with pytest.raises(StoreUnwritable, match="was moved away or replaced"):
        ward.add("one", "a")
    (tmp_path / "moved.db").rename(ward.file)
    assert ward.store.writable()
    assert not ward.add("one", "a").again


def test_another_program_that_holds_the_lock_is_named(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    ward.opened("one")
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.02)
    monkeypatch.setattr(database, "PROBE_SECONDS", 0.02)
    with closing(sqlite3.connect(ward.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert ward.store.infusion("one") is not None
        assert not ward.store.writable()
        with pytest.raises(StoreUnwritable, match="another program holds the database"):
            ward.happen("one", "start")
        other.execute("ROLLBACK")
        assert ward.store.writable()
        assert not ward.add("one", event=Event("start")).again


def test_who_waited_for_a_write_that_found_the_file_locked_hears_the_same_at_once(ward: Ward) -> None:
    ward.opened("one")
    ward.store._database._refused_at = math.inf  # whoever comes now came before
    with pytest.raises(StoreUnwritable, match="another program holds the database"):
        ward.add("one", "a")
    ward.store._database._refused_at = -math.inf
    assert not ward.add("one", "a").again


def test_a_write_waits_for_another_of_this_server_no_longer_than_it_says(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "TURN_SECONDS", 0.02)
    going_on = pytest.raises(StoreUnwritable, match=r"Not saved: another write is still going on\. Try again\.")
    with ward.store._database.alone(), ThreadPoolExecutor(1) as another, going_on:
        another.submit(ward.opened, "one").result()
    ward.opened("one")


@pytest.fixture
def unprivileged() -> Iterator[Path]:
    """A folder of somebody whom file modes stop, and being that somebody: root is nobody meanwhile."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        shutil.rmtree(folder)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no file modes")
def test_a_file_that_may_only_be_read_is_opened_and_read(unprivileged: Path) -> None:
    ward = make_ward(unprivileged / "clinic.db")
    ward.store.close()
    ward.file.chmod(0o444)
    store = Store.open(ward.url, ward.clock)
    assert len(store.staff()) == 4
    assert not store.writable()
    with pytest.raises(StoreUnwritable, match=r"Not saved: the database clinic\.db or its folder is read-only\."):
        store.set_pin(ward.nurse.id, "hash", "")
    assert verify(ward.url) == []
    store.close()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no file modes")
@pytest.mark.parametrize("new", [False, True])
def test_a_folder_that_may_only_be_read_is_named_at_opening(unprivileged: Path, new: bool) -> None:
    folder = unprivileged / "data"
    folder.mkdir()
    url = f"sqlite:///{folder}/clinic.db"
    if not new:
        make_ward(folder / "clinic.db").store.close()
    folder.chmod(0o555)
    with pytest.raises(StoreUnwritable, match=r"cannot be (opened|written)"):
        Store.open(url, HeldClock())
    if not new:
        assert verify(url) == []
    folder.chmod(0o755)


def _schema(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
