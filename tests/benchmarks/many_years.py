"""The clinic in which searching is measured: years of invented infusions, grown by the demonstration's generator.

The same seed and number give the same infusions. They are written through the store in the order in which they
happened, a day in a transaction, by a clock that is set: so the file holds a clinic like any other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from itertools import count, pairwise
from pathlib import Path
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from monitoring import access
from monitoring.clinic import shipped_protocol
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.protocol_file import read_protocol
from monitoring.clinical.record import Patient
from monitoring.demonstration import care, generate, nurse
from monitoring.demonstration.order import Order, Tap
from monitoring.demonstration.people import id_of, team
from monitoring.demonstration.physiology import Person, person
from monitoring.records import Store
from tests.small_clinic import SetClock

SEED: Final = 2026
LAST_DAY: Final = date(2026, 11, 20)
CHAIRS: Final = 8
HOURS: Final = (time_of_day(8, 30), time_of_day(13, 15))
ZONE: Final = ZoneInfo("Europe/Berlin")
POOL: Final = 60  # patients in care at a time
PIN: Final = "271828"  # everybody's here: the clinic is invented
_OLDER_SHARE: Final = 0.45  # of the infusions ran under the version before
_GIVEN: Final = (
    *("Anna", "Marta", "Lin", "Siobhán", "Юлия", "李", "ليلى", "Zoë", "Ama", "Freya", "Omar", "Theodor", "Tomás"),
    *("Oluwaseun", "Bastien", "Ines", "Jonas", "Mei", "Noor", "Pia", "Änne", "Åsa", "Chiara", "Dmitri", "Kofi"),
)
_FAMILY: Final = (
    *("Schmidt", "Brandt", "Haddad", "Sørensen", "O'Rourke", "Ковальчук", "美玲", "حداد", "D'Angelo-Núñez", "Boateng"),
    *("Halvorsen", "Baumgart", "Ferreira", "Balogun", "Moreau", "Weiss", "Lund", "Tanaka", "Rahimi", "Öztürk"),
    *("von und zu Hohenfels-Wittgenstein", "=Formula", '"Quote"', "Smith 🙂", "Nguyễn", "Müller", "Łukasiewicz"),
)

Told = Callable[[int, int], object]


@dataclass
class _InCare:
    """A patient in the middle of a series."""

    patient: Patient
    body: Person
    series: str
    left: int  # infusions to come
    number: int = 0


def progress(what: str) -> Told:
    """A bar that tells how far it is, how many that are, and how long it will take."""
    began = time.monotonic()

    def told(done: int, of: int) -> None:
        share = done / of if of else 1.0
        left = (time.monotonic() - began) / share * (1 - share) if share else 0.0
        bar = "#" * round(share * 30)
        end = "\n" if done >= of else ""
        line = f"\r{what} [{bar:30}] {share:4.0%}  {done:,} of {of:,}, {left:,.0f} s left "
        print(line, end=end, file=sys.stderr, flush=True)

    return told


def grow(file: Path, infusions: int, told: Told = lambda done, of: None, *, seed: int = SEED) -> None:
    """Write the clinic into a new file. The staff are the demonstration's, each with the PIN `PIN`."""
    protocol, older = shipped_protocol(), _older(shipped_protocol())
    days = list(_days(infusions))
    clock = SetClock(datetime.combine(days[0], HOURS[0], ZONE) - timedelta(days=3))
    store = Store.open(f"sqlite:///{file}", clock)
    try:
        administrator = next(one for one in team() if one.role == "administrator")
        hashed = access.hash_pin(PIN)
        store.set_up("Clinic of many years (invented)", ZONE.key, [f"Chair {n + 1}" for n in range(CHAIRS)], False)
        for one in team():
            store.add_staff(one.name, one.role, hashed, administrator.id, id=one.id)
        store.store_protocol(older, administrator.id)
        rng, numbers, done = Random(f"{seed}/years"), count(1), 0
        pool: list[_InCare] = []
        for day in days:
            version = older if done < infusions * _OLDER_SHARE else protocol
            clock.at = datetime.combine(day, time_of_day(7, 30), ZONE)
            with store.bulk():
                if version is protocol and store.stored_protocol(protocol.hash) is None:
                    for one in team():
                        if one.role != "nurse" and store.store_protocol(protocol, administrator.id):
                            store.approve_protocol(protocol.hash, one.id)
                today = min(CHAIRS * len(HOURS), infusions - done)
                coming = _coming(store, pool, rng, numbers, day, today)
                sittings = [_sitting(one, rng, version, day, place, seed) for place, one in enumerate(coming)]
                pool.extend(one for one in coming if one.left)
                done += today
                for at, write in sorted(_writes(store, sittings), key=lambda due: due[0]):
                    clock.at = at
                    write()
            told(done, infusions)
    finally:
        store.close()


