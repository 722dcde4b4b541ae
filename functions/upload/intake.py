"""POST /v1/images: one call, three forms. JSON asks for a presigned form; a picture is taken as it is."""

import hashlib
import json
from typing import Any, Final

from functions.shared.contracts import Status
from functions.shared.errors import RecordMissingError
from functions.shared.keys import original_key
from functions.shared.object_store import S3ObjectStore
from functions.shared.problem import ProblemError
from functions.shared.records import Records
from functions.shared.rest_api import body_bytes, header, query_parameters
from functions.upload.registration import Registrar
from functions.upload.repetition import RepeatedCalls
from functions.upload.requests import LABELS, MAX_DIRECT_BYTES, direct_upload, idempotency_key, ticket_request
from functions.upload.settings import UploadSettings
from functions.upload.tickets import TicketOffice

THE_PRESIGNED_CALL: Final = (
    'POST application/json {"filename": "cat.jpg", "content_type": "image/jpeg", "size": 123456} to /v1/images for a '
    "presigned form, then send the bytes to S3 as its answer says"
)

UNDER_WAY: Final = frozenset({Status.AWAITING_UPLOAD, Status.PROCESSING})
"""Statuses of a stored picture before its outcome; the event of its upload may still be on its way."""


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
        records: Records,
    ) -> None:
        self._settings = settings
        self._registrar = registrar
        self._tickets = tickets
        self._store = store
        self._repeated = repeated
        self._records = records

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
        query_parameters(event)
        request = ticket_request(body_bytes(event), max_bytes=self._settings.max_bytes)
        image_id, repeated = self._repeated.once(
            lambda: self._registrar.register(request, content_type=request.content_type, size=request.size),
            tenant=request.tenant,
            key=idempotency_key(header(event, "idempotency-key")),
            content=json.dumps(request.model_dump(mode="json"), sort_keys=True).encode(),
            context=context,
        )
        status = self._status_of(image_id) if repeated else Status.AWAITING_UPLOAD
        if status is not Status.AWAITING_UPLOAD:
            return 200, {"id": image_id, "status": status}
        return 201, {"id": image_id, "status": status, "upload": self._tickets.ticket(image_id, request)}

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
        request = direct_upload(query_parameters(event, LABELS), media_type)

        def create() -> str:
            image_id = self._registrar.register(request, content_type=request.content_type, size=len(body))
            key = original_key(image_id)
            self._store.put(self._settings.originals_bucket, key, body, content_type=request.content_type)
            return image_id

        image_id, repeated = self._repeated.once(
            create,
            tenant=request.tenant,
            key=idempotency_key(header(event, "idempotency-key")),
            content=request.model_dump_json().encode() + hashlib.sha256(body).digest(),
            context=context,
        )
        status = self._status_of(image_id) if repeated else Status.PROCESSING
        if status in UNDER_WAY:
            return 202, {"id": image_id, "status": Status.PROCESSING}
        return 200, {"id": image_id, "status": status}

    def _status_of(self, image_id: str) -> Status:
        """Return the status of an image that an earlier call created. Raises ProblemError (410) if it has no record."""
        try:
            return self._records.get(image_id, consistent=True).status
        except RecordMissingError as error:
            raise ProblemError(
                410,
                "Gone",
                "The image of this Idempotency-Key was never uploaded, and its record has expired; use a new key.",
                field="Idempotency-Key",
            ) from error
