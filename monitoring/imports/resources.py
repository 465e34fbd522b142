"""The resources of a FHIR Bundle with what each says, and how they hang together; infusions are judged later."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast, get_args

from monitoring.clinical.checks import value_problem
from monitoring.clinical.protocol import Measure, Protocol
from monitoring.clinical.record import EVENT_WORDS, Event, EventKind, NotDone, event_words
from monitoring.exports.fhir import RATINGS
from monitoring.imports.bundle import LOINC, UCUM, Json, Resource, codes_of, instant_of, reference_of, text_of
from monitoring.imports.dry_run import Decision, Fault
from monitoring.imports.units import in_own_unit, rounded, units_of

_TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_WEIGHT: Final = "29463-7"
_SAME: Final = {"2708-6": "59408-5", "59408-5": "2708-6"}  # saturation: US Core names both
_NAMED_ONLY: Final = ("Practitioner", "PractitionerRole", "Organization", "Location", "CodeSystem", "Device")
_HOLDS: Final = ("final", "amended", "corrected")
IN_ERROR: Final = "entered-in-error"
_OF_CHANGES: Final = ("corrected: ", "withdrawn by ", "reason added")


@dataclass(slots=True)
class Part:
    """One resource while it is judged."""

    resource: Resource
    infusion: str = ""  # what tells its infusion: a reference to the Encounter, "" where there is none
    at: datetime | None = None
    says: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: str = ""  # why
    speaks: bool = False  # whether it becomes something in the record
    used: bool = False  # whether it says what the infusion itself was: whose, when, how much

    def wrong(self, key: str, sentence: str, group: str = "") -> None:
        self.faults.append(Fault(key, sentence, group=group or sentence))

    @property
    def key(self) -> str:
        return str(self.resource.number)


@dataclass(slots=True)
class Value:
    """A value on its way to a reading."""

    key: str
    row: Part
    measure: Measure
    value: float


@dataclass(slots=True)
class Saying:
    """What becomes one entry: the resources that were one, or that belong together by time and person."""

    name: str
    at: datetime
    told_at: datetime
    in_error: bool
    first: Part
    cells: list[Value] = field(default_factory=list)
    not_done: list[NotDone] = field(default_factory=list)
    event: tuple[EventKind, str] | None = None  # kind, and words of our own export
    whole: Event | None = None  # an event that is read already


@dataclass(frozen=True, slots=True)
class Change:
    """A Provenance: what took the place of what, or what was withdrawn."""

    row: Part
    targets: tuple[str, ...]
    before: tuple[str, ...]
    at: datetime
    reason: str


class BundleReader:
    """Every resource with what it says, and how they hang together."""

    def __init__(
        self, resources: Sequence[Resource], protocol: Protocol, decisions: Mapping[str, Decision], rounding: bool
    ) -> None:
        self.protocol, self.decisions, self.rounding = protocol, decisions, rounding
        self.rows = [Part(resource) for resource in resources]
        self.by_name = {name: row for row in self.rows for name in row.resource.names}
        self.by_loinc = {measure.loinc: measure for measure in protocol.measures.values() if measure.loinc}
        self.sayings: dict[str, list[Saying]] = defaultdict(list)  # by infusion
        self.changes: list[Change] = []
        self.weights: dict[str, float] = {}
        self.drugs: dict[str, Part] = {}
        self.left_out: dict[tuple[str, str], list[str]] = defaultdict(list)  # by infusion and reason
        self.told: dict[tuple[str, str], list[str]] = defaultdict(list)  # by infusion: notes of the file
        self.turned: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self._parts: dict[str, str] = {}  # by name of a resource: of the first that became one entry with it
        for row in self.rows:
            self._look(row)
        for row in self.rows:
            if not row.faults and not row.left_out:
                self._change(row)
        for row in self.rows:
            if not row.faults and not row.left_out:
                self._read(row)

    def main(self, name: str) -> str:
        """One name for all that became one entry together."""
        return self._parts.get(name, name)

    def one_name(self, reference: str) -> str:
        """The name that stands for a resource, whichever way it is referred to."""
        row = self.by_name.get(reference)
        return row.resource.names[0] if row is not None else ""

    def _look(self, row: Part) -> None:
        """What holds for every resource: whether it is FHIR, whose it is, whether a person left it out."""
        content = row.resource.content
        row.infusion = self._infusion_of(row)
        row.at = instant_of(content.get("effectiveDateTime") or content.get("effectiveInstant"))
        for fault in row.resource.faults:
            row.wrong(row.key, fault, f"{row.resource.kind or 'entry'}: no FHIR R4")
        if not row.faults and (why := self._not_brought_in(row)):
            row.wrong(row.key, *why)
        decision = self.decisions.get(row.key)
        # Also of what is found wrong only later: what was said to be left out is not asked about again.
        if decision is not None and decision.how == "leave out" and decision.reason.strip():
            row.left_out, row.faults = decision.reason.strip(), []
            self.leave_out(row, " ".join([row.resource.kind, text_of(content.get("code"))]).strip())

    def leave_out(self, row: Part, shown: str, reason: str = "") -> None:
        """Remember what is left out, to be told in the record."""
        self.left_out[row.infusion, reason or row.left_out].append(f"{shown} ({row.resource.place})")

    def _infusion_of(self, row: Part) -> str:
        content = row.resource.content
        if row.resource.kind == "Encounter":
            return row.resource.names[0] if row.resource.names else ""
        field_ = {"MedicationAdministration": "context"}.get(row.resource.kind, "encounter")
        reference = reference_of(content.get(field_))
        return self.one_name(reference) or reference

    def _not_brought_in(self, row: Part) -> tuple[str, str] | None:
        """Why a resource cannot come in at all, and what is alike; None when it can."""
        kind, content = row.resource.kind, row.resource.content
        if kind in _NAMED_ONLY or kind in ("Patient", "Encounter", "Procedure", "Provenance"):
            return None
        if kind not in ("Observation", "MedicationAdministration"):
            return f"{kind} is not brought in: expected it left out, with a reason.", f"{kind}: not brought in"
        if row.infusion and row.infusion not in self.by_name:
            return f"encounter “{row.infusion[:60]}” is not in this Bundle: expected it there.", "Encounter: not there"
        status = str(content.get("status", ""))
        if kind == "Observation" and status not in (*_HOLDS, IN_ERROR):
            return f"status “{status}”: expected {', '.join(_HOLDS)} or {IN_ERROR}.", f"status {status}"
        if kind == "MedicationAdministration" and status not in ("completed", "stopped", IN_ERROR):
            return f"status “{status}”: expected completed, stopped or {IN_ERROR}.", f"status {status}"
        if kind == "Observation" and not row.infusion and any(r.resource.kind == "Encounter" for r in self.rows):
            what = text_of(content.get("code")) or "Observation"
            why = f"{what} belongs to no encounter: expected one, or it left out (scores are entered under Series)."
            return why, f"{what}: of no encounter"
        return None

    def _change(self, row: Part) -> None:
        """What a Provenance says of others."""
        content = row.resource.content
        if row.resource.kind != "Provenance":
            return
        targets = self._names(row, content.get("target", ()), "target")
        revised = [one.get("what") for one in content.get("entity", ()) if one.get("role") == "revision"]
        before = self._names(row, revised, "entity")
        operations = codes_of(content.get("activity"), f"{_TERMS}/v3-DataOperation")
        row.says.append(", ".join(operations))
        if row.faults or not ({"UPDATE", "NULLIFY"} & set(operations)):
            return
        at = instant_of(content.get("recorded"))
        if at is None:
            row.wrong(row.key, "recorded: expected a time with its offset.")
            return
        reason = next((text_of(one) for one in content.get("reason", ())), "") or "no reason in the file"
        first = self.by_name.get(targets[0]) if targets else None
        row.infusion, row.speaks, row.at = (first.infusion if first else ""), True, at
        for names in (targets, before):
            for name in names:
                self._parts.setdefault(name, names[0])
        self.changes.append(Change(row, targets, before, at, reason))

    def _names(self, row: Part, references: Sequence[object], where: str) -> tuple[str, ...]:
        found = []
        for number, reference in enumerate(references):
            name = self.one_name(reference_of(reference))
            if name:
                found.append(name)
            else:
                row.wrong(row.key, f"{where}[{number}]: “{reference_of(reference)[:60]}” is not in this Bundle.")
        return tuple(found)

    def _read(self, row: Part) -> None:
        if row.resource.kind == "Observation":
            self._observation(row)
        elif row.resource.kind == "MedicationAdministration":
            self._given(row)
        elif row.resource.kind in ("Patient", "Encounter", "Procedure"):
            row.used = True
            row.says.append(text_of(row.resource.content.get("code")) or str(row.resource.content.get("status", "")))
            self._tell_unread(row)

    def _tell_unread(self, row: Part) -> None:
        """Keep what a period says that is no instant: a day alone begins nothing."""
        name = {"Encounter": "period", "Procedure": "performedPeriod"}.get(row.resource.kind, "")
        for end, text in row.resource.content.get(name, {}).items():
            if end in ("start", "end") and instant_of(text) is None:
                self.leave_out(row, f"{row.resource.kind}.{name}.{end} {text}", "expected a time with its offset")

    def _observation(self, row: Part) -> None:
        content, codes = row.resource.content, codes_of(row.resource.content.get("code"), LOINC)
        if _WEIGHT in codes:
            self._weight(row)
            return
        if row.at is None:
            row.wrong(row.key, "effectiveDateTime: expected a time with its offset.", "times that cannot be read")
            return
        row.speaks = True
        self._tell_notes(row)
        own = next(iter(codes_of(content.get("code"), RATINGS)), "")
        saying = self._saying(
            row, own in get_args(EventKind) or own == "acknowledgement" or own in self.protocol.scales
        )
        if own == "acknowledgement":
            words = f"{text_of(content.get('code'))}: {content.get('valueString', '')}"
            saying.whole = Event("note", {"text": words})
        elif own in self.protocol.scales:
            self._score(row, saying, own)
        elif own in get_args(EventKind):
            saying.event = (cast(EventKind, own), str(content.get("valueString") or EVENT_WORDS[cast(EventKind, own)]))
        else:
            self._values(row, saying, codes)
        row.says.extend(self._said(saying, row))

    def _weight(self, row: Part) -> None:
        """What the patient weighed; of an infusion there is one, and it is no value of its course."""
        quantity = row.resource.content.get("valueQuantity", {})
        value = quantity.get("value")
        if value is None or quantity.get("code") != "kg":
            row.wrong(row.key, "valueQuantity: expected a weight in kg.")
            return
        shown = f"{float(value):g} kg"
        row.says.append(shown)
        if row.resource.content.get("status") == IN_ERROR:
            self.leave_out(row, f"weight {shown}", "entered in error in the file")
            row.left_out = "entered in error in the file"
            return
        if self.weights.get(row.infusion, float(value)) != float(value):
            sentence = f"Weight {shown}: {self.weights[row.infusion]:g} kg in another entry, expected one."
            row.wrong(row.key, sentence, "weights that are not the same")
            return
        row.used = True
        self.weights[row.infusion] = float(value)

    def _said(self, saying: Saying, row: Part) -> Iterator[str]:
        if saying.event is not None:
            yield saying.event[1]
        if saying.whole is not None:
            yield event_words(saying.whole)
        for cell in saying.cells:
            if cell.row is row:
                yield f"{cell.measure.short or cell.measure.label} {cell.measure.exact(cell.value)}"

    def _saying(self, row: Part, apart: bool) -> Saying:
        """The entry that this resource is part of; `apart`: it is one of its own."""
        content = row.resource.content
        assert row.at is not None
        told_at = instant_of(content.get("issued")) or row.at
        name = row.resource.names[0] if row.resource.names else row.resource.place
        in_error = content.get("status") == IN_ERROR
        if not apart and not self._is_rating(row):
            same = self._parts.get(name, "")
            by = next((reference_of(one) for one in content.get("performer", ())), "")
            key = same or f"{row.at.isoformat()} {told_at.isoformat()} {by} {in_error}"
            for earlier in self.sayings[row.infusion]:
                if earlier.name == key and earlier.event is None and earlier.whole is None:
                    return earlier
            name = key
        made = Saying(self.main(name) if apart else name, row.at, told_at, in_error, row)
        self.sayings[row.infusion].append(made)
        return made

    def _is_rating(self, row: Part) -> bool:
        own = next(iter(codes_of(row.resource.content.get("code"), RATINGS)), "")
        measure = self.protocol.measures.get(own)
        # One that was corrected together with others was one entry with them.
        name = row.resource.names[0] if row.resource.names else ""
        return measure is not None and measure.is_rating and name not in self._parts

    def _values(self, row: Part, saying: Saying, codes: Sequence[str]) -> None:
        """The values of an Observation: its own, and those of its components."""
        content = row.resource.content
        parts: list[tuple[Json, str, Sequence[str], Any]] = [(content, "", codes, content.get("code"))]
        if components := content.get("component", ()):
            if any(name.startswith("value") for name in content):
                key = f"{row.key}/value"
                what = text_of(content.get("code")) or "this"
                if not self._dropped(key, row, f"{what}: a value beside its components", ""):
                    row.wrong(
                        key, f"{what} has a value and components: expected one of the two.", "values beside others"
                    )
            parts = [
                (one, f"component[{n}].", codes_of(one.get("code"), LOINC), one.get("code"))
                for n, one in enumerate(components)
            ]
        for part, path, loinc, code in parts:
            measure = self._measure(loinc, codes_of(code, RATINGS))
            key = f"{row.key}/{path}value"
            if measure is None:
                what = text_of(code) or ", ".join(loinc) or "this"
                if not self._dropped(key, row, what, ""):
                    row.wrong(key, f"{path}code: {what} is not measured here.", f"{what}: not measured here")
            elif part.get("dataAbsentReason") is not None:
                self._absent(row, saying, part, path, measure)
            else:
                self._value(row, saying, part, path, measure)

    def _measure(self, loinc: Sequence[str], own: Sequence[str]) -> Measure | None:
        for code in loinc:
            if (found := self.by_loinc.get(code) or self.by_loinc.get(_SAME.get(code, ""))) is not None:
                return found
        return next((self.protocol.measures[code] for code in own if code in self.protocol.measures), None)

    def _absent(self, row: Part, saying: Saying, part: Json, path: str, measure: Measure) -> None:
        """Why a value is not there: of our own reasons it is recorded, "unknown" says nothing at all."""
        absent = part["dataAbsentReason"]
        reason = text_of(absent)
        known = next((one for one in self.protocol.not_done_reasons if one.casefold() == reason.casefold()), None)
        if known is not None:
            saying.not_done.append(NotDone(measure.key, known))
            row.says.append(f"{measure.short} not done: {known}")
        elif "unknown" not in codes_of(absent, f"{_TERMS}/data-absent-reason"):
            key = f"{row.key}/{path}value"
            if not self._dropped(key, row, f"{measure.label} not done", reason):
                expected = ", ".join(self.protocol.not_done_reasons)
                sentence = f"{path}dataAbsentReason “{reason[:60]}”: expected one of {expected}."
                row.wrong(key, sentence, "reasons why something was not done")

    def _value(self, row: Part, saying: Saying, part: Json, path: str, measure: Measure) -> None:
        key = f"{row.key}/{path}value"
        value, shown, fault = _amount(part, path, measure)
        if self._dropped(key, row, measure.label, shown):
            return
        if value is None:
            row.wrong(key, fault, f"{measure.label}: cannot be read")
            return
        if fault:  # it came in another unit
            self.turned[row.infusion, "Converted"][f"{measure.label} from {fault}"] = None
        if self.rounding and not measure.is_rating and not measure.fits(value):
            self.turned[row.infusion, "Rounded"][f"{measure.label}"] = None
            value = rounded(measure, value)
        if problem := value_problem(measure, value):
            row.wrong(key, f"{path}value: {problem}", f"{measure.label}: cannot be")
            return
        if any(cell.measure.key == measure.key for cell in saying.cells):
            row.wrong(key, f"{measure.label} stands twice at this time: expected one value.", f"{measure.label}: twice")
            return
        saying.cells.append(Value(key, row, measure, value))

    def _dropped(self, key: str, row: Part, what: str, shown: str) -> bool:
        decision = self.decisions.get(key)
        if decision is None or decision.how != "leave out" or not decision.reason.strip():
            return False
        self.leave_out(row, f"{what} {shown}".strip(), decision.reason.strip())
        return True

    def _score(self, row: Part, saying: Saying, key: str) -> None:
        """A recovery score by the points of its items, which carry the words of this site's scale."""
        scale = self.protocol.scales[key]
        labels = {item.label: item.key for item in scale.items}
        detail: dict[str, Any] = {"scale": key}
        for number, one in enumerate(row.resource.content.get("component", ())):
            label, points = text_of(one.get("code")), one.get("valueInteger")
            if label not in labels or points is None:
                row.wrong(row.key, f"component[{number}]: “{label[:60]}” is no item of {scale.label} here.")
                return
            detail[f"item:{labels[label]}"] = int(points)
        saying.whole = Event("score", detail)

    def _given(self, row: Part) -> None:
        """A medicine; the infusion itself is told by its Procedure."""
        content = row.resource.content
        if content.get("effectivePeriod"):
            self._drug(row)
            return
        if row.at is None:
            row.wrong(row.key, "effectiveDateTime: expected a time with its offset.", "times that cannot be read")
            return
        row.speaks = True
        dosage = content.get("dosage", {})
        amount = dosage.get("dose", {})
        name, route = text_of(content.get("medicationCodeableConcept")), text_of(dosage.get("route"))
        saying = self._saying(row, apart=True)
        words = [str(one.get("text", "")) for one in content.get("note", ())]
        if amount.get("value") is not None and amount.get("unit") and name and route:
            detail = {"name": name, "dose": f"{amount['value']:g}", "unit": str(amount["unit"]), "route": route}
            why = next((text_of(one) for one in content.get("reasonCode", ())), "")
            saying.whole = Event("medicine", detail | ({"why": why} if why else {}))
        else:  # an amount in words: "some"
            saying.whole = Event("note", {"text": next(iter(words), name or EVENT_WORDS["medicine"])})
        for text in words[1:]:
            self.told[row.infusion, text].append(row.resource.place)
        row.says.append(event_words(saying.whole))

    def _drug(self, row: Part) -> None:
        """The drug of the infusion itself: part of its Procedure, or the one that ran where there is no Procedure."""
        content = row.resource.content
        procedures = [r for r in self.rows if r.resource.kind == "Procedure" and r.infusion == row.infusion]
        if row.infusion in self.drugs or (procedures and not content.get("partOf")):
            row.wrong(row.key, "effectivePeriod: expected one time, as of a medicine.", "medicines over a time")
            return
        row.used = True
        self.drugs[row.infusion] = row
        dosage = content.get("dosage", {})
        amounts = (dosage.get("dose", {}), dosage.get("rateQuantity", {}))
        words = [f"{one['value']:g} {one.get('unit', '')}".strip() for one in amounts if one.get("value") is not None]
        row.says += [text_of(content.get("medicationCodeableConcept")), str(dosage.get("text", "")), *words]

    def _tell_notes(self, row: Part) -> None:
        """Keep the notes, but for those of our own export that say what a Provenance says."""
        explained = bool(row.resource.names) and row.resource.names[0] in self._parts
        for note in row.resource.content.get("note", ()):
            if note.get("text") and not (explained and str(note["text"]).startswith(_OF_CHANGES)):
                self.told[row.infusion, str(note["text"])].append(row.resource.place)


