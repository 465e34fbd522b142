"""When something can have been seen: within its infusion, up to the site's bound before the opening, never after."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.clinical.course import course
from monitoring.clinical.flags import flags
from monitoring.clinical.moments import CLOCK_SLIP, is_early, placed, seen_from
from monitoring.clinical.record import Entry, Infusion
from tests.clinical.test_checks import (
    CLOSED,
    INFUSION,
    NOW,
    OPENED,
    PROTOCOL,
    USUAL,
    a_set,
    an_event,
    entry,
    said,
    with_entries,
)

WITHOUT_BOUND = replace(PROTOCOL, schedule=replace(PROTOCOL.schedule, seen_before_opening_minutes=0))
BEFORE = "before this infusion was opened"
WHY = "expected why it is recorded here, or that it was written on paper."


@pytest.mark.parametrize(
    ("new", "sentences"),
    [
        (a_set(USUAL, minute=-1), []),  # as far as clocks may differ
        (a_set(USUAL, minute=-10), [f"Seen 10 min {BEFORE}: {WHY}"]),
        (a_set(USUAL, minute=-10, source="paper"), []),
        (a_set(USUAL, minute=-10, reason="seen in the waiting room"), []),
        (a_set(USUAL, minute=-240, source="paper"), []),
        (a_set(USUAL, minute=-242, source="paper"), [f"Seen 4 h 2 min {BEFORE}: expected up to 4 h 0 min before."]),
        (an_event("start", minute=-3, reason="opened late in an emergency"), []),
        (an_event("note", {"text": "Walked in"}, minute=-3, source="paper"), []),
        (
            entry(kind="withdrawal", withdraws="set", reason="typed wrongly", minute=-3),
            [f"Seen 3 min {BEFORE}: expected a time after that."],
        ),
    ],
)  # fmt: skip
def test_what_was_seen_before_the_opening_is_taken_from_paper_or_with_a_reason(
    new: Entry, sentences: list[str]
) -> None:
    assert said(new, with_entries(a_set(USUAL, id="set", minute=1)), live=True) == sentences


def test_a_version_without_a_bound_takes_nothing_from_before_the_opening() -> None:
    assert seen_from(INFUSION, WITHOUT_BOUND) == OPENED
    assert seen_from(INFUSION, PROTOCOL) == OPENED - timedelta(minutes=240)
    assert is_early(a_set(USUAL, minute=-2), INFUSION)
    assert not is_early(a_set(USUAL, minute=0), INFUSION)


@pytest.mark.parametrize(
    ("minute", "sentences"),
    [
        (18, []),
        (17, []),
        (15, ["Something was seen 2 min after the patient had left by this time: expected a later one."]),
    ],
)
def test_nobody_leaves_before_what_was_seen_of_them(minute: float, sentences: list[str]) -> None:
    """The set of minute 17 stands, and the patient left at minute 18."""
    infusion = with_entries(a_set(USUAL, id="last", minute=17), *CLOSED)
    new = an_event("close", dict(CLOSED[-1].event.detail) if CLOSED[-1].event else {}, minute=minute)
    found = said(replace(new, corrects="left", reason="wrong time"), infusion, live=True)
    assert [one for one in found if not one.startswith("Patient left, with something missing")] == sentences


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (2, ""),
        (15, ""),
        (17, "Repeat due 17 min later: expected within 15 min after it was promised."),
        (60 * 24 * 365, "Repeat due 8760 h 0 min later: expected within 15 min after it was promised."),
        (-10, "Repeat due 10 min earlier: expected within 15 min after it was promised."),
    ],
)
def test_a_promised_repeat_is_due_soon_or_as_the_site_says(minutes: float, words: str) -> None:
    detail = {"measure": "systolic", "due_at": (OPENED + timedelta(minutes=20 + minutes)).isoformat()}
    promise = an_event("repeat", detail, id="promise", minute=20)
    raised = a_set({"systolic": 190}, id="raised", minute=19)
    assert said(promise, with_entries(raised), live=True) == ([words] if words else [])
    assert said(promise, with_entries(raised)) == []  # out of an outbox it is kept,
    infusion = with_entries(raised, promise)
    at = course(infusion, PROTOCOL, NOW)
    flag = next(one for one in flags(infusion, PROTOCOL, NOW, at).flags if one.side == "high")
    assert flag.repeat_due_at == OPENED + timedelta(minutes=20 + (2 if words else minutes))  # and due as the site says


INSTANTS = st.integers(-400_000_000, 400_000_000).map(lambda seconds: OPENED + timedelta(seconds=seconds))


@given(INSTANTS, INSTANTS, st.sampled_from([with_entries(), with_entries(a_set(USUAL, id="set", minute=5), *CLOSED)]),
       st.booleans(), st.integers(0, 20))  # fmt: skip
def test_whatever_comes_out_of_an_outbox_is_kept_within_its_infusion(
    seen: datetime, tapped: datetime, infusion: Infusion, corrects: bool, signed_in: int
) -> None:
    corrected = "set" if corrects and infusion.entries else None
    new = replace(
        a_set(USUAL), observed_at=seen, tapped_at=tapped, queued=True, corrects=corrected, reason="wrong time"
    )
    kept = placed(new, infusion, PROTOCOL, OPENED + timedelta(minutes=signed_in), NOW)
    assert seen_from(infusion, PROTOCOL) - CLOCK_SLIP <= kept.observed_at <= NOW + CLOCK_SLIP
    assert OPENED + timedelta(minutes=signed_in) - CLOCK_SLIP <= kept.tapped_at <= NOW + CLOCK_SLIP
    for now_at, given_at, came in (
        (kept.observed_at, kept.observed_given, seen),
        (kept.tapped_at, kept.tapped_given, tapped),
    ):
        assert came == (now_at if given_at is None else given_at)  # nothing that came is lost
    if corrected:
        assert kept.observed_at <= OPENED + timedelta(minutes=18)
    judged = replace(new, observed_at=kept.observed_at, tapped_at=kept.tapped_at)
    assert said(judged, infusion) == []  # and it is not refused
