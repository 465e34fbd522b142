"""By what a screen judges the values that it holds and the server has not answered for: the limits, and what they need.

`screens/static/judging.js` reads this table and nothing else. It says of a value that waits what
`clinical.flags.levels` will say once it is recorded; both are held to the vectors in tests/vectors/judging.json.
"""

from __future__ import annotations

import functools
from typing import Any, Final, get_args

from monitoring.clinical.course import allowed, baseline_of, leads_on, outlined, phase_after
from monitoring.clinical.protocol import Measure, Phase, limit_words
from monitoring.clinical.record import Entry, EventKind
from monitoring.documents.judged import Judged

_PHASES: Final[tuple[Phase, ...]] = get_args(Phase)
_KINDS: Final[tuple[EventKind, ...]] = get_args(EventKind)


def limits_table(j: Judged) -> dict[str, Any]:
    """The limits on values in force for this infusion, and what of its record they are judged by.

    `limits`: by measure, each row with its key, value, level and words, and the phases or the air it is kept to.
    `leads_to`: from which phase an event leads to which. `recorded`: the entries that stand, in the order seen, with
    their values and such events; a start with its `baseline`, by measure the entry that holds the value.
    """
    measures, standing = j.protocol.measures, j.infusion.standing()
    holders = {reading.id: entry.id for entry in standing for reading in entry.readings}
    return {
        "limits": {key: rows for key, measure in measures.items() if (rows := _rows(measure))},
        "oxygen": j.protocol.schedule.oxygen,
        "leads_to": _leads_to(),
        "recorded": [row for entry in standing if (row := _recorded(entry, j, holders))],
    }


def _rows(measure: Measure) -> list[dict[str, Any]]:
    """The limits on a measure's values; how long there may be none is the server's to judge."""
    return [
        {
            "key": limit.key,
            "value": limit.value,
            "level": limit.level.word,
            "side": limit.side,
            "phase": list(limit.phase),
            "applies": limit.applies,
            "words": limit_words(limit, measure, unit=False),
        }
        for limit in measure.limits
        if limit.key != "silent_minutes"
    ]


@functools.cache
def _leads_to() -> dict[str, dict[str, str]]:
    return {
        kind: {phase: phase_after(phase, kind) for phase in _PHASES if not allowed(kind, phase)}
        for kind in _KINDS
        if leads_on(kind)
    }


def _recorded(entry: Entry, j: Judged, holders: dict[str, str]) -> dict[str, Any] | None:
    """An entry that stands, where it has a value or leads to a phase."""
    event = entry.event.kind if entry.event is not None and leads_on(entry.event.kind) else None
    if not entry.readings and event is None:
        return None
    chosen = outlined(j.infusion).baseline_chosen
    pinned = baseline_of(j.infusion, entry, chosen)[0] if event == "start" else {}
    return {
        "id": entry.id,
        "at": entry.observed_at.isoformat(),
        "values": {reading.measure: reading.value for reading in entry.readings},
        "event": event,
        "baseline": {measure: holders[reading.id] for measure, reading in pinned.items()},
    }
