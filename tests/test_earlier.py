"""A patient's earlier infusions behind the live chart: on its axes, never joined across a gap, only when asked for."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from monitoring import recording
from monitoring.charts.earlier import Earlier, earlier_traces
from monitoring.charts.infusion import infusion_figure
from monitoring.clinic import RunningClinic
from monitoring.clinical.course import course
from monitoring.clinical.flags import levels
from monitoring.documents import infusion_document
from monitoring.documents.earlier import earlier_document
from monitoring.records.database import Database
from monitoring.routes.earlier import SCREEN
from monitoring.routes.live import _note_view
from tests.clinical.timeline import SHIPPED, Timeline, at, running
from tests.exports.test_printed import asked
from tests.small_clinic import Names, SetClock, actor, entry, event, open_infusion
from tests.test_charts import ZONE


def earlier(line: Timeline, label: str = "#1") -> Earlier:
    return Earlier(label, line.infusion, line.protocol, course(line.infusion, line.protocol, at(300)))


def trace(found: list[dict[str, Any]], axis: str) -> dict[str, Any]:
    (one,) = [trace for trace in found if trace["yaxis"] == axis]
    return one


def test_each_measure_lies_on_the_axis_it_has_in_the_live_chart() -> None:
    line = running()
    line.observe(5, dissociation=2)
    line.set(10, systolic=141.0, diastolic=81.0, heart_rate=91.0, spo2=96.0, respiration=17.0)
    infusion = line.infusion
    stands = course(infusion, line.protocol, at(11))
    live = infusion_figure(infusion, line.protocol, stands, levels(infusion, line.protocol, stands), at(11), ZONE)
    axis_of = {one["name"]: one["yaxis"] for one in live["data"] if one["mode"] != "lines" and "marker" in one}
    found = earlier_traces(SHIPPED, [earlier(line)])
    assert [one["y"][-1] for one in found if one["yaxis"] == axis_of["Systolic pressure"]] == [141, 81]
    for label, value in (("Heart rate", 91), ("Oxygen saturation", 96), ("Respiration", 17)):
        assert trace(found, axis_of[label])["y"][-1] == value
    dissociation = next(one["yaxis"] for one in live["data"] if one["name"] == "Dissociation")
    assert trace(found, dissociation)["y"] == [2]


def test_no_line_joins_across_a_gap_and_later_ones_are_clearer() -> None:
    one, other = running(), running()
    for line in (one, other):
        line.quiet_set(10)
        line.quiet_set(40)
    found = [trace for trace in earlier_traces(SHIPPED, [earlier(one), earlier(other, "#2")]) if trace["yaxis"] == "y"]
    assert {tuple(trace["x"]) for trace in found} == {(-4, 10, None, 40)}
    assert {trace["connectgaps"] for trace in found} == {False}
    assert found[0]["hovertext"][1].startswith("earlier, #1<br>Systolic pressure 126 mmHg")
    assert 0.65 <= found[0]["opacity"] < found[-1]["opacity"] < 0.8  # seen in both themes, and behind what is live


def test_each_infusion_has_its_number_and_a_dash_that_is_the_same_in_every_panel() -> None:
    found = earlier_traces(SHIPPED, [earlier(running(), "#1 · 12 Nov 2026"), earlier(running(), "04 Oct 2026")])
    assert {(trace["meta"], trace["line"]["dash"]) for trace in found} == {("#1", "solid"), ("04 Oct", "dash")}


def test_a_measure_in_another_unit_then_is_left_out() -> None:
    line = running()
    heart = replace(SHIPPED.measures["heart_rate"], unit="Hz")
    line.protocol = replace(SHIPPED, measures={**SHIPPED.measures, "heart_rate": heart})
    assert len(earlier_traces(SHIPPED, [earlier(line)])) == len(earlier_traces(SHIPPED, [earlier(running())])) - 1
    assert earlier_traces(SHIPPED, []) == []


# Of a patient


@pytest.fixture
def later(clinic: RunningClinic, names: Names, clock: SetClock) -> str:
    """Marta Brandt's third infusion: the first was started, the second was cancelled."""
    ada = actor(clinic, "Ada Okafor")

    def then(infusion: str, body: dict[str, Any]) -> None:
        outcome = recording.save_entry(clinic, ada, infusion, body)
        assert outcome.done, outcome.sentences

    then(names.infusion, entry(clock.wait(minutes=1)))
    then(names.infusion, event(clock.wait(minutes=1), "start", reason="other", decided_by="Dr Ines Weiss"))
    then(names.infusion, event(clock.wait(minutes=40), "end"))
    then(names.infusion, {**event(clock.wait(minutes=60), "close"), "queued": True})
    clock.wait(days=2)
    marta = names.patients["Marta Brandt"]
    cancelled = open_infusion(clinic, ada, marta, "chair-1")
    then(cancelled, event(clock.wait(minutes=1), "cancel", reason="no escort"))
    omar = open_infusion(clinic, ada, names.patients["Omar Haddad"], "chair-2")
    then(omar, event(clock.now(), "start", reason="other", decided_by="Dr Ines Weiss"))
    clock.wait(days=2)
    return open_infusion(clinic, ada, marta, "chair-1")


