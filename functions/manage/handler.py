"""Manage: reads, lists, changes and removes images, and resumes held or failed ones."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.manage import responses
from functions.manage.focal_point import FocalPoints
from functions.manage.queries import history_query, listing_query
from functions.manage.removal import Remover
from functions.manage.requests import image_change, resumption_request
from functions.manage.resumption import Resumer
from functions.manage.settings import ManageSettings
from functions.records.focal_point import FocalPointWriter
from functions.records.listing import Listing
from functions.records.removal import RemovalWriter
from functions.shared.contracts import Status
from functions.shared.errors import (
    LegalHoldError,
    NotServedError,
    RecordMissingError,
    RemovalNotStartedError,
    RevisionsUsedUpError,
)
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics
from functions.shared.problem import problem
from functions.shared.rest_api import (
    RETRY_AFTER_SECONDS,
    as_response,
    body_bytes,
    query_parameters,
    resolver,
    respond,
)
from functions.shared.uploads_queue import UploadsQueue

settings = ManageSettings.from_environment()  # a bad value fails the cold start
app = resolver(
    settings.allowed_origins,
    problems={
        RecordMissingError: problem(404, "Not Found", "No image has this id."),
        RevisionsUsedUpError: problem(409, "Conflict", "This image was changed too often; its focal point is final."),
        LegalHoldError: problem(409, "Conflict", "This image is under a legal hold; it was not removed."),
    },
)
listing = Listing(settings.table_name)
resumer = Resumer(listing, UploadsQueue(settings.uploads_queue_url), originals_bucket=settings.originals_bucket)
remover = Remover(settings.remove_state_machine_arn, records=RemovalWriter(settings.table_name))
focal_points = FocalPoints(
    records=FocalPointWriter(settings.table_name),
    store=S3ObjectStore(),
    events=EventPublisher(settings.event_bus_name),
    executions=Executions,
    generated_bucket=settings.generated_bucket,
    retire_machine=settings.retire_state_machine_arn,
)


def not_served(error: NotServedError) -> Response[str]:
    """Respond to a change of an image that is not served: 410 if it was removed, otherwise 409."""
    if error.status is Status.REMOVED:
        return as_response(problem(410, "Gone", "This image was removed."))
    return as_response(problem(409, "Conflict", "This image is not published.", image_status=error.status))


app.exception_handler(NotServedError)(not_served)


def removal_not_started(error: RemovalNotStartedError) -> Response[str]:
    """Respond to a DELETE that marked the image as removed and could not start the deletion; log the cause."""
    logger.exception("the removal could not be started", exc_info=error)
    detail = "The image is no longer served, but the deletion of its files could not be started. Repeat the request."
    return as_response(
        problem(503, "Service Unavailable", detail, headers={"Retry-After": RETRY_AFTER_SECONDS}),
    )


app.exception_handler(RemovalNotStartedError)(removal_not_started)


@app.get("/v1/images/<image_id>")
def get_image(image_id: str) -> Response[str]:
    """Return one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    return _json(200, responses.full(listing.image(image_id)))


@app.get("/v1/images/<image_id>/history")
def get_history(image_id: str) -> Response[str]:
    """Return a page of one image's history, newest first."""
    logger.append_keys(image_id=image_id)
    query = history_query(app.current_event.raw_event)
    return _json(200, responses.history(listing.history(image_id, limit=query.limit, cursor=query.cursor)))


@app.get("/v1/images")
def list_images() -> Response[str]:
    """Return a page of a tenant's images, newest first."""
    query = listing_query(app.current_event.raw_event)
    page = listing.page(query.tenant, limit=query.limit, status=query.status, cursor=query.cursor)
    return _json(200, responses.page(page))


@app.patch("/v1/images/<image_id>")
def change_image(image_id: str) -> Response[str]:
    """Set the focal point of one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    change = image_change(body_bytes(app.current_event.raw_event))
    focal_points.set(image_id, change.focal_point.x, change.focal_point.y)
    return _json(200, responses.full(listing.image(image_id)))


@app.delete("/v1/images/<image_id>")
def remove_image(image_id: str) -> Response[str]:
    """Remove one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    remover.remove(image_id)
    return _json(202, {"id": image_id, "status": "REMOVED"})


@app.post("/v1/resumptions")
def resume_images() -> Response[str]:
    """Resume held or failed images of a page of a tenant's listing."""
    query_parameters(app.current_event.raw_event)
    request = resumption_request(body_bytes(app.current_event.raw_event))
    resumption = resumer.resume(request.tenant, Status(request.status), since=request.since, cursor=request.cursor)
    logger.append_keys(resumed=len(resumption.resumed), skipped=len(resumption.skipped))
    return _json(202, responses.resumption(resumption))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Respond to one API Gateway request."""
    return respond(app, event, context, function="manage")


def _json(status: int, document: dict[str, Any]) -> Response[str]:
    body = json.dumps(document, ensure_ascii=False)
    return Response(status, content_type="application/json", headers={"Cache-Control": "no-store"}, body=body)
