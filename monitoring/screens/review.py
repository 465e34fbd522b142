"""One infusion in review: what it came to, its replay, everything that happened, and who signed and looked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import streamlit as st

from monitoring.charts import MARK
from monitoring.clinic import running
from monitoring.clinical.protocol import Level
from monitoring.documents.column import NONE, Fact
from monitoring.documents.highlights import Moment
from monitoring.documents.review import Moments, changes_since, replayed, review_document
from monitoring.screens.doorway import PAGES
from monitoring.screens.drawn import STYLE, draw
from monitoring.screens.identity import actor
from monitoring.screens.plain import as_it_is, in_html, plain

_MARKS: Final = {level.word: MARK[level] for level in Level}
_CHART: Final = ("figure", "course", "now", "care")  # what the chart of the whole record needs
_SCREEN: Final = (
    *_CHART,
    "who",
    "infusion",
    "slots",
    "next",
    "strip",
    "oxygen",
    "flags",
    "conflicts",
    "notes",
    "quiet",
)
_WHOLE: Final = "whole record"
_OF_WHOLE: Final = (
    '<p class="rv of-whole">Whole record, as recorded until now'
    "<span>, not at the minute that the replay shows</span></p>"
)
_LONGEST_ASKED: Final = 20  # characters of what an address asks for, told back

Document = dict[str, Any]


def open_review(infusion_id: str | None) -> Document | None:
    """The infusion to be reviewed, as it stands now; that it is looked at is written down, once a sign-in."""
    st.html(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
    clinic, who = running(), actor()
    if not infusion_id or who is None:
        st.info("No infusion chosen.")
        st.page_link(PAGES / "past.py", label="Choose one among the past infusions")
        return None
    if clinic.store.infusion(infusion_id) is None:
        st.info("This infusion is not known here.")
        return None
    looked = f"review_looked_{who.sign_in.id}_{infusion_id}"
    if looked not in st.session_state:
        clinic.store.note_view(who.staff.id, infusion_id, "review")
        st.session_state[looked] = True
    return review_document(clinic, infusion_id)


def draw_head(document: Document) -> None:
    """Who, which infusion, when, where; and the ways to the series and to the bedside."""
    review, who = document["review"], document["who"]
    beside = {way: other for way in ("before", "after") if (other := review["beside"][way]) is not None}
    widths = [5, *(0.8 for _ in beside), 1, 1]
    words, *ways, series, bedside = st.columns(widths, vertical_alignment="center", gap="xsmall")
    words.html(
        f'<div class="rv head"><h2>{in_html(who["name"])}</h2><p>{in_html(who["line"])}</p>'
        f"<p><b>{in_html(document['infusion']['which'])}</b> · {review['day']} · {in_html(who['chair'])} · "
        f"{in_html(review['times'])}</p></div>"
    )
    for place, (way, other) in zip(ways, beside.items(), strict=True):
        label = plain(f"‹ {other['label']}" if way == "before" else f"{other['label']} ›")
        if place.button(label, key=f"to_{way}", help=plain(other["words"]), width="stretch"):
            st.switch_page(PAGES / "review.py", query_params={"infusion": other["id"]})
    if series.button("Series", key="to_series", width="stretch"):
        st.switch_page(PAGES / "series.py", query_params={"patient": review["patient"], "infusion": document["id"]})
    if bedside.button("Bedside", key="to_bedside", width="stretch"):
        st.switch_page(PAGES / "bedside.py", query_params={"infusion": document["id"]})


def draw_changed(document: Document) -> None:
    """A line for what was recorded since this review was opened; what is shown is always as it stands now."""
    infusion: str = document["id"]
    version: int = document["version"]
    seen: int = st.session_state.setdefault(f"review_seen_{infusion}", version)
    if version > seen:
        lines = changes_since(running(), infusion, seen)
        count = f"{len(lines)} {'entry' if len(lines) == 1 else 'entries'}"
        line, key = st.columns([6, 1], vertical_alignment="center")
        line.warning(plain(f"▲ This record changed while you read it: {count} added. " + "; ".join(lines[-4:])))
        key.button("Seen", key="review_changed", on_click=_seen, args=(infusion, version), width="stretch")
    for sentence in document["review"]["chain"]["sentences"]:
        st.error(plain(f"■ The chain of this record does not hold: {sentence}."))
    draw("watch", {"infusion": infusion, "version": version}, key=f"watch_{infusion}")


def _seen(infusion: str, version: int) -> None:
    st.session_state[f"review_seen_{infusion}"] = version


def draw_facts(document: Document) -> None:
    """What the infusion came to, a card a fact; what is still to come or was not recorded says so."""
    cards = "".join(_card(fact) for fact in document["review"]["facts"] if fact.text != NONE or fact.absent)
    st.html(f'{_OF_WHOLE}<ul class="rv cards">{cards}</ul>')


def draw_of_whole() -> None:
    """Says that what follows is of the whole record; plainer while the replay shows one minute of it."""
    st.html(_OF_WHOLE)


def _card(fact: Fact) -> str:
    text = fact.absent if fact.text == NONE else fact.text
    level = fact.level.word if fact.level else ""
    mark = f"{MARK[fact.level]} " if fact.level and fact.key != "flags" else ""
    return (
        f'<li class="card {level}"><span>{in_html(fact.label)}</span><b>{mark}{in_html(text)}</b>'
        f"<small>{in_html(fact.note)}</small></li>"
    )


# Replay


@st.fragment
def draw_replay(document: Document) -> None:
    """The chart, and a slider that shows what the live screen showed at each minute.

    Which instant a reader chose is kept for the infusion, not for a version of its record: what others add meanwhile
    makes a new slider, and moves nobody.
    """
    infusion, at = document["id"], document["review"]["moments"]
    place = f"replay_{infusion}_{document['version']}"
    moments: Moments = st.session_state.setdefault(f"{place}_moments", at)  # a slider keeps its ends while it is used
    kept, refused = f"replay_{infusion}_instant", f"replay_{infusion}_refused"
    drawn = f"replay_{infusion}_place"
    if st.session_state.get(drawn) not in st.session_state:  # opened now: a slider that was left is forgotten
        st.session_state[kept], st.session_state[refused] = _asked_for(moments)
    st.session_state[drawn] = place
    chosen = _minute_of(moments, st.session_state[kept])
    minutes = sorted({*moments.minutes, chosen} - {_WHOLE})
    st.session_state[place] = chosen
    slider, earlier, later, whole = st.columns([5.2, 2, 1.6, 1.7], vertical_alignment="bottom", gap="xsmall")
    slider.select_slider(
        "Replay: what the live screen showed",
        [*minutes, _WHOLE],
        format_func=lambda one: as_it_is(_minute(one, document)),
        key=place,
        on_change=_slid,
        args=(kept, place, moments),
    )
    earlier.button(
        "‹ Previous entry", key=f"{place}_earlier", on_click=_step, args=(kept, moments, -1), width="stretch"
    )
    later.button("Next entry ›", key=f"{place}_later", on_click=_step, args=(kept, moments, 1), width="stretch")
    whole.button("Whole record", key=f"{place}_whole", on_click=_choose, args=(kept, None), width="stretch")
    if isinstance(chosen, int):
        st.session_state[refused] = ""
        shown = replayed(running(), infusion, moments.instant(chosen))
        data = {
            "document": {**{key: shown[key] for key in _SCREEN}, "latest": _latest(shown)},
            "replay": True,
            "minute": chosen,
            "heading": f"The screen at {_minute(chosen, document)}",
        }
    else:
        if st.session_state[refused]:
            st.info(plain(st.session_state[refused]))
        heading = f"{document['course']['word']} · as recorded until now"
        data = {"document": {key: document[key] for key in _CHART}, "replay": False, "minute": None, "heading": heading}
    draw("replay", data, key=f"chart_{infusion}")


def _asked_for(moments: Moments) -> tuple[datetime | None, str]:
    """The instant that the address asks for; else None, the whole record, and why, "" when it asks for none."""
    asked = st.query_params.get("minute", "").strip()
    if not asked:
        return None, ""
    digits = asked.removeprefix("-")
    number = int(asked) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None
    if number in moments.minutes:
        return moments.instant(number), ""
    told = asked if len(asked) <= _LONGEST_ASKED else f"{asked[:_LONGEST_ASKED]}…"
    return None, f"The address asks for minute “{told}”, which this record does not have: the whole record is shown."


def _minute_of(moments: Moments, instant: datetime | None) -> int | str:
    """The replay's minute at this instant (a start put right meanwhile moves the minutes, not the reader)."""
    return _WHOLE if instant is None else moments.minute(instant)


