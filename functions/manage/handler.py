"""Manage: reads one image's record and history, lists many, removes one."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.metrics import MetricUnit

from functions.manage import views
from functions.manage.library import Library
from functions.manage.queries import history_query, listing_query
from functions.manage.removal import LegalHoldError, RemovalNotStartedError, Remover
from functions.manage.settings import ManageSettings
from functions.shared.errors import RecordMissingError
from functions.shared.observability import logger, metrics
from functions.shared.problem import problem
from functions.shared.rest_api import RETRY_AFTER_SECONDS, as_response, query_parameters, resolver

settings = ManageSettings.from_environment()  # a bad value fails the cold start
app = resolver(
    settings.allowed_origins,
    problems={
        RecordMissingError: problem(404, "Not Found", "No image has this id."),
        LegalHoldError: problem(409, "Conflict", "This image is under a legal hold: nothing was removed."),
    },
)
library = Library(settings.table_name)
remover = Remover(settings, library=library)


def removal_not_started(error: RemovalNotStartedError) -> Response[str]:
    """Answer a DELETE that marked the record and could not do more; the cause is for the log."""
    logger.exception("the removal could not be started", exc_info=error)
    detail = "The image is no longer served, but the deletion of its files could not be started. Repeat the call."
    return as_response(
        problem(503, "Service Unavailable", detail, headers={"Retry-After": RETRY_AFTER_SECONDS}),
    )


app.exception_handler(RemovalNotStartedError)(removal_not_started)


@app.get("/v1/images/<image_id>")
def get_image(image_id: str) -> Response[str]:
    """Show one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    return _json(200, views.full(library.image(image_id)))


@app.get("/v1/images/<image_id>/history")
def get_history(image_id: str) -> Response[str]:
    """Show a page of one image's history, newest first."""
    logger.append_keys(image_id=image_id)
    query = history_query(app.current_event.raw_event)
    return _json(200, views.history(library.history(image_id, limit=query.limit, cursor=query.cursor)))


@app.get("/v1/images")
def list_images() -> Response[str]:
    """Show a page of a tenant's images, newest first."""
    query = listing_query(app.current_event.raw_event)
    records, cursor = library.page(query.tenant, limit=query.limit, status=query.status, cursor=query.cursor)
    items = [views.summary(record) for record in records]
    return _json(200, {"items": items, "cursor": cursor.encode() if cursor else None})


@app.delete("/v1/images/<image_id>")
def remove_image(image_id: str) -> Response[str]:
    """Remove one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    remover.remove(image_id)
    return _json(202, {"id": image_id, "status": "REMOVED"})


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    answer = app.resolve(event, context)
    metrics.add_metric(name=f"Answer{answer['statusCode'] // 100}xx", unit=MetricUnit.Count, value=1)
    logger.info("manage", extra={"status": answer["statusCode"]})
    return answer


def _json(status: int, document: dict[str, Any]) -> Response[str]:
    body = json.dumps(document, ensure_ascii=False)
    return Response(status, content_type="application/json", headers={"Cache-Control": "no-store"}, body=body)
