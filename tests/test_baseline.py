"""A set seen before the start and saved after it is no baseline by itself; a person makes it one, with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.clinical.course import course
from monitoring.clinical.flags import flags
from monitoring.clinical.record import Entry, Infusion
from monitoring.documents import infusion_document
from monitoring.documents.review import review_document
from monitoring.review.summary import summary
from tests.small_clinic import QUIET, Names, SetClock, actor, entry, event

RESTING = {"systolic": 118, "diastolic": 66, "heart_rate": 70, "spo2": 98, "respiration": 14}
RISEN = {"systolic": 154, "diastolic": 93}
AGITATED = {**QUIET, "systolic": 130, "diastolic": 80}
NOTE = "it is not the baseline"


class Chair:
    """Marta Brandt's chair: what Ada saves there, and what comes of it."""

    def __init__(self, clinic: RunningClinic, names: Names, clock: SetClock) -> None:
        self.clinic, self.names, self.clock = clinic, names, clock
        self.ada = actor(clinic, "Ada Okafor")
        self.late = ""  # the id of the set that was saved too late

    def save(self, body: dict[str, Any]) -> Entry:
        outcome = self.try_to_save(body)
        assert outcome.value is not None, outcome.sentences
        return outcome.value

    def try_to_save(self, body: dict[str, Any]) -> recording.Outcome[Entry]:
        return recording.save_entry(self.clinic, self.ada, self.names.infusion, body)

    def choose(self, of: str, reason: str = "a resting value from the waiting room", **more: Any) -> Entry:
        return self.save(event(self.clock.wait(minutes=1), "baseline", of=of, reason=reason) | more)

    @property
    def infusion(self) -> Infusion:
        found = self.clinic.store.infusion(self.names.infusion)
        assert found is not None
        return found

    @property
    def document(self) -> dict[str, Any]:
        return infusion_document(self.clinic, self.names.infusion)

    def rises(self, infusion: Infusion, now: datetime) -> set[str]:
        """Of which measures a change from baseline is flagged."""
        protocol = self.clinic.protocol
        found = flags(infusion, protocol, now, course(infusion, protocol, now))
        return {flag.measure for flag in found.flags if "rise" in flag.rule and not flag.withdrawn}


@pytest.fixture
def chair(clinic: RunningClinic, names: Names, clock: SetClock) -> Chair:
    """Agitated before the start, which is the baseline; the resting set of five minutes earlier was saved too late."""
    made = Chair(clinic, names, clock)
    made.save(entry(clock.wait(minutes=1), readings={**AGITATED, "systolic": 140, "diastolic": 84}))
    resting = clock.wait(minutes=1)
    made.save(event(clock.wait(minutes=4), "start"))
    late = entry(resting, readings=RESTING) | {"tapped_at": clock.wait(minutes=2).isoformat()}
    made.late = made.save(late).id
    made.save(entry(clock.wait(minutes=8), readings={**QUIET, **RISEN}))
    return made


def test_it_is_said_on_the_entry_and_on_the_screen_and_nothing_is_flagged_by_it(chair: Chair, clock: SetClock) -> None:
    document, late = chair.document, chair.late
    row = next(row for row in document["entries"] if row["id"] == late)
    assert "seen before the start, saved after it: not the baseline" in row["marks"]
    assert row["can_be_baseline"]
    assert [one["id"] for one in document["entries"] if one["can_be_baseline"]] == [late]
    assert f"What was seen at 11:02, before the start, was saved after it: {NOTE}" in document["notes"]
    assert chair.rises(chair.infusion, clock.now()) == set()


