"""A dry run on the screen: its rows, what is to be decided, what would come in, and the button that brings it in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring.clinic import running
from monitoring.clinical.record import Patient
from monitoring.imports.dry_run import Decision, DryRun, Fault, Found
from monitoring.recording import PastInfusion, SourceFile, import_infusions
from monitoring.recording.importing import standing
from monitoring.screens.identity import actor
from monitoring.screens.said import say, say_outcome, show_said

_PLACE: Final = "import"
_NEW_SERIES: Final = "import_new_series"
_ALL: Final = "all of them"
_STATES: Final = {"new": "comes in", "again": "is there already", "refused": "does not come in"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The file that was uploaded."""

    source: SourceFile
    data: bytes

    @property
    def is_bundle(self) -> bool:
        """Whether it is read as a FHIR Bundle."""
        return self.source.shown.casefold().endswith(".json")

    @property
    def place(self) -> str:
        """What tells the fields for this file from those for another."""
        return f"file_{self.source.sha256[:12]}"


def draw_dry_run(chosen: Chosen, found: DryRun, decisions: Mapping[str, Decision], what: str) -> None:
    """What would come of the file, what is to be decided, and the button; `what` a row of it is called."""
    st.subheader("Dry run: nothing is stored yet")
    if found.problems:
        st.warning("Still to be said of this file, or to be decided")
        st.text("\n".join(f"▲ {problem}" for problem in found.problems))
    if not found.rows:
        return
    _draw_rows(found, what)
    _draw_decisions(chosen, found, decisions, what)
    _draw_infusions(chosen, found.infusions)


def _draw_rows(found: DryRun, what: str) -> None:
    counts = {
        state: sum(row.state == state for row in found.rows) for state in dict.fromkeys(r.state for r in found.rows)
    }
    st.text(" · ".join(f"{state}: {count}" for state, count in counts.items()))
    zone = _zone()
    st.dataframe(
        [
            {
                what: row.line,
                "State": row.state,
                "What is wrong or asked": " ".join(fault.sentence for fault in row.faults),
                "Time": "" if row.at is None else f"{row.at.astimezone(zone):%d %b %Y %H:%M}",
                "What it says": row.says,
                "Infusion": "" if row.infusion is None else str(row.infusion + 1),
            }
            for row in found.rows
        ],
        hide_index=True,
        key="import_rows",
    )


# Decisions


def decisions_of(chosen: Chosen) -> dict[str, Decision]:
    """What was decided of this file, by the key of each value or line."""
    kept: dict[str, Decision] = st.session_state.setdefault(f"{chosen.place}_decisions", {})
    return kept


def _draw_decisions(chosen: Chosen, found: DryRun, decisions: Mapping[str, Decision], what: str) -> None:
    groups: dict[str, list[tuple[str, Fault]]] = {}
    for row in found.rows:
        if row.state in ("asked", "wrong"):
            for fault in row.faults:
                groups.setdefault(fault.group or fault.sentence, []).append((f"{what.lower()} {row.line}", fault))
    if groups:
        st.subheader("To decide, or to put right in the file")
    for number, (group, faults) in enumerate(groups.items()):
        _draw_group(chosen, number, group, faults)
    if decisions:
        left = sum(one.how == "leave out" for one in decisions.values())
        st.text(f"Decided: {len(decisions) - left} confirmed as unusual, {left} left out")
        st.button("Decide anew", key=f"{chosen.place}_anew", on_click=_forget, args=(chosen.place,))


def _draw_group(chosen: Chosen, number: int, group: str, faults: Sequence[tuple[str, Fault]]) -> None:
    asked = all(fault.asked for _, fault in faults)
    place = f"{chosen.place}_{hashlib.sha256(group.encode()).hexdigest()[:12]}"
    with st.container(border=True):
        st.text(f"{group}: {len(faults)} {'time' if len(faults) == 1 else 'times'}")
        st.text("\n".join(f"{line}: {fault.sentence}" for line, fault in faults[:4]) + ("\n…" if faults[4:] else ""))
        names = {_ALL: _ALL} | {fault.key: f"{line}: {fault.sentence}" for line, fault in faults}
        one, two, three, four = st.columns([3, 2, 3, 1], vertical_alignment="bottom")
        one.selectbox("Which", list(names), format_func=lambda key: names.get(key, ""), key=f"{place}_which")
        hows = {"": "not decided", "unusual": "confirmed as unusual", "leave out": "left out"}
        offered = ["", *(["unusual"] if asked else []), "leave out"]
        two.selectbox("Decision", offered, format_func=lambda one: hows[one], key=f"{place}_how")
        three.text_input("Reason, when left out", key=f"{place}_reason")
        keys = [fault.key for _, fault in faults]
        four.button("Decide", key=f"{place}_decide", on_click=_decide, args=(chosen.place, place, keys))
        show_said(place)


