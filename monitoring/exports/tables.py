"""The record as tables: one row for each thing recorded, one for each infusion, one for each score, as CSV.

A file opens in pandas (`data_dictionary` names the type of every column) and in a spreadsheet: UTF-8 with a byte order
mark, commas, CRLF, quotes doubled (RFC 4180), times to the second. No text can begin a formula, see `harmless`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from math import floor
from typing import Final, Literal

from monitoring.clinical import leaving, signing
from monitoring.clinical.directions import isolated
from monitoring.clinical.dose import reconciliation
from monitoring.clinical.events import detail_of, repeated_values, signature_words
from monitoring.clinical.protocol import Level
from monitoring.clinical.record import Entry
from monitoring.documents import age_in_years
from monitoring.documents.entries import entries
from monitoring.documents.said import said
from monitoring.documents.words import level_word, word_of
from monitoring.exports.deidentified import (
    BAND,
    NOT_ANONYMOUS,
    StudyNumbers,
    age_band,
    coded,
    listed,
    listed_reason,
    weight_band,
)
from monitoring.exports.source import Source
from monitoring.records import Score, Series

Cell = str | int | float | bool | None  # None: an empty cell
Row = Mapping[str, Cell]
BYTE_ORDER_MARK: Final = "\ufeff"  # without it a spreadsheet reads UTF-8 as another encoding
_BEGINS_FORMULA: Final = "=+\\-@\t\r＝＋－＠"
# Where a cell may begin: at the start, after a line break, and after what another spreadsheet takes for a separator.
# Blanks and what is not seen at all: a spreadsheet may throw them away before it looks at a cell.
_BLANK: Final = r"\x00-\x08\x0b\x0c\x0e-\x20\x7f-\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff"
_FORMULA: Final = re.compile(rf"(^|[\n\r\t;|])([{_BLANK}]*)(?='*[{_BEGINS_FORMULA}])")
_MADE_HARMLESS: Final = re.compile(rf"(^|[\n\r\t;|])([{_BLANK}]*)'(?='*[{_BEGINS_FORMULA}])")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its pandas type, its unit, and what it means. `only`: the variant that has it."""

    name: str
    type: Literal["string", "Int64", "Float64", "boolean"]
    meaning: str
    unit: str = ""
    only: Literal["", "identified", "de-identified"] = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is exported."""

    name: str
    columns: tuple[Column, ...]

    def shown(self, deidentified: bool) -> tuple[Column, ...]:
        """The columns of one variant."""
        other = "identified" if deidentified else "de-identified"
        return tuple(column for column in self.columns if column.only != other)


_WHOLE: Final = " In the de-identified form to whole minutes."
_WHO: Final = (
    Column("invented", "boolean", "TRUE in a demonstration clinic, where everybody is invented."),
    Column("clinic", "string", "The clinic's name.", only="identified"),
    Column("patient_number", "string", "The clinic's number for the patient.", only="identified"),
    Column("patient_name", "string", "The patient's name.", only="identified"),
    Column("study_number", "string", "The patient, the same in every export of this clinic.", only="de-identified"),
    Column("series", "Int64", "Which series of this patient, from 1."),
)
_WHICH: Final = (
    *_WHO,
    Column("infusion", "Int64", "Which infusion of the series, from 1."),
    Column("infusion_id", "string", "The infusion, the same in every export of this clinic."),
    Column("series_day", "Int64", "Days since the series began.", "d", only="de-identified"),
)

READINGS: Final = Table(
    "readings",
    (
        *_WHICH,
        Column("entry", "Int64", "Which entry of the infusion, in the order recorded, from 1."),
        Column("kind", "string", "What the row is: reading, not done, event, acknowledgement or withdrawal."),
        Column("measure", "string", "What was measured, or not done; of an acknowledgement, what its flag is about."),
        Column("event", "string", "Which event: start, pause, effect, medicine ..."),
        Column("label", "string", "The measure, as this site words it."),
        Column("value", "Float64", "The value of a reading.", "as in unit"),
        Column("unit", "string", "The unit of the value; empty for a rating."),
        Column("ucum", "string", "The same unit as a code of UCUM."),
        Column("loinc", "string", "The measure as a code of LOINC, where there is one."),
        Column("said", "string", "In words: a rating's word, why something was not done, the event, what was done."),
        Column("level", "string", "caution or critical: at or beyond a limit of this site. Only of values that hold."),
        Column("baseline", "boolean", "TRUE for a reading that changes since the start are measured against."),
        Column(
            "status",
            "string",
            "holds; corrected (another entry stands in its place); repeated (that entry says the same again); "
            "withdrawn (made in error).",
        ),
        Column("corrects", "Int64", "The entry in whose place this one stands."),
        Column("replaced_by", "Int64", "The entry that stands in the place of this one, or that withdrew it."),
        Column("reason", "string", "Why this entry corrects or withdraws another."),
        Column("minute", "Float64", f"When it was so, counted from `minutes_since`; negative before.{_WHOLE}", "min"),
        Column("minutes_since", "string", "start: of the infusion; opened: it was not started."),
        Column("observed_utc", "string", "When it was so, in UTC.", only="identified"),
        Column("observed_local", "string", "The same in the clinic's zone, with its offset.", only="identified"),
        Column("zone", "string", "The clinic's zone.", only="identified"),
        Column(
            "saved_after",
            "Float64",
            f"From when it was so until somebody tapped Save. See recorded_after.{_WHOLE}",
            "min",
        ),
        Column(
            "recorded_after",
            "Float64",
            f"From when it was so until it was stored; de-identified not of what came in from a file.{_WHOLE}",
            "min",
        ),
        Column("recorded_utc", "string", "When it was stored, in UTC.", only="identified"),
        Column("recorded_local", "string", "The same in the clinic's zone, with its offset.", only="identified"),
        Column("recorded_by", "string", "Who recorded it.", only="identified"),
        Column("amendment", "string", "late entry (omitted then, recalled later) or addendum (not known then)."),
        Column("source", "string", "paper: transcribed from paper; import: brought in from a file."),
        Column("confirmed_unusual", "boolean", "TRUE when it was asked whether this is what is seen, and it was."),
        Column("not_asked", "boolean", "TRUE when a rating was observed without asking the patient."),
        Column("after_signing", "boolean", "TRUE when it was recorded after the record was signed."),
        Column("marks", "string", "What else a reader must know of it, as screens show it.", only="identified"),
        Column("signed", "string", "Who signed it: meaning, name, role.", only="identified"),
    ),
)
INFUSIONS: Final = Table(
    "infusions",
    (
        *_WHICH,
        Column("birth_date", "string", "When the patient was born.", only="identified"),
        Column("age", "Int64", "On the day of the infusion.", "a", only="identified"),
        Column("age_band", "string", f"The age on that day, by {BAND} years.", only="de-identified"),
        Column("sex", "string", "female, male, other or unknown."),
        Column("allergies", "string", "Empty is not recorded; none known is an answer.", only="identified"),
        Column("protocol", "string", "The version of the site's ranges and lists that it ran under."),
        Column("planned_infusions", "Int64", "How many the series is planned to have."),
        Column("phase", "string", "planned, infusing, paused, recovery, closed or cancelled."),
        Column("ended_early", "boolean", "TRUE when the pump was stopped early."),
        Column("reason", "string", "Why it was stopped early or cancelled."),
        Column("opened_utc", "string", "When it was opened, in UTC.", only="identified"),
        Column("started_utc", "string", "When the pump was started, in UTC.", only="identified"),
        Column("ended_utc", "string", "When the infusion ended, in UTC.", only="identified"),
        Column("left_utc", "string", "When the patient left, in UTC.", only="identified"),
        Column("zone", "string", "The clinic's zone.", only="identified"),
        Column("ended_minute", "Float64", f"From the start to the end, pauses included.{_WHOLE}", "min"),
        Column("infusion_minutes", "Float64", f"How long the pump ran.{_WHOLE}", "min"),
        Column("left_minute", "Float64", f"From the start until the patient left.{_WHOLE}", "min"),
        Column("back_at_baseline_after", "Float64", "From the end until back at baseline as the site has it.", "min"),
        Column("chair", "string", "Where it was, last.", only="identified"),
        Column("prescriber", "string", "Who ordered it.", only="identified"),
        Column("responsible", "string", "The nurse who was responsible last.", only="identified"),
        Column("weight", "Float64", "The weight that the dose rests on.", "kg", only="identified"),
        Column("weight_band", "string", f"That weight, by {BAND} kg.", only="de-identified"),
        Column("ordered", "Float64", "The dose ordered.", "mg/kg"),
        Column("planned_minutes", "Float64", "In how many minutes.", "min"),
        Column(
            "dose",
            "Float64",
            "The dose planned; empty while a second person is still to work it out.",
            "mg",
            only="identified",
        ),
        Column(
            "given",
            "Float64",
            "What the pump gave by the recorded rates, at most what the bag held.",
            "mg",
            only="identified",
        ),
        Column("bag_empty_minute", "Float64", f"When the bag was empty, by the recorded rates.{_WHOLE}", "min"),
        Column(
            "given_per_kg", "Float64", "What the pump gave, by the weight of the dose.", "mg/kg", only="de-identified"
        ),
        Column("drawn", "Float64", "What was drawn up.", "mg", only="identified"),
        Column("wasted", "Float64", "What was wasted.", "mg", only="identified"),
        Column("sets_done", "Int64", "Sets of vital signs that were due and are there."),
        Column("sets_partial", "Int64", "Sets that lack something."),
        Column("sets_missed", "Int64", "Sets that were due and are not there."),
        Column("flags_caution", "Int64", "Flags at caution, withdrawn ones left out."),
        Column("flags_critical", "Int64", "Flags at critical, withdrawn ones left out."),
        Column("flags_not_acknowledged", "Int64", "Critical flags that nobody has acknowledged as they are."),
        Column("entries", "Int64", "How many entries it holds, with those corrected and withdrawn."),
        Column("signed_by", "string", "Who signed the record.", only="identified"),
        Column("signed", "boolean", "TRUE when everybody the site asks for has signed."),
    ),
)
SCORES: Final = Table(
    "scores",
    (
        *_WHO,
        Column("score", "Int64", "Which score of the series, in the order recorded, from 1."),
        Column("instrument", "string", "Which questionnaire or rating."),
        Column("version", "string", "Its printed version."),
        Column("item", "string", "Which item; empty for the total."),
        Column("value", "Float64", "Its points."),
        Column("status", "string", "holds; corrected (another score stands in its place); withdrawn."),
        Column("corrects", "Int64", "The score in whose place this one stands."),
        Column("reason", "string", "Why it was corrected or withdrawn."),
        Column("rated_on", "string", "The day it was rated.", only="identified"),
        Column("series_day", "Int64", "Days from the beginning of the series to that day.", "d"),
        Column("rater", "string", "Who rated.", only="identified"),
        Column("note", "string", "What was noted beside it.", only="identified"),
        Column("recorded_utc", "string", "When it was stored, in UTC.", only="identified"),
        Column("recorded_by", "string", "Who recorded it.", only="identified"),
        Column("told", "string", "Who was told of it, and when.", only="identified"),
    ),
)
DICTIONARY: Final = Table(
    "data-dictionary",
    (
        Column("table", "string", "The file of this name."),
        Column("column", "string", "The column."),
        Column("type", "string", "Its type, as pandas names it."),
        Column("unit", "string", "The unit of its numbers, as a code of UCUM."),
        Column("meaning", "string", "What stands in it. An empty cell is not recorded, or does not apply."),
    ),
)
TABLES: Final = (READINGS, INFUSIONS, SCORES)
_OF_TEXTS: Final = (
    "Where a text, or a part of it after a line break, a tab, a semicolon or a bar, begins with = + - @, their wide "
    "forms, a tab or a carriage return (blanks, what is not seen, and apostrophes before do not count), an apostrophe "
    "was put there. Without it the text is as it was typed."
)


# CSV


@lru_cache(maxsize=4096)  # the same few words stand in row after row
def harmless(text: str) -> str:
    """A text that no spreadsheet computes: an apostrophe stands before what would begin a formula.

    Also inside, after a line break or another separator, where a spreadsheet of another country begins a cell. An
    apostrophe already there gets one more, so that `as_typed` finds the text again.
    """
    return _FORMULA.sub(r"\1\2'", text)


def as_typed(text: str) -> str:
    """The text that `harmless` made this of."""
    return _MADE_HARMLESS.sub(r"\1\2", text)


def lines(table: Table, rows: Iterable[Row], deidentified: bool = False) -> Iterator[str]:
    """The lines of a CSV file, the header first. Only the columns of the variant are written."""
    yield BYTE_ORDER_MARK + _written([column.name for column in table.shown(deidentified)])
    yield from row_lines(table, rows, deidentified)


def row_lines(table: Table, rows: Iterable[Row], deidentified: bool = False) -> Iterator[str]:
    """The lines of a CSV file below its header."""
    columns = table.shown(deidentified)
    for row in rows:
        yield _written([_cell(row.get(column.name)) for column in columns])


def _written(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()


def data_dictionary(tables: Sequence[Table] = TABLES, deidentified: bool = False) -> Iterator[Row]:
    """What each column of these tables means, a row each; the last says what holds for every text."""
    for table in tables:
        for column in table.shown(deidentified):
            yield {
                "table": table.name,
                "column": column.name,
                "type": column.type,
                "unit": column.unit,
                "meaning": column.meaning,
            }
    yield {"table": "all", "column": "every text", "type": "string", "meaning": _OF_TEXTS}
    if deidentified:
        yield {"table": "all", "column": "every row", "type": "string", "meaning": NOT_ANONYMOUS}


def _cell(value: Cell) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return f"{value:.10g}"
    return harmless(value)


# Rows


def reading_rows(source: Source, study: StudyNumbers | None = None) -> Iterator[Row]:
    """Everything recorded of one infusion in the order recorded, a row for each value; `study`: de-identified."""
    j = source.j
    by_id = {entry.id: entry for entry in j.infusion.entries}
    replaced = {one.corrects or one.withdraws: one for one in j.infusion.entries if one.corrects or one.withdraws}
    withdrawn = {one.withdraws for one in j.infusion.entries if one.withdraws}
    repeated = repeated_values(j.infusion)
    baseline = {reading.id for reading in j.course.baseline.values()}
    marks = {} if study else {row["id"]: row["marks"] for row in entries(j, source.chairs, source.zone)}
    which = {**_which(source, study), "minutes_since": "start" if j.course.started_at else "opened"}
    for entry in j.infusion.entries:
        other = replaced.get(entry.id)
        earlier = by_id.get(entry.corrects or entry.withdraws or "")
        status = "withdrawn" if entry.id in withdrawn else "corrected" if other is not None else "holds"
        row: dict[str, Cell] = {
            **which,
            **_times(entry, source, study),
            "entry": entry.seq,
            "status": status,
            "corrects": earlier.seq if earlier else None,
            "replaced_by": other.seq if other else None,
            "reason": listed_reason(entry.reason, j.protocol) if study else entry.reason,
            "recorded_by": entry.author_name,
            "amendment": entry.amendment,
            "source": entry.source,
            "after_signing": entry.after_signing,
            "marks": isolated("; ".join(marks.get(entry.id, ()))),
            "signed": isolated("; ".join(signature_words(entry))),
        }
        if study and entry.source == "import":
            # Everything came in on one day: counted back from it, this would be the date.
            row |= {"saved_after": None, "recorded_after": None}
        for part in _parts(entry, source, study, status == "holds", baseline):
            again = (entry.id, part.get("measure")) in repeated
            yield row | part | ({"status": "repeated"} if again else {})


def _parts(
    entry: Entry, source: Source, study: StudyNumbers | None, holds: bool, baseline: set[str]
) -> Iterator[dict[str, Cell]]:
    j, measures = source.j, source.j.protocol.measures
    for reading in entry.readings:
        measure = measures.get(reading.measure)
        described: dict[str, Cell] = {}
        if measure is not None:
            described = {
                "label": measure.label,
                "unit": measure.unit,
                "ucum": measure.ucum,
                "loinc": measure.loinc,
                "said": word_of(measure, reading.value),
            }
        yield {
            "kind": "reading",
            "measure": reading.measure,
            "value": reading.value,
            "level": level_word(j.levels.get(reading.id)) if holds else None,
            "baseline": reading.id in baseline,
            "confirmed_unusual": reading.confirmed_unusual,
            "not_asked": reading.observed_not_asked,
            **described,
        }
    for one in entry.not_done:
        measure = measures.get(one.measure)
        why = listed(one.reason, j.protocol.not_done_reasons) if study else one.reason
        yield {"kind": "not done", "measure": one.measure, "label": measure.label if measure else "", "said": why}
    if entry.event is not None:
        words = coded(entry, j.protocol, j.plan.rate_ml_per_h, study) if study else said(entry, j, source.chairs)
        yield {"kind": "event", "event": entry.event.kind, "said": isolated(words)}
    if (seen := entry.acknowledgement) is not None:
        measure = measures.get(seen.measure)
        done = listed(seen.done, j.protocol.acknowledgements) if study else seen.done
        yield {
            "kind": "acknowledgement",
            "measure": seen.measure,
            "label": measure.label if measure else "",
            "level": seen.level,
            "said": done,
        }
    if entry.kind == "withdrawal":
        yield {"kind": "withdrawal"}


def infusion_row(source: Source, study: StudyNumbers | None = None) -> Row:
    """One infusion in a row: what was planned, what was done, what was recorded and what is missing."""
    j, infusion = source.j, source.j.infusion
    at, plan, patient = j.course, j.plan, j.infusion.patient
    sums = reconciliation(infusion, j.protocol, at)
    signed = [one.signature for one in signing.signatures(infusion, j.protocol)]
    years = age_in_years(patient.birth_date, infusion.opened_at.astimezone(source.zone).date())
    page = leaving.page(infusion, j.protocol, at, j.now)
    states = [slot.state for slot in at.slots]
    levels = [flag.level for flag in j.flags.flags if not flag.withdrawn]
    return {
        **_which(source, study),
        "birth_date": patient.birth_date.isoformat(),
        "age": years,
        "age_band": age_band(years),
        "sex": patient.sex,
        "allergies": patient.allergies,
        "protocol": j.protocol.label,
        "planned_infusions": infusion.planned_infusions,
        "phase": at.phase,
        "ended_early": at.ended_early,
        "reason": _why_over(source, study),
        "opened_utc": _utc(infusion.opened_at),
        "started_utc": _utc(at.started_at),
        "ended_utc": _utc(at.ended_at),
        "left_utc": _utc(at.closed_at),
        "zone": source.zone.key,
        "ended_minute": _minutes(_minute(source, at.ended_at), study),
        "infusion_minutes": _minutes(
            None if at.infusion_time is None else at.infusion_time.total_seconds() / 60, study
        ),
        "left_minute": _minutes(_minute(source, at.closed_at), study),
        "back_at_baseline_after": page.back_at_baseline_after,
        "chair": source.chair,
        "prescriber": plan.prescriber,
        "responsible": signing.responsible(infusion).name,
        "weight": plan.weight_kg,
        "weight_band": weight_band(plan.weight_kg),
        "ordered": plan.mg_per_kg,
        "planned_minutes": plan.minutes,
        "dose": None if j.dose_hidden else round(plan.dose_mg, 3),
        "given": None if at.started_at is None else round(at.given_mg, 3),
        "given_per_kg": None if at.started_at is None else round(at.given_mg / plan.dosing_weight_kg, 2),
        "bag_empty_minute": _minutes(_minute(source, at.bag_empty_at), study),
        "drawn": sums.drawn_mg,
        "wasted": sums.wasted_mg,
        "sets_done": states.count("done"),
        "sets_partial": states.count("partial"),
        "sets_missed": states.count("missed"),
        "flags_caution": levels.count(Level.CAUTION),
        "flags_critical": levels.count(Level.CRITICAL),
        "flags_not_acknowledged": sum(flag.needs_acknowledgement for flag in j.flags.flags),
        "entries": len(infusion.entries),
        "signed_by": isolated("; ".join(f"{one.meaning}: {one.name}, {one.role}" for one in signed)),
        "signed": signing.locked(infusion, j.protocol),
    }


def score_rows(
    scores: Sequence[Score], series: Series, source: Source, study: StudyNumbers | None = None
) -> Iterator[Row]:
    """The outcome scores of a series, a row for each total and each item; `source`: any of its infusions."""
    number = {score.id: n for n, score in enumerate(scores, start=1)}
    withdrawals = {score.withdraws: score for score in scores if score.withdraws}
    for score in scores:
        if score.withdraws is not None:
            continue
        taken_back = withdrawals.get(score.id)
        reason = taken_back.reason if taken_back else score.reason
        row: dict[str, Cell] = {
            **_who(source, study),
            "score": number[score.id],
            "instrument": score.instrument,
            "version": score.version,
            "status": "withdrawn" if taken_back else "holds" if score.stands else "corrected",
            "corrects": number.get(score.corrects or ""),
            "reason": listed_reason(reason, source.j.protocol) if study else reason,
            "rated_on": score.rated_on.isoformat(),
            "series_day": source.day_of_series(score.rated_on),
            "rater": score.rater,
            "note": score.note,
            "recorded_utc": _utc(score.recorded_at),
            "recorded_by": score.recorded_by_name,
            "told": isolated("; ".join(f"{one.whom}, {_utc(one.told_at)} UTC" for one in score.told)),
        }
        yield row | {"item": "", "value": score.total}
        for item, points in (score.items or {}).items():
            yield row | {"item": item, "value": points}


def _who(source: Source, study: StudyNumbers | None) -> dict[str, Cell]:
    patient = source.j.infusion.patient
    who: dict[str, Cell] = {"invented": bool(source.clinic["demonstration"]), "series": source.series.number}
    if study is not None:
        return who | {"study_number": study.of("patient", patient.id)}
    return who | {
        "clinic": str(source.clinic["name"]),
        "patient_number": patient.number,
        "patient_name": patient.name,
    }


def _which(source: Source, study: StudyNumbers | None) -> dict[str, Cell]:
    infusion = source.j.infusion
    id = infusion.id if study is None else study.of("infusion", infusion.id)
    return _who(source, study) | {
        "infusion": infusion.number,
        "infusion_id": id,
        "series_day": source.series_day,
    }


def _minutes(minutes: float | None, study: StudyNumbers | None) -> float | None:
    """Minutes to a hundredth; in the study's form whole ones, since seconds would tell one infusion from all others."""
    return None if minutes is None else round(minutes, 2) if study is None else float(floor(minutes))


