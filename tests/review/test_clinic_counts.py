"""What the clinic's years say: equal to what the infusions' own summaries say, and empty where they are too few."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.clinic import RunningClinic, shipped_protocol
from monitoring.clinical.protocol import Level, Protocol
from monitoring.clinical.protocol_file import read_protocol
from monitoring.exports.clinic_table import clinic_csv
from monitoring.review import clinic_counts
from monitoring.review.catching_up import catch_up
from monitoring.review.clinic_counts import ClinicTable, Scope, middles, months, percentile
from monitoring.review.summary import Summary
from monitoring.review.terms import FILE, Terms, read_terms, terms
from tests.review.past import Past
from tests.small_clinic import Names, SetClock, opened, person

FEW = replace(terms(), minimum_infusions=3, minimum_flags=2, minimum_readings=20, minimum_entries=10)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clinic that is small: three infusions are enough."""
    monkeypatch.setattr(clinic_counts, "terms", lambda: FEW)


@pytest.fixture(scope="module")
def years(furnished_then: tuple[Path, Names], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """Five infusions in March, none in April, one in May and four under other ranges in June."""
    file = tmp_path_factory.mktemp("years") / "clinic.db"
    shutil.copy(furnished_then[0], file)
    clock = SetClock(datetime(2026, 3, 3, 10, 0, tzinfo=UTC))
    names = furnished_then[1]
    with opened(file, clock) as clinic:
        past = Past(clinic, clock)
        omar, lin = names.patients["Omar Haddad"], names.patients["Lin Sørensen"]
        for peak in (130.0, 150.0, 165.0, 190.0, 185.0):
            past.clock.wait(minutes=1)
            infusion = past.whole(omar, peak=peak)
            if peak >= 180:
                past.clock.wait(minutes=1)
                past.acknowledged(infusion)
        clock.at = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
        past.whole(lin, stop="=distress", peak=182)
        text = shipped_protocol().text.replace('version = "3"', 'version = "4"', 1)
        clinic.store.store_protocol(read_protocol(text, "next"), person(clinic, "Petra Novak").id)
        clock.at = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
        for stop in ("", "distress", "distress", "patient asked"):
            past.whole(lin, stop=stop)
        past.opened_and_cancelled(omar)
        assert catch_up(clinic) == 0
        yield past


def column(table: ClinicTable, heading: str) -> dict[Any, Any]:
    """A column by the first one."""
    index = table.columns.index(heading)
    return {row[0]: row[index] for row in table.rows}


def summaries(years: Past, month: str = "") -> list[Summary]:
    return [one for one in years.fresh().values() if one.opened_at.strftime("%Y-%m").startswith(month)]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), max_size=6), st.integers(1, 99))
def test_a_percentile_is_the_smallest_value_at_or_below_which_so_many_lie(
    counts: list[tuple[int, int]], percent: int
) -> None:
    counted = sorted(Counter(dict(counts)).items())
    values = sorted(value for value, times in counted for _ in range(times))
    found = percentile(counted, percent)
    if not values:
        assert found is None
        return
    meeting = [v for v in values if sum(one <= v for one in values) * 100 >= percent * len(values)]
    assert found == min(meeting)


def test_values_by_minute_are_those_of_the_infusions(years: Past) -> None:
    found = {one.minute: one for one in middles(years.clinic, "systolic", Scope(last_month="2026-03"))}
    values = sorted(one.extremes_of("systolic").highest for one in summaries(years, "2026-03") if one.started_at)  # type: ignore[union-attr]
    assert (found[20].infusions, found[20].values) == (5, (130.0, 150.0, 165.0, 185.0, 190.0))
    assert values == [130.0, 150.0, 165.0, 185.0, 190.0]
    assert found[10].values == (126.0,) * 5
    assert list(found) == [0, 10, 20, 30, 40, 55, 70, 85, 100]
    assert middles(years.clinic, "systolic", Scope("another")) == ()
    assert middles(years.clinic, "dissociation") == ()


