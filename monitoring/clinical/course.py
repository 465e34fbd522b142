"""Where an infusion stands: phase, clocks, milligrams, due slots and baseline, computed from its entries and `now`.

Nothing of this is stored. Everything recorded counts at once, also what a tablet's clock put a moment ahead of `now`;
a replay passes `infusion.known_at(then)`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, cast

from monitoring.clinical.dose import Plan, beside_what_holds, plan_of, says_its_numbers
from monitoring.clinical.protocol import OVER, Phase, Protocol
from monitoring.clinical.record import EVENT_WORDS, Entry, Event, EventKind, Infusion, Reading

SlotState = Literal["done", "partial", "missed", "overdue", "due", "next", "later"]
Milestone = Literal["", "end of infusion", "before leaving"]

_LONGEST_HOURS: Final = 24 * 366.0  # engineering: how far ahead an empty bag is looked for, so that dates hold it
_LATER_IN_RECOVERY: Final = 2  # slots listed after the next one: recovery has no planned end

_LEADS_TO: Final[dict[EventKind, dict[Phase, Phase]]] = {
    "start": {"planned": "infusing"},
    "pause": {"infusing": "paused"},
    "resume": {"paused": "infusing"},
    "end": {"infusing": "recovery", "paused": "recovery"},
    "stop": {"infusing": "recovery", "paused": "recovery"},
    "close": {"recovery": "closed"},
    "cancel": {"planned": "cancelled"},
}
_STAYS_IN: Final[dict[EventKind, tuple[Phase, ...]]] = {
    "rate": ("infusing", "paused"),
    "move": ("planned", "infusing", "paused", "recovery"),
    "effect": ("planned", "infusing", "paused", "recovery"),
    "medicine": ("planned", "infusing", "paused", "recovery"),
    "repeat": ("planned", "infusing", "paused", "recovery"),
    "note": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),  # an addendum may always be written
    "check": ("planned", "infusing", "paused", "recovery", "closed"),
    # Left out in a hurry, these three are still written down once the pump runs: see `dose.plan_of`.
    "order": ("planned", "infusing", "paused", "recovery"),
    "dose": ("planned", "infusing", "paused", "recovery"),
    "dose_check": ("planned", "infusing", "paused", "recovery"),
    "time_out": ("planned",),  # what it is for is over with the start
    "called": ("planned", "infusing", "paused", "recovery"),
    "informed": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),
    "help": ("planned", "infusing", "paused", "recovery"),
    "rapid": ("planned", "infusing", "paused", "recovery"),
    # What was open when the patient left, or when it was cancelled, is still to be closed.
    "over": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),
    "handover": ("planned", "infusing", "paused", "recovery"),
    "score": ("recovery",),
    # The rest of a vial may be wasted when the dose is drawn up; of a cancelled infusion all of it is.
    "drug": ("planned", "infusing", "paused", "recovery", "closed", "cancelled"),
    "baseline": ("infusing", "paused", "recovery", "closed"),
    "sign": ("closed",),
}
_LACKS: Final[dict[EventKind, str]] = {"rate": "the rate", "move": "which chair"}
_FOUND: Final[dict[Phase, str]] = {
    "planned": "the infusion has not been started",
    "infusing": "the infusion is running",
    "paused": "the pump is paused",
    "recovery": "the infusion has ended",
    "closed": "the patient has left",
    "cancelled": "the infusion was cancelled",
}
_WHEN: Final[dict[Phase, str]] = {
    "planned": "before the start",
    "infusing": "while the infusion runs",
    "paused": "while the pump is paused",
    "recovery": "in recovery",
    "closed": "after the patient has left",
    "cancelled": "after it was cancelled",
}


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a set of vital signs is due, and what became of it.

    `state` is "done", "partial" (some of the set, see `lacks`), "missed", "overdue", "due" (its time is reached),
    "next" (the first open one whose time is not reached) or "later".
    """

    at: datetime
    minute: int  # whole minutes since the start of the infusion, in recovery too
    state: SlotState
    milestone: Milestone
    lacks: tuple[str, ...]  # measures neither read nor marked not done; empty unless partial
    not_done: tuple[tuple[str, str], ...]  # (measure, reason): satisfied by a reason
    entries: tuple[str, ...]  # ids of the entries that fill it, in the order observed
    opens_at: datetime  # from here a set may belong to it; the slot before, if empty, is missed
    overdue_at: datetime  # from here an empty slot is overdue
    late: timedelta = timedelta(0)  # how long after its time it was filled, where its window was over by then


