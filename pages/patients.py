"""Patients: find or register one, and open an infusion at a chair."""

import streamlit as st

from monitoring.screens.finding import choose_patient
from monitoring.screens.patients import draw_chosen, draw_register

st.title("Patients")
find, register = st.tabs(["Find", "Register"])
with find:
    draw_chosen(choose_patient("Find", key="patient_chosen"))
with register:
    draw_register()
