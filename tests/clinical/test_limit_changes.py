"""What is different between two versions of a protocol, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitoring.clinic import shipped_protocol
from monitoring.clinical.limit_changes import limit_changes
from monitoring.clinical.protocol import Level, Limit, Protocol

SHIPPED = shipped_protocol()
PULSE = SHIPPED.measures["heart_rate"]
LIMIT = Limit("at_or_above", 131, Level.CRITICAL, "invented")


def with_pulse(*limits: Limit) -> Protocol:
    """The shipped protocol with these limits of the pulse."""
    return replace(SHIPPED, measures={**SHIPPED.measures, "heart_rate": replace(PULSE, limits=limits)})


@pytest.mark.parametrize(
    ("before", "after", "sentences"),
    [
        ((LIMIT,), (LIMIT,), ()),
        ((), (LIMIT,), (f"Added: {PULSE.label}, at or above 131 /min is critical (source invented).",)),
        ((LIMIT,), (), (f"Removed: {PULSE.label}, at or above 131 /min is critical (source invented).",)),
        (
            (LIMIT,),
            (replace(LIMIT, value=141),),
            (
                f"Changed: {PULSE.label}, at or above 131 /min is critical (source invented), "
                "is now at or above 141 /min is critical (source invented).",
            ),
        ),
        (
            (LIMIT, replace(LIMIT, value=111, level=Level.CAUTION)),
            (replace(LIMIT, value=111, level=Level.CAUTION), replace(LIMIT, source="another")),
            (
                f"Changed: {PULSE.label}, at or above 131 /min is critical (source invented), "
                "is now at or above 131 /min is critical (source another).",
            ),
        ),
        (
            (LIMIT,),
            (replace(LIMIT, level=Level.CAUTION),),
            (
                f"Removed: {PULSE.label}, at or above 131 /min is critical (source invented).",
                f"Added: {PULSE.label}, at or above 131 /min is caution (source invented).",
            ),
        ),
        (
            (LIMIT,),
            (replace(LIMIT, instruction="Tell the clinician."),),
            (
                f"Changed: {PULSE.label}, at or above 131 /min is critical (source invented), is now at or above "
                "131 /min is critical (source invented; the site's sentence “Tell the clinician.”).",
            ),
        ),
    ],
    ids=["none", "added", "removed", "value", "source, in another order", "level", "the site's sentence"],
)
def test_limits_are_said_one_by_one(
    before: tuple[Limit, ...], after: tuple[Limit, ...], sentences: tuple[str, ...]
) -> None:
    assert limit_changes(with_pulse(*before), with_pulse(*after)) == sentences


def test_a_measure_that_came_or_went_brings_its_limits() -> None:
    without = replace(SHIPPED, measures={key: one for key, one in SHIPPED.measures.items() if key != "heart_rate"})
    assert len(limit_changes(without, SHIPPED)) == len(PULSE.limits)
    assert all(said.startswith(f"Removed: {PULSE.label}") for said in limit_changes(SHIPPED, without))


def test_what_is_different_beside_the_limits_is_named() -> None:
    other = replace(
        with_pulse(*PULSE.limits),
        schedule=replace(SHIPPED.schedule, every_minutes=15),
        measures={**SHIPPED.measures, "heart_rate": replace(PULSE, possible=(1, 400))},
    )
    assert limit_changes(SHIPPED, other) == (f"Also different, beside the limits: schedule, {PULSE.label}.",)
