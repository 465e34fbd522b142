"""What is recorded before a patient leaves and what is missing, and when the patient was back at baseline.

It tells which of the site's criteria are recorded as met, by whom and when. Whether somebody may go, people decide.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from monitoring.clinical.before import answered
from monitoring.clinical.course import Course, Outline, minutes_since, outlined, when
from monitoring.clinical.events import chain_of, first_of, said, signatures_of, standing_events, words_of
from monitoring.clinical.protocol import Criterion, Measure, Protocol, RatingBound, ReturnToBaseline
from monitoring.clinical.record import Answer, Entry, Infusion, Reading, Signature
from monitoring.clinical.scales import against_baseline, distance, last_reading, latest

CriterionState = Literal["met", "not met", "missing"]
PartState = Literal["within", "outside", "missing"]

LEFT: Final = "left with something missing"  # what the second person's signature means
_NO_END: Final = "the infusion has not ended"
_NO_BASELINE: Final = "no baseline: not judged"


@dataclass(frozen=True, slots=True)
class State:
    """One criterion: how it stands by what is recorded, in words, by whom and when.

    `by` is "" and `at` None for what nobody recorded; a stay is met by time alone, `at` that instant.
    """

    criterion: Criterion
    state: CriterionState
    words: str
    by: str
    at: datetime | None
    answer: Answer | None = None
    note: str = ""
    entry: Entry | None = None

    @property
    def lacks(self) -> str:
        """What is to be listed: "Minimum stay", "Steady gait: no", "Left with: who missing"; "" when met."""
        asked = self.criterion.answer
        if self.state == "met":
            return ""
        if asked is None or self.answer is None:
            return self.criterion.label
        found = self.answer if self.state == "not met" else f"{asked.note or 'note'} missing"
        return f"{self.criterion.label}: {found}"


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is back at baseline or not: a pressure, a rating; `since` the first value of the last run within.

    Only values seen since the end of the infusion count.
    """

    measure: str
    state: PartState
    since: datetime | None
    words: str


@dataclass(frozen=True, slots=True)
class Departure:
    """How a patient left: what was missing as it was known then, why all the same, and who else agreed."""

    at: datetime
    by: str
    missing: tuple[str, ...]
    reason: str
    second: Signature | None  # of another person than who recorded it, and than who put it right

    def wants(self, protocol: Protocol) -> tuple[str, ...]:
        """What is still to be told of it: why, or by a second person; nothing when nothing was missing."""
        if not self.missing:
            return ()
        second = protocol.people.leaving_second and self.second is None
        return (*(() if self.reason else ("why",)), *(("a second person",) if second else ()))


@dataclass(frozen=True, slots=True)
class Leaving:
    """The page before leaving. Of a patient who has left, as things were at that minute, late entries included."""

    criteria: tuple[State, ...]
    missing: tuple[str, ...]  # of each criterion that is not met
    back_at_baseline_after: int | None  # whole minutes since the end; None while a part is out, or not known
    parts: tuple[Part, ...]  # () when the site has not said what baseline is
    baseline_words: str  # "" when the site has not said
    departure: Departure | None
    next_change: datetime | None  # when time alone changes a criterion


def page(infusion: Infusion, protocol: Protocol, course: Course, now: datetime) -> Leaving:
    """What is recorded at `now` of what the site asks for before a patient leaves.

    Values, scores and answers count from the end of the infusion on: what was so before it ended says nothing of after.
    """
    at = course.closed_at or now
    states = tuple(_states(infusion, protocol, course, at))
    if infusion.imported:  # nobody here was asked: what a file does not tell is not missing here
        states = tuple(state for state in states if state.state != "missing")
    parts = tuple(_parts(infusion, protocol, course))
    back = _back(parts)
    after = None if back is None or course.ended_at is None else minutes_since(course.ended_at, back)
    changes = _stays_end(protocol, course) if course.closed_at is None else []
    return Leaving(
        criteria=states,
        missing=() if infusion.imported else tuple(state.lacks for state in states if state.lacks),
        back_at_baseline_after=after,
        parts=parts,
        baseline_words=_baseline_words(protocol, course, parts, after, at),
        departure=departure(infusion, protocol),
        next_change=min((change for change in changes if change > now), default=None),
    )


def departure(infusion: Infusion, protocol: Protocol) -> Departure | None:
    """How the patient left, judged by what had been recorded when that was first recorded; None before.

    A reason or a second person that came with a correction counts too.
    """
    outline = outlined(infusion)
    close = next((e for e in standing_events(infusion, "close") if e.observed_at == outline.closed_at), None)
    return None if close is None else _departure(infusion, protocol, close)


def close_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """What a live screen must still ask before a patient is recorded as having left with something missing.

    Nothing is asked of what waited in an outbox: the patient has left. It shows until it is told.
    """
    outline = outlined(infusion)
    if entry.queued or not (outline.phase == "recovery" or entry.corrects):
        return  # an infusion that has not ended is refused for its phase
    with_it = replace(infusion, entries=(*infusion.entries, replace(entry, seq=_next_seq(infusion))))
    left = _departure(with_it, protocol, with_it.entries[-1])
    wanted = left.wants(protocol)
    if "why" in wanted:
        yield f"Patient left, with something missing ({'; '.join(left.missing)}): expected why."
    if "a second person" in wanted:
        alone = next((one.name for one in signatures_of(entry, LEFT)), "")  # who recorded it, or puts it right now
        found = f"signed by {alone} alone" if alone else "with something missing"
        yield f"Patient left, {found}: expected a second person's PIN."


