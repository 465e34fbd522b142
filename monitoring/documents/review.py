"""What the review of one infusion shows: its document as it stands now, what only a review tells, and its replay."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitoring.charts import minutes
from monitoring.clinic import RunningClinic
from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.events import detail_of, standing_events
from monitoring.clinical.flags import NOT_HERE, Flag
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import Entry, Infusion
from monitoring.documents.column import column
from monitoring.documents.flagged import flag_row
from monitoring.documents.highlights import highlights
from monitoring.documents.infusion import document_at, document_of
from monitoring.documents.judged import Judged, judged
from monitoring.documents.said import said
from monitoring.documents.words import day_of, level_word, told_time, which, zone_of
from monitoring.records import Numbered, RecordsError, StoredProtocol
from monitoring.records.verify import verify_infusion
from monitoring.review.summary import summary

_MOST_STEPS: Final = 600  # of the replay's slider; an infusion that lay open for days goes in longer steps
_WALL: Final = "a wall screen"


@dataclass(frozen=True, slots=True)
class Moments:
    """The minutes at which an infusion can be replayed: since the start, or since it was opened if never started."""

    origin: datetime
    minutes: tuple[int, ...]
    recorded: tuple[int, ...]  # those of them by which something more was recorded than by the one before

    def instant(self, minute: int) -> datetime:
        """When this minute was."""
        return self.origin + timedelta(minutes=minute)

    def minute(self, instant: datetime) -> int:
        """The first minute by which everything of this instant is shown."""
        return math.ceil((instant - self.origin) / timedelta(minutes=1))


def replayed(clinic: RunningClinic, infusion_id: str, instant: datetime) -> dict[str, Any]:
    """The document that the live screen of this infusion had at `instant`, by the same functions.

    From what had been recorded by then: entries, the patient's details, the plan of the series, approvals. `chairs` and
    `care.staff`, which are there to choose from, are empty. Raises LookupError for an unknown id.
    """
    infusion = clinic.store.infusion_known_at(infusion_id, instant)
    if infusion is None:
        raise LookupError(f"There is no infusion {infusion_id}.")
    document = document_at(clinic, infusion, instant)
    document["chairs"] = []
    document["care"]["staff"] = []
    document["figure"]["now_at"] = instant.isoformat()
    return document


def review_document(clinic: RunningClinic, infusion_id: str) -> dict[str, Any]:
    """The document of an infusion as it stands now, with what only a review shows under `review`.

    Raises LookupError for an unknown id.
    """
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise LookupError(f"There is no infusion {infusion_id}.")
    now, zone = clinic.clock.now(), zone_of(clinic)
    protocol = clinic.protocol_of(infusion.protocol)
    j = judged(infusion, protocol, now, under_its_day=True)
    document = document_of(clinic, j)
    document["entries"].reverse()  # in the order in which it happened
    day = day_of(j.course.started_at or infusion.opened_at, zone)
    document["review"] = {
        "patient": infusion.patient.id,
        "series": infusion.series,
        "number": infusion.number,
        "day": day,
        "beside": _beside(clinic, infusion, zone),
        "times": _times(j, zone),
        "facts": column(j, summary(infusion, protocol, now)),
        "highlights": highlights(j, zone),
        "moments": moments(j),
        "flags": [_flag(flag, j, zone) for flag in sorted(j.flags.flags, key=lambda flag: (flag.opened_at, flag.key))],
        "scores": [_scored(entry, j, zone) for entry in standing_events(infusion, "score")],
        "amendments": [row for row in document["entries"] if _is_amendment(row)],
        "left_out": list(left_out(j)),
        "views": _views(clinic, infusion_id, zone),
        "protocol": _protocol(protocol, clinic.store.stored_protocol(infusion.protocol), zone),
        "chain": _chain(clinic, infusion_id),
        "came_from": _came_from(clinic, infusion_id, zone),
    }
    return document


def changes_since(clinic: RunningClinic, infusion_id: str, version: int) -> list[str]:
    """What was recorded of an infusion after its entry number `version`, one line an entry: time, who, what.

    Raises LookupError for an unknown id.
    """
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise LookupError(f"There is no infusion {infusion_id}.")
    told = partial(told_time, zone=zone_of(clinic), today=clinic.clock.now())
    by_id = {entry.id: entry for entry in infusion.entries}
    later = [entry for entry in infusion.entries if entry.seq > version]
    return [f"{told(entry.recorded_at)} {entry.author_name}: {_kind_of(entry, by_id, told)}" for entry in later]


def _kind_of(entry: Entry, by_id: dict[str, Entry], told: Callable[[datetime], str]) -> str:
    of = by_id.get(entry.corrects or entry.withdraws or "")
    seen = f" of {told(of.observed_at)}" if of is not None else ""
    if entry.corrects:
        return f"corrected what was seen{seen} ({entry.reason})"
    if entry.withdraws:
        return f"withdrew the entry{seen} ({entry.reason})"
    what = {"set": "a set", "observation": "an observation", "acknowledgement": "an acknowledgement"}
    added = what.get(entry.kind, "an event")
    return f"added {added} seen {told(entry.observed_at)}"


def moments(j: Judged) -> Moments:
    """The minutes at which an infusion can be replayed, from its opening until the patient left, or until now."""
    origin = j.course.started_at or j.infusion.opened_at
    last = j.course.closed_at or (_cancelled_at(j) if j.course.phase == "cancelled" else None) or j.now
    # A minute belongs to the replay when the infusion was open by then; the last one holds all of the last event.
    first_minute = math.ceil(minutes(j.infusion, j.course, j.infusion.opened_at))
    last_minute = max(first_minute, math.ceil(minutes(j.infusion, j.course, last)))
    step = max(1, math.ceil((last_minute - first_minute) / _MOST_STEPS))
    found = [*range(first_minute, last_minute, step), last_minute]
    recorded: list[int] = []
    held = -1
    stored = sorted(minutes(j.infusion, j.course, entry.recorded_at) for entry in j.infusion.entries)
    for minute in found:
        known = sum(1 for at in stored if at <= minute)
        if known != held and held >= 0:
            recorded.append(minute)
        held = known
    return Moments(origin, tuple(found), tuple(recorded))


def _cancelled_at(j: Judged) -> datetime | None:
    return next((since for since, phase in j.course.phases if phase == "cancelled"), None)


def _times(j: Judged, zone: ZoneInfo) -> str:
    """From when to when: "opened 13:44 · started 13:56 · ended 14:37 · left 15:43"."""
    named = (
        ("opened", j.infusion.opened_at),
        ("started", j.course.started_at),
        ("ended", j.course.ended_at),
        ("left", j.course.closed_at),
        ("cancelled", _cancelled_at(j)),
    )
    return " · ".join(f"{word} {j.time_of(at, zone)}" for word, at in named if at is not None)


def _flag(flag: Flag, j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    """A flag as it was raised, what was said to it, and how long that took."""
    row = flag_row(flag, j)
    first = min((receipt.at for receipt in flag.acknowledged), default=None)
    nobody = NOT_HERE if flag.imported else ""
    return {
        "level": row["level"],
        "headline": row["headline"],
        "receipt": row["receipt"],
        "opened": _moment(flag.opened_at, j, zone),
        "closed": "" if flag.closed_at is None else _moment(flag.closed_at, j, zone),
        "open": flag.open,
        "withdrawn": flag.withdrawn,
        "acknowledged_after": nobody if first is None else span_words(max(timedelta(0), first - flag.opened_at)),
        "is_acknowledged": flag.is_acknowledged,
        "receipts": [
            {
                "who": one.who,
                "at": _moment(one.at, j, zone),
                "done": one.done,
                "level": level_word(one.level),
            }
            for one in flag.acknowledged
        ],
    }


def span_words(span: timedelta) -> str:
    """How long something took: "45 s", "3 min", "1 h 5 min"."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, whole = divmod(seconds // 60, 60)
    return f"{hours} h {whole} min" if hours else f"{whole} min"


