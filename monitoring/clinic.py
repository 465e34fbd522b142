"""The clinic that this server runs: its store, its clock, its open screens, opened from the environment.

Environment: `MONITORING_DB` (address of the SQLite file), `MONITORING_DEMO=1` (the demonstration clinic, in a fresh
file of its own), `MONITORING_DEMO_RATE` (how fast its time runs), `MONITORING_SIGN_IN_HOURS` (how long one holds),
`MONITORING_SECRET` (what cookies are signed with), `MONITORING_HEAD` (a second place for the head of the audit chain).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from monitoring import access
from monitoring.clinical.instruments import Instrument, read_instruments
from monitoring.clinical.news2 import Table, read_table
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.protocol_file import read_protocol
from monitoring.clinical.written_numbers import written_number
from monitoring.clock import Clock, DemonstrationClock, SteadyClock
from monitoring.live import Document, Hub
from monitoring.records import SignIn, Store, StoredProtocol, StoreRefused
from monitoring.records.checking import DailyCheck
from monitoring.records.database import file_of
from monitoring.records.heads import gaps_file, head_file

if TYPE_CHECKING:
    from monitoring.demonstration.shift import StagedNurse

TOP: Final = Path(__file__).resolve().parent.parent
SHIPPED_PROTOCOL: Final = TOP / "data" / "protocols" / "ketamine-depression.toml"
SCALES: Final = TOP / "data" / "scales"
DEMONSTRATION_FILE: Final = "demonstration.db"
CHECK_SECONDS: Final = 0.2  # how long a start waits for the first look through the file; it goes on afterwards
FASTEST: Final = 3600  # rate of a demonstration's clock

InfusionDocument = Callable[["RunningClinic", str], Document]
BoardDocument = Callable[["RunningClinic", bool], Document]


@cache
def instruments() -> Mapping[str, Instrument]:
    """The outcome scores that can be recorded along a series, by key, as `data/scales/outcomes.toml` has them."""
    file = SCALES / "outcomes.toml"
    return MappingProxyType(read_instruments(file.read_text(encoding="utf-8"), file.name))


@cache
def news2_table() -> Table:
    """NEWS2 as `data/scales/news2.toml` has it."""
    file = SCALES / "news2.toml"
    return read_table(file.read_text(encoding="utf-8"), file.name)


class SettingRefused(ValueError):
    """A value in the environment is wrong; the message is one sentence: what was found, what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says about this server."""

    url: str  # of the clinic's own database
    demonstration: bool
    rate: float  # of the demonstration's clock
    sign_in_hours: float
    secret: str = ""  # what cookies are signed with; "" for a key kept beside the database
    head: Path | None = None  # a second place for the head of the audit chain, besides the one beside the database

    @property
    def demonstration_url(self) -> str:
        """Where the demonstration's own file is: the named file when it is asked for, else beside the clinic's."""
        return self.url if self.demonstration else f"sqlite:///{file_of(self.url).parent / DEMONSTRATION_FILE}"


def settings_from(environment: Mapping[str, str]) -> Settings:
    """The settings in `environment`. Raises SettingRefused with a sentence that names the variable."""
    demonstration = environment.get("MONITORING_DEMO", "").strip()
    if demonstration not in ("", "0", "1"):
        raise SettingRefused(f"MONITORING_DEMO is {demonstration!r}: expected 1 for the demonstration clinic, or 0.")
    rate = _number_in(environment, "MONITORING_DEMO_RATE", otherwise=1, least=1, most=FASTEST)
    if rate != 1 and demonstration != "1":
        raise SettingRefused(f"MONITORING_DEMO_RATE is {rate:g}: a clock rate is possible only with MONITORING_DEMO=1.")
    name = DEMONSTRATION_FILE if demonstration == "1" else "clinic.db"
    return Settings(
        url=environment.get("MONITORING_DB", "").strip() or f"sqlite:///{TOP / 'data' / name}",
        demonstration=demonstration == "1",
        rate=rate,
        sign_in_hours=_number_in(environment, "MONITORING_SIGN_IN_HOURS", otherwise=12, least=0.0001, most=24),
        secret=environment.get("MONITORING_SECRET", ""),
        head=_head_in(environment, demonstration == "1"),
    )


def _head_in(environment: Mapping[str, str], demonstration: bool) -> Path | None:
    text = environment.get("MONITORING_HEAD", "").strip()
    if not text or demonstration:  # a demonstration is made anew each time, and must not pass for the clinic there
        return None
    place = Path(text).expanduser().absolute()
    if place.is_dir():
        raise SettingRefused(
            f"MONITORING_HEAD is the folder {text}: expected a file in it, such as {place}/clinic.head."
        )
    return place


def _number_in(environment: Mapping[str, str], name: str, *, otherwise: float, least: float, most: float) -> float:
    text = environment.get(name, "").strip()
    number = written_number(text).value if text else otherwise
    if number is None or not least <= number <= most:
        raise SettingRefused(f"{name} is {text!r}: expected a number from {least:g} to {most:g}.")
    return number


class RunningClinic:
    """One open clinic. Safe to use from any thread."""

    def __init__(self, store: Store, clock: Clock, live: Hub, settings: Settings, secret: str) -> None:
        self.store = store
        self.clock = clock
        self.live = live
        self.settings = settings
        self.secret = secret
        self.check = DailyCheck(store.url)
        self._protocols: dict[str, Protocol] = {}

    @property
    def demonstration(self) -> bool:
        """Whether this is the invented clinic, which says so on every screen."""
        clinic = self.store.clinic()
        return clinic is not None and clinic.demonstration

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing from the records and not acknowledged, in sentences for whoever works here."""
        return tuple(gap.sentence(file_of(self.store.url)) for gap in self.store.missing)

    @property
    def trouble(self) -> tuple[str, ...]:
        """What those who keep this server running must look after, in sentences: damage, writes missing, heads lost."""
        return (*([self.check.damage] if self.check.damage else []), *self.missing, *self.store.head_trouble)

    @property
    def sign_in_lasts(self) -> timedelta:
        """How long a sign-in holds [on the clinic's clock], at the fastest that clock can be made to run."""
        return timedelta(hours=self.settings.sign_in_hours) * (FASTEST if self.demonstration else 1)

    @property
    def protocol(self) -> Protocol:
        """The protocol that infusions opened now run under: the one stored last, before that the shipped one."""
        stored = self.store.current_protocol()
        return shipped_protocol() if stored is None else self._read(stored)

    def protocol_of(self, hash: str) -> Protocol:
        """The protocol version with this hash. Raises LookupError when it was never stored."""
        if hash not in self._protocols:
            stored = self.store.stored_protocol(hash)
            if stored is None:
                raise LookupError(f"protocol {hash} is not stored")
            self._read(stored)
        return self._protocols[hash]

    def _read(self, stored: StoredProtocol) -> Protocol:
        # A version's text never changes, so reading it once is enough for as long as the server runs.
        if stored.hash not in self._protocols:
            self._protocols[stored.hash] = read_protocol(stored.text, f"{stored.name} {stored.version}", kept=True)
        return self._protocols[stored.hash]

    def signed_in(self, device: str) -> SignIn | None:
        """Who is signed in on this device, read from the database each time."""
        return self.store.current_sign_in(device)

    def who(self, sign_in: SignIn | None) -> dict[str, Any]:
        """What a page may know about who is signed in on its device, and who could be."""
        me: dict[str, Any] | None = None
        if sign_in is not None:
            staff = sign_in.staff
            me = {
                "sign_in": sign_in.id,
                "staff": staff.id if staff else None,
                "name": staff.name if staff else "",
                "role": staff.role if staff else "",
                "wall": sign_in.wall,
                "may_record": staff is not None and access.may(staff.role, "record"),
                "expires_at": sign_in.expires_at.isoformat(),
            }
        people = self.store.staff()
        if sign_in is not None and sign_in.wall:  # only those who may end it
            people = tuple(person for person in people if access.may(person.role, "enrol_wall"))
        return {
            "me": me,
            "staff": [{"id": person.id, "name": person.name, "role": person.role} for person in people],
            "now": self.clock.now().isoformat(),
            "rate": self.clock.rate,
        }


