"""What is asked about an entry before it is kept, and what makes it refused.

Two ways of being wrong: unusual (outside plausible: asked once, kept when confirmed, because apnoea and arrest happen
and must be recordable) and impossible (refused, in words). Each refusal is one sentence: what was found, what is
expected.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, get_args

from monitoring.clinical import baseline, before, clocks, dose, leaving, scales, signing
from monitoring.clinical.asked import order_questions
from monitoring.clinical.course import allowed, is_over, outlined
from monitoring.clinical.instants import read_instant
from monitoring.clinical.moments import CLOCK_SLIP as CLOCK_SLIP  # of this module's words, too
from monitoring.clinical.moments import after_leaving_problems, time_problems
from monitoring.clinical.protocol import OVER, Level, Measure, Protocol, Side
from monitoring.clinical.record import EVENT_WORDS, Entry, EntryKind, EventKind, Infusion, Reading
from monitoring.clinical.written_numbers import written_number

SEVERITIES = ("mild", "moderate", "severe")
_ENTRY_KINDS: tuple[EntryKind, ...] = get_args(EntryKind)
_EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
_SIDES: tuple[Side, ...] = get_args(Side)
_SIGNED: tuple[EventKind, ...] = ("dose_check", "time_out", "drug", "close", "sign")  # what may carry signatures
_ENDS = frozenset(("end", "stop"))  # that it ended early may be told after the minute in which it ended
_TRANSITIONS: tuple[EventKind, ...] = ("start", "pause", "resume", "end", "stop", "close", "cancel")


@dataclass(frozen=True, slots=True)
class Question:
    """Something asked once about a value that can be, but seldom is. `measure` is the one the answer belongs to."""

    measure: str
    sentence: str


def questions(values: Mapping[str, float], protocol: Protocol) -> list[Question]:
    """What to ask about these values (measure to value), in the protocol's order; [] when there is nothing unusual.

    Asked: outside plausible, or not below the measure it belongs below (diastolic, systolic). Values that are
    impossible or of unknown measures are not asked about: `problems` refuses them.
    """
    possible = {
        key: values[key]
        for key, measure in protocol.measures.items()
        if key in values and not value_problem(measure, values[key])
    }
    asked = []
    for key, value in possible.items():
        measure = protocol.measures[key]
        low, high = measure.plausible
        if not low <= value <= high:
            asked.append(Question(key, f"{_said(measure, value)}: is this what you see?"))
        upper = possible.get(measure.below)
        if upper is not None and value >= upper:
            above = _said(protocol.measures[measure.below], upper)
            asked.append(Question(key, f"{_said(measure, value)} is not below {_lower(above)}: is this what you see?"))
    return asked


def problems(entry: Entry, infusion: Infusion, protocol: Protocol, now: datetime, *, live: bool) -> list[str]:
    """Why this entry cannot be kept as it is, one sentence each; [] when it can.

    `infusion` is what has been recorded so far (an entry with this same id in it is left out: sent again, not twice).
    `live`: typed on a screen that showed the present state. What comes out of an outbox is never refused for the phase
    it meets. `seq` and `recorded_at` of the entry are not looked at; its signatures are those already checked.
    """
    infusion = replace(infusion, entries=tuple(e for e in infusion.entries if e.id != entry.id))
    entry = replace(entry, queued=not live)
    found = [
        *time_problems(entry, infusion, protocol, now, live=live),
        *_shape_problems(entry),
        *_reading_problems(entry, protocol),
        *_not_done_problems(entry, protocol),
        *_event_problems(entry, infusion, protocol),
        *_acknowledgement_problems(entry, infusion, protocol),
        *_replacement_problems(entry, infusion),
    ]
    if live:
        found += list(_phase_problems(entry, infusion, protocol)) or [
            *after_leaving_problems(entry, infusion),
            *dose.live_problems(entry, infusion),
        ]
        found += _order_to_confirm(entry, infusion, protocol)
        found += signing.withdrawal_problems(entry, infusion, protocol)
    return list(dict.fromkeys(found))


def _shape_problems(entry: Entry) -> Iterator[str]:
    """What an entry of its kind must hold, and what it must not."""
    holds = {
        "values": bool(entry.readings or entry.not_done),
        "an event": entry.event is not None,
        "an acknowledgement": entry.acknowledgement is not None,
        "a withdrawal": entry.withdraws is not None,
    }
    belongs = {
        "set": "values",
        "observation": "values",
        "event": "an event",
        "acknowledgement": "an acknowledgement",
        "withdrawal": "a withdrawal",
    }.get(entry.kind)
    if belongs is None:
        yield f"Entry of kind {_quoted(entry.kind)}: expected {_one_of(_ENTRY_KINDS)}."
        return
    if not holds[belongs]:
        empty = {
            "set": "This set is empty: expected at least one value, or a reason why it was not done.",
            "observation": "This observation is empty: expected a rating or a value.",
            "event": "This event says nothing: expected what happened.",
            "acknowledgement": "This acknowledgement is empty: expected the flag it is about.",
            "withdrawal": "This withdrawal names no entry: expected the one made in error.",
        }
        yield empty[entry.kind]
    for what, there in holds.items():
        if there and what != belongs:
            yield f"This {entry.kind} holds {what} too: expected each in an entry of its own."


def _reading_problems(entry: Entry, protocol: Protocol) -> Iterator[str]:
    values: dict[str, Reading] = {}
    for reading in entry.readings:
        measure = protocol.measures.get(reading.measure)
        if measure is None:
            yield f"Value of unknown measure {_quoted(reading.measure)}: expected {_one_of(protocol.measures)}."
        elif reading.measure in values:
            yield f"{measure.label} is there twice: expected one value."
        elif problem := value_problem(measure, reading.value):
            yield problem
        values.setdefault(reading.measure, reading)
    for question in questions({key: reading.value for key, reading in values.items()}, protocol):
        if not values[question.measure].confirmed_unusual:
            found = question.sentence.removesuffix(": is this what you see?")
            yield f"{found}: unusual, expected to be confirmed as seen."


def value_problem(measure: Measure, value: float) -> str:
    """Why this value cannot be one of this measure; "" when it can."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return f"{measure.label} {_quoted(value)}: expected a number."
    if measure.is_rating:
        if value not in [option.value for option in measure.options]:
            expected = _one_of(f"{option.value} {option.word}" for option in measure.options)
            return f"{_said(measure, value)}: expected {expected}."
        return ""
    low, high = measure.possible
    if not low <= value <= high:
        return f"{_said(measure, value)}: expected {low:g} to {high:g}."
    if not measure.fits(value):
        after = "a whole number" if measure.decimals == 0 else f"no more than {measure.decimals} after the point"
        return f"{_said(measure, value)}: expected {after}."
    return ""


