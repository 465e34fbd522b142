"""Times as files write them: what they name, and what is refused rather than guessed."""

from __future__ import annotations

import pytest

from monitoring.imports.times import TIME_FORMS, TimeRefused, read_time


@pytest.mark.parametrize(
    ("text", "form", "zone", "instant"),
    [
        ("2026-03-14 09:05", "iso", "Europe/Berlin", "2026-03-14T08:05:00+00:00"),
        ("2026-03-14T09:05:30", "iso", "UTC", "2026-03-14T09:05:30+00:00"),
        ("2026-03-14T09:05:00+05:30", "iso", "UTC", "2026-03-14T03:35:00+00:00"),
        ("2026-03-14T09:05Z", "iso", "Europe/Berlin", "2026-03-14T09:05:00+00:00"),
        ("2026-03-14 09:05:00 UTC", "iso", "Europe/Berlin", "2026-03-14T09:05:00+00:00"),
        ("14.03.2026 09:05", "dots", "UTC", "2026-03-14T09:05:00+00:00"),
        ("04/03/2026 09:05", "day first", "UTC", "2026-03-04T09:05:00+00:00"),
        ("04/03/2026 9:05 PM", "month first", "UTC", "2026-04-03T21:05:00+00:00"),
        ("2026-10-25T02:30:00+01:00", "iso", "Europe/Berlin", "2026-10-25T01:30:00+00:00"),
        ("2026-03-14 9:05", "iso", "UTC", "2026-03-14T09:05:00+00:00"),
        ("2026-07-14 09:05", "iso", "Europe/Berlin", "2026-07-14T07:05:00+00:00"),
    ],
)
def test_a_time_is_read(text: str, form: str, zone: str, instant: str) -> None:
    assert read_time(text, form, zone).isoformat() == instant


@pytest.mark.parametrize(
    ("text", "form", "zone", "sentence"),
    [
        ("14.03.2026 09:05", "iso", "UTC", "expected one like 2026-03-14 09:05"),
        ("2026-03-14", "iso", "UTC", "expected one like 2026-03-14 09:05"),
        ("2026-W10-1 09:05", "iso", "UTC", "expected one like"),
        ("31.02.2026 09:05", "dots", "UTC", "expected one like 14.03.2026 09:05"),
        ("", "iso", "UTC", "Time “”"),
        ("2026-03-14 09:05", "iso", "", "names no zone"),
        ("2026-03-29 02:30", "iso", "Europe/Berlin", "did not exist in Europe/Berlin"),
        ("2026-10-25 02:30", "iso", "Europe/Berlin", "came twice in Europe/Berlin"),
    ],
)
def test_a_time_that_is_not_plain_is_refused(text: str, form: str, zone: str, sentence: str) -> None:
    with pytest.raises(TimeRefused, match=sentence):
        read_time(text, form, zone)


@pytest.mark.parametrize("form", TIME_FORMS)
def test_every_form_reads_its_own_example(form: str) -> None:
    assert read_time(TIME_FORMS[form], form, "UTC").isoformat() == "2026-03-14T09:05:00+00:00"