def test_made_the_baseline_it_holds_everywhere_and_only_since_then(chair: Chair, clock: SetClock) -> None:
    late, before = chair.late, clock.now()
    choice = chair.choose(late)
    infusion, now = chair.infusion, clock.now()
    at = course(infusion, chair.clinic.protocol, now)
    assert {key: reading.value for key, reading in at.baseline.items()} == RESTING
    assert at.conflicts == ()
    assert chair.rises(infusion, now) == {"diastolic"}  # 93 over 66; 154 over 118 is 36
    assert chair.rises(infusion.known_at(before), now) == set()  # as it was known then
    peak = summary(infusion, chair.clinic.protocol, now).extremes_of("systolic")
    assert peak is not None
    assert (peak.baseline, peak.rise) == (118, 36)
    document = chair.document
    words = (
        "Baseline made of what was seen 4 min before the start, "
        "SYS 118, DIA 66, HR 70, SpO₂ 98, RR 14 · a resting value from the waiting room"
    )
    row = next(row for row in document["entries"] if row["id"] == choice.id)
    assert (row["text"], row["author"]) == (words, "Ada Okafor")
    assert f"{words} · Ada Okafor" in document["notes"]
    assert not any(NOTE in note for note in document["notes"])
    assert not any(one["can_be_baseline"] for one in document["entries"])
    pressure = next(one for one in document["care"]["handover"]["lines"] if one["label"] == "Blood pressure")
    assert pressure["text"].startswith("baseline 118/66")
    reviewed = review_document(chair.clinic, chair.names.infusion)
    assert any(words in line.text for moment in reviewed["review"]["highlights"] for line in moment.lines)


def test_taken_back_the_pinned_one_holds_again(chair: Chair, clock: SetClock) -> None:
    choice = chair.choose(chair.late)
    chair.save(entry(clock.wait(minutes=1), "withdrawal", withdraws=choice.id, reason="typed wrongly"))
    assert course(chair.infusion, chair.clinic.protocol, clock.now()).baseline["systolic"].value == 140
    assert chair.rises(chair.infusion, clock.now()) == set()


def test_a_corrected_value_is_the_baseline_as_it_stands(chair: Chair, clock: SetClock) -> None:
    late = chair.late
    seen = next(one.observed_at for one in chair.infusion.entries if one.id == late)
    chair.choose(late)
    right = {**RESTING, "systolic": 112}
    chair.save(entry(seen, readings=right, corrects=late, reason="typed wrongly"))
    assert course(chair.infusion, chair.clinic.protocol, clock.now()).baseline["systolic"].value == 112
    assert chair.rises(chair.infusion, clock.now()) == {"systolic", "diastolic"}


def test_what_cannot_be_the_baseline_is_refused_in_words(chair: Chair, clock: SetClock) -> None:
    after = chair.infusion.entries[-1]
    start = chair.infusion.entries[1]
    at = clock.wait(minutes=1)
    for detail, sentence in (
        ({"of": chair.late}, "Baseline chosen without a reason: expected why."),
        ({"of": after.id, "reason": "x"}, "Baseline seen at minute 10: expected what was seen before the start."),
        ({"of": start.id, "reason": "x"}, "Baseline of an entry without a value: expected one with values."),
        (
            {"of": "nowhere", "reason": "x"},
            "Baseline of an entry that does not stand here: expected a set or rating of this infusion that does.",
        ),
        (
            {"reason": "x"},
            "Baseline of an entry that does not stand here: expected a set or rating of this infusion that does.",
        ),
    ):
        assert chair.try_to_save(event(at, "baseline", **detail)).sentences == (sentence,)


def test_an_older_set_saved_late_is_no_news(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    """Of two sets before the start the later one is the baseline, whenever the earlier one is saved."""
    chair = Chair(clinic, names, clock)
    earlier = clock.wait(minutes=1)
    chair.save(entry(clock.wait(minutes=1)))
    chair.save(event(clock.wait(minutes=1), "start"))
    chair.save(entry(earlier, readings=RESTING) | {"tapped_at": clock.wait(minutes=1).isoformat()})
    assert not any(NOTE in note for note in chair.document["notes"])
    assert chair.document["entries"][-1]["marks"][:1] != ["seen before the start, saved after it: not the baseline"]
