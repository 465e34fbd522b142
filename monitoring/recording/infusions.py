"""Registering a patient, and opening an infusion at a chair."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical.asked import LastInfusion, opening_questions
from monitoring.clinical.course import course
from monitoring.clinical.directions import isolated
from monitoring.clinical.dose import plan_of
from monitoring.clinical.protocol import Dose
from monitoring.clinical.record import Event, Infusion, Patient
from monitoring.recording.outcome import Again, Refused, answered, refuse_if
from monitoring.records import Chair, NewEntry, NewInfusion, Series

SEXES: Final = ("female", "male", "other", "unknown")
IDENTIFIERS: Final = ("name", "date of birth", "patient number", "wristband", "photograph")
EARLIEST_BIRTH_YEAR: Final = 1900
_NO_TEXT: Final = ("Cc", "Cs")  # control characters, and halves of a character


def free_chairs(clinic: RunningClinic) -> tuple[Chair, ...]:
    """The chairs at which no infusion is open, in their order."""
    now = clinic.clock.now()
    occupied = {
        course(infusion, clinic.protocol_of(infusion.protocol), now).chair for infusion in clinic.store.open_infusions()
    }
    return tuple(chair for chair in clinic.store.chairs() if chair.id not in occupied)


@answered
def register_patient(
    clinic: RunningClinic,
    actor: Actor | None,
    *,
    number: str,
    name: str,
    birth_date: date | None,
    sex: str,
    allergies: str = "",
    id: str | None = None,
    confirmed: Collection[str] = (),
) -> Patient:
    """Take a person into care. The same `id` twice is one patient; a number that is taken is refused.

    `confirmed`: the sentences of `namesake_questions` that were answered with yes; what is not confirmed is asked.
    """
    actor = access.require(actor, "register_patient")
    number, name, allergies = number.strip(), name.strip(), allergies.strip()
    refuse_if(_patient_problems(number, name, birth_date, sex, allergies, clinic.clock.now().date()))
    assert birth_date is not None
    with clinic.store.bulk():  # one transaction: nobody is registered elsewhere between the question and the answer
        refuse_if(one for one in namesake_questions(clinic, name, birth_date, but=id) if one not in confirmed)
        return clinic.store.register_patient(
            number=number, name=name, birth_date=birth_date, sex=sex, allergies=allergies, by=actor.staff.id, id=id
        )


def namesake_questions(
    clinic: RunningClinic, name: str, birth_date: date | None, but: str | None = None
) -> tuple[str, ...]:
    """What to ask before somebody is kept with this name and birth date: one sentence for each who has both already.

    However the letters are made and the parts are ordered. `but`: the id of the patient in question.
    """
    if birth_date is None or not name.strip():
        return ()
    return tuple(
        f"{isolated(name.strip())}, born {birth_date:%d %b %Y}: {isolated(one.name)}, born on the same day, is "
        f"registered already under {one.number}. Is this another person?"
        for one in clinic.store.namesakes(name, birth_date)
        if one.id != but
    )


@answered
def correct_patient(
    clinic: RunningClinic,
    actor: Actor | None,
    patient_id: str,
    *,
    name: str,
    birth_date: date | None,
    sex: str,
    allergies: str,
    confirmed: Collection[str] = (),
) -> Patient:
    """Put a patient's details right; the former ones stay findable.

    A name or birth date that becomes another patient's is asked about as when a patient is registered.
    """
    actor = access.require(actor, "register_patient")
    patient = clinic.store.patient(patient_id)
    if patient is None:
        raise Refused("This patient is not known here.", why="unknown")
    name, allergies = name.strip(), allergies.strip()
    refuse_if(_patient_problems("", name, birth_date, sex, allergies, clinic.clock.now().date(), numbered=True))
    assert birth_date is not None
    with clinic.store.bulk():
        asked = correction_questions(clinic, patient, name, birth_date)
        refuse_if(one for one in asked if one not in confirmed)
        return clinic.store.correct_patient(
            patient_id, name=name, birth_date=birth_date, sex=sex, allergies=allergies, by=actor.staff.id
        )


def correction_questions(
    clinic: RunningClinic, patient: Patient, name: str, birth_date: date | None
) -> tuple[str, ...]:
    """As `namesake_questions`, for a patient's own details put right; () while name and birth date stay as they are."""
    if (name.strip(), birth_date) == (patient.name, patient.birth_date):
        return ()
    return namesake_questions(clinic, name, birth_date, but=patient.id)