def _not_done_problems(entry: Entry, protocol: Protocol) -> Iterator[str]:
    seen = {reading.measure for reading in entry.readings}
    named: set[str] = set()
    for item in entry.not_done:
        measure = protocol.measures.get(item.measure)
        if measure is None:
            yield f"Not done of unknown measure {_quoted(item.measure)}: expected {_one_of(protocol.measures)}."
            continue
        if item.measure in seen:
            yield f"{measure.label} has a value and is marked not done: expected one of the two."
        if item.measure in named:
            yield f"{measure.label} is marked not done twice: expected one reason."
        named.add(item.measure)
        if item.reason not in protocol.not_done_reasons:
            expected = _one_of(protocol.not_done_reasons)
            yield f"{measure.label} not done, reason {_quoted(item.reason)}: expected {expected}."


def _event_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    event = entry.event
    if event is None:
        return
    if event.kind not in _EVENT_KINDS:
        yield f"Event {_quoted(event.kind)}: expected {_one_of(_EVENT_KINDS)}."
        return
    detail = event.detail
    if event.kind == "rate" or "rate_ml_per_h" in detail:
        yield from _rate_problems(detail.get("rate_ml_per_h"), protocol)
    if (judge := _DETAIL.get(event.kind)) is not None:
        yield from judge(detail, infusion, protocol)
    if (of_care := _OF_CARE.get(event.kind)) is not None:
        yield from of_care(entry, infusion, protocol)
    if event.signatures and event.kind not in _SIGNED:
        yield f"{_happened(event.kind)}, signed by {event.signatures[0].name}: expected no signature of this."