def _minute(one: int | str, document: Document) -> str:
    if isinstance(one, str):
        return one
    if document["course"]["started_at"] is None:
        return f"{one} min after it was opened"
    return f"minute {one}" if one >= 0 else f"{-one} min before the start"


def _latest(document: Document) -> str:
    newest = max(document["entries"], key=lambda row: row["observed_at"], default=None)
    return f"{newest['time']} {newest['text']} · {newest['author']}" if newest else ""


def _step(kept: str, moments: Moments, by: int) -> None:
    """To the next minute, or the one before, by which something more had been recorded."""
    here = _minute_of(moments, st.session_state[kept])
    at = here if isinstance(here, int) else moments.minutes[-1] + 1
    found = [m for m in moments.recorded if m > at] if by > 0 else [m for m in reversed(moments.recorded) if m < at]
    if found:
        _choose(kept, moments.instant(found[0]))
    else:
        _choose(kept, None if by > 0 else moments.instant(moments.minutes[0]))


def _slid(kept: str, place: str, moments: Moments) -> None:
    minute = st.session_state[place]
    _choose(kept, moments.instant(minute) if isinstance(minute, int) else None)


def _choose(kept: str, instant: datetime | None) -> None:
    st.session_state[kept] = instant


# Everything that happened


def draw_happened(document: Document) -> None:
    """Every entry in the order of what happened; what was put right shows both values, and nothing is left out."""
    st.html(moments_html(document["review"]["highlights"]))
    rows = "".join(_entry(row) for row in document["entries"])
    st.html(_table("happened", ("Time", "Minute", "What", "Recorded by", "Marks"), rows))


