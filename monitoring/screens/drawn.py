"""What a browser module draws inside an ordinary page: charts, and what follows an infusion while it is read.

The module `/assets/<name>.js` gets the data each time the page is drawn; Streamlit only puts it on the page.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import streamlit as st

_HTML: Final = '<link rel="stylesheet" href="/assets/style.css"><link rel="stylesheet" href="/assets/review.css">'
_ROOT: Final = '<div class="drawn {name}" style="{style}"></div>'
_JS: Final = """
export default function (component) {{
  const {{ parentElement, data, setTriggerValue }} = component;
  const root = parentElement.querySelector(".drawn");
  const tell = (value) => setTriggerValue("told", value);
  import(new URL("/assets/{name}.js", location.href)).then((module) => module.mount(root, data, tell));
}}
"""
STYLE: Final = Path(__file__).with_name("static") / "review.css"


def draw(name: str, data: dict[str, Any], *, key: str, style: str = "", told: Callable[[], None] | None = None) -> None:
    """Mount `/assets/<name>.js` with `data`; `told` is called when it tells something, and the page is drawn again."""
    html = _HTML + _ROOT.format(name=name, style=style)
    mount = st.components.v2.component(f"{name}_part", html=html, js=_JS.format(name=name), isolate_styles=False)
    mount(key=key, data=data, on_told_change=told or _nothing)


def _nothing() -> None:
    """Nothing is waited for."""
