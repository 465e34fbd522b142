"""The staged nurse at work: a thread that plays what is due, for as long as the demonstration runs."""

from __future__ import annotations

import logging
import threading

from monitoring.clock import Clock
from monitoring.demonstration.player import Player
from monitoring.records import Store

_log = logging.getLogger(__name__)


class StagedNurse(threading.Thread):
    """Lets the demonstration's nurse record what comes next, as its time goes by."""

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(name="staged nurse", daemon=True)
        self._store = store
        self._clock = clock
        self._left = threading.Event()

    def leave(self) -> None:
        """She goes home; waits until she has put down what she was writing."""
        self._left.set()
        self.join()

    def run(self) -> None:
        """Record until she leaves."""
        player: Player | None = None
        while not self._left.wait(self._wait(player)):
            try:
                player = player or Player(self._store, self._clock)
                player.play()
            except Exception:
                _log.exception("The demonstration's nurse stumbled; she begins anew.")
                player = None

    def _wait(self, player: Player | None) -> float:
        """Real seconds until she has something to do; short, because the rate of time may be changed meanwhile."""
        due = None if player is None else player.next_due()
        return 1.0 if due is None else min(max(self._clock.seconds_until(due), 0.05), 1.0)