def moments_html(moments: Sequence[Moment]) -> str:
    """The moments of an infusion, each under its time."""
    columns = "".join(
        f"<li><span>{in_html(moment.when)}</span>"
        + "".join(
            f'<b class="{line.level.word if line.level else ""}">{in_html(line.text)}</b>' for line in moment.lines
        )
        + "</li>"
        for moment in moments
    )
    return f'<ol class="rv moments">{columns}</ol>'


def _entry(row: Document) -> str:
    parts = " · ".join(_versions(run, row["state"] == "withdrawn") for run in _runs(row["parts"]))
    marks = _points(row["marks_in_full"])
    return (
        f'<tr class="{row["kind"]} {row["state"]}"><td>{row["time"]}</td><td>{row["minute"].removeprefix("min ")}</td>'
        f"<td>{parts}</td><td>{in_html(row['author'])}</td><td><ul>{marks}</ul></td></tr>"
    )


def _runs(parts: Sequence[Document]) -> Iterator[list[Document]]:
    """The parts of an entry, each with what stood there before it."""
    run: list[Document] = []
    for part in parts:
        run.append(part)
        if not part["became"]:
            yield run
            run = []


def _versions(run: Sequence[Document], withdrawn: bool) -> str:
    """What stood there, struck, and what stands there now: the words they begin with alike are said once."""
    words = [part["text"].split(" ") for part in run]
    shortest = min(len(one) for one in words) - 1
    alike = next((n for n in range(shortest) if len({one[n] for one in words}) > 1), shortest) if len(run) > 1 else 0
    begin = " ".join([*words[0][:alike], ""]) if alike else ""
    return in_html(begin) + " → ".join(
        _part(part, " ".join(one[alike:]), withdrawn) for part, one in zip(run, words, strict=True)
    )


def _part(part: Document, words: str, withdrawn: bool) -> str:
    text = in_html(words)
    if part["struck"] or withdrawn:
        return f"<del>{text}</del>"
    shown = f'<b class="{part["level"]}">{_MARKS[part["level"]]} {text}</b>' if part["level"] else text
    return f"<ins>{shown}</ins>" if part["new"] else shown


def draw_flags(document: Document) -> None:
    """Each flag with its receipt, who acknowledged it after how long and what was done, and the sets by slot."""
    flags = document["review"]["flags"]
    rows = "".join(_flag(flag) for flag in flags)
    heading = ("Flag", "From", "To", "First answer after", "Answered by, what was done")
    st.html(_table("flagged", heading, rows) if flags else '<p class="rv none">No flag in this infusion.</p>')
    slots = "".join(
        f'<li class="{slot["state"]}"><b>{slot["minute"]}</b><span>{in_html(slot["beside"])}</span></li>'
        for slot in document["slots"]
    )
    listed = f'<ul class="rv slot-list">{slots}</ul>'
    if _from_file(document):
        listed = '<p class="rv none">No set was due here: brought in from a file.</p>'
    st.html(f'<h3 class="rv">Sets by slot</h3>{listed}')


