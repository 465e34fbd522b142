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
