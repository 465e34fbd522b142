"""The dose: what was ordered, how it was worked out, whether two people came to the same, and where the drug went.

Everything here records and recomputes; nothing sets a pump or proposes a dose. Sums are done in decimals, so that half
a step always rounds up and 0.1 is 0.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from monitoring.clinical.instants import read_day
from monitoring.clinical.protocol import Dose, Preparation, Protocol, WeightBasis
from monitoring.clinical.record import Entry, Event, Infusion

if TYPE_CHECKING:
    from monitoring.clinical.course import Course

SECOND_CALCULATION: Final = "second calculation"  # what the second person's signature means
WITNESS_OF_WASTE: Final = "witness of waste"

# By definition of the units, not clinical.
_CM_PER_INCH: Final = Decimal("2.54")
_KG_PER_POUND: Final = Decimal("0.45359237")
_GRAM: Final = Decimal("0.001")

# How near two numbers are to be taken for the same digits: what rounding makes of a small volume in ten times it, and
# of a number that was copied.
_SLIP: Final = 0.03
_COPY: Final = 0.005
_WORKABLE: Final = (1e-4, 1e6)  # what a sum in decimals holds whatever is typed; the site's bounds lie far inside
_TIMES: Final = {
    10: "ten times",
    100: "a hundred times",
    1000: "a thousand times",
    0.1: "a tenth of",
    0.01: "a hundredth of",
    0.001: "a thousandth of",
}
_FIELDS: Final[dict[str, tuple[str, str]]] = {
    "weight_kg": ("Weight", "kg"),
    "height_cm": ("Height", "cm"),
    "dose_mg_per_kg": ("Dose per weight", "mg/kg"),
    "planned_minutes": ("Planned time", "min"),
    "dosing_weight_kg": ("Dosing weight", "kg"),
    "stock_mg_per_ml": ("Stock", "mg/mL"),
    "bag_volume_ml": ("Bag", "mL"),
    "dose_mg": ("Dose", "mg"),
    "stock_ml": ("Stock volume", "mL"),
    "final_volume_ml": ("Final volume", "mL"),
    "rate_ml_per_h": ("Rate", "mL/h"),
    "drawn_mg": ("Drawn", "mg"),
    "wasted_mg": ("Wasted", "mg"),
}
_BASES: Final[tuple[WeightBasis, ...]] = ("actual", "ideal", "adjusted")
_ORDER_NUMBERS: Final = ("dose_mg_per_kg", "planned_minutes", "weight_kg")
_RESULTS: Final = ("dosing_weight_kg", "dose_mg", "stock_ml", "final_volume_ml", "rate_ml_per_h")
_DOSE_NUMBERS: Final = ("stock_mg_per_ml", "bag_volume_ml", *_RESULTS)
_CHECKED: Final = ("dose_mg", "stock_ml", "rate_ml_per_h")  # what the second person works out


# What holds


@dataclass(frozen=True, slots=True)
class Plan:
    """What an infusion runs by: the order and the dose calculated for it, or what it was opened with."""

    weight_kg: float
    weight_on: date | None  # when weighed; None: not recorded
    basis: WeightBasis
    dosing_weight_kg: float
    mg_per_kg: float
    minutes: int
    dose_mg: float  # rounded by the site's rule once a dose was calculated, unrounded before
    bag_volume_ml: float
    final_volume_ml: float  # what is pumped: the bag, or the bag and the stock on top of it
    stock_mg_per_ml: float | None
    stock_ml: float | None
    bag_mg: float  # what the bag holds: the stock volume as it was rounded, at its strength; else the dose
    rate_ml_per_h: float  # the pump's first rate
    concentration_mg_per_ml: float  # in the bag
    prescriber: str  # "" without an order
    spo2_scale: int | None  # of NEWS2, where the order names one
    order: Entry | None
    dose: Entry | None
    check: Entry | None  # the latest standing second calculation of this very dose, whether or not it agrees


def plan_of(infusion: Infusion, standing: Sequence[Entry] | None = None) -> Plan:
    """What holds for `infusion`: its standing order, the dose calculated for it and that dose's second calculation.

    Without these it is the infusion as it was opened, unrounded. Once the pump runs, what it was started on holds: the
    latest order and dose seen before the start. Only when there was none does one recorded afterwards.
    `standing`: `infusion.standing()` where the caller has it.
    """
    entries = infusion.standing() if standing is None else standing
    order, _ = _held(infusion, entries, "order")
    dose, _ = _held(infusion, entries, "dose")
    weight_kg, mg_per_kg, minutes = infusion.weight_kg, infusion.dose_mg_per_kg, infusion.planned_minutes
    weight_on, prescriber, scale = None, "", None
    if order is not None:
        said = _detail(order)
        weight_kg, mg_per_kg = float(said["weight_kg"]), float(said["dose_mg_per_kg"])
        minutes = int(said["planned_minutes"])
        weight_on, prescriber = read_day(said.get("weight_on")), str(said.get("prescriber", ""))
        scale = said.get("spo2_scale")
    if dose is None:
        dose_mg, volume = weight_kg * mg_per_kg, infusion.bag_volume_ml
        return Plan(
            weight_kg=weight_kg,
            weight_on=weight_on,
            basis="actual",
            dosing_weight_kg=weight_kg,
            mg_per_kg=mg_per_kg,
            minutes=minutes,
            dose_mg=dose_mg,
            bag_volume_ml=volume,
            final_volume_ml=volume,
            stock_mg_per_ml=None,
            stock_ml=None,
            bag_mg=dose_mg,
            rate_ml_per_h=volume / minutes * 60,
            concentration_mg_per_ml=dose_mg / volume,
            prescriber=prescriber,
            spo2_scale=scale,
            order=order,
            dose=None,
            check=None,
        )
    found = _detail(dose)
    bag_mg = float(_exact(found["stock_ml"]) * _exact(found["stock_mg_per_ml"]))
    checks = [e for e in entries if e.event and e.event.kind == "dose_check" and e.event.detail.get("of") == dose.id]
    return Plan(
        weight_kg=weight_kg,
        weight_on=weight_on,
        basis=next((basis for basis in _BASES if basis == found.get("weight_basis")), "actual"),
        dosing_weight_kg=float(found["dosing_weight_kg"]),
        mg_per_kg=mg_per_kg,
        minutes=minutes,
        dose_mg=float(found["dose_mg"]),
        bag_volume_ml=float(found["bag_volume_ml"]),
        final_volume_ml=float(found["final_volume_ml"]),
        stock_mg_per_ml=float(found["stock_mg_per_ml"]),
        stock_ml=float(found["stock_ml"]),
        bag_mg=bag_mg,
        rate_ml_per_h=float(found["rate_ml_per_h"]),
        concentration_mg_per_ml=bag_mg / float(found["final_volume_ml"]),
        prescriber=prescriber,
        spo2_scale=scale,
        order=order,
        dose=dose,
        check=checks[-1] if checks else None,
    )


def beside_what_holds(infusion: Infusion, standing: Sequence[Entry]) -> dict[str, Entry]:
    """Orders and doses that came once the pump ran on another one: entry id to the entry that holds instead."""
    found: dict[str, Entry] = {}
    for kind in ("order", "dose"):
        held, beside = _held(infusion, standing, kind)
        if held is not None:
            found |= dict.fromkeys((entry.id for entry in beside), held)
    return found


def says_its_numbers(event: Event) -> bool:
    """Whether an order or a dose holds every number it is made of, each above 0; True for any other event."""
    needed = {"order": _ORDER_NUMBERS, "dose": _DOSE_NUMBERS}.get(event.kind, ())
    if not all(_positive(event.detail.get(key)) for key in needed):
        return False
    return event.kind != "order" or event.detail["planned_minutes"] >= 1  # in whole minutes: half of one is none


def _held(infusion: Infusion, standing: Sequence[Entry], kind: str) -> tuple[Entry | None, list[Entry]]:
    """The entry of this kind that holds, and those that came too late to."""
    of_kind = [e for e in standing if e.event and e.event.kind == kind and says_its_numbers(e.event)]
    start = next((e for e in standing if e.event and e.event.kind == "start"), None)
    if not of_kind or start is None:
        return (of_kind[-1] if of_kind else None), []
    # A start corrected to an earlier minute was still made on the order that was there when it was tapped.
    root = infusion.root(start.id)
    started = max(e.observed_at for e in infusion.entries if e.id in (start.id, root))
    before = [e for e in of_kind if e.observed_at <= started]
    held = before[-1] if before else of_kind[0]
    return held, [e for e in of_kind if e is not held and e not in before]


# The calculation


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a dose is worked out from."""

    weight_kg: float
    dose_mg_per_kg: float
    planned_minutes: float
    weight_basis: str
    stock_mg_per_ml: float
    bag_volume_ml: float
    height_cm: float | None = None  # for the ideal and the adjusted weight


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a calculation, in words to show: "Dose", "80 kg × 0.5 mg/kg", "40 mg", "40 mg"."""

    label: str
    formula: str
    result: str
    unrounded: str


@dataclass(frozen=True, slots=True)
class Calculation:
    """A dose worked out step by step. Each result is None where it could not be worked out."""

    inputs: Inputs
    stock_volume: str  # whether the stock "replaces" diluent or "adds" to the bag's volume
    steps: tuple[Step, ...] = ()
    dosing_weight_kg: float | None = None  # to the gram
    dose_mg: float | None = None
    stock_ml: float | None = None
    final_volume_ml: float | None = None
    concentration_mg_per_ml: float | None = None
    rate_ml_per_h: float | None = None
    delivered_mg: float | None = None  # in the planned time, at the rounded rate, and no more than the bag holds
    problems: tuple[str, ...] = ()

    @property
    def mg_per_h(self) -> float | None:
        """How much drug runs in an hour at the rounded rate [mg/h]."""
        if self.rate_ml_per_h is None or self.concentration_mg_per_ml is None:
            return None
        return self.rate_ml_per_h * self.concentration_mg_per_ml

    @property
    def ug_per_kg_min(self) -> float | None:
        """The same by dosing weight and minute [µg/kg/min]."""
        if self.mg_per_h is None or self.dosing_weight_kg is None:
            return None
        return self.mg_per_h * 1000 / 60 / self.dosing_weight_kg

    @property
    def detail(self) -> dict[str, str | float]:
        """What a dose event of this calculation holds; {} while there are problems."""
        if self.problems:
            return {}
        height = {} if self.inputs.height_cm is None else {"height_cm": self.inputs.height_cm}
        results = {key: value for key in _RESULTS if (value := getattr(self, key)) is not None}
        return {
            "weight_basis": self.inputs.weight_basis,
            **height,
            "stock_mg_per_ml": self.inputs.stock_mg_per_ml,
            "bag_volume_ml": self.inputs.bag_volume_ml,
            "stock_volume": self.stock_volume,
            **results,
        }


def inputs_of(
    infusion: Infusion,
    *,
    weight_basis: str,
    stock_mg_per_ml: float,
    bag_volume_ml: float,
    height_cm: float | None = None,
) -> Inputs:
    """What the dose of `infusion` is worked out from: weight, dose and time as ordered, the rest as chosen."""
    plan = plan_of(infusion)
    return Inputs(
        weight_kg=plan.weight_kg,
        dose_mg_per_kg=plan.mg_per_kg,
        planned_minutes=plan.minutes,
        weight_basis=weight_basis,
        stock_mg_per_ml=stock_mg_per_ml,
        bag_volume_ml=bag_volume_ml,
        height_cm=height_cm,
    )


def calculation(inputs: Inputs, preparation: Preparation, bounds: Dose, sex: str) -> Calculation:
    """The dose [mg], its stock volume [mL], the bag and the pump's rate [mL/h], one step after the other.

    Each result is rounded by the site's rule, half a step up, and the next step goes on from the rounded one: it is
    what will be drawn up, so the bag holds what the rounded stock volume holds. `delivered_mg` is what the rounded rate
    brings of it in the planned time: never more than all. `problems`: what lies
    outside the site's bounds, one sentence each; a result is still shown where one can be worked out.
    """
    problems = [*_input_problems(inputs, preparation, bounds)]
    numbers = (
        inputs.weight_kg,
        inputs.dose_mg_per_kg,
        inputs.planned_minutes,
        inputs.stock_mg_per_ml,
        inputs.bag_volume_ml,
    )
    if not all(_workable(number) for number in numbers):
        return Calculation(inputs, preparation.stock_volume, problems=tuple(problems))
    weight, mg_per_kg, minutes, stock, bag = (_exact(number) for number in numbers)
    steps: list[Step] = []
    dosing_weight = _dosing_weight(inputs, weight, preparation, sex, steps, problems)
    if dosing_weight is None:
        return Calculation(inputs, preparation.stock_volume, tuple(steps), problems=tuple(problems))
    low, high = bounds.weight_kg_possible
    if dosing_weight != weight and not low <= dosing_weight <= high:
        problems.append(f"Dosing weight {_written(dosing_weight)} kg: expected {low:g} to {high:g}.")

    raw = dosing_weight * mg_per_kg
    dose = _to_step(raw, preparation.round_dose_mg)
    steps.append(_step("Dose", f"{_written(dosing_weight)} kg × {_written(mg_per_kg)} mg/kg", dose, raw, "mg"))
    low, high = preparation.dose_mg_possible
    if not low <= dose <= high:
        problems.append(f"Dose {_written(dose)} mg: expected {low:g} to {high:g}.")

    raw = dose / stock
    stock_ml = _to_step(raw, preparation.round_volume_ml)
    steps.append(_step("Stock volume", f"{_written(dose)} mg ÷ {_written(stock)} mg/mL", stock_ml, raw, "mL"))

    adds = preparation.stock_volume == "adds"
    final = bag + stock_ml if adds else bag
    in_words = (
        f"{_written(bag)} mL + {_written(stock_ml)} mL stock on top"
        if adds
        else f"{_written(bag)} mL, of which {_written(stock_ml)} mL stock in place of diluent"
    )
    steps.append(_step("Final volume", in_words, final, final, "mL"))
    if stock_ml > final:
        problems.append(f"Stock volume {_written(stock_ml)} mL: expected no more than the bag of {_written(bag)} mL.")
    if dose == 0 or stock_ml == 0:  # rounded away: already said by the site's bounds, and nothing to go on with
        problems.append(f"Stock volume {_written(stock_ml)} mL: expected more than 0.")
        return Calculation(inputs, preparation.stock_volume, tuple(steps), problems=tuple(problems))

    held = stock_ml * stock
    strength = held / final
    steps.append(
        _step(
            "Concentration in the bag",
            f"{_written(stock_ml)} mL × {_written(stock)} mg/mL ÷ {_written(final)} mL",
            None,
            strength,
            "mg/mL",
        )
    )

    raw = final * 60 / minutes
    rate = _to_step(raw, preparation.round_rate_ml_per_h)
    steps.append(_step("Rate", f"{_written(final)} mL ÷ {_written(minutes)} min × 60 min/h", rate, raw, "mL/h"))
    problems += _rate_problems(float(rate), bounds)

    delivered = min(rate * minutes / 60, final) * held / final
    pumped = f"{_written(rate)} mL/h × {_written(minutes)} min ÷ 60 min/h"
    if rate * minutes > 60 * final:
        pumped = f"{_written(final)} mL, all there is after less than {_written(minutes)} min"
    in_words = f"{pumped} × {_written(held)} mg ÷ {_written(final)} mL"
    steps.append(_step("Delivered at this rate", in_words, None, delivered, "mg"))
    return Calculation(
        inputs=inputs,
        stock_volume=preparation.stock_volume,
        steps=tuple(steps),
        dosing_weight_kg=float(dosing_weight),
        dose_mg=float(dose),
        stock_ml=float(stock_ml),
        final_volume_ml=float(final),
        concentration_mg_per_ml=float(strength),
        rate_ml_per_h=float(rate),
        delivered_mg=float(delivered),
        problems=tuple(problems),
    )


def rounded(value: float, step: float) -> float:
    """`value` to the nearest multiple of `step`, half a step up: 42.65 to 0.1 is 42.7."""
    return float(_to_step(_exact(value), step))


def _dosing_weight(
    inputs: Inputs, weight: Decimal, preparation: Preparation, sex: str, steps: list[Step], problems: list[str]
) -> Decimal | None:
    """The weight the dose goes by [kg], to the gram; None where it cannot be worked out."""
    if inputs.weight_basis not in ("ideal", "adjusted"):
        return weight
    rule = preparation.ideal_weight
    if rule is None:
        problems.append(f"Weight basis {inputs.weight_basis}: this protocol has no formula for the ideal weight.")
        return None
    if sex not in ("female", "male"):
        problems.append(
            f"Sex {_quoted(sex)}: the formula for the ideal weight is for female or male; "
            "expected another weight basis."
        )
        return None
    if not _workable(inputs.height_cm):
        problems.append(f"Height {_quoted(inputs.height_cm)}: expected the height in cm for the ideal weight.")
        return None
    height = _exact(inputs.height_cm)
    over, first = _exact(rule.over_inches), _exact(rule.female_kg if sex == "female" else rule.male_kg)
    each = _exact(rule.per_inch_kg)
    if height < over * _CM_PER_INCH:
        problems.append(
            f"Height {_written(height)} cm: the formula for the ideal weight begins at "
            f"{_written(over * _CM_PER_INCH)} cm; expected another weight basis."
        )
        return None
    raw = first + each * (height / _CM_PER_INCH - over)
    ideal = raw.quantize(_GRAM, ROUND_HALF_UP)
    in_words = (
        f"{_written(first)} kg + {_written(each)} kg/in × "
        f"({_written(height)} cm ÷ {_CM_PER_INCH} cm/in − {_written(over)} in)"
    )
    steps.append(_step(f"Ideal weight, {sex}", in_words, ideal, raw, "kg"))
    found = ideal
    if inputs.weight_basis == "adjusted":
        share = _exact(preparation.adjusted_fraction)
        raw = ideal + share * (weight - ideal)
        found = raw.quantize(_GRAM, ROUND_HALF_UP)
        in_words = f"{_written(ideal)} kg + {_written(share)} × ({_written(weight)} kg − {_written(ideal)} kg)"
        steps.append(_step("Adjusted weight", in_words, found, raw, "kg"))
    if found > weight:  # a dose by it is larger than by the patient's own weight: said, never capped silently
        last = steps[-1]
        steps[-1] = Step(
            last.label, last.formula, f"{last.result}, above the actual {_written(weight)} kg", last.unrounded
        )
    return found


def _input_problems(inputs: Inputs, preparation: Preparation, bounds: Dose) -> Iterator[str]:
    yield from _bound_problem("weight_kg", inputs.weight_kg, bounds.weight_kg_possible)
    yield from _bound_problem("dose_mg_per_kg", inputs.dose_mg_per_kg, bounds.mg_per_kg_possible)
    yield from _bound_problem("planned_minutes", inputs.planned_minutes, bounds.planned_minutes_possible)
    if inputs.weight_basis not in preparation.weight_bases:
        yield f"Weight basis {_quoted(inputs.weight_basis)}: expected {_one_of(preparation.weight_bases)}."
    for key, choices in (
        ("stock_mg_per_ml", preparation.stock_mg_per_ml),
        ("bag_volume_ml", preparation.bag_volumes_ml),
    ):
        value = getattr(inputs, key)
        if value not in choices:
            found = _said(key, value) if _is_number(value) else f"{_FIELDS[key][0]} {_quoted(value)}"
            yield f"{found}: expected {_one_of(f'{choice:g}' for choice in choices)}."


# Two people


def slips(expected: Mapping[str, float], typed: Mapping[str, float]) -> tuple[str, ...]:
    """Typed numbers that look like a slip, one sentence each: a decimal point, or the number of another field.

    Keys are those of a dose event ("dose_mg", "rate_ml_per_h"). A number that is as expected is no slip, whatever else
    it equals.
    """
    found = []
    for key, value in typed.items():
        wanted = expected.get(key)
        if wanted is None or _near(value, wanted, _COPY):
            continue
        for factor, words in _TIMES.items():
            if _near(value, wanted * factor, _SLIP):
                unit = _FIELDS.get(key, ("", ""))[1]
                found.append(f"{_said(key, value)} is {words} {_plain(wanted)} {unit}".rstrip() + ": a decimal point?")
        for other, number in expected.items():
            if other != key and _near(value, number, _COPY):
                label, unit = _FIELDS.get(other, (other, ""))
                found.append(
                    f"{_said(key, value)}: {_plain(number)} {unit} is the {label.lower()}. In the wrong field?"
                )
    return tuple(found)


def differences(dose: Mapping[str, Any], check: Mapping[str, Any], preparation: Preparation) -> tuple[str, ...]:
    """Where two people came to different results, one sentence each, slips named; () when they agree.

    `dose`, `check`: details of a dose and of its second calculation. One step of the site's rounding is no difference:
    two people may round at different places of the sum.
    """
    steps = {
        "dose_mg": preparation.round_dose_mg,
        "stock_ml": preparation.round_volume_ml,
        "rate_ml_per_h": preparation.round_rate_ml_per_h,
    }
    found = []
    apart: dict[str, float] = {}
    for key in _CHECKED:
        first, second = dose.get(key), check.get(key)
        label, unit = _FIELDS[key]
        if not _is_number(first) or not _is_number(second):
            found.append(f"{label}: expected a result of both calculations.")
        elif not _agree(first, second, steps[key]):
            found.append(
                f"{label}: {_plain(first)} {unit} by the first calculation, {_plain(second)} {unit} by the second."
            )
            apart[key] = second
    known = {key: dose[key] for key in _CHECKED if _is_number(dose.get(key))}
    return (*found, *slips(known, apart))


def disagreements(infusion: Infusion, protocol: Protocol) -> tuple[str, ...]:
    """What does not fit together in order, dose and second calculation, one sentence each; () when nothing is apart.

    A dose that was worked out before its order was changed, a second calculation that differs, a weight that looks as
    if typed in pounds beside the one the infusion was opened with.
    """
    plan = plan_of(infusion)
    found: list[str] = []
    if plan.order is not None:
        found += _weight_slips(plan.weight_kg, infusion.weight_kg)
    if plan.dose is not None and protocol.preparation is not None:
        found += _result_problems(_detail(plan.dose), infusion, protocol, protocol.preparation)
        if plan.check is not None:
            found += differences(_detail(plan.dose), _detail(plan.check), protocol.preparation)
    return tuple(found)


def of_another_order(infusion: Infusion, protocol: Protocol) -> bool:
    """Whether the dose that holds is not what the order that holds comes to: it was worked out for a former one."""
    preparation, plan = protocol.preparation, plan_of(infusion)
    if preparation is None or plan.dose is None:
        return False
    return any(_result_problems(_detail(plan.dose), infusion, protocol, preparation))


@dataclass(frozen=True, slots=True)
class RateSlip:
    """Pump rates [mL/h] from `low` to `high` look like a slip; "{rate}" in `words` stands for the one typed."""

    low: float
    high: float
    words: str


def rate_slips(infusion: Infusion) -> tuple[RateSlip, ...]:
    """What a typed pump rate would look like beside the planned one: ten times it, a tenth of it, the dose's number.

    Something to ask once; a rate may be meant like this.
    """
    plan = plan_of(infusion)
    wanted, dose = plan.rate_ml_per_h, plan.dose_mg
    found = [
        RateSlip(
            wanted * factor * (1 - _SLIP),
            wanted * factor * (1 + _SLIP),
            f"Rate {{rate}} mL/h is {words} {_plain(wanted)} mL/h: a decimal point?",
        )
        for factor, words in _TIMES.items()
    ]
    if not _near(dose, wanted, 2 * _COPY):  # the same number for both tells nothing
        asks = f"Rate {{rate}} mL/h: {_plain(dose)} mg is the dose. In the wrong field?"
        found.append(RateSlip(dose * (1 - _COPY), dose * (1 + _COPY), asks))
    return tuple(found)


def _weight_slips(ordered: float, opened: float) -> Iterator[str]:
    yield from slips({"weight_kg": opened}, {"weight_kg": ordered})
    for factor in (1 / _KG_PER_POUND, _KG_PER_POUND):
        if _near(ordered, opened * float(factor), _COPY):
            yield f"Weight {_plain(ordered)} kg in the order, {_plain(opened)} kg when opened: pounds and kilograms?"


# Where the drug went


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Planned, given, remaining, drawn and wasted [mg], and whether they add up."""

    planned_mg: float
    given_mg: float
    remaining_mg: float
    drawn_mg: float | None  # None: not recorded
    wasted_mg: float | None
    difference_mg: float | None  # drawn − given − wasted; None while it runs, or without the record of the drug
    reconciled: bool | None  # the difference is within the site's tolerance; None: not judged
    sentence: str


