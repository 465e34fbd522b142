"""How many closed infusions still want a signature, known without reading years of them for each board."""

from __future__ import annotations

import threading
from typing import Final
from weakref import WeakKeyDictionary

from monitoring.clinic import RunningClinic
from monitoring.clinical.course import outlined
from monitoring.clinical.signing import locked
from monitoring.records import Store


def to_sign(clinic: RunningClinic) -> int:
    """How many infusions the patient has left that are not signed by everybody their protocol asks for."""
    with _LOCK:
        known = _KNOWN.get(clinic.store)
        if known is None:
            known = _KNOWN[clinic.store] = _Unsigned(clinic)
    return known.count(clinic)


def forget(store: Store) -> None:
    """Count anew from what is stored, as after a start of the server."""
    with _LOCK:
        _KNOWN.pop(store, None)


class _Unsigned:
    """Which infusions want a signature: counted once from their events, then judged anew when something is stored."""

    def __init__(self, clinic: RunningClinic) -> None:
        self._lock = threading.Lock()  # held for a moment only: the writing thread waits for it
        self._counting = threading.Lock()
        self._changed: set[str] = set()
        clinic.store.subscribe(self._told)  # before reading: what is stored meanwhile is judged again
        closed = clinic.store.past_events("close")
        self._wanting = {
            id
            for id, (protocol, signed) in clinic.store.past_events("sign").items()
            if closed.get(id, ("", 0))[1] and signed < len(clinic.protocol_of(protocol).people.signatures)
        }

    def _told(self, kind: str, id: str) -> None:
        if kind == "infusion":
            with self._lock:
                self._changed.add(id)

    def count(self, clinic: RunningClinic) -> int:
        """How many there are now."""
        with self._counting:
            with self._lock:
                changed, self._changed = self._changed, set()
            for id in changed:
                if _wants(clinic, id):
                    self._wanting.add(id)
                else:
                    self._wanting.discard(id)
            return len(self._wanting)


def _wants(clinic: RunningClinic, infusion_id: str) -> bool:
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None or outlined(infusion).phase != "closed":
        return False
    protocol = clinic.protocol_of(infusion.protocol)
    return bool(protocol.people.signatures) and not locked(infusion, protocol)


_LOCK: Final = threading.Lock()
_KNOWN: Final[WeakKeyDictionary[Store, _Unsigned]] = WeakKeyDictionary()
