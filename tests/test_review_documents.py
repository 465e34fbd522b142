"""What the review of one infusion shows; above all that a replay is what the live screen had at that minute."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.clinical.protocol import Level
from monitoring.documents import infusion_document, judged
from monitoring.documents.column import NONE, Fact, column, turning
from monitoring.documents.highlights import highlights
from monitoring.documents.review import changes_since, left_out, moments, replayed, review_document, span_words
from monitoring.review.summary import summary
from tests.clinical.timeline import QUIET as CLINICAL_QUIET
from tests.clinical.timeline import SHIPPED, Timeline, at, running
from tests.conftest import TEN
from tests.small_clinic import QUIET, Names, SetClock, actor, entry, event, open_infusion, opened, person

ZONE = ZoneInfo("Europe/Berlin")
Document = dict[str, Any]


def save(clinic: RunningClinic, names: Names, body: Document, by: str = "Ada Okafor") -> str:
    who = actor(clinic, by)
    outcome = recording.save_entry(clinic, who, names.infusion, {**body, "sign_in": who.sign_in.id})
    assert outcome.value is not None, outcome.sentences
    return outcome.value.id


def shown(document: Document) -> Document:
    """A document without what one may choose from, which is today's in a replay, and without the replay's own clock."""
    copy: Document = json.loads(json.dumps(document))
    copy["chairs"], copy["care"]["staff"] = [], []
    copy["figure"].pop("now_at", None)
    return copy


@dataclass(frozen=True)
class Lived:
    """A clinic after an afternoon, the infusion that was recorded, and its live document at each step."""

    clinic: RunningClinic
    infusion: str
    kept: list[tuple[datetime, Document]]


@pytest.fixture(scope="module")
def lived(furnished_then: tuple[Path, Names], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """An afternoon with everything that may come late or be put right."""
    file = Path(shutil.copy(furnished_then[0], tmp_path_factory.mktemp("lived") / "clinic.db"))
    clock = SetClock(TEN)
    with opened(file, clock) as clinic:
        yield Lived(clinic, furnished_then[1].infusion, _live_through(clinic, furnished_then[1], clock))


def _live_through(clinic: RunningClinic, names: Names, clock: SetClock) -> list[tuple[datetime, Document]]:
    kept: list[tuple[datetime, Document]] = []
    live: Callable[[], None] = lambda: kept.append((clock.now(), shown(infusion_document(clinic, names.infusion))))  # noqa: E731

    def then(body: Document, **wait: float) -> str:
        id = save(clinic, names, body)
        live()
        clock.wait(**(wait or {"minutes": 1}))
        live()
        return id

    live()
    clock.wait(minutes=1)
    then(event(clock.now(), "check", item=SHIPPED.before[0].key, answer="yes"))
    baseline = entry(clock.now())
    wrong = then(baseline, minutes=2)
    start = event(clock.now(), "start", reason="other", decided_by="Dr Ines Weiss")
    started = then(start, minutes=10)
    high = then(entry(clock.now(), readings={**QUIET, "systolic": 184}), seconds=40)
    flag = next(one for one in infusion_document(clinic, names.infusion)["flags"] if one["measure"] == "systolic")
    answer = {"flag": flag["key"], **{key: flag[key] for key in ("measure", "side", "level", "rule", "seen")}}
    then(entry(clock.now(), "acknowledgement", acknowledgement={**answer, "done": "Clinician told"}), minutes=2)
    then(event(clock.now(), "pause", reason="blood pressure"), minutes=3)
    then(event(clock.now(), "medicine", name="Labetalol", dose="10", unit="mg", route="IV"), minutes=2)
    then(event(clock.now(), "resume"), minutes=16)  # a set falls overdue
    again = entry(clock.now(), readings={**QUIET, "systolic": 136})
    then({**again, "observed_at": baseline["observed_at"], "corrects": wrong, "reason": "typed wrongly"}, minutes=1)
    then({**entry(clock.now()), "observed_at": (clock.now() - timedelta(minutes=18)).isoformat()}, minutes=1)
    then({**entry(clock.now(), "withdrawal", readings={}), "withdraws": high, "reason": "wrong patient"}, minutes=2)
    ada = actor(clinic, "Ada Okafor")
    patient = clinic.store.patient(names.patients["Marta Brandt"])
    assert patient is not None
    clinic.store.correct_patient(
        patient.id,
        name="Marta Brandt-Vogel",
        birth_date=patient.birth_date,
        sex=patient.sex,
        allergies="penicillin",
        by=person(clinic, "Petra Novak").id,
    )
    live()
    open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    [series] = clinic.store.series_of(patient.id)
    clinic.store.describe_series(
        series.id, planned_infusions=9, indication="", prescriber="", by=person(clinic, "Ada Okafor").id
    )
    live()
    clock.wait(minutes=1)
    moved = (datetime.fromisoformat(start["observed_at"]) - timedelta(minutes=1)).isoformat()
    then({**event(clock.now(), "start"), "observed_at": moved, "corrects": started, "reason": "typed wrongly"})
    then(event(clock.now(), "end"), minutes=70)
    then({**event(clock.now(), "close", reason="patient left"), "queued": True}, minutes=40)
    then({**event(clock.now(), "note", text="slept well"), "amendment": "addendum"})
    return kept


def test_a_replay_is_what_the_live_screen_had(lived: Lived) -> None:
    assert len(lived.kept) > 30
    assert len({json.dumps(document, sort_keys=True) for _, document in lived.kept}) > 30
    last_at = dict(lived.kept)  # of two documents at one instant the later holds what was recorded at it
    for instant, document in last_at.items():
        assert shown(replayed(lived.clinic, lived.infusion, instant)) == document, instant


def test_a_replay_knows_nothing_that_came_later(lived: Lived) -> None:
    document = review_document(lived.clinic, lived.infusion)
    then = replayed(lived.clinic, lived.infusion, document["review"]["moments"].instant(14))
    assert (document["who"]["name"], then["who"]["name"]) == ("Marta Brandt-Vogel", "Marta Brandt")
    assert "penicillin" not in then["who"]["line"]
    assert (document["infusion"]["which"], then["infusion"]["which"]) == ("Infusion 1 of 9", "Infusion 1 of 6")
    assert [flag["level"] for flag in then["flags"] if flag["measure"] == "systolic"] == ["critical"]
    assert then["figure"]["now_at"] == then["now"]
    with pytest.raises(LookupError):
        replayed(lived.clinic, "nobody", lived.clinic.clock.now())


def test_every_minute_from_opening_to_leaving_can_be_replayed(lived: Lived) -> None:
    found = review_document(lived.clinic, lived.infusion)["review"]["moments"]
    assert found.minutes == tuple(range(found.minutes[0], found.minutes[-1] + 1))
    assert replayed(lived.clinic, lived.infusion, found.instant(found.minutes[0]))["entries"] == []
    assert replayed(lived.clinic, lived.infusion, found.instant(found.minutes[-1]))["course"]["phase"] == "closed"
    held = [lived.clinic.store.infusion_known_at(lived.infusion, found.instant(m)) for m in found.minutes]
    counts = [len(one.entries) for one in held if one is not None]
    assert counts[-1] > 8
    grew = [m for m, one, other in zip(found.minutes[1:], counts, counts[1:], strict=False) if one != other]
    assert list(found.recorded) == grew


def test_an_infusion_that_lay_open_for_days_is_replayed_in_longer_steps() -> None:
    line = running()
    j = judged(line.infusion, line.protocol, at(60 * 24 * 9))
    found = moments(j)
    assert found.minutes[-1] == 60 * 24 * 9
    assert len(found.minutes) <= 602


def test_what_was_recorded_since_is_told_line_by_line(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    first = save(clinic, names, entry(clock.now()))
    version = review_document(clinic, names.infusion)["version"]
    assert changes_since(clinic, names.infusion, version) == []
    put_right = {**entry(clock.wait(minutes=4)), "corrects": first, "reason": "typed wrongly"}
    save(clinic, names, put_right, by="Jonas Lund")
    note = save(clinic, names, event(clock.wait(minutes=1), "note", text="x"))
    save(clinic, names, {**entry(clock.now(), "withdrawal", {}), "withdraws": note, "reason": "wrong patient"})
    assert changes_since(clinic, names.infusion, version) == [
        "11:04 Jonas Lund: corrected what was seen of 11:00 (typed wrongly)",
        "11:05 Ada Okafor: added an event seen 11:05",
        "11:05 Ada Okafor: withdrew the entry of 11:05 (wrong patient)",
    ]
    with pytest.raises(LookupError):
        changes_since(clinic, "nobody", 0)


def test_flags_tell_who_answered_after_how_long_and_what_was_done(lived: Lived) -> None:
    flags = review_document(lived.clinic, lived.infusion)["review"]["flags"]
    high = next(flag for flag in flags if "Systolic pressure 184" in flag["headline"])
    assert high["withdrawn"]
    assert high["acknowledged_after"] == "40 s"
    assert [(one["who"], one["done"], one["level"]) for one in high["receipts"]] == [
        ("Ada Okafor", "Clinician told", "critical")
    ]
    overdue = next(flag for flag in flags if "overdue" in flag["headline"])
    assert (overdue["acknowledged_after"], overdue["receipts"]) == ("", [])


def test_entries_are_in_the_order_of_what_happened_with_both_values(lived: Lived) -> None:
    document = review_document(lived.clinic, lived.infusion)
    times = [row["observed_at"] for row in document["entries"]]
    assert times == sorted(times)
    (corrected,) = [row for row in document["entries"] if "corrected: typed wrongly" in row["marks"] and row["values"]]
    assert [(part["text"], part["struck"]) for part in corrected["parts"][:3]] == [
        ("SYS 126", True),  # the other pressure is as it was
        ("136/78", False),
        ("HR 72", False),
    ]
    added = {mark for row in document["review"]["amendments"] for mark in row["marks"]}
    assert "addendum" in added
    assert any(mark.startswith("late entry") for mark in added)
    assert any(mark.startswith("withdrawn by Ada Okafor") for mark in added)
    ordinary = [row for row in document["entries"] if not row["marks"]]
    assert ordinary
    assert not [row for row in ordinary if row in document["review"]["amendments"]]


def test_who_looked_is_told_by_person_and_screen(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    ada = person(clinic, "Ada Okafor").id
    clinic.store.add_view(ada, names.infusion, "bedside")
    clinic.store.add_view("", names.infusion, "wall")
    clock.wait(minutes=5)
    clinic.store.add_view(ada, names.infusion, "bedside")
    views = review_document(clinic, names.infusion)["review"]["views"]
    assert views == [
        {
            "name": "Ada Okafor",
            "screen": "bedside",
            "times": 2,
            "first": "03 Mar 2026, 11:00",
            "last": "03 Mar 2026, 11:05",
        },
        {
            "name": "a wall screen",
            "screen": "wall",
            "times": 1,
            "first": "03 Mar 2026, 11:00",
            "last": "03 Mar 2026, 11:00",
        },
    ]


def test_ranges_and_chain_are_told(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    save(clinic, names, entry(clock.now()))
    review = review_document(clinic, names.infusion)["review"]
    assert review["protocol"]["label"] == SHIPPED.label
    assert review["protocol"]["approved"]
    assert any(words.startswith("Dr Ines Weiss, clinician, ") for words in review["protocol"]["approvals"])
    assert review["chain"]["entries"] == 1
    assert review["chain"]["sentences"] == []
    assert review["came_from"] == ""


def test_an_infusion_with_nothing_recorded_has_a_review(clinic: RunningClinic, names: Names) -> None:
    document = review_document(clinic, names.infusion)
    assert document["entries"] == []
    assert document["review"]["moments"].minutes == (0,)
    assert document["review"]["highlights"] == ()
    assert {fact.key: fact.text for fact in document["review"]["facts"] if fact.text != NONE} == {
        "mg_per_kg": "0.5 mg/kg",
        "course": "before start",
        "flags": "none",
    }
    with pytest.raises(LookupError):
        review_document(clinic, "nobody")


# What an infusion came to


def facts(line: Timeline, minute: float) -> dict[str, Fact]:
    infusion = line.infusion.known_at(at(minute))
    j = judged(infusion, line.protocol, at(minute))
    return {fact.key: fact for fact in column(j, summary(infusion, line.protocol, at(minute)))}


def test_which_end_of_a_measure_a_column_tells_follows_from_its_limits() -> None:
    assert turning(SHIPPED) == {
        "systolic": "high",
        "spo2": "low",
        "dissociation": "high",
        "sedation": "low",
        "distress": "high",
    }


def test_a_column_tells_peak_rise_lowest_and_when() -> None:
    line = running()
    line.quiet_set(10, systolic=150.0, spo2=95.0)
    line.quiet_set(20, systolic=164.0, spo2=93.0)
    line.observe(15, dissociation=3)
    line.quiet_set(30, systolic=140.0)
    found = facts(line, 31)
    assert (found["systolic"].text, found["systolic"].note) == ("126 → 164", "+38 mmHg at minute 20")
    assert (found["systolic"].level, found["systolic"].value) == (Level.CAUTION, 38)
    assert (found["spo2"].text, found["spo2"].note, found["spo2"].level) == ("93 %", "at minute 20", Level.CAUTION)
    assert (found["dissociation"].text, found["dissociation"].note) == ("3 marked", "at minute 15")
    assert found["distress"].text == NONE
    assert (found["course"].text, found["given"].note) == ("in progress", "so far, of 40.0 mg planned")
    assert (found["flags"].text, found["flags"].note) == ("3 ▲", "3 not acknowledged")  # the third: no set at minute 0


def test_a_rating_of_zero_is_a_rating() -> None:
    line = running()
    line.observe(10, dissociation=0, distress=0)
    found = facts(line, 11)
    assert (found["dissociation"].text, found["dissociation"].value) == ("0 none", 0)
    assert found["distress"].text == "0 none"


def test_without_a_baseline_there_is_no_rise() -> None:
    line = Timeline()
    line.start()
    line.quiet_set(10, systolic=150.0)
    found = facts(line, 11)["systolic"]
    assert (found.text, found.note, found.value) == ("highest 150", "at minute 10 · no baseline", None)


def test_pauses_and_an_early_stop_are_told() -> None:
    line = running()
    line.pause(12)
    line.resume(16)
    line.event("stop", 20, reason="distress")
    found = facts(line, 30)
    assert (found["course"].text, found["course"].note) == ("stopped early", "distress · 1 pause of 4 min")
    assert found["course"].level is Level.CAUTION
    assert found["given"].text == "16.0 mg"


def test_a_set_with_values_not_done_is_told_beside_those_done() -> None:
    line = running()
    for minute in (0, 10):
        line.quiet_set(minute)
    hollow = {key: value for key, value in CLINICAL_QUIET.items() if key != "spo2"}
    line.set(20, not_done={"spo2": "equipment"}, **hollow)
    sets = facts(line, 21)["sets"]
    assert (sets.text, sets.note) == ("3 of 3", "1 with values not done · 0 partial · 0 missed")


def test_what_is_still_to_come_of_a_running_infusion_is_told() -> None:
    line = running()
    running_facts = {key: (fact.text, fact.absent) for key, fact in facts(line, 11).items() if fact.absent}
    assert running_facts["distress"] == (NONE, "not recorded")  # the series keeps its dash
    assert running_facts["systolic"] == (NONE, "not since the start")
    assert {running_facts[key] for key in ("baseline", "leaving", "signed")} == {(NONE, "not yet")}
    line.end(40)
    line.event("close", 100)
    closed = facts(line, 101)
    assert (closed["signed"].text, closed["signed"].absent) == (NONE, "nobody")
    assert closed["leaving"].text == "60 min"


def test_what_an_import_left_out_stands_beside_the_values() -> None:
    line = running()
    line.event("note", 10, text="left out of the plan: a walk")
    kept = line.event("note", 20, text="Columns left out at the import: Mood.")
    line._replace(kept, source="import")
    assert list(left_out(judged(line.infusion, line.protocol, at(30)))) == ["Columns left out at the import: Mood."]


def test_pauses_are_told_in_whole_minutes() -> None:
    line = running()
    line.pause(12)
    line.resume(15.9)
    assert facts(line, 20)["course"].note == "1 pause of 3 min"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3599, "59 min"), (3900, "1 h 5 min")]
)
def test_how_long_something_took(seconds: int, words: str) -> None:
    assert span_words(timedelta(seconds=seconds)) == words


def test_the_moments_of_an_infusion_are_in_order_with_their_minute() -> None:
    line = running()
    line.quiet_set(20, systolic=164.0)
    line.event("medicine", 21, name="Labetalol", dose="10", unit="mg", route="IV")
    line.event("note", 22, text="not one of them")
    line.end(40)
    line.event("close", 100)
    found = highlights(judged(line.infusion, line.protocol, at(101)), ZONE)
    told = [(moment.when, [one.text for one in moment.lines]) for moment in found]
    assert told[0] == ("10:56", ["Baseline 126/78 mmHg"])
    assert told[1] == ("11:00 · minute 0", ["Pump started, 150 mL/h"])
    assert ("11:21 · minute 21", ["Labetalol 10 mg IV"]) in told
    assert ("12:40 · 60 min after the end", ["Patient left"]) in told
    line.event("sign", 281, meaning="administered")
    last = highlights(judged(line.infusion, line.protocol, at(282)), ZONE)[-1]
    assert (last.when, last.lines[0].text) == ("03 Mar 2026, 15:41", "Signed: administered")
    (high,) = [line for moment in found for line in moment.lines if "164" in line.text]
    assert high.level is Level.CAUTION
    assert not [line for moment in found for line in moment.lines if "not one of them" in line.text]
