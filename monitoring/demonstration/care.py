"""What the invented nurse records around an infusion: before the start, of effects and medicines, before leaving.

Only what the protocol has tables for: under a version that asks for nothing of it, nothing is recorded. Everything
random hangs on the id of the infusion, and on nothing that the infusion itself is drawn from.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from monitoring.clinical import before, dose, leaving, scales
from monitoring.clinical.clocks import effects, rechecks
from monitoring.clinical.course import course, outlined
from monitoring.clinical.protocol import CheckItem, Protocol
from monitoring.clinical.record import Acknowledgement, Event, EventKind, Infusion, Reading
from monitoring.demonstration.order import Order, Tap, entry_id, whole
from monitoring.demonstration.outside import level_alone
from monitoring.demonstration.people import clinic, team
from monitoring.demonstration.physiology import Response, draw
from monitoring.records.shapes import NewEntry, Staff

REASON_ADDED: Final = "reason added"


def around(order: Order, made: list[NewEntry], response: Response) -> list[NewEntry]:
    """`made` of an infusion from opening to leaving, with what its protocol asks for around it."""
    return _Care(order, made, response).entries()


def completed(entry: NewEntry, infusion: Infusion, order: Order) -> NewEntry:
    """An entry filled in from what has been recorded before it: points, milligrams drawn up, why somebody leaves."""
    if entry.event is None:
        return entry
    if entry.event.kind == "score":
        return _with(entry, _points(entry, infusion, order.protocol))
    if entry.event.kind == "drug":
        return _with(entry, _drawn(entry, infusion, order.protocol))
    if entry.event.kind == "close":
        return _with(entry, _left(entry, infusion, order))
    return entry


def follows(entry: NewEntry, infusion: Infusion, order: Order) -> Tap | None:
    """What the nurse records because of an entry; `infusion` is as it was before. Mostly nothing.

    Why it was started with something missing, as a correction of the start; whom she told, after she said so of a flag.
    """
    if entry.event is not None and entry.event.kind == "start" and not entry.corrects:
        return _why_started(entry, entry.event, infusion, order)
    if entry.acknowledgement is not None and entry.acknowledgement.done in clinic()["care"]["informs"]:
        return _told(entry, entry.acknowledgement, order)
    return None


def review(order: Order, taps: Sequence[Tap], at: datetime) -> Tap | None:
    """The signature that locks the record of a patient who has left, from `at` on; None where none is asked for.

    By a clinician, under a sign-in of their own, once the nurse has signed.
    """
    steps = order.protocol.people.signatures
    last = max(tap.recorded_at for tap in taps)
    signed = sum(tap.entry.event is not None and tap.entry.event.kind == "sign" for tap in taps)
    if len(steps) != 2 or signed != 1 or "clinician" not in steps[1].roles:
        return None
    who, rng = prescriber(order.infusion.series), Random(f"{order.infusion.id}/review")
    tapped_at = max(at, last) + _seconds(rng, clinic()["care"]["review_seconds"])
    entry = _signed_event(
        order, "review", tapped_at, "sign", {"meaning": steps[1].meaning}, [(who, steps[1].meaning)], rng
    )
    saved = tapped_at + _seconds(rng, clinic()["nurse"]["saved_seconds"])
    return Tap(saved, replace(entry, author=who.id))


def signed_with_a_connection(made: list[NewEntry], gone_from: datetime, gone_until: datetime) -> list[NewEntry]:
    """`made` with nothing signed while the tablet had no connection: a PIN is checked by the server."""

    def later(entry: NewEntry) -> NewEntry:
        if entry.event is None or not entry.event.signatures or not gone_from <= entry.tapped_at < gone_until:
            return entry
        by = gone_until + timedelta(seconds=clinic()["care"]["pin_seconds"][1]) - gone_from
        signatures = [
            {**one, "at": (datetime.fromisoformat(one["at"]) + by).isoformat()}
            for one in entry.event.detail["signatures"]
        ]
        event = Event(entry.event.kind, {**entry.event.detail, "signatures": signatures})
        return replace(entry, observed_at=entry.observed_at + by, tapped_at=entry.tapped_at + by, event=event)

    return sorted((later(entry) for entry in made), key=lambda entry: entry.tapped_at)


def prescriber(series: str) -> Staff:
    """The clinician who orders the infusions of a series."""
    return Random(f"{series}/prescriber").choice([one for one in team() if one.role == "clinician"])


def stay_minutes(protocol: Protocol) -> float:
    """The longest stay after an infusion that the protocol's list before leaving asks for; 0 for none."""
    return max((one.stay_minutes for one in protocol.leaving if one.stay_minutes is not None), default=0.0)


