"""Infusions in a FHIR R4 Bundle, judged resource by resource before anything is stored. Pure: nothing here writes.

Observations are grouped by their Encounter; the pump's times come from events of our own export, else from Procedure
and Encounter. What our own export wrote comes back as it was, as far as FHIR carries it: corrections and withdrawals
with their Provenance, events and acknowledgements whole (see `details`; files of older versions tell events in words
alone, see `own_words`). Whatever is not kept is left out by an explicit decision, or is told in the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from monitoring.clinical.checks import questions
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import (
    EVENT_WORDS,
    Acknowledgement,
    EntryKind,
    Event,
    EventKind,
    Patient,
    Reading,
    event_words,
)
from monitoring.imports.bundle import Resource, instant_of, text_of
from monitoring.imports.details import NotOurs, Opening, acknowledgement_of, event_of, opening_of
from monitoring.imports.dry_run import (
    Decision,
    DryRun,
    Fault,
    Found,
    RowFound,
    RowState,
    alike,
    capital,
    no_overlaps,
    of_the_file,
)
from monitoring.imports.mapping import Moment, Told
from monitoring.imports.modifiers import Doubt
from monitoring.imports.own_words import Begun, restored
from monitoring.imports.parts import Part, Saying, Value
from monitoring.imports.people import Person, described, question_of, registered_as
from monitoring.imports.remarks import is_of_infusion, remarks_of, unkept_of
from monitoring.imports.resources import BundleReader
from monitoring.imports.states import IN_ERROR
from monitoring.recording import PastEntry, PastInfusion, past_problems

_BEGINS: Final[tuple[EventKind, ...]] = ("effect", "called", "help", "rapid", "medicine")
_PLANNED: Final = re.compile(r"([\d.]+) mg/kg, .* planned, ([\d.]+) mL in ([\d.]+) min")
_NUMBER: Final = re.compile(r": infusion (\d+) of \d+$")


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
        group = _Group(reader, key, told, patients, chairs)
        found.append(group.found(now))
        for row in (*group.rows, *group.asked_of_person()):
            where.setdefault(row.resource.number, len(found) - 1)
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
        tuple(_found(row, where.get(row.resource.number), keys) for row in reader.rows),
        tuple(replace(one, past=None) if strays else one for one in found),
        tuple(unkept_of(row for row in reader.rows if row.infusion not in keys or not is_of_infusion(row))),
    )


def _found(row: Part, infusion: int | None, keys: Sequence[str]) -> RowFound:
    state: RowState = "comes in"
    of_none = row.resource.kind in ("Encounter", "Procedure", "MedicationAdministration") and row.infusion not in keys
    if row.left_out:
        state = "left out"
    elif any(not fault.asked for fault in row.faults):
        state = "wrong"
    elif row.faults:
        state = "asked"
    elif not row.speaks and (not row.used or of_none):
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
        told: Told,
        patients: Mapping[str, Patient],
        chairs: Mapping[str, str],
    ) -> None:
        self._reader, self._key, self._told = reader, key, told
        self._encounter = reader.encounter(key)
        self._patients, self._chairs = patients, chairs
        self._faults: list[str] = []
        self._said: list[str] = []  # what was said at the import and is not in the file
        self._held: dict[str, str] = {}  # by name of a resource with values: of the entry it became part of
        self._person: Person | None = None
        self._asked: Part | None = None  # the Patient, where it is asked who it is

    @property
    def rows(self) -> list[Part]:
        """What is said of this infusion, or keeps it out."""
        return [
            row
            for row in self._reader.of(self._key)
            if row.speaks or row.left_out or row.faults or (row.used and is_of_infusion(row))
        ]

    def found(self, now: datetime) -> Found:
        """What becomes of this infusion at `now`."""
        number, patient = self._patient()
        entries = [*self._entries()]
        past = self._past(patient, entries, now) if entries else None
        remarks = tuple(remarks_of(self._reader, self._key, self._person, self._said))
        if not entries:
            self._faults.append("Nothing is recorded in this infusion: expected at least one value or event.")
        open_rows = tuple(row.resource.number for row in self.rows if row.faults)
        whole = past is not None and not self._faults and not open_rows
        return Found(
            number,
            patient,
            tuple(row.resource.number for row in self.rows),
            tuple(dict.fromkeys(self._faults)),
            open_rows,
            replace(past, remarks=remarks) if past is not None and whole else None,
            remarks,
        )

    def asked_of_person(self) -> tuple[Part, ...]:
        """The Patient, where it is asked whether it is the person registered here."""
        return () if self._asked is None else (self._asked,)

    def _patient(self) -> tuple[str, Patient | None]:
        """Who it is: one person in everything that belongs to the infusion, and the same as the one registered here."""
        own = [row for row in self._reader.of(self._key) if row.is_read and row.whose.key]
        shown = {row.whose.key: row.whose.shown for row in own}
        if len(shown) > 1:
            named = ", ".join(dict.fromkeys(shown.values()))
            self._faults.append(f"These resources are of more than one patient ({named}): expected one.")
            self._mark_others(own)
            return "", None
        person = next((row.whose.person for row in own), None)
        if person is None:  # the file names nobody
            return self._told_patient(next(iter(shown.values()), ""))
        self._person = person
        row = self._reader.rows[person.number]
        if row.left_out or (row.resource.kind == "Patient" and row.faults):
            return self._told_patient(person.name)
        row.used = True
        found = registered_as(person, self._patients)
        if len(found) > 1:
            here = " and ".join(f"{number} is {one.name}" for number, one in found)
            self._faults.append(f"{person.name or 'One person'} of the file is two here ({here}): expected one.")
            return "", None
        if not found:
            number = next((one.value for one in person.identifiers), "")
            return (number, None) if self._is_refused(number) else self._told_patient(person.name)
        number, patient = found[0]
        if question := question_of(person, number, patient):
            told = f"{person.described} in the file is {described(patient)} here"
            if not self._reader.ask(row, "person", Doubt(question, told), f"Is it {patient.name}, {number}?"):
                self._asked = row
                self._faults.append(f"Is it {patient.name}, {number}? To be decided where the Patient stands.")
        return number, patient

    def _is_refused(self, number: str) -> bool:
        """Say that a patient is not registered, unless the file gives no number and a person said who it is."""
        if not number and self._told.patient:
            return False
        self._unregistered(number)
        return True

    def _unregistered(self, number: str) -> None:
        found = f"number {number}" if number else "without a number"
        self._faults.append(f"Patient {found} is not registered here: expected a registered patient.")

    def _told_patient(self, name: str) -> tuple[str, Patient | None]:
        """Who a person says that it is, where the file does not; remembered, with the name in the file."""
        number = self._told.patient
        patient = self._patients.get(number)
        if patient is None:
            self._unregistered(number)
        else:
            self._said.append(f"patient {number}{f' for “{name[:60]}”' if name else ''}")
        return number, patient

    def _mark_others(self, rows: Sequence[Part]) -> None:
        """Where the Encounter says whose it is, everything of somebody else is wrong in its own place."""
        encounter = next((row for row in rows if row.resource.kind == "Encounter"), None)
        for row in rows if encounter is not None else ():
            if encounter is not None and row.whose.key != encounter.whose.key:
                sentence = f"subject is {row.whose.shown}, its encounter is of {encounter.whose.shown}: expected one."
                row.wrong(row.key, sentence, "resources of another patient")

    def _entries(self) -> Iterator[PastEntry]:
        reader = self._reader
        changes = [one for one in reader.changes if one.row.infusion == self._key]
        replaced = {reader.main(c.targets[0]): c for c in changes if c.targets and c.before}
        withdrawn = {reader.main(c.targets[0]): c for c in changes if c.targets and not c.before}
        explained = {reader.main(c.before[0]) for c in changes if c.before} | set(withdrawn)
        begun: list[Begun] = []
        sayings = sorted(reader.sayings[self._key], key=lambda one: one.told_at)
        self._held = {cell.row.resource.name: one.name for one in sayings for cell in one.cells}
        for one in sayings:
            change = replaced.get(one.name)
            own, seen = self._own(one)
            event = None if seen is not None else self._event(one, own, begun)
            place = one.first.resource.place
            rated = len(one.cells) == 1 and one.cells[0].measure.is_rating and not one.not_done
            if seen is not None or event is not None or one.cells or one.not_done:
                kind: EntryKind = "observation" if rated else "set"
                yield PastEntry(
                    place,
                    "acknowledgement" if seen is not None else "event" if event is not None else kind,
                    one.at,
                    tuple(self._reading(one, cell) for cell in one.cells),
                    tuple(one.not_done),
                    event,
                    acknowledgement=seen,
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

    def _own(self, one: Saying) -> tuple[Event | None, Acknowledgement | None]:
        """The event, or the flag that was seen, as our own export tells it whole; neither where words alone do."""
        if one.own is None or one.own.kind == "handover":  # who took over is who recorded it: that is told in words
            return None, None

        def name_of(reference: str) -> str:
            name = self._reader.references.target({"reference": reference}, one.first.resource).name
            return self._held.get(name) or self._reader.main(name)

        try:
            if one.own.kind == "acknowledgement":
                return None, acknowledgement_of(one.own, name_of)
            return event_of(one.own, name_of, self._chairs), None
        except NotOurs as no:
            one.first.wrong(one.first.key, f"extension: {no}.", "extensions of another form")
            return None, None

    def _event(self, one: Saying, own: Event | None, begun: list[Begun]) -> Event | None:
        if own is not None:
            event = own
        elif one.whole is not None:
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
        procedure = next((row.resource for row in self._reader.procedures(self._key)), None)
        drug = self._reader.drugs.get(self._key)
        period = {} if drug is None else drug.resource.content["effectivePeriod"]
        period = period if procedure is None else procedure.content.get("performedPeriod", period)
        place = procedure.place if procedure is not None else ""
        stopped = procedure is not None and procedure.content.get("status") == "stopped"
        reason = text_of(procedure.content.get("statusReason")) if procedure is not None else ""
        if procedure is not None and reason and not stopped and not kinds:
            self._reader.told[self._key, f"{procedure.content['status']}: {reason}"].append(place)
        known = next((r for r in self._reader.protocol.stop_reasons if r.casefold() == reason.casefold()), reason)
        left = instant_of(self._encounter.get("period", {}).get("end"))
        end: EventKind = "stop" if stopped else "end"
        times = sorted(one.at for one in sayings if not one.in_error)
        started, ended = instant_of(period.get("start")), instant_of(period.get("end"))
        if started is None and "start" not in kinds:
            started = self._told_moment("start", self._told.started, times, None)
        if ended is None and not {"end", "stop"} & kinds:
            ended = self._told_moment(end, self._told.ended, times, started)
        if left is None and "close" not in kinds:
            left = self._told_moment("close", self._told.left, times, started)
        moments: tuple[tuple[EventKind, datetime | None, dict[str, str], bool], ...] = (
            ("start", started, {}, "start" in kinds),
            (end, ended, {"reason": known} if known and stopped else {}, bool({"end", "stop"} & kinds)),
            ("close", left, {}, "close" in kinds),
        )
        for kind, at, detail, there in moments:
            if at is not None and not there:
                words = place or "the encounter"
                yield PastEntry(words, "event", at, event=Event(kind, dict(detail)), told_at=at)

    def _told_moment(
        self, kind: EventKind, moment: Moment, times: Sequence[datetime], started: datetime | None
    ) -> datetime | None:
        """When a person says that something was which no resource of the file tells; remembered."""
        at = None
        if moment.when in ("first", "last") and times:
            at = times[0] if moment.when == "first" else times[-1]
        elif moment.when == "after" and started is not None:
            try:
                at = started + timedelta(minutes=moment.minutes)
            except OverflowError:
                self._faults.append(f"{moment.minutes:g} minutes after the start: expected fewer.")
        if at is not None:
            words = {"first": "with the first value", "last": "with the last value"}.get(moment.when)
            self._said.append(f"{EVENT_WORDS[kind].lower()} {words or f'{moment.minutes:g} min after the start'}")
        return at

    def _past(self, patient: Patient | None, entries: Sequence[PastEntry], now: datetime) -> PastInfusion:
        told, protocol = self._told, self._reader.protocol
        planned, opening = self._planned(), self._opening()
        given = opening.numbers
        self._require_same(given, planned)
        opened = instant_of(self._encounter.get("period", {}).get("start"))
        first = min(entry.observed_at for entry in entries)
        where = self._location()
        number = next(
            (
                int(found[1])
                for row in self._reader.procedures(self._key)
                if (found := _NUMBER.search(text_of(row.resource.content.get("code")))) is not None
            ),
            None,
        )
        past = PastInfusion(
            patient_id=patient.id if patient is not None else "",
            opened_at=opened or first,
            chair=self._chairs.get(where) or self._say("chair", told.chair) or "",
            weight_kg=given.get("weight_kg")
            or self._reader.weights.get(self._key)
            or self._say("weight", told.weight_kg, "kg"),
            dose_mg_per_kg=given.get("dose_mg_per_kg") or planned[0] or self._say("dose", told.dose_mg_per_kg, "mg/kg"),
            planned_minutes=int(given.get("planned_minutes") or planned[2])
            or self._say("planned time", told.planned_minutes, "min"),
            bag_volume_ml=given.get("bag_volume_ml") or planned[1] or told.bag_volume_ml or protocol.dose.bag_volume_ml,
            every_minutes=int(given.get("every_minutes") or told.every_minutes or protocol.schedule.every_minutes),
            entries=tuple(entries),
            number=int(given["number"]) if "number" in given else number,
            file_ends_at=opening.file_ends_at,
            series=opening.series,
            planned_infusions=int(given.get("planned_infusions", 0)),
        )
        if patient is not None:
            self._judge(past, patient, now)
        return past

    def _location(self) -> str:
        """Where the file says that it was; told where it is no chair of this clinic."""
        row, reader = self._reader.by_name.get(self._key), self._reader
        for one in self._encounter.get("location", ()):
            assert row is not None  # it is the Encounter that says so
            named = one.get("location", {})
            held = reader.references.target(named, row.resource, "Location").resource
            where = str(named.get("display") or ("" if held is None else held.content.get("name", "")))
            if where in self._chairs:
                return where
            if where:
                reader.told[self._key, f"Location: {where}"].append(row.resource.place)
        return ""

    def _require_same(self, opened: Mapping[str, float], planned: tuple[float, float, float]) -> None:
        """Of our own export: what the infusion was opened with stands there twice, and must be the same."""
        beside = {"weight_kg": self._reader.weights.get(self._key), "dose_mg_per_kg": planned[0] or None}
        for name, other in beside.items():
            if name in opened and other is not None and abs(opened[name] - other) > 1e-9:
                what, unit = name.partition("_")[::2]
                shown = f"{capital(what)} {other:g} {unit.replace('_per_', '/')}"
                self._faults.append(f"{shown}, and {opened[name]:g} where the infusion was opened: expected the same.")

    def _opening(self) -> Opening:
        """What our own export tells the infusion was opened with."""
        try:
            return opening_of(self._encounter)
        except NotOurs as no:
            self._faults.append(f"Encounter, extension: {no}.")
            return Opening()

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
        died = "" if self._person is None else self._person.died
        if died and died[:10] < f"{past.opened_at:%Y-%m-%d}"[: len(died)]:
            self._faults.append(f"The file says that the patient died on {died}: expected an infusion before.")
        by_place = {row.resource.place: row for row in self.rows}
        for problem in past_problems(past, patient, self._reader.protocol, now):
            row = by_place.get(problem.place)
            if "expected to be confirmed" in problem.sentence:
                continue  # asked already, where the value stands
            if row is None:
                self._faults.append(problem.sentence)
            else:
                row.wrong(row.key, problem.sentence)
