"""What is asked and what is refused: tables at the edge, the sentences as they are read, and nothing otherwise."""

# ruff: noqa: E501  (a sentence that is expected stays in one piece)

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.clinical.checks import CLOCK_SLIP, Question, problems, questions
from monitoring.clinical.course import allowed, outlined
from monitoring.clinical.protocol import OVER, Measure, Phase
from monitoring.clinical.protocol_file import read_protocol
from monitoring.clinical.record import (
    EVENT_WORDS,
    Acknowledgement,
    Entry,
    Event,
    EventKind,
    Infusion,
    NotDone,
    Patient,
    Reading,
)

FILE = Path(__file__).resolve().parents[2] / "data" / "protocols" / "ketamine-depression.toml"
PROTOCOL = read_protocol(FILE.read_text(encoding="utf-8"), FILE.name)
OPENED = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NOW = OPENED + timedelta(minutes=30)
INFUSION = Infusion(
    id="infusion",
    patient=Patient("patient", "P-1001", "Edda Marlow", date(1981, 5, 4), "female", "none known"),
    series="series",
    number=2,
    planned_infusions=6,
    weight_kg=70.0,
    dose_mg_per_kg=0.5,
    planned_minutes=40,
    bag_volume_ml=100.0,
    every_minutes=10,
    protocol=PROTOCOL.hash,
    opened_at=OPENED,
    opened_by="nora",
    opened_by_name="Nora Field",
    identifiers="name, date of birth",
    chair="chair-1",
)
MEASURES = PROTOCOL.measures
TYPED = [measure for measure in MEASURES.values() if not measure.is_rating]
USUAL = {"systolic": 128.0, "diastolic": 76.0, "heart_rate": 84.0, "spo2": 97.0, "respiration": 16.0}


def entry(id: str = "new", seq: int = 0, minute: float = 20, **given: Any) -> Entry:
    """An entry of Nora's, seen `minute` minutes after the infusion was opened."""
    at = OPENED + timedelta(minutes=minute)
    given = {"kind": "set", "observed_at": at, "tapped_at": at, "recorded_at": at, **given}
    return Entry(id=id, seq=seq, author="nora", author_name="Nora Field", **given)


def a_set(values: dict[str, float], *, confirmed: set[str] | None = None, **given: Any) -> Entry:
    """An entry with these values; `confirmed` names the measures whose unusual value was confirmed."""
    new = entry(**given)
    readings = [Reading(f"{new.id}/{key}", key, value, key in (confirmed or ())) for key, value in values.items()]
    return replace(new, readings=tuple(readings))


def an_event(kind: EventKind, detail: dict[str, Any] | None = None, **given: Any) -> Entry:
    return entry(kind="event", event=Event(kind, detail or {}), **given)


def with_entries(*entries: Entry) -> Infusion:
    return replace(INFUSION, entries=tuple(replace(e, seq=number) for number, e in enumerate(entries, 1)))


def said(new: Entry, infusion: Infusion = INFUSION, *, live: bool = False, now: datetime = NOW) -> list[str]:
    return problems(new, infusion, PROTOCOL, now, live=live)


# Questions


@pytest.mark.parametrize(
    ("values", "sentences"),
    [
        (USUAL, []),
        ({}, []),
        ({"respiration": 0}, ["Respiration 0 /min: is this what you see?"]),
        ({"respiration": 2}, ["Respiration 2 /min: is this what you see?"]),
        ({"respiration": 3}, []),
        ({"respiration": 60}, []),
        ({"respiration": 61}, ["Respiration 61 /min: is this what you see?"]),
        ({"systolic": 49}, ["Systolic pressure 49 mmHg: is this what you see?"]),
        ({"systolic": 50}, []),
        ({"systolic": 260}, []),
        ({"systolic": 261}, ["Systolic pressure 261 mmHg: is this what you see?"]),
        ({"diastolic": 19}, ["Diastolic pressure 19 mmHg: is this what you see?"]),
        ({"diastolic": 20}, []),
        ({"diastolic": 160}, []),
        ({"heart_rate": 0}, ["Heart rate 0 /min: is this what you see?"]),
        ({"heart_rate": 20}, []),
        ({"heart_rate": 221}, ["Heart rate 221 /min: is this what you see?"]),
        ({"spo2": 49}, ["Oxygen saturation 49 %: is this what you see?"]),
        ({"spo2": 50}, []),
        ({"spo2": 100}, []),
        ({"temperature": 29.9}, ["Temperature 29.9 °C: is this what you see?"]),
        ({"temperature": 30.0}, []),
        ({"oxygen": 0}, []),
        ({"oxygen": 16}, ["Oxygen given 16 L/min: is this what you see?"]),
        ({"dissociation": 4, "sedation": 0}, []),
        # below one another
        ({"systolic": 80, "diastolic": 79}, []),
        (
            {"systolic": 80, "diastolic": 80},
            ["Diastolic pressure 80 mmHg is not below systolic pressure 80 mmHg: is this what you see?"],
        ),
        (
            {"diastolic": 128, "systolic": 76},
            ["Diastolic pressure 128 mmHg is not below systolic pressure 76 mmHg: is this what you see?"],
        ),
        ({"diastolic": 128}, []),
        # impossible, or of no measure: refused elsewhere, not asked
        ({"spo2": 980}, []),
        ({"respiration": -1}, []),
        ({"pulse": 80}, []),
        ({"systolic": 900, "diastolic": 80}, []),
    ],
)
def test_what_is_asked(values: dict[str, float], sentences: list[str]) -> None:
    assert [question.sentence for question in questions(values, PROTOCOL)] == sentences


