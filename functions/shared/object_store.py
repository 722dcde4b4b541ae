"""Reads and writes whole objects in S3 and raises this project's errors.

Originals are at most 64 MiB and derived files are smaller, so bodies are plain bytes.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from botocore.exceptions import ClientError

from functions.shared.aws import client, translated_errors
from functions.shared.errors import ObjectChangedError, ObjectMissingError
from functions.shared.objects import ListedObject, StoredObject, StoredVersion

DELETE_BATCH = 1000
"""Keys in one DeleteObjects call; S3's own limit."""

_JSON_TYPE: Final = "application/json"

_NOT_LOCKABLE: Final = frozenset({"InvalidRequest", "ObjectLockConfigurationNotFoundError"})
"""Codes of a legal hold in a bucket for which Object Lock is not enabled yet."""


class S3ObjectStore:
    """Reads and writes objects. ``s3`` is a botocore S3 client, by default the process's own."""

    def __init__(self, s3: Any = None) -> None:
        self._s3 = client("s3") if s3 is None else s3

    def get(self, bucket: str, key: str, *, etag: str | None = None, version: str = "") -> StoredObject:
        """Read a whole object, or one version of it; with ``etag`` only if it has this ETag.

        Raises ObjectMissingError (also for a 403, which S3 returns without ListBucket for a missing key),
        ObjectChangedError or TransientDependencyError.
        """
        which = {} if etag is None else {"IfMatch": f'"{etag}"'}
        if version:
            which["VersionId"] = version
        with _denied_as_missing(bucket, key), translated_errors():
            response = self._s3.get_object(Bucket=bucket, Key=key, **which)
            body = response["Body"].read()
        return StoredObject(
            body=body,
            content_type=response.get("ContentType", ""),
            etag=response["ETag"].strip('"'),
            metadata=response.get("Metadata", {}),
        )

    def document(self, bucket: str, key: str) -> Any:
        """Return what a JSON object contains; None if there is no such object. Raises TransientDependencyError."""
        try:
            return json.loads(self.get(bucket, key).body)
        except ObjectMissingError:
            return None

    def document_once(self, bucket: str, key: str, document: Any) -> Any:
        """Write a JSON object unless there is one, and return what it contains then: the first writer decides.

        Raises TransientDependencyError.
        """
        try:
            with translated_errors():
                self._s3.put_object(
                    Bucket=bucket, Key=key, Body=_json(document), ContentType=_JSON_TYPE, IfNoneMatch="*"
                )
        except ObjectChangedError:
            return self.document(bucket, key)
        return document

    def put_document(self, bucket: str, key: str, document: Any) -> None:
        """Write a JSON object. Raises TransientDependencyError."""
        self.put(bucket, key, _json(document), content_type=_JSON_TYPE)

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """Return the user-defined metadata of an object. Raises ObjectMissingError or TransientDependencyError."""
        with _denied_as_missing(bucket, key):
            return self.described(bucket, key)[1]

    def described(self, bucket: str, key: str) -> tuple[str, dict[str, str]]:
        """Return an object's ETag (unquoted) and its user-defined metadata, without its bytes.

        The caller must be allowed to list the bucket: a 403 then means a missing permission and is raised unchanged.
        Raises ObjectMissingError or TransientDependencyError.
        """
        with translated_errors():
            response = self._s3.head_object(Bucket=bucket, Key=key)
        return str(response["ETag"]).strip('"'), dict(response["Metadata"])

    def put(
        self,
        bucket: str,
        key: str,
        body: bytes,
        *,
        content_type: str,
        cache_control: str | None = None,
        metadata: dict[str, str] | None = None,
        etag: str | None = None,
    ) -> str:
        """Write a whole object and return its ETag, unquoted; with ``etag`` only over an object that has this ETag.

        Raises ObjectMissingError, ObjectChangedError (these two only with ``etag``) or TransientDependencyError.
        """
        options: dict[str, Any] = {} if etag is None else {"IfMatch": f'"{etag}"'}
        if cache_control is not None:
            options["CacheControl"] = cache_control
        if metadata:
            options["Metadata"] = metadata
        with translated_errors():
            response = self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **options)
        return str(response["ETag"]).strip('"')

    def tag(self, bucket: str, key: str, tags: dict[str, str], *, etag: str) -> None:
        """Tag the version of an object that has this ETag; a newer version keeps its tags.

        Raises ObjectMissingError, ObjectChangedError or TransientDependencyError.
        """
        with _denied_as_missing(bucket, key), translated_errors():
            head = self._s3.head_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"')
        version = {"VersionId": head["VersionId"]} if "VersionId" in head else {}
        with translated_errors():
            self._s3.put_object_tagging(
                Bucket=bucket,
                Key=key,
                Tagging={"TagSet": [{"Key": name, "Value": value} for name, value in tags.items()]},
                **version,
            )

    def copy(self, source_bucket: str, source_key: str, bucket: str, key: str) -> None:
        """Copy an object of up to 5 GB within S3. Raises ObjectMissingError or TransientDependencyError."""
        with translated_errors():
            self._s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": source_bucket, "Key": source_key})

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """Return all keys that begin with ``prefix``. Raises TransientDependencyError."""
        return [listed.key for listed in self.listed(bucket, prefix)]

    def listed(self, bucket: str, prefix: str, *, after: str = "") -> Iterator[ListedObject]:
        """Yield the objects whose keys begin with ``prefix`` and sort after ``after``, in order.

        A page of 1,000 keys is read when it is needed. Raises TransientDependencyError.
        """
        start = {"StartAfter": after} if after else {}
        with translated_errors():
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, **start):
                for entry in page.get("Contents", ()):
                    yield ListedObject(entry["Key"], entry["LastModified"])

    def first_keys(self, bucket: str, prefix: str, *, after: str = "") -> list[str]:
        """Return up to DELETE_BATCH keys that begin with ``prefix`` and sort after ``after``, in order.

        Raises TransientDependencyError.
        """
        start = {"StartAfter": after} if after else {}
        with translated_errors():
            response = self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=DELETE_BATCH, **start)
        return [entry["Key"] for entry in response.get("Contents", ())]

    def versions(self, bucket: str, prefix: str) -> list[StoredVersion]:
        """Return every version and delete marker below ``prefix`` in a versioned bucket.

        Raises TransientDependencyError.
        """
        with translated_errors():
            pages = self._s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
            return [
                StoredVersion(
                    key=entry["Key"],
                    version_id=entry["VersionId"],
                    etag=entry.get("ETag", "").strip('"'),
                    last_modified=entry["LastModified"],
                    size=entry.get("Size", 0),
                )
                for page in pages
                for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            ]

    def set_legal_hold(self, bucket: str, version: StoredVersion, *, enabled: bool) -> None:
        """Set or end S3's legal hold on a version: no request and no lifecycle rule deletes a version that has one.

        The first hold enables Object Lock for the bucket, without a default retention; S3 cannot disable it again.
        A version that does not exist any more is ignored. Raises TransientDependencyError.
        """
        request = {
            "Bucket": bucket,
            "Key": version.key,
            "VersionId": version.version_id,
            "LegalHold": {"Status": "ON" if enabled else "OFF"},
        }
        with suppress(ObjectMissingError), translated_errors():
            try:
                self._s3.put_object_legal_hold(**request)
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NOT_LOCKABLE:
                    raise
                if enabled:
                    lock = {"ObjectLockEnabled": "Enabled"}
                    self._s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=lock)
                    self._s3.put_object_legal_hold(**request)

    def delete(self, bucket: str, key: str, *, etag: str | None = None) -> None:
        """Delete one object, if it exists; with ``etag`` only if it has this ETag.

        Raises ObjectChangedError or TransientDependencyError.
        """
        condition = {} if etag is None else {"IfMatch": f'"{etag}"'}
        with suppress(ObjectMissingError), translated_errors():
            self._s3.delete_object(Bucket=bucket, Key=key, **condition)

    def delete_prefix(self, bucket: str, prefix: str) -> int:
        """Delete every object whose key begins with ``prefix`` and return their number.

        Only current versions are deleted. Raises TransientDependencyError.
        """
        keys = self.keys(bucket, prefix)
        self.delete_all(bucket, keys)
        return len(keys)

    def delete_versions(self, bucket: str, versions: Sequence[StoredVersion]) -> None:
        """Delete versions and delete markers permanently; missing ones are ignored.

        Raises TransientDependencyError.
        """
        self._delete_all(bucket, [{"Key": each.key, "VersionId": each.version_id} for each in versions])

    def delete_all(self, bucket: str, keys: list[str]) -> None:
        """Delete the current versions of these objects; missing ones are ignored.

        Raises TransientDependencyError.
        """
        self._delete_all(bucket, [{"Key": key} for key in keys])

    def _delete_all(self, bucket: str, objects: list[dict[str, str]]) -> None:
        for start in range(0, len(objects), DELETE_BATCH):
            with translated_errors():
                response = self._s3.delete_objects(
                    Bucket=bucket, Delete={"Objects": objects[start : start + DELETE_BATCH], "Quiet": True}
                )
                if response.get("Errors"):  # the status is 200 even if S3 deleted nothing
                    raise ClientError({"Error": response["Errors"][0]}, "DeleteObjects")


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


@contextmanager
def _denied_as_missing(bucket: str, key: str) -> Iterator[None]:
    """Translate a 403 into ObjectMissingError: without ListBucket S3 returns it for a missing key."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in {"AccessDenied", "403"}:
            raise ObjectMissingError(f"{bucket}/{key}: {error}") from error
        raise
