"""The clinic opens from the environment, or says in one sentence why not; a demonstration never touches a real one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitoring import clinic
from monitoring.clock import DemonstrationClock
from monitoring.demonstration import generate
from monitoring.recording import set_up_clinic
from monitoring.records import RecordsError, Store, StoreRefused
from monitoring.records.database import file_of
from tests.server import Server
from tests.small_clinic import Names

Environment = dict[str, str]


def opened(environment: Environment) -> clinic.RunningClinic:
    """The clinic that this environment names, with documents that nobody looks at."""
    return clinic.open_clinic(lambda *_: {}, lambda *_: {}, environment)


@pytest.fixture(autouse=True)
def closed_again() -> Iterator[None]:
    """Whatever a test opened is let go."""
    yield
    clinic.close_clinic()


@pytest.fixture
def no_past(monkeypatch: pytest.MonkeyPatch) -> None:
    """Demonstrations have only what stands at their chairs now, which is filled in sooner."""
    monkeypatch.setattr(generate._Grown, "_past", lambda _: iter(()))


def address(file: Path) -> str:
    return f"sqlite:///{file}"


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"MONITORING_DEMO": "yes"}, "MONITORING_DEMO is 'yes': expected 1"),
        ({"MONITORING_DEMO": "1", "MONITORING_DEMO_RATE": "0"}, "MONITORING_DEMO_RATE is '0': expected a number"),
        ({"MONITORING_DEMO": "1", "MONITORING_DEMO_RATE": "4000"}, "from 1 to 3600"),
        ({"MONITORING_DEMO": "1", "MONITORING_DEMO_RATE": "nan"}, "'nan'"),
        ({"MONITORING_DEMO_RATE": "60"}, "only with MONITORING_DEMO=1"),
        ({"MONITORING_SIGN_IN_HOURS": "soon"}, "MONITORING_SIGN_IN_HOURS is 'soon'"),
        ({"MONITORING_SIGN_IN_HOURS": "25"}, "to 24"),
        ({"MONITORING_SECRET": "short"}, "MONITORING_SECRET has 5 characters"),
        ({"MONITORING_DB": "postgresql://user:hush@db/clinic"}, "postgresql"),
        ({"MONITORING_DB": "clinic.db"}, "sqlite:///"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(tmp_path: Path, environment: Environment, words: str) -> None:
    with pytest.raises((clinic.SettingRefused, RecordsError)) as refused:
        opened({"MONITORING_DB": address(tmp_path / "clinic.db")} | environment)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "hush" not in str(refused.value)
    opened({"MONITORING_DB": address(tmp_path / "clinic.db")})  # what was refused holds no lock


def test_without_any_value_the_file_is_in_data() -> None:
    settings = clinic.settings_from({})
    assert file_of(settings.url) == clinic.TOP / "data" / "clinic.db"
    assert file_of(settings.demonstration_url) == clinic.TOP / "data" / "demonstration.db"
    assert file_of(clinic.settings_from({"MONITORING_DEMO": "1"}).url) == clinic.TOP / "data" / "demonstration.db"


@pytest.mark.usefixtures("no_past")
def test_a_demonstration_is_fresh_at_each_start(tmp_path: Path) -> None:
    environment = {"MONITORING_DB": address(tmp_path / "demonstration.db"), "MONITORING_DEMO": "1"}
    first = opened(environment | {"MONITORING_DEMO_RATE": "3600"})
    assert first.demonstration
    assert isinstance(first.clock, DemonstrationClock)
    assert first.clock.rate == 3600
    device = first.store.add_device("tablet", "left behind", by="")
    clinic.close_clinic()
    second = opened(environment)
    assert second.store.device(device) is None
    assert second.store.open_infusions()


def test_a_demonstration_never_replaces_a_real_clinic(furnished_then: tuple[Path, Names], tmp_path: Path) -> None:
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_then[0], file)
    before = file.read_bytes()
    with pytest.raises(StoreRefused, match="holds Clinic at the Lake, not a demonstration"):
        opened({"MONITORING_DB": address(file), "MONITORING_DEMO": "1"})
    assert file.read_bytes() == before
    assert opened({"MONITORING_DB": address(file)}).store.clinic() is not None


@pytest.mark.usefixtures("no_past")
def test_a_demonstration_file_is_never_run_as_a_real_clinic(tmp_path: Path) -> None:
    environment = {"MONITORING_DB": address(tmp_path / "clinic.db")}
    opened(environment | {"MONITORING_DEMO": "1"})
    clinic.close_clinic()
    with pytest.raises(StoreRefused, match="holds a demonstration"):
        opened(environment)


@pytest.mark.usefixtures("no_past")
def test_the_demonstration_opens_beside_an_empty_database_only(tmp_path: Path) -> None:
    running = opened({"MONITORING_DB": address(tmp_path / "clinic.db")})
    told: list[Any] = []
    running.live.turn_to = told.append  # type: ignore[method-assign]
    demonstration = clinic.open_demonstration(60)
    assert clinic.running() is demonstration
    assert demonstration.live is running.live
    assert told == [demonstration.clock]
    assert demonstration.clock.rate == 60
    assert file_of(demonstration.store.url) == tmp_path / "demonstration.db"
    with pytest.raises(StoreRefused):
        clinic.open_demonstration()
    clinic.close_clinic()

    real = opened({"MONITORING_DB": address(tmp_path / "clinic.db")})
    assert real.store.clinic() is None  # the clinic's own file was left as empty as it was
    set_up_clinic(
        real,
        name="Clinic at the Lake",
        zone="Europe/Berlin",
        chairs=["Chair 1"],
        administrator="Petra Novak",
        administrator_pin="223606",
        clinician="Dr Ines Weiss",
        clinician_pin="141421",
    )
    with pytest.raises(StoreRefused, match="Clinic at the Lake"):
        clinic.open_demonstration()


def test_a_protocol_is_found_by_its_hash(clinic_then: clinic.RunningClinic) -> None:
    protocol = clinic_then.protocol
    assert clinic_then.protocol_of(protocol.hash) == protocol == clinic.shipped_protocol()
    with pytest.raises(LookupError):
        clinic_then.protocol_of("0" * 64)


@pytest.fixture
def clinic_then(furnished_then: tuple[Path, Names], tmp_path: Path) -> clinic.RunningClinic:
    """The small clinic, opened from the environment."""
    shutil.copy(furnished_then[0], tmp_path / "clinic.db")
    return opened({"MONITORING_DB": address(tmp_path / "clinic.db")})


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({}, "is in use by another running server: one server per database file."),
        ({"MONITORING_DB": "mysql://clinic"}, "Other databases are not supported yet."),
        ({"MONITORING_DEMO": "maybe"}, "MONITORING_DEMO is 'maybe'"),
    ],
)
def test_a_server_that_cannot_start_says_one_sentence_and_ends(
    tmp_path: Path, environment: Environment, words: str
) -> None:
    store = Store.open(address(tmp_path / "clinic.db"), clinic.Clock())
    try:
        server = Server(tmp_path / "clinic.db", environment=environment, cold=True)
        assert server.launch().wait(60) not in (0, None)
    finally:
        store.close()
    said = server.log.read_text()
    assert words in said
    lines = [line for line in said.splitlines() if line]
    assert words in lines[-2]
    assert lines[-1].endswith("Application startup failed. Exiting.")
