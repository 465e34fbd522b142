"""The comparison in NiceGUI: five numbers, Save, and the chart pushed to every open page.

A save emits an Event; each page's handler hands the figure to its chart, and NiceGUI pushes it over its WebSocket. No
timer, and no validation of the figure.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nicegui import Event, ui

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.the_same_chart import MEASURES, vital_signs

signs, port = vital_signs(sys.argv[1:])
saved = Event[dict[str, Any]]()


@ui.page("/")
def page() -> None:
    """One screen."""
    fields = [ui.number(name).mark(name) for name in MEASURES]

    def save() -> None:
        signs.add([float(field.value) for field in fields])
        saved.emit(signs.figure())

    ui.button("Save", on_click=save)
    chart = ui.plotly(signs.figure()).classes("w-full").style("height: 480px")
    saved.subscribe(chart.update_figure)


ui.run(host="127.0.0.1", port=port, reload=False, show=False)