def _flag(flag: Document) -> str:
    state = " · still open" if flag["open"] else ""
    answers = "".join(
        f"<li>{in_html(one['at'])} · {in_html(one['who'])}: {in_html(one['done'])} ({one['level']})</li>"
        for one in flag["receipts"]
    )
    after = flag["acknowledged_after"] or "not acknowledged"
    return (
        f'<tr><td><b class="{flag["level"]}">{_MARKS[flag["level"]]} {in_html(flag["headline"])}</b>{state}<br>'
        f"<small>{in_html(flag['receipt'])}</small></td><td>{in_html(flag['opened'])}</td>"
        f"<td>{in_html(flag['closed']) or NONE}</td><td>{in_html(after)}</td><td><ul>{answers}</ul></td></tr>"
    )


def draw_care(document: Document) -> None:
    """Dose and where the drug went, both lists with their answers, recovery scores."""
    care = document["care"]
    dose, before, leaving = care["dose"], care["before"], care["leaving"]
    lines = [
        ("Ordered", dose["ordered"]),
        *(
            (label, dose[key])
            for key, label in (("planned", "Planned"), ("given", "Given"), ("remaining", "Remaining"))
        ),
        *((label, dose[key]) for key, label in (("drawn", "Drawn"), ("wasted", "Wasted"))),
        ("Adds up", dose["reconciled"]),
        ("Calculated by", before["dose"]["by"] if before["dose"] else ""),
        ("Second calculation", _second(before)),
        ("Time-out", before["time_out"]["text"] if before["time_out"] else ""),
        ("Started with missing", "; ".join(before["started_with_missing"])),
        ("Why", " · decided by ".join(part for part in (before["start_reason"], before["decided_by"]) if part)),
    ]
    left, right = st.columns(2)
    left.html(f'<h3 class="rv">Dose and drug</h3>{_lines(lines)}')
    if care["drug"] and care["drug"]["latest"]:
        drug = care["drug"]["latest"]
        witness = f"witness {drug['witness']}" if drug["witness"] else "no witness"
        left.html(_lines([("Drug", f"{drug['text']} · {drug['by']}, {drug['time']} · {witness}")]))
    left.html(f'<h3 class="rv">Before the start</h3>{_groups(document, before["groups"], "items")}')
    departure = leaving["departure"]["text"] if leaving["departure"] else ""
    right.html(
        f'<h3 class="rv">Before leaving</h3>{_groups(document, leaving["groups"], "criteria")}'
        + _lines([("Back at baseline", leaving["baseline"]["words"]), ("Departure", departure)])
    )
    scores = [(one["at"], f"{one['text']} · {one['by']}") for one in document["review"]["scores"]]
    if scores:
        right.html(f'<h3 class="rv">Recovery scores</h3>{_lines(scores)}')


def _second(before: Document) -> str:
    check = before["dose_check"]
    if check is None:
        return "not recorded" if before["second_calculation"] else ""
    found = "agrees" if check["agrees"] else "differs: " + " ".join(check["differences"])
    return f"{check['by']}, {found}"


def _from_file(document: Document) -> bool:
    return bool(document["review"]["came_from"])


def _groups(document: Document, groups: Sequence[Document], what: str) -> str:
    if not groups and _from_file(document):
        return '<p class="rv none">Brought in from a file: nothing was asked here.</p>'
    if not groups:
        return '<p class="rv none">This site asks for none.</p>'
    rows = "".join(
        f'<tr><th colspan="2">{in_html(group["title"])}</th></tr>' + "".join(_answer(one) for one in group[what])
        for group in groups
    )
    return f'<table class="rv answers"><tbody>{rows}</tbody></table>'


def _answer(one: Document) -> str:
    by = f"{one['by']}, {one['time']}" if one["by"] else one.get("recorded") or one["time"]
    found = one.get("answer") or one.get("words") or ""
    words = [word for word in (found, one.get("note_text", ""), by) if word]
    state = "caution" if one["state"] in ("missing", "look", "not met") else ""
    shown = in_html(" · ".join(words)) or "missing"
    mark = "▲ " if state else ""
    return f'<tr><td>{in_html(one["label"])}</td><td class="{state}">{mark}{shown}</td></tr>'


