"""Recording an outcome score of a series, putting one right, and taking one back."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

import streamlit as st

from monitoring import access
from monitoring.clinic import instruments, running
from monitoring.clinical.instruments import Instrument, Item
from monitoring.recording import add_score, withdraw_score
from monitoring.records import Score, Series
from monitoring.screens.identity import actor
from monitoring.screens.number_field import NumberField
from monitoring.screens.plain import as_it_is, listed, plain
from monitoring.screens.said import say, say_outcome, show_said
from monitoring.screens.series import ask_beside_the_form, today

_NOT_KNOWN: Final = "not known"
_ITEMS, _TOTAL = "item by item", "total only"


def draw_add_score(series: Series) -> None:
    """The form for a score. Nothing is chosen beforehand but the day; the total is worked out from the items."""
    if not _may_score():
        return
    with st.container(border=True):
        st.subheader("Add a score")
        # One's own fields for each score that is recorded: after one is saved, the form is new.
        place = f"score_{series.id}_{st.session_state.setdefault(f'scores_of_{series.id}', 0)}"
        st.session_state.setdefault(f"{place}_id", str(uuid4()))
        known = instruments()
        chosen = st.pills(
            "Instrument", list(known), format_func=lambda key: plain(known[key].label), key=f"{place}_instrument"
        )
        instrument = known.get(str(chosen)) if chosen else None
        if instrument is not None:
            _draw_fields(series, instrument, place)
            st.button("Save score", key=place, type="primary", on_click=_add, args=(series.id, place))
        show_said(f"score {series.id}")


def _draw_fields(series: Series, instrument: Instrument, place: str) -> None:
    st.caption(plain(f"{instrument.title}. {instrument.rights}"))
    mark = f"{place}_{instrument.key}"
    names = [version.name for version in instrument.versions]
    if len(names) > 1:
        st.segmented_control("Version", names, format_func=plain, key=f"{mark}_version")
    one, two = st.columns(2)
    one.date_input("Rated on", value=today(), max_value=today(), format="DD/MM/YYYY", key=f"{place}_day")
    two.text_input("Rated by", key=f"{place}_rater", placeholder="name; or: patient")
    if instrument.total == "sum":
        st.segmented_control("How", [_ITEMS, _TOTAL], default=_ITEMS, key=f"{mark}_how")
    if instrument.question and _by_item(instrument, mark):
        st.text(as_it_is(instrument.question))
    for item in _asked_here(instrument, mark):
        _draw_item(item, f"{mark}_{item.key}", not_known=not _by_item(instrument, mark))
    if _by_item(instrument, mark):
        _draw_total(instrument, mark)
    elif instrument.total != "none":
        _total_field(mark).draw()
    st.text_input("Remark", key=f"{place}_note", placeholder="" if instrument.total != "none" else "worst tolerability")
    _draw_in_place_of(series, instrument, mark)


def _total_field(mark: str) -> NumberField:
    return NumberField(f"{mark}_total", "Total")


def _draw_item(item: Item, key: str, *, not_known: bool) -> None:
    """One item with its options in words; none is chosen beforehand."""
    options: list[int | str] = [*range(len(item.options)), *([_NOT_KNOWN] if not_known else [])]
    words = {n: word if word == str(n) else f"{n} {word}" for n, word in enumerate(item.options)}
    number = f"{item.key}. " if item.key.isdigit() else ""
    st.segmented_control(
        plain(f"{number}{item.text}"), options, format_func=lambda o: plain(str(words.get(o, o))), key=key
    )


def _draw_total(instrument: Instrument, mark: str) -> None:
    """The total that the items give so far, with the items that are never hidden in it."""
    items = _items(instrument, mark)
    total = instrument.total_of(items)
    if total is None:
        st.text(f"{len(items)} of {len(instrument.items)} items answered")
    else:
        st.text(as_it_is(instrument.words(_version(instrument, mark), total, items)))


def _draw_in_place_of(series: Series, instrument: Instrument, mark: str) -> None:
    """Whether this puts an earlier score right, which then stays, struck out, with the reason."""
    earlier = {one.id: _line(one) for one in _standing(series) if one.instrument == instrument.key}
    if earlier:
        one, two = st.columns(2)
        one.selectbox(
            "In the place of",
            list(earlier),
            index=None,
            placeholder="a new score",
            format_func=listed(earlier),
            key=f"{mark}_corrects",
        )
        two.text_input("Reason, when it takes another's place", key=f"{mark}_reason")


def _add(series_id: str, place: str) -> None:
    given = st.session_state
    instrument = instruments()[given[f"{place}_instrument"]]
    mark, where = f"{place}_{instrument.key}", f"score {series_id}"
    if missing := _unanswered(instrument, mark):
        say(where, missing)
        return
    if not _by_item(instrument, mark) and (unread := _total_field(mark).problems()):
        say(where, unread)
        return
    items = _items(instrument, mark)
    total = instrument.total_of(items) if _by_item(instrument, mark) else _total_field(mark).number()
    outcome = add_score(
        running(),
        actor(),
        series_id,
        id=given[f"{place}_id"],
        instrument=instrument.key,
        version=_version(instrument, mark),
        total=total,
        items=items or None,
        rated_on=given[f"{place}_day"],
        rater=given[f"{place}_rater"],
        note=given[f"{place}_note"],
        corrects=given.get(f"{mark}_corrects"),
        reason=given.get(f"{mark}_reason", ""),
    )
    if say_outcome(where, outcome, f"{instrument.label} is recorded."):
        given[f"scores_of_{series_id}"] += 1
        ask_beside_the_form(instrument.must_tell(items or None))
        if instrument.must_tell(items or None):
            say(where, ())  # what is asked then says that it is recorded; nothing green stands beside it


def _unanswered(instrument: Instrument, mark: str) -> list[str]:
    """What has to be answered on this form before there is a score, as sentences."""
    given = st.session_state
    open_items = [item.label for item in _asked_here(instrument, mark) if given.get(f"{mark}_{item.key}") is None]
    found = [f"{instrument.label}: expected an answer to {', '.join(open_items)}."] if open_items else []
    if not _version(instrument, mark):
        found.append(f"{instrument.label}: expected its version.")
    return found


def _asked_here(instrument: Instrument, mark: str) -> tuple[Item, ...]:
    """The items on the form: all, or beside a total only those that are never hidden in one."""
    if _by_item(instrument, mark):
        return instrument.items
    return tuple(asked.item for asked in instrument.asked(None))


def _by_item(instrument: Instrument, mark: str) -> bool:
    if instrument.total == "sum":
        return st.session_state.get(f"{mark}_how") != _TOTAL
    return instrument.total == "item"


def _items(instrument: Instrument, mark: str) -> dict[str, int]:
    """The items that are answered with points."""
    found: dict[str, Any] = {item.key: st.session_state.get(f"{mark}_{item.key}") for item in instrument.items}
    on_form = {item.key for item in _asked_here(instrument, mark)}
    return {key: value for key, value in found.items() if key in on_form and isinstance(value, int)}


def _version(instrument: Instrument, mark: str) -> str:
    """The version chosen, the only one there is, or ""."""
    only = instrument.versions[0].name if len(instrument.versions) == 1 else ""
    return str(st.session_state.get(f"{mark}_version") or only)


def draw_withdraw_score(series: Series) -> None:
    """Marking a score as made in error: it stays, struck out, with the reason."""
    standing = {one.id: _line(one) for one in _standing(series)}
    if not standing or not _may_score():
        return
    with st.expander("Withdraw a score that was made in error"):
        place = f"withdraw_{series.id}_{len(standing)}"  # a second tap is on a form that is there no more
        st.session_state.setdefault(f"{place}_id", str(uuid4()))
        one, two = st.columns(2)
        one.selectbox(
            "Score",
            list(standing),
            index=None,
            placeholder="which one",
            format_func=listed(standing),
            key=f"{place}_score",
        )
        two.text_input("Reason", key=f"{place}_reason")
        st.button("Withdraw this score", key=place, on_click=_withdraw, args=(series.id, place))
        show_said(f"withdraw {series.id}")


def _withdraw(series_id: str, place: str) -> None:
    given, where = st.session_state, f"withdraw {series_id}"
    chosen = given[f"{place}_score"]
    if chosen is None:
        say(where, ["Score is missing: expected the one made in error."])
        return
    outcome = withdraw_score(running(), actor(), chosen, id=given[f"{place}_id"], reason=given[f"{place}_reason"])
    say_outcome(where, outcome, "Withdrawn; it stays in the record, struck out.")


def _standing(series: Series) -> list[Score]:
    return [one for one in running().store.scores_of(series.id) if one.stands]


def _line(score: Score) -> str:
    instrument = instruments().get(score.instrument)
    label = instrument.label if instrument else score.instrument
    words = instrument.words(score.version, score.total, score.items) if instrument else f"{score.total:g}"
    return f"{label}, {score.rated_on:%d %b %Y}: {words}"


def _may_score() -> bool:
    who = actor()
    return who is not None and access.may(who.staff.role, "score")
