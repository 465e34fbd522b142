"""The page that shows the site's ranges and takes their approval."""

from __future__ import annotations

import re
from dataclasses import replace
from html import escape

from monitoring import recording
from monitoring.clinic import RunningClinic, shipped_protocol
from monitoring.clinical.protocol_file import read_protocol
from monitoring.screens.ranges import ranges_rows
from tests.screens.tab import Doorman, Tab
from tests.screens.test_doorway import NOT_APPROVED
from tests.screens.test_first_run import set_up
from tests.small_clinic import PEOPLE, actor, approve


def approvals(tab: Tab) -> list[tuple[str, str]]:
    """Who has approved, by name and role, as shown."""
    return re.findall(r"Approved by \*\*(.*?)\*\*, (\w+)", " ".join(tab.words))


def may_approve(tab: Tab) -> bool:
    """Whether the page offers to approve."""
    return tab.has("approve")


def approve_as(tab: Tab, name: str, pin: str = "") -> Tab:
    """Type this PIN, or this person's own, and approve."""
    return tab.fill(approve_pin=pin or PEOPLE[name][1]).press(f"I, {name}, approve these ranges for this site")


def table(tab: Tab) -> str:
    """The table of the ranges, as it stands in the page."""
    return next(words for words in tab.words if 'class="wrapped"' in words)


def bring_in(house: RunningClinic, version: str, *changed: tuple[str, str]) -> str:
    """Store the shipped ranges as this version, with these words in place of others; answers the hash."""
    shipped = shipped_protocol()
    text = shipped.text
    for old, new in ((f'version = "{shipped.version}"', f'version = "{version}"'), *changed):
        assert old in text
        text = text.replace(old, new, 1)
    return house.store.store_protocol(read_protocol(text, f"{version}.toml"), by="").hash


def test_every_limit_is_there_with_its_source_and_without_scrolling(house: RunningClinic, door: Doorman) -> None:
    rows = ranges_rows(house.protocol)
    limits = [limit for measure in house.protocol.measures.values() for limit in measure.limits]
    assert [row["Source"] for row in rows] == [limit.source for limit in limits]
    assert all(row["Source"] for row in rows)
    tab = door("Ada Okafor", "ranges")
    assert not tab.at.dataframe
    shown = table(tab)
    assert shown.count("<tr>") == len(limits) + 1
    for row in rows:
        cells = "".join(f"<td>{escape(text)}</td>" for text in list(row.values())[1:])
        assert f'<th scope="row">{escape(row["Measure"])}</th>{cells}' in shown
    assert "at or above 160 mmHg" in [row["Limit"] for row in rows if row["Measure"] == "Systolic pressure"]
    assert "no value for 20 min" in [row["Limit"] for row in rows]


def test_a_limit_that_holds_only_without_oxygen_says_so(house: RunningClinic) -> None:
    protocol = house.protocol
    spo2 = protocol.measures["spo2"]
    on_air = replace(spo2, limits=(replace(spo2.limits[0], applies="air", phase=()),))
    (row,) = ranges_rows(replace(protocol, measures={"spo2": on_air}))
    assert row["When"] == "always, without oxygen"


def test_approval_takes_two_people_and_is_kept_by_name(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door())
    petra = door("Petra Novak", "ranges")
    assert approvals(petra) == []  # setting up is no approval
    assert "Nothing was approved before." in petra.words
    assert NOT_APPROVED in " ".join(petra.words)
    approve_as(petra, "Petra Novak")
    assert approvals(petra) == [("Petra Novak", "administrator")]
    assert petra.confirmations == ["Recorded by name and time."]
    assert not may_approve(petra)  # nobody approves twice
    assert NOT_APPROVED in " ".join(petra.run().words)
    ines = approve_as(door("Dr Ines Weiss", "ranges"), "Dr Ines Weiss")
    assert approvals(ines) == [("Petra Novak", "administrator"), ("Dr Ines Weiss", "clinician")]
    for tab in (ines, petra):
        assert NOT_APPROVED not in " ".join(tab.run().words)
    stored = nothing_yet.store.current_protocol()
    assert stored is not None
    assert stored.approved


