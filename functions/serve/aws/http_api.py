"""Signed HTTP calls of one AWS service without an SDK: persistent connections, retries, and this project's errors.

botocore does this too, but first reads a description of every operation, which takes most of a cold start. Serve makes
four kinds of calls; queries, streams, redirects and other ways to find an endpoint are not implemented. Credentials
are in the environment variables that Lambda sets; without those (SnapStart), botocore finds them.
"""

import os
import random
import re
import select
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from functions.serve.aws.signature import Credentials, signed
from functions.shared.error_codes import error_of_code
from functions.shared.errors import FUNCTION_ERROR, ImageScalerError, TransientDependencyError
from functions.shared.timeouts import ATTEMPTS, CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS

_CODE: Final = re.compile(rb'<Code>(\w+)</Code>|"__type"\s*:\s*"(?:[^"]*#)?(\w+)"')
"""An error code in responses of S3 (XML) and DynamoDB (JSON)."""


class CallRefusedError(ImageScalerError):
    """AWS refused a call because of an error in this project, such as a missing permission or a wrong name."""

    handled = (FUNCTION_ERROR,)

    def __init__(self, code: str, status: int, where: str) -> None:
        super().__init__(f"{where}: {code or 'no code'} ({status})")
        self.status = status


@dataclass(frozen=True)
class HttpResponse:
    """A response; the names of ``headers`` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpApi:
    """One service in this region. Thread-safe: no two calls share a connection at the same time."""

    def __init__(self, service: str, *, pause: Callable[[float], None] = time.sleep) -> None:
        environment = os.environ
        self._service = service
        self._region = environment.get("AWS_REGION") or environment["AWS_DEFAULT_REGION"]
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        self._aws_host = f"{service}.{self._region}.{suffix}"
        self._endpoint = environment.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environment.get("AWS_ENDPOINT_URL")
        self._attempts = int(environment.get("AWS_MAX_ATTEMPTS") or ATTEMPTS)
        self._pause = pause
        self._idle: dict[str, list[HTTPConnection]] = {}

    def call(
        self,
        method: str,
        path: str,
        *,
        bucket: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> HttpResponse:
        """Send a request, retry it after a transient error, and return the successful response.

        ``path`` is percent-encoded and begins with a slash. ``bucket`` becomes part of the host, or of the path if the
        environment sets an endpoint. Every call must be safe to repeat. Raises TransientDependencyError, an error of
        shared/error_codes.py, or CallRefusedError.
        """
        address, path = self.address(path, bucket)
        for attempt in range(1, self._attempts + 1):
            try:
                response = self._exchange(address, method, path, headers or {}, body)
            except (OSError, HTTPException) as error:
                if attempt == self._attempts:
                    raise TransientDependencyError(f"{method} {address}{path}: {error!r}") from error
            else:
                if response.status < 300:
                    return response
                code = _code_of(response)
                kind = error_of_code(code, response.status)
                if kind is None:
                    raise CallRefusedError(code, response.status, f"{method} {address}{path}")
                if not issubclass(kind, TransientDependencyError) or attempt == self._attempts:
                    raise kind(f"{method} {address}{path}: {code} ({response.status})")
            self._pause(random.random() * 2 ** (attempt - 1))  # noqa: S311 - jitter, as in botocore
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close the persistent connections; the next call opens another."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def address(self, path: str, bucket: str | None) -> tuple[str, str]:
        """Return the scheme and host of a call, and the path."""
        if self._endpoint is not None:
            return self._endpoint.rstrip("/"), path if bucket is None else f"/{bucket}{path}"
        return f"https://{self._aws_host}" if bucket is None else f"https://{bucket}.{self._aws_host}", path

    def _exchange(self, address: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        sent = signed(
            {**headers, "host": urlsplit(address).netloc},
            method=method,
            path=path,
            body=body,
            service=self._service,
            region=self._region,
            credentials=_credentials(),
            now=datetime.now(UTC),
        )
        while (kept := self._kept(address)) is not None:
            try:
                return self._answer(kept, address, (method, path, body or None, sent))
            except TimeoutError:
                raise
            except (OSError, HTTPException):  # the other side closed it just now: the next connection, at once
                continue
        return self._answer(self._opened(address), address, (method, path, body or None, sent))

    def _answer(
        self, connection: HTTPConnection, address: str, request: tuple[str, str, bytes | None, dict[str, str]]
    ) -> HttpResponse:
        """Send a request over a connection and return the answer; keep the connection if it stays open."""
        try:
            connection.request(*request)
            received = connection.getresponse()
            headers = {name.lower(): value for name, value in received.getheaders()}
            response = HttpResponse(received.status, headers, received.read())
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._idle.setdefault(address, []).append(connection)
        return response

    def _kept(self, address: str) -> HTTPConnection | None:
        """Return a kept connection that is open. An idle one that is readable was closed by the server."""
        idle = self._idle.get(address, [])
        while idle:
            kept = idle.pop()
            if not select.select([kept.sock], [], [], 0)[0]:
                return kept
            kept.close()
        return None

    def _opened(self, address: str) -> HTTPConnection:
        parts = urlsplit(address)
        host = parts.netloc
        connection = (
            HTTPSConnection(host, timeout=CONNECT_TIMEOUT_SECONDS, context=_tls())
            if parts.scheme == "https"
            else HTTPConnection(host, timeout=CONNECT_TIMEOUT_SECONDS)
        )
        connection.connect()
        connection.sock.settimeout(READ_TIMEOUT_SECONDS)
        return connection


def _credentials() -> Credentials:
    environment = os.environ
    if "AWS_ACCESS_KEY_ID" in environment:
        key, secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
        return Credentials(key, secret, environment.get("AWS_SESSION_TOKEN"))
    from functions.shared.aws import session

    found = session().get_credentials().get_frozen_credentials()  # botocore renews them before they expire
    return Credentials(found.access_key, found.secret_key, found.token)


@cache
def _tls() -> ssl.SSLContext:
    """Return the process's TLS context: reading all CA certificates takes 10 to 30 ms."""
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)


def _code_of(response: HttpResponse) -> str:
    found = _CODE.search(response.body)
    return (found[1] or found[2]).decode() if found else str(response.status)
