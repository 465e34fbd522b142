"""Views wait for their turn behind the reader's back: in order, once each, and none is lost without a word."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.records import StoreRefused, StoreUnwritable, database, views
from monitoring.records.verify import verify
from monitoring.records.views import NewView, WaitingViews
from tests.records.ward import Ward

TEN = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)


def view(number: int, infusion: str = "one") -> NewView:
    return NewView("nurse", infusion, "bedside", TEN + timedelta(seconds=number))


class Records:
    """Takes views when it is told to; `open` is set while it does."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.refused = threading.Event()
        self.written: list[NewView] = []
        self.does_not_fit: NewView | None = None

    def write(self, new: tuple[NewView, ...]) -> None:
        if not self.open.is_set():
            self.refused.set()
            raise StoreUnwritable("Not saved: the disk is full.")
        if self.does_not_fit in new:
            raise StoreRefused("This infusion is not stored here.")
        self.written += new


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "RETRY_SECONDS", 0.001)


def test_they_wait_until_they_can_be_written_and_are_written_once_in_order(caplog: pytest.LogCaptureFixture) -> None:
    records = Records()
    waiting = WaitingViews(records.write)  # type: ignore[arg-type]
    for number in range(120):
        waiting.add(view(number, "one" if number % 2 else "two"))
    assert records.refused.wait(30)
    assert waiting.of("one") == tuple(view(number) for number in range(1, 120, 2))
    records.open.set()
    waiting.close()
    assert records.written == [view(number, "one" if number % 2 else "two") for number in range(120)]
    assert waiting.of("one") == ()
    told = [record.getMessage() for record in caplog.records]
    assert told == ["Views wait to be written down: Not saved: the disk is full."]  # once, not with each try


def test_one_that_does_not_fit_keeps_no_other_out_and_stands_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    records = Records()
    records.does_not_fit = view(1)
    records.open.set()
    waiting = WaitingViews(records.write)  # type: ignore[arg-type]
    for number in range(3):
        waiting.add(view(number))
    waiting.close()
    assert records.written == [view(0), view(2)]
    [told] = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told.startswith("A view was not written down (This infusion is not stored here.): NewView(staff_id='nurse'")


def test_what_waits_at_the_end_or_is_too_much_stands_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "MOST_WAITING", 2)
    waiting = WaitingViews(Records().write)  # type: ignore[arg-type]
    for number in range(3):
        waiting.add(view(number))
    waiting.close()
    waiting.add(view(3))
    lost = [record.getMessage().partition("): ")[2] for record in caplog.records if record.levelno == logging.ERROR]
    assert lost == [str(view(number)) for number in (2, 0, 1, 3)]


def test_who_looks_while_the_file_is_locked_is_seen_at_once_and_written_afterwards(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.02)
    ward.opened("one")
    seen_at = ward.clock.now()
    with closing(sqlite3.connect(ward.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ward.store.note_view(ward.nurse.id, "one", "bedside")
        ward.clock.forward(minutes=1)
        assert [(one.name, one.screen, one.at) for one in ward.store.views_of("one")] == [
            (ward.nurse.name, "bedside", seen_at)
        ]
        other.execute("ROLLBACK")
    ward.store.note_view("", "one", "wall")
    store = ward.reopen()
    assert [(one.screen, one.at) for one in store.views_of("one")] == [
        ("bedside", seen_at),
        ("wall", ward.clock.now()),
    ]
    assert verify(ward.url) == []
