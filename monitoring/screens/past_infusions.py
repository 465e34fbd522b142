"""Finding past infusions: what is asked, a page of what was found, and the way to each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from monitoring.charts import MARK
from monitoring.clinic import running
from monitoring.clinical.clock_times import day_and_time
from monitoring.clinical.protocol import OVER, Level
from monitoring.clinical.written_numbers import number_text
from monitoring.documents import PHASE_WORDS
from monitoring.records.summary_shapes import FoundInfusion, SortKey
from monitoring.review.catching_up import not_judged
from monitoring.review.search import DAYS, LARGEST, PAGE_LENGTH, Choices, Found, Wanted, address_of, find, wanted_from
from monitoring.screens.doorway import PAGES
from monitoring.screens.drawn import draw
from monitoring.screens.exporting import Search, draw_exports
from monitoring.screens.number_field import NumberField
from monitoring.screens.plain import in_html, listed, plain, spoken

_LOOK_AGAIN_SECONDS: Final = 2
_WORDS: Final = "past_words"  # what was typed of a patient: in this tab's session, and in no address
_ADDRESS: Final = "past_address"  # the address that the fields show
_PAGE: Final = "past_page"
_UNREAD: Final = "past_unread"  # what the address asks for and cannot be asked
_SORTED: Final[dict[tuple[SortKey, bool], str]] = {
    ("day", False): "newest first",
    ("day", True): "oldest first",
    ("patient", True): "by patient",
    ("nurse", True): "by nurse",
    ("chair", True): "by chair",
    ("dose", False): "largest dose first",
    ("given", False): "most given first",
    ("flags", False): "most flags first",
    ("leaving", False): "longest until leaving first",
    ("leaving", True): "shortest until leaving first",
}
_YES_OR_NO: Final = {"yes": "yes", "no": "no"}
_ANSWERED: Final = {"no": "not acknowledged", "yes": "acknowledged"}
_GONE: Final = "not known here"
_BOUNDS: Final = (
    ("Dose from [mg]", "mg_from"),
    ("Dose to [mg]", "mg_to"),
    ("Dose from [mg/kg]", "mg_per_kg_from"),
    ("Dose to [mg/kg]", "mg_per_kg_to"),
)


def find_infusions() -> Found:
    """The fields that say what is wanted, and the page of infusions that they and the address ask for."""
    _take_address()
    st.text_input(
        "Find a patient by name or number",
        key=_key("find"),
        value=st.session_state.get(_WORDS, ""),
        on_change=_words_changed,
        placeholder="What is typed here never stands in the address",
    )
    wanted = _wanted_now()
    found = find(running(), wanted, st.session_state.get(_WORDS, ""), st.session_state.get(_PAGE, 1))
    _draw_fields(found.choices)
    st.session_state[_key("sorted")] = st.session_state[_key("sorted")]  # Streamlit forgets a field that is not drawn
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        st.warning("From lies after To: there is no day between them.")
    return found


def draw_found(found: Found) -> None:
    """One line an infusion; it leads to its review, or to the bedside of one that is not over."""
    if found.still_due:
        _draw_due()
    if unread := st.session_state.get(_UNREAD):
        st.warning(plain(f"The address asks for what cannot be asked, and that is left out: {', '.join(unread)}."))
    if not found.rows:
        asked = bool(st.session_state.get(_WORDS)) or _wanted_now() != Wanted()
        st.info("No infusion found." if asked else "No infusion has been opened yet.")
        return
    told, sorted_by = st.columns([3, 2], vertical_alignment="bottom")
    first = (found.page - 1) * PAGE_LENGTH + 1
    told.html(f'<p class="past">{first:,} to {first + len(found.rows) - 1:,} of {_infusions(found.total)}</p>')
    options = list(_SORTED)
    at = options.index(st.session_state[_key("sorted")])
    sorted_by.selectbox("Sorted", options, at, format_func=listed(_SORTED), key=_key("sorted"), on_change=_changed)
    if found.pages > 1:
        _draw_turn(found, "above")
    zone = _zone()
    for row in found.rows:
        line, marks, open_it = st.columns([6, 3.6, 1.3], vertical_alignment="center")
        line.html(_line(row, zone))
        said = [_whole(pieces) for pieces in (_marks(row), _left_and_entries(row))]
        marks.html(f'<p class="past">{"<br>".join(line for line in said if line)}</p>')
        page, label = ("review", "Review") if row.phase in OVER or row.imported else ("bedside", "Bedside")
        # A link, not a button: the way back leads to what was found, and not past it.
        open_it.page_link(
            PAGES / f"{page}.py",
            label=plain(label),
            help=f"Infusion of {row.opened_at.astimezone(zone):%d %b %Y}",
            width="stretch",
            query_params={"infusion": row.infusion},
        )
    if found.pages > 1:
        _draw_turn(found, "below")
        draw("top", {"shown": found.page}, key="past_top")


@st.fragment(run_every=_LOOK_AGAIN_SECONDS)
def _draw_due() -> None:
    """How many infusions may be missing; once there are none, the page is drawn again."""
    left, stuck = running().store.summaries.left(), not_judged(running())
    if not left:
        st.rerun()
    if left > stuck:
        st.warning(
            plain(f"▲ {_infusions(left)} {'is' if left == 1 else 'are'} being summed up and may be missing here.")
        )
    if stuck:
        st.error(plain(f"▲ {_infusions(stuck)} cannot be judged and may be missing here; the server's log says why."))


def _draw_turn(found: Found, place: str) -> None:
    """To the page before, and to the next."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        back, on = found.page - 1, found.page + 1
        st.button("Previous page", key=f"previous_{place}", disabled=back < 1, on_click=_turn, args=(back,))
        st.html(f'<p class="past">page {found.page:,} of {found.pages:,}</p>', width="content")
        st.button("Next page", key=f"next_{place}", disabled=on > found.pages, on_click=_turn, args=(on,))


