"""What the clinic's years say, taken together: tables, each with how many it rests on and what it leaves out.

Everything comes from the counts that are kept of the summaries; no infusion is loaded. Below a minimum (a site's own
number, in `data/review.toml`) a value is left empty and says why. Percentiles are values that occurred: the smallest at
or below which so many per cent lie. Nothing is smoothed, and nothing is filled in.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from monitoring.clinic import RunningClinic
from monitoring.clinical.protocol import Level, Measure
from monitoring.records.counting import Groups
from monitoring.records.summary_shapes import GroupBy, Scope
from monitoring.review.summary import grid
from monitoring.review.terms import Terms, terms

__all__ = ["ClinicTable", "GroupBy", "Middle", "Scope"]

Cell = str | int | float | None
Drawing = Literal["band", "lines", "bars"]
_SIDES: Final = {
    "high": "high",
    "low": "low",
    "step": "step",
    "silent": "no value for long",
    "overdue": "overdue",
    "partial": "incomplete in a row",
    "repeat": "promised repeat not taken",
}
_BY: Final[dict[GroupBy, str]] = {"month": "Month", "protocol": "Ranges"}


@dataclass(frozen=True, slots=True)
class ClinicTable:
    """One chart as a table. The first column is what is drawn along; `drawn` are the columns that are drawn."""

    key: str
    title: str
    columns: tuple[str, ...]  # headings, with units in brackets
    rows: tuple[tuple[Cell, ...], ...]
    drawing: Drawing
    drawn: tuple[int, ...]
    counted: str  # how many it rests on, in words
    left_out: str  # what is not in it, in words; "" for nothing
    nothing: str  # why nothing is drawn; "" when something is


@dataclass(frozen=True, slots=True)
class Middle:
    """What a measure was at one minute, over infusions: `values` for each percentile, None below the minimum."""

    minute: int  # of the grid, since the start
    infusions: int
    values: tuple[float | None, ...]


def middles(
    clinic: RunningClinic, measure: str, scope: Scope | None = None, *, unit: str | None = None
) -> tuple[Middle, ...]:
    """Percentiles (`terms().percentiles`) of a measure by minute; from the first to the last is the middle 80 %.

    Each infusion counts once at each minute, with the value seen nearest to it; those whose ranges had the measure in
    another unit do not: another than `unit`, or where that is None than the newest has. What was summed up last is
    told: who shows it catches up first.
    """
    by_minute: dict[int, list[tuple[float, int]]] = defaultdict(list)
    for part in _in_one_unit(clinic, measure, scope or Scope(), unit):
        for minute, value, times in clinic.store.counting.values(measure, part):
            by_minute[minute].append((value, times))
    for minute, found in by_minute.items():
        by_minute[minute] = sorted(found)
    for minute in _grid(clinic, scope or Scope()):
        if by_minute and min(by_minute) < minute < max(by_minute):
            by_minute[minute] = by_minute[minute]  # nobody was seen then: a gap, and told as one
    return tuple(_middle(minute, found, terms()) for minute, found in sorted(by_minute.items()))


def _in_one_unit(clinic: RunningClinic, measure: str, scope: Scope, unit: str | None) -> list[Scope]:
    """What to ask for so that no value in another unit is among the answers: as a rule, simply all of it."""
    other = _in_another_unit(clinic, measure, unit)
    if not other:
        return [scope]
    used = clinic.store.searching.choices().protocols
    return [replace(scope, protocol=hash) for hash in used if hash not in other and scope.protocol in ("", hash)]


def _in_another_unit(clinic: RunningClinic, measure: str, unit: str | None = None) -> frozenset[str]:
    """The versions that had this measure in another unit than this one; None: than the newest of them."""
    units = {}
    for hash in clinic.store.searching.choices().protocols:
        if (known := clinic.protocol_of(hash).measures.get(measure)) is not None:
            units[hash] = known.unit
    wanted = next(iter(units.values()), "") if unit is None else unit
    return frozenset(hash for hash, used in units.items() if used != wanted)


def _middle(minute: int, found: Sequence[tuple[float, int]], asked: Terms) -> Middle:
    infusions = sum(times for _, times in found)
    enough = infusions >= asked.minimum_infusions
    values = tuple(percentile(found, percent) if enough else None for percent in asked.percentiles)
    return Middle(minute, infusions, values)


def _grid(clinic: RunningClinic, scope: Scope) -> tuple[int, ...]:
    """The minutes at which values are counted; () where several versions with other minutes are counted together."""
    used = [hash for hash in clinic.store.searching.choices().protocols if scope.protocol in ("", hash)]
    grids = {grid(clinic.protocol_of(hash)) for hash in used}
    return grids.pop() if len(grids) == 1 else ()


def percentile(found: Iterable[tuple[float, int]], percent: float) -> float | None:
    """The smallest value at or below which `percent` of all lie, of (value, times) by rising value; None of none."""
    counted = [(value, times) for value, times in found if times]
    rank = math.ceil(sum(times for _, times in counted) * percent / 100)
    for value, times in counted:
        rank -= times
        if rank <= 0:
            return value
    return None


def measures(clinic: RunningClinic) -> dict[str, Measure]:
    """The measures of all versions that infusions ran under, each as the newest of them describes it."""
    found: dict[str, Measure] = {}
    for hash in reversed(clinic.store.searching.choices().protocols):
        found |= clinic.protocol_of(hash).measures
    return found


def versions(clinic: RunningClinic) -> dict[str, str]:
    """The protocol versions that infusions ran under, the newest first: hash to label, no two labels alike."""
    labels = {hash: clinic.protocol_of(hash).label for hash in clinic.store.searching.choices().protocols}
    alike = [label for label in labels.values() if list(labels.values()).count(label) > 1]
    return {hash: f"{label} ({hash[:6]})" if label in alike else label for hash, label in labels.items()}


# Tables


def curve(clinic: RunningClinic, measure: Measure, scope: Scope) -> ClinicTable:
    """A measure by minute since the start."""
    asked, found = terms(), middles(clinic, measure.key, scope)
    enough = [one for one in found if one.values[0] is not None]
    most = max((one.infusions for one in found), default=0)
    few = len(found) - len(enough)
    left_out = [f"{_count(few, 'minute')} with fewer than {asked.minimum_infusions} infusions"] if few else []
    if other := _in_another_unit(clinic, measure.key) & {scope.protocol or hash for hash in versions(clinic)}:
        left_out.append(f"{_count(len(other), 'version')} of the ranges with another unit")
    title = f"{measure.label} [{measure.unit}]" if measure.unit else measure.label
    past = sum(group.imported_started for group in clinic.store.counting.groups(scope, "month"))
    return ClinicTable(
        key=f"minutes-{measure.key}",
        title=f"{title} by minute since the start",
        columns=("Minute", "Infusions", *(f"Percentile {percent}" for percent in asked.percentiles), "Remark"),
        rows=tuple((one.minute, one.infusions, *one.values, _few(one.infusions, asked)) for one in found),
        drawing="band",
        drawn=tuple(range(2, 2 + len(asked.percentiles))),
        counted=(
            f"up to {_count(most, 'infusion')} at a minute, each once, with the value seen nearest to it"
            + (f"; {_count(past, 'infusion')} brought in from a file can be among them" if past else "")
        ),
        left_out="; ".join(left_out),
        nothing="" if enough else _too_few(most, "infusion", asked.minimum_infusions),
    )


def flags_by_kind(clinic: RunningClinic, scope: Scope) -> ClinicTable:
    """How often which flag was raised."""
    asked, labels = terms(), {key: one.label for key, one in measures(clinic).items()} | {"set": "Vital signs"}
    groups = clinic.store.counting.groups(scope, "month")
    started = sum(group.started for group in groups)
    enough = started >= asked.minimum_infusions
    found = clinic.store.counting.flagged(scope) if enough else ()
    rows = [
        (
            f"{labels.get(one.measure, one.measure)}, {_SIDES.get(one.side, one.side)}, {Level(one.level).word}",
            one.flags,
            one.infusions,
            _percent(one.infusions, started),
        )
        for one in sorted(found, key=lambda one: (-one.infusions, one.measure, one.side, one.level))
    ]
    return ClinicTable(
        key="flags",
        title="Which flags, and in how many infusions",
        columns=("Flag", "Flags", "Infusions", "Of those started [%]"),
        rows=tuple(rows),
        drawing="bars",
        drawn=(3,),
        counted=_count(started, "infusion") + " started" + _from_files(group.imported_started for group in groups),
        left_out="flags of values that were corrected away",
        nothing=(
            _too_few(started, "infusion", asked.minimum_infusions)
            if not enough
            else ""
            if rows
            else "No flag was raised."
        ),
    )


def flags_over_time(clinic: RunningClinic, scope: Scope, by: GroupBy) -> ClinicTable:
    """In how many infusions a flag was raised at all."""
    asked, groups = terms(), _groups(clinic, scope, by)
    rows = [
        (
            label,
            one.started,
            *(_percent(times, one.started, asked.minimum_infusions) for times in (one.with_caution, one.with_critical)),
            _few(one.started, asked),
        )
        for label, one in groups
    ]
    return _grouped(
        "flags-over-time",
        "Infusions with a flag",
        by,
        ("Started", "With a caution [%]", "With a critical [%]", "Remark"),
        rows,
        drawn=(2, 3),
        minimum=asked.minimum_infusions,
        counted=_count(sum(one.started for _, one in groups), "infusion")
        + " started"
        + _from_files(one.imported_started for _, one in groups),
        left_out=_never_started(groups),
    )


def until_acknowledged(clinic: RunningClinic, scope: Scope, by: GroupBy) -> ClinicTable:
    """How long it took until somebody acknowledged a critical flag."""
    asked, labels = terms(), _labels(clinic, scope, by)
    waited: dict[str, list[tuple[float, int]]] = {group: [] for group in labels}
    silent = 0
    past = sum(one.imported for one in clinic.store.counting.groups(scope, by))
    for group, level, seconds, times in clinic.store.counting.acknowledged(scope, by):
        if level != int(Level.CRITICAL):
            continue
        if seconds is None:
            silent += times
        else:
            waited[group].append((seconds / 60, times))
    rows = [
        (labels[group], *_spread(found, asked.minimum_flags, 1), _fewer(found, asked.minimum_flags))
        for group, found in waited.items()
    ]
    return _grouped(
        "until-acknowledged",
        "From a critical flag until it was acknowledged",
        by,
        ("Acknowledged", *(f"Percentile {percent} [min]" for percent in asked.spread), "Remark"),
        rows,
        drawn=_spread_columns(asked),
        minimum=asked.minimum_flags,
        counted=_count(sum(_times(found) for found in waited.values()), "critical flag") + " acknowledged",
        left_out="; ".join(
            [
                *([f"{_count(silent, 'critical flag')} that nobody has acknowledged"] if silent else []),
                *([f"those of {_count(past, 'infusion')} brought in from a file"] if past else []),
            ]
        ),
    )


def slots(clinic: RunningClinic, scope: Scope, by: GroupBy) -> ClinicTable:
    """What became of the sets that were due, and how often one was overdue."""
    asked, groups = terms(), _groups(clinic, scope, by)
    rows: list[tuple[Cell, ...]] = []
    for label, one in groups:
        due = one.slots_done + one.slots_partial + one.slots_missed
        enough = one.closed >= asked.minimum_infusions
        parts = (one.slots_done, one.slots_partial, one.slots_missed)
        shares = [_percent(part, due) if enough else None for part in parts]
        often = round(one.times_overdue / one.closed, 2) if enough else None
        rows.append((label, one.closed, due, *shares, often, _few(one.closed, asked)))
    opened = sum(one.opened for _, one in groups)
    closed, past = sum(one.closed for _, one in groups), sum(one.imported for _, one in groups)
    going = opened - closed - past
    return _grouped(
        "slots",
        "Sets that were due",
        by,
        (
            "Infusions",
            "Sets due",
            "Complete [%]",
            "Incomplete [%]",
            "None [%]",
            "Times overdue per infusion",
            "Remark",
        ),
        rows,
        drawn=(4, 5),
        minimum=asked.minimum_infusions,
        counted=f"{_count(sum(_whole(row[2]) for row in rows), 'set')} due in {_count(closed, 'infusion')}",
        left_out="; ".join(
            [
                *(
                    [f"{_count(going, 'infusion')} that the patient has not left, or that were cancelled"]
                    if going
                    else []
                ),
                *([f"{_count(past, 'infusion')} brought in from a file"] if past else []),
            ]
        ),
    )


def until_saved(clinic: RunningClinic, scope: Scope, by: GroupBy) -> ClinicTable:
    """How long values waited from when they were seen until they were saved."""
    asked, labels = terms(), _labels(clinic, scope, by)
    waited: dict[str, list[tuple[float, int]]] = {group: [] for group in labels}
    for group, seconds, times in clinic.store.counting.counted("delay", "", scope, by):
        waited[group].append((seconds, times))
    rows = [
        (labels[group], *_spread(found, asked.minimum_entries, 1), _fewer(found, asked.minimum_entries))
        for group, found in waited.items()
    ]
    return _grouped(
        "until-saved",
        "From seeing a value until it was saved",
        by,
        ("Entries", *(f"Percentile {percent} [s]" for percent in asked.spread), "Remark"),
        rows,
        drawn=_spread_columns(asked),
        minimum=asked.minimum_entries,
        counted=_count(sum(_times(found) for found in waited.values()), "entry", "entries") + " with values",
        left_out="what was copied from paper or a file; entries that were corrected or withdrawn",
    )


def last_digits(clinic: RunningClinic, measure: Measure, scope: Scope) -> ClinicTable:
    """How often each last digit was typed."""
    asked = terms()
    times_of: dict[int, int] = dict.fromkeys(range(10), 0)
    for _, digit, times in clinic.store.counting.counted("digit", measure.key, scope, "protocol"):
        times_of[int(digit)] += times
    total = sum(times_of.values())
    enough = total >= asked.minimum_readings
    return ClinicTable(
        key=f"digits-{measure.key}",
        title=f"Last digit of {_lower(measure.label)}",
        columns=("Digit", "Times", "Share [%]"),
        rows=tuple(
            (str(digit), times, _percent(times, total) if enough else None) for digit, times in times_of.items()
        ),
        drawing="bars",
        drawn=(2,),
        counted=f"{_count(total, 'value')} typed here; each digit of ten would be 10 % without any preference",
        left_out="what was copied from paper or a file; values that were corrected or withdrawn",
        nothing="" if enough else _too_few(total, "value", asked.minimum_readings),
    )


def spans_tens(measure: Measure) -> bool:
    """Whether a measure spans so many tens that its last digit says how it was read."""
    low, high = measure.axis or measure.plausible
    return not measure.is_rating and measure.decimals == 0 and high - low >= 10 * terms().digits_from_tens


def early_stops(clinic: RunningClinic, scope: Scope, by: GroupBy) -> ClinicTable:
    """How many infusions were stopped early."""
    asked, groups = terms(), _groups(clinic, scope, by)
    rows = [
        (
            label,
            one.ended,
            one.ended_early,
            _percent(one.ended_early, one.ended, asked.minimum_infusions),
            _few(one.ended, asked),
        )
        for label, one in groups
    ]
    return _grouped(
        "early-stops",
        "Infusions stopped early",
        by,
        ("Ended", "Stopped early", "Stopped early [%]", "Remark"),
        rows,
        drawn=(3,),
        minimum=asked.minimum_infusions,
        counted=_count(sum(one.ended for _, one in groups), "infusion")
        + " ended"
        + _from_files(one.imported_ended for _, one in groups),
        left_out=_without_end(groups),
    )


def stop_reasons(clinic: RunningClinic, scope: Scope) -> ClinicTable:
    """Why infusions were stopped early."""
    asked, found = terms(), clinic.store.counting.stop_reasons(scope)
    total = sum(times for _, times in found)
    enough = total >= asked.minimum_infusions
    rows = [(reason or "no reason given", times, _percent(times, total)) for reason, times in found if enough]
    return ClinicTable(
        key="stop-reasons",
        title="Why they were stopped",
        columns=("Reason", "Infusions", "Of those stopped early [%]"),
        rows=tuple(rows),
        drawing="bars",
        drawn=(2,),
        counted=_count(total, "infusion") + " stopped early",
        left_out="",
        nothing="" if enough else _too_few(total, "infusion", asked.minimum_infusions, " stopped early"),
    )


def until_leaving(clinic: RunningClinic, scope: Scope, by: GroupBy) -> ClinicTable:
    """How long patients stayed after the end of the infusion."""
    asked, labels, groups = terms(), _labels(clinic, scope, by), _groups(clinic, scope, by)
    stayed: dict[str, list[tuple[float, int]]] = {group: [] for group in labels}
    for group, minutes, times in clinic.store.counting.leaving(scope, by):
        stayed[group].append((minutes, times))
    rows = [
        (labels[group], *_spread(found, asked.minimum_infusions, 0), _fewer(found, asked.minimum_infusions))
        for group, found in stayed.items()
    ]
    total = sum(_times(found) for found in stayed.values())
    opened = sum(one.opened for _, one in groups)
    return _grouped(
        "until-leaving",
        "From the end until the patient left",
        by,
        ("Infusions", *(f"Percentile {percent} [min]" for percent in asked.spread), "Remark"),
        rows,
        drawn=_spread_columns(asked),
        minimum=asked.minimum_infusions,
        counted=_count(total, "infusion") + _from_files(one.imported_ended for _, one in groups),
        left_out=f"{_count(opened - total, 'infusion')} without an end, or that the patient has not left"
        if opened > total
        else "",
    )


# Groups


def _labels(clinic: RunningClinic, scope: Scope, by: GroupBy) -> dict[str, str]:
    """Each group to what it is called: every month from the first to the last, or each version that was used."""
    found = [one.group for one in clinic.store.counting.groups(scope, by)]
    if by == "protocol":
        names = versions(clinic)
        return {hash: names[hash] for hash in reversed(names) if hash in found}
    return {month: month for month in months(found[0], found[-1])} if found else {}


def months(first: str, last: str) -> Iterator[str]:
    """Every month from the first to the last, both included: "2026-11", "2026-12", "2027-01"."""
    year, month = map(int, first.split("-"))
    while (now := f"{year:04}-{month:02}") <= last:
        yield now
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _groups(clinic: RunningClinic, scope: Scope, by: GroupBy) -> list[tuple[str, Groups]]:
    """Each group's label and numbers; a month without any infusion is there too, with zeros."""
    found = {one.group: one for one in clinic.store.counting.groups(scope, by)}
    nothing = (0,) * (len(Groups._fields) - 1)
    return [(label, found.get(group) or Groups(group, *nothing)) for group, label in _labels(clinic, scope, by).items()]


