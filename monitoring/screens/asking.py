"""Questions that a form asks before it does something, each with the pill that answers it with yes."""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

from monitoring.screens.plain import plain


def draw_question(place: str, question: str, yes: str) -> None:
    """One question of the form at `place`, and the pill that says `yes`."""
    st.warning(plain(f"▲ {question}"))
    st.pills(plain(question), [yes], selection_mode="multi", key=_key(place, question), label_visibility="collapsed")


def draw_namesakes(place: str, questions: Iterable[str]) -> None:
    """The questions whether somebody of the same name and birth date is another person."""
    for question in questions:
        draw_question(place, question, "Yes, this is another person")


def confirmed(place: str) -> list[str]:
    """The questions of the form at `place` that are answered with yes."""
    start = _key(place, "")
    given = {str(key): value for key, value in st.session_state.items()}
    return [key.removeprefix(start) for key, value in given.items() if key.startswith(start) and value]


def _key(place: str, question: str) -> str:
    """One's own for each question: what was confirmed of one number or name is not of another."""
    return f"confirmed_{place}_{question}"
