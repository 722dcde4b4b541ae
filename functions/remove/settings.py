"""Settings of remove."""

from dataclasses import dataclass

from functions.shared.settings import TextSettings


@dataclass(frozen=True)
class RemoveSettings(TextSettings):
    """The four buckets and the table of records."""

    originals_bucket: str
    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table_name: str
