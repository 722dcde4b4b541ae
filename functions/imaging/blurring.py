"""A blur that cannot be undone, at a fraction of a full-size Gaussian's cost: shrink, blur, enlarge.

Strength is relative to the picture, so that a face in it is as unrecognisable at any size. Alpha is blurred too: an
outline tells as much as what it encloses.
"""

from dataclasses import dataclass, replace
from typing import Final

from PIL import Image, ImageFilter

from functions.imaging.picture import DecodedPicture

SIGMA_OF_LONGER_SIDE: Final = 0.03
"""Sigma of the Gaussian as a part of the longer side."""

SMALLEST_SIGMA_PX: Final = 6.0
"""Sigma for small pictures, in px: 3 % of 100 px would leave text readable."""

WORKING_SIGMA_PX: Final = 5.0
"""Sigma that is left to blur after shrinking: the mean difference from a full-size Gaussian is below 1 of 255. Smaller
values are no faster, and enlarging by cubics takes 25 ms more at 12 megapixels for 0.07 of 255."""

BLOCKS_PER_SIGMA: Final = 24
"""The last enlargement repeats pixels, in blocks of at most this part of sigma: across the sharpest edge that there can
be, neighbouring blocks then differ by 4 of 255. At 12 megapixels and a sigma of 81 px it saves half of the time and
changes the mean difference by 0.01."""


@dataclass(frozen=True)
class SoftImage:
    """A blurred image, kept small. ``box`` is the part of ``small`` that stands for the whole, ``sigma`` its own."""

    small: Image.Image
    box: tuple[float, float, float, float]
    sigma: float

    def at(self, size: tuple[int, int]) -> Image.Image:
        """Return it as RGB or RGBA at ``size`` px, which has the shape of the image that it was made from."""
        enlargement = size[0] / (self.box[2] - self.box[0])
        block = max(1, int(self.sigma * enlargement / BLOCKS_PER_SIGMA))
        blocks = (-(-size[0] // block), -(-size[1] // block))
        large = self.small.resize(blocks, Image.Resampling.BILINEAR, box=self.box)
        if block > 1:
            large = large.resize(size, Image.Resampling.NEAREST, box=(0, 0, size[0] / block, size[1] / block))
        return large.convert("RGBA") if large.mode == "RGBa" else large


class SoftCopies:
    """Blurred copies of one picture, each enlarged from the same small one."""

    def __init__(self, picture: DecodedPicture) -> None:
        self._picture = picture
        sigma = sigma_of(picture.size)
        self._frames = tuple(softened(frame, sigma) for frame in picture.frames)

    def at(self, width: int) -> DecodedPicture:
        """Return the blurred picture ``width`` px wide, at most as wide as the sharp one."""
        whole = self._picture.size
        size = whole if width >= whole[0] else (width, max(1, round(whole[1] * width / whole[0])))
        return replace(self._picture, frames=tuple(frame.at(size) for frame in self._frames))


def softened(image: Image.Image, sigma: float) -> SoftImage:
    """Return an RGB or RGBA image blurred by ``sigma`` px, to be had at any size."""
    factor = max(1, int(sigma / WORKING_SIGMA_PX))
    premultiplied = image.convert("RGBa") if image.mode == "RGBA" else image
    small = premultiplied.reduce(factor) if factor > 1 else premultiplied
    # Shrinking by a box of that width has blurred by itself; variances add up.
    remaining = max(0.0, (sigma / factor) ** 2 - (factor**2 - 1) / 12 / factor**2) ** 0.5
    soft = small.filter(ImageFilter.GaussianBlur(remaining))
    # Shrinking rounds the size up, so the last column may stand for less than a whole box.
    box = (0.0, 0.0, min(soft.width, image.width / factor), min(soft.height, image.height / factor))
    return SoftImage(soft, box, sigma / factor)


def sigma_of(size: tuple[int, int]) -> float:
    """Return the Gaussian's sigma in px for a picture of this size."""
    return max(SMALLEST_SIGMA_PX, SIGMA_OF_LONGER_SIDE * max(size))
