"""A whole clinic goes out and comes back equal row for row; what was cut or changed does not come back at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from monitoring.__main__ import main
from monitoring.clock import Clock
from monitoring.exports.whole import take_out, walk_apart
from monitoring.imports.whole import read_clinic
from monitoring.records import Store, StoreRefused, tables
from monitoring.records.verify import head, verify
from monitoring.records.whole import RECORD
from tests.records.ward import Ward, fill, make_ward

Names = Callable[[str], str]


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """A clinic with a row in every table, its file as it was when it was exported, and the export."""
    folder = tmp_path_factory.mktemp("out")
    ward = make_ward(folder / "clinic.db")
    fill(ward)
    strange = 'O\'Neil "Ali" علي 🙂 =1+1 \u2028 \\ \x7f'
    ward.store.correct_patient(
        ward.patients[0].id, strange, ward.patients[0].birth_date, "female", "latex\nand dust", ward.nurse.id
    )
    before = folder / "before.db"
    with closing(sqlite3.connect(ward.file)) as here, closing(sqlite3.connect(before)) as there:
        here.backup(there)
    take_out(ward.store, folder / "clinic.zip", ward.administrator.id, {"from": "a test"})
    ward.store.close()
    return ward.file, before, folder / "clinic.zip"


@pytest.fixture
def export(taken: tuple[Path, Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copy(taken[2], tmp_path / "clinic.zip"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where there is no database yet."""
    return f"sqlite:///{tmp_path / 'elsewhere' / 'copy.db'}"


