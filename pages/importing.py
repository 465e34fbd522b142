"""Import: infusions of the past from a file, each whole or not at all."""

import streamlit as st

from monitoring.screens.deciding import draw_known
from monitoring.screens.importing import draw_bundle, draw_import, draw_table, draw_upload
from monitoring.screens.whole_clinic import draw_whole_clinic

st.title("Import")
chosen = draw_upload()
wanted = chosen is not None and draw_known(chosen)
if chosen is not None and wanted and chosen.is_bundle:
    draw_bundle(chosen)
elif chosen is not None and wanted:
    table = draw_table(chosen)
    if table is not None:
        draw_import(chosen, table)
draw_whole_clinic()
