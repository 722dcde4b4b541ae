"""How many bytes a picture would have, from a small part of it: what is too large need not be encoded to know it.

Where the tiles are depends on the pixels, so that no picture can be flat in all of them and noisy elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Final, Self

from PIL import Image

from functions.imaging.picture import DecodedPicture

TILE_PX: Final = 64
"""Side in px of a still's tiles: the largest block of AVIF, so that a tile is coded alike in its new place."""

ANIMATION_TILE_PX: Final = 16
"""The same for animations, a macroblock of WebP: with larger ones there would be too few of them in a frame."""

SAMPLED_PX: Final = 262_144
"""Pixels of a sample's frames together: 10 to 60 ms as WebP, AVIF or PNG."""

LEAST_TILES: Final = 16
"""Tiles of each frame at least."""

MOST_FRAMES: Final = 64
"""Frames of an animation's sample at most."""

SEED_SIDE_PX: Final = 32
"""Side in px of the miniature that decides where the tiles are."""

WHOLE_PX: Final = 1_000_000
"""Pixels of all frames up to which a picture is its own sample: encoding it is as good as free."""


@dataclass(frozen=True)
class Sample:
    """A part of a picture, the same in each of its frames, and its share of the picture's pixels."""

    picture: DecodedPicture
    share: float

    @classmethod
    def of(cls, picture: DecodedPicture) -> Self:
        """Take a sample; of a small picture it is the whole."""
        if picture.pixels <= WHOLE_PX:
            return cls(picture, 1.0)
        seed = picture.frames[0].resize((SEED_SIDE_PX, SEED_SIDE_PX), Image.Resampling.NEAREST).tobytes()
        dice = Random(seed)  # noqa: S311 - the same picture, the same sample
        kept = sorted(dice.sample(range(len(picture.frames)), min(len(picture.frames), MOST_FRAMES)))
        width, height = picture.size
        tile = ANIMATION_TILE_PX if picture.animated else TILE_PX
        columns, rows = ceil(width / tile), ceil(height / tile)
        count = min(columns * rows, max(LEAST_TILES, SAMPLED_PX // (tile**2 * len(kept))))
        places = dice.sample(range(columns * rows), count)
        corners = [(place % columns * tile, place // columns * tile) for place in places]
        boxes = [(x, y, min(x + tile, width), min(y + tile, height)) for x, y in corners]
        across = ceil(count**0.5)

        def mosaic(frame: Image.Image) -> Image.Image:
            canvas = Image.new(frame.mode, (across * tile, ceil(count / across) * tile))
            for index, box in enumerate(boxes):
                canvas.paste(frame.crop(box), (index % across * tile, index // across * tile))
            return canvas

        pixels = sum((right - left) * (lower - upper) for left, upper, right, lower in boxes) * len(kept)
        return cls(picture.kept(kept).mapped(mosaic), pixels / picture.pixels)

    @property
    def is_whole(self) -> bool:
        """Whether the sample is the picture itself."""
        return self.share == 1.0

    def predicted_bytes(self, encoded: Callable[[DecodedPicture], bytes]) -> float:
        """Return the bytes that the whole picture would have. Right to 10 % for noise and photographs.

        Files that are small for their size come out too large, text by a factor of 2.3, animations in which little
        moves by more: what repeats from tile to tile or from frame to frame does not repeat in a sample.
        """
        return len(encoded(self.picture)) / self.share
