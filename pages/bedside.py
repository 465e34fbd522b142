"""The bedside: one infusion, live, and the pad to record it."""

import streamlit as st

from monitoring.screens.doorway import PAGES
from monitoring.screens.live_screens import bedside_screen

st.session_state.pop("opened", None)  # an infusion just opened on the page for patients
infusion = st.query_params.get("infusion", "")
if infusion:
    bedside_screen(infusion)
else:
    st.title("No infusion chosen")
    st.page_link(PAGES / "board.py", label="Choose a chair on the board")
