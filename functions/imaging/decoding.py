"""Decodes an upload: upright, sRGB, 8 bits, without metadata, within limits.

inspection.py has read the header; sizes and frames are checked again here, because a header can be wrong. Frames are
counted by seeking, not by the file's claim. A truncated file is corrupt, even with an end marker after the cut. Damaged
files that still decode to a whole picture, as viewers show them, are accepted: damaged bits inside a JPEG scan, and a
progressive JPEG that ends after its first scan. The rotation in a HEIC container is applied and its EXIF orientation is
not (ISO/IEC 23008-12, A.2.3). XMP does not rotate a picture; browsers ignore it too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from PIL import Image

from functions.imaging.codecs import open_image
from functions.imaging.color import to_srgb
from functions.imaging.containers.common import Inspection, check_frames, check_size
from functions.imaging.containers.jpeg import check_jpeg_is_whole
from functions.imaging.facts import facts_of
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import KEPT_ANIMATION_PIXELS, LONGEST_KEPT_SIDE_PX, Limits
from functions.imaging.picture import DecodedPicture
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.resizing import resized
from functions.imaging.rights import rights_block
from functions.shared.contracts import Reason

_ANIMATED: frozenset[str] = frozenset({"GIF", "PNG", "WEBP", "AVIF"})

DEFAULT_FRAME_MS = 100
"""Duration in ms of a frame without one, as in browsers."""

_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""The operation that turns a picture upright, by EXIF orientation."""


@dataclass(frozen=True)
class DecodedUpload:
    """The decoded picture, and the upright size in px that the upload had; only large animations are smaller."""

    picture: DecodedPicture
    width: int
    height: int


def decode(inspection: Inspection, limits: Limits, *, keep_rights: bool = False) -> DecodedUpload:
    """Decode an inspected file; ``keep_rights`` keeps its rights fields.

    Raises RefusedPictureError (CORRUPT, TOO_…, UNSUPPORTED_FORMAT).
    """
    with decoder_faults():
        source = open_image(inspection.body, inspection.format)
    with source:
        frames: list[Image.Image] = []
        durations: list[int] = []
        scale = _kept_scale(inspection)
        for frame in _loaded_frames(source, inspection, limits):
            durations.append(facts_of(frame).duration_ms or DEFAULT_FRAME_MS)
            if not frames:
                size = frame.size
            pixels = to_srgb(frame, bit_depth=inspection.bit_depth, white_is_zero=inspection.white_is_zero)
            if frames and pixels.size != frames[0].size:
                pixels = _on_canvas(pixels, frames[0].size, scale)
            elif scale < 1:
                pixels = resized(pixels, _scaled(pixels.size, scale))
            frames.append(pixels)
        plays = facts_of(source).plays
    animated = len(frames) > 1
    picture = DecodedPicture(
        _in_one_mode(frames),
        tuple(durations) if animated else (),
        plays if animated else 0,
        rights_block(inspection.exif) if keep_rights else b"",
    )
    return DecodedUpload(picture, *size)


def _loaded_frames(source: Image.Image, inspection: Inspection, limits: Limits) -> Iterator[Image.Image]:
    """Yield the opened file once per frame, loaded and upright; formats without animation have one frame."""
    animated = inspection.format in _ANIMATED and inspection.frames > 1
    index = 1 if animated and inspection.hidden_first else 0  # the still of an APNG for viewers without support
    count = 0
    while index == 0 or _moved_to(source, index):
        check_size(*source.size, limits)
        count += 1
        check_frames(count, *source.size, limits)
        with decoder_faults():
            source.load()
        check_size(*source.size, limits)
        if inspection.format == "JPEG":
            check_jpeg_is_whole(inspection.body, source, limits)
        operation = _UPRIGHT.get(inspection.exif.orientation)
        if not animated:
            yield source if operation is None else _turned(source, operation)
            return
        # A copy, because the next frame is decoded into the same image.
        yield source.copy() if operation is None else source.transpose(operation)
        index += 1
    if inspection.format == "GIF" and count < inspection.frames:
        raise RefusedPictureError(Reason.CORRUPT, f"Frame {count + 1} of the animation cannot be decoded.")


def _turned(source: Image.Image, operation: Image.Transpose) -> Image.Image:
    """Return a still upright and free the original pixels: two copies of a large picture would be the memory peak."""
    turned = source.transpose(operation)
    source.close()
    return turned


def _moved_to(source: Image.Image, index: int) -> bool:
    """Seek to a later frame; tell whether there is one."""
    with decoder_faults():
        try:
            source.seek(index)
        except EOFError:
            return False
    return True


def _kept_scale(inspection: Inspection) -> float:
    """Return the scale at which an animation fits into memory and both sides are within the limit; at most 1."""
    scale = min(1.0, LONGEST_KEPT_SIDE_PX / max(inspection.width, inspection.height))
    pixels = inspection.frames * inspection.width * inspection.height
    if inspection.frames > 1 and pixels > KEPT_ANIMATION_PIXELS:
        scale = min(scale, float((KEPT_ANIMATION_PIXELS / pixels) ** 0.5))
    return scale


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _on_canvas(frame: Image.Image, size: tuple[int, int], scale: float) -> Image.Image:
    """Return a later frame on the first one's canvas: Pillow enlarges a GIF's canvas for frames that exceed it."""
    if scale < 1:
        frame = resized(frame, _scaled(frame.size, scale))
    return frame if frame.size == size else frame.crop((0, 0, *size))


def _in_one_mode(frames: list[Image.Image]) -> tuple[Image.Image, ...]:
    if all(frame.mode == "RGB" for frame in frames):
        return tuple(frames)
    return tuple(frame if frame.mode == "RGBA" else frame.convert("RGBA") for frame in frames)
