"""The time of day as the clinic's clocks show it, also in the night in which they show an hour twice."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitoring.clinical.clock_times import clock_time, day_and_time

TWICE = [
    ("2026-10-25T00:59:59Z", "Europe/Berlin", "02:59 (1st)"),
    ("2026-10-25T01:00:00Z", "Europe/Berlin", "02:00 (2nd)"),
    ("2026-10-25T01:59:59Z", "Europe/Berlin", "02:59 (2nd)"),
    ("2026-10-24T23:59:59Z", "Europe/Berlin", "01:59"),
    ("2026-10-25T02:00:00Z", "Europe/Berlin", "03:00"),
    ("2026-03-29T00:59:59Z", "Europe/Berlin", "01:59"),
    ("2026-03-29T01:00:00Z", "Europe/Berlin", "03:00"),
    ("2026-11-01T05:30:00Z", "America/New_York", "01:30 (1st)"),
    ("2026-11-01T06:30:00Z", "America/New_York", "01:30 (2nd)"),
    ("2026-04-04T14:45:00Z", "Australia/Lord_Howe", "01:45 (1st)"),  # put back by half an hour
    ("2026-04-04T15:15:00Z", "Australia/Lord_Howe", "01:45 (2nd)"),
    ("2026-07-01T12:00:00Z", "Asia/Kolkata", "17:30"),
    ("2026-07-01T12:00:00Z", "UTC", "12:00"),
]


@pytest.mark.parametrize(("instant", "zone", "shown"), TWICE)
def test_of_an_hour_that_comes_twice_it_says_which(instant: str, zone: str, shown: str) -> None:
    assert clock_time(datetime.fromisoformat(instant), ZoneInfo(zone)) == shown


def test_a_day_stands_before_its_time() -> None:
    at = datetime.fromisoformat("2026-10-25T01:30:00Z")
    assert day_and_time(at, ZoneInfo("Europe/Berlin")) == "25 Oct 2026, 02:30 (2nd)"


def test_no_other_place_writes_a_time_of_day() -> None:
    """What is written elsewhere would not say which of two hours is meant. Forms of a file and UTC are no clinic's."""
    allowed = {"clinical/clock_times.py", "exports/tables.py", "imports/times.py", "imports/paper.py"}
    allowed |= {"screens/file_mapping.py"}
    top = Path(__file__).resolve().parents[2] / "monitoring"
    found = {str(file.relative_to(top)) for file in top.rglob("*.py") if re.search(r"%H:%M|%I:%M", file.read_text())}
    assert found <= allowed