def draw_take_out(found: Found) -> None:
    """All that was found, on every page of it, as a file."""
    if found.total:
        draw_exports(search=Search(_wanted_now(), st.session_state.get(_WORDS, ""), found.total))


# One line


def _line(row: FoundInfusion, zone: ZoneInfo) -> str:
    of = f"{row.number} of {row.planned_infusions}" if row.number <= row.planned_infusions else "maintenance"
    given = f", {row.given_mg:.1f} mg given" if row.given_mg is not None else ""
    said = [
        day_and_time(row.opened_at, zone),
        in_html(row.chair),
        f"{row.dose_mg:.1f} mg ({row.mg_per_kg:g} mg/kg){given}",
        in_html(row.nurse),
        *(in_html(word) for word in _course(row)),
    ]
    who = [f"<b>{in_html(row.patient_name)}</b>", f"no. {in_html(row.patient_number)}", f"infusion {of}"]
    return f'<p class="past">{_whole(who)}<br>{_whole(said)}</p>'


def _whole(pieces: Iterable[str]) -> str:
    """Pieces of a line, none of them broken over two lines as long as it fits on one."""
    return " · ".join(f"<span>{piece}</span>" for piece in pieces if piece)


def _course(row: FoundInfusion) -> Iterator[str]:
    if row.phase != "closed":
        yield PHASE_WORDS[row.phase]
    if row.ended_early:
        yield f"stopped early: {row.stop_reason}" if row.stop_reason else "stopped early"


def _marks(row: FoundInfusion) -> Iterator[str]:
    """Flags by level, what nobody acknowledged, and signatures that are missing."""
    for level, count in ((Level.CRITICAL, row.criticals), (Level.CAUTION, row.cautions)):
        if count:
            yield f'<b class="{level.word}">{MARK[level]} {count} {level.word}</b>'
    if row.unacknowledged:
        yield f"{row.unacknowledged} not acknowledged"
    if row.to_sign:
        yield f"{row.to_sign} to sign"


def _left_and_entries(row: FoundInfusion) -> Iterator[str]:
    """How long the patient stayed, and how much was recorded."""
    if row.minutes_to_leaving is not None:
        yield f"left {row.minutes_to_leaving} min after the end"
    yield f"{row.entries} {'entry' if row.entries == 1 else 'entries'}"
    if row.imported:
        yield "from a file"


def _infusions(count: int) -> str:
    return f"{count:,} {'infusion' if count == 1 else 'infusions'}"


