"""A variant from one of our own renditions in three steps: decode, scale, encode. The pixel path of serving.

What comes out too large is encoded or scaled again, and not decoded again. Renditions are trusted: optimize or blur
wrote them, upright, in sRGB and within every limit.
"""

from dataclasses import dataclass
from typing import Final

from PIL import Image

from functions.imaging.codecs import open_image, rendition_format
from functions.imaging.containers.exif import read_exif
from functions.imaging.encoding import ANIMATED_FORMATS, encode
from functions.imaging.facts import facts_of, forget
from functions.imaging.geometry import Placement, place
from functions.imaging.picture import DecodedPicture
from functions.imaging.resizing import placed
from functions.imaging.rights import rights_block

DRAFT_MARGIN: Final = 2
"""A JPEG is decoded at a fraction of its size only if that is still this many times larger than what is needed:
the decoder's own scaling is softer than Lanczos, and below this it shows."""


@dataclass(frozen=True)
class VariantSpec:
    """What a variant looks like. Sides in px, None follows from the other; quality from 1 to 100.

    ``fit`` and ``position`` as in geometry.place; ``format`` is a key of encoding.CONTENT_TYPES; ``background`` of
    resizing.COLORS. ``half_frames`` leaves out every second frame of an animation.
    """

    width: int | None
    height: int | None
    fit: str
    format: str
    quality: int
    position: tuple[int, int]
    background: str
    half_frames: bool = False

    def placement(self, whole: tuple[int, int]) -> Placement:
        """Plan the variant on a picture of this size in px. Raises ValueError for an unknown fit."""
        return place(whole, self.width, self.height, self.fit, self.position)


@dataclass(frozen=True)
class DecodedRendition:
    """A rendition in pixels; a JPEG's may be fewer than the ``whole`` file's width and height in px."""

    picture: DecodedPicture
    whole: tuple[int, int]

    def canvas(self, spec: VariantSpec) -> tuple[int, int]:
        """Return the size in px that a variant will have."""
        return spec.placement(self.whole).canvas

    def pixels(self, spec: VariantSpec) -> int:
        """Return how many pixels a variant's frames will have together."""
        width, height = self.canvas(spec)
        return len(self.picture.frames) * width * height

    def scaled(self, spec: VariantSpec) -> DecodedPicture:
        """Return the pixels of a variant that needs no more than what this was decoded for, never enlarged."""
        placement = _on_draft(spec.placement(self.whole), self.whole, self.picture.size)
        return self.picture.mapped(lambda frame: placed(frame, placement, spec.background))


def decode_for(spec: VariantSpec, body: bytes) -> DecodedRendition:
    """Decode as much of a rendition as the variant needs, which suffices for the same at a narrower width too.

    An animation is decoded whole where the format can show it; else only its first frame. Raises ValueError for an
    unknown fit and for what is no rendition.
    """
    with open_image(body, rendition_format(body)) as source:
        whole = source.size
        source.draft("RGB", _draft_size(whole, spec.placement(whole)))  # without effect unless it is a JPEG
        return DecodedRendition(read_rendition(source, still=spec.format not in ANIMATED_FORMATS), whole)


def encode_variant(scaled: DecodedPicture, spec: VariantSpec) -> bytes:
    """Encode the variant's pixels."""
    picture = scaled.kept(range(0, len(scaled.frames), 2)) if spec.half_frames else scaled
    return encode(picture, spec.format, spec.quality, background=spec.background)


def open_rendition(body: bytes) -> DecodedPicture:
    """Decode one of our own files whole, all frames. Raises ValueError if it is none."""
    with open_image(body, rendition_format(body)) as source:
        return read_rendition(source)


def read_rendition(source: Image.Image, *, still: bool = False) -> DecodedPicture:
    """Decode an opened rendition, all frames of an animation unless ``still``."""
    count = 1 if still else getattr(source, "n_frames", 1)
    frames, durations = [], []
    for index in range(count):
        if index or count > 1:
            source.seek(index)
        source.load()
        durations.append(facts_of(source).duration_ms)
        frame = source.convert("RGBA" if source.has_transparency_data else "RGB")
        forget(frame)
        frames.append(_without_needless_alpha(frame))
    facts = facts_of(source)
    rights = rights_block(read_exif(facts.exif))  # in a rendition only where the stage keeps them
    plays = facts.plays if count > 1 else 0
    return DecodedPicture(tuple(frames), tuple(durations) if count > 1 else (), plays, rights)


def _without_needless_alpha(frame: Image.Image) -> Image.Image:
    return frame.convert("RGB") if frame.mode == "RGBA" and frame.getchannel("A").getextrema() == (255, 255) else frame


def _draft_size(source: tuple[int, int], placement: Placement) -> tuple[int, int]:
    """Return the size that the whole rendition must have at least for the planned crop to lose nothing."""
    left, top, right, bottom = placement.crop
    return (
        max(1, round(placement.size[0] * source[0] / (right - left) * DRAFT_MARGIN)),
        max(1, round(placement.size[1] * source[1] / (bottom - top) * DRAFT_MARGIN)),
    )


def _on_draft(placement: Placement, source: tuple[int, int], draft: tuple[int, int]) -> Placement:
    """Return the same placement with its crop in px of the smaller picture that was decoded."""
    across, down = draft[0] / source[0], draft[1] / source[1]
    left, top, right, bottom = placement.crop
    crop = (left * across, top * down, min(right * across, draft[0]), min(bottom * down, draft[1]))
    return Placement(crop, placement.size, placement.canvas, placement.offset)
