"""The comparison in Dash: five numbers, Save, and the chart pushed to every open page.

Dash's own way to push is a callback that stays: over the WebSocket of its FastAPI backend it sets the chart's figure
whenever a set was saved. That is faster than polling with an Interval, and no page asks while nothing happens.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import uvicorn
from dash import Dash, Input, Output, State, ctx, dcc, html, set_props
from dash.exceptions import PreventUpdate

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.the_same_chart import MEASURES, vital_signs

signs, port = vital_signs(sys.argv[1:])
pages: set[asyncio.Queue[dict[str, Any]]] = set()

app = Dash(__name__, backend="fastapi", websocket_callbacks=True)
app.layout = html.Div(
    [
        *[dcc.Input(id=f"value-{n}", type="number", placeholder=name) for n, name in enumerate(MEASURES)],
        html.Button("Save", id="save"),
        html.Div(id="said"),
        dcc.Graph(id="chart", figure=signs.figure(), style={"height": "480px"}),
    ]
)


@app.callback(
    Output("said", "children"),
    Input("save", "n_clicks"),
    *[State(f"value-{n}", "value") for n in range(len(MEASURES))],
    prevent_initial_call=True,
)
async def save(clicks: int, *values: float) -> str:
    """Keep the set, then tell every page."""
    signs.add(list(values))
    figure = signs.figure()
    for page in pages:
        page.put_nowait(figure)
    return f"saved {clicks}"


@app.callback(persistent=True)
async def push() -> None:
    """One page's stay: its chart is set whenever a set was saved."""
    mine: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    pages.add(mine)
    try:
        while True:
            figure = await mine.get()
            if ctx.websocket is None or ctx.websocket.is_shutdown:
                raise PreventUpdate
            set_props("chart", {"figure": figure})
    finally:
        pages.discard(mine)


uvicorn.run(app.server, host="127.0.0.1", port=port, log_level="warning")
