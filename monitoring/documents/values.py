"""The last values of an infusion, each with its age: as tiles, as a strip, as a trace."""

from __future__ import annotations

from typing import Any

from monitoring.charts import minutes
from monitoring.clinical.course import when as told_when
from monitoring.clinical.record import Entry, Reading
from monitoring.documents.judged import Judged
from monitoring.documents.words import iso, level_word


def _stale_after(j: Judged) -> float:
    """Seconds after which a value is old: one slot, and what makes it overdue [s]."""
    every = j.protocol.schedule.interval(j.course.phase, j.infusion.every_minutes)
    return 60 * (every + min(j.protocol.schedule.overdue_minutes, every / 2))


def latest(j: Judged) -> dict[str, tuple[Entry, Reading]]:
    """The last standing reading of each measure, with the entry it came in."""
    found: dict[str, tuple[Entry, Reading]] = {}
    for entry in j.infusion.standing():
        for reading in entry.readings:
            found[reading.measure] = (entry, reading)
    return found


def values(j: Judged) -> dict[str, Any]:
    """The last value of each measure, for its tile on the pad."""
    stale = _stale_after(j)
    return {
        key: {
            "text": j.protocol.measures[key].text(reading.value),
            "value": reading.value,
            "at": entry.observed_at.isoformat(),
            "level": level_word(j.levels.get(reading.id)),
            "stale_after": stale,
        }
        for key, (entry, reading) in latest(j).items()
        if key in j.protocol.measures
    }


def strip(j: Judged, board: bool = False) -> list[dict[str, Any]]:
    """The last values as a screen's strip shows them: pressures together, then each measure, then the ratings."""
    found, measures, schedule = latest(j), j.protocol.measures, j.protocol.schedule
    stale = _stale_after(j)
    keys = [k for k in (*schedule.set, *schedule.observations) if not measures[k].below]
    if not board:
        keys += [k for k in schedule.optional if k in found]
    tiles = []
    for key in keys:
        measure = measures[key]
        together = [measure, *(m for m in measures.values() if m.below == key)]
        held = [found.get(m.key) for m in together]
        ages = [pair[0].observed_at for pair in held if pair]
        outside = [j.levels.get(pair[1].id) for pair in held if pair]
        level = max([one for one in outside if one is not None], default=None)
        text = "/".join(m.text(pair[1].value) if pair else "—" for m, pair in zip(together, held, strict=True))
        label = "BP" if len(together) > 1 else measure.short or measure.label
        tiles.append(
            {
                "keys": [m.key for m in together],
                "label": label if board or label == measure.unit else f"{label} {measure.unit}".strip(),
                "text": text if ages else "",
                "at": iso(min(ages, default=None)),
                "level": level_word(level),
                "stale_after": stale,
            }
        )
    return tiles


def oxygen(j: Judged) -> str:
    """Oxygen as last recorded: "air", "2 L/min", or that it was not recorded."""
    pair = latest(j).get(j.protocol.schedule.oxygen)
    if pair is None:
        return "not recorded"
    measure = j.protocol.measures[j.protocol.schedule.oxygen]
    return "air" if pair[1].value == 0 else f"{pair[1].value:g} {measure.unit}"


def quiet(j: Judged) -> str:
    """The line in the place of flags when there is none: how much was judged, never that all is well."""
    count = sum(len(entry.readings) for entry in j.infusion.standing())
    if not count:
        return "No values recorded yet"
    last = max(e.observed_at for e in j.infusion.standing() if e.readings)
    outside = sum(1 for e in j.infusion.standing() for r in e.readings if j.levels.get(r.id) is not None)
    when = "pump not started"
    if j.course.started_at is not None:
        when = f"last {told_when(last, j.course.started_at)}"
    if outside:
        return f"No open flags · {outside} of {count} values recorded so far were outside site ranges · {when}"
    return f"No values outside site ranges among {count} recorded · {when}"


def trace(j: Judged) -> list[tuple[float, float]]:
    """The first measure of the set, for the small trace of a card: (minute, value)."""
    key = j.protocol.schedule.set[0]
    return [
        (round(minutes(j.infusion, j.course, entry.observed_at), 2), reading.value)
        for entry in j.infusion.standing()
        for reading in entry.readings
        if reading.measure == key
    ]


def trace_axis(j: Judged) -> tuple[float, float]:
    """The range of the small trace: the same for every card under one protocol, so that a rise looks like one."""
    measure = j.protocol.measures[j.protocol.schedule.set[0]]
    return measure.axis or measure.plausible
