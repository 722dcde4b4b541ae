"""Decodes an upload: upright, sRGB, 8 bits, without metadata, within limits.

inspection.py has read the header; sizes and frames are checked again here, because a header can be wrong. Frames are
counted by seeking, not by the file's claim. A truncated file is corrupt, even with an end marker after the cut. Damaged
files that still decode to a whole picture, as viewers show them, are accepted: damaged bits inside a JPEG scan, and a
progressive JPEG that ends after its first scan. The rotation in a HEIC container is applied and its EXIF orientation is
not (ISO/IEC 23008-12, A.2.3). XMP does not rotate a picture; browsers ignore it too.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from PIL import Image

from functions.imaging.codecs import open_image
from functions.imaging.color import to_srgb
from functions.imaging.compositing import Animation, FrameRegion, composed, indexed
from functions.imaging.containers.common import Crop, Inspection, check_frames, check_size
from functions.imaging.containers.jpeg import check_jpeg_is_whole
from functions.imaging.facts import facts_of
from functions.imaging.faults import decoder_faults
from functions.imaging.limits import KEPT_ANIMATION_PIXELS, LONGEST_KEPT_SIDE_PX, Limits
from functions.imaging.picture import DecodedPicture
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.resizing import resized
from functions.imaging.rights import rights_block
from functions.shared.status import Reason

_ANIMATED: frozenset[str] = frozenset({"WEBP", "AVIF"})
"""Formats whose animations the decoder composes; compositing.py does it for GIF and PNG."""

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
    frames: list[Image.Image] = []
    durations: list[int] = []
    scale = _kept_scale(inspection)
    with closing(_frames_of(inspection, limits)) as decoded:
        for frame in decoded:
            durations.append(frame.duration_ms or DEFAULT_FRAME_MS)
            if not frames:
                size = frame.pixels.size
            frames.append(resized(frame.pixels, _scaled(frame.pixels.size, scale)) if scale < 1 else frame.pixels)
            plays = frame.plays
    animated = len(frames) > 1
    picture = DecodedPicture(
        _in_one_mode(frames),
        tuple(durations) if animated else (),
        plays if animated else 0,
        rights_block(inspection.exif) if keep_rights else b"",
    )
    return DecodedUpload(picture, *size)


@dataclass(frozen=True)
class _DecodedFrame:
    """An upright frame in sRGB with its duration, and the plays of its animation."""

    pixels: Image.Image
    duration_ms: int
    plays: int


def _frames_of(inspection: Inspection, limits: Limits) -> Generator[_DecodedFrame]:
    """Yield each frame; a still has one."""
    if inspection.animation is not None:
        yield from _composed_frames(inspection, inspection.animation, limits)
        return
    with decoder_faults():
        source = open_image(inspection.body, inspection.format)
    with source:
        for frame in _loaded_frames(source, inspection, limits):
            facts = facts_of(frame)
            yield _DecodedFrame(_in_srgb(frame, inspection), facts.duration_ms, facts.plays)


def _in_srgb(frame: Image.Image, inspection: Inspection) -> Image.Image:
    pixels = to_srgb(
        frame,
        bit_depth=inspection.bit_depth,
        white_is_zero=inspection.white_is_zero,
        profile=inspection.profile,
        colorimetry=inspection.colorimetry,
    )
    if inspection.opaque_if_clear and pixels.mode == "RGBA" and pixels.getchannel("A").getextrema() == (0, 0):
        return pixels.convert("RGB")
    return pixels


def _composed_frames(inspection: Inspection, animation: Animation, limits: Limits) -> Iterator[_DecodedFrame]:
    """Yield the frames that compositing.py draws, upright; opaque ones as RGB."""
    size = inspection.width, inspection.height
    check_size(*size, limits)
    check_frames(len(animation.frames), *size, limits)
    operation = _UPRIGHT.get(inspection.exif.orientation)
    pixels = ((region, _pixels_of(region, inspection, limits)) for region in animation.frames)
    for region, canvas in composed(size, pixels):
        opaque = canvas.getchannel("A").getextrema() == (255, 255)
        frame = canvas.convert("RGB") if opaque else canvas
        upright = frame if operation is None else frame.transpose(operation)
        yield _DecodedFrame(upright, region.duration_ms, animation.plays)


def _pixels_of(region: FrameRegion, inspection: Inspection, limits: Limits) -> Image.Image:
    """Return the pixels of one frame of an animation, or of a GIF. Raises RefusedPictureError."""
    check_size(*region.size, limits)
    with decoder_faults():
        source = open_image(region.file(), inspection.format)
    with source:
        with decoder_faults():
            source.load()
        check_size(*source.size, limits)
        if region.palette is not None:
            return indexed(source, region.palette)
        return _in_srgb(source, inspection)


def _loaded_frames(source: Image.Image, inspection: Inspection, limits: Limits) -> Iterator[Image.Image]:
    """Yield the opened file once per frame, loaded, cropped and upright; formats without animation have one frame."""
    animated = inspection.format in _ANIMATED and inspection.frames > 1
    index = 0
    while index == 0 or _moved_to(source, index):
        check_size(*source.size, limits)
        index += 1
        check_frames(index, *source.size, limits)
        _load(source, inspection)
        check_size(*source.size, limits)
        if inspection.format == "JPEG":
            check_jpeg_is_whole(inspection.body, source, limits)
        operation = _UPRIGHT.get(inspection.exif.orientation)
        if not animated:
            yield _turned(_cropped(source, inspection.crop), operation)
            return
        # A copy, because the next frame is decoded into the same image.
        frame = _cropped(source.copy(), inspection.crop)
        yield frame if operation is None else frame.transpose(operation)


def _load(source: Image.Image, inspection: Inspection) -> None:
    """Decode the pixels. A file of a kind that the decoder may not read is unsupported if it fails, not damaged."""
    try:
        with decoder_faults():
            source.load()
    except RefusedPictureError as error:
        if inspection.unsupported and error.reason is Reason.CORRUPT:
            raise RefusedPictureError(Reason.UNSUPPORTED_FORMAT, inspection.unsupported) from error
        raise


def _cropped(image: Image.Image, box: Crop | None) -> Image.Image:
    return image if box is None else image.crop(box)


def _turned(source: Image.Image, operation: Image.Transpose | None) -> Image.Image:
    """Return a still upright and free the original pixels: two copies of a large picture would be the memory peak."""
    if operation is None:
        return source
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


def _in_one_mode(frames: list[Image.Image]) -> tuple[Image.Image, ...]:
    if all(frame.mode == "RGB" for frame in frames):
        return tuple(frames)
    return tuple(frame if frame.mode == "RGBA" else frame.convert("RGBA") for frame in frames)
