"""The downtime sheet: what is known is on it, what is missing is a blank, and nothing of it is cut off."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from monitoring.clinical.protocol import Protocol
from monitoring.documents import judged
from monitoring.exports.downtime import PAPERS, TEMPLATE, Paper, downtime_sheet
from monitoring.exports.printing import PICTURE_DOTS_PER_INCH, TEMPLATES, pdf, pictures
from tests.clinical.timeline import JONAS, OMAR, SHIPPED, Timeline, at, running

BERLIN = ZoneInfo("Europe/Berlin")
POINTS = {"a4": (595.28, 841.89), "letter": (612, 792)}
LONG = "Maximiliana Alexandrina Theodora Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley"


def sheet(line: Timeline, minute: float, paper: Paper = "a4", **said: Any) -> dict[str, Any]:
    """The sheet of this infusion as Ada prints it at a minute; the ranges are approved unless said otherwise."""
    clinic = {"name": "Clinic at the Lake", "demonstration": False, "approved": True, **said}
    found = judged(line.infusion, line.protocol, at(minute))
    return downtime_sheet(found, paper, clinic=clinic, chair="Chair 1", zone=BERLIN, by="Ada Okafor")


def planned(**kind: Any) -> Timeline:
    """An infusion that is opened, with a set before the start."""
    line = Timeline(**kind)
    line.quiet_set(-5)
    return line


def lines(found: dict[str, Any], *columns: str) -> list[str]:
    """The rows of the table as a reader sees them: minute, due, seen, these values, remark, by; blanks left out."""
    parts = [
        (
            row["minute"],
            row["due"],
            row["seen"],
            *(row["values"].get(key, "") for key in columns),
            row["remark"],
            row["by"],
        )
        for row in found["rows"]
    ]
    return [" ".join(part for part in row if part) for row in parts]


def calculated(line: Timeline, checked: float | None = None) -> None:
    """The order, the dose one nurse worked out, and what the second one came to [mg]."""
    order = {"prescriber": "Dr Ines Weiss", "dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 80.0}
    line.event("order", -20, weight_on="2026-03-03", **order)
    results = {
        "dosing_weight_kg": 80.0,
        "dose_mg": 40.0,
        "stock_ml": 0.8,
        "final_volume_ml": 100.0,
        "rate_ml_per_h": 150.0,
    }
    stock = {"weight_basis": "actual", "stock_mg_per_ml": 50.0, "bag_volume_ml": 100.0, "stock_volume": "replaces"}
    dose = line.event("dose", -15, **stock, **results)
    if checked is not None:
        signature = {
            "staff": JONAS.id,
            "name": JONAS.name,
            "role": JONAS.role,
            "meaning": "second calculation",
            "at": at(-10).isoformat(),
        }
        theirs = {"of": dose.id, "dose_mg": checked, "stock_ml": 0.8, "rate_ml_per_h": 150.0}
        line.event("dose_check", -10, **theirs, signatures=[signature])


def test_before_the_start_the_minutes_are_there_and_their_times_are_blank() -> None:
    assert lines(sheet(planned(), -2), "systolic", "spo2") == [
        "before 10:55 126/78 98 A.O.",
        "0",
        "10",
        "20",
        "30",
        "40 planned end",
        "+15 after the end",
        "+30",
        "+45",
        "+60",
        *[""] * 3,
    ]


@pytest.mark.parametrize(
    ("minutes", "every", "expected"),
    [
        (40, 15, ["0", "15", "30", "40"]),
        (40, 5, ["0", "5", "10", "15", "20", "25", "30", "35", "40"]),
        (100, 10, ["0", "10", "20", "30", "40", "50", "60", "70", "80", "90", "100"]),
        (45, 10, ["0", "10", "20", "30", "40", "45"]),
    ],
)
def test_the_planned_end_is_a_line_of_its_own(minutes: int, every: int, expected: list[str]) -> None:
    rows = sheet(Timeline(planned=minutes, every=every), -2)["rows"]
    assert [row["minute"] for row in rows if row["minute"].isdigit()] == expected


def test_once_started_each_slot_has_its_clock_time_and_what_was_recorded() -> None:
    line = running()
    line.quiet_set(0.5)
    line.observe(1, dissociation=1)
    line.set(10, systolic=150, diastolic=90, not_done={"heart_rate": "moved"})
    line.quiet_set(14, systolic=188)
    assert lines(sheet(line, 23), "systolic", "dissociation") == [
        "before 10:56 126/78 baseline A.O.",
        "0 11:00 11:01 126/78 1 A.O.",
        "10 11:10 11:10 150/90 HR: moved A.O.",
        "14 11:14 188/78 between A.O.",
        "20 11:20",
        "30 11:30",
        "40 11:40",
        "+15 after the end",
        "+30",
        "+45",
        "+60",
        *[""] * 3,
    ]


def test_a_repeat_never_hides_the_value_before_it() -> None:
    line = running()
    line.quiet_set(9, systolic=184)
    line.quiet_set(11, systolic=150)
    rows = lines(sheet(line, 12), "systolic")
    assert "10 11:10 11:09 184/78 A.O." in rows
    assert "10 11:11 150/78 again A.O." in rows


def test_values_of_one_slot_typed_apart_stand_on_one_line() -> None:
    line = running()
    line.set(10, systolic=130, diastolic=80)
    line.nurse = JONAS
    line.set(11, spo2=97)
    assert "10 11:10 11:11 130/80 97 A.O., J.L." in lines(sheet(line, 12), "systolic", "spo2")


def test_what_nobody_recorded_is_said() -> None:
    rows = lines(sheet(running(), 27), "systolic")
    assert "10 11:10 not recorded" in rows


def test_after_the_end_the_times_of_recovery_are_known() -> None:
    line = running()
    for minute in (0, 10, 20, 30, 40):
        line.quiet_set(minute)
    line.end(41)
    rows = lines(sheet(line, 45), "systolic")
    assert rows[5:] == ["40 11:40 11:40 126/78 end of infusion A.O.", "56 11:56", "71 12:11", "86 12:26", *[""] * 3]


def test_values_that_were_withdrawn_are_not_on_it() -> None:
    line = running()
    wrong = line.quiet_set(10, systolic=199)
    line.withdraw(wrong, 11)
    assert not [row for row in lines(sheet(line, 12), "systolic") if "199" in row]


def test_the_patient_the_pump_and_what_happened() -> None:
    line = running(patient=replace(OMAR, allergies=""))
    line.pause(12)
    line.event("effect", 13, name="nausea", severity="mild")
    line.event("medicine", 15, name="Ondansetron", dose="4", unit="mg", route="IV")
    found = sheet(line, 20, demonstration=True, approved=False)
    assert found["patient"]["name"] == "Omar Haddad"
    assert found["patient"]["line"] == "No. K-0102 · born 02 Nov 1967 (58 y) · male · Chair 1 · Infusion 2 of 6"
    assert found["patient"]["allergies"] == "Allergies not recorded"
    assert found["marks"] == ["Demonstration: everybody on it is invented", "Ranges not yet approved by this site"]
    written = {field["label"]: field["written"] for field in found["pump"]}
    assert (written["started at"], written["paused at"], written["resumed at"]) == ("11:00", "11:12", "")
    assert (written["ended or stopped at"], written["left at"]) == ("", "")
    assert found["happened"] == ["11:13 Nausea · mild (A.O.)", "11:15 Ondansetron 4 mg IV (A.O.)"]
    assert found["footer"].startswith("Printed 03 Mar 2026, 11:20 (Europe/Berlin) by Ada Okafor;")
    assert "transcribed from paper" in found["afterwards"]


def test_the_dose_waits_for_the_second_calculation() -> None:
    line = planned()
    calculated(line)
    dose = sheet(line, -5)["dose"]
    assert dose["ordered"] == (
        "Ordered: 0.5 mg/kg in 40 min · weight 80 kg on 03 Mar 2026 · prescribed by Dr Ines Weiss"
    )
    assert (dose["lines"], dose["sentences"], dose["blank"]) == ([], [], True)


def test_the_dose_of_two_people_who_agree_is_on_it() -> None:
    line = planned()
    calculated(line, checked=40.0)
    dose = sheet(line, -5)["dose"]
    assert (dose["sentences"], dose["blank"]) == ([], False)
    assert dose["lines"] == [
        "dose 40.0 mg",
        "0.8 mL of 50 mg/mL",
        "100 mL at 150 mL/h",
        "worked out by Ada Okafor",
        "and by Jonas Lund",
    ]


def test_two_results_that_differ_are_said_and_neither_is_printed_as_the_dose() -> None:
    line = planned()
    calculated(line, checked=4.0)
    dose = sheet(line, -5)["dose"]
    assert (dose["lines"], dose["blank"]) == ([], True)
    assert any("40" in sentence and "4" in sentence for sentence in dose["sentences"])


def test_a_site_without_a_second_calculation_has_its_dose_from_the_order() -> None:
    line = planned(protocol=replace(SHIPPED, preparation=None))
    assert sheet(line, -2)["dose"]["lines"] == ["dose 40.0 mg", "100 mL at 150 mL/h", "computed from the order"]


def test_every_limit_and_every_option_is_on_it() -> None:
    found = sheet(planned(), -2)
    rows = {row["measure"]: {one["word"]: one["limits"] for one in row["levels"]} for row in found["limits"]["rows"]}
    assert found["limits"]["title"] == f"This site's ranges ({SHIPPED.label})"
    assert rows["SYS"] == {
        "caution": "above 140 before the start; at or above 160; rise of 40 mmHg or more; at or below 100",
        "critical": "at or above 180; at or below 90",
    }
    assert rows["SpO₂"]["caution"] == "at or below 93; no value for 20 min while infusing or while paused"
    count = sum(words.count(";") + 1 for levels in rows.values() for words in levels.values())
    assert count == sum(len(measure.limits) for measure in SHIPPED.measures.values())
    assert found["ratings"][2] == "DIST distress: 0 none, 1 some, 2 needs support"
    assert [column["short"] for column in found["columns"]] == [
        *("SYS/DIA", "HR", "SpO₂", "RR", "°C", "O₂", "DISS", "SED", "DIST")
    ]


def test_a_version_without_a_minimum_stay_has_lines_for_recovery_all_the_same() -> None:
    rows = sheet(Timeline(replace(SHIPPED, leaving=())), -2)["rows"]
    assert [row["minute"] for row in rows if row["minute"].startswith("+")] == ["+15", "+30", "+45", "+60"]


def test_the_template_prints_everything_it_is_given() -> None:
    source = (TEMPLATES / f"{TEMPLATE}.typ").read_text(encoding="utf-8")
    found = sheet(planned(), -2)
    used = set(re.findall(r"sheet\s*\.(\w+)", source))
    assert used == {*found, "fonts"}
    for part in ("patient", "dose", "limits"):
        assert set(re.findall(rf"sheet\s*\.{part}\s*\.(\w+)", source)) == set(found[part])
    for part in ("rows", "pump", "columns"):
        assert all(f".{key}" in source for key in found[part][0]), part


# On paper


@pytest.mark.parametrize("paper", PAPERS)
def test_an_ordinary_infusion_fits_on_one_page_of_its_paper(paper: Paper) -> None:
    line = running()
    line.quiet_set(10)
    for found in (sheet(planned(), -2, paper), sheet(line, 12, paper)):
        made = pdf(TEMPLATE, found, at(12))
        assert made.startswith(b"%PDF-1.7")
        boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", made)
        assert [(round(float(w)), round(float(h))) for w, h in boxes] == [tuple(map(round, POINTS[paper]))]


def one_whole_page(made: list[bytes]) -> None:
    """Each page has ink, and none of it within 7 mm of an edge, where it would be cut off."""
    edge = round(7 / 25.4 * PICTURE_DOTS_PER_INCH)
    for picture in made:
        page = Image.open(io.BytesIO(picture)).convert("L")
        ink = page.point(lambda light: 255 if light < 250 else 0).getbbox()
        assert ink is not None
        left, top, right, bottom = ink
        assert min(left, top, page.width - right) >= edge
        assert page.height - bottom >= round(4 / 25.4 * PICTURE_DOTS_PER_INCH)  # the footer stands lower


@pytest.mark.parametrize(
    ("paper", "name", "allergies"),
    [
        ("a4", LONG, "none known"),
        ("letter", LONG, "none known"),
        ("a4", "مريم عبد الله الأنصاري", "penicillin"),
        ("letter", "Lin 😀 Sørensen", ""),
        ("a4", "王小明 · Ωμέγα Жанна", "none known"),
        ("letter", "W" * 200, "penicillin, latex, " * 40),
        ("a4", '#panic("no") *bold* $x$ `raw` "quoted" \\u{41} </script>', "line\none\ttwo\x07"),
    ],
)
def test_no_name_is_cut_off(name: str, allergies: str, paper: Paper) -> None:
    line = running(patient=replace(OMAR, name=name, allergies=allergies))
    made = pictures(TEMPLATE, sheet(line, 12, paper), at(12))
    assert len(made) == 1
    one_whole_page(made)


@pytest.mark.parametrize("name", ["Omar Haddad", LONG, "W" * 200])
def test_a_long_and_dense_infusion_goes_on_on_a_second_page(name: str) -> None:
    line = running(planned=120, every=5, patient=replace(OMAR, name=name))
    for minute in range(0, 100, 5):
        line.quiet_set(minute)
    made = pictures(TEMPLATE, sheet(line, 101, "letter"), at(101))
    assert len(made) == 2
    one_whole_page(made)


def test_another_patient_is_another_sheet() -> None:
    def drawn(protocol: Protocol, **kind: Any) -> bytes:
        return pictures(TEMPLATE, sheet(planned(protocol=protocol, **kind), -2), at(-2))[0]

    assert drawn(SHIPPED) == drawn(SHIPPED)
    assert drawn(SHIPPED) != drawn(SHIPPED, patient=OMAR)
