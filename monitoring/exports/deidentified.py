"""What is left of a record when nobody is to be recognised: study numbers, and only words the site itself chose.

Everything a person typed freely (notes, reasons that are not on the site's lists, names of people) is left out, and so
is every date and every time of day. Age and weight are bands, minutes whole ones, and what gives the weight back (doses
in mg, volumes, rates) is told per kilogram or not at all. That makes nobody anonymous: `NOT_ANONYMOUS` says so.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from monitoring.clinical.events import detail_of
from monitoring.clinical.protocol import Protocol
from monitoring.clinical.record import EVENT_WORDS, Entry, EventKind
from monitoring.clinical.scales import score
from monitoring.documents.said import item_label
from monitoring.documents.words import number

OLDEST: Final = 90  # years: whoever is older counts as this old (45 CFR 164.514(b)(2)(i)(C))
# Bands as national statistics publish ages in; the same width in kg. Few weigh less or more than the outermost, few
# under 20 are treated: beyond these there is one group. Engineering: nothing clinical hangs on them.
BAND: Final = 5  # years, kg
YOUNGEST: Final = 20  # years
LIGHTEST: Final = 45  # kg
HEAVIEST: Final = 120  # kg
RATE_STEP: Final = 5  # percent, of a changed rate
FEWEST: Final = 5  # patients: an effect that fewer of the clinic's had is "other"; the usual least count of statistics
NOT_ANONYMOUS: Final = (
    "De-identified is not anonymous: somebody who knows a patient, or when the patient was treated, may find them by "
    "age, sex, weight, how many infusions there were and what happened in them."
)
OTHER: Final = "other"
_LONGEST_AMOUNT: Final = 6  # characters of a typed dose
_LENGTH: Final = 10  # letters and digits of a study number: no two of a clinic's patients share one


class StudyNumbers:
    """Gives everybody the same study number in every export of this clinic; only its secret leads back.

    `common`: whether an effect is told by its name, as typed; the others are "other".
    """

    def __init__(self, secret: str, common: Callable[[str], bool] = lambda _effect: True) -> None:
        self._key = hmac.digest(secret.encode(), b"study numbers", "sha256")
        self.common = common

    def of(self, kind: str, id: str) -> str:
        """The number of one patient, infusion ...: "S-K2M4XQ7ZPA". A letter first, or a spreadsheet would compute."""
        digest = hmac.new(self._key, f"{kind}/{id}".encode(), hashlib.sha256).digest()
        return f"S-{base64.b32encode(digest).decode()[:_LENGTH]}"


def age_band(years: int) -> str:
    """An age as a band: "45 to 49"; the youngest and the oldest are one group each."""
    if years < YOUNGEST:
        return f"under {YOUNGEST}"
    low = years // BAND * BAND
    return f"{OLDEST} or more" if years >= OLDEST else f"{low} to {low + BAND - 1}"


def weight_band(kg: float) -> str:
    """A weight as a band: "70 to under 75"; the lightest and the heaviest are one group each."""
    if kg < LIGHTEST:
        return f"under {LIGHTEST}"
    low = int(kg // BAND * BAND)
    return f"{HEAVIEST} or more" if kg >= HEAVIEST else f"{low} to under {low + BAND}"


def listed(text: object, words: Iterable[str]) -> str:
    """A text if it is one of the site's own words, as these write it; "other" for anything else, "" for nothing."""
    wanted = str(text or "").strip()
    if not wanted:
        return ""
    return next((word for word in words if word.casefold() == wanted.casefold()), OTHER)


def listed_reason(text: str, protocol: Protocol) -> str:
    """Why something was corrected or withdrawn, if the site lists it."""
    return listed(text, protocol.correction_reasons)


def coded(entry: Entry, protocol: Protocol, first_rate_ml_per_h: float, study: StudyNumbers) -> str:
    """What an event says in the site's own words, and in numbers that do not give the weight back.

    A rate is told as a part of the first one: in mL/h it may follow from the dose, and the dose from the weight.
    """
    if entry.event is None:
        return ""
    kind, detail = entry.event.kind, detail_of(entry)
    parts = _PARTS.get(kind)
    words = [] if parts is None else parts(detail, protocol)
    if kind == "rate":
        words = _part_of(detail.get("rate_ml_per_h"), first_rate_ml_per_h)
    elif kind == "effect" and not study.common(str(detail.get("name") or "")):
        words = [OTHER, *words[1:]]
    found = ", ".join(word for word in words if word)
    return f"{EVENT_WORDS[kind]}: {found}" if found else EVENT_WORDS[kind]


