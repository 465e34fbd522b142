"""Recovery scores: their points added up, and what their item about circulation looks at.

A score has all its items or no total. It says nothing beyond its items, and never that somebody may go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from monitoring.clinical.course import Course, Outline, when
from monitoring.clinical.events import detail_of, one_of, quoted, standing_events
from monitoring.clinical.protocol import Measure, Protocol, Scale, ScaleItem
from monitoring.clinical.record import Entry, Infusion, Reading

ITEM: Final = "item:"  # "item:<key>" in a score's detail


@dataclass(frozen=True, slots=True)
class Scored:
    """The points of one score; `total` is None unless every item has points that it can have."""

    total: int | None
    points: dict[str, int]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """A score that stands: by which scale, what it adds up to, and the entry that tells who and when."""

    scale: Scale
    scored: Scored
    entry: Entry

    @property
    def total(self) -> int | None:
        """The sum of its points; None when items are missing."""
        return self.scored.total

    @property
    def words(self) -> str:
        """The total with its variant: "Modified Aldrete (circulation by 20 mmHg) 9 of 10"."""
        total = "incomplete" if self.total is None else f"{self.total} of {self.scale.highest}"
        return f"{name_of(self.scale)} {total}"


@dataclass(frozen=True, slots=True)
class Circulation:
    """What an item about circulation looks at: the last pressures beside the baseline, and the points they give."""

    points: int | None  # None: a pressure or its baseline is not there
    words: str


def score(detail: Mapping[str, Any], scale: Scale) -> Scored:
    """The points of a score event's `detail` added up; what is missing or cannot be is told, and leaves no total."""
    points: dict[str, int] = {}
    problems: list[str] = []
    for item in scale.items:
        found = detail.get(ITEM + item.key)
        values = [option.value for option in item.options]
        if isinstance(found, bool) or found not in values:
            problems.append(f"{scale.label}, {item.label} {quoted(found)}: expected {one_of(values)}.")
        else:
            points[item.key] = int(found)
    known = {ITEM + item.key for item in scale.items}
    problems += [
        f"{scale.label}, {quoted(key.removeprefix(ITEM))}: expected only its own items."
        for key in detail
        if key.startswith(ITEM) and key not in known
    ]
    return Scored(None if problems else sum(points.values()), points, tuple(problems))


def latest(
    infusion: Infusion, protocol: Protocol, since: datetime | None = None, until: datetime | None = None
) -> dict[str, Score]:
    """For each scale of the protocol the score observed last of those that stand, from `since` to `until` if given."""
    found = {str(detail_of(e).get("scale")): e for e in standing_events(infusion, "score", since, until)}
    return {
        key: Score(scale, score(detail_of(found[key]), scale), found[key])
        for key, scale in protocol.scales.items()
        if key in found
    }


def name_of(scale: Scale) -> str:
    """A scale with the variant in use, because more than one is in print: "Modified Aldrete (±20 mmHg)"."""
    return f"{scale.label} ({scale.variant})" if scale.variant else scale.label


def circulation_points(item: ScaleItem, baseline: float | None, value: float | None) -> int | None:
    """Points for how far a pressure [mmHg] is from baseline, by the item's variant (mmHg or %), bounds inclusive.

    None when it cannot be told: no value, no baseline, a percentage of a baseline of 0, or an item of another kind.
    """
    far = None if baseline is None or value is None else distance(baseline, value, item.unit)
    if far is None or not item.within:
        return None
    steps = sorted((option.value for option in item.options), reverse=True)
    passed = sum(far > bound for bound in item.within)
    return steps[min(passed, len(steps) - 1)]


def distance(baseline: float, value: float, unit: str) -> float | None:
    """How far a value is from baseline, without sign, in its own unit or in "%" of baseline; None: % of nothing.

    Without the dust of binary fractions, so that a bound is met exactly at the bound.
    """
    far = abs(value - baseline)
    if unit != "%":
        return round(far, 6)
    return None if baseline == 0 else round(far / abs(baseline) * 100, 6)


def circulation(item: ScaleItem, infusion: Infusion, protocol: Protocol, outline: Course | Outline) -> Circulation:
    """What the last pressures of an infusion give an item about circulation: the fewest points of any of them.

    Shown beside the item, which a person answers. Only pressures seen since the end count.
    """
    parts: list[str] = []
    points: list[int | None] = []
    for key in item.measures:
        measure = protocol.measures[key]
        found = last_reading(infusion, key, outline.ended_at, outline.closed_at) if outline.ended_at else None
        pinned = outline.baseline.get(key)
        if found is None:
            points.append(None)
            parts.append(f"{measure.label}: none since the end")
            continue
        points.append(circulation_points(item, pinned.value if pinned else None, found[0].value))
        seen = when(found[1].observed_at, outline.started_at)
        parts.append(against_baseline(measure, found[0].value, pinned.value if pinned else None, seen))
    known = [one for one in points if one is not None]
    return Circulation(min(known) if known and len(known) == len(points) else None, "; ".join(parts))


def against_baseline(measure: Measure, value: float, baseline: float | None, seen: str = "") -> str:
    """A value beside its baseline: "Systolic pressure 151 mmHg at minute 55, 25 above baseline 126 (20 %)"."""
    words = " ".join(part for part in (measure.label, measure.exact(value), measure.unit, seen) if part)
    if baseline is None:
        return f"{words}, no baseline"
    far = distance(baseline, value, "")
    if not far:
        return f"{words}, as baseline {measure.exact(baseline)}"
    percent = distance(baseline, value, "%")
    share = "" if percent is None else f" ({f'{percent:.1f}'.removesuffix('.0')} %)"
    return (
        f"{words}, {measure.exact(far)} {'above' if value > baseline else 'below'} "
        f"baseline {measure.exact(baseline)}{share}"
    )


def last_reading(
    infusion: Infusion, measure: str, since: datetime | None = None, until: datetime | None = None
) -> tuple[Reading, Entry] | None:
    """The standing value of a measure that was observed last, with its entry, from `since` to `until` if given."""
    found: tuple[Reading, Entry] | None = None
    for entry in infusion.standing():
        if (since is None or entry.observed_at >= since) and (until is None or entry.observed_at <= until):
            found = next(((r, entry) for r in entry.readings if r.measure == measure), found)
    return found


def score_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why a score cannot be kept: an unknown scale, an item without its points, points that it does not have."""
    detail = detail_of(entry)
    key = detail.get("scale")
    scale = protocol.scales.get(key) if isinstance(key, str) else None
    if scale is None:
        known = [one.label for one in protocol.scales.values()]
        expected = one_of(known) if known else "none, this site's protocol has no score"
        yield f"Score by {quoted(key)}: expected {expected}."
        return
    yield from score(detail, scale).problems
