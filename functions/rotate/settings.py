"""Settings of rotate."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class RotateSettings(Settings):
    """Where the secret is used, and how to check that a change is complete.

    ``secret_id`` is the secret of a comparison; a rotation's event has its own. ``pattern_set_*`` identify the WAF
    pattern set of accepted values; ``header_name`` is the origins' custom header with the value, and
    ``deployed_header_name`` the one that only deployments write. The distribution is polled every
    ``deploy_poll_seconds``, at most ``deploy_attempts`` times.

    ``probe_url`` is a path of the API that does not exist: there a 403 is from the firewall, and any other status has
    passed it. It is requested every ``probe_pause_seconds``. Empty on the emulator, whose API has no firewall.
    """

    secret_id: str
    distribution_id: str
    header_name: str
    deployed_header_name: str
    pattern_set_id: str
    pattern_set_name: str
    deploy_poll_seconds: int
    deploy_attempts: int
    probe_url: str
    probe_pause_seconds: int

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            secret_id=reader.text("SECRET_ID"),
            distribution_id=reader.text("DISTRIBUTION_ID"),
            header_name=reader.text("HEADER_NAME"),
            deployed_header_name=reader.text("DEPLOYED_HEADER_NAME"),
            pattern_set_id=reader.text("PATTERN_SET_ID"),
            pattern_set_name=reader.text("PATTERN_SET_NAME"),
            deploy_poll_seconds=reader.integer("DEPLOY_POLL_SECONDS", 15, minimum=0, maximum=60),
            deploy_attempts=reader.integer("DEPLOY_ATTEMPTS", 50, minimum=1, maximum=200),
            probe_url=reader.text("PROBE_URL", ""),
            probe_pause_seconds=reader.integer("PROBE_PAUSE_SECONDS", 2, minimum=0, maximum=60),
        )
