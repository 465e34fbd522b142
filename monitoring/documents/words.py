"""How screens say what is neither a value nor an entry: phases, people, numbers of infusions, names of measures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinic import RunningClinic
from monitoring.clinical.clock_times import clock_time as clock_time
from monitoring.clinical.course import Course
from monitoring.clinical.dose import rounded
from monitoring.clinical.protocol import Level, Measure, Protocol
from monitoring.clinical.record import Infusion, Patient

PHASE_WORDS = {
    "planned": "before start",
    "infusing": "infusing",
    "paused": "paused",
    "recovery": "recovery",
    "closed": "closed",
    "cancelled": "cancelled",
}


def iso(instant: datetime | None) -> str | None:
    """An instant as a document carries it; None stays None."""
    return None if instant is None else instant.isoformat()


def told_time(instant: datetime, zone: ZoneInfo, today: datetime) -> str:
    """The time of day, with its day where that is not the day of `today`: "14:05", "27 Nov, 14:05", "27 Nov 2025, …".

    `today` is now on a screen; on paper and in a review, which name their day at the top, an instant of that day.
    """
    day, this_day = (one.astimezone(zone).date() for one in (instant, today))
    shown = clock_time(instant, zone)
    if day == this_day:
        return shown
    return f"{day:%d %b}, {shown}" if day.year == this_day.year else f"{day:%d %b %Y}, {shown}"


def next_midnight(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clinic's next day begins, in UTC."""
    tomorrow = instant.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def day_of(instant: datetime, zone: ZoneInfo) -> str:
    """The day in the clinic: "19 Nov 2026"."""
    return f"{instant.astimezone(zone):%d %b %Y}"


def day_words(value: object) -> str:
    """A day or a month that is written as numbers, as a sentence writes it; other things as they are.

    "2026-11-19" is "19 Nov 2026", "2028-09" is "Sep 2028".
    """
    text = "" if value is None else str(value)
    month = len(text) == len("2028-09")
    try:
        found = date.fromisoformat(f"{text}-01" if month else text)
    except ValueError:
        return text
    return f"{found:%b %Y}" if month else f"{found:%d %b %Y}"


def number(value: object) -> str:
    """A number as a sentence writes it, without trailing zeros: "36", "0.72"; other things as they are."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "—" if value is None else str(value)
    return f"{value:.10g}"


def mg(value: float, protocol: Protocol) -> str:
    """An amount of drug to the site's rounding, or to a tenth where it has none: "36.0 mg"."""
    step = protocol.preparation.round_dose_mg if protocol.preparation else None
    if step is None:
        return f"{value:.1f} mg"
    decimals = max(1, -int(Decimal(str(step)).as_tuple().exponent))
    return f"{rounded(value, step):.{decimals}f} mg"


def upper(words: str) -> str:
    """Words with a capital at the front, the rest as it was typed."""
    return words[:1].upper() + words[1:]


def lower(words: str) -> str:
    """Words as they go on in a sentence."""
    return words[:1].lower() + words[1:]


def seconds(span: timedelta | None) -> float | None:
    """A span in seconds [s]; None stays None."""
    return None if span is None else span.total_seconds()


def age_in_years(born: date, on: date) -> int:
    """Whole years lived on `on`; a birthday on 29 February is reached on 1 March in other years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def allergy_words(patient: Patient) -> str:
    """Allergies as a screen says them: not recorded is not the same as none known."""
    if not patient.allergies.strip():
        return "allergies not recorded"
    return f"allergies: {patient.allergies}"


def initials(name: str) -> str:
    """The initials of a name, for a wall screen: the first letter of its first and last word."""
    words = [word for word in name.replace(",", " ").split() if word[0].isalpha()]
    return "".join(f"{word[0].upper()}." for word in dict.fromkeys([*words[:1], *words[-1:]])) or "–"


def which(infusion: Infusion) -> str:
    """Which infusion of its series this is: "Infusion 2 of 6", "Maintenance 1" after the planned ones."""
    if infusion.number > infusion.planned_infusions:
        return f"Maintenance {infusion.number - infusion.planned_infusions}"
    return f"Infusion {infusion.number} of {infusion.planned_infusions}"


def names_of(keys: Sequence[str], protocol: Protocol) -> str:
    """Measures by their short names, as a sentence lists them: "SYS, DIA"."""
    return ", ".join(protocol.measures[key].short or protocol.measures[key].label for key in keys)


def word_of(measure: Measure, value: float) -> str:
    """The word of a rating's value; "" where it has none."""
    for option in measure.options:
        if option.value == value:
            return option.word
    return ""


def level_word(level: Level | None) -> str | None:
    """The level as documents carry it; None within the ranges."""
    return level.word if level else None


def zone_of(clinic: RunningClinic) -> ZoneInfo:
    """The clinic's zone; UTC before it is set up."""
    found = clinic.store.clinic()
    return ZoneInfo(found.zone if found else "UTC")


def clinic_line(
    clinic: RunningClinic, protocol: str | None, running: Sequence[str] = (), at: datetime | None = None
) -> dict[str, Any]:
    """The clinic as its screens name it; `approved` only when each protocol in question is, or was by `at`."""
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
        "clock_notice": clinic.clock.notice,
        "approved": bool(stored) and all(one is not None and one.approved_by(at) for one in stored),
    }


def next_set(at: Course) -> dict[str, Any] | None:
    """The set that is waited for: while one is overdue that one, also when later slots have come since."""
    if at.overdue_slot_at is not None:
        return {"at": at.overdue_slot_at.isoformat(), "state": "overdue"}
    slot = at.next_slot
    return None if slot is None else {"at": slot.at.isoformat(), "state": slot.state}
