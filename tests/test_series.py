"""What a series is for, and the outcome scores along it: kept, put right, never hidden, never twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from monitoring import recording
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.records import StoreUnwritable
from monitoring.records.verify import verify
from tests.small_clinic import PEOPLE, Names, SetClock, actor

ADA, JONAS, INES, PETRA = PEOPLE
ITEMS = {str(n): 1 for n in range(1, 9)} | {"9": 2}
PHQ9: dict[str, Any] = {
    "instrument": "phq9",
    "version": "9 items",
    "total": 10,
    "items": ITEMS,
    "rated_on": date(2026, 3, 3),
    "rater": "self-report",
}


@pytest.fixture
def ada(clinic: RunningClinic) -> Actor:
    """Ada Okafor, signed in on the tablet."""
    return actor(clinic, ADA, "tablet-1")


@pytest.fixture
def series(clinic: RunningClinic, names: Names) -> str:
    """Marta Brandt's."""
    [found] = clinic.store.series_of(names.patients["Marta Brandt"])
    return found.id


def test_a_series_is_described_and_its_infusions_say_so(
    clinic: RunningClinic, names: Names, ada: Actor, series: str
) -> None:
    said: dict[str, Any] = {"planned_infusions": 8, "indication": " depression ", "prescriber": INES}
    made = recording.describe_series(clinic, ada, series, **said).value
    assert made is not None
    assert (made.planned_infusions, made.indication, made.prescriber, made.recorded_by_name) == (
        8,
        "depression",
        INES,
        ADA,
    )
    infusion = clinic.store.infusion(names.infusion)
    assert infusion is not None
    assert infusion.planned_infusions == 8
    assert recording.next_of_series(clinic, names.patients["Marta Brandt"]).planned_infusions == 8
    assert verify(clinic.store.url) == []


def test_a_new_series_takes_the_infusions_that_follow(
    clinic: RunningClinic, names: Names, ada: Actor, series: str
) -> None:
    marta = names.patients["Marta Brandt"]
    given: dict[str, Any] = {"id": str(uuid4()), "patient_id": marta, "planned_infusions": 12}
    said = {"indication": "depression, maintenance", "prescriber": INES}
    for wrong, why in (
        ({"id": "x"}, "malformed"),
        ({"patient_id": "nobody"}, "unknown"),
        ({"planned_infusions": 0}, "refused"),
        ({"prescriber": "p" * 501}, "refused"),
    ):
        assert recording.begin_series(clinic, ada, **(given | said | wrong)).why == why
    assert [one.id for one in clinic.store.series_of(marta)] == [series], "nothing is half begun"
    assert recording.begin_series(clinic, None, **given, **said).why == "nobody"
    made = recording.begin_series(clinic, ada, **given, **said).value
    assert made is not None
    assert recording.begin_series(clinic, ada, **given, **said).again
    details = clinic.store.series_details(made.id)
    assert details is not None
    assert (made.number, details.planned_infusions, details.indication) == (2, 12, "depression, maintenance")
    suggested = recording.next_of_series(clinic, marta)
    assert (suggested.series, suggested.number, suggested.planned_infusions) == (made, 1, 12)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"planned_infusions": None}, "Planned infusions are missing: expected 1 to 1000."),
        ({"planned_infusions": 0}, "Planned infusions 0: expected 1 to 1000."),
        ({"planned_infusions": 6000}, "Planned infusions 6000: expected 1 to 1000."),
        ({"indication": "x" * 501}, "Indication has 501 characters: expected at most 500."),
        ({"prescriber": "x" * 501}, "Prescriber has 501 characters: expected at most 500."),
    ],
)
def test_what_a_series_cannot_be_is_told(
    clinic: RunningClinic, ada: Actor, series: str, wrong: dict[str, Any], sentence: str
) -> None:
    good: dict[str, Any] = {"planned_infusions": 6, "indication": "", "prescriber": ""}
    assert recording.describe_series(clinic, ada, series, **(good | wrong)).sentences == (sentence,)
    assert clinic.store.series_details(series) is None