class _Step(NamedTuple):
    """One thing to record, and how long it takes. Without a kind: the rating it is named after."""

    name: str
    kind: EventKind | None
    detail: dict[str, Any]
    seconds: float
    signers: tuple[tuple[Staff, str], ...] = ()  # who, and what it means


class _Care:
    """The nurse at one chair, with everything that is not the infusion itself."""

    def __init__(self, order: Order, made: list[NewEntry], response: Response) -> None:
        self.order, self.protocol, self.response = order, order.protocol, response
        self.words: dict[str, Any] = clinic()["care"]
        self.rng = Random(f"{order.infusion.id}/care")
        self.start, self.end, self.close = (
            next(e for e in made if e.event is not None and e.event.kind in kinds)
            for kinds in (("start",), ("end", "stop"), ("close",))
        )
        self.made = [e for e in made if e.tapped_at <= self.close.tapped_at]
        seen = [e.tapped_at for e in self.made if e.kind in ("set", "observation") and not e.corrects]
        self.last_seen = max(at for at in seen if at < self.close.tapped_at)
        nurses = [one for one in team() if one.role == "nurse" and one.id != order.author]
        self.other = self.rng.choice(nurses)
        self.author = next((one for one in team() if one.id == order.author), self.other)

    def entries(self) -> list[NewEntry]:
        """What was made, told more fully, and everything around it."""
        self.made = [self._told_more(entry) for entry in self.made]
        self._before()
        self._called_when_stopped()
        self._over()
        self._rechecked()
        self._before_leaving()
        self._sign()
        return self.made

    # Before the start

    def _before(self) -> None:
        order, protocol, rng = self.order, self.protocol, self.rng
        steps: list[_Step] = []
        if protocol.preparation is not None:
            steps.append(_Step("order", "order", self._ordered(), _span(rng, self.words["order_seconds"])))
        steps += self._answers(protocol.before)
        calculated = self._calculated()
        if calculated:
            steps.append(_Step("dose", "dose", calculated, _span(rng, self.words["dose_seconds"])))
            if protocol.preparation is not None and protocol.preparation.second_calculation:
                detail = {key: calculated[key] for key in ("dose_mg", "stock_ml", "rate_ml_per_h")}
                detail["of"] = entry_id(order.infusion.id, "care/dose")
                signed = ((self.other, dose.SECOND_CALCULATION),)
                seconds = _span(rng, self.words["dose_check_seconds"])
                steps.append(_Step("dose_check", "dose_check", detail, seconds, signed))
        until = self.start.tapped_at - _seconds(rng, self.words["time_out_seconds"])
        if protocol.people.time_out:
            two = ((self.author, before.TIME_OUT), (self.other, before.TIME_OUT))
            self._signed("time_out", until, "time_out", {}, two)
        self._place(steps, order.infusion.opened_at, until)

    def _ordered(self) -> dict[str, Any]:
        infusion = self.order.infusion
        day = infusion.opened_at.astimezone(ZoneInfo(clinic()["zone"])).date()
        return {
            "prescriber": prescriber(infusion.series).name,
            "dose_mg_per_kg": infusion.dose_mg_per_kg,
            "planned_minutes": infusion.planned_minutes,
            "weight_kg": infusion.weight_kg,
            "weight_on": day.isoformat(),
            **({"spo2_scale": 1} if self.protocol.news2 is not None else {}),
        }

    def _calculated(self) -> dict[str, Any]:
        """What the first person comes to; {} where this patient's dose cannot be worked out as the site does."""
        rule, infusion = self.protocol.preparation, self.order.infusion
        if rule is None:
            return {}
        sex = infusion.patient.sex
        body = Random(f"{infusion.patient.number}/height")
        height = round(draw(body, self.words["height_cm"].get(sex, self.words["height_cm"]["other"])))
        stock, bag = self.words["stock_mg_per_ml"], infusion.bag_volume_ml
        for basis in dict.fromkeys((rule.weight_basis, *rule.weight_bases)):
            found = dose.calculation(
                dose.Inputs(
                    weight_kg=infusion.weight_kg,
                    dose_mg_per_kg=infusion.dose_mg_per_kg,
                    planned_minutes=infusion.planned_minutes,
                    weight_basis=basis,
                    stock_mg_per_ml=stock if stock in rule.stock_mg_per_ml else rule.stock_mg_per_ml[0],
                    bag_volume_ml=bag if bag in rule.bag_volumes_ml else rule.bag_volumes_ml[0],
                    height_cm=None if basis == "actual" else float(height),
                ),
                rule,
                self.protocol.dose,
                sex,
            )
            if found.detail:
                return dict(found.detail)
        return {}

    def _answers(self, items: Iterable[CheckItem]) -> list[_Step]:
        return [
            _Step(f"check/{item.key}", "check", detail, _span(self.rng, self._takes(detail)))
            for item in items
            if item.key not in self.order.unanswered
            for detail in [self._answered(item)]
        ]

    def _takes(self, detail: dict[str, Any]) -> list[float]:
        seconds: list[float] = self.words["note_seconds" if "note" in detail else "answer_seconds"]
        return seconds

    def _answered(self, item: CheckItem) -> dict[str, Any]:
        """The answer of this patient on this day: by the first row about this question that fits, else as expected."""
        infusion, person = self.order.infusion, self.order.person
        answer, notes = item.expects or "yes", []
        for row in self.words["answer"]:
            if (
                row["item"] == item.key
                and row.get("sex", infusion.patient.sex) == infusion.patient.sex
                and row.get("hypertensive", person.hypertensive) == person.hypertensive
                and infusion.number <= row.get("up_to_number", infusion.number)
                and self._happens(row)
                and (row["answer"] != "not applicable" or item.may_not_apply)
            ):
                answer, notes = row["answer"], row.get("notes", [])
                break
        detail: dict[str, Any] = {"item": item.key, "answer": answer}
        if notes:
            detail["note"] = Random(f"{infusion.patient.number}/{item.key}").choice(notes)
        elif answer in item.note_needed:
            detail["note"] = self.words["note"]
        return detail

    def _happens(self, row: dict[str, Any]) -> bool:
        """Whether something that is so now and then is so today: never where nobody is to make slips."""
        return "share" not in row or (self.order.slips and self.rng.random() < row["share"])

    # While it runs, and after

    def _told_more(self, entry: NewEntry) -> NewEntry:
        """An effect with what was done, a medicine with who ordered and gave it, and why."""
        if entry.event is None:
            return entry
        detail, protocol = entry.event.detail, self.protocol
        if entry.event.kind == "effect" and protocol.effect_actions:
            done = _known(self.words["actions"].get(detail.get("severity"), ()), protocol.effect_actions, self.rng)
            return _with(entry, {"action": done} if done else {})
        if entry.event.kind == "medicine" and protocol.medicine_reasons:
            given: dict[str, Any] = next((m for m in clinic()["medicine"] if m["name"] == detail["name"]), {})
            why = given.get("why", "")
            said = {"ordered_by": prescriber(self.order.infusion.series).name, "given_by": self.order.author_name}
            return _with(entry, {**said, **({"why": why} if why in protocol.medicine_reasons else {})})
        return entry

    def _called_when_stopped(self) -> None:
        whom = _known(self.words["called"], self.protocol.called, self.rng)
        if self.end.event is not None and self.end.event.kind == "stop" and whom:
            at = self.end.tapped_at + _minutes(self.rng, self.words["called_minutes"])
            called = self._event("called", at, "called", {"whom": whom})
            at += _minutes(self.rng, self.words["comes_minutes"])
            self._event("over/called", at, "over", {"of": called.id})

    def _over(self) -> None:
        """When each effect went; a mild one may still be there when the patient leaves."""
        if not self.protocol.leaving:
            return
        last = self.last_seen
        for entry in list(self.made):
            if entry.event is None or entry.event.kind != "effect":
                continue
            at = entry.observed_at + timedelta(minutes=draw(self.rng, self.words["effect_minutes"]))
            stays = self.rng.random() < self.words["still_there"] and entry.event.detail.get("severity") == "mild"
            if at >= last and stays:
                continue
            asked = last + (self.close.tapped_at - last) * self.rng.uniform(0.02, 0.08)  # at the end, all at once
            at = max(min(at, asked), entry.tapped_at + timedelta(seconds=1))
            if at < self.close.tapped_at:
                self._event(f"over/{entry.id}", at, "over", {"of": entry.id})

    def _rechecked(self) -> None:
        """A set at each of the times after a medicine at which no other one is taken; or why there is none."""
        if not any(e.event is not None and e.event.kind == "medicine" for e in self.made):
            return
        for _ in range(len(self.made)):
            waited = [one for one in rechecks(self._so_far(), self.protocol) if one.is_open]
            if not waited:
                return
            one = waited[0]
            at = one.due_at + timedelta(minutes=draw(self.rng, self.words["recheck_delay"]))
            if at < self.last_seen:
                minute = (at - self.start.observed_at) / timedelta(minutes=1)
                values = self.response.read(minute).values
                wanted = {
                    measure: float(values[measure]) for measure in self.protocol.schedule.set if measure in values
                }
                self._seen(f"recheck/{one.medicine.id}/{one.minutes:g}", at, wanted, kind="set")
            else:
                at = max(self.last_seen, one.medicine.tapped_at) + timedelta(seconds=self.words["answer_seconds"][1])
                how = self.words["no_recheck"]
                self._event(f"over/{one.medicine.id}", at, "over", {"of": one.medicine.id, "how": how})

    # Before leaving

    def _before_leaving(self) -> None:
        protocol, rng = self.protocol, self.rng
        ended, tap = self.end.tapped_at, clinic()["nurse"]["tap_seconds"]
        if protocol.drug is not None:
            witness = ((self.other, dose.WITNESS_OF_WASTE),) if protocol.people.waste_witness else ()
            self._signed("drug", ended + _minutes(rng, self.words["drug_minutes"]), "drug", {}, witness)
        asked = [one.answer for one in protocol.leaving if one.answer is not None]
        early = [item for item in asked if item.key in self.words["early"]]
        from_then = ended + _minutes(rng, self.words["early_minutes"])
        again = [_Step(measure, None, {}, _span(rng, tap)) for measure in self._outside()] if protocol.leaving else []
        self._place([*again, *self._answers(early)], from_then, self.last_seen)
        steps: list[_Step] = []
        for measure in dict.fromkeys(one.measure for one in protocol.leaving if one.measure):
            if not self._rated(measure):
                steps.append(_Step(measure, None, {}, _span(rng, tap)))
        steps += self._answers(item for item in asked if item not in early)
        for key in protocol.scales:
            steps.append(_Step(f"score/{key}", "score", {"scale": key}, _span(rng, self.words["score_seconds"])))
        self._place(steps, self.last_seen, self.close.tapped_at - timedelta(seconds=self.words["answer_seconds"][0]))

    def _outside(self) -> list[str]:
        """Ratings whose last value is outside the site's range, to be looked at again once the infusion is over."""
        last = {r.measure: r.value for e in sorted(self.made, key=lambda e: e.observed_at) for r in e.readings}
        return [
            measure
            for measure in self.protocol.schedule.observations
            if measure in last and level_alone(self.protocol.measures[measure], last[measure], "recovery") is not None
        ]

    def _rated(self, measure: str) -> bool:
        """Whether it was rated with the last set."""
        sets = max(e.observed_at for e in self.made if e.kind == "set" and e.observed_at < self.close.observed_at)
        return any(e.observed_at >= sets and any(r.measure == measure for r in e.readings) for e in self.made)

    def _sign(self) -> None:
        steps = self.protocol.people.signatures
        if steps and self.author.role in steps[0].roles:
            at = self.close.tapped_at + _minutes(self.rng, self.words["sign_minutes"])
            self._signed("sign", at, "sign", {"meaning": steps[0].meaning}, ((self.author, steps[0].meaning),))

    # One entry

    def _place(self, steps: Sequence[_Step], since: datetime, until: datetime) -> None:
        """Record one after the other from `since` on, each as long as it takes, faster where `until` comes too soon."""
        needed = sum(step.seconds for step in steps)
        if not steps:
            return
        room = (until - since).total_seconds() / (1 + 1 / len(steps))
        hurry = min(1.0, room / needed)
        at = since
        for step in steps:
            at += timedelta(seconds=step.seconds * hurry)
            if step.kind is None:
                self._rate(step.name, at)
            else:
                self._signed(step.name, at, step.kind, step.detail, step.signers)

    def _rate(self, measure: str, at: datetime) -> None:
        rated = {
            "dissociation": self.response.dissociation,
            "sedation": self.response.sedation,
            "distress": self.response.distress,
        }
        if measure in rated:
            minute = (at - self.start.observed_at) / timedelta(minutes=1)
            self._seen(f"again/{measure}/{at.isoformat()}", at, {measure: float(rated[measure](minute))})

    def _seen(self, name: str, at: datetime, values: dict[str, float], *, kind: Any = "observation") -> None:
        id = entry_id(self.order.infusion.id, f"care/{name}")
        readings = tuple(Reading(f"{id}/{measure}", measure, value) for measure, value in values.items())
        self.made.append(
            NewEntry(
                id=id,
                kind=kind,
                observed_at=at,
                tapped_at=at,
                author=self.order.author,
                readings=readings,
                sign_in=self.order.sign_in,
            )
        )

    def _event(self, name: str, at: datetime, kind: EventKind, detail: dict[str, Any]) -> NewEntry:
        return self._signed(name, at, kind, detail, ())

    def _signed(
        self, name: str, at: datetime, kind: EventKind, detail: dict[str, Any], signers: Sequence[tuple[Staff, str]]
    ) -> NewEntry:
        entry = _signed_event(self.order, f"care/{name}", at, kind, detail, signers, self.rng)
        self.made.append(entry)
        return entry

    def _so_far(self) -> Infusion:
        """The infusion with everything made."""
        taps = sorted(self.made, key=lambda e: e.tapped_at)
        entries = (whole(Tap(e.tapped_at, e), self.order, seq) for seq, e in enumerate(taps, start=1))
        return replace(self.order.infusion, entries=tuple(entries))