# What is asked


def _draw_fields(choices: Choices) -> None:
    """The fields, then what is asked in words, for they may be folded.

    They are all there whether or not something is asked, so that none loses what was chosen. Each is told each time
    what it holds: a browser draws them when they are unfolded, and what they then show is what it asks next.
    """
    # Told of, it stays as it is when the page is drawn again; a bookmark shows what it finds, not the fields.
    with st.expander("Filters", key=_key("filters"), on_change="rerun"):
        asked = list(_fields(choices))
        st.button("Clear all filters", key="clear", on_click=_clear, disabled=not asked)
    if asked:
        count = "1 filter" if len(asked) == 1 else f"{len(asked)} filters"
        st.html(f'<p class="past asked"><b>{count}</b> · {_whole(in_html(one) for one in asked)}</p>')


def _fields(choices: Choices) -> Iterator[str]:
    """Draw each field, and say what it asks, if anything."""
    first, last, nurse, chair = st.columns(4)
    for column, label, key in ((first, "From", "from"), (last, "To, that day included", "to")):
        day = st.session_state[_key(key)]
        column.date_input(spoken(label), day, *DAYS, key=_key(key), on_change=_changed, format="DD/MM/YYYY")
        if day:
            yield f"{label.partition(',')[0]} {day:%d %b %Y}"
    yield from _choose(nurse, "Recorded by", "nurse", dict(choices.people))
    yield from _choose(chair, "Chair", "chair", {one.id: one.label for one in running().store.chairs()})
    phase, ranges = st.columns(2)
    yield from _several(phase, "Phase", "phase", dict(PHASE_WORDS))
    yield from _choose(ranges, "Ranges it ran under", "protocol", _protocol_labels(choices.protocols))
    bounds = st.columns(4)
    for column, (label, key) in zip(bounds, _BOUNDS, strict=True):
        if (bound := _bound(key, label).draw(column, on_change=_changed).value) is not None:
            yield f"{label} {bound:.10g}"
    flag, level, answered = st.columns(3)
    yield from _choose(flag, "Flag of", "flag", _measure_labels(choices))
    levels = {one.word: f"{MARK[one]} {one.word}" for one in reversed(Level)}
    yield from _choose(level, "Level, at least", "level", levels)
    yield from _choose(answered, "Acknowledged", "acknowledged", _ANSWERED)
    effect, medicine, file = st.columns(3)
    yield from _several(effect, "Effect, any of", "effect", dict(choices.effects))
    yield from _several(medicine, "Medicine, any of", "medicine", dict(choices.medicines))
    yield from _choose(file, "Brought in from a file", "imported", _YES_OR_NO)
    for column, label, key in zip(
        st.columns(3), ("Stopped early", "To be signed"), ("early", "unsigned"), strict=False
    ):
        wanted = bool(st.session_state[_key(key)])
        column.toggle(spoken(label), wanted, _key(key), on_change=_changed)
        if wanted:
            yield label


def _bound(key: str, label: str) -> NumberField:
    unit = "mg/kg" if "per_kg" in key else "mg"
    return NumberField(_key(key), label.partition(" [")[0], unit, label, possible=(0, LARGEST))


def _choose(place: DeltaGenerator, label: str, key: str, words: Mapping[str, str]) -> Iterator[str]:
    """One of several, or none; what is asked for and is not there any more stays to be seen."""
    chosen = st.session_state[_key(key)]
    options = [*words, *([chosen] if chosen is not None and chosen not in words else [])]
    at = None if chosen is None else options.index(chosen)
    place.selectbox(
        spoken(label),
        options,
        at,
        format_func=listed(words, _GONE),
        key=_key(key),
        on_change=_changed,
        placeholder="any",
    )
    if chosen is not None:
        yield f"{label}: {words.get(chosen, _GONE)}"


def _several(place: DeltaGenerator, label: str, key: str, words: Mapping[str, str]) -> Iterator[str]:
    chosen: list[str] = st.session_state[_key(key)]
    options = [*words, *(one for one in chosen if one not in words)]
    place.multiselect(
        spoken(label),
        options,
        chosen,
        format_func=listed(words, _GONE),
        key=_key(key),
        on_change=_changed,
        placeholder="any",
    )
    if chosen:
        yield f"{label}: {', '.join(words.get(one, _GONE) for one in chosen)}"


