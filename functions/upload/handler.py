"""Upload: creates an image's record; returns a presigned request or stores the body."""

from typing import Any

from aws_lambda_powertools.event_handler import Response

from functions.records.creation import RecordCreator
from functions.records.idempotency import IdempotencyKeys
from functions.records.reader import RecordReader
from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger
from functions.shared.rest_api import json_response, resolver, respond
from functions.upload.image_creation import ImageCreation
from functions.upload.presigned_uploads import PresignedUploads, signing_client
from functions.upload.settings import UploadSettings

settings = UploadSettings.from_environment()  # a bad value fails the cold start
app = resolver(settings.allowed_origins, problems={})
creation = ImageCreation(
    settings,
    records=RecordReader(settings.table_name),
    creator=RecordCreator(settings.table_name),
    idempotency=IdempotencyKeys(settings.table_name),
    presigned=PresignedUploads(
        settings.originals_bucket, settings.upload_expires_seconds, signing_client(settings.uploads_endpoint_url)
    ),
    store=S3ObjectStore(),
)


@app.post("/v1/images")
def create_image() -> Response[str]:
    """Create one image."""
    status, document = creation.create(app.current_event.raw_event, app.lambda_context)
    logger.append_keys(image_id=document["id"])
    return json_response(status, document, {"Location": f"/v1/images/{document['id']}"})


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Respond to one API Gateway request."""
    return respond(app, event, context, function="upload")