def reconciliation(infusion: Infusion, protocol: Protocol, course: Course) -> Reconciliation:
    """Whether drawn = given + wasted, and planned = given + remaining, or by how much not.

    Judged once the infusion is over (ended, or cancelled before the start) and the drug is recorded; the latest
    standing record holds. A difference up to the site's tolerance comes from rounding.
    """
    plan = plan_of(infusion)
    planned = plan.dose_mg
    given, remaining = course.given_mg, course.remaining_mg
    entry = next((e for e in reversed(infusion.standing()) if e.event and e.event.kind == "drug"), None)
    said = _detail(entry) if entry else {}
    drawn, wasted = (float(said[key]) if _is_number(said.get(key)) else None for key in ("drawn_mg", "wasted_mg"))
    step = protocol.preparation.round_dose_mg if protocol.preparation else None

    def mg(value: float) -> str:
        return f"{value:.1f} mg" if step is None else f"{_plain(rounded(value, step))} mg"

    words = [_against_plan(plan, given, mg, running=course.phase in ("infusing", "paused"))]
    if empty := bag_empty_words(course):
        words.append(f"{empty}.")
    over = course.ended_at is not None or course.phase == "cancelled"
    difference: float | None = None
    reconciled: bool | None = None
    if drawn is not None and wasted is not None and over:
        difference = round(drawn - given - wasted, 6)  # sums of floats: not a millionth beyond the tolerance
        tolerance = protocol.drug.tolerance_mg if protocol.drug else 0.0
        reconciled = abs(difference) <= tolerance
        sums = f"Drawn {mg(drawn)}, given {mg(given)}, wasted {mg(wasted)}"
        if reconciled:
            words.append(f"{sums}: accounted for.")
        elif difference > 0:
            words.append(f"{sums}: {_apart(difference)} not accounted for.")
        else:
            words.append(f"{sums}: {_apart(-difference)} more than was drawn.")
    elif drawn is not None and wasted is not None:
        words.append(f"Drawn {mg(drawn)}, wasted {mg(wasted)} so far.")
    elif protocol.drug is not None and over:
        words.append("Drawn and wasted are not recorded.")
    return Reconciliation(planned, given, remaining, drawn, wasted, difference, reconciled, " ".join(words))


