"""Events as our own export words them come back as they were, for every kind that its words hold whole."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from monitoring.clinical.record import Event, EventKind
from monitoring.documents import judged
from monitoring.documents.said import said
from monitoring.imports.own_words import Begun, restored
from tests.clinical.timeline import SHIPPED, Timeline, at

CHAIRS = {"chair-2": "Chair 2"}
LABEL = SHIPPED.before[0]

WHOLE: dict[str, list[dict[str, Any]]] = {
    "start": [{}, {"reason": "no baseline"}, {"reason": "no baseline", "decided_by": "Dr Ines Weiss"}],
    "pause": [{}, {"reason": "nausea or vomiting"}],
    "resume": [{}],
    "rate": [{"rate_ml_per_h": 75.0}, {"rate_ml_per_h": 112.5}],
    "end": [{}],
    "stop": [{"reason": "distress"}],
    "close": [{}, {"reason": "patient's own wish: taxi · 10 min"}],
    "cancel": [{"reason": "patient declined"}],
    "effect": [
        {"name": "nausea"},
        {"name": "nausea", "severity": "mild"},
        {"name": "ECG change, PVCs", "severity": "severe", "action": "12 leads · kept"},
        {"name": "Smells toast", "action": "watched"},
    ],
    "note": [{"text": "Phoned her husband"}, {"text": "two\nlines “quoted” · with a dot"}],
    "check": [
        {"item": LABEL.key, "answer": "yes"},
        {"item": LABEL.key, "answer": "no", "note": "asked twice · still no"},
    ],
    "order": [
        {
            "prescriber": "Dr Ines Weiss",
            "dose_mg_per_kg": 0.5,
            "planned_minutes": 40,
            "weight_kg": 72.5,
            "weight_on": "2026-03-03",
        },
        {
            "prescriber": "Dr Weiss",
            "dose_mg_per_kg": 1,
            "planned_minutes": 60,
            "weight_kg": 72,
            "weight_on": "2026-03-02",
            "spo2_scale": 2,
        },
    ],
    "called": [{"whom": SHIPPED.called[0]}, {"whom": f"{SHIPPED.called[0]}: Dr Weiss"}, {"whom": "the porter"}],
    "informed": [{"whom": "Dr Weiss"}, {"whom": "Dr Weiss", "about": "pressure · twice"}],
    "help": [{}],
    "rapid": [{"every_minutes": 1}],
}
DROPS = {"name": "Ondansetron", "dose": "4", "unit": "mg", "route": "IV"}
# Told in words alone: what rests on a PIN, on more than the line says, or is a resource of its own.
IN_WORDS = {"baseline", "move", "repeat", "dose", "dose_check", "time_out", "handover", "drug", "sign"}
ELSEWHERE = {"medicine", "score", "over"}


def words(kind: Any, detail: dict[str, Any], *before: tuple[Any, dict[str, Any]]) -> str:
    """What our own export says of an event at minute 31 of an infusion."""
    line = Timeline()
    line.quiet_set(-4)
    line.start(0)
    made = {name: line.event(name, 20, **given) for name, given in before}
    if "of" in detail:
        detail = {**detail, "of": made[detail["of"]].id}
    return said(line.event(kind, 31, **detail), judged(line.infusion, line.protocol, at(40)), CHAIRS)


def test_an_order_of_an_older_export_keeps_its_day() -> None:
    [detail, _] = WHOLE["order"]
    told = words("order", detail)
    assert "on 03 Mar 2026" in told
    assert restored("order", told.replace("03 Mar 2026", "2026-03-03"), SHIPPED) == Event("order", detail)


def test_every_kind_has_its_place() -> None:
    assert {*WHOLE, *IN_WORDS, *ELSEWHERE} == set(get_args(EventKind))


@pytest.mark.parametrize(("kind", "detail"), [(kind, detail) for kind, details in WHOLE.items() for detail in details])
def test_an_event_comes_back_whole(kind: Any, detail: dict[str, Any]) -> None:
    assert restored(kind, words(kind, detail), SHIPPED) == Event(kind, detail)


@pytest.mark.parametrize(
    ("kind", "detail", "before"),
    [
        ("over", {"of": "effect"}, ("effect", {"name": "nausea"})),
        ("over", {"of": "effect", "how": "went by itself"}, ("effect", {"name": "double vision"})),
        ("over", {"of": "called"}, ("called", {"whom": f"{SHIPPED.called[0]}: Dr Weiss"})),
        ("over", {"of": "called", "how": "came"}, ("called", {"whom": "the porter"})),
        ("over", {"of": "help"}, ("help", {})),
        ("over", {"of": "rapid"}, ("rapid", {"every_minutes": 1})),
        (
            "over",
            {"of": "medicine", "how": "patient left"},
            ("medicine", {"name": "A", "dose": "4", "unit": "mg", "route": "IV"}),
        ),
    ],
)
def test_what_is_over_finds_what_it_ended(
    kind: Any, detail: dict[str, Any], before: tuple[Any, dict[str, Any]]
) -> None:
    begun = [
        Begun("other", Event("effect", {"name": "itching"}), "Itching"),
        Begun(before[0], Event(*before), words(*before)),
    ]
    assert restored(kind, words(kind, detail, before), SHIPPED, begun) == Event(kind, detail)


def test_of_two_the_later_one_is_over() -> None:
    begun = [Begun(name, Event("effect", {"name": "nausea"}), "Nausea") for name in ("first", "second")]
    assert restored("over", "Nausea resolved at minute 31", SHIPPED, begun).detail == {"of": "second"}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((kind, f"Something of a {kind}") for kind in sorted(IN_WORDS)),
        ("over", "Over at minute 31"),
        ("check", "A question nobody asks here: yes"),
        ("check", f"{LABEL.label.removesuffix('?')}: perhaps"),
        ("order", "Order: 0.5 mg/kg in 40 min · 72 kg"),
        ("rate", "Rate changed"),
        ("pause", "Something else"),
        ("called", "Nobody called"),
    ],
)
def test_what_words_do_not_hold_comes_back_as_a_note(kind: Any, text: str) -> None:
    assert restored(kind, text, SHIPPED) == Event("note", {"text": text})