def test_questions_come_in_the_order_of_the_protocol_and_belong_to_a_measure() -> None:
    assert questions({"respiration": 0, "diastolic": 40, "systolic": 40}, PROTOCOL) == [
        Question("systolic", "Systolic pressure 40 mmHg: is this what you see?"),
        Question(
            "diastolic", "Diastolic pressure 40 mmHg is not below systolic pressure 40 mmHg: is this what you see?"
        ),
        Question("respiration", "Respiration 0 /min: is this what you see?"),
    ]


# Values


@pytest.mark.parametrize(
    ("measure", "value", "sentence"),
    [
        ("spo2", 980, "Oxygen saturation 980 %: expected 0 to 100."),
        ("spo2", 101, "Oxygen saturation 101 %: expected 0 to 100."),
        ("spo2", 97.5, "Oxygen saturation 97.5 %: expected a whole number."),
        ("spo2", -1, "Oxygen saturation -1 %: expected 0 to 100."),
        ("systolic", 351, "Systolic pressure 351 mmHg: expected 0 to 350."),
        ("systolic", 1200, "Systolic pressure 1200 mmHg: expected 0 to 350."),
        ("diastolic", 251, "Diastolic pressure 251 mmHg: expected 0 to 250."),
        ("heart_rate", 351, "Heart rate 351 /min: expected 0 to 350."),
        ("respiration", 121, "Respiration 121 /min: expected 0 to 120."),
        ("temperature", 19.9, "Temperature 19.9 °C: expected 20 to 45."),
        ("temperature", 98.6, "Temperature 98.6 °C: expected 20 to 45."),
        ("temperature", 36.65, "Temperature 36.65 °C: expected no more than 1 after the point."),
        ("oxygen", 60.5, "Oxygen given 60.5 L/min: expected 0 to 60."),
        ("heart_rate", float("nan"), "Heart rate “nan”: expected a number."),
        ("heart_rate", float("inf"), "Heart rate “inf”: expected a number."),
        ("heart_rate", True, "Heart rate “True”: expected a number."),
        ("heart_rate", "84", "Heart rate “84”: expected a number."),
        ("dissociation", 5, "Dissociation 5: expected 0 none, 1 mild, 2 moderate, 3 marked or 4 severe."),
        ("dissociation", 1.5, "Dissociation 1.5: expected 0 none, 1 mild, 2 moderate, 3 marked or 4 severe."),
        ("distress", -1, "Distress -1: expected 0 none, 1 some or 2 needs support."),
    ],
)
@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("live", [False, True])
def test_an_impossible_value_is_refused(measure: str, value: Any, sentence: str, confirmed: bool, live: bool) -> None:
    assert said(a_set({measure: value}, confirmed={measure} if confirmed else None), live=live) == [sentence]


@pytest.mark.parametrize("measure", TYPED, ids=lambda measure: measure.key)
def test_the_edges_of_possible_and_plausible(measure: Measure) -> None:
    step = 10**-measure.decimals
    (lowest, highest), (low, high) = measure.possible, measure.plausible
    for value in (lowest, highest):
        assert said(a_set({measure.key: value}, confirmed={measure.key})) == []
    for value in (lowest - step, highest + step):
        assert len(said(a_set({measure.key: round(value, 1)}, confirmed={measure.key}))) == 1
    for value in (low, high):
        assert said(a_set({measure.key: value})) == []
    for value in (low - step, high + step):
        if lowest <= value <= highest:
            assert [question.measure for question in questions({measure.key: round(value, 1)}, PROTOCOL)] == [
                measure.key
            ]


@given(st.data())
def test_a_plausible_value_gives_no_question_and_no_problem(data: st.DataObject) -> None:
    values = {}
    for measure in data.draw(st.lists(st.sampled_from(list(MEASURES.values())), min_size=1, unique_by=lambda m: m.key)):
        if measure.is_rating:
            values[measure.key] = float(data.draw(st.sampled_from([option.value for option in measure.options])))
        else:
            scale = 10**measure.decimals
            low, high = (round(bound * scale) for bound in measure.plausible)
            values[measure.key] = data.draw(st.integers(low, high)) / scale
    if values.get("diastolic", 0) >= values.get("systolic", 1000):
        del values["diastolic"]
    assert questions(values, PROTOCOL) == []
    assert said(a_set(values), live=True) == []


@given(
    st.sampled_from(list(MEASURES)),
    st.one_of(st.floats(), st.integers(-(10**6), 10**6)),
    st.booleans(),
)
def test_any_number_is_kept_asked_or_refused_and_never_both(key: str, value: float, confirmed: bool) -> None:
    asked = questions({key: value}, PROTOCOL)
    refused = said(a_set({key: value}, confirmed={key} if confirmed else None))
    assert len(asked) <= 1
    assert len(refused) <= 1
    if asked:
        assert bool(refused) is not confirmed  # unusual: kept when confirmed, and only then


def test_an_unusual_value_is_refused_until_it_is_confirmed() -> None:
    assert said(a_set({"respiration": 0})) == ["Respiration 0 /min: unusual, expected to be confirmed as seen."]
    assert said(a_set({"respiration": 0}, confirmed={"respiration"})) == []
    assert said(a_set({"systolic": 70, "diastolic": 80}, confirmed={"systolic"})) == [
        "Diastolic pressure 80 mmHg is not below systolic pressure 70 mmHg: unusual, expected to be confirmed as seen."
    ]
    assert said(a_set({"systolic": 70, "diastolic": 80}, confirmed={"diastolic"})) == []


def test_confirming_a_usual_value_harms_nothing() -> None:
    assert said(a_set(USUAL, confirmed=set(USUAL))) == []


# Sets and observations


