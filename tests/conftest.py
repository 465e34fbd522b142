"""What many tests share: the small clinic, in this process and behind a real server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from monitoring import access
from monitoring.clinic import RunningClinic
from monitoring.clock import Clock
from tests.server import Server
from tests.small_clinic import Names, SetClock, furnish, opened

TEN = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
TESTS = Path(__file__).parent
# What takes longest begins first, so that no worker is left alone with it at the end.
FIRST = (
    "stories/test_value_for_value.py",
    "stories/test_demonstration.py",
    "stories/test_out_of_the_ordinary.py",
    "stories/test_layout.py",
    "stories/test_tablets.py",
    "stories",
    "test_routes.py",
    "test_doors.py",
    "records",
    "demonstration",
    "screens",
    "test_clinic.py",
    "test_command_line.py",
    "test_recording.py",
    "test_access.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort the files by how long they take. `--no-loadscope-reorder` keeps them so when they are handed to workers."""

    def place(item: pytest.Item) -> int:
        file = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        return next((n for n, first in enumerate(FIRST) if f"{file}/".startswith(f"{first}/")), len(FIRST))

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def quick_pins() -> Iterator[None]:
    """PINs are hashed at the least cost in this process. A hash tells its own cost: it is checked as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(access, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def furnished_then(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Names]:
    """The small clinic's file as it was on a day in March, to be copied."""
    file = tmp_path_factory.mktemp("then") / "clinic.db"
    return file, furnish(file, SetClock(TEN))


@pytest.fixture(scope="session")
def furnished_now(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Names]:
    """The small clinic's file, furnished now, to be copied."""
    file = tmp_path_factory.mktemp("now") / "clinic.db"
    return file, furnish(file, Clock())


@pytest.fixture
def names(furnished_then: tuple[Path, Names]) -> Names:
    """The ids in `clinic`."""
    return furnished_then[1]


@pytest.fixture
def clock() -> SetClock:
    """Ten o'clock in `clinic`, until a test lets time pass."""
    return SetClock(TEN)


@pytest.fixture
def clinic(furnished_then: tuple[Path, Names], tmp_path: Path, clock: SetClock) -> Iterator[RunningClinic]:
    """The small clinic, open in this process; its clock is `clock`."""
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_then[0], file)
    with opened(file, clock) as running:
        yield running


@pytest.fixture
def empty_clinic(tmp_path: Path, clock: SetClock) -> Iterator[RunningClinic]:
    """A clinic that nobody has set up, open in this process."""
    with opened(tmp_path / "empty.db", clock) as running:
        yield running


@pytest.fixture(scope="module")
def served(furnished_now: tuple[Path, Names], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The small clinic behind a real server, one for all tests of a module."""
    file = tmp_path_factory.mktemp("served") / "clinic.db"
    shutil.copy(furnished_now[0], file)
    with Server(file) as server:
        yield server


@pytest.fixture(scope="module")
def served_names(furnished_now: tuple[Path, Names]) -> Names:
    """The ids behind `served`."""
    return furnished_now[1]
