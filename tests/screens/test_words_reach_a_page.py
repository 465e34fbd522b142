"""Every word that is not written in the sources reaches a page through its door: plain.py, in the browser element.js.

There names from right to left are kept apart. The sources are read, and what goes around a door is named.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

TOP: Final = Path(__file__).resolve().parents[2]
SCREENS: Final = TOP / "monitoring" / "screens"
DOOR: Final = SCREENS / "plain.py"
PYTHON: Final = sorted([*SCREENS.glob("*.py"), *(TOP / "pages").glob("*.py")])
DOORS: Final = {"plain", "spoken", "as_it_is", "in_html", "each_as_it_is", "listed"}
# What Streamlit shows: of each call the first argument is a text, or the name of a field.
SHOWS: Final = {
    *("title", "header", "subheader", "text", "caption", "markdown", "write", "info", "warning", "error", "success"),
    *("toast", "spinner", "expander", "button", "form_submit_button", "link_button", "download_button", "page_link"),
    *("checkbox", "toggle", "radio", "selectbox", "multiselect", "pills", "segmented_control", "select_slider"),
    *("text_input", "text_area", "date_input", "time_input", "number_input", "file_uploader", "popover", "status"),
    *("metric", "progress", "plotly_chart"),
}
ALSO_TEXT: Final = {"label", "help", "placeholder", "title"}
# Where the browser's programs write words past element.js; "" and words in the source are none of people.
PAST_ELEMENT: Final = re.compile(
    r"""
      \.textContent\ =\ (?!isolated\(|"|[A-Z_]+;)
    | \.(?:title|alt|placeholder|ariaLabel|ariaDescription)\ =\ (?!isolated\(|")
    | setAttribute\("(?:title|alt|placeholder|aria-label|aria-description)",\ (?!isolated\(|")
    | \.(?:append|prepend|replaceChildren|replaceWith|before|after)\([^()]*[`"]
    | innerHTML | outerHTML | innerText | insertAdjacent | createTextNode
    """,
    re.VERBOSE,
)
ELEMENT: Final = SCREENS / "static" / "element.js"
JAVASCRIPT: Final = sorted(file for file in (SCREENS / "static").glob("*.js") if file != ELEMENT)
NUMBER: Final = re.compile(r"[,+.\d]*[dfg,]$|^%|.*%[HMYdb]")


def around_the_door(source: str) -> list[str]:
    """Each text in a page's source that is shown without passing the door: what is called, and with what."""
    tree = ast.parse(source)
    found = [
        "html: escape without isolates"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import) and "html" in ast.unparse(node).split()
    ]
    inner = {id(one) for function in functions(tree) for one in ast.walk(function)} - {id(one) for one in tree.body}
    found += in_scope(one for one in ast.walk(tree) if id(one) not in inner)
    for function in functions(tree):
        found += in_scope(ast.walk(function))
    return found


def functions(tree: ast.Module) -> list[ast.AST]:
    """The functions of a module, and those of its classes."""
    classes = [one for one in tree.body if isinstance(one, ast.ClassDef)]
    bodies = [one for body in (tree, *classes) for one in body.body]
    return [one for one in bodies if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]


def in_scope(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """What goes around the door among these nodes of one function, or of a module outside its functions."""
    nodes = list(nodes)
    made: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            made.setdefault(node.targets[0].id, []).append(node.value)
    good = {name for name, texts in made.items() if all(passes(text) for text in texts)}
    for call in nodes:
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in SHOWS):
            continue
        shows = call.func.attr
        shown = (
            call.args[1:2] if shows in ("page_link", "progress") else call.args[:1]
        )  # after a page, or how far it is
        shown += [word.value for word in call.keywords if word.arg in ALSO_TEXT]
        yield from (f"{shows}: {ast.unparse(text)}" for text in shown if not passes(text, good))
        for word in call.keywords:
            if word.arg == "format_func" and not passes_each(word.value):
                yield f"{shows} of: {ast.unparse(word.value)}"


def passes(text: ast.expr, good: Collection[str] = ()) -> bool:
    """Whether a text is written in the source, a number, or went through a door; `good`: names of such texts."""
    match text:
        case ast.Constant():
            return True
        case ast.Name(id=name):
            return name in good or name.lstrip("_").isupper()  # a constant of the module
        case ast.Call(func=ast.Name(id=name)):
            return name in DOORS or name == "len"
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="join"), args=[ast.GeneratorExp(elt=one)]):
            return passes(one, good)
        case ast.IfExp(body=one, orelse=other) | ast.BinOp(left=one, right=other):
            return passes(one, good) and passes(other, good)
        case ast.BoolOp(values=parts) | ast.JoinedStr(values=parts):
            return all(passes(one, good) for one in parts)
        case ast.FormattedValue(value=value, format_spec=form):
            return passes(value, good) or (form is not None and bool(NUMBER.match(ast.unparse(form)[2:-1])))
    return False


def passes_each(words: ast.expr) -> bool:
    """Whether what gives each option its word passes the door: the door itself, or a lambda that ends in it."""
    match words:
        case ast.Lambda(body=body):
            return passes(body)
        case ast.Call(func=ast.Name(id=name)) | ast.Name(id=name):
            return name in DOORS
    return False


@pytest.mark.parametrize("source", PYTHON, ids=lambda source: f"{source.parent.name}/{source.name}")
def test_no_word_of_a_page_goes_around_the_door(source: Path) -> None:
    if source != DOOR:
        assert around_the_door(source.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("st.text(patient.name)", ["text: patient.name"]),
        ("one.caption(f'no. {number}')", ["caption: f'no. {number}'"]),
        ("st.text(as_it_is(patient.name))", []),
        ("st.text(f'{count:,} infusions since {day:%d %b}')", []),
        ("st.text(f'{name:>20}')", ["text: f'{name:>20}'"]),
        ("st.write('**' + plain(name) + '**')", []),
        ("st.info(COMES_NEXT)", []),
        ("def draw(name):\n    words = plain(name)\n    st.button(words, help=name)", ["button: name"]),
        ("def a(name):\n    words = plain(name)\ndef b(words):\n    st.info(words)", ["info: words"]),
        ("def a(x):\n    words = 'a'\n    words = x\n    st.info(words)", ["info: words"]),
        ("st.selectbox('Chair', ids, format_func=lambda one: names[one])", ["selectbox of: lambda one: names[one]"]),
        ("st.selectbox('Chair', ids, format_func=listed(names))", []),
        ("st.pills('Chair', ids, format_func=names.get)", ["pills of: names.get"]),
        ("st.page_link(PAGES / 'a.py', label=name)", ["page_link: name"]),
        ("from html import escape", ["html: escape without isolates"]),
        ("import html", ["html: escape without isolates"]),
    ],
)
def test_what_goes_around_the_door_is_found(source: str, found: list[str]) -> None:
    assert around_the_door(source) == found


@pytest.mark.parametrize("source", JAVASCRIPT, ids=lambda source: source.name)
def test_no_word_of_a_live_screen_goes_around_the_door(source: Path) -> None:
    assert [line for line in source.read_text(encoding="utf-8").splitlines() if PAST_ELEMENT.search(line)] == []


@pytest.mark.parametrize(
    ("line", "goes_around"),
    [
        ("node.textContent = who.name;", True),
        ("node.textContent = `no. ${who.number}`;", True),
        ("node.textContent = isolated(who.name);", False),
        ('node.textContent = "";', False),
        ("said.textContent = STAY;", False),
        ("if (node.textContent === text) return;", False),
        ('key.setAttribute("aria-label", who.name);', True),
        ('key.setAttribute("aria-label", isolated(who.name));', False),
        ('key.setAttribute("aria-checked", String(chosen));', False),
        ("given.title = who.name;", True),
        ("place.append(`of ${who.name}`);", True),
        ("place.append(node, other.node);", False),
        ('place.append(h("b", { text: who.name }));', False),
        ("place.innerHTML = text;", True),
    ],
)
def test_what_goes_around_the_door_of_a_live_screen_is_found(line: str, goes_around: bool) -> None:
    assert bool(PAST_ELEMENT.search(line)) == goes_around
