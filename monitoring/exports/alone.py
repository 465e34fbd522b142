"""How many patients of a de-identified file stand alone in it, to be said before it is made."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from monitoring.clinic import RunningClinic
from monitoring.documents import age_in_years
from monitoring.documents.words import zone_of
from monitoring.exports.deidentified import age_band, weight_band


@dataclass(frozen=True, slots=True)
class Alone:
    """Of so many patients, how many share with nobody in the file what it says of them; each count asks for more."""

    patients: int
    by_age_and_sex: int
    with_weight: int
    with_infusions: int

    @property
    def sentence(self) -> str:
        """The counts as they are said beside the button."""
        of = "1 patient" if self.patients == 1 else f"{self.patients:,} patients"
        return (
            f"Of {of} in this file nobody else has the age band and sex of {self.by_age_and_sex:,}, "
            f"the weight band too of {self.with_weight:,}, and the number of infusions too of {self.with_infusions:,}."
        )


def alone_in(clinic: RunningClinic, infusions: Collection[str]) -> Alone:
    """How many patients stand alone in a file of these infusions, by what is kept of each: catch up first."""
    zone = zone_of(clinic)
    ages: dict[str, set[str]] = defaultdict(set)
    weights: dict[str, set[str]] = defaultdict(set)
    counts: Counter[str] = Counter()
    sexes: dict[str, str] = {}
    for one in clinic.store.searching.weighed(infusions):
        patient = clinic.store.patient(one.patient)
        if patient is not None:
            sexes[patient.id] = patient.sex
            ages[patient.id].add(age_band(age_in_years(patient.birth_date, one.opened_at.astimezone(zone).date())))
            weights[patient.id].add(weight_band(one.weight_kg))
            counts[patient.id] += 1
    said = {id: (frozenset(ages[id]), sexes[id]) for id in sexes}
    weighed = {id: (*said[id], frozenset(weights[id])) for id in sexes}
    counted = {id: (*weighed[id], counts[id]) for id in sexes}
    return Alone(len(sexes), *(_alone(of.values()) for of in (said, weighed, counted)))


def _alone(told: Iterable[Hashable]) -> int:
    return sum(count == 1 for count in Counter(told).values())
