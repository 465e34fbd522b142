"""A real recording, two and a half hours of a patient's monitor, typed through the pad and seen on other screens.

Where the recording is absent, one from the demonstration's generator is typed. Its patient had no ketamine: the site's
limits serve to count, and say nothing about them.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

import pandas as pd
import pytest
from playwright.sync_api import expect

from monitoring.demonstration.physiology import infusion_rows
from tests.clinical.test_recordings import RECORDINGS, outside, runs, table
from tests.stories.conftest import Tablets
from tests.stories.tablet import PORTRAIT, TILES, Tablet
from tests.stories.ward import Ward, assert_chains_hold, values

pytestmark = pytest.mark.browser

FILE: Final = "mimic3demo_221684_wide.csv"
SET: Final = ("systolic", "diastolic", "heart_rate", "spo2", "respiration")  # in the order they are typed
PATIENT: Final = "Elias Korhonen"
SILENT_MINUTES: Final = 20


def recording() -> pd.DataFrame:
    """One row a time, index in minutes, columns named as measures, gaps kept."""
    if (RECORDINGS / FILE).exists():
        return table(FILE)
    rows = infusion_rows("typed in a browser", every_minutes=5)
    frame = pd.DataFrame([row.values for row in rows], index=[row.minute - rows[0].minute for row in rows])
    frame.loc[frame.index[::3], ["systolic", "diastolic"]] = float("nan")
    return frame.astype(float)


def open_infusion(tablet: Tablet, ward: Ward) -> str:
    """Open the patient's infusion at the chair of another, who has left; answers its id."""
    leaving = ward.at_chair("chair-2")
    for kind in ("end", "close"):
        tablet.post_event(leaving, kind)
    tablet.find_patient(PATIENT)
    tablet.page.get_by_label("Planned minutes").fill("120")
    tablet.fill_in_infusion(weight_kg=68, chair="Chair 2")
    tablet.tap(tablet.button(f"Open infusion for {PATIENT}"))
    expect(tablet.button("Pump started")).to_be_visible()
    tablet.ready()
    (infusion,) = ward.infusions_of(PATIENT)
    return infusion


def test_a_real_recording_is_on_every_screen_value_for_value(demonstration: Ward, tablets: Tablets) -> None:
    ward, frame = demonstration, recording()
    typing = tablets(ward, "Mei Tanaka")
    infusion = open_infusion(typing, ward)
    watching = tablets(ward, "Jonas Lund", infusion=infusion, viewport=PORTRAIT)
    board = tablets(ward, "Petra Novak")
    board.open_board()

    typing.tap(typing.button("Pump started"))
    typing.knows(1)
    started = ward.written(infusion).entries[0].observed_at
    for n, (minute, row) in enumerate(frame.iterrows(), 2):
        board.run_time_to(started + timedelta(minutes=float(str(minute)), seconds=2))
        typing.until("inside.clock.rate() === 1")
        # A pressure of which only the mean was measured has no systolic or diastolic: there is nothing to type.
        typing.type({measure: row[measure] for measure in SET if pd.notna(row[measure])})
        typing.save(confirm=True)
        watching.knows(n)

    assert_same(watching, frame, started)
    assert_flags(watching, frame)
    written = [entry for entry in ward.written(infusion).entries if entry.readings]
    assert [values(entry) for entry in written] == [as_values(row) for _, row in frame.iterrows()]
    last = {measure: frame[measure].dropna().iloc[-1] for measure in SET}
    card = board.page.get_by_role("link", name=f"Chair 2, {PATIENT}")
    expect(card).to_contain_text(f"{last['systolic']:.0f}/{last['diastolic']:.0f}")
    for measure in SET[2:]:
        expect(card).to_contain_text(f"{last[measure]:.0f}")
    assert_chains_hold(ward.server.file)


def as_values(row: Any) -> dict[str, float]:
    """What a row of the recording holds, without its gaps."""
    return {measure: float(row[measure]) for measure in SET if pd.notna(row[measure])}


def assert_same(tablet: Tablet, frame: pd.DataFrame, started: datetime) -> None:
    """The screen's document, and the chart drawn from it, hold the recording: every value at its minute, no other."""
    expected = {float(str(minute)): as_values(row) for minute, row in frame.iterrows()}
    rows = tablet.document()["table"]["rows"]
    held = {(datetime.fromisoformat(row["at"]) - started) // timedelta(minutes=1): row["values"] for row in rows}
    assert len(rows) == len(frame)
    assert held == expected
    drawn = tablet.page.evaluate(
        """() => Object.fromEntries(document.querySelector(".plot").data.map(({ name, x, y }) => [name, [x, y]]))"""
    )
    for measure in SET:
        points = {int(x): y for x, y in zip(*drawn[TILES[measure]], strict=True) if y is not None}
        assert points == {minute: row[measure] for minute, row in expected.items() if measure in row}, measure


def assert_flags(tablet: Tablet, frame: pd.DataFrame) -> None:
    """Levels and flags equal a count made with pandas from limits that are written down a second time."""
    document = tablet.document()
    levels = Counter(cell["level"] for row in document["table"]["rows"] for cell in row["cells"] if cell["level"])
    found = [flag for flag in document["flags"] if flag["side"] in ("high", "low")]
    expected_levels: Counter[str] = Counter()
    for measure in SET:
        series = frame[measure].dropna()
        sides = outside(series, measure, with_baseline=False)
        any_side = pd.concat(sides.values(), axis=1).any(axis=1)
        critical = pd.concat([sides[side] for side in sides if "critical" in side], axis=1).any(axis=1)
        expected_levels += Counter(critical=int(critical.sum()), caution=int((any_side & ~critical).sum()))
        for side in ("high", "low"):
            flags = [flag for flag in found if (flag["measure"], flag["side"]) == (measure, side)]
            if side not in sides:
                assert flags == []
                continue
            assert len(flags) == runs(sides[side]), (measure, side)
            assert sum(len(flag["seen"]) for flag in flags) == int(sides[side].sum()), (measure, side)
            episodes = sides[side].ne(sides[side].shift()).cumsum()[sides[side]]
            worst = sides[f"{side} critical"].groupby(episodes).any()
            assert sum(flag["level"] == "critical" for flag in flags) == int(worst.sum()), (measure, side)
    assert levels == expected_levels
    assert sum(expected_levels.values()) > 20
    seen = frame["spo2"].dropna().index.to_series()
    silent = [flag for flag in document["flags"] if flag["side"] == "silent"]
    assert len(silent) == int((seen.diff() >= SILENT_MINUTES).sum())
