"""The part of an infusion's document that goes from planning to sign-off: lists, dose, clocks, scores, signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinic import RunningClinic
from monitoring.clinical.protocol import CheckItem, Protocol
from monitoring.clinical.record import Entry, EventKind
from monitoring.documents.judged import Judged
from monitoring.documents.words import clock_time, iso


def care(j: Judged, clinic: RunningClinic, zone: ZoneInfo) -> dict[str, Any]:
    """Everything of `doc["care"]`: texts to be shown as they are, times also as ISO."""
    return {
        "responsible": _responsible(j),
        "clocks": [],
        "effects": _effects(j),
        "dose": _dose(j),
        "before": _before(j, zone),
        "leaving": _leaving(j),
        "drug": _drug(j),
        "signing": _signing(j),
        "news2": None,
        "staff": [{"id": one.id, "name": one.name, "role": one.role} for one in clinic.store.staff()],
        "handover": {"lines": []},
        "words": _words(j.protocol),
    }


def _standing(j: Judged, kind: EventKind) -> list[Entry]:
    return [entry for entry in j.infusion.standing() if entry.event is not None and entry.event.kind == kind]


def _responsible(j: Judged) -> dict[str, Any]:
    for kind in ("handover", "start"):
        found = _standing(j, kind)
        if found:
            return {"name": found[-1].author_name, "since": iso(found[-1].observed_at)}
    return {"name": j.infusion.opened_by_name, "since": None}


def _effects(j: Judged) -> list[dict[str, Any]]:
    return [
        {
            "entry": entry.id,
            "name": entry.event.detail.get("name", ""),
            "severity": entry.event.detail.get("severity", ""),
            "minute": None,
            "over": None,
        }
        for entry in _standing(j, "effect")
        if entry.event
    ]


def _dose(j: Judged) -> dict[str, Any]:
    infusion = j.infusion
    return {
        "ordered": f"{infusion.dose_mg_per_kg:g} mg/kg in {infusion.planned_minutes} min",
        "plan": {},
        "hidden": False,
        "planned": f"{infusion.dose_mg:.1f} mg",
        "given": f"{j.course.given_mg:.1f} mg",
        "remaining": f"{j.course.remaining_mg:.1f} mg",
        "drawn": "",
        "wasted": "",
        "reconciled": "",
        "segments": [],
    }


def _item(item: CheckItem, answers: Mapping[str, Entry], zone: ZoneInfo) -> dict[str, Any]:
    entry = answers.get(item.key)
    detail: Mapping[str, Any] = entry.event.detail if entry is not None and entry.event is not None else {}
    return {
        "key": item.key,
        "label": item.label,
        "expects": item.expects,
        "may_not_apply": item.may_not_apply,
        "note": item.note,
        "note_needed": list(item.note_needed),
        "answer": detail.get("answer"),
        "note_text": detail.get("note", ""),
        "by": entry.author_name if entry else "",
        "time": clock_time(entry.observed_at, zone) if entry else "",
        "entry": entry.id if entry else None,
        "state": "answered" if entry else "missing",
    }


def grouped(rows: Iterable[tuple[str, dict[str, Any]]], what: str) -> list[dict[str, Any]]:
    """Rows under their headings, each heading where it came first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for title, row in rows:
        groups.setdefault(title, []).append(row)
    return [{"title": title, what: held} for title, held in groups.items()]


def _before(j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    protocol = j.protocol
    answers = {str(e.event.detail.get("item")): e for e in _standing(j, "check") if e.event}
    rows = [(item.group, _item(item, answers, zone)) for item in protocol.before]
    preparation = protocol.preparation
    return {
        "groups": grouped(rows, "items"),
        "missing": [row["label"] for _, row in rows if row["state"] == "missing"],
        "vitals": [],
        "order": None,
        "weight": {"weight_kg": j.infusion.weight_kg, "weight_on": None, "text": f"{j.infusion.weight_kg:.1f} kg"},
        "dose": None,
        "dose_check": None,
        "second_calculation": preparation is not None and preparation.second_calculation,
        "time_out": None,
        "time_out_wanted": protocol.people.time_out,
        "bases": list(preparation.weight_bases) if preparation else [],
        "basis": preparation.weight_basis if preparation else "",
        "stocks": list(preparation.stock_mg_per_ml) if preparation else [],
        "bags": list(preparation.bag_volumes_ml) if preparation else [],
        "start_reason_wanted": False,
    }


def _leaving(j: Judged) -> dict[str, Any]:
    protocol = j.protocol
    rows = [
        (one.group, {"key": one.key, "label": one.label, "state": "missing", "words": ""}) for one in protocol.leaving
    ]
    return {
        "groups": grouped(rows, "criteria"),
        "missing": [row["label"] for _, row in rows],
        "scales": [
            {
                "key": scale.key,
                "label": scale.label,
                "variant": scale.variant,
                "threshold": scale.threshold,
                "note": scale.note,
                "items": [
                    {
                        "key": item.key,
                        "label": item.label,
                        "hint": "",
                        "options": [{"value": o.value, "text": o.text or o.word} for o in item.options],
                    }
                    for item in scale.items
                ],
                "latest": None,
            }
            for scale in protocol.scales.values()
        ],
        "baseline": {"words": ""},
        "second_person": protocol.people.leaving_second,
    }


def _drug(j: Judged) -> dict[str, Any] | None:
    drug = j.protocol.drug
    if drug is None:
        return None
    return {
        "name": drug.name,
        "methods": list(drug.methods),
        "given": f"{j.course.given_mg:.1f} mg",
        "latest": None,
        "witness": j.protocol.people.waste_witness,
    }


def _signing(j: Judged) -> dict[str, Any]:
    steps = j.protocol.people.signatures
    return {
        "signed": [],
        "next": {"meaning": steps[0].meaning, "roles": list(steps[0].roles)} if steps else None,
        "locked": False,
        "locked_words": "",
        "open_points": [],
    }


def _words(protocol: Protocol) -> dict[str, Any]:
    return {
        "called": list(protocol.called),
        "informed": list(protocol.informed),
        "effect_actions": list(protocol.effect_actions),
        "medicine_reasons": list(protocol.medicine_reasons),
        "missing_reasons": list(protocol.missing_reasons),
        "rapid_minutes": protocol.schedule.rapid_minutes,
    }
