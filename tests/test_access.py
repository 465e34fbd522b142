"""Who may do what, and how a PIN lets somebody in."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring import access
from monitoring.access import Actor, NobodySignedIn, NotPermitted, PinRefused
from monitoring.clock import Clock
from monitoring.records import ROLES, Staff, Store
from monitoring.records.verify import verify
from tests.small_clinic import begin

PIN = "407218"
WRONG = "407219"
SHIPPED_HASHER = access._HASHER  # before the tests took one of less cost


class HeldClock(Clock):
    """A clock that shows what it is told."""

    def __init__(self) -> None:
        self.shown = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.shown

    def forward(self, seconds: float) -> None:
        self.shown += timedelta(seconds=seconds)


class Door:
    """A clinic with two nurses who have the same PIN, and short ways to try one."""

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite:///{begin(file)}"
        self.clock = HeldClock()
        self.store = Store.open(self.url, self.clock)
        self.store.set_up("Invented", "Europe/Berlin", ["1"], demonstration=False)
        self.nora, self.nils = (
            self.store.add_staff(name, "nurse", access.hash_pin(PIN), "") for name in ("Nora Nuss", "Nils Nagel")
        )

    def tablet(self, device: str) -> str:
        """A device on which somebody has signed in before."""
        access.sign_in(self.store, device, self.nils.id, PIN, self.clock)
        return device

    def try_pin(self, pin: str, person: Staff | None = None, device: str = "tablet") -> int:
        """Seconds to wait after this try: 0 when in or merely wrong; the try's sentence is in `said`."""
        self.said = ""
        try:
            access.sign_in(self.store, device, (person or self.nora).id, pin, self.clock)
        except PinRefused as refused:
            self.said = refused.sentence
            return refused.wait_seconds
        return 0


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    made = Door(tmp_path / "clinic.db")
    yield made
    made.store.close()


# Roles

