"""Reads [dose] and [preparation] of a protocol file: what may be ordered, and how it is worked out and drawn up."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field

from monitoring.clinical.protocol import Dose, IdealWeight, Preparation, WeightBasis
from monitoring.clinical.protocol_file.slips import (
    Pair,
    Path,
    Shape,
    Slips,
    Whole,
    WholePair,
    listed,
    span,
    unknown,
)


class DoseTable(Shape):
    """[dose] as it is written."""

    mg_per_kg: float
    mg_per_kg_possible: Pair
    planned_minutes: Whole
    planned_minutes_possible: WholePair
    weight_kg_possible: Pair
    bag_volume_ml: float
    rate_ml_per_h_possible: Pair
    planned_infusions: Whole
    asked_beyond_percent: float = 0  # versions before had none
    source: str


class _IdealWeightTable(Shape):
    female_kg: float
    male_kg: float
    per_inch_kg: float
    over_inches: float
    source: str


class PreparationTable(Shape):
    """[preparation] as it is written."""

    weight_bases: Annotated[list[str], Field(min_length=1)]
    weight_basis: str
    stock_mg_per_ml: Annotated[list[float], Field(min_length=1)]
    bag_volumes_ml: Annotated[list[float], Field(min_length=1)]
    stock_volume: Literal["replaces", "adds"]
    dose_mg_possible: Pair
    round_dose_mg: float
    round_volume_ml: float
    round_rate_ml_per_h: float
    second_calculation: bool
    ideal_weight: Any = None
    adjusted_fraction: float | None = None
    source: str


def check_dose(slips: Slips, dose: DoseTable) -> None:
    """Whether the defaults lie within the bounds."""
    pairs = {
        name: (bounds[0], bounds[1])
        for name in (
            "mg_per_kg_possible",
            "planned_minutes_possible",
            "weight_kg_possible",
            "rate_ml_per_h_possible",
        )
        for bounds in [getattr(dose, name)]
    }
    for name, (low, high) in pairs.items():
        if low <= 0 or low >= high:
            slips.problem(("dose", name), f"[{low:g}, {high:g}], expected [lowest, highest] above 0")
    for name in ("mg_per_kg", "planned_minutes"):
        bounds, value = pairs[f"{name}_possible"], getattr(dose, name)
        if bounds[0] < bounds[1] and not bounds[0] <= value <= bounds[1]:
            slips.problem(("dose", name), f"{value:g} lies outside {name}_possible, expected {span(bounds)}")
    for name in ("bag_volume_ml", "planned_infusions"):
        if getattr(dose, name) <= 0:
            slips.problem(("dose", name), f"{getattr(dose, name):g}, expected more than 0")
    percent = dose.asked_beyond_percent
    slips.check_percent(percent, ("dose", "asked_beyond_percent"))
    if percent and not 0 < percent < 1 and not 1 <= percent <= 99:
        slips.problem(("dose", "asked_beyond_percent"), f"{percent:g}, expected 1 to 99, or 0 to ask always")
    rates = pairs["rate_ml_per_h_possible"]
    if dose.planned_minutes > 0 and dose.bag_volume_ml > 0 and rates[0] < rates[1]:
        rate = dose.bag_volume_ml / dose.planned_minutes * 60
        if not rates[0] <= rate <= rates[1]:
            slips.problem(
                ("dose", "rate_ml_per_h_possible"),
                f"{span(rates)} mL/h shuts out {dose.bag_volume_ml:g} mL in {dose.planned_minutes} min, "
                f"expected {rate:g} mL/h within",
            )


def dose_of(table: DoseTable) -> Dose:
    """The defaults and bounds as the program knows them."""
    return Dose(
        mg_per_kg=table.mg_per_kg,
        mg_per_kg_possible=(table.mg_per_kg_possible[0], table.mg_per_kg_possible[1]),
        planned_minutes=table.planned_minutes,
        planned_minutes_possible=(table.planned_minutes_possible[0], table.planned_minutes_possible[1]),
        weight_kg_possible=(table.weight_kg_possible[0], table.weight_kg_possible[1]),
        bag_volume_ml=table.bag_volume_ml,
        rate_ml_per_h_possible=(table.rate_ml_per_h_possible[0], table.rate_ml_per_h_possible[1]),
        planned_infusions=table.planned_infusions,
        source=table.source,
        asked_beyond_percent=table.asked_beyond_percent,
    )


_BASES: Final[tuple[WeightBasis, ...]] = get_args(WeightBasis)


def read_preparation(slips: Slips, dose: DoseTable | None) -> Preparation | None:
    """[preparation], or None where there is none or it is wrong; `dose` is what its volumes have to go with."""
    at: Path = ("preparation",)
    table = slips.table_if_there(PreparationTable, "preparation")
    raw = slips.data.get("preparation")
    ideal = None
    if isinstance(raw, dict) and "ideal_weight" in raw:
        ideal = _ideal_weight(slips, raw["ideal_weight"], (*at, "ideal_weight"))
    if table is None:
        return None
    bases = _bases(slips, table, at)
    for name in ("stock_mg_per_ml", "bag_volumes_ml"):
        slips.check_rising(getattr(table, name), (*at, name))
    for name in ("round_dose_mg", "round_volume_ml", "round_rate_ml_per_h"):
        if getattr(table, name) <= 0:
            slips.problem((*at, name), f"{getattr(table, name):g}, expected more than 0")
    if slips.check_bounds(table.dose_mg_possible, (*at, "dose_mg_possible")):
        least = table.dose_mg_possible[0]
        if table.round_dose_mg > least:
            slips.problem(
                (*at, "round_dose_mg"),
                f"{table.round_dose_mg:g} mg is more than the lowest dose, expected up to {least:g} mg",
            )
        if dose:
            _check_milligrams(slips, table, dose, at)
    if dose:
        _check_bags(slips, table, dose, at)
    if table.adjusted_fraction is not None and not 0 < table.adjusted_fraction <= 1:
        slips.problem((*at, "adjusted_fraction"), f"{table.adjusted_fraction:g}, expected more than 0 and up to 1")
    return Preparation(
        weight_bases=bases,
        weight_basis=next((basis for basis in bases if basis == table.weight_basis), "actual"),
        stock_mg_per_ml=tuple(table.stock_mg_per_ml),
        bag_volumes_ml=tuple(table.bag_volumes_ml),
        stock_volume=table.stock_volume,
        dose_mg_possible=(table.dose_mg_possible[0], table.dose_mg_possible[1]),
        round_dose_mg=table.round_dose_mg,
        round_volume_ml=table.round_volume_ml,
        round_rate_ml_per_h=table.round_rate_ml_per_h,
        second_calculation=table.second_calculation,
        ideal_weight=ideal,
        adjusted_fraction=table.adjusted_fraction or 0.0,
        source=table.source,
    )


def _ideal_weight(slips: Slips, data: Any, at: Path) -> IdealWeight | None:
    table = slips.shape(_IdealWeightTable, data, at)
    if table is None:
        return None
    for name in ("female_kg", "male_kg", "per_inch_kg", "over_inches"):
        if getattr(table, name) <= 0:
            slips.problem((*at, name), f"{getattr(table, name):g}, expected more than 0")
    return IdealWeight(table.female_kg, table.male_kg, table.per_inch_kg, table.over_inches, table.source)


def _bases(slips: Slips, table: PreparationTable, at: Path) -> tuple[WeightBasis, ...]:
    """Which weights a dose may rest on, and whether this table says how each is worked out."""
    slips.check_words(table.weight_bases, (*at, "weight_bases"))
    for number, basis in enumerate(table.weight_bases):
        if basis.strip() and basis not in _BASES:
            slips.problem((*at, "weight_bases", number), unknown(basis, _BASES, "weight"))
    if table.weight_basis not in table.weight_bases:
        slips.problem((*at, "weight_basis"), unknown(table.weight_basis, table.weight_bases, "weight"))
    rests = [basis for basis in ("ideal", "adjusted") if basis in table.weight_bases]
    if rests and table.ideal_weight is None:
        slips.problem(
            (*at, "ideal_weight"), f"ideal_weight is missing, expected it because weight_bases name {listed(rests)}"
        )
    if "adjusted" in rests and table.adjusted_fraction is None:
        slips.problem(
            (*at, "adjusted_fraction"),
            "adjusted_fraction is missing, expected it because weight_bases name adjusted",
        )
    return tuple(basis for name in table.weight_bases for basis in _BASES if basis == name)


def _check_milligrams(slips: Slips, table: PreparationTable, dose: DoseTable, at: Path) -> None:
    """Bounds in milligrams that no weight of [dose] could meet would refuse every dose."""
    low, high = (dose.mg_per_kg * weight_kg for weight_kg in dose.weight_kg_possible)
    least, most = table.dose_mg_possible
    if 0 < low < high and (high < least or most < low):
        slips.problem(
            (*at, "dose_mg_possible"),
            f"{span(table.dose_mg_possible)} mg shuts out {dose.mg_per_kg:g} mg/kg for every weight, "
            f"expected some of {span((low, high))} mg within",
        )


def _check_bags(slips: Slips, table: PreparationTable, dose: DoseTable, at: Path) -> None:
    """Each bag can be run in the planned time, and the proposed one is among them."""
    low, high = dose.rate_ml_per_h_possible
    if dose.bag_volume_ml <= 0 or dose.planned_minutes <= 0 or not 0 < low < high:
        return  # said of [dose]
    if dose.bag_volume_ml not in table.bag_volumes_ml:
        slips.problem(
            (*at, "bag_volumes_ml"),
            f"{listed(f'{volume:g}' for volume in table.bag_volumes_ml)} lack bag_volume_ml {dose.bag_volume_ml:g} "
            "of [dose], expected it among them",
        )
    rates = {volume: volume / dose.planned_minutes * 60 for volume in (dose.bag_volume_ml, *table.bag_volumes_ml)}
    if not low <= rates[dose.bag_volume_ml] <= high:
        return
    for number, volume in enumerate(table.bag_volumes_ml):
        if volume > 0 and not low <= rates[volume] <= high:
            slips.problem(
                (*at, "bag_volumes_ml", number),
                f"{volume:g} mL in {dose.planned_minutes} min is {rates[volume]:g} mL/h, "
                f"expected {span((low, high))} mL/h",
            )
