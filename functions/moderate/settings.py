"""Settings of moderate."""

from dataclasses import dataclass

from functions.shared.settings import TextSettings


@dataclass(frozen=True)
class ModerateSettings(TextSettings):
    """The bucket of the moderation views, and the table of records and policies."""

    staging_bucket: str
    table_name: str
