"""BlurImage: blurs a picture whose verdict is blur; the blurred one replaces it in the state."""

from typing import Any

from functions.blur.pictures import blur_picture
from functions.blur.settings import BlurSettings
from functions.shared.contracts import BlurRequest
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics

settings = BlurSettings.from_environment()  # a bad value fails the cold start
store = S3ObjectStore()


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Blur the picture of the state's input."""
    request = BlurRequest.from_state(event)
    logger.append_keys(image_id=request.image_id, revision=request.revision)
    picture = blur_picture(request, store=store, settings=settings)
    metrics.add_metric(name="ImageBlurred", unit="Count", value=1)
    logger.info("blur", extra={"files": 1 + len(picture.renditions)})
    return picture.to_state()
