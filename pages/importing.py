"""Import: infusions of the past from a file, each whole or not at all."""

import streamlit as st

from monitoring.screens.importing import draw_bundle, draw_import, draw_table, draw_upload
from monitoring.screens.whole_clinic import draw_whole_clinic

st.title("Import")
chosen = draw_upload()
if chosen is not None and chosen.is_bundle:
    draw_bundle(chosen)
elif chosen is not None:
    table = draw_table(chosen)
    if table is not None:
        draw_import(chosen, table)
draw_whole_clinic()
