"""The frame around every page: who is signed in decides which pages there are. The app's entry script.

A page that is not handed to `st.navigation` here does not exist for this visitor.
"""

from __future__ import annotations

import streamlit as st

from monitoring.screens.doorway import draw_page

st.set_page_config(page_title="Infusion Monitor", layout="wide")
draw_page()