def _departure(infusion: Infusion, protocol: Protocol, close: Entry) -> Departure:
    first = first_of(infusion, close)
    then = replace(infusion, entries=tuple(e for e in infusion.entries if e.seq < first.seq))
    states = _states(then, protocol, replace(outlined(then), closed_at=first.observed_at), first.observed_at)
    return Departure(
        at=close.observed_at,
        by=first.author_name,
        missing=() if infusion.imported else tuple(state.lacks for state in states if state.lacks),
        reason=words_of(said(infusion, close, "reason")),
        second=next(
            (
                s
                for e in chain_of(infusion, close)
                for s in signatures_of(e, LEFT)
                if s.staff not in (e.author, first.author)
            ),
            None,
        ),
    )


def _states(infusion: Infusion, protocol: Protocol, outline: Course | Outline, at: datetime) -> Iterator[State]:
    """Each criterion as it stands at `at`."""
    since, until = outline.ended_at, outline.closed_at
    for criterion in protocol.leaving:
        if since is None:
            yield State(criterion, "missing", _NO_END, "", None)
        elif criterion.stay_minutes is not None:
            yield _stay(criterion, criterion.stay_minutes, since, at)
        elif criterion.scale:
            yield _scored(criterion, infusion, protocol, since, until)
        elif criterion.pressure:
            yield _pressure(criterion, infusion, protocol, outline, since)
        elif criterion.measure:
            yield _rated(criterion, infusion, protocol, outline, since)
        else:
            yield _answered(criterion, infusion, since)


def _stay(criterion: Criterion, wanted: float, ended: datetime, at: datetime) -> State:
    until = ended + timedelta(minutes=wanted)
    words = f"{max(0, minutes_since(ended, at))} min since the end (site: at least {wanted:g})"
    return State(criterion, "met", words, "", until) if at >= until else State(criterion, "not met", words, "", None)


def _scored(
    criterion: Criterion, infusion: Infusion, protocol: Protocol, since: datetime, until: datetime | None
) -> State:
    scale = protocol.scales[criterion.scale]
    found = latest(infusion, protocol, since, until).get(criterion.scale)
    if found is None:
        return State(criterion, "missing", "no score since the end", "", None)
    by, at = found.entry.author_name, found.entry.observed_at
    if found.total is None:
        return State(criterion, "missing", "incomplete", by, at, entry=found.entry)
    state: CriterionState = "met" if found.total >= scale.threshold else "not met"
    variant = f"{scale.variant}; " if scale.variant else ""
    words = f"{found.total} of {scale.highest} ({variant}site: at least {scale.threshold})"
    return State(criterion, state, words, by, at, entry=found.entry)


def _pressure(
    criterion: Criterion, infusion: Infusion, protocol: Protocol, outline: Course | Outline, since: datetime
) -> State:
    band = protocol.return_to_baseline
    if band is None:
        return State(criterion, "missing", "this site has set no band", "", None)
    parts = [_pressure_part(key, infusion, protocol, outline, band) for key in band.measures]
    found = [last_reading(infusion, key, since, outline.closed_at) for key in band.measures]
    last = max((one[1] for one in found if one is not None), key=lambda e: (e.observed_at, e.seq), default=None)
    words = "; ".join(part.words for part in parts)
    state: CriterionState = "met"
    if any(part.state == "missing" for part in parts):
        state = "missing"
    elif any(part.state == "outside" for part in parts):
        state = "not met"
    by, at = (last.author_name, last.observed_at) if last is not None else ("", None)
    return State(criterion, state, words, by, at, entry=last)


def _rated(
    criterion: Criterion, infusion: Infusion, protocol: Protocol, outline: Course | Outline, since: datetime
) -> State:
    measure = protocol.measures[criterion.measure]
    found = last_reading(infusion, criterion.measure, since, outline.closed_at)
    if found is None:
        return State(criterion, "missing", "none since the end", "", None)
    reading, entry = found
    low, high = criterion.at_or_above, criterion.at_or_below
    within = (low is None or reading.value >= low) and (high is None or reading.value <= high)
    bounds = [
        f"at or {side} {measure.exact(bound)}" for side, bound in (("above", low), ("below", high)) if bound is not None
    ]
    seen = when(entry.observed_at, outline.started_at)
    words = f"{_shown(measure, reading)} {seen} (site: {' and '.join(bounds)})"
    return State(criterion, "met" if within else "not met", words, entry.author_name, entry.observed_at, entry=entry)


