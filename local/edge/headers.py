"""Applies a response headers policy to a response's headers."""

from local.edge.model import Cors, ResponseHeaders
from local.edge.requests import ViewerRequest

Headers = tuple[tuple[str, str], ...]
"""Lower-case names and values, in order."""


def with_policy(policy: ResponseHeaders, answered: Headers, request: ViewerRequest) -> Headers:
    """Return the headers that a viewer gets for ``answered``."""
    headers = [(name, value) for name, value in answered if name not in policy.removed]
    present = {name for name, _ in headers}
    cors = _cors_headers(policy.cors, request) if policy.cors else []
    for name, value, override in [*((rule.name, rule.value, rule.override) for rule in policy.rules), *cors]:
        lower = name.lower()
        if override:
            headers = [each for each in headers if each[0] != lower]
        if override or lower not in present:
            headers.append((lower, value))
    if cors and policy.cors and "*" not in policy.cors.origins:
        headers = _varying_by_origin(headers)
    return tuple(headers)


def _cors_headers(cors: Cors, request: ViewerRequest) -> list[tuple[str, str, bool]]:
    origin = request.headers.get("origin")
    if not origin or not ("*" in cors.origins or origin in cors.origins):
        return []
    headers = [("Access-Control-Allow-Origin", "*" if "*" in cors.origins else origin)]
    if cors.credentials:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    if request.method == "OPTIONS":
        headers += [
            ("Access-Control-Allow-Methods", ", ".join(cors.methods)),
            ("Access-Control-Allow-Headers", ", ".join(cors.headers)),
            ("Access-Control-Max-Age", str(cors.max_age)),
        ]
    elif cors.exposed:
        headers.append(("Access-Control-Expose-Headers", ", ".join(cors.exposed)))
    return [(name, value, cors.override) for name, value in headers]


def _varying_by_origin(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers with Origin added to Vary."""
    varies = [each.strip() for name, value in headers if name == "vary" for each in value.split(",")]
    if {"*", "origin"} & {each.lower() for each in varies}:
        return headers
    return [*(each for each in headers if each[0] != "vary"), ("vary", ", ".join([*varies, "Origin"]))]