def _patient_problems(
    number: str, name: str, birth_date: date | None, sex: str, allergies: str, today: date, *, numbered: bool = False
) -> Iterator[str]:
    """Why a person cannot be kept like this; `numbered`: the number is given already, and is not judged again."""
    for what, text in (("Patient number", number), ("Name", name), ("Allergies", allergies)):
        at = next((at for at, one in enumerate(text, start=1) if unicodedata.category(one) in _NO_TEXT), None)
        if at is not None:
            yield f"{what}, character {at} is no letter but a control character: expected plain text."
    if not number and not numbered:
        yield "Patient number is empty: expected the number this clinic uses for the person."
    if not name:
        yield "Name is empty: expected the person's name."
    if birth_date is None:
        yield "Date of birth is missing: expected a date."
    elif birth_date > today:
        yield f"Date of birth {birth_date:%d %b %Y} is in the future: expected a date up to today."
    elif birth_date.year < EARLIEST_BIRTH_YEAR:
        yield f"Date of birth {birth_date:%d %b %Y}: expected a date from {EARLIEST_BIRTH_YEAR} on."
    if sex not in SEXES:
        yield f"Sex is {repr(sex) if sex else 'missing'}: expected one of {', '.join(SEXES)}."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which infusion comes next for a patient. `series` is None when a new series would begin."""

    series: Series | None
    number: int
    planned_infusions: int


def latest_series(clinic: RunningClinic, patient_id: str) -> Series | None:
    """The series a patient is in: that of the last infusion, or one opened since. None before the first.

    A series of old records that were brought in later has a higher number, and is not the one the patient is in.
    """
    found = (clinic.store.infusion(infusion_id) for infusion_id in clinic.store.infusions_of(patient_id))
    last = {one.series: one.opened_at for one in found if one is not None}  # they come in the order they were opened
    every = clinic.store.series_of(patient_id)
    return max(every, key=lambda one: (last.get(one.id, one.opened_at), one.number), default=None)


def next_of_series(clinic: RunningClinic, patient_id: str) -> Suggestion:
    """What the next infusion of this patient would be: the one after the last that was not cancelled."""
    latest = latest_series(clinic, patient_id)
    if latest is None:
        return Suggestion(None, 1, clinic.protocol.dose.planned_infusions)
    given = [infusion.number for infusion in _infusions_of(clinic, patient_id, latest.id)]
    return Suggestion(latest, max(given, default=0) + 1, latest.planned_infusions)


def _infusions_of(clinic: RunningClinic, patient_id: str, series_id: str) -> Iterator[Infusion]:
    """The infusions of one series that were not cancelled."""
    now = clinic.clock.now()
    for infusion_id in clinic.store.infusions_of(patient_id):
        infusion = clinic.store.infusion(infusion_id)
        if infusion is None or infusion.series != series_id:
            continue
        if course(infusion, clinic.protocol_of(infusion.protocol), now).phase != "cancelled":
            yield infusion


def last_infusion(clinic: RunningClinic, patient_id: str) -> LastInfusion | None:
    """What the latest infusion of a patient that was not cancelled ran by; None before the first."""
    found = clinic.store.clinic()
    zone, now = ZoneInfo(found.zone if found else "UTC"), clinic.clock.now()
    for infusion_id in reversed(clinic.store.infusions_of(patient_id)):
        infusion = clinic.store.infusion(infusion_id)
        if infusion is None or course(infusion, clinic.protocol_of(infusion.protocol), now).phase == "cancelled":
            continue
        plan, on = plan_of(infusion), infusion.opened_at.astimezone(zone).date()
        return LastInfusion(on, plan.weight_kg, plan.weight_on or on, plan.mg_per_kg)
    return None


@answered
def open_infusion(
    clinic: RunningClinic,
    actor: Actor | None,
    *,
    id: str,
    patient_id: str,
    chair: str,
    weight_kg: float | None,
    dose_mg_per_kg: float | None,
    planned_minutes: int | None,
    every_minutes: int | None,
    identifiers: Collection[str],
    number: int | None = None,
    bag_volume_ml: float | None = None,
    new_series: bool = False,
    planned_infusions: int | None = None,
    confirmed: Collection[str] = (),
) -> Infusion | Again[Infusion]:
    """Open a patient's infusion at a free chair, under the protocol that holds now. The same `id` twice is one.

    `identifiers` are the two or more things by which the person was identified (of IDENTIFIERS). `number` is which of
    the series; None takes the suggested one. A series is opened when the patient has none, or when `new_series`.
    `confirmed`: the sentences of `opening_questions` that were answered with yes; what is not confirmed is asked, and
    what is confirmed stands in the record as a note.
    """
    actor = access.require(actor, "open_infusion")
    with clinic.store.bulk():  # one transaction: no other tablet opens one between what is judged and what is opened
        if (earlier := clinic.store.infusion(str(UUID(id)))) is not None:
            return Again(earlier)
        protocol = clinic.protocol
        patient = clinic.store.patient(patient_id)
        suggested = next_of_series(clinic, patient_id) if patient else None
        series = None if suggested is None or new_series else suggested.series
        suggested_number = 1 if series is None or suggested is None else suggested.number
        number = suggested_number if number is None else number
        planned = planned_infusions or (series.planned_infusions if series else protocol.dose.planned_infusions)
        volume = protocol.dose.bag_volume_ml if bag_volume_ml is None else bag_volume_ml

        def problems() -> Iterator[str]:
            if patient is None:
                yield "Patient is missing: expected one who is registered here."
            yield from plan_problems(protocol.dose, weight_kg, dose_mg_per_kg, planned_minutes, volume)
            if every_minutes not in protocol.schedule.presets:
                presets = ", ".join(str(minutes) for minutes in protocol.schedule.presets)
                found = "is missing" if every_minutes is None else f"{_found(every_minutes)} min"
                yield f"Interval {found}: expected one of {presets} min."
            if number < 1:
                yield f"Infusion number {number}: expected 1 or more."
            elif series is not None and number in {one.number for one in _infusions_of(clinic, patient_id, series.id)}:
                yield f"Infusion {number} of this series is there already: expected {suggested_number} or later."
            if planned < 1:
                yield f"Planned infusions {planned}: expected 1 or more."
            yield from _identifier_problems(identifiers)
            chairs = clinic.store.chairs()
            if chair not in {one.id for one in chairs}:
                yield f"Chair is missing: expected one of {', '.join(one.label for one in chairs)}."
            if patient is not None and (open_now := _open_infusion_of(clinic, patient.id)) is not None:
                which = f"an open infusion, number {open_now.number}"
                yield f"{patient.name} already has {which}: expected it closed first."

        refuse_if(problems())
        assert weight_kg is not None
        assert dose_mg_per_kg is not None
        assert planned_minutes is not None
        assert every_minutes is not None
        last = last_infusion(clinic, patient_id)
        asked = [sentence for _, sentence in opening_questions(protocol.dose, weight_kg, dose_mg_per_kg, last)]
        refuse_if(sentence for sentence in asked if sentence not in confirmed)
        if series is None:
            # Named after the infusion that opens it, so that pressing again opens no second series.
            series = clinic.store.open_series(patient_id, planned, by=actor.staff.id, id=id)
        new = NewInfusion(
            id=str(UUID(id)),
            patient_id=patient_id,
            series_id=series.id,
            number=number,
            weight_kg=weight_kg,
            dose_mg_per_kg=dose_mg_per_kg,
            planned_minutes=planned_minutes,
            bag_volume_ml=volume,
            every_minutes=every_minutes,
            protocol=protocol.hash,
            identifiers=", ".join(word for word in IDENTIFIERS if word in identifiers),
            chair=chair,
        )
        opened = clinic.store.open_infusion(new, by=actor.staff.id)
        for sentence in asked:
            _note_confirmed(clinic, actor, opened, sentence)
        return opened


def _note_confirmed(clinic: RunningClinic, actor: Actor, opened: Infusion, question: str) -> None:
    """Keep in the record that a person answered this question with yes when the infusion was opened."""
    note = f"Confirmed when this infusion was opened. {question} Yes."
    clinic.store.add_entry(
        opened.id,
        NewEntry(
            id=str(uuid5(UUID(opened.id), question)),
            kind="event",
            observed_at=opened.opened_at,
            tapped_at=opened.opened_at,
            author=actor.staff.id,
            event=Event("note", {"text": note}),
            sign_in=actor.sign_in.id,
        ),
    )


def plan_problems(
    dose: Dose,
    weight_kg: float | None,
    dose_mg_per_kg: float | None,
    planned_minutes: int | None,
    bag_volume_ml: float,
) -> Iterator[str]:
    for label, value, (low, high), unit in (
        ("Weight", weight_kg, dose.weight_kg_possible, "kg"),
        ("Dose", dose_mg_per_kg, dose.mg_per_kg_possible, "mg/kg"),
        ("Planned time", planned_minutes, dose.planned_minutes_possible, "min"),
    ):
        if value is None:
            yield f"{label} is missing: expected {low:g} to {high:g} {unit}."
        elif not low <= value <= high:
            yield f"{label} {_found(value)} {unit}: expected {low:g} to {high:g}."
    if not 0 < bag_volume_ml < float("inf"):
        yield f"Volume of the bag {_found(bag_volume_ml)} mL: expected more than 0."


def _identifier_problems(identifiers: Collection[str]) -> Iterator[str]:
    for word in identifiers:
        if word not in IDENTIFIERS:
            yield f"Identifier {word!r}: expected of {', '.join(IDENTIFIERS)}."
    confirmed = {word for word in identifiers if word in IDENTIFIERS}
    if len(confirmed) < 2:
        yield f"{len(confirmed)} identifiers confirmed: expected two different ones, such as name and date of birth."


def _open_infusion_of(clinic: RunningClinic, patient_id: str) -> Infusion | None:
    return next((one for one in clinic.store.open_infusions() if one.patient.id == patient_id), None)


def _found(value: float) -> str:
    return f"{value:.10g}"
