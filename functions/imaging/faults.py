"""Translates the errors of Pillow and its codecs on bad files into RefusedPictureError.

There are many besides UnidentifiedImageError and OSError: text and profile bombs raise ValueError while a file is
opened, broken chunks SyntaxError, broken headers struct.error, AVIF and HEIC RuntimeError. Pixel bombs have a class of
their own; between once and twice Pillow's limit there is a warning, which is treated as too many pixels too.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PIL import Image

from functions.imaging.refusal import RefusedPictureError
from functions.shared.status import Reason

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
"""Errors seen on hostile files, or raised by Pillow's parsers on paths that such files reach. Only calls of Pillow are
made inside ``decoder_faults``, so that a bug of this project is not reported as CORRUPT."""


@contextmanager
def decoder_faults() -> Iterator[None]:
    """Translate errors of decoding inside the block into RefusedPictureError; Pillow's warnings are not printed."""
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
