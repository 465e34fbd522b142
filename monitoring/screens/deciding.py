"""A dry run on the screen: its rows, what is to be decided, what would come in, and the button that brings it in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring.clinic import running
from monitoring.clinical.clock_times import day_and_time
from monitoring.imports.dry_run import Decision, DryRun, Fault, Found
from monitoring.recording import PastInfusion, SourceFile, import_infusions
from monitoring.recording.importing import Place, Standing, older, places, standing
from monitoring.records import ImportedFrom
from monitoring.screens.doorway import PAGES
from monitoring.screens.identity import actor
from monitoring.screens.plain import as_it_is, listed, plain, spoken
from monitoring.screens.said import say, say_outcome, show_said
from monitoring.screens.wrapped import MOST_ROWS, draw_wrapped

_PLACE: Final = "import"
_LONGEST_GROUP: Final = 120  # characters of what is decided upon, in the names of its fields
_MOST_LINKS: Final = 20
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
        st.text(as_it_is("\n".join(f"▲ {problem}" for problem in found.problems)))
    if not found.rows:
        return
    _draw_rows(found, what)
    _draw_decisions(chosen, found, decisions, what)
    _draw_infusions(chosen, found.infusions)


def _draw_rows(found: DryRun, what: str) -> None:
    counts = {
        state: sum(row.state == state for row in found.rows) for state in dict.fromkeys(r.state for r in found.rows)
    }
    st.text(as_it_is(" · ".join(f"{state}: {count}" for state, count in counts.items())))
    zone = _zone()
    first = {"wrong": 0, "asked": 1}  # what a person has to do something about
    rows = sorted(found.rows, key=lambda row: first.get(row.state, 2))
    shown = rows[:MOST_ROWS]
    draw_wrapped(
        f"What becomes of each {what.lower()}"
        + (", those with something wrong or asked first" if found.is_open else ""),
        [
            {
                what: str(row.line),
                "State": row.state,
                "What is wrong or asked": " ".join(fault.sentence for fault in row.faults),
                "Time": "" if row.at is None else day_and_time(row.at, zone),
                "What it says": row.says,
                "Infusion": "" if row.infusion is None else str(row.infusion + 1),
            }
            for row in shown
        ],
        [row.state in first for row in shown],
    )
    more = Counter(row.state for row in rows[MOST_ROWS:])
    if more:
        counted = ", ".join(f"{state}: {count}" for state, count in more.items())
        st.text(as_it_is(f"{sum(more.values())} more that are not shown here: {counted}."))
    if found.remarks:
        st.text(as_it_is("\n".join(found.remarks)))


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
        st.text(f"Decided: {len(decisions) - left:d} confirmed, {left:d} left out")
        st.button("Decide anew", key=f"{chosen.place}_anew", on_click=_forget, args=(chosen.place,))


def _draw_group(chosen: Chosen, number: int, group: str, faults: Sequence[tuple[str, Fault]]) -> None:
    asked = all(fault.asked for _, fault in faults)
    place = f"{chosen.place}_{hashlib.sha256(group.encode()).hexdigest()[:12]}"
    with st.container(border=True):
        st.text(as_it_is(f"{group}: {len(faults)} {'time' if len(faults) == 1 else 'times'}"))
        said = [f"{line}: {fault.sentence}" for line, fault in faults[:4]] + ["…"] * bool(faults[4:])
        st.text(as_it_is("\n".join(said)))
        names = {_ALL: _ALL} | {fault.key: f"{line}: {fault.sentence}" for line, fault in faults}
        one, two, three = st.columns([3, 2, 3], vertical_alignment="bottom")
        of = spoken(
            group[:_LONGEST_GROUP].replace(": ", ", ")
        )  # in each name: there may be several groups, and each has these fields
        one.selectbox(f"Which of {of}", list(names), format_func=listed(names), key=f"{place}_which")
        hows = {"": "not decided", "unusual": "confirmed", "leave out": "left out"}
        offered = ["", *(["unusual"] if asked else []), "leave out"]
        two.selectbox(f"Decision on {of}", offered, format_func=listed(hows), key=f"{place}_how")
        three.text_input(f"Reason, when left out, of {of}", key=f"{place}_reason")
        keys = [fault.key for _, fault in faults]
        st.button(f"Decide {of}", key=f"{place}_decide", on_click=_decide, args=(chosen.place, place, keys))
        show_said(place)


def _decide(place: str, group: str, keys: Sequence[str]) -> None:
    """Keep what the fields of a group say now: a reason may have been typed a moment before the tap."""
    state = st.session_state
    which, how, reason = state[f"{group}_which"], state[f"{group}_how"], state[f"{group}_reason"].strip()
    if how == "":
        say(group, ["Nothing is decided: expected confirmed, or left out."], "")
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


@dataclass(frozen=True, slots=True)
class _Judged:
    """An infusion of the file, whether it would come in, and why not."""

    found: Found
    standing: Standing
    why: str


def _draw_infusions(chosen: Chosen, infusions: Sequence[Found]) -> None:
    st.subheader("Infusions in this file")
    judged = [_judged(found) for found in infusions]
    own = _draw_series(chosen, judged)
    past = [one.found.past for one in judged if one.found.past is not None and one.standing != "refused"]
    chosen_now = [patient for patient, key in own.items() if st.session_state.get(key)]
    where, zone = places(running(), past, chosen_now), _zone()
    draw_wrapped(
        "What becomes of each infusion",
        [
            {
                "Infusion": str(number),
                "What comes of it": _STATES[one.standing],
                "Patient": _whose(one.found),
                "Opened": "" if one.found.past is None else day_and_time(one.found.past.opened_at, zone),
                "Entries": "" if one.found.past is None else str(len(one.found.past.entries)),
                "Comes in as": _place(one.found.past, where, zone),
                "Why": one.why,
            }
            for number, one in enumerate(judged, start=1)
        ],
        [one.standing == "refused" for one in judged],
    )
    if len(judged) > MOST_ROWS:
        st.text(f"{len(judged) - MOST_ROWS} more that are not shown here.")
    _draw_remarks(infusions)
    _draw_bring_in(chosen, [one.found.past for one in judged if one.found.past and one.standing == "new"], past, own)


def _draw_remarks(infusions: Sequence[Found]) -> None:
    """What each record would say of how the file was read: what was left out, not kept, confirmed, converted."""
    remarks = [
        {"Infusion": str(number), "What the record will say": remark}
        for number, found in enumerate(infusions, start=1)
        for remark in found.remarks or (found.past.remarks if found.past else ())
    ]
    if remarks:
        draw_wrapped("How the file was read", remarks[:MOST_ROWS], [False] * len(remarks[:MOST_ROWS]))
    if len(remarks) > MOST_ROWS:
        st.text(f"{len(remarks) - MOST_ROWS} more that are not shown here.")


def _judged(found: Found) -> _Judged:
    if found.past is not None:
        stands, problems = standing(running(), found.past)
        return _Judged(found, stands, " ".join(problem.sentence for problem in problems))
    words = list(found.faults)
    if found.open_lines:
        words.append(f"Wrong or not decided: {len(found.open_lines)}.")
    return _Judged(found, "refused", " ".join(words))


def _whose(found: Found) -> str:
    return found.patient_number if found.patient is None else f"{found.patient.name}, {found.patient.number}"


def _place(past: PastInfusion | None, where: Mapping[str, Place], zone: ZoneInfo) -> str:
    place = None if past is None else where.get(past.id)
    return "" if place is None else place.words(zone)


def _draw_series(chosen: Chosen, judged: Sequence[_Judged]) -> dict[str, str]:
    """A box for each patient who has a series already: by patient the key of it. On where the record is older."""
    clinic, boxes = running(), {}
    patients = {one.found.patient.id: one.found for one in judged if one.found.patient and one.standing == "new"}
    for patient_id, found in patients.items():
        past = [one.found.past for one in judged if one.found.past and one.found.past.patient_id == patient_id]
        if not clinic.store.series_of(patient_id) or any(clinic.store.infusion(one.id) for one in past):
            continue
        if sentence := older(clinic, past, _zone()):
            st.text(as_it_is(f"{_whose(found)}: {sentence}"))
        # The key holds what is proposed: proposed otherwise, the box is another one, and begins as proposed.
        boxes[patient_id] = f"{chosen.place}_{'older' if sentence else 'joins'}_{patient_id}"
        st.checkbox(
            spoken(f"In a series of its own, not one that is there: {_whose(found)}"),
            value=bool(sentence),
            key=boxes[patient_id],
        )
    return boxes


def _draw_bring_in(
    chosen: Chosen, new: Sequence[PastInfusion], past: Sequence[PastInfusion], own: Mapping[str, str]
) -> None:
    """The button that brings in what is new, of `past` that could be kept, and what came of it."""
    if new:
        st.button(
            plain(f"Import {_infusions(len(new))}"),
            key="import_button",
            type="primary",
            on_click=_import,
            args=(chosen, tuple(past), dict(own)),
        )
    show_said(_PLACE)
    draw_links(st.session_state.get(f"{chosen.place}_added", ()))


def _import(chosen: Chosen, infusions: tuple[PastInfusion, ...], boxes: Mapping[str, str]) -> None:
    own = [patient for patient, key in boxes.items() if st.session_state.get(key)]
    outcome = import_infusions(running(), actor(), chosen.source, infusions, new_series=own)
    st.session_state.pop(f"{chosen.place}_known", None)
    added = outcome.value.added if outcome.value is not None else ()
    there = len(outcome.value.again) if outcome.value is not None else 0
    words = f"{_infusions(len(added))} imported"
    if say_outcome(_PLACE, outcome, f"{words}{f', {there} there already' if there else ''}.") and outcome.value:
        st.session_state[f"{chosen.place}_added"] = added
        refused = [sentence for _, sentences in outcome.value.refused for sentence in sentences]
        if refused:
            say(_PLACE, refused, words)


def draw_known(chosen: Chosen) -> bool:
    """What came in from this very file before, with the way to each record; whether it is read all the same."""
    state, begun = st.session_state, f"{chosen.place}_begun"
    if f"{chosen.place}_known" not in state:
        state[f"{chosen.place}_known"] = running().store.imported_with(chosen.source.sha256)
    known: tuple[tuple[str, ImportedFrom], ...] = state[f"{chosen.place}_known"]
    times: dict[str, list[str]] = {}
    for infusion_id, source in known:
        times.setdefault(f"{day_and_time(source.at, _zone())} by {source.by}", []).append(infusion_id)
    for when, ids in times.items():
        st.info(plain(f"Imported {when}: {_infusions(len(ids))}"))
        if ids != list(state.get(f"{chosen.place}_added", ())):  # those just brought in stand below, by the button
            draw_links(ids)
    if not known or state.get(begun):
        state[begun] = True
        return True
    return st.checkbox("Read this file once more", key=f"{chosen.place}_again")


def draw_links(ids: Sequence[str]) -> None:
    """The way to the review of each of these infusions, some of them at most."""
    zone = _zone()
    for infusion_id in ids[:_MOST_LINKS]:
        infusion = running().store.infusion(infusion_id)
        if infusion is not None:
            day = f"{infusion.opened_at.astimezone(zone):%d %b %Y}"
            st.page_link(
                PAGES / "review.py",
                label=plain(f"Review: {infusion.patient.name}, infusion {infusion.number}, {day}"),
                query_params={"infusion": infusion_id},
            )
    if len(ids) > _MOST_LINKS:
        st.page_link(
            PAGES / "past.py",
            label=f"{len(ids) - _MOST_LINKS} more: all that came from files",
            query_params={"imported": "yes"},
        )


def _infusions(count: int) -> str:
    return f"{count} {'infusion' if count == 1 else 'infusions'}"


def _zone() -> ZoneInfo:
    found = running().store.clinic()
    return ZoneInfo(found.zone if found else "UTC")
