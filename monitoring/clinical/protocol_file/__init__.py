"""Reads a protocol file strictly: every mistake is named at once, with file, table and the word that is wrong.

Two passes. First the shape of each table (pydantic: which keys, which types), each table for itself, so that one
mistake does not hide another. Then what the tables say about each other: a caution beyond its critical, a schedule that
asks for a measure nobody defined. A table that older versions did not have may be missing: infusions that ran under
such a version are still read by it.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from monitoring.clinical.protocol import Protocol
from monitoring.clinical.protocol_file.dose import DoseTable, check_dose, dose_of, read_preparation
from monitoring.clinical.protocol_file.lists import Lists
from monitoring.clinical.protocol_file.measures import MeasureTables
from monitoring.clinical.protocol_file.people import read_drug, read_people
from monitoring.clinical.protocol_file.references import References
from monitoring.clinical.protocol_file.schedule import check_schedule, read_schedule, schedule_of
from monitoring.clinical.protocol_file.scores import Scores
from monitoring.clinical.protocol_file.slips import ProtocolError, Shape, Slips, shown, unknown
from monitoring.clinical.protocol_file.words import WordsTable, check_words, read_medicines

__all__ = ["ProtocolError", "read_protocol"]

_TABLES: Final = (
    "protocol",
    "schedule",
    "dose",
    "measure",
    "words",
    "medicine",
    "preparation",
    "before",
    "leaving",
    "scale",
    "return_to_baseline",
    "people",
    "drug",
    "news2",
)


class _ProtocolTable(Shape):
    name: str
    version: str
    title: str


def read_protocol(text: str, filename: str, *, kept: bool = False) -> Protocol:
    """The protocol in `text`. Raises ProtocolError with every problem found, in the order of the file.

    `filename` is only what the problems call it: nothing is read from disk here. `kept`: a version that infusions ran
    under, which is read again even where what it says is unlikely to have been meant.
    """
    slips = Slips(text, filename, kept=kept)
    for key in slips.data:
        if key not in _TABLES:
            slips.problem((key,), unknown(key, _TABLES))
    head = slips.table(_ProtocolTable, "protocol")
    schedule = read_schedule(slips)
    dose = slips.table(DoseTable, "dose")
    tables = MeasureTables(slips)
    measures = tables.read()
    words = slips.table(WordsTable, "words")
    medicines = tuple(read_medicines(slips))
    preparation = read_preparation(slips, dose)
    known = References(slips, measures, schedule)
    lists, scores = Lists(known), Scores(known)
    before, leaving = tuple(lists.before()), tuple(lists.leaving())
    scales, return_to_baseline, news2 = scores.scales(), scores.return_to_baseline(), scores.news2()
    people, drug = read_people(slips), read_drug(slips)
    if head:
        _check_head(slips, head)
    tables.check(measures)
    if schedule:
        check_schedule(slips, schedule, measures, tables.rows)
    if dose:
        check_dose(slips, dose)
    if words:
        check_words(slips, words)
    if slips or not (head and schedule and dose and words):
        raise ProtocolError(slips.in_order())
    listed_words: dict[str, Any] = {name: tuple(listed) for name, listed in words.model_dump().items()}
    return Protocol(
        name=head.name,
        version=head.version,
        title=head.title,
        hash=hashlib.sha256(text.encode("utf-8")).hexdigest(),
        text=text,
        measures=measures,
        schedule=schedule_of(schedule),
        dose=dose_of(dose),
        medicines=medicines,
        preparation=preparation,
        before=before,
        leaving=leaving,
        scales=scales,
        return_to_baseline=return_to_baseline,
        people=people,
        drug=drug,
        news2=news2,
        **listed_words,
    )


def _check_head(slips: Slips, head: _ProtocolTable) -> None:
    if head.name and not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", head.name):
        slips.problem(("protocol", "name"), f"{shown(head.name)}, expected small letters, digits and single hyphens")
