"""A number as a person writes it, and what is read in it: one reading for every field, file and door.

`written_number(text, unit)` gives either the number that a person reads in `text`, or in words why none is read there.
It never guesses, and keeps the text as it was written. `screens/static/written_numbers.js` is its twin in the browser;
both are tested against `tests/clinical/written_numbers.json`.

Read: "72.5" and "72,5" (a point or a comma, one of them), ".5", a sign, full-width digits, spaces around, and a unit
behind the number: the one asked for, or one that is converted exactly ("158 lb" is 71.7 kg, and `turned` says so).

Refused, with what is expected instead:

- what can be two numbers: "1.000" and "12,500" (a mark for thousands, or for decimals), "05" (5, or 0.5);
- both marks or several of one ("1.000,5"), a mark without digits behind it ("5."), spaces between digits ("1 000");
- bounds and estimates ("<5", "~70"), two numbers ("120/80"), powers of ten ("1e3"), words, digits of other scripts;
- a unit that cannot become the one asked for ("35 mg" of mg/kg, "98%" of kg), and any unit where none is asked for;
- more digits than a number here can hold.

Whether a number that was read is possible is not judged here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, Literal

Mark = Literal["", ".", ","]

MOST_DIGITS: Final = 15  # what a float holds exactly, whatever they are
_SHOWN: Final = 40  # characters of a text that is told

_SPACES: Final = "\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_UNSEEN: Final = "\u200b\u200e\u200f\u2066-\u2069\ufeff"  # around a text: no width, and no digit in another place
_AROUND: Final = re.compile(f"^[{_SPACES}{_UNSEEN}]+|[{_SPACES}{_UNSEEN}]+$")
_BETWEEN: Final = re.compile(f"[{_SPACES}]+")
_NUMBER: Final = re.compile(f"([+\u2212-]?)([0-9.,]+)[{_SPACES}]*(.*)", re.DOTALL)
_BOUND: Final = re.compile("[<>=~\u2264\u2265\u2248\u00b1]")
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}

# How people write each unit, compared without case and spaces.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "kg": ("kg", "kgs", "kilo", "kilos", "kilogram", "kilograms"),
    "lb": ("lb", "lbs", "pound", "pounds"),
    "g": ("g", "gram", "grams"),
    "mg": ("mg", "milligram", "milligrams"),
    "µg": ("\u00b5g", "\u03bcg", "ug", "mcg", "microgram", "micrograms"),
    "mg/kg": ("mg/kg",),
    "µg/kg": ("\u00b5g/kg", "\u03bcg/kg", "ug/kg", "mcg/kg"),
    "mg/mL": ("mg/ml",),
    "mL": ("ml", "milliliter", "milliliters", "millilitre", "millilitres"),
    "L": ("l", "liter", "liters", "litre", "litres"),
    "mL/h": ("ml/h", "ml/hr", "ml/hour"),
    "mL/min": ("ml/min",),
    "L/min": ("l/min", "lpm"),
    "cm": ("cm", "centimeter", "centimeters", "centimetre", "centimetres"),
    "m": ("m", "meter", "meters", "metre", "metres"),
    "in": ("in", "inch", "inches"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "min": ("min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
    "°C": ("\u00b0c", "c", "degc", "celsius"),
    "°F": ("\u00b0f", "f", "degf", "fahrenheit"),
    "mmHg": ("mmhg",),
    "kPa": ("kpa",),
    "%": ("%", "percent"),
    "/min": ("/min", "bpm", "perminute", "beats/min", "breaths/min"),
}
# From one unit to another, by definition of the units (BIPM; NIST SP 811): (value × times + plus) ÷ over.
_TURNED: Final[dict[tuple[str, str], tuple[int, int, int]]] = {
    ("lb", "kg"): (45359237, 0, 100000000),
    ("g", "kg"): (1, 0, 1000),
    ("g", "mg"): (1000, 0, 1),
    ("µg", "mg"): (1, 0, 1000),
    ("µg/kg", "mg/kg"): (1, 0, 1000),
    ("L", "mL"): (1000, 0, 1),
    ("mL/min", "mL/h"): (60, 0, 1),
    ("mL/min", "L/min"): (1, 0, 1000),
    ("m", "cm"): (100, 0, 1),
    ("in", "cm"): (254, 0, 100),
    ("h", "min"): (60, 0, 1),
    ("s", "min"): (1, 0, 60),
    ("°F", "°C"): (5, -160, 9),
    ("°C", "°F"): (9, 160, 5),
    ("kPa", "mmHg"): (1000000000000, 0, 133322387415),
    ("mmHg", "kPa"): (133322387415, 0, 1000000000000),
}


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """What was read in a text. `value` is None where nothing is written, and where `expected` says what is missing."""

    text: str  # as it was written
    value: float | None = None  # in the unit asked for
    turned: str = ""  # "158 lb = 71.7 kg", where the text was in another unit than asked for
    expected: str = ""  # in words, where no number is read: "one number, without spaces between its digits"

    @property
    def missing(self) -> bool:
        """Whether nothing is written."""
        return self.value is None and not self.expected

    def problem(self, label: str) -> str:
        """The sentence that says what was found and what is expected; "" where a number or nothing is written."""
        found = _BETWEEN.sub(" ", self.text).strip()
        shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}…"
        return f"{label} “{shown}”: expected {self.expected}." if self.expected else ""


def written_number(
    text: str, unit: str = "", *, decimals: int = 3, mark: Mark = "", whole: bool = False
) -> WrittenNumber:
    """The number that a person reads in `text`, in `unit` (its label: "kg"; "" where a number has none).

    What is in another unit is converted exactly, and then rounded half up to `decimals`; what is in `unit` stays as it
    is written. `mark`: the decimal mark, where a file is known to have one throughout; its other mark is refused then,
    and three digits behind the known one are decimals. `whole`: only whole numbers are read.
    """
    bare = _AROUND.sub("", text).translate(_FULL_WIDTH)
    if not bare:
        return WrittenNumber(text)
    found = _NUMBER.fullmatch(bare)
    if found is None:
        bound = "one number, not a bound or an estimate" if _BOUND.match(bare) else _a_number(unit)
        return WrittenNumber(text, expected=bound)
    sign, digits, rest = found.groups()
    expected = _digits_expected(digits, mark) or _rest_expected(rest, unit)
    if expected:
        return WrittenNumber(text, expected=expected)
    value = Decimal(("-" if sign in ("-", "\u2212") else "") + digits.replace(",", "."))
    said = _unit_called(rest, unit)
    turned = value if said in ("", unit) else _converted(value, _TURNED[said, unit], decimals)
    if whole and turned % 1:
        return WrittenNumber(text, expected=f"a whole number in {unit}" if unit else "a whole number")
    in_words = "" if said in ("", unit) else f"{_plain(value)} {said} = {_plain(turned)} {unit}"
    return WrittenNumber(text, float(turned) + 0.0, in_words)  # -0.0 becomes 0.0


def number_text(value: float) -> str:
    """A number as it is written into a field, so that `written_number` reads the same in it: "72.5", "1.2340"."""
    text = _plain(Decimal(f"{value:.10g}"))
    whole, _, after = text.lstrip("-").partition(".")
    return f"{text}0" if len(after) == 3 and whole != "0" and len(whole) <= 3 else text


def _digits_expected(digits: str, mark: Mark) -> str:
    """What is expected in the place of these digits and marks; "" where they are one number."""
    points, commas = digits.count("."), digits.count(",")
    if points + commas > 1:
        return "one comma or one point, and no mark for thousands"
    if mark and digits.count({".": ",", ",": "."}[mark]):
        return f"{'a point' if mark == '.' else 'a comma'} before the decimals, and no mark for thousands"
    whole, _, after = digits.replace(",", ".").partition(".")
    if not after and points + commas:
        return "digits behind the point" if points else "digits behind the comma"
    if len(whole) + len(after) > MOST_DIGITS:
        return f"a number of at most {MOST_DIGITS} digits"
    if len(whole) > 1 and whole[0] == "0":
        one = whole.lstrip("0") or "0"
        return f"{one}.{after}, without a 0 before it" if after else f"{one}, or 0.{whole[1:]}"
    if len(after) == 3 and whole.strip("0") and len(whole) <= 3 and not mark:
        short = after.rstrip("0")
        decimal = whole if not short else f"{whole}.{short if len(short) < 3 else f'{short}0'}"
        return f"{decimal} or {whole}{after}, without a mark for thousands"
    return ""


def _rest_expected(rest: str, unit: str) -> str:
    """What is expected in the place of what stands behind the number; "" where that is a unit that serves."""
    said = _unit_called(rest, unit)
    if not rest or (said and said == unit) or (said, unit) in _TURNED:
        return ""
    if re.match("[0-9]", rest):
        return "one number, without spaces between its digits"
    return _a_number(unit)


def _a_number(unit: str) -> str:
    if not unit:
        return "a number alone"
    *first, last = (unit, *(one for one, to in _TURNED if to == unit))
    return f"a number in {', '.join(first)} or {last}" if first else f"a number in {last}"


def _unit_called(rest: str, unit: str) -> str:
    """The unit that is written like this, "" where none is; what is called as `unit` itself is that one."""
    name = _BETWEEN.sub("", rest).lower()
    if unit and name == unit.lower():
        return unit
    return next((unit for unit, names in _NAMES.items() if name in names), "")


def _converted(value: Decimal, how: tuple[int, int, int], decimals: int) -> Decimal:
    times, plus, over = how
    context = Context(prec=60)  # the division alone may be inexact, in a digit far behind the last one that is kept
    exact = context.divide(context.add(context.multiply(value, Decimal(times)), Decimal(plus)), Decimal(over))
    return exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP, context)


def _plain(value: Decimal) -> str:
    """Digits and a point, without zeros at the end: "40", "0.8"."""
    text = f"{value or abs(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
