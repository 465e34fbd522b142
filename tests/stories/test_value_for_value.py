"""A real monitor's two hours, typed row by row: every screen shows it value for value."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.stories.conftest import Tablets
from tests.stories.monitor import SET, as_values, assert_flags, assert_same, recording
from tests.stories.tablet import PORTRAIT, Tablet
from tests.stories.ward import Ward, assert_chains_hold, values

pytestmark = pytest.mark.browser

MONITORED = "Elias Korhonen"


def open_for_monitored(tablet: Tablet, ward: Ward) -> str:
    """Open the patient's infusion at the chair of another, who has left; answers its id."""
    leaving = ward.at_chair("chair-2")
    tablet.post_leaving(leaving, "Jonas Lund")
    tablet.find_patient(MONITORED)
    tablet.page.get_by_label("Planned minutes").fill("120")
    tablet.fill_in_infusion(weight_kg=68, chair="Chair 2")
    tablet.tap(tablet.button(f"Open infusion for {MONITORED}"))
    expect(tablet.button("Pump started")).to_be_visible()
    tablet.ready()
    (infusion,) = ward.infusions_of(MONITORED)
    return infusion


def test_a_real_recording_is_on_every_screen_value_for_value(demonstration: Ward, tablets: Tablets) -> None:
    ward, frame = demonstration, recording()
    typing = tablets(ward, "Mei Tanaka")
    infusion = open_for_monitored(typing, ward)
    watching = tablets(ward, "Jonas Lund", infusion=infusion, viewport=PORTRAIT)
    board = tablets(ward, "Petra Novak")
    board.open_board()

    typing.tap(typing.button("Pump started"))
    typing.knows(1)
    started = ward.written(infusion).entries[0].observed_at
    for n, (minute, row) in enumerate(frame.iterrows(), 2):
        instant = started + timedelta(minutes=float(str(minute)), seconds=2)
        board.run_time_to(instant)
        typing.time_is(instant)
        late = int((typing.seen() / 1000 - started.timestamp()) // 60 - float(str(minute)))
        if late > 0:  # on a busy machine the time has run past it: then that is said, as a nurse would
            typing.seen_ago(late)
        # A pressure of which only the mean was measured has no systolic or diastolic: there is nothing to type.
        typing.type({measure: row[measure] for measure in SET if pd.notna(row[measure])})
        typing.save(confirm=True)
        watching.knows(n)

    assert_same(watching, frame, started)
    assert_flags(watching, frame)
    written = [entry for entry in ward.written(infusion).entries if entry.readings]
    assert [values(entry) for entry in written] == [as_values(row) for _, row in frame.iterrows()]
    last = {measure: frame[measure].dropna().iloc[-1] for measure in SET}
    card = board.page.get_by_role("link", name=f"Chair 2, {MONITORED}")
    expect(card).to_contain_text(f"{last['systolic']:.0f}/{last['diastolic']:.0f}")
    for measure in SET[2:]:
        expect(card).to_contain_text(f"{last[measure]:.0f}")
    assert_chains_hold(ward.server.file)
