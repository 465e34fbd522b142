"""Entries: saved once, read back as they were given, refused in words."""

from __future__ import annotations

import math
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.clinical.record import Acknowledgement, Entry, Event, NotDone, Reading
from monitoring.records import EntryClash, NewEntry, Saved, Store, StoreRefused
from monitoring.records.loading import load_infusion
from monitoring.records.verify import verify
from tests.records.ward import Ward, fill, seen


def test_an_entry_gets_its_place_its_time_and_its_authors_name(ward: Ward) -> None:
    ward.opened("one")
    draft = ward.draft("a")
    ward.clock.forward(seconds=3)
    saved = ward.store.add_entry("one", draft)
    assert saved == Saved(
        Entry(
            id="a",
            seq=1,
            kind="set",
            observed_at=draft.observed_at,
            tapped_at=draft.tapped_at,
            recorded_at=ward.clock.now(),
            author=ward.nurse.id,
            author_name="Nora Nuss",
            readings=draft.readings,
        ),
        again=False,
    )
    infusion = ward.store.infusion("one")
    assert infusion is not None
    assert infusion.entries == (saved.entry,)


def test_what_is_kept_in_memory_equals_what_is_in_the_file(ward: Ward) -> None:
    fill(ward)
    kept = [ward.store.infusion(id) for id in ("first", "second")]
    store = ward.reopen()
    assert kept == [store.infusion(id) for id in ("first", "second")]
    assert kept[0] is not None
    assert [entry.seq for entry in kept[0].entries] == [1, 2, 3, 4, 5, 6, 7]
    last = kept[0].entries[-1]
    assert (last.amendment, last.source, last.linked) == ("late entry", "paper", "second-1")


def test_the_same_entry_twice_is_one_entry(ward: Ward) -> None:
    ward.opened("one")
    draft = ward.draft("a")
    first = ward.store.add_entry("one", draft)
    ward.clock.forward(minutes=5)
    assert ward.store.add_entry("one", draft) == Saved(first.entry, again=True)
    ward.reopen()
    assert ward.store.add_entry("one", draft) == Saved(first.entry, again=True)
    infusion = ward.store.infusion("one")
    assert infusion is not None
    assert len(infusion.entries) == 1


@pytest.mark.parametrize(
    "travelled",
    [{"queued": True}, {"other_sign_in": True}, {"after_signing": True}, {"clock": "device"}],
    ids=lambda travelled: next(iter(travelled)),
)
def test_how_an_entry_travelled_does_not_make_it_another(ward: Ward, travelled: dict[str, Any]) -> None:
    ward.opened("one")
    draft = ward.draft("a")
    ward.store.add_entry("one", draft)
    assert ward.store.add_entry("one", replace(draft, **travelled)).again


def test_the_baseline_a_start_pins_does_not_make_it_another(ward: Ward) -> None:
    ward.opened("one")
    start = ward.draft("s", event=Event("start", {"baseline": {"systolic": "a/systolic"}}))
    ward.store.add_entry("one", start)
    later = replace(start, event=Event("start", {"baseline": {"systolic": "b/systolic"}}))
    assert ward.store.add_entry("one", later).again
    with pytest.raises(EntryClash):
        ward.store.add_entry("one", replace(start, event=Event("start", {"baseline": {}, "pump": "2"})))


OTHER: list[dict[str, Any]] = [
    {"readings": (Reading("a/systolic", "systolic", 129), Reading("a/spo2", "spo2", 97))},
    {"readings": (Reading("a/systolic", "systolic", 128),)},
    {"readings": (Reading("a/systolic", "systolic", 128), Reading("a/spo2", "spo2", 97, confirmed_unusual=True))},
    {"not_done": (NotDone("pulse", "asleep"),)},
    {"reason": "other"},
    {"observed_at": datetime(2026, 3, 2, 8, 59, tzinfo=UTC)},
    {"kind": "observation"},
    {"event": Event("note", {"text": "x"})},
]


@pytest.mark.parametrize("other", OTHER, ids=lambda other: str(other)[:40])
def test_the_same_id_with_other_content_is_a_clash(ward: Ward, other: dict[str, Any]) -> None:
    ward.opened("one")
    draft = ward.draft("a")
    ward.store.add_entry("one", draft)
    with pytest.raises(EntryClash, match="says something else"):
        ward.store.add_entry("one", replace(draft, **other))
    infusion = ward.store.infusion("one")
    assert infusion is not None
    assert len(infusion.entries) == 1


