"""Patients: find or register one, and open an infusion at a chair."""

import streamlit as st

from monitoring.screens.finding import choose_patient
from monitoring.screens.patients import draw_chosen, draw_register

st.title("Patients")
find, register = st.tabs(["Find", "Register"])
with find:
    chosen = choose_patient("Find", key="patient_chosen")
    with st.container(key="chosen_patient"):  # hidden while another is being chosen
        draw_chosen(chosen)
with register:
    draw_register()
