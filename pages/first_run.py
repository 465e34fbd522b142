"""The first page of a fresh installation: set up this clinic, or look at the demonstration."""

import streamlit as st

from monitoring.screens.first_run import draw_demonstration, draw_set_up

st.title("Infusion Monitor")
draw_demonstration()
draw_set_up()
