"""What a live screen is given: every value with its age, flags with receipts, and nothing that calls silence fine."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.documents import age_in_years, board_document, infusion_document, initials
from monitoring.documents.known import forget
from tests.small_clinic import QUIET, Names, SetClock, actor, attested, entry, event, open_infusion


def save(clinic: RunningClinic, names: Names, body: dict[str, Any], by: str = "Ada Okafor") -> str:
    who = actor(clinic, by)
    outcome = recording.save_entry(clinic, who, names.infusion, {**body, "sign_in": who.sign_in.id})
    assert outcome.value is not None, outcome.sentences
    return outcome.value.id


def started(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    save(clinic, names, entry(clock.now()))
    save(clinic, names, event(clock.wait(minutes=2), "start"))


def test_a_document_can_be_sent_as_it_is(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    for document in (infusion_document(clinic, names.infusion), board_document(clinic), board_document(clinic, True)):
        assert json.loads(json.dumps(document, allow_nan=False))["type"] == document["type"]


def test_an_unknown_infusion_is_not_found(clinic: RunningClinic) -> None:
    with pytest.raises(LookupError):
        infusion_document(clinic, "nobody")


def test_before_anything_is_recorded_the_screen_says_so(clinic: RunningClinic, names: Names) -> None:
    document = infusion_document(clinic, names.infusion)
    assert document["quiet"] == "No values recorded yet"
    assert {item["text"] for item in document["strip"]} == {""}
    assert document["course"]["word"] == "before start"


def test_the_patient_the_chair_and_the_dose_are_on_it(clinic: RunningClinic, names: Names) -> None:
    document = infusion_document(clinic, names.infusion)
    assert document["who"]["chair"] == "Chair 1"
    assert document["who"]["name"] == "Marta Brandt"
    assert "K-0101" in document["who"]["line"]
    assert "allergies: none known" in document["who"]["line"]
    assert document["infusion"] == {"which": "Infusion 1 of 6", "dose": "0.5 mg/kg in 40 min"}


def test_two_patients_of_the_same_name_are_told_apart(clinic: RunningClinic, names: Names) -> None:
    assert infusion_document(clinic, names.infusion)["notes"] == []
    twin = recording.register_patient(
        clinic,
        actor(clinic, "Ada Okafor"),
        number="K-0999",
        name="marta Brandt",
        birth_date=date(1975, 2, 3),
        sex="female",
    ).value
    assert twin is not None
    other = open_infusion(clinic, actor(clinic, "Ada Okafor"), twin.id, "chair-2")
    assert infusion_document(clinic, names.infusion)["notes"] == [
        "marta Brandt is also the name of the patient at Chair 2: here no. K-0101, there no. K-0999"
    ]
    assert infusion_document(clinic, other)["notes"] == [
        "Marta Brandt is also the name of the patient at Chair 1: here no. K-0999, there no. K-0101"
    ]
    cards = {card["infusion"]: card["name"] for card in board_document(clinic)["cards"] if card["infusion"]}
    assert cards == {names.infusion: "Marta Brandt · no. K-0101", other: "marta Brandt · no. K-0999"}
    wall = [card["name"] for card in board_document(clinic, True)["cards"] if card["infusion"]]
    assert wall == ["M.B.", "M.B."]


def test_allergies_not_recorded_are_not_none_known(clinic: RunningClinic, names: Names) -> None:
    lin = open_infusion(clinic, actor(clinic, "Ada Okafor"), names.patients["Lin Sørensen"], "chair-2")
    assert "allergies not recorded" in infusion_document(clinic, lin)["who"]["line"]


def test_each_value_has_its_time_and_when_it_is_old(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    seen = clock.wait(minutes=10)
    save(clinic, names, entry(seen))
    value = infusion_document(clinic, names.infusion)["values"]["systolic"]
    assert value == {"text": "126", "value": 126, "at": seen.isoformat(), "level": None, "stale_after": 15 * 60}


def test_a_flag_carries_its_receipt_and_can_be_acknowledged_once(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    started(clinic, names, clock)
    save(clinic, names, entry(clock.wait(minutes=10), readings={"systolic": 164}))
    flag = next(one for one in infusion_document(clinic, names.infusion)["flags"] if one["measure"] == "systolic")
    assert flag["headline"] == "Systolic pressure 164 mmHg — at or above 160 (caution)"
    assert "+38 over baseline 126 (+30 %)" in flag["receipt"]
    assert "ketamine-depression 3" in flag["receipt"]
    assert flag["needs_acknowledgement"]
    names_it = {"flag": flag["key"], **{k: flag[k] for k in ("measure", "side", "level", "rule", "seen")}}
    answer = {**names_it, "done": "Seen, watching"}
    save(clinic, names, entry(clock.now(), "acknowledgement", acknowledgement=answer), by="Jonas Lund")
    after = next(one for one in infusion_document(clinic, names.infusion)["flags"] if one["measure"] == "systolic")
    assert not after["needs_acknowledgement"]
    assert after["acknowledged"] == "seen by Jonas Lund: Seen, watching"


def test_an_acknowledged_caution_is_quieter_on_the_board_than_an_open_one(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    started(clinic, names, clock)
    save(clinic, names, entry(clock.wait(minutes=10), readings={"systolic": 164}))
    card = board_document(clinic)["cards"][0]
    assert (card["chair"], card["flags"][0]["needs_acknowledgement"]) == ("Chair 1", True)


def test_without_a_baseline_change_is_said_not_to_be_judged(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    save(clinic, names, event(clock.now(), "start"))
    save(clinic, names, entry(clock.wait(minutes=1)))
    (note,) = infusion_document(clinic, names.infusion)["notes"]
    assert note == "Change from baseline not judged: no baseline of SYS, DIA"


def test_a_corrected_baseline_shows_both_values(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    before = entry(clock.now())
    wrong = save(clinic, names, before)
    save(clinic, names, event(clock.wait(minutes=2), "start"))
    assert infusion_document(clinic, names.infusion)["notes"] == []
    again = entry(clock.wait(minutes=1), readings={**QUIET, "systolic": 136})
    save(clinic, names, {**again, "observed_at": before["observed_at"], "corrects": wrong, "reason": "typed wrongly"})
    assert infusion_document(clinic, names.infusion)["notes"] == ["Baseline SYS 126 corrected to 136"]


def test_a_reason_that_follows_an_event_is_an_addition(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    at = clock.wait(minutes=5)
    pause = save(clinic, names, event(at, "pause"))
    clock.wait(seconds=20)
    why = {**event(at, "pause", reason="distress"), "corrects": pause, "reason": "reason added"}
    save(clinic, names, why)
    document = infusion_document(clinic, names.infusion)
    (row,) = [row for row in document["entries"] if row["id"] in (pause, why["id"])]
    assert [(part["text"], part["struck"]) for part in row["parts"]] == [("Pump paused: distress", False)]
    assert document["course"]["phase"] == "paused"


def test_an_event_that_does_not_fit_asks_to_be_put_right(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    stray = save(clinic, names, {**event(clock.wait(minutes=3), "resume"), "queued": True})
    (conflict,) = infusion_document(clinic, names.infusion)["conflicts"]
    assert conflict["entry"] == stray
    assert "Pump resumed" in conflict["sentence"]


def test_what_the_last_set_lacks_is_said_in_words(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    save(clinic, names, entry(clock.wait(minutes=10), readings={**QUIET, "respiration": 14}))
    assert infusion_document(clinic, names.infusion)["lacking"] == ""
    partial = {measure: value for measure, value in QUIET.items() if measure != "respiration"}
    save(clinic, names, entry(clock.wait(minutes=10), readings=partial))
    assert infusion_document(clinic, names.infusion)["lacking"] == "minute 20 lacks RR"


def test_a_set_stays_overdue_also_when_later_slots_have_come(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    started(clinic, names, clock)
    due = clock.now() + timedelta(minutes=10)
    clock.wait(minutes=28)
    waited = infusion_document(clinic, names.infusion)["next"]
    assert waited == {"at": due.isoformat(), "state": "overdue"}
    assert board_document(clinic)["cards"][0]["next"] == waited


def test_milligrams_go_on_between_two_documents(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    clock.wait(minutes=10)
    course = infusion_document(clinic, names.infusion)["course"]
    assert course["given_mg"] == pytest.approx(9.0)
    assert course["mg_per_minute"] == pytest.approx(0.9)
    save(clinic, names, event(clock.now(), "pause"))
    assert infusion_document(clinic, names.infusion)["course"]["phase"] == "paused"


def test_two_infusions_recorded_at_one_chair_are_both_on_the_board(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    omar = open_infusion(clinic, actor(clinic, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
    who = actor(clinic, "Ada Okafor")
    moved = {**event(clock.now(), "move", chair="chair-1"), "queued": True, "sign_in": who.sign_in.id}
    assert recording.save_entry(clinic, who, omar, moved).done
    board = board_document(clinic)
    held = [card for card in board["cards"] if card["infusion"]]
    assert {card["infusion"] for card in held} == {omar, names.infusion}
    assert all("two infusions recorded here" in card["chair"] for card in held)
    assert board["counts"]["progress"] == 2


def test_a_correction_shows_both_values_and_a_withdrawn_entry_stays(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    started(clinic, names, clock)
    seen = clock.wait(minutes=10)
    wrong = save(clinic, names, entry(seen, readings={"systolic": 214}))
    save(clinic, names, entry(seen, readings={"systolic": 124}, corrects=wrong, reason="typed wrongly"))
    mistaken = save(clinic, names, entry(clock.wait(minutes=1), "observation", readings={"dissociation": 2}))
    save(clinic, names, entry(clock.now(), "withdrawal", withdraws=mistaken, reason="wrong patient"))
    rows = infusion_document(clinic, names.infusion)["entries"]
    corrected = next(row for row in rows if row["marks"] == ["corrected: typed wrongly"])
    assert [(part["text"], part["struck"]) for part in corrected["parts"]] == [("SYS 214", True), ("SYS 124", False)]
    gone = next(row for row in rows if row["id"] == mistaken)
    assert (gone["state"], gone["marks"]) == ("withdrawn", ["withdrawn by Ada Okafor: wrong patient"])


def test_late_entries_and_late_sending_are_told_apart(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    now = clock.wait(minutes=40)
    seen = now.replace(hour=now.hour - 1 if now.minute < 20 else now.hour, minute=(now.minute - 20) % 60)
    late = {**entry(now), "observed_at": seen.isoformat()}
    save(clinic, names, late)
    ada = actor(clinic, "Ada Okafor")
    waited = entry(clock.now(), readings={"systolic": 131}, queued=True, sign_in=ada.sign_in.id)
    clock.wait(minutes=3)
    assert recording.save_entry(clinic, ada, names.infusion, waited).done
    marks = {row["id"]: row["marks"] for row in infusion_document(clinic, names.infusion)["entries"]}
    assert marks[late["id"]] == ["late entry, 20 min after"]
    assert marks[waited["id"]] == ["sent late"]


def test_a_wall_shows_initials_and_no_name(clinic: RunningClinic) -> None:
    wall = json.dumps(board_document(clinic, True), ensure_ascii=False)
    assert "M.B." in wall
    for word in ("Marta", "Brandt", "K-0101"):
        assert word not in wall


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Marta Brandt", "M.B."),
        ("Lin", "L."),
        ("Юлия Ковальчук", "Ю.К."),
        ("王 小明", "王.小."),
        ("", "–"),
        ("=1+1", "–"),
    ],
)
def test_initials(name: str, shown: str) -> None:
    assert initials(name) == shown


@pytest.mark.parametrize(
    ("born", "on", "years"),
    [
        (date(1981, 5, 14), date(2026, 5, 13), 44),
        (date(1981, 5, 14), date(2026, 5, 14), 45),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
    ],
)
def test_age(born: date, on: date, years: int) -> None:
    assert age_in_years(born, on) == years


def test_the_board_puts_the_worst_first_and_free_chairs_last(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    open_infusion(clinic, actor(clinic, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
    started(clinic, names, clock)
    assert [card["chair"] for card in board_document(clinic)["cards"]] == ["Chair 1", "Chair 2", "Chair 3"]
    omar = next(c for c in board_document(clinic)["cards"] if c["chair"] == "Chair 2")["infusion"]
    who = actor(clinic, "Ada Okafor")
    critical = {**entry(clock.now(), readings={"spo2": 88}), "sign_in": who.sign_in.id}
    assert recording.save_entry(clinic, who, omar, critical).done
    cards = board_document(clinic)["cards"]
    assert [card["chair"] for card in cards] == ["Chair 2", "Chair 1", "Chair 3"]
    assert cards[-1]["infusion"] is None


def test_a_document_says_when_time_alone_will_change_it(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    first = infusion_document(clinic, names.infusion)["next_change"]
    assert first is not None
    assert first > clock.now().isoformat()
    assert board_document(clinic)["next_change"] == first


DOSE = {
    "weight_basis": "actual",
    "dosing_weight_kg": 81.4,
    "stock_mg_per_ml": 50.0,
    "bag_volume_ml": 100.0,
    "stock_volume": "replaces",
    "dose_mg": 40.7,
    "stock_ml": 0.81,
    "final_volume_ml": 100.0,
    "rate_ml_per_h": 150.0,
}
ORDER = {
    "prescriber": "Dr Ines Weiss",
    "dose_mg_per_kg": 0.5,
    "planned_minutes": 40,
    "weight_kg": 81.4,
    "weight_on": "2026-03-03",
}


def test_no_screen_gets_a_milligram_before_a_second_person_has_worked_it_out(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    omar = open_infusion(clinic, actor(clinic, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2", weight_kg=81.4)
    names = replace(names, infusion=omar)
    save(clinic, names, event(clock.wait(minutes=1), "order", **ORDER))
    first = save(clinic, names, event(clock.wait(minutes=1), "dose", **DOSE))
    document = infusion_document(clinic, omar)
    assert document["care"]["dose"]["hidden"]
    assert document["infusion"]["dose"] == "0.5 mg/kg in 40 min"
    shown = json.dumps([{**document, "figure": None}, board_document(clinic)])  # places in the figure are numbers too
    for result in ("40.7", "0.81", "150 mL/h"):
        assert result not in shown
    ada = actor(clinic, "Ada Okafor", "tablet-1")
    results = {key: DOSE[key] for key in ("dose_mg", "stock_ml", "rate_ml_per_h")}
    body = event(clock.wait(minutes=1), "dose_check", of=first, **results) | {"sign_in": ada.sign_in.id}
    signed = attested(clinic, ada, omar, body, "second calculation", "Jonas Lund")
    assert recording.save_entry(clinic, ada, omar, signed).done
    document = infusion_document(clinic, omar)
    assert document["infusion"]["dose"] == "40.7 mg in 40 min · 0.5 mg/kg"
    assert document["care"]["before"]["dose_check"]["agrees"]


CARE_PARTS = {
    "responsible": {"name", "since"},
    "dose": {"ordered", "plan", "hidden", "planned", "given", "remaining", "drawn", "wasted", "reconciled", "segments"},
    "before": {
        "groups", "missing", "vitals", "order", "weight", "dose", "dose_check", "second_calculation", "time_out",
        "time_out_wanted", "bases", "stocks", "bags", "start_reason_wanted",
    },
    "leaving": {"groups", "missing", "scales", "baseline", "second_person"},
    "drug": {"name", "methods", "given", "latest", "witness"},
    "signing": {"signed", "next", "locked", "locked_words", "open_points"},
    "handover": {"lines"},
    "words": {"called", "informed", "effect_actions", "medicine_reasons", "missing_reasons", "rapid_minutes"},
}  # fmt: skip


def test_every_part_of_the_course_of_care_is_there_from_the_first_to_the_last(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    for step in ("planned", "infusing", "recovery"):
        if step == "infusing":
            started(clinic, names, clock)
        if step == "recovery":
            save(clinic, names, event(clock.wait(minutes=40), "end"))
        document = infusion_document(clinic, names.infusion)
        care = document["care"]
        assert document["course"]["phase"] == step
        assert set(care) == {*CARE_PARTS, "clocks", "effects", "news2", "staff"}
        assert [(part, key) for part, keys in CARE_PARTS.items() for key in keys if key not in care[part]] == []
        assert {person["name"] for person in care["staff"]} >= {"Ada Okafor", "Dr Ines Weiss"}


def test_the_board_counts_what_is_not_signed_yet(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    def counted() -> tuple[int, str]:
        counts = board_document(clinic)["counts"]
        return counts["to_sign"], counts["to_sign_words"]

    ada = actor(clinic, "Ada Okafor", "tablet-1")
    started(clinic, names, clock)
    save(clinic, names, event(clock.wait(minutes=40), "end"))
    assert counted() == (0, "")
    left = {**event(clock.wait(minutes=70), "close", reason="will follow"), "queued": True}
    save(clinic, names, left)
    assert counted() == (1, "1 to sign")
    forget(clinic.store)
    assert counted() == (1, "1 to sign")
    for meaning, who in (("administered", "Ada Okafor"), ("reviewed", "Dr Ines Weiss")):
        body = event(clock.wait(minutes=1), "sign", meaning=meaning) | {"sign_in": ada.sign_in.id}
        signed = attested(clinic, ada, names.infusion, body, meaning, who)
        assert recording.save_entry(clinic, ada, names.infusion, signed).sentences == ()
        assert counted()[0] == (1 if meaning == "administered" else 0)
    forget(clinic.store)
    assert counted() == (0, "")


def test_a_signature_from_an_outbox_that_does_not_count_is_still_wanted_after_a_new_start(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    ada = actor(clinic, "Ada Okafor", "tablet-1")
    started(clinic, names, clock)
    save(clinic, names, event(clock.wait(minutes=40), "end"))
    save(clinic, names, {**event(clock.wait(minutes=70), "close", reason="will follow"), "queued": True})
    for who in ("Ada Okafor", "Jonas Lund"):  # on two tablets, both as the first
        body = event(clock.wait(minutes=1), "sign", meaning="administered") | {"sign_in": ada.sign_in.id}
        signed = attested(clinic, ada, names.infusion, body, "administered", who) | {"queued": True}
        assert recording.save_entry(clinic, ada, names.infusion, signed).sentences == ()
    assert board_document(clinic)["counts"]["to_sign"] == 1
    forget(clinic.store)
    assert board_document(clinic)["counts"]["to_sign"] == 1


def test_a_cancelled_infusion_wants_no_signature(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    save(clinic, names, event(clock.wait(minutes=1), "cancel", reason="patient declined"))
    assert board_document(clinic)["counts"]["to_sign"] == 0
    forget(clinic.store)
    assert board_document(clinic)["counts"]["to_sign"] == 0


def test_a_chair_where_help_was_called_stands_first_and_says_so(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    omar = open_infusion(clinic, actor(clinic, "Ada Okafor"), names.patients["Omar Haddad"], "chair-2")
    started(clinic, names, clock)
    save(clinic, names, entry(clock.now(), readings={"spo2": 88}))
    assert board_document(clinic)["cards"][0]["chair"] == "Chair 1"
    at_two = replace(names, infusion=omar)
    help_called = save(clinic, at_two, event(clock.wait(minutes=1), "help"))
    first = board_document(clinic)["cards"][0]
    assert (first["chair"], [one["label"] for one in first["help"]]) == ("Chair 2", ["Help called"])
    save(clinic, at_two, event(clock.wait(minutes=1), "over", of=help_called))
    card = next(one for one in board_document(clinic)["cards"] if one["chair"] == "Chair 2")
    assert card["help"] == []


def test_a_clock_is_on_the_card_once_it_is_past_its_time(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    medicine = {"name": "Ondansetron", "dose": "4", "unit": "mg", "route": "IV"}
    save(clinic, names, event(clock.wait(minutes=1), "medicine", **medicine))
    clock.wait(minutes=4, seconds=59)
    assert board_document(clinic)["cards"][0]["clocks"] == []
    assert board_document(clinic)["next_change"] <= (clock.now() + timedelta(seconds=1)).isoformat()
    clock.wait(seconds=1)
    (found,) = board_document(clinic)["cards"][0]["clocks"]
    assert (found["kind"], found["label"]) == ("recheck", "Set 5 min after Ondansetron 4 mg IV")
    save(clinic, names, entry(clock.now()))
    assert board_document(clinic)["cards"][0]["clocks"] == []


def test_time_alone_makes_a_stay_long_enough(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    started(clinic, names, clock)
    save(clinic, names, event(clock.wait(minutes=40), "end"))
    until = clock.now() + timedelta(minutes=60)
    for _ in range(4):
        clock.wait(minutes=14, seconds=45)
        save(clinic, names, entry(clock.now()))
    assert infusion_document(clinic, names.infusion)["next_change"] == until.isoformat()


def test_somebody_who_begins_or_leaves_here_is_in_the_next_document(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    def working() -> set[str]:
        return {person["name"] for person in infusion_document(clinic, names.infusion)["care"]["staff"]}

    assert "Noor Bakker" not in working()
    petra = actor(clinic, "Petra Novak")
    assert recording.add_staff(clinic, petra, name="Noor Bakker", role="nurse", pin="604132").done
    assert "Noor Bakker" in working()
    noor = next(one for one in clinic.store.staff() if one.name == "Noor Bakker")
    clock.wait(minutes=1)
    assert recording.remove_staff(clinic, petra, noor.id).done
    assert "Noor Bakker" not in working()


def test_the_day_stands_beside_every_time_that_is_not_todays(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    started(clinic, names, clock)
    today = infusion_document(clinic, names.infusion)
    assert [row["time"] for row in today["entries"]] == ["11:02", "11:00"]
    clock.wait(days=3)
    later = infusion_document(clinic, names.infusion)
    assert [row["time"] for row in later["entries"]] == ["03 Mar, 11:02", "03 Mar, 11:00"]
    assert [row["time"] for row in later["table"]["rows"]] == ["03 Mar, 11:00"]
    assert later["slots"][0]["words"].startswith("minute 0, 03 Mar, 11:02")
    where = next(line["text"] for line in later["care"]["handover"]["lines"] if line["label"] == "Where")
    assert where == "infusing since 03 Mar, 11:02"
    clock.wait(days=365)
    assert infusion_document(clinic, names.infusion)["entries"][0]["time"] == "03 Mar 2026, 11:02"


def test_what_was_seen_before_the_opening_and_times_that_cannot_be_are_marked(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    now = clock.wait(minutes=10)
    early = entry(now - timedelta(minutes=40), reason="seen in the waiting room") | {"tapped_at": now.isoformat()}
    save(clinic, names, early)
    ages_ago = {"observed_at": "1900-01-01T00:00:00Z", "tapped_at": "1900-01-01T00:00:00Z"}
    impossible = entry(now, readings={"systolic": 131}, queued=True) | ages_ago
    save(clinic, names, impossible)
    document = infusion_document(clinic, names.infusion)
    marks = {row["id"]: row["marks"] for row in document["entries"]}
    assert marks[early["id"]] == [
        "late entry, 40 min after",
        "seen before the infusion was opened: seen in the waiting room",
    ]
    assert marks[impossible["id"]] == ["seen at 01 Jan 1900, 01:00 as it came, which cannot be"]
    assert document["course"]["seen_from"] == (names.opened_at - timedelta(minutes=240)).isoformat()
    assert document["course"]["seen_until"] is None


def test_at_midnight_todays_times_get_their_day(clinic: RunningClinic, names: Names, clock: SetClock) -> None:
    """Also of an infusion that is over: nothing else would draw its screen anew."""
    reason = clinic.protocol.cancel_reasons[0]
    save(clinic, names, event(clock.wait(minutes=1), "cancel", reason=reason))
    assert infusion_document(clinic, names.infusion)["next_change"] == "2026-03-03T23:00:00+00:00"
    save(clinic, names, event(clock.now(), "note", text="Rang"))
    clock.wait(days=26, hours=3)  # in the night of 29 March clocks are put forward
    assert infusion_document(clinic, names.infusion)["next_change"] == "2026-03-29T22:00:00+00:00"
    assert "03 Mar, 11:01" in str(infusion_document(clinic, names.infusion)["figure"])
