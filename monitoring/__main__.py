"""Commands for the people who run a clinic's server.

`python -m monitoring check-protocol FILE`, `... verify [URL]`, `... export-clinic FILE [URL]`, `... import-clinic FILE
[URL]`, `... acknowledge-missing --reason TEXT [URL]`.

Exit codes: 0 nothing wrong was found, 1 something wrong was found (each on a line of its own), 2 it could not be looked
at (no such file, not a protocol's encoding, wrong command).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.clinical.protocol_file import ProtocolError, read_protocol

if TYPE_CHECKING:
    from monitoring.records import Staff, Store

FINE, WRONG, NOT_LOOKED_AT = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code. Raises SystemExit(2) for words that are no command."""
    parser = argparse.ArgumentParser(prog="python -m monitoring", description="Looks after a clinic's files.")
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check-protocol", help="say what is wrong with a protocol file, all at once")
    check.add_argument("file", type=Path, help="for example data/protocols/ketamine-depression.toml")
    walk = commands.add_parser("verify", help="walk the chains of a database and name the first row that was changed")
    walk.add_argument(
        "url",
        nargs="?",
        help="for example sqlite:///data/clinic.db (default: the database that the server would open)",
    )
    walk.add_argument("--anchor", metavar="HEAD", help="a head printed earlier, which the records must still contain")
    out = commands.add_parser("export-clinic", help="write everything a database holds into one file")
    out.add_argument("file", type=Path, help="a new file, for example clinic.zip")
    out.add_argument("url", nargs="?", help="as for verify")
    out.add_argument("--by", metavar="NAME", default="", help="the administrator who does it, as the records name them")
    known = commands.add_parser(
        "acknowledge-missing", help="go on without writes that are missing: it is recorded, and told no more"
    )
    known.add_argument("url", nargs="?", help="as for verify")
    known.add_argument("--reason", metavar="TEXT", required=True, help="what happened to them")
    known.add_argument("--by", metavar="NAME", default="", help="the administrator who does it")
    into = commands.add_parser("import-clinic", help="make an empty database the clinic that was exported")
    into.add_argument("file", type=Path, help="what export-clinic wrote")
    into.add_argument("url", nargs="?", help="as for verify; there must be nothing in it")
    chosen = parser.parse_args(arguments)
    if chosen.command == "check-protocol":
        return check_protocol(chosen.file)
    if chosen.command == "export-clinic":
        return export_clinic(chosen.file, chosen.url, chosen.by)
    if chosen.command == "import-clinic":
        return import_clinic(chosen.file, chosen.url)
    if chosen.command == "acknowledge-missing":
        return acknowledge_missing(chosen.url, chosen.reason, chosen.by)
    return verify_records(chosen.url, chosen.anchor)


def check_protocol(file: Path) -> int:
    """Prints what is wrong with a protocol file, a line each, or which version it is when nothing is."""
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_looked_at(f"{file.name}: byte {error.start + 1} is not UTF-8, expected a text file in UTF-8")
    except OSError as error:
        return _not_looked_at(f"{file}: {error.strerror}, expected a protocol file")
    try:
        protocol = read_protocol(text, file.name)
    except ProtocolError as error:
        for problem in error.problems:
            print(problem)
        return WRONG
    limits = sum(len(measure.limits) for measure in protocol.measures.values())
    print(f"{file.name}: {protocol.label}, {len(protocol.measures)} measures, {limits} limits. No mistakes found.")
    print(f"version {protocol.hash}")
    return FINE


