"""How many patients of a de-identified file stand alone in it."""

from __future__ import annotations

from datetime import date

from monitoring.clinic import RunningClinic
from monitoring.exports.alone import Alone, alone_in
from monitoring.review.catching_up import catch_up
from tests.small_clinic import Names, SetClock, actor, open_infusion


def test_who_shares_a_band_with_somebody_is_not_alone_in_it(
    clinic: RunningClinic, names: Names, clock: SetClock
) -> None:
    ada = actor(clinic, "Ada Okafor")
    twin = clinic.store.register_patient("K-0104", "Rosa Klein", date(1981, 6, 1), "female", "", by=ada.staff.id)
    other = open_infusion(clinic, ada, twin.id, "chair-2", weight_kg=74.9)
    omar = open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-3", weight_kg=90.0)
    catch_up(clinic)
    assert alone_in(clinic, (names.infusion, other, omar)) == Alone(3, 1, 1, 1)
    assert alone_in(clinic, (names.infusion,)) == Alone(1, 1, 1, 1)
    assert alone_in(clinic, ()) == Alone(0, 0, 0, 0)