def test_the_same_id_in_another_infusion_or_by_another_author_is_a_clash(ward: Ward) -> None:
    ward.opened("one")
    ward.opened("two", patient=1, chair="chair-2")
    draft = ward.draft("a")
    ward.store.add_entry("one", draft)
    with pytest.raises(EntryClash, match="another infusion"):
        ward.store.add_entry("two", draft)
    with pytest.raises(EntryClash):
        ward.store.add_entry("one", replace(draft, author=ward.other_nurse.id))


def test_threads_that_post_the_same_entries_store_each_once(ward: Ward) -> None:
    ward.opened("one")
    drafts = [ward.draft(f"e{number}") for number in range(12)]
    together = threading.Barrier(6)

    def post(_: int) -> list[bool]:
        together.wait()
        return [ward.store.add_entry("one", draft).again for draft in drafts]

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(post, range(6)))
    for number in range(12):
        assert [answer[number] for answer in answers].count(False) == 1
    infusion = ward.store.infusion("one")
    assert infusion is not None
    assert [entry.seq for entry in infusion.entries] == list(range(1, 13))
    assert infusion == ward.reopen().infusion("one")
    assert verify(ward.url) == []


def test_threads_on_two_infusions_while_others_read(ward: Ward) -> None:
    ward.opened("one")
    ward.opened("two", patient=1, chair="chair-2")
    drafts = {id: [ward.draft(f"{id}-{number}") for number in range(25)] for id in ("one", "two")}
    ended = threading.Event()

    def post(id: str) -> None:
        for draft in drafts[id]:
            ward.store.add_entry(id, draft)

    def read(id: str) -> list[int]:
        lengths = []
        while not ended.is_set():
            ward.store._kept.clear()  # so that loading from the file races with the writes
            infusion = ward.store.infusion(id)
            assert infusion is not None
            assert [entry.seq for entry in infusion.entries] == list(range(1, len(infusion.entries) + 1))
            lengths.append(len(infusion.entries))
        return lengths

    with ThreadPoolExecutor(4) as threads:
        readers = [threads.submit(read, id) for id in ("one", "two")]
        for writer in [threads.submit(post, id) for id in ("one", "two")]:
            writer.result()
        ended.set()
        for reader in readers:
            lengths = reader.result()
            assert lengths == sorted(lengths)
    for id in ("one", "two"):
        assert [e.id for e in (ward.store.infusion(id) or pytest.fail("gone")).entries] == [d.id for d in drafts[id]]
    assert verify(ward.url) == []


