"""The printed record of one infusion: a page with its summary and its chart, then everything recorded, on paper.

Nothing is left out: what was corrected or withdrawn is printed struck through, with who, when and why. What is missing
is named as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from monitoring.charts import infusion_figure
from monitoring.clinic import instruments
from monitoring.clinical import leaving, signing
from monitoring.clinical.clock_times import clock_time, day_and_time
from monitoring.clinical.clocks import effects
from monitoring.clinical.course import minutes_since
from monitoring.clinical.dose import bag_empty_words, reconciliation
from monitoring.clinical.events import standing_events, struck_values
from monitoring.clinical.flags import NOT_HERE, Flag
from monitoring.clinical.protocol import Level, Measure
from monitoring.clinical.record import Entry
from monitoring.documents import PHASE_WORDS
from monitoring.documents.before import before_part
from monitoring.documents.column import sets_with_values_not_done
from monitoring.documents.dosing import dose_part, ordered_words
from monitoring.documents.entries import entries
from monitoring.documents.flagged import confirmation_words
from monitoring.documents.leaving import leaving_part
from monitoring.documents.said import said
from monitoring.documents.words import day_of, level_word, lower, names_of, number, upper, which, word_of
from monitoring.exports.downtime import Paper, column_of, patient_block, together
from monitoring.exports.drawing import drawn
from monitoring.exports.source import Source
from monitoring.records import Score
from monitoring.records.verify import InfusionChain
from monitoring.review.summary import Summary, summary

TEMPLATE: Final = "record"
TITLE: Final = "Infusion record"
_MOST_LINES: Final = 12  # under the chart; all of them are in the pages that follow
_LONGEST_LINE: Final = 110  # characters of one of these
_LONGEST_FACT: Final = 300  # characters of a line of the summary, so that the chart keeps its room
_LEGEND: Final = (
    "A ring is a caution, a square critical, by this site's ranges. Hollow: seen or saved late, added afterwards, or "
    "part of an incomplete set. A cross no longer holds: corrected or withdrawn. Grey: the pump was paused. "
    "Dashed: a limit, with dots between: a critical one."
)
_NOTE: Final = (
    "Ranges are those of this site; they mark values and advise nothing. An empty field is not recorded, a dash not "
    "in that entry. "
    "Words in [brackets] stand for pictures and characters that could not be printed. Of an hour that clocks show "
    "twice, (1st) and (2nd) say which."
)


@dataclass(frozen=True, slots=True)
class Printing:
    """Who prints a record, on which paper, and where its chains stood then."""

    by: str
    paper: Paper
    chain: InfusionChain
    audit_head: str  # of the whole clinic's audit chain: "number:hash"


def record_sheet(source: Source, printing: Printing, scores: Sequence[Score] = ()) -> dict[str, Any]:
    """The facts of the record, as data/print/record.typ takes them: texts, all written as they are to be read.

    `scores`: the outcome scores along the series.
    """
    j = source.j
    summed = summary(j.infusion, j.protocol, j.now)
    figure = infusion_figure(j.infusion, j.protocol, j.course, j.levels, j.now, source.zone)
    listed = list(_events(source))
    return {
        "title": TITLE,
        "paper": printing.paper,
        "clinic": source.clinic["name"],
        "marks": list(_marks(source)),
        "patient": patient_block(j.infusion, source.chair, j.infusion.opened_at, source.zone),
        "facts": [
            {"label": label, "text": _cut(text, _LONGEST_FACT)} for label, text in _facts(source, summed) if text
        ],
        "chart": {**drawn(figure), "nothing": _why_no_chart(source)},
        "legend": _LEGEND,
        "happened": _shortened(listed),
        "table": _table(source),
        "sections": [
            {"title": title, "lines": [{"label": label, "text": text} for label, text in lines]}
            for title, lines in _sections(source, scores)
            if lines
        ],
        "events": listed,
        "flags": [_flag(flag, source) for flag in sorted(j.flags.flags, key=lambda one: (one.opened_at, one.key))],
        "signed": _signed(source),
        "unsigned": _unsigned(source),
        "note": _NOTE,
        "chain": _chain_words(printing),
        "footer": f"Printed {_day_and_time(j.now, source)} ({source.zone.key}) by {printing.by}; what was recorded "
        f"later is not on it. Record: {printing.chain.entries} entries, head {printing.chain.head}. "
        f"Clinic's audit chain: {printing.audit_head}",
    }


# The first page


def _why_no_chart(source: Source) -> str:
    """What stands in the place of the chart, "" where there is something to draw."""
    if any(entry.readings for entry in source.j.infusion.standing()):
        return ""
    if any(entry.readings for entry in source.j.infusion.entries):
        return "No value holds: all that were recorded are withdrawn or corrected, and stand on the next page."
    return "No values are recorded."


def _marks(source: Source) -> Iterator[str]:
    """What must stand on the first page in a frame."""
    if source.clinic["demonstration"]:
        yield "Demonstration: everybody on it is invented"
    if not source.clinic["approved"]:
        yield "Ranges not approved by this site"
    if source.j.infusion.imported:
        yield "Brought in from a file: recorded elsewhere"
    if source.j.course.phase not in ("closed", "cancelled"):
        where = "where its file ends" if source.j.infusion.imported else "when printed"
        yield f"Not finished: {PHASE_WORDS[source.j.course.phase]} {where}"
    elif source.j.course.phase == "closed" and source.j.protocol.people.signatures and not source.j.infusion.imported:
        found = signing.record(source.j.infusion, source.j.protocol, source.j.course, source.j.flags)
        if not found.locked:
            yield "Not signed by everybody this site asks for"


def _facts(source: Source, summed: Summary) -> Iterator[tuple[str, str]]:
    """The summary, label and text."""
    j, at, plan = source.j, source.j.course, source.j.plan
    zone, infusion = source.zone, source.j.infusion
    opened = f"{infusion.opened_at.astimezone(zone):%A, %d %b %Y}"
    yield "Infusion", f"{which(infusion)}, series {source.series.number} · {opened} · {source.chair}"
    yield "Course", _course_words(source, summed)
    sums = dose_part(j, reconciliation(infusion, j.protocol, at))
    weighed = f"{number(plan.weight_kg)} kg" + (f" on {plan.weight_on:%d %b %Y}" if plan.weight_on else "")
    prescriber = f", prescribed by {plan.prescriber}" if plan.prescriber else ", prescriber not recorded"
    yield "Order", f"{ordered_words(j)}, weight {weighed}{prescriber}"
    if sums["hidden"]:
        yield "Dose", "not printed: a second person is still to work it out"
    elif at.started_at is None:
        yield "Dose", f"planned {sums['planned']}"
    else:
        told = ("planned", "given", "drawn", "wasted")
        amounts = ", ".join(f"{word} {sums[word]}" for word in told if sums[word])
        yield "Dose", " · ".join(filter(None, (amounts, bag_empty_words(at))))
    yield "Values", _extreme_words(source, summed)
    ratings = [j.protocol.measures[key] for key in j.protocol.schedule.observations]
    yield "Ratings", "; ".join(words for one in ratings if (words := _peak_words(one, summed)))
    given = [_with_minute(said(entry, j, {}), entry.observed_at, at.started_at) for entry in _medicines(source)]
    yield "Medicines", _few(given) or "none recorded"
    yield "Effects", _few(list(_effect_words(source))) or "none recorded"
    yield "Flags", _flag_words(source)
    yield "Sets", _set_words(source)
    page = leaving.page(infusion, j.protocol, at, j.now)
    if at.ended_at is not None:
        back = page.back_at_baseline_after
        yield "Baseline", "back within it not recorded" if back is None else f"back within it {back} min after the end"
    yield "Responsible", signing.responsible(infusion).name
    yield "Ranges", j.protocol.label


def _course_words(source: Source, summed: Summary) -> str:
    """When the pump was started, paused, ended, and when the patient left."""
    j, at, zone = source.j, source.j.course, source.zone
    if at.phase == "cancelled":
        reasons = [said(entry, source.j, {}) for entry in standing_events(source.j.infusion, "cancel")]
        return reasons[0] if reasons else "cancelled before the start"
    if at.started_at is None:
        return "not started"
    words = [f"started {j.time_of(at.started_at, zone)}"]
    for since, until in at.pauses:
        words.append(f"paused {j.time_of(since, zone)} to {j.time_of(until, zone) if until else 'now'}")
    if at.ended_at is not None:
        how = f"stopped early: {summed.stop_reason or 'no reason recorded'}," if at.ended_early else "ended"
        words.append(f"{how} {j.time_of(at.ended_at, zone)} (minute {minutes_since(at.started_at, at.ended_at)})")
    if at.closed_at is not None:
        words.append(f"left {j.time_of(at.closed_at, zone)} (minute {minutes_since(at.started_at, at.closed_at)})")
    return _few(words, most=6)


def _extreme_words(source: Source, summed: Summary) -> str:
    """Baseline, lowest and highest of each measure of the set since the start."""
    found = {one.measure: one for one in summed.extremes}
    words = []
    for key in source.j.protocol.schedule.set:
        measure = source.j.protocol.measures[key]
        if (one := found.get(key)) is None:
            words.append(f"{measure.short} none since the start")
            continue
        base = "no baseline" if one.baseline is None else f"baseline {measure.text(one.baseline)}"
        low = f"lowest {measure.text(one.lowest)} (min {one.lowest_minute})"
        high = f"highest {measure.text(one.highest)} (min {one.highest_minute})"
        words.append(f"{measure.short} {base}, {low}, {high}")
    return "; ".join(words) if source.j.course.started_at is not None else ""


def _peak_words(measure: Measure, summed: Summary) -> str:
    """The highest value of a rating, or the lowest where less is more: "Dissociation 3 marked (minute 22)"."""
    one = next((one for one in summed.extremes if one.measure == measure.key), None)
    if one is None:
        return ""
    falls = any(limit.side == "low" for limit in measure.limits)
    value, minute = (one.lowest, one.lowest_minute) if falls else (one.highest, one.highest_minute)
    word = word_of(measure, value)
    side = "lowest" if falls else "highest"
    return f"{measure.label} {side} {' '.join(x for x in (measure.text(value), word) if x)} (minute {minute})"


def _medicines(source: Source) -> Iterator[Entry]:
    return standing_events(source.j.infusion, "medicine")


def _effect_words(source: Source) -> Iterator[str]:
    started = source.j.course.started_at
    for one in effects(source.j.infusion):
        parts = (upper(one.name), one.severity, one.action, one.over_words(started) or "no end recorded")
        yield _with_minute(" · ".join(part for part in parts if part), one.since, started)


def _flag_words(source: Source) -> str:
    found = [flag for flag in source.j.flags.flags if not flag.withdrawn]
    withdrawn = len(source.j.flags.flags) - len(found)
    critical = [flag for flag in found if flag.level is Level.CRITICAL]
    waiting = sum(flag.needs_acknowledgement for flag in source.j.flags.flags)
    words = [f"{len(critical)} critical, {len(found) - len(critical)} caution"]
    words += [f"{withdrawn} withdrawn with their values"] if withdrawn else []
    words += [f"{waiting} critical of all these not acknowledged"] if waiting else []
    return "; ".join(words)


def _set_words(source: Source) -> str:
    if source.j.infusion.imported:
        return "none was due here: brought in from a file"
    states = [slot.state for slot in source.j.course.slots]
    due = sum(states.count(word) for word in ("done", "partial", "missed"))
    words = [f"{states.count('done')} of {due} done"]
    if not_done := sets_with_values_not_done(source.j):
        words.append(f"{not_done} with values not done")
    words += [f"{states.count(word)} {word}" for word in ("partial", "missed")]
    return ", ".join([*words, *([f"{overdue} overdue"] if (overdue := states.count("overdue")) else [])])


def _with_minute(words: str, instant: datetime, started: datetime | None) -> str:
    return words if started is None else f"{words} (minute {minutes_since(started, instant)})"


def _few(words: Sequence[str], most: int = 5) -> str:
    """Some of the words, and how many more there are."""
    more = len(words) - most
    return "; ".join(words[:most]) + (f"; and {more} more" if more > 0 else "")


def _cut(text: str, longest: int) -> str:
    """A text as far as there is room for it; the pages that follow have it whole."""
    return text if len(text) <= longest else f"{text[:longest]}…"


def _shortened(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """What happened, for the space under the chart: pump, effects, medicines, calls."""
    told = [event for event in events if event["chart"] and not event["struck"]]
    lines = [f"{event['when']}  {event['text']}" for event in told]
    cut = [_cut(line, _LONGEST_LINE) for line in lines[:_MOST_LINES]]
    return [*cut, *([f"and {len(lines) - len(cut)} more on the pages that follow"] if len(lines) > len(cut) else [])]


# The values


def _table(source: Source) -> dict[str, Any]:
    """Signs as columns, times as rows; every entry with values. Struck is what no longer holds, and only that."""
    j = source.j
    seen = {reading.measure for entry in j.infusion.entries for reading in entry.readings}
    seen |= {one.measure for entry in j.infusion.entries for one in entry.not_done}
    schedule = j.protocol.schedule
    wanted = {*schedule.set, *schedule.observations, *seen}
    keys = [key for key in j.protocol.measures if key in wanted]
    groups = together(keys, j.protocol)
    extra = sorted(seen - set(keys))  # of another version: told all the same
    gone, struck = _gone(source), struck_values(j.infusion)
    marks = {row["id"]: row["marks"] for row in entries(j, source.chairs, source.zone)}
    rows = []
    for entry in sorted(j.infusion.entries, key=lambda one: (one.observed_at, one.seq)):
        if not entry.readings and not entry.not_done:
            continue
        values = {reading.measure: reading for reading in entry.readings}
        missing = {one.measure: one.reason for one in entry.not_done}
        cells = []
        for group in [*groups, *([key] for key in extra)]:
            parts = []
            for key in group:
                reading = values.get(key)
                measure = j.protocol.measures.get(key)
                text = "" if reading is None else measure.exact(reading.value) if measure else number(reading.value)
                level = level_word(j.levels.get(reading.id)) if reading is not None and entry.id not in gone else None
                lacks = "not done" if key in missing else "—"
                parts.append({"text": text or lacks, "level": level or "", "struck": (entry.id, key) in struck})
            words = {part["text"] for part in parts}
            cells.append({"parts": parts[:1] if words in ({"—"}, {"not done"}) else parts})
        reasons = [f"{_short(source, key)} not done: {reason}" for key, reason in missing.items()]
        remarks = [*reasons, *([gone[entry.id]] if entry.id in gone else marks.get(entry.id, ()))]
        rows.append({**_row(entry, source), "cells": cells, "remark": "; ".join(remarks)})
    columns = [column_of(group) for group in (tuple(j.protocol.measures[key] for key in keys) for keys in groups)]
    return {"columns": [*columns, *({"short": key, "unit": "", "wide": False} for key in extra)], "rows": rows}


def _short(source: Source, key: str) -> str:
    return names_of([key], source.j.protocol) if key in source.j.protocol.measures else key


def _gone(source: Source) -> dict[str, str]:
    """Of each entry that no longer holds, by id: who took it out of the record, when and why."""
    found = {}
    for entry in source.j.infusion.entries:
        when = f"{source.j.time_of(entry.recorded_at, source.zone)} by {entry.author_name}"
        reason = f": {entry.reason}" if entry.reason else ""
        if entry.withdraws:
            found[entry.withdraws] = f"withdrawn {when}{reason}"
        if entry.corrects:
            found[entry.corrects] = f"corrected {when}{reason}"
    return found


def _row(entry: Entry, source: Source) -> dict[str, str]:
    """When an entry was so, and who recorded it."""
    started = source.j.course.started_at
    seen, zone = entry.observed_at, source.zone
    opened = source.j.infusion.opened_at
    far = abs(seen - (started or opened)) >= timedelta(hours=20)  # then a time of day alone would mislead
    minute = None if far else source.j.minute_of(seen)
    later = started is not None and minute is None and day_of(seen, zone) != day_of(started, zone)
    return {
        "minute": "" if minute is None else str(minute),
        "time": day_and_time(seen, zone) if far or later else clock_time(seen, zone),
        "by": entry.author_name,
    }


# What happened


_IN_CHART: Final = frozenset(
    (
        "start",
        "pause",
        "resume",
        "rate",
        "end",
        "stop",
        "close",
        "cancel",
        "effect",
        "medicine",
        "called",
        "help",
        "over",
    )
)


def _events(source: Source) -> Iterator[dict[str, Any]]:
    """Everything that is no value, in order: events, acknowledgements, with what was corrected or withdrawn struck."""
    j = source.j
    gone = _gone(source)
    marks = {row["id"]: row["marks"] for row in entries(j, source.chairs, source.zone)}
    for entry in sorted(j.infusion.entries, key=lambda one: (one.observed_at, one.seq)):
        if entry.event is not None:
            text = said(entry, j, source.chairs)
        elif (seen := entry.acknowledgement) is not None:
            measure = j.protocol.measures.get(seen.measure)
            text = f"Flag acknowledged, {lower(measure.label) if measure else seen.measure} {seen.rule}: {seen.done}"
        else:
            continue
        row = _row(entry, source)
        yield {
            **row,
            "when": f"min {row['minute']}" if row["minute"] else row["time"],
            "text": text,
            "remark": gone.get(entry.id) or "; ".join(marks.get(entry.id, ())),
            "struck": entry.id in gone,
            "chart": entry.event is not None and entry.event.kind in _IN_CHART,
        }


def _flag(flag: Flag, source: Source) -> dict[str, Any]:
    """A flag with its receipts, how long it lasted, and how long until somebody acknowledged it."""
    started, zone = source.j.course.started_at, source.zone
    since = source.j.time_of(flag.opened_at, zone)
    minute = "" if started is None else f" (min {minutes_since(started, flag.opened_at)})"
    until = f" to {source.j.time_of(flag.closed_at, zone)}" if flag.closed_at else ", still outside"
    receipts = []
    for one in flag.acknowledged:
        waited = max(minutes_since(flag.opened_at, one.at), 0)
        receipts.append(f"{source.j.time_of(one.at, zone)} {one.who}, after {waited} min: {one.done}")
    lacking = "not acknowledged" if flag.needs_acknowledgement or not flag.acknowledged else ""
    if lacking and flag.imported:
        lacking = NOT_HERE
    return {
        "level": flag.level.word,
        "headline": flag.headline,
        "when": f"{since}{until}{minute}",
        "receipt": " · ".join(part for part in (confirmation_words(flag, started), flag.receipt) if part),
        "acknowledged": "; ".join([*receipts, *([lacking] if lacking else [])]),
        "struck": flag.withdrawn,
    }


# The course of care


Lines = list[tuple[str, str]]


def _sections(source: Source, scores: Sequence[Score]) -> Iterator[tuple[str, Lines]]:
    """What was asked, answered, worked out and scored, and what is open: a heading and its lines."""
    j, zone = source.j, source.zone
    before = before_part(j, zone)
    page = leaving.page(j.infusion, j.protocol, j.course, j.now)
    left = leaving_part(j, page, zone)
    yield "Before the start", [*_answers(before["groups"], "items"), *_preparation(before)]
    yield "Sets of vital signs", list(_slots(source))
    sums = dose_part(j, reconciliation(j.infusion, j.protocol, j.course))
    yield "Where the drug went", [("", sums["reconciled"])] if sums["reconciled"] else []
    if j.course.ended_at is not None:
        yield "Before leaving", [*_answers(left["groups"], "criteria"), *_recovery(left)]
    yield "Outcome scores along the series", list(_outcomes(scores, source))
    yield "Added afterwards", list(_afterwards(source))
    found = signing.record(j.infusion, j.protocol, j.course, j.flags)
    yield "Open points", [("", point) for point in found.open_points]


def _answers(groups: Iterable[Mapping[str, Any]], held: str) -> Lines:
    lines = []
    for group in groups:
        for one in group[held]:
            if held == "items":
                note = f", {one['note_text']}" if one["note_text"] else ""
                text = f"{one['answer']}{note}" if one["answer"] else "not answered"
            else:
                text = " · ".join(part for part in (one["words"], one["recorded"]) if part) or one["state"]
            who = f" ({one['by']}, {one['time']})" if one.get("by") and not one.get("recorded") else ""
            lines.append((str(one["label"]), f"{text}{who}"))
    return lines


def _preparation(before: Mapping[str, Any]) -> Lines:
    lines: Lines = []
    for label, key in (("Order", "order"), ("Dose", "dose")):
        if (one := before[key]) is not None:
            lines.append((label, f"{one['text']} ({one['by']}, {one['time']})"))
    for step in (before["dose"] or {}).get("steps", ()):
        lines.append((f"  {step['label']}", f"{step['formula']} = {step['result']}"))
    if (check := before["dose_check"]) is not None:
        agrees = "agrees" if check["agrees"] else " ".join(check["differences"])
        lines.append(("Second calculation", f"{check['text']} ({check['by']}): {agrees}"))
    if before["time_out"] is not None:
        lines.append(("Time-out", before["time_out"]["text"].removeprefix("Time-out: ")))
    if before["started_with_missing"]:
        reason = before["start_reason"] or "no reason recorded"
        who = f", decided by {before['decided_by']}" if before["decided_by"] else ""
        missing = ", ".join(before["started_with_missing"])
        lines.append(("Started with something missing", f"{missing}: {reason}{who}"))
    return lines


def _slots(source: Source) -> Iterator[tuple[str, str]]:
    """How many were done, and each that was not, with why."""
    words = _set_words(source)
    if source.j.course.started_at is None:
        return
    yield "", words
    for slot in source.j.course.slots:
        reasons = [f"{names_of([key], source.j.protocol)} not done: {reason}" for key, reason in slot.not_done]
        lacks = [f"lacks {names_of(slot.lacks, source.j.protocol)}"] if slot.lacks else []
        if slot.state in ("missed", "overdue", "partial") or reasons:
            parts = [slot.state, slot.milestone, *lacks, *reasons]
            yield (
                f"minute {slot.minute}, {source.j.time_of(slot.at, source.zone)}",
                " · ".join(part for part in parts if part),
            )


def _recovery(left: Mapping[str, Any]) -> Lines:
    lines = []
    for scale in left["scales"]:
        last = scale["latest"]
        if last is not None:
            minute = "" if last["minute"] is None else f", minute {last['minute']}"
            lines.append((str(scale["label"]), f"{last['text']} ({last['by']}{minute})"))
    if left["departure"] is not None:
        lines.append(("Left", left["departure"]["text"]))
    return lines


def _outcomes(scores: Sequence[Score], source: Source) -> Iterator[tuple[str, str]]:
    """The scores along the series that stand; the items that somebody must be told of always with them."""
    known = instruments()
    for one in scores:
        if not one.stands:
            continue
        instrument = known.get(one.instrument)
        words = instrument.words(one.version, one.total, one.items) if instrument else number(one.total)
        told = "; ".join(f"{told.whom} told {_day_and_time(told.told_at, source)}" for told in one.told)
        label = f"{instrument.label if instrument else one.instrument}, {one.rated_on:%d %b %Y}"
        yield label, " · ".join(part for part in (words, f"rated by {one.rater}", one.note, told) if part)


def _afterwards(source: Source) -> Iterator[tuple[str, str]]:
    """What was amended, brought from elsewhere, or recorded after the record was signed."""
    marks = {row["id"]: row for row in entries(source.j, source.chairs, source.zone)}
    for entry in source.j.infusion.entries:
        if entry.id in marks and (entry.amendment or entry.source or entry.after_signing or entry.linked):
            row = marks[entry.id]
            said_on = f"{_day_and_time(entry.recorded_at, source)}, {entry.author_name}"
            yield said_on, f"{row['text']} ({'; '.join(row['marks'])}; seen {_day_and_time(entry.observed_at, source)})"


def _signed(source: Source) -> list[dict[str, str]]:
    found = signing.record(source.j.infusion, source.j.protocol, source.j.course, source.j.flags)
    return [
        {"meaning": upper(one.meaning), "name": one.name, "role": one.role, "at": _day_and_time(one.at, source)}
        for one in found.signed
    ]


def _unsigned(source: Source) -> str:
    """Who is still to sign, "" when nobody is."""
    found = signing.record(source.j.infusion, source.j.protocol, source.j.course, source.j.flags)
    if found.locked_at is not None:
        return f"Signed and locked on {_day_and_time(found.locked_at, source)}."
    if source.j.infusion.imported:
        return "Brought in from a file: who signed there stands with the entries, as the file says."
    if not source.j.protocol.people.signatures:
        return "This site asks for no signature."
    waiting = found.next
    return f"Not locked: waits for “{waiting.meaning}”." if waiting else ""


def _chain_words(printing: Printing) -> list[str]:
    chain = printing.chain
    kept = "as saved" if not chain.sentences else " ".join(chain.sentences)
    return [
        f"This record: {chain.entries} entries, {kept}. Head of its chain: {chain.head}",
        f"Head of the clinic's audit chain when printed: {printing.audit_head}",
    ]


def _day_and_time(instant: datetime, source: Source) -> str:
    return day_and_time(instant, source.zone)
