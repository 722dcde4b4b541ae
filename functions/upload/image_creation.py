"""POST /v1/images: a JSON body requests a presigned upload; an image body is stored directly."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

from functions.records.creation import RecordCreator
from functions.records.idempotency import IdempotencyKeys
from functions.records.record import Records
from functions.shared.errors import IdempotencyKeyInUseError, IdempotencyKeyReusedError, RecordMissingError
from functions.shared.keys import original_key
from functions.shared.object_store import S3ObjectStore
from functions.shared.problem import ProblemError
from functions.shared.rest_api import body_bytes, header, query_parameters
from functions.shared.status import Status
from functions.upload.presigned_uploads import PresignedUploads
from functions.upload.requests import (
    LABELS,
    MAX_DIRECT_BYTES,
    UploadLabels,
    direct_upload,
    idempotency_key,
    presigned_request,
)
from functions.upload.settings import UploadSettings

HOW_TO_PRESIGN: Final = (
    'POST application/json {"filename": "cat.jpg", "content_type": "image/jpeg", "size": 123456} to /v1/images for a '
    "presigned upload, and send the bytes to S3 as the response describes"
)


class ImageCreation:
    """Creates images. ``creator`` writes the records that ``records`` reads."""

    def __init__(
        self,
        settings: UploadSettings,
        *,
        records: Records,
        creator: RecordCreator,
        idempotency: IdempotencyKeys,
        presigned: PresignedUploads,
        store: S3ObjectStore,
    ) -> None:
        self._settings = settings
        self._records = records
        self._creator = creator
        self._idempotency = idempotency
        self._presigned = presigned
        self._store = store

    def create(self, event: dict[str, Any], context: object) -> tuple[int, dict[str, Any]]:
        """Return the status and the document of the response to a proxy event.

        Raises ProblemError or TransientDependencyError.
        """
        media_type = (header(event, "content-type") or "").partition(";")[0].strip().lower()
        if media_type == "application/json":
            return self._create_presigned(event, context)
        if media_type.startswith("image/"):
            return self._create_direct(event, media_type, context)
        raise ProblemError(
            415,
            "Unsupported Media Type",
            f"{media_type or 'A request without Content-Type'} is not supported: send the image itself as image/*, "
            f"or {HOW_TO_PRESIGN}.",
            field="Content-Type",
        )

    def _create_presigned(self, event: dict[str, Any], context: object) -> tuple[int, dict[str, Any]]:
        query_parameters(event)
        request = presigned_request(body_bytes(event), max_bytes=self._settings.max_bytes)
        image_id, repeated = self._once(
            lambda: self._creator.create(request.new_image(request.size)),
            event,
            request,
            content=json.dumps(request.compared(), sort_keys=True).encode(),
            context=context,
        )
        status = self._status_of(image_id) if repeated else Status.AWAITING_UPLOAD
        if status is not Status.AWAITING_UPLOAD:
            return 200, {"id": image_id, "status": status}
        return 201, {"id": image_id, "status": status, "upload": self._presigned.upload(image_id, request)}

    def _create_direct(self, event: dict[str, Any], media_type: str, context: object) -> tuple[int, dict[str, Any]]:
        body = body_bytes(event)
        limit = min(MAX_DIRECT_BYTES, self._settings.max_bytes)
        if len(body) > limit:
            raise ProblemError(
                413,
                "Content Too Large",
                f"An image sent to the API must not exceed {limit} bytes; for a larger one {HOW_TO_PRESIGN}.",
                field="body",
            )
        request = direct_upload(query_parameters(event, LABELS), media_type)

        def create() -> str:
            image_id = self._creator.create(request.new_image(len(body)))
            key = original_key(image_id)
            self._store.put(self._settings.originals_bucket, key, body, content_type=request.content_type)
            return image_id

        content = json.dumps(request.compared(), ensure_ascii=False, separators=(",", ":")).encode()
        content += hashlib.sha256(body).digest()
        image_id, repeated = self._once(create, event, request, content=content, context=context)
        status = self._status_of(image_id) if repeated else Status.PROCESSING
        if status.is_in_progress:  # the event of the upload may not have arrived yet
            return 202, {"id": image_id, "status": Status.PROCESSING}
        return 200, {"id": image_id, "status": status}

    def _once(
        self, create: Callable[[], str], event: dict[str, Any], labels: UploadLabels, *, content: bytes, context: object
    ) -> tuple[str, bool]:
        """Return the image's id, and whether an earlier request with the Idempotency-Key created it.

        Raises ProblemError (400 for an invalid key, 422 for another request, 409 while the first one is in progress).
        """
        key = idempotency_key(header(event, "idempotency-key"))
        try:
            return self._idempotency.once(create, tenant=labels.tenant, key=key, content=content, context=context)
        except IdempotencyKeyReusedError as error:
            detail = "This Idempotency-Key was used with another request; use a new key."
            raise ProblemError(422, "Unprocessable Content", detail, field="Idempotency-Key") from error
        except IdempotencyKeyInUseError as error:
            detail = "The first request with this Idempotency-Key is in progress; try again."
            retry = {"Retry-After": "1"}
            raise ProblemError(409, "Conflict", detail, field="Idempotency-Key", headers=retry) from error

    def _status_of(self, image_id: str) -> Status:
        """Return the status of an earlier request's image. Raises ProblemError (410) if its record has expired."""
        try:
            return self._records.get(image_id, consistent=True).status
        except RecordMissingError as error:
            raise ProblemError(
                410,
                "Gone",
                "The image of this Idempotency-Key was never uploaded and its record has expired; use a new key.",
                field="Idempotency-Key",
            ) from error
