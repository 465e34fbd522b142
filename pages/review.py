"""One past infusion: what it came to, its replay, everything that happened in order, and who signed and looked."""

import streamlit as st

from monitoring.screens.exporting import draw_exports
from monitoring.screens.review import (
    draw_care,
    draw_changed,
    draw_facts,
    draw_flags,
    draw_happened,
    draw_head,
    draw_of_whole,
    draw_people,
    draw_replay,
    draw_values,
    open_review,
)

document = open_review(st.query_params.get("infusion"))
if document is not None:
    draw_head(document)
    draw_changed(document)
    draw_exports(infusion=document["id"])
    draw_facts(document)
    draw_replay(document)
    parts = {
        "What happened": draw_happened,
        "Flags and sets": draw_flags,
        "Dose, lists, scores": draw_care,
        "Signatures, changes, views": draw_people,
        "Table of values": draw_values,
    }
    draw_of_whole()
    for tab, draw in zip(st.tabs(list(parts)), parts.values(), strict=True):
        with tab:
            draw(document)
