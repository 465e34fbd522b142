"""Which files can be taken out of the records: of one infusion, of a series, of what a search found.

Each knows what is in it, for the audit row, and how it is written. None is made before somebody asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final, Literal, get_args

from monitoring.clinic import RunningClinic
from monitoring.documents.words import zone_of
from monitoring.exports import printing
from monitoring.exports.archive import Archive, write_tables
from monitoring.exports.deidentified import FEWEST, NOT_ANONYMOUS, StudyNumbers
from monitoring.exports.downtime import Paper
from monitoring.exports.record import TEMPLATE, Printing, record_sheet
from monitoring.exports.source import Source, source_of
from monitoring.exports.tables import READINGS, lines, reading_rows
from monitoring.records import Score, Staff
from monitoring.records.summaries import word_key
from monitoring.records.verify import head, verify_infusion
from monitoring.review.catching_up import catch_up, not_judged
from monitoring.review.search import Wanted, address_of

Kind = Literal["csv", "tables", "fhir", "record"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Scope = Literal["infusion", "series", "search"]
Step = Callable[[], None]  # called after each infusion; may raise to stop
Write = Callable[[IO[bytes], Step], None]
ZIP, CSV, JSON, PDF = "application/zip", "text/csv; charset=utf-8", "application/fhir+json", "application/pdf"


class NotComplete(Exception):
    """A search would not find everything now; `sentence` says so."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be taken out: what it is called, what is in it, and how it is written."""

    kind: str  # as in the audit row
    scope: str
    subject: str  # id of the infusion or series; "" for others
    infusions: tuple[str, ...]
    chosen: Mapping[str, str]
    deidentified: bool
    steps: int  # how often `write` says that it has come further
    stem: str  # of its name: it says nothing of anybody
    suffix: str
    media_type: str
    write: Write

    def name(self, export_id: str) -> str:
        """What it is called in a folder of downloads: without a name, and without a number of a patient."""
        return f"{self.stem}-{export_id[:8]}.{self.suffix}"


def of_infusion(
    clinic: RunningClinic, by: Staff, infusion_id: str, kind: Kind, *, deidentified: bool = False, paper: Paper = "a4"
) -> File:
    """A file of one infusion. Raises LookupError for an unknown one."""
    if clinic.store.infusion(infusion_id) is None:
        raise LookupError("There is no such infusion.")
    return _file(clinic, by, kind, "infusion", infusion_id, (infusion_id,), {}, deidentified, paper)


def of_series(
    clinic: RunningClinic, by: Staff, series_id: str, kind: Kind, *, deidentified: bool = False, paper: Paper = "a4"
) -> File:
    """A file of the infusions of a series, in the order opened, with the outcome scores along it.

    Raises LookupError for an unknown series, and for one without an infusion.
    """
    series = clinic.store.series(series_id)
    if series is None:
        raise LookupError("There is no such series.")
    found = (clinic.store.infusion(one) for one in clinic.store.infusions_of(series.patient_id))
    ids = tuple(one.id for one in found if one is not None and one.series == series_id)
    if not ids:
        raise LookupError("This series has no infusion yet.")
    return _file(clinic, by, kind, "series", series_id, ids, {}, deidentified, paper)


def of_search(
    clinic: RunningClinic,
    by: Staff,
    infusions: Iterable[str],
    chosen: Mapping[str, str],
    kind: Kind,
    *,
    deidentified: bool = False,
    paper: Paper = "a4",
) -> File:
    """A file of the infusions that a search found, in its order; `chosen`: what was searched for.

    Raises LookupError when there is none.
    """
    ids = tuple(infusions)
    if not ids:
        raise LookupError("No infusion was found: there is nothing to take out.")
    return _file(clinic, by, kind, "search", "", ids, chosen, deidentified, paper)


def found_by(clinic: RunningClinic, wanted: Wanted, words: str = "") -> tuple[tuple[str, ...], dict[str, str]]:
    """The infusions that a search finds, all of them in its order, and what was searched for, for the audit row.

    Raises NotComplete while some are not summed up: they would be missing, and nobody would see it. What cannot be
    summed up at all is said in what was searched for.
    """
    due, stuck = catch_up(clinic), not_judged(clinic)
    if due > stuck:
        raise NotComplete(f"{due} infusions are still being summed up and might be missing: try again in a minute.")
    searching = clinic.store.searching
    rows = searching.find(wanted, words, searching.count(wanted, words), 0)
    asked = {key: ", ".join(values) for key, values in address_of(wanted, zone_of(clinic)).items()}
    if stuck:
        asked["not searched"] = f"{stuck} that cannot be judged"
    return tuple(row.infusion for row in rows), {**asked, **({"words": words} if words else {})}


