"""Perceptual similarity: a detector finds the same in two pictures that are similar (docs/adr/0019).

The fingerprint of a picture has 96 x 96 cells, whatever its shape. Each cell has the means of red, green and blue,
their mean absolute deviations in the cell, and the mean difference of luma between adjacent pixels. A picture whose
pixels are scrambled inside the cells is therefore similar to the original, and a checkerboard pattern is not similar to
grey.

Two pictures are similar if these values differ little in every window. Small windows may differ more (a mouse pointer,
a caret), large ones less (a faint picture over everything).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageChops

GRID: Final = 96
"""Cells on each side: 1/96 of the longer side is finer than a detector needs to recognise a subject."""

_PLANES: Final = 7

_STEP: Final = 3
"""Cells from one window to the next: half of the smallest window, so a subject of that size fills most of at least one
window."""

LIMITS: Final = {6: 24, 12: 16, 24: 10}
"""Largest mean difference, in levels of 255, of similar pictures by the window's side in cells: 1/16, 1/8 and 1/4 of
the picture's side. Measured by `python -m benchmarks.similarity` with sixteen photographs, charts and pages of at least
240 px: the differences are at most 6, 5 and 5 for sensor noise of sigma 6; 15, 8 and 4 for a palette of 64 colours that
is dithered for each frame; and 14, 9 and 7 for WebP at quality 60. A cross-fade exceeds the limits at a tenth of its
duration; an inset of 1/16 of the side with another picture makes a difference of 61 in the smallest window
(medians)."""

_ROUNDING: Final = 1


@dataclass(frozen=True)
class Fingerprint:
    """The fingerprint of a picture: 7 planes of 96 x 96 cells, and the means of the largest windows."""

    cells: Image.Image
    coarse: Image.Image

    @classmethod
    def of(cls, image: Image.Image) -> "Fingerprint":
        """Return the fingerprint of an RGB image. Takes 5 to 10 ms per megapixel."""
        means = _cells(image)
        deviations = _cells(ImageChops.difference(image, means.resize(image.size, Image.Resampling.NEAREST)))
        luma = image.convert("L")
        steps = _cells(ImageChops.difference(luma, ImageChops.offset(luma, 1, 0)))
        planes = Image.new("L", (GRID, GRID * _PLANES))
        for index, plane in enumerate((*means.split(), *deviations.split(), steps)):
            planes.paste(plane, (0, GRID * index))
        return cls(planes, planes.reduce(max(LIMITS)))


def are_similar(one: Fingerprint, other: Fingerprint) -> bool:
    """Tell whether two pictures are similar. Takes 3 to 40 µs."""
    # The means of a window differ by at most the mean difference of its cells.
    if highest(ImageChops.difference(one.coarse, other.coarse)) > LIMITS[max(LIMITS)] + _ROUNDING:
        return False
    differences = ImageChops.difference(one.cells, other.cells).reduce(_STEP)
    if highest(differences) <= min(LIMITS.values()):
        return True
    return all(difference <= limit for difference, limit in zip(_by_window(differences), LIMITS.values(), strict=True))


def differences_of(one: Fingerprint, other: Fingerprint) -> dict[int, int]:
    """Return the largest mean difference in any window, in levels, by the window's side in cells."""
    return dict(zip(LIMITS, _by_window(ImageChops.difference(one.cells, other.cells).reduce(_STEP)), strict=True))


def _by_window(differences: Image.Image) -> Iterator[int]:
    for _ in LIMITS:
        yield highest(over_windows(differences))
        differences = differences.reduce(2)


def over_windows(halves: Image.Image) -> Image.Image:
    """Return the means over all windows of 2 x 2; the last row and column wrap around."""
    across = ImageChops.add(halves, ImageChops.offset(halves, 1, 0), 2)
    return ImageChops.add(across, ImageChops.offset(across, 0, 1), 2)


def _cells(image: Image.Image) -> Image.Image:
    return image.resize((GRID, GRID), Image.Resampling.BOX)


def highest(image: Image.Image) -> int:
    """Return the highest level of a grey image."""
    low_high: tuple[int, int] = image.getextrema()  # type: ignore[assignment]
    return low_high[1]
