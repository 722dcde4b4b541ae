"""Validates the query parameters of listings; an error names the parameter."""

import re
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError

from functions.manage.times import rfc_3339
from functions.records.cursors import Cursor, HistoryCursor
from functions.records.entries import Selection, Selector
from functions.records.listing import Range
from functions.shared.keys import DEFAULT_TENANT, NAME_PATTERN
from functions.shared.problem import ProblemError
from functions.shared.rest_api import query_parameters
from functions.shared.status import Decision, Status

Query = TypeVar("Query", bound=BaseModel)


SELECTORS: Final = ("owner", "status", "verdict", "label", "sha256")
"""Parameters of which a list takes at most one."""

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Time = Annotated[AwareDatetime | None, BeforeValidator(rfc_3339)]


class TenantQuery(BaseModel):
    """The tenant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: Name = DEFAULT_TENANT


class ListingQuery(BaseModel):
    """The tenant, at most one selector, the times between which images were created, the page size, and the cursor of
    the previous page."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    tenant: Name = DEFAULT_TENANT
    owner: Name | None = None
    status: Status | None = None
    verdict: Decision | None = None
    label: Annotated[str | None, StringConstraints(pattern=r"^[ -~]{1,100}$")] = None
    sha256: Annotated[str | None, StringConstraints(pattern="^[0-9a-f]{64}$")] = None
    since: Annotated[Time, Field(alias="from")] = None
    until: Annotated[Time, Field(alias="to")] = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[Cursor | None, BeforeValidator(Cursor.decode)] = None

    @model_validator(mode="after")
    def _combination(self) -> Self:
        given = [name for name in SELECTORS if getattr(self, name) is not None]
        if len(given) > 1:
            choice = f"at most one of {', '.join(SELECTORS[:-1])} and {SELECTORS[-1]}"
            raise _does_not_fit(
                given[1], f"cannot be combined with {given[0]}; a list takes {choice}, with tenant, from and to"
            )
        if self.since and self.until and self.since >= self.until:
            raise _does_not_fit("to", "must be later than from")
        if self.cursor and self.cursor.selection != self.selection.digest:
            raise _does_not_fit("cursor", "belongs to another list")
        return self

    @property
    def selection(self) -> Selection:
        """The images to list."""
        for name in SELECTORS:
            if (value := getattr(self, name)) is not None:
                return Selection(self.tenant, Selector(name.upper()), str(value))
        return Selection(self.tenant)

    @property
    def times(self) -> Range:
        """The times between which the images were created."""
        return Range(self.since, self.until)


class OwnerQuery(TenantQuery):
    """The tenant of an owner's images, and the cursor of the previous call."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    cursor: Annotated[Cursor | None, BeforeValidator(Cursor.decode)] = None


def _does_not_fit(parameter: str, message: str) -> PydanticCustomError:
    """Return the error of valid parameters that do not go together; ``parameter`` is the one to change."""
    return PydanticCustomError("combination", message, {"parameter": parameter})


class HistoryQuery(BaseModel):
    """The page size, and the cursor of the previous page."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[HistoryCursor | None, BeforeValidator(HistoryCursor.decode)] = None


def listing_query(event: dict[str, Any]) -> ListingQuery:
    """Parse the query of GET /v1/images. Raises ProblemError (400) that names the parameter."""
    return _validated(ListingQuery, event)


def tenant_query(event: dict[str, Any]) -> TenantQuery:
    """Parse the query of POST /v1/images/{id}/verdict. Raises ProblemError (400) that names the parameter."""
    return _validated(TenantQuery, event)


def owner_query(owner: str, event: dict[str, Any]) -> tuple[Selection, Cursor | None]:
    """Parse the owner in the path and the query of DELETE /v1/owners/{owner}/images; return its images and the cursor.

    Raises ProblemError: 404 for an owner that no image can have, 400 that names the parameter.
    """
    if not re.fullmatch(NAME_PATTERN, owner, re.ASCII):
        raise ProblemError(404, "Not Found", "No image has this owner.")
    query = _validated(OwnerQuery, event)
    selection = Selection(query.tenant, Selector.OWNER, owner)
    if query.cursor and query.cursor.selection != selection.digest:
        raise ProblemError(400, "Bad Request", "cursor: belongs to another list", parameter="cursor")
    return selection, query.cursor


def history_query(event: dict[str, Any]) -> HistoryQuery:
    """Parse the query of GET /v1/images/{id}/history. Raises ProblemError (400) that names the parameter."""
    return _validated(HistoryQuery, event)


def _validated(model: type[Query], event: dict[str, Any]) -> Query:
    names = tuple(field.alias or name for name, field in model.model_fields.items())
    try:
        return model.model_validate(query_parameters(event, names))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = str(fault["loc"][0] if fault["loc"] else fault["ctx"]["parameter"])
        message = str(fault["msg"]).removeprefix("Value error, ")
        raise ProblemError(400, "Bad Request", f"{name}: {message}", parameter=name) from error
