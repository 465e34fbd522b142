"""What came of a button, kept for the next drawing of the page: sentences when it was not done, a word when it was."""

from __future__ import annotations

from typing import Any

import streamlit as st

from monitoring.recording import Outcome


def say_outcome(place: str, outcome: Outcome[Any], done: str = "") -> bool:
    """Remember what to show at `place`. Returns whether it was done."""
    st.session_state[f"said_{place}"] = [] if outcome.done else list(outcome.sentences)
    st.session_state[f"done_{place}"] = done if outcome.done else ""
    return outcome.done


def show_said(place: str) -> None:
    """Show what was remembered at `place`."""
    for sentence in st.session_state.get(f"said_{place}", []):
        st.error(sentence)
    if done := st.session_state.get(f"done_{place}", ""):
        st.success(done)
