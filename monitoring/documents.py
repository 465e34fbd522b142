"""What a live screen is given: one document for an infusion, one for the board, built once for all who look.

Everything in them is computed anew from what is recorded, the protocol and `now`. Nothing is asked of Streamlit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.charts import infusion_figure, minutes, plotly_version
from monitoring.clinic import RunningClinic
from monitoring.clinical.checks import SEVERITIES
from monitoring.clinical.course import Course, Slot, course, outlined
from monitoring.clinical.flags import Flag, Flags, flags, levels
from monitoring.clinical.protocol import OVER, Level, Measure, Protocol
from monitoring.clinical.record import EVENT_WORDS, Entry, Infusion, Patient, Reading, event_words
from monitoring.records import Chair

PHASE_WORDS = {
    "planned": "before start",
    "infusing": "infusing",
    "paused": "paused",
    "recovery": "recovery",
    "closed": "closed",
    "cancelled": "cancelled",
}
REASON_ADDED = "reason added"  # a correction that only adds why (sheets.js): nothing stood there before
SENT_LATE = timedelta(
    seconds=15
)  # slower than this from Save to stored is worth a mark; a network matter, not clinical


@dataclass(frozen=True, slots=True)
class Judged:
    """An infusion at one instant: where it stands, its flags, and the level of each reading."""

    infusion: Infusion
    protocol: Protocol
    course: Course
    flags: Flags
    levels: Mapping[str, Level]  # of standing readings outside their range, by reading id
    now: datetime

    @property
    def next_change(self) -> datetime | None:
        """The next instant at which time alone changes anything here."""
        found = [at for at in (self.course.next_change, self.flags.next_change) if at is not None]
        return min(found, default=None)


def judged(infusion: Infusion, protocol: Protocol, now: datetime) -> Judged:
    """Everything that the clinical functions say about `infusion` at `now`."""
    at = course(infusion, protocol, now)
    return Judged(infusion, protocol, at, flags(infusion, protocol, now, at), levels(infusion, protocol, at), now)


def infusion_document(clinic: RunningClinic, infusion_id: str) -> dict[str, Any]:
    """The document of one infusion, as the bedside screen draws it. Raises LookupError for an unknown id."""
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise LookupError(f"There is no infusion {infusion_id}.")
    j = judged(infusion, clinic.protocol_of(infusion.protocol), clinic.clock.now())
    zone = _zone(clinic)
    all_chairs = clinic.store.chairs()
    chairs = {chair.id: chair.label for chair in all_chairs}
    over = j.course.phase in OVER
    figure = infusion_figure(infusion, j.protocol, j.course, j.levels, j.now, zone)
    version = infusion.entries[-1].seq if infusion.entries else 0
    return {
        "type": "infusion",
        "id": infusion.id,
        "version": version,
        "now": j.now.isoformat(),
        "rate": clinic.clock.rate,
        "next_change": _iso(None if over else j.next_change),
        "clinic": _clinic(clinic, infusion.protocol),
        "who": _who(infusion, chairs.get(j.course.chair, j.course.chair), j.now, zone),
        "infusion": {"which": _which(infusion), "dose": _dose(j)},
        "course": _course(j, zone),
        "slots": [_slot(slot, j.protocol, zone) for slot in j.course.slots],
        "next": _next(j.course),
        "values": _values(j),
        "strip": _strip(j),
        "oxygen": _oxygen(j),
        "flags": [_flag(flag, j) for flag in sorted(j.flags.flags, key=_unseen_first)],
        "conflicts": [{"entry": one.entry, "sentence": one.sentence} for one in j.course.conflicts],
        "lacking": _lacking(j),
        "notes": _notes(j),
        "quiet": _quiet(j),
        "entries": _entries(j, chairs, zone),
        "table": _table(j, zone),
        "chairs": _chairs(clinic, all_chairs),
        "figure": {**figure, "version": f"{version}.{j.now.timestamp():.3f}", "plotly": plotly_version()},
        "pad": pad_of(j.protocol),
    }


def board_document(clinic: RunningClinic, initials_only: bool = False) -> dict[str, Any]:
    """The document of the board: a card per chair, worst and most overdue first; `initials_only` for a wall."""
    now = clinic.clock.now()
    running = [judged(i, clinic.protocol_of(i.protocol), now) for i in clinic.store.open_infusions()]
    by_chair: dict[str, list[Judged]] = {}
    for j in running:
        by_chair.setdefault(j.course.chair, []).append(j)
    cards: list[dict[str, Any]] = []
    for chair in clinic.store.chairs():
        held = by_chair.get(chair.id, [])
        if not held:
            cards.append(
                {"chair": chair.label, "chair_id": chair.id, "infusion": None, "order": (9, 9, 0.0, chair.position)}
            )
        else:
            # Two at one chair can be recorded (a move that arrived late): both are shown, and say so.
            cards.extend(_card(j, chair.label, chair.position, initials_only, len(held) > 1) for j in held)
    cards.sort(key=lambda card: card["order"])
    open_flags = [flag for j in running for flag in j.flags.open]
    changes = [j.next_change for j in running if j.next_change is not None]
    return {
        "type": "board",
        "now": now.isoformat(),
        "rate": clinic.clock.rate,
        "next_change": _iso(min(changes, default=None)),
        "clinic": _clinic(clinic, None, [j.infusion.protocol for j in running]),
        "counts": {
            "progress": len(running),
            "critical": sum(flag.level is Level.CRITICAL for flag in open_flags),
            "caution": sum(flag.level is Level.CAUTION for flag in open_flags),
            "together": _together(running, _zone(clinic)),
        },
        "cards": cards,
    }


def pad_of(protocol: Protocol) -> dict[str, Any]:
    """What the entry pad needs of a protocol: measures with their bounds, the set, and the site's words."""
    schedule = protocol.schedule
    return {
        "version": protocol.hash,
        "label": protocol.label,
        "measures": [_pad_measure(measure) for measure in protocol.measures.values()],
        "set": list(schedule.set),
        "optional": list(schedule.optional),
        "observations": list(schedule.observations),
        "oxygen": schedule.oxygen,
        "repeat_minutes": schedule.repeat_minutes,
        "not_done_reasons": list(protocol.not_done_reasons),
        "severities": list(SEVERITIES),
        "effects": list(protocol.effects),
        "quick_effects": list(protocol.quick_effects),
        "medicines": [{"name": m.name, "dose": m.dose, "unit": m.unit, "route": m.route} for m in protocol.medicines],
        "pause_reasons": list(protocol.pause_reasons),
        "stop_reasons": list(protocol.stop_reasons),
        "cancel_reasons": list(protocol.cancel_reasons),
        "correction_reasons": list(protocol.correction_reasons),
        "acknowledgements": list(protocol.acknowledgements),
        "rate_ml_per_h": list(protocol.dose.rate_ml_per_h_possible),
        "event_words": dict(EVENT_WORDS),
    }


