"""An instant as the clinic's clocks show it. Of an hour that they show twice, it says which of the two is meant."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def clock_time(instant: datetime, zone: ZoneInfo) -> str:
    """The time of day in the clinic: "14:05"; "02:30 (1st)" and "02:30 (2nd)" in the night that clocks are put back."""
    local = instant.astimezone(zone)
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return f"{local:%H:%M}"
    return f"{local:%H:%M} ({'2nd' if local.fold else '1st'})"


def day_and_time(instant: datetime, zone: ZoneInfo) -> str:
    """The day and the time of day in the clinic: "19 Nov 2026, 14:05"."""
    return f"{instant.astimezone(zone):%d %b %Y}, {clock_time(instant, zone)}"
