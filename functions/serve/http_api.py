"""Signed calls of one AWS service over HTTP, without an SDK: connections that are kept, retries, faults as errors.

botocore does all this and more, but reads a description of every operation first, which is most of a cold start. What
is not needed for serve's four calls is not here: queries, streams, redirects, other ways to find an endpoint.
Credentials come from the environment, as Lambda gives them; where they do not (SnapStart), botocore finds them.
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

from functions.serve.signature import Credentials, signed
from functions.shared.error_codes import error_of_code
from functions.shared.errors import ImageScalerError, TransientDependencyError
from functions.shared.patience import ATTEMPTS, CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS

_CODE: Final = re.compile(rb'<Code>(\w+)</Code>|"__type"\s*:\s*"(?:[^"]*#)?(\w+)"')
"""An error's code as S3 (XML) and DynamoDB (JSON) write it."""


class RefusedCallError(ImageScalerError):
    """AWS refused a call for a reason that is ours: a missing right, a wrong name."""

    def __init__(self, code: str, status: int, where: str) -> None:
        super().__init__(f"{where}: {code or 'no code'} ({status})")
        self.status = status


@dataclass(frozen=True)
class HttpAnswer:
    """What came back; the names of ``headers`` are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class HttpApi:
    """One service of this region. Safe for threads: each call has a connection of its own while it lasts."""

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
    ) -> HttpAnswer:
        """Send a request, again if it failed for a passing reason, and return an answer of success.

        ``path`` is percent-encoded and begins with a slash. ``bucket`` goes into the host, as AWS asks, or before
        the path at another endpoint. Every call here may be repeated. Raises TransientDependencyError, an error of
        shared/error_codes.py, or RefusedCallError.
        """
        address, path = self.address(path, bucket)
        for attempt in range(1, self._attempts + 1):
            try:
                answer = self._exchange(address, method, path, headers or {}, body)
            except (OSError, HTTPException) as error:
                if attempt == self._attempts:
                    raise TransientDependencyError(f"{method} {address}{path}: {error!r}") from error
            else:
                if answer.status < 300:
                    return answer
                code = _code_of(answer)
                kind = error_of_code(code, answer.status)
                if kind is None:
                    raise RefusedCallError(code, answer.status, f"{method} {address}{path}")
                if not issubclass(kind, TransientDependencyError) or attempt == self._attempts:
                    raise kind(f"{method} {address}{path}: {code} ({answer.status})")
            self._pause(random.random() * 2 ** (attempt - 1))  # noqa: S311 - spreads retries, as botocore does
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close the connections that are kept; the next call opens another."""
        for connections in self._idle.values():
            while connections:
                connections.pop().close()

    def address(self, path: str, bucket: str | None) -> tuple[str, str]:
        """Return where a call goes, as scheme and host, and the path there."""
        if self._endpoint is not None:
            return self._endpoint.rstrip("/"), path if bucket is None else f"/{bucket}{path}"
        return f"https://{self._aws_host}" if bucket is None else f"https://{bucket}.{self._aws_host}", path

    def _exchange(self, address: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
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
        connection = self._connection(address)
        try:
            connection.request(method, path, body or None, sent)
            response = connection.getresponse()
            answer = HttpAnswer(
                response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
            )
        except BaseException:
            connection.close()
            raise
        if connection.sock is not None:
            self._idle.setdefault(address, []).append(connection)
        return answer

    def _connection(self, address: str) -> HTTPConnection:
        """Return a connection that is open. One that was kept is readable only if the other side has closed it."""
        idle = self._idle.get(address, [])
        while idle:
            kept = idle.pop()
            if not select.select([kept.sock], [], [], 0)[0]:
                return kept
            kept.close()
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

    found = session().get_credentials().get_frozen_credentials()  # renewed when they are about to expire
    return Credentials(found.access_key, found.secret_key, found.token)


@cache
def _tls() -> ssl.SSLContext:
    """Return the process's TLS settings: reading the certificates of all authorities takes 10 to 30 ms."""
    return ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE") or None)


def _code_of(answer: HttpAnswer) -> str:
    found = _CODE.search(answer.body)
    return (found[1] or found[2]).decode() if found else str(answer.status)
