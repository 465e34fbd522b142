"""What the browser reads in a number is what the server reads in it."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from monitoring.clinical.written_numbers import _NAMES, number_text, written_number
from monitoring.routes.assets import MODULES

pytestmark = pytest.mark.browser

VECTORS = json.loads((Path(__file__).parents[1] / "clinical" / "written_numbers.json").read_text())
ALPHABET = "0123456789.,'’ \u00a0\u2009\u200b\u200f\n+-−–eE<>~%/:½·٧７．，kglbKGmCF°inh"
BROWSER = """
async ([program, rows, numbers]) => {
  const { writtenNumber, problemOf, numberText } = await import(program);
  const read = ([text, unit, decimals]) => {
    const found = writtenNumber(text, unit, decimals);
    return [found.value, found.turned, found.expected, problemOf(found, "Dose"), found.text];
  };
  return [rows.map(read), numbers.map(numberText)];
}
"""


def in_browser(chromium: Browser, module: str, script: str, given: list[Any]) -> Any:
    """What `script` makes of the module's program and `given`, in an empty tab: no server takes part."""
    program = base64.b64encode((MODULES / module).read_bytes()).decode()
    context = chromium.new_context()
    try:
        return context.new_page().evaluate(script, [f"data:text/javascript;base64,{program}", *given])
    finally:
        context.close()


def test_both_read_the_same_number_or_refuse_in_the_same_words(chromium: Browser) -> None:
    draw = random.Random(9)  # the same texts at each run; hypothesis tries others on the server's side
    units = ["", *_NAMES]
    rows = [row[:3] for row in VECTORS]
    rows += [["".join(draw.choices(ALPHABET, k=draw.randint(0, 9))), draw.choice(units), 1] for _ in range(2000)]
    rows += [
        [f"{draw.randint(0, 9999)}{draw.choice('.,')}{draw.randint(0, 99)}{draw.choice(units)}", unit, 2]
        for unit in units
        for _ in range(40)
    ]
    numbers = [
        0,
        1.234,
        -12.5,
        1e-05,
        123456789.123,
        *(round(draw.uniform(0, 500), draw.randint(0, 5)) for _ in range(300)),
    ]
    read, texts = in_browser(chromium, "written_numbers.js", BROWSER, [rows, numbers])
    for (text, unit, decimals), found in zip(rows, read, strict=True):
        here = written_number(text, unit, decimals=decimals)
        assert found == [here.value, here.turned, here.expected, here.problem("Dose"), text], (text, unit)
    assert texts == [number_text(number) for number in numbers]
