"""The frame that every chart is drawn in: text, margins, and when two readings are joined."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from monitoring.clinical.course import Course
from monitoring.clinical.protocol import Level, Limit, Protocol
from monitoring.clinical.record import Infusion

TEXT_PX: Final = 14
FONT: Final = '"Source Sans", "Source Sans Pro", "Noto Sans", system-ui, sans-serif'
MARGIN: Final = {"l": 40, "r": 58, "t": 6, "b": 22}  # [px]; style.css lays marks and labels in the same frame
SLOT_AND_HALF: Final = 1.5  # readings farther apart than so many slots are not joined
LABELS_APART: Final = 0.13  # of a panel's height: numbers closer than this would cover each other


def layout() -> dict[str, Any]:
    """The layout that all figures begin with: no legend, see-through, the frame's own margins and text."""
    return {
        "margin": dict(MARGIN),
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": "zoom",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": TEXT_PX, "color": "@soft", "family": FONT},
        "hoverlabel": {"font": {"size": TEXT_PX}},
        "shapes": [],
        "annotations": [],
    }


def is_drawn(limit: Limit, phases: tuple[str, ...] = ("infusing",)) -> bool:
    """Whether a limit is a line in a chart: of the value itself, and in force in one of these phases."""
    return limit.is_absolute and (not limit.phase or any(phase in limit.phase for phase in phases))


def colour(level: Level | None) -> str:
    """The name of the colour of a value: a level has one, a value within the ranges has none of its own."""
    return f"@{level.word}" if level else "@ink"


def minutes(infusion: Infusion, course: Course, instant: datetime) -> float:
    """Minutes from the start of the infusion (before the start: from its opening) to `instant` [min]."""
    return (instant - (course.started_at or infusion.opened_at)).total_seconds() / 60


def joined_within(infusion: Infusion, protocol: Protocol, course: Course, x: float) -> float:
    """Minutes beyond which two readings are not joined, the later one at minute `x`: one slot and a half [min]."""
    ended = course.ended_at is not None and x >= minutes(infusion, course, course.ended_at)
    return SLOT_AND_HALF * protocol.schedule.interval("recovery" if ended else "infusing", infusion.every_minutes)
