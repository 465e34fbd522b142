"""What the tests of pages share: a running clinic, and browser tabs that go through the frame like everybody's."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from monitoring import clinic as running_clinic
from monitoring.clinic import RunningClinic
from monitoring.screens import identity
from tests.screens.tab import Doorman
from tests.small_clinic import SECRET, Names


def run(file: Path) -> RunningClinic:
    """Run the clinic in this file, in this process, as the server would."""
    environment = {"MONITORING_DB": f"sqlite:///{file}", "MONITORING_SECRET": SECRET}
    return running_clinic.open_clinic(lambda _clinic, _id: {}, lambda _clinic, _wall: {}, environment)


@pytest.fixture
def house(furnished_now: tuple[Path, Names], tmp_path: Path) -> Iterator[RunningClinic]:
    """The small clinic, running."""
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    yield run(file)
    running_clinic.close_clinic()


@pytest.fixture
def nothing_yet(tmp_path: Path) -> Iterator[RunningClinic]:
    """A clinic that nobody has set up, running."""
    yield run(tmp_path / "clinic.db")
    running_clinic.close_clinic()


@pytest.fixture
def ids(furnished_now: tuple[Path, Names]) -> Names:
    """The ids in `house`."""
    return furnished_now[1]


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Doorman:
    """Opens tabs: with a name for somebody who has signed in, without for a stranger."""
    doorman = Doorman()
    monkeypatch.setattr(identity, "device_cookie", doorman.cookie)
    # Streamlit looks through every installed package for components, anew for each tab; none of ours come in one.
    monkeypatch.setattr(manifest_scanner, "scan_component_manifests", lambda *_args, **_more: [])
    return doorman
