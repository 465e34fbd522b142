"""Bringing in infusions of the past from a file: each whole or not at all, and never twice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical import checks
from monitoring.clinical.course import file_ends_at, is_over, outlined, over_at
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import (
    Acknowledgement,
    Entry,
    EntryKind,
    Event,
    EventKind,
    Infusion,
    NotDone,
    Patient,
    Reading,
)
from monitoring.recording.entries import baseline_at
from monitoring.recording.infusions import latest_series, plan_problems
from monitoring.recording.outcome import Again, Refused, answered
from monitoring.records import FromFile, NewEntry, NewInfusion, Series, StoreRefused
from monitoring.records.chain import canonical

IDENTIFIERS_IN_FILE: Final = "as in the file"
LONGEST_NAME: Final = 200  # characters of a file's name
# Names of what is brought in: made from what it says, so that the same file again finds what it made.
_INFUSION: Final = UUID("5d0f9a52-7f0c-5e5d-9d2e-0f6f3b6a4c11")
_ENTRY: Final = UUID("c1a0e4f6-2b7d-5a58-8e4b-7d9b1c3f5a22")
_SERIES: Final = UUID("97b3d1c8-54e0-5b6f-a1d7-3e8c2f4b6d33")
# At one instant: what was measured, then what happened, and what ends it last.
_RANK: Final[Mapping[EventKind, int]] = {"start": 1, "end": 3, "stop": 3, "close": 4, "cancel": 4}

Standing = Literal["new", "again", "refused"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that somebody brings in. `sha256` is of its bytes, in hexadecimal."""

    name: str
    sha256: str

    @property
    def shown(self) -> str:
        """Its name without folder, in plain characters and not too long."""
        bare = re.sub(r"[\x00-\x1f\x7f\ud800-\udfff]", "", re.split(r"[/\\]", self.name)[-1]).strip()
        return bare[:LONGEST_NAME] or "a file without a name"


@dataclass(frozen=True, slots=True)
class PastEntry:
    """What a file says of one instant: values, or one event. `place` is where it says so, as "line 14".

    The ids of `readings` are given when the entry is stored. `name` is what others call it by: in `corrects`,
    `withdraws`, or in the `of` of an event; it is never stored. `told_at`: when it was recorded, if the file tells.
    """

    place: str
    kind: EntryKind
    observed_at: datetime
    readings: tuple[Reading, ...] = ()
    not_done: tuple[NotDone, ...] = ()
    event: Event | None = None
    acknowledgement: Acknowledgement | None = None  # its flag ends with, its values begin with, the name of an entry
    name: str = ""
    corrects: str = ""
    withdraws: str = ""
    reason: str = ""
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PastInfusion:
    """One infusion of the past, as a file tells it.

    `opened_at` is the first instant it tells of. `number` None: the next one of its series. `remarks`: what its readers
    should know of how it was read (what was left out, and why), one note each.
    """

    patient_id: str
    opened_at: datetime
    chair: str
    weight_kg: float | None
    dose_mg_per_kg: float | None
    planned_minutes: int | None
    bag_volume_ml: float
    every_minutes: int
    entries: tuple[PastEntry, ...]
    number: int | None = None
    remarks: tuple[str, ...] = ()
    file_ends_at: datetime | None = None  # of one that was not over when the file was made: when that was
    series: str = ""  # what the file calls its series by; "" where it tells none
    planned_infusions: int = 0  # of that series; 0 where the file does not tell

    @property
    def id(self) -> str:
        """Its id here: of one patient, opened at one instant, there is one."""
        return str(uuid5(_INFUSION, f"{self.patient_id} {self.opened_at.timestamp():.6f}"))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something cannot come in as it is. `place` is where the file says it, "" for the infusion as a whole."""

    place: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: ids of the infusions `added`, those there `again`, and why others were not taken."""

    added: tuple[str, ...]
    again: tuple[str, ...]
    refused: tuple[tuple[str, tuple[str, ...]], ...]


