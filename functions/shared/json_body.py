"""Parses JSON bodies of the API; an error names the member.

Only functions whose zip has pydantic import this module.
"""

from collections.abc import Collection
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from functions.shared.errors import InvalidJsonError
from functions.shared.problem import MAX_NAME_CHARACTERS, ProblemError, faults_of_body
from functions.shared.strict_json import parsed_json

MAX_BODY_BYTES: Final = 262_144
"""The largest JSON body: four times the largest document that the API accepts, for the spaces between its tokens."""

Body = TypeVar("Body", bound=BaseModel)


def parsed_body(model: type[Body], body: bytes) -> Body:
    """Return the body as ``model``.

    Raises ProblemError: 413 for a body that is too large, 400 with the first fault in ``field`` and the faults in
    ``errors``.
    """
    expect_size(body)
    try:
        parsed_json(body)
        return model.model_validate_json(body)
    except InvalidJsonError as error:
        raise _faulty([(error.member or "body", error.fault)]) from error
    except ValidationError as error:
        raise _faulty(faults_of(error, known=model.model_fields)) from error


def expect_size(body: bytes) -> None:
    """Raise ProblemError (413) if a JSON body is too large."""
    if len(body) > MAX_BODY_BYTES:
        raise ProblemError(413, "Content Too Large", f"The body must not exceed {MAX_BODY_BYTES} bytes.")


def faults_of(error: ValidationError, *, known: Collection[str]) -> list[tuple[str, str]]:
    """Return field and detail of each fault; ``known`` are the names that an unknown one is compared with."""
    return [
        (".".join(str(part) for part in fault["loc"])[:MAX_NAME_CHARACTERS] or "body", _sentence(fault, known))
        for fault in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _faulty(faults: list[tuple[str, str]]) -> ProblemError:
    return ProblemError(400, "Bad Request", ": ".join(faults[0]), **faults_of_body(faults))


def _sentence(fault: Any, known: Collection[str]) -> str:
    if fault["type"] == "extra_forbidden":
        return f"unknown; known are {', '.join(known)}"
    return str(fault["msg"]).removeprefix("Value error, ")
