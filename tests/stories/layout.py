"""What a screen looks like, measured in the browser: sizes, overlaps, what is cut off, what covers what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

Box = tuple[float, float, float, float]  # left, top, width, height [px]

_MEASURE: Final = Path(__file__).with_name("measure.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Target:
    """Something that can be tapped."""

    name: str
    path: str  # from the root of the screen: tags and classes
    box: Box
    seen: Box | None  # the part in view
    covered: str  # the path of what lies over it
    under_sheet: bool

    def __str__(self) -> str:
        return f"{self.name!r} {self.box} at {self.path}"

    @property
    def hidden(self) -> bool:
        """Whether it is out of view or under an open sheet, so that nobody would try to tap it."""
        return self.seen is None or self.under_sheet


@dataclass(frozen=True)
class Layout:
    """A screen as it stands."""

    targets: tuple[Target, ...]
    small: tuple[str, ...]  # text under 14 px
    cut: tuple[dict[str, str], ...]  # text that is not wholly there: text, path
    width: tuple[float, float]  # what there is, what there is room for
    values: tuple[tuple[str, float], ...]  # current values and their size [px]

    def named(self, name: str) -> Target:
        """The one target of this name that is in view."""
        (found,) = [target for target in self.targets if target.name == name and not target.hidden]
        return found

    def within(self, part: str) -> tuple[Target, ...]:
        """The targets in the part of the screen with this class."""
        return tuple(target for target in self.targets if f".{part}" in target.path)


def measure(page: Page, root: str = ".live-root") -> Layout:
    """The layout of this page inside `root`."""
    found: dict[str, Any] = page.evaluate(_MEASURE, root)
    return Layout(
        targets=tuple(
            Target(one["name"], one["path"], tuple(one["box"]), _box(one["seen"]), one["covered"], one["under_sheet"])
            for one in found["targets"]
        ),
        small=tuple(f"{one['text']!r} {one['size']} at {one['path']}" for one in found["small"]),
        cut=tuple(found["cut"]),
        width=tuple(found["width"]),
        values=tuple((text, size) for text, size in found["values"]),
    )


def _box(box: list[float] | None) -> Box | None:
    return None if box is None else (box[0], box[1], box[2], box[3])


def too_small(targets: Iterable[Target], least: Callable[[Target], tuple[float, float]]) -> list[str]:
    """The targets narrower or lower than `least` (width, height [px]) says of them."""
    return [str(one) for one in targets if one.box[2] < least(one)[0] - 0.5 or one.box[3] < least(one)[1] - 0.5]


def overlapping(targets: Iterable[Target]) -> list[str]:
    """Pairs of targets in view that lie over each other, and targets that something else covers."""
    shown = [one for one in targets if not one.hidden]
    pairs = [
        f"{one} and {other}"
        for n, one in enumerate(shown)
        for other in shown[n + 1 :]
        if one.seen and other.seen and _meet(one.seen, other.seen) and not _nested(one, other)
    ]
    return pairs + [f"{one} is covered by {one.covered}" for one in shown if one.covered]


def _meet(one: Box, other: Box, slack: float = 1) -> bool:
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return across > slack and down > slack


def _nested(one: Target, other: Target) -> bool:
    return one.path != other.path and (one.path.startswith(other.path) or other.path.startswith(one.path))
