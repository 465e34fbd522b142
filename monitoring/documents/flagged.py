"""Flags as rows of a screen, with their receipts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from monitoring.clinical.course import when
from monitoring.clinical.flags import NOT_HERE, Flag
from monitoring.documents.judged import Judged
from monitoring.documents.words import iso


def unseen_first(flag: Flag) -> tuple[bool, bool]:
    """Sorts what nobody has acknowledged ahead of what somebody has, each still worst first; what is withdrawn last."""
    return flag.withdrawn, flag.is_acknowledged


def confirmation_words(flag: Flag, started_at: datetime | None) -> str:
    """Whether a critical value was repeated: "unconfirmed", "confirmed", "again at minute 40", "" for a caution."""
    if flag.again_at is None:
        return flag.confirmation
    return f"again {when(flag.again_at, started_at)}".strip()


def flag_row(flag: Flag, j: Judged) -> dict[str, Any]:
    """A flag with its receipt, and what an acknowledgement of it must name."""
    receipts = [flag.receipt]
    if words := confirmation_words(flag, j.course.started_at):
        receipts.insert(0, words)
    if flag.withdrawn:
        receipts.insert(0, "withdrawn: its values were corrected or taken back")
    elif flag.closed_at is not None:
        receipts.insert(0, "back within the range, not yet acknowledged" if flag.needs_acknowledgement else "over")
    if j.course.started_at is not None:
        receipts.append(f"since {when(flag.opened_at, j.course.started_at).removeprefix('at ')}")
    if flag.instruction:
        receipts.append(f"site: “{flag.instruction}”")
    last = flag.acknowledged[-1] if flag.acknowledged else None
    return {
        "key": flag.key,
        "measure": flag.measure,
        "side": flag.side,
        "level": flag.level.word,
        "headline": flag.headline,
        "receipt": " · ".join(part for part in receipts if part),
        "rule": flag.rule,
        "open": flag.open,
        "withdrawn": flag.withdrawn,
        "seen": [reading.id for reading in flag.readings],
        "needs_acknowledgement": flag.open and not flag.is_acknowledged,
        "acknowledged": f"seen by {last.who}: {last.done}" if last else NOT_HERE if flag.imported else "",
        "offer_repeat": flag.confirmation in ("unconfirmed", "again") and flag.closed_at is None and not flag.withdrawn,
        "repeat_due_at": iso(flag.repeat_due_at),
    }
