"""Which values changes are measured against, where the start did not pin what was seen before it.

The start pins what is known then. A set seen before the start and saved after it is not the baseline by itself: who
judged by the earlier one did right. A person may make it the baseline, with a reason, by an entry of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from monitoring.clinical.course import Outline, made_baseline, outlined, when
from monitoring.clinical.events import detail_of, first_of, standing_events
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import Entry, Infusion


def saved_too_late(infusion: Infusion, outline: Outline) -> tuple[Entry, ...]:
    """What was seen before the start and saved after it, and would be the baseline had it been saved in time.

    Of each entry at least one value is the last of its measure before the start, and another one is its baseline.
    """
    started = outline.started_at
    start = next((e for e in standing_events(infusion, "start") if e.observed_at == started), None)
    if started is None or start is None or infusion.imported:
        return ()
    told = first_of(infusion, start).seq
    last = {r.measure: r.id for e in infusion.standing() if e.observed_at <= started for r in e.readings}
    held = {reading.id for reading in outline.baseline.values()}
    return tuple(
        entry
        for entry in infusion.standing()
        if entry.observed_at <= started
        and first_of(infusion, entry).seq > told
        and any(last[r.measure] == r.id and r.id not in held for r in entry.readings)
    )


def baseline_problems(entry: Entry, infusion: Infusion, protocol: Protocol) -> Iterator[str]:
    """Why an entry cannot make another one the baseline: it names values seen before the start, and says why.

    Out of an outbox it is kept, whatever became meanwhile of the entry it names.
    """
    detail = detail_of(entry)
    reason = detail.get("reason")
    if not isinstance(reason, str) or not reason.strip():
        yield "Baseline chosen without a reason: expected why."
    if entry.queued and any(e.id == detail.get("of") for e in infusion.entries):
        return
    chosen = made_baseline(infusion, detail.get("of"))
    started = outlined(infusion).started_at
    if chosen is None:
        yield "Baseline of an entry that does not stand here: expected a set or rating of this infusion that does."
    elif not chosen.readings:
        yield "Baseline of an entry without a value: expected one with values."
    elif started is not None and chosen.observed_at > started:
        yield f"Baseline seen {when(chosen.observed_at, started)}: expected what was seen before the start."
