"""What the search for a patient shows: each with what they are told apart by, and what must be said of all of them."""

from __future__ import annotations

from typing import Any, Final

from monitoring.clinical.record import Patient
from monitoring.records import Store
from monitoring.records.spelling import folded

SHOWN: Final = 12  # patients at a time

_SAME_NAME: Final = "Two patients here have the same name: compare number and birth date."
_MORE: Final = f"The first {SHOWN} of more patients: type more of the name, the number or the birth date."
_NOBODY: Final = "Nobody found: check the spelling, or register the patient. A birth date is typed as 14.5.1981."


def found_patients_document(store: Store, text: str, chosen: str = "") -> dict[str, Any]:
    """The patients that `text` finds, {"patients": [{id, name, number, born}], "chosen", "warning", "note"}.

    `text` is a name, a number, a birth date, or the beginning of one; "" gives the latest registered. `chosen` is the
    id of a patient whose line is wanted too, whether `text` finds them or not. "" and None: there is none.
    """
    found = store.find_patients(text.strip(), limit=SHOWN + 1)
    shown = found[:SHOWN]
    note = _MORE if len(found) > SHOWN else ""
    if not found:
        note = _NOBODY if text.strip() else "Nobody is registered yet."
    patient = store.patient(chosen) if chosen else None
    return {
        "patients": [_line(one) for one in shown],
        "chosen": _line(patient) if patient else None,
        "warning": _SAME_NAME if len({folded(one.name) for one in shown}) < len(shown) else "",
        "note": note,
    }


def _line(one: Patient) -> dict[str, str]:
    return {"id": one.id, "name": one.name, "number": one.number, "born": f"born {one.birth_date:%d %b %Y}"}
