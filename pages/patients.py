"""Patients: find or register one, and open an infusion at a chair."""

import streamlit as st

from monitoring.screens.patients import draw_chosen, draw_find, draw_register

st.title("Patients")
find, register = st.tabs(["Find", "Register"])
with find:
    draw_chosen(draw_find())
with register:
    draw_register()
