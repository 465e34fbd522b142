"""The ranges as a table, each row with its source, and after it their approval: by name and PIN."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from monitoring import access
from monitoring.clinic import running
from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.limit_changes import limit_changes
from monitoring.clinical.protocol import Limit, Protocol, limit_words
from monitoring.documents import PHASE_WORDS
from monitoring.recording import approve_ranges
from monitoring.records.shapes import StoredProtocol
from monitoring.screens.identity import actor
from monitoring.screens.plain import plain, spoken
from monitoring.screens.said import say_outcome, show_said
from monitoring.screens.wrapped import draw_wrapped


def ranges_rows(protocol: Protocol) -> list[dict[str, str]]:
    """One row a limit: measure, level, limit in words, when it applies, source."""
    return [
        {
            "Measure": measure.label,
            "Level": limit.level.word,
            "Limit": limit_words(limit, measure),
            "When": _when(limit),
            "Source": limit.source,
            "The site's sentence": limit.instruction,
        }
        for measure in protocol.measures.values()
        for limit in measure.limits
    ]


def _when(limit: Limit) -> str:
    phases = ", ".join(PHASE_WORDS[phase] for phase in limit.phase) or "always"
    return f"{phases}, without oxygen" if limit.applies == "air" else phases


def draw_ranges() -> None:
    """The ranges that hold for infusions opened now: all rows."""
    protocol = running().protocol
    st.write(f"**{plain(protocol.title)}** · {plain(f'{protocol.label} · {protocol.schedule.source}')}")
    rows = ranges_rows(protocol)
    draw_wrapped(f"{len(rows)} limits", rows, most=len(rows))


def draw_approval() -> None:
    """What is different from what was approved before, who has approved this version, and the form to do so."""
    clinic, who = running(), actor()
    stored, found = clinic.store.current_protocol(), clinic.store.clinic()
    if stored is None or found is None:
        return
    zone = ZoneInfo(found.zone)
    st.subheader("Approval")
    _draw_changes(stored)
    for approval in stored.approvals:
        at = day_and_time(approval.at, zone)
        st.write(f"Approved by **{plain(approval.name)}**, {plain(f'{approval.role}, {at}')}")
    if not stored.approved:
        st.warning(
            "Approval takes two different people, at least one of them a clinician, each from a sign-in of their own."
        )
    approved = {approval.staff_id for approval in stored.approvals}
    if who and access.may(who.staff.role, "approve_ranges") and who.staff.id not in approved:
        with st.form("approve_form", enter_to_submit=False):
            st.text_input(spoken(f"PIN of {who.staff.name}"), key="approve_pin", type="password", max_chars=6)
            words = f"I, {plain(who.staff.name)}, approve these ranges for this site"
            st.form_submit_button(words, key="approve", on_click=_approve, args=(stored.hash,))
    show_said("approve")


def _draw_changes(stored: StoredProtocol) -> None:
    before = running().store.protocol_approved_before(stored.hash)
    if before is None:
        st.write("Nothing was approved before.")
        return
    former = running().protocol_of(before.hash)
    changes = limit_changes(former, running().protocol_of(stored.hash)) or ("Nothing but its name or its remarks.",)
    lines = "\n".join(f"- {plain(change)}" for change in changes)
    st.write(f"Different from {plain(former.label)}, which was approved before:\n{lines}")


def _approve(shown: str) -> None:
    given = st.session_state
    outcome = approve_ranges(running(), actor(), shown=shown, pin=given.approve_pin)
    given.approve_pin = ""  # right or wrong, nobody else's hands find it there
    say_outcome("approve", outcome, "Recorded by name and time.")
