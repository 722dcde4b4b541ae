"""Validates the bodies of requests to change or resume images; an error names the member."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from functions.manage.times import rfc_3339
from functions.records.cursors import Cursor
from functions.records.entries import Selection, Selector
from functions.shared.json_body import parsed_body
from functions.shared.keys import DEFAULT_TENANT, NAME_PATTERN
from functions.shared.visible_text import all_visible, visible_lines


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
    since: Annotated[AwareDatetime | None, BeforeValidator(rfc_3339)] = None
    tenant: Annotated[str, StringConstraints(pattern=NAME_PATTERN)] = DEFAULT_TENANT
    cursor: Annotated[Cursor | None, BeforeValidator(_cursor)] = None

    @field_validator("cursor")
    @classmethod
    def _is_of_this_list(cls, cursor: Cursor | None, info: ValidationInfo) -> Cursor | None:
        known = info.data  # without members that are invalid
        if cursor and {"status", "tenant"} <= known.keys():
            selection = Selection(known["tenant"], Selector.STATUS, known["status"])
            if cursor.selection != selection.digest:
                raise ValueError("belongs to another list")
        return cursor

    @property
    def selection(self) -> Selection:
        """The images with the status."""
        return Selection(self.tenant, Selector.STATUS, self.status)


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


Visible, Lines = AfterValidator(all_visible), AfterValidator(visible_lines)
"""For what a client writes for people; spaces at its ends are not kept."""


class VerdictRequest(BaseModel):
    """A decision about an image, with a reason (a code or a short text) and a note for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Literal["allow", "blur", "block"]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), Visible]
    note: Annotated[str, StringConstraints(min_length=1, max_length=2_000, strip_whitespace=True), Lines] | None = None


def verdict_request(body: bytes) -> VerdictRequest:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(VerdictRequest, body)


class LegalHold(BaseModel):
    """Whether an image must be kept, and why; the history shows the reason."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    enabled: bool
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), Visible]


def legal_hold(body: bytes) -> LegalHold:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(LegalHold, body)


def image_change(body: bytes) -> ImageChange:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(ImageChange, body)


def resumption_request(body: bytes) -> ResumptionRequest:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(ResumptionRequest, body)
