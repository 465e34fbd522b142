"""The ways out on the pages: which files there are, who may have many, and how long ones are followed and fetched."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from monitoring.clinic import RunningClinic
from monitoring.exports.making import Making, workshop_of
from monitoring.records import StoreUnwritable
from tests.exports.test_making import done
from tests.screens.tab import Doorman, Tab, read
from tests.small_clinic import Names, actor, open_infusion, person


def links(tab: Tab) -> dict[str, str]:
    """Where each link of the page leads, by what it says."""
    found = [element.proto for element in tab.at.main.get("link_button")]
    return {read(link.label): link.url for link in found}


def making(house: RunningClinic, tab: Tab, who: str) -> Making:
    """What this tab follows, once nothing more happens to it."""
    found = workshop_of(house).making(tab.at.session_state["export_making"], person(house, who))
    assert found is not None
    return done(found)


def test_an_infusion_leaves_in_each_form(house: RunningClinic, ids: Names, door: Doorman) -> None:
    place = f"/api/infusions/{ids.infusion}"
    assert links(door("Ada Okafor").open("review", infusion=ids.infusion)) == {
        "Printed record, A4": f"{place}/record.pdf?paper=a4",
        "Printed record, Letter": f"{place}/record.pdf?paper=letter",
        "Tables (CSV)": f"{place}/tables.zip",
        "De-identified tables (CSV)": f"{place}/tables.zip?deidentified=1",
        "FHIR R4 Bundle": f"{place}/bundle.json",
    }


def test_so_does_a_series(house: RunningClinic, ids: Names, door: Doorman) -> None:
    infusion = house.store.infusion(ids.infusion)
    assert infusion is not None
    found = links(door("Ada Okafor").open("series", patient=ids.patients["Marta Brandt"]))
    assert set(found.values()) == {
        f"/api/series/{infusion.series}/{file}"
        for file in ("records.zip?paper=a4", "records.zip?paper=letter", "tables.zip", "tables.zip?deidentified=1",
                     "bundle.json")
    }  # fmt: skip


def test_a_nurse_takes_out_no_search(house: RunningClinic, door: Doorman) -> None:
    tab = door("Ada Okafor", "past")
    assert not tab.has("export_start")
    assert [words for words in tab.words if "may not take many infusions" in words]


def test_what_was_found_is_made_and_fetched(house: RunningClinic, ids: Names, door: Doorman) -> None:
    tab = door("Dr Ines Weiss", "past").fill(past_find="brandt")
    assert tab.buttons("Make a file of 1 infusion")
    tab.press("Make a file of 1 infusion")
    work = making(house, tab, "Dr Ines Weiss")
    assert work.state == "made"
    (label,) = [label for label in links(tab.run()) if label.startswith("Fetch the file")]
    assert links(tab)[label] == f"/api/exports/{work.id}"
    (export,) = house.store.exports()
    assert (export.name, export.what.chosen) == ("Dr Ines Weiss", {"words": "brandt"})
    assert "brandt" not in str(tab.at.query_params)


def test_a_made_file_is_found_again_by_who_made_it(house: RunningClinic, door: Doorman) -> None:
    tab = door("Dr Ines Weiss", "past").press("Make a file of 1 infusion")
    work = making(house, tab, "Dr Ines Weiss")
    again = [label for label in links(door("Dr Ines Weiss", "past")) if label.startswith("Fetch")]
    assert again == [f"Fetch {work.name} ({work.size}, made just now)"]
    assert [label for label in links(door("Petra Novak", "past")) if label.startswith("Fetch")] == []


@pytest.mark.parametrize(
    ("form", "kind", "deidentified"),
    [
        ("De-identified tables (CSV)", "csv", True),
        ("FHIR R4 Bundle of each infusion", "fhir", False),
        ("Printed record of each, Letter", "record", False),
    ],
)
def test_each_form_is_the_one_that_was_chosen(
    house: RunningClinic, door: Doorman, form: str, kind: str, deidentified: bool
) -> None:
    tab = door("Petra Novak", "past").fill(export_form=form)
    tab.press("Make a file of 1 infusion")
    assert making(house, tab, "Petra Novak").state == "made"
    (export,) = house.store.exports()
    assert (export.what.kind, export.what.deidentified) == (kind, deidentified)


def test_before_a_de_identified_file_is_made_one_sees_how_many_stand_alone(
    house: RunningClinic, ids: Names, door: Doorman
) -> None:
    dose = actor(house, "Ada Okafor")
    for name, chair in (("Omar Haddad", "chair-2"), ("Lin Sørensen", "chair-3")):
        open_infusion(house, dose, ids.patients[name], chair)
    tab = door("Petra Novak", "past")
    assert any("not anonymous" in words for words in tab.words)
    assert not any("nobody else has" in words for words in tab.words)
    tab.fill(export_form="De-identified tables (CSV)")
    assert [words for words in tab.words if "nobody else has" in words] == [
        "Of 3 patients in this file nobody else has the age band and sex of 3, the weight band too of 3, and the "
        "number of infusions too of 3."
    ]


def test_one_sees_how_far_it_is_and_may_stop_it(
    house: RunningClinic, door: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, go_on = threading.Event(), threading.Event()

    def slow(_self: Any, _file: Any, step: Any) -> None:
        at_work.set()
        assert go_on.wait(20)
        step()

    monkeypatch.setattr("monitoring.exports.files._Work.tables", slow)
    tab = door("Petra Novak", "past").press("Make a file of 1 infusion")
    assert at_work.wait(20)
    tab.run()
    assert tab.field("export_start").disabled
    tab.press("Stop")
    go_on.set()
    assert making(house, tab, "Petra Novak").state == "stopped"
    assert [words for words in tab.run().words if "given up" in words]
    assert not tab.field("export_start").disabled
    assert house.store.exports() == ()


def test_a_file_that_could_not_be_made_says_why(
    house: RunningClinic, door: Doorman, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreUnwritable("the disk is full.")

    monkeypatch.setattr(house.store, "add_export", full)
    tab = door("Petra Novak", "past").press("Make a file of 1 infusion")
    assert making(house, tab, "Petra Novak").state == "failed"
    assert [words for words in tab.run().words if words == "The file was not made: the disk is full."]


def test_nothing_found_is_nothing_to_take_out(house: RunningClinic, door: Doorman) -> None:
    tab = door("Petra Novak", "past").fill(past_find="nobody of this name")
    assert "No infusion found." in tab.words
    assert tab.buttons("Make a file of 0 infusions") == []