def test_who_may_describe_and_score(clinic: RunningClinic, ada: Actor, series: str) -> None:
    said: dict[str, Any] = {"planned_infusions": 6, "indication": "", "prescriber": ""}
    petra, ines = actor(clinic, PETRA), actor(clinic, INES, "tablet-2")
    for who, why in ((None, "nobody"), (petra, "forbidden"), (ines, None)):
        chosen = str(uuid4())
        assert recording.describe_series(clinic, who, series, **said).why == why
        assert recording.add_score(clinic, who, series, id=chosen, **PHQ9).why == why
        known = next((one.id for one in clinic.store.scores_of(series)), "none")
        told = recording.tell_of_score(clinic, who, known, whom=INES, told_at=clinic.clock.now())
        assert told.why == why
    assert recording.withdraw_score(clinic, petra, known, id=str(uuid4()), reason="x").why == "forbidden"
    assert recording.describe_series(clinic, ada, "none", **said).why == "unknown"
    assert recording.add_score(clinic, ada, "none", id=str(uuid4()), **PHQ9).why == "unknown"
    assert recording.tell_of_score(clinic, ada, "none", whom=INES, told_at=None).why == "unknown"
    assert recording.withdraw_score(clinic, ada, "none", id=str(uuid4()), reason="x").why == "unknown"


def test_a_score_is_kept_once_with_its_items(clinic: RunningClinic, ada: Actor, series: str) -> None:
    chosen = str(uuid4())
    first = recording.add_score(clinic, ada, series, id=chosen, **PHQ9)
    assert first.value is not None, first.sentences
    assert (first.value.total, first.value.items, first.value.recorded_by_name) == (10, ITEMS, ADA)
    again = recording.add_score(clinic, ada, series, id=chosen.upper(), **PHQ9)
    assert (again.again, again.value) == (True, first.value)
    clash = recording.add_score(clinic, ada, series, id=chosen, **(PHQ9 | {"rater": "Ada"}))
    assert clash.why == "clash"
    madrs = PHQ9 | {"instrument": "madrs", "version": "10 items", "total": 31, "items": None, "rater": INES}
    assert recording.add_score(clinic, ada, series, id=str(uuid4()), **madrs).done
    assert [(one.instrument, one.total) for one in clinic.store.scores_of(series)] == [("phq9", 10), ("madrs", 31)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"instrument": "mood"}, "Instrument “mood”"),
        ({"version": "8 items"}, "version “8 items”"),
        ({"total": 11}, "its items give 10"),
        ({"items": ITEMS | {"9": 4}}, "item 9"),
        ({"items": {"1": 1}}, "expected item 2"),
        ({"total": float("nan"), "items": None}, "expected a whole number"),
        ({"rated_on": None}, "Date of the score is missing"),
        ({"rated_on": date(1900, 1, 1)}, "is before the patient was born"),
        ({"rated_on": date(2026, 3, 4)}, "in the future"),
        ({"rater": " "}, "Rater is empty"),
        ({"rater": "r" * 501}, "Rater has 501"),
        ({"note": "n" * 4001}, "Note has 4001"),
        ({"corrects": "nowhere", "reason": "typed wrongly"}, "a score that is not here"),
    ],
)
def test_what_cannot_be_a_score_is_told_in_one_sentence(
    clinic: RunningClinic, ada: Actor, series: str, wrong: dict[str, Any], words: str
) -> None:
    refused = recording.add_score(clinic, ada, series, id=str(uuid4()), **(PHQ9 | wrong))
    assert refused.why == "refused"
    assert len(refused.sentences) == 1
    assert words in refused.sentences[0]
    assert clinic.store.scores_of(series) == ()


