"""OptimizeImage's settings: where results go, and the limits on uploads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from functions.imaging.limits import DEFAULT_LIMITS, MIB, MOST_PIXELS, Limits
from functions.imaging.views import DEFAULT_MAX_VIEWS, MOST_LOOKS
from functions.shared.settings import EnvironmentReader

SANDBOX_SHARE: Final = 0.75
"""Part of the function's memory that decoding may take; the rest is for the runtime, the upload and the results."""

DEFAULT_MEMORY_MIB: Final = 3008
"""The function's memory where the runtime does not tell (it always does in Lambda)."""

MOST_VIEWS: Final = 128
"""The highest ``max_views``: `moderate` takes 8 s for them, and their labels fit into a state of the workflow."""

COPYRIGHT: Final = "copyright"
"""The one word of KEEP_METADATA: who made a picture and who holds its rights."""


@dataclass(frozen=True)
class OptimizeSettings:
    """The bucket for what has no verdict yet, the limits on an original, and whether its rights fields are kept.

    ``max_views`` is how many views of one picture are judged at most (imaging/views.py).
    """

    staging_bucket: str
    limits: Limits
    keep_rights: bool = False
    max_views: int = DEFAULT_MAX_VIEWS

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the process's environment. Raises SettingsError with all faults."""
        reader = EnvironmentReader(environment)
        kept = reader.words("KEEP_METADATA")
        reader.expect(set(kept) <= {COPYRIGHT}, f"KEEP_METADATA is {','.join(kept)}; it may only be {COPYRIGHT}")
        memory_mib = reader.integer("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", DEFAULT_MEMORY_MIB)
        settings = cls(
            staging_bucket=reader.text("STAGING_BUCKET"),
            limits=Limits(
                max_bytes=reader.integer("MAX_BYTES", DEFAULT_LIMITS.max_bytes),
                max_pixels=reader.integer("MAX_PIXELS", DEFAULT_LIMITS.max_pixels, maximum=MOST_PIXELS),
                max_side_px=reader.integer(
                    "MAX_SIDE_PX", DEFAULT_LIMITS.max_side_px, maximum=DEFAULT_LIMITS.max_side_px
                ),
                max_frames=reader.integer("MAX_FRAMES", DEFAULT_LIMITS.max_frames),
                max_animation_pixels=reader.integer("MAX_ANIMATION_PIXELS", DEFAULT_LIMITS.max_animation_pixels),
                max_decode_seconds=reader.integer("MAX_DECODE_SECONDS", DEFAULT_LIMITS.max_decode_seconds),
                max_memory_bytes=int(memory_mib * MIB * SANDBOX_SHARE),
            ),
            keep_rights=COPYRIGHT in kept,
            max_views=reader.integer("MAX_MODERATION_VIEWS", DEFAULT_MAX_VIEWS, minimum=MOST_LOOKS, maximum=MOST_VIEWS),
        )
        reader.finish()
        return settings
