"""Presigned requests: each allows a client to send one image of a given type and size to S3, for a limited time."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from botocore.config import Config

from functions.shared.aws import session
from functions.shared.clock import iso
from functions.shared.keys import original_key
from functions.upload.requests import Method, PresignedRequest


@cache
def signing_client(endpoint_url: str = "") -> Any:
    """Return an S3 client that signs with Signature Version 4; it sends no requests.

    URLs contain the bucket's region: for hours after a bucket is created the global endpoint redirects, and browsers do
    not follow redirects to another origin than CORS allows. With ``endpoint_url`` URLs contain that endpoint, and the
    bucket in the path.
    """
    config = Config(
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        s3={"addressing_style": "path" if endpoint_url else "virtual", "us_east_1_regional_endpoint": "regional"},
    )
    return session().create_client("s3", config=config, endpoint_url=endpoint_url or None)


class PresignedUploads:
    """Signs uploads to one bucket, valid for ``expires_seconds``. ``s3`` is a botocore S3 client with s3v4."""

    def __init__(self, bucket: str, expires_seconds: int, s3: Any) -> None:
        self._bucket = bucket
        self._expires_seconds = expires_seconds
        self._s3 = s3

    def upload(self, image_id: str, request: PresignedRequest) -> dict[str, Any]:
        """Return ``{"method", "url", "fields" or "headers", "expires_at"}`` for one upload of ``image_id``."""
        expires_at = iso(datetime.now(UTC) + timedelta(seconds=self._expires_seconds))
        upload = self._post(image_id, request) if request.method is Method.POST else self._put(image_id, request)
        return {"method": request.method.value, **upload, "expires_at": expires_at}

    def _post(self, image_id: str, request: PresignedRequest) -> dict[str, Any]:
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

    def _put(self, image_id: str, request: PresignedRequest) -> dict[str, Any]:
        # Content-Length is signed too: every HTTP client sends it, and S3 then refuses a body of another size.
        # If-None-Match prevents a URL that was used or stolen from replacing the original.
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