def _file(
    clinic: RunningClinic,
    by: Staff,
    kind: Kind,
    scope: Scope,
    subject: str,
    infusions: tuple[str, ...],
    chosen: Mapping[str, str],
    deidentified: bool,
    paper: Paper,
) -> File:
    if deidentified and kind not in ("csv", "tables"):
        raise ValueError("Only tables have a de-identified form.")
    study = _study(clinic) if deidentified else None
    written = infusions
    if study is not None and scope == "search":
        # The order of what was found would tell whose infusion was when, or the order of their names.
        written = tuple(sorted(infusions, key=lambda one: study.of("infusion", one)))
    work = _Work(clinic, by, written, study, with_scores=scope != "infusion", paper=paper)
    several = scope == "search" or (scope == "series" and kind == "record")
    stem, suffix, media_type, write = {
        "csv": ("readings", "csv", CSV, work.csv),
        "tables": ("tables", "zip", ZIP, work.tables),
        "fhir": ("bundles", "zip", ZIP, work.bundles) if several else ("bundle", "json", JSON, work.bundle),
        "record": ("records", "zip", ZIP, work.records) if several else ("record", "pdf", PDF, work.record),
    }[kind]
    invented = "invented-" if clinic.demonstration else ""
    how = {"paper": paper} if kind == "record" else {}
    return File(
        kind="csv" if kind == "tables" else kind,
        scope=scope,
        subject=subject,
        infusions=infusions,
        chosen={**chosen, **how},
        deidentified=deidentified,
        steps=len(infusions),
        stem=f"{invented}{'study-' if deidentified else ''}{stem}",
        suffix=suffix,
        media_type=media_type,
        write=write,
    )


def _study(clinic: RunningClinic) -> StudyNumbers:
    common = clinic.store.searching.common_effects(FEWEST)
    return StudyNumbers(clinic.secret, lambda effect: word_key(effect) in common)


class _Work:
    """How the files of some infusions are written: each infusion is judged once, all at the same instant."""

    def __init__(
        self,
        clinic: RunningClinic,
        by: Staff,
        infusions: tuple[str, ...],
        study: StudyNumbers | None,
        *,
        with_scores: bool,
        paper: Paper,
    ) -> None:
        self._clinic, self._by, self._infusions, self._study = clinic, by, infusions, study
        self._with_scores, self._paper = with_scores, paper

    def csv(self, file: IO[bytes], step: Step) -> None:
        """Everything recorded, one table."""
        rows = (row for source in self._sources(self._now(), step) for row in reading_rows(source, self._study))
        for line in lines(READINGS, rows, self._study is not None):
            file.write(line.encode())

    def tables(self, file: IO[bytes], step: Step) -> None:
        """All tables and their data dictionary."""
        now, store = self._now(), self._clinic.store
        scores = store.scores_of if self._with_scores else lambda _series: ()
        write_tables(file, self._sources(now, step), scores, now, self._facts(now), self._study)

    def bundle(self, file: IO[bytes], step: Step) -> None:
        """One FHIR Bundle of all infusions, of one patient."""
        now = self._now()
        sources = list(self._sources(now, step))
        scores = self._clinic.store.scores_of(sources[0].series.id) if self._with_scores else ()
        file.write(_fhir(sources, now, scores))

    def bundles(self, file: IO[bytes], step: Step) -> None:
        """A FHIR Bundle for each infusion."""
        now = self._now()
        archive = Archive(file, now, **self._facts(now))
        for source in self._sources(now, step):
            archive.add(f"{self._stem(source)}.json", [_fhir([source], now)])
        archive.close()

    def record(self, file: IO[bytes], step: Step) -> None:
        """The printed record of one infusion."""
        now = self._now()
        for source in self._sources(now, step):
            file.write(self._printed(source, str(head(self._clinic.store.url))))

    def records(self, file: IO[bytes], step: Step) -> None:
        """The printed record of each infusion."""
        now, audit_head = self._now(), str(head(self._clinic.store.url))
        archive = Archive(file, now, **self._facts(now))
        for source in self._sources(now, step):
            archive.add(f"{self._stem(source)}.pdf", [self._printed(source, audit_head)])
        archive.close()

    def _stem(self, source: Source) -> str:
        """What one file of several is called: in a folder they stand by day, and none says whose it is."""
        infusion = source.j.infusion
        day = infusion.opened_at.astimezone(zone_of(self._clinic))
        return f"{day:%Y-%m-%d}-infusion-{infusion.number}-{infusion.id[:8]}"

    def _printed(self, source: Source, audit_head: str) -> bytes:
        store = self._clinic.store
        chain = verify_infusion(store.url, source.j.infusion.id)
        how = Printing(self._by.name, self._paper, chain, audit_head)
        sheet = record_sheet(source, how, store.scores_of(source.series.id))
        return printing.pdf(TEMPLATE, sheet, source.j.now)

    def _now(self) -> datetime:
        return self._clinic.clock.now()

    def _sources(self, now: datetime, step: Step) -> Iterator[Source]:
        for infusion_id in self._infusions:
            yield source_of(self._clinic, infusion_id, now)
            step()

    def _facts(self, now: datetime) -> dict[str, Any]:
        """What stands in the list of contents; a study learns neither where nor by whom it was made."""
        facts: dict[str, Any] = {"infusions": len(self._infusions), "invented": self._clinic.demonstration}
        if self._study is not None:
            return {"form": "de-identified", "mind": NOT_ANONYMOUS, **facts}
        found = self._clinic.store.clinic()
        return {
            "clinic": found.name if found else "",
            "made_at": now.isoformat(),
            "made_by": self._by.name,
            **facts,
        }


def _fhir(sources: Sequence[Source], now: datetime, scores: Sequence[Score] = ()) -> bytes:
    # Its library takes half a second to import: not while the server starts.
    from monitoring.exports.fhir import as_json, bundle_of

    return as_json(bundle_of(sources, now, scores))