@answered
def import_infusions(
    clinic: RunningClinic,
    actor: Actor | None,
    file: SourceFile,
    infusions: Sequence[PastInfusion],
    *,
    new_series: bool | Collection[str] = False,
) -> Imported | Again[Imported]:
    """Store infusions of the past, each in one transaction: all of it, or nothing. One that is there is left as it is.

    They run under the protocol that holds now, the person who acts is the author of every entry, and each entry is
    marked as imported. A first note names the file. Where each comes in is told before by `places`: `new_series` says
    of which patients (ids, or of all) the infusions become a series of their own. When none is taken, the answer is a
    refusal with the reasons.
    """
    actor = access.require(actor, "import")
    if not infusions:
        raise Refused("Nothing to import: expected at least one infusion.")
    added: list[str] = []
    again: list[str] = []
    refused: list[tuple[str, tuple[str, ...]]] = []
    series = _series_there(clinic, infusions)
    for past in sorted(infusions, key=lambda one: one.opened_at):  # numbered in the order in which they were
        try:
            with clinic.store.bulk():  # one transaction: what is judged is what is stored
                stands, problems = standing(clinic, past)
                if stands == "new":
                    own = new_series if isinstance(new_series, bool) else past.patient_id in new_series
                    joins = _series_for(clinic, actor, past, series.get(_series_key(past)), own)
                    _store(clinic, actor, file, past, joins)
        except StoreRefused as refusal:
            stands, problems = "refused", (Problem("", refusal.sentence),)
        if stands == "refused":
            refused.append((past.id, tuple(_said(problem) for problem in problems)))
        else:
            (added if stands == "new" else again).append(past.id)
            if (there := clinic.store.infusion(past.id)) is not None:
                series.setdefault(_series_key(past), there.series)
    if not added and not again:
        raise Refused(*(sentence for _, sentences in refused for sentence in sentences))
    imported = Imported(tuple(added), tuple(again), tuple(refused))
    return Again(imported) if not added else imported


def standing(clinic: RunningClinic, past: PastInfusion) -> tuple[Standing, tuple[Problem, ...]]:
    """Whether an infusion of the past would come in now, is there already, or why it cannot."""
    patient = clinic.store.patient(past.patient_id)
    if patient is None:
        return "refused", (Problem("", "This patient is not known here."),)
    if (there := clinic.store.infusion(past.id)) is not None:
        held = {entry.id for entry in there.entries}
        if all(id in held for id in _ids(past)):
            return "again", ()
        source = clinic.store.imported_from(past.id)
        whence = f"from {source.file}" if source is not None else "from another file"
        sentence = (
            f"This infusion was imported {whence} and says something else there: "
            "expected what differs as late entries or corrections in its record."
        )
        return "refused", (Problem("", sentence),)
    found = (*past_problems(past, patient, clinic.protocol, clinic.clock.now()), *_problems_here(clinic, past))
    return ("refused" if found else "new"), found


def past_problems(past: PastInfusion, patient: Patient, protocol: Protocol, now: datetime) -> tuple[Problem, ...]:
    """Why an infusion of the past cannot be kept as a file tells it; () when it can. Pure.

    Each entry is judged as one out of an outbox: what happened is never refused for the phase it met, but the whole
    must fit together, and must tell how it began and that it is over.
    """
    found = [
        Problem("", sentence)
        for sentence in plan_problems(
            protocol.dose, past.weight_kg, past.dose_mg_per_kg, past.planned_minutes, past.bag_volume_ml
        )
    ]
    if past.every_minutes not in protocol.schedule.presets:
        presets = ", ".join(str(minutes) for minutes in protocol.schedule.presets)
        found.append(Problem("", f"Interval {past.every_minutes} min: expected one of {presets} min."))
    if past.number is not None and past.number < 1:
        found.append(Problem("", f"Infusion number {past.number}: expected 1 or more."))
    if past.opened_at.date() < patient.birth_date:
        born = f"{patient.birth_date:%d %b %Y}"
        found.append(
            Problem("", f"Begun on {past.opened_at:%d %b %Y}, the patient was born on {born}: expected later.")
        )
    infusion = _empty(past, patient, protocol)
    places: dict[str, str] = {}
    for draft, place in _drafts(past, author="", sign_in="", now=now):
        if draft.id in places:
            found.append(Problem(place, f"The same is said in {places[draft.id]}: expected it once."))
            continue
        places[draft.id] = place
        found.extend(Problem(place, sentence) for sentence in _control_characters(draft))
        entry = _as_entry(_pinned(draft, infusion), len(infusion.entries) + 1, now)
        sentences = checks.problems(entry, infusion, protocol, now, live=False)
        found.extend(Problem(place, sentence) for sentence in sentences)
        infusion = replace(infusion, entries=(*infusion.entries, entry))
    found.extend(_as_a_whole(infusion, places, ends=past.file_ends_at is not None))
    return tuple(dict.fromkeys(found))


