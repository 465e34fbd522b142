"""Codes of public terminologies for what a site names in words: drugs, routes, items of questionnaires."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

Kind = Literal["drug", "route"]
FILE: Final = Path(__file__).resolve().parents[2] / "data" / "terminology.toml"


def codings(kind: Kind, name: str) -> list[dict[str, Any]]:
    """The codes of a drug or route by its name, whatever its capitals, as FHIR tells them; [] where none is known."""
    found = {key.casefold(): value for key, value in _terms()[kind].items()}
    return _told(found.get(name.strip().casefold(), {}))


def item_codings(instrument: str, item: str) -> list[dict[str, Any]]:
    """The codes of one item of a questionnaire; [] where none is known."""
    return _told(_terms()["item"].get(instrument, {}).get(item, {}))


def _told(codes: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    terms = _terms()
    kept = {name: code for name, code in codes.items() if name != "snomed_ct" or terms["snomed_ct"]["licensed"]}
    return [{"system": terms["system"][name], **code} for name, code in kept.items()]


@cache
def _terms() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))