def _times(entry: Entry, source: Source, study: StudyNumbers | None) -> dict[str, Cell]:
    seen = entry.observed_at
    return {
        "minute": _minutes(source.minute(seen), study),
        "observed_utc": _utc(seen),
        "observed_local": _local(seen, source),
        "zone": source.zone.key,
        "saved_after": _minutes((entry.tapped_at - seen).total_seconds() / 60, study),
        "recorded_after": _minutes((entry.recorded_at - seen).total_seconds() / 60, study),
        "recorded_utc": _utc(entry.recorded_at),
        "recorded_local": _local(entry.recorded_at, source),
    }


def _why_over(source: Source, study: StudyNumbers | None) -> str:
    """Why the infusion was stopped early or cancelled, "" when it was not."""
    kind = "stop" if source.j.course.ended_early else "cancel" if source.j.course.phase == "cancelled" else ""
    standing = source.j.infusion.standing()
    entry = next((one for one in reversed(standing) if one.event and one.event.kind == kind), None)
    reason = str(detail_of(entry).get("reason") or "") if entry else ""
    protocol = source.j.protocol
    return listed(reason, (*protocol.stop_reasons, *protocol.cancel_reasons)) if study else reason


def _minute(source: Source, instant: datetime | None) -> float | None:
    started = source.j.course.started_at
    return None if instant is None or started is None else source.minute(instant)


def _utc(instant: datetime | None) -> str | None:
    return None if instant is None else f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _local(instant: datetime, source: Source) -> str:
    return instant.astimezone(source.zone).isoformat(sep=" ", timespec="seconds")