def draw_people(document: Document) -> None:
    """Signatures, what was added afterwards, who looked, the ranges it ran under, and the state of its chain."""
    review, signing = document["review"], document["care"]["signing"]
    left, right = st.columns(2)
    signed = [
        (one["meaning"], f"{one['name']}, {one['role']}, {one['when']}") for one in (signing or {}).get("signed", ())
    ]
    if signing and signing["next"]:
        signed.append((signing["next"]["meaning"], "not signed"))
    words = [signing["locked_words"]] if signing and signing["locked_words"] else []
    points = "".join(f"<li>{in_html(one)}</li>" for one in (*words, *(signing or {}).get("open_points", ())))
    none = '<p class="rv none">This site asks for no signature.</p>'
    left.html(f'<h3 class="rv">Signatures</h3>{_lines(signed) if signing else none}<ul class="rv points">{points}</ul>')
    added = "".join(_entry(row) for row in review["amendments"])
    table = _table("happened", ("Time", "Minute", "What", "Recorded by", "Marks"), added)
    ranges, chain = review["protocol"], review["chain"]
    approved = "; ".join(ranges["approvals"]) or "nobody"
    right.html(
        '<h3 class="rv">Ranges it ran under</h3>'
        + _lines(
            [
                ("Version", f"“{ranges['label']}”, {ranges['title']}"),
                ("Approved by", approved if ranges["approved"] else f"{approved} · not yet approved by this site"),
                ("Hash", ranges["hash"]),
            ]
        )
    )
    held = "; ".join(chain["sentences"]) or f"{chain['entries']} entries, each as it was saved"
    head = [
        ("Came from", review["came_from"]),
        ("Its entries", held),
        ("Ends with", chain["head"]),
        ("Audit row", str(chain["audited"])),
    ]
    right.html(f'<h3 class="rv">Chain</h3>{_lines(head)}')
    views = "".join(
        f"<tr><td>{in_html(view['name'])}</td><td>{in_html(view['screen'])}</td><td>{view['times']}</td>"
        f"<td>{view['first']}</td><td>{view['last']}</td></tr>"
        for view in review["views"]
    )
    right.html(f'<h3 class="rv">Who looked</h3>{_table("views", ("Name", "Screen", "Times", "First", "Last"), views)}')
    st.html(
        '<h3 class="rv">Corrected, late, withdrawn, added afterwards</h3>'
        + (table if added else '<p class="rv none">Nothing.</p>')
    )


def draw_values(document: Document) -> None:
    """The chart's values as a table: signs as columns, times as rows."""
    found = document["table"]
    rows = "".join(
        f"<tr><td>{row['minute']}</td><td>{row['time']}</td>{''.join(_cell(cell) for cell in row['cells'])}"
        f"<td>{in_html(row['author'])}<ul>{_points(row['marks'])}</ul></td></tr>"
        for row in found["rows"]
    )
    st.html(_table("values-table", ("Minute", "Time", *found["columns"], "Recorded by, marks"), rows))
    if left_out := document["review"]["left_out"]:
        heading = "Not in this table: left out when the file was brought in"
        st.html(f'<h3 class="rv">{heading}</h3><ul class="rv points">{_points(left_out)}</ul>')


def _points(lines: Iterable[str]) -> str:
    return "".join(f"<li>{in_html(line)}</li>" for line in lines)


def _cell(cell: Document) -> str:
    text = in_html(cell["text"])
    shown = f'<b class="{cell["level"]}">{_MARKS[cell["level"]]} {text}</b>' if cell["level"] else text
    before = "".join(f"<del>{in_html(one)}</del> → " for one in cell["before"])
    return f"<td>{before}<ins>{shown}</ins></td>" if before else f"<td>{shown}</td>"


def _table(kind: str, heading: Iterable[str], rows: str) -> str:
    head = "".join(f"<th>{in_html(word)}</th>" for word in heading)
    table = f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    return f'<div class="rv scroll">{table}</div>'


def _lines(lines: Iterable[tuple[str, str]]) -> str:
    rows = "".join(f"<div><dt>{in_html(name)}</dt><dd>{in_html(text)}</dd></div>" for name, text in lines if text)
    return f'<dl class="rv lines">{rows}</dl>'
