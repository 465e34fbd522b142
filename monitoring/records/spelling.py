"""How names and numbers are compared when they are searched, sorted and told apart."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date
from typing import Final

# Letters that are written plainly in more than one way, and no accent of another: Weiß and Weiss, Sørensen and
# Soerensen, Łukasz and Lukasz.
_PLAIN: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ŋ": "ng"}
)
# Two letters that stand for one with a mark on a keyboard without it: both spellings come to the one letter.
_TWO_FOR_ONE: Final = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"), ("ss", "s"))
_APOSTROPHES: Final = "'\u2018\u2019\u201b\u02bc\u02b9\u02bb\u02be\u02bf\u00b4\u0060\u2032\uff07\u05f3\u05f4\""
_DROPPED: Final = str.maketrans(dict.fromkeys((*_APOSTROPHES, "\u0640")))  # the last one only stretches a word
_LETTERS_AND_DIGITS: Final = frozenset("LN")

_CYRILLIC: Final = "\u0430\u0432\u0441\u0435\u043d\u043a\u043c\u0440\u0442\u0443\u0445\u0455\u0458"
_GREEK: Final = "\u03b1\u03b2\u03b5\u03b7\u03ba\u03bc\u03bd\u03c1\u03c4\u03c5\u03c7\u03b6"

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63\uff0d\u00ad"
_LOOKS_LIKE_A_DASH: Final = str.maketrans(dict.fromkeys(_DASHES, "-"))

# Signs that the eye does not tell apart in a number, each with the one it is read as. Accents do not occur in them.
_LOOKS_LIKE: Final = str.maketrans(
    {
        **dict.fromkeys("o\u043e\u03bf", "0"),
        **dict.fromkeys("il|\u0456\u03b9\u04cf\u0131", "1"),
        **dict(
            zip(
                "\u0430\u0432\u0441\u0435\u043d\u043a\u043c\u0440\u0442\u0443\u0445\u0455\u0458",
                "abcehkmptyxsj",
                strict=True,
            )
        ),
        **dict(
            zip("\u03b1\u03b2\u03b5\u03b7\u03ba\u03bc\u03bd\u03c1\u03c4\u03c5\u03c7\u03b6", "abehkmnptyxz", strict=True)
        ),
        **dict.fromkeys(_DASHES, "-"),
    }
)


def folded(text: str) -> str:
    """A name or number as it is searched and sorted, however it is commonly typed: its words, one space between them.

    Whatever the case, the accents and how these were written, the apostrophes and hyphens, and whether a letter is
    written plainly (Müller, Mueller, Muller are one).
    """
    plain = _without_marks(text).translate(_DROPPED).translate(_PLAIN)
    for two, one in _TWO_FOR_ONE:
        plain = plain.replace(two, one)
    apart = "".join(c if unicodedata.category(c)[0] in _LETTERS_AND_DIGITS else " " for c in plain)
    return " ".join(apart.split())


def number_key(number: str) -> str:
    """What a patient number is for the eye: the same for two numbers that cannot be told apart.

    Whatever the case and the width of the letters, the kind of the dashes, the spaces at its ends and their kind, and
    signs that look alike: O and 0, I and l and 1, Latin, Greek and Cyrillic letters of one shape.
    """
    visible = "".join(c for c in _without_marks(number) if unicodedata.category(c) not in ("Cf", "Cc"))
    return " ".join(visible.translate(_LOOKS_LIKE).split())


def _without_marks(text: str) -> str:
    """In small letters of one kind, without accents."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in apart if unicodedata.category(c) != "Mn"))


# A birth date as it is typed to find somebody

_MONTHS: Final = {name.casefold(): n for n in range(1, 13) for name in (calendar.month_name[n], calendar.month_abbr[n])}
_BETWEEN: Final = r"[\s./\-,]+"
_DATE: Final = re.compile(rf"(\d{{1,4}}|[a-z]+){_BETWEEN}(\d{{1,2}}|[a-z]+){_BETWEEN}(\d{{1,4}})")
_IN_ONE: Final = re.compile(r"\d{8}")  # as on a key field without signs
_YEAR_BEGUN: Final = re.compile(rf"(\d{{1,2}}|[a-z]+){_BETWEEN}(\d{{1,2}}|[a-z]+)(?:{_BETWEEN}(\d{{0,3}}))?")
_DAY_BEGUN: Final = re.compile(r"(\d{4})[./\-](\d{1,2})(?:[./\-](\d?))?")  # the year first
_BORN: Final = range(1880, 2100)  # years in which eight digits are a date


def days_said(text: str) -> tuple[date, ...]:
    """The days that a typed date may mean, () when it is none: "14.5.1981", "1981-05-14", "14 May 1981", "14051981".

    Where it can be read in two ways (5/4/1981, or a year of two digits) it is each of them: who looks for somebody is
    shown all of them.
    """
    plain = _plain_date(text)
    if _IN_ONE.fullmatch(plain):
        orders = [
            (plain[4:], plain[2:4], plain[:2]),
            (plain[4:], plain[:2], plain[2:4]),
            (plain[:4], plain[4:6], plain[6:]),
        ]
        orders = [order for order in orders if int(order[0]) in _BORN]
    elif found := _DATE.fullmatch(plain):
        first, second, third = found.groups()
        if len(first) == 4 and first.isdigit():
            orders = [(first, second, third)]
        else:
            orders = [(year, month, day) for year in _years(third) for day, month in ((first, second), (second, first))]
    else:
        return ()
    days = (_day(*order) for order in orders)
    return tuple(dict.fromkeys(day for day in days if day is not None))


def birth_date_patterns(text: str) -> tuple[str, ...]:
    """The birth dates that a text may mean, whole or still being typed, as patterns for SQL's LIKE; () when it is none.

    "14.5.1981" is "1981-05-14"; "14.5.19" is also "19__-05-14", and "1981-05" is "1981-05-__".
    """
    plain = _plain_date(text)
    begun: list[str] = []
    if found := _YEAR_BEGUN.fullmatch(plain):
        first, second, year = found.groups()
        # Any leap year: the 29th of February is a day.
        days = [_day("2000", month, day) for day, month in ((first, second), (second, first))]
        begun = [f"{year or '':_<4}-{day:%m-%d}" for day in days if day is not None]
    elif (found := _DAY_BEGUN.fullmatch(plain)) and _day(found[1], found[2], "1") is not None:
        year, month, day_begun = found.groups()
        begun = [f"{year}-{month:0>2}-{day_begun or '':_<2}"]
        if month == "1" and day_begun is None:  # or October to December
            begun.append(f"{year}-1_-__")
    return tuple(dict.fromkeys([*(day.isoformat() for day in days_said(text)), *begun]))


def _plain_date(text: str) -> str:
    """The text as a date is read in it: in small letters, digits and dashes of one kind, nothing unseen."""
    seen = (c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c) != "Cf")
    plain = "".join(c if (digit := unicodedata.decimal(c, None)) is None else str(digit) for c in seen)
    return plain.strip().casefold().translate(_LOOKS_LIKE_A_DASH)


def _years(text: str) -> tuple[str, ...]:
    return (text,) if len(text) == 4 else (f"19{text}", f"20{text}") if len(text) == 2 else ()


def _day(year: str, month: str, day: str) -> date | None:
    number = _MONTHS.get(month) or (int(month) if month.isdigit() else 0)
    try:
        return date(int(year), number, int(day)) if day.isdigit() else None
    except ValueError:
        return None
