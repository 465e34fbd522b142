"""What a series is for, and the outcome scores along it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic, instruments
from monitoring.clinical.instruments import score_problems
from monitoring.recording.outcome import Again, Refused, answered, refuse_if
from monitoring.recording.posted import LONGEST_TEXT, LONGEST_WORDS
from monitoring.records import NewScore, Score, Series, SeriesDetails

MOST_PLANNED: Final = 1000  # infusions; a larger number is a slip of the finger


@answered
def begin_series(
    clinic: RunningClinic,
    actor: Actor | None,
    *,
    id: str,
    patient_id: str,
    planned_infusions: int | None,
    indication: str,
    prescriber: str,
) -> Series | Again[Series]:
    """Begin a patient's next series and say what it is for: it takes the infusions opened from now on.

    The same `id` twice is one series.
    """
    actor = access.require(actor, "describe_series")
    id = _uuid(id, "series")
    with clinic.store.bulk():
        if (earlier := clinic.store.series(id)) is not None:
            return Again(earlier)
        if clinic.store.patient(patient_id) is None:
            raise Refused("This patient is not known here.", why="unknown")
        refuse_if(_description_problems(planned_infusions, indication, prescriber))
        assert planned_infusions is not None
        series = clinic.store.open_series(patient_id, planned_infusions, by=actor.staff.id, id=id)
        clinic.store.describe_series(id, planned_infusions, indication, prescriber, by=actor.staff.id)
    return series


@answered
def describe_series(
    clinic: RunningClinic,
    actor: Actor | None,
    series_id: str,
    *,
    planned_infusions: int | None,
    indication: str,
    prescriber: str,
) -> SeriesDetails:
    """Say anew what a series is for and how many infusions are planned; what was said before stays findable."""
    actor = access.require(actor, "describe_series")
    _require_series(clinic, series_id)
    refuse_if(_description_problems(planned_infusions, indication, prescriber))
    assert planned_infusions is not None
    return clinic.store.describe_series(series_id, planned_infusions, indication, prescriber, by=actor.staff.id)


@answered
def add_score(
    clinic: RunningClinic,
    actor: Actor | None,
    series_id: str,
    *,
    id: str,
    instrument: str,
    version: str,
    total: float | None,
    items: Mapping[str, int] | None,
    rated_on: date | None,
    rater: str,
    note: str = "",
    corrects: str | None = None,
    reason: str = "",
) -> Score | Again[Score]:
    """Record an outcome score, or (`corrects`, with a `reason`) put one right. The same `id` twice is one score."""
    actor = access.require(actor, "score")
    series = _require_series(clinic, series_id)
    rater, note, reason = rater.strip(), note.strip(), reason.strip()
    with clinic.store.bulk():  # nothing lands between what is read and what is judged by it
        held = {score.id: score for score in clinic.store.scores_of(series_id)}
        new = NewScore(
            id=_uuid(id),
            series_id=series_id,
            instrument=instrument,
            version=version,
            total=total,
            items=items,
            rated_on=rated_on or date.min,
            rater=rater,
            note=note,
            corrects=corrects,
            reason=reason,
        )
        if new.id in held:
            return Again(clinic.store.add_score(new, by=actor.staff.id))

        def problems() -> Iterator[str]:
            yield from score_problems(instruments(), instrument, version, total, items)
            yield from _date_problems(rated_on, _born(clinic, series), _day(clinic, clinic.clock.now()))
            if not rater:
                yield "Rater is empty: expected who rated, or that it is a self-report."
            yield from _too_long(
                ("Rater", rater, LONGEST_WORDS), ("Note", note, LONGEST_TEXT), ("Reason", reason, LONGEST_WORDS)
            )
            if corrects is not None:
                yield from _replaced_problems("Correction", held.get(corrects), reason)
                if corrects in held and held[corrects].instrument != instrument:
                    yield "Correction by another instrument: expected the same one, or that score withdrawn."

        refuse_if(problems())
        return clinic.store.add_score(new, by=actor.staff.id)


@answered
def withdraw_score(
    clinic: RunningClinic, actor: Actor | None, score_id: str, *, id: str, reason: str
) -> Score | Again[Score]:
    """Mark a score as made in error (another patient's, say), with a reason; it stays. The same `id` twice is once."""
    actor = access.require(actor, "score")
    with clinic.store.bulk():
        score = _require_score(clinic, score_id)
        reason = reason.strip()
        new = NewScore(
            id=_uuid(id),
            series_id=score.series_id,
            instrument=score.instrument,
            version=score.version,
            total=None,
            items=None,
            rated_on=score.rated_on,
            rater=score.rater,
            withdraws=score_id,
            reason=reason,
        )
        if any(one.id == new.id for one in clinic.store.scores_of(score.series_id)):
            return Again(clinic.store.add_score(new, by=actor.staff.id))
        refuse_if((*_replaced_problems("Withdrawal", score, reason), *_too_long(("Reason", reason, LONGEST_WORDS))))
        return clinic.store.add_score(new, by=actor.staff.id)


@answered
def tell_of_score(
    clinic: RunningClinic, actor: Actor | None, score_id: str, *, whom: str, told_at: datetime | None
) -> Score:
    """Record who was told of a score (an item that asks for it was above zero), and when."""
    actor = access.require(actor, "score")
    score = _require_score(clinic, score_id)
    whom = whom.strip()
    now = clinic.clock.now()

    def problems() -> Iterator[str]:
        if not whom:
            yield "Who was told is missing: expected a name."
        yield from _too_long(("Who was told", whom, LONGEST_WORDS))
        if told_at is None or told_at.tzinfo is None:
            yield "When it was told is missing: expected a time."
        elif told_at > now:
            yield "When it was told is still to come: expected a time that has passed."
        elif _day(clinic, told_at) < score.rated_on:
            yield f"It was told before the score was rated: expected {score.rated_on:%d %b %Y} or later."

    refuse_if(problems())
    assert told_at is not None
    return clinic.store.tell_of_score(score_id, whom, told_at, by=actor.staff.id)


def _description_problems(planned_infusions: int | None, indication: str, prescriber: str) -> Iterator[str]:
    if planned_infusions is None or not 1 <= planned_infusions <= MOST_PLANNED:
        found = "are missing" if planned_infusions is None else f"{planned_infusions}"
        yield f"Planned infusions {found}: expected 1 to {MOST_PLANNED}."
    yield from _too_long(("Indication", indication, LONGEST_WORDS), ("Prescriber", prescriber, LONGEST_WORDS))


def _require_series(clinic: RunningClinic, series_id: str) -> Series:
    series = clinic.store.series(series_id)
    if series is None:
        raise Refused("This series is not known here.", why="unknown")
    return series


def _require_score(clinic: RunningClinic, score_id: str) -> Score:
    score = clinic.store.score(score_id)
    if score is None:
        raise Refused("This score is not known here.", why="unknown")
    return score


def _replaced_problems(what: str, score: Score | None, reason: str) -> Iterator[str]:
    if not reason:
        yield f"{what} without a reason: expected why."
    if score is None:
        yield f"{what} of a score that is not here: expected one of this series."
    elif not score.stands:
        yield f"{what} of a score that was corrected or withdrawn: expected one that stands."


def _day(clinic: RunningClinic, instant: datetime) -> date:
    """The date that a calendar in the clinic shows at this instant."""
    found = clinic.store.clinic()
    return instant.astimezone(ZoneInfo(found.zone) if found else UTC).date()


def _born(clinic: RunningClinic, series: Series) -> date:
    patient = clinic.store.patient(series.patient_id)
    return patient.birth_date if patient is not None else date.min


def _date_problems(rated_on: date | None, born: date, today: date) -> Iterator[str]:
    if rated_on is None:
        yield "Date of the score is missing: expected a date."
    elif rated_on > today:
        yield f"Date of the score {rated_on:%d %b %Y} is in the future: expected a date up to today."
    elif rated_on < born:
        yield f"Date of the score {rated_on:%d %b %Y} is before the patient was born, {born:%d %b %Y}: expected later."


def _too_long(*texts: tuple[str, str, int]) -> Iterator[str]:
    for label, text, most in texts:
        if len(text) > most:
            yield f"{label} has {len(text)} characters: expected at most {most}."


def _uuid(id: str, what: str = "score") -> str:
    try:
        return str(UUID(id))
    except ValueError:
        raise Refused(f"This {what} has no id of its own: expected a UUID.", why="malformed") from None
