"""What a person does here: one function per button.

Each takes the running clinic and who acts (`None`: nobody is signed in), and answers with an `Outcome`: what came of
it, or why not, in sentences that say what was found and what is expected. Nothing is raised for what a person can put
right, and nothing typed is lost: the screens keep it until the outcome is good.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Final, Generic, Literal, ParamSpec, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from monitoring import access
from monitoring.access import Actor, NobodySignedIn, NotPermitted
from monitoring.clinic import RunningClinic, shipped_protocol
from monitoring.clinical import checks
from monitoring.clinical.course import course
from monitoring.clinical.protocol import Dose
from monitoring.clinical.record import Entry, Event, Infusion, Patient
from monitoring.clock import DemonstrationClock
from monitoring.posted import Malformed, Posted, read_posted
from monitoring.records import (
    ROLES,
    Chair,
    Clinic,
    EntryClash,
    NewEntry,
    NewInfusion,
    Series,
    SignIn,
    Staff,
    StoredProtocol,
    StoreRefused,
    StoreUnwritable,
)

T = TypeVar("T")
P = ParamSpec("P")

Why = Literal["refused", "malformed", "nobody", "forbidden", "unknown", "clash", "unwritable"]

SEXES: Final = ("female", "male", "other", "unknown")
IDENTIFIERS: Final = ("name", "date of birth", "patient number", "wristband", "photograph")
EARLIEST_BIRTH_YEAR: Final = 1900
WALL_LASTS: Final = timedelta(days=3650)  # until an administrator takes the screen down
_OVER: Final = ("closed", "cancelled")
_EVENT_ACTIONS: Final = {"cancel": "cancel", "move": "move", "close": "close"}


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of pressing a button: `value` when it was done, else `why` not and `sentences` to show."""

    value: T | None = None
    why: Why | None = None
    sentences: tuple[str, ...] = ()
    again: bool = False  # it had been done before, by an earlier try of the same

    @property
    def done(self) -> bool:
        """Whether it is done, durably."""
        return self.why is None


class _Refused(Exception):
    """What was asked cannot be done as it is; carries one sentence for each thing that is wrong."""

    def __init__(self, *sentences: str, why: Why = "refused") -> None:
        super().__init__(*sentences)
        self.sentences = sentences
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class _Again(Generic[T]):
    """Marks an answer that an earlier try had got already."""

    value: T


def _answered(use_case: Callable[P, T | _Again[T]]) -> Callable[P, Outcome[T]]:
    """The use case with every refusal turned into an Outcome."""

    @functools.wraps(use_case)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Outcome[T]:
        try:
            value = use_case(*args, **kwargs)
        except _Refused as refused:
            return Outcome(why=refused.why, sentences=refused.sentences)
        except Malformed as malformed:
            return Outcome(why="malformed", sentences=(str(malformed),))
        except NobodySignedIn as nobody:
            return Outcome(why="nobody", sentences=(nobody.sentence,))
        except NotPermitted as forbidden:
            return Outcome(why="forbidden", sentences=(forbidden.sentence,))
        except EntryClash as clash:
            return Outcome(why="clash", sentences=(clash.sentence,))
        except StoreUnwritable as unwritable:
            return Outcome(why="unwritable", sentences=(unwritable.sentence,))
        except StoreRefused as refused:
            return Outcome(why="refused", sentences=(refused.sentence,))
        if isinstance(value, _Again):
            return Outcome(value.value, again=True)
        return Outcome(value)

    return answer


def _refuse_if(problems: Iterable[str]) -> None:
    if sentences := tuple(problems):
        raise _Refused(*sentences)


# Entries


