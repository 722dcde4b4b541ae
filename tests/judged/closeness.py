"""Metrics by which tests decide whether a delivered picture was moderated, independent of functions/imaging.

Pictures of the same shape are compared on a grid of 24 x 24 cells.

- ``level_distance`` is the mean absolute difference in levels (0 to 255, the worst of red, green and blue) in the worst
  window of 3 x 3 cells, an eighth of each side.
- ``detail_distance`` is the same for luma's mean absolute deviation within each cell. It finds a picture hidden in a
  checkerboard, whose cells have the same mean.
- ``resemblance`` is the absolute correlation of two pictures' cells, from 0 to 1; ``contrast`` is the standard
  deviation of a picture's cells.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image

CELLS = 24
WINDOW = 3

CLOSE_LEVELS = 30
"""The largest distance of a stored frame from its moderated view: 24, 16 and 10 of similarity.py, plus encoder loss."""

DELIVERED_LEVELS = 40
DELIVERED_AVIF_LEVELS = 60
"""The same for served pictures, including quality 40 and GIF: 6,000 random variants differ by at most 36.6. In AVIF
alpha is lossy too; noise at quality 40 differs by 52.1."""

RESEMBLES = 0.8
"""The lowest correlation at which a served picture counts as showing a subject."""

STILL_RESEMBLES = 0.7
"""The lowest correlation at which a moderated view counts as showing the subject."""

VISIBLE_CONTRAST = 4
"""Standard deviation in levels below which a delivered picture counts as flat."""

PLAIN_CONTRAST = 24
"""The lowest standard deviation, in levels, at which a moderated view shows its picture clearly."""

Cells = npt.NDArray[np.float64]


def cells_of(image: Image.Image) -> Cells:
    """Return the mean colour of each cell: 24 x 24 x 3."""
    small = image.convert("RGB").resize((CELLS, CELLS), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)


def level_distance(one: Image.Image, other: Image.Image) -> float:
    """Return the difference between two pictures in their worst window, in levels."""
    return _worst_window(np.abs(cells_of(one) - cells_of(other)).max(axis=2))


def mean_distance(one: Image.Image, other: Image.Image) -> float:
    """Return the mean difference between two pictures, in levels."""
    return float(np.abs(cells_of(one) - cells_of(other)).max(axis=2).mean())


def detail_distance(one: Image.Image, other: Image.Image) -> float:
    """Return the difference in fine detail between two pictures of the same size in their worst window, in levels."""
    return _worst_window(np.abs(_detail(one) - _detail(other)))


def frame_distance(frame: Image.Image, views: Iterable[Image.Image], part: tuple[int, int, int, int]) -> float:
    """Return a stored frame's distance to the nearest view: the worst of levels, detail, and the mean in ``part``."""
    return min(
        max(
            level_distance(frame, view),
            detail_distance(frame, view),
            mean_distance(frame.crop(part), view.crop(part)),
        )
        for view in views
    )


def distance(look: Image.Image, judged: Iterable[Image.Image]) -> float:
    """Return the level distance to the nearest moderated view."""
    return min(level_distance(look, view) for view in judged)


def resemblance(one: Image.Image, other: Image.Image) -> float:
    """Return the absolute correlation of two pictures, the highest of luma and the three colours."""
    first, second = (np.dstack([_luma(each), cells_of(each)]) for each in (one, other))
    return max(abs(_correlation(first[..., band], second[..., band])) for band in range(4))


def contrast(image: Image.Image) -> float:
    """Return the standard deviation of a picture's cells in levels, in the colour where it is largest."""
    return float(max(cells_of(image)[..., band].std() for band in range(3)))


def shows(view: Image.Image, subject: Image.Image, *, at_contrast: float) -> bool:
    """Return whether a moderated view shows a subject with at least this contrast."""
    return resemblance(view, subject) >= STILL_RESEMBLES and contrast(view) >= at_contrast


def is_seen(look: Image.Image, subject: Image.Image) -> bool:
    """Return whether a served picture, as displayed, shows a subject."""
    return resemblance(look, subject) >= RESEMBLES and contrast(look) >= VISIBLE_CONTRAST


def is_judged(look: Image.Image, subject: Image.Image, judged: Iterable[Image.Image]) -> bool:
    """Return whether a moderated view shows the subject of a displayed picture clearly, or with at least half of
    its contrast."""
    return any(shows(view, subject, at_contrast=min(PLAIN_CONTRAST, contrast(look) / 2)) for view in judged)


def _luma(image: Image.Image) -> Cells:
    return cells_of(image) @ np.array([0.299, 0.587, 0.114])


def _detail(image: Image.Image) -> Cells:
    grey = image.convert("L")
    flat = grey.resize((CELLS, CELLS), Image.Resampling.BOX).resize(grey.size, Image.Resampling.NEAREST)
    deviation = np.abs(np.asarray(grey, dtype=np.float64) - np.asarray(flat, dtype=np.float64))
    small = Image.fromarray(deviation.astype(np.float32)).resize((CELLS, CELLS), Image.Resampling.BOX)
    return np.asarray(small, dtype=np.float64)


def _worst_window(differences: Cells) -> float:
    windows = np.lib.stride_tricks.sliding_window_view(differences, (WINDOW, WINDOW))
    return float(windows.mean(axis=(2, 3)).max())


def _correlation(one: Cells, other: Cells) -> float:
    first, second = one - one.mean(), other - other.mean()
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / size if size > 1e-6 else 0.0