def _rate_problems(rate: Any, protocol: Protocol) -> Iterator[str]:
    low, high = protocol.dose.rate_ml_per_h_possible
    if not _is_number(rate):
        yield f"Rate {_quoted(rate)}: expected a number in mL/h."
    elif not low <= rate <= high:
        yield f"Rate {rate:.10g} mL/h: expected {low:g} to {high:g}."


def _start(detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    pinned = detail.get("baseline", {})
    if not isinstance(pinned, Mapping):
        yield f"Baseline {_quoted(pinned)}: expected one reading for each measure."
        return
    readings = [(reading.measure, reading.id) for entry in infusion.entries for reading in entry.readings]
    for key, reading_id in pinned.items():
        measure = protocol.measures.get(key)
        if measure is None:
            yield f"Baseline of unknown measure {_quoted(key)}: expected {_one_of(protocol.measures)}."
        elif (key, reading_id) not in readings:
            yield f"Baseline {_lower(measure.label)} {_quoted(reading_id)}: expected a reading of it in this infusion."


def _listed_reason(what: str, reasons: Callable[[Protocol], Sequence[str]], *, needed: bool) -> _Judge:
    def judge(detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol) -> Iterator[str]:
        reason = detail.get("reason", "")
        if reason == "" and not needed:
            return  # the first tap records the minute, the reason may follow
        if reason not in reasons(protocol):
            found = f"reason {_quoted(reason)}" if reason else "no reason"
            yield f"{what}, {found}: expected {_one_of(reasons(protocol))}."

    return judge


def _move(detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    yield from _word_problems("Chair moved to", detail.get("chair"))


def _effect(detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    yield from _word_problems("Effect", detail.get("name"))
    severity = detail.get("severity")
    if severity not in (None, "", *SEVERITIES):
        yield f"Severity {_quoted(severity)}: expected {_one_of(SEVERITIES)}, or none."


def _medicine(detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    yield from _word_problems("Medicine", detail.get("name"))
    name, dose = detail.get("name"), detail.get("dose")
    if dose is None or dose == "":
        yield f"{name}: expected its dose."
    elif expected := _dose_expected(dose):
        yield f"{name}, dose {_quoted(dose)}: expected {expected}."
    yield from _word_problems(f"{name}, unit", detail.get("unit"))
    yield from _word_problems(f"{name}, route", detail.get("route"))


def _note(detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    yield from _word_problems("Note", detail.get("text"))


def _repeat(detail: Mapping[str, Any], infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    if detail.get("measure") not in list(protocol.measures):
        yield f"Repeat of {_quoted(detail.get('measure'))}: expected {_one_of(protocol.measures)}."
    due_at = detail.get("due_at")
    if read_instant(due_at) is None:
        yield f"Repeat due at {_quoted(due_at)}: expected a time with its zone."


_Judge = Callable[[Mapping[str, Any], Infusion, Protocol], Iterator[str]]
_DETAIL: dict[str, _Judge] = {
    "start": _start,
    "pause": _listed_reason("Pump paused", lambda protocol: protocol.pause_reasons, needed=False),
    "stop": _listed_reason("Pump stopped", lambda protocol: protocol.stop_reasons, needed=False),
    "cancel": _listed_reason("Cancelled", lambda protocol: protocol.cancel_reasons, needed=True),
    "move": _move,
    "effect": _effect,
    "medicine": _medicine,
    "note": _note,
    "repeat": _repeat,
}


# Judged where the clinical fact lives: by the whole entry, its author, signatures and time.
_OF_CARE: dict[str, Callable[[Entry, Infusion, Protocol], Iterator[str]]] = {
    "start": before.start_problems,
    "check": before.check_problems,
    "time_out": before.time_out_problems,
    "order": dose.order_problems,
    "dose": dose.dose_problems,
    "dose_check": dose.dose_check_problems,
    "drug": dose.drug_problems,
    "called": clocks.called_problems,
    "informed": clocks.informed_problems,
    "help": clocks.help_problems,
    "rapid": clocks.rapid_problems,
    "over": clocks.over_problems,
    "handover": clocks.handover_problems,
    "score": scales.score_problems,
    "close": leaving.close_problems,
    "baseline": baseline.baseline_problems,
    "sign": signing.sign_problems,
}


def _acknowledgement_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    said = entry.acknowledgement
    if said is None:
        return
    yield from _word_problems("What was done", said.done)
    yield from _word_problems("Flag acknowledged", said.flag)
    if said.side not in _SIDES:
        yield f"Flag on side {_quoted(said.side)}: expected {_one_of(_SIDES)}."
    if said.level not in [level.word for level in Level]:
        yield f"Flag of level {_quoted(said.level)}: expected {_one_of(level.word for level in Level)}."
    known = {reading.id for earlier in infusion.entries for reading in earlier.readings}
    for reading_id in said.seen:
        if reading_id not in known:
            yield f"Acknowledged reading {_quoted(reading_id)}: expected a reading of this infusion."


def _order_to_confirm(entry: Entry, infusion: Infusion, protocol: Protocol) -> Sequence[str]:
    """What is asked about an order that nobody has confirmed (`confirmed_unusual` in its detail)."""
    if entry.event is None or entry.event.kind != "order" or entry.event.detail.get("confirmed_unusual") is True:
        return ()
    return order_questions(entry.event.detail, infusion, protocol.dose)


def _replacement_problems(entry: Entry, infusion: Infusion) -> Iterator[str]:
    """Corrections and withdrawals: of an entry that stands, with a reason."""
    if entry.corrects is None and entry.withdraws is None:
        return
    what = "Correction" if entry.corrects is not None else "Withdrawal"
    if not entry.reason.strip():
        yield f"{what} without a reason: expected why."
    if entry.corrects is not None and entry.withdraws is not None:
        yield "This entry corrects one and withdraws one: expected one of the two."
    for named in (entry.corrects, entry.withdraws):
        if named is None:
            continue
        earlier = next((e for e in infusion.entries if e.id == named), None)
        if earlier is None:
            yield f"{what} of {_quoted(named)}: expected an entry of this infusion."
        elif earlier.kind == "withdrawal":
            yield f"{what} of entry {earlier.seq}, a withdrawal: expected an entry that stands."
        elif replaced := next((e for e in infusion.entries if e.corrects == named), None):
            yield (
                f"{what} of entry {earlier.seq}, which entry {replaced.seq} has already replaced: "
                "expected the entry that stands."
            )
        elif withdrawn := next((e for e in infusion.entries if e.withdraws == named), None):
            yield (
                f"{what} of entry {earlier.seq}, which entry {withdrawn.seq} has already withdrawn: "
                "expected an entry that stands."
            )
        elif entry.corrects is not None and earlier.kind != entry.kind:
            yield f"Correction of entry {earlier.seq} is of kind {entry.kind}: expected {earlier.kind}, as that entry."
        elif (
            entry.corrects is not None
            and earlier.event is not None
            and entry.event is not None
            and earlier.event.kind != entry.event.kind
            and not {earlier.event.kind, entry.event.kind} <= _ENDS
        ):
            yield (
                f"Correction of entry {earlier.seq} says {_quoted(_happened(entry.event.kind))}: "
                f"expected {_quoted(_happened(earlier.event.kind))}, or that entry withdrawn."
            )


def _phase_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Whether the infusion is at a point where this can be entered. Corrections belong to the past: always.

    Once the patient has left, what belongs to the time before is marked as a late entry, and what was not known then as
    an addendum. Once the record is signed and locked, that is all that is taken.
    """
    if entry.corrects is not None or entry.kind in ("acknowledgement", "withdrawal"):
        return
    kind = None if entry.event is None else entry.event.kind
    if kind is not None and kind not in _EVENT_KINDS:
        return  # refused already
    if entry.amendment:
        yield from _amendment_problems(entry, kind, infusion)
        return
    phase, locked = outlined(infusion).phase, signing.locked(infusion, protocol)
    if locked or is_over(infusion):  # a signed record stays locked, whatever a correction makes of its phase
        signs = kind == "sign" and (locked or phase == "closed")  # says itself what is wrong with it
        if kind != "note" and not signs and (kind is None or locked or allowed(kind, phase)):
            of_file = "was brought in from a file" if phase not in OVER else f"is {phase}"
            found = "This record is signed and locked" if locked else f"This infusion {of_file}"
            yield f"{found}: expected a late entry, an addendum or a correction."
    elif kind is not None and (sentence := allowed(kind, phase)) and _conflicts_with(entry, infusion):
        # What happened earlier and is told only now must fit the minute in which it happened.
        yield sentence


def _amendment_problems(entry: Entry, kind: EventKind | None, infusion: Infusion) -> Iterator[str]:
    """A late entry or an addendum is always taken; what changes the phase must fit the minute in which it happened."""
    if kind == "sign":
        yield f"A signature is no {entry.amendment}: expected it without that mark."
    elif kind in _TRANSITIONS and (sentence := _conflicts_with(entry, infusion)):
        yield f"{sentence.removesuffix('.')}; expected a minute in which it fits."


def _conflicts_with(entry: Entry, infusion: Infusion) -> str:
    """What would no longer fit together if this event had happened when it says; "" when everything does."""
    already = {conflict.entry for conflict in outlined(infusion).conflicts}
    last = max((e.seq for e in infusion.entries), default=0)
    with_it = replace(infusion, entries=(*infusion.entries, replace(entry, seq=last + 1)))
    return next((one.sentence for one in outlined(with_it).conflicts if one.entry not in already), "")


# Words for what was found


def _said(measure: Measure, value: float) -> str:
    """ "Respiration 0 /min"."""
    return f"{measure.label} {value:.10g}{' ' if measure.unit else ''}{measure.unit}"


def _happened(kind: str) -> str:
    return next((words for known, words in EVENT_WORDS.items() if known == kind), kind)


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]


def _quoted(found: object) -> str:
    if found is None or found == "":
        return "missing"
    text = str(found)
    return f"“{text}”" if len(text) <= 60 else f"“{text[:60]}…”"


def _one_of(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _word_problems(what: str, found: Any) -> Iterator[str]:
    if not isinstance(found, str) or not found.strip():
        yield f"{what} {_quoted(found) if found and not isinstance(found, str) else 'missing'}: expected words."


def _is_number(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and math.isfinite(found)


def _dose_expected(found: Any) -> str:
    """What is expected in the place of this dose; "" where it is a number above 0, or text that all read as one."""
    if not isinstance(found, str):
        return "" if _is_number(found) and found > 0 else "a number above 0"
    read, plain = written_number(found), found.replace(".", "", 1)
    if read.value is not None and read.value > 0:
        return "" if plain.isascii() and plain.isdigit() else "a number above 0 with a point, such as 0.5"
    return read.expected if plain.isdigit() and read.expected else "a number above 0"
