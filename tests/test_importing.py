"""Past infusions brought in: each whole or not at all, never twice, and the record says who and from which file."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.clinical.course import course
from monitoring.clinical.record import Event, Infusion, Reading
from monitoring.documents import infusion_document, judged
from monitoring.documents.known import to_sign
from monitoring.documents.review import review_document
from monitoring.recording import PastEntry, PastInfusion, SourceFile
from monitoring.recording.importing import older, places, standing
from monitoring.records import StoreRefused
from monitoring.records.database import file_of
from monitoring.records.verify import verify
from tests.small_clinic import Names, actor, open_infusion

FILE = SourceFile("C:\\papers\\march 2026.csv", hashlib.sha256(b"the file").hexdigest())
BEGAN = datetime(2026, 2, 2, 9, 55, tzinfo=UTC)


def at(minute: float) -> datetime:
    """A minute of the past infusion, from its start at ten."""
    return BEGAN + timedelta(minutes=5 + minute)


def seen(minute: float, **values: float) -> PastEntry:
    readings = tuple(Reading("", measure, value) for measure, value in values.items())
    return PastEntry(f"line {minute + 6:g}", "set", at(minute), readings)


def happened(minute: float, kind: Any, **detail: Any) -> PastEntry:
    return PastEntry("", "event", at(minute), event=Event(kind, detail))


def past(patient: str, *more: PastEntry, **changed: Any) -> PastInfusion:
    """An ordinary infusion of February."""
    entries = (
        seen(-5, systolic=124, diastolic=76, heart_rate=70),
        happened(0, "start"),
        seen(10, systolic=138, diastolic=84, heart_rate=80),
        happened(40, "end"),
        happened(70, "close"),
        *more,
    )
    given = {
        "patient_id": patient,
        "opened_at": BEGAN,
        "chair": "chair-1",
        "weight_kg": 72.0,
        "dose_mg_per_kg": 0.5,
        "planned_minutes": 40,
        "bag_volume_ml": 100.0,
        "every_minutes": 10,
        "entries": entries,
        "remarks": ("Columns left out at the import: mean.",),
    }
    return PastInfusion(**(given | changed))


def imported(clinic: RunningClinic, *infusions: PastInfusion, by: str = "Dr Ines Weiss", **more: Any) -> Any:
    return recording.import_infusions(clinic, actor(clinic, by), FILE, infusions, **more)


def stored(clinic: RunningClinic, infusion: PastInfusion) -> Infusion:
    found = clinic.store.infusion(infusion.id)
    assert found is not None
    return found


def test_a_past_infusion_comes_in_over_with_its_own_times(clinic: RunningClinic, names: Names) -> None:
    one = past(names.patients["Omar Haddad"])
    outcome = imported(clinic, one)
    assert outcome.value.added == (one.id,)
    found = stored(clinic, one)
    here = course(found, clinic.protocol, clinic.clock.now())
    assert (here.phase, here.started_at, here.ended_at, here.closed_at) == ("closed", at(0), at(40), at(70))
    assert found.opened_at == BEGAN
    assert here.given_mg == pytest.approx(36)
    assert {entry.recorded_at for entry in found.entries} == {clinic.clock.now()}
    assert {entry.source for entry in found.entries} == {"import"}
    assert {entry.author_name for entry in found.entries} == {"Dr Ines Weiss"}
    assert {measure: reading.value for measure, reading in here.baseline.items()} == {
        "systolic": 124,
        "diastolic": 76,
        "heart_rate": 70,
    }
    assert found.id not in {open_now.id for open_now in clinic.store.open_infusions()}


def test_the_record_says_who_brought_it_and_from_which_file(clinic: RunningClinic, names: Names) -> None:
    one = past(names.patients["Omar Haddad"])
    imported(clinic, one)
    notes = [e.event.detail["text"] for e in stored(clinic, one).entries if e.event and e.event.kind == "note"]
    assert notes == [
        f"Imported from march 2026.csv, SHA-256 {FILE.sha256}.",
        "Columns left out at the import: mean.",
    ]
    source = clinic.store.imported_from(one.id)
    assert source is not None
    assert (source.file, source.sha256, source.by) == ("march 2026.csv", FILE.sha256, "Dr Ines Weiss")
    with closing(sqlite3.connect(file_of(clinic.store.url))) as connection:
        row = connection.execute("SELECT action, actor, detail FROM audit WHERE subject_id = ?", [one.id]).fetchone()
    assert row[:2] == ("import infusion", names.staff["Dr Ines Weiss"])
    assert json.loads(row[2]) == {"file": "march 2026.csv", "sha256": FILE.sha256}
    assert verify(clinic.store.url) == []
    assert clinic.store.imported_from(names.infusion) is None
    assert clinic.store.imported_with(FILE.sha256) == ((one.id, source),)
    assert clinic.store.imported_with("0" * 64) == ()


def test_a_screen_marks_each_entry_as_imported_and_none_as_late(clinic: RunningClinic, names: Names) -> None:
    one = past(names.patients["Omar Haddad"])
    imported(clinic, one)
    rows = infusion_document(clinic, one.id)["entries"]
    assert [row["marks"] for row in rows] == [["imported from a file on 03 Mar 2026"]] * 7
    first = [row["text"] for row in rows if row["time"].endswith("10:55")][-1]
    assert first.startswith("“Imported from march 2026.csv")


def test_its_review_says_that_nobody_here_was_asked_or_told(clinic: RunningClinic, names: Names) -> None:
    one, unsigned = past(names.patients["Omar Haddad"], seen(20, systolic=190)), to_sign(clinic)
    imported(clinic, one)
    document = review_document(clinic, one.id)
    (flag,) = document["review"]["flags"]
    assert (flag["open"], flag["acknowledged_after"]) == (False, "brought in from a file: not acknowledged here")
    facts = {fact.key: fact for fact in document["review"]["facts"]}
    assert facts["flags"].note == "brought in from a file: not acknowledged here"
    assert facts["sets"].note == "none was due here: brought in from a file"
    assert (document["slots"], document["care"]["before"]["missing"]) == ([], [])
    assert document["care"]["leaving"]["missing"] == []
    assert to_sign(clinic) == unsigned


def test_the_same_again_adds_nothing(clinic: RunningClinic, names: Names) -> None:
    one = past(names.patients["Omar Haddad"])
    imported(clinic, one)
    before = stored(clinic, one)
    other_name = SourceFile("again.csv", "0" * 64)
    outcome = recording.import_infusions(clinic, actor(clinic, "Petra Novak"), other_name, [one])
    assert outcome.again
    assert outcome.value is not None
    assert (outcome.value.added, outcome.value.again) == ((), (one.id,))
    assert stored(clinic, one) == before
    assert len(clinic.store.series_of(one.patient_id)) == 1


def test_another_content_of_the_same_infusion_is_refused(clinic: RunningClinic, names: Names) -> None:
    one = past(names.patients["Omar Haddad"])
    imported(clinic, one)
    before = stored(clinic, one)
    outcome = imported(clinic, past(one.patient_id, seen(20, systolic=140)))
    assert outcome.why == "refused"
    assert outcome.sentences[0].startswith("This infusion was imported from march 2026.csv and says something else")
    assert stored(clinic, one) == before


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"weight_kg": None}, "Weight is missing: expected 30 to 250 kg."),
        ({"dose_mg_per_kg": 5.0}, "Dose 5 mg/kg: expected 0.1 to 1.5."),
        ({"every_minutes": 7}, "Interval 7 min: expected one of 5, 10, 15 min."),
        ({"chair": "chair-9"}, "Chair is missing: expected one of Chair 1, Chair 2, Chair 3."),
        ({"number": 0}, "Infusion number 0: expected 1 or more."),
        ({"patient_id": "nobody"}, "This patient is not known here."),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_stored(
    clinic: RunningClinic, names: Names, changed: dict[str, Any], sentence: str
) -> None:
    one = past(names.patients["Omar Haddad"], **changed)
    outcome = imported(clinic, one)
    assert (outcome.why, outcome.sentences) == ("refused", (sentence,))
    assert clinic.store.infusion(one.id) is None
    assert clinic.store.series_of(names.patients["Omar Haddad"]) == ()


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (seen(20, systolic=1400), "Line 26: Systolic pressure 1400 mmHg: expected 0 to 350."),
        (seen(20, heart_rate=0), "Line 26: Heart rate 0 /min: unusual, expected to be confirmed as seen."),
        (seen(20, mood=3), "Line 26: Value of unknown measure “mood”"),
        (seen(90, heart_rate=70), "Line 96: Seen after the patient had left: expected before."),
        (seen(10, systolic=138, diastolic=84, heart_rate=80), "Line 16: The same is said in line 16"),
        (happened(20, "start"), "Pump started at minute 20 conflicts with"),
        (happened(20, "note", text="all\x00well"), "The words hold a control character (U+0000): expected plain text."),
        (seen(60 * 24 * 60, heart_rate=70), "Line 86406: Seen"),
    ],
)
def test_one_wrong_entry_keeps_the_whole_infusion_out(
    clinic: RunningClinic, names: Names, entry: PastEntry, sentence: str
) -> None:
    one = past(names.patients["Omar Haddad"], entry)
    outcome = imported(clinic, one)
    assert outcome.why == "refused"
    assert [said for said in outcome.sentences if said.startswith(sentence)], outcome.sentences
    assert clinic.store.infusion(one.id) is None


def test_of_several_the_whole_ones_come_in(clinic: RunningClinic, names: Names) -> None:
    wrong = past(names.patients["Omar Haddad"], seen(20, systolic=1400))
    right = past(names.patients["Lin Sørensen"])
    outcome = imported(clinic, wrong, right)
    assert outcome.value.added == (right.id,)
    assert [id for id, _ in outcome.value.refused] == [wrong.id]
    assert clinic.store.infusion(wrong.id) is None


def test_infusions_of_a_series_are_numbered_in_their_order(clinic: RunningClinic, names: Names) -> None:
    patient = names.patients["Omar Haddad"]

    def later(days: int, **more: Any) -> PastInfusion:
        one = past(patient)
        moved = tuple(replace(e, observed_at=e.observed_at + timedelta(days=days)) for e in one.entries)
        return replace(one, opened_at=BEGAN + timedelta(days=days), entries=moved, **more)

    outcome = imported(clinic, later(0), later(3), later(7, number=5))
    assert len(outcome.value.added) == 3
    assert [stored(clinic, one).number for one in (later(0), later(3), later(7))] == [1, 2, 5]
    assert len(clinic.store.series_of(patient)) == 1
    taken = imported(clinic, later(10, number=5))
    assert taken.sentences == ("Infusion 5 of this series is there already: expected another number.",)
    half = imported(clinic, later(10, number=5), later(11))
    assert (half.value.added, half.value.refused) == ((later(11).id,), ((later(10).id, taken.sentences),))
    assert stored(clinic, later(11)).number == 6
    another = imported(clinic, later(12), later(14), new_series=True)
    assert len(another.value.added) == 2
    assert [series.number for series in clinic.store.series_of(patient)] == [1, 2]
    assert [stored(clinic, one).number for one in (later(12), later(14))] == [1, 2]


def days_from(patient: str, days: float, **more: Any) -> PastInfusion:
    """The ordinary infusion, so many days after February's."""
    one, by = past(patient), timedelta(days=days)
    entries = tuple(replace(entry, observed_at=entry.observed_at + by) for entry in one.entries)
    return replace(one, opened_at=BEGAN + by, entries=entries, **more)


