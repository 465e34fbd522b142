"""What one infusion comes to, fact by fact: the cards of its review, and its column in the series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from monitoring.charts import MARK
from monitoring.clinical.course import minutes_since
from monitoring.clinical.dose import bag_empty_words
from monitoring.clinical.events import standing_events
from monitoring.clinical.flags import NOT_HERE
from monitoring.clinical.protocol import OVER, Level, Measure, Protocol
from monitoring.clinical.signing import signatures
from monitoring.documents.judged import Judged
from monitoring.documents.said import said
from monitoring.documents.words import PHASE_WORDS, mg, word_of
from monitoring.review.summary import Extremes, Summary

NONE: Final = "—"  # nothing to tell, or not yet


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that an infusion came to. `text` is NONE where there is nothing; `level`: that of its worst value."""

    key: str
    label: str
    text: str
    note: str = ""
    level: Level | None = None
    value: float | None = None  # what can be compared with other infusions of the series
    absent: str = ""  # why there is nothing, where an infusion stands alone: "not yet", "not recorded"


def column(j: Judged, of: Summary) -> tuple[Fact, ...]:
    """The facts of an infusion, the same ones in the same order for all under one protocol."""
    return tuple(_facts(j, of))


def turning(protocol: Protocol) -> dict[str, Literal["low", "high"]]:
    """The measures a column tells of, and whether their lowest or their highest value.

    Upper pressures, ratings, and what is limited on its low side only, such as a saturation.
    """
    measures, schedule = protocol.measures, protocol.schedule
    found: dict[str, Literal["low", "high"]] = {}
    for key in (*schedule.set, *schedule.observations):
        sides = {limit.side for limit in measures[key].limits if limit.is_absolute}
        low_only = sides == {"low"}
        upper = any(other.below == key for other in measures.values())
        if low_only or upper or measures[key].is_rating:
            found[key] = "low" if low_only else "high"
    return found


def _facts(j: Judged, of: Summary) -> Iterator[Fact]:
    yield Fact("mg_per_kg", "Dose", f"{of.mg_per_kg:g} mg/kg", f"in {of.planned_minutes} min", value=of.mg_per_kg)
    yield _given(j, of)
    yield _course(j, of)
    for key, side in turning(j.protocol).items():
        yield _extreme(j, j.protocol.measures[key], of.extremes_of(key), side)
    yield _events("effects", "Effects", list(of.effects), of)
    yield _events("medicines", "Medicines", _medicines(j), of)
    yield _minutes("baseline", "Back at baseline", of.minutes_to_baseline, of, "not recorded")
    yield _minutes("leaving", "End to leaving", of.minutes_to_leaving, of, NONE)
    yield _flags(of)
    yield _sets(j, of)
    yield _signed(j, of)


def _given(j: Judged, of: Summary) -> Fact:
    if of.started_at is None or j.dose_hidden:
        return Fact("given", "Given", NONE)
    planned = " · ".join(filter(None, (f"of {mg(of.dose_mg, j.protocol)} planned", bag_empty_words(j.course))))
    if of.given_mg is None:
        return Fact("given", "Given", mg(j.course.given_mg, j.protocol), f"so far, {planned}")
    return Fact("given", "Given", mg(of.given_mg, j.protocol), planned, value=of.given_mg)


def _course(j: Judged, of: Summary) -> Fact:
    words = PHASE_WORDS[of.phase]
    level = None
    if of.phase in ("infusing", "paused"):
        words = f"in progress, {words}" if of.phase == "paused" else "in progress"
    elif of.ended_early:
        words, level = "stopped early", Level.CAUTION
    elif of.ended_at is not None:
        words = "completed"
    notes = [of.stop_reason] if of.stop_reason else []
    if of.pauses:
        rested = sum(((until or j.now) - since for since, until in j.course.pauses), timedelta(0))
        total = f"{rested // timedelta(minutes=1)} min"
        notes.append(f"1 pause of {total}" if of.pauses == 1 else f"{of.pauses} pauses, {total} together")
    return Fact("course", "Course", words, " · ".join(notes), level)


