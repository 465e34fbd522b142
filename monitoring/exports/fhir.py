"""An infusion, or a series of them, as a FHIR R4 Bundle: what other systems of a hospital read.

Patient, Encounter, Procedure, MedicationAdministration, Observation (vital signs as US Core wants them; ratings under
this program's own code system, which is in the Bundle), Provenance for corrections and withdrawals. The library
`fhir.resources` builds it, and refuses what is not FHIR.

An entry that was corrected or withdrawn is there with the status entered-in-error; the one in its place is corrected,
and its Provenance says who, when, why and of what. The same record gives the same ids each time.
Sources: FHIR R4 4.0.1; US Core vital signs profiles; LOINC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

from fhir.resources.R4B.bundle import Bundle

from monitoring.clinic import instruments
from monitoring.clinical.course import Course
from monitoring.clinical.directions import isolated
from monitoring.clinical.dose import bag_empty_words, rounded
from monitoring.clinical.events import detail_of, signature_words, standing_events
from monitoring.clinical.protocol import Measure, Phase
from monitoring.clinical.record import EVENT_WORDS, Entry, EventKind, NotDone, Patient, Reading, Signature
from monitoring.clinical.scales import score
from monitoring.documents.entries import entries
from monitoring.documents.said import said
from monitoring.documents.words import mg, number, which, word_of
from monitoring.exports.details import (
    Reference,
    acknowledgement_extension,
    event_extension,
    infusion_extension,
)
from monitoring.exports.fhir_words import HOME, RATINGS, fhir_text
from monitoring.exports.source import Source
from monitoring.exports.terminology import codings, item_codings
from monitoring.records import Score

Json = dict[str, Any]

_NAMES: Final = uuid5(NAMESPACE_URL, HOME)
_LOINC: Final = "http://loinc.org"
_UCUM: Final = "http://unitsofmeasure.org"
_TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_PROFILES: Final = "http://hl7.org/fhir/us/core/StructureDefinition"
_VITAL: Final = ("vital-signs", "Vital Signs")
_EXAM: Final = ("exam", "Exam")
_SURVEY: Final = ("survey", "Survey")
_PROCEDURE: Final = ("procedure", "Procedure")

_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"
_PRESSURE, _WEIGHT, _PHQ9 = "85354-9", "29463-7", "44261-6"
_SATURATION: Final = ("2708-6", "59408-5")  # US Core wants both
_LOINC_NAMES: Final[Mapping[str, str]] = {  # as LOINC has them; a code that is not here goes without
    _PRESSURE: "Blood pressure panel with all children optional",
    _SYSTOLIC: "Systolic blood pressure",
    _DIASTOLIC: "Diastolic blood pressure",
    "8867-4": "Heart rate",
    "9279-1": "Respiratory rate",
    "8310-5": "Body temperature",
    "2708-6": "Oxygen saturation in Arterial blood",
    "59408-5": "Oxygen saturation in Arterial blood by Pulse oximetry",
    "3151-8": "Inhaled oxygen flow rate",
    _WEIGHT: "Body weight",
    _PHQ9: "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]",
}
_PROFILE_OF: Final[Mapping[str, str]] = {
    _PRESSURE: "us-core-blood-pressure",
    "8867-4": "us-core-heart-rate",
    "9279-1": "us-core-respiratory-rate",
    "8310-5": "us-core-body-temperature",
    "59408-5": "us-core-pulse-oximetry",
    _WEIGHT: "us-core-body-weight",
}
# A name is one text here: which part of it is the family's is asked of nobody, and would often be guessed wrongly. US
# Core wants that said where the family name would stand (its rule us-core-6, and Practitioner.name.family).
_NOT_KEPT: Final = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unsupported"}
_PUBLIC_UNITS: Final = frozenset(("mg", "g", "mL", "L"))  # of medicines; others are told in words alone
_ENCOUNTER: Final[Mapping[Phase, str]] = {
    "planned": "planned",
    "infusing": "in-progress",
    "paused": "in-progress",
    "recovery": "in-progress",
    "closed": "finished",
    "cancelled": "cancelled",
}
_TOLD_ELSEWHERE: Final = frozenset(("medicine", "score"))  # events with a resource of their own


def bundle_of(sources: Sequence[Source], made_at: datetime, scores: Sequence[Score] = ()) -> Bundle:
    """One infusion, or those of a series in the order they were opened with the outcome scores along it.

    `sources`: at least one, all of one patient. Raises pydantic.ValidationError where the library finds a fault.
    """
    found = _Resources()
    for source in sources:
        _Infusion(source, found).add_all()
    _add_scores(found, sources[-1], scores)
    found.add("CodeSystem", "bedside", _code_system(sources))
    invented = any(source.clinic["demonstration"] for source in sources)
    if invented:
        for resource in found.resources():
            resource["meta"] = {**resource.get("meta", {}), "tag": [_INVENTED]}
    said_to_be = f"{sources[0].j.infusion.series}/{','.join(source.j.infusion.id for source in sources)}"
    bundle: Bundle = Bundle.model_validate(
        {
            "resourceType": "Bundle",
            "id": _id("Bundle", said_to_be),
            **({"meta": {"tag": [_INVENTED]}} if invented else {}),
            "type": "collection",
            "timestamp": _instant(made_at, sources[0].zone),
            "entry": found.entries(),
        }
    )
    return bundle


def as_json(bundle: Bundle) -> bytes:
    """The Bundle as it is sent: FHIR's JSON in UTF-8."""
    text: str = bundle.model_dump_json()
    return text.encode()


