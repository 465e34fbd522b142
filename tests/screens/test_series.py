"""A patient's series: what it is for, its infusions and scores, and that item 9 above zero is never out of sight."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from monitoring import recording
from monitoring.clinic import RunningClinic
from monitoring.records import Score
from tests.screens.tab import Doorman, Tab
from tests.small_clinic import Names, actor, event, open_infusion

NINE = [str(number) for number in range(1, 10)]


@pytest.fixture
def marta(ids: Names) -> str:
    """Marta Brandt, whose first infusion is open."""
    return ids.patients["Marta Brandt"]


@pytest.fixture
def series(house: RunningClinic, marta: str) -> str:
    """Her series."""
    (found,) = house.store.series_of(marta)
    return found.id


def page(door: Doorman, patient: str, name: str = "Ada Okafor") -> Tab:
    return door(name).open("series", patient=patient)


def today(house: RunningClinic) -> date:
    clinic = house.store.clinic()
    assert clinic is not None
    return house.clock.now().astimezone(ZoneInfo(clinic.zone)).date()


def record(house: RunningClinic, series: str, instrument: str = "phq9", **more: Any) -> Score:
    """A score as it is recorded elsewhere: PHQ-9 14 with item 9 at 2, unless told otherwise."""
    wanted: dict[str, Any] = {
        "id": str(uuid4()),
        "instrument": instrument,
        "version": "9 items",
        "total": 14,
        "items": {"9": 2},
        "rated_on": today(house) - timedelta(days=1),
        "rater": "patient",
    }
    outcome = recording.add_score(house, actor(house, "Jonas Lund"), series, **(wanted | more))
    assert outcome.value is not None, outcome.sentences
    return outcome.value


def form(tab: Tab, series: str, instrument: str, number: int = 0, **fields: Any) -> Tab:
    """Choose the instrument and fill in fields: `rater` is one of the form, `_total` one of the instrument."""
    place = f"score_{series}_{number}"
    tab.fill(**{f"{place}_instrument": instrument})
    keys = {f"{place}_{instrument}{key}" if key.startswith("_") else f"{place}_{key}": key for key in fields}
    return tab.fill(**{key: fields[name] for key, name in keys.items()})


def phq9(tab: Tab, series: str, *points: int, number: int = 0) -> Tab:
    """The nine items and who answered them."""
    items = {f"_{key}": value for key, value in zip(NINE, points, strict=True)}
    return form(tab, series, "phq9", number, rater="patient", **items)


def along(tab: Tab) -> str:
    """The table of infusions and scores."""
    return next((text for text in tab.words if text.startswith("<table")), "")


# The way there


def test_the_series_is_reached_from_the_chosen_patient(house: RunningClinic, door: Doorman, marta: str) -> None:
    tab = door("Ada Okafor", "patients").fill(patient_chosen=marta).press("Series and scores")
    assert "Series" in tab.words
    assert any("<h2>Marta Brandt</h2>" in text for text in tab.words)
    assert tab.at.query_params == {"patient": marta}
    assert any("6 infusions planned · 0 begun · indication not recorded" in text for text in tab.words)
    assert "Infusion 1 of 6" in along(tab)


def test_without_a_patient_in_the_address_one_is_looked_for(house: RunningClinic, door: Doorman, marta: str) -> None:
    tab = door("Ada Okafor", "series")
    assert along(tab) == ""
    assert "Infusion 1 of 6" in along(tab.fill(patient_chosen=marta))
    assert "This patient is not known here." in page(door, "nobody").words


# What it is for


def test_what_a_series_is_for_is_described_and_described_anew(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    tab = page(door, marta)
    place = f"describe_{series}"
    tab.fill(
        **{f"{place}_planned": 8, f"{place}_indication": "depression", f"{place}_prescriber": "Dr Ines Weiss"}
    ).press("Save what it is for")
    assert tab.confirmations == ["Saved; what was said before stays in the record."]
    assert any("8 infusions planned · 0 begun · depression · prescriber Dr Ines Weiss" in one for one in tab.words)
    tab.fill(**{f"{place}_planned": 0}).press("Save what it is for")
    assert [sentence[:20] for sentence in tab.refusals] == ["Planned infusions 0:"]
    assert tab.field(f"{place}_planned").value == "0"


def test_a_series_begins_here_when_a_score_comes_before_the_first_infusion(
    house: RunningClinic, door: Doorman, ids: Names
) -> None:
    omar = ids.patients["Omar Haddad"]
    tab = page(door, omar)
    assert "No series yet: it begins with the first infusion, or here when a score comes before." in tab.words
    tab.fill(**{f"begin_{omar}_0_indication": "depression"}).press("Begin this series")
    (series,) = house.store.series_of(omar)
    assert (series.planned_infusions, house.store.series_details(series.id) is not None) == (6, True)
    phq9(tab, series.id, 0, 0, 0, 0, 0, 0, 0, 0, 0).press("Save score")
    assert "0 of 27, minimal · item 9: 0 (Not at all)" in along(tab)
    assert recording.next_of_series(house, omar).series == series, "the first infusion is of this series"


def test_of_two_series_the_latest_is_shown_and_the_other_can_be(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    tab = page(door, marta).press("Begin this series")
    _, new = house.store.series_of(marta)
    assert along(tab) == ""
    assert "Infusion 1 of 6" in along(tab.fill(**{f"series_of_{marta}": series}))
    assert tab.field(f"score_{series}_0_instrument").value is None
    assert new.number == 2


# Adding a score


def test_phq9_item_by_item_adds_itself_up(house: RunningClinic, door: Doorman, marta: str, series: str) -> None:
    tab = form(page(door, marta), series, "phq9", rater="patient", _1=3, _2=2)
    assert "2 of 9 items answered" in tab.words
    phq9(tab, series, 3, 2, 1, 1, 1, 0, 0, 0, 0)
    assert "8 of 27, mild · item 9: 0 (Not at all)" in tab.words
    tab.press("Save score")
    assert tab.confirmations == ["PHQ-9 is recorded."]
    (score,) = house.store.scores_of(series)
    assert (score.total, score.items, score.rater) == (
        8,
        dict(zip(NINE, (3, 2, 1, 1, 1, 0, 0, 0, 0), strict=True)),
        "patient",
    )
    assert (score.version, score.rated_on) == ("9 items", today(house))
    assert "8 of 27, mild · item 9: 0 (Not at all)" in along(tab)
    assert tab.field(f"score_{series}_1_instrument").value is None, "the form is empty for the next"


def test_an_item_without_an_answer_is_named_and_what_was_answered_stays(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    tab = form(page(door, marta), series, "phq9", rater="patient", _1=3, _9=0).press("Save score")
    assert tab.refusals == ["PHQ-9: expected an answer to item 2, item 3, item 4, item 5, item 6, item 7, item 8."]
    assert tab.field(f"score_{series}_0_phq9_1").value == 3
    assert house.store.scores_of(series) == ()


def test_a_phq9_total_alone_is_asked_for_its_item_9(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    tab = form(page(door, marta), series, "phq9", rater="patient", _how="total only")
    form(tab, series, "phq9", _total=14).press("Save score")
    assert tab.refusals == ["PHQ-9: expected an answer to item 9."]
    form(tab, series, "phq9", _9="not known").press("Save score")
    (score,) = house.store.scores_of(series)
    assert (score.total, score.items) == (14, None)
    assert "14 of 27, moderate · item 9 not recorded" in along(tab)
    form(tab, series, "phq9", 1, rater="patient", _how="total only")
    form(tab, series, "phq9", 1, _total=14, _9=1).press("Save score")
    assert house.store.scores_of(series)[-1].items == {"9": 1}
    assert "14 of 27, moderate · item 9: 1 (Several days)" in along(tab)


def test_every_other_instrument_is_recorded_by_its_result(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    both = "highest level of ideation: 0 · any suicidal behaviour: 0 (No)"
    cases: list[tuple[str, dict[str, Any], str]] = [
        ("madrs", {"_total": 31}, "31 of 60, moderate"),
        ("qids_sr16", {"_total": 0}, "0 of 27, none"),
        ("cadss", {"_version": "28 items", "_total": 112}, "112 of 112"),
        ("cadss6", {"_total": 24}, "24 of 24"),
        ("bprs_positive", {"_version": "4 items scored 1 to 7", "_total": 4}, "4 of 28"),
        ("cssrs", {"_version": "screener", "_ideation": 0, "_behaviour": 0}, both),
        ("kset", {"_version": "KSET", "note": "nausea, moderate"}, "done"),
    ]
    tab = page(door, marta)
    for number, (instrument, fields, shown) in enumerate(cases):
        form(tab, series, instrument, number, rater="Dr Ines Weiss", **fields).press("Save score")
        assert tab.refusals == [], instrument
        assert f"<td>{shown}</td>" in along(tab)
    assert len(house.store.scores_of(series)) == len(cases)


@pytest.mark.parametrize(
    ("instrument", "fields", "sentence"),
    [
        ("cadss", {"_total": 12}, "CADSS: expected its version."),
        ("madrs", {"_total": 61}, "MADRS, 10 items, total 61: expected a whole number from 0 to 60."),
        ("madrs", {}, "MADRS, 10 items: expected its total."),
        ("madrs", {"_total": 30, "rater": " "}, "Rater is empty: expected who rated, or that it is a self-report."),
    ],
)
def test_what_is_wrong_with_a_score_is_said_and_what_was_typed_stays(
    house: RunningClinic, door: Doorman, marta: str, series: str, instrument: str, fields: dict[str, Any], sentence: str
) -> None:
    tab = form(page(door, marta), series, instrument, **({"rater": "Dr Ines Weiss"} | fields)).press("Save score")
    assert tab.refusals == [sentence]
    if "_total" in fields:
        assert tab.field(f"score_{series}_0_{instrument}_total").value == str(fields["_total"])
    assert house.store.scores_of(series) == ()


def test_pressing_save_again_records_no_second_score(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    tab = form(page(door, marta), series, "madrs", rater="Dr Ines Weiss", _total=30).press("Save score")
    assert tab.buttons("Save score") == [], "the form is another one, with nothing chosen"
    assert len(house.store.scores_of(series)) == 1


# Item 9


def test_item_9_above_zero_opens_who_was_told_and_stays_until_it_is_answered(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    tab = phq9(page(door, marta), series, 0, 0, 0, 0, 0, 0, 0, 0, 1).press("Save score")
    day = f"{today(house):%d %b %Y}"
    question = f"▲ PHQ-9 of {day}, item 9: 1 (Several days). Who was told, and when?"
    assert tab.refusals == [question], "a total of 1 does not hide it"
    assert "nobody is recorded as told" in along(tab)
    assert page(door, marta, "Petra Novak").refusals == [question], "everybody sees it"
    patients = door("Jonas Lund", "patients").fill(patient_chosen=marta)
    assert patients.refusals == [
        f"▲ PHQ-9 of {day}, item 9: 1 (Several days): nobody is recorded as told. Answer it under Series."
    ]
    (score,) = house.store.scores_of(series)
    place = f"told_{score.id}"
    tab.press("Save who was told")
    assert question in tab.refusals
    assert tab.refusals[1:] == [
        "Who was told is missing: expected a name.",
        "When it was told is missing: expected a time.",
    ]
    tab.fill(**{f"{place}_whom": "Dr Ines Weiss", f"{place}_time": time(0, 0)}).press("Save who was told")
    assert tab.refusals == []
    assert f"<td>Dr Ines Weiss, {day}, 00:00</td>" in along(tab)
    (told,) = house.store.scores_of(series)[0].told
    assert told.told_at == datetime.combine(today(house), time(0, 0), ZoneInfo("Europe/Berlin"))
    assert door("Jonas Lund", "patients").fill(patient_chosen=marta).refusals == []


def test_an_item_9_of_zero_or_not_recorded_asks_nobody_and_is_told_apart(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    record(house, series, items={"9": 0})
    record(house, series, items=None)
    tab = page(door, marta)
    assert tab.refusals == []
    assert "item 9: 0 (Not at all)" in along(tab)
    assert "item 9 not recorded" in along(tab)


def test_every_score_with_item_9_above_zero_has_its_own_question_also_in_an_earlier_series(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    record(house, series, items={"9": 3})
    record(house, series, items={"9": 1})
    record(house, series, "cssrs", version="screener", total=0, items={"ideation": 0, "behaviour": 1})
    tab = page(door, marta).press("Begin this series")
    assert [sentence.split(", ", 1)[1] for sentence in tab.refusals] == [
        "item 9: 3 (Nearly every day). Who was told, and when?",
        "item 9: 1 (Several days). Who was told, and when?",
        "any suicidal behaviour: 1 (Yes). Who was told, and when?",
    ]


# Putting right


def test_a_score_is_put_right_and_both_stay_and_who_was_told_is_asked_anew(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    wrong = record(house, series, rated_on=today(house))
    told = recording.tell_of_score(
        house, actor(house, "Ada Okafor"), wrong.id, whom="Dr Ines Weiss", told_at=house.clock.now()
    )
    assert told.done, told.sentences
    tab = page(door, marta)
    assert tab.refusals == []
    form(tab, series, "phq9", rater="patient", _how="total only")
    form(tab, series, "phq9", _total=15, _9=3, _corrects=wrong.id).press("Save score")
    assert tab.refusals == ["Correction without a reason: expected why."]
    form(tab, series, "phq9", _reason="read from the wrong line").press("Save score")
    assert [sentence.split(", ", 1)[1] for sentence in tab.refusals] == [
        "item 9: 3 (Nearly every day). Who was told, and when?"
    ]
    old, new = along(tab).split("</tr>")[2:4]
    assert 'class="gone"' in old
    assert "corrected by Ada Okafor" in old
    assert "Dr Ines Weiss," in old
    assert 'class=""' in new
    assert "correction: read from the wrong line" in new


def test_a_withdrawn_score_stays_struck_out_with_its_item_9(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    score = record(house, series)
    tab = page(door, marta).press("Withdraw this score")
    assert tab.refusals[1:] == ["Score is missing: expected the one made in error."]
    place = f"withdraw_{series}_1"
    tab.fill(**{f"{place}_score": score.id}).press("Withdraw this score")
    assert tab.refusals[1:] == ["Withdrawal without a reason: expected why."]
    tab.fill(**{f"{place}_reason": "wrong patient"}).press("Withdraw this score")
    assert tab.refusals == []
    assert tab.confirmations == [] or tab.confirmations == ["Withdrawn; it stays in the record, struck out."]
    row = along(tab).split("</tr>")[1]
    assert 'class="gone"' in row
    assert "14 of 27, moderate · item 9: 2 (More than half the days)" in row
    assert "nobody is recorded as told" in row
    assert "withdrawn by Ada Okafor: wrong patient" in row
    assert not tab.has(f"withdraw_{series}_0_score")


# Who may, and what is shown as typed


def test_an_administrator_reads_and_records_nothing(
    house: RunningClinic, door: Doorman, marta: str, series: str
) -> None:
    record(house, series)
    tab = page(door, marta, "Petra Novak")
    assert "14 of 27, moderate" in along(tab)
    for label in ("Save score", "Save who was told", "Withdraw this score", "Save what it is for", "Begin this series"):
        assert tab.buttons(label) == []
    assert not tab.has(f"score_{series}_0_instrument")


def test_what_was_typed_is_shown_as_it_is(house: RunningClinic, door: Doorman, marta: str, series: str) -> None:
    record(house, series, rater="<b>Ann</b>", note="_x_ <img src=x>", items={"9": 0})
    table = along(page(door, marta))
    assert "&lt;b&gt;Ann&lt;/b&gt;" in table
    assert "_x_ &lt;img src=x&gt;" in table
    assert "<img" not in table


def test_an_infusion_counts_as_begun_from_its_start_and_a_cancelled_one_only_stands_there(
    house: RunningClinic, door: Doorman, marta: str, ids: Names
) -> None:
    ada, now = actor(house, "Ada Okafor"), house.clock.now()
    started = recording.save_entry(house, ada, ids.infusion, event(now, "start", reason="other", decided_by="Ada"))
    assert started.done, started.sentences
    tab = page(door, marta)
    assert any("6 infusions planned · 1 begun" in text for text in tab.words)
    assert "<td>infusing</td>" in along(tab)
    omar = open_infusion(house, ada, ids.patients["Omar Haddad"], "chair-2")
    saved = recording.save_entry(house, ada, omar, event(now, "cancel", reason="no escort"))
    assert saved.done, saved.sentences
    tab = page(door, ids.patients["Omar Haddad"])
    assert any("6 infusions planned · 0 begun" in text for text in tab.words)
    assert "<td>cancelled</td>" in along(tab)
