"""What an invented nurse records of one infusion, tap by tap, from opening it until the patient has left.

`taps` gives what she does whatever is flagged; `record` plays that through the flags and answers them too. Both are
pure and come out the same each time: everything random hangs on the id of the infusion.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from monitoring.clinical.course import course
from monitoring.clinical.flags import Flag, flags
from monitoring.clinical.protocol import Level, Phase, Protocol
from monitoring.clinical.record import Acknowledgement, Entry, EntryKind, Event, EventKind, NotDone, Reading
from monitoring.demonstration import care
from monitoring.demonstration.order import Order, Tap, entry_id, whole
from monitoring.demonstration.outside import level_alone
from monitoring.demonstration.people import clinic
from monitoring.demonstration.physiology import Effect, Response, Row, draw, numbers
from monitoring.records.shapes import NewEntry

PRESSURES = ("systolic", "diastolic")


def record(order: Order) -> tuple[Tap, ...]:
    """Everything recorded of this infusion in the order stored, flags acknowledged on the way."""
    rng = Random(f"{order.infusion.id}/answers")
    nurse = clinic()["nurse"]
    tie = itertools.count()
    waiting = [(tap.recorded_at, next(tie), tap) for tap in cared(order)]
    heapq.heapify(waiting)
    infusion, done = order.infusion, list[Tap]()
    answered: set[tuple[str, Level, int]] = set()
    while waiting:
        _, _, tap = heapq.heappop(waiting)
        tap = tap._replace(entry=care.completed(tap.entry, infusion, order))
        done.append(tap)
        entry = whole(tap, order, len(done))
        if (further := care.follows(tap.entry, infusion, order)) is not None:
            heapq.heappush(waiting, (further.recorded_at, next(tie), further))
        infusion = replace(infusion, entries=(*infusion.entries, entry))
        if not _worth_a_look(entry, order.protocol):
            continue
        now = tap.recorded_at
        found = flags(infusion, order.protocol, now, course(infusion, order.protocol, now))
        for flag in found.flags:
            seen = (flag.key, flag.level, len(flag.readings))
            quiet = flag.level is Level.CAUTION and rng.random() >= nurse["acknowledge_cautions"]
            if not flag.readings or flag.is_acknowledged or seen in answered or quiet:
                answered.add(seen)
                continue
            answered.add(seen)
            at = now + timedelta(seconds=rng.uniform(*nurse["acknowledge_seconds"]))
            answer = acknowledgement(flag, order, f"answer-{len(answered)}", at, rng)
            heapq.heappush(waiting, (answer.recorded_at, next(tie), answer))
    return tuple(done)


def acknowledgement(flag: Flag, order: Order, name: str, at: datetime, rng: Random) -> Tap:
    """Say of a flag that it was seen, and what was done, in words of the protocol."""
    wanted = clinic()["words"]["acknowledged"].get(flag.measure, ())
    known = order.protocol.acknowledgements
    done = rng.choice([word for word in wanted if word in known] or list(known[:1]))
    said = Acknowledgement(
        flag=flag.key,
        measure=flag.measure,
        side=flag.side,
        level=flag.level.word,
        rule=flag.rule,
        seen=tuple(reading.id for reading in flag.readings),
        done=done,
    )
    entry = NewEntry(
        id=entry_id(order.infusion.id, name),
        kind="acknowledgement",
        observed_at=at,
        tapped_at=at,
        author=order.author,
        acknowledgement=said,
        sign_in=order.sign_in,
    )
    return Tap(at + timedelta(seconds=rng.uniform(*clinic()["nurse"]["saved_seconds"])), entry)


def taps(order: Order) -> tuple[Tap, ...]:
    """Everything recorded of the infusion itself but acknowledgements, in the order stored."""
    return _Round(order).taps()


def cared(order: Order) -> tuple[Tap, ...]:
    """The same with what is recorded around it, for as far as it does not depend on what others record meanwhile."""
    return _Round(order).taps(care.around)


def start_of(all_taps: tuple[Tap, ...]) -> datetime:
    """When the pump is started."""
    return _event_at(all_taps, "start")


def end_of(all_taps: tuple[Tap, ...]) -> datetime:
    """When the pump is done or stopped."""
    return _event_at(all_taps, "end", "stop")


def _worth_a_look(entry: Entry, protocol: Protocol) -> bool:
    """Whether an entry may have raised a flag: cheaper than asking for the flags after every entry."""
    if entry.corrects or entry.withdraws:
        return True
    levels = (level_alone(protocol.measures[r.measure], r.value, "infusing") for r in entry.readings)
    return any(level is not None for level in levels)


def _event_at(all_taps: tuple[Tap, ...], *kinds: EventKind) -> datetime:
    return next(tap.entry.observed_at for tap in all_taps if tap.entry.event and tap.entry.event.kind in kinds)


def _chance(rng: Random, share: float) -> bool:
    return rng.random() < share


Around = Callable[[Order, list[NewEntry], Response], list[NewEntry]]


class _Round:
    """The nurse at one chair. Times are minutes since the opening of the infusion, and from the start on since that."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.protocol = order.protocol
        self.nurse: dict[str, Any] = clinic()["nurse"]
        self.slips: dict[str, Any] = clinic()["slips"]
        self.words: dict[str, Any] = clinic()["words"]
        self.rng = Random(f"{order.infusion.id}/nurse")
        self.response = Response(
            order.person,
            Random(f"{order.infusion.id}/response"),
            number=order.infusion.number,
            planned_minutes=order.infusion.planned_minutes,
        )
        self.zero = order.infusion.opened_at
        self.made: list[NewEntry] = []
        self.names = itertools.count(1)

    def taps(self, around: Around | None = None) -> tuple[Tap, ...]:
        self._before()
        end = self._while_it_runs()
        self._after(end)
        self._pin_baseline()
        if around is not None:
            self.made = around(self.order, self.made, self.response)
        return self._stored()

    # The course

    def _before(self) -> None:
        rng, nurse = self.rng, self.nurse
        minute = rng.uniform(*nurse["first_set_minutes"])
        first = self._set(minute, self.response.read(-5.0), careful=True)
        minute = self._rate(minute, ("dissociation", "sedation"), -1.0)
        if first is not None and self._outside(first, "planned"):
            minute = max(minute, rng.uniform(*nurse["first_set_minutes"]) + nurse["again_minutes"])
            self._set(minute, self.response.read(-2.0), careful=True)
        if _chance(rng, nurse["note"]):
            minute += rng.uniform(0.3, 0.6)
            self._event(minute, "note", {"text": rng.choice(self.words["notes"])})
        last = max(_minutes(e.observed_at - self.zero) for e in self.made if e.kind == "set" and not e.corrects)
        start = max(last + rng.uniform(*nurse["start_minutes"]), minute + rng.uniform(0.2, 0.4))
        self._event(start, "start", {})
        self.zero += timedelta(minutes=start)

    def _while_it_runs(self) -> float:
        rng, nurse, response = self.rng, self.nurse, self.response
        stopped = response.stop_minute is not None
        end = response.end_minute + (0.0 if stopped else draw(rng, nurse["end_delay"]))
        for index, due in enumerate(
            range(self.order.infusion.every_minutes, 24 * 60, self.order.infusion.every_minutes)
        ):
            if due > end + 0.05:
                break
            minute = due + draw(rng, nurse["set_delay"])
            taken = self._set(minute, response.read(minute))
            if index % nurse["observe_every"] == 1 and taken is not None:
                self._rate(minute, ("dissociation", "sedation"), minute)
        if response.distress_minute is not None:
            minute = response.distress_minute + rng.uniform(0.1, 1.0)
            self._observe(min(minute, end - 0.3), {"distress": float(response.distress(response.distress_minute))})
        if response.pause_minute is not None:
            reasons = {
                word: share for word, share in self.words["pause"].items() if word in self.protocol.pause_reasons
            }
            reason = rng.choices(list(reasons), list(reasons.values()))[0] if reasons else ""
            self._pause(response.pause_minute, response.pause_minutes, reason)
        if stopped:
            known = response.stop_reason in self.protocol.stop_reasons
            self._event(end, "stop", {"reason": response.stop_reason} if known else {})
        else:
            self._event(end, "end", {})
        if end - (end // self.order.infusion.every_minutes) * self.order.infusion.every_minutes > (
            self.protocol.schedule.window_minutes
        ):
            minute = end + rng.uniform(0.4, 1.2)
            self._set(minute, response.read(minute), careful=True)
            self._rate(minute, ("dissociation", "sedation", "distress"), minute)
        return end

    def _pause(self, minute: float, minutes: float, reason: str) -> None:
        """Pause the pump and let it run again; distress that is a reason to pause is rated, then and afterwards."""
        plan = numbers()["pause"]
        resume = minute + minutes
        before, after = self.rng.uniform(*plan["rated_minutes"]), self.rng.uniform(*plan["rated_minutes"])
        rated = reason == plan["reason_rated"] and reason in self.protocol.schedule.observations
        if rated:
            self._observe(minute - before, {reason: float(plan["rated"][0])})
        self._event(minute, "pause", {"reason": reason} if reason else {})
        self._event(resume, "resume", {})
        if rated:
            self._observe(resume + after, {reason: float(plan["rated"][1])})

    def _after(self, end: float) -> None:
        rng, nurse, response = self.rng, self.nurse, self.response
        exactly = self.order.recovery_minutes
        least = nurse["recovery_least_minutes"] if exactly is None else exactly
        most = nurse["recovery_most_minutes"] if exactly is None else exactly
        every = self.protocol.schedule.after_end_every_minutes
        baseline = response.level("systolic")
        leaves = end
        for index, due in enumerate(range(every, 24 * 60, every)):
            minute = end + due + draw(rng, nurse["set_delay"])
            row = response.read(minute)
            near = abs(row.systolic - baseline) <= nurse["back_within_mmhg"]
            leaving = due + every > most or (
                due >= least and near and response.dissociation(minute) <= nurse["back_rating"]
            )
            self._set(minute, row, careful=leaving)
            leaves = minute
            if index == 0 or leaving:
                leaves = self._rate(minute, ("dissociation", "sedation") if index == 0 else ("dissociation",), minute)
            if leaving:
                break
        for effect in response.effects:
            if effect.minute < leaves:
                self._effect(effect, end)
        self._event(leaves + rng.uniform(*nurse["leave_minutes"]), "close", {})

    # One tap

    def _set(self, minute: float, row: Row, *, careful: bool = False) -> NewEntry | None:
        """Record a set, with the slips people make unless `careful`. Answers the entry that stands, if any."""
        rng, slips = self.rng, self.slips
        slip = self.order.slips
        if slip and not careful and _chance(rng, slips["missed"]):
            return None
        values: dict[str, float] = {m: float(row.values[m]) for m in self.protocol.schedule.set if m in row.values}
        started = any(e.event and e.event.kind == "start" for e in self.made)
        if not started and "temperature" in self.protocol.schedule.optional and _chance(rng, self.nurse["temperature"]):
            values["temperature"] = round(draw(rng, self.nurse["temperature_celsius"]), 1)
        not_done: list[NotDone] = []
        if slip and not careful and _chance(rng, slips["not_done"]):
            not_done = self._not_done(values)
        late = 0.0
        if slip and not careful and _chance(rng, slips["late"]):
            late = rng.uniform(*slips["late_minutes"])
        wrong = self._mistyped(values) if slip and _chance(rng, slips["mistyped"]) else values
        entry = self._entry("set", minute, values=wrong, not_done=tuple(not_done), later=late)
        if wrong is not values:
            noticed = rng.uniform(*slips["noticed_seconds"]) / 60
            reason = slips["correction_reason"]
            if reason not in self.protocol.correction_reasons:
                reason = self.protocol.correction_reasons[0]
            entry = self._entry(
                "set",
                minute,
                values=values,
                not_done=tuple(not_done),
                later=late + noticed,
                corrects=entry.id,
                reason=reason,
            )
        if started and not late:
            self._look_again(minute, values)
        return entry

    def _look_again(self, minute: float, values: dict[str, float]) -> None:
        """Promise and take a second reading of a critical pressure or saturation; note oxygen given."""
        critical = [m for m in (*PRESSURES, "spo2") if m in values and self._level(m, values[m]) is Level.CRITICAL]
        if critical:
            after = self.rng.uniform(*self.nurse["repeat_minutes"])
            due = self.zero + timedelta(minutes=minute + self.protocol.schedule.repeat_minutes)
            self._event(minute + 0.25, "repeat", {"measure": critical[0], "due_at": due.isoformat(timespec="seconds")})
            again = self.response.read(minute + after).values
            wanted = PRESSURES if set(critical) & set(PRESSURES) else ("spo2",)
            self._entry("set", minute + after, values={m: float(again[m]) for m in wanted})
        oxygen = self.protocol.schedule.oxygen
        if oxygen in self.protocol.measures and self._level("spo2", values.get("spo2")) is not None:
            self._observe(minute + 0.45, {oxygen: self.nurse["oxygen_litres_per_min"]})
            self._observe(minute + self.rng.uniform(*self.nurse["oxygen_minutes"]), {oxygen: 0.0})

    def _rate(self, minute: float, measures: tuple[str, ...], seen: float) -> float:
        """Record ratings one after the other, one tap each, right after a set. Answers when the last was tapped."""
        rated = {
            "dissociation": self.response.dissociation,
            "sedation": self.response.sedation,
            "distress": self.response.distress,
        }
        for measure in measures:
            if measure not in self.protocol.schedule.observations:
                continue
            minute += self.rng.uniform(*self.nurse["tap_seconds"]) / 60
            value = float(rated[measure](seen))
            self._observe(minute, {measure: value})
            if self.order.slips and _chance(self.rng, self.slips["withdrawn"]):
                minute += self.rng.uniform(0.03, 0.06)
                twice = self._observe(minute, {measure: value})
                minute += self.rng.uniform(0.05, 0.12)
                reason = self.slips["withdrawal_reason"]
                if reason not in self.protocol.correction_reasons:
                    reason = self.protocol.correction_reasons[0]
                self._entry("withdrawal", minute, withdraws=twice.id, reason=reason)
        return minute

    def _effect(self, effect: Effect, end: float) -> None:
        if effect.name not in self.protocol.effects:
            return
        self._event(effect.minute, "effect", {"name": effect.name, "severity": effect.severity})
        if effect.severity == "mild":
            return
        known = {(m.name, m.route) for m in self.protocol.medicines}
        for medicine in clinic()["medicine"]:
            given = effect.name == medicine["effect"] and (medicine["name"], medicine["route"]) in known
            if given and _chance(self.rng, medicine["share"]):
                detail = {key: medicine[key] for key in ("name", "dose", "unit", "route")}
                self._event(effect.minute + self.rng.uniform(1.5, 4.0), "medicine", detail)

    def _event(self, minute: float, kind: EventKind, detail: dict[str, Any]) -> NewEntry:
        return self._entry("event", minute, event=Event(kind, detail))

    def _observe(self, minute: float, values: dict[str, float]) -> NewEntry:
        return self._entry("observation", minute, values=values)

    def _entry(
        self,
        kind: EntryKind,
        minute: float,
        *,
        values: dict[str, float] | None = None,
        not_done: tuple[NotDone, ...] = (),
        event: Event | None = None,
        corrects: str | None = None,
        withdraws: str | None = None,
        reason: str = "",
        later: float = 0.0,
    ) -> NewEntry:
        seen = self.zero + timedelta(minutes=minute)
        id = entry_id(self.order.infusion.id, str(next(self.names)))
        entry = NewEntry(
            id=id,
            kind=kind,
            observed_at=seen,
            tapped_at=seen + timedelta(minutes=later),
            author=self.order.author,
            readings=tuple(Reading(f"{id}/{measure}", measure, value) for measure, value in (values or {}).items()),
            not_done=not_done,
            event=event,
            corrects=corrects,
            withdraws=withdraws,
            reason=reason,
            sign_in=self.order.sign_in,
        )
        self.made.append(entry)
        return entry

    # Slips

    def _not_done(self, values: dict[str, float]) -> list[NotDone]:
        """Take out one measure (both pressures go together), and say why."""
        known = {
            measure: [word for word in words if word in self.protocol.not_done_reasons]
            for measure, words in self.words["not_done"].items()
            if measure in values
        }
        known = {measure: words for measure, words in known.items() if words}
        if not known:
            return []
        measure = self.rng.choice(list(known))
        reason = self.rng.choice(known[measure])
        gone = [m for m in (PRESSURES if measure in PRESSURES else (measure,)) if m in values]
        for m in gone:
            del values[m]
        return [NotDone(m, reason) for m in gone]

    def _mistyped(self, values: dict[str, float]) -> dict[str, float]:
        """The values with one digit typed wrongly, so that it still looks like a value; the same dict if none does."""
        measures = [m for m in values if self.protocol.measures[m].decimals == 0]
        for _ in range(8):
            measure = self.rng.choice(measures)
            digits = list(str(int(values[measure])))
            place = self.rng.randrange(len(digits))
            digits[place] = self.rng.choice([d for d in "0123456789" if d != digits[place]])
            typed = {**values, measure: float("".join(digits))}
            low, high = self.protocol.measures[measure].plausible
            lower = typed.get("diastolic", 0.0) < typed.get("systolic", high)
            if digits[0] != "0" and low <= typed[measure] <= high and lower:
                return typed
        return values

    # At the end

    def _pin_baseline(self) -> None:
        """Let the start event rest on the latest readings that stood before it, as the server pins them."""
        index, start = next((i, e) for i, e in enumerate(self.made) if e.event and e.event.kind == "start")
        known = [e for e in self.made if e.tapped_at <= start.tapped_at]
        gone = {e.corrects for e in known} | {e.withdraws for e in known}
        standing = sorted((e for e in known if e.id not in gone and e.kind != "withdrawal"), key=_observed)
        baseline = {reading.measure: reading.id for entry in standing for reading in entry.readings}
        self.made[index] = replace(start, event=Event("start", {"baseline": baseline}))

    def _stored(self) -> tuple[Tap, ...]:
        """When the server stored what was made: at once, or when the tablet had its connection again."""
        rng, slips = self.rng, self.slips
        made = sorted(self.made, key=lambda e: e.tapped_at)
        close = next(e.tapped_at for e in made if e.event and e.event.kind == "close")
        made = [e for e in made if e.tapped_at <= close or (e.event is not None and e.event.kind == "sign")]
        gone_from = gone_until = close
        if self.order.slips and _chance(rng, slips["waiting"]):
            gone_from = self.zero + timedelta(minutes=rng.uniform(8.0, 60.0))
            gone_until = gone_from + timedelta(minutes=rng.uniform(*slips["waiting_minutes"]))
            made = care.signed_with_a_connection(made, gone_from, gone_until)
        found: list[Tap] = []
        last = self.order.infusion.opened_at
        for entry in made:
            waited = gone_from <= entry.tapped_at < gone_until
            at = (gone_until if waited else entry.tapped_at) + timedelta(
                seconds=rng.uniform(*self.nurse["saved_seconds"])
            )
            last = max(at, last + timedelta(milliseconds=1))
            found.append(Tap(last, replace(entry, queued=waited)))
        return tuple(found)

    def _level(self, measure: str, value: float | None) -> Level | None:
        if value is None or measure not in self.protocol.measures:
            return None
        return level_alone(self.protocol.measures[measure], value, "infusing")

    def _outside(self, entry: NewEntry, phase: Phase) -> bool:
        levels = (level_alone(self.protocol.measures[r.measure], r.value, phase) for r in entry.readings)
        return any(level is not None for level in levels)


def _minutes(span: timedelta) -> float:
    return span.total_seconds() / 60


def _observed(entry: NewEntry) -> datetime:
    return entry.observed_at


def readings_of(all_taps: tuple[Tap, ...]) -> Iterator[tuple[NewEntry, Reading]]:
    """Each reading that stands, with its entry."""
    gone = {t.entry.corrects for t in all_taps} | {t.entry.withdraws for t in all_taps}
    for tap in all_taps:
        if tap.entry.id not in gone and tap.entry.kind != "withdrawal":
            yield from ((tap.entry, reading) for reading in tap.entry.readings)
