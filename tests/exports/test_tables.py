"""The record as CSV: what stands in a row, what a spreadsheet makes of it, and what is left out of the study's form."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.exports.deidentified import NOT_ANONYMOUS, StudyNumbers, listed
from monitoring.exports.source import Source
from monitoring.exports.tables import (
    INFUSIONS,
    READINGS,
    SCORES,
    Row,
    Table,
    as_typed,
    data_dictionary,
    harmless,
    infusion_row,
    lines,
    reading_rows,
    score_rows,
)
from monitoring.records import Score, ScoreTold
from tests.clinical.care import dose_check, order
from tests.clinical.timeline import MARTA, START, Timeline, at, running
from tests.exports.sources import NAMES, eventful, many, source

STUDY = StudyNumbers("a secret that only tests know")


def written(table: Table, rows: Iterable[Row], deidentified: bool = False) -> str:
    return "".join(lines(table, rows, deidentified))


def read(text: str) -> list[dict[str, str]]:
    """The file as a program reads it, line by line."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def frame(table: Table, text: str, deidentified: bool = False) -> pd.DataFrame:
    """The file as pandas reads it, by the types that the data dictionary names."""
    columns = [row for row in data_dictionary(deidentified=deidentified) if row["table"] == table.name]
    types = {str(row["column"]): str(row["type"]) for row in columns}
    return pd.read_csv(io.BytesIO(text.encode()), dtype=types, keep_default_na=False, na_values=[""])


def told(of: Source, *columns: str, study: StudyNumbers | None = None) -> list[str]:
    """Each row in these columns, blanks left out."""
    rows = read(written(READINGS, reading_rows(of, study), study is not None))
    return [" ".join(row[column] for column in columns if row[column]) for row in rows]


def test_each_thing_recorded_is_a_row_and_nothing_is_dropped() -> None:
    rows = told(source(eventful(), 210), "entry", "kind", "measure", "event", "value", "status", "corrects", "reason")
    assert [row for row in rows if row.split()[0] in ("3", "5", "6", "7", "8", "9")] == [
        "3 reading systolic 126 holds",
        "3 reading diastolic 78 holds",
        "3 reading heart_rate 72 holds",
        "3 reading spo2 98 holds",
        "3 reading respiration 14 holds",
        "5 reading systolic 614 corrected",
        "5 reading diastolic 78 repeated",
        "5 reading heart_rate 72 repeated",
        "5 reading spo2 98 repeated",
        "5 reading respiration 14 repeated",
        "6 reading systolic 164 holds 5 typed wrongly",
        "6 reading diastolic 78 holds 5 typed wrongly",
        "6 reading heart_rate 72 holds 5 typed wrongly",
        "6 reading spo2 98 holds 5 typed wrongly",
        "6 reading respiration 14 holds 5 typed wrongly",
        "7 acknowledgement systolic holds",
        "8 reading systolic 126 withdrawn",
        "8 reading diastolic 78 withdrawn",
        "8 reading heart_rate 171 withdrawn",
        "8 reading spo2 98 withdrawn",
        "8 reading respiration 14 withdrawn",
        "9 withdrawal holds 8 that was Omar Haddad",
    ]
    entries = {int(row.split()[0]) for row in rows}
    assert entries == set(range(1, len(eventful().entries) + 1))


@pytest.mark.parametrize(
    ("entry", "measure", "expected"),
    [
        ("1", "systolic", {"baseline": "TRUE", "minute": "-4", "unit": "mmHg", "ucum": "mm[Hg]", "loinc": "8480-6"}),
        ("3", "systolic", {"baseline": "FALSE", "minute": "0.5", "level": ""}),
        ("4", "dissociation", {"value": "2", "said": "moderate", "unit": ""}),
        ("5", "systolic", {"replaced_by": "6", "level": ""}),
        ("6", "systolic", {"level": "caution", "observed_utc": "2026-03-03 10:10:00", "recorded_after": "1"}),
        ("8", "heart_rate", {"replaced_by": "9", "status": "withdrawn"}),
        ("10", "spo2", {"kind": "not done", "value": "", "said": "Marta's hand was cold"}),
        ("19", "systolic", {"amendment": "late entry", "source": "paper", "saved_after": "20"}),
    ],
)
def test_a_row_says_what_must_be_known_of_it(entry: str, measure: str, expected: dict[str, str]) -> None:
    rows = read(written(READINGS, reading_rows(source(eventful(), 210))))
    (row,) = [row for row in rows if (row["entry"], row["measure"]) == (entry, measure)]
    assert {column: row[column] for column in expected} == expected


