"""The clinic in which the benchmarks are taken: five chairs, an infusion at each, an hour of observations in it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitoring import recording
from monitoring.charts import PRINT_COLOURS, infusion_figure
from monitoring.clinic import RunningClinic
from monitoring.documents import judged
from tests.small_clinic import PEOPLE, QUIET, SetClock, actor, approve, entry, event, open_infusion, opened

CHAIRS: Final = 5
SETS: Final = 12  # recorded before the benchmark begins, four minutes apart
EVERY_MINUTES: Final = 4


@dataclass(frozen=True)
class FiveChairs:
    """What a benchmark needs to know of the clinic."""

    staff: Mapping[str, str]  # name to id
    infusions: tuple[str, ...]
    figure: Mapping[str, Any]  # what plotly draws of the first infusion's chart, in the colours of paper


def furnish(file: Path) -> FiveChairs:
    """Make the clinic in a new file; its infusions were started some fifty minutes ago."""
    clock = SetClock(datetime.now(UTC) - timedelta(minutes=EVERY_MINUTES * (SETS + 1)))
    numbers = random.Random(20261123)
    with opened(file, clock) as clinic:
        done = recording.set_up_clinic(
            clinic,
            name="Clinic at the Lake",
            zone="Europe/Berlin",
            chairs=[f"Chair {n}" for n in range(1, CHAIRS + 1)],
            administrator="Petra Novak",
            administrator_pin=PEOPLE["Petra Novak"][1],
            clinician="Dr Ines Weiss",
            clinician_pin=PEOPLE["Dr Ines Weiss"][1],
        )
        assert done.done, done.sentences
        approve(clinic)
        petra = actor(clinic, "Petra Novak")
        added = recording.add_staff(clinic, petra, name="Ada Okafor", role="nurse", pin=PEOPLE["Ada Okafor"][1])
        assert added.done, added.sentences
        ada = actor(clinic, "Ada Okafor")
        infusions = []
        for n, chair in enumerate(clinic.store.chairs(), 1):
            patient = recording.register_patient(
                clinic,
                petra,
                number=f"K-{n:04d}",
                name=f"Patient {n}",
                birth_date=date(1960 + n, 1, 31),
                sex="unknown",
                allergies="none known",
            )
            assert patient.value is not None, patient.sentences
            infusions.append(open_infusion(clinic, ada, patient.value.id, chair.id, planned_minutes=60))
        bodies = [entry(clock.now()), event(clock.now(), "start")]
        for infusion in infusions:
            for body in bodies:
                _saved(clinic, infusion, {**body, "id": entry(clock.now())["id"]})
        for _ in range(SETS):
            clock.wait(minutes=EVERY_MINUTES)
            for infusion in infusions:
                readings = some_values(numbers)
                _saved(clinic, infusion, entry(clock.now(), readings=readings))
                felt = {"dissociation": float(numbers.randint(0, 3))}
                _saved(clinic, infusion, entry(clock.now(), "observation", readings=felt))
        staff = {one.name: one.id for one in clinic.store.staff()}
        return FiveChairs(staff, tuple(infusions), _figure_of(clinic, infusions[0]))


def some_values(numbers: random.Random) -> Mapping[str, float]:
    """A full set within the ranges; two are hardly ever alike."""
    values = {measure: value + numbers.randint(-4, 6) for measure, value in QUIET.items()}
    return values | {"spo2": min(values["spo2"], 99)}


def _saved(clinic: RunningClinic, infusion: str, body: dict[str, Any]) -> None:
    saved = recording.save_entry(clinic, actor(clinic, "Ada Okafor"), infusion, body)
    assert saved.done, saved.sentences


def _figure_of(clinic: RunningClinic, infusion_id: str) -> Mapping[str, Any]:
    infusion, found = clinic.store.infusion(infusion_id), clinic.store.clinic()
    assert infusion is not None
    assert found is not None
    j = judged(infusion, clinic.protocol_of(infusion.protocol), clinic.clock.now())
    figure = infusion_figure(infusion, j.protocol, j.course, j.levels, j.now, ZoneInfo(found.zone))
    return {"data": _painted(figure["data"]), "layout": _painted(figure["layout"])}


def _painted(value: Any) -> Any:
    if isinstance(value, str) and value.startswith("@"):
        return PRINT_COLOURS[value[1:]]
    if isinstance(value, dict):
        return {key: _painted(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_painted(part) for part in value]
    return value
