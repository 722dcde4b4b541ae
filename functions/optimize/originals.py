"""Derives all files of one original, or rejects it.

functions/imaging processes the pixels; this module has the order of the steps and their outcomes.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from functions.imaging.containers.common import check_bytes
from functions.imaging.ingest import ingest
from functions.imaging.proxies import EncodedView
from functions.imaging.refusal import RefusedPictureError
from functions.imaging.storing import store_picture, store_views
from functions.optimize.settings import OptimizeSettings
from functions.shared.contracts import Optimized, OptimizeRequest, OriginalFacts, Rejected, Superseded
from functions.shared.errors import ObjectChangedError, ObjectMissingError
from functions.shared.keys import REJECTED_TAG, REJECTED_TAG_VALUE, revision_prefix
from functions.shared.object_store import S3ObjectStore


@dataclass(frozen=True)
class Optimization:
    """The outcome for the workflow, and the duration of each phase in ms."""

    outcome: Optimized | Rejected | Superseded
    timings_ms: dict[str, float] = field(default_factory=dict)


def optimize_original(request: OptimizeRequest, *, store: S3ObjectStore, settings: OptimizeSettings) -> Optimization:
    """Read the original of the event, and write its master, renditions and views to staging.

    For a rejected original nothing is written; a tag lets the bucket's lifecycle rule delete it. Raises
    ObjectMissingError, TransientDependencyError or SandboxError.
    """
    original = request.original
    try:
        check_bytes(original.size, settings.limits)
        stored = store.get(original.bucket, original.key, etag=original.etag, version=request.version)
        ingested = ingest(
            stored.body,
            stored.content_type,
            settings.limits,
            keep_rights=settings.keep_rights,
            max_views=settings.max_views,
        )
    except ObjectChangedError:
        return Optimization(Superseded("The original was overwritten after this upload's event."))
    except RefusedPictureError as refusal:
        with suppress(ObjectChangedError, ObjectMissingError):  # then there is nothing to delete
            store.tag(original.bucket, original.key, {REJECTED_TAG: REJECTED_TAG_VALUE}, etag=original.etag)
        return Optimization(Rejected(refusal.reason, refusal.detail))
    prefix = revision_prefix(request.image_id, request.revision)
    picture = store_picture(ingested.picture, store=store, bucket=settings.staging_bucket, prefix=prefix)
    proxies = store_views(ingested.proxies, store=store, bucket=settings.staging_bucket, prefix=prefix)
    facts = OriginalFacts(
        width=ingested.width,
        height=ingested.height,
        bytes=len(stored.body),
        format=ingested.format,
        sha256=hashlib.sha256(stored.body).hexdigest(),
        frames=ingested.frames,
    )
    return Optimization(Optimized(facts, picture, proxies, views_digest(ingested.proxies)), ingested.timings_ms)


def views_digest(views: Iterable[EncodedView]) -> str:
    """Return a SHA-256 of the views' bytes, frames and renderings, in hex.

    Labels that are stored with the same digest are the detector's answer about these very views.
    """
    digest = hashlib.sha256()
    for view in views:
        body = hashlib.sha256(view.file.body).hexdigest()
        digest.update(f"{view.frame} {view.rendering} {body}\n".encode())
    return digest.hexdigest()
