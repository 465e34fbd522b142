"""What does not go as planned: the wrong chair, two tablets, a pause without end, an emergency, paper, a handover."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Route, expect

from monitoring.clinical.record import Entry
from tests.small_clinic import CLOCK_TIME, QUIET
from tests.stories.conftest import Tablets
from tests.stories.network import Network
from tests.stories.tablet import PORTRAIT, Tablet
from tests.stories.test_second_person import ORDER
from tests.stories.ward import Ward, typed, values

pytestmark = pytest.mark.browser

ADA, JONAS, INES = "Ada Okafor", "Jonas Lund", "Dr Ines Weiss"
BERLIN = ZoneInfo("Europe/Berlin")
FEW_TAPS = 6  # to move two entries to the right chair


def events(ward: Ward, infusion: str, *kinds: str) -> list[Entry]:
    """The events of these kinds, in the order recorded."""
    return [entry for entry in ward.written(infusion).entries if entry.event and entry.event.kind in kinds]


def number(ward: Ward, infusion: str) -> str:
    """The number of its chair, and of the patient who sits there."""
    return ward.written(infusion).chair.removeprefix("chair-")


def test_what_was_entered_at_the_wrong_chair_is_moved_in_few_taps(ward: Ward, tablets: Tablets) -> None:
    wrong, right = ward.running(), ward.running()
    here, there = number(ward, wrong), number(ward, right)
    ada = tablets(ward, ADA, infusion=wrong)
    jonas = tablets(ward, JONAS, infusion=right, viewport=PORTRAIT)
    ada.log(QUIET)
    ada.rate("Dissociation", "2 moderate")
    ada.shows(3)
    ada.sent()

    # The reason alone would leave them with this patient, corrected to the same.
    correcting = ada.sheet(re.compile("^Correct"))
    ada.tap(ada.entries.filter(has_text="126/78").get_by_role("button", name="Correct"))
    ada.tap(correcting.get_by_role("button", name="wrong patient", exact=True))
    expect(correcting.get_by_text("Nothing is changed here")).to_be_visible()
    ada.tap(correcting.get_by_role("button", name="Back", exact=True))

    ada.taps = 0
    ada.tap(ada.entries.filter(has_text="126/78").get_by_role("button", name="Correct"))
    ada.tap(correcting.get_by_role("button", name="Wrong patient …", exact=True))
    ada.tap(ada.button(f"Chair {there} Patient {there}"))
    which = ada.sheet(f"To Chair {there}, Patient {there}: which entries?")
    expect(which.get_by_role("checkbox", name="126/78")).to_be_checked()
    ada.tap(which.get_by_role("checkbox", name=re.compile("Dissociation")))
    ada.tap(which.get_by_role("button", name="Move 2 entries"))
    ada.tap(ada.sheet(f"Moved to Chair {there}, Patient {there}, because:").get_by_role("button", name="wrong patient"))
    assert ada.taps <= FEW_TAPS

    # Both screens at once: struck there, late here, each says where the other is.
    for text in ("126/78", "moderate"):
        gone = ada.entries.filter(has_text=text)
        expect(gone.get_by_text(text)).to_have_css("text-decoration-line", "line-through")
        expect(gone).to_contain_text(f"moved to Chair {there}: wrong patient")
        come = jonas.entries.filter(has_text=text)
        expect(come).to_contain_text("late entry")
        expect(come).to_contain_text(f"entered at Chair {here} by {ADA}: wrong patient")
        expect(come.get_by_text(text)).to_have_css("text-decoration-line", "none")
    expect(ada.page.get_by_role("list", name="Last values")).not_to_contain_text("126")
    expect(jonas.page.get_by_role("list", name="Last values")).to_contain_text("126")
    moved = [entry for entry in typed(ward.written(wrong)) if entry.kind != "withdrawal"]
    copies = typed(ward.written(right))
    assert [values(copy) for copy in copies] == [values(entry) for entry in moved]
    assert [copy.observed_at for copy in copies] == [entry.observed_at for entry in moved]
    assert [copy.linked for copy in copies] == [entry.id for entry in moved]
    assert {entry.linked for entry in ward.written(wrong).entries if entry.kind == "withdrawal"} == {
        copy.id for copy in copies
    }


def start_without_reason(tablet: Tablet) -> None:
    """Start the pump; the reason why without a checklist may follow."""
    tablet.tap(tablet.button("Pump started"))
    tablet.tap(
        tablet.sheet(re.compile("^Started with something missing")).get_by_role("button", name="Back", exact=True)
    )


def test_a_start_tapped_on_two_tablets_counts_once(ward: Ward, tablets: Tablets, network: Network) -> None:
    # Both are live, and the second tap reaches the server after the first.
    infusion = ward.planned()
    ada = tablets(ward, ADA, infusion=infusion)
    jonas = tablets(ward, JONAS, infusion=infusion, viewport=PORTRAIT)
    on_its_way: list[Route] = []
    ada.page.route("**/entries", lambda route: on_its_way.append(route))
    start_without_reason(ada)
    start_without_reason(jonas)
    jonas.knows(1)
    (held,) = on_its_way
    held.continue_()
    ada.page.unroute("**/entries")
    tray = ada.page.get_by_role("region", name="Needs attention")
    expect(tray).to_contain_text("Pump started: the infusion is running; expected before the start.")
    ada.tap(tray.get_by_role("button", name="Remove"))
    ada.tap(ada.button("Remove it"))
    expect(tray).to_have_count(0)
    (start,) = events(ward, infusion, "start")
    assert start.author_name == JONAS

    # One has no connection: what it recorded is kept, changes nothing, and is put right.
    infusion = ward.planned()
    ada = tablets(ward, ADA, infusion=infusion, url=network.url)
    jonas = tablets(ward, JONAS, infusion=infusion, viewport=PORTRAIT)
    network.cut()
    start_without_reason(jonas)
    jonas.knows(1)
    start_without_reason(ada)
    expect(ada.button("Pump paused")).to_be_visible()  # it goes by its own tap until it hears of the other
    network.whole()
    ada.sent()
    for tablet in (ada, jonas):
        expect(tablet.flags.filter(has_text="kept, changes nothing")).to_have_count(1)
    first, second = events(ward, infusion, "start")
    assert (first.author_name, second.author_name, second.queued) == (JONAS, ADA, True)
    counts = min(first.observed_at, second.observed_at)  # the clocks of two tablets agree to a part of a second
    assert datetime.fromisoformat(ada.document()["course"]["started_at"]) == counts
    jonas.tap(jonas.button("Put right …"))
    jonas.tap(jonas.sheet(re.compile("^Correct")).get_by_role("button", name="Withdraw", exact=True))
    jonas.tap(jonas.sheet(re.compile("^Withdraw")).get_by_role("button", name="entered twice"))
    expect(ada.flags.filter(has_text="kept, changes nothing")).to_have_count(0)
    assert datetime.fromisoformat(ada.document()["course"]["started_at"]) == counts


def test_a_pause_that_never_ends_counts_on_and_nobody_has_left(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, ADA, infusion=infusion)
    tablet.seen_ago(2)
    tablet.tap(tablet.button("Pump paused"))
    tablet.tap(tablet.button("bathroom"))
    clocks = tablet.button("Clocks")
    expect(clocks).to_contain_text(re.compile(r"Paused2:\d\d"))
    given = tablet.page.locator(".given")
    before, milligrams = clocks.inner_text(), given.inner_text()
    expect(clocks).not_to_have_text(before, use_inner_text=True)
    expect(given).to_have_text(milligrams, use_inner_text=True)

    leaving = tablet.step("Leaving")
    expect(leaving.get_by_text("From the end of the infusion on.")).to_be_visible()
    for criterion in leaving.get_by_role("list", name="Recorded values").get_by_role("listitem").all():
        expect(criterion).to_contain_text("missing · the infusion has not ended")
    expect(leaving.get_by_role("button", name="Patient leaves: close")).to_have_count(0)
    with pytest.raises(AssertionError, match=r"paused"):
        tablet.post_event(infusion, "close", reason="emergency")

    # The clock's own place is where it is closed.
    tablet.tap(clocks)
    row = tablet.page.get_by_role("list", name="Running clocks").get_by_role("listitem")
    expect(row).to_contain_text("Pump paused")
    tablet.tap(row.get_by_role("button", name="Pump resumed"))
    expect(tablet.page.get_by_text("No clock runs.")).to_be_visible()
    expect(clocks).to_have_text("no clocks")


def test_signing_with_a_half_typed_set_says_so_and_keeps_it(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, ADA, infusion=infusion)
    tablet.type({"systolic": 131, "diastolic": 81})
    tablet.post_leaving(infusion, JONAS)
    said = "On this tablet a set is typed and not saved."
    step = tablet.step("Sign-off")
    expect(step.get_by_role("list", name="Open points")).to_contain_text(said)
    for meaning, name in {"administered": ADA, "reviewed": INES}.items():
        tablet.tap(step.get_by_role("button", name=f"Sign as {meaning}"))
        tablet.pin(f"Sign as {meaning}", name)
    expect(step.get_by_text("Signed and locked on")).to_be_visible()
    expect(step.get_by_role("list", name="Open points")).to_contain_text(said)
    expect(tablet.tile("systolic")).to_have_accessible_description("131 mmHg")

    # As it is, it is refused; marked as what it is, it is taken.
    tablet.open_bedside(infusion)
    step = tablet.step("Sign-off")
    tablet.tap(step.get_by_role("button", name="Late entry"))
    expect(tablet.page.get_by_role("group", name="Next entry")).to_contain_text("Next entry: late entry")
    tablet.tap(tablet.button("Save"))
    expect(tablet.page.get_by_text("Late entry: The time of this entry is empty")).to_be_visible()
    seen = ward.written(infusion).entries[0].observed_at.astimezone(BERLIN)  # while the patient was here
    tablet.page.get_by_label("Date of this entry").fill(f"{seen:%Y-%m-%d}")
    tablet.page.get_by_label("Time of this entry").fill(f"{seen:%H:%M}")
    tablet.say_which_hour(seen)
    tablet.save()
    tablet.sent()
    late = ward.written(infusion).entries[-1]
    assert (values(late), late.amendment, late.after_signing) == (
        {"systolic": 131, "diastolic": 81},
        "late entry",
        True,
    )


def test_a_note_that_is_being_typed_is_left_alone_by_another_tablet(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.planned()
    escort = "Somebody takes the patient home"
    ada = tablets(ward, ADA, infusion=infusion)
    jonas = tablets(ward, JONAS, infusion=infusion, viewport=PORTRAIT)
    ada.step("Before")
    jonas.step("Before")
    ada.answer(escort, "yes")
    note = ada.page.get_by_role("textbox", name=f"{escort}: name and phone number")
    expect(note).to_be_focused()
    note.press_sequentially("Jo Muster, 0151")
    ada.page.evaluate("document.activeElement.setSelectionRange(2, 2)")  # she puts something right in the middle
    untouched = jonas.page.get_by_role("radiogroup", name="Agrees to the infusion today")
    in_its_step = "key => key.getBoundingClientRect().top + key.closest('.panel').scrollTop"
    stood = untouched.evaluate(in_its_step)

    jonas.answer("Consent on file", "yes")
    jonas.answer(escort, "no")
    jonas.log(QUIET)
    jonas.sent()
    for kind in ("order", "time_out"):  # the list of what is missing grows shorter by a line
        signed = ((ADA, "time-out"), (JONAS, "time-out")) if kind == "time_out" else ()
        jonas.post_event(infusion, kind, signed=signed, **(ORDER if kind == "order" else {}))
    expect(ada.page.get_by_role("radiogroup", name="Consent on file").get_by_role("radio", name="yes")).to_be_checked()
    expect(ada.page.get_by_role("radiogroup", name=escort).get_by_role("radio", name="no")).to_be_checked()
    ada.knows(6)
    jonas.knows(6)
    assert untouched.evaluate(in_its_step) == stood, "a key was moved under a finger"
    expect(note).to_be_focused()
    expect(note).to_have_value("Jo Muster, 0151")
    ada.page.keyboard.type("anna")
    expect(note).to_have_value("Joanna Muster, 0151")
    ada.answer(escort, "yes")
    expect(jonas.page.get_by_role("radiogroup", name=escort).get_by_role("radio", name="yes")).to_be_checked()
    line = jonas.page.get_by_role("listitem").filter(has_text=escort)
    expect(line).to_contain_text("Joanna Muster, 0151 · Ada Okafor")
    answers = [entry.event.detail for entry in events(ward, infusion, "check") if entry.event]
    assert [(one["item"], one["answer"], one.get("note", "")) for one in answers] == [
        ("escort", "yes", ""),
        ("consent_on_file", "yes", ""),
        ("escort", "no", ""),
        ("escort", "yes", "Joanna Muster, 0151"),
    ]


def test_an_emergency_takes_one_tap_for_each_thing(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, ADA, infusion=infusion, viewport=PORTRAIT)
    watching = tablets(ward, JONAS, infusion=infusion)
    tablet.tap(tablet.button("Emergency"))
    strip = tablet.page.get_by_role("group", name="Emergency")
    once = {"Help called": "help", "Sets every minute": "rapid", "Clinician called": "called", "Oxygen given": "note"}
    for n, (key, kind) in enumerate(once.items(), 2):
        tablet.taps = 0
        tablet.tap(strip.get_by_role("button", name=key))
        tablet.knows(n)
        assert tablet.taps == 1
        assert [e.kind for e in [ward.written(infusion).entries[-1].event] if e] == [kind]
    tablet.tap(tablet.sheet("Oxygen given").get_by_role("button", name="Back", exact=True))  # how much may follow
    clocks = watching.button("Clocks")
    expect(clocks).to_have_accessible_description("Help called, A set every minute, Clinician called")
    expect(clocks).to_contain_text("Rapid set")

    # A set closes one minute and begins the next.
    def due() -> datetime:
        (found,) = [one for one in watching.document()["care"]["clocks"] if one["kind"] == "rapid"]
        return datetime.fromisoformat(found["due_at"])

    first = due()
    tablet.log({"systolic": 128, "diastolic": 76})
    watching.knows(6)
    taken = ward.written(infusion).entries[-1].observed_at
    assert due() - taken == timedelta(minutes=1)
    assert due() > first
    for key in ("Help is here", "Rapid sets over"):
        tablet.tap(strip.get_by_role("button", name=key))
    watching.knows(8)
    expect(clocks).to_have_accessible_description("Clinician called")
    tablet.tap(strip.get_by_role("button", name="Back", exact=True))
    tablet.tap(tablet.button("Clocks"))
    tablet.tap(tablet.button("Is here"))
    expect(clocks).to_have_text("no clocks")
    assert [e.event.kind for e in typed(ward.written(infusion)) if e.event] == [*once.values(), "over", "over", "over"]


def test_what_was_on_paper_is_marked_and_shaded_and_additions_are_told_apart(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    tablet = tablets(ward, ADA, infusion=infusion)
    seen = (datetime.now(UTC) - timedelta(minutes=2)).astimezone(BERLIN).replace(second=0, microsecond=0)
    minute = (seen - ward.written(infusion).entries[0].observed_at).total_seconds() / 60
    bands = f"""document.querySelector(".plot").layout.shapes
      .filter(({{ type, x0, x1 }}) => type === "rect" && x0 < {minute} && {minute} < x1).length"""
    tablet.until("document.querySelector('.plot').layout")
    unshaded = tablet.page.evaluate(bands)
    tablet.tap(tablet.button("Seen at"))
    tablet.tap(tablet.sheet(re.compile("^Seen at")).get_by_role("button", name="From paper"))
    mode = tablet.page.get_by_role("group", name="Transcribing from paper")
    tablet.type({"heart_rate": 71})
    tablet.tap(tablet.button("Save"))
    expect(tablet.page.get_by_text("Transcribing from paper: The time of this entry is empty")).to_be_visible()
    expect(tablet.tile("heart_rate")).to_have_accessible_description("71 /min")
    mode.get_by_label("Date of this entry").fill(f"{seen:%Y-%m-%d}")
    mode.get_by_label("Time of this entry").fill(f"{seen:%H:%M}")
    tablet.say_which_hour(seen)
    tablet.save()
    expect(mode.get_by_label("Time of this entry")).to_have_value("")  # the next one has a time of its own
    tablet.tap(mode.get_by_role("button", name="Done"))
    tablet.log({"heart_rate": 72})
    tablet.knows(3)
    on_paper, now = typed(ward.written(infusion))
    assert (on_paper.source, now.source) == ("paper", "")
    assert on_paper.observed_at == seen.astimezone(UTC)
    line = tablet.entries.filter(has_text="71")
    expect(line).to_contain_text(re.compile(r"transcribed from paper at \d\d:\d\d"))
    expect(tablet.entries.filter(has_text="transcribed")).to_have_count(1)
    tablet.until(f"{bands} > {unshaded}")
    drawn = "document.querySelector('.plot').layout.annotations"
    tablet.until(f"{drawn}.some(({{ text }}) => text === 'transcribed from paper')")

    # After locking nothing is simply added.
    tablet.post_leaving(infusion, JONAS)
    for meaning, name in {"administered": ADA, "reviewed": INES}.items():
        tablet.post_event(infusion, "sign", signed=((name, meaning),), meaning=meaning)
    step = tablet.step("Sign-off")
    expect(step.get_by_text("Signed and locked on")).to_be_visible()
    expect(tablet.button("Save")).to_have_count(0)
    with pytest.raises(AssertionError, match="signed and locked: expected a late entry, an addendum or a correction"):
        tablet.post_event(infusion, "effect", name="headache")
    for kind in ("late entry", "addendum"):
        tablet.tap(step.get_by_role("button", name=f"{kind.capitalize()} …"))
        expect(tablet.page.get_by_text(f"Next entry: {kind}")).to_be_visible()
        if kind == "late entry":
            tablet.page.get_by_label("Time of this entry").fill(f"{seen:%H:%M}")
            tablet.say_which_hour(seen)
        tablet.tap(tablet.button("Note"))
        tablet.sheet("Note").get_by_label("Note").fill(f"This is the {kind}")
        tablet.tap(tablet.button("Save words"))
        expect(tablet.page.get_by_text(f"Next entry: {kind}")).to_have_count(0)  # it holds for one
    tablet.step("Entries")
    for kind in ("late entry", "addendum"):
        line = tablet.entries.filter(has_text=f"This is the {kind}")
        expect(line).to_contain_text(f"{kind} · recorded after signing")
    assert [(e.amendment, e.after_signing) for e in ward.written(infusion).entries[-2:]] == [
        ("late entry", True),
        ("addendum", True),
    ]


def test_a_nurse_who_takes_over_reads_one_page_and_taps_once(ward: Ward, tablets: Tablets) -> None:
    infusion = ward.running()
    ada = tablets(ward, ADA, infusion=infusion)
    ada.log({**QUIET, "systolic": 184})
    ada.tap(ada.flags.filter(has_text="184").get_by_role("button", name="Acknowledge"))
    ada.tap(ada.button("Clinician told"))
    ada.tap(ada.button("drowsy"))
    ada.tap(ada.sheet("drowsy").get_by_role("button", name="mild"))
    ada.tap(ada.button("Pump paused"))
    ada.tap(ada.button("blood pressure"))
    ada.step("Care")
    responsible = ada.page.get_by_role("region", name="Responsible nurse")
    expect(responsible).to_contain_text(ADA)
    ada.sent()

    jonas = tablets(ward, JONAS, viewport=PORTRAIT)
    jonas.page.goto(f"{jonas.url}/handover?infusion={infusion}")
    jonas.ready()
    page = jonas.page.get_by_role("main", name="Handover")
    for line in (
        re.compile(rf"Patient {number(ward, infusion)}.*allergies: none known"),
        re.compile(rf"paused since {CLOCK_TIME}, started {CLOCK_TIME}"),
        re.compile(r"Blood pressure.*184/78 mmHg, minute \d+"),
        re.compile(r"Systolic pressure 184 mmHg.*seen by Ada Okafor: Clinician told"),
        "Drowsy · mild · no end recorded",
        re.compile(rf"set due {CLOCK_TIME}, minute \d+|set overdue"),
        f"Responsible: {ADA}",
    ):
        expect(page.get_by_text(line).first).to_be_visible()
    expect(page.get_by_role("list", name="Running clocks")).to_contain_text(
        re.compile(r"Pump paused: blood pressure\d+:\d\d")
    )
    assert jonas.page.evaluate("document.scrollingElement.scrollHeight <= innerHeight"), "not read at a glance"
    jonas.taps = 0
    jonas.tap(jonas.button("I take over"))
    assert jonas.taps == 1
    expect(page.get_by_text("You are responsible.")).to_be_visible()
    expect(responsible).to_contain_text(JONAS)
    (taken,) = events(ward, infusion, "handover")
    assert taken.author_name == JONAS
