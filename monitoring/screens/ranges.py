"""The ranges as a table, each row with its source, and their approval by name."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from monitoring import access
from monitoring.clinic import running
from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.protocol import Protocol, limit_words
from monitoring.documents import PHASE_WORDS
from monitoring.recording import approve_ranges
from monitoring.screens.identity import actor
from monitoring.screens.plain import plain
from monitoring.screens.said import say_outcome, show_said


def ranges_table(protocol: Protocol) -> pd.DataFrame:
    """One row a limit: measure, level, limit in words, when it applies, source."""
    rows = [
        {
            "Measure": measure.label,
            "Level": limit.level.word,
            "Limit": limit_words(limit, measure),
            "When": ", ".join(PHASE_WORDS[phase] for phase in limit.phase) or "always",
            "Source": limit.source,
            "The site's sentence": limit.instruction,
        }
        for measure in protocol.measures.values()
        for limit in measure.limits
    ]
    return pd.DataFrame(rows)


def draw_ranges() -> None:
    """The ranges that hold for infusions opened now."""
    protocol = running().protocol
    st.write(f"**{plain(protocol.title)}** · {plain(f'{protocol.label} · {protocol.schedule.source}')}")
    st.dataframe(ranges_table(protocol), hide_index=True, height=560)


def draw_approval() -> None:
    """Who has approved this version, and the button to do so."""
    clinic, who = running(), actor()
    stored, found = clinic.store.current_protocol(), clinic.store.clinic()
    if stored is None or found is None:
        return
    zone = ZoneInfo(found.zone)
    for approval in stored.approvals:
        at = day_and_time(approval.at, zone)
        st.write(f"Approved by **{plain(approval.name)}**, {approval.role}, {at}")
    if not stored.approved:
        st.warning("Approval takes two different people, at least one of them a clinician.")
    approved = {approval.staff_id for approval in stored.approvals}
    if who and access.may(who.staff.role, "approve_ranges") and who.staff.id not in approved:
        st.button(f"I, {plain(who.staff.name)}, approve these ranges for this site", key="approve", on_click=_approve)
    show_said("approve")


def _approve() -> None:
    say_outcome("approve", approve_ranges(running(), actor()), "Recorded by name and time.")