# What depends on what was recorded before


def _why_started(entry: NewEntry, start: Event, infusion: Infusion, order: Order) -> Tap | None:
    if not before.checklist(infusion, order.protocol).missing:
        return None
    rng = Random(f"{entry.id}/why")
    why = _known(clinic()["care"]["missing_reasons"], order.protocol.missing_reasons, rng)
    event = Event("start", {**start.detail, "reason": why, "decided_by": prescriber(infusion.series).name})
    added = _then(entry, event, order, rng)
    told = replace(added.entry, observed_at=entry.observed_at, corrects=entry.id, reason=REASON_ADDED)
    return added._replace(entry=told)


def _told(entry: NewEntry, said: Acknowledgement, order: Order) -> Tap | None:
    rng = Random(f"{entry.id}/told")
    whom = _known(clinic()["care"]["informed"], order.protocol.informed, rng)
    measure = order.protocol.measures.get(said.measure)
    about = {"about": measure.label} if measure is not None else {}
    return _then(entry, Event("informed", {"whom": whom, **about}), order, rng) if whom else None


def _then(entry: NewEntry, event: Event, order: Order, rng: Random) -> Tap:
    """An event some seconds after an entry that made it needed."""
    at = entry.tapped_at + _seconds(rng, clinic()["care"]["reason_seconds"])
    further = NewEntry(
        id=entry_id(order.infusion.id, f"then/{entry.id}"),
        kind="event",
        observed_at=at,
        tapped_at=at,
        author=order.author,
        event=event,
        sign_in=order.sign_in,
    )
    return Tap(at + _seconds(rng, clinic()["nurse"]["saved_seconds"]), further)


