"""Settings of purge."""

from dataclasses import dataclass

from functions.shared.settings import PlainSettings


@dataclass(frozen=True)
class PurgeSettings(PlainSettings):
    """The distribution whose caches are purged."""

    distribution_id: str