def _older(protocol: Protocol) -> Protocol:
    """The version before: nothing but its number differs."""
    text = protocol.text.replace(f'version = "{protocol.version}"', 'version = "1b"', 1)
    return read_protocol(text, "the version before")


def _days(infusions: int) -> Iterator[date]:
    """As many working days as these infusions take, the last on LAST_DAY."""
    a_day = CHAIRS * len(HOURS)
    days: list[date] = []
    day = LAST_DAY
    while len(days) * a_day < infusions:
        if day.weekday() < 5:
            days.append(day)
        day -= timedelta(days=1)
    yield from reversed(days)


def _coming(
    store: Store, pool: list[_InCare], rng: Random, numbers: Iterator[int], day: date, how_many: int
) -> list[_InCare]:
    """Who comes that day, nobody twice; they leave the pool."""
    by = next(one.id for one in team() if one.role == "nurse")
    while len(pool) < POOL:
        pool.append(_admitted(store, rng, next(numbers), day, by))
    return [pool.pop(rng.randrange(len(pool))) for _ in range(how_many)]


def _sitting(
    one: _InCare, rng: Random, protocol: Protocol, day: date, place: int, seed: int
) -> tuple[Order, tuple[Tap, ...]]:
    """One infusion of that day, and everything that a nurse records of it."""
    by = rng.choice([one for one in team() if one.role == "nurse"])
    one.number, one.left = one.number + 1, one.left - 1
    name = f"{seed}/{one.patient.number}/{one.series}/{one.number}"
    hour = HOURS[place // CHAIRS]
    opened_at = datetime.combine(day, hour, ZONE) + timedelta(minutes=rng.uniform(0, 20))
    order = generate.new_order(
        patient=one.patient,
        series=one.series,
        number=one.number,
        planned_infusions=6,
        person=one.body,
        protocol=protocol,
        opened_at=opened_at,
        chair=f"chair-{place % CHAIRS + 1}",
        by=by,
        name=name,
        every_minutes=5,
        recovery_minutes=rng.uniform(75, 150),
    )
    taps = nurse.record(order)
    signed = care.review(order, taps, datetime.combine(day, time_of_day(18, 30), ZONE)) if rng.random() < 0.97 else None
    return order, taps if signed is None else (*taps, signed)


def _admitted(store: Store, rng: Random, number: int, day: date, by: str) -> _InCare:
    sex = rng.choice(("female", "male"))
    born = date(day.year - rng.randint(19, 76), rng.randint(1, 12), rng.randint(1, 28))
    name = f"{rng.choice(_GIVEN)} {rng.choice(_FAMILY)}"
    patient = store.register_patient(
        f"Y-{number:05}", name, born, sex, "none known", by, id=id_of("many years", "patient", number)
    )
    series = store.open_series(patient.id, 6, by, id=id_of("many years", "series", number))
    return _InCare(patient, person(rng, age=day.year - born.year, sex=sex), series.id, rng.choice((3, 6, 6, 6, 8, 12)))


def _writes(
    store: Store, sittings: list[tuple[Order, tuple[Tap, ...]]]
) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """What is written, and when; nothing of one infusion before what came before it."""
    for order, taps in sittings:
        one = order.infusion
        yield one.opened_at, lambda order=order: store.open_infusion(generate.open_from(order), order.author)  # type: ignore[misc]
        times = [one.opened_at, *(tap.recorded_at for tap in taps)]
        assert all(earlier <= later for earlier, later in pairwise(times)), one.id
        for tap in taps:
            entry = replace(tap.entry, sign_in="")
            yield tap.recorded_at, lambda id=one.id, entry=entry: store.add_entry(id, entry)  # type: ignore[misc]
