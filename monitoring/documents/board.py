"""The document of the board: a card per chair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinic import RunningClinic
from monitoring.clinical.clocks import RunningClock
from monitoring.clinical.flags import Flag
from monitoring.clinical.protocol import Level
from monitoring.documents.flagged import confirmation_words
from monitoring.documents.judged import Judged, judged
from monitoring.documents.known import to_sign
from monitoring.documents.values import quiet, strip, trace, trace_axis
from monitoring.documents.words import (
    PHASE_WORDS,
    clinic_line,
    initials,
    iso,
    next_set,
    seconds,
    told_time,
    which,
    zone_of,
)

_HELP = max(Level) + 1  # a chair where help was called stands before every flag


def board_document(clinic: RunningClinic, initials_only: bool = False) -> dict[str, Any]:
    """The document of the board: a card per chair, worst and most overdue first; `initials_only` for a wall."""
    now = clinic.clock.now()
    running = [judged(i, clinic.protocol_of(i.protocol), now) for i in clinic.store.open_infusions()]
    by_chair: dict[str, list[Judged]] = {}
    for j in running:
        by_chair.setdefault(j.course.chair, []).append(j)
    cards: list[dict[str, Any]] = []
    for chair in clinic.store.chairs():
        held = by_chair.get(chair.id, [])
        if not held:
            cards.append(
                {"chair": chair.label, "chair_id": chair.id, "infusion": None, "order": (9, 9, 0.0, chair.position)}
            )
        else:
            # Two at one chair can be recorded (a move that arrived late): both are shown, and say so.
            cards.extend(_card(j, chair.label, chair.position, initials_only, len(held) > 1) for j in held)
    if not initials_only:
        _tell_namesakes_apart(cards, running)
    cards.sort(key=lambda card: card["order"])
    open_flags = [flag for j in running for flag in j.flags.open if not flag.withdrawn]
    unsigned = to_sign(clinic)
    changes = [j.next_change for j in running if j.next_change is not None]
    return {
        "type": "board",
        "now": now.isoformat(),
        "rate": clinic.clock.rate,
        "next_change": iso(min(changes, default=None)),
        "clinic": clinic_line(clinic, None, [j.infusion.protocol for j in running]),
        "counts": {
            "progress": len(running),
            "critical": sum(flag.level is Level.CRITICAL for flag in open_flags),
            "caution": sum(flag.level is Level.CAUTION for flag in open_flags),
            "together": _together(running, zone_of(clinic)),
            "to_sign": unsigned,
            "to_sign_words": f"{unsigned} to sign" if unsigned else "",
        },
        "cards": cards,
    }


def _tell_namesakes_apart(cards: Sequence[dict[str, Any]], running: Sequence[Judged]) -> None:
    """Where two patients here have the same name, each card says the number too."""
    people = {j.infusion.id: j.infusion.patient for j in running}
    here = Counter(name.casefold() for _, name in {(one.id, one.name) for one in people.values()})
    for card in cards:
        patient = people.get(card["infusion"])
        if patient is not None and here[patient.name.casefold()] > 1:
            card["name"] = f"{patient.name} · no. {patient.number}"


def _together(running: Sequence[Judged], zone: ZoneInfo) -> str:
    """Chairs due in the same minute, in words, or ""."""
    due = Counter(
        j.course.next_slot.at.replace(second=0, microsecond=0)
        for j in running
        if j.course.next_slot is not None and j.course.next_slot.at >= j.now
    )
    same = [
        f"{count} chairs due at {told_time(minute, zone, running[0].now)}"
        for minute, count in sorted(due.items())
        if count > 1
    ]
    return " · ".join(same)


def _card(j: Judged, chair: str, position: int, initials_only: bool, shared: bool) -> dict[str, Any]:
    open_flags = sorted(j.flags.open, key=lambda flag: flag.withdrawn)
    stands = [flag for flag in open_flags if not flag.withdrawn]
    worst = max((int(flag.level) for flag in stands if not flag.is_acknowledged), default=0)
    seen = max((int(flag.level) for flag in stands), default=0)
    due = j.course.overdue_slot_at
    overdue = (j.now - due).total_seconds() if due is not None else 0.0
    helped = [clock for clock in j.clocks.running if clock.kind == "help"]
    return {
        "chair": f"{chair} — two infusions recorded here" if shared else chair,
        "infusion": j.infusion.id,
        "name": initials(j.infusion.patient.name) if initials_only else j.infusion.patient.name,
        "phase": j.course.phase,
        "word": "stopped early"
        if j.course.phase == "recovery" and j.course.ended_early
        else PHASE_WORDS[j.course.phase],
        "of": _of(j),
        "infusion_seconds": seconds(j.course.infusion_time),
        "planned_seconds": j.plan.minutes * 60,
        "ended_at": iso(j.course.ended_at),
        "next": next_set(j.course),
        "values": strip(j, board=True),
        "trace": trace(j),
        "trace_axis": trace_axis(j),
        "flags": [
            {
                "level": "" if flag.withdrawn else flag.level.word,
                "words": " · ".join(part for part in (flag.headline, _state(flag, j.course.started_at)) if part),
                "needs_acknowledgement": not flag.is_acknowledged,
            }
            for flag in open_flags
        ],
        "quiet": quiet(j),
        "help": [_clock(clock) for clock in helped],
        "clocks": [_clock(clock) for clock in j.clocks.running if clock.due_at is not None and clock.due_at <= j.now],
        "order": (-max(worst, _HELP if helped else 0), -seen, -overdue, position),
    }


def _state(flag: Flag, started_at: datetime | None) -> str:
    return "withdrawn" if flag.withdrawn else confirmation_words(flag, started_at)


def _clock(clock: RunningClock) -> dict[str, Any]:
    """A clock as a card shows it: help that was called, or something that is past its time."""
    return {
        "kind": clock.kind,
        "label": clock.label,
        "since": clock.since.isoformat(),
        "due_at": iso(clock.due_at),
    }


def _of(j: Judged) -> str:
    number = which(j.infusion).replace("Infusion ", "")
    if j.course.started_at is None:
        return f"before start · {number}"
    if j.course.ended_at is not None:
        return f"after the end · {number}"
    return f"of {j.plan.minutes}:00 · {number}"
