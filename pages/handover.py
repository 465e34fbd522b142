"""The handover: one infusion, to be read in twenty seconds by the nurse who takes over."""

import streamlit as st

from monitoring.screens.doorway import PAGES
from monitoring.screens.live_screens import handover_screen

infusion = st.query_params.get("infusion", "")
if infusion:
    handover_screen(infusion)
else:
    st.title("No infusion chosen")
    st.page_link(PAGES / "board.py", label="Choose a chair on the board")
