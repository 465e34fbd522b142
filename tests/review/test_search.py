"""Search finds what the infusions' own rows say, page by page, and its address names no patient."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.clinic import RunningClinic
from monitoring.clinical.protocol import Level
from monitoring.records.spelling import folded
from monitoring.records.summaries import word_key
from monitoring.records.summary_shapes import SORT_KEYS, Wanted
from monitoring.review import search
from monitoring.review.search import DAYS, address_of, find, wanted_from
from monitoring.review.summary import Summary
from tests.review.past import Past
from tests.small_clinic import Names, SetClock, opened, person

BERLIN = ZoneInfo("Europe/Berlin")
STRANGE = "=cmd|'/c'!A0 \"Zoë\" 李 美玲 حداد 🙂"


@dataclass
class Years:
    """A clinic with a past of every kind, and what each infusion comes to."""

    clinic: RunningClinic
    fresh: dict[str, Summary]
    ids: dict[str, str]  # what it is, to its id
    names: Names

    def found(self, words: str = "", **asked: Any) -> list[str]:
        """What they are, of the first page that is found."""
        what = {id: name for name, id in self.ids.items()}
        return [what[row.infusion] for row in find(self.clinic, Wanted(**asked), words).rows]


@pytest.fixture(scope="module")
def years(furnished_then: tuple[Path, Names], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Years]:
    file = tmp_path_factory.mktemp("years") / "clinic.db"
    shutil.copy(furnished_then[0], file)
    clock = SetClock(datetime(2026, 3, 3, 10, 0, tzinfo=UTC))
    names = furnished_then[1]
    with opened(file, clock) as clinic:
        past = Past(clinic, clock)
        nurse = person(clinic, "Ada Okafor").id
        omar, lin = names.patients["Omar Haddad"], names.patients["Lin Sørensen"]
        twin = clinic.store.register_patient("K-0999", "Omar Haddad", date(1990, 1, 1), "male", "", nurse).id
        strange = clinic.store.register_patient("%_'\\", STRANGE, date(1990, 1, 1), "female", "", nurse).id
        ids = {"planned": names.infusion}
        past.day()
        ids["quiet"] = past.whole(omar)
        past.day()
        ids["peak"] = past.whole(lin, peak=190, dose_mg_per_kg=1.0)
        past.acknowledged(ids["peak"])
        past.day()
        past.by = "Jonas Lund"
        ids["unseen"] = past.whole(twin, "chair-3", peak=165)
        past.event(ids["unseen"], "note", by="Dr Ines Weiss", text="looked at")
        past.day()
        ids["stopped"] = past.whole(omar, stop="distress")
        past.day()
        ids["cancelled"] = past.opened_and_cancelled(strange)
        past.day()
        ids["running"] = past.opened(twin)
        past.event(ids["running"], "start")
        past.event(ids["running"], "effect", name=" Nausea")
        past.event(ids["running"], "medicine", name="Ondansetron", dose="4", unit="mg", route="IV")
        past.event(ids["running"], "move", chair="chair-3")
        past.event(ids["running"], "effect", name=f"saw {STRANGE}")
        yield Years(clinic, past.fresh(), ids, names)


EVERY = ["running", "cancelled", "stopped", "unseen", "peak", "quiet", "planned"]


def test_everything_newest_first(years: Years) -> None:
    assert years.found() == EVERY
    found = find(years.clinic, Wanted())
    assert (found.total, found.page, found.pages, found.still_due) == (7, 1, 1, 0)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("omar", ["running", "stopped", "unseen", "quiet"]),
        ("HADDAD k-0999", ["running", "unseen"]),
        ("K-0102", ["stopped", "quiet"]),
        ("sørensen", ["peak"]),
        ("SØRENSEN", ["peak"]),
        ("%", []),  # signs alone stand in no name
        ("_'\\", []),
        ("美玲", ["cancelled"]),
        ("🙂 \"zoë\" =cmd|'/c'!A0", ["cancelled"]),
        ("nobody", []),
        ("  ", EVERY),
    ],
)
def test_by_what_is_typed_of_a_patient(years: Years, words: str, expected: list[str]) -> None:
    assert years.found(words) == expected


@pytest.mark.parametrize("name", ["Zoë Ångström", "Zoe\u0308 A\u030angstro\u0308m", "Ｚoe Angstrom"])
def test_a_name_is_found_however_its_accents_were_written(past: Past, names: Names, name: str) -> None:
    lin, nurse = past.clinic.store.patient(names.patients["Lin Sørensen"]), person(past.clinic, past.by)
    assert lin is not None
    past.opened(lin.id)
    past.clinic.store.correct_patient(lin.id, name, lin.birth_date, lin.sex, lin.allergies, nurse.id)
    for words in ("zoë ång", "zoe ang", "ZOE\u0308", "STRÖM"):
        assert [row.patient_name for row in find(past.clinic, Wanted(), words).rows] == [name]
    assert find(past.clinic, Wanted(), "zob").rows == ()


@pytest.mark.parametrize(("name", "words"), [("İpek Işık", "ipek"), ("Groß", "gross"), ("مُريم", "مريم")])
def test_a_name_is_found_by_what_is_typed_of_it(name: str, words: str) -> None:
    assert folded(words) in folded(name)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"phases": ("closed",)}, ["stopped", "unseen", "peak", "quiet"]),
        ({"phases": ("cancelled", "planned")}, ["cancelled", "planned"]),
        ({"ended_early": True}, ["stopped"]),
        ({"unsigned": True}, ["stopped", "unseen", "peak", "quiet"]),
        ({"chair": "chair-3"}, ["running", "unseen"]),
        ({"chair": "chair-2"}, ["running", "cancelled", "stopped", "peak", "quiet"]),
        ({"mg_per_kg": (0.51, None)}, ["peak"]),
        ({"mg_per_kg": (None, 0.5), "phases": ("closed",)}, ["stopped", "unseen", "quiet"]),
        ({"dose_mg": (72, 72)}, ["peak"]),
        ({"dose_mg": (72.5, None)}, []),
        ({"flag": "systolic"}, ["unseen", "peak"]),
        ({"flag": "systolic", "level": Level.CRITICAL}, ["peak"]),
        ({"flag": "systolic", "acknowledged": False}, ["unseen"]),
        ({"flag": "systolic", "acknowledged": True}, ["peak"]),
        ({"flag": "heart_rate"}, []),
        ({"level": Level.CRITICAL, "acknowledged": False}, []),
        ({"effects": (word_key("nausea"),)}, ["running"]),
        ({"effects": (word_key("headache"),)}, []),
        ({"effects": (word_key("headache"), word_key("NAUSEA"))}, ["running"]),
        ({"medicines": (word_key("ondansetron"),)}, ["running"]),
        ({"protocol": "another"}, []),
        ({"flag": "'; DROP TABLE summary; --"}, []),
    ],
)
def test_by_what_was_recorded(years: Years, asked: dict[str, Any], expected: list[str]) -> None:
    assert years.found(**asked) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jonas Lund", ["running", "cancelled", "stopped", "unseen"]),
        ("Dr Ines Weiss", ["unseen"]),
        ("Petra Novak", []),
    ],
)
def test_by_who_recorded_something(years: Years, name: str, expected: list[str]) -> None:
    assert years.found(nurse=years.names.staff[name]) == expected


def test_by_day_from_midnight_to_midnight(years: Years) -> None:
    opened_at = years.fresh[years.ids["peak"]].opened_at
    midnight = opened_at.astimezone(BERLIN).replace(hour=0, minute=0)
    assert years.found(since=midnight, until=midnight + timedelta(days=1)) == ["peak"]
    assert years.found(since=opened_at, until=opened_at) == []
    assert years.found(since=opened_at, until=opened_at + timedelta(microseconds=1)) == ["peak"]


@pytest.mark.parametrize(
    ("sort", "rising", "first"),
    [
        ("day", True, ["planned", "quiet", "peak"]),
        ("patient", True, ["cancelled", "peak", "planned"]),
        ("patient", False, ["running", "unseen", "stopped"]),
        ("nurse", True, ["peak", "quiet", "planned"]),
        ("chair", False, ["running", "unseen", "cancelled"]),
        ("dose", False, ["peak", "running", "cancelled"]),
        ("given", False, ["peak", "unseen", "quiet"]),
        ("given", True, ["stopped", "unseen", "quiet"]),
        ("flags", False, ["peak", "unseen", "running"]),
        ("leaving", False, ["stopped", "unseen", "peak"]),
    ],
)
def test_sorted_with_what_is_not_known_last(years: Years, sort: str, rising: bool, first: list[str]) -> None:
    found = years.found(sort=sort, rising=rising)
    assert found[:3] == first
    assert sorted(found) == sorted(EVERY)
    if sort in ("given", "leaving"):
        assert set(found[-3:]) == {"running", "cancelled", "planned"}


def test_a_line_says_what_the_infusion_comes_to(years: Years) -> None:
    (row,) = find(years.clinic, Wanted(flag="systolic", level=Level.CRITICAL)).rows
    one = years.fresh[row.infusion]
    for name in (
        "patient_name",
        "patient_number",
        "opened_at",
        "started_at",
        "phase",
        "dose_mg",
        "given_mg",
        "to_sign",
    ):
        assert getattr(row, name) == getattr(one, name)
    assert (row.number, row.planned_infusions, row.chair, row.nurse) == (1, 6, "Chair 2", "Ada Okafor")
    assert (row.criticals, row.cautions, row.unacknowledged, row.minutes_to_leaving) == (1, 0, 0, 60)


def test_pages_follow_without_a_gap_or_a_repeat(years: Years, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE_LENGTH", 3)
    pages = [find(years.clinic, Wanted(), page=page) for page in (1, 2, 3)]
    assert [row.infusion for page in pages for row in page.rows] == [years.ids[name] for name in EVERY]
    assert [(page.total, page.page, page.pages) for page in pages] == [(7, 1, 3), (7, 2, 3), (7, 3, 3)]
    for beyond in (4, 10**9):
        assert find(years.clinic, Wanted(), page=beyond) == pages[-1]
    assert find(years.clinic, Wanted(), page=-1) == pages[0]


def test_all_of_them_at_once_however_many_fit_in_a_question(years: Years, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.records.searching._PER_QUERY", 2)
    rows = years.clinic.store.searching.find(Wanted(), "", 100_000)
    assert [row.infusion for row in rows] == [years.ids[name] for name in EVERY]


def test_what_there_is_to_look_for(years: Years) -> None:
    found = find(years.clinic, Wanted()).choices
    assert [one.word for one in found.people] == ["Ada Okafor", "Dr Ines Weiss", "Jonas Lund"]
    assert [one.word for one in found.effects] == ["Nausea", f"saw {STRANGE}"]
    assert [one.word for one in found.medicines] == ["Ondansetron"]
    assert found.flags == ("systolic",)
    assert found.protocols == (years.clinic.protocol.hash,)


def test_no_address_names_a_patient_whatever_was_typed(years: Years) -> None:
    choices = find(years.clinic, Wanted()).choices
    everything = Wanted(effects=tuple(one.key for one in choices.effects), nurse=choices.people[0].key)
    query = urlencode(address_of(everything, BERLIN, 3), doseq=True)
    for one in years.fresh.values():
        for said in (one.patient_name, one.patient_number, one.patient, *one.patient_name.split()):
            assert urlencode({"": said})[1:] not in query
    assert {field.name for field in fields(Wanted)} & {"patient", "name", "words", "number"} == set()


days = st.dates(*DAYS)
bounds = st.one_of(st.none(), st.floats(0, 500).map(lambda value: round(value, 3)))
keys = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=8)


@given(
    first=st.one_of(st.none(), days),
    last=st.one_of(st.none(), days),
    page=st.integers(1, 10**9 - 1),
    wanted=st.builds(
        Wanted,
        nurse=keys,
        chair=keys,
        phases=st.sets(st.sampled_from(("planned", "infusing", "paused", "recovery", "closed", "cancelled"))).map(
            lambda some: tuple(
                p for p in ("planned", "infusing", "paused", "recovery", "closed", "cancelled") if p in some
            )
        ),
        protocol=keys,
        mg_per_kg=st.tuples(bounds, bounds),
        dose_mg=st.tuples(bounds, bounds),
        flag=keys,
        level=st.one_of(st.none(), st.sampled_from(Level)),
        acknowledged=st.one_of(st.none(), st.booleans()),
        effects=st.lists(keys.filter(bool), unique=True, max_size=3).map(tuple),
        medicines=st.lists(keys.filter(bool), unique=True, max_size=3).map(tuple),
        ended_early=st.booleans(),
        unsigned=st.booleans(),
        imported=st.one_of(st.none(), st.booleans()),
        sort=st.sampled_from(SORT_KEYS),
        rising=st.booleans(),
    ),
)
def test_what_stands_in_an_address_is_asked_again(
    wanted: Wanted, first: date | None, last: date | None, page: int
) -> None:
    address = {"from": [first.isoformat()] if first else [], "to": [last.isoformat()] if last else []}
    days_of, _ = wanted_from(address, BERLIN)
    asked = replace(wanted, since=days_of.since, until=days_of.until)
    written = address_of(asked, BERLIN, page)
    assert wanted_from(written, BERLIN) == (asked, page)
    assert all(written.values())


@pytest.mark.parametrize(
    "address",
    [
        {"from": ["yesterday"], "to": ["2026-02-30"]},
        {"from": ["0001-01-01"], "to": ["9999-12-31"]},
        {"from": ["1899-12-31"], "to": ["2101-01-01"]},
        {"mg_from": ["much"], "mg_per_kg_to": ["nan"], "mg_to": ["inf"], "mg_per_kg_from": ["-0.1"]},
        {"level": ["9"], "acknowledged": ["perhaps"], "phase": ["asleep"], "sort": ["weight"], "order": ["up"]},
        {"page": ["-1"]},
        {"page": ["²"]},
        {"page": ["99999999999999999999"]},
        {"early": [], "nurse": [], "other": ["value"]},
    ],
)
def test_what_cannot_be_asked_is_left_out(address: dict[str, list[str]]) -> None:
    assert wanted_from(address, BERLIN) == (Wanted(), 1)


@settings(max_examples=25, deadline=None)
@given(
    wanted=st.builds(
        Wanted,
        phases=st.sampled_from(((), ("closed",), ("closed", "cancelled"))),
        ended_early=st.booleans(),
        unsigned=st.booleans(),
        imported=st.one_of(st.none(), st.booleans()),
        level=st.one_of(st.none(), st.sampled_from(Level)),
        acknowledged=st.one_of(st.none(), st.booleans()),
        flag=st.sampled_from(("", "systolic", "set")),
        chair=st.sampled_from(("", "chair-1", "chair-2", "chair-3")),
        dose_mg=st.tuples(st.sampled_from((None, 36, 37)), st.sampled_from((None, 36, 72))),
        effects=st.sampled_from(((), (word_key("nausea"),))),
        sort=st.sampled_from(SORT_KEYS),
        rising=st.booleans(),
    )
)
def test_the_database_answers_as_the_summaries_do(years: Years, wanted: Wanted) -> None:
    def meets(one: Summary) -> bool:
        low, high = wanted.dose_mg
        flagged = any(
            wanted.flag in ("", flag.measure)
            and flag.level >= (wanted.level or Level.CAUTION)
            and wanted.acknowledged in (None, flag.acknowledged)
            and flag.counts
            for flag in one.flags
        )
        return (
            one.phase in (wanted.phases or (one.phase,))
            and (one.ended_early or not wanted.ended_early)
            and (one.unsigned or not wanted.unsigned)
            and wanted.imported in (None, one.imported)
            and (flagged or (wanted.flag, wanted.level, wanted.acknowledged) == ("", None, None))
            and (wanted.chair in one.chairs or not wanted.chair)
            and (low is None or one.dose_mg >= low)
            and (high is None or one.dose_mg <= high)
            and (not wanted.effects or any(word_key(word) in wanted.effects for word in one.effects))
        )

    found = find(years.clinic, wanted)
    assert {row.infusion for row in found.rows} == {one.infusion for one in years.fresh.values() if meets(one)}
    assert found.total == len(found.rows)


def test_what_came_from_a_file_is_found_as_such_and_waits_for_nobody(past: Past, names: Names) -> None:
    here = past.whole(names.patients["Omar Haddad"], peak=190)
    past.source = "import"
    paper = past.whole(names.patients["Omar Haddad"], peak=190)

    def found(**asked: Any) -> list[str]:
        return [row.infusion for row in find(past.clinic, Wanted(phases=("closed",), **asked)).rows]

    assert (found(imported=True), found(imported=False), found()) == ([paper], [here], [paper, here])
    critical = {"flag": "systolic", "level": Level.CRITICAL}
    assert found(**critical) == [paper, here]
    assert found(**critical, acknowledged=False) == [here]
    assert found(**critical, acknowledged=True) == []
    assert found(unsigned=True) == [here]
    one = next(row for row in find(past.clinic, Wanted(imported=True)).rows)
    assert (one.criticals, one.unacknowledged, one.to_sign, one.imported) == (1, 0, 0, True)