@_answered
def save_entry(clinic: RunningClinic, actor: Actor | None, infusion_id: str, body: object) -> Entry | _Again[Entry]:
    """Store one entry as a pad posted it (decoded JSON); the answer is good only when it is durable.

    The author is who was signed in when Save was tapped, as the entry's `sign_in` says, whoever is signed in now. The
    same id twice is one entry. Out of an outbox (`queued`) an entry is never refused for the phase it meets.
    """
    actor = access.require(actor, "view")
    posted = read_posted(body)
    author, sign_in = _author(clinic, actor, posted)
    access.require(Actor(author, sign_in), _action(posted))
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise _Refused("This infusion is not known here.", why="unknown")
    now = clinic.clock.now()
    protocol = clinic.protocol_of(infusion.protocol)
    new = NewEntry(
        id=posted.id,
        kind=posted.kind,
        observed_at=posted.observed_at,
        tapped_at=posted.tapped_at,
        author=author.id,
        readings=posted.readings,
        not_done=posted.not_done,
        event=_with_baseline(posted, infusion),
        acknowledgement=posted.acknowledgement,
        corrects=posted.corrects,
        withdraws=posted.withdraws,
        reason=posted.reason,
        clock=posted.clock,
        queued=posted.queued,
        sign_in=sign_in.id,
        other_sign_in=author.id != actor.staff.id,
        after_signing=course(infusion, protocol, now).phase in _OVER,
    )
    if all(entry.id != posted.id for entry in infusion.entries):  # sent again, it was judged before
        judged = Entry(
            seq=len(infusion.entries) + 1,
            recorded_at=now,
            author_name=author.name,
            **{field.name: getattr(new, field.name) for field in fields(new)},
        )
        _refuse_if(checks.problems(judged, infusion, protocol, now, live=not posted.queued))
        _refuse_if(_chair_problems(clinic, posted))
    saved = clinic.store.add_entry(infusion_id, new)
    return _Again(saved.entry) if saved.again else saved.entry


def _author(clinic: RunningClinic, actor: Actor, posted: Posted) -> tuple[Staff, SignIn]:
    """Who was signed in when Save was tapped, and under which sign-in of this device."""
    if posted.sign_in in ("", actor.sign_in.id):
        return actor.staff, actor.sign_in
    named = clinic.store.sign_in(posted.sign_in)
    if named is None or named.staff is None or named.device != actor.sign_in.device:
        raise _Refused("This entry names a sign-in of another device: expected one of this device.", why="forbidden")
    return named.staff, named


def _action(posted: Posted) -> str:
    """What the posted entry does, as the table of permissions names it."""
    if posted.corrects or posted.withdraws:
        return "correct" if posted.corrects else "withdraw"
    if posted.acknowledgement is not None:
        return "acknowledge"
    return _EVENT_ACTIONS.get(posted.event.kind, "record") if posted.event else "record"


def _with_baseline(posted: Posted, infusion: Infusion) -> Event | None:
    """The event as it is stored: a start pins, per measure, the latest reading that stood before it."""
    event = posted.event
    if event is None or event.kind != "start":
        return event
    baseline = {
        reading.measure: reading.id
        for entry in infusion.standing()
        if entry.observed_at <= posted.observed_at
        for reading in entry.readings
    }
    return Event("start", {**event.detail, "baseline": baseline})


def _chair_problems(clinic: RunningClinic, posted: Posted) -> Iterator[str]:
    """Whether a move names a chair of this clinic. That it is free the store sees to, as it saves."""
    if posted.event is not None and posted.event.kind == "move":
        chairs = clinic.store.chairs()
        if posted.event.detail.get("chair") not in {chair.id for chair in chairs}:
            yield f"This chair is not known here: expected one of {', '.join(chair.label for chair in chairs)}."


def free_chairs(clinic: RunningClinic) -> tuple[Chair, ...]:
    """The chairs at which no infusion is open, in their order."""
    now = clinic.clock.now()
    occupied = {
        course(infusion, clinic.protocol_of(infusion.protocol), now).chair for infusion in clinic.store.open_infusions()
    }
    return tuple(chair for chair in clinic.store.chairs() if chair.id not in occupied)


# Patients and infusions


@_answered
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
) -> Patient:
    """Take a person into care. The same `id` twice is one patient; a number that is taken is refused."""
    actor = access.require(actor, "register_patient")
    number, name, allergies = number.strip(), name.strip(), allergies.strip()
    _refuse_if(_patient_problems(number, name, birth_date, sex, clinic.clock.now().date()))
    assert birth_date is not None
    return clinic.store.register_patient(
        number=number, name=name, birth_date=birth_date, sex=sex, allergies=allergies, by=actor.staff.id, id=id
    )


@_answered
def correct_patient(
    clinic: RunningClinic,
    actor: Actor | None,
    patient_id: str,
    *,
    name: str,
    birth_date: date | None,
    sex: str,
    allergies: str,
) -> Patient:
    """Put a patient's details right; the former ones stay findable."""
    actor = access.require(actor, "register_patient")
    patient = clinic.store.patient(patient_id)
    if patient is None:
        raise _Refused("This patient is not known here.", why="unknown")
    name, allergies = name.strip(), allergies.strip()
    _refuse_if(_patient_problems(patient.number, name, birth_date, sex, clinic.clock.now().date()))
    assert birth_date is not None
    return clinic.store.correct_patient(
        patient_id, name=name, birth_date=birth_date, sex=sex, allergies=allergies, by=actor.staff.id
    )


