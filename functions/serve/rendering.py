"""A variant's bytes from a stored file, in the format that suits the picture, small enough for one answer.

The imaging code is imported when a picture is first rendered: answers without one do not pay for it.

What does not fit is told from samples, not by encoding the whole again and again: a request costs one decoding, one
scaling and at most three encodings, of pixels that are bounded, so that it ends within serve's time whatever is stored
(docs/adr/0020).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final

from functions.serve.refusals import too_large
from functions.serve.timing import timed
from functions.shared.contracts import Picture
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.variant import LADDER, LARGEST_SIDE_PX, QUALITY_STEPS, WITHOUT_QUALITY, Variant

if TYPE_CHECKING:
    from functions.imaging.picture import DecodedPicture
    from functions.imaging.sampling import Sample
    from functions.imaging.variants import DecodedRendition, VariantSpec

FALLBACK_QUALITY: Final = 80
"""Where the record predicts none for a format."""

MOST_PIXELS: Final = 80_000_000
"""Pixels of all frames of a variant together: a quarter more than are kept of an animation. Only a box around one can
have more (fit contain), and would need gigabytes of memory."""

MOST_ENCODINGS: Final = 3
"""How often one request encodes the whole picture. The slowest that is tried is AVIF of 3840 x 3840 px of noise with
alpha at quality 70: 5 s on one core. What a sample says is too large is not tried."""

SAMPLED_FROM_PX: Final = 4_000_000
"""Pixels of all frames from which a sample is encoded first; below, hardly anything is too large for one answer."""

PREDICTED_EXCESS: Final = 3.0
"""How far above the limit a prediction must be for the encoding not to be tried: what is predicted worst is what takes
least time (imaging/sampling.py)."""

EXCESS_OF_FORMAT: Final = {"avif": 1.2, "jpeg": 1.2}
"""The same for formats whose bytes are predicted well; AVIF takes longest to be tried in vain."""

MEASURED_EXCESS: Final = 1.05
"""The same once an encoding has shown how good the picture's predictions are."""

PREDICTED_ROOM: Final = 0.85
"""The part of the limit that the prediction for a width may take which is named as one that fits."""

