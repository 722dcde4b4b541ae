"""Generates a variant from a rendition in three steps: decode, scale, encode.

A variant that is too large is encoded or scaled again, but not decoded again. Renditions are trusted: `optimize` or
`blur` wrote them, upright, in sRGB and within every limit.
"""

from dataclasses import dataclass
from typing import Final

from PIL import Image

from functions.imaging.codecs import open_image, rendition_format
from functions.imaging.containers.exif import read_exif
from functions.imaging.encoding import ANIMATED_FORMATS, encode
from functions.imaging.facts import clear_info, facts_of
from functions.imaging.geometry import Placement, place
from functions.imaging.picture import DecodedPicture
from functions.imaging.resizing import placed
from functions.imaging.rights import rights_block

DRAFT_MARGIN: Final = 2
"""A JPEG is decoded at a fraction of its size if that is at least this many times larger than needed: the decoder's
scaling is softer than Lanczos, which would be visible below."""

LARGE_PX: Final = 1_000_000
"""Pixels above which the fraction only has to be as large as needed. Such a variant, which is made from the master,
scores 1 to 3 SSIMULACRA2 less in 1 to 4 % fewer bytes, and takes a third of the time (1600 px: 69 ms, not 204)."""


@dataclass(frozen=True)
class VariantSpec:
    """The specification of a variant. Sides in px, None to keep the aspect ratio; quality from 1 to 100.

    ``fit`` and ``position`` as in geometry.place; ``format`` is a key of encoding.CONTENT_TYPES; ``background`` of
    resizing.COLORS. ``half_frames`` drops every second frame of an animation.
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
    """A decoded rendition; a JPEG can have fewer pixels than ``whole``, the width and height of the file in px."""

    picture: DecodedPicture
    whole: tuple[int, int]

    def canvas(self, spec: VariantSpec) -> tuple[int, int]:
        """Return the size of a variant in px."""
        return spec.placement(self.whole).canvas

    def pixels(self, spec: VariantSpec) -> int:
        """Return the pixels of all frames of a variant."""
        width, height = self.canvas(spec)
        return len(self.picture.frames) * width * height

    def scaled(self, spec: VariantSpec) -> DecodedPicture:
        """Return the scaled picture of a variant that is not larger than the one this was decoded for; never
        enlarged."""
        placement = _on_draft(spec.placement(self.whole), self.whole, self.picture.size)
        return self.picture.mapped(lambda frame: placed(frame, placement, spec.background))


def decode_for(spec: VariantSpec, body: bytes) -> DecodedRendition:
    """Decode as much of a rendition as the variant, and the same variant at a narrower width, needs.

    All frames of an animation are decoded if the format can be animated, otherwise only the first one. Raises
    ValueError for an unknown fit and for a file that is not a rendition.
    """
    with open_image(body, rendition_format(body)) as source:
        whole = source.size
        source.draft("RGB", _draft_size(whole, spec.placement(whole)))  # has an effect on JPEG only
        return DecodedRendition(read_rendition(source, still=spec.format not in ANIMATED_FORMATS), whole)


def encode_variant(scaled: DecodedPicture, spec: VariantSpec) -> bytes:
    """Encode the variant's pixels."""
    picture = scaled.kept(range(0, len(scaled.frames), 2)) if spec.half_frames else scaled
    return encode(picture, spec.format, spec.quality, background=spec.background)


def open_rendition(body: bytes) -> DecodedPicture:
    """Decode a whole rendition, all frames. Raises ValueError for any other file."""
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
        clear_info(frame)
        frames.append(_without_opaque_alpha(frame))
    facts = facts_of(source)
    rights = rights_block(read_exif(facts.exif))  # only if the stage keeps them
    plays = facts.plays if count > 1 else 0
    return DecodedPicture(tuple(frames), tuple(durations) if count > 1 else (), plays, rights)


def _without_opaque_alpha(frame: Image.Image) -> Image.Image:
    return frame.convert("RGB") if frame.mode == "RGBA" and frame.getchannel("A").getextrema() == (255, 255) else frame


def _draft_size(source: tuple[int, int], placement: Placement) -> tuple[int, int]:
    """Return the smallest size of the whole rendition at which the planned crop loses no detail."""
    left, top, right, bottom = placement.crop
    width, height = placement.size
    margin = 1 if width * height > LARGE_PX else DRAFT_MARGIN
    return (
        max(1, round(width * source[0] / (right - left) * margin)),
        max(1, round(height * source[1] / (bottom - top) * margin)),
    )


def _on_draft(placement: Placement, source: tuple[int, int], draft: tuple[int, int]) -> Placement:
    """Return the same placement with its crop in px of the decoded picture."""
    across, down = draft[0] / source[0], draft[1] / source[1]
    left, top, right, bottom = placement.crop
    crop = (left * across, top * down, min(right * across, draft[0]), min(bottom * down, draft[1]))
    return Placement(crop, placement.size, placement.canvas, placement.offset)
