"""What a live screen is given: one document for an infusion, one for the board, built once for all who look.

Everything in them is computed anew from what is recorded, the protocol and `now`. Nothing is asked of Streamlit.
"""

from monitoring.documents.board import board_document
from monitoring.documents.infusion import infusion_document
from monitoring.documents.judged import Judged, judged
from monitoring.documents.pad import pad_of
from monitoring.documents.words import PHASE_WORDS, age_in_years, allergy_words, initials

__all__ = [
    "PHASE_WORDS",
    "Judged",
    "age_in_years",
    "allergy_words",
    "board_document",
    "infusion_document",
    "initials",
    "judged",
    "pad_of",
]
