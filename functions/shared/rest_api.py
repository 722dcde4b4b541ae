"""The REST API of `upload`, `manage` and `policies`: a resolver that returns every error as a problem document.

`serve` does not import this module: Powertools' event_handler adds 130 ms to a cold start.
"""

import base64
import binascii
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, CORSConfig, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from functions.shared.errors import TransientDependencyError
from functions.shared.observability import logger
from functions.shared.problem import MAX_NAME_CHARACTERS, ProblemError, json_text, problem

RETRY_AFTER_SECONDS: Final = "2"

Problems = Mapping[type[Exception], Callable[[Any], dict[str, Any]]]
"""The errors that a function's routes raise, with what returns the response to one (see problem.py)."""


def resolver(allowed_origins: tuple[str, ...], problems: Problems) -> APIGatewayRestResolver:
    """Return a resolver with CORS for these origins and problem documents (RFC 9457) for errors."""
    cors = None
    if allowed_origins:
        cors = CORSConfig(
            allow_origin=allowed_origins[0],
            extra_origins=list(allowed_origins[1:]),
            allow_headers=["Content-Type", "Idempotency-Key"],
            expose_headers=["ETag", "Location", "Retry-After"],
        )
    app = APIGatewayRestResolver(cors=cors)
    app.exception_handler(ProblemError)(lambda error: as_response(error.response))
    app.exception_handler(TransientDependencyError)(_busy)
    for error_class, response_to in problems.items():
        app.exception_handler(error_class)(lambda error, response_to=response_to: as_response(response_to(error)))
    app.not_found(_not_found)
    return app


def as_response(proxy: dict[str, Any]) -> Response[str]:
    """Return a proxy response as the resolver's Response."""
    headers = dict(proxy["headers"])
    return Response(
        status_code=proxy["statusCode"],
        content_type=headers.pop("Content-Type"),
        headers=headers,
        body=proxy["body"],
    )


def json_response(status: int, document: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response[str]:
    """Return a JSON response that no cache may keep."""
    headers = {"Cache-Control": "no-store", **(headers or {})}
    return Response(status, content_type="application/json", headers=headers, body=json_text(document))


def respond(app: APIGatewayRestResolver, event: dict[str, Any], context: Any, *, function: str) -> dict[str, Any]:
    """Resolve a request, and log the status of its response as a line of ``function``."""
    response = app.resolve(event, context)
    logger.info(function, extra={"status": response["statusCode"]})
    return response


def header(event: dict[str, Any], name: str) -> str | None:
    """Return a header's value, or None; the name is case-insensitive."""
    headers = {key: values[-1] for key, values in (event.get("multiValueHeaders") or {}).items() if values}
    headers |= event.get("headers") or {}
    return next((value for key, value in headers.items() if key.lower() == name.lower()), None)


def query_parameters(event: dict[str, Any], known: Collection[str] = ()) -> dict[str, str]:
    """Return the query parameters of a request by name.

    Raises ProblemError (400) for a parameter that is not in ``known`` or is repeated.
    """
    repeated = event.get("multiValueQueryStringParameters") or {}
    query = {name: value or "" for name, value in (event.get("queryStringParameters") or {}).items()}
    query |= {name: values[-1] or "" for name, values in repeated.items() if values}
    others = f"known are {', '.join(known)}" if known else "this call takes none"
    for name in sorted(query):
        if name not in known:
            raise _bad_parameter(name, f"unknown; {others}")
        if len(repeated.get(name, ())) > 1:
            raise _bad_parameter(name, "must not be repeated")
    return query


def _bad_parameter(parameter: str, what: str) -> ProblemError:
    name = parameter[:MAX_NAME_CHARACTERS]
    return ProblemError(400, "Bad Request", f"{name}: {what}", parameter=name)


def body_bytes(event: dict[str, Any]) -> bytes:
    """Return the body as the client sent it. Raises ProblemError (400) if API Gateway's base64 is invalid."""
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ProblemError(400, "Bad Request", "The body is not valid base64.", field="body") from error


def _busy(error: TransientDependencyError) -> Response[str]:
    logger.exception("a dependency is busy", exc_info=error)
    return as_response(
        problem(
            503,
            "Service Unavailable",
            "A service that this one depends on is busy. Try again.",
            headers={"Retry-After": RETRY_AFTER_SECONDS},
        )
    )


def _not_found(_: NotFoundError) -> Response[str]:
    return as_response(problem(404, "Not Found", "No route matches this method and path."))
