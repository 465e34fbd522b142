"""When something of an infusion can have been seen: a day and a minute of that infusion, bounded on both sides.

Not to come; not after the patient had left; not more than the site's minutes before it was opened, and then from paper
or with a reason, for screens that were down or a patient who could not wait. The opening keeps its own time.

A person who types an impossible time is told so, and types it again. What comes out of a tablet's outbox nobody can
type again: it is kept at a moment that can be, with the time that it came with beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitoring.clinical.course import allowed, outlined, over_at
from monitoring.clinical.instants import read_instant
from monitoring.clinical.protocol import OVER, Phase, Protocol
from monitoring.clinical.record import EVENT_WORDS, Entry, EventKind, Infusion

# Engineering, not clinical. A tablet follows the server's clock by asking for it; between two answers the clocks may
# drift apart, and a value seen "now" must not be refused for that.
CLOCK_SLIP: Final = timedelta(seconds=60)

# Events that may lie after the end of their infusion: that end itself, and what is said, signed or done then.
MAY_COME_AFTER: Final[tuple[EventKind, ...]] = tuple(
    kind for kind in EVENT_WORDS if kind in ("close", "cancel") or any(not allowed(kind, phase) for phase in OVER)
)
_OVER_WORDS: Final[dict[Phase, str]] = {"closed": "the patient had left", "cancelled": "the infusion was cancelled"}


def seen_from(infusion: Infusion, protocol: Protocol) -> datetime:
    """The earliest instant at which something of this infusion may have been seen: so long before it was opened."""
    return infusion.opened_at - timedelta(minutes=protocol.schedule.seen_before_opening_minutes)


def is_early(entry: Entry, infusion: Infusion) -> bool:
    """Whether this was seen before the infusion was opened, by more than clocks may differ."""
    return entry.observed_at < infusion.opened_at - CLOCK_SLIP


def time_problems(entry: Entry, infusion: Infusion, protocol: Protocol, now: datetime, *, live: bool) -> Iterator[str]:
    """Why an entry cannot have been seen, or saved, when it says; one sentence each.

    `infusion` is without the entry itself. What was not `live` is not asked for a reason. That it lies within the time
    the patient was here is for `after_leaving_problems`.
    """
    if entry.observed_at > now + CLOCK_SLIP:
        yield f"Seen {span_words(entry.observed_at - now)} from now: expected a time that has passed."
    elif entry.tapped_at > now + CLOCK_SLIP:
        yield f"Saved {span_words(entry.tapped_at - now)} from now: expected a time that has passed."
    if is_early(entry, infusion):
        yield from _early_problems(entry, infusion, protocol, live=live)
    if live and entry.event is not None and entry.event.kind == "repeat":
        due = read_instant(entry.event.detail.get("due_at"))
        if due is not None and not is_soon(due, entry, protocol):
            longest = protocol.schedule.longest_minutes
            yield f"Repeat due {_away(due - entry.observed_at)}: expected within {longest:g} min after it was promised."


def is_soon(due: datetime, promise: Entry, protocol: Protocol) -> bool:
    """Whether a repeat that was promised is due after that, and within the longest interval of the schedule."""
    longest = timedelta(minutes=protocol.schedule.longest_minutes)
    return promise.observed_at - CLOCK_SLIP <= due <= promise.observed_at + longest + CLOCK_SLIP


def _away(span: timedelta) -> str:
    return f"{span_words(span)} later" if span >= timedelta(0) else f"{span_words(-span)} earlier"


def _early_problems(entry: Entry, infusion: Infusion, protocol: Protocol, *, live: bool) -> Iterator[str]:
    found = f"Seen {span_words(infusion.opened_at - entry.observed_at)} before this infusion was opened"
    bound = timedelta(minutes=protocol.schedule.seen_before_opening_minutes)
    if not bound or entry.kind in ("acknowledgement", "withdrawal"):
        yield f"{found}: expected a time after that."
    elif entry.observed_at < seen_from(infusion, protocol) - CLOCK_SLIP:
        yield f"{found}: expected up to {span_words(bound)} before."
    elif live and entry.source != "paper" and not entry.reason.strip():
        yield f"{found}: expected why it is recorded here, or that it was written on paper."


def after_leaving_problems(entry: Entry, infusion: Infusion) -> Iterator[str]:
    """Nothing is seen once the patient has left, and nobody leaves before what was seen of them."""
    if entry.event is not None and entry.event.kind in ("close", "cancel"):
        seen = [e.observed_at for e in infusion.standing() if e.id != entry.corrects and not _may_come_after(e)]
        late = max(seen, default=entry.observed_at) - entry.observed_at
        if late > CLOCK_SLIP:
            words = _OVER_WORDS["closed" if entry.event.kind == "close" else "cancelled"]
            yield f"Something was seen {span_words(late)} after {words} by this time: expected a later one."
        return
    outline = outlined(infusion)
    over = over_at(outline.phases)
    if over is not None and entry.observed_at > over and not _may_come_after(entry):
        late = entry.observed_at - over
        yield f"Seen {span_words(late)} after {_OVER_WORDS[outline.phase_at(over)]}: expected a time before that."


def _may_come_after(entry: Entry) -> bool:
    """Whether an entry may lie after the end of its infusion; putting right and seeing a flag may, too."""
    if entry.event is None:
        return entry.kind in ("acknowledgement", "withdrawal")
    return entry.event.kind in MAY_COME_AFTER


@dataclass(frozen=True, slots=True)
class Placed:
    """The times an entry is kept at. `observed_given`, `tapped_given`: what came with it instead, and cannot be."""

    observed_at: datetime
    tapped_at: datetime
    observed_given: datetime | None = None
    tapped_given: datetime | None = None


def placed(entry: Entry, infusion: Infusion, protocol: Protocol, signed_in_at: datetime, now: datetime) -> Placed:
    """The times at which an entry that has just come is kept: its own where they can be.

    When Save was tapped is told by a clock and not by a person: where it lies before that person signed in, before the
    infusion was opened, or still to come, the entry counts as saved when it came, `now`. What was seen in that very
    instant goes with it. Other times out of an outbox (`entry.queued`) that cannot be are put at the time of Save, and
    those of a correction at the time of what it corrects.
    """
    earliest = max(signed_in_at, infusion.opened_at) - CLOCK_SLIP
    tapped_at = entry.tapped_at if earliest <= entry.tapped_at <= now + CLOCK_SLIP else now
    tapped_given = None if tapped_at == entry.tapped_at else entry.tapped_at
    corrected = next((e.observed_at for e in infusion.entries if e.id == entry.corrects), None)
    went_with_it = tapped_given is not None and entry.observed_at == entry.tapped_at
    if went_with_it or (entry.queued and not _can_be_seen(entry, infusion, protocol, now)):
        return Placed(tapped_at if corrected is None else corrected, tapped_at, entry.observed_at, tapped_given)
    return Placed(entry.observed_at, tapped_at, None, tapped_given)


def _can_be_seen(entry: Entry, infusion: Infusion, protocol: Protocol, now: datetime) -> bool:
    """Whether this time can be; of a correction also whether it stays within the infusion."""
    if not seen_from(infusion, protocol) - CLOCK_SLIP <= entry.observed_at <= now + CLOCK_SLIP:
        return False
    return entry.corrects is None or not any(after_leaving_problems(entry, infusion))


def span_words(span: timedelta) -> str:
    """ "90 s", "12 min", "3 h 5 min": a length of time as a person says it."""
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