def _grouped(
    key: str,
    title: str,
    by: GroupBy,
    columns: tuple[str, ...],
    rows: Sequence[tuple[Cell, ...]],
    *,
    drawn: tuple[int, ...],
    minimum: int,
    counted: str,
    left_out: str = "",
) -> ClinicTable:
    any_drawn = any(row[column] is not None for row in rows for column in drawn)
    several = "months" if by == "month" else "versions"
    are = "is" if counted.startswith("1 ") else "are"
    return ClinicTable(
        key=key,
        title=f"{title}, by {'month' if by == 'month' else 'ranges'}",
        columns=(_BY[by], *columns),
        rows=tuple(rows),
        drawing="lines",
        drawn=drawn,
        counted=counted,
        left_out=left_out,
        nothing="" if any_drawn else f"None of the {several} has {minimum} of them; in all there {are} {counted}.",
    )


# Words and numbers


def _spread(found: Sequence[tuple[float, int]], minimum: int, decimals: int) -> tuple[Cell, ...]:
    """How many, then each percentile; the percentiles are empty below the minimum."""
    total = _times(found)
    values = [percentile(found, percent) if total >= minimum else None for percent in terms().spread]
    return total, *(None if value is None else round(value, decimals) for value in values)


def _spread_columns(asked: Terms) -> tuple[int, ...]:
    return tuple(range(2, 2 + len(asked.spread)))


