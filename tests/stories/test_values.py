"""What can be typed: extremes are asked about once and kept, nonsense is refused in one sentence, typing stays."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.stories.conftest import Tablets
from tests.stories.tablet import Tablet
from tests.stories.ward import Ward, typed, values

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("stories 2")]


@pytest.fixture
def bedside(ward: Ward, tablets: Tablets) -> tuple[Tablet, str]:
    """Ada's tablet at a running infusion, and the id of that."""
    infusion = ward.running()
    return tablets(ward, "Ada Okafor", infusion=infusion), infusion


def test_nothing_and_the_impossible_are_said_in_one_sentence_and_typing_stays(
    bedside: tuple[Tablet, str], ward: Ward
) -> None:
    tablet, infusion = bedside
    note = tablet.page.locator(".pad-note")
    tablet.tap(tablet.button("Save"))
    expect(note).to_have_text("Nothing is entered yet: type a value, or tap Not done.")
    # 1200: the fourth digit is refused as it is typed; a wrong value is refused at Save.
    tablet.type({"systolic": 120})
    tablet.tap(tablet.tile("systolic"))
    tablet.type({"heart_rate": 72})
    tablet.tap(tablet.tile("systolic"))
    for digit in "1200":
        tablet.tap(tablet.button(digit))
    expect(note).to_have_text("Systolic pressure 1200: expected 0 to 350 mmHg.")
    expect(tablet.tile("systolic")).to_have_accessible_description("120 mmHg")
    tablet.tap(tablet.tile("systolic"))
    for digit in "512":
        tablet.tap(tablet.button(digit))
    tablet.tap(tablet.button("Save"))
    expect(note).to_have_text("Systolic pressure 512 mmHg: expected 0 to 350 mmHg.")
    expect(tablet.tile("systolic")).to_have_accessible_description("512 mmHg")
    expect(tablet.tile("heart_rate")).to_have_accessible_description("72 /min")
    assert typed(ward.written(infusion)) == []
    # The wrong value is the one that the next digit replaces.
    for digit in "121":
        tablet.tap(tablet.button(digit))
    tablet.save()
    tablet.shows(2)
    (entry,) = typed(ward.written(infusion))
    assert values(entry) == {"systolic": 121, "heart_rate": 72}


def test_a_true_extreme_is_asked_about_once_and_recorded(bedside: tuple[Tablet, str], ward: Ward) -> None:
    tablet, infusion = bedside
    tablet.tap(tablet.tile("respiration"))
    tablet.tap(tablet.button("0"))
    tablet.tap(tablet.tile("systolic"))
    tablet.tap(tablet.button("1"))
    tablet.tap(tablet.button("2"))
    tablet.tap(tablet.button("Save"))
    low = tablet.page.get_by_role("alertdialog", name="Systolic pressure 12 mmHg: is this what you see?")
    tablet.tap(low.get_by_role("button", name="Change it"))
    for digit in "112":
        tablet.tap(tablet.button(digit))
    tablet.tap(tablet.button("Save"))
    none = tablet.page.get_by_role("alertdialog", name="Respiration 0 /min: is this what you see?")
    tablet.tap(none.get_by_role("button", name="Yes, this is what I see"))
    tablet.pad_empty()
    tablet.shows(2)
    (entry,) = typed(ward.written(infusion))
    assert values(entry) == {"systolic": 112, "respiration": 0}
    assert [r.measure for r in entry.readings if r.confirmed_unusual] == ["respiration"]
    expect(tablet.flags.filter(has_text="Respiration 0 /min")).to_have_count(1)


def test_a_pressure_the_wrong_way_round_is_asked_about(bedside: tuple[Tablet, str], ward: Ward) -> None:
    tablet, infusion = bedside
    tablet.type({"systolic": 76, "diastolic": 128})
    tablet.tap(tablet.button("Save"))
    asked = "Diastolic pressure 128 mmHg is not below systolic pressure 76 mmHg: is this what you see?"
    question = tablet.page.get_by_role("alertdialog", name=asked)
    tablet.tap(question.get_by_role("button", name="Change it"))
    for digit in "49":
        tablet.tap(tablet.button(digit))
    tablet.save()
    tablet.shows(2)
    (entry,) = typed(ward.written(infusion))
    assert values(entry) == {"systolic": 76, "diastolic": 49}


def test_seen_at_an_earlier_minute_holds_for_one_entry(bedside: tuple[Tablet, str], ward: Ward) -> None:
    tablet, infusion = bedside
    tablet.tap(tablet.button("Seen at"))
    tablet.tap(tablet.sheet(re.compile("^Seen at")).get_by_role("button", name="1 min ago", exact=True))
    tablet.log({"heart_rate": 71})
    tablet.log({"heart_rate": 72})
    tablet.shows(3)
    earlier, now = sorted(typed(ward.written(infusion)), key=lambda entry: entry.seq)
    assert earlier.tapped_at - earlier.observed_at == pytest.approx(timedelta(minutes=1), abs=timedelta(seconds=30))
    assert now.tapped_at == now.observed_at
