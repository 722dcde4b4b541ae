"""Errors as clients see them: RFC 9457 problem documents in API Gateway's proxy form. No dependencies.

CloudFront's function answers the same JSON for a bad parameter (cdk/edge/canonicalize.js), so the members' order and
spelling are part of the public interface.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

PROBLEM_CONTENT_TYPE: Final = "application/problem+json"


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
    """Return an API Gateway proxy response that holds a problem document.

    ``parameter`` names a parameter of the query, ``field`` a member of the request's body; ``extra`` members follow
    them. ``headers`` are added to, and win over, the document's own: content type, no-store and nosniff.
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
        "body": json.dumps(document, ensure_ascii=False, separators=(",", ":")),
        "isBase64Encoded": False,
    }


class ProblemError(Exception):
    """Ends a request with a problem document; takes what ``problem`` takes."""

    def __init__(self, status: int, title: str, detail: str | None = None, **members: Any) -> None:
        super().__init__(detail or title)
        self.response = problem(status, title, detail, **members)
