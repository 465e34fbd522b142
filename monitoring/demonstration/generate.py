"""Writing the invented clinic into a fresh store: people, some hundred past infusions, and five chairs as of now."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from monitoring import access
from monitoring.clinical.protocol import Level, Protocol
from monitoring.clinical.protocol_file import read_protocol
from monitoring.clinical.record import Event, Infusion, Patient
from monitoring.clock import Clock
from monitoring.demonstration import SEED, care, nurse, outcomes
from monitoring.demonstration.nurse import PRESSURES
from monitoring.demonstration.order import Order, Tap, entry_id
from monitoring.demonstration.outside import level_alone
from monitoring.demonstration.people import InventedPatient, body, clinic, id_of, patients, staff, team
from monitoring.demonstration.physiology import Person
from monitoring.records.shapes import NewInfusion, Staff
from monitoring.records.store import Store

PROTOCOL_FILE = Path(__file__).resolve().parents[2] / "data" / "protocols" / "ketamine-depression.toml"
_SHIFT = timedelta(hours=9)


def fill(store: Store, clock: Clock, *, seed: int = SEED, protocol: Protocol | None = None) -> None:
    """Set up the demonstration clinic in an empty store, its five chairs anchored to what `clock` shows now.

    The same seed and instant give the same clinic. Raises StoreRefused when the store is set up already.
    """
    protocol = protocol or read_protocol(PROTOCOL_FILE.read_text(encoding="utf-8"), PROTOCOL_FILE.name)
    now = clock.now()
    grown = _Grown(seed, now, protocol)
    with store.bulk():
        grown.write(store)


def sittings(seed: int, now: datetime, protocol: Protocol) -> tuple[Sitting, ...]:
    """The invented clinic's infusions as of `now`: those that are past, then one for each chair. Nothing is written."""
    return tuple(_Grown(seed, now, protocol).sittings)


def new_order(
    *,
    patient: Patient,
    series: str,
    number: int,
    planned_infusions: int,
    person: Person,
    protocol: Protocol,
    opened_at: datetime,
    chair: str,
    by: Staff,
    name: str,
    planned_minutes: int | None = None,
    every_minutes: int | None = None,
    recovery_minutes: float | None = None,
    slips: bool = True,
) -> Order:
    """An infusion as the nurse would open it, with the protocol's own dose. `name` decides everything random in it."""
    dose = protocol.dose
    rng = Random(f"{name}/order")
    infusion = Infusion(
        id=id_of("infusion", name),
        patient=patient,
        series=series,
        number=number,
        planned_infusions=planned_infusions,
        weight_kg=round(person.weight_kg + rng.uniform(-0.6, 0.6), 1),
        dose_mg_per_kg=dose.mg_per_kg,
        planned_minutes=planned_minutes or dose.planned_minutes,
        bag_volume_ml=dose.bag_volume_ml,
        every_minutes=every_minutes or protocol.schedule.every_minutes,
        protocol=protocol.hash,
        opened_at=opened_at,
        opened_by=by.id,
        opened_by_name=by.name,
        identifiers=rng.choice(clinic()["words"]["identifiers"]),
        chair=chair,
    )
    return Order(
        infusion=infusion,
        person=person,
        protocol=protocol,
        author=by.id,
        author_name=by.name,
        recovery_minutes=recovery_minutes,
        slips=slips,
    )


def open_from(order: Order) -> NewInfusion:
    """What the store is told when the infusion of this order is opened."""
    one = order.infusion
    return NewInfusion(
        id=one.id,
        patient_id=one.patient.id,
        series_id=one.series,
        number=one.number,
        weight_kg=one.weight_kg,
        dose_mg_per_kg=one.dose_mg_per_kg,
        planned_minutes=one.planned_minutes,
        bag_volume_ml=one.bag_volume_ml,
        every_minutes=one.every_minutes,
        protocol=one.protocol,
        identifiers=one.identifiers,
        chair=one.chair,
    )


def moved(order: Order, opened_at: datetime) -> Order:
    """The same infusion, opened at another time."""
    return replace(order, infusion=replace(order.infusion, opened_at=opened_at))


