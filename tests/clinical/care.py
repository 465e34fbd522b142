"""A site's lists, scores and people for tests of the course of care, and how its events are written on a timeline.

`CARE` is the shipped protocol with lists of its own, so that a change of the shipped file changes no test.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitoring.clinical.protocol import (
    CheckItem,
    ControlledDrug,
    Criterion,
    Option,
    People,
    Preparation,
    RatingBound,
    ReturnToBaseline,
    Scale,
    ScaleItem,
    SignatureStep,
)
from monitoring.clinical.record import Entry, EventKind
from tests.clinical.timeline import ADA, INES, JONAS, SHIPPED, Person, Timeline, at

TEST = "made for this test"


def check_item(key: str, label: str = "", expects: str = "yes", **more: Any) -> CheckItem:
    """A question expecting "yes" that always applies, unless said otherwise."""
    plan: dict[str, Any] = {"may_not_apply": False, "note": "", "note_needed": ()}
    return CheckItem(key, label or key.capitalize(), "Patient", expects, **(plan | more))


def scale_item(key: str, *points: int, **more: Any) -> ScaleItem:
    """An item of a score with these points to choose from."""
    return ScaleItem(key, key.capitalize(), tuple(Option(value, f"{key} {value}") for value in points), **more)


def aldrete(unit: str = "mmHg", threshold: int = 9) -> Scale:
    """The modified Aldrete score's five items, circulation by 20 and 50 mmHg or %."""
    pressure = scale_item("circulation", 2, 1, 0, measures=("systolic",), within=(20.0, 50.0), unit=unit)
    others = [scale_item(key, 2, 1, 0) for key in ("activity", "respiration", "consciousness", "oxygen_saturation")]
    return Scale("aldrete", "Modified Aldrete", f"±20 {unit}", threshold, "", TEST, (pressure, *others))


CONSENT = check_item("consent", "Consent on file")
PREGNANCY = check_item("pregnancy", "Pregnancy excluded", may_not_apply=True)
ESCORT = check_item("escort", "Escort confirmed", note="name and phone number", note_needed=("yes",))
SEDATIVES = check_item("sedatives", "Sedatives today", expects="", note="which and when", note_needed=("yes",))
CHANGES = check_item("changes", "Changes since last time", expects="no")
BEFORE = (CONSENT, PREGNANCY, ESCORT, SEDATIVES, CHANGES)

GAIT = Criterion("gait", "Steady gait", "Patient", TEST, answer=check_item("gait", "Steady gait"))
LINE = Criterion("line", "Line removed", "Patient", TEST, answer=check_item("line", "Line removed", may_not_apply=True))
HOME = Criterion(
    "home",
    "Left with",
    "Patient",
    TEST,
    answer=check_item("home", "Left with an adult", note="who", note_needed=("yes",)),
)
STAY = Criterion("stay", "Minimum stay", "Time", TEST, stay_minutes=60)
SCORE = Criterion("score", "Modified Aldrete", "Scores", TEST, scale="aldrete")
PRESSURE = Criterion("pressure", "Last pressure", "Values", TEST, pressure=True)
RATING = Criterion("dissociation_low", "Dissociation", "Values", TEST, measure="dissociation", at_or_below=1)
AWAKE = Criterion("awake", "Sedation", "Values", TEST, measure="sedation", at_or_above=5)
LEAVING = (STAY, SCORE, PRESSURE, RATING, AWAKE, GAIT, LINE, HOME)

PREPARATION = Preparation(
    weight_bases=("actual",),
    weight_basis="actual",
    stock_mg_per_ml=(10.0, 50.0),
    bag_volumes_ml=(100.0,),
    stock_volume="replaces",
    dose_mg_possible=(5.0, 150.0),
    round_dose_mg=0.1,
    round_volume_ml=0.01,
    round_rate_ml_per_h=0.1,
    second_calculation=True,
    ideal_weight=None,
    adjusted_fraction=0.4,
    source=TEST,
)
STEPS = (SignatureStep("administered", ("nurse",)), SignatureStep("reviewed", ("clinician",)))
CARE = replace(
    SHIPPED,
    before=BEFORE,
    leaving=LEAVING,
    scales={"aldrete": aldrete()},
    return_to_baseline=ReturnToBaseline(
        ("systolic", "diastolic"), 20.0, "mmHg", (RatingBound("dissociation", 1.0),), TEST
    ),
    people=People(time_out=True, waste_witness=True, leaving_second=True, signatures=STEPS),
    preparation=PREPARATION,
    drug=ControlledDrug("Ketamine", ("sink with water",), 0.1, TEST),
    schedule=replace(SHIPPED.schedule, recheck_minutes=(5.0, 15.0), rapid_minutes=1.0),
)
BARE = replace(
    CARE,
    before=(),
    leaving=(),
    scales={},
    return_to_baseline=None,
    people=People(),
    preparation=None,
    drug=None,
)


