"""Manage: reads, lists, removes and resumes images, sets focal points and legal holds, and overrides verdicts."""

from typing import Any
from urllib.parse import unquote

from aws_lambda_powertools.event_handler import Response

from functions.manage import responses
from functions.manage.focal_point import FocalPoints
from functions.manage.legal_hold import LegalHolds
from functions.manage.overrides import Overrides
from functions.manage.owners import OwnerRemover
from functions.manage.problems import PROBLEMS
from functions.manage.queries import history_query, listing_query, owner_query, tenant_query
from functions.manage.removal import Remover
from functions.manage.requests import image_change, legal_hold, resumption_request, verdict_request
from functions.manage.resumption import Resumer
from functions.manage.settings import ManageSettings
from functions.records.focal_point import FocalPointWriter
from functions.records.legal_hold import LegalHoldWriter
from functions.records.listing import Listing
from functions.records.reader import RecordReader
from functions.records.removal import RemovalWriter
from functions.shared.events import EventPublisher
from functions.shared.executions import Executions
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger
from functions.shared.rest_api import body_bytes, json_response, query_parameters, resolver, respond
from functions.shared.retirement import Retirement
from functions.shared.status import Decision
from functions.shared.uploads_queue import UploadsQueue
from functions.verdicts.changes import Outcome, VerdictChanges

settings = ManageSettings.from_environment()  # a bad value fails the cold start
app = resolver(settings.allowed_origins, PROBLEMS)
listing = Listing(settings.table_name)
store, executions = S3ObjectStore(), Executions()
resumer = Resumer(listing, UploadsQueue(settings.uploads_queue_url), originals_bucket=settings.originals_bucket)
remover = Remover(settings.remove_state_machine_arn, records=RemovalWriter(settings.table_name), executions=executions)
owners = OwnerRemover(listing, remover)
legal_holds = LegalHolds(LegalHoldWriter(settings.table_name), store, settings.originals_bucket)
focal_points = FocalPoints(
    records=FocalPointWriter(settings.table_name),
    store=store,
    events=EventPublisher(settings.event_bus_name),
    retirement=Retirement(executions, settings.retire_state_machine_arn),
    generated_bucket=settings.generated_bucket,
)
overrides = Overrides(records=RecordReader(settings.table_name), changes=VerdictChanges.from_settings(settings))


@app.get("/v1/images/<image_id>")
def get_image(image_id: str) -> Response[str]:
    """Return one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    return json_response(200, responses.full(listing.image(image_id)))


@app.get("/v1/images/<image_id>/history")
def get_history(image_id: str) -> Response[str]:
    """Return a page of one image's history, newest first."""
    logger.append_keys(image_id=image_id)
    query = history_query(app.current_event.raw_event)
    return json_response(200, responses.history(listing.history(image_id, limit=query.limit, cursor=query.cursor)))


@app.get("/v1/images")
def list_images() -> Response[str]:
    """Return a page of a list of a tenant's images, newest first."""
    query = listing_query(app.current_event.raw_event)
    page = listing.page(query.selection, limit=query.limit, cursor=query.cursor, times=query.times)
    return json_response(200, responses.page(page))


@app.patch("/v1/images/<image_id>")
def change_image(image_id: str) -> Response[str]:
    """Set the focal point of one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    change = image_change(body_bytes(app.current_event.raw_event))
    focal_points.set(image_id, change.focal_point.x, change.focal_point.y)
    return json_response(200, responses.full(listing.image(image_id)))


@app.post("/v1/images/<image_id>/verdict")
def override_verdict(image_id: str) -> Response[str]:
    """Override the verdict of one image."""
    logger.append_keys(image_id=image_id)
    tenant = tenant_query(app.current_event.raw_event).tenant
    request = verdict_request(body_bytes(app.current_event.raw_event))
    decision = Decision(request.decision)
    outcome, status = overrides.set(image_id, decision, tenant=tenant, reason=request.reason, note=request.note)
    logger.append_keys(decision=decision, outcome=outcome)
    shown = {"id": image_id, "status": status, "decision": decision, "outcome": outcome}
    return json_response(202 if outcome is Outcome.QUEUED else 200, shown)


@app.delete("/v1/images/<image_id>")
def remove_image(image_id: str) -> Response[str]:
    """Remove one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    remover.remove(image_id)
    return json_response(202, {"id": image_id, "status": "REMOVED"})


@app.put("/v1/images/<image_id>/legal-hold")
def change_legal_hold(image_id: str) -> Response[str]:
    """Set or release the legal hold of one image."""
    logger.append_keys(image_id=image_id)
    query_parameters(app.current_event.raw_event)
    hold = legal_hold(body_bytes(app.current_event.raw_event))
    (legal_holds.set if hold.enabled else legal_holds.release)(image_id, hold.reason)
    return json_response(200, responses.full(listing.image(image_id)))


@app.delete("/v1/owners/<owner>/images")
def remove_owners_images(owner: str) -> Response[str]:
    """Remove some of an owner's images."""
    owned, cursor = owner_query(unquote(owner), app.current_event.raw_event)
    removal = owners.remove(owned, cursor)
    logger.append_keys(removed=len(removal.removed), held=len(removal.held))
    return json_response(202, responses.owner_removal(removal))


@app.post("/v1/resumptions")
def resume_images() -> Response[str]:
    """Resume held or failed images of a page of a tenant's listing."""
    query_parameters(app.current_event.raw_event)
    request = resumption_request(body_bytes(app.current_event.raw_event))
    resumption = resumer.resume(request.selection, since=request.since, cursor=request.cursor)
    logger.append_keys(resumed=len(resumption.resumed), skipped=len(resumption.skipped))
    return json_response(202, responses.resumption(resumption))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Respond to one API Gateway request."""
    return respond(app, event, context, function="manage")
