"""The printed record: what stands on its first page, that nothing recorded is missing from it, and how it prints."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any, cast

import pytest
from PIL import Image, ImageChops

from monitoring.exports.downtime import Paper
from monitoring.exports.printing import TEMPLATES, pdf, pictures
from monitoring.exports.record import TEMPLATE, Printing, record_sheet
from monitoring.exports.source import Source
from monitoring.records.verify import InfusionChain
from tests.clinical.timeline import ADA, INES, MARTA, Timeline, running
from tests.exports.sources import NAMES, eventful, many, source
from tests.exports.test_tables import rated_score

CHAIN = InfusionChain(23, "ab" * 32, 999, ())


def sheet(of: Source, paper: Paper = "a4", chain: InfusionChain = CHAIN, **more: Any) -> dict[str, Any]:
    return record_sheet(of, Printing("Ada Okafor", paper, chain, f"1234:{'cd' * 32}"), **more)


def fact(found: dict[str, Any], label: str) -> str:
    (text,) = [one["text"] for one in found["facts"] if one["label"] == label]
    return cast(str, text)


def section(found: dict[str, Any], title: str) -> list[str]:
    return [
        f"{line['label']}: {line['text']}" if line["label"] else line["text"]
        for one in found["sections"]
        if one["title"] == title
        for line in one["lines"]
    ]


def told(event: dict[str, Any]) -> str:
    parts = (event["minute"], event["time"], event["text"], event["remark"], event["by"])
    return " | ".join(part for part in parts if part) + (" (struck)" if event["struck"] else "")


def written(found: Any) -> Iterator[str]:
    """Every text in a sheet, wherever it stands."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, dict | list):
        for one in found.values() if isinstance(found, dict) else found:
            yield from written(one)


# The first page


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Infusion", "Infusion 2 of 6, series 1 · Tuesday, 03 Mar 2026 · Chair 1"),
        ("Course", "started 11:00; paused 11:22 to 11:26; ended 11:44 (minute 44); left 12:50 (minute 110)"),
        ("Order", "0.5 mg/kg in 40 min, weight 80 kg, prescriber not recorded"),
        ("Dose", "planned 40.0 mg, given 40.0 mg"),
        ("Ratings", "Dissociation highest 2 moderate (minute 5)"),
        ("Medicines", "Ondansetron 4 mg IV · given by Jonas Lund (minute 24); Aunt Edna's drops some mL oral "
                      "(minute 24)"),
        ("Effects", "Nausea · mild · watched · resolved at minute 31 (minute 22); Smells burnt toast · no end recorded "
                    "(minute 23)"),
        ("Flags", "0 critical, 3 caution; 1 withdrawn with their values; 1 critical of all these not acknowledged"),
        ("Sets", "4 of 11 done, 1 partial, 6 missed"),
    ],
)  # fmt: skip
def test_the_summary(label: str, expected: str) -> None:
    assert fact(sheet(source(eventful(), 210)), label) == expected


def test_an_infusion_that_was_opened_and_no_more() -> None:
    found = sheet(source(Timeline(), 0))
    assert (fact(found, "Course"), fact(found, "Medicines"), fact(found, "Effects")) == (
        "not started",
        "none recorded",
        "none recorded",
    )
    assert (found["chart"]["nothing"], found["table"]["rows"], found["events"], found["happened"]) == (
        "No values are recorded.",
        [],
        [],
        [],
    )


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("stop 20", "started 11:00; stopped early: distress, 11:20 (minute 20)"),
        ("pause 5", "started 11:00; paused 11:05 to now"),
        ("cancel 0", "Infusion cancelled: patient declined"),
    ],
)
def test_how_it_went(kinds: str, expected: str) -> None:
    line = Timeline() if "cancel" in kinds else running()
    kind, at = kinds.split()
    getattr(line, kind)(float(at))
    assert fact(sheet(source(line, 30)), "Course") == expected


def test_a_dose_that_a_second_person_is_still_to_work_out_is_not_printed() -> None:
    line = Timeline()
    line.event("dose", -15, dose_mg=41.5, stock_ml=0.83, rate_ml_per_h=155.5, final_volume_ml=100.0,
               weight_basis="actual", dosing_weight_kg=83.0, stock_mg_per_ml=50.0, bag_volume_ml=100.0,
               stock_volume="replaces")  # fmt: skip
    found = sheet(source(line, -10))
    assert "second person" in fact(found, "Dose")
    texts = " ".join(written(found))  # the chart's own numbers are places on paper
    assert "second person" in texts
    assert not [word for word in ("41.5", "0.83", "155.5") if word in texts]


