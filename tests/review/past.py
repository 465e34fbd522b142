"""A clinic with a past, for tests of searching and counting: written straight into the store. All invented."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from monitoring.clinic import RunningClinic
from monitoring.clinical.course import outlined
from monitoring.clinical.record import Acknowledgement, Event, EventKind, Infusion, Reading, Source
from monitoring.records import NewEntry, NewInfusion, tables
from monitoring.review.summary import Summary, summary
from tests.small_clinic import QUIET, SetClock, person

Content = dict[str, list[dict[str, Any]]]


@dataclass
class Past:
    """Short ways to write infusions into the small clinic, at the minutes of a clock that is set."""

    clinic: RunningClinic
    clock: SetClock
    by: str = "Ada Okafor"
    source: Source = ""  # "import": as if brought in from a file
    count: Iterator[int] = field(default_factory=itertools.count)

    def opened(self, patient: str, chair: str = "chair-2", id: str = "", **more: Any) -> str:
        """An infusion of this patient (by id) opened now; answers its id."""
        store, nurse = self.clinic.store, person(self.clinic, self.by)
        every = store.series_of(patient)
        series = every[-1] if every else store.open_series(patient, 6, nurse.id)
        plan: dict[str, Any] = {"weight_kg": 72.0, "dose_mg_per_kg": 0.5, "planned_minutes": 40, "number": 1}
        new = NewInfusion(
            id=id or f"infusion-{next(self.count)}",
            patient_id=patient,
            series_id=series.id,
            bag_volume_ml=100.0,
            every_minutes=10,
            protocol=self.clinic.protocol.hash,
            identifiers="name and birth date",
            chair=chair,
            **(plan | more),
        )
        return store.open_infusion(new, nurse.id).id

    def entry(
        self, infusion: str, kind: Any = "set", *, by: str = "", seen: datetime | None = None, **more: Any
    ) -> str:
        """An entry saved now, seen now unless told otherwise; a quiet set unless told otherwise. Answers its id."""
        id, now = f"entry-{next(self.count)}", self.clock.now()
        values = more.pop("values", QUIET if kind == "set" else {})
        readings = tuple(Reading(f"{id}/{key}", key, float(value)) for key, value in values.items())
        author = person(self.clinic, by or self.by).id
        new = NewEntry(id, kind, seen or now, now, author, readings, source=self.source, **more)
        return self.clinic.store.add_entry(infusion, new).entry.id

    def event(self, infusion: str, kind: EventKind, *, by: str = "", **detail: Any) -> str:
        """An event, now. A start pins what was read last of each measure."""
        if kind == "start":
            found = self.clinic.store.infusion(infusion)
            assert found is not None
            detail.setdefault("baseline", {r.measure: r.id for e in found.standing() for r in e.readings})
        return self.entry(infusion, "event", by=by, event=Event(kind, detail))

    def acknowledged(self, infusion: str, measure: str = "systolic") -> str:
        """Acknowledge the flags of a measure as they are now."""
        found = self.clinic.store.infusion(infusion)
        assert found is not None
        readings = tuple(r.id for e in found.standing() for r in e.readings if r.measure == measure)
        said = Acknowledgement("flag", measure, "high", "critical", "", readings, "seen")
        return self.entry(infusion, "acknowledgement", acknowledgement=said)

    def whole(self, patient: str, chair: str = "chair-2", *, stop: str = "", peak: float = 126, **more: Any) -> str:
        """An infusion from its opening until the patient has left, two hours later; `stop`: early, for this reason."""
        infusion = self.opened(patient, chair, **more)
        self.clock.wait(minutes=5)
        self.entry(infusion)
        self.event(infusion, "start")
        for minute in (10, 20, 30):
            self.clock.wait(minutes=10)
            self.entry(infusion, values=QUIET | ({"systolic": peak} if minute == 20 else {}))
            if stop and minute == 20:
                self.event(infusion, "stop", reason=stop)
                break
        if not stop:
            self.clock.wait(minutes=10)
            self.entry(infusion)
            self.event(infusion, "end")
        for _ in range(4):
            self.clock.wait(minutes=15)
            self.entry(infusion)
        self.event(infusion, "close")
        self.clock.wait(minutes=15)
        return infusion

    def opened_and_cancelled(self, patient: str) -> str:
        """An infusion that never began."""
        infusion = self.opened(patient)
        self.event(infusion, "cancel", reason="no escort")
        return infusion

    def write(self, kind: str, patients: list[str], infusions: list[Infusion], which: int) -> None:
        """One write of any kind, to one of these infusions; what cannot be done is left."""
        infusion = infusions[which % len(infusions)]
        standing = [entry for entry in infusion.standing() if entry.kind == "set"]
        store = self.clinic.store
        if kind in ("set", "high"):
            self.entry(infusion.id, values=QUIET | ({"systolic": 190.0} if kind == "high" else {}))
        elif kind in ("correct", "withdraw") and standing:
            last = standing[-1]
            if kind == "withdraw":
                self.entry(infusion.id, "withdrawal", withdraws=last.id, reason="wrong patient")
            else:
                self.entry(infusion.id, seen=last.observed_at, corrects=last.id, reason="typed wrongly")
        elif kind == "rename":
            one = infusion.patient
            name = f"{one.name.split(' the ')[0]} the {next(self.count)}th"
            store.correct_patient(one.id, name, one.birth_date, one.sex, one.allergies, infusion.opened_by)
        elif kind == "open":
            taken = {outlined(one).chair for one in store.open_infusions()}
            free = [chair.id for chair in store.chairs() if chair.id not in taken]
            if free:
                self.opened(patients[which], free[0])
        elif kind == "effect":
            self.event(infusion.id, "effect", name=("nausea", "Nausea", "headache")[which])
        elif kind in ("start", "end", "stop", "close", "cancel"):
            self.event(infusion.id, kind, reason="distress")  # type: ignore[arg-type]

    def day(self, days: float = 1) -> None:
        """Let days pass."""
        self.clock.at += timedelta(days=days)

    # What is kept of it

    def infusions(self) -> list[Infusion]:
        """Every infusion of the clinic, read from its rows."""
        with self.clinic.store._database.read() as connection:
            ids = connection.execute(select(tables.infusion.c.id)).scalars().all()
        return list(self.clinic.store.summaries.infusions(ids))

    def fresh(self) -> dict[str, Summary]:
        """What each infusion comes to now, worked out from its rows."""
        now = self.clock.now()
        return {one.id: summary(one, self.clinic.protocol_of(one.protocol), now) for one in self.infusions()}

    def content(self) -> Content:
        """Everything in the cache, in order."""
        with self.clinic.store._database.read() as connection:
            found = {table.name: connection.execute(select(table)).mappings().all() for table in tables.CACHE}
        return {name: sorted((dict(row) for row in rows), key=repr) for name, rows in found.items()}


def counts(content: Content) -> Counter[tuple[str, str, int, float]]:
    """The counts in the cache, over all months and protocols."""
    found: Counter[tuple[str, str, int, float]] = Counter()
    for row in content["summary_count"]:
        found[row["kind"], row["measure"], row["minute"], row["value"]] += row["times"]
    return found