def test_a_minute_with_few_infusions_is_empty_and_one_with_none_is_told(years: Past) -> None:
    march, all_of_them = Scope(last_month="2026-03"), Scope()
    found = {one.minute: one.infusions for one in middles(years.clinic, "systolic", all_of_them)}
    assert (found[20], found[30], found[40]) == (10, 6, 10)
    may = middles(years.clinic, "systolic", Scope(first_month="2026-05", last_month="2026-05"))
    assert {one.minute: one.infusions for one in may} == {0: 1, 10: 1, 20: 1, 30: 0, 40: 1, 55: 1, 70: 1, 85: 1}
    assert {value for one in may for value in one.values} == {None}
    systolic = clinic_counts.measures(years.clinic)["systolic"]
    table = clinic_counts.curve(years.clinic, systolic, march)
    assert (table.nothing, table.left_out) == ("", "")
    empty = clinic_counts.curve(years.clinic, systolic, Scope(first_month="2026-05", last_month="2026-05"))
    assert empty.nothing == "1 infusion: nothing is drawn of fewer than 3."
    assert {row[-1] for row in empty.rows} == {"fewer than 3"}


def test_flags_by_kind_are_those_of_the_infusions(years: Past) -> None:
    table = clinic_counts.flags_by_kind(years.clinic, Scope())
    expected: Counter[tuple[str, str, Level]] = Counter()
    started = [one for one in summaries(years) if one.started_at]
    for one in started:
        expected.update({(flag.measure, flag.side, flag.level) for flag in one.flags if flag.counts})
    found = column(table, "Infusions")
    assert found["Systolic pressure, high, critical"] == expected["systolic", "high", Level.CRITICAL] == 3
    assert sum(found.values()) == sum(expected.values())
    assert column(table, "Of those started [%]")["Systolic pressure, high, critical"] == 30.0
    assert table.counted == "10 infusions started"
    nobody = clinic_counts.flags_by_kind(years.clinic, Scope(first_month="2026-05", last_month="2026-05"))
    assert (nobody.rows, nobody.nothing) == ((), "1 infusion: nothing is drawn of fewer than 3.")


def test_flags_by_month_with_the_months_that_have_none(years: Past) -> None:
    table = clinic_counts.flags_over_time(years.clinic, Scope(), "month")
    assert column(table, "Started") == {"2026-03": 5, "2026-04": 0, "2026-05": 1, "2026-06": 4}
    assert column(table, "With a critical [%]") == {"2026-03": 40.0, "2026-04": None, "2026-05": None, "2026-06": 0.0}
    assert column(table, "Remark") == {
        "2026-03": "",
        "2026-04": "fewer than 3",
        "2026-05": "fewer than 3",
        "2026-06": "",
    }
    assert table.left_out == "2 infusions never started"


def test_the_same_by_the_ranges_they_ran_under(years: Past) -> None:
    table = clinic_counts.flags_over_time(years.clinic, Scope(), "protocol")
    assert column(table, "Started") == {"ketamine-depression 3": 6, "ketamine-depression 4": 4}
    newest = next(iter(clinic_counts.versions(years.clinic)))
    only = clinic_counts.flags_over_time(years.clinic, Scope(protocol=newest), "protocol")
    assert column(only, "Started") == {"ketamine-depression 4": 4}


def test_how_long_until_a_critical_flag_was_acknowledged(years: Past) -> None:
    table = clinic_counts.until_acknowledged(years.clinic, Scope(), "month")
    assert column(table, "Acknowledged") == {"2026-03": 2, "2026-04": 0, "2026-05": 0, "2026-06": 0}
    waited = [flag.acknowledged_after_s for one in summaries(years, "2026-03") for flag in one.flags if flag.level == 2]
    assert sorted(waited) == [96 * 60, 96 * 60]  # type: ignore[type-var]
    assert column(table, "Percentile 50 [min]")["2026-03"] == 96.0
    assert table.left_out == "1 critical flag that nobody has acknowledged"


def test_sets_that_were_due(years: Past) -> None:
    table = clinic_counts.slots(years.clinic, Scope(), "month")
    march = [one for one in summaries(years, "2026-03") if one.phase == "closed"]
    due = sum(one.slots_done + one.slots_partial + one.slots_missed for one in march)
    assert column(table, "Sets due")["2026-03"] == due
    missed = sum(one.slots_missed for one in march)
    assert column(table, "None [%]")["2026-03"] == round(missed / due * 100, 1)
    assert column(table, "Complete [%]")["2026-05"] is None
    assert table.left_out == "2 infusions that the patient has not left, or that were cancelled"


