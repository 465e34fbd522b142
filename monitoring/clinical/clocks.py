"""The clocks that an event starts and that run until something closes them, and what began and is over or is not.

Paused pump, promised repeat, set after a medicine, somebody called, help called, rapid sets. Nothing of this is stored:
it follows from the entries that stand. Here are also the judgements of the events that start and close these clocks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from monitoring.clinical.course import Course, minutes_since, of_set, outlined, roots, when
from monitoring.clinical.events import first_of, standing_events
from monitoring.clinical.flags import Flags
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import EVENT_WORDS, Entry, EventKind, Infusion, event_words

ClockKind = Literal["paused", "repeat", "recheck", "called", "help", "rapid"]

CLOSED_BY_OVER: Final[tuple[EventKind, ...]] = ("effect", "medicine", "called", "help", "rapid")
_ENDED: Final[dict[str, str]] = {
    "effect": "resolved",
    "medicine": "no further set taken",
    "called": "answered",
    "help": "over",
    "rapid": "over",
}


@dataclass(frozen=True, slots=True)
class RunningClock:
    """Something that was begun and is not closed yet. Counted up from `since`, or down to `due_at` where it is due."""

    key: str  # "<kind>/<first entry of the chain>", with the minutes after a medicine
    kind: ClockKind
    label: str
    since: datetime
    due_at: datetime | None
    entry: str | None  # id of the entry that stands and began it: what an "over" names


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks that run, those with a due time first, by that time; and when time alone adds or turns one."""

    running: tuple[RunningClock, ...]
    next_change: datetime | None


@dataclass(frozen=True, slots=True)
class Recheck:
    """A set waited for after a medicine: from `opens_at` on, due at `due_at`; what took it, or who said why not."""

    medicine: Entry
    minutes: float  # after the medicine
    opens_at: datetime
    due_at: datetime
    taken: Entry | None  # the first set from `opens_at` on that comes before the next one opens
    given_up: Entry | None  # the "over" of the medicine, where nothing was taken

    @property
    def is_open(self) -> bool:
        """Whether neither a set has come nor anybody has said why none was taken."""
        return self.taken is None and self.given_up is None


@dataclass(frozen=True, slots=True)
class Begun:
    """An event that goes on until somebody says that it is over, and that saying, if there is one."""

    entry: Entry
    since: datetime
    over: Entry | None

    @property
    def detail(self) -> dict[str, Any]:
        """What was recorded of it."""
        return self.entry.event.detail if self.entry.event is not None else {}

    def over_words(self, started_at: datetime | None) -> str:
        """How and when it ended: "resolved at minute 31"; "" while it goes on."""
        if self.over is None or self.over.event is None or self.entry.event is None:
            return ""
        how = str(self.over.event.detail.get("how") or _ENDED.get(self.entry.event.kind, "over"))
        return f"{how} {when(self.over.observed_at, started_at)}".rstrip()


@dataclass(frozen=True, slots=True)
class Effect(Begun):
    """An adverse effect: onset is `since`."""

    @property
    def name(self) -> str:
        """As it was recorded."""
        return str(self.detail.get("name", ""))

    @property
    def severity(self) -> str:
        """ "mild", "moderate", "severe", or "" where none was given."""
        return str(self.detail.get("severity") or "")

    @property
    def action(self) -> str:
        """What was done, or "" where nothing was recorded."""
        return str(self.detail.get("action") or "")


def clocks(infusion: Infusion, protocol: Protocol, course: Course, flags: Flags, now: datetime) -> Clocks:
    """The clocks of `infusion` that run at `now`; `course` and `flags` are of the same infusion, protocol and instant.

    Once the patient has left nothing can be repeated or taken any more: what was called then still waits for its
    answer (`over`), all else has ended with the infusion and is told by `rechecks` and the flags. Cancelled: none.
    Brought in from a file: none, nobody here waits for anything of it.
    """
    if course.phase == "cancelled" or infusion.imported:
        return Clocks((), None)
    running: list[RunningClock] = []
    changes: list[datetime] = []
    root_of = roots(infusion)
    for kind in ("help", "called"):
        running += [_called(one, root_of) for one in begun(infusion, kind) if one.over is None]
    if course.phase != "closed":
        running += _paused(infusion, course, root_of)
        running += _repeats(protocol, flags)
        running += _rapid(infusion, protocol, root_of)
        waited, changes = _rechecks(infusion, protocol, root_of, now)
        running += waited
    changes += [clock.due_at for clock in running if clock.due_at is not None]
    in_order = sorted(running, key=lambda c: (c.due_at is None, c.due_at or c.since, c.key))
    return Clocks(tuple(in_order), min((at for at in changes if at > now), default=None))


def begun(infusion: Infusion, kind: EventKind) -> tuple[Begun, ...]:
    """The standing events of a kind that an "over" can close, in the order observed, each with what closed it.

    Where it was said to be over more than once, the latest holds: it was seen to go on until then.
    """
    overs = _overs(infusion)
    root_of = roots(infusion)
    return tuple(
        Begun(entry, entry.observed_at, overs.get(root_of[entry.id]))
        for entry in infusion.standing()
        if entry.event is not None and entry.event.kind == kind
    )


