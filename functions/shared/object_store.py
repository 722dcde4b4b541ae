"""S3 as the functions see it: whole objects in, whole objects out, and this project's errors.

Originals are at most 64 MiB and everything derived from them is smaller, so bodies are plain bytes.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import ClientError

from functions.shared.aws import client, translated_errors
from functions.shared.errors import ObjectMissingError
from functions.shared.objects import StoredObject, StoredVersion

DELETE_BATCH = 1000
"""Keys in one DeleteObjects call; S3's own limit."""


class S3ObjectStore:
    """Reads and writes objects. ``s3`` is a botocore S3 client; the process's own by default."""

    def __init__(self, s3: Any = None) -> None:
        self._s3 = client("s3") if s3 is None else s3

    def get(self, bucket: str, key: str, *, etag: str | None = None) -> StoredObject:
        """Read a whole object; with ``etag`` only if it is still that one.

        Raises ObjectMissingError (also for S3's 403: without ListBucket AWS does not say 404),
        ObjectChangedError or TransientDependencyError.
        """
        condition = {} if etag is None else {"IfMatch": f'"{etag}"'}
        with _missing_where_s3_says_denied(bucket, key), translated_errors():
            answer = self._s3.get_object(Bucket=bucket, Key=key, **condition)
            body = answer["Body"].read()
        return StoredObject(
            body=body,
            content_type=answer.get("ContentType", ""),
            etag=answer["ETag"].strip('"'),
            last_modified=answer["LastModified"],
            metadata=answer.get("Metadata", {}),
        )

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """Return the writer's own metadata of an object. Raises ObjectMissingError or TransientDependencyError."""
        with _missing_where_s3_says_denied(bucket, key):
            return self.described(bucket, key)[1]

    def described(self, bucket: str, key: str) -> tuple[str, dict[str, str]]:
        """Return an object's ETag (unquoted) and its writer's own metadata, without its bytes.

        For a caller who may list the bucket: S3's 403 then means a missing right, and is raised as it comes.
        Raises ObjectMissingError or TransientDependencyError.
        """
        with translated_errors():
            answer = self._s3.head_object(Bucket=bucket, Key=key)
        return str(answer["ETag"]).strip('"'), dict(answer["Metadata"])

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
        """Write a whole object and return its ETag, unquoted. Raises TransientDependencyError."""
        options: dict[str, Any] = {}
        if cache_control is not None:
            options["CacheControl"] = cache_control
        if metadata:
            options["Metadata"] = metadata
        with translated_errors():
            answer = self._s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, **options)
        return str(answer["ETag"]).strip('"')

    def tag(self, bucket: str, key: str, tags: dict[str, str], *, etag: str) -> None:
        """Put tags on the very version of an object that has this ETag; a newer version keeps its own.

        Raises ObjectMissingError, ObjectChangedError or TransientDependencyError.
        """
        with _missing_where_s3_says_denied(bucket, key), translated_errors():
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
        """Copy an object of up to 5 GB inside S3. Raises ObjectMissingError or TransientDependencyError."""
        with translated_errors():
            self._s3.copy_object(Bucket=bucket, Key=key, CopySource={"Bucket": source_bucket, "Key": source_key})

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """Return all keys that begin with ``prefix``. Raises TransientDependencyError."""
        with translated_errors():
            pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def first_keys(self, bucket: str, prefix: str, *, after: str = "") -> list[str]:
        """Return up to DELETE_BATCH keys that begin with ``prefix`` and sort behind ``after``, in order.

        Raises TransientDependencyError.
        """
        start = {"StartAfter": after} if after else {}
        with translated_errors():
            answer = self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=DELETE_BATCH, **start)
        return [entry["Key"] for entry in answer.get("Contents", ())]

    def versions(self, bucket: str, prefix: str) -> list[StoredVersion]:
        """Return every version and delete marker below ``prefix``. For a versioned bucket.

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
                )
                for page in pages
                for entry in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
            ]

    def delete(self, bucket: str, key: str, *, etag: str | None = None) -> None:
        """Delete one object; one that is gone counts as deleted. With ``etag`` only if it is still that one.

        Raises ObjectChangedError or TransientDependencyError.
        """
        condition = {} if etag is None else {"IfMatch": f'"{etag}"'}
        with suppress(ObjectMissingError), translated_errors():
            self._s3.delete_object(Bucket=bucket, Key=key, **condition)

    def delete_prefix(self, bucket: str, prefix: str) -> int:
        """Delete every object whose key begins with ``prefix`` and return how many there were.

        Current versions only. Raises TransientDependencyError.
        """
        keys = self.keys(bucket, prefix)
        self.delete_all(bucket, keys)
        return len(keys)

    def delete_versions(self, bucket: str, versions: Sequence[StoredVersion]) -> None:
        """Delete versions and delete markers for good; gone ones count as deleted.

        Raises TransientDependencyError.
        """
        self._delete_all(bucket, [{"Key": each.key, "VersionId": each.version_id} for each in versions])

    def delete_all(self, bucket: str, keys: list[str]) -> None:
        """Delete the current versions of these objects; gone ones count as deleted.

        Raises TransientDependencyError.
        """
        self._delete_all(bucket, [{"Key": key} for key in keys])

    def _delete_all(self, bucket: str, objects: list[dict[str, str]]) -> None:
        for start in range(0, len(objects), DELETE_BATCH):
            with translated_errors():
                answer = self._s3.delete_objects(
                    Bucket=bucket, Delete={"Objects": objects[start : start + DELETE_BATCH], "Quiet": True}
                )
                if answer.get("Errors"):  # the call answers 200 even when it deleted nothing
                    raise ClientError({"Error": answer["Errors"][0]}, "DeleteObjects")


@contextmanager
def _missing_where_s3_says_denied(bucket: str, key: str) -> Iterator[None]:
    """Turn S3's 403 into ObjectMissingError: without ListBucket AWS says that for a key that does not exist."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in {"AccessDenied", "403"}:
            raise ObjectMissingError(f"{bucket}/{key}: {error}") from error
        raise
