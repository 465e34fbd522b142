"""Infusions in a FHIR R4 Bundle, judged resource by resource before anything is stored. Pure: nothing here writes.

Observations are grouped by their Encounter; the pump's times come from events of our own export, else from Procedure
and Encounter. What our own export wrote comes back as it was, as far as FHIR carries it: corrections and withdrawals
with their Provenance, events in words (see `own_words`). Whatever is not kept is left out by an explicit decision, or
is told in the record.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from monitoring.clinical.checks import questions
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import Event, EventKind, Patient, Reading, event_words
from monitoring.imports.bundle import Json, Resource, instant_of, reference_of, text_of
from monitoring.imports.dry_run import (
    Decision,
    DryRun,
    Fault,
    Found,
    RowFound,
    RowState,
    alike,
    no_overlaps,
    notes,
    of_the_file,
)
from monitoring.imports.mapping import Told
from monitoring.imports.own_words import Begun, restored
from monitoring.imports.resources import IN_ERROR, BundleReader, Part, Saying, Value
from monitoring.recording import PastEntry, PastInfusion, past_problems

_BEGINS: Final[tuple[EventKind, ...]] = ("effect", "called", "help", "rapid", "medicine")
_PLANNED: Final = re.compile(r"([\d.]+) mg/kg, .* planned, ([\d.]+) mL in ([\d.]+) min")
_NUMBER: Final = re.compile(r": infusion (\d+) of \d+$")
# What is read of every resource, and of each kind; whatever else one holds is told in the record as not kept.
_ALWAYS: Final = ("resourceType", "id", "meta", "text", "status", "code", "subject", "encounter", "note")
_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "Observation": (
        *("category", "effectiveDateTime", "effectiveInstant", "issued", "performer", "component"),
        *("valueQuantity", "valueInteger", "valueString", "valueCodeableConcept", "dataAbsentReason"),
    ),
    "MedicationAdministration": (
        *("partOf", "medicationCodeableConcept", "context", "effectiveDateTime", "effectivePeriod"),
        *("dosage", "reasonCode", "performer"),
    ),
    "Procedure": ("identifier", "statusReason", "performedPeriod"),
    "Encounter": ("identifier", "class", "period", "location", "participant", "serviceProvider", "serviceType"),
}


def dry_run_bundle(
    resources: Sequence[Resource],
    told: Told,
    protocol: Protocol,
    patients: Mapping[str, Patient],
    chairs: Mapping[str, str],
    decisions: Mapping[str, Decision],
    now: datetime,
    *,
    rounding: bool = False,
) -> DryRun:
    """What would come of a Bundle at `now`; lines of the dry run are its entries, from 0. Pure; nothing is stored.

    `told` holds where the Bundle says nothing. `patients`: those registered, by number; `chairs`: ids by label.
    `rounding`: values with more decimals than are recorded here are rounded, not refused.
    """
    if not told.chair and not chairs:
        return DryRun(("Chair is missing: expected where these infusions were.",))
    reader = BundleReader(resources, protocol, decisions, rounding)
    found: list[Found] = []
    where: dict[int, int] = {}
    keys = list(dict.fromkeys(row.infusion for row in reader.rows if row.speaks))
    for key in keys:
        rows = [row for row in reader.rows if row.infusion == key and (row.speaks or row.left_out or row.faults)]
        where |= {row.resource.number: len(found) for row in rows}
        found.append(_Group(reader, key, rows, told, patients, chairs).found(now))
    no_overlaps(found)
    strays = [
        f"Entry {row.resource.number}: {row.faults[0].sentence}"
        for row in reader.rows
        if row.faults and not row.left_out and row.resource.number not in where
    ]
    if not keys and not strays:
        strays = ["This Bundle tells of no infusion: expected Observations of one."]
    # What belongs to no infusion is decided upon before anything comes in: it might belong to any.
    return DryRun(
        tuple(strays),
        tuple(_found(row, where.get(row.resource.number)) for row in reader.rows),
        tuple(replace(one, past=None) if strays else one for one in found),
    )


def patients_named(resources: Sequence[Resource]) -> dict[str, Json]:
    """The Patients of a Bundle by each number they have."""
    return {
        str(identifier.get("value", "")).strip(): resource.content
        for resource in resources
        if resource.kind == "Patient" and not resource.faults
        for identifier in resource.content.get("identifier", ())
        if identifier.get("value")
    }


def _found(row: Part, infusion: int | None) -> RowFound:
    state: RowState = "comes in"
    if row.left_out:
        state = "left out"
    elif any(not fault.asked for fault in row.faults):
        state = "wrong"
    elif row.faults:
        state = "asked"
    elif not row.speaks and not row.used:
        state = "says nothing"
    what = row.resource.kind or "entry"
    says = " · ".join(word for word in (what, *row.says) if word)
    return RowFound(row.resource.number, infusion, row.at, says, state, tuple(row.faults))


class _Group:
    """The resources of one infusion, made into entries and judged as a whole."""

    def __init__(
        self,
        reader: BundleReader,
        key: str,
        rows: Sequence[Part],
        told: Told,
        patients: Mapping[str, Patient],
        chairs: Mapping[str, str],
    ) -> None:
        self._reader, self._key, self._rows, self._told = reader, key, rows, told
        told_of = reader.by_name[key].resource if key in reader.by_name else None
        self._encounter = {} if told_of is None or told_of.faults else told_of.content
        self._patients, self._chairs = patients, chairs
        self._faults: list[str] = []
        self._said: list[str] = []  # what was said at the import and is not in the file

    def found(self, now: datetime) -> Found:
        """What becomes of this infusion at `now`."""
        number, patient = self._patient()
        entries = [*self._entries()]
        past = self._past(patient, entries, now) if entries else None
        if not entries:
            self._faults.append("Nothing is recorded in this infusion: expected at least one value or event.")
        open_rows = tuple(row.resource.number for row in self._rows if row.faults)
        whole = past is not None and not self._faults and not open_rows
        return Found(
            number,
            patient,
            tuple(row.resource.number for row in self._rows),
            tuple(dict.fromkeys(self._faults)),
            open_rows,
            past if whole else None,
        )

    def _patient(self) -> tuple[str, Patient | None]:
        """Who it is: by number, and then the birth date must be the same."""
        references = {
            reference_of(row.resource.content.get("subject")) for row in self._rows if "subject" in row.resource.content
        } | ({reference_of(self._encounter["subject"])} if "subject" in self._encounter else set())
        named = {self._reader.one_name(one) or one for one in references if one}
        if len(named) > 1:
            self._faults.append("These resources are of more than one patient: expected one.")
            return "", None
        row = self._reader.by_name.get(next(iter(named), ""))
        content = row.resource.content if row is not None and not row.resource.faults else {}
        numbers = [str(one.get("value", "")).strip() for one in content.get("identifier", ())]
        number = next((one for one in numbers if one in self._patients), "") or next(iter(numbers), "")
        number = number or self._told.patient
        patient = self._patients.get(number)
        if patient is None:
            found = f"number {number}" if number else "without a number"
            self._faults.append(f"Patient {found} is not registered here: expected a registered patient.")
        elif not patient.birth_date.isoformat().startswith(str(content.get("birthDate", ""))):  # a year may be all
            self._faults.append(
                f"Patient {number} was born on {patient.birth_date:%d %b %Y}, the file says {content['birthDate']}: "
                "expected the same person."
            )
        return number, patient

    def _entries(self) -> Iterator[PastEntry]:
        reader = self._reader
        changes = [one for one in reader.changes if one.row.infusion == self._key]
        replaced = {reader.main(c.targets[0]): c for c in changes if c.targets and c.before}
        withdrawn = {reader.main(c.targets[0]): c for c in changes if c.targets and not c.before}
        explained = {reader.main(c.before[0]) for c in changes if c.before} | set(withdrawn)
        begun: list[Begun] = []
        sayings = sorted(reader.sayings[self._key], key=lambda one: one.told_at)
        for one in sayings:
            change = replaced.get(one.name)
            event = self._event(one, begun)
            place = one.first.resource.place
            rated = len(one.cells) == 1 and one.cells[0].measure.is_rating and not one.not_done
            if event is not None or one.cells or one.not_done:
                yield PastEntry(
                    place,
                    "event" if event is not None else "observation" if rated else "set",
                    one.at,
                    tuple(self._reading(one, cell) for cell in one.cells),
                    tuple(one.not_done),
                    event,
                    name=one.name,
                    corrects=reader.main(change.before[0]) if change else "",
                    reason=change.reason if change else "",
                    told_at=one.told_at,
                )
            else:
                continue
            if one.in_error and one.name not in explained:
                yield PastEntry(
                    place, "withdrawal", one.told_at, withdraws=one.name, reason=IN_ERROR, told_at=one.told_at
                )
        for name, change in withdrawn.items():
            if not any(one.name == name for one in sayings):
                continue  # what it withdraws does not come in either
            yield PastEntry(
                change.row.resource.place,
                "withdrawal",
                change.at,
                withdraws=name,
                reason=change.reason,
                told_at=change.at,
            )
        yield from self._moments(sayings)

    def _event(self, one: Saying, begun: list[Begun]) -> Event | None:
        if one.whole is not None:
            event = one.whole
        elif one.event is not None:
            event = restored(*one.event, self._reader.protocol, begun)
        else:
            return None
        if event.kind in _BEGINS:
            begun.append(Begun(one.name, event, one.event[1] if one.event else event_words(event)))
        return event

    def _reading(self, one: Saying, cell: Value) -> Reading:
        decision = self._reader.decisions.get(cell.key)
        confirmed = decision is not None and decision.how == "unusual"
        values = {other.measure.key: other.value for other in one.cells}
        for question in questions(values, self._reader.protocol):
            if question.measure == cell.measure.key:
                if one.in_error:  # known to be wrong: nobody is asked whether it was seen
                    confirmed = True
                elif not confirmed:
                    group = alike(cell.measure, cell.value, question.sentence)
                    cell.row.faults.append(Fault(cell.key, of_the_file(question.sentence), asked=True, group=group))
        return Reading("", cell.measure.key, cell.value, confirmed_unusual=confirmed)

    def _moments(self, sayings: Sequence[Saying]) -> Iterator[PastEntry]:
        """Start, end and leaving, where no event of our own export tells them."""
        kinds = {one.event[0] for one in sayings if one.event is not None and not one.in_error}
        if "cancel" in kinds:
            return
        procedure = next((row.resource for row in self._procedures()), None)
        drug = self._reader.drugs.get(self._key)
        period = {} if drug is None else drug.resource.content["effectivePeriod"]
        period = period if procedure is None else procedure.content.get("performedPeriod", period)
        place = procedure.place if procedure is not None else ""
        stopped = procedure is not None and procedure.content.get("status") == "stopped"
        reason = text_of(procedure.content.get("statusReason")) if procedure is not None and stopped else ""
        known = next((r for r in self._reader.protocol.stop_reasons if r.casefold() == reason.casefold()), "")
        left = instant_of(self._encounter.get("period", {}).get("end"))
        end: EventKind = "stop" if stopped else "end"
        moments: tuple[tuple[EventKind, datetime | None, dict[str, str], bool], ...] = (
            ("start", instant_of(period.get("start")), {}, "start" in kinds),
            (end, instant_of(period.get("end")), {"reason": known} if known else {}, bool({"end", "stop"} & kinds)),
            ("close", left, {}, "close" in kinds),
        )
        for kind, at, detail, there in moments:
            if at is not None and not there:
                words = place or "the encounter"
                yield PastEntry(words, "event", at, event=Event(kind, dict(detail)), told_at=at)

    def _procedures(self) -> Iterator[Part]:
        for row in self._reader.rows:
            if row.resource.kind == "Procedure" and row.infusion == self._key and not row.faults and not row.left_out:
                yield row

    def _past(self, patient: Patient | None, entries: Sequence[PastEntry], now: datetime) -> PastInfusion:
        told, protocol = self._told, self._reader.protocol
        planned = self._planned()
        opened = instant_of(self._encounter.get("period", {}).get("start"))
        first = min(entry.observed_at for entry in entries)
        where = next((one.get("location", {}).get("display", "") for one in self._encounter.get("location", ())), "")
        number = next(
            (
                int(found[1])
                for row in self._procedures()
                if (found := _NUMBER.search(text_of(row.resource.content.get("code")))) is not None
            ),
            None,
        )
        past = PastInfusion(
            patient_id=patient.id if patient is not None else "",
            opened_at=first if opened is None else min(opened, first),
            chair=self._chairs.get(where) or self._say("chair", told.chair) or "",
            weight_kg=self._reader.weights.get(self._key) or self._say("weight", told.weight_kg, "kg"),
            dose_mg_per_kg=planned[0] or self._say("dose", told.dose_mg_per_kg, "mg/kg"),
            planned_minutes=int(planned[2]) or self._say("planned time", told.planned_minutes, "min"),
            bag_volume_ml=planned[1] or told.bag_volume_ml or protocol.dose.bag_volume_ml,
            every_minutes=told.every_minutes or protocol.schedule.every_minutes,
            entries=tuple(entries),
            number=number,
        )
        if patient is not None:
            self._judge(past, patient, now)
        return replace(past, remarks=tuple(self._remarks()))

    def _say(self, what: str, value: Any, unit: str = "") -> Any:
        """What a person said of it; remembered, because the file does not say it."""
        if value not in (None, "") and unit:
            self._said.append(f"{what} {value:g} {unit}")
        return value

    def _planned(self) -> tuple[float, float, float]:
        """Dose [mg/kg], volume [mL] and minutes as our own export words them; zeros where it is no export of ours."""
        drug = self._reader.drugs.get(self._key)
        words = "" if drug is None else str(drug.resource.content.get("dosage", {}).get("text", ""))
        found = _PLANNED.fullmatch(words)
        return (0.0, 0.0, 0.0) if found is None else (float(found[1]), float(found[2]), float(found[3]))

    def _judge(self, past: PastInfusion, patient: Patient, now: datetime) -> None:
        by_place = {row.resource.place: row for row in self._rows}
        for problem in past_problems(past, patient, self._reader.protocol, now):
            row = by_place.get(problem.place)
            if "expected to be confirmed" in problem.sentence:
                continue  # asked already, where the value stands
            if row is None:
                self._faults.append(problem.sentence)
            else:
                row.wrong(row.key, problem.sentence)

    def _remarks(self) -> Iterator[str]:
        """What a reader of the record should know of how the Bundle was read."""
        reader = self._reader
        if self._said:
            yield f"Said at the import, not in the file: {'; '.join(self._said)}."
        for how in ("Converted", "Rounded"):
            if what := reader.turned.get((self._key, how)):
                yield f"{how} at the import: {', '.join(what)}."
        if (drug := reader.drugs.get(self._key)) is not None:
            yield f"The file says of the drug: {', '.join(word for word in drug.says if word)}."
        people = Counter(
            str(one.get("display") or self._person(reference_of(one)))
            for row in self._rows
            if row.speaks
            for one in row.resource.content.get("performer", ())
        )
        if people:
            yield f"Recorded there by: {', '.join(f'{name} ({count})' for name, count in people.items() if name)}."
        unkept = {
            f"{row.resource.kind}.{name}"
            for row in reader.rows
            if row.infusion == self._key and row.resource.kind in _READ and not row.left_out
            for name in row.resource.content
            if name not in (*_ALWAYS, *_READ[row.resource.kind])
        }
        if unkept:
            yield f"Not kept from the file: {', '.join(sorted(unkept))}."
        for (key, text), places in reader.told.items():
            if key == self._key:
                yield from notes(f"Note in the file, “{text}”", places)
        for (key, reason), said in reader.left_out.items():
            if key in (self._key, ""):
                yield from notes(f"Left out at the import, {reason}", said)

    def _person(self, reference: str) -> str:
        row = self._reader.by_name.get(reference)
        names = row.resource.content.get("name", ()) if row is not None and not row.resource.faults else ()
        return next((str(one.get("text", "")) for one in names), "")
