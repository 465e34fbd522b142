"""What is different in one version of a protocol from another, in words for whoever approves it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from monitoring.clinical.protocol import Limit, Measure, Protocol, limit_words

_NAMES_THE_VERSION: Final = ("name", "version", "title", "hash", "text")


def limit_changes(before: Protocol, after: Protocol) -> tuple[str, ...]:
    """One sentence for each limit that was removed, changed or added, then one for whatever else is different."""
    return (*_of_limits(before, after), *_of_others(before, after))


def _of_limits(before: Protocol, after: Protocol) -> Iterator[str]:
    for key in dict.fromkeys([*before.measures, *after.measures]):
        old, new = before.measures.get(key), after.measures.get(key)
        label = (new or old or before.measures[key]).label
        former, present = _said(old), _said(new)
        gone, come = list((former - present).elements()), list((present - former).elements())
        for limit, words in gone:
            again = next(((x, said) for x, said in come if _guards(x) == _guards(limit)), None)
            if again is None:
                yield f"Removed: {label}, {words}."
            else:
                come.remove(again)
                yield f"Changed: {label}, {words}, is now {again[1]}."
        yield from (f"Added: {label}, {words}." for _, words in come)


def _said(measure: Measure | None) -> Counter[tuple[Limit, str]]:
    return Counter((limit, _words(limit, measure)) for limit in measure.limits) if measure else Counter()


def _guards(limit: Limit) -> tuple[object, ...]:
    """What makes two limits one that was changed: the same comparison, at the same level, in the same phases."""
    return limit.key, limit.level, limit.phase, limit.applies


def _words(limit: Limit, measure: Measure) -> str:
    more = [f"in the phases {', '.join(limit.phase)}"] if limit.phase else []
    more += ["only without oxygen"] if limit.applies == "air" else []
    more += [f"source {limit.source}"]
    more += [f"the site's sentence “{limit.instruction}”"] if limit.instruction else []
    return f"{limit_words(limit, measure)} is {limit.level.word} ({'; '.join(more)})"


def _of_others(before: Protocol, after: Protocol) -> Iterator[str]:
    changed = [
        field.name.replace("_", " ")
        for field in fields(Protocol)
        if field.name not in (*_NAMES_THE_VERSION, "measures")
        and getattr(before, field.name) != getattr(after, field.name)
    ]
    changed += [
        after.measures[key].label
        for key, measure in before.measures.items()
        if key in after.measures and _without_limits(measure) != _without_limits(after.measures[key])
    ]
    if changed:
        yield f"Also different, beside the limits: {', '.join(changed)}."


def _without_limits(measure: Measure) -> tuple[object, ...]:
    return tuple(getattr(measure, field.name) for field in fields(Measure) if field.name != "limits")
