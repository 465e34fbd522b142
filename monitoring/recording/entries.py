"""Saving an entry: the one way in which anything is recorded of an infusion."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import Final

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical import checks, signing
from monitoring.clinical.moments import placed
from monitoring.clinical.record import Entry, Event, Infusion
from monitoring.recording.attesting import attestation_for, signature_row
from monitoring.recording.outcome import Again, Refused, answered, refuse_if
from monitoring.recording.posted import Posted, read_posted
from monitoring.records import NewEntry, Saved, SignIn, Staff

_EVENT_ACTIONS: Final = {"cancel": "cancel", "move": "move", "close": "close", "sign": "sign"}


@answered
def save_entry(clinic: RunningClinic, actor: Actor | None, infusion_id: str, body: object) -> Entry | Again[Entry]:
    """Store one entry as a pad posted it (decoded JSON); the answer is good only when it is durable.

    The author is who was signed in when Save was tapped, as the entry's `sign_in` says, whoever is signed in now. The
    same id twice is one entry. Out of an outbox (`queued`) an entry is never refused for the phase it meets. What was
    tapped after that sign-in was over is kept, and marked `other_sign_in`: its author is not proven. The signatures of
    an event are the `attestations` it names: PINs checked on this device, for this entry. Times that cannot be are put
    where they can, and kept as they came (`clinical.moments.placed`).
    """
    actor = access.require(actor, "view")
    posted = read_posted(body)
    author, sign_in = _author(clinic, actor, posted)
    access.require(Actor(author, sign_in), _action(posted))
    with clinic.store.bulk():  # one transaction: nothing lands between what is read and what is judged by it
        saved = _judged_and_added(clinic, actor, infusion_id, posted, author, sign_in)
    return Again(saved.entry) if saved.again else saved.entry


def _judged_and_added(
    clinic: RunningClinic, actor: Actor, infusion_id: str, posted: Posted, author: Staff, sign_in: SignIn
) -> Saved:
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise Refused("This infusion is not known here.", why="unknown")
    now = clinic.clock.now()
    protocol = clinic.protocol_of(infusion.protocol)
    came = NewEntry(
        id=posted.id,
        kind=posted.kind,
        observed_at=posted.observed_at,
        tapped_at=posted.tapped_at,
        author=author.id,
        readings=posted.readings,
        not_done=posted.not_done,
        event=posted.event,
        acknowledgement=posted.acknowledgement,
        corrects=posted.corrects,
        withdraws=posted.withdraws,
        reason=posted.reason,
        clock=posted.clock,
        queued=posted.queued,
        sign_in=sign_in.id,
        after_signing=signing.locked(infusion, protocol),
        amendment=posted.amendment,
        source=posted.source,
    )
    since = sign_in.at if posted.sign_in else infusion.opened_at  # a pad that names none may have waited since before
    times = placed(_as_entry(came, infusion, author, now), infusion, protocol, since, now)
    new = replace(
        came,
        observed_at=times.observed_at,
        tapped_at=times.tapped_at,
        observed_given=times.observed_given,
        tapped_given=times.tapped_given,
        event=_as_stored(clinic, posted, times.observed_at, infusion, sign_in.device),
        other_sign_in=author.id != actor.staff.id or sign_in.is_over_at(times.tapped_at),
    )
    if all(entry.id != posted.id for entry in infusion.entries):  # sent again, it was judged before
        judged = _as_entry(new, infusion, author, now)
        refuse_if(checks.problems(judged, infusion, protocol, now, live=not posted.queued))
        refuse_if(_chair_problems(clinic, posted))
    return clinic.store.add_entry(infusion_id, new)


def _as_entry(new: NewEntry, infusion: Infusion, author: Staff, now: datetime) -> Entry:
    """The entry as it would be stored next in this infusion."""
    given = {field.name: getattr(new, field.name) for field in fields(new)}
    return Entry(seq=len(infusion.entries) + 1, recorded_at=now, author_name=author.name, **given)


def _author(clinic: RunningClinic, actor: Actor, posted: Posted) -> tuple[Staff, SignIn]:
    """Who was signed in when Save was tapped, and under which sign-in of this device."""
    if posted.sign_in in ("", actor.sign_in.id):
        return actor.staff, actor.sign_in
    named = clinic.store.sign_in(posted.sign_in)
    if named is None or named.staff is None or named.device != actor.sign_in.device:
        raise Refused("This entry names a sign-in of another device: expected one of this device.", why="forbidden")
    return named.staff, named


def _action(posted: Posted) -> str:
    """What the posted entry does, as the table of permissions names it."""
    if posted.corrects or posted.withdraws:
        return "correct" if posted.corrects else "withdraw"
    if posted.acknowledgement is not None:
        return "acknowledge"
    return _EVENT_ACTIONS.get(posted.event.kind, "record") if posted.event else "record"


def _as_stored(
    clinic: RunningClinic, posted: Posted, observed_at: datetime, infusion: Infusion, device: str
) -> Event | None:
    """The event with what only the server writes: the baseline that a start pins, and who signed."""
    event = posted.event
    if posted.attestations and event is None:
        raise Refused(f"This {posted.kind} is signed: expected signatures only of an event.")
    if event is None:
        return None
    detail = dict(event.detail)
    if event.kind == "start":
        detail["baseline"] = _baseline(posted, observed_at, infusion)
    if posted.attestations:
        detail["signatures"] = [
            signature_row(attestation_for(clinic, named, infusion.id, posted.id, device).signature)
            for named in posted.attestations
        ]
    return Event(event.kind, detail)


def _baseline(posted: Posted, observed_at: datetime, infusion: Infusion) -> dict[str, str]:
    """Per measure the latest reading that stood before the start.

    A correction that leaves the minute as it was (the reason is told afterwards) keeps what was pinned then.
    """
    former = next((entry for entry in infusion.entries if entry.id == posted.corrects), None)
    if former is not None and former.event is not None and former.observed_at == observed_at:
        pinned = former.event.detail.get("baseline")
        if isinstance(pinned, dict):
            return dict(pinned)
    return baseline_at(infusion, observed_at)


def baseline_at(infusion: Infusion, started_at: datetime) -> dict[str, str]:
    """Per measure the id of the latest reading that stands at `started_at`: what a start there is compared with."""
    return {
        reading.measure: reading.id
        for entry in infusion.standing()
        if entry.observed_at <= started_at
        for reading in entry.readings
    }


def _chair_problems(clinic: RunningClinic, posted: Posted) -> Iterator[str]:
    """Whether a move names a chair of this clinic. That it is free the store sees to, as it saves."""
    if posted.event is not None and posted.event.kind == "move":
        chairs = clinic.store.chairs()
        if posted.event.detail.get("chair") not in {chair.id for chair in chairs}:
            yield f"This chair is not known here: expected one of {', '.join(chair.label for chair in chairs)}."