@pytest.mark.parametrize(
    ("demonstration", "line", "minute", "expected"),
    [
        (False, eventful(), 210, ["Not signed by everybody this site asks for"]),
        (True, running(), 3, ["Demonstration: everybody on it is invented", "Not finished: infusing when printed"]),
    ],
)
def test_what_must_be_known_stands_in_a_frame(
    demonstration: bool, line: Timeline, minute: float, expected: list[str]
) -> None:
    assert sheet(source(line, minute, demonstration=demonstration))["marks"] == expected


def test_ranges_that_nobody_approved_are_named() -> None:
    of = source(running(), 3)
    of = replace(of, clinic={**of.clinic, "approved": False})
    assert "Ranges not approved by this site" in sheet(of)["marks"]


# Everything recorded


def test_each_value_is_there_with_what_was_corrected_and_withdrawn_struck() -> None:
    rows = sheet(source(eventful(), 210))["table"]["rows"]
    shown = [
        (
            row["minute"],
            "/".join(part["text"] for part in row["cells"][0]["parts"]),
            row["cells"][0]["parts"][0]["level"],
            [part["text"] for cell in row["cells"] for part in cell["parts"] if part["struck"]],
            row["remark"],
        )
        for row in rows
    ]
    assert shown == [
        ("-4", "126/78", "", [], ""),
        ("0", "126/78", "", [], ""),
        ("5", "—", "", [], ""),
        ("10", "614/78", "", ["614"], "corrected 11:11 by Ada Okafor: typed wrongly"),
        ("10", "164/78", "caution", [], "corrected: typed wrongly"),
        ("14", "126/78", "", ["126", "78", "171", "98", "14"], "withdrawn 11:15 by Ada Okafor: that was Omar Haddad"),
        ("20", "150/84", "", [], "HR not done: asleep; SpO₂ not done: Marta's hand was cold"),
        ("30", "126/78", "", [], "late entry, 20 min after; transcribed from paper at 11:50"),
        ("60", "126/78", "", [], ""),
    ]


def test_each_event_is_there_in_order() -> None:
    found = [told(event) for event in sheet(source(eventful(), 210))["events"]]
    assert found[1] == (
        "12 | 11:12 | Flag acknowledged, systolic pressure at or above 160 mmHg: Told Dr Weiss on the phone | "
        "Ada Okafor"
    )
    assert found[-1] == "14:20 | “Called back, well” | addendum; recorded after closing | Jonas Lund"
    assert len(found) == sum(1 for e in eventful().entries if e.event or e.acknowledgement)


def test_an_event_that_was_withdrawn_stays_struck() -> None:
    line = running()
    pause = line.pause(5)
    line.withdraw(pause, 6, "wrong chair")
    found = sheet(source(line, 10))
    assert told(found["events"][1]) == (
        "5 | 11:05 | Pump paused: patient asked | withdrawn 11:06 by Ada Okafor: wrong chair | Ada Okafor (struck)"
    )
    assert not [words for words in found["happened"] if "paused" in words]


def test_a_note_of_another_day_says_which() -> None:
    line = running()
    line.event("note", 3000, text="Called back")
    assert told(sheet(source(line, 3001))["events"][-1]).startswith("05 Mar 2026, 13:00 | “Called back”")


def test_a_flag_has_its_rule_its_receipts_and_how_long_it_waited() -> None:
    flag = next(one for one in sheet(source(eventful(), 210))["flags"] if one["level"] == "caution")
    assert flag["headline"] == "Systolic pressure 164 mmHg — at or above 160 (caution)"
    assert flag["when"] == "11:10 to 11:20 (min 10)"
    assert flag["acknowledged"] == "11:12 Ada Okafor, after 2 min: Told Dr Weiss on the phone"


def test_what_was_asked_scored_missed_and_added_has_its_heading() -> None:
    found = sheet(source(eventful(), 210), scores=[rated_score()])
    assert "Consent on file: not answered" in section(found, "Before the start")
    assert "minute 40, 11:40: missed" in section(found, "Sets of vital signs")
    (rated,) = section(found, "Outcome scores along the series")
    assert rated.startswith("PHQ-9, 01 Mar 2026: 12 of 27, moderate · item 9: 1 (Several days)")
    assert [words.split(":")[0] for words in section(found, "Added afterwards")] == [
        "03 Mar 2026, 11",
        "03 Mar 2026, 14",
    ]
    assert "Ketamine: nothing recorded of what was drawn up and wasted" in section(found, "Open points")


def test_a_score_that_no_longer_stands_is_not_printed() -> None:
    assert (
        section(sheet(source(running(), 3), scores=[rated_score(stands=False)]), "Outcome scores along the series")
        == []
    )


