"""The site's ranges, each with its source, and who has approved them."""

import streamlit as st

from monitoring.screens.ranges import draw_approval, draw_ranges

st.title("Ranges")
draw_approval()
draw_ranges()
