"""How the resources of a FHIR Bundle hang together, and which of them can be read: state, person, encounter.

What a resource says is read in `resources`; here is decided whether it may be, and what is asked before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from monitoring.clinical.protocol import Protocol
from monitoring.exports.fhir_words import HOME
from monitoring.imports.bundle import Json, Resource, codes_of, identifier_of, instant_of, reference_of, text_of
from monitoring.imports.dry_run import Decision, Fault
from monitoring.imports.modifiers import Doubt, doubts, unread_modifiers
from monitoring.imports.parts import Change, Part, Saying
from monitoring.imports.people import Person, whose
from monitoring.imports.references import References
from monitoring.imports.states import state_fault
from monitoring.imports.unkept import doubled

TERMS: Final = "http://terminology.hl7.org/CodeSystem"
_NAMED_ONLY: Final = ("Practitioner", "PractitionerRole", "Organization", "Location", "CodeSystem", "Device")
OF_INFUSIONS: Final = ("Observation", "MedicationAdministration", "Procedure", "Encounter")
# What a resource as a whole is asked about: the end of its key in the decisions.
_ASKED: Final = ("subject", "status", "before", "period", "procedure", "person", "active", "deceasedBoolean", "link")


class Structure:
    """Every resource of a Bundle with its infusion and its person, and what keeps it from being read."""

    def __init__(
        self, resources: Sequence[Resource], protocol: Protocol, decisions: Mapping[str, Decision], rounding: bool
    ) -> None:
        self.protocol, self.decisions, self.rounding = protocol, decisions, rounding
        self.rows = [Part(resource) for resource in resources]
        self.references = References(resources)
        self.by_name = {row.resource.name: row for row in reversed(self.rows)}
        self.by_loinc = {measure.loinc: measure for measure in protocol.measures.values() if measure.loinc}
        self.sayings: dict[str, list[Saying]] = defaultdict(list)  # by infusion
        self.changes: list[Change] = []
        self.weights: dict[str, float] = {}
        self.drugs: dict[str, Part] = {}
        self.left_out: dict[str, list[tuple[Part, str]]] = defaultdict(list)  # by reason
        self.told: dict[tuple[str, str], list[str]] = defaultdict(list)  # by infusion: notes of the file
        self.turned: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        self.confirmed: dict[str, list[Part]] = defaultdict(list)  # by what a person confirmed
        self.lacking: dict[str, list[Part]] = defaultdict(list)  # by what stands there otherwise than FHIR wants it
        self._parts: dict[str, str] = {}  # by name of a resource: of the first that became one entry with it
        for row in self.rows:
            self._look(row)
        self._of = self._by_infusion()
        for row in self.rows:
            if row.is_read:
                self._require_encounter(row)
        self._choose_procedures()
        for row in self.rows:
            if row.is_read:
                self._change(row)
        self._of = self._by_infusion()  # a Provenance is of the infusion of what it is about

    def main(self, name: str) -> str:
        """One name for all that became one entry together."""
        return self._parts.get(name, name)

    def is_own(self, infusion: str) -> bool:
        """Whether this infusion is one that this program exported, whose states follow from its events."""
        row = self.by_name.get(infusion)
        given = row.resource.content.get("identifier", ()) if row is not None and not row.resource.faults else ()
        systems = [one.system for one in map(identifier_of, given) if one is not None]
        return f"{HOME}/infusion" in systems

    def procedures(self, infusion: str) -> list[Part]:
        """The procedures of an infusion that are read; there is one at most, once it was asked which."""
        return [row for row in self.of(infusion) if row.resource.kind == "Procedure" and row.is_read]

    def _by_infusion(self) -> Mapping[str, list[Part]]:
        found: dict[str, list[Part]] = defaultdict(list)
        for row in self.rows:
            found[row.infusion].append(row)
        return found

    def of(self, infusion: str) -> Sequence[Part]:
        """Everything that belongs to an infusion; what belongs to none, for ""."""
        return self._of.get(infusion, ())

    def encounter(self, infusion: str) -> Json:
        """What the Encounter of an infusion says, nothing where the file does not hold it."""
        row = self.by_name.get(infusion)
        return {} if row is None or row.resource.faults else row.resource.content

    def ask(self, row: Part, what: str, doubt: Doubt, group: str) -> bool:
        """Whether a person has confirmed this of a resource; if not, it is asked. `what`: one of those in `_ASKED`."""
        key = f"{row.key}/{what}"
        decision = self.decisions.get(key)
        if decision is not None and decision.how == "unusual":
            self.confirmed[doubt.told].append(row)
            return True
        row.faults.append(Fault(key, doubt.question, asked=True, group=group))
        return False

    def _look(self, row: Part) -> None:
        """What holds for every resource: whether it is FHIR, whose it is, whether a person left it out."""
        content, kind = row.resource.content, row.resource.kind
        target = self._encounter_of(row)
        row.infusion = row.resource.name if kind == "Encounter" else target
        row.at = instant_of(content.get("effectiveDateTime") or content.get("effectiveInstant"))
        decision = self._left_out(row)
        # Also of what is found wrong only later: what was said to be left out is not asked about again.
        if decision is not None:
            row.left_out, row.faults = decision, []
            self.leave_out(row, " ".join([kind, text_of(content.get("code"))]).strip())
            return
        if row.resource.again:
            row.left_out, row.faults = "it stands there twice", []
            self.leave_out(row, f"{kind}, the same as {row.resource.again}")
            return
        for fault in row.resource.faults:
            row.wrong(row.key, fault, f"{kind or 'entry'}: no FHIR R4")
        if row.resource.faults:
            return
        for sentence in unread_modifiers(content):
            row.wrong(row.key, sentence, f"{kind}: a modifier that is not known here")
        for mark in _marks(content):
            self.lacking[f"Marked as {mark}"].append(row)
        for path in dict.fromkeys(doubled(content)):
            self.lacking[f"The same twice in {kind}.{path}, read once"].append(row)
        self._look_at_state(row)

    def _left_out(self, row: Part) -> str | None:
        """Why a person left this resource out, None where nobody did."""
        for key in (row.key, *(f"{row.key}/{what}" for what in _ASKED)):
            decision = self.decisions.get(key)
            if decision is not None and decision.how == "leave out" and decision.reason.strip():
                return decision.reason.strip()
        return None

    def _look_at_state(self, row: Part) -> None:
        """Whether it may be brought in at all: its kind, its state, whose it is."""
        kind, content = row.resource.kind, row.resource.content
        if kind not in (*_NAMED_ONLY, *OF_INFUSIONS, "Patient", "Provenance"):
            says = text_of(content.get("code")) or _issues(content)
            sentence = (
                f"{kind}{f' “{says[:120]}”' if says else ''} is not brought in: expected it left out, with a reason."
            )
            row.wrong(row.key, sentence, f"{kind}: not brought in")
            return
        status = str(content.get("status", ""))
        if (fault := state_fault(kind, status, self.is_own(row.infusion))) is not None:
            if fault.asked:
                self.ask(row, "status", Doubt(fault.sentence, f"{kind} is {status} in the file"), fault.group)
            else:
                row.wrong(row.key, fault.sentence, fault.group)
        for doubt in doubts(kind, content):
            self.ask(row, doubt.element, doubt, doubt.told)
        if kind in OF_INFUSIONS:
            self._look_at_subject(row)

    def _look_at_subject(self, row: Part) -> None:
        row.whose = whose(row.resource, self.references)
        what = text_of(row.resource.content.get("code")) or row.resource.kind
        if row.whose.problem:
            row.wrong(row.key, row.whose.problem, "subjects that cannot be told")
        elif row.whose.key == "" and row.resource.kind != "Encounter":
            said = f"only by name, “{row.whose.by_name}”" if row.whose.by_name else "with no word"
            doubt = Doubt(
                f"{what} says {said} whose it is: is it of the patient of its infusion?",
                f"Subject said {said}",
            )
            self.ask(row, "subject", doubt, f"Subject said {said}")

    def concerns(self, row: Part, infusion: str, person: Person | None) -> bool:
        """Whether what becomes of a resource is to be told in the record of this infusion, of this person.

        What belongs to no infusion is told in each, but never in the record of somebody else.
        """
        if row.infusion:
            return row.infusion == infusion
        if row.resource.kind == "Patient":
            return person is not None and person.number == row.resource.number
        owner = row.whose if row.whose.key or row.resource.faults else whose(row.resource, self.references)
        return not owner.key or (person is not None and owner.key == person.key)

    def leave_out(self, row: Part, shown: str, reason: str = "") -> None:
        """Remember what is left out, to be told in the record."""
        self.left_out[reason or row.left_out].append((row, f"{shown} ({row.resource.place})"))

    def _encounter_of(self, row: Part) -> str:
        """What tells the infusion that a resource belongs to, "" where it does not say."""
        name = {"MedicationAdministration": "context"}.get(row.resource.kind, "encounter")
        target = self.references.target(row.resource.content.get(name), row.resource, "Encounter")
        if target.problem:
            row.wrong(row.key, f"{name}: {target.problem}", "encounters that cannot be told")
        elif target.resource is not None and (target.resource.kind != "Encounter" or "#" in target.name):
            kind = "contained in it" if target.resource.kind == "Encounter" else f"{target.resource.kind}"
            row.wrong(row.key, f"{name} is {kind}: expected an Encounter of its own.", "encounters that cannot be told")
        return target.name

    def _require_encounter(self, row: Part) -> None:
        """What is of an encounter that was left out is left out too; what is of none, while others are, is asked."""
        if row.resource.kind not in OF_INFUSIONS or row.resource.kind == "Encounter":
            return
        encounter = self.by_name.get(row.infusion)
        if encounter is not None and encounter.left_out:
            row.left_out = f"its encounter ({encounter.resource.place}) is left out"
        elif not row.infusion and set(self._of) - {""}:
            what = text_of(row.resource.content.get("code")) or row.resource.kind
            why = f"{what} belongs to no encounter: expected one, or it left out (scores are entered under Series)."
            row.wrong(row.key, why, f"{what}: of no encounter")

    def _choose_procedures(self) -> None:
        """Of several procedures of one encounter a person says which is the infusion; the others are left out."""
        for infusion in dict.fromkeys(row.infusion for row in self.rows if row.resource.kind == "Procedure"):
            found = self.procedures(infusion)
            if len(found) < 2:
                continue
            said = [row for row in found if self.decisions.get(f"{row.key}/procedure") is not None]
            for row in found:
                if len(said) == 1 and row is not said[0]:
                    row.left_out = "another procedure was said to be the infusion"
                    self.leave_out(row, f"Procedure {_procedure(row)}")
                elif len(said) > 1:
                    row.wrong(
                        f"{row.key}/procedure", "More than one procedure was said to be the infusion: expected one."
                    )
                elif not said:
                    question = f"{len(found)} procedures in one encounter: is {_procedure(row)} the infusion?"
                    told = f"{_procedure(row)} is the infusion"
                    self.ask(
                        row,
                        "procedure",
                        Doubt(question, told),
                        f"Which is the infusion: {_procedure(row).partition(', ')[0]}",
                    )
            for row in said if len(said) == 1 else ():
                self.confirmed[f"{_procedure(row)} is the infusion"].append(row)

    def _change(self, row: Part) -> None:
        """What a Provenance says of others."""
        content = row.resource.content
        if row.resource.kind != "Provenance":
            return
        targets = self._targets(row, content.get("target", ()), "target")
        revised = [one.get("what") for one in content.get("entity", ()) if one.get("role") == "revision"]
        before = self._targets(row, revised, "entity")
        operations = codes_of(content.get("activity"), f"{TERMS}/v3-DataOperation")
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

    def _targets(self, row: Part, references: Sequence[object], where: str) -> tuple[str, ...]:
        found = []
        for number, reference in enumerate(references):
            target = self.references.target(reference, row.resource)
            if target.resource is not None:
                found.append(target.name)
            else:
                why = target.problem or f"“{reference_of(reference)[:60]}” is not in this Bundle."
                row.wrong(row.key, f"{where}[{number}]: {why}")
        return tuple(found)


def _procedure(row: Part) -> str:
    """A procedure in words: what it is called, and when the file says that it was."""
    content = row.resource.content
    period = content.get("performedPeriod", {})
    when = f"{period.get('start') or 'no start'} to {period.get('end') or 'no end'}".replace("T", " ")
    return f"“{text_of(content.get('code')) or row.resource.place}”, {when}"


def _marks(content: Json) -> Iterator[str]:
    """What a resource is marked as: test data, or to be kept from some."""
    meta = content.get("meta", {})
    for one in (*meta.get("tag", ()), *meta.get("security", ())):
        yield str(one.get("display") or one.get("code") or one.get("system") or "something")[:60]


def _issues(content: Json) -> str:
    """What an OperationOutcome says went wrong when the file was made."""
    issues = content.get("issue")
    found = [one for one in (issues if isinstance(issues, list) else ()) if isinstance(one, Mapping)]
    return "; ".join(str(one.get("diagnostics") or text_of(one.get("details")) or one.get("code")) for one in found)
