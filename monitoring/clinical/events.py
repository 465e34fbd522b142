"""Reading the events of an infusion: those of a kind that stand, what each says, who signed it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from monitoring.clinical.record import Entry, EventKind, Infusion, Signature


def standing_events(
    infusion: Infusion, kind: EventKind, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Entry]:
    """The standing events of a kind in the order observed, from `since` to `until` (inclusive) where given."""
    for entry in infusion.standing():
        if (
            entry.event is not None
            and entry.event.kind == kind
            and (since is None or entry.observed_at >= since)
            and (until is None or entry.observed_at <= until)
        ):
            yield entry


def detail_of(entry: Entry) -> Mapping[str, Any]:
    """What an event says; nothing for an entry that is none."""
    return entry.event.detail if entry.event is not None else {}


def signatures_of(entry: Entry, meaning: str | None = None) -> tuple[Signature, ...]:
    """Who signed an entry, in order; of one meaning where given."""
    signed = entry.event.signatures if entry.event is not None else ()
    return tuple(one for one in signed if meaning is None or one.meaning == meaning)


def signature_words(entry: Entry) -> list[str]:
    """Who signed an entry, each in words: "witness of waste: Ada Okafor, nurse".

    Of what was brought in from a file the file says so: nobody's PIN was checked here.
    """
    told = ", as the file says" if entry.source == "import" else ""
    return [f"{one.meaning}: {one.name}, {one.role}{told}" for one in signatures_of(entry)]


def chain_of(infusion: Infusion, entry: Entry) -> Iterator[Entry]:
    """An entry, then the one it corrects, and so on to the first."""
    by_id = {e.id: e for e in infusion.entries}
    found: Entry | None = entry
    while found is not None:
        yield found
        found = by_id.get(found.corrects) if found.corrects else None


def first_of(infusion: Infusion, entry: Entry) -> Entry:
    """The first entry of the chain of corrections that `entry` ends: who did it, and when it became known."""
    *_, first = chain_of(infusion, entry)
    return first


Told = tuple[str, str]  # what an entry told of a measure: the entry's id, the measure's key


def struck_values(infusion: Infusion) -> Mapping[Told, Entry]:
    """What was told of a measure and no longer holds: the entry that withdrew it, or corrected it.

    A correction strikes only what it changes: what it says again, as of the same minute, is not among them.
    """
    return infusion.kept("struck values", lambda: _former_values(infusion)[0])


def repeated_values(infusion: Infusion) -> frozenset[Told]:
    """What was told of a measure and is told again, unchanged, by the correction that stands in its entry's place."""
    return infusion.kept("repeated values", lambda: _former_values(infusion)[1])


def _former_values(infusion: Infusion) -> tuple[Mapping[Told, Entry], frozenset[Told]]:
    by_id = {entry.id: entry for entry in infusion.entries}
    struck: dict[Told, Entry] = {}
    repeated: set[Told] = set()
    for later in infusion.entries:
        former = by_id.get(later.corrects or later.withdraws or "")
        if former is None:
            continue
        again = _told(later) if later.corrects and later.observed_at == former.observed_at else {}
        for measure, found in _told(former).items():
            if again.get(measure) == found:
                repeated.add((former.id, measure))
            else:
                struck.setdefault((former.id, measure), later)
    return {told: entry for told, entry in struck.items() if told not in repeated}, frozenset(repeated)


def _told(entry: Entry) -> dict[str, float | str]:
    """What an entry tells of each measure: its value, or why it was not done."""
    not_done: dict[str, float | str] = {one.measure: one.reason for one in entry.not_done}
    return not_done | {reading.measure: reading.value for reading in entry.readings}


def said(infusion: Infusion, entry: Entry, key: str) -> Any:
    """What an event says under `key`, or the newest of those it corrects that says it; None when none does.

    A correction of the minute need not repeat the reason that was given before.
    """
    answers = (detail_of(e).get(key) for e in chain_of(infusion, entry))
    return next((answer for answer in answers if answer not in (None, "")), None)


def words_of(found: object) -> str:
    """A text without space around it; "" for anything that is not text."""
    return found.strip() if isinstance(found, str) else ""


def one_of(choices: Iterable[object]) -> str:
    """Choices as a sentence offers them: "yes, no or not applicable"."""
    *first, last = map(str, choices)
    return f"{', '.join(first)} or {last}" if first else last


def quoted(found: object) -> str:
    """How a sentence shows what was found: "missing", or in quotation marks."""
    return "missing" if found is None or found == "" else f"“{found}”"