def test_times_are_those_of_utc_and_of_the_clinic_on_either_side_of_a_clock_change() -> None:
    line = Timeline()
    shift = timedelta(days=235, hours=14)  # the night of 25 October: 03:00 is 02:00 again
    for minute in (0, 30, 60):
        entry = line.quiet_set(minute)
        seen = at(minute) + shift
        line._replace(entry, observed_at=seen, tapped_at=seen, recorded_at=seen)
    assert told(source(line, 70), "observed_utc", "observed_local", "zone")[::5] == [
        "2026-10-25 00:00:00 2026-10-25 02:00:00+02:00 Europe/Berlin",
        "2026-10-25 00:30:00 2026-10-25 02:30:00+02:00 Europe/Berlin",
        "2026-10-25 01:00:00 2026-10-25 02:00:00+01:00 Europe/Berlin",
    ]


@pytest.mark.parametrize(
    ("line", "minute", "rows"),
    [(Timeline(), 0, 0), (running(), 3, 6), (eventful(), 210, 54), (many(), 60, 2002)],
    ids=["no entry", "started", "eventful", "two thousand"],
)
def test_as_many_rows_as_things_recorded_come_back_from_pandas(line: Timeline, minute: float, rows: int) -> None:
    found = frame(READINGS, written(READINGS, reading_rows(source(line, minute))))
    assert len(found) == rows
    assert list(found["value"].dropna()) == [r.value for entry in line.entries for r in entry.readings]
    assert str(found["value"].dtype) == "Float64"


def test_without_a_start_minutes_count_from_the_opening() -> None:
    line = Timeline()
    line.set(-10, systolic=120)
    assert told(source(line, 0), "minute", "minutes_since") == ["20 opened"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_as_it_is_and_begins_no_formula(name: str) -> None:
    text = written(READINGS, reading_rows(source(running(), 3, name=name)))
    for row in read(text):
        assert as_typed(row["patient_name"]) == name
        assert row["patient_name"][:1] not in ("=", "+", "-", "@", "\t", "\r")
    found = frame(READINGS, text)
    assert {as_typed(cell) for cell in found["patient_name"]} == {name}
    assert list(found["entry"]) == [1, 1, 1, 1, 1, 2]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("=1+1", "'=1+1"),
        ("  =1+1", "  '=1+1"),
        ("+49 170", "'+49 170"),
        ("-5", "'-5"),
        ("@x", "'@x"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("a;=1", "a;'=1"),
        ("a\n=1", "a\n'=1"),
        ("a\r\n-1", "a\r\n'-1"),
        ("\t=1", "'\t'=1"),
        ("\x0b=1", "\x0b'=1"),
        ("\u200b\ufeff=1", "\u200b\ufeff'=1"),
        ("a;\u2028+1", "a;\u2028'+1"),
        ("\x00@x", "\x00'@x"),
        ("a=1", "a=1"),
        ("3 - 2", "3 - 2"),
        ("'quoted'", "'quoted'"),
        ("", ""),
    ],
)
def test_a_text_that_would_be_computed_gets_an_apostrophe(typed: str, expected: str) -> None:
    assert harmless(typed) == expected
    assert as_typed(expected) == typed


@given(st.text(alphabet=st.sampled_from("=+-@'\t\r\n; |a,\"＝\x0b\u200b\ufeff")))
@settings(max_examples=150, deadline=None)
def test_any_text_is_found_again(text: str) -> None:
    assert as_typed(harmless(text)) == text
    for cell in harmless(text).replace("\r", "\n").replace(";", "\n").split("\n"):
        assert cell.lstrip(" \x0b\u200b\ufeff")[:1] not in ("=", "+", "-", "@", "＝")


def test_numbers_stay_numbers() -> None:
    assert told(source(running(), 3), "minute")[0] == "-4"


