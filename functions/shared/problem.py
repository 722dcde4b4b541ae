"""Errors as clients see them: RFC 9457 problem documents in API Gateway's proxy form.

CloudFront's function returns the same JSON for an invalid parameter (cdk/edge/canonicalize.js): the order and the names
of the members are part of the public interface.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from functions.shared.errors import ImageScalerError, http

PROBLEM_CONTENT_TYPE: Final = "application/problem+json"

MAX_NAME_CHARACTERS: Final = 64
"""An error message contains at most this many characters of a parameter's or a member's name."""

MAX_FAULTS: Final = 100
"""The most faults that one response lists."""


def json_text(document: dict[str, Any]) -> str:
    """Return the JSON of a response.

    A lone surrogate becomes a question mark: UTF-8 cannot represent it, and Lambda's runtime would end the process.
    """
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace").decode()


def problem(
    status: int,
    title: str,
    detail: str | None = None,
    *,
    parameter: str | None = None,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
    **extra: Any,
) -> dict[str, Any]:
    """Return an API Gateway proxy response that contains a problem document.

    ``parameter`` names a query parameter, ``field`` a member of the request's body; ``extra`` members follow them.
    ``headers`` are added to, and override, the document's own: content type, no-store and nosniff.
    """
    document: dict[str, Any] = {"type": "about:blank", "title": title, "status": status}
    named = {"detail": detail, "parameter": parameter, "field": field}
    document.update({name: value for name, value in named.items() if value is not None})
    document.update(extra)
    return {
        "statusCode": status,
        "headers": {
            "Content-Type": PROBLEM_CONTENT_TYPE,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **(headers or {}),
        },
        "body": json_text(document),
        "isBase64Encoded": False,
    }


def faults_of_body(faults: Sequence[tuple[str, str]], *, whole: str = "body") -> dict[str, Any]:
    """Return the members of a problem document about a body with faults: the place of each, and what is wrong there.

    ``field`` is the place of the first, and ``errors`` lists up to MAX_FAULTS. If there are more, a last item about
    the ``whole`` body says how many.
    """
    listed = list(faults[:MAX_FAULTS])
    if len(faults) > MAX_FAULTS:
        listed.append((whole, f"has {len(faults) - MAX_FAULTS} more faults"))
    return {"field": faults[0][0], "errors": [{"field": place, "detail": fault} for place, fault in listed]}


class ResponseError(ImageScalerError):
    """Ends a request with ``response``, an API Gateway proxy response."""

    handled = tuple(map(http, (202, 400, 404, 405, 409, 410, 413, 415, 422, 451, 503)))

    def __init__(self, response: dict[str, Any], message: str | None = None) -> None:
        self.response = response
        super().__init__(message or str(response["statusCode"]))


class ProblemError(ResponseError):
    """Ends a request with a problem document; takes the arguments of ``problem``."""

    handled = tuple(map(http, (400, 404, 405, 409, 410, 413, 415, 422, 451, 503)))

    def __init__(self, status: int, title: str, detail: str | None = None, **members: Any) -> None:
        super().__init__(problem(status, title, detail, **members), detail or title)
