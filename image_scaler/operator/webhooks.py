"""The secret of a webhook, with which its receiver verifies events."""

from typing import Final

from image_scaler.operator.stage import Operator, aws_errors

PREFIX: Final = "whsec_"
"""How Standard Webhooks marks a symmetric secret in base64."""
SECRET_CHARACTERS: Final = 44
"""Letters and digits, as in the secret that a deployment creates (cdk/constructs/webhooks.py)."""


class WebhookSecret:
    """The secret of one webhook of a stage."""

    def __init__(self, operator: Operator, webhook: str) -> None:
        self._secret_id = operator.output(f"Webhook{webhook.capitalize()}SecretArn")
        self._manager = operator.client("secretsmanager")

    def read(self) -> str:
        """Return the current secret as its receiver takes it. Raises OperatorError."""
        with aws_errors("the secret cannot be read"):
            return f"{PREFIX}{self._manager.get_secret_value(SecretId=self._secret_id)['SecretString']}"

    def rotate(self) -> str:
        """Replace the secret and return the new one. For a day events are signed with both. Raises OperatorError."""
        with aws_errors("the secret cannot be replaced"):
            value = self._manager.get_random_password(PasswordLength=SECRET_CHARACTERS, ExcludePunctuation=True)
            self._manager.put_secret_value(SecretId=self._secret_id, SecretString=value["RandomPassword"])
        return f"{PREFIX}{value['RandomPassword']}"
