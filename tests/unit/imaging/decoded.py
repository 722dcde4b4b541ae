"""Decodes a file as ingest does, with the usual limits."""

from functions.imaging.decoding import decode
from functions.imaging.inspection import inspect
from functions.imaging.limits import DEFAULT_LIMITS
from functions.imaging.picture import DecodedPicture


def decoded(body: bytes) -> DecodedPicture:
    return decode(inspect(body, DEFAULT_LIMITS), DEFAULT_LIMITS).picture
