"""A stage within the process: CloudFront's signature check in front of the real functions, S3 by moto behind them.

It is available as an httpx transport or as a local HTTP server.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx
import requests

from local.edge.signatures import PublicKey, RefusedError, SignedRequest, check_signature, split_query
from tests.fakes.gateway import Answer, proxy_event


class Service:
    """Routes requests of the edge ``url`` to functions, by name, and all others to moto."""

    def __init__(self, url: str, functions: dict, *, control: dict[str, PublicKey]) -> None:
        self.url = url
        self._functions = functions
        self._control = control
        self.requests: list[httpx.Request] = []

    def transport(self, *, before=None, after=None) -> httpx.MockTransport:
        """Return a transport. ``before`` and ``after`` may respond or fail instead of the service, or return None."""

        def handle(request: httpx.Request) -> httpx.Response:
            request.read()
            self.requests.append(request)
            if before and (answer := before(request)):
                return answer
            answer = self.answer(request)
            return (after and after(request, answer)) or answer

        return httpx.MockTransport(handle)

    @contextmanager
    def server(self) -> Iterator[str]:
        """Serve over HTTP while the block runs; yield the edge's address."""
        service = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                url = f"http://{self.headers['Host']}{self.path}"
                answer = service.answer(httpx.Request(self.command, url, headers=dict(self.headers), content=body))
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

            def log_message(self, *_) -> None:
                """Log nothing."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
            self.url = f"http://127.0.0.1:{server.server_port}"
            yield self.url
            server.shutdown()

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Respond to one request."""
        if not str(request.url).startswith(self.url):
            return _from_moto(request)
        try:
            self._check_signature(request)
        except RefusedError as refused:
            return httpx.Response(403, text=f"<Error><Code>{refused}</Code></Error>")
        path, query = request.url.path, dict(parse_qsl(request.url.query.decode(), keep_blank_values=True))
        if path.startswith("/images/"):
            return httpx.Response(404, json={"title": "Not Found", "status": 404})
        function = self._functions[_function_of(request.method, path)]
        headers = {name.title(): value for name, value in request.headers.items()}
        event = proxy_event(request.method, path, body=request.content, headers=headers, query=query)
        answer = Answer(function(event))
        kept = {name: answer.header(name) for name in ("content-type", "retry-after") if answer.header(name)}
        return httpx.Response(answer.status, headers=kept, content=answer.raw["body"].encode())

    def _check_signature(self, request: httpx.Request) -> None:
        url, question, query = str(request.url).partition("?")
        kept, signature = split_query(query) if question else ("", [])
        cookies = dict(part.strip().partition("=")[::2] for part in request.headers.get("cookie", "").split(";"))
        signed = SignedRequest(url=f"{url}?{kept}" if kept else url, viewer_ip="192.0.2.1", now=time.time())
        check_signature(signed, parameters=signature, cookies=cookies, keys=self._control)


def _function_of(method: str, path: str) -> str:
    if path.startswith("/v1/policies/"):
        return "policies"
    return "upload" if (method, path) == ("POST", "/v1/images") else "manage"


def _from_moto(request: httpx.Request) -> httpx.Response:
    assert urlsplit(str(request.url)).netloc.endswith("amazonaws.com"), request.url
    headers = {name: value for name, value in request.headers.items() if name not in {"host", "connection"}}
    answer = requests.request(request.method, str(request.url), data=request.content, headers=headers, timeout=5)
    return httpx.Response(answer.status_code, content=answer.content)
