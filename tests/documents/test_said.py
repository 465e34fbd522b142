"""What each kind of entry says in the record, and its marks: late, added, from paper, moved, after closing, signed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring.charts import infusion_figure
from monitoring.clinical.record import EVENT_WORDS, Entry
from monitoring.documents.entries import entries, table
from monitoring.documents.flagged import flag_row
from monitoring.documents.judged import judged
from tests.clinical.care import BARE, CARE, corrected, dose, dose_check, order, signature
from tests.clinical.timeline import ADA, INES, JONAS, Timeline, at, running

ZONE = ZoneInfo("Europe/Berlin")  # minute 0 is 11:00 there


def rows(line: Timeline, minute: float) -> list[dict[str, Any]]:
    """The record at `minute`, newest first."""
    j = judged(line.infusion.known_at(at(minute)), line.protocol, at(minute))
    return entries(j, {"chair-2": "Chair 2"}, ZONE)


def row(line: Timeline, entry: Entry, minute: float = 200) -> dict[str, Any]:
    """The line of one entry."""
    return next(one for one in rows(line, minute) if one["id"] == entry.id)


def test_one_moment_has_one_minute_whole_minutes_that_have_passed() -> None:
    line = running()
    early = line.quiet_set(-2.4)
    stop = line.quiet_set(23.7, systolic=184.0)
    end = line.end(40)
    line.event("close", 100)
    late = line.event("note", 100.5, text="asked for her scarf")
    found = {one["id"]: one["minute"] for one in rows(line, 200)}
    assert (found[early.id], found[stop.id], found[end.id]) == ("before", "min 23", "min 40")
    assert found[late.id] == ""  # a minute of an infusion that is over says nothing
    j = judged(line.infusion, line.protocol, at(200))
    assert [row["minute"] for row in table(j, ZONE)["rows"]] == ["-4", "-3", "23"]
    (flag,) = [one for one in j.flags.flags if "184" in one.headline]
    assert "since minute 23" in flag_row(flag, j)["receipt"]
    hovers = str(infusion_figure(j.infusion, j.protocol, j.course, j.levels, j.now, ZONE))
    assert "minute 23 · " in hovers
    assert "minute -3 · " in hovers
    assert "minute 24 · " not in hovers


def test_a_correction_strikes_only_what_was_changed_and_says_who_and_when() -> None:
    line = running()
    first = line.quiet_set(10, heart_rate=55.0)
    second = line.correct(
        first, 40, **{reading.measure: reading.value for reading in first.readings} | {"heart_rate": 56.0}
    )
    second = line._replace(second, author=JONAS.id, author_name=JONAS.name)
    found = row(line, second)
    changed = [(part["text"], part["struck"], part["new"]) for part in found["parts"] if "HR" in part["text"]]
    assert changed == [("HR 55", True, False), ("HR 56", False, True)]
    assert [part["text"] for part in found["parts"] if part["struck"]] == ["HR 55"]
    assert [part["text"] for part in found["parts"] if part["new"]] == ["HR 56"]
    assert found["marks"][-1] == "corrected: typed wrongly"
    assert found["marks_in_full"][-2:] == [
        "first recorded by Ada Okafor",
        "corrected 11:40 by Jonas Lund: typed wrongly",
    ]
    (told,) = [
        one for one in table(judged(line.infusion, line.protocol, at(60)), ZONE)["rows"] if one["minute"] == "10"
    ]
    assert [(cell["before"], cell["text"]) for cell in told["cells"] if cell["before"]] == [(["55"], "56")]
    assert "corrected 11:40 by Jonas Lund: typed wrongly" in told["marks"]


def test_a_correction_of_the_time_alone_strikes_nothing_and_says_the_time_before() -> None:
    line = running()
    wrong = line.event("pause", 10)
    right = line.correct(wrong, 20, seen_at=12)
    found = row(line, right)
    assert [(part["text"], part["struck"]) for part in found["parts"]] == [("Pump paused", False)]
    assert found["marks_in_full"] == ["corrected 11:20 by Ada Okafor: typed wrongly (time was 11:10)"]


def test_values_that_were_put_right_twice_are_all_told_and_one_taken_out_is_struck() -> None:
    line = running()
    first = line.set(10, heart_rate=55.0, spo2=98.0)
    again = line.correct(first, 20, heart_rate=65.0, spo2=98.0)
    found = row(line, line.correct(again, 30, heart_rate=66.0))
    assert [(part["text"], part["struck"]) for part in found["parts"]] == [
        ("HR 55", True),
        ("HR 65", True),
        ("HR 66", False),
        ("SpO₂ 98", True),
    ]
    (told,) = [
        one for one in table(judged(line.infusion, line.protocol, at(60)), ZONE)["rows"] if one["minute"] == "10"
    ]
    cells = [(cell["before"], cell["text"]) for cell in told["cells"]]
    assert (["55", "65"], "66") in cells
    assert (["98"], "—") in cells


def test_a_value_not_done_says_so_in_the_table_and_one_not_in_the_entry_is_a_dash() -> None:
    line = running()
    line.set(10, systolic=120.0, diastolic=70.0, not_done={"spo2": "equipment"})
    late = line.quiet_set(5, recorded=30)
    found = table(judged(line.infusion, line.protocol, at(60)), ZONE)
    (told,) = [one for one in found["rows"] if one["minute"] == "10"]
    assert {"120", "70", "not done: equipment", "—"} == {cell["text"] for cell in told["cells"]}
    assert [(one["author"], one["marks"]) for one in found["rows"] if one["minute"] == "5"] == [
        (late.author_name, ["sent late"])
    ]


DRUG = {"drawn_mg": 50.0, "wasted_mg": 10.0, "method": "Sink with water", "lot": "A1", "expiry": "2027-08"}


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("check", {"item": "consent", "answer": "yes"}, "Consent on file: yes"),
        ("check", {"item": "gait", "answer": "no", "note": "with a cane"}, "Steady gait: no · with a cane"),
        ("check", {"item": "gone", "answer": "not applicable"}, "gone: not applicable"),
        ("move", {"chair": "chair-2"}, "Moved to Chair 2"),
        ("start", {}, "Pump started"),
        (
            "start",
            {"reason": "emergency", "decided_by": "Dr Ines Weiss"},
            "Pump started · with something missing: emergency · decided by Dr Ines Weiss",
        ),
        (
            "order",
            {
                "prescriber": "Dr Ines Weiss",
                "dose_mg_per_kg": 0.5,
                "planned_minutes": 40,
                "weight_kg": 80.0,
                "weight_on": "2026-03-03",
                "spo2_scale": 2,
            },
            "Order: 0.5 mg/kg in 40 min · by Dr Ines Weiss · 80 kg on 03 Mar 2026 · SpO₂ scale 2",
        ),
        ("effect", {"name": "nausea"}, "Nausea"),
        (
            "effect",
            {"name": "nausea", "severity": "mild", "action": "position changed"},
            "Nausea · mild · position changed",
        ),
        (
            "medicine",
            {"name": "Ondansetron", "dose": "4", "unit": "mg", "route": "IV", "ordered_by": "Dr Ines Weiss",
             "given_by": "Ada Okafor", "why": "nausea"},
            "Ondansetron 4 mg IV · for nausea · ordered by Dr Ines Weiss · given by Ada Okafor",
        ),
        ("called", {"whom": "clinician"}, "Clinician called"),
        ("called", {"whom": "Clinician: Dr Weiss"}, "Clinician called: Dr Weiss"),
        ("called", {"whom": "Dr Weiss"}, "Called: Dr Weiss"),
        ("called", {}, "Called"),
        ("informed", {"whom": "escort"}, "Informed: escort"),
        ("informed", {"whom": "escort", "about": "a longer stay"}, "Informed: escort · about a longer stay"),
        ("help", {}, "Help called"),
        ("rapid", {"every_minutes": 1}, "Rapid sets, every 1 min"),
        ("handover", {}, "Responsible nurse from here on: Ada Okafor"),
        (
            "score",
            {"scale": "aldrete", **{f"item:{key}": 2 for key in ("activity", "respiration", "consciousness")},
             "item:circulation": 1, "item:oxygen_saturation": 2},
            "Modified Aldrete (±20 mmHg): 9 of 10",
        ),
        ("score", {"scale": "aldrete", "item:activity": 2}, "Modified Aldrete (±20 mmHg): incomplete"),
        ("score", {"scale": "unknown"}, "Score: unknown"),
        ("drug", DRUG, "Ketamine: drawn 50 mg, wasted 10 mg, sink with water · lot A1 · expires Aug 2027"),
        ("sign", {"meaning": "administered"}, "Signed: administered"),
        ("time_out", {}, "Time-out"),
        ("over", {"of": "nothing known"}, "Over at minute 30"),
        ("close", {"reason": "will follow"}, "Patient left: will follow"),
        ("rate", {"rate_ml_per_h": 120.0}, "Rate changed to 120 mL/h"),
    ],
)  # fmt: skip
def test_what_an_event_says(kind: Any, detail: dict[str, Any], words: str) -> None:
    line = running(CARE) if kind != "start" else Timeline(CARE)
    entry = line.event(kind, 30, **detail)
    assert row(line, entry)["text"] == words


def test_every_kind_of_event_has_words() -> None:
    for kind in EVENT_WORDS:
        line = running(CARE)
        needed = {"name": "n", "text": "n", "rate_ml_per_h": 1.0, "item": "consent"}
        assert row(line, line.event(kind, 30, **needed))["text"].strip(" :·"), kind


@pytest.mark.parametrize(
    ("begun", "detail", "how", "words"),
    [
        ("effect", {"name": "nausea"}, {}, "Nausea resolved at minute 31"),
        ("effect", {"name": "nausea"}, {"how": "better"}, "Nausea better at minute 31"),
        ("called", {"whom": "clinician"}, {}, "Clinician called: answered at minute 31"),
        ("called", {"whom": "clinician"}, {"how": "came"}, "Clinician called: came at minute 31"),
        ("help", {}, {}, "Help called: over at minute 31"),
        ("rapid", {"every_minutes": 1}, {}, "Rapid sets, every 1 min: over at minute 31"),
        (
            "medicine",
            {"name": "Ondansetron", "dose": "4", "unit": "mg", "route": "IV"},
            {"how": "asleep"},
            "No further set after Ondansetron 4 mg IV · asleep",
        ),
    ],
)
def test_what_is_over_is_named(begun: Any, detail: dict[str, Any], how: dict[str, str], words: str) -> None:
    line = running(CARE)
    entry = line.event(begun, 12, **detail)
    assert row(line, line.event("over", 31, of=entry.id, **how))["text"] == words


def test_a_calculation_is_not_told_until_a_second_person_has_made_it() -> None:
    line = Timeline(CARE)
    order(line, -15)
    first = dose(line, -14)
    assert row(line, first, -13)["text"] == "Dose calculated"
    assert row(line, first, -13)["event"]["detail"] == {
        "weight_basis": "actual",
        "dosing_weight_kg": 80.0,
        "stock_mg_per_ml": 50.0,
        "bag_volume_ml": 100.0,
        "stock_volume": "replaces",
    }
    second = dose_check(line, -12, first)
    told = row(line, first, -11)
    assert told["text"] == "Dose calculated: 40 mg · 0.8 mL · 150 mL/h · actual weight 80 kg · 50 mg/mL in 100 mL"
    assert told["event"]["detail"]["dose_mg"] == 40.0
    checked = row(line, second, -11)
    assert checked["text"] == "Dose calculated by a second person: 40 mg · 0.8 mL · 150 mL/h"
    assert checked["marks"] == ["second calculation: Jonas Lund, nurse, 10:48"]
    assert "signatures" not in checked["event"]["detail"]
    line.withdraw(second, -10)
    assert row(line, first, -9)["text"] == "Dose calculated"
    assert row(line, second, -9)["text"] == "Dose calculated by a second person"
    line.start(0)
    assert "40 mg" in row(line, first, 1)["text"]


def test_without_a_second_calculation_the_first_is_told_at_once() -> None:
    line = Timeline(BARE)
    assert row(line, dose(line, -14), -13)["text"].startswith("Dose calculated: 40 mg")


def closed() -> Timeline:
    line = running(CARE)
    line.end(40)
    line.close(100)
    return line


def amended(line: Timeline, **changes: Any) -> Entry:
    """A set seen at minute 20, tapped at minute 22."""
    entry = line.quiet_set(20)
    return line._replace(entry, tapped_at=at(22), recorded_at=at(22), **changes)


@pytest.mark.parametrize(
    ("make", "marks"),
    [
        (lambda line: amended(line), []),
        (lambda line: amended(line, amendment="late entry"), ["late entry"]),
        (lambda line: amended(line, amendment="addendum"), ["addendum"]),
        (
            lambda line: line._replace(amended(line, amendment="late entry"), tapped_at=at(50), recorded_at=at(50)),
            ["late entry, 30 min after"],
        ),
        (lambda line: amended(line, source="paper"), ["transcribed from paper at 11:22"]),
        (lambda line: amended(line, linked="e9", amendment="late entry"), ["late entry", "copied from another chair"]),
        (
            lambda line: amended(line, linked="e9", amendment="late entry", reason="entered at Chair 1 by Ada Okafor"),
            ["late entry", "copied from another chair, entered at Chair 1 by Ada Okafor"],
        ),
        (
            lambda line: amended(line, amendment="addendum", source="paper"),
            ["addendum", "transcribed from paper at 11:22"],
        ),
    ],
)
def test_how_an_entry_was_added_is_marked(make: Callable[[Timeline], Entry], marks: list[str]) -> None:
    line = running(CARE)
    assert row(line, make(line))["marks"] == marks


def test_what_was_entered_at_the_wrong_chair_names_both_ways() -> None:
    line = running(CARE)
    wrong = line.quiet_set(20)
    line._replace(line.withdraw(wrong, 22, "moved to Chair 2: wrong patient"), linked="e9")
    told = row(line, wrong)
    assert told["marks"] == ["withdrawn by Ada Okafor: moved to Chair 2: wrong patient", "copied to the right chair"]
    assert (told["linked"], told["state"]) == ("e9", "withdrawn")


@pytest.mark.parametrize(
    ("make", "marks"),
    [
        (lambda line: line.event("note", 110, text="rang"), ["recorded after closing"]),
        (
            lambda line: line._replace(line.event("note", 110, text="rang"), after_signing=True),
            ["recorded after signing"],
        ),
        (
            lambda line: line._replace(line.event("note", 110, text="rang"), after_signing=True, queued=True),
            ["arrived after signing"],
        ),
        (
            lambda line: line._replace(line.quiet_set(90), recorded_at=at(104), queued=True),
            ["sent late", "arrived after closing"],
        ),
        (lambda line: line.event("drug", 110, **DRUG), []),
        (
            lambda line: line.event(
                "sign", 110, meaning="administered", signatures=[signature(ADA, "administered", 110)]
            ),
            ["administered: Ada Okafor, nurse, 12:50"],
        ),
    ],
)
def test_what_comes_after_the_patient_left_is_marked(make: Callable[[Timeline], Entry], marks: list[str]) -> None:
    line = closed()
    assert row(line, make(line))["marks"] == marks


def test_nothing_that_was_there_before_closing_is_marked_by_it() -> None:
    line = closed()
    assert [one["marks"] for one in rows(line, 120)] == [[] for _ in rows(line, 120)]


def test_a_corrected_minute_of_leaving_marks_no_other_entry() -> None:
    line = closed()
    note = line.event("note", 101, text="rang")
    close = next(entry for entry in line.entries if entry.event and entry.event.kind == "close")
    line._replace(line.close(98), tapped_at=at(102), recorded_at=at(102), corrects=close.id, reason="wrong time")
    assert row(line, note)["marks"] == ["recorded after closing"]


def test_where_nobody_signs_late_arrivals_come_after_closing() -> None:
    line = running(BARE)
    line.end(40)
    line.close(100)
    late = line._replace(line.event("note", 110, text="rang"), after_signing=True, queued=True)
    assert row(line, late)["marks"] == ["arrived after closing"]


def test_two_people_of_a_time_out_are_named() -> None:
    line = Timeline(CARE)
    entry = line.event("time_out", -2, signatures=[signature(one, "time-out", -2) for one in (ADA, INES)])
    assert row(line, entry, 0)["marks"] == [
        "time-out: Ada Okafor, nurse, 10:58",
        "time-out: Dr Ines Weiss, clinician, 10:58",
    ]


def test_a_correction_of_an_effect_shows_both() -> None:
    line = running(CARE)
    wrong = line.event("effect", 12, name="nausea", severity="mild")
    right = line.event("effect", 13, name="nausea", severity="severe")
    right = line._replace(right, observed_at=wrong.observed_at, corrects=wrong.id, reason="typed wrongly")
    assert [(part["text"], part["struck"]) for part in row(line, right)["parts"]] == [
        ("Nausea · mild", True),
        ("Nausea · severe", False),
    ]


def test_a_nurse_who_takes_over_is_named() -> None:
    line = running(CARE)
    taken = line.event("handover", 20)
    taken = line._replace(taken, author=JONAS.id, author_name=JONAS.name)
    assert row(line, taken)["text"] == "Responsible nurse from here on: Jonas Lund"


def test_who_corrects_the_minute_of_a_handover_is_not_the_one_who_took_over() -> None:
    line = running(CARE)
    again = corrected(line, line.event("handover", 20), 30, seen_at=21, by=JONAS)
    assert row(line, again)["text"] == "Responsible nurse from here on: Ada Okafor"
    assert row(line, again)["author"] == "Jonas Lund"


def test_a_mark_of_sending_needs_more_than_a_moment() -> None:
    line = running(CARE)
    entry = line.quiet_set(10)
    line._replace(entry, recorded_at=at(10) + timedelta(seconds=15))
    assert row(line, entry)["marks"] == []
    line._replace(entry, recorded_at=at(10) + timedelta(seconds=16))
    assert row(line, entry)["marks"] == ["sent late"]


def test_an_item_that_the_version_does_not_know_keeps_its_key() -> None:
    line = running(replace(CARE, before=()))
    assert row(line, line.event("check", 5, item="consent", answer="yes"))["text"] == "consent: yes"
