"""What is wrong in a protocol file: every slip with its place, in the file's order, in words a person can act on."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
Table = dict[str, Any]
DAY_MINUTES: Final = 24 * 60


class ProtocolError(ValueError):
    """A protocol file that cannot be used. `problems`: "file: [table] key: what is wrong, expected ..." each."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("\n".join(self.problems))


class Shape(BaseModel):
    """The keys of one table and their types; anything else is a slip. `spoken`: the texts a person reads."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    spoken: ClassVar[tuple[str, ...]] = ("name", "version", "title", "label", "short", "word", "source")


# TOML's whole numbers have no end, those of every reader after us do: what no float can count singly is refused.
Whole = Annotated[int, Field(ge=-(2**53), le=2**53)]
Words = Annotated[list[str], Field(min_length=1)]
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
WholePair = Annotated[list[Whole], Field(min_length=2, max_length=2)]
LevelWord = Literal["caution", "critical"]
ShapeT = TypeVar("ShapeT", bound=Shape)


class Slips:
    """The tables of one file, and the slips found in them so far."""

    def __init__(self, text: str, filename: str, *, kept: bool = False) -> None:
        self.filename = filename
        self._kept = kept
        self.data: Table = _toml(text, filename)
        self._found: list[tuple[Path, str]] = []

    def __bool__(self) -> bool:
        """Whether anything is wrong so far."""
        return bool(self._found)

    def problem(self, at: Path, what: str) -> None:
        """Note what is wrong at a place."""
        self._found.append((at, what))

    def unlikely(self, at: Path, what: str) -> None:
        """Note what can be but cannot be meant. Of a version that is kept already, it is read as it was approved."""
        if not self._kept:
            self.problem(at, what)

    def check_percent(self, percent: float, at: Path) -> None:
        """Whether a number of per cent is one, and not a share of 1."""
        if 0 < percent < 1:
            full = f"{percent * 100:.10g}"
            self.unlikely(at, f"{percent:g} is less than 1 %, expected {full} for {full} %")

    def in_order(self) -> list[str]:
        """The problems by their place in the file; what is missing stands after what its table holds."""
        found = sorted(dict.fromkeys(self._found), key=lambda item: (self._rank(item[0]), item[1]))
        return [f"{self.filename}: {_place(at)}: {what}" for at, what in found]

    def _rank(self, at: Path) -> tuple[int, ...]:
        node: Any = self.data
        rank = []
        for step in at:
            if isinstance(node, dict):
                rank.append(list(node).index(step) if step in node else len(node))
                node = node.get(step)
            else:
                rank.append(step if isinstance(step, int) else 0)
                node = node[step] if isinstance(node, list) and isinstance(step, int) and step < len(node) else None
        return tuple(rank)

    def table(self, shape: type[ShapeT], name: str) -> ShapeT | None:
        """A table that every protocol has, or None and why not."""
        if name not in self.data:
            self.problem((name,), f"{name} is missing, expected a table [{name}]")
            return None
        return self.shape(shape, self.data[name], (name,))

    def table_if_there(self, shape: type[ShapeT], name: str) -> ShapeT | None:
        """A table that a protocol may have; None when it has not, and None and why not when it is wrong."""
        return self.shape(shape, self.data[name], (name,)) if name in self.data else None

    def listed_tables(self, name: str) -> Iterator[tuple[Path, Any]]:
        """Each of the tables [[name]] with its place; none when there is none."""
        raw = self.data.get(name, [])
        if not isinstance(raw, list):
            self.problem((name,), f"found {shown(raw)}, expected tables [[{name}]]")
            return
        for number, item in enumerate(raw):
            yield (name, number), item

    def named_tables(self, name: str) -> Mapping[str, Any]:
        """The tables [name.key] by their keys; empty when there are none, or something else stands there."""
        tables = self.data.get(name)
        return tables if isinstance(tables, dict) else {}

    def shape(self, shape: type[ShapeT], data: Any, at: Path) -> ShapeT | None:
        """`data` in that shape, or None and a problem for each thing that does not fit."""
        if not isinstance(data, dict):
            self.problem(at, f"found {shown(data)}, expected a table")
            return None
        for name in shape.spoken:
            value = data.get(name)
            if isinstance(value, str) and not value.strip():
                self.problem((*at, name), f"{name} is {shown(value)}, expected words")
            elif isinstance(value, str) and value != value.strip():
                self.problem((*at, name), f"{shown(value)} has spaces around it, expected none")
        try:
            return shape.model_validate(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                self.problem((*at, *detail["loc"]), _slip(detail, shape, data))
            return None

    # Checks that several tables share

    def check_key(self, key: str, at: Path) -> None:
        """A key that entries are recorded under is plain, so that it never has to change."""
        if not re.fullmatch(r"[a-z][a-z0-9_]*", key):
            self.problem(at, f"the name {shown(key)}, expected small letters, digits and _ such as heart_rate")

    def check_words(self, listed: Sequence[str], at: Path) -> None:
        """Each of a list of words is there once, and is one."""
        seen: set[str] = set()
        for number, word in enumerate(listed):
            if not word.strip():
                self.problem((*at, number), f"{shown(word)} is empty, expected words")
            elif word != word.strip():
                self.problem((*at, number), f"{shown(word)} has spaces around it, expected none")
            elif word.casefold() in seen:
                self.problem((*at, number), f"{shown(word)} is there twice, expected each once")
            seen.add(word.casefold())

    def check_rising(self, numbers: Sequence[float], at: Path) -> None:
        """Numbers above 0, each once, smallest first."""
        for number, value in enumerate(numbers):
            if value <= 0:
                self.problem((*at, number), f"{value:g}, expected more than 0")
            elif number and value <= numbers[number - 1]:
                before = numbers[number - 1]
                self.problem((*at, number), f"{value:g} after {before:g}, expected each once, smallest first")

    def check_bounds(self, bounds: Sequence[float], at: Path) -> bool:
        """Two bounds above 0, the lower one first; whether they are."""
        low, high = bounds
        if low <= 0 or low >= high:
            self.problem(at, f"[{low:g}, {high:g}], expected [lowest, highest] above 0")
        return 0 < low < high


def _toml(text: str, filename: str) -> Table:
    if not text.strip():
        raise ProtocolError([f"{filename}: the file is empty, expected a protocol"])
    if text.startswith("\ufeff"):
        raise ProtocolError([f"{filename}: line 1: begins with a byte order mark, expected plain UTF-8"])
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError; so is an endless number
        raise ProtocolError([f"{filename}: {_syntax(error)}"]) from None


def _syntax(error: Exception) -> str:
    """ "line 12: ..." for what tomllib says."""
    if isinstance(error, RecursionError):
        return "is nested too deeply, expected tables of one or two levels"
    said = str(error)
    if match := re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", said):
        where = f"line {match[1]}, column {match[2]}" if match[1] else "at the end"
        return f"{where}: {said[: match.start()]}, expected TOML"
    return f"{said}, expected TOML"


def _slip(detail: ErrorDetails, shape: type[BaseModel], data: Table) -> str:
    """What pydantic found in `data`, as a person would say it."""
    kind, found, last = detail["type"], detail["input"], str(detail["loc"][-1])
    if kind == "missing":
        return f"{last} is missing, expected it here"
    if kind == "extra_forbidden":
        return unknown(last, [name for name in shape.model_fields if name not in data] or shape.model_fields)
    if kind == "literal_error":
        expected = str(detail["ctx"]["expected"]).replace("''", '""').replace("'", "")
        return f"unknown {last} {shown(found)}, expected {expected}"
    if kind in ("too_short", "too_long"):
        count = detail["ctx"]["min_length" if kind == "too_short" else "max_length"]
        return f"{last} lists {len(found)}, expected {'at least one' if count == 1 else count}"
    expected = {
        "string_type": "words in quotes",
        "bool_type": "true or false",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "finite_number": "a finite number",
        "greater_than_equal": "a number of this size",
        "less_than_equal": "a number of this size",
        "list_type": "a list in [ ]",
        "model_type": "a table",
    }.get(kind, detail["msg"])
    return f"found {shown(found)}, expected {expected}"


def _place(at: Path) -> str:
    """Where a problem is, as it stands in the file: "[measure.systolic] limits row 2 level"."""
    steps = list(at)
    if steps[0] in ("medicine", "before", "leaving") and len(steps) > 1:
        head = f"[[{steps[0]}]] {int(steps[1]) + 1}"
        steps = steps[2:]
    elif steps[0] in ("measure", "scale") and len(steps) > 1:
        head, steps = f"[{steps[0]}.{steps[1]}]", steps[2:]
    else:
        head, steps = f"[{steps[0]}]", steps[1:]
    words = [head]
    rows = False
    for step in steps:
        words.append(step if isinstance(step, str) else f"{'row' if rows else 'item'} {step + 1}")
        rows = step in ("limits", "options", "items", "ratings", "signatures")
    return " ".join(words)


# Words for what was found and what is expected


def unknown(word: str, known: Iterable[str], what: str = "key") -> str:
    """A word that names nothing here, with the nearest one that does."""
    names = list(known)
    near = difflib.get_close_matches(word, names, n=1, cutoff=0.7)
    expected = shown(near[0]) if near else f"one of {listed(names)}" if names else "none, for there is none"
    return f"unknown {what} {shown(word)}, expected {expected}"


def shown(value: object) -> str:
    """A value as it stands in the file."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 80 else f'"{value[:80]}…"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return f"[{', '.join(shown(item) for item in value[:6])}{', …' if len(value) > 6 else ''}]"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)[:80]


def listed(words: Iterable[object]) -> str:
    """ "5, 10, 15" """
    return ", ".join(str(word) for word in words)


def either(words: Iterable[object]) -> str:
    """ "caution or critical" """
    *first, last = (str(word) for word in words)
    return f"{', '.join(first)} or {last}" if first else last


def span(bounds: Sequence[float]) -> str:
    """ "50 to 260" """
    return f"{bounds[0]:g} to {bounds[1]:g}"
