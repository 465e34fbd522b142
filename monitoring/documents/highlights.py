"""An infusion in a few moments: baseline and start, flags, pauses, effects, medicines, the end, and leaving."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from monitoring.charts import MARK
from monitoring.clinical.course import minutes_since
from monitoring.clinical.events import signatures_of
from monitoring.clinical.protocol import Level, Measure
from monitoring.clinical.record import Entry, EventKind
from monitoring.documents.judged import Judged
from monitoring.documents.said import said
from monitoring.documents.words import day_of, lower, number

_FAR: Final = timedelta(hours=2)  # later after the end than this, minutes are nothing to read: the day is told
_TOLD: Final[tuple[EventKind, ...]] = (
    "time_out",
    "start",
    "pause",
    "resume",
    "rate",
    "stop",
    "end",
    "effect",
    "medicine",
    "called",
    "informed",
    "help",
    "over",
    "handover",
    "drug",
    "score",
    "move",
    "close",
    "cancel",
    "baseline",
    "sign",
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, in words."""

    text: str
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened within one minute. `when`: "10:25 · minute 20", "11:47 · 58 min after the end", later the day."""

    when: str
    lines: tuple[Line, ...]


def highlights(j: Judged, zone: ZoneInfo) -> tuple[Moment, ...]:
    """The moments of an infusion in their order; answers, notes, values within the ranges are not among them."""
    found: dict[str, list[Line]] = {}
    for at, line in sorted(_lines(j), key=lambda one: one[0]):
        found.setdefault(_when(at, j, zone), []).append(line)
    return tuple(Moment(when, tuple(dict.fromkeys(lines))) for when, lines in found.items())


def _when(at: datetime, j: Judged, zone: ZoneInfo) -> str:
    time = j.time_of(at, zone)
    if j.course.started_at is None or at < j.course.started_at:
        return time
    ended = j.course.ended_at
    if ended is not None and at - ended > _FAR:
        return time if "," in time else f"{day_of(at, zone)}, {time}"
    if ended is not None and at > ended:
        return f"{time} · {minutes_since(ended, at)} min after the end"
    return f"{time} · minute {minutes_since(j.course.started_at, at)}"


def _lines(j: Judged) -> Iterator[tuple[datetime, Line]]:
    yield from _baseline(j)
    for entry in j.infusion.standing():
        if entry.event is not None and entry.event.kind in _TOLD:
            yield entry.observed_at, Line(_words(entry, j))
    for flag in j.flags.flags:
        if not flag.withdrawn:
            yield flag.opened_at, Line(f"{MARK[flag.level]} {flag.headline}", flag.level)


def _baseline(j: Judged) -> Iterator[tuple[datetime, Line]]:
    """The first measure of the set as it was pinned at the start, with the one that is asked about below it."""
    measures = j.protocol.measures
    first = measures[j.protocol.schedule.set[0]]
    together: list[Measure] = [first, *(m for m in measures.values() if m.below == first.key)]
    held = [j.course.baseline.get(m.key) for m in together]
    if held[0] is None:
        return
    pinned = held[0].id
    seen = next((e.observed_at for e in j.infusion.entries if any(r.id == pinned for r in e.readings)), None)
    if seen is not None:
        text = "/".join(m.text(r.value) if r else "—" for m, r in zip(together, held, strict=True))
        yield seen, Line(f"Baseline {text} {first.unit}".rstrip())


def _words(entry: Entry, j: Judged) -> str:
    words = said(entry, j, {})
    kind = entry.event.kind if entry.event else ""
    if kind == "time_out":
        return f"{words}, {lower(_count(len(signatures_of(entry)), 'signature'))}"
    if kind == "start" and not j.dose_hidden:
        return f"{words}, {number(j.plan.rate_ml_per_h)} mL/h"
    return words


def _count(found: int, what: str) -> str:
    return f"{found} {what}{'' if found == 1 else 's'}"