def test_where_each_comes_in_is_told_before(clinic: RunningClinic, names: Names) -> None:
    omar, zone = names.patients["Omar Haddad"], ZoneInfo("Europe/Berlin")
    imported(clinic, days_from(omar, 0), days_from(omar, 7))

    def told(*infusions: PastInfusion, own: tuple[str, ...] = ()) -> list[str]:
        before = places(clinic, infusions, own)
        outcome = imported(clinic, *infusions, new_series=own)
        assert outcome.done, outcome.sentences
        for one in infusions:
            held = stored(clinic, one)
            number = {series.id: series.number for series in clinic.store.series_of(omar)}[held.series]
            assert (before[one.id].number, before[one.id].series) == (held.number, number)
        return [before[one.id].words(zone) for one in infusions]

    inside, earlier = days_from(omar, 3), (days_from(omar, -20), days_from(omar, -30))
    assert older(clinic, [inside], zone) == ""
    assert told(inside) == ["infusion 3 of series 1, begun 02 Feb 2026"]
    assert older(clinic, earlier, zone) == (
        "03 Jan 2026 is before the first infusion of series 1 (02 Feb 2026): proposed as a series of its own."
    )
    assert told(*earlier, own=(omar,)) == ["infusion 2 of series 2, a new one", "infusion 1 of series 2, a new one"]
    # A series of old records is not the one the patient is in, and takes what lies in its time.
    assert recording.next_of_series(clinic, omar).number == 4
    assert told(days_from(omar, -25)) == ["infusion 3 of series 2, begun 03 Jan 2026"]
    taken = places(clinic, [days_from(omar, 9, number=2)])
    assert [one.words(zone) for one in taken.values()] == ["infusion 2 of series 1, begun 02 Feb 2026: there already"]
    # What stands in a file with one that is there already belongs with it.
    again, more = days_from(omar, -25), days_from(omar, -60)
    assert places(clinic, [again, more])[more.id].words(zone) == "infusion 4 of series 2, begun 03 Jan 2026"
    imported(clinic, again, more)
    assert stored(clinic, more).series == stored(clinic, again).series


