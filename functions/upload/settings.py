"""UploadImage's settings: where uploads go, how large they may be and how long a form stays good."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader


@dataclass(frozen=True)
class UploadSettings:
    """The originals bucket, the table of records, limits in bytes and seconds, and the browsers' origins.

    ``uploads_endpoint_url`` is the S3 endpoint that presigned requests name; empty is the bucket's own.
    """

    originals_bucket: str
    table_name: str
    max_bytes: int
    upload_expires_seconds: int
    allowed_origins: tuple[str, ...]
    uploads_endpoint_url: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        settings = cls(
            originals_bucket=reader.text("ORIGINALS_BUCKET"),
            table_name=reader.text("TABLE_NAME"),
            max_bytes=reader.integer("MAX_BYTES", 64 * 1024 * 1024),
            # Seven days is what Signature Version 4 allows at most; a session's credentials end sooner.
            upload_expires_seconds=reader.integer("UPLOAD_EXPIRES_SECONDS", 3600, maximum=604_800),
            allowed_origins=reader.words("ALLOWED_ORIGINS"),
            uploads_endpoint_url=reader.text("UPLOADS_ENDPOINT_URL", ""),
        )
        reader.finish()
        return settings