def _times(found: Iterable[tuple[float, int]]) -> int:
    return sum(times for _, times in found)


def _whole(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _percent(times: int, total: int, minimum: int = 1) -> float | None:
    return round(times / total * 100, 1) if total >= max(1, minimum) else None


def _few(infusions: int, asked: Terms) -> str:
    return "" if infusions >= asked.minimum_infusions else f"fewer than {asked.minimum_infusions}"


def _fewer(found: Sequence[tuple[float, int]], minimum: int) -> str:
    return "" if _times(found) >= minimum else f"fewer than {minimum}"


def _too_few(count: int, what: str, minimum: int, more: str = "") -> str:
    return f"{_count(count, what)}{more}: nothing is drawn of fewer than {minimum}."


def _count(count: int, one: str, several: str = "") -> str:
    return f"{count:,} {one if count == 1 else several or f'{one}s'}"


def _from_files(imported: Iterable[int]) -> str:
    """How many of those counted were brought in from a file, in words; "" for none."""
    past = sum(imported)
    return f", {past:,} of them brought in from a file" if past else ""


def _without_end(groups: Sequence[tuple[str, Groups]]) -> str:
    without = sum(one.opened - one.ended for _, one in groups)
    return f"{_count(without, 'infusion')} without an end" if without else ""


def _never_started(groups: Sequence[tuple[str, Groups]]) -> str:
    never = sum(one.opened - one.started for _, one in groups)
    return f"{_count(never, 'infusion')} never started" if never else ""


def _lower(label: str) -> str:
    return label[:1].lower() + label[1:]
