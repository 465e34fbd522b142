"""Outcome scores along a series: which there are, what a score may be, and which items are never hidden in a total.

The instruments stand in `data/scales/outcomes.toml`. Nothing here rates a risk: an item that asks for somebody to be
told does so above zero, whatever the total is.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

TotalIs = Literal["sum", "item", "entered", "none"]


class InstrumentError(ValueError):
    """A file of instruments that cannot be used; the message names the file, the instrument and what is wrong."""


@dataclass(frozen=True, slots=True)
class Version:
    """One printed version of an instrument, with the range of its total (None where there is no total)."""

    name: str
    lowest: int | None
    highest: int | None


@dataclass(frozen=True, slots=True)
class Band:
    """What totals up to and including `up_to` are called in print."""

    up_to: int
    word: str


@dataclass(frozen=True, slots=True)
class Item:
    """One item; the place of an option is its points, from 0."""

    key: str
    text: str
    options: tuple[str, ...]

    @property
    def highest(self) -> int:
        """Its most points."""
        return len(self.options) - 1

    @property
    def label(self) -> str:
        """How it is named in a line: "item 9", or its own words where it has no number."""
        return f"item {self.key}" if self.key.isdigit() else self.text[:1].lower() + self.text[1:]


@dataclass(frozen=True, slots=True)
class Asked:
    """An item that stands beside every total; `value` None is not recorded, which is not zero."""

    item: Item
    value: int | None

    @property
    def must_tell(self) -> bool:
        """Whether somebody has to be told: it is above zero."""
        return self.value is not None and self.value > 0

    @property
    def words(self) -> str:
        """ "item 9: 2 (More than half the days)"; "item 9 not recorded"."""
        if self.value is None:
            return f"{self.item.label} not recorded"
        option = self.item.options[self.value] if self.value <= self.item.highest else ""
        said = f" ({option})" if option and option != str(self.value) else ""
        return f"{self.item.label}: {self.value}{said}"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A questionnaire or rating. `items` only where their text may be shown, or where they are the result itself."""

    key: str
    label: str
    title: str
    source: str
    rights: str
    total: TotalIs
    versions: tuple[Version, ...]
    bands: tuple[Band, ...]
    question: str
    items: tuple[Item, ...]
    asks: tuple[str, ...]  # keys of the items that ask for somebody to be told
    total_item: str = ""  # whose value the total is, where `total` is "item"

    def version(self, name: str) -> Version | None:
        """The version of this name."""
        return next((version for version in self.versions if version.name == name), None)

    def band(self, total: float) -> str:
        """What a total is called in print; "" where no bands are."""
        return next((band.word for band in self.bands if total <= band.up_to), "")

    def total_of(self, items: Mapping[str, int]) -> int | None:
        """The total that all of its items give; None where it is not made from items, or one is missing."""
        if self.total not in ("sum", "item") or any(item.key not in items for item in self.items):
            return None
        return items[self.total_item] if self.total == "item" else sum(items[item.key] for item in self.items)

    def asked(self, items: Mapping[str, int] | None) -> tuple[Asked, ...]:
        """The items that stand beside every total, as they are in this score."""
        given = items or {}
        return tuple(Asked(item, given.get(item.key)) for item in self.items if item.key in self.asks)

    def must_tell(self, items: Mapping[str, int] | None) -> bool:
        """Whether one of the items that ask is above zero: then it is recorded who was told, and when."""
        return any(asked.must_tell for asked in self.asked(items))

    def words(self, version: str, total: float | None, items: Mapping[str, int] | None) -> str:
        """A score in a line, the items that ask always with it: "14 of 27, moderate · item 9: 2 (...)"."""
        found = self.version(version)
        if self.total == "none":
            parts = ["done"]
        elif total is None:
            parts = ["no total"]
        else:
            of = f" of {found.highest}" if found is not None and found.highest is not None else ""
            parts = [f"{total:g}{of}" + (f", {band}" if (band := self.band(total)) else "")]
            if self.total == "item":
                parts = []  # the total is one of the items that are told anyway
        return " · ".join([*parts, *(asked.words for asked in self.asked(items))])


def score_problems(
    instruments: Mapping[str, Instrument], key: str, version: str, total: float | None, items: Mapping[str, int] | None
) -> list[str]:
    """Why this cannot be a score of that instrument, in sentences; [] when it can.

    Where the items are summed, they come all, or only those that ask (a total from paper, with its item 9), or none.
    """
    instrument = instruments.get(key)
    if instrument is None:
        return [f"Instrument “{key}”: expected one of {', '.join(one.label for one in instruments.values())}."]
    found = instrument.version(version)
    if found is None:
        names = ", ".join(one.name for one in instrument.versions)
        return [f"{instrument.label}, version “{version}”: expected one of {names}."]
    return list(_item_problems(instrument, items)) or list(_total_problems(instrument, found, total, items or {}))