def _pad_measure(measure: Measure) -> dict[str, Any]:
    return {
        "key": measure.key,
        "label": measure.label,
        "short": measure.short,
        "unit": measure.unit,
        "decimals": measure.decimals,
        "possible": list(measure.possible),
        "plausible": list(measure.plausible),
        "below": measure.below,
        "options": [{"value": o.value, "word": o.word, "text": o.text} for o in measure.options],
    }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _zone(clinic: RunningClinic) -> ZoneInfo:
    found = clinic.store.clinic()
    return ZoneInfo(found.zone if found else "UTC")


def _clinic(clinic: RunningClinic, protocol: str | None, running: Sequence[str] = ()) -> dict[str, Any]:
    found = clinic.store.clinic()
    if protocol:
        hashes = [protocol]
    else:
        current = clinic.store.current_protocol()
        hashes = [*running, *([current.hash] if current else [])]
    stored = [clinic.store.stored_protocol(hash) for hash in dict.fromkeys(hashes)]
    return {
        "name": found.name if found else "",
        "zone": found.zone if found else "UTC",
        "demonstration": bool(found and found.demonstration),
        "approved": bool(stored) and all(one is not None and one.approved for one in stored),
    }


def age_in_years(born: date, on: date) -> int:
    """Whole years lived on `on`; a birthday on 29 February is reached on 1 March in other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _who(infusion: Infusion, chair: str, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    patient = infusion.patient
    years = age_in_years(patient.birth_date, now.astimezone(zone).date())
    return {
        "chair": chair,
        "name": patient.name,
        "line": f"No. {patient.number} · {years} y · {infusion.weight_kg:.1f} kg · {allergy_words(patient)}",
    }


def allergy_words(patient: Patient) -> str:
    """Allergies as a screen says them: not recorded is not the same as none known."""
    if not patient.allergies.strip():
        return "allergies not recorded"
    return f"allergies: {patient.allergies}"


def initials(name: str) -> str:
    """The initials of a name, for a wall screen: the first letter of its first and last word."""
    words = [word for word in name.replace(",", " ").split() if word[0].isalpha()]
    return "".join(f"{word[0].upper()}." for word in dict.fromkeys([*words[:1], *words[-1:]])) or "–"


def _which(infusion: Infusion) -> str:
    if infusion.number > infusion.planned_infusions:
        return f"Maintenance {infusion.number - infusion.planned_infusions}"
    return f"Infusion {infusion.number} of {infusion.planned_infusions}"


def _dose(j: Judged) -> str:
    infusion = j.infusion
    return f"{infusion.dose_mg:.1f} mg in {infusion.planned_minutes} min · {infusion.dose_mg_per_kg:g} mg/kg"


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _course(j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    at = j.course
    words = PHASE_WORDS[at.phase]
    if at.ended_early and at.phase == "recovery":
        words = "stopped early"
    closed = ""
    if at.phase == "closed" and at.closed_at:
        when = f"{at.closed_at.astimezone(zone):%d %b %Y, %H:%M}"
        closed = f"Closed at {when}. Read only; notes and corrections are kept as late."
    if at.phase == "cancelled":
        closed = "Cancelled before the start. Read only."
    return {
        "phase": at.phase,
        "word": words,
        "opened_at": _iso(j.infusion.opened_at),
        "started_at": _iso(at.started_at),
        "ended_at": _iso(at.ended_at),
        "given_mg": at.given_mg,
        "mg_per_minute": (at.rate_ml_per_h or 0.0) / 60 * j.infusion.dose_mg / j.infusion.bag_volume_ml,
        "closed_at": _iso(at.closed_at),
        "infusion_seconds": _seconds(at.infusion_time),
        "planned_seconds": j.infusion.planned_minutes * 60,
        "rate_ml_per_h": None if at.rate_ml_per_h is None else round(at.rate_ml_per_h, 1),
        "read_only": at.phase in OVER,
        "closed_words": closed,
    }


def _names(keys: Sequence[str], protocol: Protocol) -> str:
    return ", ".join(protocol.measures[key].short or protocol.measures[key].label for key in keys)


def _slot(slot: Slot, protocol: Protocol, zone: ZoneInfo) -> dict[str, Any]:
    parts = [f"minute {slot.minute}", f"{slot.at.astimezone(zone):%H:%M}", slot.state]
    if slot.milestone:
        parts.insert(0, slot.milestone)
    if slot.lacks:
        parts.append(f"lacks {_names(slot.lacks, protocol)}")
    parts.extend(f"{_names([key], protocol)} not done: {reason}" for key, reason in slot.not_done)
    return {
        "at": slot.at.isoformat(),
        "minute": slot.minute,
        "state": slot.state,
        "milestone": slot.milestone,
        "not_done": [key for key, _ in slot.not_done],
        "words": ", ".join(parts),
    }


def _next(at: Course) -> dict[str, Any] | None:
    """The set that is waited for: while one is overdue that one, also when later slots have come since."""
    if at.overdue_slot_at is not None:
        return {"at": at.overdue_slot_at.isoformat(), "state": "overdue"}
    slot = at.next_slot
    return None if slot is None else {"at": slot.at.isoformat(), "state": slot.state}


def _stale_after(j: Judged) -> float:
    """Seconds after which a value is old: one slot, and what makes it overdue [s]."""
    every = j.protocol.schedule.interval(j.course.phase, j.infusion.every_minutes)
    return 60 * (every + min(j.protocol.schedule.overdue_minutes, every / 2))


def _latest(j: Judged) -> dict[str, tuple[Entry, Reading]]:
    found: dict[str, tuple[Entry, Reading]] = {}
    for entry in j.infusion.standing():
        for reading in entry.readings:
            found[reading.measure] = (entry, reading)
    return found


def _word(measure: Measure, value: float) -> str:
    for option in measure.options:
        if option.value == value:
            return option.word
    return ""


def _level(level: Level | None) -> str | None:
    return level.word if level else None


def _values(j: Judged) -> dict[str, Any]:
    stale = _stale_after(j)
    return {
        key: {
            "text": j.protocol.measures[key].text(reading.value),
            "value": reading.value,
            "at": entry.observed_at.isoformat(),
            "level": _level(j.levels.get(reading.id)),
            "stale_after": stale,
        }
        for key, (entry, reading) in _latest(j).items()
        if key in j.protocol.measures
    }


def _strip(j: Judged, board: bool = False) -> list[dict[str, Any]]:
    """The last values as a screen's strip shows them: pressures together, then each measure, then the ratings."""
    latest, measures, schedule = _latest(j), j.protocol.measures, j.protocol.schedule
    stale = _stale_after(j)
    keys = [k for k in (*schedule.set, *schedule.observations) if not measures[k].below]
    if not board:
        keys += [k for k in schedule.optional if k in latest]
    strip = []
    for key in keys:
        measure = measures[key]
        together = [measure, *(m for m in measures.values() if m.below == key)]
        held = [latest.get(m.key) for m in together]
        ages = [pair[0].observed_at for pair in held if pair]
        found = [j.levels.get(pair[1].id) for pair in held if pair]
        level = max([one for one in found if one is not None], default=None)
        text = "/".join(m.text(pair[1].value) if pair else "—" for m, pair in zip(together, held, strict=True))
        label = "BP" if len(together) > 1 else measure.short or measure.label
        strip.append(
            {
                "label": label if board or label == measure.unit else f"{label} {measure.unit}".strip(),
                "text": text if ages else "",
                "at": _iso(min(ages, default=None)),
                "level": _level(level),
                "stale_after": stale,
            }
        )
    return strip


