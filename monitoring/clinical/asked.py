"""What is asked once before a dose or a weight is taken: whether it is meant, where it is unlike what stands beside it.

Nothing here says what a dose should be. The site says from which difference on it asks (`asked_beyond_percent` of its
protocol), and what is confirmed is taken as it was typed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from monitoring.clinical.dose import plan_of
from monitoring.clinical.protocol import Dose
from monitoring.clinical.record import Infusion
from monitoring.clinical.written_numbers import number_text

_ORDERED = "Is this what was ordered?"
_WEIGHED = "Is this the weight today?"


@dataclass(frozen=True, slots=True)
class LastInfusion:
    """What a patient's latest infusion ran by, or was opened with."""

    on: date  # in the clinic's zone
    weight_kg: float
    weighed_on: date
    mg_per_kg: float


def opening_questions(
    dose: Dose, weight_kg: float, mg_per_kg: float, last: LastInfusion | None
) -> tuple[tuple[str, str], ...]:
    """What to ask before an infusion is opened with these: ("weight" or "dose", one sentence) each; () for nothing.

    Asked where the dose differs from the site's standard or from the patient's last, or the weight from the last, by
    more than the site's per cent.
    """
    found = []
    if last is not None and _apart(weight_kg, last.weight_kg, dose):
        was = f"the last was {number_text(last.weight_kg)} kg on {_day(last.weighed_on)}"
        found.append(("weight", f"Weight {number_text(weight_kg)} kg: {was}. {_WEIGHED}"))
    others = list(_other_doses(dose, mg_per_kg, last))
    if others:
        whole = number_text(float(_exact(weight_kg) * _exact(mg_per_kg)))
        said = f"Dose {number_text(mg_per_kg)} mg/kg, {whole} mg for {number_text(weight_kg)} kg"
        found.append(("dose", f"{said}: {', '.join(others)}. {_ORDERED}"))
    return tuple(found)


def order_questions(detail: Mapping[str, Any], infusion: Infusion, dose: Dose) -> tuple[str, ...]:
    """What to ask about an order that differs by so much from what this infusion was opened with, or ordered before."""
    plan, found = plan_of(infusion), []
    since = "opened with" if plan.order is None else "ordered before with"
    for key, held, label, unit, question in (
        ("weight_kg", plan.weight_kg, "Weight", "kg", _WEIGHED),
        ("dose_mg_per_kg", plan.mg_per_kg, "Dose", "mg/kg", _ORDERED),
    ):
        value = detail.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and _apart(value, held, dose):
            was = f"this infusion was {since} {number_text(held)} {unit}"
            found.append(f"{label} {number_text(value)} {unit}: {was}. {question}")
    return tuple(found)


def _other_doses(dose: Dose, mg_per_kg: float, last: LastInfusion | None) -> Iterator[str]:
    if _apart(mg_per_kg, dose.mg_per_kg, dose):
        yield f"the site's standard is {number_text(dose.mg_per_kg)} mg/kg"
    if last is not None and _apart(mg_per_kg, last.mg_per_kg, dose):
        yield f"the last was {number_text(last.mg_per_kg)} mg/kg on {_day(last.on)}"


def _apart(value: float, other: float, dose: Dose) -> bool:
    """Whether `value` differs from `other` by more than the site's per cent of it."""
    return abs(_exact(value) - _exact(other)) * 100 > _exact(other) * _exact(dose.asked_beyond_percent)


def _exact(value: float) -> Decimal:
    """The decimal a person typed: 0.1 is 0.1."""
    return Decimal(str(value))


def _day(day: date) -> str:
    return f"{day:%d %b %Y}"