def test_a_dose_that_a_second_person_is_still_to_work_out_is_not_told() -> None:
    line = Timeline()
    line.event("dose", -15, dose_mg=41.5, stock_ml=0.83, rate_ml_per_h=150.0, final_volume_ml=100.0,
               weight_basis="actual", dosing_weight_kg=83.0, stock_mg_per_ml=50.0, bag_volume_ml=100.0,
               stock_volume="replaces")  # fmt: skip
    of = source(line, -10)
    for study in (None, STUDY):
        text = written(READINGS, reading_rows(of, study), study is not None)
        text += written(INFUSIONS, [infusion_row(of, study)], study is not None)
        assert "41.5" not in text
        assert "0.83" not in text


def test_an_infusion_is_a_row() -> None:
    (row,) = read(written(INFUSIONS, [infusion_row(source(eventful(), 210))]))
    expected = {
        "invented": "FALSE", "patient_number": "K-0101", "infusion": "2", "phase": "closed", "age": "44",
        "ended_minute": "44", "infusion_minutes": "40", "left_minute": "110", "dose": "40", "given": "40",
        "flags_critical": "0", "started_utc": "2026-03-03 10:00:00", "left_utc": "2026-03-03 11:50:00",
        "signed": "FALSE", "sets_partial": "1", "entries": "23",
    }  # fmt: skip
    assert {column: row[column] for column in expected} == expected


@pytest.mark.parametrize(("line", "phase"), [(Timeline(), "planned"), (running(), "infusing")])
def test_what_has_not_happened_is_empty(line: Timeline, phase: str) -> None:
    (row,) = read(written(INFUSIONS, [infusion_row(source(line, 5))]))
    assert row["phase"] == phase
    for column in ("ended_utc", "left_minute", "wasted", "back_at_baseline_after", "reason"):
        assert row[column] == ""


def test_why_it_was_stopped_early() -> None:
    line = running()
    line.stop(20, "the fire alarm rang")
    of = source(line, 30)
    (row,) = read(written(INFUSIONS, [infusion_row(of)]))
    assert (row["ended_early"], row["reason"]) == ("TRUE", "the fire alarm rang")
    (row,) = read(written(INFUSIONS, [infusion_row(of, STUDY)], deidentified=True))
    assert (row["ended_early"], row["reason"]) == ("TRUE", "other")


# The de-identified form

IDENTIFYING = (
    "Marta", "Brandt", "K-0101", "1981", "Okafor", "Lund", "Weiss", "Peter", "0170", "Edna", "toast", "hand was cold",
    "Omar", "2026", "Lake", "Berlin", "Chair", "infusion-1", "Called back",
)  # fmt: skip


def deidentified_text(of: Source) -> str:
    rated = score_rows([rated_score()], of.series, of, STUDY)
    return (
        written(READINGS, reading_rows(of, STUDY), deidentified=True)
        + written(INFUSIONS, [infusion_row(of, STUDY)], deidentified=True)
        + written(SCORES, rated, deidentified=True)
    )


@pytest.mark.parametrize("word", IDENTIFYING)
def test_nothing_in_the_study_form_says_who_or_when(word: str) -> None:
    of = source(eventful(), 210)
    plain = written(READINGS, reading_rows(of)) + written(INFUSIONS, [infusion_row(of)])
    plain += written(SCORES, score_rows([rated_score()], of.series, of))
    assert word in plain, "the word is not there to be left out"
    assert word not in deidentified_text(of)


def test_what_the_site_lists_is_kept_and_the_rest_is_other() -> None:
    of = source(eventful(), 210)
    rows = told(of, "kind", "event", "measure", "said", "reason", study=STUDY)
    kept = [row for row in rows if not row.startswith("reading")]
    assert [row for row in kept if not row.startswith("event start")] == [
        "acknowledgement systolic other",
        "withdrawal other",
        "not done heart_rate asleep",
        "not done spo2 other",
        "event pause Pump paused: nausea or vomiting",
        "event effect Effect: nausea, mild, watched",
        "event effect Effect: other",
        "event medicine Medicine: Ondansetron 4 mg, IV",
        "event medicine Medicine: other",
        "event resume Pump resumed",
        "event note Note",
        "event over Over",
        "event end Infusion ended",
        "event close Patient left",
        "event note Note",
    ]
    assert "typed wrongly" in told(of, "reason", study=STUDY)


