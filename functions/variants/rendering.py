"""Renders a variant from a stored file, in the format that suits the picture, within a limit in bytes.

The imaging code is imported when a picture is first rendered: other responses do not pay for it at a cold start.

Samples predict which encodings exceed the limit. A request therefore costs one decoding, one scaling and at most three
encodings of a bounded number of pixels, and ends within serve's time limit whatever is stored (docs/adr/0020).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final

from functions.shared.contracts import Picture
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.variant import AUTO, LADDER, LARGEST_SIDE_PX, QUALITY_STEPS, WITHOUT_QUALITY, Variant
from functions.variants.errors import VariantTooLargeError
from functions.variants.timings import measured

if TYPE_CHECKING:
    from functions.imaging.picture import DecodedPicture
    from functions.imaging.sampling import Sample
    from functions.imaging.variants import DecodedRendition, VariantSpec

FALLBACK_QUALITY: Final = 80
"""Quality where the record has no prediction for a format."""

MAX_VARIANT_PIXELS: Final = 80_000_000
"""Most pixels of all frames of a variant: a quarter more than are stored of an animation. Only a canvas around an
animation can have more (fit contain); it would take gigabytes of memory."""

MAX_ENCODINGS: Final = 3
"""How often one request encodes the whole picture. The slowest encoding is AVIF of 3840 x 3840 px of noise with alpha
at quality 70: 5 s on one core. An encoding that a sample predicts to be too large is skipped."""

SAMPLED_FROM_PX: Final = 4_000_000
"""Pixels of all frames from which a sample is encoded first; smaller pictures are hardly ever too large."""

PREDICTED_EXCESS: Final = 3.0
"""How far above the limit a prediction must be for an encoding to be skipped. The pictures with the worst predictions
are the fastest to encode (imaging/sampling.py)."""

EXCESS_OF_FORMAT: Final = {"avif": 1.2, "jpeg": 1.2}
"""The same for formats with good predictions; a failed attempt takes longest with AVIF."""

MEASURED_EXCESS: Final = 1.05
"""The same once an encoding has shown the error of the picture's predictions."""

PREDICTED_ROOM: Final = 0.85
"""A width is reported as fitting if its prediction is at most this fraction of the limit."""

MAX_WIDTHS: Final = 3
"""How many widths of a large picture are tried in each direction to find the largest one that fits."""

ENCODER_OFFSET: Final = {"jpeg": -1, "avif": -4}
"""Added to a requested quality. Variants are scaled from more pixels than a decoder that scales leaves, and keep more
detail: with this offset a JPEG has the bytes of libvips' at the same number. An AVIF has its score within a point, in
15 % more bytes before it is refined (docs/performance.md)."""


@dataclass(frozen=True)
class RenderedVariant:
    """Encoded bytes, their media type and the duration of each phase.

    ``refit`` says how the variant was made smaller to fit, None if it was not.
    """

    body: bytes
    content_type: str
    timings_ms: dict[str, float]
    refit: str | None = None


def render(
    source: bytes, variant: Variant, picture: Picture, *, max_bytes: int | None = MAX_BODY_BYTES
) -> RenderedVariant:
    """Render the variant from a stored file's bytes.

    A variant larger than ``max_bytes`` is encoded again: a still at lower quality, an animation with every second
    frame. With None any size is accepted. Raises VariantTooLargeError if that is impossible (lossless formats) or not
    enough, and for an animation whose frames have too many pixels on the requested canvas.
    """
    from functions.imaging.encoding import CONTENT_TYPES
    from functions.imaging.variants import decode_for

    limit = inf if max_bytes is None else max_bytes
    spec = spec_of(variant, picture)
    decoded, decode_ms = measured(lambda: decode_for(spec, source))
    if decoded.pixels(spec) > MAX_VARIANT_PIXELS:
        fitting = (step for step in reversed(LADDER) if _spans(decoded, spec, step) <= MAX_VARIANT_PIXELS)
        raise VariantTooLargeError(next(fitting, None))
    scaled, resize_ms = measured(lambda: decoded.scaled(spec))
    attempts = _Attempts(scaled, limit)
    encode_ms = 0.0
    for attempt, refit in _encodings(spec, picture):
        body, milliseconds = measured(partial(attempts.encoded, attempt))
        encode_ms += milliseconds
        if body is not None:
            timings_ms = {"decode": decode_ms, "resize": resize_ms, "encode": encode_ms}
            return RenderedVariant(body, CONTENT_TYPES[spec.format], timings_ms, refit)
    raise VariantTooLargeError(_largest_width(decoded, attempt, attempts, limit))


