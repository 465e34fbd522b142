"""What the README points to is there."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import Final

import pytest

TOP: Final = Path(__file__).resolve().parents[1]
README: Final = (TOP / "README.md").read_text(encoding="utf-8")
PICTURES: Final = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)


def test_there_is_a_picture() -> None:
    assert PICTURES == ["tests/pictures/bedside.png"]


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_shows_a_whole_tablet_and_is_light_enough(picture: str) -> None:
    content = (TOP / picture).read_bytes()
    assert struct.unpack(">II", content[16:24]) == (1180, 820)
    assert len(content) < 200_000


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"(?:data|tests|monitoring|pages)/[\w/.-]*\w", README)) | {"dashboard.py"}
    made_later = {"data/clinic.db"}
    assert {name for name in named - made_later if not (TOP / name).exists()} == set()
    assert "data/protocols/ketamine-depression.toml" in named


def test_every_setting_that_is_named_is_read_and_the_other_way_round() -> None:
    named = set(re.findall(r"MONITORING_\w+", README))
    sources = [TOP / "monitoring" / "clinic.py", TOP / "monitoring" / "access.py", TOP / "monitoring" / "__main__.py"]
    read = {name for source in sources for name in re.findall(r"MONITORING_\w+", source.read_text(encoding="utf-8"))}
    assert named == read
