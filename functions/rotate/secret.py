"""The secret in Secrets Manager and the labels of its versions."""

from typing import Any, Final

from functions.shared.aws import client

SECRET_LENGTH: Final = 48
"""Characters, letters and digits only: 285 bits, and nothing to escape in a header or a pattern."""


class OriginSecret:
    """One rotation of one secret; ``token`` is the id of the version that it creates, empty for a comparison."""

    def __init__(self, secret_id: str, token: str) -> None:
        self._secret_id = secret_id
        self.token = token

    def ensure_pending(self) -> None:
        """Create this rotation's version with a new random value, unless it exists."""
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
        """Return the value that this rotation introduces, whatever label the version has."""
        return self._value(VersionId=self.token)

    def in_use(self) -> list[str]:
        """Return the current value and the previous one, which is accepted until the next rotation."""
        return self._values("AWSCURRENT", "AWSPREVIOUS")

    def labelled(self) -> list[str]:
        """Return every value with a label, including a pending one."""
        return self._values("AWSCURRENT", "AWSPREVIOUS", "AWSPENDING")

    def is_rotating(self) -> bool:
        """Tell whether a rotation has begun and is not complete."""
        return any("AWSPENDING" in stages and "AWSCURRENT" not in stages for stages in self._labels().values())

    def promote(self) -> None:
        """Label this rotation's version AWSCURRENT; the previous one becomes AWSPREVIOUS."""
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
            return False  # Secrets Manager creates the label of a version before its value
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
                    continue  # Secrets Manager creates the label of a version before its value
        return values

    def _value(self, **version: str) -> str:
        found: str = self._manager.get_secret_value(SecretId=self._secret_id, **version)["SecretString"]
        return found
