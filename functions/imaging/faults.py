"""What Pillow and its codecs raise on bad files, turned into one refusal.

UnidentifiedImageError and OSError are only a part of it: text and profile bombs raise ValueError while opening, broken
chunks SyntaxError, broken headers struct.error, AVIF and HEIC RuntimeError; pixel bombs a class of their own that is
no OSError, preceded by a warning between once and twice Pillow's limit, which counts as too many pixels here too.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image

from functions.imaging.refusal import RefusedPictureError
from functions.shared.contracts import Reason

_FAULTS: Final = (
    OSError,
    EOFError,
    ValueError,
    SyntaxError,
    RuntimeError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    AssertionError,
    OverflowError,
    ZeroDivisionError,
    struct.error,
    zlib.error,
)
"""Seen on hostile files, or raised by Pillow's parsers on paths that they reach. Only calls into Pillow stand in blocks
under this, so that no fault of our own code hides behind a CORRUPT."""


@contextmanager
def decoder_faults() -> Iterator[None]:
    """Turn what decoding raises inside the block into RefusedPictureError; Pillow's complaints stay unprinted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except RefusedPictureError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            raise RefusedPictureError(Reason.TOO_MANY_PIXELS, "The picture has too many pixels.") from error
        except MemoryError as error:
            raise RefusedPictureError(
                Reason.TOO_COMPLEX, "Decoding the picture takes more memory than is allowed."
            ) from error
        except _FAULTS as error:
            raise RefusedPictureError(Reason.CORRUPT, "The file is damaged: it cannot be decoded.") from error