def bag_empty_words(course: Course) -> str:
    """When the bag was empty by the recorded rates, if before the end: "Bag empty at minute 40 …, ended at 43".

    "" while it is not, and where the end was recorded in the same minute. So a rate that was typed ten times too high
    is seen, although no more counts as given than the bag held.
    """
    if course.bag_empty_at is None or course.started_at is None:
        return ""
    minute = round((course.bag_empty_at - course.started_at) / timedelta(minutes=1))
    if course.ended_at is None:
        return f"Bag empty at minute {minute} by the recorded rate, no end recorded yet"
    ended = round((course.ended_at - course.started_at) / timedelta(minutes=1))
    return f"Bag empty at minute {minute} by the recorded rate, ended at {ended}" if ended > minute else ""


def _against_plan(plan: Plan, given: float, mg: Callable[[float], str], *, running: bool) -> str:
    planned, held = plan.dose_mg, mg(plan.bag_mg)
    if mg(given) == mg(planned):
        return f"Given {mg(given)}, as planned."
    if held != mg(planned) and plan.stock_ml is not None and plan.stock_mg_per_ml is not None:
        bag = f"the bag held ({_plain(plan.stock_ml)} mL of {_plain(plan.stock_mg_per_ml)} mg/mL)"
        if mg(given) == held:
            return f"Given {mg(given)}, all that {bag}; {mg(planned)} planned."
        if given < plan.bag_mg:
            left = f"{mg(plan.bag_mg - given)} {'remaining' if running else 'not given'}"
            return f"Given {mg(given)}{' so far' if running else ''} of the {held} that {bag}, {left}."
    if given > planned:
        return f"Given {mg(given)}: {mg(given - planned)} more than the {mg(planned)} planned."
    if running:
        return f"Given {mg(given)} of {mg(planned)} planned so far, {mg(planned - given)} remaining."
    return f"Given {mg(given)} of {mg(planned)} planned, {mg(planned - given)} not given."