def _oxygen(j: Judged) -> str:
    pair = _latest(j).get(j.protocol.schedule.oxygen)
    if pair is None:
        return "not recorded"
    measure = j.protocol.measures[j.protocol.schedule.oxygen]
    return "air" if pair[1].value == 0 else f"{pair[1].value:g} {measure.unit}"


def _unseen_first(flag: Flag) -> bool:
    """Sorts what nobody has acknowledged ahead of what somebody has, each still worst first."""
    return flag.is_acknowledged


def _lacking(j: Judged) -> str:
    """What the latest set that is there lacks, in words, or ""."""
    partial = [slot for slot in j.course.slots if slot.state in ("done", "partial")][-1:]
    if not partial or partial[0].state != "partial":
        return ""
    return f"minute {partial[0].minute} lacks {_names(partial[0].lacks, j.protocol)}"


def _notes(j: Judged) -> list[str]:
    """What must stand on the screen all the time: what cannot be judged, and a baseline that was put right."""
    notes = []
    if j.flags.not_judged:
        measures = _names(j.flags.not_judged, j.protocol)
        notes.append(f"Change from baseline not judged: no baseline of {measures}")
    for key, before in j.course.baseline_replaced.items():
        measure, now = j.protocol.measures[key], j.course.baseline.get(key)
        if now is not None and now.value == before.value:
            continue  # its set was corrected elsewhere
        shown = f"corrected to {measure.text(now.value)}" if now else "taken back"
        notes.append(f"Baseline {measure.short} {measure.text(before.value)} {shown}")
    return notes


