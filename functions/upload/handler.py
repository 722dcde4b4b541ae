"""Upload: a request to bring a picture in; a record, and a presigned form or the picture on its way, out."""

import json
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.metrics import MetricUnit

from functions.shared.object_store import S3ObjectStore
from functions.shared.observability import logger, metrics
from functions.shared.records import RecordReader
from functions.shared.rest_api import resolver
from functions.upload.intake import Intake
from functions.upload.registration import Registrar
from functions.upload.repetition import RepeatedCalls
from functions.upload.settings import UploadSettings
from functions.upload.tickets import TicketOffice, signing_client

settings = UploadSettings.from_environment()  # a bad value fails the cold start
app = resolver(settings.allowed_origins)
intake = Intake(
    settings,
    registrar=Registrar(settings.table_name),
    tickets=TicketOffice(
        settings.originals_bucket, settings.upload_expires_seconds, signing_client(settings.uploads_endpoint_url)
    ),
    store=S3ObjectStore(),
    repeated=RepeatedCalls(settings.table_name),
    records=RecordReader(settings.table_name),
)


@app.post("/v1/images")
def create_image() -> Response[str]:
    """Take one upload in."""
    status, document = intake.take(app.current_event.raw_event, app.lambda_context)
    logger.append_keys(image_id=document["id"])
    headers = {"Location": f"/v1/images/{document['id']}", "Cache-Control": "no-store"}
    return Response(status, content_type="application/json", headers=headers, body=json.dumps(document))


@logger.inject_lambda_context(clear_state=True)  # no keys from the last image
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    answer = app.resolve(event, context)
    metrics.add_metric(name=f"Answer{answer['statusCode'] // 100}xx", unit=MetricUnit.Count, value=1)
    logger.info("upload", extra={"status": answer["statusCode"]})
    return answer
