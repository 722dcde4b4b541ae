"""RotateOriginSecret: Secrets Manager calls it four times per rotation, once for each step."""

from typing import Any

from functions.rotate.edge import Edge
from functions.rotate.secret import OriginSecret
from functions.rotate.settings import RotateSettings
from functions.rotate.steps import take_step
from functions.shared.observability import logger

settings = RotateSettings.from_environment()  # a bad value fails the cold start


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001 - Lambda's signature
    """Take one step of a rotation; every step may be repeated."""
    secret = OriginSecret(event["SecretId"], event["ClientRequestToken"])
    logger.append_keys(step=event["Step"], version=secret.token)
    take_step(event["Step"], secret=secret, edge=Edge(settings))
    logger.info("rotation step taken")