def _apart(difference: float) -> str:
    """A difference that is told: two places behind the point, so that it never reads as 0 because of rounding."""
    return f"{_plain(round(difference, 2))} mg"


# What an entry must hold


def order_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why an order cannot be kept as it is, one sentence each."""
    detail, bounds = _detail(entry), protocol.dose
    prescriber = detail.get("prescriber")
    if not isinstance(prescriber, str) or not prescriber.strip():
        yield "Prescriber missing: expected who ordered the dose."
    yield from _bound_problem("dose_mg_per_kg", detail.get("dose_mg_per_kg"), bounds.mg_per_kg_possible)
    minutes = detail.get("planned_minutes")
    if _is_number(minutes) and minutes != int(minutes):
        yield f"{_said('planned_minutes', minutes)}: expected whole minutes."
    else:
        yield from _bound_problem("planned_minutes", minutes, bounds.planned_minutes_possible)
    yield from _bound_problem("weight_kg", detail.get("weight_kg"), bounds.weight_kg_possible)
    found = detail.get("weight_on")
    weighed = read_day(found)
    if weighed is None:
        yield f"Weighed on {_quoted(found)}: expected a date."
    elif weighed > (entry.observed_at + timedelta(days=1)).date():  # a day's room: which day it is depends on the zone
        yield f"Weighed on {weighed.isoformat()}: expected a day that has come."
    elif weighed < infusion.patient.birth_date:
        yield f"Weighed on {weighed.isoformat()}: expected a day after the patient was born."
    scale = detail.get("spo2_scale")
    if isinstance(scale, bool) or scale not in (None, 1, 2):
        yield f"Scale of oxygen saturation {_quoted(scale)}: expected 1 or 2."


def dose_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why a calculated dose cannot be kept as it is: outside the site's bounds, or not what its inputs come to."""
    preparation = protocol.preparation
    if preparation is None:
        yield "Dose calculated: this protocol does not say how a dose is worked out."
        return
    detail = _detail(entry)
    if detail.get("stock_volume") != preparation.stock_volume:
        yield f"Stock volume {_quoted(detail.get('stock_volume'))}: expected {preparation.stock_volume}."
    yield from _result_problems(detail, infusion, protocol, preparation)


