"""The door that works out a dose step by step, before anybody records it."""

from __future__ import annotations

from dataclasses import asdict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring import recording
from monitoring.clinic import running
from monitoring.clinical.written_numbers import written_number
from monitoring.routes.answers import Unreadable, refused
from monitoring.routes.doors import actor_of


async def dose(request: Request) -> JSONResponse:
    """GET ?weight_basis=&height_cm=&stock_mg_per_ml=&bag_volume_ml=: {steps, detail, problems}; nothing is stored.

    `detail` is the dose event to post, empty while there are problems; weight, dose and time are as ordered.
    """
    query = dict(request.query_params)
    try:
        height = _number(query, "height_cm", "Height", "cm") if query.get("height_cm") else None
        stock = _number(query, "stock_mg_per_ml", "Stock", "mg/mL")
        bag = _number(query, "bag_volume_ml", "Bag", "mL")
    except Unreadable as unreadable:
        return unreadable.answer
    outcome = await run_in_threadpool(
        recording.work_out_dose,
        running(),
        actor_of(request.scope),
        request.path_params["infusion"],
        weight_basis=query.get("weight_basis", "")[:40],
        stock_mg_per_ml=stock,
        bag_volume_ml=bag,
        height_cm=height,
    )
    made = outcome.value
    if made is None:
        return refused(outcome)
    steps = [asdict(step) for step in made.steps]
    return JSONResponse({"steps": steps, "detail": made.detail, "problems": list(made.problems)})


def _number(query: dict[str, str], name: str, label: str, unit: str) -> float:
    read = written_number(query.get(name, ""), unit, mark=".")  # a page writes it, with a point
    if read.value is None:
        raise Unreadable(400, read.problem(label) or f"{label} missing: expected a number in {unit}.")
    return read.value
