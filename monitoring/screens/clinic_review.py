"""The clinic's history: values by minute, flags, sets, delays, early stops; each as a chart, a table and a file."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from typing import Final

import streamlit as st

from monitoring.charts.clinic import clinic_figure
from monitoring.clinic import running
from monitoring.clinical.protocol import Level, Measure
from monitoring.exports.clinic_table import clinic_csv
from monitoring.review import clinic_counts
from monitoring.review.catching_up import catch_up
from monitoring.review.clinic_counts import ClinicTable, GroupBy, Scope
from monitoring.screens.doorway import PAGES
from monitoring.screens.plain import as_it_is, each_as_it_is, in_html, listed, plain, spoken

_LOOK_AGAIN_SECONDS: Final = 2
_ADDRESS: Final = "clinic_address"  # the address that the fields show
_ALONG: Final[dict[GroupBy, str]] = {"month": "by month", "protocol": "by ranges"}
_KEYS: Final = ("ranges", "from", "to", "along", "measure", "digits")
_NO_TOOLS: Final = {"displayModeBar": False}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is shown: of which infusions, along what, and of which measures."""

    scope: Scope
    along: GroupBy
    measure: Measure
    digits: Measure | None


def ask() -> Asked | None:
    """The fields that say what is counted. They stand in the address. None while there is nothing to count."""
    clinic = running()
    if catch_up(clinic):
        _draw_due()
    ends, measures = clinic.store.counting.months(), clinic_counts.measures(clinic)
    if not ends or not measures:
        st.info("No infusion has been opened yet.")
        return None
    months = list(clinic_counts.months(*ends))
    versions, typed = clinic_counts.versions(clinic), [m.key for m in measures.values() if clinic_counts.spans_tens(m)]
    options: dict[str, list[str]] = {
        "ranges": list(versions),
        "from": months,
        "to": months,
        "along": [*_ALONG],
        "measure": list(measures),
        "digits": typed,
    }
    _take_address(options)
    one, two, three, four = st.columns(4)
    one.selectbox(
        "Ranges",
        options["ranges"],
        index=None,
        format_func=listed(versions),
        key=_key("ranges"),
        on_change=_changed,
        placeholder="all",
    )
    for place, label, key, otherwise in (
        (two, "From month", "from", "the first"),
        (three, "To month", "to", "the last"),
    ):
        place.selectbox(
            spoken(label),
            months,
            index=None,
            format_func=lambda month: as_it_is(month_words(month)),
            key=_key(key),
            on_change=_changed,
            placeholder=as_it_is(otherwise),
        )
    four.selectbox("Compared", list(_ALONG), format_func=listed(_ALONG), key=_key("along"), on_change=_changed)
    state = st.session_state
    scope = Scope(state[_key("ranges")] or "", state[_key("from")] or "", state[_key("to")] or "")
    digits = state[_key("digits")]
    return Asked(scope, state[_key("along")], measures[state[_key("measure")]], measures[digits] if digits else None)


@st.fragment(run_every=_LOOK_AGAIN_SECONDS)
def _draw_due() -> None:
    """How many infusions are not counted yet; once there are none, the page is drawn again."""
    left = running().store.summaries.left()
    if not left:
        st.rerun()
    st.warning(f"▲ {left:,} {'infusion is' if left == 1 else 'infusions are'} being summed up and not counted yet.")


def draw_minutes(asked: Asked) -> None:
    """Percentiles of one measure by minute."""
    measures = clinic_counts.measures(running())
    label = {key: measure.label for key, measure in measures.items()}
    st.selectbox("Measure", list(measures), format_func=listed(label), key=_key("measure"), on_change=_changed)
    _draw(clinic_counts.curve(running(), asked.measure, asked.scope))


def draw_flags(asked: Asked) -> None:
    """How often which flag, in how many infusions, and how long until somebody acknowledged it."""
    clinic, scope, by = running(), asked.scope, asked.along
    _draw(clinic_counts.flags_by_kind(clinic, scope))
    left, right = st.columns(2, gap="large")
    with left:
        _draw(clinic_counts.flags_over_time(clinic, scope, by))
    with right:
        _draw(waited := clinic_counts.until_acknowledged(clinic, scope, by))
        if waited.left_out:
            st.page_link(PAGES / "past.py", label="Show those infusions", query_params=_unanswered(scope))