def test_signatures_with_name_role_time_and_meaning() -> None:
    line = eventful()
    steps = line.protocol.people.signatures
    for n, (step, person) in enumerate(zip(steps, (ADA, INES), strict=True)):
        signature = {"staff": person.id, "name": person.name, "role": person.role, "meaning": step.meaning,
                     "at": f"2026-03-03T13:0{n}:00+00:00"}  # fmt: skip
        signed = line.event("sign", 180 + n, meaning=step.meaning, signatures=[signature])
        line._replace(signed, author=person.id, author_name=person.name)
    found = sheet(source(line, 210))
    assert [(one["name"], one["role"], one["at"]) for one in found["signed"]] == [
        ("Ada Okafor", "nurse", "03 Mar 2026, 14:00"),
        ("Dr Ines Weiss", "clinician", "03 Mar 2026, 14:01"),
    ]
    assert found["unsigned"] == "Signed and locked on 03 Mar 2026, 14:01."
    assert "Not signed by everybody this site asks for" not in found["marks"]


def test_who_printed_it_when_and_where_the_chains_stood() -> None:
    found = sheet(source(eventful(), 210))
    assert "Printed 03 Mar 2026, 14:30 (Europe/Berlin) by Ada Okafor" in found["footer"]
    for head in ("ab" * 32, f"1234:{'cd' * 32}"):
        assert head in found["footer"]
    broken = InfusionChain(23, "ab" * 32, 999, ("entry 3 of infusion infusion-1: removed",))
    assert "entry 3 of infusion infusion-1: removed" in sheet(source(eventful(), 210), chain=broken)["chain"][0]


# On paper


@pytest.mark.parametrize(("paper", "width"), [("a4", b"595"), ("letter", b"612")])
def test_the_paper_is_the_one_asked_for(paper: Paper, width: bytes) -> None:
    of = source(eventful(), 210)
    made = pdf(TEMPLATE, sheet(of, paper), of.j.now)
    assert made.startswith(b"%PDF-")
    assert b"/MediaBox[0 0 " + width in made


@pytest.mark.parametrize("name", NAMES)
def test_any_name_prints(name: str) -> None:
    of = source(running(), 3, name=name)
    assert pdf(TEMPLATE, sheet(of), of.j.now).startswith(b"%PDF-")


def overfull() -> Timeline:
    """As much as the first page may ever have to hold."""
    line = running(patient=replace(MARTA, name="Anna-Maria " * 12, allergies="penicillin, latex, " * 12))
    for n in range(30):
        line.pause(1 + n, "cannula or line")
        line.resume(1.5 + n)
        line.event("effect", 1.2 + n, name="a very strange feeling that needs many words " * 4)
        line.event("medicine", 1.3 + n, name="Something with a long name", dose="4", unit="mg", route="IV")
    return line


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_summary_and_chart_are_one_page_however_much_happened(paper: Paper) -> None:
    of = source(overfull(), 60)
    found = sheet(of, paper)
    rest = {"table": {"columns": [], "rows": []}, "events": [], "flags": [], "sections": []}
    assert len(pictures(TEMPLATE, {**found, **rest}, of.j.now)) == 2
    assert len(found["happened"]) == 13
    assert found["happened"][-1] == "and 109 more on the pages that follow"


def test_a_copy_in_black_says_the_same() -> None:
    of = source(eventful(), 210)
    for page in pictures(TEMPLATE, sheet(of), of.j.now):
        red, green, blue = Image.open(io.BytesIO(page)).convert("RGB").split()
        assert ImageChops.difference(red, green).getbbox() is None
        assert ImageChops.difference(red, blue).getbbox() is None
    assert "rgb(" not in (TEMPLATES / f"{TEMPLATE}.typ").read_text(encoding="utf-8")


def test_two_thousand_readings_are_all_on_paper() -> None:
    of = source(many(), 60)
    found = sheet(of)
    assert len(found["table"]["rows"]) == 1996
    assert len(pdf(TEMPLATE, found, of.j.now)) > 1_000_000


# The chart


def shapes(of: Source, **like: object) -> list[dict[str, Any]]:
    found = sheet(of)["chart"]["shapes"]
    return [shape for shape in found if all(shape.get(key) == value for key, value in like.items())]


def test_levels_are_shapes_around_the_values() -> None:
    assert len(shapes(source(eventful(), 210), level="caution")) == 1
    line = running()
    line.quiet_set(10, systolic=190)
    (mark,) = shapes(source(line, 12), level="critical")
    assert mark["symbol"] == "y-down"