@pytest.mark.parametrize(
    ("dose", "expected"),
    [
        ("4", "Ondansetron 4 mg"),
        ("0,25", "Ondansetron 0,25 mg"),
        ("01705551234", "Ondansetron"),
        ("2026-03-03", "Ondansetron"),
        ("inf", "Ondansetron"),
        ("...", "Ondansetron"),
    ],
)
def test_a_dose_is_kept_where_it_can_be_nothing_but_a_dose(dose: str, expected: str) -> None:
    line = running()
    line.event("medicine", 5, name="Ondansetron", dose=dose, unit="mg", route="IV")
    assert told(source(line, 6), "said", study=STUDY)[-1] == f"Medicine: {expected}, IV"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("asleep", "asleep"), (" Asleep ", "asleep"), ("asleep in Marta's chair", "other"), ("", ""), (None, "")],
)
def test_only_the_site_s_own_words_are_kept(text: object, expected: str) -> None:
    assert listed(text, ("asleep", "refused")) == expected


def test_a_study_number_is_the_same_each_time_and_tells_nothing_without_the_secret() -> None:
    assert STUDY.of("patient", "p") == StudyNumbers("a secret that only tests know").of("patient", "p")
    others = {STUDY.of("patient", "q"), STUDY.of("infusion", "p"), StudyNumbers("another").of("patient", "p")}
    assert STUDY.of("patient", "p") not in others
    assert STUDY.of("patient", "p").startswith("S-")  # no spreadsheet takes it for 12E45


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2006-03-04", "under 20"),
        ("2006-03-03", "20 to 24"),
        ("1981-05-14", "40 to 44"),
        ("1981-03-03", "45 to 49"),
        ("1936-03-04", "85 to 89"),
        ("1936-03-03", "90 or more"),
        ("1921-01-01", "90 or more"),
    ],
)
def test_an_age_is_a_band_and_the_oldest_are_one_group(born: str, band: str) -> None:
    of = source(running(patient=replace(MARTA, birth_date=date.fromisoformat(born))), 3)
    (row,) = read(written(INFUSIONS, [infusion_row(of, STUDY)], deidentified=True))
    assert row["age_band"] == band
    assert "age" not in row


@pytest.mark.parametrize(
    ("kg", "band"),
    [
        (44.9, "under 45"),
        (45.0, "45 to under 50"),
        (69.9, "65 to under 70"),
        (70.0, "70 to under 75"),
        (119.9, "115 to under 120"),
        (120.0, "120 or more"),
    ],
)
def test_a_weight_is_a_band(kg: float, band: str) -> None:
    of = source(running(weight_kg=kg), 3)
    (row,) = read(written(INFUSIONS, [infusion_row(of, STUDY)], deidentified=True))
    assert row["weight_band"] == band
    assert not {"weight", "dose", "given", "drawn", "wasted"} & set(row)


def test_nothing_in_the_study_form_gives_the_weight_back() -> None:
    line = Timeline(weight_kg=72.3)
    order(line, -15, weight_kg=72.3)
    results = {"dose_mg": 36.2, "stock_ml": 0.72, "rate_ml_per_h": 151.1}
    inputs = {"weight_basis": "actual", "dosing_weight_kg": 72.3, "stock_mg_per_ml": 50.0, "bag_volume_ml": 100.0}
    first = line.event("dose", -14, **inputs, stock_volume="adds", final_volume_ml=100.72, **results)
    dose_check(line, -12, first, **results)
    line.quiet_set(-4)
    line.start(0)
    line.rate(10, 113.3)
    line.end(40)
    line.event("drug", 45, drawn_mg=75.0, wasted_mg=38.8, lot="INV-1", expiry="2027-08", method="sink with water")
    of = source(line, 60)
    plain = written(READINGS, reading_rows(of)) + written(INFUSIONS, [infusion_row(of)])
    study = deidentified_text(of)
    for number in ("72.3", "36.2", "0.72", "151.1", "113.3", "38.8"):
        assert number in plain, f"{number} is not there to be left out"
        assert number not in study
    assert "Rate changed: 75 % of the first rate" in study
    assert "Order: 0.5 mg/kg, 40 min" in study
    (row,) = read(written(INFUSIONS, [infusion_row(of, STUDY)], deidentified=True))
    assert 0.35 < float(row["given_per_kg"]) < 0.5


