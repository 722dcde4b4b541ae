"""Limits that functions and templates share, with their units and the sources of their numbers."""

from dataclasses import dataclass, fields
from typing import Final, Self

from functions.shared.settings import EnvironmentReader

MAX_PIXELS: Final = 89_478_485
"""Highest ``max_pixels``: Pillow treats a larger picture as a decompression bomb (Image.MAX_IMAGE_PIXELS)."""

MAX_BODY_BYTES: Final = 4_500_000
"""Largest body of a response: in base64 and with headers it fits into Lambda's 6 MB."""

MIN_VIEWS: Final = 8
"""Moderation views that one frame can need (imaging/renderings.py); a limit on views must not be lower."""

DEFAULT_VIEWS: Final = 64
"""Views of one picture: at 0.001 dollars a call a picture costs at most 0.064 dollars. For an animation without alpha
that covers the first 64 different frames (docs/adr/0019)."""

MAX_VIEWS: Final = 128
"""Highest limit on views: `moderate` takes 8 s for them, and their labels fit into a state of the workflow."""


@dataclass(frozen=True)
class UploadLimits:
    """The limits on an original that a stage may set; the variables have the fields' names in upper case."""

    max_bytes: int = 64 * 1024 * 1024
    """Size of the file in bytes: it fits into one PUT or POST, so no multipart upload is needed."""

    max_pixels: int = 64_000_000
    """Pixels of one frame: the largest phone sensors have 50 to 64 megapixels without binning."""

    max_side_px: int = 16_384
    """Width and height in px; common cameras and scanners do not exceed it."""

    max_frames: int = 256
    """Frames of an animation."""

    max_animation_pixels: int = 256_000_000
    """Pixels of all frames of an animation together."""

    max_decode_seconds: int = 60
    """CPU time in seconds for decoding, scaling and encoding an upload: the largest animation takes 14.4 on a fast
    x86-64 core (docs/memory.md), and Lambda's arm64 was not measured."""

    @classmethod
    def read(cls, reader: EnvironmentReader) -> Self:
        """Read the limits from variables; the reader collects the faults."""
        return cls(
            **{
                limit.name: reader.integer(
                    limit.name.upper(), getattr(UploadLimits, limit.name), maximum=_MAXIMA.get(limit.name)
                )
                for limit in fields(UploadLimits)
            }
        )

    def as_environment(self) -> dict[str, str]:
        """Return the variables that ``read`` reads."""
        return {limit.name.upper(): str(getattr(self, limit.name)) for limit in fields(UploadLimits)}

    def faults(self) -> list[str]:
        """Return the faults of the limits; functions do not start with them."""
        values = {limit.name: getattr(self, limit.name) for limit in fields(UploadLimits)}
        return [
            *(f"limits.{name} must be 1 or more" for name, value in values.items() if value < 1),
            *(f"limits.{name} is at most {most}" for name, most in _MAXIMA.items() if values[name] > most),
        ]


_MAXIMA: Final = {"max_pixels": MAX_PIXELS, "max_side_px": UploadLimits.max_side_px}
