"""Names, numbers and dates as they are typed, and what the eye does not tell apart."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.records.spelling import birth_date_patterns, days_said, folded, number_key


@pytest.mark.parametrize(
    ("kept", "typed"),
    [
        ("O'Brien, Siobhan", "O’Brien"),
        ("O’Brien, Siobhan", "o'brien"),
        ("O'Brien, Siobhan", "OBrien"),
        ("O'Brien, Siobhan", "siobhan o‘brien"),
        ("Zo\u00eb Adler", "Zoe\u0308 Adler"),
        ("Zoë Adler", "zoe"),
        ("Jörg Müller", "Mueller"),
        ("Jörg Müller", "Muller"),
        ("Jörg Mueller", "müller"),
        ("Søren Sørensen", "Soerensen"),
        ("Søren Sørensen", "sorensen"),
        ("Åsa Ångström", "Aasa"),
        ("Åsa Ångström", "angstrom"),
        ("Anna Weiß", "Weiss"),
        ("Łukasz Wójcik", "lukasz wojcik"),
        ("Jean-Luc Étienne", "jean luc etienne"),
        ("Brandt, Marta", "Marta Brandt"),
        ("İpek Yılmaz", "ipek yilmaz"),
        ("Đorđe Petrović", "dorde"),
        ("ＭＡＲＴＡ", "marta"),
        ("محـمد", "محمد"),
    ],
)
def test_a_name_is_found_however_it_is_commonly_typed(kept: str, typed: str) -> None:
    assert all(word in folded(kept) for word in folded(typed).split())


@pytest.mark.parametrize(("one", "other"), [("Marta Brandt", "Marta Brand"), ("Omar", "Omer"), ("Li Na", "Li Ma")])
def test_other_names_are_others(one: str, other: str) -> None:
    assert folded(one) != folded(other)


@pytest.mark.parametrize(
    "typed",
    [
        "K-0101",
        "k-0101",
        " K-0101 ",
        "K‐0101",
        "K–0101",
        "K−0101",
        "Ｋ-0101",
        "К-0101",
        "K-O1O1",
        "K-0l01",
        "K-\u200b0101",
    ],
)
def test_numbers_that_cannot_be_told_apart_are_one(typed: str) -> None:
    assert number_key(typed) == number_key("K-0101")


@pytest.mark.parametrize("other", ["K-0102", "K-101", "K0101", "L-0101", "K-01011", "K 0101", ""])
def test_numbers_that_can_be_told_apart_are_two(other: str) -> None:
    assert number_key(other) != number_key("K-0101")


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ("14.5.1981", [date(1981, 5, 14)]),
        ("14/05/1981", [date(1981, 5, 14)]),
        ("05/14/1981", [date(1981, 5, 14)]),
        ("1981-05-14", [date(1981, 5, 14)]),
        ("14 May 1981", [date(1981, 5, 14)]),
        ("May 14, 1981", [date(1981, 5, 14)]),
        ("4/5/1981", [date(1981, 5, 4), date(1981, 4, 5)]),
        ("14.5.81", [date(1981, 5, 14), date(2081, 5, 14)]),
        ("31.2.1981", []),
        ("14051981", [date(1981, 5, 14)]),
        ("05141981", [date(1981, 5, 14)]),
        ("19810514", [date(1981, 5, 14)]),
        ("04051981", [date(1981, 5, 4), date(1981, 4, 5)]),
        ("14.\N{NO-BREAK SPACE}5.\N{NO-BREAK SPACE}1981", [date(1981, 5, 14)]),
        ("14\N{EN DASH}05\N{EN DASH}1981", [date(1981, 5, 14)]),
        ("\N{FIRST STRONG ISOLATE}14 May 1981\N{POP DIRECTIONAL ISOLATE}", [date(1981, 5, 14)]),
        ("10012345", []),
        ("31021981", []),
        ("1405198", []),
        ("14.5.", []),
        ("K-0101", []),
        ("26-0417", []),
        ("", []),
    ],
)
def test_a_birth_date_is_read_in_each_way_that_it_may_mean(typed: str, days: list[date]) -> None:
    assert list(days_said(typed)) == days


@pytest.mark.parametrize(
    ("typed", "patterns"),
    [
        ("14.5.1981", ["1981-05-14"]),
        ("14.5.", ["____-05-14"]),
        ("14.5.1", ["1___-05-14"]),
        ("14.5.19", ["1919-05-14", "2019-05-14", "19__-05-14"]),
        ("14.5.198", ["198_-05-14"]),
        ("14 May 198", ["198_-05-14"]),
        ("4/5/198", ["198_-05-04", "198_-04-05"]),
        ("29.2.198", ["198_-02-29"]),
        ("1981-05", ["1981-05-__"]),
        ("1981-05-", ["1981-05-__"]),
        ("1981-05-1", ["1981-05-01", "1981-05-1_"]),
        ("1981-13", []),
        ("31.2.198", []),
        ("14.5", ["____-05-14"]),
        ("14 May", ["____-05-14"]),
        ("1981-5", ["1981-05-__"]),
        ("1981-1", ["1981-01-__", "1981-1_-__"]),
        ("١٤.٥.١٩٨", ["198_-05-14"]),
        ("26-04-1", ["1___-04-26"]),
        ("14", []),
        ("K-01", []),
        ("26-0417", []),
        ("%", []),
        ("", []),
    ],
)
def test_a_birth_date_that_is_still_typed_may_mean_several_days(typed: str, patterns: list[str]) -> None:
    assert list(birth_date_patterns(typed)) == patterns


@given(st.dates(date(1900, 1, 1), date(2050, 12, 31)))
def test_who_was_born_on_a_day_stays_found_while_its_year_is_typed(day: date) -> None:
    for whole in (f"{day:%d.%m.%Y}", f"{day.day}/{day.month}/{day.year}", f"{day.day} {day:%b} {day.year}"):
        for typed in (whole[:length] for length in range(len(whole) - 3, len(whole) + 1)):
            assert any(re.fullmatch(one.replace("_", "."), day.isoformat()) for one in birth_date_patterns(typed))


NAMES = st.text("abcdehklmnorsuzßøæœłäöüéåßAOUS'-’ ", max_size=25)


@given(NAMES)
def test_a_name_stays_found_letter_by_letter(name: str) -> None:
    kept = folded(name)
    for typed in (name[:length] for length in range(len(name) + 1)):
        assert all(word in kept or word in kept.replace(" ", "") for word in folded(typed).split()), typed


@given(st.text(max_size=30))
def test_folding_again_changes_nothing_and_neither_does_how_letters_are_made(text: str) -> None:
    assert folded(unicodedata.normalize("NFD", text)) == folded(text)
    assert number_key(unicodedata.normalize("NFC", text)) == number_key(text)


@given(st.dates())
def test_each_day_is_found_as_it_is_written_by_most(day: date) -> None:
    if day.year >= 1000:
        for text in (day.isoformat(), f"{day.day}.{day.month}.{day.year}", f"{day.month}/{day.day}/{day.year}"):
            assert day in days_said(text)