def whole_course(protocol: Protocol) -> bool:
    """Whether the protocol asks for anything around an infusion, so that series are described and rated too."""
    return bool(protocol.before or protocol.leaving or protocol.preparation is not None)


def staged_minutes(protocol: Protocol) -> tuple[int, float]:
    """How long the staged nurse infuses and watches [min]: longer where the protocol asks for a longer stay.

    One infuses while the other recovers: what is added to the one is added to the other.
    """
    staged = clinic()["staged"]
    longer = max(0.0, care.stay_minutes(protocol) - staged["recovery_minutes"])
    planned = min(staged["planned_minutes"] + math.ceil(longer), protocol.dose.planned_minutes_possible[1])
    return planned, staged["recovery_minutes"] + longer


def suited(
    make: Callable[[str], Order], suits: Callable[[tuple[Tap, ...]], bool], name: str, tries: int = 4000
) -> tuple[Order, tuple[Tap, ...]]:
    """The first of many infusions of one person that shows what it is to show. Raises LookupError when none does."""
    for variant in range(tries):
        order = make(f"{name}/{variant}")
        made = nurse.taps(order)
        if suits(made):
            return order, made
    raise LookupError(f"none of {tries} infusions suits {name}")


class _Write(NamedTuple):
    """Something to be written, at its time. `order` keeps apart what happens at one instant."""

    at: datetime
    order: int
    write: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Sitting:
    """One patient's infusion at one chair: what is opened, and everything recorded of it up to now."""

    order: Order
    taps: tuple[Tap, ...]


