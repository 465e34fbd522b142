"""What is there before the start and what is missing: answers, order, dose, second calculation, time-out, baseline.

Nothing here is a lock. What is missing is named; starting without it takes a reason and a name, which may follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, cast

from monitoring.clinical.course import Outline, outlined
from monitoring.clinical.dose import SECOND_CALCULATION, differences, of_another_order, plan_of
from monitoring.clinical.events import (
    detail_of,
    first_of,
    one_of,
    quoted,
    said,
    signatures_of,
    standing_events,
    words_of,
)
from monitoring.clinical.protocol import CheckItem, Limit, Measure, Protocol, limit_words
from monitoring.clinical.record import ANSWERS, Answer, Entry, Infusion

AnswerState = Literal["missing", "answered", "look"]

TIME_OUT: Final = "time-out"  # what the two signatures of a time-out mean


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and how it stands: "missing" without an answer or a note it needs, "look" answered otherwise."""

    item: CheckItem
    answer: Answer | None
    note: str
    entry: Entry | None
    state: AnswerState

    @property
    def lacks(self) -> str:
        """What is not there yet, to be listed: "Consent on file", "Escort: phone number missing"; "" when answered."""
        if self.state == "answered":
            return ""
        if self.answer is None:
            return self.item.label
        if self.state == "look":
            return f"{self.item.label}: {self.answer}"
        return f"{self.item.label}: {self.item.note or 'note'} missing"


@dataclass(frozen=True, slots=True)
class Checklist:
    """What has been answered before the start, what is missing, and what was missing when the pump was started.

    `missing` is as it stands now; `started_with_missing` as it was known when the start was first recorded, and stays
    so whatever comes in later. It is empty before the start.
    """

    items: tuple[Answered, ...]
    missing: tuple[str, ...]
    vitals: tuple[str, ...]  # sentences: last values before the start outside the ranges that hold there
    time_out: Entry | None  # the one that counts: signed by two different people, not after the start
    started_with_missing: tuple[str, ...]
    reason: str  # why it was started with something missing; "" when not told
    decided_by: str

    @property
    def reason_given(self) -> bool:
        """Whether the start says both why and who decided."""
        return bool(self.reason and self.decided_by)

    @property
    def reason_wanted(self) -> bool:
        """Whether it was started with something missing and nobody has said why, or who decided."""
        return bool(self.started_with_missing) and not self.reason_given


def checklist(infusion: Infusion, protocol: Protocol) -> Checklist:
    """What stands of everything that comes before the start of `infusion`.

    What the protocol does not ask for is not missing: an infusion under a version without a list has none. Of one that
    was brought in from a file nobody here was asked: it has the answers the file tells, and nothing is missing.
    """
    outline = outlined(infusion)
    start = start_of(infusion, outline)
    reason, decided_by = "", ""
    missing_then: tuple[str, ...] = ()
    if start is not None:
        first = first_of(infusion, start)
        then = replace(infusion, entries=tuple(e for e in infusion.entries if e.seq < first.seq))
        missing_then = () if infusion.imported else tuple(_missing(then, protocol, first.observed_at))
        reason, decided_by = words_of(said(infusion, start, "reason")), words_of(said(infusion, start, "decided_by"))
    until = outline.started_at
    items = answered(infusion, protocol.before)
    return Checklist(
        items=tuple(one for one in items if one.entry is not None) if infusion.imported else items,
        missing=() if infusion.imported else tuple(_missing(infusion, protocol, until)),
        vitals=tuple(_outside(infusion, protocol, until)),
        time_out=_time_out(infusion, until),
        started_with_missing=missing_then,
        reason=reason,
        decided_by=decided_by,
    )


def answered(
    infusion: Infusion, items: tuple[CheckItem, ...], since: datetime | None = None, until: datetime | None = None
) -> tuple[Answered, ...]:
    """How each question stands: by the answer observed last of those that stand, from `since` to `until` if given."""
    latest = {str(detail_of(e).get("item")): e for e in standing_events(infusion, "check", since, until)}
    return tuple(_answered(item, latest.get(item.key)) for item in items)


def start_of(infusion: Infusion, outline: Outline) -> Entry | None:
    """The entry of the start that counts; None before. Another start, on a second tablet, is a conflict."""
    return next((e for e in standing_events(infusion, "start") if e.observed_at == outline.started_at), None)


def check_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why an answer cannot be kept: a question that is on no list, or an answer that it does not have."""
    detail = detail_of(entry)
    key, answer, note = detail.get("item"), detail.get("answer"), detail.get("note", "")
    asked = [*protocol.before, *(c.answer for c in protocol.leaving if c.answer is not None)]
    item = next((one for one in asked if one.key == key), None)
    if item is None:
        yield f"Question {quoted(key)}: expected one of this site's lists."
        return
    offered = [one for one in ANSWERS if one != "not applicable" or item.may_not_apply]
    if answer not in offered:
        yield f"{item.label}, answer {quoted(answer)}: expected {one_of(offered)}."
    if not isinstance(note, str):
        yield f"{item.label}, note {quoted(note)}: expected words."


def start_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why what a start says of something missing cannot be kept. That it says nothing never holds up a start."""
    for key, what in (("reason", "Started with something missing, reason"), ("decided_by", "Decided by")):
        found = detail_of(entry).get(key, "")
        if not isinstance(found, str):
            yield f"{what} {quoted(found)}: expected words."


