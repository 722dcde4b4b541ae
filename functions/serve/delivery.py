"""From a request to an answer: the record decides whether, the generated bucket or a rendition gives the picture.

The record is read first, and consistently: neither a variant that outlived its image nor one of an older revision is
ever handed out. What is in the generated bucket carries the revision that it was made from. When a variant is made and,
in v2, stored, the record is read again; if the image was taken down or judged anew meanwhile, the variant is deleted
before anyone is answered. There are no locks: two requests for one new variant both make it, and the last write wins.

An animation that is too large for an answer is made by prewarming. Until it is there, serve stands in with every second
frame, for a minute, and keeps none of it.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final

from functions.serve import refusals
from functions.serve.foreseen import is_foreseen
from functions.serve.freshness import etag_of, is_fresh, last_modified_of
from functions.serve.making import SERVABLE, VariantMaker
from functions.serve.refusals import RefusedError
from functions.serve.requests import ImageRequest, parse_request
from functions.serve.responses import not_modified_response, picture_response, server_timing
from functions.serve.settings import ServeSettings
from functions.serve.timing import summed, timed
from functions.shared.contracts import Picture, Status
from functions.shared.errors import RecordMissingError, TransientDependencyError
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.objects import ObjectStore
from functions.shared.options import Delivery
from functions.shared.records import ImageRecord, Records

ATTEMPTS: Final = 2
"""An image that changes while it is being served is looked at once more; after that the client is asked to retry."""

UNDER_WAY: Final = frozenset({Status.AWAITING_UPLOAD, Status.PROCESSING, Status.IN_REVIEW, Status.HELD})


@dataclass(frozen=True)
class Answer:
    """A response in API Gateway's proxy form, and what to report: a metric's name, the image, phases in ms."""

    response: dict[str, Any]
    metric: str
    image_id: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.response["statusCode"])


@dataclass(frozen=True)
class _Found:
    body: bytes
    content_type: str
    timings_ms: dict[str, float]
    metric: str
    refit: str | None = None
    stands_in: bool = False
    """The whole variant will be in the generated bucket soon."""


class ImageDelivery:
    """Answers requests for images. Safe to use for many requests; it keeps nothing between them."""

    def __init__(
        self,
        settings: ServeSettings,
        *,
        store: ObjectStore,
        records: Records,
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._settings = settings
        self._records = records
        self._max_body_bytes = max_body_bytes
        self._maker = VariantMaker(settings, store=store, records=records, max_body_bytes=max_body_bytes)

    def answer(self, event: dict[str, Any]) -> Answer:
        """Answer an API Gateway proxy event. A client's mistakes and a busy dependency are answers too."""
        image_id = None
        try:
            request = parse_request(event, sizes=self._settings.sizes)
            image_id = request.image_id
            return self._answer(request)
        except RefusedError as refusal:
            return Answer(refusal.response, metric="VariantRefused", image_id=image_id)
        except TransientDependencyError:
            return Answer(refusals.busy().response, metric="VariantUnavailable", image_id=image_id)

    def _answer(self, request: ImageRequest) -> Answer:
        for _ in range(ATTEMPTS):
            record, picture = self._servable(request.image_id)
            validators = self._validators(request, record)
            if is_fresh(
                if_none_match=request.if_none_match,
                if_modified_since=request.if_modified_since,
                etag=validators["ETag"],
                last_modified=validators["Last-Modified"],
            ):
                return Answer(not_modified_response(validators), "VariantNotModified", request.image_id)
            looked_ms: dict[str, float] = {}
            found = self._stored(request, record, looked_ms) or self._made(request, record, picture, looked_ms)
            if found is not None:
                timing = server_timing(found.timings_ms, refit=found.refit)
                response = picture_response(
                    request,
                    body=found.body,
                    content_type=found.content_type,
                    validators=validators | ({"Cache-Control": refusals.BRIEFLY} if found.stands_in else {}),
                    server_timing=timing,
                )
                return Answer(response, found.metric, request.image_id, found.timings_ms)
        raise refusals.busy()

    def _servable(self, image_id: str) -> tuple[ImageRecord, Picture]:
        """Return the record and its picture. Raises RefusedError with what the image's status asks for."""
        try:
            record = self._records.get(image_id, consistent=True)
        except RecordMissingError as error:
            raise refusals.no_such_image() from error
        if record.status in SERVABLE and record.picture is not None:
            return record, record.picture
        raise _refusal_of(record)

    def _validators(self, request: ImageRequest, record: ImageRecord) -> dict[str, str]:
        headers = {
            "Cache-Control": self._settings.cache_control,
            "ETag": etag_of(record.revision, request.variant.canonical),
            "Last-Modified": last_modified_of(record.updated_at or record.created_at),
        }
        return headers | ({"Vary": "Accept"} if request.negotiated else {})

    def _stored(self, request: ImageRequest, record: ImageRecord, looked_ms: dict[str, float]) -> _Found | None:
        """Return the variant from the generated bucket, if one of the record's revision is there.

        The time of the look goes into ``looked_ms``.
        """
        if self._settings.delivery is Delivery.V1:
            return None
        with timed(looked_ms, "fetch"):
            stored = self._maker.stored(record, request.variant)
        if stored is None:
            return None
        if len(stored.body) > self._max_body_bytes:  # made by prewarming, for the CDN, which reads the bucket itself
            raise refusals.too_large(None)
        return _Found(stored.body, stored.content_type, looked_ms, metric="VariantFound")

    def _made(
        self, request: ImageRequest, record: ImageRecord, picture: Picture, looked_ms: dict[str, float]
    ) -> _Found | None:
        """Make the variant, and keep it; None if the image changed meanwhile and has to be looked at again."""
        rendered = self._maker.made(picture, request.variant)
        if rendered is None:
            return None
        found = _Found(
            rendered.body,
            rendered.content_type,
            summed(looked_ms, rendered.timings_ms),
            metric="VariantGenerated",
            refit=rendered.refit,
        )
        if self._settings.delivery is Delivery.V1:
            # Nothing is stored, but the answer would come after the purge, and stay at the edge for a year.
            return found if self._maker.is_current(record) else None
        if rendered.refit is not None and is_foreseen(request.variant, picture, sizes=self._settings.sizes):
            return replace(found, stands_in=True) if self._maker.is_current(record) else None
        with timed(found.timings_ms, "store"):
            kept = self._maker.keep(record, request.variant, rendered)
        return found if kept else None


def _refusal_of(record: ImageRecord) -> RefusedError:
    if record.status in UNDER_WAY:
        return refusals.not_yet(record.image_id, record.status)
    if record.status is Status.REMOVED:
        return refusals.removed()
    if record.status is Status.BLOCKED:
        return refusals.blocked()
    return refusals.never_published(record.status, record.reason)
