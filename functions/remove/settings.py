"""RemoveFiles' settings: the buckets and the table that it deletes from."""

from dataclasses import dataclass
from typing import Self

from functions.shared.settings import EnvironmentReader, Settings


@dataclass(frozen=True)
class RemoveSettings(Settings):
    """The four buckets and the table of records."""

    originals_bucket: str
    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table: str

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        return cls(
            originals_bucket=reader.text("ORIGINALS_BUCKET"),
            staging_bucket=reader.text("STAGING_BUCKET"),
            published_bucket=reader.text("PUBLISHED_BUCKET"),
            generated_bucket=reader.text("GENERATED_BUCKET"),
            table=reader.text("TABLE_NAME"),
        )