def _control_characters(draft: NewEntry) -> Iterator[str]:
    """What no person wrote: a control character but a line end or a tab, or half a character."""
    texts = [draft.reason, *(one.reason for one in draft.not_done)]
    texts += [value for value in (draft.event.detail.values() if draft.event else ()) if isinstance(value, str)]
    for text in texts:
        bad = next((one for one in text if unicodedata.category(one) in ("Cc", "Cs") and one not in "\t\r\n"), None)
        if bad is not None:
            yield f"The words hold a control character (U+{ord(bad):04X}): expected plain text."


def _as_a_whole(infusion: Infusion, places: Mapping[str, str], *, ends: bool) -> Iterator[Problem]:
    """Whether the events fit together, and the infusion is over, or the file says that it `ends` before."""
    outline = outlined(infusion)
    for conflict in outline.conflicts:
        yield Problem(places.get(conflict.entry, ""), conflict.sentence)
    over = over_at(outline.phases)
    if over is None and ends:
        return
    if over is None:
        lacks = {
            "planned": "when the pump was started",
            "infusing": "when the infusion ended or was stopped",
            "paused": "when the infusion ended or was stopped",
            "recovery": "when the patient left",
        }[outline.phase]
        yield Problem("", f"Nothing says {lacks}: expected it, an imported infusion is over.")
        return
    for entry in infusion.standing():
        if entry.observed_at > over and (entry.readings or entry.not_done):
            yield Problem(places.get(entry.id, ""), "Seen after the patient had left: expected before.")


def _problems_here(clinic: RunningClinic, past: PastInfusion) -> Iterator[Problem]:
    """What only the clinic knows: its chairs, and when else this patient sat here."""
    chairs = clinic.store.chairs()
    if past.chair not in {chair.id for chair in chairs}:
        yield Problem("", f"Chair is missing: expected one of {', '.join(chair.label for chair in chairs)}.")
    until = max((entry.observed_at for entry in past.entries), default=past.opened_at)
    for infusion_id in clinic.store.infusions_of(past.patient_id):
        other = clinic.store.infusion(infusion_id)
        if other is None or other.id == past.id:
            continue
        outline = outlined(other)
        ended = outline.closed_at or file_ends_at(other)
        if outline.phase != "cancelled" and _overlap(other, ended, past.opened_at, until):
            yield Problem(
                "", f"This patient has infusion {other.number} at that time already: expected another patient or day."
            )