def test_the_approval_stands_after_all_rows(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door())
    kinds = [element.type for element in door("Petra Novak", "ranges").at.main]
    assert kinds.index("subheader") > max(n for n, kind in enumerate(kinds) if kind == "html")


def test_another_persons_pin_approves_nothing_and_is_slowed(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door())
    tab = door("Petra Novak", "ranges")
    for pin in ("", "12345", PEOPLE["Dr Ines Weiss"][1], "662607", "907452"):
        tab.fill(approve_pin=pin).press("I, Petra Novak, approve these ranges for this site")
        assert len(tab.refusals) == 1
        assert tab.field("approve_pin").value == ""
    assert tab.refusals == ["This PIN is not right. The next try is possible in 30 seconds."]
    approve_as(tab, "Petra Novak")
    assert tab.refusals[0].startswith("Too many wrong PINs: the next try is possible in ")
    assert approvals(tab) == []


def test_ranges_that_were_replaced_while_they_were_read_are_not_approved(house: RunningClinic, door: Doorman) -> None:
    bring_in(house, "20")
    tab = door("Petra Novak", "ranges")
    bring_in(house, "30")
    approve_as(tab, "Petra Novak")
    assert tab.refusals == ["Other ranges hold by now (ketamine-depression 30): read them on this page, then approve."]
    assert approvals(tab) == []
    assert approvals(approve_as(tab, "Petra Novak")) == [("Petra Novak", "administrator")]


def test_what_changed_since_the_last_approval_is_named(house: RunningClinic, door: Doorman) -> None:
    bring_in(house, "20", ("at_or_above = 160", "at_or_above = 165"))
    words = " ".join(door("Dr Ines Weiss", "ranges").words)
    assert f"Different from {shipped_protocol().label}, which was approved before:" in words
    assert "Changed: Systolic pressure, at or above 160 mmHg is caution" in words
    assert "is now at or above 165 mmHg is caution" in words
    assert words.count("Changed:") == 1


def test_the_version_approved_last_is_compared_with_though_another_came_between(
    house: RunningClinic, door: Doorman
) -> None:
    bring_in(house, "20", ("at_or_above = 160", "at_or_above = 165"))
    approve(house, "Petra Novak")  # one person: not approved
    bring_in(house, "30")
    words = " ".join(door("Dr Ines Weiss", "ranges").words)
    assert f"Different from {shipped_protocol().label}, which was approved before:" in words
    assert "Nothing but its name or its remarks." in words


def test_two_administrators_are_not_enough(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door())
    added = recording.add_staff(
        nothing_yet, actor(nothing_yet, "Petra Novak"), name="Piet Jansen", role="administrator", pin="314159"
    )
    assert added.done
    approve_as(door("Petra Novak", "ranges"), "Petra Novak")
    tab = approve_as(door("Piet Jansen", "ranges"), "Piet Jansen", "314159").run()
    assert len(approvals(tab)) == 2
    assert NOT_APPROVED in " ".join(tab.words)
    assert any(
        words.startswith("Approval takes two different people, at least one of them a clinician") for words in tab.words
    )


def test_a_nurse_reads_the_ranges_and_cannot_approve_them(nothing_yet: RunningClinic, door: Doorman) -> None:
    set_up(door())
    petra = actor(nothing_yet, "Petra Novak")
    assert recording.add_staff(nothing_yet, petra, name="Ada Okafor", role="nurse", pin="271828").done
    tab = door("Ada Okafor", "ranges")
    assert table(tab)
    assert not may_approve(tab)
    refused = recording.approve_ranges(
        nothing_yet, actor(nothing_yet, "Ada Okafor"), shown=nothing_yet.protocol.hash, pin="271828"
    )
    assert refused.why == "forbidden"
    assert refused.sentences == ("Ada Okafor (nurse) may not approve ranges: expected administrator or clinician.",)
