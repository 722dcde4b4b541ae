"""Validates requests about policies; an error names the parameter or the member."""

import re
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints

from functions.policy.policy import Policy
from functions.shared.json_body import expect_size, parsed_body
from functions.shared.keys import DEFAULT_TENANT, NAME_PATTERN, POLICY_NAME_PATTERN
from functions.shared.problem import ProblemError
from functions.shared.rest_api import body_bytes, query_parameters

DIGEST_PATTERN: Final = "^[0-9a-f]{64}$"

_TENANT: Final = re.compile(NAME_PATTERN, re.ASCII)
_NAME: Final = re.compile(POLICY_NAME_PATTERN, re.ASCII)
_DIGEST: Final = re.compile(DIGEST_PATTERN, re.ASCII)


class ChosenVersion(BaseModel):
    """The version of a policy that a call is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    digest: Annotated[str, StringConstraints(pattern=DIGEST_PATTERN)]


def tenant_of(event: dict[str, Any], name: str, *, known: tuple[str, ...] = ()) -> str:
    """Return the tenant of a request about the policy ``name``.

    Raises ProblemError (400) for an invalid or unknown parameter, or (404) for what cannot be a policy's name.
    """
    query = query_parameters(event, ("tenant", *known))
    tenant = query.get("tenant", DEFAULT_TENANT)
    if not _TENANT.fullmatch(tenant):
        raise ProblemError(400, "Bad Request", "tenant: must be the name of a tenant", parameter="tenant")
    if not _NAME.fullmatch(name):
        raise ProblemError(404, "Not Found", "A policy's name has 1 to 64 letters, digits, _ and -.")
    return tenant


def digest_of(event: dict[str, Any]) -> str | None:
    """Return the digest in the query. Raises ProblemError (400)."""
    digest = query_parameters(event, ("tenant", "digest")).get("digest")
    if digest is not None and not _DIGEST.fullmatch(digest):
        detail = "digest: must be a SHA-256 in hexadecimal"
        raise ProblemError(400, "Bad Request", detail, parameter="digest")
    return digest


def chosen_version(event: dict[str, Any]) -> str:
    """Return the digest in the body. Raises ProblemError (400) that names the member."""
    return parsed_body(ChosenVersion, body_bytes(event)).digest


def policy_of(event: dict[str, Any]) -> Policy:
    """Return the policy in the body. Raises PolicyError, or ProblemError (413)."""
    body = body_bytes(event)
    expect_size(body)
    return Policy.from_text(body)
