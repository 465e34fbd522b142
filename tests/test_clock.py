"""Clocks: a clinic's never runs behind its record, a demonstration's may run faster and keeps to its stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.clock import MOST_FORWARD, STEP, Clock, DemonstrationClock, SteadyClock


class Seconds:
    """Real seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed


def shown(clock: Clock, since: datetime) -> float:
    return (clock.now() - since).total_seconds()


def test_the_clock_of_a_clinic_runs_at_rate_one() -> None:
    clock = Clock()
    assert clock.rate == 1
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize("rate", [0, 0.5, -1, 3601, float("nan")])
def test_a_rate_outside_its_bounds_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="expected 1 to 3600"):
        DemonstrationClock().run_at(rate)


def test_a_rate_holds_from_when_it_is_set() -> None:
    real = Seconds()
    clock = DemonstrationClock(monotonic=real)
    start = clock.now()
    real.passed = 10
    clock.run_at(60)
    real.passed = 12
    assert shown(clock, start) == pytest.approx(10 + 120)


def test_it_keeps_to_where_it_was_to_stop_however_late_it_is_asked() -> None:
    real = Seconds()
    clock = DemonstrationClock(monotonic=real)
    start = clock.now()
    clock.run_at(600, until=start + timedelta(minutes=10))
    assert clock.rate == 600
    assert clock.seconds_until(start + timedelta(minutes=10)) == pytest.approx(1)
    assert clock.seconds_until(start + timedelta(minutes=10, seconds=5)) == pytest.approx(6)
    real.passed = 0.5
    assert shown(clock, start) == pytest.approx(300)
    real.passed = 31  # thirty seconds after it was reached
    assert shown(clock, start) == pytest.approx(630)
    assert clock.rate == 1
    assert clock.seconds_until(start + timedelta(seconds=640)) == pytest.approx(10)


def test_an_instant_that_has_passed_is_reached_at_once() -> None:
    real = Seconds()
    clock = DemonstrationClock(monotonic=real)
    start = clock.now()
    clock.run_at(600, until=start - timedelta(minutes=1))
    real.passed = 5
    assert (shown(clock, start), clock.rate) == (pytest.approx(5), 1)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 100),
            st.floats(1, 3600),
            st.none() | st.floats(-1000, 100_000),
        ),
        max_size=8,
    )
)
def test_it_never_runs_backwards_and_never_past_its_stop(steps: list[tuple[float, float, float | None]]) -> None:
    real = Seconds()
    clock = DemonstrationClock(monotonic=real)
    before = start = clock.now()
    for passing, rate, stop in steps:
        until = None if stop is None else start + timedelta(seconds=stop)
        began = clock.now()
        clock.run_at(rate, until)
        assert clock.now() >= before
        real.passed += passing
        before = clock.now()
        assert before >= began
        if until is not None:
            assert before <= max(until, began) + timedelta(seconds=passing, microseconds=5)


TEN = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class Machine:
    """A machine whose clock somebody can put forward or back while time passes evenly."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.off = timedelta(0)

    def now(self) -> datetime:
        return TEN + timedelta(seconds=self.passed) + self.off

    def steady(self) -> float:
        return self.passed

    def clock(self) -> SteadyClock:
        """A clock as a server starts it."""
        return SteadyClock(machine=self.now, steady=self.steady)


def test_a_clock_put_back_an_hour_goes_on_from_what_was_written() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.written(clock.now(), busy=True)
    machine.passed, machine.off = 5, -HOUR
    assert clock.now() == TEN + timedelta(seconds=5)
    machine.passed = 600
    assert clock.now() == TEN + timedelta(minutes=10)
    assert clock.ahead_of_machine == HOUR
    assert clock.notice.startswith("The server's clock is 60 min behind what was recorded")
    clock.written(clock.now(), busy=False)  # the last patient has left
    machine.passed += 3599
    assert clock.now() == TEN + timedelta(seconds=600 + 3599)  # the machine has not caught up yet
    machine.passed += 2
    assert clock.now() == machine.now()
    assert clock.notice == ""


def test_a_server_started_on_a_clock_that_is_behind_its_record_goes_on_from_there() -> None:
    """The machine was an hour ahead when it was used last, and was set right since."""
    machine = Machine()
    clock = machine.clock()
    clock.written(TEN + HOUR, busy=False)
    assert clock.now() == TEN + HOUR
    machine.passed = 60
    assert clock.now() == TEN + HOUR + MINUTE
    assert "60 min behind" in clock.notice


def test_a_clock_put_forward_waits_until_no_infusion_is_open() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.written(clock.now(), busy=True)
    machine.passed, machine.off = 30, HOUR
    assert clock.now() == TEN + timedelta(seconds=30)
    assert "was put forward by 60 min" in clock.notice
    clock.written(clock.now(), busy=False)
    assert (clock.now(), clock.notice) == (machine.now(), "")


def test_a_clock_that_is_days_ahead_at_once_is_not_followed() -> None:
    machine = Machine()
    clock = machine.clock()
    machine.off = MOST_FORWARD + MINUTE
    assert clock.now() == TEN
    assert "was put forward by 24 h" in clock.notice
    machine.off = MOST_FORWARD - MINUTE
    assert clock.now() == machine.now()


def test_a_clock_that_is_trimmed_is_followed_and_never_behind_the_record() -> None:
    machine = Machine()
    clock = machine.clock()
    clock.written(clock.now(), busy=True)
    machine.off = -STEP / 2
    assert clock.now() == TEN
    machine.passed = 10
    assert clock.now() == machine.now()
    assert clock.notice == ""


@given(
    st.lists(st.tuples(st.floats(0, 4000), st.integers(-100_000, 100_000), st.booleans(), st.booleans()), max_size=12)
)
def test_no_clock_runs_behind_what_was_written_and_minutes_of_an_infusion_stay_true(
    steps: list[tuple[float, int, bool, bool]],
) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.written(TEN, busy=False)
    newest, busy = TEN, False
    for passing, off, writes, opens in steps:
        began = clock.now()
        machine.passed += passing
        machine.off += timedelta(seconds=off)
        now = clock.now()
        assert now >= newest
        if busy:
            assert abs(now - began - timedelta(seconds=passing)) <= STEP
        if writes:
            newest, busy = now, opens
            clock.written(newest, busy=busy)
            assert clock.now() >= newest
