"""The few HTTP and WebSocket doors beside the pages: sign-in, entries, live, health, and what guards them all."""

from __future__ import annotations

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from monitoring.routes import (
    assets,
    dosing,
    earlier,
    entries,
    exported,
    health,
    live,
    patients,
    printed,
    shell,
    signing,
)


def routes() -> list[BaseRoute]:
    """Every route of this server that is not Streamlit's own."""
    return [
        Route("/healthz", health.health),
        Route("/api/me", signing.me),
        Route("/api/sign-in", signing.sign_in, methods=["POST"]),
        Route("/api/sign-out", signing.sign_out, methods=["POST"]),
        Route("/api/attest", signing.attest, methods=["POST"]),
        Route("/api/wall", signing.wall, methods=["POST"]),
        Route("/api/demonstration/rate", signing.demonstration_rate, methods=["POST"]),
        Route("/api/patients/find", patients.find, methods=["POST"]),
        Route("/api/infusions/{infusion}/entries", entries.save, methods=["POST"]),
        Route("/api/infusions/{infusion}/downtime.pdf", printed.downtime),
        *(Route(f"/api/infusions/{{infusion}}/{name}", exported.infusion_file) for name in exported.OF_INFUSION),
        *(Route(f"/api/series/{{series}}/{name}", exported.series_file) for name in exported.OF_SERIES),
        Route("/api/exports", exported.start, methods=["POST"]),
        Route("/api/exports/data-dictionary.csv", exported.dictionary),
        Route("/api/exports/{export}", exported.made_file),
        Route("/api/infusions/{infusion}/dose", dosing.dose),
        Route("/api/infusions/{infusion}/earlier", earlier.earlier),
        Route("/api/infusions/{infusion}/move-entries", entries.move, methods=["POST"]),
        WebSocketRoute("/api/live", live.live),
        Route("/service-worker.js", shell.service_worker),
        Route("/assets/plotly.min.js", assets.plotly),
        Mount("/assets", assets.Modules()),
    ]
