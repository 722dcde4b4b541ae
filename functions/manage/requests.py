"""Validates the bodies of POST /v1/resumptions, PATCH /v1/images/{id} and POST /v1/images/{id}/verdict.

An error names the member.
"""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from functions.records.cursors import Cursor
from functions.shared.json_body import parsed_body
from functions.shared.keys import DEFAULT_TENANT, NAME_PATTERN

_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII | re.IGNORECASE
)


def _time(value: Any) -> Any:
    """Return a time as it is. Raises ValueError for other forms that pydantic would read, such as epoch seconds."""
    if value is not None and not (isinstance(value, str) and _RFC_3339.fullmatch(value)):
        raise ValueError("must be a time such as 2026-11-24T09:30:00Z")
    return value


def _cursor(value: Any) -> Cursor | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError("must be the cursor of a previous call")  # noqa: TRY004 - pydantic reports only ValueError
    return Cursor.decode(value)


class ResumptionRequest(BaseModel):
    """The images to resume: their status, the earliest time of their last update, their tenant.

    ``cursor`` is the one of the previous call; None for the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    status: Literal["FAILED", "HELD"]
    since: Annotated[AwareDatetime | None, BeforeValidator(_time)] = None
    tenant: Annotated[str, StringConstraints(pattern=NAME_PATTERN)] = DEFAULT_TENANT
    cursor: Annotated[Cursor | None, BeforeValidator(_cursor)] = None


Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Point(BaseModel):
    """A point of a picture: shares of its width and height."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    x: Share
    y: Share


class ImageChange(BaseModel):
    """What a client changes of an image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    focal_point: Point


class VerdictRequest(BaseModel):
    """A decision about an image, with a reason (a code or a short text) and a note for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["allow", "blur", "block"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
    note: Annotated[str, StringConstraints(min_length=1, max_length=2_000)] | None = None


def verdict_request(body: bytes) -> VerdictRequest:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(VerdictRequest, body)


def image_change(body: bytes) -> ImageChange:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(ImageChange, body)


def resumption_request(body: bytes) -> ResumptionRequest:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(ResumptionRequest, body)