def test_early_stops_and_their_reasons(years: Past) -> None:
    table = clinic_counts.early_stops(years.clinic, Scope(), "month")
    assert column(table, "Stopped early [%]") == {"2026-03": 0.0, "2026-04": None, "2026-05": None, "2026-06": 75.0}
    reasons = clinic_counts.stop_reasons(years.clinic, Scope())
    assert column(reasons, "Infusions") == {"distress": 2, "=distress": 1, "patient asked": 1}
    assert reasons.counted == "4 infusions stopped early"
    alone = clinic_counts.stop_reasons(years.clinic, Scope(last_month="2026-05"))
    assert (alone.rows, alone.nothing) == ((), "1 infusion stopped early: nothing is drawn of fewer than 3.")


def test_until_leaving_and_until_saved(years: Past) -> None:
    leaving = clinic_counts.until_leaving(years.clinic, Scope(), "month")
    assert column(leaving, "Percentile 50 [min]") == {"2026-03": 60, "2026-04": None, "2026-05": None, "2026-06": 60}
    saved = clinic_counts.until_saved(years.clinic, Scope(), "month")
    entries = sum(times for one in summaries(years, "2026-03") for what, times in one.counted if what.kind == "delay")
    assert column(saved, "Entries")["2026-03"] == entries
    assert column(saved, "Percentile 90 [s]")["2026-03"] == 0.0
    assert column(saved, "Remark")["2026-05"] == "fewer than 10"


def test_last_digits(years: Past) -> None:
    systolic = clinic_counts.measures(years.clinic)["systolic"]
    found = column(clinic_counts.last_digits(years.clinic, systolic, Scope()), "Times")
    expected: Counter[str] = Counter()
    for one in summaries(years):
        for what, times in one.counted:
            if what.kind == "digit" and what.measure == "systolic":
                expected[str(int(what.value))] += times
    assert found == {str(digit): expected[str(digit)] for digit in range(10)}
    none = clinic_counts.last_digits(years.clinic, systolic, Scope(first_month="2027-01"))
    assert none.nothing == "0 values: nothing is drawn of fewer than 20."
    assert {row[2] for row in none.rows} == {None}


def test_only_measures_that_span_tens_have_last_digits(years: Past) -> None:
    spanning = [key for key, one in clinic_counts.measures(years.clinic).items() if clinic_counts.spans_tens(one)]
    assert spanning == ["systolic", "diastolic", "heart_rate"]


