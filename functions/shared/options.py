"""Words that a stage chooses from. Templates pass them to the functions as variables."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Delivery(StrEnum):
    """v1: every request is computed from a rendition. v2: what was made once is kept in the generated bucket."""

    V1 = "v1"
    V2 = "v2"


class KeptMetadata(StrEnum):
    """Metadata of an upload that published pictures may keep. copyright: EXIF's Artist and Copyright."""

    COPYRIGHT = "copyright"


class BlurKind(StrEnum):
    """mosaic: a soft field of a few colours. tile: one flat colour, which also resists comparison with guesses."""

    MOSAIC = "mosaic"
    TILE = "tile"


MOST_CELLS: Final = 8
"""Most cells on the shorter side; a stage may use fewer. The details of a face correlate by 0.14 after 8 cells, by 0.28
after 12 and by 0.48 after 16."""

DEFAULT_CELLS: Final = 4
"""With 8 cells, four digits that fill the picture are still legible. The smallest legible font is five pixels high, so
four cells cannot show a line of text."""


@dataclass(frozen=True)
class Blur:
    """How to blur. ``cells`` is the number on the shorter side of a mosaic, 1 to MOST_CELLS."""

    kind: BlurKind = BlurKind.MOSAIC
    cells: int = DEFAULT_CELLS

    def __str__(self) -> str:
        """Return its name in records and settings: ``mosaic-4``, ``tile``."""
        return f"{self.kind}-{self.cells}" if self.kind is BlurKind.MOSAIC else str(self.kind)


DEFAULT_BLUR: Final = Blur()

BLURS: Final = {
    str(blur): blur
    for blur in (Blur(BlurKind.TILE), *(Blur(BlurKind.MOSAIC, cells) for cells in range(1, MOST_CELLS + 1)))
}
"""Every blur that a stage may use, by name."""
