"""Settings of policies."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class PoliciesSettings(PlainSettings):
    """The table, the bucket of reports, the state machine `rejudge`, and the origins that CORS allows."""

    table_name: str
    reports_bucket: str
    rejudge_state_machine_arn: str
    allowed_origins: tuple[str, ...]
