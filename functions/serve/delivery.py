"""From a request to a response: the record decides whether there is a picture; a stored or new variant provides it.

The record is read first, consistently: a variant of a removed image or of an older revision is never returned. Stored
variants have the revision that they were generated from in their metadata. After a variant is generated and, in v2,
stored, the record is read again; if the image was removed or processed again, the variant is deleted before the client
gets a response. There are no locks: two requests for one new variant both generate it, and the last write wins.

`prewarm` generates animations that are too large for a response. Until one is stored, serve returns it with every
second frame, to be cached for a minute, and does not store that.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from functions.records.record import ImageRecord, Records
from functions.serve import errors
from functions.serve.conditional import etag_of, is_not_modified, last_modified_of
from functions.serve.explanation import explain, explanation_response
from functions.serve.requests import EXPLANATION, ImageRequest, parse_request
from functions.serve.responses import not_modified_response, picture_response, server_timing
from functions.serve.settings import ServeSettings
from functions.shared.contracts import Picture
from functions.shared.errors import RecordMissingError, TransientDependencyError
from functions.shared.limits import MAX_BODY_BYTES
from functions.shared.objects import ObjectStore
from functions.shared.options import Delivery
from functions.shared.problem import ResponseError
from functions.shared.status import Status
from functions.shared.variant import Variant
from functions.variants.errors import ImageChangedError, VariantTooLargeError
from functions.variants.own_size import at_own_size
from functions.variants.prewarm_plan import is_prewarmed_if_large
from functions.variants.store import VariantStore
from functions.variants.timings import measured, summed

ATTEMPTS: Final = 2
"""How often a request is tried while its image changes; after that the client is asked to retry."""


@dataclass(frozen=True)
class Response:
    """A response in API Gateway's proxy form, and what to report: a metric, the image, and phases in ms."""

    proxy: dict[str, Any]
    metric: str
    image_id: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return int(self.proxy["statusCode"])


@dataclass(frozen=True)
class _Body:
    """A variant to return. ``is_temporary``: the complete variant will be in the generated bucket soon."""

    body: bytes
    content_type: str
    timings_ms: dict[str, float]
    metric: str
    refit: str | None = None
    is_temporary: bool = False


