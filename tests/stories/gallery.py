"""A clinic to look at: every phase at a chair of its own, a very long name, and more flags than there is room for.

It was lived through before the test: its clock was set to the past, and its people recorded as time went by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from monitoring import recording
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical.leaving import LEFT
from tests.small_clinic import PEOPLE, SetClock, actor, attested, entry, event, open_infusion, opened
from tests.stories.ward import Ward

LONG_NAME: Final = "Maximiliane-Alexandrina Freifrau von und zu Hohenfels-Wittgenstein-Oberndorf am See"
HOSTILE_NAME: Final = "*Ann* [x](http://y.example) _b_ <b>c</b> `d` # :red[e] $f$ &amp; “g”"
CHAIRS: Final = (
    "Window",
    "Corner room by the garden",
    "Door",
    "Chair 4",
    "Chair 5",
    "Chair 6",
    "Chair 7",
    "Chair 8",
    "Chair 9",
)
MORE_STAFF: Final = (
    "Mei Tanaka",
    "Bartholomew Featherstonehaugh",
    "Ama Boateng",
    "Siobhán O'Rourke",
    "Юлия Ковальчук",
    "Luis Ortega",
)
# Far outside, with a change from the baseline, and values of many digits.
OUTSIDE: Final = {"systolic": 204.0, "diastolic": 118.0, "heart_rate": 141.0, "spo2": 90.0, "respiration": 26.0}


@dataclass(frozen=True)
class Gallery:
    """The clinic, running, and the ids of its infusions by what they show."""

    ward: Ward
    infusions: Mapping[str, str]


def furnish(file: Path) -> dict[str, str]:
    """Let a clinic live through its last hour, up to now; the ids of its infusions by what they show.

    The ranges are not approved: that is one banner more.
    """
    clock = SetClock(datetime.now(UTC) - timedelta(minutes=70))
    with opened(file, clock) as clinic:
        done = recording.set_up_clinic(
            clinic,
            name="Clinic at the Lake",
            zone="Europe/Berlin",
            chairs=CHAIRS,
            administrator="Petra Novak",
            administrator_pin=PEOPLE["Petra Novak"][1],
            clinician="Dr Ines Weiss",
            clinician_pin=PEOPLE["Dr Ines Weiss"][1],
        )
        assert done.done, done.sentences
        petra = actor(clinic, "Petra Novak")
        for name in ("Ada Okafor", "Jonas Lund", *MORE_STAFF):
            role, pin = PEOPLE.get(name, ("nurse", "161803"))
            assert recording.add_staff(clinic, petra, name=name, role=role, pin=pin).done
        ada = actor(clinic, "Ada Okafor")
        chairs = [chair.id for chair in clinic.store.chairs()]

        closed = _opened(clinic, ada, HOSTILE_NAME, "K_0301*", chairs[4])
        _save(clinic, ada, closed, entry(clock.now()), event(clock.now(), "start"))
        recovery = _opened(clinic, ada, "Lin Sørensen", "K-0103", chairs[3])
        _save(clinic, ada, recovery, entry(clock.now()), event(clock.now(), "start"))
        clock.wait(minutes=20)
        for one in (closed, recovery):
            _save(clinic, ada, one, entry(clock.now()))
        clock.wait(minutes=20)
        _save(clinic, ada, closed, entry(clock.now()), event(clock.now(), "end"))
        leaves = event(clock.now(), "close", reason="patient's wish")
        _save(clinic, ada, closed, attested(clinic, ada, closed, leaves, LEFT, "Jonas Lund"))
        _save(clinic, ada, recovery, entry(clock.now()), event(clock.now(), "end"))

        flags = _opened(
            clinic, ada, LONG_NAME, "INV-1006-2231/B", chairs[1], weight_kg=113.5, allergies="penicillin, latex, kiwi"
        )
        quiet = _opened(clinic, ada, "Omar Haddad", "K-0102", chairs[2])
        for one in (flags, quiet):
            _save(clinic, ada, one, entry(clock.now()), event(clock.now(), "start"))
        clock.wait(minutes=10)
        for one in (flags, quiet):
            _save(clinic, ada, one, entry(clock.now()))
        clock.wait(minutes=10)
        planned = _opened(clinic, ada, "Marta Brandt", "K-0101", chairs[0])
        _save(clinic, ada, planned, entry(clock.now()))
        _save(clinic, ada, quiet, entry(clock.now()))
        clock.wait(minutes=6)
        _save(clinic, ada, flags, entry(clock.now(), readings=OUTSIDE))
        ratings = {"dissociation": 4, "sedation": 2, "distress": 2}
        for measure, value in ratings.items():
            _save(clinic, ada, flags, entry(clock.now(), "observation", {measure: value}))
        long = "Says the ceiling is breathing and that her hands are very far away; asks for the light to be dimmed."
        _save(clinic, ada, flags, event(clock.now(), "note", text=long))
        _save(clinic, ada, flags, event(clock.now(), "pause", reason="blood pressure"))
        looks = {"closed": closed, "recovery": recovery, "flags": flags, "quiet": quiet, "planned": planned}
        for n, chair in enumerate(chairs[6:]):
            arriving = _opened(clinic, ada, f"Patient {n}", f"K-09{n}", chair)
            _save(clinic, ada, arriving, entry(clock.now()), event(clock.now(), "start"))
            looks[f"arriving {n}"] = arriving
    return looks


def _opened(
    clinic: RunningClinic, by: Actor, name: str, number: str, chair: str, weight_kg: float = 72.0, allergies: str = ""
) -> str:
    registered = recording.register_patient(
        clinic, by, number=number, name=name, birth_date=date(1951, 5, 14), sex="female", allergies=allergies
    )
    assert registered.value is not None, registered.sentences
    return open_infusion(clinic, by, registered.value.id, chair, weight_kg=weight_kg)


def _save(clinic: RunningClinic, by: Actor, infusion: str, *bodies: Mapping[str, object]) -> None:
    for body in bodies:
        saved = recording.save_entry(clinic, by, infusion, body)
        assert saved.done, saved.sentences
