"""The list of past infusions, paged in the database."""

from __future__ import annotations

from html import escape
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring.clinic import running
from monitoring.screens.doorway import PAGES

PAGE_LENGTH = 25


def pick_page() -> int:
    """The page that is shown, from 0."""
    return int(st.session_state.get("past_page", 0))


def draw_list(text: str, page: int) -> None:
    """One line an infusion, newest first; a tap opens its chart, read-only."""
    clinic = running()
    found = clinic.store.clinic()
    zone = ZoneInfo(found.zone if found else "UTC")
    if st.session_state.get("past_text") != text:
        st.session_state["past_text"], page = text, 0
        st.session_state["past_page"] = 0
    rows = clinic.store.past_infusions(text, limit=PAGE_LENGTH + 1, offset=page * PAGE_LENGTH)
    if not rows:
        st.info("No past infusion found." if text else "No infusion has been closed yet.")
    for row in rows[:PAGE_LENGTH]:
        line, open_it = st.columns([5, 1], vertical_alignment="center")
        opened_at = row.opened_at.astimezone(zone)
        which = f"{row.number} of {row.planned_infusions}" if row.number <= row.planned_infusions else "maintenance"
        line.html(
            f'<p class="past"><b>{escape(row.patient_name)}</b> · no. {escape(row.patient_number)} · infusion {which}'
            f"<br>{opened_at:%d %b %Y, %H:%M} · {escape(row.chair_label)} · {row.dose_mg:.1f} mg · "
            f"{escape(row.nurse)} · {row.phase} · {row.entries} {'entry' if row.entries == 1 else 'entries'}</p>"
        )
        if open_it.button("Open", key=f"open_{row.infusion_id}", help=f"Infusion of {opened_at:%d %b %Y}"):
            st.switch_page(PAGES / "bedside.py", query_params={"infusion": row.infusion_id})
    left, right = st.columns(2)
    left.button("Newer", key="newer", disabled=page == 0, on_click=_turn, args=(-1,))
    right.button("Older", key="older", disabled=len(rows) <= PAGE_LENGTH, on_click=_turn, args=(1,))


def _turn(by: int) -> None:
    st.session_state["past_page"] = max(0, pick_page() + by)