def dose_check_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why a second calculation cannot be kept as it is. That it differs from the first is no reason."""
    detail, preparation = _detail(entry), protocol.preparation
    if preparation is None:
        yield "Second calculation: this protocol does not say how a dose is worked out."
        return
    of = detail.get("of")
    first = next((e for e in infusion.entries if e.id == of and e.event and e.event.kind == "dose"), None)
    if first is None:
        yield f"Second calculation of {_quoted(of)}: expected a dose calculated in this infusion."
    yield from _bound_problem("dose_mg", detail.get("dose_mg"), preparation.dose_mg_possible)
    yield from _bound_problem("stock_ml", detail.get("stock_ml"), None)
    rate = detail.get("rate_ml_per_h")
    if _is_number(rate):
        yield from _rate_problems(rate, protocol.dose)
    else:
        yield f"Rate {_quoted(rate)}: expected a number in mL/h."
    yield from _one_signature(entry, SECOND_CALCULATION)
    signed = [one.staff for one in entry.event.signatures] if entry.event else []
    if first is not None and first.author in signed:
        yield f"Second calculation by {first.author_name}, who made the first: expected another person."


def drug_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why the record of the controlled drug cannot be kept as it is. That it does not add up is no reason."""
    drug = protocol.drug
    if drug is None:
        yield "Controlled drug: this protocol does not ask for it."
        return
    detail = _detail(entry)
    drawn, wasted = detail.get("drawn_mg"), detail.get("wasted_mg")
    yield from _bound_problem("drawn_mg", drawn, None)
    if not _is_number(wasted) or wasted < 0:
        yield f"Wasted {_quoted(wasted)}: expected a number in mg, 0 when nothing was wasted."
    elif _is_number(drawn) and wasted > drawn:
        yield f"{_said('wasted_mg', wasted)}: expected no more than the {_plain(drawn)} mg drawn."
    lot = detail.get("lot")
    if not isinstance(lot, str) or not lot.strip():
        yield "Lot missing: expected the number on the vial."
    expiry = detail.get("expiry")
    month = expiry if isinstance(expiry, str) else ""
    if len(month) != len("2027-08") or read_day(f"{month}-01") is None:
        yield f"Expiry {_quoted(expiry)}: expected year and month, as in 2027-08."
    method = detail.get("method")
    if method not in drug.methods and not (wasted == 0 and method in (None, "")):
        yield f"Wasted how {_quoted(method)}: expected {_one_of(drug.methods)}."
    if protocol.people.waste_witness:
        yield from _one_signature(entry, WITNESS_OF_WASTE)
        if entry.event and entry.author in [one.staff for one in entry.event.signatures]:
            yield f"Witness of waste {entry.author_name}, who recorded it: expected another person."


