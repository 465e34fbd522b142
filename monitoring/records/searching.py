"""Finding infusions by what is kept of them, page by page in the database: nothing is loaded that is not shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select

from monitoring.clinical.protocol import Level
from monitoring.records import tables
from monitoring.records.database import Database
from monitoring.records.loading import Row, instant_of, series_now, text_of
from monitoring.records.spelling import folded
from monitoring.records.summaries import Summaries
from monitoring.records.summary_shapes import Choice, Choices, FoundInfusion, SortKey, Wanted, Weighed

_S = tables.summary
_WHO = tables.summary.alias("who")
_FLAG = tables.summary_flag
_WORD = tables.summary_word
_NURSE = tables.staff
_SERIES = series_now().subquery()

_PER_QUERY: Final = 500  # values in one IN (...): SQLite takes a limited number

# What a page is sorted by: what is not known comes last, equals with the newest first.
_SORTED_BY: Final[dict[SortKey, tuple[ColumnElement[Any], ...]]] = {
    "day": (),
    "patient": (_S.c.folded_name, _S.c.folded_number),
    "nurse": (func.folded(_NURSE.c.name),),
    "chair": (tables.chair.c.position,),
    "dose": (_S.c.dose_mg,),
    "given": (_S.c.given_mg,),
    "flags": (_S.c.criticals, _S.c.cautions),
    "leaving": (_S.c.minutes_to_leaving,),
}


class Searching:
    """Questions to what is kept of each infusion. Answers what was summed up last: catch up first."""

    def __init__(self, database: Database, summaries: Summaries) -> None:
        self._database = database
        self._summaries = summaries
        self._choices: tuple[int, Choices] | None = None  # the version of what is kept, and what it answered

    def find(self, wanted: Wanted, words: str = "", limit: int = 25, offset: int = 0) -> tuple[FoundInfusion, ...]:
        """Some of the infusions that are wanted, of patients whose number or name contains each of `words`."""
        picked = select(_S.c.infusion_id).where(*_asked(wanted, words))
        for table, of in ((_NURSE, "nurse"), (tables.chair, "chair")):
            if wanted.sort == of:
                picked = picked.outerjoin(table, table.c.id == _S.c[of])
        order = list(_order(wanted))
        picked = picked.order_by(*order).limit(limit).offset(offset)
        with self._database.read() as connection:
            # First which, then what is shown of them: a page is sorted without dragging its words along.
            ids = connection.execute(picked).scalars().all()
            some = (ids[first : first + _PER_QUERY] for first in range(0, len(ids), _PER_QUERY))
            rows = {row["infusion_id"]: row for few in some for row in connection.execute(_shown(few)).mappings()}
        return tuple(_found(rows[infusion_id]) for infusion_id in ids)

    def count(self, wanted: Wanted, words: str = "") -> int:
        """How many infusions are wanted."""
        with self._database.read() as connection:
            of = select(func.count()).select_from(_S).where(*_asked(wanted, words))
            return int(connection.execute(of).scalar_one())

    def common_effects(self, fewest: int) -> frozenset[str]:
        """The `word_key` of each effect that at least so many patients had, of the infusions that are summed up."""
        patients = func.count(_S.c.patient_id.distinct())
        of = select(_WORD.c.key).join_from(_WORD, _S, _S.c.infusion_id == _WORD.c.infusion_id)
        of = of.where(_WORD.c.kind == "effect").group_by(_WORD.c.key).having(patients >= fewest)
        with self._database.read() as connection:
            return frozenset(connection.execute(of).scalars())

    def weighed(self, infusions: Collection[str]) -> tuple[Weighed, ...]:
        """Whose each of these infusions is, when it was, and what the patient weighed."""
        ids = list(infusions)
        rows: list[Any] = []
        with self._database.read() as connection:
            for first in range(0, len(ids), _PER_QUERY):
                some = _S.c.infusion_id.in_(ids[first : first + _PER_QUERY])
                of = select(_S.c.patient_id, _S.c.opened_at, _S.c.weight_kg).where(some)
                rows += connection.execute(of).all()
        return tuple(Weighed(patient, instant_of(opened), weight) for patient, opened, weight in rows)

    def first_opened(self, series_id: str) -> datetime | None:
        """When the first infusion of a series was opened, by the records themselves; None where there is none."""
        infusion = tables.infusion
        of = select(func.min(infusion.c.opened_at)).where(infusion.c.series_id == series_id)
        with self._database.read() as connection:
            first = connection.execute(of).scalar_one()
        return None if first is None else instant_of(first)

    def choices(self) -> Choices:
        """What there is to look for. Asked anew only when something was summed up since."""
        held, version = self._choices, self._summaries.version
        if held is not None and held[0] == version:
            return held[1]
        found = self._ask_choices()
        self._choices = (version, found)
        return found

    def _ask_choices(self) -> Choices:
        wrote = select(_WORD.c.key).where(_WORD.c.kind == "author", _WORD.c.key == _NURSE.c.id).exists()
        version = tables.protocol_version
        used = select(_S.c.infusion_id).where(_S.c.protocol == version.c.hash_of_text).exists()
        with self._database.read() as connection:
            protocols = select(version.c.hash_of_text).where(used).order_by(version.c.audited.desc())
            flags = connection.execute(select(_FLAG.c.measure).distinct()).scalars()
            return Choices(
                people=_by_word(connection.execute(select(_NURSE.c.id, _NURSE.c.name).where(wrote))),
                effects=_by_word(connection.execute(_words("effect"))),
                medicines=_by_word(connection.execute(_words("medicine"))),
                flags=tuple(sorted(flags)),
                protocols=tuple(connection.execute(protocols).scalars()),
            )


def told() -> ColumnElement[bool]:
    """Whether a flag is told, as `FlagSeen.counts` says it."""
    return or_(~_FLAG.c.withdrawn, and_(_FLAG.c.level == int(Level.CRITICAL), ~_FLAG.c.acknowledged))


def _words(kind: str) -> Select[Any]:
    return select(_WORD.c.key, func.min(_WORD.c.word)).where(_WORD.c.kind == kind).group_by(_WORD.c.key)


def _by_word(rows: Any) -> tuple[Choice, ...]:
    return tuple(sorted((Choice(key, word) for key, word in rows), key=lambda one: (one.word.casefold(), one.key)))


def _asked(wanted: Wanted, words: str) -> Iterator[ColumnElement[bool]]:
    """The conditions, each only where it is asked."""
    typed = folded(words).split()
    if words.strip() and not typed:
        yield false()  # signs alone stand in no name
    if typed:
        # Which patients, from an index that holds nothing else; then their infusions.
        of = select(_WHO.c.patient_id).distinct()
        for word in typed:
            kept: list[ColumnElement[str]] = [_WHO.c.folded_number, _WHO.c.folded_name]
            texts = [*kept, *(func.replace(text, " ", "") for text in kept)]
            of = of.where(or_(*(func.instr(text, word) > 0 for text in texts)))
        yield _S.c.patient_id.in_(of)
    if wanted.since is not None:
        yield _S.c.opened_at >= text_of(wanted.since)
    if wanted.until is not None:
        yield _S.c.opened_at < text_of(wanted.until)
    if wanted.phases:
        yield _S.c.phase.in_(wanted.phases)
    if wanted.protocol:
        yield _S.c.protocol == wanted.protocol
    if wanted.ended_early:
        yield _S.c.ended_early
    if wanted.imported is not None:
        yield _S.c.imported.is_(wanted.imported)
    if wanted.unsigned:
        yield _S.c.to_sign > 0
    for column, (low, high) in ((_S.c.mg_per_kg, wanted.mg_per_kg), (_S.c.dose_mg, wanted.dose_mg)):
        if low is not None:
            yield column >= low
        if high is not None:
            yield column <= high
    if wanted.nurse:
        yield _S.c.infusion_id.in_(_with_word("author", (wanted.nurse,)))
    if wanted.chair:
        yield _S.c.infusion_id.in_(_with_word("chair", (wanted.chair,)))
    if wanted.effects:
        yield _S.c.infusion_id.in_(_with_word("effect", wanted.effects))
    if wanted.medicines:
        yield _S.c.infusion_id.in_(_with_word("medicine", wanted.medicines))
    if wanted.flag or wanted.level is not None or wanted.acknowledged is not None:
        of = select(_FLAG.c.infusion_id).where(told())
        if wanted.flag:
            of = of.where(_FLAG.c.measure == wanted.flag)
        if wanted.level is not None:
            of = of.where(_FLAG.c.level >= int(wanted.level))
        if wanted.acknowledged is not None:
            of = of.where(_FLAG.c.acknowledged.is_(wanted.acknowledged))
        yield _S.c.infusion_id.in_(of)


def _with_word(kind: str, keys: Sequence[str]) -> Select[Any]:
    return select(_WORD.c.infusion_id).where(_WORD.c.kind == kind, _WORD.c.key.in_(keys))


def _order(wanted: Wanted) -> Iterator[ColumnElement[Any]]:
    for column in _SORTED_BY[wanted.sort]:
        yield column.is_(None)
        yield column.asc() if wanted.rising else column.desc()
    newest_first = not (wanted.sort == "day" and wanted.rising)
    for column in (_S.c.opened_at, _S.c.infusion_id):
        yield column.desc() if newest_first else column.asc()


def _shown(ids: Sequence[str]) -> Select[Any]:
    return (
        select(
            _S,
            _SERIES.c.planned_infusions,
            _NURSE.c.name.label("nurse_name"),
            tables.chair.c.label.label("chair_label"),
        )
        .join_from(_S, _SERIES, _SERIES.c.id == _S.c.series_id)
        .outerjoin(_NURSE, _NURSE.c.id == _S.c.nurse)
        .outerjoin(tables.chair, tables.chair.c.id == _S.c.chair)
        .where(_S.c.infusion_id.in_(ids))
    )


def _found(row: Row) -> FoundInfusion:
    return FoundInfusion(
        infusion=row["infusion_id"],
        patient_number=row["patient_number"],
        patient_name=row["patient_name"],
        number=row["number"],
        planned_infusions=row["planned_infusions"],
        opened_at=instant_of(row["opened_at"]),
        started_at=None if row["started_at"] is None else instant_of(row["started_at"]),
        chair=row["chair_label"] or "",
        nurse=row["nurse_name"] or "",
        phase=row["phase"],
        mg_per_kg=row["mg_per_kg"],
        dose_mg=row["dose_mg"],
        given_mg=row["given_mg"],
        ended_early=row["ended_early"],
        stop_reason=row["stop_reason"],
        minutes_to_leaving=row["minutes_to_leaving"],
        cautions=row["cautions"],
        criticals=row["criticals"],
        unacknowledged=row["unacknowledged"],
        to_sign=row["to_sign"],
        entries=row["entries"],
        imported=row["imported"],
    )