def _answered(criterion: Criterion, infusion: Infusion, since: datetime) -> State:
    """A question counts from the end of the infusion on, and may be answered when the patient has just left."""
    assert criterion.answer is not None
    (one,) = answered(infusion, (criterion.answer,), since)
    if one.entry is None or one.answer is None:
        (early,) = answered(infusion, (criterion.answer,))
        words = f"answered {early.answer} before the end" if early.answer is not None else ""
        return State(criterion, "missing", words, "", None)
    state: CriterionState = "met" if one.state == "answered" else "not met" if one.state == "look" else "missing"
    words = f"{one.answer}, {one.note}" if one.note else one.answer
    if one.state == "missing":
        words = f"{one.answer}, {one.item.note or 'note'} missing"
    return State(criterion, state, words, one.entry.author_name, one.entry.observed_at, one.answer, one.note, one.entry)


def _parts(infusion: Infusion, protocol: Protocol, outline: Course | Outline) -> Iterator[Part]:
    band = protocol.return_to_baseline
    if band is None:
        return
    for key in band.measures:
        yield _pressure_part(key, infusion, protocol, outline, band)
    for rating in band.ratings:
        yield _rating_part(rating, infusion, protocol, outline)


def _pressure_part(
    key: str, infusion: Infusion, protocol: Protocol, outline: Course | Outline, band: ReturnToBaseline
) -> Part:
    measure, pinned = protocol.measures[key], outline.baseline.get(key)
    seen = _since_end(infusion, key, outline)
    if not seen:
        return Part(key, "missing", None, f"{measure.label} none since the end")
    (last, entry) = seen[-1]
    baseline = pinned.value if pinned is not None else None
    words = against_baseline(measure, last.value, baseline, when(entry.observed_at, outline.started_at))
    far = [None if baseline is None else distance(baseline, reading.value, band.unit) for reading, _ in seen]
    if far[-1] is None or baseline is None:
        return Part(key, "missing", None, f"{measure.label}: {_NO_BASELINE}")
    since = _run([one is not None and one <= band.within for one in far], seen)
    within = f"{'within' if since is not None else 'not within'} {band.within:g} {band.unit}"
    return Part(key, "within" if since is not None else "outside", since, f"{words}: {within}")


def _rating_part(rating: RatingBound, infusion: Infusion, protocol: Protocol, outline: Course | Outline) -> Part:
    measure = protocol.measures[rating.measure]
    seen = _since_end(infusion, rating.measure, outline)
    if not seen:
        return Part(rating.measure, "missing", None, f"{measure.label} none since the end")
    since = _run([reading.value <= rating.at_or_below for reading, _ in seen], seen)
    last, entry = seen[-1]
    words = f"{measure.label} {_shown(measure, last)} {when(entry.observed_at, outline.started_at)}"
    words += f": {'' if since is not None else 'not '}at or below {measure.exact(rating.at_or_below)}"
    return Part(rating.measure, "within" if since is not None else "outside", since, words)


def _since_end(infusion: Infusion, measure: str, outline: Course | Outline) -> list[tuple[Reading, Entry]]:
    """The standing values of a measure from the end of the infusion until the patient left, in order."""
    since, until = outline.ended_at, outline.closed_at
    if since is None:
        return []
    return [
        (reading, entry)
        for entry in infusion.standing()
        if entry.observed_at >= since and (until is None or entry.observed_at <= until)
        for reading in entry.readings
        if reading.measure == measure
    ]


def _run(within: list[bool], seen: list[tuple[Reading, Entry]]) -> datetime | None:
    """When the last unbroken run of values within began; None when the last value is not."""
    began: datetime | None = None
    for inside, (_, entry) in zip(within, seen, strict=True):
        began = (began or entry.observed_at) if inside else None
    return began


def _back(parts: tuple[Part, ...]) -> datetime | None:
    """Since when all parts are within, each in a run that holds until its last value; None while one is not."""
    since = [part.since for part in parts if part.since is not None]
    return max(since) if since and len(since) == len(parts) else None


def _baseline_words(
    protocol: Protocol, outline: Course | Outline, parts: tuple[Part, ...], after: int | None, at: datetime
) -> str:
    if not parts:
        return ""
    if outline.ended_at is None:
        return f"Back at baseline: {_NO_END}"
    if after is not None:
        return f"Back at baseline {after} min after the end"
    out = [part for part in parts if part.state != "within"]
    told = ", ".join(
        f"{_lower(protocol.measures[part.measure].label)}{' not known' if part.state == 'missing' else ''}"
        for part in out
    )
    return f"Not recorded as back at baseline {max(0, minutes_since(outline.ended_at, at))} min after the end: {told}"


def _stays_end(protocol: Protocol, outline: Course | Outline) -> list[datetime]:
    ended = outline.ended_at
    if ended is None:
        return []
    return [ended + timedelta(minutes=c.stay_minutes) for c in protocol.leaving if c.stay_minutes is not None]


def _next_seq(infusion: Infusion) -> int:
    return max((e.seq for e in infusion.entries), default=0) + 1


def _shown(measure: Measure, reading: Reading) -> str:
    """ "1 mild"."""
    word = next((option.word for option in measure.options if option.value == reading.value), "")
    return " ".join(part for part in (measure.exact(reading.value), measure.unit, word) if part)


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
