"""GIF by its specification (GIF89a), and by browsers where that is silent: a renderer, and a random writer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from struct import pack

import numpy as np

from tests.reference.canvas import Shown


@dataclass(frozen=True)
class GifFrame:
    """``indices`` has one row per line of pixels; ``palette`` is local if it is not empty."""

    left: int
    top: int
    indices: np.ndarray
    palette: bytes = b""
    transparent: int | None = None
    disposal: int = 0
    hundredths: int = 10
    interlaced: bool = False
    control: bool = True


@dataclass(frozen=True)
class Gif:
    """A logical screen of ``width`` x ``height`` px and its frames; ``repetitions`` is None without a loop block."""

    width: int
    height: int
    palette: bytes
    frames: Sequence[GifFrame]
    repetitions: int | None = None
    loop_after: int = 0
    between: bytes = b""
    ending: bytes = b"\x3b"
    background: int = field(default=0)

    def file(self) -> bytes:
        """Return the bytes of the file."""
        flags = 0x70 | (0x80 | _bits(self.palette) if self.palette else 0)
        parts = [b"GIF89a", pack("<HHBBB", self.width, self.height, flags, self.background, 0), self.palette]
        for number, frame in enumerate(self.frames):
            if self.repetitions is not None and number == self.loop_after:
                parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + pack("<HB", self.repetitions, 0))
            parts += [_frame(frame), self.between]
        return b"".join((*parts, self.ending))

    def rendered(self) -> list[Shown]:
        """Return every frame as it is shown: the canvas, and its duration in ms."""
        canvas = np.zeros((self.height, self.width, 4), np.uint8)
        shown = []
        for frame in self.frames:
            before = canvas.copy()
            palette = frame.palette or self.palette
            part = canvas[frame.top : frame.top + len(frame.indices), frame.left : frame.left + frame.indices.shape[1]]
            indices = frame.indices[: part.shape[0], : part.shape[1]]
            for index in map(int, np.unique(indices)):
                if index != _transparent(frame) and 3 * index < len(palette):
                    part[indices == index] = (*palette[3 * index : 3 * index + 3], 255)
            shown.append(Shown(canvas.copy(), 10 * frame.hundredths if frame.control else 0))
            disposal = frame.disposal if frame.control else 0
            if disposal == 2:
                canvas[frame.top : frame.top + len(frame.indices), frame.left : frame.left + frame.indices.shape[1]] = 0
            elif disposal == 3:
                canvas = before
        return shown


def _transparent(frame: GifFrame) -> int | None:
    return frame.transparent if frame.control else None


def _bits(palette: bytes) -> int:
    return (len(palette) // 3).bit_length() - 2


def _frame(frame: GifFrame) -> bytes:
    height, width = frame.indices.shape
    control = b""
    if frame.control:
        flags = frame.disposal << 2 | (frame.transparent is not None)
        control = b"\x21\xf9\x04" + pack("<BHBB", flags, frame.hundredths, frame.transparent or 0, 0)
    flags = (0x80 | _bits(frame.palette) if frame.palette else 0) | (0x40 if frame.interlaced else 0)
    lines = frame.indices
    if frame.interlaced:
        order = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4), *range(1, height, 2)]
        lines = lines[order]
    descriptor = pack("<BHHHHB", 0x2C, frame.left, frame.top, width, height, flags)
    return control + descriptor + frame.palette + b"\x08" + _data(lines.tobytes())


def _data(indices: bytes) -> bytes:
    """Return codes of nine bits in blocks: a clear code before every 200 pixels keeps codes short."""
    codes = [code for at in range(0, len(indices), 200) for code in (256, *indices[at : at + 200])] + [257]
    number = sum(code << 9 * place for place, code in enumerate(codes))
    packed = number.to_bytes((9 * len(codes) + 7) // 8, "little")
    return (
        b"".join(bytes([len(packed[at : at + 255])]) + packed[at : at + 255] for at in range(0, len(packed), 255))
        + b"\0"
    )


def random_gif(dice: Random) -> Gif:
    """Return a GIF in which everything is random that the specification allows."""
    width, height = dice.randint(1, 24), dice.randint(1, 18)
    palette = _palette(dice) if dice.random() < 0.8 else b""
    frames = [
        _random_frame(dice, width, height, bool(palette), first=not number) for number in range(dice.randint(1, 6))
    ]
    return Gif(
        width, height, palette, frames,
        repetitions=dice.choice([None, 0, 0, 1, 3, 65_534, 65_535]),
        loop_after=dice.randrange(len(frames)),
        between=dice.choice([b"", b"", b"\0", b"\0\0"]),
        ending=dice.choice([b"\x3b", b"\x3b", b"", bytes(20), b"\x3b" + bytes(9), b"\x00\x3b", b"garbage"]),
        background=dice.randrange(4),
    )  # fmt: skip


def _palette(dice: Random) -> bytes:
    return dice.randbytes(3 * dice.choice([2, 4, 8, 16, 256]))


def _random_frame(dice: Random, width: int, height: int, global_palette: bool, *, first: bool) -> GifFrame:
    left, top = dice.randrange(width), dice.randrange(height)
    across, down = dice.randint(1, width - left), dice.randint(1, height - top)
    if dice.random() < 0.4:
        left, top, across, down = 0, 0, width, height
    if not first and dice.random() < 0.15:
        across, down = across + dice.randint(0, 5), down + dice.randint(0, 5)
    colors = _palette(dice) if not global_palette or dice.random() < 0.4 else b""
    most = len(colors) // 3 if colors else 16
    indices = np.frombuffer(dice.randbytes(across * down), np.uint8).reshape(down, across) % dice.randint(
        1, min(most, 16)
    )
    return GifFrame(
        left, top, indices, colors,
        transparent=dice.choice([None, 0, 1, 255]),
        disposal=dice.randrange(4),
        hundredths=dice.choice([0, 1, 2, 5, 10, 65_535]),
        interlaced=dice.random() < 0.3,
        control=dice.random() < 0.9,
    )  # fmt: skip


def shown_by(body: bytes) -> list[Shown]:
    """Return what a well-formed GIF shows, frame by frame."""
    return _parsed(body).rendered()


def _parsed(body: bytes) -> Gif:
    """Read a well-formed GIF with frames inside of the screen."""
    width, height = (int.from_bytes(body[at : at + 2], "little") for at in (6, 8))
    palette = body[13 : 13 + _palette_bytes(body[10])]
    at, frames = 13 + len(palette), []
    control: dict[str, int | None] = {}
    while body[at] != 0x3B:
        if body[at] == 0x21:
            if body[at + 1] == 0xF9:
                flags = body[at + 3]
                control = {
                    "disposal": flags >> 2 & 7,
                    "hundredths": int.from_bytes(body[at + 4 : at + 6], "little"),
                    "transparent": body[at + 6] if flags & 1 else None,
                }
            at = _blocks(body, at + 2)[1]
            continue
        left, top, across, down = (int.from_bytes(body[at + n : at + n + 2], "little") for n in (1, 3, 5, 7))
        flags = body[at + 9]
        local = body[at + 10 : at + 10 + _palette_bytes(flags)]
        data, after = _blocks(body, at + 11 + len(local))
        indices = np.frombuffer(_unpacked(data, body[at + 10 + len(local)]), np.uint8)[: across * down].reshape(
            down, across
        )
        if flags & 0x40:
            order = [*range(0, down, 8), *range(4, down, 8), *range(2, down, 4), *range(1, down, 2)]
            indices = indices[np.argsort(order)]
        frames.append(GifFrame(left, top, indices, local, control=bool(control), **control))
        control, at = {}, after
    return Gif(width, height, palette, frames)


def _palette_bytes(flags: int) -> int:
    return 6 << (flags & 7) if flags & 0x80 else 0


def _blocks(body: bytes, at: int) -> tuple[bytes, int]:
    """Return the data of the blocks at an offset, and the offset after them."""
    parts = []
    while body[at]:
        parts.append(body[at + 1 : at + 1 + body[at]])
        at += 1 + body[at]
    return b"".join(parts), at + 1


def _unpacked(data: bytes, bits: int) -> bytes:
    """Decode LZW (GIF89a, appendix F)."""
    clear, table, size = 1 << bits, [bytes([code]) for code in range(1 << bits)], bits + 1
    initial = [*table, b"", b""]
    found, before = bytearray(), b""
    number = at = 0
    for byte in data:
        number |= byte << at
        at += 8
        while at >= size:
            code, number, at = number & (1 << size) - 1, number >> size, at - size
            if code == clear:
                table, size, before = list(initial), bits + 1, b""
            elif code == clear + 1:
                return bytes(found)
            else:
                entry = table[code] if code < len(table) else before + before[:1]
                found += entry
                if before and len(table) < 4096:
                    table.append(before + entry[:1])
                    size += len(table) == 1 << size and size < 12
                before = entry
    return bytes(found)
