"""Bundles of other systems, made here, and what comes of reading them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from monitoring.imports.bundle import read_bundle
from monitoring.imports.dry_run import Decision, DryRun
from monitoring.imports.fhir import dry_run_bundle
from monitoring.imports.mapping import Told
from monitoring.recording import PastInfusion
from tests.clinical.timeline import LIN, MARTA, OMAR, SHIPPED, at

PATIENTS = {patient.number: patient for patient in (MARTA, OMAR, LIN)}
CHAIRS = {"Chair 1": "chair-1", "Chair 2": "chair-2"}
LEFT = Decision("leave out", "not ours")
TOLD = Told(patient="K-0101", chair="chair-2", weight_kg=72, dose_mg_per_kg=0.5, planned_minutes=40)

NOTHING_TOLD = Told()


def run(data: bytes, told: Told = NOTHING_TOLD, decisions: dict[str, Decision] | None = None, **more: Any) -> DryRun:
    return dry_run_bundle(read_bundle(data), told, SHIPPED, PATIENTS, CHAIRS, decisions or {}, at(400), **more)


def past(found: DryRun) -> PastInfusion:
    (infusion,) = found.infusions
    assert infusion.past is not None, (found.problems, infusion.faults, found.open_faults)
    return infusion.past


def sentences(found: DryRun) -> list[str]:
    of_infusions = [sentence for infusion in found.infusions for sentence in infusion.faults]
    return [*found.problems, *of_infusions, *(fault.sentence for fault in found.open_faults)]


def changed(data: bytes, change: Callable[[list[dict[str, Any]]], object]) -> bytes:
    """The Bundle with its resources changed."""
    found = json.loads(data)
    change([one["resource"] for one in found["entry"]])
    return json.dumps(found).encode()


CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def others(*more: dict[str, Any]) -> bytes:
    """What another system sends: a patient, a procedure in an encounter, and vital signs."""
    patient = {"resourceType": "Patient", "id": "p", "identifier": [{"value": "K-0101"}], "birthDate": "1981-05-14"}
    procedure = {
        "resourceType": "Procedure",
        "id": "x",
        "status": "stopped",
        "statusReason": {"text": "Distress"},
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
        "performedPeriod": {"start": "2026-03-03T10:00:00Z", "end": "2026-03-03T10:25:00Z"},
    }
    encounter = {
        "resourceType": "Encounter",
        "id": "e",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": "Patient/p"},
        "period": {"start": "2026-03-03T09:30:00Z", "end": "2026-03-03T11:30:00Z"},
    }
    resources = [patient, encounter, procedure, vital("8867-4", 72, "/min"), *more]
    return json.dumps(
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    ).encode()


def vital(loinc: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": "vital-signs"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}], "text": f"code {loinc}"},
        "subject": {"reference": "Patient/p"},
        "encounter": {"reference": "Encounter/e"},
        "effectiveDateTime": "2026-03-03T10:10:00Z",
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        **more,
    }


def breath(**more: Any) -> dict[str, Any]:
    return vital("9279-1", 14, "/min", **more)


LATER = {"effectiveDateTime": "2026-03-03T10:20:00Z"}
