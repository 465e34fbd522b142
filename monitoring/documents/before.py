"""The list before the start as a screen shows it: questions and answers, order, dose, second calculation, time-out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinical.before import Answered, Checklist, checklist
from monitoring.clinical.dose import Inputs, calculation, differences, disagreements
from monitoring.clinical.events import detail_of, signatures_of
from monitoring.clinical.protocol import CheckItem, Preparation
from monitoring.clinical.record import Entry
from monitoring.documents.judged import Judged
from monitoring.documents.said import results_words, said
from monitoring.documents.words import iso


def before_part(j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    """`care.before`: what was asked and answered, what is missing, and the dose with its steps unless it is hidden."""
    found = checklist(j.infusion, j.protocol)
    preparation = j.protocol.preparation
    return {
        "groups": grouped([(one.item.group, answer_row(one, j, zone)) for one in found.items], "items"),
        "missing": list(found.missing),
        "vitals": list(found.vitals),
        "order": _order(j, zone),
        "weight": _weight(j),
        "dose": _dose(j, preparation, zone),
        "dose_check": _dose_check(j, preparation),
        "disagreements": _disagreements(j),
        "second_calculation": preparation is not None and preparation.second_calculation,
        "time_out": _time_out(found, j, zone),
        "time_out_wanted": j.protocol.people.time_out,
        "bases": list(preparation.weight_bases) if preparation else [],
        "basis": preparation.weight_basis if preparation else "",
        "stocks": list(preparation.stock_mg_per_ml) if preparation else [],
        "bags": list(preparation.bag_volumes_ml) if preparation else [],
        "start_reason_wanted": found.reason_wanted,
        "started_with_missing": list(found.started_with_missing),
        "start_reason": found.reason,
        "decided_by": found.decided_by,
    }


def grouped(rows: Iterable[tuple[str, dict[str, Any]]], what: str) -> list[dict[str, Any]]:
    """Rows under their headings, each heading where it came first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for title, row in rows:
        groups.setdefault(title, []).append(row)
    return [{"title": title, what: held} for title, held in groups.items()]


def question(item: CheckItem) -> dict[str, Any]:
    """A question as its keys are drawn."""
    return {
        "expects": item.expects,
        "may_not_apply": item.may_not_apply,
        "note": item.note,
        "note_needed": list(item.note_needed),
    }


def answer_row(one: Answered, j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    """A question with its latest standing answer."""
    return {
        "key": one.item.key,
        "label": one.item.label,
        **question(one.item),
        "answer": one.answer,
        "note_text": one.note,
        "by": one.entry.author_name if one.entry else "",
        "time": j.time_of(one.entry.observed_at, zone) if one.entry else "",
        "at": iso(one.entry.observed_at) if one.entry else None,
        "entry": one.entry.id if one.entry else None,
        "state": one.state,
    }


def _order(j: Judged, zone: ZoneInfo) -> dict[str, Any] | None:
    entry = j.plan.order
    if entry is None:
        return None
    detail = {key: value for key, value in detail_of(entry).items() if key != "signatures"}
    return {**detail, **_line(entry, j, zone)}


def _weight(j: Judged) -> dict[str, Any]:
    on = j.plan.weight_on
    return {
        "weight_kg": j.plan.weight_kg,
        "weight_on": on.isoformat() if on else None,
        "text": f"{j.plan.weight_kg:.1f} kg" + (f" on {on:%d %b %Y}" if on else ", day not recorded"),
    }


def _line(entry: Entry, j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "entry": entry.id,
        "text": said(entry, j, {}),
        "by": entry.author_name,
        "author": entry.author,
        "time": j.time_of(entry.observed_at, zone),
    }


def _dose(j: Judged, preparation: Preparation | None, zone: ZoneInfo) -> dict[str, Any] | None:
    entry = j.plan.dose
    if entry is None:
        return None
    steps: list[dict[str, str]] = []
    if preparation is not None and not j.dose_hidden:
        detail = detail_of(entry)
        inputs = Inputs(
            weight_kg=j.plan.weight_kg,
            dose_mg_per_kg=j.plan.mg_per_kg,
            planned_minutes=j.plan.minutes,
            weight_basis=str(detail.get("weight_basis", "")),
            stock_mg_per_ml=detail["stock_mg_per_ml"],
            bag_volume_ml=detail["bag_volume_ml"],
            height_cm=detail.get("height_cm"),
        )
        made = calculation(inputs, preparation, j.protocol.dose, j.infusion.patient.sex)
        steps = [
            {"label": step.label, "formula": step.formula, "result": step.result, "unrounded": step.unrounded}
            for step in made.steps
        ]
    return {**_line(entry, j, zone), "steps": steps}


def _dose_check(j: Judged, preparation: Preparation | None) -> dict[str, Any] | None:
    dose, check = j.plan.dose, j.plan.check
    if dose is None or check is None:
        return None
    apart = differences(detail_of(dose), detail_of(check), preparation) if preparation else ()
    second = [one for one in signatures_of(check) if one.staff != dose.author]
    if not second:
        apart = (*apart, "Not signed by another person than the one who calculated first.")
    return {
        "entry": check.id,
        "text": results_words(detail_of(check)),
        "by": second[0].name if second else check.author_name,
        "agrees": not apart,
        "differences": list(apart),
    }


def _disagreements(j: Judged) -> list[str]:
    """What does not fit together in order and dose; while the dose is hidden, only what tells nothing of it."""
    infusion = j.infusion
    if j.dose_hidden:
        others = tuple(e for e in infusion.entries if e.event is None or e.event.kind != "dose")
        infusion = replace(infusion, entries=others)
    return list(disagreements(infusion, j.protocol))


def _time_out(found: Checklist, j: Judged, zone: ZoneInfo) -> dict[str, Any] | None:
    entry = found.time_out
    if entry is None:
        return None
    names = " and ".join(one.name for one in signatures_of(entry))
    return {"entry": entry.id, "text": f"Time-out: {names}, {j.time_of(entry.observed_at, zone)}"}