def effects(infusion: Infusion) -> tuple[Effect, ...]:
    """Each standing adverse effect in the order of onset, with when and how it ended."""
    return tuple(Effect(one.entry, one.since, one.over) for one in begun(infusion, "effect"))


def rechecks(infusion: Infusion, protocol: Protocol) -> tuple[Recheck, ...]:
    """The sets waited for after each standing medicine, taken or not, by medicine and then by time.

    A set (values, or the reason why there are none) counts from the window before its time on, and until the window of
    the next one opens. One set may answer several medicines. None is waited for after what was brought in from a file.
    """
    after = protocol.schedule.recheck_minutes
    if not after or infusion.imported:
        return ()
    window = protocol.schedule.window_minutes
    sets = [e for e in infusion.standing() if of_set(e, protocol.schedule.set)]
    found: list[Recheck] = []
    for given in begun(infusion, "medicine"):
        due = [given.since + timedelta(minutes=minutes) for minutes in after]
        earlier = [given.since, *due]
        opens = [max(at - timedelta(minutes=window), before) for at, before in zip(due, earlier, strict=False)]
        closes: list[datetime | None] = [*opens[1:], None]
        for minutes, opens_at, due_at, until in zip(after, opens, due, closes, strict=True):
            taken = next(
                (
                    e
                    for e in sets
                    if opens_at <= e.observed_at
                    and given.since < e.observed_at
                    and (not until or e.observed_at < until)
                ),
                None,
            )
            found.append(Recheck(given.entry, minutes, opens_at, due_at, taken, given.over if taken is None else None))
    return tuple(found)


def rapid_since(infusion: Infusion) -> Entry | None:
    """The entry that began the rapid sets which go on; None where there are none. "over" of one of them ends them."""
    root_of = roots(infusion)
    running: Entry | None = None
    begins: set[str] = set()
    for entry in infusion.standing():
        if entry.event is not None and entry.event.kind == "rapid":
            running = running or entry
            begins.add(root_of[entry.id])
        elif entry.event is not None and entry.event.kind == "over" and _named(entry, root_of) in begins:
            running = None
    return running


def _overs(infusion: Infusion) -> dict[str, Entry]:
    """The latest standing "over" of each entry, by the first entry of its chain of corrections."""
    root_of = roots(infusion)
    found: dict[str, Entry] = {}
    for entry in infusion.standing():
        if entry.event is not None and entry.event.kind == "over":
            found[_named(entry, root_of)] = entry
    return found


def _named(over: Entry, root_of: dict[str, str]) -> str:
    """The first entry of the chain that an "over" closes."""
    named = str(_detail(over).get("of", ""))
    return root_of.get(named, named)


def _called(one: Begun, root_of: dict[str, str]) -> RunningClock:
    """Somebody, or help, that was called and has not been said to be here."""
    entry = one.entry
    if entry.event is not None and entry.event.kind == "help":
        return RunningClock(f"help/{root_of[entry.id]}", "help", EVENT_WORDS["help"], one.since, None, entry.id)
    whom = str(one.detail.get("whom", "")).strip()
    label = f"{whom[:1].upper()}{whom[1:]} called" if whom else EVENT_WORDS["called"]
    return RunningClock(f"called/{root_of[entry.id]}", "called", label, one.since, None, entry.id)


def _paused(infusion: Infusion, course: Course, root_of: dict[str, str]) -> Iterator[RunningClock]:
    since = course.paused_since
    if since is None:
        return
    pauses = (e for e in infusion.standing() if e.event is not None and e.event.kind == "pause")
    entry = next((e for e in pauses if e.observed_at == since), None)
    label = event_words(entry.event) if entry is not None and entry.event is not None else EVENT_WORDS["pause"]
    key = root_of[entry.id] if entry is not None else since.isoformat()
    yield RunningClock(f"paused/{key}", "paused", label, since, None, entry.id if entry is not None else None)


def _repeats(protocol: Protocol, flags: Flags) -> Iterator[RunningClock]:
    """One for each measure of which a repeat is promised and not taken."""
    for promise in flags.promised:
        measure = str(_detail(promise.entry)["measure"])
        label = f"Repeat {_lower(protocol.measures[measure].label)}"
        since, entry = promise.entry.observed_at, promise.entry.id
        yield RunningClock(f"repeat/{measure}", "repeat", label, since, promise.due_at, entry)


def _rapid(infusion: Infusion, protocol: Protocol, root_of: dict[str, str]) -> Iterator[RunningClock]:
    """Rapid sets, due again so long after the last set."""
    entry = rapid_since(infusion)
    if entry is None:
        return
    chosen: Any = _detail(entry).get("every_minutes")
    every = chosen if _is_number(chosen) and chosen > 0 else protocol.schedule.rapid_minutes
    sets = [e for e in infusion.standing() if of_set(e, protocol.schedule.set) and e.observed_at >= entry.observed_at]
    due_at = (sets[-1] if sets else entry).observed_at + timedelta(minutes=every)
    label = f"A set every {'minute' if every == 1 else f'{every:g} min'}"
    yield RunningClock(f"rapid/{root_of[entry.id]}", "rapid", label, entry.observed_at, due_at, entry.id)


