"""What holds of what was recorded: corrections, withdrawals, and what was known at an instant."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitoring.clinical.record import Entry, Event, event_words
from tests.clinical.timeline import ADA, JONAS, Timeline, at, minute_of


def ids(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.id for entry in entries]


def test_dose_is_weight_times_dose_per_kg() -> None:
    assert Timeline(weight_kg=80).infusion.dose_mg == 40.0
    assert Timeline(weight_kg=61).infusion.dose_mg == 30.5


def test_entries_stand_in_the_order_observed_then_recorded() -> None:
    line = Timeline()
    second = line.set(10, systolic=130)
    late = line.set(5, systolic=128, recorded=12)
    same_minute = line.observe(10, dissociation=1)
    assert ids(line.infusion.standing()) == ids((late, second, same_minute))


def test_what_was_moved_here_from_an_imported_infusion_makes_this_none() -> None:
    line = Timeline()
    line.start()
    line.set(10, systolic=130)
    infusion = line.infusion
    *before, last = infusion.entries
    brought = replace(last, source="import")
    assert replace(infusion, entries=(*before, brought)).imported
    assert not replace(infusion, entries=(*before, replace(brought, linked="e9"))).imported
    assert not infusion.imported


def test_a_correction_stands_in_the_place_of_what_it_corrects() -> None:
    line = Timeline()
    slip = line.set(10, systolic=614)
    first = line.correct(slip, 11, systolic=146)
    assert ids(line.infusion.standing()) == [first.id]
    second = line.correct(first, 12, systolic=164)
    assert ids(line.infusion.standing()) == [second.id]
    assert line.infusion.standing()[0].observed_at == at(10)
    assert {line.infusion.root(e.id) for e in (slip, first, second)} == {slip.id}


def test_a_withdrawn_entry_does_not_stand_and_the_withdrawal_never_does() -> None:
    line = Timeline()
    kept = line.set(5, systolic=120)
    wrong = line.set(10, systolic=164)
    line.withdraw(wrong, 11)
    assert ids(line.infusion.standing()) == [kept.id]
    assert len(line.infusion.entries) == 3, "both stay in the record"


def test_withdrawing_a_correction_does_not_bring_the_old_value_back() -> None:
    line = Timeline()
    slip = line.set(10, systolic=614)
    right = line.correct(slip, 11, systolic=164)
    line.withdraw(right, 12)
    assert line.infusion.standing() == ()


@pytest.mark.parametrize(
    ("minute", "known"),
    [(9.9, []), (10, ["e1"]), (11.9, ["e1"]), (12, ["e1", "e2"])],
)
def test_known_at_is_what_had_been_recorded_by_then_the_instant_included(minute: float, known: list[str]) -> None:
    line = Timeline()
    line.set(10, systolic=130)
    line.set(5, systolic=128, recorded=12)
    assert ids(line.infusion.known_at(at(minute)).entries) == known


def test_before_a_correction_was_recorded_the_old_value_stood() -> None:
    line = Timeline()
    slip = line.set(10, systolic=614)
    right = line.correct(slip, 15, systolic=164)
    assert ids(line.infusion.known_at(at(14)).standing()) == [slip.id]
    assert ids(line.infusion.known_at(at(15)).standing()) == [right.id]


def test_the_timeline_vocabulary_says_who_and_when() -> None:
    line = Timeline(nurse=JONAS)
    entry = line.set(10.5, recorded=12, systolic=130, not_done={"spo2": "eye mask"})
    assert (entry.author, entry.author_name) == (JONAS.id, "Jonas Lund")
    assert (minute_of(entry.observed_at), minute_of(entry.recorded_at)) == (10.5, 12)
    assert entry.readings[0].id == "e1/systolic"
    assert entry.not_done[0].reason == "eye mask"
    assert replace(line, nurse=ADA).set(11, systolic=131).author_name == "Ada Okafor"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Event("pause"), "Pump paused"),
        (Event("pause", {"reason": "distress"}), "Pump paused: distress"),
        (Event("rate", {"rate_ml_per_h": 112.5}), "Rate changed to 112.5 mL/h"),
        (Event("medicine", {"name": "Ondansetron", "dose": "4", "unit": "mg", "route": "IV"}), "Ondansetron 4 mg IV"),
        (Event("effect", {"name": "nausea", "severity": "mild"}), "Nausea · mild"),
        (Event("effect", {"name": "nausea"}), "Nausea"),
        (Event("effect", {"name": "ECG change, PVCs"}), "ECG change, PVCs"),
        (Event("effect", {"name": "über-alert, BP OK"}), "Über-alert, BP OK"),
        (Event("note", {"text": "hears music"}), "“hears music”"),
        # None of these is taken any more; a file from elsewhere may hold one, and its screen is shown all the same.
        (Event("rate"), "Rate changed"),
        (Event("rate", {"rate_ml_per_h": "fast"}), "Rate changed"),
        (Event("note"), "Note"),
        (Event("effect", {"severity": "mild"}), "Effect"),
        (Event("effect", {"name": "nausea", "severity": 2}), "Nausea · 2"),
        (Event("medicine", {"dose": 4, "unit": "mg"}), "Medicine"),
    ],
)
def test_an_event_says_itself_in_a_line(event: Event, words: str) -> None:
    assert event_words(event) == words
