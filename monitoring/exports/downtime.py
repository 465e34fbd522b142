"""The downtime sheet: one infusion on one page of paper, to go on with by hand when no screen can be used.

What is known is printed: who, where, the order, the dose, each slot with its clock time, the site's ranges, and the
values recorded until then. Everything else is a blank to write in. Nothing that is missing is filled in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from math import ceil
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

from monitoring.clinical.clock_times import clock_time, day_and_time
from monitoring.clinical.dose import Plan, disagreements
from monitoring.clinical.events import signatures_of
from monitoring.clinical.protocol import Level, Limit, Measure, Protocol, limit_words
from monitoring.clinical.record import Entry, Infusion
from monitoring.documents import age_in_years, allergy_words
from monitoring.documents.dosing import ordered_words
from monitoring.documents.judged import Judged
from monitoring.documents.said import said
from monitoring.documents.words import initials, mg, number, which

Paper = Literal["a4", "letter"]
PAPERS: Final[tuple[Paper, ...]] = get_args(Paper)
TEMPLATE: Final = "downtime"
TITLE: Final = "Downtime sheet"
_SPARE_ROWS: Final = 3  # for sets beside the schedule: a repeat, before leaving
_SHORT_NAME: Final = 60  # characters, in the head of further pages; the first has it whole
_RECOVERY_ROWS: Final = 4  # where the site names no minimum stay
_WHEN: Final = {
    "planned": "before the start",
    "infusing": "while infusing",
    "paused": "while paused",
    "recovery": "in recovery",
}
_TOLD: Final = ("effect", "medicine", "called", "informed", "help", "rapid", "over", "rate", "note")
_AFTERWARDS: Final = (
    "When the screens are back: enter every line with the time it was seen, marked as transcribed from paper."
)
_FOOTER: Final = (
    "Ranges are those of this site; they mark values and advise nothing. A blank is not recorded. "
    "Words in [brackets] stand for pictures and characters that could not be printed. Of an hour that clocks show "
    "twice, (1st) and (2nd) say which."
)


def downtime_sheet(
    j: Judged, paper: Paper, *, clinic: Mapping[str, Any], chair: str, zone: ZoneInfo, by: str
) -> dict[str, Any]:
    """The facts of the sheet, as data/print/downtime.typ takes them: texts, all written as they are to be read.

    `clinic` is the clinic as its screens name it (name, demonstration, approved), `by` who asked for the sheet.
    """
    infusion, protocol = j.infusion, j.protocol
    printed = day_and_time(j.now, zone)
    return {
        "title": TITLE,
        "paper": paper,
        "clinic": clinic["name"],
        "chair": chair,
        "marks": [
            *(["Demonstration: everybody on it is invented"] if clinic["demonstration"] else []),
            *([] if clinic["approved"] else ["Ranges not yet approved by this site"]),
        ],
        "patient": patient_block(infusion, chair, j.now, zone),
        "dose": _dose(j),
        "pump": _pump(j, zone),
        "columns": [{"key": group[0].key, **column_of(group)} for group in _columns(protocol)],
        "rows": [*_recorded_before(j, zone), *_rows(j, zone)],
        "ratings": [_rating_words(protocol.measures[key]) for key in protocol.schedule.observations],
        "limits": {"title": f"This site's ranges ({protocol.label})", "rows": list(_limit_rows(protocol))},
        "happened": [_happened(entry, j, zone) for entry in j.infusion.standing() if _is_told(entry)],
        "afterwards": _AFTERWARDS,
        "footer": f"Printed {printed} ({zone.key}) by {by}; what was recorded later is not on it. {_FOOTER}",
    }


# Who, what


def patient_block(infusion: Infusion, chair: str, now: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Whose a sheet is: the whole name, a short one for the head of further pages, and what tells two people apart."""
    patient = infusion.patient
    years = age_in_years(patient.birth_date, now.astimezone(zone).date())
    born = f"born {patient.birth_date:%d %b %Y} ({years} y)"
    line = " · ".join([f"No. {patient.number}", born, patient.sex, chair, which(infusion)])
    allergies = allergy_words(patient)
    return {
        "name": patient.name,
        "short": patient.name if len(patient.name) <= _SHORT_NAME else f"{patient.name[:_SHORT_NAME]}…",
        "number": f"No. {patient.number}",
        "line": line,
        "allergies": allergies[:1].upper() + allergies[1:],
    }


def _dose(j: Judged) -> dict[str, Any]:
    """The order; the dose only where it may be seen: two people work it out apart, and a sheet would tell the second.

    Where the two came to different results none is printed, and the sentences say so.
    """
    plan = j.plan
    differing = disagreements(j.infusion, j.protocol) if plan.check is not None else ()
    blank = j.dose_hidden or bool(differing)
    weighed = f"{number(plan.weight_kg)} kg" + (f" on {plan.weight_on:%d %b %Y}" if plan.weight_on else "")
    prescriber = f"prescribed by {plan.prescriber}" if plan.prescriber else "prescriber not recorded"
    return {
        "ordered": f"Ordered: {ordered_words(j)} · weight {weighed} · {prescriber}",
        "lines": [] if blank else list(_dose_lines(plan, j.protocol)),
        "sentences": list(differing),
        "blank": blank,
    }