def _amount(part: Json, path: str, measure: Measure) -> tuple[float | None, str, str]:
    """The value in the measure's own unit, how the file writes it, and what is wrong with it.

    With a value, the last is the unit it was converted from, if it was.
    """
    if measure.is_rating:
        word = text_of(part.get("valueCodeableConcept"))
        number = part.get("valueInteger", part.get("valueQuantity", {}).get("value"))
        by_word = next((option.value for option in measure.options if option.word == word), number)
        found = None if by_word is None else float(by_word)
        wrong = "" if found is not None else f"{path}value: expected a number."
        return found, str(number if number is not None else word), wrong
    quantity = part.get("valueQuantity")
    if not isinstance(quantity, Mapping) or not isinstance(quantity.get("value"), int | float | Decimal):
        return None, "", f"{path}valueQuantity: expected a number with its unit."
    value = float(quantity["value"])
    written = str(quantity.get("code") if quantity.get("system") == UCUM else quantity.get("unit") or "")
    shown = f"{value:g} {written}".strip()
    if quantity.get("comparator"):
        return None, shown, f"{path}valueQuantity.comparator “{quantity['comparator']}”: expected the value itself."
    unit = next((one for one in units_of(measure) if one.code == written or one.is_called(written)), None)
    if unit is None:
        expected = " or ".join(one.label for one in units_of(measure))
        return None, shown, f"{path}valueQuantity.unit “{written[:20]}”: expected {expected}."
    return in_own_unit(measure, value, unit), shown, unit.label if unit.convert is not None else ""
