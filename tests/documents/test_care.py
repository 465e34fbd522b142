"""The course of care as a document carries it: what is missing, what is hidden, what runs, what is recorded by whom."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring.clinical.dose import reconciliation
from monitoring.clinical.leaving import page
from monitoring.clinical.protocol import News2Inputs
from monitoring.clinical.signing import responsible
from monitoring.documents.before import before_part
from monitoring.documents.care import clock_rows, effect_rows
from monitoring.documents.dosing import dose_part, dose_words, drug_part
from monitoring.documents.handover import handover_lines
from monitoring.documents.judged import Judged, judged
from monitoring.documents.leaving import leaving_part
from monitoring.documents.scored import news2_part
from monitoring.documents.signed import signing_part
from tests.clinical.care import (
    BARE,
    CARE,
    PREPARATION,
    answer,
    dose,
    dose_check,
    order,
    prepared,
    scored,
    signature,
    time_out,
)
from tests.clinical.timeline import ADA, INES, JONAS, Timeline, at, running
from tests.forbidden import forbidden_in

ZONE = ZoneInfo("Europe/Berlin")  # minute 0 is 11:00 there


def test_the_stay_of_a_patient_who_left_is_counted_to_that_minute() -> None:
    line = running(CARE)
    line.end(30)
    assert stay(line, 95) == ("65 min since the end (site: at least 60)", "met at 12:30")
    line.event("close", 96.5)
    assert stay(line, 300) == ("66 min at leaving 12:36 (site: at least 60)", "met at 12:30")


def stay(line: Timeline, minute: float) -> tuple[str, str]:
    j = seen(line, minute)
    groups = leaving_part(j, page(j.infusion, j.protocol, j.course, j.now), ZONE)["groups"]
    wanted = {one.key for one in CARE.leaving if one.stay_minutes is not None}
    [one] = [one for group in groups for one in group["criteria"] if one["key"] in wanted]
    return one["words"], one["recorded"]


def seen(line: Timeline, minute: float) -> Judged:
    """The infusion judged at `minute`, from what was recorded by then."""
    return judged(line.infusion.known_at(at(minute)), line.protocol, at(minute))


def before(line: Timeline, minute: float) -> dict[str, Any]:
    return before_part(seen(line, minute), ZONE)


def dosed(line: Timeline, minute: float) -> dict[str, Any]:
    j = seen(line, minute)
    return dose_part(j, reconciliation(j.infusion, j.protocol, j.course))


def left(line: Timeline, minute: float) -> dict[str, Any]:
    j = seen(line, minute)
    return leaving_part(j, page(j.infusion, j.protocol, j.course, j.now), ZONE)


def handover(line: Timeline, minute: float) -> list[tuple[str, str, str | None]]:
    j = seen(line, minute)
    lines = handover_lines(j, "Chair 1", responsible(j.infusion), ZONE)
    return [(one["label"], one["text"], one["level"]) for one in lines]


def item(part: dict[str, Any], key: str, rows: str = "items") -> dict[str, Any]:
    found: dict[str, Any] = next(one for group in part["groups"] for one in group[rows] if one["key"] == key)
    return found


# Before


def test_an_unanswered_question_is_missing_and_an_answer_has_a_name_and_a_time() -> None:
    line = Timeline(CARE)
    assert item(before(line, -21), "consent")["state"] == "missing"
    assert "Consent on file" in before(line, -21)["missing"]
    entry = answer(line, -20, "consent", "yes")
    assert item(before(line, -19), "consent") == {
        "key": "consent",
        "label": "Consent on file",
        "expects": "yes",
        "may_not_apply": False,
        "note": "",
        "note_needed": [],
        "answer": "yes",
        "note_text": "",
        "by": "Ada Okafor",
        "time": "10:40",
        "at": entry.observed_at.isoformat(),
        "entry": entry.id,
        "state": "answered",
    }
    assert "Consent on file" not in before(line, -19)["missing"]


@pytest.mark.parametrize(
    ("key", "given", "note", "state"),
    [
        ("consent", "no", "", "look"),
        ("pregnancy", "not applicable", "", "answered"),
        ("escort", "yes", "", "missing"),
        ("escort", "yes", "Rosa Brandt, 555 0100", "answered"),
    ],
)
def test_how_an_answer_stands(key: str, given: str, note: str, state: str) -> None:
    line = Timeline(CARE)
    answer(line, -20, key, given, note)
    assert item(before(line, -19), key)["state"] == state


def test_nothing_is_missing_once_everything_is_there() -> None:
    found = before(prepared(Timeline(CARE)), -1)
    assert found["missing"] == []
    assert found["time_out"]["text"] == "Time-out: Ada Okafor and Jonas Lund, 10:58"
    assert found["order"]["prescriber"] == "Dr Ines Weiss"
    assert found["weight"] == {"weight_kg": 80.0, "weight_on": "2026-03-03", "text": "80.0 kg on 03 Mar 2026"}
    assert (found["second_calculation"], found["time_out_wanted"], found["start_reason_wanted"]) == (True, True, False)
    assert found["dose"]["author"] == ADA.id
    assert [step["result"] for step in found["dose"]["steps"]][:2] == ["40 mg", "0.8 mL"]
    assert found["dose_check"] == {
        "entry": found["dose_check"]["entry"],
        "text": "40 mg · 0.8 mL · 150 mL/h",
        "by": "Jonas Lund",
        "agrees": True,
        "differences": [],
    }


@pytest.mark.parametrize(
    ("make", "differences"),
    [
        (lambda line, first: dose_check(line, -12, first, dose_mg=41.0), 1),
        (lambda line, first: dose_check(line, -12, first, rate_ml_per_h=15.0), 2),  # a tenth: said as well
        (lambda line, first: dose_check(line, -12, first, by=ADA), 1),
    ],
)
def test_a_second_calculation_that_differs_is_told(make: Callable[..., Any], differences: int) -> None:
    line = Timeline(CARE)
    order(line, -15)
    make(line, dose(line, -14))
    found = before(line, -11)["dose_check"]
    assert not found["agrees"]
    assert len(found["differences"]) == differences


def test_a_start_with_something_missing_asks_for_the_reason_until_it_is_given() -> None:
    line = prepared(Timeline(CARE), without=("time-out",))
    start = line.start(0)
    assert (before(line, 1)["start_reason_wanted"], before(line, 1)["started_with_missing"]) == (True, ["Time-out"])
    again = line.event("start", 2, reason="emergency", decided_by=INES.name)
    line._replace(again, observed_at=start.observed_at, corrects=start.id, reason="reason added")
    assert (before(line, 3)["start_reason_wanted"], before(line, 3)["decided_by"]) == (False, "Dr Ines Weiss")


def test_an_older_version_asks_for_nothing() -> None:
    found = before(running(BARE), 1)
    assert (found["groups"], found["missing"], found["bases"], found["time_out_wanted"]) == ([], [], [], False)


# Dose


def numbers_in(value: Any) -> Iterator[float]:
    """Every number in a document, also those in its texts."""
    if isinstance(value, dict):
        for part in value.values():
            yield from numbers_in(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from numbers_in(part)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value
    elif isinstance(value, str):
        for word in value.replace(",", " ").split():
            try:
                yield float(word)
            except ValueError:
                continue


def test_while_a_second_calculation_is_waited_for_no_result_is_told() -> None:
    line = Timeline(CARE)
    order(line, -15)
    for minute in (-14.5, -13):
        if minute == -13:
            dose(line, -14)
        found = {"dose": dosed(line, minute), "before": before(line, minute), "pill": dose_words(seen(line, minute))}
        assert found["dose"]["hidden"]
        assert found["pill"] == "0.5 mg/kg in 40 min"
        told = set(numbers_in(found)) - set(numbers_in([PREPARATION.stock_mg_per_ml, PREPARATION.bag_volumes_ml]))
        assert {40.0, 0.8, 150.0, 0.4} & (told - {40}) == set(), json.dumps(found)
        assert " mg " not in json.dumps(found).replace("mg/kg", "")


def test_after_the_second_calculation_the_dose_is_told_with_its_sums() -> None:
    line = prepared(Timeline(CARE))
    assert dose_words(seen(line, -1)) == "40.0 mg in 40 min · 0.5 mg/kg"
    line.start(0)
    line.pause(10)
    line.resume(15)
    found = dosed(line, 20)
    assert (found["planned"], found["given"], found["remaining"]) == ("40.0 mg", "15.0 mg", "25.0 mg")
    assert (found["drawn"], found["wasted"]) == ("", "")
    assert found["segments"] == [
        {"from": 0, "to": 10, "rate": 150},
        {"from": 10, "to": 15, "rate": 0},
        {"from": 15, "to": None, "rate": 150},
    ]
    assert found["plan"]["rate_ml_per_h"] == 150


def test_the_dose_is_told_once_the_pump_runs_whatever_was_missing() -> None:
    line = Timeline(CARE)
    order(line, -15)
    dose(line, -14)
    line.start(0)
    assert dose_words(seen(line, 1)) == "40.0 mg in 40 min · 0.5 mg/kg"


@pytest.mark.parametrize(("wasted", "reconciled"), [(10.0, True), (10.1, True), (10.2, False), (9.0, False)])
def test_drawn_is_given_and_wasted_or_by_how_much_not(wasted: float, reconciled: bool) -> None:
    line = prepared(Timeline(CARE))
    line.start(0)
    line.end(40)
    assert drug(line, 50)["latest"] is None
    signed = [signature(JONAS, "witness of waste", 51)]
    line.event("drug", 51, drawn_mg=50.0, wasted_mg=wasted, lot="A1", expiry="2027-08", method="x", signatures=signed)
    assert dosed(line, 52)["is_reconciled"] is reconciled
    assert (dosed(line, 52)["drawn"], dosed(line, 52)["wasted"]) == ("50.0 mg", f"{wasted} mg")
    found = drug(line, 52)
    assert (found["given"], found["witness"], found["latest"]["witness"]) == ("40.0 mg", True, "Jonas Lund")
    assert found["latest"]["reconciled"] == dosed(line, 52)["reconciled"]


def drug(line: Timeline, minute: float) -> dict[str, Any]:
    j = seen(line, minute)
    found = drug_part(j, reconciliation(j.infusion, j.protocol, j.course), ZONE)
    assert found is not None
    return found


def test_while_a_second_calculation_is_waited_for_the_drug_tells_no_dose() -> None:
    line = Timeline(CARE)
    order(line, -15)
    dose(line, -14)
    line.event("drug", -13, drawn_mg=50.0, wasted_mg=0.0, lot="A1", expiry="2027-08")
    assert "40" not in json.dumps(drug(line, -12)["latest"])


def test_one_who_records_the_waste_is_no_witness_of_it() -> None:
    line = running(CARE)
    line.end(40)
    line.event("drug", 51, drawn_mg=50.0, wasted_mg=10.0, signatures=[signature(ADA, "witness of waste", 51)])
    assert drug(line, 52)["latest"]["witness"] == ""


# While it runs


def test_effects_with_onset_and_end() -> None:
    line = running(CARE)
    nausea = line.event("effect", 12, name="nausea", severity="mild", action="position changed")
    line.event("effect", 15, name="dizzy or vertigo")
    line.event("over", 31, of=nausea.id)
    told = [(one["name"], one["severity"], one["minute"], one["over"]) for one in effect_rows(seen(line, 32))]
    assert told == [("nausea", "mild", 12, "resolved at minute 31"), ("dizzy or vertigo", "", 15, None)]
    assert effect_rows(seen(line, 30))[0]["over"] is None


def test_clocks_run_with_their_times_and_wake_the_document() -> None:
    line = running(CARE)
    assert clock_rows(seen(line, 1)) == []
    called = line.event("called", 12, whom="clinician")
    line.event("medicine", 13, name="Ondansetron", dose="4", unit="mg", route="IV")
    rows = clock_rows(seen(line, 14))
    assert [(one["kind"], one["due_at"]) for one in rows] == [("recheck", at(18).isoformat()), ("called", None)]
    assert rows[1]["entry"] == called.id
    changes = seen(line, 14).next_change
    assert isinstance(changes, datetime)
    assert changes <= at(18)
    line.event("over", 16, of=called.id)
    assert [one["kind"] for one in clock_rows(seen(line, 17))] == ["recheck"]


# Leaving


def test_what_is_recorded_as_met_names_who_recorded_it() -> None:
    line = running(CARE)
    assert {one["state"] for group in left(line, 20)["groups"] for one in group["criteria"]} == {"missing"}
    line.end(40)
    answer(line, 97, "gait")
    gait = item(left(line, 98), "gait", "criteria")
    assert (gait["state"], gait["answer"], gait["recorded"]) == (
        "met",
        "yes",
        "recorded as met by Ada Okafor, 12:37",
    )
    stay = item(left(line, 98), "stay", "criteria")
    assert (stay["state"], stay["recorded"], "answer" in stay) == ("not met", "", False)
    stay = item(left(line, 100), "stay", "criteria")
    assert (stay["state"], stay["recorded"]) == ("met", "met at 12:40")


def test_scores_carry_their_variant_their_points_and_what_their_item_looks_at() -> None:
    line = running(CARE)
    line.end(40)
    (scale,) = left(line, 41)["scales"]
    assert (scale["variant"], scale["threshold"], scale["highest"], scale["latest"]) == ("±20 mmHg", 9, 10, None)
    line.quiet_set(50, systolic=147.0)
    scored(line, 52, 1, 2, 2, 2, 2)
    (scale,) = left(line, 53)["scales"]
    hints = {one["key"]: one["hint"] for one in scale["items"]}
    assert hints["circulation"].endswith("1 by this scale")
    assert "21 above baseline 126" in hints["circulation"]
    assert hints["activity"] == ""
    assert (scale["latest"]["total"], scale["latest"]["minute"], scale["latest"]["by"]) == (9, 52, "Ada Okafor")


def test_how_a_patient_left_and_what_is_still_to_be_told() -> None:
    line = running(CARE)
    line.end(40)
    assert left(line, 60)["departure"] is None
    line.close(61)
    found = left(line, 62)["departure"]
    assert found["wants"] == ["why", "a second person"]
    assert found["text"] == "Left 12:01, recorded by Ada Okafor · with something missing: no reason given"


# Signing, NEWS2, handover


def test_signatures_follow_each_other_and_then_the_record_is_locked() -> None:
    line = running(CARE)
    line.end(40)
    line.close(100)
    found = signing_part(seen(line, 101), ZONE)
    assert found is not None
    assert (found["next"], found["locked"]) == ({"meaning": "administered", "roles": ["nurse"]}, False)
    assert any("what was drawn up" in point for point in found["open_points"])
    line.event("sign", 102, meaning="administered", signatures=[signature(ADA, "administered", 102)])
    line.event("sign", 104, meaning="reviewed", signatures=[signature(INES, "reviewed", 104)])
    found = signing_part(seen(line, 105), ZONE)
    assert found is not None
    assert [(one["meaning"], one["name"], one["role"], one["time"]) for one in found["signed"]] == [
        ("administered", "Ada Okafor", "nurse", "12:42"),
        ("reviewed", "Dr Ines Weiss", "clinician", "12:44"),
    ]
    assert (found["next"], found["locked"]) == (None, True)
    assert found["locked_words"].startswith("Signed and locked on 03 Mar 2026, 12:44.")


def test_where_nobody_signs_there_is_nothing_to_sign() -> None:
    assert signing_part(seen(running(BARE), 1), ZONE) is None


def test_news2_is_told_only_where_it_is_used_and_never_without_all_inputs() -> None:
    line = running(CARE)
    assert news2_part(seen(line, 1)) is None
    inputs = News2Inputs("respiration", "spo2", "oxygen", "systolic", "heart_rate", "sedation", "temperature")
    line.protocol = replace(CARE, news2=inputs)
    found = news2_part(seen(line, 1))
    assert found is not None
    assert (found["total"], found["risk"]) == (None, None)
    assert "Temperature" in found["missing"]
    assert "Royal College of Physicians" in found["source"]


def test_what_a_relieving_nurse_reads() -> None:
    line = prepared(Timeline(CARE))
    line.start(0)
    line.quiet_set(10, systolic=140.0, diastolic=82.0)
    line.quiet_set(20, systolic=164.0, diastolic=88.0)
    line.observe(20, dissociation=2)
    line.event("effect", 12, name="nausea", severity="mild")
    line.event("called", 21, whom="clinician")
    flag = line.flag(22, "systolic")
    line.acknowledge(flag, 22, by=JONAS)
    told = handover(line, 23)
    assert told[:4] == [
        ("Who", "Marta Brandt · Chair 1 · Infusion 2 of 6 · allergies: none known", None),
        ("Where", "infusing since 11:00", None),
        ("Dose", "40.0 mg in 40 min · 0.5 mg/kg", None),
        ("Responsible", "Ada Okafor since 11:00", None),
    ]
    assert told[4:6] == [
        ("Pump", "23.0 mg given, by rate and time · rate 150 mL/h", None),
        ("Oxygen", "not recorded", None),
    ]
    rows = {label: (text, level) for label, text, level in told}
    assert rows["Blood pressure"] == ("baseline 126/78 → 140/82 → 164/88 mmHg, minute 20", "caution")
    assert rows["Heart rate"] == ("baseline 72 → 72 → 72 /min, minute 20", None)
    assert rows["Dissociation"][0] == "2 moderate, minute 20"
    assert rows["Sedation"] == ("none recorded", None)
    assert rows["Flag"] == (f"{flag.headline} · seen by Jonas Lund: Seen, watching", "caution")
    assert rows["Effect"][0] == "Nausea · mild · no end recorded"
    assert rows["Running"][0] == "Clinician called since 11:21"
    assert rows["Next"][0] == "set due 11:30, minute 30"


@pytest.mark.parametrize(
    ("minute", "where", "next_set"),
    [
        (-5, "before start", "no set is due"),
        (11, "infusing since 11:00", "set due 11:10, minute 10"),
        (17, "infusing since 11:00", "set overdue, due 11:10"),
        (36, "paused since 11:35, started 11:00", "set overdue, due 11:10"),
        (51, "recovery since 11:50, started 11:00", "set overdue, due 11:10"),
    ],
)
def test_where_it_is_and_what_is_next(minute: float, where: str, next_set: str) -> None:
    line = Timeline(CARE)
    line.quiet_set(-2)
    line.start(0)
    line.pause(35)
    line.end(50)
    rows = {label: text for label, text, _ in handover(line, minute)}
    assert (rows["Where"], rows["Next"]) == (where, next_set)


def test_the_only_value_is_the_baseline_and_no_trend() -> None:
    rows = {label: text for label, text, _ in handover(running(CARE), 1)}
    assert rows["Blood pressure"] == "baseline 126/78 mmHg, 10:56"


def test_no_part_says_what_it_must_not() -> None:
    line = prepared(Timeline(CARE))
    line.start(0)
    line.end(40)
    line.quiet_set(100)
    line.observe(100, dissociation=0, sedation=5)
    scored(line, 100, 2, 2, 2, 2, 2)
    time_out(line, 101)
    line.close(110)
    j = seen(line, 111)
    parts = [before(line, 111), dosed(line, 111), left(line, 111), signing_part(j, ZONE), handover(line, 111)]
    texts = json.dumps(parts, ensure_ascii=False)
    assert forbidden_in(texts) == []
