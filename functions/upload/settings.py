"""Settings of upload."""

from dataclasses import dataclass
from typing import Self

from functions.shared.limits import UploadLimits
from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class UploadSettings(Settings):
    """The originals bucket, the table of records, limits in bytes and seconds, and the origins that CORS allows.

    ``uploads_endpoint_url`` is the S3 endpoint of presigned requests; empty for the bucket's own.
    """

    originals_bucket: str
    table_name: str
    max_bytes: int
    upload_expires_seconds: int
    allowed_origins: tuple[str, ...]
    uploads_endpoint_url: str = ""

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            originals_bucket=reader.text("ORIGINALS_BUCKET"),
            table_name=reader.text("TABLE_NAME"),
            max_bytes=reader.integer("MAX_BYTES", UploadLimits.max_bytes),
            # Signature Version 4 allows at most seven days; the credentials of a session expire sooner.
            upload_expires_seconds=reader.integer("UPLOAD_EXPIRES_SECONDS", 3600, maximum=604_800),
            allowed_origins=reader.words("ALLOWED_ORIGINS"),
            uploads_endpoint_url=reader.text("UPLOADS_ENDPOINT_URL", ""),
        )
