"""Past infusions: found by patient, day, nurse, chair, dose, flag, effect; each opens its review."""

import streamlit as st

from monitoring.screens.past_infusions import draw_found, draw_take_out, find_infusions

st.title("Past infusions")
found = find_infusions()
draw_found(found)
draw_take_out(found)
