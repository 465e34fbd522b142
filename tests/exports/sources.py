"""Timelines ready to be exported, and an infusion with everything that an export has to carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from monitoring.clinical.record import Patient
from monitoring.documents import judged
from monitoring.exports.source import Source
from monitoring.records import Series
from tests.clinical.timeline import ADA, JONAS, MARTA, START, Timeline, at, running

BERLIN = ZoneInfo("Europe/Berlin")

# Names that go wrong where a name is taken for something else.
NAMES = (
    'Ann "Annie" O\'Neil, Jr.',
    '=HYPERLINK("http://x","y")',
    "+49 Smith",
    "-1",
    "@sum",
    "'=1+1",
    "مريم حداد",
    "שרה כהן",
    "王小明",
    "ஆதித்யா",
    "Zoë 😀 👩‍🚀",
    "semi;=1+1",
    "two\nlines",
    "tab\t=1",
    "\ufeffBOM",
    "NA",
    "null",
    "<b>& {} #panic(1) $x$",
)


def source(line: Timeline, minute: float, *, demonstration: bool = False, name: str = "") -> Source:
    """What is exported of a timeline at a minute."""
    infusion = line.infusion
    if name:
        infusion = replace(infusion, patient=replace(infusion.patient, name=name))
    return Source(
        j=judged(infusion, line.protocol, at(minute)),
        clinic={
            "name": "Clinic at the Lake",
            "zone": "Europe/Berlin",
            "demonstration": demonstration,
            "approved": True,
        },
        zone=BERLIN,
        chairs={"chair-1": "Chair 1", "chair-2": "Chair 2"},
        series=Series("series-1", MARTA.id, 1, 6, START - timedelta(days=9)),
    )


def eventful(patient: Patient = MARTA) -> Timeline:
    """An infusion with a correction, a withdrawal, a late entry, an addendum, effects, a medicine and a flag."""
    line = running(patient=patient)
    line.quiet_set(0.5)
    line.observe(5, dissociation=2)
    wrong = line.quiet_set(10, systolic=614)
    line.correct(wrong, 11, "typed wrongly", **_QUIET_BUT_HIGH)
    line.acknowledge(line.flag(11.5, "systolic", "high"), 12, "Told Dr Weiss on the phone")
    other = line.quiet_set(14, heart_rate=171)
    line.withdraw(other, 15, "that was Omar Haddad")
    line.set(20, systolic=150, diastolic=84, not_done={"heart_rate": "asleep", "spo2": "Marta's hand was cold"})
    line.pause(22, "nausea or vomiting")
    nausea = line.event("effect", 22, name="nausea", severity="mild", action="watched")
    line.event("effect", 23, name="smells burnt toast")
    line.event("medicine", 24, name="Ondansetron", dose="4", unit="mg", route="IV", given_by="Jonas Lund")
    line.event("medicine", 24.5, name="Aunt Edna's drops", dose="some", unit="mL", route="oral")
    line.resume(26)
    line.event("note", 27, text="Phoned her husband Peter on 0170 555 1234")
    line.event("over", 31, of=nausea.id)
    late = line.quiet_set(30, recorded=50)
    line._replace(late, tapped_at=at(50), amendment="late entry", source="paper")
    line.end(44)
    line.quiet_set(60)
    line.close(110)
    addendum = line.event("note", 200, text="Called back, well")
    line._replace(addendum, amendment="addendum", author=JONAS.id, author_name=JONAS.name)
    return line


def many(count: int = 2000) -> Timeline:
    """An infusion for which a monitor gave so many readings, one every few seconds."""
    line = running(patient=MARTA)
    for n in range(count - 5):
        line.set(round(0.5 + n * 39 / count, 4), heart_rate=70 + n % 7)
    line.end(40)
    return line


_QUIET_BUT_HIGH = {"systolic": 164.0, "diastolic": 78.0, "heart_rate": 72.0, "spo2": 98.0, "respiration": 14.0}
__all__ = ["ADA", "BERLIN", "NAMES", "eventful", "many", "source"]
