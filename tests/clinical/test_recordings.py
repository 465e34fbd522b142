"""Recordings of real monitors, judged here and counted again with pandas: the same readings, the same episodes.

The recordings lie beside the checkout and are not part of it; where they are absent these tests are skipped. Their
patients had no ketamine: the limits serve to count, and say nothing about them.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd
import pytest

from monitoring.clinical.flags import flags, levels
from monitoring.clinical.protocol import Level
from tests.clinical.timeline import SHIPPED, Timeline, at

RECORDINGS: Final = Path(__file__).resolve().parents[2] / "../shared/recordings"
COLUMNS: Final = {
    "hr": "heart_rate",
    "nbp_s": "systolic",
    "nbp_d": "diastolic",
    "rr": "respiration",
    "spo2": "spo2",
    "HR": "heart_rate",
    "NBPSys": "systolic",
    "NBPDias": "diastolic",
    "RESP": "respiration",
    "SpO2": "spo2",
}
# Written down again on purpose, not read from the protocol: (caution, critical), both counting.
HIGH: Final = {"systolic": (160, 180), "diastolic": (100, 110), "heart_rate": (111, 131), "respiration": (21, 25)}
LOW: Final = {"systolic": (100, 90), "heart_rate": (50, 40), "spo2": (93, 91), "respiration": (11, 8)}
RISE: Final = {"systolic": 40, "diastolic": 25}

FILES: Final = sorted(path.name for path in RECORDINGS.glob("*.csv")) if RECORDINGS.is_dir() else []

pytestmark = pytest.mark.skipif(not FILES, reason="no recordings beside this checkout")


def table(name: str) -> pd.DataFrame:
    """A recording as it is: one row a time, index in minutes, columns named as measures, gaps kept."""
    read = pd.read_csv(RECORDINGS / name)
    if "t_min" in read:
        minutes = read["t_min"].astype(float)
    else:
        times = pd.to_datetime(read["charttime"])
        minutes = (times - times.iloc[0]).dt.total_seconds() / 60
    known = read.rename(columns=COLUMNS)
    return known[[column for column in known if column in set(COLUMNS.values())]].set_index(minutes)


def typed(frame: pd.DataFrame, *, with_baseline: bool) -> Timeline:
    """Every row typed as it stands, an empty cell not at all; started before the first row.

    The baseline, if any, is the first value of each pressure.
    """
    line = Timeline()
    for minute, row in frame.iterrows():
        values = {str(key): float(value) for key, value in row.items() if pd.notna(value)}
        if values:
            line.set(float(minute), **values)  # type: ignore[arg-type]
    pinned: dict[str, str] = {}
    for entry in line.entries:
        for reading in entry.readings:
            if reading.measure in RISE:
                pinned.setdefault(reading.measure, reading.id)
    start = line.event("start", -1, baseline=pinned if with_baseline else {})
    line.entries = [replace(start, seq=0), *line.entries[:-1]]
    return line


def outside(series: pd.Series, key: str, *, with_baseline: bool) -> dict[str, pd.Series]:
    """Which of the values are outside at all and which are critical, per side."""
    never = pd.Series(False, index=series.index)
    found = {}
    if key in HIGH:
        caution, critical = HIGH[key]
        rise = series - series.iloc[0] >= RISE[key] if with_baseline and key in RISE else never
        found |= {"high": (series >= caution) | rise, "high critical": series >= critical}
    if key in LOW:
        caution, critical = LOW[key]
        found |= {"low": series <= caution, "low critical": series <= critical}
    return found


def runs(flagged: pd.Series) -> int:
    """How often a run of flagged values begins."""
    return int((flagged & ~flagged.shift(fill_value=False)).sum())


@pytest.mark.parametrize("with_baseline", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_flagged_readings_and_episodes_equal_an_independent_count(name: str, with_baseline: bool) -> None:
    frame = table(name)
    line = typed(frame, with_baseline=with_baseline)
    minute = float(frame.index[-1]) + 1
    infusion, here = line.infusion, line.course(minute)
    judged = levels(infusion, SHIPPED, here)
    found = [flag for flag in flags(infusion, SHIPPED, at(minute), here).flags if flag.readings]
    assert len(infusion.entries) > 20
    assert sum(len(entry.readings) for entry in infusion.entries) == int(frame.notna().sum().sum())

    for key in frame:
        series = frame[key].dropna()
        if series.empty:
            continue
        expected = outside(series, str(key), with_baseline=with_baseline)
        ids = {reading_id: level for reading_id, level in judged.items() if reading_id.endswith(f"/{key}")}
        both = pd.concat(expected.values(), axis=1).any(axis=1)
        assert len(ids) == int(both.sum())
        critical = sum(int(expected[side].sum()) for side in expected if "critical" in side)
        assert sum(level is Level.CRITICAL for level in ids.values()) == critical
        for side in ("high", "low"):
            of_side = [flag for flag in found if flag.measure == key and flag.side == side]
            if side not in expected:
                assert of_side == []
                continue
            assert len(of_side) == runs(expected[side])
            assert sum(len(flag.readings) for flag in of_side) == int(expected[side].sum())
            worst = {flag.worst.value for flag in of_side if flag.worst}
            extreme = series[expected[side]].max() if side == "high" else series[expected[side]].min()
            assert not worst or (max(worst) if side == "high" else min(worst)) == extreme


def test_what_the_waveform_recording_is_known_for_is_flagged() -> None:
    """26 minutes of saturation below 90 and 28 of a heart rate of 0, the lead being off: zero is a number."""
    name = "mimicwdb_s25047n.csv"
    if name not in FILES:
        pytest.skip("this recording is absent")
    frame = table(name)
    line = typed(frame, with_baseline=False)
    minute = float(frame.index[-1]) + 1
    judged = levels(line.infusion, SHIPPED, line.course(minute))
    by_id = {reading.id: reading for entry in line.entries for reading in entry.readings}
    critical = [by_id[i] for i, level in judged.items() if level is Level.CRITICAL]
    assert sum(r.measure == "heart_rate" and r.value == 0 for r in critical) == 28
    assert sum(r.measure == "spo2" and r.value < 90 for r in critical) == int((frame["spo2"] < 90).sum()) >= 26