def time_out_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why a time-out is not taken on a live screen: it takes the PINs of two different people.

    What waited in an outbox is kept, and is no time-out unless two people signed it.
    """
    if entry.queued:
        return
    signatures = signatures_of(entry, TIME_OUT)
    if len(signatures) != 2:
        count = {0: "nobody", 1: f"only {signatures[0].name}" if signatures else ""}.get(len(signatures), "more")
        yield f"Time-out, signed by {count}: expected two people."
    elif signatures[0].staff == signatures[1].staff:
        yield f"Time-out, signed twice by {signatures[0].name}: expected two different people."


def _missing(infusion: Infusion, protocol: Protocol, until: datetime | None) -> Iterator[str]:
    """Labels of what is not there; `until`: when it was started, values seen later are no baseline."""
    yield from (one.lacks for one in answered(infusion, protocol.before) if one.lacks)
    if protocol.preparation is not None:
        plan = plan_of(infusion)
        if plan.order is None:
            yield "Order"
        if plan.dose is None:
            yield "Dose calculation"
        elif of_another_order(infusion, protocol):
            yield "Dose calculation: differs from the order"
        if protocol.preparation.second_calculation:
            if plan.dose is None or plan.check is None:
                yield "Second calculation"
            elif all(
                signature.staff == plan.dose.author for signature in signatures_of(plan.check, SECOND_CALCULATION)
            ):
                yield "Second calculation: not by another person"
            elif differences(detail_of(plan.dose), detail_of(plan.check), protocol.preparation):
                yield "Second calculation: differs from the first"
    if protocol.people.time_out and _time_out(infusion, until) is None:
        yield "Time-out"
    if protocol.before or protocol.preparation is not None:
        yield from _baseline(infusion, protocol, until)


def _baseline(infusion: Infusion, protocol: Protocol, until: datetime | None) -> Iterator[str]:
    """One label for what the set before the start lacks; a reason why it was not done does not make it a baseline."""
    values = _last_values(infusion, until)
    reasons = {
        one.measure: one.reason
        for e in infusion.standing()
        if until is None or e.observed_at <= until
        for one in e.not_done
    }
    wanted = protocol.schedule.set
    lacking = [key for key in wanted if key not in values]
    if not lacking:
        return
    if len(lacking) == len(wanted) and not reasons:
        yield "Baseline vital signs"
        return
    told = (
        f"{_lower(protocol.measures[key].label)}{f' not done ({reasons[key]})' if key in reasons else ''}"
        for key in lacking
    )
    yield f"Baseline vital signs: {', '.join(told)}"


def _outside(infusion: Infusion, protocol: Protocol, until: datetime | None) -> Iterator[str]:
    """A sentence for each measure whose last value before the start is outside what holds there."""
    values = _last_values(infusion, until)
    on_air = values.get(protocol.schedule.oxygen, 0) == 0
    for key, value in values.items():
        measure = protocol.measures.get(key)
        if measure is None:
            continue
        met = [
            limit
            for limit in measure.limits
            if limit.is_absolute
            and (not limit.phase or "planned" in limit.phase)
            and (limit.applies != "air" or on_air)
            and _reached(limit, value)
        ]
        if met:
            yield _sentence(measure, value, max(met, key=_strictness))


def _reached(limit: Limit, value: float) -> bool:
    """Whether a value reaches a limit on the value itself."""
    reached = {
        "at_or_above": value >= limit.value,
        "above": value > limit.value,
        "at_or_below": value <= limit.value,
        "below": value < limit.value,
    }
    return reached.get(limit.key, False)


def _strictness(limit: Limit) -> tuple[int, float]:
    """Of several limits that are met, the one of the highest level is told, then the one farthest out."""
    return limit.level, -limit.value if limit.side == "low" else limit.value


def _sentence(measure: Measure, value: float, limit: Limit) -> str:
    """ "Systolic pressure 150 mmHg: above 140 (before the dose: esketamine label)"."""
    word = next((option.word for option in measure.options if option.value == value), "")
    shown = " ".join(part for part in (measure.label, measure.exact(value), measure.unit, word) if part)
    return f"{shown}: {limit_words(limit, measure, unit=False)} ({limit.source})"


def _last_values(infusion: Infusion, until: datetime | None) -> dict[str, float]:
    """The value of each measure that was observed last, not after `until`."""
    return {
        reading.measure: reading.value
        for entry in infusion.standing()
        if until is None or entry.observed_at <= until
        for reading in entry.readings
    }


def _time_out(infusion: Infusion, until: datetime | None) -> Entry | None:
    """The last time-out that two different people signed, not after the start."""
    found = [
        entry
        for entry in standing_events(infusion, "time_out", until=until)
        if len({signature.staff for signature in signatures_of(entry, TIME_OUT)}) > 1
    ]
    return found[-1] if found else None


def _answered(item: CheckItem, entry: Entry | None) -> Answered:
    if entry is None:
        return Answered(item, None, "", None, "missing")
    detail = detail_of(entry)
    answer, note = detail.get("answer"), words_of(detail.get("note"))
    if answer not in ANSWERS:
        return Answered(item, None, note, entry, "missing")
    applies = answer != "not applicable"
    state: AnswerState = "answered"
    if (applies and item.expects and answer != item.expects) or (not applies and not item.may_not_apply):
        state = "look"
    elif answer in item.note_needed and not note:
        state = "missing"
    return Answered(item, cast("Answer", answer), note, entry, state)


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