def test_only_the_patients_own_started_infusions_before_this_one_are_there(
    clinic: RunningClinic, names: Names, later: str
) -> None:
    assert earlier_document(clinic, later)["labels"] == ["#1"]
    assert earlier_document(clinic, names.infusion) == {"infusion": names.infusion, "labels": [], "traces": []}
    with pytest.raises(LookupError):
        earlier_document(clinic, "nobody")


def test_the_live_document_does_not_carry_them(clinic: RunningClinic, later: str) -> None:
    figure = infusion_document(clinic, later)["figure"]
    assert not [trace for trace in figure["data"] if "earlier" in trace["name"]]


def test_who_may_look_gets_them_and_has_looked_at_them(
    clinic: RunningClinic, names: Names, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asked(clinic, f"/api/infusions/{later}/earlier", who="Jonas Lund", monkeypatch=monkeypatch)
    assert answer.status_code == 200
    assert answer.json() == earlier_document(clinic, later)
    assert [(view.name, view.screen) for view in clinic.store.views_of(names.infusion)] == [("Jonas Lund", SCREEN)]
    assert clinic.store.views_of(later) == ()


def test_who_looks_writes_nothing_himself_and_so_waits_for_no_writer(
    clinic: RunningClinic, names: Names, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jonas = actor(clinic, "Jonas Lund")
    write, written_by = Database.write, set[str]()

    def watched(self: Database, **how: Any) -> Any:
        written_by.add(threading.current_thread().name)
        return write(self, **how)

    monkeypatch.setattr(Database, "write", watched)
    for path in ("earlier", "downtime.pdf"):
        answer = asked(clinic, f"/api/infusions/{later}/{path}", who=jonas, monkeypatch=monkeypatch)
        assert answer.status_code == 200
    _note_view(clinic, jonas.sign_in, names.infusion, "bedside")
    assert [view.screen for view in clinic.store.views_of(names.infusion)] == [SCREEN, "bedside"]
    assert [view.screen for view in clinic.store.views_of(later)] == ["downtime sheet"]
    clinic.store.close()
    assert written_by == {"views"}


@pytest.mark.parametrize(("who", "infusion", "status"), [(None, "", 401), ("Ada Okafor", "nobody", 404)])
def test_others_are_refused_in_a_sentence(
    clinic: RunningClinic, later: str, who: str | None, infusion: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = asked(clinic, f"/api/infusions/{infusion or later}/earlier", who=who, monkeypatch=monkeypatch)
    assert answer.status_code == status
    assert len(answer.json()["sentences"]) == 1