class _Attempts:
    """Encodes one picture repeatedly until it fits. Encodings that a sample predicts to be too large are skipped."""

    def __init__(self, scaled: "DecodedPicture", limit: float) -> None:
        from functions.imaging.sampling import Sample

        self.scaled = scaled
        self._limit = limit
        self._left = MAX_ENCODINGS
        self._measured_excess: float | None = None
        self._predictions: dict[VariantSpec, float] = {}
        sampled_first = limit < inf and scaled.pixels > SAMPLED_FROM_PX
        self._sample: Sample | None = Sample.of(scaled) if sampled_first else None

    @property
    def sample(self) -> "Sample":
        """The sample from which sizes are predicted."""
        from functions.imaging.sampling import Sample

        if self._sample is None:
            self._sample = Sample.of(self.scaled)
        return self._sample

    def encoded(self, spec: "VariantSpec") -> bytes | None:
        """Return the encoded picture; None if it is, or is predicted to be, too large."""
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
        """Return the predicted size of the encoded picture in bytes."""
        from functions.imaging.variants import encode_variant

        if spec not in self._predictions:
            self._predictions[spec] = self.sample.predicted_bytes(partial(encode_variant, spec=spec))
        return self._predictions[spec]


def spec_of(variant: Variant, picture: Picture) -> "VariantSpec":
    """Return the specification for the imaging code, with every automatic choice made."""
    from functions.imaging.variants import VariantSpec

    image_format = format_of(variant, picture)
    width, height, fit = variant.width, variant.height, variant.fit
    if width is None and height is None:  # the whole picture, at most as large as the largest step
        width, height, fit = LARGEST_SIDE_PX, LARGEST_SIDE_PX, "inside"
    return VariantSpec(
        width=width,
        height=height,
        fit=fit,
        format=image_format,
        quality=_encoder_quality(variant, picture, image_format),
        position=picture.focal_point if variant.position == AUTO else variant.position,
        background=variant.background or "white",
    )


def _encoder_quality(variant: Variant, picture: Picture, image_format: str) -> int:
    if variant.quality is None:
        return picture.quality.get(image_format, FALLBACK_QUALITY)
    return max(1, variant.quality + ENCODER_OFFSET.get(image_format, 0))


def format_of(variant: Variant, picture: Picture) -> str:
    """Return the output format. AVIF is used for stills only, so an animation requested as AVIF becomes WebP."""
    if variant.format == "auto":
        return "gif" if picture.animated else "png" if picture.has_alpha else "jpeg"
    return "webp" if variant.format == "avif" and picture.animated else variant.format


def _encodings(spec: "VariantSpec", picture: Picture) -> Iterator[tuple["VariantSpec", str | None]]:
    """Yield the encodings to try, best first; all but the first with a description of how they are smaller."""
    from functions.imaging.encoding import ANIMATED_FORMATS

    yield spec, None
    if picture.animated and spec.format in ANIMATED_FORMATS:
        yield replace(spec, half_frames=True), "half the frames"
    elif spec.format not in WITHOUT_QUALITY:
        for step in reversed(QUALITY_STEPS):
            if step < spec.quality:
                yield replace(spec, quality=step), f"quality {step}"


def _largest_width(decoded: "DecodedRendition", spec: "VariantSpec", attempts: _Attempts, limit: float) -> int | None:
    """Return the largest step whose variant fits, if the requested one does not.

    The search begins at the step that fits if bytes are proportional to pixels: upwards until a step does not fit, or
    downwards until one does. For a large picture a few steps are predicted from a sample, with a margin.
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
    tries = len(steps) if sample.is_whole else MAX_WIDTHS
    largest = next((step for step in reversed(below[-tries:]) if fits(step)), None)
    if below and largest != below[-1]:
        return largest
    for step in steps[len(below) : len(below) + tries]:
        if not fits(step):
            break
        largest = step
    return largest


def _spans(decoded: "DecodedRendition", spec: "VariantSpec", width: int) -> int:
    """Return the pixels of all frames of the variant if it is ``width`` px wide."""
    return decoded.pixels(_narrowed(spec, decoded.canvas(spec), width))


def _narrowed(spec: "VariantSpec", size: tuple[int, int], width: int) -> "VariantSpec":
    both = spec.width is not None and spec.height is not None
    height = max(1, round(size[1] * width / size[0])) if both else None
    return replace(spec, width=width, height=height)
