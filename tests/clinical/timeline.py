"""Infusions written as timelines, for tests: readings and events at minutes, then what is said at each minute.

    line = Timeline()
    line.set(-4, systolic=126, diastolic=78, heart_rate=72, spo2=98, respiration=14)
    line.start(0)
    line.set(10, systolic=164)
    assert line.open(10) == ["systolic high caution"]

Minutes count from START and may be negative or broken (10.5). What is asked at a minute is answered from what had been
recorded by then. Each method that records returns the entry, to be corrected, withdrawn or acknowledged later:

    slip = line.set(20, systolic=614)
    line.correct(slip, 21, "typed wrongly", systolic=164)

Everybody here is invented.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from monitoring.clinical.course import Course, Slot, course
from monitoring.clinical.flags import Flag, Flags, flags
from monitoring.clinical.protocol import (
    Dose,
    Level,
    Limit,
    Measure,
    Phase,
    Protocol,
    RuleKey,
    Schedule,
)
from monitoring.clinical.protocol_file import read_protocol
from monitoring.clinical.record import (
    Acknowledgement,
    Entry,
    EntryKind,
    Event,
    EventKind,
    Infusion,
    NotDone,
    Patient,
    Reading,
)

START = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)

CAUTION, CRITICAL = Level.CAUTION, Level.CRITICAL


@dataclass(frozen=True)
class Person:
    """Somebody on the staff of the invented clinic."""

    id: str
    name: str
    role: str


ADA = Person("staff-ada", "Ada Okafor", "nurse")
JONAS = Person("staff-jonas", "Jonas Lund", "nurse")
INES = Person("staff-ines", "Dr Ines Weiss", "clinician")

MARTA = Patient("patient-1", "K-0101", "Marta Brandt", date(1981, 5, 14), "female", "none known")
OMAR = Patient("patient-2", "K-0102", "Omar Haddad", date(1967, 11, 2), "male", "penicillin")
LIN = Patient("patient-3", "K-0103", "Lin Sørensen", date(1994, 8, 30), "female", "")

SHIPPED_FILE = Path(__file__).resolve().parents[2] / "data" / "protocols" / "ketamine-depression.toml"
SHIPPED = read_protocol(SHIPPED_FILE.read_text(encoding="utf-8"), SHIPPED_FILE.name)

# In range under the shipped protocol, and the baseline of most timelines.
QUIET = {"systolic": 126.0, "diastolic": 78.0, "heart_rate": 72.0, "spo2": 98.0, "respiration": 14.0}


def limit(key: RuleKey, value: float, level: Level = CAUTION, *, phase: tuple[Phase, ...] = (), **words: str) -> Limit:
    """One row of limits: `limit("above", 30, CRITICAL, applies="air")`."""
    return Limit(
        key, value, level, words.get("source", "made for this test"), phase, **_only(words, "instruction", "applies")
    )


def measure(key: str, *limits: Limit, unit: str = "mmHg", decimals: int = 0) -> Measure:
    """A measure with these limits; its label is its key with a capital."""
    label = key.replace("_", " ").capitalize()
    return Measure(key, label, key.upper(), unit, unit, "", decimals, (0, 1000), (0, 1000), limits)


def protocol(*measures: Measure, **schedule: Any) -> Protocol:
    """A small protocol with these measures. The set is "pulse" unless `set=` says otherwise; `oxygen` is the gas."""
    known = {m.key: m for m in measures}
    known.setdefault("pulse", measure("pulse", unit="/min"))
    known.setdefault("oxygen", measure("oxygen", unit="L/min", decimals=1))
    plan: dict[str, Any] = {
        "every_minutes": 10,
        "presets": (5, 10, 15),
        "after_end_every_minutes": 15,
        "set": ("pulse",),
        "optional": (),
        "observations": (),
        "oxygen": "oxygen",
        "window_minutes": 3,
        "overdue_minutes": 5,
        "overdue_level": CAUTION,
        "repeat_minutes": 2,
        "repeat_level": CAUTION,
        "late_entry_minutes": 15,
        "source": "made for this test",
    }
    return Protocol(
        name="test",
        version="7",
        title="Made for a test",
        hash="0" * 64,
        text="",
        measures=known,
        schedule=Schedule(**(plan | schedule)),
        dose=Dose(0.5, (0.1, 1.5), 40, (20, 120), (30, 250), 100, (5, 400), 6, "made for this test"),
        not_done_reasons=("asleep",),
        effects=(),
        quick_effects=(),
        medicines=(),
        pause_reasons=(),
        stop_reasons=(),
        cancel_reasons=(),
        correction_reasons=("typed wrongly",),
        acknowledgements=("Seen, watching",),
    )


def at(minute: float) -> datetime:
    """The instant of a minute, counted from START."""
    return START + timedelta(minutes=minute)


def minute_of(instant: datetime | None) -> float | None:
    """The minute of an instant, counted from START."""
    return None if instant is None else (instant - START) / timedelta(minutes=1)


@dataclass(repr=False)
class Timeline:
    """One infusion being written: 80 kg at 0.5 mg/kg (40 mg) in 100 mL over 40 min, unless said otherwise."""

    protocol: Protocol = SHIPPED
    patient: Patient = MARTA
    nurse: Person = ADA
    every: int = 10
    planned: int = 40
    weight_kg: float = 80.0
    entries: list[Entry] = field(default_factory=list)

    def __repr__(self) -> str:
        """The infusion as it would be told, an entry a line: what a failing test shows."""
        return "\n".join((f"Timeline every {self.every} min, planned {self.planned} min", *map(_told, self.entries)))

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """The same for hypothesis."""
        printer.text(repr(self))

    @property
    def infusion(self) -> Infusion:
        """Everything recorded so far."""
        return Infusion(
            id="infusion-1",
            patient=self.patient,
            series="series-1",
            number=2,
            planned_infusions=6,
            weight_kg=self.weight_kg,
            dose_mg_per_kg=0.5,
            planned_minutes=self.planned,
            bag_volume_ml=100.0,
            every_minutes=self.every,
            protocol=self.protocol.hash,
            opened_at=at(-30),
            opened_by=self.nurse.id,
            opened_by_name=self.nurse.name,
            identifiers="name and birth date",
            chair="chair-1",
            entries=tuple(self.entries),
        )

    # What is recorded. `recorded`: the minute it reached the server, where that is later.

    def set(
        self, minute: float, *, not_done: dict[str, str] | None = None, recorded: float | None = None, **values: float
    ) -> Entry:
        """Vital signs, as many as are given. `not_done`: {measure: reason}."""
        return self._add("set", minute, recorded, values=values, not_done=not_done)

    def quiet_set(self, minute: float, *, recorded: float | None = None, **values: float) -> Entry:
        """A complete set, in range except for the `values` given."""
        return self.set(minute, recorded=recorded, **(QUIET | values))

    def observe(self, minute: float, *, recorded: float | None = None, **values: float) -> Entry:
        """Ratings: dissociation, sedation, distress."""
        return self._add("observation", minute, recorded, values=values)

    def event(self, kind: EventKind, minute: float, *, recorded: float | None = None, **detail: Any) -> Entry:
        """Any event."""
        return self._add("event", minute, recorded, event=Event(kind, detail))

    def start(self, minute: float = 0, *, baseline: Entry | None = None, recorded: float | None = None) -> Entry:
        """Pump started. Pins the last value of each measure recorded so far, or those of `baseline`."""
        sources = [baseline] if baseline else [e for e in self.infusion.standing() if e.observed_at <= at(minute)]
        pinned = {r.measure: r.id for e in sources for r in e.readings}
        return self.event("start", minute, recorded=recorded, baseline=pinned)

    def pause(self, minute: float, reason: str = "patient asked", *, recorded: float | None = None) -> Entry:
        """Pump paused."""
        return self.event("pause", minute, recorded=recorded, reason=reason)

    def resume(self, minute: float, *, recorded: float | None = None) -> Entry:
        """Pump resumed."""
        return self.event("resume", minute, recorded=recorded)

    def rate(self, minute: float, ml_per_h: float, *, recorded: float | None = None) -> Entry:
        """Rate changed."""
        return self.event("rate", minute, recorded=recorded, rate_ml_per_h=ml_per_h)

    def end(self, minute: float, *, recorded: float | None = None) -> Entry:
        """Infusion ended as planned."""
        return self.event("end", minute, recorded=recorded)

    def stop(self, minute: float, reason: str = "distress", *, recorded: float | None = None) -> Entry:
        """Pump stopped early."""
        return self.event("stop", minute, recorded=recorded, reason=reason)

    def close(self, minute: float, *, recorded: float | None = None) -> Entry:
        """The patient has left."""
        return self.event("close", minute, recorded=recorded)

    def cancel(self, minute: float, reason: str = "patient declined", *, recorded: float | None = None) -> Entry:
        """Cancelled before the start."""
        return self.event("cancel", minute, recorded=recorded, reason=reason)

    def promise(self, minute: float, of: str, due: float, *, recorded: float | None = None) -> Entry:
        """A repeat of a measure is promised for minute `due`."""
        return self.event("repeat", minute, recorded=recorded, measure=of, due_at=at(due).isoformat())

    def correct(
        self,
        wrong: Entry,
        minute: float,
        reason: str = "typed wrongly",
        *,
        seen_at: float | None = None,
        **values: float,
    ) -> Entry:
        """A new entry in the place of `wrong`, recorded at `minute`; seen when the wrong one was, or at `seen_at`."""
        seen = wrong.observed_at if seen_at is None else at(seen_at)
        entry = self._add(wrong.kind, minute, None, values=values, event=wrong.event)
        return self._replace(entry, observed_at=seen, corrects=wrong.id, reason=reason)

    def withdraw(self, wrong: Entry, minute: float, reason: str = "wrong patient") -> Entry:
        """Marks `wrong` as made in error."""
        return self._replace(self._add("withdrawal", minute, None), withdraws=wrong.id, reason=reason)

    def acknowledge(
        self, flag: Flag, minute: float, done: str = "Seen, watching", *, by: Person | None = None
    ) -> Entry:
        """Somebody has seen this flag, as it is."""
        said = Acknowledgement(
            flag=flag.key,
            measure=flag.measure,
            side=flag.side,
            level=flag.level.word,
            rule=flag.rule,
            seen=tuple(r.id for r in flag.readings),
            done=done,
        )
        return self._add("acknowledgement", minute, None, acknowledgement=said, by=by)

    # What is said of it.

    def course(self, minute: float) -> Course:
        """Where the infusion stood at `minute`, from what was recorded by then."""
        return course(self.infusion.known_at(at(minute)), self.protocol, at(minute))

    def flags(self, minute: float) -> Flags:
        """The flags as they were at `minute`, from what was recorded by then."""
        known = self.infusion.known_at(at(minute))
        return flags(known, self.protocol, at(minute), course(known, self.protocol, at(minute)))

    def open(self, minute: float) -> list[str]:
        """The open flags at `minute`, worst first: "systolic high caution"."""
        return [f"{f.measure} {f.side} {f.level.word}" for f in self.flags(minute).open]

    def flag(self, minute: float, of: str, side: str | None = None) -> Flag:
        """The one flag of a measure at `minute`, open or not. Fails unless there is exactly one."""
        found = [f for f in self.flags(minute).flags if f.measure == of and side in (None, f.side)]
        assert len(found) == 1, f"{of} at minute {minute}: {[f.key for f in found]}"
        return found[0]

    def slots(self, minute: float) -> list[str]:
        """The slots at `minute`: ["0 done", "10 due", "20 next", ...]."""
        return [shown(slot) for slot in self.course(minute).slots]

    def _add(
        self,
        kind: EntryKind,
        minute: float,
        recorded: float | None,
        *,
        values: dict[str, float] | None = None,
        not_done: dict[str, str] | None = None,
        event: Event | None = None,
        acknowledgement: Acknowledgement | None = None,
        by: Person | None = None,
    ) -> Entry:
        number = len(self.entries) + 1
        author = by or self.nurse
        entry = Entry(
            id=f"e{number}",
            seq=number,
            kind=kind,
            observed_at=at(minute),
            tapped_at=at(minute),
            recorded_at=at(minute if recorded is None else recorded),
            author=author.id,
            author_name=author.name,
            readings=tuple(Reading(f"e{number}/{key}", key, value) for key, value in (values or {}).items()),
            not_done=tuple(NotDone(key, reason) for key, reason in (not_done or {}).items()),
            event=event,
            acknowledgement=acknowledgement,
        )
        self.entries.append(entry)
        return entry

    def _replace(self, entry: Entry, **changes: Any) -> Entry:
        self.entries[entry.seq - 1] = replace(entry, **changes)
        return self.entries[entry.seq - 1]


def from_file(infusion: Infusion) -> Infusion:
    """The same infusion, had it been brought in from a file instead of recorded here."""
    return replace(infusion, entries=tuple(replace(entry, source="import") for entry in infusion.entries))


def shown(slot: Slot) -> str:
    """A slot in few words: "40 done, end of infusion"; "20 partial lacks spo2"."""
    words = f"{slot.minute} {slot.state}"
    if slot.lacks:
        words += f" lacks {' '.join(slot.lacks)}"
    return f"{words}, {slot.milestone}" if slot.milestone else words


def running(protocol: Protocol = SHIPPED, **kind: Any) -> Timeline:
    """An infusion with a quiet baseline at minute -4, started at 0."""
    line = Timeline(protocol, **kind)
    line.quiet_set(-4)
    line.start(0)
    return line


def _told(entry: Entry) -> str:
    parts: list[object] = [f"  {entry.id} #{entry.seq} minute {minute_of(entry.observed_at):g} {entry.kind}"]
    parts += [f"{r.measure}={r.value:g}" for r in entry.readings]
    parts += [f"{n.measure}: {n.reason}" for n in entry.not_done]
    if entry.event:
        parts += [entry.event.kind, entry.event.detail or ""]
    if entry.acknowledgement:
        parts.append(entry.acknowledgement.flag)
    parts += [
        f"{word} {other}" for word, other in (("corrects", entry.corrects), ("withdraws", entry.withdraws)) if other
    ]
    if entry.recorded_at != entry.observed_at:
        parts.append(f"recorded at minute {minute_of(entry.recorded_at):g}")
    return " ".join(str(part) for part in parts if part)


def _only(words: dict[str, str], *names: str) -> dict[str, str]:
    return {name: words[name] for name in names if name in words}