def verify_records(url: str | None = None, anchor: str | None = None) -> int:
    """Prints the first wrong row of each chain, a line each; when there is none, the head to keep elsewhere.

    Without `url`, the database that a server in this environment opens. `anchor` is a head printed earlier: rows cut
    off the end since then are noticed only by it.
    """
    # The database's libraries take a second to load, which checking a file does not need.
    from monitoring.clinic import settings_from
    from monitoring.records.database import file_of
    from monitoring.records.heads import head_file
    from monitoring.records.shapes import RecordsError
    from monitoring.records.verify import Head, head, verify

    try:
        settings = settings_from(os.environ)
        elsewhere = settings.head if url in (None, settings.url) else None
        url = url or settings.url
        earlier = Head.read(anchor) if anchor is not None else None
        beside = head_file(file_of(url))
        is_noted = beside.exists()
        now = head(url)  # before the walk, so that what is printed has been walked
        sentences = verify(url, earlier, elsewhere)
    except (RecordsError, ValueError) as error:
        return _not_looked_at(str(error))
    for sentence in sentences:
        print(sentence)
    if sentences:
        return WRONG
    print(f"{url}: every row is as it was saved, as far as the chains can tell.")
    if not is_noted and elsewhere is None and anchor is None:
        print(f"There is no {beside.name} beside it: whether writes are missing from its end cannot be told.")
    print(f"head {now}")
    return FINE


def acknowledge_missing(url: str | None, reason: str, by: str = "") -> int:
    """Records that the clinic goes on without writes that are missing, and why. No server may run on the database."""
    from contextlib import closing

    from monitoring.clinic import settings_from
    from monitoring.clock import Clock
    from monitoring.records import RecordsError, Store

    try:
        settings = settings_from(os.environ)
        elsewhere = settings.head if url in (None, settings.url) else None
        with closing(Store.open(url or settings.url, Clock(), create=False, head_elsewhere=elsewhere)) as store:
            administrator = _administrator(store, by)
            count = store.acknowledge_missing(administrator.id, reason)
    except (RecordsError, ValueError) as error:
        return _not_looked_at(str(error))
    done = f"recorded by {administrator.name}, and told no more" if count else "nothing is noted as missing"
    print(f"{url or settings.url}: {done}.")
    return FINE


def export_clinic(file: Path, url: str | None = None, by: str = "") -> int:
    """Writes everything a database holds into a new file, and records who took it out. No server may run on it.

    `by`: an administrator who works there; without it, the only one there is.
    """
    from contextlib import closing

    from monitoring.clinic import settings_from
    from monitoring.clock import Clock
    from monitoring.exports.whole import take_out
    from monitoring.records import RecordsError, Store

    try:
        with closing(Store.open(url or settings_from(os.environ).url, Clock(), create=False)) as store:
            administrator = _administrator(store, by)
            chosen = {"from": "command line", "user": _user()}
            taken = take_out(store, file, administrator.id, chosen, _say_progress)
    except (RecordsError, ValueError) as error:
        return _not_looked_at(str(error))
    print(f"{file}: {taken.bytes} bytes, recorded as exported by {administrator.name}.")
    print(f"sha256 {taken.sha256}")
    print(f"head {taken.head}")
    return FINE


def import_clinic(file: Path, url: str | None = None) -> int:
    """Makes an empty database the clinic in this file, equal row for row; nothing is left behind when it is not."""
    from monitoring.clinic import settings_from
    from monitoring.imports.whole import read_clinic
    from monitoring.records import RecordsError

    try:
        url = url or settings_from(os.environ).url
        contents = read_clinic(file, url, _say_progress)
    except (RecordsError, ValueError) as error:
        return _not_looked_at(str(error))
    rows = sum(count for count, _ in contents.tables.values())
    print(f"{url}: {contents.clinic}, {rows} rows as they were exported at {contents.made_at}; every chain was walked.")
    print(f"head {contents.head}")
    return FINE


def _administrator(store: Store, by: str) -> Staff:
    """The administrator of this name, or the only one. Raises ValueError with a sentence when that is nobody."""
    administrators = [person for person in store.staff() if person.role == "administrator"]
    named = [person for person in administrators if by in ("", person.name)]
    if len(named) != 1:
        names = " or ".join(person.name for person in administrators) or "nobody yet"
        raise ValueError(f"--by {by or 'is missing'}: expected one administrator, {names}.")
    return named[0]


def _user() -> str:
    """The name of this user of the machine, "" where it has none."""
    from getpass import getuser

    try:
        return getuser()
    except (KeyError, OSError):
        return ""


def _say_progress(table: str, rows: int) -> None:
    print(f"{table}: {rows} rows", file=sys.stderr)


def _not_looked_at(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return NOT_LOOKED_AT


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal without "°" must not end a command halfway
            stream.reconfigure(errors="backslashreplace")
    sys.exit(main())