class _Grown:
    """The whole invented clinic as of one instant, worked out before anything is written."""

    def __init__(self, seed: int, now: datetime, protocol: Protocol) -> None:
        self.seed, self.now, self.protocol = seed, now, protocol
        self.plan: dict[str, Any] = clinic()
        self.zone = ZoneInfo(self.plan["zone"])
        self.today = now.astimezone(self.zone).date()
        self.rng = Random(f"{seed}/clinic")
        self.staff = {one.name: one for one in team()}
        self.nurses = [one for one in self.staff.values() if one.role == "nurse"]
        self.chairs = {label: f"chair-{position}" for position, label in enumerate(self.plan["chairs"], start=1)}
        self.patients = {one.number: patient_of(one) for one in patients()}
        self.persons = {one.number: body(one.number, seed, self.today) for one in patients()}
        self.whole_course = whole_course(protocol)
        self.sittings = [*self._past(), *self._present()]

    # What was

    def _past(self) -> Iterator[Sitting]:
        taken: set[tuple[date, int, str]] = set()
        orders: list[Order] = []
        hours = [time.fromisoformat(text) for text in self.plan["hours"]["open_at"]]
        for one in patients():
            for series, (done, days_ago) in enumerate(one.past, start=1):
                for number, day in enumerate(self._days(series, done, days_ago), start=1):
                    free = [
                        (index, chair)
                        for index in range(len(hours))
                        for chair in self.chairs
                        if (day, index, chair) not in taken
                    ]
                    index, chair = self.rng.choice(free)
                    taken.add((day, index, chair))
                    late = timedelta(minutes=self.rng.uniform(0, self.plan["hours"]["late_minutes"]))
                    opened_at = datetime.combine(day, hours[index], self.zone).astimezone(self.now.tzinfo) + late
                    minutes = self._plan_minutes(one, series)
                    name = f"{one.number}/{series}/{number}"
                    orders.append(self._order(one, series, number, opened_at, chair, name, planned_minutes=minutes))
        newest = sorted(orders, key=lambda order: order.infusion.opened_at, reverse=True)
        place = {order.infusion.id: number for number, order in enumerate(newest, start=1)}
        for order in orders:
            yield self._signed_off(order, place[order.infusion.id])

    def _plan_minutes(self, one: InventedPatient, series: int) -> int:
        """In how many minutes the infusions of a series are planned, the same for all of it."""
        plans = self.plan["plans"]
        rng = Random(f"{self.seed}/{one.number}/{series}/plan")
        return int(rng.choices(plans["minutes"], plans["shares"])[0])

    def _signed_off(self, order: Order, newest: int) -> Sitting:
        """A past infusion, reviewed and signed that evening unless it is one of the newest."""
        words = self.plan["care"]
        missing = [key for row in words["missing"] if row["newest"] == newest for key in row["items"]]
        order = replace(order, unanswered=tuple(missing))
        taps = nurse.record(order)
        signed = care.review(order, taps, self._evening(order.infusion)) if newest > words["unreviewed"] else None
        return Sitting(order, taps if signed is None else (*taps, signed))

    def _evening(self, infusion: Infusion) -> datetime:
        """When the clinicians begin to sign, on the day of an infusion."""
        day = infusion.opened_at.astimezone(self.zone).date()
        at = time.fromisoformat(self.plan["care"]["review_at"])
        return datetime.combine(day, at, self.zone).astimezone(self.now.tzinfo)

    def _days(self, series: int, done: int, days_ago: int) -> list[date]:
        """The days of a series, none at a weekend."""
        hours = self.plan["hours"]
        gaps = itertools.cycle([hours["maintenance_gap_days"]] if series > 1 else hours["gaps_days"])
        day = self.today - timedelta(days=days_ago)
        days: list[date] = []
        for gap in itertools.islice(gaps, done):
            while day.weekday() >= 5:
                day -= timedelta(days=1)
            days.append(day)
            day -= timedelta(days=gap)
        return days[::-1]

    def _order(
        self, one: InventedPatient, series: int, number: int, opened_at: datetime, chair: str, name: str, **more: Any
    ) -> Order:
        by = self.rng.choice(self.nurses)
        order = new_order(
            patient=self.patients[one.number],
            series=series_id(one.number, series),
            number=number,
            planned_infusions=self._planned(series),
            person=self.persons[one.number],
            protocol=self.protocol,
            opened_at=opened_at,
            chair=self.chairs[chair],
            by=more.pop("by", by),
            name=f"{self.seed}/{name}",
            **more,
        )
        return replace(order, sign_in="")

    def _planned(self, series: int) -> int:
        return self.protocol.dose.planned_infusions if series == 1 else int(self.plan["hours"]["maintenance_infusions"])

    # What is

    def _present(self) -> Iterator[Sitting]:
        staged = self.plan["staged"]
        shows = {
            "Chair 1": self._infusing,
            "Chair 2": self._paused,
            "Chair 3": self._overdue,
            "Chair 4": self._recovering,
            "Chair 5": self._waiting,
        }
        for one in patients():
            if one.chair:
                yield shows[one.chair](one, staged)

    def _here(self, one: InventedPatient, staged: dict[str, Any], **more: Any) -> Callable[[str], Order]:
        series = max(len(one.past), 1)
        number = (one.past[-1][0] if one.past else 0) + 1
        if one.chair in staged["chairs"]:
            by = self.staff[staged["nurse"]]
            planned_minutes, recovery_minutes = staged_minutes(self.protocol)
            more |= {"planned_minutes": planned_minutes, "recovery_minutes": recovery_minutes}
        else:
            others = [someone for someone in self.nurses if someone.name != staged["nurse"]]
            by = others[number % len(others)]
        return lambda name: self._order(one, series, number, self.now, one.chair, name, by=by, slips=False, **more)

    def _until_now(self, order: Order, opened_at: datetime) -> Sitting:
        order = moved(order, opened_at)
        made = nurse.record(order)
        return Sitting(order, tuple(tap for tap in made if tap.recorded_at <= self.now))

    def _infusing(self, one: InventedPatient, staged: dict[str, Any]) -> Sitting:
        """In the middle of the infusion, a caution about the pressure open."""
        ran = timedelta(minutes=staged["infusing_share"] * staged_minutes(self.protocol)[0])

        def suits(made: tuple[Tap, ...]) -> bool:
            pressures = self._levels(made, nurse.start_of(made) + ran, PRESSURES)
            return (
                self._as_drawn(made)
                and pressures[-1:] == [Level.CAUTION]
                and Level.CRITICAL not in self._levels(made, made[-1].recorded_at)
            )

        order, made = suited(self._here(one, staged), suits, f"now/{one.number}")
        return self._until_now(order, self.now - ran - (nurse.start_of(made) - order.infusion.opened_at))

    def _paused(self, one: InventedPatient, staged: dict[str, Any]) -> Sitting:
        """Paused because of a critical pressure that nobody has acknowledged."""

        def critical(made: tuple[Tap, ...]) -> list[Tap]:
            at = nurse.end_of(made)
            return [t for t in made if t.recorded_at < at and self._levels((t,), at, PRESSURES) == [Level.CRITICAL]]

        def suits(made: tuple[Tap, ...]) -> bool:
            found = critical(made)
            return (
                self._as_drawn(made) and bool(found) and 15 < _minutes(found[0].recorded_at - nurse.start_of(made)) < 33
            )

        order, made = suited(self._here(one, staged), suits, f"now/{one.number}")
        seen = critical(made)[0]
        paused_after, ago = (timedelta(minutes=minutes) for minutes in staged["paused_after_minutes"])
        pause = seen.entry.observed_at + paused_after
        order = moved(order, self.now - ago - (pause - order.infusion.opened_at))
        kept = [t for t in nurse.cared(order) if t.recorded_at <= self.now - ago - paused_after + timedelta(seconds=10)]
        at = self.now - ago
        known = staged["pause_reason"] in self.protocol.pause_reasons
        event = Event("pause", {"reason": staged["pause_reason"]} if known else {})
        start = next(t.entry for t in kept if t.entry.event and t.entry.event.kind == "start")
        paused = replace(start, id=id_of("pause", order.infusion.id), observed_at=at, tapped_at=at, event=event)
        saved = timedelta(milliseconds=80)
        sitting = [*kept, Tap(at + saved, paused)]
        if self.plan["care"]["called"][0] in self.protocol.called:
            at += timedelta(minutes=staged["called_after_minutes"])
            event = Event("called", {"whom": self.plan["care"]["called"][0]})
            called = replace(start, id=entry_id(order.infusion.id, "called"), observed_at=at, tapped_at=at, event=event)
            sitting.append(Tap(at + saved, called))
        return Sitting(order, tuple(sitting))

    def _overdue(self, one: InventedPatient, staged: dict[str, Any]) -> Sitting:
        """Infusing, every fifteen minutes, and the set of minute 15 has not been taken."""
        ran = timedelta(minutes=staged["overdue_minute"])
        make = self._here(one, staged, every_minutes=staged["overdue_every_minutes"])

        def suits(made: tuple[Tap, ...]) -> bool:
            return self._as_drawn(made) and not self._levels(made, made[-1].recorded_at)

        order, made = suited(make, suits, f"now/{one.number}")
        order = moved(order, self.now - ran - (nurse.start_of(made) - order.infusion.opened_at))
        due = self.now - ran + timedelta(minutes=order.infusion.every_minutes)
        window = timedelta(minutes=self.protocol.schedule.window_minutes)
        return Sitting(order, tuple(t for t in nurse.record(order) if t.recorded_at < due - window))

    def _recovering(self, one: InventedPatient, staged: dict[str, Any]) -> Sitting:
        """The infusion has ended; the first set after it is taken."""
        since = timedelta(minutes=staged["recovery_share"] * staged_minutes(self.protocol)[1])

        def suits(made: tuple[Tap, ...]) -> bool:
            return self._as_drawn(made) and not self._levels(made, made[-1].recorded_at)

        order, made = suited(self._here(one, staged), suits, f"now/{one.number}")
        return self._until_now(order, self.now - since - (nurse.end_of(made) - order.infusion.opened_at))

    def _waiting(self, one: InventedPatient, staged: dict[str, Any]) -> Sitting:
        """Opened, the first set just taken, not started: some questions open, the dose not calculated by a second."""
        ago = timedelta(minutes=staged["planned_minutes_ago"])

        def suits(made: tuple[Tap, ...]) -> bool:
            sets = [t for t in made if t.entry.kind == "set" and t.recorded_at < nurse.start_of(made)]
            return len(sets) == 1 and nurse.start_of(made) - sets[0].recorded_at > ago

        order, made = suited(self._here(one, staged), suits, f"now/{one.number}")
        first = next(t for t in made if t.entry.kind == "set")
        order = replace(order, unanswered=tuple(staged["unanswered"]))
        sitting = self._until_now(order, self.now - ago - (first.recorded_at - order.infusion.opened_at))
        still_to_come = ("dose_check", "time_out")
        return replace(
            sitting, taps=tuple(t for t in sitting.taps if not t.entry.event or t.entry.event.kind not in still_to_come)
        )

    def _as_drawn(self, made: tuple[Tap, ...]) -> bool:
        """Whether it went through, and nothing will be added after a medicine that shows other values."""
        given = any(tap.entry.event is not None and tap.entry.event.kind == "medicine" for tap in made)
        return undisturbed(made) and not (given and self.protocol.schedule.recheck_minutes)

    def _levels(self, made: tuple[Tap, ...], until: datetime, of: tuple[str, ...] = ()) -> list[Level]:
        """The worst level of each entry that has something outside the site's range; `of`: only these measures."""
        found: list[Level] = []
        for tap in made:
            if tap.recorded_at > until:
                break
            levels = [
                level
                for r in tap.entry.readings
                if not of or r.measure in of
                if (level := level_alone(self.protocol.measures[r.measure], r.value, "infusing")) is not None
            ]
            if levels:
                found.append(max(levels))
        return found

    # Into the store

    def write(self, store: Store) -> None:
        """Everything in the order in which it happened, so that the chains read as those of a real clinic."""
        first = min(sitting.order.infusion.opened_at for sitting in self.sittings)
        begun = first - timedelta(days=2)
        self._write_clinic(store, begun)
        count = itertools.count()
        writes: list[_Write] = []
        registered: set[str] = set()
        opened: set[str] = set()
        signed: dict[tuple[str, str, str], str] = {}
        reviewing: set[tuple[str, str, str]] = set()
        described = self.plan["series"]["described_minutes"]
        for sitting in sorted(self.sittings, key=lambda s: s.order.infusion.opened_at):
            order, one = sitting.order, sitting.order.infusion
            by = one.opened_by
            if one.patient.id not in registered:
                registered.add(one.patient.id)
                at = one.opened_at - timedelta(days=1, minutes=7)
                writes.append(_Write(at, next(count), self._registering(store, one.patient, by, at)))
            if one.series not in opened:
                opened.add(one.series)
                at = one.opened_at - timedelta(days=1, minutes=2)
                writes.append(_Write(at, next(count), self._opening_series(store, one, by, at)))
                if self.whole_course:
                    at += timedelta(minutes=Random(f"{one.series}/described").uniform(*described))
                    writes.append(_Write(at, next(count), self._describing_series(store, one, by, at)))
            day = one.opened_at.astimezone(self.zone).date().isoformat()
            at = one.opened_at - timedelta(minutes=1)
            writes.append(_Write(at, next(count), self._signing_in(store, signed, (day, one.chair, by), by, at)))
            writes.append(_Write(one.opened_at, next(count), self._opening(store, order)))
            if self.whole_course:
                writes += [_Write(at, next(count), write) for at, write in self._scoring(store, one)]
            for tap in sitting.taps:
                key = (day, one.chair, by)
                if tap.entry.author != by:  # the signature of a clinician, on a tablet of their own
                    key = (day, "", tap.entry.author)
                    if key not in reviewing:
                        reviewing.add(key)
                        at = self._evening(one)
                        writes.append(_Write(at, next(count), self._signing_in(store, signed, key, key[2], at)))
                write = self._adding(store, signed, key, one.id, tap)
                writes.append(_Write(tap.recorded_at, next(count), write))
        for one_more in self.patients.values():
            if one_more.id not in registered:
                at = self.now - timedelta(hours=3)
                writes.append(_Write(at, next(count), self._registering(store, one_more, self.nurses[0].id, at)))
        for due in sorted(writes):
            due.write()

    def _write_clinic(self, store: Store, at: datetime) -> None:
        plan = self.plan
        store.set_up(plan["name"], plan["zone"], [*plan["chairs"], *plan["free_chairs"]], True, at=at)
        administrator = next(one for one in self.staff.values() if one.role == "administrator")
        clinician = next(one for one in self.staff.values() if one.role == "clinician")
        for person in staff():
            member = self.staff[person.name]
            store.add_staff(
                member.name, member.role, access.hash_pin(person.pin), administrator.id, id=member.id, at=at
            )
        store.store_protocol(self.protocol, administrator.id, at=at)
        for approver, after in ((clinician, 9), (administrator, 14)):
            store.approve_protocol(self.protocol.hash, approver.id, at=at + timedelta(minutes=after))
        for label in plan["chairs"]:
            store.add_device(
                "tablet",
                f"Tablet of {label}",
                administrator.id,
                id=id_of("tablet", label),
                at=at + timedelta(minutes=20),
            )
        for one in self.staff.values() if self.protocol.people.signatures else ():
            if one.role == "clinician":
                label, device = f"Tablet of {one.name}", id_of("tablet", one.id)
                store.add_device("tablet", label, administrator.id, id=device, at=at + timedelta(minutes=21))

    def _registering(self, store: Store, one: Patient, by: str, at: datetime) -> Callable[[], object]:
        return lambda: store.register_patient(
            one.number, one.name, one.birth_date, one.sex, one.allergies, by, id=one.id, at=at
        )

    def _opening_series(self, store: Store, one: Infusion, by: str, at: datetime) -> Callable[[], object]:
        return lambda: store.open_series(one.patient.id, one.planned_infusions, by, id=one.series, at=at)

    def _describing_series(self, store: Store, one: Infusion, by: str, at: datetime) -> Callable[[], object]:
        indication, prescriber = outcomes.indication(one), care.prescriber(one.series).name
        return lambda: store.describe_series(one.series, one.planned_infusions, indication, prescriber, by, at=at)

    def _scoring(self, store: Store, one: Infusion) -> Iterator[tuple[datetime, Callable[[], object]]]:
        """The scores of the day of an infusion, and who was told of them."""
        for scored in outcomes.scores(one, one.series == series_id(one.patient.number, 1)):
            if scored.at > self.now:
                continue
            yield scored.at, partial(store.add_score, scored.new, scored.by, at=scored.at)
            if scored.told_at is not None and scored.told_at <= self.now:
                told, at = (scored.new.id, scored.whom, scored.told_at, scored.by), scored.told_at
                yield at, partial(store.tell_of_score, *told, at=at)

    def _signing_in(
        self, store: Store, signed: dict[Any, str], key: tuple[str, str, str], by: str, at: datetime
    ) -> Callable[[], object]:
        label = next((label for label, chair in self.chairs.items() if chair == key[1]), by)

        def sign_in() -> None:
            signed[key] = store.begin_sign_in(id_of("tablet", label), by, at + _SHIFT, at=at).id

        return sign_in

    def _opening(self, store: Store, order: Order) -> Callable[[], object]:
        one = order.infusion
        return lambda: store.open_infusion(open_from(order), one.opened_by, at=one.opened_at)

    def _adding(
        self, store: Store, signed: dict[Any, str], key: tuple[str, str, str], infusion: str, tap: Tap
    ) -> Callable[[], object]:
        return lambda: store.add_entry(infusion, replace(tap.entry, sign_in=signed[key]), at=tap.recorded_at)


def patient_of(one: InventedPatient) -> Patient:
    """The invented patient as the records know them."""
    return Patient(id_of("patient", one.number), one.number, one.name, one.birth_date, one.sex, one.allergies)


def series_id(number: str, series: int) -> str:
    """The id of an invented patient's series."""
    return id_of("series", number, series)


def undisturbed(made: tuple[Tap, ...]) -> bool:
    """Whether an infusion went through without a pause and was not stopped early."""
    kinds = {tap.entry.event.kind for tap in made if tap.entry.event}
    return not kinds & {"pause", "stop"}


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60
