"""What a dry run says of a file: what each of its lines would become, what is asked, and what does not come in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from monitoring.clinical.protocol import Measure
from monitoring.clinical.record import Patient
from monitoring.recording import PastInfusion

RowState = Literal["comes in", "asked", "wrong", "left out", "says nothing"]
LONGEST_NOTE: Final = 4000  # characters; a longer list of what was left out becomes several notes


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of a value or line that was asked about."""

    how: Literal["unusual", "leave out"]  # confirmed as unusual, or left out
    reason: str = ""  # why it is left out


@dataclass(frozen=True, slots=True)
class Fault:
    """Something to decide upon, or to put right in the file.

    `key` is what a Decision is kept under ("" when none helps). `asked`: it may be confirmed as unusual. `group`: what
    is alike, to be decided upon together.
    """

    key: str
    sentence: str
    asked: bool = False
    group: str = ""


@dataclass(frozen=True, slots=True)
class RowFound:
    """What became of one line. `infusion` is its position among those found, None when it belongs to none."""

    line: int
    infusion: int | None
    at: datetime | None
    says: str
    state: RowState
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One infusion of the file. `past` is what would be stored; None while anything of it is wrong or unanswered.

    `remarks`: what the record would say of how the file was read.
    """

    patient_number: str
    patient: Patient | None
    lines: tuple[int, ...]
    faults: tuple[str, ...]  # of the infusion as a whole
    open_lines: tuple[int, ...]  # lines with something wrong or unanswered
    past: PastInfusion | None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would come of importing a file: nothing while there are `problems`, else every infusion that is whole.

    `remarks`: what of the file is not kept and belongs to no infusion.
    """

    problems: tuple[str, ...]
    rows: tuple[RowFound, ...] = ()
    infusions: tuple[Found, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a row is wrong or asked about."""
        return any(row.state in ("asked", "wrong") for row in self.rows)

    @property
    def open_faults(self) -> tuple[Fault, ...]:
        """Everything that is wrong or unanswered, in the order of the lines."""
        return tuple(fault for row in self.rows if row.state in ("asked", "wrong") for fault in row.faults)


def no_overlaps(infusions: list[Found]) -> None:
    """Two infusions of one patient in one file at the same time: neither comes in."""
    whole = [(one.past, position) for position, one in enumerate(infusions) if one.past is not None]
    longest: tuple[PastInfusion, int] | None = None  # of those so far of this patient, the one that lasts longest
    for past, position in sorted(whole, key=lambda found: (found[0].patient_id, found[0].opened_at)):
        if longest is not None and longest[0].patient_id == past.patient_id and past.opened_at <= _last(longest[0]):
            for one, other in ((position, longest[1]), (longest[1], position)):
                sentence = f"At the same time as infusion {other + 1} of this file: expected one after the other."
                found = infusions[one]
                infusions[one] = replace(found, past=None, faults=(*found.faults, sentence))
        if longest is None or longest[0].patient_id != past.patient_id or _last(past) > _last(longest[0]):
            longest = past, position


def _last(past: PastInfusion) -> datetime:
    return max(entry.observed_at for entry in past.entries)


def notes(heading: str, said: Sequence[str]) -> Iterator[str]:
    """A list of what was left out, in as many notes as it takes."""
    text = ""
    for one in said:
        one = one if len(one) < LONGEST_NOTE // 2 else f"{one[: LONGEST_NOTE // 2]}…"
        if text and len(heading) + len(text) + len(one) > LONGEST_NOTE - 10:
            yield f"{heading}: {text}."
            text = ""
        text = f"{text}; {one}" if text else one
    yield f"{heading}: {text}."


def of_the_file(sentence: str) -> str:
    """A question of the bedside, asked about what stands in a file: nobody sees the patient now."""
    return sentence.replace("is this what you see?", "is this what the file means?")


def alike(measure: Measure, value: float, sentence: str) -> str:
    """What questions have in common, so that they can be decided upon together."""
    if " is not below " in sentence:
        return f"{measure.label}: not below {measure.below}"
    low, _ = measure.plausible
    return f"{measure.label}: {'below' if value < low else 'above'} what is usual"


def capital(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]
