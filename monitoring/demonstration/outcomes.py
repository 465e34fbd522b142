"""What an invented series is for, and the outcome scores along it: falling over most series, over some not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinical.record import Infusion
from monitoring.demonstration.care import prescriber
from monitoring.demonstration.people import clinic, id_of
from monitoring.demonstration.physiology import draw
from monitoring.records.shapes import NewScore


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, when it was entered and by whom; and whom one told of it, where an item asks for that."""

    new: NewScore
    at: datetime
    by: str  # staff id
    told_at: datetime | None = None
    whom: str = ""


def indication(infusion: Infusion) -> str:
    """What the series of this infusion is for: the same in all series of a patient."""
    return str(Random(f"{infusion.patient.number}/indication").choice(clinic()["series"]["indications"]))


def scores(infusion: Infusion, first_series: bool) -> Iterator[Scored]:
    """The scores entered on the day of an infusion, soon after it was opened: PHQ-9, and at some of them MADRS."""
    plan = clinic()["series"]
    rng = Random(f"{infusion.id}/scores")
    of_first, day = _share_of_first(infusion, first_series), infusion.opened_at.astimezone(ZoneInfo(clinic()["zone"]))
    at = infusion.opened_at + timedelta(seconds=rng.uniform(*clinic()["care"]["order_seconds"]))
    items = _phq9(infusion, of_first, rng)
    who = prescriber(infusion.series)
    asks = items[str(plan["phq9"]["asks"])] > 0
    yield Scored(
        NewScore(
            id=id_of("score", infusion.id, "phq9"),
            series_id=infusion.series,
            instrument=plan["phq9"]["instrument"],
            version=plan["phq9"]["version"],
            total=float(sum(items.values())),
            items=items,
            rated_on=day.date(),
            rater=plan["rated_by"],
        ),
        at,
        infusion.opened_by,
        at + timedelta(minutes=rng.uniform(*plan["told_minutes"])) if asks else None,
        who.name if asks else "",
    )
    if infusion.number in plan["madrs"]["at_numbers"]:
        first = draw(Random(f"{infusion.patient.number}/madrs"), plan["madrs"]["first"])
        yield Scored(
            NewScore(
                id=id_of("score", infusion.id, "madrs"),
                series_id=infusion.series,
                instrument=plan["madrs"]["instrument"],
                version=plan["madrs"]["version"],
                total=float(max(0, round(first * of_first + draw(rng, plan["varies"])))),
                items=None,
                rated_on=day.date(),
                rater=who.name,
            ),
            at + timedelta(seconds=rng.uniform(*clinic()["care"]["note_seconds"])),
            infusion.opened_by,
        )


def _share_of_first(infusion: Infusion, first_series: bool) -> float:
    """Which share of the very first total is left at this infusion: falls along the first series, then varies."""
    plan, rng = clinic()["series"], Random(f"{infusion.series}/answer")
    if not first_series:
        return draw(rng, plan["maintenance"])
    falls = draw(rng, plan["falls_by" if rng.random() < plan["response"] else "falls_little"])
    steps = max(infusion.planned_infusions - 1, 1)
    return 1 - falls * min(infusion.number - 1, steps) / steps


def _phq9(infusion: Infusion, of_first: float, rng: Random) -> dict[str, int]:
    """Points for each item; the one that asks for somebody to be told is above zero in some, while it is bad."""
    plan: dict[str, Any] = clinic()["series"]["phq9"]
    person = Random(f"{infusion.patient.number}/phq9")
    first, thinks = draw(person, plan["first"]), person.random() < plan["above_zero"]
    total = max(0, min(round(first * of_first + draw(rng, clinic()["series"]["varies"])), plan["items"] * plan["most"]))
    keys = [str(number) for number in range(1, plan["items"] + 1)]
    items = dict.fromkeys(keys, 0)
    asks = str(plan["asks"])
    if thinks and total and rng.random() < of_first:
        items[asks] = 1
    others = [key for key in keys if key != asks]
    while sum(items.values()) < total and any(items[key] < plan["most"] for key in others):
        key = rng.choice([key for key in others if items[key] < plan["most"]])
        items[key] += 1
    return items
