"""NEWS2 as a screen shows it, where a site uses it: never in place of a flag, and never without its acknowledgement."""

from __future__ import annotations

from typing import Any

from monitoring.clinic import news2_table
from monitoring.clinical.news2 import of_infusion
from monitoring.documents.judged import Judged
from monitoring.documents.words import iso


def news2_part(j: Judged) -> dict[str, Any] | None:
    """`care.news2`: the score of the newest set, or what is missing for it; None where the site does not use it."""
    if j.protocol.news2 is None:
        return None
    table = news2_table()
    score = of_infusion(j.infusion, j.protocol, j.course, table)
    if score is None:
        return None
    return {
        "total": score.total,
        "words": score.words,
        "risk": score.risk.word if score.risk else None,
        "colour": score.risk.colour if score.risk else None,
        "missing": list(score.missing),
        "parts": [{"label": part.label, "points": part.points, "colour": part.colour} for part in score.parts],
        "at": iso(score.at),
        "note": table.note,
        "source": table.acknowledgement,
    }
