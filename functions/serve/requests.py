"""A request for an image, read from API Gateway's REST proxy event. Nothing of an event is trusted."""

from dataclasses import dataclass
from typing import Any

from functions.serve.refusals import RefusedError, bad_parameter, method_not_allowed, no_such_image, not_canonical
from functions.shared.keys import is_image_id
from functions.shared.variant import (
    NotCanonicalError,
    Sizes,
    Variant,
    VariantError,
    parse_canonical,
    parse_download,
    parse_query,
)


@dataclass(frozen=True)
class ImageRequest:
    """What is asked: which variant of which image, and how to answer.

    ``negotiated``: the format was chosen by Accept. ``download``: a file name as the client sent it.
    """

    image_id: str
    variant: Variant
    negotiated: bool
    download: str | None
    without_body: bool
    if_none_match: str
    if_modified_since: str


def parse_request(event: dict[str, Any], *, sizes: Sizes) -> ImageRequest:
    """Read the event of ``/images/{id}`` or ``/images/{id}/{canonical}``. Raises RefusedError."""
    path = event.get("pathParameters") or {}
    image_id, canonical = path.get("id") or "", path.get("canonical")
    method = event.get("httpMethod")
    if method not in {"GET", "HEAD"}:
        raise method_not_allowed()
    if not is_image_id(image_id):
        raise no_such_image()
    headers = _headers(event)
    try:
        if canonical is None:
            asked = parse_query(_parameters(event), accept=headers.get("accept", ""), sizes=sizes)
            variant, negotiated, download = asked.variant, asked.negotiated, asked.download
        else:
            variant, negotiated = parse_canonical(canonical, sizes=sizes), False
            download = parse_download(_parameters(event))
    except VariantError as error:
        raise _refusal_of(error) from error
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
    )


def _refusal_of(error: VariantError) -> RefusedError:
    return bad_parameter(error.parameter, error.detail)


def _parameters(event: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the decoded query parameters with repeats."""
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