@pytest.mark.parametrize("live", [False, True])
def test_nothing_is_said_of_a_usual_entry(live: bool) -> None:
    assert said(a_set(USUAL), live=live) == []
    assert said(a_set({"dissociation": 3}, kind="observation"), live=live) == []
    assert said(a_set({"oxygen": 2}, kind="observation"), live=live) == []
    assert said(replace(a_set({"spo2": 97}), not_done=(NotDone("systolic", "cuff declined"),)), live=live) == []
    assert said(entry(not_done=(NotDone("systolic", "asleep"),)), live=live) == []


@pytest.mark.parametrize(
    ("new", "sentences"),
    [
        (entry(), ["This set is empty: expected at least one value, or a reason why it was not done."]),
        (entry(kind="observation"), ["This observation is empty: expected a rating or a value."]),
        (
            replace(a_set({"spo2": 97}), readings=(Reading("new/pulse", "pulse", 80),)),
            [f"Value of unknown measure “pulse”: expected {', '.join(list(MEASURES)[:-1])} or distress."],
        ),
        (
            replace(a_set({}), readings=(Reading("new/spo2", "spo2", 97), Reading("new/spo2", "spo2", 98))),
            ["Oxygen saturation is there twice: expected one value."],
        ),
        (
            entry(not_done=(NotDone("systolic", "too busy"),)),
            [
                "Systolic pressure not done, reason “too busy”: expected asleep, refused, cuff declined, eye mask, "
                "moved, in bathroom, equipment or other."
            ],
        ),
        (
            entry(not_done=(NotDone("pulse", "asleep"),)),
            [f"Not done of unknown measure “pulse”: expected {', '.join(list(MEASURES)[:-1])} or distress."],
        ),
        (
            entry(not_done=(NotDone("systolic", "asleep"), NotDone("systolic", "refused"))),
            ["Systolic pressure is marked not done twice: expected one reason."],
        ),
        (
            replace(a_set({"spo2": 97}), not_done=(NotDone("spo2", "moved"),)),
            ["Oxygen saturation has a value and is marked not done: expected one of the two."],
        ),
        (
            replace(a_set({"spo2": 97}), event=Event("note", {"text": "quiet"})),
            ["This set holds an event too: expected each in an entry of its own."],
        ),
        (
            entry(kind="form"),
            ["Entry of kind “form”: expected set, observation, event, acknowledgement or withdrawal."],
        ),
        (a_set({"spo2": 980, "respiration": 200}), [
            "Oxygen saturation 980 %: expected 0 to 100.",
            "Respiration 200 /min: expected 0 to 120.",
        ]),
    ],
)  # fmt: skip
def test_an_entry_that_says_too_little_or_too_much_is_refused(new: Entry, sentences: list[str]) -> None:
    assert said(new) == sentences


# Times


@pytest.mark.parametrize(
    ("seconds", "sentences"),
    [
        (0, []),
        (CLOCK_SLIP.total_seconds(), []),
        (CLOCK_SLIP.total_seconds() + 1, ["Seen 61 s from now: expected a time that has passed."]),
        (24 * 60, ["Seen 24 min from now: expected a time that has passed."]),
        (3600 * 25, ["Seen 25 h 0 min from now: expected a time that has passed."]),
    ],
)
def test_a_time_to_come_is_refused_and_a_clock_may_slip(seconds: float, sentences: list[str]) -> None:
    at = NOW + timedelta(seconds=seconds)
    assert said(replace(a_set(USUAL), observed_at=at)) == sentences


@pytest.mark.parametrize(
    ("minute", "sentences"),
    [
        (0, []),
        (-1, []),
        (-5, []),
        (-240, []),
        (-245, ["Seen 4 h 5 min before this infusion was opened: expected up to 4 h 0 min before."]),
        (-60 * 24, ["Seen 24 h 0 min before this infusion was opened: expected up to 4 h 0 min before."]),
    ],
)
def test_a_time_long_before_the_infusion_is_refused(minute: float, sentences: list[str]) -> None:
    assert said(a_set(USUAL, minute=minute)) == sentences


@pytest.mark.parametrize(
    ("seconds", "sentences"),
    [
        (-7 * 24 * 3600, []),  # waited on a tablet for a week
        (0, []),
        (60, []),
        (61, ["Saved 61 s from now: expected a time that has passed."]),
        (3 * 3600, ["Saved 3 h 0 min from now: expected a time that has passed."]),
    ],
)
def test_save_was_not_tapped_in_the_future(seconds: int, sentences: list[str]) -> None:
    assert said(replace(a_set(USUAL), tapped_at=NOW + timedelta(seconds=seconds), clock="device")) == sentences


# Events


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("start", {}),
        ("start", {"baseline": {}}),
        ("pause", {}),
        ("pause", {"reason": "bathroom"}),
        ("resume", {}),
        ("rate", {"rate_ml_per_h": 150}),
        ("rate", {"rate_ml_per_h": 5.0}),
        ("rate", {"rate_ml_per_h": 400}),
        ("end", {}),
        ("stop", {}),
        ("stop", {"reason": "distress"}),
        ("move", {"chair": "chair-2"}),
        ("close", {}),
        ("cancel", {"reason": "no escort"}),
        ("effect", {"name": "nausea"}),
        ("effect", {"name": "hiccups", "severity": "mild"}),
        ("medicine", {"name": "Ondansetron", "dose": "4", "unit": "mg", "route": "IV"}),
        ("medicine", {"name": "Ondansetron", "dose": 0.5, "unit": "mg", "route": "oral"}),
        ("note", {"text": "Music changed"}),
        ("repeat", {"measure": "systolic", "due_at": "2026-03-02T09:22:00+00:00"}),
    ],
)
def test_an_event_that_is_kept(kind: EventKind, detail: dict[str, Any]) -> None:
    assert said(an_event(kind, detail)) == []


