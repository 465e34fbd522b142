"""Files as clinics keep them, written for tests; everybody in them is invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from monitoring.imports.dry_run import Decision, DryRun
from monitoring.imports.mapping import Column, FileMapping, Meaning, Moment, Told
from monitoring.imports.paper import dry_run
from monitoring.imports.tables import Table, read_table
from tests.clinical.timeline import LIN, MARTA, OMAR, SHIPPED

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
PATIENTS = {patient.number: patient for patient in (MARTA, OMAR, LIN)}

WIDE = """\
time,SYS,DIA,HR,SpO2,RR,remark
2026-03-02 09:55,124,76,70,98,14,
2026-03-02 10:00,126,78,72,98,14,
2026-03-02 10:10,138,84,80,97,15,says the room is floating
2026-03-02 10:20,142,88,,97,16,
2026-03-02 10:40,130,80,76,98,14,
2026-03-02 11:10,124,76,70,98,14,
"""
LONG = """\
number;when;what;value;unit
K-0101;2026-03-02 09:55;SYS;124;mmHg
K-0101;2026-03-02 09:55;DIA;76;mmHg
K-0101;2026-03-02 10:00;start;;
K-0101;2026-03-02 10:10;SYS;138;mmHg
K-0101;2026-03-02 10:10;dissociation;moderate;
K-0101;2026-03-02 10:25;stop;patient asked;
K-0101;2026-03-02 11:10;close;;
K-0102;2026-03-02 10:00;start;;
K-0102;2026-03-02 10:10;temp;98.6;°F
K-0102;2026-03-02 10:40;end;;
K-0102;2026-03-02 11:10;close;;
"""


def measure(key: str, unit: str = "") -> Meaning:
    """Values of this measure, in its own unit unless another is named."""
    return Meaning("measure", key, unit or SHIPPED.measures[key].ucum)


def values(key: str, unit: str = "") -> Column:
    """A column of values of this measure."""
    return Column("values", measure(key, unit))


TOLD = Told(
    patient="K-0101",
    chair="chair-2",
    weight_kg=72,
    dose_mg_per_kg=0.5,
    planned_minutes=40,
    started=Moment("at", at=datetime(2026, 3, 2, 10, 0)),  # noqa: DTZ001  local: the zone is the mapping's
    ended=Moment("after", 40),
    left=Moment("last"),
)
WIDE_MAPPING = FileMapping(
    (
        Column("time"),
        values("systolic"),
        values("diastolic"),
        values("heart_rate"),
        values("spo2"),
        values("respiration"),
        Column("remark"),
    ),
    "UTC",
    told=TOLD,
)
LONG_MAPPING = FileMapping(
    (Column("patient"), Column("time"), Column("name"), Column("value"), Column("unit")),
    "Europe/Berlin",
    words={
        "SYS": measure("systolic"),
        "DIA": measure("diastolic"),
        "temp": measure("temperature", "[degF]"),
        "dissociation": Meaning("measure", "dissociation"),
        **{kind: Meaning("event", kind) for kind in ("start", "stop", "end", "close")},
    },
    told=replace(TOLD, patient="", started=Moment(), ended=Moment(), left=Moment()),
)


def table(text: str) -> Table:
    """The table in a text."""
    return read_table(text.encode())


def run(text: str = WIDE, mapping: FileMapping = WIDE_MAPPING, **decisions: Decision) -> DryRun:
    """A dry run of a file among the three patients; `line_4__3=` decides upon the value in column 3 of line 4."""
    keys = {key.removeprefix("line_").replace("__", "/"): one for key, one in decisions.items()}
    return dry_run(table(text), mapping, SHIPPED, PATIENTS, keys, NOW)


def told(mapping: FileMapping = WIDE_MAPPING, **more: Any) -> FileMapping:
    """The mapping with something else said of every infusion."""
    return replace(mapping, told=replace(mapping.told, **more))
