"""How a use case says what came of it: done, or why not, in sentences."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Literal, ParamSpec, TypeVar

from monitoring.access import NobodySignedIn, NotPermitted
from monitoring.recording.posted import Malformed
from monitoring.records import EntryClash, StoreRefused, StoreUnwritable

T = TypeVar("T")
P = ParamSpec("P")

Why = Literal["refused", "malformed", "nobody", "forbidden", "unknown", "clash", "unwritable"]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of pressing a button: `value` when it was done, else `why` not and `sentences` to show."""

    value: T | None = None
    why: Why | None = None
    sentences: tuple[str, ...] = ()
    again: bool = False  # it had been done before, by an earlier try of the same

    @property
    def done(self) -> bool:
        """Whether it is done, durably."""
        return self.why is None


class Refused(Exception):
    """What was asked cannot be done as it is; carries one sentence for each thing that is wrong."""

    def __init__(self, *sentences: str, why: Why = "refused") -> None:
        super().__init__(*sentences)
        self.sentences = sentences
        self.why: Why = why


@dataclass(frozen=True, slots=True)
class Again(Generic[T]):
    """Marks an answer that an earlier try had got already."""

    value: T


def answered(use_case: Callable[P, T | Again[T]]) -> Callable[P, Outcome[T]]:
    """The use case with every refusal turned into an Outcome."""

    @functools.wraps(use_case)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Outcome[T]:
        try:
            value = use_case(*args, **kwargs)
        except Refused as refused:
            return Outcome(why=refused.why, sentences=refused.sentences)
        except Malformed as malformed:
            return Outcome(why="malformed", sentences=(str(malformed),))
        except NobodySignedIn as nobody:
            return Outcome(why="nobody", sentences=(nobody.sentence,))
        except NotPermitted as forbidden:
            return Outcome(why="forbidden", sentences=(forbidden.sentence,))
        except EntryClash as clash:
            return Outcome(why="clash", sentences=(clash.sentence,))
        except StoreUnwritable as unwritable:
            return Outcome(why="unwritable", sentences=(unwritable.sentence,))
        except StoreRefused as refused:
            return Outcome(why="refused", sentences=(refused.sentence,))
        if isinstance(value, Again):
            return Outcome(value.value, again=True)
        return Outcome(value)

    return answer


def refuse_if(problems: Iterable[str]) -> None:
    """Raise Refused with these sentences, when there are any."""
    if sentences := tuple(problems):
        raise Refused(*sentences)
