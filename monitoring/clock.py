"""The one place that asks the machine what time it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class Clock:
    """The clinic's time. Its rate is 1, except in a demonstration, where time may run faster."""

    @property
    def rate(self) -> float:
        """How many seconds this clock shows in one real second."""
        return 1.0

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until this clock shows `instant` (negative when it is past)."""
        return (instant - self.now()).total_seconds()


class DemonstrationClock(Clock):
    """A clock whose rate can be changed; it never jumps and never runs backwards."""

    def __init__(self, rate: float = 1.0, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._monotonic = monotonic
        self._shown = datetime.now(UTC)
        self._since = monotonic()
        self._rate = rate
        self._until: datetime | None = None  # from here on it runs at rate 1 again

    @property
    def rate(self) -> float:
        """How many seconds it shows in one real second now."""
        with self._lock:
            return 1.0 if self._until is not None and self._at(self._rate) >= self._until else self._rate

    def now(self) -> datetime:
        """The demonstration's instant, aware, in UTC."""
        with self._lock:
            return self._now()

    def run_at(self, rate: float, until: datetime | None = None) -> None:
        """Let time run `rate` times as fast from now on, or until it shows `until` and as ever after that.

        The clock itself keeps to `until`, so no slow message carries it past. Raises ValueError outside 1 to 3600.
        """
        if not 1 <= rate <= 3600:
            raise ValueError(f"Clock rate {rate:g}: expected 1 to 3600.")
        with self._lock:
            self._shown, self._since = self._now(), self._monotonic()
            self._rate, self._until = rate, until

    def seconds_until(self, instant: datetime) -> float:
        """Real seconds until this clock shows `instant`."""
        now, rate = self.now(), self.rate
        if self._until is None or instant <= self._until or rate == 1:
            return (instant - now).total_seconds() / rate
        return (self._until - now).total_seconds() / rate + (instant - self._until).total_seconds()

    def _at(self, rate: float) -> datetime:
        return self._shown + timedelta(seconds=(self._monotonic() - self._since) * rate)

    def _now(self) -> datetime:
        fast = self._at(self._rate)
        if self._until is None or fast <= self._until:
            return fast
        reached = max(self._until, self._shown)  # an instant already past was reached at once
        return reached + (fast - reached) / self._rate
