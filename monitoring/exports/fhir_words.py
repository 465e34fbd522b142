"""What every part of the FHIR export is named by, and words as FHIR's strings may hold them."""

from __future__ import annotations

from typing import Final

# What this program calls by names of its own. The address is one that nobody else can have, and leads nowhere.
HOME: Final = "https://infusion-monitor.example/fhir"
RATINGS: Final = f"{HOME}/CodeSystem/bedside"


def fhir_text(words: str) -> str:
    """Words as FHIR's strings may hold them: no control characters but line ends, no space around."""
    kept = "".join(c if c in "\t\n\r" or (ord(c) >= 32 and not 127 <= ord(c) < 160) else " " for c in words)
    return kept.strip()
