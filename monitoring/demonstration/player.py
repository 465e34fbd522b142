"""The staged nurse: as time goes by she records what comes next at her two chairs, so that an infusion always runs.

One patient infuses while the one before recovers at the other chair, leaves, and makes room for the next. What somebody
else does at these chairs is respected: what no longer fits is left out, and a chair taken by others is left alone.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from monitoring.clinical import checks
from monitoring.clinical.course import Course, course, outlined
from monitoring.clinical.flags import flags
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.protocol_file import read_protocol
from monitoring.clinical.record import EventKind, Infusion, Patient
from monitoring.clock import Clock
from monitoring.demonstration import SEED, care, nurse, outcomes
from monitoring.demonstration.generate import (
    new_order,
    open_from,
    series_id,
    staged_minutes,
    suited,
    undisturbed,
    whole_course,
)
from monitoring.demonstration.order import Order, Tap, whole
from monitoring.demonstration.people import body, clinic, id_of, patients
from monitoring.records.shapes import NewEntry, RecordsError, SignIn, StoreRefused, StoreUnwritable
from monitoring.records.store import Store

_log = logging.getLogger(__name__)
_ONCE: Final[dict[EventKind, str]] = {  # each once, for the same in this detail
    "check": "item",
    "order": "",
    "dose": "",
    "dose_check": "of",
    "time_out": "",
    "score": "scale",
    "drug": "",
}
_SHIFT = timedelta(days=366)  # on the demonstration's clock, which may run fast


@dataclass(frozen=True, slots=True)
class _Coming:
    """The next infusion at one of her chairs, and when she opens it."""

    at: datetime
    order: Order


class _Turn(NamedTuple):
    """Whose turn it is, and for which infusion."""

    patient: Patient
    series: str  # id, perhaps not opened yet
    planned_infusions: int
    number: int


class Player:
    """The staged nurse of one demonstration clinic.

    The caller waits until `next_due()` and then calls `play()`; both are cheap and neither sleeps. Not for two threads
    at once. Nothing is remembered outside the store: a player made anew goes on where the former one was.
    """

    def __init__(self, store: Store, clock: Clock, *, seed: int = SEED) -> None:
        self._store, self._clock, self._seed = store, clock, seed
        plan = clinic()
        self._staged = plan["staged"]
        self._zone = ZoneInfo(plan["zone"])
        self._chairs = {c.id: c.label for c in store.chairs() if c.label in self._staged["chairs"]}
        self._nurse = next(one for one in store.staff() if one.name == self._staged["nurse"])
        self._protocols: dict[str, Protocol] = {}
        self._waiting: list[tuple[datetime, int, str, NewEntry]] = []
        self._tie = itertools.count()
        self._ends: dict[str, datetime] = {}  # infusion -> when its pump will be done
        self._coming: dict[str, _Coming] = {}  # chair -> what is opened there next
        self._were_here: list[str] = []  # numbers of the patients she has had, the latest last
        self._looked_at = clock.now()
        now = self._looked_at
        for infusion in store.open_infusions():
            if infusion.chair in self._chairs and infusion.opened_by == self._nurse.id:
                self._take_up(self._order_of(infusion), infusion)
        self._arrange(now)

    def next_due(self) -> datetime | None:
        """When there is something to do next; None when she has no chair in this clinic."""
        if not self._chairs:
            return None
        due = [self._waiting[0][0]] if self._waiting else []
        due += [coming.at for coming in self._coming.values()]
        again = self._looked_at + timedelta(minutes=self._staged["look_again_minutes"])
        return min([*due, again])

    def play(self, now: datetime | None = None) -> int:
        """Record everything that is due by `now` (by its clock when not given); answers how many entries were added."""
        now = now or self._clock.now()
        if now >= self._looked_at + timedelta(minutes=self._staged["look_again_minutes"]):
            self._arrange(now)
        added = 0
        while True:
            chair = min(self._coming, key=lambda chair: self._coming[chair].at, default=None)
            opens_at = self._coming[chair].at if chair is not None else None
            first = self._waiting[0][0] if self._waiting else None
            if chair is not None and opens_at is not None and opens_at <= now and (first is None or opens_at <= first):
                self._open(chair, self._coming.pop(chair))
            elif first is not None and first <= now:
                _, _, infusion_id, entry = heapq.heappop(self._waiting)
                added += self._record(infusion_id, entry, now)
                if entry.event is not None and entry.event.kind == "close":
                    self._arrange(now)
            else:
                return added

    # One entry

    def _record(self, infusion_id: str, entry: NewEntry, now: datetime) -> bool:
        """Save one entry, unless it does not fit any more or somebody else did it already."""
        infusion = self._store.infusion(infusion_id)
        if infusion is None or any(earlier.id == entry.id for earlier in infusion.entries):
            return False
        protocol = self._protocol(infusion.protocol)
        order = self._order_of(infusion)
        entry = replace(care.completed(entry, infusion, order), sign_in=self._signed_in(infusion.chair).id)
        judged = whole(Tap(now, entry), order, len(infusion.entries) + 1)
        stands = course(infusion, protocol, now)
        if checks.problems(judged, infusion, protocol, now, live=True) or stands.chair not in self._chairs:
            return False
        if _done_already(entry, infusion, protocol, stands, now):
            return False
        try:
            self._store.add_entry(infusion_id, entry)
        except StoreUnwritable:
            heapq.heappush(self._waiting, (now + timedelta(minutes=1), next(self._tie), infusion_id, entry))
            return False
        except RecordsError as error:
            _log.warning("The staged nurse could not record an entry: %s", error.sentence)
            return False
        if (further := care.follows(entry, infusion, order)) is not None:
            heapq.heappush(self._waiting, (further.recorded_at, next(self._tie), infusion_id, further.entry))
        return True

    # The next patient

    def _arrange(self, now: datetime) -> None:
        """Plan the next infusion for each of her chairs that is free."""
        self._looked_at = now
        taken = {outlined(infusion).chair: infusion for infusion in self._store.open_infusions()}
        for chair in self._chairs:
            if chair in taken:
                self._coming.pop(chair, None)
            elif chair not in self._coming:
                coming = self._next(chair, now, taken)
                if coming is not None:
                    self._coming[chair] = coming

    def _next(self, chair: str, now: datetime, taken: dict[str, Infusion]) -> _Coming | None:
        """Who comes next to this chair, opened so that the pump starts shortly before the other one is done."""
        here = {infusion.patient.id for infusion in taken.values()}
        here |= {coming.order.infusion.patient.id for coming in self._coming.values()}
        stored = self._store.current_protocol()
        if stored is None:
            return None
        protocol = self._protocol(stored.hash)
        turn = self._next_patient(here, protocol)
        if turn is None:
            return None
        person = body(turn.patient.number, self._seed, now.astimezone(self._zone).date())
        planned_minutes, recovery_minutes = staged_minutes(protocol)

        def make(name: str) -> Order:
            return new_order(
                patient=turn.patient,
                series=turn.series,
                number=turn.number,
                planned_infusions=turn.planned_infusions,
                person=person,
                protocol=protocol,
                opened_at=now,
                chair=chair,
                by=self._nurse,
                name=f"{self._seed}/{name}",
                planned_minutes=planned_minutes,
                recovery_minutes=recovery_minutes,
                slips=False,
            )

        order, made = suited(make, undisturbed, f"later/{turn.series}/{turn.number}")
        lead = nurse.start_of(made) - now
        earliest = now + timedelta(minutes=self._staged["turnover_minutes"])
        other = max((self._ends[one.id] for one in taken.values() if one.id in self._ends), default=None)
        if other is None:
            return _Coming(earliest, order)
        return _Coming(max(earliest, other - timedelta(minutes=self._staged["before_minutes"]) - lead), order)

    def _next_patient(self, here: set[str], protocol: Protocol) -> _Turn | None:
        """Of the invented patients who are not here now, the one whose turn it is. A finished series leads to a new."""
        numbers = [one.number for one in patients()]
        for number in [n for n in numbers if n not in self._were_here] + self._were_here:
            patient = self._store.patient_numbered(number)
            if patient is None or patient.id in here:
                continue
            known = self._store.series_of(patient.id)
            if known:
                latest = known[-1]
                past = [self._store.infusion(id) for id in self._store.infusions_of(patient.id)]
                done = max((one.number for one in past if one is not None and one.series == latest.id), default=0)
                if done < latest.planned_infusions:
                    return _Turn(patient, latest.id, latest.planned_infusions, done + 1)
            planned = int(clinic()["hours"]["maintenance_infusions"]) if known else protocol.dose.planned_infusions
            return _Turn(patient, series_id(number, len(known) + 1), planned, 1)
        return None

    def _open(self, chair: str, coming: _Coming) -> None:
        one = coming.order.infusion
        try:
            if any(other.patient.id == one.patient.id for other in self._store.open_infusions()):
                return
            if one.series not in {series.id for series in self._store.series_of(one.patient.id)}:
                self._store.open_series(one.patient.id, one.planned_infusions, self._nurse.id, id=one.series)
                self._describe(one)
            infusion = self._store.open_infusion(open_from(coming.order), self._nurse.id)
            self._score(infusion)
        except RecordsError as error:
            _log.info("The staged nurse leaves %s alone: %s", self._chairs[chair], error.sentence)
            return
        self._take_up(replace(coming.order, infusion=infusion), infusion)

    def _describe(self, one: Infusion) -> None:
        if whole_course(self._protocol(one.protocol)):
            self._store.describe_series(
                one.series,
                one.planned_infusions,
                outcomes.indication(one),
                care.prescriber(one.series).name,
                self._nurse.id,
            )

    def _score(self, one: Infusion) -> None:
        """Enter the scores of the day, and tell at once whom one tells of them."""
        if not whole_course(self._protocol(one.protocol)):
            return
        for scored in outcomes.scores(one, one.series == series_id(one.patient.number, 1)):
            self._store.add_score(scored.new, self._nurse.id)
            if scored.whom:
                self._store.tell_of_score(scored.new.id, scored.whom, self._clock.now(), self._nurse.id)

    # What goes on already

    def _take_up(self, order: Order, infusion: Infusion) -> None:
        """Wait for everything of this infusion that has not been recorded yet."""
        number = infusion.patient.number
        self._were_here = [n for n in self._were_here if n != number] + [number]
        stored = {entry.id for entry in infusion.entries}
        made = nurse.record(replace(order, infusion=replace(infusion, entries=())))
        self._ends[infusion.id] = nurse.end_of(made)
        for tap in made:
            if tap.entry.id not in stored:
                heapq.heappush(self._waiting, (tap.recorded_at, next(self._tie), infusion.id, tap.entry))

    def _order_of(self, infusion: Infusion) -> Order:
        number = infusion.patient.number
        today = infusion.opened_at.astimezone(self._zone).date()
        protocol = self._protocol(infusion.protocol)
        return Order(
            infusion=replace(infusion, entries=()),
            person=body(number, self._seed, today),
            protocol=protocol,
            author=self._nurse.id,
            author_name=self._nurse.name,
            recovery_minutes=staged_minutes(protocol)[1],
            slips=False,
        )

    def _protocol(self, hash: str) -> Protocol:
        if hash not in self._protocols:
            stored = self._store.stored_protocol(hash)
            if stored is None:
                raise StoreRefused(f"Protocol {hash} is not stored here.")
            self._protocols[hash] = read_protocol(stored.text, f"{stored.name} {stored.version}", kept=True)
        return self._protocols[hash]

    def _signed_in(self, chair: str) -> SignIn:
        """Her sign-in on the chair's own tablet, which nobody holds in their hands."""
        label = self._chairs.get(chair, "")
        device = id_of("tablet", label)
        current = self._store.current_sign_in(device)
        if current is None or current.staff != self._nurse:
            current = self._store.begin_sign_in(device, self._nurse.id, self._clock.now() + _SHIFT)
        return current


def _done_already(entry: NewEntry, infusion: Infusion, protocol: Protocol, stands: Course, now: datetime) -> bool:
    """Whether somebody took this set, acknowledged this flag or answered this question before her."""
    if entry.kind == "set" and not entry.corrects and stands.started_at is not None:
        near = timedelta(minutes=protocol.schedule.window_minutes)
        filled = [slot for slot in stands.slots if slot.state == "done" and abs(slot.at - entry.observed_at) <= near]
        mine = {reading.measure for reading in entry.readings}
        return bool(filled) and mine >= set(protocol.schedule.set)
    if entry.acknowledgement is not None:
        found = flags(infusion, protocol, now, stands).flags
        return not any(flag.key == entry.acknowledgement.flag and not flag.is_acknowledged for flag in found)
    if entry.event is not None and entry.event.kind in _ONCE and not entry.corrects:
        said = entry.event.detail.get(_ONCE[entry.event.kind])
        return any(
            e.event is not None
            and e.event.kind == entry.event.kind
            and e.event.detail.get(_ONCE[entry.event.kind]) == said
            for e in infusion.standing()
        )
    return False