def test_a_patient_is_not_at_two_places_at_once(clinic: RunningClinic, names: Names) -> None:
    patient = names.patients["Marta Brandt"]
    opened = clinic.store.infusion(names.infusion)
    assert opened is not None
    shift = opened.opened_at - BEGAN - timedelta(minutes=30)
    one = past(patient)
    over = replace(
        one,
        opened_at=one.opened_at + shift,
        entries=tuple(replace(e, observed_at=e.observed_at + shift) for e in one.entries),
    )
    clinic.clock.wait(hours=3)  # type: ignore[attr-defined]
    stands, problems = standing(clinic, over)
    assert stands == "refused"
    assert [problem.sentence for problem in problems] == [
        "This patient has infusion 1 at that time already: expected another patient or day."
    ]


@pytest.mark.parametrize(("name", "why"), [("Ada Okafor", "forbidden"), ("Petra Novak", None), ("Dr Ines Weiss", None)])
def test_who_may_import(clinic: RunningClinic, names: Names, name: str, why: str | None) -> None:
    assert imported(clinic, past(names.patients["Omar Haddad"]), by=name).why == why


def test_nobody_imports_without_signing_in(clinic: RunningClinic, names: Names) -> None:
    outcome = recording.import_infusions(clinic, None, FILE, [past(names.patients["Omar Haddad"])])
    assert outcome.why == "nobody"