def _overlap(other: Infusion, closed_at: datetime | None, since: datetime, until: datetime) -> bool:
    return other.opened_at <= until and (closed_at is None or closed_at >= since)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an infusion comes in: its number, of which series, and when that began; None for one of its own."""

    number: int
    series: int
    began: datetime | None
    given: bool = False  # the file's own number, which another infusion of the series has

    def words(self, zone: ZoneInfo) -> str:
        """ "infusion 7 of series 2, begun 12 Oct 2026"."""
        since = "a new one" if self.began is None else f"begun {self.began.astimezone(zone):%d %b %Y}"
        return f"infusion {self.number} of series {self.series}, {since}{': there already' if self.given else ''}"


def places(
    clinic: RunningClinic, infusions: Sequence[PastInfusion], new_series: Collection[str] = ()
) -> dict[str, Place]:
    """Where `import_infusions` would put each of these, by its id; what is there already is where it is."""
    joined = _series_there(clinic, infusions)
    numbers: dict[str, list[int]] = {}
    made: dict[tuple[str, str], int] = {}
    found: dict[str, Place] = {}
    for past in sorted(infusions, key=lambda one: one.opened_at):
        every = clinic.store.series_of(past.patient_id)
        if clinic.store.infusion(past.id) is not None:
            continue
        joins = None if past.patient_id in new_series else _joins(clinic, past)
        key = joined.setdefault(_series_key(past), joins.id if joins is not None else "")
        series = next((one for one in every if one.id == key), None)
        given = numbers.setdefault(f"{past.patient_id} {key or past.series}", _given(clinic, past, key))
        number, again = past.number or max(given, default=0) + 1, past.number in given
        given.append(number)
        began = None if series is None else _span(clinic, series)[0]
        if series is None:  # opened with the first of its infusions that comes in
            made.setdefault(_series_key(past), len(every) + 1 + sum(key[0] == past.patient_id for key in made))
        found[past.id] = Place(number, made[_series_key(past)] if series is None else series.number, began, again)
    return found


def _series_key(past: PastInfusion) -> tuple[str, str]:
    """What stands together in a file and belongs to one series: of one patient, under one name if it has one."""
    return past.patient_id, past.series


def _series_there(clinic: RunningClinic, infusions: Sequence[PastInfusion]) -> dict[tuple[str, str], str]:
    """The series of what is there already of these: what stands beside it in a file belongs with it."""
    found = ((_series_key(past), clinic.store.infusion(past.id)) for past in infusions)
    return {key: there.series for key, there in found if there is not None}


def older(clinic: RunningClinic, infusions: Sequence[PastInfusion], zone: ZoneInfo) -> str:
    """Why these infusions of one patient are proposed as a series of their own, one sentence; "" where they are not."""
    first = min(infusions, key=lambda one: one.opened_at)
    latest = latest_series(clinic, first.patient_id)
    if latest is None or first.series or any(clinic.store.infusion(one.id) is not None for one in infusions):
        return ""
    day, began = (at.astimezone(zone).date() for at in (first.opened_at, _span(clinic, latest)[0]))
    if day >= began or _within(clinic, first) is not None:
        return ""
    return (
        f"{day:%d %b %Y} is before the first infusion of series {latest.number} ({began:%d %b %Y}): "
        "proposed as a series of its own."
    )


def _series_for(clinic: RunningClinic, actor: Actor, past: PastInfusion, joined: str | None, own: bool) -> str:
    """The series this infusion joins: that of the patient's others in this import, else one there is, or a new one."""
    if joined is not None:
        return joined
    if not own and (joins := _joins(clinic, past)) is not None:
        return joins.id
    planned = past.planned_infusions or max(clinic.protocol.dose.planned_infusions, past.number or 1)
    made = _own_series(past)
    return clinic.store.open_series(past.patient_id, planned, by=actor.staff.id, id=made).id


def _store(clinic: RunningClinic, actor: Actor, file: SourceFile, past: PastInfusion, series_id: str) -> None:
    protocol, now = clinic.protocol, clinic.clock.now()
    assert past.weight_kg is not None
    assert past.dose_mg_per_kg is not None
    assert past.planned_minutes is not None
    new = NewInfusion(
        id=past.id,
        patient_id=past.patient_id,
        series_id=series_id,
        number=_number(clinic, past, series_id),
        weight_kg=past.weight_kg,
        dose_mg_per_kg=past.dose_mg_per_kg,
        planned_minutes=past.planned_minutes,
        bag_volume_ml=past.bag_volume_ml,
        every_minutes=past.every_minutes,
        protocol=protocol.hash,
        identifiers=IDENTIFIERS_IN_FILE,
        chair=past.chair,
    )
    infusion = clinic.store.open_infusion(
        new, by=actor.staff.id, past=FromFile(file.shown, file.sha256, past.opened_at)
    )
    notes = [
        _note(text, past.opened_at) for text in (f"Imported from {file.shown}, SHA-256 {file.sha256}.", *past.remarks)
    ]
    if past.file_ends_at is not None:
        notes.append(_note("The file ends here: this infusion was not over when it was made.", past.file_ends_at))
    drafts = [
        *_drafts(replace(past, entries=tuple(notes)), actor.staff.id, actor.sign_in.id, now),
        *_drafts(past, actor.staff.id, actor.sign_in.id, now),
    ]
    for draft, _ in drafts:
        saved = clinic.store.add_entry(past.id, _pinned(draft, infusion))
        infusion = replace(infusion, entries=(*infusion.entries, saved.entry))
    if not is_over(infusion):  # so that no chair is ever taken by an import
        raise StoreRefused("An imported infusion must be over.")