def test_a_score_of_today_is_of_today_where_the_clinic_is(
    clinic: RunningClinic, clock: SetClock, ada: Actor, series: str
) -> None:
    clock.at = datetime.fromisoformat("2026-03-03T23:30:00+00:00")  # half past midnight in Berlin
    tomorrow = PHQ9 | {"rated_on": date(2026, 3, 4)}
    made = recording.add_score(clinic, ada, series, id=str(uuid4()), **tomorrow).value
    assert made is not None
    assert recording.tell_of_score(clinic, ada, made.id, whom=INES, told_at=clock.now()).done
    assert recording.add_score(clinic, ada, series, id="7", **PHQ9).why == "malformed"


def test_scores_are_corrected_and_withdrawn_with_a_reason(clinic: RunningClinic, ada: Actor, series: str) -> None:
    first = str(uuid4())
    assert recording.add_score(clinic, ada, series, id=first, **PHQ9).done
    better = PHQ9 | {"items": ITEMS | {"9": 0}, "total": 8, "corrects": first}
    without = recording.add_score(clinic, ada, series, id=str(uuid4()), **better)
    assert without.sentences == ("Correction without a reason: expected why.",)
    other = {"instrument": "madrs", "version": "10 items", "items": None, "corrects": first, "reason": "typed wrongly"}
    assert (
        "by another instrument"
        in recording.add_score(clinic, ada, series, id=str(uuid4()), **(PHQ9 | other)).sentences[0]
    )
    second = str(uuid4())
    assert recording.add_score(clinic, ada, series, id=second, **(better | {"reason": "typed wrongly"})).done
    twice = recording.add_score(clinic, ada, series, id=str(uuid4()), **(better | {"reason": "typed wrongly"}))
    assert "corrected or withdrawn" in twice.sentences[0]
    chosen = str(uuid4())
    assert recording.withdraw_score(clinic, ada, second, id=chosen, reason=" ").why == "refused"
    assert recording.withdraw_score(clinic, ada, second, id=chosen, reason="another patient's").done
    assert recording.withdraw_score(clinic, ada, second, id=chosen, reason="another patient's").again
    assert recording.withdraw_score(clinic, ada, second, id=str(uuid4()), reason="again").why == "refused"
    assert [one.stands for one in clinic.store.scores_of(series)] == [False, False, False]
    assert verify(clinic.store.url) == []


def test_who_was_told_and_when_belongs_to_the_score(
    clinic: RunningClinic, clock: SetClock, ada: Actor, series: str
) -> None:
    made = recording.add_score(clinic, ada, series, id=str(uuid4()), **PHQ9).value
    assert made is not None
    at = clock.wait(minutes=5)
    for wrong, words in (
        ({"whom": " "}, "Who was told is missing"),
        ({"whom": "w" * 501}, "501 characters"),
        ({"told_at": None}, "When it was told is missing"),
        ({"told_at": at.replace(tzinfo=None)}, "When it was told is missing"),
        ({"told_at": at + timedelta(seconds=1)}, "still to come"),
        ({"told_at": at - timedelta(days=1)}, "before the score was rated"),
    ):
        refused = recording.tell_of_score(clinic, ada, made.id, **({"whom": INES, "told_at": at} | wrong))
        assert (refused.why, len(refused.sentences)) == ("refused", 1)
        assert words in refused.sentences[0]
    told = recording.tell_of_score(clinic, ada, made.id, whom=INES, told_at=at).value
    assert told is not None
    assert [(one.whom, one.told_at, one.recorded_by_name) for one in told.told] == [(INES, at, ADA)]


def test_a_score_that_cannot_be_written_says_so(
    clinic: RunningClinic, ada: Actor, series: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StoreUnwritable("Not saved: the disk is full.")

    monkeypatch.setattr(clinic.store, "add_score", full)
    outcome = recording.add_score(clinic, ada, series, id=str(uuid4()), **PHQ9)
    assert (outcome.why, outcome.sentences) == ("unwritable", ("Not saved: the disk is full.",))