_INVENTED: Final = {"system": f"{_TERMS}/v3-ActReason", "code": "HTEST", "display": "test health data"}


class _Resources:
    """The resources of one Bundle, each once, in the order they were first spoken of."""

    def __init__(self) -> None:
        self._by_id: dict[str, Json] = {}

    def add(self, kind: str, id: str, resource: Json) -> str:
        """Put one in under the program's own `id`; answers how others refer to it."""
        name = _id(kind, id)
        self._by_id.setdefault(name, {"resourceType": kind, "id": name, **_filled(resource)})
        return f"urn:uuid:{name}"

    def resources(self) -> Iterable[Json]:
        """Each of them, to be changed."""
        return self._by_id.values()

    def entries(self) -> list[Json]:
        """As they stand in the Bundle."""
        return [{"fullUrl": f"urn:uuid:{name}", "resource": resource} for name, resource in self._by_id.items()]


class _Infusion:
    """One infusion on its way into a Bundle."""

    def __init__(self, source: Source, found: _Resources) -> None:
        self.source, self.found = source, found
        self.j, self.infusion, self.zone = source.j, source.j.infusion, source.zone
        self.by_id = {entry.id: entry for entry in self.infusion.entries}
        self.replaced = {e.corrects for e in self.infusion.entries if e.corrects}
        self.withdrawn = {e.withdraws for e in self.infusion.entries if e.withdraws}
        self.marks = {row["id"]: row["marks"] for row in entries(self.j, source.chairs, source.zone)}
        self.made: dict[str, list[str]] = {}  # entry: what it became
        self.holders = {reading.id: entry.id for entry in self.infusion.entries for reading in entry.readings}

    def add_all(self) -> None:
        """The patient, the infusion itself, and everything recorded of it."""
        self.patient = self.found.add("Patient", self.infusion.patient.id, _patient(self.infusion.patient))
        self.encounter = self.found.add("Encounter", self.infusion.id, self._encounter())
        self.procedure = self.found.add("Procedure", self.infusion.id, self._procedure())
        if (given := self._given()) is not None:
            self.found.add("MedicationAdministration", self.infusion.id, given)
        self.found.add("Observation", f"{self.infusion.id}/weight", self._weight())
        for entry in self.infusion.entries:
            self.made[entry.id] = list(self._entry(entry))
        for entry in self.infusion.entries:
            self._provenance(entry)

    def _person(self, staff: str, name: str) -> Json:
        """A reference to somebody who works here, who is put in the Bundle too."""
        who = {
            "meta": {"profile": [f"{_PROFILES}/us-core-practitioner"]},
            "identifier": [{"system": f"{HOME}/staff", "value": fhir_text(staff)}],
            "name": [{"text": fhir_text(name), "_family": {"extension": [_NOT_KEPT]}}],
        }
        return {"reference": self.found.add("Practitioner", staff, who), **_filled({"display": fhir_text(name)})}

    def _at(self, instant: datetime | None) -> str | None:
        return None if instant is None else _instant(instant, self.zone)

    def _period(self, since: datetime | None, until: datetime | None) -> Json:
        """A period; what ends before it begins (a clock that was behind) ends as it begins."""
        if since is not None and until is not None:
            until = max(since, until)
        return _filled({"start": self._at(since), "end": self._at(until)})

    # The infusion

    def _encounter(self) -> Json:
        at, infusion = self.j.course, self.infusion
        closed = at.closed_at or (at.phases[-1][0] if at.phase == "cancelled" else None)
        return {
            "extension": [infusion_extension(infusion, self.source.series, self.j.now)],
            "identifier": [{"system": f"{HOME}/infusion", "value": infusion.id}],
            "status": _ENCOUNTER[at.phase],
            "class": {"system": f"{_TERMS}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
            "serviceType": {"text": fhir_text(self.j.protocol.title)},
            "subject": self._subject(),
            "participant": [{"individual": self._person(infusion.opened_by, infusion.opened_by_name)}],
            # What was seen before the record was opened belongs to the same visit.
            "period": self._period(min([infusion.opened_at, *(e.observed_at for e in infusion.entries)]), closed),
            "location": [{"location": {"display": fhir_text(self.source.chair)}}],
            "serviceProvider": {"display": fhir_text(str(self.source.clinic["name"]))},
        }

    def _procedure(self) -> Json:
        at = self.j.course
        effects = [fhir_text(said(entry, self.j, {})) for entry in standing_events(self.infusion, "effect")]
        return {
            "identifier": [{"system": f"{HOME}/infusion", "value": self.infusion.id}],
            "status": _procedure_status(at),
            "statusReason": {"text": self._why_over()},
            "code": {"text": fhir_text(f"{self.j.protocol.title}: {which(self.infusion).lower()}")},
            "subject": self._subject(),
            "encounter": {"reference": self.encounter},
            "performedPeriod": self._period(at.started_at, at.ended_at),
            "complication": [{"text": words} for words in effects if words],
            "note": [{"text": words} for words in self._pauses()],
        }

    def _given(self) -> Json | None:
        """The drug of the infusion itself; None before the start, when nothing is being given."""
        at, plan, protocol = self.j.course, self.j.plan, self.j.protocol
        if at.started_at is None:
            return None
        status = {"completed": "completed", "stopped": "stopped", "on-hold": "on-hold"}
        drug = protocol.drug.name if protocol.drug else protocol.title
        bag = f"{number(plan.final_volume_ml)} mL in {number(plan.minutes)} min"
        step = protocol.preparation.round_dose_mg if protocol.preparation else None
        given = round(at.given_mg, 3) if step is None else rounded(at.given_mg, step)
        return {
            "status": status.get(_procedure_status(at), "in-progress"),
            "statusReason": [{"text": self._why_over()}],
            "medicationCodeableConcept": {"coding": codings("drug", drug), "text": fhir_text(drug)},
            "subject": self._subject(),
            "context": {"reference": self.encounter},
            "effectivePeriod": self._period(at.started_at, at.ended_at),
            "partOf": [{"reference": self.procedure}],
            "note": [{"text": words} for words in (*self._pauses(), bag_empty_words(at)) if words],
            "dosage": {
                "text": f"{number(plan.mg_per_kg)} mg/kg, {mg(plan.dose_mg, protocol)} planned, {bag}",
                "route": {"coding": codings("route", "intravenous"), "text": "intravenous"},
                "dose": _quantity(given, "mg", "mg"),
                "rateQuantity": _quantity(round(plan.rate_ml_per_h, 3), "mL/h", "mL/h"),
            },
        }

    def _weight(self) -> Json:
        weighed = self.j.plan.weight_on
        return {
            **self._observation(_VITAL, _loinc(_WEIGHT), "Weight"),
            "status": "final",
            "effectiveDateTime": weighed.isoformat() if weighed else self._at(self.infusion.opened_at),
            "valueQuantity": _quantity(self.j.plan.weight_kg, "kg", "kg"),
        }

    def _subject(self) -> Json:
        return {"reference": self.patient, **_filled({"display": fhir_text(self.infusion.patient.name)})}

    def _pauses(self) -> Iterator[str]:
        for since, until in self.j.course.pauses:
            ended = f" to {self.j.time_of(until, self.zone)}" if until else " on"
            yield f"Paused from {self.j.time_of(since, self.zone)}{ended}"

    def _why_over(self) -> str:
        at = self.j.course
        kinds: tuple[EventKind, ...] = ("stop",) if at.ended_early else ("cancel",) if at.phase == "cancelled" else ()
        reasons = (detail_of(e).get("reason") for kind in kinds for e in standing_events(self.infusion, kind))
        return fhir_text(str(next(reasons, None) or ""))

    # What was recorded

    def _entry(self, entry: Entry) -> Iterator[str]:
        """Put everything that one entry says into the Bundle; answers how to refer to it."""
        for id, resource in self._observations(entry):
            told = self._notes(entry)
            resource = {**resource, **self._said_by(entry), "note": [*resource.get("note", ()), *told]}
            yield self.found.add("Observation", id, resource)
        if entry.event is not None and entry.event.kind == "medicine":
            yield self.found.add("MedicationAdministration", entry.id, self._medicine(entry))

    def _detail(self, entry: Entry) -> list[Json]:
        """What the event says, to be read back; nothing of a dose that a second person is still to work out."""
        if entry.event is None or (self.j.dose_hidden and entry.event.kind in ("dose", "dose_check")):
            return []
        return [event_extension(entry.event, self._refer, self._signer, self.source.chairs)]

    def _refer(self, entry_id: str) -> str:
        return next(iter(self.made.get(entry_id, ())), "")

    def _signer(self, one: Signature) -> Reference:
        who = self._person(one.staff, one.name)
        return Reference(who["reference"], who.get("display", ""))

    def _status(self, entry: Entry) -> str:
        if entry.id in self.replaced or entry.id in self.withdrawn:
            return "entered-in-error"
        return "corrected" if entry.corrects else "final"

    def _said_by(self, entry: Entry) -> Json:
        return {
            "status": self._status(entry),
            "effectiveDateTime": self._at(entry.observed_at),
            "issued": self._at(entry.recorded_at),
            "performer": [self._person(entry.author, entry.author_name)],
        }

    def _notes(self, entry: Entry) -> list[Json]:
        marks = (fhir_text(isolated(mark)) for mark in self.marks.get(entry.id, ()))
        return [{"text": mark} for mark in marks if mark]

    def _observation(self, category: tuple[str, str], code: Json | None, text: str, profile: str = "") -> Json:
        coded = [code] if code else []
        profile = profile or _PROFILE_OF.get(str(code.get("code")) if code else "", "")
        coding = _coding(f"{_TERMS}/observation-category", *category)
        return {
            **({"meta": {"profile": [f"{_PROFILES}/{profile}"]}} if profile else {}),
            "category": [{"coding": [coding], "text": category[1]}],
            "code": {"coding": coded, "text": fhir_text(text)},
            "subject": self._subject(),
            "encounter": {"reference": self.encounter},
        }

    def _observations(self, entry: Entry) -> Iterator[tuple[str, Json]]:
        yield from self._values(entry)
        if entry.event is not None and entry.event.kind == "score":
            yield f"{entry.id}/score", {**self._score(entry), "extension": self._detail(entry)}
        elif entry.event is not None and entry.event.kind not in _TOLD_ELSEWHERE:
            kind = entry.event.kind
            words = fhir_text(isolated(said(entry, self.j, self.source.chairs))) or EVENT_WORDS[kind]
            signed = signature_words(entry)
            yield (
                f"{entry.id}/event",
                {
                    **self._observation(_PROCEDURE, _coding(RATINGS, kind, EVENT_WORDS[kind]), EVENT_WORDS[kind]),
                    "extension": self._detail(entry),
                    "valueString": words,
                    "note": [
                        {"text": fhir_text(one)} for one in signed if fhir_text(one) not in self.marks.get(entry.id, ())
                    ],
                },
            )
        if (seen := entry.acknowledgement) is not None:
            text = f"Flag acknowledged: {seen.measure} {seen.side}, {seen.level}, {seen.rule}"
            acknowledged = _coding(RATINGS, "acknowledgement", "Flag acknowledged")
            yield (
                f"{entry.id}/acknowledgement",
                {
                    **self._observation(_PROCEDURE, acknowledged, text),
                    "extension": [acknowledgement_extension(seen, self._refer, self.holders)],
                    "valueString": fhir_text(seen.done) or "—",
                },
            )

    def _values(self, entry: Entry) -> Iterator[tuple[str, Json]]:
        """The readings of an entry and what was not done in it; both pressures of one entry are one Observation."""
        measures = self.j.protocol.measures
        given: dict[str, Reading | NotDone] = {reading.measure: reading for reading in entry.readings}
        given |= {one.measure: one for one in entry.not_done if one.measure not in given}
        pressures = {m.loinc: m for m in measures.values() if m.loinc in (_SYSTOLIC, _DIASTOLIC)}
        held = [m for m in pressures.values() if m.key in given]
        if held and len(pressures) == 2:
            yield f"{entry.id}/pressure", self._pressure(entry, pressures, given)
            given = {key: one for key, one in given.items() if key not in {m.key for m in held}}
        for key, one in given.items():
            id = one.id if isinstance(one, Reading) else f"{entry.id}/{key}"
            yield id, self._value(key, measures.get(key), one)

    def _pressure(self, entry: Entry, pressures: Mapping[str, Measure], given: Mapping[str, Reading | NotDone]) -> Json:
        components = []
        for loinc in (_SYSTOLIC, _DIASTOLIC):
            measure = pressures[loinc]
            one = given.get(measure.key)
            code = {"coding": [_loinc(loinc)], "text": measure.label}
            components.append({"code": code, **(self._result(one, measure) if one else _absent("unknown", ""))})
        return {**self._observation(_VITAL, _loinc(_PRESSURE), "Blood pressure"), "component": components}

    def _value(self, key: str, measure: Measure | None, one: Reading | NotDone) -> Json:
        schedule = self.j.protocol.schedule
        if measure is None:  # of a version that this protocol does not know: told as it is
            return {**self._observation(_EXAM, _coding(RATINGS, key, ""), key), **self._result(one, None)}
        if not measure.loinc:
            observed = self._observation(_EXAM, _coding(RATINGS, key, measure.label), measure.label)
            return {
                **observed,
                **_filled({"method": {"text": fhir_text(measure.source)}}),
                **self._result(one, measure),
            }
        vital = key in (*schedule.set, *schedule.optional, schedule.oxygen)
        observed = self._observation(_VITAL if vital else _EXAM, _loinc(measure.loinc), measure.label)
        if measure.loinc in _SATURATION:
            observed = self._observation(_VITAL, None, measure.label, _PROFILE_OF["59408-5"])
            observed["code"]["coding"] = [_loinc(loinc) for loinc in _SATURATION]
        return {**observed, **self._result(one, measure)}

    def _result(self, one: Reading | NotDone, measure: Measure | None) -> Json:
        """A value with its unit, or why there is none; of a rating the number, and its word beside it."""
        if isinstance(one, NotDone):
            return _absent("not-performed", fhir_text(one.reason))
        if measure is None:
            return {"valueQuantity": {"value": _exact(one.value)}}
        level = self.j.levels.get(one.id)
        beside = [word_of(measure, one.value)] if measure.is_rating else []
        beside += [f"{level.word} by this site's ranges, {self.j.protocol.label}"] if level else []
        interpreted = {"interpretation": [{"text": fhir_text(words)} for words in beside if fhir_text(words)]}
        if measure.is_rating and one.value == int(one.value):
            return {"valueInteger": int(one.value), **_filled(interpreted)}
        return {"valueQuantity": _quantity(one.value, measure.unit, measure.ucum), **_filled(interpreted)}

    def _score(self, entry: Entry) -> Json:
        """A recovery score: its total, and the points of each item."""
        detail = detail_of(entry)
        key = str(detail.get("scale") or "score")
        scale = self.j.protocol.scales.get(key)
        label = scale.label if scale else key
        observed = self._observation(_SURVEY, _coding(RATINGS, _code(key), label), label)
        if scale is None:
            return {**observed, "valueString": fhir_text(said(entry, self.j, {}))}
        made = score(detail, scale)
        components = [
            {"code": {"text": fhir_text(item.label)}, "valueInteger": made.points[item.key]}
            for item in scale.items
            if item.key in made.points
        ]
        total = _absent("unknown", "") if made.total is None else {"valueInteger": made.total}
        return {**observed, **total, "method": {"text": fhir_text(scale.variant)}, "component": components}

    def _medicine(self, entry: Entry) -> Json:
        detail = detail_of(entry)
        dose, unit = fhir_text(str(detail.get("dose") or "")), fhir_text(str(detail.get("unit") or ""))
        amount = _amount(dose)
        known = unit if unit in _PUBLIC_UNITS else ""
        wrong = self._status(entry) == "entered-in-error"
        why = fhir_text(str(detail.get("why") or ""))
        name, route = str(detail.get("name") or ""), str(detail.get("route") or "")
        return {
            "extension": self._detail(entry),
            "status": "entered-in-error" if wrong else "completed",
            "medicationCodeableConcept": {
                "coding": codings("drug", name),
                "text": fhir_text(name) or EVENT_WORDS["medicine"],
            },
            "subject": self._subject(),
            "context": {"reference": self.encounter},
            "effectiveDateTime": self._at(entry.observed_at),
            "performer": [{"actor": self._person(entry.author, entry.author_name)}],
            "reasonCode": [{"text": why}] if why else [],
            "note": [{"text": fhir_text(said(entry, self.j, {}))}, *self._notes(entry)],
            # A dosage must hold an amount: one that is no number is told in the note.
            **(
                {
                    "dosage": {
                        "text": f"{dose} {unit}".strip(),
                        "route": {"coding": codings("route", route), "text": fhir_text(route)},
                        "dose": _quantity(amount, unit, known),
                    }
                }
                if amount is not None
                else {}
            ),
        }

    def _provenance(self, entry: Entry) -> None:
        """Of a correction or withdrawal: who made it, when, why, and of what."""
        other = self.by_id.get(entry.corrects or entry.withdraws or "")
        before = self.made.get(other.id, []) if other else []
        targets = self.made[entry.id] if entry.corrects else before
        if not targets or not before:
            return
        kind = ("UPDATE", "revise") if entry.corrects else ("NULLIFY", "nullify")
        author = _coding(f"{_TERMS}/provenance-participant-type", "author", "Author")
        self.found.add(
            "Provenance",
            entry.id,
            {
                "target": [{"reference": one} for one in targets],
                "occurredDateTime": self._at(entry.tapped_at),
                "recorded": self._at(entry.recorded_at),
                "reason": [{"text": fhir_text(entry.reason)}] if fhir_text(entry.reason) else [],
                "activity": {"coding": [_coding(f"{_TERMS}/v3-DataOperation", *kind)]},
                "agent": [
                    {"type": {"coding": [author]}, "who": self._person(entry.author, entry.author_name)},
                ],
                "entity": [{"role": "revision", "what": {"reference": one}} for one in before]
                if entry.corrects
                else [],
            },
        )


# The series


def _add_scores(found: _Resources, source: Source, scores: Sequence[Score]) -> None:
    """The outcome scores along a series, each with its items where these are recorded."""
    patient = f"urn:uuid:{_id('Patient', source.j.infusion.patient.id)}"
    known = instruments()
    withdrawn = {score.withdraws for score in scores if score.withdraws}
    for one in scores:
        if one.withdraws is not None:
            continue
        instrument = known.get(one.instrument)
        label = instrument.label if instrument else one.instrument
        code = _loinc(_PHQ9) if one.instrument == "phq9" else None
        wrong = one.id in withdrawn or not one.stands
        total = _absent("unknown", "") if one.total is None else {"valueQuantity": _quantity(one.total, "", "{score}")}
        found.add(
            "Observation",
            one.id,
            {
                "status": "entered-in-error" if wrong else "corrected" if one.corrects else "final",
                "category": [{"coding": [_coding(f"{_TERMS}/observation-category", *_SURVEY)]}],
                "code": {"coding": [code] if code else [], "text": fhir_text(f"{label}, {one.version}")},
                "subject": {"reference": patient},
                "effectiveDateTime": one.rated_on.isoformat(),
                "issued": _instant(one.recorded_at, source.zone),
                "performer": [{"display": fhir_text(one.rater)}] if fhir_text(one.rater) else [],
                **total,
                "note": [{"text": fhir_text(words)} for words in (one.note, one.reason) if fhir_text(words)],
                "component": [
                    {
                        "code": {"coding": item_codings(one.instrument, item), "text": fhir_text(f"item {item}")},
                        "valueInteger": points,
                    }
                    for item, points in (one.items or {}).items()
                ],
            },
        )


# Pieces


def _patient(patient: Patient) -> Json:
    return {
        "meta": {"profile": [f"{_PROFILES}/us-core-patient"]},
        "identifier": [{"system": f"{HOME}/patient-number", "value": fhir_text(patient.number)}],
        "name": [{"extension": [_NOT_KEPT], "text": fhir_text(patient.name)}],
        "gender": patient.sex,
        "birthDate": patient.birth_date.isoformat(),
    }


def _code_system(sources: Iterable[Source]) -> Json:
    """What this program and this site call by names of their own: ratings with their words, scores, events."""
    concepts: dict[str, Json] = {}
    for source in sources:
        protocol = source.j.protocol
        for measure in protocol.measures.values():
            if not measure.loinc:
                options = "; ".join(f"{o.value} {o.word}{': ' if o.text else ''}{o.text}" for o in measure.options)
                concepts[measure.key] = {"display": measure.label, "definition": fhir_text(options)}
        for key, scale in protocol.scales.items():
            concepts[_code(key)] = {"display": scale.label, "definition": fhir_text(scale.variant)}
    for kind, words in EVENT_WORDS.items():
        concepts.setdefault(kind, {"display": words})
    concepts.setdefault("acknowledgement", {"display": "Flag acknowledged"})
    return {
        "url": RATINGS,
        "name": "Bedside",
        "title": "Ratings and events of infusions",
        "status": "active",
        "content": "complete",
        "caseSensitive": True,
        "concept": [{"code": code, **_filled(concept)} for code, concept in concepts.items()],
    }


def _procedure_status(at: Course) -> str:
    if at.phase == "planned":
        return "preparation"
    if at.phase == "cancelled":
        return "not-done"
    if at.phase in ("infusing", "paused"):
        return "on-hold" if at.phase == "paused" else "in-progress"
    return "stopped" if at.ended_early else "completed"


def _absent(code: str, why: str) -> Json:
    words = {"unknown": "Unknown", "not-performed": "Not Performed"}[code]
    coding = _coding(f"{_TERMS}/data-absent-reason", code, words)
    return {"dataAbsentReason": _filled({"coding": [coding], "text": why})}


def _coding(system: str, code: str, display: str) -> Json:
    return _filled({"system": system, "code": code, "display": fhir_text(display)})


def _loinc(code: str) -> Json:
    return _coding(_LOINC, code, _LOINC_NAMES.get(code, ""))


def _code(key: str) -> str:
    """A key as a code: without space at its ends, none but single spaces inside."""
    return " ".join(fhir_text(key).split()) or "unknown"


def _quantity(value: float | Decimal, unit: str, ucum: str) -> Json:
    coded = {"system": _UCUM, "code": ucum} if ucum else {}
    return {"value": _exact(value), **_filled({"unit": unit}), **coded}


def _exact(value: float | Decimal) -> Decimal:
    """A number with the digits it is written with: 36.6, never 36.60000000000001."""
    return value if isinstance(value, Decimal) else Decimal(number(value))


def _amount(text: str) -> Decimal | None:
    """The number that a typed amount is, None for "2 to 4" or "some"."""
    whole, _, rest = text.replace(",", ".").partition(".")
    digits = whole.isascii() and whole.isdigit() and (not rest or (rest.isascii() and rest.isdigit()))
    return Decimal(f"{whole}.{rest}" if rest else whole) if digits else None


def _filled(resource: Json) -> Json:
    """Without what is empty: FHIR has no empty texts, lists or objects."""
    filled = {key: _without_empty(value) for key, value in resource.items()}
    return {key: value for key, value in filled.items() if value not in (None, "", [], {})}


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return _filled(value)
    if isinstance(value, list):
        return [one for one in map(_without_empty, value) if one not in (None, "", [], {})]
    return value


def _instant(instant: datetime, zone: ZoneInfo) -> str:
    """An instant to the millisecond, in the clinic's zone with its offset."""
    return instant.astimezone(zone).isoformat(timespec="milliseconds")


def _id(kind: str, id: str) -> str:
    return str(uuid5(_NAMES, f"{kind}/{id}"))