@pytest.mark.parametrize(
    ("kind", "detail", "sentence"),
    [
        ("rate", {}, "Rate missing: expected a number in mL/h."),
        ("rate", {"rate_ml_per_h": "fast"}, "Rate “fast”: expected a number in mL/h."),
        ("rate", {"rate_ml_per_h": 4.17}, "Rate 4.17 mL/h: expected 5 to 400."),
        ("rate", {"rate_ml_per_h": 1500}, "Rate 1500 mL/h: expected 5 to 400."),
        ("rate", {"rate_ml_per_h": 0}, "Rate 0 mL/h: expected 5 to 400."),
        ("start", {"rate_ml_per_h": 1500}, "Rate 1500 mL/h: expected 5 to 400."),
        ("start", {"baseline": 3}, "Baseline “3”: expected one reading for each measure."),
        ("start", {"baseline": {"spo2": "no/spo2"}}, "Baseline oxygen saturation “no/spo2”: expected a reading of it in this infusion."),
        ("cancel", {}, "Cancelled, no reason: expected patient did not come, patient declined, vital signs before the dose, no escort, ate or drank, clinician decided, opened by mistake or other."),
        ("pause", {"reason": "tea"}, "Pump paused, reason “tea”: expected distress, blood pressure, nausea or vomiting, patient asked, bathroom, cannula or line, pump or other."),
        ("stop", {"reason": 3}, "Pump stopped, reason “3”: expected distress, blood pressure, nausea or vomiting, breathing or saturation, patient asked, cannula or line, pump, clinician decided or other."),
        ("move", {}, "Chair moved to missing: expected words."),
        ("effect", {"name": " "}, "Effect missing: expected words."),
        ("effect", {"name": "nausea", "severity": "awful"}, "Severity “awful”: expected mild, moderate or severe, or none."),
        ("medicine", {"name": "Ondansetron", "dose": "", "unit": "mg", "route": "IV"}, "Ondansetron: expected its dose."),
        ("medicine", {"name": "Ondansetron", "dose": "4 mg", "unit": "mg", "route": "IV"}, "Ondansetron, dose “4 mg”: expected a number above 0."),
        ("medicine", {"name": "Ondansetron", "dose": "-4", "unit": "mg", "route": "IV"}, "Ondansetron, dose “-4”: expected a number above 0."),
        ("medicine", {"name": "Ondansetron", "dose": "1.000", "unit": "mg", "route": "IV"}, "Ondansetron, dose “1.000”: expected 1 or 1000, without a mark for thousands."),
        ("medicine", {"name": "Ondansetron", "dose": "0,5", "unit": "mg", "route": "IV"}, "Ondansetron, dose “0,5”: expected a number above 0 with a point, such as 0.5."),
        ("medicine", {"name": "Ondansetron", "dose": "1e3", "unit": "mg", "route": "IV"}, "Ondansetron, dose “1e3”: expected a number above 0."),
        ("medicine", {"name": "Ondansetron", "dose": "４", "unit": "mg", "route": "IV"}, "Ondansetron, dose “４”: expected a number above 0 with a point, such as 0.5."),
        ("medicine", {"name": "Ondansetron", "dose": "nan", "unit": "mg", "route": "IV"}, "Ondansetron, dose “nan”: expected a number above 0."),
        ("medicine", {"name": "Ondansetron", "dose": "4", "route": "IV"}, "Ondansetron, unit missing: expected words."),
        ("note", {"text": "\n "}, "Note missing: expected words."),
        ("repeat", {"measure": "systolic", "due_at": "soon"}, "Repeat due at “soon”: expected a time with its zone."),
        ("repeat", {"measure": "systolic", "due_at": "2026-03-02T09:22:00"}, "Repeat due at “2026-03-02T09:22:00”: expected a time with its zone."),
        ("repeat", {"measure": ["x"], "due_at": "2026-03-02T09:22:00Z"}, f"Repeat of “['x']”: expected {', '.join(list(MEASURES)[:-1])} or distress."),
    ],
)  # fmt: skip
def test_an_event_whose_detail_does_not_fit_is_refused(kind: EventKind, detail: dict[str, Any], sentence: str) -> None:
    assert said(an_event(kind, detail)) == [sentence]


def test_an_event_of_no_kind_is_refused() -> None:
    (sentence,) = said(an_event("flush"))  # type: ignore[arg-type]
    assert sentence.startswith("Event “flush”: expected start, pause")
    assert said(entry(kind="event")) == ["This event says nothing: expected what happened."]


def test_a_baseline_names_readings_of_its_own_measure() -> None:
    infusion = with_entries(a_set({"spo2": 97, "heart_rate": 80}, id="before", minute=1))
    assert said(an_event("start", {"baseline": {"spo2": "before/spo2"}}), infusion) == []
    assert said(an_event("start", {"baseline": {"spo2": "before/heart_rate"}}), infusion) == [
        "Baseline oxygen saturation “before/heart_rate”: expected a reading of it in this infusion."
    ]


# Phases


STARTED = an_event("start", id="started", minute=2)
ENDED = an_event("end", id="ended", minute=12)
LEFT = an_event("close", id="left", minute=18)


@pytest.mark.parametrize(
    ("kind", "entries", "fits"),
    [
        ("start", (), True),
        ("pause", (), False),
        ("cancel", (), True),
        ("start", (STARTED,), False),
        ("pause", (STARTED,), True),
        ("cancel", (STARTED,), False),
        ("close", (STARTED,), False),
        ("handover", (STARTED, ENDED), True),
        ("help", (STARTED, ENDED), True),
        ("sign", (STARTED, ENDED), False),
        ("end", (STARTED, ENDED), False),
    ],
)
def test_an_event_must_fit_the_phase_only_where_the_screen_was_live(
    kind: EventKind, entries: tuple[Entry, ...], fits: bool
) -> None:
    new = an_event(kind, {"reason": "no escort"} if kind == "cancel" else {})
    assert (said(new, with_entries(*entries), live=True) == []) is fits
    assert said(new, with_entries(*entries), live=False) == []


