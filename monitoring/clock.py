"""The one place that asks the machine what time it is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

# Engineering, not clinical. Machines' clocks are trimmed all the time: less than a STEP is no jump.
STEP: Final = timedelta(seconds=2)
SAID_FROM: Final = timedelta(seconds=30)
MOST_FORWARD: Final = timedelta(days=1)  # further ahead in one step a clock is taken for broken


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

    def written(self, newest: datetime, *, busy: bool) -> None:
        """Hear that something was written at `newest`, and whether an infusion is open. Most clocks need not know."""

    @property
    def ahead_of_machine(self) -> timedelta:
        """How far this clock is ahead of the machine's own, which somebody then has to set right; negative: behind."""
        return timedelta(0)

    @property
    def notice(self) -> str:
        """What every screen says of the machine's clock, "" while nothing is to be said."""
        ahead = self.ahead_of_machine
        if abs(ahead) < SAID_FROM:
            return ""
        minutes = max(1, round(abs(ahead) / timedelta(minutes=1)))
        span = f"{minutes} min" if minutes < 120 else f"{minutes / 60:.0f} h"
        if ahead > timedelta(0):
            return (
                f"The server's clock is {span} behind what was recorded: times here go on from there, and entries are "
                "kept. Somebody has to look at the server's clock."
            )
        return (
            f"The server's clock was put forward by {span}: times here go on as before while an infusion is open, and "
            "entries are kept. Somebody has to look at the server's clock."
        )


class SteadyClock(Clock):
    """A clinic's clock: the machine's own, held where that would make the record run backwards, or an infusion jump.

    It never shows less than the newest instant that was written. While an infusion is open its time goes on evenly,
    whatever becomes of the machine's clock: minutes since the start stay true. Once no infusion is open it follows the
    machine again, as soon as that is not behind what was written; and in no case forward by more than MOST_FORWARD.
    """

    def __init__(
        self, *, machine: Callable[[], datetime] | None = None, steady: Callable[[], float] | None = None
    ) -> None:
        self._machine = machine or _machine_now
        self._steady = steady or _steady_seconds
        self._lock = threading.Lock()
        self._shown, self._since = self._machine(), self._steady()
        self._newest = datetime.min.replace(tzinfo=UTC)
        self._busy = False

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        with self._lock:
            return self._now(self._machine())

    def written(self, newest: datetime, *, busy: bool) -> None:
        """Never show less than `newest` from now on; go on evenly as long as `busy`."""
        with self._lock:
            shown = self._now(self._machine())
            self._newest, self._busy = max(self._newest, newest), busy
            if newest > shown:  # written before this server started, when the machine's clock was ahead
                self._shown, self._since = newest, self._steady()

    @property
    def ahead_of_machine(self) -> timedelta:
        """How far this clock is ahead of the machine's own; negative: behind."""
        with self._lock:
            machine = self._machine()
            return self._now(machine) - machine

    def _now(self, machine: datetime) -> datetime:
        even = self._shown + timedelta(seconds=self._steady() - self._since)
        stepped = machine - even
        follows = (not self._busy and machine >= self._newest and stepped <= MOST_FORWARD) or abs(stepped) < STEP
        if not follows:
            return even
        self._shown, self._since = max(machine, self._newest), self._steady()
        return self._shown


def _machine_now() -> datetime:
    return datetime.now(UTC)


def _steady_seconds() -> float:
    """Seconds that pass evenly, also while the machine sleeps where it can tell."""
    if hasattr(time, "clock_gettime"):
        return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    return time.monotonic()


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
