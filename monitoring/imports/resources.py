"""What each resource of a FHIR Bundle says: values, events, medicines, weights. Infusions are judged later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast, get_args

from monitoring.clinical.checks import value_problem
from monitoring.clinical.protocol import Measure, Protocol
from monitoring.clinical.record import EVENT_WORDS, Event, EventKind, NotDone, event_words
from monitoring.exports.fhir_words import RATINGS
from monitoring.imports.bundle import LOINC, Json, Resource, codes_of, instant_of, reference_of, text_of
from monitoring.imports.details import NotOurs, Own, own_of
from monitoring.imports.dry_run import Decision, Fault
from monitoring.imports.modifiers import Doubt
from monitoring.imports.parts import Part, Saying, Value
from monitoring.imports.quantities import Amount, amount_of, comparators, two_units
from monitoring.imports.states import IN_ERROR
from monitoring.imports.structure import TERMS, Structure
from monitoring.imports.units import DOSES, KILOGRAMS, WEIGHTS, in_own_unit, rounded, units_of
from monitoring.imports.vital_signs import SATURATION, lacking, profile_of

_WEIGHT: Final = "29463-7"
_OF_CHANGES: Final = ("corrected: ", "withdrawn by ", "reason added")


class BundleReader(Structure):
    """Every resource that can be read, with what it says."""

    def __init__(
        self, resources: Sequence[Resource], protocol: Protocol, decisions: Mapping[str, Decision], rounding: bool
    ) -> None:
        super().__init__(resources, protocol, decisions, rounding)
        for row in self.rows:
            if row.is_read:
                self._read(row)
        spoken = {row.infusion for row in self.rows if row.speaks}
        for row in self.rows:
            alone = row.infusion not in self.by_name and row.infusion not in spoken
            if row.is_read and row.resource.kind in ("Procedure", "MedicationAdministration") and alone:
                what = f"encounter “{row.infusion[-60:]}” is not in this Bundle" if row.infusion else "of no encounter"
                row.wrong(row.key, f"{what}, and nothing was seen in it: expected it there.", "Encounter: not there")

    def _read(self, row: Part) -> None:
        if row.resource.kind == "Observation":
            self._observation(row)
        elif row.resource.kind == "MedicationAdministration":
            self._given(row)
        elif row.resource.kind in ("Patient", "Encounter", "Procedure"):
            row.used = row.resource.kind != "Patient"  # whose is seen when it is known who is meant
            if row.resource.kind == "Procedure":
                self._is_in_its_encounter(row, row.resource.content.get("performedPeriod", {}).get("start"))
            row.says.append(text_of(row.resource.content.get("code")) or str(row.resource.content.get("status", "")))
            self._tell_unread(row)

    def _tell_unread(self, row: Part) -> None:
        """Keep what a period says that is no instant: a day alone begins nothing."""
        name = {"Encounter": "period", "Procedure": "performedPeriod"}.get(row.resource.kind, "effectivePeriod")
        for end, text in row.resource.content.get(name, {}).items():
            if end in ("start", "end") and instant_of(text) is None:
                self.leave_out(row, f"{row.resource.kind}.{name}.{end} {text}", "expected a time with its offset")

    def _observation(self, row: Part) -> None:
        content, codes = row.resource.content, codes_of(row.resource.content.get("code"), LOINC)
        for what in lacking(content, codes):
            self.lacking[f"Without what its profile requires: {what}"].append(row)
        if _WEIGHT in codes:
            self._weight(row)
            return
        if self._is_panel(row):
            return
        if row.at is None:
            row.wrong(row.key, _no_time(content), "times that cannot be read")
            return
        if not self._is_in_its_encounter(row):
            return
        row.speaks = True
        self._tell_notes(row)
        own = next(iter(codes_of(content.get("code"), RATINGS)), "")
        saying = self._saying(
            row, own in get_args(EventKind) or own == "acknowledgement" or own in self.protocol.scales
        )
        saying.own = self._own(row, "score" if own in self.protocol.scales else own)
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

    def _own(self, row: Part, kind: str) -> Own | None:
        """What our own export tells of this event; None where it tells nothing, or not of this kind."""
        try:
            own = own_of(row.resource.content)
        except NotOurs as no:
            row.wrong(row.key, f"extension: {no}, expected it as this program writes it.", "extensions of another form")
            return None
        if own is not None and own.kind != kind:
            sentence = f"extension: “{own.kind}” beside “{kind[:40]}”, expected the same."
            row.wrong(row.key, sentence, "two kinds of event")
            return None
        return own

    def _is_panel(self, row: Part) -> bool:
        """Whether it says nothing itself and only names its members, which stand in the Bundle themselves."""
        content = row.resource.content
        members = content.get("hasMember", ())
        for number, one in enumerate(members):
            target = self.references.target(one, row.resource, "Observation")
            if target.resource is None:
                why = target.problem or f"“{reference_of(one)[:60]}” is not in this Bundle."
                row.wrong(row.key, f"hasMember[{number}]: {why}", "members that are not there")
        if not members or _has_value(content) or content.get("dataAbsentReason") or content.get("component"):
            return False
        row.used = True
        row.says.append(f"{text_of(content.get('code')) or 'panel'} of {len(members)}")
        return True

    def _is_in_its_encounter(self, row: Part, seen: object = None) -> bool:
        """Whether it was seen within its encounter, or a person confirms that it was before it: the opening stays.

        `seen`: when, as the file writes it, where that is not the time of the resource itself.
        """
        content = row.resource.content
        seen = seen or content.get("effectiveDateTime") or content.get("effectiveInstant")
        period = self.encounter(row.infusion).get("period", {})
        began, at = instant_of(period.get("start")), instant_of(seen)
        if began is None or at is None or at >= began or self.is_own(row.infusion):
            return True
        told = f"Seen before its encounter began ({period['start']})"
        question = f"Seen {seen}, before its encounter began at {period['start']}: is this what the file means?"
        return self.ask(row, "before", Doubt(question, told), told)

    def _weight(self, row: Part) -> None:
        """What the patient weighed; of an infusion there is one, and it is no value of its course."""
        content = row.resource.content
        if content.get("dataAbsentReason") is not None:
            if _has_value(content):
                row.wrong(
                    row.key, "dataAbsentReason and a value: expected one of the two.", "weights that are not said"
                )
            else:
                self.leave_out(row, "weight", text_of(content["dataAbsentReason"]) or "no reason in the file")
                row.left_out = "it was not measured"
            return
        if not content.get("effectivePeriod") and len(str(content.get("effectiveDateTime", ""))) < len("2026-03-03"):
            row.wrong(
                row.key, "effectiveDateTime: expected when it was weighed, at least the day.", "weights of no day"
            )
            return
        amount = amount_of(content.get("valueQuantity"), "valueQuantity", WEIGHTS)
        if amount.unit is None:
            row.wrong(row.key, amount.wrong, "weights that cannot be read")
            return
        row.says.append(amount.shown)
        if not self._is_sure(row, amount, "weight", f"{row.key}/weight"):
            return
        value = amount.value if amount.unit.convert is None else round(amount.unit.convert(amount.value), 1)
        if content.get("status") == IN_ERROR:
            self.leave_out(row, f"weight {amount.shown}", "entered in error in the file")
            row.left_out = "entered in error in the file"
            return
        if amount.unit is not KILOGRAMS:
            self.turned[row.infusion, "Converted"][f"weight {amount.shown} to {value:g} kg"] = None
        if self.weights.get(row.infusion, value) != value:
            sentence = f"Weight {value:g} kg: {self.weights[row.infusion]:g} kg in another entry, expected one."
            row.wrong(row.key, sentence, "weights that are not the same")
            return
        row.used = True
        self.weights[row.infusion] = value

    def _is_sure(self, row: Part, amount: Amount, what: str, key: str) -> bool:
        """Whether the unit of a value is known, or confirmed by a person; what is to be told of it is remembered."""
        if amount.told:
            self.lacking[f"{amount.told}: {what}"].append(row)
        if amount.doubt is None:
            return True
        decision = self.decisions.get(f"{key}/unit")
        if decision is not None and decision.how == "unusual":
            self.confirmed[f"{amount.doubt.told}: {what}"].append(row)
            return True
        if decision is None or not self._dropped(f"{key}/unit", row, what, amount.shown):
            row.faults.append(
                Fault(f"{key}/unit", amount.doubt.question, asked=True, group=f"{what}: {amount.doubt.told}")
            )
        return False

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
        name = row.resource.name
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
        name = row.resource.name
        return measure is not None and measure.is_rating and name not in self._parts

    def _values(self, row: Part, saying: Saying, codes: Sequence[str]) -> None:
        """The values of an Observation: its own, and those of its components."""
        content = row.resource.content
        components = content.get("component", ())
        own = (content, "", codes, content.get("code"))
        parts: list[tuple[Json, str, Sequence[str], Any]] = [
            (one, f"component[{n}].", codes_of(one.get("code"), LOINC), one.get("code"))
            for n, one in enumerate(components)
        ]
        profile = profile_of(codes)
        if not components and profile is not None and profile.components and content.get("dataAbsentReason"):
            # Of a pressure that was not measured one reason is said for both.
            parts = [(content, "", (code,), content.get("code")) for code in profile.components]
        elif not components or _has_value(content) or content.get("dataAbsentReason") is not None:
            parts.insert(0, own)
        for part, path, loinc, code in parts:
            self._part(row, saying, part, path, self._measures(loinc, codes_of(code, RATINGS)))

    def _part(self, row: Part, saying: Saying, part: Json, path: str, measures: Sequence[Measure]) -> None:
        """One value of an Observation, or why it is not there."""
        key, code = f"{row.key}/{path}value", part.get("code")
        what = text_of(code) or ", ".join(codes_of(code, LOINC)) or "this"
        if len(measures) != 1:
            if not self._dropped(key, row, what, _shown(part)):
                found = " and ".join(measure.label for measure in measures)
                sentence = f"{what} is not measured here" if not measures else f"{what} is {found}, expected one"
                beside = (
                    f" ({_shown(part)} beside its components)" if part.get("component") and _has_value(part) else ""
                )
                row.wrong(key, f"{path}code: {sentence}{beside}.", f"{what}: not measured here")
            return
        measure = measures[0]
        if part.get("dataAbsentReason") is None:
            self._value(row, saying, part, path, measure)
        elif not _has_value(part):
            self._absent(row, saying, part, path, measure)
        elif not self._dropped(key, row, measure.label, _shown(part)):
            reason = text_of(part["dataAbsentReason"])[:60]
            sentence = f"{path}dataAbsentReason “{reason}” beside {_shown(part)}: expected one of the two."
            row.wrong(key, sentence, f"{measure.label}: a value and a reason why there is none")

    def _measures(self, loinc: Sequence[str], own: Sequence[str]) -> tuple[Measure, ...]:
        """What these codes are measured as here; more than one where they do not agree."""
        same = [code for code in SATURATION if set(loinc) & set(SATURATION)]
        found = [self.by_loinc[code] for code in (*loinc, *same) if code in self.by_loinc]
        found += [self.protocol.measures[code] for code in own if code in self.protocol.measures]
        return tuple({measure.key: measure for measure in found}.values())

    def _absent(self, row: Part, saying: Saying, part: Json, path: str, measure: Measure) -> None:
        """Why a value is not there: of our own reasons it is recorded, "unknown" says nothing at all."""
        absent = part["dataAbsentReason"]
        reason = text_of(absent)
        known = next((one for one in self.protocol.not_done_reasons if one.casefold() == reason.casefold()), None)
        if known is not None:
            saying.not_done.append(NotDone(measure.key, known))
            row.says.append(f"{measure.short} not done: {known}")
        elif "unknown" in codes_of(absent, f"{TERMS}/data-absent-reason"):
            if not self.is_own(row.infusion):  # our own export says it of the one pressure that was not measured
                self.lacking[f"No value, and no reason for it: {measure.label}"].append(row)
        else:
            key = f"{row.key}/{path}value"
            if not self._dropped(key, row, f"{measure.label} not done", reason):
                expected = ", ".join(self.protocol.not_done_reasons)
                sentence = f"{path}dataAbsentReason “{reason[:60]}”: expected one of {expected}."
                row.wrong(key, sentence, "reasons why something was not done")

    def _value(self, row: Part, saying: Saying, part: Json, path: str, measure: Measure) -> None:
        key = f"{row.key}/{path}value"
        value = _rating(part, measure) if measure.is_rating else None
        amount = (
            None
            if measure.is_rating
            else amount_of(part.get("valueQuantity"), f"{path}valueQuantity", units_of(measure))
        )
        if self._dropped(key, row, measure.label, _shown(part)):
            return
        if amount is not None and amount.unit is not None:
            if not self._is_sure(row, amount, measure.label, key):
                return
            value = in_own_unit(measure, amount.value, amount.unit)
            if amount.unit.convert is not None:
                self.turned[row.infusion, "Converted"][f"{measure.label} from {amount.unit.label}"] = None
        if value is None:
            wrong = f"{path}value: expected a number." if amount is None else amount.wrong
            row.wrong(key, wrong, f"{measure.label}: cannot be read")
            return
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
        dosage = content.get("dosage", {})
        if where := comparators(dosage, "dosage"):
            row.wrong(row.key, f"{where}: expected the value itself.", "medicines: more or less than a dose")
            return
        if sentence := two_units(dosage.get("dose", {}), "dosage.dose", DOSES):
            row.wrong(row.key, sentence, "medicines: a dose in two units")
            return
        if content.get("effectivePeriod"):
            self._drug(row)
            return
        if row.at is None:
            row.wrong(row.key, _no_time(content), "times that cannot be read")
            return
        name = self._medicine(row)
        if not name:
            row.wrong(
                row.key,
                "medication: expected which it is, in words or as a code with its name.",
                "medicines without a name",
            )
            return
        if not self._is_in_its_encounter(row):
            return
        row.speaks = True
        amount = dosage.get("dose", {})
        unit, route = str(amount.get("unit") or amount.get("code") or ""), text_of(dosage.get("route"))
        saying = self._saying(row, apart=True)
        words = [str(one.get("text", "")) for one in content.get("note", ())]
        if amount.get("value") is not None and unit and route:
            detail = {"name": name, "dose": f"{amount['value']:g}", "unit": unit, "route": route}
            why = next((text_of(one) for one in content.get("reasonCode", ())), "")
            own = self._own(row, "medicine")
            # What FHIR's elements say counts; who ordered and gave it stands beside them.
            saying.whole = Event("medicine", (own.detail if own else {}) | detail | ({"why": why} if why else {}))
        else:  # an amount in words: "some"
            dose = "" if amount.get("value") is None else f"{amount['value']:g} {unit}".strip()
            said = " ".join(one for one in (name, dose or str(dosage.get("text", "")), route) if one)
            saying.whole = Event("note", {"text": next(iter(words), said)})
            words = words if not words else [words[0], *([said] if dose else []), *words[1:]]
        for text in words[1:]:
            self.told[row.infusion, text].append(row.resource.place)
        row.says.append(event_words(saying.whole))

    def _medicine(self, row: Part) -> str:
        """What a medicine is called, "" where it cannot be told."""
        content = row.resource.content
        reference = content.get("medicationReference")
        target = self.references.target(reference, row.resource, "Medication")
        named = "" if target.resource is None else text_of(target.resource.content.get("code"))
        said = reference.get("display") if isinstance(reference, Mapping) else ""
        return text_of(content.get("medicationCodeableConcept")) or named or str(said or "")

    def _drug(self, row: Part) -> None:
        """The drug of the infusion itself: part of its Procedure, or the one that ran where there is no Procedure."""
        content = row.resource.content
        if content.get("status") == IN_ERROR:
            row.left_out = "entered in error in the file"
            self.leave_out(row, f"MedicationAdministration {self._medicine(row)}".strip())
            return
        names = {one.resource.name for one in self.procedures(row.infusion)}
        parts = {self.references.target(one, row.resource).name for one in content.get("partOf", ())}
        if row.infusion in self.drugs or (names and not names & parts):
            row.wrong(row.key, "effectivePeriod: expected one time, as of a medicine.", "medicines over a time")
            return
        if not self._ran_as_its_procedure(row) or not self._is_in_its_encounter(
            row, content["effectivePeriod"].get("start")
        ):
            return
        row.used = True
        self.drugs[row.infusion] = row
        self._tell_unread(row)
        dosage = content.get("dosage", {})
        amounts = (dosage.get("dose", {}), dosage.get("rateQuantity", {}))
        words = [f"{one['value']:g} {one.get('unit', '')}".strip() for one in amounts if one.get("value") is not None]
        row.says += [self._medicine(row), str(dosage.get("text", "")), *words, text_of(dosage.get("route"))]

    def _ran_as_its_procedure(self, row: Part) -> bool:
        """Whether the drug ran when the procedure says that it did, or a person confirms that the procedure counts."""
        drug = row.resource.content["effectivePeriod"]
        for procedure in self.procedures(row.infusion):
            period = procedure.resource.content.get("performedPeriod", {})
            for end in ("start", "end"):
                one, other = instant_of(drug.get(end)), instant_of(period.get(end))
                if one is not None and other is not None and one != other:
                    told = f"The drug’s {end} is {drug[end]}, that of the procedure {period[end]}"
                    return self.ask(row, "period", Doubt(f"{told}: is it that of the procedure?", told), told)
        return True

    def _tell_notes(self, row: Part) -> None:
        """Keep the notes, but for those of our own export that say what a Provenance says."""
        explained = row.resource.name in self._parts
        for note in row.resource.content.get("note", ()):
            if note.get("text") and not (explained and str(note["text"]).startswith(_OF_CHANGES)):
                self.told[row.infusion, str(note["text"])].append(row.resource.place)


def _has_value(part: Json) -> bool:
    return any(name.startswith("value") for name in part)


def _shown(part: Json) -> str:
    """The value of an Observation or component as the file writes it."""
    quantity = part.get("valueQuantity")
    if isinstance(quantity, Mapping):
        words = quantity.get("code") or quantity.get("unit") or ""
        return f"{quantity.get('comparator', '')}{quantity.get('value', '')} {words}".strip()
    value = next((value for name, value in part.items() if name.startswith("value")), "")
    return text_of(value) if isinstance(value, Mapping) else str(value)[:60]


def _rating(part: Json, measure: Measure) -> float | None:
    """A rating by its number, or by its word; None where it is neither."""
    word = text_of(part.get("valueCodeableConcept"))
    quantity = part.get("valueQuantity", {})
    number = part.get("valueInteger", None if quantity.get("comparator") else quantity.get("value"))
    by_word = next((option.value for option in measure.options if option.word == word), number)
    return None if by_word is None else float(by_word)


def _no_time(content: Json) -> str:
    """Why the time of a resource cannot be read."""
    if content.get("effectivePeriod") or content.get("effectiveTiming"):
        return "effectiveDateTime: expected one time with its offset, found a longer one."
    found = content.get("effectiveDateTime") or content.get("effectiveInstant")
    return f"effectiveDateTime: expected a time with its offset{f', found “{found}”' if found else ''}."