def test_minutes_are_whole_in_the_study_form() -> None:
    line = running()
    line.quiet_set(10.37, recorded=12.9)
    line.end(40.61)
    line.close(100.28)
    of = source(line, 110)
    (row,) = read(written(INFUSIONS, [infusion_row(of, STUDY)], deidentified=True))
    assert [row[key] for key in ("ended_minute", "infusion_minutes", "left_minute")] == ["40", "40", "100"]
    times = told(of, "minute", "saved_after", "recorded_after", study=STUDY)
    assert times[6] == "10 0 2"
    assert not [one for one in times if "." in one]


def test_an_effect_that_few_had_is_other() -> None:
    line = running()
    line.event("effect", 5, name="Nausea", severity="mild")
    line.event("effect", 6, name="itching")
    common = StudyNumbers("a secret", lambda effect: effect == "Nausea")
    assert told(source(line, 7), "said", study=common)[-2:] == ["Effect: nausea, mild", "Effect: other"]


def test_the_study_form_says_that_it_is_not_anonymous() -> None:
    last = [row["meaning"] for row in data_dictionary(deidentified=True)][-1]
    assert str(last).startswith("De-identified is not anonymous")
    assert NOT_ANONYMOUS not in [row["meaning"] for row in data_dictionary()]


def test_both_forms_name_every_column_in_the_dictionary() -> None:
    of = source(eventful(), 210)
    for only in (False, True):
        study = STUDY if only else None
        for table, rows in (
            (READINGS, reading_rows(of, study)),
            (INFUSIONS, iter([infusion_row(of, study)])),
            (SCORES, score_rows([rated_score()], of.series, of, study)),
        ):
            text = written(table, rows, only)
            header = text.removeprefix("\ufeff").split("\r\n")[0].split(",")
            named = [row["column"] for row in data_dictionary(deidentified=only) if row["table"] == table.name]
            assert header == named
            assert len(frame(table, text, only)) >= 1
    assert all(row["meaning"] for row in data_dictionary())


# Scores


def rated_score(id: str = "s1", **more: object) -> Score:
    given: dict[str, object] = {
        "series_id": "series-1", "instrument": "phq9", "version": "9 items", "total": 12.0,
        "items": {"1": 3, "9": 1}, "rated_on": (START - timedelta(days=2)).date(), "rater": "Marta Brandt",
        "note": "filled in with her husband Peter", "recorded_at": START, "recorded_by": "staff-ada",
        "recorded_by_name": "Ada Okafor", "corrects": None, "withdraws": None, "reason": "", "stands": True,
        "told": (ScoreTold("Dr Weiss", START, START, "staff-ada", "Ada Okafor"),),
    }  # fmt: skip
    return Score(id=id, **(given | more))  # type: ignore[arg-type]


def test_a_score_is_a_row_for_its_total_and_one_for_each_item() -> None:
    of = source(running(), 3)
    scores = [
        rated_score(stands=False),
        rated_score("s2", total=13.0, items=None, corrects="s1", reason="typed wrongly"),
        rated_score("s3", total=5.0, items=None, stands=False),
        rated_score("s4", total=None, items=None, withdraws="s3", reason="wrong patient", stands=False),
    ]
    rows = read(written(SCORES, score_rows(scores, of.series, of)))
    columns = ("score", "item", "value", "status", "corrects", "reason", "series_day")
    assert [" ".join(row[column] for column in columns if row[column]) for row in rows] == [
        "1 12 corrected 7",
        "1 1 3 corrected 7",
        "1 9 1 corrected 7",
        "2 13 holds 1 typed wrongly 7",
        "3 5 withdrawn wrong patient 7",
    ]
    assert rows[0]["told"] == "Dr Weiss, 2026-03-03 10:00:00 UTC"
