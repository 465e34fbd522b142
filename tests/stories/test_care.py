"""An uneventful infusion through the real screens, from the first question to the last signature, every tap counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from monitoring.clinical.record import Entry
from tests.stories.conftest import Tablets
from tests.stories.tablet import Tablet
from tests.stories.ward import Ward

pytestmark = pytest.mark.browser

MOST_TAPS = 160  # from "Pump started" to the last signature; each character of a field is one
MOST_TAPS_BEFORE = 95
SET_TAPS = 12
NURSE, SECOND, CLINICIAN = "Mei Tanaka", "Jonas Lund", "Dr Ines Weiss"
PATIENT, CHAIR, KG = "Bastien Moreau", "Chair 6", 70
QUIET = {"systolic": 128, "diastolic": 76, "heart_rate": 84, "spo2": 97, "respiration": 16}
ASKED = {  # before the start, with the answer of a quiet day
    "Consent on file": "yes",
    "Agrees to the infusion today": "yes",
    "Somebody takes the patient home": "yes",
    "Allergies asked again": "yes",
    "Changes since the last infusion": "no",
    "Food and drink as this site asks": "yes",
    "Pregnancy asked or tested, none known": "not applicable",
    "Alcohol or other substances since yesterday": "no",
    "Signs of psychosis or mania": "no",
    "Thoughts of suicide asked about": "yes",
    "PHQ-9 recorded in the series": "yes",
    "Benzodiazepine today": "no",
    "Other sedative or sleeping tablet today": "no",
    "Psychostimulant today": "no",
    "MAOI in use": "no",
    "Opioid today": "no",
    "Blood pressure medicine taken today": "not applicable",
    "Line in place, flushes": "yes",
    "Oxygen, suction, airway and emergency medicines checked": "yes",
    "Practitioner in the building": "yes",
}
LEAVING = (
    "Knows who, where and when",
    "Walks steadily",
    "No nausea, or it is bearable",
    "Line removed",
    "Handed over to the person who takes the patient home",
    "Told: no driving or hazardous activity until the next day, after a night's sleep",
    "Instructions said and given in writing, with a number to call",
)
SCORES = {
    "Modified Aldrete": {
        "Activity, by oneself or when asked": "2 Moves 4 extremities",
        "Respiration": "2 Breathes deeply and coughs freely",
        "Circulation": "2 Pressure within 20 mmHg of baseline",
        "Consciousness": "2 Fully awake",
        "Oxygen saturation": "2 Above 92 % on room air",
    },
    "PADSS": {
        "Vital signs": "2 Within 20 % of the value before",
        "Ambulation": "2 Steady, no dizziness",
        "Nausea and vomiting": "2 Minimal",
        "Pain": "1 Moderate",
        "Surgical bleeding": "2 Minimal",
    },
}
# A key of such a name would answer what nobody looked at.
ALL_AT_ONCE = re.compile(r"\bnormal\b|\bdefaults?\b|\bfill|\ball\b(?! \d+ flags)|\bsame as\b", re.IGNORECASE)


class Count:
    """What each part of the work takes in taps."""

    def __init__(self, tablet: Tablet) -> None:
        self.tablet = tablet
        self.taps: Counter[str] = Counter()

    @contextmanager
    def of(self, part: str) -> Iterator[None]:
        """Taps within belong to this part."""
        before = self.tablet.taps
        yield
        self.taps[part] += self.tablet.taps - before

    def assert_at_most(self, most: int) -> None:
        """The parts together take no more taps."""
        told = ", ".join(f"{part} {taps}" for part, taps in self.taps.items())
        print(f"{self.taps.total()} taps of at most {most}: {told}")
        assert self.taps.total() <= most, told


def assert_nothing_answers_for_many(tablet: Tablet, there: str = "Save") -> None:
    """No key on the screen fills in more than one thing; `there`: one that the screen has."""
    expect(tablet.page.get_by_role("button", name=there).first).to_be_visible()
    names = tablet.page.evaluate(
        """() => [...document.querySelectorAll("button, [role=button], [role=switch]")].map(
          (key) => (key.ariaLabel ?? key.textContent).trim())"""
    )
    assert [name for name in names if name.startswith(there)] != []
    assert [name for name in names if ALL_AT_ONCE.search(name)] == []


def kinds(entries: tuple[Entry, ...]) -> Counter[str]:
    """How often each thing was recorded."""
    return Counter(entry.event.kind if entry.event else entry.kind for entry in entries)


def test_an_uneventful_infusion_takes_few_taps_and_each_answer_its_own(demonstration: Ward, tablets: Tablets) -> None:
    ward = demonstration
    nurse = tablets(ward, NURSE)
    nurse.find_patient(PATIENT)
    nurse.fill_in_infusion(weight_kg=KG, chair=CHAIR)
    nurse.tap(nurse.button(f"Open infusion for {PATIENT}"))
    expect(nurse.button("Pump started")).to_be_visible()
    nurse.ready()
    infusion = ward.at_chair("chair-6")
    time = tablets(ward, "Petra Novak")
    time.open_board()
    nurse.to_front()

    # ---- before the start -----------------------------------------------------------------------------------------
    nurse.taps = 0
    count = Count(nurse)
    with count.of("checklist"):
        before = nurse.step("Before")
        expect(before.get_by_text(f"{len(ASKED) + 5} missing:")).to_be_visible()
        assert_nothing_answers_for_many(nurse)
        for question, answer in ASKED.items():
            nurse.answer(question, answer)
            if question == "Somebody takes the patient home":
                expect(before.get_by_text("“yes” is recorded; still missing: name and phone number.")).to_be_visible()
                nurse.write(before.get_by_label(f"{question}: name and phone number"), "Jo 0151 2345678")
                nurse.tap(before.get_by_role("button", name=f"Save note: {question}"))
    with count.of("order"):
        nurse.tap(before.get_by_role("radio", name=CLINICIAN))
        nurse.tap(before.get_by_role("button", name="Save order"))
    with count.of("dose"):
        for choice in ("50 mg/mL", "100 mL"):
            nurse.tap(before.get_by_role("radio", name=choice, exact=True))
        nurse.tap(before.get_by_role("button", name="Save this calculation"))
    with count.of("second calculation"):
        for field, result in {"dose, mg": "35", "stock volume, mL": "0.7", "pump rate, mL/h": "150"}.items():
            nurse.write(before.get_by_label(f"Own result, {field}"), result)
        nurse.tap(before.get_by_role("button", name="Sign with PIN"))
        nurse.pin("Second calculation: your PIN", SECOND)
    expect(before.get_by_text("Agrees.")).to_be_visible()
    with count.of("time-out"):
        nurse.tap(before.get_by_role("button", name="Time-out: two PINs"))
        for name in (NURSE, SECOND):
            nurse.pin("Time-out: two people", name)
    with count.of("baseline"):
        nurse.log(QUIET)
    expect(before.get_by_text("Nothing on this site's list is missing.")).to_be_visible()
    count.assert_at_most(MOST_TAPS_BEFORE)

    # ---- from the start on ----------------------------------------------------------------------------------------
    nurse.taps = 0
    count = Count(nurse)
    with count.of("pump"):
        nurse.tap(nurse.button("Pump started"))
    expect(nurse.button("Pump paused")).to_be_visible()
    nurse.knows(len(ASKED) + 1 + 5 + 1)
    expect(nurse.page.get_by_role("dialog")).to_have_count(0)  # nothing was missing: no reason is asked for
    started = ward.written(infusion).entries[-1].observed_at

    def at_minute(minute: float) -> None:
        instant = started + timedelta(minutes=minute, seconds=2)
        time.run_time_to(instant)
        nurse.time_is(instant)

    def look(dissociation: str) -> None:
        with count.of("five sets"):
            nurse.log(QUIET)
        with count.of("five observations"):
            for rating, choice in {"Dissociation": dissociation, "Sedation": "5 alert", "Distress": "0 none"}.items():
                nurse.rate(rating, choice)

    for minute, dissociation in {10: "1 mild", 20: "2 moderate", 30: "2 moderate"}.items():
        at_minute(minute)
        look(dissociation)
        if minute == 10:
            with count.of("effect"):
                nurse.tap(nurse.button("drowsy"))
                nurse.tap(nurse.sheet("drowsy").get_by_role("button", name="mild"))
    at_minute(40)
    look("1 mild")
    with count.of("pump"):
        nurse.tap(nurse.button("Infusion ended"))
    with count.of("effect"):
        care = nurse.step("Care")
        assert_nothing_answers_for_many(nurse)
        nurse.tap(care.get_by_role("button", name="Resolved"))
        expect(care.get_by_role("list", name="Effects")).to_contain_text("resolved at minute 40")
    before_recovery = nurse.taps
    for minute in (55, 70, 85):  # what the site's recovery asks for besides: three sets more than are counted
        at_minute(minute)
        nurse.log(QUIET)
    assert nurse.taps - before_recovery == 3 * SET_TAPS
    at_minute(101)
    look("0 none")
    assert count.taps["five sets"] == 5 * SET_TAPS
    assert count.taps["five observations"] == 5 * 3

    # ---- leaving --------------------------------------------------------------------------------------------------
    with count.of("leaving page"):
        leaving = nurse.step("Leaving")
        assert_nothing_answers_for_many(nurse)
        for question in LEAVING:
            nurse.answer(question, "yes")
    for scale, items in SCORES.items():
        with count.of("scores"):
            part = leaving.get_by_role("region", name=scale)
            for item, points in items.items():
                nurse.answer(item, points)
            nurse.tap(part.get_by_role("button", name=f"Save score: {scale}"))
        expect(part).to_contain_text(f"{9 if scale == 'PADSS' else 10} of 10 · {NURSE} · minute 101")
    expect(leaving.get_by_text("Every criterion on this site's list is recorded as met")).to_be_visible()
    with count.of("controlled drug"):
        drug = {"Drawn, mg": "50", "Wasted, mg": "15", "Lot": "L-77", "Expiry": "2027-08"}
        for field, text in drug.items():
            nurse.write(leaving.get_by_label(field), text)
        nurse.tap(leaving.get_by_role("radio", name="drug disposal container"))
        nurse.tap(leaving.get_by_role("button", name="Save drug record"))
        nurse.pin("Witness of waste: PIN", SECOND)
    expect(leaving.get_by_role("region", name="Controlled drug")).to_contain_text("mg: accounted for.")
    with count.of("close"):
        nurse.tap(leaving.get_by_role("button", name="Patient leaves: close"))
        nurse.tap(nurse.button("Yes, close this infusion"))

    # ---- sign-off -------------------------------------------------------------------------------------------------
    with count.of("signatures"):
        signing = nurse.step("Sign-off")
        assert_nothing_answers_for_many(nurse, "Sign as administered")  # the pad is gone once the server has closed it
        expect(signing.get_by_text("None is listed.")).to_be_visible()
        for meaning, name in {"administered": NURSE, "reviewed": CLINICIAN}.items():
            nurse.tap(signing.get_by_role("button", name=f"Sign as {meaning}"))
            nurse.pin(f"Sign as {meaning}", name)
            expect(signing.get_by_text(f"{meaning}: {name}")).to_be_visible()
    expect(signing.get_by_text("Signed and locked on")).to_be_visible()
    count.assert_at_most(MOST_TAPS)

    # Nothing was recorded that was not tapped.
    written = ward.written(infusion)
    once = {"order", "dose", "dose_check", "time_out", "start", "effect", "end", "over", "drug", "close"}
    once |= {"note"}  # that the weight was asked about when the infusion was opened
    assert kinds(written.entries) == Counter(
        {**dict.fromkeys(once, 1), "check": len(ASKED) + 1 + len(LEAVING), "score": 2, "sign": 2}
        | {"set": 1 + 5 + 3, "observation": 5 * 3, "note": 1}  # that the weight, unlike the last, was confirmed
    )
