"""What can be typed: extremes are asked about once and kept, nonsense is refused in one sentence, typing stays."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from monitoring.clinical.record import Entry
from tests.stories.conftest import Tablets
from tests.stories.tablet import Tablet
from tests.stories.ward import Ward, values

pytestmark = pytest.mark.browser


class Bedside:
    """Ada's tablet at a running infusion, and what is entered on it in one story."""

    def __init__(self, tablet: Tablet, infusion: str, ward: Ward) -> None:
        self.tablet = tablet
        self._ward = ward
        self._infusion = infusion
        self._before = len(ward.written(infusion).entries)

    def entered(self, entries: int) -> list[Entry]:
        """What was entered, in the order it arrived, once it is shown."""
        self.tablet.sent()
        self.tablet.shows(self._before + entries)
        return list(self._ward.written(self._infusion).entries[self._before :])


@pytest.fixture(scope="module")
def opened(ward: Ward, drawer: Tablets) -> tuple[Tablet, str]:
    """One tablet for these stories, and its infusion: none of them depends on what is there already."""
    infusion = ward.running()
    return drawer(ward, "Ada Okafor", infusion=infusion), infusion


@pytest.fixture
def bedside(opened: tuple[Tablet, str], ward: Ward) -> Bedside:
    """The bedside at the beginning of a story."""
    return Bedside(*opened, ward)


def test_nothing_and_the_impossible_are_said_in_one_sentence_and_typing_stays(bedside: Bedside) -> None:
    tablet = bedside.tablet
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
    assert bedside.entered(0) == []
    # The wrong value is the one that the next digit replaces.
    for digit in "121":
        tablet.tap(tablet.button(digit))
    tablet.save()
    (entry,) = bedside.entered(1)
    assert values(entry) == {"systolic": 121, "heart_rate": 72}


def test_a_true_extreme_is_asked_about_once_and_recorded(bedside: Bedside) -> None:
    tablet = bedside.tablet
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
    (entry,) = bedside.entered(1)
    assert values(entry) == {"systolic": 112, "respiration": 0}
    assert [r.measure for r in entry.readings if r.confirmed_unusual] == ["respiration"]
    expect(tablet.flags.filter(has_text="Respiration 0 /min")).to_have_count(1)


def test_a_pressure_the_wrong_way_round_is_asked_about(bedside: Bedside) -> None:
    tablet = bedside.tablet
    tablet.type({"systolic": 76, "diastolic": 128})
    tablet.tap(tablet.button("Save"))
    asked = "Diastolic pressure 128 mmHg is not below systolic pressure 76 mmHg: is this what you see?"
    question = tablet.page.get_by_role("alertdialog", name=asked)
    tablet.tap(question.get_by_role("button", name="Change it"))
    for digit in "49":
        tablet.tap(tablet.button(digit))
    tablet.save()
    (entry,) = bedside.entered(1)
    assert values(entry) == {"systolic": 76, "diastolic": 49}


def test_seen_at_an_earlier_minute_holds_for_one_entry_and_the_future_is_refused(bedside: Bedside) -> None:
    tablet = bedside.tablet
    tablet.tap(tablet.button("Seen at"))
    sheet = tablet.sheet(re.compile("^Seen at"))
    in_two_hours = datetime.fromtimestamp(tablet.seen() / 1000, ZoneInfo("Europe/Berlin")) + timedelta(hours=2)
    sheet.get_by_label("Seen at, clock time").fill(f"{in_two_hours:%H:%M}")
    tablet.tap(sheet.get_by_role("button", name="Use this time"))
    expect(sheet.get_by_role("status")).to_contain_text(f"{in_two_hours:%H:%M} is in the future: it is ")
    tablet.tap(sheet.get_by_role("button", name="2 min ago", exact=True))
    tablet.log({"heart_rate": 71})
    tablet.log({"heart_rate": 72})
    earlier, now = bedside.entered(2)
    assert timedelta(minutes=2) <= earlier.tapped_at - earlier.observed_at < timedelta(minutes=3)
    assert now.tapped_at == now.observed_at
