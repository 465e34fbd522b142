"""Fixtures for the records: an open store with its cast, real or demonstration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.records.ward import Ward, make_ward


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "clinic.db")
    yield made
    made.store.close()


@pytest.fixture
def demonstration(tmp_path: Path) -> Iterator[Ward]:
    made = make_ward(tmp_path / "demonstration.db", demonstration=True)
    yield made
    made.store.close()
