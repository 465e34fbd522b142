"""The whole clinic as a file: for an administrator, made beside, fetched, and read back elsewhere."""

from __future__ import annotations

import threading
from pathlib import Path

from monitoring.clinic import RunningClinic
from monitoring.exports.making import workshop_of
from monitoring.imports.whole import read_clinic
from monitoring.records.verify import head, verify
from tests.screens.tab import Doorman

MAKE = "Make a file of the whole clinic"


def test_a_clinician_does_not_find_the_button(house: RunningClinic, door: Doorman) -> None:
    assert door("Dr Ines Weiss", "importing").buttons(MAKE) == []


def test_an_administrator_takes_the_clinic_out_and_it_is_whole(
    house: RunningClinic, door: Doorman, tmp_path: Path
) -> None:
    tab = door("Petra Novak", "importing")
    before = head(house.store.url)
    tab.press(MAKE)
    for thread in threading.enumerate():
        if thread.name.startswith("export "):
            thread.join(60)
    tab.run().run()
    (export,) = house.store.exports()
    assert (export.name, export.what.kind, export.what.scope) == ("Petra Novak", "whole clinic", "clinic")
    (link,) = tab.at.get("link_button")
    assert link.proto.url == f"/api/exports/{export.id}"
    made = workshop_of(house).making(export.id, next(p for p in house.store.staff() if p.name == "Petra Novak"))
    assert made is not None
    assert made.path is not None
    copy = f"sqlite:///{tmp_path / 'copy.db'}"
    assert read_clinic(made.path, copy).head.seq >= before.seq
    assert verify(copy) == []
