"""Reads [[before]] and [[leaving]] of a protocol file: what is asked, and which answer is expected."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Final, Literal

from pydantic import Field

from monitoring.clinical.protocol import CheckItem, Criterion
from monitoring.clinical.protocol_file.references import References
from monitoring.clinical.protocol_file.slips import DAY_MINUTES, Path, Shape, Table, listed, shown, unknown
from monitoring.clinical.record import ANSWERS

_KINDS: Final = ("stay_minutes", "scale", "pressure", "measure", "expects")
_ANSWERED: Final = ("may_not_apply", "note", "note_needed")
_BOUNDS: Final = ("at_or_above", "at_or_below")


class _ItemRow(Shape):
    spoken: ClassVar[tuple[str, ...]] = ("label", "group")
    key: str
    label: str
    group: str
    expects: Literal["yes", "no", ""] = ""
    may_not_apply: bool = False
    note: str = ""
    note_needed: list[str] = Field(default_factory=list)


class _CriterionRow(_ItemRow):
    spoken: ClassVar[tuple[str, ...]] = ("label", "group", "source")
    source: str
    stay_minutes: float | None = None
    scale: str = ""
    pressure: bool = False
    measure: str = ""
    at_or_above: float | None = None
    at_or_below: float | None = None


class Lists:
    """The two lists of one file. Keys are told apart across both: answers are recorded under them."""

    def __init__(self, known: References) -> None:
        self.slips = known.slips
        self.known = known
        self._keys: dict[str, str] = {}  # the list in which each key was seen first

    def before(self) -> Iterator[CheckItem]:
        """The items of the list before the start, in their order."""
        labels: set[str] = set()
        groups: list[str] = []
        for at, data in self.slips.listed_tables("before"):
            row = self.slips.shape(_ItemRow, data, at)
            if row is None:
                self._known_key(data, at)
                continue
            self._check_row(row, at, labels, groups)
            self._check_answers(row, at)
            yield _item(row)

    def leaving(self) -> Iterator[Criterion]:
        """The criteria of the page before leaving, in their order."""
        labels: set[str] = set()
        groups: list[str] = []
        for at, data in self.slips.listed_tables("leaving"):
            row = self.slips.shape(_CriterionRow, data, at)
            if row is None:
                self._known_key(data, at)
                continue
            self._check_row(row, at, labels, groups)
            self._check_kind(row, data, at)
            yield Criterion(
                key=row.key,
                label=row.label,
                group=row.group,
                source=row.source,
                stay_minutes=row.stay_minutes,
                scale=row.scale,
                pressure=row.pressure,
                measure=row.measure,
                at_or_above=row.at_or_above,
                at_or_below=row.at_or_below,
                answer=_item(row) if "expects" in data else None,
            )

    def _known_key(self, data: Any, at: Path) -> None:
        if isinstance(data, dict) and isinstance(key := data.get("key"), str):
            self._keys.setdefault(key, f"[[{at[0]}]]")

    def _check_row(self, row: _ItemRow, at: Path, labels: set[str], groups: list[str]) -> None:
        self.slips.check_key(row.key, (*at, "key"))
        if row.key in self._keys:
            self.slips.problem(
                (*at, "key"), f"{shown(row.key)} is also a key of {self._keys[row.key]}, expected one of its own"
            )
        self._keys.setdefault(row.key, f"[[{at[0]}]]")
        if row.label.casefold() in labels:
            self.slips.problem((*at, "label"), f"{shown(row.label)} is there twice, expected each once")
        labels.add(row.label.casefold())
        if row.group in groups and groups[-1] != row.group:
            self.slips.problem(
                (*at, "group"), f"{shown(row.group)} is there again after {shown(groups[-1])}, expected it in one piece"
            )
        groups.append(row.group)

    def _check_answers(self, row: _ItemRow, at: Path) -> None:
        offered = [answer for answer in ANSWERS if answer != "not applicable" or row.may_not_apply]
        if row.note != row.note.strip():
            self.slips.problem((*at, "note"), f"{shown(row.note)} has spaces around it, expected none")
        if row.note_needed and not row.note.strip():
            self.slips.problem((*at, "note_needed"), "note_needed without note, expected note to say what is written")
        for number, answer in enumerate(row.note_needed):
            place: Path = (*at, "note_needed", number)
            if answer in row.note_needed[:number]:
                self.slips.problem(place, f"{shown(answer)} is there twice, expected each once")
            elif answer not in ANSWERS:
                self.slips.problem(place, unknown(answer, offered, "answer"))
            elif answer not in offered:
                self.slips.problem(place, f"{shown(answer)} is not offered, expected may_not_apply = true beside it")

    def _check_kind(self, row: _CriterionRow, data: Table, at: Path) -> None:
        """Whether a criterion says one way in which it is met, and that it can be met."""
        kinds = [kind for kind in _KINDS if kind in data]
        if len(kinds) != 1:
            found = f"{listed(kinds)} together" if kinds else "nothing that says when it is met"
            self.slips.problem(at, f"{found}, expected exactly one of {listed(_KINDS)}")
            return
        kind = kinds[0]
        for names, home in ((_ANSWERED, "expects"), (_BOUNDS, "measure")):
            for name in names:
                if name in data and kind != home:
                    self.slips.problem((*at, name), f"{name} beside {kind}, expected it only beside {home}")
        if kind == "expects":
            self._check_answers(row, at)
        elif kind == "measure":
            self._check_measure(row, at)
        elif row.stay_minutes is not None and not 0 < row.stay_minutes <= DAY_MINUTES:
            self.slips.problem(
                (*at, "stay_minutes"), f"{row.stay_minutes:g} min, expected more than 0 and up to {DAY_MINUTES}"
            )
        elif kind == "scale" and row.scale not in (known := self.slips.named_tables("scale")):
            self.slips.problem((*at, "scale"), unknown(row.scale, known, "scale"))
        elif kind == "pressure" and not row.pressure:
            self.slips.problem((*at, "pressure"), "pressure = false, expected true")
        elif kind == "pressure" and "return_to_baseline" not in self.slips.data:
            self.slips.problem(
                (*at, "pressure"), "pressure without a band, expected a table [return_to_baseline] that has one"
            )

    def _check_measure(self, row: _CriterionRow, at: Path) -> None:
        self.known.check_rating(row.measure, (*at, "measure"))
        measure = self.known.measures.get(row.measure)
        low, high = row.at_or_above, row.at_or_below
        if low is None and high is None:
            self.slips.problem(at, f"measure without a bound, expected {' or '.join(_BOUNDS)}")
        if measure is None or not measure.is_rating:
            return
        met = [o for o in measure.options if (low is None or o.value >= low) and (high is None or o.value <= high)]
        for name, value in (("at_or_above", low), ("at_or_below", high)):
            self.known.check_option(measure, value, (*at, name))
        if not met:
            self.slips.problem(at, f"no option of {row.measure} meets it, expected bounds with an option between")
        elif (low, high) != (None, None) and len(met) == len(measure.options):
            self.slips.problem(at, f"every option of {row.measure} meets it, expected bounds that leave some out")


def _item(row: _ItemRow) -> CheckItem:
    return CheckItem(
        key=row.key,
        label=row.label,
        group=row.group,
        expects=row.expects,
        may_not_apply=row.may_not_apply,
        note=row.note,
        note_needed=tuple(row.note_needed),
    )
