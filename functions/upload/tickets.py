"""Presigned forms: the right to send one picture of one type and size straight to S3, for a while."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from botocore.config import Config

from functions.shared.aws import session
from functions.shared.clock import iso
from functions.shared.keys import original_key
from functions.upload.requests import Method, TicketRequest


@cache
def signing_client(endpoint_url: str = "") -> Any:
    """Return an S3 client that signs with Signature Version 4; no request of its own goes out.

    The URLs name the bucket's own region: the global endpoint answers a redirect for hours after a bucket is made,
    and browsers follow none that leaves the origin which CORS allowed. With ``endpoint_url`` they name that endpoint,
    and the bucket in the path: its host names no bucket.
    """
    config = Config(
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        s3={"addressing_style": "path" if endpoint_url else "virtual", "us_east_1_regional_endpoint": "regional"},
    )
    return session().create_client("s3", config=config, endpoint_url=endpoint_url or None)


class TicketOffice:
    """Signs uploads into one bucket, good for ``expires_seconds``. ``s3`` is a botocore S3 client with s3v4."""

    def __init__(self, bucket: str, expires_seconds: int, s3: Any) -> None:
        self._bucket = bucket
        self._expires_seconds = expires_seconds
        self._s3 = s3

    def ticket(self, image_id: str, request: TicketRequest) -> dict[str, Any]:
        """Return ``{"method", "url", "fields" or "headers", "expires_at"}`` for one upload of ``image_id``."""
        expires_at = iso(datetime.now(UTC) + timedelta(seconds=self._expires_seconds))
        form = self._post(image_id, request) if request.method is Method.POST else self._put(image_id, request)
        return {"method": request.method.value, **form, "expires_at": expires_at}

    def _post(self, image_id: str, request: TicketRequest) -> dict[str, Any]:
        form = self._s3.generate_presigned_post(
            Bucket=self._bucket,
            Key=original_key(image_id),
            Fields={"Content-Type": request.content_type},
            Conditions=[
                {"Content-Type": request.content_type},
                ["content-length-range", request.size, request.size],
            ],
            ExpiresIn=self._expires_seconds,
        )
        return {"url": form["url"], "fields": form["fields"]}

    def _put(self, image_id: str, request: TicketRequest) -> dict[str, Any]:
        # Content-Length is signed too: every HTTP client sends it, and S3 then refuses a body of another size.
        # If-None-Match keeps a URL that was used, or stolen, from replacing the original.
        url = self._s3.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": original_key(image_id),
                "ContentType": request.content_type,
                "ContentLength": request.size,
                "IfNoneMatch": "*",
            },
            ExpiresIn=self._expires_seconds,
        )
        return {"url": url, "headers": {"Content-Type": request.content_type, "If-None-Match": "*"}}
