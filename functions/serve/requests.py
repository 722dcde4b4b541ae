"""A request for an image, parsed from API Gateway's REST proxy event. Every part of an event is validated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from functions.serve.errors import bad_parameter, method_not_allowed, no_such_image, not_canonical
from functions.shared.keys import is_ulid
from functions.shared.variant import (
    NO_PRESETS,
    NotCanonicalError,
    Presets,
    Sizes,
    Variant,
    VariantError,
    parse_canonical,
    parse_download,
    parse_query,
)

EXPLANATION: Final = "/v1/images/{id}/explanation"
"""The route that explains a variant instead of returning it."""


@dataclass(frozen=True)
class ImageRequest:
    """Which variant of which image is requested, and the headers that decide the form of the response.

    ``negotiated``: Accept chose the format. ``download``: a file name as the client sent it. ``values`` are the known
    parameters of the query form.
    """

    image_id: str
    variant: Variant
    negotiated: bool
    download: str | None
    without_body: bool
    if_none_match: str
    if_modified_since: str
    values: Mapping[str, str] = field(default_factory=dict)


def parse_request(event: dict[str, Any], *, sizes: Sizes, presets: Presets = NO_PRESETS) -> ImageRequest:
    """Read the event of ``/images/{id}``, ``/images/{id}/{canonical}`` or ``/v1/images/{id}/explanation``.

    The last one has a canonical path as the parameter ``canonical``, or the parameters of the query form. Raises
    ResponseError.
    """
    path = event.get("pathParameters") or {}
    image_id, canonical = path.get("id") or "", path.get("canonical")
    method = event.get("httpMethod")
    if method not in {"GET", "HEAD"}:
        raise method_not_allowed()
    if not is_ulid(image_id):
        raise no_such_image()
    headers = _headers(event)
    values: Mapping[str, str] = {}
    if event.get("resource") == EXPLANATION:
        canonical = dict(_parameters(event)).get("canonical")
    try:
        if canonical is None:
            accept = headers.get("accept", "")
            query = parse_query(_parameters(event), accept=accept, sizes=sizes, presets=presets)
            variant, negotiated, download, values = query.variant, query.negotiated, query.download, query.values
        else:
            variant, negotiated = parse_canonical(canonical, sizes=sizes), False
            download = parse_download(_parameters(event))
    except VariantError as error:
        raise bad_parameter(error.parameter, error.detail) from error
    except NotCanonicalError as error:
        raise not_canonical() from error
    return ImageRequest(
        image_id=image_id,
        variant=variant,
        negotiated=negotiated,
        download=download,
        without_body=method == "HEAD",
        if_none_match=headers.get("if-none-match", ""),
        if_modified_since=headers.get("if-modified-since", ""),
        values=values,
    )


def _parameters(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the decoded query parameters, repeated ones included."""
    repeated = event.get("multiValueQueryStringParameters") or {}
    single = event.get("queryStringParameters") or {}
    pairs = [(name, value) for name, values in repeated.items() for value in values]
    pairs += [(name, value) for name, value in single.items() if name not in repeated]
    return [(name, value or "") for name, value in pairs]


def _headers(event: dict[str, Any]) -> dict[str, str]:
    """Return the headers by lower-case name, repeated ones joined."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    for name, values in (event.get("multiValueHeaders") or {}).items():
        headers[name.lower()] = ",".join(values)
    return headers
