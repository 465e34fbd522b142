"""Entries made at the wrong chair: withdrawn there, and written down where they belong, in one step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Final, NoReturn
from uuid import UUID, uuid5

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical import checks, signing
from monitoring.clinical.course import outlined
from monitoring.clinical.record import Entry, Event, EventKind, Infusion, event_words
from monitoring.recording.entries import baseline_at
from monitoring.recording.outcome import Again, Refused, answered
from monitoring.recording.posted import LONGEST_LIST, LONGEST_WORDS
from monitoring.records import NewEntry

# Names of copies and withdrawals: made from what is moved where, so that the same request again finds what it made.
_COPY: Final = UUID("3f0f6a0e-3c0b-5d0e-9f5a-6f2d1c5b7a10")
_WITHDRAWAL: Final = UUID("b2c1f5a4-6d0e-5c3f-8a77-0e4f9d2c6b31")
# What belongs to one infusion alone: who was there, what was signed, which chair it was.
_STAYS: Final[tuple[EventKind, ...]] = (
    "time_out",
    "dose_check",
    "sign",
    "handover",
    "move",
    "close",
    "cancel",
    "baseline",
)


@answered
def copy_to_right_infusion(
    clinic: RunningClinic, actor: Actor | None, wrong_id: str, entry_ids: Sequence[str], right_id: str, reason: str
) -> tuple[Entry, ...] | Again[tuple[Entry, ...]]:
    """Withdraw entries of one infusion and copy them to another as late entries; answers the copies, in their order.

    All of it or nothing. A copy keeps its values and the time they were seen; its author is who moves it, its reason
    names the chair and who entered it. The withdrawal names the copy (`linked`), the copy the entry it was made from.
    The same request again is answered `again`; entries moved before are not moved twice.
    """
    actor = access.require(access.require(actor, "withdraw"), "record")
    reason = reason.strip()
    wanted = tuple(dict.fromkeys(entry_ids))
    if wrong_id == right_id:
        raise Refused("These entries are at this infusion already: expected another one.")
    if not wanted or len(wanted) > LONGEST_LIST:
        raise Refused(f"{len(wanted)} entries to move: expected 1 to {LONGEST_LIST}.")
    if not reason:
        raise Refused("Entries moved without a reason: expected why.")
    if len(reason) > LONGEST_WORDS:
        raise Refused(f"Reason has {len(reason)} characters: expected at most {LONGEST_WORDS}.")
    with clinic.store.bulk():
        wrong, right = _infusion(clinic, wrong_id), _infusion(clinic, right_id)
        there = {entry.id: entry for entry in wrong.entries}
        if unknown := [id for id in wanted if id not in there]:
            raise Refused(f"Entry {unknown[0][:60]}: expected an entry of this infusion.", why="unknown")
        moved = sorted((there[id] for id in wanted), key=lambda entry: (entry.observed_at, entry.seq))
        copies = {wrong.root(entry.id): _copy_id(entry, right_id) for entry in moved}
        again = [entry for entry in moved if _was_moved(wrong, entry, right_id)]
        for entry in moved:
            if entry not in again:
                _move(clinic, actor, wrong_id, entry, right_id, reason, copies)
        held = {entry.id: entry for entry in _infusion(clinic, right_id).entries}
        made = tuple(held[_copy_id(entry, right.id)] for entry in moved)
    return Again(made) if len(again) == len(moved) else made


def _move(
    clinic: RunningClinic,
    actor: Actor,
    wrong_id: str,
    entry: Entry,
    right_id: str,
    reason: str,
    copies: dict[str, str],
) -> None:
    wrong, right = _infusion(clinic, wrong_id), _infusion(clinic, right_id)
    if problem := next(_stays(entry), ""):
        _refuse(entry, problem)
    chairs = {chair.id: chair.label for chair in clinic.store.chairs()}
    now = clinic.clock.now()
    copy = _new(clinic, actor, right, _copy_id(entry, right_id))
    copy = replace(
        copy,
        kind=entry.kind,
        observed_at=entry.observed_at,
        readings=tuple(replace(one, id=f"{copy.id}/{one.measure}") for one in entry.readings),
        not_done=entry.not_done,
        event=_event(entry, wrong, right, copies),
        reason=f"entered at {chairs.get(outlined(wrong).chair, 'another chair')} by {entry.author_name}: {reason}",
        amendment="late entry",
        source=entry.source,
        linked=entry.id,
    )
    withdrawal = replace(
        _new(clinic, actor, wrong, _withdrawal_id(entry, right_id)),
        kind="withdrawal",
        observed_at=now,
        withdraws=entry.id,
        reason=f"moved to {chairs.get(outlined(right).chair, 'another chair')}: {reason}",
        linked=copy.id,
    )
    for new, infusion in ((withdrawal, wrong), (copy, right)):
        judged = Entry(
            seq=len(infusion.entries) + 1,
            recorded_at=now,
            author_name=actor.staff.name,
            **{field.name: getattr(new, field.name) for field in fields(new)},
        )
        protocol = clinic.protocol_of(infusion.protocol)
        if sentences := checks.problems(judged, infusion, protocol, now, live=True):
            _refuse(entry, sentences[0])
        clinic.store.add_entry(infusion.id, new)


def _stays(entry: Entry) -> Iterator[str]:
    """Why an entry cannot be moved at all."""
    if entry.kind == "withdrawal":
        yield "a withdrawal belongs to the entry it withdraws; expected that one."
    elif entry.kind == "acknowledgement":
        yield "an acknowledgement belongs to the flag it saw; expected it withdrawn."
    elif entry.event is not None and entry.event.signatures:
        yield "it was signed for this patient; expected it withdrawn, and signed anew."
    elif entry.event is not None and entry.event.kind in _STAYS:
        yield "it belongs to this infusion alone; expected it withdrawn, and recorded anew."


def _event(entry: Entry, wrong: Infusion, right: Infusion, copies: dict[str, str]) -> Event | None:
    """The event as it is at the right infusion: its own baseline, and the copy of what it is about."""
    if entry.event is None:
        return None
    detail = {key: value for key, value in entry.event.detail.items() if key != "baseline"}
    if entry.event.kind == "start":
        detail["baseline"] = baseline_at(right, entry.observed_at)
    if isinstance(of := detail.get("of"), str):
        detail["of"] = copies.get(wrong.root(of), of)
    return Event(entry.event.kind, detail)


def _new(clinic: RunningClinic, actor: Actor, infusion: Infusion, id: str) -> NewEntry:
    now = clinic.clock.now()
    return NewEntry(
        id=id,
        kind="event",
        observed_at=now,
        tapped_at=now,
        author=actor.staff.id,
        sign_in=actor.sign_in.id,
        after_signing=signing.locked(infusion, clinic.protocol_of(infusion.protocol)),
    )


def _was_moved(wrong: Infusion, entry: Entry, right_id: str) -> bool:
    return any(one.id == _withdrawal_id(entry, right_id) for one in wrong.entries)


def _copy_id(entry: Entry, right_id: str) -> str:
    return str(uuid5(_COPY, f"{entry.id} {right_id}"))


def _withdrawal_id(entry: Entry, right_id: str) -> str:
    return str(uuid5(_WITHDRAWAL, f"{entry.id} {right_id}"))


def _infusion(clinic: RunningClinic, infusion_id: str) -> Infusion:
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise Refused("This infusion is not known here.", why="unknown")
    return infusion


def _refuse(entry: Entry, problem: str) -> NoReturn:
    what = event_words(entry.event) if entry.event is not None else entry.kind
    raise Refused(f"Entry {entry.seq}, {what}, is not moved: {problem[:1].lower()}{problem[1:]}")
