"""Files are made whole or not at all, each for one person; none is handed out that the audit trail does not name."""

from __future__ import annotations

import hashlib
import io
import json
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from zipfile import BadZipFile, ZipFile

import pandas as pd
import pytest

from monitoring.clinic import RunningClinic
from monitoring.clinical.record import Event, EventKind, Reading
from monitoring.documents.words import zone_of
from monitoring.exports import making as makings
from monitoring.exports.archive import write_tables
from monitoring.exports.files import KINDS, File, Kind, of_infusion, of_search, of_series
from monitoring.exports.making import Making, Workshop, make, workshop_of
from monitoring.exports.source import Source
from monitoring.exports.tables import score_rows
from monitoring.recording import PastEntry, PastInfusion, SourceFile, import_infusions, save_entry
from monitoring.records import StoreUnwritable
from tests.clinical.timeline import START
from tests.exports.sources import eventful, source
from tests.exports.test_tables import rated_score
from tests.small_clinic import Names, actor, entry, event, open_infusion, person


@pytest.fixture
def clinic(clinic: RunningClinic, names: Names) -> RunningClinic:
    """The small clinic: one infusion with values, another that is opened and no more."""
    ada = actor(clinic, "Ada Okafor")
    for body in (
        entry(clinic.clock.now()),
        event(clinic.clock.now(), "start", reason="emergency", decided_by="Dr Weiss"),
    ):
        assert save_entry(clinic, ada, names.infusion, body).done
    open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    return clinic


@pytest.fixture
def both(clinic: RunningClinic) -> tuple[str, ...]:
    return tuple(one.id for one in clinic.store.open_infusions())


def done(work: Making) -> Making:
    """This making, once nothing more happens to it."""
    (thread,) = [one for one in threading.enumerate() if one.name == f"export {work.id}"] or [threading.Thread()]
    if thread.ident is not None:
        thread.join(20)
    return work


def start(clinic: RunningClinic, file: File) -> Making:
    return workshop_of(clinic).start(clinic, person(clinic, "Ada Okafor"), file)


def writing(file: File, write: Callable[[IO[bytes], Callable[[], None]], None]) -> File:
    return replace(file, write=write)


