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
  const {{ parentElement, data, {setter} }} = component;
  const root = parentElement.querySelector(".drawn");
  const tell = (value) => {setter}("told", value);
  import(new URL("/assets/{name}.js", location.href)).then((module) => module.mount(root, data, tell));
}}
"""
STYLE: Final = Path(__file__).with_name("static") / "review.css"


def draw(name: str, data: dict[str, Any], *, key: str, style: str = "", told: Callable[[], None] | None = None) -> None:
    """Mount `/assets/<name>.js` with `data`; `told` is called when it tells something, and the page is drawn again."""
    _mount(name, data, key=key, style=style, setter="setTriggerValue", told=told)


def ask(name: str, data: dict[str, Any], *, key: str) -> Any:
    """Mount `/assets/<name>.js` with `data` as a field, and return what it told last, None before.

    As with any field that lasts as long as it is on the page; `held(key)` is the same before it is drawn.
    """
    return _mount(name, data, key=key, setter="setStateValue").told


def held(key: str) -> Any:
    """What the field with this key holds, None where it holds nothing."""
    return (st.session_state.get(key) or {}).get("told")


def _mount(
    name: str, data: dict[str, Any], *, key: str, setter: str, style: str = "", told: Callable[[], None] | None = None
) -> Any:
    html = _HTML + _ROOT.format(name=name, style=style)
    script = _JS.format(name=name, setter=setter)
    mount = st.components.v2.component(f"{name}_part", html=html, js=script, isolate_styles=False)
    return mount(key=key, data=data, on_told_change=told or _nothing)


def _nothing() -> None:
    """Nothing is waited for."""