def _flag(flag: Flag, j: Judged) -> dict[str, Any]:
    receipts = [flag.receipt]
    if flag.confirmation:
        receipts.insert(0, flag.confirmation)
    if flag.withdrawn:
        receipts.insert(0, "withdrawn: its values were corrected or taken back")
    elif flag.closed_at is not None:
        receipts.insert(0, "back within the range, not yet acknowledged" if flag.needs_acknowledgement else "over")
    minute = minutes(j.infusion, j.course, flag.opened_at)
    if j.course.started_at is not None:
        receipts.append(f"since minute {minute:.0f}")
    if flag.instruction:
        receipts.append(f"site: “{flag.instruction}”")
    last = flag.acknowledged[-1] if flag.acknowledged else None
    return {
        "key": flag.key,
        "measure": flag.measure,
        "side": flag.side,
        "level": flag.level.word,
        "headline": flag.headline,
        "receipt": " · ".join(part for part in receipts if part),
        "rule": flag.rule,
        "open": flag.open,
        "seen": [reading.id for reading in flag.readings],
        "needs_acknowledgement": flag.open and not flag.is_acknowledged,
        "acknowledged": f"seen by {last.who}: {last.done}" if last else "",
        "offer_repeat": flag.confirmation == "unconfirmed" and flag.closed_at is None and not flag.withdrawn,
        "repeat_due_at": _iso(flag.repeat_due_at),
    }


