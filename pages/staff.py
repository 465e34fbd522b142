"""Who works here, in which role; new people and new PINs."""

import streamlit as st

from monitoring.screens.people import draw_add, draw_former, draw_people

st.title("Staff")
draw_people()
draw_add()
draw_former()