def live_problems(entry: Entry, infusion: Infusion) -> Iterator[str]:
    """What is refused on a screen that showed the present state, and kept as it is when it comes out of an outbox.

    An order or a dose once the pump was started on another one; a second calculation of a dose that holds no longer.
    """
    if entry.event is None or entry.corrects is not None:
        return
    plan = plan_of(infusion)
    kind = entry.event.kind
    start = next((e for e in infusion.standing() if e.event and e.event.kind == "start"), None)
    held = {"order": plan.order, "dose": plan.dose}.get(kind)
    if start is not None and held is not None and entry.observed_at > start.observed_at:
        which = "order" if kind == "order" else "dose"
        yield f"The pump was started on another {which}: expected a correction of that {which}."
    if kind == "dose_check" and plan.dose is not None and entry.event.detail.get("of") != plan.dose.id:
        yield "The dose was calculated anew since: expected a second calculation of the new one."


def _result_problems(
    detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol, preparation: Preparation
) -> Iterator[str]:
    """Where the results of a dose event are not what its inputs, and what is ordered, come to."""
    plan = plan_of(infusion)
    inputs = Inputs(
        weight_kg=plan.weight_kg,
        dose_mg_per_kg=plan.mg_per_kg,
        planned_minutes=plan.minutes,
        weight_basis=str(detail.get("weight_basis", "")),
        stock_mg_per_ml=detail.get("stock_mg_per_ml"),  # type: ignore[arg-type]  # whatever was posted: judged there
        bag_volume_ml=detail.get("bag_volume_ml"),  # type: ignore[arg-type]
        height_cm=detail.get("height_cm"),
    )
    made = calculation(inputs, preparation, protocol.dose, infusion.patient.sex)
    yield from made.problems
    steps = {
        "dosing_weight_kg": float(_GRAM),
        "dose_mg": preparation.round_dose_mg,
        "stock_ml": preparation.round_volume_ml,
        "final_volume_ml": preparation.round_volume_ml,
        "rate_ml_per_h": preparation.round_rate_ml_per_h,
    }
    expected = {key: value for key in _RESULTS if (value := getattr(made, key)) is not None}
    apart: dict[str, float] = {}
    for key in _RESULTS:
        label, unit = _FIELDS[key]
        value = detail.get(key)
        if not _is_number(value):
            yield f"{label} {_quoted(value)}: expected a number in {unit}."
        elif key in expected and not _agree(value, expected[key], steps[key]):
            yield f"{_said(key, value)}: expected {_plain(expected[key])} {unit}, worked out from what is ordered."
            apart[key] = value
    yield from slips(expected, apart)


