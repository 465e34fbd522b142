"""The dose as a screen shows it: ordered, planned, given, where the drug went, and what the pump did when."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from monitoring.charts import dose_strip
from monitoring.clinical.dose import WITNESS_OF_WASTE, Reconciliation, rate_slips
from monitoring.clinical.events import signatures_of, standing_events
from monitoring.documents.judged import Judged
from monitoring.documents.said import HIDDEN_RESULTS, said
from monitoring.documents.words import mg

_PLAN = (
    "weight_kg",
    "basis",
    "dosing_weight_kg",
    "mg_per_kg",
    "minutes",
    "dose_mg",
    "bag_volume_ml",
    "final_volume_ml",
    "stock_mg_per_ml",
    "stock_ml",
    "rate_ml_per_h",
    "concentration_mg_per_ml",
)
_TOLD = {*HIDDEN_RESULTS, "concentration_mg_per_ml"}


def ordered_words(j: Judged) -> str:
    """What was ordered: "0.5 mg/kg in 40 min"."""
    return f"{j.plan.mg_per_kg:g} mg/kg in {j.plan.minutes} min"


def dose_words(j: Judged) -> str:
    """The dose in the top line, as it holds now; without milligrams while a second calculation is waited for."""
    if j.dose_hidden:
        return ordered_words(j)
    return f"{mg(j.plan.dose_mg, j.protocol)} in {j.plan.minutes} min · {j.plan.mg_per_kg:g} mg/kg"


def dose_part(j: Judged, sums: Reconciliation) -> dict[str, Any]:
    """`care.dose`: the plan's numbers, amounts in words, and the strip under the chart.

    While a second calculation is waited for, no result is in it: not in words and not as a number.
    """
    hidden = j.dose_hidden
    amounts = {
        "planned": sums.planned_mg,
        "given": sums.given_mg,
        "remaining": sums.remaining_mg,
        "drawn": sums.drawn_mg,
        "wasted": sums.wasted_mg,
    }
    return {
        "ordered": ordered_words(j),
        "plan": {key: None if hidden and key in _TOLD else getattr(j.plan, key) for key in _PLAN},
        "hidden": hidden,
        "asked_beyond_percent": j.protocol.dose.asked_beyond_percent,
        **{key: "" if hidden or amount is None else mg(amount, j.protocol) for key, amount in amounts.items()},
        "reconciled": "" if hidden else sums.sentence,
        "is_reconciled": sums.reconciled,
        "segments": dose_strip(j.course),
        "rate_slips": []
        if hidden
        else [{"from": one.low, "to": one.high, "words": one.words} for one in rate_slips(j.infusion)],
    }


def drug_part(j: Judged, sums: Reconciliation, zone: ZoneInfo) -> dict[str, Any] | None:
    """`care.drug`: the controlled drug as last recorded; None where the site records none."""
    drug = j.protocol.drug
    if drug is None:
        return None
    entry = next(iter([*standing_events(j.infusion, "drug")][-1:]), None)
    latest: dict[str, Any] | None = None
    if entry is not None:
        witness = next((one for one in signatures_of(entry, WITNESS_OF_WASTE) if one.staff != entry.author), None)
        latest = {
            "entry": entry.id,
            "text": said(entry, j, {}),
            "by": entry.author_name,
            "time": j.time_of(entry.observed_at, zone),
            "witness": witness.name if witness else "",
            "reconciled": "" if j.dose_hidden else sums.sentence,
        }
    return {
        "name": drug.name,
        "methods": list(drug.methods),
        "given": "" if j.dose_hidden else mg(sums.given_mg, j.protocol),
        "given_mg": sums.given_mg,
        "latest": latest,
        "witness": j.protocol.people.waste_witness,
    }
