"""Settings of optimize."""

from dataclasses import dataclass, replace
from typing import Final, Self

from functions.imaging.limits import MIB, Limits
from functions.shared.limits import DEFAULT_VIEWS, MAX_VIEWS, MIN_VIEWS
from functions.shared.options import KeptMetadata
from functions.shared.settings import EnvironmentReader, Settings

SANDBOX_SHARE: Final = 0.75
"""Fraction of the function's memory for decoding; the rest is for the runtime, the upload and the results."""

DEFAULT_MEMORY_MIB: Final = 3008
"""The function's memory in MiB if the runtime does not set it; Lambda always does."""


@dataclass(frozen=True)
class OptimizeSettings(Settings):
    """The staging bucket, the limits on an original, and whether its rights fields are kept.

    ``max_views`` is the largest number of moderation views of one picture (imaging/views.py).
    """

    staging_bucket: str
    limits: Limits
    keep_rights: bool = False
    max_views: int = DEFAULT_VIEWS

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the settings; the reader collects the faults."""
        kept = reader.words("KEEP_METADATA", KeptMetadata)
        memory_mib = reader.integer("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", DEFAULT_MEMORY_MIB)
        return cls(
            staging_bucket=reader.text("STAGING_BUCKET"),
            limits=replace(Limits.read(reader), max_memory_bytes=int(memory_mib * MIB * SANDBOX_SHARE)),
            keep_rights=KeptMetadata.COPYRIGHT in kept,
            max_views=reader.integer(
                "MAX_MODERATION_VIEWS",
                DEFAULT_VIEWS,
                minimum=MIN_VIEWS,
                maximum=MAX_VIEWS,
            ),
        )
