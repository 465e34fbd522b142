"""The page that shows the site's ranges and takes their approval."""

from __future__ import annotations

import re

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.screens.ranges import ranges_table
from tests.screens.tab import Doorman, Tab
from tests.screens.test_doorway import NOT_APPROVED
from tests.screens.test_first_run import set_up
from tests.small_clinic import actor


def approvals(tab: Tab) -> list[str]:
    """Who has approved, by name and role, as shown."""
    return re.findall(r"Approved by \*\*(.*?)\*\*, (\w+)", " ".join(tab.words))


def may_approve(tab: Tab) -> bool:
    """Whether the page offers to approve."""
    return tab.has("approve")


def test_every_limit_is_there_with_its_source(house: RunningClinic, door: Doorman) -> None:
    table = ranges_table(house.protocol)
    limits = [limit for measure in house.protocol.measures.values() for limit in measure.limits]
    assert len(table) == len(limits)
    assert list(table["Source"]) == [limit.source for limit in limits]
    assert (table["Source"] != "").all()
    shown = door("Ada Okafor", "ranges").at.dataframe[0].value
    assert shown.to_dict() == table.to_dict()
    systolic = shown[shown["Measure"] == "Systolic pressure"]
    assert "at or above 160 mmHg" in list(systolic["Limit"])
    assert "no value for 20 min" in list(shown["Limit"])


def test_approval_takes_two_people_and_is_kept_by_name(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door(), ranges_accepted=False)
    petra = door("Petra Novak", "ranges")
    assert NOT_APPROVED in " ".join(petra.words)
    petra.press("I, Petra Novak, approve these ranges for this site")
    assert approvals(petra) == [("Petra Novak", "administrator")]
    assert petra.confirmations == ["Recorded by name and time."]
    assert not may_approve(petra)  # nobody approves twice
    assert NOT_APPROVED in " ".join(petra.run().words)
    ines = door("Dr Ines Weiss", "ranges").press("I, Dr Ines Weiss, approve these ranges for this site")
    assert approvals(ines) == [("Petra Novak", "administrator"), ("Dr Ines Weiss", "clinician")]
    for tab in (ines, petra):
        assert NOT_APPROVED not in " ".join(tab.run().words)
    stored = nothing_yet.store.current_protocol()
    assert stored is not None
    assert stored.approved


def test_two_administrators_are_not_enough(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door(), ranges_accepted=False)
    added = recording.add_staff(
        nothing_yet, actor(nothing_yet, "Petra Novak"), name="Piet Jansen", role="administrator", pin="314159"
    )
    assert added.done
    for name in ("Petra Novak", "Piet Jansen"):
        tab = door(name, "ranges").press(f"I, {name}, approve these ranges for this site").run()
    assert len(approvals(tab)) == 2
    assert NOT_APPROVED in " ".join(tab.words)
    assert "Approval takes two different people, at least one of them a clinician." in tab.words


def test_a_nurse_reads_the_ranges_and_cannot_approve_them(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door(), ranges_accepted=False)
    petra = actor(nothing_yet, "Petra Novak")
    assert recording.add_staff(nothing_yet, petra, name="Ada Okafor", role="nurse", pin="271828").done
    tab = door("Ada Okafor", "ranges")
    assert len(tab.at.dataframe[0].value) > 0
    assert not may_approve(tab)
    refused = recording.approve_ranges(nothing_yet, actor(nothing_yet, "Ada Okafor"))
    assert refused.why == "forbidden"
    assert refused.sentences == ("Ada Okafor (nurse) may not approve ranges: expected administrator or clinician.",)
