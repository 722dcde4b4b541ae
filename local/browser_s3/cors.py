"""A bucket's CORS rules as S3 applies them; the emulator stores them and allows everything.

As in https://docs.aws.amazon.com/AmazonS3/latest/userguide/cors.html, the first rule that matches the origin, the
method and every requested header applies.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any


def cors_headers(rules: Sequence[Mapping[str, Any]], request: Mapping[str, str], method: str) -> dict[str, str] | None:
    """Return the response headers for a request with an Origin, or None if no rule allows it.

    ``rules`` are those of GetBucketCors; ``request`` are the request's headers by lower-case name; ``method`` is its
    own, OPTIONS for a preflight.
    """
    origin = request.get("origin", "")
    preflight = method == "OPTIONS"
    wanted = request.get("access-control-request-method", "") if preflight else method
    asked = [each.strip().lower() for each in request.get("access-control-request-headers", "").split(",")]
    names = [name for name in asked if name] if preflight else []
    rule = next((each for each in rules if _allows(each, origin, wanted, names)), None)
    if rule is None:
        return None
    headers = {
        "access-control-allow-origin": "*" if "*" in rule["AllowedOrigins"] else origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    if names:
        headers["access-control-allow-headers"] = ", ".join(names)
    if exposed := rule.get("ExposeHeaders"):
        headers["access-control-expose-headers"] = ", ".join(exposed)
    if preflight and "MaxAgeSeconds" in rule:
        headers["access-control-max-age"] = str(rule["MaxAgeSeconds"])
    return headers


def _allows(rule: Mapping[str, Any], origin: str, method: str, names: Sequence[str]) -> bool:
    headers = [each.lower() for each in rule.get("AllowedHeaders", ())]
    return (
        any(_matches(pattern, origin) for pattern in rule["AllowedOrigins"])
        and method in rule["AllowedMethods"]
        and all(any(_matches(pattern, name) for pattern in headers) for name in names)
    )


def _matches(pattern: str, text: str) -> bool:
    """Return whether a text matches a pattern in which * matches any text."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text) is not None
