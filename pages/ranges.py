"""The site's ranges, each with its source; after all of them, who has approved them."""

import streamlit as st

from monitoring.screens.ranges import draw_approval, draw_ranges

st.title("Ranges")
draw_ranges()
draw_approval()
