"""What documents ask of the store again and again, asked once and anew only when the store tells of a change."""

from __future__ import annotations

import threading
from typing import Final
from weakref import WeakKeyDictionary

from monitoring.clinic import RunningClinic
from monitoring.clinical.signing import still_to_sign
from monitoring.records import Staff, Store


def staff_of(clinic: RunningClinic) -> tuple[Staff, ...]:
    """Those who work here now, by name."""
    return _known(clinic).staff(clinic)


def to_sign(clinic: RunningClinic) -> int:
    """How many infusions the patient has left that are not signed by everybody their protocol asks for."""
    return _known(clinic).count_unsigned(clinic)


def forget(store: Store) -> None:
    """Ask anew, as after a start of the server."""
    with _LOCK:
        found = _KNOWN.pop(store, None)
    if found is not None:
        found.unsubscribe()


def _known(clinic: RunningClinic) -> _Known:
    with _LOCK:
        known = _KNOWN.get(clinic.store)
        if known is None:
            known = _KNOWN[clinic.store] = _Known(clinic.store)
        return known


class _Known:
    """What is known of one store. Which infusions are unsigned is told by counts and judged, then as they change."""

    def __init__(self, store: Store) -> None:
        self._lock = threading.Lock()  # held for a moment only: the writing thread waits for it
        self._counting = threading.Lock()
        self._staff_changes = 0
        self._staff: tuple[int, tuple[Staff, ...]] = (-1, ())  # as read after so many changes
        self._changed: set[str] = set()
        self._wanting: set[str] | None = None
        self.unsubscribe = store.subscribe(self._told)  # before reading: what is stored meanwhile is read again

    def _told(self, kind: str, id: str) -> None:
        with self._lock:
            if kind == "staff":
                self._staff_changes += 1
            elif kind == "infusion":
                self._changed.add(id)

    def staff(self, clinic: RunningClinic) -> tuple[Staff, ...]:
        """Those who work here now."""
        with self._lock:
            changes, (read_after, found) = self._staff_changes, self._staff
        if read_after != changes:
            found = clinic.store.staff()
            with self._lock:
                self._staff = (changes, found)
        return found

    def count_unsigned(self, clinic: RunningClinic) -> int:
        """How many want a signature now."""
        with self._counting:
            with self._lock:
                changed, self._changed = self._changed, set()
            if self._wanting is None:
                self._wanting = _unsigned(clinic)
            for id in changed:
                if _wants(clinic, id):
                    self._wanting.add(id)
                else:
                    self._wanting.discard(id)
            return len(self._wanting)


def _unsigned(clinic: RunningClinic) -> set[str]:
    """Those that want a signature, none of the others loaded. A signature that waited in an outbox may not count."""
    closed = clinic.store.past_events("close")
    return {
        id
        for id, (protocol, signed) in clinic.store.past_events("sign", live=True).items()
        if closed.get(id, ("", 0))[1]
        and signed < len(clinic.protocol_of(protocol).people.signatures)
        and _wants(clinic, id)
    }


def _wants(clinic: RunningClinic, infusion_id: str) -> bool:
    infusion = clinic.store.infusion(infusion_id)
    return infusion is not None and still_to_sign(infusion, clinic.protocol_of(infusion.protocol)) > 0


_LOCK: Final = threading.Lock()
_KNOWN: Final[WeakKeyDictionary[Store, _Known]] = WeakKeyDictionary()
