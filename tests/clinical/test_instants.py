"""Instants and days from outside: plain forms are read, and whatever else Python would take for one is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.clinical.instants import read_day, read_instant

TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-23T10:00:00Z", TEN),
        ("2026-11-23T10:00Z", TEN),
        ("2026-11-23T10:00:00.000Z", TEN),
        ("2026-11-23T11:00:00+01:00", TEN),
        ("2026-11-23T04:30:00-05:30", TEN),
        ("2026-11-23T10:00:00.250000+00:00", TEN + timedelta(milliseconds=250)),
        ("2026-11-23T10:00:00.000000001Z", TEN),
    ],
)
def test_plain_forms_are_read(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant


@pytest.mark.parametrize(
    "text",
    [
        "2026-W10-1",
        "2026-W10-1T10:00:00Z",
        "2026W101T100000Z",
        "2026-061T10:00:00Z",  # the sixty-first day of the year
        "20261123T100000Z",
        "2026-11-23 10:00:00Z",
        "2026-11-23t10:00:00Z",
        "2026-11-23T10:00:00z",
        "2026-11-23T10:00:00",
        "2026-11-23T10:00:00+01",
        "2026-11-23T10:00:00+0100",
        "2026-11-23T10:00:00+01:00:30",
        "2026-11-23T10:00:00+15:00",
        "2026-11-23T10:00:00,5Z",
        "2026-11-23T10Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T10:00:60Z",
        "2026-02-30T10:00:00Z",
        "2026-11-23",
        " 2026-11-23T10:00:00Z",
        "2026-11-23T10:00:00Z\n",
        "２０２６-11-23T10:00:00Z",
        "٢٠٢٦-11-23T10:00:00Z",
        "-2026-11-23T10:00:00Z",
        "12026-11-23T10:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "",
        "now",
        None,
        1_795_600_000,
        ["2026-11-23T10:00:00Z"],
    ],
)
def test_every_other_form_is_no_instant(text: object) -> None:
    assert read_instant(text) is None


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001  made aware here
    st.integers(-14 * 60, 14 * 60),
)
def test_what_a_program_writes_is_read_back_as_the_same_instant(instant: datetime, offset: int) -> None:
    there = instant.astimezone(timezone(timedelta(minutes=offset)))
    assert read_instant(there.isoformat()) == instant
    assert read_instant(instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")) == instant.replace(
        microsecond=instant.microsecond // 1000 * 1000
    )


@given(st.one_of(st.text(max_size=40), st.from_regex(r"[0-9TWZ:+. -]{1,32}", fullmatch=True)))
def test_any_text_is_an_instant_or_none(text: str) -> None:
    found = read_instant(text)
    assert found is None or (found.tzinfo is UTC and text.isascii() and text[10] == "T")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-23", date(2026, 11, 23)),
        ("2024-02-29", date(2024, 2, 29)),
        *[(text, None) for text in ("2026-02-29", "20261123", "2026-W10-1", "2026-061", "23.11.2026", "2026-11", "")],
        (None, None),
        (3, None),
    ],
)  # fmt: skip
def test_a_day_is_year_month_and_day(text: object, day: date | None) -> None:
    assert read_day(text) == day