def _quiet(j: Judged) -> str:
    """The line in the place of flags when there is none: how much was judged, never that all is well."""
    count = sum(len(entry.readings) for entry in j.infusion.standing())
    if not count:
        return "No values recorded yet"
    last = max(e.observed_at for e in j.infusion.standing() if e.readings)
    outside = sum(1 for e in j.infusion.standing() for r in e.readings if j.levels.get(r.id) is not None)
    ago = minutes(j.infusion, j.course, last)
    when = f"last at minute {ago:.0f}" if j.course.started_at else "pump not started"
    if outside:
        return f"No open flags · {outside} of {count} values recorded so far were outside site ranges · {when}"
    return f"No values outside site ranges among {count} recorded · {when}"


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
            text = f"{measure.label} {text} {_word(measure, given[key].value)}"
        elif key == j.protocol.schedule.oxygen:
            text = "Air" if given[key].value == 0 else f"Oxygen {given[key].value:g} {measure.unit}"
        elif len(together) == 1:
            text = f"{measure.short or measure.label} {text}"
        found = [j.levels.get(given[m.key].id) for m in together]
        level = max([one for one in found if one is not None], default=None)
        parts.append({"text": text, "level": None if struck else _level(level), "struck": struck})
    parts.extend(
        {"text": f"{measures[one.measure].short} not done: {one.reason}", "level": None, "struck": struck}
        for one in entry.not_done
        if one.measure in measures
    )
    if entry.event:
        words = event_words(entry.event)
        if entry.event.kind == "move":
            words = f"Moved to {chairs.get(str(entry.event.detail.get('chair')), 'another chair')}"
        parts.append({"text": words, "level": None, "struck": struck})
    if entry.acknowledgement:
        label = measures[entry.acknowledgement.measure].label if entry.acknowledgement.measure in measures else "Flag"
        parts.append({"text": f"Acknowledged {label}: {entry.acknowledgement.done}", "level": None, "struck": struck})
    return parts


def _marks(entry: Entry, j: Judged, conflicts: Mapping[str, str]) -> list[str]:
    marks = []
    late = entry.tapped_at - entry.observed_at
    if late > timedelta(minutes=j.protocol.schedule.late_entry_minutes):
        marks.append(f"late entry, {late.total_seconds() / 60:.0f} min after")
    if entry.recorded_at - entry.tapped_at > SENT_LATE:
        marks.append("sent late")
    if entry.clock == "device":
        marks.append("time from the tablet's clock")
    if entry.other_sign_in:
        marks.append("outside this person's sign-in")
    if entry.after_signing:
        marks.append("arrived after closing")
    if any(reading.confirmed_unusual for reading in entry.readings):
        marks.append("confirmed unusual")
    if any(reading.observed_not_asked for reading in entry.readings):
        marks.append("observed, not asked")
    if entry.id in conflicts:
        marks.append(conflicts[entry.id])
    return marks


def _editable(entry: Entry) -> dict[str, Any] | None:
    """An event as a person may correct it; which readings it pinned is for the server to find anew."""
    if entry.event is None:
        return None
    detail = {key: value for key, value in entry.event.detail.items() if key != "baseline"}
    return {"kind": entry.event.kind, "detail": detail}


def _entries(j: Judged, chairs: Mapping[str, str], zone: ZoneInfo) -> list[dict[str, Any]]:
    """Entries newest first; a correction shows the value it replaced, a withdrawn entry stays with its reason."""
    by_id = {entry.id: entry for entry in j.infusion.entries}
    replaced = {entry.corrects for entry in j.infusion.entries if entry.corrects}
    withdrawn = {entry.withdraws: entry for entry in j.infusion.entries if entry.withdraws}
    conflicts = {conflict.entry: conflict.sentence for conflict in j.course.conflicts}
    rows = []
    for entry in sorted(j.infusion.entries, key=lambda e: (e.observed_at, e.seq), reverse=True):
        if entry.kind == "withdrawal" or entry.id in replaced:
            continue
        by = withdrawn.get(entry.id)
        parts = _parts(entry, j, chairs, struck=False)
        marks = _marks(entry, j, conflicts)
        before = by_id.get(entry.corrects) if entry.corrects else None
        while before is not None and entry.reason != REASON_ADDED:
            parts[:0] = _parts(before, j, chairs, struck=True)
            before = by_id.get(before.corrects) if before.corrects else None
        if entry.corrects:
            marks.append(REASON_ADDED if entry.reason == REASON_ADDED else f"corrected: {entry.reason}")
        if by is not None:
            marks.append(f"withdrawn by {by.author_name}: {by.reason}")
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
                "event": _editable(entry),
                "not_done": [{"measure": one.measure, "reason": one.reason} for one in entry.not_done],
            }
        )
    return rows


