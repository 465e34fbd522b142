"""How a request's body is read, and how an outcome becomes an answer."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any, Final, TypeGuard

from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring.clinical.instants import read_instant
from monitoring.recording import Outcome, Why

LONGEST_BODY: Final = 256 * 1024  # bytes; an entry has some hundred, unless it acknowledges a long infusion's readings

MOST_DIGITS: Final = 16  # of a whole number, its sign counted: a float, and so the browser, keeps no more

_TOO_LONG: Final = "What was sent holds a number that is too long to be kept as it is: expected a shorter one."

_STATUS: Final[dict[Why, int]] = {
    "refused": 422,
    "malformed": 400,
    "nobody": 401,
    "forbidden": 403,
    "unknown": 404,
    "clash": 409,
    "unwritable": 503,
}


class Unreadable(Exception):
    """The body of a request cannot be read; carries the answer that says so."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.answer = refusal(status, sentence)


async def json_body(request: Request) -> object:
    """The decoded JSON that was sent. Raises Unreadable when it is too long, no JSON, or can be read in two ways."""
    kind, _, options = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != "application/json":
        raise Unreadable(415, "What was sent is not marked as JSON: expected Content-Type application/json.")
    if any(_other_encoding(option) for option in options.split(";")):
        raise Unreadable(415, "What was sent is marked as another encoding than UTF-8: expected UTF-8.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST_BODY:
            raise Unreadable(413, f"What was sent is too long: expected at most {LONGEST_BODY // 1024} kB.")
    return decoded_json(bytes(body))


def decoded_json(body: bytes) -> object:
    """The value that this JSON says, which is UTF-8 and says one thing only. Raises Unreadable with why not.

    Refused, because two readers would read two things or Python reads what JSON does not have: other encodings, a byte
    order mark, a name twice in one object, NaN and infinities, numbers of more digits than a float keeps.
    """
    try:
        decoded: object = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_named_once,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_whole,
        )
    except UnicodeDecodeError:
        raise Unreadable(400, "What was sent is not UTF-8: expected JSON in UTF-8.") from None
    except _SaysTwo as two:
        raise Unreadable(400, str(two)) from None
    except (ValueError, RecursionError):
        raise Unreadable(400, "What was sent is not JSON.") from None
    return decoded


def _other_encoding(option: str) -> bool:
    name, _, value = option.partition("=")
    return name.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8")


class _SaysTwo(ValueError):
    """JSON that the standard allows, and that readers do not agree about."""


def _named_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise _SaysTwo("What was sent names a field twice in one object: expected each name once.")
    return named


def _no_number(word: str) -> object:
    raise _SaysTwo(f"What was sent holds {word}, which is no number: expected numbers.")


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise _SaysTwo(_TOO_LONG)
    return number


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise _SaysTwo(_TOO_LONG)
    return int(text)


def text_in(body: object, name: str, longest: int = 200) -> str:
    """A text of the object that was sent, "" when it is not there. Raises Unreadable when it is something else."""
    value = body.get(name, "") if isinstance(body, dict) else None
    if not _is_text(value) or len(value) > longest:
        raise Unreadable(400, f"{name} is not a short text.")
    return value


def words_in(body: object, name: str) -> list[str]:
    """A list of short texts of the object that was sent. Raises Unreadable when it is something else."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, list) or not all(_is_text(one) and len(one) <= 200 for one in value):
        raise Unreadable(400, f"{name} is not a list of short texts.")
    return value


def _is_text(value: object) -> TypeGuard[str]:
    # A lone surrogate cannot be written, and a NUL cannot be searched for: neither was typed by a person.
    return isinstance(value, str) and not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in value)


def instant_in(body: object, name: str) -> datetime | None:
    """An instant with its zone, None when it is not there. Raises Unreadable when it is something else."""
    text = text_in(body, name)
    if not text:
        return None
    instant = read_instant(text)
    if instant is None:
        raise Unreadable(400, f"{name} is {text!r}: expected an instant such as 2026-03-03T10:00:00+00:00.")
    return instant


def refusal(status: int, *sentences: str, **more: Any) -> JSONResponse:
    """An answer that says no, in sentences."""
    return JSONResponse({"saved": False, "sentences": list(sentences), **more}, status)


def refused(outcome: Outcome[Any]) -> JSONResponse:
    """The answer to what was not done."""
    assert outcome.why is not None
    return refusal(_STATUS[outcome.why], *outcome.sentences)
