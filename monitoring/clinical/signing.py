"""Who signed the record, who signs next, whether it is locked, and what is open before somebody signs.

Signing locks nothing away: afterwards late entries, addenda and corrections are still taken, and told apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, NamedTuple

from monitoring.clinical.before import checklist, start_of
from monitoring.clinical.clocks import begun, effects, rapid_since, rechecks
from monitoring.clinical.course import Course, outlined, when
from monitoring.clinical.dose import WITNESS_OF_WASTE, reconciliation
from monitoring.clinical.events import detail_of, first_of, quoted, signatures_of, standing_events
from monitoring.clinical.flags import Flags
from monitoring.clinical.leaving import departure
from monitoring.clinical.protocol import Protocol, SignatureStep
from monitoring.clinical.record import Entry, EventKind, Infusion, Signature, event_words

_CALLS: Final[tuple[EventKind, ...]] = ("called", "help")


class Responsible(NamedTuple):
    """The nurse who is responsible, and since when."""

    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that counts, the entry that carries it, and which step of the site's it is."""

    signature: Signature
    entry: Entry
    step: SignatureStep


@dataclass(frozen=True, slots=True)
class Record:
    """The signatures under a record, what comes next, and what a person who signs should know of first."""

    signed: tuple[Signature, ...]
    next: SignatureStep | None  # None: all have signed, none is asked for, or it was brought in from a file
    locked_at: datetime | None
    open_points: tuple[str, ...]  # sentences; none of them holds up a signature

    @property
    def locked(self) -> bool:
        """Whether the last signature has been given."""
        return self.locked_at is not None


def record(infusion: Infusion, protocol: Protocol, course: Course, flags: Flags) -> Record:
    """The signatures of `infusion` and its open points; `course` and `flags` are of the same infusion and instant."""
    signed, void = _judged(infusion, protocol)
    return Record(
        signed=tuple(one.signature for one in signed),
        next=None if infusion.imported else _next(signed, protocol),
        locked_at=_locked_at(signed, protocol),
        open_points=tuple(dict.fromkeys(_open_points(infusion, protocol, course, flags, signed, void))),
    )


def locked(infusion: Infusion, protocol: Protocol) -> bool:
    """Whether the record is signed by everybody the site asks for. What was recorded since does not change it."""
    return _locked_at(signatures(infusion, protocol), protocol) is not None


def signatures(infusion: Infusion, protocol: Protocol) -> tuple[Signed, ...]:
    """The signatures that count, in the order recorded: each the next step, by its role, by somebody new, once left.

    A signature may be withdrawn until the record is locked, and takes later ones with it; after that it stays. One that
    a file tells of is told with its entry and does not count: it was given elsewhere, and no PIN proves it here.
    """
    return _judged(infusion, protocol)[0]


def _judged(infusion: Infusion, protocol: Protocol) -> tuple[tuple[Signed, ...], tuple[str, ...]]:
    """The signatures that count, and why each of the others does not."""
    steps = protocol.people.signatures
    found: list[Signed] = []
    void: dict[str, str] = {}
    for entry in sorted(infusion.entries, key=lambda e: e.seq):
        if entry.withdraws is not None:
            void.pop(entry.withdraws, None)
            gone = next((i for i, one in enumerate(found) if one.entry.id == entry.withdraws), None)
            if gone is not None and len(found) < len(steps):
                found = found[:gone]
        elif entry.event is not None and entry.event.kind == "sign" and entry.source != "import":
            faults = _faults(entry, infusion, steps, found)
            if faults:
                void[entry.id] = " ".join(faults)
            else:
                found.append(Signed(entry.event.signatures[0], entry, steps[len(found)]))
    return tuple(found), tuple(void.values())


def still_to_sign(infusion: Infusion, protocol: Protocol) -> int:
    """How many signatures are missing; 0 before the patient has left, and of what was brought in from a file."""
    if infusion.imported or outlined(infusion).phase != "closed":
        return 0
    return len(protocol.people.signatures) - len(signatures(infusion, protocol))


def responsible(infusion: Infusion) -> Responsible:
    """The nurse responsible and since when: who took over last; before that who started the pump, or opened it.

    A correction (of the minute, say) by somebody else leaves it with the one who did it.
    """
    taken = list(standing_events(infusion, "handover"))
    last = taken[-1] if taken else start_of(infusion, outlined(infusion))
    if last is None:
        return Responsible(infusion.opened_by_name, infusion.opened_at)
    return Responsible(first_of(infusion, last).author_name, last.observed_at)


def sign_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why a signature is not taken: not the next step, another role, the same person again, nobody's PIN, or locked.

    Nothing that is open holds it up.
    """
    if entry.corrects is not None:
        yield "Correction of a signature: expected a note, a signature stays as it was given."
        return
    if entry.queued:
        return  # kept, and counts only if it fits
    yield from _faults(entry, infusion, protocol.people.signatures, list(signatures(infusion, protocol)), live=True)


def withdrawal_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why a signature is not withdrawn: the record is locked, or somebody else has signed since. Else nothing."""
    signed = signatures(infusion, protocol)
    index = next((i for i, one in enumerate(signed) if one.entry.id == entry.withdraws), None)
    if index is None:
        return
    who = signed[index].signature.name
    if _locked_at(signed, protocol) is not None:
        yield f"Withdrawal of {who}'s signature, the record is signed and locked: expected a note."
    elif index < len(signed) - 1:
        yield f"Withdrawal of {who}'s signature, {signed[-1].signature.name} has signed since: expected that one first."


def _faults(
    entry: Entry, infusion: Infusion, steps: tuple[SignatureStep, ...], signed: list[Signed], *, live: bool = False
) -> list[str]:
    """Why a sign event does not count after those `signed`; [] when it is the next. `live`: not asked for the phase."""
    if len(signed) == len(steps):
        found = (
            "the record is signed and locked: expected a note" if steps else "this site asks for none: expected none"
        )
        return [f"Signature, {found}."]
    step, given = steps[len(signed)], signatures_of(entry)
    meaning = detail_of(entry).get("meaning")
    faults: list[str] = []
    if meaning != step.meaning:
        faults.append(f"Signature, meaning {quoted(meaning)}: expected {quoted(step.meaning)} next.")
    if len(given) != 1:
        faults.append(f"Signature by {len(given) or 'nobody'}{' people' if given else ''}: expected one PIN.")
        return faults
    one = given[0]
    if one.meaning != meaning:
        faults.append(f"PIN given for {quoted(one.meaning)}: expected it for {quoted(meaning)}.")
    if one.role not in step.roles:
        faults.append(f"{one.name}, {one.role}: expected {' or '.join(step.roles)} to sign as {quoted(step.meaning)}.")
    if earlier := next((s for s in signed if s.signature.staff == one.staff), None):
        faults.append(f"{one.name} has signed as {quoted(earlier.step.meaning)}: expected another person.")
    if not live and _phase_then(infusion, entry) != "closed":
        faults.append("Signature before the patient left: expected after.")
    return faults


def _phase_then(infusion: Infusion, entry: Entry) -> str:
    """The phase by what had been recorded before an entry: whatever happens later, what was signed stays signed."""
    return outlined(replace(infusion, entries=tuple(e for e in infusion.entries if e.seq < entry.seq))).phase


def _next(signed: tuple[Signed, ...], protocol: Protocol) -> SignatureStep | None:
    steps = protocol.people.signatures
    return steps[len(signed)] if len(signed) < len(steps) else None


def _locked_at(signed: tuple[Signed, ...], protocol: Protocol) -> datetime | None:
    steps = protocol.people.signatures
    return signed[-1].entry.recorded_at if steps and len(signed) == len(steps) else None


def _open_points(
    infusion: Infusion,
    protocol: Protocol,
    course: Course,
    flags: Flags,
    signed: tuple[Signed, ...],
    void: tuple[str, ...],
) -> Iterator[str]:
    """What is not settled, one sentence each. What a file does not tell of the past is not to be settled here."""
    yield from () if infusion.imported else _of_the_course(infusion, protocol, course, flags)
    yield from (conflict.sentence for conflict in course.conflicts)
    yield from () if infusion.imported else _of_the_end(infusion, protocol, course)
    yield from (f"Does not count. {faults}" for faults in void)
    yield from _since_signing(infusion, signed)