def signature(person: Person, meaning: str, minute: float = 0) -> dict[str, str]:
    """A signature as the server writes it."""
    return {
        "staff": person.id,
        "name": person.name,
        "role": person.role,
        "meaning": meaning,
        "at": at(minute).isoformat(),
    }


def said_by(line: Timeline, person: Person, kind: EventKind, minute: float, **detail: Any) -> Entry:
    """An event of somebody's, for those that matter by whom they are."""
    entry = line.event(kind, minute, **detail)
    return line._replace(entry, author=person.id, author_name=person.name)


def answer(line: Timeline, minute: float, item: str, answer: str = "yes", note: str = "", **more: Any) -> Entry:
    """An answer to a question of a list."""
    return line.event("check", minute, item=item, answer=answer, **({"note": note} if note else {}), **more)


def corrected(
    line: Timeline,
    wrong: Entry,
    minute: float,
    *,
    seen_at: float | None = None,
    by: Person = ADA,
    because: str = "typed wrongly",
    **detail: Any,
) -> Entry:
    """An event corrected by one that says only `detail`; it was when the wrong one was, or at `seen_at`."""
    assert wrong.event is not None
    entry = said_by(line, by, wrong.event.kind, minute, **detail)
    seen = wrong.observed_at if seen_at is None else at(seen_at)
    return line._replace(entry, observed_at=seen, corrects=wrong.id, reason=because)


def order(line: Timeline, minute: float, **changes: Any) -> Entry:
    """0.5 mg/kg in 40 min for 80 kg."""
    detail = {"prescriber": INES.name, "dose_mg_per_kg": 0.5, "planned_minutes": 40, "weight_kg": 80.0}
    return line.event("order", minute, **(detail | {"weight_on": "2026-03-03"} | changes))


RESULTS = {"dose_mg": 40.0, "stock_ml": 0.8, "rate_ml_per_h": 150.0}


def dose(line: Timeline, minute: float) -> Entry:
    """40 mg in 100 mL, 150 mL/h."""
    inputs = {"weight_basis": "actual", "dosing_weight_kg": 80.0, "stock_mg_per_ml": 50.0, "bag_volume_ml": 100.0}
    return line.event("dose", minute, **inputs, stock_volume="replaces", final_volume_ml=100.0, **RESULTS)


def dose_check(line: Timeline, minute: float, of: Entry, by: Person = JONAS, **changes: float) -> Entry:
    """A second calculation, by another nurse."""
    signed = [signature(by, "second calculation", minute)]
    return line.event("dose_check", minute, of=of.id, signatures=signed, **(RESULTS | changes))


def time_out(line: Timeline, minute: float, *people: Person) -> Entry:
    """A time-out, by two people unless said otherwise."""
    return line.event(
        "time_out", minute, signatures=[signature(one, "time-out", minute) for one in people or (ADA, JONAS)]
    )


def prepared(line: Timeline, *, without: tuple[str, ...] = ()) -> Timeline:
    """Everything that the list asks for before the start, but for what is named."""
    notes = {"escort": "Rosa Brandt, 555 0100", "sedatives": "", "changes": ""}
    for item in line.protocol.before:
        if item.key not in without:
            given = {"sedatives": "no", "changes": "no"}.get(item.key, "yes")
            answer(line, -20, item.key, given, notes.get(item.key, ""))
    if "order" not in without:
        order(line, -15)
    if "dose" not in without:
        first = dose(line, -14)
        if "check" not in without:
            dose_check(line, -12, first)
    if "baseline" not in without:
        line.quiet_set(-10)
    if "time-out" not in without:
        time_out(line, -2)
    return line


def unsaved(line: Timeline, entry: Entry) -> Entry:
    """The last entry taken off the timeline again: one that is about to be posted."""
    assert line.entries.pop() is entry
    return entry


def scored(line: Timeline, minute: float, *points: int, scale: str = "aldrete") -> Entry:
    """A score by its items in the scale's order."""
    items = line.protocol.scales[scale].items
    return line.event(
        "score",
        minute,
        scale=scale,
        **{f"item:{item.key}": value for item, value in zip(items, points, strict=True)},
    )
