"""Numbers in the browser: in letters they are read as the server reads them; digits of the pad make a value."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

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


@pytest.fixture(scope="module")
def empty_tab(chromium: Browser) -> Iterator[Page]:
    """A tab of no server: these modules need none."""
    context = chromium.new_context()
    yield context.new_page()
    context.close()


def run(tab: Page, module: str, script: str, given: list[Any]) -> Any:
    """What `script` makes of the module's program and of what is given."""
    program = base64.b64encode((MODULES / module).read_bytes()).decode()
    return tab.evaluate(script, [f"data:text/javascript;base64,{program}", *given])


def test_both_read_the_same_number_or_refuse_in_the_same_words(empty_tab: Page) -> None:
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
    read, texts = run(empty_tab, "written_numbers.js", BROWSER, [rows, numbers])
    for (text, unit, decimals), found in zip(rows, read, strict=True):
        here = written_number(text, unit, decimals=decimals)
        assert found == [here.value, here.turned, here.expected, here.problem("Dose"), text], (text, unit)
    assert texts == [number_text(number) for number in numbers]


TYPED = """
async ([program, rows]) => {
  const { complete, textOf, valueOf, withDigit } = await import(program);
  return rows.map(([decimals, possible, keys]) => {
    const measure = { key: "some", decimals, possible };
    let [digits, taken] = ["", 0];
    for (const key of keys) {
      const more = withDigit(measure, digits, key);
      if (more === null) break;
      [digits, taken] = [more, taken + 1];
      if (complete(measure, digits)) break;
    }
    return [taken, textOf(measure, digits), valueOf(measure, digits), complete(measure, digits)];
  });
}
"""
WHOLE, CELSIUS, FAHRENHEIT = (0, [0, 350]), (1, [20, 45]), (1, [68, 113])
KPA, LITRES, SMALL, CENTS = (1, [0, 46.7]), (1, [0, 60]), (1, [0, 9.9]), (2, [0, 9.99])


@pytest.mark.parametrize(
    ("measure", "keys", "taken", "text", "value", "whether_complete"),
    [
        (WHOLE, "128", 3, "128", 128, True),
        (WHOLE, "88", 2, "88", 88, True),
        (WHOLE, "9", 1, "9", 9, False),
        (WHOLE, "0", 1, "0", 0, False),
        (WHOLE, "09", 2, "9", 9, False),
        (WHOLE, "1288", 3, "128", 128, True),
        (CELSIUS, "366", 3, "36.6", 36.6, True),
        (CELSIUS, "36", 2, "36", 36, False),
        (CELSIUS, "3", 1, "3", 3, False),
        (CELSIUS, "50", 2, "50", 50, False),  # no value: Save says what is expected
        (FAHRENHEIT, "986", 3, "98.6", 98.6, True),
        (FAHRENHEIT, "98", 2, "98", 98, False),
        (FAHRENHEIT, "100", 3, "100", 100, False),
        (FAHRENHEIT, "1004", 4, "100.4", 100.4, True),
        (KPA, "51", 2, "5.1", 5.1, True),
        (KPA, "051", 3, "5.1", 5.1, True),
        (KPA, "05", 2, "0.5", 0.5, False),
        (KPA, "005", 3, "0.5", 0.5, True),
        (KPA, "16", 2, "16", 16, False),
        (KPA, "163", 3, "16.3", 16.3, True),
        (KPA, "5", 1, "5", 5, False),
        (KPA, "518", 2, "5.1", 5.1, True),
        (LITRES, "2", 1, "2", 2, False),
        (LITRES, "15", 2, "15", 15, False),
        (LITRES, "05", 2, "0.5", 0.5, False),
        (LITRES, "025", 3, "2.5", 2.5, True),
        (SMALL, "51", 2, "5.1", 5.1, True),
        (SMALL, "05", 2, "0.5", 0.5, True),
        (SMALL, "5", 1, "5", 5, False),
        (SMALL, "00", 2, "0.0", 0, True),
        ((1, [0, 0.9]), "5", 1, "0.5", 0.5, True),
        (CENTS, "251", 3, "2.51", 2.51, True),
        (CENTS, "25", 2, "2.5", 2.5, False),
        (CENTS, "025", 3, "0.25", 0.25, True),
        ((1, [2, 250]), "725", 3, "72.5", 72.5, True),
        ((1, [2, 250]), "1285", 4, "128.5", 128.5, True),
    ],
)
def test_digits_without_a_point_make_a_value(
    empty_tab: Page,
    measure: tuple[int, list[float]],
    keys: str,
    taken: int,
    text: str,
    value: float,
    whether_complete: bool,
) -> None:
    assert run(empty_tab, "digits.js", TYPED, [[[*measure, keys]]]) == [[taken, text, value, whether_complete]]


def test_every_value_that_can_be_is_typed_with_all_its_places(empty_tab: Page) -> None:
    rows, wanted = [], []
    for decimals, (low, high) in (WHOLE, CELSIUS, FAHRENHEIT, KPA, LITRES, SMALL, CENTS, (2, [0, 25]), (1, [0, 200])):
        step = 10**decimals
        for number in range(round(low * step), round(high * step) + 1):
            places = len(str(int(high))) + decimals
            rows.append([decimals, [low, high], f"{number:0{places if decimals else 1}}"])
            wanted.append(number / step)
    assert [value for _, _, value, _ in run(empty_tab, "digits.js", TYPED, [rows])] == wanted