def _decide(place: str, group: str, keys: Sequence[str]) -> None:
    """Keep what the fields of a group say now: a reason may have been typed a moment before the tap."""
    state = st.session_state
    which, how, reason = state[f"{group}_which"], state[f"{group}_how"], state[f"{group}_reason"].strip()
    if how == "":
        say(group, ["Nothing is decided: expected confirmed as unusual, or left out."], "")
    elif how == "leave out" and not reason:
        say(group, ["Left out without a reason: expected why."], "")
    else:
        kept = state.setdefault(f"{place}_decisions", {})
        decision = Decision("unusual") if how == "unusual" else Decision("leave out", reason)
        kept.update(dict.fromkeys(keys if which == _ALL else [which], decision))
        say(group, (), "")


def _forget(place: str) -> None:
    st.session_state.pop(f"{place}_decisions", None)


# The import itself


def _draw_infusions(chosen: Chosen, infusions: Sequence[Found]) -> None:
    st.subheader("Infusions in this file")
    rows, whole = _standings(
        [(found.patient, found.patient_number, found.past, _why_not(found)) for found in infusions]
    )
    st.dataframe(rows, hide_index=True, key="import_infusions")
    draw_bring_in(chosen.source, whole)


def _why_not(found: Found) -> str:
    lines = len(found.open_lines)
    words = list(found.faults)
    if lines:
        words.append(f"Wrong or not decided: {lines}.")
    return " ".join(words)


def _standings(
    found: Iterable[tuple[Patient | None, str, PastInfusion | None, str]],
) -> tuple[list[dict[str, Any]], list[PastInfusion]]:
    """A row for each infusion, and those that would come in."""
    clinic, zone = running(), _zone()
    rows: list[dict[str, Any]] = []
    whole: list[PastInfusion] = []
    for number, (patient, patient_number, past, why_not) in enumerate(found, start=1):
        stands, sentences = "refused", why_not
        if past is not None:
            stands, problems = standing(clinic, past)
            sentences = " ".join(problem.sentence for problem in problems)
            if stands == "new":
                whole.append(past)
        rows.append(
            {
                "Infusion": number,
                "Patient": patient.name if patient is not None else patient_number,
                "Opened": "" if past is None else f"{past.opened_at.astimezone(zone):%d %b %Y %H:%M}",
                "Entries": "" if past is None else str(len(past.entries)),
                "What comes of it": _STATES[stands],
                "Why": sentences,
            }
        )
    return rows, whole


def draw_bring_in(source: SourceFile, whole: Sequence[PastInfusion]) -> None:
    """The button that brings in these infusions, and what came of it."""
    if whole:
        st.checkbox("In a new series of the patient, not the latest one", key=_NEW_SERIES)
        count = f"{len(whole)} {'infusion' if len(whole) == 1 else 'infusions'}"
        st.button(
            f"Import {count}",
            key="import_button",
            type="primary",
            on_click=_import,
            args=(source, tuple(whole)),
        )
    show_said(_PLACE)


def _import(source: SourceFile, infusions: tuple[PastInfusion, ...]) -> None:
    outcome = import_infusions(running(), actor(), source, infusions, new_series=st.session_state[_NEW_SERIES])
    added = len(outcome.value.added) if outcome.value is not None else 0
    there = len(outcome.value.again) if outcome.value is not None else 0
    words = f"{added} {'infusion' if added == 1 else 'infusions'} imported"
    if say_outcome(_PLACE, outcome, f"{words}{f', {there} there already' if there else ''}.") and outcome.value:
        refused = [sentence for _, sentences in outcome.value.refused for sentence in sentences]
        if refused:
            say(_PLACE, refused, words)


def _zone() -> ZoneInfo:
    found = running().store.clinic()
    return ZoneInfo(found.zone if found else "UTC")
