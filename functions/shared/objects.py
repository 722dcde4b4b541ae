"""What is read and written of stored objects, whoever does it; no SDK is imported here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """An object's bytes with what S3 says of it; the ETag is unquoted, ``metadata`` is the writer's own."""

    body: bytes
    content_type: str
    etag: str
    last_modified: datetime
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredVersion:
    """One version of an object in a versioned bucket, or a delete marker; the ETag is unquoted, "" of a marker."""

    key: str
    version_id: str
    etag: str
    last_modified: datetime


class ObjectStore(Protocol):
    """Whole objects in and out, as S3ObjectStore and serve's own store do; its docstrings hold for both."""

    def get(self, bucket: str, key: str) -> StoredObject:
        """Read a whole object."""

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """Return the writer's own metadata of an object, without its bytes."""

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
        """Write a whole object and return its ETag, unquoted."""

    def delete(self, bucket: str, key: str) -> None:
        """Delete one object; one that is gone counts as deleted."""
