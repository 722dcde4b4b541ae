"""A variant's bytes from a stored file, in the format that suits the picture, small enough for one answer.

The imaging code is imported when a picture is first rendered: answers without one do not pay for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final

from functions.serve.refusals import too_large
from functions.serve.timing import timed
from functions.shared.contracts import Picture
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.variant import LADDER, LARGEST_SIDE_PX, QUALITY_STEPS, WITHOUT_QUALITY, Variant

if TYPE_CHECKING:
    from functions.imaging.variants import DecodedRendition, VariantSpec

FALLBACK_QUALITY: Final = 80
"""Where the record predicts none for a format."""


ENCODER_OFFSET: Final = {"jpeg": -1, "webp": -2, "avif": -4}
"""What is added to a quality that was asked for. Variants are scaled from all of the original's pixels and keep more
detail than a decoder's shrinking leaves: these offsets bring them within 4 % of libvips' bytes at the same number, and
JPEG and WebP within a point of its score (docs/performance.md)."""


@dataclass(frozen=True)
class Rendered:
    """Encoded bytes, their media type and what took how long; ``refit`` says how they had to be made smaller, if so."""

    body: bytes
    content_type: str
    timings_ms: dict[str, float]
    refit: str | None = None


def render(source: bytes, variant: Variant, picture: Picture, *, max_bytes: int | None = MAX_BODY_BYTES) -> Rendered:
    """Render the variant from a stored file's bytes.

    What is larger than ``max_bytes`` is encoded again: at lower quality, an animation with every second frame. Raises
    RefusedError (413) where neither is possible (lossless formats) or enough. With None any size will do.
    """
    from functions.imaging.encoding import CONTENT_TYPES
    from functions.imaging.variants import decode_for, encode_variant

    limit = inf if max_bytes is None else max_bytes
    spec = spec_of(variant, picture)
    timings_ms: dict[str, float] = {}
    with timed(timings_ms, "decode"):
        decoded = decode_for(spec, source)
    with timed(timings_ms, "resize"):
        scaled = decoded.scaled(spec)
    for attempt, refit in _attempts(spec, picture):
        with timed(timings_ms, "encode"):
            body = encode_variant(scaled, attempt)
        if len(body) <= limit:
            return Rendered(body, CONTENT_TYPES[spec.format], timings_ms, refit)
    raise too_large(_largest_width(decoded, attempt, scaled.size, len(body), limit))


def spec_of(variant: Variant, picture: Picture) -> "VariantSpec":
    """Return what the imaging code needs: every automatic choice made from what is known of the picture."""
    from functions.imaging.variants import VariantSpec

    image_format = format_of(variant, picture)
    width, height, fit = variant.width, variant.height, variant.fit
    if width is None and height is None:  # the whole picture, but nothing is larger than the largest step
        width, height, fit = LARGEST_SIDE_PX, LARGEST_SIDE_PX, "inside"
    return VariantSpec(
        width=width,
        height=height,
        fit=fit,
        format=image_format,
        quality=_encoder_quality(variant, picture, image_format),
        position=variant.position,
        background=variant.background or "white",
    )


def _encoder_quality(variant: Variant, picture: Picture, image_format: str) -> int:
    if variant.quality is None:
        return picture.quality.get(image_format, FALLBACK_QUALITY)
    return max(1, variant.quality + ENCODER_OFFSET.get(image_format, 0))


def format_of(variant: Variant, picture: Picture) -> str:
    """Return the output format. An AVIF is a still here, so an animation asked for as AVIF comes as WebP."""
    if variant.format == "auto":
        return "gif" if picture.animated else "png" if picture.has_alpha else "jpeg"
    return "webp" if variant.format == "avif" and picture.animated else variant.format


def _attempts(spec: "VariantSpec", picture: Picture) -> Iterator[tuple["VariantSpec", str | None]]:
    """Yield how to encode a variant, best first; after the first each with the words that tell how it is smaller."""
    from functions.imaging.encoding import ANIMATED_FORMATS

    yield spec, None
    if picture.animated and spec.format in ANIMATED_FORMATS:
        yield replace(spec, half_frames=True), "half the frames"
    elif spec.format not in WITHOUT_QUALITY:
        for step in reversed(QUALITY_STEPS):
            if step < spec.quality:
                yield replace(spec, quality=step), f"quality {step}"


def _largest_width(
    decoded: "DecodedRendition", spec: "VariantSpec", size: tuple[int, int], body_bytes: int, limit: float
) -> int | None:
    """Return the largest step whose variant fits, where one of ``size`` px has ``body_bytes`` and does not.

    It is found by trying: first where bytes in proportion to pixels would fit. Few are tried, as the guess is near:
    upwards from it until one does not fit, or downwards until one does.
    """
    from functions.imaging.variants import encode_variant

    def fits(step: int) -> bool:
        narrowed = _narrowed(spec, size, step)
        return len(encode_variant(decoded.scaled(narrowed), narrowed)) <= limit

    steps = [step for step in LADDER if step < size[0]]
    guess = size[0] * (limit / body_bytes) ** 0.5
    below = [step for step in steps if step <= guess]
    largest = next((step for step in reversed(below) if fits(step)), None)
    if below and largest != below[-1]:
        return largest
    for step in steps[len(below) :]:
        if not fits(step):
            break
        largest = step
    return largest


def _narrowed(spec: "VariantSpec", size: tuple[int, int], width: int) -> "VariantSpec":
    both = spec.width is not None and spec.height is not None
    height = max(1, round(size[1] * width / size[0])) if both else None
    return replace(spec, width=width, height=height)
