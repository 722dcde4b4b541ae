"""Settings of remove."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class RemoveSettings(PlainSettings):
    """The four buckets and the table of records."""

    originals_bucket: str
    staging_bucket: str
    published_bucket: str
    generated_bucket: str
    table_name: str