def _of_the_course(infusion: Infusion, protocol: Protocol, course: Course, flags: Flags) -> Iterator[str]:
    for flag in flags.flags:
        if flag.needs_acknowledgement:
            yield f"{flag.headline}: not acknowledged"
        elif flag.open:
            yield f"{flag.headline}: still open"
    yield from _slots(protocol, course)
    yield from _unclosed(infusion, protocol, course)


def _of_the_end(infusion: Infusion, protocol: Protocol, course: Course) -> Iterator[str]:
    start = checklist(infusion, protocol)
    if start.reason_wanted:
        yield f"Started with something missing, {_why(start.reason)} ({'; '.join(start.started_with_missing)})"
    left = departure(infusion, protocol)
    if left is not None and (wanted := left.wants(protocol)):
        yield f"Left with something missing, without {' and without '.join(wanted)} ({'; '.join(left.missing)})"
    yield from _drug(infusion, protocol, course)


def _slots(protocol: Protocol, course: Course) -> Iterator[str]:
    for slot in course.slots:
        set_at = f"Set at minute {slot.minute}{f' ({slot.milestone})' if slot.milestone else ''}"
        if slot.state in ("missed", "overdue"):
            yield f"{set_at}: none recorded"
        elif slot.state == "partial":
            yield f"{set_at}: without {', '.join(_lower(protocol.measures[key].label) for key in slot.lacks)}"


def _unclosed(infusion: Infusion, protocol: Protocol, course: Course) -> Iterator[str]:
    """What was begun and never said to be over."""
    for effect in effects(infusion):
        if effect.over is None and effect.entry.event is not None:
            yield f"{event_words(effect.entry.event)} {when(effect.since, course.started_at)}: no end recorded"
    rapid = rapid_since(infusion)
    called = [one.entry for kind in _CALLS for one in begun(infusion, kind) if one.over is None]
    for entry in [*called, *([rapid] if rapid is not None else [])]:
        if entry.event is not None:
            yield f"{_told(entry)} {when(entry.observed_at, course.started_at)}: no end recorded"
    for recheck in rechecks(infusion, protocol):
        if recheck.is_open and recheck.medicine.event is not None:
            yield f"No set {recheck.minutes:g} min after {event_words(recheck.medicine.event)}, and no reason"


def _told(entry: Entry) -> str:
    """An event in words, with whom it names: "Called: Dr Weiss"."""
    words, whom = event_words(entry.event) if entry.event is not None else "", detail_of(entry).get("whom")
    return words if not whom or str(whom) in words else f"{words}: {whom}"


def _why(reason: str) -> str:
    return "without a name" if reason else "without why"


def _drug(infusion: Infusion, protocol: Protocol, course: Course) -> Iterator[str]:
    """What is not settled of the controlled drug, once the pump was started."""
    if protocol.drug is None or course.started_at is None:
        return
    found = list(standing_events(infusion, "drug"))
    if not found:
        yield f"{protocol.drug.name}: nothing recorded of what was drawn up and wasted"
        return
    told = reconciliation(infusion, protocol, course)
    if not told.reconciled:
        yield told.sentence
    witnessed = any(one.staff != found[-1].author for one in signatures_of(found[-1], WITNESS_OF_WASTE))
    if protocol.people.waste_witness and not witnessed:
        yield f"{protocol.drug.name}: no witness of waste"


def _since_signing(infusion: Infusion, signed: tuple[Signed, ...]) -> Iterator[str]:
    """How many entries came in after each signature, before the next one."""
    for index, one in enumerate(signed):
        until = signed[index + 1].entry.seq if index + 1 < len(signed) else None
        later = [
            e
            for e in infusion.entries
            if e.seq > one.entry.seq
            and (until is None or e.seq < until)
            and (e.event is None or e.event.kind != "sign")
        ]
        if later:
            entries = "entry" if len(later) == 1 else "entries"
            yield f"{len(later)} {entries} recorded after {one.signature.name} signed"


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
