"""Values that wait in a tablet, and what the clinical functions say of them once they are recorded.

The tablet's judgement (screens/static/judging.js) is held to this: for the vectors in tests/vectors/judging.json, and
for whatever hypothesis makes up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from monitoring.clinical.course import course
from monitoring.clinical.flags import levels
from monitoring.clinical.protocol import Level, Limit, Measure, Protocol
from monitoring.clinical.record import Entry, Event, Infusion, Reading
from monitoring.documents.judged import judged
from monitoring.documents.limits import limits_table
from monitoring.recording.entries import baseline_at
from tests.clinical.timeline import SHIPPED, Timeline, at, measure, protocol

VECTORS: Final = Path(__file__).with_name("vectors") / "judging.json"
NOW: Final = at(60)

Levels = Mapping[str, Mapping[str, str]]  # by entry and measure: "caution" or "critical"


@dataclass(frozen=True)
class Case:
    """What was recorded, and what waits; entries as a pad posts them, in the order of their arrival."""

    name: str
    protocol: Protocol
    recorded: tuple[Mapping[str, Any], ...]
    waiting: tuple[Mapping[str, Any], ...]

    def known(self) -> Infusion:
        """The infusion as the server knows it."""
        return saved(Timeline(self.protocol).infusion, self.recorded)

    def asked(self) -> dict[str, Any]:
        """What the tablet judges by, and what it judges."""
        return {"table": limits_table(judged(self.known(), self.protocol, NOW)), "waiting": list(self.waiting)}

    def levels(self) -> Levels:
        """What the clinical functions say of every value that stands once all is recorded."""
        infusion = saved(self.known(), self.waiting)
        outside = levels(infusion, self.protocol, course(infusion, self.protocol, NOW))
        found: dict[str, dict[str, str]] = {}
        for entry in infusion.entries:
            for reading in entry.readings:
                if reading.id in outside:
                    found.setdefault(entry.id, {})[reading.measure] = outside[reading.id].word
        return found

    def of_waiting(self, said: Levels) -> Levels:
        """What was said of the entries that wait, one by one."""
        return {str(posted["id"]): said.get(str(posted["id"]), {}) for posted in self.waiting}


def vectors() -> list[tuple[Case, Levels]]:
    """The cases of the file, each with the levels that are right."""
    return [(_case(one), one["levels"]) for one in json.loads(VECTORS.read_text(encoding="utf-8"))]


def _case(written: Mapping[str, Any]) -> Case:
    under = SHIPPED if written["limits"] == "shipped" else protocol(*map(_measure, written["limits"].items()))
    recorded, waiting = ([body(**entry) for entry in written[part]] for part in ("recorded", "waiting"))
    return Case(written["name"], under, tuple(recorded), tuple(waiting))


def _measure(written: tuple[str, list[dict[str, Any]]]) -> Measure:
    key, rows = written
    return measure(key, *(_limit(**row) for row in rows), decimals=1)


def _limit(*, level: str, phase: Iterable[str] = (), **row: Any) -> Limit:
    return Limit(**row, level=Level[level.upper()], phase=tuple(phase), source="made for this test")


def body(*, id: str, minute: float, event: str | None = None, **more: Any) -> dict[str, Any]:
    """An entry as a pad posts it, seen at this minute. `values`: by measure; `event`: its kind."""
    values: Mapping[str, float] = more.pop("values", {})
    return {
        "id": id,
        "observed_at": at(minute).isoformat(),
        "readings": [{"measure": key, "value": value} for key, value in values.items()],
        "event": {"kind": event, "detail": {}} if event else None,
        "corrects": None,
        "withdraws": None,
        **more,
    }


def saved(infusion: Infusion, bodies: Iterable[Mapping[str, Any]]) -> Infusion:
    """The infusion after these entries arrived, one after the other: a start pins its baseline as it is saved."""
    for posted in bodies:
        infusion = replace(infusion, entries=(*infusion.entries, _entry(infusion, posted)))
    return infusion


def _entry(infusion: Infusion, posted: Mapping[str, Any]) -> Entry:
    observed = datetime.fromisoformat(posted["observed_at"])
    event = None
    if posted["event"]:
        former = next((entry for entry in infusion.entries if entry.id == posted["corrects"]), None)
        kept = former is not None and former.event is not None and former.observed_at == observed
        pins = former.event.detail.get("baseline") if kept and former and former.event else None
        pinned = {"baseline": pins or baseline_at(infusion, observed)} if posted["event"]["kind"] == "start" else {}
        event = Event(posted["event"]["kind"], pinned)
    return Entry(
        id=posted["id"],
        seq=len(infusion.entries) + 1,
        kind="withdrawal" if posted["withdraws"] else "event" if event else "set",
        observed_at=observed,
        tapped_at=observed,
        recorded_at=NOW,
        author="staff-ada",
        author_name="Ada Okafor",
        readings=tuple(Reading(f"{posted['id']}/{r['measure']}", r["measure"], r["value"]) for r in posted["readings"]),
        event=event,
        corrects=posted["corrects"],
        withdraws=posted["withdraws"],
    )
