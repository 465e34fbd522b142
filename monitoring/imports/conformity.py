"""What in a resource is no FHIR R4: by the library, and what the library lets through.

The library `fhir.resources` reads "98" where a number belongs, 1 where yes or no belongs, and any word where FHIR has a
closed list of codes. FHIR's JSON does not; each is told with the path to it.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

Json = Mapping[str, Any]
Form = Literal["text", "number", "whole number", "yes or no", "object"]

_FORMS: Final[Mapping[str, Form]] = {
    "Decimal": "number",
    "Integer": "whole number",
    "PositiveInt": "whole number",
    "UnsignedInt": "whole number",
    "Integer64": "whole number",
}
_SHOWN: Final[Mapping[Form, str]] = {
    "text": "text",
    "number": "a number without quotes",
    "whole number": "a whole number without quotes",
    "yes or no": "true or false without quotes",
    "object": "an object",
}


class _Member(NamedTuple):
    """What one element of a resource holds. `codes`: the whole list it must be from; `of`: the type of an object."""

    form: Form
    codes: tuple[str, ...]
    of: str


def faults(kind: object, content: Json) -> Iterator[str]:
    """What in a resource is no FHIR R4, each with the path to it inside the resource."""
    try:
        model = get_fhir_model_class(str(kind))
    except (LookupError, ValueError):
        yield f"resourceType “{str(kind)[:60]}”: expected a resource of FHIR R4."
        return
    for path in _nulls(content):
        yield f"{path}: null, expected a value or nothing at all."
    try:
        model.model_validate(content)
    except ValidationError as error:
        for one in error.errors(include_url=False):
            value = one.get("input")
            shown = f", found “{str(value)[:40]}”" if isinstance(value, str | int | float | Decimal) else ""
            yield f"{_path(one['loc']) or 'the resource'}: {one['msg'].removeprefix('Value error, ')}{shown}"
        return
    yield from _let_through(str(kind), content)


def _let_through(kind: str, content: Json, path: str = "") -> Iterator[str]:
    """What the library turned into what it should be: numbers in quotes, codes that are none."""
    members = _members(kind)
    for name, value in content.items():
        member = members.get(name)
        if member is None:  # resourceType, and extensions of texts and numbers
            continue
        for at, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            place = f"{path}{name}" if at is None else f"{path}{name}[{at}]"
            if one is None:
                continue
            if member.form == "object":
                of = str(one.get("resourceType", "")) if member.of == "Resource" else member.of
                yield from _let_through(of, one, f"{place}.")
            elif not _is(member.form, one):
                yield f"{place}: found {_written(one)}, expected {_SHOWN[member.form]}."
            elif member.codes and one not in member.codes:
                yield f"{place}: found “{str(one)[:40]}”, expected one of {', '.join(member.codes)}."


def _is(form: Form, value: object) -> bool:
    if form == "yes or no":
        return isinstance(value, bool)
    if form == "text":
        return isinstance(value, str)
    return isinstance(value, int if form == "whole number" else int | Decimal) and not isinstance(value, bool)


def _written(value: object) -> str:
    """A value as the file writes it."""
    return f"“{value[:40]}”" if isinstance(value, str) else str(value).lower()[:40]


@cache
def _members(kind: str) -> Mapping[str, _Member]:
    """The elements of a resource or data type, as the library has them; none of what it does not know."""
    try:
        model = get_fhir_model_class(kind)
    except (LookupError, ValueError):
        return {}
    found = {}
    for name, field in model.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        listed = extra.get("enum_values")
        codes = tuple(str(one) for one in listed) if isinstance(listed, list) else ()
        form, of = _form(field.annotation, tuple(field.metadata))
        # The library cuts a long list, and says so with a "+": such a one is no list to judge by.
        found[field.alias or name] = _Member(form, () if "+" in codes else codes, of)
    return found


def _form(annotation: object, metadata: tuple[object, ...] = ()) -> tuple[Form, str]:
    """What an annotation of the library stands for, and of an object which type it is."""
    for one in metadata:
        if (form := _FORMS.get(type(one).__name__)) is not None:
            return form, ""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _form(inner[0], inner[1:])
    if inner:  # Optional, a list, a union with nothing
        return _form(next(one for one in inner if one is not type(None)))
    if annotation is bool:
        return "yes or no", ""
    name = getattr(annotation, "__name__", "")
    if name.endswith("Type"):
        return "object", name.removesuffix("Type")
    return "text", ""


def _nulls(content: Json, path: str = "") -> Iterator[str]:
    """Where a member has no value, which FHIR's JSON has not; the library would read it as not there."""
    for name, value in content.items():
        for at, one in enumerate(value) if isinstance(value, list) else [(None, value)]:
            place = f"{path}{name}" if at is None else f"{path}{name}[{at}]"
            if one is None and (at is None or f"_{name}" not in content):  # beside an extension a list may have gaps
                yield place
            elif isinstance(one, dict):
                yield from _nulls(one, f"{place}.")


def _path(places: tuple[int | str, ...]) -> str:
    text = ""
    for place in places:
        text += f"[{place}]" if isinstance(place, int) else f"{'.' if text else ''}{place}"
    return text
