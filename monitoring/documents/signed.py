"""Who signed the record, who signs next, and what is open, as a screen shows it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.signing import record
from monitoring.documents.judged import Judged


def signing_part(j: Judged, zone: ZoneInfo) -> dict[str, Any] | None:
    """`care.signing`: the signatures with name, role, time and meaning, and the open points before the next one.

    None where the site asks for no signature.
    """
    if not j.protocol.people.signatures:
        return None
    found = record(j.infusion, j.protocol, j.course, j.flags)
    locked = ""
    if j.infusion.imported and not found.signed:
        locked = "Brought in from a file: no signature is due here."
    if found.locked_at is not None:
        when = day_and_time(found.locked_at, zone)
        locked = f"Signed and locked on {when}. Late entries, addenda and corrections are kept and marked as such."
    return {
        "signed": [
            {
                "meaning": one.meaning,
                "name": one.name,
                "role": one.role,
                "time": j.time_of(one.at, zone),
                "when": day_and_time(one.at, zone),
                "at": one.at.isoformat(),
                "staff": one.staff,
            }
            for one in found.signed
        ],
        "next": {"meaning": found.next.meaning, "roles": list(found.next.roles)} if found.next else None,
        "locked": found.locked,
        "locked_words": locked,
        "open_points": list(found.open_points),
    }
