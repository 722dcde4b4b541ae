"""Derives everything from an upload with one decode: master, renditions, moderation views, placeholder, colour.

Views are made from the pixels that are stored: after the colours of transparent pixels are cleared, the picture is
scaled to its limits, and frames that no view covers are dropped.
"""

from dataclasses import dataclass
from functools import partial
from time import perf_counter

from functions.imaging.decoding import decode
from functions.imaging.derived import DerivedPicture, derive
from functions.imaging.inspection import inspect
from functions.imaging.limits import WALL_FACTOR, Limits
from functions.imaging.proxies import EncodedView, moderation_proxies
from functions.imaging.renditions import ReduceChain, encoded_master, rendition_widths
from functions.imaging.resizing import cleared
from functions.imaging.sandbox import run_bounded
from functions.imaging.views import moderation_plan
from functions.shared.limits import DEFAULT_VIEWS


@dataclass(frozen=True)
class Ingested:
    """The result: Pillow's name of the format, the upload's number of frames and upright size in px, and all files.

    ``timings_ms`` has the phases ``decode`` and ``derive``.
    """

    format: str
    frames: int
    width: int
    height: int
    picture: DerivedPicture
    proxies: tuple[EncodedView, ...]
    timings_ms: dict[str, float]


def ingest(
    body: bytes,
    content_type: str,
    limits: Limits,
    *,
    keep_rights: bool = False,
    max_views: int = DEFAULT_VIEWS,
) -> Ingested:
    """Decode an upload in a sandbox and derive everything from it.

    ``keep_rights`` as in decoding.py, ``max_views`` as in views.py. Raises RefusedPictureError,
    TransientDependencyError or SandboxError.
    """
    return run_bounded(
        partial(ingest_here, keep_rights=keep_rights, max_views=max_views),
        body,
        content_type,
        limits,
        cpu_seconds=limits.max_decode_seconds,
        wall_seconds=limits.max_decode_seconds * WALL_FACTOR,
        memory_bytes=limits.max_memory_bytes,
    )


def ingest_here(
    body: bytes,
    content_type: str,
    limits: Limits,
    *,
    keep_rights: bool = False,
    max_views: int = DEFAULT_VIEWS,
) -> Ingested:
    """Do the same in this process, without time and memory limits. Raises RefusedPictureError."""
    started = perf_counter()
    inspection = inspect(body, limits, content_type=content_type)
    upload = decode(inspection, limits, keep_rights=keep_rights)
    decoded = perf_counter()
    plan = moderation_plan(upload.picture.mapped(cleared), max_views=max_views)
    master, picture = encoded_master(plan.picture)
    chain = ReduceChain(picture)
    proxies = tuple(moderation_proxies(picture, plan.views))
    derived = derive(picture, master, chain, rendition_widths(picture))
    ended = perf_counter()
    return Ingested(
        format=inspection.format,
        frames=len(upload.picture.frames),
        width=upload.width,
        height=upload.height,
        picture=derived,
        proxies=proxies,
        timings_ms={"decode": (decoded - started) * 1000, "derive": (ended - decoded) * 1000},
    )
