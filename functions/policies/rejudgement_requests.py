"""Validates requests for comparisons and rejudgements; an error names the member."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StringConstraints, model_validator

from functions.policies.rejudgements import ACTIVE, SHADOW
from functions.policies.requests import DIGEST_PATTERN
from functions.shared.json_body import parsed_body
from functions.shared.keys import DEFAULT_POLICY, DEFAULT_TENANT, NAME_PATTERN, POLICY_NAME_PATTERN, ULID_PATTERN
from functions.shared.rejudgements import DEFAULT_CAP
from functions.shared.rest_api import body_bytes

MAX_CAP: Final = 1_000_000_000

Version = Annotated[str, StringConstraints(pattern=f"^{ACTIVE}$|^{SHADOW}$|{DIGEST_PATTERN}")]
"""A version of a policy: its digest, or the one that is active or shadowed."""


class DiffRequest(BaseModel):
    """The two versions of a policy to compare."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    candidate: Version = SHADOW
    against: Version = ACTIVE


class RejudgementRequest(BaseModel):
    """What to judge again, and whether to change images: only if ``mode`` says so, or an existing manifest is given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["dry_run", "apply"] | None = None
    policy: Annotated[str, StringConstraints(pattern=POLICY_NAME_PATTERN)] = DEFAULT_POLICY
    tenant: Annotated[str, StringConstraints(pattern=NAME_PATTERN)] = DEFAULT_TENANT
    cap: Annotated[StrictInt, Field(ge=0, le=MAX_CAP)] = DEFAULT_CAP
    confirm: StrictBool = False
    manifest: Annotated[str, StringConstraints(pattern=ULID_PATTERN)] | None = None

    @model_validator(mode="after")
    def _manifest_says_the_rest(self) -> Self:
        given = self.model_fields_set & {"policy", "tenant"}
        if self.manifest is not None and given:
            raise ValueError(f"{', '.join(sorted(given))}: must not be given with manifest, which determines it")
        if self.manifest is not None and self.mode == "dry_run":
            raise ValueError("mode: must be apply if manifest is given")
        return self


def diff_request(event: dict[str, Any]) -> DiffRequest:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(DiffRequest, body_bytes(event))


def rejudgement_request(event: dict[str, Any]) -> RejudgementRequest:
    """Parse the JSON body. Raises ProblemError (400) that names the member."""
    return parsed_body(RejudgementRequest, body_bytes(event))
