"""A damaged file is told within a day, and at the start."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from monitoring.records.checking import DailyCheck
from tests.records.ward import Ward, make_ward

PAGE = 4096


def damage(file: Path, page: int) -> None:
    """Write zeros over a page, as a failing disk does."""
    content = bytearray(file.read_bytes())
    content[(page - 1) * PAGE : page * PAGE] = b"\x5a" * PAGE
    file.write_bytes(content)


def test_a_sound_file_is_checked_again_and_again(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    thrice = threading.Semaphore(0)
    look = DailyCheck._check

    def counted(self: DailyCheck) -> None:
        look(self)
        thrice.release()

    monkeypatch.setattr(DailyCheck, "_check", counted)
    check = DailyCheck(ward.url, every_seconds=0.001)
    check.start()
    for _ in range(3):
        assert thrice.acquire(timeout=30)
    check.close()
    assert check.damage == ""


def test_a_damaged_page_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ward = make_ward(tmp_path / "clinic.db")
    ward.store.close()
    damage(ward.file, 3)
    check = DailyCheck(ward.url)
    check.start()
    assert check.wait(30)
    check.close()
    assert check.damage.startswith("clinic.db is damaged (")
    assert check.damage.endswith("). Keep this file and its logs as they are, and put the newest sound copy there.")
    assert check.damage in caplog.text


def test_a_file_that_is_not_there_says_nothing_about_damage(tmp_path: Path) -> None:
    check = DailyCheck(f"sqlite:///{tmp_path}/clinic.db")
    check.start()
    assert check.wait(30)
    check.close()
    assert check.damage == ""
