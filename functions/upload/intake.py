"""POST /v1/images: one call, three forms. JSON asks for a presigned form; a picture is taken as it is."""

import hashlib
import json
from typing import Any, Final

from functions.shared.keys import original_key
from functions.shared.object_store import S3ObjectStore
from functions.shared.problem import ProblemError
from functions.shared.rest_api import body_bytes, header
from functions.upload.registration import Registrar
from functions.upload.repetition import RepeatedCalls
from functions.upload.requests import MAX_DIRECT_BYTES, direct_upload, idempotency_key, ticket_request
from functions.upload.settings import UploadSettings
from functions.upload.tickets import TicketOffice

THE_PRESIGNED_CALL: Final = (
    'POST application/json {"filename": "cat.jpg", "content_type": "image/jpeg", "size": 123456} to /v1/images for a '
    "presigned form, then send the bytes to S3 as its answer says"
)


class Intake:
    """Takes uploads in. The parts are handed over; nothing here knows AWS."""

    def __init__(
        self,
        settings: UploadSettings,
        *,
        registrar: Registrar,
        tickets: TicketOffice,
        store: S3ObjectStore,
        repeated: RepeatedCalls,
    ) -> None:
        self._settings = settings
        self._registrar = registrar
        self._tickets = tickets
        self._store = store
        self._repeated = repeated

    def take(self, event: dict[str, Any], context: object) -> tuple[int, dict[str, Any]]:
        """Return status and document of the answer to one proxy event.

        Raises ProblemError or TransientDependencyError.
        """
        media_type = (header(event, "content-type") or "").partition(";")[0].strip().lower()
        if media_type == "application/json":
            return self._hand_out_ticket(event, context)
        if media_type.startswith("image/"):
            return self._take_picture(event, media_type, context)
        raise ProblemError(
            415,
            "Unsupported Media Type",
            f"{media_type or 'No Content-Type'} is not taken: send the picture itself as image/*, "
            f"or {THE_PRESIGNED_CALL}.",
            field="Content-Type",
        )

    def _hand_out_ticket(self, event: dict[str, Any], context: object) -> tuple[int, dict[str, Any]]:
        body = body_bytes(event)
        request = ticket_request(body, max_bytes=self._settings.max_bytes)
        image_id = self._repeated.once(
            lambda: self._registrar.register(request, content_type=request.content_type, size=request.size),
            tenant=request.tenant,
            key=idempotency_key(header(event, "idempotency-key")),
            content=json.dumps(request.model_dump(mode="json"), sort_keys=True).encode(),
            context=context,
        )
        document = {"id": image_id, "status": "AWAITING_UPLOAD", "upload": self._tickets.ticket(image_id, request)}
        return 201, document

    def _take_picture(self, event: dict[str, Any], media_type: str, context: object) -> tuple[int, dict[str, Any]]:
        body = body_bytes(event)
        limit = min(MAX_DIRECT_BYTES, self._settings.max_bytes)
        if len(body) > limit:
            raise ProblemError(
                413,
                "Content Too Large",
                f"The API takes pictures of up to {limit} bytes; for larger ones {THE_PRESIGNED_CALL}.",
                field="body",
            )
        request = direct_upload(event.get("queryStringParameters") or {}, media_type)

        def create() -> str:
            image_id = self._registrar.register(request, content_type=request.content_type, size=len(body))
            key = original_key(image_id)
            self._store.put(self._settings.originals_bucket, key, body, content_type=request.content_type)
            return image_id

        image_id = self._repeated.once(
            create,
            tenant=request.tenant,
            key=idempotency_key(header(event, "idempotency-key")),
            content=request.model_dump_json().encode() + hashlib.sha256(body).digest(),
            context=context,
        )
        return 202, {"id": image_id, "status": "PROCESSING"}
