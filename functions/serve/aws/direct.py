"""The reads, writes and deletions of S3 and DynamoDB that serve needs, over their HTTP APIs."""

import json
from typing import Final
from urllib.parse import quote

from functions.records.record import ImageRecord, record_key
from functions.serve.aws.http_api import CallRefusedError, HttpApi, HttpResponse
from functions.shared.errors import ObjectMissingError, RecordMissingError
from functions.shared.objects import StoredObject

_METADATA: Final = "x-amz-meta-"


class DirectObjectStore:
    """Reads and writes whole objects, as S3ObjectStore does (functions/shared/object_store.py)."""

    def __init__(self, s3: HttpApi | None = None) -> None:
        self._s3 = HttpApi("s3") if s3 is None else s3

    def get(self, bucket: str, key: str) -> StoredObject:
        """Read a whole object.

        Raises ObjectMissingError (also for a 403, which S3 returns without ListBucket for a missing key) or
        TransientDependencyError.
        """
        response = self._read("GET", bucket, key)
        headers = response.headers
        return StoredObject(
            body=response.body,
            content_type=headers.get("content-type", ""),
            etag=headers["etag"].strip('"'),
            metadata=_metadata(headers),
        )

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """Return the user-defined metadata of an object, without its bytes. Raises the errors of ``get``."""
        return _metadata(self._read("HEAD", bucket, key).headers)

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        content_type: str,
        cache_control: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> str:
        """Write a whole object and return its ETag, unquoted. S3 compares the body with the signed digest.

        Raises TransientDependencyError.
        """
        headers = {"content-type": content_type}
        if cache_control is not None:
            headers["cache-control"] = cache_control
        headers |= {f"{_METADATA}{name}": value for name, value in (metadata or {}).items()}
        response = self._s3.call("PUT", _path(key), bucket=bucket, headers=headers, body=body)
        return response.headers["etag"].strip('"')

    def delete(self, bucket: str, key: str) -> None:
        """Delete one object, if it exists. Raises TransientDependencyError."""
        self._s3.call("DELETE", _path(key), bucket=bucket)

    def _read(self, method: str, bucket: str, key: str) -> HttpResponse:
        try:
            return self._s3.call(method, _path(key), bucket=bucket)
        except CallRefusedError as error:
            if error.status == 403:
                raise ObjectMissingError(str(error)) from error
            raise


class DirectRecordReader:
    """Reads records, as RecordReader does (functions/records/reader.py)."""

    def __init__(self, table: str, dynamodb: HttpApi | None = None) -> None:
        self._table = table
        self._dynamodb = HttpApi("dynamodb") if dynamodb is None else dynamodb

    def get(self, image_id: str, *, consistent: bool = False) -> ImageRecord:
        """Return the record; ``consistent`` includes every write that was complete before the call.

        Raises RecordMissingError or TransientDependencyError.
        """
        query = {"TableName": self._table, "Key": record_key(image_id), "ConsistentRead": consistent}
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.GetItem"}
        response = self._dynamodb.call("POST", "/", headers=headers, body=json.dumps(query).encode())
        document = json.loads(response.body)
        if "Item" not in document:
            raise RecordMissingError(image_id)
        return ImageRecord.from_item(document["Item"])


def _metadata(headers: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix(_METADATA): value for name, value in headers.items() if name.startswith(_METADATA)}


def _path(key: str) -> str:
    return "/" + quote(key, safe="/~")
