"""Stored objects, and the interface to read and write them; no SDK is imported here."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StoredObject:
    """An object's bytes and properties; the ETag is unquoted, ``metadata`` is user-defined."""

    body: bytes
    content_type: str
    etag: str
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ListedObject:
    """A key of a bucket, and when its object was written."""

    key: str
    last_modified: datetime


@dataclass(frozen=True)
class StoredVersion:
    """One version of an object in a versioned bucket, or a delete marker.

    The ETag is unquoted, ``size`` is in bytes. A marker has the ETag "" and the size 0.
    """

    key: str
    version_id: str
    etag: str
    last_modified: datetime
    size: int

    @property
    def is_delete_marker(self) -> bool:
        """Whether this is a delete marker, which has no bytes."""
        return not self.etag


class ObjectStore(Protocol):
    """Reads and writes whole objects; implemented by S3ObjectStore and by serve's own client."""

    def get(self, bucket: str, key: str) -> StoredObject:
        """Read a whole object."""

    def metadata(self, bucket: str, key: str) -> dict[str, str]:
        """Return the user-defined metadata of an object, without its bytes."""

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
        """Delete one object, if it exists."""