def _points(entry: NewEntry, infusion: Infusion, protocol: Protocol) -> dict[str, Any]:
    """The points of a recovery score: of pressures by the site's bands, of the rest as seen."""
    assert entry.event is not None
    scale = protocol.scales[entry.event.detail["scale"]]
    outline = outlined(infusion)
    found: dict[str, Any] = {}
    for item in scale.items:
        values = sorted((option.value for option in item.options), reverse=True)
        points = scales.circulation(item, infusion, protocol, outline).points if item.measures else None
        if points is None:
            points = values[1 if _is_lowered(item.key, infusion, entry.observed_at) and len(values) > 1 else 0]
        found[scales.ITEM + item.key] = points
    return found


def _is_lowered(item: str, infusion: Infusion, at: datetime) -> bool:
    """Whether something that was seen, and is hardly over, takes an item of a score below its most points."""
    for row in clinic()["care"]["lowered"]:
        if row["item"] != item:
            continue
        if "measure" in row:
            last = scales.last_reading(infusion, row["measure"])
            if last is not None and last[0].value != row["unless"]:
                return True
        since = at - timedelta(minutes=row.get("after_minutes", 0.0))
        if any(
            one.name in row.get("effects", ()) and (one.over is None or one.over.observed_at > since)
            for one in effects(infusion)
        ):
            return True
    return False


