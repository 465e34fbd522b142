"""What the team should look at: values outside the site's ranges, and silence, from entries, protocol and `now`.

A flag is an episode: one per measure and side, from the first value outside to the first value inside. Nothing of it is
stored except acknowledgements, which are entries. All limits come from the protocol.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, NamedTuple

from monitoring.clinical.course import Course, Outline, minutes_since, outlined, over_at, roots, when
from monitoring.clinical.moments import is_soon
from monitoring.clinical.protocol import Level, Limit, Measure, Phase, Protocol, RuleKey, Side, limit_words
from monitoring.clinical.record import Entry, Event, Infusion, Reading

Confirmation = Literal["", "unconfirmed", "confirmed", "not confirmed", "again"]

NOT_JUDGED: Final = "change from baseline not judged"
NOT_HERE: Final = "brought in from a file: not acknowledged here"  # of a flag that nobody here could acknowledge
IN_THE_FILE: Final = "somebody, as the file says"  # who acknowledged a flag before it was brought in
PERCENT_NOT_JUDGED: Final = "percent change from a baseline of 0 not judged"

_OF_CHANGE: Final[frozenset[RuleKey]] = frozenset(
    ("rise_at_or_above", "fall_at_or_above", "rise_percent_at_or_above", "fall_percent_at_or_above")
)
_SILENCE_COUNTS: Final[tuple[Phase, ...]] = ("infusing", "paused", "recovery")  # where a silence rule names no phase
_PHASE_EVENTS: Final = frozenset(("start", "pause", "resume", "end", "stop", "close", "cancel"))


@dataclass(frozen=True, slots=True)
class Receipt:
    """That somebody acknowledged a flag: who, when, what was done, and the level they saw."""

    who: str
    at: datetime
    done: str
    level: Level


@dataclass(frozen=True, slots=True)
class Flag:
    """Something the team should look at, with what it rests on.

    `open` means to be listed now: outside, or critical and not yet acknowledged (also when withdrawn since). Nothing of
    an infusion brought in from a file is.
    """

    key: str  # "<measure>/<side>/<first entry of the first reading>", "set/overdue/<slot>", "<measure>/silent/<since>"
    measure: str  # "set" for a set that is overdue, and for incomplete sets in a row
    label: str
    side: Side
    level: Level  # the worst reached
    opened_at: datetime
    closed_at: datetime | None  # observed time of the first value inside; None while outside
    readings: tuple[Reading, ...]
    worst: Reading | None
    worst_at: datetime | None
    limit: Limit | None
    rule: str
    headline: str
    receipt: str
    baseline: float | None
    change: float | None
    percent: float | None
    baseline_note: str
    confirmation: Confirmation  # only for critical
    again_at: datetime | None  # of "again": when it was seen again, too late to confirm the value before
    repeat_due_at: datetime | None  # when a promised repeat is due that has not been taken
    acknowledged: tuple[Receipt, ...]
    is_acknowledged: bool  # at its level and, when critical, with every critical reading seen
    needs_acknowledgement: bool
    withdrawn: bool  # every reading it rested on was corrected or withdrawn away
    open: bool
    instruction: str
    imported: bool = False  # of an infusion brought in from a file: it waits for nobody here


class Promise(NamedTuple):
    """A repeat that was promised: by which entry, due when, and when the next value came."""

    entry: Entry
    due_at: datetime
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Flags:
    """All flags of an infusion, worst first: critical, then not acknowledged, then newest."""

    flags: tuple[Flag, ...]
    next_change: datetime | None  # when the next one is raised, or rises, by time alone
    not_judged: tuple[str, ...]  # measures with a rule about change, and no baseline to judge it by
    promised: tuple[Promise, ...] = ()  # repeats not taken yet, of each measure the one due first

    @property
    def open(self) -> tuple[Flag, ...]:
        """Those to be listed now."""
        return tuple(flag for flag in self.flags if flag.open)


def flags(infusion: Infusion, protocol: Protocol, now: datetime, course: Course) -> Flags:
    """The flags of `infusion` at `now`; `course` is that of the same infusion, protocol and instant.

    Values are judged whatever `now` is. Time alone raises silence, an overdue set and a repeat not taken, until the
    patient has left or the infusion is cancelled; a critical one of those stays open until acknowledged, too.

    Of an infusion brought in from a file only values are judged: nobody here was asked for a set, or told of a flag.
    """
    record = _Record(infusion, protocol, course)
    answers = _Answers(infusion, record.standing)
    present = record.episodes()
    found = [_value_flag(episode, record, answers) for episode in present]
    found += _withdrawn(infusion, protocol, present, answers)
    changes: list[datetime] = []
    for raised in () if infusion.imported else _timed(record, course, now):
        rises = raised.rises
        reached = [step for step in rises if step.since <= now]
        if reached:
            found.append(_timed_flag(raised, reached[-1], answers))
        changes += [step.since for step in rises[len(reached) :]]
    return Flags(
        flags=tuple(sorted(found, key=lambda f: (-f.level, f.is_acknowledged, -f.opened_at.timestamp(), f.key))),
        next_change=min(changes, default=None),
        not_judged=tuple(
            m.key
            for m in protocol.measures.values()
            if course.started_at is not None
            and m.key not in course.baseline
            and any(x.key in _OF_CHANGE for x in m.limits)
        ),
        promised=() if infusion.imported else _waited_for(record),
    )


def _timed(record: _Record, course: Course, now: datetime) -> Iterator[_Raised]:
    """What time alone raises."""
    yield from (*_overdue(record, course), *_partial(record, course, now), *_silent(record), *_repeats(record))


def level_of(reading: Reading, infusion: Infusion, protocol: Protocol, course: Course, at: datetime) -> Level | None:
    """The level of one value observed at `at`, by the same rules as flags; None inside the range.

    Also for a value that was corrected or withdrawn; a step is judged against the standing value before `at`.
    """
    measure = protocol.measures.get(reading.measure)
    if measure is None:
        return None
    record = _Record(infusion, protocol, course)
    before: float | None = None
    if course.started_at is not None and at >= course.started_at:
        earlier = (s.reading for s in reversed(record.readings.get(measure.key, [])) if s.at < at)
        before = next((r.value for r in earlier if r.id != reading.id), None)
    met = record.met(measure.limits, reading.value, at, record.baseline(measure.key, at), before)
    return _highest(met)


def levels(infusion: Infusion, protocol: Protocol, course: Course) -> dict[str, Level]:
    """The level of each standing reading outside its range, by reading id. One pass, for charts and entry lists."""
    record = _Record(infusion, protocol, course)
    found: dict[str, Level] = {}
    for measure in record.readings:
        for seen, met in record.judged(measure):
            level = _highest(met)
            if level is not None:
                found[seen.reading.id] = level
    return found


class _Seen(NamedTuple):
    """A reading, when it was observed, and the first entry of its chain of corrections."""

    reading: Reading
    at: datetime
    root: str


class _Judged(NamedTuple):
    """A reading in an episode: the limits it meets on that side, its level, and how far it is out."""

    seen: _Seen
    met: tuple[Limit, ...]
    level: Level
    extremity: float
    step: float | None


@dataclass(slots=True)
class _Episode:
    measure: Measure
    side: Side
    judged: list[_Judged]
    confirms_within: timedelta  # a critical value this soon after another confirms it
    closed_at: datetime | None = None

    @property
    def roots(self) -> set[str]:
        return {j.seen.root for j in self.judged}

    @property
    def worst(self) -> _Judged:
        return max(self.judged, key=lambda j: (j.level, j.extremity))

    @property
    def _critical_twice(self) -> list[tuple[_Judged, _Judged]]:
        """Critical values with the critical one that followed at once."""
        return [
            (one, two)
            for one, two in pairwise(self.judged)
            if one.level is Level.CRITICAL and two.level is Level.CRITICAL
        ]

    @property
    def again_at(self) -> datetime | None:
        """When a critical value was seen again, too late to confirm the one before; None where it is no such case."""
        return self.judged[-1].seen.at if self.confirmation == "again" else None

    @property
    def confirmation(self) -> Confirmation:
        """Whether a critical value was seen twice within the minutes in which a repeat confirms it."""
        critical = [j.level is Level.CRITICAL for j in self.judged]
        if not any(critical):
            return ""
        twice = [two.seen.at - one.seen.at for one, two in self._critical_twice]
        if any(apart <= self.confirms_within for apart in twice):
            return "confirmed"
        if twice and critical[-1] and self.closed_at is None:
            return "again"
        return "unconfirmed" if critical[-1] and self.closed_at is None else "not confirmed"


class _Record:
    """What stands of an infusion, laid out by measure, and the rules at work on it."""

    def __init__(self, infusion: Infusion, protocol: Protocol, outline: Course | Outline) -> None:
        self.protocol = protocol
        self.outline = outline
        self.standing = infusion.standing()
        root_of = roots(infusion)
        self.readings: dict[str, list[_Seen]] = {}
        for entry in self.standing:
            for reading in entry.readings:
                seen = _Seen(reading, entry.observed_at, root_of[entry.id])
                self.readings.setdefault(reading.measure, []).append(seen)
        self.root_of = root_of
        self.oxygen = [(s.at, s.reading.value) for s in self.readings.get(protocol.schedule.oxygen, [])]
        self.over_at = over_at(outline.phases)
        self.imported = infusion.imported
        # A repeat is due after so many minutes, and belongs to its promise as a set to its slot: within the window.
        schedule = protocol.schedule
        self.confirms_within = timedelta(minutes=schedule.repeat_minutes + schedule.window_minutes)

    def on_air(self, at: datetime) -> bool:
        """Whether the latest oxygen reading at `at` is 0, or there is none."""
        index = bisect_right(self.oxygen, at, key=lambda given: given[0])
        return index == 0 or self.oxygen[index - 1][1] == 0

    def baseline(self, measure: str, at: datetime) -> float | None:
        """The baseline that a value seen at `at` is compared with; None before the start."""
        started = self.outline.started_at
        pinned = self.outline.baseline.get(measure)
        return pinned.value if pinned is not None and started is not None and at >= started else None

    def applies(self, limit: Limit, at: datetime) -> bool:
        """Whether this limit holds at `at`: its phases, and air where it says so."""
        if limit.phase and self.outline.phase_at(at) not in limit.phase:
            return False
        return limit.applies != "air" or self.on_air(at)

    def met(
        self, limits: tuple[Limit, ...], value: float, at: datetime, base: float | None, before: float | None
    ) -> list[Limit]:
        """Those of `limits` that a value reaches or passes, given its baseline and the value before it."""
        return [
            x
            for x in limits
            if _reached(x, value, base, before) and (not (x.phase or x.applies) or self.applies(x, at))
        ]

    def judged(self, measure: str) -> Iterator[tuple[_Seen, list[Limit]]]:
        """Each standing reading of a measure in order, with the limits it meets."""
        described = self.protocol.measures.get(measure)
        if described is None:
            return
        started, pinned = self.outline.started_at, self.outline.baseline.get(measure)
        baseline = pinned.value if pinned is not None else None
        before: float | None = None
        for seen in self.readings.get(measure, ()):
            value, at = seen.reading.value, seen.at
            if started is not None and at >= started:
                yield seen, self.met(described.limits, value, at, baseline, before)
            else:
                # Before the start there is nothing to have changed from: absolute limits only.
                yield seen, self.met(described.limits, value, at, None, None)
            before = value

    def episodes(self, only: frozenset[str] | None = None) -> list[_Episode]:
        """The runs of values outside, per measure and side, in the order of measures; of `only` these, if given."""
        found: list[_Episode] = []
        for key, measure in self.protocol.measures.items():
            if not measure.limits or (only is not None and key not in only):
                continue
            running: dict[Side, _Episode] = {}
            previous: float | None = None
            for seen, met in self.judged(key):
                value, before = seen.reading.value, previous
                previous = value
                if not met and not running:
                    continue
                outside = {x.side for x in met}
                for side in [side for side in running if side not in outside]:
                    running.pop(side).closed_at = seen.at
                for side in sorted(outside):
                    here = tuple(x for x in met if x.side == side)
                    step = _difference(value, before) if side == "step" and before is not None else None
                    out = value if side == "high" else -value if side == "low" else abs(step or 0.0)
                    if side not in running:
                        running[side] = _Episode(measure, side, [], self.confirms_within)
                        found.append(running[side])
                    running[side].judged.append(_Judged(seen, here, max(x.level for x in here), out, step))
        return found


def _reached(limit: Limit, value: float, baseline: float | None, previous: float | None) -> bool:
    """Whether `value` reaches this limit. What cannot be judged (no baseline, no value before) is not reached."""
    key, bound = limit.key, limit.value
    if key == "at_or_above":
        return value >= bound
    if key == "above":
        return value > bound
    if key == "at_or_below":
        return value <= bound
    if key == "below":
        return value < bound
    if key == "step_at_or_above":
        return previous is not None and abs(_difference(value, previous)) >= bound
    if key == "silent_minutes" or baseline is None:
        return False
    change = _difference(value, baseline) if key.startswith("rise") else _difference(baseline, value)
    if key in ("rise_at_or_above", "fall_at_or_above"):
        return change >= bound
    percent = _percent(change, baseline)
    return percent is not None and percent >= bound


def _difference(value: float, other: float) -> float:
    """`value - other` without the dust of binary fractions: 37.4 - 36.6 is 0.8."""
    return round(value - other, 6)


def _percent(change: float, baseline: float) -> float | None:
    return None if baseline == 0 else round(change / baseline * 100, 6)


def _highest(limits: Iterable[Limit]) -> Level | None:
    return max((x.level for x in limits), default=None)


def _decisive(met: Iterable[Limit], level: Level) -> Limit:
    """The limit to name: of those that give the level, an absolute one before one about change, then the strictest."""

    def rank(limit: Limit) -> tuple[bool, float]:
        absolute = limit.is_absolute
        return absolute, -limit.value if absolute and limit.side == "low" else limit.value

    return max((x for x in met if x.level == level), key=rank)


class _Answers:
    """The acknowledgements that stand, and which values they saw."""

    def __init__(self, infusion: Infusion, standing: tuple[Entry, ...]) -> None:
        root_of = roots(infusion)
        self._given = [e for e in standing if e.acknowledgement is not None]
        self._recorded = {r.id: (root_of[e.id], r.value) for e in infusion.entries for r in e.readings}

    def to(
        self, key: str, measure: str, side: Side, level: Level, seen: Iterable[_Judged]
    ) -> tuple[tuple[Receipt, ...], bool]:
        """Who acknowledged this flag, and whether that covers its level and each of its critical readings.

        A critical value counts as seen with the value it has now: corrected since, it is one that nobody has seen.
        """
        judged = list(seen)
        of_flag = {j.seen.root for j in judged}
        receipts: list[Receipt] = []
        covered: set[tuple[str, float]] = set()
        at_level = False
        for entry in self._given:
            said = entry.acknowledgement
            if said is None or said.measure != measure or said.side != side:
                continue
            values = {self._recorded[i] for i in said.seen if i in self._recorded}
            if said.flag != key and not any(root in of_flag for root, _ in values):
                continue
            saw = Level.CRITICAL if said.level == Level.CRITICAL.word else Level.CAUTION
            who = IN_THE_FILE if entry.source == "import" else entry.author_name
            receipts.append(Receipt(who, entry.observed_at, said.done, saw))
            if saw >= level:
                at_level = True
                covered |= values
        critical = {(j.seen.root, j.seen.reading.value) for j in judged if j.level is Level.CRITICAL}
        return tuple(receipts), at_level and critical <= covered


def _value_flag(episode: _Episode, record: _Record, answers: _Answers, withdrawn_at: datetime | None = None) -> Flag:
    """An episode of values as a flag. `withdrawn_at`: since when nothing of it stands any more."""
    measure, worst, first = episode.measure, episode.worst, episode.judged[0]
    limit = _decisive(worst.met, worst.level)
    value, at = worst.seen.reading.value, worst.seen.at
    key = f"{measure.key}/{episode.side}/{first.seen.root}"
    receipts, covered = answers.to(key, measure.key, episode.side, worst.level, episode.judged)
    needs = worst.level is Level.CRITICAL and not covered and not record.imported
    withdrawn = withdrawn_at is not None
    closed_at = episode.closed_at or withdrawn_at
    baseline = record.baseline(measure.key, at)
    change = None if baseline is None else _difference(value, baseline)
    percent = None if baseline is None or change is None else _percent(change, baseline)
    note = _baseline_note(measure, record, at, baseline)
    rule = limit_words(limit, measure)
    headline = (
        f"{measure.label} {_shown(measure, value)} — {limit_words(limit, measure, unit=False)} ({worst.level.word})"
    )
    receipt = _receipt(
        _change_words(measure, baseline, change, percent),
        note,
        _step_words(measure, value, worst.step) if episode.side == "step" else "",
        limit.source,
        record.protocol.label,
    )
    return Flag(
        key=key,
        measure=measure.key,
        label=measure.label,
        side=episode.side,
        level=worst.level,
        opened_at=first.seen.at,
        closed_at=closed_at,
        readings=tuple(j.seen.reading for j in episode.judged),
        worst=worst.seen.reading,
        worst_at=at,
        limit=limit,
        rule=rule,
        headline=f"{headline}, withdrawn" if withdrawn else headline,
        receipt=receipt,
        baseline=baseline,
        change=change,
        percent=percent,
        baseline_note=note,
        confirmation=episode.confirmation,
        again_at=episode.again_at,
        repeat_due_at=(
            _repeat_due(record, measure.key, first.seen.at) if closed_at is None and not record.imported else None
        ),
        acknowledged=receipts,
        is_acknowledged=covered,
        needs_acknowledgement=needs,
        withdrawn=withdrawn,
        open=not record.imported and (closed_at is None or needs),
        instruction=limit.instruction,
        imported=record.imported,
    )


def _withdrawn(infusion: Infusion, protocol: Protocol, present: list[_Episode], answers: _Answers) -> list[Flag]:
    """Flags that stood before a correction, a withdrawal or a late arrival, and of which no reading is flagged now."""
    flagged: dict[tuple[str, Side], set[str]] = {}
    for episode in present:
        flagged.setdefault((episode.measure.key, episode.side), set()).update(episode.roots)
    gone: list[_Gone] = []
    for cause, concerned in _removals(infusion, protocol):
        # Just before: what had been recorded until then, judged as it was judged then.
        before = replace(infusion, entries=tuple(e for e in infusion.entries if e.seq < cause.seq))
        record = _Record(before, protocol, outlined(before))
        for episode in record.episodes(concerned):
            here, of_episode = (episode.measure.key, episode.side), episode.roots
            if of_episode & flagged.get(here, set()):
                continue
            # One episode may have been there before several corrections: it is listed once.
            found = _Gone(episode, record, cause.observed_at)
            for other in [g for g in gone if g.here == here and g.episode.roots & of_episode]:
                gone.remove(other)
                found = other.joined(found)
            gone.append(found)
    return [_value_flag(g.episode, g.record, answers, g.at) for g in gone]


@dataclass(slots=True)
class _Gone:
    """An episode of which nothing stands any more, the record in which it was at its worst, and when it went."""

    episode: _Episode
    record: _Record
    at: datetime

    @property
    def here(self) -> tuple[str, Side]:
        return self.episode.measure.key, self.episode.side

    def joined(self, later: _Gone) -> _Gone:
        """This and a later one that shares readings with it: the readings of both, each as bad as it ever was."""
        judged: dict[str, _Judged] = {}
        for j in (*self.episode.judged, *later.episode.judged):
            known = judged.get(j.seen.root)
            if known is None or j.level >= known.level:
                judged[j.seen.root] = j
        in_order = sorted(judged.values(), key=lambda j: j.seen.at)
        worse = self if self.episode.worst.level > later.episode.worst.level else later
        episode = replace(later.episode, judged=in_order)
        return _Gone(episode, worse.record, later.at)


def _removals(infusion: Infusion, protocol: Protocol) -> Iterator[tuple[Entry, frozenset[str] | None]]:
    """The entries that may have made a flag disappear, each with the measures concerned (None: any).

    They are corrections, withdrawals, and of what came in out of order that which changes how values already recorded
    are judged: a phase, oxygen, or the value before.
    """
    stepped = {m.key for m in protocol.measures.values() if any(x.side == "step" for x in m.limits)}
    by_air = any(x.applies for m in protocol.measures.values() for x in m.limits)
    by_id = {e.id: e for e in infusion.entries}
    latest: datetime | None = None
    for entry in sorted(infusion.entries, key=lambda e: e.seq):
        gone = by_id.get(entry.corrects or entry.withdraws or "")
        late = latest is not None and entry.observed_at <= latest
        bearing = [e for e in (gone, entry if late else None) if e is not None]
        if any(_bears_on_all(e, protocol, by_air) for e in bearing):
            yield entry, None
        else:
            concerned = {r.measure for r in gone.readings} if gone is not None else set()
            if entry.corrects and gone is not None and entry.observed_at == gone.observed_at:
                # Of a corrected set mostly one value is another; a value that is the same is judged the same.
                same = {(r.measure, r.value) for r in entry.readings} & {(r.measure, r.value) for r in gone.readings}
                concerned -= {measure for measure, _ in same}
            concerned |= {r.measure for r in entry.readings if r.measure in stepped} if late else set()
            if concerned:
                yield entry, frozenset(concerned)
        if entry.readings:
            latest = entry.observed_at if latest is None else max(latest, entry.observed_at)


def _bears_on_all(entry: Entry, protocol: Protocol, by_air: bool) -> bool:
    """Whether an entry changes how values of any measure are judged."""
    if entry.event is not None and entry.event.kind in _PHASE_EVENTS:
        return True
    return by_air and any(r.measure == protocol.schedule.oxygen for r in entry.readings)


@dataclass(frozen=True, slots=True)
class _Step:
    """From when a flag raised by time has this level, by which rule, in which words."""

    since: datetime
    level: Level
    rule: str
    headline: str
    receipt: str
    limit: Limit | None = None

    @property
    def rank(self) -> tuple[Level, float]:
        """How strict it is beside others of the same flag."""
        return self.level, self.limit.value if self.limit else 0.0


@dataclass(frozen=True, slots=True)
class _Raised:
    """A flag raised by time: it opens with its first step, rises with the others, and ends `until` (None: not yet)."""

    key: str
    measure: str
    label: str
    side: Side
    steps: tuple[_Step, ...]
    until: datetime | None

    @property
    def rises(self) -> tuple[_Step, ...]:
        """The steps that change it: each of a higher level than those before, or by a stricter limit."""
        found: list[_Step] = []
        for step in sorted(self.steps, key=lambda s: s.since):
            if not found or step.rank > found[-1].rank:
                found.append(step)
        return tuple(found)


def _timed_flag(raised: _Raised, worst: _Step, answers: _Answers) -> Flag:
    receipts, covered = answers.to(raised.key, raised.measure, raised.side, worst.level, ())
    needs = worst.level is Level.CRITICAL and not covered
    return Flag(
        key=raised.key,
        measure=raised.measure,
        label=raised.label,
        side=raised.side,
        level=worst.level,
        opened_at=raised.rises[0].since,
        closed_at=raised.until,
        readings=(),
        worst=None,
        worst_at=None,
        limit=worst.limit,
        rule=worst.rule,
        headline=f"{worst.headline} ({worst.level.word})",
        receipt=worst.receipt,
        baseline=None,
        change=None,
        percent=None,
        baseline_note="",
        confirmation="",
        again_at=None,
        repeat_due_at=None,
        acknowledged=receipts,
        is_acknowledged=covered,
        needs_acknowledgement=needs,
        withdrawn=False,
        open=raised.until is None or needs,
        instruction=worst.limit.instruction if worst.limit else "",
    )


@dataclass(slots=True)
class _Span:
    """A stretch of time in which something is raised; overlapping ones become one flag."""

    since: datetime
    until: datetime | None
    steps: list[_Step] = field(default_factory=list)
    key: str = ""


def _joined(spans: Iterable[_Span], over_at: datetime | None) -> list[_Span]:
    """Spans cut where the infusion is over, the empty ones left out, those that touch made one."""
    found: list[_Span] = []
    for span in sorted(spans, key=lambda s: s.since):
        until = span.until if over_at is None else over_at if span.until is None else min(span.until, over_at)
        if until is not None and until <= span.since:
            continue
        last = found[-1] if found else None
        if last is not None and (last.until is None or span.since <= last.until):
            last.until = None if last.until is None or until is None else max(last.until, until)
            last.steps += span.steps
        else:
            found.append(_Span(span.since, until, list(span.steps), span.key))
    return found


def _overdue(record: _Record, course: Course) -> Iterator[_Raised]:
    """From the moment a slot is overdue until something of a set is recorded for it or later."""
    protocol, started = record.protocol, course.started_at
    for overdue in course.overdue:
        slot, since = overdue.slot, overdue.since
        assert started is not None
        last = "no set yet" if overdue.last_set is None else f"last set {when(overdue.last_set, started)}"
        after = (since - slot.at) / timedelta(minutes=1)
        step = _Step(
            since=since,
            level=protocol.schedule.overdue_level,
            rule=f"no set by {after:g} min after its time",
            headline=f"Vital signs due at minute {slot.minute}, overdue since minute {minutes_since(started, since)}",
            receipt=_receipt(last, protocol.schedule.source, protocol.label),
        )
        yield _Raised(f"set/overdue/{slot.at.isoformat()}", "set", "Vital signs", "overdue", (step,), overdue.until)


class _Look(NamedTuple):
    """A set of vital signs, from however many entries: when it was seen, and what of it has no value."""

    at: datetime
    counts_from: datetime  # from here it counts as incomplete: before, what lacks may still be typed
    complete_at: datetime | None  # when the last of its values was seen; None: incomplete
    words: str


def _partial(record: _Record, course: Course, now: datetime) -> Iterator[_Raised]:
    """So many incomplete sets in a row, from the one that makes it so many until a complete one.

    Values not taken count as incomplete with a reason and without one. A slot that was missed is no set, neither
    complete nor incomplete: it does not end the row, and has a flag of its own.
    """
    schedule, protocol = record.protocol.schedule, record.protocol
    wanted = schedule.partial_in_row
    if wanted < 1 or course.started_at is None:
        return
    row: list[_Look] = []
    for look in (*_looks(record, course), None):
        if look is not None and look.complete_at is None:
            row.append(look)
            continue
        if len(row) >= wanted:
            since = max(one.counts_from for one in row[:wanted])
            until = min((at for at in (look and look.complete_at, record.over_at) if at is not None), default=None)
            told = [one for index, one in enumerate(row) if index < wanted or one.counts_from <= now]
            step = _Step(
                since=since,
                level=schedule.partial_level,
                rule=f"{wanted} incomplete sets in a row",
                headline=f"Vital signs — {len(told)} incomplete sets in a row",
                receipt=_receipt(*(one.words for one in told), schedule.source, protocol.label),
            )
            if until is None or until > since:
                first = f"set/partial/{row[0].at.isoformat()}"
                yield _Raised(first, "set", "Vital signs", "partial", (step,), until)
        row = []


def _looks(record: _Record, course: Course) -> list[_Look]:
    """The sets since the start, in order. What belongs to no slot is one where it is complete, else just a repeat."""
    measures, wanted = record.protocol.measures, record.protocol.schedule.set
    by_id = {entry.id: entry for entry in record.standing}
    slotted: set[str] = set()
    looks: list[_Look] = []
    for slot in course.slots:
        if not slot.entries or slot.milestone == "before leaving":
            continue
        slotted.update(slot.entries)
        entries = [by_id[entry] for entry in slot.entries]
        complete_at = _complete_at(entries, wanted)
        reasons = dict(slot.not_done)
        without = [
            f"{measures[key].short} ({reasons[key]})" if key in reasons else measures[key].short
            for key in wanted
            if key in reasons or key in slot.lacks
        ]
        seen_at = entries[-1].observed_at
        closes_at = max(slot.at, seen_at if slot.milestone else slot.at) + (slot.at - slot.opens_at)
        counts_from = max(seen_at, closes_at) if slot.lacks else seen_at
        looks.append(_Look(slot.at, counts_from, complete_at, f"minute {slot.minute} without {', '.join(without)}"))
    for entry in record.standing:
        started = course.started_at
        if entry.id not in slotted and started is not None and entry.observed_at >= started:
            complete_at = _complete_at([entry], wanted)
            if complete_at is not None:
                looks.append(_Look(entry.observed_at, complete_at, complete_at, ""))
    return sorted(looks, key=lambda look: look.at)


def _complete_at(entries: Iterable[Entry], wanted: tuple[str, ...]) -> datetime | None:
    """When the last of the `wanted` values was seen; None while one of them has none."""
    left = set(wanted)
    for entry in entries:
        left -= {reading.measure for reading in entry.readings}
        if not left:
            return entry.observed_at
    return None


def _silent(record: _Record) -> Iterator[_Raised]:
    """No value of a measure for so many minutes since its last one, or since the start."""
    outline, started = record.outline, record.outline.started_at
    if started is None:
        return
    ends: list[datetime | None] = [since for since, _ in outline.phases[1:]]
    stretches = [(s, end, phase) for (s, phase), end in zip(outline.phases, [*ends, None], strict=False)]
    for key, measure in record.protocol.measures.items():
        limits = [x for x in measure.limits if x.key == "silent_minutes"]
        if not limits:
            continue
        seen = [s for s in record.readings.get(key, []) if s.at >= started]
        values: list[_Seen | None] = [None, *seen]
        for last, following in zip(values, [*seen, None], strict=True):
            since, until = (last.at if last else started), (following.at if following else None)
            spans: list[_Span] = []
            for limit in limits:
                for begins, ends_at, phase in stretches:
                    if phase not in (limit.phase or _SILENCE_COUNTS):
                        continue
                    raised_at = max(since + timedelta(minutes=limit.value), begins)
                    over = min((at for at in (until, ends_at) if at is not None), default=None)
                    if over is not None and over <= raised_at:
                        continue
                    if limit.applies == "air" and not record.on_air(raised_at):
                        continue
                    step = _silence(raised_at, limit, measure, last, record)
                    spans.append(_Span(raised_at, over, [step]))
            for span in _joined(spans, record.over_at):
                name = f"{key}/silent/{span.since.isoformat()}"
                yield _Raised(name, key, measure.label, "silent", tuple(span.steps), span.until)


def _silence(at: datetime, limit: Limit, measure: Measure, last: _Seen | None, record: _Record) -> _Step:
    if last is None:
        told = "none since the start"
    else:
        told = f"last {_shown(measure, last.reading.value)} {when(last.at, record.outline.started_at)}"
    return _Step(
        since=at,
        level=limit.level,
        rule=f"no {measure.short} for {limit.value:g} min",
        headline=f"{measure.label} — {limit_words(limit, measure)}",
        receipt=_receipt(told, limit.source, record.protocol.label),
        limit=limit,
    )


def _promises(record: _Record, measure: str) -> list[Promise]:
    """The repeats promised of a measure. The first value seen after the promise takes it."""
    after = timedelta(minutes=record.protocol.schedule.repeat_minutes)
    found: list[Promise] = []
    for entry in record.standing:
        event = entry.event
        if event is None or event.kind != "repeat" or event.detail.get("measure") != measure:
            continue
        taken = next((s.at for s in record.readings.get(measure, []) if s.at > entry.observed_at), None)
        due = _due_at(event)
        if due is None or not is_soon(due, entry, record.protocol):  # as no screen says it: what this site gives holds
            due = entry.observed_at + after
        found.append(Promise(entry, due, taken))
    return found


def _waited_for(record: _Record) -> tuple[Promise, ...]:
    """Of each measure the promised repeat that is due first and was not taken; none once the infusion is over."""
    if record.over_at is not None:
        return ()
    waiting = ([p for p in _promises(record, key) if p.taken_at is None] for key in record.protocol.measures)
    return tuple(min(promises, key=lambda p: p.due_at) for promises in waiting if promises)


def _due_at(event: Event) -> datetime | None:
    """When a repeat is due as the event says it; None where it does not, or not legibly."""
    try:
        due = datetime.fromisoformat(str(event.detail["due_at"]))
    except (KeyError, ValueError):
        return None
    return due if due.tzinfo is not None else due.replace(tzinfo=UTC)


def _repeat_due(record: _Record, measure: str, since: datetime) -> datetime | None:
    """When the earliest repeat is due that was promised from `since` on and has not been taken."""
    if record.over_at is not None:
        return None
    open_ones = (p for p in _promises(record, measure) if p.taken_at is None and p.entry.observed_at >= since)
    return min((p.due_at for p in open_ones), default=None)


def _repeats(record: _Record) -> Iterator[_Raised]:
    """A promised repeat that was not taken, from its due time and as long again as the protocol gives for a repeat."""
    protocol, started = record.protocol, record.outline.started_at
    schedule = protocol.schedule
    grace = timedelta(minutes=schedule.repeat_minutes)
    for key, measure in protocol.measures.items():
        spans: list[_Span] = []
        for promise in _promises(record, key):
            raised_at = promise.due_at + grace
            due, made = when(promise.due_at, started), when(promise.entry.observed_at, started)
            step = _Step(
                since=raised_at,
                level=schedule.repeat_level,
                rule=f"repeat not taken {schedule.repeat_minutes:g} min after it was due",
                headline=f"{measure.label} — promised repeat not taken" + (f", due {due}" if due else ""),
                receipt=_receipt(
                    f"promised by {promise.entry.author_name} {made}".rstrip(),
                    schedule.source,
                    protocol.label,
                ),
            )
            name = f"{key}/repeat/{record.root_of[promise.entry.id]}"
            spans.append(_Span(raised_at, promise.taken_at, [step], name))
        for span in _joined(spans, record.over_at):
            yield _Raised(span.key, key, measure.label, "repeat", (span.steps[0],), span.until)


def _baseline_note(measure: Measure, record: _Record, at: datetime, baseline: float | None) -> str:
    """What about change could not be judged of a value seen at `at`; "" when all could, or there is no such rule."""
    started = record.outline.started_at
    rules = {x.key for x in measure.limits} & _OF_CHANGE
    if started is None or at < started or not rules:
        return ""
    if baseline is None:
        return NOT_JUDGED
    by_percent = rules & {"rise_percent_at_or_above", "fall_percent_at_or_above"}
    return PERCENT_NOT_JUDGED if baseline == 0 and by_percent else ""


def _receipt(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _signed(text: str) -> str:
    """A number with its sign, the minus as it is typeset; zero has none."""
    if float(text) == 0:
        return text.removeprefix("-")
    return "−" + text[1:] if text.startswith("-") else "+" + text


def _shown(measure: Measure, value: float) -> str:
    """A value as it stands in a sentence: "164 mmHg", "4 severe"."""
    word = next((option.word for option in measure.options if option.value == value), "")
    return " ".join(part for part in (measure.exact(value), measure.unit, word) if part)


def _change_words(measure: Measure, baseline: float | None, change: float | None, percent: float | None) -> str:
    """Change against baseline: "+38 over baseline 126 (+30 %)"; "" where there is none."""
    if baseline is None or change is None:
        return ""
    rests_on = f"baseline {measure.exact(baseline)}"
    if change == 0:
        return f"as {rests_on}"
    text = f"{_signed(measure.exact(change))} {'over' if change > 0 else 'under'} {rests_on}"
    return text if percent is None else f"{text} ({_signed(f'{percent:.0f}')} %)"


def _step_words(measure: Measure, value: float, step: float | None) -> str:
    if step is None:
        return ""
    return f"{_signed(measure.exact(step))} from {measure.exact(_difference(value, step))} before"
