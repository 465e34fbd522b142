"""Past infusions: a simple list, each opening the same chart, read-only."""

import streamlit as st

from monitoring.screens.past_infusions import draw_list, pick_page

st.title("Past infusions")
text = st.text_input("Find", key="find_past", placeholder="Name or patient number")
draw_list(text, pick_page())
