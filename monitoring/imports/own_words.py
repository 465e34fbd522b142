"""Events as older versions of this program's own export word them: what the words hold is an event again, else a note.

The other way round of `monitoring.documents.said`. What rests on a PIN (signatures, time-out, second calculation) or
on more than its line says (a calculated dose) comes back as a note: words can tell it, and cannot prove it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from monitoring.clinical.checks import SEVERITIES
from monitoring.clinical.protocol import CheckItem, Protocol
from monitoring.clinical.record import ANSWERS, EVENT_WORDS, Event, EventKind, event_words

_BETWEEN: Final = " · "
_QUOTED: Final = re.compile(r"“(.*)”", re.DOTALL)
_ORDER: Final = re.compile(r"Order: ([\d.]+) mg/kg in ([\d.]+) min")
_WEIGHED: Final = re.compile(r"([\d.]+) kg on (\d{4}-\d{2}-\d{2}|\d{2} [A-Z][a-z]{2} \d{4})")
_RATE: Final = re.compile(r"Rate changed to ([\d.e+]+) mL/h")
_RAPID: Final = re.compile(r"Rapid sets, every ([\d.]+) min")
_CALLED: Final = re.compile(r"(.+?) called(?:: (.*))?", re.DOTALL)
_WHEN: Final = re.compile(r" (?:at minute \d+|\d+ min before the start)$")


@dataclass(frozen=True, slots=True)
class Begun:
    """An event that a later one may say to be over. `name`: what that one calls it by; `words`: what its line says."""

    name: str
    event: Event
    words: str


def restored(kind: EventKind, words: str, protocol: Protocol, begun: Sequence[Begun] = ()) -> Event:
    """The event that these words of our own export tell; a note of them where they do not tell it whole.

    `begun`: what may be over by now, in the order it began.
    """
    words = words.strip()
    detail: dict[str, Any] | None
    if kind == "over":
        detail = _over(words, begun)
    elif kind in _READ:
        detail = _READ[kind](words, protocol)
    else:
        detail = None
    return Event("note", {"text": words}) if detail is None else Event(kind, detail)


def _with_reason(kind: EventKind) -> Callable[[str, Protocol], dict[str, Any] | None]:
    def read(words: str, protocol: Protocol) -> dict[str, Any] | None:
        if words == EVENT_WORDS[kind]:
            return {}
        reason = words.removeprefix(f"{EVENT_WORDS[kind]}: ")
        return {"reason": reason} if reason != words and reason else None

    return read


def _start(words: str, protocol: Protocol) -> dict[str, Any] | None:
    first, *more = words.split(_BETWEEN)
    detail: dict[str, Any] = {}
    for part in more:
        for begins, key in (("with something missing: ", "reason"), ("decided by ", "decided_by")):
            if part.startswith(begins):
                detail[key] = part.removeprefix(begins)
    return detail if first == EVENT_WORDS["start"] and len(detail) == len(more) else None


def _note(words: str, protocol: Protocol) -> dict[str, Any] | None:
    found = _QUOTED.fullmatch(words)
    return {"text": found[1]} if found else None


def _rate(words: str, protocol: Protocol) -> dict[str, Any] | None:
    found = _RATE.fullmatch(words)
    return {"rate_ml_per_h": float(found[1])} if found else None


def _rapid(words: str, protocol: Protocol) -> dict[str, Any] | None:
    found = _RAPID.fullmatch(words)
    return {"every_minutes": _number(found[1])} if found else None


def _help(words: str, protocol: Protocol) -> dict[str, Any] | None:
    return {} if words == EVENT_WORDS["help"] else None


def _effect(words: str, protocol: Protocol) -> dict[str, Any] | None:
    name, *more = words.split(_BETWEEN)
    known = {effect.casefold(): effect for effect in protocol.effects}
    detail: dict[str, Any] = {"name": known.get(name.casefold(), name)}
    if more and more[0] in SEVERITIES:
        detail["severity"] = more.pop(0)
    if more:
        detail["action"] = _BETWEEN.join(more)
    return detail if name else None


def _called(words: str, protocol: Protocol) -> dict[str, Any] | None:
    if (whom := words.removeprefix(f"{EVENT_WORDS['called']}: ")) != words:
        return {"whom": whom}
    found = _CALLED.fullmatch(words)
    roles = {role.casefold(): role for role in protocol.called}
    if found is None or found[1].casefold() not in roles:
        return None
    role = roles[found[1].casefold()]
    return {"whom": f"{role}: {found[2]}" if found[2] else role}


def _informed(words: str, protocol: Protocol) -> dict[str, Any] | None:
    rest = words.removeprefix(f"{EVENT_WORDS['informed']}: ")
    whom, about, what = rest.partition(f"{_BETWEEN}about ")
    if rest == words or not whom:
        return None
    return {"whom": whom, "about": what} if about else {"whom": whom}


def _check(words: str, protocol: Protocol) -> dict[str, Any] | None:
    asked: list[CheckItem] = [*protocol.before, *(one.answer for one in protocol.leaving if one.answer is not None)]
    labels = {f"{item.label.removesuffix('?')}: ": item for item in asked}
    label = max((one for one in labels if words.startswith(one)), key=len, default="")
    answer, _, note = words.removeprefix(label).partition(_BETWEEN)
    if not label or answer not in ANSWERS:
        return None
    return {"item": labels[label].key, "answer": answer, **({"note": note} if note else {})}


def _order(words: str, protocol: Protocol) -> dict[str, Any] | None:
    first, *more = words.split(_BETWEEN)
    found = _ORDER.fullmatch(first)
    prescriber = next((part.removeprefix("by ") for part in more if part.startswith("by ")), "")
    weighed = next((one for part in more if (one := _WEIGHED.fullmatch(part))), None)
    if found is None or weighed is None or not prescriber:
        return None
    detail: dict[str, Any] = {
        "prescriber": prescriber,
        "dose_mg_per_kg": _number(found[1]),
        "planned_minutes": _number(found[2]),
        "weight_kg": _number(weighed[1]),
        "weight_on": _day(weighed[2]),
    }
    return {**detail, "spo2_scale": 2} if more[-1] == "SpO₂ scale 2" else detail


def _day(words: str) -> str:
    """A day as the record keeps it; exports before the one that writes "03 Mar 2026" wrote it so."""
    try:
        return datetime.strptime(words, "%d %b %Y").replace(tzinfo=UTC).date().isoformat()
    except ValueError:
        return words


def _over(words: str, begun: Sequence[Begun]) -> dict[str, Any] | None:
    """What is over, and how, by the words with which its own line begins; of several that fit, the last."""
    said = _WHEN.sub("", words)
    for one in reversed(begun):
        if one.event.kind == "effect":
            name = str(one.event.detail["name"])
            start, usual = f"{name[:1].upper()}{name[1:]} ", "resolved"
        elif one.event.kind == "medicine":
            start, usual = f"No further set after {event_words(one.event)}", ""
        else:
            start, usual = f"{one.words}: ", "answered" if one.event.kind == "called" else "over"
        if said.startswith(start):
            how = said.removeprefix(start).removeprefix(_BETWEEN)
            return {"of": one.name} if how == usual else {"of": one.name, "how": how}
    return None


def _number(text: str) -> float:
    number = float(text)
    return int(number) if number.is_integer() else number


_READ: Final[dict[EventKind, Callable[[str, Protocol], dict[str, Any] | None]]] = {
    "start": _start,
    "pause": _with_reason("pause"),
    "resume": _with_reason("resume"),
    "end": _with_reason("end"),
    "stop": _with_reason("stop"),
    "close": _with_reason("close"),
    "cancel": _with_reason("cancel"),
    "rate": _rate,
    "rapid": _rapid,
    "help": _help,
    "effect": _effect,
    "called": _called,
    "informed": _informed,
    "note": _note,
    "check": _check,
    "order": _order,
}