def _dose_lines(plan: Plan, protocol: Protocol) -> Iterator[str]:
    yield f"dose {mg(plan.dose_mg, protocol)}"
    if plan.stock_ml is not None and plan.stock_mg_per_ml is not None:
        yield f"{number(plan.stock_ml)} mL of {number(plan.stock_mg_per_ml)} mg/mL"
    yield f"{number(plan.final_volume_ml)} mL at {round(plan.rate_ml_per_h, 1):g} mL/h"
    yield f"worked out by {plan.dose.author_name}" if plan.dose is not None else "computed from the order"
    if plan.check is not None:
        yield f"and by {_second(plan.check)}"


def _second(check: Entry) -> str:
    signed = signatures_of(check)
    return signed[0].name if signed else check.author_name


def _pump(j: Judged, zone: ZoneInfo) -> list[dict[str, str]]:
    """When the pump was started, and the blanks for what comes."""
    at = j.course

    def seen(instant: datetime | None) -> str:
        return "" if instant is None else clock_time(instant, zone)

    pauses: list[tuple[datetime | None, datetime | None]] = [*at.pauses[-2:]] or [(None, None)]
    fields = [("started at", seen(at.started_at))]
    for pause in pauses:
        fields += [("paused at", seen(pause[0])), ("resumed at", seen(pause[1]))]
    fields += [("ended or stopped at", seen(at.ended_at)), ("stopped early because", "")]
    fields += [("rate changed at", ""), ("to mL/h", ""), ("left at", seen(at.closed_at))]
    return [{"label": label, "written": written} for label, written in fields]


def _is_told(entry: Entry) -> bool:
    return entry.event is not None and entry.event.kind in _TOLD


def _happened(entry: Entry, j: Judged, zone: ZoneInfo) -> str:
    return f"{clock_time(entry.observed_at, zone)} {said(entry, j, {})} ({initials(entry.author_name)})"


# Rows


def _columns(protocol: Protocol) -> list[tuple[Measure, ...]]:
    schedule = protocol.schedule
    keys = [*dict.fromkeys((*schedule.set, *schedule.optional, schedule.oxygen, *schedule.observations))]
    return [tuple(protocol.measures[key] for key in group) for group in together(keys, protocol)]


def together(keys: Sequence[str], protocol: Protocol) -> list[list[str]]:
    """Measures by the column they stand in: each by itself, but both pressures as one, as people write them: 126/78."""
    groups: dict[str, list[str]] = {}
    for key in keys:
        below = protocol.measures[key].below
        groups.setdefault(below if below in keys else key, []).append(key)
    return list(groups.values())


def column_of(group: Sequence[Measure]) -> dict[str, Any]:
    """How the column of one measure, or of two that are written together, is headed."""
    short = "/".join(measure.short or measure.label for measure in group)
    return {"short": short, "unit": group[0].unit or _points(group[0]), "wide": len(group) > 1}


def _points(rating: Measure) -> str:
    low, high = rating.possible
    return f"{low:g}–{high:g}"


