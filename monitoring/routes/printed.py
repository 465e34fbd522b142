"""The doors to what is printed: the downtime sheet of an infusion."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from monitoring import access
from monitoring.clinic import RunningClinic, running
from monitoring.clinical.course import is_over
from monitoring.documents import judged
from monitoring.documents.words import clinic_line, zone_of
from monitoring.exports.downtime import PAPERS, TEMPLATE, downtime_sheet
from monitoring.exports.printing import pdf
from monitoring.routes.answers import refusal
from monitoring.routes.doors import actor_of


async def downtime(request: Request) -> Response:
    """GET the downtime sheet of an infusion as PDF; `?paper=letter` for that format, else A4. Kept as a view."""
    infusion, paper = request.path_params["infusion"], request.query_params.get("paper", PAPERS[0])
    return await run_in_threadpool(_downtime, running(), actor_of(request.scope), infusion, paper)


def _downtime(clinic: RunningClinic, actor: access.Actor | None, infusion_id: str, wanted: str) -> Response:
    try:
        staff = access.require(actor, "view").staff
    except access.NobodySignedIn as nobody:
        return refusal(401, nobody.sentence)
    except access.NotPermitted as no:
        return refusal(403, no.sentence)
    paper = next((paper for paper in PAPERS if paper == wanted), None)
    if paper is None:
        return refusal(400, f"Paper is {wanted!r}: expected {' or '.join(PAPERS)}.")
    infusion = clinic.store.infusion(infusion_id)
    if infusion is None:
        return refusal(404, "There is no such infusion.")
    now, zone = clinic.clock.now(), zone_of(clinic)
    j = judged(infusion, clinic.protocol_of(infusion.protocol), now)
    if is_over(infusion):
        return refusal(422, "This infusion is over: a downtime sheet is for what is still to be recorded.")
    chairs = {chair.id: chair.label for chair in clinic.store.chairs()}
    chair = chairs.get(j.course.chair, j.course.chair)
    sheet = downtime_sheet(
        j, paper, clinic=clinic_line(clinic, infusion.protocol), chair=chair, zone=zone, by=staff.name
    )
    made = pdf(TEMPLATE, sheet, now)
    # Without waiting: a sheet for when nothing works is given out also when nothing can be written.
    clinic.store.note_view(staff.id, infusion_id, "downtime sheet")
    # No name and no number in the file's name: it stays in the browser's list of downloads.
    headers = {"Content-Disposition": f'inline; filename="downtime-sheet-{infusion_id[:8]}.pdf"'}
    return Response(made, media_type="application/pdf", headers=headers)