_lock = threading.RLock()
_running: RunningClinic | None = None
_staged: StagedNurse | None = None  # who records in the demonstration


def running() -> RunningClinic:
    """The clinic this server runs now. Raises RuntimeError before it is opened."""
    if _running is None:
        raise RuntimeError("the clinic is not open yet")
    return _running


def open_clinic(
    infusion_document: InfusionDocument,
    board_document: BoardDocument,
    environment: Mapping[str, str] = os.environ,
) -> RunningClinic:
    """Open the clinic that the environment names, with what builds the documents of its screens.

    Raises SettingRefused, StoreRefused or StoreUnwritable, each with one sentence.
    """
    settings = settings_from(environment)
    with _lock:
        if settings.demonstration:
            clock: Clock
            store, clock = _fresh_demonstration(settings.demonstration_url, settings.rate)
        else:
            clock = SteadyClock()
            store = Store.open(settings.url, clock, head_elsewhere=settings.head)
            found = store.clinic()
            if found is not None and found.demonstration:
                store.close()
                raise StoreRefused(
                    f"{file_of(settings.url)} holds a demonstration, which never becomes a real clinic: "
                    "expected another file, or MONITORING_DEMO=1."
                )

        def me(device: str) -> Document | None:
            clinic = running()
            sign_in = clinic.signed_in(device)
            return None if sign_in is None else clinic.who(sign_in)

        live = Hub(
            clock,
            infusion=lambda id: infusion_document(running(), id),
            board=lambda initials_only: board_document(running(), initials_only),
            me=me,
        )
        return _run(store, clock, live, settings)


