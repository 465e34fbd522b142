"""Keeping the summaries current: what the audit chain says has changed is worked out anew before it is searched.

A few are done at once, while somebody waits. Many (the first time, or after an update of the program that judges
otherwise) are done in the background, a few at a time, so that entries are saved meanwhile.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary, WeakSet
from zoneinfo import ZoneInfo

from monitoring.clinic import RunningClinic
from monitoring.records import Store, StoreUnwritable
from monitoring.records.summary_shapes import Summary
from monitoring.review.summary import summary

AT_ONCE_SECONDS: Final = 0.6  # how long somebody who searches is kept waiting for what is due
_BATCH: Final = 20  # infusions in one transaction: a nurse's entry waits for no more
_PACKAGE: Final = Path(__file__).resolve().parents[1]
_log = logging.getLogger(__name__)

Told = Callable[[int, int], object]  # how many are done, of how many


@cache
def made_by() -> str:
    """Which functions work summaries out: a digest of their sources. With others, every summary is made anew."""
    sources = [
        *sorted((_PACKAGE / "clinical").rglob("*.py")),
        _PACKAGE / "review" / "summary.py",
        _PACKAGE / "records" / "spelling.py",
        _PACKAGE / "records" / "summaries.py",
        _PACKAGE / "records" / "summary_shapes.py",
    ]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


def catch_up(clinic: RunningClinic, *, seconds: float = AT_ONCE_SECONDS) -> int:
    """Work out anew what has changed since the last time; answers how many are still to come.

    What is not done within `seconds` goes on in the background, or is tried again with the next call: when the records
    of an infusion cannot be judged, or while somebody else is writing, for which no reader waits.
    """
    summaries, due = clinic.store.summaries, 1
    try:
        with summaries.catching_up:
            due = summaries.notice(made_by(), clinic.clock.now())
            if not due or clinic.store in _working:
                return due
            until = time.monotonic() + seconds
            last = ""
            while time.monotonic() < until:
                ids = _do_some(clinic, last)
                if not ids:
                    return summaries.left()
                last = ids[-1]
    except StoreUnwritable as no:
        _log.info("Summaries wait until others have written: %s", no.sentence)
        return due
    _go_on(clinic)
    return summaries.left()


def not_judged(clinic: RunningClinic) -> int:
    """How many infusions were tried and could not be summed up: waiting longer does not bring them."""
    return len(_stuck.get(clinic.store, ()))


def rebuild(clinic: RunningClinic, told: Told = lambda done, of: None) -> int:
    """Throw all summaries away and work each out from its infusion; answers how many could not be."""
    summaries = clinic.store.summaries
    with summaries.catching_up:
        summaries.empty()
        of = summaries.notice(made_by(), clinic.clock.now())
        last, done = "", 0
        told(done, of)
        while ids := _do_some(clinic, last):
            last, done = ids[-1], done + len(ids)
            told(done, of)
    return summaries.left()


def _do_some(clinic: RunningClinic, after: str) -> tuple[str, ...]:
    """Work out the next few that are due; answers which were tried, none when all have been."""
    summaries = clinic.store.summaries
    ids = summaries.due(after, _BATCH)
    made: list[Summary] = []
    stuck = _stuck.setdefault(clinic.store, set())
    for infusion in summaries.infusions(ids):
        try:
            made.append(summary(infusion, clinic.protocol_of(infusion.protocol), clinic.clock.now()))
            stuck.discard(infusion.id)
        except Exception:  # one record that cannot be judged must not hide all the others
            stuck.add(infusion.id)
            _log.exception("Infusion %s cannot be summed up; it is left out of the search.", infusion.id)
    found = clinic.store.clinic()
    summaries.keep(made, ZoneInfo(found.zone if found else "UTC"))
    return ids


_stuck: Final[WeakKeyDictionary[Store, set[str]]] = WeakKeyDictionary()  # ids of infusions
_working: Final[WeakSet[Store]] = WeakSet()
_beginning: Final = threading.Lock()


def _go_on(clinic: RunningClinic) -> None:
    """Begin to work in the background, unless somebody does already."""
    with _beginning:
        if clinic.store in _working:
            return
        _working.add(clinic.store)
    threading.Thread(target=_work, args=(clinic,), name="summaries", daemon=True).start()


def _work(clinic: RunningClinic) -> None:
    """Half of the time for this, half for everybody else."""
    summaries, last = clinic.store.summaries, ""
    try:
        while True:
            began = time.monotonic()
            with summaries.catching_up:
                ids = _do_some(clinic, last)
            if not ids:
                return
            last = ids[-1]
            time.sleep(time.monotonic() - began)
    except Exception:
        _log.exception("Summaries are not kept current in the background; the next search tries again.")
    finally:
        with _beginning:
            _working.discard(clinic.store)
