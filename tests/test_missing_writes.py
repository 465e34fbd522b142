"""A server that starts with writes missing, or on a damaged file, says so wherever people look; and goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx
import pytest

from monitoring.clock import Clock
from monitoring.documents import infusion_document
from monitoring.records import Store
from monitoring.records.heads import read_head
from monitoring.records.verify import head
from tests.records.test_checking import damage
from tests.server import Server
from tests.small_clinic import PEOPLE, Names, actor, opened
from tests.streamlit_screen import Screen, words_of
from tests.test_command_line import run
from tests.test_doors import signed_in


@pytest.fixture
def with_older_copy(furnished_now: tuple[Path, Names], tmp_path: Path) -> Path:
    """A clinic's file that was put back from a copy: two sign-ins, of two writes each, came after it."""
    file = tmp_path / "clinic.db"
    shutil.copy(furnished_now[0], file)
    with opened(file, Clock()) as clinic:
        for name in ("Ada Okafor", "Jonas Lund"):
            actor(clinic, name)
    shutil.copy(furnished_now[0], file)
    return file


def test_it_is_told_on_pages_in_healthz_in_the_log_and_by_verify_until_it_is_acknowledged(
    with_older_copy: Path, furnished_now: tuple[Path, Names]
) -> None:
    file, names = with_older_copy, furnished_now[1]
    told = "4 writes are missing from clinic.db"
    with Server(file) as server:
        health = httpx.get(f"{server.url}/healthz", trust_env=False)
        assert (health.status_code, health.json()["status"]) == (200, "writes are missing from the database")
        [sentence] = health.json()["sentences"]
        assert sentence.startswith(f"{told}: ")
        assert sentence in server.log.read_text(errors="replace")
        with Screen(server.url, signed_in(server, names)) as screen:
            assert told in words_of(screen.open("patients"))
    with opened(file, Clock()) as clinic:
        assert infusion_document(clinic, names.infusion)["notes"][0].startswith(told)
    url = f"sqlite:///{file}"
    walked = run("verify", url)
    assert (walked.returncode, walked.stdout.splitlines()) == (1, [sentence])
    refused = run("acknowledge-missing", url, "--reason", " ")
    assert (refused.returncode, "A reason is missing" in refused.stderr) == (2, True)
    done = run("acknowledge-missing", url, "--reason", "The disk failed; the copy of noon was put back")
    assert (done.returncode, done.stdout) == (0, f"{url}: recorded by Petra Novak, and told no more.\n")
    again = run("acknowledge-missing", url, "--reason", "again")
    assert again.stdout == f"{url}: nothing is noted as missing.\n"
    assert run("verify", url).returncode == 0
    with Server(file) as server:
        assert httpx.get(f"{server.url}/healthz", trust_env=False).json()["status"] == "ok"


def test_a_second_place_is_named_by_the_environment(furnished_now: tuple[Path, Names], tmp_path: Path) -> None:
    file, elsewhere = tmp_path / "clinic.db", tmp_path / "other disk" / "clinic.head"
    shutil.copy(furnished_now[0], file)
    elsewhere.parent.mkdir()
    with Server(file, environment={"MONITORING_HEAD": str(elsewhere)}) as server:
        signed_in(server, furnished_now[1])
    url = f"sqlite:///{file}"
    assert read_head(elsewhere) == head(url)
    assert run("verify", MONITORING_DB=url, MONITORING_HEAD=str(elsewhere)).returncode == 0
    shutil.copy(furnished_now[0], file)
    file.with_name("clinic.db.head").unlink()
    walked = run("verify", MONITORING_DB=url, MONITORING_HEAD=str(elsewhere))
    assert (walked.returncode, f"were noted in {elsewhere}" in walked.stdout) == (1, True)
    assert "whether writes are missing from its end cannot be told" in run("verify", url).stdout
    refused = run("verify", MONITORING_DB=url, MONITORING_HEAD=str(tmp_path))
    assert (refused.returncode, "MONITORING_HEAD is the folder" in refused.stderr) == (2, True)


def test_a_damaged_page_is_told(furnished_now: tuple[Path, Names], tmp_path: Path) -> None:
    file, names = tmp_path / "clinic.db", furnished_now[1]
    shutil.copy(furnished_now[0], file)
    store = Store.open(f"sqlite:///{file}", Clock())
    with store._database.read() as connection:  # a page that a start does not read, and the sign-in neither
        page = connection.exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'score'").scalar_one()
    store.close()
    damage(file, page)
    with Server(file) as server:
        health = httpx.get(f"{server.url}/healthz", trust_env=False)
        assert (health.status_code, health.json()["status"]) == (503, "the database is damaged")
        [sentence] = health.json()["sentences"]
        assert sentence.startswith("clinic.db is damaged (")
        assert sentence in server.log.read_text(errors="replace")
        for name, (role, _) in PEOPLE.items():
            with Screen(server.url, signed_in(server, names, name)) as screen:
                assert ("clinic.db is damaged" in words_of(screen.open("patients"))) == (role == "administrator")
