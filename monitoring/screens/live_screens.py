"""The screens drawn in the browser, each mounted by a Components v2 element: sign-in, bedside, handover, board, wall.

Their modules come from `/assets/`; Streamlit only puts them on the page. What they show comes over `/api/live`.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from monitoring.clinic import running
from monitoring.screens.intended_use import INTENDED_USE

_HTML = '<link rel="stylesheet" href="/assets/style.css"><div class="live-root" data-screen="{name}"></div>'
_JS = """
export default function (component) {{
  const {{ parentElement, data }} = component;
  const root = parentElement.querySelector(".live-root");
  import(new URL("/assets/{name}.js", location.href)).then((module) => module.mount(root, data));
}}
"""


def _screen(name: str, data: dict[str, Any]) -> None:
    mount = st.components.v2.component(
        f"{name}_screen", html=_HTML.format(name=name), js=_JS.format(name=name), isolate_styles=False
    )
    mount(key=f"{name}_screen", data=data)


def sign_in_screen() -> None:
    """Names to tap and six digits to type. PINs are shown only in the demonstration, where all is invented."""
    clinic = running()
    found = clinic.store.clinic()
    demonstration = bool(found and found.demonstration)
    stored = clinic.store.current_protocol()
    _screen(
        "sign_in",
        {
            "clinic": found.name if found else "",
            "demonstration": demonstration,
            "staff": [{"id": s.id, "name": s.name, "role": s.role} for s in clinic.store.staff()],
            "pins": _pins(),
            "approved": bool(stored and stored.approved),
            "clock_notice": clinic.clock.notice,
            "intended_use": INTENDED_USE,
        },
    )


def _pins() -> dict[str, str]:
    """The invented staff's PINs in the demonstration; elsewhere none."""
    if not running().demonstration:
        return {}
    from monitoring.demonstration import PINS  # only a demonstration needs it

    return dict(PINS)


def bedside_screen(infusion: str) -> None:
    """One infusion: everything recorded, live, and the pad to record more."""
    _screen("bedside", {"infusion": infusion, "pins": _pins()})


def handover_screen(infusion: str) -> None:
    """One infusion as a nurse who takes over reads it, and the key with which she takes over."""
    _screen("handover", {"infusion": infusion, "pins": _pins()})


def board_screen(
    *, wall: bool = False, may_open: bool = False, may_enrol: bool = False, may_manage: bool = False
) -> None:
    """A card per chair. On a wall: initials only, and nothing to tap."""
    clinic = running()
    _screen(
        "board",
        {
            "wall": wall,
            "may_open": may_open,
            "may_enrol": may_enrol,
            "may_manage": may_manage,
            "demonstration": clinic.demonstration,
        },
    )
