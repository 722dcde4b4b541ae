"""OptimizeImage: writes the master, the renditions and the moderation views of an original, or rejects it.

Files are exchanged through S3; the state contains keys, sizes and digests.
"""

from typing import Any

from functions.optimize.originals import optimize_original
from functions.optimize.settings import OptimizeSettings
from functions.shared.contracts import OptimizeRequest
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics

settings = OptimizeSettings.from_environment()  # a bad value fails the cold start
store = S3ObjectStore()


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Optimize the original of the state's input."""
    request = OptimizeRequest.from_state(event)
    logger.append_keys(image_id=request.image_id, revision=request.revision)
    optimization = optimize_original(request, store=store, settings=settings)
    state = optimization.outcome.to_state()
    metrics.add_metric(name=f"Image{type(optimization.outcome).__name__}", unit="Count", value=1)
    for phase, milliseconds in optimization.timings_ms.items():
        metrics.add_metric(name=f"{phase.title()}Time", unit="Milliseconds", value=milliseconds)
    logger.info(
        "optimize", extra={"outcome": state["outcome"], "reason": state.get("reason"), "detail": state.get("detail")}
    )
    return state
