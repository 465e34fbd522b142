"""Setting up the clinic, and looking after its people, its ranges, its wall screens and a demonstration's clock."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic, shipped_protocol
from monitoring.clock import DemonstrationClock
from monitoring.recording.outcome import Refused, answered, refuse_if
from monitoring.records import ROLES, Clinic, SignIn, Staff, StoredProtocol, is_zone
from monitoring.records.spelling import folded

WALL_LASTS: Final = timedelta(days=3650)  # until an administrator takes the screen down


@answered
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
) -> Clinic:
    """Make this empty database a clinic's, with its first two people. Refused when it is one already.

    It books no approval of the ranges: who fills this in is one person. Until two have approved them, each from a
    sign-in of their own, every screen says so.
    """
    name, zone, administrator, clinician = name.strip(), zone.strip(), administrator.strip(), clinician.strip()
    labels = [label.strip() for label in chairs if label.strip()]

    def problems() -> Iterator[str]:
        if (found := clinic.store.clinic()) is not None:
            yield f"This database is set up already, for {found.name}."
        if not name:
            yield "Name of the clinic is empty: expected the name its people use."
        if not is_zone(zone):
            yield f"Time zone {zone!r}: expected a name such as Europe/Berlin."
        if not labels:
            yield "No chair is named: expected at least one."
        for label in sorted({label for label in labels if labels.count(label) > 1}):
            yield f"Chair {label!r} stands {labels.count(label)} times: expected each name once."
        if not administrator:
            yield "Name of the administrator is empty."
        if not clinician:
            yield "Name of the clinician is empty."
        if administrator and folded(administrator) == folded(clinician):
            yield f"Administrator and clinician are both {administrator}: expected two different people."
        for person, pin in (("Administrator", administrator_pin), ("Clinician", clinician_pin)):
            if sentence := access.pin_problem(pin):
                yield f"{person}: {sentence}"

    refuse_if(problems())
    people = (
        (administrator, "administrator", access.hash_pin(administrator_pin)),
        (clinician, "clinician", access.hash_pin(clinician_pin)),
    )
    protocol = shipped_protocol()
    with clinic.store.bulk():  # all of it or nothing: a clinic without people could never be entered
        made = clinic.store.set_up(name, zone, labels, demonstration=False)
        members = [clinic.store.add_staff(person, role, pin_hash, by="") for person, role, pin_hash in people]
        clinic.store.store_protocol(protocol, by=members[0].id)
    return made


@answered
def add_staff(clinic: RunningClinic, actor: Actor | None, *, name: str, role: str, pin: str) -> Staff:
    """Let a person work here. Names are unique, because people sign in by tapping theirs."""
    actor = access.require(actor, "manage_staff")
    name = name.strip()

    def problems() -> Iterator[str]:
        if not name:
            yield "Name is empty: expected the person's name."
        yield from _taken(clinic, name)
        if name and any(folded(person.name) == folded(name) for person in clinic.store.former_staff()):
            yield (
                f"{name} worked here before: expected “Works here again” under Former staff, or for another person "
                "a name that tells the two apart."
            )
        if role not in ROLES:
            yield f"Role is {repr(role) if role else 'missing'}: expected one of {', '.join(ROLES)}."
        if sentence := access.pin_problem(pin):
            yield sentence

    refuse_if(problems())
    return clinic.store.add_staff(name, role, access.hash_pin(pin), by=actor.staff.id)


@answered
def set_pin(clinic: RunningClinic, actor: Actor | None, staff_id: str, pin: str) -> Staff:
    """Give a person a new PIN: their own, or as administrator anybody's. Their other sign-ins end."""
    actor = access.require(actor, "view" if actor is not None and actor.staff.id == staff_id else "manage_staff")
    person = _person(clinic, staff_id)
    if sentence := access.pin_problem(pin):
        raise Refused(sentence)
    clinic.store.set_pin(staff_id, access.hash_pin(pin), by=actor.staff.id, keep=actor.sign_in.id)
    return person


@answered
def remove_staff(clinic: RunningClinic, actor: Actor | None, staff_id: str) -> Staff:
    """Note that a person has left. The last administrator cannot leave: nobody could let others in."""
    actor = access.require(actor, "manage_staff")
    person = _person(clinic, staff_id)
    others = [one for one in clinic.store.staff() if one.id != staff_id]
    if not any(access.may(one.role, "manage_staff") for one in others):
        raise Refused(f"{person.name} is the last who may manage staff: expected another one first.")
    clinic.store.remove_staff(staff_id, by=actor.staff.id)
    return person


