"""The secrets that sign: the current one, and for a day after its replacement the previous one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from standardwebhooks import Webhook

from functions.shared.aws import client, translated_errors

OVERLAP: Final = timedelta(days=1)
"""How long both secrets sign, so that a receiver can change its secret at any time of a day."""
KEPT: Final = timedelta(minutes=5)
"""How long a process uses secrets that it has read; a call for each message would cost more than the delivery."""


@dataclass(frozen=True)
class _Read:
    signers: tuple[Webhook, ...]
    at: datetime


class SigningSecrets:
    """Reads secrets. ``manager`` is a botocore client, by default the process's own; ``now`` returns the time."""

    def __init__(self, manager: Any = None, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._manager = client("secretsmanager") if manager is None else manager
        self._now = now
        self._read: dict[str, _Read] = {}

    def signers(self, secret_id: str) -> tuple[Webhook, ...]:
        """Return a signer for each secret that signs now, the current one first. Raises TransientDependencyError."""
        read = self._read.get(secret_id)
        if read is None or self._now() - read.at >= KEPT:
            read = self._read[secret_id] = _Read(self._signers(secret_id), self._now())
        return read.signers

    def _signers(self, secret_id: str) -> tuple[Webhook, ...]:
        with translated_errors():
            current = self._manager.get_secret_value(SecretId=secret_id, VersionStage="AWSCURRENT")
        if self._now() - current["CreatedDate"] >= OVERLAP:
            return (Webhook(current["SecretString"]),)
        try:
            with translated_errors():
                previous = self._manager.get_secret_value(SecretId=secret_id, VersionStage="AWSPREVIOUS")
        except self._manager.exceptions.ResourceNotFoundException:  # the secret was never replaced
            return (Webhook(current["SecretString"]),)
        return Webhook(current["SecretString"]), Webhook(previous["SecretString"])
