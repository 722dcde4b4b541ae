"""Resumes a held or failed image: starts a new execution with the old one's input, or with its record's."""

import time
from collections.abc import Callable
from typing import Final

from image_scaler.client import Client, Image, WaitTimeoutError
from image_scaler.client.results import RESUMABLE
from image_scaler.operator.errors import OperatorError
from image_scaler.operator.stage import Operator

POLL_SECONDS: Final = 0.5


def resume_image(
    client: Client,
    operator: Operator,
    image_id: str,
    *,
    within_seconds: float,
    sleep: Callable[[float], None] = time.sleep,
) -> Image:
    """Resume a held or failed image and return its record when the execution has ended.

    Raises OperatorError for an image in another status, WaitTimeoutError, NotFoundError or another ClientError.
    """
    image = client.get(image_id)
    if image.status not in RESUMABLE or image.execution_arn is None:
        raise OperatorError(f"{image_id} is {image.status}; only an image that is HELD or FAILED can be resumed")
    execution = operator.resume(image_id, image.execution_arn)
    deadline = time.monotonic() + within_seconds
    while operator.is_running(execution):
        if time.monotonic() > deadline:
            raise WaitTimeoutError(image_id, client.get(image_id).status, within_seconds)
        sleep(POLL_SECONDS)
    return client.get(image_id)