Parts = Callable[[Mapping[str, Any], Protocol], list[str]]


def _numbers(detail: Mapping[str, Any], units: Mapping[str, str]) -> list[str]:
    found = ((detail.get(key), unit) for key, unit in units.items())
    return [f"{number(value)} {unit}" for value, unit in found if _is_number(value)]


def _part_of(rate: object, first: float) -> list[str]:
    """A rate as percent of the first, to a step: "75 % of the first rate"."""
    if not isinstance(rate, int | float) or isinstance(rate, bool) or first <= 0:
        return []
    return [f"{round(rate / first * 100 / RATE_STEP) * RATE_STEP} % of the first rate"]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _reason(*lists: str) -> Parts:
    """A reason, if one of the lists of this name holds it."""
    return lambda detail, protocol: [
        listed(detail.get("reason"), [word for name in lists for word in getattr(protocol, name)])
    ]


def _effect(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    severity = listed(detail.get("severity"), ("mild", "moderate", "severe"))
    return [
        listed(detail.get("name"), protocol.effects),
        severity,
        listed(detail.get("action"), protocol.effect_actions),
    ]


def _medicine(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    known = [one for one in protocol.medicines if one.name.casefold() == str(detail.get("name", "")).strip().casefold()]
    if not known:
        return [OTHER]
    dose = str(detail.get("dose") or "").strip()
    amount = dose if _reads_as_number(dose) else ""
    unit = listed(detail.get("unit"), {one.unit for one in protocol.medicines})
    route = listed(detail.get("route"), {one.route for one in protocol.medicines})
    return [f"{known[0].name} {amount} {unit}".strip() if amount else known[0].name, route,
            listed(detail.get("why"), protocol.medicine_reasons)]  # fmt: skip


def _reads_as_number(text: str) -> bool:
    """Whether a typed amount is one, in so few digits that it can name nobody: a telephone number is a number too."""
    return re.fullmatch(rf"[0-9.,]{{1,{_LONGEST_AMOUNT}}}", text) is not None and any(c.isdigit() for c in text)


def _check(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    key = str(detail.get("item", ""))
    label = item_label(key, protocol)
    asked = label if label != key else OTHER
    return [f"{asked.removesuffix('?')} {listed(detail.get('answer'), ('yes', 'no', 'not applicable'))}"]


def _score(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    scale = protocol.scales.get(str(detail.get("scale")))
    if scale is None:
        return [OTHER]
    total = score(detail, scale).total
    return [scale.label, "incomplete" if total is None else f"{total} of {scale.highest}"]


def _called(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    return [listed(str(detail.get("whom") or "").partition(":")[0], protocol.called)]


def _informed(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    return [listed(str(detail.get("whom") or "").partition(":")[0], protocol.informed)]


def _drug(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    methods = protocol.drug.methods if protocol.drug else ()
    return [listed(detail.get("method"), methods)]  # what was drawn, less what was wasted, is the dose


def _sign(detail: Mapping[str, Any], protocol: Protocol) -> list[str]:
    return [listed(detail.get("meaning"), [step.meaning for step in protocol.people.signatures])]


_ORDER: Final = {"dose_mg_per_kg": "mg/kg", "planned_minutes": "min"}
_PARTS: Final[Mapping[EventKind, Parts]] = {
    "start": _reason("missing_reasons"),
    "pause": _reason("pause_reasons"),
    "stop": _reason("stop_reasons"),
    "cancel": _reason("cancel_reasons"),
    "close": _reason("missing_reasons"),
    "baseline": _reason("baseline_reasons"),
    "rapid": lambda detail, _: _numbers(detail, {"every_minutes": "min apart"}),
    "repeat": lambda detail, protocol: [listed(detail.get("measure"), protocol.measures)],
    "order": lambda detail, _: _numbers(detail, _ORDER),
    "effect": _effect,
    "medicine": _medicine,
    "check": _check,
    "score": _score,
    "called": _called,
    "informed": _informed,
    "drug": _drug,
    "sign": _sign,
}
