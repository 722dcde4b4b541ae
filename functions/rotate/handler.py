"""RotateOriginSecret: Secrets Manager invokes it for each of a rotation's four steps, a deployment for ``compare``."""

from typing import Any

from functions.rotate.edge import Edge
from functions.rotate.secret import OriginSecret
from functions.rotate.settings import RotateSettings
from functions.rotate.steps import take_step
from functions.shared.observability import logger

settings = RotateSettings.from_environment()  # a bad value fails the cold start


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Take one step of a rotation, or compare header and secret; every step can be repeated."""
    secret = OriginSecret(event.get("SecretId", settings.secret_id), event.get("ClientRequestToken", ""))
    logger.append_keys(step=event["Step"], version=secret.token)
    take_step(event["Step"], secret=secret, edge=Edge(settings))
    logger.info("rotation step taken")