MOST_WIDTHS: Final = 3
"""How many widths of a large picture are tried in each direction to find the largest that fits."""

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
    RefusedError (413) where neither is possible (lossless formats) or enough, and for an animation on so large a canvas
    that its frames together have too many pixels. With None any size will do.
    """
    from functions.imaging.encoding import CONTENT_TYPES
    from functions.imaging.variants import decode_for

    limit = inf if max_bytes is None else max_bytes
    spec = spec_of(variant, picture)
    timings_ms: dict[str, float] = {}
    with timed(timings_ms, "decode"):
        decoded = decode_for(spec, source)
    if decoded.pixels(spec) > MOST_PIXELS:
        raise too_large(next((step for step in reversed(LADDER) if _spans(decoded, spec, step) <= MOST_PIXELS), None))
    with timed(timings_ms, "resize"):
        scaled = decoded.scaled(spec)
    attempts = _Attempts(scaled, limit)
    for attempt, refit in _ways(spec, picture):
        with timed(timings_ms, "encode"):
            body = attempts.encoded(attempt)
        if body is not None:
            return Rendered(body, CONTENT_TYPES[spec.format], timings_ms, refit)
    raise too_large(_largest_width(decoded, attempt, attempts, limit))


class _Attempts:
    """Encodes one picture in one way after another until it fits. What a sample says is too large is not tried."""

    def __init__(self, scaled: "DecodedPicture", limit: float) -> None:
        from functions.imaging.sampling import Sample

        self.scaled = scaled
        self._limit = limit
        self._left = MOST_ENCODINGS
        self._measured_excess: float | None = None
        self._predictions: dict[VariantSpec, float] = {}
        sampled_first = limit < inf and scaled.pixels > SAMPLED_FROM_PX
        self._sample: Sample | None = Sample.of(scaled) if sampled_first else None

    @property
    def sample(self) -> "Sample":
        """What predictions are made from."""
        from functions.imaging.sampling import Sample

        if self._sample is None:
            self._sample = Sample.of(self.scaled)
        return self._sample

    def encoded(self, spec: "VariantSpec") -> bytes | None:
        """Return the bytes of one way to encode the picture; None where they are too many."""
        from functions.imaging.variants import encode_variant

        if not self._left or (self._sample is not None and self.predicted(spec) > self._limit * self._excess(spec)):
            return None
        self._left -= 1
        body = encode_variant(self.scaled, spec)
        if len(body) <= self._limit:
            return body
        self._measured_excess = self.predicted(spec) / len(body) * MEASURED_EXCESS
        return None

    def _excess(self, spec: "VariantSpec") -> float:
        return self._measured_excess or EXCESS_OF_FORMAT.get(spec.format, PREDICTED_EXCESS)

    def predicted(self, spec: "VariantSpec") -> float:
        """Return the bytes that the picture would have, encoded in one way."""
        from functions.imaging.variants import encode_variant

        if spec not in self._predictions:
            self._predictions[spec] = self.sample.predicted_bytes(partial(encode_variant, spec=spec))
        return self._predictions[spec]


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


def _ways(spec: "VariantSpec", picture: Picture) -> Iterator[tuple["VariantSpec", str | None]]:
    """Yield how to encode a variant, best first; after the first each with the words that tell how it is smaller."""
    from functions.imaging.encoding import ANIMATED_FORMATS

    yield spec, None
    if picture.animated and spec.format in ANIMATED_FORMATS:
        yield replace(spec, half_frames=True), "half the frames"
    elif spec.format not in WITHOUT_QUALITY:
        for step in reversed(QUALITY_STEPS):
            if step < spec.quality:
                yield replace(spec, quality=step), f"quality {step}"


def _largest_width(decoded: "DecodedRendition", spec: "VariantSpec", attempts: _Attempts, limit: float) -> int | None:
    """Return the largest step whose variant fits, where the one that was asked for does not.

    A few steps are tried, first where bytes in proportion to pixels would fit: upwards until one does not, or downwards
    until one does. A large picture's are predicted from a sample of it, with some room.
    """
    from functions.imaging.resizing import resized
    from functions.imaging.variants import encode_variant

    size, sample = attempts.scaled.size, attempts.sample
    whole = attempts.predicted(spec)

    def fits(step: int) -> bool:
        narrowed = _narrowed(spec, size, step)
        if sample.is_whole:
            return len(encode_variant(decoded.scaled(narrowed), narrowed)) <= limit
        width, height = (max(1, round(side * step / size[0])) for side in sample.picture.size)
        smaller = sample.picture.mapped(lambda frame: resized(frame, (width, height)))
        return len(encode_variant(smaller, narrowed)) / sample.share <= limit * PREDICTED_ROOM

    steps = [step for step in LADDER if step < size[0]]
    below = [step for step in steps if step <= size[0] * (limit / whole) ** 0.5]
    tries = len(steps) if sample.is_whole else MOST_WIDTHS
    largest = next((step for step in reversed(below[-tries:]) if fits(step)), None)
    if below and largest != below[-1]:
        return largest
    for step in steps[len(below) : len(below) + tries]:
        if not fits(step):
            break
        largest = step
    return largest


def _spans(decoded: "DecodedRendition", spec: "VariantSpec", width: int) -> int:
    """Return the pixels of all frames of a variant that is ``width`` px wide and otherwise as asked for."""
    return decoded.pixels(_narrowed(spec, decoded.canvas(spec), width))


def _narrowed(spec: "VariantSpec", size: tuple[int, int], width: int) -> "VariantSpec":
    both = spec.width is not None and spec.height is not None
    height = max(1, round(size[1] * width / size[0])) if both else None
    return replace(spec, width=width, height=height)
