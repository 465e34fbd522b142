"""Working out a dose step by step, before anybody records it."""

from __future__ import annotations

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic
from monitoring.clinical.dose import Calculation, calculation, inputs_of, plan_of
from monitoring.recording.outcome import Refused, answered


@answered
def work_out_dose(
    clinic: RunningClinic,
    actor: Actor | None,
    infusion_id: str,
    *,
    weight_basis: str,
    stock_mg_per_ml: float,
    bag_volume_ml: float,
    height_cm: float | None = None,
) -> Calculation:
    """Work out the dose of an infusion from weight, dose and time as ordered; nothing is stored.

    While a second calculation is waited for, only who made the first may see one: the second person comes to their own.
    """
    actor = access.require(actor, "record")
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        raise Refused("This infusion is not known here.", why="unknown")
    protocol = clinic.protocol_of(infusion.protocol)
    if protocol.preparation is None:
        raise Refused("This infusion runs under a protocol that does not say how a dose is worked out.")
    plan = plan_of(infusion)
    waited_for = protocol.preparation.second_calculation and plan.dose is not None and plan.check is None
    if waited_for and plan.dose is not None and plan.dose.author != actor.staff.id:
        raise Refused(
            f"{plan.dose.author_name} has worked out this dose: expected your own results before you see a calculation."
        )
    inputs = inputs_of(
        infusion,
        weight_basis=weight_basis,
        stock_mg_per_ml=stock_mg_per_ml,
        bag_volume_ml=bag_volume_ml,
        height_cm=height_cm,
    )
    return calculation(inputs, protocol.preparation, protocol.dose, infusion.patient.sex)
