"""The colours of the screens: a critical value stands out from all others without its hue, to every kind of eye."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

SHEET: Final = (Path(__file__).parents[1] / "monitoring/screens/static/style.css").read_text(encoding="utf-8")
INK_SHARE: Final = 0.3  # of a value's block that its digits cover, about

Linear = tuple[float, float, float]
Matrix = tuple[Linear, Linear, Linear]
# How colours are seen, in linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.0.
EYES: Final[Mapping[str, Matrix]] = {
    "every cone": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red cones": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "no green cones": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "no blue cones": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def colours(theme: str) -> dict[str, str]:
    """The colours that this theme names."""
    block = re.search(rf':root\[data-theme="{theme}"\] \{{(.*?)\}}', SHEET, re.DOTALL)
    assert block is not None
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block[1]))


def linear(colour: str) -> Linear:
    """A colour such as "#ffc2d6" in linear RGB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return red, green, blue


def luminance(colour: str, eye: str) -> float:
    """How light this eye sees a colour, from 0 to 1; to "every cone" it is the grey of a screen without colours."""
    of = linear(colour)
    seen = (min(max(sum(a * b for a, b in zip(row, of, strict=True)), 0), 1) for row in EYES[eye])
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), seen, strict=True))


def block(fill: str, ink: str, eye: str) -> float:
    """How light a value's block is as a whole, as one sees it who does not read it."""
    return (1 - INK_SHARE) * luminance(fill, eye) + INK_SHARE * luminance(ink, eye)


def contrast(one: str, other: str, eye: str) -> float:
    """The contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one, eye), luminance(other, eye)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(("theme", "lighter"), [("dark", 1), ("light", -1)])
def test_a_critical_value_is_the_lightest_on_dark_and_the_darkest_on_light(theme: str, lighter: int, eye: str) -> None:
    named = colours(theme)
    critical = block(named["critical-block"], named["on-critical"], eye)
    others = {part: block(named["card"], named[part], eye) for part in ("ink", "soft", "faint", "caution", "critical")}
    assert all((critical - other) * lighter > 0.03 for other in others.values()), (critical, others)
    # No line or key in the colour of a caution reaches it either.
    assert (luminance(named["critical-block"], eye) - luminance(named["caution"], eye)) * lighter > 0.02
    assert contrast(named["critical-block"], named["card"], eye) >= 7
    assert contrast(named["critical-block"], named["on-critical"], eye) >= 7


def test_wherever_a_level_is_shown_of_a_value_it_is_a_block() -> None:
    (filled,) = re.findall(r":is\((\.value\.critical b[^{]*)\) \{ background: var\(--critical-block\)", SHEET)
    (outlined,) = re.findall(r":is\((\.value\.caution b[^{]*)\) \{ color: var\(--ink\); box-shadow: inset", SHEET)
    for place in (".value", ".card-values", ".entry strong", "td", ".tile-was", ".flag", ".card-flags"):
        assert place in filled, place
        assert place in outlined, place
