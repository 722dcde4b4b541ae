"""Settings of purge."""

from dataclasses import dataclass

from functions.shared.settings import TextSettings


@dataclass(frozen=True)
class PurgeSettings(TextSettings):
    """The distribution whose caches are purged."""

    distribution_id: str
