"""Clocks told as timelines: what was begun, what runs at each minute, and what closes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from monitoring.clinical.clocks import (
    Clocks,
    called_problems,
    clocks,
    effects,
    handover_problems,
    help_problems,
    informed_problems,
    over_problems,
    rapid_problems,
    rapid_since,
    rechecks,
)
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import Entry, Event, Infusion
from tests.clinical.care import corrected
from tests.clinical.timeline import JONAS, START, Timeline, at, from_file, measure, minute_of, protocol

SITE = protocol(measure("systolic"), measure("pulse"), set=("pulse",), recheck_minutes=(5, 15), rapid_minutes=1)
LABETALOL = {"name": "Labetalol", "dose": 10, "unit": "mg", "route": "IV"}


def begun(**kind: Any) -> Timeline:
    line = Timeline(kind.pop("protocol", SITE), **kind)
    line.set(-4, pulse=70)
    line.start(0)
    return line


def told(line: Timeline, minute: float) -> Clocks:
    known = line.infusion.known_at(at(minute))
    return clocks(known, line.protocol, line.course(minute), line.flags(minute), at(minute))


def running(line: Timeline, minute: float) -> list[str]:
    """["recheck Set 5 min after Labetalol 10 mg IV, due 17"] at a minute, in the order shown."""
    return [
        f"{c.kind} {c.label}" + (f", due {minute_of(c.due_at):g}" if c.due_at else f", since {minute_of(c.since):g}")
        for c in told(line, minute).running
    ]


def changes(line: Timeline, minute: float) -> float | None:
    return minute_of(told(line, minute).next_change)


def medicine(line: Timeline, minute: float, **other: Any) -> Entry:
    return line.event("medicine", minute, **(LABETALOL | other))


def test_nothing_runs_where_nothing_was_begun() -> None:
    line = begun()
    line.event("effect", 3, name="nausea")
    line.event("informed", 4, whom="clinician")
    assert told(line, 8) == Clocks((), None)


def test_a_pause_runs_from_its_event_until_the_pump_does_or_the_infusion_ends() -> None:
    line = begun()
    line.pause(12, "distress")
    assert running(line, 12) == ["paused Pump paused: distress, since 12"]
    assert running(line, 500) == ["paused Pump paused: distress, since 12"], "a pause that never ends"
    line.resume(501)
    assert running(line, 501) == []
    line.pause(510)
    line.end(515)
    assert running(line, 515) == []


def test_a_corrected_pause_runs_from_its_corrected_minute_and_is_still_the_same_clock() -> None:
    line = begun()
    wrong = line.pause(12)
    key = told(line, 13).running[0].key
    right = line.correct(wrong, 14, seen_at=10)
    clock = told(line, 14).running[0]
    assert (clock.key, clock.entry, minute_of(clock.since)) == (key, right.id, 10)


def test_a_promised_repeat_runs_until_the_measure_is_seen_again() -> None:
    line = begun()
    line.set(10, systolic=190)
    line.promise(10, "systolic", 12)
    line.promise(11, "systolic", 13)
    assert running(line, 11) == ["repeat Repeat systolic, due 12"], "one for each measure, the one due first"
    assert changes(line, 11) == 12
    line.set(12, pulse=70)
    assert running(line, 12) == ["repeat Repeat systolic, due 12"], "another measure is no repeat"
    line.set(13, systolic=170)
    assert running(line, 13) == []


@pytest.mark.parametrize(
    ("seen_at", "then"),
    [
        ((), ["5", "15"]),
        ((10.0,), ["5", "15"]),  # with the medicine itself: nothing is known of what it did
        ((11.9,), ["5", "15"]),
        ((12.0,), ["15"]),  # the window of 3 min before minute 15
        ((15.0,), ["15"]),
        ((21.9,), ["15"]),
        ((22.0,), ["5"]),  # the window of the second: it is the second, and the first was not taken
        ((25.0,), ["5"]),
        ((40.0,), ["5"]),  # late, and still the second: none comes after it
        ((12.0, 22.0), []),
        ((12.0, 21.9), ["15"]),
        ((21.9, 60.0), []),
    ],
)
def test_sets_are_waited_for_after_a_medicine(seen_at: tuple[float, ...], then: list[str]) -> None:
    line = begun()
    medicine(line, 10)
    for minute in seen_at:
        line.set(minute, pulse=70)
    assert running(line, 60) == [
        f"recheck Set {after} min after Labetalol 10 mg IV, due {10 + int(after)}" for after in then
    ]


def test_of_one_medicine_the_next_set_is_shown_and_another_when_its_turn_comes() -> None:
    line = begun()
    given = medicine(line, 10)
    first = "recheck Set 5 min after Labetalol 10 mg IV, due 15"
    second = "recheck Set 15 min after Labetalol 10 mg IV, due 25"
    assert running(line, 10) == [first]
    assert told(line, 10).running[0].entry == given.id
    assert changes(line, 10) == 15
    assert running(line, 21.9) == [first], "15 min is passed, and it is still waited for"
    assert changes(line, 16) == 22, "time alone adds the second"
    assert running(line, 22) == [first, second]
    assert changes(line, 22) == 25
    assert changes(line, 25) is None
    line.set(13, pulse=70, recorded=26)
    assert running(line, 26) == [second], "seen in time, sent late"


def test_a_reason_for_no_values_answers_like_a_set_and_a_value_outside_the_set_does_not() -> None:
    line = begun()
    medicine(line, 10)
    line.set(15, systolic=160)
    assert len(told(line, 15).running) == 1
    line.set(16, not_done={"pulse": "asleep"})
    assert [c.due_at for c in told(line, 16).running] == [at(25)]


def test_over_of_a_medicine_closes_what_is_left_of_its_sets_and_says_why() -> None:
    line = begun()
    given = medicine(line, 10)
    other = medicine(line, 11, name="Ondansetron", dose=4)
    line.set(15, pulse=70)
    said = line.event("over", 20, of=given.id, how="patient asleep")
    assert [c.entry for c in told(line, 20).running] == [other.id], "one set answers both; the other medicine goes on"
    first, second = (one for one in rechecks(line.infusion, SITE) if one.medicine.id == given.id)
    assert (first.taken is not None, first.given_up, first.is_open) == (True, None, False)
    assert (second.taken, second.given_up, second.is_open) == (None, said, False)


def test_a_withdrawn_medicine_waits_for_nothing_and_a_withdrawn_over_lets_it_wait_again() -> None:
    line = begun()
    given = medicine(line, 10)
    said = line.event("over", 11, of=given.id, how="by mistake")
    assert running(line, 11) == []
    line.withdraw(said, 12)
    assert len(running(line, 12)) == 1
    line.withdraw(given, 13)
    assert running(line, 13) == []


def test_a_medicine_whose_minute_is_corrected_moves_its_sets() -> None:
    line = begun()
    given = medicine(line, 20)
    line.event("over", 21, of=given.id, how="seen")
    line.correct(given, 22, seen_at=10)
    assert running(line, 22) == [], "the over names the entry that was corrected, and still closes it"
    assert [minute_of(one.due_at) for one in rechecks(line.infusion, SITE)] == [15, 25]


def test_a_site_that_asks_for_no_sets_after_medicines_has_none() -> None:
    line = begun(protocol=protocol())
    medicine(line, 10)
    assert rechecks(line.infusion, line.protocol) == ()
    assert running(line, 60) == []


def test_somebody_called_runs_until_it_is_over_and_two_calls_are_two() -> None:
    line = begun()
    first = line.event("called", 12, whom="clinician")
    line.event("help", 13)
    line.event("called", 14, whom="anaesthetist")
    assert running(line, 14) == [
        "called Clinician called, since 12",
        "help Help called, since 13",
        "called Anaesthetist called, since 14",
    ]
    line.event("over", 16, of=first.id)
    assert running(line, 16) == ["help Help called, since 13", "called Anaesthetist called, since 14"]


def test_what_has_a_time_to_be_due_stands_first() -> None:
    line = begun()
    line.event("called", 1, whom="clinician")
    line.pause(2)
    medicine(line, 3)
    line.promise(4, "systolic", 6)
    assert [c.kind for c in told(line, 4).running] == ["repeat", "recheck", "called", "paused"]


def test_rapid_sets_are_due_from_their_start_and_then_from_each_set() -> None:
    line = begun()
    entry = line.event("rapid", 12, every_minutes=1)
    assert running(line, 12) == ["rapid A set every minute, due 13"]
    line.set(13.5, pulse=70)
    assert running(line, 13.5) == ["rapid A set every minute, due 14.5"]
    assert told(line, 14).running[0].entry == entry.id
    line.event("over", 20, of=entry.id)
    assert running(line, 20) == []
    line.event("rapid", 22, every_minutes=2)
    assert running(line, 22) == ["rapid A set every 2 min, due 24"]


def test_rapid_sets_begun_on_two_tablets_are_one_clock_that_one_tap_ends() -> None:
    line = begun()
    line.event("rapid", 12, every_minutes=1)
    second = line.event("rapid", 12.2, every_minutes=1)
    assert running(line, 13) == ["rapid A set every minute, due 13"]
    line.event("over", 15, of=second.id)
    assert running(line, 15) == []
    assert rapid_since(line.infusion) is None


@pytest.mark.parametrize(("detail", "due"), [({}, 13), ({"every_minutes": "2"}, 13), ({"every_minutes": 0}, 13)])
def test_rapid_sets_that_do_not_say_how_often_follow_the_site(detail: dict[str, Any], due: float) -> None:
    line = begun()
    line.event("rapid", 12, **detail)
    assert [minute_of(c.due_at) for c in told(line, 12).running] == [due]


def test_when_the_patient_has_left_only_calls_still_wait_and_cancelled_nothing_does() -> None:
    line = begun()
    medicine(line, 10)
    line.event("called", 11, whom="clinician")
    help_called = line.event("help", 11)
    line.event("rapid", 12, every_minutes=1)
    line.promise(12, "systolic", 14)
    line.end(40)
    assert [c.kind for c in told(line, 41).running] == ["rapid", "repeat", "recheck", "recheck", "called", "help"]
    line.close(60)
    assert [c.kind for c in told(line, 60).running] == ["called", "help"]
    assert [one.is_open for one in rechecks(line.infusion, SITE)] == [True, True], "not taken stays not taken"
    line.event("over", 61, of=help_called.id)
    assert [c.kind for c in told(line, 61).running] == ["called"]
    never = Timeline(SITE)
    never.event("called", -10, whom="clinician")
    assert len(told(never, -9).running) == 1
    never.cancel(-5)
    assert told(never, -4) == Clocks((), None)


def test_effects_have_an_onset_and_an_end_and_say_so() -> None:
    line = begun()
    nausea = line.event("effect", 12, name="nausea", severity="moderate", action="basin")
    anxiety = line.event("effect", 8, name="anxiety", recorded=13)
    line.event("over", 31.5, of=nausea.id)
    found = effects(line.infusion)
    assert [(e.name, e.severity, e.action, minute_of(e.since)) for e in found] == [
        ("anxiety", "", "", 8),
        ("nausea", "moderate", "basin", 12),
    ]
    assert [e.over_words(START) for e in found] == ["", "resolved at minute 31"]
    line.event("over", 45, of=anxiety.id, how="eased after talking")
    assert effects(line.infusion)[0].over_words(START) == "eased after talking at minute 45"


def test_an_effect_said_to_be_over_twice_went_on_until_the_later() -> None:
    line = begun()
    nausea = line.event("effect", 12, name="nausea")
    later = line.event("over", 35, of=nausea.id)
    line.event("over", 31, of=nausea.id, recorded=36)
    assert effects(line.infusion)[0].over == later
    line.withdraw(nausea, 40)
    assert effects(line.infusion) == ()


def test_what_arrives_out_of_order_says_the_same_as_in_order() -> None:
    def told_of(order: list[int]) -> tuple[list[str], list[str]]:
        line = begun()
        facts: list[Callable[[], Entry]] = [
            lambda: line.event("effect", 12, name="nausea", recorded=60),
            lambda: medicine(line, 13, recorded=60),
            lambda: line.event("called", 14, whom="clinician", recorded=60),
            lambda: line.set(19, pulse=70, recorded=60),
            lambda: line.event("over", 31, of="nausea", recorded=60),
            lambda: line.event("over", 20, of="call", recorded=60),
            lambda: line.event("rapid", 21, every_minutes=1, recorded=60),
            lambda: line.set(22, pulse=70, recorded=60),
        ]
        names = {0: "nausea", 2: "call"}
        for index in order:
            entry = facts[index]()
            line.entries[-1] = replace(entry, id=names.get(index, entry.id))
        found = effects(line.infusion)
        return running(line, 60), [one.over_words(START) for one in found]

    in_order = told_of(list(range(8)))
    assert in_order == (
        ["rapid A set every minute, due 23", "recheck Set 15 min after Labetalol 10 mg IV, due 28"],
        ["resolved at minute 31"],
    )
    assert told_of([4, 5, 7, 6, 3, 2, 1, 0]) == in_order
    assert told_of([6, 4, 1, 0, 7, 3, 5, 2]) == in_order


Judge = Callable[[Entry, Infusion, Protocol], Iterator[str]]


def judged(judge: Judge, line: Timeline, kind: Any, minute: float, detail: dict[str, Any], **changes: Any) -> list[str]:
    """What is said of an event that is about to be saved."""
    before = line.infusion
    entry = replace(line.event(kind, minute), event=Event(kind, detail), **changes)
    line.entries.pop()
    return list(judge(entry, before, line.protocol))


@pytest.mark.parametrize(
    ("judge", "kind", "detail", "said"),
    [
        (called_problems, "called", {"whom": "clinician"}, []),
        (called_problems, "called", {}, ["Called: expected whom."]),
        (called_problems, "called", {"whom": "  "}, ["Called: expected whom."]),
        (called_problems, "called", {"whom": 3}, ["Called “3”: expected words."]),
        (informed_problems, "informed", {"whom": "clinician"}, []),
        (informed_problems, "informed", {"whom": "clinician", "about": "pressure"}, []),
        (informed_problems, "informed", {"about": "pressure"}, ["Informed: expected whom."]),
        (informed_problems, "informed", {"whom": "x", "about": 7}, ["Informed about “7”: expected words."]),
        (help_problems, "help", {}, []),
        (rapid_problems, "rapid", {"every_minutes": 1}, []),
        (rapid_problems, "rapid", {}, ["Rapid sets every missing: expected a number of minutes."]),
        (rapid_problems, "rapid", {"every_minutes": True}, ["Rapid sets every “True”: expected a number of minutes."]),
        (
            rapid_problems,
            "rapid",
            {"every_minutes": 0},
            ["Rapid sets every 0 min: expected more than 0 and less than the 10 min of the schedule."],
        ),
        (
            rapid_problems,
            "rapid",
            {"every_minutes": 10},
            ["Rapid sets every 10 min: expected more than 0 and less than the 10 min of the schedule."],
        ),
        (over_problems, "over", {}, ["Over of missing: expected the entry that is over."]),
        (
            over_problems,
            "over",
            {"of": "nobody"},
            ["Over of “nobody”: expected an effect, a medicine, a call or rapid sets of this infusion."],
        ),
        (over_problems, "over", {"of": "e3", "how": 5}, ["Over, how “5”: expected words."]),
        (
            over_problems,
            "over",
            {"of": "e1"},
            ["Over of “e1”: expected an effect, a medicine, a call or rapid sets of this infusion."],
        ),
        (over_problems, "over", {"of": "e3"}, []),
        (over_problems, "over", {"of": "e4"}, ["Labetalol 10 mg IV, no further set: expected why."]),
        (over_problems, "over", {"of": "e4", "how": "asleep"}, []),
        (handover_problems, "handover", {}, []),
    ],
)
def test_each_event_says_what_it_must(judge: Judge, kind: str, detail: dict[str, Any], said: list[str]) -> None:
    line = begun()
    line.event("effect", 3, name="nausea")  # e3
    medicine(line, 4)  # e4
    assert judged(judge, line, kind, 9, detail) == said


def test_what_somebody_else_has_done_meanwhile_is_told_on_a_live_screen_and_kept_from_an_outbox() -> None:
    line = begun()
    nausea = line.event("effect", 3, name="nausea")
    gone = line.event("effect", 4, name="anxiety")
    line.withdraw(gone, 5)
    line.event("over", 6, of=nausea.id)
    line.event("rapid", 7, every_minutes=1)
    line.event("handover", 8)
    cases: list[tuple[Judge, str, dict[str, Any], str]] = [
        (
            over_problems,
            "over",
            {"of": nausea.id},
            "Nausea is over already, at minute 6: expected one that goes on.",
        ),
        (over_problems, "over", {"of": gone.id}, "Over of an entry that was withdrawn: expected one that stands."),
        (
            rapid_problems,
            "rapid",
            {"every_minutes": 1},
            "Rapid sets go on already, begun at minute 7: expected them to be over first.",
        ),
        (handover_problems, "handover", {}, "Ada Okafor has taken over already, at minute 8: expected somebody else."),
    ]
    for judge, kind, detail, sentence in cases:
        assert judged(judge, line, kind, 9, detail) == [sentence]
        assert judged(judge, line, kind, 9, detail, queued=True) == []
    assert judged(handover_problems, line, "handover", 9, {}, author=JONAS.id, author_name=JONAS.name) == []


def test_who_corrects_the_minute_of_a_handover_has_not_taken_over() -> None:
    line = begun()
    taken = line.event("handover", 8)
    corrected(line, taken, 20, seen_at=9, by=JONAS)
    assert judged(handover_problems, line, "handover", 25, {}, author=JONAS.id, author_name=JONAS.name) == []
    assert judged(handover_problems, line, "handover", 25, {}) == [
        "Ada Okafor has taken over already, at minute 9: expected somebody else."
    ]


def test_nothing_is_over_before_it_began() -> None:
    line = begun()
    nausea = line.event("effect", 12, name="nausea")
    assert judged(over_problems, line, "over", 10, {"of": nausea.id}) == [
        "Nausea, over before it began, at minute 12: expected a later time."
    ]
    assert judged(over_problems, line, "over", 12, {"of": nausea.id}) == []


def test_no_clock_runs_of_what_came_from_a_file() -> None:
    line = begun()
    line.event("medicine", 10, **LABETALOL)
    line.event("called", 12, whom="anaesthetist")
    line.end(40)
    line.close(60)
    assert told(line, 70).running != ()
    infusion = from_file(line.infusion)
    there = clocks(infusion, SITE, line.course(70), line.flags(70), at(70))
    assert (there, rechecks(infusion, SITE)) == (Clocks((), None), ())
