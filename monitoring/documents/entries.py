"""What was recorded, line by line: what an entry says, its marks, and the table of values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.charts import FROM_FILE, FROM_PAPER, minutes
from monitoring.clinical.events import first_of, signatures_of, standing_events
from monitoring.clinical.record import Entry
from monitoring.documents.judged import Judged
from monitoring.documents.said import HIDDEN_RESULTS, said
from monitoring.documents.words import clock_time, level_word, word_of

REASON_ADDED = "reason added"  # a correction that only adds why (sheets.js): nothing stood there before
# Slower than this from Save to stored is worth a mark; a network matter, not clinical.
SENT_LATE = timedelta(seconds=15)


def _parts(entry: Entry, j: Judged, chairs: Mapping[str, str], struck: bool) -> list[dict[str, Any]]:
    measures = j.protocol.measures
    given = {reading.measure: reading for reading in entry.readings}
    parts: list[dict[str, Any]] = []
    for key, measure in measures.items():
        if key not in given or (measure.below and measure.below in given):
            continue
        together = [measure, *(m for m in measures.values() if m.below == key and m.key in given)]
        text = "/".join(m.text(given[m.key].value) for m in together)
        if measure.is_rating:
            text = f"{measure.label} {text} {word_of(measure, given[key].value)}"
        elif key == j.protocol.schedule.oxygen:
            text = "Air" if given[key].value == 0 else f"Oxygen {given[key].value:g} {measure.unit}"
        elif len(together) == 1:
            text = f"{measure.short or measure.label} {text}"
        found = [j.levels.get(given[m.key].id) for m in together]
        level = max([one for one in found if one is not None], default=None)
        parts.append({"text": text, "level": None if struck else level_word(level), "struck": struck})
    parts.extend(
        {"text": f"{measures[one.measure].short} not done: {one.reason}", "level": None, "struck": struck}
        for one in entry.not_done
        if one.measure in measures
    )
    if entry.event:
        parts.append({"text": said(entry, j, chairs), "level": None, "struck": struck})
    if entry.acknowledgement:
        label = measures[entry.acknowledgement.measure].label if entry.acknowledgement.measure in measures else "Flag"
        parts.append({"text": f"Acknowledged {label}: {entry.acknowledgement.done}", "level": None, "struck": struck})
    return parts


def _marks(entry: Entry, j: Judged, conflicts: Mapping[str, str], closed: int | None, zone: ZoneInfo) -> list[str]:
    """What a reader must know of an entry beside what it says; `closed`: which entry told that the patient left."""
    marks = []
    late = entry.tapped_at - entry.observed_at
    if late > timedelta(minutes=j.protocol.schedule.late_entry_minutes) and entry.source != "import":
        marks.append(f"late entry, {late.total_seconds() / 60:.0f} min after")
    elif entry.amendment == "late entry":
        marks.append("late entry")
    if entry.amendment == "addendum":
        marks.append("addendum")
    if entry.source == "paper":
        marks.append(f"{FROM_PAPER} at {clock_time(entry.tapped_at, zone)}")
    if entry.source == "import":
        marks.append(f"{FROM_FILE} on {entry.tapped_at.astimezone(zone):%d %b %Y}")
    if entry.linked:
        marks.append(f"copied from another chair, {entry.reason}" if entry.reason else "copied from another chair")
    if entry.recorded_at - entry.tapped_at > SENT_LATE:
        marks.append("sent late")
    if entry.clock == "device":
        marks.append("time from the tablet's clock")
    if entry.other_sign_in:
        marks.append("outside this person's sign-in")
    came = "arrived" if entry.queued else "recorded"
    if entry.after_signing and j.protocol.people.signatures:
        marks.append(f"{came} after signing")
    elif entry.after_signing or (closed is not None and entry.seq > closed and not _belongs_after(entry)):
        marks.append(f"{came} after closing")
    if any(reading.confirmed_unusual for reading in entry.readings):
        marks.append("confirmed unusual")
    if any(reading.observed_not_asked for reading in entry.readings):
        marks.append("observed, not asked")
    marks.extend(f"{one.meaning}: {one.name}, {one.role}, {clock_time(one.at, zone)}" for one in signatures_of(entry))
    if entry.id in conflicts:
        marks.append(conflicts[entry.id])
    return marks


def _belongs_after(entry: Entry) -> bool:
    """Whether an entry is one that is made once the patient has left."""
    return entry.event is not None and entry.event.kind in ("sign", "drug")


def _closing(j: Judged) -> int | None:
    """The number of the entry that first told that the patient left; None before."""
    if j.course.closed_at is None:
        return None
    at = j.course.closed_at
    closing = next((e for e in standing_events(j.infusion, "close") if e.observed_at == at), None)
    return first_of(j.infusion, closing).seq if closing else None


def _editable(entry: Entry, hidden: bool) -> dict[str, Any] | None:
    """An event as a person may correct it; what it pinned and who signed is for the server to find anew."""
    if entry.event is None:
        return None
    kept = {"baseline", "signatures", *(HIDDEN_RESULTS if hidden else ())}
    return {"kind": entry.event.kind, "detail": {k: v for k, v in entry.event.detail.items() if k not in kept}}


def entries(j: Judged, chairs: Mapping[str, str], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Entries newest first; a correction shows the value it replaced, a withdrawn entry stays with its reason."""
    by_id = {entry.id: entry for entry in j.infusion.entries}
    replaced = {entry.corrects for entry in j.infusion.entries if entry.corrects}
    withdrawn = {entry.withdraws: entry for entry in j.infusion.entries if entry.withdraws}
    conflicts = {conflict.entry: conflict.sentence for conflict in j.course.conflicts}
    closed = _closing(j)
    rows = []
    for entry in sorted(j.infusion.entries, key=lambda e: (e.observed_at, e.seq), reverse=True):
        if entry.kind == "withdrawal" or entry.id in replaced:
            continue
        by = withdrawn.get(entry.id)
        parts = _parts(entry, j, chairs, struck=False)
        marks = _marks(entry, j, conflicts, closed, zone)
        before = by_id.get(entry.corrects) if entry.corrects else None
        while before is not None and entry.reason != REASON_ADDED:
            parts[:0] = _parts(before, j, chairs, struck=True)
            before = by_id.get(before.corrects) if before.corrects else None
        if entry.corrects:
            marks.append(REASON_ADDED if entry.reason == REASON_ADDED else f"corrected: {entry.reason}")
        if by is not None:
            marks.append(f"withdrawn by {by.author_name}: {by.reason}")
            if by.linked:
                marks.append("copied to the right chair")
        minute = minutes(j.infusion, j.course, entry.observed_at)
        rows.append(
            {
                "id": entry.id,
                "kind": entry.kind,
                "observed_at": entry.observed_at.isoformat(),
                "time": f"{entry.observed_at.astimezone(zone):%H:%M}",
                "minute": f"min {minute:.0f}" if j.course.started_at and minute >= 0 else "before",
                "parts": parts,
                "text": " · ".join(part["text"] for part in parts if not part["struck"]),
                "marks": marks,
                "author": entry.author_name,
                "linked": entry.linked or (by.linked if by else ""),
                "state": "withdrawn" if by is not None else "",
                "can_correct": by is None and entry.kind in ("set", "observation", "event"),
                "values": [
                    {
                        "measure": reading.measure,
                        "text": j.protocol.measures[reading.measure].text(reading.value),
                        "observed_not_asked": reading.observed_not_asked,
                    }
                    for reading in entry.readings
                    if reading.measure in j.protocol.measures
                ],
                "event": _editable(entry, j.dose_hidden),
                "not_done": [{"measure": one.measure, "reason": one.reason} for one in entry.not_done],
            }
        )
    return rows


def table(j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    """The chart's values as a table: signs as columns, times as rows."""
    keys = [k for k in j.protocol.measures if any(r.measure == k for e in j.infusion.standing() for r in e.readings)]
    rows = []
    for entry in j.infusion.standing():
        if not entry.readings and not entry.not_done:
            continue
        given = {reading.measure: reading for reading in entry.readings}
        reasons = {one.measure: one.reason for one in entry.not_done}
        minute = minutes(j.infusion, j.course, entry.observed_at)
        rows.append(
            {
                "minute": f"{minute:.0f}" if j.course.started_at else "",
                "at": entry.observed_at.isoformat(),
                "time": f"{entry.observed_at.astimezone(zone):%H:%M}",
                "values": {key: reading.value for key, reading in given.items()},
                "cells": [
                    {
                        "text": j.protocol.measures[key].text(given[key].value)
                        if key in given
                        else reasons.get(key, ""),
                        "level": level_word(j.levels.get(given[key].id)) if key in given else None,
                    }
                    for key in keys
                ],
            }
        )
    columns = [f"{j.protocol.measures[k].label} {j.protocol.measures[k].unit}".strip() for k in keys]
    return {"columns": columns, "rows": rows}
