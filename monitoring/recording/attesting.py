"""Proving by PIN who one is, for one entry: what becomes a signature."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical.record import Signature
from monitoring.recording.outcome import Refused, answered
from monitoring.records import Attestation

LONGEST_MEANING: Final = 100  # characters; a site's own are some words


@answered
def attest(
    clinic: RunningClinic, actor: Actor | None, *, staff: str, pin: str, infusion: str, entry: str, meaning: str
) -> Attestation:
    """Keep that the person with this PIN signs the entry with this id, which this device will post.

    The entry may come at once or after waiting: the signature is of the minute in which the PIN was typed. Whose it may
    be (another person, another role) is judged with the entry. Raises access.PinRefused when the PIN is not right.
    """
    actor = access.require(actor, "attest")
    if clinic.store.infusion(infusion) is None:
        raise Refused("This infusion is not known here.", why="unknown")
    meaning = meaning.strip()
    if not meaning or len(meaning) > LONGEST_MEANING:
        raise Refused(f"Meaning of the signature: expected 1 to {LONGEST_MEANING} characters.", why="malformed")
    try:
        entry = str(UUID(entry))
    except ValueError:
        raise Refused("The signature names no entry: expected the id of one.", why="malformed") from None
    access.check_pin(clinic.store, actor.sign_in.device, staff, pin, clinic.clock)
    person = next((one for one in clinic.store.staff() if one.id == staff), None)
    if person is None:
        raise Refused("This person does not work here.", why="unknown")
    access.require(Actor(person, actor.sign_in), "attest")
    return clinic.store.add_attestation(actor.sign_in.device, staff, infusion, entry, meaning)


def attestation_for(clinic: RunningClinic, named: str, infusion: str, entry: str, device: str) -> Attestation:
    """The attestation with this id, when it was made on this device for this very entry. Raises Refused."""
    found = clinic.store.attestation(named)
    if found is None:
        raise Refused("A signature of this entry is not known here: expected the PIN once more.")
    for what, of_it, expected in (
        ("another infusion", found.infusion, infusion),
        ("another entry", found.entry, entry),
        ("another device", found.device, device),
    ):
        if of_it != expected:
            raise Refused(f"{found.staff.name}'s signature was given for {what}: expected the PIN once more.")
    return found


def signature_row(signature: Signature) -> dict[str, Any]:
    """A signature as an event's detail holds it."""
    return {
        "staff": signature.staff,
        "name": signature.name,
        "role": signature.role,
        "meaning": signature.meaning,
        "at": signature.at.isoformat(),
    }
