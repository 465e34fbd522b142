"""Whether a value lies outside the site's range by itself: what an invented nurse sees without any computer."""

from __future__ import annotations

from monitoring.clinical.protocol import Level, Limit, Measure, Phase


def level_alone(measure: Measure, value: float, phase: Phase) -> Level | None:
    """The level of a value by the limits that need nothing but the value; None inside them."""
    return max((limit.level for limit in measure.limits if _met(limit, value, phase)), default=None)


def _met(limit: Limit, value: float, phase: Phase) -> bool:
    if limit.phase and phase not in limit.phase:
        return False
    if limit.key == "at_or_above":
        return value >= limit.value
    if limit.key == "above":
        return value > limit.value
    if limit.key == "at_or_below":
        return value <= limit.value
    return limit.key == "below" and value < limit.value
