"""HL7's vital signs profiles as `data/fhir/vital_signs.toml` has them: what an Observation of a vital sign must hold.

The library `fhir.resources` knows FHIR's own resources and no profile of them; what a profile wants beyond is looked at
here and where each thing is read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, cast, get_args

from monitoring.clinic import TOP
from monitoring.imports.bundle import LOINC, Json, codes_of

PROFILES: Final = TOP / "data" / "fhir" / "vital_signs.toml"
CATEGORIES: Final = "http://terminology.hl7.org/CodeSystem/observation-category"
SATURATION: Final = ("2708-6", "59408-5")  # the profile of FHIR R4 has the first, US Core both
Outcome = Literal["refused", "asked", "told"]


@dataclass(frozen=True, slots=True)
class Profile:
    """What the profile of one vital sign adds. `components`: their words by LOINC code.

    `otherwise`: what comes of one that lacks an element, where that is not as for every vital sign.
    """

    name: str
    loinc: str
    components: Mapping[str, str]
    otherwise: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True)
class Profiles:
    """What every vital sign and its quantity must hold, what comes of one that lacks it, and each one’s profile."""

    observation: Mapping[str, Outcome]
    quantity: Mapping[str, Outcome]
    of: Mapping[str, Profile]


@cache
def profiles() -> Profiles:
    """The profiles, by LOINC code. Raises ValueError where the file has another outcome or name than are known."""
    found = tomllib.loads(PROFILES.read_text(encoding="utf-8"))
    made = [_profile(one) for one in found["profile"]]
    return Profiles(_outcomes(found["observation"]), _outcomes(found["quantity"]), {one.loinc: one for one in made})


def _profile(found: Mapping[str, Any]) -> Profile:
    components, otherwise = dict(found.get("components", {})), _outcomes(found.get("otherwise", {}))
    return Profile(found["name"], found["loinc"], components, otherwise)


def _outcomes(found: Mapping[str, str]) -> dict[str, Outcome]:
    wrong = next((f"{name} = {one!r}" for name, one in found.items() if one not in get_args(Outcome)), None)
    if wrong is not None:
        raise ValueError(f"{PROFILES.name}: {wrong}, expected one of {', '.join(get_args(Outcome))}.")
    return {name: cast(Outcome, one) for name, one in found.items()}


def profile_of(codes: Sequence[str]) -> Profile | None:
    """The profile of an Observation with these LOINC codes; None where it is no vital sign of a profile."""
    code = next((one for one in codes if one in profiles().of), None)
    if code is None and set(codes) & set(SATURATION):
        code = SATURATION[0]
    return None if code is None else profiles().of[code]


def lacking(content: Json, codes: Sequence[str]) -> Iterator[str]:
    """What an Observation of a vital sign lacks of its profile, where it is read all the same; to be told."""
    there = {code for one in content.get("component", ()) for code in codes_of(one.get("code"), LOINC)}
    of_components = (one for one in profiles().of.values() if there & set(one.components))
    profile = profile_of(codes) or next(of_components, None)
    if profile is None:
        return
    categories = [code for one in content.get("category", ()) for code in codes_of(one, CATEGORIES)]
    if "vital-signs" not in categories:
        yield "category vital-signs"
    if profile.loinc not in codes:
        yield f"code {profile.loinc}"
    if not profile.components and there and not any(name.startswith(("value", "dataAbsent")) for name in content):
        yield "value"
    whole = content.get("dataAbsentReason") is not None
    yield from (f"{words} pressure" for code, words in profile.components.items() if code not in there and not whole)