TABLE = """
                  nurse  clinician  administrator
view              yes    yes        yes
record            yes    yes        no
acknowledge       yes    yes        no
correct           yes    yes        no
withdraw          yes    yes        no
register_patient  yes    yes        yes
open_infusion     yes    yes        no
cancel            yes    yes        no
move              yes    yes        no
close             yes    yes        no
attest            yes    yes        no
sign              yes    yes        no
score             yes    yes        no
describe_series   yes    yes        no
approve_ranges    no     yes        yes
import            no     yes        yes
export            yes    yes        yes
export_many       no     yes        yes
export_clinic     no     no         yes
manage_staff      no     no         yes
enrol_wall        no     no         yes
change_rate       yes    yes        yes
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [(row[0], role, answer == "yes") for row in ROWS[1:] for role, answer in zip(ROWS[0], row[1:], strict=True)]


@pytest.mark.parametrize(("action", "role", "permitted"), CASES, ids=[f"{role}-{action}" for action, role, _ in CASES])
def test_role_by_action(action: str, role: str, permitted: bool) -> None:
    actor = _actor(role)
    assert access.may(role, action) is permitted
    if permitted:
        assert access.require(actor, action) is actor
    else:
        with pytest.raises(NotPermitted, match=f"Nora Nuss \\({role}\\) may not .*: expected ") as refused:
            access.require(actor, action)
        assert refused.value.sentence == str(refused.value)
    with pytest.raises(NobodySignedIn, match="sign in with your PIN"):
        access.require(None, action)


def test_the_table_names_every_action_and_role() -> None:
    assert {action for action, _, _ in CASES} == set(access.PERMITTED) == set(access._SAID)
    assert {role for _, role, _ in CASES} == set(ROLES) == set(access.ROLES)


def test_an_action_that_is_not_in_the_table_is_a_mistake_of_the_program() -> None:
    with pytest.raises(KeyError):
        access.may("nurse", "operate")
    with pytest.raises(KeyError):
        access.require(None, "operate")


def test_a_role_that_is_not_in_the_table_may_nothing() -> None:
    assert not any(access.may("visitor", action) for action in access.PERMITTED)


# PINs


@pytest.mark.parametrize("pin", ["407218", "000001", "135790", "990099", "010203"])
def test_pins_that_are_taken(pin: str) -> None:
    assert access.pin_problem(pin) == ""


@pytest.mark.parametrize(
    ("pin", "sentence"),
    [
        ("", "expected six digits"),
        ("12345", "expected six digits"),
        ("1234567", "expected six digits"),
        ("12345a", "expected six digits"),
        ("407218\n", "expected six digits"),
        (" 40721", "expected six digits"),
        ("４０７２１８", "expected six digits"),
        ("-40721", "expected six digits"),
        ("000000", "too easy"),
        ("777777", "too easy"),
        ("123456", "too easy"),
        ("654321", "too easy"),
        ("890123", "too easy"),
        ("098765", "too easy"),
        ("121212", "too easy"),
        ("407407", "too easy"),
        ("112233", "too easy"),
        ("123321", "too easy"),
    ],
)
def test_pins_that_are_refused(pin: str, sentence: str) -> None:
    assert sentence in access.pin_problem(pin)
    with pytest.raises(ValueError, match=sentence):
        access.hash_pin(pin)


def test_a_hash_is_salted_and_does_not_hold_the_pin() -> None:
    one, other = access.hash_pin(PIN), access.hash_pin(PIN)
    assert one != other
    assert one.startswith("$argon2id$")
    assert PIN not in one


def test_an_unknown_name_costs_as_much_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "_HASHER", SHIPPED_HASHER)
    assert access.hash_pin(PIN).rsplit("$", 2)[0] == access._NOBODY.rsplit("$", 2)[0]
    assert len(access.hash_pin(PIN)) == len(access._NOBODY)
    assert access._verify(access._NOBODY, PIN) is False


# Signing in


def test_the_right_pin_signs_in_and_enrols_the_tablet(door: Door) -> None:
    found = access.sign_in(door.store, "tablet", door.nora.id, PIN, door.clock)
    assert (found.staff, found.device) == (door.nora, "tablet")
    assert found.expires_at == door.clock.now() + access.SIGN_IN_LASTS
    assert door.store.current_sign_in("tablet") == found
    device = door.store.device("tablet")
    assert device is not None
    assert device.kind == "tablet"
    access.sign_out(door.store, found, "signed out")
    assert door.store.current_sign_in("tablet") is None
    assert verify(door.url) == []


def test_a_wrong_pin_signs_nobody_in_and_leaves_no_device(door: Door) -> None:
    with pytest.raises(PinRefused, match="This PIN is not right") as refused:
        access.sign_in(door.store, "tablet", door.nora.id, WRONG, door.clock)
    assert refused.value.wait_seconds == 0
    assert door.store.device("tablet") is None
    assert door.store.current_sign_in("tablet") is None


@pytest.mark.parametrize("staff", ["nobody", ""])
def test_an_unknown_name_is_answered_like_a_wrong_pin(door: Door, staff: str) -> None:
    door.try_pin(WRONG)
    of_a_wrong_pin = door.said
    with pytest.raises(PinRefused) as refused:
        access.sign_in(door.store, "other", staff, PIN, door.clock)
    assert refused.value.sentence == of_a_wrong_pin


def test_who_has_left_or_has_no_pin_does_not_get_in(door: Door) -> None:
    door.store.remove_staff(door.nils.id, door.nora.id)
    newcomer = door.store.add_staff("Nina Neu", "nurse", None, "")
    for person in (door.nils, newcomer):
        with pytest.raises(PinRefused, match="This PIN is not right"):
            access.sign_in(door.store, "tablet", person.id, PIN, door.clock)


def test_what_is_not_six_digits_is_said_and_not_counted(door: Door) -> None:
    for _ in range(10):
        assert door.try_pin("12") == 0
        assert door.said == "PIN: expected six digits."
    assert door.try_pin(PIN) == 0
    assert door.said == ""


def test_wrong_pins_slow_the_next_try_more_and_more(door: Door) -> None:
    door.tablet("tablet")
    assert [door.try_pin(WRONG) for _ in range(3)] == [0, 0, 30]
    assert door.said == "This PIN is not right. The next try is possible in 30 seconds."
    assert door.try_pin(PIN) == 30  # not even the right one
    assert door.said == "Too many wrong PINs: the next try is possible in 30 seconds."
    door.clock.forward(29.5)
    assert door.try_pin(PIN) == 1
    waits = []
    for wait in (0.5, 60, 120, 240):
        door.clock.forward(wait)
        waits.append(door.try_pin(WRONG))
    assert waits == [60, 120, 240, 300]
    assert door.said == "This PIN is not right. The next try is possible in 5 minutes."


def test_a_try_during_the_wait_does_not_make_it_longer(door: Door) -> None:
    door.tablet("tablet")
    for _ in range(3):
        door.try_pin(WRONG)
    for _ in range(29):
        door.clock.forward(1)
        door.try_pin(WRONG)
    door.clock.forward(1)
    assert door.try_pin(PIN) == 0
    assert door.store.current_sign_in("tablet") is not None


def test_a_right_pin_starts_the_count_anew(door: Door) -> None:
    door.tablet("tablet")
    door.try_pin(WRONG)
    door.try_pin(WRONG)
    assert door.try_pin(PIN) == 0
    assert [door.try_pin(WRONG) for _ in range(3)] == [0, 0, 30]


def test_wrong_pins_are_forgotten_after_a_quarter_of_an_hour(door: Door) -> None:
    door.tablet("tablet")
    door.try_pin(WRONG)
    door.try_pin(WRONG)
    door.clock.forward(15 * 60 + 1)
    assert [door.try_pin(WRONG) for _ in range(3)] == [0, 0, 30]


def test_on_a_known_tablet_a_person_is_slowed_and_others_are_not(door: Door) -> None:
    door.tablet("tablet")
    assert [door.try_pin(WRONG) for _ in range(3)] == [0, 0, 30]
    assert door.try_pin(PIN) == 30
    assert door.try_pin(PIN, door.nils) == 0
    assert door.said == ""


def test_a_person_slowed_on_one_tablet_gets_in_on_another(door: Door) -> None:
    for tablet in ("tablet", "other"):
        door.tablet(tablet)
    assert [door.try_pin(WRONG) for _ in range(3)] == [0, 0, 30]
    assert door.try_pin(PIN, device="other") == 0
    assert door.said == ""


def test_a_stranger_with_many_browsers_locks_nobody_out_on_a_known_tablet(door: Door) -> None:
    door.tablet("tablet")
    for number in range(40):
        door.try_pin(WRONG, device=f"browser {number}")
    assert door.try_pin(PIN) == 0
    assert door.said == ""


def test_all_browsers_that_nobody_signed_in_on_share_one_brake(door: Door) -> None:
    door.tablet("tablet")
    people = [door.nora, door.nils, Staff("stranger", "", "nurse")] * 2
    waits = [door.try_pin(WRONG, person, f"browser {number}") for number, person in enumerate(people)]
    assert waits == [0, 0, 0, 0, 0, 30]
    assert door.try_pin(PIN, door.nils, device="yet another") == 30
    door.clock.forward(30)
    assert door.try_pin(PIN, door.nils, device="yet another") == 0
    assert door.try_pin(WRONG, device="and another") == 60, "whose PIN one of them knew says nothing of the others"
    assert door.try_pin(PIN, device="yet another") == 0, "it is known now"


def test_a_known_tablet_is_slowed_for_every_person_and_other_tablets_are_not(door: Door) -> None:
    for tablet in ("tablet", "other"):
        door.tablet(tablet)
    strangers = [Staff(f"s{number}", "", "nurse") for number in range(6)]
    assert [door.try_pin(WRONG, stranger) for stranger in strangers] == [0, 0, 0, 0, 0, 30]
    assert door.try_pin(PIN, door.nils) == 30
    assert door.try_pin(PIN, door.nils, device="other") == 0
    assert door.said == ""


def test_counts_survive_a_restart(door: Door) -> None:
    door.tablet("tablet")
    for _ in range(3):
        door.try_pin(WRONG)
    door.store.close()
    door.store = Store.open(door.url, door.clock)
    assert door.try_pin(PIN) == 30


def test_many_tries_at_once_are_counted_one_by_one(door: Door) -> None:
    together = threading.Barrier(8)
    assert access.FREE_TRIES_ELSEWHERE < 8

    def guess(number: int) -> bool:
        together.wait()
        try:
            access.sign_in(door.store, f"browser {number}", door.nora.id, WRONG, door.clock)
        except PinRefused as refused:
            return refused.sentence.startswith("This PIN is not right")  # it was looked at
        return True

    with ThreadPoolExecutor(8) as threads:
        looked_at = sum(threads.map(guess, range(8)))
    assert looked_at == access.FREE_TRIES_ELSEWHERE


def test_a_clock_that_was_put_back_keeps_nobody_waiting_longer(door: Door) -> None:
    """Wrong PINs typed while the clock was an hour ahead are no reason to wait an hour, nor do they count at all."""
    door.tablet("tablet")
    for _ in range(8):
        door.try_pin(WRONG)
        door.clock.forward(300)
    assert door.try_pin(WRONG) > 0
    door.clock.forward(-3600)
    assert door.try_pin(PIN) == 0
    assert door.said == ""


def test_no_wait_is_longer_than_the_longest(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    door.tablet("tablet")
    for _ in range(access.FREE_TRIES):
        door.try_pin(WRONG)
    monkeypatch.setattr(door.clock, "seconds_until", lambda instant: 3600.0)
    assert door.try_pin(PIN) == access.LONGEST_WAIT.total_seconds()


def test_a_wait_is_told_in_real_seconds(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a demonstration that runs ten times as fast, half a minute of the clinic is three seconds at the tablet."""
    monkeypatch.setattr(
        HeldClock, "seconds_until", lambda clock, instant: (instant - clock.now()).total_seconds() / 10, raising=False
    )
    door.tablet("tablet")
    assert [door.try_pin(WRONG) for _ in range(3)] == [0, 0, 3]


