"""What an infusion comes to in few words and numbers, by the same clinical functions as at the bedside. Pure.

Everything in a summary follows from the entries, the protocol and `now`; nothing is judged here a second time.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from monitoring.clinical import leaving
from monitoring.clinical.course import Course, course, minutes_since
from monitoring.clinical.dose import plan_of
from monitoring.clinical.events import detail_of, first_of, said, standing_events, words_of
from monitoring.clinical.flags import Flag, flags
from monitoring.clinical.protocol import Measure, Protocol
from monitoring.clinical.record import Entry, EventKind, Infusion
from monitoring.clinical.signing import still_to_sign
from monitoring.records.summary_shapes import Counted, Extremes, FlagSeen, Summary

_DAY_MINUTES: Final = 24 * 60
_SHORT_S: Final = 10

__all__ = ["Counted", "Extremes", "FlagSeen", "Summary", "summary"]


def summary(infusion: Infusion, protocol: Protocol, now: datetime) -> Summary:
    """What `infusion` comes to at `now`; the same until `changes_at` unless something is recorded."""
    at = course(infusion, protocol, now)
    found = flags(infusion, protocol, now, at)
    plan = plan_of(infusion)
    states = Counter(slot.state for slot in at.slots)
    changes = [change for change in (at.next_change, found.next_change) if change is not None]
    left, ended = at.closed_at, at.ended_at
    return Summary(
        infusion=infusion.id,
        patient=infusion.patient.id,
        patient_number=infusion.patient.number,
        patient_name=infusion.patient.name,
        series=infusion.series,
        number=infusion.number,
        protocol=infusion.protocol,
        opened_at=infusion.opened_at,
        started_at=at.started_at,
        ended_at=ended,
        closed_at=left,
        phase=at.phase,
        chair=at.chair,
        nurse=_nurse(infusion, at),
        weight_kg=plan.weight_kg,
        mg_per_kg=plan.mg_per_kg,
        dose_mg=plan.dose_mg,
        given_mg=_given_mg(infusion, protocol, at, now),
        planned_minutes=plan.minutes,
        pauses=len(at.pauses),
        ended_early=at.ended_early,
        stop_reason=_stop_reason(infusion, at),
        minutes_to_baseline=None if ended is None else leaving.page(infusion, protocol, at, now).back_at_baseline_after,
        minutes_to_leaving=None if ended is None or left is None else minutes_since(ended, left),
        to_sign=still_to_sign(infusion, protocol),
        imported=infusion.imported,
        entries=len(infusion.entries),
        readings=sum(len(entry.readings) for entry in infusion.standing()),
        slots_done=states["done"],
        slots_partial=states["partial"],
        slots_missed=states["missed"],
        times_overdue=sum(stretch.since <= now for stretch in at.overdue),
        flags=tuple(_seen(flag, at) for flag in sorted(found.flags, key=lambda flag: (flag.opened_at, flag.key))),
        effects=_names(infusion, "effect"),
        medicines=_names(infusion, "medicine"),
        authors=tuple(dict.fromkeys((infusion.opened_by, *(entry.author for entry in infusion.entries)))),
        chairs=tuple(dict.fromkeys((infusion.chair, *_moves(infusion), at.chair))),
        extremes=tuple(_extremes(infusion, protocol, at)),
        counted=tuple(sorted(_counted(infusion, protocol, at).items())),
        changes_at=min(changes, default=None),
    )


def _nurse(infusion: Infusion, at: Course) -> str:
    """Who started the pump; a start that was corrected by somebody else stays with who did it."""
    start = next((e for e in standing_events(infusion, "start") if e.observed_at == at.started_at), None)
    return infusion.opened_by if start is None else first_of(infusion, start).author


def _given_mg(infusion: Infusion, protocol: Protocol, at: Course, now: datetime) -> float | None:
    """What was given in all, once an end is recorded; a tablet's clock may have put it a moment ahead of `now`."""
    if at.ended_at is None:
        return None
    return at.given_mg if at.ended_at <= now else course(infusion, protocol, at.ended_at).given_mg


def _stop_reason(infusion: Infusion, at: Course) -> str:
    stop = next((e for e in standing_events(infusion, "stop") if e.observed_at == at.ended_at), None)
    return words_of(said(infusion, stop, "reason")) if at.ended_early and stop is not None else ""


def _moves(infusion: Infusion) -> Iterator[str]:
    """The chairs it was moved to; one that is not said is none."""
    for entry in standing_events(infusion, "move"):
        if chair := words_of(detail_of(entry).get("chair")):
            yield chair


