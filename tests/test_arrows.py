"""The arrows between the parts go one way, and each library has one home: read from the imports themselves."""

from __future__ import annotations

import ast
import functools
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

TOP = Path(__file__).resolve().parents[1]

# From the middle outwards: a part imports what stands before it, and what stands in its own line. Imports inside a
# function count too; those that only a type checker sees do not.
ORDER: Final = (
    ("monitoring.clock", "monitoring.clinical"),
    ("monitoring.records",),
    ("monitoring.access", "monitoring.live"),
    ("monitoring.demonstration",),
    ("monitoring.clinic",),
    ("monitoring.recording",),
    ("monitoring.review",),
    ("monitoring.charts",),
    ("monitoring.documents",),
    ("monitoring.exports", "monitoring.imports"),
    ("monitoring.routes", "monitoring.screens"),
    ("pages",),
    ("dashboard", "monitoring.__main__"),
)
HOMES: Final = {
    "streamlit": ("monitoring.screens", "pages", "dashboard"),
    "plotly": ("monitoring.charts",),
    "sqlmodel": ("monitoring.records",),
    "sqlalchemy": ("monitoring.records",),
    "alembic": ("monitoring.records",),
    "filelock": ("monitoring.records",),
    "starlette": ("monitoring.routes", "dashboard"),
    "argon2": ("monitoring.access",),
    "itsdangerous": ("monitoring.access",),
    "typst": ("monitoring.exports",),
    "fhir": ("monitoring.exports", "monitoring.imports"),
    "pandas": ("monitoring.screens", "pages", "dashboard"),
}
PURE: Final = {"os", "pathlib", "sqlite3", "socket", "threading", "asyncio", "time", "subprocess", "urllib", "io"}


def modules() -> dict[str, Path]:
    """Every module of the program by its dotted name."""
    files = [TOP / "dashboard.py", *TOP.glob("pages/*.py"), *TOP.glob("monitoring/**/*.py")]
    return {".".join(f.relative_to(TOP).with_suffix("").parts).removesuffix(".__init__"): f for f in files}


MODULES: Final = modules()


@functools.cache
def tree_of(name: str) -> ast.Module:
    """A module as the language reads it."""
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


@functools.cache
def imports(name: str) -> tuple[str, ...]:
    """The dotted names that a module imports when it runs."""
    return tuple(_imports(name))


def _imports(name: str) -> Iterator[str]:
    tree = tree_of(name)
    unseen = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    package = name if MODULES[name].name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if id(node) in unseen:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            source = ".".join(part for part in (above, node.module or "") if part)
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                yield whole if whole in MODULES else source


def place(name: str) -> int | None:
    """How far out a module of this program stands, None for other names."""
    for distance, parts in enumerate(ORDER):
        if any(name == part or name.startswith(f"{part}.") for part in parts):
            return distance
    return None


def within(name: str, parts: tuple[str, ...]) -> bool:
    """Whether a module is one of these parts, or inside one."""
    return any(name == part or name.startswith(f"{part}.") for part in parts)


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_module_imports_only_what_stands_further_in(name: str) -> None:
    own = place(name)
    if own is None:
        assert name == "monitoring", f"{name} has no place in ORDER: give it one"
        return
    outward = [used for used in imports(name) if (there := place(used)) is not None and there > own]
    assert outward == []


@pytest.mark.parametrize("name", sorted(MODULES))
def test_a_library_is_used_in_its_home_alone(name: str) -> None:
    strayed = [
        used
        for used in imports(name)
        if used.partition(".")[0] in HOMES and not within(name, HOMES[used.partition(".")[0]])
    ]
    assert strayed == []


@pytest.mark.parametrize("name", sorted(name for name in MODULES if within(name, ("monitoring.clinical",))))
def test_what_is_clinical_knows_no_machine(name: str) -> None:
    assert sorted(PURE & {used.partition(".")[0] for used in imports(name)}) == []


def test_now_is_asked_in_one_place() -> None:
    asking = [
        name
        for name in MODULES
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Attribute)
        and node.attr in ("now", "utcnow", "today")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("datetime", "date")
    ]
    assert sorted(set(asking)) == ["monitoring.clock"]


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "helper", "core", "common", "base", "manager", "misc"}
    assert [name for name in MODULES if drawers & set(name.split("."))] == []


def test_every_library_that_is_used_is_asked_for() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = {name.split(";")[0].strip().replace("-cffi", "").partition(".")[0] for name in project["dependencies"]}
    used = {used.partition(".")[0] for name in MODULES for used in imports(name)}
    assert set(HOMES) & used <= asked | {"sqlalchemy"}  # which comes with sqlmodel, and is one with it