def _patient_problems(number: str, name: str, birth_date: date | None, sex: str, today: date) -> Iterator[str]:
    if not number:
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
        yield f"Sex is {sex!r}: expected one of {', '.join(SEXES)}."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which infusion comes next for a patient. `series` is None when a new series would begin."""

    series: Series | None
    number: int
    planned_infusions: int


def next_of_series(clinic: RunningClinic, patient_id: str) -> Suggestion:
    """What the next infusion of this patient would be: the one after the last that was not cancelled."""
    series = clinic.store.series_of(patient_id)
    if not series:
        return Suggestion(None, 1, clinic.protocol.dose.planned_infusions)
    latest = max(series, key=lambda one: one.number)
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


@_answered
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
) -> Infusion | _Again[Infusion]:
    """Open a patient's infusion at a free chair, under the protocol that holds now. The same `id` twice is one.

    `identifiers` are the two or more things by which the person was identified (of IDENTIFIERS). `number` is which of
    the series; None takes the suggested one. A series is opened when the patient has none, or when `new_series`.
    """
    actor = access.require(actor, "open_infusion")
    if (earlier := clinic.store.infusion(str(UUID(id)))) is not None:
        return _Again(earlier)
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
        yield from _plan_problems(protocol.dose, weight_kg, dose_mg_per_kg, planned_minutes, volume)
        if every_minutes not in protocol.schedule.presets:
            presets = ", ".join(str(minutes) for minutes in protocol.schedule.presets)
            yield f"Interval {_found(every_minutes)} min: expected one of {presets}."
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
            yield f"{patient.name} already has an open infusion, number {open_now.number}: expected it closed first."

    _refuse_if(problems())
    assert weight_kg is not None
    assert dose_mg_per_kg is not None
    assert planned_minutes is not None
    assert every_minutes is not None
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
    return clinic.store.open_infusion(new, by=actor.staff.id)


def _plan_problems(
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
        if value is None or not low <= value <= high:
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


def _found(value: float | None) -> str:
    return "missing" if value is None else f"{value:.10g}"


# The clinic, its people and its ranges


@_answered
def set_up_clinic(
    clinic: RunningClinic,
    *,
    name: str,
    zone: str,
    chairs: Sequence[str],
    administrator: str,
    administrator_pin: str,
    clinician: str,
    clinician_pin: str,
    ranges_accepted: bool,
) -> Clinic:
    """Make this empty database a clinic's, with its first two people. Refused when it is one already.

    `ranges_accepted`: both named people have accepted the shipped ranges. Otherwise every screen says that this site
    has not approved them.
    """
    name, zone, administrator, clinician = name.strip(), zone.strip(), administrator.strip(), clinician.strip()
    labels = [label.strip() for label in chairs if label.strip()]

    def problems() -> Iterator[str]:
        if (found := clinic.store.clinic()) is not None:
            yield f"This database is set up already, for {found.name}."
        if not name:
            yield "Name of the clinic is empty: expected the name its people use."
        if not _is_zone(zone):
            yield f"Time zone {zone!r}: expected a name such as Europe/Berlin."
        if not labels:
            yield "No chair is named: expected at least one."
        for label in sorted({label for label in labels if labels.count(label) > 1}):
            yield f"Chair {label!r} stands {labels.count(label)} times: expected each name once."
        if not administrator:
            yield "Name of the administrator is empty."
        if not clinician:
            yield "Name of the clinician is empty."
        if administrator and administrator.casefold() == clinician.casefold():
            yield f"Administrator and clinician are both {administrator}: expected two different people."
        for person, pin in (("Administrator", administrator_pin), ("Clinician", clinician_pin)):
            if sentence := access.pin_problem(pin):
                yield f"{person}: {sentence}"

    _refuse_if(problems())
    people = (
        (administrator, "administrator", access.hash_pin(administrator_pin)),
        (clinician, "clinician", access.hash_pin(clinician_pin)),
    )
    protocol = shipped_protocol()
    with clinic.store.bulk():  # all of it or nothing: a clinic without people could never be entered
        made = clinic.store.set_up(name, zone, labels, demonstration=False)
        members = [clinic.store.add_staff(person, role, pin_hash, by="") for person, role, pin_hash in people]
        clinic.store.store_protocol(protocol, by=members[0].id)
        if ranges_accepted:
            for member in members:
                clinic.store.approve_protocol(protocol.hash, member.id)
    return made


def _is_zone(zone: str) -> bool:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):  # a path, a folder, no such zone
        return False
    return bool(zone)


@_answered
def add_staff(clinic: RunningClinic, actor: Actor | None, *, name: str, role: str, pin: str) -> Staff:
    """Let a person work here. Names are unique, because people sign in by tapping theirs."""
    actor = access.require(actor, "manage_staff")
    name = name.strip()

    def problems() -> Iterator[str]:
        if not name:
            yield "Name is empty: expected the person's name."
        if any(person.name.casefold() == name.casefold() for person in clinic.store.staff()):
            yield f"{name} works here already: expected a name that tells two people apart."
        if role not in ROLES:
            yield f"Role {role!r}: expected one of {', '.join(ROLES)}."
        if sentence := access.pin_problem(pin):
            yield sentence

    _refuse_if(problems())
    return clinic.store.add_staff(name, role, access.hash_pin(pin), by=actor.staff.id)


@_answered
def set_pin(clinic: RunningClinic, actor: Actor | None, staff_id: str, pin: str) -> Staff:
    """Give a person a new PIN: their own, or as administrator anybody's."""
    actor = access.require(actor, "view" if actor is not None and actor.staff.id == staff_id else "manage_staff")
    person = _person(clinic, staff_id)
    if sentence := access.pin_problem(pin):
        raise _Refused(sentence)
    clinic.store.set_pin(staff_id, access.hash_pin(pin), by=actor.staff.id)
    return person


