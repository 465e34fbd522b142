"""Views on their way into the records: who looks at a patient's values never waits until that is written down."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from monitoring.records.shapes import StoreRefused, StoreUnwritable

MOST_WAITING: Final = 10_000
AT_ONCE: Final = 50  # in one transaction: a nurse's entry waits for no more
RETRY_SECONDS: Final = 2.0
LAST_TRY_SECONDS: Final = 8.0  # how long the end of the server waits for the last ones

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewView:
    """That a person looked at an infusion; `staff_id` is "" for a wall screen."""

    staff_id: str
    infusion_id: str
    screen: str
    at: datetime


class WaitingViews:
    """Hands views to `write` in their order, in a thread of its own, again and again until it takes them.

    `write` raises StoreUnwritable when another try may help. A view that is never written (refused, beyond
    MOST_WAITING, or still waiting when the server ends) stands in the log with all it says. Safe to use from many
    threads.
    """

    def __init__(self, write: Callable[[Sequence[NewView]], object]) -> None:
        self._write = write
        self._waiting: deque[NewView] = deque()
        self._changed = threading.Condition()
        self._ends = False
        self._thread: threading.Thread | None = None

    def add(self, view: NewView) -> None:
        """Let this view be written as soon as that is possible. Returns at once."""
        with self._changed:
            if self._ends or len(self._waiting) >= MOST_WAITING:
                _lost([view], "too many wait already, or the server ends")
                return
            self._waiting.append(view)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="views", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def of(self, infusion_id: str) -> tuple[NewView, ...]:
        """The views of an infusion that are not known to be written yet."""
        with self._changed:
            return tuple(view for view in self._waiting if view.infusion_id == infusion_id)

    def close(self) -> None:
        """Try to write what waits, once more; what then is left is told to the log."""
        with self._changed:
            self._ends = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(LAST_TRY_SECONDS)
        with self._changed:
            _lost(self._waiting, "they could not be written before the server ended")
            self._waiting.clear()

    def _run(self) -> None:
        told = False
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ends or self._waiting)
                views, ends = tuple(islice(self._waiting, AT_ONCE)), self._ends
            if not views:
                return
            try:
                self._try(views)
                told = False
            except StoreUnwritable as no:
                if not told:
                    _log.warning("Views wait to be written down: %s", no.sentence)
                    told = True
                if ends:
                    return
                with self._changed:
                    self._changed.wait_for(lambda: self._ends, RETRY_SECONDS)

    def _try(self, views: Sequence[NewView]) -> None:
        try:
            self._write(views)
        except StoreRefused as no:
            if len(views) == 1:
                _lost(views, no.sentence)
            else:
                for view in views:  # one that does not fit must not keep the others out
                    self._try([view])
                return
        except StoreUnwritable:
            raise
        except Exception:
            _log.exception("A view could not be written down.")
            _lost(views, "an error")
        with self._changed:
            for _ in views:
                if self._waiting:
                    self._waiting.popleft()


def _lost(views: Sequence[NewView] | deque[NewView], why: str) -> None:
    for view in views:
        _log.error("A view was not written down (%s): %s", why, view)
