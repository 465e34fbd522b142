"""A small clinic for tests of the records: two nurses, a clinician, an administrator, three patients. All invented."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from monitoring.clinical.record import Acknowledgement, Event, Infusion, NotDone, Patient, Reading
from monitoring.clock import Clock
from monitoring.records import NewEntry, NewExport, NewInfusion, NewScore, Saved, Staff, Store
from tests.small_clinic import begin


class HeldClock(Clock):
    """A clock that shows what it is told."""

    def __init__(self) -> None:
        self.shown = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.shown

    def forward(self, **by: float) -> None:
        self.shown += timedelta(**by)


@dataclass
class Ward:
    """An open store with its cast, and short ways to write into it."""

    store: Store
    clock: HeldClock
    file: Path
    nurse: Staff
    other_nurse: Staff
    clinician: Staff
    administrator: Staff
    patients: list[Patient]
    protocol: str
    count: Iterator[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}"

    def opened(self, id: str, patient: int = 0, chair: str = "chair-1", **more: Any) -> Infusion:
        found = self.patients[patient]
        every = self.store.series_of(found.id)
        series = every[0] if every else self.store.open_series(found.id, 6, self.nurse.id)
        new = NewInfusion(
            id=id,
            patient_id=found.id,
            series_id=series.id,
            number=1,
            weight_kg=70.5,
            dose_mg_per_kg=0.5,
            planned_minutes=40,
            bag_volume_ml=50,
            every_minutes=10,
            protocol=self.protocol,
            identifiers="name and birth date",
            chair=chair,
        )
        return self.store.open_infusion(new, self.nurse.id, **more)

    def draft(self, id: str = "", **parts: Any) -> NewEntry:
        """An entry of the first nurse, observed now; a set of two readings unless `parts` say otherwise."""
        id = id or f"entry-{next(self.count)}"
        now = self.clock.now()
        given: dict[str, Any] = {"kind": "set", "observed_at": now, "tapped_at": now, "author": self.nurse.id}
        if not parts.keys() & {"readings", "event", "acknowledgement", "withdraws", "not_done"}:
            parts["readings"] = (Reading(f"{id}/systolic", "systolic", 128), Reading(f"{id}/spo2", "spo2", 97))
        if "event" in parts:
            given["kind"] = "event"
        return NewEntry(id=id, **(given | parts))

    def add(self, infusion: str, id: str = "", **parts: Any) -> Saved:
        return self.store.add_entry(infusion, self.draft(id, **parts))

    def happen(self, infusion: str, *kinds: str, **detail: Any) -> list[Saved]:
        """These events, a minute apart."""
        saved = []
        for kind in kinds:
            self.clock.forward(minutes=1)
            saved.append(self.add(infusion, event=Event(kind, detail)))  # type: ignore[arg-type]
        return saved

    def reopen(self) -> Store:
        """The same file, opened anew: nothing is left in memory."""
        self.store.close()
        self.store = Store.open(self.url, self.clock)
        return self.store


def protocol(text: str = "text of a protocol") -> Any:
    """What the store needs of a protocol."""
    return SimpleNamespace(hash=f"hash of {text}", name="invented", version="1", text=text)


def make_ward(file: Path, *, demonstration: bool = False) -> Ward:
    clock = HeldClock()
    store = Store.open(f"sqlite:///{begin(file)}", clock)
    store.set_up("Invented Clinic", "Europe/Berlin", ["Chair 1", "Chair 2", "Chair 3"], demonstration)
    administrator = store.add_staff("Ada Amsel", "administrator", "hash of a pin", "")
    nurse, other = (store.add_staff(name, "nurse", None, administrator.id) for name in ("Nora Nuss", "Nils Nagel"))
    clinician = store.add_staff("Clara Clemens", "clinician", None, administrator.id)
    stored = store.store_protocol(protocol(), administrator.id)
    patients = [
        store.register_patient(number, name, date(1980, 2, 29), "female", "none known", nurse.id)
        for number, name in (("P-001", "Petra Probe"), ("P-002", "Paul Muster"), ("P-003", "Änne Öztürk"))
    ]
    return Ward(store, clock, file, nurse, other, clinician, administrator, patients, stored.hash)


def fill(ward: Ward, *, first_tables_only: bool = False) -> None:
    """At least one row in every table (or in those of the first schema), and one entry with every mark."""
    store, nurse = ward.store, ward.nurse.id
    store.approve_protocol(ward.protocol, ward.clinician.id)
    device = store.add_device("tablet", "Tablet 1", ward.administrator.id)
    store.add_pin_attempt(nurse, device, ok=True)
    sign_in = store.begin_sign_in(device, nurse, ward.clock.now() + timedelta(hours=8))
    leaver = store.add_staff("Lea Fort", "nurse", "hash", ward.administrator.id)
    store.remove_staff(leaver.id, ward.administrator.id)
    for id, patient, chair in (("first", 0, "chair-1"), ("second", 1, "chair-2")):
        ward.opened(id, patient, chair)
        ward.add(id, f"{id}-1")
        ward.happen(id, "start", baseline={"systolic": f"{id}-1/systolic"})
        ward.add(id, f"{id}-3", not_done=(NotDone("spo2", "asleep"), NotDone("systolic", "cuff declined")))
        ward.add(id, f"{id}-4", kind="acknowledgement", acknowledgement=seen(id))
        ward.add(id, f"{id}-5", corrects=f"{id}-1", reason="typed wrong", sign_in=sign_in.id)
        ward.add(id, f"{id}-6", kind="withdrawal", withdraws=f"{id}-3", reason="wrong patient")
    if not first_tables_only:
        fill_later_tables(ward, device)
    store.add_view(nurse, "first", "bedside")
    store.end_sign_in(sign_in.id, "signed out")


def fill_later_tables(ward: Ward, device: str) -> None:
    store, nurse = ward.store, ward.nurse.id
    [leaver] = store.former_staff()
    store.return_staff(leaver.id, "hash", ward.administrator.id)
    [series] = store.series_of(ward.patients[0].id)
    store.describe_series(series.id, 8, "treatment-resistant depression", "Clara Clemens", nurse)
    store.add_score(score(series.id), nurse)
    store.tell_of_score("phq-9", "Clara Clemens", ward.clock.now(), nurse)
    store.add_export(nurse, exported("first", "second"), id="export-1")
    store.add_attestation(device, ward.other_nurse.id, "first", "first-7", "time-out")
    ward.add("first", "first-7", amendment="late entry", source="paper", linked="second-1")


def score(series: str, id: str = "phq-9", **more: Any) -> NewScore:
    """A PHQ-9 of 11 points, its ninth item above zero."""
    given: dict[str, Any] = {
        "instrument": "phq9",
        "version": "PHQ-9",
        "total": 11,
        "items": {f"item_{n}": 1 for n in range(1, 9)} | {"item_9": 3},
        "rated_on": date(2026, 3, 2),
        "rater": "Nora Nuss",
    }
    return NewScore(id=id, series_id=series, **(given | more))


def exported(*infusions: str, **more: Any) -> NewExport:
    """A file with these infusions, found by a search."""
    given: dict[str, Any] = {
        "kind": "csv",
        "scope": "search",
        "subject": "",
        "chosen": {"phase": "closed"},
        "deidentified": False,
        "bytes": 1234,
        "sha256": "0" * 64,
    }
    return NewExport(infusions=infusions, **(given | more))


def seen(entry: str) -> Acknowledgement:
    """An acknowledgement of the systolic reading of this infusion's first entry."""
    return Acknowledgement(
        flag=f"systolic/high/{entry}-1",
        measure="systolic",
        side="high",
        level="critical",
        rule="at or above 180 mmHg",
        seen=(f"{entry}-1/systolic",),
        done="clinician told",
    )