class ImageDelivery:
    """Responds to requests for images. It keeps no state between requests."""

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
        self._variants = VariantStore(settings.variants, store=store, records=records, max_body_bytes=max_body_bytes)

    def respond(self, event: dict[str, Any]) -> Response:
        """Respond to an API Gateway proxy event, also if the request is invalid or a dependency is busy."""
        image_id = None
        try:
            request = parse_request(event, sizes=self._settings.variants.sizes, presets=self._settings.variants.presets)
            image_id = request.image_id
            return self._explain(request) if event.get("resource") == EXPLANATION else self._respond(request)
        except VariantTooLargeError as error:
            return Response(errors.too_large(error.largest_width).response, "VariantRefused", image_id)
        except ResponseError as error:
            return Response(error.response, "VariantRefused", image_id)
        except TransientDependencyError:
            return Response(errors.busy().response, "VariantUnavailable", image_id)

    def _respond(self, request: ImageRequest) -> Response:
        for _ in range(ATTEMPTS):
            record, picture = self._servable(request.image_id)
            variant = self._kept(request, picture)
            validators = self._validators(request, record, variant)
            if is_not_modified(
                if_none_match=request.if_none_match,
                if_modified_since=request.if_modified_since,
                etag=validators["ETag"],
                last_modified=validators["Last-Modified"],
            ):
                return Response(not_modified_response(validators), "VariantNotModified", request.image_id)
            try:
                found = self._variant(request, record, picture, variant)
            except ImageChangedError:
                continue
            response = picture_response(
                request,
                body=found.body,
                content_type=found.content_type,
                validators=_briefly(validators) if found.is_temporary else validators,
                server_timing=server_timing(found.timings_ms, refit=found.refit),
            )
            return Response(response, found.metric, request.image_id, found.timings_ms)
        raise errors.busy()

    def _explain(self, request: ImageRequest) -> Response:
        record, picture = self._servable(request.image_id, not_yet=errors.not_published)
        variant = self._kept(request, picture)
        is_stored = self._settings.delivery is Delivery.V2 and self._variants.contains(record, variant)
        document = explain(request, record, picture, variant, is_stored=is_stored)
        return Response(explanation_response(document), "VariantExplained", request.image_id)

    def _kept(self, request: ImageRequest, picture: Picture) -> Variant:
        """Return the variant that is stored for a request."""
        size = (picture.master.width, picture.master.height)
        return at_own_size(request.variant, size, sizes=self._settings.variants.sizes)

    def _servable(
        self, image_id: str, *, not_yet: Callable[[str], ResponseError] | None = None
    ) -> tuple[ImageRecord, Picture]:
        """Return the record and its picture. Raises ResponseError with the response for an image without one.

        ``not_yet`` is the response while the image is being processed, by default a 202.
        """
        try:
            record = self._records.get(image_id, consistent=True)
        except RecordMissingError as error:
            raise errors.no_such_image() from error
        if record.status.is_servable and record.picture is not None:
            return record, record.picture
        if not_yet and not record.status.is_final:
            raise not_yet(record.status)
        raise _without_picture(record)

    def _validators(self, request: ImageRequest, record: ImageRecord, variant: Variant) -> dict[str, str]:
        headers = {
            "Cache-Control": self._variants.cache_control(record, variant),
            "ETag": etag_of(record.revision, variant.canonical),
            "Last-Modified": last_modified_of(record.updated_at or record.created_at),
        }
        return headers | ({"Vary": "Accept"} if request.negotiated else {})

    def _variant(self, request: ImageRequest, record: ImageRecord, picture: Picture, variant: Variant) -> _Body:
        """Return the stored variant of the record's revision, or generate one. ``variant`` has the name of own_size.py.

        Raises ImageChangedError, VariantTooLargeError or TransientDependencyError.
        """
        if self._settings.delivery is Delivery.V1:
            return self._generated(record, picture, variant, lookup_ms={})
        stored, fetch_ms = measured(lambda: self._variants.get(record, variant))
        if stored is None:
            return self._generated(record, picture, variant, lookup_ms={"fetch": fetch_ms})
        if len(stored.body) > self._max_body_bytes:  # by prewarm, for the CDN, which reads the bucket directly
            raise VariantTooLargeError(None)
        # The edge cannot find a variant under another name than its own, so this is not a miss that it should have had.
        metric = "VariantFound" if variant == request.variant else "VariantFoundAtOwnSize"
        return _Body(stored.body, stored.content_type, {"fetch": fetch_ms}, metric=metric)

    def _generated(
        self, record: ImageRecord, picture: Picture, variant: Variant, *, lookup_ms: dict[str, float]
    ) -> _Body:
        """Generate the variant and store it, unless the stage stores none or `prewarm` stores the complete one."""
        rendered = self._variants.render(picture, variant)
        is_temporary = (
            self._settings.delivery is Delivery.V2
            and rendered.refit is not None
            and is_prewarmed_if_large(variant, picture, sizes=self._settings.variants.sizes)
        )
        timings_ms = summed(lookup_ms, rendered.timings_ms)
        if self._settings.delivery is Delivery.V1 or is_temporary:
            # The edge would cache a response that arrives after the purge for a year.
            self._variants.check_current(record)
        else:
            _, store_ms = measured(lambda: self._variants.put(record, variant, rendered))
            timings_ms["store"] = store_ms
        return _Body(
            rendered.body,
            rendered.content_type,
            timings_ms,
            metric="VariantGenerated",
            refit=rendered.refit,
            is_temporary=is_temporary,
        )


def _without_picture(record: ImageRecord) -> ResponseError:
    if not record.status.is_final:
        return errors.not_yet(record.image_id, record.status)
    if record.status is Status.REMOVED:
        return errors.removed()
    if record.status is Status.BLOCKED:
        return errors.blocked()
    return errors.never_published(record.status, record.reason)


def _briefly(validators: dict[str, str]) -> dict[str, str]:
    """Return the headers of a picture that a better one replaces soon.

    Nothing identifies it: a cache that asks again must get the better one, and not a 304.
    """
    kept = {name: value for name, value in validators.items() if name not in {"ETag", "Last-Modified"}}
    return {**kept, "Cache-Control": errors.BRIEFLY}
