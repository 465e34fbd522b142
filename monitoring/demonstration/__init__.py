"""An invented clinic to try everything with: its people, a past that looks like one, and a nurse who goes on working.

Nothing here came from a real person. `generate.fill` writes the clinic into a fresh store, `player.Player` adds what
the staged nurse records as time goes by.
"""

from __future__ import annotations

from typing import Final

from monitoring.demonstration.people import staff

SEED: Final = 1308
PINS: Final[dict[str, str]] = {member.name: member.pin for member in staff()}