@pytest.mark.parametrize("new", [a_set(USUAL), a_set({"distress": 0}, kind="observation"), an_event("pause")])
def test_once_closed_a_live_screen_takes_no_more_values_and_an_outbox_does(new: Entry) -> None:
    infusion = with_entries(STARTED, ENDED, LEFT)
    assert said(new, infusion, live=True) == [
        "This infusion is closed: expected a late entry, an addendum or a correction."
    ]
    assert said(new, infusion, live=False) == []


def test_once_closed_notes_corrections_withdrawals_and_acknowledgements_are_still_taken() -> None:
    before = a_set({"spo2": 95}, id="before", minute=5)
    infusion = with_entries(before, STARTED, ENDED, LEFT)
    for new in (
        an_event("note", {"text": "Called at home"}),
        a_set({"spo2": 96}, corrects="before", reason="typed wrongly", minute=5),
        entry(kind="withdrawal", withdraws="before", reason="wrong patient"),
        replace(ACKNOWLEDGED, acknowledgement=replace(SAID, seen=("before/spo2",))),
    ):
        assert said(new, infusion, live=True) == []


def signed(name: str, role: str, meaning: str) -> dict[str, str]:
    """A signature as the server puts it into an event's detail."""
    at = (OPENED + timedelta(minutes=25)).isoformat()
    return {"staff": name.split()[0].lower(), "name": name, "role": role, "meaning": meaning, "at": at}


def a_signature(name: str, role: str, meaning: str, **given: Any) -> Entry:
    detail = {"meaning": meaning, "signatures": [signed(name, role, meaning)]}
    return an_event("sign", detail, **given)


FIRST_STEP, LAST_STEP = PROTOCOL.people.signatures
NORA_SIGNED = a_signature("Nora Field", "nurse", FIRST_STEP.meaning, id="nora-signed", minute=20)
ERIK_SIGNED = a_signature("Erik Roth", "clinician", LAST_STEP.meaning, id="erik-signed", minute=21)
CLOSED = (STARTED, ENDED, LEFT)
LOCKED = (*CLOSED, NORA_SIGNED, ERIK_SIGNED)
IS_CLOSED = ["This infusion is closed: expected a late entry, an addendum or a correction."]
IS_LOCKED = ["This record is signed and locked: expected a late entry, an addendum or a correction."]
CHECKED = {"item": PROTOCOL.before[0].key, "answer": "yes"}
SEEN_BEFORE = a_set({"spo2": 95}, id="before", minute=5)


SEEN_AFTER = ["Seen 2 min after the patient had left: expected a time before that."]


