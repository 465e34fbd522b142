"""The page before leaving as a screen shows it: criteria recorded as met by whom, scores, return to baseline."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinical.course import minutes_since
from monitoring.clinical.leaving import Departure, Leaving, State
from monitoring.clinical.protocol import Scale, ScaleItem
from monitoring.clinical.scales import circulation, latest
from monitoring.documents.before import grouped, question
from monitoring.documents.judged import Judged
from monitoring.documents.words import iso


def leaving_part(j: Judged, page: Leaving, zone: ZoneInfo) -> dict[str, Any]:
    """`care.leaving`: what is recorded and what is missing. It never says that somebody may go."""
    return {
        "groups": grouped([(one.criterion.group, _criterion(one, j, zone)) for one in page.criteria], "criteria"),
        "missing": list(page.missing),
        "scales": _scales(j),
        "baseline": {
            "words": page.baseline_words,
            "minutes": page.back_at_baseline_after,
            "parts": [{"measure": part.measure, "state": part.state, "words": part.words} for part in page.parts],
        },
        "second_person": j.protocol.people.leaving_second,
        "departure": _departure(page.departure, j, zone),
    }


def _criterion(one: State, j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    time = j.time_of(one.at, zone) if one.at else ""
    recorded = ""
    if one.state == "met":
        recorded = f"recorded as met by {one.by}, {time}" if one.by else f"met at {time}"
    answered: dict[str, Any] = {}
    if one.criterion.answer is not None:
        answered = {**question(one.criterion.answer), "answer": one.answer, "note_text": one.note}
    return {
        "key": one.criterion.key,
        "label": one.criterion.label,
        "state": one.state,
        "words": _stayed(one, j, zone) or one.words,
        "recorded": recorded,
        "by": one.by,
        "time": time,
        "at": iso(one.at),
        "entry": one.entry.id if one.entry else None,
        "scale": one.criterion.scale,
        **answered,
    }


def _stayed(one: State, j: Judged, zone: ZoneInfo) -> str:
    """How long a patient who has left had stayed, and when that was: "66 min at leaving 12:37 (site: at least 60)"."""
    wanted, ended, left = one.criterion.stay_minutes, j.course.ended_at, j.course.closed_at
    if wanted is None or ended is None or left is None:
        return ""
    stayed = max(0, minutes_since(ended, left))
    return f"{stayed} min at leaving {j.time_of(left, zone)} (site: at least {wanted:g})"


def _scales(j: Judged) -> list[dict[str, Any]]:
    # Scores count from the end of the infusion on; before, none is asked for.
    since, until = j.course.ended_at, j.course.closed_at
    found = latest(j.infusion, j.protocol, since, until) if since else {}
    rows = []
    for key, scale in j.protocol.scales.items():
        score = found.get(key)
        last: dict[str, Any] | None = None
        if score is not None:
            started = j.course.started_at
            seen = score.entry.observed_at
            last = {
                "entry": score.entry.id,
                "total": score.total,
                "text": score.words,
                "by": score.entry.author_name,
                "minute": minutes_since(started, seen) if started else None,
                "points": dict(score.scored.points),
            }
        rows.append({**_scale(scale, j), "latest": last})
    return rows


def _scale(scale: Scale, j: Judged) -> dict[str, Any]:
    return {
        "key": scale.key,
        "label": scale.label,
        "variant": scale.variant,
        "threshold": scale.threshold,
        "highest": scale.highest,
        "note": scale.note,
        "items": [
            {
                "key": item.key,
                "label": item.label,
                "hint": _hint(item, j),
                "options": [{"value": option.value, "text": option.text or option.word} for option in item.options],
            }
            for item in scale.items
        ],
    }


def _hint(item: ScaleItem, j: Judged) -> str:
    """What an item about circulation looks at, told beside it; a person chooses the points."""
    if not item.measures or j.course.ended_at is None:
        return ""
    seen = circulation(item, j.infusion, j.protocol, j.course)
    return seen.words if seen.points is None else f"{seen.words}: {seen.points} by this scale"


def _departure(left: Departure | None, j: Judged, zone: ZoneInfo) -> dict[str, Any] | None:
    """How the patient left, and what is still to be told of it."""
    if left is None:
        return None
    parts = [f"Left {j.time_of(left.at, zone)}, recorded by {left.by}"]
    if left.missing:
        parts.append(f"with something missing: {left.reason or 'no reason given'}")
    if left.second is not None:
        parts.append(f"{left.second.meaning}: {left.second.name}")
    return {"text": " · ".join(parts), "missing": list(left.missing), "wants": list(left.wants(j.protocol))}
