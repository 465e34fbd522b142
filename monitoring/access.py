"""Who may do what: roles, PINs, and the cookie that names a device.

Who is signed in is a row in the records, read each time it matters. The cookie only says which device asks.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, Signer

from monitoring.clock import Clock
from monitoring.records import ROLES as ROLES  # part of this module's words, too
from monitoring.records import SignIn, Staff, Store
from monitoring.records.database import file_of

NURSE, CLINICIAN, ADMINISTRATOR = ROLES
_BEDSIDE = frozenset({NURSE, CLINICIAN})
_OFFICE = frozenset({CLINICIAN, ADMINISTRATOR})
_ADMINISTRATION = frozenset({ADMINISTRATOR})
_EVERYBODY = frozenset(ROLES)

# The one table of role by action. The use cases in `recording` ask it, not only the screens.
PERMITTED: Mapping[str, frozenset[str]] = {
    "view": _EVERYBODY,
    "record": _BEDSIDE,
    "acknowledge": _BEDSIDE,
    "correct": _BEDSIDE,
    "withdraw": _BEDSIDE,
    "register_patient": _EVERYBODY,
    "open_infusion": _BEDSIDE,
    "cancel": _BEDSIDE,
    "move": _BEDSIDE,
    "close": _BEDSIDE,
    "attest": _BEDSIDE,
    "sign": _BEDSIDE,
    "score": _BEDSIDE,
    "describe_series": _BEDSIDE,
    "approve_ranges": _OFFICE,
    "import": _OFFICE,
    "export": _EVERYBODY,  # one infusion, or a series: whoever may look may print
    "export_many": _OFFICE,  # what a search found
    "export_clinic": _ADMINISTRATION,  # everything there is, the hashes of PINs too
    "manage_staff": _ADMINISTRATION,
    "enrol_wall": _ADMINISTRATION,
    "change_rate": _EVERYBODY,  # only a demonstration has a rate
}
_SAID = {
    "view": "look at infusions",
    "record": "record observations",
    "acknowledge": "acknowledge flags",
    "correct": "correct entries",
    "withdraw": "withdraw entries",
    "register_patient": "register patients",
    "open_infusion": "open infusions",
    "cancel": "cancel infusions",
    "move": "move infusions to another chair",
    "close": "close infusions",
    "attest": "sign as a second person",
    "sign": "sign the record",
    "score": "record scores",
    "describe_series": "say what a series is for",
    "approve_ranges": "approve ranges",
    "import": "import past infusions",
    "export": "take an infusion out of the records",
    "export_many": "take many infusions out of the records",
    "export_clinic": "take the whole clinic out of the records",
    "manage_staff": "manage staff",
    "enrol_wall": "enrol a wall screen",
    "change_rate": "change the speed of the demonstration",
}

COOKIE = "device"  # the cookie's name: its value is the signed id of the device
SIGN_IN_LASTS = timedelta(hours=12)
# Attempts are slowed, never locked for good: a nurse must get in while a patient is on the chair.
COUNTED = timedelta(minutes=15)  # how far back wrong PINs count
FREE_TRIES = 3  # wrong PINs for one person on one known device
FREE_TRIES_ON_DEVICE = 6  # wrong PINs on one known device, for whatever persons: it is shared
FREE_TRIES_ELSEWHERE = 6  # wrong PINs on all the devices together on which nobody ever signed in, for whatever persons
ELSEWHERE = ""  # what stands in an attempt's row for the device, when it is not known
FIRST_WAIT = timedelta(seconds=30)  # doubles with each further wrong one
LONGEST_WAIT = timedelta(minutes=5)

# Some 60 ms here: slow for who guesses, not for who signs in. The rows of attempts are the real brake.
_HASHER = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
# A hash of nothing, of the same cost: an unknown name then takes as long as a wrong PIN.
_NOBODY = f"$argon2id$v=19$m={32 * 1024},t=2,p=1${'A' * 22}${'A' * 43}"
_ATTEMPT = threading.Lock()  # one attempt at a time, or many at once would all be counted too late

_COMMON_PINS = frozenset({"112233", "332211", "111222", "123321", "123654", "147258", "258369", "159753", "102030"})


class NobodySignedIn(Exception):
    """Somebody must sign in first; `sentence` says so."""

    def __init__(self, sentence: str = "Nobody is signed in on this device: sign in with your PIN.") -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotPermitted(Exception):
    """This person's role may not do this; `sentence` says who may."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class PinRefused(Exception):
    """No sign-in: `sentence` says why, `wait_seconds` how long no further try is taken (0: none)."""

    def __init__(self, sentence: str, wait_seconds: int = 0) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.wait_seconds = wait_seconds


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who does something, and the sign-in under which."""

    staff: Staff
    sign_in: SignIn


def may(role: str, action: str) -> bool:
    """Whether this role may do this. Raises KeyError for an action that is not in the table."""
    return role in PERMITTED[action]


def require(actor: Actor | None, action: str) -> Actor:
    """The actor, when permitted. Raises NobodySignedIn or NotPermitted."""
    permitted = PERMITTED[action]
    if actor is None:
        raise NobodySignedIn
    if actor.staff.role not in permitted:
        who = " or ".join(sorted(permitted))
        raise NotPermitted(f"{actor.staff.name} ({actor.staff.role}) may not {_SAID[action]}: expected {who}.")
    return actor


def pin_problem(pin: str) -> str:
    """Why this cannot be somebody's new PIN, in one sentence; "" when it can."""
    if not _is_pin(pin):
        return "PIN: expected six digits."
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if steps in ({0}, {1}, {9}) or pin in (pin[:2] * 3, pin[:3] * 2) or pin in _COMMON_PINS:
        return "This PIN is too easy to guess: expected one without a pattern."
    return ""