def _drawn(entry: NewEntry, infusion: Infusion, protocol: Protocol) -> dict[str, Any]:
    """What was drawn up in whole steps of a syringe, and what of it was not given."""
    words, rng = clinic()["care"]["drug"], Random(f"{entry.id}/drug")
    given = course(infusion, protocol, entry.observed_at).given_mg
    plan = dose.plan_of(infusion)
    stock = plan.stock_mg_per_ml or clinic()["care"]["stock_mg_per_ml"]
    step = words["drawn_step_ml"] * stock
    drawn = math.ceil(round(max(plan.dose_mg, given) / step, 6)) * step
    wasted = dose.rounded(drawn - given, words["round_mg"])
    month = entry.observed_at.year * 12 + entry.observed_at.month - 1
    vial = Random(f"vial/{month}")  # one delivery a month
    expiry = month + vial.randint(*words["expires_months"])
    known = [method for method in words["methods"] if protocol.drug is not None and method in protocol.drug.methods]
    methods = known or list(protocol.drug.methods if protocol.drug is not None else ())
    return {
        "drawn_mg": drawn,
        "wasted_mg": wasted,
        "lot": vial.choice(words["lots"]),
        "expiry": f"{expiry // 12}-{expiry % 12 + 1:02d}",
        "method": rng.choice(methods),
    }


