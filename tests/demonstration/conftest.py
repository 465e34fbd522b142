"""The demonstration clinic, filled once on a Wednesday in March, to be looked at or copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.clinical.protocol import Protocol
from monitoring.clinical.protocol_file import read_protocol
from monitoring.demonstration import generate
from monitoring.records import Store
from tests.small_clinic import SetClock, begin

NOON = datetime(2026, 3, 4, 11, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Demonstration:
    """A filled store, its clock and the protocol it runs under."""

    store: Store
    clock: SetClock
    protocol: Protocol
    file: Path


def filled(file: Path, at: datetime = NOON, **more: int) -> Demonstration:
    """A demonstration in a new file, as of an instant."""
    clock = SetClock(at)
    store = Store.open(f"sqlite:///{begin(file)}", clock)
    generate.fill(store, clock, **more)
    stored = store.current_protocol()
    assert stored is not None
    return Demonstration(store, clock, read_protocol(stored.text, "stored"), file)


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demonstration]:
    """The shipped demonstration, to be read."""
    demonstration = filled(tmp_path_factory.mktemp("demonstration") / "demonstration.db")
    yield demonstration
    demonstration.store.close()


@pytest.fixture
def demonstration(shown: Demonstration, tmp_path: Path) -> Iterator[Demonstration]:
    """The shipped demonstration in a file of its own, to be written."""
    file = tmp_path / "demonstration.db"
    for part in ("", "-wal"):
        if (source := Path(f"{shown.file}{part}")).exists():
            shutil.copy(source, f"{file}{part}")
    clock = SetClock(NOON)
    store = Store.open(f"sqlite:///{file}", clock)
    yield Demonstration(store, clock, shown.protocol, file)
    store.close()
