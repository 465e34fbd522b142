"""Which pages a visitor may open, and what stands around them on the pages that are ordinary Streamlit."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import streamlit as st

from monitoring import access
from monitoring.access import Actor
from monitoring.clinic import RunningClinic, running
from monitoring.screens.identity import signed_in
from monitoring.screens.plain import in_html, plain
from monitoring.screens.said import forget_said

PAGES: Final = Path(__file__).resolve().parents[2] / "pages"
_STYLE: Final = Path(__file__).with_name("static") / "frame.css"

# Page file, title, and what one must be permitted to do to open it. The first is the front page.
_OPEN: Final[tuple[tuple[str, str, str, Literal["visible", "hidden"]], ...]] = (
    ("board", "Board", "view", "visible"),
    ("patients", "Patients", "view", "visible"),
    ("past", "Past infusions", "view", "visible"),
    ("clinic", "Clinic", "view", "visible"),
    ("ranges", "Ranges", "view", "visible"),
    ("importing", "Import", "import", "visible"),
    ("staff", "Staff", "manage_staff", "visible"),
    ("bedside", "Bedside", "view", "hidden"),
    ("handover", "Handover", "view", "hidden"),
    ("series", "Series", "view", "hidden"),
    ("review", "Review", "view", "hidden"),
)


def draw_page() -> None:
    """Draw the page that was asked for, or the one that has to come first: set-up, sign-in, or the wall."""
    st.html(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
    clinic = running()
    if clinic.store.clinic() is None:
        _only("first_run", "Set up this clinic")
        return
    sign_in = signed_in(clinic)
    if sign_in is None:
        _only("sign_in", "Sign in")
    elif sign_in.staff is None:
        _only("wall", "Wall")
    else:
        _pages_for(clinic, Actor(sign_in.staff, sign_in))


def _only(name: str, title: str) -> None:
    """This page, whatever address was asked for: what was bookmarked or reloaded is found again afterwards."""
    file = PAGES / f"{name}.py"
    elsewhere = [st.Page(file, title=title, url_path=address, visibility="hidden") for address, *_ in _OPEN]
    st.navigation([st.Page(file, title=title, default=True), *elsewhere], position="hidden").run()


def _pages_for(clinic: RunningClinic, actor: Actor) -> None:
    pages = [
        st.Page(PAGES / f"{name}.py", title=title, url_path=name, visibility=visibility)
        for name, title, action, visibility in _OPEN
        if access.may(actor.staff.role, action)
    ]
    # Streamlit serves its default page at "/" only: the front page is there twice, or "/board" would not be found.
    front, title, *_ = _OPEN[0]
    pages.append(st.Page(PAGES / f"{front}.py", title=title, url_path="front", default=True, visibility="hidden"))
    chosen = st.navigation(pages, position="top")
    if st.session_state.get("page_shown") != chosen.url_path:
        st.session_state["page_shown"] = chosen.url_path
        forget_said()
    live = chosen.url_path in ("", "board", "bedside", "handover")
    if not live:
        _say_where(clinic, actor)
    chosen.run()


def _say_where(clinic: RunningClinic, actor: Actor) -> None:
    """The lines above an ordinary page: whose clinic, who is signed in, and what must not be overlooked."""
    found, stored = clinic.store.clinic(), clinic.store.current_protocol()
    lines = []
    if found and found.demonstration:
        lines.append('<p class="say demo">Demonstration: all patients and staff are invented</p>')
    if stored is None or not stored.approved:
        lines.append('<p class="say unapproved">▲ Ranges not yet approved by this site</p>')
    if notice := clinic.clock.notice:
        lines.append(f'<p class="say unapproved">▲ {in_html(notice)}</p>')
    looks_after = access.may(actor.staff.role, "manage_staff")
    lines += [
        f'<p class="say unapproved">▲ {in_html(one)}</p>' for one in (clinic.trouble if looks_after else clinic.missing)
    ]
    st.html(f'<div class="say-all">{"".join(lines)}</div>')
    st.caption(plain(f"{found.name if found else ''} · signed in: {actor.staff.name}, {actor.staff.role}"))