def _left(entry: NewEntry, infusion: Infusion, order: Order) -> dict[str, Any]:
    """Why somebody leaves with something missing, and the second person; {} when nothing is missing."""
    last = max((e.seq for e in infusion.entries), default=0)
    closed = whole(Tap(entry.tapped_at, entry), order, last + 1)
    departure = leaving.departure(replace(infusion, entries=(*infusion.entries, closed)), order.protocol)
    if departure is None or not departure.missing:
        return {}
    rng = Random(f"{entry.id}/left")
    reasons = order.protocol.missing_reasons
    detail: dict[str, Any] = {"reason": _known(clinic()["care"]["missing_reasons"], reasons, rng)}
    if order.protocol.people.leaving_second:
        who = prescriber(infusion.series)
        at = entry.tapped_at - _seconds(rng, clinic()["care"]["pin_seconds"])
        detail["signatures"] = [_signature(who, leaving.LEFT, at)]
    return detail


def _signed_event(
    order: Order,
    name: str,
    at: datetime,
    kind: EventKind,
    detail: dict[str, Any],
    signers: Sequence[tuple[Staff, str]],
    rng: Random,
) -> NewEntry:
    """An event with its signatures, as the server writes them: each PIN typed some seconds before it was saved."""
    if signers:
        typed = at
        signatures = []
        for who, meaning in reversed(signers):
            typed -= _seconds(rng, clinic()["care"]["pin_seconds"])
            signatures.append(_signature(who, meaning, typed))
        detail = {**detail, "signatures": signatures[::-1]}
    return NewEntry(
        id=entry_id(order.infusion.id, name),
        kind="event",
        observed_at=at,
        tapped_at=at,
        author=order.author,
        event=Event(kind, detail),
        sign_in=order.sign_in,
    )


def _signature(who: Staff, meaning: str, at: datetime) -> dict[str, Any]:
    return {"staff": who.id, "name": who.name, "role": who.role, "meaning": meaning, "at": at.isoformat()}


def _with(entry: NewEntry, more: dict[str, Any]) -> NewEntry:
    """The entry with more in its event's detail."""
    if entry.event is None or not more:
        return entry
    return replace(entry, event=Event(entry.event.kind, {**entry.event.detail, **more}))


def _known(wanted: Iterable[str], known: Sequence[str], rng: Random) -> str:
    """One of the wanted words that the protocol has, else its first; "" where it has none."""
    found = [word for word in wanted if word in known]
    return rng.choice(found) if found else next(iter(known), "")


def _span(rng: Random, seconds: Sequence[float]) -> float:
    return rng.uniform(*seconds)


def _seconds(rng: Random, seconds: Sequence[float]) -> timedelta:
    return timedelta(seconds=rng.uniform(*seconds))


def _minutes(rng: Random, minutes: Sequence[float]) -> timedelta:
    return timedelta(minutes=rng.uniform(*minutes))