def _item_problems(instrument: Instrument, items: Mapping[str, int] | None) -> Iterator[str]:
    label, known = instrument.label, {item.key: item for item in instrument.items}
    for key, value in (items or {}).items():
        item = known.get(key)
        if item is None:
            yield f"{label}, item “{key}”: expected {_listed(known) if known else 'no items'}."
        elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= item.highest:
            yield f"{label}, {item.label} “{value}”: expected 0 to {item.highest}."
    missing = [item for item in instrument.items if item.key not in (items or {})]
    only_asked = set(items or ()) <= set(instrument.asks)
    if missing and (instrument.total == "item" or not only_asked):
        yield f"{label}: expected {', '.join(item.label for item in missing)} too."


def _total_problems(
    instrument: Instrument, version: Version, total: float | None, items: Mapping[str, int]
) -> Iterator[str]:
    label = f"{instrument.label}, {version.name}"
    if version.lowest is None or version.highest is None:
        if total is not None:
            yield f"{label}: has no total."
        return
    if total is None:
        yield f"{label}: expected its total."
        return
    if isinstance(total, bool) or total != total or total % 1 != 0 or not version.lowest <= total <= version.highest:
        yield f"{label}, total {total:g}: expected a whole number from {version.lowest} to {version.highest}."
        return
    made = instrument.total_of(items)
    if made is not None and made != total:
        yield f"{label}, total {total:g}: its items give {made}."
    elif made is None and items and instrument.total == "sum":
        rest = sum(item.highest for item in instrument.items if item.key not in items)
        least = sum(items.values())
        if not least <= total <= least + rest:
            given = " and ".join(asked.words for asked in instrument.asked(items) if asked.value is not None)
            yield f"{label}, total {total:g}: with {given} expected {least} to {least + rest}."


def read_instruments(text: str, name: str = "outcomes.toml") -> dict[str, Instrument]:
    """The instruments in the text of their file, by key, in its order. Raises InstrumentError."""
    try:
        tables = tomllib.loads(text)["instrument"]
    except tomllib.TOMLDecodeError as wrong:
        raise InstrumentError(f"{name}: {wrong}") from None
    except KeyError:
        raise InstrumentError(f"{name}: no [instrument] in it.") from None
    return {key: _instrument(f"{name}: [instrument.{key}]", key, table) for key, table in tables.items()}


def _instrument(where: str, key: str, table: dict[str, Any]) -> Instrument:
    known = {"label", "title", "source", "rights", "total", "versions", "bands", "question", "options", "items"}
    if unknown := sorted(set(table) - known - {"asks", "total_item"}):
        raise InstrumentError(f"{where}: {unknown[0]} is not known here.")
    try:
        shared = tuple(table.get("options", ()))
        instrument = Instrument(
            key=key,
            label=table["label"],
            title=table["title"],
            source=table["source"],
            rights=table["rights"],
            total=table["total"],
            versions=tuple(Version(v["name"], v.get("lowest"), v.get("highest")) for v in table["versions"]),
            bands=tuple(Band(band["up_to"], band["word"]) for band in table.get("bands", ())),
            question=table.get("question", ""),
            items=tuple(Item(i["key"], i["text"], tuple(i.get("options", shared))) for i in table.get("items", ())),
            asks=tuple(table.get("asks", ())),
            total_item=table.get("total_item", ""),
        )
    except KeyError as wrong:
        raise InstrumentError(f"{where}: {wrong.args[0]} is missing.") from None
    for problem in _instrument_problems(instrument):
        raise InstrumentError(f"{where}: {problem}")
    return instrument


def _instrument_problems(one: Instrument) -> Iterator[str]:
    items = {item.key for item in one.items}
    if one.total not in get_args(TotalIs):
        yield f"total = “{one.total}”, expected one of {', '.join(get_args(TotalIs))}."
    if not one.versions:
        yield "no versions, expected at least one."
    if strange := [key for key in (*one.asks, *filter(None, [one.total_item])) if key not in items]:
        yield f"item “{strange[0]}” is not among its items."
    if (one.total == "item") != bool(one.total_item):
        yield 'total_item belongs to total = "item", and only to it.'
    if one.total == "sum" and not one.items:
        yield "a sum without items."
    if any(not item.options for item in one.items):
        yield "an item without options."
    for version in one.versions:
        low, high = version.lowest, version.highest
        if (one.total == "none") != (low is None) or (low is None) != (high is None):
            yield f"version “{version.name}”: a range belongs to an instrument with a total, and only to it."
        elif low is not None and high is not None and high <= low:
            yield f"version “{version.name}”: highest is not above lowest."
        if one.total == "sum" and one.items and high != sum(item.highest for item in one.items):
            yield f"version “{version.name}”: its items give at most {sum(item.highest for item in one.items)}."
    if any(b.up_to <= a.up_to for a, b in pairwise(one.bands)):
        yield "bands: up_to must rise."
    if one.bands and any(version.highest != one.bands[-1].up_to for version in one.versions):
        yield "bands: the last must end at the highest total."


def _listed(keys: Mapping[str, Item]) -> str:
    *first, last = keys
    return f"{', '.join(first)} or {last}" if first else last
