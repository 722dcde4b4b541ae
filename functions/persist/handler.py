"""PersistImage: everything that was found out about an image in; where it stands from now on out."""

from typing import Any

from functions.persist.publication import Publisher
from functions.persist.settings import PersistSettings
from functions.persist.verdicts import VerdictWriter
from functions.shared.announcements import Announcer
from functions.shared.contracts import PersistRequest
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics
from functions.shared.records import RecordReader

settings = PersistSettings.from_environment()  # a bad value fails the cold start
publisher = Publisher(
    store=S3ObjectStore(),
    records=RecordReader(settings.table),
    verdicts=VerdictWriter(settings.table),
    announcer=Announcer(settings.event_bus),
    settings=settings,
)


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Carry out the verdict that the state brings."""
    request = PersistRequest.from_state(event)
    logger.append_keys(image_id=request.image_id, revision=request.revision)
    outcome = publisher.persist(request)
    state = outcome.to_state()
    metrics.add_metric(name=f"Image{state.get('status', state['outcome']).capitalize()}", unit="Count", value=1)
    logger.info("persist", extra={"outcome": state["outcome"], "status": state.get("status")})
    return state
