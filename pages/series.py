"""A patient's series: its infusions over each other and side by side, and the outcome scores along it."""

import streamlit as st

from monitoring.screens.exporting import draw_exports
from monitoring.screens.scoring import draw_add_score, draw_withdraw_score
from monitoring.screens.series import draw_about, draw_along, draw_begin, draw_patient, draw_unanswered, pick_series
from monitoring.screens.series_review import draw_series_review, whose

st.title("Series")
patient = draw_patient(whose())
if patient is not None:
    draw_unanswered(patient.id)
    pickers = st.container(horizontal=True)
    with pickers:
        series = pick_series(patient, st.query_params.get("infusion"))
    if series is not None:
        draw_series_review(patient.id, series, pickers)
        draw_along(series)
        draw_exports(series=series.id)
        draw_add_score(series)
        draw_unanswered(patient.id, below=True)
        draw_withdraw_score(series)
        draw_about(series)
    draw_begin(patient)
