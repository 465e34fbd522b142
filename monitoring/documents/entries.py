"""What was recorded, line by line: what an entry says, its marks, and the table of values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.charts import FROM_FILE, FROM_PAPER
from monitoring.clinical.baseline import saved_too_late
from monitoring.clinical.course import outlined
from monitoring.clinical.events import first_of, signature_words, signatures_of, standing_events
from monitoring.clinical.moments import is_early
from monitoring.clinical.record import Entry
from monitoring.documents.judged import Judged
from monitoring.documents.said import HIDDEN_RESULTS, said
from monitoring.documents.words import clock_time, day_of, level_word, word_of

REASON_ADDED = "reason added"  # a correction that only adds why (sheets.js): nothing stood there before
# Slower than this from Save to stored is worth a mark; a network matter, not clinical.
SENT_LATE = timedelta(seconds=15)


def _said(entry: Entry, j: Judged, chairs: Mapping[str, str]) -> dict[str, tuple[str, str | None]]:
    """What an entry says, each with its level: by the measure or kind it is of, so that versions can be compared."""
    measures = j.protocol.measures
    given = {reading.measure: reading for reading in entry.readings}
    parts: dict[str, tuple[str, str | None]] = {}
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
        parts[key] = text, level_word(level)
    for one in entry.not_done:
        if one.measure in measures:
            parts[one.measure] = f"{measures[one.measure].short} not done: {one.reason}", None
    if entry.event:
        parts["an event"] = said(entry, j, chairs), None
    if entry.acknowledgement:
        label = measures[entry.acknowledgement.measure].label if entry.acknowledgement.measure in measures else "Flag"
        parts["an acknowledgement"] = f"Acknowledged {label}: {entry.acknowledgement.done}", None
    return parts


def _parts(versions: Sequence[Entry], j: Judged, chairs: Mapping[str, str]) -> list[dict[str, Any]]:
    """What an entry says now, and before it, struck, what was changed; `versions`: from the first to what holds."""
    told = [_said(one, j, chairs) for one in versions]
    parts: list[dict[str, Any]] = []
    for key in dict.fromkeys(key for one in told for key in one):
        now = told[-1].get(key)
        held = [(entry, one[key][0]) for entry, one in zip(versions[:-1], told[:-1], strict=True) if key in one]
        before = [text for _, text in held]
        after = [*held[1:], (versions[-1], None if now is None else now[0])]
        parts.extend(
            {
                "text": _changed_alone(key, entry, later, j) or text,
                "level": None,
                "struck": True,
                "new": False,
                "became": then is not None,
            }
            for (entry, text), (later, then) in zip(held, after, strict=False)
            if text != then
        )
        if now is not None:
            changed = len(told) > 1 and {now[0]} != {*before}
            parts.append({"text": now[0], "level": now[1], "struck": False, "new": changed, "became": False})
    return parts


def _changed_alone(key: str, entry: Entry, later: Entry, j: Judged) -> str:
    """Of values said together ("126/78") the one that `later` changed, "SYS 126", where it changed only one."""
    measures = j.protocol.measures
    together = [m for m in measures.values() if key in (m.key, m.below)]
    if len(together) < 2 or any(_value(m.key, one) is None for m in together for one in (entry, later)):
        return ""
    changed = [m for m in together if _value(m.key, entry) != _value(m.key, later)]
    return f"{changed[0].short} {changed[0].text(_value(changed[0].key, entry) or 0.0)}" if len(changed) == 1 else ""


def _value(measure: str, entry: Entry) -> float | None:
    return next((one.value for one in entry.readings if one.measure == measure), None)


def _versions(entry: Entry, by_id: Mapping[str, Entry]) -> list[Entry]:
    """An entry with those that it put right, from the first to what holds; a reason added later changed nothing."""
    found = [entry]
    while (before := by_id.get(entry.corrects or "")) is not None:
        if entry.reason != REASON_ADDED:
            found.append(before)
        entry = before
    return found[::-1]


def _history(
    entry: Entry, by_id: Mapping[str, Entry], by: Entry | None, told: Callable[[datetime], str]
) -> Iterator[str]:
    """Who put an entry right or withdrew it, when and why, from the first change to the last; `by`: its withdrawal."""
    changes = []
    while (before := by_id.get(entry.corrects or "")) is not None:
        changes.append((before, entry))
        entry = before
    for n, (before, after) in enumerate(reversed(changes)):
        if n == 0 and before.author != after.author:
            yield f"first recorded by {before.author_name}"
        what = "reason added" if after.reason == REASON_ADDED else "corrected"
        why = "" if after.reason == REASON_ADDED else f": {after.reason}"
        seen = f" (time was {told(before.observed_at)})" if before.observed_at != after.observed_at else ""
        yield f"{what} {told(after.recorded_at)} by {after.author_name}{why}{seen}"
    if by is not None:
        yield f"withdrawn {told(by.recorded_at)} by {by.author_name}: {by.reason}"


def _marks(entry: Entry, j: Judged, conflicts: Mapping[str, str], closed: int | None, zone: ZoneInfo) -> list[str]:
    """What a reader must know of an entry beside what it says; `closed`: which entry told that the patient left."""
    marks = []
    told = partial(j.time_of, zone=zone)
    late = entry.tapped_at - entry.observed_at
    if late > timedelta(minutes=j.protocol.schedule.late_entry_minutes) and entry.source != "import":
        marks.append(f"late entry, {late // timedelta(minutes=1)} min after")
    elif entry.amendment == "late entry":
        marks.append("late entry")
    if entry.amendment == "addendum":
        marks.append("addendum")
    if entry.source == "paper":
        marks.append(f"{FROM_PAPER} at {told(entry.tapped_at)}")
    marks.extend(_of_its_times(entry, j, zone))
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
    signed = zip(signature_words(entry), signatures_of(entry), strict=True)
    marks.extend(f"{words}, {told(one.at)}" for words, one in signed)
    if entry.id in conflicts:
        marks.append(conflicts[entry.id])
    return marks


def _of_its_times(entry: Entry, j: Judged, zone: ZoneInfo) -> Iterator[str]:
    """What is to be known of when it was seen and saved: before the opening, or at a time that could not be."""
    if is_early(entry, j.infusion):
        why = f": {entry.reason}" if entry.reason and not entry.corrects and not entry.linked else ""
        yield f"seen before the infusion was opened{why}"
    if entry.observed_given is not None:
        yield f"seen at {_stamp(entry.observed_given, zone)} as it came, which cannot be"
    if entry.tapped_given is not None and entry.tapped_given != entry.observed_given:
        yield f"saved at {_stamp(entry.tapped_given, zone)} by the tablet's clock, which cannot be"


def _stamp(instant: datetime, zone: ZoneInfo) -> str:
    return f"{day_of(instant, zone)}, {clock_time(instant, zone)}"


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
    told = partial(j.time_of, zone=zone)
    too_late = {entry.id for entry in saved_too_late(j.infusion, outlined(j.infusion))}
    rows = []
    for entry in sorted(j.infusion.entries, key=lambda e: (e.observed_at, e.seq), reverse=True):
        if entry.kind == "withdrawal" or entry.id in replaced:
            continue
        by = withdrawn.get(entry.id)
        parts = _parts(_versions(entry, by_id), j, chairs)
        marks = _marks(entry, j, conflicts, closed, zone)
        if entry.id in too_late:
            marks.append("seen before the start, saved after it: not the baseline")
        in_full = [*marks, *_history(entry, by_id, by, told)]
        if entry.corrects:
            marks.append(REASON_ADDED if entry.reason == REASON_ADDED else f"corrected: {entry.reason}")
        if by is not None:
            marks.append(f"withdrawn by {by.author_name}: {by.reason}")
            if by.linked:
                marks.append("copied to the right chair")
                in_full.append("copied to the right chair")
        rows.append(
            {
                "id": entry.id,
                "kind": entry.kind,
                "observed_at": entry.observed_at.isoformat(),
                "time": told(entry.observed_at),
                "minute": _minute(entry, j),
                "parts": parts,
                "text": " · ".join(part["text"] for part in parts if not part["struck"]),
                "marks": marks,
                "marks_in_full": in_full,  # with who put it right or withdrew it, and when
                "author": entry.author_name,
                "linked": entry.linked or (by.linked if by else ""),
                "state": "withdrawn" if by is not None else "",
                "can_be_baseline": entry.id in too_late and by is None,
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


def _minute(entry: Entry, j: Judged) -> str:
    """The minute of an entry beside its time: "min 24", "before" the start, "" where a minute says nothing."""
    minute = j.minute_of(entry.observed_at)
    if minute is None:
        return "before" if j.course.started_at is None else ""
    return f"min {minute}" if minute >= 0 else "before"


def table(j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    """The chart's values as a table: signs as columns, times as rows, with who recorded each row and its marks."""
    asked = {one.measure for e in j.infusion.standing() for one in e.readings}
    asked |= {one.measure for e in j.infusion.standing() for one in e.not_done}
    keys = [key for key in j.protocol.measures if key in asked]
    by_id = {entry.id: entry for entry in j.infusion.entries}
    conflicts = {conflict.entry: conflict.sentence for conflict in j.course.conflicts}
    closed = _closing(j)
    told = partial(j.time_of, zone=zone)
    rows = []
    for entry in j.infusion.standing():
        if not entry.readings and not entry.not_done:
            continue
        given = {reading.measure: reading for reading in entry.readings}
        versions = _versions(entry, by_id)
        minute = j.minute_of(entry.observed_at)
        rows.append(
            {
                "minute": "" if minute is None else str(minute),
                "at": entry.observed_at.isoformat(),
                "time": told(entry.observed_at),
                "values": {key: reading.value for key, reading in given.items()},
                "cells": [
                    {
                        **_cell(key, versions, j),
                        "level": level_word(j.levels.get(given[key].id)) if key in given else None,
                    }
                    for key in keys
                ],
                "author": entry.author_name,
                "marks": [*_marks(entry, j, conflicts, closed, zone), *_history(entry, by_id, None, told)],
            }
        )
    columns = [f"{j.protocol.measures[k].label} {j.protocol.measures[k].unit}".strip() for k in keys]
    return {"columns": columns, "rows": rows}


def _cell(key: str, versions: Sequence[Entry], j: Judged) -> dict[str, Any]:
    """A value as it holds, and what stood there before it was put right; a dash where it was not in the entry."""
    told = [_written(key, one, j) for one in versions]
    before = [text for n, text in enumerate(told[:-1]) if text and text != told[n + 1]]
    return {"text": told[-1] or "—", "before": before}


def _written(key: str, entry: Entry, j: Judged) -> str:
    """What an entry says of a measure: its value, that it was not done and why, or ""."""
    value = _value(key, entry)
    if value is not None:
        return j.protocol.measures[key].text(value)
    return next((f"not done: {one.reason}" for one in entry.not_done if one.measure == key), "")
