"""What the entry pad needs of a protocol."""

from __future__ import annotations

from typing import Any

from monitoring.clinical.checks import SEVERITIES
from monitoring.clinical.moments import MAY_COME_AFTER
from monitoring.clinical.protocol import Measure, Protocol
from monitoring.clinical.record import EVENT_WORDS


def pad_of(protocol: Protocol) -> dict[str, Any]:
    """What the entry pad needs of a protocol: measures with their bounds, the set, and the site's words."""
    schedule = protocol.schedule
    return {
        "version": protocol.hash,
        "label": protocol.label,
        "measures": [_pad_measure(measure) for measure in protocol.measures.values()],
        "set": list(schedule.set),
        "optional": list(schedule.optional),
        "observations": list(schedule.observations),
        "oxygen": schedule.oxygen,
        "repeat_minutes": schedule.repeat_minutes,
        "not_done_reasons": list(protocol.not_done_reasons),
        "severities": list(SEVERITIES),
        "effects": list(protocol.effects),
        "quick_effects": list(protocol.quick_effects),
        "medicines": [{"name": m.name, "dose": m.dose, "unit": m.unit, "route": m.route} for m in protocol.medicines],
        "pause_reasons": list(protocol.pause_reasons),
        "stop_reasons": list(protocol.stop_reasons),
        "cancel_reasons": list(protocol.cancel_reasons),
        "seen_before_opening_reasons": list(protocol.seen_before_opening_reasons),
        "baseline_reasons": list(protocol.baseline_reasons),
        "may_come_after": list(MAY_COME_AFTER),
        "correction_reasons": list(protocol.correction_reasons),
        "acknowledgements": list(protocol.acknowledgements),
        "rate_ml_per_h": list(protocol.dose.rate_ml_per_h_possible),
        "event_words": dict(EVENT_WORDS),
    }


def _pad_measure(measure: Measure) -> dict[str, Any]:
    return {
        "key": measure.key,
        "label": measure.label,
        "short": measure.short,
        "unit": measure.unit,
        "decimals": measure.decimals,
        "possible": list(measure.possible),
        "plausible": list(measure.plausible),
        "below": measure.below,
        "options": [{"value": o.value, "word": o.word, "text": o.text} for o in measure.options],
    }