def _table(j: Judged, zone: ZoneInfo) -> dict[str, Any]:
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
                        "level": _level(j.levels.get(given[key].id)) if key in given else None,
                    }
                    for key in keys
                ],
            }
        )
    columns = [f"{j.protocol.measures[k].label} {j.protocol.measures[k].unit}".strip() for k in keys]
    return {"columns": columns, "rows": rows}


def _chairs(clinic: RunningClinic, chairs: Sequence[Chair]) -> list[dict[str, Any]]:
    taken = {outlined(infusion).chair for infusion in clinic.store.open_infusions()}
    return [{"id": chair.id, "label": chair.label, "free": chair.id not in taken} for chair in chairs]


def _together(running: Sequence[Judged], zone: ZoneInfo) -> str:
    """Chairs due in the same minute, in words, or ""."""
    due = Counter(
        j.course.next_slot.at.astimezone(zone).strftime("%H:%M")
        for j in running
        if j.course.next_slot is not None and j.course.next_slot.at >= j.now
    )
    same = [f"{count} chairs due at {clock}" for clock, count in sorted(due.items()) if count > 1]
    return " · ".join(same)


def _trace(j: Judged) -> list[tuple[float, float]]:
    """The first measure of the set, for the small trace of a card: (minute, value)."""
    key = j.protocol.schedule.set[0]
    return [
        (round(minutes(j.infusion, j.course, entry.observed_at), 2), reading.value)
        for entry in j.infusion.standing()
        for reading in entry.readings
        if reading.measure == key
    ]


def _trace_axis(j: Judged) -> tuple[float, float]:
    """The range of the small trace: the same for every card under one protocol, so that a rise looks like one."""
    measure = j.protocol.measures[j.protocol.schedule.set[0]]
    return measure.axis or measure.plausible


def _card(j: Judged, chair: str, position: int, initials_only: bool, shared: bool) -> dict[str, Any]:
    open_flags = j.flags.open
    worst = max((int(flag.level) for flag in open_flags if not flag.is_acknowledged), default=0)
    seen = max((int(flag.level) for flag in open_flags), default=0)
    due = j.course.overdue_slot_at
    overdue = (j.now - due).total_seconds() if due is not None else 0.0
    strip = _strip(j, board=True)
    return {
        "chair": f"{chair} — two infusions recorded here" if shared else chair,
        "infusion": j.infusion.id,
        "name": initials(j.infusion.patient.name) if initials_only else j.infusion.patient.name,
        "phase": j.course.phase,
        "word": "stopped early"
        if j.course.phase == "recovery" and j.course.ended_early
        else PHASE_WORDS[j.course.phase],
        "of": _of(j),
        "infusion_seconds": _seconds(j.course.infusion_time),
        "planned_seconds": j.infusion.planned_minutes * 60,
        "ended_at": _iso(j.course.ended_at),
        "next": _next(j.course),
        "values": strip,
        "trace": _trace(j),
        "trace_axis": _trace_axis(j),
        "flags": [
            {
                "level": flag.level.word,
                "words": f"{flag.headline}{f' · {flag.confirmation}' if flag.confirmation else ''}",
                "needs_acknowledgement": not flag.is_acknowledged,
            }
            for flag in open_flags
        ],
        "quiet": _quiet(j),
        "order": (-worst, -seen, -overdue, position),
    }


def _of(j: Judged) -> str:
    which = _which(j.infusion).replace("Infusion ", "")
    if j.course.started_at is None:
        return f"before start · {which}"
    if j.course.ended_at is not None:
        return f"after the end · {which}"
    return f"of {j.infusion.planned_minutes}:00 · {which}"
