"""The clinic's history: what many infusions say taken together, by month and by the ranges they ran under."""

import streamlit as st

from monitoring.screens.clinic_review import ask, draw_ends, draw_flags, draw_minutes, draw_sets

st.title("Clinic")
asked = ask()
if asked is not None:
    parts = {
        "Values by minute": draw_minutes,
        "Flags": draw_flags,
        "Sets and entries": draw_sets,
        "Stops and leaving": draw_ends,
    }
    for tab, draw in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab:
            draw(asked)
