"""What came of a button, kept for the next drawing of the page: sentences when it was not done, a word when it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from monitoring.recording import Outcome
from monitoring.screens.plain import plain

_KEPT = "said"  # in the session: by place, the sentences that refuse and the word that confirms


def say_outcome(place: str, outcome: Outcome[Any], done: str = "") -> bool:
    """Remember what to show at `place`. Returns whether it was done."""
    say(place, () if outcome.done else outcome.sentences, done if outcome.done else "")
    return outcome.done


def say(place: str, sentences: Sequence[str], done: str = "") -> None:
    """Remember these sentences, or this word, for `place`."""
    st.session_state.setdefault(_KEPT, {})[place] = (tuple(sentences), done)


def show_said(place: str) -> None:
    """Show what was remembered at `place`, which holds until the next try or another page."""
    sentences, done = st.session_state.get(_KEPT, {}).get(place, ((), ""))
    for sentence in sentences:
        st.error(plain(sentence))
    if done:
        st.success(plain(done))


def forget_said() -> None:
    """Forget everything: another page is opened."""
    st.session_state.pop(_KEPT, None)