def _key(field: str) -> str:
    return f"past_{field}"


def _measure_labels(choices: Choices) -> dict[str, str]:
    """The measures with a flag, by the labels of the newest version that has them."""
    labels = {"set": "Sets that are due"}
    for hash in reversed(choices.protocols):
        labels |= {key: measure.label for key, measure in running().protocol_of(hash).measures.items()}
    return {key: labels.get(key, key) for key in choices.flags}


def _protocol_labels(hashes: Sequence[str]) -> dict[str, str]:
    return {hash: running().protocol_of(hash).label for hash in hashes}


# What is asked, between the fields and the address


def _take_address() -> None:
    """Let the fields show what the address asks for, when it is another than they have written."""
    state, zone = st.session_state, _zone()
    given = {key: st.query_params.get_all(key) for key in st.query_params}
    if state.get(_ADDRESS) == given and _key("sorted") in state:
        return
    wanted, state[_PAGE] = wanted_from(given, zone)
    state[_ADDRESS] = given
    asked = address_of(wanted, zone, state[_PAGE])
    state[_UNREAD] = [f"{key}={value}" for key, value in _unread(given, asked)]
    for key in ("nurse", "chair", "protocol", "flag", "level", "acknowledged", "imported"):
        state[_key(key)] = asked[key][0] if key in asked else None
    for key in ("phase", "effect", "medicine"):
        state[_key(key)] = asked.get(key, [])
    for key in ("from", "to"):
        state[_key(key)] = date.fromisoformat(asked[key][0]) if key in asked else None
    for _, key in _BOUNDS:
        state[_key(key)] = asked[key][0] if key in asked else ""
    state[_key("early")], state[_key("unsigned")] = wanted.ended_early, wanted.unsigned
    order = (wanted.sort, wanted.rising)
    state[_key("sorted")] = order if order in _SORTED else next(iter(_SORTED))


def _unread(given: Mapping[str, Sequence[str]], asked: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """What an address says that nothing was made of."""
    plainly = {("page", "1"), ("sort", "day")}  # as it is without being asked
    for key, values in given.items():
        for value in values:
            read = value in asked.get(key, ()) if key in ("phase", "effect", "medicine") else key in asked
            if not read and (key, value) not in plainly:
                yield key, value


def _wanted_now() -> Wanted:
    """What the fields ask for."""
    state = st.session_state
    asked: dict[str, list[str]] = {}
    for key in ("nurse", "chair", "protocol", "flag", "level", "acknowledged", "imported"):
        asked[key] = [] if state[_key(key)] is None else [str(state[_key(key)])]
    for label, key in _BOUNDS:
        bound = _bound(key, label).number()
        asked[key] = [] if bound is None else [number_text(bound)]
    for key in ("from", "to"):
        day = state[_key(key)]
        asked[key] = [day.isoformat()] if isinstance(day, date) else []
    for key in ("phase", "effect", "medicine"):
        asked[key] = list(state[_key(key)])
    for key in ("early", "unsigned"):
        asked[key] = ["yes"] if state[_key(key)] else []
    sort, rising = state[_key("sorted")]
    asked |= {"sort": [sort], "order": ["rising"] if rising else []}
    return wanted_from(asked, _zone())[0]


def _write_address() -> None:
    address = address_of(_wanted_now(), _zone(), st.session_state[_PAGE])
    st.session_state[_ADDRESS] = address
    st.query_params.from_dict(address)


def _changed() -> None:
    st.session_state[_PAGE] = 1
    st.session_state[_UNREAD] = []
    _write_address()


def _words_changed() -> None:
    st.session_state[_WORDS] = st.session_state[_key("find")]
    _changed()


def _clear() -> None:
    """Ask nothing any more: at once, so that a field that reports in the same moment does not bring the rest back."""
    st.query_params.clear()
    _take_address()


def _turn(page: int) -> None:
    st.session_state[_PAGE] = page
    _write_address()


def _zone() -> ZoneInfo:
    found = running().store.clinic()
    return ZoneInfo(found.zone if found else "UTC")
