"""Clocks: a demonstration's time may run faster, and never jumps, runs backwards, or runs past where it was to stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.clock import Clock, DemonstrationClock


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