def rows(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """Everything in a database but its cache, as it stands there."""
    with closing(sqlite3.connect(file)) as connection:
        return {table: connection.execute(f'SELECT * FROM "{table}" ORDER BY rowid').fetchall() for table in RECORD}


def hashes(file: Path) -> dict[str, str]:
    return {table: hashlib.sha256(repr(found).encode()).hexdigest() for table, found in rows(file).items()}


def again(export: Path, change: Callable[[dict[str, bytes]], None], compression: int = ZIP_DEFLATED) -> None:
    """Write the export anew with its members changed."""
    with ZipFile(export) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with ZipFile(export, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def left_behind(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.glob("*")) if folder.exists() else []


def test_the_copy_is_equal_row_for_row_and_verifies(
    taken: tuple[Path, Path, Path], export: Path, url: str, tmp_path: Path
) -> None:
    _, before, _ = taken
    told: list[tuple[str, int]] = []
    contents = read_clinic(export, url, lambda table, count: told.append((table, count)))
    copy = tmp_path / "elsewhere" / "copy.db"
    assert left_behind(tmp_path / "elsewhere") == ["copy.db", "copy.db.lock"]
    assert hashes(copy) == hashes(before)
    assert all(rows(copy).values())
    assert verify(url, contents.head) == []
    assert head(url) == head(f"sqlite:///{before}") == contents.head
    assert told == [(table, len(found)) for table, found in rows(before).items()]


def test_the_copy_is_a_clinic_that_goes_on(export: Path, url: str) -> None:
    read_clinic(export, url)
    with closing(Store.open(url, Clock(), create=False)) as store:
        clinic = store.clinic()
        assert clinic is not None
        assert clinic.name == "Invented Clinic"
        before = head(url)
        store.add_staff("Nina Neu", "nurse", None, "")
    assert head(url).seq == before.seq + 1
    assert verify(url, before) == []


def test_the_copy_exported_again_holds_the_same(export: Path, url: str, tmp_path: Path) -> None:
    contents = read_clinic(export, url)
    with closing(Store.open(url, Clock(), create=False)) as store:
        (administrator,) = (one for one in store.staff() if one.role == "administrator")
        take_out(store, tmp_path / "second.zip", administrator.id, {})
    second = read_clinic(tmp_path / "second.zip", f"sqlite:///{tmp_path / 'third.db'}")
    assert second.tables == contents.tables
    assert second.head == contents.head


def test_an_export_says_what_it_holds_and_who_took_it_is_kept(taken: tuple[Path, Path, Path]) -> None:
    file, _, export = taken
    with ZipFile(export) as archive:
        contents = json.loads(archive.read("contents.json"))
        assert archive.namelist()[-1] == "contents.json"
        for one in contents["files"]:
            data = archive.read(one["file"])
            assert hashlib.sha256(data).hexdigest() == one["sha256"]
            assert data.count(b"\n") == one["rows"]
    assert {one["file"] for one in contents["files"]} == {f"{table}.jsonl" for table in RECORD}
    assert stat.S_IMODE(export.stat().st_mode) == 0o600
    with closing(Store.open(f"sqlite:///{file}", Clock())) as store:
        last, *_ = store.exports()
        assert (last.what.kind, last.what.scope, last.name) == ("whole clinic", "clinic", "Ada Amsel")
        assert last.what.sha256 == hashlib.sha256(export.read_bytes()).hexdigest()
        assert last.what.bytes == export.stat().st_size


def test_every_table_but_the_cache_goes_out() -> None:
    assert {table.name for table in tables.IN_ORDER} - set(RECORD) == {table.name for table in tables.CACHE} & {
        table.name for table in tables.IN_ORDER
    }
    assert {"entry", "reading", "audit", "export", "staff_pin"} <= set(RECORD)


# What does not come back


@pytest.mark.parametrize("kept", [0, 1, 100, 0.25, 0.5, 0.9, 0.999])
def test_an_export_cut_in_the_middle_is_recognised(export: Path, url: str, tmp_path: Path, kept: float) -> None:
    data = export.read_bytes()
    export.write_bytes(data[: int(kept if kept >= 1 or kept == 0 else len(data) * kept)])
    with pytest.raises(StoreRefused, match="is no whole export"):
        read_clinic(export, url)
    assert left_behind(tmp_path / "elsewhere") == []


def changed(members: dict[str, bytes], name: str, old: bytes, new: bytes) -> None:
    assert old in members[name]
    members[name] = members[name].replace(old, new, 1)


def hashed_anew(members: dict[str, bytes]) -> None:
    """What somebody does who changes a table and its hash in the list of contents."""
    contents = json.loads(members["contents.json"])
    for one in contents["files"]:
        data = members[one["file"]]
        one["sha256"], one["rows"] = hashlib.sha256(data).hexdigest(), data.count(b"\n")
    members["contents.json"] = json.dumps(contents).encode()


def without_last(members: dict[str, bytes], name: str) -> None:
    members[name] = b"".join(members[name].splitlines(keepends=True)[:-1])


CHANGES: dict[str, tuple[Callable[[dict[str, bytes]], object], str]] = {
    "a value": (lambda m: changed(m, "reading.jsonl", b'"value":128.0', b'"value":118.0'), "Table reading was changed"),
    "a value and its hash": (
        lambda m: (changed(m, "reading.jsonl", b'"value":128.0', b'"value":118.0'), hashed_anew(m)),
        "entry 1 of infusion first: its content was changed",
    ),
    "a row less": (lambda m: without_last(m, "view.jsonl"), "Table view was changed"),
    "the chain's end, hashed anew": (
        lambda m: (without_last(m, "audit.jsonl"), hashed_anew(m)),
        "The copy is not what was exported. ",
    ),
    "no list of contents": (lambda m: m.pop("contents.json"), "has no list of its contents"),
    "something else": (lambda m: m.update({"contents.json": b"{}"}), "holds something else"),
    "a list that is none": (lambda m: m.update({"contents.json": b"["}), "cannot be read"),
    "another version": (lambda m: changed(m, "contents.json", b'"version": 1', b'"version": 2'), "has format 2"),
    "a table less": (lambda m: m.pop("score.jsonl"), "“score.jsonl” is missing"),
    "a file more": (lambda m: m.update({"../x": b""}), "is not in the list of contents"),
    "a table of later": (
        lambda m: changed(m, "contents.json", b'"file": "score.jsonl"', b'"file": "moods.jsonl"'),
        "a table “moods”: it was made by a newer program",
    ),
    "a column of later": (
        lambda m: (changed(m, "chair.jsonl", b'{"id"', b'{"colour":"red","id"'), hashed_anew(m)),
        "a column “colour”, which this program does not know",
    ),
    "columns that come and go": (
        lambda m: (changed(m, "chair.jsonl", b'"label":"Chair 2",', b""), hashed_anew(m)),
        "its rows do not all have the same columns",
    ),
    "a row that names nobody": (
        lambda m: (changed(m, "sign_in.jsonl", b'"device_id":"', b'"device_id":"x'), hashed_anew(m)),
        "Table sign_in: its rows do not fit",
    ),
    "a line that is no row": (
        lambda m: (m.update({"view.jsonl": b"[1]\n"}), hashed_anew(m)),
        "Table view, line 1 cannot be read",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_export_that_was_changed_leaves_nothing_behind(export: Path, url: str, tmp_path: Path, name: str) -> None:
    change, sentence = CHANGES[name]
    again(export, lambda members: change(members) and None)
    with pytest.raises(StoreRefused) as refused:
        read_clinic(export, url)
    assert sentence in refused.value.sentence
    assert left_behind(tmp_path / "elsewhere") == []


def test_a_flipped_bit_is_noticed(export: Path, url: str) -> None:
    with ZipFile(export) as archive:
        info = archive.getinfo("entry.jsonl")
    data = bytearray(export.read_bytes())
    data[info.header_offset + 100] ^= 0x10
    export.write_bytes(bytes(data))
    with pytest.raises(StoreRefused):
        read_clinic(export, url)


@pytest.mark.parametrize(("offset", "bit"), [(6, 0xFF), (8, 0x01), (8, 0x20), (8, 0x40), (10, 0x10), (10, 0x04)])
@pytest.mark.parametrize("member", ["entry.jsonl", "contents.json"])
def test_a_bit_flipped_in_the_list_of_its_parts_is_one_sentence(
    export: Path, url: str, member: str, offset: int, bit: int
) -> None:
    data = bytearray(export.read_bytes())
    # Version, flags and method of one member in the central directory, whose name stands 46 bytes after its begin.
    data[data.rfind(member.encode()) - 46 + offset] ^= bit
    export.write_bytes(bytes(data))
    with pytest.raises(StoreRefused, match="export"):
        read_clinic(export, url)
    assert left_behind(export.parent / "elsewhere") == []


def test_a_database_with_anything_in_it_is_left_as_it_is(export: Path, tmp_path: Path) -> None:
    ward = make_ward(tmp_path / "here.db")
    ward.store.close()
    before = hashes(ward.file)
    with pytest.raises(StoreRefused, match="holds records already: expected an empty database, or none"):
        read_clinic(export, ward.url)
    assert hashes(ward.file) == before


def test_an_empty_database_takes_it_and_one_in_use_does_not(export: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'empty.db'}"
    with (
        closing(Store.open(url, Clock())),
        pytest.raises(StoreRefused, match="is in use by another running server"),
    ):
        read_clinic(export, url)
    read_clinic(export, url)
    assert verify(url) == []


def test_records_that_were_changed_by_hand_are_not_exported(taken: tuple[Path, Path, Path], tmp_path: Path) -> None:
    file = Path(shutil.copy(taken[1], tmp_path / "clinic.db"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER append_only_reading_update")
        connection.execute("UPDATE reading SET value = 118 WHERE id = 'first-1/systolic'")
        connection.commit()
    with closing(Store.open(f"sqlite:///{file}", Clock())) as store:
        (administrator,) = (one for one in store.staff() if one.role == "administrator")
        before = store.exports()
        with pytest.raises(StoreRefused, match="Not exported: "):
            take_out(store, tmp_path / "out.zip", administrator.id, {})
        assert store.exports() == before
    assert not (tmp_path / "out.zip").exists()
    assert not (tmp_path / "out.zip.part").exists()


def test_chains_walked_apart_say_the_same(taken: tuple[Path, Path, Path], tmp_path: Path) -> None:
    file = Path(shutil.copy(taken[1], tmp_path / "clinic.db"))
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DROP TRIGGER append_only_reading_update")
        connection.commit()
    url = f"sqlite:///{file}"
    assert walk_apart(url) == verify(url) == ["table reading: the trigger that refuses UPDATE is missing"]


# On the command line


def test_out_and_in_on_the_command_line(
    taken: tuple[Path, Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path(shutil.copy(taken[1], tmp_path / "clinic.db"))
    out, copy = tmp_path / "out.zip", tmp_path / "copy.db"
    assert main(["export-clinic", str(out), f"sqlite:///{file}"]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].endswith("bytes, recorded as exported by Ada Amsel.")
    assert "reading: " in printed.err
    assert main(["import-clinic", str(out), f"sqlite:///{copy}"]) == 0
    assert "Invented Clinic" in capsys.readouterr().out
    assert hashes(copy) == hashes(taken[1])
    assert main(["verify", f"sqlite:///{copy}"]) == 0
    assert main(["import-clinic", str(out), f"sqlite:///{copy}"]) == 2
    assert "holds records already" in capsys.readouterr().err
    assert main(["export-clinic", str(out), f"sqlite:///{file}"]) == 2
    assert "is there already: expected a name that is not" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["out.zip", "sqlite:///{clinic}", "--by", "Nora Nuss"],
            "--by Nora Nuss: expected one administrator, Ada Amsel.",
        ),
        (["out.zip", "sqlite:///{nowhere}"], "There is no database at"),
        (["no/folder/out.zip", "sqlite:///{clinic}"], "cannot be written"),
    ],
)
def test_an_export_that_cannot_be_says_why(
    taken: tuple[Path, Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    sentence: str,
) -> None:
    clinic = shutil.copy(taken[1], tmp_path / "clinic.db")
    file, url, *more = words
    url = url.format(clinic=clinic, nowhere=tmp_path / "nowhere.db")
    assert main(["export-clinic", str(tmp_path / file), url, *more]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / file).exists()


def test_what_is_no_export_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.zip"
    other.write_text("a,b\n1,2\n")
    for file, sentence in ((other, "is no whole export"), (tmp_path / "none.zip", "No such file")):
        assert main(["import-clinic", str(file), f"sqlite:///{tmp_path / 'copy.db'}"]) == 2
        assert sentence in capsys.readouterr().err
    assert left_behind(tmp_path) == ["other.zip"]


def test_a_ward_with_nothing_but_its_names_comes_back(tmp_path: Path) -> None:
    ward: Ward = make_ward(tmp_path / "small.db")
    take_out(ward.store, tmp_path / "small.zip", ward.administrator.id, {})
    ward.store.close()
    read_clinic(tmp_path / "small.zip", f"sqlite:///{tmp_path / 'copy.db'}")
    assert verify(f"sqlite:///{tmp_path / 'copy.db'}") == []
