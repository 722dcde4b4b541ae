"""S3 and DynamoDB for serve, by their HTTP APIs: what answering a request reads, writes and deletes."""

import json
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import quote

from functions.serve.http_api import HttpAnswer, HttpApi, RefusedCallError
from functions.shared.errors import ObjectMissingError, RecordMissingError
from functions.shared.objects import StoredObject
from functions.shared.records import ImageRecord, record_key

_METADATA: Final = "x-amz-meta-"


class DirectObjectStore:
    """Whole objects of S3, as shared/object_store.py has them."""

    def __init__(self, s3: HttpApi | None = None) -> None:
        self._s3 = HttpApi("s3") if s3 is None else s3

    def get(self, bucket: str, key: str) -> StoredObject:
        """Read a whole object.

        Raises ObjectMissingError (also for S3's 403: without ListBucket AWS does not say 404) or
        TransientDependencyError.
        """
        answer = self._read("GET", bucket, key)
        headers = answer.headers
        return StoredObject(
            body=answer.body,
            content_type=headers.get("content-type", ""),
            etag=headers["etag"].strip('"'),
            last_modified=parsedate_to_datetime(headers["last-modified"]),
            metadata=_metadata(headers),
        )

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """Return the writer's own metadata of an object, without its bytes. Raises as ``get`` does."""
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
        """Write a whole object and return its ETag, unquoted. S3 checks it against the digest that is signed.

        Raises TransientDependencyError.
        """
        headers = {"content-type": content_type}
        if cache_control is not None:
            headers["cache-control"] = cache_control
        headers |= {f"{_METADATA}{name}": value for name, value in (metadata or {}).items()}
        answer = self._s3.call("PUT", _path(key), bucket=bucket, headers=headers, body=body)
        return answer.headers["etag"].strip('"')

    def delete(self, bucket: str, key: str) -> None:
        """Delete one object; one that is gone counts as deleted. Raises TransientDependencyError."""
        self._s3.call("DELETE", _path(key), bucket=bucket)

    def _read(self, method: str, bucket: str, key: str) -> HttpAnswer:
        try:
            return self._s3.call(method, _path(key), bucket=bucket)
        except RefusedCallError as error:
            if error.status == 403:
                raise ObjectMissingError(str(error)) from error
            raise


class DirectRecordReader:
    """Image records of DynamoDB, as shared/records.py has them."""

    def __init__(self, table: str, dynamodb: HttpApi | None = None) -> None:
        self._table = table
        self._dynamodb = HttpApi("dynamodb") if dynamodb is None else dynamodb

    def get(self, image_id: str, *, consistent: bool = False) -> ImageRecord:
        """Return the record; ``consistent`` sees every write that ended before the call.

        Raises RecordMissingError or TransientDependencyError.
        """
        question = {"TableName": self._table, "Key": record_key(image_id), "ConsistentRead": consistent}
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "DynamoDB_20120810.GetItem"}
        answer = json.loads(self._dynamodb.call("POST", "/", headers=headers, body=json.dumps(question).encode()).body)
        if "Item" not in answer:
            raise RecordMissingError(image_id)
        return ImageRecord.from_item(answer["Item"])


def _metadata(headers: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix(_METADATA): value for name, value in headers.items() if name.startswith(_METADATA)}


def _path(key: str) -> str:
    return "/" + quote(key, safe="/~")
