"""Whether two pictures look alike: what a detector finds in one, it finds in the other (docs/adr/0019).

A picture is reduced to 96 x 96 cells, whatever its shape. Each cell keeps the mean of red, green and blue, the mean
absolute deviation of each inside the cell, and the mean step of luma from one pixel to the next. So a picture that is
scrambled inside its cells still looks like itself, and one that is carried by a checkerboard does not look like grey.

Two pictures are alike if these values differ by little in every window: small windows may differ more (a mouse
pointer, a caret), large ones less (a faint picture over all).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops

GRID: Final = 96
"""Cells on each side: 1/96 of the longer one is finer than what a detector needs to know a subject again."""

_PLANES: Final = 7

_STEP: Final = 3
"""Cells from one window to the next: half of the smallest one, so that a subject of that size fills most of some
window wherever it is."""

LIMITS: Final = {6: 24, 12: 16, 24: 10}
"""Mean difference, in levels of 255, up to which pictures are alike, by the window's side in cells: 1/16, 1/8 and 1/4
of the picture's side. From `python -m benchmarks.likeness`, sixteen photographs, charts and pages, 240 px wide and
more: sensor noise of sigma 6 makes differences of 6, 5 and 5 at most, a GIF palette of 64 colours that is dithered for
each frame 15, 8 and 4, WebP at quality 60 14, 9 and 7. A cross-fade exceeds the limits at a tenth of its way; another
picture in an inset of 1/16 of the side makes a difference of 61 in the smallest window (medians)."""

_ROUNDING: Final = 1


@dataclass(frozen=True)
class Fingerprint:
    """What is compared of a picture: 7 planes of 96 x 96 cells, one below another, and their means over the largest
    windows."""

    cells: Image.Image
    coarse: Image.Image

    @classmethod
    def of(cls, image: Image.Image) -> "Fingerprint":
        """Measure an RGB image. Takes 5 to 10 ms a megapixel."""
        means = _cells(image)
        deviations = _cells(ImageChops.difference(image, means.resize(image.size, Image.Resampling.NEAREST)))
        luma = image.convert("L")
        steps = _cells(ImageChops.difference(luma, ImageChops.offset(luma, 1, 0)))
        planes = Image.new("L", (GRID, GRID * _PLANES))
        for index, plane in enumerate((*means.split(), *deviations.split(), steps)):
            planes.paste(plane, (0, GRID * index))
        return cls(planes, planes.reduce(max(LIMITS)))


def are_similar(one: Fingerprint, other: Fingerprint) -> bool:
    """Tell whether two pictures look alike. Takes 3 to 40 µs."""
    # Means of a window differ by no more than its cells do on average.
    if highest(ImageChops.difference(one.coarse, other.coarse)) > LIMITS[max(LIMITS)] + _ROUNDING:
        return False
    differences = ImageChops.difference(one.cells, other.cells).reduce(_STEP)
    if highest(differences) <= min(LIMITS.values()):
        return True
    return all(difference <= limit for difference, limit in zip(_by_window(differences), LIMITS.values(), strict=True))


def differences_of(one: Fingerprint, other: Fingerprint) -> dict[int, int]:
    """Return the greatest mean difference in any window, in levels, by the window's side in cells."""
    return dict(zip(LIMITS, _by_window(ImageChops.difference(one.cells, other.cells).reduce(_STEP)), strict=True))


def _by_window(differences: Image.Image) -> Iterator[int]:
    for _ in LIMITS:
        yield highest(over_windows(differences))
        differences = differences.reduce(2)


def over_windows(halves: Image.Image) -> Image.Image:
    """Return the means over windows of 2 x 2, one at every place; the last row and column wrap around."""
    across = ImageChops.add(halves, ImageChops.offset(halves, 1, 0), 2)
    return ImageChops.add(across, ImageChops.offset(across, 0, 1), 2)


def _cells(image: Image.Image) -> Image.Image:
    return image.resize((GRID, GRID), Image.Resampling.BOX)


def highest(image: Image.Image) -> int:
    """Return the highest level of a grey image."""
    low_high: tuple[int, int] = image.getextrema()  # type: ignore[assignment]
    return low_high[1]