@pytest.mark.parametrize(
    ("new", "closed", "locked"),
    [
        (a_set(USUAL), IS_CLOSED, IS_LOCKED),
        (a_set({"distress": 0}, kind="observation"), IS_CLOSED, IS_LOCKED),
        (an_event("effect", {"name": "nausea"}), IS_CLOSED, IS_LOCKED),
        (an_event("handover"), IS_CLOSED, IS_LOCKED),
        (an_event("check", CHECKED), [], IS_LOCKED),
        (an_event("informed", {"whom": "Dr Roth"}), [], IS_LOCKED),
        (an_event("note", {"text": "Called at home"}), [], []),
        (a_set({"spo2": 96}, corrects="before", reason="typed wrongly", minute=0.5), [], []),
        (a_set({"spo2": 96}, corrects="before", reason="wrong time"), SEEN_AFTER, SEEN_AFTER),  # moved out of the infusion
        (entry(kind="withdrawal", withdraws="before", reason="wrong patient"), [], []),
        # marked for what it is
        (a_set(USUAL, amendment="late entry", minute=11), [], []),
        (a_set({"distress": 0}, kind="observation", amendment="late entry", minute=4), [], []),
        (a_set(USUAL, amendment="late entry"), SEEN_AFTER, SEEN_AFTER),
        (a_set(USUAL, amendment="addendum", minute=18), [], []),
        (an_event("effect", {"name": "nausea"}, amendment="addendum"), SEEN_AFTER, SEEN_AFTER),
        (an_event("effect", {"name": "nausea"}, amendment="addendum", minute=12), [], []),
        (an_event("medicine", {"name": "Ondansetron", "dose": 4, "unit": "mg", "route": "IV"}, amendment="late entry", minute=12), [], []),
        (an_event("pause", amendment="late entry", minute=6), [], []),
        (
            an_event("pause", amendment="late entry", minute=14),
            ["Pump paused at minute 12 conflicts with: infusion ended at minute 10; expected a minute in which it fits."],
            ["Pump paused at minute 12 conflicts with: infusion ended at minute 10; expected a minute in which it fits."],
        ),
        (
            an_event("stop", {}, amendment="late entry", minute=8),
            ["Infusion ended at minute 10 conflicts with: pump stopped early at minute 6; expected a minute in which it fits."],
            ["Infusion ended at minute 10 conflicts with: pump stopped early at minute 6; expected a minute in which it fits."],
        ),
        (
            replace(NORA_SIGNED, id="new", amendment="addendum"),
            ["A signature is no addendum: expected it without that mark."],
            [
                "Signature, the record is signed and locked: expected a note.",
                "A signature is no addendum: expected it without that mark.",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_taken_once_the_patient_has_left_and_once_the_record_is_locked(
    new: Entry, closed: list[str], locked: list[str]
) -> None:
    assert said(new, with_entries(SEEN_BEFORE, *CLOSED), live=True) == closed
    assert said(new, with_entries(SEEN_BEFORE, *LOCKED), live=True) == locked


PAUSED = an_event("pause", id="paused", minute=6)
CANCELLED = an_event("cancel", {"reason": "no escort"}, id="cancelled", minute=2)
NAUSEA = an_event("effect", {"name": "nausea"}, id="nausea", minute=1)
DOSE = {
    "weight_basis": "actual",
    "dosing_weight_kg": 70.0,
    "stock_mg_per_ml": 50.0,
    "bag_volume_ml": 100.0,
    "stock_volume": "replaces",
    "dose_mg": 35.0,
    "stock_ml": 0.7,
    "final_volume_ml": 100.0,
    "rate_ml_per_h": 150.0,
}
DOSED = an_event("dose", DOSE, id="dosed", minute=1)
ALDRETE = PROTOCOL.scales["aldrete"]
# What each kind of event needs to be kept in a phase in which it fits.
WHOLE: dict[EventKind, dict[str, Any]] = {
    "start": {},
    "pause": {},
    "resume": {},
    "rate": {"rate_ml_per_h": 100},
    "end": {},
    "stop": {"reason": "distress"},
    "move": {"chair": "chair-2"},
    "close": {"reason": "wished to leave", "signatures": [signed("Erik Roth", "clinician", "left with something missing")]},
    "cancel": {"reason": "no escort"},
    "effect": {"name": "headache"},
    "medicine": {"name": "Ondansetron", "dose": 4, "unit": "mg", "route": "IV"},
    "note": {"text": "Music changed"},
    "repeat": {"measure": "systolic", "due_at": "2026-03-02T09:32:00+00:00"},
    "check": CHECKED,
    "order": {"prescriber": "Dr Roth", "dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 70, "weight_on": "2026-03-02"},
    "dose": DOSE,
    "dose_check": {
        "of": "dosed",
        "dose_mg": 35,
        "stock_ml": 0.7,
        "rate_ml_per_h": 150,
        "signatures": [signed("Erik Roth", "clinician", "second calculation")],
    },
    "time_out": {"signatures": [signed("Nora Field", "nurse", "time-out"), signed("Erik Roth", "clinician", "time-out")]},
    "called": {"whom": "Dr Roth"},
    "informed": {"whom": "Dr Roth"},
    "help": {},
    "rapid": {"every_minutes": 1},
    "over": {"of": "nausea", "how": "resolved"},
    "handover": {},
    "score": {"scale": "aldrete"} | {f"item:{item.key}": item.options[0].value for item in ALDRETE.items},
    "drug": {
        "drawn_mg": 50,
        "wasted_mg": 15,
        "lot": "L-77",
        "expiry": "2027-08",
        "method": "other",
        "signatures": [signed("Erik Roth", "clinician", "witness of waste")],
    },
    "baseline": {"of": "resting", "reason": "a resting value from the waiting room"},
    "sign": {"meaning": FIRST_STEP.meaning, "signatures": [signed("Nora Field", "nurse", FIRST_STEP.meaning)]},
}  # fmt: skip
MET: dict[Phase, tuple[Entry, ...]] = {
    "planned": (),
    "infusing": (STARTED,),
    "paused": (STARTED, PAUSED),
    "recovery": (STARTED, ENDED),
    "closed": CLOSED,
    "cancelled": (CANCELLED,),
}


@pytest.mark.parametrize("phase", MET)
@pytest.mark.parametrize("kind", WHOLE)
def test_every_kind_in_every_phase_is_taken_or_refused_in_one_sentence_and_kept_from_an_outbox(
    kind: EventKind, phase: Phase
) -> None:
    named = {"dose_check": [DOSED], "baseline": [a_set(USUAL, id="resting", minute=0)]}.get(kind, [])
    infusion = with_entries(NAUSEA, *named, *MET[phase])
    new = an_event(kind, WHOLE[kind])
    not_now = allowed(kind, phase)
    if not_now and phase in OVER:
        not_now = f"This infusion is {phase}: expected a late entry, an addendum or a correction."
    assert said(new, infusion, live=True) == ([not_now] if not_now else [])
    assert said(new, infusion, live=False) == []


def test_another_dose_than_the_one_the_pump_runs_on_is_refused_in_one_sentence() -> None:
    again = an_event("dose", DOSE)
    for phase, sentences in (
        ("infusing", ["The pump was started on another dose: expected a correction of that dose."]),
        ("closed", IS_CLOSED),
    ):
        infusion = with_entries(DOSED, *MET[phase])
        assert said(again, infusion, live=True) == sentences
        assert said(again, infusion, live=False) == []


def test_the_table_holds_every_kind_and_every_phase() -> None:
    assert set(WHOLE) == set(EVENT_WORDS)
    assert set(MET) == set(get_args(Phase))


def test_a_protocol_without_signatures_never_locks_a_record() -> None:
    older = replace(PROTOCOL, people=replace(PROTOCOL.people, signatures=()))
    informed = an_event("informed", {"whom": "Dr Roth"})
    assert problems(informed, with_entries(*CLOSED), older, NOW, live=True) == []
    assert problems(a_set(USUAL), with_entries(*CLOSED), older, NOW, live=True) == IS_CLOSED


@pytest.mark.parametrize(
    ("new", "entries", "sentences"),
    [
        (replace(NORA_SIGNED, id="new"), CLOSED, []),
        (replace(NORA_SIGNED, id="new"), (STARTED, ENDED), ["Signed: the infusion has ended; expected after the patient has left."]),
        (replace(ERIK_SIGNED, id="new"), LOCKED, ["Signature, the record is signed and locked: expected a note."]),
        (
            a_signature("Nora Field", "nurse", LAST_STEP.meaning),
            (*CLOSED, NORA_SIGNED),
            [
                "Nora Field, nurse: expected clinician to sign as “reviewed”.",
                "Nora Field has signed as “administered”: expected another person.",
            ],
        ),
        (entry(kind="withdrawal", withdraws="nora-signed", reason="too early"), (*CLOSED, NORA_SIGNED), []),
        (
            entry(kind="withdrawal", withdraws="nora-signed", reason="too early"),
            LOCKED,
            ["Withdrawal of Nora Field's signature, the record is signed and locked: expected a note."],
        ),
    ],
)  # fmt: skip
def test_signatures_are_taken_in_order_and_from_an_outbox_in_any(
    new: Entry, entries: tuple[Entry, ...], sentences: list[str]
) -> None:
    assert said(new, with_entries(*entries), live=True) == sentences
    assert said(new, with_entries(*entries), live=False) == []


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        # told late, of a minute in which it fits
        (an_event("pause", minute=6), ""),
        (an_event("rate", {"rate_ml_per_h": 100}, minute=6), ""),
        # not then either
        (an_event("pause", minute=1), "Pump paused: the infusion has ended; expected while the infusion runs."),
        (an_event("resume", minute=6), "Pump resumed: the infusion has ended; expected while the pump is paused."),
        # it would, but then what is recorded would not
        (an_event("start", minute=1), "Pump started: the infusion has ended; expected before the start."),
        (an_event("end", minute=8), "Infusion ended: the infusion has ended; expected while the infusion runs or while the pump is paused."),
        (an_event("cancel", {"reason": "no escort"}, minute=1), "Infusion cancelled: the infusion has ended; expected before the start."),
    ],
)  # fmt: skip
def test_what_happened_earlier_must_fit_the_minute_in_which_it_happened(new: Entry, sentence: str) -> None:
    infusion = with_entries(STARTED, ENDED)
    assert said(new, infusion, live=True) == ([sentence] if sentence else [])
    assert said(new, infusion, live=False) == []


@pytest.mark.parametrize("first", [2.0, 2.5])
def test_a_start_on_a_second_tablet_is_refused_live_and_kept_from_an_outbox(first: float) -> None:
    infusion = with_entries(an_event("start", id="started", minute=first))
    again = an_event("start", minute=2.2)
    assert said(again, infusion, live=True) == ["Pump started: the infusion is running; expected before the start."]
    assert said(again, infusion, live=False) == []


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("check", "Question missing: expected one of this site's lists."),
        ("order", "Prescriber missing: expected who ordered the dose."),
        ("dose", "Stock volume missing: expected replaces."),
        ("dose_check", "Second calculation: expected one signature of a second person."),
        ("drug", "Lot missing: expected the number on the vial."),
        ("called", "Called: expected whom."),
        ("informed", "Informed: expected whom."),
        ("rapid", "Rapid sets every missing: expected a number of minutes."),
        ("over", "Over of missing: expected the entry that is over."),
        ("score", "Score by missing: expected Modified Aldrete or PADSS."),
    ],
)
def test_each_kind_is_judged_where_it_is_understood(kind: EventKind, sentence: str) -> None:
    assert sentence in said(an_event(kind))
    assert sentence in said(an_event(kind), live=True)


def test_a_time_out_takes_two_people_and_is_kept_from_an_outbox_all_the_same() -> None:
    assert said(an_event("time_out"), live=True) == ["Time-out, signed by nobody: expected two people."]
    assert said(an_event("time_out")) == []


def test_a_start_may_say_why_something_was_missing_and_only_in_words() -> None:
    told = {"reason": "order by telephone", "decided_by": "Dr Roth"}
    assert said(an_event("start", told), live=True) == []
    assert said(an_event("start", {"reason": 3})) == ["Started with something missing, reason “3”: expected words."]


def test_what_nobody_signs_is_not_signed() -> None:
    sentence = "Pump paused, signed by Erik Roth: expected no signature of this."
    assert said(an_event("pause", {"signatures": [signed("Erik Roth", "clinician", "seen")]})) == [sentence]


def test_that_an_infusion_ended_early_may_be_said_after_it_ended() -> None:
    infusion = with_entries(STARTED, an_event("end", id="ended", seq=2))
    early = an_event("stop", {"reason": "patient asked"}, corrects="ended", reason="reason added")
    assert said(early, infusion) == []
    assert said(an_event("pause", corrects="ended", reason="wrong"), infusion) != []


def test_the_correction_of_an_event_says_the_same_kind() -> None:
    infusion = with_entries(STARTED)
    assert said(an_event("note", {"text": "x"}, corrects="started", reason="wrong")) != []
    assert said(an_event("note", {"text": "x"}, corrects="started", reason="wrong"), infusion) == [
        "Correction of entry 1 says “Note”: expected “Pump started”, or that entry withdrawn."
    ]


def test_the_same_entry_sent_again_is_judged_as_if_it_were_new() -> None:
    before = a_set({"spo2": 95}, id="before", minute=5)
    correction = a_set({"spo2": 96}, id="again", corrects="before", reason="typed wrongly")
    assert said(correction, with_entries(before, correction), live=True) == []
    assert said(replace(STARTED, seq=0), with_entries(STARTED), live=True) == []


# Acknowledgements


SAID = Acknowledgement(
    flag="spo2/low/before",
    measure="spo2",
    side="low",
    level="critical",
    rule="at or below 91 %",
    seen=(),
    done="Clinician told",
)
ACKNOWLEDGED = entry(kind="acknowledgement", acknowledgement=SAID)


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({}, []),
        ({"done": "Sat with her until it passed"}, []),
        (
            {"flag": "set/overdue/2026-03-02T09:12:00+00:00", "measure": "set", "side": "overdue", "level": "caution"},
            [],
        ),
        ({"done": " "}, ["What was done missing: expected words."]),
        ({"flag": ""}, ["Flag acknowledged missing: expected words."]),
        (
            {"side": "left"},
            ["Flag on side “left”: expected high, low, step, silent, overdue, partial or repeat."],
        ),
        ({"level": "red"}, ["Flag of level “red”: expected caution or critical."]),
        ({"seen": ("gone/spo2",)}, ["Acknowledged reading “gone/spo2”: expected a reading of this infusion."]),
    ],
)
def test_what_an_acknowledgement_must_say(change: dict[str, Any], sentences: list[str]) -> None:
    assert said(replace(ACKNOWLEDGED, acknowledgement=replace(SAID, **change)), live=True) == sentences