# Cookies


def test_a_cookie_names_its_device_only_under_its_own_secret() -> None:
    secret, other = "s" * 32, "t" * 32
    cookie = access.make_cookie("device-1", secret)
    assert access.read_cookie(cookie, secret) == "device-1"
    assert access.read_cookie(cookie, other) is None


@pytest.mark.parametrize("value", ["", "device-1", "device-1.", ".x", "device-2." + "A" * 43, "ä.ö", "\ud800", "a.b.c"])
def test_other_values_are_no_cookie(value: str) -> None:
    assert access.read_cookie(value, "s" * 32) is None


def test_a_changed_cookie_is_no_cookie() -> None:
    cookie = access.make_cookie("device-1", "s" * 32)
    for index in range(len(cookie)):
        changed = cookie[:index] + ("x" if cookie[index] != "x" else "y") + cookie[index + 1 :]
        # The last character of a signature carries two unused bits; a change there may be no change.
        assert access.read_cookie(changed, "s" * 32) is None or index == len(cookie) - 1


def test_the_secret_is_kept_beside_the_database_for_its_owner_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/clinic.db"
    made = access.secret_for(url, {})
    file = tmp_path / "clinic.db.key"
    assert len(made) == 64
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert access.secret_for(url, {}) == made
    assert access.secret_for(f"sqlite:///{tmp_path}/other.db", {}) != made
    file.chmod(0o644)
    assert access.secret_for(url, {}) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_key_file_half_written_is_written_anew(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/clinic.db"
    (tmp_path / "clinic.db.key").write_text("abc")
    made = access.secret_for(url, {})
    assert len(made) == 64
    assert access.secret_for(url, {}) == made


def test_the_secret_of_the_environment_is_used_and_not_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/clinic.db"
    assert access.secret_for(url, {"MONITORING_SECRET": "s" * 32}) == "s" * 32
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match="has 31 characters: expected at least 32") as refused:
        access.secret_for(url, {"MONITORING_SECRET": "x" * 31})
    assert "xxx" not in str(refused.value)


def _actor(role: str) -> Actor:
    from monitoring.records import SignIn

    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    person = Staff("nora", "Nora Nuss", role)
    return Actor(person, SignIn("s", "tablet", person, now, now + timedelta(hours=8)))
