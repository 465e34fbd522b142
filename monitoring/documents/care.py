"""The part of an infusion's document that goes from planning to sign-off: `doc["care"]`."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinic import RunningClinic
from monitoring.clinical import leaving, signing
from monitoring.clinical.clocks import effects
from monitoring.clinical.course import minutes_since
from monitoring.clinical.dose import reconciliation
from monitoring.clinical.protocol import Protocol
from monitoring.documents.before import before_part
from monitoring.documents.dosing import dose_part, drug_part
from monitoring.documents.handover import handover_lines
from monitoring.documents.judged import Judged
from monitoring.documents.known import staff_of
from monitoring.documents.leaving import leaving_part
from monitoring.documents.scored import news2_part
from monitoring.documents.signed import signing_part
from monitoring.documents.words import iso


def care_part(j: Judged, clinic: RunningClinic, chair: str, page: leaving.Leaving, zone: ZoneInfo) -> dict[str, Any]:
    """Everything of `doc["care"]`: texts to be shown as they are, times also as ISO; `page`: the one before leaving."""
    responsible = signing.responsible(j.infusion)
    sums = reconciliation(j.infusion, j.protocol, j.course)
    return {
        "responsible": {"name": responsible.name, "since": iso(responsible.since)},
        "clocks": clock_rows(j),
        "effects": effect_rows(j),
        "dose": dose_part(j, sums),
        "before": before_part(j, zone),
        "leaving": leaving_part(j, page, zone),
        "drug": drug_part(j, sums, zone),
        "signing": signing_part(j, zone),
        "news2": news2_part(j),
        "staff": [{"id": one.id, "name": one.name, "role": one.role} for one in staff_of(clinic)],
        "handover": {"lines": handover_lines(j, chair, responsible, zone)},
        "words": _words(j.protocol),
    }


def clock_rows(j: Judged) -> list[dict[str, Any]]:
    """The clocks that run, those with a due time first; counted by the browser."""
    return [
        {
            "key": clock.key,
            "kind": clock.kind,
            "label": clock.label,
            "since": clock.since.isoformat(),
            "due_at": iso(clock.due_at),
            "entry": clock.entry,
        }
        for clock in j.clocks.running
    ]


def effect_rows(j: Judged) -> list[dict[str, Any]]:
    """Each adverse effect with onset, severity, what was done, and its end."""
    started = j.course.started_at
    return [
        {
            "entry": one.entry.id,
            "name": one.name,
            "severity": one.severity,
            "action": one.action,
            "minute": None if started is None else minutes_since(started, one.since),
            "over": one.over_words(started) or None,
        }
        for one in effects(j.infusion)
    ]


def _words(protocol: Protocol) -> dict[str, Any]:
    return {
        "called": list(protocol.called),
        "informed": list(protocol.informed),
        "effect_actions": list(protocol.effect_actions),
        "medicine_reasons": list(protocol.medicine_reasons),
        "missing_reasons": list(protocol.missing_reasons),
        "rapid_minutes": protocol.schedule.rapid_minutes,
    }
