"""What serve answers instead of a picture, each with how long caches may keep it."""

import json
from typing import Any, Final

from functions.shared.problem import problem

BRIEFLY: Final = "public, max-age=60"
"""For refusals that stay true; short, so that a corrected setting or an appeal shows soon."""

AT_ONCE: Final = "public, max-age=5"
"""For an unknown id: it may be created any moment, but a flood of requests for it should not reach the table."""

NEVER: Final = "no-store"

RETRY_SECONDS: Final = 2
"""Suggested wait for an image in the pipeline and for a busy dependency."""


class RefusedError(Exception):
    """The request ends without a picture; ``response`` is the answer in API Gateway's proxy form."""

    def __init__(self, response: dict[str, Any]) -> None:
        self.response = response
        super().__init__(str(response["statusCode"]))


def bad_parameter(parameter: str, detail: str) -> RefusedError:
    """400: a parameter of the query form is not allowed. The edge function answers the same document."""
    return _refused(400, "Bad Request", detail, cache=BRIEFLY, parameter=parameter)


def no_such_image() -> RefusedError:
    """404: no image has this id, or the id has no id's form."""
    return _refused(404, "Not Found", "There is no image with this id.", cache=AT_ONCE)


def not_canonical() -> RefusedError:
    """404: the path names a variant in another spelling than the canonical one."""
    detail = "The path does not name a variant in its canonical spelling."
    return _refused(404, "Not Found", detail, cache=BRIEFLY)


def not_yet(image_id: str, status: str) -> RefusedError:
    """202: the image is on its way through the pipeline; no error, so no problem document."""
    return RefusedError(
        {
            "statusCode": 202,
            "headers": {
                "Content-Type": "application/json",
                "Cache-Control": NEVER,
                "Retry-After": str(RETRY_SECONDS),
                "X-Content-Type-Options": "nosniff",
            },
            "body": json.dumps({"id": image_id, "status": status}, separators=(",", ":")),
            "isBase64Encoded": False,
        }
    )


def never_published(status: str, reason: str | None) -> RefusedError:
    """404: the upload was rejected or its processing failed, so there is no picture."""
    members: dict[str, Any] = {"image_status": status} | ({"reason": reason} if reason else {})
    detail = "This upload was rejected." if status == "REJECTED" else "This upload could not be processed."
    return _refused(404, "Not Found", detail, cache=AT_ONCE, **members)


def removed() -> RefusedError:
    """410: the image was taken down."""
    return _refused(410, "Gone", "This image was removed.", cache=BRIEFLY)


def blocked() -> RefusedError:
    """451: moderation blocked the image."""
    detail = "This image was blocked by moderation."
    return _refused(451, "Unavailable For Legal Reasons", detail, cache=BRIEFLY)


def too_large(largest_width: int | None) -> RefusedError:
    """413: the variant does not fit into one answer; ``largest_width`` in px does, None if no width is known to."""
    detail = "This variant is too large for one answer."
    if largest_width is None:
        return _refused(413, "Content Too Large", f"{detail} Ask for a smaller size.", cache=BRIEFLY)
    detail = f"{detail} The largest width that fits is {largest_width} px."
    return _refused(413, "Content Too Large", detail, cache=BRIEFLY, largest_width=largest_width)


def busy() -> RefusedError:
    """503: a dependency is busy or out of reach, or the image changed twice while it was being served."""
    retry = {"Retry-After": str(RETRY_SECONDS)}
    return _refused(503, "Service Unavailable", "The service is busy. Try again.", cache=NEVER, headers=retry)


def method_not_allowed() -> RefusedError:
    """405: images are only read here."""
    allow = {"Allow": "GET, HEAD"}
    return _refused(405, "Method Not Allowed", "Images are read with GET or HEAD.", cache=BRIEFLY, headers=allow)


def _refused(
    status: int,
    title: str,
    detail: str,
    *,
    cache: str,
    headers: dict[str, str] | None = None,
    **members: Any,
) -> RefusedError:
    return RefusedError(problem(status, title, detail, headers={"Cache-Control": cache, **(headers or {})}, **members))
