"""A patient's own earlier infusions, for the screen of a later one."""

from __future__ import annotations

from typing import Any, Final

from monitoring.charts.earlier import Earlier, earlier_traces
from monitoring.clinic import RunningClinic
from monitoring.clinical.course import course
from monitoring.documents.words import zone_of

_MOST: Final = 6  # as many as a series has at first; more would hide each other


def earlier_infusions(clinic: RunningClinic, infusion_id: str) -> tuple[Earlier, ...]:
    """The latest started infusions of the same patient opened before this one, the oldest first.

    Raises LookupError for an unknown id.
    """
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise LookupError(f"There is no infusion {infusion_id}.")
    zone, now = zone_of(clinic), clinic.clock.now()
    ids = clinic.store.infusions_of(infusion.patient.id)
    found: list[Earlier] = []
    for id in reversed(ids[: ids.index(infusion_id)]):
        other = clinic.store.infusion(id)
        if other is None or len(found) == _MOST:
            break
        protocol = clinic.protocol_of(other.protocol)
        at = course(other, protocol, now)
        if at.started_at is not None:
            same = other.series == infusion.series
            day = f"{at.started_at.astimezone(zone):%d %b %Y}"
            counted = same and other.number > 0
            found.append(Earlier(f"#{other.number} · {day}" if counted else day, other, protocol, at))
    return tuple(reversed(found))


def earlier_document(clinic: RunningClinic, infusion_id: str) -> dict[str, Any]:
    """What is drawn behind the chart of this infusion: `traces`, and `labels` of the infusions they are of.

    Raises LookupError for an unknown id.
    """
    found = earlier_infusions(clinic, infusion_id)
    infusion = clinic.store.infusion(infusion_id)
    assert infusion is not None
    protocol = clinic.protocol_of(infusion.protocol)
    return {
        "infusion": infusion_id,
        "labels": [one.label.split(" · ")[0] for one in found],
        "traces": earlier_traces(protocol, found),
    }
