"""The document of one infusion, as the bedside screen draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.charts import infusion_figure, plotly_version
from monitoring.clinic import RunningClinic
from monitoring.clinical import leaving
from monitoring.clinical.baseline import saved_too_late
from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.course import Slot, file_ends_at, is_over, outlined, over_at
from monitoring.clinical.dose import bag_empty_words
from monitoring.clinical.moments import seen_from
from monitoring.clinical.record import Infusion
from monitoring.documents.care import care_part
from monitoring.documents.dosing import dose_words
from monitoring.documents.entries import entries, table
from monitoring.documents.flagged import flag_row, unseen_first
from monitoring.documents.judged import Judged, judged
from monitoring.documents.limits import limits_table
from monitoring.documents.pad import pad_of
from monitoring.documents.said import said
from monitoring.documents.values import oxygen, quiet, strip, values
from monitoring.documents.words import (
    PHASE_WORDS,
    age_in_years,
    allergy_words,
    clinic_line,
    iso,
    names_of,
    next_midnight,
    next_set,
    seconds,
    which,
    zone_of,
)
from monitoring.records import Chair


def infusion_document(clinic: RunningClinic, infusion_id: str) -> dict[str, Any]:
    """The document of one infusion, as the bedside screen draws it. Raises LookupError for an unknown id."""
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise LookupError(f"There is no infusion {infusion_id}.")
    found = document_at(clinic, infusion, clinic.clock.now())
    found["notes"] = [*clinic.missing, *_namesakes(clinic, infusion), *found["notes"]]
    return found


def _namesakes(clinic: RunningClinic, infusion: Infusion) -> list[str]:
    """Who else is here under the same name, and at which chair: so that nobody is taken for the other."""
    chairs = {chair.id: chair.label for chair in clinic.store.chairs()}
    others = [
        (chairs.get(outlined(one).chair, ""), one.patient)
        for one in clinic.store.open_infusions()
        if one.patient.id != infusion.patient.id
        and one.patient.name.casefold() == infusion.patient.name.casefold()
        and one.id != infusion.id
    ]
    return [
        f"{patient.name} is also the name of the patient at {chair}: "
        f"here no. {infusion.patient.number}, there no. {patient.number}"
        for chair, patient in sorted(others, key=lambda other: other[0])
    ]


def document_at(clinic: RunningClinic, infusion: Infusion, now: datetime) -> dict[str, Any]:
    """The document of `infusion` at `now`. `chairs` and `care.staff`, of whom one may choose, are those of today."""
    return document_of(clinic, judged(infusion, clinic.protocol_of(infusion.protocol), now))


def document_of(clinic: RunningClinic, j: Judged) -> dict[str, Any]:
    """The document of an infusion as it was judged."""
    infusion, now = j.infusion, j.now
    zone = zone_of(clinic)
    all_chairs = clinic.store.chairs()
    chairs = {chair.id: chair.label for chair in all_chairs}
    over = is_over(infusion)
    chair = chairs.get(j.course.chair, j.course.chair)
    page = leaving.page(infusion, j.protocol, j.course, j.now)
    midnight = next_midnight(j.now, zone)  # from then on today's times need their day
    changes = (midnight,) if over else (midnight, j.next_change, page.next_change)
    figure = infusion_figure(
        infusion,
        j.protocol,
        j.course,
        j.levels,
        j.now,
        zone,
        lambda entry: said(entry, j, chairs),
        partial(j.time_of, zone=zone),
    )
    version = infusion.entries[-1].seq if infusion.entries else 0
    return {
        "type": "infusion",
        "id": infusion.id,
        "version": version,
        "now": j.now.isoformat(),
        "rate": clinic.clock.rate,
        "next_change": iso(min(at for at in changes if at is not None)),
        "clinic": clinic_line(clinic, infusion.protocol, at=now),
        "who": _who(infusion, j.plan.weight_kg, chair, j.now, zone),
        "infusion": {"which": which(infusion), "dose": dose_words(j)},
        "course": _course(j, zone),
        "slots": [_slot(slot, j, zone) for slot in j.course.slots],
        "next": next_set(j.course),
        "values": values(j),
        "strip": strip(j),
        "oxygen": oxygen(j),
        "flags": [flag_row(flag, j) for flag in sorted(j.flags.flags, key=unseen_first)],
        "conflicts": [{"entry": one.entry, "sentence": one.sentence} for one in j.course.conflicts],
        "lacking": _lacking(j),
        "notes": _notes(j, zone),
        "quiet": quiet(j),
        "entries": entries(j, chairs, zone),
        "table": table(j, zone),
        "chairs": _chairs(clinic, all_chairs),
        "figure": {**figure, "version": f"{version}.{j.now.timestamp():.3f}", "plotly": plotly_version()},
        "pad": pad_of(j.protocol),
        "limits": limits_table(j),
        "care": care_part(j, clinic, chair, page, zone),
    }


def _who(infusion: Infusion, weight_kg: float, chair: str, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    patient = infusion.patient
    years = age_in_years(patient.birth_date, now.astimezone(zone).date())
    return {
        "chair": chair,
        "name": patient.name,
        "line": f"No. {patient.number} · {years} y · {weight_kg:.1f} kg · {allergy_words(patient)}",
    }


def _course(j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    at = j.course
    words = PHASE_WORDS[at.phase]
    if at.ended_early and at.phase == "recovery":
        words = "stopped early"
    closed = ""
    if at.phase == "closed" and at.closed_at:
        when = day_and_time(at.closed_at, zone)
        closed = f"Closed at {when}. Read only; notes and corrections are kept as late."
    if at.phase == "cancelled":
        closed = "Cancelled before the start. Read only."
    if (ends := file_ends_at(j.infusion)) is not None:
        closed = f"Brought in from a file that ends at {day_and_time(ends, zone)}. Read only."
    return {
        "phase": at.phase,
        "word": words,
        "opened_at": iso(j.infusion.opened_at),
        "seen_from": iso(seen_from(j.infusion, j.protocol)),
        "seen_until": iso(over_at(at.phases)),
        "started_at": iso(at.started_at),
        "ended_at": iso(at.ended_at),
        "given_mg": at.given_mg,
        "mg_per_minute": (at.rate_ml_per_h or 0.0) / 60 * j.plan.concentration_mg_per_ml,
        "bag_mg": j.plan.bag_mg,
        "bag_empty": bag_empty_words(at),
        "closed_at": iso(at.closed_at),
        "infusion_seconds": seconds(at.infusion_time),
        "planned_seconds": j.plan.minutes * 60,
        "rate_ml_per_h": None if at.rate_ml_per_h is None else round(at.rate_ml_per_h, 1),
        "read_only": is_over(j.infusion),
        "closed_words": closed,
    }


def _slot(slot: Slot, j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    parts = [j.time_of(slot.at, zone), slot.state]
    if slot.late:
        parts.append(f"{slot.late // timedelta(minutes=1)} min late")
    if slot.lacks:
        parts.append(f"lacks {names_of(slot.lacks, j.protocol)}")
    parts.extend(f"{names_of([key], j.protocol)} not done: {reason}" for key, reason in slot.not_done)
    milestone = [slot.milestone] if slot.milestone else []
    return {
        "at": slot.at.isoformat(),
        "minute": slot.minute,
        "state": slot.state,
        "milestone": slot.milestone,
        "not_done": [key for key, _ in slot.not_done],
        "words": ", ".join([*milestone, f"minute {slot.minute}", *parts]),
        "beside": ", ".join([*milestone, *parts]),  # the words where the minute stands beside them
    }


def _lacking(j: Judged) -> str:
    """What the latest set that is there lacks, in words, or ""."""
    partial = [slot for slot in j.course.slots if slot.state in ("done", "partial")][-1:]
    if not partial or partial[0].state != "partial":
        return ""
    return f"minute {partial[0].minute} lacks {names_of(partial[0].lacks, j.protocol)}"


def _notes(j: Judged, zone: ZoneInfo) -> list[str]:
    """What must stand on the screen all the time: what cannot be judged, and a baseline that was put right."""
    notes = []
    if j.flags.not_judged:
        measures = names_of(j.flags.not_judged, j.protocol)
        notes.append(f"Change from baseline not judged: no baseline of {measures}")
    notes.extend(_baseline_notes(j, zone))
    for key, before in j.course.baseline_replaced.items():
        measure, now = j.protocol.measures[key], j.course.baseline.get(key)
        if now is not None and now.value == before.value:
            continue  # its set was corrected elsewhere
        shown = f"corrected to {measure.text(now.value)}" if now else "taken back"
        notes.append(f"Baseline {measure.short} {measure.text(before.value)} {shown}")
    return notes


def _baseline_notes(j: Judged, zone: ZoneInfo) -> Iterator[str]:
    """What was seen before the start and saved too late for the baseline; and what a person made the baseline."""
    outline = outlined(j.infusion)
    for entry in saved_too_late(j.infusion, outline):
        seen = j.time_of(entry.observed_at, zone)
        yield f"What was seen at {seen}, before the start, was saved after it: it is not the baseline"
    for entry in outline.baseline_chosen[-1:]:
        yield f"{said(entry, j, {})} · {entry.author_name}"


def _chairs(clinic: RunningClinic, chairs: Sequence[Chair]) -> list[dict[str, Any]]:
    taken = {outlined(infusion).chair for infusion in clinic.store.open_infusions()}
    return [{"id": chair.id, "label": chair.label, "free": chair.id not in taken} for chair in chairs]
