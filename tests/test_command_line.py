"""The command line, as a person runs it: what is printed, and the exit code."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from monitoring.__main__ import main
from monitoring.clock import Clock
from monitoring.records.store import Store

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "data" / "protocols" / "ketamine-depression.toml"


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m monitoring ...` in the repository, with nothing of the caller's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MONITORING_")}
    return subprocess.run(
        [sys.executable, "-m", "monitoring", *map(str, words)],
        cwd=ROOT,
        env={**kept, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_the_shipped_protocol_has_no_mistakes() -> None:
    done = run("check-protocol", SHIPPED)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == "ketamine-depression.toml: ketamine-depression 3, 10 measures, 31 limits. No mistakes found."
    assert second.startswith("version ")
    assert len(second) == len("version ") + 64


def test_every_mistake_is_printed_on_its_own_line(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    text = SHIPPED.read_text(encoding="utf-8")
    text = text.replace("{ at_or_above = 180,", "{ at_or_above = 155,", 1).replace('unit = "%"', 'unit = "percent"', 1)
    file.write_text(text, encoding="utf-8")
    done = run("check-protocol", file)
    assert (done.returncode, done.stderr) == (1, "")
    systolic, saturation = done.stdout.splitlines()
    assert systolic == (
        "site.toml: [measure.systolic] limits row 2: caution at_or_above 160 lies at or beyond "
        "critical at_or_above 155 of row 3, expected the caution below it"
    )
    assert saturation.startswith('site.toml: [measure.spo2] unit: unknown unit "percent", expected mmHg')


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", 1, "the file is empty"),
        (b"[measure\n", 1, "line 1, column 9"),
        (b'title = "\xff"', 2, "byte 10 is not UTF-8"),
        (None, 2, "No such file or directory, expected a protocol file"),
    ],
)
def test_a_file_that_is_no_protocol(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, code: int, words: str
) -> None:
    file = tmp_path / "site.toml"
    if content is not None:
        file.write_bytes(content)
    assert main(["check-protocol", str(file)]) == code
    printed = capsys.readouterr()
    assert words in (printed.out if code == 1 else printed.err)


def test_a_directory_is_no_protocol(tmp_path: Path) -> None:
    done = run("check-protocol", tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"{tmp_path}: Is a directory, expected a protocol file\n"


@pytest.mark.parametrize("words", [[], ["check-protocol"], ["check"], ["verify", "one", "two"]])
def test_words_that_are_no_command(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage: python -m monitoring" in capsys.readouterr().err


def test_a_terminal_that_knows_no_degrees_still_gets_every_line(tmp_path: Path) -> None:
    file = tmp_path / "site.toml"
    file.write_text(SHIPPED.read_text(encoding="utf-8").replace('unit = "%"', 'unit = "°F"', 1), encoding="utf-8")
    done = run("check-protocol", file, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert 'unknown unit "\\xb0F"' in done.stdout


def clinic(tmp_path: Path) -> str:
    """The address of a small database in which somebody has set up a clinic."""
    url = f"sqlite:///{tmp_path / 'clinic.db'}"
    store = Store.open(url, Clock())
    store.set_up("Harbour Clinic", "Europe/London", ["Chair 1", "Chair 2"], demonstration=False)
    store.close()
    return url


def by_hand(tmp_path: Path, statement: str) -> None:
    """Changes the database as somebody with the file and no scruples would."""
    with sqlite3.connect(tmp_path / "clinic.db") as database:
        triggers = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(statement)
        for _, sql in triggers:
            database.execute(sql)


def test_a_database_whose_rows_are_as_they_were_saved(tmp_path: Path) -> None:
    url = clinic(tmp_path)
    done = run("verify", url)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == f"{url}: every row is as it was saved, as far as the chains can tell."
    assert re.fullmatch(r"head [0-9]+:[0-9a-f]{64}", second)
    assert run("verify", MONITORING_DB=url).stdout == done.stdout


def test_without_an_address_the_servers_own_database_is_looked_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "elsewhere").mkdir()
    clinic(tmp_path / "data")
    monkeypatch.setattr("monitoring.clinic.TOP", tmp_path)
    monkeypatch.chdir(tmp_path / "elsewhere")
    for name in ("MONITORING_DB", "MONITORING_DEMO", "MONITORING_DEMO_RATE"):
        monkeypatch.delenv(name, raising=False)
    assert main(["verify"]) == 0
    assert f"{tmp_path}/data/clinic.db: every row is as it was saved" in capsys.readouterr().out
    monkeypatch.setenv("MONITORING_DEMO", "perhaps")
    assert main(["verify"]) == 2
    assert "MONITORING_DEMO is 'perhaps'" in capsys.readouterr().err


def test_a_row_that_was_changed_by_hand_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = clinic(tmp_path)
    by_hand(tmp_path, "UPDATE chair SET label = 'Chair 9' WHERE label = 'Chair 2'")
    assert main(["verify", url]) == 1
    assert re.search(r"^chair .*changed", capsys.readouterr().out, re.MULTILINE)


def test_rows_cut_off_the_end_are_noticed_by_a_head_kept_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = clinic(tmp_path)
    assert main(["verify", url]) == 0
    head = capsys.readouterr().out.splitlines()[1].removeprefix("head ")
    assert main(["verify", url, "--anchor", head]) == 0
    number, _, digest = head.partition(":")
    capsys.readouterr()
    assert main(["verify", url, "--anchor", f"{int(number) + 1}:{digest}"]) == 1
    assert capsys.readouterr().out.strip()


def test_a_head_that_is_none_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", clinic(tmp_path), "--anchor", "yesterday"]) == 2
    assert "expected a number, a colon and 64 hexadecimal digits" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["postgresql://host/clinic", "clinic.db", "sqlite://", "sqlite:///nowhere/clinic.db"])
def test_what_is_no_database_here_is_said_in_a_sentence(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", url]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.endswith(".\n")


def test_verify_makes_no_file_where_there_is_none(tmp_path: Path) -> None:
    assert main(["verify", f"sqlite:///{tmp_path / 'clinic.db'}"]) == 2
    assert list(tmp_path.iterdir()) == []
