"""DecideVerdicts: applies changes of verdicts, for the state machines that review and re-judge images.

An error ends the call, and the state machine repeats it. Changes that were made before the error are not made again.
"""

from typing import Any

from functions.decide.settings import DecideSettings
from functions.shared.observability import logger, metrics
from functions.verdicts.changes import VerdictChanges
from functions.verdicts.requests import DecideRequest, decide

settings = DecideSettings.from_environment()  # a bad value fails the cold start
changes = VerdictChanges.from_settings(settings)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Apply the changes of the state's input."""
    decided = decide(DecideRequest.from_state(event), changes)
    for outcome, count in decided.counts.items():
        metrics.add_metric(name=f"Change{outcome.capitalize()}", unit="Count", value=count)
    logger.info("decide", extra={"outcomes": decided.counts})
    return decided.to_state()