def _one_signature(entry: Entry, meaning: str) -> Iterator[str]:
    signed = entry.event.signatures if entry.event else ()
    if len(signed) != 1 or signed[0].meaning != meaning:
        yield f"{meaning.capitalize()}: expected one signature of a second person."


def _rate_problems(rate: float, bounds: Dose) -> Iterator[str]:
    low, high = bounds.rate_ml_per_h_possible
    if not low <= rate <= high:
        yield f"Rate {rate:.10g} mL/h: expected {low:g} to {high:g}."  # word for word as for a change of rate


def _bound_problem(key: str, value: Any, bounds: tuple[float, float] | None) -> Iterator[str]:
    """What is wrong with a number of this field: none, not above 0, or outside `bounds` (inclusive)."""
    label, unit = _FIELDS[key]
    if not _is_number(value):
        yield f"{label} {_quoted(value)}: expected a number in {unit}."
    elif bounds is not None and not bounds[0] <= value <= bounds[1]:
        yield f"{_said(key, value)}: expected {bounds[0]:g} to {bounds[1]:g}."
    elif value <= 0:
        yield f"{_said(key, value)}: expected more than 0."


# Numbers and words


def _detail(entry: Entry) -> Mapping[str, Any]:
    return entry.event.detail if entry.event else {}


