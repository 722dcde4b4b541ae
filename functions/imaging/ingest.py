"""Everything that is derived from an upload, in one decode: master, renditions, proxies, placeholder, colour."""

from dataclasses import dataclass
from functools import partial
from time import perf_counter

from functions.imaging.decoding import decode
from functions.imaging.derived import DerivedPicture, derive
from functions.imaging.inspection import inspect
from functions.imaging.limits import Limits
from functions.imaging.proxies import moderation_proxies
from functions.imaging.renditions import EncodedFile, ReduceChain, rung_widths
from functions.imaging.sandbox import run_bounded


@dataclass(frozen=True)
class Ingested:
    """What became of an upload: Pillow's name of its format, frames, its upright size in px, derived files.

    ``timings_ms`` has the phases ``decode`` and ``derive``.
    """

    format: str
    frames: int
    width: int
    height: int
    picture: DerivedPicture
    proxies: tuple[EncodedFile, ...]
    timings_ms: dict[str, float]


def ingest(body: bytes, content_type: str, limits: Limits, *, keep_rights: bool = False) -> Ingested:
    """Decode an upload in a sandbox and derive everything from it; ``keep_rights`` as in decoding.py.

    Raises RefusedPictureError or SandboxError.
    """
    return run_bounded(
        partial(ingest_here, keep_rights=keep_rights),
        body,
        content_type,
        limits,
        seconds=limits.max_decode_seconds,
        memory_bytes=limits.max_memory_bytes,
    )


def ingest_here(body: bytes, content_type: str, limits: Limits, *, keep_rights: bool = False) -> Ingested:
    """Do the same in this process, without the deadline. Raises RefusedPictureError."""
    started = perf_counter()
    inspection = inspect(body, limits, content_type=content_type)
    upload = decode(inspection, limits, keep_rights=keep_rights)
    picture = upload.picture
    decoded = perf_counter()
    chain = ReduceChain(picture)
    proxies = moderation_proxies(picture, chain)  # first: it shares the widest source, and often the size of a rung
    derived = derive(picture, chain, rung_widths(picture))
    ended = perf_counter()
    return Ingested(
        format=inspection.format,
        frames=len(picture.frames),
        width=upload.width,
        height=upload.height,
        picture=derived,
        proxies=proxies,
        timings_ms={"decode": (decoded - started) * 1000, "derive": (ended - decoded) * 1000},
    )
