"""Counting over all infusions, grouped in the database: what the clinic's charts are drawn from. None is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, case, func, select

from monitoring.records import tables
from monitoring.records.database import Database
from monitoring.records.searching import told
from monitoring.records.summaries import Summaries
from monitoring.records.summary_shapes import CountedKind, GroupBy, Scope

_S, _FLAG, _COUNT = tables.summary, tables.summary_flag, tables.summary_count
_HELD: Final = 8  # answers about groups
_STARTED: Final = _S.c.started_at.is_not(None)


class Groups(NamedTuple):
    """How many infusions of a month or of a protocol version came how far, and how their sets were taken."""

    group: str  # "2026-03", or the hash of a version
    opened: int
    started: int
    ended: int
    ended_early: int
    closed: int  # and not brought in from a file
    imported: int  # of those opened, brought in from a file
    imported_started: int
    imported_ended: int
    slots_done: int  # these four of infusions whose patient has left here: no set was due of what is from a file
    slots_partial: int
    slots_missed: int
    times_overdue: int
    with_caution: int  # started, and with a flag of this level at least once
    with_critical: int


class Flagged(NamedTuple):
    """How many flags of a kind there were, and in how many infusions that were started."""

    measure: str
    side: str
    level: int
    flags: int
    infusions: int


class Counting:
    """Questions to what is kept of each infusion. Answers what was summed up last: catch up first."""

    def __init__(self, database: Database, summaries: Summaries) -> None:
        self._database = database
        self._summaries = summaries
        self._groups: dict[tuple[int, Scope, GroupBy], tuple[Groups, ...]] = {}  # by the version of what is kept, too

    def groups(self, scope: Scope, by: GroupBy) -> tuple[Groups, ...]:
        """The infusions by month or version, in order of the group; every chart of a page begins with them."""
        key = (self._summaries.version, scope, by)
        if (held := self._groups.get(key)) is None:
            held = self._ask_groups(scope, by)
            self._groups = {key: held} | {
                k: v for k, v in self._groups.items() if k[0] == key[0] and len(self._groups) < _HELD
            }
        return held

    def _ask_groups(self, scope: Scope, by: GroupBy) -> tuple[Groups, ...]:
        group, over = _S.c[by], (_S.c.phase == "closed") & ~_S.c.imported
        of = select(
            group,
            func.count(),
            _sum(_STARTED),
            _sum(_S.c.ended_at.is_not(None)),
            _sum(_S.c.ended_early),
            _sum(over),
            _sum(_S.c.imported),
            _sum(_STARTED & _S.c.imported),
            _sum(_S.c.ended_at.is_not(None) & _S.c.imported),
            *(
                func.sum(case((over, _S.c[name]), else_=0))
                for name in ("slots_done", "slots_partial", "slots_missed", "times_overdue")
            ),
            _sum(_STARTED & (_S.c.cautions > 0)),
            _sum(_STARTED & (_S.c.criticals > 0)),
        )
        return tuple(Groups(*row) for row in self._all(of.where(*_within(_S, scope)).group_by(group).order_by(group)))

    def counted(self, kind: CountedKind, measure: str, scope: Scope, by: GroupBy) -> Sequence[tuple[Any, ...]]:
        """(group, value, times) of what is counted: digits of a measure, delays."""
        group = _COUNT.c[by]
        of = select(group, _COUNT.c.value, func.sum(_COUNT.c.times))
        of = of.where(_COUNT.c.kind == kind, _COUNT.c.measure == measure, *_within(_COUNT, scope))
        return self._all(of.group_by(group, _COUNT.c.value).order_by(group, _COUNT.c.value))

    def values(self, measure: str, scope: Scope) -> Sequence[tuple[Any, ...]]:
        """(minute, value, infusions) of a measure on the grid of minutes."""
        of = select(_COUNT.c.minute, _COUNT.c.value, func.sum(_COUNT.c.times))
        of = of.where(_COUNT.c.kind == "value", _COUNT.c.measure == measure, *_within(_COUNT, scope))
        return self._all(of.group_by(_COUNT.c.minute, _COUNT.c.value).order_by(_COUNT.c.minute, _COUNT.c.value))

    def flagged(self, scope: Scope) -> tuple[Flagged, ...]:
        """The flags of infusions that were started, by what they are of; those that are told (`FlagSeen.counts`)."""
        kind = (_FLAG.c.measure, _FLAG.c.side, _FLAG.c.level)
        of = select(*kind, func.count(), func.count(_FLAG.c.infusion_id.distinct()))
        of = of.join_from(_FLAG, _S, _S.c.infusion_id == _FLAG.c.infusion_id).where(_STARTED, told())
        return tuple(Flagged(*row) for row in self._all(of.where(*_within(_S, scope)).group_by(*kind).order_by(*kind)))

    def acknowledged(self, scope: Scope, by: GroupBy) -> Sequence[tuple[Any, ...]]:
        """(group, level, seconds until acknowledged or None, flags), but of what was brought in from a file."""
        what = (_S.c[by], _FLAG.c.level, _FLAG.c.acknowledged_after_s)
        of = select(*what, func.count()).join_from(_FLAG, _S, _S.c.infusion_id == _FLAG.c.infusion_id)
        of = of.where(told(), ~_S.c.imported, *_within(_S, scope))
        return self._all(of.group_by(*what).order_by(*what))

    def stop_reasons(self, scope: Scope) -> Sequence[tuple[Any, ...]]:
        """(reason, infusions) of those stopped early; "" where none was given."""
        of = select(_S.c.stop_reason, func.count()).where(_S.c.ended_early, *_within(_S, scope))
        return self._all(of.group_by(_S.c.stop_reason).order_by(func.count().desc(), _S.c.stop_reason))

    def leaving(self, scope: Scope, by: GroupBy) -> Sequence[tuple[Any, ...]]:
        """(group, minutes from the end until the patient left, infusions)."""
        what = (_S.c[by], _S.c.minutes_to_leaving)
        of = select(*what, func.count()).where(_S.c.minutes_to_leaving.is_not(None), *_within(_S, scope))
        return self._all(of.group_by(*what).order_by(*what))

    def months(self) -> tuple[str, ...]:
        """The first and the last month with an infusion; () where there is none."""
        first, last = self._all(select(func.min(_S.c.month), func.max(_S.c.month)))[0]
        return () if first is None else (first, last)

    def _all(self, statement: Select[Any]) -> Sequence[tuple[Any, ...]]:
        with self._database.read() as connection:
            return [tuple(row) for row in connection.execute(statement)]


def _within(table: Any, scope: Scope) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if scope.protocol:
        found.append(table.c.protocol == scope.protocol)
    if scope.first_month:
        found.append(table.c.month >= scope.first_month)
    if scope.last_month:
        found.append(table.c.month <= scope.last_month)
    return found


def _sum(holds: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((holds, 1), else_=0))