def test_what_was_loaded_while_an_entry_was_saved_is_not_kept(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen loads the infusion; before it has it in hand, a tablet saves an entry."""
    ward.opened("one")
    ward.store._kept.clear()

    def load_slowly(*found: Any) -> Any:
        monkeypatch.undo()
        loaded = load_infusion(*found)
        ward.add("one", "meanwhile")
        return loaded

    monkeypatch.setattr("monitoring.records.store.load_infusion", load_slowly)
    assert (ward.store.infusion("one") or pytest.fail("gone")).entries == ()
    assert [entry.id for entry in (ward.store.infusion("one") or pytest.fail("gone")).entries] == ["meanwhile"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"author": "nobody"}, "author"),
    ({"author": ""}, "author"),
    ({"corrects": "none"}, "correct or withdraw"),
    ({"withdraws": "none", "kind": "withdrawal"}, "correct or withdraw"),
    ({"readings": (Reading("b/systolic", "systolic", 128),)}, "expected the id a/systolic"),
    ({"readings": (Reading("a/p", "p", 1), Reading("a/p", "p", 2))}, "twice"),
    ({"readings": (Reading("a/p", "p", 1),), "not_done": (NotDone("p", "asleep"),)}, "twice"),
    ({"readings": (Reading("a/p", "p", math.nan),)}, "cannot be stored"),
    ({"readings": (Reading("a/p", "p", math.inf),)}, "cannot be stored"),
    ({"reason": "half a pair \ud83d"}, "cannot be stored"),
    ({"event": Event("note", {"text": "\udc00"})}, "cannot be stored"),
    ({"event": Event("note", {"text": {1, 2}})}, "cannot be stored"),
    ({"event": Event("dance")}, "expected one of start"),  # type: ignore[arg-type]
    ({"event": Event("move", {"chair": "chair-9"})}, "chair is not known"),
    ({"event": Event("move", {})}, "chair is not known"),
]


@pytest.mark.parametrize(("parts", "sentence"), REFUSED, ids=lambda found: str(found)[:50])
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(ward: Ward, parts: dict[str, Any], sentence: str) -> None:
    ward.opened("one")
    with pytest.raises(StoreRefused, match=sentence):
        ward.add("one", "a", **parts)
    assert not ward.add("one", "a").again
    assert verify(ward.url) == []


def test_an_entry_for_an_infusion_that_is_not_here_is_refused(ward: Ward) -> None:
    with pytest.raises(StoreRefused, match="not stored here"):
        ward.add("none")


def test_a_correction_names_an_entry_of_its_own_infusion(ward: Ward) -> None:
    ward.opened("one")
    ward.opened("two", patient=1, chair="chair-2")
    ward.add("one", "a")
    with pytest.raises(StoreRefused, match="not stored in this infusion"):
        ward.add("two", "b", corrects="a", reason="typed wrong")
    assert ward.add("one", "b", corrects="a", reason="typed wrong").entry.corrects == "a"


def test_a_naive_time_is_a_programming_error(ward: Ward) -> None:
    ward.opened("one")
    with pytest.raises(ValueError, match="no time zone"):
        ward.add("one", observed_at=datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001
    assert not ward.add("one").again


def test_another_zone_is_turned_to_utc(ward: Ward) -> None:
    ward.opened("one")
    zone = timezone(timedelta(hours=5, minutes=45))
    saved = ward.add("one", observed_at=datetime(2026, 3, 2, 14, 45, tzinfo=zone))
    assert saved.entry.observed_at.isoformat() == "2026-03-02T09:00:00+00:00"


def test_subscribers_hear_of_each_commit_once_and_of_nothing_else(ward: Ward) -> None:
    ward.opened("one")
    heard: list[tuple[str, str]] = []
    unsubscribe = ward.store.subscribe(lambda kind, id: heard.append((kind, id)))
    draft = ward.draft()
    ward.store.add_entry("one", draft)
    assert heard == [("infusion", "one")]
    ward.store.add_entry("one", draft)
    with pytest.raises(StoreRefused):
        ward.add("one", author="nobody")
    assert heard == [("infusion", "one")]
    unsubscribe()
    ward.add("one")
    assert heard == [("infusion", "one")]


def test_a_subscriber_reads_what_was_saved_and_its_failure_breaks_nothing(ward: Ward) -> None:
    ward.opened("one")
    lengths: list[int] = []

    def look(_kind: str, id: str) -> None:
        lengths.append(len((ward.store.infusion(id) or pytest.fail("gone")).entries))
        raise RuntimeError("a screen broke")

    ward.store.subscribe(look)
    ward.store.subscribe(lambda _kind, _id: lengths.append(-1))
    assert not ward.add("one").again
    assert lengths == [1, -1]


def test_an_earlier_try_is_answered_again_however_full_the_infusion_is(ward: Ward) -> None:
    ward.opened("one")
    draft = ward.draft("a")
    ward.store.add_entry("one", draft)
    ward.happen("one", "start", "end", "close")
    assert ward.store.add_entry("one", draft).again


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
NUMBER = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**6), 10**6).map(float)
INSTANT = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MEASURES = st.lists(st.text("abcdefghijklmnop_", min_size=1, max_size=8), unique=True, max_size=5)
DETAIL = st.dictionaries(
    TEXT,
    st.recursive(
        TEXT | NUMBER | st.booleans() | st.none() | st.integers(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


@st.composite
def drafts(draw: st.DrawFn, infusion: str, author: str) -> NewEntry:
    id = f"{infusion}-{draw(st.uuids())}"
    measures = draw(MEASURES)
    cut = draw(st.integers(0, len(measures)))
    return NewEntry(
        id=id,
        kind="event",
        observed_at=draw(INSTANT),
        tapped_at=draw(INSTANT),
        author=author,
        readings=tuple(
            Reading(f"{id}/{measure}", measure, draw(NUMBER), draw(st.booleans()), draw(st.booleans()))
            for measure in measures[:cut]
        ),
        not_done=tuple(NotDone(measure, draw(TEXT)) for measure in measures[cut:]),
        event=draw(st.none() | st.builds(Event, st.sampled_from(["note", "effect", "pause"]), DETAIL)),
        acknowledgement=draw(
            st.none()
            | st.builds(Acknowledgement, TEXT, TEXT, TEXT, TEXT, TEXT, st.lists(TEXT, max_size=3).map(tuple), TEXT)
        ),
        reason=draw(TEXT),
        clock=draw(st.sampled_from(["server", "device"])),
        queued=draw(st.booleans()),
        sign_in=draw(TEXT),
        other_sign_in=draw(st.booleans()),
        after_signing=draw(st.booleans()),
    )


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_anything_that_can_be_written_reads_back_the_same_and_keeps_its_hash(ward: Ward, data: st.DataObject) -> None:
    id = f"infusion-{next(ward.count)}"
    if (taken := ward.store.open_infusions()) and taken[0].chair == "chair-1":
        ward.happen(taken[0].id, "cancel")
    ward.opened(id)
    given_ones = data.draw(st.lists(drafts(id, ward.nurse.id), min_size=1, max_size=8, unique_by=lambda one: one.id))
    for draft in given_ones:
        saved = ward.store.add_entry(id, draft).entry
        for field in fields(NewEntry):
            assert getattr(saved, field.name) == getattr(draft, field.name), field.name
        assert ward.store.add_entry(id, draft).again
    kept = ward.store.infusion(id)
    ward.store._kept.clear()
    assert ward.store.infusion(id) == kept
    assert verify(ward.url) == []


def test_many_writes_in_one_transaction_are_as_good_as_one_by_one(demonstration: Ward) -> None:
    ward = demonstration
    heard: list[tuple[str, str]] = []
    ward.store.subscribe(lambda kind, id: heard.append((kind, id)))
    with ward.store.bulk() as store:
        ward.opened("one", at=datetime(2026, 1, 5, 9, 0, tzinfo=UTC))
        for number in range(30):
            at = datetime(2026, 1, 5, 9, number, tzinfo=UTC)
            store.add_entry("one", ward.draft(f"e{number}", observed_at=at, tapped_at=at), at=at)
        assert store.add_entry("one", ward.draft("e7", observed_at=datetime(2026, 1, 5, 9, 7, tzinfo=UTC))).again
        inside = store.infusion("one")
        assert len(inside.entries if inside else ()) == 30
        assert heard == []
    assert heard == [("board", ""), ("infusion", "one")]
    kept = ward.store.infusion("one")
    assert kept == inside == ward.reopen().infusion("one")
    assert kept is not None
    assert kept.entries[7].recorded_at == datetime(2026, 1, 5, 9, 7, tzinfo=UTC)
    assert verify(ward.url) == []


def test_many_writes_in_one_transaction_are_undone_together(ward: Ward) -> None:
    ward.opened("one")
    ward.add("one", "kept")
    before = ward.store.infusion("one")

    def write_and_fail(store: Store) -> None:
        with store.bulk():
            ward.happen("one", "start", "end", "close")
            ward.opened("two", patient=1)
            raise RuntimeError("the generator broke")

    with pytest.raises(RuntimeError, match="broke"):
        write_and_fail(ward.store)
    assert ward.store.infusion("one") == before
    assert ward.store.infusion("two") is None
    assert [infusion.id for infusion in ward.store.open_infusions()] == ["one"]
    assert not ward.add("one", "after").again
    assert verify(ward.url) == []


def test_only_a_demonstration_gives_times(ward: Ward, demonstration: Ward) -> None:
    ward.opened("one")
    with pytest.raises(StoreRefused, match="Only a demonstration"):
        ward.store.add_entry("one", ward.draft(), at=ward.clock.now())
    demonstration.opened("one", at=demonstration.clock.now() - timedelta(days=3))
    found = demonstration.store.infusion("one")
    assert found is not None
    assert found.opened_at == datetime(2026, 2, 27, 9, 0, tzinfo=UTC)


def test_the_acknowledgement_holds_what_it_saw(ward: Ward) -> None:
    ward.opened("one")
    ward.add("one", "one-1")
    saved = ward.add("one", kind="acknowledgement", acknowledgement=seen("one"))
    assert saved.entry.acknowledgement == seen("one")
    infusion = ward.reopen().infusion("one")
    assert infusion is not None
    assert infusion.entries[-1].acknowledgement == seen("one")


def test_a_move_told_after_the_patient_left_is_kept_whoever_sits_there_now(ward: Ward) -> None:
    ward.opened("one")
    ward.happen("one", "start", "end", "close")
    ward.opened("two", patient=1, chair="chair-2")
    late = ward.add("one", "late", event=Event("move", {"chair": "chair-2"}), amendment="late entry")
    assert not late.again
    with pytest.raises(StoreRefused, match="Chair 2 is taken"):
        ward.opened("three", patient=2, chair="chair-2")
    ward.opened("three", patient=2, chair="chair-1")
    with pytest.raises(StoreRefused, match="Chair 2 is taken"):
        ward.add("three", event=Event("move", {"chair": "chair-2"}))