def test_two_versions_of_one_name_are_told_apart(years: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = years.clinic.protocol_of
    monkeypatch.setattr(years.clinic, "protocol_of", lambda hash: replace(whole(hash), version="3"))
    labels = list(clinic_counts.versions(years.clinic).values())
    assert len(set(labels)) == 2
    assert all(label.startswith("ketamine-depression 3 (") for label in labels)


def test_values_in_another_unit_are_never_among_them(years: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, old = years.clinic.protocol_of, years.clinic.store.searching.choices().protocols[-1]

    def in_kilopascal(hash: str) -> Protocol:
        found = whole(hash)
        if hash != old:
            return found
        systolic = replace(found.measures["systolic"], unit="kPa")
        return replace(found, measures={**found.measures, "systolic": systolic})

    monkeypatch.setattr(years.clinic, "protocol_of", in_kilopascal)
    june = {one.minute: one.infusions for one in middles(years.clinic, "systolic", Scope(first_month="2026-06"))}
    assert {one.minute: one.infusions for one in middles(years.clinic, "systolic")} == june
    assert middles(years.clinic, "systolic", Scope(old)) == ()
    assert {one.minute: one.infusions for one in middles(years.clinic, "heart_rate")}[20] == 10
    table = clinic_counts.curve(years.clinic, clinic_counts.measures(years.clinic)["systolic"], Scope())
    assert "1 version of the ranges with another unit" in table.left_out


def test_a_clinic_without_any_infusion_has_tables_without_rows(empty_clinic: RunningClinic) -> None:
    for by in ("month", "protocol"):
        for table in (
            clinic_counts.flags_over_time(empty_clinic, Scope(), by),  # type: ignore[arg-type]
            clinic_counts.slots(empty_clinic, Scope(), by),  # type: ignore[arg-type]
            clinic_counts.until_leaving(empty_clinic, Scope(), by),  # type: ignore[arg-type]
        ):
            assert table.rows == ()
            assert table.nothing


def test_a_file_of_a_chart_begins_no_formula(years: Past) -> None:
    text = clinic_csv(clinic_counts.stop_reasons(years.clinic, Scope())).decode("utf-8-sig")
    assert text.splitlines() == [
        "Reason,Infusions,Of those stopped early [%]",
        "distress,2,50",
        "'=distress,1,25",
        "patient asked,1,25",
    ]
    empty = clinic_csv(clinic_counts.flags_over_time(years.clinic, Scope(), "month")).decode("utf-8-sig")
    assert empty.splitlines()[2] == "2026-04,0,,,fewer than 3"


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [
        ("2026-11", "2027-02", ["2026-11", "2026-12", "2027-01", "2027-02"]),
        ("2026-03", "2026-03", ["2026-03"]),
        ("2026-04", "2026-03", []),
    ],
)
def test_every_month_from_the_first_to_the_last(first: str, last: str, found: list[str]) -> None:
    assert list(months(first, last)) == found


def test_the_shipped_terms_are_read() -> None:
    assert terms() == read_terms(FILE.read_text(encoding="utf-8"), "review.toml")
    assert terms().percentiles[0] == 10
    assert terms().percentiles[-1] == 90
    assert isinstance(terms(), Terms)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            "minimum_infusions = 20",
            "minimum_infusions = 0",
            "minimum_infusions 0: expected a whole number, at least 1.",
        ),
        ("minimum_flags = 10", "", "minimum_flags None: expected a whole number"),
        ("minimum_flags = 10", "minimum_flags = true", "minimum_flags True: expected a whole number"),
        ("[10, 25, 50, 75, 90]", "[50, 10]", r"percentiles \[50, 10\]: expected rising whole numbers"),
        ("[10, 25, 50, 75, 90]", "[0, 100]", r"percentiles \[0, 100\]: expected rising"),
        ("[10, 50, 90]", "[50]", r"spread \[50\]: expected rising"),
        ("minimum_flags = 10", "minimum_flags = 10\nmaximum = 1", "maximum: unknown, expected minimum_infusions, "),
    ],
)
def test_a_slip_in_the_terms_is_refused_by_name(old: str, new: str, sentence: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ValueError, match=sentence):
        read_terms(text.replace(old, new), "review.toml")


def test_what_came_from_a_file_is_no_set_of_ours_and_is_told(
    furnished_then: tuple[Path, Names], tmp_path: Path
) -> None:
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_then[0], file)
    clock = SetClock(datetime(2026, 3, 4, 10, 0, tzinfo=UTC))
    with opened(file, clock) as clinic:
        past, omar = Past(clinic, clock), furnished_then[1].patients["Omar Haddad"]
        for peak in (130.0, 190.0, 190.0):
            past.whole(omar, peak=peak)
        before = clinic_tables(clinic)
        past.source = "import"
        for _ in range(2):
            past.whole(omar, peak=190)
        after = clinic_tables(clinic)
    for key in ("slots", "acknowledged", "saved", "digits"):
        assert after[key].rows == before[key].rows, key
    assert after["slots"].left_out == (
        "1 infusion that the patient has not left, or that were cancelled; 2 infusions brought in from a file"
    )
    assert after["acknowledged"].left_out == (
        "2 critical flags that nobody has acknowledged; those of 2 infusions brought in from a file"
    )
    assert after["flags"].counted == "5 infusions started, 2 of them brought in from a file"
    assert before["flags"].counted == "3 infusions started"
    assert after["curve"].counted.endswith("; 2 infusions brought in from a file can be among them")


def clinic_tables(clinic: RunningClinic) -> dict[str, ClinicTable]:
    """Every table that says something of what was done here."""
    assert catch_up(clinic) == 0
    scope, systolic = Scope(), clinic.protocol.measures["systolic"]
    return {
        "slots": clinic_counts.slots(clinic, scope, "month"),
        "acknowledged": clinic_counts.until_acknowledged(clinic, scope, "month"),
        "saved": clinic_counts.until_saved(clinic, scope, "month"),
        "digits": clinic_counts.last_digits(clinic, systolic, scope),
        "flags": clinic_counts.flags_by_kind(clinic, scope),
        "curve": clinic_counts.curve(clinic, systolic, scope),
    }
