"""GIF: a walk over the blocks."""

from functions.imaging.containers.common import (
    U16_LE,
    EndOfFileError,
    Inspection,
    check_frames,
    check_size,
    read,
    too_complex,
    truncated,
)
from functions.imaging.limits import Limits
from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason


def inspect_gif(body: bytes, limits: Limits) -> Inspection:
    """Inspect a GIF. Raises RefusedPictureError or EndOfFileError."""
    width, height = read(U16_LE, body, 6), read(U16_LE, body, 8)
    position = 13 + _gif_palette_bytes(body[10])
    frames = blocks = 0
    try:
        while position < len(body) and body[position] != 0x3B:
            if body[position] == 0x21:
                position += 2
            elif body[position] == 0x2C:
                frames += 1
                left, top = read(U16_LE, body, position + 1), read(U16_LE, body, position + 3)
                # Pillow widens the canvas for a frame that sticks out of it: here a bomb hides in frame 2.
                width = max(width, left + read(U16_LE, body, position + 5))
                height = max(height, top + read(U16_LE, body, position + 7))
                check_size(width, height, limits)
                check_frames(frames, width, height, limits)
                position += 11 + _gif_palette_bytes(body[position + 9])
            else:
                raise RefusedPictureError(Reason.CORRUPT, "The GIF has data where a frame should begin.")
            while body[position]:
                position += 1 + body[position]
                blocks += 1
                if blocks > limits.max_gif_blocks:
                    raise too_complex("The GIF is cut into too many small pieces.")
            position += 1
    except (IndexError, EndOfFileError) as error:
        if not frames:
            raise
        if frames == 1:
            raise truncated() from error
        raise RefusedPictureError(Reason.CORRUPT, f"The file ends inside frame {frames} of the animation.") from error
    if not frames:
        raise RefusedPictureError(Reason.CORRUPT, "The GIF has no picture in it.")
    return Inspection("GIF", width, height, frames)


def _gif_palette_bytes(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0