def open_demonstration(rate: float = 1) -> RunningClinic:
    """Leave the clinic that was never set up, and run the demonstration in a fresh file instead.

    Raises StoreRefused when the running clinic is set up, or when the demonstration's file is not a demonstration.
    """
    with _lock:
        former = running()
        found = former.store.clinic()
        if found is not None:
            raise StoreRefused(f"This database holds {found.name}: expected one that is not set up yet.")
        store, clock = _fresh_demonstration(former.settings.demonstration_url, rate)
        clinic = _run(store, clock, former.live, former.settings)
        clinic.live.turn_to(clock)
        former.check.close()
        former.store.close()
        return clinic


def close_clinic() -> None:
    """Let the running clinic's database go."""
    global _running, _staged
    with _lock:
        if _staged is not None:
            _staged.leave()
            _staged = None
        if _running is not None:
            _running.check.close()
            _running.store.close()
            _running = None


def _run(store: Store, clock: Clock, live: Hub, settings: Settings) -> RunningClinic:
    global _running, _staged
    try:
        secret = access.secret_for(store.url, {"MONITORING_SECRET": settings.secret})
    except ValueError as short:
        store.close()
        raise SettingRefused(str(short)) from None
    _running = RunningClinic(store, clock, live, settings, secret)
    store.subscribe(live.changed)
    _running.check.start()
    _running.check.wait(CHECK_SECONDS)
    if _running.demonstration:
        from monitoring.demonstration.shift import StagedNurse  # only a demonstration needs her

        _staged = StagedNurse(store, clock)
        _staged.start()
    return _running


def shipped_protocol() -> Protocol:
    """The protocol that comes with this program, read from its file."""
    return read_protocol(SHIPPED_PROTOCOL.read_text(encoding="utf-8"), SHIPPED_PROTOCOL.name)


def _fresh_demonstration(url: str, rate: float) -> tuple[Store, DemonstrationClock]:
    """An invented clinic in a new file at `url`, its infusions anchored to now."""
    from monitoring.demonstration import generate  # only a demonstration needs it

    file = file_of(url)
    if file.exists():
        with closing(Store.open(url, Clock(), create=False)) as former:
            found = former.clinic()
        if found is not None and not found.demonstration:
            raise StoreRefused(f"{file} holds {found.name}, not a demonstration: it is left as it is.")
        for part in (file, Path(f"{file}-wal"), Path(f"{file}-shm"), head_file(file), gaps_file(file)):
            part.unlink(missing_ok=True)
    clock = DemonstrationClock(rate)
    store = Store.open(url, clock)
    try:
        generate.fill(store, clock)
    except BaseException:
        store.close()
        raise
    return store, clock