def test_an_acknowledgement_of_nothing_is_refused() -> None:
    assert said(entry(kind="acknowledgement")) == ["This acknowledgement is empty: expected the flag it is about."]


# Corrections and withdrawals


FIRST = a_set({"spo2": 59}, id="first", confirmed={"spo2"}, minute=5)
SECOND = a_set({"spo2": 95}, id="second", corrects="first", reason="typed wrongly", minute=5)
THIRD = entry(id="third", kind="withdrawal", withdraws="second", reason="wrong patient", minute=6)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize(
    ("entries", "new", "sentences"),
    [
        ((FIRST,), a_set({"spo2": 95}, corrects="first", reason="typed wrongly"), []),
        ((FIRST,), a_set({"spo2": 95}, corrects="first", reason="read from the wrong monitor"), []),
        ((FIRST,), entry(kind="withdrawal", withdraws="first", reason="undo"), []),
        ((FIRST,), a_set({"spo2": 95}, corrects="first"), ["Correction without a reason: expected why."]),
        ((FIRST,), a_set({"spo2": 95}, corrects="first", reason=" "), ["Correction without a reason: expected why."]),
        (
            (FIRST,),
            entry(kind="withdrawal", withdraws="first"),
            ["Withdrawal without a reason: expected why."],
        ),
        (
            (FIRST,),
            entry(kind="withdrawal", reason="undo"),
            ["This withdrawal names no entry: expected the one made in error."],
        ),
        (
            (FIRST,),
            a_set({"spo2": 95}, corrects="nowhere", reason="typed wrongly"),
            ["Correction of “nowhere”: expected an entry of this infusion."],
        ),
        (
            (FIRST, SECOND),
            a_set({"spo2": 96}, corrects="first", reason="typed wrongly"),
            ["Correction of entry 1, which entry 2 has already replaced: expected the entry that stands."],
        ),
        ((FIRST, SECOND), a_set({"spo2": 96}, corrects="second", reason="typed wrongly"), []),
        (
            (FIRST, SECOND, THIRD),
            a_set({"spo2": 96}, corrects="second", reason="typed wrongly"),
            ["Correction of entry 2, which entry 3 has already withdrawn: expected an entry that stands."],
        ),
        (
            (FIRST, SECOND, THIRD),
            entry(kind="withdrawal", withdraws="second", reason="undo"),
            ["Withdrawal of entry 2, which entry 3 has already withdrawn: expected an entry that stands."],
        ),
        (
            (FIRST, SECOND, THIRD),
            entry(kind="withdrawal", withdraws="third", reason="undo"),
            ["Withdrawal of entry 3, a withdrawal: expected an entry that stands."],
        ),
        (
            (FIRST,),
            an_event("note", {"text": "x"}, corrects="first", reason="typed wrongly"),
            ["Correction of entry 1 is of kind event: expected set, as that entry."],
        ),
        (
            (FIRST,),
            a_set({"spo2": 95}, corrects="first", withdraws="first", reason="typed wrongly"),
            [
                "This set holds a withdrawal too: expected each in an entry of its own.",
                "This entry corrects one and withdraws one: expected one of the two.",
            ],
        ),
        (
            (FIRST,),
            a_set({"spo2": 959}, corrects="first", reason="typed wrongly"),
            ["Oxygen saturation 959 %: expected 0 to 100."],
        ),
    ],
)
def test_corrections_and_withdrawals(entries: tuple[Entry, ...], new: Entry, sentences: list[str], live: bool) -> None:
    assert said(new, with_entries(*entries), live=live) == sentences