@pytest.mark.parametrize(
    ("kind", "suffix", "begins"),
    [
        ("csv", "csv", b"\xef\xbb\xbfinvented,"),
        ("tables", "zip", b"PK"),
        ("fhir", "json", b"{"),
        ("record", "pdf", b"%PDF-"),
    ],
)
def test_a_file_of_one_infusion_and_the_row_that_says_so(
    clinic: RunningClinic, names: Names, kind: Kind, suffix: str, begins: bytes
) -> None:
    ada = person(clinic, "Ada Okafor")
    file = of_infusion(clinic, ada, names.infusion, kind)
    export, content = make(clinic, ada, file)
    assert content.startswith(begins)
    assert file.name(export.id).endswith(f".{suffix}")
    (kept,) = clinic.store.exports_of(names.infusion)
    assert kept == export
    assert (kept.name, kept.what.scope, kept.what.subject) == ("Ada Okafor", "infusion", names.infusion)
    assert (kept.what.bytes, kept.what.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_a_series(clinic: RunningClinic, names: Names, kind: Kind) -> None:
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    ada = person(clinic, "Ada Okafor")
    export, content = make(clinic, ada, of_series(clinic, ada, infusion.series, kind))
    assert len(content) > 200
    assert export.what.infusions == (names.infusion,)


def test_tables_in_a_zip_file_are_listed_with_their_hashes_and_open_in_pandas(
    clinic: RunningClinic, both: tuple[str, ...]
) -> None:
    work = done(start(clinic, of_search(clinic, person(clinic, "Ada Okafor"), both, {"phase": "infusing"}, "tables")))
    assert (work.state, work.done, work.of) == ("made", 2, 2)
    assert work.path is not None
    with ZipFile(work.path) as found:
        contents = json.loads(found.read("contents.json"))
        for one in contents["files"]:
            assert hashlib.sha256(found.read(one["file"])).hexdigest() == one["sha256"]
        columns = pd.read_csv(found.open("data-dictionary.csv"), keep_default_na=False)
        for name in ("readings", "infusions", "scores"):
            types = columns[columns["table"] == name].set_index("column")["type"].to_dict()
            table = pd.read_csv(found.open(f"{name}.csv"), dtype=types, keep_default_na=False, na_values=[""])
            assert len(table) == next(one["rows"] for one in contents["files"] if one["file"] == f"{name}.csv")
        assert "import pandas" in found.read("about.txt").decode()
    assert (contents["made_by"], contents["infusions"]) == ("Ada Okafor", 2)
    (export,) = clinic.store.exports()
    assert (export.id, export.what.scope, export.what.infusions) == (work.id, "search", both)
    assert export.what.chosen == {"phase": "infusing"}
    assert export.what.sha256 == hashlib.sha256(work.path.read_bytes()).hexdigest()


@pytest.mark.parametrize(("kind", "inside"), [("fhir", ".json"), ("record", ".pdf")])
def test_many_bundles_and_records_come_in_a_zip_file(
    clinic: RunningClinic, both: tuple[str, ...], kind: Kind, inside: str
) -> None:
    work = done(start(clinic, of_search(clinic, person(clinic, "Ada Okafor"), both, {}, kind)))
    assert work.path is not None
    with ZipFile(work.path) as found:
        *files, contents = found.namelist()
    assert contents == "contents.json"
    opened = [clinic.store.infusion(id) for id in both]
    days = [f"{one.opened_at.astimezone(zone_of(clinic)):%Y-%m-%d}" for one in opened if one is not None]
    assert files == [f"{day}-infusion-1-{id[:8]}{inside}" for day, id in zip(days, both, strict=True)]


def test_the_study_form_says_neither_who_made_it_nor_where(clinic: RunningClinic, both: tuple[str, ...]) -> None:
    ada = person(clinic, "Ada Okafor")
    export, content = make(clinic, ada, of_search(clinic, ada, both, {}, "tables", deidentified=True))
    assert export.what.deidentified
    with ZipFile(io.BytesIO(content)) as found:
        text = "".join(found.read(name).decode() for name in found.namelist() if name != "about.txt")
    for word in ("Ada Okafor", "Marta", "Haddad", "Lake", "K-010", "2026", *both):
        assert word not in text


def test_the_study_form_of_a_search_has_no_order_that_tells_who_or_when(
    clinic: RunningClinic, both: tuple[str, ...]
) -> None:
    ada = person(clinic, "Ada Okafor")

    def written(found: tuple[str, ...]) -> bytes:
        _, content = make(clinic, ada, of_search(clinic, ada, found, {}, "csv", deidentified=True))
        return content

    assert written(both) == written(both[::-1])


def test_the_study_form_does_not_count_back_from_the_day_of_an_import(clinic: RunningClinic, names: Names) -> None:
    began = datetime(2026, 2, 2, 9, 55, tzinfo=UTC)
    told: tuple[tuple[float, EventKind], ...] = ((5, "start"), (45, "end"), (75, "close"))
    value = PastEntry("line 2", "set", began, (Reading("", "systolic", 124),))
    entries = [PastEntry("", "event", began + timedelta(minutes=m), event=Event(kind, {})) for m, kind in told]
    past = PastInfusion(names.patients["Lin Sørensen"], began, "chair-1", 72, 0.5, 40, 100, 10, (value, *entries))
    file = SourceFile("papers.csv", "0" * 64)
    outcome = import_infusions(clinic, actor(clinic, "Dr Ines Weiss"), file, [past])
    assert outcome.value is not None
    assert outcome.value.added == (past.id,)
    ada = person(clinic, "Ada Okafor")
    _, content = make(clinic, ada, of_infusion(clinic, ada, past.id, "csv", deidentified=True))
    found = pd.read_csv(io.BytesIO(content))
    assert set(found["source"]) == {"import"}
    assert set(found["series_day"]) == {0}
    assert found["minute"].tolist()[-1] == 70
    assert found[["saved_after", "recorded_after"]].isna().all(axis=None)


@dataclass(frozen=True)
class Watched(Source):
    """A source of which it can be seen whether anybody still holds it."""


def test_of_a_search_no_more_than_one_infusion_is_held_at_a_time() -> None:
    given: list[weakref.ref[Watched]] = []
    held: list[int] = []

    def sources() -> Iterator[Watched]:
        for number in range(4):
            found = source(eventful(), 210)
            found = replace(found, series=replace(found.series, id=f"series-{number}"))
            one = Watched(**{field.name: getattr(found, field.name) for field in fields(found)})
            given.append(weakref.ref(one))
            yield one
            del one
            held.append(sum(ref() is not None for ref in given))

    file = io.BytesIO()
    write_tables(file, sources(), lambda series: (rated_score(series),), START, {})
    assert held == [1, 1, 1, 1]
    with ZipFile(file) as archive:
        assert archive.read("infusions.csv").count(b"\r\n") == 5
        of_one = score_rows([rated_score()], source(eventful(), 210).series, source(eventful(), 210))
        assert archive.read("scores.csv").count(b"\r\n") == 1 + 4 * len([*of_one])


@pytest.mark.parametrize("kind", ["fhir", "record"])
def test_only_tables_have_a_study_form(clinic: RunningClinic, names: Names, kind: Kind) -> None:
    with pytest.raises(ValueError, match="Only tables"):
        of_infusion(clinic, person(clinic, "Ada Okafor"), names.infusion, kind, deidentified=True)


# Cut in the middle


@pytest.fixture
def half(clinic: RunningClinic, names: Names) -> File:
    """A file whose writing can be broken."""
    return of_infusion(clinic, person(clinic, "Ada Okafor"), names.infusion, "tables")


def left(clinic: RunningClinic) -> list[Path]:
    """What lies in the folder of exports."""
    folder = workshop_of(clinic).folder
    return sorted(folder.iterdir()) if folder.exists() else []


def test_a_file_that_cannot_be_finished_is_not_there(clinic: RunningClinic, half: File) -> None:
    def broken(file: IO[bytes], step: Callable[[], None]) -> None:
        file.write(b"PK half of it")
        raise OSError(28, "No space left on device")

    work = done(start(clinic, writing(half, broken)))
    assert (work.state, work.path) == ("failed", None)
    assert work.sentence == "The file could not be written: No space left on device."
    assert left(clinic) == []
    assert clinic.store.exports() == ()


def test_a_fault_of_the_program_is_told_without_what_it_was_about(clinic: RunningClinic, half: File) -> None:
    def broken(file: IO[bytes], step: Callable[[], None]) -> None:
        raise ValueError("Marta Brandt")

    work = done(start(clinic, writing(half, broken)))
    assert (work.state, "Marta" in work.sentence) == ("failed", False)
    assert left(clinic) == []


def test_a_file_that_the_audit_trail_cannot_name_is_not_there(
    clinic: RunningClinic, half: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreUnwritable("Not saved: the disk is full.")

    monkeypatch.setattr(clinic.store, "add_export", full)
    work = done(start(clinic, half))
    assert (work.state, work.path) == ("failed", None)
    assert "the disk is full" in work.sentence
    assert left(clinic) == []
    with pytest.raises(StoreUnwritable):
        make(clinic, person(clinic, "Ada Okafor"), half)


def test_until_it_is_whole_a_file_has_another_name(clinic: RunningClinic, half: File) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def slow(file: IO[bytes], step: Callable[[], None]) -> None:
        file.write(b"half")
        file.flush()
        at_work.set()
        assert go_on.wait(10)
        step()
        half.write(file, lambda: None)

    work = start(clinic, writing(half, slow))
    assert at_work.wait(10)
    assert (work.state, work.path) == ("being made", None)
    assert [path.suffix for path in left(clinic)] == [".partial"]
    assert left(clinic)[0].stat().st_mode & 0o077 == 0
    go_on.set()
    assert done(work).state == "made"
    assert [path.suffix for path in left(clinic)] == [".zip"]


def test_it_can_be_given_up(clinic: RunningClinic, half: File) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def slow(file: IO[bytes], step: Callable[[], None]) -> None:
        at_work.set()
        assert go_on.wait(10)
        step()

    work, waits = start(clinic, writing(half, slow)), start(clinic, half)
    assert at_work.wait(10)
    assert waits.state == "waiting"  # one after the other
    work.stop()
    waits.stop()
    go_on.set()
    assert (done(work).state, done(waits).state) == ("stopped", "stopped")
    assert left(clinic) == []
    assert clinic.store.exports() == ()


@pytest.mark.parametrize("share", [0.3, 0.7, 0.999])
def test_a_zip_file_that_was_cut_off_opens_nowhere(clinic: RunningClinic, half: File, share: float) -> None:
    _, content = make(clinic, person(clinic, "Ada Okafor"), half)
    with pytest.raises(BadZipFile):
        ZipFile(io.BytesIO(content[: int(len(content) * share)]))


# Whose it is, and how long


def test_only_the_person_who_asked_finds_it(clinic: RunningClinic, half: File) -> None:
    work = done(start(clinic, half))
    assert workshop_of(clinic).making(work.id, person(clinic, "Ada Okafor")) is work
    assert workshop_of(clinic).making(work.id, person(clinic, "Jonas Lund")) is None
    assert workshop_of(clinic).making("another", person(clinic, "Ada Okafor")) is None


def test_what_nobody_fetched_goes_after_a_while(
    clinic: RunningClinic, half: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = done(start(clinic, half))
    later = makings.time.monotonic() + makings.KEPT.total_seconds() + 1
    monkeypatch.setattr(makings.time, "monotonic", lambda: later)
    assert workshop_of(clinic).making(work.id, person(clinic, "Ada Okafor")) is None
    assert left(clinic) == []


@pytest.fixture
def leftover(tmp_path: Path) -> Path:
    folder = tmp_path / "clinic.db.exports"
    folder.mkdir()
    (folder / "x.partial").write_bytes(b"half")
    return folder


def test_what_a_server_that_is_gone_left_behind_is_removed(leftover: Path) -> None:
    Workshop(leftover)
    assert not leftover.exists()