def _number(clinic: RunningClinic, past: PastInfusion, series_id: str) -> int:
    """Which of the series it is: as the file says, else the next one."""
    given = _given(clinic, past, series_id)
    if past.number is None:
        return max(given, default=0) + 1
    if past.number in given:
        raise StoreRefused(f"Infusion {past.number} of this series is there already: expected another number.")
    return past.number


def _given(clinic: RunningClinic, past: PastInfusion, series_id: str) -> list[int]:
    """The numbers that are given in a series of this patient."""
    found = (clinic.store.infusion(infusion_id) for infusion_id in clinic.store.infusions_of(past.patient_id))
    return [
        other.number
        for other in found
        if other is not None and other.series == series_id and outlined(other).phase != "cancelled"
    ]


def _own_series(past: PastInfusion) -> str:
    """The id of a series that is made for an infusion: the same for all that a file says to be of one series."""
    return str(uuid5(_SERIES, f"{past.patient_id} {past.series}" if past.series else past.id))


def _joins(clinic: RunningClinic, past: PastInfusion) -> Series | None:
    """The series that it belongs to by the file, if that is here; where the file names none, the one in whose time it
    lies, else the one the patient is in. None where there is none."""
    if past.series:
        held = {series.id: series for series in clinic.store.series_of(past.patient_id)}
        return held.get(_own_series(past)) or held.get(past.series)
    return _within(clinic, past) or latest_series(clinic, past.patient_id)


def _within(clinic: RunningClinic, past: PastInfusion) -> Series | None:
    for series in reversed(clinic.store.series_of(past.patient_id)):
        first, last = _span(clinic, series)
        if first <= past.opened_at <= last:
            return series
    return None


def _span(clinic: RunningClinic, series: Series) -> tuple[datetime, datetime]:
    """When the first and the last infusion of a series were opened; when it was itself, where there is none yet."""
    found = (clinic.store.infusion(infusion_id) for infusion_id in clinic.store.infusions_of(series.patient_id))
    opened = [one.opened_at for one in found if one is not None and one.series == series.id]
    return min(opened, default=series.opened_at), max(opened, default=series.opened_at)


def _note(text: str, at: datetime) -> PastEntry:
    return PastEntry("", "event", at, event=Event("note", {"text": text}))


def _ids(past: PastInfusion) -> Iterator[str]:
    return (draft.id for draft, _ in _drafts(past, "", "", past.opened_at))


def _drafts(past: PastInfusion, author: str, sign_in: str, now: datetime) -> Iterator[tuple[NewEntry, str]]:
    """The entries to store with their places, in the order they were told; their ids follow from what they say."""
    ids: dict[str, str] = {}
    for entry in _in_order(past.entries):
        event, seen = _of(entry.event, ids), _seen(entry.acknowledgement, ids)
        says = {
            "kind": entry.kind,
            "at": f"{entry.observed_at.timestamp():.6f}",
            "readings": {one.measure: [one.value, one.observed_not_asked] for one in entry.readings},
            "not_done": {one.measure: one.reason for one in entry.not_done},
            "event": None if event is None else [event.kind, event.detail],
            "corrects": ids.get(entry.corrects),
            "withdraws": ids.get(entry.withdraws),
            "reason": entry.reason,
            **({} if seen is None else {"acknowledgement": asdict(seen)}),
        }
        id = str(uuid5(_ENTRY, f"{past.id} {canonical(says)}"))
        if entry.name:
            ids[entry.name] = id
        yield (
            NewEntry(
                id=id,
                kind=entry.kind,
                observed_at=entry.observed_at,
                tapped_at=now,
                author=author,
                readings=tuple(replace(one, id=f"{id}/{one.measure}") for one in entry.readings),
                not_done=entry.not_done,
                event=event,
                acknowledgement=seen,
                corrects=ids.get(entry.corrects, entry.corrects or None),
                withdraws=ids.get(entry.withdraws, entry.withdraws or None),
                reason=entry.reason,
                sign_in=sign_in,
                source="import",
            ),
            entry.place,
        )


