"""The rotation's settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class RotateSettings:
    """Where the secret value lives besides Secrets Manager.

    ``pattern_set_*`` name the WAF pattern set of accepted values; ``header_name`` is the origins' custom header.
    ``firewall_settle_seconds`` is how long a change of WAF takes to reach everywhere; ``deploy_poll_seconds`` is how
    often the distribution is asked whether a change has been deployed, ``deploy_attempts`` times at most.
    """

    distribution_id: str
    header_name: str
    pattern_set_id: str
    pattern_set_name: str
    firewall_settle_seconds: int
    deploy_poll_seconds: int
    deploy_attempts: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError."""
        reader = EnvironmentReader(environment)
        settings = cls(
            distribution_id=reader.text("DISTRIBUTION_ID"),
            header_name=reader.text("HEADER_NAME"),
            pattern_set_id=reader.text("PATTERN_SET_ID"),
            pattern_set_name=reader.text("PATTERN_SET_NAME"),
            firewall_settle_seconds=reader.integer("FIREWALL_SETTLE_SECONDS", 60, minimum=0, maximum=300),
            deploy_poll_seconds=reader.integer("DEPLOY_POLL_SECONDS", 15, minimum=1, maximum=60),
            deploy_attempts=reader.integer("DEPLOY_ATTEMPTS", 50, minimum=1, maximum=200),
        )
        reader.finish()
        return settings
