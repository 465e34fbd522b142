"""A process that saves entries as fast as it can and says each id after it was saved. `test_survival` kills it.

It imports once and then forks for each life, so that a life costs milliseconds. Protocol, a line each:
in: the number of the life; out: "pid N", then "saved ID" for each entry.
"""

from __future__ import annotations

import os
import sys
from itertools import count

from monitoring.clinical.record import Event, Reading
from monitoring.clock import Clock
from monitoring.records import NewEntry, Store


def live(url: str, life: int) -> None:
    """Save entries, each of its own content, until killed."""
    os.write(1, f"pid {os.getpid()}\n".encode())
    clock = Clock()
    store = Store.open(url, clock)
    nurse = next(person.id for person in store.staff() if person.role == "nurse")
    for number in count():
        id, now = f"{life}-{number}", clock.now()
        readings = tuple(Reading(f"{id}/{name}", name, 100.0 + number) for name in ("systolic", "diastolic", "spo2"))
        event = Event("note", {"text": f"life {life}"}) if number % 7 == 0 else None
        entry = NewEntry(id, "event" if event else "set", now, now, nurse, () if event else readings, event=event)
        store.add_entry(("one", "two")[number % 2], entry)
        os.write(1, f"saved {id}\n".encode())


def main(url: str) -> None:
    """One life for each line of input."""
    for line in sys.stdin:
        if os.fork() == 0:
            live(url, int(line))
        os.wait()
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main(sys.argv[1])
