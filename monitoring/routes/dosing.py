"""The door that works out a dose step by step, before anybody records it."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring import recording
from monitoring.clinic import running
from monitoring.routes.answers import Unreadable, refused
from monitoring.routes.doors import actor_of

_NUMBER: Final = re.compile(r"\d{1,7}(\.\d{1,6})?", re.ASCII)


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
    text = query.get(name, "").strip()
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        found = f"“{text[:40]}”" if text else "missing"
        raise Unreadable(400, f"{label} {found}: expected a number in {unit}.")
    return number