def test_what_no_longer_holds_is_a_cross_and_what_was_seen_late_is_hollow() -> None:
    of = source(eventful(), 210)
    assert len(shapes(of, symbol="x-thin")) == 4  # 614 mmHg and 171 /min are off the chart, and in the table
    assert {shape["symbol"] for shape in shapes(of, kind="mark", hollow=True)} >= {"circle", "triangle-down"}


def test_no_line_goes_over_a_gap() -> None:
    line = running()
    for minute in (5, 10, 15, 60, 65):
        line.quiet_set(minute)
    pulse = [shape["points"] for shape in shapes(source(line, 70), kind="line", width=0.93)]
    assert [len(points) for points in pulse[:2]] == [4, 2]


def test_places_are_fractions_of_the_plot() -> None:
    chart = sheet(source(eventful(), 210))["chart"]
    zero = next(tick for tick in chart["ticks"] if tick["text"] == "0")
    start = next(shape for shape in chart["shapes"] if shape.get("symbol") == "triangle-right")
    assert start["at"][0] == zero["at"]
    for shape in chart["shapes"]:
        for x, y in shape["points"] if shape["kind"] == "line" else [shape["at"]]:
            assert -0.01 <= x <= 1.01
            assert -0.01 <= y <= 1.01
    assert [band["kind"] for band in chart["bands"]] == ["window", "pause", "edged"]


def test_many_marks_are_small_but_for_those_outside_the_ranges() -> None:
    line = many(400)
    line.set(39.9, heart_rate=190)
    marks = [shape for shape in shapes(source(line, 60), kind="mark", symbol="circle") if shape["size"] < 2]
    assert len(marks) > 300
    (outside,) = shapes(source(line, 60), level="critical")
    assert outside["size"] > 4


@pytest.mark.parametrize(("hours", "every"), [(0.5, 2), (1, 2), (3, 2), (3, 1), (6, 2)])
def test_numbers_and_rings_every_few_minutes_are_not_printed_over_each_other(hours: float, every: int) -> None:
    line = running()
    for minute in range(1, int(hours * 60), every):
        line.quiet_set(minute, systolic=165)
        line.observe(minute + 0.2, sedation=3 if minute % 3 else 5, distress=minute % 3)
    line.end(hours * 60)
    of = source(line, hours * 60)
    numbers = shapes(of, kind="text")
    assert len(numbers) > 20
    for lane in {shape["at"][1] for shape in numbers}:
        for row in range(3):
            beside = [one for one in numbers if (one["at"][1], one["row"]) == (lane, row) and not one["level"]]
            for one, after in pairwise(sorted(beside, key=lambda shape: shape["at"])):
                assert (after["at"][0] - one["at"][0]) * 470 >= 3.9 * (len(one["text"]) + len(after["text"])) / 2
    if hours <= 1:
        ringed = sorted(shapes(of, kind="mark", level="caution", symbol="y-down"), key=lambda shape: shape["at"])
        for one, after in pairwise(ringed):
            assert (after["at"][0] - one["at"][0]) * 470 >= one["size"] * 2 - 0.01


def test_of_one_pressure_without_the_other_it_says_which() -> None:
    line = running()
    line.set(5, systolic=130)
    line.set(6, diastolic=80, not_done={"systolic": "moved"})
    line.set(7, heart_rate=70, not_done={"systolic": "moved", "diastolic": "moved"})
    found = sheet(source(line, 8))["table"]
    assert found["columns"][0] == {"short": "SYS/DIA", "unit": "mmHg", "wide": True}
    told = ["/".join(part["text"] for part in row["cells"][0]["parts"]) for row in found["rows"]]
    assert told == ["126/78", "130/—", "not done/80", "not done"]


def test_values_that_were_all_withdrawn_are_not_told_as_never_recorded() -> None:
    line = Timeline()
    assert sheet(source(line, 5))["chart"]["nothing"] == "No values are recorded."
    slip = line.quiet_set(1)
    assert sheet(source(line, 5))["chart"]["nothing"] == ""
    line.withdraw(slip, 2, "wrong patient")
    found = sheet(source(line, 5))
    assert found["chart"]["nothing"].startswith("No value holds")
    parts = [part for row in found["table"]["rows"] for cell in row["cells"] for part in cell["parts"]]
    assert [part["struck"] for part in parts if part["text"] != "—"] == [True] * 5


@pytest.mark.parametrize("hours", [2, 5, 30, 200])
def test_times_under_the_chart_never_cover_each_other(hours: int) -> None:
    line = running()
    line.quiet_set(60 * hours)
    ticks = sheet(source(line, 60 * hours))["chart"]["ticks"]
    places = [tick["at"] for tick in ticks]
    assert len(places) > 4
    assert min(after - before for before, after in pairwise(places)) >= 0.038
    assert "0" in [tick["text"] for tick in ticks]