@_answered
def remove_staff(clinic: RunningClinic, actor: Actor | None, staff_id: str) -> Staff:
    """Note that a person has left. The last administrator cannot leave: nobody could let others in."""
    actor = access.require(actor, "manage_staff")
    person = _person(clinic, staff_id)
    others = [one for one in clinic.store.staff() if one.id != staff_id]
    if not any(access.may(one.role, "manage_staff") for one in others):
        raise _Refused(f"{person.name} is the last who may manage staff: expected another one first.")
    clinic.store.remove_staff(staff_id, by=actor.staff.id)
    return person


def _person(clinic: RunningClinic, staff_id: str) -> Staff:
    person = next((one for one in clinic.store.staff() if one.id == staff_id), None)
    if person is None:
        raise _Refused("This person does not work here.", why="unknown")
    return person


@_answered
def approve_ranges(clinic: RunningClinic, actor: Actor | None) -> StoredProtocol:
    """Accept, by name, the ranges that hold for infusions opened from now on."""
    actor = access.require(actor, "approve_ranges")
    stored = clinic.store.current_protocol()
    if stored is None:
        raise _Refused("No ranges are stored yet: expected a clinic that is set up.")
    if all(approval.staff_id != actor.staff.id for approval in stored.approvals):
        clinic.store.approve_protocol(stored.hash, actor.staff.id)
    return clinic.store.stored_protocol(stored.hash) or stored


@_answered
def enrol_wall(clinic: RunningClinic, actor: Actor | None, label: str = "Wall screen") -> SignIn:
    """Make the device in the administrator's hands a wall screen: read-only, initials only, nobody signed in."""
    actor = access.require(actor, "enrol_wall")
    device = clinic.store.add_device("wall", label.strip() or "Wall screen", by=actor.staff.id)
    sign_in = clinic.store.begin_sign_in(device, None, clinic.clock.now() + WALL_LASTS)
    access.sign_out(clinic.store, actor.sign_in, "became a wall screen")
    return sign_in


@_answered
def run_demonstration_at(clinic: RunningClinic, actor: Actor | None, rate: object) -> float:
    """Let the demonstration's time run `rate` times as fast, 1 to 3600. Refused in a real clinic."""
    access.require(actor, "change_rate")
    clock = clinic.clock
    if not clinic.demonstration or not isinstance(clock, DemonstrationClock):
        raise _Refused("This is not a demonstration: its clock runs at rate 1.")
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise _Refused("Clock rate is not a number: expected 1 to 3600.")
    try:
        clock.run_at(rate)
    except ValueError as error:
        raise _Refused(str(error)) from None
    clinic.live.changed("clock", "")
    return rate