def _rechecks(
    infusion: Infusion, protocol: Protocol, root_of: dict[str, str], now: datetime
) -> tuple[list[RunningClock], list[datetime]]:
    """Of each medicine the next set that is waited for, and those whose turn has come; and when others get theirs."""
    running: list[RunningClock] = []
    appear: list[datetime] = []
    listed: set[str] = set()
    for one in rechecks(infusion, protocol):
        medicine = one.medicine
        if not one.is_open:
            continue
        if medicine.id in listed and one.opens_at > now:
            appear.append(one.opens_at)
            continue
        listed.add(medicine.id)
        words = event_words(medicine.event) if medicine.event is not None else ""
        running.append(
            RunningClock(
                key=f"recheck/{root_of[medicine.id]}/{one.minutes:g}",
                kind="recheck",
                label=f"Set {one.minutes:g} min after {words}",
                since=medicine.observed_at,
                due_at=one.due_at,
                entry=medicine.id,
            )
        )
    return running, appear


# What is asked of the events that start and close clocks. Each yields sentences: what was found, what is expected.
# What only a live screen could have known (somebody else was faster) is not held against an entry from an outbox.


def called_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Somebody was called: whom."""
    yield from _words("Called", entry, "whom", needed="whom")


def informed_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Somebody was told: whom, and about what if that is said."""
    yield from _words("Informed", entry, "whom", needed="whom")
    yield from _words("Informed about", entry, "about")


def help_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Help was called: the minute is all that is needed."""
    yield from ()


def rapid_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Rapid sets: every how many minutes, oftener than the schedule asks anyway; not when they go on already."""
    every: Any = _detail(entry).get("every_minutes")
    planned = infusion.every_minutes
    if not _is_number(every):
        yield f"Rapid sets every {_quoted(every)}: expected a number of minutes."
    elif not 0 < every < planned:
        yield f"Rapid sets every {every:g} min: expected more than 0 and less than the {planned} min of the schedule."
    running = rapid_since(infusion)
    if running is not None and not entry.queued and entry.corrects is None:
        began = when(running.observed_at, outlined(infusion).started_at)
        yield f"Rapid sets go on already, begun {began}".rstrip() + ": expected them to be over first."


def over_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Something is over: which entry, that it goes on still, and of a medicine why no further set is taken."""
    named = _detail(entry).get("of")
    yield from _words("Over, how", entry, "how")
    if not isinstance(named, str) or not named:
        yield f"Over of {_quoted(named)}: expected the entry that is over."
        return
    root_of = roots(infusion)
    known = {root_of[e.id] for e in infusion.entries if e.event is not None and e.event.kind in CLOSED_BY_OVER}
    root = root_of.get(named, named)
    if root not in known:
        yield f"Over of {_quoted(named)}: expected an effect, a medicine, a call or rapid sets of this infusion."
        return
    standing = next((e for e in infusion.standing() if root_of[e.id] == root), None)
    if standing is None or standing.event is None:
        if not entry.queued:
            yield "Over of an entry that was withdrawn: expected one that stands."
        return
    what, kind = event_words(standing.event), standing.event.kind
    if kind == "medicine" and not str(_detail(entry).get("how") or "").strip():
        yield f"{what}, no further set: expected why."
    if entry.queued:
        return
    started = outlined(infusion).started_at
    if minutes_since(standing.observed_at, entry.observed_at) < 0:
        began = _aside(when(standing.observed_at, started))
        yield f"{what}, over before it began{began}: expected a later time."
    earlier = _overs(infusion).get(root)
    if earlier is not None and entry.corrects is None:
        yield f"{what} is over already{_aside(when(earlier.observed_at, started))}: expected one that goes on."


def handover_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Who signs in takes over, and not twice in a row. Whoever corrects the minute of it has not taken over."""
    if entry.queued or entry.corrects is not None:
        return
    events = list(standing_events(infusion, "handover"))
    if events and first_of(infusion, events[-1]).author == entry.author:
        at = _aside(when(events[-1].observed_at, outlined(infusion).started_at))
        yield f"{entry.author_name} has taken over already{at}: expected somebody else."


def _detail(entry: Entry) -> dict[str, Any]:
    return entry.event.detail if entry.event is not None else {}


def _words(what: str, entry: Entry, key: str, *, needed: str = "") -> Iterator[str]:
    """That a detail is words, where it is there or has to be."""
    found = _detail(entry).get(key)
    if found is None or (isinstance(found, str) and not found.strip()):
        if needed:
            yield f"{what}: expected {needed}."
    elif not isinstance(found, str):
        yield f"{what} {_quoted(found)}: expected words."


def _quoted(found: object) -> str:
    return "missing" if found is None or found == "" else f"“{str(found)[:60]}”"


def _aside(text: str) -> str:
    return f", {text}" if text else ""


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)