def _unanswered(scope: Scope) -> dict[str, str]:
    """The filters of Past infusions that show the critical flags of these infusions that nobody has acknowledged."""
    asked = {"level": Level.CRITICAL.word, "acknowledged": "no"}
    if scope.protocol:
        asked["protocol"] = scope.protocol
    if scope.first_month:
        asked["from"] = f"{scope.first_month}-01"
    if scope.last_month:
        year, month = map(int, scope.last_month.split("-"))
        asked["to"] = f"{scope.last_month}-{monthrange(year, month)[1]}"
    return asked


def draw_sets(asked: Asked) -> None:
    """What became of the sets that were due, how long values waited, and which last digits were typed."""
    clinic, scope, by = running(), asked.scope, asked.along
    left, right = st.columns(2, gap="large")
    with left:
        _draw(clinic_counts.slots(clinic, scope, by))
    with right:
        _draw(clinic_counts.until_saved(clinic, scope, by))
    if asked.digits is None:
        return
    measures = clinic_counts.measures(clinic)
    typed = [key for key, measure in measures.items() if clinic_counts.spans_tens(measure)]
    label = {key: measures[key].label for key in typed}
    st.selectbox("Last digits of", typed, format_func=listed(label), key=_key("digits"), on_change=_changed)
    _draw(clinic_counts.last_digits(clinic, asked.digits, scope))


def draw_ends(asked: Asked) -> None:
    """How many were stopped early and why, and how long patients stayed after the end."""
    clinic, scope, by = running(), asked.scope, asked.along
    left, right = st.columns(2, gap="large")
    with left:
        _draw(clinic_counts.early_stops(clinic, scope, by))
    with right:
        _draw(clinic_counts.until_leaving(clinic, scope, by))
    _draw(clinic_counts.stop_reasons(clinic, scope))


def _draw(table: ClinicTable) -> None:
    """A chart with how many it rests on and what it leaves out, or why it stays empty; then the same as a table."""
    left_out = f" · left out: {table.left_out}" if table.left_out else ""
    st.html(f'<h3 class="clinic">{in_html(table.title)}</h3><p class="clinic">{in_html(table.counted + left_out)}</p>')
    if table.nothing:
        st.info(plain(table.nothing))
    else:
        import pandas  # noqa: F401  plotly asks whether it is there, and trips over one that a thread is just loading

        dark = st.context.theme.type != "light"
        figure = each_as_it_is(clinic_figure(table, dark=dark).to_dict())
        st.plotly_chart(figure, theme=None, config=_NO_TOOLS, key=f"chart_{table.key}")
    with st.expander("As a table"):
        st.html(_html(table))
        st.download_button(
            "Download as CSV",
            lambda: clinic_csv(table),
            file_name=f"clinic-{table.key}.csv",
            mime="text/csv",
            key=f"download_{table.key}",
            on_click="ignore",
        )


def _html(table: ClinicTable) -> str:
    head = "".join(f"<th>{in_html(heading)}</th>" for heading in table.columns)
    shown = [(month_words(str(row[0])), *row[1:]) if table.columns[0] == "Month" else row for row in table.rows]
    rows = "".join(f"<tr>{''.join(f'<td>{_cell(cell)}</td>' for cell in row)}</tr>" for row in shown)
    return f'<div class="wide"><table class="along"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def month_words(month: str) -> str:
    """A month as a person reads it, everywhere on the screen: "2026-10" is "Oct 2026"."""
    return f"{date.fromisoformat(f'{month}-01'):%b %Y}"


def _cell(cell: str | int | float | None) -> str:
    if cell is None:
        return "–"
    return in_html(cell) if isinstance(cell, str) else f"{cell:,}" if isinstance(cell, int) else f"{cell:g}"


# Between the fields and the address


def _key(field: str) -> str:
    return f"clinic_{field}"


def _take_address(options: dict[str, list[str]]) -> None:
    """Let the fields show what the address asks for, when it is another than they have written."""
    state = st.session_state
    given = {key: st.query_params[key] for key in st.query_params}
    if state.get(_ADDRESS) != given or _key("along") not in state:
        state[_ADDRESS] = given
        for key in _KEYS:
            state[_key(key)] = given.get(key)
    for key, possible in options.items():  # also what has gone since: another version, another month
        if state.get(_key(key)) not in possible:
            first = possible[0] if possible and key in ("along", "measure", "digits") else None
            state[_key(key)] = first


def _changed() -> None:
    state = st.session_state
    defaults = {"along": next(iter(_ALONG))}
    address = {key: value for key in _KEYS if (value := state[_key(key)]) and value != defaults.get(key)}
    state[_ADDRESS] = address
    st.query_params.from_dict(address)
