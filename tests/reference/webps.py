"""Animated WebP by its container specification: a renderer, and a random writer of lossless frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from random import Random

import numpy as np
from PIL import Image

from tests.reference.canvas import Shown, drawn_over


@dataclass(frozen=True)
class WebpFrame:
    """RGBA at an even offset."""

    left: int
    top: int
    pixels: np.ndarray
    duration_ms: int
    clears: bool
    over: bool


@dataclass(frozen=True)
class Webp:
    """A canvas and its frames."""

    width: int
    height: int
    frames: Sequence[WebpFrame]

    def file(self) -> bytes:
        """Return the bytes of the file."""
        size = _three(self.width - 1) + _three(self.height - 1)
        chunks = [(b"VP8X", b"\x12\0\0\0" + size), (b"ANIM", bytes(6))]
        for frame in self.frames:
            height, width = frame.pixels.shape[:2]
            head = _three(frame.left // 2) + _three(frame.top // 2) + _three(width - 1) + _three(height - 1)
            flags = frame.clears | (0 if frame.over else 2)
            chunks.append((b"ANMF", head + _three(frame.duration_ms) + bytes([flags]) + _still(frame.pixels)))
        body = b"WEBP" + b"".join(_chunk(kind, data) for kind, data in chunks)
        return b"RIFF" + len(body).to_bytes(4, "little") + body

    def rendered(self) -> list[Shown]:
        """Return every frame as it is shown."""
        canvas = np.zeros((self.height, self.width, 4), np.uint8)
        shown = []
        for frame in self.frames:
            height, width = frame.pixels.shape[:2]
            place = (slice(frame.top, frame.top + height), slice(frame.left, frame.left + width))
            canvas[place] = drawn_over(canvas[place], frame.pixels) if frame.over else frame.pixels
            shown.append(Shown(canvas.copy(), frame.duration_ms))
            if frame.clears:
                canvas[place] = 0
        return shown


def _three(number: int) -> bytes:
    return number.to_bytes(3, "little")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2)


def _still(pixels: np.ndarray) -> bytes:
    """Return the VP8L chunk of a lossless still."""
    buffer = BytesIO()
    Image.fromarray(pixels, "RGBA").save(buffer, "WEBP", lossless=True, exact=True)
    body = buffer.getvalue()
    start = body.index(b"VP8L")
    length = int.from_bytes(body[start + 4 : start + 8], "little")
    return body[start : start + 8 + length + length % 2]


def random_webp(dice: Random) -> Webp:
    """Return an animation in which everything is random that the specification allows."""
    width, height = dice.randint(2, 20), dice.randint(2, 16)
    frames = []
    for _ in range(dice.randint(2, 5)):
        left, top = dice.randrange(0, width, 2), dice.randrange(0, height, 2)
        across, down = dice.randint(1, width - left), dice.randint(1, height - top)
        pixels = np.frombuffer(dice.randbytes(across * down * 4), np.uint8).reshape(down, across, 4).copy()
        if dice.random() < 0.5:
            pixels[..., 3] = np.where(pixels[..., 3] > 127, 255, 0)
        frames.append(
            WebpFrame(left, top, pixels, dice.choice([0, 16, 100, 2**24 - 1]), dice.random() < 0.4, dice.random() < 0.6)
        )
    return Webp(width, height, frames)
