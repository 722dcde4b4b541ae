"""Validates the query parameters of listings; an error names the parameter."""

from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from functions.records.cursors import Cursor, HistoryCursor
from functions.shared.contracts import Status
from functions.shared.keys import DEFAULT_TENANT, NAME_PATTERN
from functions.shared.problem import ProblemError
from functions.shared.rest_api import query_parameters

Query = TypeVar("Query", bound=BaseModel)


class ListingQuery(BaseModel):
    """The tenant, a status to filter by, the page size, and the cursor of the previous page."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    tenant: Annotated[str, StringConstraints(pattern=NAME_PATTERN)] = DEFAULT_TENANT
    status: Status | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 25
    cursor: Annotated[Cursor | None, BeforeValidator(Cursor.decode)] = None


class TenantQuery(BaseModel):
    """The tenant of the image."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant: Annotated[str, StringConstraints(pattern=NAME_PATTERN)] = DEFAULT_TENANT


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


def history_query(event: dict[str, Any]) -> HistoryQuery:
    """Parse the query of GET /v1/images/{id}/history. Raises ProblemError (400) that names the parameter."""
    return _validated(HistoryQuery, event)


def _validated(model: type[Query], event: dict[str, Any]) -> Query:
    try:
        return model.model_validate(query_parameters(event, tuple(model.model_fields)))
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(fault["loc"][0])
        message = str(fault["msg"]).removeprefix("Value error, ")
        raise ProblemError(400, "Bad Request", f"{name}: {message}", parameter=name) from error
