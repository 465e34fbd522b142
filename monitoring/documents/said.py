"""What an event says in a line, with what the protocol and the rest of the infusion know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from monitoring.clinical.course import made_baseline, when
from monitoring.clinical.events import detail_of, first_of
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import EVENT_WORDS, Entry, EventKind, event_words
from monitoring.clinical.scales import name_of, score
from monitoring.documents.judged import Judged
from monitoring.documents.words import day_words, lower, number, upper

HIDDEN_RESULTS: Final = ("dose_mg", "stock_ml", "final_volume_ml", "rate_ml_per_h")


def said(entry: Entry, j: Judged, chairs: Mapping[str, str]) -> str:
    """An event as a line of the record: "Consent on file: yes", "Nausea resolved at minute 31".

    `chairs`: their labels by id. While a second calculation is waited for, no result of the first is told.
    """
    if entry.event is None:
        return ""
    if entry.event.kind == "move":
        return f"Moved to {chairs.get(str(entry.event.detail.get('chair')), 'another chair')}"
    words = _WORDS.get(entry.event.kind)
    return event_words(entry.event) if words is None else words(entry, j)


def item_label(key: str, protocol: Protocol) -> str:
    """The question that an answer is about, as the site words it; its key where the version does not know it."""
    asked = [*protocol.before, *(one.answer for one in protocol.leaving if one.answer is not None)]
    return next((item.label for item in asked if item.key == key), key)


def results_words(detail: Mapping[str, Any]) -> str:
    """What a calculation came to: "36 mg · 0.72 mL · 150 mL/h"."""
    units = {"dose_mg": "mg", "stock_ml": "mL", "rate_ml_per_h": "mL/h"}
    return " · ".join(f"{number(detail[key])} {unit}" for key, unit in units.items() if key in detail)


def _with(words: str, *more: str) -> str:
    return " · ".join(part for part in (words, *more) if part)


def _check(entry: Entry, j: Judged) -> str:
    detail = detail_of(entry)
    label = item_label(str(detail.get("item", "")), j.protocol)
    return _with(f"{label.removesuffix('?')}: {detail.get('answer', '')}", str(detail.get("note") or ""))


def _start(entry: Entry, j: Judged) -> str:
    detail = detail_of(entry)
    reason, who = detail.get("reason"), detail.get("decided_by")
    missing = f"with something missing: {reason}" if reason else ""
    return _with(EVENT_WORDS["start"], missing, f"decided by {who}" if who else "")


def _baseline(entry: Entry, j: Judged) -> str:
    """ "Baseline made of what was seen 5 min before the start, SYS 118, DIA 70 · seen in the waiting room"."""
    detail = detail_of(entry)
    of = made_baseline(j.infusion, detail.get("of"))
    if of is None:
        return _with("Baseline made of an entry that was withdrawn", str(detail.get("reason") or ""))
    measures = j.protocol.measures
    known = [(measures[one.measure], one.value) for one in of.readings if one.measure in measures]
    values = [f"{measure.short or measure.label} {measure.text(value)}" for measure, value in known]
    seen = " ".join(
        part for part in ("Baseline made of what was seen", when(of.observed_at, j.course.started_at)) if part
    )
    return _with(", ".join([seen, *values]), str(detail.get("reason") or ""))


def _order(entry: Entry, j: Judged) -> str:
    detail = detail_of(entry)
    dose = f"{number(detail.get('dose_mg_per_kg'))} mg/kg in {number(detail.get('planned_minutes'))} min"
    weighed = f"{number(detail.get('weight_kg'))} kg"
    if detail.get("weight_on"):
        weighed += f" on {day_words(detail['weight_on'])}"
    scale = "SpO₂ scale 2" if detail.get("spo2_scale") == 2 else ""
    prescriber = detail.get("prescriber")
    return _with(f"Order: {dose}", f"by {prescriber}" if prescriber else "", weighed, scale)


def _dose(entry: Entry, j: Judged) -> str:
    if j.dose_hidden:
        return EVENT_WORDS["dose"]
    detail = detail_of(entry)
    weight = f"{detail.get('weight_basis', '')} weight {number(detail.get('dosing_weight_kg'))} kg".strip()
    bag = f"{number(detail.get('stock_mg_per_ml'))} mg/mL in {number(detail.get('bag_volume_ml'))} mL"
    return _with(f"{EVENT_WORDS['dose']}: {results_words(detail)}", weight, bag)


def _dose_check(entry: Entry, j: Judged) -> str:
    words = EVENT_WORDS["dose_check"]
    return words if j.dose_hidden else f"{words}: {results_words(detail_of(entry))}"


def _effect(entry: Entry, j: Judged) -> str:
    action = detail_of(entry).get("action")
    return _with(_event_words(entry), str(action) if action else "")


def _medicine(entry: Entry, j: Judged) -> str:
    detail = detail_of(entry)
    why = f"for {detail['why']}" if detail.get("why") else ""
    people = [f"{verb} by {detail[key]}" for key, verb in (("ordered_by", "ordered"), ("given_by", "given"))
              if detail.get(key)]  # fmt: skip
    return _with(_event_words(entry), why, *people)


def _called(entry: Entry, j: Judged) -> str:
    """ "Clinician called", "Clinician called: Dr Weiss", "Called: Dr Weiss" where no function was named."""
    whom = str(detail_of(entry).get("whom") or "").strip()
    role, _, name = (part.strip() for part in whom.partition(":"))
    if role.casefold() not in {one.casefold() for one in j.protocol.called}:
        return f"{EVENT_WORDS['called']}: {whom}" if whom else EVENT_WORDS["called"]
    return f"{upper(role)} called: {name}" if name else f"{upper(role)} called"


def _informed(entry: Entry, j: Judged) -> str:
    detail = detail_of(entry)
    about = detail.get("about")
    return _with(f"{EVENT_WORDS['informed']}: {detail.get('whom', '')}", f"about {about}" if about else "")


def _rapid(entry: Entry, j: Judged) -> str:
    return f"Rapid sets, every {number(detail_of(entry).get('every_minutes'))} min"


def _over(entry: Entry, j: Judged) -> str:
    """What is over, how, and when: "Nausea resolved at minute 31", "Clinician called: answered at minute 20"."""
    detail = detail_of(entry)
    of = next((one for one in j.infusion.entries if one.id == detail.get("of")), None)
    at = when(entry.observed_at, j.course.started_at)
    how = str(detail.get("how") or "")
    if of is None or of.event is None:
        return " ".join(part for part in (EVENT_WORDS["over"], at) if part)
    if of.event.kind == "effect":
        name = upper(str(of.event.detail.get("name", "")))
        return f"{name} {how or 'resolved'} {at}".rstrip()
    if of.event.kind == "medicine":
        return _with(f"No further set after {event_words(of.event)}", how)
    what = said(of, j, {})
    return f"{what}: {how or ('answered' if of.event.kind == 'called' else 'over')} {at}".rstrip()


def _handover(entry: Entry, j: Judged) -> str:
    # Who took over, whoever corrected the minute of it since.
    return f"Responsible nurse from here on: {first_of(j.infusion, entry).author_name}"


def _score(entry: Entry, j: Judged) -> str:
    detail = detail_of(entry)
    scale = j.protocol.scales.get(str(detail.get("scale")))
    if scale is None:
        return f"{EVENT_WORDS['score']}: {detail.get('scale', '')}"
    total = score(detail, scale).total
    return f"{name_of(scale)}: " + ("incomplete" if total is None else f"{total} of {scale.highest}")


def _drug(entry: Entry, j: Judged) -> str:
    detail = detail_of(entry)
    name = j.protocol.drug.name if j.protocol.drug else EVENT_WORDS["drug"]
    wasted = f"wasted {number(detail.get('wasted_mg'))} mg"
    if detail.get("method"):
        wasted += f", {lower(str(detail['method']))}"
    lot = f"lot {detail['lot']}" if detail.get("lot") else ""
    expires = f"expires {day_words(detail['expiry'])}" if detail.get("expiry") else ""
    return _with(f"{name}: drawn {number(detail.get('drawn_mg'))} mg, {wasted}", lot, expires)


def _sign(entry: Entry, j: Judged) -> str:
    return f"{EVENT_WORDS['sign']}: {detail_of(entry).get('meaning', '')}"


def _event_words(entry: Entry) -> str:
    return event_words(entry.event) if entry.event else ""


_WORDS: Final[dict[EventKind, Callable[[Entry, Judged], str]]] = {
    "check": _check,
    "start": _start,
    "order": _order,
    "dose": _dose,
    "dose_check": _dose_check,
    "effect": _effect,
    "medicine": _medicine,
    "called": _called,
    "informed": _informed,
    "rapid": _rapid,
    "over": _over,
    "handover": _handover,
    "score": _score,
    "drug": _drug,
    "baseline": _baseline,
    "sign": _sign,
}