def test_the_correction_of_an_event_is_not_held_against_the_present_phase() -> None:
    infusion = with_entries(STARTED, ENDED)
    earlier = an_event("start", id="earlier", minute=1, corrects="started", reason="wrong time")
    assert said(earlier, infusion, live=True) == []


def test_a_locked_record_stays_locked_when_a_correction_opens_the_infusion_again() -> None:
    reopened = with_entries(
        SEEN_BEFORE, *LOCKED, an_event("close", minute=11, id="again", corrects="left", reason="wrong time")
    )
    assert outlined(reopened).phase == "recovery"
    for new in (a_set(USUAL), an_event("effect", {"name": "nausea"}), an_event("handover")):
        assert said(new, reopened, live=True) == IS_LOCKED
        assert said(new, reopened, live=False) == []
    assert said(a_set(USUAL, amendment="late entry"), reopened, live=True) == []


def test_every_sentence_ends_as_one_and_says_what_is_expected() -> None:
    wrong = replace(
        a_set({"spo2": 980, "respiration": 0, "temperature": 36.65}, minute=-90, corrects="nowhere"),
        not_done=(NotDone("heart_rate", "late"),),
        event=Event("rate", {}),
        acknowledgement=replace(SAID, done=""),
    )
    sentences = said(wrong)
    assert len(sentences) >= 9
    for sentence in sentences:
        assert sentence.endswith(".")
        assert "expected " in sentence