@answered
def return_staff(clinic: RunningClinic, actor: Actor | None, staff_id: str, pin: str) -> Staff:
    """Note that a person who had left works here again, in the former role and with a new PIN: the old one is gone."""
    actor = access.require(actor, "manage_staff")
    person = next((one for one in clinic.store.former_staff() if one.id == staff_id), None)
    if person is None:
        raise Refused("This person is not among the former staff.", why="unknown")

    def problems() -> Iterator[str]:
        yield from _taken(clinic, person.name)
        if sentence := access.pin_problem(pin):
            yield sentence

    refuse_if(problems())
    clinic.store.return_staff(staff_id, access.hash_pin(pin), by=actor.staff.id)
    return person


def _taken(clinic: RunningClinic, name: str) -> Iterator[str]:
    """That somebody of this name works here, however its letters are made."""
    if name and any(folded(person.name) == folded(name) for person in clinic.store.staff()):
        yield f"{name} works here already: expected a name that tells two people apart."


def _person(clinic: RunningClinic, staff_id: str) -> Staff:
    person = next((one for one in clinic.store.staff() if one.id == staff_id), None)
    if person is None:
        raise Refused("This person does not work here.", why="unknown")
    return person


@answered
def approve_ranges(clinic: RunningClinic, actor: Actor | None, *, shown: str, pin: str) -> StoredProtocol:
    """Accept, by name and by the actor's own PIN, the ranges that hold for infusions opened from now on.

    `shown`: the hash of the version that was read. Refused when another one holds by now, or the PIN is not right.
    """
    actor = access.require(actor, "approve_ranges")
    stored = clinic.store.current_protocol()
    if stored is None:
        raise Refused("No ranges are stored yet: expected a clinic that is set up.")
    if stored.hash != shown:
        raise Refused(
            f"Other ranges hold by now ({stored.name} {stored.version}): read them on this page, then approve."
        )
    try:
        access.check_pin(clinic.store, actor.sign_in.device, actor.staff.id, pin, clinic.clock)
    except access.PinRefused as wrong:
        raise Refused(wrong.sentence) from None
    if all(approval.staff_id != actor.staff.id for approval in stored.approvals):
        clinic.store.approve_protocol(stored.hash, actor.staff.id)
    return clinic.store.stored_protocol(stored.hash) or stored


@answered
def enrol_wall(clinic: RunningClinic, actor: Actor | None, label: str = "Wall screen") -> SignIn:
    """Make the device in the administrator's hands a wall screen: read-only, initials only, nobody signed in."""
    actor = access.require(actor, "enrol_wall")
    device = clinic.store.add_device("wall", label.strip() or "Wall screen", by=actor.staff.id)
    sign_in = clinic.store.begin_sign_in(device, None, clinic.clock.now() + WALL_LASTS)
    access.sign_out(clinic.store, actor.sign_in, "became a wall screen")
    return sign_in


@answered
def end_wall(clinic: RunningClinic, wall: SignIn, staff_id: str, pin: str) -> SignIn:
    """Make a wall screen a tablet again, on which the administrator whose PIN was typed is signed in.

    The tablet is a new device, with a cookie of its own. Raises access.PinRefused when the PIN is not right.
    """
    if not wall.wall:
        raise Refused("This is a tablet: expected a wall screen.")
    person = next((one for one in clinic.store.staff() if one.id == staff_id), None)
    if person is None or not access.may(person.role, "enrol_wall"):
        raise Refused(
            "This is a wall screen, which an administrator ends: expected an administrator's PIN.", why="forbidden"
        )
    access.check_pin(clinic.store, wall.device, staff_id, pin, clinic.clock)
    with clinic.store.bulk():
        clinic.store.end_sign_in(wall.id, "became a tablet")
        tablet = clinic.store.add_device("tablet", "", by=staff_id)
        return clinic.store.begin_sign_in(tablet, staff_id, clinic.clock.now() + clinic.sign_in_lasts)


@answered
def run_demonstration_at(
    clinic: RunningClinic, actor: Actor | None, rate: object, until: datetime | None = None
) -> float:
    """Let the demonstration's time run `rate` times as fast, 1 to 3600, for good or `until` it shows an instant.

    Refused in a real clinic.
    """
    access.require(actor, "change_rate")
    clock = clinic.clock
    if not clinic.demonstration or not isinstance(clock, DemonstrationClock):
        raise Refused("This is not a demonstration: its clock runs at rate 1.")
    if isinstance(rate, bool) or not isinstance(rate, int | float):
        raise Refused("Clock rate is not a number: expected 1 to 3600.")
    try:
        clock.run_at(rate, until)
    except ValueError as error:
        raise Refused(str(error)) from None
    clinic.live.changed("clock", "")
    if until is not None:
        # Screens are told again when it is reached; sooner than the next beat.
        reached = threading.Timer(max(0.0, clock.seconds_until(until)), clinic.live.changed, ("clock", ""))
        reached.daemon = True
        reached.start()
    return rate