def _recorded_before(j: Judged, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """The values before the start: the pinned baseline once there is one, else the latest of each measure so far."""
    started = j.course.started_at
    found: dict[str, tuple[str, datetime, Entry]] = {}
    for entry in j.infusion.standing():
        if started is None or entry.observed_at <= started:
            for reading in entry.readings:
                found[reading.measure] = (reading.id, entry.observed_at, entry)
    pinned = {reading.id for reading in j.course.baseline.values()}
    kept = {key: value for key, value in found.items() if not pinned or value[0] in pinned} or found
    if not kept:
        yield _row("before", "", remark="before the start")
        return
    values = _values([entry for _, _, entry in kept.values()], j.protocol, only=kept)
    latest = max(at for _, at, _ in kept.values())
    people = dict.fromkeys(initials(entry.author_name) for _, _, entry in kept.values())
    yield _row("before", "", clock_time(latest, zone), values, "baseline" if pinned else "", ", ".join(people))


def _rows(j: Judged, zone: ZoneInfo) -> Iterator[dict[str, Any]]:
    """Each slot: those there were with what was recorded, those to come with their clock time as far as it is known."""
    schedule, course, plan = j.protocol.schedule, j.course, j.plan
    if course.started_at is None:
        every = schedule.interval("infusing", j.infusion.every_minutes)
        for minute in _minutes(plan.minutes, every):
            yield _row(str(minute), "", remark="planned end" if minute == plan.minutes else "")
    else:
        yield from (row for _, row in sorted(_recorded(j, course.started_at, zone), key=lambda timed: timed[0]))
    if course.ended_at is None:
        after = schedule.interval("recovery")
        for nth in range(1, _recovery_rows(j.protocol) + 1):
            yield _row(f"+{after * nth:g}", "", remark="after the end" if nth == 1 else "")
    for _ in range(_SPARE_ROWS):
        yield _row("", "")


def _recorded(j: Judged, started: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, dict[str, Any]]]:
    """The slots since the start, and what was recorded between them, each with when it stands on the sheet."""
    slots = j.course.slots
    taken = {id for slot in slots for id in slot.entries}
    others = [e for e in j.infusion.standing() if e.readings and e.observed_at > started and e.id not in taken]
    by_id = {entry.id: entry for entry in j.infusion.entries}
    for slot, following in zip_longest(slots, slots[1:]):
        until = following.opens_at if following else None
        beside = [e for e in others if e.kind == "observation" and slot.opens_at <= e.observed_at]
        beside = [e for e in beside if until is None or e.observed_at < until]
        others = [e for e in others if e not in beside]
        words = [slot.milestone] if slot.milestone else []
        words += ["not recorded"] if slot.state in ("missed", "overdue") else []
        words += [f"{j.protocol.measures[key].short}: {reason}" for key, reason in slot.not_done]
        due = clock_time(slot.at, zone)
        for entries in _apart([*(by_id[id] for id in slot.entries), *beside]):
            yield slot.at, _filled(str(slot.minute), due, entries, " · ".join(words), j, zone)
            words, due = ["again"], ""
    for entry in others:
        minute = f"{(entry.observed_at - started) // timedelta(minutes=1)}"
        yield entry.observed_at, _filled(minute, "", [entry], "between", j, zone)


def _apart(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Entries that fit on one line together: no value hides another of the same measure. One empty line for none."""
    lines: list[list[Entry]] = [[]]
    for entry in sorted(entries, key=lambda entry: (entry.observed_at, entry.seq)):
        measures = {reading.measure for reading in entry.readings}
        free = [line for line in lines if not measures & {r.measure for e in line for r in e.readings}]
        if not free:
            lines.append([])
        (free or lines)[-1].append(entry)
    return lines


def _filled(minute: str, due: str, entries: Sequence[Entry], remark: str, j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    seen = clock_time(max(entry.observed_at for entry in entries), zone) if entries else ""
    people = ", ".join(dict.fromkeys(initials(entry.author_name) for entry in entries))
    return _row(minute, due, seen, _values(entries, j.protocol), remark, people)


def _minutes(planned: int, every: float) -> list[int]:
    """The minutes of the slots from the start to the planned end, which is one of them."""
    on_time = [round(every * step) for step in range(ceil(planned / every))]
    return [*on_time, planned]


def _recovery_rows(protocol: Protocol) -> int:
    """How many sets the site's minimum stay asks for."""
    stays = [criterion.stay_minutes for criterion in protocol.leaving if criterion.stay_minutes is not None]
    return ceil(max(stays) / protocol.schedule.interval("recovery")) if stays else _RECOVERY_ROWS


def _values(entries: Sequence[Entry], protocol: Protocol, only: Iterable[str] | None = None) -> dict[str, str]:
    """The values of these entries as they are written, by measure; of several the latest."""
    values: dict[str, str] = {}
    for entry in sorted(entries, key=lambda entry: (entry.observed_at, entry.seq)):
        for reading in entry.readings:
            if only is None or reading.measure in only:
                values[reading.measure] = protocol.measures[reading.measure].text(reading.value)
    written = ((group, [values.get(key, "") for key in group]) for group in together([*protocol.measures], protocol))
    return {group[0]: "/".join(text or "—" for text in texts) for group, texts in written if any(texts)}


def _row(
    minute: str,
    due: str,
    seen: str = "",
    values: Mapping[str, str] | None = None,
    remark: str = "",
    by: str = "",
) -> dict[str, Any]:
    return {"minute": minute, "due": due, "seen": seen, "values": dict(values or {}), "remark": remark, "by": by}


# Ranges


def _rating_words(measure: Measure) -> str:
    options = ", ".join(f"{option.value} {option.word}" for option in measure.options)
    return f"{measure.short} {measure.label.lower()}: {options}"


def _limit_rows(protocol: Protocol) -> Iterator[dict[str, Any]]:
    """Each measure with its limits in words, the quiet level first."""
    for measure in protocol.measures.values():
        levels = []
        for level in Level:
            words = "; ".join(_limit_in_words(one, measure) for one in measure.limits if one.level == level)
            if words:
                levels.append({"word": level.word, "limits": words, "strong": level is Level.CRITICAL})
        if levels:
            yield {"measure": measure.short, "levels": levels}


def _limit_in_words(limit: Limit, measure: Measure) -> str:
    words = limit_words(limit, measure, unit=False)
    when = " or ".join(_WHEN[phase] for phase in limit.phase)
    air = "on air" if limit.applies == "air" else ""
    return " ".join(part for part in (words, when, air) if part)