def _is_number(found: Any) -> TypeGuard[float]:
    if not isinstance(found, int | float) or isinstance(found, bool):
        return False
    try:
        return math.isfinite(found)
    except OverflowError:  # a whole number too long for any float
        return False


def _positive(found: Any) -> TypeGuard[float]:
    return _is_number(found) and found > 0


def _workable(found: Any) -> TypeGuard[float]:
    return _is_number(found) and _WORKABLE[0] <= found <= _WORKABLE[1]


def _exact(value: float) -> Decimal:
    """The decimal a person typed: 0.1 is 0.1."""
    return Decimal(str(value))


def _to_step(value: Decimal, step: float) -> Decimal:
    size = _exact(step)
    return (value / size).quantize(Decimal(1), ROUND_HALF_UP) * size


def _near(found: float, wanted: float, share: float) -> bool:
    return wanted > 0 and abs(found - wanted) <= share * wanted


def _agree(one: float, other: float, step: float) -> bool:
    """Whether two results are no more than one step of rounding apart."""
    return abs(_exact(one) - _exact(other)) <= _exact(step)


def _written(value: Decimal) -> str:
    """A number without zeros at its end: "40", "0.8"; to four places where it has more."""
    if abs(value) > _exact(_WORKABLE[1]) ** 2:
        return f"{value:.6g}"
    text = f"{value.quantize(Decimal('0.0001'), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: float) -> str:
    return _written(_exact(value))


def _step(label: str, formula: str, result: Decimal | None, raw: Decimal, unit: str) -> Step:
    """A line of the calculation; `result` None where no rule rounds it."""
    unrounded = f"{_written(raw)} {unit}"
    return Step(label, formula, unrounded if result is None else f"{_written(result)} {unit}", unrounded)


def _said(key: str, value: float) -> str:
    label, unit = _FIELDS.get(key, (key, ""))
    return f"{label} {_plain(value)} {unit}".rstrip()


def _quoted(found: object) -> str:
    return "missing" if found is None or found == "" else f"“{str(found)[:60]}”"


def _one_of(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last
