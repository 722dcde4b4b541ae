"""Writes animated GIFs from frames with palettes; Pillow encodes the pixels of each.

Pillow's own writer compares frames in colour, so opaque black beside transparency is lost. If an animation has
transparent pixels, this writer crops each frame to its visible pixels and clears it after it is shown. In an opaque
animation it crops each frame to its changes from the previous frame, and keeps it.
"""

from io import BytesIO
from struct import pack
from typing import Final

from PIL import Image, ImageChops

from functions.imaging.codecs import load_codec

TRANSPARENT: Final = 255
"""The palette entry of transparent pixels, in pictures that have any."""

_HEADER_BYTES: Final = 13
_DESCRIPTOR_BYTES: Final = 10
_KEEP: Final = 1
_CLEAR: Final = 2
_LOCAL_PALETTE: Final = 0x80

Box = tuple[int, int, int, int]


def gif_animation(frames: list[Image.Image], durations_ms: list[int], repetitions: int | None, *, alpha: bool) -> bytes:
    """Return a GIF of frames in mode P. Durations are whole hundredths of a second.

    ``repetitions`` is the number of plays after the first, 0 for infinite, None to play once. With ``alpha`` the
    palette entry ``TRANSPARENT`` is transparent.
    """
    width, height = frames[0].size
    parts = [b"GIF89a" + pack("<HHBBB", width, height, 0x70, 0, 0)]
    if repetitions is not None:
        parts.append(b"\x21\xff\x0bNETSCAPE2.0\x03\x01" + pack("<HB", repetitions, 0))
    before: Image.Image | None = None
    for frame, duration in zip(frames, durations_ms, strict=True):
        shown = None if alpha else frame.convert("RGB")
        box = (_visible(frame) if shown is None else _changed(before, shown)) or (0, 0, 1, 1)
        disposal = _CLEAR if alpha else _KEEP
        parts.append(
            b"\x21\xf9\x04" + pack("<BHBB", disposal << 2 | alpha, duration // 10, TRANSPARENT if alpha else 0, 0)
        )
        parts.append(_image(frame, box))
        before = shown
    return b"".join((*parts, b"\x3b"))


def _visible(frame: Image.Image) -> Box | None:
    """Return the box of the pixels that are not transparent; None if all are."""
    return frame.point([255] * TRANSPARENT + [0], "L").getbbox()


def _changed(before: Image.Image | None, frame: Image.Image) -> Box | None:
    return (0, 0, *frame.size) if before is None else ImageChops.difference(before, frame).getbbox()


def _image(frame: Image.Image, box: Box) -> bytes:
    """Return the image descriptor, palette and data of a part of a frame: those of a still GIF, at the part's place."""
    load_codec("GIF")
    buffer = BytesIO()
    frame.crop(box).save(buffer, "GIF", optimize=False)
    body = buffer.getvalue()
    palette_bits = body[10] & 7
    start = _HEADER_BYTES + (6 << palette_bits)
    interlaced = body[start + 9] & 0x40
    descriptor = pack(
        "<BHHHHB", 0x2C, *box[:2], box[2] - box[0], box[3] - box[1], _LOCAL_PALETTE | interlaced | palette_bits
    )
    return b"".join((descriptor, body[_HEADER_BYTES:start], body[start + _DESCRIPTOR_BYTES : -1]))
