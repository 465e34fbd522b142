"""Past paper records, line by line: what comes in, what is asked about, and that nothing goes missing in silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from monitoring.clinical.record import Event, NotDone
from monitoring.imports.dry_run import Decision, DryRun, Found
from monitoring.imports.mapping import Column, FileMapping, Meaning, Moment, suggested
from monitoring.imports.paper import dry_run
from monitoring.imports.tables import read_table
from monitoring.recording import PastEntry, PastInfusion
from tests.clinical.timeline import SHIPPED
from tests.imports.files import (
    LONG,
    LONG_MAPPING,
    NOW,
    PATIENTS,
    TOLD,
    WIDE,
    WIDE_MAPPING,
    run,
    table,
    told,
    values,
)

RECORDINGS = Path(__file__).resolve().parents[3] / "shared" / "recordings"
LEFT = Decision("leave out", "lead off")
UNUSUAL = Decision("unusual")


def only(found: DryRun) -> Found:
    """The one infusion of a file that has no problem."""
    assert found.problems == ()
    (infusion,) = found.infusions
    return infusion


def past(found: DryRun) -> PastInfusion:
    """What would be stored of the one infusion; everything in it is answered."""
    infusion = only(found)
    assert infusion.past is not None, (infusion.faults, found.open_faults)
    return infusion.past


def readings(entry: PastEntry) -> dict[str, float]:
    return {reading.measure: reading.value for reading in entry.readings}


def sentences(found: DryRun) -> list[str]:
    """Everything that is wrong or asked: of the file, of its infusions, of its lines."""
    of_infusions = [sentence for infusion in found.infusions for sentence in infusion.faults]
    return [*found.problems, *of_infusions, *(fault.sentence for fault in found.open_faults)]


def changed(line: int, text: str) -> str:
    """The wide file with another line."""
    lines = WIDE.splitlines()
    return "\n".join([*lines[: line - 1], text, *lines[line:]])


def as_column(position: int, column: Column, mapping: FileMapping = WIDE_MAPPING) -> FileMapping:
    """The mapping with one column as something else."""
    columns = mapping.columns
    return replace(mapping, columns=(*columns[:position], column, *columns[position + 1 :]))


def local(hour: int, minute: int = 0) -> datetime:
    """A time on the day of the files, as its clocks showed it."""
    return datetime(2026, 3, 2, hour, minute)  # noqa: DTZ001


# The two forms


def test_a_wide_file_comes_in_whole() -> None:
    found = past(run())
    sets = [entry for entry in found.entries if entry.kind == "set"]
    assert [f"{entry.observed_at:%H:%M}" for entry in sets] == ["09:55", "10:00", "10:10", "10:20", "10:40", "11:10"]
    assert readings(sets[3]) == {"systolic": 142, "diastolic": 88, "spo2": 97, "respiration": 16}
    events = {entry.event.kind: entry for entry in found.entries if entry.event}
    assert {kind: f"{entry.observed_at:%H:%M}" for kind, entry in events.items()} == {
        "note": "10:10",
        "start": "10:00",
        "end": "10:40",
        "close": "11:10",
    }
    assert events["note"].event == Event("note", {"text": "remark: says the room is floating"})
    assert (found.weight_kg, found.dose_mg_per_kg, found.planned_minutes) == (72, 0.5, 40)
    assert f"{found.opened_at:%H:%M}" == "09:55"


def test_what_was_said_at_the_import_is_told_in_the_record() -> None:
    (remark,) = past(run()).remarks
    assert remark == (
        "Said at the import, not in the file: pump started 02 Mar 2026, 10:00; infusion ended 02 Mar 2026, 10:40; "
        "patient left 02 Mar 2026, 11:10; weight 72 kg; dose 0.5 mg/kg; planned time 40 min."
    )


def test_a_long_file_with_two_patients_comes_in_as_two_infusions() -> None:
    found = run(LONG, LONG_MAPPING)
    assert sentences(found) == []
    marta, omar = (one.past for one in found.infusions)
    assert marta is not None
    assert omar is not None
    by_kind = {entry.event.kind: entry for entry in marta.entries if entry.event}
    assert by_kind["stop"].event == Event("stop", {"reason": "patient asked"})
    assert by_kind["start"].observed_at.isoformat() == "2026-03-02T09:00:00+00:00"  # ten o'clock in Berlin
    assert [(e.kind, readings(e)) for e in marta.entries if e.readings] == [
        ("set", {"systolic": 124, "diastolic": 76}),
        ("observation", {"dissociation": 2}),
        ("set", {"systolic": 138}),
    ]
    assert [readings(e) for e in omar.entries if e.readings] == [{"temperature": 37.0}]
    assert "Converted at the import: temp from °F to °C." in omar.remarks
    assert not [remark for remark in marta.remarks if "Converted" in remark]


def test_the_same_file_makes_the_same_ids_and_another_value_others() -> None:
    again, other = past(run()), past(run(WIDE.replace("138", "139")))
    assert past(run()).id == again.id == other.id
    assert past(run()).entries == again.entries != other.entries


@pytest.mark.parametrize(
    ("text", "mapping"),
    [
        (
            "minute,BP\n-5,124/76\n10,138/84\n70,120/70\n",
            replace(
                told(started=Moment(), ended=Moment("after", 40)),
                columns=(Column("minute"), Column("values", Meaning("pressure", "diastolic", "mm[Hg]"))),
                origin=local(10),
            ),
        ),
        (
            "day,clock,BP\n02.03.2026,09:55,124/76\n02.03.2026,10:10,138/84\n02.03.2026,11:10,120/70\n",
            replace(
                WIDE_MAPPING,
                columns=(
                    Column("day"),
                    Column("clock"),
                    Column("values", Meaning("pressure", "diastolic", "mm[Hg]")),
                ),
                time_form="dots",
            ),
        ),
        (
            "time,BP\n2144-07-13 03:55,124/76\n2144-07-13 04:10,138/84\n2144-07-13 05:10,120/70\n",
            replace(
                WIDE_MAPPING,
                columns=(Column("time"), Column("values", Meaning("pressure", "diastolic", "mm[Hg]"))),
                shifted=True,
                origin=local(9, 55),
            ),
        ),
    ],
    ids=["minutes since the start", "day and clock", "shifted days"],
)
def test_times_are_told_in_three_ways(text: str, mapping: FileMapping) -> None:
    found = past(run(text, mapping))
    sets = {f"{entry.observed_at:%d %H:%M}": readings(entry) for entry in found.entries if entry.readings}
    assert sets == {
        "02 09:55": {"systolic": 124, "diastolic": 76},
        "02 10:10": {"systolic": 138, "diastolic": 84},
        "02 11:10": {"systolic": 120, "diastolic": 70},
    }
    (start,) = (entry for entry in found.entries if entry.event and entry.event.kind == "start")
    assert f"{start.observed_at:%d %H:%M}" == "02 10:00"


def test_a_reason_why_something_was_not_done_is_recorded_as_such() -> None:
    entries = past(run(changed(5, "2026-03-02 10:20,Asleep,asleep,80,97,16,"))).entries
    (entry,) = (one for one in entries if one.not_done)
    assert entry.not_done == (NotDone("systolic", "asleep"), NotDone("diastolic", "asleep"))
    assert readings(entry) == {"heart_rate": 80, "spo2": 97, "respiration": 16}


# What is wrong, and what is asked


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("2026-03-02 10:20,1420,88,80,97,16,", "Systolic pressure 1420 mmHg: expected 0 to 350."),
        ("2026-03-02 10:20,142,88,80.5,97,16,", "Heart rate 80.5 /min: expected a whole number."),
        ("2026-03-02 10:20,142,88,high,97,16,", "HR “high”: expected a number in /min."),
        ("2026-03-02 10:20,142,88,nan,97,16,", "HR “nan”: expected a number in /min."),
        ("2026-03-02 10:20,142,88,1_0,97,16,", "HR “1_0”: expected a number in /min."),
        ("2026-03-02 10:20,142,88,0,97,16,", "Heart rate 0 /min: is this what the file means?"),
        (
            "2026-03-02 10:20,88,142,80,97,16,",
            "Diastolic pressure 142 mmHg is not below systolic pressure 88 mmHg: is this what the file means?",
        ),
        ("02.03.2026 10:20,142,88,80,97,16,", "Time “02.03.2026 10:20”: expected one like 2026-03-14 09:05."),
        ("2026-03-02 10:20,142,88,80,97,16,,x", "8 cells: expected 7, as in the first line."),
        ("2026-03-02 10:10,142,88,80,97,16,", "Systolic pressure stands twice at this time: expected one value."),
        ("2026-03-21 10:20,142,88,80,97,16,", "Seen 22 h 20 min from now: expected a time that has passed."),
    ],
)
def test_a_line_that_is_not_plain_holds_up_its_infusion(line: str, sentence: str) -> None:
    found = run(changed(5, line))
    assert sentence in sentences(found)
    assert only(found).past is None
    assert 5 in only(found).open_lines


def test_nothing_of_a_line_goes_missing_in_silence() -> None:
    text = changed(5, "2026-03-02 10:20,1420,88,0,97,16,")
    found = run(text, line_5__1=LEFT, line_5__3=Decision("leave out", "electrode loose"))
    entries = past(found).entries
    (entry,) = (one for one in entries if one.place == "line 5")
    assert readings(entry) == {"diastolic": 88, "spo2": 97, "respiration": 16}
    assert past(found).remarks[1:] == (
        "Systolic pressure left out at the import, lead off: 1420 mmHg at 02 Mar 2026, 10:20 (line 5).",
        "Heart rate left out at the import, electrode loose: 0 /min at 02 Mar 2026, 10:20 (line 5).",
    )


@pytest.mark.parametrize("decision", [None, Decision("leave out"), Decision("leave out", "  ")])
def test_a_value_is_not_left_out_without_a_reason(decision: Decision | None) -> None:
    found = run(changed(5, "2026-03-02 10:20,142,88,0,97,16,"), **({"line_5__3": decision} if decision else {}))
    assert only(found).past is None


def test_what_is_unusual_comes_in_confirmed() -> None:
    found = past(run(changed(5, "2026-03-02 10:20,142,88,0,97,16,"), line_5__3=UNUSUAL))
    (entry,) = (one for one in found.entries if one.place == "line 5")
    assert [(r.measure, r.value) for r in entry.readings if r.confirmed_unusual] == [("heart_rate", 0)]


def test_what_cannot_be_is_not_confirmed_away() -> None:
    found = run(changed(5, "2026-03-02 10:20,1420,88,80,97,16,"), line_5__1=UNUSUAL)
    assert only(found).past is None


def test_a_whole_line_is_left_out_with_its_words_kept() -> None:
    found = run(changed(5, "2026-03-02 10:20,1420"), line_5=Decision("leave out", "torn sheet"))
    assert (
        past(found).remarks[-1]
        == "Lines left out at the import, torn sheet: 2026-03-02 10:20 | 1420 at 02 Mar 2026, 10:20 (line 5)."
    )
    assert [row.state for row in found.rows] == ["comes in"] * 3 + ["left out"] + ["comes in"] * 2


def test_a_line_that_belongs_to_no_infusion_holds_up_the_file() -> None:
    text = LONG.replace("K-0102;2026-03-02 10:00;start", ";2026-03-02 10:00;start")
    found = run(text, LONG_MAPPING)
    assert found.problems == ("Line 9 belongs to no infusion: expected it put right, or left out.",)
    assert [one.past for one in found.infusions] == [None, None]


def test_one_wrong_infusion_does_not_hold_up_the_other() -> None:
    found = run(LONG.replace("SYS;138", "SYS;1380"), LONG_MAPPING)
    assert [one.past is not None for one in found.infusions] == [False, True]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LONG.replace("K-0102;2026-03-02 10:00;start;;\n", ""), "Nothing says when the pump was started"),
        (LONG.replace("K-0102;2026-03-02 10:40;end;;\n", ""), "Patient left at minute 70 conflicts with: pump started"),
        (LONG.replace("K-0102;2026-03-02 11:10;close;;\n", ""), "Nothing says when the patient left"),
        (LONG.replace("10:25;stop;patient asked", "10:25;stop;bored"), "Pump stopped, reason “bored”"),
        (LONG.replace("K-0102", "K-0999"), "Patient number K-0999 is not registered here"),
        (LONG.replace("98.6;°F", "98.6;°C"), "temp 98.6 in “°C”: expected °F."),
        (LONG.replace("K-0102", "K-0101"), "The same is said in line 4: expected it once."),
        (LONG.replace("10:10;temp", "11:20;temp"), "Seen after the patient had left: expected before."),
    ],
)
def test_an_infusion_that_does_not_fit_together_does_not_come_in(text: str, sentence: str) -> None:
    found = run(text, LONG_MAPPING)
    assert [one for one in sentences(found) if one.startswith(sentence)], sentences(found)
    assert None in [one.past for one in found.infusions]


def test_two_infusions_of_a_patient_at_one_time_do_not_come_in() -> None:
    mapping = replace(LONG_MAPPING, columns=(Column("infusion"), *LONG_MAPPING.columns[1:]))
    found = run(LONG, told(mapping, patient="K-0101"))
    assert [one.past for one in found.infusions] == [None, None]
    assert "At the same time as infusion 2 of this file: expected one after the other." in sentences(found)


def test_each_day_can_be_an_infusion_of_its_own() -> None:
    text = WIDE + WIDE.partition("\n")[2].replace("03-02", "03-05")
    mapping = told(replace(WIDE_MAPPING, by_day=True), started=Moment("first"), ended=Moment("after", 40))
    found = run(text, mapping)
    assert sentences(found) == []
    assert [f"{one.past.opened_at:%d}" for one in found.infusions if one.past] == ["02", "05"]


def test_weight_and_number_come_from_columns() -> None:
    text = "time,HR,kg,no\n2026-03-02 10:00,70,64.5,3\n2026-03-02 10:50,72,,3\n"
    columns = (Column("time"), values("heart_rate"), Column("weight", Meaning("weight", unit="kg")), Column("number"))
    mapping = told(replace(WIDE_MAPPING, columns=columns), weight_kg=None)
    found = past(run(text, mapping))
    assert (found.weight_kg, found.number) == (64.5, 3)
    differs = run(text.replace("72,,3", "72,65,3"), mapping)
    assert "Weight 65: 64.5 in line 2, expected one." in sentences(differs)


def test_decimals_are_rounded_only_when_a_person_says_so() -> None:
    text = changed(5, "2026-03-02 10:20,142,88,80.5,97,16,")
    found = past(run(text, replace(WIDE_MAPPING, rounding=True)))
    (entry,) = (one for one in found.entries if one.place == "line 5")
    assert readings(entry)["heart_rate"] == 81
    assert "Rounded at the import: HR to whole numbers." in found.remarks


def test_a_comma_is_read_where_it_can_mean_one_thing_and_a_point_beside_said_commas_is_not() -> None:
    text = "time;temp\n2026-03-02 10:00;36,8\n2026-03-02 10:50;37.1\n"
    mapping = replace(WIDE_MAPPING, columns=(Column("time"), values("temperature")))
    assert run(text, mapping).open_faults == ()
    comma = run(text, replace(mapping, decimal_comma=True))
    expected = "temp “37.1”: expected a comma before the decimals, and no mark for thousands."
    assert [fault.sentence for fault in comma.open_faults] == [expected]
    two = run(text.replace("36,8", "36,800"), replace(mapping, rounding=True))
    assert [fault.sentence for fault in two.open_faults] == [
        "temp “36,800”: expected 36.8 or 36800, without a mark for thousands."
    ]
    assert (
        run(text.replace("36,8", "36,800").replace("37.1", "37,1"), replace(mapping, decimal_comma=True)).open_faults
        == ()
    )


# What is to be said of the file


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        (as_column(3, Column()), "Column “HR”: expected what it is, or that it is left out."),
        (as_column(3, Column("values")), "Column “HR”: expected which measure its values are of."),
        (as_column(3, values("heart_rate", "[degF]")), "Column “HR”, Heart rate: expected in which unit (/min)."),
        (
            as_column(3, Column("values", Meaning("measure", "temperature"))),
            "Column “HR”, Temperature: expected in which unit (°C or °F).",
        ),
        (as_column(0, Column("leave out")), "Times are told by no column"),
        (as_column(3, Column("minute")), "Times are told by day and time and minutes since the pump was started"),
        (as_column(3, Column("time")), "Columns “time” and “HR” are all day and time: expected one."),
        (replace(WIDE_MAPPING, zone=""), "Zone is missing"),
        (replace(WIDE_MAPPING, shifted=True), "Day and time are missing: expected when the first line was written."),
        (replace(WIDE_MAPPING, shifted=True, by_day=True), "This file tells no true days, and has several infusions"),
        (told(patient=""), "Patient is missing"),
        (told(chair=""), "Chair is missing"),
        (told(weight_kg=None), "Weight is missing"),
        (told(left=Moment("")), "When the patient left: expected it."),
        (told(left=Moment("at")), "When the patient left: expected day and time."),
        (told(replace(WIDE_MAPPING, by_day=True)), "When the pump was started: one time cannot hold for several"),
        (replace(WIDE_MAPPING, columns=WIDE_MAPPING.columns[:-1]), "6 columns are mapped, the file has 7"),
    ],
)
def test_what_is_not_said_of_a_file_is_asked_for(mapping: FileMapping, sentence: str) -> None:
    found = run(WIDE, mapping)
    assert [one for one in found.problems if one.startswith(sentence)], found.problems
    assert found.rows == ()


def test_a_word_of_a_long_file_needs_a_meaning() -> None:
    words = {word: meaning for word, meaning in LONG_MAPPING.words.items() if word != "temp"}
    found = run(LONG, replace(LONG_MAPPING, words=words))
    assert found.problems == ("Word “temp”: expected what it means, or that it is left out.",)
    left = run(LONG, replace(LONG_MAPPING, words=words | {"temp": Meaning("leave out")}))
    assert left.infusions[1].past is not None
    assert "Words left out at the import: temp." in left.infusions[1].past.remarks


def test_names_that_are_plain_are_proposed_and_a_unit_that_is_not_is_left_to_say() -> None:
    found = suggested(table(WIDE + "\n"), SHIPPED, "UTC")
    assert [column.role for column in found.columns] == ["time", *["values"] * 5, "remark"]
    assert [column.meaning.unit for column in found.columns if column.meaning] == [
        *("mm[Hg]", "mm[Hg]", "/min", "%", "/min")
    ]
    long = suggested(table(LONG), SHIPPED, "UTC")
    assert long.words["start"] == Meaning("event", "start")
    assert long.words["dissociation"] == Meaning("measure", "dissociation")
    assert "temp" in long.words


@pytest.mark.parametrize(
    ("heading", "values", "proposed"),
    [
        ("SBP", ("124", "190"), ("measure", "systolic", "mm[Hg]")),
        ("SBP", ("16.5", "20,1"), ("measure", "systolic", "kPa")),
        ("SBP", ("124", "9"), ("measure", "systolic", "")),  # plausible in neither, then in none alone
        ("SBP", ("",), ("measure", "systolic", "")),
        ("DBP", ("20",), ("measure", "diastolic", "")),  # plausible in both
        ("DBP [kPa]", ("10",), ("measure", "diastolic", "kPa")),
        ("diastolic_mmHg", ("20",), ("measure", "diastolic", "mm[Hg]")),
        ("Pulse", ("70",), ("measure", "heart_rate", "/min")),
        ("Pulse (bpm)", ("70",), ("measure", "heart_rate", "/min")),
        ("SpO2", ("98", "91", "not done"), ("measure", "spo2", "%")),
        ("SpO2", ("0.98", "0.91"), ("measure", "spo2", "1")),
        ("SpO₂ %", ("1",), ("measure", "spo2", "%")),
        ("BP", ("124/76", "130/80"), ("pressure", "diastolic", "mm[Hg]")),
        ("BP (mmHg)", ("124",), ("pressure", "diastolic", "mm[Hg]")),
        ("Temp", ("36.6",), ("measure", "temperature", "Cel")),
        ("Temp", ("98.6",), ("measure", "temperature", "[degF]")),
        ("SBP (left arm)", ("124",), None),
        ("SBP change", ("4",), None),
    ],
)
def test_a_measure_is_proposed_by_its_heading_and_a_unit_only_where_there_is_no_other(
    heading: str, values: tuple[str, ...], proposed: tuple[str, str, str] | None
) -> None:
    text = "\n".join(["time;" + heading, *(f"2026-03-02 10:0{n};{value}" for n, value in enumerate(values))])
    meaning = suggested(table(text + "\n"), SHIPPED, "UTC").columns[1].meaning
    assert (None if meaning is None else (meaning.kind, meaning.key, meaning.unit)) == proposed


@pytest.mark.parametrize(
    ("heading", "lines", "roles", "form"),
    [
        ("date,time", ("2026-03-02,9:55", "2026-03-02,10:00"), ["day", "clock"], "iso"),
        ("date,time", ("02.03.2026,09:55",), ["day", "clock"], "dots"),
        ("date,time", ("14/03/2026,09:55", "02/03/2026,09:55"), ["day", "clock"], "day first"),
        ("date,time", ("3/14/2026,9:55 AM",), ["day", "clock"], "month first"),
        ("date,time", ("02/03/2026,09:55",), ["day", "clock"], ""),  # two forms read it
        ("date,HR", ("2026-03-02 09:55,70",), ["time", "values"], "iso"),
        ("time,HR", ("2026-03-02 09:55,70",), ["time", "values"], "iso"),
        ("time,HR", ("soon,70",), ["time", "values"], "iso"),
    ],
)
def test_times_are_proposed_as_the_file_writes_them(
    heading: str, lines: tuple[str, ...], roles: list[str], form: str
) -> None:
    found = suggested(table("\n".join((heading, *lines)) + "\n"), SHIPPED, "UTC")
    assert ([column.role for column in found.columns], found.time_form) == (roles, form)


def test_a_form_that_fits_no_line_is_said_once_and_no_line_is_offered_to_be_left_out() -> None:
    wrong = run(WIDE, replace(WIDE_MAPPING, time_form="dots"))
    assert wrong.problems == ("No line fits this form of times (14.03.2026 09:05): choose another.",)
    assert wrong.rows == ()
    unsaid = run(WIDE, replace(WIDE_MAPPING, time_form=""))
    assert unsaid.problems == (
        "How times are written: several forms read every line, expected to be confirmed which one is right.",
    )
    half = run(WIDE.replace("2026-03-02 10:20", "02.03.2026 10:20"), WIDE_MAPPING)
    assert [row.state for row in half.rows].count("wrong") == 1


@pytest.mark.parametrize("extra", ["mean,", "PULSE,"])
def test_a_column_that_is_left_out_is_told_in_the_record(extra: str) -> None:
    name = extra.removesuffix(",")
    text = "\n".join(f"{line},{name if n == 0 else '1'}" for n, line in enumerate(WIDE.splitlines()))
    mapping = replace(WIDE_MAPPING, columns=(*WIDE_MAPPING.columns, Column("leave out")))
    assert f"Columns left out at the import: {name}." in past(run(text, mapping)).remarks


# Recordings of real patients, where they are there


WARD = replace(TOLD, started=Moment("first"), ended=Moment("after", 40))
MIMIC3 = {
    "charttime": Column("time"),
    "hr": values("heart_rate"),
    "nbp_s": values("systolic"),
    "nbp_d": values("diastolic"),
    "nbp_m": Column("leave out"),
    "rr": values("respiration"),
    "spo2": values("spo2"),
    "temp_f": values("temperature", "[degF]"),
}
WAVES = {
    "t_min": Column("minute"),
    "HR": values("heart_rate"),
    "PULSE": Column("leave out"),
    "RESP": values("respiration"),
    "SpO2": values("spo2"),
    "NBPSys": values("systolic"),
    "NBPDias": values("diastolic"),
    "NBPMean": Column("leave out"),
}


def recorded(name: str, columns: dict[str, Column], decisions: dict[str, Decision], **more: Any) -> DryRun:
    file = RECORDINGS / name
    if not file.exists():
        pytest.skip("the recordings are not beside this checkout")
    found = read_table(file.read_bytes())
    mapping = FileMapping(tuple(columns[name] for name in found.columns), "UTC", origin=local(10), told=WARD, **more)
    return dry_run(found, mapping, SHIPPED, PATIENTS, decisions, NOW)


@pytest.mark.parametrize("name", ["mimic3demo_210989_wide.csv", "mimic3demo_221684_wide.csv"])
def test_a_ward_file_comes_in_with_its_days_shifted(name: str) -> None:
    found = past(recorded(name, MIMIC3, {}, shifted=True))
    rows = (RECORDINGS / name).read_text().splitlines()[1:]
    cells = [row.split(",") for row in rows]
    wanted = sum(cell != "" for row in cells for position, cell in enumerate(row) if position not in (0, 3))
    assert sum(len(entry.readings) for entry in found.entries) == wanted
    assert found.opened_at.isoformat() == "2026-03-02T10:00:00+00:00"
    assert "Columns left out at the import: nbp_m." in found.remarks


def test_a_monitors_file_is_asked_about_where_it_is_implausible() -> None:
    found = recorded("mimicwdb_s25047n.csv", WAVES, {}, rounding=True)
    infusion = only(found)
    assert infusion.past is None
    assert {fault.group for fault in found.open_faults} == {
        "Heart rate: below what is usual",
        "Oxygen saturation: below what is usual",
        "Respiration: below what is usual",
        "Systolic pressure: below what is usual",
        "Diastolic pressure: below what is usual",
    }
    assert all(fault.asked for fault in found.open_faults)
    zeros = [fault for fault in found.open_faults if fault.sentence.startswith("Heart rate 0 ")]
    assert len(zeros) == 28
    decisions = {
        fault.key: LEFT if fault.sentence.startswith("Heart rate 0 ") else UNUSUAL for fault in found.open_faults
    }
    answered = past(recorded("mimicwdb_s25047n.csv", WAVES, decisions, rounding=True))
    heart_rates = [r.value for e in answered.entries for r in e.readings if r.measure == "heart_rate"]
    assert len(heart_rates) == 72 - 28
    (remark,) = (one for one in answered.remarks if one.startswith("Heart rate left out"))
    assert remark.count("(line ") == 28


WITH_REASONS = """\
time,SYS,DIA,HR,SpO2,RR,event,why
2026-03-02 09:55,124,76,70,98,14,,not yet
2026-03-02 10:10,138,84,80,97,15,pause,nausea or vomiting
2026-03-02 10:12,,,,,,resume,
2026-03-02 11:10,124,76,70,98,14,,husband late
"""


def test_a_reason_of_nothing_is_kept_as_a_note() -> None:
    mapping = replace(
        WIDE_MAPPING,
        columns=(*WIDE_MAPPING.columns[:6], Column("event"), Column("reason")),
        words={"pause": Meaning("event", "pause"), "resume": Meaning("event", "resume")},
    )
    past = run(WITH_REASONS, mapping).infusions[0].past
    assert past is not None
    told = [(one.event.kind, one.event.detail) for one in past.entries if one.event is not None]
    assert told[:4] == [
        ("note", {"text": "why: not yet"}),
        ("pause", {"reason": "nausea or vomiting"}),
        ("resume", {}),
        ("note", {"text": "why: husband late"}),
    ]


def test_in_long_form_a_reason_goes_with_its_event_and_is_a_note_beside_a_value() -> None:
    heading, *lines = LONG.splitlines()
    why = {"stop;patient asked;": "stop;;;patient asked", "SYS;138;mmHg": "SYS;138;mmHg;sitting up"}
    for text, more in why.items():
        lines = [line.replace(text, more) for line in lines]
    text = "\n".join([f"{heading};why", *(line if line.count(";") == 5 else f"{line};" for line in lines)])
    past = run(text, replace(LONG_MAPPING, columns=(*LONG_MAPPING.columns, Column("reason")))).infusions[0].past
    assert past is not None
    told = [(one.event.kind, one.event.detail) for one in past.entries if one.event is not None]
    assert ("stop", {"reason": "patient asked"}) in told
    assert ("note", {"text": "why: sitting up"}) in told


def test_the_unit_of_a_rating_is_left_out_and_told() -> None:
    found = run(LONG.replace("dissociation;moderate;", "dissociation;moderate;of 10"), LONG_MAPPING)
    past = found.infusions[0].past
    assert past is not None
    assert any("ratings have none here: dissociation in “of 10”" in one for one in past.remarks)


def test_a_word_that_is_a_measure_without_its_value_is_wrong() -> None:
    mapping = replace(
        WIDE_MAPPING,
        columns=(*WIDE_MAPPING.columns[:6], Column("event")),
        words={"HR": values("heart_rate").meaning or Meaning("measure")},
    )
    found = run(WIDE.replace("remark", "event").replace("says the room is floating", "HR"), mapping)
    assert [fault.sentence for fault in found.open_faults] == [
        "“HR” without its value: expected it as the reason of the line."
    ]


@pytest.mark.parametrize("year", ["0001", "0026", "1850", "9999"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_a_slip_in_a_year_is_told_with_its_line(year: str, zone: str) -> None:
    found = run(WIDE.replace("2026-03-02 10:10", f"{year}-01-01 00:00"), replace(WIDE_MAPPING, zone=zone))
    (fault,) = found.open_faults
    assert "year" in fault.sentence
    assert [row.line for row in found.rows if row.faults] == [4]
    assert found.infusions[0].past is None


def test_minutes_beyond_all_time_are_told() -> None:
    found = run(WIDE, told(ended=Moment("after", 1e15)))
    assert "1e+15 minutes after the start: expected fewer." in found.infusions[0].faults


def test_nobody_was_treated_before_they_were_born() -> None:
    found = run(WIDE.replace("2026-03-02", "1926-03-02"), told(started=Moment("first")))
    assert "Begun on 02 Mar 1926, the patient was born on 14 May 1981: expected later." in found.infusions[0].faults
