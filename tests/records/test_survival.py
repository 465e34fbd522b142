"""Killed at any moment, the server has lost no entry that it answered as saved."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitoring.records.verify import Head, head, verify
from tests.records.ward import Ward

TOP = Path(__file__).resolve().parents[2]
LIVES = 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killed process forks")
def test_every_entry_said_to_be_saved_is_there_after_twenty_kills(ward: Ward) -> None:
    ward.opened("one")
    ward.opened("two", patient=1, chair="chair-2")
    ward.store.close()
    moments = random.Random(20260302)
    said: set[str] = set()
    anchor = Head.read(str(head(ward.url)))
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.records.streaming", ward.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=TOP,
        bufsize=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        told = iter(process.stdout.readline, b"")
        for life in range(LIVES):
            process.stdin.write(f"{life}\n".encode())
            pid = int(next(told).split()[1])
            # Some die while opening the file, most while entries stream in; how far, chance says.
            entries = moments.choice([0, 1, 2, 5, 10, 25])
            spin = moments.randrange(20_000)
            for _ in range(entries):
                said.add(_id(next(told)))
            for _ in range(spin):
                pass
            os.kill(pid, signal.SIGKILL)
            while (line := next(told)) != b"dead\n":
                said.add(_id(line))
            if life % 5 == 4:
                assert verify(ward.url, anchor) == []  # beside nobody: the file as the kill left it
                anchor = head(ward.url)
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()
    store = ward.reopen()
    kept: set[str] = set()
    for id in ("one", "two"):
        infusion = store.infusion(id)
        assert infusion is not None
        assert [entry.seq for entry in infusion.entries] == list(range(1, len(infusion.entries) + 1))
        kept |= {entry.id for entry in infusion.entries}
        for entry in infusion.entries:
            assert bool(entry.event) != (len(entry.readings) == 3)  # all of an entry, or nothing of it
    assert len(said) > 60
    assert said - kept == set()
    assert len(kept - said) <= LIVES  # saved, and killed before it could say so: one a life at most
    assert verify(ward.url, anchor) == []


def _id(line: bytes) -> str:
    word, id = line.decode().split()
    assert word == "saved", line
    return id
