"""Tables as spreadsheets of other countries and twelve-hour clocks write them; everybody in them is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.imports.dry_run import Decision, DryRun
from monitoring.imports.mapping import Column, FileMapping, Meaning, Moment, forms_that_read, problems, suggested
from monitoring.imports.paper import dry_run
from monitoring.imports.tables import FileRefused, read_table
from monitoring.imports.times import TIME_FORMS, read_time, reads
from tests.clinical.timeline import SHIPPED
from tests.imports.files import NOW, PATIENTS, TOLD, run, table, values

START = replace(TOLD, started=Moment("first"), ended=Moment("after", 40), left=Moment("last"))
PRESSURES = (values("systolic"), values("diastolic"))


def mapped(*columns: Column, **more: object) -> FileMapping:
    return FileMapping(columns, "UTC", told=START, **more)  # type: ignore[arg-type]


def times(found: DryRun) -> list[str]:
    """When each line was, day and minute."""
    return ["" if row.at is None else f"{row.at:%d %H:%M}" for row in found.rows]


def asked(found: DryRun) -> list[str]:
    return [fault.sentence for fault in found.open_faults]


# How times are written


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("12/03/2026 1:05 PM", ["day first", "month first"]),  # an Australian spreadsheet's, or an American one's
        ("12/03/2026 13:05", ["day first", "month first"]),
        ("30/11/2026 9:05 PM", ["day first"]),
        ("11/28/2026, 9:05:00 PM", ["month first"]),
        ("30-11-2026 13:05", ["dashes, day first"]),
        ("11-30-2026 13:05", ["dashes, month first"]),
        ("10-11-2026 13:05", ["dashes, day first", "dashes, month first"]),
        ("2026/11/30 13:05", ["year first"]),
        ("2026. 11. 30. 13:05", ["year first"]),
        ("14.3.26 9.05", ["dots"]),
        ("14. 3. 2026 9:05 Uhr", ["dots"]),
        ("14/03/2026 09h05", ["day first"]),
        ("14 Mar 2026 09:05", ["month in words"]),
        ("Mar 14, 2026 9:05 PM", ["month in words"]),
        ("14-mrt-26 9:05", ["month in words"]),
        ("14. März 2026 9:05", ["month in words"]),
        ("14 de marzo de 2026 9:05", ["month in words"]),
        ("2026-03-14 9:05 p.m.", ["iso"]),
        ("14/03/2026 13:05 PM", []),  # of neither clock
        ("14/03/2026 24:05", []),
        ("14/03/2026 9", []),
        ("14/03/2026", []),
        ("32/03/2026 09:05", []),
        ("14 Foo 2026 09:05", []),
        ("2026-W11-6 09:05", []),
    ],
)
def test_every_form_that_reads_a_time_is_offered(text: str, forms: list[str]) -> None:
    assert [form for form in TIME_FORMS if reads(text, form)] == forms


@pytest.mark.parametrize(
    ("text", "clock"), [("12:05 AM", "00:05"), ("12:05 PM", "12:05"), ("1:05 a.m.", "01:05"), ("11:59 pm", "23:59")]
)
def test_noon_and_midnight_of_a_twelve_hour_clock(text: str, clock: str) -> None:
    assert f"{read_time(f'2026-03-14 {text}', 'iso', 'UTC'):%H:%M}" == clock


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)), st.sampled_from(sorted(TIME_FORMS)))  # noqa: DTZ001  local
def test_a_time_written_in_a_form_is_read_as_it_was(at: datetime, form: str) -> None:
    written = {
        "iso": "%Y-%m-%d %H:%M:%S",
        "dots": "%d.%m.%Y %H:%M:%S",
        "day first": "%d/%m/%Y %I:%M:%S %p",
        "month first": "%m/%d/%Y %I:%M:%S %p",
        "dashes, day first": "%d-%m-%Y %H:%M:%S",
        "dashes, month first": "%m-%d-%Y %H.%M.%S",
        "year first": "%Y/%m/%d %H:%M:%S",
        "month in words": "%d %b %Y %H:%M:%S",
    }
    found = read_time(at.strftime(written[form]), form, "UTC")
    assert found.replace(tzinfo=None) == at.replace(microsecond=0)


def test_one_line_that_cannot_be_read_does_not_hide_which_comes_first_day_or_month() -> None:
    text = "time,SYS,DIA\n02/03/2026 09:05,124,76\n02/03/2026 09:55,126,78\nend of form,,\n"
    mapping = mapped(Column("time"), *PRESSURES, time_form="")
    assert forms_that_read(mapping, table(text)) == ("day first", "month first")
    assert suggested(table(text), SHIPPED, "UTC").time_form == ""


def test_a_day_with_midnight_beside_its_time_is_a_day() -> None:
    text = "date,time,SYS,DIA\n2026-03-14 00:00:00,09:05:00,124,76\n2026-03-14 00:00:00,09:55:00,120,70\n"
    proposed = suggested(table(text), SHIPPED, "UTC")
    assert [column.role for column in proposed.columns] == ["day", "clock", "values", "values"]
    assert times(run(text, mapped(Column("day"), Column("clock"), *PRESSURES))) == ["14 09:05", "14 09:55"]
    spread = text.replace("09:05:00", "1899-12-30 09:05:00")
    assert times(run(spread, mapped(Column("day"), Column("clock"), *PRESSURES))) == ["14 09:05", "14 09:55"]


def test_times_of_day_alone_take_one_day_and_go_on_after_midnight() -> None:
    text = "time,SYS,DIA\n23:40,124,76\n23:55,126,78\n0:20,120,70\n"
    mapping = mapped(Column("clock"), *PRESSURES)
    assert problems(mapping, table(text), SHIPPED)[:1] == (
        "Times of day without a day: expected the day of the first line, or a column with the day.",
    )
    found = run(text, replace(mapping, day=date(2026, 3, 14)))
    assert (times(found), asked(found)) == (["14 23:40", "14 23:55", "15 00:20"], [])


# The order of lines, and how long an infusion lasts

TWELVE_HOURS = "Date,Time,SYS,DIA\n2026-03-12,12:40,124,76\n2026-03-12,12:55,126,78\n2026-03-12,1:10,126,78\n"


def test_a_twelve_hour_clock_over_noon_is_asked_about() -> None:
    mapping = mapped(Column("day"), Column("clock"), *PRESSURES)
    found = run(TWELVE_HOURS, mapping)
    assert asked(found) == [
        "12 Mar 2026, 01:10 stands below a line that is 11 h 45 min later (12 Mar 2026, 12:55): "
        "is this what the file means?"
    ]
    assert all(one.past is None for one in found.infusions)
    confirmed = run(TWELVE_HOURS, mapping, **{"line_4/order": Decision("unusual")})
    assert [one.past is not None for one in confirmed.infusions] == [True]


def test_newest_first_throughout_is_an_order_too() -> None:
    heading, *lines = TWELVE_HOURS.replace("1:10", "13:10").splitlines()
    found = run("\n".join([heading, *reversed(lines)]) + "\n", mapped(Column("day"), Column("clock"), *PRESSURES))
    assert asked(found) == []


def test_an_infusion_that_ran_far_longer_than_planned_is_asked_about() -> None:
    text = "time,SYS,DIA\n2026-03-12 09:00,124,76\n2026-03-12 20:10,126,78\n"
    told = replace(START, ended=Moment("at", at=datetime(2026, 3, 12, 20, 5)))  # noqa: DTZ001  local
    found = run(text, replace(mapped(Column("time"), *PRESSURES), told=told))
    assert asked(found) == ["Ran for 11 h 5 min, planned for 40 min: is this what the file means?"]
    soon = replace(told, ended=Moment("after", 120))
    assert asked(run(text, replace(mapped(Column("time"), *PRESSURES), told=soon))) == []


# What spreadsheets leave around a table


def test_the_line_that_says_what_parts_the_cells_is_no_heading() -> None:
    found = read_table(b"sep=;\r\ntime;SYS\r\n2026-03-12 13:05;124\r\n")
    assert (found.columns, [(row.line, row.cells) for row in found.rows]) == (
        ("time", "SYS"),
        [(3, ("2026-03-12 13:05", "124"))],
    )
    assert read_table(b"\xef\xbb\xbfsep=|\ntime|SYS\n10:00|124\n").columns == ("time", "SYS")


def test_cells_that_are_missing_at_the_end_of_a_line_are_empty_and_more_are_told() -> None:
    text = "time,SYS,DIA,remark\n2026-03-12 13:05,124,76,ok\n2026-03-12 13:15,126,78\n2026-03-12 13:25,126\n"
    found = run(text, mapped(Column("time"), *PRESSURES, Column("remark")))
    assert asked(found) == []
    more = run(text.replace("126,78\n", "126,78,ok,more\n"), mapped(Column("time"), *PRESSURES, Column("remark")))
    assert asked(more) == ["5 cells: expected 4, as in the first line."]


def test_what_stands_above_the_heading_is_told_and_columns_of_nothing_are_none() -> None:
    text = "Vital signs,,,\n,,,\nWard 3,,,\ntime,SYS,,DIA\n2026-03-12 13:05,124,,76\n"
    found = read_table(text.encode())
    assert (found.columns, found.above) == (("time", "SYS", "DIA"), ("Vital signs", "Ward 3"))
    assert [row.line for row in found.rows] == [5]
    told = run(text, mapped(Column("time"), *PRESSURES)).remarks
    assert told == ("Above the heading, not read: “Vital signs”.", "Above the heading, not read: “Ward 3”.")
    with pytest.raises(FileRefused, match="Column 3 has no name"):
        read_table(b"time,SYS,,DIA\n2026-03-12 13:05,124,x,76\n")


def test_a_number_kept_as_text_is_that_text() -> None:
    assert read_table(b'patient,HR\n="0101",72\n').rows[0].cells == ("0101", "72")


def test_a_file_that_begins_with_the_mark_of_another_encoding_is_refused() -> None:
    with pytest.raises(FileRefused, match="begins with the mark of UTF-8"):
        read_table(b"\xef\xbb\xbftime,HR\n10:00,72\n", "cp1252")


# Units


@pytest.mark.parametrize(
    ("heading", "unit"),
    [("weight", None), ("weight (lb)", "[lb_av]"), ("Weight [kg]", "kg"), ("weight_kg", "kg"), ("Wt lbs", "[lb_av]")],
)
def test_a_weight_is_in_the_unit_its_heading_names_or_it_is_asked_for(heading: str, unit: str | None) -> None:
    text = f"time,SYS,DIA,{heading}\n2026-03-12 09:05,124,76,158\n"
    column = suggested(table(text), SHIPPED, "UTC").columns[3]
    assert (column.role, column.meaning and column.meaning.unit) == ("weight", unit)
    said = problems(mapped(Column("time"), *PRESSURES, column), table(text), SHIPPED)
    assert any("expected in which unit (kg or g or lb)" in one for one in said) == (unit is None)


@pytest.mark.parametrize(
    ("cell", "unit", "kg"),
    [("158", "[lb_av]", 71.7), ("158", "kg", 158), ("158 lb", "kg", 71.7), ("72,5 kg", "kg", 72.5)],
)
def test_pounds_become_kilograms_and_that_is_told(cell: str, unit: str, kg: float) -> None:
    text = f'time,SYS,DIA,weight\n2026-03-12 09:05,124,76,"{cell}"\n2026-03-12 09:45,124,76,"{cell}"\n'
    weight = Column("weight", Meaning("weight", unit=unit))
    (infusion,) = run(text, mapped(Column("time"), *PRESSURES, weight)).infusions
    assert infusion.past is not None
    assert infusion.past.weight_kg == kg
    assert any("158 lb" in remark and "71.7 kg" in remark for remark in infusion.past.remarks) == (kg == 71.7)


@pytest.mark.parametrize(
    ("key", "cell", "value"),
    [("spo2", "98%", 98), ("spo2", "98 %", 98), ("heart_rate", "72 bpm", 72), ("heart_rate", "072", 72),
     ("temperature", "36,6", 36.6), ("temperature", "98.6 °F", 37), ("systolic", "17.3 kPa", 130)],
)  # fmt: skip
def test_a_unit_beside_its_value_is_honoured(key: str, cell: str, value: float) -> None:
    text = f'time,x\n2026-03-12 09:05,"{cell}"\n2026-03-12 10:05,\n'
    found = run(text, replace(mapped(Column("time"), values(key)), rounding=True))
    (infusion,) = found.infusions
    assert infusion.past is not None, asked(found)
    read = [r.value for entry in infusion.past.entries for r in entry.readings]
    assert read == [value]


@pytest.mark.parametrize("cell", ["98 kg", ">98", "~98", "98-99", "9 8", "98,500", "98%%"])
def test_what_is_no_number_in_the_unit_of_its_column_is_refused(cell: str) -> None:
    text = f'time,x\n2026-03-12 09:05,"{cell}"\n'
    assert len(asked(run(text, mapped(Column("time"), values("spo2"))))) == 1


def test_the_dry_run_is_pure() -> None:
    mapping = mapped(Column("day"), Column("clock"), *PRESSURES)
    once = dry_run(table(TWELVE_HOURS), mapping, SHIPPED, PATIENTS, {}, NOW)
    assert once == dry_run(table(TWELVE_HOURS), mapping, SHIPPED, PATIENTS, {}, NOW)