def test_an_occupied_chair_does_not_matter_to_the_past(clinic: RunningClinic, names: Names) -> None:
    one = past(names.patients["Omar Haddad"], chair="chair-1")  # where Marta Brandt sits now
    assert imported(clinic, one).done
    assert [open_now.id for open_now in clinic.store.open_infusions()] == [names.infusion]
    open_infusion(clinic, actor(clinic, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")


def test_a_failure_in_the_middle_leaves_nothing(
    clinic: RunningClinic, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, saved, count = past(names.patients["Omar Haddad"]), clinic.store.add_entry, [0]

    def fails(*given: Any, **more: Any) -> Any:
        count[0] += 1
        if count[0] == 4:
            raise StoreRefused("The disk is full.")
        return saved(*given, **more)

    monkeypatch.setattr(clinic.store, "add_entry", fails)
    outcome = imported(clinic, one)
    assert outcome.sentences == ("The disk is full.",)
    monkeypatch.undo()
    assert clinic.store.infusion(one.id) is None
    assert clinic.store.series_of(one.patient_id) == ()
    assert verify(clinic.store.url) == []
    assert imported(clinic, one).done


def test_an_infusion_with_two_thousand_readings_comes_in(clinic: RunningClinic, names: Names) -> None:
    many = tuple(seen(1 + n / 40, heart_rate=60 + n % 40, spo2=97) for n in range(1000))
    one = past(names.patients["Omar Haddad"], *many)
    assert imported(clinic, one).done
    found = stored(clinic, one)
    assert sum(len(entry.readings) for entry in found.entries) == 2006
    assert judged(found, clinic.protocol, clinic.clock.now()).course.phase == "closed"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/home/x/paper.csv", "paper.csv"),
        ("=cmd|' /c'!A1.csv", "c'!A1.csv"),
        ("ورقة 🙂.csv", "ورقة 🙂.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("\ud800.csv", ".csv"),
        ("", "a file without a name"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_files_name_is_kept_as_it_can_be_shown(name: str, shown: str) -> None:
    assert SourceFile(name, "0" * 64).shown == shown