def _names(infusion: Infusion, kind: EventKind) -> tuple[str, ...]:
    """What the standing events of a kind name, each once however it was written, in the order observed."""
    found: dict[str, str] = {}
    for entry in standing_events(infusion, kind):
        if name := words_of(detail_of(entry).get("name")):
            found.setdefault(name.casefold(), name)
    return tuple(found.values())


def _seen(flag: Flag, at: Course) -> FlagSeen:
    answered = min((receipt.at for receipt in flag.acknowledged), default=None)
    waited = None if answered is None else max(timedelta(0), answered - flag.opened_at)
    return FlagSeen(
        measure=flag.measure,
        side=flag.side,
        level=flag.level,
        minute=None if at.started_at is None else minutes_since(at.started_at, flag.opened_at),
        acknowledged=None if flag.imported and not flag.is_acknowledged else flag.is_acknowledged,
        acknowledged_after_s=None if waited is None else round(waited.total_seconds()),
        withdrawn=flag.withdrawn,
    )


def _extremes(infusion: Infusion, protocol: Protocol, at: Course) -> Iterator[Extremes]:
    """Of each measure with a value since the start, in the protocol's order; the first of equally high ones counts."""
    if at.started_at is None:
        return
    for key in protocol.measures:
        seen = [(minute, value) for minute, value in _values(infusion, key, at.started_at) if minute >= 0]
        if not seen:
            continue
        low = min(seen, key=lambda one: (one[1], one[0]))
        high = max(seen, key=lambda one: (one[1], -one[0]))
        pinned = at.baseline.get(key)
        baseline = None if pinned is None else pinned.value
        yield Extremes(key, baseline, low[1], math.floor(low[0]), high[1], math.floor(high[0]), len(seen))


def _values(infusion: Infusion, measure: str, started_at: datetime) -> Iterator[tuple[float, float]]:
    """The standing values of a measure in the order observed, with their minutes since the start [min]."""
    for entry in infusion.standing():
        for reading in entry.readings:
            if reading.measure == measure:
                yield (entry.observed_at - started_at) / timedelta(minutes=1), reading.value


def _counted(infusion: Infusion, protocol: Protocol, at: Course) -> Counter[Counted]:
    """What this infusion adds to the clinic's counts."""
    found: Counter[Counted] = Counter()
    if at.started_at is not None:
        for key in protocol.measures:
            nearest = on_grid(_values(infusion, key, at.started_at), grid(protocol))
            found.update(Counted("value", key, minute, value) for minute, value in nearest.items())
    for entry in () if infusion.imported else infusion.standing():
        if not entry.readings or entry.source:
            continue  # what was copied from elsewhere says nothing of how values are typed here
        found[Counted("delay", "", 0, _delay_s(entry))] += 1
        for reading in entry.readings:
            measure = protocol.measures.get(reading.measure)
            if measure is not None and has_digits(measure):
                found[Counted("digit", measure.key, 0, float(round(abs(reading.value)) % 10))] += 1
    return found


def has_digits(measure: Measure) -> bool:
    """Whether a measure is typed as a whole number, so that its last digit says how it was read."""
    return measure.decimals == 0 and not measure.is_rating


def grid(protocol: Protocol) -> tuple[int, ...]:
    """The minutes since the start at which infusions are laid over each other: those at which sets are due.

    One step before the start, then as often as during an infusion until the planned end, then as often as after it,
    for a day.
    """
    schedule, end = protocol.schedule, protocol.dose.planned_minutes
    every, after = schedule.every_minutes, schedule.after_end_every_minutes
    return (*range(-every, end, every), *range(end, _DAY_MINUTES, after))


def on_grid(values: Iterable[tuple[float, float]], minutes: Sequence[int]) -> dict[int, float]:
    """For each minute of a grid the value seen nearest to it, so that an infusion counts once there.

    `values`: (minutes since the start, value), in order. A value belongs to the nearest minute of the grid, half-way to
    the later one, and to none when it lies farther out than half a step. Of two equally near the first counts.
    """
    nearest: dict[int, tuple[float, float]] = {}
    first, last = minutes[0] - (minutes[1] - minutes[0]) / 2, minutes[-1] + (minutes[-1] - minutes[-2]) / 2
    for minute, value in values:
        if not first <= minute < last:
            continue
        above = bisect_right(minutes, minute)
        near = minutes[max(0, above - 1) : above + 1]
        on = min(near, key=lambda one: (abs(minute - one), -one))
        off = abs(minute - on)
        if on not in nearest or off < nearest[on][0]:
            nearest[on] = (off, value)
    return {minute: value for minute, (_, value) in nearest.items()}


def _delay_s(entry: Entry) -> float:
    """From when it was true to when the server stored it [s], to the tenth where it is short."""
    waited = max(0.0, (entry.recorded_at - entry.observed_at).total_seconds())
    return round(waited, 1 if waited < _SHORT_S else 0)
