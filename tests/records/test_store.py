"""The clinic, its people and devices, patients, protocol versions, chairs and infusions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from monitoring.clinical.course import outlined
from monitoring.clinical.record import Event, Signature
from monitoring.records import Chair, EntryClash, Series, Staff, Store, StoreRefused
from monitoring.records.verify import verify
from tests.records.ward import HeldClock, Ward, protocol, score


def test_chairs_and_protocols_are_asked_of_the_file_once_after_each_write(ward: Ward) -> None:
    """Every document of every screen names them."""
    store = ward.reopen()

    def named() -> tuple[object, ...]:
        return store.chairs(), store.current_protocol(), store.stored_protocol(ward.protocol)

    before = named()
    with patch.object(store._database, "read", side_effect=AssertionError("the file was asked")):
        assert named() == before
    approved = store.approve_protocol(ward.protocol, ward.clinician.id)
    assert named() == (before[0], approved, approved)
    newer = store.store_protocol(protocol("another text"), ward.administrator.id)
    assert named() == (before[0], newer, approved)


def test_what_is_kept_in_memory_is_what_was_committed(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/clinic.db", HeldClock())

    def given_up() -> None:
        with store.bulk():
            store.set_up("Invented", "Europe/Berlin", ["Window"], demonstration=False)
            assert [chair.label for chair in store.chairs()] == ["Window"]
            stored = store.store_protocol(protocol(), "")
            assert store.current_protocol() == stored == store.stored_protocol(stored.hash)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        given_up()
    assert (store.chairs(), store.current_protocol(), store.stored_protocol(protocol().hash)) == ((), None, None)
    with store.bulk():
        assert store.current_protocol() is None
        stored = store.store_protocol(protocol(), "")
    assert store.current_protocol() == stored
    store.close()


def test_a_clinic_is_set_up_once(tmp_path: Path) -> None:
    clock = HeldClock()
    store = Store.open(f"sqlite:///{tmp_path}/clinic.db", clock)
    assert store.clinic() is None
    assert store.chairs() == ()
    made = store.set_up("Invented", "Europe/Berlin", ["Window", " Door "], demonstration=False)
    assert store.clinic() == made
    assert store.chairs() == (Chair("chair-1", "Window", 1), Chair("chair-2", "Door", 2))
    with pytest.raises(StoreRefused, match="set up already"):
        store.set_up("Other", "Europe/Berlin", ["Door"], demonstration=True)
    assert store.clinic() == made
    store.close()


@pytest.mark.parametrize(
    ("name", "zone", "chairs", "sentence"),
    [
        (" ", "Europe/Berlin", ["1"], "needs a name"),
        ("Invented", "Berlin", ["1"], "Time zone 'Berlin' is unknown"),
        ("Invented", "../etc/passwd", ["1"], "is unknown"),
        ("Invented", "Europe/Berlin", [], "Chairs: expected at least one"),
        ("Invented", "Europe/Berlin", ["1", ""], "Chairs: expected at least one"),
        ("Invented", "Europe/Berlin", ["a", "A"], "each with a name of its own"),
    ],
)
def test_a_wrong_clinic_is_refused(tmp_path: Path, name: str, zone: str, chairs: list[str], sentence: str) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/clinic.db", HeldClock())
    with pytest.raises(StoreRefused, match=sentence):
        store.set_up(name, zone, chairs, demonstration=False)
    assert store.clinic() is None
    store.close()


def test_staff_come_and_go_and_what_they_wrote_keeps_their_name(ward: Ward) -> None:
    ward.opened("one")
    ward.add("one", "a")
    assert [person.name for person in ward.store.staff()] == ["Ada Amsel", "Clara Clemens", "Nils Nagel", "Nora Nuss"]
    ward.store.remove_staff(ward.nurse.id, ward.administrator.id)
    ward.store.remove_staff(ward.nurse.id, ward.administrator.id)
    assert ward.nurse not in ward.store.staff()
    assert ward.store.staff_member(ward.nurse.id) == ward.nurse
    infusion = ward.reopen().infusion("one")
    assert infusion is not None
    assert infusion.entries[0].author_name == "Nora Nuss"
    with pytest.raises(StoreRefused, match="not known here"):
        ward.store.remove_staff("nobody", ward.administrator.id)
    with pytest.raises(StoreRefused, match="expected nurse, clinician, administrator"):
        ward.store.add_staff("Max Muster", "surgeon", None, "")
    assert verify(ward.url) == []


def test_the_latest_pin_holds(ward: Ward) -> None:
    assert ward.store.pin_hash(ward.nurse.id) is None
    for given in ("first", "second"):
        ward.store.set_pin(ward.nurse.id, given, ward.administrator.id)
        assert ward.store.pin_hash(ward.nurse.id) == given
    ward.store.remove_staff(ward.nurse.id, ward.administrator.id)
    assert ward.store.pin_hash(ward.nurse.id) is None
    assert ward.store.pin_hash("nobody") is None


def signed_in(ward: Ward, device: str, person: Staff, hours: float = 8) -> str:
    return ward.store.begin_sign_in(device, person.id, ward.clock.now() + timedelta(hours=hours)).id


def test_a_devices_latest_sign_in_counts(ward: Ward) -> None:
    device, other = (ward.store.add_device("tablet", label, ward.administrator.id) for label in ("1", "2"))
    assert ward.store.current_sign_in(device) is None
    first = signed_in(ward, device, ward.nurse)
    assert ward.store.current_sign_in(other) is None
    second = signed_in(ward, device, ward.other_nurse)  # within one instant of the clock
    found = ward.store.current_sign_in(device)
    assert found is not None
    assert (found.id, found.staff, found.wall) == (second, ward.other_nurse, False)
    ward.store.end_sign_in(second, "signed out")
    ward.store.end_sign_in(second, "signed out")
    assert ward.store.current_sign_in(device) is None  # the one before it does not come back
    for id, person in ((first, ward.nurse), (second, ward.other_nurse)):
        ended = ward.store.sign_in(id)
        assert ended is not None
        assert ended.staff == person
    assert ward.store.sign_in("none") is None
    with pytest.raises(StoreRefused, match="sign-in is not known"):
        ward.store.end_sign_in("none", "signed out")


def test_a_sign_in_runs_out_on_the_clinics_clock(ward: Ward) -> None:
    device = ward.store.add_device("tablet", "1", ward.administrator.id)
    id = signed_in(ward, device, ward.nurse, hours=1)
    ward.clock.forward(minutes=59, seconds=59)
    assert ward.store.current_sign_in(device) is not None
    ward.clock.forward(seconds=1)
    assert ward.store.current_sign_in(device) is None
    assert ward.store.sign_in(id) is not None


def test_leaving_ends_every_sign_in_and_says_so_to_its_screens(ward: Ward) -> None:
    devices = [ward.store.add_device("tablet", label, ward.administrator.id) for label in ("1", "2")]
    for device in devices:
        signed_in(ward, device, ward.nurse)
    heard: list[tuple[str, str]] = []
    ward.store.subscribe(lambda kind, id: heard.append((kind, id)))
    ward.store.remove_staff(ward.nurse.id, ward.administrator.id)
    assert {found for found in heard if found[0] == "sign_in"} == {("sign_in", device) for device in devices}
    assert [ward.store.current_sign_in(device) for device in devices] == [None, None]
    with pytest.raises(StoreRefused, match="no longer works here"):
        signed_in(ward, devices[0], ward.nurse)


def test_walls_are_nobodys_and_tablets_are_somebodys(ward: Ward) -> None:
    wall = ward.store.add_device("wall", "Corridor", ward.administrator.id)
    tablet = ward.store.add_device("tablet", "1", ward.administrator.id)
    later = ward.clock.now() + timedelta(days=90)
    assert ward.store.begin_sign_in(wall, None, later).wall
    found = ward.store.current_sign_in(wall)
    assert found is not None
    assert (found.wall, found.staff) == (True, None)
    with pytest.raises(StoreRefused, match="wall screen is nobody's"):
        ward.store.begin_sign_in(wall, ward.nurse.id, later)
    with pytest.raises(StoreRefused, match="wall screen is nobody's"):
        ward.store.begin_sign_in(tablet, None, later)
    with pytest.raises(StoreRefused, match="device is not known"):
        ward.store.begin_sign_in("none", ward.nurse.id, later)
    with pytest.raises(StoreRefused, match="expected tablet or wall"):
        ward.store.add_device("phone", "", "")
    with pytest.raises(StoreRefused, match="enrolled already"):
        ward.store.add_device("tablet", "", "", id=tablet)
    device = ward.store.device(wall)
    assert device is not None
    assert (device.kind, device.label, device.enrolled_by) == ("wall", "Corridor", ward.administrator.id)
    assert ward.store.device("none") is None


def test_the_version_stored_last_is_current_and_approved_by_two_with_a_clinician(ward: Ward) -> None:
    store = ward.store
    first = store.current_protocol()
    assert first is not None
    assert first == store.store_protocol(protocol(), "")  # the same text is the same version
    assert not first.approved
    assert not store.approve_protocol(first.hash, ward.clinician.id).approved
    once_more = store.approve_protocol(first.hash, ward.clinician.id)
    assert len(once_more.approvals) == 1
    assert not once_more.approved
    assert store.approve_protocol(first.hash, ward.administrator.id).approved
    second = store.store_protocol(protocol("another text"), ward.administrator.id)
    assert store.current_protocol() == second
    assert not second.approved
    store.approve_protocol(second.hash, ward.nurse.id)
    assert not store.approve_protocol(second.hash, ward.administrator.id).approved  # two people, no clinician
    store = ward.reopen()
    found = store.stored_protocol(first.hash)
    assert found is not None
    assert [(approval.name, approval.role) for approval in found.approvals] == [
        ("Clara Clemens", "clinician"),
        ("Ada Amsel", "administrator"),
    ]
    assert store.stored_protocol("none") is None
    with pytest.raises(StoreRefused, match="not stored here"):
        store.approve_protocol("none", ward.clinician.id)


def test_a_patient_is_registered_once(ward: Ward) -> None:
    details: dict[str, Any] = {"birth_date": date(1990, 1, 2), "sex": "male", "allergies": "", "by": ward.nurse.id}
    patient = ward.store.register_patient(" P-100 ", " Max Muster ", id="p", **details)
    assert (patient.number, patient.name) == ("P-100", "Max Muster")
    assert ward.store.register_patient("P-100", "Max Muster", id="p", **details) == patient
    with pytest.raises(StoreRefused, match="Another patient was registered under this id: number P-100"):
        ward.store.register_patient("P-101", "Max Muster", id="p", **details)
    with pytest.raises(StoreRefused, match="number P-100 is taken"):
        ward.store.register_patient("P-100", "Maria Muster", **details)
    with pytest.raises(StoreRefused, match="needs a number and a name"):
        ward.store.register_patient(" ", "Maria Muster", **details)
    assert ward.store.patient("p") == patient
    assert ward.store.patient("none") is None


def test_corrected_details_hold_everywhere_also_in_open_infusions(ward: Ward) -> None:
    ward.opened("one")
    ward.add("one")
    patient = ward.patients[0]
    heard: list[tuple[str, str]] = []
    ward.store.subscribe(lambda kind, id: heard.append((kind, id)))
    corrected = ward.store.correct_patient(patient.id, "Petra Probst", date(1981, 3, 4), "female", "latex", "")
    assert corrected.number == patient.number
    infusion = ward.store.infusion("one")
    assert infusion is not None
    assert infusion.patient == corrected == ward.store.patient(patient.id)
    assert heard == [("patient", patient.id), ("infusion", "one")]
    heard.clear()
    ward.store.correct_patient(patient.id, "Petra Probst", date(1981, 3, 4), "female", "latex", "")
    assert heard == []
    with ward.store.bulk():  # also before the transaction ends
        ward.store.correct_patient(patient.id, "Petra Probe", date(1981, 3, 4), "female", "latex", "")
        inside = ward.store.infusion("one")
        assert inside is not None
        assert inside.patient.name == "Petra Probe"
        assert ward.add("one").entry.seq == 2
    infusion = ward.reopen().infusion("one")
    assert infusion is not None
    assert (infusion.patient.name, len(infusion.entries)) == ("Petra Probe", 2)
    assert verify(ward.url) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", ["P-003", "P-002", "P-001"]),
        ("p-002", ["P-002"]),
        ("probe", ["P-001"]),
        ("probe petra", ["P-001"]),
        ("ÄNNE", ["P-003"]),
        ("öZT", ["P-003"]),
        ("anne ozt", ["P-003"]),
        ("A\N{COMBINING DIAERESIS}nne", ["P-003"]),
        ("p", ["P-003", "P-002", "P-001"]),
        ("%", []),
        ("_", []),
        ("nobody", []),
    ],
)
def test_patients_are_found_by_number_or_name(ward: Ward, text: str, numbers: list[str]) -> None:
    assert sorted(patient.number for patient in ward.store.find_patients(text)) == sorted(numbers)
    if not text:
        assert [patient.number for patient in ward.store.find_patients(text)] == numbers  # latest registered first


def test_an_exact_number_comes_first_and_the_list_ends(ward: Ward) -> None:
    ward.store.register_patient("2", "Zoe Letzte", date(1990, 1, 1), "female", "", "")
    ward.store.register_patient("12", "Anna Erste", date(1990, 1, 1), "female", "", "")
    assert [patient.number for patient in ward.store.find_patients("2")] == ["2", "12", "P-002"]
    assert len(ward.store.find_patients("", limit=2)) == 2


def test_an_exact_number_comes_before_a_birth_date(ward: Ward) -> None:
    ward.store.register_patient("P-101", "Erika Beispiel", date(1981, 5, 14), "female", "", by="")
    ward.store.register_patient("14051981", "Zoe Letzte", date(1990, 1, 1), "female", "", "")
    ward.store.register_patient("140519811", "Anna Erste", date(1990, 1, 1), "female", "", "")
    assert [one.number for one in ward.store.find_patients("14051981")] == ["14051981", "P-101", "140519811"]


def test_a_number_that_begins_so_comes_before_a_birth_date_that_may_be_meant(ward: Ward) -> None:
    ward.store.register_patient("P-101", "Erika Beispiel", date(1981, 4, 26), "female", "", by="")
    ward.store.register_patient("26-04-17", "Zoe Letzte", date(1990, 1, 1), "female", "", "")
    assert [one.number for one in ward.store.find_patients("26-04-1")] == ["26-04-17", "P-101"]
    assert [one.number for one in ward.store.find_patients("26.4.1981")] == ["P-101"]


def test_the_version_of_the_patients_grows_with_each_change(ward: Ward) -> None:
    found = [ward.store.patients_version()]
    one = ward.store.register_patient("P-101", "Erika Beispiel", date(1981, 5, 14), "female", "", by="")
    found.append(ward.store.patients_version())
    ward.store.correct_patient(one.id, "Erika Muster", date(1981, 5, 14), "female", "", by="")
    found.append(ward.store.patients_version())
    assert found == sorted(set(found))
    ward.store.open_series(one.id, 6, ward.nurse.id)
    assert ward.store.patients_version() == found[-1]


def test_series_are_numbered(ward: Ward) -> None:
    patient = ward.patients[0].id
    first = ward.store.open_series(patient, 6, ward.nurse.id, id="s")
    assert first == Series("s", patient, 1, 6, ward.clock.now())
    assert ward.store.open_series(patient, 6, ward.nurse.id, id="s") == first
    second = ward.store.open_series(patient, 1, ward.nurse.id)
    assert second.number == 2
    assert ward.store.series_of(patient) == (first, second)
    with pytest.raises(StoreRefused, match="at least one"):
        ward.store.open_series(patient, 0, "")
    with pytest.raises(StoreRefused, match="not registered"):
        ward.store.open_series("none", 6, "")


def test_the_same_infusion_twice_is_one_infusion(ward: Ward) -> None:
    made = ward.opened("one")
    assert (made.opened_by_name, made.planned_infusions, made.dose_mg, made.entries) == ("Nora Nuss", 6, 35.25, ())
    ward.add("one")
    again = ward.opened("one")
    assert len(again.entries) == 1
    assert ward.store.infusions_of(ward.patients[0].id) == ("one",)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"patient_id": "none"}, "not registered"),
        ({"series_id": "none"}, "no such series"),
        ({"protocol": "none"}, "not stored here"),
        ({"chair": "none"}, "chair is not known"),
    ],
)
def test_an_infusion_rests_on_what_is_stored(ward: Ward, wrong: dict[str, str], sentence: str) -> None:
    from dataclasses import replace

    whole = ward.store.open_infusion
    with (
        patch.object(ward.store, "open_infusion", lambda new, by: whole(replace(new, **wrong), by)),
        pytest.raises(StoreRefused, match=sentence),
    ):
        ward.opened("one")
    assert ward.store.infusion("one") is None


def test_a_chair_holds_one_infusion_until_it_is_left(ward: Ward) -> None:
    ward.opened("one")
    with pytest.raises(StoreRefused, match=r"^Chair 1 is taken: expected a free chair\.$"):
        ward.opened("two", patient=1)
    ward.happen("one", "start", "end")
    with pytest.raises(StoreRefused, match="is taken"):
        ward.opened("two", patient=1)
    ward.happen("one", "close")
    ward.opened("two", patient=1)
    ward.happen("two", "cancel")
    ward.opened("three", patient=2)
    assert [infusion.id for infusion in ward.store.open_infusions()] == ["three"]
    assert [infusion.id for infusion in ward.reopen().open_infusions()] == ["three"]


def test_a_live_move_needs_a_free_chair_and_a_queued_one_has_happened(ward: Ward) -> None:
    ward.opened("one")
    ward.opened("two", patient=1, chair="chair-2")
    move = Event("move", {"chair": "chair-2"})
    with pytest.raises(StoreRefused, match=r"^Chair 2 is taken: expected a free chair\.$"):
        ward.add("one", event=move)
    ward.happen("one", "move", chair="chair-3")
    ward.opened("three", patient=2, chair="chair-1")
    with pytest.raises(StoreRefused, match="Chair 3 is taken"):
        ward.add("three", event=Event("move", {"chair": "chair-3"}))
    ward.happen("one", "move", chair="chair-3")  # to where it is already
    assert ward.add("one", "q", event=move, queued=True).entry.queued
    assert not ward.add("one", event=Event("move", {"chair": "chair-9"}), queued=True).again
    assert ward.add("one", withdraws="q", kind="withdrawal", reason="wrong chair").entry.seq == 5


@pytest.mark.parametrize("withdrawn", ["close", "move"])
def test_a_withdrawn_event_has_not_happened(ward: Ward, withdrawn: str) -> None:
    ward.opened("one")
    ward.happen("one", "start", "end")
    gone = ward.happen("one", withdrawn, chair="chair-2")[0].entry.id
    ward.add("one", withdraws=gone, kind="withdrawal", reason="wrong infusion")
    for store in (ward.store, ward.reopen()):
        assert [infusion.id for infusion in store.open_infusions()] == ["one"]
    with pytest.raises(StoreRefused, match="Chair 1 is taken"):
        ward.opened("two", patient=1)


def test_a_closing_that_does_not_fit_leaves_the_infusion_open(ward: Ward) -> None:
    ward.opened("one")
    ward.happen("one", "start", "close")
    for store in (ward.store, ward.reopen()):
        assert [infusion.id for infusion in store.open_infusions()] == ["one"]


@pytest.mark.parametrize(
    "kinds",
    [
        ["start", "pause", "resume", "rate", "end", "close"],
        ["start", "stop", "close", "note"],
        ["cancel"],
        ["start", "cancel"],
        ["end", "close"],
        ["start", "pause", "end", "effect", "close", "start"],
        ["start", "pause", "pause", "resume", "resume"],
        ["start", "stop", "end", "cancel"],
    ],
)
def test_what_is_open_at_start_up_is_what_the_course_says(ward: Ward, kinds: list[str]) -> None:
    ward.opened("one")
    ward.happen("one", *kinds)
    infusion = ward.store.infusion("one")
    assert infusion is not None
    expected = set() if outlined(infusion).phase in ("closed", "cancelled") else {"one"}
    assert {one.id for one in ward.store.open_infusions()} == expected
    assert {one.id for one in ward.reopen().open_infusions()} == expected


def test_more_infusions_than_are_kept_in_memory(demonstration: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitoring.records import store

    monkeypatch.setattr(store, "KEPT_INFUSIONS", 3)
    ward = demonstration
    for number in range(8):
        ward.opened(f"i{number}")
        ward.happen(f"i{number}", "cancel")
    assert len(ward.store._kept) == 3
    assert [len((ward.store.infusion(f"i{number}") or pytest.fail("gone")).entries) for number in range(8)] == [1] * 8
    assert len(ward.store._kept) == 3


def test_views_are_kept(ward: Ward) -> None:
    ward.opened("one")
    ward.store.add_view(ward.nurse.id, "one", "bedside")
    ward.store.add_view("", "one", "wall")
    assert verify(ward.url) == []


# What a series is for, and its scores


def series_of(ward: Ward) -> str:
    ward.opened("one")
    [series] = ward.store.series_of(ward.patients[0].id)
    return series.id


def test_the_latest_description_of_a_series_holds_everywhere(ward: Ward) -> None:
    series = series_of(ward)
    heard: list[tuple[str, str]] = []
    ward.store.subscribe(lambda *what: heard.append(what))
    assert ward.store.series_details(series) is None
    ward.store.describe_series(series, 6, "depression", "Clara Clemens", ward.nurse.id)
    assert heard == [("series", series)]
    heard.clear()
    described = ward.store.describe_series(series, 8, " depression ", "Clara Clemens", ward.nurse.id)
    assert heard == [("series", series), ("infusion", "one")]
    assert ward.store.describe_series(series, 8, "depression", "Clara Clemens", ward.clinician.id) == described
    for store in (ward.store, ward.reopen()):
        assert store.series_details(series) == described
        assert (described.planned_infusions, described.indication, described.recorded_by_name) == (
            8,
            "depression",
            "Nora Nuss",
        )
        assert [one.planned_infusions for one in store.series_of(ward.patients[0].id)] == [8]
        infusion = store.infusion("one")
        assert infusion is not None
        assert infusion.planned_infusions == 8
    for series_id, planned, words in (("none", 6, "not known"), (series, 0, "at least one")):
        with pytest.raises(StoreRefused, match=words):
            ward.store.describe_series(series_id, planned, "", "", ward.nurse.id)
    assert verify(ward.url) == []


def test_scores_are_corrected_and_withdrawn_and_stay(ward: Ward) -> None:
    series = series_of(ward)
    store, nurse = ward.store, ward.nurse.id
    first = store.add_score(score(series), nurse)
    assert (first.total, first.items and first.items["item_9"], first.stands, first.told) == (11, 3, True, ())
    assert store.add_score(score(series), nurse) == first
    with pytest.raises(EntryClash, match="says something else"):
        store.add_score(score(series, total=12), nurse)
    told = store.tell_of_score("phq-9", "Clara Clemens", ward.clock.now(), nurse)
    assert store.tell_of_score("phq-9", "Clara Clemens", ward.clock.now(), nurse) == told
    assert [(one.whom, one.told_at) for one in told.told] == [("Clara Clemens", ward.clock.now())]
    right = store.add_score(score(series, "right", total=10, corrects="phq-9", reason="typed wrongly"), nurse)
    assert (right.stands, right.told) == (True, ()), "nobody was told of what it says now"
    with pytest.raises(StoreRefused, match="does not stand"):
        store.add_score(score(series, "other", corrects="phq-9", reason="typed wrongly"), nurse)
    gone = score(series, "gone", total=None, items=None, withdraws="right", reason="wrong patient")
    store.add_score(gone, nurse)
    for now in (store, ward.reopen()):
        assert [(one.id, one.stands) for one in now.scores_of(series)] == [
            ("phq-9", False),
            ("right", False),
            ("gone", False),
        ]
        assert now.score("phq-9") == replace(told, stands=False)
        assert now.score("nowhere") is None
    with pytest.raises(StoreRefused, match="does not stand"):
        ward.store.add_score(score(series, "more", total=None, withdraws="gone", reason="x"), nurse)
    with pytest.raises(StoreRefused, match="not stored"):
        ward.store.tell_of_score("nowhere", "Clara Clemens", ward.clock.now(), nurse)
    with pytest.raises(StoreRefused, match="series is not known"):
        ward.store.add_score(score("nowhere", "lost"), nurse)
    other = ward.store.open_series(ward.patients[0].id, 3, nurse)
    with pytest.raises(EntryClash, match="in another series"):
        ward.store.add_score(score(other.id), nurse)
    assert verify(ward.url) == []


# Who proved who they are


def test_an_attestation_is_kept_for_an_entry_that_is_still_to_come(ward: Ward) -> None:
    ward.opened("one")
    device = ward.store.add_device("tablet", "", "")
    kept = ward.store.add_attestation(device, ward.other_nurse.id, "one", "later", "time-out")
    assert ward.reopen().attestation(kept.id) == kept
    assert (kept.staff, kept.device, kept.infusion, kept.entry) == (ward.other_nurse, device, "one", "later")
    assert kept.signature == Signature(ward.other_nurse.id, "Nils Nagel", "nurse", "time-out", ward.clock.now())
    assert ward.store.attestation("none") is None
    ward.add("one", "there")
    ward.store.remove_staff(ward.other_nurse.id, "")
    for device_id, staff, infusion, entry, words in (
        ("none", ward.nurse.id, "one", "x", "device is not known"),
        (device, "none", "one", "x", "staff is not known"),
        (device, ward.other_nurse.id, "one", "x", "no longer works here"),
        (device, ward.nurse.id, "none", "x", "infusion is not stored"),
        (device, ward.nurse.id, "one", "there", "saved already"),
    ):
        with pytest.raises(StoreRefused, match=words):
            ward.store.add_attestation(device_id, staff, infusion, entry, "time-out")
    assert verify(ward.url) == []


@pytest.mark.parametrize(
    ("born", "numbers"),
    [
        ("14.5.1981", ["P-101"]),
        ("1981-05-14", ["P-101"]),
        ("14051981", ["P-101"]),
        ("14.5.", ["P-101"]),
        ("14/05/19", ["P-101"]),
        ("14 May 198", ["P-101"]),
        ("14.5.1982", []),
        ("5/4/1990", ["P-102"]),
        ("1990-04", ["P-102"]),
    ],
)
def test_patients_are_found_by_the_day_they_were_born(ward: Ward, born: str, numbers: list[str]) -> None:
    ward.store.register_patient("P-101", "Erika Beispiel", date(1981, 5, 14), "female", "", by="")
    ward.store.register_patient("P-102", "Hans Muster", date(1990, 4, 5), "male", "", by="")
    assert [one.number for one in ward.store.find_patients(born)] == numbers


@pytest.mark.parametrize("number", ["p-101", "P–101", "Р-101", "P-1O1", "P-l01"])
def test_a_number_that_cannot_be_told_from_another_is_taken(ward: Ward, number: str) -> None:
    erika = ward.store.register_patient("P-101", "Erika Beispiel", date(1981, 5, 14), "female", "", by="")
    assert ward.store.patient_numbered(number) == erika
    with pytest.raises(StoreRefused, match="cannot be told from P-101, which is taken"):
        ward.store.register_patient(number, "Somebody Else", date(1990, 4, 5), "male", "", by="")


def test_namesakes_are_of_one_name_however_it_is_written_and_of_one_day(ward: Ward) -> None:
    zoe = ward.store.register_patient("P-101", "Zo\u00eb Adler", date(1981, 5, 14), "female", "", by="")
    for name in ("Zoe\u0308 Adler", "zoe adler", "Adler, Zoë"):
        assert ward.store.namesakes(name, date(1981, 5, 14)) == (zoe,)
    assert ward.store.namesakes("Zoë Adler", date(1981, 5, 15)) == ()
    assert ward.store.namesakes("Zoë Adlersen", date(1981, 5, 14)) == ()
