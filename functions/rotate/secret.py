"""The secret in Secrets Manager and its versions' labels."""

from typing import Any, Final

from functions.shared.aws import client

SECRET_LENGTH: Final = 48
"""Letters and digits: 285 bits, and the value needs no escaping in a header or a pattern."""


class OriginSecret:
    """One rotation of one secret; ``token`` is the id of the version that it makes, empty for a mere comparison."""

    def __init__(self, secret_id: str, token: str) -> None:
        self._secret_id = secret_id
        self.token = token

    def ensure_pending(self) -> None:
        """Make this rotation's version with a new random value unless it is there already."""
        if self.token in self._labels() and self._has_value():
            return
        value = self._manager.get_random_password(PasswordLength=SECRET_LENGTH, ExcludePunctuation=True)
        self._manager.put_secret_value(
            SecretId=self._secret_id,
            ClientRequestToken=self.token,
            SecretString=value["RandomPassword"],
            VersionStages=["AWSPENDING"],
        )

    def current(self) -> str:
        """Return the value that deployments read."""
        return self._value(VersionStage="AWSCURRENT")

    def pending(self) -> str:
        """Return the value that this rotation introduces, whatever the version's label is by now."""
        return self._value(VersionId=self.token)

    def in_use(self) -> list[str]:
        """Return the current value and the one before it, which stays accepted until the next rotation."""
        return self._values("AWSCURRENT", "AWSPREVIOUS")

    def labelled(self) -> list[str]:
        """Return every value with a label, the pending one of a rotation included."""
        return self._values("AWSCURRENT", "AWSPREVIOUS", "AWSPENDING")

    def is_rotating(self) -> bool:
        """Tell whether a rotation has begun and not ended, or ended half-way."""
        return any("AWSPENDING" in stages and "AWSCURRENT" not in stages for stages in self._labels().values())

    def promote(self) -> None:
        """Make this rotation's version AWSCURRENT; the one before becomes AWSPREVIOUS."""
        labels = self._labels()
        if "AWSCURRENT" in labels.get(self.token, ()):
            return
        current = next(version for version, stages in labels.items() if "AWSCURRENT" in stages)
        self._manager.update_secret_version_stage(
            SecretId=self._secret_id,
            VersionStage="AWSCURRENT",
            MoveToVersionId=self.token,
            RemoveFromVersionId=current,
        )

    @property
    def _manager(self) -> Any:
        return client("secretsmanager")

    def _labels(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self._manager.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        return found

    def _has_value(self) -> bool:
        try:
            self.pending()
        except self._manager.exceptions.ResourceNotFoundException:
            return False  # Secrets Manager made the version's label before its value
        return True

    def _values(self, *stages: str) -> list[str]:
        labels = self._labels()
        present = {stage for each in labels.values() for stage in each}
        values = []
        for stage in stages:
            if stage in present:
                try:
                    values.append(self._value(VersionStage=stage))
                except self._manager.exceptions.ResourceNotFoundException:
                    continue  # Secrets Manager made the version's label before its value
        return values

    def _value(self, **version: str) -> str:
        found: str = self._manager.get_secret_value(SecretId=self._secret_id, **version)["SecretString"]
        return found