def hash_pin(pin: str) -> str:
    """The argon2 hash of a new PIN. Raises ValueError with a sentence for one that is too easy or not six digits."""
    if problem := pin_problem(pin):
        raise ValueError(problem)
    return _HASHER.hash(pin)


def sign_in(
    store: Store, device_id: str, staff_id: str, pin: str, clock: Clock, *, lasts: timedelta = SIGN_IN_LASTS
) -> SignIn:
    """Sign a person in on a device by their PIN; an unknown device is enrolled as a tablet.

    Raises PinRefused: wrong PINs within COUNTED slow the next try. On a known device they count per person and for the
    device; all devices on which nobody ever signed in share one count, so that a stranger who tries many PINs in many
    browsers keeps no nurse from the tablet she always uses. A try during the wait is not looked at, nor counted.
    """
    check_pin(store, device_id, staff_id, pin, clock)
    if store.device(device_id) is None:
        store.add_device("tablet", "", staff_id, id=device_id)
    return store.begin_sign_in(device_id, staff_id, clock.now() + lasts)


def check_pin(store: Store, device_id: str, staff_id: str, pin: str, clock: Clock) -> None:
    """Whether this is the person's PIN, typed on this device. Raises PinRefused when it is not, as `sign_in` says."""
    if not _is_pin(pin):
        raise PinRefused("PIN: expected six digits.")
    known = store.device(device_id) is not None
    counted_on = device_id if known else ELSEWHERE
    with _ATTEMPT:
        wait = _wait(store, staff_id, counted_on, clock)
        if wait > 0:
            raise PinRefused(f"Too many wrong PINs: the next try is possible in {_spoken(wait)}.", wait)
        kept = store.pin_hash(staff_id)
        right = _verify(kept or _NOBODY, pin) and kept is not None
        # Right, the device is known from now on. What strangers tried elsewhere is not forgotten for it.
        store.add_pin_attempt(staff_id, device_id if right else counted_on, right)
        if not right:
            wait = _wait(store, staff_id, counted_on, clock)
            also = f" The next try is possible in {_spoken(wait)}." if wait else ""
            raise PinRefused(f"This PIN is not right.{also}", wait)


def sign_out(store: Store, sign_in: SignIn, why: str) -> None:
    """End a sign-in; `why` is kept ("signed out", "idle")."""
    store.end_sign_in(sign_in.id, why)


def make_cookie(device_id: str, secret: str) -> str:
    """The signed value of the cookie that names this device."""
    return _signer(secret).sign(device_id).decode()


def read_cookie(value: str, secret: str) -> str | None:
    """The device that a cookie names, or None when its signature is not ours."""
    try:
        return _signer(secret).unsign(value).decode()
    except (BadSignature, UnicodeError):
        return None


def secret_for(url: str, environment: Mapping[str, str] = os.environ) -> str:
    """What cookies are signed with: MONITORING_SECRET, or a key file beside the database that only its owner reads.

    A demonstration's key is its own file's, so a cookie of one clinic never opens the other.

    Raises ValueError with a sentence when MONITORING_SECRET is too short to protect anything.
    """
    given = environment.get("MONITORING_SECRET", "")
    if given:
        if len(given) < 32:
            raise ValueError(f"MONITORING_SECRET has {len(given)} characters: expected at least 32.")
        return given
    file = Path(f"{file_of(url)}.key")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        kept = file.read_text().strip()
        if len(kept) >= 32:
            file.chmod(0o600)
            return kept
        descriptor = os.open(file, os.O_WRONLY | os.O_TRUNC, 0o600)  # half written when the machine stopped
    with os.fdopen(descriptor, "w") as opened:
        made = secrets.token_hex(32)
        opened.write(made)
        opened.flush()
        os.fsync(opened.fileno())
    return made


def _is_pin(pin: str) -> bool:
    return re.fullmatch(r"[0-9]{6}", pin) is not None


def _verify(kept: str, pin: str) -> bool:
    try:
        return _HASHER.verify(kept, pin)
    except (VerificationError, InvalidHashError):
        return False


def _wait(store: Store, staff_id: str, counted_on: str, clock: Clock) -> int:
    """Real seconds until the next try is taken, rounded up; 0 when it is taken now, and never more than LONGEST_WAIT.

    Attempts that are still to come, as a clock that was ahead has left them, do not count.
    """
    now = clock.now()
    since = now - COUNTED
    on_device = _until_now(store.pin_attempts_on(counted_on, since), now)
    if counted_on == ELSEWHERE:
        until = [_until(on_device, FREE_TRIES_ELSEWHERE)]
    else:
        of_person = _until_now(store.pin_attempts(staff_id, counted_on, since), now)
        until = [_until(of_person, FREE_TRIES), _until(on_device, FREE_TRIES_ON_DEVICE)]
    wait = max([0, *(math.ceil(clock.seconds_until(instant)) for instant in until if instant is not None)])
    return min(wait, math.ceil(LONGEST_WAIT.total_seconds()))


def _until_now(attempts: Sequence[tuple[datetime, bool]], now: datetime) -> list[tuple[datetime, bool]]:
    return [(at, right) for at, right in attempts if at <= now]


def _until(attempts: Sequence[tuple[datetime, bool]], free: int) -> datetime | None:
    wrong: list[datetime] = []
    for at, right in attempts:
        wrong = [] if right else [*wrong, at]
    if len(wrong) < free:
        return None
    doublings: int = len(wrong) - free
    return wrong[-1] + min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def _spoken(seconds: int) -> str:
    return f"{seconds} seconds" if seconds <= 90 else f"{math.ceil(seconds / 60)} minutes"


def _signer(secret: str) -> Signer:
    return Signer(secret, salt="device", key_derivation="hmac", digest_method=hashlib.sha256)
