"""What a case of the corpus is: an upload, and the look or the refusal that it must end in."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests import pictures

WIDTH, HEIGHT = 120, 90
"""Size in px of a picture that shows ``pictures.scene``."""

Point = tuple[float, float]
Color = tuple[int, ...]

SCENE: Mapping[Point, Color] = {
    (1 / 12, 1 / 12): pictures.CORNERS["top-left"],
    (11 / 12, 1 / 12): pictures.CORNERS["top-right"],
    (1 / 12, 11 / 12): pictures.CORNERS["bottom-left"],
    (11 / 12, 11 / 12): pictures.CORNERS["bottom-right"],
    (1 / 2, 1 / 2): (245, 235, 225),
}
"""Colours of an upright ``scene``."""

DRAWING: Mapping[Point, Color] = {(0.5, 0.5): (200, 30, 60, 255), (0.02, 0.02): (0, 0, 0, 0)}
"""Colours of ``pictures.drawing``; the colour of a pixel that cannot be seen does not matter."""


@dataclass(frozen=True)
class Look:
    """How a published picture looks: upright size in px, and colours at points given as fractions of its sides.

    ``variant`` is the request; its response has ``size`` (``original``, where given, is the upload's own size),
    ``content_type``, ``frames`` and, unless empty, ``durations_ms``. RGBA colours are checked with their alpha, of the
    first frame alone unless ``every_frame``.
    """

    size: tuple[int, int]
    colors: Mapping[Point, Color]
    within: int = 16
    frames: int = 1
    durations_ms: tuple[int, ...] = ()
    variant: Mapping[str, str | int] = field(default_factory=lambda: {"format": "png"})
    content_type: str = "image/png"
    original: tuple[int, int] | None = None
    every_frame: bool = False


@dataclass(frozen=True)
class Refusal:
    """Why an upload is refused: the fixed reason, and what the sentence for the uploader is like, whole.

    ``percent`` is the share of the picture that the sentence must report, within a tenth.
    """

    reason: str
    detail: str
    percent: int | None = None

    def fits(self, detail: str) -> bool:
        """Return whether a sentence is the one for this refusal."""
        if not re.fullmatch(self.detail, detail):
            return False
        said = re.search(r"(\d+) %", detail)
        return self.percent is None or (said is not None and abs(int(said[1]) - self.percent) <= 10)


@dataclass(frozen=True)
class Case:
    """One upload. ``past_api`` lays it into the bucket where no presigned form would let it pass."""

    name: str
    build: Callable[[], bytes]
    content_type: str
    expected: Look | Refusal
    past_api: bool = False

    @property
    def is_refused(self) -> bool:
        return isinstance(self.expected, Refusal)


def shows_scene(name: str, build: Callable[[], bytes], content_type: str, *, within: int = 16) -> Case:
    """Return the case of an upload that looks like ``pictures.scene``."""
    return Case(name, build, content_type, Look((WIDTH, HEIGHT), SCENE, within))