def _moment(instant: datetime, j: Judged, zone: ZoneInfo) -> str:
    """Minute and time: "minute 20 · 10:25"."""
    time, minute = j.time_of(instant, zone), j.minute_of(instant)
    return time if minute is None or minute < 0 else f"minute {minute} · {time}"


def _scored(entry: Entry, j: Judged, zone: ZoneInfo) -> dict[str, Any]:
    return {"text": said(entry, j, {}), "by": entry.author_name, "at": _moment(entry.observed_at, j, zone)}


def _is_amendment(row: dict[str, Any]) -> bool:
    """Whether a row of the record was made afterwards: late, an addendum, a correction, withdrawn, after signing."""
    said_so = ("late entry", "addendum", "corrected ", "withdrawn ", "after signing", "after closing", "copied")
    return any(words in mark for mark in row["marks_in_full"] for words in said_so)


def _views(clinic: RunningClinic, infusion_id: str, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Who looked, on which screen: how often, from when to when; the latest first."""
    found: dict[tuple[str, str], list[datetime]] = {}
    for view in clinic.store.views_of(infusion_id):
        found.setdefault((view.name or _WALL, view.screen), []).append(view.at)
    rows = sorted(found.items(), key=lambda item: item[1][-1], reverse=True)
    return [
        {"name": name, "screen": screen, "times": len(at), "first": _stamp(at[0], zone), "last": _stamp(at[-1], zone)}
        for (name, screen), at in rows
    ]


def _stamp(instant: datetime, zone: ZoneInfo) -> str:
    return day_and_time(instant, zone)


def _beside(clinic: RunningClinic, infusion: Infusion, zone: ZoneInfo) -> dict[str, dict[str, str] | None]:
    """The infusions of the same series before and after this one, by their days."""
    series = clinic.store.numbered(infusion.series)
    here = next(n for n, one in enumerate(series) if one.id == infusion.id)

    def told(one: Numbered) -> dict[str, str]:
        label = f"#{one.number}" if one.number > 0 else "imported"
        words = f"{which(replace(infusion, number=one.number))}, {day_of(one.opened_at, zone)}"
        return {"id": one.id, "label": label, "words": words}

    return {
        "before": told(series[here - 1]) if here > 0 else None,
        "after": told(series[here + 1]) if here + 1 < len(series) else None,
    }


def left_out(j: Judged) -> Iterator[str]:
    """What the notes of an import say that was left out of the file."""
    for entry in standing_events(j.infusion, "note"):
        text = str(detail_of(entry).get("text", ""))
        if entry.source == "import" and "left out" in text.casefold():
            yield text


def _protocol(protocol: Protocol, stored: StoredProtocol | None, zone: ZoneInfo) -> dict[str, Any]:
    """The version of the site's ranges that this infusion ran under."""
    approvals: Sequence[Any] = stored.approvals if stored else ()
    return {
        "label": protocol.label,
        "title": protocol.title,
        "hash": protocol.hash,
        "approved": bool(stored and stored.approved),
        "approvals": [f"{one.name}, {one.role}, {_stamp(one.at, zone)}" for one in approvals],
    }


def _came_from(clinic: RunningClinic, infusion_id: str, zone: ZoneInfo) -> str:
    """The file that an infusion was imported from, when and by whom; "" for one recorded here."""
    found = clinic.store.imported_from(infusion_id)
    return "" if found is None else f"“{found.file}”, imported {_stamp(found.at, zone)} by {found.by}"


def _chain(clinic: RunningClinic, infusion_id: str) -> dict[str, Any]:
    """Whether this infusion is as it was saved, by its own chain and the audit rows that name it."""
    try:
        found = verify_infusion(clinic.store.url, infusion_id)
    except RecordsError as error:
        return {"entries": 0, "head": "", "audited": 0, "sentences": [f"The chain could not be read: {error.sentence}"]}
    return {
        "entries": found.entries,
        "head": found.head,
        "audited": found.audited,
        "sentences": list(found.sentences),
    }
