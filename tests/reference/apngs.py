"""APNG by its specification (PNG, 3rd edition, 11.3.6): a renderer, and a random writer."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from struct import pack

import numpy as np

from tests.pictures import png_chunk
from tests.reference.canvas import Shown, drawn_over

NONE, BACKGROUND, PREVIOUS = range(3)
SOURCE, OVER = range(2)

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


@dataclass(frozen=True)
class ApngFrame:
    """``samples`` are the file's own, of 8 bits: rows, columns, channels."""

    left: int
    top: int
    samples: np.ndarray
    disposal: int = NONE
    blend: int = SOURCE
    delay: tuple[int, int] = (1, 10)


@dataclass(frozen=True)
class Apng:
    """A file of one colour type. The first frame covers the canvas unless ``hidden``, the default image, is there."""

    width: int
    height: int
    color_type: int
    frames: Sequence[ApngFrame]
    hidden: np.ndarray | None = None
    palette: bytes = b""
    transparency: bytes = b""
    plays: int = 0
    with_end: bool = True

    def file(self) -> bytes:
        """Return the bytes of the file."""
        chunks = [(b"IHDR", pack(">IIBBBBB", self.width, self.height, 8, self.color_type, 0, 0, 0))]
        chunks += [(b"PLTE", self.palette)] if self.palette else []
        chunks += [(b"tRNS", self.transparency)] if self.transparency else []
        chunks.append((b"acTL", pack(">II", len(self.frames), self.plays)))
        if self.hidden is not None:
            chunks.append((b"IDAT", _packed(self.hidden)))
        sequence = 0
        for number, frame in enumerate(self.frames):
            height, width = frame.samples.shape[:2]
            place = pack(">IIII", width, height, frame.left, frame.top)
            rest = pack(">HHBB", *frame.delay, frame.disposal, frame.blend)
            chunks.append((b"fcTL", pack(">I", sequence) + place + rest))
            sequence += 1
            data = _packed(frame.samples)
            if number == 0 and self.hidden is None:
                chunks.append((b"IDAT", data))
                continue
            for part in (data[: len(data) // 2], data[len(data) // 2 :]):
                chunks.append((b"fdAT", pack(">I", sequence) + part))
                sequence += 1
        chunks += [(b"IEND", b"")] if self.with_end else []
        return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, data) for kind, data in chunks)

    def rendered(self) -> list[Shown]:
        """Return every frame as it is shown."""
        canvas = np.zeros((self.height, self.width, 4), np.uint8)
        shown = []
        for number, frame in enumerate(self.frames):
            before = canvas.copy()
            height, width = frame.samples.shape[:2]
            place = (slice(frame.top, frame.top + height), slice(frame.left, frame.left + width))
            pixels = self._rgba(frame.samples)
            canvas[place] = pixels if frame.blend == SOURCE else drawn_over(canvas[place], pixels)
            shown.append(Shown(canvas.copy(), round(1000 * frame.delay[0] / (frame.delay[1] or 100))))
            disposal = BACKGROUND if frame.disposal == PREVIOUS and not number else frame.disposal
            if disposal == BACKGROUND:
                canvas[place] = 0
            elif disposal == PREVIOUS:
                canvas = before
        return shown

    def _rgba(self, samples: np.ndarray) -> np.ndarray:
        if self.color_type == 3:
            colors = np.frombuffer(self.palette, np.uint8).reshape(-1, 3)
            alpha = np.full(len(colors), 255, np.uint8)
            alpha[: len(self.transparency)] = np.frombuffer(self.transparency, np.uint8)
            return np.concatenate([colors, alpha[:, None]], axis=1)[samples[..., 0]]
        channels = CHANNELS[self.color_type]
        colors = samples[..., : 3 if channels > 2 else 1]
        alpha = samples[..., -1:] if channels in {2, 4} else np.full((*samples.shape[:2], 1), 255, np.uint8)
        if self.transparency:
            level = np.frombuffer(self.transparency, ">u2").astype(np.uint8)
            alpha = np.where((colors == level).all(axis=-1, keepdims=True), 0, alpha)
        return np.concatenate([np.broadcast_to(colors, (*samples.shape[:2], 3)), alpha], axis=-1).astype(np.uint8)


def _packed(samples: np.ndarray) -> bytes:
    return zlib.compress(b"".join(b"\0" + line.tobytes() for line in samples))


def random_apng(dice: Random) -> Apng:
    """Return an APNG in which everything is random that the specification allows."""
    width, height = dice.randint(1, 20), dice.randint(1, 16)
    color_type = dice.choice([0, 2, 3, 4, 6, 6, 6])
    palette = dice.randbytes(3 * 8) if color_type == 3 else b""
    transparency = b""
    if color_type == 3 and dice.random() < 0.7:
        transparency = dice.randbytes(dice.randint(1, 8))
    elif color_type in {0, 2} and dice.random() < 0.5:
        transparency = pack(">H", 64) * CHANNELS[color_type]
    hidden = _samples(dice, width, height, color_type) if dice.random() < 0.3 else None
    frames = []
    for number in range(dice.randint(2 if hidden is None else 1, 5)):
        left, top = dice.randrange(width), dice.randrange(height)
        across, down = dice.randint(1, width - left), dice.randint(1, height - top)
        if (number == 0 and hidden is None) or dice.random() < 0.3:
            left, top, across, down = 0, 0, width, height
        frames.append(
            ApngFrame(
                left,
                top,
                _samples(dice, across, down, color_type),
                dice.randrange(3),
                dice.randrange(2),
                dice.choice([(1, 10), (1, 60), (16, 1000), (5, 0), (65_535, 1), (0, 1)]),
            )
        )
    return Apng(
        width, height, color_type, frames, hidden, palette, transparency,
        plays=dice.choice([0, 1, 2, 65_535, 65_536, 2**31 - 1]),
        with_end=dice.random() < 0.8,
    )  # fmt: skip


def _samples(dice: Random, width: int, height: int, color_type: int) -> np.ndarray:
    channels = CHANNELS[color_type]
    samples = np.frombuffer(dice.randbytes(width * height * channels), np.uint8).reshape(height, width, channels)
    if color_type == 3:
        return samples % 8
    few = samples // 64 * 64  # so that the transparent colour occurs
    return np.where(samples > 250, np.uint8(255), few).astype(np.uint8)
