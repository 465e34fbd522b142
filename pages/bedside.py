"""The bedside: one infusion, live, and the pad to record it."""

import streamlit as st

from monitoring.screens.live_screens import bedside_screen

infusion = st.query_params.get("infusion", "")
if infusion:
    bedside_screen(infusion)
else:
    st.title("No infusion chosen")
    st.page_link("pages/board.py", label="Choose a chair on the board")