def _in_order(entries: Sequence[PastEntry]) -> list[PastEntry]:
    """As they were told, or where the file does not tell, as they were true; each after what it names."""
    if all(entry.told_at is not None for entry in entries):
        waiting = sorted(entries, key=lambda entry: entry.told_at or entry.observed_at)
    else:
        waiting = sorted(entries, key=_order)
    names = {entry.name for entry in entries if entry.name}
    placed: set[str] = set()
    ordered: list[PastEntry] = []
    while waiting:
        later = []
        for entry in waiting:
            if {one for one in _named(entry) if one in names} <= placed:
                ordered.append(entry)
                placed.add(entry.name)
            else:
                later.append(entry)
        if len(later) == len(waiting):  # they name each other in a circle: judged, and refused, as they are
            return [*ordered, *later]
        waiting = later
    return ordered


def _named(entry: PastEntry) -> Iterator[str]:
    yield from (entry.corrects, entry.withdraws)
    if entry.event is not None and isinstance(of := entry.event.detail.get("of"), str):
        yield of
    if (seen := entry.acknowledgement) is not None:
        yield from (one.rpartition("/")[0] for one in seen.seen)


def _seen(said: Acknowledgement | None, ids: Mapping[str, str]) -> Acknowledgement | None:
    """The acknowledgement, with the ids of the entries and readings it is about."""
    if said is None:
        return None
    named = next((name for name in ids if said.flag.endswith(f"/{name}")), "")
    flag = f"{said.flag.removesuffix(named)}{ids[named]}" if named else said.flag
    parts = (one.rpartition("/") for one in said.seen)
    return replace(said, flag=flag, seen=tuple(f"{ids.get(name, name)}/{measure}" for name, _, measure in parts))


def _of(event: Event | None, ids: Mapping[str, str]) -> Event | None:
    """The event, with the id of what it is about."""
    if event is None or event.detail.get("of") not in ids:
        return event
    return Event(event.kind, {**event.detail, "of": ids[event.detail["of"]]})


def _order(entry: PastEntry) -> tuple[datetime, int]:
    return entry.observed_at, 0 if entry.event is None else _RANK.get(entry.event.kind, 2)


def _pinned(draft: NewEntry, infusion: Infusion) -> NewEntry:
    """The draft; a start with the baseline that was seen before it."""
    if draft.event is None or draft.event.kind != "start":
        return draft
    detail = dict(draft.event.detail) | {"baseline": baseline_at(infusion, draft.observed_at)}
    return replace(draft, event=Event("start", detail))


def _as_entry(draft: NewEntry, seq: int, now: datetime) -> Entry:
    given = {field.name: getattr(draft, field.name) for field in fields(draft)}
    return Entry(seq=seq, recorded_at=now, author_name="", **given)


def _empty(past: PastInfusion, patient: Patient, protocol: Protocol) -> Infusion:
    """The infusion before anything was recorded of it, for judging; a missing number is said by `plan_problems`."""
    dose = protocol.dose
    return Infusion(
        id=past.id,
        patient=patient,
        series="",
        number=past.number or 1,
        planned_infusions=dose.planned_infusions,
        weight_kg=dose.weight_kg_possible[0] if past.weight_kg is None else past.weight_kg,
        dose_mg_per_kg=dose.mg_per_kg if past.dose_mg_per_kg is None else past.dose_mg_per_kg,
        planned_minutes=dose.planned_minutes if past.planned_minutes is None else past.planned_minutes,
        bag_volume_ml=past.bag_volume_ml,
        every_minutes=past.every_minutes,
        protocol=protocol.hash,
        opened_at=past.opened_at,
        opened_by="",
        opened_by_name="",
        identifiers=IDENTIFIERS_IN_FILE,
        chair=past.chair,
    )


def _said(problem: Problem) -> str:
    return f"{problem.place[:1].upper()}{problem.place[1:]}: {problem.sentence}" if problem.place else problem.sentence