def _extreme(j: Judged, measure: Measure, found: Extremes | None, side: Literal["low", "high"]) -> Fact:
    key, label = measure.key, measure.label
    if found is None:
        before = any(reading.measure == key for entry in j.infusion.standing() for reading in entry.readings)
        absent = "not since the start" if before else "not recorded"
        return Fact(key, label, NONE, absent="" if j.course.started_at is None else absent)
    outside = [
        j.levels[reading.id]
        for entry in j.infusion.standing()
        if j.course.started_at is not None and entry.observed_at >= j.course.started_at
        for reading in entry.readings
        if reading.measure == key and reading.id in j.levels
    ]
    level = max(outside, default=None)
    value, minute = (found.lowest, found.lowest_minute) if side == "low" else (found.highest, found.highest_minute)
    at = f"at minute {minute}"
    if measure.is_rating:
        word = word_of(measure, value)
        return Fact(key, f"{label}, {side}est", f"{measure.text(value)} {word}".rstrip(), at, level, value)
    if side == "low":
        return Fact(key, f"{label}, lowest", f"{measure.text(value)} {measure.unit}", at, level, value)
    if found.baseline is None or found.rise is None:
        return Fact(key, label, f"highest {measure.text(value)}", f"{at} · no baseline", level)
    rise = f"{found.rise:+.{measure.decimals}f} {measure.unit} {at}"
    return Fact(key, label, f"{measure.text(found.baseline)} → {measure.text(value)}", rise, level, found.rise)


def _medicines(j: Judged) -> list[str]:
    started = j.course.started_at
    return [
        said(entry, j, {}).split(" · ")[0]
        + (f", minute {minutes_since(started, entry.observed_at)}" if started is not None else "")
        for entry in standing_events(j.infusion, "medicine")
    ]


def _events(key: str, label: str, names: Sequence[str], of: Summary) -> Fact:
    if not names:
        return Fact(key, label, NONE if of.started_at is None else "none recorded")
    return Fact(key, label, "; ".join(names))


def _minutes(key: str, label: str, minutes: int | None, of: Summary, otherwise: str) -> Fact:
    if minutes is None:
        return Fact(key, label, NONE if of.closed_at is None else otherwise, absent=_not_yet(of))
    return Fact(key, label, f"{minutes} min", "after the end", value=minutes)


def _flags(of: Summary) -> Fact:
    """How many flags of each level, and how many of them nobody acknowledged."""
    held = [flag for flag in of.flags if flag.counts]
    counts = Counter(flag.level for flag in held)
    text = " ".join(f"{counts[level]} {MARK[level]}" for level in sorted(counts))
    unseen = sum(flag.acknowledged is False for flag in held)
    elsewhere = any(flag.acknowledged is None for flag in held)
    notes = [f"{unseen} not acknowledged"] if unseen else ["all acknowledged"] if held else []
    if elsewhere:
        notes = [NOT_HERE]
    withdrawn = len(of.flags) - len(held)
    if withdrawn:
        notes.append(f"{withdrawn} withdrawn")
    return Fact("flags", "Flags", text or "none", " · ".join(notes), max(counts, default=None), len(held))


def _not_yet(of: Summary) -> str:
    """That something is still to come; "" before the start, and for an infusion that is over."""
    return "" if of.started_at is None or of.phase in OVER else "not yet"


def _sets(j: Judged, of: Summary) -> Fact:
    counted = of.slots_done + of.slots_partial + of.slots_missed
    if not counted and of.imported:
        return Fact("sets", "Sets", NONE, "none was due here: brought in from a file", absent="none due")
    if not counted:
        return Fact("sets", "Sets", NONE)
    notes = f"{of.slots_partial} partial · {of.slots_missed} missed"
    if not_done := sets_with_values_not_done(j):
        notes = f"{not_done} with values not done · {notes}"
    if of.times_overdue:
        notes += f" · {of.times_overdue} {'time' if of.times_overdue == 1 else 'times'} overdue"
    return Fact("sets", "Sets done", f"{of.slots_done} of {counted}", notes, None, of.slots_missed)


def sets_with_values_not_done(j: Judged) -> int:
    """How many sets count as done although one of their values, or more, was recorded as not done."""
    return sum(slot.state == "done" and bool(slot.not_done) for slot in j.course.slots)


def _signed(j: Judged, of: Summary) -> Fact:
    if not j.protocol.people.signatures:
        return Fact("signed", "Signed", NONE, "this site asks for no signature")
    names = [one.signature.name for one in signatures(j.infusion, j.protocol)]
    wanted = f"{of.to_sign} still to sign" if of.to_sign else ""
    if of.imported and not names:
        wanted = "none is due here: brought in from a file"
    return Fact(
        "signed", "Signed", " · ".join(names) or NONE, wanted, absent=_not_yet(of) or ("nobody" if wanted else "")
    )
