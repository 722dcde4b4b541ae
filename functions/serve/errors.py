"""The responses without a picture, each with the time that caches may keep it."""

from typing import Any, Final

from functions.shared.problem import ProblemError, ResponseError, json_text

BRIEFLY: Final = "public, max-age=60"
"""For responses that rarely change; a minute, so that a corrected setting takes effect soon."""

AT_ONCE: Final = "public, max-age=5"
"""For an unknown id: it may be created at any moment, but a flood of requests for it should not reach the table."""

NEVER: Final = "no-store"

RETRY_SECONDS: Final = 2
"""Retry-After for an image that is being processed and for a busy dependency."""


def bad_parameter(parameter: str, detail: str) -> ResponseError:
    """400: a query parameter is invalid. The edge function returns the same document."""
    return _problem(400, "Bad Request", detail, cache=BRIEFLY, parameter=parameter)


def no_such_image() -> ResponseError:
    """404: no image has this id, or the id is invalid."""
    return _problem(404, "Not Found", "There is no image with this id.", cache=AT_ONCE)


def not_canonical() -> ResponseError:
    """404: the path is not the canonical spelling of a variant."""
    detail = "The path does not name a variant in its canonical spelling."
    return _problem(404, "Not Found", detail, cache=BRIEFLY)


def not_yet(image_id: str, status: str) -> ResponseError:
    """202: the image is being processed. That is no error, so the body is not a problem document."""
    return ResponseError(
        {
            "statusCode": 202,
            "headers": {
                "Content-Type": "application/json",
                "Cache-Control": NEVER,
                "Retry-After": str(RETRY_SECONDS),
                "X-Content-Type-Options": "nosniff",
            },
            "body": json_text({"id": image_id, "status": status}),
            "isBase64Encoded": False,
        }
    )


def not_published(status: str) -> ResponseError:
    """409: the image is still being processed, so there is nothing to explain."""
    return _problem(409, "Conflict", "This image is not published yet.", cache=NEVER, image_status=status)


def never_published(status: str, reason: str | None) -> ResponseError:
    """404: the upload was rejected, or processing it failed."""
    members: dict[str, Any] = {"image_status": status} | ({"reason": reason} if reason else {})
    detail = "This upload was rejected." if status == "REJECTED" else "This upload could not be processed."
    return _problem(404, "Not Found", detail, cache=AT_ONCE, **members)


def removed() -> ResponseError:
    """410: the image was removed."""
    return _problem(410, "Gone", "This image was removed.", cache=BRIEFLY)


def blocked() -> ResponseError:
    """451: moderation blocked the image."""
    detail = "This image was blocked by moderation."
    return _problem(451, "Unavailable For Legal Reasons", detail, cache=BRIEFLY)


def too_large(largest_width: int | None) -> ResponseError:
    """413: the variant is too large for a response; ``largest_width`` in px fits, None if no width is known to fit."""
    detail = "This variant is too large for one response."
    if largest_width is None:
        return _problem(413, "Content Too Large", f"{detail} Ask for a smaller size.", cache=BRIEFLY)
    detail = f"{detail} The largest width that fits is {largest_width} px."
    return _problem(413, "Content Too Large", detail, cache=BRIEFLY, largest_width=largest_width)


def busy() -> ResponseError:
    """503: a dependency is busy or unreachable, or the image changed twice during the request."""
    retry = {"Retry-After": str(RETRY_SECONDS)}
    return _problem(503, "Service Unavailable", "The service is busy. Try again.", cache=NEVER, headers=retry)


def method_not_allowed() -> ResponseError:
    """405: images can only be read."""
    allow = {"Allow": "GET, HEAD"}
    return _problem(405, "Method Not Allowed", "Images are read with GET or HEAD.", cache=BRIEFLY, headers=allow)


def _problem(
    status: int,
    title: str,
    detail: str,
    *,
    cache: str,
    headers: dict[str, str] | None = None,
    **members: Any,
) -> ProblemError:
    return ProblemError(status, title, detail, headers={"Cache-Control": cache, **(headers or {})}, **members)
