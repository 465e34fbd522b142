"""The door that works out a dose step by step, before anybody records it."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring import access
from monitoring.clinic import RunningClinic, running
from monitoring.clinical.dose import calculation, inputs_of
from monitoring.recording import Outcome
from monitoring.recording.outcome import Refused, answered
from monitoring.routes.answers import refused
from monitoring.routes.doors import actor_of

_NUMBER: Final = re.compile(r"\d{1,7}(\.\d{1,6})?", re.ASCII)


async def dose(request: Request) -> JSONResponse:
    """GET ?weight_basis=&height_cm=&stock_mg_per_ml=&bag_volume_ml=: {steps, detail, problems}; nothing is stored.

    `detail` is the dose event to post, empty while there are problems; weight, dose and time are as ordered.
    """
    query = dict(request.query_params)
    outcome: Outcome[dict[str, Any]] = await run_in_threadpool(
        _worked_out, running(), actor_of(request.scope), request.path_params["infusion"], query
    )
    return refused(outcome) if outcome.value is None else JSONResponse(outcome.value)


@answered
def _worked_out(
    clinic: RunningClinic, actor: access.Actor | None, infusion_id: str, query: dict[str, str]
) -> dict[str, Any]:
    access.require(actor, "record")
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise Refused("This infusion is not known here.", why="unknown")
    protocol = clinic.protocol_of(infusion.protocol)
    if protocol.preparation is None:
        raise Refused("This infusion runs under a protocol that does not say how a dose is worked out.")
    height = _number(query, "height_cm", "Height", "cm") if query.get("height_cm") else None
    inputs = inputs_of(
        infusion,
        weight_basis=query.get("weight_basis", "")[:40],
        stock_mg_per_ml=_number(query, "stock_mg_per_ml", "Stock", "mg/mL"),
        bag_volume_ml=_number(query, "bag_volume_ml", "Bag", "mL"),
        height_cm=height,
    )
    made = calculation(inputs, protocol.preparation, protocol.dose, infusion.patient.sex)
    return {
        "steps": [asdict(step) for step in made.steps],
        "detail": made.detail,
        "problems": list(made.problems),
    }


def _number(query: dict[str, str], name: str, label: str, unit: str) -> float:
    text = query.get(name, "").strip()
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        found = f"“{text[:40]}”" if text else "missing"
        raise Refused(f"{label} {found}: expected a number in {unit}.", why="malformed")
    return number
