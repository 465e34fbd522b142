"""What a nurse who takes over reads in twenty seconds: who, how far, trend, open flags, clocks, what is due next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinical.clocks import effects
from monitoring.clinical.course import minutes_since
from monitoring.clinical.dose import bag_empty_words
from monitoring.clinical.events import standing_events
from monitoring.clinical.protocol import Measure
from monitoring.clinical.record import Entry, Reading
from monitoring.clinical.signing import Responsible
from monitoring.documents.dosing import dose_words
from monitoring.documents.judged import Judged
from monitoring.documents.said import said
from monitoring.documents.values import oxygen
from monitoring.documents.words import PHASE_WORDS, allergy_words, level_word, upper, which, word_of


def handover_lines(j: Judged, chair: str, responsible: Responsible, zone: ZoneInfo) -> list[dict[str, Any]]:
    """`care.handover.lines`: label, text and level of each, in the order in which they are read.

    Nothing here counts: minutes that go on are the screen's.
    """
    return [
        {"label": label, "text": text, "level": level} for label, text, level in _lines(j, chair, responsible, zone)
    ]


def _lines(j: Judged, chair: str, responsible: Responsible, zone: ZoneInfo) -> Iterator[tuple[str, str, str | None]]:
    patient = j.infusion.patient
    yield "Who", f"{patient.name} · {chair} · {which(j.infusion)} · {allergy_words(patient)}", None
    yield "Where", _where(j, zone), None
    yield "Dose", dose_words(j), None
    since = j.time_of(responsible.since, zone)
    yield "Responsible", f"{responsible.name} since {since}", None
    yield from _pumped(j)
    yield "Oxygen", oxygen(j), None
    yield from _trends(j, zone)
    yield from _flags(j)
    yield from _given(j)
    yield from _running(j, zone)
    yield "Next", _next(j, zone), None


def _pumped(j: Judged) -> Iterator[tuple[str, str, str | None]]:
    """What has been given by rate and time, the rate now, and how long the pump was paused."""
    at = j.course
    if at.started_at is None or j.dose_hidden:
        return
    words = [f"{at.given_mg:.1f} mg given, by rate and time"]
    if empty := bag_empty_words(at):
        words.append(empty)
    if at.rate_ml_per_h is not None:
        words.append(f"rate {at.rate_ml_per_h:g} mL/h")
    paused = sum((max(timedelta(0), (until or j.now) - since) for since, until in at.pauses), timedelta(0))
    if paused:
        times = "once" if len(at.pauses) == 1 else f"{len(at.pauses)} times"
        words.append(f"paused {times}, {paused // timedelta(minutes=1)} min")
    yield "Pump", " · ".join(words), None


def _where(j: Judged, zone: ZoneInfo) -> str:
    """The phase and since when: "infusing since 10:00", "paused since 10:12, started 10:00"."""
    at = j.course
    word = "stopped early" if at.phase == "recovery" and at.ended_early else PHASE_WORDS[at.phase]
    if not at.phases:
        return word
    since, _ = at.phases[-1]
    words = f"{word} since {j.time_of(since, zone)}"
    if at.started_at is not None and since != at.started_at:
        words += f", started {j.time_of(at.started_at, zone)}"
    return words


def _trends(j: Judged, zone: ZoneInfo) -> Iterator[tuple[str, str, str | None]]:
    """Each measure of the set and each rating: baseline, the value before, the last one and when."""
    measures, schedule = j.protocol.measures, j.protocol.schedule
    seen: dict[str, list[tuple[Entry, Reading]]] = {}
    for entry in j.infusion.standing():
        for reading in entry.readings:
            seen.setdefault(reading.measure, []).append((entry, reading))
    for key in (*schedule.set, *schedule.observations):
        measure = measures[key]
        if measure.below:
            continue
        together = [measure, *(m for m in measures.values() if m.below == key)]
        label = "Blood pressure" if len(together) > 1 else measure.label
        if key not in seen:
            yield label, "none recorded", None
            continue
        entry, last = seen[key][-1]
        values = [_values(together, seen, n) for n in (-2, -1) if len(seen[key]) >= -n]
        if key in j.course.baseline:
            at_baseline = "/".join(
                m.text(j.course.baseline[m.key].value) if m.key in j.course.baseline else "—" for m in together
            )
            # The last value may be the baseline itself: then there is no trend yet.
            values = [f"baseline {at_baseline}", *(values if len(seen[key]) > 2 else values[1:])]
        word = word_of(measure, last.value)
        found = [j.levels.get(seen[m.key][-1][1].id) for m in together if m.key in seen]
        level = max((one for one in found if one is not None), default=None)
        unit = f" {measure.unit}" if measure.unit else f" {word}" if word else ""
        yield label, f"{' → '.join(values)}{unit}, {_seen(entry, j, zone)}", level_word(level)


def _values(together: list[Measure], seen: dict[str, list[tuple[Entry, Reading]]], n: int) -> str:
    """The values of one entry of the first measure, and those of the others in the same entry."""
    entry, _ = seen[together[0].key][n]
    given = {reading.measure: reading for reading in entry.readings}
    return "/".join(m.text(given[m.key].value) if m.key in given else "—" for m in together)


def _seen(entry: Entry, j: Judged, zone: ZoneInfo) -> str:
    if j.course.started_at is None or entry.observed_at < j.course.started_at:
        return j.time_of(entry.observed_at, zone)
    return f"minute {minutes_since(j.course.started_at, entry.observed_at)}"


def _flags(j: Judged) -> Iterator[tuple[str, str, str | None]]:
    if not j.flags.open:
        yield "Flags", "none open", None
    for flag in j.flags.open:
        last = flag.acknowledged[-1] if flag.acknowledged else None
        done = f"seen by {last.who}: {last.done}" if last else "not acknowledged"
        back = "back within the range · " if flag.closed_at is not None else ""
        yield "Flag", f"{flag.headline} · {back}{done}", level_word(flag.level)


def _given(j: Judged) -> Iterator[tuple[str, str, str | None]]:
    """Adverse effects with how they go on, and medicines."""
    started = j.course.started_at
    for effect in effects(j.infusion):
        goes_on = effect.over_words(started) or "no end recorded"
        words = (upper(effect.name), effect.severity, effect.action, goes_on)
        yield "Effect", " · ".join(word for word in words if word), None
    for entry in standing_events(j.infusion, "medicine"):
        minute = "" if started is None else f", minute {minutes_since(started, entry.observed_at)}"
        yield "Medicine", f"{said(entry, j, {})}{minute}", None


def _running(j: Judged, zone: ZoneInfo) -> Iterator[tuple[str, str, str | None]]:
    for clock in j.clocks.running:
        due = f", due {j.time_of(clock.due_at, zone)}" if clock.due_at else ""
        yield "Running", f"{clock.label} since {j.time_of(clock.since, zone)}{due}", None


def _next(j: Judged, zone: ZoneInfo) -> str:
    """The set that is waited for."""
    if j.course.overdue_slot_at is not None:
        return f"set overdue, due {j.time_of(j.course.overdue_slot_at, zone)}"
    slot = j.course.next_slot
    return "no set is due" if slot is None else f"set due {j.time_of(slot.at, zone)}, minute {slot.minute}"
