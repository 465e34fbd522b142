"""The one place that asks the machine what time it is."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """The clinic's time. Its rate is 1, except in a demonstration, where time may run faster."""

    rate: float = 1.0

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until this clock shows `instant` (negative when it is past)."""
        return (instant - self.now()).total_seconds()


class DemonstrationClock(Clock):
    """A clock whose rate can be changed; it never jumps and never runs backwards."""

    def __init__(self, rate: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._shown = datetime.now(UTC)
        self._since = time.monotonic()
        self.rate = rate

    def now(self) -> datetime:
        """The demonstration's instant, aware, in UTC."""
        with self._lock:
            return self._shown + timedelta(seconds=(time.monotonic() - self._since) * self.rate)

    def run_at(self, rate: float) -> None:
        """Let time run `rate` times as fast from now on. Raises ValueError outside 1 to 3600."""
        if not 1 <= rate <= 3600:
            raise ValueError(f"Clock rate {rate:g}: expected 1 to 3600.")
        shown = self.now()
        with self._lock:
            self._shown, self._since, self.rate = shown, time.monotonic(), rate

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until this clock shows `instant`."""
        return (instant - self.now()).total_seconds() / self.rate