@dataclass(frozen=True, slots=True)
class Overdue:
    """A stretch of time in which a set is overdue, from the first slot that was left empty for so long.

    It ends with something of a set for that slot or later, or when the infusion is over (`until`; None: not yet).
    """

    slot: Slot
    since: datetime
    until: datetime | None
    last_set: datetime | None  # when the latest set before it was observed


@dataclass(frozen=True, slots=True)
class Conflict:
    """An event that does not fit the phase it meets. It is kept and shown, and changes nothing."""

    entry: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in which the pump ran at one rate; 0 while it was paused. `until` None: it still does."""

    since: datetime
    until: datetime | None
    rate_ml_per_h: float


@dataclass(frozen=True, slots=True)
class Outline:
    """What the recorded events say, whatever the time is now: phases, chair, doses and pinned baseline."""

    phases: tuple[tuple[datetime, Phase], ...]  # (from when, phase), in order; before the first one: planned
    chair: str
    started_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    ended_early: bool
    rates: tuple[tuple[datetime, float], ...]  # (from when, rate [mL/h]) as recorded by rate events
    conflicts: tuple[Conflict, ...]
    baseline: dict[str, Reading]
    baseline_replaced: dict[str, Reading]
    baseline_chosen: tuple[Entry, ...]  # the events by which people made another entry the baseline; the last holds

    @property
    def phase(self) -> Phase:
        """The phase after everything recorded."""
        return self.phases[-1][1] if self.phases else "planned"

    def phase_at(self, instant: datetime) -> Phase:
        """The phase in which `instant` falls; an event counts from its own instant on."""
        return phase_at(self.phases, instant)

    @property
    def pauses(self) -> tuple[tuple[datetime, datetime | None], ...]:
        """Each pause from when to when; the last may still go on (None)."""
        until: list[datetime | None] = [since for since, _ in self.phases[1:]]
        pairs = zip(self.phases, [*until, None], strict=False)
        return tuple((since, end) for (since, phase), end in pairs if phase == "paused")


@dataclass(frozen=True, slots=True)
class Course:
    """Where an infusion stands at one instant. Clocks and milligrams run; all else holds until `next_change`."""

    phase: Phase
    chair: str  # id of the chair, moves applied
    started_at: datetime | None
    ended_at: datetime | None
    closed_at: datetime | None
    ended_early: bool
    paused_since: datetime | None
    elapsed: timedelta | None  # since the start; stops only when the patient has left
    infusion_time: timedelta | None  # stops while paused and at the end
    pauses: tuple[tuple[datetime, datetime | None], ...]
    rate_ml_per_h: float | None  # the pump's rate, while paused the one it resumes with; None when not infusing
    given_mg: float
    remaining_mg: float
    bag_empty_at: datetime | None  # when all that the bag held was pumped, by the recorded rates; None: not yet
    slots: tuple[Slot, ...]
    next_slot: Slot | None  # the first that is overdue, due or next
    conflicts: tuple[Conflict, ...]
    baseline: dict[str, Reading]
    baseline_replaced: dict[str, Reading]  # as pinned, where it was corrected or withdrawn since
    next_change: datetime | None
    phases: tuple[tuple[datetime, Phase], ...]  # (from when, phase), in order; before the first one: planned
    overdue: tuple[Overdue, ...]  # in order; the last may lie ahead: it begins unless a set is recorded before
    overdue_since: datetime | None  # since when no set was recorded that should have been; None while none is overdue
    overdue_slot_at: datetime | None  # when that set was due
    segments: tuple[Segment, ...]  # what the pump did from the start to the end, without gaps

    def phase_at(self, instant: datetime) -> Phase:
        """The phase in which `instant` falls; an event counts from its own instant on."""
        return phase_at(self.phases, instant)


def course(infusion: Infusion, protocol: Protocol, now: datetime) -> Course:
    """Where `infusion` stands at `now` under `protocol`.

    Dose, volume, planned time and first rate are those of `monitoring.clinical.dose.plan_of`.

    A set fills the slot in whose window it was seen. One that comes between two windows fills the earlier slot, late,
    where nothing else does: it was taken because that slot was due, and the record must not say that none was.

    Slots: every `infusion.every_minutes` from the start until the end event, pauses included, then every
    `after_end_every_minutes` until the patient has left. Listed ahead are, while infusing, those up to the planned end
    (planned minutes plus pauses so far) and always the next one; in recovery the next three. "before leaving" is listed
    once the patient has left: filled by what was recorded within one recovery interval before. What was brought in from
    a file has none: no set was due here.

    An infusion that was brought in from a file which ends before it was over is told as of then: nothing goes on here.

    `given_mg` follows the recorded rates until the bag is empty: no more is given than it held. When that was stands in
    `bag_empty_at`, so that a rate typed ten times too high shows. `remaining_mg` is what is left in the bag.
    """
    standing = infusion.standing()
    outline = outlined(infusion, standing)
    if (ends := file_ends_at(infusion)) is not None:
        now = min(now, ends)
    started, closed, phase, pauses = outline.started_at, outline.closed_at, outline.phase, outline.pauses
    plan = plan_of(infusion, standing)
    infusion_time, volume_ml = _pumped(outline, plan.rate_ml_per_h, now)
    given_mg = min(volume_ml, plan.final_volume_ml) * plan.concentration_mg_per_ml
    empty_at = _empty_at(outline, plan)
    slots, next_change = _slots(infusion, protocol, outline, standing, plan.minutes, now)
    if empty_at is not None and empty_at > now and not infusion.imported:
        next_change = min(next_change or empty_at, empty_at)
    overdue = _overdue(slots, [e for e in standing if of_set(e, protocol.schedule.set)], over_at(outline.phases))
    overdue_now = next((one for one in overdue if one.until is None and one.since <= now), None)
    return Course(
        phase=phase,
        chair=outline.chair,
        started_at=started,
        ended_at=outline.ended_at,
        closed_at=closed,
        ended_early=outline.ended_early,
        paused_since=pauses[-1][0] if phase == "paused" else None,
        elapsed=None if started is None else max(timedelta(0), (closed or now) - started),
        infusion_time=None if started is None else infusion_time,
        pauses=pauses,
        rate_ml_per_h=_rate_at(outline, plan.rate_ml_per_h, now) if phase in ("infusing", "paused") else None,
        given_mg=given_mg,
        remaining_mg=max(0.0, plan.bag_mg - given_mg),
        bag_empty_at=empty_at if empty_at is not None and empty_at <= now else None,
        slots=slots,
        next_slot=next((slot for slot in slots if slot.state in ("overdue", "due", "next")), None),
        conflicts=outline.conflicts,
        baseline=outline.baseline,
        baseline_replaced=outline.baseline_replaced,
        next_change=next_change,
        phases=outline.phases,
        overdue=overdue,
        overdue_since=overdue_now.since if overdue_now else None,
        overdue_slot_at=overdue_now.slot.at if overdue_now else None,
        segments=tuple(_segments(outline, plan.rate_ml_per_h)),
    )


def allowed(kind: EventKind, phase: Phase) -> str:
    """Why an event of this kind does not fit `phase`: one sentence, or "" when it fits."""
    fitting = tuple(_LEADS_TO[kind]) if kind in _LEADS_TO else _STAYS_IN[kind]
    if phase in fitting:
        return ""
    return f"{EVENT_WORDS[kind]}: {_FOUND[phase]}; expected {' or '.join(_WHEN[p] for p in fitting)}."


def phase_after(phase: Phase, kind: EventKind) -> Phase:
    """The phase that an event of this kind leads to from `phase`: the same where it does not fit, or changes none."""
    return _LEADS_TO.get(kind, {}).get(phase, phase)


def leads_on(kind: EventKind) -> bool:
    """Whether events of this kind can lead from one phase to another."""
    return kind in _LEADS_TO


def phase_at(phases: tuple[tuple[datetime, Phase], ...], instant: datetime) -> Phase:
    """The phase in which `instant` falls among `phases` (from when, phase); an event counts from its own instant on."""
    index = bisect_right(phases, instant, key=lambda since: since[0])
    return phases[index - 1][1] if index else "planned"


def over_at(phases: tuple[tuple[datetime, Phase], ...]) -> datetime | None:
    """When the patient left or the infusion was cancelled, by its `phases` (from when, phase); None before."""
    return next((since for since, phase in phases if phase in OVER), None)


def is_over(infusion: Infusion) -> bool:
    """Whether nothing goes on any more: the patient has left, it was cancelled, or a file told of it."""
    return infusion.imported or outlined(infusion).phase in OVER


def file_ends_at(infusion: Infusion) -> datetime | None:
    """When the file that an infusion came from stops telling of it, where it was not over by then; else None."""
    if not infusion.imported or outlined(infusion).phase in OVER:
        return None
    return max(entry.observed_at for entry in infusion.entries if entry.source == "import")


def roots(infusion: Infusion) -> dict[str, str]:
    """For each entry the first entry of its chain of corrections, itself where it corrects none."""
    return infusion.kept("roots", lambda: _roots(infusion))


def _roots(infusion: Infusion) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in sorted(infusion.entries, key=lambda e: e.seq):
        found[entry.id] = found.get(entry.corrects, entry.corrects) if entry.corrects else entry.id
    return found


def outlined(infusion: Infusion, standing: tuple[Entry, ...] | None = None) -> Outline:
    """The phases, chair, rates and baseline that the standing events of `infusion` give, in the order observed.

    An event that does not fit the phase it meets changes nothing and is listed as a conflict.
    """
    if standing is None or standing is infusion.standing():
        return infusion.kept("outline", lambda: _outlined(infusion, infusion.standing()))
    return _outlined(infusion, standing)


def _outlined(infusion: Infusion, standing: tuple[Entry, ...]) -> Outline:
    phase: Phase = "planned"
    phases: list[tuple[datetime, Phase]] = []
    rates: list[tuple[datetime, float]] = []
    misfits: list[tuple[Entry, EventKind, Entry | None]] = []  # entry, its kind, the event that led to the phase it met
    reached_by: dict[Phase, Entry] = {}
    last: Entry | None = None
    chair = infusion.chair
    early = False
    beside = beside_what_holds(infusion, standing)
    for entry in standing:
        if entry.event is None:
            continue
        kind = entry.event.kind
        if entry.id in beside:
            misfits.append((entry, kind, beside[entry.id]))
        elif allowed(kind, phase) or not _complete(entry.event):
            misfits.append((entry, kind, last))
        elif kind in _LEADS_TO:
            phase = phase_after(phase, kind)
            phases.append((entry.observed_at, phase))
            early = early or kind == "stop"
            last = reached_by[phase] = entry
            if kind == "start":
                reached_by["planned"] = entry
        elif kind == "rate":
            rates.append((entry.observed_at, float(entry.event.detail["rate_ml_per_h"])))
        elif kind == "move":
            chair = str(entry.event.detail["chair"])
    start = reached_by.get("planned")
    started_at = start.observed_at if start else None
    conflicting = {entry.id for entry, _, _ in misfits}
    chosen = tuple(e for e in _events(standing, "baseline") if e.id not in conflicting) if start else ()
    baseline, replaced = baseline_of(infusion, start, chosen) if start else ({}, {})
    return Outline(
        phases=tuple(phases),
        chair=chair,
        started_at=started_at,
        ended_at=reached_by["recovery"].observed_at if "recovery" in reached_by else None,
        closed_at=reached_by["closed"].observed_at if "closed" in reached_by else None,
        ended_early=early,
        rates=tuple(rates),
        conflicts=tuple(Conflict(e.id, _sentence(e, kind, met, started_at)) for e, kind, met in misfits),
        baseline=baseline,
        baseline_replaced=replaced,
        baseline_chosen=chosen,
    )


def _events(standing: tuple[Entry, ...], kind: EventKind) -> Iterator[Entry]:
    """The standing events of a kind, in the order recorded."""
    found = (e for e in standing if e.event is not None and e.event.kind == kind)
    return iter(sorted(found, key=lambda e: e.seq))


def made_baseline(infusion: Infusion, named: object) -> Entry | None:
    """The entry that stands in the place of the one a choice of baseline names; None where none does."""
    root_of = roots(infusion)
    root = root_of.get(named) if isinstance(named, str) else None
    return next((e for e in infusion.standing() if root is not None and root_of[e.id] == root), None)


def when(instant: datetime, started_at: datetime | None) -> str:
    """When something was, told from the start: "at minute 42", "3 min before the start", "" when never started."""
    if started_at is None:
        return ""
    minute = minutes_since(started_at, instant)
    return f"at minute {minute}" if minute >= 0 else f"{-minute} min before the start"


def minutes_since(started_at: datetime, instant: datetime) -> int:
    """Whole minutes from `started_at` to `instant`, rounded down; negative before."""
    return (instant - started_at) // timedelta(minutes=1)


def _complete(event: Event) -> bool:
    """Whether an event holds what it changes: a rate its number, a move its chair, an order and a dose theirs."""
    if event.kind == "rate":
        rate = event.detail.get("rate_ml_per_h")
        return isinstance(rate, int | float) and not isinstance(rate, bool) and rate >= 0
    if event.kind == "move":
        return bool(event.detail.get("chair"))
    return says_its_numbers(event)


def _sentence(entry: Entry, kind: EventKind, met: Entry | None, started_at: datetime | None) -> str:
    what = _told(EVENT_WORDS[kind], entry, started_at)
    if entry.event is not None and not _complete(entry.event):
        return f"{what} does not say {_LACKS.get(kind, 'all of its numbers')}."
    if met is None or met.event is None:
        return f"{what} conflicts with: infusion not started."
    found = EVENT_WORDS[met.event.kind]
    return f"{what} conflicts with: {_told(found[0].lower() + found[1:], met, started_at)}."


def _told(what: str, entry: Entry, started_at: datetime | None) -> str:
    return f"{what} {when(entry.observed_at, started_at)}".rstrip()


def baseline_of(
    infusion: Infusion, start: Entry, chosen: tuple[Entry, ...] = ()
) -> tuple[dict[str, Reading], dict[str, Reading]]:
    """What `start` pinned, by measure: the readings as they stand, or what was `chosen` since; and as they were pinned.

    The second only where what was pinned was corrected or withdrawn, and nothing else was chosen.
    """
    by_id = {entry.id: entry for entry in infusion.entries}
    pinned: object = None
    entry: Entry | None = start
    # A corrected start (its minute, say) need not repeat the pins: those of the entry it replaces hold.
    while entry is not None and pinned is None:
        pinned = entry.event.detail.get("baseline") if entry.event else None
        entry = by_id.get(entry.corrects) if entry.corrects else None
    if not isinstance(pinned, dict):
        pinned = {}
    root_of = roots(infusion)
    as_recorded = {r.id: (e, r) for e in infusion.entries for r in e.readings}
    stands = {root_of[e.id]: e for e in sorted(infusion.standing(), key=lambda e: e.seq)}
    baseline: dict[str, Reading] = {}
    replaced: dict[str, Reading] = {}
    for measure, reading_id in cast("dict[str, str]", pinned).items():
        if reading_id not in as_recorded:
            continue
        source, reading = as_recorded[reading_id]
        holder = stands.get(root_of[source.id])
        current = next((r for r in holder.readings if r.measure == measure), None) if holder else None
        if current is not None:
            baseline[measure] = current
        if current is None or current.id != reading.id:
            replaced[measure] = reading
    for choice in chosen:
        made = made_baseline(infusion, choice.event.detail.get("of") if choice.event else None)
        for reading in made.readings if made is not None else ():
            baseline[reading.measure] = reading
            replaced.pop(reading.measure, None)
    return baseline, replaced


def _segments(outline: Outline, planned_rate: float) -> Iterator[Segment]:
    """What the pump did from the start to the end: each rate from when to when, pauses as 0."""
    changes = [since for since, _ in outline.rates]
    ends: list[datetime | None] = [since for since, _ in outline.phases[1:]]
    for (since, phase), until in zip(outline.phases, [*ends, None], strict=False):
        if phase == "paused":
            edges: list[datetime | None] = [since, until]
        elif phase == "infusing":
            edges = [since, *(at for at in changes if since < at and (until is None or at < until)), until]
        else:
            continue
        for low, high in pairwise(edges):
            if low is not None and low != high:
                yield Segment(low, high, 0.0 if phase == "paused" else _rate_at(outline, planned_rate, low))


def _pumped(outline: Outline, planned_rate: float, now: datetime) -> tuple[timedelta, float]:
    """Infusion time and volume [mL] pumped until `now`."""
    time, volume = timedelta(0), 0.0
    for segment in _segments(outline, planned_rate):
        until = now if segment.until is None else min(segment.until, now)
        if until > segment.since and outline.phase_at(segment.since) == "infusing":
            time += until - segment.since
            volume += segment.rate_ml_per_h * ((until - segment.since) / timedelta(hours=1))
    return time, volume


def _empty_at(outline: Outline, plan: Plan) -> datetime | None:
    """When all that the bag holds was, or will be, pumped at the recorded rates; None when that is not reached."""
    left_ml = plan.final_volume_ml
    for segment in _segments(outline, plan.rate_ml_per_h):
        if segment.rate_ml_per_h <= 0:
            continue
        lasts = timedelta(hours=min(left_ml / segment.rate_ml_per_h, _LONGEST_HOURS))
        if segment.until is None or segment.since + lasts <= segment.until:
            return segment.since + lasts
        left_ml -= segment.rate_ml_per_h * ((segment.until - segment.since) / timedelta(hours=1))
    return None


def _rate_at(outline: Outline, planned_rate: float, instant: datetime) -> float:
    index = bisect_right(outline.rates, instant, key=lambda change: change[0])
    return outline.rates[index - 1][1] if index else planned_rate


@dataclass(frozen=True, slots=True)
class _Place:
    """A slot before it is known what fills it. `anchors`: a set near any of these instants is near the slot."""

    anchors: tuple[datetime, ...]
    window: timedelta
    overdue_after: timedelta
    milestone: Milestone = ""

    @property
    def at(self) -> datetime:
        return self.anchors[0]

    def distance(self, instant: datetime) -> timedelta:
        return min(abs(instant - anchor) for anchor in self.anchors)


def _slots(
    infusion: Infusion,
    protocol: Protocol,
    outline: Outline,
    standing: tuple[Entry, ...],
    planned_minutes: float,
    now: datetime,
) -> tuple[tuple[Slot, ...], datetime | None]:
    """The slots at `now`, and the next instant at which one of them changes or another is listed."""
    started = outline.started_at
    if started is None or infusion.imported:
        return (), None
    wanted = protocol.schedule.set
    sets = [e for e in standing if of_set(e, wanted)]
    last_set = sets[-1].observed_at if sets else started
    places, appears_at = _places(infusion, protocol, outline, planned_minutes, started, now, last_set)
    filled: list[list[Entry]] = [[] for _ in places]
    between: list[list[Entry]] = [[] for _ in places]  # after this slot's window, before the next one's
    for entry in sets:
        index = _nearest(places, entry.observed_at)
        if index is not None:
            filled[index].append(entry)
        elif (index := bisect_right(places, entry.observed_at, key=lambda place: place.at) - 1) >= 0:
            between[index].append(entry)
    late = [not at_time and bool(after) for at_time, after in zip(filled, between, strict=True)]
    filled = [after if is_late else at_time for at_time, after, is_late in zip(filled, between, late, strict=True)]
    slots: list[Slot] = []
    changes = [] if appears_at is None else [appears_at]
    next_found = False
    for index, place in enumerate(places):
        opens_at, overdue_at = place.at - place.window, place.at + place.overdue_after
        missed_at = places[index + 1].at - places[index + 1].window if index + 1 < len(places) else None
        lacks, not_done = _filling(filled[index], wanted)
        state: SlotState
        if filled[index]:
            state = "partial" if lacks else "done"
        elif outline.closed_at is not None or (missed_at is not None and now >= missed_at):
            state = "missed"
        elif now >= overdue_at:
            state = "overdue"
        elif now >= place.at:
            state = "due"
        else:
            state = "later" if next_found else "next"
            next_found = True
        if outline.closed_at is None:
            changes.append(place.at)
            if not filled[index]:
                changes.extend(at for at in (overdue_at, missed_at) if at is not None)
        slots.append(
            Slot(
                at=place.at,
                minute=minutes_since(started, place.at),
                state=state,
                milestone=place.milestone,
                lacks=lacks,
                not_done=not_done,
                entries=tuple(e.id for e in filled[index]),
                opens_at=opens_at,
                overdue_at=overdue_at,
                late=filled[index][0].observed_at - place.at if late[index] else timedelta(0),
            )
        )
    if outline.closed_at is not None:
        slots.append(_before_leaving(protocol, sets, started, outline.closed_at))
    return tuple(slots), min((at for at in changes if at > now), default=None)


def _overdue(slots: tuple[Slot, ...], sets: list[Entry], over: datetime | None) -> tuple[Overdue, ...]:
    """The stretches in which a set is overdue; those that touch are one.

    A set that comes between two windows ends one, whether or not it fills a slot: the patient has been looked at.
    """
    due = [slot for slot in slots if slot.milestone != "before leaving"]
    fills = {entry: index for index, slot in enumerate(due) for entry in slot.entries}
    reach = [fills.get(e.id, bisect_right(due, e.observed_at, key=lambda slot: slot.at) - 1) for e in sets]
    answered: list[datetime | None] = [None] * (len(due) + 1)  # when each slot, or a later one, first got something
    for entry, index in zip(sets, reach, strict=True):
        if index >= 0:
            answered[index] = min(answered[index] or entry.observed_at, entry.observed_at)
    for index in range(len(due) - 1, -1, -1):
        answered[index] = min((at for at in answered[index : index + 2] if at is not None), default=None)
    found: list[Overdue] = []
    for index, slot in enumerate(due):
        since = slot.overdue_at
        until = min((at for at in (answered[index], over) if at is not None), default=None)
        if until is not None and until <= since:
            continue
        last = found[-1] if found else None
        if last is None or (last.until is not None and last.until < since):
            earlier = (e.observed_at for e, r in zip(sets, reach, strict=True) if r < index and e.observed_at < since)
            found.append(Overdue(slot, since, until, max(earlier, default=None)))
        elif last.until is not None:
            found[-1] = replace(last, until=None if until is None else max(last.until, until))
        if until is None:
            break
    return tuple(found)


def _places(
    infusion: Infusion,
    protocol: Protocol,
    outline: Outline,
    planned_minutes: float,
    started: datetime,
    now: datetime,
    last_set: datetime,
) -> tuple[list[_Place], datetime | None]:
    """Where slots are, in order, and when time alone (a pause that goes on) will add one.

    A slot after `now` that nothing fills is always there, also when the last set came ahead of its slot.
    """
    schedule, ended, closed = protocol.schedule, outline.ended_at, outline.closed_at
    every = timedelta(minutes=infusion.every_minutes)
    window, overdue_after = _margins(protocol, every)
    appears_at: datetime | None = None
    if ended is not None:
        last = (ended - started) // every
    else:
        pauses = outline.pauses
        paused = sum((max(timedelta(0), (until or now) - since) for since, until in pauses), timedelta(0))
        planned_end = started + timedelta(minutes=planned_minutes) + paused
        last = max((planned_end - started) // every, _first_open(started, every, window, last_set, now))
        if outline.phase == "paused":
            appears_at = max(now, pauses[-1][0]) + (started + (last + 1) * every - planned_end)
    places = [_Place((started + k * every,), window, overdue_after) for k in range(last + 1)]
    if ended is None:
        return places, appears_at
    if ended - places[-1].at <= window:
        # A set at the end itself belongs here too, however near the edge of the window the end came.
        places[-1] = _Place((places[-1].at, ended), window, overdue_after, "end of infusion")
    else:
        places.append(_Place((ended,), window, overdue_after, "end of infusion"))
    every = timedelta(minutes=schedule.after_end_every_minutes)
    window, overdue_after = _margins(protocol, every)
    if closed is not None:
        last = (closed - ended) // every
    else:
        last = max(1, _first_open(ended, every, window, last_set, now)) + _LATER_IN_RECOVERY
    places.extend(_Place((ended + k * every,), window, overdue_after) for k in range(1, last + 1))
    return places, None


def _first_open(since: datetime, every: timedelta, window: timedelta, last_set: datetime, now: datetime) -> int:
    """Which slot of those every so often `since` is the first after `now` and the last set, and not filled by it."""
    nearest = -((every / 2 - (last_set - since)) // every)  # the earlier of two equally near
    filled = nearest if abs(last_set - since - nearest * every) <= window else -1
    return max((max(now, last_set) - since) // every, filled, -1) + 1


def _margins(protocol: Protocol, every: timedelta) -> tuple[timedelta, timedelta]:
    """The window around a slot and the time after which it is overdue, neither beyond half the interval."""
    schedule = protocol.schedule
    return (
        min(timedelta(minutes=schedule.window_minutes), every / 2),
        min(timedelta(minutes=schedule.overdue_minutes), every / 2),
    )


def _nearest(places: list[_Place], instant: datetime) -> int | None:
    """The place nearest to `instant`, the earlier of two equally near, if `instant` is within its window."""
    right = bisect_left(places, instant, key=lambda place: place.at)
    near = range(max(0, right - 1), min(len(places), right + 1))
    best = min(near, key=lambda index: (places[index].distance(instant), index))
    return best if places[best].distance(instant) <= places[best].window else None


def of_set(entry: Entry, wanted: tuple[str, ...]) -> bool:
    """Whether an entry holds something of the set: a value, or the reason why there is none."""
    return any(r.measure in wanted for r in entry.readings) or any(n.measure in wanted for n in entry.not_done)


def _filling(entries: list[Entry], wanted: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    """What these entries leave open of the set, and what they satisfy by a reason. Nothing for no entries."""
    if not entries:
        return (), ()
    read = {r.measure for e in entries for r in e.readings}
    reasons = {n.measure: n.reason for e in entries for n in e.not_done if n.measure not in read}
    lacks = tuple(m for m in wanted if m not in read and m not in reasons)
    return lacks, tuple((m, reasons[m]) for m in wanted if m in reasons)


def _before_leaving(protocol: Protocol, sets: list[Entry], started: datetime, closed: datetime) -> Slot:
    opens_at = closed - timedelta(minutes=protocol.schedule.after_end_every_minutes)
    entries = [e for e in sets if opens_at <= e.observed_at <= closed]
    lacks, not_done = _filling(entries, protocol.schedule.set)
    return Slot(
        at=closed,
        minute=minutes_since(started, closed),
        state="missed" if not entries else "partial" if lacks else "done",
        milestone="before leaving",
        lacks=lacks,
        not_done=not_done,
        entries=tuple(e.id for e in entries),
        opens_at=opens_at,
        overdue_at=closed,
    )
