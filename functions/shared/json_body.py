"""Parses JSON bodies of the API; an error names the member.

Only functions whose zip has pydantic import this module.
"""

from collections.abc import Collection
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from functions.shared.problem import ProblemError
from functions.shared.rest_api import MAX_NAME_CHARACTERS

Body = TypeVar("Body", bound=BaseModel)


def parsed_body(model: type[Body], body: bytes) -> Body:
    """Return the body as ``model``.

    Raises ProblemError (400) with the first fault in ``field`` and all of them in ``errors``.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        faults = faults_of(error, known=model.model_fields)
        first = faults[0]
        detail = f"{first['field']}: {first['detail']}"
        raise ProblemError(400, "Bad Request", detail, field=first["field"], errors=faults) from error


def faults_of(error: ValidationError, *, known: Collection[str]) -> list[dict[str, str]]:
    """Return field and detail of each fault; ``known`` are the names that an unknown one is compared with."""
    return [
        {
            "field": ".".join(str(part) for part in fault["loc"])[:MAX_NAME_CHARACTERS] or "body",
            "detail": _sentence(fault, known),
        }
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _sentence(fault: Any, known: Collection[str]) -> str:
    if fault["type"] == "extra_forbidden":
        return f"unknown; known are {', '.join(known)}"
    return str(fault["msg"]).removeprefix("Value error, ")
