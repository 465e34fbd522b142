"""The doors about who is there: sign-in, sign-out, a PIN that signs, wall screens, a demonstration's rate."""

from __future__ import annotations

from typing import Final
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from monitoring import access, recording
from monitoring.clinic import RunningClinic, running
from monitoring.records import SignIn, StoreRefused, StoreUnwritable
from monitoring.routes.answers import Unreadable, instant_in, json_body, refusal, refused, text_in
from monitoring.routes.doors import actor_of, sign_in_of

COOKIE_SECONDS: Final = 400 * 24 * 3600  # the longest that browsers keep a cookie


async def me(request: Request) -> JSONResponse:
    """GET who is signed in on this device, and who could be. A device nobody ever signed in on learns no names."""
    if request.scope["state"]["device"] is None:
        return refusal(401, "Nobody is signed in on this device.", me=None)
    return JSONResponse(await run_in_threadpool(running().who, sign_in_of(request.scope)))


async def sign_in(request: Request) -> JSONResponse:
    """POST {staff, pin}: the person is signed in on this device, whoever was before. Gives a new device its cookie.

    On a wall screen only an administrator's PIN is taken; it ends the wall, and the browser is a new tablet.
    """
    try:
        body = await json_body(request)
        staff, pin = text_in(body, "staff"), text_in(body, "pin")
    except Unreadable as unreadable:
        return unreadable.answer
    clinic = running()
    former = sign_in_of(request.scope)
    try:
        if former is not None and former.wall:
            outcome = await run_in_threadpool(recording.end_wall, clinic, former, staff, pin)
            if outcome.value is None:
                return refused(outcome)
            signed_in = outcome.value
        else:
            signed_in = await run_in_threadpool(_sign_in, clinic, request.scope["state"]["device"], staff, pin)
    except access.PinRefused as wrong:
        return _pin_refused(wrong)
    except StoreRefused as no:
        return refusal(422, no.sentence)
    except StoreUnwritable as no:
        return refusal(503, no.sentence)
    answer = JSONResponse(await run_in_threadpool(clinic.who, signed_in))
    _set_cookie(request, answer, signed_in.device, clinic)
    return answer


def _sign_in(clinic: RunningClinic, device: str | None, staff: str, pin: str) -> SignIn:
    store = clinic.store
    known = store.device(device) if device else None
    tablet = known.id if known is not None and known.kind == "tablet" else str(uuid4())
    return access.sign_in(store, tablet, staff, pin, clinic.clock, lasts=clinic.sign_in_lasts)


def _pin_refused(wrong: access.PinRefused) -> JSONResponse:
    wait = wrong.wait_seconds
    return refusal(429, wrong.sentence, wait_seconds=wait) if wait else refusal(401, wrong.sentence)


async def attest(request: Request) -> JSONResponse:
    """POST {staff, pin, infusion, entry, meaning}: this person signs the entry that this device will post.

    401 is a wrong PIN here, 429 one too many; who is signed in on the device stays so.
    """
    try:
        body = await json_body(request)
        given = {name: text_in(body, name) for name in ("staff", "pin", "infusion", "entry", "meaning")}
    except Unreadable as unreadable:
        return unreadable.answer
    try:
        outcome = await run_in_threadpool(recording.attest, running(), actor_of(request.scope), **given)
    except access.PinRefused as wrong:
        return _pin_refused(wrong)
    if outcome.value is None:
        return refused(outcome)
    made = outcome.value
    return JSONResponse(
        {
            "attestation": made.id,
            "staff": made.staff.id,
            "name": made.staff.name,
            "role": made.staff.role,
            "meaning": made.meaning,
            "at": made.at.isoformat(),
        }
    )


async def sign_out(request: Request) -> JSONResponse:
    """POST: nobody is signed in on this device any more; its streams close."""
    signed_in = sign_in_of(request.scope)
    if signed_in is not None:
        try:
            await run_in_threadpool(access.sign_out, running().store, signed_in, "signed out")
        except StoreUnwritable as no:
            return refusal(503, no.sentence)
    return JSONResponse({"me": None})


async def wall(request: Request) -> JSONResponse:
    """POST {label}: this device becomes a wall screen, with a cookie of its own."""
    try:
        label = text_in(await json_body(request), "label")
    except Unreadable as unreadable:
        return unreadable.answer
    clinic = running()
    outcome = await run_in_threadpool(recording.enrol_wall, clinic, actor_of(request.scope), label)
    if outcome.value is None:
        return refused(outcome)
    answer = JSONResponse(await run_in_threadpool(clinic.who, outcome.value))
    _set_cookie(request, answer, outcome.value.device, clinic)
    return answer


async def demonstration_rate(request: Request) -> JSONResponse:
    """POST {rate, until}: how fast the demonstration's time runs, for good or until it shows an instant."""
    try:
        body = await json_body(request)
        rate = body.get("rate") if isinstance(body, dict) else None
        until = instant_in(body, "until")
    except Unreadable as unreadable:
        return unreadable.answer
    outcome = await run_in_threadpool(recording.run_demonstration_at, running(), actor_of(request.scope), rate, until)
    return refused(outcome) if outcome.value is None else JSONResponse({"rate": outcome.value})


def _set_cookie(request: Request, answer: Response, device: str, clinic: RunningClinic) -> None:
    answer.set_cookie(
        access.COOKIE,
        access.make_cookie(device, clinic.secret),
        max_age=COOKIE_SECONDS,
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )
