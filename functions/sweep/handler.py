"""Sweep: runs on a schedule; settles or restarts stuck images and counts them."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.shared.observability import logger, metrics
from functions.sweep.settings import SweepSettings
from functions.sweep.stuck_images import StuckImages

ENOUGH_MS = 15_000
"""The least remaining time with which another batch of images is started."""

settings = SweepSettings.from_environment()  # a bad value fails the cold start
images = StuckImages(settings)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Repair stuck images."""
    repairs = images.repair(has_time=lambda: context.get_remaining_time_in_millis() > ENOUGH_MS)
    counts = {"settled": repairs.settled, "started": repairs.started, "resumed": repairs.resumed}
    for name, count in counts.items():
        metrics.add_metric(name=f"Stuck{name.title()}", unit=MetricUnit.Count, value=count)
    logger.info("sweep", extra={**counts, "looked_at_all": repairs.looked_at_all})
    return {**counts, "looked_at_all": repairs.looked_at_all}
